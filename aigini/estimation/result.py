"""The result of a calibration, and its readable print."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigini.errors import IdentificationError
from aigini.estimation.convergence import SIGNIFICANT, STATIONARY, WITHIN_ERROR
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status
from aigini.inference.overidentification import j_test, worst_case_misfit
from aigini.parameters import SPECS
from aigini.statistics.outcomes import FRACTIONS, Units, units
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class StartResult:
    """The end of one start.

    Attributes:
        start: Starting values of the free parameters.
        estimates: Final values.
        objective: Final objective.
        agrees: True where it ended at the best optimum (parameters within 1e-3 relative); false where none is known.
    """

    start: Mapping[str, float]
    estimates: Mapping[str, float]
    objective: float
    agrees: bool


@dataclasses.dataclass(frozen=True)
class Trace:
    """The objective along the way, for every start.

    Attributes:
        stage: Name of the stage each recorded iteration belongs to.
        iteration: Iteration within the whole run.
        objective: Best objective of each start so far, in the order of `Calibration.starts`, ``[iterations, starts]``.
    """

    stage: Sequence[str]
    iteration: Sequence[int]
    objective: np.ndarray


@dataclasses.dataclass(frozen=True)
class Calibration(Tabular):
    """The result of a calibration.

    Attributes:
        free: Names of the estimated parameters, the order of all columns.
        estimates: Their values.
        params: Every parameter at the estimates, ties included.
        targets: Targets by moment, the order of all rows.
        fitted: Moments at the estimates.
        misfit: (fitted - target) / s.e.
        weighting: Matrix W of the objective (m - target)' W (m - target), ``[moments, moments]``.
        objective: Its value at the estimates.
        gradient_norm: Largest absolute derivative of the objective in unconstrained parameters; it has the units of the
            weights, so nothing is judged by it.
        removable_share: Part of the length of the weighted misfit that the free parameters could still remove, to first
            order, see `aigini.estimation.convergence`; about zero at a minimum, and without meaning where all targets
            are met.
        remaining_step: Largest change of an estimate in the next Gauss-Newton step, in logs or log odds.
        jacobian: dm/dθ in natural parameters along the ties, ``[moments, free]``.
        singular_values: Singular values of the Jacobian scaled by s.e. of moments and the size of the parameters.
        standard_errors: Those of the estimates, from those of the targets, in units of the parameters, by the
            assumption on the targets and then by parameter: ``"independent"``; ``"worst_case"``, the largest over all
            correlations between targets; and ``"known_covariance"`` where that is given. Without simulation error.
            None where there are none.
        no_standard_errors: Why there are none; empty where there are.
        status: The end of the estimation.
        at_bound: Free parameters at a bound, with the bound.
        starts: Where each start ended; with weights from first estimates, at those of the first round.
        agreed: Number of starts that ended at the best optimum of that round; 0 where none is known.
        trace: Objective along the way of that round.
        moment_simulation_se: Standard deviation of each moment over other draws of the population; None with fewer
            than two replications.
        estimate_simulation_se: The same for the estimates, by the delta method; None where the Jacobian does
            not determine them.
        replications: Number of other draws behind the two.
        income: Income concept of m6, ``"total"`` or ``"wage"``.
        weighted: Name of the weighting, see `aigini.estimation.weighting`; ``"matrix"`` for one that was given.
        rounds: Estimations, each but the first with weights from the one before.
        last_change: Joint change of the estimates in the last of several rounds, in standard errors.
        settled: True if iterated weights have converged, or weights are not iterated.
        config: Resolved configuration of the estimation as plain values, for analyses that start from it; empty where
            it was not made from one.
    """

    free: tuple[str, ...]
    estimates: Mapping[str, float]
    params: Mapping[str, float]
    targets: Mapping[str, Target]
    fitted: Mapping[str, float]
    misfit: Mapping[str, float]
    weighting: np.ndarray
    objective: float
    gradient_norm: float
    removable_share: float
    remaining_step: float
    jacobian: np.ndarray
    singular_values: np.ndarray
    standard_errors: Mapping[str, Mapping[str, float]] | None
    no_standard_errors: str
    status: Status
    at_bound: Mapping[str, float]
    starts: Sequence[StartResult]
    agreed: int
    trace: Trace
    moment_simulation_se: Mapping[str, float] | None
    estimate_simulation_se: Mapping[str, float] | None
    replications: int
    income: str = "total"
    weighted: str = "diagonal"
    rounds: int = 1
    last_change: float | None = None
    settled: bool = True
    config: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def units(self) -> Units:
        """Units of targets, moments and parameters."""
        return {
            "targets": units(self.targets, self.income),
            "fitted": "as targets",
            "misfit": "standard errors of the target",
            "jacobian": "moment per unit of the parameter",
            "fractions": FRACTIONS,
            "params": {name: spec.meaning for name, spec in SPECS.items()},
        }

    @property
    def message(self) -> str:
        """The end in sentences: the distance from a minimum, the target that is missed most, and what follows."""
        text = f"{self.status.name}: {self.status.value}."
        if self.status is Status.STOPPED:
            text += (
                f" The free parameters could still remove {_percent(self.removable_share)} of the length of the misfit,"
                f" where a minimum leaves at most {STATIONARY:.1%}; raise calibration.polish_steps if they were used"
                " up. Otherwise the search ended where the parameters are not allowed together, or where there are no"
                " finite moments: start elsewhere, or fix a parameter."
            )
        for name, bound in self.at_bound.items():
            text += f" {name} is at its bound {bound:g}."
        if self.status is not Status.FITTED:
            text += f" {self._missed()}"
        if not self.settled:
            text += (
                f" The iterated weights have not converged in {self.rounds} rounds: the estimates still changed by"
                f' {self.last_change:.2g} s.e. in the last; use weighting = "two_step".'
            )
        return text

    def _missed(self) -> str:
        """The target missed most, in words that fit by how much."""
        worst = max(self.misfit, key=lambda name: abs(self.misfit[name]))
        distance = abs(self.misfit[worst])
        by = f"Missed most is {worst}, by {self.misfit[worst]:+.2g} standard errors"
        if self.status is Status.STOPPED:
            return f"{by} so far."
        if distance <= WITHIN_ERROR:
            return f"{by}, which the data would not reject."
        if distance <= SIGNIFICANT:
            return f"{by}, which is more than its error but not significant at the 5 percent level."
        return (
            f"{by}, which is significant at the 5 percent level: as far as the search from {len(self.starts)}"
            f" {'start' if len(self.starts) == 1 else 'starts'} can tell, the economy cannot reach it together with the"
            " other targets; fix or free a parameter, or reconsider the target."
        )

    @property
    def overidentification(self) -> str:
        """The test that one economy meets all targets, for independent targets and for any correlation.

        There is none where the misfit is not that of a minimum inside the bounds, of which alone its distribution is
        known.
        """
        if self.status is Status.STOPPED or self.at_bound:
            return f"no test: {self.no_standard_errors}"
        se = np.array([target.se for target in self.targets.values()])
        gap = np.array([self.misfit[name] for name in self.targets]) * se
        try:
            joint = j_test(gap, self.jacobian, self.weighting, np.diag(se**2), moments=tuple(self.targets))
            single = worst_case_misfit(gap, self.jacobian, self.weighting, se, moments=tuple(self.targets))
        except IdentificationError as error:
            return f"no test: {error}"
        if not joint.degrees:
            return joint.message
        return f"{joint.message}, if the targets are independent; {single.message}, whatever their correlations"

    @property
    def failure(self) -> str:
        """The reasons why the estimates should not be used as they are; empty where they may be.

        An estimation has succeeded if all targets are met, or, with more targets than parameters, if it converged to a
        minimum inside the bounds; if iterated weights have settled; and if at least half of the starts agree.
        """
        reasons = []
        if not self.status.estimates(targets=len(self.targets), free=len(self.free)):
            reasons.append(
                {
                    Status.MINIMUM: "there are as many parameters as targets, and not every target is met",
                    Status.AT_BOUND: f"at their bounds are {', '.join(self.at_bound)}",
                    Status.STOPPED: "the search has not converged",
                }[self.status]
            )
        if not self.settled:
            reasons.append("the iterated weights have not converged")
        if self.status is not Status.STOPPED and 2 * self.agreed < len(self.starts):
            reasons.append(f"only {self.agreed} of {len(self.starts)} starts reached the best optimum")
        return "; ".join(reasons)

    def table(self) -> Table:
        """Estimates with their standard and simulation errors."""
        errors, names = self.standard_errors or {}, list(self.estimates)
        simulation = [None if self.estimate_simulation_se is None else self.estimate_simulation_se[n] for n in names]
        kinds = [
            Column(head, [errors[kind][name] for name in names], ".2g")
            for kind, head in _COLUMNS.items()
            if kind in errors
        ]
        return Table(
            (
                Column("parameter", names),
                Column("estimate", list(self.estimates.values()), ".6g"),
                *(kinds or [Column("s.e.", [None] * len(names), text=["none"] * len(names))]),
                _simulation(simulation),
            )
        )

    def targets_table(self) -> Table:
        """Targets and fitted moments."""
        targets, names = self.targets.values(), list(self.targets)
        errors = [None if self.moment_simulation_se is None else self.moment_simulation_se[name] for name in names]
        return Table(
            (
                Column("moment", names),
                Column("target", [target.value for target in targets], ".4f"),
                Column("s.e.", [target.se for target in targets], ".4f"),
                Column("fitted", [self.fitted[name] for name in names], ".6f"),
                Column("misfit/s.e.", [self.misfit[name] for name in names], ".2e"),
                _simulation(errors),
                Column("seen", [target.mark for target in targets]),
            )
        )

    def __str__(self) -> str:
        lines = [str(self.targets_table())]
        lines += ["", *self._estimates(), ""]
        lines.append(f"weights {self.weighted}{self._rounds()}")
        lines.append(f"objective {self.objective:.3e}; {self._distance()}")
        lines.append("scaled singular values " + " ".join(f"{value:.3g}" for value in self.singular_values))
        if len(self.targets) > len(self.free):
            lines.append(f"overidentification: {self.overidentification}")
        lines.append(self._agreement())
        lines.append(self.message)
        return "\n".join(lines)

    def _agreement(self) -> str:
        if self.status is Status.STOPPED:
            return "no start is known to have reached an optimum"
        return f"{self.agreed} of {len(self.starts)} starts reached this optimum"

    def _rounds(self) -> str:
        if self.last_change is None:
            return ""
        return f", {self.rounds} rounds; in the last the estimates changed by {self.last_change:.2g} s.e."

    def _estimates(self) -> list[str]:
        """The table of estimates with their errors, and what the columns are."""
        kinds, lines = self.standard_errors, [str(self.table())]
        if kinds:
            lines.append(
                "s.e.: from the standard errors of the targets, to first order; (worst): over all correlations"
            )
            if max(map(abs, self.misfit.values())) > SIGNIFICANT:
                lines.append("They take it that the economy can meet all targets, which the misfit contradicts.")
        else:
            lines.append(f"There are no standard errors: {self.no_standard_errors.rstrip('.')}.")
        lines.append("sim. s.e.: spread over other draws of the population, not part of the s.e.")
        return lines

    def _distance(self) -> str:
        """The distance of the estimates from where they would settle."""
        if self.status is Status.FITTED:
            return f"another step would change no estimate by more than {self.remaining_step:.0e} (logs or log odds)"
        return (
            f"the free parameters could still remove {_percent(self.removable_share)} of the length of the misfit"
            f" (a minimum: at most {STATIONARY:.1%})"
        )


def _simulation(errors: list[float | None]) -> Column:
    return Column("sim. s.e.", errors, text=["n/a" if error is None else f"{error:.1e}" for error in errors])


_COLUMNS = {"known_covariance": "s.e. (known)", "independent": "s.e. (indep.)", "worst_case": "s.e. (worst)"}
"""Heads of the columns of standard errors, by what is assumed of the targets."""


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= STATIONARY else f"{100 * share:.0e}%"

"""What a calibration returns."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence

import numpy as np

CHANGED_BY_USER = "changed by the user"
"""The source of a target whose numbers are not those of the publication that the baseline names."""


class Status(enum.Enum):
    """How an estimation ended; the value says what to do about it."""

    FITTED = "every moment equals its target to within the tolerance"
    MINIMUM = (
        "a minimum was found where not every target is met: the economy cannot reach them all at once; see which moment"
        " is missed and by how much"
    )
    AT_BOUND = (
        "a parameter ran to its bound while a target is still missed: the target lies outside what the economy can"
        " reach; fix that parameter, free another, or reconsider the target"
    )
    STOPPED = "the iterations ran out before a minimum was reached; raise calibration.polish_steps or start elsewhere"


@dataclasses.dataclass(frozen=True)
class Target:
    """An empirical moment.

    Attributes:
        value: Its value, in the units of the moment.
        se: Its standard error.
        source: Where it was published.
        seen: How it was seen: P in the paper itself, S in somebody else's summary, D derived, J judgement.
    """

    value: float
    se: float
    source: str = ""
    seen: str = ""

    @property
    def mark(self) -> str:
        """How the target was seen, for tables and figures; that it was changed, or nothing said, where that is so."""
        return self.seen or (CHANGED_BY_USER if self.source == CHANGED_BY_USER else "not said")


@dataclasses.dataclass(frozen=True)
class StartResult:
    """Where one start ended.

    Attributes:
        start: Starting values of the free parameters.
        estimates: Final values.
        objective: Final objective.
        agrees: Whether it ended at the best optimum (parameters within 1e-3 relative).
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
class Calibration:
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
        gradient_norm: Largest absolute derivative of the objective in unconstrained parameters.
        jacobian: dm/dθ in natural parameters along the ties, ``[moments, free]``.
        singular_values: Of the Jacobian scaled by s.e. of moments and by the size of the parameters.
        status: How it ended.
        at_bound: Free parameters at a bound, with the bound.
        starts: Where each start ended; with weights from first estimates, at those of the first round.
        agreed: How many starts ended at the best optimum of that round.
        trace: Objective along the way of that round.
        moment_simulation_se: Standard deviation of each moment over other draws of the population; None with fewer
            than two replications.
        estimate_simulation_se: What that implies for the estimates, by the delta method; None where the Jacobian does
            not determine them.
        replications: Number of other draws behind the two.
        income: Income concept of m6, ``"total"`` or ``"wage"``.
        weighted: Name of the weighting, see `aigini.estimation.weighting`; ``"matrix"`` for one that was given.
        rounds: Estimations, each but the first with weights from the one before.
        last_change: Joint change of the estimates in the last of several rounds, in standard errors.
        settled: Whether iterated weights have converged; true where weights are not iterated.
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
    jacobian: np.ndarray
    singular_values: np.ndarray
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

    @property
    def message(self) -> str:
        """The status in a sentence, with the moment missed most and the parameters at their bounds."""
        worst = max(self.misfit, key=lambda name: abs(self.misfit[name]))
        text = f"{self.status.name}: {self.status.value}."
        if self.status is not Status.FITTED:
            text += f" Missed most: {worst}, by {self.misfit[worst]:+.2f} s.e."
        for name, bound in self.at_bound.items():
            text += f" {name} is at its bound {bound:g}."
        if not self.settled:
            text += (
                f" The iterated weights have not converged in {self.rounds} rounds: the estimates still changed by"
                f' {self.last_change:.2g} s.e. in the last; use weighting = "two_step".'
            )
        return text

    def __str__(self) -> str:
        lines = [f"{'moment':8s}{'target':>10s}{'s.e.':>9s}{'fitted':>12s}{'misfit/s.e.':>13s}{'sim. s.e.':>11s}  seen"]
        for name, target in self.targets.items():
            error = "n/a" if self.moment_simulation_se is None else f"{self.moment_simulation_se[name]:.1e}"
            lines.append(
                f"{name:8s}{target.value:10.4f}{target.se:9.4f}{self.fitted[name]:12.6f}{self.misfit[name]:13.2e}"
                f"{error:>11s}  {target.mark}"
            )
        lines.append("")
        lines.append(f"{'parameter':24s}{'estimate':>12s}{'sim. s.e.':>11s}")
        for name, value in self.estimates.items():
            error = "n/a" if self.estimate_simulation_se is None else f"{self.estimate_simulation_se[name]:.1e}"
            lines.append(f"{name:24s}{value:12.6g}{error:>11s}")
        lines.append("")
        lines.append(f"weights {self.weighted}{self._rounds()}")
        lines.append(f"objective {self.objective:.3e}, largest derivative {self.gradient_norm:.1e}")
        lines.append("scaled singular values " + " ".join(f"{value:.3g}" for value in self.singular_values))
        lines.append(f"{self.agreed} of {len(self.starts)} starts reached this optimum")
        lines.append(self.message)
        return "\n".join(lines)

    def _rounds(self) -> str:
        if self.last_change is None:
            return ""
        return f", {self.rounds} rounds; in the last the estimates changed by {self.last_change:.2g} s.e."

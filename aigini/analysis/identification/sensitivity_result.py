"""Results of the sensitivity analysis."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.analysis.identification.profile import DirectionProfile, Profile
from aigini.analysis.identification.profile_errors import with_errors
from aigini.analysis.identification.reliability import uninformative
from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.analysis.identification.standard_errors import SE_WORDS
from aigini.estimation.other_draws import about_draws, error_at, shown, shown_percent
from aigini.inference.identification import Identification
from aigini.inference.intervals import Interval
from aigini.inference.overidentification import JTest
from aigini.inference.sensitivity import Sensitivity
from aigini.statistics.outcomes import Units, file_units, legend
from aigini.tables import Column, Table, Tabular, numbers

FUNCTIONS = ("gini_total", "gini_wage", "between_firm_variance", "labour_share", "output")


@dataclasses.dataclass(frozen=True)
class Matrix:
    """A matrix with names.

    Attributes:
        rows: Names of the rows.
        columns: Names of the columns.
        values: ``[rows, columns]``.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray


def _three(value: float, error: float | None) -> str:
    return shown(value, error, ".3g")


def _four(value: float, error: float | None) -> str:
    return shown(value, error, ".4g")


@dataclasses.dataclass(frozen=True)
class SensitivityAnalysis(Tabular):
    """Jacobians, standard errors, intervals and sensitivity measures at the estimates.

    Attributes:
        params: Every parameter at the estimates.
        free: Estimated parameters.
        jacobian: Derivatives of the targeted moments in all parameters, natural units.
        functions: Derivatives of the outcomes in all parameters, natural units.
        elasticities: d response / d log parameter: of moments in standard errors of their targets, of outcomes over the
            absolute value of their change; per 100 %. NaN for an outcome that does not change.
        influence: Λ, change of estimates per unit of target.
        changes: Outcomes at the estimates.
        target_se: Standard errors of the targets.
        outcome_influence: Change of the outcomes per unit of target, through the estimates: ∂h/∂θ Λ, signed as Λ.
        outcome_se: Standard errors of the outcomes that come from the targets, by kind as in `se`.
        se: Standard errors of the estimates by kind and parameter: ``independent`` targets, ``worst_case`` over their
            correlations, ``known_covariance`` (None where it is not given), and each ``..._with_simulation`` noise
            (None without replications).
        pins: Share of each estimate's variance that comes from each target, ``[free, moments]``; negative shares are
            those of correlated targets that cancel.
        identification: Singular values and weak directions.
        measures: The six sensitivity measures, as far as they are defined.
        signs: Uncertainty of the sign of each Gini, with m6 among the targets and without it.
        intervals: 95 % confidence intervals of the estimates by the delta method on the unconstrained scale, by kind of
            standard error and parameter.
        overidentification: Test of the targets beyond as many as there are parameters, with their covariance where
            that is given, and otherwise read as independent.
        profiles: Profile of each estimate; empty unless asked for.
        weakest: Profile along the direction that the moments say least about; None unless asked for.
        undefined: Why a sensitivity measure, the elasticities of an outcome, or ``profile``, is missing.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
        missed_draws: Draws that could not be fitted as well as the first.
        estimate_simulation_se: Simulation standard errors of the estimates, which are met again on every draw.
        change_simulation_se: Those of the outcomes at the estimates.
        se_simulation_se: Those of the standard errors of the estimates, by kind and parameter.
        outcome_se_simulation_se: Those of the standard errors of the outcomes.
        pins_simulation_se: Those of the shares, ``[free, moments]``.
        elasticities_simulation_se: Those of the elasticities, ``[moments and outcomes, parameters]``.
        interval_simulation_se: Those of both ends of the intervals by the delta method, by kind and parameter; None
            where they are not known.
    """

    units: ClassVar[Units] = file_units(
        changes="by name as in responses",
        jacobian="moment per unit of the parameter",
        functions="outcome per unit of the parameter",
        elasticities="per 100 % of the parameter; moments: standard errors of the target; outcomes: multiples of their"
        " change",
        influence="parameter per unit of target",
        outcome_influence="outcome per unit of target",
        pins="share of the variance, 0 to 1",
        se="of parameters, in the unit of the parameter",
        outcome_se="in the unit of the outcome",
        signs="change, sd and centre: change of the Gini, 0 to 1; variance: its square; entropy: bits;"
        " value_of_precision: millibits per 1 % of precision",
    )

    params: Mapping[str, float]
    free: tuple[str, ...]
    jacobian: Matrix
    functions: Matrix
    elasticities: Matrix
    influence: Matrix
    se: Mapping[str, Mapping[str, float] | None]
    pins: Matrix
    identification: Identification
    measures: tuple[Sensitivity, ...]
    signs: tuple[SignUncertainty, ...]
    intervals: Mapping[str, Mapping[str, Interval]]
    overidentification: JTest
    changes: Mapping[str, float] = dataclasses.field(default_factory=dict)
    target_se: Mapping[str, float] = dataclasses.field(default_factory=dict)
    outcome_influence: Matrix | None = None
    outcome_se: Mapping[str, Mapping[str, float] | None] = dataclasses.field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()
    weakest: DirectionProfile | None = None
    undefined: Mapping[str, str] = dataclasses.field(default_factory=dict)
    n_workers: int = 0
    draws: int = 0
    missed_draws: int = 0
    estimate_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    change_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    se_simulation_se: Mapping[str, Mapping[str, float | None]] = dataclasses.field(default_factory=dict)
    outcome_se_simulation_se: Mapping[str, Mapping[str, float | None]] = dataclasses.field(default_factory=dict)
    pins_simulation_se: np.ndarray | None = None
    elasticities_simulation_se: np.ndarray | None = None
    interval_simulation_se: Mapping[str, Mapping[str, tuple[float | None, float | None]]] = dataclasses.field(
        default_factory=dict
    )

    @property
    def best_kind(self) -> str:
        """The kind of standard errors that uses everything which is known of the targets."""
        return "independent" if self.se.get("known_covariance") is None else "known_covariance"

    @property
    def _kinds(self) -> dict[str, str]:
        """The kinds of standard errors that there are, by heading."""
        kinds = {SE_WORDS[kind]: kind for kind in SE_WORDS if self.se.get(kind) is not None}
        with_simulation = f"{self.best_kind}_with_simulation"
        return kinds | ({"with sim.": with_simulation} if self.se.get(with_simulation) is not None else {})

    def table(self) -> Table:
        """Estimates with their standard errors, and the targets that pin them down."""
        values = [self.params[name] for name in self.free]
        return Table(
            (
                Column("estimate", self.free),
                numbers("value", values, [self.estimate_simulation_se.get(name) for name in self.free], _four),
                *self._errors(self.free, self.se, self.se_simulation_se),
                Column("pinned by", [self._pinned_by(k) for k in range(len(self.free))]),
            )
        )

    def outcomes_table(self) -> Table | None:
        """Changes of the outcomes with their standard errors, and the target whose error moves them most; or None."""
        if self.outcome_influence is None:
            return None
        names, targets = self.outcome_influence.rows, self.outcome_influence.columns
        moved = self.outcome_influence.values * np.array([self.target_se[moment] for moment in targets])
        top = [int(np.argmax(np.abs(row))) for row in moved]
        errors = [self.change_simulation_se.get(name) for name in names]
        return Table(
            (
                Column("outcome", names),
                numbers("change", [self.changes[name] for name in names], errors, _four),
                *self._errors(names, self.outcome_se, self.outcome_se_simulation_se),
                Column("moved by", [f"{targets[k]} ({row[k]:+.2g})" for k, row in zip(top, moved, strict=True)]),
            )
        )

    def _errors(
        self,
        names: Sequence[str],
        se: Mapping[str, Mapping[str, float] | None],
        simulation: Mapping[str, Mapping[str, float | None]],
    ) -> list[Column]:
        """Standard errors with their simulation errors, a column for each kind."""
        return [
            numbers(
                head,
                [(se.get(kind) or {})[name] for name in names],
                [simulation.get(kind, {}).get(name) for name in names],
                _three,
            )
            for head, kind in self._kinds.items()
        ]

    def __str__(self) -> str:
        lines = [
            about_draws(self.draws, self.n_workers, self.missed_draws),
            "",
            "standard errors by the correlations of the targets; with sim.: the first of them with simulation noise",
            str(self.table()),
        ]
        outcomes = self.outcomes_table()
        if outcomes is not None:
            lines += ["", "outcomes: change, standard errors as above, and the target whose s.e. moves them most"]
            lines += [legend(*FUNCTIONS), str(outcomes)]
        kinds = [kind for kind in SE_WORDS if kind in self.intervals]
        lines += ["", "95 % intervals: " + "; ".join([*(SE_WORDS[kind] for kind in kinds), "profile"])]
        profiles = {one.parameter: with_errors(one.interval, one.simulation_se) for one in self.profiles}
        for name in self.free:
            parts = [self._interval(kind, name) for kind in kinds]
            lines.append(f"{name:24s}" + "; ".join([*parts, profiles.get(name, "not asked for")]))
        test = self.overidentification
        lines += ["", str(self.identification), *([] if self.weakest is None else [str(self.weakest)])]
        lines += ["", str(test) if test.degrees > 0 else test.message]
        lines += [f"{kind} is not defined: {reason}" for kind, reason in self.undefined.items()] + [""]
        return "\n".join([*lines, *map(str, self.signs)])

    def _pinned_by(self, k: int) -> str:
        """The two largest shares of the variance of an estimate."""
        shares, errors = self.pins.values[k], self.pins_simulation_se
        top = [j for j in np.argsort(-shares)[:2].tolist() if shares[j] > 0.01]
        return ", ".join(
            f"{self.pins.columns[j]} {shown_percent(shares[j], error_at(errors, k, j), '.0f')} %" for j in top
        )

    def _interval(self, kind: str, name: str) -> str:
        """An interval by the delta method with the simulation errors of its ends, or that it tells nothing."""
        interval = self.intervals[kind][name]
        if (reason := uninformative(name, interval)) is not None:
            return reason
        return with_errors(interval, self.interval_simulation_se.get(kind, {}).get(name, (None, None)))

"""Effects of a treatment that units of a balanced panel adopt at different dates, by several estimators."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from aigini.panel.estimators import inference
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.honest import SensitivityBounds, sensitivity_bounds
from aigini.panel.estimators.two_way import TwoWayWeights, two_way_weights
from aigini.panel.estimators.weights import (
    LinearEffects,
    callaway_santanna,
    imputation,
    sun_abraham,
    two_way_fixed_effects,
)
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

GROUP_TIME, IMPUTATION, SUN_ABRAHAM, TWO_WAY = (
    "group-time effects",
    "imputation",
    "Sun-Abraham",
    "two-way fixed effects",
)
OVERALL = "overall"


@dataclasses.dataclass(frozen=True)
class Effect:
    """One effect.

    Attributes:
        estimator: Estimator.
        name: ``overall``, or ``e=K`` for the K-th period since adoption.
        estimate: Estimate.
        se: Standard error, clustered by unit.
        freedom: Degrees of freedom of the t test.
        low: Lower end of the 95 % confidence interval.
        high: Upper end.
        p_value: Two-sided p value.
        randomisation_p: P value by randomisation inference; None where it was not asked for.
    """

    estimator: str
    name: str
    estimate: float
    se: float
    freedom: float
    low: float
    high: float
    p_value: float
    randomisation_p: float | None = None


@dataclasses.dataclass(frozen=True)
class StaggeredEffects(Tabular):
    """Effects of a treatment by estimator, with a test of the trends before.

    Attributes:
        effects: Effects.
        two_way: Weights behind two-way fixed effects.
        pretrend_p: P value of the hypothesis that all effects before adoption are zero; None where there are none.
        bounds: The mean effect under violations of parallel trends; None where there are no effects before adoption.
        treated: Number of units that are treated at some date.
        never: Number of units that never are.
    """

    units: ClassVar[Units] = file_units(estimate="units of the outcome", p_value="probability, 0 to 1")

    effects: tuple[Effect, ...]
    two_way: TwoWayWeights
    pretrend_p: float | None
    bounds: SensitivityBounds | None
    treated: int
    never: int

    def effect(self, name: str = OVERALL, estimator: str = GROUP_TIME) -> Effect:
        """One of the effects.

        Raises:
            KeyError: if there is none of that name.
        """
        for one in self.effects:
            if (one.name, one.estimator) == (name, estimator):
                return one
        raise KeyError(f"there is no effect {name!r} by {estimator!r}")

    def table(self) -> Table:
        """Effects by estimator, one a row."""
        rows = self.effects
        return Table(
            (
                Column("estimator", [one.estimator for one in rows]),
                Column("effect", [one.name for one in rows]),
                Column("estimate", [one.estimate for one in rows], "+.4f", [one.se for one in rows]),
                Column("s.e.", [one.se for one in rows], ".4f"),
                Column("low", [one.low for one in rows], "+.4f"),
                Column("high", [one.high for one in rows], "+.4f"),
                Column("p", [one.p_value for one in rows], ".3f"),
                Column("p, randomised", [one.randomisation_p for one in rows], ".3f"),
            )
        )

    def __str__(self) -> str:
        trend = (
            "There is no period before adoption to test trends on."
            if self.pretrend_p is None
            else f"All effects before adoption are zero: p = {self.pretrend_p:.3f}."
        )
        weights = (
            f"Two-way fixed effects weigh effects with negative weights that sum to {self.two_way.negative:+.3f}."
            if self.two_way.negative < 0
            else "No effect has a negative weight in two-way fixed effects."
        )
        return f"{self.treated} units adopt, {self.never} never do.\n{self.table()}\n{trend} {weights}"


def staggered_effects(
    first: Sequence[int] | np.ndarray,
    outcome: np.ndarray,
    *,
    draws: int = 0,
    seed: int = 0,
    relative: Sequence[float] = (0.0, 0.5, 1.0, 2.0),
    smooth: Sequence[float] = (),
) -> StaggeredEffects:
    """Effects of a staggered treatment on a balanced panel.

    The estimand of group-time effects, imputation and Sun-Abraham is the mean effect on the treated, over treated
    units and periods or by period since adoption. Assumptions: treatment is not anticipated and stays, outcomes of a
    unit do not depend on others' treatment, and without it outcomes of all cohorts would have moved in parallel.

    Args:
        first: Position of the first treated period of each unit; the number of periods for the never treated,
            ``[units]``.
        outcome: Outcomes, ``[units, periods]``.
        draws: Assignments for randomisation inference of the overall effects; 0 for none.
        seed: Their seed.
        relative: Values of M in bounds by relative magnitudes.
        smooth: Values of M in bounds by smoothness, which need diff-diff.

    Raises:
        DataError: if there is nobody to compare with, or a cohort has one unit.
    """
    cohorts = Cohorts(np.asarray(first), outcome.shape[-1])
    estimators = {
        GROUP_TIME: callaway_santanna(cohorts, "not_yet" if cohorts.never is None else "never"),
        IMPUTATION: imputation(cohorts),
        SUN_ABRAHAM: sun_abraham(cohorts),
        TWO_WAY: two_way_fixed_effects(cohorts),
    }
    effects: list[Effect] = []
    for name, linear in estimators.items():
        p_random = _randomised(cohorts, linear, outcome, draws, seed)
        effects += _effects(cohorts, name, linear, outcome, p_random)
    linear = estimators[GROUP_TIME]
    events = [int(name.removeprefix("e=")) for name in linear.names[1:]]
    values, influence = inference.influences(cohorts, linear, outcome)
    before = [k + 1 for k, event in enumerate(events) if event < -1]
    pretrend, bounds = None, None
    if before:
        pretrend = float(inference.joint_test(cohorts, values[before], influence[:, before]).p_value)
        if events == [event for event in range(min(events), max(events) + 1) if event != -1]:
            own = inference.covariance(cohorts, influence)[1:, 1:]
            bounds = sensitivity_bounds(events, values[1:], own, relative=relative, smooth=smooth)
    treated = int(np.sum(cohorts.first < cohorts.periods))
    return StaggeredEffects(
        effects=tuple(effects),
        two_way=two_way_weights(cohorts, inference.cohort_means(cohorts, outcome)),
        pretrend_p=pretrend,
        bounds=bounds,
        treated=treated,
        never=len(cohorts.first) - treated,
    )


def _randomised(
    cohorts: Cohorts, linear: LinearEffects, outcome: np.ndarray, draws: int, seed: int
) -> list[float | None]:
    missing: list[float | None] = [None] * (len(linear.names) - 1)
    if not draws:
        return [None, *missing]
    overall = LinearEffects(linear.names[:1], linear.weights[:1])
    return [float(inference.randomisation_p_values(cohorts, overall, outcome, draws=draws, seed=seed)[0]), *missing]


def _effects(
    cohorts: Cohorts, estimator: str, linear: LinearEffects, outcome: np.ndarray, p_random: Sequence[float | None]
) -> list[Effect]:
    estimates = inference.estimate(cohorts, linear, outcome)
    low, high = inference.intervals(estimates)
    p_values = inference.p_values(estimates)
    names = [OVERALL, *linear.names[1:]]
    return [
        Effect(
            estimator,
            name,
            float(estimates.effect[k]),
            float(estimates.se[k]),
            float(estimates.freedom[k]),
            float(low[k]),
            float(high[k]),
            float(p_values[k]),
            p_random[k],
        )
        for k, name in enumerate(names)
    ]

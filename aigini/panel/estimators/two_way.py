"""The weights behind two-way fixed effects, which are no average of effects where some are negative.

* Weights on the effects of cohorts and periods (de Chaisemartin & D'Haultfœuille, American Economic Review 110, 2020):
  the expected coefficient is Σ_(g, t treated) w_gt ATT(g, t), with w_gt proportional to the residual of treatment.
* Comparisons of two cohorts before and after, whose weighted mean the coefficient is (Goodman-Bacon, Journal of
  Econometrics 225, 2021). Those in which an earlier cohort, treated already, serves as control of a later one subtract
  the growth of its effect.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.weights import treatment_residual, two_way_fixed_effects
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

FORBIDDEN = "treated earlier"
"""Kind of comparison whose controls are treated already."""


@dataclasses.dataclass(frozen=True)
class Comparison2x2:
    """One comparison of two cohorts.

    Attributes:
        treated: First treated period of the cohort that switches.
        control: First treated period of the other cohort; the number of periods for the never treated.
        kind: ``never treated``, ``treated later`` or ``treated earlier``, of the controls.
        weight: Its weight in the coefficient of two-way fixed effects.
        contrast: Weights on cohort means, ``[cohorts, periods]``.
    """

    treated: int
    control: int
    kind: str
    weight: float
    contrast: np.ndarray


def effect_weights(cohorts: Cohorts) -> np.ndarray:
    """Weights on ATT(g, t) in the coefficient of two-way fixed effects; 0 where untreated, ``[cohorts, periods]``."""
    return two_way_fixed_effects(cohorts).weights[0] * cohorts.treatment


def comparisons(cohorts: Cohorts) -> tuple[Comparison2x2, ...]:
    """Every comparison of two cohorts, with weights that sum to 1."""
    shares = cohorts.counts / cohorts.counts.sum()
    variance = float(shares @ np.mean(treatment_residual(cohorts) ** 2, axis=1))
    made = []
    for early in cohorts.treated:
        for late in range(early + 1, len(cohorts.starts)):
            pair = shares[early] + shares[late]
            split = shares[early] / pair * (shares[late] / pair)
            first, second = cohorts.treatment[early].mean(), cohorts.treatment[late].mean()
            start, end = int(cohorts.starts[early]), int(cohorts.starts[late])
            window = slice(0, end)
            own = (pair * (1 - second)) ** 2 * split * (first - second) / (1 - second) * (1 - first) / (1 - second)
            kind = "never treated" if cohorts.never == late else "treated later"
            contrast = _contrast(cohorts, early, late, start, window)
            made.append(Comparison2x2(start, end, kind, float(own / variance), contrast))
            if cohorts.never != late:
                other = (pair * first) ** 2 * split * second / first * (first - second) / first
                window = slice(start, cohorts.periods)
                contrast = _contrast(cohorts, late, early, end, window)
                made.append(Comparison2x2(end, start, FORBIDDEN, float(other / variance), contrast))
    return tuple(made)


def _contrast(cohorts: Cohorts, treated: int, control: int, date: int, window: slice) -> np.ndarray:
    """Mean from `date` on less mean before, in a window, of one cohort less the same of another."""
    within = np.zeros(cohorts.periods, bool)
    within[window] = True
    after = within & (np.arange(cohorts.periods) >= date)
    before = within & ~after
    change = after / after.sum() - before / before.sum()
    weights = np.zeros((len(cohorts.starts), cohorts.periods))
    weights[treated], weights[control] = change, -change
    return weights


@dataclasses.dataclass(frozen=True)
class TwoWayWeights(Tabular):
    """Weights behind two-way fixed effects.

    Attributes:
        coefficient: The coefficient.
        cells: ``(g, t)`` of the treated cells.
        weights: Weight of each, which sum to 1.
        kinds: Kinds of comparison of two cohorts.
        kind_weights: Weight of each kind, which sum to 1.
        kind_estimates: Weighted mean estimate of each kind.
    """

    units: ClassVar[Units] = file_units(coefficient="units of the outcome", weights="share of the coefficient")

    coefficient: float
    cells: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    kinds: tuple[str, ...]
    kind_weights: tuple[float, ...]
    kind_estimates: tuple[float, ...]

    @property
    def negative(self) -> float:
        """Sum of the negative weights; 0 where the coefficient is an average of effects."""
        return float(sum(min(weight, 0.0) for weight in self.weights))

    def table(self) -> Table:
        """Weights by cohort and period."""
        return Table(
            (
                Column("first treated", [g for g, _ in self.cells]),
                Column("period", [t for _, t in self.cells]),
                Column("weight", list(self.weights), "+.4f"),
            )
        )

    def __str__(self) -> str:
        words = "; ".join(
            f"controls {kind}: weight {weight:.3f}, estimate {estimate:+.4g}"
            for kind, weight, estimate in zip(self.kinds, self.kind_weights, self.kind_estimates, strict=True)
        )
        return (
            f"{self.table()}\n\nTwo-way fixed effects: {self.coefficient:+.6g}. Negative weights on effects sum to"
            f" {self.negative:+.3f}.\nComparisons of two cohorts: {words}."
        )


def two_way_weights(cohorts: Cohorts, means: np.ndarray) -> TwoWayWeights:
    """Weights of two-way fixed effects and the coefficient.

    Args:
        cohorts: The design.
        means: Cohort means, ``[cohorts, periods]``.
    """
    cells = effect_weights(cohorts)
    groups, periods = np.nonzero(cohorts.treatment)
    every = comparisons(cohorts)
    kinds = tuple(dict.fromkeys(one.kind for one in every))
    weight = {kind: sum(one.weight for one in every if one.kind == kind) for kind in kinds}
    total = {
        kind: sum(one.weight * float(np.sum(one.contrast * means)) for one in every if one.kind == kind)
        for kind in kinds
    }
    return TwoWayWeights(
        coefficient=float(np.sum(two_way_fixed_effects(cohorts).weights[0] * means)),
        cells=tuple((int(cohorts.starts[g]), int(t)) for g, t in zip(groups, periods, strict=True)),
        weights=tuple(float(cells[g, t]) for g, t in zip(groups, periods, strict=True)),
        kinds=kinds,
        kind_weights=tuple(weight[kind] for kind in kinds),
        kind_estimates=tuple(total[kind] / weight[kind] for kind in kinds),
    )

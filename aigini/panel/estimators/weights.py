"""Difference-in-differences estimators of balanced panels as weights on cohort means.

Without covariates every estimator here is linear in the outcomes, and units of one cohort have equal weights: an effect
is Σ_g Σ_t W[g, t] Ȳ_gt with Ȳ_gt the mean of cohort g in period t. The weights depend on the cohorts alone, so that
they are computed once for all outcomes and replications. In every cohort they sum to zero over periods (effects of
units drop out) and in every period to zero over cohorts (effects of periods drop out).

* Group-time effects ATT(g, t) with the last period before treatment as the base of all periods, before and after
  (Callaway & Sant'Anna, Journal of Econometrics 225, 2021): against the never treated, against all that are not yet
  treated in either period, or against the cohort that is treated last (Sun & Abraham, same volume).
* Aggregates of them with the sizes of cohorts as weights: one overall effect, or one for each period since adoption.
  With never treated units the event study is that of Sun & Abraham, whose saturated regression gives these very
  numbers.
* Imputation (Borusyak, Jaravel & Spiess, Review of Economic Studies 91, 2024): effects of units and periods from
  untreated observations by least squares, and the treated ones less what these predict.
* Two-way fixed effects, which weigh effects of cohorts and periods with weights that may be negative
  (`aigini.panel.estimators.two_way`).
* Comparisons that ignore selection: of adopters with others after adoption, and of adopters before and after.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from aigini.errors import DataError
from aigini.panel.estimators.cohorts import Cohorts

Controls = Literal["never", "not_yet", "last"]
"""Units that the treated are compared with: never treated, not yet treated in either period, or treated last of all."""


@dataclasses.dataclass(frozen=True)
class LinearEffects:
    """Effects that are linear in outcomes.

    Attributes:
        names: A name for each effect.
        weights: Weights on cohort means, ``[effects, cohorts, periods]``.
    """

    names: tuple[str, ...]
    weights: np.ndarray

    def __add__(self, other: "LinearEffects") -> "LinearEffects":
        return LinearEffects((*self.names, *other.names), np.concatenate([self.weights, other.weights]))


def group_time(cohorts: Cohorts, controls: Controls = "never") -> dict[tuple[int, int], np.ndarray]:
    """Weights of ATT(g, t) by first treated period g and period t, ``[cohorts, periods]`` each.

    Effects for which there is nobody to compare with are left out; so is the base period, whose effect is 0.

    Raises:
        DataError: if no effect can be estimated.
    """
    weights: dict[tuple[int, int], np.ndarray] = {}
    for group in cohorts.treated:
        start = int(cohorts.starts[group])
        base = start - 1
        for period in range(cohorts.periods):
            others = _controls(cohorts, group, max(period, base), controls)
            if period == base or not len(others):
                continue
            one = np.zeros((len(cohorts.starts), cohorts.periods))
            one[group, period], one[group, base] = 1.0, -1.0
            shares = cohorts.counts[others] / cohorts.counts[others].sum()
            one[others, period] -= shares
            one[others, base] += shares
            weights[start, period] = one
    if not any(period >= start for start, period in weights):
        remedy = "compare with those not yet treated" if controls == "never" else "there is nobody to compare with"
        raise DataError(f"group-time effects: no effect has controls that are {controls.replace('_', ' ')}; {remedy}.")
    return weights


def _controls(cohorts: Cohorts, group: int, until: int, controls: Controls) -> np.ndarray:
    """Positions of the cohorts to compare with that are untreated in all periods up to `until`."""
    if controls == "never":
        return np.array([] if cohorts.never is None else [cohorts.never], int)
    if controls == "last":
        last = len(cohorts.starts) - 1
        return np.array([last] if last != group and cohorts.starts[last] > until else [], int)
    positions = np.flatnonzero(cohorts.starts > until)
    return positions[positions != group]


def aggregated(cohorts: Cohorts, effects: Mapping[tuple[int, int], np.ndarray]) -> LinearEffects:
    """The overall effect, and the effect by period since adoption, weighted by sizes of cohorts.

    Args:
        cohorts: The design.
        effects: Weights by (g, t), as `group_time` gives them.

    Returns:
        ``overall`` first, then ``e=K`` by period since adoption.
    """
    sizes = dict(zip(cohorts.starts.tolist(), cohorts.counts.tolist(), strict=True))
    after = [key for key in effects if key[1] >= key[0]]
    names, rows = ["overall"], [_mean([effects[key] for key in after], [sizes[key[0]] for key in after])]
    for event in sorted({period - start for start, period in effects}):
        keys = [key for key in effects if key[1] - key[0] == event]
        names.append(f"e={event}")
        rows.append(_mean([effects[key] for key in keys], [sizes[key[0]] for key in keys]))
    return LinearEffects(tuple(names), np.stack(rows))


def _mean(weights: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    return np.average(np.stack(weights), axis=0, weights=sizes)


def callaway_santanna(cohorts: Cohorts, controls: Controls = "never") -> LinearEffects:
    """The overall effect and the event study from group-time effects, ``overall`` and ``e=K``."""
    return aggregated(cohorts, group_time(cohorts, controls))


def sun_abraham(cohorts: Cohorts) -> LinearEffects:
    """The interaction-weighted effects: against the never treated, or against the last cohort where there are none."""
    return aggregated(cohorts, group_time(cohorts, "last" if cohorts.never is None else "never"))


def imputation(cohorts: Cohorts) -> LinearEffects:
    """The overall effect and that by period since adoption, from effects of units and periods of the untreated.

    Effects of periods in which all are treated are left out.

    Raises:
        DataError: if no effect can be estimated.
    """
    untreated = ~cohorts.treatment
    open_periods = np.flatnonzero(untreated.any(axis=0))
    groups, periods = np.nonzero(untreated)
    fit = _two_way_design(groups, periods, cohorts)
    roots = np.sqrt(cohorts.counts[groups])
    solution = np.linalg.pinv(roots[:, None] * fit) * roots[None, :]
    effects: dict[tuple[int, int], np.ndarray] = {}
    for group in cohorts.treated:
        start = int(cohorts.starts[group])
        for period in open_periods[open_periods >= start]:
            one = np.zeros((len(cohorts.starts), cohorts.periods))
            predicted = _two_way_design(np.array([group]), np.array([period]), cohorts) @ solution
            np.subtract.at(one, (groups, periods), predicted[0])
            one[group, period] += 1.0
            effects[start, int(period)] = one
    if not effects:
        raise DataError("imputation: in every treated period all are treated; there is nothing to predict from.")
    return aggregated(cohorts, effects)


def _two_way_design(groups: np.ndarray, periods: np.ndarray, cohorts: Cohorts) -> np.ndarray:
    """Dummies of cohorts and of periods but the first, ``[cells, cohorts + periods - 1]``."""
    by_cohort = groups[:, None] == np.arange(len(cohorts.starts))[None, :]
    by_period = periods[:, None] == np.arange(1, cohorts.periods)[None, :]
    return np.concatenate([by_cohort, by_period], axis=1).astype(float)


def treatment_residual(cohorts: Cohorts) -> np.ndarray:
    """Treatment less its two-way projection on units and periods, ``[cohorts, periods]``."""
    treated = cohorts.treatment.astype(float)
    shares = cohorts.counts / cohorts.counts.sum()
    by_period = shares @ treated
    return treated - treated.mean(axis=1, keepdims=True) - by_period[None, :] + by_period.mean()


def two_way_fixed_effects(cohorts: Cohorts) -> LinearEffects:
    """The coefficient of treatment in the regression on it with fixed effects of units and periods."""
    residual = treatment_residual(cohorts) * cohorts.counts[:, None]
    return LinearEffects(("two-way fixed effects",), (residual / np.sum(residual * cohorts.treatment))[None])


def ignoring_selection(cohorts: Cohorts) -> LinearEffects:
    """Two comparisons that are biased where adopters differ or outcomes move by themselves.

    ``adopters - others`` compares treated cells with the never treated in the same periods, ``after - before`` treated
    cells with the same units before adoption, with sizes of cohorts as weights.

    Raises:
        DataError: if there are no never treated units.
    """
    if cohorts.never is None:
        raise DataError("the comparison of adopters with others needs units that are never treated.")
    treated = cohorts.treatment * cohorts.counts[:, None] / np.sum(cohorts.treatment * cohorts.counts[:, None])
    across = treated.copy()
    across[cohorts.never] -= treated.sum(axis=0)
    before = np.where(cohorts.treatment, 0.0, 1.0)
    before[cohorts.never] = 0.0
    before /= np.maximum(before.sum(axis=1, keepdims=True), 1.0)
    over_time = treated - treated.sum(axis=1, keepdims=True) * before
    return LinearEffects(("adopters - others", "after - before"), np.stack([across, over_time]))

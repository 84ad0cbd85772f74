"""Effects of adoption on statistics of cohorts of firms, with their differences and ratios, for tests of hypotheses."""

import numpy as np

from aigini.errors import DataError
from aigini.panel.estimators import inference
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.hypothesis import PanelEffect
from aigini.panel.estimators.weights import LinearEffects, callaway_santanna, imputation, two_way_fixed_effects

PARALLEL = (
    "adoption is not anticipated and stays, firms do not respond to each other's adoption, and without it the outcome"
    " would have moved in parallel in all cohorts"
)
"""What every test assumes."""
METHOD = (
    "group-time effects of Callaway & Sant'Anna (Journal of Econometrics 225, 2021); standard errors clustered by firm,"
    " from the jackknife's pseudo-values"
)
"""How every test estimates."""


def effects_on(cohorts: Cohorts, outcomes: dict[str, np.ndarray], draws: int, seed: int) -> list[PanelEffect]:
    """Effects on several outcomes, ``[firms, periods]`` each."""
    controls = "not_yet" if cohorts.never is None else "never"
    linear = callaway_santanna(cohorts, controls)
    overall = LinearEffects(("overall",), linear.weights[:1])
    before = [k for k, name in enumerate(linear.names) if name.startswith("e=-")]
    made = []
    for name, outcome in outcomes.items():
        estimates = inference.estimate(cohorts, overall, outcome)
        low, high = inference.intervals(estimates)
        pretrend = None
        if before:
            values, influence = inference.influences(cohorts, linear, outcome)
            pretrend = _pretrend(cohorts, values[before], influence[:, before])
        p_random = (
            float(inference.randomisation_p_values(cohorts, overall, outcome, draws=draws, seed=seed)[0])
            if draws
            else None
        )
        made.append(
            PanelEffect(
                name,
                float(estimates.effect[0]),
                float(estimates.se[0]),
                float(low[0]),
                float(high[0]),
                float(inference.p_values(estimates)[0]),
                float(inference.estimate(cohorts, imputation(cohorts), outcome).effect[0]),
                float(inference.estimate(cohorts, two_way_fixed_effects(cohorts), outcome).effect[0]),
                pretrend,
                p_random,
            )
        )
    return made


def _pretrend(cohorts: Cohorts, values: np.ndarray, influence: np.ndarray) -> float | None:
    """P value of no effects before adoption; None where they cannot be tested together."""
    try:
        return float(inference.joint_test(cohorts, values, influence).p_value)
    except DataError:
        return None


def transformed(effect: PanelEffect, name: str, estimate: float) -> PanelEffect:
    """The exponential of an effect less 1, with the ends of its interval."""
    low, high = (None if end is None else float(np.expm1(end)) for end in (effect.low, effect.high))
    return PanelEffect(name, float(estimate), effect.se * (1 + float(estimate)), low, high, effect.p_value)


def difference(one: PanelEffect, other: PanelEffect, name: str) -> PanelEffect:
    """Difference of effects in two sets of firms."""
    from scipy.stats import norm

    estimate, se = one.estimate - other.estimate, float(np.hypot(one.se, other.se))
    half = float(norm.ppf(0.975)) * se
    p_value = float(2 * norm.sf(abs(estimate) / se)) if se > 0 else float(estimate == 0)
    return PanelEffect(name, estimate, se, estimate - half, estimate + half, p_value)


def ratio(cohorts: Cohorts, numerator: np.ndarray, denominator: np.ndarray) -> PanelEffect:
    """Ratio of two effects, with Fieller's interval."""
    from scipy.stats import t as student

    controls = "not_yet" if cohorts.never is None else "never"
    linear = callaway_santanna(cohorts, controls)
    overall = LinearEffects(("overall",), linear.weights[:1])
    pair = np.stack([numerator, denominator])
    values, influence = inference.influences(cohorts, overall, pair)
    matrix = inference.covariance(cohorts, np.moveaxis(influence[..., 0], 0, 1))
    freedom = float(np.min(inference.estimate(cohorts, overall, pair).freedom))
    top, bottom = float(values[0, 0]), float(values[1, 0])
    ratio = top / bottom
    gradient = np.array([1 / bottom, -ratio / bottom])
    se = float(np.sqrt(gradient @ matrix @ gradient))
    quantile = float(student.ppf(0.975, freedom)) ** 2
    # θ is in the interval if (top - θ bottom)² is at most the quantile times its variance: a quadratic in θ.
    square = bottom**2 - quantile * matrix[1, 1]
    linear_term = top * bottom - quantile * matrix[0, 1]
    constant = top**2 - quantile * matrix[0, 0]
    p_value = float(2 * student.sf(abs(top) / np.sqrt(matrix[0, 0]), freedom))
    name = "requirements per unit fall of the variance of work samples"
    if square <= 0:
        return PanelEffect(name, ratio, se, None, None, p_value)
    root = np.sqrt(linear_term**2 - square * constant)
    return PanelEffect(
        name, ratio, se, float((linear_term - root) / square), float((linear_term + root) / square), p_value
    )

"""Estimates of linear effects with standard errors that are clustered by unit, for one panel or many at once.

An effect Σ W[g, t] Ȳ_gt is a sum over units of n_g⁻¹ Σ_t W[g, t] Y_it. Units are drawn within cohorts, so that

    influence ψ_i = n_g⁻¹ Σ_t W[g, t] (Y_it - Ȳ_gt),        Cov = Σ_g n_g/(n_g - 1) Σ_{i in g} ψ_i ψ_i'

is unbiased for the covariance of the effects given the sizes of cohorts, whatever the dependence within a unit over
time and the differences between cohorts. Tests are t tests with Welch's degrees of freedom, (Σ_g V_g)² / Σ_g V_g²/(n_g
- 1), and joint ones Hotelling tests with those of Krishnamoorthy & Yu (Statistics & Probability Letters 66, 2004).

Functions take NumPy's arrays and JAX's, and may have any number of leading axes, such as replications.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import f as fisher
from scipy.stats import t as student

from aigini.errors import DataError
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.weights import LinearEffects, treatment_residual


class Estimates(NamedTuple):
    """Effects with their standard errors and degrees of freedom, ``[..., effects]`` each."""

    effect: Any
    se: Any
    freedom: Any


def _module(array: Any) -> Any:
    return jnp if isinstance(array, jax.Array) else np


def cohort_means(cohorts: Cohorts, outcome: Any) -> Any:
    """Means over the units of each cohort, ``[..., cohorts, periods]``.

    Args:
        cohorts: The design.
        outcome: Outcomes, ``[..., units, periods]``.

    Raises:
        DataError: if the outcomes are not of these units and periods.
    """
    cohorts.require_shape(outcome)
    shares = cohorts.membership / cohorts.counts[:, None]
    return _module(outcome).einsum("gn,...nt->...gt", shares, outcome)


def influences(cohorts: Cohorts, effects: LinearEffects, outcome: Any) -> tuple[Any, Any]:
    """Effects and the influence of each unit on them.

    Args:
        cohorts: The design.
        effects: The effects.
        outcome: Outcomes, ``[..., units, periods]``.

    Returns:
        Effects, ``[..., effects]``, and influences that sum to zero over the units of a cohort, ``[..., units,
        effects]``.
    """
    module, means = _module(outcome), cohort_means(cohorts, outcome)
    values = module.einsum("egt,...gt->...e", effects.weights, means)
    residual = outcome - means[..., cohorts.index, :]
    own = effects.weights[:, cohorts.index, :] / cohorts.counts[cohorts.index][None, :, None]
    return values, module.einsum("ent,...nt->...ne", own, residual)


def covariance(cohorts: Cohorts, influence: Any) -> Any:
    """Covariance of effects from influences, unbiased given the sizes of cohorts, ``[..., effects, effects]``.

    Raises:
        DataError: if a cohort has one unit.
    """
    cohorts.require_variance()
    scale = (cohorts.counts / (cohorts.counts - 1))[cohorts.index]
    return _module(influence).einsum("n,...ni,...nj->...ij", scale, influence, influence)


def estimate(cohorts: Cohorts, effects: LinearEffects, outcome: Any) -> Estimates:
    """Effects with standard errors clustered by unit.

    Args:
        cohorts: The design.
        effects: The effects.
        outcome: Outcomes, ``[..., units, periods]``.

    Raises:
        DataError: if a cohort has one unit, or the outcomes are not of these units and periods.
    """
    values, influence = influences(cohorts, effects, outcome)
    return Estimates(values, *standard_errors(cohorts, influence))


def standard_errors(cohorts: Cohorts, influence: Any) -> tuple[Any, Any]:
    """Standard errors and Welch's degrees of freedom, ``[..., effects]`` each, from influences.

    Raises:
        DataError: if a cohort has one unit.
    """
    cohorts.require_variance()
    module = _module(influence)
    scale = cohorts.counts / (cohorts.counts - 1)
    parts = module.einsum("gn,...ne->...ge", cohorts.membership * scale[:, None], influence**2)
    total = module.sum(parts, axis=-2)
    spread = module.einsum("...ge,g->...e", parts**2, 1 / (cohorts.counts - 1))
    # Where no unit differs from its cohort the variance is zero and its degrees of freedom are those of all units.
    known = spread > 0
    freedom = module.where(known, total**2 / module.where(known, spread, 1.0), float(np.sum(cohorts.counts - 1)))
    return module.sqrt(total), freedom


def p_values(estimates: Estimates, null: float = 0.0) -> np.ndarray:
    """Two-sided p values of t tests, ``[..., effects]``; 0 or 1 where the standard error is zero."""
    effect, se = np.asarray(estimates.effect), np.asarray(estimates.se)
    known = se > 0
    ratio = np.abs(effect - null) / np.where(known, se, 1.0)
    p_value = 2 * student.sf(ratio, np.asarray(estimates.freedom))
    return np.where(known, p_value, np.where(np.isclose(effect, null, atol=1e-12), 1.0, 0.0))


def intervals(estimates: Estimates, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of confidence intervals, ``[..., effects]`` each."""
    half = student.ppf((1 + level) / 2, np.asarray(estimates.freedom)) * np.asarray(estimates.se)
    return np.asarray(estimates.effect) - half, np.asarray(estimates.effect) + half


class JointTest(NamedTuple):
    """A test that several effects are zero.

    Attributes:
        statistic: The quadratic form of the effects in the inverse of their covariance, ``[...]``.
        effects: Number of effects.
        freedom: Degrees of freedom of the covariance, ``[...]``.
        p_value: Its p value, ``[...]``.
    """

    statistic: np.ndarray
    effects: int
    freedom: np.ndarray
    p_value: np.ndarray


def joint_test(cohorts: Cohorts, effect: np.ndarray, influence: np.ndarray) -> JointTest:
    """Test that all effects are zero.

    Args:
        cohorts: The design.
        effect: Effects, ``[..., effects]``.
        influence: Influences, ``[..., units, effects]``.

    Raises:
        DataError: if the covariance is singular, as with more effects than units that vary.
    """
    cohorts.require_variance()
    count = effect.shape[-1]
    scale = cohorts.counts / (cohorts.counts - 1)
    parts = np.stack(
        [
            scale[g] * np.einsum("...ni,...nj->...ij", own, own)
            for g in range(len(scale))
            for own in [influence[..., cohorts.index == g, :]]
        ]
    )
    total = parts.sum(axis=0)
    roots = np.sqrt(np.einsum("...ii->...i", total))
    if np.any(roots == 0) or np.linalg.cond(total / (roots[..., :, None] * roots[..., None, :])).max() > 1e10:
        raise DataError(
            f"joint test: the covariance of {count} effects is singular; test fewer effects, or observe more units."
        )
    solved = np.linalg.solve(total, effect[..., None])[..., 0]
    statistic = np.einsum("...i,...i->...", effect, solved)
    ratio = np.linalg.solve(total[None], parts)
    trace = np.einsum("g...ii->g...", ratio)
    squared = np.einsum("g...ij,g...ji->g...", ratio, ratio)
    weights = (cohorts.counts - 1).reshape(-1, *[1] * (trace.ndim - 1))
    freedom = (count + count**2) / np.sum((squared + trace**2) / weights, axis=0)
    if np.any(freedom <= count):
        raise DataError(
            f"joint test: {count} effects with {float(np.min(freedom)):.1f} degrees of freedom; test fewer effects, or"
            " observe more units."
        )
    scaled = statistic * (freedom - count + 1) / (freedom * count)
    return JointTest(statistic, count, freedom, fisher.sf(scaled, count, freedom - count + 1))


def randomisation_p_values(
    cohorts: Cohorts, effects: LinearEffects, outcome: np.ndarray, *, draws: int = 999, seed: int = 0
) -> np.ndarray:
    """P values of the hypothesis that treatment moves no outcome of any unit, ``[effects]``.

    Dates of adoption are dealt out anew among units, as many of each as there are; the test statistic is the effect
    over its standard error. The p value is (1 + number of draws at least as far out)/(1 + draws), which is exact.

    Args:
        cohorts: The design.
        effects: The effects.
        outcome: Outcomes, ``[units, periods]``.
        draws: Number of assignments.
        seed: Seed of the assignments.
    """
    generator = np.random.default_rng(seed)
    own = estimate(cohorts, effects, outcome)
    beyond = np.zeros(len(effects.names), int)
    block = max(1, int(2**22 // outcome.size))
    left = draws
    while left:
        count = min(block, left)
        orders = np.stack([generator.permutation(len(cohorts.first)) for _ in range(count)])
        again = estimate(cohorts, effects, outcome[orders])
        beyond += np.sum(_t_ratio(again) >= _t_ratio(own)[None] - 1e-12, axis=0)
        left -= count
    return (1 + beyond) / (1 + draws)


def _t_ratio(estimates: Estimates) -> np.ndarray:
    known = estimates.se > 0
    return np.where(known, np.abs(estimates.effect) / np.where(known, estimates.se, 1.0), 0.0)


def influence_of_sizes(
    cohorts: Cohorts, effects: Mapping[tuple[int, int], np.ndarray], outcome: np.ndarray
) -> np.ndarray:
    """Influence on the overall effect of the chance in the sizes of cohorts, ``[..., units]``.

    Where units are a random sample with their dates of adoption, shares of cohorts are estimated, and this is added to
    the influence of `influences` (Callaway & Sant'Anna 2021, corollary 2). Given the sizes it is left out.

    Args:
        cohorts: The design.
        effects: Weights by (g, t), as `aigini.panel.estimators.weights.group_time` gives them.
        outcome: Outcomes, ``[..., units, periods]``.
    """
    units, means = len(cohorts.first), cohort_means(cohorts, outcome)
    sizes = dict(zip(cohorts.starts.tolist(), (cohorts.counts / units).tolist(), strict=True))
    after = [key for key in effects if key[1] >= key[0]]
    values = {key: np.einsum("gt,...gt->...", effects[key], means) for key in after}
    mass = sum(sizes[start] for start, _ in after)
    total = sum(sizes[key[0]] * values[key] for key in after)
    influence = np.zeros(outcome.shape[:-1])
    for start in {start for start, _ in after}:
        own = [key for key in after if key[0] == start]
        one = sum(values[key] for key in own) / mass - len(own) * total / mass**2
        influence[..., cohorts.first == start] += np.asarray(one / units)[..., None]
    return influence


def regression_errors(cohorts: Cohorts, outcome: np.ndarray) -> Estimates:
    """Two-way fixed effects with the sandwich errors of regression software, clustered by unit (CRV1), ``[..., 1]``.

    Residuals are those of the regression, so that differences of effects between cohorts count as noise. The correction
    is G/(G - 1) · (n - 1)/(n - k) with k = 1 + periods, as effects of units are nested in clusters; degrees of freedom
    are G - 1.
    """
    units, periods = len(cohorts.first), cohorts.periods
    residual = treatment_residual(cohorts)[cohorts.index]
    total = float(np.sum(residual**2))
    coefficient = np.einsum("nt,...nt->...", residual, outcome) / total
    treated = cohorts.treatment[cohorts.index].astype(float)
    net = outcome - coefficient[..., None, None] * treated
    net = net - net.mean(axis=-1, keepdims=True) - net.mean(axis=-2, keepdims=True) + net.mean((-2, -1), keepdims=True)
    scores = np.einsum("nt,...nt->...n", residual, net) / total
    correction = units / (units - 1) * (units * periods - 1) / (units * periods - 1 - periods)
    se = np.sqrt(correction * np.sum(scores**2, axis=-1))
    return Estimates(coefficient[..., None], se[..., None], np.full_like(se, units - 1.0)[..., None])

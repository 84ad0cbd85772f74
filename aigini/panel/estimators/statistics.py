"""Statistics of the workers of a cohort in a period, each a function of mean sums of firms.

They are functions for `aigini.panel.estimators.pseudo_values`, written for JAX. The last axis of the sums is fixed;
axes before it are cells (occupation and task) or offices (occupations), over which the statistic is averaged or pooled.
Means over firms of sums stand for the sums themselves, as their ratios are the same.
"""

from typing import Any

import jax.numpy as jnp

from aigini.parameters import Scalar

Array = Any

DISPERSION = ("output", "workers", "squares", "freedom", "output squared")
"""Sums of a cell: Σ y, number of workers, Σ (y - firm's mean)², workers less one, Σ y²; a firm's cell of one worker has
squares and freedom 0."""
SLOPE = ("product", "square")
"""Σ (x - firm's mean)(w - firm's mean) and Σ (x - firm's mean)² of an office."""
BETWEEN = ("offices", "mean", "mean squared", "pairs", "within")
"""Of a firm's office: 1, mean of log wages, its square, mean product of two workers' log wages, variance within."""


def log_cv(sums: Array, firms: Array, error_sd: Scalar = 0.0) -> Array:
    """Mean over cells of the log coefficient of variation within firm and task.

    Args:
        sums: `DISPERSION` of each cell, ``[cells, 5]``.
        firms: Number of firms; not used.
        error_sd: Standard deviation of measurement error of log output, whose contribution is taken off: output is
            measured as y exp(error_sd ε - error_sd²/2).
    """
    del firms
    level, workers, squares, freedom, second = jnp.moveaxis(sums, -1, 0)
    # E of measured y² is exp(error_sd²) times that of y²: the rest of the variance is noise.
    variance = squares / freedom + jnp.expm1(-(error_sd**2)) * second / workers
    return jnp.mean(jnp.log(variance) / 2 - jnp.log(level / workers))


def log_variance(sums: Array, firms: Array, error_sd: Scalar = 0.0) -> Array:
    """Mean over cells of the log of the variance of log output within firm and task; `sums` are of log output."""
    del firms
    _, _, squares, freedom, _ = jnp.moveaxis(sums, -1, 0)
    return jnp.mean(jnp.log(squares / freedom - error_sd**2))


def pooled_variance(sums: Array, firms: Array) -> Array:
    """Mean over offices of the variance within firm and office; `sums` are `DISPERSION`, ``[offices, 5]``."""
    del firms
    return jnp.mean(sums[..., 2] / sums[..., 3])


def mean(sums: Array, firms: Array) -> Array:
    """Mean over cells of Σ x over n; sums ``[cells, 2]``."""
    del firms
    return jnp.mean(sums[..., 0] / sums[..., 1])


def contrast(sums: Array, firms: Array) -> Array:
    """Mean of the first group less that of the last; sums ``[groups, 2]``."""
    del firms
    means = sums[..., 0] / sums[..., 1]
    return means[0] - means[-1]


def slope(sums: Array, firms: Array) -> Array:
    """Regression slope within firms and offices, pooled; sums are `SLOPE`, ``[offices, 2]``."""
    del firms
    return jnp.sum(sums[..., 0]) / jnp.sum(sums[..., 1])


def slopes(sums: Array, firms: Array, position: int) -> Array:
    """One of several slopes; sums ``[regressors, regressors + 1]`` are Σ x x' and, in the last column, Σ x w."""
    del firms
    return jnp.linalg.solve(sums[:, :-1], sums[:, -1])[position]


def between_variance(sums: Array, firms: Array) -> tuple[Array, Array]:
    """Variance of firm effects, and variance within firms, of each office; sums are `BETWEEN`, ``[offices, 5]``.

    The first is the leave-out estimate of Kline, Saggio & Sølvsten (Econometrica 88, 2020) for workers in firms:
    products of different workers of a firm stand for its squared mean, and products of different firms for the squared
    overall mean, so that no noise of firm means is taken for dispersion.
    """
    share, level, square, pairs, within = jnp.moveaxis(sums, -1, 0)
    level, square, pairs, within = level / share, square / share, pairs / share, within / share
    count = firms * share
    other_firms = level**2 - (square - level**2) / (count - 1)
    return pairs - other_firms, within


def between_share(sums: Array, firms: Array) -> Array:
    """Mean over offices of the share of the variance of log wages that is between firms."""
    between, within = between_variance(sums, firms)
    return jnp.mean(between / (between + within))


def between_component(sums: Array, firms: Array) -> Array:
    """Mean over offices of the variance of firm effects."""
    return jnp.mean(between_variance(sums, firms)[0])


def variance_over_firms(sums: Array, firms: Array) -> Array:
    """Variance over firms of what each has once; sums are x and x², ``[2]``."""
    return (sums[1] - sums[0] ** 2) * firms / (firms - 1)

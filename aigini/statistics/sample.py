"""Measures of a sample held in memory, exact for that sample.

Each takes a vector of values, ``[n]``, and weighs all of them equally. Rank measures sort once; ranks are locally
constant, so first derivatives are exact away from ties and second derivatives are not those of the population (use
`aigini.statistics.histogram` for those).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Scalar


def mean(values: Float[Array, "n"]) -> Scalar:
    """Arithmetic mean, accumulated in float64."""
    return jnp.mean(values.astype(jnp.float64))


def gini(values: Float[Array, "n"]) -> Scalar:
    """Gini coefficient, half the mean absolute difference over the mean: Σ (2i - n - 1) x_(i) / (n Σ x)."""
    ordered = jnp.sort(values.astype(jnp.float64))
    n = ordered.shape[0]
    position = 2.0 * jnp.arange(1, n + 1, dtype=jnp.float64) - n - 1
    return jnp.sum(position * ordered) / (n * jnp.sum(ordered))


def lorenz(values: Float[Array, "n"]) -> Float[Array, "n_plus_1"]:
    """Lorenz curve at population shares 0, 1/n, ..., 1."""
    ordered = jnp.cumsum(jnp.sort(values.astype(jnp.float64)))
    return jnp.concatenate([jnp.zeros(1), ordered / ordered[-1]])


def top_share(values: Float[Array, "n"], fraction: float) -> Scalar:
    """Share of the total held by the richest `fraction`, linear within the marginal worker.

    Raises:
        ValueError: if `fraction` is not in (0, 1).
    """
    if not 0 < fraction < 1:
        raise ValueError(f"top share: fraction = {fraction} is not in (0, 1).")
    curve = lorenz(values)
    return 1 - jnp.interp(1 - fraction, jnp.linspace(0.0, 1.0, curve.shape[0]), curve)


def theil(values: Float[Array, "n"]) -> Scalar:
    """Theil index T = mean(x/μ log(x/μ)) of positive values; zeros contribute nothing."""
    relative = values.astype(jnp.float64) / mean(values)
    positive = relative > 0
    safe = jnp.where(positive, relative, 1.0)
    return jnp.mean(jnp.where(positive, safe * jnp.log(safe), 0.0))


def coefficient_of_variation(values: Float[Array, "n"]) -> Scalar:
    """Standard deviation (divisor n) over the mean; the derivative does not exist where all values are equal."""
    centre = mean(values)
    return jnp.sqrt(jnp.mean((values.astype(jnp.float64) - centre) ** 2)) / centre


def ols_slope(x: Float[Array, "n"], y: Float[Array, "n"]) -> Scalar:
    """Slope of the least-squares line of `y` on `x`; undefined where `x` is constant."""
    dx = x.astype(jnp.float64) - mean(x)
    return jnp.sum(dx * (y.astype(jnp.float64) - mean(y))) / jnp.sum(dx**2)

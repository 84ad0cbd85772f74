"""Measures as functions of sums over agents, so that agents can be streamed, sharded and forgotten.

Sums are float64. Each function states the sums it needs; none of them sees an agent.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32

from aigini.parameters import Scalar


def segment_sum(
    values: Float[Array, "agents"], segment: Int32[Array, "agents"], count: int
) -> Float[Array, "segments"]:
    """Sums of `values` by `segment`, an index known to lie in 0 .. count - 1."""
    return jax.ops.segment_sum(values, segment, count, mode=jax.lax.GatherScatterMode.PROMISE_IN_BOUNDS)


class CrossMoments(eqx.Module):
    """Sums of two variables taken about fixed reference points, which keeps the squares small.

    Attributes:
        n: Number of agents.
        x: Σ (x - x_ref).
        y: Σ (y - y_ref).
        xx: Σ (x - x_ref)².
        xy: Σ (x - x_ref)(y - y_ref).
        yy: Σ (y - y_ref)².
    """

    n: Scalar
    x: Scalar
    y: Scalar
    xx: Scalar
    xy: Scalar
    yy: Scalar

    @property
    def slope(self) -> Scalar:
        """Least-squares slope of y on x."""
        return (self.xy - self.x * self.y / self.n) / (self.xx - self.x**2 / self.n)

    @property
    def variance_y(self) -> Scalar:
        """Variance of y, divisor n."""
        return self.yy / self.n - (self.y / self.n) ** 2


class GroupSums(eqx.Module):
    """Sums of one variable by group, about a fixed reference point.

    Attributes:
        n: Agents per group, ``[groups]``.
        y: Σ (y - y_ref) per group, ``[groups]``.
    """

    n: Float[Array, "groups"]
    y: Float[Array, "groups"]


def between_variance(groups: GroupSums, total: Scalar) -> Scalar:
    """Between-group variance component of a one-way analysis of variance with unequal group sizes.

    (MSB - MSW)/n0, n0 = (N - Σ n_j²/N)/(G - 1): the plug-in variance of group means corrected for the sampling noise of
    those means. With a single group there is nothing between groups, and the component is 0.

    Args:
        groups: Sums by group; empty groups do not count.
        total: Σ (y - y_ref)² over all agents.
    """
    filled = groups.n > 0
    count = jnp.sum(filled.astype(groups.n.dtype))
    n = jnp.sum(groups.n)
    mean_square = jnp.where(filled, groups.y**2 / jnp.where(filled, groups.n, 1.0), 0.0)
    between = jnp.sum(mean_square) - jnp.sum(groups.y) ** 2 / n
    within = total - jnp.sum(mean_square)
    size = (n - jnp.sum(groups.n**2) / n) / jnp.maximum(count - 1, 1.0)
    several = count > 1
    component = (between / jnp.maximum(count - 1, 1.0) - within / (n - count)) / jnp.where(several, size, 1.0)
    return jnp.where(several, component, 0.0)


def theil(n: Scalar, total: Scalar, x_log_x: Scalar) -> Scalar:
    """Theil index from N, Σ x and Σ x log x: Σ x log x / Σ x - log(Σ x / N)."""
    return x_log_x / total - jnp.log(total / n)


def theil_between(groups: GroupSums) -> Scalar:
    """Between-group part of the Theil index, from group sizes and group totals of x (reference point 0)."""
    total = jnp.sum(groups.y)
    filled = groups.n > 0
    mean = jnp.where(filled, groups.y / jnp.where(filled, groups.n, 1.0), 1.0)
    return jnp.sum(groups.y / total * jnp.log(mean)) - jnp.log(total / jnp.sum(groups.n))

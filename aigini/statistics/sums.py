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
        control: A variable of known mean 0 that explains the sampling error of the slope; None for no such variable.
    """

    n: Scalar
    x: Scalar
    y: Scalar
    xx: Scalar
    xy: Scalar
    yy: Scalar
    control: "Control | None" = None

    @property
    def slope(self) -> Scalar:
        """Least-squares slope of y on x, less what its control explains of its sampling error."""
        spread = self.xx - self.x**2 / self.n
        plain = (self.xy - self.x * self.y / self.n) / spread
        if self.control is None:
            return plain
        return plain - self.control.explained(self) / spread

    @property
    def variance_y(self) -> Scalar:
        """Variance of y, divisor n."""
        return self.yy / self.n - (self.y / self.n) ** 2


class Control(eqx.Module):
    """Sums of a variable c of mean 0 and variance 1 in the population, with those of a regression of y on x.

    The sampling error of a slope is the mean of (x - x̄) e / Var(x), with the residual e. The part of it that a
    regression of (x - x̄) e on c explains is known, because the mean of c is: the slope less that part has the same
    limit and a smaller error (control variates). c must not be correlated with (x - x̄)², so that y stands for e in the
    coefficient, which comes from the same agents, at the cost of a bias of order 1/n.

    Attributes:
        c: Σ c.
        xc: Σ (x - x_ref) c.
        yc: Σ (y - y_ref) c.
        xyc: Σ (x - x_ref)(y - y_ref) c.
    """

    c: Scalar
    xc: Scalar
    yc: Scalar
    xyc: Scalar

    def explained(self, of: CrossMoments) -> Scalar:
        """The part of Σ (x - x̄) e that the control explains."""
        x, y = of.x / of.n, of.y / of.n
        return self.c * (self.xyc - x * self.yc - y * self.xc + x * y * self.c) / of.n


class GroupSums(eqx.Module):
    """Sums of one variable by group, about a fixed reference point.

    Attributes:
        n: Agents per group, ``[groups]``.
        y: Σ (y - y_ref) per group, ``[groups]``.
        yy: Σ (y - y_ref)² per group, ``[groups]``; None where it is not needed.
    """

    n: Float[Array, "groups"]
    y: Float[Array, "groups"]
    yy: Float[Array, "groups"] | None = None


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


def theil_between(groups: GroupSums, predictors: Float[Array, "predictors groups"]) -> Scalar:
    """Between-group part of the Theil index: Σ n_j/N f(m_j/m) with f(r) = r log r, m_j the means in the population.

    Means of few agents are noisy, and f is convex: the index of the sample's means is too large by Var(m̂_j)/(2 m_j m),
    to begin with. So f is expanded to second order about predictions of r_j = m_j/m by a regression of the groups'
    means on `predictors`. The first order is unbiased, and the second once the variance of the sampling noise, that of
    agents within the group over n_j, is taken off (within all groups together for a group of one). What is left out is
    of third order in what is not predicted. With no more groups than coefficients predictions are the means themselves.

    Args:
        groups: Sums by group (reference point 0), with the sum of squares; empty groups do not count.
        predictors: Variables on which the means depend linearly; a constant is added.

    Raises:
        ValueError: if the sum of squares is missing.
    """
    if groups.yy is None:
        raise ValueError("theil_between: the sum of squares is missing; give `yy` in the sums by group.")
    n = jnp.sum(groups.n)
    total = jnp.sum(groups.y)
    filled = groups.n > 0
    size = jnp.where(filled, groups.n, 1.0)
    share = groups.n / n
    ratio = jnp.where(filled, groups.y / size * (n / total), 1.0)
    centred = predictors - (predictors @ share)[:, None]
    scaled = centred / jnp.sqrt(jnp.maximum(centred**2 @ share, _CONSTANT))[:, None]
    weighted = scaled * share[None, :]
    matrix = weighted @ scaled.T + _CONSTANT * jnp.eye(len(predictors))
    about = jnp.maximum(1 + jnp.linalg.solve(matrix, weighted @ (ratio - 1)) @ scaled, _LOWEST)
    within = jnp.where(filled, groups.yy - groups.y**2 / size, 0.0) * (n / total) ** 2
    free = jnp.maximum(size - 1, 0.0)
    pooled = jnp.sum(within) / jnp.maximum(jnp.sum(free), 1.0)
    noise = jnp.where(free > 0, within / jnp.maximum(free, 1.0), pooled)
    apart = ratio - about
    variance = noise / size
    # Of the ratio to a mean in which the group has its share, so that a single group has none.
    variance = (1 - 2 * share) * variance + jnp.sum(share**2 * variance)
    curved = (apart**2 - variance) / (2 * about)
    return jnp.sum(share * (about * jnp.log(about) + (1 + jnp.log(about)) * apart + curved))


_CONSTANT = 1e-12  # variance below which a predictor is constant
_LOWEST = 0.1  # of the mean: predictions below are not believed

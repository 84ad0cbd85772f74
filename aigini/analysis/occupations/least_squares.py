"""Weighted least squares in closed form, with standard errors by clusters, for many samples at once.

Simulated samples are regressed by the thousand, which needs a function that JAX can batch; pyfixest cannot be. The
numbers are those of pyfixest on the same data, which a test shows: coefficients, HC1, CRV1 with its correction
G/(G-1) (n-1)/(n-k), and CRV3 as the jackknife over groups.

A two-way regression of a balanced panel with weights that are constant over time is a regression of a contrast of
outcomes over time (`contrast_of`), so that both estimators are one function here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from aigini.parameters import Scalar


class Fit(NamedTuple):
    """The coefficient of the second regressor, after the constant.

    Attributes:
        coef: The coefficient.
        se_hc1: Heteroskedastic standard error, HC1; of a contrast of a panel, clustered by occupation.
        se_crv1: Standard error by groups, CRV1.
        se_crv3: By groups, CRV3: the jackknife that leaves out one group at a time.
        n: Observations with a positive weight.
        within: Weighted mean square of residuals about the mean of their group.
        between: Weighted mean square of the groups' mean residuals.
    """

    coef: Scalar
    se_hc1: Scalar
    se_crv1: Scalar
    se_crv3: Scalar
    n: Scalar
    within: Scalar
    between: Scalar


def contrast_of(years: Sequence[int], after: int) -> np.ndarray:
    """Weights of years whose sum of outcomes a two-way regression on exposure after a year regresses.

    Args:
        years: Years of the panel.
        after: Last year before exposure has an effect.

    Returns:
        ``[years]``, adding up to 0: the mean of the years after less the mean of the others. Of two years, the second
        less the first.

    Raises:
        ValueError: if no year is after, or none before.
    """
    post = np.asarray(years) > after
    if post.all() or not post.any():
        raise ValueError(f"two-way regression: years {list(years)} are all on one side of {after}.")
    return np.where(post, 1 / post.sum(), -1 / (~post).sum())


def weighted_fit(
    x: Float[Array, "n regressors"],
    y: Float[Array, "n"],
    weight: Float[Array, "n"],
    group: Int[Array, "n"],
    n_groups: int,
    periods: int = 1,
) -> Fit:
    """Regress `y` on `x` with analytic weights.

    Args:
        x: Regressors, the constant first.
        y: Outcomes.
        weight: Weights; 0 leaves an observation out.
        group: Clusters, from 0.
        n_groups: Number of clusters, those without observations too.
        periods: Years of the panel that `y` is a contrast of, which counts them in the correction of CRV1 as pyfixest
            does: effects of occupations, nested in clusters, take no degree of freedom, and those of years do.
    """
    used = weight > 0
    n, k = jnp.sum(used).astype(x.dtype), x.shape[1]

    # A product of matrices: in batches it is faster on a CPU than adding up by index.
    member = (group[:, None] == jnp.arange(n_groups, dtype=group.dtype)[None, :]).astype(x.dtype)

    def by_group(values: Array) -> Array:
        return jnp.tensordot(member, values, axes=(0, 0))

    weighted = x * weight[:, None]
    cross = by_group(weighted[:, :, None] * x[:, None, :])
    moment = by_group(weighted * y[:, None])
    inverse = jnp.linalg.inv(jnp.sum(cross, axis=0))
    beta = inverse @ jnp.sum(moment, axis=0)
    residual = y - x @ beta
    scores = weighted * residual[:, None]

    def variance(terms: Array) -> Scalar:
        return jnp.sum((terms @ inverse[:, 1]) ** 2)

    mass = by_group(weight)
    groups = jnp.sum(mass > 0).astype(x.dtype)
    observations, parameters = (n, k) if periods == 1 else (n * periods, k - 1 + periods)
    correction = groups / (groups - 1) * (observations - 1) / (observations - parameters)
    # A group without observations leaves the estimate as it is and adds nothing.
    others = jnp.sum(cross, axis=0)[None] - cross, jnp.sum(moment, axis=0)[None] - moment
    left_out = jax.vmap(jnp.linalg.solve)(*others)[:, 1]
    mean = by_group(weight * residual) / jnp.where(mass > 0, mass, 1.0)
    total = jnp.sum(mass)
    return Fit(
        coef=beta[1],
        se_hc1=jnp.sqrt(n / (n - k) * variance(scores)),
        se_crv1=jnp.sqrt(correction * variance(by_group(scores))),
        se_crv3=jnp.sqrt((groups - 1) / groups * jnp.sum((left_out - beta[1]) ** 2)),
        n=n,
        within=jnp.sum(weight * (residual - mean[group]) ** 2) / total,
        between=jnp.sum(mass * mean**2) / total,
    )

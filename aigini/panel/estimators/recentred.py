"""Statistics of many workers as outcomes of firms, so that linear estimators and their errors apply to them.

A coefficient of variation, a slope or a component of variance of the workers of a cohort in a period is a smooth
function F of the means s̄_gt of sums that each firm contributes. Its first-order expansion

    Y_it = F(s̄_gt) + ∂F(s̄_gt) · (s_it - s̄_gt)

has exactly the mean F(s̄_gt) over the firms of the cohort, and deviations that are the influence of each firm on it
(the recentred influence function of Firpo, Fortin & Lemieux, Econometrica 77, 2009). A difference in differences of Y
is then that of F, with the standard error, clustered by firm, that the delta method gives.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aigini.panel.estimators.cohorts import Cohorts

Statistic = Callable[[Any, Any], Any]
"""From mean sums of the firms of a cohort, any shape, and the number of firms, a scalar, to a scalar."""


def recentred(cohorts: Cohorts, sums: Any, statistic: Statistic) -> Any:
    """Outcomes of firms whose cohort means are a statistic of the cohort's workers, ``[replications, firms, periods]``.

    Args:
        cohorts: The firms' adoption.
        sums: Sums that firms contribute, ``[replications, firms, periods, ...]``; a missing one is 0.
        statistic: The statistic.
    """
    shape = sums.shape[3:]
    counts = jnp.asarray(cohorts.counts, jnp.float64)
    flat = jnp.asarray(sums, jnp.float64).reshape(*sums.shape[:3], -1)
    means = jnp.einsum("gn,rntk->rgtk", jnp.asarray(cohorts.membership / cohorts.counts[:, None]), flat)

    def cell(mean: Any, count: Any) -> tuple[Any, Any]:
        return jax.value_and_grad(lambda one: statistic(one.reshape(shape), count))(mean)

    by_period = jax.vmap(cell, in_axes=(0, None))
    values, slopes = jax.vmap(jax.vmap(by_period), in_axes=(0, None))(means, counts)
    own = cohorts.index
    return values[:, own] + jnp.einsum("rntk,rntk->rnt", slopes[:, own], flat - means[:, own])


def recentred_panel(cohorts: Cohorts, sums: np.ndarray, statistic: Statistic) -> np.ndarray:
    """The same of one panel, ``[firms, periods]``, from sums ``[firms, periods, ...]``."""
    return np.asarray(recentred(cohorts, sums[None], statistic)[0])

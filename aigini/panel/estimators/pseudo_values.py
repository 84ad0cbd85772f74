"""Statistics of many workers as outcomes of firms, so that linear estimators and their errors apply to them.

A coefficient of variation, a slope or a component of variance of the workers of a cohort in a period is a function F
of the means s̄ of sums that each of its n firms contributes. The jackknife's pseudo-values

    Y_i = n F(s̄, n) - (n - 1) F(s̄ without firm i, n - 1)

have as their mean the statistic without its bias of order 1/n, and deviations that are the influence of each firm on it
(Tukey 1958; Efron & Stein, Annals of Statistics 9, 1981). A difference in differences of Y over cohorts and periods is
then that of F, with a standard error that is clustered by firm. They are the recentred influence functions of Firpo,
Fortin & Lemieux (Econometrica 77, 2009) to first order.

Where F is far from linear in means of heavy tails, as the log of a coefficient of variation is, their mean has more
variance than their dispersion tells, and 5 % tests reject too often (MODEL.md 17.1). There outcomes are moved so that
their mean is F itself, whose bias hardly differs between periods.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aigini.errors import DataError
from aigini.panel.estimators.cohorts import Cohorts

Statistic = Callable[[Any, Any], Any]
"""From mean sums of the firms of a cohort, any shape, and the number of firms, a scalar, to a scalar."""

FEWEST = 3
"""Firms of a cohort; of two, one would be left to take a variance over firms of."""


def pseudo_values(cohorts: Cohorts, sums: Any, statistic: Statistic, *, corrected: bool = True) -> Any:
    """Outcomes of firms whose cohort means are a statistic of the cohort's workers, ``[firms, periods]``.

    Args:
        cohorts: The firms' adoption.
        sums: Sums that firms contribute, ``[firms, periods, ...]``; a missing one is 0.
        statistic: The statistic.
        corrected: True for the jackknife's mean, without bias of order 1/n; False for the statistic itself.

    Raises:
        DataError: if a cohort has fewer than three firms.
    """
    if np.min(cohorts.counts) < FEWEST:
        raise DataError(
            f"a cohort has {np.min(cohorts.counts)} firms; at least {FEWEST} are needed: merge it with a neighbour."
        )
    flat = sums.reshape(*sums.shape[:2], -1)
    counts = cohorts.counts.astype(float)
    means = jnp.einsum("gn,ntk->gtk", cohorts.membership / counts[:, None], flat)
    own, firms = cohorts.index, counts[cohorts.index]

    def over(means: Any, count: Any) -> Any:
        one = jax.vmap(lambda mean, number: statistic(mean.reshape(sums.shape[2:]), number), (0, None))
        return jax.vmap(one)(means, count)

    without = (firms[:, None, None] * means[own] - flat) / (firms - 1)[:, None, None]
    # Cells of cohorts and of firms in one call: the statistic is compiled once.
    values = over(jnp.concatenate([means, without]), jnp.concatenate([counts, firms - 1]))
    whole, rest = values[: len(counts)], values[len(counts) :]
    if corrected:
        return firms[:, None] * whole[own] - (firms - 1)[:, None] * rest
    average = jnp.einsum("gn,nt->gt", cohorts.membership / counts[:, None], rest)
    return whole[own] + (firms - 1)[:, None] * (average[own] - rest)


def panel_pseudo_values(
    cohorts: Cohorts, sums: np.ndarray, statistic: Statistic, words: str, *, corrected: bool = True
) -> np.ndarray:
    """The same of one panel, as a NumPy array.

    Args:
        cohorts: The firms' adoption.
        sums: As in `pseudo_values`.
        statistic: The statistic.
        words: Its name in the message.
        corrected: As in `pseudo_values`.

    Raises:
        DataError: if a cohort has fewer than three firms, or the statistic is not defined in a cohort and period.
    """
    values = np.asarray(pseudo_values(cohorts, jnp.asarray(sums, jnp.float64), statistic, corrected=corrected))
    if not np.all(np.isfinite(values)):
        firm, period = np.argwhere(~np.isfinite(values))[0]
        start = cohorts.first[firm]
        raise DataError(
            f"{words}: is not defined in period {period} of the firms that adopt in {start}, counted from 0; there"
            f" are too"
            " few workers, or none of them differ. Leave these firms out, or merge cohorts."
        )
    return values

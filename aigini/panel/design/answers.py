"""The questions that a study asks of a panel, and the estimators that answer them.

Each question is a statistic of the workers of a cohort in a period, from sums that firms contribute
(`aigini.panel.estimators.statistics`). The inquiry is its mean effect on adopters, over firms and periods after
adoption; the answers are linear estimators of it (`aigini.panel.estimators.weights`).
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.panel.design.sampler import Numbers, Panel
from aigini.panel.estimators import statistics, weights
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.weights import LinearEffects

GROUPS = 3
"""Groups of workers by their ability proxy."""


@dataclasses.dataclass(frozen=True)
class Question:
    """A statistic whose change by AI is asked for.

    Attributes:
        name: Its name.
        hypothesis: ``H1`` to ``H4``, or empty for what only serves others.
        meaning: One line in words.
        unit: Unit of the effect.
        sums: Sums of a panel that it is a function of, ``[firms, periods, ...]``.
        statistic: The statistic, a function of mean sums, the number of firms and assumed numbers.
        corrected: True if its bias of order 1/n is taken off (`aigini.panel.estimators.pseudo_values`).
    """

    name: str
    hypothesis: str
    meaning: str
    unit: str
    sums: Callable[[Panel], Float[Array, "N T *sums"]]
    statistic: Callable[[Any, Any, Numbers], Any]
    corrected: bool = True


def _plain(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Numbers], Any]:
    return lambda sums, firms, numbers: function(sums, firms)


def _dispersion(values: Float[Array, "N T O k *Z"]) -> Float[Array, "N T cells 5"]:
    """`statistics.DISPERSION` of each occupation and task of a firm."""
    count = values.shape[3]
    total = jnp.sum(values, axis=3)
    squares = jnp.sum((values - total[:, :, :, None] / count) ** 2, axis=3)
    ones = jnp.ones_like(total)
    every = (total, count * ones, squares, (count - 1) * ones, jnp.sum(values**2, axis=3))
    return jnp.stack([one.reshape(*one.shape[:2], -1) for one in every], axis=-1)


def _output(panel: Panel) -> Array:
    return _dispersion(jnp.exp(panel.log_output))


def _log_output(panel: Panel) -> Array:
    return _dispersion(panel.log_output)


def _work_sample(panel: Panel) -> Array:
    return _dispersion(panel.work_sample)


def _mean_log(panel: Panel) -> Array:
    return _dispersion(panel.log_output)[..., :2]


def _group_sums(panel: Panel) -> Float[Array, "N T groups 2"]:
    """Log output and number of observations by group of the ability proxy within the occupation."""
    limits = jnp.quantile(panel.ability_proxy, jnp.arange(1, GROUPS) / GROUPS, axis=(0, 2))
    group = jnp.sum(panel.ability_proxy[None] > limits[:, None, :, None], axis=0)
    own = (group[..., None] == jnp.arange(GROUPS)[None, None, None]).astype(jnp.float64)
    total = jnp.einsum("ntokz,nokg->ntg", panel.log_output, own)
    count = jnp.sum(own, axis=(1, 2)) * panel.log_output.shape[-1]
    return jnp.stack([total, jnp.broadcast_to(count[:, None], total.shape)], axis=-1)


def _slope_sums(panel: Panel) -> Float[Array, "N T O 2"]:
    years = panel.schooling - jnp.mean(panel.schooling, axis=3, keepdims=True)
    product = jnp.einsum("ntok,ntok->nto", panel.log_wage, years)
    return jnp.stack([product, jnp.sum(years**2, axis=3)], axis=-1)


def _required(panel: Panel) -> Float[Array, "N T O 2"]:
    return jnp.stack([panel.required, jnp.ones_like(panel.required)], axis=-1)


def _between_sums(panel: Panel) -> Float[Array, "N T O 5"]:
    wage, count = panel.log_wage, panel.log_wage.shape[3]
    mean, second = jnp.mean(wage, axis=3), jnp.mean(wage**2, axis=3)
    within = jnp.sum((wage - mean[..., None]) ** 2, axis=3) / (count - 1)
    pairs = (count * mean**2 - second) / (count - 1)
    return jnp.stack([jnp.ones_like(mean), mean, mean**2, pairs, within], axis=-1)


def _asset_sums(panel: Panel) -> Float[Array, "N T 2"]:
    return jnp.stack([panel.log_assets, panel.log_assets**2], axis=-1)


def _use(panel: Panel) -> Float[Array, "N T 2"]:
    share = panel.adopted * jnp.mean(panel.use, axis=(1, 2))[:, None]
    return jnp.stack([share, jnp.ones_like(share)], axis=-1)


def _users(panel: Panel) -> Float[Array, "N T 2 2"]:
    """Log output and number of observations of users and of others in firms that have adopted."""
    groups = jnp.stack([panel.use, 1 - panel.use], axis=-1)
    total = jnp.einsum("ntokz,nokg,nt->ntg", panel.log_output, groups, panel.adopted)
    count = jnp.sum(groups, axis=(1, 2))[:, None] * panel.adopted[..., None] * panel.log_output.shape[-1]
    return jnp.stack([total, count], axis=-1)


def _difference(sums: Array, firms: Array, numbers: Numbers) -> Array:
    del firms, numbers
    there = jnp.min(sums[:, 1]) > 0
    means = sums[:, 0] / jnp.where(there, sums[:, 1], 1.0)
    return jnp.where(there, means[0] - means[1], 0.0)


QUESTIONS: dict[str, Question] = {
    one.name: one
    for one in (
        Question(
            "log_cv",
            "H1",
            "coefficient of variation of output within firm and task, without measurement error",
            "log points / 100",
            _output,
            lambda sums, firms, numbers: statistics.log_cv(sums, firms, numbers["output_error_sd"]),
            corrected=False,
        ),
        Question(
            "log_variance",
            "H1",
            "variance of log output within firm and task, without measurement error",
            "log points / 100",
            _log_output,
            lambda sums, firms, numbers: statistics.log_variance(sums, firms, numbers["output_error_sd"]),
        ),
        Question("gain", "", "mean log output", "log points / 100", _mean_log, _plain(statistics.mean)),
        Question(
            "gain_gap",
            "H1",
            "mean log output of the lowest third by ability proxy less that of the highest",
            "log points / 100",
            _group_sums,
            _plain(statistics.contrast),
        ),
        Question(
            "schooling_slope",
            "H2",
            "slope of log wages on schooling within firm and occupation",
            "log points / 100 per year",
            _slope_sums,
            _plain(statistics.slope),
        ),
        Question(
            "requirement",
            "H3",
            "share of employers that require the credential",
            "share",
            _required,
            _plain(statistics.mean),
        ),
        Question(
            "diagnostic_variance",
            "H3",
            "variance of work samples within firm and occupation",
            "log points squared",
            _work_sample,
            _plain(statistics.pooled_variance),
        ),
        Question(
            "between_share",
            "H4",
            "share of the variance of log wages that is between firms, within occupation",
            "share",
            _between_sums,
            _plain(statistics.between_share),
        ),
        Question(
            "asset_variance",
            "",
            "variance of log assets over firms",
            "log points squared",
            _asset_sums,
            _plain(statistics.variance_over_firms),
        ),
        Question(
            "use",
            "",
            "share of workers who use AI",
            "share",
            _use,
            _plain(lambda sums, firms: sums[0] / sums[1]),
        ),
        Question(
            "users_less_others", "", "mean log output of users less others", "log points / 100", _users, _difference
        ),
    )
}
"""Questions of a study by name."""

GROUP_TIME, IMPUTATION, TWO_WAY = "group-time effects", "imputation", "two-way fixed effects"
ACROSS, OVER_TIME, USERS = "adopters - others", "after - before", "users - others"
VALID = (GROUP_TIME, IMPUTATION)
"""Estimators that parallel trends make unbiased."""
ESTIMATORS = (GROUP_TIME, IMPUTATION, TWO_WAY, ACROSS, OVER_TIME, USERS)
"""Estimators of a study; the last one is for the question ``users_less_others`` alone."""


@functools.cache
def _parts(starts: tuple[int, ...], counts: tuple[int, ...], periods: int) -> tuple[np.ndarray, np.ndarray]:
    cohorts = Cohorts(np.repeat(np.array(starts), np.array(counts)), periods)
    mass = treated_mass(cohorts)
    rows = [
        weights.callaway_santanna(cohorts).weights[0],
        weights.imputation(cohorts).weights[0],
        weights.two_way_fixed_effects(cohorts).weights[0],
        *weights.ignoring_selection(cohorts).weights,
        mass,
    ]
    return np.stack(rows), mass


def treated_mass(cohorts: Cohorts) -> np.ndarray:
    """Shares of treated firms and periods, ``[cohorts, periods]``."""
    mass = cohorts.treatment * cohorts.counts[:, None]
    return mass / mass.sum()


def answers(cohorts: Cohorts) -> LinearEffects:
    """The estimators of a design."""
    starts, counts = tuple(cohorts.starts.tolist()), tuple(cohorts.counts.tolist())
    return LinearEffects(ESTIMATORS, _parts(starts, counts, cohorts.periods)[0])

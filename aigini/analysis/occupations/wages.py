"""Wage distributions of the model's occupations before and after AI, with channels on, off or at other strengths."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtr

from aigini.economy.channels import Channels
from aigini.economy.economy import solve
from aigini.economy.worker_outcome import WorkerOutcome
from aigini.errors import AnalysisError
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameter_space import pack, unpack
from aigini.runtime.memory import in_groups
from aigini.statistics import histogram
from aigini.statistics.accumulate import Row, accumulate
from aigini.statistics.catalogue import GINI_TOTAL, GINI_WAGE, M1
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.moment import statistic_of

MOMENTS = (M1, GINI_TOTAL, GINI_WAGE)
"""Moments that are computed with the distributions, in this order."""

_LOWEST, _HIGHEST = -8.0, 8.0
_NODES = np.flatnonzero((histogram.LOG_NODES >= _LOWEST) & (histogram.LOG_NODES <= _HIGHEST))
_EDGES = histogram.LOG_NODES[_NODES] + histogram.STEP / 2
"""Log wages at which distribution functions are kept, units of the final good."""

STEPS = 4
"""Mixtures of two neighbouring occupations that are tabulated, from the first to just before the second."""
SCORES = np.linspace(-3.5, 3.5, 225)
"""Normal scores at which quantiles are tabulated."""


class OccupationWages(NamedTuple):
    """Distributions of log wages by occupation in several economies.

    Attributes:
        below: Shares of workers below each log wage, before and after AI, occupations in order of exposure,
            ``[economies, 2, occupations, edges]``.
        exposure: Exposure of the occupations in that order, ``[economies, occupations]``.
        moments: Changes of `MOMENTS`, ``[economies, moments]``.
    """

    below: np.ndarray
    exposure: np.ndarray
    moments: np.ndarray


@jax.jit
def _wages(
    vectors: Float[Array, "economies parameters"], on: Float[Array, "economies channels"], economy: EconomyMap
) -> tuple[
    Float[Array, "economies 2 occupations edges"],
    Float[Array, "economies occupations"],
    Float[Array, "economies moments"],
]:
    def one(vector: Array, switches: Array) -> tuple[Array, Array, Array]:
        solved = solve(unpack(vector), economy.scenario, economy.population.firm_shocks, Channels(*switches))
        statistic = statistic_of(economy.moments)(solved)

        def summarise(row: Row) -> tuple:
            def masses(outcome: WorkerOutcome) -> Array:
                return histogram.node_masses(jnp.log(outcome.wage), row.present)

            common, own = statistic.summarise(row)
            return common, (own, jax.vmap(masses)(row.outcome))

        common, (own, masses) = accumulate(summarise, solved.environment, economy.population)
        below = jax.vmap(jax.vmap(lambda m: histogram.tails(m)[0]))(masses)
        # Shares at an edge are sharpened, which may make them fall by rounding where nobody is.
        rising = jax.lax.cummax(below, axis=2)[..., _NODES]
        exposure = jnp.sum(solved.after.market.production.treated_weights(), axis=1)
        return jnp.swapaxes(rising, 0, 1), exposure, statistic.finish(solved, (common, own))

    return in_groups(one, 1)(vectors, on)


def occupation_wages(
    economy: OutcomeMap, values: Sequence[Mapping[str, float]], switches: Sequence[Sequence[float]]
) -> OccupationWages:
    """Distributions of wages in several economies, one pass over workers each.

    Args:
        economy: The population and the scenario.
        values: Parameters of each economy.
        switches: Channels of each economy, numbers in the order of `aigini.economy.channels.CHANNEL_NAMES`.

    Raises:
        AnalysisError: if an economy is not finite, or has wages far outside those that are usual.
    """
    own = OutcomeMap(economy.population, economy.scenario, MOMENTS)
    below, exposure, moments = own.run(_wages, np.array([pack(one) for one in values]), np.array(switches, np.float64))
    if not (np.isfinite(below).all() and np.isfinite(moments).all()):
        raise AnalysisError("occupations: an economy with other channels is not finite; stay nearer the estimates.")
    if below[..., 0].max() > 1e-3 or below[..., -1].min() < 1 - 1e-3:
        raise AnalysisError(
            f"occupations: wages of some occupation are outside e^{_LOWEST:g} to e^{_HIGHEST:g} units of the final"
            " good, where their percentiles are not computed; stay nearer the baseline."
        )
    order = np.argsort(exposure, axis=1, kind="stable")
    return OccupationWages(
        below=np.take_along_axis(below, order[:, None, :, None], axis=2),
        exposure=np.take_along_axis(exposure, order, axis=1),
        moments=moments,
    )


def quantile_tables(below: np.ndarray, after: Sequence[float] | np.ndarray) -> np.ndarray:
    """Log wages of mixtures of neighbouring occupations at the normal scores `SCORES`.

    A mixture has the workers of one occupation and of the next more exposed one in shares (1 - f, f), with f a multiple
    of 1/`STEPS`.

    Args:
        below: Distribution functions of one economy, ``[2, occupations, edges]``.
        after: Shares of a sample that was taken after AI; the rest was taken before.

    Returns:
        ``[shares, positions, scores]``.
    """
    fractions = np.arange(STEPS) / STEPS
    pairs = (1 - fractions)[:, None] * below[:, :-1, None] + fractions[:, None] * below[:, 1:, None]
    mixed = np.concatenate([pairs.reshape(2, -1, below.shape[-1]), below[:, -1:]], axis=1)
    probabilities = ndtr(SCORES)

    def quantiles(share: float, before: np.ndarray, now: np.ndarray) -> np.ndarray:
        return np.interp(probabilities, (1 - share) * before + share * now, _EDGES)

    return np.array([[quantiles(share, *pair) for pair in zip(*mixed, strict=True)] for share in after])

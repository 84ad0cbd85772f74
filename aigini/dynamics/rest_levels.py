"""The economy with all workers at rest in a state of the long run."""

import jax
import jax.numpy as jnp
import numpy as np

from aigini.dynamics.economy import economy_at_rest
from aigini.dynamics.path import PathMap
from aigini.dynamics.settings import Dynamics
from aigini.errors import AnalysisError
from aigini.parameters import Parameters
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.statistics.accumulate import accumulate
from aigini.statistics.moment import MomentStatistic
from aigini.statistics.simulation import RESIDUAL_TOLERANCE
from aigini.statistics.worker_sums import reference


@jax.jit
def _at_rest(
    params: Parameters, dynamics: Dynamics, variance: jax.Array, mapping: PathMap
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Rent, residual, and levels before AI and at rest, ``[2, outcomes]``."""
    population = mapping.population
    economy = economy_at_rest(params, dynamics, mapping.scenario, variance, population.n_firms)
    statistic = MomentStatistic(mapping.moments, about=reference(economy.before), n_firms=population.n_firms)
    sums = accumulate(statistic.summarise, economy.environment, population)
    market = economy.after.market
    return market.prices.mean_ai_rent, market.residual, statistic.levels(economy, sums)


def levels_at_rest(
    params: Parameters, dynamics: Dynamics, variance: float, mapping: PathMap, key: str | None = None
) -> tuple[float, np.ndarray]:
    """q_A, and the levels of the outcomes before AI and at rest, ``[2, outcomes]``.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        variance: V at rest.
        mapping: Population, scenario and outcomes.
        key: Fingerprint of `mapping`, where the evaluation is to be kept; by default it is not.

    Raises:
        AnalysisError: if there is no equilibrium.
    """
    arguments = params, dynamics, jnp.asarray(variance)
    if key is None:
        rent, residual, levels = jax.device_get(_at_rest(*arguments, mapping))
    else:
        rent, residual, levels = evaluated(
            lambda: _at_rest(*arguments, mapping), lambda: fingerprint("dynamics.rest", key, *arguments)
        )
    if not (residual <= RESIDUAL_TOLERANCE and np.isfinite(levels).all()):
        raise AnalysisError(f"the economy at rest at V = {variance:.4g} has no equilibrium; stay nearer the baseline.")
    return float(rent), np.asarray(levels)

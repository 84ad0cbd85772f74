"""Tasks and hiring that use AI, as experiments see them: the levels behind m1, m2 and m4."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import State
from aigini.economy.screening import signal_correlation
from aigini.economy.technology import Production
from aigini.parameters import Parameters, Scalar
from aigini.statistics.worker_sums import HumanSums


def treated_output(
    production: Production, human: HumanSums, weights: Float[Array, "occupations tasks"]
) -> tuple[Scalar, Scalar]:
    """Mean within-cell CV and mean output of treated cells in the mean firm."""
    level, spread = production.treated_output(human)
    return jnp.sum(weights * spread / level), jnp.sum(weights * level)


def mean_signal_correlation(params: Parameters, state: State, weights: Float[Array, "occupations tasks"]) -> Scalar:
    """Work-sample/assessment correlation in treated hiring, averaged over occupations."""
    return jnp.sum(jnp.sum(weights, axis=1) * signal_correlation(params, state.market.treated))

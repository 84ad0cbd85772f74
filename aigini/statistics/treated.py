"""Tasks and hiring that use AI, as experiments see them: the levels behind m1, m2 and m4."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import State
from aigini.economy.screening import signal_correlation
from aigini.economy.technology import Production
from aigini.parameters import Parameters, Scalar
from aigini.statistics.human_sums import HumanSums


def treated_output(
    production: Production,
    human: HumanSums,
    weights: Float[Array, "occupations tasks"],
    social: Float[Array, "tasks"] | None = None,
) -> tuple[Scalar, Scalar]:
    """Mean within-cell CV and mean output of treated cells in the mean firm.

    Args:
        production: The technology.
        human: Human capital, and social capital with a second skill.
        weights: Weights of the cells.
        social: φ_s(z), output of a unit of social capital; None without a second skill.
    """
    level, spread = production.treated_output(human)
    if social is not None and human.social is not None:
        # The mean of y over social capital, less that over workers, is the covariance of both over mean(h_s).
        mean = human.social.mean_capital[:, None] * social[None, :]
        together = mean * (production.treated_output(human.social)[0] - level)
        spread = jnp.sqrt(spread**2 + 2 * together + human.social.variance[:, None] * social[None, :] ** 2)
        level = level + mean
    return jnp.sum(weights * spread / level), jnp.sum(weights * level)


def mean_signal_correlation(params: Parameters, state: State, weights: Float[Array, "occupations tasks"]) -> Scalar:
    """Work-sample/assessment correlation in treated hiring, averaged over occupations."""
    return jnp.sum(jnp.sum(weights, axis=1) * signal_correlation(params, state.market.treated))

"""Draws of a posterior on other populations, simulated tile by tile."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from aigini.bayes.likelihood import Likelihood
from aigini.bayes.populations import Populations, Replica, rows_of
from aigini.commands.posterior_problem import outcomes_at
from aigini.config import Config
from aigini.estimation.outcome_map import OutcomeMap


def other_seeds(config: Config) -> tuple[int, ...]:
    """Seeds of the other populations: those after the seed of the sampled one."""
    first = config.population["seed"] + 1
    return tuple(range(first, first + config.posterior.populations))


def replicated(
    config: Config,
    likelihood: Likelihood | None,
    names: Sequence[str],
    natural: np.ndarray,
    outcomes: np.ndarray,
    sizes: tuple[int, int],
    efficiency: float,
    what: str = "the draws",
) -> Populations:
    """The draws, and some of them on each other population of the same size.

    Args:
        config: The configuration.
        likelihood: Likelihood of the targets; None where the draws are from the priors, the same on every population.
        names: Parameters with a prior.
        natural: Draws in natural units, ``[chains, draws, parameters]``.
        outcomes: Outcomes at them on the sampled population, ``[chains, draws, outcomes]``.
        sizes: Workers of a population, and draws that are simulated on each, at most.
        efficiency: Effective sample size of the draws over their number.
        what: Name of the draws, for who watches the progress.
    """
    seeds = other_seeds(config)
    flat, known = natural.reshape(-1, natural.shape[-1]), outcomes.reshape(-1, outcomes.shape[-1])
    own = log_likelihoods(likelihood, config, known)
    replicas = []
    for number, seed in enumerate(seeds):
        rows = rows_of(number, len(seeds), len(flat), sizes[1])
        outcome_map = OutcomeMap(config.draw(seed, n_workers=sizes[0]), config.scenario, config.outcomes)
        there = outcomes_at(config, outcome_map, names, flat[rows], f"outcomes of {what} on population {seed}")
        replicas.append(Replica(seed, rows, there, log_likelihoods(likelihood, config, there) - own[rows]))
    return Populations(natural, outcomes, replicas, efficiency)


def log_likelihoods(likelihood: Likelihood | None, config: Config, outcomes: np.ndarray) -> np.ndarray:
    """Log likelihood of the targets at outcomes ``[n, outcomes]``, minus infinity where there is none, ``[n]``."""
    rows = list(config.target_rows)
    moments = outcomes[:, rows]
    usable = np.all(np.isfinite(outcomes), axis=1)
    if likelihood is None:
        return np.where(usable, 0.0, -np.inf)
    densities = np.asarray(_log_densities(likelihood, jnp.asarray(np.where(usable[:, None], moments, 0.0))))
    return np.where(usable & np.isfinite(densities), densities, -np.inf)


@jax.jit
def _log_densities(likelihood: Likelihood, moments: jax.Array) -> jax.Array:
    return jax.vmap(likelihood.log_density)(moments)

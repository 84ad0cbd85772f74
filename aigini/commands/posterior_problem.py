"""The posterior of a configuration, posed: likelihood, simulator, starting point, and number of workers."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigini.bayes.likelihood import Likelihood, M6Belief, build
from aigini.bayes.size import PILOT_SEED, SizeChoice, choose
from aigini.commands.at_estimates import at_estimates
from aigini.commands.source import Source
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.moment_map import MomentMap
from aigini.estimation.outcome_map import GINIS, TILE, OutcomeMap
from aigini.parameter_space import ParameterSpace
from aigini.population.population import Population
from aigini.population.workers import N_OCCUPATIONS
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import resolve
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.outcomes import OUTCOME_NAMES

STARTING_WORKERS = 1 << 14
"""Workers of the estimation that the chains start from."""

PRIOR_SD_DRAWS = 4000
"""Draws that the standard deviation of a prior is measured from, for the choice of the size alone."""


def prepared(source: Source) -> tuple[np.ndarray, SizeChoice]:
    """The starting point, inside the priors, ``[parameters]``, and the size of the population."""
    config, settings = source.config, source.config.posterior
    if config.population["devices"] != 1:
        raise AnalysisError(
            f"population.devices = {config.population['devices']}, but here chains are divided among devices, each with"
            " the whole population; leave it at 1."
        )
    known = source.estimates
    start = _starting_values(config) if known is None else known.params
    natural = np.array([prior.inside(start[name]) for name, prior in settings.priors.items()])
    values = prior_space(config).replace(config.params.as_dict(), natural)
    rows = [*config.target_rows, *GINIS]

    def draw(n_workers: int, seed: int) -> np.ndarray:
        population = config.draw(seed, n_workers=n_workers)
        return OutcomeMap(population, config.scenario, config.outcomes).one(values)[rows]

    size = choose(
        draw,
        {name: target.se for name, target in config.targets.items()},
        _outcome_sd(config, values),
        settings.noise_share,
        settings.n_workers,
        max(2 * config.population["n_firms"], N_OCCUPATIONS),
    )
    return natural, size


def _small(config: Config) -> dict[str, Any]:
    """A small population, the same one for every seed of the configuration, so that the size does not depend on it."""
    workers = max(STARTING_WORKERS, 2 * config.population["n_firms"])
    return {**config.population, "n_workers": workers, "seed": PILOT_SEED - 1}


def _starting_values(config: Config) -> dict[str, float]:
    """The estimates of a small population, or the configured parameters where the targets cannot be met."""
    try:
        return dict(at_estimates(dataclasses.replace(config, population=_small(config))).values)
    except AnalysisError:
        return config.params.as_dict()


def _outcome_sd(config: Config, values: Mapping[str, float]) -> dict[str, float]:
    """Posterior standard deviations of the changes of the Ginis by a normal approximation at `values`.

    The precision of the parameters is that of their priors plus J' S⁻¹ J, with J the exact Jacobian of the moments that
    are taken as measured, on a small population; an outcome has the variance g' Σ g with its gradient g.
    """
    settings = config.posterior
    small = dataclasses.replace(config, population=_small(config)).draw(precision="float64")
    _, jacobian = OutcomeMap(small, config.scenario, config.outcomes).jacobian(values)
    matrix = jacobian @ prior_space(config).directions.T
    prior_sd = np.array([prior.sample(0, PRIOR_SD_DRAWS).std() for prior in settings.priors.values()])
    likelihood = posterior_likelihood(config)
    measured = [config.target_rows[i] for i in likelihood.observed]
    moments = matrix[measured]
    covariance = np.linalg.inv(np.diag(prior_sd**-2.0) + moments.T @ np.asarray(likelihood.precision) @ moments)
    return {OUTCOME_NAMES[row]: float(np.sqrt(matrix[row] @ covariance @ matrix[row])) for row in GINIS}


def prior_space(config: Config) -> ParameterSpace:
    """The parameters that have a prior, with the tie of the configuration."""
    return ParameterSpace(tuple(config.posterior.priors), config.tie)


def posterior_simulator(config: Config, population: Population) -> MomentMap:
    """Simulated moments as a function of the parameters in ``posterior.free``."""
    return MomentMap(
        params=config.params,
        economy=EconomyMap(population, config.scenario, resolve(tuple(config.targets), config.income)),
        space=prior_space(config),
        moment_names=tuple(config.targets),
        income=config.income,
    )


def target_covariance(config: Config) -> np.ndarray:
    """S of the targets, independent where their correlation is not given, ``[moments, moments]``."""
    if config.covariance is not None:
        return config.covariance
    return np.diag([target.se**2 for target in config.targets.values()])


def belief_used(config: Config) -> M6Belief:
    """The belief about m6 that is used: ``posterior.m6``, or ``improper`` where m6 is not among the targets."""
    return config.posterior.m6 if "m6" in config.targets else "improper"


def posterior_likelihood(config: Config, belief: M6Belief | None = None, m6_value: float | None = None) -> Likelihood:
    """The likelihood of the targets, under the configured belief about m6 or another one."""
    settings = config.posterior
    values = {name: target.value for name, target in config.targets.items()}
    if m6_value is not None:
        values["m6"] = m6_value
    return build(
        tuple(values),
        np.array(list(values.values())),
        target_covariance(config),
        belief or settings.m6,
        settings.m6_range,
    )


def outcomes_at(
    config: Config, outcome_map: OutcomeMap, names: Sequence[str], natural: np.ndarray, part: str
) -> np.ndarray:
    """All outcomes at points ``[points, parameters]``, NaN where there are none, ``[points, outcomes]``."""
    base, space = config.params.as_dict(), ParameterSpace(tuple(names), config.tie)
    points = [space.replace(base, row) for row in natural]
    tiles = [points[i : i + TILE] for i in range(0, len(points), TILE)]
    outcomes = np.concatenate([outcome_map.values(tile) for tile in steps(part, tiles)])
    return np.where(np.isfinite(outcomes), outcomes, np.nan)

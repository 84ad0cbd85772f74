"""The posterior of a configuration, posed: likelihood, simulator, where to start, and how many workers it needs."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from aigini.analysis.evaluator import TILE, Evaluator, tied
from aigini.analysis.pieces import Pieces
from aigini.bayes.likelihood import Likelihood, M6Belief, build
from aigini.bayes.simulator import Simulator, moments_at
from aigini.bayes.size import SizeChoice, choose
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.problem import FreeSpace
from aigini.moments.six import MOMENT_NAMES
from aigini.population.population import Population
from aigini.population.workers import N_OCCUPATIONS
from aigini.studies import at_estimates

STARTING_WORKERS = 1 << 14
"""Workers of the estimation that the chains start from."""


def prepared(config: Config, pieces: Pieces) -> tuple[np.ndarray, SizeChoice]:
    """Where to start, inside the priors, ``[parameters]``, and the size of the population."""
    asked = config.posterior
    if config.population["devices"] != 1:
        raise AnalysisError(
            f"population.devices = {config.population['devices']}, but here chains are divided among devices, each with"
            " the whole population; leave it at 1."
        )
    start = pieces.get("estimates to start from", 0, 1, lambda: _starting_values(config))
    natural = np.array([prior.inside(start[name]) for name, prior in asked.priors.items()])

    def draw(n_workers: int, seed: int) -> np.ndarray:
        population = config.draw(config.population["seed"] + seed, n_workers=n_workers)
        return np.asarray(moments_at(posterior_simulator(config, population), jnp.asarray(natural)[None, :]))[0]

    size = choose(
        draw,
        {name: target.se for name, target in config.targets.items()},
        asked.noise_share,
        asked.n_workers,
        max(2 * config.population["n_firms"], N_OCCUPATIONS),
        pieces,
    )
    return natural, size


def _starting_values(config: Config) -> dict[str, float]:
    """The estimates of a small population, or the configured parameters where the targets cannot be met."""
    small = {**config.population, "n_workers": max(STARTING_WORKERS, 2 * config.population["n_firms"])}
    try:
        return dict(at_estimates(dataclasses.replace(config, population=small)).values)
    except AnalysisError:
        return config.params.as_dict()


def posterior_simulator(config: Config, population: Population) -> Simulator:
    """Simulated moments as a function of the parameters in ``posterior.free``."""
    return Simulator(
        params=config.params,
        population=population,
        scenario=config.scenario,
        space=FreeSpace(tuple(config.posterior.priors), config.tie),
        rows=tuple(MOMENT_NAMES.index(name) for name in config.targets),
        income=config.income,
    )


def target_covariance(config: Config) -> np.ndarray:
    """S of the targets, independent where their correlation is not given, ``[moments, moments]``."""
    if config.covariance is not None:
        return config.covariance
    return np.diag([target.se**2 for target in config.targets.values()])


def belief_used(config: Config) -> M6Belief:
    """What is used of the measured m6: what ``posterior.m6`` says, and nothing where m6 is not among the targets."""
    return config.posterior.m6 if "m6" in config.targets else "improper"


def posterior_likelihood(config: Config, belief: M6Belief | None = None, m6_value: float | None = None) -> Likelihood:
    """The likelihood of the targets, under the configured belief about m6 or another one."""
    asked = config.posterior
    values = {name: target.value for name, target in config.targets.items()}
    if m6_value is not None:
        values["m6"] = m6_value
    return build(
        tuple(values), np.array(list(values.values())), target_covariance(config), belief or asked.m6, asked.m6_range
    )


def responses_at(
    config: Config, evaluator: Evaluator, names: Sequence[str], natural: np.ndarray, part: str, pieces: Pieces
) -> np.ndarray:
    """All responses at points ``[points, parameters]``, NaN where there are none, ``[points, responses]``."""
    base = config.params.as_dict()
    points = [tied({**base, **dict(zip(names, row, strict=True))}, config.tie) for row in natural.tolist()]
    tiles = [points[i : i + TILE] for i in range(0, len(points), TILE)]

    def values(tile: list[dict[str, float]]) -> list[list[float | None]]:
        found = evaluator.values(tile)
        return [[float(x) if np.isfinite(x) else None for x in row] for row in found]  # JSON has no NaN

    rows = [
        row
        for number, tile in enumerate(tiles)
        for row in pieces.get(part, number, len(tiles), lambda tile=tile: values(tile))
    ]
    return np.array(rows, float)

"""The verbs of the Python interface: a configuration in, a typed result out. No files, no screen."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from aigini import config as configuration
from aigini.config import Config
from aigini.config.readers import Command
from aigini.estimation import msm, starts, weighting
from aigini.estimation.msm import Progress, Watcher
from aigini.estimation.polish import PolishSettings
from aigini.estimation.problem import Problem, pose, weight_root
from aigini.estimation.result import Calibration
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.runtime.precision import with_x64
from aigini.statistics import simulation
from aigini.statistics.simulation import Simulation

ConfigLike = Config | str | Path | None


def as_config(source: ConfigLike, overrides: Mapping[str, Any], reader: Command = "simulate") -> Config:
    """A `Config` from itself, from a TOML file, or from nothing (the baseline), with values replaced.

    Args:
        source: Where it comes from.
        overrides: Values by dotted name.
        reader: The verb it is for, whose sections must fit together.

    Raises:
        ConfigError: listing every problem.
    """
    if isinstance(source, Config) and overrides:
        raise TypeError("overrides change a file; load the file with them instead of changing a loaded Config.")
    config = source if isinstance(source, Config) else configuration.load(source, overrides)
    config.require(reader)
    return config


@with_x64
def simulate(config: ConfigLike = None, **overrides: Any) -> Simulation:
    """Simulate the economy before and after AI.

    Args:
        config: Configuration, path of one, or None for the baseline.
        **overrides: Parameters by name (``xi=0.2``), or any dotted key (``**{"population.seed": 1}``).

    Raises:
        ConfigError: if the configuration is not valid.
        EquilibriumError: if the economy has no usable outcome at these parameters.
    """
    settings = as_config(config, overrides)
    return simulate_at(settings, settings.params.as_dict())


@with_x64
def simulate_at(config: Config, params: Mapping[str, float]) -> Simulation:
    """Simulate `config` at other parameters, such as estimates."""
    return simulation.simulate(
        Parameters(**params),
        config.draw(),
        config.scenario,
        income=config.income,
        replications=other_draws(config),
    )


def other_draws(config: Config) -> Iterator[Population]:
    """Populations with other draws, from which simulation errors are taken, one after the other."""
    return (config.draw(config.population["seed"] + 1 + extra) for extra in range(config.replications))


@with_x64
def calibrate(
    config: ConfigLike = None,
    *,
    watch: Watcher = lambda _: None,
    resume: Progress | None = None,
    start: Mapping[str, float] | None = None,
    **overrides: Any,
) -> Calibration:
    """Estimate the free parameters by the method of simulated moments.

    Weights that follow from first estimates, ``two_step`` and ``iterated``, add short rounds from the estimates of the
    first one. They depend on nothing but those, so a resumed run needs no state of theirs and ends with the same bits.

    Args:
        config: Configuration, path of one, or None for the baseline.
        watch: Called with the state after every block of iterations of the first round.
        resume: A state of an earlier run of the same configuration.
        start: One start instead of the space-filling design, by name in natural units.
        **overrides: As in `simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        EstimationError: if the problem cannot be posed or no start can be used.
    """
    settings = as_config(config, overrides, "calibrate")
    problem, points = posed(settings, start)
    replications = list(other_draws(settings))
    first = msm.estimate(
        problem,
        settings.targets,
        points,
        descent_settings=settings.descent,
        polish_settings=settings.polish,
        replications=replications,
        watch=watch,
        resume=resume,
        covariance=settings.covariance,
    )
    if weighting.follows_estimates(settings.weighting):
        return _reweighted(settings, problem, first, replications)
    return dataclasses.replace(first, weighted=weighting.name_of(settings.weighting))


def _reweighted(
    config: Config, problem: Problem, first: Calibration, replications: Sequence[Population]
) -> Calibration:
    """The calibration after further rounds, with the starts and the trace of the first."""
    rounds = [first]

    def estimate(weights: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        root = weight_root(weights, [target.se for target in config.targets.values()])
        found = msm.estimate(
            dataclasses.replace(problem, root=jnp.asarray(root)),
            config.targets,
            start[None],
            descent_settings=dataclasses.replace(config.descent, steps=0),
            polish_settings=config.polish if config.polish.steps > 0 else PolishSettings(),
            replications=replications,
            covariance=config.covariance,
        )
        rounds.append(found)
        return _vector(found), found.jacobian

    sequence = weighting.reweight(
        config.weighting,
        first.weighting,
        _vector(first),
        estimate,
        lambda natural: msm.simulation_covariance(problem, natural, replications),
        config.covariance,
        moments=problem.moment_names,
    )
    return dataclasses.replace(
        rounds[-1],
        weighting=sequence.last.weighting,
        starts=first.starts,
        agreed=first.agreed,
        trace=first.trace,
        weighted=weighting.name_of(config.weighting),
        rounds=len(sequence.rounds),
        last_change=sequence.last.change,
        settled=sequence.converged,
    )


def _vector(calibration: Calibration) -> np.ndarray:
    return np.array([calibration.estimates[name] for name in calibration.free])


def posed(config: Config, start: Mapping[str, float] | None = None) -> tuple[Problem, np.ndarray]:
    """The estimation problem of a configuration, and its starting values ``[starts, free]``."""
    problem = pose(
        params=config.params,
        population=config.draw(),
        targets=config.targets,
        free=config.free,
        tie=config.tie,
        weighting=weighting.before_estimates(config.weighting, config.covariance),
        scenario=config.scenario,
        income=config.income,
    )
    if start is not None:
        points = starts.at(problem.space, start)
    elif config.starts == 0:
        points = starts.at(problem.space, config.params)
    else:
        points = starts.design(problem.space, config.starts, config.start_seed)
    starts.check(problem.space, points)
    return problem, points


@with_x64
def blank_progress(config: Config) -> Progress:
    """A state of the shapes that an estimation of `config` has, to read a checkpoint into."""
    points = jnp.zeros((max(config.starts, 1), len(config.free)))
    return msm.blank(points, points, config.descent, config.polish)

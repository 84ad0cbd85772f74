"""Questions about the economy year by year: paths, bifurcations, phases, policy in time, firms and channels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigini.analysis.timing import policy_timing as time_levers
from aigini.analysis.timing_result import PolicyTiming
from aigini.commands.source import Source, SourceLike, as_source
from aigini.dynamics.atlas import LongRunBifurcations
from aigini.dynamics.atlas import long_run_bifurcations as every_bifurcation
from aigini.dynamics.firm_simulation import DEFAULT_SIZES, FirmConvergence
from aigini.dynamics.firm_simulation import firm_convergence as follow_firms
from aigini.dynamics.phase_result import PhaseDiagrams
from aigini.dynamics.phase_signs import phase_diagrams as every_phase
from aigini.dynamics.phases import DEFAULT_PLANES, Setting
from aigini.dynamics.rest import map_values
from aigini.dynamics.result import Transition
from aigini.dynamics.steered import steered_path
from aigini.dynamics.transition import transition as follow_paths
from aigini.dynamics.yearly_channels import YearlyChannels
from aigini.dynamics.yearly_channels import yearly_channels as decompose_years
from aigini.parameters import Parameters
from aigini.runtime.precision import with_x64


def _params(source: Source) -> Parameters:
    return source.config.params if source.estimates is None else Parameters(**source.estimates.params)


def _setting(source: Source) -> Setting:
    return Setting(_params(source), source.config.dynamics, source.config.scenario)


@with_x64
def transition(config: SourceLike = None, **overrides: Any) -> Transition:
    """Paths of the economy year by year under slow and fast deployment and retooling, and the regimes of the long run.

    Args:
        config: Configuration, path of one, or None for the baseline; or a calibration, for the economy at its
            estimates. The paths are those of its section [dynamics].
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        PopulationError: if firm shocks cannot be drawn for so many years.
        AnalysisError: if a path leaves what can be computed, or markets do not clear.
    """
    source = as_source(config, overrides)
    settings = source.config
    years, seed = settings.dynamics.years, settings.population["seed"]
    return follow_paths(
        _params(source),
        settings.dynamics,
        settings.scenario,
        settings.speeds,
        settings.draw(years=years),
        (settings.draw(seed + 1 + extra, years=years) for extra in range(settings.replications)),
        settings.replications,
    )


@with_x64
def bifurcations(config: SourceLike = None, **overrides: Any) -> LongRunBifurcations:
    """Bifurcations of the long run over every parameter of its map: branches, folds, hysteresis, cusps.

    Args:
        config: As in `transition`.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if markets do not clear at rest, or assets have no dispersion.
    """
    source = as_source(config, overrides)
    settings = source.config
    return every_bifurcation(map_values(_params(source), settings.dynamics, settings.scenario))


@with_x64
def phases(
    config: SourceLike = None,
    *,
    planes: Sequence[tuple[str, str]] = DEFAULT_PLANES,
    count: int = 13,
    **overrides: Any,
) -> PhaseDiagrams:
    """Phase diagrams: the regime that the path reaches over two parameters, its boundary, and signs of changes there.

    Args:
        config: As in `transition`.
        planes: Pairs of parameters of the economy or of [dynamics].
        count: Grid points along each axis.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if a plane makes no sense, markets do not clear, or assets have no dispersion.
    """
    source = as_source(config, overrides)
    settings = source.config
    seed = settings.population["seed"]
    return every_phase(
        _setting(source),
        settings.draw(),
        (settings.draw(seed + 1 + extra) for extra in range(settings.replications)),
        settings.replications,
        planes,
        count,
    )


@with_x64
def policy_timing(config: SourceLike = None, *, duration: int = 10, **overrides: Any) -> PolicyTiming:
    """Policy in time: points of no return, and the least strength of levers by the year in which they begin.

    The path is the configured one, or, where that ends labour-strong by itself, the one with fast deployment and slow
    retooling.

    Args:
        config: As in `transition`.
        duration: Years after which levers that do not stay are lifted.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if markets do not clear, or assets have no dispersion.
    """
    source = as_source(config, overrides)
    own, name = _setting(source), "the configured speeds"
    if own.reached().regime == "labour-strong":
        speeds = source.config.speeds
        own = own.moved({"deployment_speed": speeds["deployment_speed"][1], "retool_speed": speeds["retool_speed"][0]})
        name = "fast deployment and slow retooling"
    return time_levers(own, name, duration=duration)


@with_x64
def firm_convergence(
    config: SourceLike = None, *, sizes: Sequence[int] = DEFAULT_SIZES, **overrides: Any
) -> FirmConvergence:
    """Simulations of finitely many firms on the configured path, and the rate at which they approach the mean field.

    Args:
        config: As in `transition`.
        sizes: Numbers of firms.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if markets do not clear, assets have no dispersion, or there are too few sizes.
    """
    source = as_source(config, overrides)
    own = _setting(source)
    path = steered_path(own.params, own.dynamics, own.scenario)
    values = {
        **map_values(own.params, own.dynamics, own.scenario),
        "erosion_gap_weight": float(own.dynamics.erosion_gap_weight),
    }
    gap = np.asarray(path.adoption) - np.asarray(path.retooled)
    seed = source.config.population["seed"]
    return follow_firms(values, np.asarray(path.growth)[:-1], gap[:-1], sizes, seed=seed)


@with_x64
def yearly_channels(config: SourceLike = None, **overrides: Any) -> YearlyChannels:
    """Contributions of the channels to the changes of both Ginis in every year of the configured path.

    Args:
        config: As in `transition`.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if AI is present before, or markets do not clear.
    """
    source = as_source(config, overrides)
    settings = source.config
    years, seed = settings.dynamics.years, settings.population["seed"]
    return decompose_years(
        _params(source),
        settings.dynamics,
        settings.scenario,
        settings.draw(years=years),
        (settings.draw(seed + 1 + extra, years=years) for extra in range(settings.replications)),
        settings.replications,
    )

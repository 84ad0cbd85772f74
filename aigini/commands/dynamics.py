"""`aigini dynamics`: the economy year by year, its regimes in the long run, and the boundary between them."""

from collections.abc import Iterator
from typing import Any

from aigini.commands.command import Command
from aigini.commands.source import SourceLike, as_source
from aigini.dynamics.result import Transition
from aigini.dynamics.transition import transition as follow_paths
from aigini.parameters import Parameters
from aigini.runtime.precision import with_x64


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
    params = settings.params if source.estimates is None else Parameters(**source.estimates.params)
    years, seed = settings.dynamics.years, settings.population["seed"]
    return follow_paths(
        params,
        settings.dynamics,
        settings.scenario,
        settings.speeds,
        settings.draw(years=years),
        (settings.draw(seed + 1 + extra, years=years) for extra in range(settings.replications)),
        settings.replications,
    )


def figures(result: Transition) -> Iterator[tuple[str, Any]]:
    """Figures of the result."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.dynamic_paths, every.phase_portrait, every.bifurcation)


DYNAMICS = Command(
    "dynamics",
    "The economy year by year, its regimes in the long run and the boundary between them; write dynamics.json.",
    transition,
    Transition,
    figures,
    needs=(),
    estimates=False,
)

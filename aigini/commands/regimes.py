"""`aigini regimes`: where AI equalises and where it concentrates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from aigini.analysis.regimes.axes import Plane, axis
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.errors import regime_errors
from aigini.analysis.regimes.maps import DEFAULT_PLANES, regime_map
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.regimes.small_ai import first_order
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.source import SourceLike, as_source
from aigini.errors import ConfigError
from aigini.parameters import PARAMETER_NAMES, SPECS
from aigini.runtime.precision import with_x64


@with_x64
def regimes(
    config: SourceLike = None,
    *,
    planes: Sequence[tuple[str, str]] = DEFAULT_PLANES,
    count: int = 15,
    **overrides: Any,
) -> Regimes:
    """Maps of the regimes with their boundaries, and distances of the estimates to them.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        planes: Pairs of axes, see `aigini.analysis.regimes.axes`.
        count: Grid points along each axis.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if an axis cannot be used.
    """
    source = as_source(config, overrides, "estimation")
    axes = [(axis(x), axis(y)) for x, y in planes]
    model = at_estimates(source)
    planes_at = [Plane(x, y, model.values, model.space) for x, y in axes]
    maps = [regime_map(model, plane, count) for plane in planes_at]
    # A free parameter without a published range moves in units of the box that starts are drawn from.
    units = {
        name: source.config.ranges.get(name, SPECS[name].box)
        for name in PARAMETER_NAMES
        if name in source.config.ranges or name in source.config.free
    }
    near_none = first_order(model.values, model.outcome_map)
    result = Regimes(model.values, maps, distances(model, units), near_none, model.outcome_map.population.n_workers)
    return regime_errors(model, result, planes_at, other_draws(source.config, model))


def figures(result: Regimes) -> Iterator[tuple[str, Any]]:
    """A map for each plane, named ``regime_map_<x>_<y>`` after its axes, and the distances to the boundary."""
    from aigini import figures as every
    from aigini.figures.style import named

    for one in result.maps:
        yield f"regime_map_{one.x_name}_{one.y_name}", every.regime_map(one)
    yield from named(result.distances, every.distances)


def _options(
    plane: Annotated[
        list[str] | None, typer.Option("--plane", metavar="X,Y", help="Two axes, e.g. eta1,xi; may be repeated.")
    ] = None,
    count: Annotated[int, typer.Option("--grid", min=2, help="Grid points along each axis.")] = 15,
) -> Mapping[str, Any]:
    planes = []
    for item in plane or []:
        axes = tuple(part.strip() for part in item.split(","))
        if len(axes) != 2 or axes[0] == axes[1]:
            raise ConfigError(f"--plane {item}: expected two different axes, for example --plane eta1,xi.")
        planes.append(axes)
    return {"planes": tuple(planes) or DEFAULT_PLANES, "count": count}


REGIMES = Command(
    "regimes",
    "Where AI equalises and where it concentrates, with the boundary between them; write regimes.json.",
    regimes,
    Regimes,
    figures,
    options=_options,
    estimates=True,
)

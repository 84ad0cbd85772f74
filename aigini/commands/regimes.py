"""`aigini regimes`: where AI equalises and where it concentrates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from aigini.analysis.regimes.axes import Plane, axis
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.errors import regime_errors
from aigini.analysis.regimes.maps import DEFAULT_PLANES, regime_map
from aigini.analysis.regimes.outcome_maps import Comparison, outcome_plane
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.regimes.small_ai import first_order
from aigini.commands.at_estimates import at_estimates, other_draws
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.errors import ConfigError
from aigini.parameters import PARAMETER_NAMES, SPECS
from aigini.runtime.precision import with_x64
from aigini.statistics.catalogue import find


@with_x64
def regimes(
    config: SourceLike = None,
    *,
    planes: Sequence[tuple[str, str]] = DEFAULT_PLANES,
    count: int = 15,
    outcomes: Sequence[str] = (),
    before: float | None = None,
    fixed_reach: bool = False,
    **overrides: Any,
) -> Regimes:
    """Maps of the regimes with their boundaries, and distances of the estimates to them; or maps of other outcomes.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        planes: Pairs of axes, see `aigini.analysis.regimes.axes`: parameters, or numbers of the mechanisms.
        count: Grid points along each axis.
        outcomes: Moments to map, of `aigini.statistics.catalogue`, in place of the Ginis and of distances.
        before: AI level before, of these maps; that of the configuration by default.
        fixed_reach: True if AI reaches the same tasks before and after, those that it reaches before.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if an axis cannot be used.
    """
    source = as_source(config, overrides, "estimation")
    if not outcomes and (before is not None or fixed_reach):
        raise ConfigError(
            "regimes: a level of AI before and a fixed reach are of maps of outcomes; name an outcome, as in --outcome"
            " m1."
        )
    mechanisms, income = source.config.scenario.mechanisms, source.config.income
    axes = [(axis(x, mechanisms=mechanisms), axis(y, mechanisms=mechanisms)) for x, y in planes]
    asked = tuple(find(name, income).name for name in outcomes)
    model = at_estimates(source)
    own = {one.name: mechanisms.numbers[one.name] for pair in axes for one in pair if one.numbers}
    planes_at = [Plane(x, y, {**model.values, **own}, model.space) for x, y in axes]
    if asked:
        others, comparison = other_draws(source.config, model), Comparison(asked, income, before, fixed_reach)
        maps = [outcome_plane(model, plane, comparison, others, count) for plane in planes_at]
        n_workers = model.outcome_map.population.n_workers
        return Regimes(model.values, [], [], None, n_workers, others.count, others.missed, maps)
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
    """A map for each plane, named ``regime_map_<x>_<y>`` after its axes, and the distances to the boundary.

    Maps of an outcome are named ``map_<outcome>_<x>_<y>``.
    """
    from aigini import figures as every
    from aigini.figures.style import named

    for one in result.outcome_planes:
        for outcome in one.changes:
            yield f"map_{outcome}_{one.x_name}_{one.y_name}", every.outcome_map(one, outcome)
    if result.outcome_planes:
        return
    for one in result.maps:
        yield f"regime_map_{one.x_name}_{one.y_name}", every.regime_map(one)
    yield from named(result.distances, every.distances)


def _options(
    plane: Annotated[
        list[str] | None,
        typer.Option(
            "--plane",
            metavar="X,Y",
            help="Two axes, parameters or numbers of mechanisms, each with a range or without: eta1,xi:0.1:0.5; may be"
            " repeated.",
        ),
    ] = None,
    count: Annotated[int, typer.Option("--grid", min=2, help="Grid points along each axis.")] = 15,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", metavar="NAME", help="Map this moment, e.g. m1, and not the Ginis; may be repeated."),
    ] = None,
    before: Annotated[
        float | None, typer.Option("--before", metavar="LEVEL", help="AI level before, of the maps of outcomes.")
    ] = None,
    fixed_reach: Annotated[
        bool, typer.Option("--fixed-reach", help="Maps of outcomes: AI reaches the same tasks before and after.")
    ] = False,
) -> Mapping[str, Any]:
    planes = []
    for item in plane or []:
        axes = tuple(part.strip() for part in item.split(","))
        if len(axes) != 2 or axes[0].partition(":")[0] == axes[1].partition(":")[0]:
            raise ConfigError(f"--plane {item}: expected two different axes, for example --plane eta1,xi.")
        planes.append(axes)
    more = {"outcomes": tuple(outcome or ()), "before": before, "fixed_reach": fixed_reach}
    return {
        "planes": tuple(planes) or DEFAULT_PLANES,
        "count": count,
        # What was asked of a run before there were maps of outcomes is what it was.
        **{name: value for name, value in more.items() if value not in ((), None, False)},
    }


REGIMES = Command(
    "regimes",
    PURPOSES["regimes"],
    regimes,
    Regimes,
    figures,
    options=_options,
    estimates=True,
    analyses=True,
)

"""Maps of any outcome over any plane: where its change with AI is positive or negative, and the boundary between.

The change is that between two AI levels, which need not be those that the economy was estimated with. With fixed reach
AI augments the same tasks at both, those that it reaches at the lower one: the change is then due to its being more
capable on these tasks, and the rest of the change to its reaching others.
"""

import dataclasses
import itertools

import numpy as np

from aigini.analysis.regimes.axes import Plane
from aigini.analysis.regimes.errors import COARSE, interpolated, over
from aigini.analysis.regimes.maps import (
    crossing_of,
    on_grid,
    outcome_on,
    outside_of,
    slope_at_crossing,
    values_at,
    zero_boundary,
)
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.economy.reach import HeldReach
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, error_at, spread
from aigini.estimation.outcome_map import OutcomeMap
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import find, resolve


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Which outcomes are mapped, and between which AI levels.

    Attributes:
        outcomes: Names of moments.
        income: Income concept of m6.
        before: AI level before; that of the estimates if None.
        fixed_reach: True if AI reaches the same tasks at both levels, those that it reaches before.
    """

    outcomes: tuple[str, ...]
    income: str = "total"
    before: float | None = None
    fixed_reach: bool = False

    def of(self, outcome_map: OutcomeMap) -> OutcomeMap:
        """The outcomes of an economy under this comparison.

        Raises:
            AnalysisError: if the level before is not below the one after, or reach is held where there is no AI.
        """
        scenario = outcome_map.scenario
        after = float(scenario.A1)
        before = float(scenario.A0) if self.before is None else self.before
        if not 0 <= before < after:
            raise AnalysisError(
                f"the AI level before is {before:g}, expected at least 0 and less than the one after, {after:g}."
            )
        if self.fixed_reach and before == 0:
            raise AnalysisError(
                "AI is to reach the same tasks before and after, and before there is none (A0 = 0); give a level before"
                f" between 0 and {after:g}."
            )
        if self.before is not None:
            scenario = dataclasses.replace(scenario, A0=before)
        if self.fixed_reach:
            mechanisms = scenario.mechanisms
            scenario = dataclasses.replace(
                scenario, mechanisms=dataclasses.replace(mechanisms, reach=HeldReach(mechanisms.reach, before))
            )
        moments = tuple(dict.fromkeys((*outcome_map.economy.moments, *resolve(self.outcomes, self.income))))
        unchanged = scenario is outcome_map.scenario and moments == outcome_map.economy.moments
        return outcome_map if unchanged else OutcomeMap(outcome_map.population, scenario, moments)

    def rows(self, outcome_map: OutcomeMap) -> tuple[int, ...]:
        """Positions of the outcomes in what `of` gives."""
        return outcome_map.rows(self.outcomes, self.income)


def outcome_plane(
    model: EstimatedModel, plane: Plane, comparison: Comparison, others: OtherDraws, count: int = 15
) -> OutcomePlane:
    """Map outcomes over a plane, trace where each is zero, and take the simulation errors of all of it.

    Args:
        model: The economy at its estimates.
        plane: Axes.
        comparison: The outcomes and the AI levels.
        others: The economy on other draws; too few of them leave errors out.
        count: Grid points along each axis.

    Raises:
        AnalysisError: as `Comparison.of` does, or if there is a finite outcome nowhere on the map.
    """
    outcome_map = comparison.of(model.outcome_map)
    if any(axis.numbers not in ((), outcome_map.scenario.mechanisms.number_names) for axis in (plane.x, plane.y)):
        raise AnalysisError(
            f"map {plane.name}: the reach of AI has numbers of its own, which cannot be axes where it is fixed."
        )
    rows, names = comparison.rows(outcome_map), comparison.outcomes
    x, y = plane.x.grid(count), plane.y.grid(count)
    grid = on_grid(outcome_map, plane, x, y, rows)
    boundary = {
        names[k]: zero_boundary(outcome_on(outcome_map, plane, rows[k]), plane, x, y, grid[:, :, k], plane.estimate)
        for k in steps(f"zeros {plane.name}", range(len(names)))
    }
    scenario = outcome_map.scenario
    result = OutcomePlane(
        x_name=plane.x.name,
        y_name=plane.y.name,
        x=x,
        y=y,
        changes={name: grid[:, :, k] for k, name in enumerate(names)},
        units={name: find(name, comparison.income).change_unit for name in names},
        estimate=plane.estimate,
        boundary=boundary,
        levels=(float(scenario.A0), float(scenario.A1)),
        fixed_reach=comparison.fixed_reach,
        outside=outside_of(outcome_map, plane, x, y),
    )
    return result if others.count < FEWEST else _with_errors(result, outcome_map, plane, comparison, others)


def _with_errors(
    result: OutcomePlane, outcome_map: OutcomeMap, plane: Plane, comparison: Comparison, others: OtherDraws
) -> OutcomePlane:
    """The map with its simulation errors: on a coarse grid, and of where its boundaries cross the estimates' lines."""
    x, y = plane.x.grid(COARSE), plane.y.grid(COARSE)
    corners = list(itertools.product(x.tolist(), y.tolist()))
    rows = comparison.rows(outcome_map)
    crossings = [
        (name, int(axis == plane.y.name), value)
        for name in comparison.outcomes
        for axis, value in result.boundary[name].crossings
    ]

    def changes(other: EstimatedModel) -> np.ndarray:
        own = plane.through(other.values)
        points = [*map(own.at, corners), *(crossing_of(own, which, value) for _, which, value in crossings)]
        return values_at(comparison.of(other.outcome_map), points, rows)

    errors = spread(others.repeat(f"{plane.name} on other draws", changes))
    assert errors is not None
    boundary = dict(result.boundary)
    for column, name in enumerate(comparison.outcomes):
        on_plane = outcome_on(outcome_map, plane, rows[column])
        own = [
            over(error_at(errors, len(corners) + n, column), slope_at_crossing(on_plane, plane, which, value))
            for n, (owner, which, value) in enumerate(crossings)
            if owner == name
        ]
        boundary[name] = dataclasses.replace(result.boundary[name], crossing_simulation_se=own)
    maps = {
        name: interpolated(x, y, errors[: len(corners), k].reshape(COARSE, COARSE), result)
        for k, name in enumerate(comparison.outcomes)
    }
    return dataclasses.replace(result, boundary=boundary, simulation_se=maps)

"""Simulation errors of maps, crossings and distances.

The change of a Gini is evaluated on other draws of the population, each at its own estimates: on a coarse grid of every
map, where boundaries cross the estimates' own lines, and at the ends of moves. A place where the change is zero has the
error of the change there over its slope (delta method). All points are evaluated in one pass over each draw.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from aigini.analysis.regimes.axes import Plane
from aigini.analysis.regimes.distance import Line
from aigini.analysis.regimes.maps import Boundary, RegimeMap, crossing_of, gini_on, slope_at_crossing, values_at
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.analysis.regimes.result import Distance, Move, Regimes
from aigini.analysis.regimes.small_ai import FirstOrder, first_order
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, error_at, spread
from aigini.estimation.outcome_map import GINIS
from aigini.statistics.catalogue import CONCEPTS

COARSE = 3
"""Points along each axis of a map at which simulation errors are computed."""

ParamsAt = Callable[[EstimatedModel], dict[str, float]]
"""Every parameter of a point, given the estimated model of a draw."""


class _Points:
    """Points to be evaluated on every draw; each is known by its position."""

    def __init__(self) -> None:
        self._points: list[ParamsAt] = []

    def add(self, params_at: ParamsAt) -> int:
        self._points.append(params_at)
        return len(self._points) - 1

    def changes(self, model: EstimatedModel) -> np.ndarray:
        """Changes of both Ginis at every point on one draw, NaN where there is no economy, ``[points, 2]``."""
        return values_at(model.outcome_map, [params_at(model) for params_at in self._points], GINIS)


def regime_errors(model: EstimatedModel, result: Regimes, planes: Sequence[Plane], others: OtherDraws) -> Regimes:
    """The result with its simulation errors; unchanged with too few other draws.

    Args:
        model: The economy at its estimates.
        result: Maps and distances without errors.
        planes: The planes of the maps.
        others: The economy on other draws.
    """
    if others.count < FEWEST:
        return result
    points = _Points()
    finish_maps = [_map(model, one, plane, points) for one, plane in zip(result.maps, planes, strict=True)]
    finish_distances = [_distance(model, one, points) for one in result.distances]
    first = points.changes(model)
    changes = others.repeat("regimes on other draws", points.changes)
    estimates, here = others.estimates, others.outcomes[:, list(GINIS)]
    return dataclasses.replace(
        result,
        maps=[finish(changes) for finish in finish_maps],
        distances=[finish(first, changes, estimates, here) for finish in finish_distances],
        first_order=None if result.first_order is None else _first_order(result.first_order, others),
        draws=others.count,
        missed_draws=others.missed,
    )


def _first_order(boundary: FirstOrder, others: OtherDraws) -> FirstOrder:
    """The boundary with its simulation errors."""

    def again(other: EstimatedModel) -> list[float]:
        one = first_order(other.values, other.outcome_map)
        assert one is not None  # it is a matter of the technology
        return list(one.numbers.values())

    errors = spread(others.repeat("first-order boundary on other draws", again))
    return dataclasses.replace(
        boundary, simulation_se={name: error_at(errors, k) for k, name in enumerate(boundary.numbers)}
    )


def _map(model: EstimatedModel, result: RegimeMap, plane: Plane, points: _Points) -> Callable[[np.ndarray], RegimeMap]:
    """Ask for the points of a map; the result finishes it with what was found there."""

    def on(other: EstimatedModel) -> Plane:
        return plane.through(other.values)

    x, y = plane.x.grid(COARSE), plane.y.grid(COARSE)
    grid = [points.add(lambda other, at=at: on(other).at(at)) for at in itertools.product(x.tolist(), y.tolist())]
    columns = {plane.x.name: 0, plane.y.name: 1}

    def crossing(which: int, value: float) -> ParamsAt:
        """The draw's own place on the axis that is held, and the crossing of the first draw on the other."""
        return lambda other: crossing_of(on(other), which, value)

    crossings = {
        concept: [points.add(crossing(columns[axis], value)) for axis, value in result.boundary[concept].crossings]
        for concept in CONCEPTS
    }
    slopes = {
        concept: [
            slope_at_crossing(gini_on(model, plane, row), plane, columns[axis], value)
            for axis, value in result.boundary[concept].crossings
        ]
        for row, concept in enumerate(CONCEPTS)
    }

    def finish(changes: np.ndarray) -> RegimeMap:
        errors = spread(changes)
        assert errors is not None
        boundary: dict[str, Boundary] = {
            concept: dataclasses.replace(
                result.boundary[concept],
                crossing_simulation_se=[
                    over(error_at(errors, at, row), slope)
                    for at, slope in zip(crossings[concept], slopes[concept], strict=True)
                ],
            )
            for row, concept in enumerate(CONCEPTS)
        }
        maps = {
            concept: interpolated(x, y, errors[grid, row].reshape(COARSE, COARSE), result)
            for row, concept in enumerate(CONCEPTS)
        }
        return dataclasses.replace(result, boundary=boundary, simulation_se=maps)

    return finish


def over(error: float | None, slope: float | None) -> float | None:
    """The error of a place where a number is zero: that of the number over its slope; None where one is not known."""
    return None if error is None or not slope else error / abs(slope)


def interpolated(x: np.ndarray, y: np.ndarray, errors: np.ndarray, result: RegimeMap | OutcomePlane) -> np.ndarray:
    """Errors on the grid of a map by straight lines between those of the coarse grid, infinite where none is known."""
    known = np.isfinite(errors)
    if not known.any():
        return np.full((len(result.x), len(result.y)), np.inf)
    full = np.where(known, errors, errors[known].max())
    at = np.stack(np.meshgrid(result.x, result.y, indexing="ij"), axis=-1)
    at = np.clip(at, [x[0], y[0]], [x[-1], y[-1]])
    return RegularGridInterpolator((x, y), full)(at)


def _distance(model: EstimatedModel, result: Distance, points: _Points) -> Callable[..., Distance]:
    """Ask for the points of a distance; the result finishes it with what was found there."""
    row, names = CONCEPTS.index(result.concept), tuple(result.units)
    widths = np.array([high - low for low, high in result.units.values()])
    line = Line(model, row, names, widths)

    def moved_to(**values: float) -> ParamsAt:
        return lambda other: line.space.impose({**other.values, **values})

    moved = {name: points.add(moved_to(**move.to)) for name, move in result.alone.items() if move.to}
    checked_at = {name: _positions_to_check(line, name, move) for name, move in result.alone.items()}
    closest = {
        name: [points.add(moved_to(**{name: at})) for at in positions]
        for name, positions in checked_at.items()
        if positions
    }
    together, way = None, np.zeros(len(names))
    if result.together.distance is not None:
        way = np.array([result.together.to[name] - model.values[name] for name in names]) / widths
        together = points.add(
            lambda other: line.space.replace(
                other.values, np.array([other.values[name] for name in names]) + way * widths
            )
        )
    moves = [*moved, *(["all together"] if together is not None else [])]
    slopes = {name: _slope_of_move(line, result, name, way) for name in moves}

    def finish(first: np.ndarray, changes: np.ndarray, estimates: dict[str, np.ndarray], here: np.ndarray) -> Distance:
        def alone(name: str, move: Move) -> Move:
            fields: dict[str, Any] = {}
            if name in closest:
                values, errors = first[closest[name], row], spread(changes[:, closest[name], row])
                assert errors is not None
                sizes, known = np.where(np.isfinite(values), np.abs(values), np.inf), errors > 0
                ratio = np.where(known, sizes / np.where(known, errors, 1.0), np.where(errors == 0, np.inf, 0.0))
                # Places without an economy are left out; of those equally far from zero in errors, the nearest.
                k = int(np.lexsort((sizes, np.where(np.isfinite(values), ratio, np.inf)))[0])
                fields |= {
                    "closest": float(values[k]) if np.isfinite(values[k]) else move.closest,
                    "closest_at": checked_at[name][k],
                    "closest_simulation_se": error_at(errors, k),
                }
            if name in moved and slopes[name]:
                to = move.to[name] - changes[:, moved[name], row] / slopes[name]
                width = result.units[name][1] - result.units[name][0]
                fields["to_simulation_se"] = {name: error_at(spread(to))}
                fields["distance_simulation_se"] = error_at(spread(np.abs(to - estimates[name]) / width))
            return dataclasses.replace(move, **fields)

        nearest = result.together
        if together is not None and slopes["all together"] and nearest.distance:
            longer = -changes[:, together, row] / slopes["all together"]
            share = 1 + longer / nearest.distance
            nearest = dataclasses.replace(
                nearest,
                distance_simulation_se=error_at(spread(longer)),
                to_simulation_se={
                    name: error_at(spread(estimates[name] + way[k] * widths[k] * share)) for k, name in enumerate(names)
                },
            )
        return dataclasses.replace(
            result,
            together=nearest,
            alone={name: alone(name, move) for name, move in result.alone.items()},
            gini_change_simulation_se=error_at(spread(here[:, row])),
        )

    return finish


def _positions_to_check(line: Line, name: str, move: Move) -> list[float]:
    """Where the sign told of a line is checked: beyond its boundary; without one at the ends of the line too."""
    if move.closest_at is None:
        return []
    if move.distance is not None:
        return [move.closest_at]
    k = line.names.index(name)
    edges = [line.model.values[name] + float(u) * float(line.widths[k]) for u in line.reach(k)]
    return [move.closest_at, *(end for end in edges if end not in (move.closest_at, line.model.values[name]))]


def _slope_of_move(line: Line, result: Distance, name: str, way: np.ndarray) -> float | None:
    """Slope of the change at the end of a move: in a parameter alone, or per unit of the shortest distance.

    At the nearest point the move is along the gradient, but for parameters that cannot move further. What the distance
    grows by when the boundary is asked for at another level is |u| over u'∇, with the move u of those that can.
    """
    if name != "all together":
        k = line.names.index(name)
        at = np.zeros(len(line.names))
        at[k] = (result.alone[name].to[name] - line.model.values[name]) / line.widths[k]
        try:
            slope = float(line.gradient(at)[1][k]) / float(line.widths[k])
        except AnalysisError:
            return None
        return slope if slope else None
    length = float(np.linalg.norm(way))
    try:
        gradient = line.gradient(way)[1]
    except AnalysisError:
        return None
    low, high = np.array([line.reach(k) for k in range(len(line.names))]).T
    free = np.minimum(way - low, high - way) > 1e-6
    along = float(gradient[free] @ gradient[free])
    # With multiplier λ on g = 0: u = λ∇g on the free ones, d|u|/dg = λ/|u|.
    multiplier = float(way[free] @ gradient[free]) / along if along > 0 else 0.0
    return length / multiplier if multiplier else None

"""Distance to the regime boundary: the smallest move of the parameters that flips the sign of the change of a Gini.

A move is measured in units of each parameter's range. For all parameters together the nearest boundary point solves
min |u|² subject to g(u) = 0, u being moves in units of ranges (Hasofer & Lind 1974, of structural reliability), by
sequential quadratic programming with exact gradients. For one parameter alone it is the nearest zero on a line; lines
are scanned once for all Ginis.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, minimize

from aigini.analysis.regimes.result import Distance, Move
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.outcome_map import GINIS, TILE
from aigini.numerics.crossings import nearest_zero
from aigini.parameter_space import ParameterSpace
from aigini.runtime.progress import report, steps
from aigini.statistics.catalogue import CONCEPTS

_TOLERANCE = 1e-8
_SCALE = 1e3  # of the constraint, so that a change of the Gini by 0.001 is of order 1
_REACH = 4.0  # ranges


def distances(model: EstimatedModel, units: Mapping[str, tuple[float, float]]) -> list[Distance]:
    """Find the nearest boundary points of both Ginis, in the order of `CONCEPTS`.

    Args:
        model: The economy at its estimates.
        units: The range of each parameter that may move; its width is the unit of its moves.

    Raises:
        AnalysisError: if a range is empty.
    """
    for name, (low, high) in units.items():
        if not high > low:
            raise AnalysisError(f"ranges.{name}: [{low:g}, {high:g}] is empty; give the smaller value first.")
    widths = np.array([high - low for low, high in units.values()])
    lines = [Line(model, row, tuple(units), widths) for row in range(len(CONCEPTS))]
    scans = [_scan(lines[0], which) for which in steps("lines", range(len(units)))]
    return [_distance(line, units, scans) for line in lines]


def _distance(line: "Line", units: Mapping[str, tuple[float, float]], scans: Sequence["_Scan"]) -> Distance:
    concept = CONCEPTS[line.row]
    part, alone = f"nearest {concept}", {}
    for which, name in enumerate(units):
        alone[name] = _alone(line, which, scans[which])
        report(part, which + 1, len(units) + 1)
    together = _together(line, alone)
    report(part, len(units) + 1, len(units) + 1)
    return Distance(concept, line.model.outcome(f"gini_{concept}"), dict(units), together, alone)


@dataclasses.dataclass(frozen=True)
class Line:
    """The change of a Gini as a function of moves u in units of ranges."""

    model: EstimatedModel
    row: int
    names: tuple[str, ...]
    widths: np.ndarray

    @property
    def space(self) -> ParameterSpace:
        """The parameters that move; the tie is dropped where η0 moves by itself."""
        return self.model.space.over(self.names)

    def values(self, move: np.ndarray) -> dict[str, float]:
        """Every parameter after a move."""
        base = self.model.values
        return self.space.replace(base, np.array([base[name] for name in self.names]) + move * self.widths)

    def reach(self, which: int) -> tuple[float, float]:
        """The interval of moves of a parameter, in ranges: at most four, and within its bounds."""
        name, width, here = self.names[which], self.widths[which], self.model.values[self.names[which]]
        low, high = self.space.bounds(name)
        inside = 1 - 1e-6  # bounds themselves may be excluded
        return (
            max((low - here) * inside / width, -_REACH),
            min((high - here) * inside / width, _REACH),
        )

    def gradient(self, move: np.ndarray) -> tuple[float, np.ndarray]:
        """The change after a move and its derivatives in the moves, ``[names]``."""
        values = self.values(move)
        if not self.model.outcome_map.admits(values):
            raise AnalysisError(
                f"the way to the boundary leads out of the parameter space, to {self.moved(move)}; narrow the ranges."
            )
        outcomes, slopes = self.model.outcome_map.along(values, self.space.directions)
        return float(outcomes[GINIS[self.row]]), slopes[GINIS[self.row]] * self.widths

    def moved(self, move: np.ndarray) -> dict[str, float]:
        """The parameters that may move, after a move."""
        values = self.values(move)
        return {name: values[name] for name in self.names}


class _Scan(NamedTuple):
    """Trial points on a line.

    Attributes:
        at: Moves in units of ranges, ``[points]``.
        gini: Changes of all Ginis there, NaN where there is no economy, ``[points, ginis]``.
    """

    at: np.ndarray
    gini: np.ndarray


def _scan(line: Line, which: int) -> _Scan:
    """Trial points on a line, out to where a parameter may move."""
    sides = [end for end in line.reach(which) if end != 0]
    away = [np.linspace(0.0, end, TILE // len(sides) + 1)[1:] for end in sides]
    at = np.sort(np.concatenate([[0.0], *away]))
    changes = np.full((len(at), len(GINIS)), np.nan)
    changes[at == 0] = line.model.outcomes[list(GINIS)]
    points = [line.values(u * np.eye(len(line.names))[which]) for u in at]
    usable = [i for i, point in enumerate(points) if at[i] != 0 and line.model.outcome_map.admits(point)]
    if usable:
        changes[usable] = line.model.outcome_map.values([points[i] for i in usable])[:, list(GINIS)]
    return _Scan(at, np.where(np.isfinite(changes), changes, np.nan))


def _alone(line: Line, which: int, scan: _Scan) -> Move:
    """The boundary point nearest to the estimates on a line."""
    name, width, here = line.names[which], float(line.widths[which]), line.model.values[line.names[which]]
    unit = np.eye(len(line.names))[which]

    def look(u: float) -> tuple[float, float]:
        try:
            value, slopes = line.gradient(u * unit)
        except AnalysisError:
            return float("nan"), float("nan")
        return value, float(slopes[which])

    at, gini = scan.at, scan.gini[:, line.row]
    zero = nearest_zero(at, gini, look, accept=_TOLERANCE)
    if zero is not None:
        # How far the change goes beyond the boundary, away from the sign at the estimates.
        beyond = np.where((at * zero[0] > 0) & (np.abs(at) > abs(zero[0])), -gini * np.sign(gini[at == 0][0]), np.nan)
        furthest = int(np.nanargmax(beyond)) if np.nanmax(beyond, initial=0.0) > 0 else None
        closest = (zero[1], zero[0]) if furthest is None else (float(gini[furthest]), float(at[furthest]))
        to = {name: here + zero[0] * width}
        return Move(abs(zero[0]), to, zero[1], closest=closest[0], closest_at=here + closest[1] * width)
    span = f"{here + at[0] * width:.4g} to {here + at[-1] * width:.4g}"
    nearest = int(np.nanargmin(np.abs(gini)))
    return Move(
        None,
        {},
        None,
        f"does not flip the sign from {span}",
        closest=float(gini[nearest]),
        closest_at=here + float(at[nearest]) * width,
    )


def _together(line: Line, alone: Mapping[str, Move]) -> Move:
    """The nearest boundary point, searched from the estimates, and from the nearest one of a single parameter too."""
    if len(line.names) == 1:
        return alone[line.names[0]]
    nearest = _search(line, np.zeros(len(line.names)))
    single = min(alone, key=lambda name: np.inf if alone[name].distance is None else alone[name].distance or 0.0)
    limit = alone[single].distance
    if limit is None or (nearest.distance is not None and nearest.distance <= limit):
        return nearest
    start = np.zeros(len(line.names))
    which = line.names.index(single)
    start[which] = (alone[single].to[single] - line.model.values[single]) / line.widths[which]
    again = _search(line, start)
    return nearest if again.distance is None else again


def _search(line: Line, start: np.ndarray) -> Move:
    evaluated: dict[bytes, tuple[float, np.ndarray]] = {}

    def gini(move: np.ndarray) -> tuple[float, np.ndarray]:
        key = move.tobytes()
        if key not in evaluated:
            evaluated[key] = line.gradient(move)
        return evaluated[key]

    low, high = np.array([line.reach(k) for k in range(len(line.names))]).T
    solution = minimize(
        lambda u: u @ u / 2,
        start,
        jac=lambda u: u,
        method="SLSQP",
        bounds=Bounds(low, high),  # pyright: ignore[reportArgumentType]
        constraints={"type": "eq", "fun": lambda u: _SCALE * gini(u)[0], "jac": lambda u: _SCALE * gini(u)[1]},
        options={"maxiter": 100, "ftol": 1e-9},
    )
    residual, _ = gini(solution.x)
    if not abs(residual) < _TOLERANCE:
        return Move(None, {}, None, f"not found: {solution.message}")
    edge = [name for name, u, a, b in zip(line.names, solution.x, low, high, strict=True) if min(u - a, b - u) < 1e-6]
    note = f"{', '.join(edge)} at the end of its reach" if edge else ""
    return Move(float(np.linalg.norm(solution.x)), line.moved(solution.x), residual, note)

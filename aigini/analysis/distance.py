"""Distance to the regime boundary: the smallest move of the parameters that flips the sign of the change of a Gini.

A move is measured in units of each parameter's range. For all parameters together the nearest boundary point solves
min |u|² subject to g(u) = 0, u being moves in units of ranges (Hasofer & Lind 1974, of structural reliability), by
sequential quadratic programming with exact gradients. For one parameter alone it is the nearest zero on a line; lines
are scanned once for all Ginis.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize

from aigini.analysis.case import Case
from aigini.analysis.crossings import nearest_zero
from aigini.analysis.evaluator import GINIS, TILE, directions, tied
from aigini.analysis.first_order import FirstOrder
from aigini.analysis.pieces import Pieces
from aigini.analysis.regimes import CONCEPTS, SAY, RegimeMap
from aigini.errors import AnalysisError
from aigini.estimation.problem import FreeSpace, Tie

_TOLERANCE = 1e-8
_SCALE = 1e3  # of the constraint, so that a change of the Gini by 0.001 is of order 1
_REACH = 4.0  # ranges


@dataclasses.dataclass(frozen=True)
class Move:
    """A move to the boundary.

    Attributes:
        distance: Its length in units of ranges; None if no boundary was found.
        to: Values of the parameters that move, where they end.
        residual: Change of the Gini there.
        note: What to know about it; empty if nothing.
    """

    distance: float | None
    to: Mapping[str, float]
    residual: float | None
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Distance:
    """Distance of the estimates to the boundary.

    Attributes:
        concept: Income whose Gini is meant, ``total`` or ``wage``.
        gini_change: Its change at the estimates.
        units: Range of each parameter, (low, high).
        together: The nearest boundary point when all of them move.
        alone: The nearest one for each parameter by itself.
    """

    concept: str
    gini_change: float
    units: Mapping[str, tuple[float, float]]
    together: Move
    alone: Mapping[str, Move]

    def __str__(self) -> str:
        lines = [f"distance of the Gini of {SAY[self.concept]} ({self.gini_change:+.5f}) to the boundary, in ranges"]
        if self.together.distance is None:
            lines.append(f"  all together: {self.together.note}")
        else:
            to = ", ".join(f"{name} {value:.4g}" for name, value in self.together.to.items())
            note = f"; {self.together.note}" if self.together.note else ""
            lines.append(f"  all together: {self.together.distance:.3f} ({to}{note})")
        for name, move in sorted(self.alone.items(), key=lambda item: item[1].distance or np.inf):
            if move.distance is None:
                lines.append(f"  {name} alone: {move.note}")
            else:
                lines.append(f"  {name} alone: {move.distance:.3f} (to {move.to[name]:.4g})")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Regimes:
    """Maps of the regimes and distances to their boundaries.

    Attributes:
        params: Every parameter at the estimates.
        maps: One for each pair of axes.
        distances: One for each income concept.
        first_order: The boundary in (η0, η1) to first order in A.
    """

    params: Mapping[str, float]
    maps: Sequence[RegimeMap]
    distances: Sequence[Distance]
    first_order: FirstOrder

    def __str__(self) -> str:
        return "\n\n".join(str(part) for part in (*self.maps, *self.distances, self.first_order))


def distance(
    case: Case, concept: str, units: Mapping[str, tuple[float, float]], pieces: Pieces | None = None
) -> Distance:
    """Find the nearest boundary points.

    Args:
        case: The economy at its estimates.
        concept: ``total`` or ``wage``.
        units: The range of each parameter that may move; its width is the unit of its moves.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: if a range is empty.
    """
    for name, (low, high) in units.items():
        if not high > low:
            raise AnalysisError(f"ranges.{name}: [{low:g}, {high:g}] is empty; give the smaller value first.")
    pieces = pieces or Pieces()
    line = _Line(case, CONCEPTS.index(concept), tuple(units), np.array([b - a for a, b in units.values()]))
    part, total = f"nearest {concept}", len(units) + 1
    alone: dict[str, Move] = {}
    for i, name in enumerate(units):
        scan = pieces.get("lines", i, len(units), lambda i=i: _scan(line, i))
        found = pieces.get(part, i, total, lambda i=i, scan=scan: dataclasses.asdict(_alone(line, i, scan)))
        alone[name] = Move(**found)
    together = pieces.get(part, len(units), total, lambda: dataclasses.asdict(_together(line, alone)))
    return Distance(
        concept=concept,
        gini_change=case.response(f"gini_{concept}"),
        units=dict(units),
        together=Move(**together),
        alone=alone,
    )


@dataclasses.dataclass(frozen=True)
class _Line:
    """The change of a Gini as a function of moves u in units of ranges."""

    case: Case
    row: int
    names: tuple[str, ...]
    widths: np.ndarray

    @property
    def tie(self) -> Tie:
        """The tie, dropped where η0 moves by itself."""
        return "none" if "eta0" in self.names else self.case.space.tie

    def values(self, move: np.ndarray) -> dict[str, float]:
        base = self.case.values
        moved = {name: base[name] + float(u * w) for name, u, w in zip(self.names, move, self.widths, strict=True)}
        return tied({**base, **moved}, self.tie)

    def reach(self, which: int) -> tuple[float, float]:
        """How far a parameter may move, in ranges: four of them, and within its bounds."""
        name, width, here = self.names[which], self.widths[which], self.case.values[self.names[which]]
        low, high = FreeSpace((name,), self.tie).bounds(name)
        inside = 1 - 1e-6  # bounds themselves may be excluded
        return (
            max((low - here) * inside / width, -_REACH),
            min((high - here) * inside / width, _REACH),
        )

    def gradient(self, move: np.ndarray) -> tuple[float, np.ndarray]:
        values = self.values(move)
        if not self.case.evaluator.admits(values):
            raise AnalysisError(
                f"the way to the boundary leads out of the parameter space, to {self.moved(move)}; narrow the ranges."
            )
        found, slopes = self.case.evaluator.along(values, directions(self.names, self.tie))
        return float(found[GINIS[self.row]]), slopes[GINIS[self.row]] * self.widths

    def moved(self, move: np.ndarray) -> dict[str, float]:
        values = self.values(move)
        return {name: values[name] for name in self.names}


def _scan(line: _Line, which: int) -> dict[str, Any]:
    """Changes of all Ginis at trial points on a line, out to where a parameter may move; null where there is none."""
    sides = [end for end in line.reach(which) if end != 0]
    away = [np.linspace(0.0, end, TILE // len(sides) + 1)[1:] for end in sides]
    at = np.sort(np.concatenate([[0.0], *away]))
    found = np.full((len(at), len(GINIS)), np.nan)
    found[at == 0] = line.case.responses[list(GINIS)]
    points = [line.values(u * np.eye(len(line.names))[which]) for u in at]
    usable = [i for i, point in enumerate(points) if at[i] != 0 and line.case.evaluator.admits(point)]
    if usable:
        found[usable] = line.case.evaluator.values([points[i] for i in usable])[:, list(GINIS)]
    gini = [[value if np.isfinite(value) else None for value in row] for row in found.tolist()]
    return {"at": at.tolist(), "gini": gini}


def _alone(line: _Line, which: int, scan: Mapping[str, Any]) -> Move:
    """The boundary point nearest to the estimates on a line."""
    name, width, here = line.names[which], float(line.widths[which]), line.case.values[line.names[which]]
    unit = np.eye(len(line.names))[which]

    def look(u: float) -> tuple[float, float]:
        try:
            value, slopes = line.gradient(u * unit)
        except AnalysisError:
            return float("nan"), float("nan")
        return value, float(slopes[which])

    at, gini = np.array(scan["at"]), np.array(scan["gini"], float)[:, line.row]
    zero = nearest_zero(at, gini, look, accept=_TOLERANCE)
    if zero is not None:
        return Move(abs(zero[0]), {name: here + zero[0] * width}, zero[1])
    span = f"{here + at[0] * width:.4g} to {here + at[-1] * width:.4g}"
    return Move(None, {}, None, f"does not flip the sign from {span}")


def _together(line: _Line, alone: Mapping[str, Move]) -> Move:
    """The nearest boundary point, searched from the estimates, and from the nearest one of a single parameter too."""
    found = _search(line, np.zeros(len(line.names)))
    single = min(alone, key=lambda name: np.inf if alone[name].distance is None else alone[name].distance or 0.0)
    limit = alone[single].distance
    if limit is None or (found.distance is not None and found.distance <= limit):
        return found
    start = np.zeros(len(line.names))
    which = line.names.index(single)
    start[which] = (alone[single].to[single] - line.case.values[single]) / line.widths[which]
    again = _search(line, start)
    return found if again.distance is None else again


def _search(line: _Line, start: np.ndarray) -> Move:
    seen: dict[bytes, tuple[float, np.ndarray]] = {}

    def gini(move: np.ndarray) -> tuple[float, np.ndarray]:
        key = move.tobytes()
        if key not in seen:
            seen[key] = line.gradient(move)
        return seen[key]

    low, high = np.array([line.reach(k) for k in range(len(line.names))]).T
    found = minimize(
        lambda u: u @ u / 2,
        start,
        jac=lambda u: u,
        method="SLSQP",
        bounds=Bounds(low, high),  # pyright: ignore[reportArgumentType]
        constraints={"type": "eq", "fun": lambda u: _SCALE * gini(u)[0], "jac": lambda u: _SCALE * gini(u)[1]},
        options={"maxiter": 100, "ftol": 1e-9},
    )
    residual, _ = gini(found.x)
    if not abs(residual) < _TOLERANCE:
        return Move(None, {}, None, f"not found: {found.message}")
    edge = [name for name, u, a, b in zip(line.names, found.x, low, high, strict=True) if min(u - a, b - u) < 1e-6]
    note = f"{', '.join(edge)} at the end of its reach" if edge else ""
    return Move(float(np.linalg.norm(found.x)), line.moved(found.x), residual, note)

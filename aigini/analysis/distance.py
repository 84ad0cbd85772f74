"""Distance to the regime boundary: the smallest move of the parameters that flips the sign of the change of a Gini.

A move is measured in units of each parameter's range. For all parameters together the nearest boundary point solves
min |u|² subject to g(u) = 0, u being moves in units of ranges; each step projects onto the linearised boundary
(Hasofer & Lind 1974, Rackwitz & Fiessler 1978, of structural reliability). For one parameter alone it is the nearest
root on a line.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.analysis.case import Case
from aigini.analysis.evaluator import GINIS, directions, tied
from aigini.analysis.pieces import Pieces
from aigini.analysis.roots import first_root
from aigini.errors import AnalysisError
from aigini.estimation.problem import Tie
from aigini.parameters import SPECS

_STEPS = 30
_TOLERANCE = 1e-9
_LINE = 12  # trial points on each side of a line


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
        lines = [f"distance of the Gini of {self.concept} income ({self.gini_change:+.5f}) to the boundary, in ranges"]
        if self.together.distance is None:
            lines.append(f"  all together: {self.together.note}")
        else:
            to = ", ".join(f"{name} {value:.4g}" for name, value in self.together.to.items())
            lines.append(f"  all together: {self.together.distance:.3f} ({to})")
        for name, move in sorted(self.alone.items(), key=lambda item: item[1].distance or np.inf):
            if move.distance is None:
                lines.append(f"  {name} alone: {move.note}")
            else:
                lines.append(f"  {name} alone: {move.distance:.3f} (to {move.to[name]:.4g})")
        return "\n".join(lines)


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
    line = _Line(case, ("total", "wage").index(concept), tuple(units), np.array([b - a for a, b in units.values()]))
    part, total = f"distance {concept}", len(units) + 1
    together = pieces.get(part, 0, total, lambda: dataclasses.asdict(_together(line)))
    alone = {
        name: pieces.get(part, 1 + i, total, lambda i=i: dataclasses.asdict(_alone(line, i)))
        for i, name in enumerate(units)
    }
    return Distance(
        concept=concept,
        gini_change=case.response(f"gini_{concept}"),
        units=dict(units),
        together=Move(**together),
        alone={name: Move(**move) for name, move in alone.items()},
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

    def gradient(self, move: np.ndarray) -> tuple[float, np.ndarray] | None:
        values = self.values(move)
        if not self.case.evaluator.admits(values):
            return None
        found, slopes = self.case.evaluator.along(values, directions(self.names, self.tie))
        return float(found[GINIS[self.row]]), slopes[GINIS[self.row]] * self.widths

    def many(self, moves: Sequence[np.ndarray]) -> np.ndarray:
        """Changes of the Gini, NaN outside the parameter space."""
        points = [self.values(move) for move in moves]
        usable = [i for i, point in enumerate(points) if self.case.evaluator.admits(point)]
        found = np.full(len(points), np.nan)
        if usable:
            found[usable] = self.case.evaluator.values([points[i] for i in usable])[:, GINIS[self.row]]
        return found

    def moved(self, move: np.ndarray) -> dict[str, float]:
        values = self.values(move)
        return {name: values[name] for name in self.names}


def _together(line: _Line) -> Move:
    move = np.zeros(len(line.names))
    now = line.gradient(move)
    assert now is not None  # the estimates are a point of the parameter space
    for _ in range(_STEPS):
        value, slope = now
        if not slope @ slope > 0:
            return Move(None, {}, None, "no parameter with a range moves it")
        target = slope * (slope @ move - value) / (slope @ slope)
        if abs(value) < _TOLERANCE and np.linalg.norm(target - move) < 1e-6:
            return Move(float(np.linalg.norm(move)), line.moved(move), value)
        for step in 0.5 ** np.arange(10):
            now = line.gradient(move + step * (target - move))
            if now is not None:
                move = move + step * (target - move)
                break
        else:
            return Move(None, {}, None, "the boundary lies outside the parameter space")
    return Move(None, {}, None, f"not found in {_STEPS} steps")


def _alone(line: _Line, which: int) -> Move:
    """The root nearest to the estimates on a line, from sign changes at trial points out to the parameter's bounds."""
    name, width = line.names[which], line.widths[which]
    spec, here = SPECS[name], line.case.values[name]
    low, high = line.case.space.bounds(name) if name in line.case.space.names else (spec.lower, spec.upper)
    unit = np.eye(len(line.names))[which]
    best: Move | None = None
    reach = [
        (max(low, here - 4 * width) - here) * (1 - 1e-6) / width,
        (min(high, here + 4 * width) - here) * (1 - 1e-6) / width,
    ]
    for end in reach:
        trials = np.linspace(0.0, end, _LINE + 1)
        found = line.many([u * unit for u in trials])
        root = first_root(lambda at: line.many([u * unit for u in at]), trials, found)
        if root is None:
            continue
        move = Move(abs(root), {name: here + root * width}, float(line.many([root * unit])[0]))
        if best is None or best.distance is None or abs(root) < best.distance:
            best = move
    if best is not None:
        return best
    span = f"{here + reach[0] * width:.4g} to {here + reach[1] * width:.4g}"
    return Move(None, {}, None, f"does not flip the sign from {span}")

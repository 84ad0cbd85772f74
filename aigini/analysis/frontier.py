"""The efficient combinations of two levers: no other combination has both a lower Gini and a higher output.

Strengths are in a box. At each level of output, the combination of lowest ΔGini with at least that output is efficient
(the ε-constraint method; Miettinen, Nonlinear Multiobjective Optimization, 1999, section 3.2). Levels instead of
weights also reach the parts where the frontier is not convex. Levels are halved where neighbouring points are far
apart, until they are close or the frontier jumps there: the efficient set need not be connected.

A local search (sequential quadratic programming, exact derivatives) starts between the neighbours, again from the
lowest point of a spline through a grid of combinations if that promises less, and again from any combination met so
far that is better. Two checks need no trust in the search: the first-order condition, and whether combinations that it
never saw get below the frontier.
"""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import minimize

from aigini.errors import AnalysisError

Goals = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Strengths ``[2]`` to (ΔGini, output) ``[2]`` and their derivatives ``[2 goals, 2 strengths]``."""

_CLOSE = 0.15  # neighbours nearer than this share of a range, in strengths and in both goals, are close
_JUMP = 1e-4  # neighbours that are not close although their levels differ by less than this share are on two segments
_STEEP = 0.1  # where neighbours are far apart although their levels differ by less, the frontier may jump
_MOST = 40  # points of a frontier
_SLACK = 1e-9  # of a level, share of the range of output
_DOUBT = 0.01  # share of the range of the Gini by which the spline must promise less than was found
_SOLVED = 1e-4  # residual of the first-order condition
_FLAT = 1e-10  # an output that varies by less is the same everywhere
_FINE = 41


@dataclasses.dataclass(frozen=True)
class Frontier:
    """Combinations of two levers.

    Attributes:
        levers: Their names.
        strength: Strengths of both along the frontier, from the lowest Gini to the highest output, ``[points, 2]``.
        gini_total: Change of the Gini of total income there, ``[points]``.
        output: Relative change of output there, ``[points]``.
        residual: Residual of the first-order condition of the lowest ΔGini with at least this output, in units of its
            range on the grid, ``[points]``.
        excess: Largest fall of the Gini from a point of the frontier to a combination that the search did not see and
            that has at least its output; 0 if there is none.
        checks: Number of these combinations.
        searched: Number of combinations evaluated with derivatives.
        grid_strength: Strengths of the combinations on the grid, ``[combinations, 2]``.
        grid_gini_total: Change of the Gini of total income there, ``[combinations]``.
        grid_output: Relative change of output there, ``[combinations]``.
        gini_simulation_se: Simulation standard errors of the change of the Gini at both ends, ``[2]``; None where they
            are not known.
        output_simulation_se: The same for output.
    """

    levers: tuple[str, str]
    strength: np.ndarray
    gini_total: np.ndarray
    output: np.ndarray
    residual: np.ndarray
    excess: float
    checks: int
    searched: int
    grid_strength: np.ndarray
    grid_gini_total: np.ndarray
    grid_output: np.ndarray
    gini_simulation_se: np.ndarray | None = None
    output_simulation_se: np.ndarray | None = None

    @property
    def segments(self) -> list[slice]:
        """The connected segments of the frontier, as slices of its points."""
        steps = np.abs(np.diff(np.asarray(self.strength), axis=0)).max(axis=1, initial=0.0)
        cuts = [0, *(np.flatnonzero(steps > _CLOSE) + 1).tolist(), len(self.strength)]
        return [slice(start, stop) for start, stop in itertools.pairwise(cuts)]


def trace(levers: tuple[str, str], goals: Goals, axis: np.ndarray, values: np.ndarray, checks: np.ndarray) -> Frontier:
    """Trace the frontier of two levers.

    Args:
        levers: Their names.
        goals: ΔGini and output, with exact derivatives.
        axis: Strengths of either lever on the grid, in order; the first and the last are the bounds, ``[strengths]``.
        values: ΔGini and output on the grid, ``[strengths of one, strengths of two, 2]``.
        checks: ΔGini and output of other combinations, ``[combinations, 2]``; the search does not see them.

    Raises:
        AnalysisError: if a value or a derivative is not finite.
    """
    search = _Search(levers, goals, axis, values)
    points = _thinned(search, _ladder(search))
    goals_there = np.array([search.values[k] for k in points])
    below = [gini - np.min(checks[checks[:, 1] >= output, 0], initial=gini) for gini, output in goals_there]
    grid = np.array(list(itertools.product(axis, repeat=2)))
    return Frontier(
        levers=levers,
        strength=np.array([search.points[k] for k in points]),
        gini_total=goals_there[:, 0],
        output=goals_there[:, 1],
        residual=np.array([search.residual(k) for k in points]),
        excess=float(max(below)),
        checks=len(checks),
        searched=len(search.points) - len(grid),
        grid_strength=grid,
        grid_gini_total=values[..., 0].ravel(),
        grid_output=values[..., 1].ravel(),
    )


def _ladder(search: "_Search") -> list[int]:
    """Points of the frontier in order, as positions among those evaluated."""
    lowest = search.lowest(-np.inf)
    if search.flat:
        return [lowest]
    top = search.highest()
    rungs = [(search.scaled[lowest][1], lowest), (top, search.lowest(top))]
    while len(rungs) < _MOST:
        gaps = [search.apart(a, b) if high - low > _JUMP else 0.0 for (low, a), (high, b) in itertools.pairwise(rungs)]
        widest = int(np.argmax(gaps))
        if gaps[widest] <= _CLOSE:
            break
        (low, a), (high, b) = rungs[widest : widest + 2]
        level = (low + high) / 2
        if gaps[widest] > 2 * _CLOSE and high - low < _STEEP:
            search.descend(search.points[a], level)  # the frontier seems to jump: see how far its lower segment goes
        rungs.insert(widest + 1, (level, search.lowest(level, (search.points[a] + search.points[b]) / 2)))
    # A later search may have come upon something better for an earlier level.
    return list(dict.fromkeys(search.best(level) for level, _ in rungs))


def _thinned(search: "_Search", points: list[int]) -> list[int]:
    """Leave out what halving piled up at jumps: points whose neighbours are close without them."""
    remaining = points[:1]
    for k, after in itertools.pairwise(points[1:]):
        if search.apart(remaining[-1], after) > _CLOSE:
            remaining.append(k)
    return remaining + points[1:][-1:]


class _Search:
    """Combinations evaluated so far, and searches among them.

    Attributes:
        points: Strengths.
        values: ΔGini and output there.
        scaled: The same in units of their ranges on the grid.
        flat: True if output is the same everywhere.
    """

    def __init__(self, levers: tuple[str, str], goals: Goals, axis: np.ndarray, values: np.ndarray) -> None:
        self._levers, self._goals = levers, goals
        self._low, self._high = float(axis[0]), float(axis[-1])
        rows = values.reshape(-1, 2)
        span = np.ptp(rows, axis=0)
        self.flat = bool(span[1] < _FLAT)
        self._unit = np.where(span < _FLAT, 1.0, span)
        self.points = [np.array([a, b]) for a in axis for b in axis]
        self.values = [np.array(row) for row in rows]
        self.scaled = [row / self._unit for row in self.values]
        self._slopes: dict[int, np.ndarray] = {}
        self._index: dict[bytes, int] = {}
        fine = np.linspace(self._low, self._high, _FINE)
        degree = min(3, len(axis) - 1)
        spline = [
            RectBivariateSpline(axis, axis, values[..., k] / self._unit[k], kx=degree, ky=degree)(fine, fine).ravel()
            for k in range(2)
        ]
        self._fine = np.array([(a, b) for a in fine for b in fine]), spline[0], spline[1]

    def at(self, strength: np.ndarray) -> int:
        """Evaluate a combination, unless it is known with its derivatives; its position."""
        strength = np.clip(strength, self._low, self._high)
        for bound in (self._low, self._high):
            strength = np.where(np.abs(strength - bound) < _SLACK, bound, strength)
        key = strength.tobytes()
        if key not in self._index:
            values, slopes = self._goals(strength)
            if not (np.all(np.isfinite(values)) and np.all(np.isfinite(slopes))):
                raise AnalysisError(
                    f"levers {' and '.join(self._levers)}: the change of the Gini or of output, or a derivative, is not"
                    f" finite at strengths {strength[0]:.4g} and {strength[1]:.4g}; stay nearer the baseline."
                )
            self._index[key] = len(self.points)
            self._slopes[len(self.points)] = slopes / self._unit[:, None]
            self.points.append(strength)
            self.values.append(values)
            self.scaled.append(values / self._unit)
        return self._index[key]

    def apart(self, a: int, b: int) -> float:
        """Distance of two points, in strengths and in both goals."""
        moves = np.concatenate([self.points[a] - self.points[b], self.scaled[a] - self.scaled[b]])
        return float(np.abs(moves[:3] if self.flat else moves).max())

    def highest(self) -> float:
        """The highest output, in units of its range."""
        points, _, output = self._fine
        self._search(points[np.argmax(output)], 1, -1.0, None)
        return max(row[1] for row in self.scaled)

    def lowest(self, level: float, near: np.ndarray | None = None) -> int:
        """Position of the combination of lowest ΔGini with at least a level of output, in units of its range."""
        points, gini, output = self._fine
        feasible = np.flatnonzero(output >= level)
        start_at = feasible[np.argmin(gini[feasible])] if len(feasible) else int(np.argmax(output))
        best, promised = points[start_at], gini[start_at] if len(feasible) else np.inf
        start = best if near is None else near
        for _ in range(4):
            self.descend(start, level)
            reached = self.best(level)
            if self.scaled[reached][0] > promised + _DOUBT:
                start, promised = best, np.inf  # another basin, if the spline is right
            elif self.residual(reached) < _SOLVED:
                break
            else:
                start = self.points[reached]
        return self.best(level)

    def best(self, level: float) -> int:
        """Position of the lowest ΔGini met so far with at least a level of output."""
        scaled = np.array(self.scaled)
        lowest = int(np.argmin(np.where(scaled[:, 1] >= level - _SLACK, scaled[:, 0], np.inf)))
        return self.at(self.points[lowest])

    def descend(self, start: np.ndarray, level: float) -> None:
        """Search from a start for the lowest ΔGini with at least a level of output."""
        self._search(start, 0, 1.0, level if np.isfinite(level) else None)

    def _search(self, start: np.ndarray, goal: int, sign: float, level: float | None) -> None:
        """Search for the lowest of one goal, or the highest; every combination met is kept."""

        def objective(strength: np.ndarray) -> tuple[float, np.ndarray]:
            k = self.at(strength)
            return sign * self.scaled[k][goal], sign * self._slopes[k][goal]

        constraint = {
            "type": "ineq",
            # Half the slack, so that the highest level leaves the search some room.
            "fun": lambda strength: self.scaled[self.at(strength)][1] - level + _SLACK / 2,
            "jac": lambda strength: self._slopes[self.at(strength)][1],
        }
        minimize(
            objective,
            np.clip(start, self._low, self._high),
            jac=True,
            method="SLSQP",
            bounds=[(self._low, self._high)] * 2,
            constraints=[] if level is None else [constraint],
            options={"ftol": 1e-9, "maxiter": 30},
        )

    def residual(self, k: int) -> float:
        """Residual of the first-order condition: that ∇ΔGini = λ ∇output with λ ≥ 0, but for what the box prevents."""
        gini, output = self._slopes[self.at(self.points[k])]
        prices = [0.0]
        if not self.flat:  # the residual is convex in λ, and quadratic between the sign changes of its parts
            prices += [float(g / o) for g, o in zip(gini, output, strict=True) if o != 0]
            prices += [float(gini @ output) / max(float(output @ output), 1e-300)]
        at, lengths = self.points[k], [] if self.flat else [float(np.linalg.norm(output))]  # 0 at an inner maximum
        for price in prices:
            way = max(price, 0.0) * output - gini
            leaves = ((at <= self._low) & (way < 0)) | ((at >= self._high) & (way > 0))
            lengths.append(float(np.linalg.norm(np.where(leaves, 0.0, way))))
        return min(lengths)

"""The zero set of a smooth function of two variables, traced by pseudo-arclength continuation.

Every evaluation is taken to be expensive and to come with an exact gradient. The box is scaled to the unit square, so
that both axes matter alike whatever their units. From a point on the curve a predictor goes along the tangent, with a
sideways offset from the polynomial through this and the two points before it, and Newton's method brings it back to
the curve at the same distance along the tangent. The tangent is the gradient turned by 90 degrees, so that it keeps its
direction around folds, and a jump to a neighbouring strand, where the gradient points the other way, shows as a turn.

Sources: Keller (1977), Numerical solution of bifurcation and nonlinear eigenvalue problems; Allgower and Georg (2003),
Introduction to Numerical Continuation Methods, SIAM.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from aigini.errors import AnalysisError
from aigini.numerics.level_set import CLOSED, Box, Branch, LevelSet, LostSeed

Function = Callable[[np.ndarray], tuple[npt.ArrayLike, npt.ArrayLike]]
"""F and its gradient ``[2]`` at a point ``[2]``, natural units."""

Watcher = Callable[[int, int], object]
"""Told the index of the branch under way and its number of points so far."""

EDGES = ("edge x0", "edge x1", "edge y0", "edge y1")
TOO_SMALL = "step too small"
NOT_FINITE = "value not finite"
LIMIT = "limit of points"

_MAX_TURN = 0.35  # radians between tangents of neighbouring points; more is rejected
_GOOD_TURN = 0.2  # radians that the step length aims at
_MEMORY = 2  # earlier points that the predictor uses
_MAX_CALLS = 6  # evaluations of one corrector
_SEED_CALLS = 20  # evaluations to bring a seed to the curve
_SEED_HALVINGS = 6  # of one move, before the seed is given up
_SEED_STEP = 0.1  # longest move of a seed at once
_GROWTH = (2.0, 2.0, 1.3, 0.8)  # of the step length, by the number of corrections; beyond, _SHRINK
_SHRINK = 0.5
_SLACK = 1e-12  # rounding allowed beyond the unit square before a point counts as outside
_PARALLEL = 1e-6  # sine of the angle below which constraint and curve cannot be told apart


def trace_level_set(
    value_and_gradient: Function,
    box: Box,
    seeds: np.ndarray,
    *,
    tolerance: float = 1e-10,
    max_step: float = 0.05,
    min_step: float = 1e-4,
    max_points: int = 2000,
    separation: float = 0.01,
    watch: Watcher = lambda branch, points: None,
) -> LevelSet:
    """Trace the zero set of F in a box from given start points, in both directions from each.

    A seed is first brought to the curve by Newton's method along the gradient, or along the edge of the box if it lies
    there and would leave. No point outside the box is ever evaluated. Where the curve leaves the box, the last point
    is solved for on the edge, and has the coordinate of the edge exactly. An excursion out of the box and back within
    one step is stepped over. Where F is not finite the step is halved down to `min_step`, and so it is where the curve
    turns too sharply or the corrector fails; a gap in the values that is narrower than a step may be stepped over.
    Where branches cross, the gradient vanishes and all of them end.

    Args:
        value_and_gradient: F and its exact gradient, natural units; it may return values that are not finite.
        box: ((x0, x1), (y0, y1)), natural units.
        seeds: Start points, natural units, ``[seeds, 2]``, such as those of `seeds_from_grid`.
        tolerance: Largest accepted |F|, in units of F.
        max_step: Longest step, as a share of the box.
        min_step: Shortest step, as a share of the box.
        max_points: Most points of one branch.
        separation: A seed nearer than this to a traced branch, as a share of the box, is taken to lie on it.
        watch: Called after every point with the index of the branch and its number of points so far.

    Returns:
        The branches, each traced once, with every |F| at most `tolerance`.

    Raises:
        AnalysisError: if the box is empty or not finite, a seed is not finite or outside the box, a setting makes no
            sense, or the function returns something that is not a number and a gradient ``[2]``. Errors raised by the
            function itself pass through.
    """
    low, high = _check(box, seeds, tolerance, max_step, min_step, max_points, separation)
    tracer = _Tracer(value_and_gradient, low, high, tolerance, max_step, min_step, max_points, separation)
    branches: list[Branch] = []
    lost: list[LostSeed] = []
    skipped = 0
    for seed in seeds:
        guess = np.clip((seed - low) / (high - low), 0.0, 1.0)
        if tracer.traced(guess) is not None:
            skipped += 1
            continue
        start = tracer.settle(guess)
        if isinstance(start, str):
            lost.append(LostSeed((float(seed[0]), float(seed[1])), start))
        elif tracer.traced(start.unit) is not None:
            skipped += 1
        else:
            index = len(branches)
            branches.append(tracer.branch(start, lambda count, index=index: watch(index, count)))
    message = ""
    if not len(seeds):
        message = "no branch: there was no start point, since F did not change sign where it was looked at"
    elif not branches:
        message = "no branch: every start point was lost"
    return LevelSet(tuple(branches), tuple(lost), skipped, tracer.calls, box, tolerance, message)


@dataclasses.dataclass(frozen=True)
class _Point:
    """A point where F is finite: position, gradient and tangent in the unit square, position in natural units."""

    unit: np.ndarray
    natural: np.ndarray
    value: float
    gradient: np.ndarray

    @property
    def tangent(self) -> np.ndarray:
        """The gradient turned left by 90 degrees, of length 1."""
        return np.array([-self.gradient[1], self.gradient[0]]) / math.hypot(*self.gradient)


@dataclasses.dataclass(frozen=True)
class _Miss:
    """A corrector that failed; `outside` is the iterate that left the unit square, if that is why."""

    reason: str
    outside: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class _Trial:
    """One attempted step: where it went, whether it is good, how far it was meant to go, the edge it aimed at."""

    found: _Point | _Miss
    good: bool
    length: float
    edge: str | None


class _Tracer:
    """The function in the unit square, the count of its evaluations, and the branches traced so far."""

    def __init__(
        self,
        function: Function,
        low: np.ndarray,
        high: np.ndarray,
        tolerance: float,
        max_step: float,
        min_step: float,
        max_points: int,
        separation: float,
    ) -> None:
        self.function = function
        self.low, self.high, self.span = low, high, high - low
        self.tolerance, self.max_points, self.separation = tolerance, max_points, separation
        self.max_step, self.min_step = max_step, min_step
        self.calls = 0
        self.polylines: list[np.ndarray] = []

    def evaluate(self, unit: np.ndarray) -> _Point | None:
        """F at a point of the unit square; None if it is not finite."""
        natural = np.clip(self.low * (1 - unit) + self.high * unit, self.low, self.high)
        self.calls += 1
        value, gradient = self.function(natural.copy())
        value, gradient = np.asarray(value, dtype=np.float64), np.asarray(gradient, dtype=np.float64)
        if value.size != 1 or gradient.shape != (2,):
            raise AnalysisError(
                "value_and_gradient must return a number and a gradient [2], got shapes"
                f" {value.shape} and {gradient.shape}"
            )
        with np.errstate(over="ignore"):
            scaled = gradient * self.span
        if not (np.isfinite(value).all() and np.isfinite(scaled).all()):
            return None
        return _Point(unit, natural, float(value.item()), scaled)

    def traced(self, unit: np.ndarray, tangent: np.ndarray | None = None) -> int | None:
        """The branch that passes within the separation of a point; with `tangent`, half as near and alongside it."""
        for index, line in enumerate(self.polylines):
            start, along = line[:-1], np.diff(line, axis=0)
            square = np.maximum(np.sum(along**2, axis=1), 1e-300)
            share = np.clip(np.sum((unit - start) * along, axis=1) / square, 0.0, 1.0)
            distance = np.hypot(*(unit - start - share[:, None] * along).T)
            if tangent is None:
                near = distance <= self.separation
            else:
                near = (distance <= self.separation / 2) & (along @ tangent >= 0.9 * np.sqrt(square))
            if near.any():
                return index
        return None

    def settle(self, guess: np.ndarray) -> _Point | str:
        """Bring a guess to the curve along the gradient, or along the edge; or the reason why that failed."""
        point = self.evaluate(guess)
        if point is None:
            return NOT_FINITE
        reason, halvings = "no convergence", 0
        for _ in range(_SEED_CALLS - 1):
            if not point.gradient.any():
                return "gradient is zero"
            if abs(point.value) <= self.tolerance:
                return point
            move = _newton_move(point)
            if move is None or halvings > _SEED_HALVINGS:
                return reason
            trial = self.evaluate(np.clip(point.unit + move / 2**halvings, 0.0, 1.0))
            if trial is not None and abs(trial.value) < abs(point.value):
                point, reason, halvings = trial, "no convergence", 0
            else:
                reason, halvings = NOT_FINITE if trial is None else "no convergence", halvings + 1
        return reason

    def correct(self, unit: np.ndarray, row: np.ndarray, level: float) -> _Point | _Miss:
        """Newton's method on F = 0, row·u = level, within the unit square."""
        last = math.inf
        for _ in range(_MAX_CALLS):
            if _outside(unit):
                return _Miss(TOO_SMALL, unit)
            point = self.evaluate(np.clip(unit, 0.0, 1.0))
            if point is None:
                return _Miss(NOT_FINITE)
            size, gradient = abs(point.value), point.gradient
            determinant = gradient[0] * row[1] - gradient[1] * row[0]
            if not gradient.any():
                return _Miss(TOO_SMALL)
            if size <= self.tolerance:
                return point
            if size > 0.5 * last or abs(determinant) < max(size, _PARALLEL * math.hypot(*gradient)):
                return _Miss(TOO_SMALL)  # not converging, or a move longer than the box, or no angle to the constraint
            last, gap = size, level - row @ point.unit
            move = [-point.value * row[1] - gradient[1] * gap, gradient[0] * gap + point.value * row[0]]
            unit = point.unit + np.array(move) / determinant
        return _Miss(TOO_SMALL)

    def branch(self, start: _Point, watch: Callable[[int], object]) -> Branch:
        """The whole branch through a point, in the direction of its tangent."""
        watch(1)
        first = self.max_step / 2
        ahead, last = self.walk(start, start, 1, [], first, self.max_points, watch)
        behind, begin = [start], last
        if last != CLOSED:
            chord = math.hypot(*(ahead[1].unit - start.unit)) if len(ahead) > 1 else 0.0
            previous = ahead[1 : 1 + _MEMORY] if chord >= first else []
            room = self.max_points - len(ahead) + 1
            step = max(chord, first)
            behind, begin = self.walk(start, ahead[-1], -1, previous, step, room, lambda n: watch(n + len(ahead) - 1))
        points = behind[:0:-1] + ahead
        self.polylines.append(np.array([point.unit for point in points] + [points[-1].unit]))
        closed = begin == CLOSED
        return self.assemble(points, closed, (begin, CLOSED if closed else last))

    def walk(
        self,
        start: _Point,
        goal: _Point,
        sign: int,
        previous: Sequence[_Point],
        step: float,
        room: int,
        watch: Callable[[int], object],
    ) -> tuple[list[_Point], str]:
        """Points from `start` to where the curve ends in one direction, and the reason of that end.

        Args:
            start: A point on the curve.
            goal: The curve is closed when it arrives here.
            sign: 1 to go along the tangent, -1 to go against it.
            previous: The points before the start, nearest first, if there are any.
            step: Length of the first step.
            room: Most points to return.
            watch: Told the number of points.
        """
        points, reason, rejected = [start], TOO_SMALL, False
        while True:
            here = points[-1]
            tangent = sign * here.tangent
            if (edge := _leaving(here.unit, tangent)) is not None:
                return points, edge
            path = _predictor(here, previous, sign)
            if len(points) >= 4 and _arrives(goal, here, path, tangent, step):
                return [*points, goal], CLOSED
            if len(points) >= room:
                return points, LIMIT
            if step < self.min_step:
                return points, reason
            before = self.calls
            trial = self.attempt(here, path, sign, step)
            if not trial.good or isinstance(trial.found, _Miss):
                reason = trial.found.reason if isinstance(trial.found, _Miss) else TOO_SMALL
                step, rejected = trial.length / 2, True
                continue
            found = trial.found
            if trial.edge is not None and (found.unit == here.unit).all():
                return points, trial.edge
            points.append(found)
            watch(len(points))
            if trial.edge is not None:
                return points, trial.edge
            if (joined := self.traced(found.unit, found.tangent)) is not None:
                return points, f"joins branch {joined}"
            corrections = self.calls - before - 1
            growth = _GROWTH[corrections] if corrections < len(_GROWTH) else _SHRINK
            growth = min(growth, _GOOD_TURN / max(_turn(here, found), 1e-3), 1.0 if rejected else math.inf)
            step = min(max(step * max(growth, _SHRINK), self.min_step), self.max_step)
            previous, reason, rejected = [here, *previous][:_MEMORY], TOO_SMALL, False

    def attempt(self, here: _Point, path: Callable[[float], np.ndarray], sign: int, step: float) -> _Trial:
        """One step: to the target inside the box, or to the edge that the path crosses first."""
        tangent = sign * here.tangent
        target = path(step)
        if not _outside(target):
            found = self.correct(target, tangent, float(tangent @ here.unit) + step)
            if isinstance(found, _Point):
                return _Trial(found, _follows(here, found, tangent, target, step / 2), step, None)
            if found.outside is None:
                return _Trial(found, False, step, None)
            path = _straight(here.unit, (found.outside - here.unit) / step)
        length, pinned, side = _exit(path, step)
        row = np.array([1.0, 0.0] if side < 2 else [0.0, 1.0])
        found = self.correct(pinned, row, float(side % 2))
        good = isinstance(found, _Point) and _follows(here, found, tangent, pinned, step)
        return _Trial(found, good, min(length, step), EDGES[side])

    def assemble(self, points: list[_Point], closed: bool, ends: tuple[str, str]) -> Branch:
        """The branch through points in their order."""
        gradients = np.array([point.gradient for point in points]) / self.span
        vertical = gradients[:, 1] == 0
        with np.errstate(over="ignore"):
            slopes = np.where(vertical, np.inf, -gradients[:, 0] / np.where(vertical, 1.0, gradients[:, 1]))
        return Branch(
            points=np.array([point.natural for point in points]),
            slopes=slopes,
            residuals=np.array([abs(point.value) for point in points]),
            closed=closed,
            ends=ends,
            folds=_folds(np.array([point.tangent[0] for point in points]), closed),
        )


def _outside(unit: np.ndarray) -> bool:
    return bool((unit < -_SLACK).any() or (unit > 1 + _SLACK).any())


def _beyond(unit: np.ndarray) -> np.ndarray:
    """How far a point is beyond each edge, in the order of `EDGES`."""
    return np.array([-unit[0], unit[0] - 1, -unit[1], unit[1] - 1])


def _leaving(unit: np.ndarray, direction: np.ndarray) -> str | None:
    """The edge a point lies on and is about to leave through."""
    outward = np.array([-direction[0], direction[0], -direction[1], direction[1]])
    leaving = (_beyond(unit) == 0) & (outward > 1e-9)
    return EDGES[int(np.argmax(leaving * outward))] if leaving.any() else None


def _exit(path: Callable[[float], np.ndarray], length: float) -> tuple[float, np.ndarray, int]:
    """Where a path from the unit square to a point outside leaves it: length, point on the edge, index of the edge."""
    inside, outside = 0.0, length
    for _ in range(50):
        middle = (inside + outside) / 2
        if _outside(path(middle)):
            outside = middle
        else:
            inside = middle
    side = int(np.argmax(_beyond(path(outside))))
    pinned = np.clip(path(inside), 0.0, 1.0)
    pinned[side // 2] = side % 2
    return inside, pinned, side


def _newton_move(point: _Point) -> np.ndarray | None:
    """The shortest move to F = 0 to first order that stays on an edge it would leave; None if there is none."""
    free = np.ones(2, dtype=bool)
    for _ in range(2):
        gradient = np.where(free, point.gradient, 0.0)
        norm = math.hypot(*gradient)
        if norm == 0:
            return None
        move = -math.copysign(min(abs(point.value) / norm, _SEED_STEP), point.value) * (gradient / norm)
        stuck = ((point.unit == 0) & (move < 0)) | ((point.unit == 1) & (move > 0))
        if not stuck.any():
            return move
        free &= ~stuck
    return None


def _predictor(here: _Point, previous: Sequence[_Point], sign: int) -> Callable[[float], np.ndarray]:
    """The curve ahead as a function of the distance along the tangent.

    In the frame of the tangent the curve is n(s) with n(0) = n'(0) = 0; the polynomial of that form through the
    previous points (nearest first) with their slopes gives the offset. Points around a bend, and all before them, are
    left out.
    """
    tangent = sign * here.tangent
    normal = np.array([-tangent[1], tangent[0]])
    known: list[tuple[float, float, float]] = []
    nearest = 0.0
    for point in previous:
        back, direction = point.unit - here.unit, sign * point.tangent
        s, ahead = float(tangent @ back), float(tangent @ direction)
        if s >= 1.05 * nearest or ahead <= 0.5:
            break
        known.append((s, float(normal @ back), float(normal @ direction) / ahead))
        nearest = s
    if not known:
        return _straight(here.unit, tangent)
    unit = -nearest
    powers = np.arange(2, 2 + 2 * len(known))
    s, n, slope = np.array(known).T
    rows = np.concatenate([(s[:, None] / unit) ** powers, powers * (s[:, None] / unit) ** (powers - 1)])
    coefficients = np.linalg.solve(rows, np.concatenate([n, slope * unit]))

    def path(length: float) -> np.ndarray:
        return here.unit + length * tangent + float(coefficients @ (length / unit) ** powers) * normal

    return path


def _straight(start: np.ndarray, direction: np.ndarray) -> Callable[[float], np.ndarray]:
    """A straight path."""
    return lambda length: start + length * direction


def _turn(here: _Point, there: _Point) -> float:
    """Angle between the tangents of two points, radians."""
    one, two = here.tangent, there.tangent
    return abs(math.atan2(one[0] * two[1] - one[1] * two[0], one @ two))


def _follows(here: _Point, found: _Point, tangent: np.ndarray, target: np.ndarray, reach: float) -> bool:
    """Whether a corrected point is the continuation of the curve: near where it was sought, ahead, without a jump."""
    near = math.hypot(*(found.unit - target)) <= reach
    return bool(near and tangent @ (found.unit - here.unit) >= -_SLACK and _turn(here, found) <= _MAX_TURN)


def _arrives(goal: _Point, here: _Point, path: Callable[[float], np.ndarray], tangent: np.ndarray, step: float) -> bool:
    """Whether the next step would pass through the goal in the direction in which the curve runs there."""
    along = float(tangent @ (goal.unit - here.unit))
    if not 0 < along <= 1.05 * step or _turn(here, goal) > _MAX_TURN:
        return False
    return math.hypot(*(goal.unit - path(along))) <= 0.1 * step


def _folds(direction: np.ndarray, closed: bool) -> np.ndarray:
    """Indices i with a change of sign of `direction` between i and i + 1; zeros take the sign before them."""
    sign = np.where(np.abs(direction) > 1e-9, np.sign(direction), 0.0)
    known = np.flatnonzero(sign)
    if not len(known):
        return np.zeros(0, dtype=np.int64)
    filled = sign.copy()
    last = sign[known[-1]] if closed else sign[known[0]]
    for k, value in enumerate(sign):
        last = value if value != 0 else last
        filled[k] = last
    return np.flatnonzero(filled[:-1] * filled[1:] < 0)


def _check(
    box: Box,
    seeds: np.ndarray,
    tolerance: float,
    max_step: float,
    min_step: float,
    max_points: int,
    separation: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Refuse what makes no sense; the lower and the upper corner of the box."""
    edges = np.asarray(box, dtype=np.float64)
    if edges.shape != (2, 2) or not np.isfinite(edges).all() or (edges[:, 1] <= edges[:, 0]).any():
        raise AnalysisError(f"the box must be ((x0, x1), (y0, y1)), finite, with x0 < x1 and y0 < y1; got {box}")
    if not 0 < tolerance < math.inf:
        raise AnalysisError(f"the tolerance must be positive and finite, got {tolerance}")
    if not 0 < min_step <= max_step / 4 or not max_step <= 0.5:
        raise AnalysisError(
            f"steps must satisfy 0 < min_step <= max_step/4 and max_step <= 0.5, got {min_step} and {max_step}"
        )
    if max_points < 2:
        raise AnalysisError(f"a branch needs at least 2 points, got max_points = {max_points}")
    if not _MAX_TURN * max_step / 8 < separation < math.inf:
        raise AnalysisError(
            f"the separation must exceed what a polyline can miss, {_MAX_TURN * max_step / 8:.2g}, got {separation}"
        )
    if seeds.size and (seeds.ndim != 2 or seeds.shape[1] != 2):
        raise AnalysisError(f"seeds must have shape [seeds, 2], got {seeds.shape}")
    low, high = edges[:, 0], edges[:, 1]
    for seed in seeds:
        if not np.isfinite(seed).all() or _outside((seed - low) / (high - low)):
            raise AnalysisError(f"the seed {tuple(seed.tolist())} is not in the box {box}")
    return low, high

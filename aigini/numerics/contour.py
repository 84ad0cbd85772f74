"""The zero set of a smooth function of two variables: contours of a spline, whose points Newton's method makes exact.

A grid of values gives a bicubic spline, and the zero contours of the spline show which curves there are. Points are
taken along them, closer where they bend, and Newton's method with the exact gradient of the function moves each across
the contour onto its zero; a point on an edge of the box moves along that edge. A contour that the function does not
follow, because a point stays away from zero or leads to another curve, is cut there, and says so. Curves that turn
back within one cell of the grid do not show on it.

Source: `contourpy` for the contours of the spline.
"""

import itertools
import math

import contourpy
import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import distance_transform_edt

from aigini.errors import AnalysisError
from aigini.numerics.level_set import CLOSED, Branch, LevelSet, LostSeed
from aigini.numerics.newton import NO_CONVERGENCE, NO_GRADIENT, Box, Function, Point

EDGES = ("edge x0", "edge x1", "edge y0", "edge y1")

_PER_CELL = 8  # points of the finer grid on which the spline is contoured
_FEWEST = 128  # of them along an axis
_TURN = 0.35  # radians that a contour turns at most between neighbouring points
_STEP = 1e-6  # share of the box, of differences that give gradients of the spline
_GAP = 1e-4  # share of the box within which the end of a curve inside it is located
_SAME = 1e-9  # share of the box within which points are one
_ZERO = 1e-9  # of the largest value, by which exact zeros on the grid are moved to one side


def zero_contours(
    value_and_gradient: Function,
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    *,
    tolerance: float = 1e-10,
    spacing: float = 0.05,
) -> LevelSet:
    """Find the curves on which F is zero in the box of a grid.

    No point outside the box is evaluated. Where a curve leaves the box, its last point is a zero on the edge and has
    the coordinate of the edge exactly. Where F is not finite on the grid the contours are continued into the gap, and
    the curve ends where F itself ceases to be finite, to 1e-4 of the box.

    Args:
        value_and_gradient: F and its exact gradient, natural units; it may return values that are not finite.
        x: Grid of x, increasing, ``[nx]``.
        y: Grid of y, increasing, ``[ny]``.
        values: F on the grid, ``[nx, ny]``; some may not be finite.
        tolerance: Largest accepted size of F, in units of F.
        spacing: Longest distance of neighbouring points, as a share of the box.

    Returns:
        The curves, and contours of the spline that are none of the function.

    Raises:
        AnalysisError: if shapes do not agree, a grid is not finite and increasing, no value is finite, a setting makes
            no sense, or the function returns something that is not a number and a gradient ``[2]``. Errors raised by
            the function itself pass through.
    """
    _check(x, y, values, tolerance, spacing)
    box = Box(value_and_gradient, np.array([x[0], y[0]]), np.array([x[-1], y[-1]]), tolerance)
    branches: list[Branch] = []
    lost: list[LostSeed] = []
    finite = np.isfinite(values)
    if not values[finite].any():
        return LevelSet((), (LostSeed((float(x[0]), float(y[0])), NO_GRADIENT),))
    grid = ((x - x[0]) / (x[-1] - x[0]), (y - y[0]) / (y[-1] - y[0]))
    spline = _spline(grid[0], grid[1], values)
    for line in _contours(grid[0], grid[1], spline):
        nearest = [np.abs(axis[:, None] - line[:, k]).argmin(axis=0) for k, axis in enumerate(grid)]
        if not finite[nearest[0], nearest[1]].any():
            continue  # all of it lies where the function has no values
        contour = _Contour(line, spline, box, spacing, float(max(np.diff(axis).max() for axis in grid)))
        curves = contour.curves()
        branches += curves
        if not curves:
            where, why = contour.failure()
            lost.append(LostSeed((float(where[0]), float(where[1])), why))
    return LevelSet(tuple(branches), tuple(lost))


class _Contour:
    """One contour of the spline and the zeros of the function along it."""

    def __init__(self, line: np.ndarray, spline: RectBivariateSpline, box: Box, spacing: float, cell: float) -> None:
        self._line, self._spline, self._box, self._cell = line, spline, box, cell
        self._closed = bool((line[0] == line[-1]).all())
        lengths = np.hypot(*np.diff(line, axis=0).T)
        slopes = self._across(line)
        turns = np.abs(np.diff(np.unwrap(np.arctan2(slopes[:, 1], slopes[:, 0]))))
        self._along = np.concatenate([[0.0], np.cumsum(lengths)])
        effort = np.concatenate([[0.0], np.cumsum(np.maximum(lengths / spacing, turns / _TURN))])
        count = max(math.ceil(effort[-1]), 4 if self._closed else 1)
        self._at = np.interp(np.linspace(0.0, effort[-1], count + 1), effort, self._along)
        if self._closed:
            self._at = self._at[:-1]
        self._zeros = [self._zero(at) for at in self._at]

    def _across(self, points: np.ndarray) -> np.ndarray:
        """Gradients of the spline, ``[points, 2]``."""
        sides = [(points + step, points - step) for step in np.eye(2) * _STEP]
        return np.stack([self._spline.ev(*up.T) - self._spline.ev(*down.T) for up, down in sides], axis=1) / (2 * _STEP)

    def _guess(self, at: float) -> tuple[np.ndarray, np.ndarray]:
        """The zero of the spline at a distance along the contour, and the gradient of the spline there."""
        unit = np.array([np.interp(at, self._along, column) for column in self._line.T])
        free = (unit > 0) & (unit < 1)
        across = np.where(free, self._across(unit[None])[0], 0.0)
        # Contours are straight between the points of the finer grid; one step takes off what they miss.
        step = float(self._spline.ev(*unit)) / max(float(across @ across), 1e-300) * across
        if np.abs(step).max() < self._cell / _PER_CELL:
            unit = np.clip(unit - step, 0.0, 1.0)
        return unit, self._across(unit[None])[0]

    def _zero(self, at: float) -> Point | str:
        """The zero of the function beside the contour at a distance along it."""
        return self._box.newton(*self._guess(at), self._cell)

    def failure(self) -> tuple[np.ndarray, str]:
        """The middle of a contour that led to no zero, natural units, and why."""
        middle = len(self._at) // 2
        unit, _ = self._guess(float(self._at[middle]))
        reason = self._zeros[middle]
        return self._box.natural(unit), reason if isinstance(reason, str) else NO_CONVERGENCE

    def curves(self) -> list[Branch]:
        """The stretches of the contour on which the function has zeros."""
        at, zeros = self._at.tolist(), list(self._zeros)
        if self._closed:
            missing = [k for k, zero in enumerate(zeros) if isinstance(zero, str)]
            if not missing:
                return [self._branch([zero for zero in zeros if isinstance(zero, Point)], (CLOSED, CLOSED))]
            turn = missing[0]
            at, zeros = at[turn:] + at[: turn + 1], zeros[turn:] + zeros[: turn + 1]
        branches: list[Branch] = []
        points: list[Point] = []
        begin = ""
        for k, zero in enumerate(zeros):
            if isinstance(zero, str):
                if points:
                    points += self._towards(points[-1], at[k])
                    branches.append(self._branch(points, (begin, zero)))
                    points = []
                begin = zero
            else:
                if not points and begin:
                    points = self._towards(zero, at[k - 1])[::-1]
                points.append(zero)
        if points:
            branches.append(self._branch(points, (begin, "")))
        return branches

    def _towards(self, good: Point, bad: float) -> list[Point]:
        """Zeros from one on the curve towards a place that has none, up to where they cease, by halves."""
        away = self._guess(bad)[0] - good.unit
        length, ahead = float(np.hypot(*away)), math.copysign(1.0, away @ good.tangent)
        points: list[Point] = []
        while length > _GAP:
            length /= 2
            start = np.clip(good.unit + ahead * length * good.tangent, 0.0, 1.0)
            zero = self._box.newton(start, good.gradient, length)
            if isinstance(zero, Point):
                good = zero
                points.append(zero)
        return points

    def _branch(self, points: list[Point], reasons: tuple[str, str]) -> Branch:
        """A curve through points in order, larger values of the function on its right; ends "" are edges of the box."""
        closed = reasons[0] == CLOSED
        apart = [np.abs(b.unit - a.unit).max() > _SAME for a, b in itertools.pairwise(points)]
        points = points[:1] + [point for point, new in zip(points[1:], apart, strict=True) if new]
        if not closed:
            reasons = (reasons[0] or _edge(points[:2]), reasons[1] or _edge(points[:-3:-1]))
        if sum(float((b.unit - a.unit) @ a.tangent) for a, b in itertools.pairwise(points)) < 0:
            points, reasons = points[::-1], (reasons[1], reasons[0])
        if closed:
            points = [*points, points[0]]
        gradients = np.array([point.gradient for point in points]) / (self._box.high - self._box.low)
        vertical = gradients[:, 1] == 0
        with np.errstate(over="ignore"):
            slopes = np.where(vertical, np.inf, -gradients[:, 0] / np.where(vertical, 1.0, gradients[:, 1]))
        return Branch(
            points=np.array([point.natural for point in points]),
            slopes=slopes,
            residuals=np.array([abs(point.value) for point in points]),
            closed=closed,
            ends=reasons,
            folds=_folds(np.array([point.tangent[0] for point in points])),
        )


def _edge(points: list[Point]) -> str:
    """The edge through which a curve leaves the box at the first of its last points, or that it stops before."""
    outward = points[0].unit - points[-1].unit
    leaving = {
        name: sign * outward[k]
        for name, k, end, sign in zip(EDGES, (0, 0, 1, 1), (0, 1, 0, 1), (-1, 1, -1, 1), strict=True)
        if points[0].unit[k] == end
    }
    return max(leaving, key=lambda name: leaving[name], default=NO_CONVERGENCE)


def _spline(x: np.ndarray, y: np.ndarray, values: np.ndarray) -> RectBivariateSpline:
    """A bicubic spline through values on the unit square; gaps take the value nearest to them, zeros a side."""
    known = np.isfinite(values)
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = values[tuple(nearest)]  # pyright: ignore
    largest = np.abs(filled).max()
    filled = filled / largest
    side = -1.0 if np.sum(filled > 0) >= np.sum(filled < 0) else 1.0
    filled = np.where(filled == 0, side * _ZERO, filled)
    return RectBivariateSpline(x, y, filled, kx=min(3, len(x) - 1), ky=min(3, len(y) - 1))


def _contours(x: np.ndarray, y: np.ndarray, spline: RectBivariateSpline) -> list[np.ndarray]:
    """Zero contours of a spline on the unit square, each ``[points, 2]``."""
    fine = [np.linspace(0.0, 1.0, max(_PER_CELL * (len(axis) - 1), _FEWEST) + 1) for axis in (x, y)]
    lines = contourpy.contour_generator(fine[0], fine[1], spline(fine[0], fine[1]).T, name="serial").lines(0.0)
    lines = [np.asarray(line, float) for line in lines]
    for line in lines:
        for end in (0.0, 1.0):
            line[np.abs(line - end) < _SAME] = end
    return [line for line in lines if np.ptp(line, axis=0).max() > _SAME]


def _folds(direction: np.ndarray) -> np.ndarray:
    """Indices i with a change of sign of `direction` between i and i + 1; zeros take the sign before them."""
    sign = np.where(np.abs(direction) > 1e-9, np.sign(direction), 0.0)
    if not sign.any():
        return np.zeros(0, dtype=np.int64)
    last = sign[np.flatnonzero(sign)[0]]
    for k, value in enumerate(sign):
        last = sign[k] = value or last
    return np.flatnonzero(sign[:-1] * sign[1:] < 0)


def _check(x: np.ndarray, y: np.ndarray, values: np.ndarray, tolerance: float, spacing: float) -> None:
    """Refuse what makes no sense."""
    if x.ndim != 1 or y.ndim != 1 or values.shape != (x.size, y.size) or min(values.shape) < 2:
        raise AnalysisError(
            f"values must have shape [nx, ny], at least [2, 2], got x {x.shape}, y {y.shape}, values {values.shape}"
        )
    for name, grid in (("x", x), ("y", y)):
        if not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
            raise AnalysisError(f"the grid of {name} must be finite and strictly increasing, got {grid}")
    if not np.isfinite(values).any():
        raise AnalysisError("no value on the grid is finite, so there is no sign to read")
    if not 0 < tolerance < math.inf:
        raise AnalysisError(f"the tolerance must be positive and finite, got {tolerance}")
    if not 0 < spacing <= 0.5:
        raise AnalysisError(f"the spacing of points must be a share of the box up to 0.5, got {spacing}")

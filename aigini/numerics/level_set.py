"""The zero set of a function of two variables: its curves, and values read off them."""

import dataclasses
from typing import Literal

import numpy as np
from scipy.optimize import brentq

CLOSED = "closed"
"""The end of a branch that returns to its start."""


@dataclasses.dataclass(frozen=True)
class Branch:
    """One connected curve of the zero set, its points in order.

    Attributes:
        points: Points on the curve, natural units, ``[n, 2]``; a closed branch repeats its first point at the end.
        slopes: dy/dx at the points by the implicit function theorem, y units per x unit, ``[n]``; infinite (``inf``)
            where the curve is vertical.
        residuals: |F| at the points, none above the tolerance, ``[n]``.
        closed: True if the branch is a closed curve.
        ends: Reasons for its ends, before the first and after the last point: an edge of the box (``edge x0``,
            ``edge x1``, ``edge y0``, ``edge y1``), ``closed``, ``value not finite``, ``gradient is zero`` or
            ``no convergence``; files of earlier versions also hold ``step too small``, ``limit of points`` and
            ``joins branch k``.
        folds: Indices i such that the direction of x turns between point i and point i + 1, ``[folds]``.
    """

    points: np.ndarray
    slopes: np.ndarray
    residuals: np.ndarray
    closed: bool
    ends: tuple[str, str]
    folds: np.ndarray

    def between(self, k: int, share: np.ndarray) -> np.ndarray:
        """Points between point k and point k + 1: a cubic through both with their slopes (Hermite).

        Args:
            k: Index of the point before.
            share: Where to look, 0 at point k and 1 at point k + 1, ``[m]``.

        Returns:
            Points in natural units, ``[m, 2]``.
        """
        size = np.ptp(self.points, axis=0)
        size = np.where(size > 0, size, 1.0)
        start, end = self.points[k] / size, self.points[k + 1] / size
        chord = end - start
        # Directions at both ends, as long as the chord and along it: slopes have no sign of their own.
        slope = self.slopes[k : k + 2]
        steep = np.isinf(slope)
        along = np.stack([np.where(steep, 0.0, size[1]), np.where(steep, 1.0, np.where(steep, 0.0, slope) * size[0])])
        along = along / np.hypot(*along) * np.hypot(*chord)
        first, last = (np.where(chord @ side < 0, -1.0, 1.0) * side for side in along.T)
        t = share[:, None]
        curve = (
            (1 + 2 * t) * (1 - t) ** 2 * start
            + t * (1 - t) ** 2 * first
            + t**2 * (3 - 2 * t) * end
            - t**2 * (1 - t) * last
        )
        return curve * size

    def curve(self, count: int = 8) -> np.ndarray:
        """The branch as a smooth line, natural units, ``[points, 2]``.

        Args:
            count: Points for each of its own.
        """
        share = np.arange(count) / count
        parts = [self.between(k, share) for k in range(len(self.points) - 1)]
        return np.concatenate([*parts, self.points[-1:]])

    def __str__(self) -> str:
        (x_low, y_low), (x_high, y_high) = self.points.min(axis=0), self.points.max(axis=0)
        count = "1 point" if len(self.points) == 1 else f"{len(self.points)} points"
        shape = CLOSED if self.closed else f"from {self.ends[0]} to {self.ends[1]}"
        folds = "".join(f", fold near ({x:.4g}, {y:.4g})" for x, y in self.points[self.folds])
        return (
            f"{count}, {shape}, x {x_low:.4g} to {x_high:.4g}, y {y_low:.4g} to {y_high:.4g}{folds},"
            f" largest residual {self.residuals.max():.1e}"
        )


@dataclasses.dataclass(frozen=True)
class LostSeed:
    """A guess of a curve that led to no zero of the function.

    Attributes:
        point: A point of the guess, natural units.
        reason: ``gradient is zero``, ``value not finite``, or ``no convergence``.
    """

    point: tuple[float, float]
    reason: str


@dataclasses.dataclass(frozen=True)
class LevelSet:
    """The zero set of a function in a box.

    Attributes:
        branches: Its connected curves.
        lost: Guesses of curves that led to none.
    """

    branches: tuple[Branch, ...]
    lost: tuple[LostSeed, ...]

    def __str__(self) -> str:
        lines = [f"branch {index}: {branch}" for index, branch in enumerate(self.branches)]
        lines += [f"lost seed ({seed.point[0]:.6g}, {seed.point[1]:.6g}): {seed.reason}" for seed in self.lost]
        return "\n".join(lines or ["no branch: the function does not change sign on the grid"])


def crossing(branch: Branch, axis: Literal["x", "y"], value: float) -> np.ndarray:
    """Crossings of a branch with the line x = value or y = value, by cubics between its points, see `Branch.between`.

    Points of the branch on the line count themselves, each once.

    Args:
        branch: The branch.
        axis: The coordinate that is fixed.
        value: Its value, natural units.

    Returns:
        The crossings in the order along the branch, natural units, ``[crossings, 2]``; empty if there is none.
    """
    column = ("x", "y").index(axis)
    points = branch.points[:-1] if branch.closed and branch.points[-1, column] == value else branch.points
    away = points[:, column] - value
    crossings: list[np.ndarray] = []
    for k, here in enumerate(away):
        if here == 0:
            crossings.append(points[k])
        elif k + 1 < len(away) and here * np.sign(away[k + 1]) < 0:
            share = brentq(lambda at, k=k: float(branch.between(k, np.array([at]))[0, column]) - value, 0.0, 1.0)
            at = branch.between(k, np.array([share]))[0]
            at[column] = value
            crossings.append(at)
    return np.array(crossings).reshape(-1, 2)

"""Newton's method for zeros of a function of two variables in a box, with its exact gradient."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aigini.errors import AnalysisError

Function = Callable[[np.ndarray], tuple[npt.ArrayLike, npt.ArrayLike]]
"""F and its gradient ``[2]`` at a point ``[2]``, natural units."""

NOT_FINITE = "value not finite"
NO_CONVERGENCE = "no convergence"
NO_GRADIENT = "gradient is zero"

_CALLS = 8  # evaluations to bring one point to zero


@dataclasses.dataclass(frozen=True)
class Point:
    """A point where F is finite: its position and gradient in the unit square, its position in natural units."""

    unit: np.ndarray
    natural: np.ndarray
    value: float
    gradient: np.ndarray

    @property
    def tangent(self) -> np.ndarray:
        """The gradient turned left by 90 degrees, of length 1."""
        return np.array([-self.gradient[1], self.gradient[0]]) / math.hypot(*self.gradient)


@dataclasses.dataclass(frozen=True)
class Box:
    """The function with its box scaled to the unit square, so that both axes matter alike whatever their units."""

    function: Function
    low: np.ndarray
    high: np.ndarray
    tolerance: float

    def natural(self, unit: np.ndarray) -> np.ndarray:
        """A point of the unit square in natural units."""
        return np.clip(self.low * (1 - unit) + self.high * unit, self.low, self.high)

    def evaluate(self, unit: np.ndarray) -> Point | None:
        """F at a point of the unit square; None if it is not finite."""
        natural = self.natural(unit)
        value, gradient = self.function(natural.copy())
        value, gradient = np.asarray(value, dtype=np.float64), np.asarray(gradient, dtype=np.float64)
        if value.size != 1 or gradient.shape != (2,):
            raise AnalysisError(
                "value_and_gradient must return a number and a gradient [2], got shapes"
                f" {value.shape} and {gradient.shape}"
            )
        with np.errstate(over="ignore"):
            scaled = gradient * (self.high - self.low)
        if not (np.isfinite(value).all() and np.isfinite(scaled).all()):
            return None
        return Point(unit, natural, float(value.item()), scaled)

    @np.errstate(over="ignore", invalid="ignore")
    def newton(self, start: np.ndarray, across: np.ndarray, reach: float) -> Point | str:
        """The zero near a point, by the shortest moves that stay in the box; or the reason why there is none.

        Args:
            start: Where to begin, unit square; on an edge, the zero is sought along this edge.
            across: Direction in which F should grow there.
            reach: Longest distance from the start.
        """
        unit, free = start, (start > 0) & (start < 1)
        for _ in range(_CALLS):
            point = self.evaluate(unit)
            if point is None:
                return NOT_FINITE
            if not point.gradient.any():
                return NO_GRADIENT
            if abs(point.value) <= self.tolerance:
                return point if point.gradient @ across > 0 else NO_CONVERGENCE
            gradient = np.where(free, point.gradient, 0.0)
            square = float(gradient @ gradient)
            if square == 0:
                return NO_GRADIENT
            target = point.unit - point.value / square * gradient
            if not np.isfinite(target).all() or np.abs(target - start).max() > reach:
                return NO_CONVERGENCE
            unit = np.clip(target, 0.0, 1.0)
            if (unit != target).any():  # it goes on along the edge that it ran into
                free = unit == target
        return NO_CONVERGENCE

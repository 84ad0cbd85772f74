"""The loop of rising and falling: the state that the economy settles in when a parameter moves slowly up, then down.

Paths of the map are monotone, so that from any V it settles at the next fixed point in the direction of F(V) - V. With
all fixed points certified the loop is exact: no path is iterated.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from aigini.dynamics.bifurcation_result import Fold, Jump, Loop
from aigini.dynamics.fixed_points import FixedPoints

_COUNT = 81
_BESIDE = 1e-9
"""Share of the interval beside a fold at which the states before and after a jump are taken."""
_ON = 1e-9
_NEAR = 0.05
"""Distance in log V from a fold within which the state that vanishes there lies just before it."""


def settled(points: FixedPoints, variance: float) -> float:
    """The long-run V that the map leads to; infinite where it leads above the interval that was searched.

    Args:
        points: All fixed points of the map.
        variance: V at the start.
    """
    at = points.points
    on = np.flatnonzero(np.abs(at - variance) <= _ON * variance)
    if len(on):
        return float(at[on[0]])
    below, above = at[at < variance], at[at > variance]
    # The signs of F(V) - V: positive below the first point, and turning at every one that is crossed.
    stable_below = bool(points.stable[len(below) - 1]) if len(below) else False
    rises = not len(below) or not stable_below
    if rises:
        return float(above[0]) if len(above) else math.inf
    return float(below[-1])


def hysteresis_loop(
    certified: Callable[[float], FixedPoints],
    between: tuple[float, float],
    folds: Sequence[Fold],
    start: Callable[[float], float],
) -> Loop:
    """The loop over an interval of the parameter, from the end at which the economy settles at the lower V.

    Args:
        certified: All fixed points at a value of the parameter.
        between: The interval.
        folds: Folds on it.
        start: V before anything settles, at a value of the parameter.
    """
    low, high = between
    shift = _BESIDE * (high - low)
    beside = [fold.value + side * shift for fold in folds for side in (-1, 1)]
    grid = np.unique([*np.linspace(low, high, _COUNT), *(value for value in beside if low < value < high)])
    points = [certified(float(value)) for value in grid]
    jumps: list[Jump] = []

    def swept(v: float, way: int) -> np.ndarray:
        states = np.empty(len(grid))
        for k in range(len(grid))[::way]:
            earlier, v = v, settled(points[k], v if math.isfinite(v) else points[k].upper)
            states[k] = v
            jumps.extend(
                Jump(fold.value, way, fold.variance, v if math.isfinite(v) else None, fold.ends)
                for fold in folds
                if fold.opens == -way and math.isclose(float(grid[k]), fold.value + way * shift, abs_tol=shift / 2)
                # The state just before was beside the fold, and it is not any more.
                if abs(math.log(earlier / fold.variance)) < _NEAR
                and abs(math.log(v / fold.variance)) > 2 * abs(math.log(earlier / fold.variance))
            )
        return states

    settle = settled(points[0], start(low)), settled(points[-1], start(high))
    first = 1 if settle[0] <= settle[1] else -1
    there = swept(start(low if first > 0 else high), first)
    back = swept(float(there[::first][-1]), -first)
    finite = [np.where(np.isfinite(states), states, np.nan) for states in (there, back)]
    return Loop(value=grid, first=first, there=finite[0], back=finite[1], jumps=jumps)

"""The zero nearest to a point on a line, of a smooth function that is expensive to evaluate.

A scan gives values at trial points. Between neighbours of opposite sign there is a zero, which Newton's method finds
within that bracket. Between neighbours of the same sign there may be two: slopes that lead from both towards zero show
that the function turns between them. The turn is followed until the function crosses zero, or its tangents show that it
does not.
"""

import math
from collections.abc import Callable

import numpy as np

from aigini.errors import AnalysisError

Look = Callable[[float], tuple[float, float]]
"""Value and slope of the function at a point of the line; not finite where there is none."""

_EXACT = 1e-13  # value that counts as zero in a search
_NEWTON = 40  # evaluations of one search of a zero
_TURNS = 8  # evaluations of one search of a turn
_CONSTANT = 1e-9  # spread, relative to the size, of values that differ by rounding only
_INSIDE = 0.05  # share of a bracket that its ends keep clear of


def nearest_zero(at: np.ndarray, values: np.ndarray, look: Look, accept: float) -> tuple[float, float] | None:
    """The zero nearest to 0 as far as trial points show it, and the value there; None if there is none.

    A pair of zeros between two trial points is found if the function turns once between them and one of the two has
    the smallest size of its neighbourhood.

    Args:
        at: Trial points, increasing, 0 among them, ``[n]``.
        values: The function there; one that is not finite says nothing, ``[n]``.
        look: The function with its slope.
        accept: Largest size of the function at what counts as a zero, so that a jump across zero is none.

    Raises:
        AnalysisError: if shapes differ, or the points do not increase or leave out 0.
    """
    if at.shape != values.shape or at.ndim != 1 or (np.diff(at) <= 0).any() or not (at == 0).any():
        raise AnalysisError(f"trial points must increase, include 0 and have a value each, got {at} and {values}.")
    known: dict[float, tuple[float, float]] = {}

    def see(x: float) -> tuple[float, float]:
        if x not in known:
            known[x] = look(x)
        return known[x]

    finite = values[np.isfinite(values)]
    moves = bool(np.ptp(finite) > _CONSTANT * np.abs(finite).max()) if finite.size else False
    nearness = np.minimum(np.abs(at[:-1]), np.abs(at[1:]))
    best: tuple[float, float] | None = None
    for k in np.argsort(nearness, kind="stable").tolist():
        if best is not None and nearness[k] >= abs(best[0]):
            break
        left, right = (float(at[k]), float(values[k])), (float(at[k + 1]), float(values[k + 1]))
        if not (math.isfinite(left[1]) and math.isfinite(right[1])):
            continue
        if left[1] * right[1] > 0:
            may_turn = moves and (_low(values, k) or _low(values, k + 1))
            turn = _turn(see, left[0], right[0]) if may_turn else None
            if turn is None:
                continue
            left, right = (left, turn) if abs(left[0]) < abs(right[0]) else (turn, right)
        zero = _zero(see, left, right)
        if zero is not None and abs(zero[1]) <= accept and (best is None or abs(zero[0]) < abs(best[0])):
            best = zero
    return best


def _low(values: np.ndarray, k: int) -> bool:
    """True if a value is no further from zero than its neighbours are on its own side."""
    sign = np.sign(values[k])
    return all(not sign * values[other] < sign * values[k] for other in (k - 1, k + 1) if 0 <= other < len(values))


def _turn(see: Look, left: float, right: float) -> tuple[float, float] | None:
    """A point between two of the same sign where the function has the other one, and its value."""
    (high, down), (low, up) = see(left), see(right)
    sign = math.copysign(1.0, high)
    for _ in range(_TURNS):
        if not (math.isfinite(down) and math.isfinite(up) and sign * down < 0 < sign * up):
            return None
        crossing = (low - high + down * left - up * right) / (down - up)
        if sign * (high + down * (crossing - left)) > 0:
            return None  # a function that bends one way lies beyond its tangents
        width = right - left
        point = left + min(max(down / (down - up), _INSIDE), 1 - _INSIDE) * width
        value, slope = see(point)
        if not (math.isfinite(value) and math.isfinite(slope)):
            return None
        if sign * value <= 0:
            return point, value
        if sign * slope < 0:
            left, high, down = point, value, slope
        else:
            right, low, up = point, value, slope
    return None


def _zero(see: Look, left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float] | None:
    """The zero between two points of opposite sign by Newton's method, by halves where that leads nowhere."""
    (a, high), (b, low) = left, right
    if high == 0 or low == 0:
        return left if high == 0 else right
    best: tuple[float, float] | None = None
    x, last = a + high / (high - low) * (b - a), math.inf
    for _ in range(_NEWTON):
        value, slope = see(x)
        if not (math.isfinite(value) and math.isfinite(slope)):
            return best
        if best is None or abs(value) < abs(best[1]):
            best = (x, value)
        if abs(value) <= _EXACT:
            break
        if value * high > 0:
            a = x
        else:
            b = x
        further = x - value / slope if slope else math.nan
        x = further if a < further < b and abs(value) <= last / 2 else (a + b) / 2
        last = abs(value)
        if not a < x < b:
            break
    return best

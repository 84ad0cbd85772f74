"""Roots of a function that is cheapest to evaluate at many points at once."""

from collections.abc import Callable

import numpy as np

_POINTS = 32  # of a round, evaluated together
_ROUNDS = 3


def first_root(many: Callable[[np.ndarray], np.ndarray], points: np.ndarray, values: np.ndarray) -> float | None:
    """The first root between neighbouring points of opposite sign, or None.

    The bracket is divided by 31 in each round, until a straight line is exact to rounding.

    Args:
        many: The function at several points, ``[points] -> [points]``.
        points: Where it is known, in order, ``[points]``.
        values: Its values there; those that are not finite bracket nothing.
    """
    for _ in range(_ROUNDS):
        at = _bracket(values)
        if at is None:
            return None
        points = np.linspace(points[at], points[at + 1], _POINTS)
        values = many(points)
    at = _bracket(values)
    if at is None:
        return None
    left, right = values[at], values[at + 1]
    share = left / (left - right) if left != right else 0.0
    return float(points[at] + share * (points[at + 1] - points[at]))


def _bracket(values: np.ndarray) -> int | None:
    brackets = np.flatnonzero(values[:-1] * values[1:] <= 0)
    return int(brackets[0]) if len(brackets) else None

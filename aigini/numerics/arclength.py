"""A curve of solutions of n equations in n + 1 unknowns, followed by pseudo-arclength continuation.

From a point of the curve a step is taken along its tangent, and Newton's method brings the prediction back across the
tangent, so that the curve may turn back in any unknown. A step that turns the tangent too far, that Newton's method
does not bring back, or that lands far from its prediction is halved. The curve is followed both ways, to the edges of a
box or until it closes.

Source: H. B. Keller, Numerical solution of bifurcation and nonlinear eigenvalue problems (1977).
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from aigini.errors import AnalysisError

System = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""The equations at a point ``[n + 1]``: their values ``[n]`` and exact Jacobian ``[n, n + 1]``."""

_SMALLEST = 1e-9
_TURN = 0.985
"""Smallest cosine between neighbouring tangents."""
_NEWTON = 8
_MOST = 20_000


@dataclasses.dataclass(frozen=True)
class Curve:
    """Points along a curve.

    Attributes:
        points: ``[points, n + 1]``, in order.
        tangents: Unit tangents in that order, ``[points, n + 1]``.
        closed: True if the last point leads on to the first.
        ends: Why it ends there, at the first and at the last point: ``"edge"``, ``"closed"`` or ``"stopped"``.
    """

    points: np.ndarray
    tangents: np.ndarray
    closed: bool
    ends: tuple[str, str]


def solution_curve(
    system: System,
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    step: float = 0.03,
    tolerance: float = 1e-12,
) -> Curve:
    """The curve through a point, inside a box.

    Args:
        system: The equations, in unknowns scaled so that the box is of order one.
        start: A point of the curve, or close to it, in the box.
        low: Lower edges of the box.
        high: Upper edges.
        step: Longest step.
        tolerance: Last step of Newton's method, at most.

    Raises:
        AnalysisError: if there is no point of the curve near the start.
    """
    if not ((low <= start) & (start <= high)).all():
        raise AnalysisError("continuation: the starting point is outside the box; start inside it.")
    here, way = _onto(system, start, tolerance)
    forward, closed, end = _follow(system, here, way, low, high, step, tolerance)
    if closed:
        points, tangents = zip(*forward, strict=True)
        return Curve(np.array(points), np.array(tangents), True, ("closed", "closed"))
    backward, _, other_end = _follow(system, here, -way, low, high, step, tolerance)
    whole = [(point, -tangent) for point, tangent in backward[:0:-1]] + forward
    points, tangents = zip(*whole, strict=True)
    return Curve(np.array(points), np.array(tangents), False, (other_end, end))


def tangent_of(jacobian: np.ndarray) -> np.ndarray:
    """The unit vector that the Jacobian ``[n, n + 1]`` maps to zero."""
    return np.linalg.svd(jacobian)[2][-1]


def _onto(system: System, start: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    here = start.copy()
    for _ in range(4 * _NEWTON):
        value, jacobian = system(here)
        move = -np.linalg.lstsq(jacobian, value, rcond=None)[0]
        here = here + move
        if np.abs(move).max() <= tolerance:
            return here, tangent_of(jacobian)
    raise AnalysisError("continuation: there is no solution near the starting point; start from one.")


def _corrected(
    system: System, guess: np.ndarray, way: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The solution across the direction `way` from a guess, and its Jacobian; None without convergence."""
    here = guess.copy()
    for _ in range(_NEWTON):
        value, jacobian = system(here)
        across = np.append(value, way @ (here - guess))
        matrix = np.vstack([jacobian, way])
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) == 0:
            return None
        move = -np.linalg.solve(matrix, across)
        here = here + move
        if np.abs(move).max() <= tolerance:
            return here, system(here)[1]
    return None


def _follow(
    system: System,
    start: np.ndarray,
    way: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    step: float,
    tolerance: float,
) -> tuple[list[tuple[np.ndarray, np.ndarray]], bool, str]:
    """Points and tangents one way, whether the curve closed, and why it ends."""
    line = [(start, way)]
    length, travelled = step / 4, 0.0
    while len(line) < _MOST:
        here, tangent = line[-1]
        answer = _stepped(system, here, tangent, length, tolerance)
        if answer is None:
            length /= 2
            if length < _SMALLEST:
                return line, False, "stopped"
            continue
        point, following = answer
        if ((point < low) | (point > high)).any():
            edge = _on_edge(system, here, point, low, high, tolerance)
            if edge is None:
                length /= 2
                if length < _SMALLEST:
                    return line, False, "edge"
                continue
            return [*line, (edge, following)], False, "edge"
        travelled += length
        near = float(np.linalg.norm(point - start))
        if travelled > 4 * step and near < length and float(following @ way) > _TURN and (point - start) @ way >= 0:
            return line, True, "closed"
        line.append((point, following))
        if float(following @ tangent) > (1 + _TURN) / 2:
            length = min(1.5 * length, step)
    return line, False, "stopped"


def _stepped(
    system: System, here: np.ndarray, tangent: np.ndarray, length: float, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The next point and its tangent; None where the step is too long."""
    guess = here + length * tangent
    answer = _corrected(system, guess, tangent, tolerance)
    if answer is None or np.abs(answer[0] - guess).max() >= length / 2:
        return None
    following = tangent_of(answer[1])
    following = following if following @ tangent > 0 else -following
    return (answer[0], following) if float(following @ tangent) > _TURN else None


def _on_edge(
    system: System, inside: np.ndarray, outside: np.ndarray, low: np.ndarray, high: np.ndarray, tolerance: float
) -> np.ndarray | None:
    """The point at which the curve leaves the box between two of its points; None if it is not between them."""
    beyond = np.maximum(low - outside, outside - high)
    which = int(np.argmax(beyond))
    wall = float(low[which] if outside[which] < low[which] else high[which])
    span = outside[which] - inside[which]
    share = (wall - inside[which]) / span if span else 0.0
    here = inside + share * (outside - inside)
    here[which] = wall
    others = [k for k in range(len(here)) if k != which]
    for _ in range(_NEWTON):
        value, jacobian = system(here)
        if abs(np.linalg.det(jacobian[:, others])) == 0:
            return None
        move = -np.linalg.solve(jacobian[:, others], value)
        here[others] += move
        if np.abs(move).max() <= tolerance:
            away = np.abs(here - inside).max() > 2 * np.abs(outside - inside).max()
            return None if away or ((here < low) | (here > high)).any() else here
    return None


def solved(system: System, start: np.ndarray, tolerance: float = 1e-13) -> np.ndarray | None:
    """A solution of as many equations as unknowns, by Newton's method; None without convergence.

    Args:
        system: Values ``[n]`` and Jacobian ``[n, n]`` at a point ``[n]``.
        start: First guess.
        tolerance: Last step, relative to the size of the point, at most.
    """
    here = start.copy()
    for _ in range(3 * _NEWTON):
        value, jacobian = system(here)
        if not np.isfinite(jacobian).all() or abs(np.linalg.det(jacobian)) == 0:
            return None
        move = -np.linalg.solve(jacobian, value)
        here = here + move
        if np.abs(move).max() <= tolerance * max(1.0, float(np.abs(here).max())):
            return here
    return None

"""Weighted least squares on an exact Jacobian: the one engine of every estimation and re-estimation.

The objective (m(θ) - m̂)' W (m(θ) - m̂), with W = L L', is lowered by trust-region moves on the unconstrained scales of
the parameters, where a move is a change in logs or log odds. Each move minimises the length of the linearised residual
L'(m(θ) - m̂) among all moves no longer than a radius. It comes from the singular values of L'J and never from J'WJ,
which would square the condition number. A move is taken if the objective falls, and the radius follows from how well
the linearisation foretold the fall.

The next move depends on nothing but the point and the radius, so a search that was cut off goes on with the same bits.

Source: Nocedal and Wright, Numerical Optimization (2006), algorithm 4.1 and section 10.3.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from aigini.errors import AnalysisError
from aigini.estimation.convergence import REACH, bounded_step, fall, remaining_step
from aigini.parameter_space import ParameterSpace

FIRST_RADIUS = 1.0
"""Longest first move, in logs or log odds."""

_ROUNDING = 100.0
"""Times the tolerance: a Gauss-Newton step that is shorter, and that a move has not halved, is rounding."""


@dataclasses.dataclass(frozen=True)
class LeastSquaresSettings:
    """Conditions under which a search ends.

    Attributes:
        steps: Most moves.
        block: Moves between progress reports and checkpoints of a calibration; no result depends on it.
        tolerance: Largest change of a parameter in a Gauss-Newton step, in logs or log odds, that is the last one; it
            is still made.
        share: Part of the length of the residual that moves of at most `REACH` could still remove, to first order,
            below which a search has reached a minimum.
    """

    steps: int = 120
    block: int = 5
    tolerance: float = 1e-7
    share: float = 1e-6


class Point(NamedTuple):
    """Moments at a point, and the residual linearised there.

    Attributes:
        coordinates: The point in the coordinates that are searched, ``[moves]``.
        natural: Free parameters, ``[free]``.
        moments: Targeted moments, ``[moments]``.
        jacobian: dm/dθ in natural parameters along the tie, ``[moments, free]``.
        residual: L'(m(θ) - m̂), ``[moments]``.
        slope: Its derivatives in the coordinates, ``[moments, moves]``.
        more: Other arrays that were evaluated there.
    """

    coordinates: np.ndarray
    natural: np.ndarray
    moments: np.ndarray
    jacobian: np.ndarray
    residual: np.ndarray
    slope: np.ndarray
    more: tuple[np.ndarray, ...] = ()

    @property
    def objective(self) -> float:
        """The squared length of the residual; infinite where it is not a number."""
        value = float(self.residual @ self.residual)
        return value if math.isfinite(value) and np.all(np.isfinite(self.slope)) else math.inf


def _anywhere(natural: np.ndarray) -> bool:
    return True


@dataclasses.dataclass(frozen=True)
class Objective:
    """The distance of an economy's moments from their targets, as a function of coordinates of the free parameters.

    Attributes:
        evaluate: Moments ``[moments]``, their Jacobian along the tie ``[moments, free]``, and more arrays that go into
            `Point.more`, at natural values ``[free]``; it may raise `AnalysisError` where there are none.
        space: Free parameters and bounds.
        target: m̂, ``[moments]``.
        root: L with W = L L', ``[moments, moments]``.
        origin: Unconstrained point at coordinates zero, ``[free]``; zero by default.
        basis: Unconstrained move of each coordinate, in columns, ``[free, moves]``; the free parameters by default.
        admits: True for natural values in the parameter space; searches go nowhere else.
    """

    evaluate: Callable[[np.ndarray], tuple[np.ndarray, ...]]
    space: ParameterSpace
    target: np.ndarray
    root: np.ndarray
    origin: np.ndarray | None = None
    basis: np.ndarray | None = None
    admits: Callable[[np.ndarray], bool] = _anywhere

    def theta(self, coordinates: np.ndarray) -> np.ndarray:
        """The unconstrained point at some coordinates, ``[free]``."""
        moved = coordinates if self.basis is None else self.basis @ coordinates
        return moved if self.origin is None else self.origin + moved

    def at(self, coordinates: np.ndarray) -> Point:
        """The economy evaluated at some coordinates.

        Raises:
            AnalysisError: if it has no finite outcomes there.
        """
        theta = self.theta(coordinates)
        natural = self.space.natural_at(theta)
        moments, jacobian, *more = self.evaluate(natural)
        slope = self.root.T @ jacobian * self.space.stretch(theta)
        slope = slope if self.basis is None else slope @ self.basis
        residual = self.root.T @ (moments - self.target)
        return Point(coordinates, natural, moments, jacobian, residual, slope, tuple(more))

    def reached(self, coordinates: np.ndarray) -> Point | None:
        """The point at the end of a move; None where the objective is not finite or the parameters are not allowed."""
        if not self.admits(self.space.natural_at(self.theta(coordinates))):
            return None
        try:
            point = self.at(coordinates)
        except AnalysisError:
            return None
        return point if math.isfinite(point.objective) else None


class Search(NamedTuple):
    """A search between two moves, or several of them with a leading axis everywhere.

    Attributes:
        point: The best point so far.
        radius: Longest next move.
        ended: True once it has converged, to the tolerances or to rounding, or can go no further.
    """

    point: Point
    radius: Any
    ended: Any


def begin(objective: Objective, coordinates: np.ndarray) -> Search:
    """The search before its first move.

    It has ended where the objective is not finite, and where parameters are not allowed, which has no objective.

    Raises:
        AnalysisError: if the economy has no finite outcomes there.
    """
    point = objective.at(coordinates)
    if not objective.admits(point.natural):
        point = point._replace(residual=np.full_like(point.residual, np.nan))
    return Search(point, FIRST_RADIUS, not math.isfinite(point.objective))


def advance(objective: Objective, search: Search, settings: LeastSquaresSettings) -> Search:
    """The search after one more move, which is one evaluation of the economy; as it is if it has ended."""
    here, radius, ended = search
    if ended:
        return search
    step = bounded_step(here.residual, here.slope, REACH)
    if not fall(here.residual, here.slope, step) > settings.share**2 * here.objective:
        return Search(here, radius, ended=True)
    newton = remaining_step(here.residual, here.slope)
    last, near = newton <= settings.tolerance, newton <= _ROUNDING * settings.tolerance
    step = step if np.linalg.norm(step) <= radius else bounded_step(here.residual, here.slope, radius)
    length, foretold = float(np.linalg.norm(step)), fall(here.residual, here.slope, step)
    there = objective.reached(here.coordinates + step)
    # Near a minimum of a long residual a short move foretells a fall that is rounding, or none.
    gain = -math.inf if there is None or not foretold > 0 else (here.objective - there.objective) / foretold
    if there is None or not gain > 0:
        return Search(here, length / 4, ended=last or near or length / 4 <= settings.tolerance)
    if gain < 0.25:
        radius = length / 4
    elif gain > 0.75 and length > 0.99 * radius:
        radius = min(2 * radius, REACH)
    return Search(there, radius, ended=last or (near and remaining_step(there.residual, there.slope) > newton / 2))


def minimise(objective: Objective, search: Search, settings: LeastSquaresSettings) -> Search:
    """The search when it ends, or when its moves are used up and `Search.ended` is false."""
    for _ in range(settings.steps):
        search = advance(objective, search, settings)
    return search

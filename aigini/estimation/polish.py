"""Second stage: Levenberg-Marquardt on the exact Jacobian with optimistix, from every start.

The stage runs in rounds of `ROUND` moves. A round depends on nothing but the points it starts from and their damping,
and its length is a constant: how often progress is shown or saved changes nothing, and a run that was interrupted and
resumed goes on exactly as it would have.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from jaxtyping import Array, Bool, Float

from aigini.estimation.convergence import remaining_step
from aigini.estimation.problem import Problem

ROUND = 5
"""Moves in a round."""


class PolishSettings(eqx.Module):
    """Settings of the second stage.

    Attributes:
        steps: Levenberg-Marquardt moves altogether, in whole rounds.
        block: Moves between progress reports and checkpoints, in whole rounds; no result depends on it.
        tolerance: Largest change of a parameter in the next Gauss-Newton step, in logs or log odds, at which a start
            has converged.
    """

    steps: int = eqx.field(static=True, default=120)
    block: int = eqx.field(static=True, default=5)
    tolerance: float = eqx.field(static=True, default=1e-7)

    @property
    def rounds(self) -> int:
        """Rounds altogether."""
        return -(-self.steps // ROUND)

    @property
    def rounds_of_block(self) -> int:
        """Rounds between progress reports and checkpoints."""
        return -(-self.block // ROUND)


# optimistix starts every round with damping 1 in (J'J + λI). Scaling residuals, and so J, by c over the largest column
# of J makes that 1/c² of the largest curvature, whatever the units of the weights, without moving the optimum: a large
# c for nearly undamped steps, a smaller one where a round of those was rejected.
SCALE = 1000.0
_SMALLEST_SCALE = 1.0
_FACTOR = 10.0

_PROGRESS = 1e-12  # relative fall of the objective in a round that is more than rounding

# Workers in float32 have moments with rounding of their own: a step that is this many times the tolerance, and that a
# whole round has not halved, is rounding.
_ROUNDING = 100.0


class Linearised(NamedTuple):
    """The problem linearised at a point of each start.

    Attributes:
        natural: Free parameters, ``[starts, free]``.
        moments: Targeted moments, ``[starts, moments]``.
        jacobian: dm/dθ in natural parameters along the tie, ``[starts, moments, free]``.
        stretch: Derivative of each natural in its unconstrained parameter, ``[starts, free]``.
    """

    natural: np.ndarray
    moments: np.ndarray
    jacobian: np.ndarray
    stretch: np.ndarray

    def residual(self, problem: Problem) -> np.ndarray:
        """Weighted misfit, ``[starts, moments]``."""
        return (self.moments - np.asarray(problem.target)) @ np.asarray(problem.root)

    def slope(self, problem: Problem) -> np.ndarray:
        """Its derivatives in unconstrained parameters, ``[starts, moments, free]``."""
        return np.asarray(problem.root).T @ self.jacobian * self.stretch[:, None, :]

    def objective(self, problem: Problem) -> np.ndarray:
        """Objective, infinite where it is not a number, ``[starts]``."""
        value = np.sum(self.residual(problem) ** 2, axis=1)
        return np.where(np.isfinite(value), value, np.inf)

    def step(self, problem: Problem) -> np.ndarray:
        """Largest change of a parameter in the next Gauss-Newton step, in logs or log odds, ``[starts]``."""
        pairs = zip(self.residual(problem), self.slope(problem), strict=True)
        return np.array([remaining_step(residual, slope) for residual, slope in pairs])


def linearise(problem: Problem, points: Float[Array, "starts free"]) -> Linearised:
    """Moments and Jacobian at unconstrained points, ``[starts, free]``."""
    return Linearised(*(np.asarray(part) for part in _linearise(problem, points)))


@jax.jit
def _linearise(problem: Problem, points: Float[Array, "starts free"]) -> tuple[Array, Array, Array, Array]:
    def one(point: Array) -> tuple[Array, Array, Array, Array]:
        natural, stretch = jax.jvp(problem.space.natural, (point,), (jnp.ones_like(point),))  # each coordinate alone
        return natural, *problem.moments_and_jacobian(natural), stretch

    return jax.lax.map(one, points)


def with_jacobian(
    function: Callable[[Array], Array], value_and_jacobian: Callable[[Array], tuple[Array, Array]]
) -> Callable[[Array], Array]:
    """`function`, with its Jacobian computed as a matrix wherever it is linearised.

    optimistix linearises in forward mode; here each of its products is one with that matrix.
    """
    wrapped = jax.custom_jvp(function)

    @wrapped.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        value, matrix = value_and_jacobian(*primals)
        return value, matrix @ tangents[0]

    return wrapped


@jax.jit
def polish(
    problem: Problem,
    points: Float[Array, "starts free"],
    scale: Float[Array, "starts"],
    done: Bool[Array, "starts"],
) -> Float[Array, "starts free"]:
    """One round on all starts.

    Only steps that reduce the objective are accepted, and a start that is done does not move. `scale` multiplies the
    residuals.
    """
    solver = optx.LevenbergMarquardt(rtol=1e-12, atol=1e-12)

    def solve(point: Array, scale: Array) -> Array:
        def value_and_jacobian(y: Array) -> tuple[Array, Array]:
            value, matrix = problem.residual_and_jacobian(y)
            return scale * value, scale * matrix

        residual = with_jacobian(lambda y: scale * problem.residual(y), value_and_jacobian)
        # The first of optimistix's steps evaluates the starting point and makes no move.
        solution = optx.least_squares(lambda y, _: residual(y), solver, point, max_steps=ROUND + 1, throw=False)
        return solution.value

    # One start after the other: batched, every start would pay for both branches of every accepted or rejected step,
    # and compilation takes several times as long.
    return jax.lax.map(
        lambda start: jax.lax.cond(start[2], lambda: start[0], lambda: solve(*start[:2])), (points, scale, done)
    )


def residual_scale(problem: Problem, before: Linearised, scale: np.ndarray) -> np.ndarray:
    """Factor of the residuals in a round, so that damping is 1/scale² of the curvature, ``[starts]``."""
    largest = np.linalg.norm(before.slope(problem), axis=1).max(axis=1)
    return scale / np.where(np.isfinite(largest) & (largest > 0), largest, 1.0)


def judge(
    before: np.ndarray,
    after: np.ndarray,
    step_before: np.ndarray,
    step: np.ndarray,
    scale: np.ndarray,
    tolerance: float,
) -> tuple[np.ndarray, np.ndarray]:
    """After a round: which starts are done, and with which scale the others go on.

    A start is done when it has converged, to the tolerance or to rounding, when it has failed for good, or when it
    makes no progress any more. A round without progress is not yet that: all its steps may have been too long. Such a
    start goes on with more damping, and is done when even the most damped, gradient-like steps improve nothing. Whether
    the point is a minimum is not judged here.

    Args:
        before: Objective before the round, ``[starts]``.
        after: Objective after it, ``[starts]``.
        step_before: Largest change of a parameter in the next Gauss-Newton step before the round, ``[starts]``.
        step: The same after it, ``[starts]``.
        scale: Scale of the round, ``[starts]``.
        tolerance: Step at which a start has converged.
    """
    improved = after < before * (1 - _PROGRESS)
    rounding = (step <= _ROUNDING * tolerance) & (step > step_before / 2)
    done = (step <= tolerance) | rounding | ~np.isfinite(after) | (~improved & (scale <= _SMALLEST_SCALE))
    return done, np.where(improved, np.minimum(scale * _FACTOR, SCALE), np.maximum(scale / _FACTOR, _SMALLEST_SCALE))

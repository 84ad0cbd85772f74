"""Second stage: Levenberg-Marquardt on the exact Jacobian with optimistix, from every start.

The stage runs in rounds of a few steps. A round depends on nothing but the points it starts from, so a run that was
interrupted and resumed at a round goes on exactly as it would have.
"""

import functools
from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np
import optimistix as optx
from jaxtyping import Array, Bool, Float

from aigini.estimation.problem import Problem


class PolishSettings(eqx.Module):
    """How the second stage polishes.

    Attributes:
        steps: Levenberg-Marquardt steps altogether.
        block: Steps in a round.
        tolerance: Relative fall of the objective over a round below which a start has converged.
    """

    steps: int = eqx.field(static=True, default=120)
    block: int = eqx.field(static=True, default=6)
    tolerance: float = eqx.field(static=True, default=1e-6)


# optimistix starts every round with damping 1 in (J'J + λI). Scaling residuals by c makes that 1/c² without moving the
# optimum: a large c for nearly undamped steps, a smaller one where a round of those was rejected.
SCALE = 100.0
_SMALLEST_SCALE = 0.1
_FACTOR = 10.0

_ZERO = 1e-12  # squared standard errors: every target met to a millionth of its s.e.


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


@functools.partial(jax.jit, static_argnames="settings")
def polish(
    problem: Problem,
    settings: PolishSettings,
    points: Float[Array, "starts free"],
    scale: Float[Array, "starts"],
    done: Bool[Array, "starts"],
) -> Float[Array, "starts free"]:
    """One round on all starts.

    Only steps that reduce the objective are accepted, and a start that is done does not move.
    """
    solver = optx.LevenbergMarquardt(rtol=1e-12, atol=1e-12)

    def solve(point: Array, scale: Array) -> Array:
        def value_and_jacobian(y: Array) -> tuple[Array, Array]:
            value, matrix = problem.residual_and_jacobian(y)
            return scale * value, scale * matrix

        residual = with_jacobian(lambda y: scale * problem.residual(y), value_and_jacobian)
        solution = optx.least_squares(lambda y, _: residual(y), solver, point, max_steps=settings.block, throw=False)
        return solution.value

    # One start after the other: batched, every start would pay for both branches of every accepted or rejected step,
    # and compilation takes several times as long.
    return jax.lax.map(
        lambda start: jax.lax.cond(start[2], lambda: start[0], lambda: solve(*start[:2])), (points, scale, done)
    )


def judge(before: np.ndarray, after: np.ndarray, scale: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """After a round: which starts have converged, and with which scale the others go on.

    A round without progress is not yet convergence: all its steps may have been too long. Such a start goes on with
    more damping, and has converged when even the most damped, gradient-like steps improve nothing.
    """
    over = (after < _ZERO) | ~np.isfinite(after)  # met, or failed for good
    improved = before > after * (1 + tolerance)
    converged = over | (~improved & (scale <= _SMALLEST_SCALE))
    return converged, np.where(
        improved, np.minimum(scale * _FACTOR, SCALE), np.maximum(scale / _FACTOR, _SMALLEST_SCALE)
    )


def objectives(problem: Problem, points: Float[Array, "starts free"]) -> np.ndarray:
    """Objective at each point, infinite where it is not a number, ``[starts]``."""
    values = np.asarray(_objectives(problem, points))
    return np.where(np.isfinite(values), values, np.inf)


@jax.jit
def _objectives(problem: Problem, points: Float[Array, "starts free"]) -> Float[Array, "starts"]:
    return jax.lax.map(problem.objective, points)

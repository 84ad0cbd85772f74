"""Second stage: Levenberg-Marquardt on the exact Jacobian with optimistix, on all starts at once.

The stage runs in rounds of a few steps. A round depends on nothing but the points it starts from, so a run that was
interrupted and resumed at a round goes on exactly as it would have.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
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

    steps: int = eqx.field(static=True, default=48)
    block: int = eqx.field(static=True, default=6)
    tolerance: float = eqx.field(static=True, default=1e-9)


# optimistix starts with damping 1 in (J'J + λI); scaling residuals by c makes it 1/c², small against the weakest
# direction of the baseline, so that a round starts with nearly undamped steps. The optimum does not depend on it.
_RESIDUAL_SCALE = 100.0

_ZERO = 1e-12  # squared standard errors: every target met to a millionth of its s.e.


@functools.partial(jax.jit, static_argnames="settings")
def polish(
    problem: Problem,
    settings: PolishSettings,
    points: Float[Array, "starts free"],
    done: Bool[Array, "starts"],
) -> Float[Array, "starts free"]:
    """One round on all starts.

    Only steps that reduce the objective are accepted, and a start that is done does not move.
    """
    solver = optx.LevenbergMarquardt(rtol=settings.tolerance, atol=settings.tolerance)

    def one(point: Array, done: Array) -> Array:
        solution = optx.least_squares(
            lambda y, problem: _RESIDUAL_SCALE * problem.residual(y),
            solver,
            point,
            problem,
            max_steps=settings.block,
            throw=False,
        )
        return jnp.where(done, point, solution.value)

    return jax.vmap(one)(points, done)


def settled(before: np.ndarray, after: np.ndarray, tolerance: float) -> np.ndarray:
    """Starts that a round no longer improves: at zero up to rounding, or by less than `tolerance` relative."""
    return (after < _ZERO) | (before - after <= tolerance * after)


@jax.jit
def objectives(problem: Problem, points: Float[Array, "starts free"]) -> Float[Array, "starts"]:
    """Objective at each point."""
    return jax.lax.map(problem.objective, points)

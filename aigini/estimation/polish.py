"""Second stage: Levenberg-Marquardt on the exact Jacobian with optimistix, on all starts at once.

The stage runs in rounds of a few steps. A round depends on nothing but the points it starts from, so a run that was
interrupted and resumed at a round goes on exactly as it would have.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Bool, Float

from aigini.estimation.problem import Problem


class PolishSettings(eqx.Module):
    """How the second stage polishes.

    Attributes:
        steps: Levenberg-Marquardt steps altogether.
        block: Steps in a round.
        tolerance: Relative and absolute change of point and objective at which a start has converged.
    """

    steps: int = eqx.field(static=True, default=48)
    block: int = eqx.field(static=True, default=6)
    tolerance: float = eqx.field(static=True, default=1e-9)


@functools.partial(jax.jit, static_argnames="settings")
def polish(
    problem: Problem,
    settings: PolishSettings,
    points: Float[Array, "starts free"],
    done: Bool[Array, "starts"],
) -> tuple[Float[Array, "starts free"], Float[Array, "starts"], Bool[Array, "starts"]]:
    """One round on all starts; returns points, objectives and which starts have converged.

    A start never leaves a round with a larger objective than it entered; one that is done does not move.
    """
    solver = optx.LevenbergMarquardt(rtol=settings.tolerance, atol=settings.tolerance)

    def one(point: Array, done: Array) -> tuple[Array, Array, Array]:
        solution = optx.least_squares(
            lambda y, problem: problem.residual(y),
            solver,
            point,
            problem,
            max_steps=settings.block,
            throw=False,
        )
        before, after = problem.objective(point), problem.objective(solution.value)
        better = after < before
        keep = done | ~better
        return (
            jnp.where(keep, point, solution.value),
            jnp.where(keep, before, after),
            done | (solution.result == optx.RESULTS.successful),
        )

    return jax.vmap(one)(points, done)

"""First stage: gradient descent with optax from all starts."""

import dataclasses
import functools
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from aigini.estimation.problem import Problem
from aigini.runtime.memory import in_groups, usual_number

Optimizer = Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]


class DescentSettings(eqx.Module):
    """Settings of the first stage; hashable, so that they are part of the compiled program.

    Attributes:
        optimizer: Name of an optax optimiser.
        learning_rate: Peak step in unconstrained space, where parameters move by logs or log odds.
        steps: Iterations of the cosine schedule.
        block: Iterations between progress reports and checkpoints; no result depends on it.
        tolerance: Objective below which a start needs no more descent: the second stage converges from there, in fewer
            evaluations.
    """

    optimizer: Optimizer = eqx.field(static=True, default="adam")
    learning_rate: float = eqx.field(static=True, default=0.1)
    steps: int = eqx.field(static=True, default=40)
    block: int = eqx.field(static=True, default=5)
    tolerance: float = eqx.field(static=True, default=1.0)

    def transformation(self) -> optax.GradientTransformation:
        """The optax transformation: cosine decay to a hundredth of the peak; steps that are not finite are skipped."""
        schedule = optax.cosine_decay_schedule(self.learning_rate, max(self.steps, 1), alpha=0.01)
        return optax.apply_if_finite(getattr(optax, self.optimizer)(schedule), max_consecutive_errors=self.steps + 1)


class DescentState(eqx.Module):
    """Position of each start, and the best it has passed; leading axis ``[starts]`` everywhere.

    Attributes:
        point: Unconstrained point.
        optimizer: State of the optimiser.
        best_point: Point of the smallest objective so far.
        best: That objective.
    """

    point: Float[Array, "starts free"]
    optimizer: optax.OptState
    best_point: Float[Array, "starts free"]
    best: Float[Array, "starts"]


def begin(settings: DescentSettings, points: Float[Array, "starts free"]) -> DescentState:
    """State before the first iteration."""
    state = DescentState(
        point=points,
        optimizer=jax.vmap(settings.transformation().init)(points),
        best_point=points,
        best=jnp.full(points.shape[0], jnp.inf),
    )
    # Weakly typed leaves would make the second block of iterations a different program from the first.
    return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), state)


def descend(
    problem: Problem, settings: DescentSettings, state: DescentState, count: int
) -> tuple[DescentState, Float[Array, "steps starts"], Int[Array, ""]]:
    """At most `count` iterations on all starts, fewer where every best objective falls below the tolerance.

    How many iterations are done is data and not part of the program, so blocks of any length do the same arithmetic.
    Starts whose best objective is below the tolerance stay where they are.

    Returns:
        The new state; the best objective so far after each iteration done, infinite in the other rows,
        ``[settings.steps, starts]``; the number of iterations done.
    """
    return _descend(problem, dataclasses.replace(settings, block=1), state, jnp.asarray(count, int))


@functools.partial(jax.jit, static_argnames="settings")
def _descend(
    problem: Problem, settings: DescentSettings, state: DescentState, count: Int[Array, ""]
) -> tuple[DescentState, Float[Array, "steps starts"], Int[Array, ""]]:
    transform = settings.transformation()
    together = usual_number(problem.population.bytes_of_gradient, len(state.best))

    def one(
        point: Array, optimizer: optax.OptState, best_point: Array, best: Array
    ) -> tuple[tuple[Array, optax.OptState, Array, Array], Array]:
        value, gradient = jax.value_and_grad(problem.objective)(point)
        better = value < best
        best_point, best = jnp.where(better, point, best_point), jnp.where(better, value, best)
        with jax.numpy_dtype_promotion("standard"):  # optax mixes its integer counters with floats
            updates, moved = transform.update(gradient, optimizer, point)
        done = best < settings.tolerance
        new_point = jnp.where(done, point, jnp.asarray(optax.apply_updates(point, updates)))
        moved = jax.tree.map(lambda old, new: jnp.where(done, old, new), optimizer, moved)
        return (new_point, moved, best_point, best), best

    def go_on(carry: tuple[DescentState, Array, Array]) -> Array:
        state, _, done = carry
        return (done < count) & jnp.any(~(state.best < settings.tolerance))

    def iterate(carry: tuple[DescentState, Array, Array]) -> tuple[DescentState, Array, Array]:
        state, best_so_far, done = carry
        moved, best = in_groups(one, together)(state.point, state.optimizer, state.best_point, state.best)
        return DescentState(*moved), best_so_far.at[done].set(best), done + 1

    best_so_far = jnp.full((settings.steps, len(state.best)), jnp.inf)
    return jax.lax.while_loop(go_on, iterate, (state, best_so_far, jnp.zeros_like(count)))

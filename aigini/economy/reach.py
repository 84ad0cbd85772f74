"""Reach of AI: the tasks that it can augment at each level (MODEL.md sections 1 and 15.2)."""

import abc
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.mechanism import Mechanism
from aigini.economy.tasks import N_TASKS, TASK_NODES
from aigini.parameters import Parameters, Scalar


def reached_share(params: Parameters, level: Scalar) -> Scalar:
    """s(A) = 1 - (1 - s1)^A, the share of tasks that AI can augment."""
    return -jnp.expm1(level * jnp.log1p(-params.exposed_share))


class Reach(Mechanism):
    """Law of the tasks that AI reaches as it becomes more capable."""

    @abc.abstractmethod
    def exposure(self, params: Parameters, level: Scalar) -> Float[Array, "tasks"]:
        """m(z; A), the part of each task that AI can augment, between 0 and 1.

        Args:
            params: Parameters.
            level: AI level A.
        """


class SkilledFirst(Reach):
    """AI reaches the skill-intensive tasks first: m(z; A) = sigmoid((z - (1 - s(A))) / τ)."""

    def exposure(self, params: Parameters, level: Scalar) -> Float[Array, "tasks"]:
        """m(z; A)."""
        edge = 1 - reached_share(params, level)
        return jax.nn.sigmoid((jnp.asarray(TASK_NODES) - edge) / params.exposure_smoothing)


class UnskilledFirst(Reach):
    """AI reaches the tasks first that need the least skill: m(z; A) = sigmoid(((1 - z) - (1 - s(A))) / τ)."""

    def exposure(self, params: Parameters, level: Scalar) -> Float[Array, "tasks"]:
        """m(z; A)."""
        edge = 1 - reached_share(params, level)
        return jax.nn.sigmoid((jnp.asarray(1 - TASK_NODES) - edge) / params.exposure_smoothing)


class UniformReach(Reach):
    """AI reaches the same part of every task: m(z; A) = s(A)."""

    def exposure(self, params: Parameters, level: Scalar) -> Float[Array, "tasks"]:
        """m(z; A)."""
        return jnp.full(N_TASKS, reached_share(params, level))

    def problems(self, where: str, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """AI that reaches no part of any task after it has come, so that no task is treated."""
        given = {"params.exposed_share": values["exposed_share"], "scenario.A1": levels[1]}
        return super().problems(where, values, levels) + [
            f'{name} = 0 leaves no task that AI reaches with model.reach = "uniform", and so none that m1, m2 and m4'
            f" are about; raise {name} above 0."
            for name, value in given.items()
            if value == 0
        ]


class HeldReach(Reach):
    """AI reaches the tasks that it reaches at one level, whatever its own: m(z; A) = m(z; held_at).

    What AI does as its level rises is then due to its being more capable on the same tasks, and not to new ones.

    Attributes:
        reach: The law of the tasks that it reaches.
        held_at: The level at which that is held.
    """

    reach: Reach = SkilledFirst()
    held_at: float = eqx.field(static=True, default=1.0)

    def exposure(self, params: Parameters, level: Scalar) -> Float[Array, "tasks"]:
        """m(z; held_at)."""
        del level
        return self.reach.exposure(params, jnp.asarray(self.held_at, jnp.float64))

    def problems(self, where: str, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """The problems of the law that is held."""
        return self.reach.problems(where, values, levels)

"""Reach of AI: the tasks that it can augment at each level (MODEL.md section 1)."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.tasks import TASK_NODES
from aigini.parameters import Parameters, Scalar


def reached_share(params: Parameters, level: Scalar) -> Scalar:
    """s(A) = 1 - (1 - s1)^A, the share of tasks that AI can augment."""
    return -jnp.expm1(level * jnp.log1p(-params.exposed_share))


class Reach(eqx.Module):
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

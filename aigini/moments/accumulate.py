"""One pass over agents: outcomes in, sums out.

Every statistic of the package is a function of sums over agents, and this is the only place where agents are summed.
Rows of agents are processed one after the other, so memory does not grow with their number; reverse-mode
differentiation recomputes a row instead of storing it, which makes it a second pass of the same shape.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32

from aigini.economy.workers import Faced, Outcome, in_occupation, outcomes
from aigini.measures.sums import segment_sum
from aigini.parameters import Scalar
from aigini.population.population import N_OCCUPATIONS, Population, Workers

Common = TypeVar("Common")
Own = TypeVar("Own")


class Row(eqx.Module):
    """Workers of one occupation with their outcomes.

    Attributes:
        before: Outcomes before AI.
        after: Outcomes after AI.
        workers: Their draws.
        present: 1 for workers, 0 for padding, ``[workers]``.
    """

    before: Outcome
    after: Outcome
    workers: Workers
    present: Float[Array, "workers"]


def total(values: Float[Array, "workers"], present: Float[Array, "workers"]) -> Scalar:
    """Sum over the workers of a row, accumulated in float64."""
    return jnp.sum((values * present).astype(jnp.float64))


def by_firm(values: Float[Array, "workers"], firm: Int32[Array, "workers"], n_firms: int) -> Float[Array, "firms"]:
    """Sums over the workers of a row by firm, accumulated in float64."""
    return segment_sum(values.astype(jnp.float64), firm, n_firms)


def accumulate(
    summarise: Callable[[Row], tuple[Common, Own]], everyone: Faced, population: Population
) -> tuple[Common, Own]:
    """Sum `summarise` over all rows.

    Args:
        summarise: Maps a row to two pytrees of float64 sums: one added up over the economy, one kept by occupation.
        everyone: What workers face.
        population: The workers.

    Returns:
        The first pytree summed; the second with a leading axis ``[occupations]``.
    """
    width = population.workers.firm.shape[1]

    @jax.checkpoint
    def one_row(everyone: Faced, workers: Workers, occupation: Array, count: Array) -> tuple[Common, Own]:
        own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == occupation).astype(jnp.float64)
        before, after = outcomes(in_occupation(everyone, own, population.dtype), workers)
        present = (jnp.arange(width, dtype=jnp.int32) < count).astype(population.dtype)
        common, kept = summarise(Row(before=before, after=after, workers=workers, present=present))
        return common, jax.tree.map(lambda leaf: jnp.multiply.outer(own, leaf), kept)

    def step(sums: tuple[Common, Own], row: tuple[Workers, Array, Array]) -> tuple[tuple[Common, Own], None]:
        return jax.tree.map(jnp.add, sums, one_row(everyone, *row)), None

    rows = (population.workers, population.occupation, population.count)
    shapes = jax.eval_shape(one_row, everyone, *jax.tree.map(lambda leaf: leaf[0], rows))
    start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    sums, _ = jax.lax.scan(step, start, rows)
    return sums

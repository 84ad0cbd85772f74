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


def by_firm(
    values: Float[Array, "workers"], firm: Int32[Array, "workers"], n_firms: int
) -> Float[Array, "firms"]:
    """Sums over the workers of a row by firm, accumulated in float64."""
    return jax.ops.segment_sum(values.astype(jnp.float64), firm, n_firms)


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
        before, after = outcomes(in_occupation(everyone, occupation, population.dtype), workers)
        present = (jnp.arange(width, dtype=jnp.int32) < count).astype(population.dtype)
        return summarise(Row(before=before, after=after, workers=workers, present=present))

    def step(sums: tuple[Common, Own], row: tuple[Workers, Array, Array]) -> tuple[tuple[Common, Own], None]:
        workers, occupation, count = row
        common, own = one_row(everyone, workers, occupation, count)
        return (
            jax.tree.map(jnp.add, sums[0], common),
            jax.tree.map(lambda whole, part: whole.at[occupation].add(part), sums[1], own),
        ), None

    rows = (population.workers, population.occupation, population.count)
    first = jax.tree.map(lambda leaf: leaf[0], rows)
    common, own = jax.eval_shape(one_row, everyone, *first)
    start = (
        jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), common),
        jax.tree.map(lambda leaf: jnp.zeros((N_OCCUPATIONS, *leaf.shape), leaf.dtype), own),
    )
    sums, _ = jax.lax.scan(step, start, rows)
    return sums

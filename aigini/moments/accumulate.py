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
Sums = TypeVar("Sums")


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


def over_rows(
    function: Callable[[Workers, Float[Array, "occupations"], Float[Array, "workers"]], Sums], population: Population
) -> Sums:
    """Sum a function of (workers, own occupation as an indicator, present) over all rows, one after the other."""
    width = population.workers.firm.shape[1]

    def one_row(workers: Workers, occupation: Array, count: Array) -> Sums:
        own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == occupation).astype(jnp.float64)
        return function(workers, own, (jnp.arange(width, dtype=jnp.int32) < count).astype(population.dtype))

    def step(sums: Sums, row: tuple[Workers, Array, Array]) -> tuple[Sums, None]:
        return jax.tree.map(jnp.add, sums, one_row(*row)), None

    rows = (population.workers, population.occupation, population.count)
    shapes = jax.eval_shape(one_row, *jax.tree.map(lambda leaf: leaf[0], rows))
    start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.lax.scan(step, start, rows)[0]


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

    @jax.checkpoint
    def one_row(workers: Workers, own: Array, present: Array) -> tuple[Common, Own]:
        before, after = outcomes(in_occupation(everyone, own, population.dtype), workers)
        common, kept = summarise(Row(before=before, after=after, workers=workers, present=present))
        return common, jax.tree.map(lambda leaf: jnp.multiply.outer(own, leaf), kept)

    return over_rows(one_row, population)

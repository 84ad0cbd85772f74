"""One pass over agents: outcomes in, sums out.

Every statistic of the package is a function of sums over agents, and this is the only place where agents are summed.
Rows of agents are processed one after the other, so memory does not grow with their number; reverse-mode
differentiation recomputes a row instead of storing it, which makes it a second pass of the same shape.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int32

from aigini.economy.economy import Economy
from aigini.economy.worker_outcome import WorkerOutcome
from aigini.economy.workers import WorkerEnvironment, in_occupation, outcomes
from aigini.parameters import Scalar
from aigini.population.population import Population
from aigini.population.workers import N_OCCUPATIONS, Workers
from aigini.statistics.sums import segment_sum

Common = TypeVar("Common")
Own = TypeVar("Own")
Shared = TypeVar("Shared")
Sums = TypeVar("Sums")


class Row(eqx.Module):
    """Workers of one occupation with their outcomes.

    Attributes:
        outcome: Outcomes before and after AI, each array ``[2, workers]``.
        workers: Their draws.
        present: 1 for workers, 0 for padding, ``[workers]``.
    """

    outcome: WorkerOutcome
    workers: Workers
    present: Float[Array, "workers"]

    @property
    def owners(self) -> Float[Array, "workers"]:
        """Weights of workers where capital income matters, 0 for padding."""
        return self.workers.weight * self.present


def total(values: Float[Array, "workers"], present: Float[Array, "workers"]) -> Scalar:
    """Sum over the workers of a row, accumulated in float64."""
    return jnp.sum((values * present).astype(jnp.float64))


def by_firm(values: Float[Array, "workers"], firm: Int32[Array, "workers"], n_firms: int) -> Float[Array, "firms"]:
    """Sums over the workers of a row by firm, accumulated in float64."""
    return segment_sum(values.astype(jnp.float64), firm, n_firms)


def over_rows(
    function: Callable[[Shared, Workers, Float[Array, "occupations"], Float[Array, "workers"]], Sums],
    shared: Shared,
    population: Population,
) -> Sums:
    """Sum a function of (shared, workers, own occupation as an indicator, present) over rows, one after the other.

    Of several devices each sums its own rows; only their sums travel.
    """
    draws = population.workers
    names = population.mesh.axis_names if population.mesh is not None else ()

    @jax.checkpoint
    def one_row(context: tuple[Shared, Any], row: Any, occupation: Array, count: Array) -> Sums:
        shared, source = context
        own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == occupation).astype(jnp.float64)
        present = (jnp.arange(population.chunk, dtype=jnp.int32) < count).astype(population.dtype)
        return function(shared, source.draw(row), own, present)

    def summed(context: tuple[Shared, Any], rows: tuple[Any, Array, Array]) -> Sums:
        shapes = jax.eval_shape(one_row, context, *jax.tree.map(lambda leaf: leaf[0], rows))
        start = different(jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes))

        def step(sums: Sums, row: tuple[Any, Array, Array]) -> tuple[Sums, None]:
            return jax.tree.map(jnp.add, sums, one_row(context, *row)), None

        return jax.lax.scan(step, start, rows)[0]

    def different(tree: Any) -> Any:
        """The same values, marked as free to become different on each device."""
        return jax.lax.pcast(tree, names, to="varying") if names else tree

    rows = (draws.rows, population.occupation, population.count)
    if population.mesh is None:
        return summed((shared, draws.source), rows)
    together = jax.shard_map(
        lambda context, own: jax.lax.psum(summed(different(context), own), names),
        mesh=population.mesh,
        in_specs=(PartitionSpec(), PartitionSpec(names)),
        out_specs=PartitionSpec(),
    )
    return together((shared, draws.source), rows)


def with_payouts(economy: Economy, population: Population) -> Economy:
    """A solved economy in which policy pays out, per worker, the mean of what it takes; a pass over workers of its own.

    Without policy, the economy itself.
    """
    if economy.environment.intervention is None:
        return economy

    def summarise(row: Row) -> tuple[tuple[Scalar, Float[Array, "2"]], tuple[()]]:
        levy = jax.vmap(lambda values: total(values, row.owners))(row.outcome.levy)
        return (total(jnp.ones_like(row.owners), row.owners), levy), ()

    (n, levy), _ = accumulate(summarise, economy.environment, population)
    return eqx.tree_at(lambda one: one.environment.payouts, economy, levy / n)


def accumulate(
    summarise: Callable[[Row], tuple[Common, Own]], environment: WorkerEnvironment, population: Population
) -> tuple[Common, Own]:
    """Sum `summarise` over all rows.

    Args:
        summarise: Maps a row to two pytrees of float64 sums: one added up over the economy, one kept by occupation.
        environment: The environment of workers.
        population: The workers.

    Returns:
        The first pytree summed; the second with a leading axis ``[occupations]``.
    """

    def one_row(environment: WorkerEnvironment, workers: Workers, own: Array, present: Array) -> tuple[Common, Own]:
        outcome = outcomes(in_occupation(environment, own, population.dtype), workers)
        common, of_occupation = summarise(Row(outcome=outcome, workers=workers, present=present))
        return common, jax.tree.map(lambda leaf: jnp.multiply.outer(own, leaf), of_occupation)

    return over_rows(one_row, environment, population)

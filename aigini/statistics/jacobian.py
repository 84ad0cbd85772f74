"""Exact Jacobians of statistics of the simulated workers, by differentiating from both ends.

A statistic is F(p, S) with sums S = Σ_i s(x_i) over workers whose outcomes x_i depend on the parameters p only through
their environment, f(p): prices and beliefs of their occupation, and capital by firm. Its derivative along
directions d of the parameters is

    dF = ∂F/∂p d + [Σ_i ∂F/∂S ∂s/∂x_i ∂x_i/∂f] [∂f/∂p d].

The first bracket is taken in reverse mode, value by value and only through the sums that the value depends on; the
second in forward mode, without workers. The cost is a second pass over workers, whatever the number of directions.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import Economy
from aigini.economy.workers import WorkerEnvironment, in_occupation, outcomes
from aigini.population.population import Population
from aigini.statistics.accumulate import Row, accumulate, over_rows, with_payouts


class Part(NamedTuple):
    """Some of the sums of a statistic, and the values that depend on them.

    Attributes:
        select: Picks the sums from all of them, (of the economy, by occupation).
        rows: Positions of the values that depend on them.
    """

    select: Callable[[tuple[Any, Any]], Any]
    rows: tuple[int, ...]


@runtime_checkable
class Statistic(Protocol):
    """A statistic of the workers of a solved economy."""

    @property
    def parts(self) -> Sequence["Part"]:
        """Which values depend on which sums; every dependence must be listed."""
        ...

    def summarise(self, row: Row) -> tuple[Any, Any]:
        """Sums over a row of workers: those of the economy, and those kept by occupation."""
        ...

    def finish(self, economy: Economy, sums: tuple[Any, Any]) -> Float[Array, "values"]:
        """The statistic, from the sums over all workers."""
        ...


def evaluate(statistic: Statistic, economy: Economy, population: Population) -> Float[Array, "values"]:
    """The statistic; differentiable by JAX in both modes."""
    paid = with_payouts(economy, population)
    return statistic.finish(paid, accumulate(statistic.summarise, paid.environment, population))


def value_and_jacobian(
    solve: Callable[[Array], Economy],
    of: Callable[[Economy], Statistic],
    population: Population,
    point: Float[Array, "parameters"],
    directions: Float[Array, "directions parameters"],
) -> tuple[Float[Array, "values"], Float[Array, "values directions"]]:
    """A statistic and its derivatives along some directions.

    Args:
        solve: The economy at a point.
        of: The statistic of an economy; what it takes from the economy itself must not need derivatives.
        population: The workers.
        point: Parameters.
        directions: Moves of the parameters.
    """

    def solved(at: Array) -> Economy:
        return with_payouts(solve(at), population)

    economy, moves = jax.vmap(lambda move: jax.jvp(solved, (point,), (move,)), out_axes=(None, 0))(directions)
    statistic = of(economy)
    sums = accumulate(statistic.summarise, economy.environment, population)
    value, pull = jax.vjp(lambda sums: statistic.finish(economy, sums), sums)
    (seeds,) = jax.vmap(pull)(jnp.eye(value.size, dtype=value.dtype))
    direct = jax.vmap(lambda move: jax.jvp(lambda e: statistic.finish(e, sums), (economy,), (move,))[1])(moves)

    def one_row(shared: Any, workers: Any, own: Array, present: Array) -> list[tuple[Array, Array]]:
        statistic, environment, (everywhere, by_occupation), (common, of_occupation) = shared
        own_environment = in_occupation(environment, own, population.dtype)
        tangents = jnp.concatenate([everywhere, jnp.tensordot(by_occupation, own, axes=(1, 0))], axis=1)
        own_seeds = common, jax.tree.map(lambda leaf: jnp.tensordot(leaf, own, axes=(1, 0)), of_occupation)
        by_part = []
        for part in statistic.parts:

            def sums_of(own_environment: WorkerEnvironment, part: Part = part) -> Any:
                row = Row(outcomes(own_environment, workers), workers, present)
                return part.select(statistic.summarise(row))

            _, pull = jax.vjp(sums_of, own_environment)
            rows = jnp.asarray(part.rows)
            (own_cotangents,) = jax.vmap(pull)(jax.tree.map(lambda leaf, rows=rows: leaf[rows], part.select(own_seeds)))
            at_occupation, at_firms = jax.vmap(_split)(own_cotangents)
            # Of the rows of the part alone: there may be as many firms as workers in a row.
            by_part.append((at_occupation @ tangents.T, at_firms))
        return by_part

    tangents = jax.vmap(lambda move: _tangents(move, population.dtype))(moves.environment)
    by_part = over_rows(one_row, (statistic, economy.environment, tangents, seeds), population)
    at_firms, matrix = jax.vmap(_split)(moves.environment)[1].T, direct.T
    for part, (through_workers, firm_cotangents) in zip(statistic.parts, by_part, strict=True):
        matrix = matrix.at[jnp.asarray(part.rows)].add(through_workers + firm_cotangents @ at_firms)
    return value, matrix


def _flat(*parts: Any) -> Float[Array, "all"]:
    # Cast before the product: XLA's CPU backend has no fast one that widens.
    return jnp.concatenate([leaf.reshape(-1).astype(jnp.float64) for leaf in jax.tree.leaves(parts)])


def _split(environment: WorkerEnvironment) -> tuple[Float[Array, "of_occupation"], Float[Array, "of_firms"]]:
    """The environment of workers of one occupation: the part that depends on the occupation, and that on firms."""
    of_occupation = _flat(_everywhere(environment), environment.occupation_score, environment.schedule)
    return of_occupation, environment.intensity.reshape(-1)


def _everywhere(environment: WorkerEnvironment) -> tuple[Any, ...]:
    """The parts that are the same in all occupations, in the order of the fields."""
    return environment.params, environment.mechanisms, environment.intervention, environment.payouts


def _tangents(
    move: WorkerEnvironment, dtype: jnp.dtype
) -> tuple[Float[Array, "everywhere"], Float[Array, "occupations own"]]:
    """Moves of the first part of `_split` in each occupation: those that are the same in all of them, and the others.

    It has the rounding of the workers' precision, in which they see it.
    """
    everywhere = _flat(jax.tree.map(lambda leaf: leaf.astype(dtype), _everywhere(move)))
    schedule = [jnp.moveaxis(leaf, 1, 0) for leaf in jax.tree.leaves(move.schedule)]
    own = [leaf.reshape(leaf.shape[0], -1) for leaf in (move.occupation_score, *schedule)]
    return everywhere, jnp.concatenate(own, axis=1).astype(dtype).astype(jnp.float64)

"""aigini's economy without streaming: all workers at once, the Gini by sorting, derivatives by plain autodiff.

The benchmark's alternative of what one would write in JAX on top of the package's own economy: outcomes of every
worker in memory, sums by `jnp.sum`, incomes ranked by `jnp.sort`, and one call of JAX's autodiff for the Jacobian.
The package itself evaluates workers row by row, takes the Gini from a histogram and differentiates from both ends.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from aigini import Parameters, Population, Scenario
from aigini.economy import firms
from aigini.economy.economy import State, solve
from aigini.economy.workers import WorkerOutcome, in_occupation, outcomes
from aigini.parameters import PARAMETER_NAMES
from aigini.population.workers import N_OCCUPATIONS, Workers
from aigini.statistics.catalogue import MOMENT_NAMES, resolve
from aigini.statistics.human_sums import HumanSums
from aigini.statistics.moment import changes
from aigini.statistics.sums import Control, CrossMoments
from aigini.statistics.treated import mean_signal_correlation, treated_output


def gini_sorted(values: jax.Array, weight: jax.Array) -> jax.Array:
    """Gini coefficient of weighted `values`, [N]; entries of weight 0 do not count."""
    ordered, w = jax.lax.sort((values, weight), num_keys=1)
    ordered, w = ordered.astype(jnp.float64), w.astype(jnp.float64)
    total = jnp.sum(w)
    # Ranks are centred on their mean, so that the sum is not a small difference of large numbers.
    ranks = jnp.cumsum(w) - 0.5 * w - 0.5 * total
    return 2 * jnp.sum(ranks * w * ordered) / (total * jnp.sum(w * ordered))


def human_sums(outcome: WorkerOutcome, present: jax.Array, own: jax.Array) -> HumanSums:
    """Human capital by occupation, [16], of workers in rows [rows, chunk]; `own` is 1 for the row's occupation."""
    h = jnp.exp(outcome.log_human) * present

    def by_occupation(values: jax.Array) -> jax.Array:
        return jnp.sum(values.astype(jnp.float64), axis=1) @ own

    return HumanSums(n=by_occupation(present), h=by_occupation(h), hh=by_occupation(h * h))


def wage_moments(outcome: WorkerOutcome, workers: Workers, present: jax.Array) -> CrossMoments:
    """Cross moments of schooling and log wage, about their means so that squares stay small, with their control."""

    def total(values: jax.Array) -> jax.Array:
        return jnp.sum(values.astype(jnp.float64))

    n = total(present)

    def centred(values: jax.Array) -> jax.Array:
        mean = jax.lax.stop_gradient(total(values * present) / n)
        return (values - mean.astype(values.dtype)) * present

    x, y = centred(outcome.schooling), centred(jnp.log(outcome.wage))
    control = workers.rent_control * present
    return CrossMoments(
        n=n,
        x=total(x),
        y=total(y),
        xx=total(x * x),
        xy=total(x * y),
        yy=total(y * y),
        control=Control(c=total(control), xc=total(x * control), yc=total(y * control), xyc=total(x * y * control)),
    )


def six_moments_sorted(params: Parameters, population: Population, scenario: Scenario | None = None) -> jax.Array:
    """m1 ... m6 as `aigini.six_moments` defines them, [6], with an exact Gini of total income.

    Args:
        params: Parameters.
        population: Workers, their draws stored, and firm shocks.
        scenario: AI levels; 0 and 1 by default.
    """
    if not isinstance(population.workers, Workers):
        raise TypeError("all workers at once need stored draws: draw the population with storage='stored'.")
    workers = population.workers
    economy = solve(params, scenario or Scenario(), population.firm_shocks)
    occupation = jax.nn.one_hot(population.occupation, N_OCCUPATIONS, dtype=jnp.float64)
    counted = jnp.arange(population.chunk, dtype=jnp.int32)[None, :] < population.count[:, None]
    present = counted.astype(population.dtype)

    def row(own: jax.Array, draws: Workers) -> WorkerOutcome:
        return outcomes(in_occupation(economy.environment, own, population.dtype), draws)

    outcome = jax.vmap(row, out_axes=1)(occupation, workers)
    both = [jax.tree.map(lambda leaf, at=at: leaf[at], outcome) for at in (0, 1)]
    weights = economy.after.market.production.treated_weights()

    def statistics(state: State, outcome: WorkerOutcome) -> jax.Array:
        cv, output = treated_output(state.market.production, human_sums(outcome, present, occupation), weights)
        return jnp.stack(
            [
                cv,
                output,
                4 * wage_moments(outcome, workers, present).slope,
                mean_signal_correlation(params, state, weights),
                firms.growth_gap(state.asset_path),
                gini_sorted(outcome.total.reshape(-1), (workers.weight * present).reshape(-1)),
            ]
        )

    return changes(resolve(MOMENT_NAMES), *map(statistics, (economy.before, economy.after), both))


def moments_and_jacobian_sorted(params: Parameters, population: Population) -> tuple[jax.Array, jax.Array]:
    """The moments, [6], and their Jacobian, [6, 31], by `jax.jacrev`, which is faster here than `jax.jacfwd`."""

    def twice(params: Parameters) -> tuple[jax.Array, jax.Array]:
        moments = six_moments_sorted(params, population)
        return moments, moments

    jacobian, moments = jax.jacrev(twice, has_aux=True)(params)
    return moments, jnp.stack([getattr(jacobian, name) for name in PARAMETER_NAMES], axis=1)

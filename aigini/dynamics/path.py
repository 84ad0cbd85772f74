"""Yearly outcomes of the whole economy, all workers simulated each year, and their exact Jacobian.

Workers are processed row by row, and each row goes through all years before the next, so that memory does not grow with
their number: what a worker takes from year to year is her schooling. The outcomes of year t are functions of sums over
workers, whose outcomes depend on the environment of year t and on schooling e_t, which depends on the environments of
all years before.

The Jacobian is taken from both ends, as in `aigini.statistics.jacobian`: in reverse mode from an outcome of year t to
the environment of that year and to e_t, and in forward mode from the parameters to the environments and, worker by
worker, to e_t. It costs about two passes over workers and years, whatever the number of parameters.
"""

import dataclasses
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.dynamics.economy import AggregatePath, solve_path
from aigini.dynamics.settings import DYNAMICS_NAMES, Dynamics
from aigini.economy.economy import Economy, Scenario
from aigini.economy.workers import WorkerEnvironment, in_occupation, outcomes
from aigini.parameter_space import unpack
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population.population import Population
from aigini.population.workers import Workers
from aigini.runtime.precision import require_x64
from aigini.statistics.accumulate import Row, over_rows
from aigini.statistics.moment import Moment, MomentStatistic
from aigini.statistics.worker_sums import reference

Kind = Literal["change", "level"]
"""A yearly outcome as the change that AI has made by that year, firms' shocks being the same, or its level with AI."""

NAMES = (*PARAMETER_NAMES, *DYNAMICS_NAMES)
"""Parameters of the economy and of the dynamics, the order of Jacobians."""


class PathMap(eqx.Module):
    """Yearly outcomes of one population as a function of all parameters.

    Attributes:
        population: Workers and firm shocks of T years.
        scenario: A before AI and in the end, and the mechanisms.
        moments: The outcomes.
        kind: Changes or levels.
    """

    population: Population
    scenario: Scenario
    moments: tuple[Moment, ...] = eqx.field(static=True)
    kind: Kind = eqx.field(static=True, default="change")

    def __call__(self, params: Parameters, dynamics: Dynamics) -> tuple[AggregatePath, Float[Array, "years outcomes"]]:
        """The numbers of each year, and the outcomes of each year, ``[years + 1, outcomes]``; differentiable by JAX.

        Raises:
            PrecisionError: if 64-bit mode is off.
        """
        require_x64()
        path, economies = solve_path(params, dynamics, self.scenario, self.population.firm_shocks)
        return path, self._finished(economies, self._sums(economies, dynamics))

    def levels(
        self, params: Parameters, dynamics: Dynamics
    ) -> tuple[AggregatePath, Float[Array, "years states outcomes"]]:
        """The numbers of each year, and the levels of the outcomes without and with AI, ``[years + 1, 2, outcomes]``.

        Raises:
            PrecisionError: if 64-bit mode is off.
        """
        require_x64()
        path, economies = solve_path(params, dynamics, self.scenario, self.population.firm_shocks)
        statistic = self.statistic(economies)
        return path, jax.vmap(statistic.levels)(economies, self._sums(economies, dynamics))

    def with_jacobian(
        self, params: Parameters, dynamics: Dynamics
    ) -> tuple[AggregatePath, Float[Array, "years outcomes"], Float[Array, "years outcomes parameters"]]:
        """The same with derivatives of the outcomes in the parameters of `NAMES`, exact.

        Raises:
            PrecisionError: if 64-bit mode is off.
        """
        require_x64()
        point = jnp.stack(
            [
                *(jnp.asarray(getattr(params, name), jnp.float64) for name in PARAMETER_NAMES),
                *(jnp.asarray(getattr(dynamics, name), jnp.float64) for name in DYNAMICS_NAMES),
            ]
        )

        def solved(at: Array) -> tuple[AggregatePath, Economy]:
            return solve_path(*_unpacked(at, dynamics), self.scenario, self.population.firm_shocks)

        def moved(move: Array) -> tuple[tuple[AggregatePath, Economy], Economy]:
            (path, economies), (_, tangent) = jax.jvp(solved, (point,), (move,))
            return (path, economies), tangent

        (path, economies), moves = jax.vmap(moved, out_axes=(None, 0))(jnp.eye(point.size))
        sums = self._sums(economies, dynamics)
        statistic = self.statistic(economies)
        seeds_of = jax.vmap(lambda economy, own, move: self._seeds(statistic, economy, own, move), in_axes=(0, 0, 1))
        value, direct, seeds = seeds_of(economies, sums, moves)
        through = self._through_workers(statistic, economies.environment, moves.environment, seeds, dynamics)
        return path, value, direct + through

    def outcomes_of(self, economies: Economy, dynamics: Dynamics) -> Float[Array, "years outcomes"]:
        """The outcomes of given economies of years 0 .. T, whose workers are simulated."""
        return self._finished(economies, self._sums(economies, dynamics))

    def statistic(self, economies: Economy) -> MomentStatistic:
        """The statistic of every year."""
        before = jax.tree.map(lambda leaf: leaf[0, 0], economies.states)
        return MomentStatistic(self.moments, about=reference(before), n_firms=self.population.n_firms)

    def _finish(self, statistic: MomentStatistic, economy: Economy, sums: Any) -> Float[Array, "outcomes"]:
        return statistic.finish(economy, sums) if self.kind == "change" else statistic.levels(economy, sums)[1]

    def _finished(self, economies: Economy, sums: Any) -> Float[Array, "years outcomes"]:
        statistic = self.statistic(economies)
        return jax.vmap(lambda economy, own: self._finish(statistic, economy, own))(economies, sums)

    def _sums(self, economies: Economy, dynamics: Dynamics) -> Any:
        """Sums over workers in each year, each with a leading axis ``[years + 1]``."""

        def one_row(shared: Any, workers: Workers, own: Array, present: Array) -> Any:
            statistic, environments = shared

            @jax.checkpoint
            def year(earlier: Array, environment: WorkerEnvironment) -> tuple[Array, Any]:
                at = in_occupation(environment, own, self.population.dtype)
                outcome = outcomes(at, workers, earlier)
                common, of_occupation = statistic.summarise(Row(outcome=outcome, workers=workers, present=present))
                by_occupation = jax.tree.map(lambda leaf: jnp.multiply.outer(own, leaf), of_occupation)
                return self._carried(outcome.schooling, dynamics), (common, by_occupation)

            start = self._start(environments, workers, own)
            return jax.lax.scan(year, start, environments)[1]

        return over_rows(one_row, (self.statistic(economies), economies.environment), self.population)

    def _start(self, environments: WorkerEnvironment, workers: Workers, own: Array) -> Float[Array, "workers"]:
        """Schooling before AI."""
        first = jax.tree.map(lambda leaf: leaf[0], environments)
        return outcomes(in_occupation(first, own, self.population.dtype), workers).schooling[0]

    @staticmethod
    def _carried(schooling: Float[Array, "2 workers"], dynamics: Dynamics) -> Float[Array, "workers"]:
        """The schooling that the next year's moves on from."""
        return schooling[1] if dynamics.schooling == "yearly" else schooling[0]

    def _seeds(
        self, statistic: MomentStatistic, economy: Economy, sums: Any, moves: Economy
    ) -> tuple[Array, Array, Any]:
        """Outcomes of a year, their derivatives at given sums, and their derivatives in the sums."""
        value, pull = jax.vjp(lambda own: self._finish(statistic, economy, own), sums)
        (seeds,) = jax.vmap(pull)(jnp.eye(value.size))

        def direct(move: Economy) -> Float[Array, "outcomes"]:
            return jax.jvp(lambda at: self._finish(statistic, at, sums), (economy,), (move,))[1]

        return value, jax.vmap(direct, out_axes=1)(moves), seeds

    def _through_workers(
        self,
        statistic: MomentStatistic,
        environments: WorkerEnvironment,
        moves: WorkerEnvironment,
        seeds: Any,
        dynamics: Dynamics,
    ) -> Float[Array, "years outcomes parameters"]:
        """Derivatives through the workers' outcomes.

        Args:
            statistic: The outcomes.
            environments: Those of each year, leading axis ``[years + 1]``.
            moves: Their derivatives, leading axes ``[parameters, years + 1]``.
            seeds: Derivatives of the outcomes in the sums, leading axes ``[years + 1, outcomes]``.
            dynamics: The law of schooling.
        """
        dtype, n = self.population.dtype, len(self.moments)
        by_year = jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 1, 0), moves)
        parts = statistic.parts

        def one_row(shared: Any, workers: Workers, own: Array, present: Array) -> tuple[Array, Array]:
            statistic, environments, by_year, seeds = shared

            def schooling(at: WorkerEnvironment, earlier: Array) -> Array:
                return outcomes(at, workers, earlier).schooling

            def year(state: tuple[Array, Array], given: Any) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
                (earlier, move), (environment, own_moves, (common, of_occupation)) = state, given
                at = in_occupation(environment, own, dtype)
                tangents = jax.vmap(lambda one: in_occupation(one, own, dtype))(own_moves)
                now = schooling(at, earlier)
                moved = jax.vmap(lambda one, e: jax.jvp(schooling, (at, earlier), (one, e))[1])(tangents, move)
                own_seeds = common, jax.tree.map(lambda leaf: jnp.tensordot(leaf, own, axes=(1, 0)), of_occupation)
                total, at_firms = jnp.zeros((n, move.shape[0])), jnp.zeros((n, 2 * self.population.n_firms))
                for select, rows in parts:

                    def sums_of(at: WorkerEnvironment, given: Array, select: Any = select) -> Any:
                        outcome = outcomes(at, workers, years=given)
                        return select(statistic.summarise(Row(outcome=outcome, workers=workers, present=present)))

                    _, pull = jax.vjp(sums_of, at, now)
                    chosen = jnp.asarray(rows)
                    cotangent, through = jax.vmap(pull)(
                        jax.tree.map(lambda leaf, chosen=chosen: leaf[chosen], select(own_seeds))
                    )
                    schooled = _wide(through) @ _wide(moved).T
                    total = total.at[chosen].add(_flat(cotangent) @ _flat(tangents).T + schooled)
                    at_firms = at_firms.at[chosen].add(cotangent.intensity.reshape(len(rows), -1))
                pick = 1 if dynamics.schooling == "yearly" else 0
                return (now[pick], moved[:, pick]), (total, at_firms)

            first = in_occupation(jax.tree.map(lambda leaf: leaf[0], environments), own, dtype)
            first_moves = jax.vmap(lambda one: in_occupation(one, own, dtype))(
                jax.tree.map(lambda leaf: leaf[0], by_year)
            )

            def before(at: WorkerEnvironment) -> Array:
                return outcomes(at, workers).schooling[0]

            start = before(first), jax.vmap(lambda one: jax.jvp(before, (first,), (one,))[1])(first_moves)
            return jax.lax.scan(year, start, (environments, by_year, seeds))[1]

        shared = (statistic, environments, by_year, seeds)
        total, at_firms = over_rows(one_row, shared, self.population)
        firms = by_year.intensity.reshape(*by_year.intensity.shape[:2], -1)
        return total + jnp.einsum("tkf,tpf->tkp", at_firms, firms)


def _wide(values: Float[Array, "rows states workers"]) -> Float[Array, "rows all"]:
    return values.reshape(values.shape[0], -1).astype(jnp.float64)


def _flat(environments: WorkerEnvironment) -> Float[Array, "rows all"]:
    """All of several environments of an occupation but the firms, as rows of float64."""
    parts = (
        environments.params,
        environments.mechanisms,
        environments.occupation_score,
        environments.schedule,
    )
    leaves = jax.tree.leaves(parts)
    return jnp.concatenate([leaf.reshape(leaf.shape[0], -1).astype(jnp.float64) for leaf in leaves], axis=1)


def _unpacked(point: Float[Array, "parameters"], dynamics: Dynamics) -> tuple[Parameters, Dynamics]:
    """The parameters at a point in the order of `NAMES`."""
    split = len(PARAMETER_NAMES)
    numbers = {name: point[split + k] for k, name in enumerate(DYNAMICS_NAMES)}
    return unpack(point[:split]), dataclasses.replace(dynamics, **numbers)

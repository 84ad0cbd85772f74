"""Everything that is reported about the economy before and after AI (MODEL.md section 6).

Scalars go to tables, arrays to figures; both are functions of sums over agents gathered in one pass. The scalars are
the levels of the moments in `aigini.statistics.catalogue.STATISTICS`, and `DIAGNOSTICS`.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy import firms
from aigini.economy.economy import Economy, Scenario, State, solve
from aigini.economy.tasks import TASK_NODES
from aigini.economy.workers import WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics import histogram, sample
from aigini.statistics.accumulate import Row, accumulate, by_firm, with_payouts
from aigini.statistics.catalogue import STATISTICS
from aigini.statistics.moment import Moment
from aigini.statistics.worker_sums import (
    CAPITAL_CLAIMS,
    HUMAN_CAPITAL,
    OWNERS,
    TOTAL_INCOME,
    WAGES,
    HumanSums,
    IncomeSums,
    Sum,
    WorkersAt,
    reference,
)

ASSET_GROUPS = 10
"""Groups of firms by initial assets, poorest first."""

SOURCES = ("human capital", "commodity AI", "rent sharing", "capital")
"""Sources of income, in the order of `Distribution.income_by_source`."""


DIAGNOSTICS = {
    "accounting_gap": "share of income",
    "end_mass": "share of workers",
    "residual": "relative error",
}
"""What tells whether the others can be trusted, with its unit: mean simulated income over Y + q0, minus 1; the largest
share of workers off the income grid, 0 unless incomes overflow; the violation of the equilibrium conditions."""

STATISTIC_UNITS = {**{moment.name: moment.unit for moment in STATISTICS}, **DIAGNOSTICS}
"""Every scalar of the economy at one AI level with its unit; changes are differences in the same unit."""

RELATIVE_STATISTICS = tuple(moment.name for moment in STATISTICS if moment.relative)
"""Statistics whose change is also reported relative to the level before AI."""

GRID_GINIS = ("gini_total", "gini_wage", "gini_capital")
"""Ginis that come from the histogram, and so cannot be told from zero below `histogram.GINI_RESOLUTION`."""


class Statistics(eqx.Module):
    """Scalars of the economy at one AI level; each is an attribute by its name in `STATISTIC_UNITS`.

    Attributes:
        scalars: In the order of `STATISTIC_UNITS`; NaN where the economy has too few firms to define one.
        levels: Levels of the moments that were asked for, in their order; NaN likewise.
        effective: Effective numbers of workers and of owners, see `aigini.statistics.worker_sums.OwnerSums`.
    """

    scalars: tuple[Scalar, ...]
    levels: tuple[Scalar, ...]
    effective: tuple[Scalar, Scalar]

    def __getattr__(self, name: str) -> Scalar:
        if name not in STATISTIC_UNITS:
            raise AttributeError(name)
        return self.scalars[list(STATISTIC_UNITS).index(name)]

    def as_dict(self) -> dict[str, Scalar]:
        """Every scalar by name."""
        return dict(zip(STATISTIC_UNITS, self.scalars, strict=True))


class Distribution(eqx.Module):
    """Arrays of the economy at one AI level, for figures.

    Attributes:
        task_price: p_z, ``[tasks]``.
        human_return: R_h,o, ``[occupations]``.
        ai_return: R_A,o, ``[occupations]``.
        diagnostic_variance: V_D,o economy-wide, ``[occupations]``.
        total_masses: Histogram of log total income, ``[nodes]``.
        wage_masses: Histogram of log wages, ``[nodes]``.
        task_output_masses: Workers by log human capital on the most exposed task, ``[nodes]``.
        task_human: Output of a unit of human capital on that task, at mean human capital, ``[]``.
        task_ai: Output of AI alone on that task in the mean firm, ``[]``.
        task_output: Output on that task in the mean firm by human capital, ``[nodes]``.
        lorenz_total: Population and income shares of total income, ``[2, edges]``.
        lorenz_wage: The same for wages.
        gini_by_occupation: Gini of total income within occupations, ``[occupations]``.
        gini_by_assets: Gini of total income within groups of firms by initial assets, ``[groups]``; NaN for a group
            without firms (there are fewer than ten firms).
        income_by_source: Mean income by source, ``[sources]``.
        income_by_source_and_group: Mean income by source in the bottom half, next 40 %, next 9 % and top 1 % of total
            income, per worker of the group, ``[4, sources]``.
        asset_gini_path: Gini of κ by year, ``[years + 1]``.
    """

    task_price: Float[Array, "tasks"]
    human_return: Float[Array, "occupations"]
    ai_return: Float[Array, "occupations"]
    diagnostic_variance: Float[Array, "occupations"]
    total_masses: Float[Array, "nodes"]
    wage_masses: Float[Array, "nodes"]
    task_output_masses: Float[Array, "nodes"]
    task_human: Scalar
    task_ai: Scalar
    task_output: Float[Array, "nodes"]
    lorenz_total: Float[Array, "two edges"]
    lorenz_wage: Float[Array, "two edges"]
    gini_by_occupation: Float[Array, "occupations"]
    gini_by_assets: Float[Array, "groups"]
    income_by_source: Float[Array, "sources"]
    income_by_source_and_group: Float[Array, "income_groups sources"]
    asset_gini_path: Float[Array, "years_and_start"]


class _Arrays(eqx.Module):
    """Sums over the economy for `Distribution` alone."""

    group_masses: Float[Array, "groups nodes"]
    group_total: Float[Array, "groups"]
    source_by_node: Float[Array, "sources nodes"]


class _Own(eqx.Module):
    """Sums kept by occupation."""

    human: HumanSums
    human_masses: Float[Array, "*occupations nodes"]
    owners: Float[Array, "*occupations"]
    total: Float[Array, "*occupations"]
    total_masses: Float[Array, "*occupations nodes"]


def _arrays_of(at: WorkersAt) -> _Arrays:
    outcome, owners, firm = at.outcome, at.owners, at.workers.firm
    log_total = jnp.log(outcome.total)
    group = (firm * ASSET_GROUPS) // at.n_firms
    nearest, _ = histogram.nearest(log_total)
    sources = (
        outcome.human_pay,
        outcome.commodity_pay * jnp.ones_like(outcome.wage),
        outcome.rent_pay,
        outcome.capital,
    )
    return _Arrays(
        group_masses=histogram.grouped_node_masses(log_total, owners, group, ASSET_GROUPS),
        group_total=by_firm(outcome.total * owners, group, ASSET_GROUPS),
        source_by_node=jnp.stack([by_firm(part * owners, nearest, histogram.N_NODES) for part in sources]),
    )


def _own_of(at: WorkersAt) -> _Own:
    outcome, present = at.outcome, at.present
    return _Own(
        human=HUMAN_CAPITAL.of(at),
        human_masses=histogram.node_masses(outcome.log_human, present),
        owners=at.total(jnp.ones_like(at.owners)),
        total=at.total(outcome.total),
        total_masses=histogram.node_masses(jnp.log(outcome.total), at.owners),
    )


def statistics(
    params: Parameters, population: Population, scenario: Scenario | None = None, moments: tuple[Moment, ...] = ()
) -> tuple[tuple[Statistics, Distribution], tuple[Statistics, Distribution]]:
    """Statistics and distributions before and after AI; pure, jittable and differentiable.

    Args:
        params: Parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        moments: Moments whose levels are wanted beside `STATISTICS`.

    Raises:
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    economy = with_payouts(solve(params, scenario or Scenario(), population.firm_shocks), population)
    about = reference(economy.before)
    every = dict.fromkeys((OWNERS, *(needed for moment in (*STATISTICS, *moments) for needed in moment.needs)))
    # Those of total income and of human capital follow from what is kept by occupation.
    needs = [needed for needed in every if needed not in (TOTAL_INCOME, HUMAN_CAPITAL)]
    common, own = ([s for s in needs if s.by_occupation is separate] for separate in (False, True))

    def summarise(row: Row) -> tuple[Any, Any]:
        def one(outcome: WorkerOutcome) -> tuple[Any, Any]:
            at = WorkersAt(outcome, row.workers, row.present, about, population.n_firms)
            return ([s.of(at) for s in common], _arrays_of(at)), ([s.of(at) for s in own], _own_of(at))

        return jax.vmap(one)(row.outcome)

    def describe(state: State, totals: Any, by_occupation: Any) -> tuple[Statistics, Distribution]:
        own_sums = by_occupation[1]
        sums = dict(zip((*common, *own), (*totals[0], *by_occupation[0]), strict=True))
        sums[HUMAN_CAPITAL] = own_sums.human
        sums[TOTAL_INCOME] = IncomeSums(
            n=jnp.sum(own_sums.owners), total=jnp.sum(own_sums.total), masses=jnp.sum(own_sums.total_masses, axis=0)
        )
        return (
            Statistics(
                (*(_level(moment, economy, state, sums) for moment in STATISTICS), *_diagnostics(state, sums)),
                tuple(_level(moment, economy, state, sums) for moment in moments),
                sums[OWNERS].effective,
            ),
            _distribution(params, state, sums, totals[1], own_sums),
        )

    totals = accumulate(summarise, economy.environment, population)
    both = jax.vmap(describe, in_axes=(0, 0, 1))(economy.states, *totals)
    before, after = (jax.tree.map(lambda leaf, at=at: leaf[at], both) for at in (0, 1))
    return before, after


def _level(moment: Moment, economy: Economy, state: State, sums: Mapping[Sum, Any]) -> Scalar:
    enough = state.asset_path.shape[1] >= moment.fewest_firms
    return moment.at(economy, state, sums) if enough else jnp.asarray(jnp.nan)


def _diagnostics(state: State, sums: Mapping[Sum, Any]) -> tuple[Scalar, Scalar, Scalar]:
    """The values of `DIAGNOSTICS`."""
    end_masses = [histogram.end_mass(sums[income].masses) for income in (TOTAL_INCOME, WAGES, CAPITAL_CLAIMS)]
    return sums[TOTAL_INCOME].mean / state.mean_income - 1, jnp.max(jnp.stack(end_masses)), state.market.residual


def _distribution(
    params: Parameters, state: State, sums: Mapping[Sum, Any], arrays: _Arrays, own: _Own
) -> Distribution:
    market, income, wages = state.market, sums[TOTAL_INCOME], sums[WAGES]
    task, production = int(TASK_NODES.argmax()), market.production

    def output(human: Scalar) -> Scalar:
        return production.treated_task_output(human[None], task)[0]

    zero, mean = jnp.zeros(()), jnp.sum(own.human.h) / jnp.sum(own.human.n)
    slope = jax.jvp(output, (mean,), (jnp.ones(()),))[1]
    on_task = market.tasks.bundles[:, task] / jnp.sum(market.tasks.bundles[:, task])
    group_mean = arrays.group_total / jnp.maximum(jnp.sum(arrays.group_masses, axis=1), 1.0)
    return Distribution(
        task_price=market.task_price,
        human_return=market.prices.human_return,
        ai_return=market.prices.ai_return,
        diagnostic_variance=market.screening.diagnostic_variance,
        total_masses=income.masses,
        wage_masses=wages.masses,
        task_output_masses=jnp.sum(on_task[:, None] * own.human_masses, axis=0),
        task_human=slope,
        task_ai=output(zero),
        task_output=production.treated_task_output(jnp.exp(jnp.asarray(histogram.LOG_NODES)), task),
        lorenz_total=jnp.stack(histogram.lorenz(income.masses, income.mean)),
        lorenz_wage=jnp.stack(histogram.lorenz(wages.masses, wages.mean)),
        gini_by_occupation=jax.vmap(histogram.gini)(own.total_masses, own.total / own.owners),
        gini_by_assets=jax.vmap(histogram.gini)(arrays.group_masses, group_mean),
        income_by_source=jnp.sum(arrays.source_by_node, axis=1) / income.n,
        income_by_source_and_group=_by_income_group(income.masses, arrays.source_by_node),
        asset_gini_path=jax.vmap(lambda logs: sample.gini(firms.capital_intensity(params, logs)))(state.asset_path),
    )


def _by_income_group(masses: Array, source_by_node: Array) -> Float[Array, "income_groups sources"]:
    """Mean income by source in the bottom 50 %, next 40 %, next 9 % and top 1 %, splitting the marginal nodes."""
    share = masses / jnp.sum(masses)
    upto = jnp.cumsum(share)
    cuts = jnp.asarray([0.5, 0.9, 0.99, 1.0])
    # Share of each node's workers below each cut.
    filled = jnp.where(share > 0, share, 1.0)
    inside = jnp.clip((cuts[:, None] - (upto - share)[None, :]) / filled[None, :], 0.0, 1.0)
    below = jnp.sum(inside[:, None, :] * source_by_node[None, :, :], axis=2) / jnp.sum(masses)
    widths = jnp.asarray([0.5, 0.4, 0.09, 0.01])
    return jnp.diff(below, axis=0, prepend=jnp.zeros((1, below.shape[1]))) / widths[:, None]

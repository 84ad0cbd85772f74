"""Everything that is reported about the economy before and after AI (MODEL.md section 6).

Scalars go to tables, arrays to figures; both are functions of sums over agents gathered in one pass.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy import firms
from aigini.economy.economy import Economy, Scenario, State, solve
from aigini.economy.screening import credential_requirement
from aigini.economy.tasks import TASK_NODES
from aigini.economy.workers import WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics import histogram, sample, sums
from aigini.statistics import moments as six
from aigini.statistics.accumulate import Row, accumulate, by_firm, total
from aigini.statistics.moments import HumanSums, Reference
from aigini.statistics.sums import CrossMoments, GroupSums

ASSET_GROUPS = 10
"""Groups of firms by initial assets, poorest first."""

SOURCES = ("human capital", "commodity AI", "rent sharing", "capital")
"""Sources of income, in the order of `Distribution.income_by_source`."""


class Statistics(eqx.Module):
    """Scalars of the economy at one AI level. Money is per worker in units of the final good.

    Attributes:
        within_task_cv: Mean CV of output within treated occupation-task cells.
        exposed_output: Mean output on treated tasks.
        education_premium: OLS slope of log wage on schooling, per year.
        education_return: Causal return to schooling, log points per year, mean over workers.
        signal_correlation: Work-sample/assessment correlation in treated hiring.
        asset_growth_gap: Log asset growth over T years, top minus bottom third of firms; NaN with fewer than 3 firms.
        credential_weight: ω_c, mean over occupations with the weights of m4.
        credential_requirement: Share of employers requiring the credential, same weights; 1/2 before AI.
        between_firm_variance: Between-firm component of the variance of log wages, corrected for sampling noise.
        between_firm_share: Its share of the variance of log wages.
        log_wage_variance: Variance of log wages.
        gini_total: Gini of total income.
        gini_wage: Gini of wages.
        gini_capital: Gini of capital income.
        gini_assets: Gini of κ over firms.
        theil_total: Theil index of total income.
        theil_between: Part of it between firms.
        theil_within: Part of it within firms.
        top1_share: Share of total income of the richest 1 %.
        top10_share: Share of total income of the richest 10 %.
        labour_share: Wages over total income.
        mean_schooling: Mean schooling, years.
        output: Y.
        human_capital: Mean h.
        mean_income: Mean simulated total income.
        accounting_gap: Mean simulated income over Y + q0, minus 1.
        end_mass: Largest share of workers off the income grid; 0 unless incomes overflow.
        residual: Violation of the equilibrium conditions.
    """

    within_task_cv: Scalar
    exposed_output: Scalar
    education_premium: Scalar
    education_return: Scalar
    signal_correlation: Scalar
    asset_growth_gap: Scalar
    credential_weight: Scalar
    credential_requirement: Scalar
    between_firm_variance: Scalar
    between_firm_share: Scalar
    log_wage_variance: Scalar
    gini_total: Scalar
    gini_wage: Scalar
    gini_capital: Scalar
    gini_assets: Scalar
    theil_total: Scalar
    theil_between: Scalar
    theil_within: Scalar
    top1_share: Scalar
    top10_share: Scalar
    labour_share: Scalar
    mean_schooling: Scalar
    output: Scalar
    human_capital: Scalar
    mean_income: Scalar
    accounting_gap: Scalar
    end_mass: Scalar
    residual: Scalar


_GINI = "Gini, 0 to 1"
STATISTIC_UNITS = {
    "within_task_cv": "ratio of s.d. to mean",
    "exposed_output": "final good per worker",
    "education_premium": "log points per year",
    "education_return": "log points per year",
    "signal_correlation": "correlation",
    "asset_growth_gap": "log points",
    "credential_weight": "weight, 0 to 1",
    "credential_requirement": "share, 0 to 1",
    "between_firm_variance": "squared log points",
    "between_firm_share": "share, 0 to 1",
    "log_wage_variance": "squared log points",
    "gini_total": _GINI,
    "gini_wage": _GINI,
    "gini_capital": _GINI,
    "gini_assets": _GINI,
    "theil_total": "Theil index",
    "theil_between": "Theil index",
    "theil_within": "Theil index",
    "top1_share": "share, 0 to 1",
    "top10_share": "share, 0 to 1",
    "labour_share": "share, 0 to 1",
    "mean_schooling": "years",
    "output": "final good per worker",
    "human_capital": "units of human capital",
    "mean_income": "final good per worker",
    "accounting_gap": "share of income",
    "end_mass": "share of workers",
    "residual": "relative error",
}
"""Unit of each of `Statistics`, before and after AI; changes are differences in the same unit."""

RELATIVE_STATISTICS = (
    "within_task_cv",
    "exposed_output",
    "signal_correlation",
    "output",
    "human_capital",
    "mean_income",
)
"""Statistics whose change is also reported relative to the level before AI."""

GRID_GINIS = ("gini_total", "gini_wage", "gini_capital")
"""Ginis that come from the histogram, and so cannot be told from zero below `histogram.GINI_RESOLUTION`."""


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


class _Common(eqx.Module):
    """Sums over the economy."""

    wages: CrossMoments
    wage: Scalar
    wage_masses: Float[Array, "nodes"]
    claim: Scalar
    claim_masses: Float[Array, "nodes"]
    schooling: Scalar
    education_return: Scalar
    total_log_total: Scalar
    firm_count: Float[Array, "firms"]
    firm_log_wage: Float[Array, "firms"]
    firm_total: Float[Array, "firms"]
    group_masses: Float[Array, "groups nodes"]
    group_total: Float[Array, "groups"]
    source_by_node: Float[Array, "sources nodes"]


class _Own(eqx.Module):
    """Sums kept by occupation."""

    human: HumanSums
    human_masses: Float[Array, "*occupations nodes"]
    total: Float[Array, "*occupations"]
    total_masses: Float[Array, "*occupations nodes"]


def _summarise(outcome: WorkerOutcome, row: Row, about: Reference, n_firms: int) -> tuple[_Common, _Own]:
    present, firm = row.present, row.workers.firm
    log_total = jnp.log(outcome.total)
    log_wage = jnp.log(outcome.wage)
    masses = histogram.node_masses(log_total, present)
    group = (firm * ASSET_GROUPS) // n_firms
    nearest, _ = histogram.nearest(log_total)
    sources = (
        outcome.human_pay,
        outcome.commodity_pay * jnp.ones_like(outcome.wage),
        outcome.rent_pay,
        outcome.capital,
    )
    common = _Common(
        wages=six.wage_sums(outcome, present, about),
        wage=total(outcome.wage, present),
        wage_masses=histogram.node_masses(log_wage, present),
        claim=total(outcome.claim, present),
        claim_masses=histogram.node_masses(jnp.log(outcome.claim), present),
        schooling=total(outcome.schooling, present),
        education_return=total(outcome.education_return, present),
        total_log_total=total(outcome.total * log_total, present),
        firm_count=by_firm(present, firm, n_firms),
        firm_log_wage=by_firm((log_wage - jnp.asarray(about.log_wage, present.dtype)) * present, firm, n_firms),
        firm_total=by_firm(outcome.total * present, firm, n_firms),
        group_masses=histogram.grouped_node_masses(log_total, present, group, ASSET_GROUPS),
        group_total=by_firm(outcome.total * present, group, ASSET_GROUPS),
        source_by_node=jnp.stack([by_firm(part * present, nearest, histogram.N_NODES) for part in sources]),
    )
    own = _Own(
        human=six.human_sums(outcome, present),
        human_masses=histogram.node_masses(outcome.log_human, present),
        total=total(outcome.total, present),
        total_masses=masses,
    )
    return common, own


def statistics(
    params: Parameters, population: Population, scenario: Scenario | None = None
) -> tuple[tuple[Statistics, Distribution], tuple[Statistics, Distribution]]:
    """Statistics and distributions before and after AI; pure, jittable and differentiable.

    Args:
        params: Parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.

    Raises:
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    economy = solve(params, scenario or Scenario(), population.firm_shocks)
    about = six.reference(economy.before)

    def summarise(row: Row) -> tuple[tuple[_Common, _Common], tuple[_Own, _Own]]:
        before = _summarise(row.before, row, about, population.n_firms)
        after = _summarise(row.after, row, about, population.n_firms)
        return (before[0], after[0]), (before[1], after[1])

    commons, owns = accumulate(summarise, economy.faced, population)
    return (
        _describe(params, economy, economy.before, commons[0], owns[0]),
        _describe(params, economy, economy.after, commons[1], owns[1]),
    )


def _describe(
    params: Parameters, economy: Economy, state: State, common: _Common, own: _Own
) -> tuple[Statistics, Distribution]:
    n = common.wages.n
    mean_total = jnp.sum(own.total) / n
    total_masses = jnp.sum(own.total_masses, axis=0)
    return (
        _scalars(params, economy, state, common, own, mean_total, total_masses),
        _arrays(params, economy, state, common, own, mean_total, total_masses),
    )


def _scalars(
    params: Parameters,
    economy: Economy,
    state: State,
    common: _Common,
    own: _Own,
    mean_total: Scalar,
    total_masses: Array,
) -> Statistics:
    market, n = state.market, common.wages.n
    weights = economy.after.market.production.treated_weights()
    by_occupation = jnp.sum(weights, axis=1)
    cv, exposed_output = six.treated_output(market.production, own.human, weights)
    requirement = credential_requirement(params, market.screening, economy.before.market.screening)
    firm_wages = GroupSums(n=common.firm_count, y=common.firm_log_wage)
    between_firm = sums.between_variance(firm_wages, common.wages.yy)
    theil_total = sums.theil(n, mean_total * n, common.total_log_total)
    theil_between = sums.theil_between(GroupSums(n=common.firm_count, y=common.firm_total))
    ends = jnp.stack([histogram.end_mass(m) for m in (total_masses, common.wage_masses, common.claim_masses)])
    return Statistics(
        within_task_cv=cv,
        exposed_output=exposed_output,
        education_premium=common.wages.slope,
        education_return=common.education_return / n,
        signal_correlation=six.mean_signal_correlation(params, state, weights),
        asset_growth_gap=_growth_gap(state),
        credential_weight=jnp.sum(by_occupation * market.screening.credential_weight),
        credential_requirement=jnp.sum(by_occupation * requirement),
        between_firm_variance=between_firm,
        between_firm_share=between_firm / common.wages.variance_y,
        log_wage_variance=common.wages.variance_y,
        gini_total=histogram.gini(total_masses, mean_total),
        gini_wage=histogram.gini(common.wage_masses, common.wage / n),
        gini_capital=histogram.gini(common.claim_masses, common.claim / n),
        gini_assets=sample.gini(state.intensity),
        theil_total=theil_total,
        theil_between=theil_between,
        theil_within=theil_total - theil_between,
        top1_share=histogram.top_share(total_masses, mean_total, 0.01),
        top10_share=histogram.top_share(total_masses, mean_total, 0.1),
        labour_share=common.wage / (mean_total * n),
        mean_schooling=common.schooling / n,
        output=market.output,
        human_capital=jnp.sum(own.human.h) / n,
        mean_income=mean_total,
        accounting_gap=mean_total / state.mean_income - 1,
        end_mass=jnp.max(ends),
        residual=market.residual,
    )


def _growth_gap(state: State) -> Scalar:
    return firms.growth_gap(state.asset_path) if state.asset_path.shape[1] >= 3 else jnp.asarray(jnp.nan)


def _arrays(
    params: Parameters,
    economy: Economy,
    state: State,
    common: _Common,
    own: _Own,
    mean_total: Scalar,
    total_masses: Array,
) -> Distribution:
    market, n = state.market, common.wages.n
    task, production = int(TASK_NODES.argmax()), market.production

    def output(human: Scalar) -> Scalar:
        return production.treated_task_output(human[None], task)[0]

    zero, mean = jnp.zeros(()), jnp.sum(own.human.h) / n
    slope = jax.jvp(output, (mean,), (jnp.ones(()),))[1]
    on_task = market.tasks.bundles[:, task] / jnp.sum(market.tasks.bundles[:, task])
    group_mean = common.group_total / jnp.maximum(jnp.sum(common.group_masses, axis=1), 1.0)
    occupation_mean = own.total / own.human.n
    return Distribution(
        task_price=market.task_price,
        human_return=market.prices.human_return,
        ai_return=market.prices.ai_return,
        diagnostic_variance=market.screening.diagnostic_variance,
        total_masses=total_masses,
        wage_masses=common.wage_masses,
        task_output_masses=jnp.sum(on_task[:, None] * own.human_masses, axis=0),
        task_human=slope,
        task_ai=output(zero),
        task_output=production.treated_task_output(jnp.exp(jnp.asarray(histogram.LOG_NODES)), task),
        lorenz_total=jnp.stack(histogram.lorenz(total_masses, mean_total)),
        lorenz_wage=jnp.stack(histogram.lorenz(common.wage_masses, common.wage / n)),
        gini_by_occupation=jax.vmap(histogram.gini)(own.total_masses, occupation_mean),
        gini_by_assets=jax.vmap(histogram.gini)(common.group_masses, group_mean),
        income_by_source=jnp.sum(common.source_by_node, axis=1) / n,
        income_by_source_and_group=_by_income_group(total_masses, common.source_by_node),
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

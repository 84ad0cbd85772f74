"""The six moments that calibrate the economy (MODEL.md section 6).

| moment | definition | kind |
|---|---|---|
| m1 | relative change of the CV of output within occupation, task and firm, weights L_oz m(z; A1) | treated tasks |
| m2 | relative change of mean output, same weights | treated tasks |
| m3 | 4 x change of the OLS slope of log wage on schooling: the college premium | economy |
| m4 | relative change of the work-sample/assessment correlation, weights Σ_z L_oz m(z; A1) | treated hiring |
| m5 | extra growth of log assets of the top over the bottom third of firms, after minus before | economy |
| m6 | change of the Gini of total income, or of wages | economy |

For m1 and m2 the CV in cell (o, z) is SD_o(h) φ (1 + β A m) / [mean_o(h) φ (1 + β A m) + α m Ā].
"""

from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy import firms
from aigini.economy.economy import Economy, Scenario, State, solve
from aigini.economy.screening import signal_correlation
from aigini.economy.technology import Production
from aigini.economy.workers import WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics import histogram, jacobian
from aigini.statistics.accumulate import Row, total
from aigini.statistics.jacobian import Part
from aigini.statistics.sums import CrossMoments

MOMENT_NAMES = ("m1", "m2", "m3", "m4", "m5", "m6")

IncomeConcept = Literal["total", "wage"]


class HumanSums(eqx.Module):
    """Human capital of an occupation: number of workers, Σ h, Σ h²; scalars, or ``[occupations]`` once collected."""

    n: Float[Array, "*occupations"]
    h: Float[Array, "*occupations"]
    hh: Float[Array, "*occupations"]

    @property
    def mean(self) -> Float[Array, "*occupations"]:
        """mean_o(h)."""
        return self.h / self.n

    @property
    def sd(self) -> Float[Array, "*occupations"]:
        """SD_o(h), divisor n."""
        return jnp.sqrt(self.hh / self.n - self.mean**2)


class HumanHistogram(eqx.Module):
    """Human capital by occupation: shares of workers at the nodes of a grid.

    Attributes:
        values: h at the nodes, ``[nodes]``.
        shares: Shares of workers, ``[occupations, nodes]``.
    """

    values: Float[Array, "nodes"]
    shares: Float[Array, "occupations nodes"]


class IncomeSums(eqx.Module):
    """Sums over the economy behind m3 and m6.

    Attributes:
        wages: Schooling (x) and log wage (y).
        income: Σ income of the chosen concept.
        masses: Histogram of its log, ``[nodes]``.
    """

    wages: CrossMoments
    income: Scalar
    masses: Float[Array, "nodes"]


class Reference(eqx.Module):
    """Points about which squares are summed; near the means, so that float32 squares stay small.

    No result depends on them.
    """

    schooling: Scalar
    log_wage: Scalar


def reference(state: State) -> Reference:
    """Mean schooling and mean log pay for human capital on the quadrature."""
    market = state.market
    return jax.lax.stop_gradient(
        Reference(
            schooling=jnp.mean(market.schooling),
            log_wage=jnp.mean(jnp.log(market.prices.human_return * market.human_capital)),
        )
    )


def human_sums(outcome: WorkerOutcome, present: Array) -> HumanSums:
    """Human-capital sums of one row."""
    h = jnp.exp(outcome.log_human)
    return HumanSums(n=total(present, present), h=total(h, present), hh=total(h * h, present))


def wage_sums(outcome: WorkerOutcome, present: Array, about: Reference) -> CrossMoments:
    """Cross moments of schooling and log wage of one row."""
    x = outcome.schooling - jnp.asarray(about.schooling, present.dtype)
    y = jnp.log(outcome.wage) - jnp.asarray(about.log_wage, present.dtype)
    return CrossMoments(
        n=total(present, present),
        x=total(x, present),
        y=total(y, present),
        xx=total(x * x, present),
        xy=total(x * y, present),
        yy=total(y * y, present),
    )


def treated_output(
    production: Production, human: HumanSums, weights: Float[Array, "occupations tasks"]
) -> tuple[Scalar, Scalar]:
    """Mean within-cell CV and mean output of treated cells in the mean firm."""
    level, spread = production.treated_output(human)
    return jnp.sum(weights * spread / level), jnp.sum(weights * level)


def mean_signal_correlation(params: Parameters, state: State, weights: Float[Array, "occupations tasks"]) -> Scalar:
    """Work-sample/assessment correlation in treated hiring, averaged over occupations."""
    return jnp.sum(jnp.sum(weights, axis=1) * signal_correlation(params, state.market.treated))


_All = tuple[tuple[IncomeSums, IncomeSums], tuple[HumanSums, HumanSums]]


class SixMoments(eqx.Module):
    """The six moments as a statistic of the workers, see `aigini.statistics.jacobian.Statistic`.

    Attributes:
        about: Points about which squares are summed.
        income: Income whose Gini m6 is about.
    """

    about: Reference
    income: IncomeConcept = eqx.field(static=True)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Which moments depend on which sums; m4 and m5 depend on none."""
        return (
            Part(lambda sums: sums[1], (0, 1)),
            Part(lambda sums: [state.wages for state in sums[0]], (2,)),
            Part(lambda sums: [(state.income, state.masses) for state in sums[0]], (5,)),
        )

    def summarise(self, row: Row) -> _All:
        """Sums over a row of workers."""
        before, after = row.before, row.after
        return (
            (self._incomes(before, row.present), self._incomes(after, row.present)),
            (human_sums(before, row.present), human_sums(after, row.present)),
        )

    def _incomes(self, outcome: WorkerOutcome, present: Array) -> IncomeSums:
        value = getattr(outcome, self.income)
        return IncomeSums(
            wages=wage_sums(outcome, present, self.about),
            income=total(value, present),
            masses=histogram.node_masses(jnp.log(value), present),
        )

    def finish(self, economy: Economy, sums: _All) -> Float[Array, "6"]:
        """The moments, from the sums over all workers."""
        weights = economy.after.market.production.treated_weights()

        def statistics(state: State, incomes: IncomeSums, human: HumanSums) -> Float[Array, "6"]:
            cv, output = treated_output(state.market.production, human, weights)
            return jnp.stack(
                [
                    cv,
                    output,
                    4 * incomes.wages.slope,
                    mean_signal_correlation(economy.faced.params, state, weights),
                    firms.growth_gap(state.asset_path),
                    histogram.gini(incomes.masses, incomes.income / incomes.wages.n),
                ]
            )

        incomes, humans = sums
        before = statistics(economy.before, incomes[0], humans[0])
        return changes(before, statistics(economy.after, incomes[1], humans[1]))


def six_moments(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
) -> Float[Array, "6"]:
    """m1 ... m6, a pure function that can be jitted, vmapped over `params` and differentiated in both modes.

    Args:
        params: Parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.

    Returns:
        The moments in natural units, float64.

    Raises:
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    require_x64()
    economy = solve(params, scenario or Scenario(), population.firm_shocks)
    return jacobian.evaluate(SixMoments(reference(economy.before), income), economy, population)


def moments_and_jacobian(
    point: Float[Array, "free"],
    place: Callable[[Array], Parameters],
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
) -> tuple[Float[Array, "6"], Float[Array, "6 free"]]:
    """m1 ... m6 and their exact Jacobian, several times faster than differentiating `six_moments`.

    Args:
        point: What to differentiate in.
        place: The parameters at a point.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.

    Raises:
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    require_x64()
    levels = scenario or Scenario()
    return jacobian.value_and_jacobian(
        lambda at: solve(place(at), levels, population.firm_shocks),
        lambda economy: SixMoments(reference(economy.before), income),
        population,
        point,
        jnp.eye(point.size, dtype=point.dtype),
    )


def changes(before: Float[Array, "6"], after: Float[Array, "6"]) -> Float[Array, "6"]:
    """Relative changes for m1, m2 and m4, differences for m3, m5 and m6."""
    relative = jnp.asarray([True, True, False, True, False, False])
    difference = after - before
    return jnp.where(relative, difference / jnp.where(relative, before, 1.0), difference)

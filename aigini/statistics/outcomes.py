"""How the economy responds to AI: the moments and every other change that analyses are about, in one pass.

| outcome | definition |
|---|---|
| m1 ... m5 | as in `aigini.statistics.moments` |
| gini_total | change of the Gini of total income |
| gini_wage | change of the Gini of wages |
| between_firm_variance | change of the between-firm component of the variance of log wages |
| labour_share | change of wages over total income |
| output | relative change of output Y |

m6 is `gini_total` or `gini_wage`, by the income concept, and m3 is the change of the college premium.
`OUTCOME_MEANINGS` is the one table of their meanings and units, for prints, figures and files.

A capital dividend pays the share t of all capital income out equally: total income becomes
w_i + (1 - t) r_i + t mean(r), with the mean over the simulated workers, so that mean income stays what it was.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy import firms
from aigini.economy.channels import Channels
from aigini.economy.economy import Economy, Scenario, State, solve
from aigini.economy.workers import WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics import histogram, sums
from aigini.statistics import moments as six
from aigini.statistics.accumulate import Row, accumulate, by_firm, total
from aigini.statistics.jacobian import Part, evaluate
from aigini.statistics.moments import HumanSums, IncomeConcept, Reference
from aigini.statistics.sums import CrossMoments

OUTCOME_NAMES = (
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "gini_total",
    "gini_wage",
    "between_firm_variance",
    "labour_share",
    "output",
)

RELATIVE = ("m1", "m2", "m4", "output")
"""Outcomes that are changes relative to the level before AI; the others are differences of levels."""


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What an outcome is, in print.

    Attributes:
        label: In a few words.
        meaning: What changes, in full.
        unit: In which unit its change is given.
    """

    label: str
    meaning: str
    unit: str


RELATIVE_UNIT = "relative change"
_GINI_UNIT = "change of the Gini"

OUTCOME_MEANINGS: dict[str, Meaning] = {
    "m1": Meaning("dispersion of output", "within-task dispersion of output", RELATIVE_UNIT),
    "m2": Meaning("mean output", "mean output on treated tasks", RELATIVE_UNIT),
    "m3": Meaning("college premium", "college premium", "change in log points"),
    "m4": Meaning("work-sample correlation", "correlation of work samples and assessments", RELATIVE_UNIT),
    "m5": Meaning("asset growth gap", "asset growth of the top over the bottom third of firms", "change in log points"),
    "m6": Meaning("Gini", "Gini of income", _GINI_UNIT),
    "gini_total": Meaning("Gini of total income", "Gini of total income", _GINI_UNIT),
    "gini_wage": Meaning("Gini of wages", "Gini of wages", _GINI_UNIT),
    "between_firm_variance": Meaning(
        "between-firm variance", "between-firm variance of log wages", "change in squared log points"
    ),
    "labour_share": Meaning("labour share", "wages over total income", "change of the share"),
    "output": Meaning("output", "output per worker", RELATIVE_UNIT),
}
"""Meaning and unit of every outcome, and of m6, whose income is `IncomeConcept`; relative changes are fractions, and a
share or a Gini lies between 0 and 1, so that 0.01 is one per cent or one percentage point."""

FRACTIONS = "relative changes are fractions: 0.01 is 1 %"
"""What a table with relative changes says below it."""


def units(names: Iterable[str], income: str = "total") -> dict[str, str]:
    """What each of some outcomes or moments is, with its unit, to go into a file beside the numbers."""
    found = {}
    for name in names:
        meaning = OUTCOME_MEANINGS[f"gini_{income}" if name == "m6" else name]
        found[name] = f"{meaning.meaning}, {meaning.unit}"
    return found


def legend(*names: str) -> str:
    """A line that says what some outcomes are and in which unit, for a table of them."""
    parts = [f"{name}: {OUTCOME_MEANINGS[name].meaning}, {OUTCOME_MEANINGS[name].unit}" for name in names]
    relative = any(OUTCOME_MEANINGS[name].unit == RELATIVE_UNIT for name in names)
    return "; ".join(parts) + (f" ({FRACTIONS})" if relative else "")


def moment_rows(names: tuple[str, ...], income: IncomeConcept) -> tuple[int, ...]:
    """Positions among the outcomes of moments named m1 ... m6."""
    return tuple(OUTCOME_NAMES.index(f"gini_{income}" if name == "m6" else name) for name in names)


class _Sums(eqx.Module):
    """Sums over the economy at one AI level."""

    wages: CrossMoments
    wage: Scalar
    wage_masses: Float[Array, "nodes"]
    total: Scalar
    total_masses: Float[Array, "nodes"]
    firm_count: Float[Array, "firms"]
    firm_log_wage: Float[Array, "firms"]


_All = tuple[tuple[_Sums, _Sums], tuple[HumanSums, HumanSums]]


def _rows(*names: str) -> tuple[int, ...]:
    return tuple(OUTCOME_NAMES.index(name) for name in names)


def _each(*names: str) -> Callable[[_All], Any]:
    return lambda sums: [getattr(state, name) for state in sums[0] for name in names]


class OutcomeStatistic(eqx.Module):
    """The outcomes as a statistic of the workers, see `aigini.statistics.jacobian.Statistic`.

    Attributes:
        about: Points about which squares are summed.
        n_firms: Number of firms.
        kept: Share of capital income that stays with its owners.
        dividends: Dividend per worker before and after AI.
    """

    about: Reference
    n_firms: int = eqx.field(static=True)
    kept: Scalar = 1.0
    dividends: tuple[Scalar, Scalar] = (0.0, 0.0)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Which outcomes depend on which sums."""
        return (
            Part(lambda sums: sums[1], _rows("m1", "m2")),
            Part(
                _each("wages", "firm_log_wage", "wage", "wage_masses"),
                _rows("m3", "gini_wage", "between_firm_variance", "labour_share"),
            ),
            Part(_each("total", "total_masses"), _rows("gini_total", "labour_share")),
        )

    def summarise(self, row: Row) -> _All:
        """Sums over a row of workers."""
        commons, humans = zip(
            *(
                (self._sums(outcome, row, dividend), six.human_sums(outcome, row.present))
                for outcome, dividend in zip((row.before, row.after), self.dividends, strict=True)
            ),
            strict=True,
        )
        return commons, humans

    def _sums(self, outcome: WorkerOutcome, row: Row, dividend: Scalar) -> _Sums:
        present, firm = row.present, row.workers.firm
        log_wage = jnp.log(outcome.wage)
        # total - (1 - kept) capital: without a dividend capital income enters through the total only.
        withheld = (1 - jnp.asarray(self.kept)).astype(present.dtype) * outcome.capital
        income = outcome.total - withheld + jnp.asarray(dividend).astype(present.dtype)
        return _Sums(
            wages=six.wage_sums(outcome, present, self.about),
            wage=total(outcome.wage, present),
            wage_masses=histogram.node_masses(log_wage, present),
            total=total(income, present),
            total_masses=histogram.node_masses(jnp.log(income), present),
            firm_count=by_firm(present, firm, self.n_firms),
            firm_log_wage=by_firm(
                (log_wage - jnp.asarray(self.about.log_wage, present.dtype)) * present, firm, self.n_firms
            ),
        )

    def finish(self, economy: Economy, sums: _All) -> Float[Array, "outcomes"]:
        """The outcomes, from the sums over all workers."""
        weights = economy.after.market.production.treated_weights()
        states = (economy.before, economy.after)
        before, after = (_levels(economy, *parts, weights) for parts in zip(states, *sums, strict=True))
        relative = jnp.asarray([name in RELATIVE for name in OUTCOME_NAMES])
        return (after - before) / jnp.where(relative, before, 1.0)


def _levels(
    economy: Economy, state: State, common: _Sums, human: HumanSums, weights: Array
) -> Float[Array, "outcomes"]:
    n = common.wages.n
    cv, output = six.treated_output(state.market.production, human, weights)
    firm_wages = sums.GroupSums(n=common.firm_count, y=common.firm_log_wage)
    return jnp.stack(
        [
            cv,
            output,
            4 * common.wages.slope,
            six.mean_signal_correlation(economy.faced.params, state, weights),
            firms.growth_gap(state.asset_path),
            histogram.gini(common.total_masses, common.total / n),
            histogram.gini(common.wage_masses, common.wage / n),
            sums.between_variance(firm_wages, common.wages.yy),
            common.wage / common.total,
            state.market.output,
        ]
    )


def outcomes(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    switches: Channels | None = None,
    capital_dividend: Scalar | None = None,
) -> Float[Array, "outcomes"]:
    """Every outcome in the order of `OUTCOME_NAMES`; pure, and differentiable in both modes.

    Args:
        params: Parameters.
        population: Workers and firm shocks; at least three firms.
        scenario: AI levels; 0 and 1 by default.
        switches: Channels to switch off; all are on by default.
        capital_dividend: Share of capital income that is paid out equally, before and after AI; none by default.

    Raises:
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    require_x64()
    economy = solve(params, scenario or Scenario(), population.firm_shocks, switches)
    statistic = outcome_statistic(economy)
    if capital_dividend is not None:
        means = _mean_capital(economy, population)
        statistic = OutcomeStatistic(
            about=statistic.about,
            n_firms=statistic.n_firms,
            kept=1 - jnp.asarray(capital_dividend),
            dividends=(capital_dividend * means[0], capital_dividend * means[1]),
        )
    return evaluate(statistic, economy, population)


def outcome_statistic(economy: Economy) -> OutcomeStatistic:
    """The outcomes as a statistic of the workers of a solved economy."""
    return OutcomeStatistic(about=six.reference(economy.before), n_firms=economy.before.intensity.shape[0])


def _mean_capital(economy: Economy, population: Population) -> tuple[Scalar, Scalar]:
    """Mean simulated capital income before and after AI: a pass of its own, because the dividend depends on it."""

    def summarise(row: Row) -> tuple[tuple[Scalar, Scalar, Scalar], tuple[()]]:
        present = row.present
        return (total(present, present), total(row.before.capital, present), total(row.after.capital, present)), ()

    (n, before, after), _ = accumulate(summarise, economy.faced, population)
    return before / n, after / n

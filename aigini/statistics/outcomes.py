"""How the economy responds to AI: the moments and every other change that analyses are about, in one pass.

What they are and in which order stands in `aigini.statistics.catalogue.OUTCOMES`; targets beside them come after.

A capital dividend pays the share t of all capital income out equally: total income becomes
w_i + (1 - t) r_i + t mean(r), with the mean over the simulated workers, so that mean income stays what it was.
"""

import dataclasses
from collections.abc import Iterable

import jax
from jaxtyping import Array, Float

from aigini.economy.channels import Channels
from aigini.economy.economy import Economy, Scenario, solve
from aigini.errors import MomentError
from aigini.parameters import Parameters, Scalar
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics.accumulate import Row, accumulate, total
from aigini.statistics.catalogue import GINI_CHANGE, OUTCOMES, find
from aigini.statistics.jacobian import evaluate
from aigini.statistics.moment import RELATIVE_UNIT, Moment, statistic_of

OUTCOME_NAMES = tuple(moment.name for moment in OUTCOMES)

FRACTIONS = "relative changes are fractions: 0.01 is 1 %"
"""What a table with relative changes says below it."""

UNKNOWN = "a moment that is not registered here"
"""The meaning of a moment that a file of another session names."""


def label(name: str) -> str:
    """A moment or an outcome in a few words; m6 is the Gini, of whichever income."""
    if name == GINI_CHANGE:
        return "Gini"
    try:
        moment = find(name)
    except MomentError:
        return name.replace("_", " ")
    return moment.label or moment.meaning


def units(names: Iterable[str], income: str = "total") -> dict[str, str]:
    """What each of some outcomes or moments is, with its unit, to go into a file beside the numbers."""
    words = {}
    for name in names:
        try:
            moment = find(name, income)
        except MomentError:
            words[name] = UNKNOWN
        else:
            words[name] = f"{moment.meaning}, {moment.change_unit}"
    return words


def legend(*names: str) -> str:
    """A line that says what some outcomes are and in which unit, for a table of them."""
    moments = [find(name) for name in names]
    parts = [f"{moment.name}: {moment.meaning}, {moment.change_unit}" for moment in moments]
    relative = any(moment.change_unit == RELATIVE_UNIT for moment in moments)
    return "; ".join(parts) + (f" ({FRACTIONS})" if relative else "")


def moment_rows(names: tuple[str, ...], income: str) -> tuple[int, ...]:
    """Positions among the outcomes of moments by their names."""
    return tuple(OUTCOME_NAMES.index(find(name, income).name) for name in names)


def outcomes(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    switches: Channels | None = None,
    capital_dividend: Scalar | None = None,
    moments: tuple[Moment, ...] = OUTCOMES,
) -> Float[Array, "outcomes"]:
    """Every outcome in the order of `moments`; pure, and differentiable in both modes.

    Args:
        params: Parameters.
        population: Workers and firm shocks; at least three firms.
        scenario: AI levels; 0 and 1 by default.
        switches: Channels to switch off; all are on by default.
        capital_dividend: Share of capital income that is paid out equally, before and after AI; none by default.
        moments: Which outcomes.

    Raises:
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    require_x64()
    economy = solve(params, scenario or Scenario(), population.firm_shocks, switches)
    statistic = statistic_of(moments)(economy)
    if capital_dividend is not None:
        taxed = capital_dividend, capital_dividend * _mean_capital(economy, population)
        statistic = dataclasses.replace(statistic, capital_tax=taxed)
    return evaluate(statistic, economy, population)


def _mean_capital(economy: Economy, population: Population) -> Float[Array, "2"]:
    """Mean simulated capital income before and after AI: a pass of its own, because the dividend depends on it."""

    def summarise(row: Row) -> tuple[tuple[Scalar, Float[Array, "2"]], tuple[()]]:
        capital = jax.vmap(lambda values: total(values, row.present))(row.outcome.capital)
        return (total(row.present, row.present), capital), ()

    (n, capital), _ = accumulate(summarise, economy.faced, population)
    return capital / n

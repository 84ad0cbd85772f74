"""Responses of the economy to AI: the moments and every other change that analyses are about, in one pass.

What they are and in which order stands in `aigini.statistics.catalogue.OUTCOMES`; targets beside them come after.
"""

from collections.abc import Iterable, Mapping, Sequence

from jaxtyping import Array, Float

from aigini.economy.channels import Channels
from aigini.economy.economy import Scenario
from aigini.errors import MomentError
from aigini.parameters import SPECS, Parameters
from aigini.population.population import Population
from aigini.statistics.catalogue import GINI_CHANGE, OUTCOMES, find
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.moment import RELATIVE_UNIT, Moment

Units = dict[str, str | Mapping[str, str]]
"""Meaning and unit of numbers, by name."""

OUTCOME_NAMES = tuple(moment.name for moment in OUTCOMES)

FRACTIONS = "relative changes are fractions: 0.01 is 1 %"
"""Line below a table with relative changes."""

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
    """Meaning and unit of some outcomes or moments by name, to go into a file beside the numbers."""
    words = {}
    for name in names:
        try:
            moment = find(name, income)
        except MomentError:
            words[name] = UNKNOWN
        else:
            words[name] = f"{moment.meaning}, {moment.change_unit}"
    return words


def file_units(*names: str, **others: str | Mapping[str, str]) -> Units:
    """Meaning and unit of the numbers in the file of a result.

    Args:
        *names: Outcomes and moments that are fields of the result.
        **others: Other fields, in words.
    """
    return {
        **units(names),
        **others,
        "responses": units(OUTCOME_NAMES),
        "fractions": FRACTIONS,
        "params": {name: spec.meaning for name, spec in SPECS.items()},
    }


def legend(*names: str) -> str:
    """A line that says what some outcomes are and in which unit, for a table of them."""
    moments = [find(name) for name in names]
    parts = [f"{moment.name}: {moment.meaning}, {moment.change_unit}" for moment in moments]
    relative = any(moment.change_unit == RELATIVE_UNIT for moment in moments)
    return "; ".join(parts) + (f" ({FRACTIONS})" if relative else "")


def moment_rows(names: Sequence[str], income: str, among: Sequence[Moment] = OUTCOMES) -> tuple[int, ...]:
    """Positions of moments by their names.

    Args:
        names: The moments.
        income: Income concept of m6.
        among: The moments that are computed, in their order.

    Raises:
        MomentError: if one of them is not computed.
    """
    computed = [moment.name for moment in among]
    requested = [find(name, income).name for name in names]
    others = [name for name in requested if name not in computed]
    if others:
        raise MomentError(f"{', '.join(others)}: only {', '.join(computed)} are computed here.")
    return tuple(computed.index(name) for name in requested)


def outcomes(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    switches: Channels | None = None,
    moments: tuple[Moment, ...] = OUTCOMES,
) -> Float[Array, "outcomes"]:
    """Every outcome in the order of `moments`; pure, and differentiable in both modes.

    Args:
        params: Parameters.
        population: Workers and firm shocks; at least three firms.
        scenario: AI levels; 0 and 1 by default.
        switches: Channels to switch off; all are on by default.
        moments: Which outcomes.

    Raises:
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    return EconomyMap(population, scenario or Scenario(), moments)(params, switches)

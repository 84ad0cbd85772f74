"""Matches of published occupations with measures of exposure."""

import dataclasses
from collections.abc import Sequence

from aigini.oews.samples import Occupations, cross_section
from aigini.oews.sufficiency import FEWEST


@dataclasses.dataclass(frozen=True)
class Match:
    """Published occupations that have one measure of exposure.

    Attributes:
        exposure: The measure.
        codes: Occupation codes with a value in its table, those included that OEWS combines.
        matched: Occupations of the latest published table that have one.
        occupations: Occupations of that table with a code that can be compared over the years.
        year: Its year.
    """

    exposure: str
    codes: int
    matched: int
    occupations: int
    year: int


def matches(data: Occupations) -> tuple[Match, ...]:
    """The match of each measure with the latest published table."""
    year = data.years[-1]
    codes = cross_section(data.exact, year).index
    made = []
    for name in data.exposures.columns:
        known = data.exposures[name].dropna().index
        made.append(Match(str(name), len(known), int(codes.isin(known).sum()), len(codes), year))
    return tuple(made)


def match_words(rows: Sequence[Match]) -> str:
    """Occupations that each measure covers, and the measures that cover too few for a regression, in words."""
    first = rows[0]
    each = ", ".join(f"{one.exposure} {one.matched}" for one in rows)
    few = [one.exposure for one in rows if one.matched < FEWEST]
    left = f"; fewer than {FEWEST}, and so in no regression: {', '.join(few)}" if few else ""
    return f"Of {first.occupations} occupations of May {first.year} these have a measure of exposure: {each}{left}."

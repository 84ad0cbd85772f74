"""Regressions of occupation wages on exposure to AI: each choice by name, and the list that is run."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

from aigini.oews.layout import METHOD_BREAK, PANEL_YEARS
from aigini.oews.panel import Codes
from aigini.oews.samples import TopCodes

Estimator = Literal["level", "long_difference", "two_way", "event_study"]
Controls = Literal["none", "base", "base and major group", "major group by year"]
"""None; the base year's log median and outcome; dummies of major groups as well; and, in two-way panels, effects of
each major group in each year."""

WINDOWS = ((2019, 2023), (2022, 2024))
"""Years of long differences."""
BEFORE_AI = 2022
"""Last year before generative AI spread; reference of event studies."""
HEADLINE = "p90/p10"
MAIN_OUTCOMES = ("log p50", "p90/p10", "p90/p50", "p50/p10")


@dataclasses.dataclass(frozen=True)
class Specification:
    """One regression.

    Attributes:
        outcome: Name in `aigini.oews.samples.OUTCOMES`.
        exposure: Column of the exposures.
        years: The year of levels, both years of long differences, or all years of a panel.
        estimator: The estimator.
        controls: Controls; ``"major group by year"`` of two-way panels alone, and the others not of panels.
        weights: ``"employment"`` of the first year, or ``"none"``.
        codes: Occupations with one code throughout, or hybrid codes as well.
        top_codes: Treatment of top-coded wages.
        method_break: True if exposure may have another slope from the method break on, of two-way panels.
    """

    outcome: str
    exposure: str
    years: tuple[int, ...]
    estimator: Estimator = "long_difference"
    controls: Controls = "none"
    weights: Literal["employment", "none"] = "employment"
    codes: Codes = "exact"
    top_codes: TopCodes = "drop"
    method_break: bool = False

    @property
    def span(self) -> str:
        """The years in print."""
        limits = (self.years[0], self.years[-1])
        if len(self.years) < 3 or self.years == tuple(range(limits[0], limits[1] + 1)):
            return "-".join(map(str, dict.fromkeys(limits)))
        return ", ".join(map(str, self.years))

    @property
    def sample(self) -> str:
        """Occupations and the treatment of top codes in words."""
        codes = "same codes" if self.codes == "exact" else "hybrid codes bridged"
        return f"{codes}; top codes: {self.top_codes}"

    @property
    def name(self) -> str:
        """All choices in one line."""
        parts = [self.estimator, self.outcome, self.exposure, self.span, self.controls, self.weights, self.sample]
        return " | ".join([*parts, *(["slope break in 2021"] if self.method_break else [])])


def every_specification(exposures: Sequence[str], years: Sequence[int]) -> tuple[Specification, ...]:
    """The list that `aigini oews` runs, of which those are left out whose years are not there."""
    return tuple(dict.fromkeys(s for x in exposures for s in _of(x, tuple(years)) if set(s.years) <= set(years)))


def _of(x: str, years: tuple[int, ...]) -> Iterator[Specification]:
    latest = (years[-1],)
    for outcome in MAIN_OUTCOMES:
        for year in (*((y,) for y in (2019, 2023)), latest):
            yield Specification(outcome, x, year, "level")
        yield Specification(outcome, x, latest, "level", "base and major group")
        for window in WINDOWS:
            for controls in ("none", "base", "base and major group"):
                yield Specification(outcome, x, window, controls=controls)
            if outcome == HEADLINE:
                yield from choices(outcome, x, window)[1:]
        yield from panels(outcome, x, years)
        yield Specification(outcome, x, years, "event_study")


def choices(outcome: str, x: str, window: tuple[int, ...]) -> tuple[Specification, ...]:
    """A long difference, and the same with one choice made otherwise."""
    usual = Specification(outcome, x, window)
    return (
        usual,
        dataclasses.replace(usual, weights="none"),
        dataclasses.replace(usual, codes="bridged"),
        *(dataclasses.replace(usual, top_codes=how) for how in ("threshold", "lower", "upper")),
    )


def panels(outcome: str, x: str, years: tuple[int, ...]) -> tuple[Specification, ...]:
    """Two-way panels: all years, with another slope from the method break on, after it, and without shared panels."""
    usual = Specification(outcome, x, years, "two_way")
    after = tuple(year for year in years if year >= METHOD_BREAK)
    apart = tuple(range(years[-1], years[0] - 1, -PANEL_YEARS))[::-1]
    broken = bool(years[0] < METHOD_BREAK <= BEFORE_AI)
    return tuple(
        s
        for s in (
            usual,
            dataclasses.replace(usual, method_break=broken),
            dataclasses.replace(usual, controls="major group by year"),
            dataclasses.replace(usual, years=after),
            dataclasses.replace(usual, years=apart),
        )
        if s.years[0] <= BEFORE_AI < s.years[-1]
    )

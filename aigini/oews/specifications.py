"""Regressions of occupation wages on exposure to AI: each choice by name, and the list that is run."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from aigini.errors import AnalysisError, unknown_name
from aigini.oews.layout import METHOD_BREAK, PANEL_YEARS
from aigini.oews.panel import Codes
from aigini.oews.samples import OUTCOMES, TopCodes

Estimator = Literal["level", "long_difference", "two_way", "event_study"]
Controls = Literal["none", "base", "base and major group", "major group by year"]
"""None; the base year's log median and outcome; dummies of major groups as well; and, in two-way panels, effects of
each major group in each year."""

Weights = Literal["employment", "none"]

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
    weights: Weights = "employment"
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


def require_usable(spec: Specification, exposures: Sequence[str]) -> None:
    """Refuse a specification with a choice that is not there, or that its estimator has no use for.

    Args:
        spec: The specification.
        exposures: Measures that are known.

    Raises:
        AnalysisError: naming the choice, what was got and what was expected.
    """
    if spec.exposure not in exposures:
        raise AnalysisError(f"oews: exposure: {unknown_name(spec.exposure, exposures)}")
    if spec.outcome not in OUTCOMES:
        raise AnalysisError(f"oews: outcome: {unknown_name(spec.outcome, list(OUTCOMES))}")
    choices_of = {
        "estimator": Estimator,
        "controls": Controls,
        "weights": Weights,
        "codes": Codes,
        "top_codes": TopCodes,
    }
    for name, known in choices_of.items():
        if getattr(spec, name) not in get_args(known):
            expected = ", ".join(map(repr, get_args(known)))
            raise AnalysisError(f"oews: {name} = {getattr(spec, name)!r}: expected one of {expected}; correct it.")
    years, panel = spec.years, spec.estimator in ("two_way", "event_study")
    wanted = {"level": "one year", "long_difference": "two years"}.get(spec.estimator, "at least two years")
    enough = {"level": len(years) == 1, "long_difference": len(years) == 2}.get(spec.estimator, len(years) > 1)
    if not enough or any(later <= earlier for earlier, later in itertools.pairwise(years)):
        raise AnalysisError(f"oews: years = {years}: expected {wanted} of a {spec.estimator}, in order; correct them.")
    if spec.estimator == "two_way" and not years[0] <= BEFORE_AI < years[-1]:
        raise AnalysisError(
            f"oews: years = {years}: expected years on both sides of {BEFORE_AI} of a two-way panel; add one."
        )
    allowed = {"none", "major group by year"} if panel else {"none", "base", "base and major group"}
    if spec.controls not in allowed:
        raise AnalysisError(
            f"oews: controls = {spec.controls!r}: expected {' or '.join(map(repr, sorted(allowed)))} of a"
            f" {spec.estimator}; choose one of them."
        )
    if spec.top_codes in ("lower", "upper") and (
        panel or (spec.estimator == "long_difference" and spec.controls != "none")
    ):
        raise AnalysisError(
            f"oews: top_codes = {spec.top_codes!r}: bounds are of levels, and of long differences without controls, for"
            " the base year's outcome must be known; choose 'drop' or 'threshold'."
        )
    if spec.method_break and not (spec.estimator == "two_way" and breaks_apart(years)):
        raise AnalysisError(
            f"oews: method_break = True: expected a two-way panel of years before {METHOD_BREAK}, from then to"
            f" {BEFORE_AI}, and after, so that the slopes can be told apart; leave it out, or add years."
        )


def breaks_apart(years: Sequence[int]) -> bool:
    """True if years let a slope from the method break on be told from one after AI."""
    return any(METHOD_BREAK <= year <= BEFORE_AI for year in years) and years[0] < METHOD_BREAK <= BEFORE_AI < years[-1]


def every_specification(exposures: Sequence[str], years: Sequence[int]) -> tuple[Specification, ...]:
    """The list that `aigini oews` runs, of which those are left out whose years are not there."""
    there = tuple(sorted(set(years)))
    return tuple(dict.fromkeys(s for x in exposures for s in _of(x, there) if s.years and set(s.years) <= set(there)))


def _of(x: str, years: tuple[int, ...]) -> Iterator[Specification]:
    latest = years[-1:]
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
        if len(years) > 1:
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
    """Two-way panels: all years, with another slope from the method break on, after it, and without shared panels.

    Those are left out whose years are on one side of AI, and the slope break where its years are those of AI.
    """
    if not years:
        return ()
    usual = Specification(outcome, x, years, "two_way")
    after = tuple(year for year in years if year >= METHOD_BREAK)
    apart = tuple(range(years[-1], years[0] - 1, -PANEL_YEARS))[::-1]
    return tuple(
        s
        for s in (
            usual,
            *([dataclasses.replace(usual, method_break=True)] if breaks_apart(years) else []),
            dataclasses.replace(usual, controls="major group by year"),
            dataclasses.replace(usual, years=after),
            dataclasses.replace(usual, years=apart),
        )
        if s.years and s.years[0] <= BEFORE_AI < s.years[-1]
    )

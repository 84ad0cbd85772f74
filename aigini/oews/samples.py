"""Outcomes of occupations, what top-coded wages do to them, and the data of one regression."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np

from aigini.oews.frames import Frame, Series, pandas
from aigini.oews.layout import TOP_CODED, WAGES
from aigini.oews.panel import Codes, comparable

OUTCOMES: dict[str, tuple[str, str | None]] = {
    "p90/p10": ("p90", "p10"),
    "p90/p50": ("p90", "p50"),
    "p50/p10": ("p50", "p10"),
    "p75/p25": ("p75", "p25"),
    "log p50": ("p50", None),
    "log mean": ("mean", None),
    "log emp": ("emp", None),
}
"""Outcomes by name: 100 times the log of a ratio, or of a level."""

TopCodes = Literal["drop", "threshold", "lower", "upper"]
"""Treatment of top-coded wages: the occupation is left out; the wage is taken as the top code; or the coefficient is
the lowest or highest that any wages between the top code and a ceiling give. The ceiling is the highest ratio of that
percentile to the nearest lower one that the occupation has, among occupations of the year, times that lower one."""


@dataclasses.dataclass(frozen=True, repr=False)
class Occupations:
    """Occupations with their exposures.

    Attributes:
        exact: Panel of the codes that are comparable as they are.
        bridged: Panel in which hybrid codes are put together again.
        exposures: Measures by SOC code.
    """

    exact: Frame
    bridged: Frame
    exposures: Frame

    @property
    def years(self) -> tuple[int, ...]:
        """Years with a table, in order."""
        return tuple(sorted(int(year) for year in self.exact["year"].unique()))

    def rows(self, codes: Codes) -> Frame:
        """The panel with these codes."""
        return self.exact if codes == "exact" else self.bridged

    def __repr__(self) -> str:
        counts = self.exact.groupby("year")["soc"].nunique()
        years = ", ".join(f"{year} ({count})" for year, count in counts.items())
        return (
            f"Occupations by May of each year: {years}.\nMeasures of exposure: {', '.join(self.exposures.columns)}."
            "\nData frames: exact, bridged, exposures."
        )


def occupations(table: Frame, rows: Frame, exposures: Frame) -> Occupations:
    """Occupations from the tables that were read.

    Args:
        table: Published tables, see `aigini.oews.read`.
        rows: The panel, see `aigini.oews.panel.panel`.
        exposures: Measures, see `aigini.oews.exposures.read_exposures`.
    """
    return Occupations(
        with_ceilings(comparable(table, rows, "exact")), with_ceilings(comparable(table, rows, "bridged")), exposures
    )


def with_ceilings(rows: Frame) -> Frame:
    """The panel with ``NAME_low`` and ``NAME_high``, between which each wage lies; equal where it is known."""
    out = rows.copy()
    percentiles = WAGES[1:]
    for k, name in enumerate(percentiles):
        top = out[f"{name}_mark"] == TOP_CODED
        ceiling = pandas().Series(np.inf, out.index)
        for lower in percentiles[:k]:
            most = (out[name] / out[lower]).groupby(out["year"]).transform("max")
            ceiling = (most * out[lower]).fillna(ceiling)  # the last one that is known is the nearest
        out[f"{name}_low"] = out[name].where(~top, out["top_code"])
        out[f"{name}_high"] = out[name].where(~top, np.maximum(ceiling, out["top_code"])).replace(np.inf, np.nan)
    for name in ("mean", "emp"):
        out[f"{name}_low"] = out[f"{name}_high"] = out[name]
    return out


def bounds(rows: Frame, outcome: str) -> tuple[Series, Series]:
    """Lowest and highest value that an outcome can have, in log points; equal where every wage is known."""
    upper, lower = OUTCOMES[outcome]
    if lower is None:
        return 100 * np.log(rows[f"{upper}_low"]), 100 * np.log(rows[f"{upper}_high"])
    low = np.maximum(rows[f"{upper}_low"] / rows[f"{lower}_high"], 1.0)
    return 100 * np.log(low), 100 * np.log(rows[f"{upper}_high"] / rows[f"{lower}_low"])


def value(rows: Frame, outcome: str, top_codes: TopCodes) -> Series:
    """An outcome in log points; NaN where it is not known, or left out."""
    suffix = "" if top_codes == "drop" else "_low"
    upper, lower = (f"{name}{suffix}" if name else None for name in OUTCOMES[outcome])
    ratio = rows[upper] / (rows[lower] if lower else 1.0)
    return 100 * np.log(ratio.where(ratio > 0))  # no one employed has no log


def cross_section(rows: Frame, year: int) -> Frame:
    """Occupations of a year by SOC code."""
    return rows[rows["year"] == year].set_index("soc")


def wide(rows: Frame, years: Sequence[int]) -> list[Frame]:
    """Cross-sections of several years, of the occupations that all of them have."""
    every = [cross_section(rows, year) for year in years]
    common = every[0].index
    for one in every[1:]:
        common = common.intersection(one.index)
    return [one.loc[common] for one in every]

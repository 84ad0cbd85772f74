"""One regression under every handling of what the published data lack: its coefficients side by side."""

from collections.abc import Sequence

from aigini.analysis.occupations.handlings import ByHandling
from aigini.oews.exposures import RATERS
from aigini.oews.inference import interval_text, p_value
from aigini.oews.regressions import Regression
from aigini.oews.specifications import HEADLINE
from aigini.tables import Column, Table

TOP_CODE_WORDS = {
    "top codes: drop": "top-coded left out",
    "top codes: threshold": "top code taken as the wage",
    "top codes: lower": "top-coded: lowest coefficient",
    "top codes: upper": "top-coded: highest coefficient",
}
"""Treatments of top-coded wages in words; the last two are the ends of the coefficients that any wages between the top
code and a ceiling give."""


def handlings(regressions: Sequence[Regression], exposure: str) -> dict[str, tuple[Regression, ...]]:
    """Changes of the dispersion ratio by the handling of top codes, hybrid codes, the method break and pooled panels.

    Args:
        regressions: All that were run.
        exposure: The measure.

    Returns:
        By regression in words (years and estimator), its variants, the usual one first.
    """
    own = [r for r in regressions if (r.exposure, r.outcome) == (exposure, HEADLINE)]
    own = [r for r in own if r.estimator in ("long_difference", "two_way") and r.term == "exposure"]
    every: dict[str, list[Regression]] = {}
    for r in own:
        if r.estimator == "two_way":
            every.setdefault("two-way panel", []).append(r)
        elif r.controls == "none":
            every.setdefault(f"long difference {r.years}", []).append(r)
    return {name: tuple(rows) for name, rows in every.items()}


def handling(regression: Regression) -> str:
    """The handling of one regression in words."""
    if regression.estimator == "two_way":
        more = "" if regression.controls == "none" else f", {regression.controls}"
        return f"{regression.years}{more}"
    codes, _, top = regression.sample.partition("; ")
    if regression.weights == "none":
        return "unweighted"
    return "hybrid codes bridged" if codes != "same codes" else TOP_CODE_WORDS[top]


def handling_tables(regressions: Sequence[Regression], exposure: str) -> dict[str, Table]:
    """The same as tables by regression, a row per handling; log points per standard deviation of exposure.

    Long differences have CRV1, CRV3 and HC1. Panels have CRV1 by major group and by occupation instead, for their
    observations are occupations in several years.
    """
    return {name: _table(rows) for name, rows in handlings(regressions, exposure).items()}


def _table(rows: Sequence[Regression]) -> Table:
    of_panel = rows[0].estimator == "two_way"
    jackknife = [None if r.se_crv3 is None else r.se_crv3 * r.exposure_sd for r in rows]
    by_occupation = [None if r.se_occupation is None else r.se_occupation * r.exposure_sd for r in rows]
    other = (
        (Column("occupation", by_occupation, ".3f"),)
        if of_panel
        else (Column("CRV3", jackknife, ".3f"), Column("HC1", [r.se_hc1 * r.exposure_sd for r in rows], ".3f"))
    )
    return Table(
        (
            Column("handling", [handling(r) for r in rows]),
            Column("coef.", [r.per_sd for r in rows], "+.3f"),
            Column("CRV1", [r.se * r.exposure_sd for r in rows], ".3f"),
            *other,
            Column("95 %", [None] * len(rows), text=[interval_text(r) for r in rows]),
            Column("p", [p_value(r) for r in rows], ".3f"),
            Column("occupations", [r.n_occupations for r in rows], "d"),
            *((Column("rows", [r.n for r in rows], "d"),) if of_panel else ()),
        )
    )


def beside_surveys(regressions: Sequence[Regression], exposure: str) -> tuple[ByHandling, ...]:
    """Long differences under other handlings than the usual one, which is that of simulated surveys."""
    return tuple(
        ByHandling(name.removeprefix("long "), handling(r), r.per_sd)
        for name, rows in handlings(regressions, exposure).items()
        for r in rows[1:]
        if r.estimator == "long_difference"
    )


def main_measure(measures: Sequence[str]) -> str:
    """The measure that is shown where one is: the first of `RATERS` that is there, or the first one."""
    return next((name for name in RATERS if name in measures), measures[0])

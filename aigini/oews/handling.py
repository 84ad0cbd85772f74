"""One regression under every handling of what the published data lack: its coefficients side by side."""

from collections.abc import Sequence

from aigini.oews.exposures import RATERS
from aigini.oews.regressions import Regression
from aigini.oews.specifications import HEADLINE
from aigini.tables import Column, Table

_TOP_CODES = {
    "top codes: drop": "top-coded left out",
    "top codes: threshold": "top code taken as the wage",
    "top codes: lower": "top-coded: lowest coefficient",
    "top codes: upper": "top-coded: highest coefficient",
}


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
    return "hybrid codes bridged" if codes != "same codes" else _TOP_CODES[top]


def handling_table(regressions: Sequence[Regression], exposure: str) -> Table:
    """The same as a table, a row per regression and handling; log points per standard deviation of exposure."""
    rows = [(name, r) for name, several in handlings(regressions, exposure).items() for r in several]
    panel = [r.se_occupation for _, r in rows]
    return Table(
        (
            Column("regression", [name for name, _ in rows]),
            Column("handling", [handling(r) for _, r in rows]),
            Column("per s.d.", [r.per_sd for _, r in rows], "+.3f"),
            Column("CRV1", [r.se * r.exposure_sd for _, r in rows], ".3f"),
            Column("CRV3", [None if r.se_crv3 is None else r.se_crv3 * r.exposure_sd for _, r in rows], ".3f"),
            Column("HC1", [r.se_hc1 * r.exposure_sd for _, r in rows], ".3f"),
            Column(
                "by occ.",
                [None if se is None else se * r.exposure_sd for se, (_, r) in zip(panel, rows, strict=True)],
                ".3f",
            ),
            Column("n", [r.n for _, r in rows], "d"),
        )
    )


def main_measure(measures: Sequence[str]) -> str:
    """The measure that is shown where one is: the first of `RATERS` that is there, or the first one."""
    return next((name for name in RATERS if name in measures), measures[0])

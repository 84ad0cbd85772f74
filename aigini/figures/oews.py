"""Figures of regressions of occupation wages on exposure to AI."""

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t as student

from aigini.figures.style import FAINT, FALL, INK, RISE, new_figure, styled
from aigini.oews.regressions import Regression
from aigini.oews.result import OccupationWages
from aigini.oews.specifications import BEFORE_AI, HEADLINE, WINDOWS

_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "*")
_UNIT = f"100 log {HEADLINE} per s.d. of exposure"


def _half_width(regression: Regression) -> float:
    """Half of the 95 % interval by clusters, per standard deviation of exposure."""
    error = regression.se if regression.se_crv3 is None else regression.se_crv3
    return float(student.ppf(0.975, regression.clusters - 1)) * error * regression.exposure_sd


@styled
def exposure_coefficients(result: OccupationWages) -> Figure:
    """Coefficients of the usual long differences by measure of exposure, with 95 % intervals by CRV3."""
    windows = [window for window in WINDOWS if result.headline(window)]
    measures = list(dict.fromkeys(r.exposure for window in windows for r in result.headline(window)))
    figure = new_figure("Change of wage dispersion and exposure to AI, by measure", (10.0, 2.2 + 0.42 * len(measures)))
    axis = figure.subplots()
    axis.axvline(0.0, color=FAINT, lw=1)
    shifts = np.linspace(-0.15, 0.15, max(len(windows), 1))
    for window, shift, marker, colour in zip(windows, shifts, _MARKERS, (INK, RISE), strict=False):
        rows = {r.exposure: r for r in result.headline(window)}
        axis.errorbar(
            [rows[x].per_sd for x in measures if x in rows],
            [k + shift for k, x in enumerate(measures) if x in rows],
            xerr=[_half_width(rows[x]) for x in measures if x in rows],
            fmt=marker,
            ms=6,
            lw=1.4,
            color=colour,
            label=f"{window[0]} to {window[1]}",
        )
    axis.set_yticks(range(len(measures)), [x.replace("_", " ") for x in measures])
    axis.invert_yaxis()
    axis.set_xlabel(f"{_UNIT}; bars: 95 % (CRV3 by major group)")
    axis.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@styled
def event_study(result: OccupationWages) -> Figure:
    """Slope of wage dispersion in exposure by year relative to the last year before AI, a line per measure.

    Without a table of that year it is relative to the first year.
    """
    rows = [r for r in result.regressions if r.estimator == "event_study" and r.outcome == HEADLINE]
    measures = list(dict.fromkeys(r.exposure for r in rows))
    reference = BEFORE_AI if BEFORE_AI in {one.year for one in result.tables} else result.tables[0].year
    title = "Slope of wage dispersion in exposure by year; neighbouring years share survey panels"
    figure = new_figure(title, (11.5, 7.0))
    axis = figure.subplots()
    axis.axhline(0.0, color=FAINT, lw=1)
    axis.axvline(2020.5, color=FAINT, lw=1, ls=":")
    axis.annotate("method break", (2020.5, 1.0), xycoords=("data", "axes fraction"), ha="right", va="top", rotation=90)
    for k, x in enumerate(measures):
        own = {int(r.term): r for r in rows if r.exposure == x}
        years = sorted({*own, reference})
        height = [own[year].per_sd if year in own else 0.0 for year in years]
        shade = str(0.75 * k / max(len(measures) - 1, 1))
        label = x.replace("_", " ")
        if k == 0:
            reach = [1.0 * own[year].se * own[year].exposure_sd * 2.08 if year in own else 0.0 for year in years]
            axis.errorbar(years, height, yerr=reach, fmt="o-", color=RISE, lw=2.2, ms=6, label=label, zorder=3)
        else:
            axis.plot(years, height, marker=_MARKERS[k % len(_MARKERS)], color=shade, lw=1.0, ms=4, label=label)
    axis.set_xticks(sorted({int(r.term) for r in rows} | {reference}))
    axis.set_ylabel(f"{_UNIT},\nrelative to {reference}")
    axis.set_xlabel("May; bars of the first measure: 95 %, clustered by major group (CRV1)")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


@styled
def specification_curve(result: OccupationWages) -> Figure:
    """All long differences of the dispersion ratio in order of their coefficients, with the choices below."""
    rows = [r for r in result.regressions if r.estimator == "long_difference" and r.outcome == HEADLINE]
    rows.sort(key=lambda r: r.per_sd)
    choices = {
        "years": [r.years for r in rows],
        "controls": [r.controls for r in rows],
        "weights": [r.weights for r in rows],
        "sample": [r.sample.replace("same codes; ", "") for r in rows],
        "exposure": [r.exposure.replace("_", " ") for r in rows],
    }
    labels = [(kind, level) for kind, values in choices.items() for level in dict.fromkeys(sorted(values))]
    figure = new_figure(
        f"{len(rows)} specifications of one regression: change of {_UNIT}", (11.5, 4.0 + 0.26 * len(labels))
    )
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 0.26 * len(labels)))
    at = np.arange(len(rows))
    for k, r in enumerate(rows):
        reach = _half_width(r)
        colour = FALL if r.per_sd + reach < 0 else RISE if r.per_sd - reach > 0 else FAINT
        upper.plot([k, k], [r.per_sd - reach, r.per_sd + reach], color=colour, lw=0.9)
    upper.plot(at, [r.per_sd for r in rows], ".", color=INK, ms=4)
    upper.axhline(0.0, color=INK, lw=0.8)
    upper.set_ylabel("coefficient, 95 % by clusters")
    for row, (kind, level) in enumerate(labels):
        own = [k for k, one in enumerate(choices[kind]) if one == level]
        lower.plot(own, np.full(len(own), row), "|", color=INK, ms=7, mew=0.8)
    lower.set_yticks(range(len(labels)), [f"{kind}: {level}" for kind, level in labels], fontsize=9)
    lower.invert_yaxis()
    lower.set_xlabel("specifications, in order of their coefficients")
    lower.grid(visible=False)
    return figure

"""Figures of regressions of occupation wages on exposure to AI."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import t as student

from aigini.figures.style import FAINT, FALL, INK, RISE, new_figure, styled
from aigini.oews.handling import TOP_CODE_WORDS, main_measure
from aigini.oews.inference import half_width
from aigini.oews.regressions import Regression
from aigini.oews.result import OccupationWages
from aigini.oews.specifications import BEFORE_AI, HEADLINE, WINDOWS

_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "*")
_UNIT = f"100 log {HEADLINE} per s.d. of exposure"


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
            xerr=[half_width(rows[x]) for x in measures if x in rows],
            fmt=marker,
            ms=6,
            lw=1.4,
            color=colour,
            label=f"{window[0]} to {window[1]}",
        )
    axis.set_yticks(range(len(measures)), [x.replace("_", " ") for x in measures])
    axis.set_ylim(len(measures) - 0.5, -0.5)
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
    main = main_measure(measures) if measures else ""
    families = list(dict.fromkeys(_family(x) for x in measures if x != main))
    drawn = dict.fromkeys(families, 0)
    for x in sorted(measures, key=lambda x: x == main):
        own = {int(r.term): r for r in rows if r.exposure == x}
        years = sorted({*own, reference})
        height = [own[year].per_sd if year in own else 0.0 for year in years]
        label = x.replace("_", " ")
        if x == main:
            reach = [_reach_crv1(own[year]) if year in own else 0.0 for year in years]
            axis.errorbar(years, height, yerr=reach, fmt="o-", color=RISE, lw=2.6, ms=7, label=label, zorder=3)
            continue
        family = _family(x)
        at, drawn[family] = drawn[family], drawn[family] + 1
        colour, dashes = _FAMILIES[families.index(family) % len(_FAMILIES)], ("-", "--", ":")[at % 3]
        marker = _MARKERS[at % len(_MARKERS)]
        axis.plot(years, height, dashes, marker=marker, color=colour, lw=1.3, ms=5, label=label)
    axis.set_xticks(sorted({int(r.term) for r in rows} | {reference}))
    axis.set_ylabel(f"{_UNIT},\nrelative to {reference}")
    clusters = min((r.clusters for r in rows), default=0)
    axis.set_xlabel(
        f"May; bars of {main.replace('_', ' ')}: 95 % by major group, CRV1, too short with {clusters} clusters"
        "\n(CRV3 is not there with effects of occupations)"
    )
    figure.legend(loc="outside lower center", ncols=3)
    return figure


_FAMILIES = (FALL, "#009E73", "#CC79A7", "#56B4E9", "#8C6D1F", INK)
"""Colours of measures by those who made them."""


def _family(measure: str) -> str:
    """Who made a measure, and for the same measure by two raters which of them."""
    parts = measure.split("_")
    return f"{parts[0]} {parts[-1]}" if parts[-1] in ("gpt4", "human") else parts[0]


def _reach_crv1(r: Regression) -> float:
    """Half of the 95 % interval by CRV1, per standard deviation of exposure."""
    return float(student.ppf(0.975, r.clusters - 1)) * r.se * r.exposure_sd


@styled
def specification_curve(result: OccupationWages) -> Figure:
    """All long differences of the dispersion ratio in order of their coefficients, with the choices below."""
    rows = [r for r in result.regressions if r.estimator == "long_difference" and r.outcome == HEADLINE]
    rows.sort(key=lambda r: r.per_sd)
    choices = {
        "years": [r.years for r in rows],
        "controls": [r.controls for r in rows],
        "weights": [r.weights for r in rows],
        "data": [_sample(r) for r in rows],
        "exposure": [r.exposure.replace("_", " ") for r in rows],
    }
    labels = [(kind, level) for kind, values in choices.items() for level in dict.fromkeys(sorted(values))]
    open_ends = sum(r.sample.endswith(("lower", "upper")) for r in rows)
    per_window = ", ".join(f"{choices['years'].count(span)} of {span}" for span in sorted(set(choices["years"])))
    title = f"{len(rows)} specifications ({per_window}): change of 100 log {HEADLINE}"
    figure = new_figure(title, (11.5, 4.4 + 0.26 * len(labels)))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 0.26 * len(labels)))
    at = np.arange(len(rows))
    for k, r in enumerate(rows):
        reach = half_width(r)
        below, above = r.per_sd + reach < 0, r.per_sd - reach > 0
        colour, width = (FALL if below else RISE if above else FAINT), (2.0 if below or above else 0.8)
        upper.plot([k, k], [r.per_sd - reach, r.per_sd + reach], color=colour, lw=width)
    upper.plot(at, [r.per_sd for r in rows], ".", color=INK, ms=4)
    upper.axhline(0.0, color=INK, lw=0.8)
    # Effects of groups are lost with a group.
    upper.set_ylabel("per s.d. of exposure, 95 % by CRV3\n(CRV1 with effects of major groups)")
    kinds = (("95 % below 0", FALL, 2.0), ("95 % includes 0", FAINT, 0.8), ("95 % above 0", RISE, 2.0))
    upper.legend(handles=[Line2D([], [], color=colour, lw=lw, label=text) for text, colour, lw in kinds], ncols=3)
    for row, (kind, level) in enumerate(labels):
        own = [k for k, one in enumerate(choices[kind]) if one == level]
        lower.plot(own, np.full(len(own), row), "|", color=INK, ms=7, mew=0.8)
    lower.set_yticks(range(len(labels)), [f"{kind}: {level}" for kind, level in labels], fontsize=9)
    lower.invert_yaxis()
    lower.set_xlabel(
        "specifications, in order of their coefficients\n"
        f"{open_ends} are the lowest or highest coefficient of any wages between the top code and a ceiling"
    )
    lower.grid(visible=False)
    return figure


def _sample(r: Regression) -> str:
    """Occupations and the treatment of top codes in words."""
    codes, _, top = r.sample.partition("; ")
    return TOP_CODE_WORDS[top] if codes == "same codes" else codes

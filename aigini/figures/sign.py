"""Change of the Gini along the ridge of economies that meet the targets other than m6."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aigini.analysis.identification.ridge import RidgePoint
from aigini.analysis.identification.sign import Sign
from aigini.figures.labels import (
    BAND,
    GINI_UNIT,
    MARKERS,
    STAR,
    empty_figure,
    end_labels,
    last_finite,
    outcome_label,
    parameter_label,
    placeholder,
    symbol,
)
from aigini.figures.style import AFTER, BEFORE, INK, WIDE, limit_to, new_figure, ordered_colours, styled
from aigini.parameters import SPECS
from aigini.resolution import STANDS_OUT

_WIDE_RANGE = 30.0
"""Estimates that vary by a larger factor are drawn on a log scale."""
_FARTHEST = 1e3
"""Estimates that differ from those at the estimates' own place by a larger factor are arrows at the edge."""


@styled
def ridge(result: Sign) -> Figure:
    """Change of both Ginis against η1 for each ξ, the other targets being met again at every point.

    The estimates are marked on the line of their own ξ, between its points.
    """
    figure = new_figure("Change of the Gini along economies that meet all targets but m6", (12.5, 6.4))
    panels = figure.subplots(1, 2)
    for axis, concept in zip(panels, sorted(("total", "wage"), key=lambda name: name != result.income), strict=True):
        _ridge_panel(axis, result, concept)
        of_m6 = ", which m6 is about" if concept == result.income else ""
        axis.set_title(outcome_label(f"gini_{concept}") + of_m6)
    known = any(point.gini_total_simulation_se is not None for point in result.ridge)
    band = Patch(facecolor=BEFORE, alpha=0.25, label=BAND if known else "simulation errors were not measured")
    figure.legend(handles=_key(band), loc="outside lower left", ncols=4 if known else 2)
    return figure


def _key(*more: Patch) -> list[Line2D | Patch]:
    """Entries of the legend."""
    return [
        Line2D([], [], color=BEFORE, marker="o", label="the other targets are met"),
        Line2D([], [], color=BEFORE, marker="o", markerfacecolor="white", linestyle=":", label="they cannot be met"),
        Line2D([], [], label="the estimates", **STAR),
        *more,
    ]


def _ridge_panel(axis: Axes, result: Sign, concept: str) -> None:
    xis = sorted({point.xi for point in result.ridge})
    own = result.params["xi"]
    axis.set_xlabel(f"proprietary AI, {symbol('eta1')}")
    axis.set_ylabel(GINI_UNIT)
    if not xis:
        placeholder(axis, "the ridge has no points")
        return
    axis.axhline(0, color=INK, linewidth=1)
    colours = ordered_colours(len(xis))
    last_points = []
    for k, xi in enumerate(xis):
        points = sorted((point for point in result.ridge if point.xi == xi), key=lambda point: point.eta1)
        eta = np.array([point.eta1 for point in points])
        gini = 100 * np.array([getattr(point, f"gini_{concept}") for point in points])
        width = 3.2 if xi == own else 1.7
        error = np.array([point.change(concept).error or np.nan for point in points])
        reach = 100 * STANDS_OUT * np.where([point.feasible for point in points], error, np.nan)
        axis.fill_between(eta, gini - reach, gini + reach, color=colours[k], alpha=0.25, linewidth=0)
        axis.vlines(eta, gini - reach, gini + reach, color=colours[k], linewidth=1.2)
        _feasible_and_not(axis, points, eta, gini, colours[k], MARKERS[k % len(MARKERS)], width)
        finite = np.flatnonzero(np.isfinite(gini))
        last_points.append(last_finite(eta, gini))
        here = result.params["eta1"]
        if xi == own and finite.size and eta[finite[0]] <= here <= eta[finite[-1]]:
            axis.plot([here], [np.interp(here, eta[finite], gini[finite])], zorder=6, **STAR)
    changes = [point.change(concept) for point in result.ridge]
    reach = [side * STANDS_OUT * (change.error or 0.0) for change in changes for side in (-1, 1)]
    values = np.repeat([change.value for change in changes], 2) + np.array(reach)
    limit_to(axis, "y", 100 * values, least=0.1, zero=True)
    limit_to(axis, "x", np.array([point.eta1 for point in result.ridge]), least=0.1)
    labels = [f"{symbol('xi')} = {xi:.3g}" + (" (estimates)" if xi == own else "") for xi in xis]
    end_labels(axis, last_points, labels, colours, 4.0)


def _feasible_and_not(
    axis: Axes, points: Sequence[RidgePoint], x: np.ndarray, y: np.ndarray, colour: str, marker: str, width: float
) -> None:
    """A solid line with filled markers through feasible points, dotted with hollow markers elsewhere."""
    feasible = np.array([point.feasible for point in points], bool)
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 7.0}
    axis.plot(x, y, linestyle=":", color=colour, linewidth=max(width - 0.3, 1.4))
    axis.plot(x[~feasible], y[~feasible], linestyle="", markerfacecolor="white", **look)
    line = np.where(feasible, y, np.nan)
    axis.plot(x, line, linewidth=width, markeredgecolor="white", markeredgewidth=0.6, **look)


@styled
def ridge_estimates(result: Sign) -> Figure:
    """The other estimates by η1, at the estimates' own ξ, when all targets but m6 are met."""
    own = result.params["xi"]
    points = sorted((point for point in result.ridge if point.xi == own), key=lambda point: point.eta1)
    title = f"Parameters that meet all targets but m6, at the estimates' own ξ ({own:.3g})"
    names = list(dict.fromkeys(name for point in points for name in point.estimates))
    if not names:
        return empty_figure(title, "the ridge has no points")
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(title, (max(4.2 * columns, WIDE[0] * 0.7), 1.3 + 3.1 * lines))
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    eta = np.array([point.eta1 for point in points])
    for axis, name in zip(panels, names, strict=False):
        values = np.array([point.estimates.get(name, np.nan) for point in points])
        _feasible_and_not(axis, points, eta, values, BEFORE, "o", 2.0)
        here = result.params.get(name, np.nan)
        axis.plot([result.params["eta1"]], [here], zorder=6, **STAR)
        shown = np.append(values[np.isfinite(values)], here)
        if here > 0 and np.all(shown > 0):
            beyond = np.abs(np.log(values / here)) > np.log(_FARTHEST)
            shown = np.append(values[np.isfinite(values) & ~beyond], here)
            _at_the_edge(axis, eta[beyond], values[beyond] > here)
        if np.all(shown > 0) and shown.max() > _WIDE_RANGE * shown.min():
            axis.set_yscale("log")
            pad = 0.1 * np.log(shown.max() / shown.min())
            axis.set_ylim(np.exp(np.log(shown.min()) - pad), np.exp(np.log(shown.max()) + pad))
        else:
            limit_to(axis, "y", shown, least=0.02 * max(abs(here), 1e-6))
        axis.set_title(parameter_label(name))
        axis.set_ylabel("\n".join(textwrap.wrap(SPECS[name].meaning, 28)) if name in SPECS else "value")
        axis.set_xlabel(f"proprietary AI, {symbol('eta1')}")
    for axis in panels[len(names) :]:
        axis.axis("off")
    figure.legend(handles=_key(), loc="outside lower left", ncols=3)
    return figure


def _at_the_edge(axis: Axes, eta: np.ndarray, above: np.ndarray) -> None:
    """Arrows at the upper or lower edge for estimates beyond it."""
    look: dict[str, Any] = {"linestyle": "", "markersize": 9, "color": AFTER, "markeredgecolor": "white", "zorder": 5}
    for marker, height, which, words in (
        ("^", 0.955, above, f"more than {_FARTHEST:,.0f} times the estimate"),
        ("v", 0.045, ~above, "less than a thousandth of the estimate"),
    ):
        if which.any():
            heights = np.full(which.sum(), height)
            axis.plot(eta[which], heights, marker=marker, transform=axis.get_xaxis_transform(), **look)
            axis.text(0.98, abs(height - 0.1), words, transform=axis.transAxes, ha="right", va="center", fontsize=10)

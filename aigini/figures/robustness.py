"""Specification curve of the variants: what each says, with its choices below."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import norm

from aigini.analysis.robustness.findings import CHANCE, CHANGE, RIDGE, Finding
from aigini.analysis.robustness.result import Robustness, VariantResult
from aigini.figures.labels import empty_figure, outcome_label
from aigini.figures.style import AFTER, BEFORE, FAINT, INK, limit_to, new_figure, styled
from aigini.statistics.catalogue import CONCEPTS

LEVEL = 0.95
"""Probability of the intervals."""

_TITLE = "Variants of the economy and of the targets"
_HIGHEST = 10.0  # times the span of the estimates, beyond which an interval is cut


@styled
def robustness_curve(result: Robustness) -> Figure:
    """Change of both Ginis and probability of a rise by variant, in order of the change for wages; choices below."""
    order = sorted(result.variants, key=_position)
    if not order:
        return empty_figure(_TITLE, "no variant was asked for")
    rows = _choices(order)
    figure = new_figure(_TITLE, (max(11.5, 5.5 + 0.55 * len(order)), 9.6 + 0.27 * len(rows)))
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(2.5, 2.5, 2.0, 0.27 * len(rows) + 0.3))
    _total_panel(panels[0], order)
    _wage_panel(panels[1], order)
    _chance_panel(panels[2], order)
    _choice_panel(panels[3], order, rows)
    for axis in panels[:3]:
        axis.tick_params(labelbottom=False)
        axis.grid(visible=False, axis="x")
    handles = [
        Line2D([], [], color=INK, marker="o", linestyle="", label="at the estimates"),
        Line2D([], [], color=INK, marker="o", markerfacecolor="white", linestyle="", label="first order not reliable"),
        Line2D([], [], color=FAINT, marker="x", linestyle="", label="targets not met: where a search came closest"),
        Line2D([], [], color=BEFORE, linewidth=5, label="range among economies that meet the other targets"),
        Line2D(
            [], [], color=AFTER, linewidth=1.6, label=f"{LEVEL:.0%} by the targets' s.e., to first order; arrow: cut"
        ),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _position(variant: VariantResult) -> tuple[bool, float]:
    change = variant.get(CHANGE, "gini_wage").value
    return change is None, 0.0 if change is None else change


def _total_panel(axis: Axes, order: Sequence[VariantResult]) -> None:
    """Change of the Gini of total income, with its range among economies that meet the other targets."""
    bounds = _ridge(axis, order, CONCEPTS[0])
    values = _dots(axis, order, lambda variant: variant.get(CHANGE, f"gini_{CONCEPTS[0]}"))
    _finish(axis, np.array([*bounds, *values]), f"{outcome_label('gini_total')},\nchange, Gini points")


def _ridge(axis: Axes, order: Sequence[VariantResult], income: str) -> list[float]:
    """The ranges of variants whose m6 is about this income; their bounds in hundredths."""
    bounds: list[float] = []
    for k, variant in enumerate(order):
        lowest, highest = (variant.get(RIDGE, which).value for which in ("lowest", "highest"))
        if variant.income == income and lowest is not None and highest is not None:
            axis.plot([k, k], [100 * lowest, 100 * highest], color=BEFORE, linewidth=5, solid_capstyle="butt")
            bounds += [100 * lowest, 100 * highest]
    return bounds


def _wage_panel(axis: Axes, order: Sequence[VariantResult]) -> None:
    """Change of the Gini of wages with its interval from the targets."""
    changes = [variant.get(CHANGE, "gini_wage") for variant in order]
    values = np.array([100 * one.value for one in changes if one.value is not None])
    span = max(float(np.ptp(values)), 0.1) if values.size else 0.1
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    floor, top = low - _HIGHEST * span, high + _HIGHEST * span
    reaches = []
    for k, one in enumerate(changes):
        if one.value is None or one.se is None:
            continue
        half = float(norm.isf((1 - LEVEL) / 2)) * one.se
        below, above = 100 * (one.value - half), 100 * (one.value + half)
        axis.plot([k, k], [max(below, floor), min(above, top)], color=AFTER, linewidth=1.6)
        for end, edge, marker in ((below, floor, "v"), (above, top, "^")):
            if (end < edge) if marker == "v" else (end > edge):
                axis.plot([k], [edge], marker=marker, color=AFTER, markersize=6)
        reaches += [max(below, floor), min(above, top)]
    reaches += _ridge(axis, order, CONCEPTS[1])
    _dots(axis, order, lambda variant: variant.get(CHANGE, "gini_wage"))
    _finish(axis, np.array([*reaches, *values]), f"{outcome_label('gini_wage')},\nchange, Gini points")


def _chance_panel(axis: Axes, order: Sequence[VariantResult]) -> None:
    """Probability that the Gini of total income rises."""
    for k, variant in enumerate(order):
        one = variant.get(CHANCE, f"gini_{CONCEPTS[0]}")
        if one.value is not None:
            fill = "white" if one.words.startswith("not") else INK
            axis.plot([k], [one.value], marker="o", color=INK, markersize=7, markerfacecolor=fill)
    axis.axhline(0.5, color=INK, linewidth=0.8)
    axis.set_ylim(-0.04, 1.04)
    axis.set_ylabel("P(Gini of total\nincome rises)")


def _dots(axis: Axes, order: Sequence[VariantResult], of: Callable[[VariantResult], Finding]) -> list[float]:
    """A marker for each variant; the values in hundredths."""
    values = []
    for k, variant in enumerate(order):
        one = of(variant)
        if one.value is None:
            continue
        marker, colour = ("o", INK) if variant.estimated else ("x", FAINT)
        axis.plot([k], [100 * one.value], marker=marker, color=colour, markersize=7, zorder=4)
        values.append(100 * one.value)
    return values


def _finish(axis: Axes, values: np.ndarray, words: str) -> None:
    axis.axhline(0, color=INK, linewidth=0.8)
    limit_to(axis, "y", values, least=0.1, zero=True)
    axis.set_ylabel(words)


def _choices(order: Sequence[VariantResult]) -> list[tuple[str, str]]:
    """Kinds of choice in which variants differ, with the levels that occur."""
    rows = []
    for kind in dict.fromkeys(kind for variant in order for kind in variant.choices):
        levels = dict.fromkeys(variant.choices[kind] for variant in order if kind in variant.choices)
        rows += [(kind, level) for level in levels] if len(levels) > 1 else []
    return rows


def _choice_panel(axis: Axes, order: Sequence[VariantResult], rows: Sequence[tuple[str, str]]) -> None:
    for row, (kind, level) in enumerate(rows):
        own = [k for k, variant in enumerate(order) if variant.choices.get(kind) == level]
        axis.plot(own, np.full(len(own), row), linestyle="", marker="s", color=INK, markersize=6)
    axis.set_yticks(range(len(rows)), [f"{kind}: {level}" for kind, level in rows], fontsize=9)
    axis.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axis.set_xticks(range(len(order)), [variant.name.replace("_", " ") for variant in order], rotation=40, ha="right")
    axis.set_xlim(-0.6, len(order) - 0.4)

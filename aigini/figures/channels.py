"""Contributions of the channels to the effect of AI on inequality, and their dependence on the order of switching."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from aigini.analysis.channels import OUTCOMES, ChannelDecomposition, OutcomeChannels
from aigini.figures.labels import BAND, beside_bar, empty_figure, plus_minus
from aigini.figures.style import (
    AFTER,
    BEFORE,
    FAINT,
    FALL,
    FALL_HATCH,
    INK,
    RISE,
    RISE_HATCH,
    limit_to,
    new_figure,
    styled,
)
from aigini.resolution import STANDS_OUT, Simulated

_TITLES = {
    "gini_total": "Gini of total income",
    "gini_wage": "Gini of wages",
    "college_premium": "College premium",
    "between_firm_variance": "Between-firm variance of log wages",
}
_UNITS = {
    "gini_total": "change, Gini points (0 to 100)",
    "gini_wage": "change, Gini points (0 to 100)",
    "college_premium": "change, hundredths of a log point",
    "between_firm_variance": "change, hundredths of a squared log point",
}
"""Every outcome is shown times 100."""
_WIDTH = 12.5


@styled
def waterfall(result: ChannelDecomposition) -> Figure:
    """From no change to the whole change of each outcome, by the Shapley contributions of the channels."""
    figure, panels = _panels(result, "What each channel contributes to the effect of AI")
    if not panels:
        return figure
    for axis, (name, outcome) in zip(panels, result.outcomes.items(), strict=False):
        _steps(axis, outcome)
        _describe(axis, name, [*outcome.contributions, "all channels"], steps=True)
    handles = [
        Patch(facecolor=RISE, hatch=RISE_HATCH, edgecolor="white", label="concentrating (raises the outcome)"),
        Patch(facecolor=FALL, hatch=FALL_HATCH, edgecolor="white", label="equalising (lowers it)"),
        Patch(facecolor=BEFORE, edgecolor=INK, linewidth=1.6, label="all channels together"),
        Patch(facecolor=FAINT, edgecolor="white", label="not distinguishable from no contribution"),
        Line2D([], [], color=INK, linewidth=2, label=BAND if result.draws else "simulation errors were not measured"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


def _panels(result: ChannelDecomposition, title: str) -> tuple[Figure, list[Axes]]:
    """A panel for each outcome, two in a line."""
    count = len(result.outcomes)
    if not count:
        return empty_figure(title, "no outcome was decomposed"), []
    columns = min(2, count)
    lines = math.ceil(count / columns)
    bars = max(len(outcome.contributions) for outcome in result.outcomes.values()) + 1
    figure = new_figure(title, (_WIDTH * columns / 2, 1.2 + lines * (1.3 + 0.36 * bars)))
    panels = list(figure.subplots(lines, columns, squeeze=False, sharey=True).ravel())
    for axis in panels[1::columns] if columns > 1 else []:
        axis.tick_params(axis="y", length=0)
    for axis in panels[count:]:
        axis.axis("off")
    return figure, panels


def _describe(axis: Axes, name: str, rows: list[str], *, steps: bool) -> None:
    """Title, unit and names of the rows, the first one on top."""
    axis.set_title(_TITLES.get(name, OUTCOMES.get(name, name)))
    axis.set_xlabel(_UNITS.get(name, "change, hundredths"))
    axis.set_yticks(range(len(rows)), [row.replace("_", " ") for row in rows])
    axis.set_ylim(len(rows) - 0.45, -0.55)
    axis.grid(visible=False, axis="y")
    if steps:
        axis.axhline(len(rows) - 1.5, color=FAINT, linewidth=1, linestyle="--")


def _steps(axis: Axes, outcome: OutcomeChannels) -> None:
    """A bar for each channel that starts where the one before ended, then the total from 0."""
    parts = 100 * np.array([*outcome.contributions.values(), outcome.total])
    changes = [*map(outcome.contribution, outcome.contributions), Simulated(outcome.total, outcome.total_simulation_se)]
    stops = np.append(np.cumsum(parts[:-1]), parts[-1])
    starts = np.append(np.append(0.0, stops[:-2]), 0.0)[: len(parts)]
    axis.axvline(0, color=INK, linewidth=1)
    reach = np.concatenate([starts, stops])
    limit_to(axis, "x", reach, least=0.01, zero=True)
    low, high = axis.get_xlim()
    # Room for the numbers beside the bars.
    room = 0.5 if any(change.error is not None for change in changes) else 0.16
    axis.set_xlim(low - room * (high - low), high + room * (high - low))
    for row, (start, part) in enumerate(zip(starts, parts, strict=True)):
        if not np.isfinite(part + start):
            beside_bar(axis, "n/a", 0, row)
            continue
        rising, is_total = part > 0, row == len(parts) - 1
        colour, hatch = (RISE, RISE_HATCH) if rising else (FALL, FALL_HATCH)
        if not changes[row].resolved:
            colour, hatch = FAINT, ""
        style: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": "white"}
        if is_total:
            style = {"facecolor": BEFORE, "edgecolor": INK, "linewidth": 1.6}
        axis.barh(row, part, 0.62, left=start, **style)
        if row < len(parts) - 2:
            axis.plot([start + part] * 2, [row - 0.31, row + 1.31], color=INK, linewidth=0.9)
        reach = 100 * STANDS_OUT * (changes[row].error or 0.0)
        axis.hlines(row, start + part - reach, start + part + reach, color=INK, linewidth=2)
        beside_bar(
            axis,
            plus_minus(part, None if changes[row].error is None else reach / STANDS_OUT, "+.3f"),
            start + part + (-reach if part < 0 else reach),
            row,
            left=bool(part < 0),
            weight="bold" if is_total else "normal",
            path_effects=[withStroke(linewidth=4, foreground="white")],
        )


@styled
def channel_orders(result: ChannelDecomposition) -> Figure:
    """Effect of each channel when it is switched on alone, on average over all orders, and last."""
    figure, panels = _panels(result, "What a channel does depends on which others are on")
    if not panels:
        return figure
    for axis, (name, outcome) in zip(panels, result.outcomes.items(), strict=False):
        _dots(axis, outcome)
        _describe(axis, name, list(outcome.contributions), steps=False)
    handles = [
        Line2D([], [], linestyle="", label="alone, all others off", **_ALONE),
        Line2D([], [], linestyle="", label="average over all orders (its contribution)", **_SHAPLEY),
        Line2D([], [], linestyle="", label="last, all others on", **_LAST),
        Line2D([], [], color=INK, linewidth=1.4, label=BAND if result.draws else "simulation errors were not measured"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


_ALONE = {"marker": "o", "markersize": 13, "markerfacecolor": "white", "color": BEFORE, "markeredgewidth": 2.2}
_SHAPLEY = {"marker": "D", "markersize": 7, "color": INK, "markeredgecolor": "white"}
_LAST = {"marker": "|", "markersize": 22, "color": AFTER, "markeredgewidth": 3.2}


def _dots(axis: Axes, outcome: OutcomeChannels) -> None:
    names = list(outcome.contributions)
    kinds = [
        100 * np.array([values[name] for name in names])
        for values in (outcome.alone, outcome.last, outcome.contributions)
    ]
    positions = np.arange(len(names))
    axis.axvline(0, color=INK, linewidth=1)
    axis.hlines(positions, np.fmin.reduce(kinds), np.fmax.reduce(kinds), color=FAINT, linewidth=3)
    errors = (outcome.alone_simulation_se, outcome.last_simulation_se, outcome.contribution_simulation_se)
    for values, style, error in zip(kinds, (_ALONE, _LAST, _SHAPLEY), errors, strict=True):
        reach = np.array([100 * STANDS_OUT * (error.get(name) or 0.0) for name in names])
        axis.hlines(positions, values - reach, values + reach, color=INK, linewidth=1.4, zorder=4)
        axis.plot(values, positions, linestyle="", **style)
    limit_to(axis, "x", np.concatenate(kinds), least=0.01, zero=True)

"""Effects of levers on inequality and output, one by one and in pairs."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aigini.analysis.frontier import Frontier
from aigini.analysis.policy_result import Policy
from aigini.figures.labels import (
    BAND,
    CYCLE,
    DASHES,
    GINI_UNIT,
    MARKERS,
    STAR,
    empty_figure,
    end_labels,
    last_finite,
    placeholder,
)
from aigini.figures.style import FAINT, INK, limit_to, new_figure, styled
from aigini.resolution import STANDS_OUT

_STAR = {**STAR, "markersize": 13}
_NET = {"color": FAINT, "linewidth": 0.7, "marker": "o", "markersize": 2, "markeredgewidth": 0}
_EFFICIENT = {"marker": "D", "color": CYCLE[0], "markersize": 4, "linewidth": 2.0, "markeredgewidth": 0}
_GAP = {"color": INK, "linewidth": 1.2, "linestyle": (0, (1, 2))}
_END = {"linestyle": "", "markersize": 9, "markeredgecolor": INK, "markeredgewidth": 1.2}
_LOWEST = {"marker": "v", "markerfacecolor": "white", **_END}
_HIGHEST = {"marker": "^", "markerfacecolor": INK, **_END}
_ONLY = {"marker": "o", "markerfacecolor": CYCLE[0], **_END}
_NEUTRAL = {"marker": "|", "markersize": 18, "markeredgecolor": INK, "markeredgewidth": 2.2}


@styled
def levers(result: Policy) -> Figure:
    """Change of the Gini of total income and of output against the strength of each lever."""
    figure = new_figure("The effect of AI under each lever, by its strength", (13.0, 6.4))
    gini, output = figure.subplots(1, 2)
    if not result.levers:
        for axis in (gini, output):
            placeholder(axis, "no lever was evaluated")
        return figure
    _lever_lines(gini, result, "gini_total")
    gini.set_title("Gini of total income")
    gini.set_ylabel(GINI_UNIT)
    _lever_lines(output, result, "output")
    output.set_title("Output")
    output.set_ylabel("change, %")
    neutral = [lever.neutral_strength for lever in result.levers.values() if lever.neutral_strength is not None]
    for lever in result.levers.values():
        if lever.neutral_strength is not None and lever.neutral_simulation_se is not None:
            reach = STANDS_OUT * lever.neutral_simulation_se
            low, high = np.clip([lever.neutral_strength - reach, lever.neutral_strength + reach], 0.0, 1.0)
            gini.hlines(0.0, low, high, color=INK, linewidth=3, zorder=5)
    gini.plot(neutral, np.zeros(len(neutral)), linestyle="", zorder=6, **_NEUTRAL)
    label = "strength at which AI leaves the Gini of total income unchanged"
    if not neutral:
        label += ": none up to 1"
    band = BAND if result.draws else "simulation errors were not measured"
    handles = [
        Line2D([], [], linestyle="", label=label, **_NEUTRAL),
        Patch(facecolor=FAINT, alpha=0.5, label=f"band, and line at the mark: {band}" if result.draws else band),
    ]
    figure.legend(handles=handles, loc="outside lower left")
    return figure


def _lever_lines(axis: Axes, result: Policy, what: str) -> None:
    axis.axhline(0, color=INK, linewidth=1)
    curves = [100 * np.asarray(getattr(lever, what), float) for lever in result.levers.values()]
    last_points = []
    for k, (lever, curve) in enumerate(zip(result.levers.values(), curves, strict=True)):
        axis.plot(
            lever.strength,
            curve,
            color=CYCLE[k % len(CYCLE)],
            linestyle=DASHES[k % len(DASHES)],
            marker=MARKERS[k % len(MARKERS)],
            markersize=7,
            markeredgecolor="white",
            markeredgewidth=0.6,
        )
        errors = getattr(lever, f"{what}_simulation_se")
        if errors is not None:
            reach = 100 * STANDS_OUT * np.asarray(errors, float)
            axis.fill_between(
                lever.strength, curve - reach, curve + reach, color=CYCLE[k % len(CYCLE)], alpha=0.25, linewidth=0
            )
        last_points.append(last_finite(lever.strength, curve))
    limit_to(axis, "y", np.concatenate(curves), least=0.01, zero=True)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xlabel("strength (0 = the estimates, 1 = in full)")
    labels = [name.replace("_", " ") for name in result.levers]
    end_labels(axis, last_points, labels, [CYCLE[k % len(CYCLE)] for k in range(len(labels))], 4.0)


@styled
def frontiers(result: Policy) -> Figure:
    """Change of output against change of the Gini for every pair of levers, in a triangle of small panels."""
    names = _names(result)
    figure, panels = _triangle("Pairs of levers: change of output against change of the Gini of total income", names)
    if not names:
        return figure
    of_row: list[list[np.ndarray]] = [[np.empty(0)] for _ in names[1:]]
    for frontier in result.frontiers:
        column, row = _cell(names, frontier)
        _frontier(panels[row, column], frontier)
        of_row[row].append(frontier.grid_output)
    gini = np.concatenate([frontier.grid_gini_total for frontier in result.frontiers])
    limit_to(panels[0, 0], "x", 100 * gini, least=0.01)
    for k, outputs in enumerate(of_row):
        limit_to(panels[k, 0], "y", 100 * np.concatenate(outputs), least=0.01)
    _key(
        figure,
        panels,
        [
            Line2D([], [], label="the estimates: neither lever", **_STAR),
            Line2D([], [], label="combinations of the two levers:\none strength along each line", **_NET),
            Line2D([], [], label="frontier: no combination has both a lower\nGini and a higher output", **_EFFICIENT),
            Line2D([], [], color=INK, linewidth=1.6, label="its ends " + BAND.replace(" (", "\n(")),
        ][: 4 if result.draws else 3],
    )
    figure.supxlabel("change of the Gini of total income, Gini points (0 to 100)", fontsize=12)
    figure.supylabel("change of output, %", fontsize=12)
    return figure


@styled
def frontier_strengths(result: Policy) -> Figure:
    """Strengths of both levers along the frontier of every pair, in a triangle of small panels."""
    names = _names(result)
    figure, panels = _triangle("Pairs of levers: strengths along the frontier", names)
    if not names:
        return figure
    for frontier in result.frontiers:
        column, row = _cell(names, frontier)
        order = [frontier.levers.index(names[column]), frontier.levers.index(names[row + 1])]
        axis, points = panels[row, column], np.asarray(frontier.strength, float)[:, order]
        axis.plot(*points.T, **_GAP)
        for segment in frontier.segments:
            axis.plot(*points[segment].T, **_EFFICIENT, clip_on=False)
        for point, mark in ((points[-1:], _HIGHEST), (points[:1], _LOWEST)) if len(points) > 1 else ((points, _ONLY),):
            axis.plot(*point.T, clip_on=False, zorder=6, **mark)
        axis.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    _key(
        figure,
        panels,
        [
            Line2D([], [], label="frontier", **_EFFICIENT),
            Line2D([], [], label="where it jumps", **_GAP),
            Line2D([], [], label="its end of lowest Gini", **_LOWEST),
            Line2D([], [], label="its end of highest output", **_HIGHEST),
            Line2D([], [], label="the frontier is one combination", **_ONLY),
        ],
    )
    figure.supxlabel("strength of the column's lever", fontsize=12)
    figure.supylabel("strength of the row's lever", fontsize=12)
    return figure


def _names(result: Policy) -> list[str]:
    return list(dict.fromkeys(name for frontier in result.frontiers for name in frontier.levers))


def _cell(names: list[str], frontier: Frontier) -> tuple[int, int]:
    """Column and row of a pair."""
    first, second = sorted(names.index(name) for name in frontier.levers)
    return first, second - 1


def _triangle(title: str, names: list[str]) -> tuple[Figure, np.ndarray]:
    """A panel for each pair of names, ``[rows, columns]``; those above the diagonal are empty."""
    side = len(names) - 1
    if side < 1:
        return empty_figure(title, "no pair of levers was evaluated"), np.empty((0, 0))
    figure = new_figure(title, (11.0, 6.0) if side < 3 else (2.6 + 2.0 * side, 2.2 + 1.75 * side))
    panels = np.asarray(figure.subplots(side, side, squeeze=False, sharex=True, sharey="row"), object)
    for row, column in zip(*np.triu_indices(side, 1), strict=True):
        panels[row, column].axis("off")
    for k in range(side):
        panels[k, 0].set_ylabel(names[k + 1].replace("_", "\n"), weight="bold")
        panels[k, k].set_title(names[k].replace("_", " "), weight="bold", fontsize=12)
    return figure, panels


def _key(figure: Figure, panels: np.ndarray, handles: list[Line2D]) -> None:
    """The legend, in the empty corner of the triangle if it is large enough."""
    if len(panels) < 3:
        figure.legend(handles=handles, loc="outside right center")
    else:
        panels[0, -1].legend(handles=handles, loc="upper right").set_in_layout(False)


def _frontier(axis: Axes, frontier: Frontier) -> None:
    """The grid as a net of lines of one strength each, the pieces of the frontier, and the estimates."""
    net = 100 * np.stack([frontier.grid_gini_total, frontier.grid_output], axis=-1)
    side = math.isqrt(len(net))
    net = net.reshape(side, side, 2)
    axis.axvline(0, color=INK, linewidth=0.8)
    for line in (*net, *net.swapaxes(0, 1)):
        axis.plot(*line.T, **_NET)
    points = 100 * np.stack([frontier.gini_total, frontier.output], axis=-1)
    for segment in frontier.segments:
        axis.plot(*points[segment].T, **_EFFICIENT)
    for k, at in ((0, 0), (1, -1)):
        if frontier.gini_simulation_se is not None and frontier.output_simulation_se is not None:
            across, up = 100 * STANDS_OUT * np.array([frontier.gini_simulation_se[k], frontier.output_simulation_se[k]])
            axis.hlines(points[at, 1], points[at, 0] - across, points[at, 0] + across, color=INK, linewidth=1.6)
            axis.vlines(points[at, 0], points[at, 1] - up, points[at, 1] + up, color=INK, linewidth=1.6)
    axis.plot(*net[:1, 0].T, zorder=6, **_STAR)

"""What levers on the distribution of AI's gains do to inequality and output, one by one and in pairs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aigini.analysis.policy import Frontier, Policy
from aigini.figures.marks import CYCLE, DASHES, GINI_UNIT, MARKERS, STAR, end_labels, say
from aigini.figures.style import BEFORE, FAINT, INK, WIDE, limit_to, new_figure, styled

_STAR = {**STAR, "markersize": 13}
_POINTS = {"marker": "o", "color": FAINT, "markersize": 3, "markeredgewidth": 0}
_EFFICIENT = {"marker": "D", "color": BEFORE, "markersize": 5.5, "linewidth": 1.6, "markeredgewidth": 0}
_NEUTRAL = {"marker": "s", "markersize": 11, "markerfacecolor": "none", "markeredgecolor": INK, "markeredgewidth": 1.6}


@styled
def levers(result: Policy) -> Figure:
    """Change of the Gini of total income and of output against the strength of each lever."""
    figure = new_figure("The effect of AI under each lever, by its strength", (13.0, 6.4))
    gini, output = figure.subplots(1, 2)
    if not result.levers:
        for axis in (gini, output):
            say(axis, "no lever was evaluated")
        return figure
    _lever_lines(gini, result, "gini_total")
    gini.set_title("Gini of total income")
    gini.set_ylabel(GINI_UNIT)
    _lever_lines(output, result, "output")
    output.set_title("Output")
    output.set_ylabel("change, %")
    neutral = [lever.neutral_strength for lever in result.levers.values() if lever.neutral_strength is not None]
    gini.plot(neutral, np.zeros(len(neutral)), linestyle="", zorder=6, **_NEUTRAL)
    label = "strength at which AI leaves the Gini of total income unchanged"
    if not neutral:
        label += ": none up to 1"
    handles = [Line2D([], [], linestyle="", label=label, **_NEUTRAL)]
    figure.legend(handles=handles, loc="outside lower left")
    return figure


def _lever_lines(axis: Axes, result: Policy, what: str) -> None:
    axis.axhline(0, color=INK, linewidth=1)
    curves = [100 * np.asarray(getattr(lever, what), float) for lever in result.levers.values()]
    ends = []
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
        known = np.flatnonzero(np.isfinite(curve))
        ends.append((float(lever.strength[known[-1]]), float(curve[known[-1]])) if known.size else (np.nan, np.nan))
    limit_to(axis, "y", np.concatenate(curves), least=0.01, zero=True)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xlabel("strength (0 = the estimates, 1 = in full)")
    labels = [name.replace("_", " ") for name in result.levers]
    end_labels(axis, ends, labels, [CYCLE[k % len(CYCLE)] for k in range(len(labels))], 4.0)


@styled
def frontiers(result: Policy) -> Figure:
    """Change of output against change of the Gini for every pair of levers, in a triangle of small panels."""
    title = "Pairs of levers: change of output against change of the Gini of total income"
    names = list(dict.fromkeys(name for frontier in result.frontiers for name in frontier.levers))
    if not names:
        figure = new_figure(title, WIDE)
        say(figure.subplots(), "no pair of levers was evaluated")
        return figure
    side = len(names) - 1
    few = side < 3
    figure = new_figure(title, (11.0, 6.0) if few else (2.6 + 2.0 * side, 2.2 + 1.75 * side))
    panels = figure.subplots(side, side, squeeze=False, sharex=True, sharey="row")
    for axis in panels.ravel():
        axis.axis("off")
    of_row: list[list[np.ndarray]] = [[np.empty(0)] for _ in range(side)]
    for frontier in result.frontiers:
        first, second = sorted(names.index(name) for name in frontier.levers)
        panels[second - 1, first].axis("on")
        _frontier(panels[second - 1, first], frontier)
        of_row[second - 1].append(frontier.output)
    gini = np.concatenate([frontier.gini_total for frontier in result.frontiers])
    limit_to(panels[0, 0], "x", 100 * gini, least=0.01)
    for k in range(side):
        limit_to(panels[k, 0], "y", 100 * np.concatenate(of_row[k]), least=0.01)
        panels[k, 0].set_ylabel(names[k + 1].replace("_", "\n"), weight="bold")
        panels[k, k].set_title(names[k].replace("_", " "), weight="bold", fontsize=12)
    _frontier_key(figure if few else panels[0, -1])
    figure.supxlabel("change of the Gini of total income, hundredths", fontsize=12)
    figure.supylabel("change of output, %", fontsize=12)
    return figure


def _frontier_key(place: Axes | Figure) -> None:
    """What the markers mean, in the empty corner of the triangle if it is large enough."""
    handles = [
        Line2D([], [], label="the estimates: neither lever", **_STAR),
        Line2D([], [], linestyle="", label="a combination of the column's and the row's lever", **_POINTS),
        Line2D(
            [],
            [],
            label="efficient: no other has both a smaller change\nof the Gini and a larger one of output",
            **_EFFICIENT,
        ),
    ]
    if isinstance(place, Figure):
        place.legend(handles=handles, loc="outside right center")
    else:
        place.legend(handles=handles, loc="upper right").set_in_layout(False)


def _frontier(axis: Axes, frontier: Frontier) -> None:
    """All combinations, those that are efficient joined, and the estimates."""
    gini, output = 100 * np.asarray(frontier.gini_total, float), 100 * np.asarray(frontier.output, float)
    best = np.asarray(frontier.efficient, bool) & np.isfinite(gini) & np.isfinite(output)
    neither = ~np.asarray(frontier.strength, float).any(axis=1)
    order = np.flatnonzero(best)[np.argsort(gini[best], kind="stable")]
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.plot(gini, output, linestyle="", **_POINTS)
    axis.plot(gini[order], output[order], **_EFFICIENT)
    axis.plot(gini[neither], output[neither], zorder=6, **_STAR)

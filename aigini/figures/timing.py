"""Policy in time: the least strength of each lever by the year in which it begins, and points of no return."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aigini.analysis.timing_result import LeverTiming, PolicyTiming
from aigini.figures.labels import CYCLE, DASHES, empty_figure
from aigini.figures.style import INK, new_figure, styled

_TITLE = "Until when policy can bring back the labour-strong regime"
_LATE = {"marker": "X", "markersize": 11, "markeredgecolor": "white", "linestyle": ""}
_EARLY = {"marker": ">", "markersize": 10, "markeredgecolor": "white", "linestyle": ""}


@styled
def policy_timing(result: PolicyTiming) -> Figure:
    """Least strengths of levers that stay and of levers that are lifted, by the year in which they begin."""
    if not result.levers:
        return empty_figure(_TITLE, "the path ends labour-strong by itself")
    figure = new_figure(_TITLE, (13.5, 6.8))
    panels = figure.subplots(1, 2, sharey=True)
    names = list(dict.fromkeys(one.lever for one in result.levers))
    lasting = [one for one in result.levers if one.duration is None]
    lifted = [one for one in result.levers if one.duration is not None]
    for axis, levers, title in (
        (panels[0], lasting, "Levers that stay"),
        (panels[1], lifted, f"Levers that are lifted after {result.duration} years"),
    ):
        for one in levers:
            _line(axis, one, CYCLE[names.index(one.lever) % len(CYCLE)], DASHES[names.index(one.lever) % len(DASHES)])
        never = [one.lever.replace("_", " ") for one in levers if not one.switches and one.regime[0] != "labour-strong"]
        if never:
            words = "not even at full strength, from any year:\n" + ", ".join(never)
            axis.text(0.03, 0.97, words, transform=axis.transAxes, va="top", fontsize=11, color=INK)
        axis.set_title(title)
        axis.set(xlabel="year in which the lever begins", xlim=(-0.02 * result.years, 1.02 * result.years))
        axis.set_ylim(-0.03, 1.22)
        axis.set_yticks(np.linspace(0, 1, 6))
    panels[0].set_ylabel("least strength, 1 = full")
    handles = [
        Line2D(
            [],
            [],
            color=CYCLE[k % len(CYCLE)],
            linestyle=DASHES[k % len(DASHES)],
            linewidth=2.2,
            label=name.replace("_", " "),
        )
        for k, name in enumerate(names)
    ]
    switches = [switch for one in result.levers for switch in one.switches]
    if any(not switch.returns for switch in switches):
        handles.append(Line2D([], [], color=INK, label="point of no return: later, full strength is too late", **_LATE))
    if any(switch.returns for switch in switches):
        handles.append(Line2D([], [], color=INK, label="earlier, it is lifted before people have caught up", **_EARLY))
    words = f"path with {result.path}: ends {result.regime} without policy"
    figure.legend(handles=handles, loc="outside lower left", ncols=3, title=words, alignment="left")
    return figure


def _line(axis: Axes, one: LeverTiming, colour: str, dashes: object) -> None:
    """Least strengths, joined to full strength where it begins or ceases to be enough."""
    known = [(date, s) for date, s in zip(one.start.tolist(), one.strength, strict=True) if s is not None]
    points = sorted([*known, *((switch.date, 1.0) for switch in one.switches)])
    if not points:
        return
    axis.plot(*zip(*points, strict=True), color=colour, linestyle=dashes, linewidth=2.2)  # pyright: ignore[reportArgumentType]
    axis.plot(*zip(*known, strict=True), color=colour, marker="o", markersize=5, linestyle="")
    for switch in one.switches:
        axis.plot(switch.date, 1.0, color=colour, zorder=5, **(_EARLY if switch.returns else _LATE))

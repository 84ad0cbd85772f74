"""Fixed points of the long run over every parameter with folds and hysteresis, and regions with two regimes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from aigini.dynamics.atlas import LongRunBifurcations
from aigini.dynamics.bifurcation_result import Bifurcations, FoldCurves, parameter_words
from aigini.figures.labels import STAR
from aigini.figures.style import FAINT, FALL, INK, RISE, new_figure, styled

_FOLD = {"marker": "D", "markersize": 8, "markerfacecolor": "white", "markeredgecolor": INK, "linestyle": ""}
_DASHED = (0, (4, 2.5))
_SHADE = "#E8E2D0"
_EXPLOSIVE = "#F3D9D9"


@styled
def bifurcation_diagrams(result: LongRunBifurcations) -> Figure:
    """Stable and unstable fixed points over each parameter, folds, and the loop of its slow rise and fall."""
    figure = new_figure("States of the long run over every parameter of the map", (15.0, 8.4))
    panels = figure.subplots(2, 4).flat
    for axis, one in zip(panels, result.over, strict=False):
        _diagram(axis, one, result.values[one.name])
    for axis in list(figure.axes)[::4]:
        axis.set_ylabel("V, variance of log assets")
    arrow = {"marker": r"$\uparrow$", "markersize": 13, "linestyle": ""}
    figure.legend(
        handles=[
            Line2D([], [], color=INK, linewidth=2.4, label="stable"),
            Line2D([], [], color=INK, linewidth=1.6, linestyle=_DASHED, label="unstable"),
            Line2D([], [], label="fold: a stable and an unstable state meet", **_FOLD),
            Line2D([], [], color=RISE, label="jump to more concentration", **arrow),
            Line2D([], [], color=FALL, label="jump back", **{**arrow, "marker": r"$\downarrow$"}),
            Line2D([], [], color=FAINT, linewidth=1.5, linestyle=(0, (1, 1.5)), label="this economy"),
        ],
        loc="outside lower left",
        ncols=3,
    )
    return figure


def _diagram(axis: Axes, one: Bifurcations, here: float) -> None:
    low, high = one.between
    top = max([np.max(branch.variance, initial=1.0, where=branch.multiplier < 1) for branch in one.branches], default=1)
    axis.axvline(here, color=FAINT, linewidth=1.5, linestyle=(0, (1, 1.5)))
    for branch in one.branches:
        stable = branch.multiplier < 1
        # The piece at a fold belongs to both, so that the lines meet.
        beside = stable | np.append(stable[1:], False) | np.append(False, stable[:-1])
        axis.plot(branch.value, np.where(beside, branch.variance, np.nan), color=INK, linewidth=2.4)
        axis.plot(branch.value, np.where(stable, np.nan, branch.variance), color=INK, linewidth=1.6, linestyle=_DASHED)
    for jump in one.loop.jumps:
        rises = jump.goal is None or jump.goal > jump.start
        axis.annotate(
            "",
            (jump.value, 1.5 * top if jump.goal is None else jump.goal),
            (jump.value, jump.start),
            arrowprops={
                "arrowstyle": "-|>",
                "color": RISE if rises else FALL,
                "linewidth": 1.8,
                "shrinkA": 5,
                "shrinkB": 2,
            },
        )
    for fold in one.folds:
        axis.plot(fold.value, fold.variance, zorder=5, **_FOLD)
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_locator(NullLocator())
    axis.set_xlim(low, high)
    words = "no fold" if not one.folds else ", ".join(f"{fold.value:.4g}" for fold in one.folds)
    axis.set_title(f"folds at {words}" if one.folds else words, fontsize=12)
    axis.set_xlabel(parameter_words(one.name))
    axis.xaxis.set_major_locator(MaxNLocator(5))


@styled
def bistability(result: LongRunBifurcations) -> Figure:
    """Where two regimes exist, over pairs of parameters: curves of folds, and the cusps at which they meet."""
    figure = new_figure("Where there are two regimes in the long run", (5.2 * max(len(result.curves), 2), 6.2))
    panels = np.atleast_1d(figure.subplots(1, max(len(result.curves), 2)))
    for axis in panels[len(result.curves) :]:
        axis.set_visible(False)
    for axis, one in zip(panels, result.curves, strict=False):
        _region(axis, one, result)
    figure.legend(
        handles=[
            Patch(facecolor=_SHADE, label="two regimes (counted with certainty on a grid)"),
            Patch(facecolor=_EXPLOSIVE, label="labour-strong, or assets explode (likewise)"),
            Line2D([], [], color=RISE, linewidth=2.6, label="fold: the labour-strong regime ends"),
            Line2D([], [], color=FALL, linewidth=2.6, linestyle=_DASHED, label="fold: the asset-dominated regime ends"),
            Line2D([], [], label="cusp", **_FOLD),
            Line2D([], [], label="this economy", **STAR),
        ],
        loc="outside lower left",
        ncols=2,
    )
    return figure


def _region(axis: Axes, one: FoldCurves, result: LongRunBifurcations) -> None:
    x, y = one.grid
    both, alone = one.stable > 1, (one.stable == 1) & one.explosive
    for chosen, colour in ((both, _SHADE), (alone, _EXPLOSIVE)):
        if chosen.any():
            axis.contourf(x, y, chosen.T.astype(float), levels=[0.5, 1.5], colors=[colour])
    for curve in one.curves:
        for labour_strong, colour, dashes in ((True, RISE, "-"), (False, FALL, _DASHED)):
            chosen = curve.labour_strong == labour_strong
            beside = chosen | np.append(chosen[1:], False)
            axis.plot(
                np.where(beside, curve.x, np.nan),
                np.where(beside, curve.y, np.nan),
                color=colour,
                linestyle=dashes,
                linewidth=2.6,
            )
    for cusp in one.cusps:
        axis.plot(*cusp.at, zorder=5, **_FOLD)
    axis.plot(result.values[one.names[0]], result.values[one.names[1]], zorder=6, **STAR)
    axis.set(xlim=one.between[0], ylim=one.between[1])
    axis.set(xlabel=parameter_words(one.names[0]), ylabel=parameter_words(one.names[1]))
    if not one.curves:
        axis.set_title("no fold in this box")
    axis.grid(visible=False)

"""Fit of a calibration, and its objective over the iterations."""

import itertools
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aigini.estimation.result import Calibration
from aigini.figures.style import AFTER, BEFORE, FAINT, INK, SINGLE, new_figure, number, styled
from aigini.statistics.outcomes import units

_FARTHEST = 6.0
"""Misfits beyond so many standard errors are drawn as arrows at the edge."""

_SEEN = "seen: how the target was seen. P in the paper itself,\nS in a summary by others, D derived, J judgement"


@styled
def moment_fit(calibration: Calibration) -> Figure:
    """Fitted moments against their targets in standard errors, with the numbers in natural units."""
    names = list(calibration.targets)
    figure = new_figure("Fitted moments against their targets", (13.0, 2.2 + 0.75 * len(names)))
    axis, table = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1))
    misfit = np.array([calibration.misfit[name] for name in names])
    positions = np.arange(len(names))
    axis.barh(positions, 4.0, left=-2.0, height=0.34, color=BEFORE, alpha=0.25, label="target ± 2 s.e.")
    axis.barh(positions, 2.0, left=-1.0, height=0.34, color=BEFORE, alpha=0.55, label="target ± 1 s.e.")
    axis.axvline(0, color=INK, linewidth=1)
    far = np.abs(misfit) > _FARTHEST
    dots = {"color": AFTER, "markeredgecolor": "white", "markersize": 11}
    axis.plot(misfit[~far], positions[~far], "o", label="fitted", **dots)
    for side, marker in ((1, ">"), (-1, "<")):
        beyond = far & (np.sign(misfit) == side)
        if beyond.any():
            label = f"fitted, more than {_FARTHEST:g} s.e. {'above' if side > 0 else 'below'}"
            edge = np.full(beyond.sum(), side * _FARTHEST)
            axis.plot(edge, positions[beyond], marker, label=label, **dots)
    near = float(np.nanmax(np.abs(misfit), initial=0.0))
    reach = 1.08 * min(max(near, 2.6), _FARTHEST)
    axis.set_xlim(-reach, reach)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_yticks(positions, [_meaning(name, calibration.income) for name in names])
    axis.set_ylim(len(names) - 0.5, -0.85)
    axis.set_xlabel("distance from the target, standard errors of the target")
    axis.grid(visible=False, axis="y")
    _print_numbers(table, calibration, names)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=3)
    return figure


def _meaning(name: str, income: str) -> str:
    return "\n".join(textwrap.wrap(f"{name}  {units((name,), income)[name]}", 34))


def _print_numbers(axis: Axes, calibration: Calibration, names: list[str]) -> None:
    axis.axis("off")
    columns = (("target", 0.15), ("s.e.", 0.33), ("fitted", 0.53), ("misfit/s.e.", 0.79))
    for head, x in columns:
        axis.text(x, -0.62, head, ha="right", va="center", weight="bold")
    axis.text(0.84, -0.62, "seen", va="center", weight="bold")
    for y, name in enumerate(names):
        target = calibration.targets[name]
        fitted, misfit = calibration.fitted[name], calibration.misfit[name]
        natural = [number(target.value, "+.4f"), number(target.se, ".4f"), number(fitted, "+.4f")]
        cells = [*natural, number(misfit, "+.2f")]
        for (_, x), cell in zip(columns, cells, strict=True):
            axis.text(x, y, cell, ha="right", va="center")
        axis.text(0.84, y, "\n".join(textwrap.wrap(target.mark, 15)), va="center")
    axis.text(0.0, len(names) - 0.4, _SEEN, va="top", fontsize=11)
    axis.set_xlim(0, 1)


@styled
def objective_trace(calibration: Calibration) -> Figure:
    """Objective of every start by iteration, with the stages of the search."""
    trace = calibration.trace
    figure = new_figure("Objective of each start along the search", SINGLE)
    axis = figure.subplots()
    axis.set_xlabel("iteration")
    axis.set_ylabel("objective (log scale)")
    objective = np.asarray(trace.objective, float)
    # A log scale has no place for an exact fit, nor for a start that was given up.
    shown = np.where(np.isfinite(objective) & (objective > 0), objective, np.nan)
    if not np.isfinite(shown).any():
        axis.text(0.5, 0.5, "no positive objective was recorded", transform=axis.transAxes, ha="center")
        axis.set(xticks=[], yticks=[])
        return figure
    best = best_start(objective)
    iteration = np.asarray(trace.iteration)
    others = [k for k in range(objective.shape[1]) if k != best]
    for k in others:
        count = f"{len(others)} other {'start' if len(others) == 1 else 'starts'}"
        label = count if k == others[0] else None
        axis.plot(iteration, shown[:, k], ".-", color=BEFORE, alpha=0.55, linewidth=1.4, markersize=3, label=label)
    label = f"start {best + 1}, which ended lowest: {number(_last(objective[:, best]), '.2g')}"
    axis.plot(iteration, shown[:, best], ".-", color=AFTER, linewidth=2.6, markersize=5, label=label, zorder=3)
    axis.set_yscale("log")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    _mark_stages(axis, list(trace.stage), iteration)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2)
    return figure


def best_start(objective: np.ndarray) -> int:
    """The start whose last finite objective is smallest.

    Args:
        objective: Objective by iteration and start, ``[iterations, starts]``; NaN where it was not recorded.
    """
    return int(np.argmin([_last(column) for column in objective.T]))


def _last(column: np.ndarray) -> float:
    finite = column[np.isfinite(column)]
    return float(finite[-1]) if finite.size else float("inf")


def _mark_stages(axis: Axes, stages: list[str], iteration: np.ndarray) -> None:
    """A name over the iterations of each stage, and a line between stages."""
    first = 0
    for name, members in itertools.groupby(stages):
        last = first + len(list(members)) - 1
        if first > 0:
            boundary = (iteration[first - 1] + iteration[first]) / 2
            axis.axvline(boundary, color=FAINT, linestyle="--", linewidth=1.2)
        middle = (iteration[first] + iteration[last]) / 2
        axis.text(middle, 1.01, name, transform=axis.get_xaxis_transform(), ha="center", va="bottom")
        first = last + 1

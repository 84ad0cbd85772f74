"""Figure of the distances of the estimates to the boundary between the regimes."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aigini.analysis.regimes.result import Distance
from aigini.figures.labels import (
    BAND,
    beside_bar,
    empty_figure,
    outcome_label,
    parameter_label,
    plus_minus,
)
from aigini.figures.style import BEFORE, FAINT, FALL, INK, new_figure, styled
from aigini.resolution import STANDS_OUT


@styled
def distances(results: Sequence[Distance]) -> Figure:
    """Smallest moves, of each parameter alone and of all together, that flip the sign of the change of a Gini."""
    title = "Distance of the estimates to the boundary between regimes"
    if not results:
        return empty_figure(title, "no distance was computed")
    most = max(len(result.alone) for result in results) + 1
    figure = new_figure(title, (max(6.6 * len(results), 9.0), 2.2 + 0.36 * most))
    for axis, result in zip(figure.subplots(1, len(results), squeeze=False)[0], results, strict=True):
        _distance_bars(axis, result)
    figure.supxlabel(
        "In brackets: where the parameter ends. No flip: none as far as the parameter was moved.\n"
        f"Lines: {BAND}.\nGrey, or not known: the sign does not stand out of that on both sides.",
        x=0.02,
        ha="left",
        fontsize=11,
    )
    return figure


def _distance_bars(axis: Axes, result: Distance) -> None:
    moves = sorted(result.alone.items(), key=lambda item: np.inf if item[1].distance is None else item[1].distance)
    known = [move.distance for move in (result.together, *result.alone.values()) if move.distance is not None]
    most = 1.6 * max(known, default=0.0)  # lines that go on are cut off
    rows = [("all together", result.together), *((parameter_label(name), move) for name, move in moves)]
    for row, (_, move) in enumerate(rows):
        if move.distance is None:
            # All together nothing is searched to its end; there is only a reason why no boundary was found.
            reason = textwrap.shorten(move.note or "none found", 70, placeholder=" ...")
            verdict = "no flip" if move.resolved else "not known"
            words = verdict if row else "\n".join(textwrap.wrap(reason, 36))
            beside_bar(axis, words, 0, row, style="italic")
            continue
        colour, hatch = (BEFORE, "////") if row == 0 else (FALL, "")
        if not (result.flips(moves[row - 1][0]) if row else result.change.resolved):
            colour, hatch = FAINT, ""
        axis.barh(row, move.distance, 0.68, color=colour, hatch=hatch, edgecolor="white")
        words = plus_minus(move.distance, move.distance_simulation_se, ".2f")
        end = move.distance
        if move.distance_simulation_se is not None:
            reach = STANDS_OUT * move.distance_simulation_se
            end = min(move.distance + reach, most)
            axis.hlines(row, max(move.distance - reach, 0.0), end, color=INK, linewidth=2)
        if row > 0:
            name = moves[row - 1][0]
            words += f" (to {plus_minus(move.to[name], move.to_simulation_se.get(name), '.2g')})"
        elif move.note:
            words += f" ({textwrap.shorten(move.note, 40, placeholder=' ...')})"
        beside_bar(axis, words, end, row)
    axis.axhline(0.5, color=FAINT, linewidth=1, linestyle="--")
    axis.set_yticks(range(len(rows)), [label for label, _ in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, 1.6 * most or 1.0)
    axis.set_xlabel("distance, in widths of the parameter's range")
    error = result.gini_change_simulation_se
    change = plus_minus(100 * result.gini_change, None if error is None else 100 * error, "+.2f")
    axis.set_title(f"{outcome_label(f'gini_{result.concept}')}\nnow {change} Gini points")
    axis.grid(visible=False, axis="y")

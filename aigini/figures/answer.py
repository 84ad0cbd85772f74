"""The answer of a calibrated economy in one figure: contributions of the channels to each Gini, and the sentences."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from aigini.analysis.answered import QUESTION, Answer, Reasons
from aigini.figures.labels import GINI_UNIT, beside_bar, outcome_label, placeholder
from aigini.figures.style import FAINT, FALL, FALL_HATCH, INK, RISE, RISE_HATCH, limit_to, new_figure, number, styled
from aigini.resolution import STANDS_OUT
from aigini.statistics.catalogue import CONCEPTS

_LOOKS = {1: (RISE, RISE_HATCH), -1: (FALL, FALL_HATCH), 0: (FAINT, "xx")}
_CHARACTERS = 150
"""Characters of a line of text as wide as the figure."""


@styled
def answer(result: Answer) -> Figure:
    """Contributions of the channels to the change of each Gini, with the answer in words below."""
    text = "\n".join(
        "\n".join(textwrap.wrap(f"{head}: {words}", _CHARACTERS, subsequent_indent="    "))
        for head, words in result.paragraphs.items()
    )
    lines = text.count("\n") + 1
    figure = new_figure(QUESTION, (13.0, 4.9 + 0.205 * lines))
    rows = figure.add_gridspec(2, 1, height_ratios=(3.9, 0.205 * lines + 0.1))
    bars = rows[0].subgridspec(1, 2).subplots(sharey=True, squeeze=False)[0]
    for axis, concept in zip(bars, CONCEPTS, strict=True):
        if concept in result.reasons:
            _contributions(axis, result.reasons[concept])
            change = result.reasons[concept].change
            error = "" if change.error is None else f" ± {number(100 * change.error, '.2f')}"
            status = "assumed: m6" if concept == result.income and result.assumed is not None else "not assumed"
            axis.set_title(
                f"{outcome_label(f'gini_{concept}')}: {number(100 * change.value, '+.2f')}{error} ({status})"
            )
        else:
            placeholder(axis, "not worked out")
    words = figure.add_subplot(rows[1])
    words.axis("off")
    # A source is the user's text, in which a dollar is a dollar.
    words.text(0.0, 1.0, text, transform=words.transAxes, va="top", fontsize=11, linespacing=1.3, parse_math=False)
    if result.reasons:
        handles = [Patch(facecolor=colour, hatch=hatch, edgecolor="white") for colour, hatch in _LOOKS.values()]
        unknown = f"within {STANDS_OUT:g} simulation s.e. of 0 (lines: ± {STANDS_OUT:g} s.e.)"
        labels = ["raises it", "lowers it", unknown]
        # Above the text, whose axes are as wide as the figure.
        words.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=3)
    return figure


def _contributions(axis: Axes, reasons: Reasons) -> None:
    names = list(reasons.contributions)
    positions = np.arange(len(names))
    values = 100 * np.array([reasons.contributions[name].value for name in names])
    errors = 100 * np.array([reasons.contributions[name].error or 0.0 for name in names])
    looks = [_LOOKS[reasons.contributions[name].sign] for name in names]
    axis.barh(
        positions,
        values,
        0.7,
        color=[colour for colour, _ in looks],
        hatch=[hatch for _, hatch in looks],
        edgecolor="white",
    )
    reach = STANDS_OUT * errors
    axis.hlines(positions, values - reach, values + reach, color=INK, linewidth=1.2)
    axis.axvline(0, color=INK, linewidth=0.8)
    for row, (value, edge) in enumerate(zip(values, reach, strict=True)):
        left = bool(value < 0)
        beside_bar(axis, number(value, "+.2f"), value + (-edge if left else edge), row, left=left)
    limit_to(axis, "x", 1.35 * np.concatenate([values - reach, values + reach]), least=0.01, zero=True)
    axis.set_yticks(positions, [name.replace("_", " ") for name in names])
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlabel(f"contribution to the {GINI_UNIT}")
    axis.grid(visible=False, axis="y")

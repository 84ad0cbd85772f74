"""Figure of the probability that AI widens inequality under several beliefs."""

import numpy as np
from matplotlib.figure import Figure

from aigini.bayes.beliefs import Beliefs
from aigini.figures.labels import symbol
from aigini.figures.style import FAINT, INK, WIDE, new_figure, ordered_colours, styled
from aigini.resolution import STANDS_OUT

_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "*")


@styled
def probability_by_belief(result: Beliefs) -> Figure:
    """P(the Gini rises) by prior (rows) and belief about m6 (markers), for both Ginis; hollow is not reliable."""
    labels = list(result.priors)
    beliefs = list(dict.fromkeys(cell.m6 for cell in result.cells))
    concepts = list(result.cells[0].rises)
    parameter = symbol(result.parameter) or result.parameter
    figure = new_figure(f"Does AI widen inequality? It depends on what is believed about {parameter} and m6", WIDE)
    axes = figure.subplots(1, len(concepts), sharey=True, squeeze=False)[0]
    shades = ordered_colours(len(beliefs))
    offsets = np.linspace(-0.3, 0.3, len(beliefs))
    for axis, concept in zip(axes, concepts, strict=True):
        axis.axvline(0.5, color=FAINT, lw=1, ls="--")
        for m6, marker, shade, offset in zip(beliefs, _MARKERS, shades, offsets, strict=False):
            cells = {cell.prior: cell for cell in result.cells if cell.m6 == m6}
            for row, label in enumerate(labels):
                cell = cells[label]
                rise = cell.rises[concept]
                axis.errorbar(
                    rise.value,
                    row + offset,
                    xerr=STANDS_OUT * rise.error,
                    fmt=marker,
                    ms=7,
                    color=shade,
                    mfc=shade if cell.reliable else "white",
                    lw=1.2,
                    label=m6.replace("-", "\N{MINUS SIGN}") if row == 0 else None,
                )
        for edge in np.arange(len(labels) - 1) + 0.5:
            axis.axhline(edge, color="#E4E4E4", lw=0.8)
        axis.set(
            xlim=(-0.02, 1.02),
            title="Gini of wages" if concept == "wage" else f"Gini of {concept} income",
            xlabel="probability of a rise",
        )
        axis.grid(visible=False, axis="y")
    axes[0].set_yticks(range(len(labels)), [f"{label.replace('_', ' ')}\n{result.priors[label]}" for label in labels])
    axes[0].set_ylabel(f"prior of {parameter}")
    axes[0].invert_yaxis()
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=min(len(names), 4),
        title=f"what is believed about m6; bars: ± {STANDS_OUT:g} s.e., of Monte Carlo and of the draw of"
        f" {result.populations} populations; hollow: not reliable",
        labelcolor=INK,
    )
    return figure

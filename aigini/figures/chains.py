"""Agreement of chains: their traces and the ranks of their draws.

Source: Vehtari, Gelman, Simpson, Carpenter and Bürkner, Bayesian Analysis 16 (2021), for rank plots.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.stats import binom, rankdata

from aigini.bayes.result import Posterior
from aigini.figures.labels import parameter_label
from aigini.figures.posterior import posterior_figure
from aigini.figures.style import BEFORE, INK, RISE, number, styled

_PER_BIN, _FEWEST_BINS, _MOST_BINS = 20, 5, 20
"""Draws of a chain in each bin of ranks, and the smallest and largest number of bins."""
_SHARE = 0.95
_BAND = {"color": INK, "linewidth": 1.3, "linestyle": ":"}
_EXPECTED = {"color": INK, "linewidth": 1.2, "linestyle": "--"}
_DIVERGENT = {"linestyle": "", "marker": "x", "color": RISE, "markersize": 7, "markeredgewidth": 2.0}


@styled
def traces(result: Posterior) -> Figure:
    """Every draw of every parameter, one column for each chain; divergent draws are crossed."""
    figure, panels = _grid(result, "Traces of the chains")
    diverging = np.asarray(result.draws.statistics["diverging"], bool)
    for row, (name, draws) in zip(panels, result.draws.parameters.items(), strict=True):
        median = float(np.median(draws))
        for chain, axis in enumerate(row):
            at = np.arange(1, draws.shape[1] + 1)
            axis.plot(at, draws[chain], color=BEFORE, linewidth=0.7)
            axis.axhline(median, color=INK, linewidth=1.0, linestyle="--")
            bad = diverging[chain]
            axis.plot(at[bad], draws[chain, bad], zorder=5, **_DIVERGENT)
            axis.margins(x=0.02)
            axis.set_xticks([1, draws.shape[1]])
        _row_label(row[0], result, name)
    for axis in panels[-1]:
        axis.set_xlabel("draw")
    handles = [
        Line2D([], [], color=BEFORE, linewidth=1.5, label="draws of the chain"),
        Line2D([], [], color=INK, linewidth=1.0, linestyle="--", label="median of all chains"),
        Line2D([], [], label=f"divergent: {int(diverging.sum())} of {diverging.size:,} draws", **_DIVERGENT),
    ]
    figure.align_ylabels(panels[:, 0])
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


@styled
def ranks(result: Posterior) -> Figure:
    """Histograms of the ranks of each chain's draws among all draws: flat where the chains agree."""
    figure, panels = _grid(result, "Ranks of each chain's draws among those of all chains")
    diverging = np.asarray(result.draws.statistics["diverging"], bool)
    chains, count = diverging.shape
    bins = int(np.clip(count // _PER_BIN, _FEWEST_BINS, _MOST_BINS))
    edges = np.linspace(0.5, chains * count + 0.5, bins + 1)
    band = binom.interval(_SHARE, count, 1 / bins)
    for row, (name, draws) in zip(panels, result.draws.parameters.items(), strict=True):
        ranked = rankdata(draws).reshape(draws.shape)
        for chain, axis in enumerate(row):
            axis.stairs(np.histogram(ranked[chain], edges)[0], edges, fill=True, color=BEFORE, alpha=0.5)
            axis.axhline(count / bins, **_EXPECTED)
            for end in band:
                axis.axhline(end, **_BAND)
            bad = ranked[chain, diverging[chain]]
            if len(bad):
                axis.plot(bad, np.zeros_like(bad), clip_on=False, zorder=5, **_DIVERGENT)
            axis.set_xlim(edges[0], edges[-1])
            axis.set_xticks([1, chains * count])
            axis.grid(visible=False, axis="x")
        row[0].set_ylim(bottom=0)
        _row_label(row[0], result, name)
    for axis in panels[-1]:
        axis.set_xlabel("rank")
    handles = [
        Patch(facecolor=BEFORE, alpha=0.5, label="draws of the chain by rank"),
        Line2D([], [], label="expected if chains agree", **_EXPECTED),
        Line2D([], [], label=f"{100 * _SHARE:.0f} % of bars lie between, were draws independent", **_BAND),
        Line2D([], [], label=f"divergent: {int(diverging.sum())} of {diverging.size:,} draws", **_DIVERGENT),
    ]
    figure.align_ylabels(panels[:, 0])
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _grid(result: Posterior, title: str) -> tuple[Figure, np.ndarray]:
    """A row of panels for each parameter, a column for each chain."""
    names = list(result.draws.parameters)
    chains = len(next(iter(result.draws.parameters.values())))
    figure = posterior_figure(result, title, (2.4 + 2.5 * max(chains, 3), 2.0 + 1.35 * len(names)))
    panels = figure.subplots(len(names), chains, squeeze=False, sharex=True, sharey="row")
    for chain, axis in enumerate(panels[0]):
        axis.set_title(f"chain {chain + 1}")
    return figure, panels


def _row_label(axis: Axes, result: Posterior, name: str) -> None:
    summary = result.summary[name]
    r_hat = "not defined" if summary.r_hat is None else number(summary.r_hat, ".3f")
    sizes = [size for size in (summary.ess_bulk, summary.ess_tail) if size is not None]
    ess = number(min(sizes), ".0f") if sizes else "not defined"
    axis.set_ylabel(
        f"{parameter_label(name)}\nR-hat {r_hat}\nESS {ess}", rotation=0, ha="right", va="center", labelpad=10
    )

"""Dependence of the sign of the change of the Gini on priors and targets, and the value of better targets."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from aigini.bayes.information import FEW
from aigini.bayes.power_scaling import THRESHOLD
from aigini.bayes.result import Posterior
from aigini.figures.labels import beside_bar, note, outcome_label, parameter_label, placeholder
from aigini.figures.posterior import chance_in_print, error_words, posterior_figure
from aigini.figures.style import BEFORE, FALL, INK, RISE, number, styled
from aigini.resolution import STANDS_OUT, Simulated

_LEAST, _MOST = 1e-3, 1.0
"""Sensitivities shown; smaller ones lie at the left edge."""

_WORDS = {"prior of ": parameter_label, "likelihood of ": outcome_label}


@styled
def power_scaling(result: Posterior) -> Figure:
    """Dependence of the change of each Gini, and of the probability of its rise, on every prior and every target."""
    scaling = result.scaling
    title = "What the change of the Gini depends on: sensitivity to each prior and target"
    shown = [
        (quantity, words)
        for concept in result.rises
        for quantity, words in (
            (f"gini_{concept}", f"change,\n{outcome_label(f'gini_{concept}')}"),
            (f"P(gini_{concept} rises)", f"P(rise),\n{outcome_label(f'gini_{concept}')}"),
        )
        if quantity in scaling.quantities
    ]
    height = 2.9 + 0.42 * len(scaling.components)
    figure = posterior_figure(result, title, (3.4 + 2.75 * max(len(shown), 3), height))
    if not shown:
        placeholder(figure.subplots(), "no sensitivity was computed")
        return figure
    panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axis, (quantity, words) in zip(panels, shown, strict=True):
        axis.set_title(words)
        _dots(axis, result, quantity)
    labels = [component_label(name) for name in scaling.components]
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.4, -0.6)
    handles = [
        Line2D([], [], label="more weight raises it", **_look(RISE, "^", filled=True)),
        Line2D([], [], label="more weight lowers it", **_look(FALL, "v", filled=True)),
        Line2D([], [], label=f"direction within {STANDS_OUT:g} total s.e.", **_look(BEFORE, "o", filled=True)),
        Line2D([], [], color=INK, linestyle="--", linewidth=1.4, label=f"threshold, {THRESHOLD:g}"),
        Line2D([], [], label=f"hollow: below the threshold; at the edge: {_LEAST:g} or less", **_look(INK, "o")),
        note("sensitivities: on the sampled population alone"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


def component_label(name: str) -> str:
    """A component in print."""
    for start, label in _WORDS.items():
        if name.startswith(start):
            kind = "prior" if start.startswith("prior") else "target"
            return f"{kind}: {label(name.removeprefix(start))}"
    return name


def _look(colour: str, marker: str, *, filled: bool = False) -> dict[str, Any]:
    face = colour if filled else "white"
    return {
        "linestyle": "",
        "marker": marker,
        "color": colour,
        "markerfacecolor": face,
        "markersize": 9,
        "markeredgewidth": 1.6,
    }


def _instead(axis: Axes, words: str) -> None:
    """Words in place of what a panel would show; its rows, which it shares with others, stay."""
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center")
    axis.set_xticks([])
    axis.set_xlabel("")
    axis.grid(visible=False)


def _dots(axis: Axes, result: Posterior, quantity: str) -> None:
    effects = [result.scaling.effect(component, quantity) for component in result.scaling.components]
    axis.set_xscale("log")
    axis.set_xlim(0.8 * _LEAST, _MOST)
    axis.set_xticks([1e-3, 1e-2, 1e-1, 1.0], ["0.001", "0.01", "0.1", "1"])
    axis.minorticks_off()
    axis.set_xlabel("distance per\ndoubling of weight")
    if not any(effect.sensitivity > 0 for effect in effects):
        _instead(axis, "the same in every draw")
        return
    axis.axvline(THRESHOLD, color=INK, linestyle="--", linewidth=1.4)
    for row, effect in enumerate(effects):
        sign = Simulated(effect.derivative.value, effect.derivative.error).sign
        colour, marker = {0: (BEFORE, "o"), 1: (RISE, "^"), -1: (FALL, "v")}[sign]
        at = float(np.clip(effect.sensitivity, _LEAST, _MOST))
        axis.plot([_LEAST, at], [row, row], color=colour, linewidth=1.2, alpha=0.6)
        axis.plot([at], [row], clip_on=False, zorder=4, **_look(colour, marker, filled=effect.sensitive))


@styled
def value_of_information(result: Posterior) -> Figure:
    """Expected fall of the entropy of each sign if the s.e. of a target were halved, with total errors."""
    title = "What halving the standard error of a target would tell about the sign"
    panels_of = list(result.information.items())
    rows = max((len(information.gains) for _, information in panels_of), default=1)
    figure = posterior_figure(result, title, (max(6.2 * len(panels_of), 9.0), 2.9 + 0.5 * rows))
    if not panels_of:
        placeholder(figure.subplots(), "no value was computed")
        return figure
    panels = figure.subplots(1, len(panels_of), squeeze=False, sharey=True)[0]
    for axis, (concept, information) in zip(panels, panels_of, strict=True):
        chance = f"P(rise) {chance_in_print(result, concept)}, {number(information.entropy, '.2f')} bits uncertain"
        axis.set_title(f"Sign of the change: {outcome_label(f'gini_{concept}')}\n{chance}")
        if not information.entropy > 0:
            _instead(axis, "the sign is the same in every draw:\nas far as they show, nothing is left to learn")
            continue
        for row, gain in enumerate(information.gains):
            weak = gain.few > FEW
            look = {"facecolor": "white", "edgecolor": BEFORE, "hatch": "////"} if weak else {"facecolor": BEFORE}
            axis.barh(row, gain.bits, 0.7, **look)
            axis.errorbar(gain.bits, row, xerr=gain.error, color=INK, capsize=4, linewidth=1.6)
            words = f"{number(gain.bits, '.3f')} ± {number(gain.error, '.3f')}"
            right = max(gain.bits + gain.error, 0.0)
            beside_bar(axis, words, right, row, fontsize=10)
        limits = [gain.bits + side * gain.error for gain in information.gains for side in (-1, 1)]
        high = max(*limits, 0.02)
        axis.set_xlim(min(0.0, *limits) - 0.03 * high, 1.35 * high)
        axis.xaxis.set_major_locator(MaxNLocator(5))
        axis.axvline(0, color=INK, linewidth=1)
        axis.set_xlabel("expected fall of the sign's entropy, bits")
        axis.grid(visible=False, axis="y")
    names = [gain.name for gain in panels_of[0][1].gains]
    panels[0].set_yticks(range(len(names)), [outcome_label(name) for name in names])
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    handles: list[Line2D | Patch] = [
        Patch(facecolor=BEFORE, label="enough draws"),
        Patch(facecolor="white", edgecolor=BEFORE, hatch="////", label="too few draws near its outcomes: not reliable"),
        Line2D([], [], color=INK, linewidth=1.6, label=f"± {error_words(result)}"),
    ]
    if "m6" in result.targets and "m6" not in names:
        handles.append(note("m6 is latent and has no s.e. to halve"))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure

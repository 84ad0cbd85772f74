"""The posterior of the sign: draws with the boundary between the regimes, and the probability that the Gini rises."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import AbstractPathEffect, withStroke
from scipy.ndimage import label

from aigini.bayes.result import Posterior
from aigini.bayes.sign_boundary import log_odds_of_rise
from aigini.figures.labels import CYCLE, GINI_UNIT, axis_label, note, outcome_label, placeholder, symbol
from aigini.figures.style import BEFORE, FAINT, FALL, INK, RISE, new_figure, number, styled

NOT_CONVERGED = "NOT CONVERGED: see report"

CONCEPTS = {"total": (CYCLE[2], "o"), "wage": (CYCLE[3], "s")}
"""Colour and marker of each Gini."""

_SHOWN = 1500
"""Largest number of draws that are drawn as points."""
_FEWEST = 20
"""Draws of either sign that the boundary needs, whose line has six coefficients."""
_INNER = (0.01, 0.99)
"""Quantiles of the draws between which the boundary is drawn."""
_TENTH = float(np.log(9))
"""Log odds of 9/10."""

_HALO: list[AbstractPathEffect] = [withStroke(linewidth=4.6, foreground="white")]
_BOUNDARY: dict[str, Any] = {"color": INK, "linewidth": 3.2}
_NEAR: dict[str, Any] = {"color": INK, "linewidth": 1.4, "linestyle": "--"}
_RANGE: dict[str, Any] = {"color": INK, "linewidth": 1.4, "linestyle": ":"}
_RISES: dict[str, Any] = {"marker": "^", "markersize": 5, "color": RISE, "linestyle": "", "alpha": 0.75}
_FALLS: dict[str, Any] = {**_RISES, "marker": "v", "color": FALL, "markerfacecolor": "white"}


def posterior_figure(result: Posterior, title: str, size: tuple[float, float]) -> Figure:
    """An empty figure; where the chains cannot be trusted, its title says so in a frame."""
    figure = new_figure(title, size)
    if not result.health.good:
        mark = figure.suptitle(f"{title}\n{NOT_CONVERGED}", x=0.02, ha="left", weight="bold", color=INK)
        mark.set_bbox({"facecolor": "#FFE9A8", "edgecolor": RISE, "linewidth": 2.0, "pad": 3.0})
    return figure


@styled
def joint_posterior(result: Posterior) -> Figure:
    """Draws of (ξ, m6) and of (η1, ξ), with the line between the economies where the Gini rises and where it falls."""
    figure = posterior_figure(result, "Where the posterior lies, and where the Gini rises", (13.0, 7.2))
    left, right = figure.subplots(1, 2)
    if "xi" not in result.draws.parameters:
        placeholder(left, "ξ has no prior")
        placeholder(right, "ξ has no prior")
        return figure
    handles: list[Line2D | Patch] = [
        Line2D([], [], label=f"draw: this Gini rises{_thinned(result)}", **_RISES),
        Line2D([], [], label="draw: it falls", **_FALLS),
        *_against_m6(left, result),
    ]
    if "eta1" in result.draws.parameters:
        handles += _over_plane(right, result)
    else:
        placeholder(right, f"{symbol('eta1')} has no prior")
    handles.append(note("all on the sampled population; another one shifts the boundary"))
    handles.append(Line2D([], [], label=f"range of {len(result.draws.prior['xi']):,} prior draws of ξ", **_RANGE))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _against_m6(axis: Axes, result: Posterior) -> list[Line2D | Patch]:
    """ξ against m6, where the boundary is m6 = 0."""
    xi, m6 = result.draws.parameters["xi"].ravel(), 100 * result.draws.outcomes[f"gini_{result.income}"].ravel()
    _points(axis, xi, m6, m6 > 0)
    for end in _prior_range(result, "xi"):
        axis.axvline(end, **_RANGE)
    axis.axhline(0, path_effects=_HALO, **_BOUNDARY)
    axis.set_title(f"ξ and m6, the {outcome_label(f'gini_{result.income}')}")
    axis.set_xlabel(axis_label("xi"))
    axis.set_ylabel(GINI_UNIT)
    low, high, words = m6_belief(result)
    handles: list[Line2D | Patch] = [Line2D([], [], label="left: boundary, m6 = 0", **_BOUNDARY)]
    if words:
        axis.axhspan(100 * low, 100 * high, zorder=0, **m6_band(result))
        handles.append(Patch(label=f"left: {words}", **m6_band(result)))
    return handles


def m6_belief(result: Posterior) -> tuple[float, float, str]:
    """Lower and upper end of the target of m6 or of its scenarios, with its name; no name where there is neither."""
    target = result.targets.get("m6")
    if target is None:
        return 0.0, 0.0, ""
    if result.belief == "uniform":
        return *result.m6_range, "scenarios of the latent m6, not data"
    limits = target.value - target.se, target.value + target.se
    return *limits, "target of m6 ± s.e." + ("" if result.belief == "normal" else ", not used: m6 is latent")


def m6_band(result: Posterior) -> dict[str, Any]:
    """Style of the band of m6: filled where it is taken as data, else an outline."""
    if result.belief == "normal":
        return {"facecolor": BEFORE, "alpha": 0.3, "linewidth": 0}
    return {"facecolor": "none", "edgecolor": BEFORE, "hatch": "/", "linewidth": 1.4, "alpha": 0.6}


def _over_plane(axis: Axes, result: Posterior) -> list[Line2D | Patch]:
    """η1 against ξ, where the other parameters decide about the sign too."""
    eta, xi = (result.draws.parameters[name].ravel() for name in ("eta1", "xi"))
    rises = result.draws.outcomes["gini_total"].ravel() > 0
    _points(axis, eta, xi, rises)
    for end in _prior_range(result, "xi"):
        axis.axhline(end, **_RANGE)
    axis.set_title(f"{symbol('eta1')} and ξ; colours: {outcome_label('gini_total')}")
    axis.set_xlabel(axis_label("eta1"))
    axis.set_ylabel(axis_label("xi"))
    if min(rises.sum(), (~rises).sum()) < _FEWEST:
        return [note(f"right: fewer than {_FEWEST} draws of one sign, no boundary")]
    at = [np.linspace(*np.quantile(values, _INNER).tolist(), num=101) for values in (eta, xi)]
    x, y = np.meshgrid(*at)
    size = result.summary["gini_total"].ess_bulk
    odds, error = log_odds_of_rise((eta, xi), rises, (x, y), min(1.0, (size or 1.0) / len(rises)))
    handles: list[Line2D | Patch] = []
    if odds.min() < 0 < odds.max():
        band = _beside_zero(odds / np.maximum(error, 1e-12))
        axis.contourf(x, y, band, levels=[-2.0, 2.0], colors=[FAINT], alpha=0.4, zorder=0)
        lines = axis.contour(x, y, odds, levels=[0.0], colors=INK, linewidths=_BOUNDARY["linewidth"])
        lines.set_path_effects(_HALO)
        words = (
            f"right: boundary, P(rise | {symbol('eta1')}, ξ) = 1/2 by a logistic\n"
            "regression on both, their squares and product"
        )
        handles.append(Line2D([], [], label=words, **_BOUNDARY))
        handles.append(Patch(facecolor=FAINT, alpha=0.4, label="right: its Monte Carlo error, ± 2 s.e."))
    else:
        handles.append(note(f"right: P(rise | {symbol('eta1')}, ξ) is nowhere 1/2"))
    if np.abs(odds).max() > _TENTH:
        axis.contour(x, y, odds, levels=[-_TENTH, _TENTH], colors=INK, linewidths=1.4, linestyles="--")
        handles.append(Line2D([], [], label="right: the same, 1/10 and 9/10", **_NEAR))
    return handles


def _beside_zero(ratio: np.ndarray) -> np.ndarray:
    """The ratios, made large in absolute value in regions that are small but do not touch a zero.

    Too few draws lie there to tell anything.
    """
    regions = np.zeros(ratio.shape, np.int32)
    label(np.abs(ratio) <= 2, output=regions)
    touching = np.isin(regions, regions[np.abs(ratio) < 0.5])
    return np.where(touching | (regions == 0), ratio, np.copysign(10.0, ratio))


def _thinned(result: Posterior) -> str:
    """The number of draws that are drawn, where these are not all."""
    total = result.health.draws
    shown = -(-total // -(-total // _SHOWN))
    return f" ({shown:,} of {total:,} draws shown)" if shown < total else ""


def _points(axis: Axes, x: np.ndarray, y: np.ndarray, rises: np.ndarray) -> None:
    """The draws by sign, evenly thinned where there are many."""
    drawn = np.zeros(len(x), bool)
    drawn[:: -(-len(x) // _SHOWN)] = True
    for which, look in ((~rises & drawn, _FALLS), (rises & drawn, _RISES)):
        axis.plot(x[which], y[which], markeredgewidth=0.8, **look)


def _prior_range(result: Posterior, name: str) -> tuple[float, float]:
    prior = result.draws.prior[name]
    return float(prior.min()), float(prior.max())


@styled
def probability_of_rise(result: Posterior) -> Figure:
    """Probability that each Gini rises, given η1, ξ and m6 in turn, with total standard errors."""
    title = "Probability that the Gini rises, given one quantity at a time"
    given = list(dict.fromkeys(one.given for bins in result.conditional.values() for one in bins))
    figure = posterior_figure(result, title, (max(4.6 * len(given), 9.0), 6.4))
    if not given:
        placeholder(figure.subplots(), "nothing was conditioned on")
        return figure
    panels = figure.subplots(1, len(given), squeeze=False, sharey=True)[0]
    for axis, name in zip(panels, given, strict=True):
        _conditional(axis, result, name)
    panels[0].set_ylabel("P(rise)")
    panels[0].set_ylim(-0.04, 1.04)
    columns = 2 if len(given) > 2 else 1
    figure.legend(handles=_conditional_key(result, given), loc="outside lower left", ncols=columns)
    return figure


def _conditional(axis: Axes, result: Posterior, name: str) -> None:
    unit = 100 if name == "m6" else 1
    for k, (concept, bins) in enumerate(result.conditional.items()):
        colour, marker = CONCEPTS[concept]
        every = result.rises[concept]
        axis.axhline(every.value, color=colour, linestyle=("--", ":")[k % 2], linewidth=1.6)
        band = np.clip((every.value - every.total_error, every.value + every.total_error), 0, 1)
        axis.axhspan(*band.tolist(), color=colour, alpha=0.18, linewidth=0, zorder=0)
        for one in bins:
            if one.given != name:
                continue
            low, high = unit * one.low, unit * one.high
            # Side by side within their bins.
            x = low + (0.35, 0.65)[k % 2] * (high - low)
            axis.hlines(one.value, low, high, color=colour, linewidth=1.0, alpha=0.6)
            # The sign of m6 itself is no estimate.
            known = np.zeros_like(one.value) if name == "m6" and concept == result.income else one.error
            axis.vlines(
                x, np.clip(one.value - known, 0, 1), np.clip(one.value + known, 0, 1), color=colour, linewidth=1.8
            )
            agree = (one.value == 0) | (one.value == 1)
            for which, face in ((agree, "white"), (~agree, colour)):
                # A line that is not clipped needs a point to take part in the layout.
                if which.any():
                    axis.plot(x[which], one.value[which], linestyle="", **_dot(colour, marker, face))
    if name == "m6":
        axis.axvline(0, color=INK, linewidth=1)
        axis.set_title(f"given m6, the {outcome_label(f'gini_{result.income}')}")
        axis.set_xlabel(GINI_UNIT)
    else:
        axis.set_title(f"given {symbol(name)}")
        axis.set_xlabel(axis_label(name))


def _dot(colour: str, marker: str, face: str) -> dict[str, Any]:
    return {
        "marker": marker,
        "markersize": 7.5,
        "color": colour,
        "markerfacecolor": face,
        "clip_on": False,
        "zorder": 4,
    }


def _conditional_key(result: Posterior, given: Sequence[str]) -> list[Line2D]:
    handles = []
    for k, concept in enumerate(result.conditional):
        colour, marker = CONCEPTS[concept]
        words = f"{outcome_label(f'gini_{concept}')} (line: all draws, P = {chance_in_print(result, concept)})"
        look = {**_dot(colour, marker, colour), "linestyle": ("--", ":")[k % 2]}
        handles.append(Line2D([], [], label=words, **look))
    words = f"±, band, vertical: {error_words(result)}\nhorizontal: bin of equally many draws"
    handles.append(Line2D([], [], color=FAINT, linewidth=1.8, label=words))
    words = "hollow: all draws of the bin agree; vertical: to the 95 % bound on P"
    if "m6" in given and result.income in result.conditional:
        words += f"\n(given m6 the {outcome_label(f'gini_{result.income}')} has no error: m6 is its change)"
    handles.append(Line2D([], [], label=words, **{**_dot(INK, "o", "white"), "linestyle": ""}))
    return handles


def chance_in_print(result: Posterior, concept: str) -> str:
    """Probability of a rise with its total standard error, or its bound where all draws agree."""
    rise = result.rises[concept]
    if rise.certain:
        return f"{'above' if rise.value > 0.5 else 'below'} {number(abs(rise.value - rise.total_error), '.4f')}"
    return f"{number(rise.value, '.3f')} ± {number(rise.total_error, '.3f')}"


def error_words(result: Posterior) -> str:
    """Words about the components of the errors of averages over populations."""
    return f"total s.e. of Monte Carlo and of the draw of {1 + len(result.populations.seeds)} populations"

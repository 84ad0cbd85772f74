"""Common parts of the figures of analyses: colours of a sign, names in print, direct labels that keep apart."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from aigini.economy.mechanisms import number_spec
from aigini.figures.style import FAINT, FALL, INK, RISE, WIDE, new_figure, number
from aigini.parameters import SPECS, ParameterSpec
from aigini.resolution import STANDS_OUT
from aigini.statistics.outcomes import label

DIVERGING = LinearSegmentedColormap.from_list(
    "aigini_diverging", ["#0A3558", FALL, "#85BEE0", "#F7F7F7", "#F2B78D", RISE, "#6B2A00"], N=511
)
"""From the most negative to the most positive; nearly white at 0."""

CYCLE = ("#0072B2", "#D55E00", "#009E73", "#8F4B75", "#3A9BD0", "#B07A00", "#000000")
"""Colours of lines without an order (after Okabe and Ito, the light ones darkened)."""
MARKERS = ("o", "s", "^", "D", "v", "p", "<", "h", ">")
DASHES = ("-", (0, (6, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (3, 2)))

STAR: dict[str, Any] = {
    "marker": "*",
    "color": "white",
    "markersize": 18,
    "markeredgecolor": INK,
    "markeredgewidth": 1.3,
    "linestyle": "",
}
"""Marker of the estimates, which stands out on every colour and in grey."""

GINI_UNIT = "change, Gini points (0 to 100)"
"""Ginis are shown times 100."""

BAND = f"± {STANDS_OUT:g} simulation s.e. (other draws of the population)"
"""Meaning of error bars and bands."""

_ROUNDING = 1e-9
"""Relative errors up to this are rounding of float64 arithmetic, amplified by solutions of equations."""

_OTHER_AXES = {"asset_gini": "Gini of firm assets"}
_LETTERS = ("alpha", "beta", "eta0", "eta1", "psi", "xi", "sigma", "rho")  # names that only spell out their symbol


def _spec(name: str) -> ParameterSpec | None:
    """Meaning and bounds of a parameter, or of a number of a mechanism; None of a name that is neither."""
    return SPECS.get(name) or number_spec(name)


def symbol(name: str) -> str:
    """Symbol of a parameter with its subscript set; empty if it has none."""
    spec = _spec(name)
    match = re.fullmatch(r"([^\W\d]+?)_?(\d|(?<=_)\w+)?", spec.symbol) if spec else None
    if match is None:
        return spec.symbol if spec else ""
    base, below = match.groups()
    return f"$\\mathrm{{{base}}}_{{\\mathrm{{{below}}}}}$" if below else base


def parameter_label(name: str) -> str:
    """A parameter in print: its name, and its symbol where it has one."""
    if name in _OTHER_AXES:
        return _OTHER_AXES[name]
    if name in _LETTERS or not symbol(name):
        return symbol(name) or name.replace("_", " ")
    return f"{name.replace('_', ' ')} ({symbol(name)})"


def axis_label(name: str) -> str:
    """A parameter, or a number of a mechanism, with its meaning, for an axis."""
    spec = _spec(name)
    if spec is None:
        return parameter_label(name)
    return ", ".join(part for part in (spec.meaning, symbol(name)) if part)


def left_out(name: str, low: float, high: float) -> tuple[float, float] | None:
    """The part of an axis from `low` to `high` in which a parameter has no value; None if it has one everywhere."""
    spec = _spec(name)
    apart = 0.0 if spec is None else spec.apart
    inside = max(low, -apart), min(high, apart)
    return inside if inside[0] < inside[1] else None


def outcome_label(name: str) -> str:
    """A moment or an outcome in print; moments keep their number."""
    words = label(name)
    return f"{name} {words}" if re.fullmatch(r"m\d", name) else words


def plus_minus(value: float, error: float | None, spec: str = ".3f") -> str:
    """A number with its simulation standard error, which is left out where it is not known, or no more than rounding.

    What a target fixes, such as m6 at estimates that meet it, is the same on every draw of the population.
    """
    text = number(value, spec)
    if error is None or not np.isfinite(error) or error <= _ROUNDING * abs(value):
        return text
    return f"{text} ± {number(error, '.1g')}"


def spread(positions: Sequence[float], gap: float) -> np.ndarray:
    """Positions in [0, 1] moved as little as keeps them in order and a gap apart, in least squares.

    Args:
        positions: Where each would be by itself.
        gap: Smallest distance; less where not all would fit.
    """
    order = np.argsort(positions, kind="stable")
    offsets = min(gap, 1.0 / max(len(order) - 1, 1)) * np.arange(len(order))
    # Without the gaps the order alone binds.
    level = isotonic_regression(np.asarray(positions, float)[order] - offsets).x if len(order) else offsets
    moved = np.empty(len(order))
    moved[order] = np.clip(level, 0.0, 1.0 - offsets.max(initial=0.0)) + offsets
    return moved


def last_finite(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The last point of a line at which y is finite; NaN if there is none."""
    known = np.flatnonzero(np.isfinite(y))
    return (float(x[known[-1]]), float(y[known[-1]])) if known.size else (np.nan, np.nan)


def end_labels(
    axis: Axes, last_points: Sequence[tuple[float, float]], labels: Sequence[str], colours: Sequence[str], height: float
) -> None:
    """Name lines to the right of the axes, each joined to the end of its line; the limits must be set before.

    Args:
        axis: The axes.
        last_points: Last point of each line, natural units; a line without one is not named.
        labels: Names.
        colours: Colours of the names.
        height: About how high the axes are, inches.
    """
    known = [k for k, end in enumerate(last_points) if np.isfinite(end).all()]
    low, high = axis.get_ylim()
    heights = spread([(last_points[k][1] - low) / (high - low) for k in known], 1.3 * 11 / 72 / height)
    for k, y in zip(known, heights, strict=True):
        axis.annotate(
            labels[k],
            last_points[k],
            (1.04, y),
            textcoords="axes fraction",
            va="center",
            fontsize=11,
            color=colours[k],
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.8, "shrinkB": 4, "relpos": (0, 0.5)},
        )


def note(words: str) -> Line2D:
    """A line of a legend that has words only."""
    return Line2D([], [], linestyle="", label=words)


def beside_bar(axis: Axes, words: str, end: float | int, y: float | int, *, left: bool = False, **style: Any) -> None:
    """Words beside the end of a horizontal bar, or of its error line, to the right or to the left of it."""
    style = {"textcoords": "offset points", "va": "center", "fontsize": 11, **style}
    axis.annotate(words, (end, y), (-5 if left else 5, 0), ha="right" if left else "left", **style)


def empty_figure(title: str, words: str) -> Figure:
    """A figure that has nothing to show, and says so."""
    figure = new_figure(title, WIDE)
    placeholder(figure.subplots(), words)
    return figure


def placeholder(axis: Axes, words: str) -> None:
    """Words instead of a plot that has nothing to show."""
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", color=INK)
    axis.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axis.spines[:].set_visible(False)
    axis.grid(visible=False)

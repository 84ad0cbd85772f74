"""Profiles of the criterion over parameters and along the weakest direction."""

import dataclasses
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from scipy.interpolate import PchipInterpolator

from aigini.analysis.identification.constrained_fit import QUANTILE
from aigini.analysis.identification.profile import DirectionProfile
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.figures.labels import BAND, STAR, empty_figure, parameter_label, plus_minus
from aigini.figures.style import AFTER, BEFORE, FAINT, INK, new_figure, number, styled
from aigini.inference.identification import describe_direction
from aigini.inference.intervals import Interval
from aigini.parameters import SPECS
from aigini.resolution import STANDS_OUT

_TOP = 2.0 * QUANTILE
"""Largest rise shown."""
_WIDE_RANGE = 8.0
"""Values that vary by a larger factor are drawn on a log scale."""
_LOW = 0.25
"""Rises up to this share of the quantile along the weakest direction have a scale of their own."""

_CONVERGED = {"marker": "o", "color": BEFORE, "markersize": 6.5, "markeredgecolor": BEFORE}
_BOUND = {**_CONVERGED, "markerfacecolor": "white"}
_NONE = {"marker": "x", "color": AFTER, "markersize": 9, "markeredgewidth": 2.2}
_OPEN = {"color": BEFORE, "markersize": 12, "markeredgecolor": "white"}
_STAR = {**STAR, "markersize": 15}


@dataclasses.dataclass(frozen=True)
class _Panel:
    """One profile: where the criterion is known, and its interval, in units of the horizontal axis."""

    at: np.ndarray
    rise: np.ndarray
    converged: np.ndarray
    estimate: float
    interval: Interval
    slope: float
    errors: tuple[float | None, float | None]


@styled
def profiles(result: SensitivityAnalysis) -> Figure:
    """Rise of the criterion when a parameter is fixed away from its estimate, and along the weakest direction."""
    title = "How much worse the targets are met when a parameter is held away from its estimate"
    count = len(result.profiles) + (result.weakest is not None)
    if not count:
        return empty_figure(title, "no profile was computed")
    columns = min(4 if count > 6 else 3, count)
    lines = -(-count // columns)
    figure = new_figure(title, (max(4.4 * columns, 11.0), 2.0 + 3.5 * lines))
    grid = figure.add_gridspec(lines, columns)
    drawn: list[_Panel] = []
    for number_of, profile in enumerate(result.profiles):
        axis = figure.add_subplot(grid[divmod(number_of, columns)])
        known = np.isfinite(profile.criterion)
        panel = _Panel(
            at=profile.values,
            rise=profile.criterion - profile.criterion[known].min(initial=np.inf),
            converged=known if profile.converged is None else profile.converged,
            estimate=result.params[profile.parameter],
            interval=profile.interval,
            slope=1 / (result.se.get(result.best_kind) or {}).get(profile.parameter, np.nan),
            errors=profile.simulation_se,
        )
        _draw(axis, panel)
        drawn.append(panel)
        axis.set_title(f"{parameter_label(profile.parameter)}\n95 %: {_span(profile.interval, profile.simulation_se)}")
        meaning = SPECS[profile.parameter].meaning if profile.parameter in SPECS else profile.parameter
        axis.set_xlabel("\n".join(textwrap.wrap(meaning, 46)))
    if result.weakest is not None:
        line, column = divmod(count - 1, columns)
        drawn.append(_weakest(figure.add_subplot(grid[line, column:]), result.weakest, columns - column))
    for axis in figure.axes[::columns]:
        axis.set_ylabel("rise of the criterion")
    figure.legend(handles=_key(drawn), loc="outside lower left", ncols=3 if columns > 2 else 2)
    return figure


def _weakest(axis: Axes, weakest: DirectionProfile, columns: int) -> _Panel:
    """The last panel, over all columns that are left; on its own scale where the criterion hardly rises."""
    rise = weakest.criterion - weakest.criterion.min()
    panel = _Panel(
        weakest.offsets,
        rise,
        weakest.converged,
        0.0,
        weakest.interval,
        float(np.sqrt(weakest.curvature)),
        weakest.simulation_se,
    )
    _draw(axis, panel)
    axis.set_title(f"weakest direction\n95 %: {_span(weakest.interval, weakest.simulation_se)}")
    vector = np.array(list(weakest.vector.values()))
    words = describe_direction(vector, [parameter_label(name) for name in weakest.vector]).replace("%", " %")
    axis.set_xlabel("\n".join(textwrap.wrap(f"relative change along it: {words}", 50 * columns)))
    highest = float(rise.max())
    if highest < _LOW * QUANTILE:
        axis.set_ylim(-0.02 * 1.25 * highest, 1.25 * highest or 1.0)
        words = f"own scale: the 95 % quantile, {number(QUANTILE, '.2f')}, is above"
        axis.text(0.02, 0.97, words, transform=axis.transAxes, va="top", fontsize=11)
    return panel


def _span(interval: Interval, errors: tuple[float | None, float | None]) -> str:
    low, high = (
        "open" if end is None else plus_minus(end, error, ".3g")
        for end, error in zip((interval.lower, interval.upper), errors, strict=True)
    )
    return f"{low}\nto {high}" if any(error is not None for error in errors) else f"{low} to {high}"


def _draw(axis: Axes, panel: _Panel) -> None:
    known = np.isfinite(panel.rise)
    at, rise = panel.at[known], np.maximum(panel.rise[known], 0.0)
    if np.all(panel.at > 0) and panel.at.max() > _WIDE_RANGE * panel.at.min():
        axis.set_xscale("log")
        many = panel.at.max() > 40 * panel.at.min()
        axis.xaxis.set_major_locator(LogLocator(subs=(1.0,) if many else (1.0, 2.0, 5.0)))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
        axis.xaxis.set_minor_formatter(NullFormatter())
    else:
        axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.axhline(QUANTILE, color=INK, linestyle="--", linewidth=1.4)
    low, high = panel.at.min(), panel.at.max()
    bounds = (panel.interval.lower, panel.interval.upper)
    shaded = [edge if bound is None else bound for edge, bound in zip((low, high), bounds, strict=True)]
    axis.axvspan(*shaded, color=FAINT, alpha=0.22)
    for end, error in zip(bounds, panel.errors, strict=True):
        if end is not None and error is not None:
            axis.hlines(QUANTILE, end - STANDS_OUT * error, end + STANDS_OUT * error, color=AFTER, linewidth=4)
    fine = np.geomspace(low, high, 400) if axis.get_xscale() == "log" else np.linspace(low, high, 400)
    axis.plot(fine, ((fine - panel.estimate) * panel.slope) ** 2, color=FAINT, linestyle=":", linewidth=1.8)
    if len(at) > 1:
        # The signed root is what the interval is read from too: it is straight where the criterion is quadratic.
        curve = PchipInterpolator(at, np.sign(at - panel.estimate) * np.sqrt(rise))
        inside = fine[(fine >= at[0]) & (fine <= at[-1])]
        axis.plot(inside, curve(inside) ** 2, color=BEFORE, linewidth=2.2)
    done = panel.converged[known]
    axis.plot(at[done], rise[done], linestyle="", **_CONVERGED)
    axis.plot(at[~done], rise[~done], linestyle="", **_BOUND)
    axis.plot(panel.at[~known], np.full((~known).sum(), 0.94 * _TOP), linestyle="", **_NONE)
    for end, position, marker in zip(bounds, (0, -1), ("<", ">"), strict=True):
        if end is None and len(at):
            height = np.minimum(rise[[position]], _TOP)
            axis.plot(at[[position]], height, marker=marker, linestyle="", clip_on=False, zorder=5, **_OPEN)
    axis.plot([panel.estimate], [0.0], zorder=6, clip_on=False, **_STAR)
    axis.set_ylim(-0.02 * _TOP, _TOP)
    axis.margins(x=0.05)


def _key(drawn: Sequence[_Panel]) -> list[Line2D | Patch]:
    """The legend: lines and markers, as far as there are any."""
    known = [np.isfinite(panel.rise) for panel in drawn]
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="the others estimated again", linewidth=2.2, **_CONVERGED),
        Line2D([], [], color=INK, linestyle="--", linewidth=1.4, label="95 % quantile of χ² with 1 degree of freedom"),
        Line2D([], [], label="the estimates", **_STAR),
        Patch(facecolor=FAINT, alpha=0.22, label="95 % interval"),
        Line2D([], [], color=FAINT, linestyle=":", linewidth=1.8, label="to first order, from the standard error"),
        Line2D([], [], marker=">", linestyle="", label="open end: followed no further", **_OPEN),
    ]
    if any(error is not None for panel in drawn for error in panel.errors):
        handles.append(Line2D([], [], color=AFTER, linewidth=4, label=f"ends of the interval {BAND}"))
    if any((finite & ~panel.converged).any() for finite, panel in zip(known, drawn, strict=True)):
        handles.append(Line2D([], [], linestyle="", label="search not finished: at most so high", **_BOUND))
    if not all(finite.all() for finite in known):
        handles.append(Line2D([], [], linestyle="", label="the economy cannot be evaluated", **_NONE))
    return handles

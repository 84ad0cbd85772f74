"""Maps of regimes, and of other outcomes, over a plane of parameters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from scipy.interpolate import RectBivariateSpline, RegularGridInterpolator
from scipy.ndimage import distance_transform_edt, minimum_filter

from aigini.analysis.regimes.maps import RegimeMap
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.figures.labels import (
    DIVERGING,
    GINI_UNIT,
    STAR,
    axis_label,
    left_out,
    note,
    outcome_label,
)
from aigini.figures.style import FAINT, INK, new_figure, number, styled
from aigini.numerics.level_set import Branch
from aigini.resolution import STANDS_OUT
from aigini.statistics.catalogue import CONCEPTS

_HALO = [withStroke(linewidth=3.5, foreground="white")]

_FINE = 8
"""Points for each of the grid's on which colours and lines are drawn, and regions named."""
_WORDS = (0.3, 0.055)
"""About how wide and high the name of a region is, in shares of a panel."""
_UNKNOWN = "xx"
"""Hatching of where the sign is not known."""
_LEAST = 0.02
"""Smallest share of a map that is named."""


@styled
def regime_map(result: RegimeMap) -> Figure:
    """Change of both Ginis over a plane, with the traced boundary between the regimes."""
    figure = new_figure("Where AI equalises and where it concentrates", (13.0, 6.4))
    panels = figure.subplots(1, 2, sharey=True)
    finite = [np.abs(values[np.isfinite(values)]) for values in map(result.values, CONCEPTS)]
    levels, ticks = _levels(max(100 * float(np.concatenate(finite).max(initial=0.0)), 0.01))
    drawn = [
        _map_panel(axis, _gini_layer(result, concept), levels) for axis, concept in zip(panels, CONCEPTS, strict=True)
    ]
    panels[0].set_ylabel(axis_label(result.y_name))
    shown = [contours for contours in drawn if contours is not None]
    if shown:
        bar = figure.colorbar(shown[0], ax=panels, pad=0.015, aspect=28)
        bar.set_label(f"{GINI_UNIT}\n(thin lines: solid above 0, dashed below)")
        bar.set_ticks(list(ticks), labels=[number(level, ".3g") for level in ticks])
    unknown = "not distinguishable from no change" if result.simulation_se else ""
    whole = all(np.isfinite(result.values(concept)).all() for concept in CONCEPTS)
    traced = any(result.boundary[concept].branches for concept in CONCEPTS)
    words = "boundary: the Gini does not change" if traced else ""
    figure.legend(handles=_key(result, words, unknown, bool(shown), whole), loc="outside lower left", ncols=2)
    return figure


@styled
def outcome_map(result: OutcomePlane, outcome: str) -> Figure:
    """Change of one outcome over a plane, with the curves on which it is zero."""
    values, branches = result.changes[outcome], result.boundary[outcome].branches
    figure = new_figure(f"{outcome_label(outcome)}: {result.comparison}", (9.4, 6.8))
    axis = figure.subplots()
    known = np.abs(values[np.isfinite(values)])
    levels, ticks = _levels(float(known.max(initial=0.0)) or 1.0)
    layer = _Layer(result, values, result.simulation_se.get(outcome), branches, "", _SIGN_WORDS)
    contours = _map_panel(axis, layer, levels)
    axis.set_ylabel(axis_label(result.y_name))
    if contours is not None:
        bar = figure.colorbar(contours, ax=axis, pad=0.015, aspect=28)
        bar.set_label(f"{result.units[outcome]}\n(thin lines: solid above 0, dashed below)")
        bar.set_ticks(list(ticks), labels=[number(level, ".3g") for level in ticks])
    unknown = "not distinguishable from zero" if result.simulation_se else ""
    whole, words = bool(np.isfinite(values).all()), "boundary: zero" if branches else ""
    figure.legend(handles=_key(result, words, unknown, contours is not None, whole), loc="outside lower left", ncols=2)
    return figure


_REGIME_WORDS = ("concentrating", "equalising")
_SIGN_WORDS = ("positive", "negative")


class _Layer(NamedTuple):
    """One map to be drawn.

    Attributes:
        plane: Its axes and the place of the estimates.
        values: The numbers in the unit of the figure, ``[nx, ny]``.
        errors: Their simulation errors, ``[nx, ny]``; None where these are not known.
        branches: Curves on which the number is zero.
        title: Title of the panel.
        words: Names of the regions above and below zero.
    """

    plane: RegimeMap | OutcomePlane
    values: np.ndarray
    errors: np.ndarray | None
    branches: Sequence[Branch]
    title: str
    words: tuple[str, str]


def _gini_layer(result: RegimeMap, concept: str) -> _Layer:
    errors, title = result.simulation_se.get(concept), outcome_label(f"gini_{concept}")
    hundredfold = None if errors is None else 100 * errors
    return _Layer(
        result, 100 * result.values(concept), hundredfold, result.boundary[concept].branches, title, _REGIME_WORDS
    )


def _levels(limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Levels of contours from minus to plus a limit, and those that are named."""
    step = float(np.diff(MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]).tick_values(0.0, limit))[0])
    count = int(np.ceil(limit / step - 1e-9))
    levels = step * np.arange(-count, count + 1)
    return levels, levels[count % 2 :: 2]


def _key(
    plane: RegimeMap | OutcomePlane, boundary: str, unknown: str, drawn: bool, whole: bool
) -> list[Line2D | Patch]:
    """Entries of the legend.

    Args:
        plane: Axes and the place of the estimates.
        boundary: Meaning of the boundary; empty if none was traced.
        unknown: Words for what does not stand out of simulation errors; empty where these are not known.
        drawn: True if there are colours.
        whole: True if there is an outcome everywhere.
    """
    (x, y), px, py = plane.estimate, plane.x, plane.y
    outside = "" if px[0] <= x <= px[-1] and py[0] <= y <= py[-1] else ", outside this map"
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=INK, linewidth=3.2, label=boundary) if boundary else note("no boundary was traced"),
        Line2D([], [], label=f"the estimates{outside}", **STAR),
    ]
    if unknown:
        words = f"{unknown}: within {STANDS_OUT:g} simulation s.e."
        handles.append(Patch(facecolor="white", edgecolor=INK, hatch=_UNKNOWN, label=words))  # pyright: ignore[reportArgumentType]
    elif drawn:
        handles.append(note("regimes not named: simulation errors were not measured"))
    gaps = [left_out(name, at[0], at[-1]) for name, at in ((plane.x_name, px), (plane.y_name, py))]
    if not whole or any(gaps):
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch="xxx", label="no finite outcome"))  # pyright: ignore[reportArgumentType]
    return handles


def _map_panel(axis: Axes, layer: _Layer, levels: np.ndarray) -> QuadContourSet | None:
    result = layer.plane
    x, y, values = result.x, result.y, layer.values
    corner, width, height = (x[0], y[0]), x[-1] - x[0], y[-1] - y[0]
    if not np.isfinite(values).all():
        axis.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=FAINT, hatch="xxx", linewidth=0))
    axis.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel=axis_label(result.x_name))
    axis.set_title(layer.title)
    axis.grid(visible=False)
    contours = None
    if np.any(np.isfinite(values) & (values != 0)):
        x, y, values = _finer(x, y, values, layer.branches)
        known = np.ma.masked_invalid(values.T)
        contours = axis.contourf(x, y, known, levels=levels, cmap=DIVERGING, vmin=levels[0], vmax=levels[-1])
        other = [level for level in levels if abs(level) > 1e-9 * levels[-1]]
        styles = ["dashed" if level < 0 else "solid" for level in other]
        axis.contour(x, y, known, levels=other, colors=INK, linewidths=0.6, linestyles=styles, alpha=0.6)
        unknown = _unknown(axis, layer, x, y, values)
        _name_regions(axis, layer, np.where(unknown, 0.0, _without_left_out(axis, result, x, y, values)))
    elif np.isfinite(values).any():
        axis.text(0.5, 0.5, "no change anywhere", transform=axis.transAxes, ha="center", va="center")
    for branch in layer.branches:
        axis.plot(
            *branch.curve().T, color=INK, linewidth=3.2, path_effects=[withStroke(linewidth=5.5, foreground="white")]
        )
    axis.plot([result.estimate[0]], [result.estimate[1]], zorder=6, **STAR)
    return contours


def _unknown(axis: Axes, layer: _Layer, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Hatch where the change is within simulation error of none; whether it is, on the fine grid."""
    if layer.errors is None:
        return np.ones(values.shape, bool)
    at = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    reach = STANDS_OUT * RegularGridInterpolator((layer.plane.x, layer.plane.y), layer.errors)(at)
    unknown = ~(np.abs(values) > reach)
    if unknown.any():
        excess = np.ma.masked_invalid((np.abs(values) - reach).T)
        lowest = float(excess.min()) - 1.0 if np.isfinite(excess.min()) else -1.0
        drawn = axis.contourf(x, y, excess, levels=[lowest, 0.0], colors="none", hatches=[_UNKNOWN])
        drawn.set_edgecolor(INK)
        drawn.set_linewidth(0.0)
    return unknown


def _finer(
    x: np.ndarray, y: np.ndarray, values: np.ndarray, branches: Sequence[Branch] = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The map on a finer grid: cubic between grid points, linear next to points without a value.

    A cubic overshoots. Inside a cell of the grid it shows a sign that none of the corners has only where a curve was
    traced on which the change is zero; elsewhere the map is linear there.
    """
    fine_x, fine_y = (
        np.interp(np.arange(_FINE * (len(grid) - 1) + 1) / _FINE, np.arange(len(grid)), grid) for grid in (x, y)
    )
    at = np.stack(np.meshgrid(fine_x, fine_y, indexing="ij"), axis=-1)
    linear = RegularGridInterpolator((x, y), values)(at)
    if not np.isfinite(values).all() or min(values.shape) <= 3:
        return fine_x, fine_y, linear
    smooth = RectBivariateSpline(x, y, values)(fine_x, fine_y)
    corners = np.sign(np.stack([values[:-1, :-1], values[1:, :-1], values[:-1, 1:], values[1:, 1:]]))
    one_sign = np.abs(corners.sum(axis=0)) == len(corners)
    for branch in branches:
        cell = [
            np.clip(np.searchsorted(grid, branch.curve()[:, k], side="right") - 1, 0, len(grid) - 2)
            for k, grid in enumerate((x, y))
        ]
        one_sign[tuple(cell)] = False
    # The cell of each point of the fine grid; on an edge between two, that after it.
    own = np.ix_(
        *(np.minimum(np.arange(len(fine)) // _FINE, n - 2) for fine, n in ((fine_x, len(x)), (fine_y, len(y))))
    )
    overshot = np.zeros(one_sign.shape, bool)
    np.logical_or.at(overshot, np.broadcast_arrays(*own), np.sign(smooth) != np.sign(linear))
    overshot = (overshot & one_sign)[own]
    return fine_x, fine_y, np.where(overshot, linear, smooth)


def _without_left_out(
    axis: Axes, plane: RegimeMap | OutcomePlane, x: np.ndarray, y: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """The values on the fine grid, NaN and hatched where a parameter has no value between points of the grid."""
    for k, (name, fine) in enumerate(((plane.x_name, x), (plane.y_name, y))):
        gap = left_out(name, fine[0], fine[-1])
        if gap is None:
            continue
        inside = (fine > gap[0]) & (fine < gap[1])
        values = np.where(inside[:, None] if k == 0 else inside[None, :], np.nan, values)
        style = {"facecolor": "white", "edgecolor": FAINT, "hatch": "xxx", "linewidth": 0, "zorder": 3}
        (axis.axvspan if k == 0 else axis.axhspan)(*gap, **style)
    return values


def _name_regions(axis: Axes, layer: _Layer, values: np.ndarray) -> None:
    """Name each region where the words have most room, or beside it where they have none."""
    result = layer.plane
    unit = np.stack(np.meshgrid(*(np.linspace(0, 1, count) for count in values.shape), indexing="ij"), axis=-1)
    span = np.array([result.x[-1] - result.x[0], result.y[-1] - result.y[0]])
    star = (np.array(result.estimate) - [result.x[0], result.y[0]]) / span
    free = np.abs(unit - star) @ np.array([1.0, _WORDS[0] / _WORDS[1]]) > 0.2
    size = [max(round(share * count), 1) for share, count in zip(_WORDS, values.shape, strict=True)]
    taken = np.zeros(values.shape, bool)
    for words, region in zip(layer.words, (values > 0, values < 0), strict=True):
        if region.mean() < _LEAST:
            continue
        # Distances in the shape of the words, so that they are furthest from what surrounds them.
        stretch = (1.0, values.shape[0] / values.shape[1] * _WORDS[0] / _WORDS[1])
        room = np.asarray(distance_transform_edt(np.pad(region & free, 1), sampling=stretch))[1:-1, 1:-1]
        # Of positions with nearly as much room, the one nearest the middle.
        liking = room / values.shape[0] - 0.03 * np.abs(unit - 0.5).sum(axis=-1)
        inside = minimum_filter(region & free, size, mode="constant", cval=0)
        target = unit[np.unravel_index(np.argmax(np.where(inside, liking, liking - 9)), values.shape)]
        position, arrow = target, None
        if not inside.any():
            beside = minimum_filter(~region & free & ~taken, size, mode="constant", cval=0)
            away = np.where(beside, np.abs(unit - target) @ np.array([1.0, 1.5]), np.inf)
            nearest = unit[np.unravel_index(np.argmin(away), values.shape)]
            position = nearest if beside.any() else np.clip(target, 0.2, 0.8)
            arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        taken |= (np.abs(unit - position) < np.array(_WORDS)).all(axis=-1)
        axis.annotate(
            words,
            tuple(target),
            tuple(position),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="center",
            weight="bold",
            fontsize=13,
            path_effects=_HALO,
            zorder=5,
            arrowprops=arrow,
        )

"""Phase diagrams: regimes reached, the boundary between them, and the sign of the change of inequality there."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from aigini.dynamics.phase_result import CONCEPTS, REGIMES, PhaseDiagram
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.figures.labels import STAR, axis_label
from aigini.figures.style import FALL, INK, RISE, new_figure, styled
from aigini.resolution import STANDS_OUT

_COLOURS = ("#DCE9F2", "#F6DFC8", "#E9C4C4", "#FFFFFF")
_PIXELS = 241
_UP = {"marker": "^", "color": RISE, "linestyle": "", "markersize": 9}
_DOWN = {"marker": "v", "color": FALL, "linestyle": "", "markersize": 9}
_OPEN = {"marker": "o", "markerfacecolor": "none", "markeredgecolor": INK, "linestyle": "", "markersize": 7}
_BOUNDARY = {"marker": "o", "color": INK, "linestyle": "", "markersize": 4}


@styled
def phase_diagram(result: PhaseDiagram) -> Figure:
    """Regimes over two parameters; signs of the change of both Ginis in the states reached."""
    figure = new_figure("Which regime the path of the economy reaches", (13.0, 6.6))
    panels = figure.subplots(1, 2, sharey=True)
    for axis, (name, words) in zip(panels, CONCEPTS.items(), strict=True):
        _regions(axis, result)
        for state in result.states:
            sign = state.change(name).sign
            axis.plot(state.x, state.y, zorder=5, **{1: _UP, -1: _DOWN, 0: _OPEN}[sign])
        axis.set_title(f"{words} in the state reached" if result.states else words)
        axis.set_xlabel(_label(result.names[0]))
    panels[0].set_ylabel(_label(result.names[1]))
    shown = {int(code) for code in np.unique(result.regime)}
    handles: list[Line2D | Patch] = [
        Patch(facecolor=_COLOURS[k], edgecolor=INK, linewidth=0.5, label=f"ends {name}")
        for k, name in enumerate(REGIMES)
        if k in shown
    ]
    if -1 in shown:
        handles.append(Patch(facecolor="white", edgecolor=INK, linewidth=0.5, label="no economy"))
    if result.boundary:
        handles.append(Line2D([], [], label="boundary, where it crosses the grid", **_BOUNDARY))
    handles.append(Line2D([], [], label="this economy", **STAR))
    signs = {state.change(name).sign for state in result.states for name in CONCEPTS}
    words = {
        1: ("the Gini rises", _UP),
        -1: ("the Gini falls", _DOWN),
        0: (f"not distinguishable: within {STANDS_OUT:g} simulation s.e.", _OPEN),
    }
    if result.states and not any(state.simulation_se for state in result.states):
        words[0] = ("sign not stated: simulation errors were not measured", _OPEN)
    handles += [Line2D([], [], label=words[sign][0], **words[sign][1]) for sign in (1, -1, 0) if sign in signs]
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


def _label(name: str) -> str:
    spec = DYNAMICS_SPECS.get(name)
    return f"{spec.meaning}, {spec.symbol}" if spec else axis_label(name)


def _regions(axis: Axes, result: PhaseDiagram) -> None:
    """Regimes on a fine grid: between grid points they change where the boundary was located."""
    x, y = result.x, result.y
    low, span = np.array([x[0], y[0]]), np.array([x[-1] - x[0], y[-1] - y[0]])
    fine = np.stack(np.meshgrid(np.linspace(0, 1, _PIXELS), np.linspace(0, 1, _PIXELS), indexing="ij"), axis=-1)
    grid = (np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1) - low) / span
    codes = result.regime
    known = codes >= 0
    located = (np.array([(point.x, point.y) for point in result.boundary]).reshape(-1, 2) - low) / span
    nodes = np.concatenate([grid[known], located])
    strength = np.concatenate([np.where(codes[known] == 0, 1.0, -1.0), np.zeros(len(located))])
    strong = LinearNDInterpolator(nodes, strength, fill_value=0.0)(fine) >= 0 if known.sum() > 3 else None
    nearest = NearestNDInterpolator(grid.reshape(-1, 2), codes.ravel())(fine)
    if strong is not None:
        others = known & (codes != 0)
        if others.any():
            lost = NearestNDInterpolator(grid[others], codes[others])(fine)
            nearest = np.where(nearest < 0, nearest, np.where(strong, 0, lost))
    drawn = np.where(nearest < 0, len(REGIMES), nearest)
    axis.imshow(
        drawn.T,
        origin="lower",
        extent=(x[0], x[-1], y[0], y[-1]),
        aspect="auto",
        cmap=ListedColormap(_COLOURS),
        vmin=-0.5,
        vmax=len(REGIMES) + 0.5,
        interpolation="nearest",
    )
    for point in result.boundary:
        axis.plot(point.x, point.y, zorder=4, **_BOUNDARY)
    axis.plot(*result.here, zorder=6, **STAR)
    pad = 0.03 * span
    axis.set(xlim=(x[0] - pad[0], x[-1] + pad[0]), ylim=(y[0] - pad[1], y[-1] + pad[1]))
    axis.grid(visible=False)

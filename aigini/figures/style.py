"""The house style of the figures: colours the colour-blind can tell apart, files written whole or not at all.

No colour stands alone: bars of another kind are hatched, lines differ in width, dashes or markers, so that figures can
be read in grey as well.

Everything goes through matplotlib's object interface; no state is shared with pyplot or with other figures.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from aigini.errors import OutputError
from aigini.figures.data import shown_data
from aigini.runtime import atomic
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.simulation_result import Simulation
from aigini.tables import FigureFormat

BEFORE = "#5F7A94"
"""Colour of the economy before AI."""
AFTER = "#E0761A"
"""Colour of the economy after AI."""
RISE, RISE_HATCH = "#D55E00", "////"
"""Colour and hatching of a positive, concentrating change (vermillion of Okabe and Ito)."""
FALL, FALL_HATCH = "#0072B2", ""
"""Those of a negative, equalising change (their blue)."""
INK = "#222222"
FAINT = "#9A9A9A"
SOURCE_COLOURS = ("#56B4E9", "#F0E442", "#D55E00", "#332288")
"""Colours of `aigini.statistics.report.SOURCES`, in that order (Okabe and Ito's, and Tol's indigo)."""
SOURCE_HATCHES = ("", "....", "////", "")
"""Their hatching."""

SINGLE = (8.0, 5.2)
"""Inches of a figure with one panel."""
WIDE = (11.5, 5.2)
"""Inches of a figure with two panels side by side."""

LINE_BEFORE, LINE_AFTER = 3.6, 1.8
"""Line widths; the wider line before AI shows on both sides where nothing changed."""

DPI = 150

_UNDATED: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
}
"""Without versions and dates in it the same figure is the same file."""

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "figure.titlesize": 14,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "aigini",
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a drawing function under the house style, whatever the user's own matplotlib settings are."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.style.context(["default", _RC]):
            return draw(*args, **kwargs)

    return wrapper


def ordered_colours(count: int) -> list[str]:
    """Colours of an ordered series, dark to light, that are told apart by the colour-blind and in grey."""
    return [to_hex(colour) for colour in matplotlib.colormaps["viridis"](np.linspace(0.0, 0.66, count))]


def new_figure(title: str, size: tuple[float, float]) -> Figure:
    """An empty figure on the Agg canvas whose parts are laid out without overlap."""
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.02, ha="left", weight="bold")
    return figure


def named(result: Any, *draws: Callable[[Any], Figure]) -> Iterator[tuple[str, Figure]]:
    """Figures of a result, one after the other, each with the name of the function that draws it."""
    return ((draw.__name__, draw(result)) for draw in draws)


def save(figure: Figure, folder: str | Path, name: str, form: FigureFormat = "png") -> Path:
    """Write a figure as ``folder/name.form``, completely or not at all, and release its memory.

    Text in PDF and SVG stays text. As ``csv`` the numbers are written that it shows.

    Args:
        figure: The figure; it is empty afterwards.
        folder: Its folder; created if it does not exist.
        name: File name without its suffix.
        form: Its format.

    Returns:
        Path of the file.

    Raises:
        OutputError: if the folder or the file cannot be written.
    """
    target = Path(folder) / f"{name}.{form}"

    def write(temporary: Path) -> None:
        if form == "csv":
            temporary.write_text(shown_data(figure).written("csv"), encoding="utf-8")
            return
        with matplotlib.style.context(["default", _RC]):
            figure.savefig(temporary, format=form, dpi=DPI, metadata=_UNDATED[form])

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace_files({target: write})
    except OSError as error:
        raise OutputError(
            f"figures: {target} cannot be written ({error.strerror or error}); choose another folder, or free"
            " some space."
        ) from error
    finally:
        figure.clear()
    return target


def scalar(state: Mapping[str, float | None], name: str) -> float:
    """A statistic of the economy, NaN where it is not defined."""
    value = state[name]
    return float("nan") if value is None else value


def below_grid(simulation: Simulation, name: str) -> str:
    """A mark for a Gini that the grid of incomes does not tell from zero; empty for others."""
    return f"\nbelow the grid's resolution, {GINI_RESOLUTION:.4f}" if name in simulation.below_resolution else ""


def number(value: float, spec: str = ".3f") -> str:
    """A number in print, ``n/a`` if it is not defined and never a negative zero."""
    if not np.isfinite(value):
        return "n/a"
    text = format(value, spec)
    if float(text) == 0:
        return format(0.0, spec.replace("+", ""))
    return text.replace("-", "\N{MINUS SIGN}")


def limit_to(axis: Axes, which: str, values: np.ndarray, *, least: float, zero: bool = False) -> None:
    """Fit an axis to the values, but never to a range below `least`, so that rounding errors stay invisible.

    Args:
        axis: The axes.
        which: ``"x"`` or ``"y"``.
        values: Plotted values; those that are not finite are left out.
        least: Smallest range shown.
        zero: True if 0 must be in the range.
    """
    finite = values[np.isfinite(values)]
    if zero:
        finite = np.append(finite, 0.0)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    short = max(least - (high - low), 0.0)
    low, high = low - short / 2, high + short / 2
    pad = 0.08 * (high - low)
    (axis.set_xlim if which == "x" else axis.set_ylim)(low - pad, high + pad)

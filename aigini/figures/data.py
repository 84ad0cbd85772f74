"""The numbers that a figure shows, as a table: what a reader would otherwise have to measure with a ruler."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aigini.tables import Column, Table

_HEADS = ("panel", "title", "x_axis", "y_axis", "series", "kind", "x", "y", "width", "height")

_Series = tuple[str, str, float, float, float | None, float | None]


def shown_data(figure: Figure) -> Table:
    """Points of lines and of scattered marks, and the corners and sizes of bars, of every panel.

    Series are named as in the legend, and numbered where they have no name there; panels are numbered from 1 in the
    order in which they were drawn. Numbers are in the units of the axes. Maps in colours and filled areas are left out:
    their numbers are in the file of the result; so are lines that are not at coordinates of the axes.
    """
    rows = [
        (k, axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), *row)
        for k, axes in enumerate(figure.axes, 1)
        for row in _rows(axes)
    ]
    columns = list(zip(*rows, strict=True)) or [[] for _ in _HEADS]
    return Table(tuple(Column(head, list(values)) for head, values in zip(_HEADS, columns, strict=True)))


def _rows(axes: Axes) -> Iterator[_Series]:
    bars = [(f"bars {k}", list(container.patches)) for k, container in enumerate(_bars(axes), 1)]
    for k, line in enumerate((one for one in axes.get_lines() if one.get_transform() == axes.transData), 1):
        name = _name(str(line.get_label()), f"line {k}")
        for x, y in _numbers(np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)])):
            yield name, "line", x, y, None, None
    for k, marks in enumerate((one for one in axes.collections if isinstance(one, PathCollection)), 1):
        name = _name(str(marks.get_label()), f"marks {k}")
        for x, y in _numbers(np.ma.filled(marks.get_offsets(), np.nan)):
            yield name, "marks", x, y, None, None
    for name, patches in bars:
        for patch in patches:
            assert isinstance(patch, Rectangle)
            yield name, "bar", *patch.get_xy(), patch.get_width(), patch.get_height()


def _bars(axes: Axes) -> list:
    return [container for container in axes.containers if hasattr(container, "patches")]


def _name(label: str, otherwise: str) -> str:
    """A label of the legend; matplotlib begins those of series without one with an underscore."""
    return otherwise if not label or label.startswith("_") else label


def _numbers(points: np.ndarray) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(points, float)]

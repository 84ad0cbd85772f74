"""Tables of results: one description prints as text of at most 100 columns, and becomes a data frame."""

import abc
import csv
import dataclasses
import html
import io
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from aigini.equality import ByValue
from aigini.errors import missing_extra

if TYPE_CHECKING:
    import pandas

WIDTH = 100
"""Columns of text that a table takes at most."""

Format = Literal["markdown", "latex", "csv"]
"""Formats of tables for other programs: GitHub's Markdown, LaTeX with booktabs, and comma-separated values."""
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: dict[Format, str] = {"markdown": "md", "latex": "tex", "csv": "csv"}
"""Ending of the file of a table by format."""
FigureFormat = Literal["png", "pdf", "svg", "csv"]
"""Formats of figures: images, and the numbers that they show."""
FIGURE_FORMATS: tuple[FigureFormat, ...] = get_args(FigureFormat)

_GAP = 2  # blanks between columns; one where a table fits only so
_BLANK = "\N{NO-BREAK SPACE}"
_WORDS = 30  # columns of text that a column of words needs at least


@dataclasses.dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Its heading.
        values: A value for each row; None where there is none.
        spec: Format specification of printed numbers.
        errors: Simulation standard errors of the values, a column of its own in a data frame; None where there are
            none.
        text: Printed text instead of the values, row by row.
    """

    name: str
    values: Sequence[Any] | np.ndarray
    spec: str = ""
    errors: Sequence[float | None] | None = None
    text: Sequence[str] | None = None

    @property
    def cells(self) -> list[str]:
        """The text of each row; ``-`` where there is no value."""
        if self.text is not None:
            return list(self.text)
        return ["-" if value is None else format(value, self.spec) for value in self.values]

    @property
    def words(self) -> bool:
        """True if the column holds words, which stand left and may be wrapped, and not numbers."""
        return self.text is None and any(isinstance(value, str) for value in self.values)


def numbers(
    name: str,
    values: Sequence[float | None],
    errors: Sequence[float | None],
    show: Callable[[float, float | None], str],
) -> Column:
    """A column of numbers that print with their simulation errors.

    Args:
        name: Its heading.
        values: The numbers.
        errors: Their simulation standard errors; None for one that is not known.
        show: A number and its error as text.
    """
    pairs = zip(values, errors, strict=True)
    text = ["-" if value is None else show(value, error) for value, error in pairs]
    return Column(name, values, errors=errors, text=text)


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of equal length; the first one labels the rows.

    Where the columns do not fit side by side they are printed in blocks below each other, each with the labels.
    """

    columns: tuple[Column, ...]

    def __str__(self) -> str:
        if sum(map(_needed, self.columns)) + len(self.columns) - 1 <= WIDTH:
            together = sum(map(_needed, self.columns)) + _GAP * (len(self.columns) - 1) <= WIDTH
            return _rendered(self.columns, _GAP if together else 1)
        return "\n\n".join(_rendered(block, _GAP) for block in self._blocks())

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The text of every cell, row by row."""
        return list(zip(*([cell.strip() for cell in column.cells] for column in self.columns), strict=True))

    def _blocks(self) -> list[tuple[Column, ...]]:
        """Columns that fit side by side, the first one before each."""
        label, *others = self.columns
        blocks, used = [[label]], _needed(label)
        for column in others:
            if used + _GAP + _needed(column) > WIDTH and len(blocks[-1]) > 1:
                blocks.append([label])
                used = _needed(label)
            blocks[-1].append(column)
            used += _GAP + _needed(column)
        return [tuple(block) for block in blocks]

    def to_frame(self) -> "pandas.DataFrame":
        """The values as a data frame, with a column ``NAME s.e.`` beside each that has simulation errors.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise missing_extra("A result as a data frame", "pandas") from None
        return pandas.DataFrame(self.values())

    def values(self) -> dict[str, list[Any]]:
        """The values by column, with a column ``NAME s.e.`` after each that has simulation errors."""
        columns: dict[str, list[Any]] = {}
        for column in self.columns:
            columns[column.name] = list(column.values)
            if column.errors is not None:
                columns[f"{column.name} s.e."] = list(column.errors)
        return columns

    def written(self, form: Format) -> str:
        """The table for another program: as printed in Markdown and LaTeX, with all digits in CSV.

        Args:
            form: The format. LaTeX is a ``tabular`` that needs the package booktabs; a document adds the caption.
        """
        if form == "csv":
            values = self.values()
            file = io.StringIO()
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(values)
            writer.writerows(zip(*values.values(), strict=True))  # None is an empty field
            return file.getvalue()
        names = [column.name for column in self.columns]
        left = [k == 0 or column.words for k, column in enumerate(self.columns)]
        return (_markdown if form == "markdown" else _latex)(names, self.rows, left)


def wrapped(text: str) -> str:
    """Text whose sentences take no more columns than a table; a line that goes on is indented.

    Args:
        text: Lines; those of tables fit already.
    """
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + _GAP)
        lines += textwrap.wrap(
            line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
        ) or [""]
    return "\n".join(lines)


class Tabular(ByValue, abc.ABC):
    """A result with a table."""

    @abc.abstractmethod
    def table(self) -> Table:
        """The numbers of the result, as its print shows them or in more detail."""

    def to_frame(self) -> "pandas.DataFrame":
        """The table of the result as a data frame.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        return self.table().to_frame()

    def to_markdown(self) -> str:
        """The table of the result in GitHub's Markdown, with the digits that it prints with."""
        return self.table().written("markdown")

    def to_latex(self) -> str:
        """The table of the result as a LaTeX ``tabular`` with booktabs, with the digits that it prints with."""
        return self.table().written("latex")

    def _repr_html_(self) -> str:
        """The print of the result, for a notebook."""
        return f'<pre style="line-height: 1.3">{html.escape(wrapped(str(self)))}</pre>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The print of the result, for a terminal of IPython."""
        printer.text(type(self).__name__ if cycle else wrapped(str(self)))


def _markdown(names: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    from tabulate import tabulate

    escaped = [[cell.replace("|", r"\|") for cell in row] for row in (names, *rows)]
    align = ["left" if is_left else "right" for is_left in left]
    return tabulate(escaped[1:], escaped[0], "pipe", disable_numparse=True, colalign=align if rows else None) + "\n"


def _latex(names: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    from pylatexenc.latexencode import UnicodeToLatexEncoder

    encode = UnicodeToLatexEncoder(unknown_char_policy="keep", unknown_char_warning=False).unicode_to_latex
    first, *others = (r" & ".join(encode(cell) for cell in row) + r" \\" for row in (names, *rows))
    lines = [r"\toprule", first, r"\midrule", *others, r"\bottomrule"]
    alignment = "".join("l" if is_left else "r" for is_left in left)
    return "\n".join([rf"\begin{{tabular}}{{{alignment}}}", *lines, r"\end{tabular}", ""])


def _needed(column: Column) -> int:
    """Columns of text that a column needs."""
    widest = max(map(len, [column.name, *column.cells]))
    return min(widest, max(_WORDS, len(column.name))) if column.words else widest


def _rendered(columns: tuple[Column, ...], gap: int) -> str:
    from rich.console import Console
    from rich.table import Table as Rich
    from rich.text import Text

    grid = Rich(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="", show_header=True)
    for k, column in enumerate(columns):
        grid.add_column(
            Text(column.name), justify="left" if k == 0 or column.words else "right", no_wrap=k == 0 or not column.words
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        # A blank that stands where other rows have a mark is not to be stripped.
        grid.add_row(*(Text(cell[:-1] + _BLANK if cell.endswith(" ") else cell) for cell in row))
    file = io.StringIO()
    Console(file=file, width=WIDTH, color_system=None, force_jupyter=False, legacy_windows=False).print(grid)
    return "\n".join(line.rstrip().replace(_BLANK, " ") for line in file.getvalue().splitlines())

"""Figures and tables of results, from Python, and of a run folder again, from its files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from aigini.commands.command import ResultFile
from aigini.commands.registry import load_result, result_files
from aigini.errors import OutputError
from aigini.tables import FigureFormat, Format


def draw(result: Any, folder: str | Path, forms: Sequence[FigureFormat] = ("png",)) -> list[Path]:
    """Draw the figures of a result into a folder, each named after its function, as images or as numbers.

    Args:
        result: Result of a verb, such as a calibration.
        folder: The folder.
        forms: Formats.

    Returns:
        The paths of the figures; none where the result has none.

    Raises:
        TypeError: if no command gives such a result.
        OutputError: if the folder cannot be written.
    """
    kinds = [file for file in result_files().values() if type(result) is file.type]
    if not kinds:
        raise TypeError(f"got {type(result).__name__}, which is not the result of a command of aigini.")
    return kinds[0].draw(Path(folder), result, forms)


def results_in(run: Path) -> list[ResultFile]:
    """The results in a run folder that have figures of their own.

    Raises:
        OutputError: if it is no folder, or holds no result.
    """
    if run.is_file():
        raise OutputError(f"{run}: is a file; give the run folder that it is in, {run.parent}.")
    if not run.exists():
        raise OutputError(f"{run}: there is no such folder; give the run folder of a command.")
    files = [
        file
        for name, file in result_files().items()
        if (run / f"{name}.json").exists() and not (run / f"{file.superseded_by}.json").exists()
    ]
    if not files:
        raise OutputError(f"{run} holds no result of aigini; give the run folder of a command.")
    return files


def write_tables_again(run: Path, files: list[ResultFile], forms: Sequence[Format]) -> Iterator[Path]:
    """Write the tables of results in a run folder: of all that can be read, before the others are named.

    Raises:
        OutputError: if results are damaged or lack a file, after the tables of the others are written.
    """

    def write(file: ResultFile) -> Iterator[Path]:
        yield from file.write_tables(run / "tables", load_result(run, file.name), forms)

    yield from _each(files, write)


def draw_again(run: Path, files: list[ResultFile], forms: Sequence[FigureFormat] = ("png",)) -> Iterator[Path]:
    """Draw the figures of results in a run folder, in some formats: of all that can be, before others are named.

    Raises:
        OutputError: if results are damaged or lack what their figures show, after the figures of the others are drawn.
    """

    def write(file: ResultFile) -> Iterator[Path]:
        try:
            yield from file.draw(run / "figures", load_result(run, file.name), forms)
        # What was read is complete in its fields, but tables inside it may still lack an entry that a figure shows.
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            lacks = f"lacks {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
            raise OutputError(
                f"{run / file.name}.json: its figures cannot be drawn ({lacks}); run the command that writes it again."
            ) from None

    yield from _each(files, write)


def _each(files: list[ResultFile], write: Callable[[ResultFile], Iterator[Path]]) -> Iterator[Path]:
    refused = []
    for file in files:
        try:
            yield from write(file)
        except OutputError as error:
            refused.append(str(error))
    if refused:
        raise OutputError("\n".join(refused))

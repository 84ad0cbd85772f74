"""Commands: one record each, from which its command line, its run folder and its figures follow."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aigini.analysis import levers
from aigini.commands.source import Source
from aigini.config import Config
from aigini.config.load import Topic
from aigini.runtime.evaluations import kept_in
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import Watch, watched
from aigini.runtime.user_code import own_definition
from aigini.storage import folder, ledger
from aigini.storage import results as stored
from aigini.tables import ENDINGS, FORMATS, FigureFormat, Format, Tabular, wrapped

Notify = Callable[[str], None]
"""Shows a line of progress."""

Figures = Callable[[Any], Iterable[tuple[str, Any]]]
"""Names and matplotlib figures of a result, one after the other; matplotlib is imported when it is called."""


def has_evaluations(folder: Path) -> bool:
    """True if a run folder holds evaluations of an analysis that was interrupted."""
    return ledger.evaluations_in(folder) > 0


def no_figures(result: Any) -> Iterable[tuple[str, Any]]:
    """The figures of a result that has none."""
    return ()


@dataclasses.dataclass(frozen=True)
class ResultFile:
    """A result in a run folder.

    Attributes:
        name: Name of the file ``NAME.json``, and of ``NAME.nc`` where arrays of the result are kept beside it.
        type: Class of the result.
        figures: Its figures.
        superseded_by: File whose figures take the place of these, which have the same names.
        estimates: True if its ``params`` are estimates, which another command can start from.
        csv: True if its table is written as ``NAME.csv``, too.
    """

    name: str
    type: type
    figures: Figures = no_figures
    superseded_by: str = ""
    estimates: bool = False
    csv: bool = False

    def draw(self, target: Path, result: Any, forms: Iterable[FigureFormat] = ("png",)) -> list[Path]:
        """Draw the figures of a result into a folder, in each of some formats.

        Raises:
            OutputError: if the folder cannot be written.
        """
        folder.prepare(target)
        from aigini.figures.style import save  # matplotlib is imported by what draws, and by nothing else

        return [save(figure, target, name, form) for form in forms for name, figure in self.figures(result)]

    def write_tables(self, target: Path, result: Any, forms: Iterable[Format] = FORMATS) -> list[Path]:
        """Write the table of a result into a folder, a file for each format; none where the result has no table.

        Raises:
            OutputError: if the folder cannot be written.
        """
        if not isinstance(result, Tabular):
            return []
        folder.prepare(target)
        table = result.table()
        texts = {target / f"{self.name}.{ENDINGS[form]}": table.written(form) for form in forms}
        for path, text in texts.items():
            folder.write_text(path, text)
        return list(texts)


@dataclasses.dataclass(frozen=True)
class Run:
    """A command at work in its run folder, whose lock is held.

    Attributes:
        source: The configuration, with the estimates of the run that it starts from.
        folder: The run folder.
        resume: True if it goes on with the finished work in the folder.
        notify: Shows a line of progress.
        command_line: The command as it was typed; empty where a program called it.
        as_json: True if results are printed as the content of their files.
    """

    source: Source
    folder: Path
    resume: bool
    notify: Notify
    command_line: str = ""
    as_json: bool = False

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.source.config

    @property
    def origin(self) -> Mapping[str, Any]:
        """The record of the run that this one starts from; empty where it starts from none."""
        return {} if self.source.estimates is None else self.source.estimates.origin

    def write(
        self,
        results: Iterable[tuple[ResultFile, Any]],
        timings: Mapping[str, float],
    ) -> None:
        """Write results, their tables, the resolved configuration and the record of the run."""
        record = folder.record(self.config, timings)
        if self.command_line:
            record["command_line"] = self.command_line
        if self.origin:
            record["from"] = dict(self.origin)
        for file, result in results:
            path = stored.save(self.folder, file.name, result, record)
            if file.csv:
                stored.save_table(self.folder, file.name, result)
            if lost := stored.not_finite(result):
                self.notify(f"not finite, and so null in {path.name}: {', '.join(lost)}")
            file.write_tables(self.folder / "tables", result)
        folder.write_text(self.folder / "config.toml", self.config.to_toml())
        folder.write_json(self.folder / "run.json", record)

    def show(self, result: Any, files: Iterable[ResultFile]) -> None:
        """Print a result, which is kept in ``printed.txt`` too.

        Args:
            result: The result.
            files: Its files, which are written.
        """
        text = wrapped(str(result))
        folder.write_text(self.folder / "printed.txt", f"{text}\n")
        if not self.as_json:
            print(text)
            return
        content = {file.name: stored.read(self.folder / f"{file.name}.json") for file in files}
        print(json.dumps(content, indent=2, ensure_ascii=False))


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of aigini. Whatever is particular about it stands here, and nowhere else.

    Attributes:
        name: Its name, which is also that of its result's file.
        help: Its purpose, in a sentence or two.
        compute: From a `aigini.commands.source.Source`, and the keywords that `options` gives, to a result.
        result: Class of the result, a dataclass whose ``str`` is what is printed. It may have ``units``, a mapping of
            what its numbers are, which goes into its file.
        figures: Figures of a result.
        resume: Function that says if a run folder holds finished work; None where a command always begins anew.
        needs: Topics of the configuration that it reads, whose sections must fit together.
        options: Function whose parameters are further options of the command line, annotated for Typer, and which
            returns keywords of `compute`.
        files: Results that a run folder has of it; by default the one of its name.
        prepare: Called before anything else, to refuse what cannot work.
        run: Computes, writes and prints, and returns the exit code; by default `compute_and_write`.
        starts_from_a_run: True if it can start from the estimates of an earlier run.
        estimates: True if another command can start from the ``params`` of its result.
        repeats: True if, given an earlier run, it repeats that instead of starting from its estimates.
        page: True if it writes a page beside its run folder, and may be given that for ``--out``.
        analyses: True if ``aigini reproduce --full`` performs it on the estimates, with the options it has by default.
    """

    name: str
    help: str
    compute: Callable[..., Any]
    result: type
    figures: Figures = no_figures
    resume: Callable[[Path], bool] | None = has_evaluations
    needs: tuple[Topic, ...] = ("estimation",)
    options: Callable[..., Mapping[str, Any]] = dict
    files: tuple[ResultFile, ...] = ()
    prepare: Callable[[], None] = lambda: None
    run: "Callable[[Command, Run, Mapping[str, Any]], int] | None" = None
    starts_from_a_run: bool = True
    estimates: bool = False
    repeats: bool = False
    page: bool = False
    analyses: bool = False

    def run_folder(self, out: Path | None) -> Path:
        """The run folder for what is given as ``--out``: itself, or FILE where that is a page FILE.html."""
        if out is None:
            return Path("runs") / self.name
        return out.with_suffix("") if self.page and out.suffix == ".html" else out

    def __post_init__(self) -> None:
        if not self.files:
            object.__setattr__(
                self, "files", (ResultFile(self.name, self.result, self.figures, estimates=self.estimates),)
            )

    def perform(self, run: Run, options: Mapping[str, Any]) -> int:
        """Run the command in a folder; the exit code."""
        return (self.run or compute_and_write)(self, run, options)


def compute_and_write(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    """Compute with evaluations kept in the run folder; write the result and its figures; print it."""
    clock = time.perf_counter()
    # Finished work rests on what users wrote of the levers and of the command, too.
    own = [*levers.definitions().items(), *own_definition(command.compute)]
    request = repr((command.name, dict(options), *([dict(run.origin)] if run.origin else []), *own))
    cache = ledger.Ledger(run.folder, run.config, request, resume=run.resume)
    if run.resume:
        run.notify(f"resumed with {cache.count} finished evaluations")
    with kept_in(cache), watched(shown(run.notify)):
        result = with_x64(command.compute)(run.source, **options)
    (file,) = command.files
    run.notify("drawing figures")
    timings = {command.name: time.perf_counter() - clock}
    run.write([(file, result)], timings)
    file.draw(run.folder / "figures", result)
    cache.clear()
    run.show(result, command.files)
    run.notify(f"written: {run.folder / f'{file.name}.json'} and {run.folder / 'figures'}")
    return 0


def shown(notify: Notify) -> Watch:
    """Shows the progress of an analysis, a line per part and per tenth of it."""
    start, shown = time.perf_counter(), ("", -1)

    def watch(part: str, done: int, total: int) -> None:
        nonlocal shown
        now = (part, 10 * done // total)
        if now != shown:
            shown = now
            notify(f"  {time.perf_counter() - start:6.1f} s  {part}: {done} of {total}")

    return watch

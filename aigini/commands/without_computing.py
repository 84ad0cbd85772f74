"""Commands that compute nothing, as they are on the command line.

What they need is imported when they run, so that help is there at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from aigini.errors import ConfigError
from aigini.runtime import interruption, progress, screen
from aigini.tables import FIGURE_FORMATS, FORMATS, Column, FigureFormat, Format, Table, wrapped


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page.")] = Path("report.html"),
) -> None:
    """One HTML page about runs, to hand over: the answer, fit, channels, figures, and where each number is from."""
    from aigini.commands.command import shown
    from aigini.commands.report import report as write_report

    with progress.watched(shown(screen.Progress().print)):
        path = write_report(*runs, out=out)
    print(f"written: {path} ({path.stat().st_size / 2**20:.1f} MiB)")


def figures(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")],
    forms: Annotated[
        list[str] | None,
        typer.Option("--format", help=f"{', '.join(FIGURE_FORMATS)}; may be repeated."),
    ] = None,
) -> None:
    """Draw the figures of a run folder again, from its files, or write the numbers that they show."""
    from aigini.commands.draw import draw_again, results_in
    from aigini.storage import folder

    wanted = set(forms or ["png"])
    chosen: list[FigureFormat] = [form for form in FIGURE_FORMATS if form in wanted]
    if unknown := set(forms or []) - set(FIGURE_FORMATS):
        raise ConfigError(f"--format {min(unknown)}: there is no such format; choose of {', '.join(FIGURE_FORMATS)}.")
    files = results_in(run)
    interruption.set_closing_words(lambda: f"figures in {run / 'figures'} are whole, some of them the earlier ones")
    with folder.writing(run, "aigini figures"):
        for path in draw_again(run, files, chosen):
            print(path)


def tables(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")],
    form: Annotated[Format | None, typer.Option("--format", help="One of the three formats; all by default.")] = None,
) -> None:
    """Write the tables of a run folder again, from its files: Markdown, LaTeX, and CSV with all digits."""
    from aigini.commands.draw import results_in, write_tables_again
    from aigini.storage import folder

    files = results_in(run)
    with folder.writing(run, "aigini tables"):
        for path in write_tables_again(run, files, FORMATS if form is None else (form,)):
            print(path)


def params(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Parameters; all by default.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="For another program.")] = None,
) -> None:
    """Parameters: name, symbol, default, bounds, and meaning with its unit."""
    from aigini.commands.params import parameter_table

    table = parameter_table(names or ())
    print(str(table) if form is None else table.written(form), end="\n" if form is None else "")


def explain(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names; all by default.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="For another program.")] = None,
) -> None:
    """The meaning of names: parameters, settings, moments, outcomes, channels, levers, mechanisms and commands."""
    from aigini.commands.explain import explain as meanings

    table = meanings(names or ())
    print(str(table) if form is None else table.written(form), end="\n" if form is None else "")


def configs(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Configuration to show as a file.")] = None,
) -> None:
    """Configurations that come with aigini; each can be given by its name, `aigini simulate two_regimes`."""
    from aigini.config import examples

    if name is not None:
        print(examples.text(name), end="")
        return
    every = examples.names()
    print(Table((Column("name", every), Column("purpose", [examples.purpose(one) for one in every]))))


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; one that is there is left alone.")],
    start: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Run folder whose configuration is written.")
    ] = None,
) -> None:
    """Write a configuration with comments to change: the baseline, or that of a run."""
    from aigini.commands.configs import initial_configuration, write_new

    write_new(path, initial_configuration(start))
    print(f"written: {path}; change it, and give it to a command: aigini simulate {path}")


def runs(
    first: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Folder of runs; with a second DIR, a run folder.")
    ] = Path("runs"),
    second: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Another run folder, to compare the first with.")
    ] = None,
) -> None:
    """The runs in a folder; or two runs compared: which numbers moved, and what was different."""
    from aigini.commands.runs import compare_runs, runs_in

    if second is not None:
        print(wrapped(str(compare_runs(first, second))))
        return
    table = runs_in(first)
    print(table if len(table.columns[0].values) else f"no run is in {first}")


WITHOUT_COMPUTING: dict[str, Callable[..., None]] = {
    function.__name__: function for function in (report, figures, tables, params, explain, configs, init, runs)
}
"""By name, in the order of ``aigini --help``."""

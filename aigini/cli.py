"""The command line: a thin shell over the records of `aigini.commands.registry`."""

import contextlib
import errno
import importlib.metadata
import inspect
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.commands.command import Command, Run
from aigini.commands.configs import configs, init
from aigini.commands.draw import draw_again, results_in, write_tables_again
from aigini.commands.earlier_run import from_run
from aigini.commands.explain import explain_command
from aigini.commands.params import params
from aigini.commands.registry import COMMANDS, result_files
from aigini.commands.report import report_command
from aigini.commands.runs import runs
from aigini.commands.source import Source
from aigini.config import load, parse_overrides
from aigini.errors import AiginiError, ConfigError, OutputError
from aigini.runtime import interruption, screen
from aigini.runtime.backend import require_backend, split_cpu
from aigini.runtime.compilation_cache import cached_programs
from aigini.runtime.home import usable_home
from aigini.storage import folder
from aigini.storage.comparison import arguments_of, compare
from aigini.tables import FIGURE_FORMATS, FORMATS, FigureFormat, Format, wrapped

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="How generative AI moves inequality: simulate, calibrate, analyse.",
    epilog="Exit codes: 0 done; 2 an error, in one message; 3 results are written, but the estimates should not be used"
    " as they are; 1 a benchmark is worse than before, a repeated number differs, or the reader of standard output has"
    " gone; 128 and its number after a signal.\n\n"
    "Compiled programs are kept in AIGINI_CACHE (a folder, or off), else in JAX_COMPILATION_CACHE_DIR, else in"
    " ~/.cache/aigini, which is held below 1 GiB. One command at a time writes in a run folder.",
)
_screen = screen.Progress()

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_COMMON = {
    "config": Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]", help="TOML file, or a name that aigini configs lists; none is the baseline."
        ),
    ],
    "overrides": Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Replace one value, e.g. params.xi=0.2; may be repeated."),
    ],
    "out": Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder; runs/<command> by default.")],
}
_JSON = Annotated[bool, typer.Option("--json", help="Print the content of the result's files.")]
_RESUME = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of an interrupted run in --out.")]
_FROM = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="DIR",
        help="Run folder of calibrate, reproduce or an analysis, whose configuration and estimates are used.",
    ),
]
_REPEAT = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="DIR", help="Repeat the run in a folder, of any command, and say whether each number agrees."
    ),
]


def _repeat(first: Path, out: Path | None) -> int:
    """Repeat a run with its resolved configuration and the options that were typed; 1 if a number differs.

    Raises:
        OutputError: if the folder holds no run of the command line.
    """
    arguments = arguments_of(first)
    target = out or first.with_name(f"{first.resolve().name}-again")
    if target.resolve() == first.resolve():
        raise OutputError(f"--out {target}: is the run to be repeated, which would be overwritten; choose another.")
    commands = getattr(typer.main.get_command(app), "commands", {})
    if arguments[0] not in commands:
        raise OutputError(f"{first}: was made by {arguments[0]}, which is no command here; install what added it.")
    command = commands[arguments[0]]
    context = command.make_context(arguments[0], arguments[1:])
    context.params["out"] = target
    if "resume" in context.params:
        context.params["resume"] = False
    if context.params.get("start") is None:
        context.params.update(config=first / "config.toml", overrides=None)
    with contextlib.suppress(typer.Exit):  # estimates that should not be used are to be the same, too
        command.invoke(context)
    comparison = compare(first, target)
    print(f"\n{wrapped(str(comparison))}")
    return int(bool(comparison.numbers))


def _add(command: Command) -> None:
    """Add a command to the command line."""

    def run(
        config: Path | None = None,
        overrides: list[str] | None = None,
        out: Path | None = None,
        as_json: bool = False,
        resume: bool = False,
        start: Path | None = None,
        **options: Any,
    ) -> None:
        if command.repeats and start is not None:
            if config is not None or overrides or resume or as_json or any(options.values()):
                raise ConfigError("--from repeats the run as it was: give nothing else with it but --out.")
            raise typer.Exit(_repeat(start, out))
        changes = parse_overrides(overrides or [])
        command.prepare()
        source = Source(load(config, changes)) if start is None else from_run(start, config, changes)
        target = command.run_folder(out)
        if start is not None and target.resolve() == start.resolve():
            raise OutputError(
                f"--out {target}: is the run that --from starts from, whose record would be overwritten; choose another"
                " --out."
            )
        typed = shlex.join(["aigini", *sys.argv[1:]])
        code = _perform(command, Run(source, target, resume, _notify, typed, as_json), command.options(**options))
        if code:
            raise typer.Exit(code)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, kind, default=None, annotation=hint) for name, hint in _COMMON.items()]
    parameters.append(inspect.Parameter("as_json", kind, default=False, annotation=_JSON))
    if command.resume is not None:
        parameters.append(inspect.Parameter("resume", kind, default=False, annotation=_RESUME))
    if command.starts_from_a_run or command.repeats:
        hint = _REPEAT if command.repeats else _FROM
        parameters.append(inspect.Parameter("start", kind, default=None, annotation=hint))
    if command.options is not dict:
        own = [one.replace(kind=kind) for one in inspect.signature(command.options, eval_str=True).parameters.values()]
        # An argument of the command's own comes before the configuration.
        required = [one for one in own if one.default is inspect.Parameter.empty]
        parameters = [*required, *parameters, *(one for one in own if one not in required)]
    run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    run.__annotations__ = {}
    app.command(command.name, help=command.help)(run)


for _command in COMMANDS:
    _add(_command)


def add(command: Command) -> None:
    """Make a command of one's own one of aigini's, before `main` is called; ``aigini figures`` knows it then, too.

    Raises:
        ConfigError: if its name, or that of a file it writes, is taken or is none for a file.
    """
    taken = {"run", "config", *_OWN, *(known.name for known in COMMANDS), *result_files()}
    for name in (command.name, *(file.name for file in command.files)):
        if name in taken or not name.isidentifier():
            raise ConfigError(
                f"command {name!r}: the name is taken, or has more than letters, digits and underscores; choose one."
            )
    COMMANDS.append(command)
    _add(command)


def _perform(command: Command, run: Run, options: Any) -> int:
    """Lock the run folder and run the command; its exit code."""
    settings, target = run.config, run.folder
    if command.needs:
        settings.require(*command.needs)
    if settings.population["devices"] > 1:
        split_cpu(settings.population["devices"])
    require_backend()
    with folder.writing(target, f"aigini {command.name}"):
        interruption.set_closing_words(lambda: _results_there(target, command))
        return command.perform(run, options)


def _results_there(target: Path, command: Command) -> str:
    """The closing words of a run that ends now: the results there are in its folder."""
    if command.resume is not None and command.resume(target):
        return f"finished work is kept in {target}: the same command with --resume goes on from there"
    return f"no work was finished; results that were in {target} are as they were"


def figures(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")],
    forms: Annotated[
        list[str] | None,
        typer.Option("--format", help=f"{', '.join(FIGURE_FORMATS)}; may be repeated."),
    ] = None,
) -> None:
    """Draw the figures of a run folder again, from its files, or write the numbers that they show."""
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
    files = results_in(run)
    with folder.writing(run, "aigini tables"):
        for path in write_tables_again(run, files, FORMATS if form is None else (form,)):
            print(path)


_OWN: dict[str, Callable[..., None]] = {
    "report": report_command,
    "figures": figures,
    "tables": tables,
    "params": params,
    "explain": explain_command,
    "configs": configs,
    "init": init,
    "runs": runs,
}
"""Commands that compute nothing."""
for _name, _function in _OWN.items():
    app.command(_name)(_function)


def _show_version(asked: bool) -> bool:
    if asked:
        print(f"aigini {importlib.metadata.version('aigini')}")
        raise typer.Exit
    return asked


@app.callback()
def _every_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Options of the program itself."""


def _notify(line: str) -> None:
    _screen.print(line)


def main() -> None:
    """Entry point: errors of the user's, signals and full disks are one message each, never a traceback.

    Exit codes: 2 after an error, 1 where the reader of standard output has gone, 128 and its number after a signal.
    """
    os.environ["MPLBACKEND"] = (
        "agg"  # figures are files; what a notebook sets for itself may not even be installed here
    )
    screen.prepare()
    with interruption.one_line(), cached_programs(_notify), usable_home():
        code = _run(app)
        if code in (0, None):
            code = _run(screen.finish)
    raise SystemExit(code)


def _run(step: Callable[[], object]) -> str | int | None:
    """The exit code of a step."""
    try:
        step()
    except SystemExit as done:
        return done.code
    except BrokenPipeError:
        return 1
    except AiginiError as error:
        _notify(f"aigini: {error}")
        return 2
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = f"{error.filename}: " if error.filename else "standard output: "
        _notify(f"aigini: {where}cannot be written ({error.strerror}); free space, or write elsewhere.")
        return 2
    return 0


if __name__ == "__main__":
    main()

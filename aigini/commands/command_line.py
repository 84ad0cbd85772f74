"""The command line of a command: its options, and a run of it in its folder, from its record."""

import contextlib
import inspect
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.commands.command import Command, Notify, Run
from aigini.commands.earlier_run import from_run
from aigini.commands.source import Source
from aigini.config import load, parse_overrides
from aigini.errors import ConfigError, OutputError
from aigini.runtime import interruption
from aigini.runtime.backend import require_backend, split_cpu
from aigini.storage import folder
from aigini.storage.comparison import arguments_of, compare
from aigini.tables import wrapped

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


def _repeat(first: Path, out: Path | None, commands: Mapping[str, Any]) -> int:
    """Repeat a run with its resolved configuration and the options that were typed; 1 if a number differs.

    Raises:
        OutputError: if the folder holds no run of the command line.
    """
    arguments = arguments_of(first)
    target = out or first.with_name(f"{first.resolve().name}-again")
    if target.resolve() == first.resolve():
        raise OutputError(f"--out {target}: is the run to be repeated, which would be overwritten; choose another.")
    if arguments[0] not in commands:
        raise OutputError(f"{first}: was made by {arguments[0]}, which is no command here; install what added it.")
    context = commands[arguments[0]].make_context(arguments[0], arguments[1:])
    context.params["out"] = target
    if "resume" in context.params:
        context.params["resume"] = False
    if context.params.get("start") is None:
        context.params.update(config=first / "config.toml", overrides=None)
    with contextlib.suppress(typer.Exit):  # estimates that should not be used are to be the same, too
        context.command.invoke(context)
    comparison = compare(first, target)
    print(f"\n{wrapped(str(comparison))}")
    return int(bool(comparison.numbers))


def function_of(command: Command, notify: Notify, commands: Callable[[], Mapping[str, Any]]) -> Callable[..., None]:
    """The function of a command, whose signature is that of its command line.

    Args:
        command: The command.
        notify: Shows a line of progress.
        commands: Every command of the command line by name, for one that repeats what another did.
    """

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
            raise typer.Exit(_repeat(start, out, commands()))
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
        code = _perform(command, Run(source, target, resume, notify, typed, as_json), command.options(**options))
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
    return run


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

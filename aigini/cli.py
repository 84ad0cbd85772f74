"""The command line: what each command is for, and how it ends; a command is imported when it is asked for."""

import contextlib
import errno
import importlib.metadata
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from aigini.commands.purposes import PURPOSES
from aigini.commands.without_computing import WITHOUT_COMPUTING
from aigini.errors import AiginiError
from aigini.runtime import interruption, screen
from aigini.runtime.home import usable_home

if TYPE_CHECKING:
    from aigini.commands.command import Command

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
_until_the_end: contextlib.ExitStack | None = None
"""What is in force until `main` ends; None where a program calls `app` itself."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _add(name: str, purpose: str, find: Callable[[], "Command"]) -> None:
    """Add a command that is imported when it is asked for: its help in the list of commands needs only its purpose."""

    class Deferred(TyperCommand):
        def make_context(self, *args: Any, **more: Any) -> Any:
            from aigini.commands.command_line import function_of
            from aigini.runtime.compilation_cache import cached_programs

            if _until_the_end is not None:
                _until_the_end.enter_context(cached_programs(_notify))
            one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            function = function_of(find(), _notify, _commands)
            one.command(name, help=purpose, context_settings=dict(self.context_settings))(function)
            return typer.main.get_command(one).make_context(*args, **more)

    app.command(name, help=purpose, cls=Deferred)(_nothing)


def _commands() -> Mapping[str, Any]:
    """Every command, by name."""
    return getattr(typer.main.get_command(app), "commands", {})


def _nothing() -> None:
    """The place of a command that is not imported yet."""


def _find(name: str) -> Callable[[], "Command"]:
    def find() -> "Command":
        from aigini.commands.registry import COMMANDS

        return next(command for command in COMMANDS if command.name == name)

    return find


for _name, _purpose in PURPOSES.items():
    _add(_name, _purpose, _find(_name))


def add(command: "Command") -> None:
    """Make a command of one's own one of aigini's, before `main` is called; ``aigini figures`` knows it then, too.

    Raises:
        ConfigError: if its name, or that of a file it writes, is taken or is none for a file.
    """
    from aigini.commands.registry import register

    register(command, WITHOUT_COMPUTING)
    _add(command.name, command.help, lambda: command)


for _name, _function in WITHOUT_COMPUTING.items():
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
    global _until_the_end
    with interruption.one_line(), usable_home(), contextlib.ExitStack() as _until_the_end:
        code = _run(app)
        if code in (0, None):
            code = _run(screen.finish)
    _until_the_end = None
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

"""Help is there at once: what takes long to import is left alone until a command needs it."""

import subprocess
import sys
import types

import pytest

from aigini.commands.purposes import PURPOSES
from aigini.commands.registry import COMMANDS

SLOW = ("jax", "jaxlib", "equinox", "scipy", "matplotlib", "numpyro", "optax", "pandas")

_PROGRAM = """
import sys
from aigini.cli import main
sys.argv = ["aigini", *sys.argv[1:]]
try:
    main()
except SystemExit as done:
    assert done.code in (0, None)
print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(*arguments):
    """The printed text, and the packages that were imported."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True)
    text, _, names = done.stdout.rpartition("imported:")
    return text, set(names.split())


@pytest.mark.parametrize("arguments", [["--help"], ["params", "--help"], ["figures", "-h"], ["--version"]])
def test_help_and_version_import_nothing_slow(arguments):
    text, packages = imported_by(*arguments)
    assert "aigini" in text
    assert packages.isdisjoint(SLOW)


def test_the_list_of_slow_packages_is_of_packages_that_commands_import():
    _, packages = imported_by("explain", "xi")
    assert packages >= {"jax", "jaxlib", "equinox", "scipy"}


def test_the_help_of_a_command_has_its_options_and_that_of_all_its_purpose():
    text, _ = imported_by("sign", "--help")
    assert "--resume" in text
    assert "--from" in text
    text, _ = imported_by("--help")
    for name in PURPOSES:
        assert f" {name} " in text


def test_every_command_has_its_purpose_in_the_order_of_the_help():
    assert {command.name: command.help for command in COMMANDS} == PURPOSES
    assert [command.name for command in COMMANDS] == list(PURPOSES)


def test_public_functions_stay_so_where_a_subpackage_has_their_name():
    import aigini.explore.result
    import aigini.report.page

    modules = [name for name in aigini.__all__ if isinstance(getattr(aigini, name), types.ModuleType)]
    assert modules == ["oews"]

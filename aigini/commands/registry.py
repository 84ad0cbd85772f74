"""Every command, in the order of ``aigini --help``."""

from collections.abc import Container
from pathlib import Path
from typing import Any

from aigini.commands.beliefs import BELIEFS
from aigini.commands.bench import BENCH
from aigini.commands.calibrate import CALIBRATE
from aigini.commands.channels import CHANNELS
from aigini.commands.command import Command, ResultFile
from aigini.commands.design import DESIGN
from aigini.commands.dynamics import DYNAMICS
from aigini.commands.explore import EXPLORE
from aigini.commands.moments import MOMENTS_COMMAND
from aigini.commands.oews import OEWS
from aigini.commands.panel import PANEL
from aigini.commands.policy import POLICY
from aigini.commands.posterior import POSTERIOR
from aigini.commands.regimes import REGIMES
from aigini.commands.reproduce import REPRODUCE
from aigini.commands.robustness import ROBUSTNESS
from aigini.commands.sensitivity import SENSITIVITY
from aigini.commands.sign import SIGN
from aigini.commands.simulate import SIMULATE
from aigini.errors import ConfigError
from aigini.storage import results

COMMANDS: list[Command] = [
    SIMULATE,
    CALIBRATE,
    REPRODUCE,
    SENSITIVITY,
    SIGN,
    REGIMES,
    CHANNELS,
    POLICY,
    ROBUSTNESS,
    DYNAMICS,
    POSTERIOR,
    BELIEFS,
    OEWS,
    PANEL,
    MOMENTS_COMMAND,
    EXPLORE,
    DESIGN,
    BENCH,
]


def register(command: Command, others: Container[str]) -> None:
    """Make a command of a user's own one of these.

    Args:
        command: The command.
        others: Names of the commands that compute nothing.

    Raises:
        ConfigError: if its name, or that of a file it writes, is taken or is none for a file.
    """
    taken = {"run", "config", *(known.name for known in COMMANDS), *result_files()}
    for name in (command.name, *(file.name for file in command.files)):
        if name in taken or name in others or not name.isidentifier():
            raise ConfigError(
                f"command {name!r}: the name is taken, or has more than letters, digits and underscores; choose one."
            )
    COMMANDS.append(command)


def load_result(folder: Path, name: str) -> Any:
    """A result in a run folder, by the name of its file without its ending.

    Raises:
        OutputError: if a file is missing or damaged.
    """
    return results.load(folder, name, result_files()[name].type)


def result_files() -> dict[str, ResultFile]:
    """Every kind of result that a run folder may hold, by the name of its file."""
    return {file.name: file for command in COMMANDS for file in command.files}

"""`aigini reproduce --full`: every analysis of the estimates, each in a folder of its own below the run folder."""

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path

from aigini.commands.command import Command, Run
from aigini.commands.earlier_run import from_run
from aigini.commands.registry import COMMANDS, load_result
from aigini.commands.source import Source
from aigini.errors import AiginiError, AnalysisError, OutputError
from aigini.runtime import interruption
from aigini.storage import folder, results


@dataclasses.dataclass(frozen=True)
class Everything:
    """Results of the analyses of one run.

    Attributes:
        folders: Run folders that hold their results, in the order of the commands.
        refused: Why an analysis gave no result, by command.
    """

    folders: tuple[Path, ...] = ()
    refused: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def require_all(self) -> None:
        """Refuse to go on where an analysis gave no result.

        Raises:
            AnalysisError: if one did not, naming each with its reason.
        """
        if self.refused:
            raise AnalysisError("\n".join(f"no result of {name}: {why}" for name, why in self.refused.items()))


def analyse_everything(run: Run) -> Everything:
    """Perform every command that analyses estimates, from those in a run folder, with the options it has by default.

    They are those of ``aigini COMMAND --from RUN --out RUN/COMMAND``. With ``run.resume``, a result that is there and
    is of the same estimates and configuration stays, and an analysis that was interrupted goes on. An analysis that is
    refused, such as a posterior without its packages, does not keep the others from being made.

    Args:
        run: The main job, whose results are in its folder.

    Raises:
        OutputError: if the estimates in the folder cannot be used or read.
        ConfigError: if its configuration cannot be read.
    """
    source = from_run(run.folder, None, {})
    interruption.set_closing_words(
        lambda: f"finished analyses are kept in {run.folder}: the same command with --resume goes on from there"
    )
    folders, refused = [], {}
    commands = [command for command in COMMANDS if command.analyses]
    for number, command in enumerate(commands, 1):
        target = run.folder / command.name
        run.notify(f"{command.name}, {number} of {len(commands)}")
        if run.resume and _finished(command, target, source):
            run.notify(f"  finished before: {target}")
        else:
            try:
                _perform(command, run, target, source)
            except AiginiError as error:
                refused[command.name] = str(error)
                run.notify(f"  {command.name} gave no result: {error}")
                continue
        folders.append(target)
    return Everything(tuple(folders), refused)


def _perform(command: Command, main: Run, target: Path, source: Source) -> None:
    command.prepare()
    if command.needs:
        source.config.require(*command.needs)
    with folder.writing(target, f"aigini {command.name}"):
        again = main.resume and command.resume is not None and command.resume(target)
        typed = shlex.join(["aigini", command.name, "--from", str(main.folder), "--out", str(target)])
        # Its exit code is that of what it finds, which its results say as well.
        command.perform(Run(source, target, again, main.notify, typed), command.options())


def _finished(command: Command, target: Path, source: Source) -> bool:
    """True if a folder holds the readable result of a command on these estimates and this configuration."""
    file = command.files[0]
    if source.estimates is None or not (target / f"{file.name}.json").exists():
        return False
    try:
        record = results.read(target / f"{file.name}.json").get("run", {})
        load_result(target, file.name)
    except OutputError:
        return False
    of_these = record.get("from") == dict(source.estimates.origin)
    return of_these and record.get("config_sha256") == source.config.digest

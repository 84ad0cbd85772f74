"""`aigini report`: one HTML page about runs, to hand over; `aigini.report` in Python."""

import datetime
import importlib.metadata
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigini.analysis.answered import QUESTION, Answer
from aigini.bayes.result import BELIEF_WORDS, Posterior
from aigini.commands.command import ResultFile
from aigini.commands.draw import results_in
from aigini.commands.registry import COMMANDS, load_result
from aigini.errors import OutputError
from aigini.estimation.result import Calibration
from aigini.report.page import Page
from aigini.report.sections import Part, origin, part, targets_table
from aigini.runtime import progress
from aigini.statistics.outcomes import label
from aigini.storage import folder, results

HEADINGS = {
    "answer": (
        "The answer to first order",
        "What the estimated economy says about the sign, and why.",
    ),
    "calibration": ("Fit and estimates", "Whether the economy meets the targets, and with which parameters."),
    "simulate": ("Before and after AI", "The economy before and after AI at the configured parameters."),
    "simulate_at_estimates": ("Before and after AI", "The economy before and after AI at the estimates."),
    "sensitivity": (
        "What the moments identify",
        "What each target pins down, and what inequality depends on.",
    ),
    "sign": ("The ridge over ξ and η1", "Whether the moments but m6 fix the sign of the change of the Gini."),
    "regimes": ("Regimes", "Where AI equalises and where it concentrates, and the distance to the boundary."),
    "channels": ("Channels", "Which channel moves inequality by how much."),
    "policy": ("Levers", "What levers do to inequality and output. These are mechanisms, not recommendations."),
    "posterior": (
        "The posterior",
        "What is believed about parameters and inequality, given the targets.",
    ),
    "beliefs": ("Other beliefs", "How the probability of a rise changes with priors and with the belief about m6."),
    "robustness": ("Other technologies and targets", "Whether the findings survive other mechanisms and scenarios."),
    "dynamics": ("Year by year", "The path of the economy, and the regimes that it may end in."),
    "oews": ("Published wages", "What regressions of occupation wages on exposure can and cannot say."),
    "panel": ("A simulated panel", "What a panel of workers, tasks and periods from this economy holds."),
    "moments": ("Moments of a panel", "What a panel says of the moments, and how surely."),
    "explore": (
        "The surrogate of the explorer",
        "How far the numbers of the interactive page are from those of the economy.",
    ),
    "bench": ("Time and memory", "What a run costs on the machine that made it."),
}
"""Heading and question of the section of each result; those of users' own commands have the command's name and help."""

_ORDER = ("answer", "posterior", "beliefs", "calibration", "simulate_at_estimates", "simulate", "channels", "sign")


def report(*runs: str | Path, out: str | Path = "report.html") -> Path:
    """Write one HTML page about the results in run folders.

    The page needs no network. Every number is one of the results', and each section ends with the command, commit and
    configuration that made it. A result that is in several folders has a section for each; one that cannot be read is
    named, and so is what no folder has.

    Args:
        runs: Run folders.
        out: The page.

    Returns:
        The path of the page.

    Raises:
        OutputError: if a folder holds no result, none can be read, or the page cannot be written.
    """
    folders = [Path(run) for run in runs]
    if not folders:
        raise OutputError("report: no run folder was given; give one or more.")
    files = [(run, file) for run in folders for file in results_in(run)]
    loaded, unreadable = [], []
    for run, file in files:
        try:
            loaded.append((run, file, load_result(run, file.name)))
        except OutputError as error:
            unreadable.append(str(error))
    if not loaded:
        raise OutputError("\n".join(unreadable))
    names = [file.name for _, file, _ in loaded]
    ordered = sorted(loaded, key=_in_order)
    parts = [
        _part(run, file, result, f"{run}: " if names.count(file.name) > 1 else "")
        for run, file, result in progress.steps("sections", ordered)
    ]
    page = Page(
        question=QUESTION,
        answer=_answer([result for *_, result in loaded]),
        sampled=[
            (said, f"sampled, where {BELIEF_WORDS[result.belief]}; {run / 'posterior.json'}")
            for run, _, result in loaded
            if isinstance(result, Posterior) and result.health.good
            for said in result.answers
        ],
        targets=_targets([result for *_, result in loaded]),
        parts=parts,
        missing=_missing({file.name for _, file in files}),
        unreadable=unreadable,
        made=f"Made by aigini {importlib.metadata.version('aigini')}"
        f" on {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC from {', '.join(map(str, folders))}.",
    )
    target = Path(out)
    folder.prepare(target.parent)
    return folder.write_text(target, page.html())


def _in_order(one: tuple[Path, ResultFile, Any]) -> int:
    name = one[1].name
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _part(run: Path, file: ResultFile, result: Any, prefix: str) -> Part:
    heading, question = HEADINGS.get(file.name) or (file.name, _help_of(file.name))
    every = list(file.figures(result))
    return part(
        anchor=f"{run}-{file.name}".strip("/").replace("/", "-").replace(".", "-").replace(" ", "-"),
        heading=f"{prefix}{heading}",
        question=question,
        result=result,
        figures=every,
        captions={name: _caption(name) for name, _ in every},
        origin=origin(f"{run / file.name}.json", results.read(run / f"{file.name}.json").get("run", {})),
        with_table=not isinstance(result, Answer),
    )


def _caption(name: str) -> str:
    """The first sentence about a figure, from the function that draws it."""
    from aigini import figures

    text = inspect.getdoc(getattr(figures, name, None)) or name.replace("_", " ")
    return text.split("\n\n")[0].replace("\n", " ").replace("`", "")


def _help_of(name: str) -> str:
    return next((command.help for command in COMMANDS for file in command.files if file.name == name), "")


def _answer(loaded: Sequence[Any]) -> dict[str, str]:
    """The paragraphs of the first answer."""
    return next((dict(result.paragraphs) for result in loaded if isinstance(result, Answer)), {})


def _targets(loaded: Sequence[Any]) -> Any:
    calibration = next((result for result in loaded if isinstance(result, Calibration)), None)
    if calibration is None:
        return None
    return targets_table(calibration.targets, {name: label(name) for name in calibration.targets})


def _missing(there: set[str]) -> list[tuple[str, str]]:
    """Commands none of whose results are there, with what they are for."""
    return [
        (command.name, command.help.partition("; write")[0].partition("\n")[0].rstrip("."))
        for command in COMMANDS
        if command.name != "bench" and not there & {file.name for file in command.files}
    ]

"""`aigini reproduce`, the main job: simulate, calibrate, simulate at the estimates, and say what follows."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from aigini.analysis.answered import Answer
from aigini.commands.answer import ANSWER, answer
from aigini.commands.calibrate import CALIBRATE, calibrate_in, checkpoint_in, exit_code, progress_shown
from aigini.commands.command import Command, Notify, ResultFile, Run
from aigini.commands.purposes import PURPOSES
from aigini.commands.simulate import SIMULATE, figures, simulate, simulate_at
from aigini.commands.source import ConfigLike, Source, as_config
from aigini.config import Config
from aigini.errors import OutputError
from aigini.estimation.msm import Watcher
from aigini.estimation.result import Calibration
from aigini.statistics.simulation_result import Simulation, report
from aigini.storage import checkpoint, folder, results
from aigini.tables import Table, Tabular

AT_START, CALIBRATION = SIMULATE.files[0], CALIBRATE.files[0]
AT_ESTIMATES = ResultFile("simulate_at_estimates", Simulation, figures)


@dataclasses.dataclass(frozen=True)
class Reproduction(Tabular):
    """Results of `reproduce`: the economy before and after estimation, the estimates and the answer.

    Attributes:
        config: The configuration.
        start: The economy at the configured parameters.
        calibration: The estimation.
        fitted: The economy at the estimates.
        answer: The sign of the effect on inequality there, its causes, its probability, and the data it needs.
        folder: The run folder.
    """

    config: Config
    start: Simulation
    calibration: Calibration
    fitted: Simulation
    answer: Answer
    folder: Path

    def table(self) -> Table:
        """The estimates."""
        return self.calibration.table()

    def __str__(self) -> str:
        fitted = f"The economy at the estimates\n\n{report(self.fitted, assumed='m6' in self.calibration.targets)}"
        return f"{self.calibration}\n\n{fitted}\n\nrun folder: {self.folder}\n\n{self.answer}"


def reproduce(
    config: ConfigLike = None,
    *,
    out: str | Path = "runs/reproduce",
    resume: bool = False,
    full: bool = False,
    watch: Watcher = lambda _: None,
    notify: Notify = lambda _: None,
    **overrides: Any,
) -> Reproduction:
    """Simulate, calibrate, simulate at the estimates, say what follows, draw figures, and write one run folder.

    Args:
        config: Configuration, path of one, or None for the baseline.
        out: The run folder; earlier results in it are replaced only by finished ones.
        resume: Go on from the checkpoint of an interrupted calibration in `out`, and with analyses that are not there.
        full: Perform every analysis of the estimates too, each in a folder of its own below `out`.
        watch: Called with the state of the estimation after every block of iterations.
        notify: Called with one line per stage.
        **overrides: As in `simulate`.

    Raises:
        AiginiError: as `simulate` and `calibrate` do, or if `out` cannot be written, another run writes in it, or an
            analysis gave no result.
    """
    settings = as_config(config, overrides, "estimation")
    with folder.writing(Path(out), "aigini reproduce") as run_folder:
        run = Run(Source(settings), run_folder, resume, notify)
        result = _reproduce(run, watch)
        if full:
            from aigini.commands.everything import analyse_everything  # which knows every command, this one among them

            analyse_everything(run).require_all()
        return result


def _reproduce(run: Run, watch: Watcher) -> Reproduction:
    """The main job in a run folder whose lock this process has."""
    config, notify = run.config, run.notify
    if run.resume:
        checkpoint_in(config, run.folder)  # a bad checkpoint is refused before anything is computed
    clock = _Clock()
    notify("simulating at the configured parameters")
    start = simulate(config)
    clock.stop("simulate")
    notify("calibrating")
    calibration = calibrate_in(config, run.folder, resume=run.resume, watch=watch, notify=notify)
    clock.stop("calibrate")
    results.save(run.folder, CALIBRATION.name, calibration, folder.record(config, clock.times))
    notify("simulating at the estimates")
    fitted = simulate_at(config, calibration.params)
    clock.stop("simulate_at_estimates")
    notify("working out what follows, and how sure it is")
    what_follows = answer(config, calibration)
    clock.stop("answer")
    notify("drawing figures")
    for file, result in ((AT_ESTIMATES, fitted), (CALIBRATION, calibration), (ANSWER, what_follows)):
        file.draw(run.folder / "figures", result)
    clock.stop("figures")
    run.write(
        [(AT_START, start), (AT_ESTIMATES, fitted), (CALIBRATION, calibration), (ANSWER, what_follows)], clock.times
    )
    checkpoint.clear(run.folder)
    return Reproduction(config, start, calibration, fitted, what_follows, run.folder)


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    # These know every command, this one among them.
    from aigini.commands.everything import Everything, analyse_everything
    from aigini.commands.report import report

    if options["full"] and run.resume and (before := _finished(run)) is not None:
        run.notify(f"finished before: the main job in {run.folder}")
        calibration = before
    else:
        result = _reproduce(run, progress_shown(run.config, run.notify))
        run.show(result, command.files)
        calibration = result.calibration
    analyses = analyse_everything(run) if options["full"] else Everything()
    run.notify("writing the page")
    page = report(run.folder, *analyses.folders, out=run.folder / "report.html")
    run.notify(f"written: {page}, to open in a browser and to hand over")
    analyses.require_all()
    return exit_code(calibration, run.notify)


def _finished(run: Run) -> Calibration | None:
    """The calibration of a main job that is finished in this folder with this configuration; None if none is."""
    try:
        records = [results.read(run.folder / f"{file.name}.json")["run"] for file in REPRODUCE.files]
        calibration = results.load(run.folder, CALIBRATION.name, Calibration)
    except (OutputError, KeyError):
        return None
    same = {record["run_id"] for record in records} == {records[0]["run_id"]}
    return calibration if same and records[0]["config_sha256"] == run.config.digest else None


def _options(
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Perform every analysis of the estimates too, each in a folder below DIR, for the page."
        ),
    ] = False,
) -> Mapping[str, Any]:
    return {"full": full}


REPRODUCE = Command(
    "reproduce",
    PURPOSES["reproduce"],
    reproduce,
    Reproduction,
    resume=checkpoint.exists,
    files=(AT_START, AT_ESTIMATES, CALIBRATION, ANSWER),
    run=_run,
    options=_options,
    starts_from_a_run=False,
    repeats=True,
)


class _Clock:
    """Seconds between stops, by name."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self.times[name] = round(now - self._last, 3)
        self._last = now

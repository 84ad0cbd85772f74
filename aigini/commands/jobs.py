"""The main job: simulate, calibrate, simulate at the estimates, and say what follows, all in one run folder."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aigini.analysis.answered import Answer
from aigini.commands import studies
from aigini.commands.verbs import ConfigLike, as_config, blank_progress, calibrate, simulate, simulate_at
from aigini.config import Config
from aigini.estimation.msm import Progress, Watcher
from aigini.estimation.result import Calibration
from aigini.statistics.simulation import Simulation, table
from aigini.storage import analyses as studies_on_disk
from aigini.storage import checkpoint, folder
from aigini.storage import simulation_and_calibration as store

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """What `reproduce` found.

    Attributes:
        config: The configuration.
        start: The economy at the configured parameters.
        calibration: The estimation.
        fitted: The economy at the estimates.
        answer: Whether AI raises or lowers inequality there, why, how sure that is, and what would change it.
        folder: The run folder.
    """

    config: Config
    start: Simulation
    calibration: Calibration
    fitted: Simulation
    answer: Answer
    folder: Path

    def __str__(self) -> str:
        fitted = f"The economy at the estimates\n\n{table(self.fitted, assumed='m6' in self.calibration.targets)}"
        return f"{self.calibration}\n\n{fitted}\n\nrun folder: {self.folder}\n\n{self.answer}"


def run_calibration(
    config: Config,
    out: Path,
    *,
    resume: bool = False,
    watch: Watcher = lambda _: None,
    say: Say = lambda _: None,
) -> Calibration:
    """Calibrate with checkpoints in `out`, whose lock is held; with `resume`, go on from the checkpoint there.

    Raises:
        CheckpointError: if the checkpoint to resume from is damaged or belongs to another configuration.
        OutputError: if `out` cannot be written.
        EstimationError: if the problem cannot be posed or no start can be used.
    """
    folder.prepare(out)
    state = _state(config, out) if resume else None
    if not resume:
        checkpoint.clear(out)  # of an earlier run: what is found there from now on is this run's
    if resume:
        say(
            "no checkpoint to resume from, starting afresh"
            if state is None
            else f"resumed at iteration {int(state.iteration)}"
        )

    def save_and_watch(progress: Progress) -> None:
        checkpoint.save(out, config, progress)
        watch(progress)

    result = calibrate(config, watch=save_and_watch, resume=state)
    return result


def _state(config: Config, out: Path) -> Progress | None:
    return checkpoint.load(out, config, blank_progress(config))


def reproduce(
    config: ConfigLike = None,
    *,
    out: str | Path = "runs/reproduce",
    resume: bool = False,
    watch: Watcher = lambda _: None,
    say: Say = lambda _: None,
    **overrides: Any,
) -> Reproduction:
    """Simulate, calibrate, simulate at the estimates, say what follows, draw figures, and write one run folder.

    Args:
        config: Configuration, path of one, or None for the baseline.
        out: The run folder; earlier results in it are replaced only by finished ones.
        resume: Go on from the checkpoint of an interrupted calibration in `out`.
        watch: Called with the state of the estimation after every block of iterations.
        say: Called with one line per stage.
        **overrides: As in `simulate`.

    Raises:
        AiginiError: as `simulate` and `calibrate` do, or if `out` cannot be written or another run writes in it.
    """
    settings = as_config(config, overrides, "reproduce")
    with folder.writing(Path(out), "aigini reproduce") as place:
        return _reproduce(settings, place, resume=resume, watch=watch, say=say)


def _reproduce(settings: Config, place: Path, *, resume: bool, watch: Watcher, say: Say) -> Reproduction:
    """The main job in a run folder whose lock is held."""
    if resume:
        _state(settings, place)  # a bad checkpoint is refused before anything is computed
    clock = _Clock()
    say("simulating at the configured parameters")
    start = simulate(settings)
    clock.stop("simulate")
    say("calibrating")
    calibration = run_calibration(settings, place, resume=resume, watch=watch, say=say)
    clock.stop("calibrate")
    store.save_calibration(place, calibration, folder.record(settings, clock.times))
    say("simulating at the estimates")
    fitted = simulate_at(settings, calibration.params)
    clock.stop("simulate_at_estimates")
    say("working out what follows, and how sure it is")
    found = studies.answer(settings, calibration)
    clock.stop("answer")
    say("drawing figures")
    draw(place / "figures", fitted, calibration)
    draw_study(place / "figures", "answer", found)
    clock.stop("figures")
    run = folder.record(settings, clock.times)
    store.save_simulation(place, start, run)
    store.save_simulation(place, fitted, run, "simulate_at_estimates")
    store.save_calibration(place, calibration, run)
    studies_on_disk.save_study(place, "answer", found, run)
    write_record(place, settings, run)
    checkpoint.clear(place)
    return Reproduction(settings, start, calibration, fitted, found, place)


def write_record(place: Path, config: Config, run: Mapping[str, Any]) -> None:
    """Write the resolved configuration and the record of the run."""
    folder.write_atomically(place / "config.toml", lambda path: path.write_text(config.to_toml(), encoding="utf-8"))
    folder.write_json(place / "run.json", run)


def draw(place: Path, simulation: Simulation | None, calibration: Calibration | None) -> list[Path]:
    """Draw the figures of whatever results there are into `place`."""
    folder.prepare(place)
    from aigini import figures  # matplotlib is imported by what draws, and by nothing else

    paths = []
    if calibration is not None:
        paths += figures.draw_calibration(calibration, place)
    if simulation is not None:
        paths += figures.draw_simulation(simulation, place)
    return paths


def draw_study(place: Path, name: str, result: Any) -> list[Path]:
    """Draw the figures of an analysis into `place`."""
    folder.prepare(place)
    from aigini import figures  # as in `draw`

    draw_one = {
        "answer": figures.draw_answer,
        "sensitivity": figures.draw_sensitivity,
        "sign": figures.draw_sign,
        "regimes": lambda found, where: figures.draw_regimes(found.maps, found.distances, where),
        "channels": figures.draw_channels,
        "policy": figures.draw_policy,
        "posterior": figures.draw_posterior,
        "beliefs": figures.draw_beliefs,
    }[name]
    return draw_one(result, place)


class _Clock:
    """Seconds between stops, by name."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self.times[name] = round(now - self._last, 3)
        self._last = now

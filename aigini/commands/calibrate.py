"""`aigini calibrate`: the free parameters, by the method of simulated moments."""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from aigini.commands.command import Command, Notify, ResultFile, Run
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import ConfigLike, as_config, replications
from aigini.config import Config
from aigini.estimation import msm, starts, weighting
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.msm import STAGES, Progress, Watcher
from aigini.estimation.problem import Problem, pose, weight_root
from aigini.estimation.report import report
from aigini.estimation.result import Calibration
from aigini.estimation.reweighted import reweighted
from aigini.population.population import Population
from aigini.runtime.precision import with_x64
from aigini.storage import checkpoint, folder

FAILED_ESTIMATION = 3
"""Exit code of a command that wrote estimates that should not be used as they are."""


@with_x64
def calibrate(
    config: ConfigLike = None,
    *,
    watch: Watcher = lambda _: None,
    resume: Progress | None = None,
    start: Mapping[str, float] | None = None,
    **overrides: Any,
) -> Calibration:
    """Estimate the free parameters by the method of simulated moments.

    Weights that follow from first estimates, ``two_step`` and ``iterated``, add short rounds from the estimates of the
    first one. They depend on nothing but those, so a resumed run needs no state of theirs and ends with the same bits.

    Args:
        config: Configuration, path of one, or None for the baseline.
        watch: Called with the state after every block of iterations of the first round.
        resume: A state of an earlier run of the same configuration.
        start: One start instead of the space-filling design, by name in natural units.
        **overrides: As in `simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        EstimationError: if the problem cannot be posed or no start can be used.
    """
    settings = as_config(config, overrides, "estimation")
    problem, points = posed(settings, start)
    others = list(replications(settings))
    first = msm.estimate(
        problem,
        settings.targets,
        points,
        descent_settings=settings.descent,
        polish_settings=settings.polish,
        replications=others,
        watch=watch,
        resume=resume,
        covariance=settings.covariance,
    )
    if weighting.follows_estimates(settings.weighting):
        first = _reweighted(settings, problem, first, others)
    return dataclasses.replace(first, weighted=weighting.name_of(settings.weighting), config=settings.source)


def _reweighted(config: Config, problem: Problem, first: Calibration, others: Sequence[Population]) -> Calibration:
    """The calibration after further rounds, with the starts and the trace of the first."""
    sequence, end = reweighted(
        config.weighting,
        msm.objective_of(problem),
        np.array([first.estimates[name] for name in first.free]),
        lambda natural: msm.moments_on_other_draws(problem, natural, others),
        config.covariance,
        moments=problem.moment_names,
        settings=config.polish if config.polish.steps > 0 else LeastSquaresSettings(),
    )
    root = weight_root(sequence.last.weighting, [target.se for target in config.targets.values()])
    last = report(
        dataclasses.replace(problem, root=jnp.asarray(root)),
        config.targets,
        end.natural[None],
        [end],
        first.trace,
        msm.moments_on_other_draws(problem, end.natural, others),
        config.covariance,
    )
    return dataclasses.replace(
        last,
        weighting=sequence.last.weighting,
        starts=first.starts,
        agreed=first.agreed,
        rounds=len(sequence.rounds),
        last_change=sequence.last.change,
        settled=sequence.converged,
    )


def posed(config: Config, start: Mapping[str, float] | None = None) -> tuple[Problem, np.ndarray]:
    """The estimation problem of a configuration, and its starting values ``[starts, free]``."""
    problem = pose(
        params=config.params,
        population=config.draw(),
        targets=config.targets,
        space=config.space,
        weighting=weighting.before_estimates(config.weighting, config.covariance),
        scenario=config.scenario,
        income=config.income,
    )
    if start is not None:
        points = starts.at(problem.space, start)
    elif config.starts == 0:
        points = starts.at(problem.space, config.params)
    else:
        points = starts.design(problem.space, config.starts, config.start_seed)
    starts.check(problem.space, points)
    return problem, points


@with_x64
def blank_progress(config: Config) -> Progress:
    """A state of the shapes that an estimation of `config` has, to read a checkpoint into."""
    points = jnp.zeros((max(config.starts, 1), len(config.free)))
    return msm.blank(points, points, len(config.targets), config.descent, config.polish)


def calibrate_in(
    config: Config,
    out: Path,
    *,
    resume: bool = False,
    watch: Watcher = lambda _: None,
    notify: Notify = lambda _: None,
) -> Calibration:
    """Calibrate with checkpoints in `out`, whose lock is held; with `resume`, go on from the checkpoint there.

    Raises:
        CheckpointError: if the checkpoint to resume from is damaged or belongs to another configuration.
        OutputError: if `out` cannot be written.
        EstimationError: if the problem cannot be posed or no start can be used.
    """
    folder.prepare(out)
    state = checkpoint_in(config, out) if resume else None
    if not resume:
        checkpoint.clear(out)  # of an earlier run: what is there from now on is this run's
    elif state is None:
        notify("no checkpoint to resume from, starting afresh")
    else:
        notify(f"resumed at iteration {int(state.iteration)}")

    def save_and_watch(progress: Progress) -> None:
        checkpoint.save(out, config, progress)
        watch(progress)

    return calibrate(config, watch=save_and_watch, resume=state)


def checkpoint_in(config: Config, out: Path) -> Progress | None:
    """The checkpoint in a run folder, None if there is none.

    Raises:
        CheckpointError: if it is damaged or belongs to another configuration.
    """
    return checkpoint.load(out, config, blank_progress(config))


def progress_shown(config: Config, notify: Notify) -> Watcher:
    """Shows the progress of an estimation, a line per block of iterations."""
    start = time.perf_counter()

    def watch(progress: Progress) -> None:
        notify(
            f"  {time.perf_counter() - start:6.1f} s  iteration {int(progress.iteration):4d}"
            f"  next: {STAGES[int(progress.stage)]:8s} best objective {progress.best:.3e}"
        )

    return watch


def exit_code(calibration: Calibration, notify: Notify) -> int:
    """0, or 3 after the reason why the estimates should not be used as they are."""
    if not calibration.failure:
        return 0
    notify(f"aigini: the estimation has failed: {calibration.failure}.")
    return FAILED_ESTIMATION


def figures(result: Calibration) -> Iterator[tuple[str, Any]]:
    """Figures of a calibration."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, every.moment_fit, every.objective_trace)


def _run(command: Command, run: Run, options: Mapping[str, Any]) -> int:
    clock = time.perf_counter()
    result = calibrate_in(
        run.config, run.folder, resume=run.resume, watch=progress_shown(run.config, run.notify), notify=run.notify
    )
    (file,) = command.files
    file.draw(run.folder / "figures", result)
    run.write([(file, result)], {command.name: time.perf_counter() - clock})
    checkpoint.clear(run.folder)
    run.show(result, command.files)
    run.notify(f"written: {run.folder / 'calibration.json'} and {run.folder / 'figures'}")
    return exit_code(result, run.notify)


CALIBRATE = Command(
    "calibrate",
    PURPOSES["calibrate"],
    calibrate,
    Calibration,
    resume=checkpoint.exists,
    files=(ResultFile("calibration", Calibration, figures, estimates=True),),
    run=_run,
    starts_from_a_run=False,
)

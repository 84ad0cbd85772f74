"""Estimation by the method of simulated moments: gradient descent from all starts, then least squares from each.

The estimator is a loop over blocks of iterations. After each block its whole state is a `Progress`, which can be shown,
saved, and given back to continue exactly where it was; what is done with it is the caller's business.
"""

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from aigini.errors import EstimationError
from aigini.estimation import descent, least_squares
from aigini.estimation.descent import DescentSettings, DescentState
from aigini.estimation.least_squares import LeastSquaresSettings, Objective, Point, Search
from aigini.estimation.problem import Problem
from aigini.estimation.report import best, report
from aigini.estimation.result import Calibration, Trace
from aigini.estimation.target import Target
from aigini.population.population import Population
from aigini.runtime.precision import require_x64

DESCENT, POLISH, DONE = range(3)
STAGES = ("descent", "polish", "done")


class Progress(eqx.Module):
    """The whole state of an estimation between two blocks of iterations.

    Attributes:
        stage: 0 descent, 1 least squares, 2 done.
        iteration: Iterations done, both stages together.
        descended: Iterations of the first stage among them.
        start: Starting points, natural units, ``[starts, free]``.
        descent: State of the first stage.
        searches: State of the second stage, with a leading axis ``[starts]``; not yet evaluated in the first.
        trace: Objective of every start after every iteration, infinite where not recorded, ``[iterations, starts]``.
    """

    stage: Int[Array, ""]
    iteration: Int[Array, ""]
    descended: Int[Array, ""]
    start: Float[Array, "starts free"]
    descent: DescentState
    searches: Search
    trace: Float[Array, "iterations starts"]

    @property
    def best(self) -> float:
        """Smallest objective so far."""
        return float(jnp.min(self.trace))


Watcher = Callable[[Progress], None]


def begin(
    problem: Problem,
    starts: np.ndarray,
    descent_settings: DescentSettings,
    polish_settings: LeastSquaresSettings,
) -> Progress:
    """State before the first iteration, from starts in natural units, ``[starts, free]``."""
    start = jnp.asarray(starts)
    points = jax.vmap(problem.space.unconstrained)(start)
    progress = blank(start, points, len(problem.moment_names), descent_settings, polish_settings)
    if descent_settings.steps > 0:
        return progress
    return in_second_stage(problem, progress, points, polish_settings)


def blank(
    start: Array,
    point: Array,
    n_moments: int,
    descent_settings: DescentSettings,
    polish_settings: LeastSquaresSettings,
) -> Progress:
    """State before the first iteration at given starts and unconstrained points, each ``[starts, free]``."""
    count, free = point.shape
    values, moments = np.full((count, free), np.nan), np.full((count, n_moments), np.nan)
    slopes = np.full((count, n_moments, free), np.nan)
    return Progress(
        stage=jnp.asarray(DESCENT),
        iteration=jnp.asarray(0),
        descended=jnp.asarray(0),
        start=start,
        descent=descent.begin(descent_settings, point),
        searches=Search(
            Point(values, values, moments, slopes, moments, slopes), np.zeros(count), np.zeros(count, bool)
        ),
        trace=jnp.full((descent_settings.steps + polish_settings.steps, count), jnp.inf),
    )


def advance(
    problem: Problem, progress: Progress, descent_settings: DescentSettings, polish_settings: LeastSquaresSettings
) -> Progress:
    """One block of iterations; changes nothing once the stage is done."""
    stage = int(progress.stage)
    if stage == DESCENT:
        return _descend(problem, progress, descent_settings, polish_settings)
    if stage == POLISH:
        return _search(problem, progress, polish_settings)
    return progress


def _descend(
    problem: Problem, progress: Progress, settings: DescentSettings, polish_settings: LeastSquaresSettings
) -> Progress:
    before = int(progress.iteration)
    count = min(settings.block, settings.steps - before)
    state, objective, done = descent.descend(problem, settings, progress.descent, count)
    iteration = before + int(done)
    progress = eqx.tree_at(
        lambda p: (p.iteration, p.descended, p.descent, p.trace),
        progress,
        (
            jnp.asarray(iteration),
            jnp.asarray(iteration),
            state,
            progress.trace.at[before:iteration].set(objective[: int(done)]),
        ),
    )
    if iteration < settings.steps and not bool(jnp.all(state.best < settings.tolerance)):
        return progress
    return in_second_stage(problem, progress, state.best_point, polish_settings)


def in_second_stage(
    problem: Problem, progress: Progress, points: Float[Array, "starts free"], settings: LeastSquaresSettings
) -> Progress:
    """The state once the economy is evaluated where the searches begin.

    Gradient descent knows the bounds of each parameter, and not those of several together: where it left these, the
    search begins where the descent did.

    Raises:
        EstimationError: if no start is a point of the parameter space with a finite objective.
    """
    objective, begun = objective_of(problem), []
    for point, start in zip(np.asarray(points), progress.start, strict=True):
        first = point if problem.admits(problem.space.natural_at(point)) else problem.space.unconstrained(start)
        begun.append(least_squares.begin(objective, np.asarray(first)))
    if all(search.ended for search in begun):
        raise EstimationError(
            "calibration: no start is a point of the parameter space with finite moments; start nearer the baseline, or"
            " narrow the problem by fixing a parameter."
        )
    searches = _together(begun)
    stage = POLISH if settings.steps > 0 else DONE
    return eqx.tree_at(lambda p: (p.stage, p.searches), progress, (jnp.asarray(stage), searches))


def _search(problem: Problem, progress: Progress, settings: LeastSquaresSettings) -> Progress:
    objective = objective_of(problem)
    searches, trace = progress.searches, progress.trace
    iteration, last = int(progress.iteration), int(progress.descended) + settings.steps
    for _ in range(min(settings.block, last - iteration)):
        moved = [least_squares.advance(objective, each, settings) for each in _apart(searches)]
        searches = _together(moved)
        trace = trace.at[iteration].set(jnp.asarray([search.point.objective for search in moved]))
        iteration += 1
        if searches.ended.all():
            break
    stage = DONE if searches.ended.all() or iteration >= last else POLISH
    return eqx.tree_at(
        lambda p: (p.stage, p.iteration, p.searches, p.trace),
        progress,
        (jnp.asarray(stage), jnp.asarray(iteration), searches, trace),
    )


def _together(searches: Sequence[Search]) -> Search:
    return jax.tree.map(lambda *each: np.stack(each), *searches)


def _apart(searches: Search) -> list[Search]:
    return [jax.tree.map(lambda every, k=k: every[k], searches) for k in range(len(searches.ended))]


def moments_and_jacobian(problem: Problem, natural: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Targeted moments ``[moments]`` and dm/dθ along the tie ``[moments, free]`` at natural values ``[free]``.

    On other draws of the same size it is the same compiled program.
    """
    moments, matrix = _moments_and_jacobian(problem, jnp.asarray(natural))
    return np.asarray(moments), np.asarray(matrix)


@jax.jit
def _moments_and_jacobian(
    problem: Problem, natural: Float[Array, "free"]
) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
    return problem.moments_and_jacobian(natural)


def objective_of(problem: Problem) -> Objective:
    """The objective in unconstrained coordinates, evaluated by one compiled program."""
    return Objective(
        evaluate=lambda natural: moments_and_jacobian(problem, natural),
        space=problem.space,
        target=np.asarray(problem.target),
        root=np.asarray(problem.root),
        admits=problem.admits,
    )


def estimate(
    problem: Problem,
    targets: Mapping[str, Target],
    starts: np.ndarray,
    *,
    descent_settings: DescentSettings | None = None,
    polish_settings: LeastSquaresSettings | None = None,
    replications: Sequence[Population] = (),
    watch: Watcher = lambda _: None,
    resume: Progress | None = None,
    covariance: np.ndarray | None = None,
) -> Calibration:
    """Estimate the free parameters of `problem`.

    Args:
        problem: The problem, from `aigini.estimation.problem.pose`.
        targets: The targets it was posed with, for the report.
        starts: Starting values in natural units, ``[starts, free]``.
        descent_settings: First stage; ``steps=0`` leaves it out.
        polish_settings: Second stage; ``steps=0`` leaves it out.
        replications: Populations of other seeds, from which simulation errors are taken.
        watch: Called with the state after every block of iterations.
        resume: A state of an earlier run of the same problem to go on from.
        covariance: Covariance of the targets, if it is known, for standard errors, ``[moments, moments]``.

    Raises:
        EstimationError: if the objective is not finite at any start.
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    first, second = descent_settings or DescentSettings(), polish_settings or LeastSquaresSettings()
    progress = begin(problem, starts, first, second) if resume is None else resume
    while int(progress.stage) != DONE:
        progress = advance(problem, progress, first, second)
        if not np.isfinite(progress.best):
            raise EstimationError(
                "calibration: the objective is not finite at any start; start nearer the baseline, or narrow the"
                " problem by fixing a parameter."
            )
        watch(progress)
    end_points = [search.point for search in _apart(progress.searches)]
    others = moments_on_other_draws(problem, end_points[best(end_points)].natural, replications)
    return report(problem, targets, np.asarray(progress.start), end_points, _trace(progress), others, covariance)


def moments_on_other_draws(
    problem: Problem, natural: np.ndarray, replications: Sequence[Population]
) -> list[np.ndarray]:
    """Targeted moments at natural values ``[free]`` on other draws of the population, ``[moments]`` each."""
    return [moments_and_jacobian(problem.on(population), natural)[0] for population in replications]


def _trace(progress: Progress) -> Trace:
    objective = np.asarray(progress.trace)
    recorded = np.flatnonzero(np.isfinite(objective).any(axis=1))
    stages = [STAGES[DESCENT] if i < int(progress.descended) else STAGES[POLISH] for i in recorded]
    return Trace(stage=stages, iteration=[int(i) + 1 for i in recorded], objective=objective[recorded])

"""Estimation by the method of simulated moments: starts, descent, polish, and what the optimum looks like.

The estimator is a loop over blocks of compiled iterations. After each block its whole state is an `Progress`, which can
be shown, saved, and given back to continue exactly where it was; what is done with it is the caller's business.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from aigini.errors import EstimationError
from aigini.estimation import descent, polish
from aigini.estimation.descent import DescentSettings, DescentState
from aigini.estimation.polish import PolishSettings
from aigini.estimation.problem import Problem
from aigini.estimation.result import Calibration, StartResult, Status, Target, Trace
from aigini.moments.six import six_moments
from aigini.parameters import SPECS, Parameters
from aigini.population.population import Population
from aigini.precision import require_x64

DESCENT, POLISH, DONE = range(3)
STAGES = ("descent", "polish", "done")

FITTED_MISFIT = 0.01
"""Misfit in standard errors below which a target counts as met."""

AGREEMENT = 1e-3
"""Relative difference of estimates below which two starts found the same optimum."""


class Progress(eqx.Module):
    """The whole state of an estimation between two blocks of iterations.

    Attributes:
        stage: 0 descent, 1 polish, 2 done.
        iteration: Iterations done, both stages together.
        descended: Iterations of the first stage among them.
        start: Starting points, natural units, ``[starts, free]``.
        descent: State of the first stage.
        point: Unconstrained points of the second stage, ``[starts, free]``.
        scale: Residual scale, that is damping, of the next round of the second stage, ``[starts]``.
        converged: Starts that have converged in the second stage, ``[starts]``.
        trace: Objective of every start after every iteration, infinite where not recorded, ``[iterations, starts]``.
    """

    stage: Int[Array, ""]
    iteration: Int[Array, ""]
    descended: Int[Array, ""]
    start: Float[Array, "starts free"]
    descent: DescentState
    point: Float[Array, "starts free"]
    scale: Float[Array, "starts"]
    converged: Bool[Array, "starts"]
    trace: Float[Array, "iterations starts"]

    @property
    def best(self) -> float:
        """Smallest objective so far."""
        return float(jnp.min(self.trace))


Watcher = Callable[[Progress], None]


def begin(
    problem: Problem, starts: np.ndarray, descent_settings: DescentSettings, polish_settings: PolishSettings
) -> Progress:
    """State before the first iteration, from starts in natural units, ``[starts, free]``."""
    start = jnp.asarray(starts)
    return blank(start, jax.vmap(problem.space.unconstrained)(start), descent_settings, polish_settings)


def blank(start: Array, point: Array, descent_settings: DescentSettings, polish_settings: PolishSettings) -> Progress:
    """State before the first iteration at given starts and unconstrained points, each ``[starts, free]``."""
    room = descent_settings.steps + polish_settings.steps
    return Progress(
        stage=jnp.asarray(DESCENT if descent_settings.steps > 0 else POLISH),
        iteration=jnp.asarray(0),
        descended=jnp.asarray(0),
        start=start,
        descent=descent.begin(descent_settings, point),
        point=point,
        scale=jnp.full(point.shape[0], polish.SCALE, jnp.float64),
        converged=jnp.zeros(point.shape[0], bool),
        trace=jnp.full((room, point.shape[0]), jnp.inf),
    )


def advance(
    problem: Problem, progress: Progress, descent_settings: DescentSettings, polish_settings: PolishSettings
) -> Progress:
    """One block of iterations; changes nothing once the stage is done."""
    stage, iteration = int(progress.stage), int(progress.iteration)
    if stage == DESCENT:
        block = min(descent_settings.block, descent_settings.steps - iteration)
        state, best = descent.descend(problem, dataclasses.replace(descent_settings, block=block), progress.descent)
        iteration += best.shape[0]
        finished = iteration >= descent_settings.steps or bool(jnp.all(state.best < descent_settings.tolerance))
        next_stage = (POLISH if polish_settings.steps > 0 else DONE) if finished else DESCENT
        return eqx.tree_at(
            lambda p: (p.stage, p.iteration, p.descended, p.descent, p.point, p.trace),
            progress,
            (
                jnp.asarray(next_stage),
                jnp.asarray(iteration),
                jnp.asarray(iteration),
                state,
                state.best_point,
                progress.trace.at[iteration - best.shape[0] : iteration].set(best),
            ),
        )
    if stage == POLISH:
        left = polish_settings.steps - (iteration - int(progress.descended))
        block = min(polish_settings.block, left)
        settings = dataclasses.replace(polish_settings, block=block)
        point = polish.polish(problem, settings, progress.point, progress.scale, progress.converged)
        before, after = (polish.objectives(problem, where) for where in (progress.point, point))
        converged, scale = polish.judge(before, after, np.asarray(progress.scale), polish_settings.tolerance)
        iteration += block
        finished = bool(np.all(converged)) or block >= left
        return eqx.tree_at(
            lambda p: (p.stage, p.iteration, p.point, p.scale, p.converged, p.trace),
            progress,
            (
                jnp.asarray(DONE if finished else POLISH),
                jnp.asarray(iteration),
                point,
                jnp.asarray(scale),
                jnp.asarray(converged),
                progress.trace.at[iteration - 1].set(after),
            ),
        )
    return progress


def estimate(
    problem: Problem,
    targets: Mapping[str, Target],
    starts: np.ndarray,
    *,
    descent_settings: DescentSettings | None = None,
    polish_settings: PolishSettings | None = None,
    replications: Sequence[Population] = (),
    watch: Watcher = lambda _: None,
    resume: Progress | None = None,
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

    Raises:
        EstimationError: if the objective is not finite at any start.
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    first, second = descent_settings or DescentSettings(), polish_settings or PolishSettings()
    progress = begin(problem, starts, first, second) if resume is None else resume
    while int(progress.stage) != DONE:
        progress = advance(problem, progress, first, second)
        if not np.isfinite(progress.best):
            raise EstimationError(
                "calibration: the objective is not finite at any start; start nearer the baseline, or narrow the"
                " problem by fixing a parameter."
            )
        watch(progress)
    return _report(problem, targets, progress, replications)


@jax.jit
def _evaluate(
    problem: Problem, natural: Array
) -> tuple[Float[Array, "moments"], Float[Array, "moments free"], Float[Array, ""]]:
    moments, matrix = problem.moments_and_jacobian(natural)
    # Chain rule by hand: a second differentiation of the whole model would double the compile time.
    point = problem.space.unconstrained(natural)
    to_natural = jax.jacfwd(problem.space.natural)(point)
    gradient = 2 * (problem.root @ (problem.root.T @ (moments - problem.target))) @ matrix @ to_natural
    return moments, matrix, jnp.max(jnp.abs(gradient))


def _report(
    problem: Problem,
    targets: Mapping[str, Target],
    progress: Progress,
    replications: Sequence[Population],
) -> Calibration:
    names, moment_names = problem.space.names, problem.moment_names
    ends = np.asarray(jax.vmap(problem.space.natural)(progress.point))
    trace = np.asarray(progress.trace)
    recorded = np.isfinite(trace).any(axis=1)
    objectives = trace[recorded][-1]
    best = int(np.argmin(objectives))
    natural = ends[best]
    moments, matrix, gradient = (np.asarray(part) for part in _evaluate(problem, jnp.asarray(natural)))
    se = np.array([targets[name].se for name in moment_names])
    misfit = (moments - np.asarray(problem.target)) / se
    at_bound = _at_bound(problem, natural)
    agrees = np.max(np.abs(ends - natural) / np.maximum(np.abs(natural), 1e-12), axis=1) < AGREEMENT
    singular = np.linalg.svd(matrix / se[:, None] * np.maximum(np.abs(natural), 1e-12)[None, :], compute_uv=False)
    moment_se, estimate_se = _simulation_errors(problem, natural, matrix, singular, replications)
    params = problem.space.place(problem.params, jnp.asarray(natural))
    descended = int(progress.descended)
    iterations = np.flatnonzero(recorded)
    return Calibration(
        free=names,
        estimates=dict(zip(names, natural.tolist(), strict=True)),
        params=params.as_dict(),
        targets={name: targets[name] for name in moment_names},
        fitted=dict(zip(moment_names, moments.tolist(), strict=True)),
        misfit=dict(zip(moment_names, misfit.tolist(), strict=True)),
        weighting=np.asarray(problem.root @ problem.root.T),
        objective=float(objectives[best]),
        gradient_norm=float(gradient),
        jacobian=matrix,
        singular_values=singular,
        status=_status(misfit, bool(np.asarray(progress.converged)[best]), float(gradient), at_bound),
        at_bound=at_bound,
        starts=[
            StartResult(
                start=dict(zip(names, start.tolist(), strict=True)),
                estimates=dict(zip(names, end.tolist(), strict=True)),
                objective=float(objective),
                agrees=bool(agree),
            )
            for start, end, objective, agree in zip(np.asarray(progress.start), ends, objectives, agrees, strict=True)
        ],
        agreed=int(agrees.sum()),
        trace=Trace(
            stage=[STAGES[DESCENT] if i < descended else STAGES[POLISH] for i in iterations],
            iteration=[int(i) + 1 for i in iterations],
            objective=trace[recorded],
        ),
        income=problem.income,
        moment_simulation_se=moment_se,
        estimate_simulation_se=estimate_se,
        replications=len(replications),
    )


def _at_bound(problem: Problem, natural: np.ndarray) -> dict[str, float]:
    found = {}
    for name, value in zip(problem.space.names, natural, strict=True):
        low, high = problem.space.bounds(name)
        scale = high - low if np.isfinite(high - low) else max(abs(SPECS[name].default), 1e-3)
        if value - low < 1e-3 * scale:
            found[name] = low
        elif high - value < 1e-3 * scale or value > 1e3 * scale:
            found[name] = high
    return found


def _status(misfit: np.ndarray, converged: bool, gradient: float, at_bound: Mapping[str, float]) -> Status:
    if np.max(np.abs(misfit)) < FITTED_MISFIT:
        return Status.FITTED
    if at_bound:
        return Status.AT_BOUND
    return Status.MINIMUM if converged or gradient < 1e-6 else Status.STOPPED


@functools.partial(jax.jit, static_argnames="income")
def _moments(params: Parameters, population: Population, scenario: eqx.Module, income: str) -> Array:
    return six_moments(params, population, scenario, income=income)  # pyright: ignore[reportArgumentType]


def simulation_covariance(problem: Problem, natural: np.ndarray, replications: Sequence[Population]) -> np.ndarray:
    """Covariance of the targeted moments over other draws, ``[moments, moments]``.

    Args:
        problem: The problem.
        natural: Values of the free parameters, ``[free]``.
        replications: Two or more populations of other seeds.
    """
    params = problem.space.place(problem.params, jnp.asarray(natural))
    rows = list(problem.rows)
    sample = np.array([np.asarray(_moments(params, p, problem.scenario, problem.income))[rows] for p in replications])
    return np.atleast_2d(np.cov(sample, rowvar=False))


def _simulation_errors(
    problem: Problem,
    natural: np.ndarray,
    matrix: np.ndarray,
    singular: np.ndarray,
    replications: Sequence[Population],
) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Standard deviations over other draws, of the moments and of the estimates they would give."""
    names = problem.moment_names
    if len(replications) < 2:
        return None, None
    covariance = simulation_covariance(problem, natural, replications)
    moment_se = dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
    if singular[-1] < 1e-8 * singular[0]:
        return moment_se, None
    weighted = np.asarray(problem.root).T @ matrix
    response = np.linalg.solve(weighted.T @ weighted, weighted.T @ np.asarray(problem.root).T)
    spread = np.sqrt(np.diag(response @ covariance @ response.T))
    return moment_se, dict(zip(problem.space.names, spread.tolist(), strict=True))

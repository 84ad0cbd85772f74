"""Estimation by the method of simulated moments: starts, descent, polish, and what the optimum looks like.

The estimator is a loop over blocks of compiled iterations. After each block its whole state is an `Progress`, which can
be shown, saved, and given back to continue exactly where it was; what is done with it is the caller's business.
"""

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from aigini.errors import EstimationError, IdentificationError
from aigini.estimation import descent, polish
from aigini.estimation.convergence import FIT_TOLERANCE, STATIONARY, remaining_step, removable_share
from aigini.estimation.descent import DescentSettings, DescentState
from aigini.estimation.polish import PolishSettings
from aigini.estimation.problem import Problem
from aigini.estimation.result import Calibration, StartResult, Status, Target, Trace
from aigini.inference.influence import influence
from aigini.inference.standard_errors import independent, known_covariance, worst_case
from aigini.parameters import SPECS, Parameters
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics.economy_map import EconomyMap

DESCENT, POLISH, DONE = range(3)
STAGES = ("descent", "polish", "done")

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
        ended: Starts with which the second stage is done, converged or not, ``[starts]``.
        trace: Objective of every start after every iteration, infinite where not recorded, ``[iterations, starts]``.
    """

    stage: Int[Array, ""]
    iteration: Int[Array, ""]
    descended: Int[Array, ""]
    start: Float[Array, "starts free"]
    descent: DescentState
    point: Float[Array, "starts free"]
    scale: Float[Array, "starts"]
    ended: Bool[Array, "starts"]
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
    room = descent_settings.steps + polish_settings.rounds * polish.ROUND
    return Progress(
        stage=jnp.asarray(DESCENT if descent_settings.steps > 0 else POLISH),
        iteration=jnp.asarray(0),
        descended=jnp.asarray(0),
        start=start,
        descent=descent.begin(descent_settings, point),
        point=point,
        scale=jnp.full(point.shape[0], polish.SCALE, jnp.float64),
        ended=jnp.zeros(point.shape[0], bool),
        trace=jnp.full((room, point.shape[0]), jnp.inf),
    )


def advance(
    problem: Problem, progress: Progress, descent_settings: DescentSettings, polish_settings: PolishSettings
) -> Progress:
    """One block of iterations; changes nothing once the stage is done."""
    stage = int(progress.stage)
    if stage == DESCENT:
        return _descend(problem, progress, descent_settings, polish_settings)
    if stage == POLISH:
        return _polish(problem, progress, polish_settings)
    return progress


def _descend(
    problem: Problem, progress: Progress, settings: DescentSettings, polish_settings: PolishSettings
) -> Progress:
    before = int(progress.iteration)
    count = min(settings.block, settings.steps - before)
    state, best, done = descent.descend(problem, settings, progress.descent, count)
    iteration = before + int(done)
    finished = iteration >= settings.steps or bool(jnp.all(state.best < settings.tolerance))
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
            progress.trace.at[before:iteration].set(best[: int(done)]),
        ),
    )


def _polish(problem: Problem, progress: Progress, settings: PolishSettings) -> Progress:
    point, scale, ended = progress.point, np.asarray(progress.scale), np.asarray(progress.ended)
    iteration, trace = int(progress.iteration), progress.trace
    last = int(progress.descended) + settings.rounds * polish.ROUND
    here = polish.linearise(problem, point)
    for _ in range(settings.rounds_of_block):
        factor = polish.residual_scale(problem, here, scale)
        point = polish.polish(problem, point, jnp.asarray(factor), jnp.asarray(ended))
        there = polish.linearise(problem, point)
        after = there.objective(problem)
        now, scale = polish.judge(
            here.objective(problem), after, here.step(problem), there.step(problem), scale, settings.tolerance
        )
        here = there
        ended = ended | now
        iteration += polish.ROUND
        trace = trace.at[iteration - 1].set(after)
        if ended.all() or iteration >= last:
            break
    finished = bool(ended.all()) or iteration >= last
    return eqx.tree_at(
        lambda p: (p.stage, p.iteration, p.point, p.scale, p.ended, p.trace),
        progress,
        (
            jnp.asarray(DONE if finished else POLISH),
            jnp.asarray(iteration),
            point,
            jnp.asarray(scale),
            jnp.asarray(ended),
            trace,
        ),
    )


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
    return _report(problem, targets, progress, replications, covariance)


def _report(
    problem: Problem,
    targets: Mapping[str, Target],
    progress: Progress,
    replications: Sequence[Population],
    covariance: np.ndarray | None,
) -> Calibration:
    names, moment_names = problem.space.names, problem.moment_names
    trace = np.asarray(progress.trace)
    recorded = np.isfinite(trace).any(axis=1)
    objectives = trace[recorded][-1]
    best = int(np.argmin(objectives))
    every = polish.linearise(problem, progress.point)
    every_end, natural, moments, matrix = every.natural, every.natural[best], every.moments[best], every.jacobian[best]
    residual, slope = every.residual(problem)[best], every.slope(problem)[best]
    se = np.array([targets[name].se for name in moment_names])
    misfit = (moments - np.asarray(problem.target)) / se
    at_bound = _at_bound(problem, natural)
    share = _removable_share(problem, residual, matrix, at_bound)
    agrees = np.max(np.abs(every_end - natural) / np.maximum(np.abs(natural), 1e-12), axis=1) < AGREEMENT
    singular = np.linalg.svd(matrix / se[:, None] * np.maximum(np.abs(natural), 1e-12)[None, :], compute_uv=False)
    moment_se, estimate_se = _simulation_errors(problem, natural, matrix, replications)
    status = _status(misfit, share, at_bound)
    errors, no_errors = _standard_errors(problem, matrix, se, covariance, status, at_bound)
    params = problem.parameters(jnp.asarray(natural))
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
        gradient_norm=float(np.max(np.abs(2 * slope.T @ residual))),
        removable_share=share,
        remaining_step=remaining_step(residual, slope),
        jacobian=matrix,
        singular_values=singular,
        standard_errors=errors,
        no_standard_errors=no_errors,
        status=status,
        at_bound=at_bound,
        starts=[
            StartResult(
                start=dict(zip(names, start.tolist(), strict=True)),
                estimates=dict(zip(names, end.tolist(), strict=True)),
                objective=float(objective),
                agrees=bool(agree),
            )
            for start, end, objective, agree in zip(
                np.asarray(progress.start), every_end, objectives, agrees, strict=True
            )
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
    bounds = {}
    for name, value in zip(problem.space.names, natural, strict=True):
        low, high = problem.space.bounds(name)
        scale = high - low if np.isfinite(high - low) else max(abs(SPECS[name].default), 1e-3)
        if value - low < 1e-3 * scale:
            bounds[name] = low
        elif high - value < 1e-3 * scale or value > 1e3 * scale:
            bounds[name] = high
    return bounds


def _removable_share(
    problem: Problem, residual: np.ndarray, matrix: np.ndarray, at_bound: Mapping[str, float]
) -> float:
    """Part of the length of the misfit that the parameters could still remove; one may not move beyond its bound."""
    root = np.asarray(problem.root)
    slope = root.T @ matrix
    descent_direction = -slope.T @ residual
    moves = [
        name not in at_bound or (direction > 0) == (at_bound[name] == problem.space.bounds(name)[0])
        for name, direction in zip(problem.space.names, descent_direction, strict=True)
    ]
    return removable_share(residual, slope[:, moves])


def _status(misfit: np.ndarray, share: float, at_bound: Mapping[str, float]) -> Status:
    if np.max(np.abs(misfit)) < FIT_TOLERANCE:
        return Status.FITTED
    if not share <= STATIONARY:
        return Status.STOPPED
    return Status.AT_BOUND if at_bound else Status.MINIMUM


def _standard_errors(
    problem: Problem,
    matrix: np.ndarray,
    se: np.ndarray,
    covariance: np.ndarray | None,
    status: Status,
    at_bound: Mapping[str, float],
) -> tuple[dict[str, dict[str, float]] | None, str]:
    """Standard errors of the estimates from those of the targets by kind, or None and why there are none."""
    names = problem.space.names
    if status is Status.STOPPED:
        return None, "the estimation has not converged"
    if at_bound:
        return None, f"the normal approximation does not hold at a bound, where {', '.join(at_bound)} is"
    weighting = np.asarray(problem.root @ problem.root.T)
    try:
        kinds = [independent(matrix, weighting, se, names=names), worst_case(matrix, weighting, se, names=names)]
        if covariance is not None:
            kinds.append(known_covariance(matrix, weighting, covariance, names=names))
    except IdentificationError as error:
        return None, str(error)
    return {each.kind.replace(" ", "_"): dict(zip(names, each.se.tolist(), strict=True)) for each in kinds}, ""


@jax.jit
def _moments(params: Parameters, economy: EconomyMap) -> Array:
    return economy(params)


def simulation_covariance(problem: Problem, natural: np.ndarray, replications: Sequence[Population]) -> np.ndarray:
    """Covariance of the targeted moments over other draws, ``[moments, moments]``.

    Args:
        problem: The problem.
        natural: Values of the free parameters, ``[free]``.
        replications: Two or more populations of other seeds.
    """
    params = problem.parameters(jnp.asarray(natural))
    sample = np.array([np.asarray(_moments(params, problem.economy.on(p))) for p in replications])
    return np.atleast_2d(np.cov(sample, rowvar=False))


def _simulation_errors(
    problem: Problem, natural: np.ndarray, matrix: np.ndarray, replications: Sequence[Population]
) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Standard deviations over other draws, of the moments and of the estimates they would give."""
    names = problem.moment_names
    if len(replications) < 2:
        return None, None
    covariance = simulation_covariance(problem, natural, replications)
    moment_se = dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
    try:
        response = influence(matrix, np.asarray(problem.root @ problem.root.T), problem.space.names)
    except IdentificationError:
        return moment_se, None
    spread = np.sqrt(np.diag(response @ covariance @ response.T))
    return moment_se, dict(zip(problem.space.names, spread.tolist(), strict=True))

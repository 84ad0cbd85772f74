"""The report of a calibration: the best end of its searches, how it ended, and the errors of the estimates there."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from aigini.errors import IdentificationError
from aigini.estimation.convergence import remaining_step
from aigini.estimation.least_squares import Point
from aigini.estimation.other_draws import covariance as covariance_over_draws
from aigini.estimation.problem import Problem
from aigini.estimation.result import Calibration, StartResult, Trace
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status, Verdict, judge
from aigini.inference.influence import influence
from aigini.inference.standard_errors import independent, known_covariance, worst_case

AGREEMENT = 1e-3
"""Relative difference of estimates below which two starts ended at the same optimum."""

_SMALLEST = 1e-12  # size of an estimate that relative differences are taken of


def report(
    problem: Problem,
    targets: Mapping[str, Target],
    starts: np.ndarray,
    end_points: Sequence[Point],
    trace: Trace,
    other_draws: Sequence[np.ndarray],
    covariance: np.ndarray | None,
) -> Calibration:
    """The calibration whose searches ended at some points.

    Args:
        problem: The problem.
        targets: The targets it was posed with.
        starts: Where the searches began, natural units, ``[starts, free]``.
        end_points: Where they ended.
        trace: The objective on the way.
        other_draws: Targeted moments on other draws at the best end, from which simulation errors are taken.
        covariance: Covariance of the targets, if it is known, ``[moments, moments]``.
    """
    names, moment_names = problem.space.names, problem.moment_names
    end = end_points[best(end_points)]
    root, matrix = np.asarray(problem.root), end.jacobian
    weighting = root @ root.T
    se = np.array([targets[name].se for name in moment_names])
    misfit = (end.moments - np.asarray(problem.target)) / se
    verdict = judge(problem.space, end.natural, misfit, end.residual, root.T @ matrix)
    size = np.maximum(np.abs(end.natural), _SMALLEST)
    # Nothing agrees about an optimum that no start is known to have reached.
    agrees = [
        verdict.status is not Status.STOPPED and bool(np.max(np.abs(one.natural - end.natural) / size) < AGREEMENT)
        for one in end_points
    ]
    moment_se, estimate_se = _simulation_errors(problem, weighting, matrix, other_draws)
    errors, no_errors = standard_errors(problem, matrix, se, covariance, verdict)
    return Calibration(
        free=names,
        estimates=dict(zip(names, end.natural.tolist(), strict=True)),
        params=problem.parameters(jnp.asarray(end.natural)).as_dict(),
        targets={name: targets[name] for name in moment_names},
        fitted=dict(zip(moment_names, end.moments.tolist(), strict=True)),
        misfit=dict(zip(moment_names, misfit.tolist(), strict=True)),
        weighting=weighting,
        objective=end.objective,
        gradient_norm=float(np.max(np.abs(2 * end.slope.T @ end.residual))),
        removable_share=verdict.removable_share,
        remaining_step=remaining_step(end.residual, end.slope),
        jacobian=matrix,
        singular_values=np.linalg.svd(matrix / se[:, None] * size, compute_uv=False),
        standard_errors=errors,
        no_standard_errors=no_errors,
        status=verdict.status,
        at_bound=verdict.at_bound,
        starts=[
            StartResult(
                start=dict(zip(names, start.tolist(), strict=True)),
                estimates=dict(zip(names, one.natural.tolist(), strict=True)),
                objective=one.objective,
                agrees=agree,
            )
            for start, one, agree in zip(starts, end_points, agrees, strict=True)
        ],
        agreed=sum(agrees),
        trace=trace,
        income=problem.income,
        moment_simulation_se=moment_se,
        estimate_simulation_se=estimate_se,
        replications=len(other_draws),
    )


def best(end_points: Sequence[Point]) -> int:
    """Position of the end with the smallest objective."""
    return int(np.argmin([end.objective for end in end_points]))


def standard_errors(
    problem: Problem, matrix: np.ndarray, se: np.ndarray, covariance: np.ndarray | None, verdict: Verdict
) -> tuple[dict[str, dict[str, float]] | None, str]:
    """Standard errors of the estimates from those of the targets by kind, or None and why there are none."""
    names = problem.space.names
    if verdict.status is Status.STOPPED:
        return None, "the estimation has not converged"
    if verdict.at_bound:
        return None, f"the normal approximation does not hold at a bound, where {', '.join(verdict.at_bound)} is"
    weighting = np.asarray(problem.root @ problem.root.T)
    try:
        kinds = [independent(matrix, weighting, se, names=names), worst_case(matrix, weighting, se, names=names)]
        if covariance is not None:
            kinds.append(known_covariance(matrix, weighting, covariance, names=names))
    except IdentificationError as error:
        return None, str(error)
    return {each.kind.replace(" ", "_"): dict(zip(names, each.se.tolist(), strict=True)) for each in kinds}, ""


def _simulation_errors(
    problem: Problem, weighting: np.ndarray, matrix: np.ndarray, other_draws: Sequence[np.ndarray]
) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Standard deviations over other draws, of the moments and of the estimates they would give."""
    names = problem.moment_names
    noise = covariance_over_draws(other_draws, range(len(names)))
    if noise is None:
        return None, None
    moment_se = dict(zip(names, np.sqrt(np.diag(noise)).tolist(), strict=True))
    try:
        response = influence(matrix, weighting, problem.space.names)
    except IdentificationError:
        return moment_se, None
    spread = np.sqrt(np.diag(response @ noise @ response.T))
    return moment_se, dict(zip(problem.space.names, spread.tolist(), strict=True))

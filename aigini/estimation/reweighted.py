"""Estimation with weights that follow from first estimates, by the least-squares engine: see `weighting.reweight`."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from aigini.errors import EstimationError
from aigini.estimation.least_squares import LeastSquaresSettings, Objective, Point, begin, minimise
from aigini.estimation.other_draws import covariance as covariance_over_draws
from aigini.estimation.weighting import Reweighting, Weighting, reweight


def reweighted(
    weighting: Weighting | np.ndarray,
    objective: Objective,
    first: np.ndarray,
    on_other_draws: Callable[[np.ndarray], Sequence[np.ndarray]],
    covariance: np.ndarray | None,
    *,
    moments: Sequence[str],
    settings: LeastSquaresSettings,
) -> tuple[Reweighting, Point]:
    """Further rounds of estimation from the estimates of the first one, and the point where the last round ended.

    Args:
        weighting: ``"two_step"`` or ``"iterated"``.
        objective: The objective of the first round, in all free parameters.
        first: Estimates of the first round, natural units, ``[free]``.
        on_other_draws: From natural values, the moments on other draws of the population, ``[moments]`` each.
        covariance: S of the targets, ``[moments, moments]``.
        moments: Names of the targets, for messages.
        settings: When each search ends.

    Raises:
        EstimationError: if there is no covariance of the targets, or there are fewer than two other draws.
        IdentificationError: if S + Σ cannot be inverted.
    """
    end_points: list[Point] = []

    def estimate(weights: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        origin = objective.space.coordinates(dict(zip(objective.space.names, start.tolist(), strict=True)))
        at = dataclasses.replace(objective, root=np.linalg.cholesky(weights), origin=origin)
        end_points.append(minimise(at, begin(at, np.zeros(len(origin))), settings).point)
        return end_points[-1].natural, end_points[-1].jacobian

    def noise(natural: np.ndarray) -> np.ndarray:
        spread = covariance_over_draws(on_other_draws(natural), range(len(moments)))
        if spread is None:
            raise EstimationError("weights from first estimates need the moments on two other draws or more.")
        return spread

    first_weighting = objective.root @ objective.root.T
    sequence = reweight(weighting, first_weighting, first, estimate, noise, covariance, moments=moments)
    return sequence, end_points[-1]

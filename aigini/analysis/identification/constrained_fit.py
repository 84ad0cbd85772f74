"""Constrained searches, and the interval that follows from them: the parts that all profiles are made of.

A piece of a profile is what one search found: the criterion, the estimates, and whether the search came to its end. Its
criterion is None where the economy cannot be evaluated.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.stats import chi2

from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel, refit
from aigini.inference.intervals import Interval, profile_interval

LEVEL = 0.95
QUANTILE = float(chi2.ppf(LEVEL, 1))
"""Rise of the criterion that a profile interval allows."""

Piece = dict[str, Any]
"""``criterion``, ``estimates`` and ``converged`` of one search, plain numbers."""

_ROUNDS = 2  # of searches at both ends
_NEAR = 0.01  # of the quantile, difference of the criterion at what counts as an end of the interval


def constrained_search(model: EstimatedModel, start: Mapping[str, float], basis: np.ndarray) -> Piece:
    """The search from `start` along some moves only; a criterion of None where the economy cannot be evaluated."""
    values = model.space.impose(start)
    if not model.outcome_map.admits(values):
        return {"criterion": None, "estimates": {}, "converged": False}
    try:
        fit = refit(model, values, basis=basis)
    except AnalysisError:
        return {"criterion": None, "estimates": {}, "converged": False}
    estimates = {name: fit.values[name] for name in model.space.names}
    return {"criterion": fit.criterion, "estimates": estimates, "converged": fit.converged}


def height(piece: Mapping[str, Any]) -> float:
    """The criterion, infinite where there is no economy."""
    return math.inf if piece["criterion"] is None else piece["criterion"]


def at_estimates(model: EstimatedModel) -> Piece:
    """The piece of the estimates themselves."""
    estimates = {name: model.values[name] for name in model.space.names}
    return {"criterion": model.criterion, "estimates": estimates, "converged": True}


def read(
    searches: dict[float, Piece], search: Callable[[float], Piece], lowest: float, estimate: float
) -> tuple[np.ndarray, np.ndarray, Interval]:
    """Places, criterion and interval of a profile, after searches at the ends of the interval.

    Args:
        searches: Pieces by place; what is found at the ends is added.
        search: The piece at an end of the interval.
        lowest: Criterion at the estimates.
        estimate: Their place.

    Returns:
        Places in order ``[n]``, criterion there ``[n]``, and the interval.
    """
    for _ in range(_ROUNDS):
        _, _, interval = _interval(searches, lowest, estimate)
        for end in (interval.lower, interval.upper):
            if end is None:
                continue
            if abs(height(searches[nearest(searches, end)]) - lowest - QUANTILE) > _NEAR * QUANTILE:
                piece = search(end)
                searches |= {end: piece} if piece["criterion"] is not None else {}
    return _interval(searches, lowest, estimate)


def nearest(searches: Mapping[float, Mapping[str, Any]], position: float) -> float:
    """The place with an economy that is nearest."""
    return min((at for at in searches if searches[at]["criterion"] is not None), key=lambda at: abs(at - position))


def _interval(
    searches: Mapping[float, Piece], lowest: float, estimate: float
) -> tuple[np.ndarray, np.ndarray, Interval]:
    positions = np.array(sorted(searches))
    criterion = np.array([searches[position]["criterion"] for position in positions], float)
    known = np.isfinite(criterion)
    if known.sum() < 3:
        return positions, criterion, Interval(None, None, LEVEL, "profile")
    return (
        positions,
        criterion,
        profile_interval(positions[known], criterion[known], minimum=lowest, estimate=estimate, level=LEVEL),
    )

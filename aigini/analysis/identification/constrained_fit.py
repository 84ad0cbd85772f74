"""Constrained searches, and the interval that follows from them: the parts that all profiles are made of."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel, refit
from aigini.inference.intervals import Interval, profile_interval

LEVEL = 0.95
QUANTILE = float(chi2.ppf(LEVEL, 1))
"""Rise of the criterion that a profile interval allows."""

_ROUNDS = 2  # of searches at both ends
_NEAR = 0.01  # of the quantile, difference of the criterion at what counts as an end of the interval


class ConstrainedFit(NamedTuple):
    """The end of one constrained search.

    Attributes:
        criterion: (m - m̂)' W (m - m̂); infinite where the economy cannot be evaluated.
        estimates: The free parameters by name; empty where the economy cannot be evaluated.
        converged: True if the search came to its end.
    """

    criterion: float
    estimates: Mapping[str, float]
    converged: bool

    @property
    def exists(self) -> bool:
        """True if the economy can be evaluated there."""
        return math.isfinite(self.criterion)


_NO_ECONOMY = ConstrainedFit(math.inf, {}, converged=False)


def constrained_search(model: EstimatedModel, start: Mapping[str, float], basis: np.ndarray) -> ConstrainedFit:
    """The search from `start` along some moves only."""
    values = model.space.impose(start)
    if not model.outcome_map.admits(values):
        return _NO_ECONOMY
    try:
        fit = refit(model, values, basis=basis)
    except AnalysisError:
        return _NO_ECONOMY
    return ConstrainedFit(fit.criterion, {name: fit.values[name] for name in model.space.names}, fit.converged)


def at_estimates(model: EstimatedModel) -> ConstrainedFit:
    """The estimates themselves, to which no search is needed."""
    return ConstrainedFit(model.criterion, {name: model.values[name] for name in model.space.names}, converged=True)


def read(
    searches: dict[float, ConstrainedFit], search: Callable[[float], ConstrainedFit], lowest: float, estimate: float
) -> tuple[np.ndarray, np.ndarray, Interval]:
    """Positions, criterion and interval of a profile, after searches at the ends of the interval.

    Args:
        searches: Searches by position; those at the ends are added.
        search: Searches at an end of the interval.
        lowest: Criterion at the estimates.
        estimate: Their position.

    Returns:
        Positions in order ``[n]``, criterion there ``[n]``, not a number where there is none, and the interval.
    """
    for _ in range(_ROUNDS):
        _, _, interval = _interval(searches, lowest, estimate)
        for end in (interval.lower, interval.upper):
            if end is None:
                continue
            if abs(searches[nearest(searches, end)].criterion - lowest - QUANTILE) > _NEAR * QUANTILE:
                fit = search(end)
                searches |= {end: fit} if fit.exists else {}
    return _interval(searches, lowest, estimate)


def nearest(searches: Mapping[float, ConstrainedFit], position: float) -> float:
    """The nearest position with an economy."""
    return min((at for at in searches if searches[at].exists), key=lambda at: abs(at - position))


def _interval(
    searches: Mapping[float, ConstrainedFit], lowest: float, estimate: float
) -> tuple[np.ndarray, np.ndarray, Interval]:
    positions = np.array(sorted(searches))
    known = np.array([searches[position].exists for position in positions])
    criterion = np.where(known, [searches[position].criterion for position in positions], np.nan)
    if known.sum() < 3:
        return positions, criterion, Interval(None, None, LEVEL, "profile")
    return (
        positions,
        criterion,
        profile_interval(positions[known], criterion[known], minimum=lowest, estimate=estimate, level=LEVEL),
    )

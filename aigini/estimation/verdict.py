"""The verdict on the end of an estimation: one judgement for a calibration and for every re-estimation."""

import dataclasses
import enum
from collections.abc import Mapping

import numpy as np

from aigini.estimation.convergence import FIT_TOLERANCE, REACH, STATIONARY, removable_share, removable_share_within
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS

_NEAR = 1e-3  # of the width between the bounds, or of the baseline: a parameter that is nearer to a bound is at it
_FAR = 1e3  # baselines: a parameter without a bound that is further from zero has run off


class Status(enum.Enum):
    """Ends of an estimation. `Calibration.message` adds by how much targets are missed and what follows from that."""

    FITTED = f"every target is met to within {FIT_TOLERANCE:g} of its standard error"
    MINIMUM = "no small change of the free parameters improves the fit, and not every target is met"
    AT_BOUND = "a parameter ran to its bound, no change of the others improves the fit, and not every target is met"
    STOPPED = (
        "not converged: the search ended before it reached a minimum, so nothing follows about what the economy can"
        " reach"
    )

    def estimates(self, *, targets: int, free: int) -> bool:
        """True for estimates: targets met, or a minimum inside the bounds where there are more targets than parameters.

        Args:
            targets: Number of targets.
            free: Number of free parameters.
        """
        return self is Status.FITTED or (self is Status.MINIMUM and targets > free)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The end of an estimation, and the conditions that it was judged by.

    Attributes:
        status: The verdict.
        removable_share: Part of the length of the weighted misfit that the free parameters could still remove within
            their bounds, to first order; with no parameter at a bound, by moves of at most `REACH` in logs or log odds.
        at_bound: Free parameters at a bound, with the bound.
    """

    status: Status
    removable_share: float
    at_bound: Mapping[str, float]


def judge(
    space: ParameterSpace, natural: np.ndarray, misfit: np.ndarray, residual: np.ndarray, slope: np.ndarray
) -> Verdict:
    """The verdict on where an estimation ended.

    Args:
        space: Free parameters and bounds.
        natural: Their values, ``[free]``.
        misfit: (fitted - target) / s.e., ``[moments]``.
        residual: Weighted misfit L'(m(θ) - m̂), ``[moments]``.
        slope: Its derivatives in natural parameters, ``[moments, free]``.
    """
    at_bound = parameters_at_bound(space, natural)
    share = removable_within_bounds(space, residual, slope, at_bound)
    if not at_bound:
        values = dict(zip(space.names, natural.tolist(), strict=True))
        share = min(share, removable_share_within(residual, slope * space.stretch(space.coordinates(values)), REACH))
    return Verdict(status_of(misfit, share, at_bound), share, at_bound)


def status_of(misfit: np.ndarray, share: float, at_bound: Mapping[str, float]) -> Status:
    """The verdict, from misfits in standard errors, the removable share and the parameters at a bound."""
    if np.max(np.abs(misfit)) < FIT_TOLERANCE:
        return Status.FITTED
    if not share <= STATIONARY:
        return Status.STOPPED
    return Status.AT_BOUND if at_bound else Status.MINIMUM


def parameters_at_bound(space: ParameterSpace, natural: np.ndarray) -> dict[str, float]:
    """The free parameters at a bound, or far off towards one that is infinite, with the bound."""
    bounds = {}
    for name, value in zip(space.names, natural.tolist(), strict=True):
        low, high = space.bounds(name)
        scale = high - low if np.isfinite(high - low) else max(abs(SPECS[name].default), _NEAR)
        if value - low < _NEAR * scale or value < -_FAR * scale:
            bounds[name] = low
        elif high - value < _NEAR * scale or value > _FAR * scale:
            bounds[name] = high
    return bounds


def removable_within_bounds(
    space: ParameterSpace, residual: np.ndarray, slope: np.ndarray, at_bound: Mapping[str, float]
) -> float:
    """The removable share, see `aigini.estimation.convergence`, where no parameter may move beyond its bound."""
    descent = -slope.T @ residual
    moves = [
        name not in at_bound or (direction > 0) == (at_bound[name] == space.bounds(name)[0])
        for name, direction in zip(space.names, descent, strict=True)
    ]
    return removable_share(residual, slope[:, moves])

"""Profiles: the fit that remains when a parameter, or a mix of them, is fixed away from its estimate.

The weakest direction is the last of `aigini.inference.identification`: the mix of relative changes that moves the
moments least. Far from the estimates a relative change means x = (u - û) (dθ/du) / |θ̂| with u the parameter on its
unconstrained scale, which is the log of θ/θ̂ for a parameter that must be positive, and keeps within bounds otherwise.
The projection of x on the direction is fixed at an offset, and the criterion is minimised over all that is orthogonal.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from aigini.analysis.identification.constrained_fit import (
    QUANTILE,
    ConstrainedFit,
    at_estimates,
    constrained_search,
    nearest,
    read,
)
from aigini.estimation.estimated_model import EstimatedModel
from aigini.inference.identification import Identification, describe_direction
from aigini.inference.intervals import Interval
from aigini.runtime.progress import report

RISES = "rises past the quantile"
LOST = "the economy cannot be evaluated further out"

_LADDER = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # rungs on each side, of a unit
_REACH = 2.5  # standard errors on the unconstrained scale, the unit of a parameter
_FURTHEST = 3.0  # log units or log odds, the largest unit of a parameter and where its later rungs end
_LARGEST = 1.0  # relative change, the largest unit of a direction
_AT_BOUND = 1e-2  # of the distance from a bound to the estimate, left where a parameter counts as having reached it


@dataclasses.dataclass(frozen=True)
class Profile:
    """The profile of one parameter.

    Attributes:
        parameter: Its name.
        values: Values at which it was fixed, the estimate among them, ``[n]``.
        criterion: (m - m̂)' W (m - m̂) at the best values of the others, NaN where the economy could not be evaluated,
            ``[n]``.
        interval: Where the criterion has risen by less than the χ²(1) quantile; None for an end beyond `values`.
        converged: True where the search converged; elsewhere the criterion is an upper bound, ``[n]``.
        estimates: Each free parameter there, NaN where the economy could not be evaluated, ``[n]``.
        simulation_se: Simulation standard errors of both ends of the interval; None where they are not known.
    """

    parameter: str
    values: np.ndarray
    criterion: np.ndarray
    interval: Interval
    converged: np.ndarray | None = None
    estimates: Mapping[str, np.ndarray] | None = None
    simulation_se: tuple[float | None, float | None] = (None, None)


@dataclasses.dataclass(frozen=True)
class DirectionProfile:
    """The profile along a direction of the free parameters.

    Attributes:
        direction: The direction in words.
        vector: Relative change of each free parameter along it, of length 1.
        offsets: Values at which the projection of the relative changes was fixed, 0 among them, increasing, ``[n]``.
        criterion: (m - m̂)' W (m - m̂) at the best parameters there, ``[n]``.
        values: Each free parameter there, ``[n]``.
        converged: True where the search converged; elsewhere the criterion is an upper bound, ``[n]``.
        curvature: Rise of the criterion, to first order of the moments, over the square of the offset.
        interval: Offsets where it has risen by less than the χ²(1) quantile; None for an end that is open.
        ends: Why nothing was computed below the first and above the last offset.
        simulation_se: Simulation standard errors of both ends of the interval; None where they are not known.
    """

    direction: str
    vector: Mapping[str, float]
    offsets: np.ndarray
    criterion: np.ndarray
    values: Mapping[str, np.ndarray]
    converged: np.ndarray
    curvature: float
    interval: Interval
    ends: tuple[str, str]
    simulation_se: tuple[float | None, float | None] = (None, None)

    @property
    def leading(self) -> str:
        """The parameter that changes most along the direction, relative to its size."""
        return max(self.vector, key=lambda name: abs(self.vector[name]))

    def __str__(self) -> str:
        path = self.values[self.leading]
        sides = []
        limits, errors = (self.interval.lower, self.interval.upper), self.simulation_se
        for end, last, reason, error in zip(limits, (0, -1), self.ends, errors, strict=True):
            if end is None:
                sides.append(f"open at {self.leading} = {path[last]:.4g} ({reason})")
            else:
                slope = float(np.abs(np.interp(end, self.offsets, np.gradient(path, self.offsets))))
                moved = "n/a" if error is None else format(slope * error, ".2g")
                sides.append(f"{self.leading} = {np.interp(end, self.offsets, path):.4g} ± {moved}")
        return f"profile of the weakest direction ({self.direction}): 95 % from {sides[0]} to {sides[1]}"


def profile(model: EstimatedModel, parameter: str, se: float) -> Profile:
    """Hold a free parameter at values on both sides of its estimate and estimate the others again.

    Args:
        model: The economy at its estimates; its weighting must be the inverse covariance of the targets.
        parameter: A free parameter.
        se: Its standard error, which sets how far the profile reaches.
    """
    space = model.space.over((parameter,))
    estimate = model.values[parameter]
    centre = space.coordinates(model.values)
    reach = min(_REACH * se / abs(float(space.stretch(centre)[0])), _FURTHEST)
    others = np.delete(np.eye(len(model.space.names)), model.space.names.index(parameter), axis=1)
    steps = [reach * share for share in _LADDER if share <= 1 or reach * share <= _FURTHEST]
    part, total, enough = f"profile of {parameter}", 2 * len(steps), QUANTILE + model.criterion
    searches = {estimate: at_estimates(model)}
    for side, sign in enumerate((-1.0, 1.0)):
        start, path = dict(model.values), [estimate]
        for number, step in enumerate(steps):
            value = space.values(model.values, centre + sign * step)[parameter]
            searches[value] = constrained_search(model, {**start, parameter: value}, others)
            report(part, side * len(steps) + number + 1, total)
            path.append(value)
            start |= searches[value].estimates
            if searches[value].criterion > enough:
                break
        # A profile that falls on the way out was stuck further in: search there again, from further out.
        for number in range(len(path) - 2, 0, -1):
            value, outer = path[number], searches[path[number + 1]]
            if outer.criterion < searches[value].criterion:
                again = constrained_search(model, {**model.values, **outer.estimates, parameter: value}, others)
                searches[value] = min(again, searches[value], key=lambda fit: fit.criterion)

    def search(end: float) -> ConstrainedFit:
        start = {**model.values, **searches[nearest(searches, end)].estimates, parameter: end}
        return constrained_search(model, start, others)

    values, criterion, interval = read(searches, search, model.criterion, estimate)
    converged = np.array([searches[value].converged for value in values], bool)
    estimates = {
        name: np.array([searches[value].estimates.get(name, np.nan) for value in values]) for name in model.space.names
    }
    return Profile(parameter, values, criterion, interval, converged=converged, estimates=estimates)


def direction_profile(model: EstimatedModel, identified: Identification) -> DirectionProfile:
    """Profile the criterion along the weakest direction of the free parameters.

    On each side it ends where the criterion has passed the quantile, a parameter has reached a bound, the economy
    cannot be evaluated, or the relative changes have length four.

    Args:
        model: The economy at its estimates; its weighting must be the inverse covariance of the targets.
        identified: Directions at the estimates.
    """
    frame = _Frame(model, identified.directions[-1])
    unit = min(math.sqrt(QUANTILE / frame.curvature), _LARGEST) if frame.curvature > 0 else _LARGEST
    steps = [unit * share for share in _LADDER]
    rungs: dict[float, ConstrainedFit] = {0.0: at_estimates(model)}
    part, outermost = "profile of the weakest direction", []
    for side, sign in enumerate((-1.0, 1.0)):
        across, end = np.zeros(len(frame.names) - 1), f"followed to an offset of {sign * steps[-1]:.3g}"
        for number, step in enumerate(steps):
            fit = frame.search(sign * step, across)
            report(part, side * len(steps) + number + 1, 2 * len(steps))
            if not fit.exists:
                end = LOST
                break
            rungs[sign * step] = fit
            across = frame.across(fit.estimates)
            if fit.criterion > QUANTILE + model.criterion:
                end = RISES
                break
            if (name := frame.at_bound(fit.estimates)) is not None:
                end = f"{name} reaches its bound"
                break
        outermost.append(end)

    def search(end: float) -> ConstrainedFit:
        start = frame.across(rungs[nearest(rungs, end)].estimates)
        return frame.search(end, start)

    offsets, criterion, interval = read(rungs, search, model.criterion, 0.0)
    return DirectionProfile(
        direction=describe_direction(frame.vector, frame.names),
        vector=dict(zip(frame.names, frame.vector.tolist(), strict=True)),
        offsets=offsets,
        criterion=criterion,
        values={name: np.array([rungs[offset].estimates[name] for offset in offsets]) for name in frame.names},
        converged=np.array([rungs[offset].converged for offset in offsets], bool),
        curvature=frame.curvature,
        interval=interval,
        ends=(outermost[0], outermost[1]),
    )


class _Frame:
    """Relative changes of the free parameters, split into those along a direction and those across it."""

    def __init__(self, model: EstimatedModel, direction: np.ndarray) -> None:
        self.model, self.names = model, model.space.names
        # A direction has no sign: its largest entry points upwards, as in words.
        self.vector = direction * np.sign(direction[np.argmax(np.abs(direction))])
        self.rest = np.linalg.svd(self.vector[None, :])[2][1:].T
        self.centre = model.space.coordinates(model.values)
        self.size = np.abs(model.estimates) / model.space.stretch(self.centre)
        root = np.linalg.cholesky(model.weighting)
        matrix = root.T @ model.moment_jacobian * np.abs(model.estimates)
        along, rest = matrix @ self.vector, matrix @ self.rest
        left = along - rest @ np.linalg.lstsq(rest, along)[0] if rest.size else along
        self.curvature = float(left @ left)

    def across(self, values: Mapping[str, float]) -> np.ndarray:
        """The part of a move to `values` that is across the direction, ``[free - 1]``."""
        return self.rest.T @ ((self.model.space.coordinates(values) - self.centre) / self.size)

    def search(self, offset: float, across: np.ndarray) -> ConstrainedFit:
        """The best parameters at an offset along the direction, searched from a move across it."""
        position = self.centre + self.size * (offset * self.vector + self.rest @ across)
        start = self.model.space.values(self.model.values, position)
        return constrained_search(self.model, start, self.size[:, None] * self.rest)

    def at_bound(self, values: Mapping[str, float]) -> str | None:
        """A parameter that has reached a bound."""
        for name in self.names:
            for bound in self.model.space.bounds(name):
                if abs(values[name] - bound) < _AT_BOUND * abs(self.model.values[name] - bound) < np.inf:
                    return name
        return None

"""Simulation errors of the ends of profile intervals.

At an end the profile passes the quantile. On another draw the criterion there is another one; the other parameters are
at their best on the first draw, so that searching them again would change it to second order only (envelope theorem).
The end moves by the rise of the criterion above its minimum over the slope of the profile.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from aigini.analysis.identification.constrained_fit import QUANTILE
from aigini.analysis.identification.profile import DirectionProfile, Profile
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import OtherDraws, error_at, spread
from aigini.estimation.outcome_map import TILE
from aigini.inference.intervals import Interval

Errors = tuple[float | None, float | None]


def profile_errors(
    model: EstimatedModel, profiles: Sequence[Profile], weakest: DirectionProfile | None, others: OtherDraws
) -> tuple[tuple[Profile, ...], DirectionProfile | None]:
    """Profiles with the simulation standard errors of their ends.

    Args:
        model: The model that was profiled, with its weights.
        profiles: Profiles of parameters.
        weakest: Profile along a direction.
        others: The other draws.
    """
    limits: list[tuple[int, int, dict[str, float], float]] = []
    every = [*profiles, *([] if weakest is None else [weakest])]
    for k, one in enumerate(every):
        at = one.offsets if isinstance(one, DirectionProfile) else one.values
        paths = one.values if isinstance(one, DirectionProfile) else one.estimates
        for side, end in enumerate((one.interval.lower, one.interval.upper)):
            if end is not None and paths is not None:
                limits.append((k, side, _economy(model, at, paths, one.criterion, end), _slope(model, at, one, end)))
    se_of: list[list[float | None]] = [[None, None] for _ in every]
    if limits:
        points = [values for _, _, values, _ in limits]
        rises = others.repeat("ends of profiles on other draws", lambda other: _rises(model, other, points))
        errors = spread(rises)
        for position, (k, side, _, slope) in enumerate(limits):
            error = error_at(errors, position)
            se_of[k][side] = None if error is None or slope == 0 else error / abs(slope)
    done = [dataclasses.replace(one, simulation_se=(low, high)) for one, (low, high) in zip(every, se_of, strict=True)]
    return tuple(one for one in done if isinstance(one, Profile)), next(
        (one for one in done if isinstance(one, DirectionProfile)), None
    )


def with_errors(interval: Interval, errors: Errors) -> str:
    """An interval with the simulation standard errors of its ends."""
    limits = (
        "open" if end is None else f"{end:.4g} ± {'n/a' if error is None else format(error, '.2g')}"
        for end, error in zip((interval.lower, interval.upper), errors, strict=True)
    )
    return f"[{', '.join(limits)}] ({100 * interval.level:g}%, {interval.kind})"


def _economy(
    model: EstimatedModel, at: np.ndarray, paths: Mapping[str, np.ndarray], criterion: np.ndarray, end: float
) -> dict[str, float]:
    """The economy of the profile that is nearest to an end; searches were made there."""
    near = int(np.argmin(np.where(np.isfinite(criterion), np.abs(at - end), np.inf)))
    return model.space.impose({**model.values, **{name: float(path[near]) for name, path in paths.items()}})


def _slope(model: EstimatedModel, at: np.ndarray, one: Profile | DirectionProfile, end: float) -> float:
    """Slope of the profile where it passes the quantile, from the signed root that the interval is read from."""
    known = np.isfinite(one.criterion)
    centre = 0.0 if isinstance(one, DirectionProfile) else model.values[one.parameter]
    rise = np.sqrt(np.maximum(one.criterion[known] - model.criterion, 0.0))
    curve = PchipInterpolator(at[known], np.where(at[known] < centre, -rise, rise))
    return 2 * np.sqrt(QUANTILE) * float(curve(end, 1))


def _rises(model: EstimatedModel, other: EstimatedModel, points: Sequence[Mapping[str, float]]) -> list[float]:
    """Criterion at some economies above its minimum, on another draw."""
    outcomes = np.concatenate([other.outcome_map.values(points[i : i + TILE]) for i in range(0, len(points), TILE)])
    misfit = outcomes[:, list(model.rows)] - model.target
    lowest = dataclasses.replace(other, weighting=model.weighting).criterion
    return (np.einsum("pm,mn,pn->p", misfit, model.weighting, misfit) - lowest).tolist()

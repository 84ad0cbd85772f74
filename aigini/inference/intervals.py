"""Confidence intervals of one parameter that respect its bounds."""

import dataclasses
import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.stats import norm

from aigini.errors import EstimationError
from aigini.inference import checks

# Rounding by which the criterion on a grid may fall below its minimum, relative to the larger of that and one.
ROUNDING = 1e-8


@dataclasses.dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        lower: Lower end, in units of the parameter; None if no end was found on this side.
        upper: Upper end, likewise.
        level: Coverage, between 0 and 1.
        kind: The method.
    """

    lower: float | None
    upper: float | None
    level: float
    kind: Literal["delta method", "profile"]

    def __str__(self) -> str:
        lower, upper = ("open" if end is None else f"{end:.6g}" for end in (self.lower, self.upper))
        return f"[{lower}, {upper}] ({100 * self.level:g}%, {self.kind})"


def delta_interval(
    estimate: float,
    se: float,
    *,
    to_unconstrained: Callable[[float], float],
    from_unconstrained: Callable[[float], float],
    slope: float,
    level: float = 0.95,
) -> Interval:
    """Interval that is symmetric on an unconstrained scale, and so lies within the bounds of the parameter.

    With u a bijection from the allowed values to the real line, the ends are u⁻¹(u(θ̂) ± z s.e. |u'(θ̂)|). The standard
    error may be of any kind; with that of the worst case the coverage is at least `level`. An end that overflows is
    None.

    Args:
        estimate: θ̂, strictly inside its bounds.
        se: Its standard error, in the same units; not negative.
        to_unconstrained: u.
        from_unconstrained: Inverse of u.
        slope: u'(θ̂), not zero.
        level: Coverage, between 0 and 1.

    Raises:
        ValueError: if the level, the standard error or the slope is out of range.
        EstimationError: if u(θ̂) is not finite, as at a bound, or the inverse of u gives no number.
    """
    _check_level(level)
    if not (math.isfinite(se) and se >= 0):
        raise ValueError(f"se = {se} must be a finite number that is not negative.")
    if not (math.isfinite(slope) and slope != 0):
        raise ValueError(f"slope = {slope} must be the finite, nonzero derivative of to_unconstrained at the estimate.")
    centre = float(to_unconstrained(estimate))
    if not math.isfinite(centre):
        raise EstimationError(
            f"The estimate {estimate:g} is {centre} on the unconstrained scale, so it lies at a bound, where the delta"
            " method does not hold; report a profile interval instead."
        )
    half = float(norm.isf((1 - level) / 2)) * se * abs(slope)
    bounds = [float(from_unconstrained(centre - half)), float(from_unconstrained(centre + half))]
    if any(math.isnan(end) for end in bounds):
        raise EstimationError(
            f"from_unconstrained({centre:g} ± {half:g}) is not a number; check the pair of functions."
        )
    lower, upper = (None if math.isinf(end) else end for end in sorted(bounds))
    return Interval(lower, upper, level, "delta method")


def profile_interval(
    grid_values: np.ndarray,
    criterion_values: np.ndarray,
    *,
    minimum: float,
    estimate: float | None = None,
    level: float = 0.95,
) -> Interval:
    """Values of a parameter whose profile criterion exceeds the minimum by no more than the χ²(1) quantile.

    The criterion is (m(θ) - m̂)' W (m(θ) - m̂), minimised over the other parameters. The interval is valid only where W
    is the inverse covariance of m̂ - m(θ): then, and not otherwise, the rise of the criterion is χ²(1). Source: Newey
    and West, International Economic Review 28 (1987).

    What is interpolated is the signed root of the rise, which is linear where the criterion is quadratic, by monotone
    cubics (Fritsch and Carlson, SIAM Journal on Numerical Analysis 17, 1980). If the criterion crosses the quantile
    more than once on a side, the outermost crossing is the end, so that the interval covers every accepted value.

    Args:
        grid_values: Increasing values of the parameter, at least three, ``[n]``.
        criterion_values: Profile criterion at each, ``[n]``.
        minimum: Smallest value of the criterion.
        estimate: Where it is attained; the lowest point of the grid by default.
        level: Coverage, between 0 and 1.

    Returns:
        The interval, with None for an end beyond the grid.

    Raises:
        ValueError: if shapes differ, an entry is not finite, the grid is not increasing or has fewer than three points,
            or the level is out of range.
        EstimationError: if the criterion falls below `minimum` on the grid.
    """
    _check_level(level)
    grid = checks.vector("grid_values", grid_values)
    criterion = checks.vector("criterion_values", criterion_values, len(grid))
    if len(grid) < 3 or (np.diff(grid) <= 0).any():
        raise ValueError(f"grid_values must be at least three increasing numbers, not {grid}.")
    lowest = int(np.argmin(criterion))
    centre = float(grid[lowest]) if estimate is None else estimate
    if not (math.isfinite(minimum) and math.isfinite(centre)):
        raise ValueError(f"minimum = {minimum} and estimate = {estimate} must be finite numbers.")
    if criterion[lowest] < minimum - ROUNDING * max(abs(minimum), 1.0):
        raise EstimationError(
            f"The profile criterion is {criterion[lowest]:.9g} at {grid[lowest]:g}, below the given minimum"
            f" {minimum:.9g}; estimate again from there."
        )
    rise = np.sqrt(np.maximum(criterion - minimum, 0.0))
    if estimate is not None:
        at = int(np.searchsorted(grid, centre))
        if at < len(grid) and grid[at] == centre:
            rise[at] = 0.0
        else:
            grid, rise = np.insert(grid, at, centre), np.insert(rise, at, 0.0)
    quantile = float(norm.isf((1 - level) / 2))
    return Interval(
        lower=_crossing(-grid[::-1], rise[::-1], -centre, quantile, sign=-1),
        upper=_crossing(grid, rise, centre, quantile, sign=1),
        level=level,
        kind="profile",
    )


def _crossing(grid: np.ndarray, rise: np.ndarray, centre: float, quantile: float, sign: int) -> float | None:
    """The outermost point above `centre` where the rise crosses `quantile`, times `sign`; None if it ends below."""
    if grid[-1] <= centre or rise[-1] <= quantile:
        return None
    inside = int(np.flatnonzero((rise <= quantile) & (grid >= centre))[-1])
    curve = PchipInterpolator(grid, np.where(grid < centre, -rise, rise))
    start, width = float(grid[inside]), float(grid[inside + 1] - grid[inside])
    share = brentq(lambda part: float(curve(start + part * width)) - quantile, 0.0, 1.0, xtol=1e-13)
    return sign * (start + width * float(share))  # pyright: ignore[reportArgumentType]


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level = {level} is not between 0 and 1; for 95% give 0.95.")

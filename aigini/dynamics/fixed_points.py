"""All fixed points of the map of the long run on an interval, found with certainty, with their stability.

The map is F(V) = ρ(V)² V + ν² with ρ(V) = 1 - μ + g (1 - ξ(V)), ξ(V) = ξ [1 - ω s(x)], s = sigmoid and
x = (G(V) - G_c)/w_c. A breadth-first bisection keeps the intervals [a, b] that may hold a zero of f(V) = F(V) - V:

1. F increases, so F(a) - b ≤ f ≤ F(b) - a on [a, b]; and with f' between p and q, f lies within
   f(m) ± max(|p|, |q|) (b - a)/2 of its value in the middle m. Where either excludes zero, the interval has no root.
2. F'(V) = ρ² + 2 ρ k · s(1 - s) · h, k = g ξ ω / w_c, h(V) = V G'(V) = ψ sqrt(V) exp(-ψ² V/4) / (2 sqrt(π)). All
   factors are non-negative; ρ increases, s(1 - s) has one peak, 1/4 where G = G_c, and h has one, at V = 2/ψ². So the
   smallest and the largest of each factor on [a, b] are at its ends or at the peak, and their products bound F'.
3. Where f' has one sign, there is exactly one root if f has opposite signs at the ends, and none otherwise.

Every comparison has a margin above the rounding errors of its terms (`MapBounds.slack`: 32 units of rounding for each,
in G multiplied by the slope 1/(4 w_c) of the sigmoid). Intervals that are still undecided at 1e-8 of their V hold a
fold to that precision, or two roots that close, and are reported as a point that is not certified.

Below σ_K² there is no root: with ρ ≥ 1 - μ, F(V) ≥ (1 - μ)² V + ν² > V there.
"""

import dataclasses
from typing import ClassVar, SupportsFloat

import numpy as np
from scipy.optimize import brentq
from scipy.special import erf

from aigini.dynamics.map_bounds import ROUNDING, MapBounds, map_bounds
from aigini.dynamics.specs import MAP_PARAMETERS, require_map
from aigini.errors import AnalysisError
from aigini.tables import Column, Table, Tabular

_FIRST = 48
"""Intervals that the bisection begins with."""
_NARROW = 1e-8
_ROUNDS = 60


@dataclasses.dataclass(frozen=True)
class FixedPoints(Tabular):
    """The fixed points of the map of the long run on an interval, in ascending order.

    Attributes:
        points: V, variance of log assets, ``[points]``.
        multipliers: F'(V), ``[points]``.
        stable: True where |F'| < 1, ``[points]``.
        certified: True where exactly one fixed point is proven to lie at the point, ``[points]``.
        asset_gini: G(V), ``[points]``.
        bargaining: ξ(V), ``[points]``.
        multiple: ρ(V), ``[points]``.
        upper: Upper end of the interval.
        complete: True if no other fixed point on the interval is possible.
        explosive: True if V grows without limit from `explosive_from` on.
        explosive_from: The variance above which it does; None where it does nowhere.
        reason: The account of the long run in words.
    """

    units: ClassVar[dict[str, str]] = {
        "points": "variance of log assets, squared log points",
        "multipliers": "yearly multiple of a small distance to the point",
        "asset_gini": "Gini of capital over firms, 0 to 1",
        "bargaining": "workers' share of quasi-rents, 0 to 1",
        "multiple": "yearly multiple of log assets",
    }

    points: np.ndarray
    multipliers: np.ndarray
    stable: np.ndarray
    certified: np.ndarray
    asset_gini: np.ndarray
    bargaining: np.ndarray
    multiple: np.ndarray
    upper: float
    complete: bool
    explosive: bool
    explosive_from: float | None
    reason: str

    @property
    def boundary(self) -> float | None:
        """The unstable point between two stable ones, which separates their basins; None where there are no two."""
        stable = np.flatnonzero(self.stable)
        between = self.points[stable[0] + 1 : stable[-1]] if len(stable) > 1 else []
        return float(between[0]) if len(between) else None

    @property
    def names(self) -> list[str]:
        """The regime at each point: the lower of two stable ones is labour-strong, the upper asset-dominated."""
        stable = np.flatnonzero(self.stable)
        if len(stable) < 2:
            return ["stable" if one else "unstable" for one in self.stable]
        named = dict.fromkeys(stable.tolist(), "stable") | {stable[0]: "labour-strong", stable[-1]: "asset-dominated"}
        return [named.get(k, "unstable") for k in range(len(self.points))]

    def table(self) -> Table:
        """The points with their multipliers, concentration and bargaining."""
        return Table(
            (
                Column("regime", self.names),
                Column("V", self.points, ".6g"),
                Column("multiplier", self.multipliers, ".6f"),
                Column("asset Gini", self.asset_gini, ".4f"),
                Column("ξ there", self.bargaining, ".4f"),
                Column("ρ", self.multiple, ".6f"),
                Column("certified", ["yes" if one else "no" for one in self.certified]),
            )
        )

    def __str__(self) -> str:
        return f"{self.table()}\n{self.reason}" if len(self.points) else self.reason


def long_run_fixed_points(
    *,
    xi: SupportsFloat,
    growth: SupportsFloat,
    bargaining_erosion: SupportsFloat,
    erosion_midpoint: SupportsFloat,
    erosion_width: SupportsFloat,
    asset_reversion: SupportsFloat,
    asset_sd: SupportsFloat,
    psi: SupportsFloat,
    upper: SupportsFloat = 400.0,
) -> FixedPoints:
    """All fixed points of V' = ρ(V)² V + ν² with V up to `upper`, with certainty.

    Args:
        xi: ξ, workers' share of quasi-rents before erosion.
        growth: χ q_A, reinvested proprietary rents per year where owners have all of them.
        bargaining_erosion: ω.
        erosion_midpoint: G_c.
        erosion_width: w_c.
        asset_reversion: μ.
        asset_sd: σ_K.
        psi: ψ.
        upper: Upper end of the interval, variance of log assets.

    Raises:
        ParameterError: listing every number that is outside its bounds.
        AnalysisError: if the interval ends below σ_K², where fixed points begin.
    """
    names = (*MAP_PARAMETERS, "growth", "upper")
    numbers = (xi, bargaining_erosion, erosion_midpoint, erosion_width, asset_reversion, asset_sd, psi, growth, upper)
    values = {name: float(number) for name, number in zip(names, numbers, strict=True)}
    growth, upper = values.pop("growth"), values.pop("upper")
    require_map(values, growth)
    lowest = values["asset_sd"] ** 2
    if not lowest < upper < np.inf:
        raise AnalysisError(
            f"upper = {upper:g}: the interval is reversed or has no end, as fixed points begin at asset_sd² ="
            f" {lowest:g}; give a finite number above it."
        )
    bounds = map_bounds(values, growth)
    sure, unsure = _isolate(bounds, lowest / 2, upper)
    points = [(_polished(bounds, a, b), True) for a, b in sure]
    points += [(_lowest_distance(bounds, a, b), False) for a, b in unsure]
    points.sort()
    at, certified = np.array([v for v, _ in points]), np.array([one for _, one in points], bool)
    multipliers = bounds.derivative(at)
    explosive = bounds.multiple(np.array([upper])).item() >= 1
    above = _explosive_from(at, explosive)
    return FixedPoints(
        points=at,
        multipliers=multipliers,
        stable=np.abs(multipliers) < 1,
        certified=certified,
        asset_gini=erf(bounds.psi * np.sqrt(at) / 2),
        bargaining=bounds.bargaining(at),
        multiple=bounds.multiple(at),
        upper=upper,
        complete=not unsure,
        explosive=above is not None,
        explosive_from=above,
        reason=_reason(bounds, at, certified, upper, above),
    )


_Intervals = list[tuple[float, float]]


def _isolate(bounds: MapBounds, lower: float, upper: float) -> tuple[_Intervals, _Intervals]:
    """Intervals with exactly one root each, and those that are undecided, neighbours of which are put together."""
    edges = np.geomspace(lower, upper, _FIRST + 1)
    edges[0], edges[-1] = lower, upper
    a, b = edges[:-1], edges[1:]
    sure: _Intervals = []
    narrow: _Intervals = []
    for _ in range(_ROUNDS):
        low, high = bounds.slope(a, b)
        at_a, at_b = bounds.distance(a), bounds.distance(b)
        slack_a, slack_b = bounds.slack(a), bounds.slack(b)
        middle = (a + b) / 2
        at_middle, slack_middle = bounds.distance(middle), bounds.slack(middle)
        reach = np.maximum(np.abs(low), np.abs(high)) * (b - a) / 2 * (1 + ROUNDING) + slack_middle
        # f ≥ F(a) - b = f(a) + a - b, and f ≤ F(b) - a = f(b) + b - a.
        without = (at_a - slack_a > b - a) | (at_b + slack_b < a - b) | (np.abs(at_middle) > reach)
        one_way = (low > 0) | (high < 0)
        clear = (np.abs(at_a) > slack_a) & (np.abs(at_b) > slack_b)
        without |= one_way & clear & (at_a * at_b > 0)
        single = ~without & one_way & clear & (at_a * at_b < 0)
        sure += zip(a[single].tolist(), b[single].tolist(), strict=True)
        open_ = ~without & ~single
        thin = open_ & (b - a <= _NARROW * b)
        narrow += zip(a[thin].tolist(), b[thin].tolist(), strict=True)
        left = open_ & ~thin
        if not left.any():
            break
        # Off the middle, so that a root is not met exactly by an end, where its sign would be unclear.
        cut = a[left] + 0.4917 * (b[left] - a[left])
        a, b = np.concatenate([a[left], cut]), np.concatenate([cut, b[left]])
    narrow.sort()
    joined: _Intervals = []
    for left_end, right_end in narrow:
        if joined and left_end <= joined[-1][1] * (1 + 1e-6):
            joined[-1] = (joined[-1][0], right_end)
        else:
            joined.append((left_end, right_end))
    return sure, joined


def _polished(bounds: MapBounds, a: float, b: float) -> float:
    """The root in an interval that has one, by Brent's method and a step of Newton's."""
    root: float = brentq(lambda v: bounds.distance(np.array([v])).item(), a, b, xtol=1e-14 * b)  # pyright: ignore[reportAssignmentType]
    slope = bounds.derivative(np.array([root])).item() - 1
    step = bounds.distance(np.array([root])).item() / slope if slope else 0.0
    return root - step if a < root - step < b else root


def _lowest_distance(bounds: MapBounds, a: float, b: float) -> float:
    grid = np.linspace(a, b, 101)
    return float(grid[np.argmin(np.abs(bounds.distance(grid)))])


def _explosive_from(at: np.ndarray, explosive: bool) -> float | None:
    """The variance above which V grows without limit; None where it does nowhere.

    ρ increases, so that with ρ ≥ 1 at the upper end F(V) > V for all V above it, and up to there f keeps its sign above
    the last root.
    """
    if not explosive:
        return None
    return float(at[-1]) if len(at) else 0.0


def _reason(bounds: MapBounds, at: np.ndarray, certified: np.ndarray, upper: float, above: float | None) -> str:
    top = bounds.highest_multiple
    lines = []
    if not len(at):
        lines.append(f"no fixed point with V up to {upper:g}.")
    if above is not None:
        where = f"from V above {above:.6g} on" if above > 0 else "from every V on"
        lines.append(
            f"explosive {where}: where assets are concentrated, reinvested rents outweigh mean reversion (log assets"
            f" are multiplied by up to ρ = {top:.6f} ≥ 1 a year), so their dispersion grows without limit."
        )
    elif top < 1 and bounds.innovation / (1 - top**2) > upper:
        lines.append(
            f"above {upper:g} there may be more, up to V = {bounds.innovation / (1 - top**2):.6g}; raise upper to see."
        )
    elif top >= 1:
        lines.append(f"above {upper:g} there may be more, as ρ reaches {top:.6f} at large V; raise upper to see.")
    if not certified.all():
        lines.append(
            "a point that is not certified is a fold, or two points that close: a small change of the parameters"
            " removes it or makes two of it."
        )
    return " ".join(lines) or "every path settles at a fixed point: ρ stays below 1 however concentrated assets are."

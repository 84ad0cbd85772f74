"""The regime that a path reaches: the boundary between basins, carried back from the long run to any year.

In each year the map V_{t+1} = F_t(V_t) increases in V_t, so that the values from which the economy ends above the
unstable point are those above one boundary V_c(t), and V_c(t) = F_t⁻¹(V_c(t + 1)). Far in the future, when people
have caught up with deployment, V_c is the unstable point of the long run. Backwards the maps contract towards it, so
that V_c(t) is computed without loss of digits. A path reaches the labour-strong regime if and only if V_t < V_c(t), in
one year and then in all.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from scipy.optimize import brentq

from aigini.dynamics.fixed_points import FixedPoints, long_run_fixed_points
from aigini.dynamics.hysteresis import settled
from aigini.dynamics.specs import MAP_PARAMETERS

_GAP = 1e-9
"""Gap, as a share of adoption, at which people have caught up with deployment."""
_MOST = 5000


@dataclasses.dataclass(frozen=True)
class YearlyMap:
    """V_{t+1} as a function of V_t, parameters given as Python numbers."""

    xi: float
    erosion: float
    midpoint: float
    width: float
    gap_weight: float
    reversion: float
    innovation: float
    psi: float

    def following(self, variance: float, growth: float, gap: float) -> float:
        """V_{t+1}; χ q_A,t per year, and adoption_t less u_t."""
        strain = math.erf(self.psi * math.sqrt(variance) / 2) + self.gap_weight * gap - self.midpoint
        share = _sigmoid(strain / self.width)
        rho = 1 - self.reversion + growth * (1 - self.xi * (1 - self.erosion * share))
        return rho * rho * variance + self.innovation

    def preceding(self, variance: float, growth: float, gap: float) -> float:
        """V_t of V_{t+1}; 0 where every V_t leads higher."""
        if variance <= self.following(0.0, growth, gap):
            return 0.0
        top = (variance - self.innovation) / (1 - self.reversion) ** 2 if self.reversion < 1 else math.inf
        if not math.isfinite(top):
            top = max(variance, 1.0)
            while self.following(top, growth, gap) < variance:
                top *= 2
        root: float = brentq(  # pyright: ignore[reportAssignmentType]
            lambda v: self.following(v, growth, gap) - variance, 0.0, top, xtol=1e-14 * top
        )
        return root


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def yearly_map(values: Mapping[str, float]) -> YearlyMap:
    """The map from parameters of the economy and of the dynamics by name."""
    reversion = values["asset_reversion"]
    return YearlyMap(
        xi=values["xi"],
        erosion=values["bargaining_erosion"],
        midpoint=values["erosion_midpoint"],
        width=values["erosion_width"],
        gap_weight=values["erosion_gap_weight"],
        reversion=reversion,
        innovation=values["asset_sd"] ** 2 * (1 - (1 - reversion) ** 2),
        psi=values["psi"],
    )


@dataclasses.dataclass(frozen=True)
class Reached:
    """The long-run state that a path reaches.

    Attributes:
        regime: ``"labour-strong"``, ``"asset-dominated"`` or ``"explosive"``. Where there is one stable state it is
            labour-strong if workers keep there more than half of what erosion can take from them, G(V) < G_c.
        two: True if both a lower stable state and another one, or explosion, are possible.
        variance: V in the end; None where assets explode.
        excess: V of the year less the boundary V_c of that year; None where there is one state only.
        boundary: V_c of that year.
    """

    regime: str
    two: bool
    variance: float | None
    excess: float | None
    boundary: float | None


def basin_boundary(points: FixedPoints) -> float | None:
    """The unstable point above the lowest stable one; None where there is none.

    Where assets explode from above the last point this is the boundary of the labour-strong regime too.
    """
    unstable = np.flatnonzero(~points.stable)
    return float(points.points[unstable[0]]) if len(unstable) and unstable[0] > 0 else None


def regime_reached(
    values: Mapping[str, float],
    variance: float,
    growth: np.ndarray,
    gap: np.ndarray,
    upper: float,
) -> Reached:
    """The regime that V reaches through given years and then the long run of the last of them.

    Args:
        values: Parameters by name, those of `aigini.dynamics.specs.MAP_PARAMETERS` and λ.
        variance: V at the beginning of the first of the years.
        growth: χ q_A of each year to come, and of the long run as the last one, ``[years]``.
        gap: adoption less u in each year to come, which ends near 0, ``[years]``.
        upper: Largest variance of log assets that is looked at.
    """
    own = yearly_map(values)
    points = long_run_fixed_points(**{name: values[name] for name in MAP_PARAMETERS}, growth=growth[-1], upper=upper)
    last = basin_boundary(points)
    if last is None:
        v = variance
        for rate, behind in zip(growth, gap, strict=True):
            v = min(own.following(v, float(rate), float(behind)), upper)
        end = settled(points, v)
        return Reached(_named(values, end), False, end if math.isfinite(end) else None, None, None)
    boundary = float(carried_back(own, last, growth, gap)[0])
    below = variance < boundary
    # Just beside the boundary of the long run the map leads to one of its neighbours.
    end = settled(points, last * (1 - 1e-6 if below else 1 + 1e-6))
    regime = "labour-strong" if below else ("asset-dominated" if math.isfinite(end) else "explosive")
    return Reached(regime, True, end if math.isfinite(end) else None, variance - boundary, boundary)


def carried_back(own: YearlyMap, last: float, growth: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """V_c at the beginning of each year, when `last` is that after the last of them, ``[years + 1]``."""
    boundary = [last]
    for rate, behind in zip(growth[::-1], gap[::-1], strict=True):
        boundary.append(own.preceding(boundary[-1], float(rate), float(behind)))
    return np.array(boundary[::-1])


def _named(values: Mapping[str, float], variance: float) -> str:
    if not math.isfinite(variance):
        return "explosive"
    concentrated = math.erf(values["psi"] * math.sqrt(variance) / 2) > values["erosion_midpoint"]
    return "asset-dominated" if concentrated else "labour-strong"


def years_until_caught_up(speed: float, gap: float) -> int:
    """Years until a gap is closed at a speed of retooling, to 1e-9 of itself or of one."""
    if speed >= 1 or gap <= _GAP:
        return 2
    return min(_MOST, 2 + math.ceil(math.log(_GAP / gap) / math.log1p(-speed)))

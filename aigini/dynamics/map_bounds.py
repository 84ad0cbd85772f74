"""The map of the long run with bounds on it and on its derivative over intervals, margins for rounding included."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.special import erf, expit

ROUNDING = 32 * float(np.finfo(float).eps)
"""Margin for the rounding of a term, relative to it."""


@dataclasses.dataclass(frozen=True)
class MapBounds:
    """The map and bounds of it and of its derivative over intervals, in float64 with margins for rounding."""

    xi: float
    growth: float
    erosion: float
    midpoint: float
    width: float
    reversion: float
    innovation: float
    psi: float

    def share(self, v: np.ndarray) -> np.ndarray:
        """s, the share of full erosion at V."""
        return expit((erf(self.psi * np.sqrt(v) / 2) - self.midpoint) / self.width)

    def bargaining(self, v: np.ndarray) -> np.ndarray:
        """ξ(V)."""
        return self.xi * (1 - self.erosion * self.share(v))

    def multiple(self, v: np.ndarray) -> np.ndarray:
        """ρ(V)."""
        return 1 - self.reversion + self.growth * (1 - self.bargaining(v))

    def distance(self, v: np.ndarray) -> np.ndarray:
        """f(V) = F(V) - V."""
        return self.multiple(v) ** 2 * v + self.innovation - v

    @property
    def highest_multiple(self) -> float:
        """A bound on ρ at any V: concentration G is at most 1."""
        top = expit((1 - self.midpoint) / self.width)
        return 1 - self.reversion + self.growth * (1 - self.xi * (1 - self.erosion * float(top)))

    def slack(self, v: np.ndarray) -> np.ndarray:
        """A bound on the rounding error of F(V) and f(V)."""
        multiple = self.multiple(v)
        of_multiple = self._multiple_slack
        return 2 * (multiple + of_multiple) * v * of_multiple + ROUNDING * (multiple**2 * v + self.innovation + v)

    @property
    def _multiple_slack(self) -> float:
        return ROUNDING * (1 + self.growth) * (1 + (1 + self.midpoint) * self.erosion * self.xi / (4 * self.width))

    def slope(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of f' on [a, b]."""
        both = np.stack([a, b])
        multiple, share = self.multiple(both), self.share(both)
        bell, reach = share * (1 - share), self._reach(both)
        inside = (share[0] - ROUNDING / self.width <= 0.5) & (share[1] + ROUNDING / self.width >= 0.5)
        high_bell = np.where(inside, 0.25, bell.max(axis=0))
        peak = 2 / self.psi**2 if self.psi > 0 else np.inf
        high_peak = self._reach(np.array([peak]))[0] if self.psi > 0 else 0.0
        high_reach = np.where((a <= peak) & (peak <= b), high_peak, reach.max(axis=0))
        k = self.growth * self.xi * self.erosion / self.width
        of_bell = ROUNDING * (1 + (1 + self.midpoint) / self.width)
        slack = self._multiple_slack
        low = np.maximum(multiple[0] - slack, 0.0)
        high = multiple[1] + slack
        lowest = low**2 + 2 * low * k * np.maximum(bell.min(axis=0) - of_bell, 0.0) * reach.min(axis=0)
        highest = high**2 + 2 * high * k * (high_bell + of_bell) * high_reach
        return lowest * (1 - ROUNDING) - 1 - ROUNDING, highest * (1 + ROUNDING) - 1 + ROUNDING

    def _reach(self, v: np.ndarray) -> np.ndarray:
        """h(V) = V G'(V)."""
        if self.psi == 0:
            return np.zeros_like(v)
        return self.psi * np.sqrt(v) * np.exp(-(self.psi**2) * v / 4) / (2 * np.sqrt(np.pi))

    def derivative(self, v: np.ndarray) -> np.ndarray:
        """F'(V)."""
        share, multiple = self.share(v), self.multiple(v)
        k = self.growth * self.xi * self.erosion / self.width
        return multiple**2 + 2 * multiple * k * share * (1 - share) * self._reach(v)


def map_bounds(values: Mapping[str, float], growth: float) -> MapBounds:
    """The map at parameters by name, and χ q_A per year."""
    reversion = values["asset_reversion"]
    return MapBounds(
        xi=values["xi"],
        growth=growth,
        erosion=values["bargaining_erosion"],
        midpoint=values["erosion_midpoint"],
        width=values["erosion_width"],
        reversion=reversion,
        innovation=values["asset_sd"] ** 2 * (1 - (1 - reversion) ** 2),
        psi=values["psi"],
    )

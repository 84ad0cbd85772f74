"""Axes of a map: a parameter, or a transformation of one, with its range."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import erf, erfinv

from aigini.errors import AnalysisError, unknown_name
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS

RANGES: dict[str, tuple[float, float]] = {
    "xi": (0.01, 0.99),
    "eta0": (0.01, 1.2),
    "eta1": (0.01, 1.0),
    "asset_gini": (0.2, 0.8),
    "sigma": (0.3, 5.0),
}
"""Ranges of maps that are wider than half to one and a half times the baseline value."""


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis of a map.

    Attributes:
        name: A parameter, or ``asset_gini``, the Gini of firm assets that sets `asset_sd`.
        low: Smallest value.
        high: Largest value.
    """

    name: str
    low: float
    high: float

    def grid(self, count: int) -> np.ndarray:
        """Evenly spaced values."""
        return np.linspace(self.low, self.high, count)

    def read(self, values: Mapping[str, float]) -> float:
        """Position of an economy on this axis."""
        if self.name == "asset_gini":
            return float(erf(values["asset_sd"] * values["psi"] / 2))
        return values[self.name]

    def move(self, values: Mapping[str, float], x: float) -> dict[str, float]:
        """`values` moved to `x`."""
        if self.name == "asset_gini":
            return {**values, "asset_sd": float(2 * erfinv(x) / values["psi"])}
        return {**values, self.name: x}

    def direction(self, values: Mapping[str, float], space: ParameterSpace) -> np.ndarray:
        """Move of all parameters, and of those tied to them in `space`, per unit of the axis, ``[parameters]``."""
        if self.name == "asset_gini":
            half = values["asset_sd"] * values["psi"] / 2
            stretch = math.sqrt(math.pi) * math.exp(half**2) / values["psi"]
            return stretch * space.over(["asset_sd"]).directions[0]
        return space.over([self.name]).directions[0]


def axis(name: str, bounds: tuple[float, float] | None = None) -> Axis:
    """An axis by name, on its usual range unless another is given.

    Raises:
        AnalysisError: if there is no such parameter, or the range leaves its bounds or is empty.
    """
    if name not in SPECS and name != "asset_gini":
        raise AnalysisError(f"axis: {unknown_name(name, [*SPECS, 'asset_gini'])}")
    low, high = bounds or RANGES.get(name) or SPECS[name].box
    admits = (lambda x: 0 < x < 1) if name == "asset_gini" else SPECS[name].admits
    if not (low < high and admits(low) and admits(high)):
        allowed = "(0, 1)" if name == "asset_gini" else SPECS[name].interval()
        raise AnalysisError(
            f"axis {name}: the range {low:g} to {high:g} is not usable; give two values in {allowed},"
            " the smaller first."
        )
    return Axis(name, low, high)


@dataclasses.dataclass(frozen=True)
class Plane:
    """Two axes through an economy; everything else stays at its values there.

    Attributes:
        x: Horizontal axis.
        y: Vertical axis.
        values: The economy the plane goes through.
        space: The parameter space; its tie holds on the plane unless η0 is an axis.
    """

    x: Axis
    y: Axis
    values: Mapping[str, float]
    space: ParameterSpace

    @property
    def name(self) -> str:
        """The two axes."""
        return f"{self.x.name}-{self.y.name}"

    def at(self, point: Sequence[float] | np.ndarray) -> dict[str, float]:
        """Every parameter at a point of the plane."""
        values = self.y.move(self.x.move(self.values, float(point[0])), float(point[1]))
        return self._moving.impose(values)

    def directions(self, values: Mapping[str, float]) -> np.ndarray:
        """Moves of all parameters per unit of each axis, ``[2, parameters]``."""
        return np.stack([axis.direction(values, self._moving) for axis in (self.x, self.y)])

    @property
    def _moving(self) -> ParameterSpace:
        """The space of what moves on the plane."""
        return self.space.over((self.x.name, self.y.name))

"""Axes of a map: a parameter, a transformation of one, or a number of a mechanism, with its range."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import erf, erfinv

from aigini.economy.mechanisms import Mechanisms, mechanism_of_number
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


_BASELINE_MECHANISMS = Mechanisms()


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis of a map.

    Attributes:
        name: A parameter; ``asset_gini``, the Gini of firm assets that sets `asset_sd`; or a number of a mechanism.
        low: Smallest value.
        high: Largest value.
        numbers: The numbers of the mechanisms, in their order, if it is one of them.
    """

    name: str
    low: float
    high: float
    numbers: tuple[str, ...] = ()

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
        """Move of all parameters, and of those tied to them in `space`, per unit of the axis, ``[parameters]``.

        That of a number of a mechanism has a further element for each of these, ``[parameters + numbers]``.
        """
        if self.numbers:
            return np.concatenate([np.zeros(len(SPECS)), [float(name == self.name) for name in self.numbers]])
        if self.name == "asset_gini":
            half = values["asset_sd"] * values["psi"] / 2
            stretch = math.sqrt(math.pi) * math.exp(half**2) / values["psi"]
            return stretch * space.over(["asset_sd"]).directions[0]
        return space.over([self.name]).directions[0]


def axis(name: str, bounds: tuple[float, float] | None = None, mechanisms: Mechanisms = _BASELINE_MECHANISMS) -> Axis:
    """An axis by name, on its usual range unless another is given, as an argument or in the name, ``xi:0.1:0.5``.

    Args:
        name: The name.
        bounds: Its range.
        mechanisms: The mechanisms of the economy, whose numbers can be axes, too.

    Raises:
        AnalysisError: if there is no such parameter or number, or the range leaves its bounds or is empty.
    """
    name, *given = (part.strip() for part in name.split(":"))
    if given:
        bounds = _range_in(name, given)
    if name in SPECS or name == "asset_gini":
        spec, numbers = SPECS.get(name), ()
    elif name in mechanisms.number_names:
        spec, numbers = mechanisms.spec(name), mechanisms.number_names
    else:
        raise AnalysisError(f"axis: {_unknown(name, mechanisms)}")
    usual = RANGES.get(name) or (None if spec is None else spec.box)
    if numbers and usual is None:
        usual = _around(name, mechanisms.numbers[name], bounds)
    low, high = bounds or usual or (0.0, 0.0)
    inside = (lambda x: 0 < x < 1) if name == "asset_gini" else (lambda x: spec is None or spec.admits(x))
    if not (low < high and inside(low) and inside(high)):
        allowed = "(0, 1)" if name == "asset_gini" else "(-inf, inf)" if spec is None else spec.interval()
        raise AnalysisError(
            f"axis {name}: the range {low:g} to {high:g} is not usable; give two values in {allowed},"
            " the smaller first."
        )
    return Axis(name, low, high, numbers)


def _range_in(name: str, given: Sequence[str]) -> tuple[float, float]:
    try:
        low, high = map(float, given)
    except ValueError:
        raise AnalysisError(
            f"axis {name}:{':'.join(given)}: expected NAME or NAME:LOW:HIGH with two numbers, for example xi:0.1:0.5."
        ) from None
    return low, high


def _around(name: str, value: float, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    """Half to one and a half times a number whose mechanism names no usual range."""
    if value == 0 and bounds is None:
        raise AnalysisError(f"axis {name}: has no usual range about 0; give one, as in {name}:-0.5:0.5.")
    low, high = sorted((0.5 * value, 1.5 * value))
    return low, high


def _unknown(name: str, mechanisms: Mechanisms) -> str:
    """The sentence about a name that is no axis of this economy."""
    if (owner := mechanism_of_number(name)) is not None:
        kind, made = owner
        return f'{name} is a number of the {kind} {made}, which this economy has not; set model.{kind} = "{made}".'
    return unknown_name(name, [*SPECS, "asset_gini", *mechanisms.number_names])


@dataclasses.dataclass(frozen=True)
class Plane:
    """Two axes through an economy; everything else stays at its values there.

    Attributes:
        x: Horizontal axis.
        y: Vertical axis.
        values: The economy the plane goes through: every parameter, and the numbers of mechanisms that are axes.
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

    @property
    def estimate(self) -> tuple[float, float]:
        """The place of the economy that the plane goes through."""
        return self.x.read(self.values), self.y.read(self.values)

    def at(self, point: Sequence[float] | np.ndarray) -> dict[str, float]:
        """Every parameter at a point of the plane."""
        values = self.y.move(self.x.move(self.values, float(point[0])), float(point[1]))
        return self._moving.impose(values)

    def directions(self, values: Mapping[str, float]) -> np.ndarray:
        """Moves of all parameters, and of numbers of mechanisms if one is an axis, per unit of each, ``[2, ...]``."""
        moves = [axis.direction(values, self._moving) for axis in (self.x, self.y)]
        size = max(map(len, moves))
        return np.stack([np.pad(move, (0, size - len(move))) for move in moves])

    def through(self, values: Mapping[str, float]) -> "Plane":
        """The same axes through an economy with other parameters."""
        return dataclasses.replace(self, values={**self.values, **values})

    @property
    def _moving(self) -> ParameterSpace:
        """The space of what moves on the plane."""
        return self.space.over([axis.name for axis in (self.x, self.y) if not axis.numbers])

"""The boundary between regimes along one parameter of the path: where the path ends exactly on the unstable point."""

import dataclasses
import math
from collections.abc import Callable

import jax
from jaxtyping import Array, Float
from scipy.optimize import brentq

from aigini.dynamics.mean_field import AssetLaw, mean_field_path
from aigini.errors import AnalysisError
from aigini.parameters import Scalar

_DIGITS = 1e-12


@dataclasses.dataclass(frozen=True)
class Critical:
    """A parameter value that separates the two regimes.

    Attributes:
        value: The value; None where both ends of the interval lead to the same regime.
        low: Lower end of the interval.
        high: Upper end.
        low_regime: Regime at the lower end, ``"labour-strong"`` or ``"asset-dominated"``.
        high_regime: Regime at the upper end.
    """

    value: float | None
    low: float
    high: float
    low_regime: str
    high_regime: str

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.low_regime} from {self.low:g} to {self.high:g}: no critical value between"
        return f"{self.low_regime} below {self.value:.6g}, {self.high_regime} above"


def regime_of(excess: float) -> str:
    """The regime of a path that ends this far above the unstable point.

    Raises:
        AnalysisError: if the distance is not a number.
    """
    if math.isnan(excess):
        raise AnalysisError("the path has no end that can be compared with the unstable point: it is not a number.")
    return "asset-dominated" if excess > 0 else "labour-strong"


def critical_value(excess: Callable[[float], float], low: float, high: float) -> Critical:
    """The root of the distance of the end of the path from the unstable point, in one parameter.

    Args:
        excess: Distance of V from the boundary of the labour-strong regime, as a function of the parameter; monotone,
            or the root is one of several.
        low: Lower end of the interval.
        high: Upper end.

    Raises:
        AnalysisError: if the interval is reversed.
    """
    if not low < high:
        raise AnalysisError(f"the interval from {low:g} to {high:g} is reversed; give the smaller end first.")
    at_low, at_high = excess(low), excess(high)
    names = regime_of(at_low), regime_of(at_high)
    if names[0] == names[1]:
        return Critical(None, low, high, *names)
    root: float = brentq(excess, low, high, xtol=_DIGITS)  # pyright: ignore[reportAssignmentType]
    return Critical(root, low, high, *names)


@jax.jit
def final_variance(
    law: AssetLaw,
    growth: Float[Array, "years_and_start"],
    adoption: Float[Array, "years_and_start"],
    retool_speed: Scalar,
    variance: Scalar,
    retooled: Scalar = 0.0,
) -> Scalar:
    """V_T of the mean field; arguments as in `aigini.dynamics.mean_field.mean_field_path`."""
    return mean_field_path(law, growth, adoption, retool_speed, variance, retooled).variance[-1]


def critical_retool_speed(
    law: AssetLaw,
    growth: Float[Array, "years_and_start"],
    adoption: Float[Array, "years_and_start"],
    boundary: float,
    variance: float,
    retooled: float = 0.0,
    between: tuple[float, float] = (1e-4, 1.0),
) -> Critical:
    """The speed of retooling at which the mean field ends exactly on the unstable point.

    V_T falls in the speed, as gaps do, so that there is at most one.

    Args:
        law: Law of assets.
        growth: χ q_A,t for years 0 .. T, per year.
        adoption: adoption_t for years 0 .. T.
        boundary: The unstable point of the long run, variance of log assets.
        variance: V_0.
        retooled: u_0.
        between: Speeds among which it is looked for.

    Raises:
        AnalysisError: if the interval is reversed.
    """

    def excess(speed: float) -> float:
        return float(final_variance(law, growth, adoption, speed, variance, retooled)) - boundary

    return critical_value(excess, *between)

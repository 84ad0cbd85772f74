"""When the labour-strong regime survives: exact conditions, and a first-order one in closed form (MODEL.md section 14).

About the unstable point V_u, with multiplier m and in log V, a gap moves the boundary between basins at the beginning
to first order to

    log V_c(0) = log V_u - κ λ Σ_t m^-(t+1) gap_t,      κ = 2 ρ g ξ ω s (1 - s)/w_c.

With deployment a complete from the first year on, so that gap_t = a (1 - r_u)^t, the sum is a / (m - 1 + r_u), and
people are fast enough if

    r_u > r* = κ λ a / log(V_u / V_0) - (m - 1).
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from scipy.optimize import brentq

from aigini.dynamics.basin import basin_boundary, carried_back, yearly_map, years_until_caught_up
from aigini.dynamics.fixed_points import long_run_fixed_points
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.errors import AnalysisError

_SLOWEST = 1e-4


@dataclasses.dataclass(frozen=True)
class Survival:
    """The unstable point of the long run and what moves the boundary between basins away from it, to first order.

    Attributes:
        growth: χ q_A of the long run, per year.
        variance: V_u, the unstable point.
        multiplier: m = F'(V_u).
        by_gap: κ λ, rise of log V in a year per unit of gap.
    """

    growth: float
    variance: float
    multiplier: float
    by_gap: float

    def boundary(self, gap: np.ndarray) -> float:
        """V_c(0) to first order, χ q_A being that of the long run.

        Args:
            gap: adoption_t - u_t in each year, ``[years]``.
        """
        weight = self.multiplier ** -(np.arange(len(gap)) + 1.0)
        return self.variance * math.exp(-self.by_gap * float(weight @ gap))

    def critical_speed(self, adoption: float, variance: float) -> float:
        """r*, the speed of retooling that is needed when deployment is complete from the first year on; to first order.

        Args:
            adoption: Adoption a.
            variance: V_0, below the unstable point.

        Raises:
            AnalysisError: if V_0 is not below the unstable point.
        """
        if not 0 < variance < self.variance:
            raise AnalysisError(
                f"V = {variance:g} is not below the unstable point {self.variance:g}: the labour-strong regime is lost"
                " at any speed; start lower."
            )
        return self.by_gap * adoption / math.log(self.variance / variance) - (self.multiplier - 1)


def survival(values: Mapping[str, float], upper: float = 400.0) -> Survival | None:
    """The first-order condition; None where the labour-strong regime has no unstable point above it.

    Args:
        values: Parameters of the map by name, `aigini.dynamics.equations.NAMES`, and λ (``"erosion_gap_weight"``).
        upper: Largest variance of log assets that is looked at.

    Raises:
        ParameterError: if the numbers make no map.
    """
    growth = values["growth"]
    points = long_run_fixed_points(**{name: values[name] for name in MAP_PARAMETERS}, growth=growth, upper=upper)
    boundary = basin_boundary(points)
    if boundary is None:
        return None
    at = int(np.flatnonzero(points.points == boundary)[0])
    bargaining, rho = float(points.bargaining[at]), float(points.multiple[at])
    lost = (1 - bargaining / values["xi"]) / values["bargaining_erosion"]
    bell = lost * (1 - lost) * values["bargaining_erosion"] * values["xi"] / values["erosion_width"]
    return Survival(
        growth=growth,
        variance=boundary,
        multiplier=float(points.multipliers[at]),
        by_gap=2 * rho * growth * bell * values["erosion_gap_weight"],
    )


def exact_critical_speed(values: Mapping[str, float], adoption: float, variance: float) -> float | None:
    """The speed of retooling at which V_0 lies on the boundary, deployment complete from the first year on.

    Args:
        values: As of `survival`.
        adoption: Adoption a.
        variance: V_0.

    Returns:
        The speed; 0 where any speed is enough, None where none is.

    Raises:
        AnalysisError: if there is no unstable point.
    """
    first_order = survival(values)
    if first_order is None:
        raise AnalysisError("there is no unstable point, and so no speed that separates two regimes.")
    own = yearly_map(values)
    unstable = first_order.variance

    def excess(speed: float) -> float:
        years = years_until_caught_up(speed, adoption)
        gap = adoption * (1 - speed) ** np.arange(years)
        return variance - carried_back(own, unstable, np.full(years, values["growth"]), gap)[0]

    if excess(1.0) > 0:
        return None
    if excess(_SLOWEST) < 0:
        return 0.0
    root: float = brentq(excess, _SLOWEST, 1.0, xtol=1e-12)  # pyright: ignore[reportAssignmentType]
    return root

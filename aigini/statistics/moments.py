"""The simulated moments as pure functions of (parameters, population, scenario), and their exact Jacobian."""

from collections.abc import Callable, Sequence

from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.statistics.catalogue import MOMENT_NAMES, IncomeConcept, resolve
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.moment import Moment


def six_moments(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
    names: Sequence[str | Moment] = MOMENT_NAMES,
) -> Float[Array, "moments"]:
    """Moments, a pure function that can be jitted, vmapped over `params` and differentiated in both modes.

    Args:
        params: Parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.
        names: Which moments, by name or as objects; m1 ... m6 by default.

    Returns:
        The moments in natural units, float64.

    Raises:
        MomentError: if there is no moment of one of the names.
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer firms than a moment needs, as m5 needs three.
    """
    return EconomyMap(population, scenario or Scenario(), resolve(names, income))(params)


def moments_and_jacobian(
    point: Float[Array, "free"],
    params_at: Callable[[Array], Parameters],
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
    names: Sequence[str | Moment] = MOMENT_NAMES,
) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
    """Moments and their exact Jacobian, several times faster than differentiating `moments`.

    Args:
        point: Point at which derivatives are taken.
        params_at: The parameters at a point.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.
        names: Which moments, by name or as objects; m1 ... m6 by default.

    Raises:
        MomentError: if there is no moment of one of the names.
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer firms than a moment needs, as m5 needs three.
    """
    return EconomyMap(population, scenario or Scenario(), resolve(names, income)).with_jacobian(point, params_at)

"""The simulated moments as pure functions of (parameters, population, scenario), and their exact Jacobian."""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario, solve
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics import jacobian
from aigini.statistics.catalogue import MOMENT_NAMES, IncomeConcept, resolve
from aigini.statistics.moment import Moment, statistic_of


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
    require_x64()
    economy = solve(params, scenario or Scenario(), population.firm_shocks)
    return jacobian.evaluate(statistic_of(resolve(names, income))(economy), economy, population)


def moments_and_jacobian(
    point: Float[Array, "free"],
    place: Callable[[Array], Parameters],
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
    names: Sequence[str | Moment] = MOMENT_NAMES,
) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
    """Moments and their exact Jacobian, several times faster than differentiating `moments`.

    Args:
        point: What to differentiate in.
        place: The parameters at a point.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.
        names: Which moments, by name or as objects; m1 ... m6 by default.

    Raises:
        MomentError: if there is no moment of one of the names.
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer firms than a moment needs, as m5 needs three.
    """
    require_x64()
    levels = scenario or Scenario()
    return jacobian.value_and_jacobian(
        lambda at: solve(place(at), levels, population.firm_shocks),
        statistic_of(resolve(names, income)),
        population,
        point,
        jnp.eye(point.size, dtype=point.dtype),
    )

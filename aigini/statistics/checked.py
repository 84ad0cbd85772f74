"""The six moments for those who look for a mistake: parameters outside their bounds stop the program.

`six_moments` is a pure function that checks nothing: with a workers' share of 2 it returns five plausible moments and
NaN. What is here gives the same numbers, but raises, inside compiled programs too, which costs each a call of the host.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.errors import ParameterError
from aigini.parameters import SPECS, Parameters
from aigini.population.population import Population
from aigini.statistics.catalogue import MOMENT_NAMES, IncomeConcept
from aigini.statistics.moments import six_moments

_MESSAGES = [
    f"params.{name} is not allowed: expected a finite number in {spec.interval()} ({spec.meaning});"
    f" baseline is {spec.default:g}."
    for name, spec in SPECS.items()
]


def checked_parameters(params: Parameters, scenario: Scenario, years: int) -> Parameters:
    """`params`, once they have been found to be a point of the parameter space.

    Args:
        params: Parameters, concrete or traced.
        scenario: AI levels.
        years: Years of firm growth T.

    Raises:
        ParameterError: if concrete parameters are outside their bounds or impossible together, with their values.
        equinox.EquinoxRuntimeError: when a compiled program meets parameters outside their bounds, naming the first and
            its interval; under plain `jax.jit` the error of JAX with the same text.
    """
    if not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((params, scenario))):
        if lines := scenario.problems(params.as_dict(), years):
            raise ParameterError("\n".join(lines))
        return params
    outside = ~jnp.stack([jnp.asarray(spec.inside(getattr(params, name))) for name, spec in SPECS.items()])
    return eqx.branched_error_if(params, jnp.any(outside), jnp.argmax(outside), _MESSAGES)


def checked_six_moments(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
) -> Float[Array, "moments"]:
    """m1 ... m6 of `aigini.six_moments`, raising where that returns numbers without a meaning.

    Args:
        params: Parameters, concrete or traced.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.

    Returns:
        The moments in natural units, float64.

    Raises:
        ParameterError: as `checked_parameters` does.
        equinox.EquinoxRuntimeError: as `checked_parameters` does, or if a moment is not finite, naming the first.
        PrecisionError: if 64-bit mode is off.
        ValueError: with fewer than three firms, where m5 does not exist.
    """
    levels = scenario or Scenario()
    moments = six_moments(checked_parameters(params, levels, population.years), population, levels, income=income)
    lost = ~jnp.isfinite(moments)
    words = [
        f"{name} is not finite: the parameters are within bounds but too extreme for this population, or impossible"
        " together; move the most unusual of them towards its baseline."
        for name in MOMENT_NAMES
    ]
    return eqx.branched_error_if(moments, jnp.any(lost), jnp.argmax(lost), words)

"""Ability, schooling and retooling (MODEL.md section 2).

* Ability score u_θ = ρ_z v_o + ρ_f v_f + sqrt(1 - ρ_z² - ρ_f²) u, log θ = σ_θ u_θ; human capital h = θ (1 + γ e).
* Cost of e years is c_i e²/2 with c_i = c exp(-ζ u_θ + τ_e u_e). The worker maximises log(expected pay) - c_i e²/2
  when employers recognise only the share Ω_o of a gain in human capital, so that
  γ e² + (1 + x_i) e - γ Ω_o / c_i = 0, x_i = T_o / (R_h,o θ_i), with T_o the pay that does not depend on h.
* Retooling after AI: e_i = (1 - r) e_i(before) + r e_i*.

Schooling is in years; pay in units of the final good.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters, Scalar


def ability_score(
    params: Parameters, occupation_score: Array, firm_score: Array, residual: Array
) -> Float[Array, "workers"]:
    """u_θ, the worker's ability score (standard normal up to the midpoint scores of occupations)."""
    unsorted = jnp.sqrt(1 - params.occupation_sorting**2 - params.firm_sorting**2)
    return params.occupation_sorting * occupation_score + params.firm_sorting * firm_score + unsorted * residual


def schooling_cost(params: Parameters, score: Array, cost_draw: Array) -> Float[Array, "..."]:
    """c_i, cost of schooling per year squared."""
    return params.schooling_cost * jnp.exp(-params.cost_ability_gradient * score + params.cost_sd * cost_draw)


def optimal_schooling(
    params: Parameters, ability: Array, cost: Array, recognised: Array, fixed_pay: Array
) -> Float[Array, "..."]:
    """e*, the positive root of the first-order condition, in years.

    Args:
        params: Uses γ.
        ability: θ_i.
        cost: c_i.
        recognised: Ω_o, share of a gain in human capital that employers recognise.
        fixed_pay: T_o / R_h,o, pay that does not depend on human capital, in units of human capital.
    """
    linear = 1 + fixed_pay / ability
    gain = params.schooling_return * recognised / cost
    # The form without cancellation, finite also as γ -> 0.
    return 2 * gain / (linear + jnp.sqrt(linear**2 + 4 * params.schooling_return * gain))


def retool(params: Parameters, before: Array, optimum: Array) -> Float[Array, "..."]:
    """Schooling after AI, when only the share r of the desired change is carried out."""
    return before + params.retooling * (optimum - before)


def log_human_capital(params: Parameters, log_ability: Array, schooling: Array) -> Float[Array, "..."]:
    """Log human capital, log h = log θ + log(1 + γ e)."""
    return log_ability + jnp.log1p(params.schooling_return * schooling)


def education_return(
    params: Parameters,
    ability: Array,
    schooling: Array,
    recognised: Array | Scalar,
    fixed_pay: Array | Scalar,
) -> Float[Array, "..."]:
    """Causal return to a year of schooling: d log(expected pay)/de = Ω_o [h/(h + T_o/R_h,o)] γ/(1 + γ e).

    At an optimum it equals the marginal cost c_i e_i (the first-order condition).
    """
    human = ability * (1 + params.schooling_return * schooling)
    return recognised * params.schooling_return * ability / (human + fixed_pay)

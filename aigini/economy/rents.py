"""The rent split and pay: wages and capital income (MODEL.md section 4).

* Quasi-rent per worker at firm j: (q0 + q_A,o) κ_j; workers get the share ξ, owners 1 - ξ. q_A,o is what AI creates,
  what proprietary AI adds to the value of a bundle of tasks (`aigini.economy.technology`): η1 A R_A,o in the baseline.
  Its mean over occupations is q = q0 + q_A.
* Wage: w_i = pay for tasks with commodity AI + ξ (q0 + q_A,o) κ_j(i): commodity AI is in every outside option.
* Capital income: r_i = (1 - ξ) q s_i [d + (1 - d) κ_b(i)], ownership s_i = exp(σ_S u_s' - σ_S²/2),
  u_s' = ρ_S u_θ + sqrt(1 - ρ_S²) u.

All pay is per worker, in units of the final good.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters, Scalar


def quasi_rent(params: Parameters, ai_rent: Array) -> Float[Array, "..."]:
    """q0 + q_A,o: quasi-rent per worker at a firm of mean capital intensity, of which AI creates `ai_rent`."""
    return params.asset_return + ai_rent


def fixed_pay(
    params: Parameters, commodity: Float[Array, "occupations"], mean_ai_rent: Scalar
) -> Float[Array, "occupations"]:
    """T_o, expected pay that does not depend on human capital: pay for commodity AI, and the share ξ of q."""
    return commodity + params.xi * quasi_rent(params, mean_ai_rent)


def ownership(params: Parameters, score: Array, draw: Array) -> Float[Array, "..."]:
    """s_i, units of the market portfolio held, with mean 1."""
    correlated = params.ownership_ability_corr * score + jnp.sqrt(1 - params.ownership_ability_corr**2) * draw
    return jnp.exp(params.ownership_sd * correlated - params.ownership_sd**2 / 2)


def capital_claim(params: Parameters, portfolio: Array, intensity: Array) -> Float[Array, "..."]:
    """s_i [d + (1 - d) κ_b(i)]: capital income per unit of mean capital income.

    Its Gini is that of capital income, and stays defined when owners get nothing (ξ = 1).
    """
    return portfolio * (params.diversification + (1 - params.diversification) * intensity)

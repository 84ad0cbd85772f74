"""The rent split and pay: wages and capital income (MODEL.md section 4).

* Quasi-rent per worker at firm j: (q0 + η1 A R_A,o) κ_j; workers get the share ξ, owners 1 - ξ. Its mean over
  occupations is q = q0 + q_A, and q_A = η1 A mean_o(R_A,o) is the part that AI creates.
* Wage: w_i = R_h,o ĥ_i + η0 A R_A,o + ξ (q0 + η1 A R_A,o) κ_j(i): commodity AI is in every outside option.
* Capital income: r_i = (1 - ξ) q s_i [d + (1 - d) κ_b(i)], ownership s_i = exp(σ_S u_s' - σ_S²/2),
  u_s' = ρ_S u_θ + sqrt(1 - ρ_S²) u.

All pay is per worker, in units of the final good.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters, Scalar


def proprietary_rent(params: Parameters, level: Scalar, ai_return: Array) -> Float[Array, "..."]:
    """η1 A R_A: the quasi-rent that AI creates, at a firm of mean capital intensity; q_A at mean_o(R_A,o)."""
    return params.eta1 * level * ai_return


def quasi_rent(params: Parameters, level: Scalar, ai_return: Array) -> Float[Array, "..."]:
    """q0 + η1 A R_A: quasi-rent per worker at a firm of mean capital intensity."""
    return params.asset_return + proprietary_rent(params, level, ai_return)


def commodity_pay(params: Parameters, level: Scalar, ai_return: Array) -> Float[Array, "..."]:
    """η0 A R_A,o, paid to every worker of the occupation."""
    return params.eta0 * level * ai_return


def fixed_pay(params: Parameters, level: Scalar, ai_return: Float[Array, "occupations"]) -> Float[Array, "occupations"]:
    """T_o = η0 A R_A,o + ξ q: expected pay that does not depend on human capital."""
    mean_rent = quasi_rent(params, level, jnp.mean(ai_return))
    return commodity_pay(params, level, ai_return) + params.xi * mean_rent


def ownership(params: Parameters, score: Array, draw: Array) -> Float[Array, "..."]:
    """s_i, units of the market portfolio held, with mean 1."""
    correlated = params.ownership_ability_corr * score + jnp.sqrt(1 - params.ownership_ability_corr**2) * draw
    return jnp.exp(params.ownership_sd * correlated - params.ownership_sd**2 / 2)


def capital_claim(params: Parameters, held: Array, intensity: Array) -> Float[Array, "..."]:
    """s_i [d + (1 - d) κ_b(i)]: capital income per unit of mean capital income.

    Its Gini is that of capital income, and stays defined when owners get nothing (ξ = 1).
    """
    return held * (params.diversification + (1 - params.diversification) * intensity)

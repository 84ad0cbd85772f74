"""Cost of schooling, and retooling (MODEL.md section 2).

* Cost of e years is c_i e²/2 with c_i = c exp(-ζ u_θ + τ_e u_e); the choice is in `aigini.economy.human_capital`.
* Retooling after AI: e_i = (1 - r) e_i(before) + r e_i*.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters


def schooling_cost(params: Parameters, score: Array, cost_draw: Array) -> Float[Array, "..."]:
    """c_i, cost of schooling per year squared."""
    return params.schooling_cost * jnp.exp(-params.cost_ability_gradient * score + params.cost_sd * cost_draw)


def retool(params: Parameters, before: Array, optimum: Array) -> Float[Array, "..."]:
    """Schooling after AI, when only the share r of the desired change is carried out."""
    return before + params.retooling * (optimum - before)

"""Mean causal returns to a year of schooling, by kind, on the quadrature of the population (MODEL.md section 15.5).

The return to codifiable schooling is ∂ log P/∂e, of which employers see the share Ω_o; that to social schooling is
∂ log P/∂e_s, with expected pay P = R_h,o h + R_s,o h_s + T_o. Both are in log points per year.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.equilibrium import Market
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import node_mean, population_nodes
from aigini.parameters import Parameters

CODIFIABLE, SOCIAL = "codifiable", "social"


def kinds(mechanisms: Mechanisms) -> tuple[str, ...]:
    """The kinds of schooling that there are."""
    return (CODIFIABLE,) if mechanisms.skills.social is None else (CODIFIABLE, SOCIAL)


def schooling_returns(params: Parameters, mechanisms: Mechanisms, market: Market) -> Float[Array, "kinds"]:
    """Mean causal return of each kind in a market, in the order of `kinds`."""
    law, second = mechanisms.human_capital, mechanisms.skills.social
    nodes = population_nodes(params, mechanisms.ability, mechanisms.skills)
    ability, years = jnp.exp(nodes.log_ability), market.schooling
    recognised, fixed = market.screening.recognised[:, None], market.fixed_pay[:, None]
    if second is None or nodes.social is None or market.social is None:
        gain = law.education_return(params, ability, years, recognised, fixed)
        return jnp.mean(node_mean(gain))[None]
    relative = market.social.relative[:, None]
    capital = second.capital(nodes.social.ability, market.social.schooling)
    human = jnp.exp(law.log_human(params, nodes.log_ability, years))
    gains = (
        law.education_return(params, ability, years, recognised, fixed + relative * capital),
        second.education_return(nodes.social.ability, human, capital, fixed, relative),
    )
    return jnp.stack([jnp.mean(node_mean(gain)) for gain in gains])

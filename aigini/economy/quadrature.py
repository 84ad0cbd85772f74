"""A quadrature of the population, on which the equilibrium is solved (MODEL.md section 5).

Given the occupation, u_θ ~ N(ρ_z v_o, 1 - ρ_z²) and u_e ~ N(0, 1): 13 x 13 Gauss-Hermite nodes in each of the 16
occupations. Means over nodes are exact for polynomials of degree 25 in each direction.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.ability import AbilityLaw
from aigini.economy.normal_nodes import NORMAL_MASSES, NORMAL_NODES, OCCUPATION_SCORES
from aigini.economy.schooling import schooling_cost
from aigini.parameters import Parameters

_NODE_ABILITY, _NODE_COST = (grid.reshape(-1) for grid in np.meshgrid(NORMAL_NODES, NORMAL_NODES, indexing="ij"))
_NODE_WEIGHTS = np.outer(NORMAL_MASSES, NORMAL_MASSES).reshape(-1) / np.sum(NORMAL_MASSES) ** 2


class Nodes(eqx.Module):
    """Representative workers, ``[occupations, nodes]`` with ``nodes = 169``.

    Attributes:
        score: Ability score u_θ.
        log_ability: log θ.
        cost: Schooling cost c.
    """

    score: Float[Array, "occupations nodes"]
    log_ability: Float[Array, "occupations nodes"]
    cost: Float[Array, "occupations nodes"]


def population_nodes(params: Parameters, ability: AbilityLaw) -> Nodes:
    """Nodes of every occupation at `params` under a law of ability."""
    spread = jnp.sqrt(1 - params.occupation_sorting**2)
    score = params.occupation_sorting * OCCUPATION_SCORES[:, None] + spread * _NODE_ABILITY[None, :]
    cost = schooling_cost(params, score, jnp.asarray(_NODE_COST)[None, :])
    return Nodes(score=score, log_ability=ability.log_ability(params, score), cost=cost)


def node_mean(values: Float[Array, "occupations nodes"]) -> Float[Array, "occupations"]:
    """Mean over the workers of each occupation."""
    # A sum, not a matrix product: XLA's CPU compiler takes seconds over each fused product of this shape.
    return jnp.sum(values * _NODE_WEIGHTS[None, :], axis=1)


def node_variance(values: Float[Array, "occupations nodes"]) -> Float[Array, "occupations"]:
    """Variance over the workers of each occupation."""
    return node_mean((values - node_mean(values)[:, None]) ** 2)

"""A quadrature of the population, on which the equilibrium is solved (MODEL.md section 5).

Given the occupation, u_θ ~ N(ρ_z v_o, 1 - ρ_z²) and u_e ~ N(0, 1): 13 x 13 Gauss-Hermite nodes in each of the 16
occupations. Means over nodes are exact for polynomials of degree 25 in each direction.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtri

from aigini.economy.ability import AbilityLaw
from aigini.economy.schooling import schooling_cost
from aigini.economy.tasks import OCCUPATION_NODES
from aigini.parameters import Parameters

_POINTS = 13

_x, _w = np.polynomial.hermite_e.hermegauss(_POINTS)
_NODE_ABILITY, _NODE_COST = (grid.reshape(-1) for grid in np.meshgrid(_x, _x, indexing="ij"))
_NODE_WEIGHTS = np.outer(_w, _w).reshape(-1) / np.sum(_w) ** 2

OCCUPATION_SCORES: np.ndarray = ndtri(OCCUPATION_NODES)
"""v_o = Φ⁻¹(z_o), ``[occupations]``."""


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

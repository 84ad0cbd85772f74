"""A quadrature of the population, on which the equilibrium is solved (MODEL.md section 5).

Given the occupation, u_θ ~ N(ρ_z v_o, 1 - ρ_z²) and u_e ~ N(0, 1): 13 x 13 Gauss-Hermite nodes in each of the 16
occupations. Means over nodes are exact for polynomials of degree 25 in each direction. A second skill has 5 nodes of u'
for each of them, exact to degree 9.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.ability import AbilityLaw
from aigini.economy.normal_nodes import NORMAL_MASSES, NORMAL_NODES, OCCUPATION_SCORES
from aigini.economy.schooling import schooling_cost
from aigini.economy.skills import SkillOfWorker, Skills
from aigini.parameters import Parameters

_NODE_ABILITY, _NODE_COST = (grid.reshape(-1) for grid in np.meshgrid(NORMAL_NODES, NORMAL_NODES, indexing="ij"))
_NODE_WEIGHTS = np.outer(NORMAL_MASSES, NORMAL_MASSES).reshape(-1) / np.sum(NORMAL_MASSES) ** 2
_SOCIAL_NODES, _SOCIAL_MASSES = np.polynomial.hermite_e.hermegauss(5)
_SOCIAL_WEIGHTS = _SOCIAL_MASSES / np.sum(_SOCIAL_MASSES)
_MIDDLE = len(_SOCIAL_NODES) // 2


class Nodes(eqx.Module):
    """Representative workers, ``[occupations, nodes]`` with ``nodes = 169``, or 845 with a second skill.

    Attributes:
        score: Ability score u_θ.
        log_ability: log θ.
        cost: Schooling cost c.
        social: Ability and cost of schooling in the second skill; None without one.
    """

    score: Float[Array, "occupations nodes"]
    log_ability: Float[Array, "occupations nodes"]
    cost: Float[Array, "occupations nodes"]
    social: SkillOfWorker | None = None


def population_nodes(params: Parameters, ability: AbilityLaw, skills: Skills | None = None) -> Nodes:
    """Nodes of every occupation at `params` under a law of ability, with the baseline's one skill by default."""
    spread = jnp.sqrt(1 - params.occupation_sorting**2)
    score = params.occupation_sorting * OCCUPATION_SCORES[:, None] + spread * _NODE_ABILITY[None, :]
    cost = schooling_cost(params, score, jnp.asarray(_NODE_COST)[None, :])
    log_ability = ability.log_ability(params, score)
    second = None if skills is None else skills.social
    if second is None:
        return Nodes(score=score, log_ability=log_ability, cost=cost)
    score, log_ability, cost = (jnp.repeat(leaf, len(_SOCIAL_NODES), axis=1) for leaf in (score, log_ability, cost))
    draw = jnp.asarray(np.tile(_SOCIAL_NODES, _NODE_ABILITY.size))[None, :]
    cost_draw = jnp.asarray(np.repeat(_NODE_COST, len(_SOCIAL_NODES)))[None, :]
    social = second.of_worker(params, score, draw, cost_draw)
    return Nodes(score=score, log_ability=log_ability, cost=cost, social=social)


def node_mean(values: Float[Array, "occupations nodes"]) -> Float[Array, "occupations"]:
    """Mean over the workers of each occupation."""
    if values.shape[1] > _NODE_WEIGHTS.size:
        values = _social_mean(values.reshape(values.shape[0], _NODE_WEIGHTS.size, -1))
    # A sum, not a matrix product: XLA's CPU compiler takes seconds over each fused product of this shape.
    return jnp.sum(values * _NODE_WEIGHTS[None, :], axis=1)


def _social_mean(values: Float[Array, "occupations nodes social"]) -> Float[Array, "occupations nodes"]:
    """Mean over u'; what does not depend on u' keeps its bits."""
    middle = values[:, :, _MIDDLE]
    return middle + jnp.sum((values - middle[:, :, None]) * _SOCIAL_WEIGHTS[None, None, :], axis=2)


def node_variance(values: Float[Array, "occupations nodes"]) -> Float[Array, "occupations"]:
    """Variance over the workers of each occupation."""
    return node_mean((values - node_mean(values)[:, None]) ** 2)

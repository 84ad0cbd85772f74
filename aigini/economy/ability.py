"""Ability: its sorting into occupations and firms, and its law (MODEL.md section 2).

Ability score u_θ = ρ_z v_o + ρ_f v_f + sqrt(1 - ρ_z² - ρ_f²) u; the law maps the score to log θ.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.parameters import Parameters


def ability_score(
    params: Parameters, occupation_score: Array, firm_score: Array, residual: Array
) -> Float[Array, "workers"]:
    """u_θ, the worker's ability score (standard normal up to the midpoint scores of occupations)."""
    unsorted = jnp.sqrt(1 - params.occupation_sorting**2 - params.firm_sorting**2)
    return params.occupation_sorting * occupation_score + params.firm_sorting * firm_score + unsorted * residual


class AbilityLaw(eqx.Module):
    """Distribution of ability, as a function of a standard normal score."""

    @abc.abstractmethod
    def log_ability(self, params: Parameters, score: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log θ, increasing in the score u_θ; of the shape of `score`."""


class NormalAbility(AbilityLaw):
    """Lognormal ability: log θ = σ_θ u_θ."""

    def log_ability(self, params: Parameters, score: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log θ."""
        return params.ability_sd * score

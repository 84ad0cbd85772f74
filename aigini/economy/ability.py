"""Ability: its sorting into occupations and firms, and its law (MODEL.md section 2).

Ability score u_θ = ρ_z v_o + ρ_f v_f + sqrt(1 - ρ_z² - ρ_f²) u; the law maps the score to log θ.
"""

import abc
import math
from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.mechanism import Mechanism
from aigini.economy.normal_nodes import NORMAL_NODES, NORMAL_WEIGHTS, OCCUPATION_SCORES
from aigini.parameters import Parameters, ParameterSpec, Scalar


def ability_score(
    params: Parameters, occupation_score: Array, firm_score: Array, residual: Array
) -> Float[Array, "workers"]:
    """u_θ, the worker's ability score (standard normal up to the midpoint scores of occupations)."""
    unsorted = jnp.sqrt(1 - params.occupation_sorting**2 - params.firm_sorting**2)
    return params.occupation_sorting * occupation_score + params.firm_sorting * firm_score + unsorted * residual


class AbilityLaw(Mechanism):
    """Distribution of ability, as a function of a standard normal score."""

    @abc.abstractmethod
    def log_ability(self, params: Parameters, score: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log θ, increasing in the score u_θ; of the shape of `score`."""


class NormalAbility(AbilityLaw):
    """Lognormal ability: log θ = σ_θ u_θ."""

    def log_ability(self, params: Parameters, score: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log θ."""
        return params.ability_sd * score


class SinhArcsinhAbility(AbilityLaw):
    """Ability with heavier or lighter tails than the lognormal, and with skew (MODEL.md section 15.3).

    log θ = σ_θ g(u_θ) with g(u) = [sinh(t asinh(u) + k) - mean] / sd, mean and sd taken over the normal nodes of the
    quadrature (Jones & Pewsey, Biometrika 96, 2009). At t = 1 and k = 0 it is the normal law.

    Attributes:
        ability_tail: t; above 1 the tails are heavier than lognormal, below 1 lighter.
        ability_skew: k; above 0 the upper tail is the longer one.
    """

    numbers: ClassVar[Mapping[str, ParameterSpec]] = {
        "ability_tail": ParameterSpec("t", "weight of the tails of log ability", 1.0, 0.5, 1.6, "both", (0.7, 1.4)),
        "ability_skew": ParameterSpec("k", "skew of log ability", 0.0, -1.0, 1.0, "both", (-0.3, 0.3)),
    }

    ability_tail: Scalar = 1.0
    ability_skew: Scalar = 0.0

    def log_ability(self, params: Parameters, score: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log θ."""

        def bent(at: Array) -> Array:
            return jnp.sinh(self.ability_tail * jnp.arcsinh(at) + self.ability_skew)

        nodes, weights = (jnp.asarray(values, score.dtype) for values in (NORMAL_NODES, NORMAL_WEIGHTS))
        mean = jnp.sum(weights * bent(nodes))
        spread = jnp.sqrt(jnp.sum(weights * (bent(nodes) - mean) ** 2))
        return params.ability_sd * (bent(score) - mean) / spread

    def problems(self, where: str, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """Numbers out of bounds, and tails so heavy that the quadrature misses part of the mean of θ²."""
        lines = super().problems(where, values, levels)
        if lines:
            return lines
        gap = self._missed(values)
        if gap < _LARGEST_GAP:
            return []
        return [
            f"{where}.ability_tail = {float(self.ability_tail):g} and ability_skew = {float(self.ability_skew):g} give"
            f" ability tails that are too heavy at params.ability_sd = {values['ability_sd']:g}: mean squared ability"
            f" on the quadrature is off by {gap:.2g} of its value, expected at most {_LARGEST_GAP:g}, so that mean"
            " income does not exist on the grid; lower ability_tail, ability_skew or ability_sd."
        ]

    def _missed(self, values: Mapping[str, float]) -> float:
        """Largest relative gap over occupations between the mean of θ² on the quadrature and on a fine grid."""
        tail, skew = float(self.ability_tail), float(self.ability_skew)

        def bent(at: np.ndarray) -> np.ndarray:
            return np.sinh(tail * np.arcsinh(at) + skew)

        mean = NORMAL_WEIGHTS @ bent(NORMAL_NODES)
        spread = math.sqrt(NORMAL_WEIGHTS @ (bent(NORMAL_NODES) - mean) ** 2)
        centre = values["occupation_sorting"] * OCCUPATION_SCORES[:, None]
        width = math.sqrt(1 - values["occupation_sorting"] ** 2)

        def log_square(nodes: np.ndarray) -> np.ndarray:
            return 2 * values["ability_sd"] * (bent(centre + width * nodes[None, :]) - mean) / spread

        fine = np.linspace(-14.0, 14.0, 2801)
        log_weight = -(fine**2) / 2 - math.log(np.sum(np.exp(-(fine**2) / 2)))
        exact = np.logaddexp.reduce(log_square(fine) + log_weight[None, :], axis=1)
        ours = np.logaddexp.reduce(log_square(NORMAL_NODES) + np.log(NORMAL_WEIGHTS)[None, :], axis=1)
        return float(np.max(np.abs(np.expm1(np.clip(ours - exact, -700, 700)))))


_LARGEST_GAP = 1e-3
"""Largest relative error of mean squared ability on the quadrature that is accepted."""

"""The mean field: variance of log assets, the erosion of bargaining, and retooling, from one year to the next.

With V_t the variance of log assets over firms and gap_t = adoption_t - u_t the exposed work whose workers have not
retooled:

* concentration of assets: G(V) = erf(ψ sqrt(V) / 2), the Gini of lognormal capital intensity;
* bargaining: ξ_t = ξ [1 - ω sigmoid((G(V_t) + λ gap_t - G_c) / w_c)];
* growth of log assets: ρ_t = 1 - μ + χ q_A,t (1 - ξ_t);
* dispersion: V_{t+1} = ρ_t² V_t + ν², ν² = σ_K² (1 - (1 - μ)²);
* retooling: u_{t+1} = u_t + r_u (adoption_t - u_t).

Everything is a pure function that can be jitted, vmapped and differentiated.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf
from jaxtyping import Array, Float

from aigini.parameters import Scalar


def _number(value: object) -> object:
    return np.asarray(value, np.float64) if isinstance(value, (int, float, np.floating)) else value


class Erosion(eqx.Module):
    """The erosion of workers' bargaining.

    Attributes:
        xi: ξ, workers' share of quasi-rents before any erosion.
        bargaining_erosion: ω, share of it that is lost in full erosion.
        erosion_midpoint: G_c.
        erosion_width: w_c.
        psi: ψ, capital intensity of proprietary deployment.
        erosion_gap_weight: λ.
    """

    xi: Scalar = eqx.field(converter=_number)
    bargaining_erosion: Scalar = eqx.field(converter=_number)
    erosion_midpoint: Scalar = eqx.field(converter=_number)
    erosion_width: Scalar = eqx.field(converter=_number)
    psi: Scalar = eqx.field(converter=_number)
    erosion_gap_weight: Scalar = eqx.field(converter=_number, default=0.0)

    def asset_gini(self, variance: Scalar) -> Scalar:
        """G(V), Gini of capital intensity over many firms."""
        return erf(self.psi * jnp.sqrt(variance) / 2)

    def bargaining(self, variance: Scalar, gap: Scalar = 0.0) -> Scalar:
        """ξ_t, workers' share of quasi-rents.

        Args:
            variance: V_t.
            gap: adoption_t - u_t, 0 in the long run.
        """
        strain = self.asset_gini(variance) + self.erosion_gap_weight * gap - self.erosion_midpoint
        return self.xi * (1 - self.bargaining_erosion * jax.nn.sigmoid(strain / self.erosion_width))


class AssetLaw(eqx.Module):
    """The law of the dispersion of assets, given growth χ q_A; its long run is the map V' = F(V) with no gap.

    F increases in V, because G, the erosion and ρ ≥ 0 do: paths of the map are monotone, its cycles are fixed points,
    and multipliers F'(V) are positive.

    Attributes:
        erosion: The erosion of bargaining.
        asset_reversion: μ.
        asset_sd: σ_K.
    """

    erosion: Erosion
    asset_reversion: Scalar = eqx.field(converter=_number)
    asset_sd: Scalar = eqx.field(converter=_number)

    def innovation(self) -> Scalar:
        """ν², variance of the yearly shocks to log assets."""
        return self.asset_sd**2 * (1 - (1 - self.asset_reversion) ** 2)

    def multiple(self, variance: Scalar, growth: Scalar, gap: Scalar = 0.0) -> Scalar:
        """ρ_t, the yearly multiple of log assets.

        Args:
            variance: V_t.
            growth: χ q_A,t, per year.
            gap: adoption_t - u_t.
        """
        return 1 - self.asset_reversion + growth * (1 - self.erosion.bargaining(variance, gap))

    def following(self, variance: Scalar, growth: Scalar, gap: Scalar = 0.0) -> Scalar:
        """V_{t+1}; arguments as in `multiple`."""
        return self.multiple(variance, growth, gap) ** 2 * variance + self.innovation()

    def multiplier(self, variance: Scalar, growth: Scalar) -> Scalar:
        """F'(V), the multiplier of the map of the long run."""
        at = jnp.asarray(variance, jnp.float64)
        return jax.jvp(lambda v: self.following(v, growth), (at,), (jnp.ones_like(at),))[1]

    def growth_at(self, variance: Scalar) -> Scalar:
        """The growth χ q_A at which V is a fixed point, [sqrt(1 - ν²/V) - (1 - μ)] / (1 - ξ(V)).

        It is the branch of fixed points in closed form: every V > σ_K² is a fixed point at one growth, and folds are
        the turns of this function.
        """
        needed = jnp.sqrt(1 - self.innovation() / variance) - (1 - self.asset_reversion)
        return needed / (1 - self.erosion.bargaining(variance))


def asset_law(values: Mapping[str, Any]) -> AssetLaw:
    """The law from numbers by name: those of `aigini.dynamics.specs.MAP_PARAMETERS`, and λ where it is given."""
    erosion = Erosion(
        xi=values["xi"],
        bargaining_erosion=values["bargaining_erosion"],
        erosion_midpoint=values["erosion_midpoint"],
        erosion_width=values["erosion_width"],
        psi=values["psi"],
        erosion_gap_weight=values.get("erosion_gap_weight", 0.0),
    )
    return AssetLaw(erosion, values["asset_reversion"], values["asset_sd"])


class MeanFieldPath(eqx.Module):
    """A path of the mean field, states at the beginning of years 0 .. T; each ``[years + 1]`` but `growth`.

    Attributes:
        variance: V_t.
        retooled: u_t.
        gap: adoption_t - u_t.
        bargaining: ξ_t.
        multiple: ρ_t.
    """

    variance: Float[Array, "*years_and_start"]
    retooled: Float[Array, "*years_and_start"]
    gap: Float[Array, "*years_and_start"]
    bargaining: Float[Array, "*years_and_start"]
    multiple: Float[Array, "*years_and_start"]


def mean_field_path(
    law: AssetLaw,
    growth: Float[Array, "years_and_start"],
    adoption: Float[Array, "years_and_start"],
    retool_speed: Scalar,
    variance: Scalar,
    retooled: Scalar = 0.0,
) -> MeanFieldPath:
    """The path of the mean field when χ q_A and adoption follow given paths; one scan over years.

    Args:
        law: Law of assets.
        growth: χ q_A,t, per year, for years 0 .. T.
        adoption: adoption_t, for years 0 .. T.
        retool_speed: r_u.
        variance: V_0.
        retooled: u_0.
    """

    def year(state: tuple[Array, Array], given: tuple[Array, Array]) -> tuple[tuple[Array, Array], MeanFieldPath]:
        (v, u), (rate, deployed) = state, given
        gap = deployed - u
        now = MeanFieldPath(v, u, gap, law.erosion.bargaining(v, gap), law.multiple(v, rate, gap))
        return (law.following(v, rate, gap), u + retool_speed * gap), now

    start = (jnp.asarray(variance, jnp.float64), jnp.asarray(retooled, jnp.float64))
    return jax.lax.scan(year, start, (growth, adoption))[1]


def logistic_path(level: Scalar, midpoint: Scalar, speed: Scalar, years: int) -> Float[Array, "years_and_start"]:
    """Level / (1 + exp(-speed (t - midpoint))) for t = 0 .. years.

    Args:
        level: Level that is reached in the end.
        midpoint: Year at which half of it is reached.
        speed: Speed, per year.
        years: Last year T.
    """
    return level * jax.nn.sigmoid(speed * (jnp.arange(years + 1, dtype=jnp.float64) - midpoint))

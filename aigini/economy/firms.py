"""Firms: complementary assets with cumulative advantage (MODEL.md section 4).

* J firms of equal expected employment, log k_j,0 = σ_K Φ⁻¹((j - 1/2)/J), ascending in j.
* log k_{t+1} = ρ log k_t + ν ε_t over T years, ρ(A) = 1 - μ + χ (1 - ξ) q_A, ν = σ_K sqrt(1 - (1 - μ)²). Owners
  reinvest the proprietary rents q_A = η1 A mean_o(R_A,o) that AI creates in the equilibrium at A, so that large firms
  grow faster; without such rents the dispersion is stationary.
* Capital intensity of deployment κ_j = k_j^ψ / mean_j(k^ψ), so that its mean over firms is 1.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float

from aigini.parameters import Parameters, Scalar
from aigini.population.draws import normal_scores


def growth(params: Parameters, rent: Scalar) -> Scalar:
    """ρ, the yearly multiple of log assets.

    Args:
        params: Uses μ, χ and ξ.
        rent: q_A, proprietary rent per worker that AI creates, units of the final good.
    """
    return 1 - params.asset_reversion + params.cumulative_advantage * (1 - params.xi) * rent


def asset_paths(
    params: Parameters, rent: Scalar, shocks: Float[Array, "firms years"]
) -> Float[Array, "years_and_start firms"]:
    """Paths of log k_jt for t = 0..T, when the rent q_A that AI creates is `rent` in all T years."""
    innovation = params.asset_sd * jnp.sqrt(1 - (1 - params.asset_reversion) ** 2)
    laws = jnp.asarray(params.asset_sd), growth(params, rent), innovation
    return _paths(*(law.astype(jnp.float64) for law in laws), shocks)


def _evolved(
    spread: Scalar, rho: Scalar, innovation: Scalar, shocks: Float[Array, "firms years"]
) -> Float[Array, "years_and_start firms"]:
    def year(log_assets: Array, shock: Array) -> tuple[Array, Array]:
        moved = rho * log_assets + innovation * shock
        return moved, moved

    start = spread * jnp.asarray(normal_scores(shocks.shape[0]))
    _, path = jax.lax.scan(year, start, shocks.T)
    return jnp.concatenate([start[None, :], path])


_paths = jax.custom_jvp(_evolved)


@functools.partial(_paths.defjvp, symbolic_zeros=True)
def _paths_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
    # Of many directions each moves firms through these numbers alone, so that firms' derivatives in them are computed
    # once and not in every direction.
    path = _paths(*primals)
    moved = jnp.zeros_like(path)
    for position, tangent in enumerate(tangents):
        if isinstance(tangent, SymbolicZero):
            continue
        units = [jnp.zeros_like(primal) for primal in primals]
        if tangent.ndim:
            units[position] = tangent
            moved = moved + jax.jvp(_evolved, primals, tuple(units))[1]
        else:
            units[position] = jnp.ones_like(primals[position])
            moved = moved + tangent * jax.jvp(_evolved, primals, tuple(units))[1]
    return path, moved


def capital_intensity(params: Parameters, log_assets: Float[Array, "firms"]) -> Float[Array, "firms"]:
    """κ_j, with mean 1 over firms."""
    return jax.nn.softmax(params.psi * log_assets) * log_assets.shape[0]


def growth_gap(path: Float[Array, "years_and_start firms"]) -> Scalar:
    """Extra growth of log assets over the path, top over bottom third of firms by initial assets.

    Raises:
        ValueError: with fewer than three firms, when there are no thirds.
    """
    third = path.shape[1] // 3
    if third == 0:
        raise ValueError("the asset growth gap compares thirds of firms and needs at least 3 of them.")
    change = path[-1] - path[0]
    return jnp.mean(change[-third:]) - jnp.mean(change[:third])

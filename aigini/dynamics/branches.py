"""The branch of fixed points over growth χ q_A, in closed form, and its folds."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from aigini.dynamics.mean_field import AssetLaw

_GRID = 4000
_POINTS = 400
"""Points of the branch that a result keeps."""


@dataclasses.dataclass(frozen=True)
class Branch:
    """Fixed points of the long run over growth; every V above σ_K² is one, at the growth `growth_at(V)`.

    Attributes:
        variance: V, ascending, ``[points]``.
        growth: χ q_A, per year, ``[points]``.
        multiplier: F'(V), ``[points]``.
        fold_variance: V at the folds, ``[folds]``.
        fold_growth: Their growth; a maximum and a minimum in turn, between which there are two stable points.
    """

    variance: np.ndarray
    growth: np.ndarray
    multiplier: np.ndarray
    fold_variance: np.ndarray
    fold_growth: np.ndarray

    @property
    def survival(self) -> float | None:
        """g*, the growth up to which the labour-strong regime survives; None where it never meets a fold."""
        return float(self.fold_growth[0]) if len(self.fold_growth) else None

    @property
    def return_growth(self) -> float | None:
        """The growth below which an asset-dominated economy returns to labour-strong; None without a second fold."""
        return float(self.fold_growth[1]) if len(self.fold_growth) > 1 else None


@jax.jit
def _along(law: AssetLaw, variance: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    def one(v: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        growth, slope = jax.value_and_grad(law.growth_at)(v)
        return growth, slope, law.multiplier(v, growth)

    return jax.vmap(one)(variance)


def branch_over_growth(law: AssetLaw, upper: float) -> Branch:
    """The branch up to a variance, its folds by the sign of the exact slope dg/dV on a grid and Brent's method between.

    Args:
        law: Law of assets.
        upper: Largest variance of log assets.
    """
    lowest = float(law.asset_sd) ** 2
    grid = lowest + np.geomspace(1e-6 * lowest, upper - lowest, _GRID)
    growth, slope, multiplier = (np.asarray(part) for part in _along(law, jnp.asarray(grid)))

    def slope_at(v: float) -> float:
        return float(_along(law, jnp.asarray([v]))[1][0])

    turns = np.flatnonzero(slope[:-1] * slope[1:] < 0)
    folds = np.array([brentq(slope_at, grid[k], grid[k + 1], xtol=1e-13 * grid[k]) for k in turns], float)
    at_folds = np.asarray(_along(law, jnp.asarray(folds))[0]) if len(folds) else np.zeros(0)
    chosen = np.unique(np.linspace(0, _GRID - 1, _POINTS).astype(int))
    return Branch(grid[chosen], growth[chosen], multiplier[chosen], folds, at_folds)

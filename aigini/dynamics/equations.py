"""The equations of fixed points, folds and cusps of the map of the long run, with exact derivatives in all parameters.

With u = log V they are, for φ(u) = F(V)/V - 1 = ρ(V)² + ν²/V - 1,

* fixed point: φ = 0. There φ' = F'(V) - 1, the multiplier less one;
* fold, where two fixed points meet: φ = φ' = 0;
* cusp, where two folds meet: φ = φ' = φ'' = 0.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.dynamics.mean_field import asset_law
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.errors import AnalysisError

NAMES = (*MAP_PARAMETERS, "growth")
"""Parameters of the map, in the order of derivatives after u."""

N_EQUATIONS = 3


def _equations(point: Float[Array, "unknowns"]) -> Float[Array, "3"]:
    """φ, φ' and φ'' at (u, parameters in the order of `NAMES`)."""
    u = point[0]
    values = {name: point[1 + k] for k, name in enumerate(NAMES)}
    law = asset_law(values)

    def phi(at: Array) -> Array:
        variance = jnp.exp(at)
        return law.multiple(variance, values["growth"]) ** 2 + law.innovation() * jnp.exp(-at) - 1

    slope = jax.grad(phi)
    return jnp.stack([phi(u), slope(u), jax.grad(slope)(u)])


@jax.jit
def _with_jacobian(point: Float[Array, "unknowns"]) -> tuple[Float[Array, "3"], Float[Array, "3 unknowns"]]:
    return _equations(point), jax.jacfwd(_equations)(point)


class MapEquations:
    """The equations in u and some of the parameters, the others given; unknowns scaled to a box.

    Args:
        values: Every parameter of `NAMES`.
        free: Parameters that are unknown beside u.
        between: Interval of each.
        variance: Interval of V.

    Attributes:
        free: The free parameters.
        low: Lower edges of the box, scaled.
        high: Upper edges.
    """

    def __init__(
        self,
        values: Mapping[str, float],
        free: Sequence[str],
        between: Sequence[tuple[float, float]],
        variance: tuple[float, float],
    ) -> None:
        if unknown := [name for name in free if name not in NAMES]:
            raise AnalysisError(
                f"{', '.join(unknown)}: no parameter of the map of the long run; choose of {', '.join(NAMES)}."
            )
        self.free = tuple(free)
        self._base = np.array([0.0, *(values[name] for name in NAMES)])
        self._columns = np.array([0, *(1 + NAMES.index(name) for name in free)])
        bounds = [(np.log(variance[0]), np.log(variance[1])), *between]
        self._start = np.array([low for low, _ in bounds])
        self._span = np.array([high - low for low, high in bounds])
        self.low, self.high = np.zeros(len(bounds)), np.ones(len(bounds))

    def scaled(self, variance: float, at: Sequence[float]) -> np.ndarray:
        """Scaled unknowns of a variance and values of the free parameters."""
        return (np.array([np.log(variance), *at]) - self._start) / self._span

    def natural(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """V and the free parameters, ``[..., free]``, of scaled unknowns."""
        at = points * self._span + self._start
        return np.asarray(np.exp(at[..., 0])), at[..., 1:]

    def at(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All three equations and their Jacobian in u and every parameter, natural units."""
        full = self._base.copy()
        full[self._columns] = point * self._span + self._start
        value, jacobian = _with_jacobian(full)
        return np.asarray(value), np.asarray(jacobian)

    def first(self, count: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first `count` equations and their Jacobian in the scaled unknowns."""
        value, jacobian = self.at(point)
        return value[:count], jacobian[:count, self._columns] * self._span

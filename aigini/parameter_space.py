"""The parameter space: free parameters, the tie, and the vectors that stand for them.

Three descriptions of a point are used, and this module alone goes from one to another: every parameter by name; the
vector of all parameters in the order of `PARAMETER_NAMES`; and the free parameters on unconstrained scales, where
those that must be positive are logs and those between two bounds are log odds.

The tie η0 = 1 - η1 keeps total effective AI at A, whatever part of it is proprietary.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.parameters import PARAMETER_NAMES, SPECS, Parameters, from_unconstrained, to_unconstrained

Tie = Literal["eta0 = 1 - eta1", "none"]

TIED: Tie = "eta0 = 1 - eta1"
"""The tie unless another choice is made."""

FURTHEST = 30.0
"""Largest unconstrained value of a parameter; one that rounds to its bound would be infinitely far out."""


class ParameterSpace(eqx.Module):
    """Free parameters, the tie, bounds, and the map to unconstrained space.

    Attributes:
        names: Free parameters, the order of every vector over them.
        tie: ``"eta0 = 1 - eta1"`` keeps total effective AI at 1 and η1 between 0 and 1; ``"none"`` leaves them alone.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    tie: Tie = eqx.field(static=True, default=TIED)

    def over(self, names: Sequence[str]) -> "ParameterSpace":
        """The space with other free parameters; where η0 is one of them it moves by itself, and the tie is dropped."""
        return ParameterSpace(tuple(names), "none" if "eta0" in names else self.tie)

    def without(self, *fixed: str) -> "ParameterSpace":
        """The space with some of the free parameters fixed."""
        return ParameterSpace(tuple(name for name in self.names if name not in fixed), self.tie)

    def is_tied(self, name: str) -> bool:
        """True if a parameter follows from others."""
        return name == "eta0" and self.tie != "none"

    def bounds(self, name: str) -> tuple[float, float]:
        """Bounds of a parameter, narrowed by the tie."""
        if name == "eta1" and self.tie != "none":
            return 0.0, 1.0
        return SPECS[name].lower, SPECS[name].upper

    def natural(self, theta: Float[Array, "free"]) -> Float[Array, "free"]:
        """Natural values of an unconstrained point."""
        return jnp.stack([from_unconstrained(theta[i], *self.bounds(name)) for i, name in enumerate(self.names)])

    def unconstrained(self, natural: Float[Array, "free"]) -> Float[Array, "free"]:
        """Unconstrained point of natural values strictly inside the bounds."""
        return jnp.stack([to_unconstrained(natural[i], *self.bounds(name)) for i, name in enumerate(self.names)])

    def natural_at(self, theta: np.ndarray) -> np.ndarray:
        """Natural values of an unconstrained point, outside JAX, ``[free]``."""
        return np.asarray(self.natural(jnp.asarray(theta))) if self.names else np.zeros(0)

    def stretch(self, theta: np.ndarray) -> np.ndarray:
        """Derivative of each natural value in its own unconstrained one, ``[free]``."""
        if not self.names:
            return np.zeros(0)
        point = jnp.asarray(theta)
        return np.asarray(jax.jvp(self.natural, (point,), (jnp.ones_like(point),))[1])

    def coordinates(self, values: Mapping[str, float]) -> np.ndarray:
        """The free parameters on their unconstrained scales, at most `FURTHEST` from zero, ``[free]``.

        Args:
            values: Natural values by name, of the free parameters at least; one may be at its bound.
        """
        if not self.names:
            return np.zeros(0)
        theta = self.unconstrained(jnp.asarray([values[name] for name in self.names]))
        return np.clip(np.asarray(theta), -FURTHEST, FURTHEST)

    def values(self, base: Mapping[str, float], theta: np.ndarray) -> dict[str, float]:
        """`base` with the free parameters at an unconstrained point, and the tie imposed."""
        return self.replace(base, self.natural_at(theta))

    def replace(self, base: Mapping[str, float], natural: np.ndarray) -> dict[str, float]:
        """`base` with the free parameters at natural values ``[free]``, and the tie imposed."""
        return self.impose({**base, **dict(zip(self.names, natural.tolist(), strict=True))})

    def impose(self, values: Mapping[str, float]) -> dict[str, float]:
        """`values` with the tie imposed."""
        return dict(values) if self.tie == "none" else {**values, "eta0": 1 - values["eta1"]}

    def parameters(self, base: Parameters, natural: Float[Array, "free"]) -> Parameters:
        """`base` with the free parameters, and what is tied to them, replaced; they may be traced by JAX."""
        values: dict[str, object] = {name: natural[i] for i, name in enumerate(self.names)}
        if self.tie != "none":
            values["eta0"] = 1 - values.get("eta1", base.eta1)  # pyright: ignore[reportOperatorIssue]
        return base.replace(**values)

    @property
    def directions(self) -> np.ndarray:
        """Unit moves of each free parameter and of what is tied to it, ``[free, parameters]``."""
        moves = np.zeros((len(self.names), len(PARAMETER_NAMES)))
        for move, name in zip(moves, self.names, strict=True):
            move[PARAMETER_NAMES.index(name)] = 1.0
            if name == "eta1" and self.tie != "none":
                move[PARAMETER_NAMES.index("eta0")] = -1.0
        return moves

    def problems(self, where: str, values: Mapping[str, float] | None = None) -> list[str]:
        """Sentences about parameters that contradict the tie.

        Args:
            where: The list of free parameters in the configuration, ``calibration.free``.
            values: Every parameter; those that stay as they are must satisfy the tie.
        """
        if self.tie == "none":
            return []
        lines = []
        if "eta0" in self.names:
            lines.append(f'{where} has eta0, which calibration.tie sets to 1 - eta1; drop it, or set tie = "none".')
        if values is not None and "eta1" not in self.names and abs(values["eta0"] + values["eta1"] - 1) > 1e-9:
            lines.append(
                f"params.eta0 = {values['eta0']:g} and params.eta1 = {values['eta1']:g} do not add up to 1, as"
                ' calibration.tie says they do; change one of them, or set tie = "none".'
            )
        return lines


def pack(values: Mapping[str, float]) -> np.ndarray:
    """Values in the order of `PARAMETER_NAMES`."""
    return np.array([float(values[name]) for name in PARAMETER_NAMES])


def unpack(vector: Float[Array, "parameters"]) -> Parameters:
    """Parameters from a vector in the order of `PARAMETER_NAMES`, the inverse of `pack`."""
    return Parameters(**{name: vector[i] for i, name in enumerate(PARAMETER_NAMES)})

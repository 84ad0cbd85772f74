"""Settings of the dynamics: numbers that can be differentiated, and the shape of the paths."""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.dynamics.mean_field import AssetLaw, Erosion, logistic_path
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.parameters import Parameters, Scalar

Shape = Literal["logistic", "constant"]
"""Shapes of the paths of AI's level and of its adoption."""

SchoolingLaw = Literal["yearly", "static"]
"""Retooling of schooling from the level of the year before, or each year from that before AI, as the static economy."""

YEARS = 40
"""Years of a path unless another number is given."""


def _number(value: object) -> object:
    return np.asarray(value, np.float64) if isinstance(value, (int, float, np.integer, np.floating)) else value


def _field(name: str) -> Any:
    return eqx.field(converter=_number, default=DYNAMICS_SPECS[name].default)


class Dynamics(eqx.Module):
    """Parameters of the dynamics, a pytree of scalars beside `aigini.parameters.Parameters`.

    Attributes:
        bargaining_erosion: ω, share of ξ lost in full erosion.
        erosion_midpoint: G_c, asset Gini plus weighted gap at half erosion.
        erosion_width: w_c.
        erosion_gap_weight: λ.
        retool_speed: r_u, per year.
        deployment_midpoint: Year at which half of the final adoption is reached.
        deployment_speed: Speed of its logistic path, per year.
        adoption_final: Adoption in the end.
        capability_midpoint: Year at which half of the rise of A is reached.
        capability_speed: Speed of its logistic path, per year.
        years: Years T of the path.
        deployment: Shape of the path of adoption.
        capability: Shape of the path of A.
        schooling: Law of schooling.
    """

    bargaining_erosion: Scalar = _field("bargaining_erosion")
    erosion_midpoint: Scalar = _field("erosion_midpoint")
    erosion_width: Scalar = _field("erosion_width")
    erosion_gap_weight: Scalar = _field("erosion_gap_weight")
    retool_speed: Scalar = _field("retool_speed")
    deployment_midpoint: Scalar = eqx.field(converter=_number, default=8.0)
    deployment_speed: Scalar = _field("deployment_speed")
    adoption_final: Scalar = eqx.field(converter=_number, default=0.5)
    capability_midpoint: Scalar = eqx.field(converter=_number, default=5.0)
    capability_speed: Scalar = _field("capability_speed")
    years: int = eqx.field(static=True, default=YEARS)
    deployment: Shape = eqx.field(static=True, default="logistic")
    capability: Shape = eqx.field(static=True, default="logistic")
    schooling: SchoolingLaw = eqx.field(static=True, default="yearly")

    def law(self, params: Parameters) -> AssetLaw:
        """The law of the dispersion of assets at the parameters of an economy."""
        erosion = Erosion(
            xi=params.xi,
            bargaining_erosion=self.bargaining_erosion,
            erosion_midpoint=self.erosion_midpoint,
            erosion_width=self.erosion_width,
            psi=params.psi,
            erosion_gap_weight=self.erosion_gap_weight,
        )
        return AssetLaw(erosion, params.asset_reversion, params.asset_sd)

    def adoption(self) -> Float[Array, "years_and_start"]:
        """adoption_t for t = 0 .. T."""
        if self.deployment == "constant":
            return self.adoption_final * jnp.ones(self.years + 1)
        return logistic_path(self.adoption_final, self.deployment_midpoint, self.deployment_speed, self.years)

    def levels(self, before: Scalar, after: Scalar) -> Float[Array, "years_and_start"]:
        """A_t for t = 0 .. T, on the way from the level before AI to that after it."""
        if self.capability == "constant":
            return after * jnp.ones(self.years + 1)
        rise = logistic_path(1.0, self.capability_midpoint, self.capability_speed, self.years)
        return before + (after - before) * rise


DYNAMICS_NAMES: tuple[str, ...] = (
    *("bargaining_erosion", "erosion_midpoint", "erosion_width", "erosion_gap_weight", "retool_speed"),
    *("deployment_midpoint", "deployment_speed", "adoption_final", "capability_midpoint", "capability_speed"),
)
"""Numbers of the dynamics in the order of vectors over them, after the parameters of the economy."""

"""The NumPyro model: priors, simulated moments, and the limited-information likelihood of the targets.

The model is written for any map from parameters to moments, so that it can be checked where the posterior is known.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.infer.util import potential_energy

from aigini.bayes.likelihood import Likelihood
from aigini.bayes.priors import Prior

Point = dict[str, Array]
"""Unconstrained values by parameter."""


class Model(eqx.Module):
    """The model of a posterior: priors, simulator and likelihood.

    Attributes:
        simulate: Map from natural values ``[parameters]`` to the targeted moments ``[moments]``; a pytree.
        likelihood: Likelihood of the targets.
        names: Parameters with a prior, in the order of the simulator's argument.
        beliefs: The priors of these, in the same order.
    """

    simulate: Callable[[Array], Array]
    likelihood: Likelihood
    names: tuple[str, ...] = eqx.field(static=True)
    beliefs: tuple[Prior, ...]

    @property
    def priors(self) -> tuple[tuple[str, Prior], ...]:
        """Names and priors."""
        return tuple(zip(self.names, self.beliefs, strict=True))

    def __call__(self) -> None:
        """The program NumPyro runs; any of its kernels takes this object as its model."""
        natural = jnp.stack([numpyro.sample(name, prior.build()) for name, prior in self.priors])
        moments = self.simulate(natural)
        likelihood = self.likelihood
        numpyro.sample(
            "targets",
            dist.MultivariateNormal(moments[jnp.asarray(likelihood.observed)], precision_matrix=likelihood.precision),
            obs=likelihood.target,
        )
        if likelihood.window is not None:
            numpyro.factor("m6", likelihood.window_density(moments))

    def potential(self, point: Point) -> Float[Array, ""]:
        """Minus the log posterior density in unconstrained space, up to a constant; infinite where it is undefined."""
        energy = potential_energy(run, (self,), {}, point)
        return jnp.where(jnp.isfinite(energy), energy, jnp.inf)

    def natural(self, point: Point) -> Float[Array, "parameters"]:
        """Natural values of an unconstrained point."""
        return jnp.stack([dist.biject_to(prior.build().support)(point[name]) for name, prior in self.priors])

    def unconstrained(self, natural: Mapping[str, float]) -> dict[str, float]:
        """Unconstrained point of natural values inside the supports."""
        return {
            name: float(dist.biject_to(prior.build().support).inv(jnp.asarray(natural[name])))
            for name, prior in self.priors
        }

    def log_priors(self, natural: np.ndarray) -> dict[str, np.ndarray]:
        """Log density of each prior at draws ``[n, parameters]``, in natural units, ``[n]`` each."""
        return {
            name: np.asarray(prior.build().log_prob(jnp.asarray(natural[:, i])))
            for i, (name, prior) in enumerate(self.priors)
        }


def run(model: Model) -> None:
    """The model as a function of its data, which is what NumPyro passes from step to step."""
    model()


@jax.jit
def potential_and_gradient(model: Model, point: Point) -> tuple[Float[Array, ""], Point]:
    """Potential and its exact gradient."""
    return jax.value_and_grad(model.potential)(point)


def as_point(model: Model, vector: np.ndarray | Array) -> Point:
    """A point from values in the order of `Model.names`."""
    return {name: jnp.asarray(vector[i]) for i, name in enumerate(model.names)}


def as_vector(model: Model, point: Mapping[str, Any]) -> np.ndarray:
    """Values of a point in the order of `Model.names`."""
    return np.array([float(point[name]) for name in model.names])


def build(simulate: Callable[[Array], Array], likelihood: Likelihood, priors: Mapping[str, Prior]) -> Model:
    """A model from its parts, with priors by parameter."""
    return Model(simulate, likelihood, tuple(priors), tuple(priors.values()))

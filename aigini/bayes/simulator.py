"""Simulated moments as a function of the parameters that have a prior."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.parameter_space import ParameterSpace
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.statistics.moments import IncomeConcept, six_moments


class Simulator(eqx.Module):
    """The moments of one population; a pytree, so that its draws are arguments of compiled programs.

    Attributes:
        params: Values of the parameters that have no prior.
        population: Simulated workers.
        scenario: AI levels.
        space: Parameters with a prior, and the tie.
        rows: Positions of the targeted moments among m1 ... m6.
        income: Income concept of m6.
    """

    params: Parameters
    population: Population
    scenario: Scenario
    space: ParameterSpace
    rows: tuple[int, ...] = eqx.field(static=True)
    income: IncomeConcept = eqx.field(static=True)

    def place(self, natural: Float[Array, "free"]) -> Parameters:
        """Every parameter, at natural values of those with a prior."""
        return self.space.parameters(self.params, natural)

    def __call__(self, natural: Float[Array, "free"]) -> Float[Array, "moments"]:
        """Targeted moments.

        Sampling needs the gradient of one number, which plain reverse mode gives at less cost than the Jacobian.
        """
        every = six_moments(self.place(natural), self.population, self.scenario, income=self.income)
        return every[jnp.asarray(self.rows)]


@jax.jit
def moments_at(simulator: Simulator, natural: Float[Array, "points free"]) -> Float[Array, "points moments"]:
    """Targeted moments at many points, one after another."""
    return jax.lax.map(simulator, natural)

"""The targeted moments as a function of the free parameters: one map for the estimation and for the posterior."""

import equinox as eqx
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.parameter_space import ParameterSpace
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.statistics.catalogue import IncomeConcept
from aigini.statistics.moment import Moment
from aigini.statistics.moments import moments_and_jacobian, six_moments


class MomentMap(eqx.Module):
    """The moments of one population; a pytree, so that its draws are arguments of compiled programs, not constants.

    Attributes:
        params: Values of the parameters that are not free.
        population: Simulated workers.
        scenario: AI levels.
        space: Free parameters, and the tie.
        moment_names: Targeted moments, the order of values.
        targeted: The moments of these names.
        income: Income concept of m6.
    """

    params: Parameters
    population: Population
    scenario: Scenario
    space: ParameterSpace
    moment_names: tuple[str, ...] = eqx.field(static=True)
    targeted: tuple[Moment, ...] = eqx.field(static=True)
    income: IncomeConcept = eqx.field(static=True)

    def parameters(self, natural: Float[Array, "free"]) -> Parameters:
        """Every parameter, at natural values of the free ones."""
        return self.space.parameters(self.params, natural)

    def __call__(self, natural: Float[Array, "free"]) -> Float[Array, "moments"]:
        """Targeted moments at natural values of the free parameters.

        Plain reverse mode gives the gradient of one number at less cost than the Jacobian, which sampling makes use of.
        """
        return six_moments(self.parameters(natural), self.population, self.scenario, names=self.targeted)

    def moments_and_jacobian(
        self, natural: Float[Array, "free"]
    ) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
        """Targeted moments and dm/dθ in natural parameters, along the tie."""
        return moments_and_jacobian(natural, self.parameters, self.population, self.scenario, names=self.targeted)

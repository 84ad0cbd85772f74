"""The targeted moments as a function of the free parameters, for the estimation and for the posterior."""

import equinox as eqx
from jaxtyping import Array, Float

from aigini.parameter_space import ParameterSpace
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.statistics.catalogue import IncomeConcept
from aigini.statistics.economy_map import EconomyMap


class MomentMap(eqx.Module):
    """The moments of an economy in its free parameters; a pytree, which compiled programs take as an argument.

    Attributes:
        params: Values of the parameters that are not free.
        economy: The map from all parameters; its moments are the targeted ones.
        space: Free parameters, and the tie.
        moment_names: Names of the targeted moments in the configuration, the order of values.
        income: Income concept of m6.
    """

    params: Parameters
    economy: EconomyMap
    space: ParameterSpace
    moment_names: tuple[str, ...] = eqx.field(static=True)
    income: IncomeConcept = eqx.field(static=True)

    @property
    def population(self) -> Population:
        """Simulated workers."""
        return self.economy.population

    def parameters(self, natural: Float[Array, "free"]) -> Parameters:
        """Every parameter, at natural values of the free ones."""
        return self.space.parameters(self.params, natural)

    def __call__(self, natural: Float[Array, "free"]) -> Float[Array, "moments"]:
        """Targeted moments at natural values of the free parameters."""
        return self.economy(self.parameters(natural))

    def moments_and_jacobian(
        self, natural: Float[Array, "free"]
    ) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
        """Targeted moments and dm/dθ in natural parameters, along the tie."""
        return self.economy.with_jacobian(natural, self.parameters)

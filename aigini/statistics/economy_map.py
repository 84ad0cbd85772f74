"""The one map from parameters to moments: the simulated economy as a function, with its exact Jacobian.

Estimation, analyses, posterior and the functions of `aigini.statistics.moments` all ask this map. It can be traced by
JAX, and its draws are arguments of compiled programs, not constants.
"""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.channels import Channels
from aigini.economy.economy import Scenario, solve
from aigini.economy.interventions import Intervention
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.runtime.precision import require_x64
from aigini.statistics.jacobian import evaluate, value_and_jacobian
from aigini.statistics.moment import Moment, statistic_of


class EconomyMap(eqx.Module):
    """Moments of one population in one scenario as a function of the parameters.

    Attributes:
        population: Workers and firm shocks.
        scenario: AI levels, mechanisms and policy.
        moments: The moments, in the order of values.
    """

    population: Population
    scenario: Scenario
    moments: tuple[Moment, ...] = eqx.field(static=True)

    def __call__(self, params: Parameters, switches: Channels | None = None) -> Float[Array, "moments"]:
        """The moments in natural units, float64; differentiable in both modes.

        Plain reverse mode gives the gradient of one number at less cost than the Jacobian, which sampling makes use of.

        Args:
            params: Parameters.
            switches: Channels to switch off; all are on by default.

        Raises:
            PrecisionError: if 64-bit mode is off.
            ValueError: with fewer firms than a moment needs, as m5 needs three.
        """
        require_x64()
        economy = solve(params, self.scenario, self.population.firm_shocks, switches)
        return evaluate(statistic_of(self.moments)(economy), economy, self.population)

    def with_jacobian(
        self, point: Float[Array, "free"], params_at: Callable[[Array], Parameters]
    ) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
        """The moments and their exact Jacobian, several times faster than differentiating `__call__`.

        Args:
            point: Point at which derivatives are taken.
            params_at: The parameters at a point.

        Raises:
            PrecisionError: if 64-bit mode is off.
            ValueError: with fewer firms than a moment needs, as m5 needs three.
        """
        return self.along(lambda at: (params_at(at), self.scenario), point, jnp.eye(point.size, dtype=point.dtype))

    def along(
        self,
        economy_at: Callable[[Array], tuple[Parameters, Scenario]],
        point: Float[Array, "coordinates"],
        directions: Float[Array, "directions coordinates"],
    ) -> tuple[Float[Array, "moments"], Float[Array, "moments directions"]]:
        """The moments and their exact derivatives along directions, which may move numbers of mechanisms, too.

        Args:
            economy_at: Parameters and scenario at a point.
            point: Point at which derivatives are taken.
            directions: Moves of the point.

        Raises:
            PrecisionError: if 64-bit mode is off.
            ValueError: with fewer firms than a moment needs, as m5 needs three.
        """
        require_x64()
        return value_and_jacobian(
            lambda at: solve(*economy_at(at), self.population.firm_shocks),
            statistic_of(self.moments),
            self.population,
            point,
            directions,
        )

    def under(self, intervention: Intervention) -> "EconomyMap":
        """The same economy under a policy."""
        return dataclasses.replace(self, scenario=dataclasses.replace(self.scenario, intervention=intervention))

    def on(self, population: Population) -> "EconomyMap":
        """The same economy with another draw of the population."""
        return dataclasses.replace(self, population=population)

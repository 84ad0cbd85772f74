"""The regime boundary to first order in A (MODEL.md section 11).

Just after AI arrives at an economy without it, every income moves by A δ_i, and the Gini G of incomes x with mean μ by

    ΔG = A mean_i[δ_i (2 F_i - 1 - G)] / μ + O(A²),

F_i being the rank of the worker; means and ranks weigh workers as they were drawn. Technology, pay, screening and firm
growth depend on η0, η1 and β only through A η0, A η1 and A β, so δ_i is linear in (η0, η1, β), and to first order the
boundary is a straight line in (η0, η1):

    η0 G_0 + η1 G_1 + β G_β = 0.

The three coefficients depend on the economy before AI only. They are computed from exact ranks and exact derivatives of
incomes, not from the histogram that the simulation uses.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario, solve
from aigini.economy.workers import in_occupation, outcomes
from aigini.errors import AnalysisError
from aigini.estimation.other_draws import shown
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameter_space import pack, unpack
from aigini.population.workers import N_OCCUPATIONS
from aigini.statistics.economy_map import EconomyMap
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class FirstOrder(Tabular):
    """Effect on the Gini of total income of a little AI.

    Attributes:
        commodity: G_0, per unit of A η0.
        proprietary: G_1, per unit of A η1.
        displacement: G_β, per unit of A β.
        beta: β of the economy.
        simulation_se: Simulation standard errors of the numbers of `numbers`; empty where they are not known.
    """

    commodity: float
    proprietary: float
    displacement: float
    beta: float
    simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, float]:
        """G_0, G_1, β G_β, and intercept and slope of the boundary η1 = intercept + slope η0; NaN where it has none."""
        intercept, at_one = (
            self.eta1_on_boundary(eta0) if self.proprietary != 0 else float("nan") for eta0 in (0.0, 1.0)
        )
        return {
            "commodity": self.commodity,
            "proprietary": self.proprietary,
            "displacement": self.beta * self.displacement,
            "intercept": intercept,
            "slope": at_one - intercept,
        }

    def eta1_on_boundary(self, eta0: float) -> float:
        """η1 at which a little AI leaves the Gini as it is.

        Raises:
            AnalysisError: if η1 does not move it.
        """
        if self.proprietary == 0:
            raise AnalysisError("to first order eta1 does not move the Gini, so no eta1 lies on its boundary.")
        return -(eta0 * self.commodity + self.beta * self.displacement) / self.proprietary

    def table(self) -> Table:
        """The derivatives and the boundary that follows from them."""
        errors = [self.simulation_se.get(name) for name in self.numbers]
        return Table(
            (Column("number", list(self.numbers)), Column("value", list(self.numbers.values()), errors=errors))
        )

    def __str__(self) -> str:
        number = {name: shown(value, self.simulation_se.get(name)) for name, value in self.numbers.items()}
        return (
            f"to first order in A the Gini of total income moves by A [({number['commodity']}) eta0 +"
            f" ({number['proprietary']}) eta1 + ({number['displacement']})]; its boundary is eta1 ="
            f" ({number['intercept']}) + ({number['slope']}) eta0"
        )


@jax.jit
def _incomes(
    vector: Float[Array, "parameters"], economy: EconomyMap
) -> tuple[Float[Array, "rows workers"], Float[Array, "rows workers"], Float[Array, "rows workers"]]:
    """Total incomes without AI, their derivatives in A, and the weights of workers."""
    population = economy.population

    def incomes(level: Array) -> tuple[Array, Array]:
        scenario = Scenario(A0=jnp.zeros(()), A1=level, mechanisms=economy.scenario.mechanisms)
        environment = solve(unpack(vector), scenario, population.firm_shocks).environment

        def one_row(row: Any, occupation: Array) -> tuple[Array, Array]:
            own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == occupation).astype(jnp.float64)
            workers = population.workers.source.draw(row)
            return outcomes(in_occupation(environment, own, population.dtype), workers).total[1], workers.weight

        return jax.lax.map(lambda at: one_row(*at), (population.workers.rows, population.occupation))

    return jax.jvp(incomes, (jnp.zeros(()),), (jnp.ones(()),), has_aux=True)


def _coefficient(vector: np.ndarray, economy: EconomyMap) -> np.ndarray:
    """Derivative of the Gini of total income in A, at A = 0."""
    population = economy.population
    real = np.arange(population.chunk)[None, :] < np.asarray(population.count)[:, None]
    x, delta, weight = (np.asarray(part, np.float64)[real] for part in _incomes(vector, economy))
    order = np.argsort(x, kind="stable")
    rank = np.empty(x.size)
    rank[order] = (np.cumsum(weight[order]) - weight[order] / 2) / np.sum(weight)
    mean = np.average(x, weights=weight)
    gini = np.average(x * (2 * rank - 1), weights=weight) / mean
    return np.asarray(np.average(delta * (2 * rank - 1 - gini), weights=weight) / mean)


def first_order(values: Mapping[str, float], outcome_map: OutcomeMap) -> FirstOrder | None:
    """The first-order boundary of an economy.

    Args:
        values: Every parameter; η0 and η1 do not matter.
        outcome_map: The economy; its AI levels do not matter.

    Returns:
        None where the technology has no derivative at no AI.
    """
    if not outcome_map.scenario.mechanisms.technology.smooth_at_no_ai:
        return None

    def coefficient(**units: float) -> float:
        at = pack({**values, "eta0": 0.0, "eta1": 0.0, "beta": 0.0, **units})
        return float(outcome_map.run(_coefficient, at))

    # δ is linear in (η0, η1, β), so that a unit of each in turn gives its coefficient.
    return FirstOrder(
        commodity=coefficient(eta0=1.0),
        proprietary=coefficient(eta1=1.0),
        displacement=coefficient(beta=1.0),
        beta=values["beta"],
    )

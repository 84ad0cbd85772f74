"""The economy as a map from parameters to outcomes, with exact derivatives, compiled once and asked many times.

Every analysis at and around the estimates needs the same two numbers: the outcomes and their Jacobian in all
parameters. One compiled program gives both; which parameters are free, tied or on an axis is algebra on its columns.
"""

import functools
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario, solve
from aigini.errors import AnalysisError
from aigini.parameter_space import pack, unpack
from aigini.parameters import PARAMETER_NAMES, problems
from aigini.population.population import Population
from aigini.runtime.memory import side_by_side
from aigini.statistics.catalogue import OUTCOMES
from aigini.statistics.jacobian import value_and_jacobian
from aigini.statistics.moment import Moment, statistic_of
from aigini.statistics.outcomes import OUTCOME_NAMES, moment_rows, outcomes

TILE = 32
"""Points evaluated in one call."""

GINIS = tuple(OUTCOME_NAMES.index(name) for name in ("gini_total", "gini_wage"))


@functools.partial(jax.jit, static_argnames="moments")
def _jacobian(
    vector: Float[Array, "parameters"], population: Population, scenario: Scenario, moments: tuple[Moment, ...]
) -> tuple[Float[Array, "outcomes"], Float[Array, "outcomes parameters"]]:
    return value_and_jacobian(
        lambda v: solve(unpack(v), scenario, population.firm_shocks),
        statistic_of(moments),
        population,
        vector,
        jnp.eye(len(PARAMETER_NAMES)),
    )


@functools.partial(jax.jit, static_argnames=("moments", "batch"))
def _values(
    vectors: Float[Array, "points parameters"],
    population: Population,
    scenario: Scenario,
    moments: tuple[Moment, ...],
    batch: int,
) -> Float[Array, "points outcomes"]:
    return jax.lax.map(lambda v: outcomes(unpack(v), population, scenario, moments=moments), vectors, batch_size=batch)


@functools.partial(jax.jit, static_argnames="moments")
def _one(
    vector: Float[Array, "parameters"], population: Population, scenario: Scenario, moments: tuple[Moment, ...]
) -> Float[Array, "outcomes"]:
    return outcomes(unpack(vector), population, scenario, moments=moments)


def outcomes_of_one(
    population: Population, scenario: Scenario, values: Mapping[str, float], moments: tuple[Moment, ...] = OUTCOMES
) -> np.ndarray:
    """Outcomes of one population at one point, ``[outcomes]``; not a number where there is no outcome.

    Args:
        population: Simulated workers; another of the same size compiles nothing anew.
        scenario: AI levels.
        values: All parameters.
        moments: The outcomes.
    """
    return np.asarray(_one(pack(values), population, scenario, moments))


class OutcomeMap:
    """Outcomes of one population in one scenario.

    Attributes:
        population: Simulated workers.
        scenario: AI levels.
        moments: The outcomes, in their order: `OUTCOMES`, and then others that are targets.
        calls: Evaluations with derivatives so far.
    """

    def __init__(
        self,
        population: Population,
        scenario: Scenario | None = None,
        moments: tuple[Moment, ...] = OUTCOMES,
    ) -> None:
        self.population = population
        self.scenario = scenario or Scenario()
        self.moments = moments
        self.calls = 0

    def rows(self, names: Sequence[str], income: str) -> tuple[int, ...]:
        """Positions of moments among the outcomes, by their names; `income` is that of m6."""
        return moment_rows(names, income, self.moments)

    def jacobian(self, values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes ``[outcomes]`` and their Jacobian in all parameters, ``[outcomes, parameters]``, natural units.

        Raises:
            AnalysisError: if one of them is not finite.
        """
        self.calls += 1
        value, matrix = (
            np.asarray(part) for part in _jacobian(pack(values), self.population, self.scenario, self.moments)
        )
        if not (np.all(np.isfinite(value)) and np.all(np.isfinite(matrix))):
            raise AnalysisError(
                "the economy's outcomes or their derivatives are not finite at"
                f" {', '.join(f'{name} = {values[name]:.4g}' for name in PARAMETER_NAMES)}; stay nearer the baseline."
            )
        return value, matrix

    def along(self, values: Mapping[str, float], directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes and their exact derivatives along some directions of the parameter space.

        Args:
            values: All parameters.
            directions: In natural units, ``[directions, parameters]``.

        Returns:
            Outcomes ``[outcomes]``, and derivatives ``[outcomes, directions]``.

        Raises:
            AnalysisError: if one of them is not finite.
        """
        value, matrix = self.jacobian(values)
        return value, matrix @ directions.T

    def values(self, points: Sequence[Mapping[str, float]], batch: int | None = None) -> np.ndarray:
        """Outcomes at many points, ``[points, outcomes]``; rows that are not finite are left to the caller.

        Args:
            points: All parameters of each point, at most `TILE` of them, so that any number is one compiled program.
            batch: Points evaluated at once; by default `usual_batch`.
        """
        vectors = np.array([pack(point) for point in points])
        padding = np.repeat(vectors[-1:], TILE - len(points), axis=0)
        found = _values(
            np.concatenate([vectors, padding]),
            self.population,
            self.scenario,
            self.moments,
            batch or usual_batch(self.population),
        )
        return np.asarray(found)[: len(points)]

    def admits(self, values: Mapping[str, float]) -> bool:
        """Whether `values` is a point of the parameter space in this scenario."""
        return not self.problems(values)

    def problems(self, values: Mapping[str, float]) -> list[str]:
        """Why `values` is no point of the parameter space in this scenario, a sentence each."""
        level = max(float(self.scenario.A0), float(self.scenario.A1))
        return problems(values, level=level, years=self.population.years)


def usual_batch(population: Population, most: int = TILE) -> int:
    """Points evaluated at once: as many as fit on an accelerator; one on a CPU, which gains nothing from more."""
    return 1 if jax.default_backend() == "cpu" else side_by_side(population.bytes_in_flight, most)

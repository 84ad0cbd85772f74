"""The economy as the analyses ask it: from parameters by name to outcomes and exact derivatives, as NumPy's arrays.

Every call of a compiled program of an economy from outside goes through `OutcomeMap.run`. Every analysis at and around
the estimates needs the same two numbers: the outcomes and their Jacobian in all parameters. One compiled program gives
both; which parameters are free, tied or on an axis is algebra on its columns.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameter_space import pack, unpack
from aigini.parameters import PARAMETER_NAMES
from aigini.population.population import Population
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.memory import in_groups, usual_number
from aigini.statistics.catalogue import OUTCOMES
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.moment import Moment
from aigini.statistics.outcomes import OUTCOME_NAMES, moment_rows

TILE = 32
"""Points evaluated in one call."""

GINIS = tuple(OUTCOME_NAMES.index(name) for name in ("gini_total", "gini_wage"))


@jax.jit
def _jacobian(
    vector: Float[Array, "parameters"], economy: EconomyMap
) -> tuple[Float[Array, "outcomes"], Float[Array, "outcomes parameters"]]:
    return economy.with_jacobian(vector, unpack)


@functools.partial(jax.jit, static_argnames="batch")
def _values(
    vectors: Float[Array, "points parameters"], economy: EconomyMap, batch: int
) -> Float[Array, "points outcomes"]:
    return in_groups(lambda vector: economy(unpack(vector)), batch)(vectors)


@jax.jit
def _one(vector: Float[Array, "parameters"], economy: EconomyMap) -> Float[Array, "outcomes"]:
    return economy(unpack(vector))


class OutcomeMap:
    """Outcomes of one population in one scenario.

    Attributes:
        economy: The map that is evaluated. Its moments are the outcomes, in their order: `OUTCOMES`, and then others
            that are targets.
    """

    def __init__(
        self,
        population: Population,
        scenario: Scenario | None = None,
        moments: tuple[Moment, ...] = OUTCOMES,
    ) -> None:
        self.economy = EconomyMap(population, scenario or Scenario(), moments)

    @property
    def population(self) -> Population:
        """Simulated workers."""
        return self.economy.population

    @property
    def scenario(self) -> Scenario:
        """AI levels, mechanisms and policy."""
        return self.economy.scenario

    @functools.cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.economy)

    def run(self, program: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        """The result of a program of the economy, read instead where it is stored (`aigini.runtime.evaluations`).

        Args:
            program: A function of module level, of `arguments` and then the `EconomyMap`, which returns an array or a
                tuple of arrays and depends on nothing else.
            *arguments: What it is asked.
            **how: Further arguments that move nothing but rounding, such as how much is evaluated at once.
        """
        return evaluated(
            lambda: program(*arguments, self.economy, **how),
            lambda: fingerprint(f"{program.__module__}.{program.__qualname__}", self._fingerprint, arguments),
        )

    def on(self, population: Population) -> "OutcomeMap":
        """The same outcomes of another draw of the population."""
        return OutcomeMap(population, self.scenario, self.economy.moments)

    def rows(self, names: Sequence[str], income: str) -> tuple[int, ...]:
        """Positions of moments among the outcomes, by their names; `income` is that of m6."""
        return moment_rows(names, income, self.economy.moments)

    def jacobian(self, values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes ``[outcomes]`` and their Jacobian in all parameters, ``[outcomes, parameters]``, natural units.

        Raises:
            AnalysisError: if one of them is not finite.
        """
        value, matrix = self.run(_jacobian, pack(values))
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
            batch: Points evaluated at once; by default `aigini.runtime.memory.usual_number`.
        """
        vectors = np.array([pack(point) for point in points])
        padding = np.repeat(vectors[-1:], TILE - len(points), axis=0)
        vectors = np.concatenate([vectors, padding])
        batch = batch or usual_number(self.population.bytes_in_flight, TILE)
        return self.run(_values, vectors, batch=batch)[: len(points)]

    def one(self, values: Mapping[str, float]) -> np.ndarray:
        """Outcomes at one point, ``[outcomes]``; not a number where there is no outcome.

        Its program is the cheapest to compile where every population has another size.
        """
        return self.run(_one, pack(values))

    def admits(self, values: Mapping[str, float]) -> bool:
        """True if `values` is a point of the parameter space in this scenario."""
        return not self.problems(values)

    def problems(self, values: Mapping[str, float]) -> list[str]:
        """Why `values` is no point of the parameter space in this scenario, a sentence each."""
        return self.scenario.problems(values, self.population.years)

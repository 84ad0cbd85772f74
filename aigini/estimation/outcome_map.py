"""The economy as the analyses ask it: from parameters by name to outcomes and exact derivatives, as NumPy's arrays.

Every call of a compiled program of an economy from outside goes through `OutcomeMap.run`. Every analysis at and around
the estimates needs the same two numbers: the outcomes and their Jacobian in all parameters. One compiled program gives
both; which parameters are free, tied or on an axis is algebra on its columns.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameter_space import pack, unpack
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population.population import Population
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.memory import first_in_groups, usual_number
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


def _with_numbers(point: Float[Array, "coordinates"], scenario: Scenario) -> tuple[Parameters, Scenario]:
    """Parameters and scenario of a point of all parameters and then the mechanisms' numbers, in their orders."""
    names, count = scenario.mechanisms.number_names, len(PARAMETER_NAMES)
    mechanisms = scenario.mechanisms.with_numbers(dict(zip(names, point[count:], strict=True)))
    return unpack(point[:count]), dataclasses.replace(scenario, mechanisms=mechanisms)


@jax.jit
def _along_numbers(
    point: Float[Array, "coordinates"], directions: Float[Array, "directions coordinates"], economy: EconomyMap
) -> tuple[Float[Array, "outcomes"], Float[Array, "outcomes directions"]]:
    return economy.along(lambda at: _with_numbers(at, economy.scenario), point, directions)


@functools.partial(jax.jit, static_argnames="batch")
def _values_at_numbers(
    points: Float[Array, "points coordinates"], number: Int[Array, ""], economy: EconomyMap, batch: int
) -> Float[Array, "points outcomes"]:
    def one(point: Float[Array, "coordinates"]) -> Float[Array, "outcomes"]:
        params, scenario = _with_numbers(point, economy.scenario)
        return dataclasses.replace(economy, scenario=scenario)(params)

    return first_in_groups(one, batch)(number, points)


@functools.partial(jax.jit, static_argnames="batch")
def _values(
    vectors: Float[Array, "points parameters"], number: Int[Array, ""], economy: EconomyMap, batch: int
) -> Float[Array, "points outcomes"]:
    return first_in_groups(lambda vector: economy(unpack(vector)), batch)(number, vectors)


@jax.jit
def _one(vector: Float[Array, "parameters"], economy: EconomyMap) -> Float[Array, "outcomes"]:
    return economy(unpack(vector))


class OutcomeMap:
    """Outcomes of one population in one scenario.

    A point is every parameter by name. It may also have numbers of the scenario's mechanisms, which then are the
    point's and not the scenario's.

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

    def at_numbers_of(self, values: Mapping[str, float]) -> "OutcomeMap":
        """The same outcomes with the numbers of mechanisms that a point has; itself if it has none."""
        mechanisms = self.scenario.mechanisms
        own = {name: float(values[name]) for name in mechanisms.number_names if name in values}
        if not own:
            return self
        scenario = dataclasses.replace(self.scenario, mechanisms=mechanisms.with_numbers(own))
        return OutcomeMap(self.population, scenario, self.economy.moments)

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
        return _finite(self.at_numbers_of(values).run(_jacobian, pack(values)), values)

    def along(self, values: Mapping[str, float], directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes and their exact derivatives along some directions of the parameter space.

        Args:
            values: All parameters.
            directions: In natural units, ``[directions, parameters]``; with a further column for each number of the
                mechanisms, in the order of `Mechanisms.number_names`, where these move, too.

        Returns:
            Outcomes ``[outcomes]``, and derivatives ``[outcomes, directions]``.

        Raises:
            AnalysisError: if one of them is not finite.
        """
        if directions.shape[1] == len(PARAMETER_NAMES):
            value, matrix = self.jacobian(values)
            return value, matrix @ directions.T
        own = self.at_numbers_of(values)
        point = np.concatenate([pack(values), list(own.scenario.mechanisms.numbers.values())])
        return _finite(own.run(_along_numbers, point, directions), values)

    def values(self, points: Sequence[Mapping[str, float]], batch: int | None = None) -> np.ndarray:
        """Outcomes at many points, ``[points, outcomes]``; rows that are not finite are left to the caller.

        Args:
            points: All parameters of each point, at most `TILE` of them, so that any number is one compiled program.
            batch: Points evaluated at once; by default `aigini.runtime.memory.usual_number`.
        """
        numbers = self.scenario.mechanisms.numbers
        moved = any(name in point for point in points for name in numbers)
        own = [[point.get(name, value) for name, value in numbers.items()] if moved else [] for point in points]
        vectors = np.array([[*pack(point), *more] for point, more in zip(points, own, strict=True)])
        padding = np.repeat(vectors[-1:], TILE - len(points), axis=0)
        vectors = np.concatenate([vectors, padding])
        batch = batch or usual_number(self.population.bytes_in_flight, TILE)
        # Padding gives every number of points one program, and is not evaluated: its last group may have some.
        program, number = (_values_at_numbers if moved else _values), np.asarray(len(points))
        return self.run(program, vectors, number, batch=batch)[: len(points)]

    def one(self, values: Mapping[str, float]) -> np.ndarray:
        """Outcomes at one point, ``[outcomes]``; not a number where there is no outcome.

        Its program is the cheapest to compile where every population has another size.
        """
        return self.at_numbers_of(values).run(_one, pack(values))

    def admits(self, values: Mapping[str, float]) -> bool:
        """True if `values` is a point of the parameter space in this scenario."""
        return not self.problems(values)

    def problems(self, values: Mapping[str, float]) -> list[str]:
        """Why `values` is no point of the parameter space in this scenario, a sentence each."""
        return self.at_numbers_of(values).scenario.problems(values, self.population.years)


def _finite(derivatives: tuple[np.ndarray, np.ndarray], values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and derivatives, which must be finite."""
    value, matrix = derivatives
    if not (np.all(np.isfinite(value)) and np.all(np.isfinite(matrix))):
        raise AnalysisError(
            "the economy's outcomes or their derivatives are not finite at"
            f" {', '.join(f'{name} = {values[name]:.4g}' for name in PARAMETER_NAMES)}; stay nearer the baseline."
        )
    return value, matrix

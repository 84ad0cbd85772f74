"""Economies at points of the sliders: headline numbers and curves, with exact derivatives in the sliders.

Three compiled programs of one population serve every point: coalitions of channels with derivatives, the same without,
and curves with derivatives. Points are evaluated `TILE` at a time, and each such call is an evaluation that a run which
was interrupted reads back.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.dynamics.economy import economy_at_rest
from aigini.dynamics.settings import Dynamics
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Economy, Scenario, solve
from aigini.errors import AnalysisError
from aigini.estimation.outcome_map import OutcomeMap
from aigini.explore.quantities import HEADLINE_NAMES, distributions
from aigini.explore.sliders import NAMES, parameters_at
from aigini.numerics.shapley import coalitions, shapley
from aigini.population.population import Population
from aigini.runtime.memory import in_groups, usual_number
from aigini.runtime.progress import report
from aigini.statistics.catalogue import GINI_TOTAL, GINI_WAGE
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.jacobian import evaluate, value_and_jacobian
from aigini.statistics.moment import statistic_of
from aigini.statistics.simulation import RESIDUAL_TOLERANCE

TILE = 8
"""Points in one call."""

RENT = "rent_at_rest"
"""q_A with schooling adjusted in full, on which the long run rests; the last of the curves' numbers."""

_ON = np.asarray(coalitions(len(CHANNEL_NAMES)), np.float64)

_Points = Float[Array, "points sliders"]
_Base = Float[Array, "parameters"]


def _solved(point: Float[Array, "sliders"], base: _Base, economy: EconomyMap, switches: Array) -> Economy:
    return solve(parameters_at(point, base), economy.scenario, economy.population.firm_shocks, Channels(*switches))


@functools.partial(jax.jit, static_argnames="batch")
def _coalitions_with_derivatives(
    points: _Points, on: Float[Array, "coalitions channels"], base: _Base, economy: EconomyMap, batch: int
) -> tuple[Float[Array, "points coalitions ginis"], Float[Array, "points coalitions ginis sliders"]]:
    directions = jnp.eye(points.shape[1], dtype=points.dtype)

    def one(point: Float[Array, "sliders"], switches: Float[Array, "channels"]) -> tuple[Array, Array]:
        return value_and_jacobian(
            lambda at: _solved(at, base, economy, switches),
            statistic_of(economy.moments),
            economy.population,
            point,
            directions,
        )

    return _over_coalitions(one, points, on, batch)


@functools.partial(jax.jit, static_argnames="batch")
def _coalitions(
    points: _Points, on: Float[Array, "coalitions channels"], base: _Base, economy: EconomyMap, batch: int
) -> Float[Array, "points coalitions ginis"]:
    def one(point: Float[Array, "sliders"], switches: Float[Array, "channels"]) -> Array:
        solved = _solved(point, base, economy, switches)
        return evaluate(statistic_of(economy.moments)(solved), solved, economy.population)

    return _over_coalitions(one, points, on, batch)


def _over_coalitions(
    one: Callable[..., Any], points: _Points, on: Float[Array, "coalitions channels"], batch: int
) -> Any:
    """A function of a point and of switches at every pair of them."""
    shape = (points.shape[0], on.shape[0])
    every = in_groups(one, batch)(jnp.repeat(points, shape[1], axis=0), jnp.tile(on, (shape[0], 1)))
    return jax.tree.map(lambda leaf: leaf.reshape(*shape, *leaf.shape[1:]), every)


@functools.partial(jax.jit, static_argnames="batch")
def _curves(
    points: _Points, base: _Base, economy: EconomyMap, batch: int
) -> tuple[Float[Array, "points numbers"], Float[Array, "points numbers sliders"], Float[Array, "points"]]:
    def numbers(point: Float[Array, "sliders"]) -> tuple[Array, Array]:
        params = parameters_at(point, base)
        solved = solve(params, economy.scenario, economy.population.firm_shocks)
        dynamics = Dynamics(bargaining_erosion=0.0, adoption_final=params.adoption)
        rest = economy_at_rest(params, dynamics, economy.scenario, jnp.asarray(params.asset_sd) ** 2, 1).after.market
        every = jnp.append(distributions(solved, economy.population), rest.prices.mean_ai_rent)
        return every, jnp.maximum(jnp.max(solved.states.market.residual), rest.residual)

    def one(point: Float[Array, "sliders"]) -> tuple[Array, Array, Array]:
        def along(move: Float[Array, "sliders"]) -> tuple[Array, Array, Array]:
            value, moved, residual = jax.jvp(numbers, (point,), (move,), has_aux=True)
            return value, moved, residual

        directions = jnp.eye(point.shape[0], dtype=point.dtype)
        return jax.vmap(along, out_axes=(None, 1, None))(directions)

    return in_groups(one, batch)(points)


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """Numbers of economies at points.

    Attributes:
        points: The sliders, ``[points, sliders]``.
        headline: Contributions in the order of `HEADLINE_NAMES`, ``[points, numbers]``.
        headline_slopes: Their derivatives, ``[points, numbers, sliders]``; empty where they were not asked for.
        curves: Numbers in the order of `CURVE_NAMES` and then `RENT`, ``[points, numbers]``.
        curve_slopes: Their derivatives, ``[points, numbers, sliders]``.
    """

    points: np.ndarray
    headline: np.ndarray
    headline_slopes: np.ndarray
    curves: np.ndarray
    curve_slopes: np.ndarray


class SliderMap:
    """Economies of one population as a function of the sliders.

    Args:
        population: The workers.
        scenario: AI levels and mechanisms.
        base: Every parameter at the estimates, in the order of `aigini.parameters.PARAMETER_NAMES`.
    """

    def __init__(self, population: Population, scenario: Scenario, base: np.ndarray) -> None:
        self.ginis = OutcomeMap(population, scenario, (GINI_TOTAL, GINI_WAGE))
        self.base = base

    @property
    def population(self) -> Population:
        """The workers."""
        return self.ginis.population

    def on(self, population: Population) -> "SliderMap":
        """The same with another draw of the population."""
        return SliderMap(population, self.ginis.scenario, self.base)

    def evaluate(self, points: np.ndarray, what: str, *, derivatives: bool) -> Evaluations:
        """Economies at points.

        Args:
            points: The sliders, ``[points, sliders]``.
            what: Name of the part of the work, for progress.
            derivatives: True if headline numbers come with derivatives, which curves always have.

        Raises:
            AnalysisError: if an economy has no equilibrium or a number is not finite, naming the point.
        """
        headline, headline_slopes, curves, slopes = [], [], [], []
        report(what, 0, len(points))
        for start in range(0, len(points), TILE):
            own = points[start : start + TILE]
            value, slope = self._headline(own, derivatives)
            headline.append(value)
            headline_slopes.append(slope)
            *both, residual = self._run(_curves, own)
            curves.append(both[0])
            slopes.append(both[1])
            self._require(own, (value, slope, *both), residual)
            report(what, start + len(own), len(points))
        return Evaluations(points, *map(np.concatenate, (headline, headline_slopes, curves, slopes)))

    def _headline(self, points: np.ndarray, derivatives: bool) -> tuple[np.ndarray, np.ndarray]:
        """Contributions, ``[points, numbers]``, and their derivatives, ``[points, numbers, sliders or 0]``."""
        if derivatives:
            values, slopes = self._run(_coalitions_with_derivatives, points, _ON)
        else:
            values = self._run(_coalitions, points, _ON)
            slopes = np.zeros((*values.shape, 0))
        # Contributions are linear in the values of coalitions, and so are their derivatives.
        together = np.concatenate([values[..., None], slopes], axis=-1)
        parts = shapley(np.moveaxis(together, 1, 0), CHANNEL_NAMES).contributions
        by_number = np.moveaxis(parts, (1, 2, 0), (0, 1, 2)).reshape(len(points), len(HEADLINE_NAMES), -1)
        return by_number[..., 0], by_number[..., 1:]

    def _run(self, program: Callable[..., Any], points: np.ndarray, *arguments: np.ndarray) -> Any:
        padded = np.concatenate([points, np.repeat(points[-1:], TILE - len(points), axis=0)])
        most = TILE * len(_ON) if arguments else TILE
        batch = usual_number(self.population.bytes_in_flight * (1 if arguments else len(NAMES)), most)
        result = self.ginis.run(program, padded, *arguments, self.base, batch=batch)
        return jax.tree.map(lambda leaf: leaf[: len(points)], result)

    def _require(self, points: np.ndarray, numbers: tuple[np.ndarray, ...], residual: np.ndarray) -> None:
        finite = np.all([np.isfinite(part).reshape(len(points), -1).all(axis=1) for part in numbers], axis=0)
        wrong = np.flatnonzero(~finite | ~(residual <= RESIDUAL_TOLERANCE))
        if len(wrong):
            where = ", ".join(f"{name} = {at:.4g}" for name, at in zip(NAMES, points[wrong[0]], strict=True))
            raise AnalysisError(
                f"explore: the economy at {where} has no equilibrium (violated by {residual[wrong[0]]:.1e}) or a number"
                " that is not finite; start from estimates nearer the baseline."
            )

"""Contributions of the channels of AI to changes of inequality in every year of the path: exact Shapley values.

As in the static decomposition (MODEL.md section 13) a switch takes away its own mechanism and no other. The path of the
economy with every channel on gives the rent q_A,t that drives firms' assets and the bargaining ξ_t in every coalition;
the switch of cumulative advantage takes away the first, and that of the erosion of bargaining, a channel that there is
on the path only, puts ξ back for ξ_t.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.dynamics.economy import AggregatePath, paired, solve_path, state_of
from aigini.dynamics.path import PathMap
from aigini.dynamics.settings import Dynamics
from aigini.economy import channels, firms
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Economy, Scenario, State
from aigini.economy.equilibrium import Market, following_market, markets
from aigini.errors import AnalysisError
from aigini.estimation.other_draws import FEWEST, about_draws, shown
from aigini.numerics.shapley import coalitions, shapley
from aigini.parameters import Parameters, Scalar
from aigini.population.draws import normal_scores
from aigini.population.population import Population
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import find
from aigini.statistics.simulation import RESIDUAL_TOLERANCE
from aigini.tables import Column, Table, Tabular, numbers

OUTCOMES = {"gini_total": "Gini of total income", "gini_wage": "Gini of wages"}
_MOMENTS = tuple(find(name) for name in OUTCOMES)
NAMES = (*CHANNEL_NAMES, "bargaining")
"""The channels, the erosion of bargaining the last."""
_SHOWN = 10
"""Years between those that are printed."""


@dataclasses.dataclass(frozen=True)
class YearlyChannels(Tabular):
    """Shapley contributions of the channels in each year.

    Attributes:
        years: Last year T.
        contributions: By outcome, ``[years + 1, channels]`` in the order of `NAMES`; they add up to the change of the
            year.
        simulation_se: Their simulation standard errors in the same shape; empty where they were not measured.
        n_workers: Workers of the population.
        draws: Other draws of the population from which the errors come.
    """

    units: ClassVar[dict[str, str]] = {"contributions": "change of a Gini", "simulation_se": "change of a Gini"}

    years: int
    contributions: Mapping[str, np.ndarray]
    simulation_se: Mapping[str, np.ndarray]
    n_workers: int
    draws: int

    def table(self) -> Table:
        """Contributions in every year."""
        return self._table(range(self.years + 1))

    def _table(self, years: Iterable[int]) -> Table:
        rows = [(name, year) for name in self.contributions for year in years]
        columns = [Column("change", [f"{name}, year {year}" for name, year in rows])]
        for k, channel in enumerate(NAMES):
            values = [float(self.contributions[name][year, k]) for name, year in rows]
            errors = [self._error(name, year, k) for name, year in rows]
            columns.append(numbers(channel, values, errors, shown))
        return Table(tuple(columns))

    def _error(self, name: str, year: int, channel: int) -> float | None:
        return float(self.simulation_se[name][year, channel]) if name in self.simulation_se else None

    def __str__(self) -> str:
        every = sorted({*range(0, self.years + 1, _SHOWN), self.years})
        lines = ["contributions of the channels to the changes by AI, year by year:", str(self._table(every))]
        return "\n".join([*lines, about_draws(self.draws, self.n_workers)])


def switched_path(
    params: Parameters,
    dynamics: Dynamics,
    scenario: Scenario,
    shocks: Float[Array, "firms years"],
    path: AggregatePath,
    switches: Channels,
    erosion: Scalar = 1.0,
) -> tuple[Economy, Scalar]:
    """The economy in each year with some channels off.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI, 0, and in the end, and the mechanisms.
        shocks: ε_jt of firms.
        path: The path with every channel on.
        switches: The channels of the static economy.
        erosion: The switch of the erosion of bargaining.

    Returns:
        The economies, as of `aigini.dynamics.economy.solve_path`, and the largest violation of an equilibrium.
    """
    own = channels.market_parameters(params, switches)
    growing = channels.firm_parameters(params, switches)
    first = jnp.stack([jnp.asarray(scenario.A0, jnp.float64), jnp.asarray(scenario.A0, jnp.float64)])
    before: Market = jax.tree.map(lambda leaf: leaf[0], markets(params, first, scenario.mechanisms))
    start = params.asset_sd * jnp.asarray(normal_scores(shocks.shape[0]))
    innovation = jnp.sqrt(dynamics.law(params).innovation())
    path = dataclasses.replace(path, bargaining=params.xi + erosion * (path.bargaining - params.xi))

    def year(
        state: tuple[Array, Market], given: tuple[AggregatePath, Array]
    ) -> tuple[tuple[Array, Market], tuple[State, Scalar]]:
        (log_assets, near), (now, shock) = state, given
        conditions = {"adoption": now.adoption, "xi": now.bargaining}
        earlier = near.schooling if dynamics.schooling == "yearly" else before.schooling
        sample = channels.work_sample(params.replace(**conditions), scenario.mechanisms, now.level, switches)
        market = following_market(
            own.replace(**conditions), now.level, scenario.mechanisms, before, earlier, near, sample
        )
        moved = firms.growth(growing.replace(xi=now.bargaining), now.rent) * log_assets + innovation * shock
        return (moved, market), (state_of(own, market, start, log_assets), market.residual)

    moves = jnp.concatenate([shocks.T, jnp.zeros((1, shocks.shape[0]))])
    _, (after, residual) = jax.lax.scan(year, (start, before), (path, moves))
    without = firms.asset_paths(params, before.prices.mean_ai_rent, shocks)

    def economy(log_assets: Array, state: State, bargaining: Scalar) -> Economy:
        return paired(own, own.replace(xi=bargaining), scenario, state_of(own, before, start, log_assets), state)

    return jax.vmap(economy)(without, after, path.bargaining), jnp.max(residual)


@eqx.filter_jit
def _coalition(
    params: Parameters, dynamics: Dynamics, mapping: PathMap, on: Float[Array | np.ndarray, "channels"]
) -> tuple[Float[Array, "years outcomes"], Scalar]:
    shocks = mapping.population.firm_shocks
    path, _ = solve_path(params, dynamics, mapping.scenario, shocks)
    economies, residual = switched_path(params, dynamics, mapping.scenario, shocks, path, Channels(*on[:-1]), on[-1])
    return mapping.outcomes_of(economies, dynamics), residual


def _contributions(params: Parameters, dynamics: Dynamics, scenario: Scenario, population: Population) -> np.ndarray:
    """Contributions, ``[channels, years + 1, outcomes]``."""
    mapping = PathMap(population, scenario, _MOMENTS)
    key = fingerprint(mapping)
    values = []
    for row in steps("coalitions", list(coalitions(len(NAMES)))):
        on = np.asarray(row, np.float64)
        changes, residual = evaluated(
            lambda on=on: _coalition(params, dynamics, mapping, on),
            lambda on=on: fingerprint("dynamics.channels", key, params, dynamics, on),
        )
        if not (residual <= RESIDUAL_TOLERANCE and np.isfinite(changes).all()):
            raise AnalysisError("markets do not clear in every year of every coalition; stay nearer the baseline.")
        values.append(changes)
    return shapley(np.array(values), list(NAMES)).contributions


def yearly_channels(
    params: Parameters,
    dynamics: Dynamics,
    scenario: Scenario,
    population: Population,
    others: Iterable[Population] = (),
    n_others: int = 0,
) -> YearlyChannels:
    """Decompose the changes of both Ginis by AI in every year over the channels.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.
        population: Workers and firm shocks of T years.
        others: Populations with other draws, for simulation errors.
        n_others: Number of them.

    Raises:
        AnalysisError: if AI is present before, where a channel that is off has no one meaning; or markets do not clear.
    """
    if float(scenario.A0) != 0:
        raise AnalysisError(
            f"channels are switched against an economy without AI, but scenario.A0 = {float(scenario.A0):g};"
            " set scenario.A0 = 0."
        )
    first = _contributions(params, dynamics, scenario, population)
    again: Sequence[np.ndarray] = [
        _contributions(params, dynamics, scenario, other)
        for _, other in zip(steps("other draws", range(n_others)), others, strict=False)
    ]
    errors = {}
    if len(again) >= FEWEST:
        spread = np.std([first, *again], axis=0, ddof=1)
        errors = {name: spread[:, :, k].T for k, name in enumerate(OUTCOMES)}
    return YearlyChannels(
        years=dynamics.years,
        contributions={name: first[:, :, k].T for k, name in enumerate(OUTCOMES)},
        simulation_se=errors,
        n_workers=population.n_workers,
        draws=n_others,
    )

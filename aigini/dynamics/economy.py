"""The economy year by year: markets that clear at (A_t, adoption_t, ξ_t), firms, and the environment of workers.

One scan over years. Markets depend on workers through the quadrature only, and firms and V_t on markets through the
rent q_A,t, so that the whole path is known before any worker is simulated.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.dynamics.settings import Dynamics
from aigini.economy import firms, rents
from aigini.economy.economy import Economy, Scenario, State
from aigini.economy.equilibrium import Market, following_market, markets
from aigini.economy.workers import WorkerEnvironment, price_schedule, worker_environment
from aigini.parameters import Parameters, Scalar
from aigini.population.draws import normal_scores


class AggregatePath(eqx.Module):
    """Numbers of each year beside the economies, states at the beginning of years 0 .. T; each ``[years + 1]``.

    Attributes:
        level: A_t.
        adoption: adoption_t.
        retooled: u_t.
        gap: adoption_t - u_t.
        variance: V_t.
        asset_gini: G(V_t), over many firms.
        bargaining: ξ_t.
        rent: q_A,t.
        multiple: ρ_t.
        residual: Largest violation of the equilibrium.
    """

    level: Float[Array, "*years_and_start"]
    adoption: Float[Array, "*years_and_start"]
    retooled: Float[Array, "*years_and_start"]
    gap: Float[Array, "*years_and_start"]
    variance: Float[Array, "*years_and_start"]
    asset_gini: Float[Array, "*years_and_start"]
    bargaining: Float[Array, "*years_and_start"]
    rent: Float[Array, "*years_and_start"]
    multiple: Float[Array, "*years_and_start"]
    residual: Float[Array, "*years_and_start"]


class _Carried(eqx.Module):
    log_assets: Float[Array, "firms"]
    variance: Scalar
    retooled: Scalar
    market: Market


def solve_path(
    params: Parameters, dynamics: Dynamics, scenario: Scenario, shocks: Float[Array, "firms years"]
) -> tuple[AggregatePath, Economy]:
    """Solve the economy for the years 0 .. T, with and without AI.

    Args:
        params: Parameters of the economy; its adoption is that of the path.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms. Policy of incomes is not part of the dynamics.
        shocks: ε_jt of firms, with and without AI, ``[firms, T]``.

    Returns:
        The numbers of each year, and for each year the economy without AI ("before", firms having had the same years
        and shocks) and with it ("after"); each array with a leading axis ``[years + 1]``.
    """
    law = dynamics.law(params)
    levels = dynamics.levels(scenario.A0, scenario.A1)
    adoption = dynamics.adoption()
    first = jnp.stack([jnp.asarray(scenario.A0, jnp.float64), jnp.asarray(scenario.A0, jnp.float64)])
    before: Market = jax.tree.map(lambda leaf: leaf[0], markets(params, first, scenario.mechanisms))
    start = params.asset_sd * jnp.asarray(normal_scores(shocks.shape[0]))
    innovation = jnp.sqrt(law.innovation())

    def year(
        state: _Carried, given: tuple[Array, Array, Array]
    ) -> tuple[_Carried, tuple[AggregatePath, State, Scalar]]:
        level, deployed, shock = given
        gap = deployed - state.retooled
        bargaining = law.erosion.bargaining(state.variance, gap)
        own = params.replace(adoption=deployed, xi=bargaining)
        earlier = state.market.schooling if dynamics.schooling == "yearly" else before.schooling
        market = following_market(own, level, scenario.mechanisms, before, earlier, state.market)
        rent = market.prices.mean_ai_rent
        multiple = firms.growth(own, rent)
        now = AggregatePath(
            level=level,
            adoption=deployed,
            retooled=state.retooled,
            gap=gap,
            variance=state.variance,
            asset_gini=law.erosion.asset_gini(state.variance),
            bargaining=bargaining,
            rent=rent,
            multiple=multiple,
            residual=market.residual,
        )
        following = _Carried(
            log_assets=multiple * state.log_assets + innovation * shock,
            variance=multiple**2 * state.variance + law.innovation(),
            retooled=state.retooled + dynamics.retool_speed * gap,
            market=market,
        )
        return following, (now, state_of(params, market, start, state.log_assets), bargaining)

    carried = _Carried(start, jnp.asarray(params.asset_sd**2, jnp.float64), jnp.asarray(0.0), before)
    # Nothing moves on from the last year.
    moves = jnp.concatenate([shocks.T, jnp.zeros((1, shocks.shape[0]))])
    _, (path, after, bargaining) = jax.lax.scan(year, carried, (levels, adoption, moves))
    without = firms.asset_paths(params, before.prices.mean_ai_rent, shocks)

    def economy(log_assets: Array, state: State, bargaining: Scalar) -> Economy:
        own = params.replace(xi=bargaining)
        return paired(params, own, scenario, state_of(params, before, start, log_assets), state)

    return path, jax.vmap(economy)(without, after, bargaining)


def economy_at_rest(
    params: Parameters, dynamics: Dynamics, scenario: Scenario, variance: Scalar, n_firms: int
) -> Economy:
    """The economy before AI, and at a fixed point of the long run: no gap, schooling adjusted in full.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.
        variance: V at the fixed point; log assets are its normal quantiles.
        n_firms: Number of firms.
    """
    own = params.replace(retooling=jnp.ones(()))
    rest = own.replace(adoption=dynamics.adoption_final, xi=dynamics.law(params).erosion.bargaining(variance))
    first = jnp.stack([jnp.asarray(scenario.A0, jnp.float64), jnp.asarray(scenario.A0, jnp.float64)])
    before: Market = jax.tree.map(lambda leaf: leaf[0], markets(own, first, scenario.mechanisms))
    market = following_market(
        rest, jnp.asarray(scenario.A1, jnp.float64), scenario.mechanisms, before, before.schooling, before
    )
    start = params.asset_sd * jnp.asarray(normal_scores(n_firms))
    spread = jnp.sqrt(variance) / params.asset_sd
    return paired(
        own, rest, scenario, state_of(own, before, start, start), state_of(rest, market, start, spread * start)
    )


def paired(params: Parameters, own: Parameters, scenario: Scenario, before: State, after: State) -> Economy:
    """Both states with the environment of workers; `own` are the parameters of the market with AI."""
    states = _pair(before, after)
    pair = worker_environment(params, scenario.mechanisms, None, states.market, states.intensity)
    own_schedule = price_schedule(own, after.market)
    schedule = jax.tree.map(lambda both, after: jnp.stack([both[0], after]), pair.schedule, own_schedule)
    return Economy(states=states, environment=eqx.tree_at(_schedule, pair, schedule))


def _schedule(environment: WorkerEnvironment) -> object:
    return environment.schedule


def state_of(params: Parameters, market: Market, start: Array, log_assets: Array) -> State:
    """The economy at one AI level, from its market and its firms at the start and now."""
    return State(
        market=market,
        asset_path=jnp.stack([start, log_assets]),
        intensity=firms.capital_intensity(params, log_assets),
        mean_rent=rents.quasi_rent(params, market.prices.mean_ai_rent),
        mean_income=market.output + params.asset_return,
    )


def _pair(one: State, other: State) -> State:
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), one, other)

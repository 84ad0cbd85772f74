"""The economy as a panel sees it: pay, production, screening and growth of assets before and after adoption.

Workers who do not use AI are as in the state before; those who do, in a firm that has adopted it, are as in the state
after, with the schooling that they have after retooling. Output and hiring are those of treated tasks and treated
hiring (MODEL.md section 6). That prices of both stay apart for the length of the panel is assumed: in the model they
are of two states of the whole economy.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from aigini.economy import firms
from aigini.economy.economy import Scenario
from aigini.economy.equilibrium import Market, markets
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.normal_nodes import OCCUPATION_SCORES
from aigini.economy.screening import credential_requirement
from aigini.economy.skills import require_one_skill
from aigini.economy.technology import Production
from aigini.economy.workers import PriceSchedule, price_schedule
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters, Scalar

_RESIDUAL = 1e-9
"""Largest violation of the fixed point of a market."""


class World(eqx.Module):
    """The economy that a panel is drawn from; axes ``[2, ...]`` are before and after adoption.

    Attributes:
        params: Parameters.
        mechanisms: Laws of ability and human capital.
        occupations: Positions of the occupations that are observed, ``[occupations]``.
        occupation_score: v_o of the occupations that are observed, ``[occupations]``.
        schedule: Pay by occupation, each array ``[2, occupations]``.
        production: Technology, each array ``[2, ...]``.
        tasks: Positions of tasks by occupation, those that AI reaches most first, ``[occupations, 24]``.
        floor: f_o(h), addition of AI to the work sample on a grid of log h, ``[2, occupations, nodes]``.
        grid: The grid, ``[nodes]``.
        requirement: Share of employers that require the credential in treated hiring, ``[2, occupations]``.
        diagnostic_variance: V_D in treated hiring, ``[2, occupations]``.
        growth: ρ, yearly multiple of log assets, ``[2]``.
        innovation: ν.
    """

    params: Parameters
    mechanisms: Mechanisms
    occupations: Int[Array, "occupations"]
    occupation_score: Float[Array, "occupations"]
    schedule: PriceSchedule
    production: Production
    tasks: Int[Array, "occupations tasks"]
    floor: Float[Array, "2 occupations nodes"]
    grid: Float[Array, "nodes"]
    requirement: Float[Array, "2 occupations"]
    diagnostic_variance: Float[Array, "2 occupations"]
    growth: Float[Array, "2"]
    innovation: Scalar

    def at(self, state: int, tree: Any) -> Any:
        """The part of a pytree that is of one state."""
        return jax.tree.map(lambda leaf: leaf[state], tree)


_MARKETS = jax.jit(markets)


def observed_occupations(market: Market, count: int) -> np.ndarray:
    """Positions of the occupations that are observed, the quarter that AI reaches most, at equal distances in rank."""
    tasks = jax.tree.map(lambda leaf: leaf[1], market.production.tasks)
    reach = np.asarray(jnp.sum(tasks.bundles * tasks.exposure[None, :], axis=1))
    order = np.argsort(-reach, kind="stable")
    return order[np.linspace(0, len(order) / 4, count).astype(int)]


def world_of(params: Parameters, scenario: Scenario, occupations: int | Sequence[int] | np.ndarray) -> World:
    """The economy at some parameters as a panel sees it.

    Args:
        params: Parameters.
        scenario: The two AI levels and the mechanisms.
        occupations: Positions of the occupations that are observed, or their number.

    Raises:
        EquilibriumError: if markets do not clear, or with a second skill.
    """
    require_one_skill(scenario.mechanisms.skills, "design")
    levels = jnp.stack([jnp.asarray(float(scenario.A0)), jnp.asarray(float(scenario.A1))])
    params = jax.tree.map(jnp.asarray, params)
    market = _MARKETS(params, levels, scenario.mechanisms)
    residual = float(jnp.max(market.residual))
    if not residual <= _RESIDUAL:
        raise EquilibriumError(
            f"the markets of a panel's economy are off their fixed point by {residual:.2g}; change its parameters."
        )
    chosen = observed_occupations(market, occupations) if isinstance(occupations, int) else np.asarray(occupations)
    return _world(params, scenario.mechanisms, market, jnp.asarray(chosen))


@jax.jit
def _world(params: Parameters, mechanisms: Mechanisms, market: Market, chosen: Int[Array, "occupations"]) -> World:
    before, after = (jax.tree.map(lambda leaf, state=state: leaf[state], market) for state in (0, 1))
    schedule = jax.vmap(lambda one: price_schedule(params, one))(market)
    tasks = after.production.tasks
    weight = (tasks.bundles * tasks.exposure[None, :])[chosen]
    spread = 8 * jnp.sqrt(jnp.max(before.screening.log_human_variance))
    grid = jnp.mean(before.log_human_mean) + spread * jnp.linspace(-1, 1, 65)
    spread_out = jnp.broadcast_to(grid[None, :], (before.log_human_mean.shape[0], grid.shape[0]))
    floors = [
        jnp.broadcast_to(one.production.work_sample(params).floor(spread_out), spread_out.shape)[chosen]
        for one in (before, after)
    ]
    return World(
        params=params,
        mechanisms=mechanisms,
        occupations=chosen,
        occupation_score=jnp.asarray(OCCUPATION_SCORES)[chosen],
        schedule=jax.tree.map(lambda leaf: leaf[:, chosen], schedule),
        production=market.production,
        tasks=jnp.argsort(-weight, axis=1),
        floor=jnp.stack(floors),
        grid=grid,
        requirement=jnp.stack(
            [credential_requirement(params, one.treated, before.screening)[chosen] for one in (before, after)]
        ),
        diagnostic_variance=jnp.stack([one.treated.diagnostic_variance[chosen] for one in (before, after)]),
        growth=jnp.stack([firms.growth(params, one.prices.mean_ai_rent) for one in (before, after)]),
        innovation=params.asset_sd * jnp.sqrt(1 - (1 - params.asset_reversion) ** 2),
    )

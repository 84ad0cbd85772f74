"""The economy before and after AI: markets, firms, and what workers face."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy import channels, firms, rents
from aigini.economy.channels import Channels
from aigini.economy.equilibrium import Market, market_after, market_before
from aigini.economy.workers import Faced, faced
from aigini.parameters import Parameters, Scalar


def _level(value: object) -> object:
    return np.asarray(value, np.float64) if isinstance(value, (int, float, np.integer, np.floating)) else value


class Scenario(eqx.Module):
    """The two AI levels that are compared.

    Attributes:
        A0: Level before, 0 by default.
        A1: Level after, 1 by default.
    """

    A0: Scalar = eqx.field(converter=_level, default=0.0)
    A1: Scalar = eqx.field(converter=_level, default=1.0)


class State(eqx.Module):
    """The economy at one AI level.

    Attributes:
        market: Prices and employers' beliefs.
        asset_path: log k_jt, ``[years + 1, firms]``.
        intensity: κ_j at the end of the path, ``[firms]``.
        mean_rent: q = q0 + η1 A mean_o(R_A,o), quasi-rent per worker.
        mean_income: Y + q0, what accounting says mean income must be.
    """

    market: Market
    asset_path: Float[Array, "years_and_start firms"]
    intensity: Float[Array, "firms"]
    mean_rent: Scalar
    mean_income: Scalar


class Economy(eqx.Module):
    """The economy before and after AI, and what its workers face."""

    before: State
    after: State
    faced: Faced


def _state(firm_params: Parameters, params: Parameters, market: Market, shocks: Array) -> State:
    path = firms.asset_paths(firm_params, market.level, shocks)
    return State(
        market=market,
        asset_path=path,
        intensity=firms.capital_intensity(params, path[-1]),
        mean_rent=rents.quasi_rent(params, market.level, market.mean_ai_return),
        mean_income=market.output + params.asset_return,
    )


def solve(
    params: Parameters, scenario: Scenario, shocks: Float[Array, "firms years"], switches: Channels | None = None
) -> Economy:
    """Solve the economy before and after AI.

    Args:
        params: Parameters.
        scenario: The two AI levels.
        shocks: ε_jt of firms, the same before and after.
        switches: Channels to switch off; all are on by default.

    Returns:
        Both states. Check `residual` of their markets: the solver does not raise inside jit.
    """
    levels = jnp.asarray(scenario.A0), jnp.asarray(scenario.A1)
    if switches is None:
        own, growth, floors = params, params, (None, None)
    else:
        own, growth = channels.market_parameters(params, switches), channels.firm_parameters(params, switches)
        floors = tuple(channels.sample_floor(params, level, switches) for level in levels)
    before = market_before(own, levels[0], floors[0])
    after = market_after(own, levels[1], before, floors[1])
    state_before, state_after = (_state(growth, own, market, shocks) for market in (before, after))
    return Economy(
        before=state_before,
        after=state_after,
        faced=faced(own, before, after, state_before.intensity, state_after.intensity),
    )

"""The economy before and after AI: markets, firms, and the environment of workers."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy import channels, firms, rents
from aigini.economy.channels import Channels
from aigini.economy.equilibrium import Market, markets
from aigini.economy.interventions import Intervention
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.technology import WorkSample
from aigini.economy.workers import WorkerEnvironment, worker_environment
from aigini.parameters import Parameters, Scalar, problems


def _level(value: object) -> object:
    return np.asarray(value, np.float64) if isinstance(value, (int, float, np.integer, np.floating)) else value


class Scenario(eqx.Module):
    """The two AI levels that are compared, and the mechanisms and the policy of the economy they come to.

    Attributes:
        A0: Level before, 0 by default.
        A1: Level after, 1 by default.
        mechanisms: Technology, human capital, ability and reach of AI; the baseline's by default.
        intervention: Policy that takes from incomes and pays out; none by default.
    """

    A0: Scalar = eqx.field(converter=_level, default=0.0)
    A1: Scalar = eqx.field(converter=_level, default=1.0)
    mechanisms: Mechanisms = eqx.field(default_factory=Mechanisms)
    intervention: Intervention | None = None

    def problems(self, values: Mapping[str, float], years: int) -> list[str]:
        """Why there is no economy at some parameters in this scenario, a full sentence each.

        Args:
            values: All parameters.
            years: Years of firm growth T.
        """
        levels = float(self.A0), float(self.A1)
        return [*problems(values, level=max(levels), years=years), *self.mechanisms.problems(values, levels)]


class State(eqx.Module):
    """The economy at one AI level.

    Attributes:
        market: Prices and employers' beliefs.
        asset_path: log k_jt, ``[years + 1, firms]``.
        intensity: κ_j at the end of the path, ``[firms]``.
        mean_rent: q = q0 + q_A, quasi-rent per worker.
        mean_income: Y + q0, mean income by the accounting identity.
    """

    market: Market
    asset_path: Float[Array, "years_and_start firms"]
    intensity: Float[Array, "firms"]
    mean_rent: Scalar
    mean_income: Scalar


class Economy(eqx.Module):
    """The economy before and after AI, and the environment of its workers.

    Attributes:
        states: Both states; each array with a leading axis ``[2]``.
        environment: All that workers take as given, by occupation and firm.
    """

    states: State
    environment: WorkerEnvironment

    @property
    def before(self) -> State:
        """The state before AI."""
        return _at(0, self.states)

    @property
    def after(self) -> State:
        """The state after AI."""
        return _at(1, self.states)


def _at(index: int, tree: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[index], tree)


def _pair(one: Any, other: Any) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), one, other)


def solve(
    params: Parameters, scenario: Scenario, shocks: Float[Array, "firms years"], switches: Channels | None = None
) -> Economy:
    """Solve the economy before and after AI.

    Args:
        params: Parameters.
        scenario: The two AI levels, and the mechanisms.
        shocks: ε_jt of firms, the same before and after.
        switches: Channels to switch off; all are on by default.

    Returns:
        Both states. Check `residual` of their markets: the solver does not raise inside jit.
    """
    levels = jnp.stack([jnp.asarray(scenario.A0), jnp.asarray(scenario.A1)])
    if switches is None:
        own, growth = params, params
        both = full = markets(own, levels, scenario.mechanisms)
    else:
        own, growth = channels.market_parameters(params, switches), channels.firm_parameters(params, switches)
        both, full = _switched_markets(params, own, levels, scenario.mechanisms, switches)

    def state(market: Market, rent: Scalar) -> State:
        path = firms.asset_paths(growth, rent, shocks)
        return State(
            market=market,
            asset_path=path,
            intensity=firms.capital_intensity(own, path[-1]),
            mean_rent=rents.quasi_rent(own, market.prices.mean_ai_rent),
            mean_income=market.output + own.asset_return,
        )

    states = jax.vmap(state)(both, full.prices.mean_ai_rent)
    return Economy(
        states=states,
        environment=worker_environment(own, scenario.mechanisms, scenario.intervention, both, states.intensity),
    )


def _switched_markets(
    params: Parameters, own: Parameters, levels: Float[Array, "2"], mechanisms: Mechanisms, switches: Channels
) -> tuple[Market, Market]:
    """The markets with some channels off, and those with all on, whose rents drive firms' assets; one program."""

    def samples(on: Channels) -> WorkSample:
        return jax.vmap(lambda level: channels.work_sample(params, mechanisms, level, on))(levels)

    pair = jax.vmap(markets, in_axes=(0, None, None, 0))(
        _pair(own, params), levels, mechanisms, _pair(samples(switches), samples(Channels()))
    )
    return _at(0, pair), _at(1, pair)

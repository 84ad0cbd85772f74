"""Paths of markets, assets and retooling when parameters change on the way: no worker is simulated.

From one year on, parameters are others, as under a policy that begins then. A beginning inside a year counts for the
part of the year that is left, so that everything is continuous in the date.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.dynamics.settings import Dynamics
from aigini.economy import firms
from aigini.economy.economy import Scenario
from aigini.economy.equilibrium import Market, following_market, markets
from aigini.errors import AnalysisError
from aigini.parameters import Parameters, Scalar
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.statistics.simulation import RESIDUAL_TOLERANCE


class SteeredPath(eqx.Module):
    """Numbers of years 0 .. T; each ``[years + 1]``.

    Attributes:
        variance: V_t.
        retooled: u_t.
        adoption: adoption_t.
        growth: χ q_A,t, per year.
        bargaining: ξ_t.
        residual: Largest violation of the equilibrium.
    """

    variance: Float[Array | np.ndarray, "*years_and_start"]
    retooled: Float[Array | np.ndarray, "*years_and_start"]
    adoption: Float[Array | np.ndarray, "*years_and_start"]
    growth: Float[Array | np.ndarray, "*years_and_start"]
    bargaining: Float[Array | np.ndarray, "*years_and_start"]
    residual: Float[Array | np.ndarray, "*years_and_start"]


class _State(eqx.Module):
    variance: Scalar
    retooled: Scalar
    market: Market


@jax.jit
def _solved(
    params: Parameters,
    later: Parameters,
    share: Float[Array, "years_and_start"],
    adoption: Float[Array, "years_and_start"],
    dynamics: Dynamics,
    scenario: Scenario,
) -> SteeredPath:
    first = jnp.stack([jnp.asarray(scenario.A0, jnp.float64), jnp.asarray(scenario.A0, jnp.float64)])
    before: Market = jax.tree.map(lambda leaf: leaf[0], markets(params, first, scenario.mechanisms))

    def year(state: _State, given: tuple[Array, Array, Array]) -> tuple[_State, SteeredPath]:
        level, deployed, weight = given
        now = jax.tree.map(lambda a, b: a + weight * (b - a), params, later)
        law = dynamics.law(now)
        gap = deployed - state.retooled
        bargaining = law.erosion.bargaining(state.variance, gap)
        own = now.replace(adoption=deployed, xi=bargaining)
        earlier = state.market.schooling if dynamics.schooling == "yearly" else before.schooling
        market = following_market(own, level, scenario.mechanisms, before, earlier, state.market)
        rent = market.prices.mean_ai_rent
        record = SteeredPath(
            variance=state.variance,
            retooled=state.retooled,
            adoption=deployed,
            growth=now.cumulative_advantage * rent,
            bargaining=bargaining,
            residual=market.residual,
        )
        following = _State(
            variance=firms.growth(own, rent) ** 2 * state.variance + law.innovation(),
            retooled=state.retooled + dynamics.retool_speed * gap,
            market=market,
        )
        return following, record

    start = _State(jnp.asarray(params.asset_sd**2, jnp.float64), jnp.asarray(0.0), before)
    return jax.lax.scan(year, start, (dynamics.levels(scenario.A0, scenario.A1), adoption, share))[1]


def steered_path(
    params: Parameters,
    dynamics: Dynamics,
    scenario: Scenario,
    later: Parameters | None = None,
    share: np.ndarray | None = None,
    adoption: np.ndarray | None = None,
) -> SteeredPath:
    """The path of markets and assets, as NumPy arrays.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.
        later: Other parameters that hold from some year on; none by default.
        share: Part of each year 0 .. T in which they hold, ``[years + 1]``.
        adoption: adoption_t, ``[years + 1]``; that of the dynamics by default.

    Raises:
        AnalysisError: if markets do not clear in every year.
    """
    weights = np.zeros(dynamics.years + 1) if share is None else np.asarray(share, np.float64)
    deployed = np.asarray(dynamics.adoption() if adoption is None else adoption, np.float64)
    arguments = (params, later or params, weights, deployed, dynamics, scenario)
    fields = [field.name for field in dataclasses.fields(SteeredPath)]

    def compute() -> tuple[Array, ...]:
        path = _solved(*arguments)
        return tuple(getattr(path, name) for name in fields)

    values = evaluated(compute, lambda: fingerprint("dynamics.steered", *arguments))
    path = SteeredPath(**dict(zip(fields, values, strict=True)))
    residual = float(np.max(path.residual))
    if not residual <= RESIDUAL_TOLERANCE:
        raise AnalysisError(
            f"markets do not clear in every year: the equilibrium is violated by {residual:.1e}; stay nearer the"
            " baseline."
        )
    return path

"""The equilibrium objects that a panel needs, before and with AI, for each value of workers' rent share.

Everything is the economy's: prices, beliefs and laws come from `aigini.economy`, and nothing is estimated here.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from aigini.economy import firms
from aigini.economy.economy import Scenario
from aigini.economy.equilibrium import Market, markets
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import node_mean, population_nodes
from aigini.economy.screening import credential_requirement
from aigini.economy.tasks import N_TASKS
from aigini.economy.technology import Production
from aigini.economy.workers import WorkerEnvironment, worker_environment
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters

RESIDUAL = 1e-9
"""Largest accepted violation of the equilibrium conditions."""


@dataclasses.dataclass(frozen=True)
class States:
    """The economy before and with AI as a panel needs it; arrays of NumPy with a leading axis ``[2]`` of states.

    Attributes:
        parameters: Parameters.
        environment: Prices that workers take as given, at a firm of capital intensity 1.
        production: Technology, each array with a leading axis ``[2]``.
        growth: ρ, yearly multiple of firms' log assets, ``[2]``.
        innovation: ν, standard deviation of its shocks.
        effective: Ā, mean effective AI, ``[2]``.
        commodity: η0 A, ``[2]``.
        proprietary: η1 A, ``[2]``.
        prior, sample, credential: Precisions of treated hiring, ``[2, occupations]``.
        log_human_mean: μ_o, ``[2, occupations]``.
        sample_mean: Mean of the work sample, ``[2, occupations]``.
        sample_slope: sqrt(V_D / V_h), treated, ``[2, occupations]``.
        requirement_gain: (log I - log I_ref) / τ_I, ``[2, occupations]``.
        social_output: φ_s(z), output of a unit of social capital, 0 without a second skill, ``[tasks]``.
        weights: Treated weights L_oz m(z; A1), summing to 1, ``[occupations, tasks]``.
        gain_mean, gain_sd: Mean and standard deviation over workers of the gain in log output of human capital from AI.
    """

    parameters: Parameters
    environment: WorkerEnvironment
    production: Production
    growth: np.ndarray
    innovation: float
    effective: np.ndarray
    commodity: np.ndarray
    proprietary: np.ndarray
    prior: np.ndarray
    sample: np.ndarray
    credential: np.ndarray
    log_human_mean: np.ndarray
    sample_mean: np.ndarray
    sample_slope: np.ndarray
    requirement_gain: np.ndarray
    social_output: np.ndarray
    weights: np.ndarray
    gain_mean: float
    gain_sd: float


class _Solved(eqx.Module):
    """Arrays of `States`, of JAX, and the violation of the equilibrium conditions."""

    environment: WorkerEnvironment
    production: Production
    arrays: dict[str, jax.Array]
    residual: jax.Array


@jax.jit
def _solve(params: Parameters, levels: jax.Array, mechanisms: Mechanisms) -> _Solved:
    both = markets(params, levels, mechanisms)
    nodes = population_nodes(params, mechanisms.ability, mechanisms.skills)

    def state(market: Market) -> dict[str, jax.Array]:
        log_human = mechanisms.human_capital.log_human(params, nodes.log_ability, market.schooling)
        floor = market.production.work_sample(params).floor(log_human)
        treated = market.treated
        return {
            "growth": firms.growth(params, market.prices.mean_ai_rent),
            "effective": market.tasks.effective,
            "commodity": market.tasks.commodity,
            "proprietary": market.tasks.proprietary,
            "prior": treated.prior,
            "sample": treated.sample,
            "credential": treated.credential,
            "log_human_mean": market.log_human_mean,
            "sample_mean": node_mean(log_human + jnp.log1p(floor * jnp.exp(-log_human))),
            "sample_slope": jnp.sqrt(treated.diagnostic_variance / treated.log_human_variance),
        }

    before, after = (jax.tree.map(lambda leaf, i=i: leaf[i], both) for i in (0, 1))
    arrays = jax.vmap(state)(both)
    required = jnp.stack([credential_requirement(params, one.screening, before.screening) for one in (before, after)])
    human = jnp.exp(mechanisms.human_capital.log_human(params, nodes.log_ability, before.schooling))
    gains = log_gain(both.production, human.reshape(-1), jnp.repeat(jnp.arange(human.shape[0]), human.shape[1]))
    gain = gains.reshape(human.shape)
    mean, second = jnp.mean(node_mean(gain)), mechanisms.skills.social
    arrays |= {
        "requirement_gain": jnp.log(required) - jnp.log1p(-required),
        "social_output": jnp.zeros(N_TASKS) if second is None else second.task_output(),
        "weights": after.production.treated_weights(),
        "gain_mean": mean,
        "gain_sd": jnp.sqrt(jnp.mean(node_mean((gain - mean) ** 2))),
    }
    intensity = jnp.ones((2, 1))
    return _Solved(
        environment=worker_environment(params, mechanisms, None, both, intensity),
        production=both.production,
        arrays=arrays,
        residual=jnp.max(both.residual),
    )


def log_gain(production: Production, human: jax.Array, occupation: jax.Array) -> jax.Array:
    """Log output on the bundle of the occupation with AI in the mean firm, less that without, ``[workers]``.

    Args:
        production: The technology before and after AI, each array with a leading axis ``[2]``.
        human: Human capital before AI, ``[workers]``.
        occupation: Occupation of each, ``[workers]``.
    """

    def bundle(own: Production) -> jax.Array:
        ai = jnp.broadcast_to(own.tasks.effective, human.shape)
        return jnp.log(jnp.sum(own.tasks.bundles[occupation] * own.treated_worker_output(human, ai), axis=1))

    before, after = jax.vmap(bundle)(production)
    return after - before


def states_of(params: Parameters, scenario: Scenario, rent_shares: tuple[float, ...] = ()) -> tuple[States, ...]:
    """The states of the economy, one for each rent share.

    Args:
        params: Parameters.
        scenario: AI levels and mechanisms; no policy.
        rent_shares: Values of ξ; that of `params` if there is none.

    Raises:
        EquilibriumError: if there is no equilibrium.
    """
    levels = jnp.stack([jnp.asarray(scenario.A0), jnp.asarray(scenario.A1)])
    every = []
    for xi in rent_shares or (float(params.xi),):
        own = params.replace(xi=xi)
        solved = _solve(own, levels, scenario.mechanisms)
        if not float(solved.residual) <= RESIDUAL:
            raise EquilibriumError(
                f"panel: prices stopped {float(solved.residual):.1e} away from a fixed point at xi = {xi:g} (accepted:"
                f" {RESIDUAL:g}); lower params.retooling or move params.sigma towards 1."
            )
        arrays: dict[str, Any] = {name: np.asarray(values) for name, values in solved.arrays.items()}
        numbers: dict[str, Any] = {name: float(arrays.pop(name)) for name in ("gain_mean", "gain_sd")}
        reversion = float(params.asset_reversion)
        every.append(
            States(
                parameters=own,
                environment=solved.environment,
                production=solved.production,
                innovation=float(params.asset_sd) * float(np.sqrt(1 - (1 - reversion) ** 2)),
                **arrays,
                **numbers,
            )
        )
    return tuple(every)

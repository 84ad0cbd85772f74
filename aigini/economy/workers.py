"""What one worker earns: the agent function, everything a worker takes as given in, outcomes out.

It is evaluated for rows of workers of one occupation, so market terms are scalars here. It knows nothing of sums,
moments or other workers.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy import rents, schooling
from aigini.economy.ability import ability_score
from aigini.economy.equilibrium import Market
from aigini.economy.interventions import Intervention
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import OCCUPATION_SCORES
from aigini.economy.technology import Pay
from aigini.economy.worker_outcome import WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import Workers


class Terms(eqx.Module):
    """What workers of an occupation face at one AI level; each field per occupation or a scalar inside a row.

    Attributes:
        pay: Pay for tasks as a function of assessed human capital.
        rent: ξ (q0 + q_A,o), workers' rent per unit of capital intensity.
        capital: (1 - ξ) q, mean capital income.
        fixed_pay: T_o / R_h,o.
        recognised: Ω_o, slope of the assessment in log h.
        intercept: Constant of log assessed human capital.
        sample_weight: sqrt(π_s)/S, weight of the work sample's noise.
        credential_weight: sqrt(π_c)/S, weight of the credential's noise.
    """

    pay: Pay
    rent: Float[Array, "*occupations"]
    capital: Float[Array, "*occupations"]
    fixed_pay: Float[Array, "*occupations"]
    recognised: Float[Array, "*occupations"]
    intercept: Float[Array, "*occupations"]
    sample_weight: Float[Array, "*occupations"]
    credential_weight: Float[Array, "*occupations"]


def terms(params: Parameters, market: Market) -> Terms:
    """What every occupation's workers face in `market`, ``[occupations]``."""
    beliefs = market.screening
    rent = params.xi * rents.quasi_rent(params, market.prices.ai_rent)
    capital = (1 - params.xi) * rents.quasi_rent(params, market.prices.mean_ai_rent)
    prior_part = beliefs.prior / beliefs.precision * market.log_human_mean
    return Terms(
        pay=market.pay,
        rent=rent,
        capital=jnp.broadcast_to(capital, rent.shape),
        fixed_pay=market.fixed_pay,
        recognised=beliefs.recognised,
        intercept=market.assessment_scale + prior_part + 1 / (2 * beliefs.precision),
        sample_weight=jnp.sqrt(beliefs.sample) / beliefs.precision,
        credential_weight=jnp.sqrt(beliefs.credential) / beliefs.precision,
    )


class Faced(eqx.Module):
    """Everything workers of one occupation take as given, before and after AI.

    Attributes:
        params: Parameters of preferences and abilities.
        mechanisms: Laws of ability and human capital.
        occupation_score: v_o.
        terms: Terms before and after AI, each array ``[2, ...]``.
        intervention: Policy; None without.
        payouts: What policy pays out per worker, ``[2]``; 0 until workers are summed up, None without policy.
        intensity: κ_j before and after AI, ``[2, firms]``.
    """

    params: Parameters
    mechanisms: Mechanisms
    occupation_score: Float[Array, "*occupations"]
    terms: Terms
    intervention: Intervention | None
    payouts: Float[Array, "2"] | None
    intensity: Float[Array, "2 firms"]


def faced(
    params: Parameters,
    mechanisms: Mechanisms,
    intervention: Intervention | None,
    markets: Market,
    intensity: Float[Array, "2 firms"],
) -> Faced:
    """What all workers face in the markets before and after AI, each array of which has a leading axis ``[2]``.

    Terms and scores are per occupation, for `in_occupation` to pick from.
    """
    return Faced(
        params=params,
        mechanisms=mechanisms,
        occupation_score=jnp.asarray(OCCUPATION_SCORES),
        terms=jax.vmap(lambda market: terms(params, market))(markets),
        intervention=intervention,
        payouts=None if intervention is None else jnp.zeros(2),
        intensity=intensity,
    )


def in_occupation(everyone: Faced, own: Float[Array, "occupations"], dtype: jnp.dtype) -> Faced:
    """What workers of one occupation face, in the workers' precision; κ stays float64.

    Args:
        everyone: Terms of all occupations.
        own: 1 for the occupation, 0 for the others. A sum with it costs nothing and, unlike an index, transposes to a
            product rather than to a scatter.
        dtype: Working precision.
    """

    def pick(leaf: Array, axis: int) -> Array:
        return jnp.sum(leaf * own.reshape(*[1] * axis, -1, *[1] * (leaf.ndim - 1 - axis)), axis=axis)

    def cast(leaf: Array) -> Array:
        return jnp.asarray(leaf).astype(dtype)

    return Faced(
        params=jax.tree.map(cast, everyone.params),
        mechanisms=jax.tree.map(cast, everyone.mechanisms),
        occupation_score=cast(pick(everyone.occupation_score, 0)),
        terms=jax.tree.map(lambda leaf: cast(pick(leaf, 1)), everyone.terms),
        intervention=jax.tree.map(cast, everyone.intervention),
        payouts=jax.tree.map(cast, everyone.payouts),
        intensity=everyone.intensity,
    )


def outcomes(own: Faced, workers: Workers) -> WorkerOutcome:
    """Outcomes of workers of one occupation before and after AI, each array ``[2, workers]``."""
    params, human_capital = own.params, own.mechanisms.human_capital
    score = ability_score(params, own.occupation_score, workers.firm_score, workers.ability)
    log_ability = own.mechanisms.ability.log_ability(params, score)
    ability = jnp.exp(log_ability)
    cost = schooling.schooling_cost(params, score, workers.cost)
    held = rents.ownership(params, score, workers.ownership)

    def wanted(term: Terms) -> Array:
        return human_capital.optimal_schooling(params, ability, cost, term.recognised, term.fixed_pay)

    def outcome(term: Terms, years: Array, intensity: Array, payout: Scalar | None) -> WorkerOutcome:
        log_human = human_capital.log_human(params, log_ability, years)
        assessed = jnp.exp(
            term.intercept
            + term.recognised * log_human
            + term.sample_weight * workers.work_sample
            + term.credential_weight * workers.credential
        )
        human_pay = term.pay.human_pay(assessed)
        rent_pay = term.rent * _of_firm(intensity, workers.firm, workers.dtype)
        wage = human_pay + term.pay.commodity + rent_pay
        claim = rents.capital_claim(params, held, _of_firm(intensity, workers.owner_firm, workers.dtype))
        capital = term.capital * claim
        earned = WorkerOutcome(
            schooling=years,
            log_human=log_human,
            human_pay=human_pay,
            commodity_pay=term.pay.commodity,
            rent_pay=rent_pay,
            wage=wage,
            claim=claim,
            capital=capital,
            levy=jnp.zeros_like(wage),
            total=wage + capital,
            education_return=human_capital.education_return(params, ability, years, term.recognised, term.fixed_pay),
            human_sums=own.mechanisms.technology.human_sums,
        )
        if own.intervention is None or payout is None:
            return earned
        return own.intervention.applied(earned, payout)

    years_before, optimum = jax.vmap(wanted)(own.terms)
    years = jnp.stack([years_before, schooling.retool(params, years_before, optimum)])
    return jax.vmap(outcome)(own.terms, years, own.intensity, own.payouts)


def _of_firm(intensity: Float[Array, "firms"], firm: Array, dtype: jnp.dtype) -> Float[Array, "workers"]:
    # Cast after picking: sums over the workers of a firm, which the derivative takes, are then float64. Some releases
    # of XLA are also very slow at adding float32 by index on GPUs (openxla/xla#46225).
    return intensity.at[firm].get(mode="promise_in_bounds").astype(dtype)

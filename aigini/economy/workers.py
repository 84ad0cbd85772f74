"""Schooling, wage and capital income of each worker, given prices, beliefs and firms (MODEL.md sections 2 to 4).

The function is evaluated for rows of workers of one occupation, so that prices are scalars here. It knows nothing of
sums, moments or other workers.
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
from aigini.economy.normal_nodes import OCCUPATION_SCORES
from aigini.economy.skills import SkillOfWorker
from aigini.economy.technology import Pay
from aigini.economy.worker_outcome import SocialOutcome, WorkerOutcome
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import Workers


class SocialPrices(eqx.Module):
    """Prices of the second skill at one AI level; per occupation or a scalar inside a row.

    Attributes:
        price: R_s,o.
        relative: R_s,o / R_h,o.
    """

    price: Float[Array, "*occupations"]
    relative: Float[Array, "*occupations"]


class PriceSchedule(eqx.Module):
    """Prices of a worker's abilities and assets at one AI level; each field per occupation or a scalar inside a row.

    Attributes:
        pay: Pay for tasks as a function of assessed human capital.
        rent: ξ (q0 + q_A,o), workers' rent per unit of capital intensity.
        capital: (1 - ξ) q, mean capital income.
        fixed_pay: T_o / R_h,o.
        recognised: Ω_o, slope of the assessment in log h.
        intercept: Constant of log assessed human capital.
        sample_weight: sqrt(π_s)/S, weight of the work sample's noise.
        credential_weight: sqrt(π_c)/S, weight of the credential's noise.
        social: Prices of the second skill; None without one.
    """

    pay: Pay
    rent: Float[Array, "*occupations"]
    capital: Float[Array, "*occupations"]
    fixed_pay: Float[Array, "*occupations"]
    recognised: Float[Array, "*occupations"]
    intercept: Float[Array, "*occupations"]
    sample_weight: Float[Array, "*occupations"]
    credential_weight: Float[Array, "*occupations"]
    social: SocialPrices | None


def price_schedule(params: Parameters, market: Market) -> PriceSchedule:
    """The price schedule of every occupation in `market`, ``[occupations]`` each."""
    beliefs = market.screening
    rent = params.xi * rents.quasi_rent(params, market.prices.ai_rent)
    capital = (1 - params.xi) * rents.quasi_rent(params, market.prices.mean_ai_rent)
    prior_mean = beliefs.prior / beliefs.precision * market.log_human_mean
    return PriceSchedule(
        pay=market.pay,
        rent=rent,
        capital=jnp.broadcast_to(capital, rent.shape),
        fixed_pay=market.fixed_pay,
        recognised=beliefs.recognised,
        intercept=market.assessment_scale + prior_mean + 1 / (2 * beliefs.precision),
        sample_weight=jnp.sqrt(beliefs.sample) / beliefs.precision,
        credential_weight=jnp.sqrt(beliefs.credential) / beliefs.precision,
        social=None if market.social is None else SocialPrices(market.social.price, market.social.relative),
    )


class WorkerEnvironment(eqx.Module):
    """All that workers of one occupation take as given, before and after AI.

    Attributes:
        params: Parameters of preferences and abilities.
        mechanisms: Laws of ability and human capital.
        occupation_score: v_o.
        schedule: Prices before and after AI, each array ``[2, ...]``.
        intervention: Policy; None without.
        payouts: Payout of policy per worker, ``[2]``; 0 until workers are summed up, None without policy.
        intensity: κ_j before and after AI, ``[2, firms]``.
    """

    params: Parameters
    mechanisms: Mechanisms
    occupation_score: Float[Array, "*occupations"]
    schedule: PriceSchedule
    intervention: Intervention | None
    payouts: Float[Array, "2"] | None
    intensity: Float[Array, "2 firms"]


def worker_environment(
    params: Parameters,
    mechanisms: Mechanisms,
    intervention: Intervention | None,
    markets: Market,
    intensity: Float[Array, "2 firms"],
) -> WorkerEnvironment:
    """The environment of all workers in the markets before and after AI, arrays of which have a leading axis ``[2]``.

    Prices and scores are per occupation, for `in_occupation` to pick from.
    """
    return WorkerEnvironment(
        params=params,
        mechanisms=mechanisms,
        occupation_score=jnp.asarray(OCCUPATION_SCORES),
        schedule=jax.vmap(lambda market: price_schedule(params, market))(markets),
        intervention=intervention,
        payouts=None if intervention is None else jnp.zeros(2),
        intensity=intensity,
    )


def in_occupation(
    environment: WorkerEnvironment, own: Float[Array, "occupations"], dtype: jnp.dtype
) -> WorkerEnvironment:
    """The environment of workers of one occupation, in the workers' precision; κ stays float64.

    Args:
        environment: That of all occupations.
        own: 1 for the occupation, 0 for the others. A sum with it costs nothing and, unlike an index, transposes to a
            product rather than to a scatter.
        dtype: Working precision.
    """

    def pick(leaf: Array, axis: int) -> Array:
        return jnp.sum(leaf * own.reshape(*[1] * axis, -1, *[1] * (leaf.ndim - 1 - axis)), axis=axis)

    def cast(leaf: Array) -> Array:
        return jnp.asarray(leaf).astype(dtype)

    return WorkerEnvironment(
        params=jax.tree.map(cast, environment.params),
        mechanisms=jax.tree.map(cast, environment.mechanisms),
        occupation_score=cast(pick(environment.occupation_score, 0)),
        schedule=jax.tree.map(lambda leaf: cast(pick(leaf, 1)), environment.schedule),
        intervention=jax.tree.map(cast, environment.intervention),
        payouts=jax.tree.map(cast, environment.payouts),
        intensity=environment.intensity,
    )


def outcomes(
    environment: WorkerEnvironment,
    workers: Workers,
    earlier: Float[Array, "workers"] | None = None,
    years: Float[Array, "2 workers"] | None = None,
) -> WorkerOutcome:
    """Outcomes of workers of one occupation before and after AI, each array ``[2, workers]``.

    Args:
        environment: The environment of the occupation.
        workers: Their draws.
        earlier: Schooling that retooling starts from; that before AI by default.
        years: Schooling before and after AI where it is known; chosen by the workers by default.
    """
    params, human_capital = environment.params, environment.mechanisms.human_capital
    score = ability_score(params, environment.occupation_score, workers.firm_score, workers.ability)
    log_ability = environment.mechanisms.ability.log_ability(params, score)
    ability = jnp.exp(log_ability)
    cost = schooling.schooling_cost(params, score, workers.cost)
    portfolio = rents.ownership(params, score, workers.ownership)
    second = environment.mechanisms.skills.social
    own = None if second is None else second.of_worker(params, score, workers.social, workers.cost)

    def optimum_of(schedule: PriceSchedule) -> tuple[Array, Array | None]:
        at = schedule.recognised, schedule.fixed_pay
        if second is None or own is None or schedule.social is None:
            return human_capital.optimal_schooling(params, ability, cost, *at), None
        return second.optimal_schooling(
            params, human_capital, SkillOfWorker(ability, cost), own, *at, schedule.social.relative
        )

    def outcome(
        schedule: PriceSchedule, years: tuple[Array, Array | None], intensity: Array, payout: Scalar | None
    ) -> WorkerOutcome:
        codifiable, more = years
        log_human = human_capital.log_human(params, log_ability, codifiable)
        assessed = jnp.exp(
            schedule.intercept
            + schedule.recognised * log_human
            + schedule.sample_weight * workers.work_sample
            + schedule.credential_weight * workers.credential
        )
        human_pay = schedule.pay.human_pay(assessed)
        other_pay, social = schedule.fixed_pay, None
        if second is not None and own is not None and schedule.social is not None and more is not None:
            capital = second.capital(own.ability, more)
            human_pay = human_pay + schedule.social.price * capital
            gain = second.education_return(
                own.ability, jnp.exp(log_human), capital, schedule.fixed_pay, schedule.social.relative
            )
            other_pay, social = schedule.fixed_pay + schedule.social.relative * capital, SocialOutcome(capital, gain)
        rent_pay = schedule.rent * _of_firm(intensity, workers.firm, workers.dtype)
        wage = human_pay + schedule.pay.commodity + rent_pay
        claim = rents.capital_claim(params, portfolio, _of_firm(intensity, workers.owner_firm, workers.dtype))
        capital_income = schedule.capital * claim
        earned = WorkerOutcome(
            schooling=codifiable if more is None else codifiable + more,
            log_human=log_human,
            human_pay=human_pay,
            commodity_pay=schedule.pay.commodity,
            rent_pay=rent_pay,
            wage=wage,
            claim=claim,
            capital=capital_income,
            levy=jnp.zeros_like(wage),
            total=wage + capital_income,
            education_return=human_capital.education_return(
                params, ability, codifiable, schedule.recognised, other_pay
            ),
            social=social,
            human_sums=environment.mechanisms.technology.human_sums,
        )
        if environment.intervention is None or payout is None:
            return earned
        return environment.intervention.applied(earned, payout)

    if years is not None:
        both = (years, None)
    else:
        every = jax.vmap(optimum_of)(environment.schedule)
        before, optimum = zip(*((None, None) if leaf is None else leaf for leaf in every), strict=True)
        start = before if earlier is None else (earlier, None)
        after = jax.tree.map(lambda then, best: schooling.retool(params, then, best), start, optimum)
        both = jax.tree.map(lambda *two: jnp.stack(two), before, after)
    return jax.vmap(outcome)(environment.schedule, both, environment.intensity, environment.payouts)


def _of_firm(intensity: Float[Array, "firms"], firm: Array, dtype: jnp.dtype) -> Float[Array, "workers"]:
    # Cast after picking: sums over the workers of a firm, which the derivative takes, are then float64. Some releases
    # of XLA are also very slow at adding float32 by index on GPUs (openxla/xla#46225).
    return intensity.at[firm].get(mode="promise_in_bounds").astype(dtype)

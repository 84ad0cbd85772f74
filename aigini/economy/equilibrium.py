"""Equilibrium before and after AI on the quadrature of the population (MODEL.md section 5).

Prices depend on the population only through totals that the technology names, such as mean human capital H_o, and
schooling depends on prices and on the share Ω_o of human capital that employers recognise, which depends on the
variances V_h,o and V_D,o. With a second skill, supply depends on mean social capital, too. The fixed point in all these
is found by iteration, first before AI, where task prices are 1 by definition of the units, then after AI, where
schooling before AI at the same nodes is given. The iteration contracts fast: what moves prices by 1 % moves schooling,
and with it human capital, by far less. Derivatives follow from the implicit function theorem.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.fixed_point import Given, Guess, Response, Years, diagnostic_variance, fixed_point, social_price
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import node_mean, node_variance, population_nodes
from aigini.economy.screening import Screening, screening
from aigini.economy.skills import require_one_skill
from aigini.economy.tasks import N_TASKS, Tasks
from aigini.economy.technology import FactorPrices, Pay, Production, Totals, WorkSample
from aigini.parameters import Parameters, Scalar


class SocialMarket(eqx.Module):
    """The second skill at one AI level.

    Attributes:
        task_output: φ_s(z), ``[tasks]``.
        mean: Mean social capital E_o[h_s], ``[occupations]``.
        price: R_s,o, pay for a unit of social capital, ``[occupations]``.
        relative: R_s,o / R_h,o, ``[occupations]``.
        schooling: e_s at the quadrature nodes, ``[occupations, nodes]``.
    """

    task_output: Float[Array, "tasks"]
    mean: Float[Array, "occupations"]
    price: Float[Array, "occupations"]
    relative: Float[Array, "occupations"]
    schooling: Float[Array, "occupations nodes"]


class Market(eqx.Module):
    """Prices and employers' beliefs at one AI level, which workers take as given.

    Attributes:
        production: Technology at this level.
        totals: Aggregates of the workers that supply depends on.
        supply: Y_z per head, ``[tasks]``.
        task_price: p_z, ``[tasks]``.
        output: Y per head, units of the final good.
        prices: Prices of factors.
        pay: Pay for tasks as a function of assessed human capital.
        log_human_mean: μ_o, mean of log h, ``[occupations]``.
        fixed_pay: T_o / R_h,o, pay that does not depend on human capital, in its units, ``[occupations]``.
        screening: Economy-wide screening (with adoption).
        treated: Screening in treated hiring (full AI floor in the work sample).
        assessment_scale: log k_o, at which hiring makes no profit, ``[occupations]``.
        schooling: e at the quadrature nodes, ``[occupations, nodes]``.
        residual: Largest violation of the fixed point; above 1e-9 the market is not an equilibrium.
        social: The second skill; None without one.
    """

    production: Production
    totals: Totals
    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    prices: FactorPrices
    pay: Pay
    log_human_mean: Float[Array, "occupations"]
    fixed_pay: Float[Array, "occupations"]
    screening: Screening
    treated: Screening
    assessment_scale: Float[Array, "occupations"]
    schooling: Float[Array, "occupations nodes"]
    residual: Scalar
    social: SocialMarket | None = None

    @property
    def every_schooling(self) -> Float[Array, "occupations nodes"]:
        """Schooling of all kinds at the quadrature nodes, e + e_s."""
        return self.schooling if self.social is None else self.schooling + self.social.schooling

    @property
    def level(self) -> Scalar:
        """A."""
        return self.tasks.level

    @property
    def tasks(self) -> Tasks:
        """The tasks at this level."""
        return self.production.tasks

    @property
    def human_capital(self) -> Float[Array, "occupations"]:
        """H_o, mean h."""
        return jnp.exp(self.totals.log_human)


def markets(
    params: Parameters,
    levels: Float[Array, "2"],
    mechanisms: Mechanisms | None = None,
    samples: WorkSample | None = None,
) -> Market:
    """The economy before AI, whose task prices are 1, and after AI, given the one before; each array ``[2, ...]``.

    Args:
        params: Parameters.
        levels: A0 and A1.
        mechanisms: Mechanisms of the economy; the baseline's by default.
        samples: AI in the work sample before and after, each array ``[2, ...]``; that of these parameters by default.
    """
    own = mechanisms or Mechanisms()
    nodes = population_nodes(params, own.ability, own.skills)
    variance = node_variance(nodes.log_ability)
    guessed = own.human_capital.log_human(params, nodes.log_ability, 1 / params.schooling_return)
    totals = own.production(params, levels[0]).totals(guessed, jnp.ones(N_TASKS))
    social, social_cost = (None, None) if nodes.social is None else (node_mean(nodes.social.ability), nodes.social.cost)
    start = Guess(totals, screening(params, variance, variance).recognised, social)

    def state(earlier: tuple[Guess, Array, Years], own_level: tuple[Array, Array, Any]) -> tuple[Any, Market]:
        (guess, supply, years), (level, before_ai, sample) = earlier, own_level
        production = own.production(params, level)
        sample = production.work_sample(params) if sample is None else sample
        given = Given(params, own, production, sample, nodes, before_ai, supply, years)
        market = _solve(given, jax.lax.stop_gradient(guess))
        return (_guess_of(market), market.supply, _years_of(market)), market

    # A loop over the two states compiles one of them.
    none = (start, jnp.ones(N_TASKS), Years(jnp.zeros_like(nodes.cost), jax.tree.map(jnp.zeros_like, social_cost)))
    return jax.lax.scan(state, none, (levels, jnp.asarray([True, False]), samples))[1]


def _guess_of(market: Market) -> Guess:
    social = None if market.social is None else market.social.mean
    return Guess(market.totals, market.screening.recognised, social)


def _years_of(market: Market) -> Years:
    return Years(market.schooling, None if market.social is None else market.social.schooling)


def following_market(
    params: Parameters,
    level: Scalar,
    mechanisms: Mechanisms,
    before: Market,
    earlier: Float[Array, "occupations nodes"],
    near: Market,
    sample: WorkSample | None = None,
) -> Market:
    """The economy with AI in one year of a path, when schooling moves on from what it was.

    Args:
        params: Parameters of the year.
        level: A of the year.
        mechanisms: Mechanisms of the economy.
        before: The market before AI, whose prices are 1.
        earlier: Schooling at the nodes that retooling starts from.
        near: A market close to this one, at which the search for the fixed point begins.
        sample: AI in the work sample; that of these parameters by default.

    Raises:
        EquilibriumError: with a second skill, whose schooling is not followed year by year.
    """
    require_one_skill(mechanisms.skills, "dynamics")
    production = mechanisms.production(params, level)
    given = Given(
        params=params,
        mechanisms=mechanisms,
        production=production,
        sample=production.work_sample(params) if sample is None else sample,
        nodes=population_nodes(params, mechanisms.ability),
        before_ai=jnp.asarray(False),
        reference=before.supply,
        earlier=Years(earlier, None),
    )
    return _solve(given, jax.lax.stop_gradient(_guess_of(near)))


def _solve(given: Given, start: Guess) -> Market:
    guess, response, residual = fixed_point(given, start)
    beliefs = response.screening
    log_human = given.mechanisms.human_capital.log_human(given.params, given.nodes.log_ability, response.years.own)
    log_human_mean = node_mean(log_human)
    diagnostic = diagnostic_variance(log_human, given.sample.floor(log_human))
    pay = given.production.pay(response.prices, guess.totals, response.task_price)
    scale, profit = _assessment_scale(pay, guess.totals.log_human, beliefs, log_human, log_human_mean)
    return Market(
        production=given.production,
        totals=guess.totals,
        supply=response.supply,
        task_price=response.task_price,
        output=response.output,
        prices=response.prices,
        pay=pay,
        log_human_mean=log_human_mean,
        fixed_pay=response.fixed_pay,
        screening=beliefs,
        treated=screening(given.params, beliefs.log_human_variance, diagnostic),
        assessment_scale=scale,
        schooling=response.years.own,
        residual=jnp.maximum(residual, jax.lax.stop_gradient(profit)),
        social=_social_market(given, guess, response),
    )


def _social_market(given: Given, guess: Guess, response: Response) -> SocialMarket | None:
    second = given.mechanisms.skills.social
    if second is None or guess.social is None or response.years.social is None:
        return None
    price = social_price(given, response.task_price)
    return SocialMarket(
        task_output=second.task_output(),
        mean=guess.social,
        price=price,
        relative=price / response.prices.human_return,
        schooling=response.years.social,
    )


def _assessment_scale(
    pay: Pay, log_human_capital: Array, beliefs: Screening, log_human: Array, mean: Array
) -> tuple[Float[Array, "occupations"], Scalar]:
    """Log k_o, and the relative profit of hiring that is left."""
    surprise = beliefs.recognised[:, None] * (log_human - mean[:, None])
    noise = beliefs.recognised / beliefs.precision
    # Log of E exp(posterior mean + 1/(2S)), the two noises integrated out analytically.
    linear = log_human_capital - (mean + jnp.log(node_mean(jnp.exp(surprise))) + (noise + 1 / beliefs.precision) / 2)
    log_assessed = mean[:, None] + surprise + (1 / (2 * beliefs.precision))[:, None]
    return pay.zero_profit_scale(linear, log_assessed, noise, log_human)

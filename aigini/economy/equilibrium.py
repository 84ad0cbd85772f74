"""Equilibrium before and after AI on the quadrature of the population (MODEL.md section 5).

Prices depend on the population only through totals that the technology names, such as mean human capital H_o, and
schooling depends on prices and on the share Ω_o of human capital that employers recognise, which depends on the
variances V_h,o and V_D,o. The fixed point in (totals, Ω_o) is found by iteration, first before AI, where task prices
are 1 by definition of the units, then after AI, where schooling before AI at the same nodes is given. The iteration
contracts fast: what moves prices by 1 % moves schooling, and with it human capital, by far less. Derivatives follow
from the implicit function theorem.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float

from aigini.economy import rents, schooling
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import Nodes, node_mean, node_variance, population_nodes
from aigini.economy.screening import Screening, screening
from aigini.economy.tasks import N_TASKS, Tasks, ces
from aigini.economy.technology import FactorPrices, Pay, Production, Totals, WorkSample
from aigini.parameters import Parameters, Scalar

_TOLERANCE = 1e-14
_MAX_STEPS = 500
_SQUARINGS = 10  # 2^11 terms: exact to rounding up to a contraction of 0.98 a step


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


class _Guess(eqx.Module):
    """The unknowns of the fixed point."""

    totals: Totals
    recognised: Float[Array, "occupations"]


class _Given(eqx.Module):
    """All that the fixed point takes as given; before AI, `reference` and `earlier` do not count."""

    params: Parameters
    mechanisms: Mechanisms
    production: Production
    sample: WorkSample
    nodes: Nodes
    before_ai: Bool[Array, ""]
    reference: Float[Array, "tasks"]
    earlier: Float[Array, "occupations nodes"]


class _Response(eqx.Module):
    """Consequences of a guess: prices, then schooling, then employers' beliefs."""

    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    prices: FactorPrices
    fixed_pay: Float[Array, "occupations"]
    schooling: Float[Array, "occupations nodes"]
    screening: Screening


def _respond(guess: _Guess, given: _Given) -> tuple[_Response, _Guess]:
    """The response to a guess, and the guess that follows from it: one iteration of the fixed point."""
    params, nodes, human_capital = given.params, given.nodes, given.mechanisms.human_capital
    supply = given.production.supply(guess.totals)
    # Relative to itself any supply has prices of exactly 1, whose derivatives are exactly 0.
    output, price = ces(supply, jnp.where(given.before_ai, supply, given.reference), params.sigma)
    prices = given.production.factor_prices(guess.totals, price)
    fixed_pay = rents.fixed_pay(params, prices.fixed_value, prices.mean_ai_rent) / prices.human_return
    optimum = human_capital.optimal_schooling(
        params, jnp.exp(nodes.log_ability), nodes.cost, guess.recognised[:, None], fixed_pay[:, None]
    )
    years = jnp.where(given.before_ai, optimum, schooling.retool(params, given.earlier, optimum))
    log_human = human_capital.log_human(params, nodes.log_ability, years)
    diagnostic = _diagnostic_variance(log_human, params.adoption * given.sample.floor(log_human))
    beliefs = screening(params, node_variance(log_human), diagnostic)
    response = _Response(
        supply=supply,
        task_price=price,
        output=output,
        prices=prices,
        fixed_pay=fixed_pay,
        schooling=years,
        screening=beliefs,
    )
    return response, _Guess(given.production.totals(log_human, price), beliefs.recognised)


def _diagnostic_variance(log_human: Array, floor: Array) -> Float[Array, "occupations"]:
    """Var(log(h + f_o)) = Var(log h + log(1 + f_o/h))."""
    return node_variance(log_human + jnp.log1p(floor * jnp.exp(-log_human)))


def _distance(one: _Guess, other: _Guess) -> Scalar:
    gaps = jax.tree.map(lambda a, b: jnp.max(jnp.abs(a - b)), one, other)
    return jax.tree.reduce(jnp.maximum, gaps)


@jax.custom_jvp
def _fixed_point(given: _Given, start: _Guess) -> tuple[_Guess, _Response, Scalar]:
    """The fixed point, the response to it, and the distance between it and the guess that follows from the response.

    Derivatives of any order follow from the implicit function theorem, in both modes; none comes through `start`.
    """

    def step(state: tuple[_Guess, Any, Array, Array, Array]) -> tuple[_Guess, Any, Array, Array, Array]:
        guess, _, moved, _, count = state
        response, following = _respond(guess, given)
        return following, (guess, response), _distance(following, guess), moved, count + 1

    def unfinished(state: tuple[_Guess, Any, Array, Array, Array]) -> Array:
        # A guess is judged by the move that led to it, so that the response to the last one is at hand.
        _, _, _, moved, count = state
        return (moved > _TOLERANCE) & (count <= _MAX_STEPS)  # a NaN ends the loop

    none = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(_respond, start, given)[0])
    far = jnp.asarray(jnp.inf)
    states = jax.lax.while_loop(unfinished, step, (start, (start, none), far, far, jnp.asarray(0)))
    return *states[1], states[2]


@_fixed_point.defjvp
def _implicit(primals: tuple[_Given, _Guess], tangents: tuple[_Given, _Guess]) -> tuple[Any, Any]:
    """With M the derivative of an iteration in the guess, d guess = (1 - M)⁻¹ (d iteration at a given guess)."""
    given = primals[0]
    guess, response, residual = _fixed_point(*primals)
    point, unflatten = ravel_pytree(guess)

    def iteration(point: Array, given: _Given) -> Array:
        answer, following = _respond(unflatten(point), given)
        return jnp.concatenate([ravel_pytree(following)[0], ravel_pytree(answer)[0]])

    by_guess = jax.vmap(lambda move: jax.jvp(lambda at: iteration(at, given), (point,), (move,))[1])(
        jnp.eye(point.size, dtype=point.dtype)
    )
    direct = jax.jvp(lambda given: iteration(point, given), (given,), (tangents[0],))[1]
    move = _geometric_sum(by_guess[:, : point.size].T) @ direct[: point.size]
    answer = direct[point.size :] + move @ by_guess[:, point.size :]
    return (guess, response, residual), (unflatten(move), ravel_pytree(response)[1](answer), jnp.zeros_like(residual))


def _geometric_sum(step: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(1 - M)⁻¹ = ∏_k (1 + M^(2^k)).

    It converges wherever the iteration does, and needs no pivots: matrix products alone run alike in a loop, under vmap
    and on every device.
    """
    one = jnp.eye(step.shape[0], dtype=step.dtype)
    power, inverse = step, one + step
    for _ in range(_SQUARINGS):
        power = power @ power
        inverse = inverse + power @ inverse
    return inverse


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
    nodes = population_nodes(params, own.ability)
    variance = node_variance(nodes.log_ability)
    guessed = own.human_capital.log_human(params, nodes.log_ability, 1 / params.schooling_return)
    totals = own.production(params, levels[0]).totals(guessed, jnp.ones(N_TASKS))
    start = _Guess(totals, screening(params, variance, variance).recognised)

    def state(earlier: tuple[_Guess, Array, Array], own_level: tuple[Array, Array, Any]) -> tuple[Any, Market]:
        (guess, supply, years), (level, before_ai, sample) = earlier, own_level
        production = own.production(params, level)
        sample = production.work_sample(params) if sample is None else sample
        given = _Given(params, own, production, sample, nodes, before_ai, supply, years)
        market = _solve(given, jax.lax.stop_gradient(guess))
        return (_Guess(market.totals, market.screening.recognised), market.supply, market.schooling), market

    # A loop over the two states compiles one of them.
    none = (start, jnp.ones(N_TASKS), jnp.zeros_like(nodes.cost))
    return jax.lax.scan(state, none, (levels, jnp.asarray([True, False]), samples))[1]


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
    """
    production = mechanisms.production(params, level)
    given = _Given(
        params=params,
        mechanisms=mechanisms,
        production=production,
        sample=production.work_sample(params) if sample is None else sample,
        nodes=population_nodes(params, mechanisms.ability),
        before_ai=jnp.asarray(False),
        reference=before.supply,
        earlier=earlier,
    )
    return _solve(given, jax.lax.stop_gradient(_Guess(near.totals, near.screening.recognised)))


def _solve(given: _Given, start: _Guess) -> Market:
    guess, response, residual = _fixed_point(given, start)
    beliefs = response.screening
    log_human = given.mechanisms.human_capital.log_human(given.params, given.nodes.log_ability, response.schooling)
    log_human_mean = node_mean(log_human)
    diagnostic = _diagnostic_variance(log_human, given.sample.floor(log_human))
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
        schooling=response.schooling,
        residual=jnp.maximum(residual, jax.lax.stop_gradient(profit)),
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

"""Equilibrium before and after AI on the quadrature of the population (MODEL.md section 5).

Prices depend on the population only through totals that the technology names, such as mean human capital H_o, and
schooling depends on prices and on the share Ω_o of human capital that employers recognise, which depends on the
variances V_h,o and V_D,o. The fixed point in (totals, Ω_o) is found by iteration, first before AI, where task prices
are 1 by definition of the units, then after AI, where schooling before AI at the same nodes is given. The iteration
contracts fast: what moves prices by 1 % moves schooling, and with it human capital, by far less. Derivatives follow
from the implicit function theorem.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

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
    """Prices and employers' beliefs at one AI level; what workers take as given.

    Attributes:
        production: Technology at this level.
        totals: What supply depends on of the workers.
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
    """What the fixed point takes as given; `reference` and `earlier` are absent before AI."""

    params: Parameters
    mechanisms: Mechanisms
    production: Production
    sample: WorkSample
    nodes: Nodes
    reference: Float[Array, "tasks"] | None
    earlier: Float[Array, "occupations nodes"] | None


class _Response(eqx.Module):
    """What follows from a guess: prices, then schooling, then the population's moments and employers' beliefs."""

    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    prices: FactorPrices
    fixed_pay: Float[Array, "occupations"]
    schooling: Float[Array, "occupations nodes"]
    log_human: Float[Array, "occupations nodes"]
    screening: Screening


def _respond(guess: _Guess, given: _Given) -> _Response:
    params, nodes, human_capital = given.params, given.nodes, given.mechanisms.human_capital
    supply = given.production.supply(guess.totals)
    if given.reference is None:
        output, price = jnp.sum(supply), jnp.ones_like(supply)
    else:
        output, price = ces(supply, given.reference, params.sigma)
    prices = given.production.factor_prices(guess.totals, price)
    fixed_pay = rents.fixed_pay(params, prices.fixed_value, prices.mean_ai_rent) / prices.human_return
    years = human_capital.optimal_schooling(
        params, jnp.exp(nodes.log_ability), nodes.cost, guess.recognised[:, None], fixed_pay[:, None]
    )
    if given.earlier is not None:
        years = schooling.retool(params, given.earlier, years)
    log_human = human_capital.log_human(params, nodes.log_ability, years)
    diagnostic = _diagnostic_variance(log_human, params.adoption * given.sample.floor(log_human))
    return _Response(
        supply=supply,
        task_price=price,
        output=output,
        prices=prices,
        fixed_pay=fixed_pay,
        schooling=years,
        log_human=log_human,
        screening=screening(params, node_variance(log_human), diagnostic),
    )


def _diagnostic_variance(log_human: Array, floor: Array) -> Float[Array, "occupations"]:
    """Var(log(h + f_o)) = Var(log h + log(1 + f_o/h))."""
    return node_variance(log_human + jnp.log1p(floor * jnp.exp(-log_human)))


def _update(guess: _Guess, given: _Given) -> _Guess:
    response = _respond(guess, given)
    return _Guess(given.production.totals(response.log_human, response.task_price), response.screening.recognised)


def _distance(one: _Guess, other: _Guess) -> Scalar:
    gaps = jax.tree.map(lambda a, b: jnp.max(jnp.abs(a - b)), one, other)
    return jax.tree.reduce(jnp.maximum, gaps)


def _fixed_point(given: _Given, start: _Guess) -> _Guess:
    """Iterate to convergence; derivatives of any order by the implicit function theorem, in both modes."""
    first, unflatten = ravel_pytree(start)

    def excess(guess: Array) -> Array:
        return ravel_pytree(_update(unflatten(guess), given))[0] - guess

    return unflatten(jax.lax.custom_root(excess, first, _iterate, _implicit))


def _iterate(excess: Callable[[Array], Array], start: Array) -> Array:
    def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        guess, _, count = state
        move = excess(guess)
        return guess + move, jnp.max(jnp.abs(move)), count + 1

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        _, moved, count = state
        return (moved > _TOLERANCE) & (count < _MAX_STEPS)  # a NaN ends the loop

    return jax.lax.while_loop(unfinished, step, (start, jnp.asarray(jnp.inf), jnp.asarray(0)))[0]


def _implicit(excess: Callable[[Array], Array], right: Array) -> Array:
    """Solve (M - I) x = `right` for x, M being the derivative of one iteration.

    (I - M)⁻¹ = ∏_k (I + M^(2^k)) converges wherever the iteration does, and needs no pivots: matrix products alone run
    alike in a loop, under vmap and on every device.
    """
    one = jnp.eye(right.size, dtype=right.dtype)
    power = jax.vmap(excess, out_axes=1)(one) + one
    inverse = one + power
    for _ in range(_SQUARINGS):
        power = power @ power
        inverse = inverse + power @ inverse
    return -inverse @ right


def _solve(given: _Given, start: _Guess) -> Market:
    guess = _fixed_point(given, start)
    residual = _distance(*jax.lax.stop_gradient((_update(guess, given), guess)))
    found = _respond(guess, given)
    treated = screening(
        given.params,
        found.screening.log_human_variance,
        _diagnostic_variance(found.log_human, given.sample.floor(found.log_human)),
    )
    log_human_mean = node_mean(found.log_human)
    pay = given.production.pay(found.prices, guess.totals, found.task_price)
    scale, profit = _assessment_scale(pay, guess.totals.log_human, found, log_human_mean)
    return Market(
        production=given.production,
        totals=guess.totals,
        supply=found.supply,
        task_price=found.task_price,
        output=found.output,
        prices=found.prices,
        pay=pay,
        log_human_mean=log_human_mean,
        fixed_pay=found.fixed_pay,
        screening=found.screening,
        treated=treated,
        assessment_scale=scale,
        schooling=found.schooling,
        residual=jnp.maximum(residual, jax.lax.stop_gradient(profit)),
    )


def _assessment_scale(
    pay: Pay, log_human_capital: Array, found: _Response, mean: Array
) -> tuple[Float[Array, "occupations"], Scalar]:
    """Log k_o, and the relative profit of hiring that is left."""
    beliefs = found.screening
    surprise = beliefs.recognised[:, None] * (found.log_human - mean[:, None])
    noise = beliefs.recognised / beliefs.precision
    # Log of E exp(posterior mean + 1/(2S)), the two noises integrated out analytically.
    linear = log_human_capital - (mean + jnp.log(node_mean(jnp.exp(surprise))) + (noise + 1 / beliefs.precision) / 2)
    log_assessed = mean[:, None] + surprise + (1 / (2 * beliefs.precision))[:, None]
    return pay.zero_profit_scale(linear, log_assessed, noise, found.log_human)


def market_before(
    params: Parameters, level: Scalar, mechanisms: Mechanisms | None = None, sample: WorkSample | None = None
) -> Market:
    """The economy before AI, whose task prices are 1.

    Args:
        params: Parameters.
        level: A0.
        mechanisms: Mechanisms of the economy; the baseline's by default.
        sample: AI in the work sample; that of these parameters by default.
    """
    own = mechanisms or Mechanisms()
    production, nodes = own.production(params, level), population_nodes(params, own.ability)
    variance = node_variance(nodes.log_ability)
    guessed = own.human_capital.log_human(params, nodes.log_ability, 1 / params.schooling_return)
    totals = production.totals(guessed, jnp.ones(N_TASKS))
    start = _Guess(totals, screening(params, variance, variance).recognised)
    return _solve(_Given(params, own, production, _sample(production, params, sample), nodes, None, None), start)


def market_after(
    params: Parameters,
    level: Scalar,
    before: Market,
    mechanisms: Mechanisms | None = None,
    sample: WorkSample | None = None,
) -> Market:
    """The economy at A1 = `level`, given the economy before; other arguments as in `market_before`."""
    own = mechanisms or Mechanisms()
    production, nodes = own.production(params, level), population_nodes(params, own.ability)
    start = _Guess(before.totals, before.screening.recognised)
    given = _Given(params, own, production, _sample(production, params, sample), nodes, before.supply, before.schooling)
    return _solve(given, start)


def _sample(production: Production, params: Parameters, given: WorkSample | None) -> WorkSample:
    return production.work_sample(params) if given is None else given

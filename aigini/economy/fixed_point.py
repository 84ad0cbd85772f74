"""The fixed point of the equilibrium at one AI level, and its derivatives (MODEL.md sections 5 and 8).

A guess of the population's totals and of employers' beliefs gives prices, prices give schooling at the quadrature
nodes, and that gives the next guess. Derivatives follow from the implicit function theorem: with M the derivative of an
iteration in the guess, d guess = (1 - M)⁻¹ (d iteration at a given guess).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float

from aigini.economy import rents, schooling
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import Nodes, node_mean, node_variance
from aigini.economy.screening import Screening, screening
from aigini.economy.skills import SkillOfWorker
from aigini.economy.tasks import ces
from aigini.economy.technology import FactorPrices, Production, Totals, WorkSample
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import N_OCCUPATIONS

_TOLERANCE = 1e-14
_MAX_STEPS = 500
_FEW = 2 * N_OCCUPATIONS  # unknowns of the baseline, for which a pass over the nodes for each costs no more than others
_SQUARINGS = 10  # 2^11 terms: exact to rounding up to a contraction of 0.98 a step


class Guess(eqx.Module):
    """The unknowns of the fixed point; `social` is mean social capital, None without a second skill."""

    totals: Totals
    recognised: Float[Array, "occupations"]
    social: Float[Array, "occupations"] | None


class Years(eqx.Module):
    """Schooling at the quadrature nodes; `social` is None without a second skill."""

    own: Float[Array, "occupations nodes"]
    social: Float[Array, "occupations nodes"] | None


class Given(eqx.Module):
    """All that the fixed point takes as given; before AI, `reference` and `earlier` do not count."""

    params: Parameters
    mechanisms: Mechanisms
    production: Production
    sample: WorkSample
    nodes: Nodes
    before_ai: Bool[Array, ""]
    reference: Float[Array, "tasks"]
    earlier: Years


class _Own(eqx.Module):
    """All of a guess that schooling depends on, ``[occupations]`` each.

    Attributes:
        recognised: Ω_o.
        fixed_pay: T_o / R_h,o.
        relative: R_s,o / R_h,o; None without a second skill.
    """

    recognised: Float[Array, "occupations"]
    fixed_pay: Float[Array, "occupations"]
    relative: Float[Array, "occupations"] | None


class _Priced(eqx.Module):
    """Prices that follow from a guess."""

    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    prices: FactorPrices
    own: _Own


class _Schooled(eqx.Module):
    """Workers at the nodes; every array has a leading axis ``[occupations]``, each of which has its own prices."""

    years: Years
    screening: Screening
    node_sums: Any
    social: Float[Array, "occupations"] | None


class Response(eqx.Module):
    """Consequences of a guess: prices, then schooling, then employers' beliefs."""

    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    prices: FactorPrices
    fixed_pay: Float[Array, "occupations"]
    years: Years
    screening: Screening


def _respond(guess: Guess, given: Given) -> tuple[Response, Guess]:
    """The response to a guess, and the guess that follows from it: one iteration of the fixed point."""
    priced = _priced(guess, given)
    return _following(priced, _schooled(priced.own, given), given)


def _priced(guess: Guess, given: Given) -> _Priced:
    params, second = given.params, given.mechanisms.skills.social
    supply = given.production.supply(guess.totals)
    if second is not None and guess.social is not None:
        supply = supply + second.task_output() * (guess.social @ given.production.tasks.bundles) / N_OCCUPATIONS
    # Relative to itself any supply has prices of exactly 1, whose derivatives are exactly 0.
    output, price = ces(supply, jnp.where(given.before_ai, supply, given.reference), params.sigma)
    prices = given.production.factor_prices(guess.totals, price)
    fixed_pay = rents.fixed_pay(params, prices.fixed_value, prices.mean_ai_rent) / prices.human_return
    relative = None if second is None else social_price(given, price) / prices.human_return
    return _Priced(supply, price, output, prices, _Own(guess.recognised, fixed_pay, relative))


def _schooled(own: _Own, given: Given) -> _Schooled:
    params, nodes, human_capital = given.params, given.nodes, given.mechanisms.human_capital
    second, ability = given.mechanisms.skills.social, jnp.exp(nodes.log_ability)
    recognised, fixed_pay = own.recognised[:, None], own.fixed_pay[:, None]
    if second is None or nodes.social is None or own.relative is None:
        best = Years(human_capital.optimal_schooling(params, ability, nodes.cost, recognised, fixed_pay), None)
    else:
        worker = SkillOfWorker(ability, nodes.cost)
        both = params, human_capital, worker, nodes.social
        best = Years(*second.optimal_schooling(*both, recognised, fixed_pay, own.relative[:, None]))
    years = jax.tree.map(
        lambda optimum, then: jnp.where(given.before_ai, optimum, schooling.retool(params, then, optimum)),
        best,
        given.earlier,
    )
    log_human = human_capital.log_human(params, nodes.log_ability, years.own)
    diagnostic = diagnostic_variance(log_human, params.adoption * given.sample.floor(log_human))
    return _Schooled(
        years=years,
        screening=screening(params, node_variance(log_human), diagnostic),
        node_sums=given.production.node_sums(log_human),
        social=None
        if second is None or nodes.social is None
        else node_mean(second.capital(nodes.social.ability, years.social)),
    )


def _following(priced: _Priced, schooled: _Schooled, given: Given) -> tuple[Response, Guess]:
    response = Response(
        supply=priced.supply,
        task_price=priced.task_price,
        output=priced.output,
        prices=priced.prices,
        fixed_pay=priced.own.fixed_pay,
        years=schooled.years,
        screening=schooled.screening,
    )
    totals = given.production.totals_of(schooled.node_sums, priced.task_price)
    return response, Guess(totals, schooled.screening.recognised, schooled.social)


def social_price(given: Given, price: Float[Array, "tasks"]) -> Float[Array, "occupations"]:
    """R_s,o, the value of a unit of social capital."""
    second = given.mechanisms.skills.social
    assert second is not None
    return given.production.tasks.bundles @ (price * second.task_output())


def diagnostic_variance(log_human: Array, floor: Array) -> Float[Array, "occupations"]:
    """Var(log(h + f_o)) = Var(log h + log(1 + f_o/h))."""
    return node_variance(log_human + jnp.log1p(floor * jnp.exp(-log_human)))


def _distance(one: Guess, other: Guess) -> Scalar:
    gaps = jax.tree.map(lambda a, b: jnp.max(jnp.abs(a - b)), one, other)
    return jax.tree.reduce(jnp.maximum, gaps)


@jax.custom_jvp
def fixed_point(given: Given, start: Guess) -> tuple[Guess, Response, Scalar]:
    """The fixed point, the response to it, and the distance between it and the guess that follows from the response.

    Derivatives of any order follow from the implicit function theorem, in both modes; none comes through `start`.
    """

    def step(state: tuple[Guess, Any, Array, Array, Array]) -> tuple[Guess, Any, Array, Array, Array]:
        guess, _, moved, _, count = state
        response, following = _respond(guess, given)
        return following, (guess, response), _distance(following, guess), moved, count + 1

    def unfinished(state: tuple[Guess, Any, Array, Array, Array]) -> Array:
        # A guess is judged by the move that led to it, so that the response to the last one is at hand.
        _, _, _, moved, count = state
        return (moved > _TOLERANCE) & (count <= _MAX_STEPS)  # a NaN ends the loop

    none = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(_respond, start, given)[0])
    far = jnp.asarray(jnp.inf)
    states = jax.lax.while_loop(unfinished, step, (start, (start, none), far, far, jnp.asarray(0)))
    return *states[1], states[2]


@fixed_point.defjvp
def _implicit(primals: tuple[Given, Guess], tangents: tuple[Given, Guess]) -> tuple[Any, Any]:
    """With M the derivative of an iteration in the guess, d guess = (1 - M)⁻¹ (d iteration at a given guess)."""
    given = primals[0]
    guess, response, residual = fixed_point(*primals)
    point, unflatten = ravel_pytree(guess)

    def iteration(point: Array, given: Given) -> Array:
        answer, following = _respond(unflatten(point), given)
        return jnp.concatenate([ravel_pytree(following)[0], ravel_pytree(answer)[0]])

    along = _along(guess, given) if point.size > _FEW else None
    if along is not None:
        by_guess = jax.vmap(along)(jnp.eye(point.size, dtype=point.dtype))
    else:
        by_guess = jax.vmap(lambda move: jax.jvp(lambda at: iteration(at, given), (point,), (move,))[1])(
            jnp.eye(point.size, dtype=point.dtype)
        )
    direct = jax.jvp(lambda given: iteration(point, given), (given,), (tangents[0],))[1]
    move = _geometric_sum(by_guess[:, : point.size].T) @ direct[: point.size]
    answer = direct[point.size :]
    answer = answer + (along(move)[point.size :] if along else move @ by_guess[:, point.size :])
    return (guess, response, residual), (unflatten(move), ravel_pytree(response)[1](answer), jnp.zeros_like(residual))


def _along(guess: Guess, given: Given) -> Any:
    """The derivative of an iteration in the guess as a function of a move of the guess, both flat.

    Schooling of an occupation depends on a guess through few prices of its own. So one pass over the nodes for each of
    these, in all occupations at once, gives the derivatives along any number of moves.
    """
    unflatten = ravel_pytree(guess)[1]
    priced, push_prices = jax.linearize(lambda at: _priced(at, given), guess)
    own, rebuild = jax.tree.flatten(priced.own)

    def by(k: int) -> Any:
        seeds = [jnp.ones_like(leaf) if i == k else jnp.zeros_like(leaf) for i, leaf in enumerate(own)]
        return jax.jvp(lambda one: _schooled(one, given), (priced.own,), (jax.tree.unflatten(rebuild, seeds),))

    schooled, partials = by(0)[0], [by(k)[1] for k in range(len(own))]
    push_rest = jax.linearize(lambda one, other: _following(one, other, given), priced, schooled)[1]

    def along(move: Array) -> Array:
        prices_move = push_prices(unflatten(move))
        weights = jax.tree.leaves(prices_move.own)

        def moved(*leaves: Array) -> Array:
            total = jnp.zeros_like(leaves[0])
            for leaf, weight in zip(leaves, weights, strict=True):
                total = total + leaf * weight.reshape((-1,) + (1,) * (leaf.ndim - 1))
            return total

        response, following = push_rest(prices_move, jax.tree.map(moved, *partials))
        return jnp.concatenate([ravel_pytree(following)[0], ravel_pytree(response)[0]])

    return along


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

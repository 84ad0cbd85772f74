"""Equilibrium before and after AI on the quadrature of the population (MODEL.md section 5).

Prices depend on the population only through mean human capital H_o, and schooling depends on prices and on the share
Ω_o of human capital that employers recognise, which depends on the variances V_h,o and V_D,o. The fixed point in
(log H_o, Ω_o) is found by iteration, first before AI, where task prices are 1 by definition of the units, then after
AI, where schooling before AI at the same nodes is given. The iteration contracts fast: what moves prices by 1 % moves
schooling, and with it human capital, by far less. Derivatives follow from the implicit function theorem.

Euler: mean_o(R_h,o H_o) + Ā mean_o(R_A,o) = Y.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from aigini.economy import rents, schooling
from aigini.economy.quadrature import Nodes, node_mean, node_variance, population_nodes
from aigini.economy.screening import Screening, screening, work_sample_floor
from aigini.economy.tasks import Technology, ces, task_supply, technology
from aigini.parameters import Parameters, Scalar

_TOLERANCE = 1e-14
_MAX_STEPS = 500
_SQUARINGS = 10  # 2^11 terms: exact to rounding up to a contraction of 0.98 a step


class Market(eqx.Module):
    """Prices and employers' beliefs at one AI level; what workers take as given.

    Attributes:
        tech: Task technology at this level.
        supply: Y_z per head, ``[tasks]``.
        task_price: p_z, ``[tasks]``.
        output: Y per head, units of the final good.
        human_return: R_h,o, price of human capital, ``[occupations]``.
        ai_return: R_A,o, price of effective AI, ``[occupations]``.
        human_capital: H_o, mean h, ``[occupations]``.
        log_human_mean: μ_o, mean of log h, ``[occupations]``.
        fixed_pay: T_o / R_h,o, pay that does not depend on human capital, in its units, ``[occupations]``.
        screening: Economy-wide screening (with adoption).
        treated: Screening in treated hiring (full AI floor in the work sample).
        assessment_scale: log k_o, which makes assessed human capital equal H_o on average, ``[occupations]``.
        schooling: e at the quadrature nodes, ``[occupations, nodes]``.
        residual: Largest violation of the fixed point; above 1e-9 the market is not an equilibrium.
    """

    tech: Technology
    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    human_return: Float[Array, "occupations"]
    ai_return: Float[Array, "occupations"]
    human_capital: Float[Array, "occupations"]
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
        return self.tech.level

    @property
    def mean_ai_return(self) -> Scalar:
        """mean_o(R_A,o)."""
        return jnp.mean(self.ai_return)


class _Guess(eqx.Module):
    """The unknowns of the fixed point."""

    log_human: Float[Array, "occupations"]
    recognised: Float[Array, "occupations"]


class _Given(eqx.Module):
    """What the fixed point takes as given; `reference` and `earlier` are absent before AI."""

    params: Parameters
    tech: Technology
    floor: Float[Array, "occupations"]
    nodes: Nodes
    reference: Float[Array, "tasks"] | None
    earlier: Float[Array, "occupations nodes"] | None


class _Response(eqx.Module):
    """What follows from a guess: prices, then schooling, then the population's moments and employers' beliefs."""

    supply: Float[Array, "tasks"]
    task_price: Float[Array, "tasks"]
    output: Scalar
    human_return: Float[Array, "occupations"]
    ai_return: Float[Array, "occupations"]
    fixed_pay: Float[Array, "occupations"]
    schooling: Float[Array, "occupations nodes"]
    log_human: Float[Array, "occupations nodes"]
    screening: Screening


def _respond(guess: _Guess, given: _Given) -> _Response:
    params, tech, nodes = given.params, given.tech, given.nodes
    supply = task_supply(tech, jnp.exp(guess.log_human))
    if given.reference is None:
        output, price = jnp.sum(supply), jnp.ones_like(supply)
    else:
        output, price = ces(supply, given.reference, params.sigma)
    human_return = tech.bundles @ (price * tech.human)
    ai_return = tech.bundles @ (price * tech.ai)
    fixed_pay = rents.fixed_pay(params, tech.level, ai_return) / human_return
    years = schooling.optimal_schooling(
        params, jnp.exp(nodes.log_ability), nodes.cost, guess.recognised[:, None], fixed_pay[:, None]
    )
    if given.earlier is not None:
        years = schooling.retool(params, given.earlier, years)
    log_human = schooling.log_human_capital(params, nodes.log_ability, years)
    diagnostic = _diagnostic_variance(log_human, params.adoption * given.floor)
    return _Response(
        supply=supply,
        task_price=price,
        output=output,
        human_return=human_return,
        ai_return=ai_return,
        fixed_pay=fixed_pay,
        schooling=years,
        log_human=log_human,
        screening=screening(params, node_variance(log_human), diagnostic),
    )


def _diagnostic_variance(log_human: Array, floor: Array) -> Float[Array, "occupations"]:
    """Var(log(h + f_o)) = Var(log h + log(1 + f_o/h))."""
    return node_variance(log_human + jnp.log1p(floor[:, None] * jnp.exp(-log_human)))


def _update(guess: _Guess, given: _Given) -> _Guess:
    response = _respond(guess, given)
    return _Guess(log_human=jnp.log(node_mean(jnp.exp(response.log_human))), recognised=response.screening.recognised)


def _distance(one: _Guess, other: _Guess) -> Scalar:
    return jnp.maximum(
        jnp.max(jnp.abs(one.log_human - other.log_human)), jnp.max(jnp.abs(one.recognised - other.recognised))
    )


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
        given.params, found.screening.log_human_variance, _diagnostic_variance(found.log_human, given.floor)
    )
    log_human_mean = node_mean(found.log_human)
    return Market(
        tech=given.tech,
        supply=found.supply,
        task_price=found.task_price,
        output=found.output,
        human_return=found.human_return,
        ai_return=found.ai_return,
        human_capital=jnp.exp(guess.log_human),
        log_human_mean=log_human_mean,
        fixed_pay=found.fixed_pay,
        screening=found.screening,
        treated=treated,
        assessment_scale=guess.log_human - _log_mean_assessment(found.screening, log_human_mean, found.log_human),
        schooling=found.schooling,
        residual=residual,
    )


def _log_mean_assessment(beliefs: Screening, mean: Array, log_human: Array) -> Float[Array, "occupations"]:
    """Log of E exp(posterior mean + 1/(2S)), the two noises integrated out analytically."""
    slope = beliefs.recognised[:, None]
    centred = node_mean(jnp.exp(slope * (log_human - mean[:, None])))
    noise = beliefs.recognised / beliefs.precision
    return mean + jnp.log(centred) + (noise + 1 / beliefs.precision) / 2


def market_before(params: Parameters, level: Scalar, floor: Float[Array, "occupations"] | None = None) -> Market:
    """The economy before AI, whose task prices are 1.

    Args:
        params: Parameters.
        level: A0.
        floor: f_o, the AI floor in the work sample; that of these parameters by default.
    """
    tech, nodes = technology(params, level), population_nodes(params)
    variance = node_variance(nodes.log_ability)
    start = _Guess(
        log_human=jnp.log(node_mean(jnp.exp(nodes.log_ability) * 2)),
        recognised=screening(params, variance, variance).recognised,
    )
    return _solve(_Given(params, tech, _floor(params, tech, floor), nodes, None, None), start)


def market_after(
    params: Parameters, level: Scalar, before: Market, floor: Float[Array, "occupations"] | None = None
) -> Market:
    """The economy at A1 = `level`, given the economy before; `floor` as in `market_before`."""
    tech, nodes = technology(params, level), population_nodes(params)
    start = _Guess(log_human=jnp.log(before.human_capital), recognised=before.screening.recognised)
    return _solve(_Given(params, tech, _floor(params, tech, floor), nodes, before.supply, before.schooling), start)


def _floor(params: Parameters, tech: Technology, given: Array | None) -> Float[Array, "occupations"]:
    return work_sample_floor(params, tech) if given is None else given

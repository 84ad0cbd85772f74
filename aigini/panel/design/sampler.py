"""Draws of panels from an economy: firms, their workers, adoption, and what is observed of them.

The same program draws what would be observed without adoption, from the same random numbers. It relates to the panels
of `aigini panel` as a sample of firms does to a file: the same economy and the same columns, but arrays of fixed shape
that can be drawn by the thousand, with every worker observed in every period.
"""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import random
from jaxtyping import Array, Float, Int

from aigini.economy.ability import ability_score
from aigini.economy.schooling import retool, schooling_cost
from aigini.panel.design.layout import Layout
from aigini.panel.design.world import World

Numbers = dict[str, Any]
"""Assumed numbers, and under ``by_ability``, ``by_gain`` and ``by_trend`` the correlations of adoption with each."""

SELECTED_ON = ("by_ability", "by_gain", "by_trend")


class Panel(NamedTuple):
    """Observations of firms, in the order of their cohorts; N firms, T periods, O occupations, k workers, Z tasks.

    Attributes:
        log_output: Log output, ``[N, T, O, k, Z]``.
        log_wage: Log wage, ``[N, T, O, k]``.
        work_sample: Score of the work sample, log points, ``[N, T, O, k]``.
        required: 1 where the credential is required, ``[N, T, O]``.
        log_assets: Log assets of the firm, ``[N, T]``.
        schooling: Years, ``[N, T, O, k]``.
        ability_proxy: Log ability with error, ``[N, O, k]``.
        use: 1 where the worker uses AI once the firm has adopted it, ``[N, O, k]``.
        adopted: 1 where the firm has adopted AI, ``[N, T]``.
    """

    log_output: Float[Array, "N T O k Z"]
    log_wage: Float[Array, "N T O k"]
    work_sample: Float[Array, "N T O k"]
    required: Float[Array, "N T O"]
    log_assets: Float[Array, "N T"]
    schooling: Float[Array, "N T O k"]
    ability_proxy: Float[Array, "N O k"]
    use: Float[Array, "N O k"]
    adopted: Float[Array, "N T"]


Draws = dict[str, Array]
"""Standard normal numbers by what they are for."""


def draws_of(key: Array, layout: Layout) -> Draws:
    """The random numbers of one panel, from one stream: a program with few calls of the generator compiles faster."""
    size = layout.size
    firms, periods, offices = (size.firms,), (size.firms, size.periods), (size.firms, layout.occupations)
    workers, seen = (*offices, size.workers), (*periods, layout.occupations, size.workers)
    shapes = {
        **dict.fromkeys(("rank", "trend", "index"), firms),
        **dict.fromkeys(("assets", "firm_wage", "firm_output"), periods),
        **dict.fromkeys(("ability", "cost", "sample", "credential", "propensity", "proxy"), workers),
        **dict.fromkeys(("wage", "work_sample"), seen),
        "output": (*seen, size.tasks),
        **dict.fromkeys(("standard", "renewal"), (*periods, layout.occupations)),
    }
    stream = random.normal(key, (sum(map(math.prod, shapes.values())),), jnp.float32)
    draws, start = {}, 0
    for name, shape in shapes.items():
        draws[name] = stream[start : start + math.prod(shape)].reshape(shape).astype(jnp.float64)
        start += math.prod(shape)
    return draws


def draw_panel(draws: Draws, world: World, numbers: Numbers, layout: Layout, *, adopt: bool = True) -> Panel:
    """One panel.

    Args:
        draws: Its random numbers.
        world: The economy.
        numbers: Assumed numbers.
        layout: Its shape and dates of adoption.
        adopt: False for what would be observed if no firm adopted, with the same draws.
    """
    size, params = layout.size, world.params
    shape = (size.firms, layout.occupations, size.workers)
    rank, trend = draws["rank"], draws["trend"]
    office = jnp.broadcast_to(world.occupation_score[None, :, None], shape)
    firm = jnp.broadcast_to(rank[:, None, None], shape)
    # Laws of workers are of arrays with one axis.
    score = ability_score(params, office.reshape(-1), firm.reshape(-1), draws["ability"].reshape(-1)).reshape(shape)
    order = _order(draws["index"], world, numbers, score, rank, trend)
    rank, score, trend = rank[order], score[order], trend[order]
    adopted = jnp.asarray(layout.adopted if adopt else jnp.zeros_like(layout.adopted), jnp.float64)

    log_assets, intensity = _assets(world, layout, rank, draws["assets"], adopt=adopt)
    log_ability = world.mechanisms.ability.log_ability(params, score)
    propensity = numbers["worker_selection"] * draws["ability"][order]
    propensity += jnp.sqrt(1 - numbers["worker_selection"] ** 2) * draws["propensity"]
    use = (propensity > jax.scipy.special.ndtri(1 - numbers["compliance"])).astype(jnp.float64)
    with_ai = adopted[:, :, None, None] * use[:, None]

    cost = schooling_cost(params, score, draws["cost"][order])
    before, optimum = jax.vmap(
        lambda own: world.mechanisms.human_capital.optimal_schooling(
            params, jnp.exp(log_ability), cost, own.recognised[None, :, None], own.fixed_pay[None, :, None]
        )
    )(world.schedule)
    schooling = jnp.stack([before, retool(params, before, optimum)])
    log_human = jax.vmap(lambda years: world.mechanisms.human_capital.log_human(params, log_ability, years))(schooling)

    log_wage = _log_wages(world, log_human, draws["sample"], draws["credential"], with_ai, intensity)
    years = jnp.arange(size.periods, dtype=jnp.float64)[None, :]
    common = numbers["growth"] * years + numbers["firm_wage_sd"] * draws["firm_wage"]
    log_wage += common[:, :, None, None]
    log_wage += numbers["wage_error_sd"] * draws["wage"]

    log_output = _log_output(world, layout, log_human, with_ai, intensity)
    own = (numbers["growth"] + numbers["trend_sd"] * trend)[:, None] * years
    own += numbers["firm_output_sd"] * draws["firm_output"]
    error = numbers["output_error_sd"]
    log_output += own[:, :, None, None, None]
    log_output += error * draws["output"] - error**2 / 2

    by_office = jax.vmap(_interpolated, (1, None, 0), 1)
    floors = jax.vmap(by_office, (0, None, 0))(log_human, world.grid, world.floor)
    work_sample = _chosen(with_ai, jnp.log(jnp.exp(log_human) + floors))
    work_sample += params.signal_noise_sd * draws["work_sample"]
    return Panel(
        log_output=log_output,
        log_wage=log_wage,
        work_sample=work_sample,
        required=_requirements(world, numbers, draws, adopted),
        log_assets=log_assets,
        schooling=_chosen(with_ai, schooling),
        ability_proxy=log_ability + numbers["ability_error_sd"] * draws["proxy"],
        use=use,
        adopted=adopted,
    )


def _chosen(with_ai: Float[Array, "N T O k"], states: Float[Array, "2 N O k"]) -> Float[Array, "N T O k"]:
    """Values of the state that each worker is in."""
    return states[0][:, None] * (1 - with_ai) + states[1][:, None] * with_ai


def _interpolated(at: Array, grid: Array, values: Array) -> Array:
    return jnp.interp(at, grid, values)


def _order(
    noise: Float[Array, "N"],
    world: World,
    numbers: Numbers,
    score: Float[Array, "N O k"],
    rank: Float[Array, "N"],
    trend: Float[Array, "N"],
) -> Int[Array, "N"]:
    """Firms in the order in which they adopt."""
    gain = _expected_gain(world, score, rank)
    reasons = dict(zip(SELECTED_ON, (jnp.mean(score, axis=(1, 2)), gain, trend), strict=True))
    explained = sum(numbers[name] ** 2 for name in SELECTED_ON)
    index = jnp.sqrt(1 - explained) * noise
    for name, reason in reasons.items():
        spread = jnp.std(reason)
        index += numbers[name] * (reason - jnp.mean(reason)) / jnp.where(spread > 0, spread, 1.0)
    return jnp.argsort(-index)


def _expected_gain(world: World, score: Float[Array, "N O k"], rank: Float[Array, "N"]) -> Float[Array, "N"]:
    """Mean log gain of such workers' output on the task that AI reaches most, at assets before adoption."""
    params = world.params
    log_ability = world.mechanisms.ability.log_ability(params, score)
    human = jnp.exp(world.mechanisms.human_capital.log_human(params, log_ability, 10.0))
    intensity = jnp.exp(params.psi * params.asset_sd * rank - (params.psi * params.asset_sd) ** 2 / 2)
    gains = [
        jnp.log(_task_output(world, 1, human[:, o, :], intensity[:, None], world.tasks[o, 0]))
        - jnp.log(_task_output(world, 0, human[:, o, :], intensity[:, None], world.tasks[o, 0]))
        for o in range(score.shape[1])
    ]
    return jnp.mean(jnp.stack(gains), axis=(0, 2, 3))


def _assets(
    world: World, layout: Layout, rank: Float[Array, "N"], shocks: Float[Array, "N T"], *, adopt: bool
) -> tuple[Float[Array, "N T"], Float[Array, "N T"]]:
    """Log assets, and capital intensity relative to the population of firms with the same dates, in every period."""
    params, adopted = world.params, layout.adopted
    log_assets, variance = params.asset_sd * rank, jnp.full(rank.shape, params.asset_sd**2)
    levels, intensities = [], []
    for period in range(layout.size.periods):
        levels.append(log_assets)
        intensities.append(jnp.exp(params.psi * log_assets - params.psi**2 * variance / 2))
        multiple = world.growth[jnp.asarray(adopted[:, period] & adopt, int)]
        log_assets = multiple * log_assets + world.innovation * shocks[:, period]
        variance = multiple**2 * variance + world.innovation**2
    return jnp.stack(levels, axis=1), jnp.stack(intensities, axis=1)


def _log_wages(
    world: World,
    log_human: Float[Array, "2 N O k"],
    sample: Float[Array, "N O k"],
    credential: Float[Array, "N O k"],
    with_ai: Float[Array, "N T O k"],
    intensity: Float[Array, "N T"],
) -> Float[Array, "N T O k"]:
    def pay(schedule: Any, human: Array, one: Array, other: Array) -> Array:
        assessed = (
            schedule.intercept
            + schedule.recognised * human
            + schedule.sample_weight * one
            + schedule.credential_weight * other
        )
        flat = schedule.pay.human_pay(jnp.exp(assessed).reshape(-1))
        return flat.reshape(human.shape) + schedule.pay.commodity

    by_office = jax.vmap(pay, (0, 1, 1, 1), 1)
    without_rents = jax.vmap(by_office, (0, 0, None, None))(world.schedule, log_human, sample, credential)
    rents = jnp.broadcast_to(world.schedule.rent[:, None, :, None], without_rents.shape)
    return jnp.log(_chosen(with_ai, without_rents) + _chosen(with_ai, rents) * intensity[:, :, None, None])


def _log_output(
    world: World,
    layout: Layout,
    log_human: Float[Array, "2 N O k"],
    with_ai: Float[Array, "N T O k"],
    intensity: Float[Array, "N T"],
) -> Float[Array, "N T O k Z"]:
    human = jnp.exp(log_human)
    columns = []
    for office in range(layout.occupations):
        own = []
        for position in range(layout.size.tasks):
            task = world.tasks[office, position]
            before, after = (
                jnp.log(_task_output(world, state, human[state, :, office], intensity, task)) for state in (0, 1)
            )
            own.append(before + with_ai[:, :, office] * (after - before))
        columns.append(jnp.stack(own, axis=-1))
    return jnp.stack(columns, axis=2)


def _task_output(
    world: World, state: int, human: Float[Array, "N k"], intensity: Float[Array, "N T"], task: Int[Array, ""]
) -> Float[Array, "N T k"]:
    """Output on a task with the AI of each firm."""
    production = world.at(state, world.production)
    effective = production.tasks.commodity + production.tasks.proprietary * intensity

    def one(ai: Array, workers: Array) -> Array:
        own = eqx.tree_at(lambda tree: tree.tasks.effective, production, ai)
        return own.treated_task_output(workers, task)

    return jax.vmap(jax.vmap(one, (0, None)))(effective, human)


def _requirements(world: World, numbers: Numbers, draws: Draws, adopted: Float[Array, "N T"]) -> Float[Array, "N T O"]:
    """1 where an employer's standard, a draw that he keeps for some time, is below the share that requires."""
    fresh, renewal = (jax.scipy.special.ndtr(draws[name]) for name in ("standard", "renewal"))
    standard, columns = fresh[:, 0], []
    for period in range(adopted.shape[1]):
        if period:
            renewed = renewal[:, period] >= numbers["requirement_persistence"]
            standard = jnp.where(renewed, fresh[:, period], standard)
        state = adopted[:, period, None]
        share = world.requirement[0][None] * (1 - state) + world.requirement[1][None] * state
        columns.append((standard < share).astype(jnp.float64))
    return jnp.stack(columns, axis=1)

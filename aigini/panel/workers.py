"""Workers of a simulated panel, whose outcomes before and with AI are the economy's (MODEL.md, section on panels).

Workers come in groups of one occupation and of one size, whatever the blocks of files: a group is a function of its
position alone.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from aigini.economy.ability import ability_score
from aigini.economy.technology import Production
from aigini.economy.workers import WorkerEnvironment, in_occupation, outcomes
from aigini.panel.firms import Firms, selection_threshold
from aigini.panel.random import Numbers
from aigini.panel.settings import PanelSettings
from aigini.panel.states import States, log_gain
from aigini.population.workers import N_OCCUPATIONS, Workers

_WIDEST = 1024
_DRAWS = ("ability", "cost", "work_sample", "credential", "social")


def group_width(n_workers: int) -> int:
    """Workers of a group, at most 1024, which makes occupations equally large; a function of their number alone."""
    each = math.ceil(n_workers / N_OCCUPATIONS)
    return math.ceil(each / math.ceil(each / _WIDEST))


@dataclasses.dataclass(frozen=True)
class Group:
    """Workers of one occupation; arrays have a row per worker, and a leading axis ``[2]`` of states before and with AI.

    Attributes:
        first: Position of the first of them in the panel.
        occupation: Their occupation, from 0.
        firm: Employer, ``[workers]``.
        user: True for those who use AI once their firm has adopted it, ``[workers]``.
        log_ability: log θ, ``[workers]``.
        schooling: e, ``[2, workers]``.
        other_schooling: e_s of a second skill, 0 without one, ``[2, workers]``.
        social: h_s, likewise, ``[2, workers]``.
        human: h, ``[2, workers]``.
        human_pay: Pay for assessed human capital, ``[2, workers]``.
        commodity_pay: Pay for commodity AI, ``[2, workers]``.
        rent_pay: ξ (q0 + q_A,o), pay per unit of capital intensity, ``[2, workers]``.
        work_sample: Score of the work sample, ``[2, workers]``.
        assessed: Posterior mean of log human capital in treated hiring, ``[2, workers]``.
        credential: True for those who hold the credential, ``[workers]``.
    """

    first: int
    occupation: int
    firm: np.ndarray
    user: np.ndarray
    log_ability: np.ndarray
    schooling: np.ndarray
    other_schooling: np.ndarray
    social: np.ndarray
    human: np.ndarray
    human_pay: np.ndarray
    commodity_pay: np.ndarray
    rent_pay: np.ndarray
    work_sample: np.ndarray
    assessed: np.ndarray
    credential: np.ndarray


def group(settings: PanelSettings, states: tuple[States, ...], firms: Firms, position: int) -> Group:
    """The workers of one group; the last groups may have no worker of the panel beyond ``n_workers``.

    Args:
        settings: The panel.
        states: The economy for each rent share.
        firms: The firms of the panel.
        position: Position of the group.
    """
    numbers, width = Numbers(settings.seed), group_width(settings.n_workers)
    first, occupation = position * width, position % N_OCCUPATIONS
    firm = numbers.choice("firm", first, width, settings.n_firms)
    score = {name: numbers.normal(name, first, width) for name in _DRAWS}
    inclination = numbers.normal("compliance", first, width)
    market = firms.market[firm]
    one_hot = np.zeros(N_OCCUPATIONS)
    one_hot[occupation] = 1
    parts = []
    for one in states:
        made = _outcomes(one.environment, one.production, one_hot, firms.rank[firm], score)
        parts.append({name: np.asarray(values) for name, values in made.items()})
    values = {
        name: np.choose(market, [part[name] for part in parts]) if len(parts) > 1 else parts[0][name]
        for name in parts[0]
    }
    beliefs = {
        name: np.array([getattr(one, name)[:, occupation] for one in states]).T[:, market]
        for name in ("prior", "sample", "credential", "log_human_mean", "sample_mean", "sample_slope")
    }
    log_human = values["log_human"]
    precision = beliefs["prior"] + beliefs["sample"] + beliefs["credential"]
    assessed = (
        beliefs["prior"] * beliefs["log_human_mean"]
        + (beliefs["sample"] + beliefs["credential"]) * log_human
        + np.sqrt(beliefs["sample"]) * score["work_sample"]
        + np.sqrt(beliefs["credential"]) * score["credential"]
    ) / precision
    noise = float(states[0].parameters.signal_noise_sd)
    sample = (
        beliefs["sample_mean"]
        + beliefs["sample_slope"] * (log_human - beliefs["log_human_mean"])
        + noise * score["work_sample"]
    )
    return Group(
        first=first,
        occupation=occupation,
        firm=firm,
        user=_users(settings, states, values, market, inclination),
        log_ability=values["log_ability"],
        schooling=values["schooling"],
        other_schooling=values["other_schooling"],
        social=values["social"],
        human=np.exp(log_human),
        human_pay=values["human_pay"],
        commodity_pay=values["commodity_pay"],
        rent_pay=values["rent_pay"],
        work_sample=sample,
        assessed=assessed,
        credential=_holds(settings, states, beliefs, log_human[0], score["credential"]),
    )


def task_output(one: States, human: np.ndarray, ai: np.ndarray, task: np.ndarray) -> np.ndarray:
    """y(h, a; z) on some treated tasks before and with AI, ``[2, workers, tasks, periods]``.

    Args:
        one: The states.
        human: h, ``[2, workers]``.
        ai: a, ``[2, workers, periods]``.
        task: Positions of the tasks of each worker, ``[workers, tasks]``.
    """
    return np.asarray(_task_output(one.production, human, ai, task))


@jax.jit
def _task_output(production: Production, human: jax.Array, ai: jax.Array, task: jax.Array) -> jax.Array:
    def in_period(own: Production, human: jax.Array, ai: jax.Array) -> jax.Array:
        return jnp.take_along_axis(own.treated_worker_output(human, ai), task, axis=1)

    return jax.vmap(jax.vmap(in_period, in_axes=(None, None, 1), out_axes=2))(production, human, ai)


@jax.jit
def _outcomes(
    environment: WorkerEnvironment,
    production: Production,
    one_hot: jax.Array,
    rank: jax.Array,
    score: dict[str, jax.Array],
) -> dict[str, jax.Array]:
    own = in_occupation(environment, one_hot, np.dtype(np.float64))
    width = rank.shape[0]
    nobody, nothing = jnp.zeros(width, jnp.int32), jnp.zeros(width)
    workers = Workers(
        firm=nobody,
        owner_firm=nobody,
        firm_score=rank,
        ability=score["ability"],
        cost=score["cost"],
        work_sample=score["work_sample"],
        credential=score["credential"],
        ownership=nothing,
        weight=nothing,
        rent_control=nothing,
        social=score["social"],
    )
    result = outcomes(own, workers)
    trait = ability_score(own.params, own.occupation_score, workers.firm_score, workers.ability)
    occupation = jnp.broadcast_to(jnp.argmax(one_hot), (width,))
    second, social, years = own.mechanisms.skills.social, jnp.zeros((2, width)), jnp.zeros((2, width))
    if second is not None and result.social is not None:
        social = result.social.capital
        ability = second.of_worker(own.params, trait, score["social"], score["cost"]).ability
        years = (social / ability[None, :] - 1) / second.social_schooling_return
    return {
        "score": trait,
        "log_ability": own.mechanisms.ability.log_ability(own.params, trait),
        "gain": log_gain(production, jnp.exp(result.log_human[0]), occupation),
        "schooling": result.schooling - years,
        "other_schooling": years,
        "social": social,
        "log_human": result.log_human,
        "human_pay": result.human_pay,
        "commodity_pay": jnp.broadcast_to(jnp.reshape(result.commodity_pay, (2, 1)), result.human_pay.shape),
        "rent_pay": result.rent_pay,
    }


def _users(
    settings: PanelSettings,
    states: tuple[States, ...],
    values: dict[str, np.ndarray],
    market: np.ndarray,
    inclination: np.ndarray,
) -> np.ndarray:
    if settings.selection != "none":
        if settings.selection == "ability":
            trait = values["score"]
        else:
            mean = np.array([one.gain_mean for one in states])[market]
            sd = np.array([one.gain_sd for one in states])[market]
            trait = np.divide(values["gain"] - mean, sd, out=np.zeros_like(mean), where=sd > 0)
        strength = settings.selection_strength
        inclination = strength * trait + np.sqrt(1 - strength**2) * inclination
    return inclination > selection_threshold(settings)


def _holds(
    settings: PanelSettings,
    states: tuple[States, ...],
    beliefs: dict[str, np.ndarray],
    log_human: np.ndarray,
    noise: np.ndarray,
) -> np.ndarray:
    """The credential goes to those whose credential signal before AI, taken as normal, is above a quantile."""
    spread = float(states[0].parameters.credential_noise_sd)
    variance = 1 / beliefs["prior"][0] + spread**2
    signal = (log_human - beliefs["log_human_mean"][0] + spread * noise) / np.sqrt(variance)
    return signal > -ndtri(settings.credential_share)

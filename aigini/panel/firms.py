"""Firms of a simulated panel: adoption, assets, structure of AI and requirements (MODEL.md, section on panels).

Firms are a random sample of the economy's. In the reference period, that of adoption, log assets are σ_K v_j, with v_j
the score by which firms attract workers; those that never adopt have a reference period of the same distribution. From
there on assets follow the economy's law, with its growth before AI or with it; back from there they follow the
stationary law, which is the same forwards and backwards.
"""

import dataclasses

import numpy as np
from scipy.special import ndtr, ndtri

from aigini.panel.random import Numbers
from aigini.panel.settings import PanelSettings
from aigini.panel.states import States
from aigini.population.workers import N_OCCUPATIONS


@dataclasses.dataclass(frozen=True)
class Firms:
    """Firms of a panel; periods count from 0.

    Attributes:
        rank: v_j, score by which workers are sorted, ``[firms]``.
        market: Position of the firm's rent share, ``[firms]``.
        start: Period of adoption, the number of periods where it never adopts, ``[firms]``.
        reference: Period in which log assets are σ_K v_j, ``[firms]``.
        proprietary: True if the firm's AI is its own: alone if structures are separate, else for the larger part,
            ``[firms]``.
        log_assets: log k_jt, ``[firms, periods]``.
        measured: The same as measured.
        intensity: κ_jt, ``[firms, periods]``.
        task_set: First of the tasks on which the firm's workers are observed, ``[firms]``.
        requirement: Logistic threshold above which a firm requires the credential, ``[firms, occupations]``.
        adopted: Share of the firms that have adopted, ``[periods]``.
    """

    rank: np.ndarray
    market: np.ndarray
    start: np.ndarray
    reference: np.ndarray
    proprietary: np.ndarray
    log_assets: np.ndarray
    measured: np.ndarray
    intensity: np.ndarray
    task_set: np.ndarray
    requirement: np.ndarray
    adopted: np.ndarray


def firms_of(settings: PanelSettings, states: tuple[States, ...], n_tasks: int) -> Firms:
    """The firms of a panel.

    Args:
        settings: The panel.
        states: The economy for each rent share.
        n_tasks: Tasks of the economy.
    """
    numbers, count, periods = Numbers(settings.seed), settings.n_firms, settings.periods
    rank = numbers.normal("rank", 0, count)
    market = numbers.choice("rent_share", 0, count, len(states))
    early = settings.adoption_by_assets
    score = early * rank + np.sqrt(1 - early**2) * numbers.normal("adoption", 0, count)
    late = ndtr(-score)
    cohorts = settings.last_adoption - settings.first_adoption + 1
    adopts = late < settings.adopters
    own = np.floor(late / settings.adopters * cohorts) if settings.adopters > 0 else np.zeros(count)
    drawn = numbers.choice("cohort", 0, count, cohorts)
    reference = settings.first_adoption - 1 + np.where(adopts, own, drawn).astype(np.int64)
    reference = np.minimum(reference, periods - 1)
    start = np.where(adopts, reference, periods)
    log_assets = _paths(numbers, states, rank, market, adopts, reference, periods)
    intensity = _intensity(states, market, adopts, reference, log_assets)
    proprietary = _proprietary(settings, numbers, states, market, intensity, periods)
    error = settings.asset_error * numbers.normal("asset_error", 0, count * periods).reshape(count, periods)
    uniform = numbers.uniform("requirement", 0, count * N_OCCUPATIONS).reshape(count, N_OCCUPATIONS)
    return Firms(
        rank=rank,
        market=market,
        start=start,
        reference=reference,
        proprietary=proprietary,
        log_assets=log_assets,
        measured=log_assets + error,
        intensity=intensity,
        task_set=numbers.choice("task_set", 0, count, n_tasks // settings.tasks),
        requirement=np.log(uniform) - np.log1p(-uniform),
        adopted=np.mean(start[:, None] <= np.arange(periods)[None, :], axis=0),
    )


def _paths(
    numbers: Numbers,
    states: tuple[States, ...],
    rank: np.ndarray,
    market: np.ndarray,
    adopts: np.ndarray,
    reference: np.ndarray,
    periods: int,
) -> np.ndarray:
    count = len(rank)
    shocks = numbers.normal("assets", 0, count * periods).reshape(count, periods)
    spread = float(states[0].parameters.asset_sd)
    innovation, usual = states[0].innovation, float(1 - states[0].parameters.asset_reversion)
    grown = np.array([one.growth[1] for one in states])[market]
    before = np.array([one.growth[0] for one in states])[market]
    rate = np.where(adopts, grown, before)
    log_assets = np.zeros((count, periods))
    row = np.arange(count)
    log_assets[row, reference] = spread * rank
    for t in range(1, periods):
        moved = rate * log_assets[:, t - 1] + innovation * shocks[:, t]
        log_assets[:, t] = np.where(t > reference, moved, log_assets[:, t])
    for t in range(periods - 2, -1, -1):
        moved = usual * log_assets[:, t + 1] + innovation * shocks[:, t]
        log_assets[:, t] = np.where(t < reference, moved, log_assets[:, t])
    return log_assets


def _intensity(
    states: tuple[States, ...], market: np.ndarray, adopts: np.ndarray, reference: np.ndarray, log_assets: np.ndarray
) -> np.ndarray:
    """k^ψ over its mean in the economy: log assets are normal there, with a variance that depends on years with AI."""
    periods = log_assets.shape[1]
    psi, spread = float(states[0].parameters.psi), float(states[0].parameters.asset_sd)
    variance = np.empty((len(states), periods))
    for k, one in enumerate(states):
        now = spread**2
        for years in range(periods):
            variance[k, years] = now
            now = one.growth[1] ** 2 * now + one.innovation**2
    years = np.clip(np.arange(periods)[None, :] - reference[:, None], 0, periods - 1)
    own = np.where(adopts[:, None], variance[market[:, None], years], spread**2)
    return np.exp(psi * log_assets - psi**2 * own / 2)


def _proprietary(
    settings: PanelSettings,
    numbers: Numbers,
    states: tuple[States, ...],
    market: np.ndarray,
    intensity: np.ndarray,
    periods: int,
) -> np.ndarray:
    commodity = np.array([one.commodity[1] for one in states])[market]
    proprietary = np.array([one.proprietary[1] for one in states])[market]
    if settings.structure == "separate":
        whole = commodity + proprietary
        share = np.divide(proprietary, whole, out=np.zeros_like(whole), where=whole > 0)
        return numbers.uniform("structure", 0, len(market)) < share
    return proprietary * intensity[:, periods - 1] > commodity


def selection_threshold(settings: PanelSettings) -> float:
    """Inclination to use AI above which workers of adopting firms use it."""
    return (
        float(-ndtri(settings.compliance))
        if 0 < settings.compliance < 1
        else (-np.inf if settings.compliance >= 1 else np.inf)
    )

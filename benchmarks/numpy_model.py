"""The aigini economy in plain NumPy: the benchmark's named alternative and an independent test oracle.

This module implements the baseline economy of aigini/MODEL.md (sections 1 to 7, not the variants) a second
time, straight from the specification, in vectorised float64 NumPy and SciPy. It shares no code with the
package and uses no automatic differentiation: a derivative costs two simulations per parameter. It has two
uses:

* in the benchmarks it is what one would write without JAX, so it is meant to be good NumPy: one pass over
  the workers in blocks that stay in the processor's cache, no Python loop over workers, and `moments` does
  no more work than the six moments need;
* in the tests it is an oracle for the package's values and derivatives.

Statistics that the specification leaves open follow these conventions: the SD of human capital and the
variance of log wages divide by n; occupation weights are normalised; the shares of the top 1% and 10% are read
from the Lorenz curve; kappa is taken at the end of the years of the firm shocks; all task prices are one before
AI, whatever A0 is; the ANOVA component and the Theil split group workers by their employer. Workers are weighted
where capital income matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, ndtr, ndtri

Array = np.ndarray
Params = dict[str, float]

N_TASKS = 24
N_OCCUPATIONS = 16
N_NODES = 13
TOLERANCE = 1e-13
MAX_ITERATIONS = 1000
TYPICAL_PAY = 1.5  # about that for human capital before AI
# Workers per block: about thirty temporary vectors of this length fit in a second-level cache.
BLOCK = 8192

BASELINE: Params = {
    "sigma": 1.5,
    "skill_gradient": 0.5,
    "exposed_share": 0.30,
    "exposure_smoothing": 0.08,
    "task_width": 0.15,
    "adoption": 0.5,
    "alpha": 0.80,
    "beta": -0.094,
    "eta0": 0.6,
    "eta1": 0.4,
    "psi": 1.0,
    "ability_sd": 0.55,
    "schooling_return": 0.08,
    "schooling_cost": 0.013,
    "cost_ability_gradient": 0.1,
    "cost_sd": 0.5,
    "occupation_sorting": 0.5,
    "firm_sorting": 0.2,
    "retooling": 0.1,
    "signal_noise_sd": 0.8,
    "credential_noise_sd": 0.3,
    "signal_exposure": 6.6,
    "asset_sd": 1.0,
    "asset_reversion": 0.1,
    "cumulative_advantage": 0.35,
    "asset_return": 0.9,
    "xi": 0.12,
    "ownership_sd": 1.8,
    "ownership_ability_corr": 0.3,
    "diversification": 0.2,
    "requirement_smoothing": 0.5,
}

MOMENT_NAMES = ("m1", "m2", "m3", "m4", "m5", "m6")


@dataclass(frozen=True)
class NumpyPopulation:
    """The draws: everything random in the economy, none of it a function of the parameters."""

    occupation: Array  # [N] in 0..15
    firm: Array  # [N] in 0..J-1, the employer
    owner_firm: Array  # [N] in 0..J-1, the firm b(i) in which the worker holds undiversified capital
    firm_score: Array  # [N] v_f, the normal score that picked the employer
    ability: Array  # [N] u, the part of ability unrelated to occupation and firm
    schooling_cost: Array  # [N] u_e
    work_sample: Array  # [N] u_s
    credential: Array  # [N] u_c
    ownership: Array  # [N] the part of u_s' unrelated to ability
    weight: Array  # [N] weights of workers where capital income matters
    firm_shocks: Array  # [J, T] epsilon_jt

    @property
    def n_workers(self) -> int:
        """Number of workers N."""
        return self.occupation.shape[0]

    @property
    def n_firms(self) -> int:
        """Number of firms J."""
        return self.firm_shocks.shape[0]


@dataclass(frozen=True)
class Simulation:
    """Reported statistics before and after AI, the six moments, and the arrays of the two equilibria."""

    before: dict[str, float]
    after: dict[str, float]
    moments: dict[str, float]
    task_prices: Array  # [24], after AI
    # arrays["before"] and arrays["after"] hold R_h, R_A, H, V_h, V_D (each [16]) and task_prices ([24]).
    arrays: dict[str, dict[str, Array]]


@dataclass(frozen=True)
class Technology:
    """Section 1 at one AI level; arrays over tasks are [24], bundles [16, 24]."""

    level: float
    phi: Array
    bundles: Array
    exposure: Array  # m(z;A)
    mean_ai: float  # Abar
    human: Array  # phi (1 + beta A m), treated tasks
    machine: Array  # alpha m, treated tasks
    human_deployed: Array  # the same two with m_e = adoption m, for prices and supply
    machine_deployed: Array
    signal_floor: Array  # f_o of section 3, [16]


@dataclass(frozen=True)
class Screening:
    """Section 3, by occupation, for one variance V_D."""

    prior: Array
    sample: Array
    credential: float
    total: Array  # S
    recognised: Array  # Omega

    @property
    def credential_weight(self) -> Array:
        """Weight omega_c of the credential in the assessment."""
        return self.credential / self.total

    @property
    def credential_value(self) -> Array:
        """Value I of the credential: how much it narrows the posterior variance."""
        return 1.0 / (self.prior + self.sample) - 1.0 / self.total


@dataclass(frozen=True)
class Equilibrium:
    """The fixed point of section 5 at one AI level, on the quadrature of the population."""

    technology: Technology
    schooling: Array  # [16, 13, 13], at the nodes
    H: Array
    V_h: Array
    V_D: Array
    screening: Screening
    signal_correlation: Array  # treated version
    log_k: Array  # log of the zero-profit factor k_o
    mu: Array
    R_h: Array
    R_A: Array
    transfer: Array  # T_o
    quasi_rent: float  # q
    supply: Array
    prices: Array
    output: float


@dataclass(frozen=True)
class Workers:
    """Outcomes of workers in one state, an entry for each: of one block, or of all workers."""

    schooling: Array
    human_capital: Array
    wage: Array
    capital_income: Array


def random_population(n_workers: int, n_firms: int, years: int = 10, seed: int = 0) -> NumpyPopulation:
    """Independent pseudo-random draws of the population of aigini/MODEL.md."""
    rng = np.random.default_rng(seed)
    firm_score = rng.standard_normal(n_workers)
    firm = np.minimum((n_firms * ndtr(firm_score)).astype(np.intp), n_firms - 1)
    return NumpyPopulation(
        occupation=rng.integers(N_OCCUPATIONS, size=n_workers),
        firm=firm,
        owner_firm=rng.integers(n_firms, size=n_workers),
        firm_score=firm_score,
        ability=rng.standard_normal(n_workers),
        schooling_cost=rng.standard_normal(n_workers),
        work_sample=rng.standard_normal(n_workers),
        credential=rng.standard_normal(n_workers),
        ownership=rng.standard_normal(n_workers),
        weight=np.ones(n_workers),
        firm_shocks=rng.standard_normal((n_firms, years)),
    )


# Section 1: tasks, occupations and the CES aggregate.


@lru_cache(maxsize=1)
def _task_nodes() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(N_TASKS)
    return 0.5 * (nodes + 1.0), 0.5 * weights


@lru_cache(maxsize=1)
def _normal_nodes() -> tuple[Array, Array]:
    """Nodes of one standard normal, [13], and weights of a pair of them (u_theta, u_e), [13, 13]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    weights = weights / weights.sum()
    return nodes, np.outer(weights, weights)


@lru_cache(maxsize=1)
def _occupation_centres() -> tuple[Array, Array]:
    """Positions z_o and their normal scores v_o."""
    centres = (np.arange(N_OCCUPATIONS) + 0.5) / N_OCCUPATIONS
    return centres, ndtri(centres)


def exposure(params: Params, level: float) -> Array:
    """m(z;A): the smooth indicator of the tasks that AI of level A can augment."""
    z, _ = _task_nodes()
    share = 1.0 - (1.0 - params["exposed_share"]) ** level
    return expit((z - (1.0 - share)) / params["exposure_smoothing"])


def technology(params: Params, level: float) -> Technology:
    """Everything in section 1 that does not depend on the population."""
    z, weights = _task_nodes()
    phi = np.exp(params["skill_gradient"] * (2.0 * z - 1.0))
    phi /= weights @ phi
    centres, _ = _occupation_centres()
    bundles = weights * np.exp(-0.5 * ((z - centres[:, None]) / params["task_width"]) ** 2)
    bundles /= bundles.sum(axis=1, keepdims=True)
    m = exposure(params, level)
    deployed = params["adoption"] * m
    mean_ai = level * (params["eta0"] + params["eta1"])
    human = phi * (1.0 + params["beta"] * level * m)
    machine = params["alpha"] * m
    return Technology(
        level=level,
        phi=phi,
        bundles=bundles,
        exposure=m,
        mean_ai=mean_ai,
        human=human,
        machine=machine,
        human_deployed=phi * (1.0 + params["beta"] * level * deployed),
        machine_deployed=params["alpha"] * deployed,
        signal_floor=params["signal_exposure"] * mean_ai * (bundles @ machine) / (bundles @ human),
    )


def task_supply(tech: Technology, mean_human_capital: Array) -> Array:
    """Y_z, supply of each task per head."""
    human = tech.human_deployed * (mean_human_capital @ tech.bundles)
    machine = tech.machine_deployed * tech.mean_ai * tech.bundles.sum(axis=0)
    return (human + machine) / N_OCCUPATIONS


def output_and_prices(sigma: float, supply: Array, reference: Array) -> tuple[float, Array]:
    """Y and p_z of the calibrated-share CES; `reference` is the supply before AI."""
    total = reference.sum()
    growth = np.log(supply / reference)
    power = (sigma - 1.0) / sigma
    # log1p and expm1 keep full accuracy as sigma tends to 1, where the mean becomes geometric.
    if power == 0.0:
        log_output = (reference @ growth) / total
    else:
        log_output = np.log1p((reference @ np.expm1(power * growth)) / total) / power
    return float(total * np.exp(log_output)), np.exp((log_output - growth) / sigma)


def occupation_prices(tech: Technology, prices: Array) -> tuple[Array, Array]:
    """R_h,o and R_A,o."""
    return tech.bundles @ (prices * tech.human_deployed), tech.bundles @ (prices * tech.machine_deployed)


# Sections 2 and 3: schooling and screening.


def chosen_schooling(gamma: float, cost_ratio: Array, outside: Array) -> Array:
    """The positive root e* of gamma e^2 + (1 + x) e = gamma Omega/c; cost_ratio is Omega/c, outside is x."""
    # This form of the root has no cancellation and stays defined as gamma tends to 0.
    linear = 1.0 + outside
    constant = gamma * cost_ratio
    return 2.0 * constant / (linear + np.sqrt(linear * linear + 4.0 * gamma * constant))


def screening(params: Params, variance_h: Array, variance_signal: Array) -> Screening:
    """Precisions and recognised share, given V_h and V_D."""
    prior = 1.0 / variance_h
    sample = variance_signal / (variance_h * params["signal_noise_sd"] ** 2)
    credential = 1.0 / params["credential_noise_sd"] ** 2
    total = prior + sample + credential
    return Screening(prior, sample, credential, total, (sample + credential) / total)


def signal_correlation(params: Params, variance_signal: Array, recognised: Array) -> Array:
    """Correlation of the work sample with the employer's assessment."""
    reliability = variance_signal / (variance_signal + params["signal_noise_sd"] ** 2)
    return np.sqrt(reliability / recognised)


def credential_requirement(params: Params, value: Array, reference: Array) -> Array:
    """Share of employers that require the credential, by occupation."""
    return expit((np.log(value) - np.log(reference)) / params["requirement_smoothing"])


# Section 5: the fixed point.


def _mean(values: Array, weights: Array) -> Array:
    """Mean over the quadrature nodes within each occupation."""
    return np.einsum("oab,ab->o", values, weights)


def _variance(values: Array, weights: Array) -> tuple[Array, Array]:
    mean = _mean(values, weights)
    deviation = values - mean[:, None, None]
    return mean, _mean(deviation * deviation, weights)


def solve_equilibrium(params: Params, level: float, before: Equilibrium | None = None) -> Equilibrium:
    """Prices and screening on the quadrature, by simple iteration.

    Without `before` this is the state before AI: the CES is calibrated there, so prices are one and only
    screening feeds back on schooling.  With it, schooling is retooled from the schooling before and prices
    react to supply.
    """
    tech = technology(params, level)
    nodes, weights = _normal_nodes()
    _, scores = _occupation_centres()
    sorting = params["occupation_sorting"]
    u_theta = sorting * scores[:, None, None] + math.sqrt(1.0 - sorting**2) * nodes[:, None]
    log_theta = params["ability_sd"] * u_theta
    theta = np.exp(log_theta)
    inverse_cost = np.exp(params["cost_ability_gradient"] * u_theta - params["cost_sd"] * nodes)
    inverse_cost /= params["schooling_cost"]
    gamma = params["schooling_return"]
    economy_floor = (params["adoption"] * tech.signal_floor)[:, None, None]
    retooling = params["retooling"]

    prices = np.ones(N_TASKS) if before is None else before.prices
    recognised = np.full(N_OCCUPATIONS, 0.5) if before is None else before.screening.recognised
    r_h, r_a, transfer, quasi_rent = _returns(params, tech, prices)
    for _ in range(MAX_ITERATIONS):
        outside = (transfer / r_h)[:, None, None] / theta
        schooling = chosen_schooling(gamma, recognised[:, None, None] * inverse_cost, outside)
        if before is not None:
            schooling = (1.0 - retooling) * before.schooling + retooling * schooling
        growth = 1.0 + gamma * schooling
        h = theta * growth
        log_h = log_theta + np.log(growth)
        mean_h = _mean(h, weights)
        mu, variance_h = _variance(log_h, weights)
        _, variance_signal = _variance(np.log(h + economy_floor), weights)
        screen = screening(params, variance_h, variance_signal)
        supply = task_supply(tech, mean_h)
        if before is None:
            output = float(supply.sum())
        else:
            output, prices = output_and_prices(params["sigma"], supply, before.supply)
        old = np.concatenate((r_h, transfer, recognised))
        r_h, r_a, transfer, quasi_rent = _returns(params, tech, prices)
        recognised = screen.recognised
        new = np.concatenate((r_h, transfer, recognised))
        if np.all(np.abs(new - old) <= TOLERANCE * np.abs(new)):
            break
    else:
        raise RuntimeError(f"no fixed point at AI level {level} within {MAX_ITERATIONS} iterations")

    _, variance_treated = _variance(np.log(h + tech.signal_floor[:, None, None]), weights)
    treated = screening(params, variance_h, variance_treated)
    return Equilibrium(
        technology=tech,
        schooling=schooling,
        H=mean_h,
        V_h=variance_h,
        V_D=variance_signal,
        screening=screen,
        signal_correlation=signal_correlation(params, variance_treated, treated.recognised),
        log_k=_log_zero_profit_factor(screen, mean_h, mu, log_h, weights),
        mu=mu,
        R_h=r_h,
        R_A=r_a,
        transfer=transfer,
        quasi_rent=quasi_rent,
        supply=supply,
        prices=prices,
        output=output,
    )


def _returns(params: Params, tech: Technology, prices: Array) -> tuple[Array, Array, Array, float]:
    """R_h, R_A, the part T_o of pay that does not depend on human capital, and the mean quasi-rent q."""
    r_h, r_a = occupation_prices(tech, prices)
    quasi_rent = params["asset_return"] + params["eta1"] * tech.level * r_a.mean()
    transfer = params["eta0"] * tech.level * r_a + params["xi"] * quasi_rent
    return r_h, r_a, transfer, float(quasi_rent)


def _log_zero_profit_factor(screen: Screening, mean_h: Array, mu: Array, log_h: Array, weights: Array) -> Array:
    """Log of k_o: assessed human capital averages to H_o; the two noises are integrated out exactly."""
    noise_variance = (screen.sample + screen.credential) / screen.total**2
    constant = screen.prior * mu / screen.total + 0.5 / screen.total + 0.5 * noise_variance
    tilted = _mean(np.exp(screen.recognised[:, None, None] * log_h), weights)
    return np.log(mean_h / tilted) - constant


# Section 4: firms.


def firm_assets(params: Params, firm_shocks: Array, eq: Equilibrium) -> tuple[Array, Array]:
    """kappa_j after the years of `firm_shocks` in an equilibrium, and the growth of log assets."""
    n_firms, years = firm_shocks.shape
    initial = params["asset_sd"] * ndtri((np.arange(n_firms) + 0.5) / n_firms)
    stay = 1.0 - params["asset_reversion"]
    # Owners reinvest what AI adds to the quasi-rent of the mean firm.
    created = params["eta1"] * eq.technology.level * eq.R_A.mean()
    persistence = stay + params["cumulative_advantage"] * (1.0 - params["xi"]) * created
    shock_sd = params["asset_sd"] * math.sqrt(1.0 - stay**2)
    log_k = initial
    for year in range(years):
        log_k = persistence * log_k + shock_sd * firm_shocks[:, year]
    kappa = np.exp(params["psi"] * log_k)
    return kappa / kappa.mean(), log_k - initial


def asset_growth_gap(growth: Array) -> float:
    """Mean growth of the top third of firms minus the bottom third's; firms come in order of assets."""
    third = growth.shape[0] // 3
    return float(growth[-third:].mean() - growth[:third].mean())


# One pass over workers.


@dataclass(frozen=True)
class _WorkerRules:
    """Coefficients of the worker equations at one AI level, by occupation, for workers to gather."""

    recognised: Array  # Omega_o
    outside: Array  # T_o / R_h,o
    log_scale: Array  # log of R_h k_o exp((pi_0 mu_o + 1/2)/S)
    sample_loading: Array  # sqrt(pi_s)/S
    credential_loading: Array  # sqrt(pi_c)/S
    commodity_pay: Array  # eta0 A R_A
    rent: Array  # q0 + eta1 A R_A, per unit of kappa
    capital: float  # (1 - xi) q
    kappa: Array  # [J]


def _worker_rules(params: Params, eq: Equilibrium, kappa: Array) -> _WorkerRules:
    screen, level = eq.screening, eq.technology.level
    return _WorkerRules(
        recognised=screen.recognised,
        outside=eq.transfer / eq.R_h,
        log_scale=np.log(eq.R_h) + eq.log_k + (screen.prior * eq.mu + 0.5) / screen.total,
        sample_loading=np.sqrt(screen.sample) / screen.total,
        credential_loading=math.sqrt(screen.credential) / screen.total,
        commodity_pay=params["eta0"] * level * eq.R_A,
        rent=params["asset_return"] + params["eta1"] * level * eq.R_A,
        capital=(1.0 - params["xi"]) * eq.quasi_rent,
        kappa=kappa,
    )


def worker_blocks(
    params: Params, pop: NumpyPopulation, states: Sequence[_WorkerRules]
) -> Iterator[tuple[slice, tuple[Workers, Workers]]]:
    """Blocks of workers in turn, with their outcomes before and after AI."""
    for start in range(0, pop.n_workers, BLOCK):
        block = slice(start, min(start + BLOCK, pop.n_workers))
        yield block, _worker_block(params, pop, states, block)


def _worker_block(
    params: Params, pop: NumpyPopulation, states: Sequence[_WorkerRules], block: slice
) -> tuple[Workers, Workers]:
    """Outcomes of one block in both states; what does not depend on the state is computed once."""
    gamma, retooling = params["schooling_return"], params["retooling"]
    u_theta = _ability_score(params, pop, block)
    log_theta = params["ability_sd"] * u_theta
    theta = np.exp(log_theta)
    log_cost = params["cost_sd"] * pop.schooling_cost[block] - params["cost_ability_gradient"] * u_theta
    inverse_cost = np.exp(-log_cost)
    inverse_cost /= params["schooling_cost"]
    owned = _ownership(params, u_theta, pop.ownership[block])

    occupation = pop.occupation[block]
    chosen = [
        chosen_schooling(gamma, rules.recognised[occupation] * inverse_cost, rules.outside[occupation] / theta)
        for rules in states
    ]
    held = (chosen[0], (1.0 - retooling) * chosen[0] + retooling * chosen[1])
    before, after = (
        _incomes(params, pop, rules, block, schooling, theta, log_theta, owned)
        for rules, schooling in zip(states, held, strict=True)
    )
    return before, after


def _incomes(
    params: Params,
    pop: NumpyPopulation,
    rules: _WorkerRules,
    block: slice,
    schooling: Array,
    theta: Array,
    log_theta: Array,
    owned: Array,
) -> Workers:
    """Pay for assessed human capital and for AI, and the return on the capital owned."""
    occupation = pop.occupation[block]
    growth = 1.0 + params["schooling_return"] * schooling
    log_pay = rules.recognised[occupation] * (log_theta + np.log(growth))
    log_pay += rules.log_scale[occupation]
    log_pay += rules.sample_loading[occupation] * pop.work_sample[block]
    log_pay += rules.credential_loading[occupation] * pop.credential[block]
    wage = np.exp(log_pay)
    wage += rules.commodity_pay[occupation]
    wage += (params["xi"] * rules.rent)[occupation] * rules.kappa[pop.firm[block]]
    spread = params["diversification"]
    portfolio = rules.capital * (spread + (1.0 - spread) * rules.kappa)
    return Workers(
        schooling=schooling,
        human_capital=theta * growth,
        wage=wage,
        capital_income=owned * portfolio[pop.owner_firm[block]],
    )


def _ability_score(params: Params, pop: NumpyPopulation, block: slice) -> Array:
    """u_theta: sorted into occupations and firms."""
    by_occupation, by_firm = params["occupation_sorting"], params["firm_sorting"]
    _, scores = _occupation_centres()
    own = math.sqrt(1.0 - by_occupation**2 - by_firm**2)
    u_theta = own * pop.ability[block]
    u_theta += by_firm * pop.firm_score[block]
    u_theta += (by_occupation * scores)[pop.occupation[block]]
    return u_theta


def _ownership(params: Params, u_theta: Array, draw: Array) -> Array:
    """s_i: holdings of capital, log-normal with mean one when u_theta is standard normal."""
    corr, spread = params["ownership_ability_corr"], params["ownership_sd"]
    score = corr * u_theta + math.sqrt(1.0 - corr**2) * draw
    return np.exp(spread * score - 0.5 * spread**2)


# Statistics.


@lru_cache(maxsize=2)
def _centred_ranks(n: int) -> Array:
    return np.arange(n) - 0.5 * (n - 1)


def gini(values: Array, weight: Array | None = None) -> float:
    """Gini coefficient of a sample, whose members count as much as `weight` says."""
    if weight is None:
        ordered = np.sort(values)
        n = ordered.shape[0]
        # Ranks are centred on their mean, so that the sum is not a small difference of large numbers.
        return float(2.0 * (_centred_ranks(n) @ ordered) / (n * ordered.sum()))
    order = np.argsort(values)
    ordered, w = values[order], weight[order]
    total = w.sum()
    ranks = np.cumsum(w) - 0.5 * w - 0.5 * total
    return float(2.0 * (ranks @ (w * ordered)) / (total * (w @ ordered)))


def top_share(values: Array, weight: Array, share: float) -> float:
    """Share of the total held by the richest `share` of a weighted sample."""
    order = np.argsort(values)
    w = weight[order]
    people, income = np.cumsum(w), np.cumsum(w * values[order])
    return float(1.0 - np.interp(1.0 - share, people / people[-1], income / income[-1]))


def theil(income: Array, weight: Array) -> float:
    """Theil index of a weighted sample."""
    share = weight / weight.sum()
    relative = income / (share @ income)
    return float(share @ (relative * np.log(relative)))


def theil_between(income: Array, firm: Array, kappa: Array) -> float:
    """Theil index of firms' mean incomes, to second order about a regression on kappa and rank, noise removed.

    `income` may be noisy, and then is unbiased worker by worker.
    """
    n, n_firms = income.shape[0], kappa.shape[0]
    size = np.bincount(firm, minlength=n_firms)
    used = size > 0
    ratio = np.bincount(firm, weights=income / income.mean(), minlength=n_firms)[used] / size[used]
    share = size[used] / n
    design = np.stack([np.ones(n_firms), kappa, ndtri((np.arange(n_firms) + 0.5) / n_firms)], axis=1)[used]
    root = np.sqrt(share)[:, None]
    fitted = np.maximum(design @ np.linalg.lstsq(root * design, root[:, 0] * ratio)[0], 0.1)
    squares = np.bincount(firm, weights=(income / income.mean()) ** 2, minlength=n_firms)[used]
    within, free = squares - size[used] * ratio**2, size[used] - 1
    pooled = within.sum() / max(free.sum(), 1)
    noise = np.where(free > 0, within / np.maximum(free, 1), pooled) / size[used]
    noise = (1 - 2 * share) * noise + share**2 @ noise  # of the ratio to the mean of all
    apart = ratio - fitted
    terms = fitted * np.log(fitted) + (1 + np.log(fitted)) * apart + (apart**2 - noise) / (2 * fitted)
    return float(share @ terms)


def between_component(values: Array, firm: Array, n_firms: int) -> float:
    """Between-firm variance component of an unbalanced one-way ANOVA."""
    n = values.shape[0]
    centred = values - values.mean()
    size = np.bincount(firm, minlength=n_firms)
    sums = np.bincount(firm, weights=centred, minlength=n_firms)
    used = size > 0
    size, sums = size[used], sums[used]
    groups = size.shape[0]
    between = float((sums**2 / size).sum())
    within = float(centred @ centred) - between
    typical_size = (n - (size**2).sum() / n) / (groups - 1)
    return (between / (groups - 1) - within / (n - groups)) / typical_size


def typical_rent_effect(firm_shocks: Array) -> Array:
    """What rents would add to log pay by firm, standardised, with assets of the baseline that do not revert, [J]."""
    n_firms = firm_shocks.shape[0]
    innovation = BASELINE["asset_sd"] * math.sqrt(1.0 - (1.0 - BASELINE["asset_reversion"]) ** 2)
    log_k = BASELINE["asset_sd"] * ndtri((np.arange(n_firms) + 0.5) / n_firms) + innovation * firm_shocks.sum(axis=1)
    kappa = np.exp(log_k)
    added = np.log1p(BASELINE["xi"] * BASELINE["asset_return"] / TYPICAL_PAY * kappa / kappa.mean())
    return (added - added.mean()) / added.std()


def regression_sums(x: Array, y: Array, c: Array) -> Array:
    """Sums of x, y, xx, xy, c, xc, yc and xyc, with the control c, [8]."""
    return np.array([x.sum(), y.sum(), x @ x, x @ y, c.sum(), x @ c, y @ c, (x * y) @ c])


def controlled_slope(n: float, sums: Array) -> float:
    """The slope of y on x, its error predicted by the control taken off, from `regression_sums`."""
    x, y, xx, xy, c, xc, yc, xyc = sums
    mean_x, mean_y = x / n, y / n
    spread = xx - x * mean_x
    slope = (xy - x * mean_y) / spread
    return float(slope - c * (xyc - mean_x * yc - mean_y * xc + mean_x * mean_y * c) / n / spread)


class _Tally:
    """Sums over the workers of one state, block by block: human capital by occupation, log wage on schooling.

    Sums are of deviations from fixed centres near the means (the quadrature's for human capital, the first
    block's for the regression), so that the second moments do not suffer from cancellation.
    """

    def __init__(self, centre_h: Array) -> None:
        self.centre_h = centre_h
        self.count = np.zeros(N_OCCUPATIONS)
        self.sum_h = np.zeros(N_OCCUPATIONS)
        self.sum_hh = np.zeros(N_OCCUPATIONS)
        self.centre: tuple[float, float] | None = None
        # See `regression_sums`.
        self.regression = np.zeros(8)

    def add(self, occupation: Array, workers: Workers, control: Array) -> None:
        deviation = workers.human_capital - self.centre_h[occupation]
        self.count += np.bincount(occupation, minlength=N_OCCUPATIONS)
        self.sum_h += np.bincount(occupation, weights=deviation, minlength=N_OCCUPATIONS)
        self.sum_hh += np.bincount(occupation, weights=deviation * deviation, minlength=N_OCCUPATIONS)
        log_wage = np.log(workers.wage)
        if self.centre is None:
            self.centre = (workers.schooling.mean(), log_wage.mean())
        x = workers.schooling - self.centre[0]
        y = log_wage - self.centre[1]
        self.regression += regression_sums(x, y, control)

    def human_capital(self) -> tuple[Array, Array]:
        """Mean and population SD by occupation."""
        if not self.count.all():
            raise ValueError("every occupation needs at least one worker")
        mean = self.sum_h / self.count
        return self.centre_h + mean, np.sqrt(self.sum_hh / self.count - mean**2)

    def wage_slope(self) -> float:
        """OLS slope of the log wage on schooling, less what the control explains of its sampling error."""
        return controlled_slope(self.count.sum(), self.regression)


def treated_cells(tech: Technology, weights: Array, mean_h: Array, sd_h: Array) -> tuple[float, float]:
    """Mean over the cells (o, z) of the CV of output and of mean output, at full treatment by AI."""
    mean_output = mean_h[:, None] * tech.human + tech.machine * tech.mean_ai
    cv = sd_h[:, None] * tech.human / mean_output
    return float((weights * cv).sum()), float((weights * mean_output).sum())


def _treatment_weights(params: Params, tech: Technology, level: float) -> tuple[Array, Array]:
    """L_oz m(z;A1), normalised, and its sum over tasks."""
    cells = tech.bundles * exposure(params, level)
    cells /= cells.sum()
    return cells, cells.sum(axis=1)


# The model as a whole.


@dataclass(frozen=True)
class _State:
    """One AI level, solved and simulated."""

    equilibrium: Equilibrium
    kappa: Array
    kept: tuple[Array, ...]  # what the caller wanted of each worker
    wage_slope: float
    cv: float
    exposed_output: float
    correlation: float
    growth_gap: float


def _solve(
    params: Params,
    pop: NumpyPopulation,
    levels: tuple[float, float],
    keep: Callable[[Workers], tuple[Array, ...]],
) -> tuple[_State, _State, Array]:
    """Both states and the occupation weights of the screening statistics, for moments and reports.

    `keep` picks what is stored for all workers; the rest of a block's outcomes is only added up.
    """
    before = solve_equilibrium(params, levels[0])
    equilibria = (before, solve_equilibrium(params, levels[1], before))
    assets = tuple(firm_assets(params, pop.firm_shocks, eq) for eq in equilibria)
    rules = tuple(_worker_rules(params, eq, kappa) for eq, (kappa, _) in zip(equilibria, assets, strict=True))
    tallies = tuple(_Tally(eq.H) for eq in equilibria)
    stores: tuple[list, list] = ([], [])
    added = typical_rent_effect(pop.firm_shocks)
    for block, outcomes in worker_blocks(params, pop, rules):
        occupation, control = pop.occupation[block], pop.schooling_cost[block] * added[pop.firm[block]]
        for tally, store, workers in zip(tallies, stores, outcomes, strict=True):
            tally.add(occupation, workers, control)
            store.append(keep(workers))

    cells, by_occupation = _treatment_weights(params, before.technology, levels[1])
    states = []
    for eq, (kappa, growth), tally, store in zip(equilibria, assets, tallies, stores, strict=True):
        cv, exposed = treated_cells(eq.technology, cells, *tally.human_capital())
        states.append(
            _State(
                equilibrium=eq,
                kappa=kappa,
                kept=tuple(np.concatenate(parts) for parts in zip(*store, strict=True)),
                wage_slope=tally.wage_slope(),
                cv=cv,
                exposed_output=exposed,
                correlation=float(by_occupation @ eq.signal_correlation),
                growth_gap=asset_growth_gap(growth),
            )
        )
    return states[0], states[1], by_occupation


def _all_outcomes(workers: Workers) -> tuple[Array, ...]:
    return workers.schooling, workers.human_capital, workers.wage, workers.capital_income


def _total_income(workers: Workers) -> tuple[Array, ...]:
    return (workers.wage + workers.capital_income,)


def _wage_income(workers: Workers) -> tuple[Array, ...]:
    return (workers.wage,)


INCOMES = {"total": _total_income, "wage": _wage_income}


def _moment_vector(before: _State, after: _State, gini_before: float, gini_after: float) -> Array:
    return np.array(
        [
            after.cv / before.cv - 1.0,
            after.exposed_output / before.exposed_output - 1.0,
            4.0 * (after.wage_slope - before.wage_slope),
            after.correlation / before.correlation - 1.0,
            after.growth_gap - before.growth_gap,
            gini_after - gini_before,
        ]
    )


def moments(
    params: Params, population: NumpyPopulation, A0: float = 0.0, A1: float = 1.0, income: str = "total"
) -> Array:
    """The six moments of section 6; `income` is 'total' or 'wage', for m6."""
    before, after, _ = _solve(params, population, (A0, A1), INCOMES[income])
    weight = None if income == "wage" else population.weight
    return _moment_vector(before, after, gini(before.kept[0], weight), gini(after.kept[0], weight))


def central_difference_jacobian(
    params: Params,
    population: NumpyPopulation,
    names: Sequence[str],
    relative_step: float = 1e-5,
    A0: float = 0.0,
    A1: float = 1.0,
    income: str = "total",
    tie: Callable[[Params], Params] | None = None,
) -> Array:
    """Derivatives of the moments in params[name], [6, P], by central differences.

    `tie` completes a perturbed parameter set before it is simulated, for restrictions such as
    eta0 = 1 - eta1.
    """
    columns = []
    for name in names:
        # A parameter at zero has no scale of its own, so its step is absolute.
        step = relative_step * (abs(params[name]) or 1.0)
        shifted = []
        for value in (params[name] + step, params[name] - step):
            trial = {**params, name: value}
            shifted.append(moments(trial if tie is None else tie(trial), population, A0, A1, income))
        # The difference of the values actually used, which rounding makes differ from 2 step.
        width = (params[name] + step) - (params[name] - step)
        columns.append((shifted[0] - shifted[1]) / width)
    return np.stack(columns, axis=1)


def _education_return(params: Params, pop: NumpyPopulation, eq: Equilibrium, agents: Workers) -> float:
    """Mean causal return to a year of schooling, at the schooling actually held."""
    gamma = params["schooling_return"]
    human_pay = eq.R_h[pop.occupation] * agents.human_capital
    share = human_pay / (human_pay + eq.transfer[pop.occupation])
    gain = gamma / (1.0 + gamma * agents.schooling)
    return float(np.mean(eq.screening.recognised[pop.occupation] * share * gain))


def _report(
    params: Params, pop: NumpyPopulation, state: _State, weights: Array, reference_value: Array
) -> dict[str, float]:
    """The reported statistics of one state; `reference_value` is the credential's value before AI."""
    eq, agents = state.equilibrium, Workers(*state.kept)
    wage, capital = agents.wage, agents.capital_income
    income = wage + capital
    weight = pop.weight
    mean_income = float(weight @ income / weight.sum())
    log_wage = np.log(wage)
    wage_variance = float(log_wage.var())
    component = between_component(log_wage, pop.firm, pop.n_firms)
    theil_total = theil(income, weight)
    between_firms = theil_between(wage + weight * capital, pop.firm, state.kappa)
    requirement = credential_requirement(params, eq.screening.credential_value, reference_value)
    return {
        "within_task_cv": state.cv,
        "exposed_output": state.exposed_output,
        "education_premium": state.wage_slope,
        "education_return": _education_return(params, pop, eq, agents),
        "signal_correlation": state.correlation,
        "asset_growth_gap": state.growth_gap,
        "credential_weight": float(weights @ eq.screening.credential_weight),
        "credential_requirement": float(weights @ requirement),
        "between_firm_variance": component,
        "between_firm_share": component / wage_variance,
        "log_wage_variance": wage_variance,
        "gini_total": gini(income, weight),
        "gini_wage": gini(wage),
        "gini_capital": gini(capital, weight),
        "gini_assets": gini(state.kappa),
        "theil_total": theil_total,
        "theil_between": between_firms,
        "theil_within": theil_total - between_firms,
        "top1_share": top_share(income, weight, 0.01),
        "top10_share": top_share(income, weight, 0.10),
        "labour_share": float(weight @ wage / (weight @ income)),
        "mean_schooling": float(agents.schooling.mean()),
        "output": eq.output,
        "human_capital": float(agents.human_capital.mean()),
        "accounting_gap": float(mean_income / (eq.output + params["asset_return"]) - 1.0),
    }


def simulate(params: Params, population: NumpyPopulation, A0: float = 0.0, A1: float = 1.0) -> Simulation:
    """The economy before and after AI, with every reported statistic (m6 on total income)."""
    before, after, weights = _solve(params, population, (A0, A1), _all_outcomes)
    reference = before.equilibrium.screening.credential_value
    reports = [_report(params, population, state, weights, reference) for state in (before, after)]
    values = _moment_vector(before, after, reports[0]["gini_total"], reports[1]["gini_total"])
    return Simulation(
        before=reports[0],
        after=reports[1],
        moments=dict(zip(MOMENT_NAMES, map(float, values), strict=True)),
        task_prices=after.equilibrium.prices,
        arrays={
            "before": _equilibrium_arrays(before.equilibrium),
            "after": _equilibrium_arrays(after.equilibrium),
        },
    )


def _equilibrium_arrays(eq: Equilibrium) -> dict[str, Array]:
    return {
        "R_h": eq.R_h,
        "R_A": eq.R_A,
        "H": eq.H,
        "V_h": eq.V_h,
        "V_D": eq.V_D,
        "task_prices": eq.prices,
    }

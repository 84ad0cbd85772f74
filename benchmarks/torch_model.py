"""The aigini economy in PyTorch: the benchmark's alternative with reverse-mode derivatives.

The baseline economy of aigini/MODEL.md (sections 1 to 7, not the variants), computed from the draws of
`numpy_model.NumpyPopulation`:

* workers are converted once to arrays [16, W], a row for each occupation, padded to the largest of them. What an
  occupation faces is then a column that broadcasts: nothing is gathered by occupation, and nothing scattered when
  gradients run backwards;
* the fixed point is solved by plain iteration without gradients. One Newton step then attaches it to the
  parameters, which gives the derivatives of the implicit function theorem exactly;
* the Gini comes from `torch.sort`, whose gradient belongs to the ranks;
* the Jacobian takes one backward pass for each moment over one graph; `compiled` fuses what is done for workers.

Workers are float32 or float64 on any device. Sums over them are float64, and so are equilibrium and firms, which
stay on the CPU: their arrays are too small for an accelerator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from numpy_model import N_NODES, N_OCCUPATIONS, N_TASKS, NumpyPopulation, typical_rent_effect
from scipy.special import ndtri

Tensor: TypeAlias = torch.Tensor
Params = Mapping[str, Tensor]

TOLERANCE = 1e-13
MAX_ITERATIONS = 1000

_task_nodes, _task_weights = np.polynomial.legendre.leggauss(N_TASKS)
TASKS = torch.from_numpy(0.5 * (_task_nodes + 1.0))
TASK_WEIGHTS = torch.from_numpy(0.5 * _task_weights)
_normal_nodes, _normal_weights = np.polynomial.hermite_e.hermegauss(N_NODES)
# Nodes of (u_theta, u_e) given the occupation, [169] each, and the weight of each pair.
NODE_ABILITY = torch.from_numpy(np.repeat(_normal_nodes, N_NODES))
NODE_COST = torch.from_numpy(np.tile(_normal_nodes, N_NODES))
NODE_WEIGHTS = torch.from_numpy(np.outer(_normal_weights, _normal_weights).reshape(-1) / _normal_weights.sum() ** 2)
CENTRES = torch.arange(N_OCCUPATIONS, dtype=torch.float64) / N_OCCUPATIONS + 0.5 / N_OCCUPATIONS
SCORES = torch.from_numpy(ndtri(CENTRES.numpy()))


@dataclass(frozen=True)
class TorchPopulation:
    """Draws as tensors: scores and firms of workers [16, W], a row per occupation; firm shocks [J, T] on the CPU."""

    firm: Tensor
    owner_firm: Tensor
    firm_score: Tensor
    ability: Tensor
    schooling_cost: Tensor
    work_sample: Tensor
    credential: Tensor
    ownership: Tensor
    weight: Tensor  # of workers where capital income matters
    rent_effect: Tensor  # `numpy_model.typical_rent_effect` of the employers
    present: Tensor  # 1 for workers, 0 for padding
    places: Tensor | None  # indices of the workers among the 16 W places; None without padding
    firm_shocks: Tensor


def convert(population: NumpyPopulation, dtype: torch.dtype = torch.float64, device: str = "cpu") -> TorchPopulation:
    """The same draws as tensors, workers ordered by occupation and in `dtype` on `device`."""
    order = np.argsort(population.occupation, kind="stable")
    sizes = np.bincount(population.occupation, minlength=N_OCCUPATIONS)
    present = np.arange(sizes.max())[None, :] < sizes[:, None]

    def rows(values: np.ndarray) -> Tensor:
        filled = np.zeros(present.shape, values.dtype)
        filled[present] = values[order]
        tensor = torch.from_numpy(filled)
        return tensor.to(device, dtype if tensor.is_floating_point() else torch.int64)

    return TorchPopulation(
        firm=rows(population.firm),
        owner_firm=rows(population.owner_firm),
        firm_score=rows(population.firm_score),
        ability=rows(population.ability),
        schooling_cost=rows(population.schooling_cost),
        work_sample=rows(population.work_sample),
        credential=rows(population.credential),
        ownership=rows(population.ownership),
        weight=rows(population.weight),
        rent_effect=rows(typical_rent_effect(population.firm_shocks)[population.firm]),
        present=torch.from_numpy(present).to(device, dtype),
        places=None if present.all() else torch.from_numpy(np.flatnonzero(present)).to(device),
        firm_shocks=torch.tensor(population.firm_shocks, dtype=torch.float64),
    )


# Section 1: tasks, occupations and the CES aggregate.


@dataclass(frozen=True)
class Technology:
    """Section 1 at one AI level; arrays over tasks are [24], bundles [16, 24]."""

    level: float
    bundles: Tensor
    exposure: Tensor  # m(z;A)
    mean_ai: Tensor  # Abar
    human: Tensor  # phi (1 + beta A m), treated tasks
    machine: Tensor  # alpha m, treated tasks
    human_deployed: Tensor  # the same two with m_e = adoption m, for prices and supply
    machine_deployed: Tensor
    signal_floor: Tensor  # f_o of section 3, [16]


def technology(params: Params, level: float) -> Technology:
    """Everything in section 1 that does not depend on the population."""
    phi = torch.exp(params["skill_gradient"] * (2.0 * TASKS - 1.0))
    phi = phi / (TASK_WEIGHTS @ phi)
    bundles = TASK_WEIGHTS * torch.exp(-0.5 * ((TASKS - CENTRES[:, None]) / params["task_width"]) ** 2)
    bundles = bundles / bundles.sum(1, keepdim=True)
    share = 1.0 - (1.0 - params["exposed_share"]) ** level
    m = torch.sigmoid((TASKS - (1.0 - share)) / params["exposure_smoothing"])
    deployed = params["adoption"] * m
    mean_ai = level * (params["eta0"] + params["eta1"])
    human = phi * (1.0 + params["beta"] * level * m)
    machine = params["alpha"] * m
    return Technology(
        level=level,
        bundles=bundles,
        exposure=m,
        mean_ai=mean_ai,
        human=human,
        machine=machine,
        human_deployed=phi * (1.0 + params["beta"] * level * deployed),
        machine_deployed=params["alpha"] * deployed,
        signal_floor=params["signal_exposure"] * mean_ai * (bundles @ machine) / (bundles @ human),
    )


def task_supply(tech: Technology, mean_human_capital: Tensor) -> Tensor:
    """Y_z, supply of each task per head, [24]."""
    human = tech.human_deployed * (mean_human_capital @ tech.bundles)
    return (human + tech.machine_deployed * tech.mean_ai * tech.bundles.sum(0)) / N_OCCUPATIONS


def task_prices(sigma: Tensor, supply: Tensor, reference: Tensor) -> Tensor:
    """p_z of the calibrated-share CES, [24]; `reference` is the supply before AI."""
    share, growth = reference / reference.sum(), torch.log(supply / reference)
    power = (sigma - 1.0) / sigma
    log_output = torch.log1p(share @ torch.expm1(power * growth)) / power
    # At sigma = 1 the quotient is 0/0; its first two terms there have the right value and slope.
    mean = share @ growth
    cobb_douglas = mean + 0.5 * power * (share @ (growth - mean) ** 2)
    near_one = torch.abs(power.detach()) < 1e-7
    return torch.exp(((cobb_douglas if near_one else log_output) - growth) / sigma)


# Sections 2 and 3: schooling and screening.


def chosen_schooling(gamma: Tensor, cost_ratio: Tensor, outside: Tensor) -> Tensor:
    """The positive root e* of gamma e^2 + (1 + x) e = gamma Omega/c; cost_ratio is Omega/c, outside is x."""
    linear, constant = 1.0 + outside, gamma * cost_ratio
    return 2.0 * constant / (linear + torch.sqrt(linear * linear + 4.0 * gamma * constant))


@dataclass(frozen=True)
class Screening:
    """Section 3, by occupation, for one variance V_D."""

    prior: Tensor
    sample: Tensor
    credential: Tensor
    total: Tensor  # S
    recognised: Tensor  # Omega


def screening(params: Params, variance_h: Tensor, variance_signal: Tensor) -> Screening:
    """Precisions and recognised share, given V_h and V_D."""
    prior = 1.0 / variance_h
    sample = variance_signal / (variance_h * params["signal_noise_sd"] ** 2)
    credential = 1.0 / params["credential_noise_sd"] ** 2
    total = prior + sample + credential
    return Screening(prior, sample, credential, total, (sample + credential) / total)


# Section 5: the fixed point.


@dataclass(frozen=True)
class Response:
    """What follows from human capital H_o and recognised share Omega_o, by occupation [16] or node [16, 169]."""

    R_h: Tensor
    R_A: Tensor
    transfer: Tensor  # T_o
    quasi_rent: Tensor  # q
    supply: Tensor
    schooling: Tensor
    log_h: Tensor
    H: Tensor
    variance_h: Tensor
    screening: Screening

    @property
    def unknowns(self) -> Tensor:
        """Log H_o and Omega_o, [32]."""
        return torch.cat((torch.log(self.H), self.screening.recognised))


def _mean(values: Tensor) -> Tensor:
    return values @ NODE_WEIGHTS


def _variance(values: Tensor) -> Tensor:
    return _mean((values - _mean(values)[:, None]) ** 2)


def _respond(params: Params, tech: Technology, unknowns: Tensor, before: Response | None) -> Response:
    log_H, recognised = unknowns[:N_OCCUPATIONS], unknowns[N_OCCUPATIONS:]
    sorting, gamma = params["occupation_sorting"], params["schooling_return"]
    u_theta = sorting * SCORES[:, None] + torch.sqrt(1.0 - sorting**2) * NODE_ABILITY
    log_theta = params["ability_sd"] * u_theta
    log_cost = params["cost_sd"] * NODE_COST - params["cost_ability_gradient"] * u_theta

    supply = task_supply(tech, torch.exp(log_H))
    prices = torch.ones_like(supply) if before is None else task_prices(params["sigma"], supply, before.supply)
    R_h, R_A = tech.bundles @ (prices * tech.human_deployed), tech.bundles @ (prices * tech.machine_deployed)
    quasi_rent = params["asset_return"] + params["eta1"] * tech.level * R_A.mean()
    transfer = params["eta0"] * tech.level * R_A + params["xi"] * quasi_rent

    cost_ratio = recognised[:, None] * torch.exp(-log_cost) / params["schooling_cost"]
    schooling = chosen_schooling(gamma, cost_ratio, (transfer / R_h)[:, None] * torch.exp(-log_theta))
    if before is not None:
        schooling = torch.lerp(before.schooling, schooling, params["retooling"])
    log_h = log_theta + torch.log1p(gamma * schooling)
    variance_h = _variance(log_h)
    variance_signal = _signal_variance(log_h, params["adoption"] * tech.signal_floor)
    return Response(
        R_h=R_h,
        R_A=R_A,
        transfer=transfer,
        quasi_rent=quasi_rent,
        supply=supply,
        schooling=schooling,
        log_h=log_h,
        H=_mean(torch.exp(log_h)),
        variance_h=variance_h,
        screening=screening(params, variance_h, variance_signal),
    )


def _signal_variance(log_h: Tensor, floor: Tensor) -> Tensor:
    """V_D of section 3, [16]."""
    return _variance(torch.log(torch.exp(log_h) + floor[:, None]))


def solve_equilibrium(params: Params, tech: Technology, before: Response | None = None) -> Response:
    """The fixed point x = f(x, p), attached to the parameters; `before` is None before AI.

    Iteration and the derivative M of f in x leave no trace in the graph. The Newton step
    x + (I - M)^-1 (f(x, p) - x) leaves the fixed point where it is and has its derivative, (I - M)^-1 df/dp.
    """

    def update(x: Tensor) -> Tensor:
        return _respond(params, tech, x, before).unknowns

    with torch.no_grad():
        x = torch.full((2 * N_OCCUPATIONS,), 0.5, dtype=torch.float64) if before is None else before.unknowns
        for _ in range(MAX_ITERATIONS):
            x, old = update(x), x
            if torch.all(torch.abs(x - old) <= TOLERANCE * (1.0 + torch.abs(x))):
                break
        else:
            raise RuntimeError(f"no fixed point at AI level {tech.level} within {MAX_ITERATIONS} iterations")
        slope = torch.func.jacrev(update)(x)
    x = x + torch.linalg.solve(torch.eye(x.shape[0], dtype=x.dtype) - slope, update(x) - x)
    return _respond(params, tech, x, before)


def signal_correlation(params: Params, tech: Technology, eq: Response) -> Tensor:
    """Correlation of work sample and assessment in treated hiring, [16]."""
    variance = _signal_variance(eq.log_h, tech.signal_floor)
    treated = screening(params, eq.variance_h, variance)
    return torch.sqrt(variance / (variance + params["signal_noise_sd"] ** 2) / treated.recognised)


# Section 4: firms.


def firm_assets(params: Params, firm_shocks: Tensor, level: float, eq: Response) -> tuple[Tensor, Tensor]:
    """kappa_j at the end of the years of `firm_shocks` in an equilibrium, and the growth of log assets; both [J]."""
    n_firms = firm_shocks.shape[0]
    initial = params["asset_sd"] * torch.from_numpy(ndtri((np.arange(n_firms) + 0.5) / n_firms))
    stay = 1.0 - params["asset_reversion"]
    # Owners reinvest what AI adds to the quasi-rent of the mean firm.
    created = params["eta1"] * level * eq.R_A.mean()
    persistence = stay + params["cumulative_advantage"] * (1.0 - params["xi"]) * created
    shock_sd = params["asset_sd"] * torch.sqrt(1.0 - stay**2)
    log_k = initial
    for shock in firm_shocks.unbind(1):
        log_k = persistence * log_k + shock_sd * shock
    return torch.softmax(params["psi"] * log_k, 0) * n_firms, log_k - initial


def asset_growth_gap(growth: Tensor) -> Tensor:
    """Mean growth of the top third of firms minus the bottom third's; firms come in order of assets."""
    third = growth.shape[0] // 3
    return growth[-third:].mean() - growth[:third].mean()


# Workers.


@dataclass(frozen=True)
class Rules:
    """What workers take as given at one AI level: columns [16, 1] by occupation, and capital by firm [J]."""

    recognised: Tensor  # Omega_o
    outside: Tensor  # T_o / R_h,o
    log_scale: Tensor  # log of R_h k_o exp((pi_0 mu_o + 1/2)/S)
    sample_loading: Tensor  # sqrt(pi_s)/S
    credential_loading: Tensor  # sqrt(pi_c)/S
    commodity_pay: Tensor  # eta0 A R_A
    rent: Tensor  # xi (q0 + eta1 A R_A), per unit of kappa
    kappa: Tensor
    portfolio: Tensor  # (1 - xi) q [d + (1 - d) kappa], per unit owned


def worker_rules(params: Params, level: float, eq: Response, kappa: Tensor) -> Rules:
    """Terms of pay, from the equilibrium."""
    beliefs = eq.screening
    # Assessed human capital averages to H_o; its two noises are integrated out. Terms in mu_o cancel.
    noise = beliefs.recognised / beliefs.total
    tilted = _mean(torch.exp(beliefs.recognised[:, None] * eq.log_h))
    spread = params["diversification"]
    return Rules(
        recognised=beliefs.recognised[:, None],
        outside=(eq.transfer / eq.R_h)[:, None],
        log_scale=(torch.log(eq.R_h * eq.H / tilted) - 0.5 * noise)[:, None],
        sample_loading=(torch.sqrt(beliefs.sample) / beliefs.total)[:, None],
        credential_loading=(torch.sqrt(beliefs.credential) / beliefs.total)[:, None],
        commodity_pay=(params["eta0"] * level * eq.R_A)[:, None],
        rent=(params["xi"] * (params["asset_return"] + params["eta1"] * level * eq.R_A))[:, None],
        kappa=kappa,
        portfolio=(1.0 - params["xi"]) * eq.quasi_rent * (spread + (1.0 - spread) * kappa),
    )


@dataclass(frozen=True)
class Workers:
    """Outcomes of all workers in one state, [16, W]."""

    schooling: Tensor
    human_capital: Tensor
    wage: Tensor
    income: Tensor


def outcomes(params: Params, pop: TorchPopulation, before: Rules, after: Rules) -> tuple[Workers, Workers]:
    """Workers before and after AI; `params` and rules in their precision and on their device."""
    gamma, by_occupation, by_firm = (params[n] for n in ("schooling_return", "occupation_sorting", "firm_sorting"))
    own = torch.sqrt(1.0 - by_occupation**2 - by_firm**2)
    scores = SCORES.to(pop.ability)[:, None]
    u_theta = own * pop.ability + by_firm * pop.firm_score + by_occupation * scores
    log_theta = params["ability_sd"] * u_theta
    theta = torch.exp(log_theta)
    log_cost = params["cost_sd"] * pop.schooling_cost - params["cost_ability_gradient"] * u_theta
    inverse_cost = torch.exp(-log_cost) / params["schooling_cost"]
    corr, spread = params["ownership_ability_corr"], params["ownership_sd"]
    score = corr * u_theta + torch.sqrt(1.0 - corr**2) * pop.ownership
    owned = torch.exp(spread * score - 0.5 * spread**2)

    def pay(rules: Rules, schooling: Tensor) -> Workers:
        growth = 1.0 + gamma * schooling
        log_assessed = (
            rules.recognised * (log_theta + torch.log(growth))
            + rules.log_scale
            + rules.sample_loading * pop.work_sample
            + rules.credential_loading * pop.credential
        )
        wage = torch.exp(log_assessed) + rules.commodity_pay + rules.rent * _of_firm(rules.kappa, pop.firm)
        capital = owned * _of_firm(rules.portfolio, pop.owner_firm)
        return Workers(schooling, theta * growth, wage, wage + capital)

    wanted = [
        chosen_schooling(gamma, rules.recognised * inverse_cost, rules.outside / theta) for rules in (before, after)
    ]
    retooled = torch.lerp(wanted[0], wanted[1], params["retooling"])
    return pay(before, wanted[0]), pay(after, retooled)


def _of_firm(values: Tensor, firm: Tensor) -> Tensor:
    return values.index_select(0, firm.view(-1)).view(firm.shape)


# Moments.


def gini(values: Tensor, weight: Tensor) -> Tensor:
    """Gini coefficient of a weighted sample [N]."""
    ordered, order = torch.sort(values)
    w = weight[order].double()
    total, mass = w.sum(), w * ordered.double()
    # Ranks are centred on their mean, so that the sum is not a small difference of large numbers.
    ranks = torch.cumsum(w, 0) - 0.5 * w - 0.5 * total
    return 2.0 * (ranks @ mass) / (total * mass.sum())


def _human_capital(pop: TorchPopulation, h: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Mean about `centre`, [16, 1], and SD by occupation, [16]."""
    deviation = (h - centre) * pop.present
    n = pop.present.sum(1, dtype=torch.float64)
    mean = deviation.sum(1, dtype=torch.float64) / n
    return mean, torch.sqrt((deviation * deviation).sum(1, dtype=torch.float64) / n - mean**2)


def _wage_slope(pop: TorchPopulation, workers: Workers) -> Tensor:
    """OLS slope of log wage on schooling, less what the control explains of its sampling error."""

    def total(values: Tensor) -> Tensor:
        return values.sum(dtype=torch.float64)

    n = total(pop.present)

    def centred(values: Tensor) -> Tensor:
        # The slope does not depend on the centre, so the centre needs no gradient.
        centre = total(values.detach() * pop.present) / n
        return (values - centre.to(values.dtype)) * pop.present

    x, y = centred(workers.schooling), centred(torch.log(workers.wage))
    spread = total(x * x) - total(x) ** 2 / n
    slope = (total(x * y) - total(x) * total(y) / n) / spread
    control = pop.schooling_cost * pop.rent_effect * pop.present
    chance, with_x, with_y, with_both = (total(part * control) for part in (pop.present, x, y, x * y))
    mean_x, mean_y = total(x) / n, total(y) / n
    shared = with_both - mean_x * with_y - mean_y * with_x + mean_x * mean_y * chance
    return slope - chance * shared / n / spread


WorkerStatistics = tuple[Tensor, Tensor, Tensor, Tensor]
"""Of one state: mean of h less its centre and SD of h, [16]; wage slope; income, [16, W]."""


def worker_statistics(
    params: Params, pop: TorchPopulation, before: Rules, after: Rules, centres: tuple[Tensor, Tensor]
) -> tuple[WorkerStatistics, WorkerStatistics]:
    """All that the moments take from workers, before and after AI; everything on their device."""
    states = outcomes(params, pop, before, after)

    def statistics(workers: Workers, centre: Tensor) -> WorkerStatistics:
        return *_human_capital(pop, workers.human_capital, centre), _wage_slope(pop, workers), workers.income

    return statistics(states[0], centres[0]), statistics(states[1], centres[1])


def compiled() -> Callable[..., tuple[WorkerStatistics, WorkerStatistics]]:
    """`worker_statistics` through `torch.compile`, which fuses it into a few loops; needs a C++ compiler."""
    import torch._functorch.config as config  # pyright: ignore[reportMissingImports]

    config.donated_buffer = False  # one graph is differentiated once for each moment
    return torch.compile(worker_statistics, dynamic=False)


def moments(
    params: Params,
    population: TorchPopulation,
    A0: float = 0.0,
    A1: float = 1.0,
    statistics: Callable[..., tuple[WorkerStatistics, WorkerStatistics]] = worker_statistics,
) -> Tensor:
    """The six moments of section 6, [6], float64 on the CPU; `params` are float64 scalars."""
    device, dtype = population.ability.device, population.ability.dtype
    techs = technology(params, A0), technology(params, A1)
    first = solve_equilibrium(params, techs[0])
    equilibria = first, solve_equilibrium(params, techs[1], first)
    assets = tuple(
        firm_assets(params, population.firm_shocks, tech.level, eq) for tech, eq in zip(techs, equilibria, strict=True)
    )

    def rules(state: int) -> Rules:
        found = worker_rules(params, techs[state].level, equilibria[state], assets[state][0])
        return Rules(**{name: value.to(device, dtype) for name, value in vars(found).items()})

    centres = tuple(eq.H.detach()[:, None].to(device, dtype) for eq in equilibria)
    own = {name: value.to(device, dtype) for name, value in params.items()}
    found = statistics(own, population, rules(0), rules(1), centres)

    cells = techs[0].bundles * techs[1].exposure
    cells = cells / cells.sum()
    values = []
    for tech, eq, (_, growth), centre, state in zip(techs, equilibria, assets, centres, found, strict=True):
        mean_h, sd_h, slope, income = state
        output = (centre.double() + mean_h[:, None]).cpu() * tech.human + tech.machine * tech.mean_ai
        cv = sd_h[:, None].cpu() * tech.human / output
        income, weight = income.view(-1), population.weight.view(-1)
        if population.places is not None:
            income, weight = income[population.places], weight[population.places]
        values.append(
            (
                (cells * cv).sum(),
                (cells * output).sum(),
                4.0 * slope.cpu(),
                cells.sum(1) @ signal_correlation(params, tech, eq),
                asset_growth_gap(growth),
                gini(income, weight).cpu(),
            )
        )
    relative = (True, True, False, True, False, False)
    return torch.stack([b / a - 1.0 if share else b - a for a, b, share in zip(*values, relative, strict=True)])


def moments_and_jacobian(
    params: Mapping[str, float],
    population: TorchPopulation,
    statistics: Callable[..., tuple[WorkerStatistics, WorkerStatistics]] = worker_statistics,
) -> tuple[np.ndarray, np.ndarray]:
    """The six moments, [6], and their derivatives in all parameters, [6, P], one backward pass for each moment."""
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in params.items()}
    found = moments(leaves, population, statistics=statistics)
    inputs = list(leaves.values())
    # A moment's pass visits only what the moment depends on: m4 and m5 never reach the workers.
    rows = [torch.autograd.grad(m, inputs, retain_graph=True, materialize_grads=True) for m in found]
    return found.detach().numpy(), np.array([[float(g) for g in row] for row in rows])

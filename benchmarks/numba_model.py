"""The workers of numpy_model.py in loops compiled by Numba: the benchmark's alternative on all cores.

Equilibrium, firms and statistics are those of the NumPy model. Its pass over blocks of workers is compiled here: a
few loops over each block, with intermediate results in the processor's cache, and blocks shared out to all cores.
Arithmetic is float64 in the order written (no `fastmath`). Sums are kept by block and then added, so they do not
depend on the number of cores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy_model
from numba import njit, prange  # pyright: ignore[reportMissingImports]
from numpy_model import N_OCCUPATIONS, Array, Equilibrium, NumpyPopulation, Params

# Workers per block: seven vectors of this length fit in a second-level cache, and there are enough blocks to share.
BLOCK = 4096

_OWN_PARAMETERS = (
    "ability_sd",
    "firm_sorting",
    "cost_sd",
    "cost_ability_gradient",
    "schooling_cost",
    "schooling_return",
    "retooling",
    "ownership_sd",
    "ownership_ability_corr",
)
# Rows of the terms by occupation.
_RECOGNISED, _OUTSIDE, _LOG_SCALE, _SAMPLE, _CREDENTIAL, _COMMODITY, _RENT, _CENTRE = range(8)


@njit(parallel=True, fastmath=False, error_model="numpy")
def _pass(
    parameters: tuple[float, ...],  # values of _OWN_PARAMETERS
    own: float,  # weight of own ability in the ability score
    scores: Array,  # part of the ability score that comes from the occupation, [16]
    terms: Array,  # what workers face, by occupation, [2, 8, 16]
    added: Array,  # `numpy_model.typical_rent_effect`, [J]
    kappa: Array,  # [2, J]
    portfolio: Array,  # capital income per unit owned, by firm, [2, J]
    centres: Array,  # points near mean schooling and mean log wage, [2, 2]
    occupation: Array,  # from here on the draws, [N]
    firm: Array,
    owner_firm: Array,
    firm_score: Array,
    ability: Array,
    schooling_cost: Array,
    work_sample: Array,
    credential: Array,
    ownership: Array,
) -> tuple[Array, Array, Array, Array]:
    """Incomes and sums over workers, before and after AI.

    Returns:
        Total income, [2, N]; workers by occupation, [16]; sums of deviations of h from its centre and of their
        squares, [2, 2, 16]; `numpy_model.regression_sums` of schooling and log wage about their centres, [2, 8].
    """
    ability_sd, by_firm, cost_sd, gradient, cost, gamma, retooling, spread, corr = parameters
    apart = math.sqrt(1.0 - corr * corr)
    n = occupation.shape[0]
    blocks = (n + BLOCK - 1) // BLOCK
    income = np.empty((2, n))
    count = np.zeros((blocks, N_OCCUPATIONS))
    human = np.zeros((blocks, 2, 2, N_OCCUPATIONS))
    wages = np.zeros((blocks, 2, 8))
    for b in prange(blocks):
        start = b * BLOCK
        size = min(n, start + BLOCK) - start
        log_theta, inverse_cost, owned = np.empty(size), np.empty(size), np.empty(size)
        before, years, h, log_wage = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
        for k in range(size):
            i = start + k
            score = own * ability[i] + by_firm * firm_score[i] + scores[occupation[i]]
            log_theta[k] = ability_sd * score
            inverse_cost[k] = math.exp(gradient * score - cost_sd * schooling_cost[i]) / cost
            owned[k] = math.exp(spread * (corr * score + apart * ownership[i]) - 0.5 * spread * spread)
        for s in range(2):
            for k in range(size):
                i = start + k
                o = occupation[i]
                theta = math.exp(log_theta[k])
                linear = 1.0 + terms[s, _OUTSIDE, o] / theta
                constant = gamma * terms[s, _RECOGNISED, o] * inverse_cost[k]
                e = 2.0 * constant / (linear + math.sqrt(linear * linear + 4.0 * gamma * constant))
                if s == 0:
                    before[k] = e
                else:
                    e = (1.0 - retooling) * before[k] + retooling * e
                growth = 1.0 + gamma * e
                log_pay = terms[s, _RECOGNISED, o] * (log_theta[k] + math.log(growth)) + terms[s, _LOG_SCALE, o]
                log_pay += terms[s, _SAMPLE, o] * work_sample[i] + terms[s, _CREDENTIAL, o] * credential[i]
                wage = math.exp(log_pay) + terms[s, _COMMODITY, o] + terms[s, _RENT, o] * kappa[s, firm[i]]
                income[s, i] = wage + owned[k] * portfolio[s, owner_firm[i]]
                log_wage[k] = math.log(wage)
                years[k] = e
                h[k] = theta * growth
            for k in range(size):
                o = occupation[start + k]
                deviation = h[k] - terms[s, _CENTRE, o]
                x, y = years[k] - centres[s, 0], log_wage[k] - centres[s, 1]
                count[b, o] += 1 - s
                human[b, s, 0, o] += deviation
                human[b, s, 1, o] += deviation * deviation
                wages[b, s, 0] += x
                wages[b, s, 1] += y
                wages[b, s, 2] += x * x
                wages[b, s, 3] += x * y
                c = schooling_cost[start + k] * added[firm[start + k]]
                wages[b, s, 4] += c
                wages[b, s, 5] += x * c
                wages[b, s, 6] += y * c
                wages[b, s, 7] += x * y * c
    return income, count.sum(axis=0), human.sum(axis=0), wages.sum(axis=0)


def _terms(params: Params, eq: Equilibrium, rules: numpy_model._WorkerRules) -> Array:
    """Rows of `terms` of one state, [8, 16]."""
    rows = (
        rules.recognised,
        rules.outside,
        rules.log_scale,
        rules.sample_loading,
        rules.credential_loading,
        rules.commodity_pay,
        params["xi"] * rules.rent,
        eq.H,
    )
    return np.stack(rows)


def moments(params: Params, population: NumpyPopulation, A0: float = 0.0, A1: float = 1.0) -> Array:
    """The six moments of section 6, [6], as `numpy_model.moments` has them, with m6 on total income."""
    pop, spread, sorting = population, params["diversification"], params["occupation_sorting"]
    first = numpy_model.solve_equilibrium(params, A0)
    equilibria = first, numpy_model.solve_equilibrium(params, A1, first)
    assets = [numpy_model.firm_assets(params, pop.firm_shocks, eq) for eq in equilibria]
    rules = [numpy_model._worker_rules(params, eq, kappa) for eq, (kappa, _) in zip(equilibria, assets, strict=True)]
    # No result depends on these points; squares about them keep their digits.
    centres = [(float(eq.schooling.mean()), float(np.log(eq.R_h * eq.H).mean())) for eq in equilibria]
    income, count, human, wages = _pass(
        tuple(params[name] for name in _OWN_PARAMETERS),
        math.sqrt(1.0 - sorting**2 - params["firm_sorting"] ** 2),
        sorting * numpy_model._occupation_centres()[1],
        np.stack([_terms(params, eq, rule) for eq, rule in zip(equilibria, rules, strict=True)]),
        numpy_model.typical_rent_effect(pop.firm_shocks),
        np.stack([rule.kappa for rule in rules]),
        np.stack([rule.capital * (spread + (1.0 - spread) * rule.kappa) for rule in rules]),
        np.array(centres),
        pop.occupation,
        pop.firm,
        pop.owner_firm,
        pop.firm_score,
        pop.ability,
        pop.schooling_cost,
        pop.work_sample,
        pop.credential,
        pop.ownership,
    )

    cells, by_occupation = numpy_model._treatment_weights(params, first.technology, A1)
    states = []
    for s, (eq, (kappa, growth)) in enumerate(zip(equilibria, assets, strict=True)):
        tally = numpy_model._Tally(eq.H)
        tally.count, (tally.sum_h, tally.sum_hh), tally.regression = count, human[s], wages[s]
        cv, exposed = numpy_model.treated_cells(eq.technology, cells, *tally.human_capital())
        states.append(
            numpy_model._State(
                equilibrium=eq,
                kappa=kappa,
                kept=(income[s],),
                wage_slope=tally.wage_slope(),
                cv=cv,
                exposed_output=exposed,
                correlation=float(by_occupation @ eq.signal_correlation),
                growth_gap=numpy_model.asset_growth_gap(growth),
            )
        )
    return numpy_model._moment_vector(*states, *(numpy_model.gini(values, pop.weight) for values in income))


def central_difference_jacobian(
    params: Params, population: NumpyPopulation, names: Sequence[str], relative_step: float = 1e-5
) -> Array:
    """Derivatives of the moments in params[name], [6, P], with the steps of `numpy_model`."""
    columns = []
    for name in names:
        step = relative_step * (abs(params[name]) or 1.0)
        above, below = params[name] + step, params[name] - step
        high, low = (moments({**params, name: value}, population) for value in (above, below))
        columns.append((high - low) / (above - below))
    return np.stack(columns, axis=1)

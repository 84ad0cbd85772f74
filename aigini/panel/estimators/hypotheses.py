"""The four hypotheses of the paper as tests on a panel of workers, tasks and periods.

* H1: within tasks that AI reaches, the dispersion of output falls, and workers of low ability gain most.
* H2: the return to schooling that can be codified falls, that to other schooling does not.
* H3: credentials are required more often, the more so the more AI lowers the diagnostic variance of work samples.
* H4: wages of firms drift apart where AI is proprietary, the more so the more of the rents workers receive.

All are differences in differences of statistics of the workers of cohorts of firms
(`aigini.panel.estimators.pseudo_values`), whose cohorts adopt AI at different dates, by group-time effects against
firms that never adopt, or against those that have not yet where none never does.
"""

import functools
from collections.abc import Sequence

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import Panel
from aigini.panel.estimators import inference, statistics
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.firm_panel import FirmPanel, firm_panel
from aigini.panel.estimators.hypothesis import HypothesisTest, PanelEffect
from aigini.panel.estimators.pseudo_values import panel_pseudo_values
from aigini.panel.estimators.weights import LinearEffects, callaway_santanna, imputation, two_way_fixed_effects
from aigini.panel.schema import STRUCTURES
from aigini.runtime.precision import with_x64

PARALLEL = (
    "adoption is not anticipated and stays, firms do not respond to each other's adoption, and without it the outcome"
    " would"
    " have moved in parallel in all cohorts"
)
_METHOD = (
    "group-time effects of Callaway & Sant'Anna (Journal of Econometrics 225, 2021) on jackknife pseudo-values;"
    " standard"
    " errors clustered by firm"
)


ALL_FIRMS = "all firms"


@with_x64
def within_task_dispersion(
    panel: Panel, *, error_sd: float = 0.0, groups: int = 3, draws: int = 0, seed: int = 0
) -> HypothesisTest:
    """H1: dispersion of output within firm and task, and gains by group of ability.

    Args:
        panel: The panel; it needs output and use of AI, and the ability proxy for gains by ability.
        error_sd: Standard deviation of measurement error of log output, if it is known; its contribution to dispersion
            is taken off.
        groups: Groups of workers by quantiles of their ability proxy within the occupation.
        draws: Assignments for randomisation inference; 0 for none.
        seed: Their seed.

    Raises:
        DataError: if there is no effect to estimate.
    """
    firms = firm_panel(panel)
    rows, cell, cells, note = _exposed(firms)
    output = panel["output"][rows]
    level, log_level = (firms.dispersion(values, rows, cell, cells) for values in (output, np.log(output)))
    usable = firms.usable(level[..., 3])
    if not usable.any():
        raise DataError("H1: no task has two workers in two firms of every cohort and period; observe more workers.")
    cv = functools.partial(statistics.log_cv, error_sd=error_sd)
    variance = functools.partial(statistics.log_variance, error_sd=error_sd)
    outcomes = {
        "log CV of output": panel_pseudo_values(firms.cohorts, level[:, :, usable], cv, "log CV of output"),
        "log variance of log output": panel_pseudo_values(
            firms.cohorts, log_level[:, :, usable], variance, "log variance of log output"
        ),
    }
    enough = f"{int(usable.sum())} of {cells} pairs of occupation and task have enough workers."
    notes = [*firms.left_out, *note, enough]
    effects = _effects(firms.cohorts, outcomes, draws, seed)
    ratio = effects[0]
    effects.insert(1, _transformed(ratio, "relative change of the CV", np.expm1(ratio.estimate)))
    if "ability_proxy" in panel:
        sums, dropped = _by_ability(firms, rows, np.log(output), groups)
        names = [f"log output, ability group {k + 1} of {groups}" for k in range(groups)]
        gains = {
            name: panel_pseudo_values(firms.cohorts, sums[:, :, k : k + 1], statistics.mean, name)
            for k, name in enumerate(names)
        }
        gap = "log output, lowest less highest ability group"
        gains[gap] = panel_pseudo_values(firms.cohorts, sums, statistics.contrast, gap)
        effects += _effects(firms.cohorts, gains, draws, seed)
        notes += dropped
    else:
        notes.append("The panel has no ability proxy, so that gains by ability are not estimated.")
    return HypothesisTest(
        "H1",
        "on tasks that AI reaches, adoption lowers the dispersion of output within tasks, and workers of low ability"
        " gain"
        " most.",
        "mean effect on adopting firms of the log coefficient of variation of output within firm, occupation and"
        " task, of"
        " the log variance of log output, and of mean log output by group of the ability proxy.",
        f"{PARALLEL}; measurement error of log output is normal with the given standard deviation ({error_sd:g}) in all"
        " states.",
        _METHOD,
        tuple(effects),
        len(firms.firms),
        tuple(notes),
    )


def _exposed(firms: FirmPanel) -> tuple[np.ndarray, np.ndarray, int, list[str]]:
    """Rows on tasks that AI reaches, the pair of occupation and task of each, their number, and words about it.

    AI reaches a pair if anybody ever uses it there.
    """
    panel = firms.panel
    pair = panel["occupation"] * panel.count("task") + panel["task"]
    reached = np.unique(pair[panel["ai_use"] == 1])
    rows = (firms.cell_position >= 0) & np.isin(pair, reached)
    codes, cell = np.unique(pair[rows], return_inverse=True)
    others = len(np.unique(pair)) - len(reached)
    words = [f"{others} pairs of occupation and task on which nobody uses AI are left out."] if others else []
    return rows, cell, len(codes), words


def _by_ability(
    firms: FirmPanel, rows: np.ndarray, log_output: np.ndarray, groups: int
) -> tuple[np.ndarray, list[str]]:
    """Sums and numbers of log output by ability group, ``[firms, periods, groups, 2]``."""
    panel = firms.panel
    once = firms.worker_rows & (firms.cell_position >= 0) & np.isfinite(panel["ability_proxy"])
    workers = panel.count("worker")
    count = np.bincount(panel["worker"][once], minlength=workers)
    proxy = np.bincount(panel["worker"][once], panel["ability_proxy"][once], minlength=workers) / np.maximum(count, 1)
    occupation = np.zeros(workers, np.int64)
    occupation[panel["worker"][once][::-1]] = panel["occupation"][once][::-1]  # the first one in time
    group = np.full(workers, -1)
    for own in np.unique(occupation[count > 0]):
        inside = (occupation == own) & (count > 0)
        limits = np.quantile(proxy[inside], np.arange(1, groups) / groups)
        group[inside] = np.sum(proxy[inside][:, None] > limits[None, :], axis=1)
    member = group[panel["worker"][rows]]
    known = rows.copy()
    known[rows] = member >= 0
    own = member[member >= 0]
    sums = np.stack(
        [
            firms.total(log_output[member >= 0], known, own, groups),
            firms.total(np.ones(len(own)), known, own, groups),
        ],
        axis=-1,
    )
    missing = int(np.sum(count == 0))
    return sums, [f"{missing} workers without an ability proxy are in no ability group."] if missing else []


@with_x64
def schooling_returns(panel: Panel, *, draws: int = 0, seed: int = 0) -> HypothesisTest:
    """H2: slopes of log wages on schooling that can be codified, and on other schooling where the panel has it.

    Raises:
        DataError: if there is no effect to estimate.
    """
    panel.require("wage", "schooling")
    firms = firm_panel(panel)
    regressors = ["schooling"]
    notes = list(firms.left_out)
    if "other_schooling" in panel and np.nanstd(panel["other_schooling"]) > 0:
        regressors.append("other_schooling")
    else:
        notes.append("Nobody has other schooling in this panel, so that its return is not estimated.")
    rows = firms.worker_rows & (firms.cell_position >= 0) & np.isfinite(panel["wage"])
    for name in regressors:
        rows &= np.isfinite(panel[name])
    cell, cells = firms.offices(rows)
    wage = firms.centred(np.log(panel["wage"][rows]), rows, cell, cells)
    centred = [firms.centred(panel[name][rows], rows, cell, cells) for name in regressors]
    products = [[firms.total(x * z, rows, cell, cells).sum(axis=2) for z in (*centred, wage)] for x in centred]
    sums = np.stack([np.stack(row, axis=-1) for row in products], axis=-2)
    outcomes = {}
    for k, name in enumerate(regressors):
        words = f"slope of log wages on {name.replace('_', ' ')}"
        statistic = functools.partial(statistics.slopes, position=k)
        outcomes[words] = panel_pseudo_values(firms.cohorts, sums, statistic, words)
    return HypothesisTest(
        "H2",
        "adoption lowers the return to schooling that can be codified, and not that to other schooling.",
        "mean effect on adopting firms of the slope, per year, of log wages on schooling within firm, occupation and"
        " period, kinds of schooling together. It is a change of pay at given schooling, not of the causal return.",
        f"{PARALLEL}; what else goes with schooling within a firm is the same before and after.",
        _METHOD,
        tuple(_effects(firms.cohorts, outcomes, draws, seed)),
        len(firms.firms),
        tuple(notes),
    )


@with_x64
def credential_requirements(panel: Panel, *, draws: int = 0, seed: int = 0) -> HypothesisTest:
    """H3: requirements of the credential against the fall in the diagnostic variance of work samples.

    Raises:
        DataError: if there is no effect to estimate.
    """
    panel.require("credential_required", "work_sample")
    firms = firm_panel(panel)
    rows = firms.worker_rows & (firms.cell_position >= 0)
    asked = rows & np.isfinite(panel["credential_required"])
    cell, cells = firms.offices(asked)
    count = firms.total(np.ones(int(asked.sum())), asked, cell, cells)
    share = firms.total(panel["credential_required"][asked], asked, cell, cells) / np.maximum(count, 1)
    required = np.stack([share, (count > 0).astype(float)], axis=-1)
    tested = rows & np.isfinite(panel["work_sample"])
    if "assessment" in panel:
        tested &= panel["assessment"] == 1
    cell, cells = firms.offices(tested)
    scores = firms.dispersion(panel["work_sample"][tested], tested, cell, cells)
    usable = firms.usable(scores[..., 3])
    if not usable.any():
        raise DataError("H3: no occupation has two work samples in two firms of every cohort and period.")
    both = np.all([firms.usable(required[..., 1]), usable], axis=0) if required.shape[2] == len(usable) else usable
    names = ("share of employers that require the credential", "variance of work samples")
    outcomes = {
        names[0]: panel_pseudo_values(
            firms.cohorts, required[:, :, firms.usable(required[..., 1])], statistics.mean, names[0]
        ),
        names[1]: panel_pseudo_values(firms.cohorts, scores[:, :, both], statistics.pooled_variance, names[1]),
    }
    effects = _effects(firms.cohorts, outcomes, draws, seed)
    effects.append(_ratio(firms.cohorts, outcomes[names[0]], -outcomes[names[1]]))
    notes = list(firms.left_out)
    if effects[-1].low is None:
        notes.append("The fall in the variance of work samples is not told from zero: the ratio is not bounded.")
    return HypothesisTest(
        "H3",
        "credentials are required more often where AI lowers the diagnostic variance of work samples.",
        "mean effects on adopting firms of the share of offices (firm and occupation) that require the credential and"
        " of the"
        " variance of work samples within office, whose noise is not AI's, and the ratio of the first to the fall of"
        " the"
        " second.",
        f"{PARALLEL}; for the ratio, that adoption moves requirements through work samples alone.",
        f"{_METHOD}; interval of the ratio by Fieller (Journal of the Royal Statistical Society B 16, 1954).",
        tuple(effects),
        len(firms.firms),
        tuple(notes),
    )


@with_x64
def between_firm_dispersion(panel: Panel, *, draws: int = 0, seed: int = 0) -> HypothesisTest:
    """H4: share of the variance of log wages between firms, by AI structure and by the workers' share of rents.

    Raises:
        DataError: if there is no effect to estimate.
    """
    panel.require("wage")
    firms = firm_panel(panel)
    sums, usable = between_sums(firms)
    groups, notes = _structures(firms)
    effects: list[PanelEffect] = []
    for name, inside in groups.items():
        words = f"share between firms, {name}"
        try:
            part = firms.subset(inside, name)
            values = panel_pseudo_values(part.cohorts, sums[inside][:, :, usable], statistics.between_share, words)
        except DataError as error:
            if name == ALL_FIRMS:
                raise
            notes.append(f"There is no estimate of the {words}: {error}")
            continue
        effects += _effects(part.cohorts, {words: values}, draws, seed)
    by_name = {one.name.removeprefix("share between firms, "): one for one in effects}
    pairs = [("proprietary AI", "commodity AI")]
    pairs.append(("proprietary AI, high rent share", "proprietary AI, low rent share"))
    contrasts = [
        _difference(by_name[one], by_name[other], f"{one} less {other}")
        for one, other in pairs
        if one in by_name and other in by_name
    ]
    return HypothesisTest(
        "H4",
        "adoption raises the dispersion of wages between firms relative to that within firms where AI is proprietary,"
        " the more"
        " so the higher the workers' share of rents.",
        "mean effect on adopting firms of the share of the variance of log wages that is between firms, within"
        " occupation,"
        " by kind of firm, and differences between kinds.",
        f"{PARALLEL}, within each kind of firm. Firms of a cohort are a sample of those that adopt then; assets that"
        f" revert"
        " to the mean violate it where adoption is selected on them.",
        f"leave-out variance components of Kline, Saggio & Sølvsten (Econometrica 88, 2020), workers in firms;"
        f" {_METHOD}.",
        (*contrasts, *effects),
        len(firms.firms),
        (*firms.left_out, *notes),
    )


def between_sums(firms: FirmPanel) -> tuple[np.ndarray, np.ndarray]:
    """`statistics.BETWEEN`, ``[firms, periods, occupations, 5]``, and the occupations that can be used."""
    panel = firms.panel
    rows = firms.worker_rows & (firms.cell_position >= 0) & np.isfinite(panel["wage"])
    cell, cells = firms.offices(rows)
    total, count, squares, freedom, second = np.moveaxis(
        firms.dispersion(np.log(panel["wage"][rows]), rows, cell, cells), -1, 0
    )
    there = (freedom > 0).astype(float)
    size = np.maximum(count, 2)
    mean = total / np.maximum(count, 1)
    pairs = (total**2 - second) / (size * (size - 1))
    sums = np.stack([np.ones_like(mean), mean, mean**2, pairs, squares / np.maximum(freedom, 1)], axis=-1)
    usable = firms.usable(freedom, least=3)
    if not usable.any():
        raise DataError("H4: no occupation has two workers in three firms of every cohort and period.")
    return sums * there[..., None], usable


def _structures(firms: FirmPanel) -> tuple[dict[str, np.ndarray], list[str]]:
    """Firms by AI structure and by rent share."""
    panel, groups, notes = firms.panel, {ALL_FIRMS: np.ones(len(firms.firms), bool)}, []
    if "ai_structure" not in panel:
        return groups, ["The panel has no AI structure, so that kinds of firms are not told apart."]
    inside = firms.cell_position >= 0
    structure = np.full(len(firms.firms), -1)
    structure[firms.cell_position[inside] // firms.cohorts.periods] = panel["ai_structure"][inside]
    for k, name in enumerate(STRUCTURES):
        if np.any(structure == k):
            groups[f"{name} AI"] = structure == k
        else:
            notes.append(f"No firm has {name} AI.")
    if "rent_share" in panel and np.any(structure == 1):
        known = inside & np.isfinite(panel["rent_share"])
        total = np.bincount(
            firms.cell_position[known] // firms.cohorts.periods, panel["rent_share"][known], len(firms.firms)
        )
        number = np.bincount(firms.cell_position[known] // firms.cohorts.periods, minlength=len(firms.firms))
        share = total / np.maximum(number, 1)
        own = (structure == 1) & (number > 0)
        middle = (share[own].min() + share[own].max()) / 2 if own.any() else 0.0
        if own.any() and np.ptp(share[own]) > 0:
            groups["proprietary AI, high rent share"] = own & (share > middle)
            groups["proprietary AI, low rent share"] = own & (share <= middle)
        else:
            notes.append("All firms share rents alike, so that rent shares are not compared.")
    return groups, notes


def _effects(cohorts: Cohorts, outcomes: dict[str, np.ndarray], draws: int, seed: int) -> list[PanelEffect]:
    """Effects on several outcomes, ``[firms, periods]`` each."""
    controls = "not_yet" if cohorts.never is None else "never"
    linear = callaway_santanna(cohorts, controls)
    overall = LinearEffects(("overall",), linear.weights[:1])
    before = [k for k, name in enumerate(linear.names) if name.startswith("e=-")]
    made = []
    for name, outcome in outcomes.items():
        estimates = inference.estimate(cohorts, overall, outcome)
        low, high = inference.intervals(estimates)
        pretrend = None
        if before:
            values, influence = inference.influences(cohorts, linear, outcome)
            pretrend = _pretrend(cohorts, values[before], influence[:, before])
        p_random = (
            float(inference.randomisation_p_values(cohorts, overall, outcome, draws=draws, seed=seed)[0])
            if draws
            else None
        )
        made.append(
            PanelEffect(
                name,
                float(estimates.effect[0]),
                float(estimates.se[0]),
                float(low[0]),
                float(high[0]),
                float(inference.p_values(estimates)[0]),
                float(inference.estimate(cohorts, imputation(cohorts), outcome).effect[0]),
                float(inference.estimate(cohorts, two_way_fixed_effects(cohorts), outcome).effect[0]),
                pretrend,
                p_random,
            )
        )
    return made


def _pretrend(cohorts: Cohorts, values: np.ndarray, influence: np.ndarray) -> float | None:
    """P value of no effects before adoption; None where they cannot be tested together."""
    try:
        return float(inference.joint_test(cohorts, values, influence).p_value)
    except DataError:
        return None


def _transformed(effect: PanelEffect, name: str, estimate: float) -> PanelEffect:
    """The exponential of an effect less 1, with the ends of its interval."""
    low, high = (None if end is None else float(np.expm1(end)) for end in (effect.low, effect.high))
    return PanelEffect(name, float(estimate), effect.se * (1 + float(estimate)), low, high, effect.p_value)


def _difference(one: PanelEffect, other: PanelEffect, name: str) -> PanelEffect:
    """Difference of effects in two sets of firms."""
    from scipy.stats import norm

    estimate, se = one.estimate - other.estimate, float(np.hypot(one.se, other.se))
    half = float(norm.ppf(0.975)) * se
    p_value = float(2 * norm.sf(abs(estimate) / se)) if se > 0 else float(estimate == 0)
    return PanelEffect(name, estimate, se, estimate - half, estimate + half, p_value)


def _ratio(cohorts: Cohorts, numerator: np.ndarray, denominator: np.ndarray) -> PanelEffect:
    """Ratio of two effects, with Fieller's interval."""
    from scipy.stats import t as student

    controls = "not_yet" if cohorts.never is None else "never"
    linear = callaway_santanna(cohorts, controls)
    overall = LinearEffects(("overall",), linear.weights[:1])
    pair = np.stack([numerator, denominator])
    values, influence = inference.influences(cohorts, overall, pair)
    matrix = inference.covariance(cohorts, np.moveaxis(influence[..., 0], 0, 1))
    freedom = float(np.min(inference.estimate(cohorts, overall, pair).freedom))
    top, bottom = float(values[0, 0]), float(values[1, 0])
    ratio = top / bottom
    gradient = np.array([1 / bottom, -ratio / bottom])
    se = float(np.sqrt(gradient @ matrix @ gradient))
    quantile = float(student.ppf(0.975, freedom)) ** 2
    # θ is in the interval if (top - θ bottom)² is at most the quantile times its variance: a quadratic in θ.
    square = bottom**2 - quantile * matrix[1, 1]
    linear_term = top * bottom - quantile * matrix[0, 1]
    constant = top**2 - quantile * matrix[0, 0]
    p_value = float(2 * student.sf(abs(top) / np.sqrt(matrix[0, 0]), freedom))
    name = "requirements per unit fall of the variance of work samples"
    if square <= 0:
        return PanelEffect(name, ratio, se, None, None, p_value)
    root = np.sqrt(linear_term**2 - square * constant)
    return PanelEffect(
        name, ratio, se, float((linear_term - root) / square), float((linear_term + root) / square), p_value
    )


def hypothesis_tests(panel: Panel, hypotheses: Sequence[str] = ("H1", "H2", "H3", "H4")) -> list[HypothesisTest]:
    """Tests of several hypotheses on one panel.

    Raises:
        DataError: if the panel lacks a column that one of them needs, or there is no effect to estimate.
    """
    every = {
        "H1": within_task_dispersion,
        "H2": schooling_returns,
        "H3": credential_requirements,
        "H4": between_firm_dispersion,
    }
    return [every[name](panel) for name in hypotheses]

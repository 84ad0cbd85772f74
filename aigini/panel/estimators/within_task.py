"""H1: within tasks that AI reaches, the dispersion of output falls, and workers of low ability gain most."""

import functools

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import Panel
from aigini.panel.estimators import statistics
from aigini.panel.estimators.effects import METHOD, PARALLEL, effects_on, transformed
from aigini.panel.estimators.firm_panel import FirmPanel, firm_panel
from aigini.panel.estimators.hypothesis import HypothesisTest
from aigini.panel.estimators.pseudo_values import panel_pseudo_values
from aigini.runtime.precision import with_x64


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
        "log CV of output": panel_pseudo_values(
            firms.cohorts, level[:, :, usable], cv, "log CV of output", corrected=False
        ),
        "log variance of log output": panel_pseudo_values(
            firms.cohorts, log_level[:, :, usable], variance, "log variance of log output"
        ),
    }
    enough = f"{int(usable.sum())} of {cells} pairs of occupation and task have enough workers."
    notes = [*firms.left_out, *note, enough]
    effects = effects_on(firms.cohorts, outcomes, draws, seed)
    ratio = effects[0]
    effects.insert(1, transformed(ratio, "relative change of the CV", np.expm1(ratio.estimate)))
    if "ability_proxy" in panel:
        sums, dropped = _by_ability(firms, rows, np.log(output), groups)
        names = [f"log output, ability group {k + 1} of {groups}" for k in range(groups)]
        gains = {
            name: panel_pseudo_values(firms.cohorts, sums[:, :, k : k + 1], statistics.mean, name)
            for k, name in enumerate(names)
        }
        gap = "log output, lowest less highest ability group"
        gains[gap] = panel_pseudo_values(firms.cohorts, sums, statistics.contrast, gap)
        effects += effects_on(firms.cohorts, gains, draws, seed)
        notes += dropped
    else:
        notes.append("The panel has no ability proxy, so that gains by ability are not estimated.")
    return HypothesisTest(
        "H1",
        "on tasks that AI reaches, adoption lowers the dispersion of output within tasks, and workers of low ability"
        " gain"
        " most.",
        "mean effect on adopting firms of the log coefficient of variation of output within firm, occupation and"
        " task, of the log variance of log output, and of mean log output by group of the ability proxy.",
        f"{PARALLEL}; measurement error of log output is normal with the given standard deviation ({error_sd:g}) in all"
        " states.",
        METHOD,
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

"""H2: the return to schooling that can be codified falls, that to other schooling does not."""

import functools

import numpy as np

from aigini.panel.data import Panel
from aigini.panel.estimators import statistics
from aigini.panel.estimators.effects import METHOD, PARALLEL, effects_on
from aigini.panel.estimators.firm_panel import firm_panel
from aigini.panel.estimators.hypothesis import HypothesisTest
from aigini.panel.estimators.pseudo_values import panel_pseudo_values
from aigini.runtime.precision import with_x64


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
        METHOD,
        tuple(effects_on(firms.cohorts, outcomes, draws, seed)),
        len(firms.firms),
        tuple(notes),
    )

"""H3: credentials are required more often, the more so the more AI lowers the diagnostic variance of work samples."""

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import Panel
from aigini.panel.estimators import statistics
from aigini.panel.estimators.effects import METHOD, PARALLEL, effects_on, ratio
from aigini.panel.estimators.firm_panel import firm_panel
from aigini.panel.estimators.hypothesis import HypothesisTest
from aigini.panel.estimators.pseudo_values import panel_pseudo_values
from aigini.runtime.precision import with_x64


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
    effects = effects_on(firms.cohorts, outcomes, draws, seed)
    effects.append(ratio(firms.cohorts, outcomes[names[0]], -outcomes[names[1]]))
    notes = list(firms.left_out)
    if effects[-1].low is None:
        notes.append("The fall in the variance of work samples is not told from zero: the ratio is not bounded.")
    return HypothesisTest(
        "H3",
        "credentials are required more often where AI lowers the diagnostic variance of work samples.",
        "mean effects on adopting firms of the share of offices (firm and occupation) that require the credential and"
        " of the variance of work samples within office, whose noise is not AI's, and the ratio of the first to the"
        " fall of the second.",
        f"{PARALLEL}; for the ratio, that adoption moves requirements through work samples alone.",
        f"{METHOD}; interval of the ratio by Fieller (Journal of the Royal Statistical Society B 16, 1954).",
        tuple(effects),
        len(firms.firms),
        tuple(notes),
    )

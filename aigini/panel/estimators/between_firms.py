"""H4: wages of firms drift apart where AI is proprietary, the more so the more of the rents workers receive."""

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import Panel
from aigini.panel.estimators import statistics
from aigini.panel.estimators.effects import METHOD, PARALLEL, difference, effects_on
from aigini.panel.estimators.firm_panel import FirmPanel, firm_panel
from aigini.panel.estimators.hypothesis import HypothesisTest, PanelEffect
from aigini.panel.estimators.pseudo_values import panel_pseudo_values
from aigini.panel.schema import STRUCTURES
from aigini.runtime.precision import with_x64

ALL_FIRMS = "all firms"


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
        effects += effects_on(part.cohorts, {words: values}, draws, seed)
    by_name = {one.name.removeprefix("share between firms, "): one for one in effects}
    pairs = [("proprietary AI", "commodity AI")]
    pairs.append(("proprietary AI, high rent share", "proprietary AI, low rent share"))
    contrasts = [
        difference(by_name[one], by_name[other], f"{one} less {other}")
        for one, other in pairs
        if one in by_name and other in by_name
    ]
    return HypothesisTest(
        "H4",
        "adoption raises the dispersion of wages between firms relative to that within firms where AI is proprietary,"
        " the more so the higher the workers' share of rents.",
        "mean effect on adopting firms of the share of the variance of log wages that is between firms, within"
        " occupation, by kind of firm, and differences between kinds.",
        f"{PARALLEL}, within each kind of firm. Firms of a cohort are a sample of those that adopt then; assets that"
        " revert to the mean violate it where adoption is selected on them.",
        f"leave-out variance components of Kline, Saggio & Sølvsten (Econometrica 88, 2020), workers in firms;"
        f" {METHOD}.",
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

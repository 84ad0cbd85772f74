"""Levels of moments before and with AI as functions of totals over firms, and those that a panel cannot give.

Functions take complex totals too, so that derivatives are exact: f(S + i h s) has the imaginary part h f'(S) s.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from aigini.panel.moments.sums import Cells, Sums

FEWEST_DEGREES = 10
"""Degrees of freedom, workers less firms, from which the variance of output in a cell is used."""

Level = Callable[[Sums, Cells, int], np.ndarray]
"""From totals, each with leading axes ``[...]`` of copies, cells and a state to levels ``[...]``."""


@dataclasses.dataclass(frozen=True)
class PanelMoment:
    """A moment that a panel gives.

    Attributes:
        needs: Group of sums.
        level: Its level in a state.
    """

    needs: str
    level: Level


def _weighted(values: np.ndarray, usable: np.ndarray, weight: np.ndarray) -> np.ndarray:
    own = weight * usable
    return np.sum(np.where(usable, values, 0.0) * own, axis=-1) / np.sum(own, axis=-1)


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return above / np.where(below == 0, 1.0, below)


def _above(count: np.ndarray, least: int) -> np.ndarray:
    """True where there are more than `least` in both states."""
    return np.asarray(np.all(np.real(count) > least, axis=-1))


def usable_cells(sums: Sums) -> np.ndarray:
    """Cells whose variance is estimated well enough in both states, ``[..., cells]``.

    A square root of a variance from a few pairs of colleagues is biased, and its derivative has no bound.
    """
    enough = (np.real(sums["degrees"]) >= FEWEST_DEGREES) & (np.real(sums["squares"]) > 0)
    return enough[..., 0] & enough[..., 1]


def _mean_output(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    there = _above(sums["output_n"], 0)
    mean = _divided(sums["output"][..., state], sums["output_n"][..., state])
    return _weighted(mean, there, cells.weight)


def _variation(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    usable = usable_cells(sums) if cells.usable is None else cells.usable
    mean = _divided(sums["output"][..., state], sums["output_n"][..., state])
    variance = _divided(sums["squares"][..., state], sums["degrees"][..., state])
    sd = np.sqrt(np.where(usable & (np.real(variance) > 0), variance, 0.0))
    return _weighted(_divided(sd, np.where(usable, mean, 1.0)), usable, cells.weight)


def _slope(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    del cells
    n, x, y, xx, xy = (sums[name][..., state] for name in ("n", "x", "y", "xx", "xy"))
    return (xy - x * y / n) / (xx - x * x / n)


def _correlation(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    n, s, a, ss, sa, aa = (sums[name][..., state] for name in ("sn", "s", "a", "ss", "sa", "aa"))
    there = _above(sums["sn"], 2)
    size = np.where(there, n, 1.0)
    spread_s, spread_a = (np.where(there, square - one * one / size, 1.0) for square, one in ((ss, s), (aa, a)))
    correlation = (sa - s * a / size) / np.sqrt(spread_s) / np.sqrt(spread_a)
    return _weighted(correlation, there, cells.occupation_weight)


def _growth_gap(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    del cells
    n = sums["asset_n"][..., state]
    # Borders are the same number for every firm, and constants of the influence function.
    borders = [
        sums[name][..., state] / n + np.real(sums[f"{name}_border"][..., state] / n) for name in ("top", "bottom")
    ]
    return borders[0] - borders[1]


def _variance(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    del cells
    n, y, yy = (sums[name][..., state] for name in ("n", "y", "yy"))
    return yy / n - (y / n) ** 2


def _between(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    del cells
    n, y, yy, nn, firms, means = (sums[name][..., state] for name in ("n", "y", "yy", "nn", "firms", "means"))
    between = (means - y * y / n) / (firms - 1)
    within = (yy - means) / (n - firms)
    return (between - within) * (firms - 1) / (n - nn / n)


def _requirement(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    there = _above(sums["offices"], 0)
    share = _divided(sums["requiring"][..., state], sums["offices"][..., state])
    return _weighted(share, there, cells.occupation_weight)


def _premium(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    return 4 * _slope(sums, cells, state)


def _schooling(sums: Sums, cells: Cells, state: int) -> np.ndarray:
    del cells
    return sums["x"][..., state] / sums["n"][..., state]


_M1, _M2, _M4, _M5 = (
    PanelMoment("output", _variation),
    PanelMoment("output", _mean_output),
    PanelMoment("screening", _correlation),
    PanelMoment("assets", _growth_gap),
)

PANEL_MOMENTS: dict[str, PanelMoment] = {
    "m1": _M1,
    "m2": _M2,
    "m3": PanelMoment("wages", _premium),
    "m4": _M4,
    "m5": _M5,
    "within_task_cv": _M1,
    "exposed_output": _M2,
    "education_premium": PanelMoment("wages", _slope),
    "signal_correlation": _M4,
    "asset_growth_gap": _M5,
    "credential_requirement": PanelMoment("requirements", _requirement),
    "log_wage_variance": PanelMoment("wages", _variance),
    "between_firm_variance": PanelMoment("wages", _between),
    "mean_schooling": PanelMoment("wages", _schooling),
}
"""Moments of the registry that a panel gives."""

_CAPITAL = "a panel of workers has no capital income"
_BELIEFS = "employers' weights are not observed in a panel"

NOT_IN_A_PANEL = {
    **dict.fromkeys(
        (
            *("m6", "gini_total", "gini_capital", "labour_share", "theil_total", "theil_between", "theil_within"),
            *("top1_share", "top10_share", "mean_income"),
        ),
        _CAPITAL,
    ),
    **dict.fromkeys(("credential_weight", "education_return", "social_education_return"), _BELIEFS),
    "output": "a panel has output on tasks at the prices before AI, not the value of all of it",
    "human_capital": "human capital is observed with error only, and AI is part of output",
    "gini_assets": "the Gini of capital is one of all firms, not of the sample, and not a function of sums by firm",
    "gini_wage": "it is not a function of sums by firm; log_wage_variance is one",
    "between_firm_share": "take between_firm_variance and log_wage_variance",
}
"""Why the other moments are not estimated from a panel."""

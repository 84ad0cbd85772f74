"""Sums by firm that the moments of a panel are functions of, before and with AI.

Every moment is a smooth function of totals of such sums over firms, so that its influence function, and a bootstrap of
firms, follow from the sums alone.
"""

import dataclasses

import numpy as np

from aigini.panel.data import Panel
from aigini.panel.moments.windows import Windows

Sums = dict[str, np.ndarray]
"""Arrays by name, the first axis firms; axes of two are before and with AI."""


@dataclasses.dataclass(frozen=True)
class Cells:
    """Pairs of occupation and task.

    Attributes:
        code: Position of the cell of each row of the panel.
        occupation: Occupation of each cell, ``[cells]``.
        weight: Weight of the cell, summing to 1, ``[cells]``.
        occupation_weight: The same added over tasks, ``[occupations]``.
        usable: True for cells whose dispersion enters m1, ``[cells]``; None before that is known.
    """

    code: np.ndarray
    occupation: np.ndarray
    weight: np.ndarray
    occupation_weight: np.ndarray
    usable: np.ndarray | None = None


def cells_of(panel: Panel) -> Cells:
    """The cells of a panel, with the mean of the task weights in each, or equal weights without."""
    tasks = panel.count("task")
    codes, code = np.unique(panel["occupation"] * tasks + panel["task"], return_inverse=True)
    size = np.bincount(code)
    weight = np.ones(len(codes))
    if "task_weight" in panel:
        weight = np.bincount(code, panel["task_weight"]) / size
    weight = weight / weight.sum()
    occupation = codes // tasks
    return Cells(code, occupation, weight, np.bincount(occupation, weight, panel.count("occupation")))


def collected(panel: Panel, cells: Cells, windows: list[Windows], years: int, needs: frozenset[str]) -> Sums:
    """Sums of some windows, each with its weight.

    Args:
        panel: The panel.
        cells: Its cells.
        windows: The windows.
        years: Years of the horizon.
        needs: Names of the groups of sums that are asked for, keys of `GROUPS`.
    """
    total: Sums = {}
    for one in windows:
        for name in sorted(needs):
            for key, values in GROUPS[name](panel, cells, one, years).items():
                total[key] = total.get(key, 0.0) + one.weight * values
    return total


def _output(panel: Panel, cells: Cells, one: Windows, years: int) -> Sums:
    """Number and sum of outputs by cell, and squared deviations that errors of measurement do not enter.

    A worker's outputs on a task in odd and in even periods of a state have independent errors, and their deviations
    from the means of her colleagues in the same occupation and on the same task no part of the firm's AI. The sum of
    products of the two has the variance of human output times `degrees` as its mean.
    """
    del years
    n_firms, n_cells = panel.count("firm"), len(cells.weight)
    firm, cell = panel["firm"][one.rows], cells.code[one.rows]
    output, after = panel["output"][one.rows], (one.event >= 0).astype(np.int64)
    position = (firm * n_cells + cell) * 2 + after
    shape, size = (n_firms, n_cells, 2), n_firms * n_cells * 2
    # Rows are sorted by worker and task, so a unit and state are numbered by the unit of the panel.
    unit = np.unique(panel.unit[one.rows], return_inverse=True)[1] * 2 + after
    units = int(unit.max()) + 1 if len(unit) else 0
    odd = (panel["period"][one.rows] - panel.periods[0]) % 2
    counts = np.bincount(unit * 2 + odd, minlength=2 * units).reshape(units, 2)
    means = np.bincount(unit * 2 + odd, output, 2 * units).reshape(units, 2) / np.maximum(counts, 1)
    there = (counts > 0).all(axis=1)
    home = np.zeros(units, np.int64)
    home[unit] = position
    home, means = home[there], means[there]
    members = np.bincount(home, minlength=size)
    centre = [np.bincount(home, means[:, k], size) / np.maximum(members, 1) for k in (0, 1)]
    product = (means[:, 0] - centre[0][home]) * (means[:, 1] - centre[1][home])
    return {
        "output_n": np.bincount(position, minlength=size).reshape(shape).astype(float),
        "output": np.bincount(position, output, size).reshape(shape),
        "squares": np.bincount(home, product, size).reshape(shape),
        "degrees": np.maximum(members - 1, 0).reshape(shape).astype(float),
    }


def _edge_rows(panel: Panel, one: Windows, years: int) -> tuple[np.ndarray, np.ndarray]:
    """One row of each worker at either end of the window, and 0 or 1 for before and with AI."""
    at_end = np.flatnonzero(np.abs(one.event) == years)
    worker = panel["worker"][one.rows[at_end]] * 2 + (one.event[at_end] > 0)
    first = np.unique(worker, return_index=True)[1]
    rows = at_end[first]
    return one.rows[rows], (one.event[rows] > 0).astype(np.int64)


def _added(values: dict[str, np.ndarray], position: np.ndarray, shape: tuple[int, ...]) -> Sums:
    size = int(np.prod(shape))
    return {name: np.bincount(position, one, size).reshape(shape) for name, one in values.items()}


def _wages(panel: Panel, cells: Cells, one: Windows, years: int) -> Sums:
    """Sums and products of log wages and years of schooling, of both kinds together."""
    del cells
    rows, after = _edge_rows(panel, one, years)
    wage, schooling = panel["wage"][rows], panel["schooling"][rows]
    if "other_schooling" in panel:
        schooling = schooling + np.nan_to_num(panel["other_schooling"][rows])
    known = ~np.isnan(wage) & ~np.isnan(schooling)
    x, y = schooling[known], np.log(wage[known])
    shape = (panel.count("firm"), 2)
    position = panel["firm"][rows[known]] * 2 + after[known]
    sums = _added({"x": x, "y": y, "xx": x * x, "xy": x * y, "yy": y * y}, position, shape)
    count = np.bincount(position, minlength=shape[0] * 2).reshape(shape).astype(float)
    size = np.maximum(count, 1)
    return sums | {"n": count, "nn": count**2, "firms": (count > 0).astype(float), "means": sums["y"] ** 2 / size}


def _screening(panel: Panel, cells: Cells, one: Windows, years: int) -> Sums:
    """Sums and products of work samples and assessments by occupation."""
    del cells
    rows, after = _edge_rows(panel, one, years)
    sample, assessed = panel["work_sample"][rows], panel["assessed_human_capital"][rows]
    known = ~np.isnan(sample) & ~np.isnan(assessed)
    s, a, rows, after = sample[known], assessed[known], rows[known], after[known]
    shape = (panel.count("firm"), panel.count("occupation"), 2)
    position = (panel["firm"][rows] * shape[1] + panel["occupation"][rows]) * 2 + after
    one_each = np.ones(len(s))
    return _added({"sn": one_each, "s": s, "a": a, "ss": s * s, "sa": s * a, "aa": a * a}, position, shape)


def _requirements(panel: Panel, cells: Cells, one: Windows, years: int) -> Sums:
    """Number of firms' requirements of the credential by occupation, and of firms with workers in it."""
    del cells
    rows, after = _edge_rows(panel, one, years)
    required = panel["credential_required"][rows]
    known = ~np.isnan(required)
    shape = (panel.count("firm"), panel.count("occupation"), 2)
    position = (panel["firm"][rows[known]] * shape[1] + panel["occupation"][rows[known]]) * 2 + after[known]
    office, first = np.unique(position, return_index=True)
    values = required[known][first]
    return _added({"offices": np.ones(len(office)), "requiring": values}, office, shape)


def _assets(panel: Panel, cells: Cells, one: Windows, years: int) -> Sums:
    """Growth of log assets of the top and of the bottom third of firms by initial assets, over the horizon.

    Growth is less its mean at the border of the third, so that the error of the border has no first-order effect.
    """
    del cells
    n_firms, periods = panel.count("firm"), panel.periods
    table = np.full((n_firms, len(periods)), np.nan)
    table[panel["firm"], np.searchsorted(periods, panel["period"])] = np.log(panel["firm_assets"])

    def at(shift: int) -> np.ndarray:
        column = np.searchsorted(periods, one.firm_start + shift)
        there = (column < len(periods)) & (periods[np.minimum(column, len(periods) - 1)] == one.firm_start + shift)
        return np.where(there, table[one.firms, np.minimum(column, len(periods) - 1)], np.nan)

    names = ("asset_n", "top", "bottom", "top_border", "bottom_border")
    sums = {name: np.zeros((n_firms, 2)) for name in names}
    for state, (begin, end) in enumerate(((-years, 0), (0, years))):
        initial, growth = at(begin), at(end) - at(begin)
        known = ~np.isnan(growth)
        firms, initial, growth = one.firms[known], initial[known], growth[known]
        third = len(firms) // 3
        if third == 0:
            continue
        order = np.argsort(initial, kind="stable")
        slope = np.cov(initial, growth)[0, 1] / max(np.var(initial, ddof=1), 1e-300)
        sums["asset_n"][firms, state] = 1.0
        for name, some, border in (
            ("top", order[-third:], initial[order[-third]]),
            ("bottom", order[:third], initial[order[third - 1]]),
        ):
            level = growth.mean() + slope * (border - initial.mean())
            sums[name][firms[some], state] = (growth[some] - level) * len(firms) / third
            sums[f"{name}_border"][firms, state] = level
    return sums


GROUPS = {
    "output": _output,
    "wages": _wages,
    "screening": _screening,
    "requirements": _requirements,
    "assets": _assets,
}
"""Groups of sums by name."""

COLUMNS_OF = {
    "output": ("output",),
    "wages": ("wage", "schooling"),
    "screening": ("work_sample", "assessed_human_capital"),
    "requirements": ("credential_required",),
    "assets": ("firm_assets",),
}
"""Columns of the panel that each group needs beside those of every panel."""

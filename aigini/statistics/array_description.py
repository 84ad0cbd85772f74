"""Dimensions, units and coordinates of the arrays of `aigini.statistics.report.Distribution`, for files and figures."""

from typing import Any

from aigini.economy.tasks import TASK_NODES
from aigini.statistics import histogram
from aigini.statistics.report import SOURCES, Distribution


def _dimensions(kind: Any) -> tuple[str, ...]:
    """Names of the dimensions of an array, from its annotation; none of a scalar."""
    return tuple(getattr(kind, "dim_str", "").split())


ARRAY_DIMENSIONS = {name: _dimensions(kind) for name, kind in Distribution.__annotations__.items()}
"""Names of the dimensions of each array of `Distribution`."""

ARRAY_UNITS = {
    "task_price": "units of the final good per unit of the task",
    "human_return": "units of the final good per unit of human capital",
    "ai_return": "units of the final good per unit of effective AI",
    "diagnostic_variance": "squared log points",
    "total_masses": "workers, weighted as drawn",
    "wage_masses": "workers",
    "task_output_masses": "workers",
    "task_human": "units of the task per worker",
    "task_ai": "units of the task per worker",
    "task_output": "units of the task per worker",
    "lorenz_total": "shares, 0 to 1",
    "lorenz_wage": "shares, 0 to 1",
    "gini_by_occupation": "Gini, 0 to 1",
    "gini_by_assets": "Gini, 0 to 1",
    "income_by_source": "units of the final good per worker",
    "income_by_source_and_group": "units of the final good per worker",
    "asset_gini_path": "Gini, 0 to 1",
}
"""Unit of each array of `Distribution`."""

INCOME_GROUPS = ("bottom 50 %", "next 40 %", "next 9 %", "top 1 %")
"""Groups of total income, in the order of `Distribution.income_by_source_and_group`."""

COORDINATES = {
    "nodes": (histogram.LOG_NODES, "log of units of the final good, or of human capital"),
    "tasks": (TASK_NODES, "position of the task, 0 to 1"),
}
"""Values along dimensions of the arrays, with their unit."""

LABELS = {"two": ("share of workers", "share of income"), "sources": SOURCES, "income_groups": INCOME_GROUPS}
"""Words along dimensions of the arrays."""

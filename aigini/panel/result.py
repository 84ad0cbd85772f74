"""Result: the files of a simulated panel, and what it holds."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from aigini.panel.generator import Generator
from aigini.panel.settings import NUMBERS
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class PanelFiles(Tabular):
    """A simulated panel.

    Attributes:
        form: Format of the files.
        files: Number of files.
        rows: Number of rows.
        bytes: Their size.
        workers, firms, periods, tasks: Numbers of workers, firms and periods, and of tasks of each worker.
        horizon: Periods that every adopting firm is observed for, before and after adoption.
        cohorts: Firms by their period of adoption; those that never adopt under 0.
        assumed: Numbers of the section [panel].
        selection: Trait that selects into AI use.
        structure: AI of firms.
        rent_shares: Values of ξ.
        units: Units of the numbers.
    """

    form: str
    files: int
    rows: int
    bytes: int
    workers: int
    firms: int
    periods: int
    tasks: int
    horizon: int
    cohorts: Mapping[str, int]
    assumed: Mapping[str, int | float]
    selection: str
    structure: str
    rent_shares: tuple[float, ...]
    units: ClassVar[dict[str, str]] = {"bytes": "bytes", "rows": "rows", "horizon": "periods"}

    def table(self) -> Table:
        """Numbers that the panel assumes beyond the economy."""
        return Table(
            (
                Column("assumed", list(self.assumed)),
                Column("value", [f"{value:g}" for value in self.assumed.values()]),
                Column("meaning", [NUMBERS[name].meaning for name in self.assumed]),
            )
        )

    def __str__(self) -> str:
        never = self.cohorts.get("0", 0)
        rate = self.bytes / self.rows if self.rows else float("nan")
        shares = ", ".join(f"{xi:g}" for xi in self.rent_shares)
        selection = "no selection into AI use" if self.selection == "none" else f"selection on {self.selection}"
        return (
            f"{self.rows:,} rows: {self.workers:,} workers on {self.tasks} tasks each, {self.firms:,} firms,"
            f" {self.periods} periods.\n"
            f"{self.firms - never:,} firms adopt AI, {never:,} never do; {selection}; structure of AI:"
            f" {self.structure}; rent share {shares}.\n"
            f"{self.files} files ({self.form}), {self.bytes:,} bytes, {rate:.1f} a row.\n\n{self.table()}"
        )


def panel_files(panel: Generator, parts: list[dict[str, Any]]) -> PanelFiles:
    """The result of a panel whose parts are written."""
    settings = panel.settings
    starts, sizes = np.unique(panel.firms.start, return_counts=True)
    cohorts = {
        str(0 if start == settings.periods else int(start) + 1): int(size)
        for start, size in zip(starts, sizes, strict=True)
    }
    return PanelFiles(
        form=settings.form,
        files=len(parts),
        rows=sum(part["rows"] for part in parts),
        bytes=sum(part["bytes"] for part in parts),
        workers=settings.n_workers,
        firms=settings.n_firms,
        periods=settings.periods,
        tasks=settings.tasks,
        horizon=settings.horizon,
        cohorts=cohorts,
        assumed={name: getattr(settings, name) for name in NUMBERS},
        selection=settings.selection,
        structure=settings.structure,
        rent_shares=tuple(float(one.parameters.xi) for one in panel.states),
    )

"""A panel as arrays, sorted by worker, task and period: what every estimator takes."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from aigini.errors import DataError
from aigini.panel import validation
from aigini.panel.frames import Frame, pandas
from aigini.panel.schema import COLUMNS, IDENTIFIERS, STRUCTURES

NEVER = np.iinfo(np.int64).max
"""First period of AI use of those who never use it."""


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """A valid panel; rows are sorted by worker, task and period.

    Attributes:
        columns: Arrays of one length by name in the schema. Identifiers are codes from 0, int64; periods int64; AI
            structure the position in `aigini.panel.schema.STRUCTURES`, -1 where missing, int8; all else float64 with
            NaN where missing.
        labels: Labels of the codes of each identifier, in ascending order.
        limits: Reasons why the panel is too small or too one-sided for some estimates, a sentence each.
    """

    columns: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    limits: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> np.ndarray:
        self.require(name)
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(self.columns["worker"])

    def __str__(self) -> str:
        sizes = ", ".join(f"{len(self.labels[name])} {name}s" for name in IDENTIFIERS)
        kind = "balanced" if self.balanced else "not balanced"
        text = f"A panel of {len(self)} rows: {sizes}, {len(self.periods)} periods; {kind}."
        return "\n".join((text, *self.limits))

    def require(self, *names: str) -> None:
        """Refuse a panel without some columns.

        Raises:
            DataError: naming all that are missing.
        """
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise DataError(
                "\n".join(
                    f"panel: has no column {name} ({COLUMNS[name].meaning}), which is needed here; add it, or name the"
                    " column that holds it in a mapping."
                    for name in missing
                )
            )

    def count(self, name: str) -> int:
        """Number of workers, firms, occupations or tasks."""
        return len(self.labels[name])

    @functools.cached_property
    def periods(self) -> np.ndarray:
        """The periods, ascending."""
        return np.unique(self.columns["period"])

    @functools.cached_property
    def unit(self) -> np.ndarray:
        """Position of the pair of worker and task of each row, from 0, ascending."""
        worker, task = self.columns["worker"], self.columns["task"]
        begins = np.ones(len(worker), np.int64)
        begins[1:] = (worker[1:] != worker[:-1]) | (task[1:] != task[:-1])
        return np.cumsum(begins) - 1

    @functools.cached_property
    def balanced(self) -> bool:
        """True if every pair of worker and task that occurs is there in every period."""
        return len(self) == 0 or len(self) == (int(self.unit[-1]) + 1) * len(self.periods)

    @functools.cached_property
    def first_use(self) -> np.ndarray:
        """First period in which the worker of the row uses AI on its task, `NEVER` without, per row."""
        start = np.full(int(self.unit[-1]) + 1 if len(self) else 0, NEVER)
        use = self.columns["ai_use"] == 1
        np.minimum.at(start, self.unit[use], self.columns["period"][use])
        return start[self.unit]

    @functools.cached_property
    def firm_start(self) -> np.ndarray:
        """First period in which anybody in the firm uses AI, `NEVER` without, ``[firms]``."""
        start = np.full(self.count("firm"), NEVER)
        use = self.columns["ai_use"] == 1
        np.minimum.at(start, self.columns["firm"][use], self.columns["period"][use])
        return start

    def to_frame(self) -> Frame:
        """The panel as a `pandas.DataFrame` with the labels of identifiers.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        data = {}
        for name, values in self.columns.items():
            if name in self.labels:
                data[name] = self.labels[name][values]
            elif name == "ai_structure":
                data[name] = np.asarray([*STRUCTURES, None], object)[values]
            else:
                data[name] = values
        return pandas().DataFrame(data)


def panel_of(frame: Frame, mapping: Mapping[str, str] | None = None) -> Panel:
    """A data frame as a panel, if it is one.

    Args:
        frame: A `pandas.DataFrame` with a row for each worker, task and period, in any order.
        mapping: Name of the column in the frame by name in the schema, where they differ.

    Raises:
        DataError: listing every mistake, a sentence each.
        MissingExtraError: if pandas is not installed.
    """
    mistakes: list[str] = []
    given = validation.mapped(frame, mapping, mistakes)
    columns, labels = {}, {}
    for name, column in given.items():
        if name in IDENTIFIERS:
            columns[name], labels[name] = validation.identifiers(name, column, mistakes)
        else:
            columns[name] = validation.numbers(COLUMNS[name], column, mistakes)
    if not len(frame):
        mistakes.append("the table has no rows; give one with a row for each worker, task and period.")
    if all(name in columns for name in validation.KEY) and len(frame):
        by = validation.order(columns)
        if by is not None:
            columns = {name: values[by] for name, values in columns.items()}
        mistakes += validation.row_mistakes(columns, labels)
    if mistakes:
        raise DataError("\n".join(f"panel: {line}" for line in mistakes))
    return Panel(columns, labels, tuple(validation.limits(columns, labels)))

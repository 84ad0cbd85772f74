"""Columns of a panel of workers, tasks and periods: type, unit, meaning and allowed values of each.

A panel has a row for each worker, task and period. Columns that describe a worker, or a firm, in a period repeat over
tasks. Simulated and real panels have the same columns, and are checked against the same schema
(`aigini.panel.validation`).
"""

import dataclasses
from typing import Literal

from aigini.tables import Column, Table

Kind = Literal["identifier", "whole", "flag", "number", "text"]
"""An identifier is a whole number or a text, ``whole`` a whole number, ``flag`` 0 or 1."""

Level = Literal["row", "worker", "firm", "office"]
"""Rows over which a column is constant: none, those of a worker in a period, of a firm in a period, or of a firm and
occupation in a period."""


@dataclasses.dataclass(frozen=True)
class ColumnSpec:
    """One column of a panel.

    Attributes:
        name: Its name.
        kind: Its type.
        unit: Unit of its values.
        meaning: One line in words.
        required: True if no panel is without it; any other column may be left out, and what needs it says so.
        nullable: True if single values may be missing.
        lower: Smallest value; None if there is none.
        upper: Largest value; None if there is none.
        positive: True if values must be above 0.
        values: Allowed texts; empty if any is.
        level: Rows over which it is constant.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    required: bool = False
    nullable: bool = False
    lower: float | None = None
    upper: float | None = None
    positive: bool = False
    values: tuple[str, ...] = ()
    level: Level = "row"

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.values:
            return " or ".join(self.values)
        if self.kind == "identifier":
            return "whole numbers or texts"
        if self.kind == "flag":
            return "0 or 1"
        what = "whole numbers" if self.kind == "whole" else "finite numbers"
        if self.positive:
            return f"{what} above 0"
        if self.lower is not None and self.upper is not None:
            return f"{what} from {self.lower:g} to {self.upper:g}"
        return what if self.lower is None else f"{what} of at least {self.lower:g}"


_GOOD = "units of the final good"

COLUMNS: dict[str, ColumnSpec] = {
    spec.name: spec
    for spec in (
        ColumnSpec("worker", "identifier", "identifier", "the worker", required=True),
        ColumnSpec("firm", "identifier", "identifier", "her employer in the period", required=True, level="worker"),
        ColumnSpec(
            "occupation", "identifier", "identifier", "her occupation in the period", required=True, level="worker"
        ),
        ColumnSpec("task", "identifier", "identifier", "the task", required=True),
        ColumnSpec("period", "whole", "periods", "the period; one apart are consecutive", required=True),
        ColumnSpec(
            "ai_use",
            "flag",
            "indicator",
            "1 if she uses AI on the task in the period; never 0 after it was 1",
            required=True,
        ),
        ColumnSpec(
            "output", "number", _GOOD, "output on the task in the period, as measured", required=True, positive=True
        ),
        ColumnSpec(
            "task_weight",
            "number",
            "weight",
            "weight of the task among tasks that AI reaches; the same for all tasks where it is left out",
            lower=0.0,
        ),
        ColumnSpec("ability_proxy", "number", "log points", "log ability, measured with error", nullable=True),
        ColumnSpec(
            "schooling",
            "number",
            "years",
            "schooling that can be codified, and so substituted by AI",
            nullable=True,
            lower=0.0,
            level="worker",
        ),
        ColumnSpec(
            "other_schooling",
            "number",
            "years",
            "other schooling; 0 where there is none",
            nullable=True,
            lower=0.0,
            level="worker",
        ),
        ColumnSpec("credential", "flag", "indicator", "1 if she holds the credential", nullable=True, level="worker"),
        ColumnSpec(
            "credential_required",
            "flag",
            "indicator",
            "1 if the firm requires the credential in the occupation",
            nullable=True,
            level="office",
        ),
        ColumnSpec(
            "work_sample",
            "number",
            "log points",
            "score of her work sample, with AI where she uses it",
            nullable=True,
            level="worker",
        ),
        ColumnSpec(
            "assessment",
            "flag",
            "indicator",
            "1 if the employer assessed her with the work sample in the period",
            nullable=True,
            level="worker",
        ),
        ColumnSpec(
            "assessed_human_capital",
            "number",
            "log points",
            "log human capital as the employer assesses it; missing where it is not assessed",
            nullable=True,
            level="worker",
        ),
        ColumnSpec(
            "hired",
            "flag",
            "indicator",
            "1 if the employer would hire her on this record",
            nullable=True,
            level="worker",
        ),
        ColumnSpec("wage", "number", f"{_GOOD} per period", "her wage", nullable=True, positive=True, level="worker"),
        ColumnSpec(
            "firm_assets",
            "number",
            "multiple of the median firm",
            "complementary assets of the firm",
            nullable=True,
            positive=True,
            level="firm",
        ),
        ColumnSpec(
            "ai_structure",
            "text",
            "category",
            "AI of the firm: bought by all alike, or its own; also before it adopts",
            nullable=True,
            values=("commodity", "proprietary"),
            level="firm",
        ),
        ColumnSpec(
            "rent_share",
            "number",
            "share",
            "share of quasi-rents that the firm's workers receive",
            nullable=True,
            lower=0.0,
            upper=1.0,
            level="firm",
        ),
    )
}
"""All columns of a panel, by name, in the order of files."""

KEY = ("worker", "task", "period")
"""Columns that identify a row, in the order by which rows are sorted."""

IDENTIFIERS = ("worker", "firm", "occupation", "task")

STRUCTURES = COLUMNS["ai_structure"].values


def data_dictionary() -> Table:
    """The data dictionary: a row for each column of a panel."""
    every = list(COLUMNS.values())
    return Table(
        (
            Column("name", [spec.name for spec in every]),
            Column("type", [spec.kind for spec in every]),
            Column("unit", [spec.unit for spec in every]),
            Column("meaning", [spec.meaning for spec in every]),
            Column("allowed values", [spec.allowed for spec in every]),
            Column("in every panel", ["yes" if spec.required else "no" for spec in every]),
            Column("may be missing", ["yes" if spec.nullable else "no" for spec in every]),
            Column("the same within", [_WITHIN[spec.level] for spec in every]),
        )
    )


_WITHIN: dict[Level, str] = {
    "row": "-",
    "worker": "worker and period",
    "firm": "firm and period",
    "office": "firm, occupation and period",
}
"""The rows over which a column is constant, in words."""

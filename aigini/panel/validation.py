"""Checks of a data frame against the schema of panels: every problem at once, a sentence each.

A column of the frame first becomes an array of the type of the schema. What makes a frame no panel is a mistake; what
a panel is too small or too one-sided for is a limit, which estimators that it concerns refuse.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from aigini.errors import unknown_name
from aigini.panel.frames import Frame, pandas
from aigini.panel.schema import COLUMNS, IDENTIFIERS, KEY, ColumnSpec

_EXACT = 2.0**53  # whole numbers up to here are exact in float64


def mapped(frame: Frame, mapping: Mapping[str, str] | None, mistakes: list[str]) -> dict[str, Any]:
    """Columns of the frame by their names in the schema.

    Args:
        frame: A `pandas.DataFrame`; columns that the schema does not know are left alone.
        mapping: Name in the frame by name in the schema; a name that is not mapped is the same in both.
        mistakes: Sentences are added here.
    """
    own = dict(mapping or {})
    mistakes += [f"mapping: {unknown_name(name, list(COLUMNS))}" for name in own if name not in COLUMNS]
    if repeated := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        mistakes.append(f"the table has the columns {', '.join(repeated)} more than once; keep one of each.")
    columns = {}
    for name, spec in COLUMNS.items():
        source = own.get(name, name)
        if source in frame.columns:
            column = frame[source]
            columns[name] = column if column.ndim == 1 else column.iloc[:, 0]
        elif name in own:
            mistakes.append(
                f"mapping: {name} is to be read from {source!r}, which is no column of the table; correct it."
            )
        elif spec.required:
            mistakes.append(
                f"{name}: the column is missing ({spec.meaning}); add it, or name the column that holds it in a"
                " mapping."
            )
    return columns


def identifiers(name: str, column: Any, mistakes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Codes from 0 in ascending order of the labels, and the labels."""
    pd = pandas()
    if missing := int(column.isna().sum()):
        mistakes.append(f"{name}: {_rows(missing)} without a value{_first(column.isna())}; fill it in or drop the row.")
        column = column.fillna(column.dropna().iloc[0] if column.notna().any() else 0)
    values = column.to_numpy()
    if values.dtype.kind == "f" and np.all(values == np.round(values)) and np.all(np.abs(values) < _EXACT):
        values = values.astype(np.int64)
    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < max(4 * len(values), 1024):  # a table of all values in between is faster than sorting
            present = np.zeros(high - low + 1, bool)
            present[values - low] = True
            labels = np.flatnonzero(present)
            codes = np.cumsum(present) - 1
            return codes[values - low].astype(np.int64), (labels + low).astype(np.int64)
    if values.dtype.kind == "O":
        values = column.astype(str).to_numpy()
    codes, labels = pd.factorize(values, sort=True)
    return codes.astype(np.int64), np.asarray(labels)


def numbers(spec: ColumnSpec, column: Any, mistakes: list[str]) -> np.ndarray:
    """Values of a column that is no identifier: int64 for a ``whole``, float64 with NaN where missing otherwise."""
    if spec.kind == "text":
        return _texts(spec, column, mistakes)
    pd = pandas()
    given = column.map({True: 1, False: 0, "True": 1, "False": 0, "true": 1, "false": 0}) if _truths(column) else column
    values = pd.to_numeric(given, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    missing = column.isna().to_numpy(bool)
    unread = np.isnan(values) & ~missing
    _report(spec, unread, column, "is no number", mistakes)
    if not spec.nullable:
        _report(spec, missing, column, "without a value", mistakes)
    known = ~np.isnan(values)
    _report(spec, np.isinf(values), column, "is not finite", mistakes)
    if spec.kind == "flag":
        _report(spec, known & (values != 0) & (values != 1), column, "is neither 0 nor 1", mistakes)
    if spec.kind == "whole":
        whole = known & ((values != np.round(values)) | (np.abs(values) >= _EXACT))
        _report(spec, whole & np.isfinite(values), column, "is no whole number", mistakes)
        return np.where(known & np.isfinite(values), values, 0).astype(np.int64)
    if spec.positive:
        _report(spec, known & (values <= 0), column, "is not above 0", mistakes)
    if spec.lower is not None:
        _report(spec, known & (values < spec.lower), column, f"is below {spec.lower:g}", mistakes)
    if spec.upper is not None:
        _report(spec, known & (values > spec.upper), column, f"is above {spec.upper:g}", mistakes)
    return values


def order(columns: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Positions of the rows by worker, task and period; None if the rows are sorted."""
    worker, task, period = (columns[name] for name in KEY)
    span = int(np.ptp(period)) + 1 if len(period) else 1
    tasks = int(task.max()) + 1 if len(task) else 1
    workers = int(worker.max()) + 1 if len(worker) else 1
    if workers * tasks * span < 2**62:
        single = (worker * tasks + task) * span + (period - (period.min() if len(period) else 0))
        return None if np.all(single[1:] >= single[:-1]) else np.argsort(single, kind="stable")
    return np.lexsort((period, task, worker))


def row_mistakes(columns: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray]) -> list[str]:
    """Mistakes of sorted rows taken together: duplicates, AI use that stops, and columns that are not constant."""
    mistakes: list[str] = []
    worker, task, period = (columns[name] for name in KEY)

    def where(row: int) -> str:
        return f"worker {labels['worker'][worker[row]]}, task {labels['task'][task[row]]}, period {int(period[row])}"

    same = (worker[1:] == worker[:-1]) & (task[1:] == task[:-1])
    repeated = same & (period[1:] == period[:-1])
    if count := int(repeated.sum()):
        mistakes.append(
            f"{_rows(count)} repeated for a worker, task and period that is there before, first"
            f" {where(int(repeated.argmax()) + 1)}; keep one row for each."
        )
    if "ai_use" in columns:
        ended = same & ~repeated & (columns["ai_use"][1:] < columns["ai_use"][:-1])
        if count := int(ended.sum()):
            mistakes.append(
                f"ai_use: goes from 1 to 0 in {_rows(count)}, first {where(int(ended.argmax()) + 1)}; AI use must last"
                " once it has begun, so leave these workers out or code the start alone."
            )
    groups = {"worker": ("worker",), "firm": ("firm",), "office": ("firm", "occupation")}
    for level, names in groups.items():
        constant = [name for name in columns if COLUMNS[name].level == level and name not in names]
        if not constant or any(name not in columns for name in names):
            continue
        code = _joint([columns[name] for name in names], period)
        first = _first_rows(code)
        for name in constant:
            values = columns[name]
            differs = values != values[first]
            if values.dtype.kind == "f":
                differs &= ~(np.isnan(values) & np.isnan(values[first]))
            if count := int(differs.sum()):
                mistakes.append(
                    f"{name}: differs within one {' and '.join(names)} and period in {_rows(count)}, first"
                    f" {where(int(differs.argmax()))}; give one value for all of them."
                )
    return mistakes


def limits(columns: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray]) -> list[str]:
    """Reasons why a valid panel is too small or too one-sided for some estimates, a sentence each."""
    firm, period, use = columns["firm"], columns["period"], columns["ai_use"] == 1
    sentences = []
    if len(labels["firm"]) < 2:
        sentences.append("the panel has one firm, so that nothing can be said about errors that are clustered by firm.")
    if len(np.unique(period)) < 2:
        sentences.append("the panel has one period, so that no change can be measured.")
    never = np.iinfo(np.int64).max
    start = np.full(len(labels["firm"]), never)
    np.minimum.at(start, firm[use], period[use])
    if not use.any():
        sentences.append("nobody uses AI in the panel, so that it says nothing about the effect of AI.")
        return sentences
    if (start != never).all():
        sentences.append("the panel has no firm that never uses AI, so that there is no never-treated group.")
    if len(period) and (start <= period.min()).any():
        sentences.append(
            f"{int((start <= period.min()).sum())} firms use AI in the first period, so that nothing is known of them"
            " before."
        )
    cohorts, sizes = np.unique(start[start != never], return_counts=True)
    alone = [str(int(cohort)) for cohort, size in zip(cohorts, sizes, strict=True) if size == 1]
    if alone:
        sentences.append(
            f"the cohorts that start in period {', '.join(alone)} are one firm each, so that their effects have no"
            " standard error of their own."
        )
    return sentences


def identifier_names(columns: Mapping[str, Any]) -> list[str]:
    """Names of the identifiers that are there."""
    return [name for name in IDENTIFIERS if name in columns]


def _texts(spec: ColumnSpec, column: Any, mistakes: list[str]) -> np.ndarray:
    """Positions among the allowed texts, -1 where missing."""
    pd = pandas()
    codes, labels = pd.factorize(column)
    known = [spec.values.index(label) if label in spec.values else -1 for label in labels]
    values = np.asarray([*known, -1], np.int8)[codes]
    _report(spec, (values < 0) & column.notna().to_numpy(bool), column, f"is not {spec.allowed}", mistakes)
    if not spec.nullable:
        _report(spec, column.isna().to_numpy(bool), column, "without a value", mistakes)
    return values


def _truths(column: Any) -> bool:
    if column.dtype.kind == "b":
        return True
    return column.dtype.kind not in "iuf" and bool(
        column.dropna().astype(str).str.lower().isin(["true", "false"]).any()
    )


def _report(spec: ColumnSpec, wrong: np.ndarray, column: Any, words: str, mistakes: list[str]) -> None:
    if not wrong.any():
        return
    at = int(wrong.argmax())
    shown = "" if words.startswith("without") else f" ({column.iloc[at]})"
    verb = words if words.startswith("without") else f"whose value {words}"
    mistakes.append(
        f"{spec.name}: {_rows(int(wrong.sum()))} {verb}{_first(wrong)}{shown}; expected {spec.allowed}"
        f" ({spec.meaning})."
    )


def _first(wrong: Any) -> str:
    return f", first in row {int(np.asarray(wrong).argmax()) + 1}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _joint(parts: list[np.ndarray], period: np.ndarray) -> np.ndarray:
    code = period - (period.min() if len(period) else 0)
    for part in parts:
        code = code * (int(part.max()) + 1 if len(part) else 1) + part
    return code


def _first_rows(code: np.ndarray) -> np.ndarray:
    """For each row, the first row of its group."""
    if not len(code):
        return code
    size = int(code.max()) + 1
    if size <= max(8 * len(code), 1024):
        first = np.full(size, len(code), np.int64)
        np.minimum.at(first, code, np.arange(len(code)))
        return first[code]
    _, index, inverse = np.unique(code, return_index=True, return_inverse=True)
    return index[inverse]

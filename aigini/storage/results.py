"""Results in a run folder: ``NAME.json``, and ``NAME.nc`` where arrays are kept beside it."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cattrs

from aigini.bayes.result import Posterior
from aigini.errors import OutputError
from aigini.statistics.array_description import ARRAY_DIMENSIONS, ARRAY_UNITS, COORDINATES, LABELS
from aigini.statistics.simulation_result import Simulation
from aigini.storage.converter import converter
from aigini.storage.draws import draws_writer, load_draws
from aigini.storage.folder import (
    SCHEMA,
    as_python,
    identity,
    json_writer,
    require_same_run,
    require_schema,
    write_atomically,
    write_together,
)
from aigini.storage.netcdf import Described, array_writer, read_arrays
from aigini.tables import Tabular

_OWN = ("schema", "run", "not_finite")
"""Entries of every file beside the fields of its result."""

_DESCRIBED = Described(ARRAY_DIMENSIONS, ARRAY_UNITS, COORDINATES, LABELS)


def save(folder: Path, name: str, result: Any, run: Mapping[str, Any]) -> Path:
    """Write a result: its fields, their ``units`` as its class has them, and `run`, the record of the run.

    Fields that hold numbers which are not finite, null in the file, are listed under ``not_finite``.

    Raises:
        OutputError: if a file cannot be written, or the result has a field that every file has in another meaning or
            that holds what JSON cannot.
    """
    content = converter.unstructure(result)
    if taken := [key for key in _OWN if key in content]:
        raise OutputError(f"{name}.json: every result file has {', '.join(taken)} already; rename that field.")
    if hasattr(result, "units"):
        content["units"] = result.units
    if lost := not_finite(result):
        content["not_finite"] = lost
    writes = {folder / f"{name}.json": json_writer({"schema": SCHEMA, **content, "run": run})}
    if isinstance(result, Simulation):
        groups = {
            "before": result.before_arrays,
            "after": result.after_arrays,
            "error": result.change_se_arrays,
        }
        writes = {folder / f"{name}.nc": array_writer(groups, identity(run), _DESCRIBED), **writes}
    if isinstance(result, Posterior):
        writes = {folder / f"{name}.nc": draws_writer(result, run), **writes}
    return write_together(writes)


def save_table(folder: Path, name: str, result: Tabular) -> Path:
    """Write the table of a result as ``NAME.csv``, with the columns of its data frame.

    Raises:
        OutputError: if the file cannot be written.
    """
    columns = result.table().values()

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(columns)
            lines.writerows(zip(*columns.values(), strict=True))

    return write_atomically(folder / f"{name}.csv", write)


def load(folder: Path, name: str, kind: type) -> Any:
    """Read what `save` wrote.

    Args:
        folder: Run folder.
        name: Name of the file without its ending.
        kind: Class of the result.

    Raises:
        OutputError: if a file is missing or damaged.
    """
    path = folder / f"{name}.json"
    content = read(path)
    try:
        run = content["run"]
        if kind is Simulation:
            content |= _arrays(folder / f"{name}.nc", path, run)
        if kind is Posterior:
            content["draws"] = load_draws(folder / f"{name}.nc", tuple(content["priors"]), run)
        return converter.structure(content, kind)
    except cattrs.BaseValidationError as error:
        raise _unreadable(path, "; ".join(cattrs.transform_error(error))) from None
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None


def read(path: Path) -> dict[str, Any]:
    """The content of a result's JSON file.

    Raises:
        OutputError: if it is missing, damaged, or of a later version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    require_schema(path, content)
    return content


def not_finite(result: Any) -> list[str]:
    """Names of the fields of a result, and of fields in them, that hold numbers which are not finite."""
    return list(dict.fromkeys(_not_finite(converter.unstructure(result), "")))


def _not_finite(plain: Any, where: str) -> Iterator[str]:
    plain = as_python(plain)
    if isinstance(plain, Mapping):
        for key, value in plain.items():
            yield from _not_finite(value, f"{where}.{key}" if where else str(key))
    elif isinstance(plain, (list, tuple)):
        for value in plain:
            yield from _not_finite(value, where)
    elif isinstance(plain, float) and not math.isfinite(plain):
        yield where


def _arrays(path: Path, beside: Path, run: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a simulation, by its fields."""
    try:
        groups, marks = read_arrays(path)
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None
    require_same_run(path, marks, beside, run)
    return {
        "before_arrays": groups["before"],
        "after_arrays": groups["after"],
        "change_se_arrays": groups.get("error", {}),
    }


def _unreadable(path: Path, error: object) -> OutputError:
    return OutputError(f"{path}: is not a readable result ({error}); run the command that writes it again.")

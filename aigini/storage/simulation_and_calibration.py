"""Results on disk: written by the commands, read back to draw figures again."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigini.errors import OutputError
from aigini.estimation.result import Calibration, StartResult, Status, Target, Trace
from aigini.statistics.catalogue import MOMENT_NAMES
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.report import STATISTIC_UNITS, Distribution
from aigini.statistics.simulation import Simulation
from aigini.storage.folder import (
    SCHEMA,
    array_writer,
    identity,
    json_writer,
    read_arrays_and_attributes,
    require_same_run,
    require_schema,
    write_json,
    write_together,
)
from aigini.storage.units import units_of_calibration, units_of_simulation


def save_simulation(folder: Path, simulation: Simulation, run: Mapping[str, Any], name: str = "simulate") -> Path:
    """Write ``name.json`` (params, before, after, moments, their errors and units, run) and ``name.nc`` (arrays)."""
    arrays = {
        "before": simulation.before_arrays,
        "after": simulation.after_arrays,
        "error": simulation.change_se_arrays,
    }
    content = json_writer(
        {
            "schema": SCHEMA,
            "params": simulation.params,
            "before": simulation.before,
            "after": simulation.after,
            "moments": simulation.moments,
            "simulation_se": simulation.simulation_se,
            "change_se": simulation.change_se,
            "income": simulation.income,
            "n_workers": simulation.n_workers,
            "regime": simulation.regime.as_dict(),
            "gini_resolution": GINI_RESOLUTION,
            "below_resolution": simulation.below_resolution,
            "units": units_of_simulation(simulation.income),
            "run": run,
        }
    )
    return write_together(
        {folder / f"{name}.nc": array_writer(arrays, identity(run)), folder / f"{name}.json": content}
    )


def load_simulation(folder: Path, name: str = "simulate") -> Simulation:
    """Read what `save_simulation` wrote.

    Raises:
        OutputError: if the files are missing or damaged.
    """
    path, beside = folder / f"{name}.json", folder / f"{name}.nc"
    content = _read(path)
    try:
        arrays, marks = read_arrays_and_attributes(beside)
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise _damaged(beside, error) from None
    try:
        require_same_run(beside, marks, path, content["run"])
        for state in ("before", "after"):
            _require_names(path, state, content[state], list(STATISTIC_UNITS))
            _require_names(beside, state, arrays[state], Distribution)
        _require_names(path, "moments", content["moments"], MOMENT_NAMES)
        return Simulation(
            params=content["params"],
            moments=content["moments"],
            before=content["before"],
            after=content["after"],
            before_arrays=arrays["before"],
            after_arrays=arrays["after"],
            income=content["income"],
            n_workers=content["n_workers"],
            simulation_se=content["simulation_se"],
            change_se=content["change_se"],
            change_se_arrays=arrays.get("error", {}),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _damaged(path, error) from None


def _require_names(path: Path, part: str, values: Any, wanted: type | Sequence[str]) -> None:
    """Refuse a part of a result in which something is missing or is not a number.

    Raises:
        ValueError: naming what is missing.
    """
    names = [field.name for field in dataclasses.fields(wanted)] if isinstance(wanted, type) else wanted
    missing = [name for name in names if name not in values]
    if missing:
        raise ValueError(f"{part} lacks {', '.join(missing)}")
    wrong = [name for name in names if not isinstance(values[name], (int, float, np.ndarray, type(None)))]
    if wrong:
        raise ValueError(f"{part} holds no number for {', '.join(wrong)}")


def save_calibration(folder: Path, calibration: Calibration, run: Mapping[str, Any]) -> Path:
    """Write ``calibration.json``."""
    content = {
        "schema": SCHEMA,
        **{
            field.name: getattr(calibration, field.name)
            for field in dataclasses.fields(Calibration)
            if field.name not in ("jacobian", "status", "starts", "trace", "targets", "config")
        },
        "targets": {name: dataclasses.asdict(target) for name, target in calibration.targets.items()},
        "jacobian": {
            "moments": list(calibration.targets),
            "parameters": list(calibration.free),
            "values": calibration.jacobian,
        },
        "status": {"name": calibration.status.name, "message": calibration.message},
        "starts": [dataclasses.asdict(start) for start in calibration.starts],
        "trace": dataclasses.asdict(calibration.trace),
        "overidentification": calibration.overidentification,
        "units": units_of_calibration(calibration),
        "run": run,
    }
    return write_json(folder / "calibration.json", content)


def load_calibration(folder: Path) -> Calibration:
    """Read what `save_calibration` wrote.

    Raises:
        OutputError: if the file is missing or damaged.
    """
    path = folder / "calibration.json"
    content = _read(path)
    lacking = [field.name for field in dataclasses.fields(Calibration) if field.name not in (*content, "config")]
    if lacking:
        raise OutputError(
            f"{path}: lacks {', '.join(lacking)}, so another version of aigini wrote it; run the command that writes it"
            " again."
        )
    try:
        plain = {
            field.name: content[field.name]
            for field in dataclasses.fields(Calibration)
            if field.name not in ("jacobian", "status", "starts", "trace", "targets", "config")
        }
        trace = content["trace"]
        return Calibration(
            **plain
            | {
                "config": content.get("run", {}).get("config", {}),
                "free": tuple(content["free"]),
                "weighting": np.array(content["weighting"]),
                "singular_values": np.array(content["singular_values"]),
                "targets": {name: Target(**target) for name, target in content["targets"].items()},
                "jacobian": np.array(content["jacobian"]["values"]),
                "status": Status[content["status"]["name"]],
                "starts": [
                    StartResult(**{**start, "objective": _number(start["objective"])}) for start in content["starts"]
                ],
                "remaining_step": _number(content["remaining_step"]),
                "at_bound": {name: _number(bound) for name, bound in content["at_bound"].items()},
                "trace": Trace(
                    stage=trace["stage"],
                    iteration=trace["iteration"],
                    objective=np.array([[_number(value) for value in row] for row in trace["objective"]]),
                ),
            }
        )
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise _damaged(path, error) from None


def _number(value: float | None) -> float:
    """The number behind a null: JSON has no infinity, and objectives and upper bounds may be infinite."""
    return math.inf if value is None else float(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
        require_schema(path, content)
        return content
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OutputError:
    return OutputError(f"{path}: is not a readable result ({error}); run the command that writes it again.")

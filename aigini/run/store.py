"""Results on disk: written by the commands, read back to draw figures again."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigini.errors import OutputError
from aigini.estimation.result import Calibration, StartResult, Status, Target, Trace
from aigini.measures.histogram import GINI_RESOLUTION
from aigini.moments.simulation import Simulation
from aigini.run.folder import read_arrays, write_arrays, write_json
from aigini.run.units import units_of_calibration, units_of_simulation


def save_simulation(folder: Path, simulation: Simulation, run: Mapping[str, Any], name: str = "simulate") -> Path:
    """Write ``name.json`` (params, before, after, moments, their errors and units, run) and ``name.nc`` (arrays)."""
    write_arrays(
        folder / f"{name}.nc",
        {
            "before": simulation.before_arrays,
            "after": simulation.after_arrays,
            "error": simulation.change_se_arrays,
        },
    )
    return write_json(
        folder / f"{name}.json",
        {
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
        },
    )


def load_simulation(folder: Path, name: str = "simulate") -> Simulation:
    """Read what `save_simulation` wrote.

    Raises:
        OutputError: if the files are missing or damaged.
    """
    content = _read(folder / f"{name}.json")
    try:
        arrays = read_arrays(folder / f"{name}.nc")
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
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise _damaged(folder / f"{name}.nc", error) from None


def save_calibration(folder: Path, calibration: Calibration, run: Mapping[str, Any]) -> Path:
    """Write ``calibration.json``."""
    content = {
        **{
            field.name: getattr(calibration, field.name)
            for field in dataclasses.fields(Calibration)
            if field.name not in ("jacobian", "status", "starts", "trace", "targets")
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
    try:
        plain = {
            field.name: content[field.name]
            for field in dataclasses.fields(Calibration)
            if field.name not in ("jacobian", "status", "starts", "trace", "targets")
        }
        trace = content["trace"]
        return Calibration(
            **plain
            | {
                "free": tuple(content["free"]),
                "weighting": np.array(content["weighting"]),
                "singular_values": np.array(content["singular_values"]),
                "targets": {name: Target(**target) for name, target in content["targets"].items()},
                "jacobian": np.array(content["jacobian"]["values"]),
                "status": Status[content["status"]["name"]],
                "starts": [
                    StartResult(**{**start, "objective": _number(start["objective"])}) for start in content["starts"]
                ],
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
        return content
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OutputError:
    return OutputError(f"{path}: is not a readable result ({error}); run the command that writes it again.")

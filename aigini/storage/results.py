"""Results in a run folder: ``NAME.json``, and ``NAME.nc`` where arrays are kept beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigini.bench.scaling import Scaling
from aigini.estimation.result import Calibration
from aigini.statistics.simulation import Simulation
from aigini.storage import analyses, measured
from aigini.storage import simulation_and_calibration as economies


def save(folder: Path, name: str, result: Any, run: Mapping[str, Any]) -> Path:
    """Write a result, with the record of its run."""
    if isinstance(result, Simulation):
        return economies.save_simulation(folder, result, run, name)
    if isinstance(result, Calibration):
        return economies.save_calibration(folder, result, run)
    if isinstance(result, Scaling):
        return measured.save_scaling(folder, result, run)
    return analyses.save_study(folder, name, result, run)


def load(folder: Path, name: str, kind: type) -> Any:
    """Read what `save` wrote.

    Args:
        folder: Run folder.
        name: Name of the file without its ending.
        kind: Class of the result.

    Raises:
        OutputError: if a file is missing or damaged.
    """
    if kind is Simulation:
        return economies.load_simulation(folder, name)
    if kind is Calibration:
        return economies.load_calibration(folder)
    return analyses.load_study(folder, name, kind)

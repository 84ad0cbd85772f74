"""Figures of a simulation and of a calibration, written as PNG files."""

from pathlib import Path

from aigini.estimation.result import Calibration
from aigini.figures.distribution import lorenz_curves, task_output_density, wage_density
from aigini.figures.fit import moment_fit, objective_trace
from aigini.figures.inequality import asset_concentration, decomposition, gini_changes, where_income_goes
from aigini.figures.style import save
from aigini.moments.simulation import Simulation

__all__ = [
    "asset_concentration",
    "decomposition",
    "draw_calibration",
    "draw_simulation",
    "gini_changes",
    "lorenz_curves",
    "moment_fit",
    "objective_trace",
    "save",
    "task_output_density",
    "wage_density",
    "where_income_goes",
]

_OF_SIMULATION = (
    task_output_density,
    wage_density,
    lorenz_curves,
    gini_changes,
    where_income_goes,
    asset_concentration,
    decomposition,
)
_OF_CALIBRATION = (moment_fit, objective_trace)


def draw_simulation(simulation: Simulation, folder: str | Path) -> list[Path]:
    """Draw every figure of a simulation into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(simulation), folder, draw.__name__) for draw in _OF_SIMULATION]


def draw_calibration(calibration: Calibration, folder: str | Path) -> list[Path]:
    """Draw every figure of a calibration into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(calibration), folder, draw.__name__) for draw in _OF_CALIBRATION]

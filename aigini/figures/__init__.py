"""Figures of a simulation, of a calibration and of analyses, written as PNG files."""

from collections.abc import Sequence
from pathlib import Path

from aigini.analysis.channels import ChannelDecomposition
from aigini.analysis.decomposition import Decomposition
from aigini.analysis.distance import Distance
from aigini.analysis.policy import Policy
from aigini.analysis.regimes import RegimeMap
from aigini.analysis.sign import Sign
from aigini.estimation.result import Calibration
from aigini.figures import regimes
from aigini.figures.channels import channel_orders, waterfall
from aigini.figures.distribution import lorenz_curves, task_output_density, wage_density
from aigini.figures.fit import moment_fit, objective_trace
from aigini.figures.inequality import asset_concentration, decomposition, gini_changes, where_income_goes
from aigini.figures.policy import frontiers, levers
from aigini.figures.regimes import distances, regime_map
from aigini.figures.sensitivity import elasticity_map, pinning
from aigini.figures.sign import ridge, ridge_estimates
from aigini.figures.style import save
from aigini.figures.uncertainty import value_of_precision, variance_of_gini
from aigini.moments.simulation import Simulation

__all__ = [
    "asset_concentration",
    "channel_orders",
    "decomposition",
    "distances",
    "draw_calibration",
    "draw_channels",
    "draw_policy",
    "draw_regimes",
    "draw_sensitivity",
    "draw_sign",
    "draw_simulation",
    "elasticity_map",
    "frontiers",
    "gini_changes",
    "levers",
    "lorenz_curves",
    "moment_fit",
    "objective_trace",
    "pinning",
    "regime_map",
    "ridge",
    "ridge_estimates",
    "save",
    "task_output_density",
    "value_of_precision",
    "variance_of_gini",
    "wage_density",
    "waterfall",
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
_OF_SENSITIVITY = (elasticity_map, pinning, variance_of_gini, value_of_precision)
_OF_SIGN = (ridge, ridge_estimates)
_OF_CHANNELS = (waterfall, channel_orders)
_OF_POLICY = (levers, frontiers)


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


def draw_sensitivity(result: Decomposition, folder: str | Path) -> list[Path]:
    """Draw every figure about what the moments identify into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(result), folder, draw.__name__) for draw in _OF_SENSITIVITY]


def draw_sign(result: Sign, folder: str | Path) -> list[Path]:
    """Draw every figure about whether the sign is identified into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(result), folder, draw.__name__) for draw in _OF_SIGN]


def draw_regimes(maps: Sequence[RegimeMap], distances: Sequence[Distance], folder: str | Path) -> list[Path]:
    """Draw every map into `folder`, named ``regime_map_<x>_<y>`` after its axes, and the distances to the boundary.

    Raises:
        OutputError: if the folder cannot be written.
    """
    drawn = [save(regimes.regime_map(result), folder, f"regime_map_{result.x_name}_{result.y_name}") for result in maps]
    return [*drawn, save(regimes.distances(distances), folder, "distances")]


def draw_channels(result: ChannelDecomposition, folder: str | Path) -> list[Path]:
    """Draw every figure about the channels into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(result), folder, draw.__name__) for draw in _OF_CHANNELS]


def draw_policy(result: Policy, folder: str | Path) -> list[Path]:
    """Draw every figure about the levers into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(result), folder, draw.__name__) for draw in _OF_POLICY]

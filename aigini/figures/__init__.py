"""Figures of a simulation, of a calibration and of analyses, written as PNG files."""

from collections.abc import Sequence
from pathlib import Path

from aigini.analysis.answered import Answer
from aigini.analysis.channels import ChannelDecomposition
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import Sign
from aigini.analysis.policy import Policy
from aigini.analysis.regimes.distance import Distance
from aigini.analysis.regimes.maps import RegimeMap
from aigini.bayes.beliefs import Beliefs
from aigini.estimation.result import Calibration
from aigini.figures import agg, regimes  # noqa: F401, agg before anything that needs matplotlib
from aigini.figures.answer import answer
from aigini.figures.beliefs import probability_by_belief
from aigini.figures.chains import ranks, traces
from aigini.figures.channels import channel_orders, waterfall
from aigini.figures.distribution import lorenz_curves, task_output_density, wage_density
from aigini.figures.fit import moment_fit, objective_trace
from aigini.figures.inequality import asset_concentration, decomposition, gini_changes, where_income_goes
from aigini.figures.policy import frontier_strengths, frontiers, levers
from aigini.figures.posterior import Posterior, joint_posterior, probability_of_rise
from aigini.figures.posterior_update import predictive_moments, prior_and_posterior
from aigini.figures.prior_sensitivity import power_scaling, value_of_information
from aigini.figures.profiles import profiles
from aigini.figures.regimes import distances, regime_map
from aigini.figures.sensitivity import elasticity_map, pinning
from aigini.figures.sign import ridge, ridge_estimates
from aigini.figures.style import save
from aigini.figures.variance_decomposition import value_of_precision, variance_of_gini
from aigini.statistics.simulation import Simulation

__all__ = [
    "answer",
    "asset_concentration",
    "channel_orders",
    "decomposition",
    "distances",
    "draw_answer",
    "draw_beliefs",
    "draw_calibration",
    "draw_channels",
    "draw_policy",
    "draw_posterior",
    "draw_regimes",
    "draw_sensitivity",
    "draw_sign",
    "draw_simulation",
    "elasticity_map",
    "frontier_strengths",
    "frontiers",
    "gini_changes",
    "joint_posterior",
    "levers",
    "lorenz_curves",
    "moment_fit",
    "objective_trace",
    "pinning",
    "power_scaling",
    "predictive_moments",
    "prior_and_posterior",
    "probability_of_rise",
    "profiles",
    "ranks",
    "regime_map",
    "ridge",
    "ridge_estimates",
    "save",
    "task_output_density",
    "traces",
    "value_of_information",
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
_OF_SENSITIVITY = (elasticity_map, pinning, profiles, variance_of_gini, value_of_precision)
_OF_SIGN = (ridge, ridge_estimates)
_OF_CHANNELS = (waterfall, channel_orders)
_OF_POLICY = (levers, frontiers, frontier_strengths)
_OF_POSTERIOR = (
    joint_posterior,
    probability_of_rise,
    prior_and_posterior,
    predictive_moments,
    traces,
    ranks,
    power_scaling,
    value_of_information,
)


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


def draw_answer(result: Answer, folder: str | Path) -> list[Path]:
    """Draw the answer into `folder` as ``answer.png``; nothing where the calibration gave none.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(answer(result), folder, "answer")] if result.fitted else []


def draw_sensitivity(result: SensitivityAnalysis, folder: str | Path) -> list[Path]:
    """Draw every figure about what the moments identify into `folder`, each named after its function.

    Profiles are drawn if there are any.

    Raises:
        OutputError: if the folder cannot be written.
    """
    known = _OF_SENSITIVITY if result.profiles or result.weakest else tuple(d for d in _OF_SENSITIVITY if d != profiles)
    return [save(draw(result), folder, draw.__name__) for draw in known]


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


def draw_posterior(result: Posterior, folder: str | Path) -> list[Path]:
    """Draw every figure of a posterior into `folder`, each named after its function.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(draw(result), folder, draw.__name__) for draw in _OF_POSTERIOR]


def draw_beliefs(result: Beliefs, folder: str | Path) -> list[Path]:
    """Draw the probability of a rise under several beliefs into `folder`.

    Raises:
        OutputError: if the folder cannot be written.
    """
    return [save(probability_by_belief(result), folder, "probability_by_belief")]

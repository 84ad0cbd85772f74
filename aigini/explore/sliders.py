"""The sliders: which parameters of the economy they move, and in which range.

A point of the sliders is a vector in the order of `SLIDERS`. All other parameters stay at their estimates, and the
total of effective AI, η0 + η1, stays whatever part of it is proprietary.
"""

import dataclasses
import itertools
from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfinv
from jaxtyping import Array, Float
from scipy.special import erf

from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameter_space import unpack
from aigini.parameters import Parameters


@dataclasses.dataclass(frozen=True)
class Slider:
    """A slider.

    Attributes:
        name: Its name in files and in the address of the page.
        label: Its label.
        symbol: The parameter that it moves.
        meaning: A sentence about it.
        lower: Lower end.
        upper: Upper end.
    """

    name: str
    label: str
    symbol: str
    meaning: str
    lower: float
    upper: float


SLIDERS = (
    Slider(
        "alpha",
        "AI's task floor",
        "α",
        "Output that AI adds to a task whatever the skill of the worker, per unit of effective AI.",
        0.5,
        1.1,
    ),
    Slider("xi", "Workers' share of rents", "ξ", "Share of firms' quasi-rents that workers receive.", 0.0, 0.6),
    Slider(
        "proprietary_share",
        "Proprietary share of AI",
        "η1",
        "Part of effective AI that firms own; the rest is a commodity that every employer has.",
        0.0,
        1.0,
    ),
    Slider(
        "asset_gini",
        "Asset Gini before AI",
        "erf(ψσ_K/2)",
        "Concentration of complementary assets over firms before AI.",
        0.35,
        0.62,
    ),
    Slider("ability_sd", "Dispersion of ability", "σ_θ", "Standard deviation of log ability.", 0.4, 0.7),
    Slider(
        "adoption", "Adoption", "adoption", "Share of the tasks that AI could do on which it is deployed.", 0.0, 1.0
    ),
    Slider(
        "retooling",
        "Retooling of schooling",
        "r",
        "Share of the change in schooling that people want after AI which they carry out.",
        0.0,
        1.0,
    ),
)
"""The sliders, in the order of points."""

NAMES = tuple(slider.name for slider in SLIDERS)


def estimate_of(values: Mapping[str, float]) -> np.ndarray:
    """The sliders' place at the estimates, ``[sliders]``.

    Args:
        values: Every parameter by name.

    Raises:
        AnalysisError: if there is no AI, so that no share of it is proprietary.
    """
    total = values["eta0"] + values["eta1"]
    if total <= 0:
        raise AnalysisError("params.eta0 + params.eta1 = 0: without AI there is nothing to explore; raise one of them.")
    derived = {
        "proprietary_share": values["eta1"] / total,
        "asset_gini": float(erf(values["psi"] * values["asset_sd"] / 2)),
    }
    return np.array([derived.get(name, values.get(name, np.nan)) for name in NAMES], float)


def parameters_at(point: Float[Array, "sliders"], base: Float[Array, "parameters"]) -> Parameters:
    """Parameters of the economy at a point of the sliders; differentiable.

    Args:
        point: The sliders.
        base: Every parameter at the estimates, in the order of `aigini.parameters.PARAMETER_NAMES`.
    """
    estimates = unpack(base)
    alpha, xi, share, asset_gini, ability_sd, adoption, retooling = point
    total = jnp.asarray(estimates.eta0 + estimates.eta1)
    return estimates.replace(
        alpha=alpha,
        xi=xi,
        eta0=(1 - share) * total,
        eta1=share * total,
        asset_sd=2 * erfinv(asset_gini) / estimates.psi,
        ability_sd=ability_sd,
        adoption=adoption,
        retooling=retooling,
    )


def ranges_about(estimate: np.ndarray) -> np.ndarray:
    """Lower and upper ends of the sliders, wide enough to hold the estimates, ``[sliders, 2]``."""
    limits = np.array([(slider.lower, slider.upper) for slider in SLIDERS])
    return np.stack([np.minimum(limits[:, 0], estimate), np.maximum(limits[:, 1], estimate)], axis=1)


def require_economies(ranges: np.ndarray, base: np.ndarray, scenario: Scenario, years: int) -> None:
    """Refuse ranges at whose corners there is no economy.

    Args:
        ranges: Ends of the sliders, ``[sliders, 2]``.
        base: Every parameter at the estimates.
        scenario: AI levels and mechanisms.
        years: Years of firm growth.

    Raises:
        AnalysisError: naming a corner, and why there is no economy.
    """
    for corner in itertools.product(*ranges):
        values = {
            name: float(value)
            for name, value in parameters_at(jnp.asarray(corner), jnp.asarray(base)).as_dict().items()
        }
        if lines := scenario.problems(values, years):
            where = ", ".join(f"{name} = {value:g}" for name, value in zip(NAMES, corner, strict=True))
            raise AnalysisError(f"explore: there is no economy at {where}: {lines[0]}")


COORDINATES = (
    "α times adoption",
    "log of 0.2 + ξ",
    "proprietary share times α times adoption",
    "asset Gini",
    "σ_θ",
    "adoption",
    "r",
)
"""Variables in which polynomials approximate the economy.

What AI adds to tasks is of the size α · adoption, and the rents that it creates of that times the proprietary share. A
few firms have large rents, so that wages react most to the first points of ξ. In these variables the economy is closer
to a polynomial than in the sliders themselves.
"""
SHIFT = 0.2
"""Added to ξ before its log is taken."""


def coordinates(points: np.ndarray) -> np.ndarray:
    """`COORDINATES` of points of the sliders, ``[points, coordinates]``."""
    alpha, xi, share, asset_gini, ability_sd, adoption, retooling = points.T
    reach = alpha * adoption
    return np.stack([reach, np.log(SHIFT + xi), share * reach, asset_gini, ability_sd, adoption, retooling], axis=1)


def moves_of_coordinates(points: np.ndarray) -> np.ndarray:
    """Derivatives of `COORDINATES` in the sliders, ``[points, coordinates, sliders]``."""
    moves = np.tile(np.eye(len(NAMES)), (len(points), 1, 1))
    alpha, xi, share, _, _, adoption, _ = points.T
    moves[:, 0, 0], moves[:, 0, 5] = adoption, alpha
    moves[:, 1, 1] = 1 / (SHIFT + xi)
    moves[:, 2, 0], moves[:, 2, 2], moves[:, 2, 5] = share * adoption, alpha * adoption, share * alpha
    return moves


def coordinate_ranges(ranges: np.ndarray) -> np.ndarray:
    """Smallest and largest of `COORDINATES` where the sliders are in their ranges, ``[coordinates, 2]``.

    No slider is negative and coordinates rise in each, so that they are at the sliders' lower and upper ends.
    """
    return coordinates(ranges.T).T

"""Parameters of the dynamics beside those of the economy: names, meanings, units, defaults and bounds.

`aigini.config.study_sections` declares the section [dynamics] from this table, and every function that takes such a
number checks it with it.
"""

import math
from collections.abc import Mapping
from typing import Literal

from aigini.errors import ParameterError
from aigini.parameters import SPECS, ParameterSpec

_INF = math.inf


def _spec(
    symbol: str,
    meaning: str,
    default: float,
    bounds: tuple[float, float],
    closed: Literal["both", "left", "right", "neither"],
) -> ParameterSpec:
    return ParameterSpec(symbol, meaning, default, *bounds, closed, bounds)


DYNAMICS_SPECS: dict[str, ParameterSpec] = {
    "bargaining_erosion": _spec("ω", "share of ξ lost in full erosion of bargaining", 0.9, (0.0, 1.0), "both"),
    "erosion_midpoint": _spec("G_c", "asset Gini plus weighted gap at half erosion", 0.75, (0.0, 2.0), "both"),
    "erosion_width": _spec("w_c", "width of the erosion, units of the asset Gini", 0.04, (1e-4, 1e3), "both"),
    "erosion_gap_weight": _spec("λ", "asset Gini that a gap of one counts for", 0.4, (0.0, 100.0), "both"),
    "retool_speed": _spec("r_u", "share of the gap that people close, per year", 0.15, (0.0, 1.0), "right"),
    "deployment_speed": _spec("s_d", "speed of the logistic path of adoption, per year", 0.5, (0.0, 1.0), "right"),
    "capability_speed": _spec("s_A", "speed of the logistic path of the AI level, per year", 0.5, (0.0, 1.0), "right"),
}
"""Numbers of [dynamics] whose bounds depend on nothing else."""

MAP_PARAMETERS = ("xi", "bargaining_erosion", "erosion_midpoint", "erosion_width", "asset_reversion", "asset_sd", "psi")
"""Parameters of the map of the long run, beside its growth χ q_A."""


def spec_of(name: str) -> ParameterSpec:
    """The specification of a parameter of the economy or of the dynamics."""
    return DYNAMICS_SPECS[name] if name in DYNAMICS_SPECS else SPECS[name]


def problems(values: Mapping[str, float], where: str = "") -> list[str]:
    """Sentences about values that are outside their bounds.

    Args:
        values: Numbers by name, of the economy's parameters or of the dynamics.
        where: Section of the configuration with a dot, to begin the names with.
    """
    lines = []
    for name, value in values.items():
        spec = spec_of(name)
        if not spec.admits(value):
            lines.append(
                f"{where}{name} = {value:g} is not allowed: expected a finite number in {spec.interval()}"
                f" ({spec.meaning}); the default is {spec.default:g}."
            )
    return lines


def require_map(values: Mapping[str, float], growth: float) -> None:
    """Refuse numbers that make no map of the long run.

    Args:
        values: The numbers of `MAP_PARAMETERS`.
        growth: χ q_A, per year.

    Raises:
        ParameterError: listing every problem.
    """
    lines = problems(values)
    if not 0 <= growth < _INF:
        lines.append(f"growth = {growth:g} is not allowed: expected a finite number of at least 0 (χ q_A, per year).")
    if not lines and values["asset_sd"] == 0:
        lines.append("asset_sd = 0: without dispersion of assets nothing can concentrate; give a positive number.")
    if lines:
        raise ParameterError("\n".join(lines))

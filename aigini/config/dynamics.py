"""The table [dynamics]: its settings and its mistakes."""

import dataclasses

from aigini.config.schema import FileSchema
from aigini.dynamics.settings import DYNAMICS_NAMES, Dynamics
from aigini.population.draws import SOBOL_DIMENSIONS

_NUMBERS = tuple(name for name in DYNAMICS_NAMES if name != "adoption_final")


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [dynamics] in itself."""
    section = file.dynamics
    lines = [
        f"dynamics.{name} = {midpoint:g} is outside the horizon, years 0 to {section.years}; move it, or change"
        " dynamics.years."
        for name, shape in (("deployment_midpoint", section.deployment), ("capability_midpoint", section.capability))
        for midpoint in [getattr(section, name)]
        if shape == "logistic" and midpoint > section.years
    ]
    if file.population.draws != "pseudo" and section.years > SOBOL_DIMENSIONS:
        lines.append(
            f"dynamics.years = {section.years}: {file.population.draws} draws have shocks of firms for"
            f" {SOBOL_DIMENSIONS} years at most; shorten the path, or set population.draws = 'pseudo'."
        )
    lines += [
        f"dynamics.{name} = [{pair[0]:g}, {pair[1]:g}]: expected a slow and a fast speed, the slower first; correct it."
        for name in ("deployment_speeds", "retool_speeds")
        for pair in [getattr(section, name)]
        if not pair[0] < pair[1]
    ]
    return lines


def settings(file: FileSchema, adoption: float) -> Dynamics:
    """The dynamics that are asked for.

    Args:
        file: The configuration.
        adoption: Adoption in the static economy, which that of the path ends at unless it has a value of its own.
    """
    section = file.dynamics
    return dataclasses.replace(
        Dynamics(
            years=section.years,
            deployment=section.deployment,
            capability=section.capability,
            schooling=section.schooling,
            adoption_final=adoption if section.adoption_final is None else section.adoption_final,
        ),
        **{name: getattr(section, name) for name in _NUMBERS},
    )

"""The table [calibration] beside the targets and parameters: its settings and its mistakes.

What is wrong with it in itself is a mistake for every command; that it does not fit the targets or the parameters only
for those that estimate.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from aigini.config.schema import FileSchema
from aigini.errors import EstimationError
from aigini.estimation.problem import joint_free_problems, own_free_problems, same_number_problems, weight_root
from aigini.estimation.target import Target
from aigini.estimation.weighting import (
    Weighting,
    correlation_problems,
    covariance_problems,
    target_covariance,
    weighting_problems,
)
from aigini.parameter_space import ParameterSpace


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [calibration] in itself."""
    settings = file.calibration
    lines = own_free_problems(settings.free)
    if settings.moments is not None and len(set(settings.moments)) < len(settings.moments):
        lines.append("calibration.moments names a moment twice; name each once.")
    if settings.descent_steps == 0 and settings.polish_steps == 0:
        lines.append("calibration has no iterations: raise descent_steps or polish_steps above 0.")
    return lines


def joint_problems(
    file: FileSchema, params: Mapping[str, float], targets: Mapping[str, Target], *, correlated: bool
) -> list[str]:
    """Sentences about settings that contradict each other where the economy is estimated."""
    settings = file.calibration
    lines = [
        f"calibration.moments names {name}, which has no [targets.{name}]; give it a value and an se."
        for name in settings.moments or ()
        if name not in file.targets
    ]
    lines += same_number_problems(settings.moments or list(targets), file.income.concept)
    space = ParameterSpace(tuple(settings.free), settings.tie)
    lines += joint_free_problems(space, len(settings.moments or targets), params)
    named = settings.weighting if isinstance(settings.weighting, str) else "diagonal"
    return lines + weighting_problems(named, correlated=correlated, replications=settings.replications)


def weighting(
    file: FileSchema, targets: Mapping[str, Target], own: list[str], joint: list[str]
) -> Weighting | np.ndarray:
    """The weights; what is wrong with a matrix in itself goes to `own`, that it has another size to `joint`."""
    weighting = file.calibration.weighting
    if isinstance(weighting, str):
        return weighting
    try:
        matrix = np.asarray(weighting, float)
    except ValueError:
        own.append("calibration.weighting is ragged; give one row and one column per moment.")
        return "diagonal"
    try:
        weight_root(matrix, [target.se for target in targets.values()])
    except EstimationError as error:
        (own if matrix.shape == 2 * (len(targets),) else joint).append(str(error))
    return matrix


def has_correlation(raw: Mapping[str, Any]) -> bool:
    """True if correlations or covariances were written, usable or not: those that are not are mistakes of their own."""
    section = raw.get("calibration")
    return isinstance(section, Mapping) and any(section.get(name) is not None for name in ("correlation", "covariance"))


def covariance(file: FileSchema, targets: Mapping[str, Target], own: list[str], joint: list[str]) -> np.ndarray | None:
    """S of the targets; what is wrong with a matrix in itself goes to `own`, that it does not fit them to `joint`."""
    correlation, matrix = file.calibration.correlation, file.calibration.covariance
    if correlation is not None and matrix is not None:
        own.append("calibration.covariance and calibration.correlation say the same twice; leave one of them out.")
    given = correlation if matrix is None else matrix
    if given is None:
        return None
    errors = {name: target.se for name, target in targets.items()}
    wrong = []
    if correlation is not None:
        wrong += correlation_problems(correlation, list(targets))
    if matrix is not None:
        wrong += covariance_problems(matrix, errors)
    square = {len(row) for row in given} == {len(given)}
    (joint if square and len(given) != len(targets) else own).extend(wrong)
    if wrong or correlation is matrix:
        return None
    spread = np.sqrt(np.diag(np.asarray(given)))  # one for correlations
    return target_covariance(np.asarray(given) / np.outer(spread, spread), list(errors.values()))

"""Standard errors of the estimates and sensitivity measures, by what is known of the targets.

Where the covariance S of the targets is given, everything uses it; where only their standard errors are known, they are
read as independent, except in the worst case over all their correlations.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from aigini.errors import IdentificationError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.inference.overidentification import JTest, j_test
from aigini.inference.sensitivity import (
    Kind,
    Sensitivity,
    actual_noise,
    actual_removal,
    bias,
    fundamental_noise,
    fundamental_removal,
    weighting_sensitivity,
)
from aigini.inference.standard_errors import independent, known_covariance, worst_case
from aigini.inference.weights import optimal_weighting

SE_WORDS = {"known_covariance": "as given", "independent": "independent", "worst_case": "worst case"}
"""Kinds of standard errors, most informed first, by what they assume of the correlations of the targets."""

EFFICIENT = 0.1
"""Relative difference of weights from the inverse covariance of the moments at which they still count as that."""

NO_PROFILE = (
    "the weights are not the inverse covariance of the targets, so the criterion does not rise as χ²; set"
    ' calibration.weighting = "optimal" or "two_step" where correlations are given, "diagonal" where they are not'
)


def standard_errors(
    model: EstimatedModel, simulation: np.ndarray | None, gradient: np.ndarray | None = None
) -> dict[str, np.ndarray | None]:
    """Standard errors of the estimates by kind, without simulation noise and with it, ``[free]`` each.

    Args:
        model: The economy at its estimates.
        simulation: Covariance of the simulated moments over other draws, ``[moments, moments]``.
        gradient: Derivatives of functions of the estimates, whose standard errors are wanted instead, ``[f, free]``.

    Returns:
        ``independent``, ``worst_case`` and ``known_covariance``, each also as ``..._with_simulation``; None where the
        covariance of the targets or that of the simulated moments is not known.

    Raises:
        IdentificationError: if the targets do not determine the estimates, naming the direction.
    """
    matrix, weighting, given = model.moment_jacobian, model.weighting, model.covariance
    options = {"gradient": gradient, "names": model.space.names if gradient is None else None}

    def by_kind(noise: np.ndarray | None) -> dict[str, np.ndarray | None]:
        return {
            "independent": independent(matrix, weighting, model.se, simulation=noise, **options).se,
            "worst_case": worst_case(matrix, weighting, model.se, simulation=noise, **options).se,
            "known_covariance": None
            if given is None
            else known_covariance(matrix, weighting, given, simulation=noise, **options).se,
        }

    plain = by_kind(None)
    noisy = dict.fromkeys(plain) if simulation is None else by_kind(simulation)
    return plain | {f"{kind}_with_simulation": errors for kind, errors in noisy.items()}


def sensitivity_measures(model: EstimatedModel) -> tuple[tuple[Sensitivity, ...], dict[Kind, str]]:
    """The six measures of `aigini.inference.sensitivity`: those that are defined, and why the others are not.

    The fundamental ones are those of an estimator with weights S⁻¹, whatever the weights of the model; with those they
    are the actual ones.
    """
    matrix, weighting, covariance = model.moment_jacobian, model.weighting, model.target_covariance
    compute: Mapping[Kind, Callable[[], Sensitivity]] = {
        "bias": lambda: bias(matrix, weighting),
        "fundamental noise": lambda: fundamental_noise(matrix, covariance),
        "actual noise": lambda: actual_noise(matrix, weighting, covariance),
        "actual removal": lambda: actual_removal(matrix, weighting, covariance),
        "fundamental removal": lambda: fundamental_removal(matrix, covariance),
        "weighting": lambda: weighting_sensitivity(matrix, weighting, covariance),
    }
    measures: list[Sensitivity] = []
    undefined: dict[Kind, str] = {}
    for kind, measure in compute.items():
        try:
            measures.append(measure())
        except IdentificationError as error:
            undefined[kind] = str(error)
    return tuple(measures), undefined


def profiled(model: EstimatedModel, simulation: np.ndarray | None) -> EstimatedModel | None:
    """The model whose criterion can be profiled: it rises as χ² if W is the inverse covariance of the moment errors.

    Where all targets are met the weights do not move the estimates, so W is replaced if need be; otherwise there is
    nothing to profile if W is another matrix, and the result is None.
    """
    covariance = model.target_covariance
    for total in [covariance] if simulation is None else [covariance, covariance + simulation]:
        ratios = np.linalg.eigvals(model.weighting @ total).real
        if np.all(np.abs(ratios - 1) < EFFICIENT):
            return model
    if len(model.space.names) == len(model.targets):
        return dataclasses.replace(model, weighting=optimal_weighting(covariance, moments=tuple(model.targets)))
    return None


def overidentification(model: EstimatedModel, simulation: np.ndarray | None) -> JTest:
    """The J test at the weights of the estimated model.

    A given covariance of the targets is completed by that of the simulated moments, as it is in two-step and iterated
    weights; with these the statistic is the objective at the minimum.

    Raises:
        IdentificationError: as `standard_errors`, or if the covariance of the restrictions cannot be inverted.
    """
    covariance = model.target_covariance
    if model.covariance is not None and simulation is not None:
        covariance = covariance + simulation
    misfit = model.outcomes[list(model.rows)] - np.array([target.value for target in model.targets.values()])
    return j_test(
        misfit,
        model.moment_jacobian,
        model.weighting,
        covariance,
        moments=tuple(model.targets),
        names=model.space.names,
    )

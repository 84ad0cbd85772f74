"""Identification by the moments, and the dependence of inequality on parameters, from exact Jacobians at the estimates.

* Elasticities of every moment and outcome in every parameter.
* Λ: how estimates, and outcomes through them, move with the targets; its sign is such that Λ times a small change of
  the targets is the change of the estimates.
* Shares of the variance of each estimate and of the change of each Gini that come from each target's standard error,
  and from the range of each parameter that is not estimated, which moves the estimates too.
* What more data would tell about the sign, see `aigini.analysis.identification.sign_uncertainty`.

S is the covariance of the targets where that is given; otherwise the targets are read as independent.

The simulation errors of all of it are the spread of the same numbers over other draws of the population, each at its
own estimates. What is true to first order only is checked by
`aigini.analysis.identification.reliability`, and marked where it fails.
"""

import dataclasses
import itertools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from aigini.analysis.identification.profile import direction_profile, profile
from aigini.analysis.identification.profile_errors import profile_errors
from aigini.analysis.identification.sensitivity_errors import simulation_errors
from aigini.analysis.identification.sensitivity_result import FUNCTIONS, Matrix, SensitivityAnalysis
from aigini.analysis.identification.sign_uncertainty import sign_uncertainty
from aigini.analysis.identification.standard_errors import (
    NO_PROFILE,
    SE_WORDS,
    overidentification,
    profiled,
    sensitivity_measures,
    standard_errors,
)
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws
from aigini.inference.identification import identification
from aigini.inference.influence import influence
from aigini.inference.informativeness import variance_shares
from aigini.inference.intervals import Interval, delta_interval
from aigini.parameters import PARAMETER_NAMES
from aigini.statistics.outcomes import OUTCOME_NAMES

_NONE = 1e-12
"""Size of a change of an outcome below which it is rounding, and nothing is relative to it."""


def decompose(
    model: EstimatedModel,
    ranges: Mapping[str, tuple[float, float]],
    simulation: np.ndarray | None = None,
    others: OtherDraws | None = None,
    *,
    profiles: bool = False,
) -> SensitivityAnalysis:
    """Everything the Jacobian at the estimates says.

    Args:
        model: The economy at its estimates.
        ranges: (low, high) of external parameters; read as uniform, so that their variance is (high - low)²/12.
        simulation: Covariance of the simulated moments over other draws, ``[moments, moments]``.
        others: The economy on other draws, for simulation errors; with None there are none.
        profiles: True to profile every estimate and the weakest direction.

    Raises:
        IdentificationError: if the targets do not determine the estimates, naming the direction.
        AnalysisError: if a range is given for a parameter that is estimated or tied.
    """
    _check_ranges(model, ranges)
    names, moments = model.space.names, tuple(model.targets)
    matrix, weighting, se = model.moment_jacobian, model.weighting, model.se
    all_moments = model.jacobian[list(model.rows)]
    functions = model.jacobian[[OUTCOME_NAMES.index(name) for name in FUNCTIONS]]
    size = np.array([abs(model.values[name]) for name in PARAMETER_NAMES])
    changes = np.array([abs(model.outcome(name)) for name in FUNCTIONS])
    none = changes < _NONE
    changes = np.where(none, np.nan, changes)
    elasticities = np.concatenate([all_moments / se[:, None], functions / changes[:, None]]) * size[None, :]
    estimates = standard_errors(model, simulation)
    best = next(errors for kind in SE_WORDS if (errors := estimates[kind]) is not None)
    measures, missing = sensitivity_measures(model)
    undefined: dict[str, str] = {**missing}
    for name in itertools.compress(FUNCTIONS, none):
        undefined[f"elasticity of {name}"] = "it does not change at the estimates; its derivatives are in `functions`."
    profiled_model = profiled(model, simulation) if profiles else None
    if profiles and profiled_model is None:
        undefined["profile"] = NO_PROFILE
    directions = identification(matrix, se, model.estimates, names, moments=moments)
    response = influence(matrix, weighting, names=names)
    of_outcomes = model.free_jacobian[[OUTCOME_NAMES.index(name) for name in FUNCTIONS]]
    profiles_of = (
        ()
        if profiled_model is None
        else tuple(profile(profiled_model, name, float(e)) for name, e in zip(names, best, strict=True))
    )
    result = SensitivityAnalysis(
        params=model.values,
        free=names,
        jacobian=Matrix(moments, PARAMETER_NAMES, all_moments),
        functions=Matrix(FUNCTIONS, PARAMETER_NAMES, functions),
        elasticities=Matrix((*moments, *FUNCTIONS), PARAMETER_NAMES, elasticities),
        influence=Matrix(names, moments, response),
        se=_by_kind(estimates, names),
        pins=Matrix(names, moments, variance_shares(matrix, weighting, model.target_covariance)),
        identification=directions,
        measures=measures,
        undefined=undefined,
        signs=tuple(
            sign_uncertainty(model, concept, ranges, left_out, profiles_of)
            for concept in ("total", "wage")
            for left_out in ((), ("m6",))
            if not left_out or ("m6" in moments and "eta1" in names)
        ),
        intervals={
            kind: {name: _interval(model, name, float(error)) for name, error in zip(names, errors, strict=True)}
            for kind, errors in estimates.items()
            if kind in SE_WORDS and errors is not None
        },
        overidentification=overidentification(model, simulation),
        changes={name: model.outcome(name) for name in FUNCTIONS},
        target_se=dict(zip(moments, se.tolist(), strict=True)),
        outcome_influence=Matrix(FUNCTIONS, moments, of_outcomes @ response),
        outcome_se=_by_kind(standard_errors(model, simulation, of_outcomes), FUNCTIONS),
        profiles=profiles_of,
        weakest=None if profiled_model is None else direction_profile(profiled_model, directions),
        n_workers=model.outcome_map.population.n_workers,
    )
    if others is None or others.count < FEWEST:
        return result
    if profiled_model is not None:
        with_errors = profile_errors(profiled_model, result.profiles, result.weakest, others)
        result = dataclasses.replace(result, profiles=with_errors[0], weakest=with_errors[1])
    return simulation_errors(result, others, lambda other: decompose(other, ranges, simulation))


def _by_kind(errors: Mapping[str, np.ndarray | None], names: tuple[str, ...]) -> dict[str, dict[str, float] | None]:
    return {
        kind: None if values is None else dict(zip(names, values.tolist(), strict=True))
        for kind, values in errors.items()
    }


def _interval(model: EstimatedModel, name: str, se: float) -> Interval:
    space = model.space.over((name,))
    slope = float(jax.jacfwd(space.unconstrained)(jnp.array([model.values[name]]))[0, 0])
    return delta_interval(
        model.values[name],
        se,
        to_unconstrained=lambda value: float(space.unconstrained(jnp.array([value]))[0]),
        from_unconstrained=lambda point: float(space.natural(jnp.array([point]))[0]),
        slope=slope,
    )


def _check_ranges(model: EstimatedModel, ranges: Mapping[str, tuple[float, float]]) -> None:
    for name in ranges:
        if name in model.space.names:
            raise AnalysisError(f"ranges.{name}: {name} is estimated, so its range is not external; leave it out.")
        if model.space.is_tied(name):
            raise AnalysisError(f'ranges.{name}: {name} is tied; leave it out, or set calibration.tie = "none".')

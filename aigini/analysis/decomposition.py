"""What the moments identify, and what inequality depends on: exact Jacobians at the estimates, put to use.

* Elasticities of every moment and outcome in every parameter.
* Λ: how estimates, and outcomes through them, move with the targets; its sign is such that Λ times a small change of
  the targets is the change of the estimates.
* Shares of the variance of each estimate and of the change of each Gini that come from each target's standard error,
  and from the range of each parameter that is not estimated, which moves the estimates too.
* What more data would tell about the sign: with d the derivatives of the change of the Gini in the targets, its
  variance is d'Sd, that is Σ d² se² for independent targets, the sign has probability P = Φ(change / sd) and entropy
  H(P), and one more per cent of precision of target j, its correlations unchanged, lowers H by (dH/d var) d_j (Sd)_j
  / 100.

S is the covariance of the targets where that is given; otherwise the targets are read as independent.

The simulation errors of all of it are the spread of the same numbers over other draws of the population, each at its
own estimates. What is true to first order only is checked by `aigini.analysis.reliability`, and marked where it fails.
"""

import dataclasses
import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtr

from aigini.analysis.case import Case
from aigini.analysis.decomposed import FUNCTIONS, Decomposition, Matrix, SignUncertainty
from aigini.analysis.decomposition_errors import simulation_errors
from aigini.analysis.estimates import (
    NO_PROFILE,
    SAY_SE,
    overidentification,
    profiled,
    sensitivity_measures,
    standard_errors,
)
from aigini.analysis.evaluator import directions
from aigini.analysis.pieces import Pieces
from aigini.analysis.population_error import FEWEST, OtherDraws
from aigini.analysis.profile import Profile, direction_profile, profile
from aigini.analysis.profile_errors import profile_errors
from aigini.analysis.reliability import bent_profiles, beyond_bounds
from aigini.errors import AnalysisError
from aigini.estimation.problem import FreeSpace
from aigini.inference.identification import identification
from aigini.inference.influence import influence
from aigini.inference.informativeness import variance_shares
from aigini.inference.intervals import Interval, delta_interval
from aigini.moments.responses import RESPONSE_NAMES
from aigini.parameters import PARAMETER_NAMES


def decompose(
    case: Case,
    ranges: Mapping[str, tuple[float, float]],
    simulation: np.ndarray | None = None,
    pieces: Pieces | None = None,
    others: OtherDraws | None = None,
) -> Decomposition:
    """Everything the Jacobian at the estimates says.

    Args:
        case: The economy at its estimates.
        ranges: (low, high) of external parameters; read as uniform, so that their variance is (high - low)²/12.
        simulation: Covariance of the simulated moments over other draws, ``[moments, moments]``.
        pieces: Finished pieces of an earlier run; with None no profile is computed.
        others: The economy on other draws, for simulation errors; with None there are none.

    Raises:
        IdentificationError: if the targets do not determine the estimates, naming the direction.
        AnalysisError: if a range is given for a parameter that is estimated or tied.
    """
    _check_ranges(case, ranges)
    names, moments = case.space.names, tuple(case.targets)
    matrix, weighting, se = case.moment_jacobian, case.weighting, case.se
    all_moments = case.jacobian[list(case.rows)]
    functions = case.jacobian[[RESPONSE_NAMES.index(name) for name in FUNCTIONS]]
    size = np.array([abs(case.values[name]) for name in PARAMETER_NAMES])
    changes = np.array([abs(case.response(name)) for name in FUNCTIONS])
    elasticities = np.concatenate([all_moments / se[:, None], functions / changes[:, None]]) * size[None, :]
    estimates = standard_errors(case, simulation)
    best = next(errors for kind in SAY_SE if (errors := estimates[kind]) is not None)
    measures, missing = sensitivity_measures(case)
    undefined: dict[str, str] = {**missing}
    profile_case = None if pieces is None else profiled(case, simulation)
    if pieces is not None and profile_case is None:
        undefined["profile"] = NO_PROFILE
    found = identification(matrix, se, case.estimates, names, moments=moments)
    response = influence(matrix, weighting, names=names)
    of_outcomes = case.free_jacobian[[RESPONSE_NAMES.index(name) for name in FUNCTIONS]]
    profiles = (
        ()
        if profile_case is None
        else tuple(profile(profile_case, name, float(e), pieces) for name, e in zip(names, best, strict=True))
    )
    result = Decomposition(
        params=case.values,
        free=names,
        jacobian=Matrix(moments, PARAMETER_NAMES, all_moments),
        functions=Matrix(FUNCTIONS, PARAMETER_NAMES, functions),
        elasticities=Matrix((*moments, *FUNCTIONS), PARAMETER_NAMES, elasticities),
        influence=Matrix(names, moments, response),
        se=_by_kind(estimates, names),
        pins=Matrix(names, moments, variance_shares(matrix, weighting, case.target_covariance)),
        identification=found,
        measures=measures,
        undefined=undefined,
        signs=tuple(
            _sign(case, concept, ranges, left_out, profiles)
            for concept in ("total", "wage")
            for left_out in ((), ("m6",))
            if not left_out or ("m6" in moments and "eta1" in names)
        ),
        intervals={
            kind: {name: _interval(case, name, float(error)) for name, error in zip(names, errors, strict=True)}
            for kind, errors in estimates.items()
            if kind in SAY_SE and errors is not None
        },
        overidentification=overidentification(case, simulation),
        changes={name: case.response(name) for name in FUNCTIONS},
        target_se=dict(zip(moments, se.tolist(), strict=True)),
        outcome_influence=Matrix(FUNCTIONS, moments, of_outcomes @ response),
        outcome_se=_by_kind(standard_errors(case, simulation, of_outcomes), FUNCTIONS),
        profiles=profiles,
        weakest=None if profile_case is None else direction_profile(profile_case, found, pieces),
        n_workers=case.evaluator.population.n_workers,
    )
    if others is None or others.count < FEWEST:
        return result
    if profile_case is not None:
        with_errors = profile_errors(profile_case, result.profiles, result.weakest, others)
        result = dataclasses.replace(result, profiles=with_errors[0], weakest=with_errors[1])
    return simulation_errors(result, others, lambda other: decompose(other, ranges, simulation))


def _by_kind(errors: Mapping[str, np.ndarray | None], names: tuple[str, ...]) -> dict[str, dict[str, float] | None]:
    return {
        kind: None if values is None else dict(zip(names, values.tolist(), strict=True))
        for kind, values in errors.items()
    }


def _interval(case: Case, name: str, se: float) -> Interval:
    space = FreeSpace((name,), case.space.tie)
    slope = float(jax.jacfwd(space.unconstrained)(jnp.array([case.values[name]]))[0, 0])
    return delta_interval(
        case.values[name],
        se,
        to_unconstrained=lambda value: float(space.unconstrained(jnp.array([value]))[0]),
        from_unconstrained=lambda point: float(space.natural(jnp.array([point]))[0]),
        slope=slope,
    )


def _check_ranges(case: Case, ranges: Mapping[str, tuple[float, float]]) -> None:
    for name in ranges:
        if name in case.space.names:
            raise AnalysisError(f"ranges.{name}: {name} is estimated, so its range is not external; leave it out.")
        if name == "eta0" and case.space.tie != "none":
            raise AnalysisError('ranges.eta0: eta0 is tied to eta1; leave it out, or set calibration.tie = "none".')


def _sign(
    case: Case,
    concept: str,
    ranges: Mapping[str, tuple[float, float]],
    left_out: tuple[str, ...],
    profiles: tuple[Profile, ...],
) -> SignUncertainty:
    """Uncertainty when some targets are left out; then η1 is not estimated either, and known only to lie in (0, 1)."""
    kept = [i for i, name in enumerate(case.targets) if name not in left_out]
    targets = tuple(list(case.targets)[i] for i in kept)
    names = tuple(name for name in case.space.names if not (left_out and name == "eta1"))
    external = {name: span for name, span in ranges.items() if name not in names}
    if left_out:
        external["eta1"] = (0.0, 1.0)
    space = FreeSpace(names, case.space.tie)
    covariance, rows = case.target_covariance[np.ix_(kept, kept)], [case.rows[i] for i in kept]
    free = case.jacobian @ directions(space.names, space.tie).T
    response = influence(free[rows], case.weighting[np.ix_(kept, kept)], names=names)
    row = RESPONSE_NAMES.index(f"gini_{concept}")
    by_target = free[row] @ response
    # A covariance counts half with each of its two targets.
    variance = dict(zip(targets, (by_target * (covariance @ by_target)).tolist(), strict=True))
    moves = case.jacobian @ directions(tuple(external), space.tie).T
    # An external parameter moves the Gini directly, and through the estimates that keep the targets met.
    by_external = moves[row] - by_target @ moves[rows]
    estimates_move = dict(zip(targets, (response * np.sqrt(np.diagonal(covariance))).T, strict=True))
    for k, (name, (low, high)) in enumerate(external.items()):
        sd = (high - low) / math.sqrt(12)
        variance[name] = float((by_external[k] * sd) ** 2)
        estimates_move[name] = -response @ moves[rows, k] * sd
    change, sd = case.response(f"gini_{concept}"), math.sqrt(max(sum(variance.values()), 0.0))
    probability = float(ndtr(change / sd)) if sd > 0 else float(change > 0)
    se = np.sqrt(np.sum(np.array(list(estimates_move.values())) ** 2, axis=0))
    carried = dict(zip(names, (np.abs(free[row]) * se / sd if sd > 0 else 0 * se).tolist(), strict=True))
    shares = {name: part / sd**2 if sd > 0 else 0.0 for name, part in variance.items()}
    with_all = standard_errors(case, None)
    best = next(errors for kind in SAY_SE if (errors := with_all[kind]) is not None)
    return SignUncertainty(
        concept=concept,
        estimated_with=targets,
        change=change,
        sd=sd,
        probability=probability,
        variance=variance,
        entropy=_entropy(probability),
        value_of_precision={name: 1000 * _entropy_slope(change, sd) * variance[name] / 100 for name in targets},
        unreliable=(
            *beyond_bounds(space, case.values, estimates_move, shares),
            *bent_profiles(profiles, case.values, dict(zip(case.space.names, best.tolist(), strict=True)), carried),
        ),
    )


def _entropy(p: float) -> float:
    """Entropy of a sign in bits."""
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)


def _entropy_slope(change: float, sd: float) -> float:
    """Derivative of the entropy in the variance; a target's part of that falls one to one with its log precision."""
    if sd == 0:
        return 0.0
    z = change / sd
    p = float(ndtr(z))
    if not 0 < p < 1:
        return 0.0
    density = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return math.log2((1 - p) / p) * density * (-z / (2 * sd**2))

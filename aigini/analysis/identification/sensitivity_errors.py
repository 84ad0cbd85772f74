"""Simulation errors of a decomposition: the same decomposition on other draws of the population."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from aigini.analysis.identification.sensitivity_result import FUNCTIONS, SensitivityAnalysis
from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.errors import AiginiError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import OtherDraws, difference, error_at, spread

_OF_SIGN = ("change", "sd", "probability", "entropy")


def simulation_errors(
    result: SensitivityAnalysis, others: OtherDraws, again: Callable[[EstimatedModel], SensitivityAnalysis]
) -> SensitivityAnalysis:
    """`result` with the simulation errors of its numbers.

    Args:
        result: The decomposition on the first draw.
        others: The other draws.
        again: The decomposition of another estimated model.
    """
    first = _numbers(result)
    size = sum(values.size for values in first.values())

    def flat(model: EstimatedModel) -> np.ndarray:
        try:
            return np.concatenate([values.ravel() for values in _numbers(again(model)).values()])
        except AiginiError:
            return np.full(size, np.nan)  # a draw that does not identify the estimates leaves their errors unknown

    repeated = others.repeat("sensitivity on other draws", flat)
    cuts = np.cumsum([values.size for values in first.values()])[:-1]
    parts = {
        name: part.reshape(len(repeated), *values.shape)
        for (name, values), part in zip(first.items(), np.split(repeated, cuts, axis=1), strict=True)
    }
    errors = {name: spread(part) for name, part in parts.items()}
    intervals = errors["intervals"]
    return dataclasses.replace(
        result,
        draws=others.count,
        missed_draws=others.missed,
        estimate_simulation_se=_named(errors["estimates"], result.free),
        change_simulation_se=_named(errors["changes"], FUNCTIONS),
        se_simulation_se=_by_kind(errors["se"], _known(result.se), result.free),
        outcome_se_simulation_se=_by_kind(errors["outcome_se"], _known(result.outcome_se), FUNCTIONS),
        pins_simulation_se=errors["pins"],
        elasticities_simulation_se=errors["elasticities"],
        interval_simulation_se={
            kind: {
                name: (error_at(intervals, i, j, 0), error_at(intervals, i, j, 1)) for j, name in enumerate(result.free)
            }
            for i, kind in enumerate(result.intervals)
        },
        signs=tuple(
            _of_sign(sign, first[f"value {k}"], {key: parts[f"{key} {k}"] for key in ("sign", "share", "value")})
            for k, sign in enumerate(result.signs)
        ),
    )


def _numbers(result: SensitivityAnalysis) -> dict[str, np.ndarray]:
    """The numbers of a decomposition that are shown, as arrays; an end of an interval that is open is not a number."""
    values = {
        "estimates": np.array([result.params[name] for name in result.free]),
        "changes": np.array([result.changes[name] for name in FUNCTIONS]),
        "se": np.array([[errors[name] for name in result.free] for errors in _known(result.se).values()]),
        "outcome_se": np.array([[errors[name] for name in FUNCTIONS] for errors in _known(result.outcome_se).values()]),
        "pins": result.pins.values,
        "elasticities": result.elasticities.values,
        "intervals": np.array(
            [
                [[by_name[name].lower, by_name[name].upper] for name in result.free]
                for by_name in result.intervals.values()
            ],
            float,
        ),
    }
    for k, sign in enumerate(result.signs):
        values[f"sign {k}"] = np.array([getattr(sign, name) for name in _OF_SIGN])
        values[f"share {k}"] = np.array(list(sign.shares.values()))
        values[f"value {k}"] = np.array(list(sign.value_of_precision.values()))
    return values


def _of_sign(sign: SignUncertainty, values: np.ndarray, parts: Mapping[str, np.ndarray]) -> SignUncertainty:
    errors = {name: spread(part) for name, part in parts.items()}
    targets = tuple(sign.value_of_precision)
    order = np.argsort(-values).tolist()
    ahead = len(order) == 1 or difference(values, parts["value"], order[0], order[1]).sign > 0
    return dataclasses.replace(
        sign,
        simulation_se=_named(errors["sign"], _OF_SIGN),
        share_simulation_se=_named(errors["share"], tuple(sign.variance)),
        value_simulation_se=_named(errors["value"], targets),
        most_valuable=targets[order[0]] if ahead else None,
    )


def _known(by_kind: Mapping[str, Mapping[str, float] | None]) -> dict[str, Mapping[str, float]]:
    return {kind: errors for kind, errors in by_kind.items() if errors is not None}


def _named(errors: np.ndarray | None, names: tuple[str, ...]) -> dict[str, float | None]:
    return {name: error_at(errors, k) for k, name in enumerate(names)}


def _by_kind(
    errors: np.ndarray | None, kinds: Mapping[str, Mapping[str, float]], names: tuple[str, ...]
) -> dict[str, dict[str, float | None]]:
    return {kind: {name: error_at(errors, i, j) for j, name in enumerate(names)} for i, kind in enumerate(kinds)}

"""The analyses as verbs of the Python interface: a configuration in, a typed result out. No files, no screen.

Workers are float64 here, whatever the configuration says of their precision.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigini.analysis.answer import answer as answer_at
from aigini.analysis.answered import Answer
from aigini.analysis.channels import ChannelDecomposition, require_no_ai_before
from aigini.analysis.channels import channels as decompose_channels
from aigini.analysis.identification.sensitivity import decompose
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import DEFAULT_ETA1, DEFAULT_XI, Sign
from aigini.analysis.identification.sign import sign as trace_ridge
from aigini.analysis.policy import Policy
from aigini.analysis.policy import policy as evaluate_levers
from aigini.analysis.regimes.axes import Plane, axis
from aigini.analysis.regimes.distance import Regimes, distance
from aigini.analysis.regimes.errors import regime_errors
from aigini.analysis.regimes.maps import CONCEPTS, DEFAULT_PLANES, regime_map
from aigini.analysis.regimes.small_ai import first_order
from aigini.commands.verbs import ConfigLike, as_config
from aigini.config import Config
from aigini.errors import AiginiError, AnalysisError
from aigini.estimation.estimated_model import EstimatedModel, estimate_values, known_model, require_sign_problem
from aigini.estimation.other_draws import OtherDraws, covariance
from aigini.estimation.outcome_map import OutcomeMap, tied
from aigini.estimation.pieces import Pieces
from aigini.estimation.problem import FreeSpace
from aigini.estimation.result import Calibration, Status
from aigini.estimation.weighting import before_estimates, follows_estimates, reweight
from aigini.parameters import PARAMETER_NAMES, SPECS
from aigini.population.population import Population
from aigini.runtime.precision import with_x64

FEWEST_FIRMS = 3
"""Firms that the outcomes are defined for, see `aigini.statistics.outcomes.outcomes`."""


@with_x64
def at_estimates(config: ConfigLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> EstimatedModel:
    """Estimate an economy from its configured parameters, for analyses at the estimates.

    Args:
        config: Configuration, path of one, or None for the baseline.
        pieces: Finished pieces of an earlier run.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if the targets are not met from there, or iterated weights do not converge.
    """
    settings = as_config(config, overrides, "calibrate")
    # Rounding in float32 moves a Gini by about 1e-8, which is what boundaries and exact fits must resolve.
    outcome_map = OutcomeMap(settings.draw(precision="float64"), settings.scenario)
    problem = (FreeSpace(settings.free, settings.tie), settings.targets, settings.income)
    first = before_estimates(settings.weighting, settings.covariance)
    pieces = pieces or Pieces()
    values = pieces.get(
        "estimates", 0, 1, lambda: dict(estimate_values(outcome_map, settings.params.as_dict(), *problem, first))
    )
    model = known_model(outcome_map, values, *problem, first, settings.covariance)
    if not follows_estimates(settings.weighting):
        return model
    found = pieces.get("weights", 0, 1, lambda: _reweighted(settings, model))
    return known_model(outcome_map, found["values"], *problem, np.array(found["weighting"]), settings.covariance)


def _reweighted(config: Config, model: EstimatedModel) -> dict[str, Any]:
    """Estimates and weights after further rounds from an estimated model at those of the first, as plain numbers."""
    problem = (model.space, model.targets, model.income)

    def at(natural: np.ndarray) -> dict[str, float]:
        return tied({**model.values, **dict(zip(model.space.names, natural.tolist(), strict=True))}, model.space.tie)

    def estimate(weights: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = estimate_values(model.outcome_map, at(start), *problem, weights)
        found = known_model(model.outcome_map, values, *problem, weights)
        return found.estimates, found.moment_jacobian

    def simulation_covariance(natural: np.ndarray) -> np.ndarray:
        outcome_maps = (OutcomeMap(_draw(config, k), config.scenario) for k in range(config.replications))
        found = covariance([outcome_map.jacobian(at(natural))[0] for outcome_map in outcome_maps], model.rows)
        assert found is not None  # a configuration with these weights has two replications at least
        return found

    sequence = reweight(
        config.weighting,
        model.weighting,
        model.estimates,
        estimate,
        simulation_covariance,
        config.covariance,
        moments=tuple(model.targets),
    )
    if not sequence.converged:
        raise AnalysisError(
            f"the iterated weights have not converged in {len(sequence.rounds)} rounds: the estimates still changed by"
            f' {sequence.last.change:.2g} s.e. in the last; use calibration.weighting = "two_step".'
        )
    return {"values": at(sequence.last.estimates), "weighting": sequence.last.weighting.tolist()}


@with_x64
def sensitivity(
    config: ConfigLike = None, *, profiles: bool = False, pieces: Pieces | None = None, **overrides: Any
) -> SensitivityAnalysis:
    """What the moments identify and what inequality depends on, see `aigini.analysis.identification.sensitivity`.

    Args:
        config: Configuration, path of one, or None for the baseline.
        profiles: Also profile every estimate and the weakest direction, with some ten re-estimations for each.
        pieces: Finished pieces of an earlier run.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if the targets do not identify the parameters.
    """
    settings, pieces = as_config(config, overrides, "sensitivity"), pieces or Pieces()
    model = at_estimates(settings, pieces=pieces)
    ranges = _external_ranges(settings)
    others = other_draws(settings, model, pieces)
    return decompose(model, ranges, others.covariance(model.rows), pieces if profiles else None, others)


def _external_ranges(config: Config) -> dict[str, tuple[float, float]]:
    """Ranges of the parameters that are neither estimated nor tied."""
    return {
        name: span
        for name, span in config.ranges.items()
        if name not in config.free and not (name == "eta0" and config.tie != "none")
    }


@with_x64
def answer(config: Config, calibration: Calibration) -> Answer:
    """Whether AI raises or lowers inequality at the estimates of a calibration, see `aigini.analysis.answer`.

    Nothing is claimed, and nothing computed, unless the targets are met.

    Args:
        config: The configuration of the calibration.
        calibration: The calibration.
    """
    status = calibration.message
    if calibration.status is not Status.FITTED:
        return Answer(False, status, config.income)

    try:
        if config.population["n_firms"] < FEWEST_FIRMS:
            raise AnalysisError(f"it takes at least {FEWEST_FIRMS} firms; raise population.n_firms.")
        model = known_model(
            OutcomeMap(config.draw(precision="float64"), config.scenario),
            calibration.params,
            FreeSpace(config.free, config.tie),
            config.targets,
            config.income,
            calibration.weighting,
            config.covariance,
        )
        return answer_at(model, _external_ranges(config), status, other_draws(config, model))
    except AiginiError as error:
        missing = {"reasons": str(error), "chances": str(error)}
        return Answer(True, status, config.income, assumed=config.targets.get("m6"), missing=missing)


def other_draws(config: Config, model: EstimatedModel, pieces: Pieces | None = None) -> OtherDraws:
    """The model on the other draws that a configuration asks for, from which simulation errors come."""
    return OtherDraws(model, config.replications, lambda k: _draw(config, k), pieces)


def _draw(config: Config, extra: int) -> Population:
    """Another draw of the population, by its number from 0."""
    return config.draw(config.population["seed"] + 1 + extra, precision="float64")


@with_x64
def sign(
    config: ConfigLike = None,
    *,
    etas: Sequence[float] = DEFAULT_ETA1,
    xis: Sequence[float] = DEFAULT_XI,
    pieces: Pieces | None = None,
    **overrides: Any,
) -> Sign:
    """Whether the moments of the mechanisms identify the sign, see `aigini.analysis.identification.sign`.

    Raises:
        AiginiError: as `at_estimates` does, or if m6 is not a target or eta1 not free.
    """
    settings, pieces = as_config(config, overrides, "sign"), pieces or Pieces()
    require_sign_problem(settings.targets, settings.free)
    model = at_estimates(settings, pieces=pieces)
    return trace_ridge(model, etas, xis, pieces, other_draws(settings, model, pieces))


@with_x64
def regimes(
    config: ConfigLike = None,
    *,
    planes: Sequence[tuple[str, str]] = DEFAULT_PLANES,
    count: int = 15,
    pieces: Pieces | None = None,
    **overrides: Any,
) -> Regimes:
    """Maps of the regimes with their boundaries, and distances of the estimates to them.

    Args:
        config: Configuration, path of one, or None for the baseline.
        planes: Pairs of axes, see `aigini.analysis.regimes.axes`.
        count: Grid points along each axis.
        pieces: Finished pieces of an earlier run.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if an axis cannot be used.
    """
    settings, pieces = as_config(config, overrides, "regimes"), pieces or Pieces()
    axes = [(axis(x), axis(y)) for x, y in planes]
    model = at_estimates(settings, pieces=pieces)
    planes_at = [Plane(x, y, model.values, settings.tie) for x, y in axes]
    maps = [regime_map(model, plane, count, pieces) for plane in planes_at]
    # A free parameter without a published range moves in units of the box that starts are drawn from.
    units = {
        name: settings.ranges.get(name, SPECS[name].box)
        for name in PARAMETER_NAMES
        if name in settings.ranges or name in settings.free
    }
    distances = [distance(model, concept, units, pieces) for concept in CONCEPTS]
    near_none = first_order(model.values, model.outcome_map.population, settings.scenario.mechanisms)
    result = Regimes(model.values, maps, distances, near_none, model.outcome_map.population.n_workers)
    return regime_errors(model, result, planes_at, other_draws(settings, model, pieces), pieces)


@with_x64
def channels(config: ConfigLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> ChannelDecomposition:
    """Shapley decomposition over the channels, see `aigini.analysis.channels`.

    Raises:
        AiginiError: as `at_estimates` does, or if AI is present before.
    """
    settings, pieces = as_config(config, overrides, "channels"), pieces or Pieces()
    require_no_ai_before(settings.scenario)
    model = at_estimates(settings, pieces=pieces)
    return decompose_channels(model, pieces=pieces, others=other_draws(settings, model, pieces))


@with_x64
def policy(config: ConfigLike = None, *, pieces: Pieces | None = None, **overrides: Any) -> Policy:
    """What levers do to inequality and output, see `aigini.analysis.policy`.

    Raises:
        AiginiError: as `at_estimates` does.
    """
    settings, pieces = as_config(config, overrides, "policy"), pieces or Pieces()
    model = at_estimates(settings, pieces=pieces)
    return evaluate_levers(model, pieces=pieces, others=other_draws(settings, model, pieces))

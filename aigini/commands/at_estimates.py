"""An economy at its estimates, for the analyses.

Workers are float64 here, whatever the configuration says of their precision.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from aigini.commands.source import SourceLike, as_source
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.estimated_model import EstimatedModel, estimate_values, known_model
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.other_draws import OtherDraws
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.reweighted import reweighted
from aigini.estimation.weighting import before_estimates, follows_estimates
from aigini.population.population import Population
from aigini.runtime.precision import with_x64
from aigini.runtime.progress import report
from aigini.storage.estimates import Estimates


@with_x64
def at_estimates(config: SourceLike = None, **overrides: Any) -> EstimatedModel:
    """The economy at its estimates: those of a calibration, or estimated from the configured parameters.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        **overrides: As in `aigini.simulate`.

    Raises:
        ConfigError: if the configuration is not valid.
        AnalysisError: if the targets are not met from there, iterated weights do not converge, or what is called
            estimates is none of this economy.
    """
    source = as_source(config, overrides, "estimation")
    settings = source.config
    outcome_map = economy_of(settings)
    problem = (settings.space, settings.targets, settings.income)
    first = before_estimates(settings.weighting, settings.covariance)
    if source.estimates is not None:
        known = source.estimates
        weighting = first if known.weighting is None else known.weighting
        return _checked(known_model(outcome_map, known.params, *problem, weighting, settings.covariance), known)
    report("estimates", 0, 1)
    values = estimate_values(outcome_map, settings.params.as_dict(), *problem, first)
    report("estimates", 1, 1)
    return model_at(settings, outcome_map, values)


def economy_of(config: Config) -> OutcomeMap:
    """The economy of a configuration as the analyses ask it."""
    # Rounding in float32 moves a Gini by about 1e-8, which is what boundaries and exact fits must resolve.
    return OutcomeMap(config.draw(precision="float64"), config.scenario, config.outcomes)


def model_at(config: Config, outcome_map: OutcomeMap, values: Mapping[str, float]) -> EstimatedModel:
    """The economy at first estimates, or at those of further rounds where the weights follow from estimates.

    Raises:
        AnalysisError: if iterated weights do not converge.
    """
    problem = (config.space, config.targets, config.income)
    first = before_estimates(config.weighting, config.covariance)
    model = known_model(outcome_map, values, *problem, first, config.covariance)
    if not follows_estimates(config.weighting):
        return model
    values, weighting = _reweighted(config, model)
    report("weights", 1, 1)
    return known_model(outcome_map, values, *problem, weighting, config.covariance)


def _checked(model: EstimatedModel, estimates: Estimates) -> EstimatedModel:
    """A model at known estimates, which must be estimates of it, by the criteria of an estimation.

    Raises:
        AnalysisError: if its moments are not those that were reported, or neither meet the targets nor are at
            a minimum.
    """
    moments, misfit = model.outcomes[list(model.rows)], model.misfit
    reported = np.array([estimates.fitted.get(name, moments[i]) for i, name in enumerate(model.targets)])
    if not model.at_estimates or np.abs((moments - reported) / model.se).max() > FIT_TOLERANCE:
        worst = int(np.argmax(np.abs(misfit)))
        raise AnalysisError(
            f"{estimates.where}: these are no estimates of this economy: {list(model.targets)[worst]} is missed by"
            f" {misfit[worst]:+.2g} s.e.; another version of aigini, or another model, wrote them. Estimate again."
        )
    return model


def _reweighted(config: Config, model: EstimatedModel) -> tuple[dict[str, float], np.ndarray]:
    """Every parameter and the weights after further rounds, from an estimated model at those of the first."""

    def on_other_draws(natural: np.ndarray) -> list[np.ndarray]:
        values = model.space.replace(model.values, natural)
        outcome_maps = (model.outcome_map.on(_draw(config, k)) for k in range(config.replications))
        return [outcome_map.jacobian(values)[0][list(model.rows)] for outcome_map in outcome_maps]

    sequence, end = reweighted(
        config.weighting,
        model.objective(model.values),
        model.estimates,
        on_other_draws,
        config.covariance,
        moments=tuple(model.targets),
        settings=LeastSquaresSettings(),
    )
    if not sequence.converged:
        raise AnalysisError(
            f"the iterated weights have not converged in {len(sequence.rounds)} rounds: the estimates still changed by"
            f' {sequence.last.change:.2g} s.e. in the last; use calibration.weighting = "two_step".'
        )
    return model.space.replace(model.values, end.natural), sequence.last.weighting


def other_draws(config: Config, model: EstimatedModel) -> OtherDraws:
    """The model on the other draws that a configuration asks for, from which simulation errors come."""
    return OtherDraws(model, config.replications, lambda k: _draw(config, k))


def _draw(config: Config, extra: int) -> Population:
    """Another draw of the population, by its number from 0."""
    return config.draw(config.population["seed"] + 1 + extra, precision="float64")


def external_ranges(config: Config) -> dict[str, tuple[float, float]]:
    """Ranges of the parameters that are neither estimated nor tied."""
    return {
        name: span for name, span in config.ranges.items() if name not in config.free and not config.space.is_tied(name)
    }

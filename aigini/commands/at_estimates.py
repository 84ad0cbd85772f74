"""An economy at its estimates, for the analyses.

Workers are float64 here, whatever the configuration says of their precision.
"""

from typing import Any

import numpy as np

from aigini.commands.source import SourceLike, as_source
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE, STATIONARY, removable_share
from aigini.estimation.estimated_model import EstimatedModel, estimate_values, known_model
from aigini.estimation.other_draws import OtherDraws, covariance
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.weighting import before_estimates, follows_estimates, reweight
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
    # Rounding in float32 moves a Gini by about 1e-8, which is what boundaries and exact fits must resolve.
    outcome_map = OutcomeMap(settings.draw(precision="float64"), settings.scenario, settings.outcomes)
    problem = (settings.space, settings.targets, settings.income)
    first = before_estimates(settings.weighting, settings.covariance)
    if source.estimates is not None:
        known = source.estimates
        weighting = first if known.weighting is None else known.weighting
        return _checked(known_model(outcome_map, known.params, *problem, weighting, settings.covariance), known)
    values = estimate_values(outcome_map, settings.params.as_dict(), *problem, first)
    report("estimates", 1, 1)
    model = known_model(outcome_map, values, *problem, first, settings.covariance)
    if not follows_estimates(settings.weighting):
        return model
    values, weighting = _reweighted(settings, model)
    report("weights", 1, 1)
    return known_model(outcome_map, values, *problem, weighting, settings.covariance)


def _checked(model: EstimatedModel, estimates: Estimates) -> EstimatedModel:
    """A model at known estimates, which must be estimates of it, by the criteria of an estimation.

    Raises:
        AnalysisError: if its moments are not those that were reported, or neither meet the targets nor are at
            a minimum.
    """
    moments = model.outcomes[list(model.rows)]
    gap = moments - np.array([target.value for target in model.targets.values()])
    reported = np.array([estimates.fitted.get(name, moments[i]) for i, name in enumerate(model.targets)])
    root = np.linalg.cholesky(model.weighting)
    fits = np.abs(gap / model.se).max() <= FIT_TOLERANCE
    exact = len(model.space.names) == len(model.targets)
    minimum = fits or (not exact and removable_share(root.T @ gap, root.T @ model.moment_jacobian) <= STATIONARY)
    if not minimum or np.abs((moments - reported) / model.se).max() > FIT_TOLERANCE:
        worst = int(np.argmax(np.abs(gap / model.se)))
        raise AnalysisError(
            f"{estimates.where}: these are no estimates of this economy: {list(model.targets)[worst]} is missed by"
            f" {gap[worst] / model.se[worst]:+.2g} s.e.; another version of aigini, or another model, wrote them."
            " Estimate again."
        )
    return model


def _reweighted(config: Config, model: EstimatedModel) -> tuple[dict[str, float], np.ndarray]:
    """Every parameter and the weights after further rounds, from an estimated model at those of the first."""
    problem = (model.space, model.targets, model.income)

    def at(natural: np.ndarray) -> dict[str, float]:
        return model.space.replace(model.values, natural)

    def estimate(weights: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = estimate_values(model.outcome_map, at(start), *problem, weights)
        fitted = known_model(model.outcome_map, values, *problem, weights)
        return fitted.estimates, fitted.moment_jacobian

    def simulation_covariance(natural: np.ndarray) -> np.ndarray:
        outcome_maps = (model.outcome_map.on(_draw(config, k)) for k in range(config.replications))
        result = covariance([outcome_map.jacobian(at(natural))[0] for outcome_map in outcome_maps], model.rows)
        assert result is not None  # a configuration with these weights has two replications at least
        return result

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
    return at(sequence.last.estimates), sequence.last.weighting


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

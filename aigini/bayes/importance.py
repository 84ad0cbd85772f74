"""Pareto-smoothed importance weights: estimates under one distribution from draws of another.

Source: Vehtari, Simpson, Gelman, Yao and Gabry, Pareto Smoothed Importance Sampling, Journal of Machine Learning
Research 25(72), 2024.
"""

import dataclasses

import numpy as np

from aigini.bayes.diagnostics import pareto_smooth
from aigini.inference import checks

PARETO_K = 0.7
"""Largest shape of the weights' tail at which their averages, and the errors of these, can be trusted."""
FEWEST = 25
"""Fewest draws of positive weight; a fifth of them is the tail."""

# Log weights of a tail that differ by less are equal but for rounding.
_FLAT = 1e-9


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number found by Monte Carlo.

    Attributes:
        value: The number.
        mcse: Its Monte Carlo standard error.
        population_error: Its standard error from the draw of the simulated population; None where the number is
            conditional on the population that was drawn.
    """

    value: float
    mcse: float
    population_error: float | None = None

    @property
    def error(self) -> float:
        """Total standard error: of Monte Carlo, and of the draw of the population where that is known."""
        return float(np.hypot(self.mcse, self.population_error or 0.0))

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.error:.1g}"


@dataclasses.dataclass(frozen=True)
class Weights:
    """Normalised weights of draws.

    Attributes:
        values: Weights that add up to one, ``[n]``.
        pareto_k: Shape of their tail: minus infinity if the largest weights are all equal, infinity if no shape fits.
        ess: Effective sample size, relative_efficiency / Σ w².
        relative_efficiency: Effective sample size of the unweighted draws over their number.
    """

    values: np.ndarray
    pareto_k: float
    ess: float
    relative_efficiency: float = 1.0

    @property
    def reliable(self) -> bool:
        """True if averages with these weights can be trusted."""
        return self.pareto_k <= PARETO_K

    def __str__(self) -> str:
        verdict = "" if self.reliable else f", above {PARETO_K}: not reliable"
        return f"{len(self.values)} weights worth {self.ess:.0f} draws; Pareto k = {self.pareto_k:.2f}{verdict}"

    def mean(self, x: np.ndarray) -> Estimate:
        """Weighted mean of x, ``[n]``; its variance is Σ w² (x - mean)² over the relative efficiency.

        Raises:
            ValueError: if x has another length or is not finite.
        """
        x = checks.vector("x", x, len(self.values))
        centre = float(self.values @ x)
        variance = float(self.values**2 @ (x - centre) ** 2)
        return Estimate(centre, float(np.sqrt(variance / self.relative_efficiency)))

    def probability(self, event: np.ndarray) -> Estimate:
        """Weighted share of the draws in which `event` is true, ``[n]``.

        The error is the standard deviation of a beta distribution with as many draws as the weights are worth for this
        event, so that it is not zero where the event happened always or never.

        Raises:
            ValueError: if `event` has another length, or holds anything but true and false.
        """
        happened = checks.vector("event", event, len(self.values))
        if not np.isin(happened, (0.0, 1.0)).all():
            raise ValueError("event holds numbers other than 0 and 1; give whether something is true in each draw.")
        mean = self.mean(happened)
        share = min(max(mean.value, 0.0), 1.0)
        size = share * (1 - share) / mean.mcse**2 if mean.mcse > 0 else self.ess
        a, b = size * share + 1, size * (1 - share) + 1
        return Estimate(share, float(np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))))

    def quantile(self, x: np.ndarray, probability: float) -> Estimate:
        """Weighted quantile of x, ``[n]``; the error is half the distance of the quantiles one error up and down.

        Raises:
            ValueError: if x has another length or is not finite, or the probability is not between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"probability = {probability} is not between 0 and 1; for the median give 0.5.")
        x = checks.vector("x", x, len(self.values))
        order = np.argsort(x, kind="stable")
        weights = self.values[order]
        # Each draw stands in the middle of its weight.
        level = np.cumsum(weights) - weights / 2
        value = float(np.interp(probability, level, x[order]))
        error = self.probability(x <= value).mcse
        below, above = np.interp([probability - error, probability + error], level, x[order])
        return Estimate(value, float(above - below) / 2)


def smoothed(log_weights: np.ndarray, relative_efficiency: float = 1.0) -> Weights:
    """Normalise weights, their largest replaced by quantiles of a Pareto distribution fitted to them.

    Args:
        log_weights: Log of target over sampling density up to a constant, ``[n]``; minus infinity for a weight of zero.
        relative_efficiency: Effective sample size of the draws over n.

    Raises:
        ValueError: if fewer than 25 weights are above zero, one is infinite or not a number, or the efficiency is not
            a positive finite number.
        MissingExtraError: if ArviZ is not installed.
    """
    logs = np.asarray(log_weights, float)
    if logs.ndim != 1 or np.sum(np.isfinite(logs)) < FEWEST:
        raise ValueError(
            f"log_weights of shape {logs.shape} has {np.sum(np.isfinite(logs))} finite entries; give a vector with at"
            f" least {FEWEST}."
        )
    if np.isnan(logs).any() or np.isposinf(logs).any():
        at = int(np.argmax(np.isnan(logs) | np.isposinf(logs)))
        raise ValueError(f"log_weights[{at}] = {logs[at]} is no log weight; only minus infinity may be infinite.")
    efficiency = float(relative_efficiency)
    if not (np.isfinite(efficiency) and efficiency > 0):
        raise ValueError(f"relative_efficiency = {relative_efficiency} must be a positive finite number.")
    logs = logs - logs.max()
    raw = np.exp(logs) / np.exp(logs).sum()
    tail = int(np.ceil(min(len(logs) / 5, 3 * np.sqrt(len(logs) / efficiency)))) + 1
    if np.partition(logs, -tail)[-tail] > -_FLAT:
        # The largest weights are equal: they are bounded, and there is nothing to smooth.
        return _weights(raw, -np.inf, efficiency)
    smooth, k = pareto_smooth(logs, efficiency)
    if np.isnan(k) or np.isnan(smooth).any():
        return _weights(raw, np.inf, efficiency)
    return _weights(np.exp(smooth), k, efficiency)


def _weights(values: np.ndarray, k: float, efficiency: float) -> Weights:
    values = values / values.sum()
    return Weights(values, k, float(efficiency / np.sum(values**2)), efficiency)

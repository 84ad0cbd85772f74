"""The posterior on other populations: averages over them, and the standard error from the draw of a population.

Chains are run on one simulated population, and another one gives other moments and other Ginis at the same parameters.
The posterior of population p, with density ∝ π(θ) L_p(θ), is had from the same draws: its outcomes at them are
simulated, and the draws are weighted by L_p(θ) / L_0(θ) (importance sampling, Pareto-smoothed). What is reported is the
equal average over all populations, the sampled one included. Which workers were drawn is a matter of the simulation
that the data say nothing about, so populations are not weighted by how well they fit; all are independent draws from
one distribution, so the average estimates the mean over it, with the standard error s.d. over populations / √count.

Each other population need only be simulated at some of the draws. Its number is that of all draws on the sampled
population, plus the difference that the population makes at its own draws (a control variate): nearly the same draws
fall on both sides of one half of it, so the difference has little Monte Carlo error.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np

from aigini.bayes.diagnostics import monte_carlo_error, summarise
from aigini.bayes.importance import FEWEST, PARETO_K, Estimate, Weights, smoothed


@dataclasses.dataclass(frozen=True)
class Sample:
    """Draws with weights.

    Attributes:
        natural: Parameters, natural units, ``[n, parameters]``.
        outcomes: Outcomes of the economy at them, ``[n, outcomes]``.
        weights: Weights that add up to one, ``[n]``.
    """

    natural: np.ndarray
    outcomes: np.ndarray
    weights: np.ndarray


@dataclasses.dataclass(frozen=True)
class Replica:
    """Some of the draws on another population.

    Attributes:
        seed: Seed of the population.
        rows: Positions of these draws, counted along the first chain, then the second and so on, ``[n]``.
        outcomes: Outcomes at them, not a number where the economy has none, ``[n, outcomes]``.
        log_ratio: log L_p - log L_0 at them, minus infinity where there is no outcome, ``[n]``.
    """

    seed: int
    rows: np.ndarray
    outcomes: np.ndarray
    log_ratio: np.ndarray


Compute = Callable[[Sample], np.ndarray]
"""Numbers ``[k]`` of a weighted sample."""


class Populations:
    """The draws of all chains on the population that was sampled, and some of them on others.

    Args:
        natural: Parameters at the draws, ``[chains, draws, parameters]``.
        outcomes: Outcomes at the draws, ``[chains, draws, outcomes]``.
        replicas: The other populations.
        relative_efficiency: Effective sample size of the draws over their number.
    """

    def __init__(
        self,
        natural: np.ndarray,
        outcomes: np.ndarray,
        replicas: Sequence[Replica],
        relative_efficiency: float,
    ) -> None:
        self.shape = natural.shape[:2]
        self.efficiency = relative_efficiency
        self._natural = natural.reshape(-1, natural.shape[-1])
        self._outcomes = outcomes.reshape(-1, outcomes.shape[-1])
        self._replicas = tuple(replicas)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the other populations."""
        return tuple(replica.seed for replica in self._replicas)

    @functools.cached_property
    def weights(self) -> tuple[Weights, ...]:
        """Weights of the draws on each other population."""
        return tuple(_weights(replica.log_ratio, self.efficiency) for replica in self._replicas)

    @property
    def marks(self) -> tuple[str, ...]:
        """Populations whose weights cannot be trusted, a sentence each."""
        return tuple(
            f"population {replica.seed}: Pareto k of the weights that carry the draws to it is {weights.pareto_k:.2f},"
            f" expected at most {PARETO_K}: simulation noise is large beside the errors of the targets, and the errors"
            " from the draw of the population are not reliable; set more workers in posterior.n_workers."
            for replica, weights in zip(self._replicas, self.weights, strict=True)
            if not weights.reliable
        )

    def all_draws(self) -> tuple[np.ndarray, np.ndarray]:
        """Parameters ``[n, parameters]`` and outcomes ``[n, outcomes]`` of all draws on the sampled population."""
        return self._natural, self._outcomes

    def pairs(self) -> list[tuple[Sample, Sample]]:
        """For each other population its draws with their weights, and the same draws on the sampled one, unweighted."""
        samples = []
        for replica, weights in zip(self._replicas, self.weights, strict=True):
            natural = self._natural[replica.rows]
            there = np.where(np.isfinite(replica.outcomes), replica.outcomes, 0.0)
            here = Sample(natural, self._outcomes[replica.rows], np.full(len(natural), 1 / len(natural)))
            samples.append((Sample(natural, there, weights.values), here))
        return samples

    def every(self, compute: Compute) -> np.ndarray:
        """Numbers on each population, the sampled one first, ``[populations, k]``."""
        count = len(self._natural)
        own = np.asarray(compute(Sample(self._natural, self._outcomes, np.full(count, 1 / count))), float)
        return np.stack([own, *(own + compute(there) - compute(here) for there, here in self.pairs())])

    def average(self, compute: Compute) -> tuple[np.ndarray, np.ndarray]:
        """Averages over the populations and their standard errors from the draw of the population, ``[k]`` each.

        Populations where a number is not defined are left out of its average; an error is not a number where fewer
        than two are left.
        """
        return mean_and_error(self.every(compute))

    def mean(self, of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Estimate:
        """Posterior mean of a function of parameters and outcomes, averaged over the populations.

        Args:
            of: Values ``[n]`` at parameters ``[n, parameters]`` and outcomes ``[n, outcomes]``.
        """
        value, error = self.average(lambda sample: np.atleast_1d(sample.weights @ _values(of, sample)))
        x = of(self._natural, self._outcomes).astype(float)
        count, populations = len(x), 1 + len(self._replicas)
        # What each draw adds to the average, in units of 1 / count.
        influence = x - x.mean()
        for replica, (there, here) in zip(self._replicas, self.pairs(), strict=True):
            moved, stayed = _values(of, there), _values(of, here)
            moved, stayed = there.weights * (moved - there.weights @ moved), here.weights * (stayed - stayed.mean())
            np.add.at(influence, replica.rows, (moved - stayed) * count / populations)
        summary = summarise({"influence": influence.reshape(self.shape)})["influence"]
        # All draws alike have no Monte Carlo error; chains that cannot be compared have one that is not known.
        mcse = 0.0 if summary.sd == 0 else np.inf if summary.mcse_mean is None else summary.mcse_mean
        return Estimate(float(value[0]), float(mcse), float(error[0]) if np.isfinite(error[0]) else None)

    def resampled(self) -> list[tuple[Sample, Sample]]:
        """As `pairs`, with weights made equal: draws of other populations are repeated in proportion to theirs."""
        samples = []
        for there, here in self.pairs():
            count = len(there.weights)
            # Systematic resampling: each draw as often as its weight times the count, rounded up or down.
            cumulative = np.minimum(np.cumsum(there.weights), 1.0)
            rows = np.minimum(np.searchsorted(cumulative, (np.arange(count) + 0.5) / count), count - 1)
            samples.append((Sample(there.natural[rows], there.outcomes[rows], here.weights), here))
        return samples


@dataclasses.dataclass(frozen=True)
class Averages:
    """One quantity under the posterior, averaged over the populations.

    Attributes:
        mean: Posterior mean.
        sd: Posterior standard deviation.
        q5: 5 % quantile.
        median: 50 % quantile.
        q95: 95 % quantile.
    """

    mean: Estimate
    sd: Estimate
    q5: Estimate
    median: Estimate
    q95: Estimate


def averages(populations: Populations, of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Averages:
    """Mean, standard deviation and quantiles of a function of parameters and outcomes, with their errors.

    Args:
        populations: The draws.
        of: Values ``[n]`` at parameters ``[n, parameters]`` and outcomes ``[n, outcomes]``.
    """

    def compute(sample: Sample) -> np.ndarray:
        x, w = _values(of, sample), sample.weights
        return np.array([_sd(x, w), *_quantiles(x, w, (0.05, 0.5, 0.95))])

    value, error = populations.average(compute)
    drawn = of(*populations.all_draws()).astype(float).reshape(populations.shape)
    own = [
        monte_carlo_error(drawn, "sd"),
        *(monte_carlo_error(drawn, "quantile", level) for level in (0.05, 0.5, 0.95)),
    ]
    rest = [
        Estimate(float(x), mcse, float(e) if np.isfinite(e) else None)
        for x, mcse, e in zip(value, own, error, strict=True)
    ]
    return Averages(populations.mean(of), *rest)


def mean_and_error(every: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over populations and their standard errors, ``[k]`` each, of numbers ``[populations, k]``.

    Numbers that are not finite are left out; an error is not a number where fewer than two are left.
    """
    known = np.isfinite(every)
    count = known.sum(axis=0)
    total = np.where(known, every, 0.0).sum(axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    squares = np.where(known, (every - mean) ** 2, 0.0).sum(axis=0)
    error = np.sqrt(squares / np.maximum(count - 1, 1) / np.maximum(count, 1))
    return mean, np.where(count > 1, error, np.nan)


def rows_of(population: int, populations: int, draws: int, most: int) -> np.ndarray:
    """Positions of the draws that are simulated on another population: evenly spaced, different ones on each.

    Args:
        population: Number of the population, from 0.
        populations: Number of populations.
        draws: Number of draws.
        most: Largest number of draws on a population.
    """
    stride = max(1, -(-draws // most))
    return np.arange(population * stride // populations, draws, stride)


def _weights(log_ratio: np.ndarray, efficiency: float) -> Weights:
    if np.sum(np.isfinite(log_ratio)) >= FEWEST:
        return smoothed(log_ratio, efficiency)
    # Too few draws to judge a tail from: used as they are, and marked.
    shifted = np.exp(log_ratio - np.max(log_ratio)) if np.isfinite(log_ratio).any() else np.ones(len(log_ratio))
    values = shifted / shifted.sum()
    return Weights(values, np.inf, float(efficiency / np.sum(values**2)), efficiency)


def _values(of: Callable[[np.ndarray, np.ndarray], np.ndarray], sample: Sample) -> np.ndarray:
    return of(sample.natural, sample.outcomes).astype(float)


def _sd(x: np.ndarray, weights: np.ndarray) -> float:
    count = len(x)
    return float(np.sqrt(weights @ (x - weights @ x) ** 2 * count / max(count - 1, 1)))


def _quantiles(x: np.ndarray, weights: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Weighted quantiles; each draw stands in the middle of its weight."""
    order = np.argsort(x, kind="stable")
    return np.interp(levels, np.cumsum(weights[order]) - weights[order] / 2, x[order])

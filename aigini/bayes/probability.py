"""Probability that AI widens inequality: the share of draws in which the Gini rises, with its standard errors.

A probability has two errors: the Monte Carlo error of the draws, and the error from the draw of the simulated
population, whose moments and Ginis differ a little from those of another one. The total is the root of the sum of
their squares.
"""

import dataclasses

import numpy as np

from aigini.bayes.diagnostics import summarise
from aigini.resolution import STANDS_OUT, Simulated

HALF = 0.5
"""The probability at which neither a rise nor a fall is more likely."""

_BINS = 10
_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True)
class Probability:
    """A probability estimated from draws.

    Attributes:
        value: Share of draws, averaged over populations where several were simulated.
        monte_carlo_error: Its Monte Carlo standard error; where all draws agree, the probability that as many
            independent draws would miss with 5 % chance (three over their number).
        population_error: Its standard error from the draw of the population; None where the probability is conditional
            on the population that was drawn.
        total_error: Root of the sum of their squares.
        certain: True if all draws agree, so that the Monte Carlo error is that bound.
    """

    value: float
    monte_carlo_error: float
    population_error: float | None
    total_error: float
    certain: bool

    @property
    def side(self) -> int:
        """1 or -1 where a rise or a fall is more likely by more than two total s.e.; 0 where that is open."""
        return Simulated(self.value - HALF, self.total_error).sign

    def __str__(self) -> str:
        if self.certain:
            agree = "every draw agrees" + (", on every population" if self.population_error is not None else "")
            return f"{'above' if self.value > HALF else 'below'} {abs(self.value - self.total_error):.4f} ({agree})"
        if self.population_error is None:
            return f"{self.value:.3f} ± {self.monte_carlo_error:.3f} (Monte Carlo s.e.; on the population drawn)"
        return (
            f"{self.value:.3f} ± {self.total_error:.3f} (total s.e.: Monte Carlo {self.monte_carlo_error:.3f}, draw of"
            f" the population {self.population_error:.3f})"
        )


@dataclasses.dataclass(frozen=True)
class ConditionalProbability:
    """The same within bins of another quantity, each with as many draws.

    Attributes:
        given: The quantity.
        low: Lower ends of the bins, ``[bins]``.
        high: Upper ends, ``[bins]``.
        value: Share of draws in each, averaged over populations where several were simulated, ``[bins]``.
        monte_carlo_error: Monte Carlo standard errors, ``[bins]``; bounds as in `Probability` where all draws of a bin
            agree.
        population_error: Standard errors from the draw of the population, ``[bins]``; not a number where it is not
            known.
        error: Total standard errors, ``[bins]``.
    """

    given: str
    low: np.ndarray
    high: np.ndarray
    value: np.ndarray
    monte_carlo_error: np.ndarray
    population_error: np.ndarray
    error: np.ndarray


def probability(event: np.ndarray) -> Probability:
    """Probability of an event, conditional on the population that was drawn.

    Args:
        event: True for draws in which it happened, ``[chains, draws]``.
    """
    share = float(np.mean(event))
    if share in (0.0, 1.0):
        return Probability(share, 3 / event.size, None, 3 / event.size, True)
    error_of_mean = summarise({"event": event.astype(float)})["event"].mcse_mean
    error = float("inf") if error_of_mean is None else error_of_mean
    return Probability(share, error, None, error, False)


def averaged(value: float, monte_carlo_error: float, population_error: float, draws: int) -> Probability:
    """A probability that was averaged over populations.

    Args:
        value: The average.
        monte_carlo_error: Its Monte Carlo s.e.; not used where the event happened in every draw, or in none.
        population_error: Its standard error from the draw of the population.
        draws: Number of draws.
    """
    share = min(max(value, 0.0), 1.0)
    if min(share, 1 - share) < _ROUNDING:
        share = float(round(share))
    certain = share in (0.0, 1.0)
    error = 3 / draws if certain else monte_carlo_error
    return Probability(share, error, population_error, float(np.hypot(error, population_error)), certain)


def conditional(event: np.ndarray, given: str, values: np.ndarray, bins: int = _BINS) -> ConditionalProbability:
    """Probability of an event within bins of equal numbers of draws, conditional on the population that was drawn.

    Args:
        event: True for draws in which it happened, ``[chains, draws]``.
        given: Name of the quantity.
        values: Its draws, ``[chains, draws]``.
        bins: Number of bins.
    """
    # Draws of a bin are as dependent as those of the quantity that sorts them.
    size = summarise({given: values})[given].ess_bulk
    efficiency = min(1.0, (size or 1.0) / values.size)
    order = np.argsort(values, axis=None)
    parts = np.array_split(order, bins)
    flat, happened = values.ravel(), event.ravel()
    share = np.array([happened[part].mean() for part in parts])
    error = _errors(share, np.array([len(part) for part in parts]) * efficiency)
    return ConditionalProbability(
        given=given,
        low=np.array([flat[part[0]] for part in parts]),
        high=np.array([flat[part[-1]] for part in parts]),
        value=share,
        monte_carlo_error=error,
        population_error=np.full(len(parts), np.nan),
        error=error,
    )


def averaged_within(own: ConditionalProbability, value: np.ndarray, error: np.ndarray) -> ConditionalProbability:
    """Probabilities within bins that were averaged over populations.

    Args:
        own: The probabilities on the population that was drawn.
        value: Averages, ``[bins]``; not a number where no other population has a draw in the bin.
        error: Their standard errors from the draw of the population, ``[bins]``.
    """
    share = np.clip(np.where(np.isfinite(value), value, own.value), 0.0, 1.0)
    known = np.isfinite(error)
    return dataclasses.replace(
        own,
        value=share,
        population_error=np.where(known, error, np.nan),
        error=np.minimum(np.hypot(own.monte_carlo_error, np.where(known, error, 0.0)), 1.0),
    )


def open_sentence(what: str, rise: Probability, by_population: np.ndarray) -> str:
    """A sentence about a sign and its probability, which begins with whether the sign is known.

    Args:
        what: The change whose sign it is about.
        rise: Probability of a rise.
        by_population: The probability on each population, ``[populations]``; may be empty.
    """
    above = int(np.sum(by_population > HALF))
    split = 0 < above < len(by_population)
    others = f"; {above} of {len(by_population)} populations put it above one half, the others below" if split else ""
    shown = f"P(rise) = {rise}"
    if rise.side == 0:
        return f"The sign of {what} is open: {shown} is within {STANDS_OUT:g} total s.e. of one half{others}."
    more = "a rise" if rise.side > 0 else "a fall"
    return f"{what[:1].upper()}{what[1:]}: {more} is more likely, {shown}{others}."


def _errors(share: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Standard errors of shares of independent draws; where all agree, the 95 % bound, at most 1."""
    return np.minimum(np.where((share == 0) | (share == 1), 3 / count, np.sqrt(share * (1 - share) / count)), 1.0)

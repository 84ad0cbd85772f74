"""Probability that AI widens inequality: the share of draws in which the Gini rises, with its Monte Carlo error."""

import dataclasses

import numpy as np

from aigini.bayes.diagnostics import summarise

_BINS = 10


@dataclasses.dataclass(frozen=True)
class Probability:
    """A probability estimated from draws.

    Attributes:
        value: Share of draws.
        error: Its Monte Carlo standard error; where all draws agree, the probability that as many independent draws
            would miss with 5 % chance (three over their number).
        certain: Whether all draws agree, so that `error` is that bound.
    """

    value: float
    error: float
    certain: bool

    def __str__(self) -> str:
        if self.certain:
            return f"{'above' if self.value > 0.5 else 'below'} {abs(self.value - self.error):.4f} (every draw agrees)"
        return f"{self.value:.3f} (Monte Carlo error {self.error:.3f})"


@dataclasses.dataclass(frozen=True)
class ConditionalProbability:
    """The same within bins of another quantity, each with as many draws.

    Attributes:
        given: The quantity.
        low: Lower ends of the bins, ``[bins]``.
        high: Upper ends, ``[bins]``.
        value: Share of draws in each, ``[bins]``.
        error: Monte Carlo standard errors, ``[bins]``; bounds as in `Probability` where all draws of a bin agree.
    """

    given: str
    low: np.ndarray
    high: np.ndarray
    value: np.ndarray
    error: np.ndarray


def probability(event: np.ndarray) -> Probability:
    """Probability of an event.

    Args:
        event: Whether it happened, ``[chains, draws]``.
    """
    share = float(np.mean(event))
    if share in (0.0, 1.0):
        return Probability(share, 3 / event.size, True)
    error = summarise({"event": event.astype(float)})["event"].mcse_mean
    return Probability(share, float("inf") if error is None else error, False)


def conditional(event: np.ndarray, given: str, values: np.ndarray, bins: int = _BINS) -> ConditionalProbability:
    """Probability of an event within bins of equal numbers of draws.

    Args:
        event: Whether it happened, ``[chains, draws]``.
        given: Name of the quantity.
        values: Its draws, ``[chains, draws]``.
        bins: Bins.
    """
    # Draws of a bin are as dependent as those of the quantity that sorts them.
    size = summarise({given: values})[given].ess_bulk
    efficiency = min(1.0, (size or 1.0) / values.size)
    order = np.argsort(values, axis=None)
    parts = np.array_split(order, bins)
    flat, happened = values.ravel(), event.ravel()
    share = np.array([happened[part].mean() for part in parts])
    count = np.array([len(part) for part in parts]) * efficiency
    error = np.where((share == 0) | (share == 1), 3 / count, np.sqrt(share * (1 - share) / count))
    return ConditionalProbability(
        given=given,
        low=np.array([flat[part[0]] for part in parts]),
        high=np.array([flat[part[-1]] for part in parts]),
        value=share,
        error=np.minimum(error, 1.0),
    )

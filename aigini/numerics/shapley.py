"""Exact Shapley decomposition of a change among the channels that were switched on together.

Sources: Shapley (1953), A value for n-person games; Shorrocks (2013), Decomposition procedures for distributional
analysis: a unified framework based on the Shapley value, Journal of Economic Inequality 11, 99-126; Grabisch and
Roubens (1999), An axiomatic approach to the concept of interaction among players in cooperative games, International
Journal of Game Theory 28, 547-565.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aigini.errors import AnalysisError

_PRINTED = 6  # bad coalitions listed in full


class Shapley(NamedTuple):
    """Contributions of the channels to v(all) - v(none), in the units of the outcomes.

    Attributes:
        contributions: Shapley values; they add up to v(all) - v(none), ``[n, ...outcomes]``.
        interactions: Pairwise interaction indices of Grabisch and Roubens, symmetric with a zero diagonal: positive
            where two channels do more together than the sum of what they do apart, ``[n, n, ...outcomes]``.
        first_in: v(channel alone) - v(none): the channel switched on before any other, ``[n, ...outcomes]``.
        last_in: v(all) - v(all but the channel): the channel switched on after every other, ``[n, ...outcomes]``.
    """

    contributions: np.ndarray
    interactions: np.ndarray
    first_in: np.ndarray
    last_in: np.ndarray


def coalitions(n: int) -> np.ndarray:
    """Every coalition of n channels, bool ``[2**n, n]``: channel k is on in row i where bit k of i is set.

    Raises:
        AnalysisError: if there is no channel.
    """
    if n < 1:
        raise AnalysisError(f"coalitions need at least 1 channel, got {n}")
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)


def shapley(values: np.ndarray | Sequence[Any], names: Sequence[str]) -> Shapley:
    """Decompose v(all) - v(none) exactly, from the outcomes of every coalition.

    The contribution of channel k is Σ_S |S|! (n-|S|-1)!/n! (v(S ∪ k) - v(S)) over the coalitions S without k: what k
    adds, averaged over the n! orders in which the channels can be switched on. The interaction of i and j is
    Σ_S |S|! (n-|S|-2)!/(n-1)! (v(S ∪ ij) - v(S ∪ i) - v(S ∪ j) + v(S)) over the coalitions without either. Sums are
    carried in extended precision where the machine has it; nothing is redistributed to make them add up.

    Args:
        values: Outcomes of each coalition in the order of `coalitions`, ``[2**n, ...outcomes]``, any units.
        names: The n channels; bit k of the index of a coalition (least significant first) belongs to ``names[k]``.

    Raises:
        AnalysisError: if names are missing or repeated, if there are not 2**n coalitions, or if an outcome is not
            finite (the message names the coalition).
    """
    names = tuple(names)
    n = len(names)
    outcomes = np.asarray(values, dtype=np.float64)
    _check(outcomes, names)
    wide = outcomes.reshape(2**n, math.prod(outcomes.shape[1:])).astype(np.longdouble)
    member = coalitions(n)
    index = np.arange(2**n)
    size = member.sum(axis=1)

    contributions = np.zeros((n, wide.shape[1]))
    interactions = np.zeros((n, n, wide.shape[1]))
    for i in range(n):
        off = index[~member[:, i]]
        contributions[i] = _average(wide[off | 1 << i] - wide[off], size[off], n - 1)
        for j in range(i):
            both_off = off[~member[off, j]]
            both_on = both_off | 1 << i | 1 << j
            second = wide[both_on] - wide[both_off | 1 << i] - wide[both_off | 1 << j] + wide[both_off]
            interactions[i, j] = interactions[j, i] = _average(second, size[both_off], n - 2)

    alone = 1 << np.arange(n)
    return Shapley(
        contributions=contributions.reshape(n, *outcomes.shape[1:]),
        interactions=interactions.reshape(n, n, *outcomes.shape[1:]),
        first_in=outcomes[alone] - outcomes[0],
        last_in=outcomes[-1] - outcomes[2**n - 1 - alone],
    )


def _average(terms: np.ndarray, size: np.ndarray, others: int) -> np.ndarray:
    """Mean over coalition sizes 0 .. others of the mean of `terms` ``[coalitions, outcomes]`` of that size."""
    of_size = [math.comb(others, s) for s in range(others + 1)]
    weight = 1 / (np.longdouble(others + 1) * np.asarray(of_size, dtype=np.longdouble)[size])
    return np.sum(weight[:, None] * terms, axis=0).astype(np.float64)


def _check(outcomes: np.ndarray, names: tuple[str, ...]) -> None:
    n = len(names)
    if n < 1:
        raise AnalysisError("a decomposition needs at least 1 channel, got no names")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise AnalysisError(f"names of channels must differ; repeated: {', '.join(repeated)}")
    length = len(outcomes) if outcomes.ndim else 0
    if length != 2**n:
        raise AnalysisError(
            f"{n} channels ({', '.join(names)}) have {2**n} coalitions: expected values of length {2**n}, got {length}"
        )
    bad = np.flatnonzero(~np.isfinite(outcomes).all(axis=tuple(range(1, outcomes.ndim))))
    if len(bad):
        listed = "; ".join(_coalition_name(int(i), names) for i in bad[:_PRINTED])
        more = f"; and {len(bad) - _PRINTED} more" if len(bad) > _PRINTED else ""
        raise AnalysisError(f"outcomes must be finite, but are not in coalition {listed}{more}")


def _coalition_name(index: int, names: tuple[str, ...]) -> str:
    on = [name for k, name in enumerate(names) if index >> k & 1]
    return f"{{{', '.join(on)}}} (index {index})"

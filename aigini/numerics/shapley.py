"""Exact Shapley decomposition of a change among the channels that were switched on together.

Sources: Shapley (1953), A value for n-person games; Shorrocks (2013), Decomposition procedures for distributional
analysis: a unified framework based on the Shapley value, Journal of Economic Inequality 11, 99-126; Grabisch and
Roubens (1999), An axiomatic approach to the concept of interaction among players in cooperative games, International
Journal of Game Theory 28, 547-565.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigini.errors import AnalysisError
from aigini.tables import Column, Table, Tabular

_PRINTED = 6  # outcomes and bad coalitions listed in full


@dataclasses.dataclass(frozen=True)
class Shapley(Tabular):
    """Contributions of the channels to v(all) - v(none), in the units of the outcomes.

    Attributes:
        names: Channels, the order of every leading axis.
        none: v(none), the outcomes with every channel off, ``[...outcomes]``.
        all: v(all), the outcomes with every channel on, ``[...outcomes]``.
        contributions: Shapley values; they add up to ``all - none``, ``[n, ...outcomes]``.
        interactions: Pairwise interaction indices of Grabisch and Roubens, symmetric with a zero diagonal: positive
            where two channels do more together than the sum of what they do apart, ``[n, n, ...outcomes]``.
        first_in: v(channel alone) - v(none): the channel switched on before any other, ``[n, ...outcomes]``.
        last_in: v(all) - v(all but the channel): the channel switched on after every other, ``[n, ...outcomes]``.
    """

    names: tuple[str, ...]
    none: np.ndarray
    all: np.ndarray
    contributions: np.ndarray
    interactions: np.ndarray
    first_in: np.ndarray
    last_in: np.ndarray

    def table(self, index: tuple[int, ...] = ()) -> Table:
        """Contributions to one outcome.

        Args:
            index: Which outcome; the only one by default.
        """
        parts = (("contribution", self.contributions), ("first in", self.first_in), ("last in", self.last_in))
        title = f"outcome {', '.join(map(str, index))}" if index else "channel"
        numbers = (
            Column(head, [values[(k, *index)] for k in range(len(self.names))], "+.5g") for head, values in parts
        )
        return Table((Column(title, self.names), *numbers))

    def __str__(self) -> str:
        lines = []
        indices = list(np.ndindex(self.none.shape))
        for index in indices[:_PRINTED]:
            lines += [str(self.table(index)), f"together {self.all[index] - self.none[index]:+.5g}"]
            lines.append(f"from {self.none[index]:.6g} to {self.all[index]:.6g}")
            pair = _strongest_pair(self.interactions[(slice(None), slice(None), *index)])
            if pair is not None:
                i, j = pair
                strength = self.interactions[(i, j, *index)]
                lines.append(f"strongest interaction: {self.names[i]} with {self.names[j]} {strength:+.5g}")
            lines.append("")
        if len(indices) > _PRINTED:
            lines.append(f"... and {len(indices) - _PRINTED} more outcomes")
        return "\n".join(lines).rstrip("\n")


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
        names=names,
        none=np.array(outcomes[0]),
        all=np.array(outcomes[-1]),
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


def _strongest_pair(interactions: np.ndarray) -> tuple[int, int] | None:
    """The pair with the largest interaction in absolute value; None if there is no interaction at all."""
    i, j = np.unravel_index(np.argmax(np.abs(interactions)), interactions.shape)
    return (int(i), int(j)) if interactions[i, j] != 0 else None


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

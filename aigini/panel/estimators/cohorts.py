"""Cohorts of a balanced panel whose units adopt a treatment at different dates and keep it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigini.errors import DataError


@dataclasses.dataclass(frozen=True)
class Cohorts:
    """Adoption in a balanced panel.

    Attributes:
        first: Position of the first treated period of each unit, from 0; the number of periods for units that are never
            treated, ``[units]``.
        periods: Number of periods.
    """

    first: np.ndarray
    periods: int

    def __post_init__(self) -> None:
        first = np.asarray(self.first)
        if first.ndim != 1 or not np.issubdtype(first.dtype, np.integer):
            raise DataError("cohorts: the first treated periods are one whole number for each unit; pass positions.")
        if self.periods < 2:
            raise DataError(f"cohorts: {self.periods} period; differences over time need at least 2.")
        if np.any((first < 0) | (first > self.periods)):
            raise DataError(
                f"cohorts: a first treated period is outside 0 .. {self.periods}; never treated is the last."
            )
        if np.any(first == 0):
            raise DataError(
                f"cohorts: {np.sum(first == 0)} units are treated from the first period on, so that nothing is known of"
                " them without treatment; leave them out."
            )
        if not np.any(first < self.periods):
            raise DataError("cohorts: no unit is ever treated; there is no effect to estimate.")
        if len(np.unique(first)) < 2:
            raise DataError("cohorts: all units are treated in the same period; there is nobody to compare them with.")
        object.__setattr__(self, "first", first)

    @property
    def starts(self) -> np.ndarray:
        """First treated period of every cohort in ascending order, the never treated last, ``[cohorts]``."""
        return np.unique(self.first)

    @property
    def counts(self) -> np.ndarray:
        """Units of every cohort, ``[cohorts]``."""
        return np.unique(self.first, return_counts=True)[1]

    @property
    def treated(self) -> tuple[int, ...]:
        """Positions of the cohorts that are treated at some date."""
        return tuple(np.flatnonzero(self.starts < self.periods).tolist())

    @property
    def never(self) -> int | None:
        """Position of the never treated; None where there are none."""
        return len(self.starts) - 1 if self.starts[-1] == self.periods else None

    @property
    def index(self) -> np.ndarray:
        """Position of each unit's cohort, ``[units]``."""
        return np.searchsorted(self.starts, self.first)

    @property
    def membership(self) -> np.ndarray:
        """1 where a unit is of a cohort, ``[cohorts, units]``."""
        return (self.index[None, :] == np.arange(len(self.starts))[:, None]).astype(float)

    @property
    def treatment(self) -> np.ndarray:
        """True where a cohort is treated, ``[cohorts, periods]``."""
        return np.arange(self.periods)[None, :] >= self.starts[:, None]

    def require_variance(self) -> None:
        """Refuse cohorts from which no standard error can be had.

        Raises:
            DataError: if a cohort has one unit.
        """
        if np.any(self.counts < 2):
            alone = ", ".join(str(start) for start in self.starts[self.counts < 2])
            raise DataError(
                f"cohorts: the cohort of period {alone} has one unit, so that the variance of its mean is unknown;"
                " merge it with a neighbour or leave it out."
            )

    def require_shape(self, outcome: Any) -> None:
        """Refuse outcomes that are not of these units and periods.

        Raises:
            DataError: if the last two axes are others.
        """
        expected = (len(self.first), self.periods)
        if tuple(outcome.shape[-2:]) != expected:
            raise DataError(f"outcomes of shape {tuple(outcome.shape)}: expected [..., {expected[0]}, {expected[1]}].")


def cohorts_of_treatment(treated: Sequence[Sequence[int]] | np.ndarray) -> Cohorts:
    """Cohorts from a table of treatment.

    Args:
        treated: 1 where a unit is treated in a period, ``[units, periods]``.

    Raises:
        DataError: if treatment is switched off again, or there is nothing to compare.
    """
    table = np.asarray(treated).astype(bool)
    if table.ndim != 2:
        raise DataError(f"treatment of shape {table.shape}: expected a row for each unit and a column for each period.")
    off = np.flatnonzero(np.any(table[:, :-1] & ~table[:, 1:], axis=1))
    if len(off):
        raise DataError(
            f"treatment is switched off again for {len(off)} units, the first in row {off[0]}; these estimators are for"
            " treatment that stays."
        )
    first = np.where(table.any(axis=1), table.argmax(axis=1), table.shape[1])
    return Cohorts(first.astype(np.int64), table.shape[1])

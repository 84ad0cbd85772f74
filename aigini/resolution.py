"""Comparison of simulated numbers with their simulation errors, and the words for its result.

Another draw of the population gives other numbers. A sign, a regime, a ranking or a crossing is put into words only
where the number behind it is at least `STANDS_OUT` simulation standard errors away from where the words would change.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

STANDS_OUT = 2.0
"""Simulation standard errors that a change must exceed before its sign is stated."""

MOST_WORKERS = 10**9
"""Largest population that is worth recommending."""


@dataclasses.dataclass(frozen=True)
class Simulated:
    """A number that was simulated.

    Attributes:
        value: The number, from the population that was drawn.
        error: Its simulation standard error: the standard deviation over draws of the population; None where it was
            not measured.
    """

    value: float
    error: float | None

    @property
    def resolved(self) -> bool:
        """True if its sign is known: it is exactly zero, or stands out of its error; never without an error."""
        if self.value == 0 and self.error == 0:
            return True
        return self.error is not None and abs(self.value) > STANDS_OUT * self.error

    @property
    def sign(self) -> int:
        """1 or -1 where that is known; 0 where there is no change or its sign is not known."""
        return int(np.sign(self.value)) if self.resolved else 0

    @property
    def enlargement(self) -> float | None:
        """Factor by which the population would have to grow for the sign to be known, if the error falls with its root.

        None where that is known already or the error was not measured; infinite for a number that is zero.
        """
        if self.resolved or self.error is None:
            return None
        return math.inf if self.value == 0 else (STANDS_OUT * self.error / abs(self.value)) ** 2

    def describe(
        self, *, rise: str = "a rise", fall: str = "a fall", same: str = "no change", n_workers: int | None = None
    ) -> str:
        """Its sign in words, or that it cannot be told apart from no change, and what would help.

        Args:
            rise: Word for a positive number.
            fall: Word for a negative number.
            same: Word for zero.
            n_workers: Workers of the population it was simulated with, to say how many would be needed.
        """
        if self.resolved:
            return {1: rise, -1: fall, 0: same}[self.sign]
        if self.error is None:
            return "not stated: its simulation error was not measured; set calibration.replications to 2 or more"
        text = f"not distinguishable from {same}: within {STANDS_OUT:g} simulation s.e. of {self.error:.1e}"
        if n_workers is None or self.enlargement is None:
            return text
        needed = self.enlargement * n_workers
        if needed > MOST_WORKERS:
            return f"{text}; no affordable number of workers would tell"
        return (
            f"{text} with {n_workers:,} workers; use at least {_power_of_two(needed):,}, and more firms in proportion,"
            " if the change is as large as on this draw"
        )


def simulated(value: float, others: Sequence[float] | np.ndarray) -> Simulated:
    """A number with its error from the same number on other draws of the population; no error from fewer than two.

    The error is the standard deviation over all draws, the number's own among them: all are drawn alike, and a draw
    that is unlike the others then has an error that says so.
    """
    if len(others) < 2:
        return Simulated(float(value), None)
    return Simulated(float(value), float(np.std([value, *np.asarray(others, float)], ddof=1)))


def _power_of_two(count: float) -> int:
    """The next power of two, at which quasi-random draws are most accurate."""
    return 1 << math.ceil(math.log2(count) - 1e-9)

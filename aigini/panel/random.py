"""Random numbers of a panel: a function of seed, purpose and position alone, so that blocks do not matter.

Numbers come from Philox-4x64 (Salmon, Moraes, Dror & Shaw, SC 2011), a counter-based generator: position i is had
without those before it.
"""

import numpy as np
from scipy.special import ndtri

_WORDS = 4  # numbers of 64 bits for one count of Philox

PURPOSES = (
    *("rank", "adoption", "cohort", "structure", "rent_share", "assets", "asset_error", "task_set", "requirement"),
    *("firm", "ability", "cost", "work_sample", "credential", "compliance", "ability_error", "schooling_error"),
    *("wage_error", "output_error", "entry", "entry_period", "exit", "missing", "social"),
)
"""Every purpose that a number can be drawn for."""


class Numbers:
    """The random numbers of a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uniform(self, purpose: str, first: int, count: int) -> np.ndarray:
        """Uniform numbers in (0, 1) at positions first, first + 1, ..., ``[count]``."""
        key = np.random.SeedSequence([self._seed, PURPOSES.index(purpose)]).generate_state(2, np.uint64)
        generator = np.random.Philox(key=key)
        generator.advance(first // _WORDS)
        raw = generator.random_raw(first % _WORDS + count)[first % _WORDS :]
        return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, purpose: str, first: int, count: int) -> np.ndarray:
        """Standard normal numbers, likewise."""
        return ndtri(self.uniform(purpose, first, count))

    def choice(self, purpose: str, first: int, count: int, options: int) -> np.ndarray:
        """Whole numbers from 0 to options - 1, likewise, int64."""
        return (self.uniform(purpose, first, count) * options).astype(np.int64)

"""How many workers a posterior needs: enough that simulation noise is small beside the errors of the targets.

The noise of a moment is its standard deviation over other draws of the whole population, firms included. The number of
workers is doubled until the noise of every moment is below a given share of its target's s.e.; m6 counts whatever is
believed about it, because the answer is about its sign.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from aigini.analysis.pieces import Pieces
from aigini.errors import AnalysisError

REPLICATIONS = 16
"""Draws that a noise is measured from, which leaves it uncertain by about a fifth of itself."""

SMALLEST, LARGEST = 1 << 14, 1 << 21


@dataclasses.dataclass(frozen=True)
class SizeChoice:
    """The number of workers, and what it rests on.

    Attributes:
        n_workers: Workers that are simulated.
        limit: Largest noise that was asked for, in standard errors of the targets; None where the size was given.
        noise: Noise at each size tried, in standard errors of the targets, by number of workers and moment.
    """

    n_workers: int
    limit: float | None
    noise: Mapping[int, Mapping[str, float]]

    @property
    def worst(self) -> tuple[str, float]:
        """The noisiest moment at the chosen size, and its noise."""
        return max(self.noise[self.n_workers].items(), key=lambda item: item[1])

    def __str__(self) -> str:
        name, noise = self.worst
        why = (
            "posterior.n_workers"
            if self.limit is None
            else f"the fewest with simulation noise of at most {self.limit:g} s.e. (posterior.noise_share)"
        )
        return (
            f"{self.n_workers:,} workers: {why}, not population.n_workers; the noisiest moment is {name}, {noise:.3f}"
            " of its s.e."
        )


Draw = Callable[[int, int], np.ndarray]
"""Simulated moments ``[moments]`` of a population by its size and seed."""


def noise(draw: Draw, size: int, se: Mapping[str, float]) -> dict[str, float]:
    """Noise of each moment, in standard errors of its target.

    Args:
        draw: Simulated moments, always at the same parameters.
        size: Workers.
        se: Standard errors of the targets by moment, in the order of the moments.

    Raises:
        AnalysisError: if a moment is not finite.
    """
    sample = [draw(size, seed) for seed in range(1, REPLICATIONS + 1)]
    spread = np.std(np.array(sample), axis=0, ddof=1)
    if not np.all(np.isfinite(spread)):
        raise AnalysisError("simulated moments are not finite where their noise is measured; mend params or priors.")
    return {name: float(value / error) for (name, error), value in zip(se.items(), spread, strict=True)}


def choose(
    draw: Draw, se: Mapping[str, float], limit: float, given: int | None, smallest: int, pieces: Pieces
) -> SizeChoice:
    """Choose the number of workers, or measure the noise at a given one.

    Args:
        draw: Simulated moments, always at the same parameters.
        se: Standard errors of the targets by moment, in the order of the moments.
        limit: Largest noise of a moment, in standard errors.
        given: Number of workers that was configured.
        smallest: Fewest workers that the population allows.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: if even the largest population is too noisy.
    """
    start = max(SMALLEST, 1 << (smallest - 1).bit_length())
    sizes = [given] if given else [start << k for k in range(max(1, (LARGEST // start).bit_length()))]
    table: dict[int, dict[str, float]] = {}
    for size in sizes:
        table[size] = pieces.get(
            f"simulation noise of {size:,} workers",
            0,
            1,
            lambda size=size: noise(draw, size, se),
        )
        if given or max(table[size].values()) <= limit:
            return SizeChoice(size, None if given else limit, table)
    name = max(table[sizes[-1]], key=lambda moment: table[sizes[-1]][moment])
    raise AnalysisError(
        f"simulation noise of {name} is {table[sizes[-1]][name]:.3f} of its s.e. with {sizes[-1]:,} workers, above"
        f" posterior.noise_share = {limit:g}; raise noise_share, or set posterior.n_workers."
    )

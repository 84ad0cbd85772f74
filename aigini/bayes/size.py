"""Number of workers that a posterior needs: enough that simulation noise is small beside what the posterior spreads.

The noise of a number is its standard deviation over other draws of the whole population, firms included. Two noises are
measured: that of each targeted moment, in standard errors of its target, which is how much another population changes
the likelihood; and that of each outcome the answer is about, the changes of the Ginis, in standard deviations of its
posterior by a normal approximation, which is how much another population moves the probability of a rise: with noise
ν it moves that probability by about 0.4 ν near one half.

The number of workers is doubled until every noise is below a given share. Noise falls slowly with the number of workers
where it comes from the firms; where no size brings it below the share, the smallest size that is nearly as quiet as
the quietest is taken and the noise reported: it is part of every standard error that the posterior reports.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from aigini.errors import AnalysisError
from aigini.runtime.evaluations import block
from aigini.runtime.progress import report

REPLICATIONS = 16
"""Draws that a noise is measured from, which leaves it uncertain by about a fifth of itself."""

PILOT_SEED = 1_000_003
"""First seed of these draws: always the same ones, so that the size does not depend on the seed of the population."""

SMALLEST, LARGEST = 1 << 14, 1 << 21

NEARLY = 1.25
"""Noise, relative to the smallest found, that is not worth more workers where none is quiet enough."""


@dataclasses.dataclass(frozen=True)
class SizeChoice:
    """The number of workers, and the measured noise that it was chosen from.

    Attributes:
        n_workers: Workers that are simulated.
        limit: Largest noise that was asked for, as a share; None where the size was given.
        noise: Noise of the targeted moments at each size tried, in standard errors of the targets, by number of
            workers and moment.
        outcome_noise: Noise of the outcomes at each size, in their posterior standard deviations, by number of workers
            and outcome.
        outcome_sd: Posterior standard deviation of each outcome that this is relative to, by the normal approximation
            where the chains start.
    """

    n_workers: int
    limit: float | None
    noise: Mapping[int, Mapping[str, float]]
    outcome_noise: Mapping[int, Mapping[str, float]]
    outcome_sd: Mapping[str, float]

    @property
    def worst(self) -> tuple[str, float]:
        """The noisiest moment at the chosen size, and its noise."""
        return max(self.noise[self.n_workers].items(), key=lambda item: item[1])

    @property
    def quiet(self) -> bool:
        """True if every noise at the chosen size is below the limit, or there is no limit."""
        return self.limit is None or self.largest(self.n_workers) <= self.limit

    def largest(self, n_workers: int) -> float:
        """The largest of all noises at a size."""
        return max((*self.noise[n_workers].values(), *self.outcome_noise[n_workers].values()))

    def __str__(self) -> str:
        name, noise = self.worst
        if self.limit is None:
            why = "posterior.n_workers"
        elif self.quiet:
            why = (
                f"the fewest with simulation noise of at most {self.limit:g} of what is to be told apart"
                " (posterior.noise_share)"
            )
        else:
            why = f"simulation noise stays above the {self.limit:g} asked for; more workers would hardly lower it"
        outcomes = " and ".join(
            f"{share:.3f} of the posterior s.d. of {outcome}"
            for outcome, share in self.outcome_noise[self.n_workers].items()
        )
        text = (
            f"{self.n_workers:,} workers: {why}, not population.n_workers; another population moves the noisiest"
            f" moment, {name}, by {noise:.3f} of its s.e. (s.d. over populations)"
        )
        return f"{text}, and the outcomes by {outcomes}" if outcomes else text


Draw = Callable[[int, int], np.ndarray]
"""Simulated moments and then outcomes ``[numbers]`` of a population by its size and seed."""


def noise(draw: Draw, size: int, units: Mapping[str, float]) -> dict[str, float]:
    """Noise of each number, in its own unit.

    Args:
        draw: Simulated numbers, always at the same parameters.
        size: Workers.
        units: Unit of each number, in their order.

    Raises:
        AnalysisError: if a number is not finite.
    """
    sample = [draw(size, PILOT_SEED + k) for k in range(REPLICATIONS)]
    spread = np.std(np.array(sample), axis=0, ddof=1)
    if not np.all(np.isfinite(spread)):
        raise AnalysisError("simulated moments are not finite where their noise is measured; correct params or priors.")
    return {name: float(value / unit) for (name, unit), value in zip(units.items(), spread, strict=True)}


def choose(
    draw: Draw,
    se: Mapping[str, float],
    outcome_sd: Mapping[str, float],
    limit: float,
    given: int | None,
    smallest: int,
) -> SizeChoice:
    """Choose the number of workers, or measure the noise at a given one.

    Args:
        draw: Simulated moments and then outcomes, always at the same parameters.
        se: Standard errors of the targets by moment, in the order of the moments.
        outcome_sd: Posterior standard deviations by outcome, in the order of the outcomes.
        limit: Largest noise, as a share of these.
        given: Number of workers that was configured.
        smallest: Fewest workers that the population allows.

    Raises:
        AnalysisError: if a simulated number is not finite.
    """
    start = max(SMALLEST, 1 << (smallest - 1).bit_length())
    sizes = [given] if given else [start << k for k in range(max(1, (LARGEST // start).bit_length()))]
    moments: dict[int, dict[str, float]] = {}
    outcomes: dict[int, dict[str, float]] = {}

    def chosen(size: int) -> SizeChoice:
        return SizeChoice(size, None if given else limit, moments, outcomes, dict(outcome_sd))

    for size in sizes:
        part = f"simulation noise of {size:,} workers"
        measured = block(part, lambda size=size: noise(draw, size, {**se, **outcome_sd}))
        report(part, 1, 1)
        moments[size] = {name: measured[name] for name in se}
        outcomes[size] = {name: measured[name] for name in outcome_sd}
        if given or chosen(size).quiet:
            return chosen(size)
    largest = {size: chosen(size).largest(size) for size in sizes}
    return chosen(next(size for size in sizes if largest[size] <= NEARLY * min(largest.values())))

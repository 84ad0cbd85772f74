"""Settings of a posterior: priors, the belief about m6, and the sampler."""

import dataclasses
from collections.abc import Mapping

from aigini.bayes.likelihood import M6Belief
from aigini.bayes.priors import Prior


@dataclasses.dataclass(frozen=True)
class NutsSettings:
    """Settings of the chains.

    Attributes:
        chains: Number of chains, side by side.
        warmup: Iterations that adapt step size and metric, dropped.
        draws: Iterations of each chain after the warm-up.
        seed: Seed of everything random in a posterior.
        target_accept: Acceptance probability that the step size is adapted to.
        max_tree_depth: Doublings of a trajectory.
        block: Iterations between savings.
    """

    chains: int = 4
    warmup: int = 300
    draws: int = 1000
    seed: int = 0
    target_accept: float = 0.8
    max_tree_depth: int = 8
    block: int = 25


@dataclasses.dataclass(frozen=True)
class PosteriorSettings:
    """Settings of a posterior.

    Attributes:
        priors: Priors of the parameters that are sampled, in their order.
        alternatives: Other priors of some of them by parameter and label, for the table of beliefs.
        scenarios: Other values of m6, for the same table.
        m6: Belief about the measured change of the Gini.
        m6_range: Lowest and highest scenario, for ``uniform``.
        nuts: Settings of the sampler.
        n_workers: Simulated workers; None lets the size follow from `noise_share`.
        noise_share: Largest simulation noise that the size is chosen for: of a moment in standard errors of its
            target, of the change of a Gini in its posterior standard deviations.
        populations: Other populations that the posterior is averaged over, besides the one that is sampled.
        population_draws: Draws that are simulated on each of them, at most.
    """

    priors: Mapping[str, Prior]
    alternatives: Mapping[str, Mapping[str, Prior]]
    scenarios: tuple[float, ...]
    m6: M6Belief
    m6_range: tuple[float, float]
    nuts: NutsSettings
    n_workers: int | None
    noise_share: float
    populations: int
    population_draws: int

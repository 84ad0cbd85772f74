"""Results of a posterior averaged over populations, with the standard error from the draw of the population."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from aigini.bayes.importance import Estimate
from aigini.bayes.information import Gain, Information
from aigini.bayes.populations import Averages, Populations, Sample, averages, mean_and_error
from aigini.bayes.power_scaling import PowerScaling
from aigini.bayes.probability import ConditionalProbability, Probability, averaged, averaged_within
from aigini.statistics.catalogue import CONCEPT_WORDS, CONCEPTS
from aigini.statistics.outcomes import OUTCOME_NAMES

ByName = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]
"""Values ``[n]`` by name at parameters ``[n, parameters]`` and outcomes ``[n, outcomes]``."""


@dataclasses.dataclass(frozen=True)
class OverPopulations:
    """The populations a posterior was averaged over.

    Attributes:
        seeds: Seeds of the other populations; that of the sampled one precedes them.
        draws: Number of draws simulated on each of them.
        pareto_k: Pareto shape of the weights that carry the draws to each.
        rises: Probability that the Gini rises on each population, the sampled one first, by ``total`` and ``wage``.
        marks: Sentences about results that are not reliable.
    """

    seeds: tuple[int, ...]
    draws: int
    pareto_k: np.ndarray
    rises: Mapping[str, np.ndarray]
    marks: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            f"averages over {1 + len(self.seeds)} populations: the sampled one, and others at {self.draws} draws each"
        ]
        for concept, values in self.rises.items():
            lines.append(
                f"P(Gini of {CONCEPT_WORDS[concept]} rises) by population: {values[0]:.3f} on the sampled one, others"
                f" {values[1:].min():.3f} to {values[1:].max():.3f}"
            )
        return "\n".join([*lines, *self.marks])


def over_populations(populations: Populations) -> OverPopulations:
    """The populations with the probabilities of a rise on each."""
    every = populations.every(lambda sample: np.array([sample.weights @ (_change(sample, c) > 0) for c in CONCEPTS]))
    return OverPopulations(
        seeds=populations.seeds,
        draws=min(len(weights.values) for weights in populations.weights),
        pareto_k=np.array([weights.pareto_k for weights in populations.weights]),
        rises={concept: np.clip(every[:, k], 0.0, 1.0) for k, concept in enumerate(CONCEPTS)},
        marks=populations.marks,
    )


def averages_by_name(populations: Populations, names: Sequence[str]) -> dict[str, Averages]:
    """Posterior means, standard deviations and quantiles of the parameters `names` and of every outcome."""
    results = {name: averages(populations, lambda at, _, i=i: at[:, i]) for i, name in enumerate(names)}
    return results | {
        name: averages(populations, lambda _, outcomes, i=i: outcomes[:, i]) for i, name in enumerate(OUTCOME_NAMES)
    }


def rises_over(populations: Populations) -> dict[str, Probability]:
    """Probability that each Gini rises, by ``total`` and ``wage``."""
    rises = {}
    for concept in CONCEPTS:
        row = OUTCOME_NAMES.index(f"gini_{concept}")
        estimate = populations.mean(lambda _, outcomes, row=row: outcomes[:, row] > 0)
        rises[concept] = averaged(
            estimate.value, estimate.mcse, estimate.population_error or 0.0, int(np.prod(populations.shape))
        )
    return rises


def rises_within(
    populations: Populations,
    own: ConditionalProbability,
    concept: str,
    *,
    parameter: int | None = None,
    outcome: int | None = None,
) -> ConditionalProbability:
    """Probability that a Gini rises within the bins of a parameter or an outcome.

    Args:
        populations: The draws.
        own: The probabilities on the sampled population, with the bins.
        concept: ``total`` or ``wage``.
        parameter: Position of the parameter that is given.
        outcome: Position of the outcome that is given.
    """
    bins = len(own.low)

    def compute(sample: Sample) -> np.ndarray:
        given = sample.natural[:, parameter] if parameter is not None else sample.outcomes[:, outcome]
        bin_of = np.searchsorted(own.low[1:], given, side="right")
        weight = np.bincount(bin_of, sample.weights, minlength=bins)
        rising = np.bincount(bin_of, sample.weights * (_change(sample, concept) > 0), minlength=bins)
        return np.where(weight > 0, rising / np.where(weight > 0, weight, 1.0), np.nan)

    return averaged_within(own, *populations.average(compute))


def scaling_over(
    populations: Populations, scaling: PowerScaling, components: ByName, quantities: ByName
) -> PowerScaling:
    """The derivatives of a power scaling averaged over the populations; the rest stays that of the sampled one.

    Args:
        populations: The draws.
        scaling: Power scaling on the sampled population.
        components: Log densities of the components that are scaled.
        quantities: Values of the quantities whose change is measured.
    """

    def compute(sample: Sample) -> np.ndarray:
        densities = components(sample.natural, sample.outcomes)
        values, w = quantities(sample.natural, sample.outcomes), sample.weights
        centred = {name: x - w @ x for name, x in values.items()}
        return np.array([np.log(2) * (w * densities[one.component]) @ centred[one.quantity] for one in scaling.effects])

    every = populations.every(compute)
    value, error = mean_and_error(every - every[0])
    effects = tuple(
        dataclasses.replace(
            effect,
            derivative=Estimate(effect.derivative.value + float(moved), effect.derivative.mcse, _known(spread)),
        )
        for effect, moved, spread in zip(scaling.effects, value, error, strict=True)
    )
    return dataclasses.replace(scaling, effects=effects)


def information_over(
    populations: Populations, sampled: Information, value: Callable[[np.ndarray], Information], probability: float
) -> Information:
    """The value of information averaged over the populations.

    Args:
        populations: The draws.
        sampled: That on the sampled population.
        value: Function that gives it for equally weighted draws with outcomes ``[n, outcomes]``.
        probability: Posterior probability of a rise, averaged over the populations.
    """

    def numbers(of: Information) -> np.ndarray:
        return np.array([of.entropy, *(gain.bits for gain in of.gains)])

    own = numbers(sampled)
    moved = [
        own + numbers(value(there.outcomes)) - numbers(value(here.outcomes)) for there, here in populations.resampled()
    ]
    mean, error = mean_and_error(np.stack([own, *moved]))
    gains: list[Gain] = [
        dataclasses.replace(gain, bits=float(bits), population_error=_known(spread))
        for gain, bits, spread in zip(sampled.gains, mean[1:], error[1:], strict=True)
    ]
    return dataclasses.replace(
        sampled, probability=probability, entropy=float(np.clip(mean[0], 0, 1)), gains=tuple(gains)
    )


def _change(sample: Sample, concept: str) -> np.ndarray:
    return sample.outcomes[:, OUTCOME_NAMES.index(f"gini_{concept}")]


def _known(error: float) -> float | None:
    return float(error) if np.isfinite(error) else None

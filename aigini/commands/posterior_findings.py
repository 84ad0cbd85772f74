"""Results from the draws of a posterior: conditional probabilities, prior sensitivity, and value of information."""

import jax
import jax.numpy as jnp
import numpy as np

from aigini.bayes.information import Information, value_of_information
from aigini.bayes.model import Model
from aigini.bayes.over_populations import information_over, rises_within, scaling_over
from aigini.bayes.populations import Populations
from aigini.bayes.power_scaling import PowerScaling, power_scaling
from aigini.bayes.probability import ConditionalProbability, Probability, conditional
from aigini.bayes.result import Draws
from aigini.commands.posterior_problem import target_covariance
from aigini.config import Config
from aigini.statistics.catalogue import CONCEPTS
from aigini.statistics.outcomes import OUTCOME_NAMES


def conditional_probabilities(
    config: Config, draws: Draws, populations: Populations, concept: str
) -> tuple[ConditionalProbability, ...]:
    """Probability of a rise within bins of ξ, η1 and m6."""
    rises = draws.outcomes[f"gini_{concept}"] > 0
    given = {name: values for name, values in draws.parameters.items() if name in ("xi", "eta1")}
    bins = [conditional(rises, name, values) for name, values in given.items()]
    names = tuple(draws.parameters)
    within = [rises_within(populations, one, concept, parameter=names.index(one.given)) for one in bins]
    m6 = f"gini_{config.income}"
    of_m6 = conditional(rises, "m6", draws.outcomes[m6])
    return (*within, rises_within(populations, of_m6, concept, outcome=OUTCOME_NAMES.index(m6)))


def prior_sensitivity(
    config: Config,
    model: Model,
    populations: Populations,
    natural: np.ndarray,
    outcomes_drawn: np.ndarray,
    efficiency: float,
) -> PowerScaling:
    """Sensitivity of the answer to every prior and every target, with draws ``[n, ...]`` and their outcomes."""
    rows = np.array(config.target_rows)

    def components(at: np.ndarray, outcomes: np.ndarray) -> dict[str, np.ndarray]:
        parts = np.asarray(jax.vmap(model.likelihood.components)(jnp.asarray(outcomes[:, rows])))
        priors = {f"prior of {name}": values for name, values in model.log_priors(at).items()}
        return priors | {
            f"likelihood of {name}": parts[:, i] for i, name in enumerate(model.likelihood.component_names)
        }

    def quantities(at: np.ndarray, outcomes: np.ndarray) -> dict[str, np.ndarray]:
        values = {name: at[:, i] for i, name in enumerate(model.names) if name in ("xi", "eta1")}
        for concept in CONCEPTS:
            change = outcomes[:, OUTCOME_NAMES.index(f"gini_{concept}")]
            values |= {f"gini_{concept}": change, f"P(gini_{concept} rises)": (change > 0).astype(float)}
        return values

    # A flat prior stays what it is, whatever its power.
    scaled = {name: values for name, values in components(natural, outcomes_drawn).items() if np.ptp(values) > 0}
    on_the_sampled = power_scaling(scaled, quantities(natural, outcomes_drawn), relative_efficiency=efficiency)
    return scaling_over(populations, on_the_sampled, components, quantities)


def information(
    config: Config,
    populations: Populations,
    outcomes: np.ndarray,
    concept: str,
    rises: Probability,
    efficiency: float,
) -> Information:
    """Information about the sign in more precise targets, from the outcomes ``[n, outcomes]`` of the draws.

    It is that of the targets that are measured: a latent m6 has no standard error to halve.
    """
    measured = [i for i, name in enumerate(config.targets) if name != "m6" or config.posterior.m6 == "normal"]
    names = tuple(list(config.targets)[i] for i in measured)
    rows, gini = [config.target_rows[i] for i in measured], OUTCOME_NAMES.index(f"gini_{concept}")

    def value(outcomes: np.ndarray) -> Information:
        return value_of_information(
            outcomes[:, rows],
            outcomes[:, gini] > 0,
            target_covariance(config)[np.ix_(measured, measured)],
            names,
            relative_efficiency=efficiency,
            seed=config.posterior.nuts.seed,
        )

    return information_over(populations, value(outcomes), value, rises.value)

"""The table of beliefs of a configuration: the probability of a rise under other priors and beliefs about m6."""

import dataclasses

import numpy as np

from aigini.bayes.alternatives import Beliefs, table
from aigini.bayes.likelihood import M6Belief
from aigini.bayes.model import build as build_model
from aigini.commands.other_populations import other_seeds
from aigini.commands.posterior_problem import outcomes_at, posterior_likelihood, posterior_simulator, prepared
from aigini.commands.source import Source
from aigini.estimation.outcome_map import OutcomeMap
from aigini.statistics.outcomes import OUTCOME_NAMES


def table_of_beliefs(source: Source) -> Beliefs:
    """P(the Gini rises) by prior of the first parameter with alternatives, and by belief about m6.

    Args:
        source: The configuration, with its estimates where they are known.

    Raises:
        AnalysisError: if no population is large enough, or the economy has no outcome.
    """
    config, settings = source.config, source.config.posterior
    parameter, others = next(iter(settings.alternatives.items()))
    start, size = prepared(source)
    seeds = (config.population["seed"], *other_seeds(config))
    outcome_maps = [
        OutcomeMap(config.draw(seed, n_workers=size.n_workers), config.scenario, config.outcomes) for seed in seeds
    ]
    simulator = posterior_simulator(config, outcome_maps[0].population)
    target = config.targets["m6"].value
    beliefs: dict[str, tuple[M6Belief, float]] = {
        f"m6 = {value:g}": ("normal", value) for value in sorted({*settings.scenarios, target})
    }
    beliefs |= {
        f"{settings.m6_range[0]:g} to {settings.m6_range[1]:g}": ("uniform", target),
        "unknown": ("improper", target),
    }
    models = {
        label: {
            m6: build_model(simulator, posterior_likelihood(config, *belief), {**settings.priors, parameter: prior})
            for m6, belief in beliefs.items()
        }
        for label, prior in {"as configured": settings.priors[parameter], **others}.items()
    }
    names = tuple(settings.priors)
    rows = list(config.target_rows)

    def simulate(natural: np.ndarray, number: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        outcomes = outcomes_at(config, outcome_maps[number], names, natural, "outcomes of draws")
        return outcomes[:, rows], {c: outcomes[:, OUTCOME_NAMES.index(f"gini_{c}")] for c in ("total", "wage")}

    result = table(parameter, models, start, simulate, seed=settings.nuts.seed, populations=len(outcome_maps))
    return dataclasses.replace(result, size=size)

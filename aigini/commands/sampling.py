"""Sampling a posterior from a configuration: estimates, size of the population, mode, chains, and what they say.

Importing this module needs NumPyro and ArviZ; `aigini.commands.posterior` says so where they are missing.
"""

import dataclasses
from typing import Any

import numpy as np

from aigini.bayes import nuts
from aigini.bayes.diagnostics import Summaries, bfmi, stuck_chains, summarise
from aigini.bayes.health import Health, judge
from aigini.bayes.importance import smoothed
from aigini.bayes.laplace import Laplace, laplace, log_ratio, naturals
from aigini.bayes.model import Model
from aigini.bayes.model import build as build_model
from aigini.bayes.nuts import Chains, sample_stats
from aigini.bayes.over_populations import averages_by_name, over_populations, rises_over
from aigini.bayes.populations import Populations
from aigini.bayes.probability import probability
from aigini.bayes.result import Draws, LaplaceSummary, Posterior
from aigini.bayes.size import SizeChoice
from aigini.commands.other_populations import replicated
from aigini.commands.posterior_findings import conditional_probabilities, information, prior_sensitivity
from aigini.commands.posterior_problem import (
    belief_used,
    outcomes_at,
    posterior_likelihood,
    posterior_simulator,
    prepared,
    target_covariance,
)
from aigini.commands.source import Source
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameter_space import ParameterSpace
from aigini.runtime.evaluations import block
from aigini.runtime.memory import side_by_side
from aigini.runtime.progress import report
from aigini.statistics.catalogue import CONCEPTS
from aigini.statistics.outcomes import OUTCOME_NAMES

PRIOR_DRAWS = 1000
"""Draws from the priors; the economy is simulated at all of them."""
PRIOR_ELSEWHERE = 64
"""Of these, draws that are simulated on each other population."""
APPROXIMATION_DRAWS = 4000
CHECKED_DRAWS = 512
"""Draws from the normal approximation, and those of them at which the economy is simulated."""


def sample_posterior(source: Source) -> Posterior:
    """Sample the posterior of a configuration.

    Args:
        source: The configuration, with its estimates where they are known.

    Raises:
        AnalysisError: if the posterior has no density where it should start, no population is large enough, or the
            economy has no outcome at accepted draws.
    """
    config, settings = source.config, source.config.posterior
    natural, size = prepared(source)
    population = config.draw(n_workers=size.n_workers)
    model = build_model(posterior_simulator(config, population), posterior_likelihood(config), settings.priors)
    approximation = _approximation(model, natural)
    # A resumed run keeps the groups of its chains, whatever is free now: another program would round differently.
    together = block("chains that fit", lambda: side_by_side(population.bytes_of_gradient, settings.nuts.chains))
    chains = nuts.sample(model, approximation, settings.nuts, together)
    outcome_map = OutcomeMap(population, config.scenario, config.outcomes)
    return _result(config, model, outcome_map, size, approximation, chains)


def _approximation(model: Model, natural: np.ndarray) -> Laplace:
    """The normal approximation from where the estimates are."""

    def compute() -> dict[str, Any]:
        point = model.unconstrained(dict(zip(model.names, natural.tolist(), strict=True)))
        approximation = laplace(model, np.array([point[name] for name in model.names]))
        return {
            **dataclasses.asdict(approximation),
            "mode": approximation.mode.tolist(),
            "covariance": approximation.covariance.tolist(),
            "names": list(approximation.names),
        }

    stored = block("mode", compute)
    report("mode", 1, 1)
    arrays = {"mode": np.array(stored["mode"]), "covariance": np.array(stored["covariance"])}
    return Laplace(**{**stored, **arrays, "names": tuple(stored["names"])})


def _result(
    config: Config,
    model: Model,
    outcome_map: OutcomeMap,
    size: SizeChoice,
    approximation: Laplace,
    chains: Chains,
) -> Posterior:
    natural = np.stack([naturals(model, points) for points in chains.points])
    shape = natural.shape[:2]
    flat = natural.reshape(-1, natural.shape[-1])
    outcomes = outcomes_at(config, outcome_map, model.names, flat, "outcomes of the draws")
    if not np.all(np.isfinite(outcomes)):
        raise AnalysisError("the economy has no outcome at some accepted draws; tighten the priors.")
    prior, prior_populations = _prior(config, model, outcome_map, size.n_workers)
    draws = _draws(config, model, chains, natural, outcomes.reshape(*shape, -1), *prior)
    summary = summarise({**draws.parameters, **draws.outcomes})
    efficiency = min(1.0, (summary[_m6(config)].ess_bulk or 1.0) / len(flat))
    sizes = (size.n_workers, config.posterior.population_draws)
    populations = replicated(
        config, model.likelihood, model.names, natural, outcomes.reshape(*shape, -1), sizes, efficiency
    )
    rises = rises_over(populations)
    return Posterior(
        params=mode_parameters(config, model, approximation),
        priors={name: str(prior) for name, prior in model.priors},
        targets=config.targets,
        belief=belief_used(config),
        m6_range=config.posterior.m6_range,
        income=config.income,
        size=size,
        summary=summary,
        averages=averages_by_name(populations, model.names),
        populations=over_populations(populations),
        health=_health(config, draws, summary),
        rises=rises,
        conditional={c: conditional_probabilities(config, draws, populations, c) for c in CONCEPTS},
        prior_rises=rises_over(prior_populations),
        prior_failed=1 - len(next(iter(draws.prior.values()))) / PRIOR_DRAWS,
        laplace=_laplace_summary(config, model, outcome_map, approximation),
        scaling=prior_sensitivity(config, model, populations, flat, outcomes, efficiency),
        information={c: information(config, populations, outcomes, c, rises[c], efficiency) for c in CONCEPTS},
        gradients=int(chains.warmup_steps.sum() + chains.statistics["num_steps"].sum()),
        draws=draws,
    )


def _m6(config: Config) -> str:
    return f"gini_{config.income}"


def mode_parameters(config: Config, model: Model, approximation: Laplace) -> dict[str, float]:
    """Every parameter at the mode of the posterior, with the tie of the configuration imposed."""
    space = ParameterSpace(model.names, config.tie)
    return space.replace(config.params.as_dict(), naturals(model, approximation.mode[None, :])[0])


def _prior(
    config: Config, model: Model, outcome_map: OutcomeMap, n_workers: int
) -> tuple[tuple[np.ndarray, np.ndarray], Populations]:
    """Draws from the priors at which the economy has an outcome, with the outcomes; and on the other populations."""
    drawn = np.stack(
        [
            prior.sample(config.posterior.nuts.seed + number, PRIOR_DRAWS)
            for number, (_, prior) in enumerate(model.priors)
        ],
        axis=1,
    )
    outcomes = outcomes_at(config, outcome_map, model.names, drawn, "outcomes of prior draws")
    usable = np.all(np.isfinite(outcomes), axis=1)
    if usable.sum() < PRIOR_DRAWS / 10:
        raise AnalysisError("the economy has no outcome at nine of ten draws from the priors; narrow the priors.")
    prior = drawn[usable], outcomes[usable]
    sizes = (n_workers, PRIOR_ELSEWHERE)
    populations = replicated(config, None, model.names, prior[0][None], prior[1][None], sizes, 1.0, "prior draws")
    return prior, populations


def _draws(
    config: Config,
    model: Model,
    chains: Chains,
    natural: np.ndarray,
    outcomes: np.ndarray,
    prior: np.ndarray,
    prior_outcomes: np.ndarray,
) -> Draws:
    rng = np.random.default_rng([config.posterior.nuts.seed, 1])
    rows = list(config.target_rows)

    def measured(outcomes: np.ndarray) -> dict[str, np.ndarray]:
        """Targets that would be measured where moments are those of `outcomes`."""
        errors = rng.multivariate_normal(np.zeros(len(rows)), target_covariance(config), size=outcomes.shape[:-1])
        observed = outcomes[..., rows] + errors
        return {name: observed[..., i] for i, name in enumerate(config.targets)}

    return Draws(
        parameters={name: natural[..., i] for i, name in enumerate(model.names)},
        outcomes={name: outcomes[..., i] for i, name in enumerate(OUTCOME_NAMES)},
        predictive=measured(outcomes),
        statistics=sample_stats(chains.statistics),
        prior={name: prior[:, i] for i, name in enumerate(model.names)},
        prior_outcomes={name: prior_outcomes[:, i] for i, name in enumerate(OUTCOME_NAMES)},
        prior_predictive=measured(prior_outcomes),
    )


def _health(config: Config, draws: Draws, summary: Summaries) -> Health:
    statistics = draws.statistics
    return judge(
        Summaries({name: summary[name] for name in draws.parameters}),
        diverging=statistics["diverging"],
        bfmi=bfmi(statistics["energy"]),
        stuck=stuck_chains(draws.parameters, statistics["acceptance_rate"]),
        saturated=float(np.mean(statistics["tree_depth"] >= config.posterior.nuts.max_tree_depth)),
    )


def _laplace_summary(config: Config, model: Model, outcome_map: OutcomeMap, approximation: Laplace) -> LaplaceSummary:
    points = approximation.draw(config.posterior.nuts.seed + 1, APPROXIMATION_DRAWS)
    values = naturals(model, points)
    checked = points[:CHECKED_DRAWS]
    ratios = block("normal approximation", lambda: _ratios(model, approximation, checked))
    outcomes = outcomes_at(
        config, outcome_map, model.names, values[:CHECKED_DRAWS], "outcomes of the normal approximation"
    )
    usable = np.array([-np.inf if ratio is None else ratio for ratio in ratios])
    outcomes = outcomes[np.all(np.isfinite(outcomes), axis=1)]
    return LaplaceSummary(
        mean=dict(zip(model.names, values.mean(axis=0).tolist(), strict=True)),
        sd=dict(zip(model.names, values.std(axis=0, ddof=1).tolist(), strict=True)),
        rises={c: probability(outcomes[None, :, OUTCOME_NAMES.index(f"gini_{c}")] > 0) for c in CONCEPTS},
        pareto_k=smoothed(usable).pareto_k,
        proper=approximation.proper,
    )


def _ratios(model: Model, approximation: Laplace, points: np.ndarray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in log_ratio(model, approximation, points)]

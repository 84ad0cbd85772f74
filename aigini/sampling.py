"""Sampling a posterior from a configuration: estimates, size of the population, mode, chains, and what they say.

Importing this module needs NumPyro and ArviZ; `aigini.posteriors` has the verbs, and says so where they are missing.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aigini.analysis.evaluator import Evaluator
from aigini.analysis.pieces import Pieces
from aigini.bayes import nuts
from aigini.bayes.dataset import sample_stats
from aigini.bayes.diagnostics import Summaries, bfmi, stuck_chains, summarise
from aigini.bayes.health import Health, judge
from aigini.bayes.importance import smoothed
from aigini.bayes.information import Information, value_of_information
from aigini.bayes.laplace import Laplace, laplace, log_ratio, naturals
from aigini.bayes.model import Model
from aigini.bayes.model import build as build_model
from aigini.bayes.nuts import Chains
from aigini.bayes.power_scaling import PowerScaling, power_scaling
from aigini.bayes.probability import conditional, probability
from aigini.bayes.result import Draws, LaplaceSummary, Posterior
from aigini.bayes.size import SizeChoice
from aigini.config import Config
from aigini.errors import AnalysisError
from aigini.memory import side_by_side
from aigini.moments.responses import RESPONSE_NAMES, moment_rows
from aigini.posterior_problem import (
    belief_used,
    posterior_likelihood,
    posterior_simulator,
    prepared,
    responses_at,
    target_covariance,
)

PRIOR_DRAWS = 4000
CHECKED_DRAWS = 512
"""Draws from the priors, and from the normal approximation, at which the economy is simulated."""

CONCEPTS = ("total", "wage")


def sample_posterior(config: Config, pieces: Pieces) -> Posterior:
    """Sample the posterior of a configuration.

    Args:
        config: The configuration.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: if the posterior has no density where it should start, no population is large enough, or the
            economy has no outcome at accepted draws.
    """
    asked = config.posterior
    natural, size = prepared(config, pieces)
    population = config.draw(n_workers=size.n_workers)
    model = build_model(posterior_simulator(config, population), posterior_likelihood(config), asked.priors)
    approximation = _approximation(model, natural, pieces)
    # A resumed run keeps the groups of its chains, whatever is free now: another program would round differently.
    together = pieces.get(
        "chains that fit", 0, 1, lambda: side_by_side(population.bytes_of_gradient, asked.nuts.chains)
    )
    chains = nuts.sample(model, approximation, asked.nuts, pieces, together)
    return _result(config, model, Evaluator(population, config.scenario), size, approximation, chains, pieces)


def _approximation(model: Model, natural: np.ndarray, pieces: Pieces) -> Laplace:
    """The normal approximation from where the estimates are, kept as a piece."""

    def compute() -> dict[str, Any]:
        point = model.unconstrained(dict(zip(model.names, natural.tolist(), strict=True)))
        found = laplace(model, np.array([point[name] for name in model.names]))
        return {
            **dataclasses.asdict(found),
            "mode": found.mode.tolist(),
            "covariance": found.covariance.tolist(),
            "names": list(found.names),
        }

    kept = pieces.get("mode", 0, 1, compute)
    arrays = {"mode": np.array(kept["mode"]), "covariance": np.array(kept["covariance"])}
    return Laplace(**{**kept, **arrays, "names": tuple(kept["names"])})


def _result(
    config: Config,
    model: Model,
    evaluator: Evaluator,
    size: SizeChoice,
    approximation: Laplace,
    chains: Chains,
    pieces: Pieces,
) -> Posterior:
    natural = np.stack([naturals(model, points) for points in chains.points])
    shape = natural.shape[:2]
    flat = natural.reshape(-1, natural.shape[-1])
    found = responses_at(config, evaluator, model.names, flat, "outcomes of the draws", pieces)
    if not np.all(np.isfinite(found)):
        raise AnalysisError("the economy has no outcome at some accepted draws; tighten the priors.")
    draws = _draws(config, model, evaluator, chains, natural, found.reshape(*shape, -1), pieces)
    summary = summarise({**draws.parameters, **draws.responses})
    rising = {concept: draws.responses[f"gini_{concept}"] > 0 for concept in CONCEPTS}
    prior = {c: draws.prior_responses[f"gini_{c}"] for c in CONCEPTS}
    efficiency = min(1.0, (summary[_m6(config)].ess_bulk or 1.0) / len(flat))
    return Posterior(
        params={**config.params.as_dict(), **_mode(model, approximation)},
        priors={name: str(prior) for name, prior in model.priors},
        targets=config.targets,
        belief=belief_used(config),
        m6_range=config.posterior.m6_range,
        income=config.income,
        size=size,
        summary=summary,
        health=_health(config, draws, summary),
        rises={concept: probability(event) for concept, event in rising.items()},
        conditional={
            concept: tuple(
                conditional(event, given, values)
                for given, values in (*draws.parameters.items(), ("m6", draws.responses[_m6(config)]))
                if given in ("xi", "eta1", "m6")
            )
            for concept, event in rising.items()
        },
        prior_rises={c: float(np.mean(values > 0)) for c, values in prior.items()},
        prior_failed=1 - len(prior["total"]) / CHECKED_DRAWS,
        laplace=_laplace_summary(config, model, evaluator, approximation, pieces),
        scaling=_scaling(config, model, flat, found, efficiency),
        information={c: _information(config, found, rising[c].ravel(), efficiency) for c in CONCEPTS},
        gradients=int(chains.warmup_steps.sum() + chains.statistics["num_steps"].sum()),
        draws=draws,
    )


def _m6(config: Config) -> str:
    return f"gini_{config.income}"


def _mode(model: Model, approximation: Laplace) -> dict[str, float]:
    values = naturals(model, approximation.mode[None, :])[0].tolist()
    return dict(zip(model.names, values, strict=True))


def _draws(
    config: Config,
    model: Model,
    evaluator: Evaluator,
    chains: Chains,
    natural: np.ndarray,
    found: np.ndarray,
    pieces: Pieces,
) -> Draws:
    rng = np.random.default_rng([config.posterior.nuts.seed, 1])
    rows = list(moment_rows(tuple(config.targets), config.income))
    errors = rng.multivariate_normal(np.zeros(len(rows)), target_covariance(config), size=found.shape[:2])
    predictive = found[..., rows] + errors
    prior = {
        name: prior.sample(config.posterior.nuts.seed + number, PRIOR_DRAWS)
        for number, (name, prior) in enumerate(model.priors)
    }
    checked = np.stack([values[:CHECKED_DRAWS] for values in prior.values()], axis=1)
    under_prior = responses_at(config, evaluator, model.names, checked, "outcomes of prior draws", pieces)
    under_prior = under_prior[np.all(np.isfinite(under_prior), axis=1)]
    return Draws(
        parameters={name: natural[..., i] for i, name in enumerate(model.names)},
        responses={name: found[..., i] for i, name in enumerate(RESPONSE_NAMES)},
        predictive={name: predictive[..., i] for i, name in enumerate(config.targets)},
        statistics=sample_stats(chains.statistics),
        prior=prior,
        prior_responses={name: under_prior[:, i] for i, name in enumerate(RESPONSE_NAMES)},
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


def _laplace_summary(
    config: Config, model: Model, evaluator: Evaluator, approximation: Laplace, pieces: Pieces
) -> LaplaceSummary:
    points = approximation.draw(config.posterior.nuts.seed + 1, PRIOR_DRAWS)
    values = naturals(model, points)
    checked = points[:CHECKED_DRAWS]
    ratios = pieces.get("normal approximation", 0, 1, lambda: _ratios(model, approximation, checked))
    found = responses_at(
        config, evaluator, model.names, values[:CHECKED_DRAWS], "outcomes of the normal approximation", pieces
    )
    usable = np.array([-np.inf if ratio is None else ratio for ratio in ratios])
    found = found[np.all(np.isfinite(found), axis=1)]
    return LaplaceSummary(
        mean=dict(zip(model.names, values.mean(axis=0).tolist(), strict=True)),
        sd=dict(zip(model.names, values.std(axis=0, ddof=1).tolist(), strict=True)),
        rises={c: float(np.mean(found[:, RESPONSE_NAMES.index(f"gini_{c}")] > 0)) for c in CONCEPTS},
        pareto_k=smoothed(usable).pareto_k,
        proper=approximation.proper,
    )


def _ratios(model: Model, approximation: Laplace, points: np.ndarray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in log_ratio(model, approximation, points)]


def _scaling(config: Config, model: Model, natural: np.ndarray, found: np.ndarray, efficiency: float) -> PowerScaling:
    rows = np.array(moment_rows(tuple(config.targets), config.income))
    parts = np.asarray(jax.vmap(model.likelihood.components)(jnp.asarray(found[:, rows])))
    components = {f"prior of {name}": values for name, values in model.log_priors(natural).items()}
    components |= {f"likelihood of {name}": parts[:, i] for i, name in enumerate(model.likelihood.component_names)}
    # A flat prior stays what it is, whatever its power.
    components = {name: values for name, values in components.items() if np.ptp(values) > 0}
    quantities = {name: natural[:, i] for i, name in enumerate(model.names) if name in ("xi", "eta1")}
    for concept in CONCEPTS:
        change = found[:, RESPONSE_NAMES.index(f"gini_{concept}")]
        quantities |= {f"gini_{concept}": change, f"P(gini_{concept} rises)": (change > 0).astype(float)}
    return power_scaling(components, quantities, relative_efficiency=efficiency)


def _information(config: Config, found: np.ndarray, rises: np.ndarray, efficiency: float) -> Information:
    """Of the targets that are measured: a latent m6 has no standard error to halve."""
    measured = [i for i, name in enumerate(config.targets) if name != "m6" or config.posterior.m6 == "normal"]
    names = tuple(list(config.targets)[i] for i in measured)
    return value_of_information(
        found[:, list(moment_rows(names, config.income))],
        rises,
        target_covariance(config)[np.ix_(measured, measured)],
        names,
        relative_efficiency=efficiency,
        seed=config.posterior.nuts.seed,
    )

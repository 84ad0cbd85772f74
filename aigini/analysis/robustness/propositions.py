"""Propositions about the economy, looked at where it was estimated.

A proposition claims the signs of some numbers of an economy under a condition on its parameters. Over random points of
the parameter space `tests/test_propositions.py` shows that each is true under its condition, and that some are false
without it. Here it is asked of one economy at its estimates, with the simulation errors of the numbers.

Numbers of workers come from the Jacobian at the estimates. Those of schooling, screening and assets are changes on the
quadrature of the population, on which the equilibrium is solved: means over occupations, with the weights of m4 where
they are about screening.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.robustness.findings import CLAIM, PROPOSITION, Finding
from aigini.economy.economy import Economy, State, solve
from aigini.economy.schooling_returns import schooling_returns
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, error_at, spread
from aigini.parameter_space import pack, unpack
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.resolution import Simulated
from aigini.statistics.catalogue import find
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.outcomes import OUTCOME_NAMES

Values = Mapping[str, float]

HOLDS, FAILS, OPEN = "holds", "fails", "open"
UNDEFINED = "not defined"
"""The verdict where an economy, or a skill, that a proposition speaks of does not exist."""
UNCONDITIONAL = "none"


@dataclasses.dataclass(frozen=True)
class Proposition:
    """A proposition.

    Attributes:
        name: Its name.
        statement: Its statement.
        claims: Sign, 1 or -1, of each number of `numbers` that it is about.
        condition: Its condition, in words.
        applies: True where its condition is met, of all parameters.
    """

    name: str
    statement: str
    claims: Mapping[str, int]
    condition: str = UNCONDITIONAL
    applies: Callable[[Values], bool] = lambda values: True


PROPOSITIONS = (
    Proposition(
        "homogenization",
        "AI lowers the dispersion of output within tasks, and a larger floor lowers it more",
        {"m1": -1, "m1 by alpha": -1},
        "beta at most 0",
        lambda v: v["beta"] <= 0,
    ),
    Proposition(
        "schooling",
        "AI lowers the human share of output and the mean causal return to schooling",
        {"human_share": -1, "education_return": -1},
        "sigma above 1 and beta at most 0",
        lambda v: v["sigma"] > 1 and v["beta"] <= 0,
    ),
    Proposition(
        "social skills",
        "AI lowers the mean causal return to codifiable schooling and raises that to social schooling",
        {"education_return": -1, "social_education_return": 1},
        "sigma above 1 and beta at most 0",
        lambda v: v["sigma"] > 1 and v["beta"] <= 0,
    ),
    Proposition(
        "screening",
        "work samples tell less, and credentials weigh more and are required by more employers",
        {"m4": -1, "diagnostic_variance": -1, "credential_weight": 1, "credential_requirement": 1},
    ),
    Proposition(
        "concentration",
        "firms' assets concentrate, and the gap in their growth widens with the proprietary share of AI",
        {"gini_assets": 1, "m5 by eta1": 1},
        "eta1 above 0",
        lambda v: v["eta1"] > 0,
    ),
    Proposition(
        "commodity AI",
        "were all AI commodity AI, the Gini of total income would fall",
        {"gini_total without eta1": -1},
        "beta at most 0 and sigma at most 1.5",
        lambda v: v["beta"] <= 0 and v["sigma"] <= 1.5,
    ),
    Proposition(
        "proprietary AI",
        "the Gini of total income rises with the proprietary share of AI",
        {"gini_total by eta1": 1},
        "ownership_sd at least 1.5",
        lambda v: v["ownership_sd"] >= 1.5,
    ),
    Proposition(
        "rent sharing",
        "were all AI proprietary, the variance of wages between firms would rise with xi",
        {"between_firm_variance by xi": 1},
        "xi at most 0.5, or no cumulative advantage",
        lambda v: v["xi"] <= 0.5 or v["cumulative_advantage"] == 0,
    ),
)
"""Every proposition that is looked at."""

CLAIMS = tuple(dict.fromkeys(claim for one in PROPOSITIONS for claim in one.claims))
"""Names of the numbers, in the order of `numbers`."""

_ON_QUADRATURE = ("human_share", "diagnostic_variance", "education_return", "social_education_return")
_OF_STATES = ("credential_weight", "credential_requirement", "gini_assets")  # moments that need no workers


@jax.jit
def _quadrature(vector: Float[Array, "parameters"], economy: EconomyMap) -> Float[Array, "numbers"]:
    """Changes of the numbers of `_ON_QUADRATURE` and then `_OF_STATES`."""
    params = unpack(vector)
    solved = solve(params, economy.scenario, economy.population.firm_shocks)
    moments = [find(name) for name in _OF_STATES]

    def levels(state: State) -> Float[Array, "numbers"]:
        rest = [moment.at(solved, state, {}) for moment in moments]
        return jnp.stack([*_levels(params, solved, state, economy), *rest])

    before, after = jax.vmap(levels)(solved.states)  # one program for both states
    return after - before


def _levels(params: Parameters, solved: Economy, state: State, economy: EconomyMap) -> list[Array]:
    market, mechanisms = state.market, economy.scenario.mechanisms
    weights = jnp.sum(solved.after.market.production.treated_weights(), axis=1)
    returns = list(schooling_returns(params, mechanisms, market))
    return [
        jnp.mean(market.prices.human_return * market.human_capital) / market.output,
        jnp.sum(weights * market.screening.diagnostic_variance),
        # With one skill there is no second return, and no proposition about it.
        *(returns if len(returns) > 1 else [*returns, jnp.asarray(jnp.nan)]),
    ]


def numbers(model: EstimatedModel) -> np.ndarray:
    """The numbers that propositions are about, in the order of `CLAIMS`; NaN where there is no economy."""
    row, column = OUTCOME_NAMES.index, PARAMETER_NAMES.index
    of_eta1 = model.jacobian @ model.space.over(("eta1",)).directions[0]
    quadrature = model.outcome_map.run(_quadrature, pack(model.values))
    without, _ = _split(model, 0.0)
    _, all_proprietary = _split(model, 1.0)
    values = {
        "m1": model.outcomes[row("m1")],
        "m1 by alpha": model.jacobian[row("m1"), column("alpha")],
        "m4": model.outcomes[row("m4")],
        "m5 by eta1": of_eta1[row("m5")],
        "gini_total by eta1": of_eta1[row("gini_total")],
        "gini_total without eta1": without[row("gini_total")],
        "between_firm_variance by xi": all_proprietary[row("between_firm_variance"), column("xi")],
        **dict(zip((*_ON_QUADRATURE, *_OF_STATES), np.asarray(quadrature).tolist(), strict=True)),
    }
    return np.array([float(values[name]) for name in CLAIMS])


def _split(model: EstimatedModel, proprietary: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and their Jacobian where the same total of AI has another proprietary share; NaN without an economy."""
    total = model.values["eta0"] + model.values["eta1"]
    values = {**model.values, "eta0": total * (1 - proprietary), "eta1": total * proprietary}
    if not model.outcome_map.admits(values):
        return np.full_like(model.outcomes, math.nan), np.full_like(model.jacobian, math.nan)
    return model.outcome_map.jacobian(values)


def propositions(model: EstimatedModel, others: OtherDraws | None = None) -> list[Finding]:
    """The verdict on every proposition, and then the numbers behind them.

    Args:
        model: The economy at its estimates.
        others: The economy on other draws, for simulation errors; without them no verdict is stated.
    """
    values = numbers(model)
    errors = None
    if others is not None and others.count >= FEWEST:
        errors = spread(others.repeat("propositions on other draws", numbers))
    known = {name: Simulated(float(values[k]), error_at(errors, k)) for k, name in enumerate(CLAIMS)}
    return [
        *(Finding(PROPOSITION, one.name, words=_verdict(one, model.values, known)) for one in PROPOSITIONS),
        *(
            Finding(CLAIM, name, None if math.isnan(number.value) else number.value, simulation_se=number.error)
            for name, number in known.items()
        ),
    ]


def _verdict(proposition: Proposition, values: Values, known: Mapping[str, Simulated]) -> str:
    if any(math.isnan(known[name].value) for name in proposition.claims):
        return UNDEFINED
    signs = [sign * known[name].sign for name, sign in proposition.claims.items()]
    verdict = FAILS if any(sign < 0 for sign in signs) else HOLDS if all(sign > 0 for sign in signs) else OPEN
    return verdict if proposition.applies(values) else f"{verdict}; its condition is not met"

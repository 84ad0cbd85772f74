"""Levers on the distribution of AI's gains, as transformations of parameters of documented strength.

A lever describes the institutions under which AI arrives: it holds before and after, and the change of the Gini remains
the effect of AI under it. Strength s runs from 0 (the estimates) to 1.

| lever | at strength s |
|---|---|
| open_access | the share s of proprietary AI becomes commodity AI: η1 -> (1 - s) η1, η0 -> η0 + s η1 |
| rent_sharing | workers get the share s of what owners kept of quasi-rents: ξ -> ξ + s (1 - ξ) |
| antitrust | dispersion of assets and cumulative advantage shrink: σ_K -> (1 - s) σ_K, χ -> (1 - s) χ |
| data_portability | leads in assets fade faster: μ -> μ + s (1 - μ) |
| capital_dividend | the share s of capital income is paid out equally to all workers |
| retraining | more of the desired change of schooling is carried out: r -> r + s (1 - r) |
| slower_deployment | fewer augmentable tasks use AI: adoption -> (1 - s) adoption; at s = 1 AI has no effect at all |

Levers act on different parameters, so a pair is the two in any order, and all parameters are linear in strengths: exact
derivatives in strengths are those in parameters times a constant move.

Mechanisms are reported; nothing is recommended. Costs of a lever are outside this economy.
"""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.frontier import Goals
from aigini.economy.economy import Scenario, solve
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.outcome_map import GINIS, TILE
from aigini.estimation.pieces import Pieces
from aigini.parameter_space import pack, unpack
from aigini.population.population import Population
from aigini.statistics.outcomes import OUTCOME_NAMES, outcomes

_OUTPUT = OUTCOME_NAMES.index("output")
_KEPT = (*GINIS, _OUTPUT)  # what is reported of the outcomes
OUTCOMES = ("gini_total", "gini_wage", "output")  # their names

FULL = 1 - 1e-6
"""Largest strength. The last bit of a strength of 1 would switch off what must stay positive, such as all dispersion of
assets."""

Values = dict[str, float]


def _open_access(v: Values, s: float) -> Values:
    return {**v, "eta1": (1 - s) * v["eta1"], "eta0": v["eta0"] + s * v["eta1"]}


def _towards_one(name: str) -> Callable[[Values, float], Values]:
    return lambda v, s: {**v, name: v[name] + s * (1 - v[name])}


def _scaled(*names: str) -> Callable[[Values, float], Values]:
    return lambda v, s: {**v, **{name: (1 - s) * v[name] for name in names}}


LEVERS: dict[str, Callable[[Values, float], Values]] = {
    "open_access": _open_access,
    "rent_sharing": _towards_one("xi"),
    "antitrust": _scaled("asset_sd", "cumulative_advantage"),
    "data_portability": _towards_one("asset_reversion"),
    "capital_dividend": lambda v, s: {**v, "capital_dividend": v["capital_dividend"] + s * (1 - v["capital_dividend"])},
    "retraining": _towards_one("retooling"),
    "slower_deployment": _scaled("adoption"),
}
"""Each lever as a map from the parameters, and the share of the capital dividend, and a strength."""


@jax.jit
def _values(
    vectors: Float[Array, "points parameters"],
    dividends: Float[Array, "points"],
    population: Population,
    scenario: Scenario,
) -> Float[Array, "points outcomes"]:
    return jax.lax.map(
        lambda point: outcomes(unpack(point[0]), population, scenario, capital_dividend=point[1]), (vectors, dividends)
    )


@jax.jit
def _goals(
    vector: Float[Array, "parameters"], dividend: Float[Array, ""], population: Population, scenario: Scenario
) -> tuple[Float[Array, "goals"], Float[Array, "goals parameters_and_dividend"]]:
    """ΔGini of total income and relative change of output, with derivatives in all parameters and the dividend."""

    def gini(vector: Array, dividend: Array) -> Array:
        return outcomes(unpack(vector), population, scenario, capital_dividend=dividend)[GINIS[0]]

    def output(vector: Array, dividend: Array) -> Array:  # it depends on neither simulated workers nor the dividend
        economy = solve(unpack(vector), scenario, population.firm_shocks)
        return economy.after.market.output / economy.before.market.output - 1 + 0 * dividend

    at = (vector, dividend)
    found = [jax.value_and_grad(goal, argnums=(0, 1))(*at) for goal in (gini, output)]
    return jnp.stack([value for value, _ in found]), jnp.stack([jnp.append(*slopes) for _, slopes in found])


def combination(model: EstimatedModel, names: Sequence[str], strengths: Sequence[float]) -> Values:
    """All parameters, and the capital dividend, at the given strengths of some levers."""
    start = {**model.values, "capital_dividend": 0.0}
    return functools.reduce(lambda v, lever: LEVERS[lever[0]](v, lever[1]), zip(names, strengths, strict=True), start)


def goals(model: EstimatedModel, names: Sequence[str]) -> Goals:
    """ΔGini of total income and output as functions of the strengths of some levers, with exact derivatives."""
    moves = np.array([_move(model, name) for name in names])
    outcome_map = model.outcome_map

    def at(strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = combination(model, names, strengths.tolist())
        dividend = np.asarray(values["capital_dividend"])
        found, slopes = _goals(pack(values), dividend, outcome_map.population, outcome_map.scenario)
        return np.asarray(found), np.asarray(slopes) @ moves.T

    return at


def _move(model: EstimatedModel, name: str) -> np.ndarray:
    """Derivative of all parameters, and of the dividend, in the strength of a lever."""
    none, full = (combination(model, [name], [strength]) for strength in (0.0, 1.0))
    return np.append(pack(full) - pack(none), full["capital_dividend"])


def lever_slopes(model: EstimatedModel, pieces: Pieces) -> np.ndarray:
    """Derivatives of both Ginis and of output in the strength of every lever at 0, ``[levers, 3]``."""
    names = tuple(LEVERS)
    total, output = pieces.get("slopes of levers", 0, 1, lambda: goals(model, names)(np.zeros(len(names)))[1].tolist())
    # A dividend moves no wages, so parameters are all there is for these.
    wage = [float(model.jacobian[GINIS[1]] @ _move(model, name)[:-1]) for name in names]
    return np.array([total, wage, output]).T


def tile(model: EstimatedModel, points: Sequence[Values]) -> np.ndarray:
    """Changes of both Ginis and of output at no more than `TILE` points, ``[points, 3]``.

    Raises:
        AnalysisError: if one of them is not finite.
    """
    padded = [*points, *[points[-1]] * (TILE - len(points))]
    vectors = np.array([pack(values) for values in padded])
    dividends = np.array([values["capital_dividend"] for values in padded])
    outcomes = np.asarray(_values(vectors, dividends, model.outcome_map.population, model.outcome_map.scenario))
    found = outcomes[: len(points), list(_KEPT)]
    if not np.all(np.isfinite(found)):
        bad = points[int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])]
        changed = [f"{name} = {value:.4g}" for name, value in bad.items() if value != model.values.get(name, 0.0)]
        raise AnalysisError(
            f"levers: the change of a Gini or of output is not finite at the estimates with {', '.join(changed)};"
            " stay nearer the baseline."
        )
    return found

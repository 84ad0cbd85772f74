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

import dataclasses
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.stats.qmc import Halton

from aigini.analysis.case import Case
from aigini.analysis.evaluator import GINIS, TILE, pack, unpack
from aigini.analysis.frontier import Frontier, Goals, trace
from aigini.analysis.pieces import Pieces
from aigini.analysis.roots import first_root
from aigini.economy.economy import Scenario, solve
from aigini.errors import AnalysisError
from aigini.moments.responses import RESPONSE_NAMES, legend, responses
from aigini.population.population import Population

_OUTPUT = RESPONSE_NAMES.index("output")
_KEPT = (*GINIS, _OUTPUT)  # what is reported of the responses

FULL = 1 - 1e-6
"""Largest strength. The last bit of a strength of 1 would switch off what must stay positive, such as all dispersion of
assets."""

_VANISHED = 10 * (1 - FULL)
"""Share of a lever's largest change that counts as none at all where strength stops at `FULL`."""

_CHECKS = 28  # combinations of a pair that its frontier is checked with, beside 36 on the grid

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


@dataclasses.dataclass(frozen=True)
class LeverResult:
    """What one lever does.

    Attributes:
        strength: Strengths, ``[strengths]``.
        gini_total: Change of the Gini of total income under each, ``[strengths]``.
        gini_wage: The same for wages.
        output: Relative change of output under each.
        derivative: Of the three in the strength, at 0, by name.
        neutral_strength: Smallest strength at which the change of the Gini of total income is zero, full strength (1)
            among them; None if there is none.
    """

    strength: np.ndarray
    gini_total: np.ndarray
    gini_wage: np.ndarray
    output: np.ndarray
    derivative: Mapping[str, float]
    neutral_strength: float | None


@dataclasses.dataclass(frozen=True)
class Policy:
    """Result of the analysis.

    Attributes:
        params: Every parameter at the estimates.
        levers: By name.
        frontiers: One for each pair.
    """

    params: Mapping[str, float]
    levers: Mapping[str, LeverResult]
    frontiers: Sequence[Frontier]

    def __str__(self) -> str:
        head = f"{'lever':20s}{'dGini/ds':>11s}{'wage dGini/ds':>15s}{'doutput/ds':>12s}{'dGini at s=1':>14s}"
        lines = [legend("gini_total", "gini_wage", "output"), head + f"{'output at s=1':>15s}{'neutral at s':>14s}"]
        for name, lever in self.levers.items():
            neutral = "never" if lever.neutral_strength is None else f"{lever.neutral_strength:.3f}"
            lines.append(
                f"{name:20s}{lever.derivative['gini_total']:+11.5f}{lever.derivative['gini_wage']:+15.5f}"
                f"{lever.derivative['output']:+12.5f}{lever.gini_total[-1]:+14.5f}{lever.output[-1]:+15.4f}{neutral:>14s}"
            )
        if self.frontiers:
            lines.append(
                f"{'frontier of':40s}{'lowest dGini':>13s}{'output':>10s}{'dGini at':>13s}{'highest output':>16s}"
            )
        for frontier in self.frontiers:
            pair, pieces = " + ".join(frontier.levers), len(frontier.pieces)
            ends = f"{frontier.gini_total[0]:+13.5f}{frontier.output[0]:+10.4f}"
            ends += f"{frontier.gini_total[-1]:+13.5f}{frontier.output[-1]:+16.4f}"
            kind = "  one combination" if len(frontier.output) == 1 else "" if pieces == 1 else f"  in {pieces} pieces"
            lines.append(f"{pair:40s}{ends}{kind}")
        lines.append("strength s from 0 (estimates) to 1; these are mechanisms, not recommendations")
        return "\n".join(lines)


@jax.jit
def _values(
    vectors: Float[Array, "points parameters"],
    dividends: Float[Array, "points"],
    population: Population,
    scenario: Scenario,
) -> Float[Array, "points responses"]:
    return jax.lax.map(
        lambda point: responses(unpack(point[0]), population, scenario, capital_dividend=point[1]), (vectors, dividends)
    )


@jax.jit
def _goals(
    vector: Float[Array, "parameters"], dividend: Float[Array, ""], population: Population, scenario: Scenario
) -> tuple[Float[Array, "goals"], Float[Array, "goals parameters_and_dividend"]]:
    """ΔGini of total income and relative change of output, with derivatives in all parameters and the dividend."""

    def gini(vector: Array, dividend: Array) -> Array:
        return responses(unpack(vector), population, scenario, capital_dividend=dividend)[GINIS[0]]

    def output(vector: Array, dividend: Array) -> Array:  # it depends on neither simulated workers nor the dividend
        economy = solve(unpack(vector), scenario, population.firm_shocks)
        return economy.after.market.output / economy.before.market.output - 1 + 0 * dividend

    at = (vector, dividend)
    found = [jax.value_and_grad(goal, argnums=(0, 1))(*at) for goal in (gini, output)]
    return jnp.stack([value for value, _ in found]), jnp.stack([jnp.append(*slopes) for _, slopes in found])


def combination(case: Case, names: Sequence[str], strengths: Sequence[float]) -> Values:
    """All parameters, and the capital dividend, at the given strengths of some levers."""
    start = {**case.values, "capital_dividend": 0.0}
    return functools.reduce(lambda v, lever: LEVERS[lever[0]](v, lever[1]), zip(names, strengths, strict=True), start)


def goals(case: Case, names: Sequence[str]) -> Goals:
    """ΔGini of total income and output as functions of the strengths of some levers, with exact derivatives."""
    moves = np.array([_move(case, name) for name in names])
    evaluator = case.evaluator

    def at(strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = combination(case, names, strengths.tolist())
        dividend = np.asarray(values["capital_dividend"])
        found, slopes = _goals(pack(values), dividend, evaluator.population, evaluator.scenario)
        return np.asarray(found), np.asarray(slopes) @ moves.T

    return at


def _move(case: Case, name: str) -> np.ndarray:
    """Derivative of all parameters, and of the dividend, in the strength of a lever."""
    none, full = (combination(case, [name], [strength]) for strength in (0.0, 1.0))
    return np.append(pack(full) - pack(none), full["capital_dividend"])


def policy(case: Case, count: int = 11, coarse: int = 6, pieces: Pieces | None = None) -> Policy:
    """Evaluate every lever by itself, and trace the frontier of every pair.

    Args:
        case: The economy at its estimates.
        count: Strengths of a single lever.
        coarse: Strengths of each lever of a pair on the grid that its frontier is searched from, and checked with.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: if a response, or a derivative, is not finite at some strength.
    """
    pieces = pieces or Pieces()
    strengths = np.linspace(0.0, 1.0, count)
    strengths[-1] = FULL
    levers = _alone(case, strengths, pieces)
    pairs = list(itertools.combinations(LEVERS, 2))
    axis = np.linspace(0.0, FULL, coarse)
    places = [*itertools.product(axis.tolist(), repeat=2), *Halton(2, rng=0).random(_CHECKS).tolist()]
    points = [combination(case, pair, at) for pair in pairs for at in places]
    found = _evaluate(case, points, "pairs of levers", pieces)[:, [0, 2]].reshape(len(pairs), len(places), 2)

    def plain(k: int) -> dict[str, Any]:
        grid, checks = np.split(found[k], [coarse**2])
        frontier = trace(pairs[k], goals(case, pairs[k]), axis, grid.reshape(coarse, coarse, 2), checks)
        return {name: np.asarray(value).tolist() for name, value in dataclasses.asdict(frontier).items()}

    frontiers = []
    for k, pair in enumerate(pairs):
        piece = pieces.get("frontiers", k, len(pairs), lambda k=k: plain(k))
        arrays = {name: np.array(value) if isinstance(value, list) else value for name, value in piece.items()}
        frontiers.append(Frontier(**{**arrays, "levers": pair}))
    return Policy(case.values, levers, frontiers)


def _alone(case: Case, strengths: np.ndarray, pieces: Pieces) -> dict[str, LeverResult]:
    names = tuple(LEVERS)
    points = [combination(case, [name], [s]) for name in names for s in strengths.tolist()]
    found = _evaluate(case, points, "levers", pieces).reshape(len(names), len(strengths), 3)
    slopes = _slopes(case, pieces)
    levers = {}
    for k, name in enumerate(names):
        neutral = pieces.get(
            "neutral strengths", k, len(names), lambda k=k: _neutral(case, names[k], strengths, found[k, :, 0])
        )
        levers[name] = LeverResult(
            strength=strengths,
            gini_total=found[k, :, 0],
            gini_wage=found[k, :, 1],
            output=found[k, :, 2],
            derivative=dict(zip(("gini_total", "gini_wage", "output"), slopes[k].tolist(), strict=True)),
            neutral_strength=neutral,
        )
    return levers


def _slopes(case: Case, pieces: Pieces) -> np.ndarray:
    """Derivatives of both Ginis and of output in the strength of every lever at 0, ``[levers, 3]``."""
    names = tuple(LEVERS)
    total, output = pieces.get("slopes of levers", 0, 1, lambda: goals(case, names)(np.zeros(len(names)))[1].tolist())
    # A dividend moves no wages, so parameters are all there is for these.
    wage = [float(case.jacobian[GINIS[1]] @ _move(case, name)[:-1]) for name in names]
    return np.array([total, wage, output]).T


def _evaluate(case: Case, points: Sequence[Values], part: str, pieces: Pieces) -> np.ndarray:
    """Changes of both Ginis and of output at each point, ``[points, 3]``."""
    tiles = [points[i : i + TILE] for i in range(0, len(points), TILE)]
    found = [
        pieces.get(part, number, len(tiles), lambda tile=tile: _tile(case, tile).tolist())
        for number, tile in enumerate(tiles)
    ]
    return np.concatenate([np.array(rows) for rows in found])


def _tile(case: Case, points: Sequence[Values]) -> np.ndarray:
    padded = [*points, *[points[-1]] * (TILE - len(points))]
    vectors = np.array([pack(values) for values in padded])
    dividends = np.array([values["capital_dividend"] for values in padded])
    responses = np.asarray(_values(vectors, dividends, case.evaluator.population, case.evaluator.scenario))
    found = responses[: len(points), list(_KEPT)]
    if not np.all(np.isfinite(found)):
        bad = points[int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])]
        changed = [f"{name} = {value:.4g}" for name, value in bad.items() if value != case.values.get(name, 0.0)]
        raise AnalysisError(
            f"levers: the change of a Gini or of output is not finite at the estimates with {', '.join(changed)};"
            " stay nearer the baseline."
        )
    return found


def _neutral(case: Case, name: str, strengths: np.ndarray, change: np.ndarray) -> float | None:
    def many(at: np.ndarray) -> np.ndarray:
        return _tile(case, [combination(case, [name], [s]) for s in at.tolist()])[:, 0]

    root = first_root(many, strengths, change)
    if root is None and abs(change[-1]) <= _VANISHED * np.max(np.abs(change)):
        return 1.0  # it takes away what AI does, such as all of deployment
    return root

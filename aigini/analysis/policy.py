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
| slower_deployment | fewer augmentable tasks use AI: adoption -> (1 - s) adoption |

Mechanisms are reported; nothing is recommended. Costs of a lever are outside this economy.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.case import Case
from aigini.analysis.evaluator import GINIS, TILE, pack, unpack
from aigini.analysis.pieces import Pieces
from aigini.analysis.roots import first_root
from aigini.economy.economy import Scenario
from aigini.moments.responses import RESPONSE_NAMES, responses
from aigini.population.population import Population

_OUTPUT = RESPONSE_NAMES.index("output")
_KEPT = (*GINIS, _OUTPUT)  # what is reported of the responses

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
        neutral_strength: Smallest strength at which the change of the Gini of total income is zero; None if there is
            none up to 1.
    """

    strength: np.ndarray
    gini_total: np.ndarray
    gini_wage: np.ndarray
    output: np.ndarray
    derivative: Mapping[str, float]
    neutral_strength: float | None


@dataclasses.dataclass(frozen=True)
class Frontier:
    """Combinations of two levers.

    Attributes:
        levers: Their names.
        strength: Strengths of both, ``[combinations, 2]``.
        gini_total: Change of the Gini of total income, ``[combinations]``.
        output: Relative change of output, ``[combinations]``.
        efficient: Whether no other combination has both a lower change of the Gini and a higher change of output.
    """

    levers: tuple[str, str]
    strength: np.ndarray
    gini_total: np.ndarray
    output: np.ndarray
    efficient: np.ndarray


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
        lines = [head + f"{'output at s=1':>15s}{'neutral at s':>14s}"]
        for name, lever in self.levers.items():
            neutral = "never" if lever.neutral_strength is None else f"{lever.neutral_strength:.3f}"
            lines.append(
                f"{name:20s}{lever.derivative['gini_total']:+11.5f}{lever.derivative['gini_wage']:+15.5f}"
                f"{lever.derivative['output']:+12.5f}{lever.gini_total[-1]:+14.5f}{lever.output[-1]:+15.4f}{neutral:>14s}"
            )
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
def _slopes(
    vector: Float[Array, "parameters"],
    moves: Float[Array, "levers parameters"],
    dividend_moves: Float[Array, "levers"],
    population: Population,
    scenario: Scenario,
) -> Float[Array, "levers responses"]:
    def function(v: Array, dividend: Array) -> Array:
        return responses(unpack(v), population, scenario, capital_dividend=dividend)

    at = (vector, jnp.zeros(()))
    return jax.lax.map(lambda move: jax.jvp(function, at, move)[1], (moves, dividend_moves))


def policy(case: Case, count: int = 11, coarse: int = 6, pieces: Pieces | None = None) -> Policy:
    """Evaluate every lever by itself and every pair.

    Args:
        case: The economy at its estimates.
        count: Strengths of a single lever.
        coarse: Strengths of each lever of a pair.
        pieces: Finished pieces of an earlier run.
    """
    pieces = pieces or Pieces()
    base = {**case.values, "capital_dividend": 0.0}
    names = tuple(LEVERS)
    slopes = np.array(pieces.get("lever slopes", 0, 1, lambda: _derivatives(case, base).tolist()))
    strengths = np.linspace(0.0, 1.0, count)
    # The last bit of a strength of 1 would switch off what must stay positive, such as all dispersion of assets.
    strengths[-1] = 1 - 1e-6
    single = [LEVERS[name](base, s) for name in names for s in strengths]
    alone = _evaluate(case, single, "levers", pieces).reshape(len(names), count, 3)
    levers = {}
    for k, name in enumerate(names):
        levers[name] = LeverResult(
            strength=strengths,
            gini_total=alone[k, :, 0],
            gini_wage=alone[k, :, 1],
            output=alone[k, :, 2],
            derivative=dict(zip(("gini_total", "gini_wage", "output"), slopes[k].tolist(), strict=True)),
            neutral_strength=pieces.get(
                "neutral strengths",
                k,
                len(names),
                lambda k=k: _neutral(case, base, names[k], strengths, alone[k, :, 0]),
            ),
        )
    return Policy(case.values, levers, _frontiers(case, base, coarse, pieces))


def _derivatives(case: Case, base: Values) -> np.ndarray:
    """Derivatives in the strength of every lever at 0, ``[levers, 3]``; levers are linear in it."""
    moved = [LEVERS[name](base, 1.0) for name in LEVERS]
    moves = np.array([pack(values) - pack(base) for values in moved])
    dividends = np.array([values["capital_dividend"] for values in moved])
    evaluator = case.evaluator
    found = _slopes(pack(base), moves, dividends, evaluator.population, evaluator.scenario)
    return np.asarray(found)[:, list(_KEPT)]


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
    found = _values(vectors, dividends, case.evaluator.population, case.evaluator.scenario)
    return np.asarray(found)[: len(points), list(_KEPT)]


def _neutral(case: Case, base: Values, name: str, strengths: np.ndarray, change: np.ndarray) -> float | None:
    def many(at: np.ndarray) -> np.ndarray:
        return _tile(case, [LEVERS[name](base, float(s)) for s in at])[:, 0]

    return first_root(many, strengths, change)


def _frontiers(case: Case, base: Values, coarse: int, pieces: Pieces) -> list[Frontier]:
    grid = np.linspace(0.0, 1 - 1e-6, coarse)
    pairs = list(itertools.combinations(LEVERS, 2))
    strength = np.array([(a, b) for a in grid for b in grid])
    points = [LEVERS[two](LEVERS[one](base, a), b) for one, two in pairs for a, b in strength]
    found = _evaluate(case, points, "pairs of levers", pieces).reshape(len(pairs), len(strength), 3)
    frontiers = []
    for pair, rows in zip(pairs, found, strict=True):
        gini, output = rows[:, 0], rows[:, 2]
        better = (gini[None, :] <= gini[:, None]) & (output[None, :] >= output[:, None])
        strictly = (gini[None, :] < gini[:, None]) | (output[None, :] > output[:, None])
        frontiers.append(Frontier(pair, strength, gini, output, ~np.any(better & strictly, axis=1) & np.isfinite(gini)))
    return frontiers

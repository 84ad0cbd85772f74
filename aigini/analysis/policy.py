"""Effects of levers on the distribution of AI's gains on inequality and output, one by one and in pairs.

Levers are those of `aigini.analysis.levers`. Mechanisms are reported; nothing is recommended.

Simulation errors are the spread over other draws of the population, each at its own estimates, under which levers have
the same strength. A strength that is itself a result, where AI leaves the Gini unchanged, has the error of the Gini
there over its slope; an end of a frontier is read at the strengths of the first draw, which are at their best, so that
searching them again would change it to second order only.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from scipy.stats.qmc import Halton

from aigini.analysis.frontier import trace
from aigini.analysis.levers import FULL, LEVERS, OUTCOMES, Values, combination, goals, lever_slopes, tile
from aigini.analysis.policy_result import LeverResult, Policy
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, difference, error_at, spread
from aigini.estimation.outcome_map import TILE
from aigini.numerics.roots import first_root
from aigini.runtime.progress import report, steps

_VANISHED = 10 * (1 - FULL)
"""Share of a lever's largest change that counts as none at all where strength stops at `FULL`."""

_CHECKS = 28  # combinations of a pair that its frontier is checked with, beside 36 on the grid


def policy(
    model: EstimatedModel,
    count: int = 11,
    coarse: int = 6,
    others: OtherDraws | None = None,
) -> Policy:
    """Evaluate every lever by itself, and trace the frontier of every pair.

    Args:
        model: The economy at its estimates.
        count: Strengths of a single lever.
        coarse: Strengths of each lever of a pair on the grid that its frontier is searched from, and checked with.
        others: The economy on other draws, for simulation errors; with None there are none.

    Raises:
        AnalysisError: if an outcome, or a derivative, is not finite at some strength.
    """
    strengths = np.linspace(0.0, 1.0, count)
    strengths[-1] = FULL
    levers = _alone(model, strengths)
    pairs = list(itertools.combinations(LEVERS, 2))
    axis = np.linspace(0.0, FULL, coarse)
    combinations = [*itertools.product(axis.tolist(), repeat=2), *Halton(2, rng=0).random(_CHECKS).tolist()]
    points = [combination(model, pair, at) for pair in pairs for at in combinations]
    changes = _evaluate(model, points, "pairs of levers")[:, [0, 2]].reshape(len(pairs), len(combinations), 2)

    frontiers = []
    for k in steps("frontiers", range(len(pairs))):
        grid, checks = np.split(changes[k], [coarse**2])
        frontiers.append(trace(pairs[k], goals(model, pairs[k]), axis, grid.reshape(coarse, coarse, 2), checks))
    result = Policy(model.values, levers, frontiers, n_workers=model.outcome_map.population.n_workers)
    return result if others is None or others.count < FEWEST else _with_errors(model, result, others)


def _with_errors(model: EstimatedModel, result: Policy, others: OtherDraws) -> Policy:
    """The result with its simulation errors."""
    names, pairs = tuple(result.levers), [frontier.levers for frontier in result.frontiers]
    at = {name: lever.strength.tolist() for name, lever in result.levers.items()}
    neutral = {name: s for name, lever in result.levers.items() if (s := lever.neutral_strength) is not None}
    frontier_ends = [frontier.strength[k].tolist() for frontier in result.frontiers for k in (0, -1)]

    def again(other: EstimatedModel) -> np.ndarray:
        points = [combination(other, [name], [s]) for name in names for s in at[name]]
        points += [combination(other, [name], [s]) for name, s in neutral.items()]
        points += [combination(other, pairs[k // 2], end) for k, end in enumerate(frontier_ends)]
        tiles = [tile(other, points[i : i + TILE]) for i in range(0, len(points), TILE)]
        return np.concatenate([*tiles, lever_slopes(other)])

    repeated = others.repeat("levers on other draws", again)
    sizes = np.cumsum([sum(map(len, at.values())), len(neutral), len(frontier_ends)])
    curves, zeros, frontiers, slopes = np.split(repeated, sizes, axis=1)
    curves = curves.reshape(len(repeated), len(names), -1, 3)
    curve_errors, zero_errors, end_errors, slope_errors = map(spread, (curves, zeros, frontiers, slopes))
    levers = {}
    for k, (name, lever) in enumerate(result.levers.items()):
        error = None
        if name in neutral:
            slope = goals(model, [name])(np.array([neutral[name]]))[1][0, 0]
            spread_there = error_at(zero_errors, list(neutral).index(name), 0)
            error = spread_there / abs(float(slope)) if spread_there is not None and slope != 0 else None
        levers[name] = dataclasses.replace(
            lever,
            **{
                f"{what}_simulation_se": None if curve_errors is None else curve_errors[k, :, column]
                for column, what in enumerate(OUTCOMES)
            },
            derivative_simulation_se={what: error_at(slope_errors, k, column) for column, what in enumerate(OUTCOMES)},
            neutral_simulation_se=error,
        )
    return dataclasses.replace(
        result,
        levers=levers,
        frontiers=[
            dataclasses.replace(
                frontier,
                gini_simulation_se=None if end_errors is None else end_errors[2 * k : 2 * k + 2, 0],
                output_simulation_se=None if end_errors is None else end_errors[2 * k : 2 * k + 2, 2],
            )
            for k, frontier in enumerate(result.frontiers)
        ],
        ranking=_ranking(names, np.array([lever.gini_total[-1] for lever in levers.values()]), curves[:, :, -1, 0]),
        draws=others.count,
        missed_draws=others.missed,
    )


def _ranking(names: Sequence[str], values: np.ndarray, others: np.ndarray) -> list[list[str]]:
    """Names from the lowest value; those not distinguishable from the next one are in one group with it.

    Args:
        names: Names of the levers.
        values: Values on the first draw, ``[names]``.
        others: Values on other draws, ``[draws, names]``.
    """
    order = [int(k) for k in np.argsort(values, kind="stable")]
    groups: list[list[str]] = [[names[order[0]]]]
    for before, after in itertools.pairwise(order):
        if difference(values, others, after, before).sign > 0:
            groups.append([])
        groups[-1].append(names[after])
    return groups


def _alone(model: EstimatedModel, strengths: np.ndarray) -> dict[str, LeverResult]:
    names = tuple(LEVERS)
    points = [combination(model, [name], [s]) for name in names for s in strengths.tolist()]
    changes = _evaluate(model, points, "levers").reshape(len(names), len(strengths), 3)
    report("slopes of levers", 0, 1)  # compiling them takes long
    slopes = lever_slopes(model)
    report("slopes of levers", 1, 1)
    levers = {}
    for k in steps("neutral strengths", range(len(names))):
        name, neutral = names[k], _neutral(model, names[k], strengths, changes[k, :, 0])
        levers[name] = LeverResult(
            strength=strengths,
            gini_total=changes[k, :, 0],
            gini_wage=changes[k, :, 1],
            output=changes[k, :, 2],
            derivative=dict(zip(OUTCOMES, slopes[k].tolist(), strict=True)),
            neutral_strength=neutral,
        )
    return levers


def _evaluate(model: EstimatedModel, points: Sequence[Values], part: str) -> np.ndarray:
    """Changes of both Ginis and of output at each point, ``[points, 3]``."""
    tiles = [points[i : i + TILE] for i in range(0, len(points), TILE)]
    return np.concatenate([tile(model, one) for one in steps(part, tiles)])


def _neutral(model: EstimatedModel, name: str, strengths: np.ndarray, change: np.ndarray) -> float | None:
    def many(at: np.ndarray) -> np.ndarray:
        return tile(model, [combination(model, [name], [s]) for s in at.tolist()])[:, 0]

    root = first_root(many, strengths, change)
    if root is None and abs(change[-1]) <= _VANISHED * np.max(np.abs(change)):
        return 1.0  # it takes away what AI does, such as all of deployment
    return root

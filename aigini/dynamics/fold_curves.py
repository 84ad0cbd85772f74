"""Curves of folds over two parameters, which enclose the region with two regimes, and the cusps at which they meet.

A fold is followed as a solution of φ = φ' = 0 in (log V, two parameters) by pseudo-arclength continuation, from every
fold over either parameter at several values of the other. Where φ'' changes its sign on the way, a cusp is located by
Newton's method on φ = φ' = φ'' = 0: beyond it there is one regime.
"""

import itertools
from collections.abc import Mapping

import numpy as np

from aigini.dynamics.bifurcation_result import Cusp, FoldCurve, FoldCurves
from aigini.dynamics.bifurcations import folds_over, require_interval, upper_variance, usual_interval
from aigini.dynamics.equations import MapEquations
from aigini.dynamics.fixed_points import long_run_fixed_points
from aigini.errors import AnalysisError
from aigini.numerics.arclength import Curve, solution_curve, solved

DEFAULT_PAIRS = (("growth", "xi"), ("growth", "bargaining_erosion"), ("erosion_width", "erosion_midpoint"))
"""Pairs of parameters unless others are given."""

_LINES = 5
"""Values of each parameter at which folds over the other are looked for."""
_GRID = 51
_NEAR = {"growth": (0.6, 1.6), "erosion_midpoint": (0.8, 1.25), "erosion_width": (0.5, 2.5)}
"""Intervals as multiples of the value."""
_SAME = 2e-2


def fold_curves(
    values: Mapping[str, float],
    names: tuple[str, str],
    between: tuple[tuple[float, float], tuple[float, float]] | None = None,
    upper: float | None = None,
) -> FoldCurves:
    """Curves of folds in the box of two parameters, their cusps, and the number of stable points on a grid.

    Args:
        values: Every parameter of `aigini.dynamics.equations.NAMES`.
        names: Two different parameters.
        between: Their intervals; those of `usual_interval` by default.
        upper: Largest variance of log assets; that of `upper_variance` by default.

    Raises:
        ParameterError: if there is no map at a corner of the box.
        AnalysisError: if the names are not two parameters of the map, or an interval is reversed.
    """
    if len(set(names)) != 2:
        raise AnalysisError(f"{', '.join(names)}: expected two different parameters of the map.")
    for name in names:
        require_interval(values, name, between[names.index(name)] if between else _usual(values, name))
    intervals = between or (_usual(values, names[0]), _usual(values, names[1]))
    box = dict(zip(names, intervals, strict=True))
    deviations = box.get("asset_sd", (values["asset_sd"],) * 2)
    top = upper or upper_variance(max(deviations))
    equations = MapEquations(values, names, intervals, (min(deviations) ** 2 / 4, top))
    curves: list[Curve] = []
    for which, other in ((0, 1), (1, 0)):
        for at in np.linspace(*intervals[other], _LINES):
            own = {**values, names[other]: float(at)}
            for fold in folds_over(own, names[which], intervals[which], top):
                position = [fold.value, float(at)] if which == 0 else [float(at), fold.value]
                start = np.clip(equations.scaled(fold.variance, position), 0.0, 1.0)
                if not _on_one(curves, start):
                    curves.append(
                        solution_curve(
                            lambda x: equations.first(2, x), start, equations.low, equations.high, tolerance=1e-10
                        )
                    )
    stable, explosive = _counted(values, names, intervals, top)
    cusps = [cusp for curve in curves for cusp in _cusps(curve, equations)]
    return FoldCurves(
        names=names,
        between=intervals,
        values=dict(values),
        upper=top,
        curves=[_fold_curve(curve, equations) for curve in curves],
        cusps=[cusp for k, cusp in enumerate(cusps) if not any(_alike(cusp, other) for other in cusps[:k])],
        grid=tuple(np.linspace(*interval, _GRID) for interval in intervals),
        stable=stable,
        explosive=explosive,
    )


def _usual(values: Mapping[str, float], name: str) -> tuple[float, float]:
    """The interval of one of two parameters, closer to its value than over that parameter alone."""
    if name not in values:
        return 0.0, 1.0  # refused by name
    low, high = _NEAR.get(name, (0.0, 0.0))
    own = low * values[name], high * values[name]
    return own if own[0] < own[1] else usual_interval(name, values[name])


def _alike(one: Cusp, other: Cusp) -> bool:
    pairs = [(one.variance, other.variance), *zip(one.at, other.at, strict=True)]
    return all(abs(a - b) <= 1e-6 * max(abs(a), 1e-12) for a, b in pairs)


def _on_one(curves: list[Curve], point: np.ndarray) -> bool:
    """True if a fold lies within a step of a curve, measured to its pieces."""
    for curve in curves:
        a, b = curve.points[:-1], curve.points[1:]
        along = np.sum((point - a) * (b - a), axis=1) / np.maximum(np.sum((b - a) ** 2, axis=1), 1e-300)
        nearest = a + np.clip(along, 0, 1)[:, None] * (b - a)
        if np.linalg.norm(nearest - point, axis=1).min(initial=np.inf) < _SAME * 0.05:
            return True
    return False


def _fold_curve(curve: Curve, equations: MapEquations) -> FoldCurve:
    variance, at = equations.natural(curve.points)
    bend = np.array([equations.at(point)[0][2] for point in curve.points])
    return FoldCurve(x=at[:, 0], y=at[:, 1], variance=variance, labour_strong=bend > 0, ends=curve.ends)


def _cusps(curve: Curve, equations: MapEquations) -> list[Cusp]:
    bend = np.array([equations.at(point)[0][2] for point in curve.points])
    cusps = []
    for k in np.flatnonzero(bend[:-1] * bend[1:] < 0):
        share = bend[k] / (bend[k] - bend[k + 1])
        start = curve.points[k] + share * (curve.points[k + 1] - curve.points[k])
        exact = solved(lambda x: equations.first(3, x), start)
        if exact is None or np.linalg.norm(exact - start) > np.linalg.norm(curve.points[k + 1] - curve.points[k]):
            raise AnalysisError("continuation: a curve of folds turns where no cusp can be located; narrow the box.")
        variance, at = equations.natural(exact)
        cusps.append(Cusp(at=(float(at[0]), float(at[1])), variance=float(variance)))
    return cusps


def _counted(
    values: Mapping[str, float], names: tuple[str, str], intervals: tuple[tuple[float, float], ...], top: float
) -> tuple[np.ndarray, np.ndarray]:
    """Certified stable points, -1 where the count is not certain, and whether assets may explode, ``[x, y]``."""
    count, explosive = np.empty((_GRID, _GRID), int), np.empty((_GRID, _GRID), bool)
    axes = [np.linspace(*interval, _GRID) for interval in intervals]
    for i, j in itertools.product(range(_GRID), repeat=2):
        own = {**values, names[0]: float(axes[0][i]), names[1]: float(axes[1][j])}
        points = long_run_fixed_points(**own, upper=top)
        count[i, j] = np.count_nonzero(points.stable) if points.complete else -1
        explosive[i, j] = points.explosive
    return count, explosive

"""Branches of long-run fixed points over any parameter of the map, with their folds.

Branches are followed by pseudo-arclength continuation from all certified fixed points at several values of the
parameter. Afterwards the points of all branches at further values are compared with the certified ones there; a fixed
point that is on no branch starts another.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from aigini.dynamics.bifurcation_result import Bifurcations, Fold, SolutionBranch
from aigini.dynamics.equations import NAMES, MapEquations
from aigini.dynamics.fixed_points import FixedPoints, long_run_fixed_points
from aigini.dynamics.hysteresis import hysteresis_loop
from aigini.dynamics.specs import require_map, spec_of
from aigini.errors import AnalysisError
from aigini.numerics.arclength import Curve, solution_curve, solved

_SEEDS = 9
"""Parameter values at which all certified fixed points start branches."""
_CHECKS = 24
"""Further values at which branches are compared with certified fixed points."""
_SAME = 1e-6
"""Distance in log V within which two points are one."""
_ROUNDS = 4
_SHIFT = 0.37
"""Values of a check lie off those of others, and off the middle between them."""


def upper_variance(asset_sd: float) -> float:
    """The largest variance of log assets that is looked at unless another is given."""
    return 400.0 * max(1.0, asset_sd**2)


def usual_interval(name: str, value: float) -> tuple[float, float]:
    """The interval of a parameter unless another is given: [0, 1] for shares, half to double the value for others."""
    if name in ("xi", "bargaining_erosion"):
        return 0.0, 1.0
    if name == "growth":
        return 0.0, 2 * value or 0.2
    spec = spec_of(name)
    return (max(value / 2, spec.lower), min(2 * value, spec.upper)) if value > 0 else (spec.lower, spec.box[1])


def require_interval(values: Mapping[str, float], name: str, between: tuple[float, float]) -> None:
    """Refuse an interval of a parameter that is reversed, or has ends at which there is no map.

    Raises:
        AnalysisError: if the interval is reversed, or the name is none of a parameter of the map.
        ParameterError: if the map is not defined at an end.
    """
    if name not in NAMES:
        raise AnalysisError(f"{name}: no parameter of the map of the long run; choose of {', '.join(NAMES)}.")
    low, high = between
    if not low < high:
        raise AnalysisError(f"{name} from {low:g} to {high:g}: the interval is reversed; give the smaller end first.")
    for end in between:
        own = {**values, name: end}
        require_map({key: own[key] for key in NAMES if key != "growth"}, own["growth"])


def bifurcations(
    values: Mapping[str, float],
    name: str,
    between: tuple[float, float] | None = None,
    upper: float | None = None,
) -> Bifurcations:
    """All branches of fixed points over a parameter, their folds, and the loop of its rise and fall.

    Args:
        values: Every parameter of `aigini.dynamics.equations.NAMES`.
        name: The parameter that varies.
        between: Its interval; that of `usual_interval` by default.
        upper: Largest variance of log assets; that of `upper_variance` by default.

    Raises:
        ParameterError: if there is no map at the values or at an end of the interval.
        AnalysisError: if the interval is reversed, or a name or a limit makes no sense.
    """
    interval = between or usual_interval(name, _known(values, name))
    require_interval(values, name, interval)
    top = upper or upper_variance(max(interval) if name == "asset_sd" else values["asset_sd"])

    def certified(at: float) -> FixedPoints:
        return long_run_fixed_points(**{**values, name: at}, upper=top)

    traced = _followed(values, name, interval, top)
    folds = sorted(
        (fold for curve in traced.curves for fold in _folds(curve, traced.equations)), key=lambda fold: fold.value
    )
    return Bifurcations(
        name=name,
        between=interval,
        values=dict(values),
        upper=top,
        branches=[_branch(curve, traced.equations) for curve in traced.curves],
        folds=folds,
        loop=hysteresis_loop(
            certified, interval, folds, lambda at: (at if name == "asset_sd" else values["asset_sd"]) ** 2
        ),
        checked=traced.checked,
        complete=traced.complete,
    )


def folds_over(values: Mapping[str, float], name: str, between: tuple[float, float], upper: float) -> list[Fold]:
    """The folds alone; arguments as of `bifurcations`, of which the interval must be one."""
    traced = _followed(values, name, between, upper)
    return [fold for curve in traced.curves for fold in _folds(curve, traced.equations)]


def _known(values: Mapping[str, float], name: str) -> float:
    if name not in NAMES:
        raise AnalysisError(f"{name}: no parameter of the map of the long run; choose of {', '.join(NAMES)}.")
    return values[name]


@dataclasses.dataclass(frozen=True)
class _Followed:
    """Curves of fixed points, and whether they are all."""

    curves: list[Curve]
    equations: MapEquations
    checked: int
    complete: bool


def _followed(values: Mapping[str, float], name: str, interval: tuple[float, float], top: float) -> _Followed:
    smallest_sd = min(interval) if name == "asset_sd" else values["asset_sd"]
    # All fixed points are above σ_K²; the box leaves some room for Newton's method.
    equations = MapEquations(values, (name,), (interval,), (smallest_sd**2 / 4, top))
    curves: list[Curve] = []
    low, high = interval
    seeds = np.linspace(low, high, _SEEDS)
    if low < values[name] < high:
        seeds = np.sort(np.append(seeds, values[name]))
    checks = low + (high - low) * (np.arange(_CHECKS) + _SHIFT) / _CHECKS
    at_values = [(float(at), long_run_fixed_points(**{**values, name: at}, upper=top)) for at in (*seeds, *checks)]
    complete = False
    for _ in range(_ROUNDS):
        missing = 0
        for at, points in at_values:
            for point in points.points[points.certified]:
                if not _on_one(curves, equations, at, float(point)):
                    missing += 1
                    curves.append(_curve(equations, float(point), at))
        complete = missing == 0
        if complete:
            break
    return _Followed(curves, equations, len(at_values), complete)


def _curve(equations: MapEquations, variance: float, at: float) -> Curve:
    start = equations.scaled(variance, [at])
    return solution_curve(
        lambda x: equations.first(1, x), start, equations.low, equations.high, step=0.02, tolerance=1e-11
    )


def _on_one(curves: list[Curve], equations: MapEquations, at: float, variance: float) -> bool:
    """True if a fixed point lies on one of the curves."""
    u, p = equations.scaled(variance, [at])
    for curve in curves:
        x = curve.points
        between = (np.minimum(x[:-1, 1], x[1:, 1]) - 1e-12 <= p) & (p <= np.maximum(x[:-1, 1], x[1:, 1]) + 1e-12)
        for k in np.flatnonzero(between):
            spread = abs(x[k + 1, 0] - x[k, 0])
            if not min(x[k, 0], x[k + 1, 0]) - spread - 1e-6 <= u <= max(x[k, 0], x[k + 1, 0]) + spread + 1e-6:
                continue
            for share in _shares(curve, int(k), p):
                own = solved(lambda v: _in_u(equations, v, p), np.array([_between(curve, int(k), share)[0]]))
                if own is not None and abs(own[0] - u) < _SAME:
                    return True
    return False


def _in_u(equations: MapEquations, u: np.ndarray, p: float) -> tuple[np.ndarray, np.ndarray]:
    value, jacobian = equations.first(1, np.array([u[0], p]))
    return value, jacobian[:, :1]


def _spline(curve: Curve, k: int) -> CubicHermiteSpline:
    """The piece between two neighbouring points, over a share of 0 to 1 of it."""
    pair, ways = curve.points[k : k + 2], curve.tangents[k : k + 2]
    return CubicHermiteSpline([0.0, 1.0], pair, ways * np.linalg.norm(pair[1] - pair[0]))


def _between(curve: Curve, k: int, share: float) -> np.ndarray:
    return _spline(curve, k)(share)


def _shares(curve: Curve, k: int, p: float) -> list[float]:
    """Where on a piece the scaled parameter has a value."""
    cubic = _spline(curve, k).c[:, 0, 1].copy()
    cubic[-1] -= p
    return [min(max(share, 0.0), 1.0) for share in _real_roots(cubic) if -0.01 <= share <= 1.01] or [0.5]


def _real_roots(coefficients: np.ndarray) -> list[float]:
    return [complex(root).real for root in np.roots(coefficients) if abs(complex(root).imag) < 1e-6]


def _branch(curve: Curve, equations: MapEquations) -> SolutionBranch:
    variance, at = equations.natural(curve.points)
    slopes = np.array([equations.at(point)[0][1] for point in curve.points])
    return SolutionBranch(value=at[:, 0], variance=variance, multiplier=1 + slopes, ends=curve.ends)


def _folds(curve: Curve, equations: MapEquations) -> list[Fold]:
    """Folds of a curve, where its tangent turns back in the parameter."""
    way = curve.tangents[:, 1]
    pairs = list(zip(range(len(way) - 1), range(1, len(way)), strict=True))
    folds = []
    for k, _ in (pair for pair in pairs if way[pair[0]] * way[pair[1]] < 0):
        piece = _spline(curve, k)
        turns = piece.derivative().c[:, 0, 1]
        inside = [share for share in _real_roots(turns) if 0 <= share <= 1] or [0.5]
        start = piece(inside[0])
        exact = solved(lambda x: equations.first(2, x), start)
        size = np.linalg.norm(curve.points[k + 1] - curve.points[k])
        if exact is None or np.linalg.norm(exact - start) > size:
            raise AnalysisError("continuation: a branch turns back where no fold can be located; narrow the interval.")
        folds.append(fold_at(equations, exact))
    return folds


def fold_at(equations: MapEquations, point: np.ndarray, column: int = 0) -> Fold:
    """The fold at a solution of φ = φ' = 0.

    Args:
        equations: The map.
        point: The solution, scaled.
        column: The free parameter it is a fold over.
    """
    variance, at = equations.natural(point)
    value, jacobian = equations.at(point)
    own = jacobian[0, 1:]
    which = equations.free[column]
    by_parameter = own[NAMES.index(which)]
    return Fold(
        value=float(at[column]),
        variance=float(variance),
        opens=int(-np.sign(value[2] / by_parameter)),
        ends="labour-strong" if value[2] > 0 else "asset-dominated",
        slopes={name: float(-own[k] / by_parameter) for k, name in enumerate(NAMES) if name != which},
    )

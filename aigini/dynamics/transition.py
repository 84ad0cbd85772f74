"""The transition: paths of the whole economy, the long run, and the boundary between regimes."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from aigini.dynamics.branches import branch_over_growth
from aigini.dynamics.critical import Critical, critical_value
from aigini.dynamics.economy import AggregatePath, solve_path
from aigini.dynamics.fixed_points import FixedPoints, long_run_fixed_points
from aigini.dynamics.path import PathMap
from aigini.dynamics.phases import Setting
from aigini.dynamics.rest_levels import levels_at_rest
from aigini.dynamics.result import CHANGES, PathResult, RestResult, Transition
from aigini.dynamics.settings import DYNAMICS_NAMES, Dynamics
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import find
from aigini.statistics.simulation import RESIDUAL_TOLERANCE

OUTCOMES = (
    *("gini_total", "gini_wage", "gini_assets", "labour_share", "m1", "m3", "credential_requirement"),
    *("mean_schooling", "output"),
)
"""Outcomes of each year."""

_MOMENTS = tuple(find(name) for name in OUTCOMES)
_UPPER = 400.0
_WIDEST = 30.0
"""Six standard deviations of log capital intensity must stay below this on the income grid."""
_FEWEST = 2


@jax.jit
def _levels(params: Parameters, dynamics: Dynamics, mapping: PathMap) -> tuple[AggregatePath, jax.Array]:
    return mapping.levels(params, dynamics)


@jax.jit
def _aggregate(params: Parameters, dynamics: Dynamics, scenario: Scenario) -> AggregatePath:
    return solve_path(params, dynamics, scenario, jnp.zeros((1, dynamics.years)))[0]


def transition(
    params: Parameters,
    dynamics: Dynamics,
    scenario: Scenario,
    speeds: Mapping[str, tuple[float, float]],
    population: Population,
    others: Iterable[Population] = (),
    n_others: int = 0,
) -> Transition:
    """Paths under slow and fast deployment and retooling, the long run, and the boundary between regimes.

    Args:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.
        speeds: A slow and a fast speed, by name in `Dynamics`.
        population: Workers and firm shocks of T years.
        others: Populations with other draws, for simulation errors.
        n_others: Number of them.

    Raises:
        AnalysisError: if assets have no dispersion, a path leaves what can be computed, or markets do not clear.
    """
    if float(params.asset_sd) == 0:
        raise AnalysisError("params.asset_sd = 0: without dispersion of assets nothing can concentrate; raise it.")
    mapping = PathMap(population, scenario, _MOMENTS)
    growth = _long_run_growth(params, dynamics, mapping)
    values = {name: float(getattr(dynamics if hasattr(dynamics, name) else params, name)) for name in MAP_PARAMETERS}
    upper = _UPPER * max(1.0, values["asset_sd"] ** 2)
    long_run = long_run_fixed_points(**values, growth=growth, upper=upper)
    settings = _settings(dynamics, speeds)
    paths = [_aggregate(params, one, scenario) for _, one in settings]
    for path in paths:
        _require_usable(path, float(params.psi))

    def outcomes(own: Population) -> list[np.ndarray]:
        mapping = PathMap(own, scenario, _MOMENTS)
        key = fingerprint(mapping)
        return [
            evaluated(
                lambda one=one: _levels(params, one, mapping)[1],
                lambda one=one: fingerprint("dynamics.levels", key, params, one),
            )
            for _, one in steps("paths", settings)
        ]

    steady = long_run.points[long_run.stable & long_run.certified].tolist()

    def at_rest(own: Population) -> list[RestResult]:
        mapping = PathMap(own, scenario, _MOMENTS)
        key = fingerprint(mapping)
        return [_rest_result(params, dynamics, v, mapping, key) for v in steady]

    levels, rest, again, rest_again = outcomes(population), at_rest(population), [], []
    for _, other in zip(steps("other draws", range(n_others)), others, strict=False):
        again.append(outcomes(other))
        rest_again.append(at_rest(other))
    return Transition(
        params=params.as_dict(),
        dynamics={name: float(getattr(dynamics, name)) for name in DYNAMICS_NAMES},
        years=dynamics.years,
        paths=[
            _path_result(name, Setting(params, one, scenario), path, levels[k], np.array([draw[k] for draw in again]))
            for k, ((name, one), path) in enumerate(zip(settings, paths, strict=True))
        ],
        growth=growth,
        long_run=long_run,
        at_rest=[_with_errors(one, [draw[k] for draw in rest_again]) for k, one in enumerate(rest)],
        branch=branch_over_growth(dynamics.law(params), upper),
        critical=_critical(params, dynamics, scenario, speeds, long_run),
        n_workers=population.n_workers,
        draws=n_others,
    )


def _settings(dynamics: Dynamics, speeds: Mapping[str, tuple[float, float]]) -> list[tuple[str, Dynamics]]:
    """The configured path, and those of slow and fast speeds."""
    words = {"deployment_speed": "deployment", "retool_speed": "retooling"}
    chosen = itertools.product(*([(which, k) for k in range(2)] for which in speeds))
    return [("as configured", dynamics)] + [
        (
            ", ".join(f"{('slow', 'fast')[k]} {words[which]}" for which, k in combination),
            dataclasses.replace(dynamics, **{which: speeds[which][k] for which, k in combination}),
        )
        for combination in chosen
    ]


def _long_run_growth(params: Parameters, dynamics: Dynamics, mapping: PathMap) -> float:
    """χ q_A in the equilibrium at the final A and adoption, schooling adjusted in full, ξ before erosion."""
    kept_bargaining = dataclasses.replace(dynamics, bargaining_erosion=0.0)
    start = float(params.asset_sd) ** 2
    return float(params.cumulative_advantage) * _rest_result(params, kept_bargaining, start, mapping).rent


def _require_usable(path: AggregatePath, psi: float) -> None:
    residual = float(np.max(path.residual))
    if not residual <= RESIDUAL_TOLERANCE:
        raise AnalysisError(
            f"markets do not clear in every year: the equilibrium is violated by {residual:.1e}; stay nearer the"
            " baseline."
        )
    variance = np.asarray(path.variance)
    beyond = np.flatnonzero(~(6 * psi * np.sqrt(variance) < _WIDEST))
    if len(beyond):
        raise AnalysisError(
            f"assets explode: in year {beyond[0]} the variance of log assets is {variance[beyond[0]]:.3g}, and six"
            " standard deviations of capital leave the grid of incomes; lower cumulative_advantage, eta1 or"
            " dynamics.bargaining_erosion, raise asset_reversion, or shorten dynamics.years."
        )


def _path_result(name: str, setting: Setting, path: AggregatePath, levels: np.ndarray, again: np.ndarray) -> PathResult:
    """A path with the simulation errors that other draws give, ``[draws, years + 1, 2, outcomes]``."""
    if not np.isfinite(levels).all():
        raise AnalysisError(f"{name}: the outcomes of the path are not finite; stay nearer the baseline.")
    with_ai = {key: levels[:, 1, k] for k, key in enumerate(OUTCOMES)}
    rows = {key: OUTCOMES.index(key) for key in CHANGES}
    level_se, change_se = {}, {}
    if len(again) >= _FEWEST:
        level_se = {key: again[:, :, 1, k].std(axis=0, ddof=1) for k, key in enumerate(OUTCOMES)}
        change_se = {key: (again[:, :, 1, k] - again[:, :, 0, k]).std(axis=0, ddof=1) for key, k in rows.items()}
    return PathResult(
        name=name,
        deployment_speed=setting.value("deployment_speed"),
        retool_speed=setting.value("retool_speed"),
        aggregate={
            field.name: np.asarray(getattr(path, field.name))
            for field in dataclasses.fields(path)
            if field.name != "residual"
        },
        levels=with_ai,
        changes={key: levels[:, 1, k] - levels[:, 0, k] for key, k in rows.items()},
        levels_simulation_se=level_se,
        changes_simulation_se=change_se,
        regime=_regime(setting),
    )


def _regime(setting: Setting) -> str:
    """Regime that the path reaches; a gap that is still open in its last year can carry assets on after it."""
    reached = setting.reached()
    return reached.regime if reached.two or reached.regime == "explosive" else "the only one"


def _with_errors(one: RestResult, again: list[RestResult]) -> RestResult:
    """A state at rest with the simulation errors that other draws give."""
    if len(again) < _FEWEST:
        return one

    def spread(of: str) -> dict[str, float]:
        return {key: float(np.std([getattr(draw, of)[key] for draw in again], ddof=1)) for key in getattr(one, of)}

    return dataclasses.replace(one, levels_simulation_se=spread("levels"), changes_simulation_se=spread("changes"))


def _rest_result(
    params: Parameters, dynamics: Dynamics, variance: float, mapping: PathMap, key: str | None = None
) -> RestResult:
    rent, levels = levels_at_rest(params, dynamics, variance, mapping, key)
    return RestResult(
        variance=variance,
        rent=rent,
        levels={key: float(levels[1, k]) for k, key in enumerate(OUTCOMES)},
        changes={key: float(np.diff(levels[:, OUTCOMES.index(key)])[0]) for key in CHANGES},
    )


def _critical(
    params: Parameters,
    dynamics: Dynamics,
    scenario: Scenario,
    speeds: Mapping[str, tuple[float, float]],
    long_run: FixedPoints,
) -> dict[str, Critical]:
    """Critical speeds of retooling, by speed of deployment, markets clearing in every year."""
    if long_run.boundary is None:
        return {}
    own = Setting(params, dynamics, scenario)

    def excess_at(deployment: float) -> Callable[[float], float]:
        def excess(speed: float) -> float:
            reached = own.moved({"deployment_speed": deployment, "retool_speed": speed}).reached()
            return math.nan if reached.excess is None else reached.excess

        return excess

    every = dict.fromkeys((float(dynamics.deployment_speed), *speeds["deployment_speed"]))
    return {f"deployment speed {speed:g}": critical_value(excess_at(speed), 1e-3, 1.0) for speed in every}

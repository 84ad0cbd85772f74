"""Phase diagrams of an economy, with the change of its Ginis in the states that are reached, all workers simulated."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from aigini.dynamics.path import PathMap
from aigini.dynamics.phase_result import CONCEPTS, PhaseDiagram, PhaseDiagrams, ReachedState
from aigini.dynamics.phases import DEFAULT_PLANES, Setting, phase_diagram, reached_after
from aigini.dynamics.rest import map_values
from aigini.dynamics.rest_levels import levels_at_rest
from aigini.dynamics.steered import steered_path
from aigini.dynamics.survival import exact_critical_speed, survival
from aigini.dynamics.transition import OUTCOMES
from aigini.estimation.other_draws import FEWEST
from aigini.population.population import Population
from aigini.resolution import simulated
from aigini.runtime.evaluations import fingerprint
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import find

_MOMENTS = tuple(find(name) for name in OUTCOMES)
"""Those of the transition, so that both are one program."""
_ROWS = [OUTCOMES.index(name) for name in CONCEPTS]
_POINTS = 5
"""Points along each axis at which workers are simulated."""
_WIDEST = 30.0
"""Six standard deviations of log capital intensity must stay below this on the income grid."""


def phase_diagrams(
    setting: Setting,
    population: Population,
    others: Iterable[Population] = (),
    n_others: int = 0,
    planes: Sequence[tuple[str, str]] = DEFAULT_PLANES,
    count: int = 13,
) -> PhaseDiagrams:
    """Phase diagrams, and the conditions under which the labour-strong regime of this economy survives.

    Args:
        setting: The economy and its dynamics.
        population: Workers and firms.
        others: Populations with other draws, for simulation errors.
        n_others: Number of them.
        planes: Pairs of parameters.
        count: Grid points along each axis.

    Raises:
        AnalysisError: if a plane makes no sense, assets have no dispersion, or markets do not clear.
    """
    values = map_values(setting.params, setting.dynamics, setting.scenario)
    path = steered_path(setting.params, setting.dynamics, setting.scenario)
    here = reached_after(setting, path)
    diagrams = [phase_diagram(setting, plane, count=count) for plane in planes]
    points = [_chosen(one, setting) for one in diagrams]
    flat = [point for plane in points for point in plane]
    first = _changes(flat, population, setting)
    again = [
        _changes(flat, other, setting) for _, other in zip(steps("other draws", range(n_others)), others, strict=False)
    ]
    condition = survival({**values, "erosion_gap_weight": float(setting.dynamics.erosion_gap_weight)})
    adoption = float(setting.dynamics.adoption_final)
    exact = first_order = None
    if condition is not None and values["asset_sd"] ** 2 < condition.variance:
        own = {**values, "erosion_gap_weight": float(setting.dynamics.erosion_gap_weight)}
        first_order = condition.critical_speed(adoption, values["asset_sd"] ** 2)
        exact = exact_critical_speed(own, adoption, values["asset_sd"] ** 2)
    return PhaseDiagrams(
        diagrams=_with_states(diagrams, points, first, again),
        regime=here.regime,
        years=setting.dynamics.years,
        unstable=None if condition is None else condition.variance,
        boundary=here.boundary,
        variance=float(path.variance[-1]),
        critical_speed=exact,
        first_order_speed=first_order,
        n_workers=population.n_workers,
        draws=n_others,
    )


@dataclasses.dataclass(frozen=True)
class _Point:
    x: float
    y: float
    variance: float
    setting: Setting


def _chosen(diagram: PhaseDiagram, setting: Setting) -> list[_Point]:
    """Grid points at which workers are simulated: those with a state at rest that fits the grid of incomes."""
    rows, columns = (
        np.unique(np.linspace(0, len(grid) - 1, _POINTS).round().astype(int)) for grid in (diagram.x, diagram.y)
    )
    points = []
    for i in rows:
        for j in columns:
            v = float(diagram.variance[i, j])
            x, y = float(diagram.x[i]), float(diagram.y[j])
            own = setting.moved({diagram.names[0]: x, diagram.names[1]: y})
            if np.isfinite(v) and 6 * float(own.params.psi) * np.sqrt(v) < _WIDEST:
                points.append(_Point(x, y, v, own))
    return points


def _changes(points: Sequence[_Point], population: Population, setting: Setting) -> np.ndarray:
    """Changes of the Ginis by AI at each point, ``[points, 2]``."""
    mapping = PathMap(population, setting.scenario, _MOMENTS)
    key = fingerprint(mapping)
    rows = []
    for point in steps("states reached", list(points)):
        _, levels = levels_at_rest(point.setting.params, point.setting.dynamics, point.variance, mapping, key)
        rows.append((levels[1] - levels[0])[_ROWS])
    return np.array(rows).reshape(-1, len(CONCEPTS))


def _with_states(
    diagrams: Sequence[PhaseDiagram],
    points: Sequence[Sequence[_Point]],
    first: np.ndarray,
    again: Sequence[np.ndarray],
) -> list[PhaseDiagram]:
    finished, start = [], 0
    for diagram, own in zip(diagrams, points, strict=True):
        states = []
        for k, point in enumerate(own, start):
            numbers = [simulated(first[k, c], [draw[k, c] for draw in again]) for c in range(len(CONCEPTS))]
            states.append(
                ReachedState(
                    x=point.x,
                    y=point.y,
                    variance=point.variance,
                    changes={name: one.value for name, one in zip(CONCEPTS, numbers, strict=True)},
                    simulation_se={name: one.error for name, one in zip(CONCEPTS, numbers, strict=True)}
                    if len(again) >= FEWEST
                    else {},
                )
            )
        start += len(own)
        finished.append(dataclasses.replace(diagram, states=states))
    return finished

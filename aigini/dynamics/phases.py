"""Phase diagrams: which regime the path of the economy reaches, over two parameters, and the boundary between them.

At each point markets clear in every year, so that q_A is that of the equilibrium there. The boundary is where the path
ends exactly on the unstable point of the long run; along lines of the diagram it is the root of V_T - V_c(T)
(`aigini.dynamics.basin`). Where a regime begins or ceases to exist, there is no unstable point on one side, and the
boundary is located by bisection. It is located along the lines of both axes.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from aigini.dynamics.basin import Reached, regime_reached, years_until_caught_up
from aigini.dynamics.bifurcations import upper_variance
from aigini.dynamics.mean_field import logistic_path
from aigini.dynamics.phase_result import REGIMES, BoundaryPoint, PhaseDiagram
from aigini.dynamics.rest import long_run_growth, map_values
from aigini.dynamics.settings import DYNAMICS_NAMES, Dynamics
from aigini.dynamics.specs import DYNAMICS_SPECS, spec_of
from aigini.dynamics.steered import SteeredPath, steered_path
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.runtime.progress import report

DEFAULT_PLANES = (
    ("retool_speed", "deployment_speed"),
    ("asset_sd", "retool_speed"),
    ("psi", "cumulative_advantage"),
    ("xi", "eta1"),
    ("ability_sd", "retool_speed"),
)
"""Planes unless others are given."""

_FINE = 1e-10
"""Share of an interval to which the boundary is located."""
_BISECTIONS = 34
_NODES = 7
_COMPLETE = 0.995
"""Share of the final adoption from which on q_A is in proportion to adoption."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """An economy and its dynamics, as the point of a diagram or under a policy.

    Attributes:
        params: Parameters of the economy.
        dynamics: Parameters of the dynamics.
        scenario: A before AI and in the end, and the mechanisms.
    """

    params: Parameters
    dynamics: Dynamics
    scenario: Scenario

    def value(self, name: str) -> float:
        """A parameter by name."""
        return float(getattr(self.dynamics if name in DYNAMICS_NAMES else self.params, name))

    def moved(self, values: Mapping[str, float]) -> "Setting":
        """The same with other values of some parameters."""
        own = {name: value for name, value in values.items() if name in DYNAMICS_NAMES}
        others = {name: value for name, value in values.items() if name not in DYNAMICS_NAMES}
        return Setting(
            self.params.replace(**others) if others else self.params,
            dataclasses.replace(self.dynamics, **own) if own else self.dynamics,
            self.scenario,
        )

    def problems(self) -> list[str]:
        """Why there is no economy at these parameters."""
        return self.scenario.problems(self.params.as_dict(), self.dynamics.years)

    def reached(self) -> Reached:
        """The regime that the path reaches: T years of the equilibrium, and then the long run."""
        path = steered_path(self.params, self.dynamics, self.scenario)
        return reached_after(self, path)


def reached_after(setting: Setting, path: SteeredPath, adoption: np.ndarray | None = None) -> Reached:
    """The regime that is reached after the years of a path, which end with the parameters of `setting`.

    Afterwards adoption goes on along its logistic path, q_A is that of the equilibrium at rest at each adoption, and
    people close the gap.

    Args:
        setting: Parameters from the last year on.
        path: The path.
        adoption: adoption_t after the last year, ``[years]``; as long as people take to catch up by default.
    """
    dynamics = setting.dynamics
    values = map_values(setting.params, dynamics, setting.scenario)
    long_run, final = values["growth"], float(dynamics.adoption_final)
    u, speed = float(path.retooled[-1]), float(dynamics.retool_speed)
    if adoption is None:
        count = years_until_caught_up(speed, max(final - u, 0.0))
        whole = np.full(dynamics.years + count, final)
        if dynamics.deployment == "logistic":
            speeds = dynamics.deployment_midpoint, dynamics.deployment_speed
            whole = np.asarray(logistic_path(final, *speeds, dynamics.years + count - 1))
        adoption = whole[dynamics.years :]
    gap = np.empty(len(adoption))
    for k, deployed in enumerate(adoption):
        gap[k] = deployed - u
        u += speed * gap[k]
    # The first of these years is the last of the path, whose rent is known.
    growth = np.append(_rents(setting, long_run, adoption), long_run)
    growth[0] = path.growth[-1]
    own = {**values, "erosion_gap_weight": float(dynamics.erosion_gap_weight)}
    return regime_reached(
        own, float(path.variance[-1]), growth, np.append(gap, 0.0), upper_variance(values["asset_sd"])
    )


def _rents(setting: Setting, long_run: float, adoption: np.ndarray) -> np.ndarray:
    """χ q_A at rest at each adoption, interpolated where that is not the final one."""
    final = float(setting.dynamics.adoption_final)
    if final <= 0 or adoption.min() > _COMPLETE * final:
        return long_run * (adoption / final if final > 0 else np.ones(len(adoption)))
    nodes = np.linspace(0.0, 1.0, _NODES) * max(final, float(adoption.max()))
    rents = [
        long_run_growth(setting.params, dataclasses.replace(setting.dynamics, adoption_final=node), setting.scenario)
        for node in nodes.tolist()
    ]
    return CubicSpline(nodes, rents)(adoption)


def usual_range(name: str, value: float) -> tuple[float, float]:
    """The range of a parameter unless another is given."""
    if name in ("retool_speed", "deployment_speed"):
        return (0.02, 0.3) if name == "retool_speed" else (0.1, 1.0)
    spec = spec_of(name)
    if name == "xi":
        return 0.3, 1.0
    return max(0.6 * value, spec.lower), min(1.6 * value, spec.upper)


def require_plane(setting: Setting, names: tuple[str, str], between: Sequence[tuple[float, float]]) -> None:
    """Refuse a plane whose axes are not two different parameters, or whose ranges are reversed or outside bounds.

    Raises:
        AnalysisError: saying what is wrong.
    """
    known = (*PARAMETER_NAMES, *DYNAMICS_NAMES)
    if unknown := [name for name in names if name not in known]:
        raise AnalysisError(f"{unknown[0]}: no parameter of the economy or of [dynamics]; correct the name.")
    if names[0] == names[1]:
        raise AnalysisError(f"{names[0]}, {names[1]}: expected two different parameters.")
    for name, (low, high) in zip(names, between, strict=True):
        if not low < high:
            raise AnalysisError(f"{name} from {low:g} to {high:g}: the range is reversed; give the smaller end first.")
        spec = DYNAMICS_SPECS.get(name) or (spec_of(name) if name in PARAMETER_NAMES else None)
        if spec is not None and not (spec.admits(low) and spec.admits(high)):
            raise AnalysisError(f"{name} from {low:g} to {high:g}: expected a range inside {spec.interval()}.")


def phase_diagram(
    setting: Setting,
    names: tuple[str, str],
    between: tuple[tuple[float, float], tuple[float, float]] | None = None,
    count: int = 13,
) -> PhaseDiagram:
    """The regime reached on a grid of two parameters, and the boundary between regimes along its lines.

    Args:
        setting: The economy, whose other parameters are held.
        names: Two parameters of the economy or of the dynamics.
        between: Their ranges; those of `usual_range` by default.
        count: Grid points along each axis.

    Raises:
        AnalysisError: if a range or a name makes no sense, or markets do not clear.
    """
    known = all(name in (*PARAMETER_NAMES, *DYNAMICS_NAMES) for name in names)
    ranges = between or (
        tuple(usual_range(name, setting.value(name)) for name in names) if known else ((0.0, 1.0),) * 2
    )
    require_plane(setting, names, ranges)
    if count < 2:
        raise AnalysisError(f"a grid of {count} points has no cells; take 2 or more along each axis.")
    x, y = (np.linspace(*one, count) for one in ranges)

    def state(at: float, value: float) -> Reached | None:
        own = setting.moved({names[0]: at, names[1]: value})
        return None if own.problems() else own.reached()

    part = f"phases {names[0]}, {names[1]}"
    states: list[list[Reached | None]] = []
    for k, at in enumerate(x):
        report(part, k, 3 * count)
        states.append([state(float(at), float(value)) for value in y])
    boundary: list[BoundaryPoint] = []
    for i in range(count):
        report(part, count + i, 3 * count)
        for j in range(count - 1):
            along = boundary_between(partial(state, float(x[i])), (y[j], states[i][j]), (y[j + 1], states[i][j + 1]))
            if along is not None:
                boundary.append(BoundaryPoint(float(x[i]), *along))
    for j in range(count):
        report(part, 2 * count + j, 3 * count)
        for i in range(count - 1):
            own = partial(_swapped, state, float(y[j]))
            along = boundary_between(own, (x[i], states[i][j]), (x[i + 1], states[i + 1][j]))
            if along is not None:
                boundary.append(BoundaryPoint(along[0], float(y[j]), along[1]))
    report(part, 3 * count, 3 * count)
    codes = [[-1 if one is None else REGIMES.index(one.regime) for one in row] for row in states]
    variance = [[np.nan if one is None or one.variance is None else one.variance for one in row] for row in states]
    two = [[one is not None and one.two for one in row] for row in states]
    return PhaseDiagram(
        names=names,
        here=(setting.value(names[0]), setting.value(names[1])),
        x=x,
        y=y,
        regime=np.array(codes),
        two=np.array(two),
        variance=np.array(variance),
        boundary=boundary,
    )


State = Callable[[float], Reached | None]
"""The regime reached along a line of the grid; None where there is no economy."""


def _swapped(state: Callable[[float, float], Reached | None], value: float, at: float) -> Reached | None:
    return state(at, value)


def boundary_between(
    state: State, low: tuple[float, Reached | None], high: tuple[float, Reached | None]
) -> tuple[float, str] | None:
    """The boundary of the labour-strong regime between two points of a line, and its kind.

    Args:
        state: The regime reached along the line.
        low: Position and regime of one point.
        high: Those of the other.

    Returns:
        Its position, and ``"unstable point"`` where the path ends on it or ``"fold"`` where a regime begins or ceases
        to exist; None where both points reach the labour-strong regime, or neither does.
    """
    (a, at_a), (b, at_b) = (float(low[0]), low[1]), (float(high[0]), high[1])
    if at_a is None or at_b is None or (at_a.regime == "labour-strong") == (at_b.regime == "labour-strong"):
        return None
    strong = at_a.regime == "labour-strong"
    for _ in range(_BISECTIONS):
        if at_a.excess is not None and at_b.excess is not None:
            root = _root(state, a, b)
            if root is not None:
                return root, "unstable point"
        middle = (a + b) / 2
        at_middle = state(middle)
        if at_middle is None:
            return None
        if (at_middle.regime == "labour-strong") == strong:
            a, at_a = middle, at_middle
        else:
            b, at_b = middle, at_middle
        if b - a <= _FINE * max(abs(a), abs(b)):
            break
    return (a + b) / 2, "fold"


class _Gone(Exception):
    """There is no unstable point at a value that the root-finder asks for."""


def _root(state: State, a: float, b: float) -> float | None:
    """The root of the distance from the boundary; None where there is no unstable point on the way."""

    def excess(value: float) -> float:
        at = state(value)
        if at is None or at.excess is None:
            raise _Gone
        return at.excess

    try:
        root: float = brentq(excess, a, b, xtol=_FINE * max(abs(a), abs(b)))  # pyright: ignore[reportAssignmentType]
    except _Gone:
        return None
    return root

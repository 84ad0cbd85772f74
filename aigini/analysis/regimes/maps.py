"""Regimes: where AI equalises and where it concentrates, and the boundary between the two.

Maps are evaluated on a grid. The grid shows which boundaries there are, where the change of the Gini is zero; Newton's
method with exact derivatives then moves their points onto the zero.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from aigini.analysis.regimes.axes import Plane
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import shown
from aigini.estimation.outcome_map import GINIS, TILE, OutcomeMap
from aigini.numerics.contour import zero_contours
from aigini.numerics.level_set import Branch, LostSeed, crossing
from aigini.resolution import STANDS_OUT, Simulated
from aigini.runtime.progress import steps
from aigini.statistics.catalogue import CONCEPT_WORDS, CONCEPTS
from aigini.tables import Column, Table, Tabular

_TOLERANCE = 1e-9
_SPACING = 0.08  # of a map; boundaries are read between their points by cubics, so that they need not lie closer

OnPlane = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""A number and its gradient ``[2]`` at a point of a plane ``[2]``."""

DEFAULT_PLANES = (("eta1", "xi"), ("eta0", "eta1"), ("asset_gini", "xi"), ("sigma", "xi"))


@dataclasses.dataclass(frozen=True)
class Boundary:
    """The curves of a plane on which the change of a Gini is zero.

    Attributes:
        branches: Curves; each with points in natural units, slopes dy/dx and residuals.
        lost: Points where the grid shows a boundary and the economy has none, and why.
        crossings: Where the boundary passes the estimates' own x or y, as (axis, value on the other axis).
        crossing_simulation_se: Simulation standard errors of these values; None for one that is not known, empty where
            none were computed.
    """

    branches: Sequence[Branch]
    lost: Sequence[LostSeed]
    crossings: Sequence[tuple[str, float]]
    crossing_simulation_se: Sequence[float | None] = ()

    def crossing(self, k: int) -> Simulated:
        """The k-th crossing with its simulation error."""
        errors = self.crossing_simulation_se
        return Simulated(self.crossings[k][1], errors[k] if k < len(errors) else None)


@dataclasses.dataclass(frozen=True)
class RegimeMap(Tabular):
    """Changes of the Ginis over a plane.

    Attributes:
        x_name: Horizontal axis.
        y_name: Vertical axis.
        x: Its values, ``[nx]``.
        y: Values of the vertical axis, ``[ny]``.
        gini_total: Change of the Gini of total income, ``[nx, ny]``; NaN where the economy has no finite outcome.
        gini_wage: The same for wages.
        estimate: The estimates' own place, (x, y).
        boundary: The boundary by income concept.
        simulation_se: Simulation standard errors of both changes by income concept, ``[nx, ny]``, interpolated between
            points of a coarser grid; empty where they are not known.
        outside: Why there is no economy at the first point without one; empty if there is one everywhere.
    """

    x_name: str
    y_name: str
    x: np.ndarray
    y: np.ndarray
    gini_total: np.ndarray
    gini_wage: np.ndarray
    estimate: tuple[float, float]
    boundary: Mapping[str, Boundary]
    simulation_se: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    outside: str = ""

    def values(self, concept: str) -> np.ndarray:
        """The map of one income concept."""
        return {"total": self.gini_total, "wage": self.gini_wage}[concept]

    def signs(self, concept: str) -> np.ndarray:
        """1 and -1 where the change stands out of simulation error, 0 where it does not or is not a number."""
        values = self.values(concept)
        errors = self.simulation_se.get(concept, np.full(values.shape, np.inf))
        return np.where(np.abs(values) > STANDS_OUT * errors, np.sign(values), 0.0)

    def table(self) -> Table:
        """Both changes at every point of the grid."""
        x, y = np.meshgrid(self.x, self.y, indexing="ij")
        columns = [Column(self.x_name, x.ravel(), ".4g"), Column(self.y_name, y.ravel(), ".4g")]
        for concept in CONCEPTS:
            errors = self.simulation_se.get(concept)
            columns.append(
                Column(
                    f"gini_{concept}",
                    self.values(concept).ravel(),
                    "+.5f",
                    errors=None if errors is None else errors.ravel().tolist(),
                )
            )
        return Table(tuple(columns))

    def __str__(self) -> str:
        lines = [f"{self.x_name} x {self.y_name}, estimates at ({self.estimate[0]:.4g}, {self.estimate[1]:.4g})"]
        for concept in CONCEPTS:
            boundary, known = self.boundary[concept], np.isfinite(self.values(concept))
            signs = self.signs(concept)[known]
            rises, falls = (100 * float(np.mean(signs == sign)) for sign in (1, -1))
            lines.append(
                f"  Gini of {CONCEPT_WORDS[concept]}: rises on {rises:.0f} % and falls on {falls:.0f} % of"
                f" {part_of_map(known)}, {100 - rises - falls:.0f} % not distinguishable; boundary with"
                f" {len(boundary.branches)} branch(es), {sum(len(b.points) for b in boundary.branches)} points"
            )
            lines += [f"    {self._in_words(boundary, k)}" for k in range(len(boundary.crossings))]
        lines += [f"  no economy on the rest: {self.outside}"] if self.outside else []
        return "\n".join(lines)

    def _in_words(self, boundary: Boundary, k: int) -> str:
        """A crossing, and whether it lies on the map beyond simulation error."""
        axis, _ = boundary.crossings[k]
        other, range_ = (self.y_name, self.y) if axis == self.x_name else (self.x_name, self.x)
        at = boundary.crossing(k)
        text = f"crosses the estimates' {axis} at {other} = {shown(at.value, at.error, '.4g')}"
        low, high = (Simulated(abs(at.value - float(end)), at.error) for end in (range_[0], range_[-1]))
        return text if low.resolved and high.resolved else f"{text}, where simulation error leaves open whether it does"


def regime_map(model: EstimatedModel, plane: Plane, count: int = 21) -> RegimeMap:
    """Map the changes of both Ginis over a plane and trace their boundaries.

    Args:
        model: The economy at its estimates.
        plane: Axes.
        count: Grid points along each axis.

    Raises:
        AnalysisError: if the economy has a finite outcome nowhere on the grid.
    """
    x, y = plane.x.grid(count), plane.y.grid(count)
    grid = on_grid(model.outcome_map, plane, x, y, GINIS)
    estimate = plane.estimate
    boundary = {
        CONCEPTS[k]: zero_boundary(gini_on(model, plane, k), plane, x, y, grid[:, :, k], estimate)
        for k in steps(f"boundary {plane.name}", range(len(CONCEPTS)))
    }
    outside = outside_of(model.outcome_map, plane, x, y)
    gini_total, gini_wage = grid[:, :, 0], grid[:, :, 1]
    return RegimeMap(plane.x.name, plane.y.name, x, y, gini_total, gini_wage, estimate, boundary, outside=outside)


def on_grid(outcome_map: OutcomeMap, plane: Plane, x: np.ndarray, y: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """Outcomes over a plane, NaN where there is no economy, ``[nx, ny, rows]``.

    Args:
        outcome_map: The economy.
        plane: Axes.
        x: Values of the horizontal axis.
        y: Values of the vertical axis.
        rows: Positions of the outcomes.

    Raises:
        AnalysisError: if the economy has a finite outcome nowhere on the grid.
    """
    points = [plane.at((a, b)) for a in x for b in y]
    changes = values_at(outcome_map, points, rows, lambda tiles: steps(f"map {plane.name}", tiles))
    if not np.any(np.isfinite(changes)):
        raise AnalysisError(f"map {plane.name}: the economy has no finite outcome anywhere on it; narrow its axes.")
    return changes.reshape(len(x), len(y), len(rows))


def part_of_map(known: np.ndarray) -> str:
    """The part of a map that shares are about, in words: where there is an outcome, ``[nx, ny]``."""
    if known.all():
        return "the map"
    return f"the part of the map with a finite outcome ({int(known.sum())} of {known.size} points)"


def outside_of(outcome_map: OutcomeMap, plane: Plane, x: np.ndarray, y: np.ndarray) -> str:
    """Why there is no economy at the first point of a grid that has none; empty if there is one everywhere."""
    problems = (outcome_map.problems(plane.at((a, b))) for a in x for b in y)
    return next((lines[0] for lines in problems if lines), "")


def values_at(
    outcome_map: OutcomeMap,
    points: Sequence[Mapping[str, float]],
    rows: Sequence[int],
    watched: Callable[[Sequence[list[int]]], Iterable[list[int]]] = iter,
) -> np.ndarray:
    """Outcomes at points, NaN where there is no economy, ``[points, rows]``.

    Args:
        outcome_map: The economy.
        points: All parameters of each.
        rows: Positions of the outcomes.
        watched: Passes on the points that are evaluated together, and may tell of progress.
    """
    values = np.full((len(points), len(rows)), np.nan)
    usable = [k for k, point in enumerate(points) if outcome_map.admits(point)]
    for tile in watched([usable[i : i + TILE] for i in range(0, len(usable), TILE)]):
        values[tile] = outcome_map.values([points[k] for k in tile])[:, list(rows)]
    return np.where(np.isfinite(values), values, np.nan)


def crossing_of(plane: Plane, which: int, value: float) -> dict[str, float]:
    """The point of a plane at the economy's own place on one axis, and at a value on the other.

    Args:
        plane: The plane.
        which: The axis of its own place, 0 or 1.
        value: The value on the other one.
    """
    at = list(plane.estimate)
    at[1 - which] = value
    return plane.at(at)


def slope_at_crossing(on_plane: OnPlane, plane: Plane, which: int, value: float) -> float | None:
    """Slope along the other axis at a point as `crossing_of` takes it; None where that is not finite."""
    at = np.array(plane.estimate)
    at[1 - which] = value
    slope = float(on_plane(at)[1][1 - which])
    return slope if np.isfinite(slope) else None


def gini_on(model: EstimatedModel, plane: Plane, row: int) -> OnPlane:
    """The change of a Gini and its gradient on a plane; not a number outside the parameter space."""
    return outcome_on(model.outcome_map, plane, GINIS[row])


def outcome_on(outcome_map: OutcomeMap, plane: Plane, row: int) -> OnPlane:
    """An outcome and its gradient on a plane; not a number outside the parameter space."""

    def value_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
        values = plane.at(point)
        if not outcome_map.admits(values):
            return float("nan"), np.full(2, np.nan)
        try:
            outcomes, slopes = outcome_map.along(values, plane.directions(values))
        except AnalysisError:
            return float("nan"), np.full(2, np.nan)
        return float(outcomes[row]), slopes[row]

    return value_and_gradient


def zero_boundary(
    value_and_gradient: OnPlane,
    plane: Plane,
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    estimate: tuple[float, float],
) -> Boundary:
    """The curves of a plane on which an outcome is zero.

    Args:
        value_and_gradient: The outcome on the plane.
        plane: Axes.
        x: Grid of the horizontal axis.
        y: Grid of the vertical axis.
        values: The outcome on the grid, ``[nx, ny]``.
        estimate: The estimates' own place.
    """
    curves = zero_contours(value_and_gradient, x, y, values, tolerance=_TOLERANCE, spacing=_SPACING)
    crossings = [
        (axis, float(point[1 - which]))
        for branch in curves.branches
        for which, axis in enumerate((plane.x.name, plane.y.name))
        for point in crossing(branch, "xy"[which], estimate[which])  # pyright: ignore[reportArgumentType]
    ]
    return Boundary(curves.branches, curves.lost, crossings)

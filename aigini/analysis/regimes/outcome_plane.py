"""Changes of outcomes over a plane, with the boundaries on which they are zero, as a typed result."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from aigini.analysis.regimes.maps import Boundary, part_of_map
from aigini.estimation.other_draws import shown
from aigini.resolution import STANDS_OUT, Simulated
from aigini.statistics.outcomes import label
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class OutcomePlane(Tabular):
    """Changes of some outcomes over a plane.

    Attributes:
        x_name: Horizontal axis.
        y_name: Vertical axis.
        x: Its values, ``[nx]``.
        y: Values of the vertical axis, ``[ny]``.
        changes: The change of each outcome, ``[nx, ny]``; NaN where the economy has no finite outcome.
        units: Unit of each change.
        estimate: The estimates' own place, (x, y).
        boundary: The curves on which each change is zero.
        levels: AI levels before and after.
        fixed_reach: True if AI reaches the same tasks before and after, those that it reaches before.
        simulation_se: Simulation standard errors of the changes, ``[nx, ny]``, interpolated between points of a coarser
            grid; empty where they are not known.
        outside: Why there is no economy at the first point without one; empty if there is one everywhere.
    """

    x_name: str
    y_name: str
    x: np.ndarray
    y: np.ndarray
    changes: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    estimate: tuple[float, float]
    boundary: Mapping[str, Boundary]
    levels: tuple[float, float]
    fixed_reach: bool = False
    simulation_se: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    outside: str = ""

    def signs(self, outcome: str) -> np.ndarray:
        """1 and -1 where the change stands out of simulation error, 0 where it does not or is not a number."""
        values = self.changes[outcome]
        errors = self.simulation_se.get(outcome, np.full(values.shape, np.inf))
        return np.where(np.abs(values) > STANDS_OUT * errors, np.sign(values), 0.0)

    @property
    def name(self) -> str:
        """Its outcomes and axes, as part of a file's name."""
        return "_".join((*self.changes, self.x_name, self.y_name))

    @property
    def comparison(self) -> str:
        """The AI levels that are compared, in words."""
        before, after = self.levels
        fixed = f", on the tasks that it reaches at {before:g}" if self.fixed_reach else ""
        return f"AI from {before:g} to {after:g}{fixed}"

    def table(self) -> Table:
        """The changes at every point of the grid."""
        x, y = np.meshgrid(self.x, self.y, indexing="ij")
        columns = [Column(self.x_name, x.ravel(), ".4g"), Column(self.y_name, y.ravel(), ".4g")]
        for outcome, values in self.changes.items():
            errors = self.simulation_se.get(outcome)
            columns.append(
                Column(outcome, values.ravel(), "+.5f", errors=None if errors is None else errors.ravel().tolist())
            )
        return Table(tuple(columns))

    def long_table(self) -> Table:
        """One row for each outcome and point of the grid, so that planes can be put below each other."""
        x, y = (grid.ravel() for grid in np.meshgrid(self.x, self.y, indexing="ij"))
        count = len(self.changes)
        errors = [
            error
            for outcome, values in self.changes.items()
            for error in self.simulation_se.get(outcome, np.full(values.shape, np.nan)).ravel().tolist()
        ]
        return Table(
            (
                Column("outcome", [outcome for outcome in self.changes for _ in x]),
                Column("x axis", [self.x_name] * (count * len(x))),
                Column("x", np.tile(x, count), ".4g"),
                Column("y axis", [self.y_name] * (count * len(x))),
                Column("y", np.tile(y, count), ".4g"),
                Column("change", np.concatenate([one.ravel() for one in self.changes.values()]), "+.5f", errors=errors),
            )
        )

    def __str__(self) -> str:
        x, y = self.estimate
        lines = [f"{self.x_name} x {self.y_name}, estimates at ({x:.4g}, {y:.4g}); {self.comparison}"]
        for outcome, values in self.changes.items():
            boundary, known = self.boundary[outcome], np.isfinite(values)
            signs = self.signs(outcome)[known]
            rises, falls = (100 * float(np.mean(signs == sign)) for sign in (1, -1))
            lines.append(
                f"  {outcome} ({label(outcome)}, {self.units[outcome]}): positive on {rises:.0f} % and negative on"
                f" {falls:.0f} % of {part_of_map(known)}, {100 - rises - falls:.0f} % not distinguishable from zero;"
                f" boundary with {len(boundary.branches)} branch(es)"
            )
            lines += [f"    {self._in_words(boundary, k)}" for k in range(len(boundary.crossings))]
        lines += [f"  no economy on the rest: {self.outside}"] if self.outside else []
        return "\n".join(lines)

    def _in_words(self, boundary: Boundary, k: int) -> str:
        """A crossing, and whether it lies on the map beyond simulation error."""
        axis, _ = boundary.crossings[k]
        other, grid = (self.y_name, self.y) if axis == self.x_name else (self.x_name, self.x)
        at = boundary.crossing(k)
        text = f"zero at the estimates' {axis} where {other} = {shown(at.value, at.error, '.4g')}"
        low, high = (Simulated(abs(at.value - float(end)), at.error) for end in (grid[0], grid[-1]))
        return text if low.resolved and high.resolved else f"{text}, where simulation error leaves open whether it is"

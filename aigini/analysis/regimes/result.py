"""Maps of the regimes and distances to their boundaries, as a typed result with its statements."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.analysis.regimes.maps import RegimeMap
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.analysis.regimes.small_ai import FirstOrder
from aigini.estimation.other_draws import about_draws, shown
from aigini.resolution import Simulated
from aigini.statistics.catalogue import CONCEPT_WORDS
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class Move:
    """A move to the boundary.

    Attributes:
        distance: Its length in units of ranges; None if no boundary was found.
        to: Values of the parameters that move, where they end.
        residual: Change of the Gini there.
        note: Remark on it; empty if there is none.
        closest: Without a boundary on a line, the change of the Gini that is nearest to zero on it; where simulation
            errors are known, the nearest in these of that and of both ends. With a boundary, the change furthest beyond
            it on the same side of the estimates. None where there is no line.
        closest_at: Value of the parameter there.
        distance_simulation_se: Simulation standard error of the distance; None where it is not known.
        to_simulation_se: Those of `to`; of all parameters together for the same direction of the move.
        closest_simulation_se: That of `closest`.
    """

    distance: float | None
    to: Mapping[str, float]
    residual: float | None
    note: str = ""
    closest: float | None = None
    closest_at: float | None = None
    distance_simulation_se: float | None = None
    to_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    closest_simulation_se: float | None = None

    @property
    def resolved(self) -> bool:
        """True if the sign that is told of a line, on it or beyond its boundary, stands out of simulation error."""
        return self.closest is not None and Simulated(self.closest, self.closest_simulation_se).resolved


@dataclasses.dataclass(frozen=True)
class Distance(Tabular):
    """Distance of the estimates to the boundary.

    Attributes:
        concept: Income whose Gini is meant, ``total`` or ``wage``.
        gini_change: Its change at the estimates.
        units: Range of each parameter, (low, high).
        together: The nearest boundary point when all of them move.
        alone: The nearest one for each parameter by itself.
        gini_change_simulation_se: Simulation standard error of the change at the estimates; None where not known.
    """

    concept: str
    gini_change: float
    units: Mapping[str, tuple[float, float]]
    together: Move
    alone: Mapping[str, Move]
    gini_change_simulation_se: float | None = None

    @property
    def change(self) -> Simulated:
        """The change at the estimates with its simulation error."""
        return Simulated(self.gini_change, self.gini_change_simulation_se)

    def table(self) -> Table:
        """The nearest boundary point of all parameters together and of each by itself."""
        moves = {"together": self.together, **self.alone}
        return Table(
            (
                Column("parameter", list(moves)),
                Column(
                    "distance",
                    [move.distance for move in moves.values()],
                    ".3f",
                    errors=[move.distance_simulation_se for move in moves.values()],
                ),
                Column("to", [move.to.get(name) for name, move in moves.items()], ".4g"),
                Column("closest change", [move.closest for move in moves.values()], "+.5f"),
                Column("closest at", [move.closest_at for move in moves.values()], ".4g"),
                Column("note", [move.note for move in moves.values()]),
            )
        )

    def __str__(self) -> str:
        change = shown(self.gini_change, self.gini_change_simulation_se)
        lines = [f"distance of the Gini of {CONCEPT_WORDS[self.concept]} ({change}) to the boundary, in ranges"]
        if not self.change.resolved:
            why = "does not stand out of" if self.change.error is not None else "is not known without its"
            lines.append(f"  the sign at the estimates {why} simulation error, so nothing is said to flip")
        lines.append(f"  all together: {self._together()}")
        order = sorted(self.alone, key=lambda name: self.alone[name].distance or np.inf)
        lines += [f"  {name} alone: {self.in_words(name)}" for name in order]
        return "\n".join(lines)

    def _together(self) -> str:
        move = self.together
        if move.distance is None:
            return move.note
        to = ", ".join(f"{name} {shown(at, move.to_simulation_se.get(name), '.4g')}" for name, at in move.to.items())
        note = f"; {move.note}" if move.note else ""
        return f"{shown(move.distance, move.distance_simulation_se, '.3f')} ({to}{note})"

    def in_words(self, name: str) -> str:
        """The effect of a parameter alone in words, as far as it stands out of simulation error."""
        move = self.alone[name]
        if move.distance is not None:
            to = shown(move.to[name], move.to_simulation_se.get(name), ".4g")
            text = f"{shown(move.distance, move.distance_simulation_se, '.3f')} (to {to})"
            return text if self.flips(name) else f"{text}, not distinguishable from no flip by simulation error"
        if move.closest is None or move.closest_at is None:
            return move.note
        where = f"at {move.closest_at:.4g} the change is {shown(move.closest, move.closest_simulation_se)}"
        return f"{move.note if move.resolved else 'not known to flip the sign or not'} ({where})"

    def flips(self, name: str) -> bool:
        """True if the signs at the estimates and beyond the boundary on a parameter's line are both known."""
        return self.alone[name].distance is not None and self.change.resolved and self.alone[name].resolved


@dataclasses.dataclass(frozen=True)
class Regimes(Tabular):
    """Maps of the regimes and distances to their boundaries.

    Attributes:
        params: Every parameter at the estimates.
        maps: One for each pair of axes.
        distances: One for each income concept.
        first_order: The boundary in (η0, η1) to first order in A; None where the technology has none.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
        missed_draws: Draws that could not be fitted as well as the first.
        outcome_planes: Maps of outcomes that were asked for; then there are no other maps and no distances.
    """

    units: ClassVar[Units] = file_units(
        "gini_total",
        "gini_wage",
        gini_change="change of the Gini, 0 to 1",
        distance="ranges of the parameters",
    )

    params: Mapping[str, float]
    maps: Sequence[RegimeMap]
    distances: Sequence[Distance]
    first_order: FirstOrder | None
    n_workers: int = 0
    draws: int = 0
    missed_draws: int = 0
    outcome_planes: Sequence[OutcomePlane] = ()

    def table(self) -> Table:
        """Distances of both incomes, or the maps of the outcomes asked for; each map has a table of its own, too."""
        if self.outcome_planes:
            return _joined([one.long_table() for one in self.outcome_planes])
        tables = [one.table() for one in self.distances]
        incomes = [
            one.concept for one, table in zip(self.distances, tables, strict=True) for _ in table.columns[0].values
        ]
        return Table((Column("income", incomes), *_joined(tables).columns))

    def __str__(self) -> str:
        about = about_draws(self.draws, self.n_workers, self.missed_draws)
        near_none = () if self.first_order is None else (self.first_order,)
        return "\n\n".join(str(part) for part in (*self.maps, *self.outcome_planes, *self.distances, *near_none, about))


def _joined(tables: Sequence[Table]) -> Table:
    """Tables of the same columns, one below the other."""
    return Table(
        tuple(
            dataclasses.replace(
                parts[0],
                values=[value for part in parts for value in part.values],
                errors=None if parts[0].errors is None else [e for part in parts for e in part.errors or ()],
            )
            for parts in zip(*(table.columns for table in tables), strict=True)
        )
    )

"""The economy before and after AI at one parameter point, as a result with its simulation errors."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.parameters import SPECS
from aigini.resolution import Simulated
from aigini.statistics.catalogue import IncomeConcept
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.outcomes import FRACTIONS, Units, units
from aigini.statistics.regime import Regime
from aigini.statistics.report import GRID_GINIS, RELATIVE_STATISTICS, STATISTIC_UNITS
from aigini.tables import Column, Table, Tabular

FEWEST_OWNERS, LARGEST_GAP = 500, 0.01
"""Effective owners below which, and distance of mean income from its exact value above which, as a share, a population
is too small for the tail of capital income: its Ginis are then biased by more than the spread over draws shows."""

REPLICATED_ARRAYS = ("gini_by_occupation", "gini_by_assets")
"""Arrays whose changes get simulation errors, because figures state their signs."""


@dataclasses.dataclass(frozen=True)
class Simulation(Tabular):
    """The economy before and after AI at one parameter point.

    Attributes:
        params: Every parameter by name.
        moments: Moments by name; None where the economy does not define one (m5 with fewer than three firms).
        before: Levels before AI by name, units in `aigini.statistics.report.STATISTIC_UNITS`; None where undefined.
        after: The same after AI.
        before_arrays: Arrays before AI, as documented in `aigini.statistics.report.Distribution`.
        after_arrays: The same after AI.
        income: Income concept of m6.
        n_workers: Simulated workers.
        ownership_tilt: Mean of the ownership scores as drawn, in their s.d.; 0 is as they occur.
        effective: Effective numbers before AI of ``workers``, where capital income counts but hardly matters, and of
            ``owners``, in statistics of capital income; of wages alone all workers are effective.
        simulation_se: Standard deviation of each moment over other draws of the population: what simulating with these
            draws rather than others adds in error. None where a moment is undefined; empty where there were fewer than
            two others.
        change_se: The same of each difference after - before.
        change_se_arrays: The same of the differences of the arrays in `REPLICATED_ARRAYS`, NaN where undefined.
    """

    params: Mapping[str, float]
    moments: Mapping[str, float | None]
    before: Mapping[str, float | None]
    after: Mapping[str, float | None]
    before_arrays: Mapping[str, np.ndarray]
    after_arrays: Mapping[str, np.ndarray]
    income: IncomeConcept
    n_workers: int
    ownership_tilt: float = 0.0
    effective: Mapping[str, float] = dataclasses.field(default_factory=dict)
    simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    change_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    change_se_arrays: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @property
    def gini_change(self) -> float:
        """m6, the change of the Gini of the chosen income."""
        change = self.change(f"gini_{self.income}")
        assert change is not None  # Ginis are always defined
        return change.value

    def change(self, name: str) -> Simulated | None:
        """After - before of a statistic, with its simulation error; None where it is undefined."""
        old, new = self.before[name], self.after[name]
        return None if old is None or new is None else Simulated(new - old, self.change_se.get(name))

    @property
    def regime(self) -> Regime:
        """The sign of the change of the Gini of the chosen income; stated only where simulation errors allow it."""
        concept = f"gini_{self.income}"
        return Regime(
            change=self.gini_change,
            error=self.change_se.get(concept),
            n_workers=self.n_workers,
            above_grid=concept not in self.below_resolution,
        )

    @property
    def caution(self) -> str | None:
        """Why statistics of capital income are biased with these draws; None where they are not known to be."""
        owners = self.effective.get("owners")
        gap = max((abs(state.get("accounting_gap") or 0.0) for state in (self.before, self.after)), default=0.0)
        if (owners is None or owners >= FEWEST_OWNERS) and gap <= LARGEST_GAP:
            return None
        few = (
            ""
            if owners is None
            else f" they rest on {owners:.0f} effective owners (at least {FEWEST_OWNERS} wanted), and"
        )
        return (
            f"CAUTION: simulation errors do not cover the bias of Ginis and shares of capital and total income:{few}"
            f" mean income misses its exact value by {100 * gap:.2g} %. Raise population.n_workers, or lower"
            " ownership_sd."
        )

    @property
    def below_resolution(self) -> tuple[str, ...]:
        """Ginis that the grid of incomes does not tell from zero, before or after AI."""
        return tuple(
            name
            for name in GRID_GINIS
            if any((state[name] or 0.0) < GINI_RESOLUTION for state in (self.before, self.after))
        )

    @property
    def units(self) -> Units:
        """Units of levels, their changes, moments and parameters."""
        return {
            "before": dict(STATISTIC_UNITS),
            "after": "as before",
            "change_se": "of after - before, in the unit of before",
            "moments": units(self.moments, self.income),
            "simulation_se": "as moments",
            "fractions": FRACTIONS,
            "params": {name: spec.meaning for name, spec in SPECS.items()},
        }

    def table(self) -> Table:
        """Levels before and after AI in their units, with the simulation errors of the changes."""
        names = [name for name in STATISTIC_UNITS if name in self.before]
        before, after = ([state[name] for name in names] for state in (self.before, self.after))
        changes = [self.change(name) for name in names]
        values = [None if change is None else change.value for change in changes]
        errors = [None if change is None else change.error for change in changes]
        relative = [
            100 * change.value / old if change is not None and old and name in RELATIVE_STATISTICS else None
            for name, change, old in zip(names, changes, before, strict=True)
        ]
        notes = [
            "< grid" if name in self.below_resolution else "" if one is None else f"{one:+.2f} %"
            for name, one in zip(names, relative, strict=True)
        ]
        return Table(
            (
                Column("level", names),
                Column("unit", [STATISTIC_UNITS[name] for name in names]),
                Column("before", before, text=_text(before, ".5g")),
                Column("after", after, text=_text(after, ".5g")),
                Column("change", values, text=_text(values, "+.3g")),
                Column("± sim.", errors, text=_text(errors, ".1e")),
                Column("relative", relative, text=notes),
            )
        )

    def moments_table(self) -> Table:
        """Moments with their simulation errors, meanings and units."""
        values, errors = list(self.moments.values()), [self.simulation_se.get(name) for name in self.moments]
        meanings = units(self.moments, self.income)
        return Table(
            (
                Column("moment", list(self.moments)),
                Column("value", values, text=_text(values, ".6g")),
                Column("sim. s.e.", errors, text=_text(errors, ".1e")),
                Column("meaning and unit", [meanings[name] for name in self.moments]),
            )
        )

    def __str__(self) -> str:
        return report(self)


def _text(values: Sequence[float | None], spec: str) -> list[str]:
    return ["n/a" if value is None else format(value, spec) for value in values]


def report(simulation: Simulation, *, assumed: bool = False) -> str:
    """Levels before and after AI with their units and simulation errors, the moments, and the regime, in print.

    Args:
        simulation: The economy.
        assumed: True if the change of the Gini was a target, so that the regime is no result.
    """
    lines = [str(simulation.table())]
    lines += [
        "change: after - before, in the unit of the row; ± sim.: its sim. s.e., over other draws; relative: to before"
    ]
    if simulation.effective:
        workers, owners = (round(simulation.effective[name]) for name in ("workers", "owners"))
        lines.append(
            f"effective sample: {simulation.n_workers:,} workers for wages, {owners:,} for capital income,"
            f" {workers:,} for what depends on both but hardly on large owners"
        )
    if simulation.caution:
        lines.append(simulation.caution)
    if simulation.below_resolution:
        lines.append(
            f"< grid: a Gini under {GINI_RESOLUTION:.4f} may be zero on the grid of incomes, as may its change"
        )
    lines += ["", str(simulation.moments_table())]
    change = Simulated(simulation.gini_change, simulation.change_se.get(f"gini_{simulation.income}"))
    error = "simulation s.e. not measured" if change.error is None else f"simulation s.e. {change.error:.1e}"
    words = f"Gini of {simulation.income} income {change.value:+.5f}, {error}"
    regime = "assumed, not a result: the change is the target m6" if assumed else str(simulation.regime)
    return "\n".join([*lines, FRACTIONS, "", f"regime: {regime} (change of the {words} at these parameters)"])

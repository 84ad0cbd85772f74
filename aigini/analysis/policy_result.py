"""Effects of levers as a typed result: by strength, by pair, and ranked, with their tables."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.analysis.frontier import Frontier
from aigini.analysis.levers import OUTCOMES
from aigini.estimation.other_draws import about_draws, error_at, shown
from aigini.resolution import Simulated
from aigini.statistics.outcomes import Units, file_units, legend
from aigini.tables import Column, Table, Tabular, numbers


@dataclasses.dataclass(frozen=True)
class LeverResult:
    """Effects of one lever by its strength.

    Attributes:
        strength: Strengths, ``[strengths]``.
        gini_total: Change of the Gini of total income under each, ``[strengths]``.
        gini_wage: The same for wages.
        output: Relative change of output under each.
        derivative: Derivatives of the three in the strength, at 0, by name.
        neutral_strength: Smallest strength at which the change of the Gini of total income is zero, full strength (1)
            among them; None if there is none.
        gini_total_simulation_se: Simulation standard errors of that change, ``[strengths]``; None where not known.
        gini_wage_simulation_se: The same for wages.
        output_simulation_se: The same for output.
        derivative_simulation_se: Those of the derivatives, by name; empty where they are not known.
        neutral_simulation_se: That of the neutral strength.
    """

    strength: np.ndarray
    gini_total: np.ndarray
    gini_wage: np.ndarray
    output: np.ndarray
    derivative: Mapping[str, float]
    neutral_strength: float | None
    gini_total_simulation_se: np.ndarray | None = None
    gini_wage_simulation_se: np.ndarray | None = None
    output_simulation_se: np.ndarray | None = None
    derivative_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    neutral_simulation_se: float | None = None

    def change(self, k: int = -1) -> Simulated:
        """Change of the Gini of total income at the k-th strength with its simulation error."""
        return Simulated(float(self.gini_total[k]), error_at(self.gini_total_simulation_se, k))

    @property
    def neutral(self) -> str:
        """The neutral strength in print."""
        if self.neutral_strength is not None:
            return shown(self.neutral_strength, self.neutral_simulation_se, ".3f")
        return "never" if all(self.change(k).resolved for k in range(len(self.gini_total))) else "not known"


@dataclasses.dataclass(frozen=True)
class Policy(Tabular):
    """Effects of all levers, the frontiers of pairs, and the ranking.

    Attributes:
        params: Every parameter at the estimates.
        levers: Results by name of the lever.
        frontiers: One for each pair.
        ranking: Levers from the one that lowers the change of the Gini of total income most in full strength; those
            that are within simulation error of the next are put together with it.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
        missed_draws: Draws that could not be fitted as well as the first.
    """

    units: ClassVar[Units] = file_units(
        "gini_total",
        "gini_wage",
        "output",
        derivative="of each of them per unit of strength",
        strength="0 (estimates) to 1",
    )

    params: Mapping[str, float]
    levers: Mapping[str, LeverResult]
    frontiers: Sequence[Frontier]
    ranking: Sequence[Sequence[str]] = ()
    n_workers: int = 0
    draws: int = 0
    missed_draws: int = 0

    def table(self) -> Table:
        """Levers: derivatives at zero strength and changes at full strength."""
        levers = list(self.levers.values())

        slopes = zip(("dGini/ds", "wage dGini/ds", "doutput/ds"), OUTCOMES, strict=True)
        full = [lever.change() for lever in levers]
        output_errors = [error_at(lever.output_simulation_se, -1) for lever in levers]
        return Table(
            (
                Column("lever", list(self.levers)),
                *(
                    numbers(
                        head,
                        [lever.derivative[key] for lever in levers],
                        [lever.derivative_simulation_se.get(key) for lever in levers],
                        shown,
                    )
                    for head, key in slopes
                ),
                numbers("dGini at s=1", [one.value for one in full], [one.error for one in full], shown),
                numbers("output at s=1", [float(lever.output[-1]) for lever in levers], output_errors, _four),
                Column(
                    "neutral at s",
                    [lever.neutral_strength for lever in levers],
                    errors=[lever.neutral_simulation_se for lever in levers],
                    text=[lever.neutral for lever in levers],
                ),
            )
        )

    def frontiers_table(self) -> Table:
        """Both ends of each frontier."""
        columns = [Column("frontier of", [" + ".join(frontier.levers) for frontier in self.frontiers])]
        for k, heads in ((0, ("lowest dGini", "output")), (-1, ("dGini at", "highest output"))):
            for head, goal, show in zip(heads, ("gini", "output"), (shown, _four), strict=True):
                values = [float((f.gini_total if goal == "gini" else f.output)[k]) for f in self.frontiers]
                errors = [error_at(getattr(f, f"{goal}_simulation_se"), k) for f in self.frontiers]
                columns.append(numbers(head, values, errors, show))
        kinds = [
            "one combination" if len(f.output) == 1 else "" if len(f.segments) == 1 else f"in {len(f.segments)} pieces"
            for f in self.frontiers
        ]
        return Table((*columns, *([Column("shape", kinds)] if any(kinds) else [])))

    def __str__(self) -> str:
        lines = [legend("gini_total", "gini_wage", "output"), *self._about(), str(self.table())]
        if self.ranking:
            ranked = " < ".join(" ~ ".join(group) for group in self.ranking)
            lines.append(f"dGini at s=1, lowest first: {ranked} (~: not distinguishable by simulation error)")
        if self.frontiers:
            lines += ["", str(self.frontiers_table())]
        lines.append("strength s from 0 (estimates) to 1; these are mechanisms, not recommendations")
        return "\n".join([*lines, about_draws(self.draws, self.n_workers, self.missed_draws)])

    def _about(self) -> list[str]:
        """The subject of the table: the effect of AI under a lever, not that of the lever."""
        none = next(iter(self.levers.values()), None)
        lines = ["the effect of AI under each lever, which holds before AI too; its effect before AI is not shown"]
        if none is not None:
            lines.append(f"without levers dGini, the change of the Gini of total income, is {none.gini_total[0]:+.5f}")
        if "retraining" in self.levers:
            lines.append("retraining: more of the change of schooling that AI makes worth while, a fall included")
        return lines


def _four(value: float, error: float | None) -> str:
    return shown(value, error, "+.4f")

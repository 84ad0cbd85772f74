"""The path of the economy year by year as a typed result, with its tables and its account in words."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.dynamics.branches import Branch
from aigini.dynamics.critical import Critical
from aigini.dynamics.fixed_points import FixedPoints
from aigini.estimation.other_draws import about_draws, error_at, shown
from aigini.resolution import Simulated
from aigini.statistics.outcomes import Units, file_units, label
from aigini.tables import Column, Table, Tabular, numbers

CHANGES = ("gini_total", "gini_wage")
"""Outcomes whose change by AI is reported, firms' shocks being the same without it."""


@dataclasses.dataclass(frozen=True)
class PathResult:
    """One path of the economy, years 0 .. T; every array ``[years + 1]``.

    Attributes:
        name: Its speeds in words.
        deployment_speed: Speed of deployment, per year.
        retool_speed: Speed of retooling, per year.
        aggregate: Numbers of each year by name, see `aigini.dynamics.economy.AggregatePath`.
        levels: Levels of the outcomes with AI, by name.
        changes: Changes by AI of the Ginis, by name.
        levels_simulation_se: Simulation standard errors of the levels; empty where they were not measured.
        changes_simulation_se: Those of the changes.
        regime: The regime that the path reaches after its last year, people having closed the gap that is left; ``"the
            only one"`` where there are no two.
    """

    name: str
    deployment_speed: float
    retool_speed: float
    aggregate: Mapping[str, np.ndarray]
    levels: Mapping[str, np.ndarray]
    changes: Mapping[str, np.ndarray]
    levels_simulation_se: Mapping[str, np.ndarray]
    changes_simulation_se: Mapping[str, np.ndarray]
    regime: str

    def change(self, name: str, year: int = -1) -> Simulated:
        """Change by AI of a Gini in a year, with its simulation error."""
        return Simulated(float(self.changes[name][year]), error_at(self.changes_simulation_se.get(name), year))


@dataclasses.dataclass(frozen=True)
class RestResult:
    """The economy with all workers at one stable point of the long run.

    Attributes:
        variance: V there.
        rent: q_A of the equilibrium there.
        levels: Levels of the outcomes.
        changes: Changes of the Ginis against the economy before AI.
        levels_simulation_se: Simulation standard errors of the levels; empty where they were not measured.
        changes_simulation_se: Those of the changes.
    """

    variance: float
    rent: float
    levels: Mapping[str, float]
    changes: Mapping[str, float]
    levels_simulation_se: Mapping[str, float] = dataclasses.field(default_factory=dict)
    changes_simulation_se: Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Transition(Tabular):
    """Paths of the economy under slow and fast deployment and retooling, and the long run.

    Attributes:
        params: Every parameter of the economy.
        dynamics: Numbers of the dynamics.
        years: Last year T.
        paths: The paths, the configured one first.
        growth: χ q_A of the long run, per year, at ξ before erosion.
        long_run: Fixed points of the map of the long run.
        at_rest: The economy at each stable point, in their order.
        branch: Fixed points over growth.
        critical: Speed of retooling that separates paths to the two regimes, by speed of deployment; empty where there
            are no two regimes.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
    """

    units: ClassVar[Units] = file_units(
        *CHANGES,
        growth="per year",
        variance="of log assets, squared log points",
        levels="as in simulate.json",
        aggregate="shares, but variance and multiple; rent in final good per worker",
    )

    params: Mapping[str, float]
    dynamics: Mapping[str, float]
    years: int
    paths: Sequence[PathResult]
    growth: float
    long_run: FixedPoints
    at_rest: Sequence[RestResult]
    branch: Branch
    critical: Mapping[str, Critical]
    n_workers: int
    draws: int

    def table(self) -> Table:
        """Every path in every year."""
        rows = [(path, year) for path in self.paths for year in range(self.years + 1)]

        def column(name: str, of: str, key: str, spec: str) -> Column:
            return Column(name, [float(getattr(path, of)[key][year]) for path, year in rows], spec)

        return Table(
            (
                Column("path", [path.name for path, _ in rows]),
                Column("year", [year for _, year in rows]),
                *(column(key, "aggregate", key, ".4f") for key in self.paths[0].aggregate),
                *(
                    numbers(
                        key,
                        [float(path.levels[key][year]) for path, year in rows],
                        [error_at(path.levels_simulation_se.get(key), year) for path, year in rows],
                        shown,
                    )
                    for key in self.paths[0].levels
                ),
                *(
                    numbers(
                        f"d {key}",
                        [path.change(key, year).value for path, year in rows],
                        [path.change(key, year).error for path, year in rows],
                        shown,
                    )
                    for key in CHANGES
                ),
            )
        )

    def last_years(self) -> Table:
        """The last year of each path."""
        last = [path.aggregate for path in self.paths]
        return Table(
            (
                Column(f"path, year {self.years}", [path.name for path in self.paths]),
                Column("V", [float(one["variance"][-1]) for one in last], ".4f"),
                Column("asset Gini", [float(one["asset_gini"][-1]) for one in last], ".4f"),
                Column("ξ_t", [float(one["bargaining"][-1]) for one in last], ".4f"),
                Column("largest gap", [float(one["gap"].max()) for one in last], ".3f"),
                *(
                    numbers(
                        f"d{head}",
                        [path.change(key).value for path in self.paths],
                        [path.change(key).error for path in self.paths],
                        shown,
                    )
                    for head, key in (("Gini", "gini_total"), ("Gini wage", "gini_wage"))
                ),
                Column("regime", [path.regime for path in self.paths]),
            )
        )

    def rest_table(self) -> Table:
        """The economy with all its workers at each stable point."""
        heads = [name for name, stable in zip(self.long_run.names, self.long_run.stable, strict=True) if stable]
        return Table(
            (
                Column("at rest", heads),
                Column("V", [one.variance for one in self.at_rest], ".5g"),
                Column("q_A", [one.rent for one in self.at_rest], ".5f"),
                *(
                    numbers(
                        label(key),
                        [one.levels[key] for one in self.at_rest],
                        [one.levels_simulation_se.get(key) for one in self.at_rest],
                        shown,
                    )
                    for key in ("gini_total", "gini_wage", "labour_share")
                ),
                *(
                    numbers(
                        f"d {key}",
                        [one.changes[key] for one in self.at_rest],
                        [one.changes_simulation_se.get(key) for one in self.at_rest],
                        shown,
                    )
                    for key in CHANGES
                ),
            )
        )

    def __str__(self) -> str:
        lines = [
            "d: change by AI, firms' shocks being the same without it; ξ_t: workers' share of quasi-rents; regime: the"
            " one that is reached after the last year, once people have caught up",
            str(self.last_years()),
            "",
            f"long run, with q_A of the equilibrium at the final A and adoption (χ q_A = {self.growth:.5f} a year):",
            str(self.long_run),
            *([str(self.rest_table())] if self.at_rest else []),
            *self._survival(),
            *(f"speed of retooling with {name}: {one}" for name, one in self.critical.items()),
            "that bargaining erodes is an assumption of this project (MODEL.md section 14), not a finding of the paper",
        ]
        return "\n".join([*lines, about_draws(self.draws, self.n_workers)])

    def _survival(self) -> list[str]:
        limit, back = self.branch.survival, self.branch.return_growth
        if limit is None:
            return ["there is one regime at every χ q_A: its fixed points never fold"]
        verdict = "exists in the long run" if self.growth <= limit else "does not exist in the long run"
        words = (
            f"the labour-strong regime {verdict}, which it does up to χ q_A = {limit:.6g}; not every path reaches it"
        )
        if back is not None:
            words += f"; an asset-dominated economy returns to it only below {back:.6g}"
        return [words]

"""Phase diagrams as typed results, with their words."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.estimation.other_draws import about_draws, shown
from aigini.resolution import Simulated
from aigini.tables import Column, Table, Tabular, numbers

REGIMES = ("labour-strong", "asset-dominated", "explosive")
"""Regimes in the order of their codes; -1 where there is no economy."""

CONCEPTS = {"gini_total": "Gini of total income", "gini_wage": "Gini of wages"}


@dataclasses.dataclass(frozen=True)
class BoundaryPoint:
    """A point of the boundary between regimes.

    Attributes:
        x: The first parameter.
        y: The second; one of the two is on the grid, and the other is located.
        kind: ``"unstable point"`` where the path ends on it; ``"fold"`` where a regime begins or ceases to exist.
    """

    x: float
    y: float
    kind: str


@dataclasses.dataclass(frozen=True)
class ReachedState:
    """Changes of the Ginis by AI with all workers, in the state that is reached at one point.

    Attributes:
        x: The first parameter.
        y: The second.
        variance: V in that state.
        changes: Changes of the Ginis against the economy before AI, by name.
        simulation_se: Their simulation standard errors; empty where they were not measured.
    """

    x: float
    y: float
    variance: float
    changes: Mapping[str, float]
    simulation_se: Mapping[str, float | None]

    def change(self, name: str) -> Simulated:
        """A change with its simulation error."""
        return Simulated(self.changes[name], self.simulation_se.get(name))


@dataclasses.dataclass(frozen=True)
class PhaseDiagram(Tabular):
    """The regime that the path reaches, over two parameters.

    Attributes:
        names: The parameters.
        here: Their values in this economy.
        x: Grid of the first, ``[nx]``.
        y: Grid of the second, ``[ny]``.
        regime: Code of the regime reached, its place in `REGIMES`; -1 where there is no economy, ``[nx, ny]``.
        two: True where another regime is possible in the long run, ``[nx, ny]``.
        variance: V in the end; not a number where assets explode or there is no economy, ``[nx, ny]``.
        boundary: The boundary of the labour-strong regime, where it crosses the lines of the grid.
        states: The economy with all workers in the state reached, at some points of the grid.
    """

    units: ClassVar[dict[str, str]] = {"variance": "of log assets, squared log points"}

    names: tuple[str, str]
    here: tuple[float, float]
    x: np.ndarray
    y: np.ndarray
    regime: np.ndarray
    two: np.ndarray
    variance: np.ndarray
    boundary: Sequence[BoundaryPoint]
    states: Sequence[ReachedState] = ()

    def table(self) -> Table:
        """The boundary."""
        return Table(
            (
                Column(self.names[0], [point.x for point in self.boundary], ".6g"),
                Column(self.names[1], [point.y for point in self.boundary], ".8g"),
                Column("the path ends on", [point.kind for point in self.boundary]),
            )
        )

    def state_table(self) -> Table:
        """Changes of the Ginis in the states reached."""
        return Table(
            (
                Column(self.names[0], [state.x for state in self.states], ".4g"),
                Column(self.names[1], [state.y for state in self.states], ".4g"),
                Column("V", [state.variance for state in self.states], ".4g"),
                *(
                    numbers(
                        f"d {name}",
                        [state.changes[name] for state in self.states],
                        [state.simulation_se.get(name) for state in self.states],
                        shown,
                    )
                    for name in CONCEPTS
                ),
            )
        )

    def _share(self, code: int) -> float:
        known = self.regime >= 0
        return 100 * float(np.mean(self.regime[known] == code)) if known.any() else 0.0

    def signs(self, name: str) -> str:
        """The signs of the change of a Gini by regime, where its error carries one, in words."""
        words = []
        for code, regime in enumerate(REGIMES):
            own = [state.change(name) for state in self.states if self._code(state) == code]
            if not own:
                continue
            rises, falls = (sum(one.sign == sign for one in own) for sign in (1, -1))
            parts = [f"rises at {rises}"] * (rises > 0) + [f"falls at {falls}"] * (falls > 0)
            open_ = len(own) - rises - falls
            parts += [f"not distinguishable at {open_}"] * (open_ > 0)
            words.append(f"{regime}: {', '.join(parts)} of {len(own)} points")
        return "; ".join(words)

    def regime_at(self, state: ReachedState) -> str:
        """The regime of a state that is reached."""
        return REGIMES[self._code(state)]

    def _code(self, state: ReachedState) -> int:
        i, j = int(np.argmin(np.abs(self.x - state.x))), int(np.argmin(np.abs(self.y - state.y)))
        return int(self.regime[i, j])

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {self._share(k):.0f} %" for k, name in enumerate(REGIMES) if self._share(k) > 0)
        lines = [f"{self.names[0]} and {self.names[1]}: {shares}; another regime possible on {self._two():.0f} %"]
        if self.boundary:
            lines.append(str(self.table()))
        else:
            lines.append("no boundary in this range: one regime is reached everywhere")
        lines += [f"{words}: {self.signs(name)}" for name, words in CONCEPTS.items() if self.states]
        return "\n".join(lines)

    def _two(self) -> float:
        known = self.regime >= 0
        return 100 * float(np.mean(self.two[known])) if known.any() else 0.0


@dataclasses.dataclass(frozen=True)
class PhaseDiagrams(Tabular):
    """Phase diagrams of one economy, and when its labour-strong regime survives.

    Attributes:
        diagrams: The diagrams.
        regime: Regime that this economy reaches.
        years: Years of the path before the long run.
        unstable: V_u, the unstable point of the long run; None where there is none.
        boundary: V_c(T), the boundary between basins in the last year of the path; None where there is none.
        variance: V_T.
        critical_speed: Speed of retooling that separates the regimes if deployment is complete from the first year on,
            χ q_A that of the long run; None where none does, or there are no two regimes.
        first_order_speed: The same to first order, in closed form.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come.
    """

    units: ClassVar[dict[str, str]] = {**PhaseDiagram.units}

    diagrams: Sequence[PhaseDiagram]
    regime: str
    years: int
    unstable: float | None
    boundary: float | None
    variance: float
    critical_speed: float | None
    first_order_speed: float | None
    n_workers: int
    draws: int

    def table(self) -> Table:
        """Shares of the regimes in each diagram."""
        shares = [[one._share(code) for one in self.diagrams] for code in range(len(REGIMES))]
        return Table(
            (
                Column("plane", [", ".join(one.names) for one in self.diagrams]),
                *(Column(f"{name}, %", shares[code], ".0f") for code, name in enumerate(REGIMES)),
                Column("boundary points", [len(one.boundary) for one in self.diagrams]),
            )
        )

    def __str__(self) -> str:
        lines = ["the regime that the path reaches in the long run, over two parameters:", str(self.table())]
        if self.boundary is None:
            lines.append(f"this economy ends {self.regime}: its long run has one state")
        else:
            lines.append(
                f"this economy ends {self.regime}: in year {self.years} V = {self.variance:.4f}, and the boundary"
                f" between the basins then is {self.boundary:.4f} (in the long run {self.unstable:.4f})"
            )
        if self.first_order_speed is not None:
            exact = "no speed" if self.critical_speed is None else f"{self.critical_speed:.4f}"
            lines.append(
                "were deployment complete from the first year on, the labour-strong regime would need a speed of"
                f" retooling above {exact}; in closed form, to first order, {self.first_order_speed:.4f}"
            )
        for one in self.diagrams:
            lines += ["", str(one)]
        return "\n".join([*lines, "", about_draws(self.draws, self.n_workers)])

"""The explorer as a typed result: the surrogate, its measured errors, and what else the page needs."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.explore.fit import Group
from aigini.explore.quantities import HEADLINE_NAMES, INCOMES, curve_names
from aigini.explore.sliders import NAMES, SLIDERS
from aigini.parameters import SPECS
from aigini.statistics.outcomes import Units
from aigini.tables import Column, Table, Tabular

WANTED = 2e-4
"""Error of headline numbers, of a Gini, that the 99th percentile over held-out economies should stay below."""

CHANGES = tuple(f"change_{income}" for income in INCOMES)
"""Changes of Ginis with AI, which are the sums of the contributions of the channels."""


@dataclasses.dataclass(frozen=True)
class SurrogateError:
    """The error of the surrogate of some numbers over held-out economies.

    Attributes:
        name: The numbers.
        unit: Their unit.
        headline: True if `WANTED` is asked of them.
        degree: Total degree of the polynomial.
        median: Median of the absolute error.
        high: 99th percentile.
        largest: Largest.
        population: Simulation standard error of the numbers at the estimates, of this population; None where it was not
            measured.
    """

    name: str
    unit: str
    headline: bool
    degree: int
    median: float
    high: float
    largest: float
    population: float | None = None


@dataclasses.dataclass(frozen=True)
class Explorer(Tabular):
    """A surrogate of the economy over the box of the sliders.

    Attributes:
        params: Every parameter at the estimates.
        sliders: The sliders, in the order of points.
        ranges: Their ends, ``[sliders, 2]``.
        estimate: Their place at the estimates, ``[sliders]``.
        at_estimates: Headline numbers of the economy itself at the estimates, by name.
        surrogate: The polynomials.
        errors: Errors of the surrogate.
        simulation_se: Simulation standard errors of headline numbers at the estimates, by name; empty where they were
            not measured.
        lorenz_shares: Population shares of Lorenz ordinates.
        log_incomes: Logs of income of densities.
        dynamics: Numbers of the dynamics, from the configuration: assumptions, none of which is estimated.
        years: Years of the path of the long run.
        firm_years: Years of firm growth in the comparison of the economy with and without AI.
        levels: AI levels before and after.
        n_workers: Workers of the population.
        fitted: Economies that the surrogate is fitted to.
        held_out: Economies that its errors are measured on.
        draws: Other draws of the population from which simulation errors come.
    """

    units: ClassVar[Units] = {
        "ranges": "units of the sliders",
        "simulation_se": "Gini, 0 to 1",
        "at_estimates": "change of the Gini, 0 to 1",
        "lorenz_shares": "share of workers, 0 to 1",
        "log_incomes": "log of final good per worker",
        "params": {name: spec.meaning for name, spec in SPECS.items()},
    }

    params: Mapping[str, float]
    sliders: Sequence[str]
    ranges: np.ndarray
    estimate: np.ndarray
    at_estimates: Mapping[str, float]
    surrogate: Sequence[Group]
    errors: Sequence[SurrogateError]
    simulation_se: Mapping[str, float]
    lorenz_shares: np.ndarray
    log_incomes: np.ndarray
    dynamics: Mapping[str, float]
    years: int
    firm_years: int
    levels: Sequence[float]
    n_workers: int
    fitted: int
    held_out: int
    draws: int

    def at(self, **moved: float) -> dict[str, float]:
        """Every number of the surrogate where some sliders are moved away from the estimates, by name.

        Args:
            **moved: Sliders by name.

        Raises:
            ValueError: if there is no slider of a name, or it is moved out of its range.
        """
        point = self.estimate.copy()
        for name, value in moved.items():
            if name not in NAMES:
                raise ValueError(f"{name}: there is no such slider; the sliders are {', '.join(NAMES)}.")
            lower, upper = self.ranges[NAMES.index(name)]
            if not lower <= value <= upper:
                raise ValueError(f"{name} = {value:g} is outside its range, {lower:g} to {upper:g}.")
            point[NAMES.index(name)] = value
        numbers = evaluated(self.surrogate, point[None], self.ranges)
        return {name: float(value[0]) for name, value in numbers.items()}

    @property
    def accurate(self) -> bool:
        """True if every headline number has the error that is wanted."""
        return all(error.high <= WANTED for error in self.errors if error.headline)

    @property
    def statement(self) -> str:
        """A sentence about the accuracy of the surrogate."""
        headline = [error for error in self.errors if error.headline]
        worst = max(headline, key=lambda error: error.high)
        verdict = "below" if self.accurate else "above"
        return (
            f"over {self.held_out:,} economies that it was not fitted to, the error of the surrogate's headline numbers"
            f" has a 99th percentile of at most {worst.high:.1e} of a Gini ({worst.name}), {verdict} the {WANTED:g}"
            f" that is wanted; of the changes of both Ginis it is"
            f" {' and '.join(f'{error.high:.1e}' for error in headline if error.name in CHANGES)}."
        )

    def table(self) -> Table:
        """The errors of the surrogate, beside the simulation errors of the population."""
        every = self.errors
        return Table(
            (
                Column("number", [error.name for error in every]),
                Column("unit", [error.unit for error in every]),
                Column("degree", [error.degree for error in every]),
                Column("median error", [error.median for error in every], ".1e"),
                Column("99th percentile", [error.high for error in every], ".1e"),
                Column("largest", [error.largest for error in every], ".1e"),
                Column("simulation s.e.", [error.population for error in every], ".1e"),
            )
        )

    def __str__(self) -> str:
        ranges = [
            f"  {slider.label} ({slider.symbol}): {lower:.4g} to {upper:.4g}, at the estimates {at:.4g}"
            for slider, (lower, upper), at in zip(SLIDERS, self.ranges, self.estimate, strict=True)
        ]
        lines = [
            f"surrogate fitted to the values and exact derivatives of {self.fitted:,} economies of"
            f" {self.n_workers:,} workers",
            *ranges,
            str(self.table()),
            self.statement,
        ]
        return "\n".join(lines)


def evaluated(surrogate: Sequence[Group], points: np.ndarray, ranges: np.ndarray) -> dict[str, np.ndarray]:
    """Every number of the surrogate at points, the changes of the Ginis and what is after AI, by name, ``[points]``.

    Args:
        surrogate: The polynomials.
        points: ``[points, sliders]``.
        ranges: Ends of the sliders, ``[sliders, 2]``.
    """
    numbers: dict[str, np.ndarray] = {}
    for group in surrogate:
        numbers |= dict(zip(group.names, group(points, ranges).T, strict=True))
    numbers = with_changes(numbers)
    numbers |= {f"gini_{income}_change": numbers[f"change_{income}"] for income in INCOMES}
    pairs = zip(curve_names("before"), curve_names("change"), curve_names("after"), strict=True)
    return numbers | {after: numbers[before] + numbers[change] for before, change, after in pairs}


def with_changes(numbers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Numbers with the changes of the Ginis beside them, the sums of their contributions."""
    sums = {
        f"change_{income}": np.sum([numbers[name] for name in HEADLINE_NAMES if name.startswith(income)], axis=0)
        for income in INCOMES
    }
    return {**numbers, **sums}

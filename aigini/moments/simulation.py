"""Simulate the economy at given parameters and return everything about it as one typed result."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import jax
import numpy as np

from aigini.economy.economy import Scenario
from aigini.errors import EquilibriumError
from aigini.moments.checked import checked_parameters
from aigini.moments.six import MOMENT_NAMES, IncomeConcept
from aigini.moments.statistics import Distribution, Statistics, statistics
from aigini.parameters import Parameters
from aigini.population.population import Population

RESIDUAL_TOLERANCE = 1e-9
"""Largest accepted violation of the equilibrium conditions."""


@dataclasses.dataclass(frozen=True)
class Simulation:
    """The economy before and after AI at one parameter point.

    Attributes:
        params: Every parameter by name.
        moments: m1 ... m6 by name; None where the economy does not define one (m5 with fewer than three firms).
        before: Scalars before AI by name, see `aigini.moments.statistics.Statistics`; None where undefined.
        after: The same after AI.
        before_arrays: Arrays before AI, as documented in `aigini.moments.statistics.Distribution`.
        after_arrays: The same after AI.
        income: Income concept of m6.
        simulation_se: Standard deviation of each moment over other draws of the population: what simulating with these
            draws rather than others adds in error. None where a moment is undefined; empty where there were no others.
    """

    params: Mapping[str, float]
    moments: Mapping[str, float | None]
    before: Mapping[str, float | None]
    after: Mapping[str, float | None]
    before_arrays: Mapping[str, np.ndarray]
    after_arrays: Mapping[str, np.ndarray]
    income: IncomeConcept
    simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)

    @property
    def gini_change(self) -> float:
        """m6, the change of the Gini of the chosen income."""
        return _difference(self, f"gini_{self.income}")

    @property
    def regime(self) -> str:
        """``equalising`` if the Gini falls, ``concentrating`` if it rises, ``neutral`` if it does not move."""
        change = self.gini_change
        if change == 0:
            return "neutral"
        return "concentrating" if change > 0 else "equalising"

    def __str__(self) -> str:
        lines = [f"{'':24s}{'before':>12s}{'after':>12s}{'change':>12s}"]
        for name, old in self.before.items():
            new = self.after[name]
            if old is None or new is None:
                lines.append(f"{name:24s}{'n/a':>12s}{'n/a':>12s}{'n/a':>12s}")
            else:
                lines.append(f"{name:24s}{old:12.5g}{new:12.5g}{new - old:+12.3g}")
        lines.append("")
        for name, value in self.moments.items():
            error = self.simulation_se.get(name)
            shown = "" if error is None else f"  sim. s.e. {error:.1e}"
            lines.append(f"{name:24s}{'n/a' if value is None else format(value, '12.6g'):>12s}{shown}")
        lines.append(f"regime: {self.regime} (change of the Gini of {self.income} income {self.gini_change:+.5f})")
        return "\n".join(lines)


@jax.jit
def _statistics(
    params: Parameters, population: Population, scenario: Scenario
) -> tuple[tuple[Statistics, Distribution], tuple[Statistics, Distribution]]:
    return statistics(params, population, scenario)


def simulate(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
    replications: Iterable[Population] = (),
) -> Simulation:
    """Simulate the economy before and after AI.

    Args:
        params: Concrete parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.
        replications: Two or more populations with other draws, for simulation errors of the moments.

    Raises:
        ParameterError: if `params` lie outside the parameter space.
        EquilibriumError: if prices do not clear, an income leaves the grid or a statistic is not finite.
        PrecisionError: if 64-bit mode is off.
    """
    scenario = scenario or Scenario()
    params = checked_parameters(params, scenario, population.years)

    def measured(population: Population) -> tuple[list[dict[str, float | None]], tuple[Distribution, Distribution]]:
        (before, before_arrays), (after, after_arrays) = jax.device_get(_statistics(params, population, scenario))
        return [_scalars(state, population.n_firms) for state in (before, after)], (before_arrays, after_arrays)

    scalars, (before_arrays, after_arrays) = measured(population)
    others = [_moments(*measured(other)[0], income=income) for other in replications]
    return Simulation(
        params=params.as_dict(),
        moments=_moments(*scalars, income=income),
        before=scalars[0],
        after=scalars[1],
        before_arrays={f.name: np.asarray(getattr(before_arrays, f.name)) for f in dataclasses.fields(Distribution)},
        after_arrays={f.name: np.asarray(getattr(after_arrays, f.name)) for f in dataclasses.fields(Distribution)},
        income=income,
        simulation_se=_spread(others),
    )


def _spread(moments: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Standard deviations over replications."""
    if len(moments) < 2:
        return {}
    columns = {name: [found[name] for found in moments] for name in moments[0]}
    return {
        name: None if None in column else float(np.std(np.asarray(column, float), ddof=1))
        for name, column in columns.items()
    }


def _scalars(state: Statistics, n_firms: int) -> dict[str, float | None]:
    values: dict[str, float | None] = {f.name: float(getattr(state, f.name)) for f in dataclasses.fields(Statistics)}
    if n_firms < 3:
        values["asset_growth_gap"] = None
    wrong = [name for name, value in values.items() if value is not None and not math.isfinite(value)]
    if wrong:
        raise EquilibriumError(
            f"simulation: {', '.join(wrong)} came out not finite; the parameters are within bounds but too extreme"
            " for this population: move the most unusual of them towards its baseline."
        )
    residual, end_mass = values["residual"], values["end_mass"]
    if residual is None or residual > RESIDUAL_TOLERANCE:
        raise EquilibriumError(
            f"equilibrium: prices and screening stopped {residual:.1e} away from a fixed point (accepted:"
            f" {RESIDUAL_TOLERANCE:g}); lower params.retooling or move params.sigma towards 1."
        )
    if end_mass is None or end_mass > 0:
        raise EquilibriumError(
            f"simulation: {end_mass:.1e} of the workers earn less than e^-40 or more than e^40; lower"
            " params.ownership_sd, params.asset_sd or params.psi."
        )
    return values


def _moments(
    before: Mapping[str, float | None], after: Mapping[str, float | None], *, income: IncomeConcept
) -> dict[str, float | None]:
    sources = (
        ("within_task_cv", True, 1.0),
        ("exposed_output", True, 1.0),
        ("education_premium", False, 4.0),
        ("signal_correlation", True, 1.0),
        ("asset_growth_gap", False, 1.0),
        (f"gini_{income}", False, 1.0),
    )
    moments: dict[str, float | None] = {}
    for moment, (name, relative, scale) in zip(MOMENT_NAMES, sources, strict=True):
        old, new = before[name], after[name]
        if old is None or new is None:
            moments[moment] = None
        else:
            moments[moment] = scale * (new - old) / (old if relative else 1.0)
    return moments


def _difference(simulation: Simulation, name: str) -> float:
    old, new = simulation.before[name], simulation.after[name]
    assert old is not None  # Ginis are always defined
    assert new is not None
    return new - old

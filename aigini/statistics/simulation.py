"""Simulate the economy at given parameters and return everything about it as one typed result."""

import dataclasses
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from aigini.economy.economy import Scenario
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters
from aigini.population.population import Population
from aigini.resolution import simulated
from aigini.statistics.catalogue import MOMENT_NAMES, STATISTICS, IncomeConcept, resolve
from aigini.statistics.checked import checked_parameters
from aigini.statistics.moment import Moment
from aigini.statistics.report import (
    Distribution,
    Statistics,
    statistics,
)
from aigini.statistics.simulation_result import REPLICATED_ARRAYS, Simulation

RESIDUAL_TOLERANCE = 1e-9
"""Largest accepted violation of the equilibrium conditions."""


_Scalars = dict[str, float | None]


@functools.partial(jax.jit, static_argnames="moments")
def _statistics(
    params: Parameters, population: Population, scenario: Scenario, moments: tuple[Moment, ...]
) -> tuple[tuple[Statistics, Distribution], tuple[Statistics, Distribution]]:
    return statistics(params, population, scenario, moments)


def simulate(
    params: Parameters,
    population: Population,
    scenario: Scenario | None = None,
    *,
    income: IncomeConcept = "total",
    moments: Sequence[str] = MOMENT_NAMES,
    replications: Iterable[Population] = (),
) -> Simulation:
    """Simulate the economy before and after AI.

    Args:
        params: Concrete parameters.
        population: Workers and firm shocks.
        scenario: AI levels; 0 and 1 by default.
        income: Income whose Gini m6 is about.
        moments: Names of the moments that are reported.
        replications: Two or more populations with other draws, for simulation errors of the moments.

    Raises:
        ParameterError: if `params` lie outside the parameter space.
        EquilibriumError: if prices do not clear, an income leaves the grid or a statistic is not finite.
        PrecisionError: if 64-bit mode is off.
    """
    scenario = scenario or Scenario()
    params = checked_parameters(params, scenario, population.years)

    requested = dict(zip(moments, resolve(moments, income), strict=True))

    def measured(population: Population) -> tuple[_Scalars, _Scalars, _Scalars, tuple[Any, ...]]:
        """Moments, levels before and after AI, the arrays of both, and the effective numbers."""
        both = jax.device_get(_statistics(params, population, scenario, tuple(requested.values())))
        (old, old_arrays), (new, new_arrays) = both
        before, after = (_scalars(state, population.n_firms) for state in (old, new))
        return _moments(requested, old, new, population.n_firms), before, after, (old_arrays, new_arrays, old.effective)

    values, before, after, (before_arrays, after_arrays, effective) = measured(population)
    other_values, changes, arrays = [], [], []
    for other in replications:
        replicated, *states, (old, new, _) = measured(other)
        other_values.append(replicated)
        changes.append(_differences(*states))
        arrays.append({name: _difference(old, new, name) for name in REPLICATED_ARRAYS})
    return Simulation(
        params=params.as_dict(),
        moments=values,
        before=before,
        after=after,
        before_arrays={f.name: np.asarray(getattr(before_arrays, f.name)) for f in dataclasses.fields(Distribution)},
        after_arrays={f.name: np.asarray(getattr(after_arrays, f.name)) for f in dataclasses.fields(Distribution)},
        income=income,
        n_workers=population.n_workers,
        ownership_tilt=float(population.ownership_tilt),
        effective=dict(zip(("workers", "owners"), map(float, effective), strict=True)),
        simulation_se=_spread(values, other_values),
        change_se=_spread(_differences(before, after), changes),
        change_se_arrays={
            name: np.std(
                [_difference(before_arrays, after_arrays, name), *(one[name] for one in arrays)], axis=0, ddof=1
            )
            for name in arrays[0]
        }
        if len(arrays) > 1
        else {},
    )


def _spread(
    own: Mapping[str, float | None], replicated: Sequence[Mapping[str, float | None]]
) -> dict[str, float | None]:
    """Simulation errors by name, see `aigini.resolution.simulated`; empty with fewer than two replications."""
    if len(replicated) < 2:
        return {}
    errors = {}
    for name, value in own.items():
        column = [other[name] for other in replicated]
        errors[name] = None if value is None or None in column else simulated(value, np.asarray(column, float)).error
    return errors


def _differences(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> dict[str, float | None]:
    pairs = ((name, old, after[name]) for name, old in before.items())
    return {name: None if old is None or new is None else new - old for name, old, new in pairs}


def _difference(before: Distribution, after: Distribution, name: str) -> np.ndarray:
    return np.asarray(getattr(after, name)) - np.asarray(getattr(before, name))


def _scalars(state: Statistics, n_firms: int) -> _Scalars:
    values: _Scalars = {name: float(value) for name, value in state.as_dict().items()}
    values.update({moment.name: None for moment in STATISTICS if n_firms < moment.fewest_firms})
    _require_finite(values)
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


def _moments(requested: Mapping[str, Moment], before: Statistics, after: Statistics, n_firms: int) -> _Scalars:
    values: _Scalars = {}
    for (name, moment), old, new in zip(requested.items(), before.levels, after.levels, strict=True):
        change = (float(new) - float(old)) / (float(old) if moment.relative else 1.0)
        values[name] = None if n_firms < moment.fewest_firms else change
    _require_finite(values)
    return values


def _require_finite(values: _Scalars) -> None:
    wrong = [name for name, value in values.items() if value is not None and not math.isfinite(value)]
    if wrong:
        raise EquilibriumError(
            f"simulation: {', '.join(wrong)} came out not finite; the parameters are within bounds but too extreme"
            " for this population: move the most unusual of them towards its baseline."
        )

"""The surrogate built: economies evaluated, polynomials fitted, errors measured."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.explore.economies import TILE, SliderMap
from aigini.explore.errors import FITTED_CURVES, by_name, fitted_curves, surrogate_errors
from aigini.explore.fit import groups, held_out_points, training_points
from aigini.explore.quantities import HEADLINE_NAMES, LOG_INCOMES, LORENZ_SHARES
from aigini.explore.result import CHANGES, Explorer
from aigini.explore.sliders import NAMES, estimate_of, ranges_about, require_economies
from aigini.parameter_space import pack
from aigini.population.population import Population
from aigini.runtime.progress import report, steps

MOST_OF_HEADLINE, MOST_OF_CURVES = 6, 5
"""Highest degrees that are tried; curves have many numbers, and need fewer digits."""
FEWEST_DRAWS = 2


class Sizes(NamedTuple):
    """Numbers of economies.

    Attributes:
        fitted: Economies that the surrogate is fitted to.
        held_out: Economies that its errors are measured on.
    """

    fitted: int
    held_out: int


def explorer(
    values: Mapping[str, float],
    scenario: Scenario,
    population: Population,
    others: Sequence[Population],
    sizes: Sizes,
    dynamics: Mapping[str, float],
    years: int,
) -> Explorer:
    """Fit the surrogate about some estimates and measure its errors.

    Args:
        values: Every parameter at the estimates.
        scenario: AI levels and mechanisms.
        population: The workers, common to all economies.
        others: Other draws of the population, for simulation errors; fewer than two leave them out.
        sizes: Numbers of economies.
        dynamics: Numbers of the dynamics.
        years: Years of the path of the long run.

    Raises:
        AnalysisError: if AI is present before, there is no economy somewhere in the box, or too few are fitted.
    """
    if float(scenario.A0) != 0:
        raise AnalysisError(
            f"the explorer shows channels against an economy without AI, but scenario.A0 = {float(scenario.A0):g}; set"
            " scenario.A0 = 0."
        )
    base, estimate = pack(values), estimate_of(values)
    ranges = ranges_about(estimate)
    require_economies(ranges, base, scenario, population.years)
    economies = SliderMap(population, scenario, base)

    train = economies.evaluate(training_points(ranges, sizes.fitted), "economies to fit", derivatives=True)
    held_out = economies.evaluate(held_out_points(ranges, sizes.held_out), "economies held out", derivatives=False)
    # The estimates, and others beside them, for they are one call of the program.
    about = np.concatenate([estimate[None], held_out.points[: TILE - 1]])
    own = by_name(economies.evaluate(about, "estimates", derivatives=False))
    headline_names = (*CHANGES, *HEADLINE_NAMES)
    errors: dict[str, float] = {}
    if len(others) >= FEWEST_DRAWS:
        drawn = [
            by_name(economies.on(other).evaluate(about, "on another draw", derivatives=False))
            for other in steps("other draws", others)
        ]
        # As in `aigini.resolution.simulated`, the first draw is one of those whose spread is the error.
        errors = {
            name: float(np.std([own[name][0], *(one[name][0] for one in drawn)], ddof=1)) for name in headline_names
        }
    report("polynomials", 0, 2)
    try:
        surrogate = groups(
            HEADLINE_NAMES, train.points, ranges, train.headline, train.headline_slopes, MOST_OF_HEADLINE
        )
        report("polynomials", 1, 2)
        curves, slopes = fitted_curves(train)
        # Each kind of curve has a degree of its own, since densities are the least smooth.
        for kind in dict.fromkeys(map(_kind, FITTED_CURVES)):
            rows = [k for k, name in enumerate(FITTED_CURVES) if _kind(name) == kind]
            names = [FITTED_CURVES[k] for k in rows]
            surrogate += groups(names, train.points, ranges, curves[:, rows], slopes[:, rows], MOST_OF_CURVES)
    except ValueError as error:
        raise AnalysisError(f"explore: {error}") from None
    report("polynomials", 2, 2)
    return Explorer(
        params=dict(values),
        sliders=NAMES,
        ranges=ranges,
        estimate=estimate,
        at_estimates={name: float(own[name][0]) for name in headline_names},
        surrogate=surrogate,
        errors=surrogate_errors(surrogate, ranges, held_out, errors),
        simulation_se=errors,
        lorenz_shares=LORENZ_SHARES,
        log_incomes=LOG_INCOMES,
        dynamics=dict(dynamics),
        years=years,
        firm_years=population.years,
        levels=(float(scenario.A0), float(scenario.A1)),
        n_workers=population.n_workers,
        fitted=len(train.points),
        held_out=len(held_out.points),
        draws=len(others) if errors else 0,
    )


def _kind(name: str) -> str:
    return name.partition("_")[0]

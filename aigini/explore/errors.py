"""Errors of the surrogate, measured on economies that it was not fitted to."""

from collections.abc import Mapping, Sequence

import numpy as np

from aigini.explore.economies import RENT, Evaluations
from aigini.explore.fit import Group
from aigini.explore.quantities import CURVE_NAMES, HEADLINE_NAMES, INCOMES, STATES, curve_names
from aigini.explore.result import CHANGES, SurrogateError, evaluated, with_changes

_GINI, _SHARE, _DENSITY = "Gini, 0 to 1", "share of income, 0 to 1", "share of workers per log point"


FITTED_CURVES = (
    *curve_names("before"),
    *(name for name in curve_names("change") if not name.startswith("gini_")),
    RENT,
)
"""Curves that polynomials are fitted to: before AI, and the changes with AI, which are small and so can be exact. The
changes of the Ginis are the sums of their contributions."""


def fitted_curves(evaluations: Evaluations) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of `FITTED_CURVES`, ``[points, numbers]``, and their derivatives, ``[points, numbers, sliders]``."""
    return tuple(_chosen(part) for part in (evaluations.curves, evaluations.curve_slopes))  # pyright: ignore[reportReturnType]


def _chosen(numbers: np.ndarray) -> np.ndarray:
    every = dict(zip((*CURVE_NAMES, RENT), np.moveaxis(numbers, 1, 0), strict=True))
    pairs = zip(curve_names("before"), curve_names("change"), curve_names("after"), strict=True)
    every |= {change: every[after] - every[before] for before, change, after in pairs}
    return np.stack([every[name] for name in FITTED_CURVES], axis=1)


def by_name(evaluations: Evaluations) -> dict[str, np.ndarray]:
    """Every number of evaluated economies, and the changes of the Ginis, by name, ``[points]``."""
    numbers = dict(zip(HEADLINE_NAMES, evaluations.headline.T, strict=True))
    numbers |= dict(zip((*CURVE_NAMES, RENT), evaluations.curves.T, strict=True))
    numbers |= dict(zip(FITTED_CURVES, fitted_curves(evaluations)[0].T, strict=True))
    return with_changes(numbers)


def surrogate_errors(
    surrogate: Sequence[Group], ranges: np.ndarray, held_out: Evaluations, simulation_se: Mapping[str, float]
) -> list[SurrogateError]:
    """Errors of headline numbers, and of curves by the largest error of each along the curve.

    Args:
        surrogate: The polynomials.
        ranges: Ends of the sliders.
        held_out: Economies that they were not fitted to.
        simulation_se: Simulation standard errors of headline numbers.
    """
    own, economy = evaluated(surrogate, held_out.points, ranges), by_name(held_out)
    degree = {name: group.degree for group in surrogate for name in group.names}
    most = max(degree[name] for name in HEADLINE_NAMES)
    degree |= dict.fromkeys((*CHANGES, *(f"gini_{income}_after" for income in INCOMES)), most)
    rows = [(name, _GINI, True, [name]) for name in (*CHANGES, *HEADLINE_NAMES)]
    for income in INCOMES:
        rows += [(f"gini_{income}_{state}", _GINI, True, [f"gini_{income}_{state}"]) for state in STATES]
        for curve, unit in (("lorenz", _SHARE), ("density", _DENSITY)):
            for state in ("before", "change"):
                start = f"{curve}_{income}_{state}"
                rows.append((start, unit, False, [name for name in FITTED_CURVES if name.startswith(f"{start}_")]))
    rows.append((RENT, "final good per worker", False, [RENT]))
    made = []
    for name, unit, headline, names in rows:
        error = np.max([np.abs(own[one] - economy[one]) for one in names], axis=0)
        made.append(
            SurrogateError(
                name=name,
                unit=unit,
                headline=headline,
                degree=max(degree[one] for one in names),
                median=float(np.median(error)),
                high=float(np.quantile(error, 0.99)),
                largest=float(error.max()),
                population=simulation_se.get(name),
            )
        )
    return made

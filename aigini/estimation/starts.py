"""Where estimation starts: a seeded space-filling design in the parameters' boxes."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import qmc

from aigini.errors import EstimationError
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS, Parameters


def design(space: ParameterSpace, count: int, seed: int) -> np.ndarray:
    """`count` scrambled Sobol' points in the product of the boxes `SPECS[name].box`, natural, ``[count, free]``."""
    lower, upper = np.array([SPECS[name].box for name in space.names]).T
    power = max(int(np.ceil(np.log2(max(count, 1)))), 0)
    unit = qmc.Sobol(len(space.names), rng=np.random.default_rng(seed)).random_base2(power)[:count]
    return lower + (upper - lower) * unit


def at(space: ParameterSpace, values: Parameters | Mapping[str, float]) -> np.ndarray:
    """One start at given values, ``[1, free]``."""
    get = values.__getitem__ if isinstance(values, Mapping) else lambda name: float(getattr(values, name))
    return np.array([[float(get(name)) for name in space.names]])


def check(space: ParameterSpace, starts: np.ndarray) -> None:
    """Raise unless every start lies strictly inside the bounds.

    Raises:
        EstimationError: naming the parameter and its bounds.
    """
    outside: Sequence[str] = [
        f"the start {name} = {value:g} is not strictly inside ({low:g}, {high:g}); start elsewhere or fix {name}."
        for row in starts
        for name, value in zip(space.names, row, strict=True)
        for low, high in [space.bounds(name)]
        if not low < value < high
    ]
    if outside:
        raise EstimationError("\n".join(outside))

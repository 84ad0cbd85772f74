"""An explorer made of small random polynomials, for tests of what is done with one."""

import numpy as np

from aigini.dynamics.settings import DYNAMICS_NAMES, Dynamics
from aigini.explore.errors import FITTED_CURVES
from aigini.explore.fit import group
from aigini.explore.quantities import HEADLINE_NAMES, LOG_INCOMES, LORENZ_SHARES
from aigini.explore.result import CHANGES, Explorer, SurrogateError
from aigini.explore.sliders import NAMES, estimate_of, ranges_about
from aigini.numerics.chebyshev import total_degree
from aigini.parameters import Parameters


def made_explorer(**changes):
    """An explorer at the baseline's parameters."""
    params = {name: float(value) for name, value in Parameters().as_dict().items()}
    random = np.random.default_rng(3)
    names = {
        "headline": (HEADLINE_NAMES, range(7), 3, 0.002),
        "before": ([name for name in FITTED_CURVES if "_before" in name], (1, 3, 4), 2, 0.1),
        "changes": ([name for name in FITTED_CURVES if "_change" in name], range(7), 2, 0.01),
        "rent": ([FITTED_CURVES[-1]], (0, 1, 2, 4, 5), 2, 0.02),
    }
    surrogate = []
    for numbers, variables, degree, size in names.values():
        exponents = total_degree(len(variables), degree)
        surrogate.append(
            group(numbers, list(variables), exponents, size * random.normal(size=(len(exponents), len(numbers))))
        )
    estimate = estimate_of(params)
    dynamics = Dynamics()
    own = {
        "params": params,
        "sliders": NAMES,
        "ranges": ranges_about(estimate),
        "estimate": estimate,
        "at_estimates": dict.fromkeys((*CHANGES, *HEADLINE_NAMES), 0.001),
        "surrogate": surrogate,
        "errors": [
            SurrogateError(name, "Gini, 0 to 1", True, 3, 1e-5, 1e-4, 2e-4, 3e-5)
            for name in (*CHANGES, *HEADLINE_NAMES)
        ],
        "simulation_se": dict.fromkeys((*CHANGES, *HEADLINE_NAMES), 3e-5),
        "lorenz_shares": LORENZ_SHARES,
        "log_incomes": LOG_INCOMES,
        "dynamics": {name: float(getattr(dynamics, name)) for name in DYNAMICS_NAMES},
        "years": 40,
        "firm_years": 10,
        "levels": (0.0, 1.0),
        "n_workers": 4096,
        "fitted": 16,
        "held_out": 16,
        "draws": 4,
    }
    return Explorer(**{**own, **changes})

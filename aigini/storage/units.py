"""Meaning and unit of the numbers in each result file: the ``units`` that go beside them."""

from aigini.estimation.result import Calibration
from aigini.parameters import SPECS
from aigini.statistics.moments import MOMENT_NAMES
from aigini.statistics.outcomes import FRACTIONS, OUTCOME_NAMES, units
from aigini.statistics.report import STATISTIC_UNITS

Units = dict[str, str | dict[str, str]]

_CHANGES: Units = {
    "responses": units(OUTCOME_NAMES),
    "fractions": FRACTIONS,
    "params": {name: spec.meaning for name, spec in SPECS.items()},
}
_GINI = "change of the Gini, 0 to 1"
_PROBABILITY = "probability, 0 to 1"

_OF_STUDIES: dict[str, Units] = {
    "answer": {
        "assumed": "value and standard error in the unit of m6: " + units(("m6",))["m6"],
        "reasons": f"total, contributions and errors: {_GINI}",
        "chances": f"change, sd and centre: {_GINI}; variance: its square; probability and its error: {_PROBABILITY};"
        " entropy: bits; value_of_precision: millibits per 1 % of precision",
    },
    "sensitivity": {
        "changes": "by name as in responses",
        "jacobian": "moment per unit of the parameter",
        "functions": "outcome per unit of the parameter",
        "elasticities": "per 100 % of the parameter; moments: standard errors of the target; outcomes: multiples of"
        " their change",
        "influence": "parameter per unit of target",
        "outcome_influence": "outcome per unit of target",
        "pins": "share of the variance, 0 to 1",
        "se": "of parameters, in the unit of the parameter",
        "outcome_se": "in the unit of the outcome",
        "signs": f"change, sd and centre: {_GINI}; variance: its square; entropy: bits; value_of_precision: millibits"
        " per 1 % of precision",
    },
    "sign": {
        "gini_total": _GINI,
        "gini_wage": _GINI,
        "m6": _GINI,
        "misfit": "standard errors of the target",
        "direction": "unit of the parameter, for a rise of eta1 by 0.1",
    },
    "regimes": {"gini_total": _GINI, "gini_wage": _GINI, "gini_change": _GINI, "distance": "ranges of the parameters"},
    "channels": {
        "gini_total": _GINI,
        "gini_wage": _GINI,
        "college_premium": "change in log points",
        "between_firm_variance": "change in squared log points",
    },
    "policy": {
        "gini_total": _GINI,
        "gini_wage": _GINI,
        "output": "output per worker, relative change",
        "derivative": "of each of them per unit of strength",
        "strength": "0 (estimates) to 1",
    },
    "posterior": {"rises": _PROBABILITY, "summary": "parameters in their unit; outcomes as in responses"},
    "beliefs": {"rises": _PROBABILITY},
}


def units_of_study(name: str) -> Units:
    """Units of the result of an analysis, by the name of its file."""
    return {**_OF_STUDIES.get(name, {}), **_CHANGES}


def units_of_simulation(income: str) -> Units:
    """Units of a simulation: levels, their changes, and moments."""
    return {
        "before": dict(STATISTIC_UNITS),
        "after": "as before",
        "change_se": "of after - before, in the unit of before",
        "moments": units(MOMENT_NAMES, income),
        "simulation_se": "as moments",
        "fractions": FRACTIONS,
        "params": {name: spec.meaning for name, spec in SPECS.items()},
    }


def units_of_calibration(calibration: Calibration) -> Units:
    """Units of a calibration: moments, and parameters."""
    return {
        "targets": units(calibration.targets, calibration.income),
        "fitted": "as targets",
        "misfit": "standard errors of the target",
        "jacobian": "moment per unit of the parameter",
        "fractions": FRACTIONS,
        "params": {name: spec.meaning for name, spec in SPECS.items()},
    }

"""The one converter between results and the plain values of their files.

A result is a dataclass, and its file holds its fields under their names: arrays as lists, enumerations by value, and
null where a number is not finite. A class whose file has another form stands below; any other needs nothing here.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import cattrs
import numpy as np
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from aigini.analysis.answered import Answer
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.bayes.result import Draws, Posterior
from aigini.bench.scaling import TASKS, Cell, Scaling
from aigini.estimation.result import Calibration
from aigini.estimation.verdict import Status
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.report import STATISTIC_UNITS, Distribution
from aigini.statistics.simulation_result import Simulation

Plain = dict[str, Any]


def _converter(null: float) -> cattrs.Converter:
    """A converter that reads null, which JSON has for what is not finite, as `null`."""
    made = cattrs.Converter()
    made.register_unstructure_hook(np.ndarray, lambda array: array.tolist())
    made.register_structure_hook(float, lambda plain, _: null if plain is None else float(plain))
    made.register_structure_hook(np.ndarray, lambda plain, _: _array(plain, null))
    return made


def _array(plain: Any, null: float) -> np.ndarray:
    if isinstance(plain, np.ndarray):  # from a file of arrays
        return plain
    first = plain
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, bool):
        return np.array(plain, bool)
    array = np.array(plain, float)
    return np.where(np.isnan(array), null, array)


converter = _converter(math.nan)
_bounds = _converter(math.inf)
"""For calibrations, in which objectives of failed starts and upper bounds may be infinite."""


def _form(
    kind: type,
    write: Callable[[Any], Plain] = lambda result: {},
    read: Callable[[Plain], Plain] = lambda content: {},
    without: Collection[str] = (),
    reader: cattrs.Converter = converter,
) -> None:
    """Give the file of a class a form of its own.

    Args:
        kind: The class.
        write: Entries of the file from a result, in place of its fields or beside them.
        read: Fields from the entries of the file, in place of these.
        without: Fields that are not in the file.
        reader: The converter of its fields.
    """
    omitted: Plain = {name: override(omit=True) for name in without}
    plain = make_dict_unstructure_fn(kind, converter, **omitted)
    fields = make_dict_structure_fn(kind, reader)
    converter.register_unstructure_hook(kind, lambda result: {**plain(result), **write(result)})
    converter.register_structure_hook(kind, lambda content, _: fields({**content, **read(content)}, kind))


def _require_numbers(part: str, values: Mapping[str, Any], names: Collection[str]) -> None:
    if missing := [name for name in names if name not in values]:
        raise ValueError(f"{part} lacks {', '.join(missing)}")
    if wrong := [name for name in names if not isinstance(values[name], (int, float, np.ndarray, type(None)))]:
        raise ValueError(f"{part} holds no number for {', '.join(wrong)}")


_ARRAYS = ("before_arrays", "after_arrays", "change_se_arrays")


def _simulation(content: Plain) -> Plain:
    for state in ("before", "after"):
        _require_numbers(state, content[state], STATISTIC_UNITS)
        _require_numbers(f"{state}_arrays", content[f"{state}_arrays"], Distribution.__dataclass_fields__)
    # Files written before ownership was tilted lack what says so, and have its defaults.
    known = (*content, "ownership_tilt", "effective")
    lacking = [field.name for field in dataclasses.fields(Simulation) if field.name not in known]
    if lacking:
        raise ValueError(f"lacks {', '.join(lacking)}")
    return {}


def _calibration(content: Plain) -> Plain:
    lacking = [field.name for field in dataclasses.fields(Calibration) if field.name not in (*content, "config")]
    if lacking:
        raise ValueError(f"lacks {', '.join(lacking)}, so another version of aigini wrote it")
    return {
        "jacobian": content["jacobian"]["values"],
        "status": Status[content["status"]["name"]].value,
        "config": content["run"].get("config", {}),
    }


def _renamed(tables: Plain, names: Mapping[str, Mapping[str, str]]) -> Plain:
    return {
        field: {names[field].get(key, key): value for key, value in tables[field].items()}
        for field in names
        if field in tables
    }


_NAMES = {
    "jacobian": {"rows": "moments", "columns": "parameters"},
    "functions": {"rows": "functions", "columns": "parameters"},
}
_FIELDS = {field: {after: before for before, after in names.items()} for field, names in _NAMES.items()}

_form(
    Simulation,
    lambda result: {
        "regime": result.regime.as_dict(),
        "gini_resolution": GINI_RESOLUTION,
        "below_resolution": result.below_resolution,
    },
    _simulation,
    without=_ARRAYS,
)
_form(
    Calibration,
    lambda result: {
        "jacobian": {
            "moments": list(result.targets),
            "parameters": list(result.free),
            "values": result.jacobian.tolist(),
        },
        "status": {"name": result.status.name, "message": result.message},
        "overidentification": result.overidentification,
    },
    _calibration,
    without=("config",),
    reader=_bounds,
)
_form(Answer, lambda result: {"sentences": result.paragraphs})
_form(
    SensitivityAnalysis,
    lambda result: _renamed({name: converter.unstructure(getattr(result, name)) for name in _NAMES}, _NAMES),
    lambda content: _renamed(content, _FIELDS),
)
# What a class is made of comes before it.
converter.register_structure_hook(Draws, lambda draws, _: draws)  # from a file of arrays
_form(Posterior, without=("draws",))
_form(Cell, lambda cell: {"median": cell.median, "workers_per_second": 1e9 / cell.per_worker})
_form(
    Scaling,
    lambda result: {
        "exponents": {task: result.exponent(task) for task in TASKS},
        "ratios": result.ratios(),
    },
)

"""Sentences about mistakes in a configuration: where, what was got, what was expected, what to do."""

import copy
import itertools
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from aigini.config.schema import (
    CalibrationSection,
    FileSchema,
    IncomeSection,
    ModelSection,
    PopulationSection,
    PosteriorSection,
    PriorSection,
    RangeSection,
    ScenarioSection,
    TargetSection,
)
from aigini.config.study_sections import DesignSection, DynamicsSection, OewsSection, PanelSection
from aigini.errors import unknown_name
from aigini.estimation.weighting import Weighting
from aigini.statistics.catalogue import unknown_moment

SECTIONS: dict[str, type[BaseModel]] = {
    "population": PopulationSection,
    "model": ModelSection,
    "scenario": ScenarioSection,
    "targets": TargetSection,
    "ranges": RangeSection,
    "calibration": CalibrationSection,
    "income": IncomeSection,
    "dynamics": DynamicsSection,
    "oews": OewsSection,
    "panel": PanelSection,
    "design": DesignSection,
    "posterior": PosteriorSection,
    "priors": PriorSection,
    "alternatives": PriorSection,
}
"""Each section of a configuration whose keys are known, or of a table in it."""

_LONGEST = 80
"""Characters of a value that a message repeats."""


def without_mistakes(raw: Mapping[str, Any], error: ValidationError, baseline: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` with the entries that `error` is about as in `baseline`, or left out where that has none."""
    content = copy.deepcopy(dict(raw))
    for problem in error.errors():
        table, usual, keys = content, baseline, [str(part) for part in problem["loc"]]
        for key, following in itertools.pairwise(keys):
            if not isinstance(table.get(key), dict) or not isinstance(usual.get(key, {}), dict):
                keys = [key]
                break
            if following not in table[key] and following not in usual.get(key, {}):
                keys = [key]
                break
            table, usual = table[key], usual.get(key, {})
        if keys[-1] in usual:
            table[keys[-1]] = usual[keys[-1]]
        else:
            table.pop(keys[-1], None)
    return content


def sentences(error: ValidationError) -> list[str]:
    """One sentence for each thing that pydantic found wrong."""
    lines = []
    for problem in error.errors():
        # The parts in brackets are pydantic's own names for a key and for the members of a union.
        where = ".".join(itertools.takewhile(lambda part: "[" not in part, map(str, problem["loc"])))
        got = problem.get("input")
        shown = "a table" if isinstance(got, Mapping) else _shown(got)
        if where == "calibration.weighting":
            names = ", ".join(f"'{name}'" for name in get_args(Weighting))
            lines.append(
                f"{where} is not usable: expected {names}, or a matrix of finite numbers with one row per moment;"
                " correct it."
            )
        elif f"{where}.".startswith(("calibration.correlation.", "calibration.covariance.")):
            matrix = ".".join(where.split(".")[:2])
            lines.append(
                f"{matrix} is not usable: expected a matrix of finite numbers with one row and one column"
                " per moment; correct it, or leave it out if unknown."
            )
        elif "[key]" in problem["loc"]:
            lines.append(f"{where}: {unknown_moment(str(got))}")
        elif problem["type"] in ("model_type", "dict_type"):
            lines.append(f"{where} = {shown}: expected a table; write [{where}] and its keys below it.")
        elif problem["type"] in ("too_short", "too_long"):
            limits = problem.get("ctx", {})
            bound = "at least" if problem["type"] == "too_short" else "at most"
            count = limits.get("min_length", limits.get("max_length"))
            lines.append(
                f"{where} has {limits.get('actual_length', 'another number of')} entries: expected {bound} {count};"
                f" {'add what is missing' if bound == 'at least' else 'leave out what is too much'}."
            )
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{where}: {unknown_name(str(problem['loc'][-1]), _known_beside(problem['loc']))}")
        elif problem["type"] == "missing":
            lines.append(f"{where} is missing; add it{_why(where)}.")
        else:
            expected = problem["msg"].replace("Input should be", "expected").replace("Value error, ", "")
            lines.append(f"{where} = {shown}: {expected[:1].lower()}{expected[1:]}; correct it.")
    return list(dict.fromkeys(lines))


def _shown(value: object) -> str:
    """The value as it was written, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        return "a whole number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _why(where: str) -> str:
    return ", because a target without a standard error cannot be weighed" if where.endswith(".se") else ""


def _known_beside(location: tuple[int | str, ...]) -> list[str]:
    if len(location) > 1 and location[0] in SECTIONS:
        return list(SECTIONS[str(location[0])].model_fields)
    return list(FileSchema.model_fields)

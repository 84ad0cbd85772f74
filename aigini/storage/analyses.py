"""Results of analyses on disk, written by the commands and read back to draw figures again."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

from aigini.analysis.answered import Answer
from aigini.analysis.channels import ChannelDecomposition
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import Sign
from aigini.analysis.policy import Policy
from aigini.analysis.regimes.result import Regimes
from aigini.bayes.beliefs import Beliefs
from aigini.bayes.result import Draws, Posterior
from aigini.errors import OutputError
from aigini.storage import draws
from aigini.storage.folder import SCHEMA, json_writer, require_schema, write_together
from aigini.storage.units import units_of_study

_KINDS: dict[str, type] = {
    "answer": Answer,
    "sensitivity": SensitivityAnalysis,
    "sign": Sign,
    "regimes": Regimes,
    "channels": ChannelDecomposition,
    "policy": Policy,
    "posterior": Posterior,
    "beliefs": Beliefs,
}
"""Results by the name of their file, which is also that of their command; the answer is one of `reproduce`."""

_COMMANDS = {"answer": "reproduce"}

_RENAMED = {
    "jacobian": {"rows": "moments", "columns": "parameters"},
    "functions": {"rows": "functions", "columns": "parameters"},
}

_NO_DRAWS = Draws({}, {}, {}, {}, {}, {}, {})

_converter = cattrs.Converter()
_converter.register_unstructure_hook(np.ndarray, lambda array: array.tolist())
# JSON has null for what is not finite; NumPy reads it as NaN.
_converter.register_structure_hook(
    np.ndarray,
    lambda plain, _: np.array(plain, bool if _all_bool(plain) else float),
)
_converter.register_structure_hook(float, lambda plain, _: float("nan") if plain is None else float(plain))


def _all_bool(plain: Any) -> bool:
    while isinstance(plain, list) and plain:
        plain = plain[0]
    return isinstance(plain, bool)


def save_study(folder: Path, name: str, result: Any, run: Mapping[str, Any]) -> Path:
    """Write ``name.json``: the fields of the result, and `run`; draws of a posterior go into a file of their own."""
    writes = {}
    if name == "posterior":
        writes[folder / draws.NAME] = draws.draws_writer(result, run)
        result = dataclasses.replace(result, draws=_NO_DRAWS)
    content = _converter.unstructure(result)
    if name == "posterior":
        content.pop("draws")  # they are in the other file
    if name == "answer":
        content["sentences"] = result.paragraphs
    if name == "sensitivity":
        for field, names in _RENAMED.items():
            content[field] = {names.get(key, key): value for key, value in content[field].items()}
    return write_together(
        {
            **writes,
            folder / f"{name}.json": json_writer(
                {"schema": SCHEMA, **content, "units": units_of_study(name), "run": run}
            ),
        }
    )


def load_study(folder: Path, name: str, kind: type | None = None) -> Any:
    """Read what `save_study` wrote; its class is that of the name, where it is not given.

    Raises:
        OutputError: if the file is missing or damaged.
    """
    path = folder / f"{name}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        require_schema(path, content)
        if name == "sensitivity":
            for field, names in _RENAMED.items():
                back = {value: key for key, value in names.items()}
                content[field] = {back.get(key, key): value for key, value in content[field].items()}
        if name == "posterior":
            content["draws"] = _converter.unstructure(_NO_DRAWS)
        result = _converter.structure(content, kind or _KINDS[name])
        run = dict(content["run"])
    except (OSError, ValueError, LookupError, AttributeError, TypeError, cattrs.BaseValidationError) as error:
        raise OutputError(
            f"{path}: is not a readable result ({error}); run `aigini {_COMMANDS.get(name, name)}` again to write it."
        ) from None
    if name == "posterior":
        return dataclasses.replace(result, draws=draws.load_draws(folder, tuple(result.priors), run))
    return result

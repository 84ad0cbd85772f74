"""Estimates in the run folder of a calibration or of an analysis, for a command that starts from them."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigini.errors import OutputError
from aigini.estimation.result import Calibration
from aigini.estimation.weighting import follows_estimates
from aigini.parameters import PARAMETER_NAMES
from aigini.storage import results


@dataclasses.dataclass(frozen=True)
class Estimates:
    """Estimates of an earlier run, or of a calibration in memory.

    Attributes:
        params: Every parameter at the estimates.
        weighting: Weights of the moments; None where they follow from the configuration, ``[moments, moments]``.
        fitted: Moments that were reported there; empty where none were.
        where: Their origin, for messages.
        origin: Record of the run: path as given, file, digest of the configuration, name of the run and
            commit; empty where there was none.
    """

    params: Mapping[str, float]
    weighting: np.ndarray | None
    fitted: Mapping[str, float]
    where: str
    origin: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def read(run: Path, kinds: Mapping[str, type]) -> tuple[Estimates, dict[str, Any]]:
    """The estimates in a run folder, of its calibration, else of one of its analyses; and its resolved configuration.

    Args:
        run: The folder.
        kinds: Results that hold estimates, by the name of their file, those that are preferred first.

    Raises:
        OutputError: if there are none, they are damaged, or the estimation has failed.
    """
    if not run.is_dir():
        wrong = (
            f"is a file; give the run folder that it is in, {run.parent}" if run.exists() else "there is no such folder"
        )
        raise OutputError(f"--from {run}: {wrong}.")
    names = [name for name in kinds if (run / f"{name}.json").is_file()]
    if not names:
        raise OutputError(
            f"--from {run}: holds no estimates; give the run folder of calibrate, reproduce or an analysis."
        )
    path = run / f"{names[0]}.json"
    try:
        content = results.read(path)
        record, config = content["run"], dict(content["run"]["config"])
        params = {name: float(content["params"][name]) for name in PARAMETER_NAMES}
        follows = follows_estimates(_weighting(config))
        marks = {name: record.get(name) for name in ("config_sha256", "run_id", "commit")}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OutputError(
            f"--from {run}: {path.name} is not a readable result of this version of aigini ({error}); run the command"
            " that writes it again."
        ) from None
    origin = {"path": str(run), "file": path.name, **marks}
    if kinds[names[0]] is Calibration:
        calibration = results.load(run, names[0], Calibration)
        if calibration.failure:
            raise OutputError(f"--from {run}: its estimation has failed: {calibration.failure}; calibrate again.")
        return Estimates(params, calibration.weighting, calibration.fitted, f"--from {run}", origin), config
    if follows:
        raise OutputError(
            f"--from {run}: its weights follow from estimates, and {path.name} does not have them; give the run folder"
            " of calibrate or reproduce."
        )
    return Estimates(params, None, {}, f"--from {run}", origin), config


def _weighting(config: Mapping[str, Any]) -> Any:
    weighting = config["calibration"]["weighting"]
    return weighting if isinstance(weighting, str) else np.array(weighting, float)

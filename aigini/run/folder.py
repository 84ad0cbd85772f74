"""The run folder: atomic writes, JSON without NaN, arrays as NetCDF, and the record of how a result came about."""

import contextlib
import datetime
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from scipy.io import netcdf_file

from aigini.config import Config
from aigini.errors import OutputError
from aigini.run import environment

_OPTIONAL = ("numpyro", "arviz")
_PACKAGES = ("aigini", "jax", "jaxlib", "equinox", "optax", "optimistix", "numpy", "scipy", "matplotlib")


def prepare(folder: Path) -> Path:
    """Make the folder and check that files can be written in it, before anything is computed.

    Raises:
        OutputError: if it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"--out {folder}: cannot be written ({error.strerror or error}); choose a folder you may write to."
        ) from None
    return folder


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    A reader, or a kill at any moment, sees the old file or the new one, never half of one.

    Raises:
        OutputError: if the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); free space or choose another --out."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return path


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a JSON file atomically; NaN and infinity become null, which every JSON reader understands."""
    text = json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    return write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def write_arrays(path: Path, groups: Mapping[str, Mapping[str, np.ndarray]]) -> Path:
    """Write arrays to a NetCDF-3 file; the variable of array ``name`` in ``group`` is ``group_name``."""

    def write(temporary: Path) -> None:
        with netcdf_file(str(temporary), "w") as file:
            for group, arrays in groups.items():
                for name, array in arrays.items():
                    dimensions = []
                    for axis, size in enumerate(array.shape):
                        dimension = f"{name}_{axis}"
                        if dimension not in file.dimensions:
                            file.createDimension(dimension, size)
                        dimensions.append(dimension)
                    variable = file.createVariable(f"{group}_{name}", "d", tuple(dimensions))
                    variable.data[...] = array

    return write_atomically(path, write)


def read_arrays(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """Read what `write_arrays` wrote, by group and name."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    with netcdf_file(str(path), "r", mmap=False) as file:
        for full, variable in file.variables.items():
            group, _, name = full.partition("_")
            groups.setdefault(group, {})[name] = np.array(variable.data, float)
    return groups


def record(config: Config, timings: Mapping[str, float]) -> dict[str, Any]:
    """How a result came about: versions, device, seed, commit, configuration and timings in seconds."""
    device = jax.devices()[0]
    return {
        "config": dict(config.source),
        "config_sha256": config.digest,
        "seed": config.population["seed"],
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _PACKAGES}
        | {name: importlib.metadata.version(name) for name in _OPTIONAL if importlib.util.find_spec(name)},
        "jax": environment.record(),
        "device": {"platform": device.platform, "kind": device.device_kind, "count": jax.device_count()},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "commit": _commit(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "timings_s": dict(timings),
    }


def _commit() -> str | None:
    """Commit of the source tree, marked where files differ from it; None outside a checkout."""
    source = Path(__file__).resolve().parent
    try:
        command = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        inside = subprocess.run(
            ["git", "-C", str(source), "ls-files", "--error-unmatch", __file__],
            capture_output=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if inside.returncode == 0 else None

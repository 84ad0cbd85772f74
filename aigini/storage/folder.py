"""The run folder: atomic writes, JSON without NaN, and the record of how a result came about."""

import contextlib
import datetime
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aigini.config import Config
from aigini.errors import OutputError
from aigini.runtime import atomic
from aigini.storage import environment, lock

_OPTIONAL = ("numpyro", "arviz")
_PACKAGES = ("aigini", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "matplotlib")


def prepare(folder: Path) -> Path:
    """Make the folder and check that files can be written in it, before anything is computed.

    Raises:
        OutputError: if it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic.transient(atomic.temporary_beside(folder / "write-test")) as test:
            test.touch(exist_ok=False)
    except OSError as error:
        raise OutputError(
            f"--out {folder}: cannot be written ({error.strerror or error}); choose a folder you may write to."
        ) from None
    return folder


@contextlib.contextmanager
def writing(folder: Path, command: str) -> Iterator[Path]:
    """Make a run folder, hold its lock, and remove what killed runs left half-written in it.

    Args:
        folder: The folder.
        command: The command that writes in it, for the message to others that want to.

    Raises:
        OutputError: if it cannot be made or written.
        FolderInUseError: if another run is writing in it.
    """
    with lock.locked(prepare(folder), command):
        atomic.sweep(folder)
        atomic.sweep(folder / "figures")
        yield folder


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    A reader, or a kill at any moment, sees the old file or the new one, never half of one.

    Raises:
        OutputError: if the file cannot be written.
    """
    return write_together({path: write})


def write_text(path: Path, text: str) -> Path:
    """Write a text file atomically, in UTF-8.

    Raises:
        OutputError: if the file cannot be written.
    """
    return write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_together(writes: Mapping[Path, Callable[[Path], object]]) -> Path:
    """Write files that belong together, see `aigini.runtime.atomic.replace_files`; the last one is returned.

    Raises:
        OutputError: if one cannot be written; all are as they were then.
    """
    *_, path = writes
    try:
        atomic.replace_files(writes)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); free space or choose another --out."
        ) from None
    return path


SCHEMA = 1
"""Number of the form of result files, written into each as ``schema``; those written before there was one have none."""


def require_schema(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse a result that a later version of aigini wrote in another form; older ones are read, as far as they can be.

    Raises:
        OutputError: naming the file and both numbers.
    """
    schema = content.get("schema", 0)
    if not isinstance(schema, int) or isinstance(schema, bool) or not 0 <= schema <= SCHEMA:
        raise OutputError(
            f"{path}: has schema {schema!r}, and this version of aigini reads up to {SCHEMA}; read it with the version"
            " that wrote it, or run the command that writes it again."
        )


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a JSON file atomically; NaN and infinity become null, which every JSON reader understands."""
    return write_atomically(path, json_writer(content))


def json_writer(content: Mapping[str, Any]) -> Callable[[Path], object]:
    """A function that writes `content` as `write_json` does, into the file that it is given.

    Raises:
        OutputError: naming the field, if one holds what JSON cannot.
    """
    text = json.dumps(_plain(content, ""), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    return lambda path: path.write_text(text, encoding="utf-8")


def _utf8(text: str) -> str:
    """Text as it is, with bytes that are not UTF-8, as the environment may hold them, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, where: str) -> Any:
    value = as_python(value)
    if isinstance(value, Mapping):
        return {_key(key, where): _plain(item, f"{where}.{key}" if where else str(key)) for key, item in value.items()}
    if isinstance(value, str):
        return _utf8(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item, where) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    raise _unwritten(where, f"a {type(value).__name__}")


def as_python(value: Any) -> Any:
    """An array or scalar of NumPy or JAX as Python's lists and numbers, floating-point ones as float; others as is."""
    if not isinstance(value, (np.ndarray, np.generic, jax.Array)) or jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return value
    array = np.asarray(value)
    for kind, python in ((jnp.floating, float), (jnp.complexfloating, complex)):
        if jnp.issubdtype(array.dtype, kind):
            array = array.astype(python)
    return array.tolist()


def _key(key: Any, where: str) -> str:
    key = as_python(key)
    if key is not None and not isinstance(key, (str, int, float)):
        raise _unwritten(where, f"a mapping with a {type(key).__name__} as a key")
    return _utf8(str(key))


def _unwritten(where: str, got: str) -> OutputError:
    return OutputError(
        f"result field {where}: holds {got}, which JSON cannot hold; give it numbers, words, None, arrays, lists,"
        " dataclasses, or mappings whose keys are words or numbers."
    )


def identity(run: Mapping[str, Any]) -> dict[str, str]:
    """Marks of the files of one run, from its record: the digest of its configuration and its own name."""
    return {name: str(run[name]) for name in ("config_sha256", "run_id") if name in run}


def require_same_run(path: Path, marked: Mapping[str, str], beside: Path, run: Mapping[str, Any]) -> None:
    """Refuse a file that belongs to another run than the result that is read with it.

    Args:
        path: The file.
        marked: Its attributes.
        beside: The result.
        run: The record in the result.

    Raises:
        OutputError: naming both.
    """
    wanted = identity(run)
    if {name: marked.get(name) for name in wanted} != wanted:
        raise OutputError(
            f"{path}: belongs to another run than {beside.name} (run {marked.get('run_id', 'unknown')}, not"
            f" {wanted.get('run_id', 'unknown')}); put the files of one run together, or run the command again."
        )


def record(config: Config, timings: Mapping[str, float]) -> dict[str, Any]:
    """Record of a result: versions, device, seed, commit, configuration and timings in seconds."""
    device = jax.devices()[0]
    return {
        "config": dict(config.source),
        "config_sha256": config.digest,
        "run_id": secrets.token_hex(8),
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
        return _commit_installed()
    return done.stdout.strip() if inside.returncode == 0 else _commit_installed()


def _commit_installed() -> str | None:
    """The commit that pip installed from a repository's address; None for an installation from a folder or an index."""
    text = importlib.metadata.distribution("aigini").read_text("direct_url.json")
    return None if text is None else json.loads(text).get("vcs_info", {}).get("commit_id")

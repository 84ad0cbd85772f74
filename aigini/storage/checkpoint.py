"""Checkpoints of an estimation: written atomically, checked by digest, tied to one configuration.

A checkpoint is two files: the arrays, named by their own SHA-256, and a manifest that points to them. The manifest is
replaced last, in one step, so a kill at any moment leaves the previous checkpoint valid.
"""

import contextlib
import hashlib
import importlib.metadata
import io
import json
from pathlib import Path

import equinox as eqx

from aigini.config import Config
from aigini.errors import CheckpointError
from aigini.estimation.msm import Progress
from aigini.runtime.precision import with_x64
from aigini.storage import environment
from aigini.storage.folder import write_atomically, write_json

_MANIFEST = "checkpoint.json"


def save(folder: Path, config: Config, progress: Progress) -> None:
    """Write a checkpoint into `folder`, and drop the arrays of the one before."""
    content = _serialise(progress)
    digest = hashlib.sha256(content).hexdigest()
    final = write_atomically(folder / f"checkpoint-{digest[:16]}.eqx", lambda path: path.write_bytes(content))
    write_json(
        folder / _MANIFEST,
        {
            "config_sha256": config.digest,
            "arithmetic": environment.arithmetic(),
            "arrays": final.name,
            "sha256": digest,
            "iteration": int(progress.iteration),
            "aigini": importlib.metadata.version("aigini"),
        },
    )
    for old in folder.glob("checkpoint-*.eqx"):
        if old != final:
            _remove(old)


def _serialise(progress: Progress) -> bytes:
    buffer = io.BytesIO()
    eqx.tree_serialise_leaves(buffer, progress)
    return buffer.getvalue()


@with_x64
def load(folder: Path, config: Config, like: Progress) -> Progress | None:
    """The checkpoint in `folder`, or None if there is none.

    Args:
        folder: Run folder.
        config: Configuration the checkpoint must belong to.
        like: A state of the same shapes, as `aigini.estimation.msm.begin` makes.

    Raises:
        CheckpointError: if it is damaged or belongs to another configuration.
    """
    manifest = folder / _MANIFEST
    if not manifest.exists():
        return None
    remedy = "run without --resume to start again, or choose another --out"
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        owner, name, digest = content["config_sha256"], content["arrays"], content["sha256"]
        if not all(isinstance(part, str) for part in (owner, name, digest)):
            raise TypeError("its manifest does not hold names and digests")
        arrays = folder / Path(name).name
        stored = arrays.read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{manifest}: the checkpoint is damaged ({error}); {remedy}.") from None
    if owner != config.digest:
        raise CheckpointError(
            f"{manifest}: the checkpoint belongs to another configuration ({owner[:12]}, this one is"
            f" {config.digest[:12]}), or what it names was registered with another definition; restore that, or"
            f" {remedy}."
        )
    if changed := environment.difference(content.get("arithmetic")):
        raise CheckpointError(
            f"{manifest}: the checkpoint was computed in another environment, which rounds differently ({changed});"
            f" restore it, or {remedy}."
        )
    if hashlib.sha256(stored).hexdigest() != digest:
        raise CheckpointError(f"{arrays}: the checkpoint is damaged (its digest does not match); {remedy}.")
    try:
        with arrays.open("rb") as file:
            return eqx.tree_deserialise_leaves(file, like)
    except (RuntimeError, ValueError, EOFError, OSError) as error:
        raise CheckpointError(f"{arrays}: the checkpoint cannot be read ({error}); {remedy}.") from None


def exists(folder: Path) -> bool:
    """True if a folder holds a checkpoint."""
    return (folder / _MANIFEST).exists()


def clear(folder: Path) -> None:
    """Remove the checkpoint of a finished run."""
    _remove(folder / _MANIFEST)
    for arrays in folder.glob("checkpoint-*.eqx"):
        _remove(arrays)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # what is left over is in nobody's way
        path.unlink()

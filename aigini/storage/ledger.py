"""Evaluations of a long analysis on disk: appended as they are done, read back when a killed run is resumed.

The first line of the file names the configuration; every other line is one value, with a checksum of itself and of all
lines before it. A value of another configuration does not continue that chain and is refused. A line that was cut off
by a kill is dropped, and its value is computed again. Numbers are held exactly, so a resumed run ends with the same
ones; those that are not finite are written NaN, Infinity and -Infinity, which JSON has not but Python reads.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from aigini.config import Config
from aigini.errors import CheckpointError, OutputError
from aigini.runtime.evaluations import Cache
from aigini.storage import environment
from aigini.storage.folder import write_atomically

_NAME = "evaluations.jsonl"
_SUM = ', "sha256": "'  # between a value and its checksum


class Ledger(Cache):
    """Evaluations that are kept in a file.

    Args:
        folder: Run folder.
        config: Configuration they belong to.
        settings: Other settings of the analysis; evaluations of other settings are refused.
        resume: Go on from the evaluations in the folder; otherwise they are dropped.

    Raises:
        CheckpointError: if the file belongs to another configuration or other settings, or is damaged.
        OutputError: if the folder cannot be written.
    """

    def __init__(self, folder: Path, config: Config, settings: str, *, resume: bool) -> None:
        super().__init__()
        self._path = folder / _NAME
        head = {"config_sha256": config.digest, "settings": settings, "arithmetic": environment.arithmetic()}
        self._chain = _checksum("", json.dumps(head))
        try:
            if resume and self._path.exists():
                self._read(head)
            else:
                write_atomically(self._path, lambda path: path.write_text(json.dumps(head) + "\n", encoding="utf-8"))
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._path}: cannot be written ({error.strerror or error}); free space and go on with --resume, or"
            " choose another --out."
        )

    def _read(self, head: dict[str, Any]) -> None:
        remedy = "run without --resume to start again, or choose another --out"
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        chain, values = self._chain, {}
        try:
            first, *lines = whole.decode("utf-8").splitlines() or [""]
            owner = json.loads(first)
            if isinstance(owner, dict) and (changed := environment.difference(owner.get("arithmetic"))):
                raise CheckpointError(
                    f"{self._path}: the evaluations were made in another environment, which rounds differently"
                    f" ({changed}); restore it, or {remedy}."
                )
            if owner != head:
                raise CheckpointError(
                    f"{self._path}: the evaluations belong to another configuration or another command; restore it, or"
                    f" {remedy}."
                )
            for text in lines:
                line = json.loads(text)
                chain = _checksum(chain, text.rpartition(_SUM)[0])
                if line["sha256"] != chain:
                    raise ValueError(f"{line['key']} does not continue the ones before it")
                values[line["key"]] = line["value"]
        except (ValueError, LookupError, TypeError) as error:
            raise CheckpointError(f"{self._path}: the evaluations are damaged ({error}); {remedy}.") from None
        self._chain = chain
        self._values.update(values)
        if len(whole) < len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))

    def _keep(self, key: str, value: Any) -> None:
        text = json.dumps({"key": key, "value": value}).removesuffix("}")
        chain = _checksum(self._chain, text)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f'{text}{_SUM}{chain}"}}\n')
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from None
        self._chain = chain

    def clear(self) -> None:
        """Drop the evaluations of a finished analysis."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def evaluations_in(folder: Path) -> int:
    """Number of evaluations that a run folder holds."""
    try:
        return max((folder / _NAME).read_bytes().count(b"\n") - 1, 0)
    except OSError:
        return 0


def _checksum(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()

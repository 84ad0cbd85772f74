"""Finished pieces of a long analysis on disk: appended as they are done, read back when a killed run is resumed.

The first line of the file names the configuration; every other line is one piece, with a checksum of itself and of all
lines before it. A piece of another configuration does not continue that chain and is refused. A line that was cut off
by a kill is dropped, and its piece is computed again. JSON holds every double exactly, so a resumed run ends with the
same numbers.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from aigini.config import Config
from aigini.errors import CheckpointError, OutputError
from aigini.estimation.pieces import Pieces, Watch
from aigini.storage import environment
from aigini.storage.folder import write_atomically

_NAME = "pieces.jsonl"
_SUM = ', "sha256": "'  # between a piece and its checksum


class Ledger(Pieces):
    """Pieces that are kept in a file.

    Args:
        folder: Run folder.
        config: Configuration the pieces belong to.
        settings: What else the analysis was asked for; pieces of other settings are refused.
        resume: Go on from the pieces in the folder; otherwise they are dropped.
        watch: Told of each piece.

    Raises:
        CheckpointError: if the file belongs to another configuration or other settings, or is damaged.
        OutputError: if the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        config: Config,
        settings: str,
        *,
        resume: bool,
        watch: Watch = lambda part, done, total: None,
    ) -> None:
        super().__init__(watch)
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
        chain, pieces = self._chain, {}
        try:
            first, *lines = whole.decode("utf-8").splitlines() or [""]
            owner = json.loads(first)
            if isinstance(owner, dict) and (changed := environment.difference(owner.get("arithmetic"))):
                raise CheckpointError(
                    f"{self._path}: the pieces were computed in another environment, which rounds differently"
                    f" ({changed}); restore it, or {remedy}."
                )
            if owner != head:
                raise CheckpointError(
                    f"{self._path}: the pieces belong to another configuration or another command; restore it, or"
                    f" {remedy}."
                )
            for text in lines:
                line = json.loads(text)
                chain = _checksum(chain, text.rpartition(_SUM)[0])
                if line["sha256"] != chain:
                    raise ValueError(f"piece {line['key']} does not continue the ones before it")
                pieces[line["key"]] = line["piece"]
        except (ValueError, LookupError, TypeError) as error:
            raise CheckpointError(f"{self._path}: the pieces are damaged ({error}); {remedy}.") from None
        self._chain = chain
        self._done.update(pieces)
        if len(whole) < len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))

    @property
    def count(self) -> int:
        """Pieces there are."""
        return len(self._done)

    def _keep(self, key: str, piece: Any) -> None:
        text = json.dumps({"key": key, "piece": piece}, allow_nan=False).removesuffix("}")
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
        """Drop the pieces of a finished analysis."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def pieces_in(folder: Path) -> int:
    """Number of finished pieces that a run folder holds."""
    try:
        return max((folder / _NAME).read_bytes().count(b"\n") - 1, 0)
    except OSError:
        return 0


def _checksum(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()

"""Finished pieces of a long analysis on disk: appended as they are done, read back when a killed run is resumed.

The first line of the file names the configuration; every other line is one piece. A line that was cut off by a kill is
dropped, and its piece is computed again. JSON holds every double exactly, so a resumed run ends with the same numbers.
"""

import json
import os
from pathlib import Path
from typing import Any

from aigini.analysis.pieces import Pieces, Watch
from aigini.config import Config
from aigini.errors import CheckpointError, OutputError
from aigini.run import environment

_NAME = "pieces.jsonl"


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
        try:
            if resume and self._path.exists():
                self._read(head)
            else:
                self._path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot be written ({error.strerror or error}); choose another --out."
            ) from None

    def _read(self, head: dict[str, Any]) -> None:
        remedy = "run without --resume to start again, or choose another --out"
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        try:
            lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
            owner, pieces = lines[0], {line["key"]: line["piece"] for line in lines[1:]}
        except (ValueError, LookupError, TypeError) as error:
            raise CheckpointError(f"{self._path}: the pieces are damaged ({error}); {remedy}.") from None
        if isinstance(owner, dict) and (changed := environment.difference(owner.get("arithmetic"))):
            raise CheckpointError(
                f"{self._path}: the pieces were computed in another environment, which rounds differently ({changed});"
                f" restore it, or {remedy}."
            )
        if owner != head:
            raise CheckpointError(
                f"{self._path}: the pieces belong to another configuration or another command; restore it, or {remedy}."
            )
        self._done.update(pieces)
        if len(whole) < len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))

    @property
    def count(self) -> int:
        """Pieces there are."""
        return len(self._done)

    def _keep(self, key: str, piece: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "piece": piece}, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def clear(self) -> None:
        """Drop the pieces of a finished analysis."""
        self._path.unlink(missing_ok=True)

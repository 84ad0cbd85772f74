"""Work in pieces: what a long analysis has done so far, so that it can be shown, saved and gone on with.

An analysis is a sequence of named pieces of plain numbers. It asks `Pieces.get` for each; a piece that is there already
is not computed again. Where pieces are kept is the caller's business.
"""

from collections.abc import Callable
from typing import Any

Watch = Callable[[str, int, int], None]
"""Called with the name of a part of the work, pieces done and pieces in all."""


class Pieces:
    """Finished pieces, kept in memory; `aigini.storage.ledger` keeps them in a file.

    Args:
        watch: Told of each piece.
    """

    def __init__(self, watch: Watch = lambda part, done, total: None) -> None:
        self._watch = watch
        self._done: dict[str, Any] = {}

    def get(self, part: str, index: int, total: int, compute: Callable[[], Any]) -> Any:
        """The piece `index` of `total` of a part, computed unless it is there.

        `compute` returns numbers, strings, lists and mappings, which survive being written as JSON unchanged.
        """
        key = f"{part}/{index}"
        if key not in self._done:
            self._done[key] = compute()
            self._keep(key, self._done[key])
        self._watch(part, index + 1, total)
        return self._done[key]

    def _keep(self, key: str, piece: Any) -> None:
        """Make a new piece durable."""

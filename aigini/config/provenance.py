"""Where numbers come from: a source belongs to the numbers it was written beside, and goes when they change.

``source`` says where the numbers of a table were published, ``seen`` how they were seen. Who changes the numbers of a
target, a range or a prior and writes no source of their own gets `CHANGED_BY_USER` in the place of a publication that
does not have these numbers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aigini.estimation.target import CHANGED_BY_USER

MARKS = {"source": CHANGED_BY_USER, "seen": ""}
"""What stands in the place of each mark where numbers were changed."""

_DEPTHS = {"targets": 1, "ranges": 1, "priors": 1, "alternatives": 2}

_Path = tuple[str, ...]


class Provenance:
    """The marks that were written so far, each with the numbers it was written for."""

    def __init__(self) -> None:
        self._written: dict[tuple[_Path, str], tuple[Any, dict[str, Any]]] = {}

    def note(self, raw: Mapping[str, Any], written: Mapping[str, Any]) -> None:
        """Note the marks that `written` has, for the numbers that `raw` has once it is put on top."""
        own = dict(_tables(written))
        for path, table in _tables(raw):
            for mark in MARKS:
                if mark in own.get(path, {}):
                    self._written[path, mark] = (own[path][mark], _numbers(table))

    def settle(self, raw: Mapping[str, Any]) -> None:
        """Give every table the marks of its numbers."""
        for path, table in _tables(raw):
            for mark, changed in MARKS.items():
                if (path, mark) in self._written:
                    text, numbers = self._written[path, mark]
                    table[mark] = text if numbers == _numbers(table) else changed


def _numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in MARKS}


def _tables(raw: Mapping[str, Any]) -> Iterator[tuple[_Path, Any]]:
    for section, depth in _DEPTHS.items():
        yield from _below((section,), raw.get(section), depth)


def _below(path: _Path, table: Any, depth: int) -> Iterator[tuple[_Path, Any]]:
    if not isinstance(table, Mapping):
        return
    if depth == 0:
        yield path, table
        return
    for name, below in table.items():
        yield from _below((*path, name), below, depth - 1)

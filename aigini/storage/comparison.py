"""Two runs compared: which numbers moved, and by what difference in configuration, versions or commit."""

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aigini.errors import OutputError
from aigini.storage import results
from aigini.tables import Column, Table, Tabular

_RECORD, _CONFIGURATION = "run.json", "config.toml"
_APART = ("run", "schema")
"""Entries of result files that are not numbers of the result."""
_CIRCUMSTANCES = ("versions", "jax", "device", "machine", "commit")
_SHOWN = 20


@dataclasses.dataclass(frozen=True)
class Difference:
    """An entry that two runs do not have in common.

    Attributes:
        where: Its file or table, and its name in it, with dots.
        first: The entry of the first run, None where there is none.
        second: The entry of the second run, None where there is none.
    """

    where: str
    first: Any
    second: Any

    @property
    def relative(self) -> float | None:
        """Distance of two numbers relative to the larger of them; None for entries that are not two numbers."""
        pair = self.first, self.second
        if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in pair):
            return None
        return abs(pair[1] - pair[0]) / max(abs(pair[0]), abs(pair[1]))


@dataclasses.dataclass(frozen=True)
class RunComparison(Tabular):
    """Two runs, side by side.

    Attributes:
        first: Folder of the first run.
        second: Folder of the second run.
        causes: Differences of configuration, versions, settings, device and commit.
        numbers: Differences of the results that both have, those that moved most first.
        compared: Numbers and words that were compared.
        apart: Results that only one of them has.
    """

    first: str
    second: str
    causes: tuple[Difference, ...]
    numbers: tuple[Difference, ...]
    compared: int
    apart: tuple[str, ...]

    def table(self) -> Table:
        """The differences of the results."""
        return _table(self.numbers)

    def __str__(self) -> str:
        lines = [f"{self.first} and {self.second}"]
        lines += [f"only one of them has {', '.join(self.apart)}"] if self.apart else []
        if not self.causes:
            lines += ["", "Configuration, versions, device and commit are the same."]
        else:
            lines += ["", "They differ in", "", str(_table(self.causes[:_SHOWN])), *_left(self.causes)]
        common = f"{self.compared} entries of the results that they have in common"
        if not self.numbers:
            lines += ["", f"All {common} are the same, to the last bit."]
        else:
            lines += ["", f"Of {common} {len(self.numbers)} differ:", ""]
            lines += [str(_table(self.numbers[:_SHOWN])), *_left(self.numbers)]
        return "\n".join(lines)


def _left(every: tuple[Difference, ...]) -> list[str]:
    return [f"and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else []


def _table(differences: tuple[Difference, ...]) -> Table:
    def shown(value: Any) -> str:
        return "-" if value is None else f"{value:.8g}" if isinstance(value, float) else str(value)

    return Table(
        (
            Column("entry", [one.where for one in differences]),
            Column("first", [shown(one.first) for one in differences]),
            Column("second", [shown(one.second) for one in differences]),
            Column("relative", [one.relative for one in differences], ".1e"),
        )
    )


def compare(first: Path, second: Path) -> RunComparison:
    """Compare two run folders, by their records and every result that both have.

    Raises:
        OutputError: if one is no run folder, or a result in it is damaged.
    """
    records = [record_of(folder) for folder in (first, second)]
    wanted = [{name: record.get(name) for name in ("config", *_CIRCUMSTANCES)} for record in records]
    causes = list(_differences(wanted[0], wanted[1], ""))
    names = [{path.stem for path in folder.glob("*.json") if _is_result(path)} for folder in (first, second)]
    moved: list[Difference] = []
    compared = 0
    for name in sorted(names[0] & names[1]):
        one, other = (
            {key: value for key, value in results.read(folder / f"{name}.json").items() if key not in _APART}
            for folder in (first, second)
        )
        moved += _differences(one, other, name)
        compared += sum(1 for _ in _leaves(one))
    moved.sort(key=lambda one: -(float("inf") if one.relative is None else one.relative))
    apart = tuple(sorted(f"{name}.json" for name in names[0] ^ names[1]))
    return RunComparison(str(first), str(second), tuple(causes), tuple(moved), compared, apart)


def record_of(folder: Path) -> dict[str, Any]:
    """The record of the run in a folder.

    Raises:
        OutputError: if it is no run folder, or its record is damaged.
    """
    if not (folder / _RECORD).is_file():
        raise OutputError(f"{folder}: is no run folder; give one that a command has written, with {_RECORD} in it.")
    return results.read(folder / _RECORD)


def arguments_of(folder: Path) -> list[str]:
    """The words after ``aigini`` that were typed to make the run in a folder.

    Raises:
        OutputError: if it is no run folder of the command line.
    """
    typed = shlex.split(str(record_of(folder).get("command_line") or ""))[1:]
    if not typed or not (folder / _CONFIGURATION).is_file():
        raise OutputError(
            f"{folder}: has no record of a command line and its configuration; repeat a run that a command has written."
        )
    return typed


def _is_result(path: Path) -> bool:
    return path.name not in (_RECORD, "checkpoint.json") and not path.name.startswith(".")


def _leaves(content: Any) -> Iterator[Any]:
    parts = content.values() if isinstance(content, Mapping) else content if isinstance(content, list) else None
    if parts is None:
        yield content
        return
    for part in parts:
        yield from _leaves(part)


def _differences(first: Any, second: Any, where: str) -> Iterator[Difference]:
    """Entries in which two contents of JSON differ; a list of another length is one entry."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys((*first, *second)):
            yield from _differences(first.get(key), second.get(key), f"{where}.{key}" if where else str(key))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for k, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _differences(one, other, f"{where}[{k}]")
    elif first != second:
        yield Difference(where, first, second)

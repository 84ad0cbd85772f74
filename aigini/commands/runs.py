"""`aigini runs`: the runs below a folder, or two of them compared; `aigini.compare_runs` in Python."""

from pathlib import Path
from typing import Any

from aigini.commands.registry import result_files
from aigini.errors import AiginiError, OutputError
from aigini.storage.comparison import RunComparison, compare, record_of
from aigini.tables import Column, Table


def compare_runs(first: str | Path, second: str | Path) -> RunComparison:
    """Compare two run folders: which numbers moved, and by what difference in configuration, versions or commit.

    Raises:
        OutputError: if one is no run folder, or a result in it is damaged.
    """
    return compare(Path(first), Path(second))


def runs_in(parent: Path) -> Table:
    """The run folders in a folder, the latest first: results, end, commit, digest of the configuration and seconds.

    Raises:
        OutputError: if there is no such folder.
    """
    if not parent.is_dir():
        raise OutputError(f"{parent}: there is no such folder; give one with run folders in it.")
    folders = [(path.parent, _record(path.parent)) for path in parent.glob("*/run.json")]
    folders.sort(key=lambda one: str(one[1].get("finished", "")), reverse=True)
    names = result_files()
    there = [", ".join(name for name in names if (folder / f"{name}.json").exists()) or None for folder, _ in folders]
    return Table(
        (
            Column("run", [str(folder) for folder, _ in folders]),
            Column("results", there),
            Column("finished", [str(record.get("finished", "-"))[:16] for _, record in folders]),
            Column("commit", [str(record.get("commit") or "-")[:8] for _, record in folders]),
            Column("configuration", [str(record.get("config_sha256", "-"))[:8] for _, record in folders]),
            Column("seconds", [sum(record.get("timings_s", {}).values()) or None for _, record in folders], ".0f"),
        )
    )


def _record(folder: Path) -> dict[str, Any]:
    """The record of a run; an empty one where it is damaged, so that the others are listed."""
    try:
        return record_of(folder)
    except AiginiError:
        return {}

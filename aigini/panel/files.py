"""Files of a panel: a simulated one written part by part, and any panel read from Parquet or CSV.

A part is in place whole or not at all, and a record beside the parts says which are there, so that an interrupted
panel goes on where it was. Memory is that of one part.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aigini.errors import CheckpointError, DataError, OutputError
from aigini.panel.data import Panel, panel_of
from aigini.panel.frames import Frame, pandas, pyarrow
from aigini.panel.generator import Generator, Rows
from aigini.panel.schema import COLUMNS, STRUCTURES
from aigini.panel.settings import Form
from aigini.runtime.atomic import replace_files, sweep
from aigini.runtime.progress import report

FOLDER = "panel"
"""Folder of the parts in a run folder."""

_RECORD = "parts.json"


def write_parts(
    target: Path,
    panel: Generator,
    request: str,
    *,
    resume: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Write a simulated panel, a file for each of its blocks.

    Args:
        target: Folder of the parts, which is made.
        panel: The panel.
        request: Text that tells this panel from others.
        resume: True to keep the parts of an interrupted panel with the same request.
        notify: Shows a line of progress.

    Returns:
        Name, rows and bytes of each part.

    Raises:
        CheckpointError: if the parts to go on with are those of another panel.
        OutputError: if a file cannot be written.
    """
    digest = hashlib.sha256(request.encode()).hexdigest()
    blocks, form = panel.blocks, panel.settings.form
    try:
        target.mkdir(parents=True, exist_ok=True)
        sweep(target)
        record = _recorded(target, digest) if resume else []
        if not resume:
            for old in [*target.glob("part-*"), *target.glob(_RECORD)]:
                old.unlink()
        elif record:
            notify(f"resumed with {len(record)} of {len(blocks)} finished parts")
        for position in range(len(record), len(blocks)):
            rows = panel.block(blocks[position])
            path = target / f"part-{position:05d}.{form}"
            replace_files({path: lambda file, rows=rows: _write(file, rows, form)})
            record.append({"name": path.name, "rows": len(rows["worker"]), "bytes": path.stat().st_size})
            content = json.dumps({"request": digest, "parts": record})
            replace_files({target / _RECORD: lambda file, text=content: file.write_text(text, encoding="utf-8")})
            report("parts of the panel", position + 1, len(blocks))
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written ({error.strerror or error}); free space and go on with --resume, or choose"
            " another --out."
        ) from None
    return record


def parts_in(folder: Path) -> int:
    """Number of finished parts of a panel in a run folder."""
    return len(list((folder / FOLDER).glob("part-*")))


def read_panel(path: Path, mapping: Mapping[str, str] | None = None) -> Panel:
    """A panel from a file, a folder of parts, or the run folder of a simulated one.

    Args:
        path: A ``.csv`` or ``.parquet`` file, or a folder of them.
        mapping: Name of the column in the files by name in the schema, where they differ.

    Raises:
        DataError: listing every mistake, or if there is no file that can be read.
        MissingExtraError: if pandas or pyarrow is not installed.
    """
    return panel_of(_frame(path, [*COLUMNS, *(mapping or {}).values()]), mapping)


def read_mapping(path: Path) -> dict[str, str]:
    """Names of columns from a TOML file with a table [columns]: NAME_IN_THE_SCHEMA = "name in the file".

    Raises:
        DataError: if the file cannot be read or is no such table.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as TOML ({error}); give a file with a table [columns].") from None
    columns = content.get("columns")
    if not isinstance(columns, dict) or set(content) != {"columns"}:
        raise DataError(f'{path}: expected one table [columns] and nothing else; write wage = "pay" below it.')
    wrong = [name for name, value in columns.items() if not isinstance(value, str)]
    if wrong:
        raise DataError(f"{path}: {', '.join(wrong)} of [columns] is no text; write the name of a column in quotes.")
    return columns


def _recorded(target: Path, digest: str) -> list[dict[str, Any]]:
    """Finished parts of the same panel; parts that the record does not know are made again."""
    remedy = "run without --resume to start again, or choose another --out"
    path = target / _RECORD
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        request, parts = content["request"], list(content["parts"])
        whole = all((target / part["name"]).stat().st_size == part["bytes"] for part in parts)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CheckpointError(f"{path}: is damaged or a part is missing ({error}); {remedy}.") from None
    if request != digest:
        raise CheckpointError(f"{path}: the parts belong to another panel; restore its configuration, or {remedy}.")
    if not whole:
        raise CheckpointError(f"{path}: a part is not as it was written; {remedy}.")
    return parts


def _write(path: Path, rows: Rows, form: Form) -> None:
    pa = pyarrow()
    arrays = {name: pa.array(values) for name, values in rows.items() if name != "ai_structure"}
    codes = pa.array(rows["ai_structure"])
    arrays["ai_structure"] = pa.DictionaryArray.from_arrays(codes, pa.array(STRUCTURES))
    table = pa.table({name: arrays[name] for name in COLUMNS})
    if form == "csv":
        position = table.schema.get_field_index("ai_structure")
        table = table.set_column(position, "ai_structure", table["ai_structure"].cast(pa.string()))
        pa.csv.write_csv(table, path)
        return
    pa.parquet.write_table(table, path, compression="zstd")


def _frame(path: Path, names: list[str]) -> Frame:
    folder = path / FOLDER if (path / FOLDER).is_dir() else path
    files = sorted([*folder.glob("*.parquet"), *folder.glob("*.csv")]) if folder.is_dir() else [folder]
    if not files or not files[0].exists():
        raise DataError(
            f"{path}: has no panel; give a .csv or .parquet file, a folder of them, or the folder of a run."
        )
    endings = {file.suffix.lower() for file in files}
    if len(endings) > 1 or not endings <= {".csv", ".parquet"}:
        raise DataError(
            f"{path}: has files of {', '.join(sorted(endings))}; give files that are all .csv or all .parquet."
        )
    parts = [_read(file, names) for file in files]
    if differing := [file.name for file, part in zip(files, parts, strict=True) if set(part) != set(parts[0])]:
        raise DataError(f"{path}: {differing[0]} has other columns than {files[0].name}; give parts of one table.")
    return parts[0] if len(parts) == 1 else pandas().concat(parts, ignore_index=True)


def _read(path: Path, names: list[str]) -> Frame:
    """The columns of a file that the schema or the mapping names."""
    pa = pyarrow()
    pandas()
    try:
        if path.suffix.lower() == ".parquet":
            file = pa.parquet.ParquetFile(path)
            table = file.read(columns=[name for name in file.schema_arrow.names if name in names])
        else:
            table = pa.csv.read_csv(path)
            table = table.select([name for name in dict.fromkeys(table.column_names) if name in names])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a table in UTF-8 with one heading line.") from None
    return table.to_pandas()

"""Files as BLS publishes them, read as text: workbooks (.xlsx, .xls), CSV, and zip archives of these."""

import csv
import dataclasses
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigini.errors import DataError, missing_extra

ENDINGS = (".xlsx", ".xls", ".csv", ".csv.gz", ".zip")
"""Endings of files that can be read."""

_NAME = re.compile(r"(national|natsector|oesm\d\dnat|oesm\d\din4)", re.IGNORECASE)
_YEAR = re.compile(r"M(?:ay)?_?(20\d\d)|oesm(\d\d)", re.IGNORECASE)
_MAY = re.compile(r"\bMay (20\d\d)|_M(20\d\d)_dl", re.IGNORECASE)
_TOP_CODE = re.compile(
    r"#\D*(?:equal to or greater than|at or above)\s*\$?\s*([\d.,]+)\s*per hour\s*or\s*\$?\s*([\d.,]+)", re.IGNORECASE
)


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A table as text.

    Attributes:
        file: The file, and the member of an archive.
        header: Column names, lower case.
        rows: Cells of the rows below the header.
        first_row: Number of the first of these rows in the file, counted from 1.
        year: Year that the name of the file gives; None where it gives none.
        stated_years: Years of May that names of sheets give.
        top_codes: Hourly and annual top codes that the file states; None where it states none.
        sha256: Digest of the file.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int
    year: int | None
    stated_years: frozenset[int]
    top_codes: tuple[float, float] | None
    sha256: str

    @property
    def by_sector(self) -> bool:
        """True if its rows are occupations in sectors."""
        return "naics" in self.header and "natsector" in self.file.lower()


def candidates(data: Path) -> list[Path]:
    """Files of a folder that are named as BLS names its national files and those by sector, in order.

    Raises:
        DataError: if the folder does not exist.
    """
    if not data.exists():
        raise DataError(f"{data}: there is no such file or folder; give the one that holds the files of OEWS.")
    if data.is_file():
        return [data]
    return sorted(p for p in data.iterdir() if _NAME.search(p.name) and p.name.lower().endswith(ENDINGS))


def year_of(name: str) -> int | None:
    """The year that the name of a file gives; None where it gives none."""
    match = _YEAR.search(name)
    return None if match is None else int(match[1] or 2000 + int(match[2]))


def sheets(path: Path) -> Iterator[Sheet]:
    """Tables in a file: one, or those in an archive that are named as national ones or as those by sector.

    Raises:
        DataError: in a sentence, if the file cannot be read.
        MissingExtraError: if it is a workbook and python-calamine is not installed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); check its name and permissions."
        ) from None
    if not content:
        raise DataError(f"{path}: the file is empty; download it again.")
    digest = hashlib.sha256(content).hexdigest()
    if path.name.lower().endswith(".zip"):
        yield from _archived(path, content, digest)
    else:
        yield sheet(path.name, content, digest, str(path))


def _archived(path: Path, content: bytes, digest: str) -> Iterator[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [
                name
                for name in archive.namelist()
                if re.search(r"(national|natsector)_", Path(name).name, re.IGNORECASE)
                and name.lower().endswith(ENDINGS[:-1])
                and not Path(name).name.startswith(("~", "."))
            ]
            members = [(name, archive.read(name)) for name in names]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(
            f"{path}: is no whole zip archive ({error}), expected one of BLS; download it again, for the download may"
            " have been cut off."
        ) from None
    if not members:
        raise DataError(
            f"{path}: holds no table named national_M20YY_dl or natsector_M20YY_dl; give an archive of the national"
            " files of OEWS."
        )
    for name, inside in members:
        yield sheet(Path(name).name, inside, digest, f"{path}/{Path(name).name}")


def sheet(name: str, content: bytes, digest: str, file: str) -> Sheet:
    """The table in the bytes of a workbook or a CSV file.

    Args:
        name: Name of the file, which gives its kind and its year.
        content: The bytes.
        digest: SHA-256 of the file.
        file: The file as messages name it.

    Raises:
        DataError: if it is not what its name says, or has no rows.
        MissingExtraError: if it is a workbook and python-calamine is not installed.
    """
    lower = name.lower()
    grid, notes, titles = _workbook(file, content) if lower.endswith((".xlsx", ".xls")) else _text(file, content)
    grid = [(number, row) for number, row in enumerate(grid, start=1) if any(row)]
    if len(grid) < 2:
        raise DataError(f"{file}: holds a header and no rows, or nothing at all; download it again.")
    start, header = next(
        ((k, row) for k, (_, row) in enumerate(grid) if len([cell for cell in row if cell]) > 2), (0, grid[0][1])
    )
    names = tuple(cell.strip().lower().replace(" ", "_") for cell in header)
    width = len(names)
    stated = _TOP_CODE.search(notes)
    return Sheet(
        file=file,
        header=names,
        rows=tuple(tuple((*row, *[""] * width)[:width]) for _, row in grid[start + 1 :]),
        first_row=grid[start + 1][0] if start + 1 < len(grid) else grid[start][0] + 1,
        year=year_of(name),
        stated_years=frozenset(int(one or other) for one, other in _MAY.findall(titles)),
        top_codes=None if stated is None else (_number(stated[1]), _number(stated[2])),
        sha256=digest,
    )


def _number(text: str) -> float:
    return float(text.strip(".,").replace(",", ""))


def _workbook(file: str, content: bytes) -> tuple[list[tuple[str, ...]], str, str]:
    """Rows of the first sheet, text of the others, and their names."""
    try:
        import python_calamine
    except ImportError:
        raise missing_extra("A workbook", "python-calamine", "empirics") from None
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        first, *others = (book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names)
    except (python_calamine.CalamineError, zipfile.BadZipFile, ValueError, OSError) as error:
        raise DataError(
            f"{file}: is no whole workbook ({str(error).splitlines()[0] if str(error) else type(error).__name__});"
            " download it again."
        ) from None
    notes = "\n".join(" ".join(as_text(cell) for cell in row) for rows in others for row in rows)
    return [tuple(as_text(cell) for cell in row) for row in first], notes, "\n".join(book.sheet_names)


def _text(file: str, content: bytes) -> tuple[list[tuple[str, ...]], str, str]:
    """Rows of a CSV file, compressed or not."""
    try:
        plain = gzip.decompress(content) if file.lower().endswith(".gz") else content
        try:
            text = plain.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = plain.decode("cp1252")
        return [tuple(cell.strip() for cell in row) for row in csv.reader(io.StringIO(text))], "", ""
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: is no CSV file of text ({error}); download it again.") from None


def as_text(cell: Any) -> str:
    """A cell as it is shown: whole numbers without decimals, truth values as BLS writes them."""
    if isinstance(cell, bool):
        return "TRUE" if cell else ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(round(cell, 4))
    return str(cell).strip()

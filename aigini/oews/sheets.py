"""Files as BLS publishes them, read as text: workbooks (.xlsx, .xls), CSV, and zip archives of these."""

import csv
import dataclasses
import gzip
import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
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
        header_row: Number of the row of column names in the file, counted from 1.
        row_numbers: The same of each row below it; empty rows count and are left out.
        longer_row: Number of the first row that has a cell beyond the last column name; None without one.
        year: Year that the name of the file gives; None where it gives none.
        stated_years: Years of May that names of sheets give.
        top_codes: Hourly and annual top codes that the file states; None where it states none.
        sha256: Digest of the file.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    header_row: int
    row_numbers: tuple[int, ...]
    longer_row: int | None
    year: int | None
    stated_years: frozenset[int]
    top_codes: tuple[float, float] | None
    sha256: str

    @property
    def by_sector(self) -> bool:
        """True if its rows are occupations in sectors."""
        return "naics" in self.header and "natsector" in self.file.lower()

    def require_columns_once(self) -> None:
        """Refuse a table whose cells cannot be told by their column.

        Raises:
            DataError: if two columns have one name, or a row has more cells than there are columns.
        """
        repeated = [name for k, name in enumerate(self.header) if name and name in self.header[:k]]
        if repeated:
            raise DataError(
                f"{self.file}: row {self.header_row}: column {repeated[0].upper()} is there"
                f" {self.header.count(repeated[0])} times, expected once; keep one of them."
            )
        if self.longer_row is not None:
            raise DataError(
                f"{self.file}: row {self.longer_row}: has more cells than the {len(self.header)} columns that row"
                f" {self.header_row} names; put texts with commas into quotes, and write decimals with a point."
            )


def temporary(path: Path) -> bool:
    """True if its name is that of a hidden file, or of one that a program keeps while another is open."""
    return path.name.startswith(("~", "."))


def names_sectors(path: Path) -> bool:
    """True if a file is named as BLS names those by sector."""
    return re.search(r"natsector|oesm\d\din4", path.name, re.IGNORECASE) is not None


def plain_tables(data: Path) -> list[Path]:
    """CSV files of a folder, in order."""
    if not data.is_dir():
        return []
    return sorted(p for p in data.iterdir() if p.suffix.lower() == ".csv" and p.is_file() and not temporary(p))


def candidates(data: Path) -> list[Path]:
    """Files of a folder that are named as BLS names its national files and those by sector, in order.

    Raises:
        DataError: if the folder does not exist.
    """
    if not data.exists():
        raise DataError(f"{data}: there is no such file or folder; give the one that holds the files of OEWS.")
    if data.is_file():
        return [data]
    named = (p for p in data.iterdir() if _NAME.search(p.name) and not temporary(p))
    return sorted(p for p in named if p.name.lower().endswith(ENDINGS))


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
    content = content_of(path)
    digest = hashlib.sha256(content).hexdigest()
    if path.name.lower().endswith(".zip"):
        yield from _archived(path, content, digest)
    else:
        yield sheet(path.name, content, digest, str(path))


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: if it cannot be read, or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); check its name and permissions."
        ) from None
    if not content:
        raise DataError(f"{path}: the file is empty; download it again.")
    return content


NOT_WHOLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
"""What the reader of archives raises at a damaged one."""


def refuse_closed(file: str, archive: zipfile.ZipFile) -> None:
    """Refuse an archive whose members cannot be unpacked here, however whole it is.

    Args:
        file: The archive as messages name it.
        archive: The archive.

    Raises:
        DataError: if a member has a password, or is compressed in a way that Python cannot undo.
    """
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    for member in archive.infolist():
        if member.flag_bits & 0x1:
            wrong = f"{member.filename} has a password, expected an archive without one"
        elif member.compress_type not in known:
            wrong = f"{member.filename} is compressed by method {member.compress_type}, expected deflate"
        else:
            continue
        raise DataError(f"{file}: {wrong}; unpack it with another program and put the table itself in its place.")


def _archived(path: Path, content: bytes, digest: str) -> Iterator[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            refuse_closed(str(path), archive)
            names = [
                name
                for name in archive.namelist()
                if re.search(r"(national|natsector)_", Path(name).name, re.IGNORECASE)
                and name.lower().endswith(ENDINGS[:-1])
                and not Path(name).name.startswith(("~", "."))
            ]
            members = [(name, archive.read(name)) for name in names]
    except NOT_WHOLE as error:
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


def sheet(name: str, content: bytes, digest: str, file: str, known: Collection[str] = ()) -> Sheet:
    """The table in the bytes of a workbook or a CSV file.

    Args:
        name: Name of the file, which gives its kind and its year.
        content: The bytes.
        digest: SHA-256 of the file.
        file: The file as messages name it.
        known: Column names of which the header has one, wherever it stands; without them, or where no row has one, the
            header is the first row of more than two cells of the first sheet.

    Raises:
        DataError: if it is not what its name says, or has no rows.
        MissingExtraError: if it is a workbook and python-calamine is not installed.
    """
    workbook = name.lower().endswith((".xlsx", ".xls"))
    titles, grids = _workbook(file, content) if workbook else ((), [_text(file, content)])
    numbered = [[(number, row) for number, row in enumerate(grid, start=1) if any(row)] for grid in grids]
    grid, start = next(
        ((rows, k) for rows in numbered for k, (_, row) in enumerate(rows) if not _names(row).isdisjoint(known)),
        (numbered[0], None),
    )
    if len(grid) < 2:
        raise DataError(f"{file}: holds a header and no rows, or nothing at all; download it again.")
    if start is None:
        start = next((k for k, (_, row) in enumerate(grid) if len([cell for cell in row if cell]) > 2), 0)
    header_row, header = grid[start]
    names = tuple(map(_name, header))
    width, below = len(names), grid[start + 1 :]
    notes = "\n".join(" ".join(row) for rows in grids[1:] for row in rows)
    stated = _TOP_CODE.search(notes)
    return Sheet(
        file=file,
        header=names,
        rows=tuple(tuple((*row, *[""] * width)[:width]) for _, row in below),
        header_row=header_row,
        row_numbers=tuple(number for number, _ in below),
        longer_row=next((number for number, row in below if any(row[width:])), None),
        year=year_of(name),
        stated_years=frozenset(int(one or other) for one, other in _MAY.findall("\n".join(titles))),
        top_codes=None if stated is None else (_number(stated[1]), _number(stated[2])),
        sha256=digest,
    )


def _name(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")


def _names(row: tuple[str, ...]) -> set[str]:
    return set(map(_name, row))


def _number(text: str) -> float:
    return float(text.strip(".,").replace(",", ""))


def _workbook(file: str, content: bytes) -> tuple[tuple[str, ...], list[list[tuple[str, ...]]]]:
    """Names and rows of the sheets."""
    try:
        import python_calamine
    except ImportError:
        raise missing_extra("A workbook", "python-calamine", "empirics") from None
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        every = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (python_calamine.CalamineError, zipfile.BadZipFile, ValueError, OSError) as error:
        raise DataError(
            f"{file}: is no whole workbook ({str(error).splitlines()[0] if str(error) else type(error).__name__});"
            " download it again."
        ) from None
    if not every:
        raise DataError(f"{file}: has no sheet of cells; download it again.")
    return tuple(book.sheet_names), [[tuple(map(as_text, row)) for row in rows] for rows in every]


def _text(file: str, content: bytes) -> list[tuple[str, ...]]:
    """Rows of a CSV file, compressed or not."""
    try:
        plain = gzip.decompress(content) if file.lower().endswith(".gz") else content
        try:
            text = plain.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = plain.decode("cp1252")
        return [tuple(cell.strip() for cell in row) for row in csv.reader(io.StringIO(text))]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: is no CSV file of text ({error}); download it again.") from None


def as_text(cell: Any) -> str:
    """A cell as it is shown: whole numbers without decimals, truth values as BLS writes them.

    Numbers have the 15 digits that a workbook shows, and not what binary fractions add to them.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(float(f"{cell:.15g}"))
    return str(cell).strip()

"""National files of OEWS from BLS: one archive a year, resumed where a download broke off, and whole or not there.

BLS publishes no checksums. An archive is accepted if it has the announced length and every member agrees with its own
checksum; its SHA-256 is kept beside it, so that a file that changes later is noticed.
"""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aigini.errors import DataError
from aigini.oews.sheets import NOT_WHOLE, candidates, names_sectors, refuse_closed, year_of
from aigini.runtime import atomic
from aigini.runtime.progress import report

BASE = "https://www.bls.gov/oes/special-requests"
"""Address of the archives."""
BY_HAND = "https://www.bls.gov/oes/tables.htm"
YEARS = tuple(range(2018, 2025))
"""Years that are asked for."""
RECORD = "downloads.json"
"""File that has address, length and SHA-256 of each archive."""

_BLOCK = 1 << 16
_SECONDS = 60.0
_HEADERS = {"User-Agent": "aigini (research; reads OEWS national files)", "Accept": "*/*"}


def download(target: Path, years: Sequence[int] = YEARS, base: str = "", notify: Callable[[str], None] = print) -> None:
    """Download the archives of the years that a folder lacks.

    An archive that is there must be the one that was downloaded. What a broken download left is gone on with where
    the server still has the same file.

    Args:
        target: Folder; created if it does not exist.
        years: Years of May.
        base: Address of the archives, that of BLS by default.
        notify: Shows a line of progress.

    Raises:
        DataError: in a sentence, if there is no network, no such archive, or what arrives is none.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{target}: is no folder for the files ({error.strerror or error}); give another, or make it."
        ) from None
    record = _read_record(target)
    for name, known in record.items():
        path = target / name
        if path.exists() and _sha256(path) != known["sha256"]:
            raise DataError(f"{path}: is not the file that was downloaded; delete it, and download again.")
    there = {year_of(path.name) for path in candidates(target) if not names_sectors(path)}
    missing = [year for year in years if year not in there]
    for number, year in enumerate(missing):
        report("downloads", number, len(missing))
        name = f"oesm{year % 100:02d}nat.zip"
        entry = _fetch(f"{base or BASE}/{name}", target / name)
        record[name] = entry
        atomic.replace_files({target / RECORD: lambda path: path.write_text(json.dumps(record, indent=2) + "\n")})
        notify(f"downloaded: {target / name}, {entry['bytes']:,} bytes, SHA-256 {entry['sha256'][:16]}")
    report("downloads", len(missing), len(missing))


def _fetch(url: str, path: Path) -> dict[str, Any]:
    """One archive, whole or not there; the part that has arrived is kept."""
    part, mark = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.mark")
    try:
        _receive(url, part, mark)
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url}: the server answers {error.code} ({error.reason}); download the file by hand from {BY_HAND}."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        so_far = f" after {part.stat().st_size:,} bytes, which are kept" if part.exists() else ""
        raise DataError(
            f"{url}: cannot be reached or broke off{so_far} ({reason}); try again with a network, or download the file"
            f" by hand from {BY_HAND} into {path.parent}."
        ) from None
    try:
        with zipfile.ZipFile(part) as archive:
            refuse_closed(url, archive)
            damaged = archive.testzip()
    except DataError:
        _drop(part, mark)
        raise
    except NOT_WHOLE as error:
        damaged = str(error)
    if damaged is not None:
        _drop(part, mark)
        raise DataError(
            f"{url}: what arrived is no whole zip archive ({damaged}); the server may refuse programs: download the"
            f" file by hand from {BY_HAND} into {path.parent}."
        )
    entry = {"url": url, "bytes": part.stat().st_size, "sha256": _sha256(part)}
    os.replace(part, path)
    _drop(mark)
    return entry


def _receive(url: str, part: Path, mark: Path) -> None:
    """Bring a part up to the whole length.

    Raises:
        OSError: if the connection fails, or ends before the announced length.
    """
    version = mark.read_text(encoding="utf-8") if mark.exists() else ""
    start = part.stat().st_size if part.exists() and version else 0
    headers = {**_HEADERS, **({"Range": f"bytes={start}-", "If-Range": version} if start else {})}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        _drop(part, mark)  # more than the file has, so that it is another one
        answer, start = urllib.request.urlopen(urllib.request.Request(url, headers=_HEADERS), timeout=_SECONDS), 0
    with answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            start = 0
        mark.write_text(answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "", encoding="utf-8")
        length = answer.headers.get("Content-Length")
        with part.open("ab" if start else "wb") as file:
            while block := answer.read(_BLOCK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    if length is not None and part.stat().st_size != start + int(length):
        raise OSError(f"{part.stat().st_size - start:,} of {int(length):,} bytes arrived")


def _read_record(target: Path) -> dict[str, dict[str, Any]]:
    path = target / RECORD
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{path}: is damaged ({error}); delete it, and download again.") from None
    if not isinstance(record, dict):
        raise DataError(
            f"{path}: is damaged (got {json.dumps(record)[:40]}, expected an entry for each file); delete it, and"
            " download again."
        )
    for name, entry in record.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
            raise DataError(
                f"{path}: is damaged (got {json.dumps(entry)[:40]} for {name}, expected its address, length and"
                " SHA-256); delete it, and download again."
            )
    return record


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _drop(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)

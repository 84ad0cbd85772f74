"""The cache of compiled programs between runs: its folder, its size, and the removal of damaged entries.

JAX reads and writes the entries. It neither replaces a damaged entry (a kill or a full disk leaves half of one) nor
forgets any by default, and its own limit needs another package and stops all writing after a kill at the wrong moment.
So entries that JAX could not read are removed when it says so, in time for it to write them anew, and those that
were not used for longest are removed at the start of a command.
"""

import contextlib
import glob
import os
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax

LIMIT = 2**30
"""Bytes that are kept."""
_FILLED_TO = 0.8  # share of the limit that is kept when it is passed, so that not every start has to remove something

_SUFFIX = "-cache"
_FAILURES = r"Error (reading|writing) persistent compilation cache entry"

_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


@contextlib.contextmanager
def cached_programs(report: Callable[[str], None]) -> Iterator[None]:
    """Let JAX keep compiled programs in a folder from now on; in the block, damaged entries are written anew.

    ``AIGINI_CACHE`` names the folder, or is ``off``, which leaves JAX as it is; otherwise ``JAX_COMPILATION_CACHE_DIR``
    does, and how much is kept there is up to its owner; otherwise it is ``aigini`` in the user's cache folder. Without
    a home, or with one that cannot be written, nothing is kept.

    Args:
        report: Told if nothing can be kept where it was asked for.
    """
    folder = _choose(report)
    if folder is None:
        yield
        return
    with _replacing_damaged(folder, report):
        yield


def _choose(report: Callable[[str], None]) -> Path | None:
    """The folder, with JAX told of it; None where nothing is kept, or nothing is to be changed."""
    chosen, of_jax = os.environ.get("AIGINI_CACHE", ""), os.environ.get("JAX_COMPILATION_CACHE_DIR", "")
    if chosen == "off":
        return None
    folder = Path(chosen) if chosen else Path(of_jax) if of_jax else _default()
    if folder is not None and not _is_text(folder):
        report(f"{str(folder)!a}: is no text in UTF-8, as JAX needs it; compiled programs are not kept.")
        folder = None
        jax.config.update("jax_compilation_cache_dir", None)
    if folder is None or not _usable(folder):
        if folder is not None and (chosen or of_jax):
            report(f"{folder}: cannot be written; compiled programs are not kept.")
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    for name, value in _SETTINGS.items():
        if name.upper() not in os.environ:
            jax.config.update(name, value)
    if (chosen or not of_jax) and "JAX_COMPILATION_CACHE_MAX_SIZE" not in os.environ:
        trim(folder)
    return folder


def _is_text(folder: Path) -> bool:
    """True if JAX can use a folder of this name: it is text."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        return False
    return True


def _default() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME")
    if base and Path(base).is_absolute():  # others are to be ignored, says the XDG specification
        return Path(base) / "aigini"
    try:
        return Path.home() / ".cache" / "aigini"
    except RuntimeError:  # no HOME, and no entry of this user in the password database
        return None


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def trim(folder: Path, limit: int = LIMIT) -> None:
    """Remove the entries that were not used for longest once all together pass `limit` bytes.

    Another process that is about to read one of them compiles the program again.
    """
    entries = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.endswith(_SUFFIX):
                with contextlib.suppress(OSError):
                    about = path.stat()
                    entries.append((max(about.st_atime, about.st_mtime), about.st_size, path))
    total = sum(size for _, size, _ in entries)
    if total <= limit:
        return
    for _, size, path in sorted(entries):
        if total <= _FILLED_TO * limit:
            return
        _remove(path)
        total -= size


def _remove(entry: Path) -> None:
    for path in (entry, entry.with_name(entry.name.removesuffix(_SUFFIX) + "-atime")):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def remove_damaged(folder: Path, program: str, *, unread: bool) -> None:
    """Remove the damaged entries of a program.

    Args:
        folder: The cache.
        program: Name of the program, with which the names of its entries begin.
        unread: True if JAX failed to read one: if no entry shows damage, all of them are removed then.
    """
    entries = list(folder.glob(f"{glob.escape(program)}-*{_SUFFIX}"))
    damaged = [path for path in entries if not _whole(path)]
    for path in damaged or (entries if unread else []):
        _remove(path)


def _whole(entry: Path) -> bool:
    """True if an entry can be unpacked; zlib has a checksum. Of other compressions JAX writes the entry again."""
    try:
        zlib.decompress(entry.read_bytes())
    except (OSError, zlib.error):
        return False
    return True


@contextlib.contextmanager
def _replacing_damaged(folder: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Act on what JAX has to say about entries, instead of showing it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=_FAILURES)
        show = warnings.showwarning
        reported = False

        def showwarning(message: Warning | str, *rest: Any, **more: Any) -> None:
            nonlocal reported
            text = str(message)
            failure = re.match(_FAILURES + " for '(.*?)'", text)
            if failure is None:
                show(message, *rest, **more)
                return
            action, program = failure.groups()
            remove_damaged(folder, program, unread=action == "reading")
            if action == "writing" and not reported:
                reported = True
                report(f"{folder}: compiled programs cannot be kept ({text.rpartition(': ')[2]}); the work goes on.")

        warnings.showwarning = showwarning
        yield

"""Files that are replaced whole or not at all, and the temporary files that this takes.

Every temporary file has a name of its own, with the process and a random token in it, so that two writers never share
one. A process that is killed leaves its temporary files behind; `sweep` removes them.
"""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.\d+(-[0-9a-f]+)?\.tmp")

_transient: set[Path] = set()


def temporary_beside(path: Path) -> Path:
    """A name in the same folder that nothing else uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}.tmp")


@contextlib.contextmanager
def transient(path: Path) -> Iterator[Path]:
    """A file or folder that is gone when the block ends, and also when `remove_transient` is called before that."""
    _transient.add(path)
    try:
        yield path
    finally:
        _remove(path)
        _transient.discard(path)


def remove_transient() -> None:
    """Remove every file of `transient` at once, for a process that ends without unwinding its blocks."""
    for path in tuple(_transient):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def replace_files(writes: Mapping[Path, Callable[[Path], object]]) -> None:
    """Let each function fill a temporary file, then put all of them in place of the paths, one right after the other.

    A reader, or a kill at any moment, sees each old file or the new one, never half of one. All files are complete and
    on the disk before the first is put in place, so that files which belong together change within microseconds.

    Raises:
        OSError: if a file cannot be written; none is replaced then, unless the replacing itself fails.
    """
    with contextlib.ExitStack() as stack:
        ready = []
        for path, write in writes.items():
            temporary = stack.enter_context(transient(temporary_beside(path)))
            write(temporary)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            ready.append((temporary, path))
        for temporary, path in ready:
            temporary.replace(path)


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder; nobody else may be writing in it."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()

"""One process at a time writes in a run folder.

The lock is an advisory one of the operating system (`flock`) on a file in the folder. The kernel releases it when its
process ends, however that happens, so the lock of a dead process is never in the way. The file also says who holds it,
for the message to the second process, and is removed in the end.

Where the file system has no such locks, the file itself is the lock: it is stale if its process does not exist any
more, which can be judged on the same machine only. From another machine it is respected, and the message names the file
to remove. On a network file system whose locks are those of one machine alone, processes of two machines do not see
each other; everything that is kept for resumption carries the digest of its configuration for that reason too.
"""

import contextlib
import datetime
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from aigini.errors import FolderInUseError, OutputError
from aigini.runtime import atomic, interruption

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NAME = ".aigini.lock"
"""Name of the file in the run folder."""


@contextlib.contextmanager
def locked(folder: Path, command: str) -> Iterator[None]:
    """Hold the lock of a run folder.

    Args:
        folder: The folder, which exists.
        command: The command that has it, for the message to others.

    Raises:
        FolderInUseError: if another run holds it, in this process or in another.
        OutputError: if the lock file cannot be made.
    """
    path = folder / NAME
    with contextlib.ExitStack() as stack:
        with interruption.undisturbed():
            try:
                descriptor = _acquire(path, folder)
            except OSError as error:
                raise OutputError(
                    f"--out {folder}: cannot be written ({error.strerror or error}); choose a folder you may write to."
                ) from None
            stack.callback(os.close, descriptor)
            # The file is removed while the lock is still held: nobody can have acquired it in between.
            stack.enter_context(atomic.transient(path))
        with contextlib.suppress(OSError):  # on a full disk others learn less about this process
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps(_self(command)).encode())
        yield


def _acquire(path: Path, folder: Path) -> int:
    """The descriptor of the lock file, once the lock is acquired."""
    while True:
        try:
            descriptor, new = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
        except FileExistsError:
            try:
                descriptor, new = os.open(path, os.O_RDWR), False
            except FileNotFoundError:
                continue  # its holder has just ended
        try:
            locked = _flock(descriptor)
            if locked is False or (locked is None and not new and not _stale(path)):
                raise _in_use(folder, _read(path), removable=locked is None)
            # The holder before may have removed the file between opening and locking.
            if _is_open_file(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor: int) -> bool | None:
    """True if the lock was free; None where there are no locks of this kind."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_open_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _self(command: str) -> dict[str, Any]:
    return {
        "command": command,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "process_started": psutil.Process().create_time(),
        "since": datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds"),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _stale(path: Path) -> bool:
    """True if the process that a lock file names has ended, as far as that can be known here."""
    holder = _read(path)
    if not holder:
        return True
    if holder.get("host") != socket.gethostname():
        return False
    try:
        # A number of a process is used again; together with the start of the process it is not.
        return abs(psutil.Process(int(holder["pid"])).create_time() - holder["process_started"]) > 1
    except (psutil.Error, LookupError, TypeError, ValueError):
        return True


def _in_use(folder: Path, holder: dict[str, Any], *, removable: bool) -> FolderInUseError:
    if holder:
        who = (
            f"{holder.get('command')} (process {holder.get('pid')} on {holder.get('host')}, since"
            f" {holder.get('since')})"
        )
    else:
        who = "another process"
    remedy = "wait until it has ended, or choose another --out"
    if removable:
        remedy += f"; if that process does not exist any more, remove {folder / NAME}"
    return FolderInUseError(f"--out {folder}: {who} is writing in this folder; {remedy}.")

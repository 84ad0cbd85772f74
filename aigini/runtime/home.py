"""A cache folder for the libraries that demand one, where the user has none that can be written.

Containers and clusters often run programs as a user without a home, or with one that is not theirs.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aigini.runtime import atomic


@contextlib.contextmanager
def usable_home() -> Iterator[None]:
    """Within the block libraries find a cache folder: the user's, or else a private one that is removed afterwards."""
    if _has_cache():
        yield
        return
    with atomic.transient(Path(tempfile.mkdtemp(prefix="aigini-"))) as home:
        changed = {"XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "HOME": str(home)}
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def _has_cache() -> bool:
    """True if there is a cache folder in which this user can make others."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
    except (RuntimeError, OSError):  # no HOME and no entry in the password database; or one that cannot be written
        return False
    return os.access(cache, os.W_OK | os.X_OK)

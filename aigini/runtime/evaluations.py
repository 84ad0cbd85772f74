"""Evaluations that are kept, so that work which was interrupted goes on without computing them again.

What computes asks for `evaluated` values and knows nothing of where they are kept: nowhere, unless `kept_in` opens a
`Cache`. A value is known by its program and by every bit of what the program was asked, so that the same work, done
again, meets the same values and takes the same decisions. Arrays are kept exactly.
"""

import base64
import contextlib
import contextvars
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import jax
import numpy as np

_Value = TypeVar("_Value")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Cache:
    """Values by key, numbers and words as JSON holds them; `aigini.storage.ledger` keeps them in a file."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    @property
    def count(self) -> int:
        """Values there are."""
        return len(self._values)

    def get(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value of a key, computed unless it is there."""
        if key not in self._values:
            value = compute()
            self._keep(key, value)
            self._values[key] = value
        return self._values[key]

    def _keep(self, key: str, value: Any) -> None:
        """Make a new value durable."""


_CACHE: contextvars.ContextVar[Cache | None] = contextvars.ContextVar("cache", default=None)


@contextlib.contextmanager
def kept_in(cache: Cache | None) -> Iterator[None]:
    """Keep evaluations in `cache` meanwhile, and take from it those that are there; None keeps nothing."""
    before = _CACHE.set(cache)
    try:
        yield
    finally:
        _CACHE.reset(before)


def evaluated(compute: Callable[[], Any], key: Callable[[], str]) -> Any:
    """Arrays that a program returns, one or a tuple of them, as NumPy's.

    Args:
        compute: Calls the program.
        key: Fingerprint of its arguments (`fingerprint`); computed only where values are stored.
    """
    cache = _CACHE.get()
    if cache is None:
        return jax.device_get(compute())
    return _decoded(cache.get(key(), lambda: _encoded(jax.device_get(compute()))))


def block(name: str, compute: Callable[[], _Value]) -> _Value:
    """A larger part of the work that is kept as a whole; what is evaluated inside it is not.

    Args:
        name: Its name, one of its own in a run.
        compute: Returns numbers, words, lists and mappings, which survive being written as JSON unchanged.
    """
    cache = _CACHE.get()
    if cache is None:
        return compute()

    def alone() -> _Value:
        with kept_in(None):
            return compute()

    return cache.get(name, alone)


def fingerprint(*values: Any) -> str:
    """SHA-256 of pytrees: of their structure, of every bit of their arrays, and of the names of functions in them."""
    leaves, structure = jax.tree.flatten(values)
    digest = hashlib.sha256(_named(structure))
    for leaf in leaves:
        if isinstance(leaf, (jax.Array, np.ndarray, np.generic, float, int)):
            array = np.asarray(leaf)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(_bytes(array))
        else:
            digest.update(_named(leaf))
    return digest.hexdigest()


def _named(value: object) -> bytes:
    """The print of an object, without its address in memory, which differs from run to run."""
    return _ADDRESS.sub("", repr(value)).encode()


def _bytes(array: np.ndarray) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _encoded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encoded(part) for part in value]
    array = np.asarray(value)
    content = base64.b64encode(_bytes(array)).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "bytes": content}


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decoded(part) for part in value)
    return np.frombuffer(base64.b64decode(value["bytes"]), np.dtype(value["dtype"])).reshape(value["shape"])

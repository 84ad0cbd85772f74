"""Progress of long work: what is done of it, told to whoever watches."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Watch = Callable[[str, int, int], None]
"""Called with the name of a part of the work, how much of it is done, and how much there is."""

_Item = TypeVar("_Item")
_WATCH: contextvars.ContextVar[Watch | None] = contextvars.ContextVar("watch", default=None)


@contextlib.contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Tell `watch` of all progress meanwhile."""
    before = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(before)


def report(part: str, done: int, total: int) -> None:
    """Tell that `done` of `total` units of a part of the work are finished."""
    if (watch := _WATCH.get()) is not None:
        watch(part, done, total)


def steps(part: str, items: Sequence[_Item]) -> Iterator[_Item]:
    """Items one after the other; the part is reported before the first, and each item when it is done."""
    if items:
        report(part, 0, len(items))
    for number, item in enumerate(items):
        yield item
        report(part, number + 1, len(items))

"""Signals that end a command: one line about the results that there are, no traceback, no temporary file.

Nothing is unwound: an exception that is raised by a signal can be swallowed in a callback, and a compilation that takes
a minute would hold it up. Every file is replaced whole or not at all, so a command can end at any moment, and does so
at once: a thread waits for signals while the main thread computes.

This module imports nothing that takes time, so that it is in charge while everything else is imported.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_SIGNALS = tuple(signal.Signals[name] for name in _NAMES if hasattr(signal, name))

_NOTHING = "nothing was being written, and earlier results are as they were"

_closing_words: Callable[[], str] = lambda: _NOTHING  # noqa: E731
_ending = threading.Lock()
_undisturbed = threading.Lock()
_undisturbed_threads: set[int] = set()


def set_closing_words(words: Callable[[], str]) -> None:
    """Set the function that says, when a signal comes, which results there are; its text ends the closing line."""
    global _closing_words
    _closing_words = words


def guard_start() -> None:
    """Let an interrupt from the keyboard end the command in a line while it is still being imported.

    In any other program than the command, which imports this package as a library, nothing is changed.
    """
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _handle)


def _is_command() -> bool:
    if "--multiprocessing-fork" in sys.orig_argv or threading.current_thread() is not threading.main_thread():
        return False
    started = sys.argv[0] if sys.argv else ""
    if started == "-m":
        module = sys.orig_argv[sys.orig_argv.index("-m") + 1 :][:1]
        return module in (["aigini"], ["aigini.cli"])
    return os.path.basename(started).removesuffix(".exe") == "aigini"


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let a signal wait until the end of the block, which must be short, cannot wait itself and is not nested.

    For a file that is made and then noted as one to remove: a signal between the two would leave it behind.
    """
    here = threading.get_ident()
    # Marked from before the lock is taken until after it is given back: a handler that came in between with no mark
    # would wait for this very thread.
    _undisturbed_threads.add(here)
    try:
        with _undisturbed:
            yield
    finally:
        _undisturbed_threads.discard(here)


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Within the block, SIGINT, SIGTERM and SIGHUP end the process with one line and exit code 128 + signal.

    A signal that is ignored, as `nohup` arranges for SIGHUP, stays ignored. Outside the main thread, where Python sets
    no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    chosen = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    earlier = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in chosen:
        signal.signal(number, _handle)
    watcher = threading.Thread(target=_wait, args=(reader, tuple(chosen)), daemon=True, name="signals")
    watcher.start()
    try:
        yield
    finally:
        for number in chosen:
            signal.signal(number, before[number])
        signal.set_wakeup_fd(earlier)
        os.close(writer)
        watcher.join()
        os.close(reader)
        set_closing_words(lambda: _NOTHING)


def _wait(reader: int, chosen: tuple[int, ...]) -> None:
    while data := os.read(reader, 1):
        if data[0] in chosen:
            _end(data[0])


def _handle(number: int, _: FrameType | None) -> None:
    if threading.get_ident() in _undisturbed_threads:
        return  # it cannot wait for itself; the thread that waits for signals ends the process
    _end(number)


def _end(number: int) -> None:
    if not _ending.acquire(blocking=False):
        time.sleep(60)  # the other thread is ending the process
        return
    try:
        os.write(
            2,
            f"aigini: stopped by {signal.Signals(number).name}; {_closing_words()}.\n".encode(
                errors="backslashreplace"
            ),
        )
        with _undisturbed:
            if "aigini.runtime.atomic" in sys.modules:
                sys.modules["aigini.runtime.atomic"].remove_transient()
        if "multiprocessing.process" in sys.modules:
            for child in sys.modules["multiprocessing.process"].active_children():
                child.kill()
    finally:
        os._exit(128 + number)

"""A fresh process for each measurement, so that its times and its peak memory are its own.

A thing to be measured is a class. `Remote` builds it in a fresh interpreter, where nothing else counts towards its
memory and nothing else has filled its caches, and calls its methods there one at a time. Several remotes can wait
while one works, so repeats of different methods can be interleaved: a machine that slows down slows down all of them.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import jax

MIB = 1024.0


@dataclass(frozen=True)
class Reading:
    """One call of a method, with its time and memory.

    Attributes:
        value: Result of the call.
        seconds: Wall time.
        cpu_seconds: Processor time, all threads of the process together.
        peak_mib: Peak resident memory of the process during the call, see `peak_mib`.
    """

    value: Any
    seconds: float
    cpu_seconds: float
    peak_mib: float


class Remote:
    """An object in a fresh process; `call` runs one of its methods there and waits for the reading."""

    def __init__(self, name: str, build: Callable[..., Any], *arguments: Any) -> None:
        """Start the process and build the object there; `build` is importable, its arguments picklable."""
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, build, arguments), daemon=True)
        with _without_interrupts():
            self._process.start()
        theirs.close()
        self._answer()

    def call(self, method: str, *arguments: Any) -> Reading:
        """Run ``object.method(*arguments)`` in the process.

        Raises:
            RuntimeError: with the traceback of the process, if it fails there or the process ends.
        """
        self._connection.send((method, arguments))
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=30)
        if self._process.is_alive():
            self._process.kill()

    def _answer(self) -> Any:
        try:
            answer = self._connection.recv()
        except EOFError:
            self._process.join(timeout=30)
            raise RuntimeError(f"{self.name}: its process ended with code {self._process.exitcode}") from None
        if isinstance(answer, str):
            raise RuntimeError(f"{self.name} failed in its process:\n{answer}")
        return answer


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started in the block do not see an interrupt from the keyboard; who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, build: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Build the object, then answer calls until the other side closes."""
    try:
        target = build(*arguments)
        connection.send(None)
        while True:
            try:
                method, given = connection.recv()
            except EOFError:
                return
            connection.send(_read(getattr(target, method), given))
    except Exception:
        # Of a caller that has been killed nobody is left to be told.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send(traceback.format_exc())


def _read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    release()
    reset_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    value = function(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Reading(value, wall, cpu, peak_mib())


_ENVIRONMENT = {
    "JAX_ENABLE_COMPILATION_CACHE": "false",
    "JAX_COMPILATION_CACHE_DIR": None,
    # Processes that wait share an accelerator with the one that works.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def set_environment(values: Mapping[str, str | None] = _ENVIRONMENT) -> None:
    """Set environment variables for the processes started from now on: those of JAX in a measurement by default."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """`set_environment` for the processes started in the block; those started later keep their compiled programs."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    set_environment()
    try:
        yield
    finally:
        set_environment(before)


# Memory. Linux keeps the peak of the resident set per program and lets it be reset; elsewhere it only grows.


def _status(field: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = [line.split()[1] for line in lines if line.startswith(field + ":")]
    return int(values[0]) / MIB if values else None


def release() -> None:
    """Hand back what earlier work, such as compiling, has freed, so that the next call is not charged for it."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)


def reset_peak() -> bool:
    """Let the peak start again from what is resident now; whether that is possible here."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak_mib() -> float:
    """Peak resident memory of this process since `reset_peak`; since its start where that cannot be reset."""
    peak = _status("VmHWM")
    if peak is not None:
        return peak
    unit = MIB * MIB if sys.platform == "darwin" else MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def device_peak_mib() -> float | None:
    """Peak memory in use on the accelerator since the process started; None on a CPU."""
    statistics = jax.devices()[0].memory_stats()
    return None if not statistics else statistics["peak_bytes_in_use"] / MIB / MIB


def compile_timed(function: Callable[..., Any], *arguments: Any) -> tuple[Callable[..., Any], dict[str, float]]:
    """Compile a function for these arguments; the program, and the seconds of tracing and of compiling."""
    start = time.perf_counter()
    lowered = jax.jit(function).lower(*arguments)
    traced = time.perf_counter()
    compiled = lowered.compile()
    done = time.perf_counter()
    return compiled, {"trace_s": traced - start, "compile_s": done - traced, "total_s": done - start}


def device() -> dict[str, Any]:
    """The device that JAX computes on here."""
    first = jax.devices()[0]
    return {"platform": first.platform, "kind": first.device_kind, "count": jax.device_count()}

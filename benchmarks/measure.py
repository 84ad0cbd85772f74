"""Measuring helpers of the benchmarks: processes, times, peak memory, and the record of the machine.

A method to be measured is a class. `Remote` builds it in a fresh interpreter, where nothing else counts
towards its memory and no other method has filled its caches, and calls its methods there one at a time.
Several remotes can wait while one works, so repeats of different methods can be interleaved: a machine that
slows down slows down all of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import gc
import importlib.metadata
import json
import math
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PACKAGES = ("aigini", "jax", "jaxlib", "equinox", "optax", "optimistix", "numpy", "scipy")
MIB = 1024.0


@dataclass(frozen=True)
class Reading:
    """One call of a method: what it returned and what it took.

    Attributes:
        value: What it returned.
        seconds: Wall time.
        cpu_seconds: Processor time, all threads of the process together.
        peak_mib: Peak resident memory of the process during the call (`fresh_peak`).
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
        self._process.start()
        theirs.close()
        self._receive()

    def call(self, method: str, *arguments: Any) -> Reading:
        """Run ``object.method(*arguments)`` in the process.

        Raises:
            RuntimeError: with the traceback of the process, if it fails there or the process ends.
        """
        self._connection.send((method, arguments))
        return self._receive()

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=30)
        if self._process.is_alive():
            self._process.kill()

    def _receive(self) -> Reading:
        try:
            answer = self._connection.recv()
        except EOFError:
            self._process.join(timeout=30)
            raise RuntimeError(f"{self.name}: its process ended with code {self._process.exitcode}") from None
        if isinstance(answer, str):
            raise RuntimeError(f"{self.name} failed in its process:\n{answer}")
        return answer


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
        connection.send(traceback.format_exc())


def _read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    release()
    reset_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    value = function(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Reading(value, wall, cpu, peak_mib())


def set_environment() -> None:
    """Settings of JAX for the processes started from now on; call it before JAX is imported."""
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    # Processes that wait share an accelerator with the one that works.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"


# Memory. Linux keeps the peak of the resident set per program and lets it be reset; elsewhere it only grows.


def _status(field: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(field + ":")]
    return int(found[0]) / MIB if found else None


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
    import jax

    found = jax.devices()[0].memory_stats()
    return None if not found else found["peak_bytes_in_use"] / MIB / MIB


# Times.


def compile_timed(function: Callable[..., Any], *arguments: Any) -> tuple[Callable[..., Any], dict[str, float]]:
    """Compile a function for these arguments; the program, and the seconds of tracing and of compiling."""
    import jax

    start = time.perf_counter()
    lowered = jax.jit(function).lower(*arguments)
    traced = time.perf_counter()
    compiled = lowered.compile()
    done = time.perf_counter()
    return compiled, {"trace_s": traced - start, "compile_s": done - traced, "total_s": done - start}


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Median and range."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "repeats": len(values),
    }


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> dict[str, float]:
    """Ratio of medians, and the range it could have over the repeats."""
    return {
        "median": statistics.median(numerator) / statistics.median(denominator),
        "min": min(numerator) / max(denominator),
        "max": max(numerator) / min(denominator),
    }


# The record.


def device() -> dict[str, Any]:
    """The device that JAX computes on here."""
    import jax

    first = jax.devices()[0]
    return {"platform": first.platform, "kind": first.device_kind, "count": jax.device_count()}


def environment(device: Mapping[str, Any]) -> dict[str, Any]:
    """Machine, versions and commit; nothing in it names a place or a person.

    Args:
        device: What `device` found in a process that may import JAX.
    """
    commit, clean = _commit()
    return {
        "device": dict(device),
        "machine": {
            "cpu": _cpu_model(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "memory_gib": _memory_gib(),
            "system": platform.system(),
            "kernel": platform.release(),
            "load_average": list(os.getloadavg()),
        },
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in PACKAGES},
        "settings": {
            name: os.environ[name]
            for name in ("XLA_FLAGS", "JAX_PLATFORMS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
            if "/" not in os.environ.get(name, "/")
        },
        "commit": commit,
        "clean_tree": clean,
        "peak_resettable": reset_peak(),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None


def _commit() -> tuple[str | None, bool | None]:
    """Commit of the source tree, and whether its files are those of the commit, benchmark results aside."""
    root = Path(__file__).resolve().parent.parent

    def git(*arguments: str) -> str:
        command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()

    try:
        changes = git("status", "--porcelain", "--", ".", ":(exclude)benchmarks/results")
        return git("rev-parse", "HEAD"), changes == ""
    except (OSError, subprocess.SubprocessError):
        return None, None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a result; numbers keep six significant digits, and what is not finite becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def say(text: str = "") -> None:
    """Print a line of progress at once."""
    print(text, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain columns, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        cells[0] = row[0].ljust(widths[0])
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)

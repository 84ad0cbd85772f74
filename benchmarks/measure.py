"""Measuring helpers of the benchmarks: summaries, ratios, tables, and the record of the machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aigini.bench.processes import (
    MIB,
    Reading,
    Remote,
    compile_timed,
    device,
    device_peak_mib,
    reset_peak,
    set_environment,
)

__all__ = [
    "MIB",
    "Reading",
    "Remote",
    "compile_timed",
    "device",
    "device_peak_mib",
    "environment",
    "ratio",
    "reset_peak",
    "say",
    "set_environment",
    "summary",
    "table",
    "write_json",
]

PACKAGES = ("aigini", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy")


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

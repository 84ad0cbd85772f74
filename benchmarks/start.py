"""Seconds from starting `aigini simulate` to its first number: with an empty compilation cache, and with a filled one.

Each start is a process of its own with a cache folder of its own; the first start fills it, the others use it.
`--workers` small shows what starting costs, not simulating.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure
from measure import Remote, say

RESULTS = Path(__file__).resolve().parent / "results"


class Device:
    """The device, asked for in another process so that none is held here."""

    def found(self) -> dict[str, object]:
        """Platform, kind and number of devices."""
        return measure.device()


def seconds(cache: str, workers: int, out: str) -> float:
    """Of one run of the command."""
    command = [sys.executable, "-m", "aigini.cli", "simulate", "--out", out]
    command += ["--set", f"population.n_workers={workers}"]
    clock = time.perf_counter()
    subprocess.run(command, env={**os.environ, "AIGINI_CACHE": cache}, check=True, capture_output=True)
    return time.perf_counter() - clock


def imports() -> float:
    """Of importing the command line alone."""
    clock = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import aigini.cli"], check=True, capture_output=True)
    return time.perf_counter() - clock


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1 << 18)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="benchmarks/results/start-PLATFORM.json by default")
    asked = parser.parse_args()
    device = Remote("device", Device)
    record = measure.environment(device.call("found").value)
    device.close()
    cold, warm, importing = [], [], []
    for _ in range(asked.repeats):
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out:
            cold.append(seconds(cache, asked.workers, out))
            warm.append(seconds(cache, asked.workers, out))
        importing.append(imports())
    found = {"cold": cold, "warm": warm, "importing": importing}
    rows = [[name, *(f"{value:.1f}" for value in values)] for name, values in found.items()]
    say(measure.table(["seconds", *(f"run {i + 1}" for i in range(asked.repeats))], rows))
    measure.write_json(
        asked.out or RESULTS / f"start-{record['device']['platform']}.json",
        {
            "benchmark": "aigini simulate, from start to first number",
            "arguments": {"workers": asked.workers, "repeats": asked.repeats},
            "environment": record,
            "seconds": {name: measure.summary(values) for name, values in found.items()},
            "ratios": {"cold / warm": measure.ratio(cold, warm)},
        },
    )


if __name__ == "__main__":
    main()

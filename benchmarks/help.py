"""Processor time of the help of the command line: `aigini --help`, `aigini params --help`, `aigini --version`.

Each start is a process of its own, and the four take turns. What they are compared with is importing JAX, which none of
them should do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import measure
from measure import Remote, say
from start import RESULTS, Device

IMPORTING = "import jax"
ASKED = {
    "aigini --help": ("-m", "aigini", "--help"),
    "aigini params --help": ("-m", "aigini", "params", "--help"),
    "aigini --version": ("-m", "aigini", "--version"),
    IMPORTING: ("-c", IMPORTING),
}


def processor_seconds(arguments: tuple[str, ...]) -> float:
    """Of one process, in user and system mode."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, help="benchmarks/results/help-PLATFORM.json by default")
    asked = parser.parse_args()
    device = Remote("device", Device)
    record = measure.environment(device.call("found").value)
    device.close()
    found: dict[str, list[float]] = {name: [] for name in ASKED}
    for _ in range(asked.repeats):
        for name, arguments in ASKED.items():
            found[name].append(processor_seconds(arguments))
    ratios = {f"{name} / {IMPORTING}": measure.ratio(found[name], found[IMPORTING]) for name in ASKED}
    del ratios[f"{IMPORTING} / {IMPORTING}"]
    rows = [
        [name, f"{measure.summary(seconds)['median']:.2f}", f"{measure.ratio(seconds, found[IMPORTING])['median']:.2f}"]
        for name, seconds in found.items()
    ]
    say(measure.table(["command", "processor seconds", f"of {IMPORTING}"], rows))
    measure.write_json(
        asked.out or RESULTS / f"help-{record['device']['platform']}.json",
        {
            "benchmark": "processor time of help",
            "arguments": {"repeats": asked.repeats},
            "environment": record,
            "processor_seconds": {name: measure.summary(seconds) for name, seconds in found.items()},
            "ratios": ratios,
        },
    )


if __name__ == "__main__":
    main()

"""What a path of 40 years costs: its yearly outcomes and their exact Jacobian in all parameters, by number of workers.

Each size runs in a process of its own. Seconds are those of a repeat after compilation. Memory is the peak while
repeats run, less what the process held after compiling and drawing; draws are made again as they are needed, so that
their own size is no part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import measure
from measure import say

RESULTS = Path(__file__).resolve().parent / "results"
YEARS = 40
OUTCOMES = ("gini_total", "gini_wage", "m5", "m3")


def main() -> None:
    """Measure every size, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[2**16, 2**18, 2**20])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--value-only", action="store_true", help="leave the Jacobian out")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="benchmarks/results/dynamics-PLATFORM.json by default")
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(_measured(asked.one, asked.repeats, asked.value_only)))
        return
    cells = []
    for size in asked.workers:
        command = [sys.executable, __file__, "--one", str(size), "--repeats", str(asked.repeats)]
        command += ["--value-only"] * asked.value_only
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        cells.append(json.loads(done.stdout.splitlines()[-1]))
        say(f"{size} workers: {json.dumps(cells[-1]['programs'])}")
    names = list(cells[0]["programs"])
    head = ["workers", *(f"{name} {unit}" for name in names for unit in ("s", "MiB", "compile s"))]
    rows = [
        [str(cell["workers"]), *(text for name in names for text in _texts(cell["programs"][name]))] for cell in cells
    ]
    say(measure.table(head, rows))
    measure.write_json(
        asked.out or RESULTS / f"dynamics-{cells[0]['environment']['device']['platform']}.json",
        {
            "benchmark": f"{YEARS} years of {', '.join(OUTCOMES)}, and their exact Jacobian in all parameters",
            "arguments": {"workers": asked.workers, "repeats": asked.repeats},
            "environment": cells[0]["environment"],
            "cells": [{key: cell[key] for key in ("workers", "programs")} for cell in cells],
        },
    )


def _texts(one: dict[str, Any]) -> list[str]:
    return [f"{one['seconds']['median']:.2f}", f"{one['peak_mib']:.0f}", f"{one['compile_seconds']:.1f}"]


def _measured(workers: int, repeats: int, value_only: bool) -> dict[str, Any]:
    """Times and memory at one number of workers, in this process."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from aigini.config import load
    from aigini.dynamics.path import NAMES, PathMap
    from aigini.population import draw_population
    from aigini.statistics.catalogue import find

    config = load(None)
    population = draw_population(n_workers=workers, n_firms=1000, years=YEARS, storage="regenerated")
    mapping = PathMap(population, config.scenario, tuple(find(name) for name in OUTCOMES))
    programs = {"value": jax.jit(lambda m, p, d: m(p, d)[1])}
    if not value_only:
        programs["jacobian"] = jax.jit(lambda m, p, d: m.with_jacobian(p, d)[2])
    arguments = mapping, config.params, config.dynamics
    results: dict[str, Any] = {}
    for name, program in programs.items():
        clock = time.perf_counter()
        compiled = program.lower(*arguments).compile()
        compile_seconds = time.perf_counter() - clock
        shape = jax.block_until_ready(compiled(*arguments)).shape
        seconds = []
        measure.reset_peak()
        before = _resident_mib("VmRSS")
        for _ in range(repeats):
            clock = time.perf_counter()
            jax.block_until_ready(compiled(*arguments))
            seconds.append(time.perf_counter() - clock)
        peak = _resident_mib("VmHWM") - before
        results[name] = {
            "seconds": measure.summary(seconds),
            "compile_seconds": compile_seconds,
            "peak_mib": peak,
            "shape": list(shape),
        }
    return {
        "workers": workers,
        "programs": results,
        "parameters": len(NAMES),
        "environment": measure.environment(measure.device()),
    }


def _resident_mib(key: str) -> float:
    """A line of /proc/self/status, MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{key}:"))


if __name__ == "__main__":
    main()

"""Whether float32 workers are enough: six moments of float32 against float64 workers, from a million to 10^8 workers.

Draws are made again as they are needed, so that memory does not limit the size.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import measure
import numpy as np
from measure import say

import aigini
from aigini.statistics.moments import MOMENT_NAMES

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[10**6, 10**7, 10**8])
    parser.add_argument("--out", type=Path, help="benchmarks/results/precision-PLATFORM.json by default")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    moments, params = jax.jit(aigini.six_moments), aigini.Parameters()
    differences, found, rows = {}, {}, []
    for size in asked.workers:
        for precision in ("float32", "float64"):
            clock = time.perf_counter()
            population = aigini.draw_population(n_workers=size, precision=precision, storage="regenerated")
            found[size, precision] = np.asarray(moments(params, population))
            say(f"{precision}, {size} workers: {time.perf_counter() - clock:.1f} s, compilation included")
        differences[size] = np.abs(found[size, "float32"] - found[size, "float64"])
        rows.append([str(size), *(f"{value:.1e}" for value in differences[size])])
    say(measure.table(["workers", *MOMENT_NAMES], rows))
    record = measure.environment(measure.device())
    measure.write_json(
        asked.out or RESULTS / f"precision-{record['device']['platform']}.json",
        {
            "benchmark": "six moments at the baseline, float32 against float64 workers, absolute differences",
            "arguments": {"workers": asked.workers, "n_firms": 1000},
            "environment": record,
            "moments": MOMENT_NAMES,
            "difference": {str(size): values.tolist() for size, values in differences.items()},
            "float64": {str(size): found[size, "float64"].tolist() for size in asked.workers},
        },
    )


if __name__ == "__main__":
    main()

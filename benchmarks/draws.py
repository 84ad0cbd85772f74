"""What quasi-random draws are worth: how many pseudo-random workers have the simulation error of one quasi-random.

The six moments at the baseline are simulated with --replications seeds for each kind of draws and each size. The
multiplier is the ratio of variances, so that N quasi-random workers do what multiplier x N pseudo-random ones do.
With R replications its relative standard error is about 2 / sqrt(R - 1).
"""

from __future__ import annotations

import argparse
import os
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
    parser.add_argument("--workers", type=int, nargs="+", default=[1 << 14, 100_000, 1 << 17, 1 << 20])
    parser.add_argument("--replications", type=int, default=48)
    parser.add_argument("--out", type=Path, help="benchmarks/results/draws-PLATFORM.json by default")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    moments, params = jax.jit(aigini.six_moments), aigini.Parameters()
    spread, multiplier, rows = {}, {}, []
    for size in asked.workers:
        for kind in ("pseudo", "qmc"):
            found = np.array(
                [
                    np.asarray(moments(params, aigini.draw_population(n_workers=size, draws=kind, seed=seed)))
                    for seed in range(asked.replications)
                ]
            )
            spread[size, kind] = found.std(axis=0, ddof=1)
            rows.append([f"{size} {kind}", *(f"{value:.1e}" for value in spread[size, kind])])
        with np.errstate(divide="ignore", invalid="ignore"):
            multiplier[size] = (spread[size, "pseudo"] / spread[size, "qmc"]) ** 2
        rows.append([f"{size} multiplier", *(f"{value:.3g}" for value in multiplier[size])])
    say(measure.table(["workers", *MOMENT_NAMES], rows))
    record = measure.environment(measure.device())
    measure.write_json(
        asked.out or RESULTS / f"draws-{record['device']['platform']}.json",
        {
            "benchmark": "simulation error of the six moments at the baseline by kind of draws",
            "arguments": {"workers": asked.workers, "replications": asked.replications, "n_firms": 1000},
            "environment": record,
            "moments": MOMENT_NAMES,
            "standard_deviation": {f"{size} {kind}": values.tolist() for (size, kind), values in spread.items()},
            "multiplier": {str(size): values.tolist() for size, values in multiplier.items()},
            "relative_error_of_multiplier": 2 / np.sqrt(asked.replications - 1),
        },
    )


if __name__ == "__main__":
    main()

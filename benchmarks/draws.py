"""What draws are worth: simulation errors by kind of draws and size, their time, and whether they are unbiased.

What is reported of the economy is simulated with --seeds seeds for each kind of draws and each size, at --params
(the baseline):

* pseudo: pseudo-random numbers for everything, 1,000 firms;
* sobol: Sobol' points for everything but the matching of workers to employers, 1,000 firms: what ``qmc`` was once;
* qmc: the default, with its default number of firms.

A standard deviation over S seeds has a relative standard error of about 1 / sqrt(2 (S - 1)). Evaluations of qmc and
sobol are timed in turns. The rate of convergence is the slope of the log standard deviation on the log size. Means over
seeds are compared with one evaluation of --reference pseudo-random workers with as many firms as 16 workers each make,
whose standard error is that of a population 16 times smaller over 4.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import measure
import numpy as np
from measure import say

import aigini
from aigini.economy.economy import Economy, Scenario, State, solve
from aigini.statistics.accumulate import accumulate
from aigini.statistics.catalogue import MOMENT_NAMES, resolve
from aigini.statistics.moment import statistic_of

RESULTS = Path(__file__).resolve().parent / "results"

CHANGES = (*MOMENT_NAMES, "gini_wage", "gini_capital", "between_firm_variance", "theil_between")
LEVELS = ("gini_total", "gini_wage", "gini_capital", "top1_share", "top10_share", "labour_share", "theil_between")
NAMES = (*(f"change of {name}" if name not in MOMENT_NAMES else name for name in CHANGES), *LEVELS)
"""Changes with AI, and levels after AI."""

KINDS: dict[str, dict[str, Any]] = {
    "pseudo": {"draws": "pseudo", "n_firms": 1000},
    "sobol": {"draws": "sobol", "n_firms": 1000},
    "qmc": {"draws": "qmc"},
}


def reported(params: aigini.Parameters, population: aigini.Population) -> jax.Array:
    """The numbers `NAMES`."""
    asked = dict.fromkeys((*CHANGES, *LEVELS))
    moments = resolve(tuple(asked))
    economy = solve(params, Scenario(), population.firm_shocks)
    statistic = statistic_of(moments)(economy)
    sums = accumulate(statistic.summarise, economy.environment, population)

    def levels(economy: Economy, state: State, common: Any, own: Any) -> jax.Array:
        by_sum = dict(zip((*statistic.sums[0], *statistic.sums[1]), (*common, *own), strict=True))
        return jnp.stack([moment.at(economy, state, by_sum) for moment in moments])

    changes = statistic.finish(economy, sums)
    after = levels(economy, economy.after, *jax.tree.map(lambda leaf: leaf[0], _after(sums)))
    place = {name: row for row, name in enumerate(asked)}
    return jnp.concatenate(
        [changes[jnp.asarray([place[n] for n in CHANGES])], after[jnp.asarray([place[n] for n in LEVELS])]]
    )


def _after(sums: Any) -> Any:
    """Sums after AI, each behind a leading axis: those by occupation have theirs before that of the state."""
    common, own = sums
    return jax.tree.map(lambda leaf: leaf[1:], common), jax.tree.map(lambda leaf: leaf[:, 1][None], own)


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=48)
    parser.add_argument("--timings", type=int, default=9, help="of each kind and size, in turns")
    parser.add_argument("--reference", type=int, default=1 << 24, help="pseudo-random workers; 0 is no comparison")
    parser.add_argument("--params", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, help="benchmarks/results/draws-PLATFORM.json by default")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    changed = dict(pair.split("=") for pair in asked.params)
    params = aigini.Parameters(**{name: float(value) for name, value in changed.items()})
    program = jax.jit(reported)

    def sample(size: int, **kind: Any) -> np.ndarray:
        draws = (aigini.draw_population(n_workers=size, seed=seed, **kind) for seed in range(asked.seeds))
        return np.array([np.asarray(program(params, population)) for population in draws])

    samples: dict[tuple[int, str], np.ndarray] = {}
    seconds: dict[str, dict[str, float]] = {}
    for size in asked.workers:
        for kind in asked.kinds:
            samples[size, kind] = sample(size, **KINDS[kind])
            say(f"{size} workers, {kind}: {asked.seeds} seeds")
        seconds[str(size)] = _timed(program, params, size, asked.kinds, asked.timings)
    spread = {key: values.std(axis=0, ddof=1) for key, values in samples.items()}
    mean = {key: values.mean(axis=0) for key, values in samples.items()}
    rows = [[f"{size} {kind}", *(f"{value:.1e}" for value in values)] for (size, kind), values in spread.items()]
    say(measure.table(["s.d. over seeds", *NAMES], rows))
    logs = np.log2(asked.workers) - np.mean(np.log2(asked.workers))
    rate = {}
    if len(logs) > 1:
        for kind in asked.kinds:
            sizes = np.array([np.log2(spread[size, kind]) for size in asked.workers])
            rate[kind] = (logs @ sizes / (logs @ logs)).tolist()
        say(measure.table(["rate", *NAMES], [[kind, *(f"{x:.2f}" for x in rate[kind])] for kind in asked.kinds]))
    for size, of in seconds.items():
        say(f"{size} workers: " + ", ".join(f"{kind} {value:.3f} s" for kind, value in of.items()))
    record = measure.environment(measure.device())
    content = {
        "benchmark": "simulation errors by kind of draws and number of workers, over seeds",
        "arguments": {key: value for key, value in vars(asked).items() if key != "out"},
        "environment": record,
        "numbers": NAMES,
        "standard_deviation": {f"{size} {kind}": values.tolist() for (size, kind), values in spread.items()},
        "relative_error_of_standard_deviation": 1 / np.sqrt(2 * (asked.seeds - 1)),
        "mean": {f"{size} {kind}": values.tolist() for (size, kind), values in mean.items()},
        "rate": rate,
        "seconds_per_evaluation": seconds,
    }
    if asked.reference:
        content["reference"] = _reference(program, params, asked, sample, mean, spread)
    measure.write_json(asked.out or RESULTS / f"draws-{record['device']['platform']}.json", content)


def _timed(program: Any, params: Any, size: int, kinds: list[str], count: int) -> dict[str, float]:
    """Median seconds of an evaluation by kind, the kinds taking turns."""
    populations = {kind: aigini.draw_population(n_workers=size, **KINDS[kind]) for kind in kinds}
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(count):
        for kind, population in populations.items():
            clock = time.perf_counter()
            jax.block_until_ready(program(params, population))
            seconds[kind].append(time.perf_counter() - clock)
    return {kind: float(np.median(values)) for kind, values in seconds.items()}


def _reference(program: Any, params: Any, asked: Any, sample: Any, mean: Any, spread: Any) -> dict[str, Any]:
    """One evaluation of many pseudo-random workers, and how far the means over seeds are from it."""
    small = asked.reference // 16
    error = sample(small, draws="pseudo", n_firms=small // 16).std(axis=0, ddof=1) / 4
    many = aigini.draw_population(n_workers=asked.reference, n_firms=asked.reference // 16, draws="pseudo")
    value = np.asarray(program(params, many))
    distance = {
        f"{size} {kind}": (mean[size, kind] - value) / np.hypot(error, values / np.sqrt(asked.seeds))
        for (size, kind), values in spread.items()
    }
    rows = [[key, *(f"{x:+.1f}" for x in values)] for key, values in distance.items()]
    say(measure.table(["distance in s.e.", *NAMES], rows))
    return {
        "value": value.tolist(),
        "standard_error": error.tolist(),
        "distance_in_standard_errors": {key: values.tolist() for key, values in distance.items()},
    }


if __name__ == "__main__":
    main()

"""Ways to add workers up by node of the income grid, which on a GPU is what its atomic additions make of it.

All give the masses of `aigini.statistics.histogram`, with log incomes of a lognormal drawn once and kept. The Gini by
an exact sort of each row stands beside them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import measure
import numpy as np
from jax.lax import GatherScatterMode, ScatterDimensionNumbers
from measure import say

from aigini.statistics import histogram, sample
from aigini.statistics.histogram import N_NODES
from aigini.statistics.sums import segment_sum

RESULTS = Path(__file__).resolve().parent / "results"
COPIES = 32
_PACK = 2.0**24


def nearest(logs: jax.Array) -> jax.Array:
    """The package's: three sums at the nearest node, one after another."""
    return histogram.node_masses(logs, jnp.ones_like(logs))


def three_nodes(logs: jax.Array) -> jax.Array:
    """One sum at three nodes, all additions in one list."""
    node, offset = histogram.nearest(logs)
    weights = jnp.concatenate([(0.5 - offset) ** 2 / 2, 0.75 - offset**2, (0.5 + offset) ** 2 / 2])
    return segment_sum(weights.astype(jnp.float64), jnp.concatenate([node - 1, node, node + 1]), N_NODES)


def window(logs: jax.Array) -> jax.Array:
    """Three neighbouring sums, added as one window."""
    node, offset = histogram.nearest(logs)
    values = jnp.stack([jnp.ones_like(offset), offset, offset**2], axis=1).astype(jnp.float64)
    numbers = ScatterDimensionNumbers(
        update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
    )
    table = jax.lax.scatter_add(
        jnp.zeros((N_NODES, 3)), node[:, None], values, numbers, mode=GatherScatterMode.PROMISE_IN_BOUNDS
    )
    return histogram.spline_masses(*table.T)


def packed(logs: jax.Array) -> jax.Array:
    """Count and δ in one float64, so that two additions are enough; exact while their digits do not meet."""
    node, offset = histogram.nearest(logs)
    both = segment_sum(offset.astype(jnp.float64) + _PACK, node, N_NODES)
    count = jax.lax.stop_gradient(jnp.round(both / _PACK))
    return histogram.spline_masses(
        count, both - count * _PACK, segment_sum((offset**2).astype(jnp.float64), node, N_NODES)
    )


def copies(logs: jax.Array) -> jax.Array:
    """As many tables as a warp has lanes, so that its additions do not meet."""
    node, offset = histogram.nearest(logs)
    cell = node * COPIES + jnp.arange(node.size, dtype=jnp.int32) % COPIES

    def summed(values: jax.Array) -> jax.Array:
        return segment_sum(values.astype(jnp.float64), cell, COPIES * N_NODES).reshape(N_NODES, COPIES).sum(axis=1)

    return histogram.spline_masses(summed(jnp.ones_like(offset)), summed(offset), summed(offset**2))


METHODS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "nearest": nearest,
    "three_nodes": three_nodes,
    "window": window,
    "packed": packed,
    "copies": copies,
}


def by_histogram(method: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Gini of all rows, scaled in logs."""

    def gini(scale: jax.Array, rows: jax.Array) -> jax.Array:
        @jax.checkpoint
        def one(scale: jax.Array, row: jax.Array) -> tuple[jax.Array, jax.Array]:
            logs = scale * row
            return method(logs), jnp.sum(jnp.exp(logs).astype(jnp.float64))

        def step(sums: tuple[jax.Array, jax.Array], row: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
            return jax.tree.map(jnp.add, sums, one(scale, row)), None

        (found, total), _ = jax.lax.scan(step, (jnp.zeros(N_NODES), jnp.zeros(())), rows)
        return histogram.gini(found, total / rows.size)

    return gini


def by_sort(scale: jax.Array, rows: jax.Array) -> jax.Array:
    """Mean of the rows' exact Ginis: each row is sorted, which costs no more than sorting all at once."""
    return jnp.mean(jax.lax.map(lambda row: sample.gini(jnp.exp((scale * row).astype(jnp.float64))), rows))


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=float, help="10^7 by default, 10^9 on an accelerator")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="benchmarks/results/histogram-PLATFORM.json by default")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    platform = jax.default_backend()
    n_workers = int(asked.workers or (10**7 if platform == "cpu" else 10**9))
    width = 1 << (16 if platform == "cpu" else 22)
    shape = (max(1, round(n_workers / width)), width)
    rows = jax.random.normal(jax.random.key(0), shape, jnp.float32)
    scale = jnp.float32(0.7)
    seconds: dict[str, dict[str, list[float]]] = {}
    programs, values = {}, {}
    for name, gini in {**{name: by_histogram(m) for name, m in METHODS.items()}, "sort": by_sort}.items():
        programs[name] = {"value": jax.jit(gini), "gradient": jax.jit(jax.value_and_grad(gini))}
        values[name] = [float(x) for x in jax.tree.leaves(programs[name]["gradient"](scale, rows))]
        programs[name]["value"](scale, rows).block_until_ready()
        seconds[name] = {"value": [], "gradient": []}
        say(f"{name}: compiled; Gini {values[name][0]:.9f}, derivative {values[name][1]:.7f}")
    reference = values["nearest"]
    for name, found in values.items():
        # Rows of a sample have Ginis of their own: their mean is not that of all.
        tolerance = 1e-7 if name != "sort" else 1e-4
        if not np.allclose(found, reference, rtol=tolerance):
            raise SystemExit(f"{name} gives {found}, not {reference}; nothing was timed.")
    for _ in range(asked.repeats):
        for name, both in programs.items():
            for task, compiled in both.items():
                start = time.perf_counter()
                jax.block_until_ready(compiled(scale, rows))
                seconds[name][task].append(time.perf_counter() - start)
    lines = []
    for name in programs:
        cells = [name]
        for task in ("value", "gradient"):
            times = measure.ratio(seconds[name][task], seconds["nearest"][task])
            cells += [f"{np.median(seconds[name][task]) / rows.size * 1e9:.3g}", f"{times['median']:.2f}"]
        lines.append(cells)
    say(measure.table(["method", "value, ns", "times", "gradient, ns", "times"], lines))
    record = measure.environment(measure.device())
    measure.write_json(
        asked.out or RESULTS / f"histogram-{record['device']['platform']}.json",
        {
            "benchmark": "Gini of a lognormal and its derivative, by ways of adding up by node",
            "arguments": {"workers": rows.size, "width": width, "copies": COPIES, "repeats": asked.repeats},
            "environment": record,
            "seconds": {
                name: {task: measure.summary(times) for task, times in both.items()} for name, both in seconds.items()
            },
            "times_nearest": {
                name: {task: measure.ratio(times, seconds["nearest"][task]) for task, times in both.items()}
                for name, both in seconds.items()
            },
            "gini_and_derivative": values,
        },
    )


if __name__ == "__main__":
    main()

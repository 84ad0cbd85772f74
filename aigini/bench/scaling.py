"""Time and memory of moments, gradient and Jacobian as the number of workers grows.

Every cell (task, size) is measured in a process of its own, with the compilation cache off. What is compared between
machines and over time are ratios within one run: see `Scaling.ratios`.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aigini.bench.processes import Reading, Remote, compile_timed, device, device_peak_mib, measuring
from aigini.config import Config
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population.workers import bytes_per_worker
from aigini.runtime.precision import with_x64
from aigini.statistics.moments import moments_and_jacobian, six_moments
from aigini.tables import Column, Table, Tabular

TASKS = ("value", "gradient", "jacobian")
"""Six moments; m6 and its gradient in every parameter; six moments and their Jacobian in every parameter."""

PASSES = {"value": 1, "gradient": 2, "jacobian": 2}
"""How often each worker's draws are read."""

REFERENCE = 1_000_000
"""Size to which other sizes are compared."""

SIZES = {"cpu": (10**5, 10**6, 10**7), "gpu": (10**5, 10**6, 10**7, 10**8, 10**9)}
"""Sizes by platform where none are asked for."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One task at one size.

    Attributes:
        task: One of `TASKS`.
        n_workers: Number of workers N.
        stored: True if draws were kept in memory.
        chunk: Workers processed at a time.
        compile_s: Seconds of tracing and compiling.
        seconds: Seconds of each repeat, until its results are on the host.
        memory_mib: Peak resident memory above that of the process before it drew workers: drawing, compiling, running.
        run_mib: The same, of running alone.
        device_mib: Peak memory on the accelerator; None on a CPU.
        of_bandwidth: Time of reading the draws alone at the device's measured bandwidth, as a share of the
            median; None where they are not read but made again.
    """

    task: str
    n_workers: int
    stored: bool
    chunk: int
    compile_s: float
    seconds: tuple[float, ...]
    memory_mib: float
    run_mib: float
    device_mib: float | None
    of_bandwidth: float | None

    @property
    def median(self) -> float:
        """Median seconds."""
        return statistics.median(self.seconds)

    @property
    def per_worker(self) -> float:
        """Nanoseconds per worker."""
        return self.median / self.n_workers * 1e9


@dataclasses.dataclass(frozen=True)
class Scaling(Tabular):
    """Times and memory of every task and size on one device.

    Attributes:
        cells: Measurements, in the order of sizes, then tasks.
        bandwidth: Bytes per second that the device reads and writes in a copy of a large array.
        device: Platform, kind and number of devices.
    """

    units: ClassVar[Mapping[str, str]] = {
        "cells": "seconds; memory in MiB above an empty process; of_bandwidth: share, 0 to 1",
        "bandwidth": "bytes per second",
        "exponents": "of time in the number of workers",
    }

    cells: tuple[Cell, ...]
    bandwidth: float
    device: Mapping[str, Any]

    def of(self, task: str) -> list[Cell]:
        """Cells of a task, smallest first."""
        return sorted((cell for cell in self.cells if cell.task == task), key=lambda cell: cell.n_workers)

    def exponent(self, task: str) -> float | None:
        """Slope of log time on log N from `REFERENCE` workers on; None with fewer than two such sizes."""
        large = [cell for cell in self.of(task) if cell.n_workers >= REFERENCE]
        if len(large) < 2:
            return None
        slope, _ = np.polyfit(np.log([c.n_workers for c in large]), np.log([c.median for c in large]), 1)
        return float(slope)

    def ratios(self) -> dict[str, float]:
        """Comparisons within the run, better when smaller."""
        ratios = {}
        cells = {(cell.task, cell.n_workers): cell for cell in self.cells}
        for (task, n), cell in cells.items():
            value, reference = cells.get(("value", n)), cells.get((task, REFERENCE))
            if task != "value" and value is not None:
                ratios[f"{task} / value, {n:.0e} workers"] = cell.median / value.median
            if reference is not None and n > REFERENCE:
                ratios[f"{task}, time per worker, {n:.0e} / {REFERENCE:.0e}"] = cell.per_worker / reference.per_worker
                ratios[f"{task}, memory running, {n:.0e} / {REFERENCE:.0e}"] = cell.run_mib / max(
                    reference.run_mib, 1.0
                )
        return ratios

    def table(self) -> Table:
        """Times and memory of every task and size."""
        cells = self.cells
        return Table(
            (
                Column("task", [cell.task for cell in cells]),
                Column("workers", [cell.n_workers for cell in cells], ".0e"),
                Column("draws", ["kept" if cell.stored else "again" for cell in cells]),
                Column("compile s", [cell.compile_s for cell in cells], ".1f"),
                Column("seconds", [cell.median for cell in cells], ".4g"),
                Column("ns/worker", [cell.per_worker for cell in cells], ".3g"),
                Column("M/s", [1e3 / cell.per_worker for cell in cells], ".3g"),
                Column("run MiB", [cell.run_mib for cell in cells], ".0f"),
                Column("all MiB", [cell.memory_mib for cell in cells], ".0f"),
                Column("of read", [cell.of_bandwidth for cell in cells], ".0%"),
            )
        )

    def __str__(self) -> str:
        lines = [
            f"{self.device['count']} x {self.device['kind']} ({self.device['platform']}),"
            f" copy {self.bandwidth / 1e9:.1f} GB/s",
            str(self.table()),
        ]
        for task in TASKS:
            if (exponent := self.exponent(task)) is not None:
                lines.append(f"time of {task} grows as N^{exponent:.3f} from {REFERENCE:.0e} workers on")
        return "\n".join(lines)


class Program:
    """A task at a size, in its own process."""

    def __init__(self, config: Config, task: str, n_workers: int) -> None:
        jax.config.update("jax_enable_x64", True)
        self._config, self._task, self._n = config, task, n_workers
        self._vector = jnp.asarray([float(getattr(config.params, name)) for name in PARAMETER_NAMES])

    def rest(self) -> dict[str, Any]:
        """Nothing; its reading is what the process holds anyway."""
        return device()

    def draw(self) -> tuple[bool, int]:
        """Draw the population; whether it is kept, and its chunk."""
        self._population = jax.block_until_ready(self._config.draw(n_workers=self._n))
        return self._population.stored, self._population.chunk

    def compile(self) -> float:
        """Compile; seconds."""
        self._program, seconds = compile_timed(program(self._task, self._config), self._vector, self._population)
        return seconds["total_s"]

    def run(self) -> list[np.ndarray]:
        """Once, results on the host."""
        return [np.asarray(part) for part in jax.tree.leaves(self._program(self._vector, self._population))]

    def device_peak(self) -> float | None:
        """Peak memory on the accelerator."""
        return device_peak_mib()


class Copy:
    """The bandwidth of a copy, in its own process."""

    def seconds_per_byte(self) -> float:
        """Seconds per byte of the fastest of ten copies of 256 MiB, read and written."""
        values = jnp.ones(1 << 26, jnp.float32)
        double = jax.jit(lambda x: 2 * x)
        double(values).block_until_ready()
        times = []
        for _ in range(10):
            start = time.perf_counter()
            double(values).block_until_ready()
            times.append(time.perf_counter() - start)
        return min(times) / (2 * values.nbytes)


def program(task: str, config: Config) -> Callable[..., Any]:
    """A task as a function of all parameters and a population."""

    def params_at(vector: jax.Array) -> Parameters:
        return Parameters(**dict(zip(PARAMETER_NAMES, vector, strict=True)))

    def moments(vector: jax.Array, population: Any) -> jax.Array:
        return six_moments(params_at(vector), population, config.scenario, income=config.income)

    if task == "value":
        return moments
    if task == "gradient":
        return jax.value_and_grad(lambda vector, population: moments(vector, population)[5])
    return lambda vector, population: moments_and_jacobian(
        vector, params_at, population, config.scenario, income=config.income
    )


@with_x64
@measuring()
def measure(
    config: Config,
    sizes: Sequence[int] = (),
    tasks: Sequence[str] = TASKS,
    repeats: int = 5,
    watch: Callable[[Cell], None] = lambda _: None,
) -> Scaling:
    """Measure tasks at sizes.

    Args:
        config: Parameters, firms, precision, storage and devices; its number of workers is not used.
        sizes: Numbers of workers; by default `SIZES` of the platform.
        tasks: Some of `TASKS`.
        repeats: Timed runs of each cell, after one that is not counted.
        watch: Called with each cell as it is done.

    Raises:
        PopulationError: if a population of one of the sizes cannot be drawn.
        RuntimeError: with the traceback of the process in which something failed.
    """
    copy = Remote("copy", Copy)
    per_byte = copy.call("seconds_per_byte").value
    copy.close()
    cells, where = [], {}
    for size in sizes or _sizes_here():
        for task in tasks:
            cell, where = _cell(config, task, size, repeats, per_byte)
            cells.append(cell)
            watch(cell)
    return Scaling(tuple(cells), 1 / per_byte, where)


def _sizes_here() -> tuple[int, ...]:
    return SIZES.get(jax.default_backend(), SIZES["gpu"])


def _cell(config: Config, task: str, size: int, repeats: int, per_byte: float) -> tuple[Cell, Mapping[str, Any]]:
    remote = Remote(f"{task} of {size} workers", Program, config, task, size)
    rest = remote.call("rest")
    drawn, compiled = remote.call("draw"), remote.call("compile")
    first = remote.call("run")
    if not all(np.all(np.isfinite(part)) for part in first.value):
        raise RuntimeError(f"{task} of {size} workers is not finite; nothing was timed.")
    runs: list[Reading] = [remote.call("run") for _ in range(repeats)]
    stored, chunk = drawn.value
    read_s = size * bytes_per_worker(config.population["precision"]) * PASSES[task] * per_byte
    cell = Cell(
        task=task,
        n_workers=size,
        stored=stored,
        chunk=chunk,
        compile_s=compiled.value,
        seconds=tuple(run.seconds for run in runs),
        memory_mib=max(r.peak_mib for r in (drawn, compiled, first, *runs)) - rest.peak_mib,
        run_mib=max(r.peak_mib for r in (first, *runs)) - rest.peak_mib,
        device_mib=remote.call("device_peak").value,
        of_bandwidth=read_s / statistics.median(run.seconds for run in runs) if stored else None,
    )
    remote.close()
    return cell, rest.value


def regressions(
    now: Mapping[str, float], before: Mapping[str, float], tolerance: float
) -> dict[str, tuple[float, float]]:
    """Ratios that are more than `tolerance` times what they were, with both values, (now, before).

    Raises:
        ValueError: if the two runs have no ratio in common.
    """
    common = [name for name in before if name in now]
    if not common:
        raise ValueError("the two runs have no ratio in common; measure the sizes and tasks of the earlier one.")
    return {name: (now[name], before[name]) for name in common if not now[name] <= tolerance * before[name]}

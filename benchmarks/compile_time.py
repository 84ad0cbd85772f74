"""Processor time to compile the exact Jacobian, a first `aigini reproduce` and files of tests, against another commit.

The other commit is unpacked into a temporary folder, and both trees take turns, each in processes and with an empty
compilation cache of its own. What counts is processor time, of all processes that a command starts: wall time on a
machine that does other things as well says little.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

import measure
from measure import Remote, say

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"

JACOBIAN = """
import json, sys, time
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_enable_compilation_cache", False)
from aigini.parameters import PARAMETER_NAMES, Parameters
from aigini.population import draw_population
from aigini.statistics.moments import moments_and_jacobian
point = jnp.asarray([float(getattr(Parameters(), name)) for name in PARAMETER_NAMES])
population = draw_population(n_workers=int(sys.argv[1]), n_firms=300)
def parameters(vector):
    return Parameters(**{name: vector[i] for i, name in enumerate(PARAMETER_NAMES)})
def both(vector, population):
    return moments_and_jacobian(vector, parameters, population)
start = time.process_time()
lowered = jax.jit(both).lower(point, population)
traced = time.process_time()
program = lowered.compile()
compiled = time.process_time()
jax.block_until_ready(program(point, population))
runs = []
for _ in range(int(sys.argv[2])):
    clock = time.process_time()
    jax.block_until_ready(program(point, population))
    runs.append(time.process_time() - clock)
print(json.dumps({"trace": traced - start, "compile": compiled - traced, "run": min(runs)}))
"""


class Device:
    """The device, asked for in another process so that none is held here."""

    def found(self) -> dict[str, object]:
        """Platform, kind and number of devices."""
        return measure.device()


def unpack(commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def run(tree: Path, command: Sequence[str], cache: str, accepted: Sequence[int] = (0,)) -> tuple[float, str]:
    """Processor seconds of a command that imports the package from `tree`, and what it printed.

    Raises:
        RuntimeError: if it ends with a code that is not `accepted`.
    """
    environment = {**os.environ, "PYTHONPATH": str(tree), "AIGINI_CACHE": cache}
    environment.pop("JAX_ENABLE_COMPILATION_CACHE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accepted:
        raise RuntimeError(f"{' '.join(command[:3])} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def once(tree: Path, asked: argparse.Namespace) -> dict[str, float]:
    """Processor seconds of each part, in one tree."""
    found: dict[str, float] = {}
    _, out = run(tree, ["-c", JACOBIAN, str(asked.workers), "20"], "off")
    found |= {f"jacobian: {name}": value for name, value in json.loads(out.splitlines()[-1]).items()}
    found["jacobian: to compile"] = found["jacobian: trace"] + found["jacobian: compile"]
    if asked.reproduce:
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out_folder:
            command = ["-m", "aigini.cli", "reproduce", "--out", out_folder]
            found["reproduce"] = run(tree, command, cache, accepted=(0, 3))[0]
    for name in asked.tests:
        shutil.rmtree(tree / ".pytest_cache", ignore_errors=True)  # where tests keep their programs
        command = ["-m", "pytest", "-q", "-n", "0", f"tests/{name}.py"]
        found[f"tests: {name}"] = run(tree, command, "off")[0]
    return found


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", default="bf69261", help="the commit to compare with")
    parser.add_argument("--workers", type=int, default=1 << 18, help="workers of the Jacobian")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reproduce", action="store_true", help="measure `aigini reproduce` as well: minutes")
    parser.add_argument("--tests", nargs="*", default=[], help="files of tests to measure as well: test_oracle, ...")
    parser.add_argument("--out", type=Path, help="benchmarks/results/compile_time-PLATFORM.json by default")
    asked = parser.parse_args()
    measure.set_environment()
    device = Remote("device", Device)
    record = measure.environment(device.call("found").value)
    device.close()
    seconds: dict[str, dict[str, list[float]]] = {"before": {}, "now": {}}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        trees = {"before": Path(first), "now": Path(second)}
        unpack(asked.against, trees["before"])
        unpack("HEAD", trees["now"])
        for _ in range(asked.repeats):
            for name, tree in trees.items():
                for part, value in once(tree, asked).items():
                    seconds[name].setdefault(part, []).append(value)
    ratios = {part: measure.ratio(seconds["now"][part], values) for part, values in seconds["before"].items()}
    rows = [
        [part, f"{min(seconds['before'][part]):.3g}", f"{min(seconds['now'][part]):.3g}", f"{ratio['median']:.2f}"]
        for part, ratio in ratios.items()
    ]
    say(measure.table(["processor seconds", "before", "now", "ratio"], rows))
    measure.write_json(
        asked.out or RESULTS / f"compile_time-{record['device']['platform']}.json",
        {
            "benchmark": "processor time to compile, against another commit",
            "arguments": {name: getattr(asked, name) for name in ("against", "workers", "repeats", "tests")},
            "environment": record,
            "cpu_seconds": {
                name: {part: measure.summary(values) for part, values in parts.items()}
                for name, parts in seconds.items()
            },
            "ratios": ratios,
        },
    )


if __name__ == "__main__":
    main()

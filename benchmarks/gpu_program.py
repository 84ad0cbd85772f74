"""What would run on an NVIDIA H200: aigini's programs compiled for one, which needs no GPU, and read.

Memory, kernels and atomic additions are properties of the compiled program; its speed is not, and nothing here says
anything about it. Needs JAX 0.11.2 or later with its CUDA packages (`pip install 'jax[cuda12]'`), not a driver.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import os
import re
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"
# Autotuning would run kernels.
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_gpu_autotune_level=0"

import equinox as eqx
import jax
import jax.numpy as jnp
import measure
from jax.experimental import topologies
from jax.sharding import NamedSharding, PartitionSpec
from measure import say

from aigini.bench.scaling import TASKS, program
from aigini.config import load
from aigini.parameters import PARAMETER_NAMES
from aigini.population.layout import even_width
from aigini.population.population import Population
from aigini.population.workers import N_OCCUPATIONS

RESULTS = Path(__file__).resolve().parent / "results"

# Public figures of the chip, as XLA wants them.
H200 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152 shared_memory_per_core: 233472
  threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 4800000000000 l2_cache_size: 62914560 clock_rate_ghz: 1.98 device_memory_size: 150754820096
  shared_memory_per_block_optin: 232448 cuda_compute_capability { major: 9 }
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 7 }
runtime_version { major: 12 minor: 9 patch: 0 }
device_description_str: "NVIDIA H200"
"""
_NOT_KERNELS = {"get-tuple-element", "tuple", "parameter", "bitcast", "constant", "while"}


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A compiled program.

    Attributes:
        draws_gib: Its arguments: the draws of all workers.
        temporary_mib: Everything else it allocates.
        kernels_per_row: Kernels and copies of each loop over rows of workers, one number a loop.
        atomics_per_worker: Additions by index of each worker, by type.
    """

    draws_gib: float
    temporary_mib: float
    kernels_per_row: tuple[int, ...]
    atomics_per_worker: dict[str, int]


def abstract_population(n_workers: int, chunk: int, place: NamedSharding) -> Population:
    """The shapes of a population whose draws are kept, without its draws."""
    width = even_width(n_workers, chunk)
    rows = N_OCCUPATIONS * -(-n_workers // (N_OCCUPATIONS * width))
    with jax.default_device(jax.devices("cpu")[0]):
        small = load(None, {}).draw(n_workers=1 << 12)

    def shaped(shape: tuple[int, ...], leaf: jax.Array) -> Any:
        return jax.ShapeDtypeStruct(shape, leaf.dtype, sharding=place)

    return eqx.tree_at(
        lambda p: (p.workers, p.occupation, p.count, p.firm_shocks),
        dataclasses.replace(small, n_workers=n_workers),
        (
            jax.tree.map(lambda leaf: shaped((rows, width), leaf), small.workers),
            shaped((rows,), small.occupation),
            shaped((rows,), small.count),
            shaped(small.firm_shocks.shape, small.firm_shocks),
        ),
    )


def read(compiled: Any, width: int) -> Compiled:
    """Read a compiled program whose rows have `width` workers."""
    text, memory = compiled.as_text(), compiled.memory_analysis()
    bodies = {body.split()[0].lstrip("%"): body for body in re.split(r"\n(?=\S.*\{\n)", text)}
    kernels, atomics = [], collections.Counter()
    for name in dict.fromkeys(re.findall(r"body=%?([\w.\-]+)", text)):
        loop = bodies[name]
        added = collections.Counter()
        for called in re.findall(r"calls=%?([\w.\-]+)", loop):
            for line in re.findall(r".* scatter\(.*", bodies[called]):
                updates = re.findall(r"%([\w.\-]+)", line.split(" scatter(")[1].split(")")[0])[2]
                kind, shape = re.findall(rf"%{re.escape(updates)} = (\w+)\[([\d,]*)\]", bodies[called])[0]
                count = 1
                for length in filter(None, shape.split(",")):
                    count *= int(length)
                if count >= width:
                    added[kind] += count // width
        if added:
            operations = re.findall(r"= (?:\([^=]*?\)|\S+) ([a-z\-]+)\(", loop)
            kernels.append(sum(name not in _NOT_KERNELS for name in operations))
            atomics += added
    return Compiled(
        draws_gib=memory.argument_size_in_bytes / 2**30,
        temporary_mib=memory.temp_size_in_bytes / 2**20,
        kernels_per_row=tuple(kernels),
        atomics_per_worker=dict(atomics),
    )


def main() -> None:
    """Compile, print, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=float, default=1e9)
    parser.add_argument("--chunks", type=int, nargs="+", default=[1 << 20, 1 << 22, 1 << 24])
    parser.add_argument("--out", type=Path, default=RESULTS / "gpu_program-h200.json")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    topology = topologies.get_topology_desc(platform="cuda", target_config=H200, topology="1x1x1")
    place = NamedSharding(topologies.make_mesh(topology, (1,), ("device",)), PartitionSpec())
    config = load(None, {})
    vector = jax.ShapeDtypeStruct((len(PARAMETER_NAMES),), jnp.float64, sharding=place)
    found, rows = {}, []
    for chunk in asked.chunks:
        population = abstract_population(int(asked.workers), chunk, place)
        for task in TASKS:
            traced = jax.jit(program(task, config)).trace(vector, population)
            one = read(traced.lower(lowering_platforms=("cuda",)).compile(), population.chunk)
            found[f"{task}, chunk {chunk}"] = dataclasses.asdict(one) | {"rows": len(population.count)}
            atomics = ", ".join(f"{count} {kind}" for kind, count in one.atomics_per_worker.items())
            rows.append(
                [
                    task,
                    str(chunk),
                    str(len(population.count)),
                    f"{one.draws_gib:.1f}",
                    f"{one.temporary_mib:.0f}",
                    " + ".join(map(str, one.kernels_per_row)),
                    atomics,
                ]
            )
            say(f"{task}, chunk {chunk}: compiled")
    heads = ["task", "chunk", "rows", "draws GiB", "temporary MiB", "kernels a row", "atomics a worker"]
    say(measure.table(heads, rows))
    measure.write_json(
        asked.out,
        {
            "benchmark": "programs compiled for an NVIDIA H200 and not run",
            "arguments": {"workers": asked.workers, "chunks": asked.chunks},
            "environment": measure.environment(
                {"platform": "none: compiled for cuda", "kind": "NVIDIA H200", "count": 0}
            ),
            "programs": found,
        },
    )


if __name__ == "__main__":
    main()

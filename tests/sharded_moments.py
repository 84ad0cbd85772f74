"""Moments and derivatives on several devices, printed as JSON; started by test_sharding.py as processes of their own.

python sharded_moments.py DEVICES [PORT PROCESSES NUMBER]
"""

import json
import os
import pathlib
import sys

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", int(sys.argv[1]))
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_compilation_cache_dir", os.environ["CACHE"])

if len(sys.argv) > 2:
    port, processes, number = (int(argument) for argument in sys.argv[2:])
    jax.distributed.initialize(f"localhost:{port}", processes, number)

import jax.numpy as jnp
import numpy as np

from aigini.economy.economy import Scenario, solve
from aigini.parameters import Parameters
from aigini.population import draw_population, shard
from aigini.statistics.catalogue import MOMENT_NAMES, resolve
from aigini.statistics.jacobian import value_and_jacobian
from aigini.statistics.moment import statistic_of
from aigini.statistics.moments import six_moments

NAMES = ("sigma", "eta1", "xi")
WAYS = {"stored": (1, 3), "regenerated": (1, 0)}  # devices, 0 for all
DRAWN = {"n_workers": 2**12, "n_firms": 64, "chunk": 128}


def place(vector):
    return Parameters(**dict(zip(NAMES, vector, strict=True)))


@jax.jit
def jacobian(vector, population):
    return value_and_jacobian(
        lambda v: solve(place(v), Scenario(), population.firm_shocks),
        statistic_of(resolve(MOMENT_NAMES)),
        population,
        vector,
        jnp.eye(len(NAMES)),
    )


def main():
    vector = jnp.asarray([getattr(Parameters(), name) for name in NAMES])
    found = {"devices": len(jax.devices()), "processes": jax.process_count()}
    for storage in ("stored", "regenerated"):
        population = draw_population(**DRAWN, precision="float64", storage=storage)
        for devices in WAYS[storage] if jax.process_count() == 1 else (0,):
            shared = population if devices == 1 else shard(population, devices)
            moments, matrix = jacobian(vector, shared)
            found[f"{storage} {devices or 'all'}"] = {
                "moments": np.asarray(moments).tolist(),
                "jacobian": np.asarray(matrix).tolist(),
                "rows": shared.count.shape[0],
                "placed": len(shared.count.sharding.device_set),
            }
    if jax.process_count() == 1:
        shared = shard(draw_population(**DRAWN, precision="float64", storage="regenerated"))
        moment = jax.value_and_grad(lambda v: six_moments(place(v), shared)[5])
        program = jax.jit(moment).lower(vector).compile()
        found["gradient"] = np.asarray(program(vector)[1]).tolist()
        text = program.as_text()
        found["all-reduce"] = text.count(" all-reduce(") + text.count(" all-reduce-start(")
        found["other"] = sum(text.count(f" {name}(") for name in ("all-gather", "all-to-all", "collective-permute"))
    if jax.process_index() == 0:
        pathlib.Path(os.environ["OUT"]).write_text(json.dumps(found))


main()

"""A population divided among devices: each sums its own workers, and only sums travel between them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array

from aigini.errors import PopulationError
from aigini.population.population import Population

AXIS = "workers"
"""Axis of the mesh that `shard` makes."""


def shard(population: Population, devices: int | Mesh = 0) -> Population:
    """Divide the rows of a population among devices; every function of the population then runs on all of them.

    On several hosts, which `jax.distributed.initialize` has joined, every process draws the same population and calls
    this; each ends up with its own rows. Populations that are ``"regenerated"`` then cost no memory and no transfer.

    Args:
        population: Drawn without a mesh.
        devices: Number of `jax.devices()` to use, 0 for all of them, or a mesh over whose every axis rows are divided.

    Raises:
        PopulationError: if there are fewer devices than asked for.
    """
    if isinstance(devices, Mesh):
        mesh = devices
    else:
        there = jax.devices()
        if not 0 <= devices <= len(there):
            raise PopulationError(
                f"population.devices = {devices}, but JAX sees {len(there)} ({there[0].platform}); 0 is all of them."
                " On a CPU the number is set by jax.config.update('jax_num_cpu_devices', ...) before JAX is first used."
            )
        mesh = Mesh(np.asarray(there[: devices or len(there)]), (AXIS,), axis_types=(AxisType.Auto,))
    missing = -population.count.shape[0] % mesh.size
    divided = NamedSharding(mesh, PartitionSpec(mesh.axis_names))

    def divide(leaf: Array) -> Array:
        # Rows that make up the number have no worker who counts; they repeat the last one.
        return jax.device_put(jnp.concatenate([leaf, jnp.repeat(leaf[-1:], missing, axis=0)]), divided)

    def copy(leaf: Array) -> Array:
        return jax.device_put(leaf, NamedSharding(mesh, PartitionSpec()))

    count = jnp.concatenate([population.count, jnp.zeros(missing, population.count.dtype)])
    return dataclasses.replace(
        population,
        workers=population.workers.divided(divide, copy),
        occupation=divide(population.occupation),
        count=jax.device_put(count, divided),
        firm_shocks=copy(population.firm_shocks),
        ownership_tilt=copy(population.ownership_tilt),
        mesh=mesh,
    )

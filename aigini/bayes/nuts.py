"""NUTS in blocks: chains side by side in one compiled program and over all devices, saved after every block.

A block depends on nothing but the state it starts from, adaptation included, so a run that was killed and resumed goes
on with the same draws, bit for bit on the same device. Kernel: NumPyro's `hmc` with a dense metric.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from numpyro.infer.hmc import hmc
from numpyro.infer.util import potential_energy

from aigini.bayes.diagnostics import tree_depth
from aigini.bayes.laplace import Laplace, potentials
from aigini.bayes.model import Model, as_point, run
from aigini.bayes.settings import NutsSettings
from aigini.errors import AnalysisError
from aigini.runtime import random_keys
from aigini.runtime.evaluations import block
from aigini.runtime.memory import in_groups
from aigini.runtime.progress import steps

STATISTICS = ("potential_energy", "energy", "diverging", "num_steps", "accept_prob", "step_size")


@dataclasses.dataclass(frozen=True)
class Chains:
    """Draws in unconstrained space, with the statistics of the sampler.

    Attributes:
        names: Parameters.
        points: The draws, ``[chains, draws, parameters]``.
        statistics: Statistics of each draw by the names of `STATISTICS`, ``[chains, draws]``.
        warmup_steps: Gradient evaluations of the warm-up, ``[chains]``.
    """

    names: tuple[str, ...]
    points: np.ndarray
    statistics: dict[str, np.ndarray]
    warmup_steps: np.ndarray


@random_keys.pinned()
def sample(model: Model, start: Laplace, settings: NutsSettings, together: int | None = None) -> Chains:
    """Run the chains from draws of the approximation `start`, which is also their first metric.

    Args:
        model: The model.
        start: Approximation of the posterior.
        settings: Numbers of chains and iterations, and the settings of the kernel.
        together: Chains that run at once on a device, at most; by default all that are there.

    Raises:
        AnalysisError: if no starting point with a finite density is found.
    """
    initialise, step = kernel()
    together = together or settings.chains
    state = _begin(model, start, settings, initialise, together)
    mesh = chain_mesh(settings.chains)
    leaves, structure = jax.tree.flatten(state)
    total = settings.warmup + settings.draws
    starts = list(range(0, total, settings.block))
    points, statistics = [], []
    for number in steps("NUTS", range(len(starts))):
        length = min(settings.block, total - starts[number])

        def advance(state: Any = state, length: int = length) -> dict[str, Any]:
            iterations = []
            for _ in range(length):
                state, draw = _iterate(model, state, step, mesh, together)
                iterations.append(draw)
            points, parts = zip(*jax.device_get(iterations), strict=True)
            return {
                "state": [_numbers(leaf).tolist() for leaf in jax.tree.leaves(state)],
                "points": np.stack(points).tolist(),
                "statistics": [np.stack(part).tolist() for part in zip(*parts, strict=True)],
            }

        done = block(f"NUTS/{number}", advance)
        state = jax.tree.unflatten(
            structure,
            [_restored(values, leaf) for values, leaf in zip(done["state"], leaves, strict=True)],
        )
        points += done["points"]
        statistics += [dict(zip(STATISTICS, values, strict=True)) for values in zip(*done["statistics"], strict=True)]
    order = sorted_positions(model)
    every = {name: np.array([entry[name] for entry in statistics]).T for name in STATISTICS}
    sampled = slice(settings.warmup, None)
    return Chains(
        names=model.names,
        points=np.array(points).swapaxes(0, 1)[:, sampled, order],
        statistics={name: values[:, sampled] for name, values in every.items()},
        warmup_steps=every["num_steps"][:, : settings.warmup].sum(axis=1),
    )


def _numbers(leaf: jax.Array) -> np.ndarray:
    """A leaf of a state as numbers; keys are the words they are made of."""
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _restored(values: Any, like: jax.Array) -> jax.Array:
    """The leaf whose numbers are `values`, of the type of `like`."""
    if _is_key(like):
        words = jnp.asarray(np.array(values, np.uint32))
        return random_keys.of_words(words)
    return jnp.asarray(np.array(values, like.dtype))


def _is_key(leaf: jax.Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def kernel() -> tuple[Any, Any]:
    """NumPyro's NUTS on models as data: functions that make the first state, and the next one."""
    return hmc(potential_fn_gen=lambda model: functools.partial(potential_energy, run, (model,), {}), algo="NUTS")


def first_state(
    initialise: Any, model: Model, point: jax.Array, metric: jax.Array, settings: NutsSettings, key: jax.Array
) -> Any:
    """The state of one chain before its first iteration.

    Args:
        initialise: First function of `kernel`.
        model: The model.
        point: Unconstrained values, ``[parameters]``.
        metric: Covariance that the first metric is made from, ``[parameters, parameters]``.
        settings: Numbers of chains and iterations, and the settings of the kernel.
        key: Random key of the chain.
    """
    order = jnp.asarray([model.names.index(name) for name in sorted(model.names)])  # NumPyro sorts names
    return initialise(
        as_point(model, point),
        settings.warmup,
        inverse_mass_matrix=metric[order][:, order],
        dense_mass=True,
        target_accept_prob=settings.target_accept,
        max_tree_depth=settings.max_tree_depth,
        model_args=(model,),
        rng_key=key,
    )


def _begin(model: Model, start: Laplace, settings: NutsSettings, initialise: Any, together: int) -> Any:
    """The first state of all chains, from draws of the approximation that have a density."""
    candidates = start.draw(settings.seed, 8 * settings.chains)
    energies = np.asarray(potentials(model, jnp.asarray(candidates)))
    usable = candidates[np.isfinite(energies)][: settings.chains]
    if len(usable) < settings.chains:
        raise AnalysisError(
            f"only {len(usable)} of {len(candidates)} points around the mode have a posterior density, and"
            f" {settings.chains} chains need one each; narrow the priors."
        )
    metric = jnp.asarray(start.covariance)
    keys = jax.random.split(random_keys.key(settings.seed), settings.chains)
    one = functools.partial(first_state, initialise, model)
    every = in_groups(lambda point, key: one(point, metric, settings, key), together)
    return jax.jit(every)(jnp.asarray(usable), keys)


def sorted_positions(model: Model) -> list[int]:
    """Position of each parameter among the sorted names, the order in which states hold them."""
    return [sorted(model.names).index(name) for name in model.names]


@functools.partial(jax.jit, static_argnames=("step", "mesh", "together"))
def _iterate(model: Model, state: Any, step: Any, mesh: Mesh, together: int) -> tuple[Any, tuple[Any, Any]]:
    """An iteration of all chains; unconstrained points in the order of sorted names, and statistics.

    One iteration, because a loop over several is compiled anew for every number of them, and may round differently.
    """

    def one(model: Model, state: Any) -> tuple[Any, tuple[Any, Any]]:
        state = step(state, (model,), {})
        statistics = (
            state.potential_energy,
            state.energy,
            state.diverging,
            state.num_steps,
            state.accept_prob,
            state.adapt_state.step_size,
        )
        return state, (ravel_pytree(state.z)[0], statistics)

    def own_chains(model: Model, state: Any) -> tuple[Any, tuple[Any, Any]]:
        return in_groups(functools.partial(one, model), together)(state)

    # Chains on one device wait for the longest trajectory among them, those on different devices do not.
    each = P("chains")
    return jax.shard_map(own_chains, mesh=mesh, in_specs=(P(), each), out_specs=each, check_vma=False)(model, state)


def chain_mesh(chains: int) -> Mesh:
    """As many of the devices as share the chains evenly."""
    devices = jax.devices()
    count = max(n for n in range(1, len(devices) + 1) if chains % n == 0)
    return Mesh(np.array(devices[:count]), ("chains",))


def sample_stats(statistics: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Statistics of NumPyro's NUTS under the names that ArviZ has for them.

    Args:
        statistics: ``potential_energy``, ``energy``, ``diverging``, ``num_steps``, ``accept_prob`` and ``step_size``,
            ``[chains, draws]``.

    Returns:
        ``lp``, the log density in unconstrained space up to a constant, ``energy``, ``diverging``, ``n_steps``,
        ``tree_depth``, ``acceptance_rate`` and ``step_size``.

    Raises:
        ValueError: if one is missing.
    """
    needed = ("potential_energy", "energy", "diverging", "num_steps", "accept_prob", "step_size")
    missing = [name for name in needed if name not in statistics]
    if missing:
        raise ValueError(f"the statistics of the sampler lack {', '.join(missing)}; give all of {', '.join(needed)}.")
    return {
        "lp": -np.asarray(statistics["potential_energy"], float),
        "energy": np.asarray(statistics["energy"], float),
        "diverging": np.asarray(statistics["diverging"]).astype(bool),
        "n_steps": np.asarray(statistics["num_steps"]).astype(int),
        "tree_depth": tree_depth(statistics["num_steps"]),
        "acceptance_rate": np.asarray(statistics["accept_prob"], float),
        "step_size": np.asarray(statistics["step_size"], float),
    }

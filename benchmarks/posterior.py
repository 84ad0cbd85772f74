"""Effective draws per second of the baseline posterior: aigini's NUTS, random-walk Metropolis, NumPyro's alternatives.

All sample the same model with four chains, each on a device of its own where there are several, from the same draws of
the normal approximation at the mode, one method after the other in one process, until --seconds of sampling are spent:

* nuts: what `aigini posterior` does, with the covariance of the approximation as its first metric;
* nuts_unit_metric: NumPyro's NUTS from the same points with its default first metric;
* hmc: NumPyro's HMC with trajectories of length 2π/4;
* barker: NumPyro's Barker proposal, which takes one gradient a step;
* random_walk: Metropolis with normal steps of 2.38² / d times the covariance of the approximation, without gradients.

Compile time is apart; so is warm-up, and a method whose warm-up takes more than --warmup-seconds has no result: its
kernel is still adapting. The effective sample size is the smallest bulk or tail one over the parameters.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import measure
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import NamedSharding, PartitionSpec
from measure import say
from numpyro.infer import HMC, NUTS, BarkerMH

from aigini.bayes.diagnostics import summarise
from aigini.bayes.laplace import Laplace, laplace
from aigini.bayes.model import Model, as_point, build, run
from aigini.bayes.nuts import chain_mesh
from aigini.commands.posterior_problem import posterior_likelihood, posterior_simulator
from aigini.config import load

RESULTS = Path(__file__).resolve().parent / "results"
CHAINS = 4


class RandomWalk:
    """Metropolis on the potential, with the interface of NumPyro's kernels."""

    sample_field = "z"

    def __init__(self, model: Model, start: Laplace) -> None:
        self.root = jnp.asarray(np.linalg.cholesky(start.covariance)) * 2.38 / np.sqrt(len(start.names))
        self.names = model.names

    def init(self, keys: jax.Array, num_warmup: int, init_params: Any, model_args: Any, model_kwargs: Any) -> Any:
        """The first states."""
        del num_warmup, model_kwargs
        points = jnp.stack([init_params[name] for name in self.names], axis=1)
        return points, jax.vmap(lambda p: model_args[0].potential(as_point(model_args[0], p)))(points), keys

    def sample(self, state: Any, model_args: Any, model_kwargs: Any) -> Any:
        """The next states."""
        del model_kwargs

        def one(point: Any, energy: Any, key: Any) -> Any:
            key, walk, accept = jax.random.split(key, 3)
            proposal = point + self.root @ jax.random.normal(walk, point.shape)
            proposed = model_args[0].potential(as_point(model_args[0], proposal))
            move = jnp.log(jax.random.uniform(accept)) < energy - proposed
            return jnp.where(move, proposal, point), jnp.where(move, proposed, energy), key

        return jax.vmap(one)(*state)


def points_of(state: Any) -> jax.Array:
    """Unconstrained points of a state, ``[chains, parameters]``."""
    z = getattr(state, "z", None)
    return state[0] if z is None else jax.vmap(lambda z: ravel_pytree(z)[0])(z)


def steps_of(state: Any) -> jax.Array:
    """Gradient evaluations of the last iteration, by chain."""
    steps = getattr(state, "num_steps", None)
    return jnp.ones(len(points_of(state)), int) if steps is None else steps


def measured(
    model: Model,
    kernel: Any,
    starts: dict[str, jax.Array],
    warmup: int,
    block: int,
    limits: tuple[float, float],
    gradients: bool,
) -> dict[str, Any]:
    """Compile, warm up, sample for some seconds, and count."""
    keys = jax.random.split(jax.random.PRNGKey(0), CHAINS)
    clock = time.perf_counter()
    step = kernel.sample
    try:
        state = kernel.init(keys, warmup, init_params=starts, model_args=(model,), model_kwargs={})
    except AssertionError:  # NumPyro's Barker kernel knows single chains only
        each = [
            kernel.init(key, warmup, {name: values[i] for name, values in starts.items()}, (model,), {})
            for i, key in enumerate(keys)
        ]
        state = jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)

        def step(state: Any, args: Any, keywords: Any) -> Any:
            return jax.vmap(lambda own: kernel.sample(own, args, keywords))(state)

    def advance(model: Model, state: Any) -> Any:
        def one(state: Any, _: None) -> Any:
            state = step(state, (model,), {})
            return state, (points_of(state), steps_of(state))

        return jax.lax.scan(one, state, None, length=block)

    # As `aigini posterior` does it: a chain on a device need not wait for longer trajectories on others.
    divided = jax.shard_map(
        advance,
        mesh=chain_mesh(CHAINS),
        in_specs=(PartitionSpec(), PartitionSpec("chains")),
        out_specs=(PartitionSpec("chains"), PartitionSpec(None, "chains")),
        check_vma=False,
    )
    # The first states are of one device, later ones of all: compiled for those.
    state = jax.device_put(state, NamedSharding(chain_mesh(CHAINS), PartitionSpec("chains")))
    model = jax.device_put(model, NamedSharding(chain_mesh(CHAINS), PartitionSpec()))
    compiled = jax.jit(divided).lower(model, state).compile()
    compile_seconds = time.perf_counter() - clock

    def blocks(state: Any, enough: Callable[[int, float], bool]) -> tuple[Any, np.ndarray, int, float]:
        clock, kept, steps = time.perf_counter(), [], 0
        while not enough(len(kept), time.perf_counter() - clock):
            state, (points, taken) = compiled(model, state)
            kept.append(np.asarray(points))
            steps += int(np.asarray(taken).sum())
        return state, np.concatenate(kept).swapaxes(0, 1), steps, time.perf_counter() - clock

    seconds, patience = limits
    state, warm, warm_steps, warm_seconds = blocks(
        state, lambda done, spent: done * block >= warmup or (done > 0 and spent >= patience)
    )
    unit = "gradient_evaluations" if gradients else "value_evaluations"
    if warm.shape[1] < warmup:
        return {
            "compile_seconds": compile_seconds,
            "warmup_seconds": warm_seconds,
            "warmup_iterations": warm.shape[1],
            "warmup_iterations_needed": warmup,
            f"warmup_{unit}": warm_steps,
            "ess_per_second": None,
        }
    state, draws, steps, spent = blocks(state, lambda done, spent: spent >= seconds and done * block >= 4)
    # NumPyro's states hold parameters by sorted names.
    names = model.names if isinstance(kernel, RandomWalk) else sorted(model.names)
    summaries = summarise({str(i): draws[..., i] for i in range(draws.shape[-1])}).values()
    ess = min(min(row.ess_bulk or 0.0, row.ess_tail or 0.0) for row in summaries)
    return {
        "compile_seconds": compile_seconds,
        "warmup_seconds": warm_seconds,
        "sampling_seconds": spent,
        "draws_per_chain": draws.shape[1],
        f"warmup_{unit}": warm_steps,
        unit: steps,
        "smallest_ess": ess,
        "ess_per_second": ess / spent,
        f"ess_per_1000_{unit}": 1000 * ess / steps,
        "largest_r_hat": max(row.r_hat or np.inf for row in summaries),
        "unconstrained_mean": dict(zip(names, draws.mean(axis=(0, 1)).tolist(), strict=True)),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=16384)
    parser.add_argument("--seconds", type=float, default=90.0, help="of sampling, each method")
    parser.add_argument("--warmup-seconds", type=float, default=180.0, help="at most, each method")
    parser.add_argument("--methods", nargs="+", help="some of them; all by default")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", CHAINS)
    config = load(None)
    simulator = posterior_simulator(config, config.draw(n_workers=asked.workers))
    model = build(simulator, posterior_likelihood(config), config.posterior.priors)
    center = model.unconstrained({name: prior.center for name, prior in model.priors})
    start = laplace(model, np.array([center[name] for name in model.names]))
    points = start.draw(0, CHAINS)
    starts = {name: jnp.asarray(points[:, i]) for i, name in enumerate(model.names)}
    order = [model.names.index(name) for name in sorted(model.names)]
    metric = jnp.asarray(start.covariance[np.ix_(order, order)])
    common: dict[str, Any] = {"dense_mass": True, "target_accept_prob": config.posterior.nuts.target_accept}
    depth = config.posterior.nuts.max_tree_depth
    methods: dict[str, tuple[Any, int, int, bool]] = {
        "nuts": (NUTS(run, inverse_mass_matrix=metric, max_tree_depth=depth, **common), 300, 25, True),
        "nuts_unit_metric": (NUTS(run, max_tree_depth=depth, **common), 300, 25, True),
        "hmc": (HMC(run, trajectory_length=np.pi / 2, inverse_mass_matrix=metric, **common), 300, 25, True),
        "barker": (BarkerMH(run, dense_mass=True), 1000, 100, True),
        "random_walk": (RandomWalk(model, start), 200, 200, False),
    }
    found = {}
    for name, (kernel, warmup, block, gradients) in methods.items():
        if asked.methods and name not in asked.methods:
            continue
        found[name] = measured(model, kernel, starts, warmup, block, (asked.seconds, asked.warmup_seconds), gradients)
        row = found[name]
        if row["ess_per_second"] is None:
            done, needed = row["warmup_iterations"], row["warmup_iterations_needed"]
            say(f"{name:18s} {done} of {needed} iterations of warm-up in {row['warmup_seconds']:.0f} s: given up")
            continue
        say(
            f"{name:18s} compile {row['compile_seconds']:6.1f} s, warm-up {row['warmup_seconds']:6.1f} s, ESS"
            f" {row['smallest_ess']:7.0f} in {row['sampling_seconds']:6.1f} s: {row['ess_per_second']:7.2f} per second,"
            f" R-hat {row['largest_r_hat']:.3f}"
        )
    device = measure.device()
    out = asked.out or RESULTS / f"posterior-{jax.default_backend()}.json"
    measure.write_json(
        out,
        {
            "benchmark": "posterior",
            "workers": asked.workers,
            "chains": CHAINS,
            "seconds": asked.seconds,
            "environment": measure.environment(device),
            "methods": found,
            "ess_per_second_ratios": {}
            if not found.get("nuts", {}).get("ess_per_second")
            else {
                f"nuts / {name}": found["nuts"]["ess_per_second"] / row["ess_per_second"]
                for name, row in found.items()
                if name != "nuts" and row["ess_per_second"]
            },
        },
    )
    say(f"written: {out}")


if __name__ == "__main__":
    main()

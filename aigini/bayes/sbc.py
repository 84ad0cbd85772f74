"""Simulation-based calibration: a test that the sampler returns the posteriors of the model it is given.

Parameters are drawn from their priors, targets from the model at these parameters, and a posterior is sampled from each
set of targets. If everything is right, the rank of the true value among posterior draws is uniform, and intervals hold
the truth as often as they say (Talts, Betancourt, Simpson, Vehtari & Gelman, arXiv 1804.06788; thinning as there).
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from scipy import stats

from aigini.bayes.laplace import laplace
from aigini.bayes.model import Model, as_point
from aigini.bayes.nuts import chain_mesh, first_state, kernel, sorted_positions
from aigini.bayes.settings import NutsSettings
from aigini.errors import AnalysisError
from aigini.runtime import random_keys
from aigini.runtime.evaluations import block
from aigini.runtime.memory import in_groups
from aigini.runtime.progress import steps
from aigini.tables import Column, Table, Tabular

LEVELS = (0.5, 0.9)
"""Central intervals whose coverage is counted."""


@dataclasses.dataclass(frozen=True)
class Calibrated(Tabular):
    """Ranks of true values among posterior draws.

    Attributes:
        names: Parameters.
        ranks: Ranks of the true value among the thinned draws, 0 to `draws`, ``[replications, parameters]``.
        draws: Thinned draws of each posterior.
        divergences: Divergent iterations, ``[replications]``.
        impossible: Draws from the priors at which the model has no moments; they were drawn again.
    """

    names: tuple[str, ...]
    ranks: np.ndarray
    draws: int
    divergences: np.ndarray
    impossible: int

    def uniformity(self, bins: int = 16) -> Mapping[str, float]:
        """p-values of the hypothesis that ranks are uniform: the smaller of χ² and Kolmogorov-Smirnov, doubled."""
        # Where ranks fall into bins unevenly by arithmetic alone, expectations follow the arithmetic.
        cells = np.arange(self.draws + 1) * bins // (self.draws + 1)
        expected = np.bincount(cells, minlength=bins) / (self.draws + 1) * len(self.ranks)
        p_values = {}
        for i, name in enumerate(self.names):
            counts = np.bincount(cells[self.ranks[:, i]], minlength=bins)
            jitter = np.random.default_rng(0).random(len(self.ranks))
            level = (self.ranks[:, i] + jitter) / (self.draws + 1)
            p = min(float(stats.chisquare(counts, expected).pvalue), float(stats.kstest(level, "uniform").pvalue))
            p_values[name] = min(1.0, 2 * p)
        return p_values

    def coverage(self) -> Mapping[str, Mapping[str, float]]:
        """Share of replications whose central interval holds the truth, by parameter and level."""
        level = (self.ranks + 0.5) / (self.draws + 1)
        return {
            name: {f"{q:.0%}": float(np.mean(np.abs(level[:, i] - 0.5) <= q / 2)) for q in LEVELS}
            for i, name in enumerate(self.names)
        }

    @property
    def passed(self) -> bool:
        """True if no parameter's ranks depart from uniform, at 5 % over all parameters together (Bonferroni)."""
        return min(self.uniformity().values()) > 0.05 / len(self.names)

    def table(self) -> Table:
        """Uniformity of the ranks and coverage of the intervals by parameter."""
        coverage = self.coverage()
        return Table(
            (
                Column("parameter", self.names),
                Column("p (uniform)", list(self.uniformity().values()), ".3f"),
                *(Column(f"{q:.0%} covers", [coverage[n][f"{q:.0%}"] for n in self.names], ".1%") for q in LEVELS),
            )
        )

    def __str__(self) -> str:
        count = len(self.ranks)
        lines = [f"{count} posteriors of {self.draws} draws each", str(self.table())]
        errors = ", ".join(f"{np.sqrt(q * (1 - q) / count):.1%}" for q in LEVELS)
        verdict = "uniform" if self.passed else "NOT uniform: the sampler or the model is wrong"
        lines.append(f"standard errors of the coverages {errors}; ranks are {verdict}")
        lines.append(f"{int(self.divergences.sum())} divergent iterations; {self.impossible} impossible prior draws")
        return "\n".join(lines)


@random_keys.pinned()
def calibrate(
    model: Model,
    replications: int,
    settings: NutsSettings,
    *,
    thin: int = 4,
    batch: int = 16,
    together: int | None = None,
) -> Calibrated:
    """Sample posteriors of simulated targets and rank the truth in each.

    Every posterior is found as `aigini posterior` finds it: the mode from the centre of the priors, then a chain from a
    draw of the normal approximation there, with its covariance as the first metric.

    Args:
        model: The model; its own targets are replaced.
        replications: Posteriors, a multiple of `batch`.
        settings: `warmup`, `draws`, `seed` and the kernel's; `chains` is not used.
        thin: One draw in so many is used, so that those used are nearly independent.
        batch: Posteriors in a block, sampled side by side.
        together: At most so many of them at once on a device; by default all.

    Raises:
        ValueError: if `replications` is not a multiple of `batch`.
        AnalysisError: if targets cannot be simulated from a latent m6, or priors are mostly impossible.
    """
    if replications % batch:
        raise ValueError(f"replications = {replications} must be a multiple of batch = {batch}.")
    if model.likelihood.window is not None:
        raise AnalysisError('targets cannot be simulated from a latent m6; set posterior.m6 = "normal" or "improper".')
    truths, targets, impossible = _simulate(model, replications, settings.seed)
    center = model.unconstrained({name: prior.center for name, prior in model.priors})
    origin = np.array([center[name] for name in model.names])
    keys = jax.random.split(random_keys.key(settings.seed + 1), replications)
    ranks, divergences = [], []
    for number in steps("calibrated posteriors", range(replications // batch)):
        part = slice(number * batch, (number + 1) * batch)

        def run(part: slice = part) -> dict[str, list]:
            starts = [laplace(_with_target(model, jnp.asarray(target)), origin) for target in targets[part]]
            points = np.array([start.draw(settings.seed + part.start + i, 1)[0] for i, start in enumerate(starts)])
            metrics = np.array([start.covariance for start in starts])
            natural, diverging = _chains(
                model,
                *map(jnp.asarray, (targets[part], points, metrics)),
                keys[part],
                settings=settings,
                mesh=chain_mesh(batch),
                together=together or batch,
            )
            sampled = np.asarray(natural)[:, ::thin]
            below = (sampled < truths[part][:, None, :]).sum(axis=1)
            return {"ranks": below.tolist(), "divergences": np.asarray(diverging).tolist(), "draws": sampled.shape[1]}

        done = block(f"calibrated posteriors/{number}", run)
        ranks += done["ranks"]
        divergences += done["divergences"]
    return Calibrated(
        model.names, np.array(ranks), len(range(0, settings.draws, thin)), np.array(divergences), impossible
    )


def _simulate(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """True parameters ``[count, parameters]`` and targets ``[count, observed]``, and how many draws had no moments."""
    rng = np.random.default_rng(seed)
    candidates = np.stack(
        [prior.sample(seed + number, 2 * count) for number, (_, prior) in enumerate(model.priors)], axis=1
    )
    moments = np.asarray(_moments(model, jnp.asarray(candidates)))[:, list(model.likelihood.observed)]
    usable = np.flatnonzero(np.all(np.isfinite(moments), axis=1))[:count]
    if len(usable) < count:
        raise AnalysisError("more than half of the draws from the priors have no moments; narrow the priors.")
    covariance = np.linalg.inv(np.asarray(model.likelihood.precision))
    errors = rng.multivariate_normal(np.zeros(len(covariance)), covariance, size=count)
    return candidates[usable], moments[usable] + errors, int(usable[-1] + 1 - count)


@jax.jit
def _moments(model: Model, natural: jax.Array) -> jax.Array:
    return jax.lax.map(model.simulate, natural)


def _with_target(model: Model, target: jax.Array) -> Model:
    return eqx.tree_at(lambda m: m.likelihood.target, model, target)


@functools.partial(jax.jit, static_argnames=("settings", "mesh", "together"))
def _chains(
    model: Model,
    targets: jax.Array,
    points: jax.Array,
    metrics: jax.Array,
    keys: jax.Array,
    settings: NutsSettings,
    mesh: Mesh,
    together: int,
) -> tuple[jax.Array, jax.Array]:
    """Natural draws ``[batch, draws, parameters]`` and numbers of divergences ``[batch]``, a chain for each target."""
    initialise, step = kernel()
    order = jnp.asarray(sorted_positions(model))

    def own_chains(model: Model, *each: jax.Array) -> tuple[jax.Array, jax.Array]:
        return in_groups(functools.partial(one, model), together)(*each)

    def one(
        model: Model, target: jax.Array, point: jax.Array, metric: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        own = _with_target(model, target)
        state = first_state(initialise, own, point, metric, settings, key)

        def iterate(state: Any, _: None) -> tuple[Any, tuple[jax.Array, jax.Array]]:
            state = step(state, (own,), {})
            return state, (ravel_pytree(state.z)[0], state.diverging)

        _, (points, diverging) = jax.lax.scan(iterate, state, None, length=settings.warmup + settings.draws)
        sampled = points[settings.warmup :][:, order]
        natural = jax.vmap(lambda point: own.natural(as_point(own, point)))(sampled)
        return natural, jnp.sum(diverging[settings.warmup :])

    each = P("chains")
    return jax.shard_map(
        own_chains,
        mesh=mesh,
        in_specs=(P(), each, each, each, each),
        out_specs=each,
        check_vma=False,
    )(model, targets, points, metrics, keys)

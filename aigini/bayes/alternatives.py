"""P(the Gini rises) under other beliefs: priors of one parameter against beliefs about m6.

Every cell is a posterior of its own, estimated again: its mode is found, the economy is simulated at draws from a
Student distribution around it, and these are weighted by the posterior (importance sampling, Pareto-smoothed). That
takes seconds where chains take minutes; where the shape of the weights says that it cannot be trusted, the cell is
marked.

The draws of a cell take turns on several simulated populations of the same size, so that a probability is one over all
of them and costs no more than on one. `aigini.bayes.beliefs` has its error from the draw of the populations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.bayes.beliefs import Beliefs, Cell, with_population_errors
from aigini.bayes.importance import Estimate, smoothed
from aigini.bayes.laplace import Laplace, laplace, naturals
from aigini.bayes.model import Model, as_point
from aigini.runtime.evaluations import block
from aigini.runtime.progress import report

TAILS = 5.0
"""Degrees of freedom of the proposals: heavier tails than any prior here, logistic ones included."""


Simulate = Callable[[np.ndarray, int], tuple[np.ndarray, Mapping[str, np.ndarray]]]
"""Targeted moments and changes of the Ginis at natural values, on the population of a number."""


class _Known(eqx.Module):
    """Moments that were simulated already."""

    moments: Float[Array, "moments"]

    def __call__(self, natural: Float[Array, "parameters"]) -> Float[Array, "moments"]:
        del natural
        return self.moments


def table(
    parameter: str,
    models: Mapping[str, Mapping[str, Model]],
    start: np.ndarray,
    simulate: Simulate,
    *,
    count: int = 1000,
    seed: int = 0,
    populations: int = 1,
) -> Beliefs:
    """Fill the table.

    Args:
        parameter: Parameter whose priors are compared.
        models: Models by label of the prior and of the belief about m6.
        start: Natural values that the first mode is searched from, ``[parameters]``.
        simulate: Function of natural values ``[n, parameters]`` and the number of a population, from 0, that gives
            targeted moments ``[n, moments]`` and changes of the Ginis by concept, ``[n]``; not finite where the economy
            has no outcome.
        count: Draws in each cell.
        seed: Seed of the draws of the first cell; those of others are independent of them.
        populations: Number of populations on which the draws take turns.
    """
    cells = []
    total = sum(len(row) for row in models.values())
    for label, row in models.items():
        for m6, model in row.items():

            def cell(model: Model = model, number: int = len(cells)) -> dict[str, Any]:
                values = {
                    name: prior.inside(float(value)) for (name, prior), value in zip(model.priors, start, strict=True)
                }
                point = model.unconstrained(values)
                approximation = laplace(model, np.array([point[name] for name in model.names]))
                return _weigh(model, approximation, simulate, count, seed + number, populations)

            stored = block(f"beliefs/{len(cells)}", cell)
            report("beliefs", len(cells) + 1, total)
            rises = {concept: Estimate(*numbers) for concept, numbers in stored["rises"].items()}
            by_population = {concept: np.array(values) for concept, values in stored["by_population"].items()}
            cells.append(Cell(label, m6, rises, float(stored["pareto_k"]), float(stored["ess"]), by_population))
    words = {label: str(dict(next(iter(row.values())).priors)[parameter]) for label, row in models.items()}
    return Beliefs(parameter, words, with_population_errors(cells), populations)


def _weigh(
    model: Model,
    approximation: Laplace,
    simulate: Simulate,
    count: int,
    seed: int,
    populations: int,
) -> dict[str, Any]:
    points = approximation.draw(seed, count, TAILS)
    natural, turn = naturals(model, points), np.arange(count) % populations
    results = [simulate(natural[turn == number], number) for number in range(populations)]
    moments = _in_turn([part for part, _ in results], turn)
    changes = {name: _in_turn([part[name] for _, part in results], turn) for name in results[0][1]}
    usable = np.all(np.isfinite(moments), axis=1)
    energy = np.asarray(_energies(model, jnp.asarray(points), jnp.asarray(np.where(usable[:, None], moments, 0.0))))
    ratio = np.where(usable & np.isfinite(energy), -energy - approximation.log_density(points, TAILS), -np.inf)
    weights = smoothed(ratio)
    events = {concept: np.where(usable, change > 0, False) for concept, change in changes.items()}
    rises = {concept: weights.probability(event) for concept, event in events.items()}
    share = np.bincount(turn, weights.values, minlength=populations)
    return {
        "by_population": {
            concept: [
                float(rising / whole) if whole > 0 else float(rises[concept].value)
                for rising, whole in zip(np.bincount(turn, weights.values * event), share, strict=True)
            ]
            for concept, event in events.items()
        },
        "rises": {concept: [rise.value, rise.mcse] for concept, rise in rises.items()},
        "pareto_k": max(weights.pareto_k, -1.0),  # equal weights have minus infinity, which JSON has not
        "ess": weights.ess,
    }


def _in_turn(parts: list[np.ndarray], turn: np.ndarray) -> np.ndarray:
    """Values of the populations, each in its own order, back in the order of the draws."""
    whole = np.empty((len(turn), *parts[0].shape[1:]))
    for number, part in enumerate(parts):
        whole[turn == number] = part
    return whole


@jax.jit
def _energies(model: Model, points: Array, moments: Array) -> Array:
    def one(point: Array, known: Array) -> Array:
        return eqx.tree_at(lambda m: m.simulate, model, _Known(known)).potential(as_point(model, point))

    return jax.vmap(one)(points, moments)

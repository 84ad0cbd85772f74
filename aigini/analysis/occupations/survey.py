"""Surveys of simulated occupations, and the regression of each.

One survey: occupations are given a true exposure, a level and a factor of dispersion; every yearly panel has its own
sampling error; releases pool panels; wages at or above the top code are lost; the outcome has changes for other reasons
than AI; and the contrast of outcomes over releases is regressed on measured exposure (MODEL.md section 16).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, UInt32

from aigini.analysis.occupations.design import PERCENTILES, Design
from aigini.analysis.occupations.least_squares import Fit, weighted_fit
from aigini.analysis.occupations.wages import SCORES, STEPS
from aigini.runtime import random_keys
from aigini.runtime.evaluations import evaluated, fingerprint
from aigini.runtime.memory import in_groups
from aigini.runtime.progress import report

_AT = np.array(PERCENTILES) / 100
_BRIDGE = np.linalg.cholesky(np.minimum(_AT[:, None], _AT) - np.outer(_AT, _AT))
_EDGE = 0.002
"""Shares of a sample nearer to 0 or 1 than this are taken as this."""
BLOCK = 50
"""Surveys of one call of the compiled program, which are kept together."""
_TOGETHER = 5  # in a batch


class Economies(NamedTuple):
    """Economies whose occupations are surveyed, with the same draws.

    Attributes:
        tables: Quantiles, see `aigini.analysis.occupations.wages.quantile_tables`.
        occupation_sd: Standard deviation of occupations' changes for other reasons, log points.
        group_sd: That of the changes that clusters have in common.
    """

    tables: Float[Array, "economies shares positions scores"]
    occupation_sd: Float[Array, "economies"]
    group_sd: Float[Array, "economies"]


class Draws(NamedTuple):
    """Standard normal draws of one survey."""

    error: Float[Array, "occupations"]
    level: Float[Array, "occupations"]
    spread: Float[Array, "occupations"]
    panels: Float[Array, "panels occupations percentiles"]
    change: Float[Array, "occupations"]
    common: Float[Array, "groups"]


def drawn(key: Array, design: Design) -> Draws:
    """The draws of one survey."""
    n, keys = design.exposure.shape[0], jax.random.split(key, 6)
    shapes = ((n,), (n,), (n,), (design.panels.shape[1], n, len(PERCENTILES)), (n,), (design.n_groups,))
    return Draws(*(jax.random.normal(k, shape, jnp.float64) for k, shape in zip(keys, shapes, strict=True)))


def _log_quantile(table: Array, position: Array, score: Array) -> Array:
    """Log wages by linear interpolation in position and score; `table` is ``[positions, scores]``."""
    last = table.shape[0] - 1
    row = jnp.clip(jnp.floor(position), 0, last - 1).astype(jnp.int32)
    f = position - row.astype(position.dtype)
    step = SCORES[1] - SCORES[0]
    steps = jnp.clip((score - SCORES[0]) / step, 0, len(SCORES) - 1.000001)
    column = jnp.floor(steps).astype(jnp.int32)
    g = steps - column.astype(steps.dtype)
    lower = (1 - g) * table[row, column] + g * table[row, column + 1]
    upper = (1 - g) * table[row + 1, column] + g * table[row + 1, column + 1]
    return (1 - f) * lower + f * upper


class Sample(NamedTuple):
    """A survey of simulated occupations.

    Attributes:
        ratio: 100 log p90/p10, ``[releases, occupations]``.
        seen: True where no release has a top-coded wage, ``[occupations]``.
        change: Change of the regression's outcome for other reasons than AI, ``[occupations]``.
    """

    ratio: Float[Array, "releases occupations"]
    seen: Bool[Array, "occupations"]
    change: Float[Array, "occupations"]


def sample(draws: Draws, design: Design, tables: Array, occupation_sd: Array, group_sd: Array) -> Sample:
    """One survey of one economy."""
    true = jnp.sqrt(design.reliability) * design.score + jnp.sqrt(1 - design.reliability) * draws.error
    occupations = (tables.shape[1] - 1) // STEPS + 1
    rank = occupations * jax.scipy.special.ndtr(true) - 0.5
    position = STEPS * jnp.clip(rank, 0, occupations - 1)
    # A panel is a part of a release, so that its own error is larger; shares of panels are equal.
    parts = jnp.sum((design.panels[0] > 0).astype(jnp.float64))
    bridge = draws.panels @ _BRIDGE.T * jnp.sqrt(parts / design.respondents)[None, :, None]
    below = jnp.clip(_AT[None, None, :] + jnp.einsum("tp,pnq->tnq", design.panels, bridge), _EDGE, 1 - _EDGE)
    score = ndtri(below)
    middle = _log_quantile(tables[0], position, jnp.zeros_like(position))
    wages = jax.vmap(lambda after, s: jax.vmap(lambda one: _log_quantile(tables[after], position, one), 1, 1)(s))(
        design.after, score
    )
    factor = design.spread_mean * jnp.exp(design.spread_sd * draws.spread - design.spread_sd**2 / 2)
    pay = design.level[:, None] + (design.level_sd * draws.level + middle)[None, :]
    log_wage = pay[..., None] + factor[None, :, None] * (wages - middle[None, :, None])
    return Sample(
        ratio=100 * (log_wage[..., 2] - log_wage[..., 0]),
        seen=jnp.all(log_wage[..., 2] < design.top[:, None], axis=0),
        change=occupation_sd * draws.change + group_sd * draws.common[design.group],
    )


def _regressed(draws: Draws, design: Design, tables: Array, occupation_sd: Array, group_sd: Array) -> Fit:
    one = sample(draws, design, tables, occupation_sd, group_sd)
    return weighted_fit(
        jnp.stack([jnp.ones_like(design.exposure), design.exposure], axis=1),
        design.contrast @ one.ratio + one.change,
        jnp.where(one.seen, design.weight, 0.0),
        design.group,
        design.n_groups,
        design.periods,
    )


@jax.jit
def _every(key: Array, numbers: UInt32[Array, "surveys"], design: Design, economies: Economies) -> Fit:
    def one(number: Array) -> Fit:
        draws = drawn(jax.random.fold_in(key, number), design)
        return jax.vmap(lambda *economy: _regressed(draws, design, *economy))(*economies)

    return in_groups(one, _TOGETHER)(numbers)


def surveys(name: str, seed: int, count: int, design: Design, economies: Economies, first: int = 0) -> Fit:
    """Regressions of `count` surveys of each economy, each array ``[surveys, economies]``.

    Args:
        name: Name of this part of the work, for its progress; empty where none is to be shown.
        seed: The draws of a survey depend on the seed and its number alone, and are the same for all economies.
        count: Number of surveys.
        design: The survey.
        economies: The economies.
        first: Number of the first one; other numbers are other draws.
    """
    blocks = []
    if name:
        report(name, 0, count)
    for start in range(0, count, BLOCK):
        numbers = jnp.asarray(first + start + np.arange(BLOCK), jnp.uint32)
        blocks.append(
            evaluated(
                lambda numbers=numbers: tuple(_every(random_keys.key(seed), numbers, design, economies)),
                lambda numbers=numbers: fingerprint("surveys", seed, np.asarray(numbers), design, economies),
            )
        )
        if name:
            report(name, min(start + BLOCK, count), count)
    return Fit(*(np.concatenate(values)[:count] for values in zip(*blocks, strict=True)))

"""The simulated population: fixed draws of workers and firms, laid out occupation by occupation.

The occupation and the firm of a worker are fixed draws; everything that depends on parameters is computed later.
Each row of the arrays holds workers of one occupation only, so that occupation-level prices are scalars inside a row:
no gather is needed to use them and no scatter to differentiate through them.
"""

import functools
import math
from typing import get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int32

from aigini.errors import PopulationError
from aigini.population import draws
from aigini.population.draws import SOBOL_DIMENSIONS, Draws
from aigini.precision import require_x64

N_OCCUPATIONS = 16
"""Occupations o = 1..16 of the economy (MODEL.md section 1)."""

# Purposes are Sobol' dimensions: the early, best ones go to the draws that matter most for the moments.
_OCCUPATION, _FIRM, _ABILITY, _COST, _OWNERSHIP, _OWNER_FIRM, _SAMPLE, _CREDENTIAL = range(8)
_FIRM_SHOCKS = 1000  # firms are another population than workers: streams of their own

_CHUNK = 1 << 16  # workers per row; 4e4 to 4e5 measured within 10 % of each other on CPU


class Workers(eqx.Module):
    """Draws of some workers, all of one occupation; each field has shape ``[workers]``.

    Attributes:
        firm: Employer j, an index of firms in ascending order of initial assets.
        owner_firm: The firm b(i) whose stock the worker holds.
        firm_score: v_f, the normal score that picked the employer.
        ability: u, the part of ability sorted neither by occupation nor by firm.
        cost: u_e, schooling cost.
        work_sample: u_s, noise of the work sample.
        credential: u_c, noise of the credential.
        ownership: u of u_s', ownership not related to ability.
    """

    firm: Int32[Array, "*rows workers"]
    owner_firm: Int32[Array, "*rows workers"]
    firm_score: Float[Array, "*rows workers"]
    ability: Float[Array, "*rows workers"]
    cost: Float[Array, "*rows workers"]
    work_sample: Float[Array, "*rows workers"]
    credential: Float[Array, "*rows workers"]
    ownership: Float[Array, "*rows workers"]


class Population(eqx.Module):
    """Workers in rows of one occupation each, and the shocks of their firms.

    Attributes:
        workers: Draws, each field ``[rows, chunk]``; a row is padded at its end with copies of real workers.
        occupation: Occupation of each row, ``[rows]``.
        count: Real workers in each row, ``[rows]``; the rest of the row is padding.
        firm_shocks: ε_jt, standard normal, ``[n_firms, years]``, float64, the same before and after AI.
        n_workers: Number of real workers N.
    """

    workers: Workers
    occupation: Int32[Array, "rows"]
    count: Int32[Array, "rows"]
    firm_shocks: Float[Array, "firms years"]
    n_workers: int = eqx.field(static=True)

    @property
    def n_firms(self) -> int:
        """Number of firms J."""
        return self.firm_shocks.shape[0]

    @property
    def years(self) -> int:
        """Years of firm growth T."""
        return self.firm_shocks.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """Working precision of the workers."""
        return np.dtype(self.workers.ability.dtype)


def draw_population(
    *,
    n_workers: int = 1 << 18,
    n_firms: int = 1000,
    years: int = 10,
    seed: int = 0,
    draws: Draws = "qmc",
    precision: str = "float32",
    chunk: int | None = None,
) -> Population:
    """Draw a population.

    Args:
        n_workers: Number of workers N; with ``qmc`` draws a power of two is three to four times more accurate.
        n_firms: Number of firms J of equal expected employment.
        years: Years of firm growth T.
        seed: Non-negative integer; the draws of worker i depend on (seed, i, purpose) only.
        draws: ``"qmc"`` (scrambled Sobol') or ``"pseudo"`` (Threefry).
        precision: ``"float32"`` or ``"float64"`` workers; sums over them are float64 either way.
        chunk: Workers processed at a time; memory, not results, depends on it.

    Raises:
        PopulationError: if sizes or names are out of range, or an occupation is left with fewer than two workers.
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    found = size_problems(
        n_workers=n_workers,
        n_firms=n_firms,
        years=years,
        seed=seed,
        draws=draws,
        precision=precision,
        chunk=chunk,
    )
    if found:
        raise PopulationError("\n".join(found))
    dtype = np.dtype(precision)
    index, occupation, count = _layout(n_workers, seed, draws, chunk)
    return Population(
        workers=_draw_workers(jnp.asarray(index), n_firms, seed, draws, dtype),
        occupation=jnp.asarray(occupation),
        count=jnp.asarray(count),
        firm_shocks=_draw_firm_shocks(n_firms, years, seed, draws),
        n_workers=n_workers,
    )


def size_problems(
    *,
    n_workers: int,
    n_firms: int,
    years: int,
    seed: int,
    draws: str,
    precision: str,
    chunk: int | None,
) -> list[str]:
    """Every reason why a population of these sizes cannot be drawn, as full sentences."""
    found = []
    if n_workers < 1 or n_workers >= 2**32:
        found.append(f"population.n_workers = {n_workers} is not in 1 .. 2^32 - 1; the baseline uses {1 << 18}.")
    if n_firms < 1:
        found.append(f"population.n_firms = {n_firms} must be at least 1; the baseline uses 1000.")
    if n_workers >= 1 and n_firms >= 1 and n_workers < 2 * n_firms:
        found.append(
            f"population.n_firms = {n_firms} is too many for n_workers = {n_workers}: between-firm variance needs two"
            f" workers per firm on average; use at most {max(n_workers // 2, 1)} firms or {2 * n_firms} workers."
        )
    limit = SOBOL_DIMENSIONS if draws == "qmc" else 10_000
    if not 1 <= years <= limit:
        found.append(f"scenario.years = {years} is not in 1 .. {limit} for {draws} draws.")
    if not 0 <= seed < 2**63:
        found.append(f"population.seed = {seed} is not in 0 .. 2^63 - 1.")
    if draws not in get_args(Draws):
        found.append(f"population.draws = {draws!r} is unknown; use 'qmc' or 'pseudo'.")
    if precision not in ("float32", "float64"):
        found.append(f"population.precision = {precision!r} is unknown; use 'float32' or 'float64'.")
    if chunk is not None and chunk < 1:
        found.append(f"population.chunk = {chunk} must be at least 1, or left out.")
    return found


def _layout(n_workers: int, seed: int, kind: Draws, chunk: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Worker indices sorted into rows of one occupation: indices [rows, chunk], occupations [rows], counts [rows]."""
    index = jnp.arange(n_workers, dtype=jnp.uint32)
    words = jnp.asarray(draws.stream(seed, _OCCUPATION))
    occupation = np.asarray(_draw_choice(kind, words, index, _OCCUPATION, N_OCCUPATIONS)).astype(np.int8)
    order = np.argsort(occupation, kind="stable").astype(np.uint32)
    sizes = np.bincount(occupation, minlength=N_OCCUPATIONS)
    if sizes.min() < 2:
        raise PopulationError(
            f"population: n_workers = {n_workers} leaves occupation {int(sizes.argmin()) + 1} of {N_OCCUPATIONS} with"
            f" {int(sizes.min())} worker(s), too few for a dispersion; use at least 1000 workers."
        )
    # Room for the sampling variation of the largest occupation, so that array shapes, and with them compiled programs,
    # do not change with the seed.
    slack = 16.0 if kind == "qmc" else 6 * math.sqrt(n_workers / N_OCCUPATIONS)
    exact = kind == "qmc" and n_workers & (n_workers - 1) == 0
    room = max(int(sizes.max()), math.ceil(n_workers / N_OCCUPATIONS + (0.0 if exact else slack)))
    rows_each = math.ceil(room / (chunk or _CHUNK))
    width = math.ceil(room / rows_each)
    rows = N_OCCUPATIONS * rows_each
    table = np.empty((rows, width), np.uint32)
    count = np.empty(rows, np.int32)
    for o, members in enumerate(np.split(order, np.cumsum(sizes)[:-1])):
        padded = np.resize(members, rows_each * width)
        table[o * rows_each : (o + 1) * rows_each] = padded.reshape(rows_each, width)
        count[o * rows_each : (o + 1) * rows_each] = np.clip(len(members) - width * np.arange(rows_each), 0, width)
    return table, np.repeat(np.arange(N_OCCUPATIONS, dtype=np.int32), rows_each), count


@functools.partial(jax.jit, static_argnames=("kind", "dimension", "count"))
def _draw_choice(kind: Draws, words: Array, index: Array, dimension: int, count: int) -> Array:
    return draws.choice(draws.bits(kind, words, index, dimension), count).astype(jnp.int32)


@functools.partial(jax.jit, static_argnames=("kind", "dimension", "dtype"))
def _draw_normal(kind: Draws, words: Array, index: Array, dimension: int, dtype: np.dtype) -> Array:
    return draws.normal(draws.bits(kind, words, index, dimension), dtype)


def _kind(kind: Draws, purpose: int) -> Draws:
    """Matching of workers to firms stays random under ``qmc``.

    The between-firm variance is corrected for the sampling noise of firm means, as if a firm's workers were a random
    sample of all. Sobol' points are more even than that: the correction then took off 27 % at 65 workers per firm and
    5 % at 260. Random matching costs simulation errors of the six moments below 2 % of their targets' s.e. at 2^18.
    """
    return "pseudo" if purpose == _FIRM else kind


def _draw_workers(index: Array, n_firms: int, seed: int, kind: Draws, dtype: np.dtype) -> Workers:
    flat = index.reshape(-1)

    def score(purpose: int) -> Array:
        words = jnp.asarray(draws.stream(seed, purpose))
        return _draw_normal(_kind(kind, purpose), words, flat, purpose, dtype).reshape(index.shape)

    def firm(purpose: int) -> Array:
        words = jnp.asarray(draws.stream(seed, purpose))
        return _draw_choice(_kind(kind, purpose), words, flat, purpose, n_firms).reshape(index.shape)

    return Workers(
        firm=firm(_FIRM),
        owner_firm=firm(_OWNER_FIRM),
        firm_score=score(_FIRM),
        ability=score(_ABILITY),
        cost=score(_COST),
        work_sample=score(_SAMPLE),
        credential=score(_CREDENTIAL),
        ownership=score(_OWNERSHIP),
    )


def _draw_firm_shocks(n_firms: int, years: int, seed: int, kind: Draws) -> Array:
    index = jnp.arange(n_firms, dtype=jnp.uint32)
    columns = []
    for year in range(years):
        words = jnp.asarray(draws.stream(seed, _FIRM_SHOCKS + year))
        columns.append(_draw_normal(kind, words, index, year, np.dtype(np.float64)))
    return jnp.stack(columns, axis=1)

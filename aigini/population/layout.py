"""Which workers stand in which row: rows of one occupation each, all of the same width."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from aigini.errors import PopulationError
from aigini.population.workers import N_OCCUPATIONS, Streams


def residues(origin: Streams, n_workers: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of quasi-random workers: the index of the first worker, the occupation and the number of workers of each.

    The workers of an occupation are those whose index has one residue modulo 16, see `aigini.population.workers`; the
    workers of a row follow each other in steps of 16.
    """
    occupation = np.asarray(jax.jit(Streams.occupation)(origin, jnp.arange(N_OCCUPATIONS, dtype=jnp.uint32)))
    residue = np.argsort(occupation)
    sizes = (n_workers - residue + N_OCCUPATIONS - 1) // N_OCCUPATIONS
    _refuse_small(sizes, n_workers)
    rows_each = math.ceil(int(sizes.max()) / width)
    start = width * np.arange(rows_each)
    count = np.clip(sizes[:, None] - start[None, :], 0, width)
    first = residue[:, None] + N_OCCUPATIONS * start[None, :]
    return first.reshape(-1).astype(np.uint32), _occupations(rows_each), count.reshape(-1).astype(np.int32)


def in_steps(first: np.ndarray, width: int) -> np.ndarray:
    """Indices of all workers of rows, ``[rows, width]``, from those of the first; padding goes on counting."""
    return first[:, None] + N_OCCUPATIONS * np.arange(width, dtype=np.uint32)[None, :]


def even_width(n_workers: int, chunk: int) -> int:
    """Width of rows of at most `chunk` workers that share an occupation of equal size as evenly as can be."""
    room = math.ceil(n_workers / N_OCCUPATIONS)
    return _aligned(math.ceil(room / math.ceil(room / chunk)), chunk)


def _aligned(width: int, chunk: int) -> int:
    """The width rounded up to a multiple of a power of two near its square root, where that is within `chunk`.

    Sums over rows then split evenly: compiled for a GPU, a Jacobian otherwise takes up to twice the memory.
    """
    unit = 1 << width.bit_length() // 2
    whole = unit * math.ceil(width / unit)
    return whole if whole <= chunk else width


def power_width(n_workers: int, chunk: int) -> int:
    """The largest power of two that is at most `chunk` and not twice what an occupation needs."""
    room = math.ceil(n_workers / N_OCCUPATIONS)
    return 1 << min(chunk.bit_length() - 1, (room - 1).bit_length())


def gathered(origin: Streams, n_workers: int, chunk: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of workers whose occupations are drawn one by one: indices [rows, width], occupations, workers of each."""
    occupation = np.asarray(jax.jit(Streams.occupation)(origin, jnp.arange(n_workers, dtype=jnp.uint32)))
    order = np.argsort(occupation.astype(np.int8), kind="stable").astype(np.uint32)
    sizes = np.bincount(occupation, minlength=N_OCCUPATIONS)
    _refuse_small(sizes, n_workers)
    # Room for the sampling variation of the largest occupation, so that array shapes, and with them compiled programs,
    # do not change with the seed.
    room = max(int(sizes.max()), math.ceil(n_workers / N_OCCUPATIONS + 6 * math.sqrt(n_workers / N_OCCUPATIONS)))
    rows_each = math.ceil(room / chunk)
    width = _aligned(math.ceil(room / rows_each), chunk)
    table = np.empty((N_OCCUPATIONS * rows_each, width), np.uint32)
    for o, members in enumerate(np.split(order, np.cumsum(sizes)[:-1])):
        table[o * rows_each : (o + 1) * rows_each] = np.resize(members, (rows_each, width))
    count = np.clip(sizes[:, None] - width * np.arange(rows_each)[None, :], 0, width)
    return table, _occupations(rows_each), count.reshape(-1).astype(np.int32)


def _occupations(rows_each: int) -> np.ndarray:
    return np.repeat(np.arange(N_OCCUPATIONS, dtype=np.int32), rows_each)


def _refuse_small(sizes: np.ndarray, n_workers: int) -> None:
    if sizes.min() < 2:
        raise PopulationError(
            f"population: n_workers = {n_workers} leaves occupation {int(sizes.argmin()) + 1} of {N_OCCUPATIONS} with"
            f" {int(sizes.min())} worker(s), too few for a dispersion; use at least 1000 workers."
        )

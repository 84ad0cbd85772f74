"""The simulated population: fixed draws of workers and firms, laid out occupation by occupation.

The occupation and the firm of a worker are fixed draws; everything that depends on parameters is computed later.
Each row of the arrays holds workers of one occupation only, so that occupation-level prices are scalars inside a row:
no gather is needed to use them and no scatter to differentiate through them.
"""

import functools
import operator
from typing import SupportsIndex

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int32

from aigini.errors import PopulationError
from aigini.population import draws as numbers
from aigini.population import layout
from aigini.population.draws import Draws
from aigini.population.sizes import Storage, default_firms, default_tilt, is_stored, memory_problem, size_problems
from aigini.population.workers import Regenerated, Workers, drawn, regenerated, streams
from aigini.runtime.precision import require_x64

_CHUNK_CPU = 1 << 16  # 4e4 to 4e5 measured within 10 % of each other
_CHUNK_ACCELERATOR = 1 << 22  # compiled for an H200: 60 to 200 kernels a row, half a GiB for a Jacobian; not timed

_FIRM_SHOCKS = 1000  # firms are another population than workers: streams of their own


class Population(eqx.Module):
    """Workers in rows of one occupation each, and the shocks of their firms.

    Attributes:
        workers: Draws, each field ``[rows, chunk]``, or what they are made from; a row is padded at its end with
            workers who do not count.
        occupation: Occupation of each row, ``[rows]``.
        count: Workers of each row that count, ``[rows]``.
        firm_shocks: ε_jt, standard normal, ``[n_firms, years]``, float64, the same before and after AI.
        ownership_tilt: Mean of the ownership scores as drawn, ``[]``, float64, see
            `aigini.population.workers.Streams.workers`.
        n_workers: Number of workers N.
        mesh: Devices among which rows are divided; None is one device. See `aigini.population.shard`.
    """

    workers: Workers | Regenerated
    occupation: Int32[Array, "rows"]
    count: Int32[Array, "rows"]
    firm_shocks: Float[Array, "firms years"]
    ownership_tilt: Float[Array, ""]
    n_workers: int = eqx.field(static=True)
    mesh: Mesh | None = eqx.field(static=True, default=None)

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
        return self.workers.dtype

    @property
    def chunk(self) -> int:
        """Places of a row: workers processed at a time."""
        return self.workers.width

    @property
    def bytes_in_flight(self) -> int:
        """Memory of one evaluation of a statistic beside the draws, about."""
        # 217 bytes per worker of a row measured in float32, and half a MiB of sums and equilibrium.
        return (1 << 19) + 64 * self.dtype.itemsize * self.chunk

    @property
    def bytes_of_gradient(self) -> int:
        """The same of its gradient."""
        return 3 * self.bytes_in_flight

    @property
    def stored(self) -> bool:
        """True if draws are kept in memory."""
        return isinstance(self.workers, Workers)


def draw_population(
    *,
    n_workers: SupportsIndex = 1 << 18,
    n_firms: SupportsIndex | None = None,
    years: SupportsIndex = 10,
    seed: SupportsIndex = 0,
    draws: Draws = "qmc",
    ownership_tilt: float | None = None,
    precision: str = "float32",
    chunk: SupportsIndex | None = None,
    storage: Storage = "auto",
) -> Population:
    """Draw a population.

    Args:
        n_workers: Number of workers N; but for ``pseudo`` draws a power of two is three to four times more accurate.
        n_firms: Number of firms J of equal expected employment; by default one for 16 workers, and at most 2^14.
        years: Years of firm growth T.
        seed: Non-negative integer; the draws of worker i depend on (seed, i, purpose) only.
        draws: ``"qmc"``, ``"sobol"`` or ``"pseudo"``, see `aigini.population.draws`.
        ownership_tilt: Mean of the ownership scores as drawn, 0 to 2 of their standard deviations. Owners of much are
            drawn more often than they occur, and weights make up for it. By default
            `aigini.population.sizes.default_tilt` of the baseline; under ``qmc`` alone, other draws have none.
        precision: ``"float32"`` or ``"float64"`` workers; sums over them are float64 either way.
        chunk: Workers processed at a time, at most; memory, not results, depends on it. By default 2^16 on a CPU and
            2^22 on an accelerator.
        storage: ``"stored"`` keeps the draws, 44 bytes per worker (80 in float64); ``"regenerated"`` makes them again
            in every evaluation, so that memory does not grow with `n_workers`; ``"auto"`` keeps up to 1 GiB of them on
            a CPU, and up to a quarter of the memory that is free on an accelerator.

    Raises:
        PopulationError: if sizes or names are out of range, an occupation is left with fewer than two workers, or the
            draws do not fit into memory.
        PrecisionError: if 64-bit mode is off.
    """
    require_x64()
    # Whole numbers of NumPy are whole numbers too; sizes are part of compiled programs and must be Python's.
    n_workers, years, seed = (operator.index(size) for size in (n_workers, years, seed))
    n_firms = default_firms(n_workers) if n_firms is None else operator.index(n_firms)
    tilt = default_tilt(draws) if ownership_tilt is None else ownership_tilt if draws == "qmc" else 0.0
    chunk = None if chunk is None else operator.index(chunk)
    problems = size_problems(
        n_workers=n_workers,
        n_firms=n_firms,
        years=years,
        seed=seed,
        draws=draws,
        ownership_tilt=tilt,
        precision=precision,
        chunk=chunk,
        storage=storage,
    )
    if problems:
        raise PopulationError("\n".join(problems))
    shocks = _draw_firm_shocks(n_firms, years, seed, draws)
    origin = streams(seed=seed, kind=draws, shocks=shocks, tilt=tilt, precision=precision)
    most = chunk or (_CHUNK_CPU if jax.default_backend() == "cpu" else _CHUNK_ACCELERATOR)
    stored = is_stored(storage, draws, n_workers, precision)
    if stored and (problem := memory_problem(n_workers, draws, precision)):
        raise PopulationError(problem)
    if draws == "pseudo":
        index, occupation, count = layout.gathered(origin, n_workers, most)
        workers = drawn(origin, jnp.asarray(index))
    else:
        width = (layout.even_width if stored else layout.power_width)(n_workers, most)
        first, occupation, count = layout.residues(origin, n_workers, width)
        workers = (
            drawn(origin, jnp.asarray(layout.in_steps(first, width))) if stored else regenerated(origin, first, width)
        )
    return Population(
        workers=workers,
        occupation=jnp.asarray(occupation),
        count=jnp.asarray(count),
        firm_shocks=shocks,
        ownership_tilt=jnp.asarray(tilt, jnp.float64),
        n_workers=n_workers,
    )


@functools.partial(jax.jit, static_argnames=("kind", "dimension"))
def _draw_normal(kind: Draws, words: Array, index: Array, dimension: int) -> Array:
    return numbers.normal(numbers.bits(kind, words, index, dimension), np.dtype(np.float64))


def _draw_firm_shocks(n_firms: int, years: int, seed: int, kind: Draws) -> Array:
    index = jnp.arange(n_firms, dtype=jnp.uint32)
    words = [jnp.asarray(numbers.stream(seed, _FIRM_SHOCKS + year)) for year in range(years)]
    shocks = jnp.stack([_draw_normal(kind, words[year], index, year) for year in range(years)], axis=1)
    if kind != "qmc":
        return shocks
    # Term by term: a product of matrices may round differently on each device.
    terms = [shocks[:, [k]] * jnp.asarray(column)[None, :] for k, column in enumerate(numbers.rotation(years).T)]
    return functools.reduce(jnp.add, terms)

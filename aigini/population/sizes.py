"""Sizes of populations that can be drawn, and the storage of their draws."""

from typing import Literal, get_args

import jax

from aigini.parameters import SPECS
from aigini.population.draws import SOBOL_DIMENSIONS, Draws
from aigini.population.workers import bytes_per_worker
from aigini.runtime.memory import available_bytes
from aigini.runtime.random_keys import SEED_LIMIT

Storage = Literal["auto", "stored", "regenerated"]

_KEPT_UNASKED = 1 << 30
"""``"auto"`` keeps draws of up to this many bytes on a CPU; on an accelerator up to a quarter of its free memory."""


WORKERS_LIMIT = 2**32
"""Workers are numbered by 32 bits, so there are fewer than this."""

MOST_FIRMS, WORKERS_PER_FIRM = 1 << 14, 16
"""Firms of a population whose number of firms is left open: at most so many, and at least so many workers in each."""

TILT_PER_SD, LARGEST_TILT = 0.72, 1.5
"""The tilt of the ownership score per unit of the log s.d. of ownership, and at most.

At the baseline's s.d., 1.8, tilts of 1.0, 1.3 and 1.6 were tried; 1.3 has the smallest simulation error of the Gini of
total income.
"""

TILT_LIMIT = 2.0
"""Largest tilt that can be asked for: with it weights reach from 0 to e^9 in a population of 2^32."""

LARGEST_SHOCKS = 100_000_000
"""Most shocks of firms, of 8 bytes each."""


def default_firms(n_workers: int) -> int:
    """Firms of a population whose number of firms is left open."""
    return min(MOST_FIRMS, max(n_workers // WORKERS_PER_FIRM, 1))


def default_tilt(draws: str, ownership_sd: float = SPECS["ownership_sd"].default) -> float:
    """The tilt of the ownership score where it is left open, for the log s.d. of ownership of the configuration.

    It is a constant of the population: weights are exact whatever `ownership_sd` the economy is then evaluated at, so
    that a good tilt matters for the size of simulation errors alone. Only ``qmc`` draws are tilted.
    """
    return min(TILT_PER_SD * ownership_sd, LARGEST_TILT) if draws == "qmc" else 0.0


def size_problems(
    *,
    n_workers: int,
    n_firms: int,
    years: int,
    seed: int,
    draws: str,
    ownership_tilt: float,
    precision: str,
    chunk: int | None,
    storage: str,
) -> list[str]:
    """Every reason why a population of these sizes cannot be drawn, as full sentences."""
    problems = []
    if not 1 <= n_workers < WORKERS_LIMIT:
        problems.append(f"population.n_workers = {n_workers} is not in 1 .. 2^32 - 1; the baseline uses {1 << 18}.")
    if n_firms < 1:
        problems.append(f"population.n_firms = {n_firms} must be at least 1; the baseline uses {MOST_FIRMS}.")
    if n_workers >= 1 and n_firms >= 1 and n_workers < 2 * n_firms:
        problems.append(
            f"population.n_firms = {n_firms} is too many for n_workers = {n_workers}: between-firm variance needs two"
            f" workers per firm on average; use at most {max(n_workers // 2, 1)} firms or {2 * n_firms} workers."
        )
    limit = 10_000 if draws == "pseudo" else SOBOL_DIMENSIONS
    if not 1 <= years <= limit:
        remedy = "shorten it" if draws == "pseudo" else "shorten it, or set population.draws = 'pseudo'"
        problems.append(f"scenario.years = {years} is not in 1 .. {limit} for {draws} draws; {remedy}.")
    if n_firms >= 1 and years >= 1 and n_firms * years > LARGEST_SHOCKS:
        problems.append(
            f"population.n_firms = {n_firms} over scenario.years = {years} makes {n_firms * years} shocks of firms,"
            f" more than {LARGEST_SHOCKS:,}, which are kept in memory; use fewer firms or years."
        )
    if not 0 <= seed < SEED_LIMIT:
        problems.append(f"population.seed = {seed} is not in 0 .. 2^63 - 1.")
    if draws not in get_args(Draws):
        problems.append(f"population.draws = {draws!r} is unknown; use 'qmc', 'sobol' or 'pseudo'.")
    if not 0 <= ownership_tilt <= TILT_LIMIT:
        problems.append(f"population.ownership_tilt = {ownership_tilt} is not in 0 .. {TILT_LIMIT:g}.")
    if precision not in ("float32", "float64"):
        problems.append(f"population.precision = {precision!r} is unknown; use 'float32' or 'float64'.")
    if chunk is not None and not 1 <= chunk < 2**32:
        problems.append(f"population.chunk = {chunk} must be at least 1, or left out, and below 2^32.")
    if storage not in get_args(Storage):
        problems.append(f"population.storage = {storage!r} is unknown; use 'auto', 'stored' or 'regenerated'.")
    if storage == "regenerated" and draws == "pseudo":
        problems.append(
            "population.storage = 'regenerated' needs population.draws = 'qmc' or 'sobol': pseudo-random occupations"
            " are drawn one by one, so that the workers of an occupation cannot be told from their indices; use"
            " 'stored'."
        )
    return problems


def is_stored(storage: Storage, kind: Draws, n_workers: int, precision: str) -> bool:
    """True if the draws of such a population are kept in memory."""
    if storage != "auto" or kind == "pseudo":
        return storage != "regenerated"
    limit = _KEPT_UNASKED if jax.default_backend() == "cpu" else available_bytes() // 4
    return n_workers * bytes_per_worker(precision) <= limit


def memory_problem(n_workers: int, kind: Draws, precision: str) -> str | None:
    """Why draws of this size cannot be kept in memory, as a full sentence; None if they can."""
    # The index and one draw are in flight beside the draws that are kept.
    needed, free = n_workers * (bytes_per_worker(precision) + 16), available_bytes()
    if needed <= free:
        return None
    remedy = "population.storage = 'regenerated'" if kind != "pseudo" else "population.draws = 'qmc'"
    return (
        f"population.n_workers = {n_workers}: draws kept in memory need {needed / 2**30:.3g} GiB of"
        f" {free / 2**30:.3g} GiB that are free; use {remedy}, which makes them again when they are needed, or fewer"
        " workers."
    )

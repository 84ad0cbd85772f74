"""Draws of workers: kept in memory, or made again from the workers' indices whenever they are needed.

A worker's draws are a function of (seed, index, purpose). But under ``pseudo`` the occupation is too simple a function
to be drawn at all: the first 16 levels of a scrambled van der Corput sequence depend on the last four bits of the index
alone, so the workers of an occupation are those whose index has one residue modulo 16.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int32, UInt32

from aigini.parameters import SPECS
from aigini.population import draws
from aigini.population.draws import Draws

N_OCCUPATIONS = 16
"""Occupations o = 1..16 of the economy (MODEL.md section 1)."""

# Purposes are Sobol' dimensions: the early, best ones go to the draws that matter most for the moments.
_OCCUPATION, _FIRM, _ABILITY, _COST, _OWNERSHIP, _OWNER_FIRM, _SAMPLE, _CREDENTIAL, _SOCIAL = range(9)
_PURPOSES = 9

_STRATUM_BITS = 8  # at least 256 firms in each stratum
_TYPICAL_PAY = 1.5  # for human capital, about that of the baseline before AI, units of the final good


def bytes_per_worker(precision: str) -> int:
    """Memory of a worker's draws: two firms in int32, nine numbers in working precision."""
    return 2 * 4 + 9 * np.dtype(precision).itemsize


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
        ownership: u of u_s', ownership not related to ability, drawn about the tilt of the population.
        weight: Weight of the worker where capital income matters, see `Streams.workers`.
        rent_control: The schooling cost times `rent_effect` of the employer, with mean 0: a control variate.
        social: u', the part of ability in a second skill that is not related to ability.
    """

    firm: Int32[Array, "*rows workers"]
    owner_firm: Int32[Array, "*rows workers"]
    firm_score: Float[Array, "*rows workers"]
    ability: Float[Array, "*rows workers"]
    cost: Float[Array, "*rows workers"]
    work_sample: Float[Array, "*rows workers"]
    credential: Float[Array, "*rows workers"]
    ownership: Float[Array, "*rows workers"]
    weight: Float[Array, "*rows workers"]
    rent_control: Float[Array, "*rows workers"]
    social: Float[Array, "*rows workers"]

    @property
    def width(self) -> int:
        """Places of a row."""
        return self.firm.shape[-1]

    @property
    def dtype(self) -> np.dtype:
        """Working precision."""
        return np.dtype(self.ability.dtype)

    @property
    def rows(self) -> "Workers":
        """Data of each row, with a leading axis of rows; `source.draw` takes those of one."""
        return self

    @property
    def source(self) -> "StoredRows":
        """Maps rows to workers."""
        return StoredRows()

    def divided(self, divide: Callable[[Array], Array], copy: Callable[[Array], Array]) -> "Workers":
        """The same with rows put where `divide` says; there is nothing for every device to `copy`."""
        del copy
        return jax.tree.map(divide, self)


class Streams(eqx.Module):
    """The random numbers of a population.

    Attributes:
        words: Scramble or key of each purpose, ``[purposes, 2]``; data, so that a seed compiles nothing anew.
        rent_effect: `rent_effect` of each firm, ``[firms]``, float64.
        tilt: Mean of the ownership scores, ``[]``, float64; 0 is as they occur.
        kind: Kind of draws, see `aigini.population.draws`.
        precision: Working precision of the draws.
    """

    words: UInt32[Array, "purposes 2"]
    rent_effect: Float[Array, "firms"]
    tilt: Float[Array, ""]
    kind: Draws = eqx.field(static=True)
    precision: str = eqx.field(static=True)

    @property
    def n_firms(self) -> int:
        """Number of firms J."""
        return self.rent_effect.shape[0]

    @property
    def even_bits(self) -> int:
        """Bits of the uniform that picks the employer which are evenly spread over workers; the others are random.

        The between-firm variance is corrected for the sampling noise of firm means as if a firm's workers were a random
        sample of all. So a stratum of firms within which matching is random must hold many: with 256 or more of them
        the correction is exact but for 0.4 %. Were all bits even, it would take off more than there is.
        """
        return max(self.n_firms.bit_length() - 1 - _STRATUM_BITS, 0) if self.kind == "qmc" else 0

    def occupation(self, index: UInt32[Array, "workers"]) -> Int32[Array, "workers"]:
        """Occupation of each worker, 0 to 15."""
        uniform = draws.bits(self.kind, self.words[_OCCUPATION], index, _OCCUPATION)
        return draws.choice(uniform, N_OCCUPATIONS).astype(jnp.int32)

    def sobol(self, index: UInt32[Array, "workers"]) -> UInt32[Array, "purposes workers"]:
        """Sobol' points of all purposes, not yet scrambled."""
        return jnp.stack([draws.sobol_bits(index, purpose) for purpose in range(_PURPOSES)])

    def workers(
        self, index: UInt32[Array, "workers"], sobol: UInt32[Array, "purposes workers"] | None = None
    ) -> Workers:
        """Draws of the workers with these indices; `sobol` are their points if they are known already.

        Owners of much are drawn more often than they occur: their score is v = u + t, with u standard normal and the
        tilt t, and they weigh φ(v)/φ(v - t) = exp(-t u - t²/2). The weighted sample is of the same economy, with more
        of the few workers on whom the dispersion of capital income depends. Statistics that do not depend on capital
        income need no weights, since the score is independent of all other draws.
        """

        def uniform(purpose: int) -> Array:
            words = self.words[purpose]
            if self.kind == "pseudo":
                return draws.bits("pseudo", words, index, purpose)
            even = draws.scramble(draws.sobol_bits(index, purpose) if sobol is None else sobol[purpose], words)
            if purpose != _FIRM:
                return even
            return draws.stratified(even, draws.bits("pseudo", words, index, purpose), self.even_bits)

        def score(purpose: int) -> Array:
            return draws.normal(uniform(purpose), np.dtype(self.precision))

        def firm(purpose: int) -> Array:
            return draws.choice(uniform(purpose), self.n_firms).astype(jnp.int32)

        employer, cost, ownership = firm(_FIRM), score(_COST), score(_OWNERSHIP)
        tilt, effect = (leaf.astype(ownership.dtype) for leaf in (self.tilt, self.rent_effect))
        return Workers(
            firm=employer,
            owner_firm=firm(_OWNER_FIRM),
            firm_score=score(_FIRM),
            ability=score(_ABILITY),
            cost=cost,
            work_sample=score(_SAMPLE),
            credential=score(_CREDENTIAL),
            ownership=ownership + tilt,
            weight=jnp.exp(-tilt * ownership - tilt**2 / 2),
            rent_control=cost * effect.at[employer].get(mode="promise_in_bounds"),
            social=score(_SOCIAL),
        )


def rent_effect(shocks: Float[Array, "firms years"]) -> Float[Array, "firms"]:
    """Addition of the rents of each firm to the log of a typical wage, standardised over firms, float64.

    A function of the draws alone, so that the control made of it is the same at all parameters: assets are those of the
    baseline but for mean reversion, which is 0, between the economies before and after AI. With a single firm it is 0.
    """
    sd, reversion, xi, asset_return = (
        SPECS[name].default for name in ("asset_sd", "asset_reversion", "xi", "asset_return")
    )
    n_firms = shocks.shape[0]
    start = sd * jnp.asarray(draws.normal_scores(n_firms))
    innovation = sd * math.sqrt(1 - (1 - reversion) ** 2)
    intensity = jax.nn.softmax(start + innovation * jnp.sum(shocks, axis=1)) * n_firms
    effect = jnp.log1p(xi * asset_return / _TYPICAL_PAY * intensity)
    apart = effect - jnp.mean(effect)
    return apart / jnp.sqrt(jnp.maximum(jnp.mean(apart**2), 1e-30))


def streams(*, seed: int, kind: Draws, shocks: Float[Array, "firms years"], tilt: float, precision: str) -> Streams:
    """The streams of a seed."""
    return Streams(
        words=jnp.asarray(np.stack([draws.stream(seed, purpose) for purpose in range(_PURPOSES)])),
        rent_effect=rent_effect(shocks),
        tilt=jnp.asarray(tilt, jnp.float64),
        kind=kind,
        precision=precision,
    )


class StoredRows(eqx.Module):
    """The source of rows that are workers already."""

    def draw(self, row: Workers) -> Workers:
        """The workers of a row."""
        return row


class Source(eqx.Module):
    """Draws the workers of a row from the index of the first.

    Indices of a row go up in steps of 16. The first is a multiple of 16 times the width, a power of two, but for the
    residue of the occupation, so that Sobol' points of the row are those of the first XOR those of the places.

    Attributes:
        places: Sobol' points of the indices 0, 16, 32, ..., ``[purposes, width]``.
        streams: Where the random numbers come from.
    """

    places: UInt32[Array, "purposes width"]
    streams: Streams

    def draw(self, row: UInt32[Array, ""]) -> Workers:
        """The workers of a row."""
        steps = jnp.uint32(N_OCCUPATIONS) * jnp.arange(self.places.shape[1], dtype=jnp.uint32)
        return self.streams.workers(row + steps, self.places ^ self.streams.sobol(row[None]))


class Regenerated(eqx.Module):
    """Workers that are drawn again each time a row of them is used, so that memory does not grow with their number.

    Attributes:
        first: Index of the first worker of each row, ``[rows]``.
        source: Maps rows to workers.
    """

    first: UInt32[Array, "rows"]
    source: Source

    @property
    def width(self) -> int:
        """Places of a row, a power of two."""
        return self.source.places.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """Working precision."""
        return np.dtype(self.source.streams.precision)

    @property
    def rows(self) -> UInt32[Array, "rows"]:
        """Data of each row, with a leading axis of rows; `source.draw` takes those of one."""
        return self.first

    def divided(self, divide: Callable[[Array], Array], copy: Callable[[Array], Array]) -> "Regenerated":
        """The same with rows put where `divide` says, and everything else copied to every device."""
        return Regenerated(first=divide(self.first), source=jax.tree.map(copy, self.source))


def regenerated(origin: Streams, first: UInt32[np.ndarray, "rows"], width: int) -> Regenerated:
    """Rows of `width` workers, a power of two, that begin with the workers `first`."""
    steps = N_OCCUPATIONS * jnp.arange(width, dtype=jnp.uint32)
    source = Source(places=jax.jit(Streams.sobol)(origin, steps), streams=origin)
    return Regenerated(first=jnp.asarray(first), source=source)


@jax.jit
def drawn(origin: Streams, index: UInt32[Array, "rows workers"]) -> Workers:
    """Draws of rows of workers."""
    flat = origin.workers(index.reshape(-1))
    return jax.tree.map(lambda leaf: leaf.reshape(index.shape), flat)

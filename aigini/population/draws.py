"""Random numbers that are a function of (seed, index, purpose) alone.

Two kinds of numbers, both 32 uniform bits per draw:

* quasi-random: Sobol' points (direction numbers of Joe & Kuo, SIAM J. Sci. Comput. 30, 2008, the first 40 dimensions of
  new-joe-kuo-6) with hash-based Owen scrambling (Burley, "Practical Hash-based Owen Scrambling", JCGT 9(4), 2020).
  The purpose is the dimension, the index the position in the sequence.
* pseudo-random: Threefry-2x32 keyed by seed, purpose and index.

A population is drawn in one of three ways. ``pseudo`` uses pseudo-random numbers for everything, ``sobol`` Sobol'
points for everything but the matching of workers to employers. ``qmc``, the default, adds three things to ``sobol``:

* Owners of much are drawn more often than they occur, and weighted for it: the ownership score is normal about a tilt
  instead of 0 (`aigini.population.workers`).
* The shocks of firms are rotated so that the sums that decide their assets after T years are the first and best Sobol'
  dimensions (`rotation`).
* Each quantile of firms by initial assets employs as many workers; only within it is the matching random
  (`stratified`).

Neither depends on how indices are batched, on the device, on the working precision or on JAX's settings of random
numbers: bits become normals only at the end.
"""

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32
from scipy.special import ndtri

from aigini.runtime.random_keys import indexed_bits

Draws = Literal["qmc", "sobol", "pseudo"]

_BITS = 32
_GROWTH_RATES = (0.95, 0.85, 1.1)

# (primitive polynomial, initial direction numbers) of dimensions 2 to 40; dimension 1 is van der Corput's sequence.
_JOE_KUO: tuple[tuple[int, tuple[int, ...]], ...] = (
    (3, (1,)),
    (7, (1, 3)),
    (11, (1, 3, 1)),
    (13, (1, 1, 1)),
    (19, (1, 1, 3, 3)),
    (25, (1, 3, 5, 13)),
    (37, (1, 1, 5, 5, 17)),
    (41, (1, 1, 5, 5, 5)),
    (47, (1, 1, 7, 11, 19)),
    (55, (1, 1, 5, 1, 1)),
    (59, (1, 1, 1, 3, 11)),
    (61, (1, 3, 5, 5, 31)),
    (67, (1, 3, 3, 9, 7, 49)),
    (91, (1, 1, 1, 15, 21, 21)),
    (97, (1, 3, 1, 13, 27, 49)),
    (103, (1, 1, 1, 15, 7, 5)),
    (109, (1, 3, 1, 15, 13, 25)),
    (115, (1, 1, 5, 5, 19, 61)),
    (131, (1, 3, 7, 11, 23, 15, 103)),
    (137, (1, 3, 7, 13, 13, 15, 69)),
    (143, (1, 1, 3, 13, 7, 35, 63)),
    (145, (1, 3, 5, 9, 1, 25, 53)),
    (157, (1, 3, 1, 13, 9, 35, 107)),
    (167, (1, 3, 1, 5, 27, 61, 31)),
    (171, (1, 1, 5, 11, 19, 41, 61)),
    (185, (1, 3, 5, 3, 3, 13, 69)),
    (191, (1, 1, 7, 13, 1, 19, 1)),
    (193, (1, 3, 7, 5, 13, 19, 59)),
    (203, (1, 1, 3, 9, 25, 29, 41)),
    (211, (1, 3, 5, 13, 23, 1, 55)),
    (213, (1, 3, 7, 3, 13, 59, 17)),
    (229, (1, 3, 1, 3, 5, 53, 69)),
    (239, (1, 1, 5, 5, 23, 33, 13)),
    (241, (1, 1, 7, 7, 1, 61, 123)),
    (247, (1, 1, 7, 9, 13, 61, 49)),
    (253, (1, 3, 3, 5, 3, 55, 33)),
    (285, (1, 3, 1, 15, 31, 13, 49, 245)),
    (299, (1, 3, 5, 15, 31, 59, 63, 97)),
    (301, (1, 3, 1, 11, 11, 11, 77, 249)),
)

SOBOL_DIMENSIONS = len(_JOE_KUO) + 1
"""Dimensions the embedded table serves."""


def direction_numbers(dimension: int) -> np.ndarray:
    """The 32 direction numbers of one Sobol' dimension, most significant bit first, as ``uint32``.

    Raises:
        ValueError: if the table has no such dimension.
    """
    if not 0 <= dimension < SOBOL_DIMENSIONS:
        raise ValueError(f"Sobol' dimension {dimension} is not in 0..{SOBOL_DIMENSIONS - 1}.")
    if dimension == 0:
        return np.array([1 << (_BITS - 1 - k) for k in range(_BITS)], np.uint32)
    polynomial, initial = _JOE_KUO[dimension - 1]
    degree = len(initial)
    m = list(initial)
    for k in range(degree, _BITS):
        value = m[k - degree] ^ (m[k - degree] << degree)
        for i in range(1, degree):
            if (polynomial >> (degree - i)) & 1:
                value ^= m[k - i] << i
        m.append(value)
    return np.array([m[k] << (_BITS - 1 - k) for k in range(_BITS)], np.uint32)


def _reverse_bits(x: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF)):
        x = ((x >> shift) & jnp.uint32(mask)) | ((x & jnp.uint32(mask)) << shift)
    return (x >> 16) | (x << 16)


def _owen_hash(x: UInt32[Array, "..."], seed: UInt32[Array, ""]) -> UInt32[Array, "..."]:
    """Permute each bit by a hash of the bits above it: nested uniform scrambling (Burley 2020, listing 2)."""
    x = _reverse_bits(x)
    x = x + seed
    for constant in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
        x = x ^ (x * jnp.uint32(constant))
    return _reverse_bits(x)


def sobol_bits(index: UInt32[Array, "n"], dimension: int) -> UInt32[Array, "n"]:
    """Unscrambled Sobol' points of one dimension at the given positions, as 32-bit fixed-point fractions."""
    bits = jnp.zeros_like(index)
    for k, direction in enumerate(direction_numbers(dimension)):
        # -(bit) is all ones or all zeros, so this is a branch-free select.
        bits = bits ^ ((jnp.uint32(0) - ((index >> k) & jnp.uint32(1))) & jnp.uint32(direction))
    return bits


def stream(seed: int, purpose: int) -> UInt32[np.ndarray, "2"]:
    """Two words that tell apart the streams of different seeds and purposes.

    They are data, not part of the program: another seed does not compile anything anew.
    """
    return np.random.SeedSequence([seed, purpose]).generate_state(2)


def bits(kind: Draws, words: UInt32[Array, "2"], index: UInt32[Array, "n"], dimension: int) -> UInt32[Array, "n"]:
    """32 uniform bits for each index.

    Args:
        kind: ``"pseudo"``, or either of the others for Sobol' points.
        words: From `stream`: the scramble of Sobol' points, or the key of pseudo-random numbers.
        index: Worker or firm indices.
        dimension: Sobol' dimension; ignored under ``pseudo``.
    """
    if kind == "pseudo":
        return indexed_bits(words, index)
    return scramble(sobol_bits(index, dimension), words)


def scramble(points: UInt32[Array, "..."], words: UInt32[Array, "2"]) -> UInt32[Array, "..."]:
    """Owen-scrambled Sobol' points: what `bits` gives but under ``pseudo``, from points that are known already."""
    return _owen_hash(points, words[0])


def stratified(even: UInt32[Array, "n"], chance: UInt32[Array, "n"], count: int) -> UInt32[Array, "n"]:
    """Uniforms whose first `count` bits, 0 to 32, are those of `even` and the others those of `chance`."""
    leading = jnp.uint32(((1 << count) - 1) << (_BITS - count))
    return (even & leading) | (chance & ~leading)


def rotation(years: int) -> np.ndarray:
    """Orthogonal matrix Q, ``[years, years]``, whose first columns span the sums of shocks that decide firms' assets.

    After T years shocks have added Σ_t ρ^(T-1-t) ε_t to log assets. With ε = Q z these sums are, at any growth rate ρ
    between 0.8 and 1.15, functions of the first three of z but for less than 1 % of their size in 10 years, and 15 % in
    40. ε is a vector of independent standard normals whenever z is: the rotation changes no distribution. It depends on
    the number of years.
    """
    basis: list[list[float]] = []
    axes = [[float(t == k) for t in range(years)] for k in range(years)]
    for vector in [*([_power(rho, years - 1 - t) for t in range(years)] for rho in _GROWTH_RATES), *axes][:years]:
        # Twice is enough (Gram-Schmidt); exact sums give the same bits on every machine.
        for _ in range(2):
            for other in basis:
                along = math.fsum(a * b for a, b in zip(vector, other, strict=True))
                vector = [a - along * b for a, b in zip(vector, other, strict=True)]
        length = math.sqrt(math.fsum(a * a for a in vector))
        basis.append([a / length for a in vector])
    return np.array(basis).T


def _power(base: float, exponent: int) -> float:
    return math.prod([base] * exponent, start=1.0)


def normal_scores(count: int) -> np.ndarray:
    """Normal scores of agents in a known order, Φ⁻¹((j - 1/2)/J), ``[count]``, float64."""
    return ndtri((np.arange(count) + 0.5) / count)


def normal(uniform: UInt32[Array, "n"], dtype: jnp.dtype) -> Float[Array, "n"]:
    """Standard normals from uniform bits, Φ⁻¹((bits + 1/2) / 2³²), with full relative accuracy in both tails.

    The inverse is taken in the lower half only, where the probability is small and float32 keeps its digits; near 1
    it would round to 1 and the normal to infinity.
    """
    upper = uniform >= jnp.uint32(1 << 31)
    folded = jnp.where(upper, ~uniform, uniform)
    lower_half = jax.scipy.special.ndtri((folded.astype(dtype) + dtype.type(0.5)) * dtype.type(2.0**-32))
    return jnp.where(upper, -lower_half, lower_half)


def choice(uniform: UInt32[Array, "n"], count: int) -> UInt32[Array, "n"]:
    """floor(count x U) in exact integer arithmetic, so that it does not depend on the working precision."""
    return ((uniform.astype(jnp.uint64) * jnp.uint64(count)) >> 32).astype(jnp.uint32)

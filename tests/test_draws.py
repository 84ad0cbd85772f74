"""Random numbers: Sobol' points, Owen scrambling, Threefry streams, and normals from bits."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from aigini.population import draws

KINDS = ("qmc", "sobol", "pseudo")


def bits(kind, seed, index, purpose):
    words = jnp.asarray(draws.stream(seed, purpose))
    return np.asarray(draws.bits(kind, words, jnp.asarray(index, jnp.uint32), purpose))


def normal(pattern, dtype):
    return np.asarray(draws.normal(jnp.asarray(pattern, jnp.uint32), np.dtype(dtype)))


def test_unscrambled_points_are_scipys_sobol_points_bit_for_bit():
    n = 2**12
    expected = stats.qmc.Sobol(draws.SOBOL_DIMENSIONS, scramble=False, bits=32).random(n) * 2.0**32
    position = np.arange(n, dtype=np.uint32)
    gray = jnp.asarray(position ^ (position >> 1))  # scipy visits the same points in Gray-code order
    for dimension in range(draws.SOBOL_DIMENSIONS):
        np.testing.assert_array_equal(np.asarray(draws.sobol_bits(gray, dimension)), expected[:, dimension])


def test_points_agree_with_scipys_far_down_the_sequence():
    sobol = stats.qmc.Sobol(draws.SOBOL_DIMENSIONS, scramble=False, bits=32)
    start = 123_456_789
    sobol.fast_forward(start)
    expected = sobol.random(8) * 2.0**32
    position = np.arange(start, start + 8, dtype=np.uint32)
    gray = jnp.asarray(position ^ (position >> 1))
    ours = [np.asarray(draws.sobol_bits(gray, d)) for d in range(draws.SOBOL_DIMENSIONS)]
    np.testing.assert_array_equal(np.stack(ours, axis=1), expected)


def test_only_forty_dimensions_are_served():
    assert draws.SOBOL_DIMENSIONS == 40
    for dimension in (-1, 40):
        with pytest.raises(ValueError, match=r"not in 0\.\.39"):
            draws.direction_numbers(dimension)


@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_scrambled_points_fill_each_dyadic_interval_once_in_every_dimension(seed):
    for dimension in range(draws.SOBOL_DIMENSIONS):
        points = bits("qmc", seed, np.arange(2**12), dimension)
        for k in range(1, 13):
            # Every aligned block of 2^k points, not only the first one.
            cells = np.sort((points >> (32 - k)).reshape(-1, 2**k), axis=1)
            assert np.all(cells == np.arange(2**k)), (dimension, k)


def test_the_first_two_scrambled_dimensions_stay_a_net():
    # Independent Owen scrambles keep a (0, m, 2)-net: every elementary box of area 2^-m holds one point.
    m = 10
    x, y = (bits("qmc", 7, np.arange(2**m), dimension) for dimension in (0, 1))
    for a in range(1, m):
        boxes = (x >> (32 - a)).astype(np.int64) * 2 ** (m - a) + (y >> (32 - m + a))
        np.testing.assert_array_equal(np.sort(boxes), np.arange(2**m))


def test_scrambling_is_nested():
    # Two numbers that first differ in bit k must, scrambled, first differ in bit k: that is "nested".
    generator = np.random.default_rng(0)
    first = generator.integers(0, 2**32, 4000).astype(np.uint32)
    bit = generator.integers(0, 32, 4000).astype(np.uint32)
    below = generator.integers(0, 2**32, 4000).astype(np.uint32) & ((np.uint32(1) << bit) - np.uint32(1))
    second = first ^ (np.uint32(1) << bit) ^ below
    scrambled = [np.asarray(draws._owen_hash(jnp.asarray(x), jnp.uint32(12345))) for x in (first, second)]
    np.testing.assert_array_equal(np.log2(scrambled[0] ^ scrambled[1]).astype(np.uint32), bit)


def test_scrambles_of_different_seeds_are_different_and_fair():
    values = np.stack([bits("qmc", seed, np.arange(32), 3) for seed in range(200)])
    assert len({tuple(row) for row in values}) == 200
    # Over seeds each point is uniform: its mean within five standard errors of 1/2, its top bits fair coins.
    uniform = (values + 0.5) / 2**32
    assert np.abs(uniform.mean(axis=0) - 0.5).max() < 5 / np.sqrt(12 * 200)
    for k in range(1, 5):
        share = ((values >> (32 - k)) & 1).mean(axis=0)
        assert np.abs(share - 0.5).max() < 5 * 0.5 / np.sqrt(200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_draw_does_not_depend_on_how_indices_are_batched(kind):
    index = np.arange(257)
    together = bits(kind, 11, index, 4)
    shuffled = np.random.default_rng(0).permutation(index)
    np.testing.assert_array_equal(bits(kind, 11, shuffled, 4), together[shuffled])
    pieces = [bits(kind, 11, piece, 4) for piece in np.split(index, [1, 129, 200])]
    np.testing.assert_array_equal(np.concatenate(pieces), together)
    words = jnp.asarray(draws.stream(11, 4))
    compiled = jax.jit(lambda i: draws.bits(kind, words, i, 4))(jnp.asarray(index, jnp.uint32))
    np.testing.assert_array_equal(np.asarray(compiled), together)


@pytest.mark.parametrize("kind", KINDS)
def test_seed_and_purpose_both_change_the_draws(kind):
    index = np.arange(1024)
    streams = {(seed, purpose): bits(kind, seed, index, purpose) for seed in (0, 1, 2) for purpose in (0, 1, 2)}
    for one, other in itertools.combinations(streams, 2):
        assert np.mean(streams[one] == streams[other]) < 0.01
        # Two scrambles of one Sobol' dimension share its strata; everything else is uncorrelated.
        if kind == "pseudo" or one[1] != other[1]:
            correlation = np.corrcoef(streams[one].astype(float), streams[other].astype(float))[0, 1]
            assert abs(correlation) < 5 / np.sqrt(1024)


def test_stratified_uniforms_are_even_in_their_first_bits_and_random_in_the_others():
    index = np.arange(2**12)
    even, chance = bits("qmc", 3, index, 1), bits("pseudo", 3, index, 1)
    for count in (0, 5, 12, 32):
        mixed = np.asarray(draws.stratified(jnp.asarray(even), jnp.asarray(chance), count))
        leading = np.uint32(((1 << count) - 1) << (32 - count))
        np.testing.assert_array_equal(mixed & leading, even & leading)
        np.testing.assert_array_equal(mixed & ~leading, chance & ~leading)


GOLDEN = {
    ("qmc", 0, 0): [1818426270, 3754007482, 62315395, 3796609207],
    ("qmc", 0, 7): [3155349259, 1276084780, 4031562218, 1365642979],
    ("qmc", 12345, 3): [1847063833, 3719143266, 2797174995, 2733912966],
    ("sobol", 12345, 3): [1847063833, 3719143266, 2797174995, 2733912966],
    ("pseudo", 0, 0): [363610888, 3197945454, 1089805623, 3034416942],
    ("pseudo", 0, 7): [1502854145, 2999466199, 605520707, 382384162],
    ("pseudo", 12345, 3): [2537616089, 1423711674, 809111485, 4273693369],
}


@pytest.mark.parametrize(("kind", "seed", "purpose"), GOLDEN)
def test_draws_are_pinned(kind, seed, purpose):
    # Published results name a seed; these numbers must never change under it.
    np.testing.assert_array_equal(bits(kind, seed, [0, 1, 2, 123_456_789], purpose), GOLDEN[kind, seed, purpose])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normals_are_finite_symmetric_and_increasing_up_to_the_extreme_bits(dtype):
    edge = np.arange(2000, dtype=np.uint32)
    spaced = np.linspace(0, 2**31 - 1, 200_001).astype(np.uint32)
    lower = normal(np.concatenate([edge, spaced]), dtype)
    upper = normal(~np.concatenate([edge, spaced]), dtype)
    assert np.all(np.isfinite(lower))
    assert np.all(np.isfinite(upper))
    np.testing.assert_array_equal(upper, -lower)
    assert np.all(np.diff(normal(edge, dtype)) >= 0)
    assert lower[0] == pytest.approx(ndtri(2.0**-33), rel=1e-6)
    assert lower.dtype == np.dtype(dtype)


def test_normals_have_full_relative_accuracy_in_the_tails():
    patterns = np.concatenate([np.arange(5000), np.random.default_rng(1).integers(0, 2**31, 200_000)])
    exact = ndtri((patterns + 0.5) / 2.0**32)
    np.testing.assert_allclose(normal(patterns, "float64"), exact, rtol=5e-15)
    # float32 keeps 1e-6 relative everywhere except near the median, where the normal itself goes through 0.
    np.testing.assert_allclose(normal(patterns, "float32"), exact, rtol=1e-6, atol=1e-7)
    tail = exact < -0.1
    np.testing.assert_allclose(normal(patterns, "float32")[tail], exact[tail], rtol=1e-6)


# Quasi-random means are far more accurate than random ones, whose bounds are five standard errors.
@pytest.mark.parametrize(("kind", "bounds"), [("qmc", (1e-4, 1e-3, 1e-3, 1e-2)), ("pseudo", None)])
def test_normals_have_the_moments_of_a_standard_normal(kind, bounds):
    n = 2**16
    bounds = bounds or tuple(5 * np.sqrt(variance / n) for variance in (1, 2, 15, 96))
    for purpose in (0, 2, 7):
        z = normal(bits(kind, 3, np.arange(n), purpose), "float64")
        for power, expected, bound in zip((1, 2, 3, 4), (0, 1, 0, 3), bounds, strict=True):
            assert abs(np.mean(z**power) - expected) < bound, (purpose, power)
        assert stats.kstest(z, "norm").pvalue > 1e-4


def test_a_choice_is_exact_integer_arithmetic():
    generator = np.random.default_rng(2)
    patterns = np.concatenate([[0, 1, 2**31, 2**32 - 1], generator.integers(0, 2**32, 5000)]).astype(np.uint32)
    for count in (1, 2, 3, 16, 300, 1000, 2**31 + 11):
        chosen = np.asarray(draws.choice(jnp.asarray(patterns), count))
        assert chosen.tolist() == [int(b) * count >> 32 for b in patterns.tolist()]


def test_quasi_random_choices_are_balanced():
    # 2^14 points over 300 firms: every firm within one of its fair share per dyadic boundary it has.
    chosen = np.asarray(draws.choice(jnp.asarray(bits("qmc", 5, np.arange(2**14), 1)), 300))
    sizes = np.bincount(chosen, minlength=300)
    assert np.abs(sizes - 2**14 / 300).max() < 2
    sixteen = np.bincount(np.asarray(draws.choice(jnp.asarray(bits("qmc", 5, np.arange(2**14), 0)), 16)))
    np.testing.assert_array_equal(sixteen, 2**14 // 16)

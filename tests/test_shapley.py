"""The Shapley decomposition: its axioms, textbook games, interactions, and refusals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigini.errors import AnalysisError
from aigini.numerics.shapley import coalitions, shapley

NAMES = ("a", "b", "c", "d", "e", "f")
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 6)


def game(seed, n, *outcomes):
    return np.random.default_rng(seed).normal(size=(2**n, *outcomes))


def from_function(v, n):
    return np.array([v({k for k in range(n) if row[k]}) for row in coalitions(n)], dtype=float)


def over_orders(values, n):
    """Average over all n! orders of what each channel adds when its turn comes."""
    added = np.zeros((n, *values.shape[1:]))
    for order in itertools.permutations(range(n)):
        on = 0
        for k in order:
            added[k] += values[on | 1 << k] - values[on]
            on |= 1 << k
    return added / math.factorial(n)


def test_coalitions_put_the_least_significant_channel_first():
    expected = ["000", "100", "010", "110", "001", "101", "011", "111"]
    np.testing.assert_array_equal(coalitions(3), [[digit == "1" for digit in row] for row in expected])
    assert coalitions(1).dtype == bool


@given(SEEDS, SIZES, st.floats(-1e3, 1e3))
def test_contributions_add_up_to_the_change(seed, n, level):
    values = game(seed, n, 2, 3) + level
    found = shapley(values, NAMES[:n])
    scale = np.abs(values).max()
    np.testing.assert_allclose(found.contributions.sum(axis=0), values[-1] - values[0], rtol=0, atol=1e-14 * n * scale)
    assert found.contributions.shape == (n, 2, 3)
    assert found.interactions.shape == (n, n, 2, 3)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_contributions_are_the_average_over_all_orders(n):
    values = game(n, n, 3)
    np.testing.assert_allclose(shapley(values, NAMES[:n]).contributions, over_orders(values, n), rtol=0, atol=1e-14)


@given(SEEDS, st.integers(2, 6), st.data())
def test_relabelling_the_channels_relabels_the_results(seed, n, data):
    # Symmetry: new channel k is old channel order[k], and nothing else changes.
    order = np.array(data.draw(st.permutations(range(n))))
    values = game(seed, n)
    moved = values[coalitions(n) @ (1 << order)]
    old, new = shapley(values, NAMES[:n]), shapley(moved, NAMES[:n])
    np.testing.assert_allclose(new.contributions, old.contributions[order], rtol=0, atol=1e-14)
    np.testing.assert_allclose(new.interactions, old.interactions[np.ix_(order, order)], rtol=0, atol=1e-14)


@given(SEEDS, st.integers(2, 6))
def test_interchangeable_channels_contribute_the_same(seed, n):
    # The value depends on the channels a and b only through how many of them are on.
    member = coalitions(n)
    together = np.random.default_rng(seed).normal(size=(3, 2**n))
    values = together[member[:, :2].sum(axis=1), np.arange(2**n) >> 2]
    found = shapley(values, NAMES[:n])
    assert found.contributions[0] == pytest.approx(found.contributions[1], rel=0, abs=1e-14)


@given(SEEDS, SIZES, st.data())
def test_a_channel_that_adds_a_constant_gets_that_constant(seed, n, data):
    k = data.draw(st.integers(0, n - 1))
    worth = data.draw(st.sampled_from([0.0, 2.5]))
    member, index = coalitions(n), np.arange(2**n)
    values = game(seed, n)[index & ~(1 << k)] + worth * member[:, k]
    found = shapley(values, NAMES[:n])
    for measure in (found.contributions, found.first_in, found.last_in):
        assert measure[k] == pytest.approx(worth, rel=0, abs=1e-14)
    np.testing.assert_allclose(found.interactions[k], 0, atol=1e-14)


@given(SEEDS, SIZES, st.floats(-5, 5), st.floats(-5, 5))
def test_every_part_is_linear_in_the_game(seed, n, one, two):
    first, second = game(seed, n, 2), game(seed + 1, n, 2)
    mixed, a, b = (shapley(v, NAMES[:n]) for v in (one * first + two * second, first, second))
    for part in ("contributions", "interactions", "first_in", "last_in"):
        np.testing.assert_allclose(
            getattr(mixed, part), one * getattr(a, part) + two * getattr(b, part), rtol=0, atol=2e-13
        )


@given(SEEDS, SIZES)
def test_an_additive_game_has_no_interactions_and_no_order(seed, n):
    worth = np.random.default_rng(seed).normal(size=n)
    found = shapley(3.0 + coalitions(n) @ worth, NAMES[:n])
    np.testing.assert_allclose(found.interactions, 0, atol=1e-14)
    for measure in (found.contributions, found.first_in, found.last_in):
        np.testing.assert_allclose(measure, worth, rtol=0, atol=1e-14)


def test_the_glove_game():
    # One left glove (a), two right gloves (b, c): a pair is worth 1.
    found = shapley(from_function(lambda s: min(len(s & {0}), len(s & {1, 2})), 3), "abc")
    np.testing.assert_allclose(found.contributions, [2 / 3, 1 / 6, 1 / 6], rtol=1e-15)
    np.testing.assert_array_equal(found.first_in, [0, 0, 0])
    np.testing.assert_array_equal(found.last_in, [1, 0, 0])
    # By hand: a and b, without c: 1, with c: 0, so 1/2; b and c, without a: 0, with a: 1 - 1 - 1 + 0, so -1/2.
    np.testing.assert_allclose(found.interactions, [[0, 0.5, 0.5], [0.5, 0, -0.5], [0.5, -0.5, 0]], rtol=1e-15)


def test_the_airport_game():
    # Runways of length 1, 2, 4, 7: each stretch is shared equally by those who need it (Littlechild and Owen, 1973).
    lengths = [1, 2, 4, 7]
    found = shapley(from_function(lambda s: max((lengths[k] for k in s), default=0), 4), "abcd")
    shares = np.array([1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 2 / 2, 1 / 4 + 1 / 3 + 2 / 2 + 3])
    np.testing.assert_allclose(found.contributions, shares, rtol=1e-14)


@pytest.mark.parametrize("group", [{0}, {1, 3}, {0, 2, 4}, {0, 1, 2, 3, 4}])
def test_unanimity_games_share_equally_within_the_group(group):
    # Grabisch and Roubens (1999): the interaction of two members of a unanimity game of t players is 1/(t - 1).
    found = shapley(from_function(lambda s: group <= s, 5), "abcde")
    inside = np.array([k in group for k in range(5)])
    np.testing.assert_allclose(found.contributions, inside / len(group), rtol=0, atol=1e-15)
    pairs = np.outer(inside, inside) & ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(found.interactions, pairs / max(len(group) - 1, 1), rtol=0, atol=1e-15)


def test_two_channels_share_their_interaction_equally():
    found = shapley([1.0, 2.0, 4.0, 10.0], ["a", "b"])
    assert found.interactions[0, 1] == found.interactions[1, 0] == 5
    np.testing.assert_array_equal(found.first_in, [1, 3])
    np.testing.assert_array_equal(found.last_in, [6, 8])
    np.testing.assert_array_equal(found.contributions, found.first_in + 2.5)


def test_a_single_channel_takes_everything():
    found = shapley([[1.0, 2.0], [4.0, 1.0]], ["a"])
    np.testing.assert_array_equal(found.contributions, [[3, -1]])
    np.testing.assert_array_equal(found.interactions, np.zeros((1, 1, 2)))


@pytest.mark.parametrize("length", [0, 7, 9, 16])
def test_a_wrong_number_of_coalitions_is_refused(length):
    with pytest.raises(AnalysisError, match=rf"expected values of length 8, got {length}"):
        shapley(np.zeros((length, 2)), "abc")


def test_a_lone_number_is_refused():
    with pytest.raises(AnalysisError, match="expected values of length 2, got 0"):
        shapley(np.array(1.0), ["a"])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_outcomes_that_are_not_finite_are_refused_by_the_name_of_the_coalition(bad):
    values = np.zeros((8, 2, 2))
    values[5, 1, 0] = bad
    with pytest.raises(AnalysisError, match=r"\{wages, skills\} \(index 5\)$"):
        shapley(values, ["wages", "prices", "skills"])
    with pytest.raises(AnalysisError, match="and 2 more"):
        shapley(np.full(8, bad), "abc")


def test_missing_and_repeated_names_are_refused():
    with pytest.raises(AnalysisError, match="at least 1 channel"):
        shapley([1.0], [])
    with pytest.raises(AnalysisError, match="repeated: a"):
        shapley(np.zeros(8), ["a", "b", "a"])
    with pytest.raises(AnalysisError, match="at least 1 channel"):
        coalitions(0)

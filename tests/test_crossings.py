"""The nearest zero on a line: pairs of zeros between trial points, gaps, jumps, and how much is evaluated."""

import math

import numpy as np
import pytest

from aigini.errors import AnalysisError
from aigini.numerics.crossings import nearest_zero

AT = np.linspace(-4, 4, 17)


def find(function, slope, at=AT):
    """The zero, and the number of evaluations with slopes."""
    calls = []

    def look(x):
        calls.append(x)
        return function(x), slope(x)

    zero = nearest_zero(at, np.array([function(float(x)) for x in at]), look, accept=1e-8)
    return zero, len(calls)


@pytest.mark.parametrize("root", [0.3, -0.77, 1.5, -3.999, 0.0])
def test_a_simple_zero_is_found_to_rounding_in_few_evaluations(root):
    zero, calls = find(lambda x: math.expm1(x - root), lambda x: math.exp(x - root))
    assert zero is not None
    assert zero[0] == pytest.approx(root, abs=1e-12)
    assert abs(zero[1]) < 1e-12
    assert calls <= 7


def test_the_nearest_of_several_zeros_is_taken():
    cubic = np.polynomial.Polynomial.fromroots([1.3, -0.9, 3.1])
    zero, _ = find(lambda x: float(cubic(x)), lambda x: float(cubic.deriv()(x)))
    assert zero is not None
    assert zero[0] == pytest.approx(-0.9, abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("centre", "half"), [(1.24, 0.2), (-2.2, 0.05), (3.8, 0.1), (0.2, 0.01)])
def test_a_pair_of_zeros_between_trial_points_is_found(sign, centre, half):
    # No trial point lies between the two zeros.
    assert not ((centre - half < AT) & (centre + half > AT)).any()
    zero, calls = find(lambda x: sign * ((x - centre) ** 2 - half**2), lambda x: sign * 2 * (x - centre))
    assert zero is not None
    nearer = min((centre - half, centre + half), key=abs)
    assert zero[0] == pytest.approx(nearer, abs=1e-9)
    assert calls <= 25


@pytest.mark.parametrize("gap", [1e-3, 0.5])
def test_a_turn_short_of_zero_is_none_and_costs_little(gap):
    zero, calls = find(lambda x: (x - 1.24) ** 2 + gap, lambda x: 2 * (x - 1.24))
    assert zero is None
    assert calls <= 6


def test_where_the_function_keeps_away_from_zero_no_slope_is_asked_for_but_at_its_lowest():
    zero, calls = find(lambda x: math.exp(x) + 1, math.exp)
    assert zero is None
    assert calls <= 2


def test_a_function_that_does_not_move_costs_nothing():
    noise = iter(np.tile([0.0, 1e-16], 50))
    assert find(lambda x: 1 + next(noise), lambda x: 1e-16) == (None, 0)


def test_gaps_and_jumps_are_not_zeros():
    gap, _ = find(lambda x: x - 0.3 if abs(x - 0.3) > 0.4 else math.nan, lambda x: 1.0)
    assert gap is None
    jump, _ = find(lambda x: 1.0 if x > 0.3 else -1.0, lambda x: 0.0)
    assert jump is None
    # Beyond a gap the next zero counts.
    beyond, _ = find(lambda x: math.nan if abs(x - 0.5) < 0.1 else math.sin(x - 0.5), lambda x: math.cos(x - 0.5))
    assert beyond is not None
    assert beyond[0] == pytest.approx(0.5 - math.pi, abs=1e-10)


@pytest.mark.parametrize("function", ["flat", "steep"])
def test_flat_and_steep_functions_stay_in_their_bracket(function):
    if function == "flat":
        zero, calls = find(lambda x: (x - 0.7) ** 5, lambda x: 5 * (x - 0.7) ** 4)
    else:
        zero, calls = find(lambda x: math.atan(200 * (x - 0.7)), lambda x: 200 / (1 + (200 * (x - 0.7)) ** 2))
    assert zero is not None
    assert abs(zero[1]) < 1e-8
    assert calls <= 25


@pytest.mark.parametrize(("at", "values"), [([0.0, 1.0], [1.0]), ([0.0, 0.0], [1.0, 1.0]), ([1.0, 2.0], [1.0, 1.0])])
def test_trial_points_that_make_no_sense_are_refused(at, values):
    with pytest.raises(AnalysisError, match="trial points must increase"):
        nearest_zero(np.array(at), np.array(values), lambda x: (x, 1.0), accept=1e-8)

"""Measures of a sample against closed forms, on deterministic grids of quantiles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf, ndtr, ndtri

from aigini.statistics import sample

N = 2**16
GRID = (np.arange(N) + 0.5) / N

QUANTILES = {
    "lognormal 0.3": np.exp(0.3 * ndtri(GRID)),
    "lognormal 1": np.exp(1.0 * ndtri(GRID) + 5),
    "uniform": GRID,
    "exponential": -np.log1p(-GRID),
    "pareto 3": (1 - GRID) ** (-1 / 3),
    "pareto 4": 7 * (1 - GRID) ** (-1 / 4),
}


# The grid replaces each 1/N of the distribution by its median, which costs most in heavy tails.
@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [
        ("lognormal 0.3", erf(0.15), 1e-5),
        ("lognormal 1", erf(0.5), 1e-4),
        ("uniform", 1 / 3, 1e-9),
        ("exponential", 1 / 2, 1e-5),
        ("pareto 3", 1 / 5, 2e-4),
        ("pareto 4", 1 / 7, 5e-5),
    ],
)
def test_gini_has_its_closed_form(name, expected, tolerance):
    assert float(sample.gini(jnp.asarray(QUANTILES[name]))) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "curve", "tolerance"),
    [
        ("uniform", lambda p: p**2, 1e-8),
        ("exponential", lambda p: p + (1 - p) * np.log1p(-np.minimum(p, 1 - 1e-300)), 2e-5),
        ("pareto 3", lambda p: 1 - (1 - p) ** (2 / 3), 3e-4),
        ("lognormal 1", lambda p: ndtr(ndtri(p) - 1), 1e-4),
    ],
)
def test_lorenz_curve_has_its_closed_form(name, curve, tolerance):
    lorenz = np.asarray(sample.lorenz(jnp.asarray(QUANTILES[name])))
    assert lorenz.shape == (N + 1,)
    assert lorenz[0] == 0
    assert lorenz[-1] == 1
    inside = np.arange(1, N) / N
    np.testing.assert_allclose(lorenz[1:-1], curve(inside), atol=tolerance)


@pytest.mark.parametrize(
    ("name", "share", "tolerance"),
    [
        ("uniform", lambda p: 1 - (1 - p) ** 2, 1e-8),
        ("exponential", lambda p: p * (1 - np.log(p)), 2e-5),
        ("pareto 3", lambda p: p ** (1 - 1 / 3), 3e-4),
        ("pareto 4", lambda p: p ** (1 - 1 / 4), 1e-4),
        ("lognormal 1", lambda p: ndtr(1 - ndtri(1 - p)), 1e-4),
    ],
)
def test_top_shares_have_their_closed_forms(name, share, tolerance):
    # 0.0012345 is no multiple of 1/N: the marginal worker is split.
    for fraction in (0.5, 0.1, 0.01, 0.0012345):
        ours = float(sample.top_share(jnp.asarray(QUANTILES[name]), fraction))
        assert ours == pytest.approx(share(fraction), abs=tolerance)


@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [
        ("lognormal 0.3", 0.3**2 / 2, 2e-5),
        ("lognormal 1", 1 / 2, 1e-3),
        ("uniform", np.log(2) - 1 / 2, 1e-8),
        ("exponential", 1 - np.euler_gamma, 1e-4),
        ("pareto 3", np.log(2 / 3) + 1 / 2, 1e-3),
        ("pareto 4", np.log(3 / 4) + 1 / 3, 3e-4),
    ],
)
def test_theil_has_its_closed_form(name, expected, tolerance):
    assert float(sample.theil(jnp.asarray(QUANTILES[name]))) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [
        ("lognormal 0.3", np.sqrt(np.expm1(0.09)), 1e-4),
        ("uniform", 1 / np.sqrt(3), 1e-8),
        ("exponential", 1.0, 2e-4),
    ],
)
def test_coefficient_of_variation_has_its_closed_form(name, expected, tolerance):
    ours = float(sample.coefficient_of_variation(jnp.asarray(QUANTILES[name])))
    assert ours == pytest.approx(expected, abs=tolerance)


def test_ols_slope_recovers_a_line_and_is_numpys_slope():
    generator = np.random.default_rng(0)
    x, noise = generator.normal(size=(2, 1000))
    slope = sample.ols_slope(jnp.asarray(x), jnp.asarray(3 - 0.7 * x))
    assert float(slope) == pytest.approx(-0.7, rel=1e-12)
    y = 0.2 * x + noise
    assert float(sample.ols_slope(jnp.asarray(x), jnp.asarray(y))) == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-10)


def test_measures_of_a_two_point_distribution_are_exact():
    # One of four owns everything above 1: 1, 1, 1, 5.
    values = jnp.asarray([5.0, 1.0, 1.0, 1.0])
    assert float(sample.mean(values)) == 2
    assert float(sample.gini(values)) == pytest.approx(3 / 8, rel=1e-15)
    assert float(sample.top_share(values, 0.25)) == pytest.approx(5 / 8, rel=1e-15)
    assert float(sample.top_share(values, 0.125)) == pytest.approx(5 / 16, rel=1e-15)
    assert float(sample.coefficient_of_variation(values)) == pytest.approx(np.sqrt(3) / 2, rel=1e-15)
    assert float(sample.theil(values)) == pytest.approx((2.5 * np.log(2.5) + 1.5 * np.log(0.5)) / 4, rel=1e-14)
    np.testing.assert_allclose(sample.lorenz(values), [0, 1 / 8, 2 / 8, 3 / 8, 1], rtol=1e-15)


def test_equal_incomes_have_no_inequality():
    values = jnp.full(1000, 3.7)
    assert abs(float(sample.gini(values))) < 1e-14
    assert abs(float(sample.theil(values))) < 1e-14
    assert abs(float(sample.coefficient_of_variation(values))) < 1e-14
    assert float(sample.top_share(values, 0.1)) == pytest.approx(0.1, rel=1e-12)


def test_zeros_contribute_nothing_to_the_theil_index_nor_to_its_derivative():
    values = jnp.asarray([0.0, 0.0, 2.0, 2.0])
    assert float(sample.theil(values)) == pytest.approx(np.log(2), rel=1e-14)
    assert np.all(np.isfinite(jax.grad(sample.theil)(values)))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5])
def test_impossible_fractions_are_refused(fraction):
    with pytest.raises(ValueError, match=r"not in \(0, 1\)"):
        sample.top_share(jnp.ones(4), fraction)


EIGHT = st.lists(st.floats(1e-3, 1e3), min_size=8, max_size=8)


@given(EIGHT, st.floats(1e-3, 1e3))
def test_relative_measures_do_not_depend_on_the_unit(values, scale):
    values = jnp.asarray(values)
    for measure in (sample.gini, sample.theil, sample.coefficient_of_variation):
        assert float(measure(scale * values)) == pytest.approx(float(measure(values)), rel=1e-9, abs=1e-13)


@given(EIGHT)
def test_gini_is_half_the_mean_absolute_difference_over_the_mean(values):
    x = np.asarray(values)
    expected = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert float(sample.gini(jnp.asarray(values))) == pytest.approx(expected, rel=1e-12, abs=1e-14)


@given(EIGHT, st.integers(0, 7), st.integers(0, 7))
def test_a_transfer_from_richer_to_poorer_lowers_every_measure(values, i, j):
    x = np.asarray(values)
    if not x[i] > 1.01 * x[j]:
        return
    after = x.copy()
    after[[i, j]] += np.array([-1, 1]) * 0.25 * (x[i] - x[j])
    for measure in (sample.gini, sample.theil, sample.coefficient_of_variation):
        assert float(measure(jnp.asarray(after))) < float(measure(jnp.asarray(x)))
    assert np.all(np.asarray(sample.lorenz(jnp.asarray(after))) >= np.asarray(sample.lorenz(jnp.asarray(x))) - 1e-15)


def test_measures_accumulate_float32_values_in_float64():
    values = jnp.asarray(QUANTILES["lognormal 1"], jnp.float32)
    for measure in (sample.mean, sample.gini, sample.theil, sample.coefficient_of_variation):
        assert measure(values).dtype == jnp.float64
        assert float(measure(values)) == pytest.approx(float(measure(values.astype(jnp.float64))), rel=1e-15)


X = np.exp(0.6 * np.random.default_rng(3).standard_normal(50))
Y = np.random.default_rng(4).standard_normal(50)


@pytest.mark.parametrize(
    "measure",
    [
        sample.mean,
        sample.gini,
        sample.theil,
        sample.coefficient_of_variation,
        lambda x: sample.top_share(x, 0.13),
        lambda x: sample.lorenz(x)[20],
        lambda x: sample.ols_slope(x, jnp.asarray(Y)),
        lambda x: sample.ols_slope(jnp.asarray(Y), x),
    ],
    ids=["mean", "gini", "theil", "cv", "top share", "lorenz", "slope in x", "slope in y"],
)
def test_derivatives_are_central_differences_in_both_modes(measure):
    compiled = jax.jit(measure)
    reverse, forward = (
        jax.jit(jax.grad(measure))(jnp.asarray(X)),
        jax.jit(jax.jacfwd(measure))(jnp.asarray(X)),
    )
    step = 1e-5
    steps = step * np.eye(len(X))
    expected = [(float(compiled(jnp.asarray(X + e))) - float(compiled(jnp.asarray(X - e)))) / (2 * step) for e in steps]
    np.testing.assert_allclose(reverse, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(forward, reverse, rtol=1e-11, atol=1e-14)

"""Measures as functions of sums: regression, between-group variance, and the Theil split."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from aigini.statistics import sample, sums
from aigini.statistics.sums import CrossMoments, GroupSums


def cross(x, y, x_ref=0.0, y_ref=0.0):
    dx, dy = jnp.asarray(x) - x_ref, jnp.asarray(y) - y_ref
    return CrossMoments(
        n=jnp.asarray(float(dx.size)),
        x=jnp.sum(dx),
        y=jnp.sum(dy),
        xx=jnp.sum(dx**2),
        xy=jnp.sum(dx * dy),
        yy=jnp.sum(dy**2),
    )


def grouped(values, group, n_groups, ref=0.0):
    group = jnp.asarray(group)
    values = jnp.asarray(values) - ref
    return GroupSums(
        n=jax.ops.segment_sum(jnp.ones_like(values), group, n_groups),
        y=jax.ops.segment_sum(values, group, n_groups),
        yy=jax.ops.segment_sum(values**2, group, n_groups),
    )


def component(values, group, n_groups, ref=0.0):
    total = jnp.sum((jnp.asarray(values) - ref) ** 2)
    return float(sums.between_variance(grouped(values, group, n_groups, ref), total))


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(-3, 3))
def test_slope_and_variance_do_not_depend_on_the_reference_point(seed, x_ref, y_ref):
    x, noise = np.random.default_rng(seed).normal(size=(2, 40))
    y = 1 + 0.5 * x + noise
    moments = cross(x, y, x_ref, y_ref)
    assert float(moments.slope) == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-9)
    assert float(moments.slope) == pytest.approx(float(sample.ols_slope(jnp.asarray(x), jnp.asarray(y))), rel=1e-9)
    assert float(moments.variance_y) == pytest.approx(np.var(y), rel=1e-10)


def test_between_variance_of_a_balanced_design_is_the_textbook_estimate():
    # Groups (1, 3), (5, 7), (6, 8): MSB = 14, MSW = 2, two per group, so (14 - 2)/2 = 6.
    values, group = [1.0, 3.0, 5.0, 7.0, 6.0, 8.0], [0, 0, 1, 1, 2, 2]
    assert component(values, group, 3) == pytest.approx(6.0, rel=1e-13)
    assert component(values, group, 3, ref=4.5) == pytest.approx(6.0, rel=1e-13)


def test_between_variance_of_an_unbalanced_design_is_the_textbook_estimate():
    # Groups (0), (2, 4), (5, 5, 8): means 0, 3, 6 about 4; SSB = 16 + 2 + 12 = 30, SSW = 2 + 6 = 8,
    # n0 = (6 - 14/6)/2 = 11/6; (30/2 - 8/3)/(11/6) = 74/11.
    values, group = [0.0, 2.0, 4.0, 5.0, 5.0, 8.0], [0, 1, 1, 2, 2, 2]
    assert component(values, group, 3) == pytest.approx(74 / 11, rel=1e-13)


def test_empty_groups_do_not_count():
    values, group = [0.0, 2.0, 4.0, 5.0, 5.0, 8.0], [0, 3, 3, 7, 7, 7]
    assert component(values, group, 10) == pytest.approx(74 / 11, rel=1e-13)


def test_a_single_group_has_nothing_between_groups_and_a_zero_derivative():
    values = jnp.asarray([1.0, 2.0, 4.0])
    assert component(values, [0, 0, 0], 1) == 0
    assert component(values, [2, 2, 2], 4) == 0

    def of(values):
        return sums.between_variance(grouped(values, [2, 2, 2], 4), jnp.sum(values**2))

    np.testing.assert_array_equal(jax.grad(of)(values), 0)


@pytest.mark.parametrize("between", [0.0, 0.04, 0.5])
def test_between_variance_is_unbiased_in_unbalanced_groups(between):
    # 400 replications of 60 groups of 1 to 9, within variance 1: mean estimate within 4 standard errors.
    generator = np.random.default_rng(5)
    group = np.repeat(np.arange(60), 1 + np.arange(60) % 9)
    estimate = jax.jit(lambda y: sums.between_variance(grouped(y, group, 60), jnp.sum(y**2)))
    found = [
        float(estimate(jnp.asarray(np.sqrt(between) * firm[group] + worker)))
        for firm, worker in zip(generator.normal(size=(400, 60)), generator.normal(size=(400, len(group))), strict=True)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(between, abs=4 * error)
    assert error < 0.02


def test_theil_from_sums_is_the_lognormal_closed_form_and_the_sample_index():
    n, spread = 2**16, 0.4
    x = np.exp(spread * ndtri((np.arange(n) + 0.5) / n) + 2)
    index = float(sums.theil(jnp.asarray(float(n)), jnp.asarray(x.sum()), jnp.asarray((x * np.log(x)).sum())))
    assert index == pytest.approx(spread**2 / 2, abs=5e-5)
    assert index == pytest.approx(float(sample.theil(jnp.asarray(x))), rel=1e-12)


def test_theil_splits_into_between_and_within():
    # Lognormal groups of equal log dispersion s: within is s²/2, between the index of group means.
    n, spread = 2**14, 0.4
    medians, copies = np.array([1.0, 2.0, 5.0]), np.array([1, 3, 2])
    unit = np.exp(spread * ndtri((np.arange(n) + 0.5) / n))
    group = np.repeat(np.repeat(np.arange(3), copies), n)
    x = medians[group] * np.tile(unit, copies.sum())
    total = float(sums.theil(jnp.asarray(float(len(x))), jnp.asarray(x.sum()), jnp.asarray((x * np.log(x)).sum())))
    # Of three groups, the constant and two predictors fit the means exactly, so that noise alone is taken off.
    between = float(sums.theil_between(grouped(x, group, 3), jnp.asarray([medians, medians**2])))
    means = np.repeat(medians, copies)
    size = n * copies
    variance = np.array([x[group == j].var(ddof=1) for j in range(3)])
    share, variance = size / len(x), variance / size
    variance = (1 - 2 * share) * variance + np.sum(share**2 * variance)
    noise = np.sum(share * variance / (2 * medians * unit.mean())) / x.mean()
    assert between == pytest.approx(float(sample.theil(jnp.asarray(means))) - noise, rel=1e-10)
    within = np.average(
        [float(sample.theil(jnp.asarray(x[group == j]))) for j in range(3)],
        weights=[x[group == j].sum() for j in range(3)],
    )
    assert total == pytest.approx(between + noise + within, rel=1e-12)
    assert within == pytest.approx(spread**2 / 2, abs=2e-4)


def test_theil_between_equal_or_single_or_empty_groups_is_zero():
    for n, y in (([4.0], [12.0]), ([4.0, 0.0], [12.0, 0.0]), ([4.0, 1.0], [12.0, 3.0])):
        groups = GroupSums(n=jnp.asarray(n), y=jnp.asarray(y), yy=9 * jnp.asarray(n))
        for predictor in ([1.0] * len(n), list(range(len(n)))):
            assert abs(float(sums.theil_between(groups, jnp.asarray([predictor], jnp.float64)))) < 1e-15


def test_theil_between_needs_the_sum_of_squares():
    with pytest.raises(ValueError, match="sum of squares"):
        sums.theil_between(GroupSums(n=jnp.ones(2), y=jnp.ones(2)), jnp.zeros((1, 2)))


@pytest.mark.parametrize("dispersion", [0.0, 0.15])
def test_theil_between_is_unbiased_with_few_agents_in_each_group(dispersion):
    # 400 samples of 500 groups of 3 to 9; the index of the samples' means would be too large by 0.04. A part of the
    # groups' means that is not predicted, 4 % of them, is in the quadratic term.
    generator = np.random.default_rng(8)
    group = np.repeat(np.arange(500), 3 + np.arange(500) % 7)
    scores = ndtri((np.arange(500) + 0.5) / 500)
    means = (1 + dispersion * np.exp(scores)) * np.exp(0.04 * generator.normal(size=500) * (dispersion > 0))
    truth = float(sample.theil(jnp.asarray(means[group])))
    predictors = jnp.asarray([np.exp(scores), scores])
    estimate = jax.jit(lambda x: sums.theil_between(grouped(x, group, 500), predictors))
    noise = np.exp(0.7 * generator.normal(size=(400, len(group))) - 0.245)
    found = [float(estimate(jnp.asarray(means[group] * row))) for row in noise]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(truth, abs=4 * error)
    assert error < 1e-3


def controlled(x, y, c):
    x, y, c = (jnp.asarray(values) for values in (x, y, c))
    control = sums.Control(c=jnp.sum(c), xc=x @ c, yc=y @ c, xyc=(x * y) @ c)
    return dataclasses.replace(cross(x, y), control=control)


def test_a_control_takes_its_chance_out_of_a_slope_and_leaves_it_unbiased():
    # y = 1 + x/2 + d x: the error of the slope is the mean of d x², which is observed.
    generator = np.random.default_rng(9)
    plain, better = [], []
    for _ in range(200):
        x, d, e = generator.normal(size=(3, 4000))
        found = controlled(x, 1 + 0.5 * x + d * x + 0.1 * e, d * x**2 / np.sqrt(3))
        plain.append(float(dataclasses.replace(found, control=None).slope))
        better.append(float(found.slope))
    assert np.std(better) < 0.3 * np.std(plain)
    # The coefficient comes from the same agents: a bias of order 1/n, here about -5/n.
    assert np.mean(better) == pytest.approx(0.5, abs=4 * np.std(better) / np.sqrt(200) + 5 / 4000)


def test_a_slope_with_a_control_does_not_depend_on_the_reference_point_and_is_the_plain_one_without_chance():
    x, y, c = np.random.default_rng(1).normal(size=(3, 50))
    assert float(controlled(x - 1, y + 2, c).slope) == pytest.approx(float(controlled(x, y, c).slope), rel=1e-11)
    assert float(controlled(x, y, c - c.mean()).slope) == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-12)


def test_derivatives_are_central_differences_in_both_modes():
    generator = np.random.default_rng(6)
    group = generator.integers(0, 7, 60)
    x, y, noise = np.exp(0.3 * generator.normal(size=60)), generator.normal(size=60), generator.normal(size=60)

    def measures(x):
        groups = grouped(x, group, 9)
        return jnp.stack(
            [
                cross(x, jnp.asarray(y)).slope,
                cross(jnp.asarray(y), x).variance_y,
                sums.between_variance(groups, jnp.sum(x**2)),
                sums.theil(jnp.asarray(60.0), jnp.sum(x), jnp.sum(x * jnp.log(x))),
                sums.theil_between(groups, jnp.asarray([np.arange(9.0) ** 2])),
                controlled(x, y, noise).slope,
            ]
        )

    compiled = jax.jit(measures)
    step = 1e-5
    expected = np.stack(
        [
            (np.asarray(compiled(jnp.asarray(x + e))) - np.asarray(compiled(jnp.asarray(x - e)))) / (2 * step)
            for e in step * np.eye(60)
        ],
        axis=1,
    )
    forward, reverse = (jax.jit(mode(measures))(jnp.asarray(x)) for mode in (jax.jacfwd, jax.jacrev))
    np.testing.assert_allclose(forward, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(reverse, forward, rtol=1e-11, atol=1e-14)

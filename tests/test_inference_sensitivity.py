"""How estimates depend on each moment."""

import contextlib

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aigini.errors import IdentificationError
from aigini.inference import sensitivity
from aigini.inference.influence import influence, inverse_curvature
from aigini.inference.informativeness import variance_shares
from aigini.inference.overidentification import j_test, worst_case_misfit
from aigini.inference.standard_errors import known_covariance, worst_case
from aigini.inference.weights import optimal_weighting

J = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
seeds = st.integers(0, 2**32 - 1)


def draw(seed, q=5, p=2):
    """A Jacobian, a weighting, and a covariance that has nothing to do with it."""
    generator = np.random.default_rng(seed)
    weighting, covariance = (half @ half.T for half in generator.normal(size=(2, q, 2 * q)))
    return generator.normal(size=(q, p)), weighting, covariance


def variance(jacobian, weighting, covariance):
    return known_covariance(jacobian, weighting, covariance).se ** 2


def measures(jacobian, weighting, covariance):
    return [
        sensitivity.bias(jacobian, weighting),
        sensitivity.fundamental_noise(jacobian, covariance),
        sensitivity.actual_noise(jacobian, weighting, covariance),
        sensitivity.actual_removal(jacobian, weighting, covariance),
        sensitivity.fundamental_removal(jacobian, covariance),
        sensitivity.weighting_sensitivity(jacobian, weighting, covariance),
    ]


class TestOfTheMean:
    """One parameter, the mean of three independent measurements with variances 1, 2, 4, weighted equally."""

    covariance = np.diag([1.0, 2.0, 4.0])
    arguments = (np.ones((3, 1)), np.eye(3), covariance)

    def test_six_measures_by_hand(self):
        found = [measure.values[0] for measure in measures(*self.arguments)]
        # Λ = 1/3; Σ = 7/9. Optimal: weights 4/7, 2/7, 1/7 and Σ* = 4/7.
        np.testing.assert_allclose(found[0], [1 / 3, 1 / 3, 1 / 3], rtol=1e-13)
        np.testing.assert_allclose(found[1], [4 / 7, 2 / 7, 1 / 7], rtol=1e-13)
        np.testing.assert_allclose(found[2], [1 / 7, 2 / 7, 4 / 7], rtol=1e-13)
        # Without one: 6/4, 5/4, 3/4 over 7/9; optimal 4/3, 4/5, 2/3 over 4/7.
        np.testing.assert_allclose(found[3], [27 / 14 - 1, 45 / 28 - 1, 27 / 28 - 1], rtol=1e-12)
        np.testing.assert_allclose(found[4], [7 / 3 - 1, 7 / 5 - 1, 7 / 6 - 1], rtol=1e-12)
        # Σ = (w1² + 2 w2² + 4 w3²)/(w1 + w2 + w3)², so dlog Σ/dlog w_j = 2 v_j/7 - 2/3 at equal weights.
        np.testing.assert_allclose(found[5], [2 / 7 - 2 / 3, 4 / 7 - 2 / 3, 8 / 7 - 2 / 3], rtol=1e-12)

    def test_conventions_are_told(self):
        for measure in measures(*self.arguments):
            lines = str(measure).splitlines()
            assert lines[0] == f"{measure.kind}: {measure.convention}"
            assert len(lines[2].split()) == 1 + 3
        assert len({measure.kind for measure in measures(*self.arguments)}) == 6


class TestProperties:
    @given(seeds)
    def test_noise_is_the_elasticity_of_the_variance(self, seed):
        # Exact, as the variance is linear in S_jj at fixed weights; at optimal weights by the envelope theorem.
        jacobian, weighting, covariance = draw(seed)
        actual = sensitivity.actual_noise(jacobian, weighting, covariance).values
        base = variance(jacobian, weighting, covariance)
        for j in range(5):
            more = covariance.copy()
            more[j, j] *= 1.01
            rise = variance(jacobian, weighting, more) / base - 1
            np.testing.assert_allclose(actual[:, j], rise / 0.01, rtol=1e-6, atol=1e-9)
        fundamental = sensitivity.fundamental_noise(jacobian, covariance).values
        expected = sensitivity.actual_noise(jacobian, optimal_weighting(covariance), covariance).values
        np.testing.assert_allclose(fundamental, expected, rtol=1e-12)

    @given(seeds)
    def test_weighting_is_the_derivative_of_the_variance(self, seed):
        jacobian, weighting, covariance = draw(seed)
        found = sensitivity.weighting_sensitivity(jacobian, weighting, covariance).values
        step = 1e-5
        for j in range(5):
            ends = []
            for sign in (1, -1):
                changed = weighting.copy()
                changed[j, j] *= 1 + sign * step
                ends.append(np.log(variance(jacobian, changed, covariance)))
            np.testing.assert_allclose(found[:, j], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-7)

    @given(seeds)
    def test_nothing_is_gained_from_other_weights_at_the_optimum(self, seed):
        jacobian, _, covariance = draw(seed)
        found = sensitivity.weighting_sensitivity(jacobian, optimal_weighting(covariance), covariance).values
        np.testing.assert_allclose(found, 0, atol=1e-9)

    @given(seeds)
    def test_removal_is_the_estimation_without_the_moment(self, seed):
        jacobian, weighting, covariance = draw(seed)
        actual = sensitivity.actual_removal(jacobian, weighting, covariance).values
        fundamental = sensitivity.fundamental_removal(jacobian, covariance).values
        best = optimal_weighting(covariance)
        for j in range(5):
            keep = [i for i in range(5) if i != j]
            square = np.ix_(keep, keep)
            rise = variance(jacobian[keep], weighting[square], covariance[square]) / variance(
                jacobian, weighting, covariance
            )
            np.testing.assert_allclose(actual[:, j], rise - 1, rtol=1e-8, atol=1e-9)
        # Sherman and Morrison: Λ*_kj² / (Σ*_kk [S⁻¹ - S⁻¹ J Σ* J' S⁻¹]_jj).
        bread = inverse_curvature(jacobian, best)
        rest = np.diagonal(best - best @ jacobian @ bread @ jacobian.T @ best)
        expected = influence(jacobian, best) ** 2 / np.diagonal(bread)[:, None] / rest
        np.testing.assert_allclose(fundamental, expected, rtol=1e-6, atol=1e-9)
        assert np.all(fundamental > -1e-9)

    @given(seeds)
    def test_have_no_units_beyond_those_of_the_first(self, seed):
        jacobian, weighting, covariance = draw(seed)
        generator = np.random.default_rng(seed)
        u, v = 10 ** generator.uniform(-3, 3, size=2), 10 ** generator.uniform(-3, 3, size=5)
        first = measures(jacobian, weighting, covariance)
        second = measures(jacobian / u * v[:, None], weighting / np.outer(v, v), covariance * np.outer(v, v))
        np.testing.assert_allclose(second[0].values, first[0].values * u[:, None] / v, rtol=1e-7)
        for one, other in zip(first[1:], second[1:], strict=True):
            np.testing.assert_allclose(other.values, one.values, rtol=1e-6, atol=1e-8)


class TestIndispensableMoments:
    @given(seeds)
    def test_every_moment_is_if_exactly_identified(self, seed):
        jacobian, weighting, covariance = draw(seed, q=3, p=3)
        assert np.all(sensitivity.actual_removal(jacobian, weighting, covariance).values == np.inf)
        assert np.all(sensitivity.fundamental_removal(jacobian, covariance).values == np.inf)

    def test_for_the_parameter_that_needs_it_and_not_for_others(self):
        # θ1 is measured twice, θ2 by the third moment alone.
        jacobian, covariance = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.diag([1.0, 3.0, 1.0])
        expected = [[3.0, 1 / 3, 0.0], [0.0, 0.0, np.inf]]
        np.testing.assert_allclose(sensitivity.fundamental_removal(jacobian, covariance).values, expected, atol=1e-14)
        actual = sensitivity.actual_removal(jacobian, np.eye(3), covariance).values
        np.testing.assert_allclose(actual, [[2.0, 0.0, 0.0], [0.0, 0.0, np.inf]], atol=1e-14)

    def test_for_one_parameter_from_one_moment(self):
        assert sensitivity.actual_removal(np.ones((1, 1)), np.eye(1), np.eye(1)).values == np.inf
        assert sensitivity.fundamental_removal(np.ones((1, 1)), np.eye(1)).values == np.inf

    def test_parameters_that_stay_identified_are_estimated_from_correlated_weights(self):
        # Moment 3 moves θ2 alone, so without it θ1 is estimated from the first two with their own block of W.
        jacobian = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        weighting = np.array([[2.0, 0.3, 0.5], [0.3, 1.0, 0.2], [0.5, 0.2, 1.0]])
        covariance = np.diag([1.0, 3.0, 1.0])
        found = sensitivity.actual_removal(jacobian, weighting, covariance).values
        rise = variance(jacobian[:2, :1], weighting[:2, :2], covariance[:2, :2])[0]
        assert found[0, 2] == pytest.approx(rise / variance(jacobian, weighting, covariance)[0] - 1, rel=1e-12)

    def test_a_moment_with_all_the_weight(self):
        found = sensitivity.actual_removal(np.ones((2, 1)), np.diag([1.0, 0.0]), np.eye(2)).values
        np.testing.assert_array_equal(found, [[np.inf, 0]])


class TestSmallIntegers:
    """Matrices of -1, 0 and 1, which are singular or lose a parameter with a moment as often as not."""

    def draw(self, seed):
        generator = np.random.default_rng(seed)
        p = int(generator.integers(1, 4))
        q = p + int(generator.integers(0, 3))
        jacobian = generator.integers(-1, 2, size=(q, p)).astype(float)
        weighting, covariance = (half @ half.T for half in generator.integers(-1, 2, size=(2, q, q + 1)).astype(float))
        return jacobian, weighting, covariance

    @settings(max_examples=200)
    @given(seeds)
    def test_give_numbers_or_an_error(self, seed):
        jacobian, weighting, covariance = self.draw(seed)
        q = len(jacobian)
        for call in (
            lambda: np.stack([measure.values for measure in measures(jacobian, weighting, covariance)]),
            lambda: known_covariance(jacobian, weighting, covariance).se,
            lambda: worst_case(jacobian, weighting, np.ones(q), simulation=covariance).se,
            lambda: variance_shares(jacobian, weighting, covariance),
            lambda: np.array(j_test(np.ones(q), jacobian, weighting, covariance).statistic),
            lambda: worst_case_misfit(np.ones(q), jacobian, weighting, np.ones(q)).misfit_se,
        ):
            with contextlib.suppress(IdentificationError, ValueError):
                assert not np.any(np.isnan(call()))

    @settings(max_examples=200)
    @given(seeds)
    def test_lose_the_parameters_that_leave_the_row_space(self, seed):
        jacobian, weighting, _ = self.draw(seed)
        q, p = jacobian.shape
        assume(np.linalg.matrix_rank(jacobian.T @ weighting @ jacobian) == p)
        found = sensitivity.actual_removal(jacobian, weighting, np.eye(q)).values
        for j in range(q):
            keep = [i for i in range(q) if i != j]
            normal = jacobian[keep].T @ weighting[np.ix_(keep, keep)] @ jacobian[keep]
            rank = np.linalg.matrix_rank(normal)
            seen = [np.linalg.matrix_rank(np.vstack([normal, np.eye(p)[k]])) == rank for k in range(p)]
            np.testing.assert_array_equal(np.isfinite(found[:, j]), seen)


class TestVarianceShares:
    def test_of_the_mean_by_hand(self):
        covariance = np.diag([1.0, 2.0, 4.0])
        shares = variance_shares(np.ones((3, 1)), np.eye(3), covariance)
        np.testing.assert_allclose(shares, [[1 / 7, 2 / 7, 4 / 7]], rtol=1e-13)

    def test_of_a_correlated_moment_without_weight(self):
        # The estimate is m1; m2 has correlation 0.8 with it, but no influence.
        covariance = np.array([[4.0, 1.6], [1.6, 1.0]])
        arguments = (np.ones((2, 1)), np.diag([1.0, 0.0]), covariance)
        np.testing.assert_allclose(variance_shares(*arguments), [[1.0, 0.0]], atol=1e-14)

    @given(seeds)
    def test_shares_add_up_and_are_those_of_single_moments_if_independent(self, seed):
        jacobian, weighting, covariance = draw(seed)
        gradient = np.random.default_rng(seed).normal(size=(3, 2))
        np.testing.assert_allclose(variance_shares(jacobian, weighting, covariance).sum(axis=1), 1, rtol=1e-10)
        diagonal = np.diag(np.diagonal(covariance))
        shares = variance_shares(jacobian, weighting, diagonal, gradient)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-10)
        expected = sensitivity.actual_noise(jacobian, weighting, diagonal).values
        np.testing.assert_allclose(variance_shares(jacobian, weighting, diagonal), expected, rtol=1e-10)

    def test_are_the_r_squared_of_regressions_over_samples(self):
        jacobian, weighting, covariance = draw(5)
        covariance = np.diag(np.diagonal(covariance))
        sample = np.random.default_rng(0).multivariate_normal(np.zeros(5), covariance, size=100_000)
        estimate = sample @ influence(jacobian, weighting)[0]
        fitted = sample[:, :2] @ np.linalg.lstsq(sample[:, :2], estimate)[0]
        found = variance_shares(jacobian, weighting, covariance)[0, :2].sum()
        assert np.var(fitted) / np.var(estimate) == pytest.approx(found, abs=0.01)


class TestWithoutVariance:
    covariance = np.array([[1.0, -1.0], [-1.0, 1.0]])

    @pytest.mark.parametrize(
        "call",
        [
            sensitivity.actual_noise,
            sensitivity.actual_removal,
            sensitivity.weighting_sensitivity,
            variance_shares,
        ],
    )
    def test_there_is_nothing_to_share(self, call):
        # The mean of two moments that are perfectly and negatively correlated has no error.
        with pytest.raises(IdentificationError, match=r"Estimate 1 has no variance"):
            call(np.ones((2, 1)), np.eye(2), self.covariance)

    def test_optimal_weights_do_not_exist(self):
        for call in (sensitivity.fundamental_noise, sensitivity.fundamental_removal):
            with pytest.raises(IdentificationError, match="cannot be inverted: moment 1, moment 2 are collinear"):
                call(np.ones((2, 1)), self.covariance)

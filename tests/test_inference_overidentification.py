"""Tests of the overidentifying restrictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aigini.errors import IdentificationError
from aigini.inference.influence import influence
from aigini.inference.overidentification import j_test, worst_case_misfit
from aigini.inference.weights import optimal_weighting

seeds = st.integers(0, 2**32 - 1)
NAMES = ["x", "y", "z"]


def draw(seed, q=6, p=2):
    """A Jacobian, a weighting, a covariance unrelated to it, and the misfit of one estimate with that weighting."""
    generator = np.random.default_rng(seed)
    jacobian = generator.normal(size=(q, p))
    weighting, covariance = (half @ half.T for half in generator.normal(size=(2, q, 2 * q)))
    error = generator.multivariate_normal(np.zeros(q), covariance)
    return jacobian, weighting, covariance, misfits(error[None], jacobian, weighting)[0]


def misfits(errors, jacobian, weighting):
    """m(θ̂) - m̂ of least-squares estimates of a linear model, m̂ = J θ + error, a sample in each row."""
    root = np.linalg.cholesky(weighting).T
    estimates = np.linalg.lstsq(root @ jacobian, root @ errors.T)[0]
    return (jacobian @ estimates - errors.T).T


def quadratic_form(statistic, q):
    """K with statistic(g) = g' K g, from the values at unit vectors and their sums."""
    unit = np.eye(q)
    pairs = np.array([[statistic(unit[i] + unit[j]) for j in range(q)] for i in range(q)])
    alone = np.diagonal(pairs) / 4
    return (pairs - alone[:, None] - alone) / 2


class TestJ:
    def test_of_two_measurements_of_one_parameter_by_hand(self):
        # Both moments equal θ: the restriction is m1 = m2, T = (m1 - m2)²/(s1² + s2² - 2 s12).
        covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
        for weighting in (np.eye(2), np.diag([5.0, 0.1]), np.diag([1.0, 0.0])):
            share = weighting[0, 0] / np.trace(weighting)
            estimate = share * 3 + (1 - share) * 8
            found = j_test(np.array([estimate - 3, estimate - 8]), np.ones((2, 1)), weighting, covariance)
            assert found.degrees == 1
            assert found.statistic == pytest.approx(25 / 11, rel=1e-13)
            assert found.p_value == pytest.approx(stats.chi2.sf(25 / 11, 1), rel=1e-13)

    @given(seeds)
    def test_is_the_objective_with_optimal_weights(self, seed):
        jacobian, _, covariance, _ = draw(seed)
        weighting = optimal_weighting(covariance)
        error = np.random.default_rng(seed).normal(size=(1, 6))
        misfit = misfits(error, jacobian, weighting)[0]
        found = j_test(misfit, jacobian, weighting, covariance)
        assert found.statistic == pytest.approx(misfit @ weighting @ misfit, rel=1e-8)

    @given(seeds)
    def test_does_not_depend_on_the_weighting_if_the_model_is_linear(self, seed):
        jacobian, weighting, covariance, _ = draw(seed)
        error = np.random.default_rng(seed).normal(size=(1, 6))
        first, second = (
            j_test(misfits(error, jacobian, w)[0], jacobian, w, covariance).statistic for w in (np.eye(6), weighting)
        )
        assert first == pytest.approx(second, rel=1e-8)

    @given(seeds)
    def test_contributions_add_up(self, seed):
        jacobian, weighting, covariance, misfit = draw(seed)
        found = j_test(misfit, jacobian, weighting, covariance)
        assert found.contributions.sum() == pytest.approx(found.statistic, rel=1e-12)
        null = np.linalg.svd(jacobian)[0][:, 2:].T
        inner = null.T @ np.linalg.solve(null @ covariance @ null.T, null @ misfit)
        np.testing.assert_allclose(found.contributions, misfit * inner, rtol=1e-7, atol=1e-9)

    @given(seeds)
    def test_standard_errors_of_misfits(self, seed):
        jacobian, weighting, covariance, misfit = draw(seed)
        found = j_test(misfit, jacobian, weighting, covariance)
        residual = np.eye(6) - jacobian @ influence(jacobian, weighting)
        expected = np.sqrt(np.diagonal(residual @ covariance @ residual.T))
        np.testing.assert_allclose(found.misfit_se, expected, rtol=1e-9)
        np.testing.assert_allclose(np.array(found.z, float), misfit / expected, rtol=1e-9)

    @given(seeds)
    def test_follows_units(self, seed):
        jacobian, weighting, covariance, misfit = draw(seed)
        generator = np.random.default_rng(seed)
        u, v = 10 ** generator.uniform(-4, 4, size=2), 10 ** generator.uniform(-4, 4, size=6)
        first = j_test(misfit, jacobian, weighting, covariance)
        second = j_test(misfit * v, jacobian * v[:, None] / u, weighting / np.outer(v, v), covariance * np.outer(v, v))
        assert second.statistic == pytest.approx(first.statistic, rel=1e-8)
        np.testing.assert_allclose(second.misfit_se, first.misfit_se * v, rtol=1e-7)
        np.testing.assert_allclose(second.contributions, first.contributions, rtol=1e-6, atol=1e-9)

    def test_has_its_size_with_weights_that_are_not_optimal(self):
        # 20,000 samples of a linear Gaussian model: rejections at 5% within 3 Monte Carlo errors, and uniform p-values.
        jacobian, weighting, covariance, _ = draw(11)
        n, generator = 20_000, np.random.default_rng(0)
        samples = misfits(generator.multivariate_normal(np.zeros(6), covariance, size=n), jacobian, weighting)
        form = quadratic_form(lambda g: j_test(g, jacobian, weighting, covariance).statistic, 6)
        statistics = np.einsum("ni,ij,nj->n", samples, form, samples)
        for misfit, statistic in zip(samples[:5], statistics, strict=False):
            assert j_test(misfit, jacobian, weighting, covariance).statistic == pytest.approx(statistic, rel=1e-7)
        p_values = stats.chi2.sf(statistics, 4)
        assert np.mean(p_values < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / n))
        assert stats.kstest(p_values, "uniform").pvalue > 0.01
        # The objective itself, with these weights, is no χ².
        objective = np.einsum("ni,ij,nj->n", samples, weighting, samples)
        assert stats.kstest(stats.chi2.sf(objective, 4), "uniform").pvalue < 1e-10

    def test_z_scores_have_unit_variance(self):
        jacobian, weighting, covariance, _ = draw(12)
        n, generator = 20_000, np.random.default_rng(1)
        samples = misfits(generator.multivariate_normal(np.zeros(6), covariance, size=n), jacobian, weighting)
        se = j_test(samples[0], jacobian, weighting, covariance).misfit_se
        np.testing.assert_allclose(np.std(samples / se, axis=0), 1, atol=4 / np.sqrt(2 * n))

    def test_exactly_identified_has_nothing_to_test(self):
        found = j_test(np.zeros(2), np.array([[1.0, 2.0], [3.0, 1.0]]), np.eye(2), np.eye(2))
        assert (found.degrees, found.p_value, found.statistic, found.z) == (0, None, 0.0, (None, None))
        assert found.message == "exactly identified: nothing to test"
        np.testing.assert_array_equal(found.contributions, 0)
        assert "exact" in str(found)

    def test_a_moment_that_is_always_fitted_has_no_z(self):
        # θ2 moves only the third moment, and θ1 the first two.
        jacobian = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        found = j_test(np.array([1.0, -1.0, 0.0]), jacobian, np.eye(3), np.eye(3), moments=NAMES)
        assert found.z == pytest.approx((np.sqrt(2), -np.sqrt(2), None))
        assert found.statistic == pytest.approx(2)
        lines = str(found).splitlines()
        assert lines[1].split() == ["x", "1.000", "0.707", "1.41"]
        assert lines[3].split()[-1] == "exact"
        assert lines[-1] == found.message == "J = 2 with 1 degrees of freedom, p = 0.157"

    def test_a_restriction_without_error_cannot_be_tested(self):
        covariance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        with pytest.raises(IdentificationError, match="overidentifying restrictions cannot be inverted"):
            j_test(np.ones(3), np.ones((3, 1)), np.eye(3), covariance)

    def test_a_singular_covariance_that_the_restrictions_do_not_see_is_fine(self):
        # The collinear combination m1 - m2 is what θ2 moves.
        jacobian = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0]])
        covariance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        misfit = np.array([1.0, 1.0, -2.0])
        # The restriction is m1 + m2 - 2 m3, with variance 4 + 4.
        assert j_test(misfit, jacobian, np.eye(3), covariance).statistic == pytest.approx(36 / 8)

    def test_rank_deficiency_and_bad_shapes_are_refused(self):
        with pytest.raises(IdentificationError, match=r"a up 1, b down 1 changes"):
            j_test(np.ones(3), np.ones((3, 2)), np.eye(3), np.eye(3), names=["a", "b"])
        with pytest.raises(ValueError, match="misfit has 2 entries"):
            j_test(np.ones(2), np.ones((3, 1)), np.eye(3), np.eye(3))
        with pytest.raises(ValueError, match=r"misfit\[0\] = nan"):
            j_test(np.array([np.nan, 0, 0]), np.ones((3, 1)), np.eye(3), np.eye(3))


class TestWorstCaseMisfit:
    def test_neoclassical_growth_example_of_the_authors(self):
        # The overidentification test of Cocci and Plagborg-Møller's replication package: ρ, δ, α from r = 0.02 (0.002),
        # I/K = 0.08 (0.01) and K/Y = 3 (0.1), and a labour share 1 - α that is measured as 0.6 (0.01) and not used.
        # Misfit 0.7 - 0.6, worst-case s.e. 0.046 + 0.01, z = 1.79, between 1.64 and 1.96 as they report.
        total, alpha = 0.1, 0.3
        slope = -alpha / total**2
        jacobian = np.array([[1, 0, 0], [0, 1, 0], [slope, slope, 1 / total], [0, 0, -1]])
        se = np.array([0.002, 0.01, 0.1, 0.01])
        found = worst_case_misfit(np.array([0, 0, 0, 0.1]), jacobian, np.diag([1.0, 1, 1, 0]), se)
        np.testing.assert_allclose(found.misfit_se[3], 0.056, rtol=1e-12)
        assert found.z[:3] == (None, None, None)
        assert found.z[3] == pytest.approx(0.1 / 0.056, rel=1e-12)
        assert 1.64 < found.z[3] < 1.96
        assert found.p_value == pytest.approx(2 * stats.norm.sf(0.1 / 0.056), rel=1e-12)

    @given(seeds)
    def test_bounds_the_standard_errors_under_every_correlation_and_is_attained(self, seed):
        jacobian, weighting, covariance, misfit = draw(seed)
        se = np.sqrt(np.diagonal(covariance))
        bound = worst_case_misfit(misfit, jacobian, weighting, se)
        known = j_test(misfit, jacobian, weighting, covariance)
        assert np.all(known.misfit_se <= bound.misfit_se * (1 + 1e-9))
        residual = np.eye(6) - jacobian @ influence(jacobian, weighting)
        for j, row in enumerate(residual):
            v = se * np.sign(row)
            assert np.sqrt((row @ v) ** 2) == pytest.approx(bound.misfit_se[j], rel=1e-9)

    @given(seeds)
    def test_joint_p_value_is_that_of_bonferroni(self, seed):
        jacobian, weighting, covariance, misfit = draw(seed)
        found = worst_case_misfit(misfit, jacobian, weighting, np.sqrt(np.diagonal(covariance)))
        each = [2 * stats.norm.sf(abs(z)) for z in found.z]
        assert found.p_value == pytest.approx(min(1, 6 * min(each)), rel=1e-9)

    @pytest.mark.parametrize("correlation", [0.0, 0.5, 0.99, -0.15])
    def test_rejects_no_more_often_than_it_says(self, correlation):
        n, generator = 20_000, np.random.default_rng(2)
        jacobian, weighting, covariance, _ = draw(13)
        se = np.sqrt(np.diagonal(covariance))
        truth = np.outer(se, se) * (correlation + (1 - correlation) * np.eye(6))
        samples = misfits(generator.multivariate_normal(np.zeros(6), truth, size=n), jacobian, weighting)
        bound = worst_case_misfit(samples[0], jacobian, weighting, se).misfit_se
        worst = np.abs(samples / bound).max(axis=1)
        assert np.mean(6 * 2 * stats.norm.sf(worst) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)

    def test_exactly_identified_has_nothing_to_test(self):
        found = worst_case_misfit(np.zeros(2), np.eye(2), np.eye(2), np.ones(2), moments=["x", "y"])
        assert (found.p_value, found.z) == (None, (None, None))
        assert str(found).splitlines()[-1] == "exactly identified: nothing to test"

    def test_prints_as_a_table(self):
        # M = I - 11'/3, rows sum to 4/3 in absolute value.
        found = worst_case_misfit(np.array([2.0, -1.0, -1.0]), np.ones((3, 1)), np.eye(3), np.ones(3), moments=NAMES)
        lines = str(found).splitlines()
        assert lines[1].split() == ["x", "1.33", "1.50"]
        assert lines[-1].startswith("largest misfit x, 1.5 worst-case s.e.; joint p at most 0.401")

    def test_refuses_a_zero_standard_error(self):
        with pytest.raises(ValueError, match=r"se\[2\] = 0.0 is not a positive"):
            worst_case_misfit(np.ones(3), np.ones((3, 1)), np.eye(3), np.array([1.0, 1.0, 0.0]))

"""Standard errors of estimates under what may be known of the targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigini.inference.influence import influence, inverse_curvature
from aigini.inference.standard_errors import independent, known_covariance, worst_case
from aigini.inference.weights import optimal_weighting

J = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
SE = np.array([0.1, 0.2, 0.05])
W = np.diag(SE**-2)
seeds = st.integers(0, 2**32 - 1)


def draw(seed, q=5, p=2):
    """A Jacobian, a weighting, a covariance that has nothing to do with it, and one of simulated moments."""
    generator = np.random.default_rng(seed)
    jacobian = generator.normal(size=(q, p))
    squares = [half @ half.T for half in generator.normal(size=(3, q, 2 * q))]
    return jacobian, *squares


class TestKnownCovariance:
    def test_of_two_moments_by_hand(self):
        # θ = (m1 + m2)/2: variance (s1² + s2² + 2 s12)/4.
        jacobian, matrix = np.ones((2, 1)), np.array([[4.0, 1.0], [1.0, 9.0]])
        found = known_covariance(jacobian, np.eye(2), matrix, names=["a"])
        np.testing.assert_allclose(found.covariance, [[3.75]], rtol=1e-14)
        np.testing.assert_allclose(found.se, [np.sqrt(3.75)], rtol=1e-14)
        assert (found.kind, found.simulation_included, found.labels) == ("known covariance", False, ("a",))

    @given(seeds)
    def test_is_the_sandwich(self, seed):
        jacobian, weighting, matrix, _ = draw(seed)
        found = known_covariance(jacobian, weighting, matrix)
        bread = np.linalg.inv(jacobian.T @ weighting @ jacobian)
        expected = bread @ jacobian.T @ weighting @ matrix @ weighting @ jacobian @ bread
        np.testing.assert_allclose(found.covariance, expected, rtol=1e-7, atol=1e-10 * np.abs(expected).max())
        np.testing.assert_allclose(found.se**2, np.diagonal(found.covariance), rtol=1e-12)

    @given(seeds)
    def test_optimal_weighting_gives_the_inverse_curvature_and_no_other_is_better(self, seed):
        jacobian, weighting, matrix, _ = draw(seed)
        best = optimal_weighting(matrix)
        found = known_covariance(jacobian, best, matrix)
        np.testing.assert_allclose(found.covariance, inverse_curvature(jacobian, best), rtol=1e-7, atol=1e-12)
        gap = known_covariance(jacobian, weighting, matrix).covariance - found.covariance
        assert np.linalg.eigvalsh(gap)[0] > -1e-10 * np.abs(gap).max()

    def test_is_the_spread_of_estimates_over_samples(self):
        # 40,000 linear estimates: every covariance within 5 standard errors.
        jacobian, weighting, matrix, noise = draw(3)
        generator = np.random.default_rng(0)
        n, found = 40_000, known_covariance(jacobian, weighting, matrix, simulation=noise).covariance
        targets = generator.multivariate_normal(np.zeros(5), matrix, size=n)
        simulated = generator.multivariate_normal(np.zeros(5), noise, size=n)
        root = np.linalg.cholesky(weighting)
        estimates = np.linalg.lstsq(root.T @ jacobian, root.T @ (targets - simulated).T)[0]
        errors = np.sqrt((found**2 + np.outer(np.diagonal(found), np.diagonal(found))) / n)
        assert np.all(np.abs(np.cov(estimates) - found) < 5 * errors)


class TestIndependent:
    @given(seeds)
    def test_is_a_diagonal_covariance(self, seed):
        jacobian, weighting, matrix, noise = draw(seed)
        se = np.sqrt(np.diagonal(matrix))
        for simulation in (None, noise):
            found = independent(jacobian, weighting, se, simulation=simulation)
            expected = known_covariance(jacobian, weighting, np.diag(se**2), simulation=simulation)
            np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-10, atol=1e-12)
        assert found.kind == "independent"
        assert found.simulation_included


class TestWorstCase:
    def test_sum_and_difference_of_two_moments(self):
        # The inequality that Cocci and Plagborg-Møller start from, Std(X ± Y) ≤ Std(X) + Std(Y): with J the inverse of
        # [[1, 1], [1, -1]], θ1 = m1 + m2 and θ2 = m1 - m2.
        jacobian = np.linalg.inv(np.array([[1.0, 1.0], [1.0, -1.0]]))
        found = worst_case(jacobian, np.eye(2), np.array([0.3, 0.4]))
        np.testing.assert_allclose(found.se, [0.7, 0.7], rtol=1e-14)
        assert found.covariance is None

    def test_neoclassical_growth_example_of_the_authors(self):
        # The growth model in the authors' replication package: r = ρ, I/K = δ and K/Y = α/(ρ + δ), with
        # r = 0.02 (0.002), I/K = 0.08 (0.01), K/Y = 3 (0.1). Then α = K/Y (r + I/K) = 0.3, with loadings K/Y, K/Y and
        # r + I/K, and worst-case s.e. 3 * 0.002 + 3 * 0.01 + 0.1 * 0.1 = 0.046.
        rho, delta, alpha = 0.02, 0.08, 0.3
        total = rho + delta
        jacobian = np.array([[1, 0, 0], [0, 1, 0], [-alpha / total**2, -alpha / total**2, 1 / total]])
        se = np.array([0.002, 0.01, 0.1])
        found = worst_case(jacobian, np.diag(se**-2), se, names=["rho", "delta", "alpha"])
        np.testing.assert_allclose(influence(jacobian, np.eye(3))[2], [3, 3, 0.1], rtol=1e-12)
        np.testing.assert_allclose(found.se, [0.002, 0.01, 0.046], rtol=1e-12)

    def test_overidentified_example_of_the_authors(self):
        # h(θ) = (θ1, θ1 + θ2, 2 θ2) with s.e. (0.1, 0.2, 0.05) and weights 1/s.e.², also theirs; loadings by hand are
        # [65, 16, -8]/81 and [-1, 1, 40]/81.
        found = worst_case(J, W, SE)
        np.testing.assert_allclose(found.se, [(6.5 + 3.2 + 0.4) / 81, (0.1 + 0.2 + 2) / 81], rtol=1e-14)

    @given(seeds)
    def test_is_attained_by_the_signs_and_never_exceeded(self, seed):
        jacobian, weighting, matrix, _ = draw(seed)
        se = np.sqrt(np.diagonal(matrix))
        bound = worst_case(jacobian, weighting, se).se
        for k, row in enumerate(influence(jacobian, weighting)):
            v = se * np.sign(row)
            attained = known_covariance(jacobian, weighting, np.outer(v, v)).se
            np.testing.assert_allclose(attained[k], bound[k], rtol=1e-9)
            assert np.all(attained <= bound * (1 + 1e-9))
        assert np.all(known_covariance(jacobian, weighting, matrix).se <= bound * (1 + 1e-9))
        assert np.all(independent(jacobian, weighting, se).se <= bound * (1 + 1e-9))

    @given(seeds)
    def test_simulation_noise_adds_in_squares(self, seed):
        jacobian, weighting, matrix, noise = draw(seed)
        se = np.sqrt(np.diagonal(matrix))
        found = worst_case(jacobian, weighting, se, simulation=noise)
        alone = known_covariance(jacobian, weighting, noise).se
        np.testing.assert_allclose(found.se**2, worst_case(jacobian, weighting, se).se ** 2 + alone**2, rtol=1e-9)
        assert found.simulation_included


class TestAll:
    def arguments(self, seed):
        jacobian, weighting, matrix, noise = draw(seed)
        se = np.sqrt(np.diagonal(matrix))
        return [
            (known_covariance, jacobian, weighting, matrix, noise),
            (independent, jacobian, weighting, se, noise),
            (worst_case, jacobian, weighting, se, noise),
        ]

    @given(seeds)
    def test_functions_follow_their_gradient(self, seed):
        for call, jacobian, weighting, known, noise in self.arguments(seed):
            expected = call(jacobian, weighting, known, simulation=noise)
            found = call(jacobian, weighting, known, simulation=noise, gradient=np.array([[0.0, -2.0], [1.0, 0.0]]))
            np.testing.assert_allclose(found.se, [2 * expected.se[1], expected.se[0]], rtol=1e-12)
            assert found.labels == ("function 1", "function 2")
            nothing = call(jacobian, weighting, known, gradient=np.zeros((1, 2)))
            assert nothing.se[0] == 0

    def test_worst_case_of_a_function_is_that_of_its_loadings(self):
        # θ1 + θ2 has loadings [64, 17, 32]/81.
        found = worst_case(J, W, SE, gradient=np.array([[1.0, 1.0]]))
        np.testing.assert_allclose(found.se, [(6.4 + 3.4 + 1.6) / 81], rtol=1e-13)

    @given(seeds)
    def test_follow_the_units(self, seed):
        generator = np.random.default_rng(seed)
        u, v = 10 ** generator.uniform(-4, 4, size=2), 10 ** generator.uniform(-4, 4, size=5)
        for call, jacobian, weighting, known, noise in self.arguments(seed):
            units = v if known.ndim == 1 else np.outer(v, v)
            expected = call(jacobian, weighting, known, simulation=noise).se * u
            found = call(
                jacobian / u * v[:, None],
                weighting / np.outer(v, v),
                known * units,
                simulation=noise * np.outer(v, v),
            )
            np.testing.assert_allclose(found.se, expected, rtol=1e-9)

    def test_without_noise_a_zero_simulation_covariance_changes_nothing(self):
        for call, jacobian, weighting, known, _ in self.arguments(0):
            expected = call(jacobian, weighting, known).se
            np.testing.assert_allclose(call(jacobian, weighting, known, simulation=np.zeros((5, 5))).se, expected)

    def test_print_as_a_table(self):
        text = str(worst_case(J, W, SE, names=["alpha", "beta"]))
        assert text.splitlines()[0] == "standard errors, worst case of the targets, without simulation noise"
        assert [line.split() for line in text.splitlines()[1:]] == [
            ["s.e."],
            ["alpha", "0.124691"],
            ["beta", "0.0283951"],
        ]

    def test_simulation_covariance_of_the_wrong_shape(self):
        for call, jacobian, weighting, known, _ in self.arguments(0):
            with pytest.raises(ValueError, match=r"simulation has shape \(2, 2\)"):
                call(jacobian, weighting, known, simulation=np.eye(2))

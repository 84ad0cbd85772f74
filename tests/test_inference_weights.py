"""Weighting matrices, and the checks of every matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigini.errors import IdentificationError
from aigini.inference import checks
from aigini.inference.influence import influence
from aigini.inference.overidentification import j_test
from aigini.inference.sensitivity import actual_noise
from aigini.inference.standard_errors import independent, known_covariance, worst_case
from aigini.inference.weights import optimal_weighting

seeds = st.integers(0, 2**32 - 1)
J = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])


def covariance(seed, q=5):
    generator = np.random.default_rng(seed)
    half = generator.normal(size=(q, 2 * q)) * 10 ** generator.uniform(-5, 5, size=(q, 1))
    return half @ half.T


class TestWeights:
    @given(seeds)
    def test_optimal_is_the_symmetric_inverse(self, seed):
        matrix = covariance(seed)
        found = optimal_weighting(matrix)
        spread = np.sqrt(np.diagonal(matrix))
        product = (found * spread[:, None]) @ (matrix / spread)
        np.testing.assert_allclose(product * spread / spread, np.eye(5), atol=1e-9)
        np.testing.assert_array_equal(found, found.T)

    @given(seeds)
    def test_optimal_follows_units(self, seed):
        matrix, units = covariance(seed), 10 ** np.random.default_rng(seed).uniform(-6, 6, size=5)
        expected = optimal_weighting(matrix) / units[:, None] / units
        found = optimal_weighting(matrix * units[:, None] * units)
        np.testing.assert_allclose(found, expected, rtol=1e-7)

    def test_optimal_with_independent_moments_is_diagonal(self):
        se = np.array([1e-6, 1.0, 1e4])
        np.testing.assert_allclose(optimal_weighting(np.diag(se**2)), np.diag(se**-2.0), rtol=1e-14)

    @given(seeds, st.integers(0, 4))
    def test_collinear_moments_are_named(self, seed, dependent):
        matrix = covariance(seed)
        other = (dependent + 1) % 5
        matrix[dependent] = 3 * matrix[other]
        matrix[:, dependent] = 3 * matrix[:, other]
        matrix[dependent, dependent] = 9 * matrix[other, other]
        first, second = sorted([dependent, other])
        with pytest.raises(IdentificationError, match=f"inverted: m{first}, m{second} are collinear or nearly so"):
            optimal_weighting(matrix, moments=[f"m{i}" for i in range(5)])

    def test_the_largest_condition_is_an_argument(self):
        matrix = np.array([[1.0, 1 - 1e-4], [1 - 1e-4, 1.0]])
        assert np.all(np.isfinite(optimal_weighting(matrix)))
        with pytest.raises(IdentificationError, match="moment 1, moment 2 are collinear"):
            optimal_weighting(matrix, max_condition=1e4)


class TestChecks:
    @given(seeds)
    def test_root_multiplies_to_the_matrix(self, seed):
        matrix = covariance(seed)
        found, root = checks.semidefinite("S", matrix, 5)
        spread = np.sqrt(np.diagonal(matrix))
        np.testing.assert_allclose(
            root @ root.T / spread[:, None] / spread, matrix / spread[:, None] / spread, atol=1e-13
        )
        np.testing.assert_array_equal(found, found.T)

    def test_root_of_a_singular_matrix(self):
        v = np.array([0.1, -20.0, 3.0])
        _, root = checks.semidefinite("S", np.outer(v, v), 3)
        np.testing.assert_allclose(root @ root.T, np.outer(v, v), rtol=1e-12)
        assert np.count_nonzero(np.abs(root).max(axis=0)) == 1
        _, root = checks.semidefinite("S", np.zeros((2, 2)), 2)
        np.testing.assert_array_equal(root, 0)

    @given(seeds, st.integers(0, 4), st.integers(0, 4), st.sampled_from([1e-3, 0.5, 10.0]))
    def test_asymmetry_is_found(self, seed, row, column, size):
        matrix = covariance(seed)
        if row == column:
            column = (row + 1) % 5
        matrix[row, column] += size * np.sqrt(matrix[row, row] * matrix[column, column])
        for call in (
            lambda: influence(np.ones((5, 1)), matrix),
            lambda: optimal_weighting(matrix),
            lambda: known_covariance(np.ones((5, 1)), np.eye(5), matrix),
            lambda: j_test(np.ones(5), np.ones((5, 1)), np.eye(5), matrix),
            lambda: actual_noise(np.ones((5, 1)), np.eye(5), matrix),
        ):
            with pytest.raises(ValueError, match="is not symmetric"):
                call()

    def test_asymmetry_from_rounding_is_not(self):
        matrix = covariance(0)
        assert np.all(np.isfinite(influence(np.ones((5, 1)), matrix * (1 + 1e-12 * np.arange(5)))))

    @pytest.mark.parametrize(
        ("matrix", "message"),
        [
            ([[1.0, 2.0], [2.0, 1.0]], "not positive semidefinite"),
            ([[1.0, 0.0], [0.0, -1.0]], r"\[1, 1\] = -1; the diagonal must be nonnegative"),
            ([[1.0, 1.0], [1.0, 0.0]], "not positive semidefinite"),
            ([[1.0, np.inf], [np.inf, 1.0]], r"\[0, 1\] = inf is not a finite number"),
            ([[1.0]], r"has shape \(1, 1\), but the other arguments need \[2, 2\]"),
        ],
    )
    def test_what_is_no_weighting_is_refused(self, matrix, message):
        with pytest.raises(ValueError, match=message):
            influence(np.array([[1.0], [2.0]]), np.array(matrix))

    @given(
        seeds,
        st.sampled_from(["jacobian", "weighting", "covariance"]),
        st.sampled_from([np.nan, np.inf, -np.inf]),
    )
    def test_what_is_not_finite_is_located(self, seed, which, value):
        generator = np.random.default_rng(seed)
        matrices = {"jacobian": J.copy(), "weighting": np.eye(3), "covariance": np.eye(3)}
        at = tuple(int(generator.integers(n)) for n in matrices[which].shape)
        matrices[which][at] = value
        with pytest.raises(ValueError, match=rf"{which}\[{at[0]}, {at[1]}\] = -?(nan|inf) is not a finite number"):
            known_covariance(**matrices)

    @given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
    def test_shapes_that_do_not_fit_are_refused(self, rows, columns, length):
        for call in (worst_case, independent):
            if (rows, columns, length) != (3, 3, 3):
                with pytest.raises(ValueError, match=r"shape|entries"):
                    call(J, np.eye(rows, columns), np.ones(length))
            else:
                assert np.all(call(J, np.eye(rows, columns), np.ones(length)).se > 0)

    @pytest.mark.parametrize("call", [worst_case, independent])
    @pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
    def test_what_is_no_standard_error_is_refused(self, call, bad):
        with pytest.raises(ValueError, match=r"se\[1\] = .* is not a positive finite number"):
            call(J, np.eye(3), np.array([1.0, bad, 1.0]))

    def test_a_covariance_needs_positive_variances(self):
        with pytest.raises(ValueError, match=r"covariance\[1, 1\] = 0; the diagonal must be positive"):
            known_covariance(J, np.eye(3), np.diag([1.0, 0.0, 1.0]))

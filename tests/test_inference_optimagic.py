"""Agreement with optimagic, where it is installed. It reports the influence with the opposite sign."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigini.inference import sensitivity
from aigini.inference.standard_errors import known_covariance
from aigini.inference.weights import optimal_weighting

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    oracle = pytest.importorskip("estimagic.msm_sensitivity", exc_type=ImportError)
    covariances = pytest.importorskip("estimagic.msm_covs", exc_type=ImportError)

problems = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))


def draw(problem):
    """A Jacobian, a weighting and a covariance for p parameters and p + extra moments."""
    seed, p, extra = problem
    generator, q = np.random.default_rng(seed), p + extra
    weighting, covariance = (half @ half.T / q for half in generator.normal(size=(2, q, 4 * q)))
    left, _, right = np.linalg.svd(generator.normal(size=(q, p)), full_matrices=False)
    return left * generator.uniform(1, 3, size=p) @ right, weighting, covariance


def agree(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@given(problems)
def test_bias_has_the_opposite_sign(problem):
    jacobian, weighting, _ = draw(problem)
    agree(sensitivity.bias(jacobian, weighting).values, -oracle.calculate_sensitivity_to_bias(jacobian, weighting))


@given(problems)
def test_covariance_of_the_estimates(problem):
    jacobian, weighting, covariance = draw(problem)
    found = known_covariance(jacobian, weighting, covariance).covariance
    agree(found, covariances.cov_robust(jacobian, weighting, covariance))
    best = optimal_weighting(covariance)
    agree(known_covariance(jacobian, best, covariance).covariance, covariances.cov_optimal(jacobian, best))


@given(problems)
def test_measures_at_the_actual_weights(problem):
    jacobian, weighting, covariance = draw(problem)
    params = covariances.cov_robust(jacobian, weighting, covariance)
    influence = oracle.calculate_sensitivity_to_bias(jacobian, weighting)
    agree(
        sensitivity.actual_noise(jacobian, weighting, covariance).values,
        oracle.calculate_actual_sensitivity_to_noise(influence, weighting, covariance, params),
    )
    agree(
        sensitivity.actual_removal(jacobian, weighting, covariance).values,
        oracle.calculate_actual_sensitivity_to_removal(jacobian, weighting, covariance, params),
    )
    agree(
        sensitivity.weighting_sensitivity(jacobian, weighting, covariance).values,
        oracle.calculate_sensitivity_to_weighting(jacobian, weighting, covariance, params),
    )


@given(problems)
def test_measures_at_the_optimal_weights(problem):
    jacobian, _, covariance = draw(problem)
    best = np.linalg.inv(covariance)
    params = covariances.cov_optimal(jacobian, best)
    agree(
        sensitivity.fundamental_noise(jacobian, covariance).values,
        oracle.calculate_fundamental_sensitivity_to_noise(jacobian, best, covariance, params),
    )
    agree(
        sensitivity.fundamental_removal(jacobian, covariance).values,
        oracle.calculate_fundamental_sensitivity_to_removal(jacobian, covariance, params),
    )

"""The likelihood of the targets and the priors, against integration and SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from aigini.bayes.likelihood import build
from aigini.bayes.priors import Prior, prior_problems

pytestmark = pytest.mark.usefixtures("numpyro_rules")

NAMES = ("m1", "m3", "m6")
VALUES = np.array([-0.2, 0.1, 0.004])
SE = np.array([0.06, 0.03, 0.007])
CORRELATION = np.array([[1.0, 0.3, 0.2], [0.3, 1.0, -0.4], [0.2, -0.4, 1.0]])
COVARIANCE = CORRELATION * np.outer(SE, SE)
WINDOW = (-0.01, 0.02)


@pytest.mark.parametrize("m6", [-0.2, -0.02, 0.005, 0.03, 0.3])
def test_a_bounded_m6_is_integrated_out(m6):
    moments = np.array([-0.15, 0.12, m6])
    likelihood = build(NAMES, VALUES, COVARIANCE, "uniform", WINDOW)
    found = float(likelihood.window_density(jnp.asarray(moments)))
    cross = COVARIANCE[2, :2]
    slope = np.linalg.solve(COVARIANCE[:2, :2], cross)
    mean, sd = m6 + slope @ (VALUES[:2] - moments[:2]), np.sqrt(COVARIANCE[2, 2] - cross @ slope)
    if abs(m6) < 0.1:
        integral = quad(lambda y: stats.norm.pdf(y, mean, sd), *WINDOW, epsabs=0)[0] / (WINDOW[1] - WINDOW[0])
        np.testing.assert_allclose(found, np.log(integral), rtol=1e-8)
    # Far outside the scenarios the density is that of the nearest one, not the log of zero.
    gradient = jax.grad(likelihood.window_density)(jnp.asarray(moments))
    assert np.isfinite(found)
    assert np.all(np.isfinite(gradient))
    step = np.array([0, 0, 1e-6])
    up, down = (float(likelihood.window_density(jnp.asarray(moments + s * step))) for s in (1, -1))
    np.testing.assert_allclose(float(gradient[2]), (up - down) / 2e-6, rtol=1e-4, atol=1e-6)


def test_an_unknown_m6_leaves_the_marginal_of_the_others():
    likelihood = build(NAMES, VALUES, COVARIANCE, "improper", WINDOW)
    assert likelihood.component_names == ("m1", "m3")
    np.testing.assert_allclose(np.linalg.inv(np.asarray(likelihood.precision)), COVARIANCE[:2, :2])


def test_independent_components_add_up_to_the_log_likelihood():
    likelihood = build(NAMES, VALUES, np.diag(SE**2), "normal", WINDOW)
    moments = VALUES + SE * np.array([1.0, -2.0, 0.5])
    parts = np.asarray(likelihood.components(jnp.asarray(moments)))
    np.testing.assert_allclose(parts, [-0.5, -2.0, -0.125])


def test_correlated_components_are_conditional_densities():
    likelihood = build(NAMES, VALUES, COVARIANCE, "normal", WINDOW)
    moments = VALUES + SE * np.array([1.0, -2.0, 0.5])
    residual = VALUES - moments
    for k in range(3):
        rest = [i for i in range(3) if i != k]
        slope = np.linalg.solve(COVARIANCE[np.ix_(rest, rest)], COVARIANCE[rest, k])
        z = residual[k] - slope @ residual[rest]
        expected = -0.5 * z**2 / (COVARIANCE[k, k] - COVARIANCE[rest, k] @ slope)
        np.testing.assert_allclose(float(likelihood.components(jnp.asarray(moments))[k]), expected)


@pytest.mark.parametrize(
    ("prior", "reference"),
    [
        (Prior("uniform", (0.05, 0.15), (0.0, 1.0)), stats.uniform(0.05, 0.1)),
        (Prior("lognormal", (0.8, 0.5), (0.0, np.inf)), stats.lognorm(0.5, scale=0.8)),
        (Prior("beta", (2.0, 5.0), (-1.0, 3.0)), stats.beta(2, 5, loc=-1, scale=4)),
        (Prior("normal", (0.0, 0.5), (-1.0, np.inf)), stats.truncnorm(-2, np.inf, 0, 0.5)),
        (Prior("normal", (0.4, 0.5), (0.0, 1.0)), stats.truncnorm(-0.8, 1.2, 0.4, 0.5)),
        (Prior("normal", (0.4, 0.5), (-np.inf, np.inf)), stats.norm(0.4, 0.5)),
    ],
)
def test_priors_are_the_distributions_they_are_called(prior, reference):
    at = reference.ppf(np.linspace(0.05, 0.95, 7))
    np.testing.assert_allclose(np.asarray(prior.build().log_prob(jnp.asarray(at))), reference.logpdf(at), rtol=1e-6)
    assert stats.kstest(prior.sample(3, 2000), reference.cdf).pvalue > 1e-3
    low, high = prior.support
    assert low < prior.center < high
    assert low < prior.inside(-1e9) < high
    assert low < prior.inside(1e9) < high or not np.isfinite(high)


@pytest.mark.parametrize(
    ("given", "bounds", "sentence"),
    [
        ({"distribution": "uniform", "low": 0.2, "high": 0.1}, (0.0, 1.0), "not a range inside"),
        ({"distribution": "uniform", "low": 0.2}, (0.0, 1.0), "add p.high"),
        ({"distribution": "beta", "a": 1.0, "b": 1.0, "mean": 0.0}, (0.0, 1.0), "drop p.mean"),
        ({"distribution": "beta", "a": 1.0, "b": 1.0}, (0.0, np.inf), "use uniform, normal or lognormal"),
        ({"distribution": "lognormal", "median": 1.0, "log_sd": 1.0}, (0.0, 1.0), "use uniform, normal or beta"),
        ({"distribution": "lognormal", "median": -1.0, "log_sd": 1.0}, (0.0, np.inf), "must be positive"),
        ({"distribution": "normal", "mean": 2.0, "sd": 1.0}, (0.0, 1.0), "must be inside"),
        ({"distribution": "normal", "mean": 0.5, "sd": 0.0}, (0.0, 1.0), "must be positive"),
        ({"distribution": "cauchy"}, (0.0, 1.0), "there is nothing called cauchy"),
    ],
)
def test_a_wrong_prior_is_one_sentence(given, bounds, sentence):
    (found,) = prior_problems("p", given, bounds)
    assert sentence in found

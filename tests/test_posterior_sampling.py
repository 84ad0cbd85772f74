"""The sampler against a posterior that is known in closed form, and against itself after an interruption."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from aigini.bayes.diagnostics import summarise
from aigini.bayes.importance import smoothed
from aigini.bayes.laplace import laplace, log_ratio, naturals
from aigini.bayes.likelihood import build
from aigini.bayes.model import Model, as_point
from aigini.bayes.model import build as build_model
from aigini.bayes.nuts import sample
from aigini.bayes.priors import Prior
from aigini.bayes.settings import NutsSettings
from aigini.config import load
from aigini.errors import AnalysisError
from aigini.runtime.evaluations import kept_in
from aigini.storage.ledger import Ledger

pytestmark = pytest.mark.usefixtures("numpyro_rules")

REAL = (-np.inf, np.inf)
MEAN, SD = np.array([0.3, -0.5]), np.array([1.0, 2.0])
MAP = np.array([[1.0, 0.5], [-0.3, 1.2], [0.8, -0.4]])
TARGET = np.array([0.7, -1.0, 0.2])
CORRELATION = np.array([[1.0, 0.4, 0.0], [0.4, 1.0, -0.3], [0.0, -0.3, 1.0]])
SE = np.array([0.3, 0.5, 0.4])
COVARIANCE = CORRELATION * np.outer(SE, SE)


class Linear(eqx.Module):
    matrix: Float[Array, "moments parameters"]

    def __call__(self, natural: Float[Array, " parameters"]) -> Float[Array, " moments"]:
        return self.matrix @ natural


@pytest.fixture(scope="module")
def model() -> Model:
    likelihood = build(("m1", "m2", "m6"), TARGET, COVARIANCE, "normal", (0.0, 1.0))
    priors = {name: Prior("normal", (float(m), float(s)), REAL) for name, m, s in zip("ba", MEAN, SD, strict=True)}
    return build_model(Linear(jnp.asarray(MAP)), likelihood, priors)


@pytest.fixture(scope="module")
def exact() -> tuple[np.ndarray, np.ndarray]:
    precision = np.diag(SD**-2.0) + MAP.T @ np.linalg.solve(COVARIANCE, MAP)
    covariance = np.linalg.inv(precision)
    return covariance @ (MEAN / SD**2 + MAP.T @ np.linalg.solve(COVARIANCE, TARGET)), covariance


def test_the_normal_approximation_of_a_normal_posterior_is_exact(model, exact):
    found = laplace(model, np.zeros(2))
    mean, covariance = exact
    assert found.proper
    np.testing.assert_allclose(found.mode, mean, atol=1e-5)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-5)
    points = found.draw(0, 500)
    assert smoothed(log_ratio(model, found, points)).ess > 499
    np.testing.assert_allclose(naturals(model, points), points)


def test_chains_that_do_not_fit_together_make_the_same_draws_in_turn(model):
    start, settings = laplace(model, np.zeros(2)), NutsSettings(chains=6, warmup=10, draws=10, block=10)
    together, in_turn = (sample(model, start, settings, at_once) for at_once in (None, 4))
    assert together.points.shape == (6, 10, 2)
    np.testing.assert_allclose(in_turn.points, together.points, rtol=1e-6)
    np.testing.assert_array_equal(in_turn.statistics["num_steps"], together.statistics["num_steps"])


def test_draws_have_the_mean_and_covariance_of_the_closed_form(model, exact):
    mean, covariance = exact
    chains = sample(model, laplace(model, np.zeros(2)), NutsSettings(warmup=200, draws=1000, block=100))
    draws = {name: chains.points[..., i] for i, name in enumerate(chains.names)}
    for i, (name, summary) in enumerate(summarise(draws).items()):
        assert summary.r_hat < 1.01, name
        assert abs(summary.mean - mean[i]) < 4 * summary.mcse_mean
    # Products of draws have Monte Carlo errors of their own.
    centred = chains.points - mean
    products = {f"{i}{j}": centred[..., i] * centred[..., j] for i, j in ((0, 0), (0, 1), (1, 1))}
    for name, summary in summarise(products).items():
        assert abs(summary.mean - covariance[int(name[0]), int(name[1])]) < 4 * summary.mcse_mean
    assert not chains.statistics["diverging"].any()


def test_an_interrupted_run_goes_on_with_the_same_bits(model, tmp_path):
    settings = NutsSettings(chains=2, warmup=100, draws=40, block=30)
    start = laplace(model, np.zeros(2))
    config = load()
    with kept_in(Ledger(tmp_path, config, "whole", resume=False)):
        uninterrupted = sample(model, start, settings)
    head, *blocks = (tmp_path / "evaluations.jsonl").read_text().splitlines(keepends=True)
    assert len(blocks) == 5
    for survived in (1, 3):
        (tmp_path / "evaluations.jsonl").write_text("".join([head, *blocks[:survived]]))
        again = Ledger(tmp_path, config, "whole", resume=True)
        assert again.count == survived
        with kept_in(again):
            resumed = sample(model, start, settings)
        np.testing.assert_array_equal(resumed.points, uninterrupted.points)
        assert (tmp_path / "evaluations.jsonl").read_text().splitlines(keepends=True) == [head, *blocks]


def test_how_often_draws_are_saved_does_not_change_them(model):
    start = laplace(model, np.zeros(2))
    often, seldom = (
        sample(model, start, NutsSettings(chains=2, warmup=25, draws=10, block=block)) for block in (1, 30)
    )
    np.testing.assert_array_equal(often.points, seldom.points)
    for name, values in often.statistics.items():
        np.testing.assert_array_equal(values, seldom.statistics[name])


def test_chains_of_different_seeds_differ_and_of_the_same_seed_do_not(model):
    start = laplace(model, np.zeros(2))
    one, two, other = (
        sample(model, start, NutsSettings(chains=2, warmup=100, draws=10, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.points, two.points)
    assert not np.array_equal(one.points, other.points)


def test_the_gradient_of_the_potential_agrees_with_differences(model):
    point = np.array([0.2, -0.1])
    gradient = jax.grad(model.potential)(as_point(model, point))
    for i, name in enumerate(model.names):
        step = 1e-5 * np.eye(2)[i]
        up, down = (float(model.potential(as_point(model, point + sign * step))) for sign in (1, -1))
        np.testing.assert_allclose(float(gradient[name]), (up - down) / 2e-5, rtol=1e-7)


def test_a_posterior_without_density_at_the_start_is_refused(model):
    nowhere = eqx.tree_at(lambda m: m.simulate.matrix, model, jnp.full((3, 2), jnp.nan))
    with pytest.raises(AnalysisError, match="no density at its starting point"):
        laplace(nowhere, np.zeros(2))


class Edge(eqx.Module):
    """Moments that end just beyond 0."""

    last: Float[Array, ""]

    def __call__(self, natural: Float[Array, " parameters"]) -> Float[Array, " moments"]:
        return jnp.where(natural < self.last, natural, jnp.nan)


def test_a_mode_at_the_edge_of_the_economy_has_no_normal_approximation():
    likelihood = build(("m1",), np.zeros(1), np.ones((1, 1)), "normal", (0.0, 1.0))
    priors = {"a": Prior("normal", (0.0, 1.0), REAL)}
    with pytest.raises(AnalysisError, match="no curvature at its mode"):
        laplace(build_model(Edge(jnp.asarray(5e-5)), likelihood, priors), np.zeros(1))
    assert laplace(build_model(Edge(jnp.asarray(1.0)), likelihood, priors), np.zeros(1)).proper


def test_priors_bound_what_is_drawn_from_them():
    likelihood = build(("m1",), np.array([5.0]), np.array([[0.01]]), "normal", (0.0, 1.0))
    bounded = build_model(Linear(jnp.ones((1, 1))), likelihood, {"xi": Prior("uniform", (0.05, 0.15), (0.0, 1.0))})
    start = laplace(bounded, np.zeros(1))
    chains = sample(bounded, start, NutsSettings(chains=2, warmup=100, draws=100))
    natural = naturals(bounded, chains.points.reshape(-1, 1))
    assert np.all((natural > 0.05) & (natural < 0.15))
    assert natural.mean() > 0.14  # the target pulls it against its bound

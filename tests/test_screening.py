"""Employer screening, checked by simulating the hiring problem it solves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from aigini.economy.normal_nodes import OCCUPATION_SCORES
from aigini.economy.screening import credential_requirement, screening, signal_correlation
from aigini.economy.workers import in_occupation, outcomes


def simulated_hiring(params, variance_h, variance_signal, n=400_000, seed=0):
    """Work samples show log h with its scale compressed from V_h to V_D; employers regress on the signals."""
    generator = np.random.default_rng(seed)
    log_human = np.sqrt(variance_h) * generator.standard_normal(n)
    sample = np.sqrt(variance_signal / variance_h) * log_human
    sample = sample + float(params.signal_noise_sd) * generator.standard_normal(n)
    credential = log_human + float(params.credential_noise_sd) * generator.standard_normal(n)
    signals = np.stack([sample, credential], axis=1)
    weights = np.linalg.lstsq(signals, log_human, rcond=None)[0]
    return log_human, sample, weights, signals @ weights


@pytest.mark.parametrize(("variance_h", "variance_signal"), [(0.25, 0.25), (0.25, 0.06), (0.5, 0.02)])
def test_beliefs_are_those_of_the_best_linear_assessment(baseline, variance_h, variance_signal):
    log_human, sample, weights, assessment = simulated_hiring(baseline, variance_h, variance_signal)
    beliefs = screening(baseline, jnp.full(16, variance_h), jnp.full(16, variance_signal))
    precision = float(beliefs.precision[0])
    error = 5 / np.sqrt(len(log_human))
    # Posterior weights: of the work sample per unit of its own scale, of the credential directly.
    per_unit = float(beliefs.sample[0]) / precision / np.sqrt(variance_signal / variance_h)
    assert weights[0] == pytest.approx(per_unit, abs=error)
    assert weights[1] == pytest.approx(float(beliefs.credential_weight[0]), abs=error)
    # Recognised share: what a gain in log h adds to the assessment; 1/S: what stays unknown.
    slope = np.cov(assessment, log_human)[0, 1] / np.var(log_human)
    assert slope == pytest.approx(float(beliefs.recognised[0]), abs=error)
    assert np.var(log_human - assessment) == pytest.approx(1 / precision, rel=0.02)
    # The correlation of work sample and assessment.
    expected = float(signal_correlation(baseline, beliefs)[0])
    assert np.corrcoef(sample, assessment)[0, 1] == pytest.approx(expected, abs=error)
    # The value of the credential: by how much the posterior variance grows without it.
    alone = np.cov(sample, log_human)[0, 1] / np.var(sample) * sample
    growth = np.var(log_human - alone) - np.var(log_human - assessment)
    assert growth == pytest.approx(float(jnp.exp(beliefs.log_credential_value[0])), rel=0.05)


def test_the_posterior_mean_is_that_of_the_noises_of_the_model(baseline):
    # [π0 μ + (π_s + π_c) log h + sqrt(π_s) u_s + sqrt(π_c) u_c]/S has variance Ω V_h, and 1/S = (1 - Ω) V_h.
    variance_h, variance_signal = 0.3, 0.1
    beliefs = screening(baseline, jnp.full(16, variance_h), jnp.full(16, variance_signal))
    prior, sample, credential = (float(x[0]) for x in (beliefs.prior, beliefs.sample, beliefs.credential))
    total = prior + sample + credential
    variance = ((sample + credential) ** 2 * variance_h + sample + credential) / total**2
    assert variance == pytest.approx(float(beliefs.recognised[0]) * variance_h, rel=1e-13)
    assert float(beliefs.recognised[0]) == pytest.approx((sample + credential) / total, rel=1e-14)
    assert 1 / total == pytest.approx((1 - float(beliefs.recognised[0])) * variance_h, rel=1e-13)


def test_the_credential_value_is_the_difference_of_posterior_variances(baseline):
    beliefs = screening(baseline, jnp.linspace(0.1, 0.9, 16), jnp.linspace(0.3, 0.01, 16))
    direct = 1 / (beliefs.prior + beliefs.sample) - 1 / beliefs.precision
    np.testing.assert_allclose(jnp.exp(beliefs.log_credential_value), direct, rtol=1e-13)


def test_half_of_employers_require_the_credential_when_its_value_does_not_change(baseline):
    beliefs = screening(baseline, jnp.full(16, 0.3), jnp.full(16, 0.2))
    np.testing.assert_allclose(credential_requirement(baseline, beliefs, beliefs), 0.5, rtol=1e-15)
    less_telling = screening(baseline, jnp.full(16, 0.3), jnp.full(16, 0.1))
    share = np.asarray(credential_requirement(baseline, less_telling, beliefs))
    gain = np.asarray(less_telling.log_credential_value - beliefs.log_credential_value)
    np.testing.assert_allclose(share, 1 / (1 + np.exp(-gain / 0.5)), rtol=1e-14)
    assert np.all(share > 0.5)


def test_the_floor_in_the_work_sample_is_relative_to_the_human_part(baseline, economy_of):
    production = economy_of(baseline).after.market.production
    p, bundles = baseline.as_dict(), np.asarray(production.tasks.bundles)
    ai = bundles @ (p["alpha"] * np.asarray(production.tasks.exposure))
    human = bundles @ np.asarray(production.treated_human)
    expected = p["signal_exposure"] * (p["eta0"] + p["eta1"]) * ai / human
    anyone = jnp.zeros((16, 1))
    floor = production.work_sample(baseline).floor(anyone)
    np.testing.assert_allclose(floor[:, 0], expected, rtol=1e-13)
    before = economy_of(baseline).before.market
    np.testing.assert_array_equal(before.production.work_sample(baseline).floor(anyone), 0)
    np.testing.assert_allclose(before.screening.diagnostic_variance, before.screening.log_human_variance, rtol=1e-14)


def fine_quadrature(points=60):
    x, w = hermegauss(points)
    keep = w / w.sum() > 1e-18
    x, w = x[keep], w[keep] / w[keep].sum()
    score, cost = (grid.reshape(-1) for grid in np.meshgrid(x, x, indexing="ij"))
    return score, cost, np.outer(w, w).reshape(-1)


def test_assessed_human_capital_is_right_on_average(points, economy_of):
    # k_o: on a quadrature of 60 x 60 nodes, noises integrated out, the mean of ĥ is the mean of h in every
    # occupation, before and after AI. The equilibrium itself uses 13 x 13 nodes.
    node, cost_draw, weight = fine_quadrature()
    for params in points(3):
        p = params.as_dict()
        economy = economy_of(params)
        rho = p["occupation_sorting"]
        score = rho * OCCUPATION_SCORES[:, None] + np.sqrt(1 - rho**2) * node[None, :]
        ability = np.exp(p["ability_sd"] * score)
        cost = p["schooling_cost"] * np.exp(-p["cost_ability_gradient"] * score + p["cost_sd"] * cost_draw)
        held = None
        for state in (economy.before, economy.after):
            market = state.market
            beliefs = market.screening
            fixed = np.asarray(market.fixed_pay)[:, None]
            gamma = p["schooling_return"]
            gain = gamma * np.asarray(beliefs.recognised)[:, None] / cost
            linear = 1 + fixed / ability
            years = (-linear + np.sqrt(linear**2 + 4 * gamma * gain)) / (2 * gamma)
            held = years if held is None else (1 - p["retooling"]) * held + p["retooling"] * years
            human = ability * (1 + gamma * held)
            omega, precision = (np.asarray(x) for x in (beliefs.recognised, beliefs.precision))
            posterior = (1 - omega)[:, None] * np.asarray(market.log_human_mean)[:, None]
            posterior = posterior + omega[:, None] * np.log(human)
            noise = omega / precision  # variance of the two noises in the posterior mean
            log_scale = np.asarray(market.assessment_scale) + (1 / precision + noise) / 2
            assessed = np.exp(log_scale) * (np.exp(posterior) @ weight)
            np.testing.assert_allclose(assessed, human @ weight, rtol=1e-8)
            np.testing.assert_allclose(market.human_capital, human @ weight, rtol=1e-8)


def test_simulated_assessments_average_to_simulated_human_capital(population, baseline, economy_of):
    environment = economy_of(baseline).environment
    # All rows at once: terms and scores become columns, [occupations, 1].
    before, after = simulated_outcomes(environment, population)
    economy = economy_of(baseline)
    for outcome, market in ((before, economy.before.market), (after, economy.after.market)):
        assessed = np.asarray(outcome.human_pay) / np.asarray(market.prices.human_return)[:, None]
        human = np.exp(np.asarray(outcome.log_human))
        error = np.std(assessed - human, axis=1) / np.sqrt(human.shape[1])
        assert np.all(np.abs(np.mean(assessed - human, axis=1)) < 5 * error)
        assert np.all(error < 0.02 * human.mean(axis=1))


def simulated_outcomes(environment, population):
    """Outcomes of all workers, [occupations, workers]; the test population has one row per occupation."""

    def row(occupation, workers):
        own = (jnp.arange(16) == occupation).astype(jnp.float64)
        return outcomes(in_occupation(environment, own, np.dtype("float64")), workers)

    both = jax.jit(jax.vmap(row, out_axes=1))(jnp.arange(16), population.workers)
    return tuple(jax.tree.map(lambda leaf, at=at: leaf[at], both) for at in (0, 1))

"""Firms: cumulative advantage, capital intensity and the growth gap."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy_model
import pytest
from scipy.special import erf, ndtri

from aigini import parameters
from aigini.economy.firms import asset_paths, capital_intensity, growth, growth_gap
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.rents import capital_claim, fixed_pay, ownership, quasi_rent
from aigini.economy.technology import Totals
from aigini.population.draws import normal_scores
from aigini.statistics import sample
from aigini.statistics.moments import six_moments

compiled_paths = jax.jit(asset_paths)
ONE = jnp.asarray(1.0)
ZERO = jnp.asarray(0.0)
RENT = jnp.asarray(0.05)
"""A rent q_A of the size that AI creates at the baseline."""


@pytest.fixture(scope="module")
def shocks():
    """Balanced quasi-random shocks of 20 000 firms over 10 years."""
    generator = np.random.default_rng(0)
    scores = ndtri((np.arange(20_000) + 0.5) / 20_000)
    return jnp.asarray(np.stack([generator.permutation(scores) for _ in range(10)], axis=1))


def test_paths_follow_their_recursion(baseline, shocks):
    for rent in (0.0, 0.05, 0.5):
        path = np.asarray(compiled_paths(baseline, jnp.asarray(rent), shocks))
        assert path.shape == (11, 20_000)
        np.testing.assert_allclose(path[0], ndtri((np.arange(20_000) + 0.5) / 20_000), rtol=1e-14)
        rho = 1 - 0.1 + 0.35 * (1 - 0.12) * rent
        for year in range(10):
            expected = rho * path[year] + np.sqrt(1 - 0.9**2) * np.asarray(shocks[:, year])
            np.testing.assert_allclose(path[year + 1], expected, rtol=1e-12, atol=1e-13)


def test_without_cumulative_advantage_ai_does_not_move_firms_at_all(baseline, shocks):
    params = baseline.replace(cumulative_advantage=0.0)
    before, after = (compiled_paths(params, rent, shocks) for rent in (ZERO, ONE))
    np.testing.assert_array_equal(before, after)
    assert float(growth_gap(before)) == float(growth_gap(after))


@pytest.mark.parametrize("asset_sd", [0.6, 1.0])
def test_dispersion_is_stationary_without_rents_from_ai(baseline, shocks, asset_sd):
    # Var' = (1-μ)² Var + ν² has the fixed point σ_K²; sampling error of a variance over 20 000 firms is 1 %.
    params = baseline.replace(asset_sd=asset_sd)
    path = np.asarray(compiled_paths(params, ZERO, shocks))
    np.testing.assert_allclose(np.var(path, axis=1), asset_sd**2, rtol=0.05)
    ginis = [float(sample.gini(capital_intensity(params, jnp.asarray(logs)))) for logs in path]
    np.testing.assert_allclose(ginis, erf(asset_sd / 2), atol=0.02)


def test_rents_from_ai_raise_dispersion_and_its_growth(baseline, shocks):
    spreads = []
    params = baseline.replace(cumulative_advantage=1.0)
    for rent in (0.0, 0.1, 0.2):
        path = np.asarray(compiled_paths(params, jnp.asarray(rent), shocks))
        spreads.append(np.std(path, axis=1))
    assert np.all(np.diff(spreads, axis=0)[:, 1:] > 0)
    # With ρ > 1 dispersion grows without bound.
    explosive = np.asarray(compiled_paths(params, jnp.asarray(0.3), shocks))
    assert np.all(np.diff(np.std(explosive, axis=1)) > 0)


def test_owners_reinvest_only_what_workers_do_not_get(baseline):
    for xi in (0.0, 0.3, 1.0):
        params = baseline.replace(xi=xi)
        assert float(growth(params, RENT)) == pytest.approx(0.9 + 0.35 * (1 - xi) * 0.05, rel=1e-14)
        assert float(growth(params, ZERO)) == pytest.approx(0.9, rel=1e-14)


def test_the_rent_that_is_reinvested_is_the_one_that_ai_creates_in_the_equilibrium(
    baseline, population, levels, economy_of
):
    # η1 A mean_o(R_A,o) of each state, also where AI is there before.
    for scenario in (levels(), levels(0.5, 1.5)):
        economy = economy_of(baseline, scenario)
        for state in (economy.before, economy.after):
            rent = 0.4 * float(state.market.level) * np.mean(state.market.prices.ai_return)
            path, rho = np.asarray(state.asset_path), 0.9 + 0.35 * 0.88 * rent
            moved = rho * path[:-1] + np.sqrt(0.19) * np.asarray(population.firm_shocks).T
            np.testing.assert_allclose(path[1:], moved, rtol=1e-12, atol=1e-13)


def test_the_bound_on_rents_that_parameters_are_checked_with_is_one_and_not_far_off(points):
    for level in (1.0, 2.0):
        for params in points(30, seed=6):
            values = params.as_dict()
            after = numpy_model.solve_equilibrium(values, level, numpy_model.solve_equilibrium(values, 0.0))
            rent = values["eta1"] * level * float(after.R_A.mean())
            # Bundles spread work over tasks nearly evenly: by less than 1 % the bound is none.
            assert 0.99 < parameters._largest_rent(values, level) / rent < 2


def test_parameters_are_refused_where_firms_outgrow_the_income_grid_and_no_earlier(baseline):
    values = baseline.as_dict()
    rapid = {**values, "cumulative_advantage": 10.0}
    (message,) = parameters.problems(rapid)
    assert "firm growth overflows" in message
    assert "by up to 1.3" in message
    # Nothing is reinvested where AI creates no rent, whatever the rate.
    for name, none in (("adoption", 0.0), ("alpha", 0.0), ("eta1", 0.0), ("xi", 1.0)):
        assert parameters.problems({**rapid, name: none}) == []
    assert parameters.problems(rapid, level=0.0) == []


def test_capital_intensity_has_mean_one_and_the_gini_of_a_lognormal(baseline):
    logs = baseline.asset_sd * jnp.asarray(normal_scores(20_000))
    for psi in (0.0, 0.5, 1.5):
        kappa = capital_intensity(baseline.replace(psi=psi), logs)
        assert float(jnp.mean(kappa)) == pytest.approx(1, rel=1e-13)
        assert float(sample.gini(kappa)) == pytest.approx(erf(psi / 2), abs=1e-3)
    shifted = capital_intensity(baseline, logs + 500.0)
    np.testing.assert_allclose(shifted, capital_intensity(baseline, logs), rtol=1e-9)


def test_the_growth_gap_has_its_expected_value(baseline, shocks):
    # E[log k_T - log k_0] = (ρ^T - 1) log k_0; thirds of a normal have mean ± φ(Φ⁻¹(2/3)) / (1/3).
    third = np.exp(-(ndtri(2 / 3) ** 2) / 2) / np.sqrt(2 * np.pi) * 3
    for rent in (ZERO, RENT):
        rho = float(growth(baseline, rent))
        gap = growth_gap(compiled_paths(baseline, rent, jnp.zeros_like(shocks)))
        assert float(gap) == pytest.approx(2 * third * (rho**10 - 1), rel=1e-3)
        noisy = float(growth_gap(compiled_paths(baseline, rent, shocks)))
        assert noisy == pytest.approx(2 * third * (rho**10 - 1), abs=0.08)


def test_thirds_leave_out_the_middle(baseline):
    path = jnp.asarray([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 3.0, 9.0, 9.0, 9.0, 9.0, 6.5, 8.5]])
    assert float(growth_gap(path)) == pytest.approx(1.0 - 1.5)


@pytest.mark.parametrize("n_firms", [1, 2])
def test_fewer_than_three_firms_have_no_growth_gap(baseline, population, n_firms):
    few = eqx.tree_at(lambda p: p.firm_shocks, population, population.firm_shocks[:n_firms])
    few = eqx.tree_at(
        lambda p: (p.workers.firm, p.workers.owner_firm),
        few,
        (population.workers.firm % n_firms, population.workers.owner_firm % n_firms),
    )
    with pytest.raises(ValueError, match="at least 3"):
        jax.eval_shape(six_moments, baseline, few)
    path = asset_paths(baseline, ONE, few.firm_shocks)
    kappa = capital_intensity(baseline, path[-1])
    assert float(jnp.mean(kappa)) == pytest.approx(1, rel=1e-14)
    if n_firms == 1:
        assert float(kappa[0]) == 1


def test_shocks_of_a_firm_do_not_touch_other_firms(baseline):
    shocks = jnp.zeros((5, 10))
    moved = shocks.at[2, 3].set(1.0)
    difference = np.asarray(asset_paths(baseline, RENT, moved) - asset_paths(baseline, RENT, shocks))
    assert np.all(difference[:, [0, 1, 3, 4]] == 0)
    assert np.all(difference[:4, 2] == 0)
    rho = float(growth(baseline, RENT))
    np.testing.assert_allclose(difference[4:, 2], np.sqrt(0.19) * rho ** np.arange(7), rtol=1e-12)


def test_derivatives_of_paths_are_central_differences(baseline):
    shocks = jnp.asarray(np.random.default_rng(1).standard_normal((4, 10)))

    def final(params, rent):
        path = asset_paths(params, rent, shocks)
        return jnp.concatenate([path[-1], capital_intensity(params, path[-1])])

    compiled, step = jax.jit(final), 1e-6
    slopes, by_rent = jax.jit(jax.jacfwd(final, argnums=(0, 1)))(baseline, RENT)
    for name in ("asset_sd", "asset_reversion", "cumulative_advantage", "xi", "psi"):
        value = float(getattr(baseline, name))
        above, below = (compiled(baseline.replace(**{name: value + sign * step}), RENT) for sign in (1, -1))
        np.testing.assert_allclose(getattr(slopes, name), (above - below) / (2 * step), rtol=1e-7, atol=1e-8)
    rise = compiled(baseline, RENT + step) - compiled(baseline, RENT - step)
    np.testing.assert_allclose(by_rent, rise / (2 * step), rtol=1e-7, atol=1e-8)


def test_without_dispersion_all_firms_are_alike_with_finite_derivatives(baseline, shocks):
    def intensity(asset_sd):
        params = baseline.replace(asset_sd=asset_sd)
        return capital_intensity(params, asset_paths(params, ONE, shocks[:300])[-1])

    value, slope = jax.jvp(intensity, (ZERO,), (ONE,))
    np.testing.assert_allclose(value, 1, rtol=1e-14)
    assert np.all(np.isfinite(slope))


def test_rents_and_pay_are_those_of_the_model(baseline):
    production = Mechanisms().production(baseline, jnp.asarray(1.5))
    price = jnp.linspace(0.5, 1.2, 24)
    prices = production.factor_prices(Totals(jnp.zeros(16)), price)
    bundles, ai_return = np.asarray(production.tasks.bundles), np.asarray(prices.ai_return)
    np.testing.assert_allclose(prices.human_return, bundles @ (price * production.human), rtol=1e-14)
    np.testing.assert_allclose(ai_return, bundles @ (price * production.ai), rtol=1e-14)
    np.testing.assert_allclose(prices.ai_rent, 0.4 * 1.5 * ai_return, rtol=1e-14)
    np.testing.assert_allclose(prices.fixed_value, 0.6 * 1.5 * ai_return, rtol=1e-14)
    np.testing.assert_allclose(quasi_rent(baseline, prices.ai_rent), 0.9 + 0.4 * 1.5 * ai_return, rtol=1e-14)
    mean_rent = 0.9 + 0.4 * 1.5 * ai_return.mean()
    np.testing.assert_allclose(
        fixed_pay(baseline, prices.fixed_value, prices.mean_ai_rent),
        0.6 * 1.5 * ai_return + 0.12 * mean_rent,
        rtol=1e-14,
    )
    held, kappa = jnp.asarray([0.5, 2.0]), jnp.asarray([3.0, 0.1])
    np.testing.assert_allclose(capital_claim(baseline, held, kappa), held * (0.2 + 0.8 * kappa), rtol=1e-14)


def test_ownership_has_mean_one_its_dispersion_and_its_correlation_with_ability(baseline):
    params = baseline.replace(ownership_sd=0.8, ownership_ability_corr=0.4)
    generator = np.random.default_rng(2)
    score, draw = generator.standard_normal((2, 400_000))
    held = np.asarray(ownership(params, jnp.asarray(score), jnp.asarray(draw)))
    assert held.mean() == pytest.approx(1, abs=5 * held.std() / np.sqrt(held.size))
    assert np.log(held).std() == pytest.approx(0.8, rel=0.01)
    assert np.corrcoef(np.log(held), score)[0, 1] == pytest.approx(0.4, abs=0.01)
    equal = ownership(baseline.replace(ownership_sd=0.0), jnp.asarray(score[:9]), jnp.asarray(draw[:9]))
    np.testing.assert_array_equal(equal, 1)

"""Tasks, occupations and the CES aggregate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aigini.economy import tasks
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.tasks import N_TASKS, TASK_NODES, TASK_WEIGHTS, ces
from aigini.economy.technology import Totals

GENERATOR = np.random.default_rng(0)
REFERENCE = jnp.asarray(GENERATOR.uniform(0.02, 0.1, N_TASKS))
SUPPLY = REFERENCE * jnp.asarray(np.exp(GENERATOR.uniform(-0.5, 2.0, N_TASKS)))

compiled_ces = jax.jit(ces)
compiled_technology = jax.jit(Mechanisms().production)


def output(sigma, supply=SUPPLY):
    return float(compiled_ces(supply, REFERENCE, jnp.asarray(sigma))[0])


def textbook(sigma, supply=SUPPLY):
    """The CES aggregate as it is usually written, in plain NumPy."""
    reference, supply = np.asarray(REFERENCE), np.asarray(supply)
    share, ratio = reference / reference.sum(), supply / reference
    if sigma == 1:
        return reference.sum() * np.prod(ratio**share)
    power = (sigma - 1) / sigma
    return reference.sum() * np.sum(share * ratio**power) ** (1 / power)


@pytest.mark.parametrize("sigma", [0.05, 0.2, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5, 4.0, 50.0])
def test_output_is_the_textbook_ces_and_cobb_douglas_at_one(sigma):
    assert output(sigma) == pytest.approx(textbook(sigma), rel=1e-12)


def test_output_tends_to_its_leontief_and_linear_limits():
    ratio = np.asarray(SUPPLY / REFERENCE)
    assert output(1e-3) / float(jnp.sum(REFERENCE)) == pytest.approx(ratio.min(), rel=5e-3)
    assert output(1e6) == pytest.approx(float(jnp.sum(SUPPLY)), rel=1e-5)


def test_output_and_its_derivative_in_sigma_are_continuous_through_cobb_douglas():
    slope = jax.jit(jax.grad(lambda sigma: ces(SUPPLY, REFERENCE, sigma)[0]))
    # Second-order expansion at 1, fitted from values 1e-3 away, predicts values in between to third order.
    centre, first = output(1.0), float(slope(1.0))
    second = (float(slope(1.001)) - float(slope(0.999))) / 0.002
    for distance in (1e-12, 1e-9, 1e-6, 1e-4, 1e-3):
        for sigma in (1 - distance, 1 + distance):
            gap = sigma - 1
            assert output(sigma) == pytest.approx(centre + first * gap + second * gap**2 / 2, rel=3e-9)
            assert float(slope(sigma)) == pytest.approx(first + second * gap, rel=1e-4)


@pytest.mark.parametrize("sigma", [0.2, 0.95, 0.999999, 1.0, 1.000001, 1.02, 1.5, 4.0])
def test_derivatives_in_sigma_are_central_differences(sigma):
    def both(sigma):
        growth, price = ces(SUPPLY, REFERENCE, sigma)
        return jnp.concatenate([growth[None], price])

    step = 1e-4
    value = jax.jit(both)
    # Fourth order: errors of 1e-16 in values and of step⁴ in the rule.
    expected = (8 * (value(sigma + step) - value(sigma - step)) - value(sigma + 2 * step) + value(sigma - 2 * step)) / (
        12 * step
    )
    forward, reverse = jax.jit(jax.jacfwd(both))(sigma), jax.jit(jax.jacrev(both))(sigma)
    assert np.all(np.isfinite(forward))
    np.testing.assert_allclose(forward, expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(reverse, forward, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("ratio", [tasks._expm1_ratio, tasks._log1p_ratio])
def test_series_and_formula_meet_without_a_seam(ratio):
    exact = {tasks._expm1_ratio: np.expm1, tasks._log1p_ratio: np.log1p}[ratio]
    x = np.concatenate([s * 1e-2 * (1 + np.array([-1e-9, -1e-15, 0, 1e-15, 1e-9, 0.5, 20])) for s in (-1, 1)])
    np.testing.assert_allclose(ratio(jnp.asarray(x)), exact(x) / x, rtol=1e-15 * 4)
    slope = jax.vmap(jax.grad(ratio))(jnp.asarray([-1.0000001e-2, -0.9999999e-2, 0.9999999e-2, 1.0000001e-2]))
    assert float(slope[0]) == pytest.approx(float(slope[1]), rel=1e-7)
    assert float(slope[2]) == pytest.approx(float(slope[3]), rel=1e-7)
    assert float(ratio(jnp.asarray(0.0))) == 1


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_output_has_constant_returns_and_prices_depend_on_ratios_only(sigma):
    once, price = compiled_ces(SUPPLY, REFERENCE, jnp.asarray(sigma))
    twice, same = compiled_ces(2.7 * SUPPLY, REFERENCE, jnp.asarray(sigma))
    assert float(twice) == pytest.approx(2.7 * float(once), rel=1e-13)
    np.testing.assert_allclose(same, price, rtol=1e-12)
    # Euler: prices exhaust output.
    assert float(price @ SUPPLY) == pytest.approx(float(once), rel=1e-13)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_prices_are_marginal_products(sigma):
    slope = jax.grad(lambda supply: ces(supply, REFERENCE, jnp.asarray(sigma))[0])(SUPPLY)
    np.testing.assert_allclose(slope, compiled_ces(SUPPLY, REFERENCE, jnp.asarray(sigma))[1], rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_prices_are_one_where_supply_is_the_reference(sigma):
    growth, price = compiled_ces(REFERENCE, REFERENCE, jnp.asarray(sigma))
    np.testing.assert_array_equal(price, 1)
    assert float(growth) == float(jnp.sum(REFERENCE))


def test_task_nodes_integrate_over_the_unit_interval():
    assert TASK_WEIGHTS.sum() == pytest.approx(1, rel=1e-14)
    for power in (1, 5, 40):
        assert TASK_WEIGHTS @ TASK_NODES**power == pytest.approx(1 / (power + 1), rel=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0, 2.5])
def test_technology_is_that_of_the_model(baseline, level):
    tech = compiled_technology(baseline, jnp.asarray(level))
    p = baseline.as_dict()
    z = TASK_NODES
    skill = np.exp(p["skill_gradient"] * (2 * z - 1))
    skill /= TASK_WEIGHTS @ skill
    share = 1 - (1 - p["exposed_share"]) ** level
    exposure = 1 / (1 + np.exp(-(z - (1 - share)) / p["exposure_smoothing"]))
    np.testing.assert_allclose(tech.tasks.exposure, exposure, rtol=1e-13)
    np.testing.assert_allclose(tech.treated_human, skill * (1 + p["beta"] * level * exposure), rtol=1e-13)
    np.testing.assert_allclose(tech.treated_ai, p["alpha"] * exposure, rtol=1e-13)
    deployed = p["adoption"] * exposure
    np.testing.assert_allclose(tech.human, skill * (1 + p["beta"] * level * deployed), rtol=1e-13)
    np.testing.assert_allclose(tech.ai, p["alpha"] * deployed, rtol=1e-13)
    assert float(tech.tasks.effective) == pytest.approx(level * (p["eta0"] + p["eta1"]), rel=1e-15)


@pytest.mark.parametrize("width", [1e-3, 0.01, 0.15, 1.0, 100.0])
def test_bundles_sum_to_one_and_stay_finite_however_narrow(baseline, width):
    def bundles(width):
        return Mechanisms().production(baseline.replace(task_width=width), jnp.asarray(1.0)).tasks.bundles

    value, slope = jax.jit(lambda w: jax.jvp(bundles, (w,), (jnp.ones(()),)))(jnp.asarray(width))
    assert value.shape == (16, 24)
    np.testing.assert_allclose(jnp.sum(value, axis=1), 1, rtol=1e-14)
    assert np.all(np.isfinite(slope))
    np.testing.assert_allclose(jnp.sum(slope, axis=1), 0, atol=1e-9)
    if width <= 1e-3:  # an occupation is its nearest task
        nearest = np.abs(TASK_NODES[None, :] - tasks.OCCUPATION_NODES[:, None]).argmin(axis=1)
        np.testing.assert_array_equal(np.asarray(value).argmax(axis=1), nearest)
        np.testing.assert_allclose(np.asarray(value).max(axis=1), 1, rtol=1e-12)
    if width >= 100:  # and every occupation does everything
        np.testing.assert_allclose(value, np.tile(TASK_WEIGHTS, (16, 1)), rtol=1e-3)


def test_ai_reaches_skill_intensive_tasks_first_and_more_of_them_over_time(baseline):
    exposure = np.stack(
        [np.asarray(compiled_technology(baseline, jnp.asarray(a)).tasks.exposure) for a in (0.0, 0.5, 1.0, 2.0, 8.0)]
    )
    assert np.all(np.diff(exposure, axis=1) > 0)
    assert np.all(np.diff(exposure, axis=0) > 0)
    nothing = compiled_technology(baseline.replace(exposed_share=0.0), jnp.asarray(1.0))
    np.testing.assert_allclose(nothing.tasks.exposure, exposure[0], rtol=1e-14)


def test_supply_is_human_plus_ai_output_and_exhausts_labour(baseline):
    human = jnp.asarray(np.linspace(1, 3, 16))
    tech = compiled_technology(baseline, jnp.asarray(1.0))
    by_hand = np.zeros(N_TASKS)
    for o in range(16):
        own = np.asarray(tech.tasks.bundles[o])
        by_hand += own * (human[o] * np.asarray(tech.human) + np.asarray(tech.ai) * float(tech.tasks.effective)) / 16
    np.testing.assert_allclose(tech.supply(Totals(jnp.log(human))), by_hand, rtol=1e-13)


def test_pay_exhausts_output_before_and_after_ai(points, economy_of):
    # Euler: mean_o(R_h,o H_o) + Ā mean_o(R_A,o) = Y.
    for params in points(10):
        economy = economy_of(params)
        for state in (economy.before, economy.after):
            market = state.market
            pay = np.mean(market.prices.human_return * market.human_capital)
            pay += market.tasks.effective * np.mean(market.prices.ai_return)
            assert pay == pytest.approx(float(market.output), rel=1e-13)
        np.testing.assert_array_equal(economy.before.market.task_price, 1)
        price = np.asarray(economy.after.market.task_price)
        assert price.min() < 0.999 < 1.001 < price.max()

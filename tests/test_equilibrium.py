"""The equilibrium on the quadrature: it is one, it is accurate, and derivatives go through it."""

import jax
import jax.numpy as jnp
import numpy as np
import numpy_model
import pytest

from aigini.economy.economy import Scenario
from aigini.economy.equilibrium import markets
from aigini.parameters import PARAMETER_NAMES

# Slow contraction: schooling reacts in full, and to a work sample that AI floods.
HARD = {"retooling": 1.0, "signal_exposure": 12.0, "schooling_return": 0.2, "adoption": 1.0, "alpha": 3.0}


def objects(params, level):
    """Output, R_h, Ω and log k_o before and after AI, [98]."""
    both = markets(params, jnp.stack([jnp.zeros(()), level]))

    def one(market):
        beliefs = market.screening.recognised
        return jnp.concatenate([market.output[None], market.prices.human_return, beliefs, market.assessment_scale])

    return jax.vmap(one)(both).reshape(-1)


@pytest.fixture(scope="module")
def cases(baseline, points):
    return [baseline, *points(3, seed=5), baseline.replace(**HARD)]


@pytest.fixture(scope="module")
def value():
    compiled = jax.jit(objects)
    return lambda params, level=1.0: np.asarray(compiled(params, jnp.asarray(level)))


@pytest.fixture(scope="module")
def forward(cases):
    compiled = jax.jit(jax.jacfwd(objects, argnums=(0, 1)))
    return [compiled(params, jnp.asarray(1.0)) for params in cases]


def matrix(derivatives):
    by_param, by_level = derivatives
    return np.stack([*(getattr(by_param, name) for name in PARAMETER_NAMES), by_level], axis=-1)


def units(params):
    """The size of each parameter, and of the AI level."""
    return np.array([*(abs(value) or 1.0 for value in params.as_dict().values()), 1.0])


def test_prices_and_beliefs_are_a_fixed_point_to_rounding(baseline, points, economy_of, levels):
    cases = [*points(30), *points(10, seed=1, sigma=0.3, retooling=1.0), baseline.replace(**HARD)]
    for params in cases:
        for scenario in (levels(), levels(0.0, 2.0), levels(0.5, 1.0)):
            economy = economy_of(params, scenario)
            assert float(economy.before.market.residual) < 1e-12
            assert float(economy.after.market.residual) < 1e-12


def test_a_residual_that_is_not_small_is_reported_not_hidden(baseline, economy_of):
    # A parameter outside its bounds: no fixed point exists among the reals.
    economy = economy_of(baseline.replace(signal_noise_sd=float("nan")))
    assert not float(economy.after.market.residual) < 1e-9


def test_the_equilibrium_is_the_oracles(cases, economy_of):
    for params in cases:
        economy = economy_of(params)
        before = numpy_model.solve_equilibrium(params.as_dict(), 0.0)
        after = numpy_model.solve_equilibrium(params.as_dict(), 1.0, before)
        for state, exact in ((economy.before, before), (economy.after, after)):
            market = state.market
            for ours, theirs in (
                (market.output, exact.output),
                (market.human_capital, exact.H),
                (market.prices.human_return, exact.R_h),
                (market.prices.ai_return, exact.R_A),
                (market.task_price, exact.prices),
                (market.supply, exact.supply),
                (market.log_human_mean, exact.mu),
                (market.assessment_scale, exact.log_k),
                (market.screening.recognised, exact.screening.recognised),
                (market.screening.log_human_variance, exact.V_h),
                (market.screening.diagnostic_variance, exact.V_D),
                (market.fixed_pay, exact.transfer / exact.R_h),
                (state.mean_rent, exact.quasi_rent),
            ):
                np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_thirteen_nodes_are_enough(baseline, economy_of, monkeypatch):
    # The oracle with 41 nodes in each direction: more than rounding, far less than sampling.
    economy = economy_of(baseline)
    monkeypatch.setattr(numpy_model, "N_NODES", 41)
    numpy_model._normal_nodes.cache_clear()
    try:
        before = numpy_model.solve_equilibrium(baseline.as_dict(), 0.0)
        after = numpy_model.solve_equilibrium(baseline.as_dict(), 1.0, before)
    finally:
        numpy_model._normal_nodes.cache_clear()
    market = economy.after.market
    for ours, theirs in (
        (market.output, after.output),
        (market.human_capital, after.H),
        (market.prices.human_return, after.R_h),
        (market.screening.recognised, after.screening.recognised),
        (market.screening.diagnostic_variance, after.V_D),
        (market.assessment_scale, after.log_k),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_beliefs_depend_on_the_spread_of_human_capital_not_on_its_unit(baseline, economy_of):
    # Task prices are relative: twice the price of everything is no change, so only Y0 and H carry the unit.
    economy = economy_of(baseline)
    market = economy.before.market
    np.testing.assert_allclose(
        market.prices.human_return, np.asarray(market.tasks.bundles) @ np.asarray(market.production.human)
    )
    assert float(market.output) == pytest.approx(float(jnp.mean(market.prices.human_return * market.human_capital)))


@pytest.mark.slow
def test_derivatives_of_the_equilibrium_are_central_differences_in_every_parameter(cases, value, forward, differences):
    for params, derivatives in zip(cases, forward, strict=True):
        ours = matrix(derivatives)
        assert np.all(np.isfinite(ours))
        expected = differences(value, params)
        step = 1e-5
        by_level = (value(params, 1 + step) - value(params, 1 - step)) / (2 * step)
        expected = np.concatenate([expected, by_level[:, None]], axis=1)
        # Per unit of relative change, rounding of values costs the differences 1e-16 / 1e-5 or a little more.
        unit = units(params)
        np.testing.assert_allclose(ours * unit, expected * unit, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_both_modes_give_the_same_derivatives_of_the_equilibrium(cases, forward):
    compiled = jax.jit(jax.jacrev(objects, argnums=(0, 1)))
    for params, derivatives in zip(cases, forward, strict=True):
        ours, reverse = matrix(derivatives), matrix(compiled(params, jnp.asarray(1.0)))
        unit = units(params)
        np.testing.assert_allclose(reverse * unit, ours * unit, rtol=1e-10, atol=1e-13)


def test_the_scenario_is_data(baseline, economy_of, levels):
    assert isinstance(levels(0.2, 0.7), Scenario)
    economy = economy_of(baseline, levels(0.2, 0.7))
    assert float(economy.before.market.level) == 0.2
    assert float(economy.after.market.level) == 0.7

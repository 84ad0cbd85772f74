"""Derivatives of the six moments in all 31 parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri

from aigini.economy.equilibrium import market_after, market_before
from aigini.moments.six import six_moments
from aigini.parameters import PARAMETER_NAMES

# Parameters on which each moment cannot depend, because nothing in its definition does.
FIRMS = {"psi", "asset_sd", "asset_reversion", "cumulative_advantage"}
OWNERS = {"ownership_sd", "ownership_ability_corr", "diversification"}
ABSENT = [
    {*FIRMS, *OWNERS, "requirement_smoothing"},
    {*FIRMS, *OWNERS, "requirement_smoothing"},
    {*OWNERS, "requirement_smoothing"},
    {*FIRMS, *OWNERS, "requirement_smoothing", "firm_sorting"},
    set(PARAMETER_NAMES) - {"asset_sd", "asset_reversion", "cumulative_advantage", "eta1", "xi"},
    {"requirement_smoothing"},
]


@pytest.fixture(scope="module")
def cases(baseline, points):
    return [baseline, *points(19, seed=11)]


def per_relative_change(jacobian, params):
    """dm / dlog|p|: the change of a moment when a parameter changes by a factor e, to first order."""
    return jacobian * np.abs(list(params.as_dict().values()))


@pytest.mark.slow
def test_the_jacobian_is_that_of_central_differences_at_twenty_points(cases, moments_of, forward_jacobian, differences):
    # Relative error below 1e-5 of each element, or of 5e-5 per unit of log p if the element is smaller: the
    # differences themselves carry an error of 2e-10 from rounding.
    for params in cases:
        ours = per_relative_change(forward_jacobian(params), params)
        expected = per_relative_change(differences(moments_of, params, step=1e-5), params)
        np.testing.assert_array_less(np.abs(ours - expected), 1e-5 * np.maximum(np.abs(ours), 5e-5))


@pytest.mark.slow
def test_elements_that_are_zero_in_theory_are_exactly_zero(cases, forward_jacobian):
    for params in cases:
        jacobian = forward_jacobian(params)
        for row, absent in zip(jacobian, ABSENT, strict=True):
            for name, element in zip(PARAMETER_NAMES, row, strict=True):
                assert (element == 0) == (name in absent), name


@pytest.mark.slow
def test_both_modes_give_the_same_jacobian(cases, forward_jacobian, reverse_jacobian):
    for params in cases[:6]:
        forward = per_relative_change(forward_jacobian(params), params)
        reverse = per_relative_change(reverse_jacobian(params), params)
        np.testing.assert_allclose(reverse, forward, rtol=1e-9, atol=1e-13)


def test_the_asset_moment_has_its_closed_form_derivatives(cases, forward_jacobian, population):
    # m5 is linear in the shocks and the initial assets: by hand, from dρ/dχ = (1 - ξ) η1.
    n, years = population.firm_shocks.shape
    shocks, third = np.asarray(population.firm_shocks), n // 3
    start = ndtri((np.arange(n) + 0.5) / n)
    for params in cases[:5]:
        p = params.as_dict()
        stay = 1 - p["asset_reversion"]
        rho = stay + p["cumulative_advantage"] * (1 - p["xi"]) * p["eta1"]
        noise = np.sqrt(1 - stay**2)
        slope = years * rho ** (years - 1) * start
        for t in range(years - 1):
            lag = years - 1 - t
            slope = slope + noise * shocks[:, t] * lag * rho ** (lag - 1)
        by_rho = p["asset_sd"] * (slope[-third:].mean() - slope[:third].mean())
        jacobian = forward_jacobian(params)[4]
        names = PARAMETER_NAMES.index
        chain = {
            "cumulative_advantage": (1 - p["xi"]) * p["eta1"],
            "eta1": p["cumulative_advantage"] * (1 - p["xi"]),
            "xi": -p["cumulative_advantage"] * p["eta1"],
        }
        for name, factor in chain.items():
            assert jacobian[names(name)] == pytest.approx(by_rho * factor, rel=1e-11)


@pytest.mark.slow
def test_mapping_over_parameters_is_a_loop(cases, moments_of, population, levels):
    few = cases[:3]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *few)
    mapped = jax.jit(jax.vmap(lambda params: six_moments(params, population, levels())))(stacked)
    assert mapped.shape == (3, 6)
    np.testing.assert_allclose(mapped, [moments_of(params) for params in few], rtol=1e-11, atol=1e-13)


@pytest.mark.slow
def test_compiling_changes_rounding_only(baseline, population, moments_of, levels):
    eager = six_moments(baseline, population, levels())
    assert eager.dtype == jnp.float64
    np.testing.assert_allclose(eager, moments_of(baseline), rtol=1e-11, atol=1e-13)


def human_capital_and_residual(alpha, params):
    params = params.replace(alpha=alpha)
    after = market_after(params, jnp.asarray(1.0), market_before(params, jnp.asarray(0.0)))
    return jnp.append(jnp.log(after.human_capital), jax.lax.stop_gradient(after.residual))


compiled_value, compiled_slope = (
    jax.jit(f) for f in (human_capital_and_residual, jax.jacfwd(human_capital_and_residual))
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"sigma": 0.5, "retooling": 1.0, "signal_exposure": 12.0},
        # Full retooling, near-Leontief demand and AI that displaces people: prices and schooling chase each other.
        {"sigma": 0.05, "retooling": 1.0, "beta": -0.7, "xi": 0.5},
    ],
    ids=["fast", "slow"],
)
def test_derivatives_do_not_depend_on_how_fast_the_equilibrium_iteration_contracts(baseline, changes):
    # A small residual must not come with derivatives that are still far from theirs.
    params, step = baseline.replace(**changes), 1e-6
    assert float(compiled_value(0.8, params)[-1]) < 1e-9
    expected = (compiled_value(0.8 + step, params) - compiled_value(0.8 - step, params)) / (2 * step)
    np.testing.assert_allclose(compiled_slope(0.8, params)[:-1], expected[:-1], rtol=1e-4, atol=1e-8)

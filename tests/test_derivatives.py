"""Derivatives of the six moments in all 31 parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import numpy_model
import pytest
from scipy.special import ndtri

from aigini.economy.equilibrium import markets
from aigini.parameters import PARAMETER_NAMES
from aigini.statistics.moments import six_moments

# Parameters on which each moment cannot depend, because nothing in its definition does.
FIRMS = {"psi", "asset_sd", "asset_reversion", "cumulative_advantage"}
OWNERS = {"ownership_sd", "ownership_ability_corr", "diversification"}
ABSENT = [
    {*FIRMS, *OWNERS, "requirement_smoothing"},
    {*FIRMS, *OWNERS, "requirement_smoothing"},
    {*OWNERS, "requirement_smoothing"},
    {*FIRMS, *OWNERS, "requirement_smoothing", "firm_sorting"},
    {*OWNERS, "psi", "requirement_smoothing", "firm_sorting"},
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


def rent_and_differences(params, step=1e-6):
    """q_A = η1 mean_o(R_A,o) in the oracle's equilibrium at A = 1, and its derivatives by central differences."""

    def rent(values):
        after = numpy_model.solve_equilibrium(values, 1.0, numpy_model.solve_equilibrium(values, 0.0))
        return values["eta1"] * float(after.R_A.mean())

    def slope(name):
        above, below = (rent({**params, name: params[name] * (1 + sign * step)}) for sign in (1, -1))
        return (above - below) / (2 * step * params[name])

    return rent(params), {name: slope(name) for name in PARAMETER_NAMES}


def test_the_asset_moment_has_its_closed_form_derivatives(cases, forward_jacobian, population):
    # m5 is linear in the shocks and the initial assets, and A0 = 0: every derivative is that of the law of assets by
    # hand, with ρ = 1 - μ + χ (1 - ξ) q_A.
    n, years = population.firm_shocks.shape
    shocks, third = np.asarray(population.firm_shocks), n // 3
    start = ndtri((np.arange(n) + 0.5) / n)

    def gap(path):
        return path[-third:].mean() - path[:third].mean()

    def final(rho):
        """Log assets of unit dispersion after the years at persistence ρ: from the start, and from the shocks."""
        return rho**years * start, sum(shocks[:, t] * rho ** (years - 1 - t) for t in range(years))

    def slopes(rho):
        lags = [(years - 1 - t, shocks[:, t]) for t in range(years)]
        return years * rho ** (years - 1) * start, sum(s * lag * rho ** (lag - 1) for lag, s in lags if lag)

    for params in cases[:5]:
        p = params.as_dict()
        rent, by_name = rent_and_differences(p)
        stay, rate = 1 - p["asset_reversion"], p["cumulative_advantage"] * (1 - p["xi"])
        rho, noise = stay + rate * rent, np.sqrt(1 - stay**2)
        ours = dict(zip(PARAMETER_NAMES, forward_jacobian(params)[4], strict=True))

        by_rho = p["asset_sd"] * gap(slopes(rho)[0] + noise * slopes(rho)[1])
        expected = {name: by_rho * rate * slope for name, slope in by_name.items()}
        expected["xi"] -= by_rho * p["cumulative_advantage"] * rent
        expected["cumulative_advantage"] += by_rho * (1 - p["xi"]) * rent
        # Assets before AI, with persistence 1 - μ, are subtracted; the noise depends on μ too.
        (now, new), (then, old) = final(rho), final(stay)
        expected["asset_sd"] += gap(now - then + noise * (new - old))
        before = p["asset_sd"] * gap(slopes(stay)[0] + noise * slopes(stay)[1])
        expected["asset_reversion"] += before - by_rho + p["asset_sd"] * stay / noise * gap(new - old)
        for name in PARAMETER_NAMES:
            unit = abs(p[name])
            assert ours[name] * unit == pytest.approx(expected[name] * unit, rel=1e-6, abs=2e-9), name
        # Exactly: χ is in no price.
        assert ours["cumulative_advantage"] == pytest.approx(by_rho * (1 - p["xi"]) * rent, rel=1e-11)


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
    after = jax.tree.map(lambda leaf: leaf[1], markets(params, jnp.asarray([0.0, 1.0])))
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

"""Ability, the schooling choice and retooling."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from aigini.economy import schooling
from aigini.economy.ability import ability_score
from aigini.economy.human_capital import MultiplicativeHumanCapital
from aigini.parameters import Parameters

SITUATIONS = st.tuples(
    st.floats(1e-3, 0.5),  # γ
    st.floats(0.05, 20),  # ability
    st.floats(1e-4, 1.0),  # cost
    st.floats(0.01, 1.0),  # Ω
    st.floats(0.0, 20.0),  # T/R
)

LAW = MultiplicativeHumanCapital()
compiled_optimum = jax.jit(lambda gamma, *rest: LAW.optimal_schooling(Parameters(schooling_return=gamma), *rest))
compiled_return = jax.jit(lambda gamma, *rest: LAW.education_return(Parameters(schooling_return=gamma), *rest))


def optimum(*situation):
    return float(compiled_optimum(*(jnp.asarray(x, jnp.float64) for x in situation)))


@given(SITUATIONS)
def test_the_choice_satisfies_its_first_order_condition(situation):
    gamma, ability, cost, recognised, fixed = situation
    years = optimum(*situation)
    terms = np.array([gamma * years**2, (1 + fixed / ability) * years, -gamma * recognised / cost])
    assert years > 0
    assert abs(terms.sum()) <= 1e-13 * np.abs(terms).max()


@given(SITUATIONS)
def test_the_choice_maximises_log_pay_net_of_cost(situation):
    gamma, ability, cost, recognised, fixed = situation
    years = optimum(*situation)

    def loss(e):
        # Employers pass on the share Ω of a gain in human capital.
        return cost * e**2 / 2 - recognised * np.log(ability * (1 + gamma * e) + fixed)

    # The bracket holds the root: pay is concave in e, so is the objective.
    found = minimize_scalar(loss, bounds=(0, 2 * years + 1e-6), method="bounded", options={"xatol": 1e-12})
    assert loss(years) <= found.fun + 1e-12 * max(abs(found.fun), 1)
    assert years == pytest.approx(found.x, rel=1e-4, abs=1e-6)


@given(SITUATIONS)
def test_the_return_to_schooling_is_the_marginal_cost_at_the_optimum(situation):
    gamma, ability, cost, recognised, fixed = situation
    years = optimum(*situation)
    gain = compiled_return(*(jnp.asarray(x, jnp.float64) for x in (gamma, ability, years, recognised, fixed)))
    assert float(gain) == pytest.approx(cost * years, rel=1e-10)
    human = ability * (1 + gamma * years)
    expected = recognised * human / (human + fixed) * gamma / (1 + gamma * years)
    assert float(gain) == pytest.approx(expected, rel=1e-12)


@given(SITUATIONS, st.integers(0, 4))
def test_the_choice_moves_the_right_way(situation, which):
    # More for a higher return, ability and recognition; less for a higher cost and pay without schooling.
    raised = list(situation)
    raised[which] = raised[which] * 1.1 + 1e-4
    sign = [1, 1, -1, 1, -1][which]
    if which == 1 and situation[4] < 1e-3:
        return  # without fixed pay ability does not matter
    assert sign * (optimum(*raised) - optimum(*situation)) > 0


def test_a_vanishing_return_gives_vanishing_schooling_with_finite_derivatives():
    ability, cost, recognised, fixed = 1.3, 0.013, 0.7, 0.4
    limit = recognised / (cost * (1 + fixed / ability))
    slope = jax.jit(
        jax.grad(lambda gamma: compiled_optimum(gamma, *map(jnp.asarray, (ability, cost, recognised, fixed))))
    )
    for gamma in (1e-3, 1e-6, 1e-12, 0.0):
        years = optimum(gamma, ability, cost, recognised, fixed)
        assert years == pytest.approx(gamma * limit, rel=1e4 * gamma**2 + 1e-14)
        assert float(slope(jnp.asarray(gamma))) == pytest.approx(limit, rel=3e4 * gamma**2 + 1e-14)


def test_derivatives_of_the_choice_follow_from_the_first_order_condition():
    # F(e, θ) = 0 gives de/dθ = -F_θ/F_e.
    def condition(years, gamma, ability, cost, recognised, fixed):
        return gamma * years**2 + (1 + fixed / ability) * years - gamma * recognised / cost

    situation = [jnp.asarray(x) for x in (0.08, 1.3, 0.013, 0.7, 0.4)]
    years = compiled_optimum(*situation)
    partials = jax.grad(condition, argnums=range(6))(years, *situation)
    ours = jax.grad(compiled_optimum, argnums=range(5))(*situation)
    for derivative, partial in zip(ours, partials[1:], strict=True):
        assert float(derivative) == pytest.approx(-float(partial / partials[0]), rel=1e-12)


def test_ability_scores_are_standard_normal_and_sorted_as_asked(population, baseline):
    params = baseline.replace(occupation_sorting=0.6, firm_sorting=-0.3)
    v = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    generator = np.random.default_rng(0)
    occupation, firm, residual = (jnp.asarray(generator.permutation(v)) for _ in range(3))
    score = np.asarray(ability_score(params, occupation, firm, residual))
    assert np.mean(score) == pytest.approx(0, abs=1e-10)
    assert np.std(score) == pytest.approx(1, abs=0.01)
    assert np.corrcoef(score, occupation)[0, 1] == pytest.approx(0.6, abs=0.01)
    assert np.corrcoef(score, firm)[0, 1] == pytest.approx(-0.3, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_retooling_carries_out_its_share_of_the_desired_change(baseline, share):
    before, wanted = jnp.asarray([10.0, 4.0]), jnp.asarray([6.0, 7.0])
    after = schooling.retool(baseline.replace(retooling=share), before, wanted)
    np.testing.assert_allclose(after, (1 - share) * before + share * wanted, rtol=1e-15)


def test_human_capital_is_ability_times_schooling_gains(baseline):
    log_human = LAW.log_human(baseline, jnp.asarray(0.3), jnp.asarray(12.0))
    assert float(log_human) == pytest.approx(np.log(np.exp(0.3) * (1 + 0.08 * 12)), rel=1e-14)


def test_costs_fall_with_ability_and_spread_with_the_cost_draw(baseline):
    cost = schooling.schooling_cost(baseline, jnp.asarray([0.0, 2.0, 0.0]), jnp.asarray([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(cost, 0.013 * np.exp([0, -0.2, 0.5]), rtol=1e-14)

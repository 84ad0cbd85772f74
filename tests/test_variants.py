"""Variants of the mechanisms: each contains the baseline, and all that holds of that holds of them."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.economy.ability import SinhArcsinhAbility
from aigini.economy.ces import CesTechnology
from aigini.economy.economy import Scenario, solve
from aigini.economy.human_capital import AdditiveHumanCapital, MultiplicativeHumanCapital
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import node_mean, population_nodes
from aigini.economy.reach import UniformReach, UnskilledFirst, reached_share
from aigini.economy.task_technology import TaskProduction
from aigini.economy.workers import in_occupation, outcomes
from aigini.errors import ConfigError, ParameterError
from aigini.parameters import PARAMETER_NAMES
from aigini.population import draw_population
from aigini.population.workers import N_OCCUPATIONS
from aigini.statistics import sample
from aigini.statistics.moments import six_moments


def ces(rho, before=0.0, after=1.0):
    """A CES economy; all of them share their compiled programs."""
    return Scenario(A0=before, A1=after, mechanisms=Mechanisms(technology=CesTechnology(np.asarray(rho, np.float64))))


# Few combinations stand for all mechanisms, so that few programs are compiled and not one for each.
VARIANTS = {
    "additive human capital, unskilled first": Scenario(
        mechanisms=Mechanisms(human_capital=AdditiveHumanCapital(), reach=UnskilledFirst())
    ),
    "uniform reach, heavy tails": Scenario(
        mechanisms=Mechanisms(reach=UniformReach(), ability=SinhArcsinhAbility(1.3, 0.2))
    ),
    "CES, substitutes": ces(0.5),
    "CES, complements": ces(-1.0, before=0.5),
}


@pytest.fixture(scope="module")
def small():
    """A population for derivatives, of which a test takes seventy values."""
    return draw_population(n_workers=2**11, n_firms=60, precision="float64")


@pytest.fixture(scope="module", params=VARIANTS)
def scenario(request):
    return VARIANTS[request.param]


def mean_incomes(params, scenario, population):
    """Mean income before and after AI, [2], over all workers, and the economy."""
    economy = solve(params, scenario, population.firm_shocks)

    def row(at):
        own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == at[1]).astype(jnp.float64)
        return jnp.mean(outcomes(in_occupation(economy.environment, own, np.dtype("float64")), at[0]).total, axis=1)

    return jnp.mean(jax.lax.map(row, (population.workers, population.occupation)), axis=0), economy.states


@pytest.fixture(scope="module")
def compiled():
    """`compiled(function)`: one jitted program of each function, so that tests of a variant share it."""
    return {
        "moments": jax.jit(lambda params, scenario, population: six_moments(params, population, scenario)),
        "incomes": jax.jit(mean_incomes),
        "economy": jax.jit(lambda params, scenario, population: solve(params, scenario, population.firm_shocks)),
    }


@pytest.fixture(scope="module")
def derivatives(small):
    """Derivatives of the moments in every parameter and in the mechanisms' own numbers, in forward mode."""

    def moments(point, scenario):
        return six_moments(point[0], small, dataclasses.replace(scenario, mechanisms=point[1]))

    return jax.jit(jax.jacfwd(moments))


def as_vector(tree):
    """Numbers of a pytree, [numbers] or [moments, numbers]."""
    return np.stack([np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)], axis=-1)


def check_derivatives(params, scenario, population, compiled, derivatives, step=1e-5):
    """Every derivative is that of central differences, to 1e-5 of it, or of 5e-5 per unit of the number's size."""
    point = params, jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), scenario.mechanisms)
    ours = as_vector(derivatives(point, scenario))
    leaves, structure = jax.tree.flatten(point)
    size = np.array([abs(float(leaf)) or 1.0 for leaf in leaves])
    for k in range(len(leaves)):
        ends = []
        for sign in (1, -1):
            moved = [np.asarray(leaf + (sign * step * size[k] if i == k else 0.0)) for i, leaf in enumerate(leaves)]
            at, mechanisms = jax.tree.unflatten(structure, moved)
            moved_scenario = dataclasses.replace(scenario, mechanisms=mechanisms)
            ends.append(np.asarray(compiled["moments"](at, moved_scenario, population)))
        expected = (ends[0] - ends[1]) / (2 * step)
        mine = ours[:, k] * size[k]
        name = PARAMETER_NAMES[k] if k < len(PARAMETER_NAMES) else f"number {k - len(PARAMETER_NAMES)}"
        np.testing.assert_array_less(np.abs(mine - expected), 1e-5 * np.maximum(np.abs(mine), 5e-5), err_msg=name)


def test_derivatives_are_those_of_central_differences(scenario, points, small, compiled, derivatives):
    check_derivatives(points(1, seed=11)[0], scenario, small, compiled, derivatives)


@pytest.mark.slow
def test_derivatives_are_those_of_central_differences_at_ten_points(scenario, points, small, compiled, derivatives):
    for params in points(11, seed=11)[1:]:
        check_derivatives(params, scenario, small, compiled, derivatives)


@jax.jit
def products_of_factors(params, scenario, market, ai=1.0):
    """Human and social capital and `ai` times AI at their marginal products, per worker."""
    prices, effective = market.prices, market.tasks.effective
    social = 0.0 if market.social is None else jnp.mean(market.social.price * market.social.mean)
    if not isinstance(market.production, TaskProduction):
        own = jnp.mean(prices.human_return * market.human_capital)
        return own + social + ai * effective * jnp.mean(prices.ai_return)
    nodes = population_nodes(params, scenario.mechanisms.ability, scenario.mechanisms.skills)
    log_human = scenario.mechanisms.human_capital.log_human(params, nodes.log_ability, market.schooling)

    def value(human, level):
        output = market.production.deployed_output(human, level)
        return jnp.sum(market.tasks.bundles[:, None, :] * market.task_price[None, None, :] * output, axis=2)

    at = jnp.exp(log_human), effective
    return social + jnp.mean(node_mean(jax.jvp(value, at, (at[0], ai * effective))[1]))


def test_markets_clear_hiring_makes_no_profit_and_product_is_shared_out(scenario, points, population, compiled):
    for params in points(5, seed=3):
        economy = compiled["economy"](params, scenario, population)
        for state in (economy.before, economy.after):
            market = state.market
            assert float(market.residual) < 1e-9
            assert float(products_of_factors(params, scenario, market)) == pytest.approx(
                float(market.output), rel=1e-12
            )
            assert float(jnp.sum(market.task_price * market.supply)) == pytest.approx(float(market.output), rel=1e-12)


def test_mean_income_is_output_and_the_return_to_assets(scenario, points, population, compiled):
    # Ownership is equal, so that its mean is exactly 1 (MODEL.md section 10), and workers have no part of rents. The
    # simulation error of wages is left, 0.5 % were the draws independent.
    for params in points(3, seed=4, ownership_sd=0.0, diversification=1.0, xi=0.0):
        income, states = compiled["incomes"](params, scenario, population)
        np.testing.assert_allclose(income, states.mean_income, rtol=3e-3)


# Propositions


@pytest.fixture(scope="module", params=[name for name in VARIANTS if name != "CES, complements"])
def substitutes(request):
    """Variants in which AI can do a task alone; of complements test_ces.py tells what holds instead."""
    return VARIANTS[request.param]


def test_ai_makes_output_within_tasks_more_equal(substitutes, points, small, compiled):
    # Condition: β = 0, and AI can do a task alone.
    for params in points(8, seed=21, beta=0.0):
        ends = [dataclasses.replace(substitutes, A1=np.asarray(level)) for level in (0.5, 1.0)]
        changes = [float(compiled["moments"](params, end, small)[0]) for end in ends]
        assert changes[1] < changes[0] < -1e-3


def test_with_schooling_as_it_was_ai_makes_work_samples_less_telling(substitutes, points, population, compiled):
    # Condition: no retooling, and AI can do a task alone. In every occupation.
    for params in points(8, seed=22, retooling=0.0):
        economy = compiled["economy"](params, substitutes, population)
        then, now = (
            np.asarray(state.market.screening.diagnostic_variance) for state in (economy.before, economy.after)
        )
        assert np.all(now < then)
        assert np.all(np.asarray(economy.after.market.treated.diagnostic_variance) < now)


def test_the_human_share_of_output_falls_with_the_floor(substitutes, points, population, compiled):
    # Condition: σ > 1, β = 0, and AI can do a task alone.
    for params, sigma in zip(points(6, seed=23, beta=0.0), (1.1, 1.5, 2.0, 3.0, 4.0, 6.0), strict=True):
        shares = []
        for alpha in (0.2, 0.8, 3.0):
            at = params.replace(sigma=sigma, alpha=alpha)
            market = compiled["economy"](at, substitutes, population).after.market
            shares.append(float(products_of_factors(at, substitutes, market, ai=0.0) / market.output))
        assert np.all(np.diff(shares) < 0)


def test_assets_concentrate_with_the_proprietary_share_of_ai(scenario, points, population, compiled):
    # In every variant; without commodity AI there is no CES economy, so that the share stops short of 1.
    for params in points(6, seed=24):
        total, ginis = float(params.eta0 + params.eta1), []
        for share in (0.0, 0.3, 0.6, 0.95):
            at = params.replace(eta0=total * (1 - share), eta1=total * share)
            economy = compiled["economy"](at, scenario, population)
            ginis.append([float(sample.gini(state.intensity)) for state in (economy.before, economy.after)])
        change = np.diff(ginis, axis=1)[:, 0]
        assert change[0] == pytest.approx(0, abs=1e-12)
        assert np.all(np.diff(change) > 1e-5)


def test_commodity_ai_lowers_the_gini_of_income(substitutes, points, small, compiled):
    # Condition: η1 = 0, β at most 0, σ at most 1.5, and AI can do a task alone.
    for params in points(8, seed=25, eta1=0.0):
        at = params.replace(beta=-abs(float(params.beta)), sigma=min(float(params.sigma), 1.5))
        assert float(compiled["moments"](at, substitutes, small)[5]) < 0


def test_complements_may_make_work_samples_more_telling(baseline, population, compiled):
    # Counterexample: where AI is not scarce, more of it makes the sample depend more on human capital.
    economy = compiled["economy"](baseline.replace(retooling=0.0), ces(-2.0, before=0.5), population)
    then, now = (np.asarray(state.market.treated.diagnostic_variance) for state in (economy.before, economy.after))
    assert np.any(now > then)


# Additive human capital


def test_schooling_under_additive_human_capital_meets_its_first_order_condition(baseline):
    rng = np.random.default_rng(0)
    ability, cost = np.exp(rng.normal(size=(2, 500)) / 2) * np.array([[1.0], [0.013]])
    recognised, fixed = jnp.asarray(rng.uniform(0.1, 1, 500)), jnp.asarray(rng.uniform(0, 3, 500))
    law, gamma = AdditiveHumanCapital(), float(baseline.schooling_return)
    years = np.asarray(law.optimal_schooling(baseline, jnp.asarray(ability), jnp.asarray(cost), recognised, fixed))
    assert np.all(years > 0)
    left = gamma * years**2 + (ability + fixed) * years - gamma * recognised / cost
    np.testing.assert_allclose(left, 0, atol=1e-10)
    returns = law.education_return(baseline, jnp.asarray(ability), jnp.asarray(years), recognised, fixed)
    np.testing.assert_allclose(returns, cost * years, rtol=1e-10)
    np.testing.assert_allclose(
        np.exp(law.log_human(baseline, jnp.log(jnp.asarray(ability)), jnp.asarray(years))), ability + gamma * years
    )


def test_schooling_is_worth_more_to_the_able_only_if_it_multiplies_ability(baseline):
    # With the same cost and no other pay, years rise with ability under neither law, but log h rises by less in θ
    # where a year is worth the same to everyone.
    ability = jnp.asarray([0.5, 1.0, 2.0])
    cost, one, none = jnp.full(3, 0.013), jnp.full(3, 0.8), jnp.zeros(3)
    years = {
        law: np.asarray(law.optimal_schooling(baseline, ability, cost, one, none))
        for law in (AdditiveHumanCapital(), MultiplicativeHumanCapital())
    }
    additive, multiplicative = years.values()
    assert np.all(np.diff(additive) < 0)
    np.testing.assert_allclose(multiplicative, multiplicative[0])
    np.testing.assert_allclose(additive[1], multiplicative[1], rtol=1e-12)


# Reach of AI


def test_reach_from_the_other_end_is_the_mirror_image_and_uniform_reach_is_the_share(baseline):
    mechanisms = Mechanisms()
    for level in (0.0, 0.5, 1.0, 2.0):
        skilled = mechanisms.reach.exposure(baseline, level)
        np.testing.assert_allclose(UnskilledFirst().exposure(baseline, level), skilled[::-1], rtol=1e-9)
        share = float(reached_share(baseline, level))
        np.testing.assert_allclose(UniformReach().exposure(baseline, level), share)
    assert share == pytest.approx(1 - 0.7**2)


# Sinh-arcsinh ability


def test_ability_with_tails_has_mean_zero_and_the_given_spread(baseline):
    grid = np.linspace(-9, 9, 20001)
    weight = np.exp(-(grid**2) / 2)
    weight /= weight.sum()
    for law in (SinhArcsinhAbility(0.5, 0.0), SinhArcsinhAbility(1.6, 0.0), SinhArcsinhAbility(1.2, -0.4)):
        log_ability = np.asarray(law.log_ability(baseline, jnp.asarray(grid)))
        assert np.all(np.diff(log_ability) > 0)
        # Exact on the 13 nodes of the quadrature, and almost so on a fine grid.
        assert weight @ log_ability == pytest.approx(0, abs=1e-4)
        assert np.sqrt(weight @ log_ability**2) == pytest.approx(float(baseline.ability_sd), rel=3e-4)
    kurtosis = [
        weight @ np.asarray(SinhArcsinhAbility(t, 0.0).log_ability(baseline, jnp.asarray(grid))) ** 4
        for t in (0.7, 1.0, 1.4)
    ]
    assert np.all(np.diff(kurtosis) > 0)


@pytest.mark.parametrize("number", ["ability_tail", "ability_skew"])
def test_ability_converges_to_the_normal_law_at_first_order(number, baseline, small, compiled):
    exact = np.asarray(compiled["moments"](baseline, Scenario(), small))

    def gap(by):
        law = dataclasses.replace(SinhArcsinhAbility(), **{number: getattr(SinhArcsinhAbility(), number) + by})
        variant = Scenario(mechanisms=Mechanisms(ability=law))
        return np.asarray(compiled["moments"](baseline, variant, small)) - exact

    np.testing.assert_allclose(gap(0.0), 0, atol=1e-10)
    halves = [gap(by) for by in (0.02, 0.01, 0.005)]
    for coarse, fine in itertools.pairwise(halves):
        np.testing.assert_allclose(coarse[:4] / fine[:4], 2, rtol=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mechanisms.ability.ability_tail": 1.9}, r"mechanisms\.ability\.ability_tail = 1\.9 is not allowed.*0\.5"),
        (
            {"mechanisms.ability.ability_tail": 1.6, "params.ability_sd": 0.9},
            r"tails that are too heavy .* mean income does not exist on the grid; lower ability_tail",
        ),
    ],
)
def test_ability_without_a_mean_income_on_the_grid_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        aigini.load(None, {"model.ability": "sinh_arcsinh", **settings})


@pytest.mark.parametrize("name", ["params.exposed_share", "scenario.A1"])
def test_uniform_reach_of_nothing_is_refused(name):
    aigini.load(None, {name: 0.0})
    with pytest.raises(ConfigError, match=rf"{name} = 0 leaves no task that AI reaches .*; raise {name} above 0"):
        aigini.load(None, {"model.reach": "uniform", name: 0.0})


def test_checked_moments_refuse_what_a_mechanism_refuses(baseline, population):
    scenario = Scenario(mechanisms=Mechanisms(ability=SinhArcsinhAbility(0.2, 0.0)))
    with pytest.raises(ParameterError, match=r"ability_tail = 0\.2 is not allowed"):
        aigini.checked_six_moments(baseline, population, scenario)


def test_a_configuration_names_the_variants_and_their_numbers():
    config = aigini.load(
        None,
        {
            "model.human_capital": "additive",
            "model.reach": "uniform",
            "model.ability": "sinh_arcsinh",
            "mechanisms.ability.ability_tail": 1.2,
        },
    )
    made = config.scenario.mechanisms
    assert made == Mechanisms(
        human_capital=AdditiveHumanCapital(), reach=UniformReach(), ability=SinhArcsinhAbility(1.2, 0.0)
    )

"""The second skill: optimal schooling of both kinds, the equilibrium, pay, and the moments that see social capital."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_variants import check_derivatives, mean_incomes, products_of_factors

import aigini
from aigini.analysis.returns_to_schooling import returns_by_channel, table
from aigini.economy.ability import SinhArcsinhAbility
from aigini.economy.ces import CesTechnology
from aigini.economy.economy import Scenario, solve
from aigini.economy.equilibrium import following_market, markets
from aigini.economy.human_capital import AdditiveHumanCapital, HumanCapital, MultiplicativeHumanCapital
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.reach import UniformReach
from aigini.economy.skills import OneSkill, SkillOfWorker, TwoSkills
from aigini.economy.tasks import TASK_NODES, TASK_WEIGHTS
from aigini.economy.workers import in_occupation, outcomes
from aigini.errors import ConfigError, EquilibriumError, MomentError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.outcome_map import OutcomeMap
from aigini.panel.design.world import world_of
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.population.workers import N_OCCUPATIONS
from aigini.statistics.catalogue import SOCIAL_RETURN, find
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.moments import six_moments


def two(intensity=0.3, **others):
    """An economy with a second skill; all with the same other mechanisms share their compiled programs."""
    return Scenario(mechanisms=Mechanisms(skills=TwoSkills(np.asarray(intensity, np.float64)), **others))


# One combination stands for all: every mechanism that can be replaced is.
SCENARIOS = {
    "second skill": two(),
    "second skill, CES, additive human capital, uniform reach, heavy tails": two(
        technology=CesTechnology(np.asarray(0.5)),
        human_capital=AdditiveHumanCapital(),
        reach=UniformReach(),
        ability=SinhArcsinhAbility(np.asarray(1.2), np.asarray(0.1)),
    ),
}


@pytest.fixture(scope="module")
def small():
    return draw_population(n_workers=2**11, n_firms=60, precision="float64")


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request):
    return SCENARIOS[request.param]


@pytest.fixture(scope="module")
def compiled():
    return {
        "moments": jax.jit(lambda params, scenario, population: six_moments(params, population, scenario)),
        "economy": jax.jit(lambda params, scenario, population: solve(params, scenario, population.firm_shocks)),
        "incomes": jax.jit(mean_incomes),
    }


@pytest.fixture(scope="module")
def derivatives(small):
    def moments(point, scenario):
        return six_moments(point[0], small, dataclasses.replace(scenario, mechanisms=point[1]))

    return jax.jit(jax.jacfwd(moments))


@pytest.mark.parametrize("law", [MultiplicativeHumanCapital(), AdditiveHumanCapital()])
def test_both_kinds_of_schooling_are_worth_their_marginal_cost(law, baseline):
    rng = np.random.default_rng(0)
    ability, social_ability = jnp.exp(jnp.asarray(rng.normal(size=(2, 500)) / 2))
    cost, social_cost = 0.013 * jnp.exp(jnp.asarray(rng.normal(size=(2, 500)) / 2))
    recognised, fixed, relative = (jnp.asarray(rng.uniform(0.1, high, 500)) for high in (1, 3, 2))
    skills = TwoSkills()
    years, social_years = skills.optimal_schooling(
        baseline,
        law,
        SkillOfWorker(ability, cost),
        SkillOfWorker(social_ability, social_cost),
        recognised,
        fixed,
        relative,
    )
    assert np.all(np.asarray(years) > 0)
    assert np.all(np.asarray(social_years) > 0)
    capital = skills.capital(social_ability, social_years)
    own = law.education_return(baseline, ability, years, recognised, fixed + relative * capital)
    human = jnp.exp(law.log_human(baseline, jnp.log(ability), years))
    social = skills.education_return(social_ability, human, capital, fixed, relative)
    np.testing.assert_allclose(own, cost * years, rtol=1e-11)
    np.testing.assert_allclose(social, social_cost * social_years, rtol=1e-11)


def test_returns_are_derivatives_of_log_pay(baseline):
    skills, law = TwoSkills(), MultiplicativeHumanCapital()
    ability, social_ability, one = jnp.asarray(1.3), jnp.asarray(0.8), jnp.ones(())

    def human_of(years):
        return jnp.exp(law.log_human(baseline, jnp.log(ability), years))

    def log_pay(years):
        return jnp.log(human_of(years[0]) + 0.6 * skills.capital(social_ability, years[1]) + 0.9)

    at = jnp.asarray([9.0, 2.0])
    own, social = jax.grad(log_pay)(at)
    capital = skills.capital(social_ability, at[1])
    ours = law.education_return(baseline, ability, at[0], one, 0.9 + 0.6 * capital)
    assert float(ours) == pytest.approx(float(own), rel=1e-12)
    ours = skills.education_return(social_ability, human_of(at[0]), capital, 0.9, 0.6)
    assert float(ours) == pytest.approx(float(social), rel=1e-12)


def test_without_intensity_the_economy_has_one_skill(baseline, small, compiled):
    exact = np.asarray(compiled["moments"](baseline, Scenario(), small))

    def gap(intensity):
        return np.asarray(compiled["moments"](baseline, two(intensity), small)) - exact

    # Four moments to the last bit; sums over workers of the others are compiled into other loops.
    np.testing.assert_array_equal(gap(0.0)[[0, 1, 3, 4]], 0)
    np.testing.assert_allclose(gap(0.0), 0, atol=1e-15)
    for coarse, fine in itertools.pairwise([gap(intensity) for intensity in (4e-4, 2e-4, 1e-4)]):
        np.testing.assert_allclose(coarse / fine, 2, rtol=0.02)


def test_derivatives_are_those_of_central_differences(scenario, points, small, compiled, derivatives):
    check_derivatives(points(1, seed=11)[0], scenario, small, compiled, derivatives)


@pytest.mark.slow
def test_derivatives_are_those_of_central_differences_at_ten_points(scenario, points, small, compiled, derivatives):
    for params in points(11, seed=11)[1:]:
        check_derivatives(params, scenario, small, compiled, derivatives)


def test_markets_clear_and_the_product_is_shared_out(scenario, points, small, compiled):
    for params in points(4, seed=3):
        economy = compiled["economy"](params, scenario, small)
        for state in (economy.before, economy.after):
            market = state.market
            assert float(market.residual) < 1e-9
            products = float(products_of_factors(params, scenario, market))
            assert products == pytest.approx(float(market.output), rel=1e-12)
            assert float(jnp.sum(market.task_price * market.supply)) == pytest.approx(float(market.output), rel=1e-12)


def test_mean_income_is_output_and_the_return_to_assets(scenario, points, population, compiled):
    for params in points(2, seed=4, ownership_sd=0.0, diversification=1.0, xi=0.0):
        income, states = compiled["incomes"](params, scenario, population)
        np.testing.assert_allclose(income, states.mean_income, rtol=3e-3)


def test_dispersion_and_mean_of_output_are_those_of_the_workers(scenario, baseline, population, compiled):
    @jax.jit
    def direct(params, scenario, population):
        economy = solve(params, scenario, population.firm_shocks)
        phi = scenario.mechanisms.skills.task_output()

        def row(at):
            own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == at[1]).astype(jnp.float64)
            done = outcomes(in_occupation(economy.environment, own, np.dtype("float64")), at[0])

            def of_state(state, log_human, capital):
                production = state.market.production
                output = (
                    jnp.stack([production.treated_task_output(jnp.exp(log_human), z) for z in range(phi.size)], axis=1)
                    + capital[:, None] * phi[None, :]
                )
                return jnp.std(output, axis=0) / jnp.mean(output, axis=0), jnp.mean(output, axis=0)

            return jax.vmap(of_state)(economy.states, done.log_human, done.social.capital)

        cv, level = jax.lax.map(row, (population.workers, population.occupation))
        weights = economy.after.market.production.treated_weights()
        both = [jnp.sum(jnp.moveaxis(part, 1, 0) * weights[None], axis=(1, 2)) for part in (cv, level)]
        return jnp.stack([part[1] / part[0] - 1 for part in both])

    # Whole rows of one occupation each: 2^14 workers in 16 occupations.
    assert population.occupation.shape == (N_OCCUPATIONS,)
    ours = np.asarray(compiled["moments"](baseline, scenario, population))[:2]
    tolerance = 1e-4 if isinstance(scenario.mechanisms.technology, CesTechnology) else 1e-12
    np.testing.assert_allclose(ours, direct(baseline, scenario, population), atol=tolerance)


def test_an_independent_solution_before_ai_has_the_same_prices_and_capital(baseline, small, compiled):
    """A fixed point in NumPy on a finer quadrature, of the first-order conditions, solved by bisection."""
    skills, p = TwoSkills(), {name: float(value) for name, value in baseline.as_dict().items()}
    economy = compiled["economy"](baseline, two(), small)
    market, o = economy.before.market, 11
    (nodes, masses), (cross, cross_masses) = (np.polynomial.hermite_e.hermegauss(n) for n in (21, 15))
    u, e, v = np.meshgrid(nodes, nodes, cross, indexing="ij")
    weight = np.einsum("i,j,k->ijk", masses, masses, cross_masses)
    weight /= weight.sum()
    midpoint = float(jax.scipy.special.ndtri((o + 0.5) / 16))
    score = p["occupation_sorting"] * midpoint + np.sqrt(1 - p["occupation_sorting"] ** 2) * u
    theta = np.exp(p["ability_sd"] * score)
    cost = p["schooling_cost"] * np.exp(-p["cost_ability_gradient"] * score + p["cost_sd"] * e)
    social_score = skills.social_ability_corr * score + np.sqrt(1 - skills.social_ability_corr**2) * v
    social_theta = np.exp(skills.social_ability_sd * social_score)
    social_cost = 0.013 * np.exp(-p["cost_ability_gradient"] * social_score + p["cost_sd"] * e)
    bundle = np.asarray(market.tasks.bundles)[o]
    phi = np.exp(p["skill_gradient"] * (2 * TASK_NODES - 1))
    price = bundle @ (phi / (TASK_WEIGHTS @ phi))
    phi_s = np.exp(-0.5 * (2 * TASK_NODES - 1))
    social_price = 0.3 * bundle @ (phi_s / (TASK_WEIGHTS @ phi_s))
    fixed = p["xi"] * p["asset_return"]
    omega = 0.8
    for _ in range(60):
        low, high = np.zeros_like(theta), np.full_like(theta, 200.0)
        for _ in range(60):
            years = (low + high) / 2
            # Of the condition for social schooling, given years of the other kind.
            pay = omega * price * 0.08 * theta / (cost * np.maximum(years, 1e-12))
            social = social_price * 0.08 * social_theta / (social_cost * pay)
            left = price * theta * (1 + 0.08 * years) + social_price * social_theta * (1 + 0.08 * social) + fixed
            low, high = np.where(left < pay, years, low), np.where(left < pay, high, years)
        log_h = np.log(theta * (1 + 0.08 * years))
        variance = np.sum(weight * (log_h - np.sum(weight * log_h)) ** 2)
        sample, credential = 1 / p["signal_noise_sd"] ** 2, 1 / p["credential_noise_sd"] ** 2
        omega = (sample + credential) / (1 / variance + sample + credential)
    assert float(market.screening.recognised[o]) == pytest.approx(omega, rel=5e-7)
    assert float(market.human_capital[o]) == pytest.approx(np.sum(weight * np.exp(log_h)), rel=5e-7)
    assert float(market.social.price[o]) == pytest.approx(social_price, rel=1e-12)
    mean = np.sum(weight * social_theta * (1 + 0.08 * social))
    assert float(market.social.mean[o]) == pytest.approx(mean, rel=5e-6)


def test_social_draws_are_independent_of_the_others(population):
    workers = population.workers
    draws = np.asarray(workers.social).ravel()
    assert abs(draws.mean()) < 1e-3
    assert draws.std() == pytest.approx(1, abs=1e-3)
    for other in (workers.ability, workers.firm_score, workers.cost, workers.work_sample, workers.credential):
        assert abs(np.corrcoef(draws, np.asarray(other).ravel())[0, 1]) < 0.02


def test_returns_are_told_by_kind_with_the_channels_that_move_them(baseline, small):
    nothing = np.empty(0)
    model = EstimatedModel(
        outcome_map=OutcomeMap(small, two()),
        space=aigini.load().space,
        targets={},
        income="total",
        weighting=np.empty((0, 0)),
        values=baseline.as_dict(),
        outcomes=nothing,
        jacobian=nothing,
    )
    both = returns_by_channel(model)
    assert list(both) == ["codifiable", "social"]
    for one in both.values():
        assert sum(one.contributions.values()) == pytest.approx(one.after - one.before, abs=1e-15)
        assert one.before > 0
        assert "is not distinguishable" in one.in_words("social")  # without other draws no sign is stated
    # Means over the workers are the same but for sampling error.
    moments = (find("education_return"), SOCIAL_RETURN)
    economy = EconomyMap(small, two(), moments)
    change = np.asarray(jax.jit(lambda params: economy(params))(Parameters()))
    np.testing.assert_allclose(change, [one.change.value for one in both.values()], rtol=0.05)
    assert both["codifiable"].change.value < 0
    assert "before AI" in str(table(both))
    one = EconomyMap(small, Scenario(), (SOCIAL_RETURN,))
    with pytest.raises(MomentError, match="workers have no second skill"):
        jax.eval_shape(one, Parameters())


def test_a_configuration_names_the_second_skill_and_its_numbers():
    config = aigini.load(None, {"model.skills": "two", "mechanisms.skills.social_intensity": 0.4})
    assert config.scenario.mechanisms.skills == TwoSkills(0.4)
    assert aigini.load().scenario.mechanisms.skills == OneSkill()
    for settings, message in (
        ({"mechanisms.skills.social_intensity": 0.4}, "skills one has no such number"),
        (
            {"model.skills": "two", "mechanisms.skills.social_intensity": -0.1},
            r"social_intensity = -0\.1 is not allowed",
        ),
        ({"model.skills": "two", "mechanisms.skills.social_ability_corr": 1.0}, r"social_ability_corr = 1 is not"),
    ):
        with pytest.raises(ConfigError, match=message):
            aigini.load(None, settings)


class Curved(HumanCapital):
    """A law that is not linear in schooling, and has the optimum of no worker."""

    def log_human(self, params, log_ability, schooling):
        return log_ability + params.schooling_return * schooling

    def optimal_schooling(self, params, ability, cost, recognised, fixed_pay):
        return params.schooling_return * recognised / cost

    def education_return(self, params, ability, schooling, recognised, fixed_pay):
        return params.schooling_return * recognised


def test_a_law_that_is_not_linear_is_refused_with_a_second_skill(baseline):
    mechanisms = Mechanisms(human_capital=Curved(), skills=TwoSkills())
    (line,) = mechanisms.problems(baseline.as_dict(), (0.0, 1.0))
    assert "Curved does not say its linear_parts" in line
    with pytest.raises(EquilibriumError, match="no linear_parts"):
        jax.eval_shape(lambda params: solve(params, Scenario(mechanisms=mechanisms), jnp.zeros((3, 10))), baseline)


def test_the_dynamics_refuse_a_second_skill(baseline):
    def year(params):
        before = jax.tree.map(lambda leaf: leaf[0], markets(params, jnp.asarray([0.0, 1.0]), two().mechanisms))
        return following_market(params, 1.0, two().mechanisms, before, before.schooling, before)

    with pytest.raises(EquilibriumError, match="dynamics: workers have one skill"):
        jax.eval_shape(year, baseline)


def test_a_study_of_panels_refuses_a_second_skill(baseline):
    with pytest.raises(EquilibriumError, match="design: workers have one skill"):
        world_of(baseline, two(), 2)

"""The CES task technology: its limits, where AI equalises output and where it does not, and what is refused."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.economy import channels
from aigini.economy.ces import CesTechnology
from aigini.economy.ces_bundles import N_TERMS, series
from aigini.economy.economy import Scenario, solve
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.normal_nodes import NORMAL_NODES
from aigini.economy.quadrature import population_nodes
from aigini.economy.reach import Reach
from aigini.economy.task_technology import TaskProduction
from aigini.economy.tasks import N_TASKS
from aigini.economy.workers import in_occupation, outcomes
from aigini.errors import ConfigError, ParameterError
from aigini.population import draw_population
from aigini.population.workers import N_OCCUPATIONS
from aigini.statistics.moments import six_moments


def ces(rho, before=0.0, after=1.0):
    """A CES economy; all of them share their compiled programs."""
    return Scenario(A0=before, A1=after, mechanisms=Mechanisms(technology=CesTechnology(np.asarray(rho, np.float64))))


@pytest.fixture(scope="module")
def moments():
    population = draw_population(n_workers=2**11, n_firms=60, precision="float64")
    compiled = jax.jit(lambda params, scenario: six_moments(params, population, scenario))
    return lambda params, scenario: np.asarray(compiled(params, scenario))


def output(params, rho, human, level=1.0, ai=None):
    """Output on treated tasks by human capital, [workers, tasks], with all of the effective AI or with `ai` of it."""
    mechanisms = Mechanisms(technology=CesTechnology(rho))
    production = mechanisms.production(params, jnp.asarray(level))
    return production.exposed_output(jnp.asarray(human), production.tasks.effective if ai is None else ai)


# Output on a task


@pytest.mark.parametrize("rho", [0.95, 0.5, 0.05, -0.05, -1.0, -4.0])
def test_output_is_that_of_the_formula(rho, points):
    human = np.array([0.2, 1.0, 5.0])
    for params in points(3):
        p, tasks = params.as_dict(), Mechanisms().tasks(params, jnp.asarray(1.0))
        m, alone = np.asarray(tasks.exposure)[None, :], human[:, None] * np.asarray(tasks.skill)[None, :]
        guided, floor = alone * (1 + p["beta"]), p["alpha"] * (p["eta0"] + p["eta1"])
        both = (guided**rho + floor**rho) ** (1 / rho)
        np.testing.assert_allclose(output(params, rho, human), (1 - m) * alone + m * both, rtol=1e-12)


@pytest.mark.parametrize("rho", [0.95, 0.05, -0.05, -4.0])
@pytest.mark.parametrize("ratio", [-300.0, -30.0, 30.0, 300.0])
def test_output_and_its_derivatives_are_finite_at_any_ratio_of_ai_to_human_work(rho, ratio, baseline):
    # The powers of b/x = e^300 overflow, and there would be no derivatives, were it not for logarithms.
    human, ai = jnp.exp(jnp.asarray([-ratio / 2])), jnp.exp(jnp.asarray(ratio / 2))
    _, slope = jax.jvp(lambda r: output(baseline, r, human, ai=ai), (jnp.asarray(rho),), (jnp.asarray(1.0),))
    assert np.all(np.isfinite(slope))
    # Output is homogeneous of degree 1 in human capital and AI.
    value, together = jax.jvp(lambda h, a: output(baseline, rho, h, ai=a), (human, ai), (human, ai))
    assert np.all(np.isfinite(value))
    np.testing.assert_allclose(together, value, rtol=1e-9)


def test_without_ai_a_substitute_is_made_by_hand_at_any_parameters(baseline):
    human = jnp.asarray([0.3, 2.0])
    point = jax.tree.map(jnp.asarray, baseline)

    def by_hand(params):
        return human[:, None] * Mechanisms().tasks(params, jnp.asarray(0.0)).skill[None, :]

    np.testing.assert_allclose(output(point, 0.5, human, level=0.0), by_hand(point), rtol=1e-14)
    ours = jax.jit(jax.jacfwd(lambda params: output(params, 0.5, human, level=0.0)))(point)
    for one, other in zip(*map(jax.tree.leaves, (ours, jax.jit(jax.jacfwd(by_hand))(point))), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-14)


@pytest.mark.parametrize("rho", [0.5, -1.0])
def test_where_the_channel_of_the_task_floor_is_off_tasks_are_done_by_hand(rho, baseline):
    off = channels.market_parameters(baseline, channels.Channels(task_floor=0.0))
    human = np.array([0.3, 2.0])
    skill = np.asarray(Mechanisms().tasks(baseline, jnp.asarray(1.0)).skill)
    np.testing.assert_allclose(output(off, rho, human), human[:, None] * skill[None, :], rtol=1e-14)


@pytest.mark.parametrize(("rho", "error"), [(0.9, 1e-13), (0.05, 1e-13), (-0.05, 1e-13), (-1.0, 1e-12), (-4.0, 2e-5)])
def test_series_of_bundles_are_sums_over_tasks(rho, error, points):
    price = jnp.linspace(0.8, 1.2, N_TASKS)
    for params, level in itertools.product(
        points(2, seed=5, skill_gradient=0.5), (0.0, 1.0) if rho > 0 else (0.5, 1.0)
    ):
        mechanisms = Mechanisms(technology=CesTechnology(rho))
        ours = mechanisms.production(params, jnp.asarray(level))
        direct = TaskProduction(technology=mechanisms.technology, params=params, tasks=ours.tasks)
        human = jnp.exp(population_nodes(params, mechanisms.ability).log_ability)
        totals = direct.totals(jnp.log(human), price)
        for at in (ours.tasks.effective, ours.tasks.commodity):
            np.testing.assert_allclose(ours.mean_output(human, at), direct.mean_output(human, at), rtol=error)
            np.testing.assert_allclose(ours.sample_output(human, at), direct.sample_output(human, at), rtol=error)
        pay, other = (one.pay(one.factor_prices(totals, price), totals, price) for one in (ours, direct))
        for name in ("value", "human_pay"):
            values = [jax.vmap(getattr(type(one), name))(one, human) for one in (pay, other)]
            np.testing.assert_allclose(values[0], values[1], rtol=error, atol=error)


def test_a_series_and_its_derivatives_are_those_of_numpy():
    rng = np.random.default_rng(0)
    coefficients, x = rng.normal(size=(3, N_TERMS)), rng.uniform(-1, 1, (3, 7))
    value, slope = jax.jvp(lambda at: series(jnp.asarray(coefficients), at), (jnp.asarray(x),), (jnp.ones((3, 7)),))
    matrix = jax.jacrev(lambda own: series(own, jnp.asarray(x[0])))(jnp.asarray(coefficients[0]))
    for row in range(3):
        exact = np.polynomial.Chebyshev(coefficients[row])
        np.testing.assert_allclose(value[row], exact(x[row]), atol=1e-13)
        np.testing.assert_allclose(slope[row], exact.deriv()(x[row]), atol=1e-11)
    np.testing.assert_allclose(matrix, np.polynomial.chebyshev.chebvander(x[0], N_TERMS - 1), atol=1e-14)


# Limits and hiring


def test_moments_converge_to_the_baseline_at_first_order_as_rho_goes_to_one(baseline, moments):
    exact = moments(baseline, Scenario())
    gaps = [moments(baseline, ces(1 - by)) - exact for by in (0.02, 0.01, 0.005)]
    for coarse, fine in itertools.pairwise(gaps):
        np.testing.assert_allclose(coarse / fine, 2, rtol=0.04)
    assert np.all(np.abs(gaps[-1]) < 0.003)


@pytest.fixture(scope="module")
def hiring():
    """`hiring(params, rho, start, width)`: log k_o from a start, and the loss that is left."""

    def scale(params, rho, start, width):
        mechanisms = Mechanisms(technology=CesTechnology(rho))
        production = mechanisms.production(params, jnp.asarray(1.0))
        nodes = jnp.asarray(NORMAL_NODES)[None, :] + jnp.linspace(-1.0, 1.0, N_OCCUPATIONS)[:, None]
        log_human = jnp.repeat(width * nodes, len(NORMAL_NODES), axis=1)
        price = jnp.ones(N_TASKS)
        totals = production.totals(log_human, price)
        pay = production.pay(production.factor_prices(totals, price), totals, price)
        noise = jnp.full(N_OCCUPATIONS, width**2)
        return pay.zero_profit_scale(jnp.full(N_OCCUPATIONS, start), 0.6 * log_human, noise, log_human)

    return jax.jit(scale)


@pytest.mark.parametrize("rho", [0.9, 0.1, -0.5, -4.0])
def test_hiring_makes_no_profit_wherever_the_search_begins(rho, points, hiring):
    # Adoption and reach are complete, so that over wide ranges pay hardly depends on what is assessed: from there
    # steps of Newton's method alone leave the numbers.
    complete = {"adoption": 1.0, "exposed_share": 0.999, "exposure_smoothing": 0.02, "cumulative_advantage": 0.0}
    for params in points(3, seed=4, **complete):
        ends = [hiring(params, jnp.asarray(rho), jnp.asarray(start), jnp.asarray(0.8)) for start in (-6.0, 0.0, 6.0)]
        for log_k, loss in ends:
            assert float(loss) < 1e-9
            np.testing.assert_allclose(log_k, ends[1][0], atol=1e-8)


def test_the_scale_of_assessments_has_exact_derivatives(baseline, hiring):
    step, at = 1e-5, jnp.asarray(-1.5)

    def of_rho(rho):
        return hiring(baseline, rho, jnp.asarray(0.0), jnp.asarray(0.6))[0]

    slope = jax.jvp(of_rho, (at,), (jnp.ones(()),))[1]
    np.testing.assert_allclose(slope, (of_rho(at + step) - of_rho(at - step)) / (2 * step), rtol=1e-6, atol=1e-10)


# Homogenization


class Fixed(Reach):
    """The same tasks at every level of AI."""

    part: jax.Array

    def exposure(self, params, level):
        return self.part


def cv_and_elasticity(params, rho, part, level, human, weights):
    """CV of output over workers, [tasks], and the elasticity of output in human capital, [workers, tasks]."""
    mechanisms = Mechanisms(technology=CesTechnology(rho), reach=Fixed(part))
    production = mechanisms.production(params, jnp.asarray(level))

    def made(h):
        return production.exposed_output(h, production.tasks.effective)

    value, rise = jax.jvp(made, (human,), (human,))
    mean = weights @ value
    return np.asarray(jnp.sqrt(weights @ (value - mean[None, :]) ** 2) / mean), np.asarray(rise / value)


@pytest.fixture(scope="module")
def workers():
    """Human capital from a 300th to 300 times its median, and shares of workers."""
    log_human = np.linspace(-5.7, 5.7, 801)
    weights = np.exp(-((log_human / 0.6) ** 2) / 2)
    return jnp.exp(jnp.asarray(log_human)), jnp.asarray(weights / weights.sum())


@pytest.mark.parametrize("rho", [0.9, 0.5, 0.1])
def test_more_ai_on_the_same_tasks_equalises_output_where_it_is_a_substitute(rho, points, workers):
    # Condition: β = 0. The elasticity of output in h falls at every h, hence so does the CV (MODEL.md section 15.4).
    part = jnp.linspace(0.05, 1.0, N_TASKS)
    for params in points(10, beta=0.0):
        (before, at_first), (after, at_last) = (
            cv_and_elasticity(params, rho, part, level, *workers) for level in (0.5, 1.0)
        )
        assert np.all(at_last < at_first)
        assert np.all(after < before)


def reversal(params, rho, part, level, human):
    """True where the elasticity of output in h rises with more AI, by the condition of MODEL.md section 15.4."""
    p, skill = params.as_dict(), np.asarray(Mechanisms().tasks(params, jnp.asarray(level)).skill)
    work = np.asarray(human)[:, None] * skill[None, :]
    power = (p["alpha"] * level * (p["eta0"] + p["eta1"]) / work) ** rho
    left = 1 - np.asarray(part)[None, :]
    return -rho * (left + np.asarray(part)[None, :] * (1 + power) ** (1 / rho)) > left * power


@pytest.mark.parametrize("rho", [-0.3, -1.0, -3.0])
def test_more_ai_on_the_same_tasks_disperses_output_where_it_is_a_complement_that_is_not_scarce(rho, points, workers):
    human, weights = workers
    part = jnp.linspace(0.05, 1.0, N_TASKS)
    for params in points(10, beta=0.0):
        (before, at_first), (after, at_last) = (
            cv_and_elasticity(params, rho, part, level, human, weights) for level in (0.999, 1.001)
        )
        rises = reversal(params, rho, part, 1.0, human)
        certain = np.abs(at_last - at_first) > 1e-9
        assert np.array_equal((at_last > at_first)[certain], rises[certain])
        # Where it rises at every h that is there, the CV rises; that includes all tasks that AI has reached in full.
        everywhere, nowhere = (
            np.all(np.where(weights[:, None] > 1e-12, side, True), axis=0) for side in (rises, ~rises)
        )
        assert everywhere[-1]
        assert np.all(after[everywhere] > before[everywhere])
        assert np.all(after[nowhere] < before[nowhere])


def test_homogenization_reverses_in_the_economy_where_reach_is_complete_already(points, moments):
    # Condition: the exposed set is (almost) the same before and after; then m1 > 0 with complements.
    for params in points(4, seed=2, exposed_share=0.98, exposure_smoothing=0.08):
        assert moments(params, ces(-1.0, 1.0, 2.0))[0] > 0.02
        assert moments(params, ces(0.5, 1.0, 2.0))[0] < -0.02


def test_output_on_tasks_that_ai_newly_reaches_is_more_equal_with_complements_too(points, moments):
    # Counterexample to the plain statement that homogenization reverses with complements: most of the tasks of A = 1
    # are done by hand at A = 0.1, where the elasticity of output in h is 1; with any AI it is below 1.
    for params in points(4, seed=2, exposed_share=0.3):
        assert moments(params, ces(-1.0, 0.1, 1.0))[0] < -0.02


# Simulated workers


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "before"), [(0.5, 0.0), (-1.0, 0.5)])
def test_moments_from_the_histogram_are_those_of_a_million_workers(rho, before, baseline):
    population = draw_population(n_workers=1_000_000, precision="float64")
    scenario = ces(rho, before)

    @jax.jit
    def direct(params, population, scenario):
        """m1 and m2 from the outputs of all workers."""
        economy = solve(params, scenario, population.firm_shocks)
        productions = [state.market.production for state in (economy.before, economy.after)]

        def row(at):
            rows, occupation, count = at
            own = (jnp.arange(N_OCCUPATIONS, dtype=jnp.int32) == occupation).astype(jnp.float64)
            drawn = population.workers.source.draw(rows)
            log_human = outcomes(in_occupation(economy.environment, own, np.dtype("float64")), drawn).log_human
            present = (jnp.arange(population.chunk, dtype=jnp.int32) < count).astype(jnp.float64)
            made = [
                production.exposed_output(jnp.exp(h), production.tasks.effective)
                for production, h in zip(productions, log_human, strict=True)
            ]
            return jnp.stack([jnp.stack([present @ y, present @ y**2]) for y in made])

        sums = jax.lax.map(row, (population.workers.rows, population.occupation, population.count))
        by_occupation = jax.ops.segment_sum(sums, population.occupation, N_OCCUPATIONS)
        workers = jax.ops.segment_sum(population.count.astype(jnp.float64), population.occupation, N_OCCUPATIONS)
        mean, square = (by_occupation[:, :, k, :] / workers[:, None, None] for k in (0, 1))
        weights = productions[1].treated_weights()[:, None, :]
        cv = jnp.sum(weights * jnp.sqrt(square - mean**2) / mean, axis=(0, 2))
        level = jnp.sum(weights * mean, axis=(0, 2))
        return jnp.stack([cv[1] / cv[0] - 1, level[1] / level[0] - 1])

    expected = np.asarray(direct(baseline, population, scenario))
    ours = np.asarray(jax.jit(six_moments)(baseline, population, scenario))[:2]
    np.testing.assert_allclose(ours, expected, atol=1e-4)


# What is refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mechanisms.technology.rho": 1.0}, r'rho = 1 is the additive technology: set model.technology = "additive"'),
        ({"mechanisms.technology.rho": 1.2}, r"mechanisms\.technology\.rho = 1\.2 is not allowed.*\[-4, 1\)"),
        ({"mechanisms.technology.rho": -5}, r"mechanisms\.technology\.rho = -5 is not allowed"),
        ({"mechanisms.technology.rho": 0.04}, r"rho = 0\.04 is too close to 0.*at least 0\.05"),
        ({"mechanisms.technology.rho": -0.0}, "too close to 0"),
        (
            {"mechanisms.technology.rho": -1},
            r"rho = -1 makes AI and human work complements.* scenario\.A0 = 0 .*raise both above 0.*or use rho > 0",
        ),
        (
            {"mechanisms.technology.rho": -1, "scenario.A0": 0.5, "params.eta1": 1.0, "params.eta0": 0.0},
            r"params\.eta0 = 0 leaves no CES economy .*without commodity AI .* raise eta0 above 0, .*eta1 below 1",
        ),
        (
            {"params.eta1": 1.0, "params.eta0": 0.0},
            r"params\.eta0 = 0 leaves no CES economy .*infinite marginal product",
        ),
        (
            {"mechanisms.technology.rho": -4.0, "scenario.A0": 0.5, "params.skill_gradient": 0.7},
            r"rho = -4 and params\.skill_gradient = 0\.7 are too far from 0 together.*bring either closer to 0",
        ),
        ({"params.alpha": 0.0}, r"params\.alpha = 0 leaves no CES economy .*raise alpha above 0"),
    ],
)
def test_economies_that_do_not_exist_are_refused_with_a_remedy(settings, message):
    with pytest.raises(ConfigError, match=message):
        aigini.load(None, {"model.technology": "ces", **settings})


def test_checked_moments_refuse_complements_without_ai(baseline, population):
    with pytest.raises(ParameterError, match=r"nothing without AI, but scenario\.A0 = 0"):
        aigini.checked_six_moments(baseline, population, ces(-1.0))


def test_a_configuration_names_the_technology_and_its_number():
    settings = {"model.technology": "ces", "mechanisms.technology.rho": -1.0, "scenario.A0": 0.5}
    config = aigini.load(None, settings)
    assert config.scenario.mechanisms == Mechanisms(technology=CesTechnology(-1.0))
    assert aigini.load(None, {"model.technology": "ces"}).scenario.mechanisms.technology.rho == 0.5

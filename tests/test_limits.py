"""Accounting, and limits in which the economy is known without simulating it."""

import dataclasses
import math

import equinox as eqx
import numpy as np
import pytest

from aigini.economy.ability import NormalAbility
from aigini.economy.normal_nodes import OCCUPATION_SCORES
from aigini.economy.quadrature import population_nodes
from aigini.population import draw_population
from aigini.population.sizes import default_tilt
from aigini.statistics.report import STATISTIC_UNITS, Distribution
from aigini.statistics.simulation import simulate

SEEDS = range(16)
SCALARS = list(STATISTIC_UNITS)
ARRAYS = [field.name for field in dataclasses.fields(Distribution)]


def draw(seed, **options):
    return draw_population(n_workers=2**14, n_firms=300, precision="float64", seed=seed, **options)


def expected_gap(params, state):
    """(1 - ξ) q (E[s] - 1) / (Y + q0), E[s] being mean ownership.

    It is not 1, because ability scores use the midpoint scores of 16 occupations, whose variance is below 1.
    """
    p = params.as_dict()
    loading = p["ownership_sd"] * p["ownership_ability_corr"] * p["occupation_sorting"]
    mean_ownership = np.mean(np.exp(loading * OCCUPATION_SCORES - loading**2 / 2))
    return (1 - p["xi"]) * float(state.mean_rent) * (mean_ownership - 1) / float(state.mean_income)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "largest_error", "draws"),
    [
        ({}, 4e-3, "qmc"),
        ({"ownership_sd": 0.3}, 4e-4, "qmc"),
        # Without firm dispersion and firm sorting all draws are quasi-random, and the expectation shows.
        (
            {
                "psi": 0.0,
                "firm_sorting": 0.0,
                "ownership_sd": 0.5,
                "ownership_ability_corr": 0.9,
                "occupation_sorting": 0.9,
            },
            4e-6,
            "sobol",
        ),
    ],
    ids=["baseline", "equal owners", "quiet"],
)
def test_mean_income_is_output_plus_the_old_quasi_rent(
    baseline, statistics_of, economy_of, changes, largest_error, draws
):
    params = baseline.replace(**changes)
    # As a configuration with this dispersion of ownership draws them.
    tilt = default_tilt(draws, float(params.ownership_sd))
    populations = [draw(seed, draws=draws, ownership_tilt=tilt) for seed in SEEDS]
    economy = economy_of(params)
    gaps = np.array(
        [
            [float(state.accounting_gap) for state, _ in statistics_of(params, population=population)]
            for population in populations
        ]
    )
    error = gaps.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
    expected = np.array([expected_gap(params, state) for state in (economy.before, economy.after)])
    # Four standard errors of the mean over seeds; the errors are bounded too, so that the test can fail.
    assert np.all(error < largest_error)
    assert np.all(np.abs(gaps.mean(axis=0) - expected) < 4 * error)


def test_income_by_source_adds_up(baseline, population, statistics_of):
    for state, arrays in statistics_of(baseline):
        assert arrays.income_by_source.sum() == pytest.approx(float(state.mean_income), rel=1e-12)
        assert arrays.income_by_source[:3].sum() / arrays.income_by_source.sum() == pytest.approx(
            float(state.labour_share), rel=1e-12
        )
        by_group = arrays.income_by_source_and_group
        assert [0.5, 0.4, 0.09, 0.01] @ by_group.sum(axis=1) == pytest.approx(float(state.mean_income), rel=1e-9)
        assert np.all(np.diff(by_group.sum(axis=1)) > 0)
        assert 0.01 * by_group[3].sum() / float(state.mean_income) == pytest.approx(float(state.top1_share), rel=2e-2)
        assert float(state.theil_between + state.theil_within) == pytest.approx(float(state.theil_total), rel=1e-13)
        assert float(state.end_mass) == 0
        assert arrays.total_masses.sum() == pytest.approx(float(np.sum(population.workers.weight)), rel=1e-12)
        assert arrays.wage_masses.sum() == pytest.approx(2**14, rel=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.7, 1.0])
def test_without_a_change_of_ai_nothing_changes(baseline, points, levels, moments_of, statistics_of, level):
    scenario = levels(level, level)
    for params in (baseline, *points(3, seed=7)):
        # To rounding: the two equilibria are solved from different starts.
        np.testing.assert_allclose(moments_of(params, scenario), 0, atol=1e-14)
        (before, old), (after, new) = statistics_of(params, scenario)
        for name in SCALARS:
            if name != "residual":
                assert float(getattr(after, name)) == pytest.approx(float(getattr(before, name)), rel=1e-14)
        for name in ARRAYS:
            np.testing.assert_allclose(getattr(new, name), getattr(old, name), rtol=1e-12, atol=1e-12)


def test_a_little_ai_changes_everything_a_little(baseline, levels, moments_of):
    # m(A)/A converges, with an error that shrinks like A.
    slopes = np.stack([moments_of(baseline, levels(0.0, a)) / a for a in (1e-2, 1e-3, 1e-4, 1e-5)])
    steps = np.abs(np.diff(slopes, axis=0))
    assert np.all(np.isfinite(slopes))
    assert np.all(steps[1:] < 0.15 * steps[:-1])
    assert np.all(np.abs(slopes[-1]) > 1e-4)


def test_moments_are_continuous_in_the_level_of_ai(baseline, levels, moments_of):
    for level in (0.5, 1.0, 3.0):
        near = [moments_of(baseline, levels(0.0, level * (1 + e))) for e in (-1e-7, 0.0, 1e-7)]
        np.testing.assert_allclose(near[0], near[1], atol=1e-6)
        np.testing.assert_allclose(near[2], near[1], atol=1e-6)


def test_without_cumulative_advantage_assets_do_not_move(baseline, moments_of, statistics_of):
    params = baseline.replace(cumulative_advantage=0.0)
    assert moments_of(params)[4] == 0
    (before, old), (after, new) = statistics_of(params)
    assert float(before.gini_assets) == float(after.gini_assets)
    np.testing.assert_array_equal(old.asset_gini_path, new.asset_gini_path)


def test_commodity_ai_does_not_move_assets(baseline, moments_of):
    assert moments_of(baseline.replace(eta0=1.0, eta1=0.0))[4] == 0


TREATED = frozenset({"within_task_cv", "exposed_output", "signal_correlation", "task_human", "task_ai", "task_output"})
"""What is reported of treated tasks and treated hiring, which does not use adoption."""


def assert_nothing_changes(states, apart=frozenset()):
    """Every scalar and array is the same before and after AI, to rounding, but those in `apart`."""
    (before, old), (after, new) = states
    for name in set(SCALARS) - {"residual", *apart}:
        now, then = float(getattr(after, name)), float(getattr(before, name))
        assert now == pytest.approx(then, rel=1e-12, abs=1e-14), name
    for name in set(ARRAYS) - set(apart):
        np.testing.assert_allclose(getattr(new, name), getattr(old, name), rtol=1e-11, atol=1e-11, err_msg=name)


def test_without_adoption_ai_changes_treated_tasks_and_treated_hiring_only(
    baseline, points, moments_of, statistics_of, economy_of
):
    for params in (baseline.replace(adoption=0.0), *points(20, seed=31, adoption=0.0)):
        assert_nothing_changes(statistics_of(params), apart=TREATED)
        moments = moments_of(params)
        np.testing.assert_allclose(moments[[2, 4, 5]], 0, atol=1e-13)
        assert moments[4] == 0  # not even rounding: no rent, and the same shocks
        assert moments[0] < 0
        assert moments[3] < 0
    moments = moments_of(baseline.replace(adoption=0.0))
    assert moments[0] < -0.1 < 0.1 < moments[1]
    assert moments[3] < -0.3
    economy = economy_of(baseline.replace(adoption=0.0))
    np.testing.assert_allclose(economy.after.market.task_price, 1, rtol=1e-14)
    assert float(economy.after.market.output) == pytest.approx(float(economy.before.market.output), rel=1e-14)


def test_ai_that_does_nothing_changes_nothing(baseline, points, moments_of, statistics_of):
    for params in (baseline.replace(alpha=0.0, beta=0.0), *points(20, seed=32, alpha=0.0, beta=0.0)):
        np.testing.assert_allclose(moments_of(params), 0, atol=1e-13)
        assert_nothing_changes(statistics_of(params))


def test_at_equal_moments_nothing_changed_with_the_law_of_assets_but_the_unit_of_cumulative_advantage(
    baseline, moments_of, economy_of
):
    # Moments and the mean return to AI as computed when the law was ρ = 1 - μ + χ (1 - ξ) η1 A, with χ = 0.0361579 and
    # these estimates; χ under the present law is that one divided by mean_o(R_A,o).
    before = {
        "moments": [
            -0.1899568152593671,
            0.15174313117631497,
            -0.014874266508438483,
            -0.509999921674098,
            0.17466797072546147,
            0.003700932752212449,
        ],
        "cumulative_advantage": 0.0361579,
        "ai_return": 0.11702842325329539,
    }
    params = baseline.replace(
        alpha=0.802414,
        beta=-0.0938944,
        sigma=2.15134,
        signal_exposure=6.55619,
        eta0=1 - 0.595148,
        eta1=0.595148,
        cumulative_advantage=before["cumulative_advantage"] / before["ai_return"],
    )
    economy = economy_of(params)
    assert float(np.mean(economy.after.market.prices.ai_return)) == pytest.approx(before["ai_return"], rel=1e-12)
    # The draws of then; m3 has a control variate now, which moves it within its simulation error.
    moments = moments_of(params, population=draw(0, draws="sobol"))
    others = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(moments[others], np.array(before["moments"])[others], rtol=0, atol=1e-12)
    assert moments[2] == pytest.approx(before["moments"][2], abs=1e-3)


def test_without_a_floor_ai_scales_output_and_leaves_dispersion_alone(baseline, moments_of):
    # α = 0: output h φ (1 + β A m), whose CV within a cell is that of h; retooling is switched off.
    moments = moments_of(baseline.replace(alpha=0.0, beta=0.1, retooling=0.0, cumulative_advantage=0.0))
    assert abs(moments[0]) < 1e-13
    assert 0.01 < moments[1] < 0.1
    assert abs(moments[3]) < 1e-13


def test_without_retooling_schooling_stays_and_with_full_retooling_it_is_optimal(baseline, statistics_of, economy_of):
    still = baseline.replace(retooling=0.0)
    (before, _), (after, _) = statistics_of(still)
    assert float(after.mean_schooling) == float(before.mean_schooling)
    assert float(after.human_capital) == float(before.human_capital)
    market = economy_of(still).after.market
    np.testing.assert_array_equal(market.schooling, economy_of(still).before.market.schooling)

    full = baseline.replace(retooling=1.0)
    market = economy_of(full).after.market
    # The first-order condition at the nodes, on prices after AI: c e = Ω γ θ / (h + T/R).
    nodes = population_nodes(full, NormalAbility())
    ability = np.exp(np.asarray(nodes.log_ability))
    years = np.asarray(market.schooling)
    gain = np.asarray(market.screening.recognised)[:, None] * 0.08 * ability
    gain /= ability * (1 + 0.08 * years) + np.asarray(market.fixed_pay)[:, None]
    np.testing.assert_allclose(np.asarray(nodes.cost) * years, gain, rtol=1e-12)
    halves = [float(statistics_of(baseline.replace(retooling=r))[1][0].mean_schooling) for r in (0.0, 0.5, 1.0)]
    assert halves[0] > halves[1] > halves[2]


def test_owners_without_a_share_earn_nothing_and_workers_without_a_share_get_no_rent(baseline, statistics_of):
    untilted = draw(0, ownership_tilt=0.0)  # where wages and total income have the same weights
    for state, arrays in statistics_of(baseline.replace(xi=1.0), population=untilted):
        assert float(state.labour_share) == 1
        assert arrays.income_by_source[3] == 0
        assert float(state.gini_total) == pytest.approx(float(state.gini_wage), abs=1e-13)
        # The Gini of capital income is that of claims on it, and stays defined.
        assert 0.5 < float(state.gini_capital) < 0.95
    for _, arrays in statistics_of(baseline.replace(xi=0.0)):
        assert arrays.income_by_source[2] == 0


def test_equal_firms_pay_equal_rents(baseline, statistics_of):
    for changes in ({"asset_sd": 0.0}, {"psi": 0.0}):
        for state, _ in statistics_of(baseline.replace(firm_sorting=0.0, **changes)):
            assert abs(float(state.gini_assets)) < 1e-13
            # Nothing but sampling noise is left between firms: 300 firms of 55 workers.
            noise = float(state.log_wage_variance) / (2**14 / 300) * np.sqrt(2 / 300)
            assert abs(float(state.between_firm_variance)) < 4 * noise


@pytest.mark.slow
def test_one_firm_has_nothing_between_firms(baseline, population):
    one = eqx.tree_at(
        lambda p: (p.firm_shocks, p.workers.firm, p.workers.owner_firm),
        population,
        (population.firm_shocks[:1], population.workers.firm * 0, population.workers.owner_firm * 0),
    )
    result = simulate(baseline, one)
    assert result.moments["m5"] is None
    for state in (result.before, result.after):
        assert state["asset_growth_gap"] is None
        for name in ("between_firm_variance", "between_firm_share", "theil_between", "gini_assets"):
            assert abs(state[name]) < 1e-12
        finite = [value for value in state.values() if value is not None]
        assert all(math.isfinite(value) for value in finite)
    assert all(math.isfinite(value) for name, value in result.moments.items() if name != "m5")


@pytest.mark.slow
def test_cobb_douglas_is_an_ordinary_point(baseline, moments_of, forward_jacobian):
    near = [moments_of(baseline.replace(sigma=sigma)) for sigma in (1 - 1e-7, 1.0, 1 + 1e-7)]
    np.testing.assert_allclose(near[0], near[1], atol=1e-8)
    np.testing.assert_allclose(near[2], near[1], atol=1e-8)
    slope = forward_jacobian(baseline.replace(sigma=1.0))
    assert np.all(np.isfinite(slope))
    step = 1e-4
    rise = moments_of(baseline.replace(sigma=1 + step)) - moments_of(baseline.replace(sigma=1 - step))
    np.testing.assert_allclose(slope[:, 0], rise / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"asset_sd": 0.0},
        {"ownership_sd": 0.0},
        {"psi": 0.0},
        {"asset_return": 0.0},
        {"asset_return": 0.0, "xi": 1.0},
        {"diversification": 1.0},
        {"cost_sd": 0.0},
        {"exposed_share": 0.0},
        {"eta0": 0.0, "eta1": 0.0},
        {"signal_exposure": 0.0},
        {"retooling": 1.0},
        {"xi": 0.0},
        {"xi": 1.0},
    ],
    ids=lambda changes: ", ".join(f"{name}={value:g}" for name, value in changes.items()),
)
def test_moments_and_derivatives_are_finite_on_the_closed_bounds(baseline, moments_of, reverse_jacobian, changes):
    params = baseline.replace(**changes)
    assert np.all(np.isfinite(moments_of(params)))
    assert np.all(np.isfinite(reverse_jacobian(params)))

"""What the economy implies, each with the condition under which it is true, over random parameter points.

Where a plain statement is false somewhere, the test of its condition is followed by a test of the counterexample, so
that neither is forgotten.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aigini.economy.ability import NormalAbility
from aigini.economy.human_capital import MultiplicativeHumanCapital
from aigini.economy.quadrature import node_mean, population_nodes
from aigini.economy.screening import credential_requirement, signal_correlation

LEVELS = (0.0, 0.25, 0.5, 1.0, 2.0)
FLOORS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 6.0, 12.0, 25.0, 40.0)


def split(params, proprietary):
    """The same total of AI, the share `proprietary` of it proprietary."""
    total = float(params.eta0 + params.eta1)
    return params.replace(eta0=total * (1 - proprietary), eta1=total * proprietary)


@pytest.fixture(scope="module")
def ginis(statistics_of):
    """`ginis(params)`: changes of the Ginis of total income, wages and assets."""

    def change(params):
        (before, _), (after, _) = statistics_of(params)
        return {
            name: float(getattr(after, f"gini_{name}") - getattr(before, f"gini_{name}"))
            for name in ("total", "wage", "assets")
        }

    return change


# Homogenization


@pytest.mark.slow
def test_an_additive_floor_lowers_dispersion_within_tasks_and_more_of_it_lowers_it_more(points, levels, statistics_of):
    for params in points(30, beta=0.0):
        ratios = []
        for level in LEVELS:
            (before, _), (after, _) = statistics_of(params, levels(0.0, level))
            ratios.append(float(after.within_task_cv / before.within_task_cv))
        assert ratios[0] == 1
        assert np.all(np.diff(ratios) < -1e-4)


# The human share of output, and the return to schooling


def human_share(market):
    return float(jnp.mean(market.prices.human_return * market.human_capital) / market.output)


def human_shares(economy_of, params, floors):
    return np.array([human_share(economy_of(params.replace(alpha=alpha)).after.market) for alpha in floors])


@pytest.mark.parametrize("sigma", [1.0, 1.1, 1.5, 3.0])
def test_when_tasks_are_substitutes_the_human_share_falls_with_every_floor(points, economy_of, sigma):
    for params in points(30, beta=0.0, sigma=sigma):
        assert np.all(np.diff(human_shares(economy_of, params, FLOORS)) < 0)


@pytest.mark.parametrize(("sigma", "floors"), [(0.2, FLOORS), (0.5, FLOORS), (0.9, (*FLOORS, 100.0, 300.0, 1e3, 3e3))])
def test_when_tasks_are_complements_and_some_are_out_of_reach_the_human_share_turns_back_up(
    points, economy_of, sigma, floors
):
    # Condition: σ < 1 and a sharp edge of the augmentable set, so that even a large floor leaves the other tasks human.
    for params in points(30, beta=0.0, sigma=sigma, exposure_smoothing=0.002):
        change = np.diff(human_shares(economy_of, params, floors))
        turn = int(np.argmax(change > 0))
        assert change[turn] > 0
        assert turn > 0
        assert np.all(change[:turn] < 0)


def test_a_smooth_edge_of_the_augmentable_set_undoes_the_turn(baseline, economy_of):
    # Counterexample to the plain statement: at the baseline's edge a large floor reaches every task. For σ = 0.9 and
    # 0.5 the share falls throughout; for σ = 0.2 it turns up and then falls again.
    for sigma in (0.5, 0.9):
        assert np.all(np.diff(human_shares(economy_of, baseline.replace(beta=0.0, sigma=sigma), FLOORS)) < 0)
    change = np.sign(np.diff(human_shares(economy_of, baseline.replace(beta=0.0, sigma=0.2), FLOORS)))
    assert change.tolist() == [-1] * 6 + [1] * 2 + [-1]


def returns_and_shares(params, market):
    """Mean causal return to schooling and human share of output, by occupation, [16] each."""
    nodes = population_nodes(params, NormalAbility())
    gain = MultiplicativeHumanCapital().education_return(
        params,
        jnp.exp(nodes.log_ability),
        market.schooling,
        market.screening.recognised[:, None],
        market.fixed_pay[:, None],
    )
    human = market.prices.human_return * market.human_capital
    return node_mean(gain), human / (human + market.tasks.effective * market.prices.ai_return)


compiled_returns = jax.jit(returns_and_shares)


def moves_of_return_and_share(points, economy_of, sigma, **fixed):
    """Signs of the changes from floor to floor, for every point and occupation."""
    for params in points(15, beta=0.0, sigma=sigma, **fixed):
        pairs = []
        for alpha in FLOORS:
            at = params.replace(alpha=alpha)
            pairs.append(np.stack(compiled_returns(at, economy_of(at).after.market)))
        yield np.sign(np.diff(np.stack(pairs), axis=0)).transpose(1, 0, 2)


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.5])
def test_the_return_to_schooling_moves_with_the_human_share_when_screening_and_rents_are_out_of_it(
    points, economy_of, sigma
):
    # Condition: by occupation; no AI in the work sample (δ = 0) and no retooling, which hold Ω fixed; no rents in
    # wages (ξ = 0), whose weight in pay moves with the price of human capital.
    up = 0
    for gain, share in moves_of_return_and_share(points, economy_of, sigma, signal_exposure=0.0, retooling=0.0, xi=0.0):
        np.testing.assert_array_equal(gain, share)
        up += np.sum(gain > 0)
    # The sign is no formality: among strong complements the human share rises in some occupations.
    assert (up > 0) == (sigma == 0.2)


@pytest.mark.parametrize(
    "fixed",
    [{"retooling": 0.0, "xi": 0.0}, {"signal_exposure": 0.0, "retooling": 0.0}],
    ids=["screening moves", "rents move"],
)
def test_the_return_to_schooling_leaves_the_human_share_when_screening_or_rents_move(points, economy_of, fixed):
    assert any(np.any(gain != share) for gain, share in moves_of_return_and_share(points, economy_of, 0.2, **fixed))


@pytest.mark.parametrize("sigma", [1.1, 1.5, 3.0])
def test_when_tasks_are_substitutes_the_mean_return_to_schooling_falls_with_every_floor(points, statistics_of, sigma):
    for params in points(10, beta=0.0, sigma=sigma):
        gains = [float(statistics_of(params.replace(alpha=alpha))[1][0].education_return) for alpha in FLOORS]
        assert np.all(np.diff(gains) < 0)


# Screening


def screening_at(params, economy):
    """V_D (economy-wide, treated), correlation, credential weight and requirement, signed to rise; [5, 16]."""
    now, treated = economy.after.market.screening, economy.after.market.treated
    return np.stack(
        [
            -now.diagnostic_variance,
            -treated.diagnostic_variance,
            -signal_correlation(params, treated),
            now.credential_weight,
            credential_requirement(params, now, economy.before.market.screening),
        ]
    )


def test_with_schooling_held_fixed_ai_makes_work_samples_less_telling_in_every_occupation(points, levels, economy_of):
    for params in points(30, retooling=0.0):
        path = np.stack([screening_at(params, economy_of(params, levels(0.0, a))) for a in LEVELS])
        assert np.all(np.diff(path, axis=0) > 0)
        np.testing.assert_allclose(path[0, 4], 0.5, rtol=1e-12)


@pytest.mark.parametrize("retooling", [None, 1.0])
def test_with_retooling_ai_makes_work_samples_less_telling_on_average(points, levels, economy_of, retooling):
    # Averages over occupations with the weights of m4, as reported.
    for params in points(30):
        params = params if retooling is None else params.replace(retooling=retooling)
        weights = np.asarray(economy_of(params).after.market.production.treated_weights()).sum(axis=1)
        path = np.stack([screening_at(params, economy_of(params, levels(0.0, a))) @ weights for a in LEVELS])
        assert np.all(np.diff(path, axis=0) > 0)


def test_with_retooling_some_occupation_may_become_easier_to_assess(points, levels, economy_of):
    # Counterexample by occupation: where AI hardly reaches, schooling responds to prices, and V_h with it.
    assert any(
        np.any(np.diff([screening_at(p, economy_of(p, levels(0.0, a))) for a in LEVELS], axis=0) < 0)
        for p in points(30, retooling=1.0)
    )


# Inequality


def test_commodity_ai_lowers_the_gini_when_demand_for_tasks_is_not_too_elastic(points, ginis):
    # Condition: η1 = 0, β ≤ 0 and σ ≤ 1.5.
    for params in points(30):
        commodity = split(params, 0.0).replace(beta=-abs(float(params.beta)), sigma=min(float(params.sigma), 1.5))
        change = ginis(commodity)
        assert change["total"] < 0
        assert change["assets"] == 0


def test_commodity_ai_lowers_both_ginis_when_it_reaches_all_occupations(points, ginis):
    # Condition: η1 = 0, β ≤ 0 and broad occupations; any elasticity of demand.
    for params in points(30, task_width=0.5):
        change = ginis(split(params, 0.0).replace(beta=-abs(float(params.beta))))
        assert change["total"] < 0
        assert change["wage"] < 0


def test_commodity_ai_raises_the_gini_when_only_the_able_get_it(baseline, ginis):
    # Counterexample to the plain statement: narrow, sorted occupations, and prices that do not fall.
    params = baseline.replace(
        eta0=1.0,
        eta1=0.0,
        sigma=4.0,
        task_width=0.08,
        occupation_sorting=0.75,
        ability_sd=0.35,
        exposed_share=0.2,
        adoption=0.7,
        alpha=1.5,
    )
    change = ginis(params)
    assert change["total"] > 1e-3
    assert change["wage"] > 1e-2


SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def test_at_a_given_total_of_ai_the_gini_of_assets_rises_with_the_proprietary_share(points, ginis):
    for params in points(30):
        assets = [ginis(split(params, share))["assets"] for share in SHARES]
        assert assets[0] == 0
        assert np.all(np.diff(assets) > 1e-4)


def test_at_a_given_total_of_ai_the_gini_of_income_rises_with_the_proprietary_share_if_owners_are_few(points, ginis):
    # Condition: ownership_sd ≥ 1.5; the baseline is 1.8.
    for params in points(30):
        owned = params.replace(ownership_sd=max(float(params.ownership_sd), 1.5))
        assert np.all(np.diff([ginis(split(owned, share))["total"] for share in SHARES]) > 1e-4)


def test_proprietary_ai_may_be_the_more_equal_one_if_owners_are_many(baseline, ginis):
    # Counterexample: commodity AI pays the able, who are sorted into the exposed occupations; capital is widely held.
    params = baseline.replace(
        ownership_sd=1.0,
        psi=0.5,
        xi=0.3,
        task_width=0.1,
        sigma=2.5,
        occupation_sorting=0.65,
        asset_return=0.5,
    )
    changes = [ginis(split(params, share))["total"] for share in SHARES]
    assert changes[4] < changes[0] - 1e-3


def test_from_the_baseline_the_proprietary_share_decides_the_sign_of_the_change(baseline, ginis):
    changes = [ginis(split(baseline, share))["total"] for share in (0.0, 0.2, 0.6, 1.0)]
    assert changes[1] < -1e-3 < 1e-3 < changes[2]
    assert changes[0] < -5e-3 < 5e-3 < changes[3]


@pytest.mark.slow
def test_rent_sharing_raises_the_variance_of_wages_between_firms(points, statistics_of):
    # All AI proprietary. Condition: ξ ≤ 1/2, or no cumulative advantage.
    for params in points(20):
        proprietary = split(params, 1.0)
        for at, shares in (
            (proprietary, (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)),
            (proprietary.replace(cumulative_advantage=0.0), (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)),
        ):
            variances = [float(statistics_of(at.replace(xi=xi))[1][0].between_firm_variance) for xi in shares]
            assert np.all(np.diff(variances) > 0)


def test_a_very_large_workers_share_slows_the_growth_of_firms_and_with_it_the_variance_between_them(
    baseline, statistics_of
):
    # Counterexample to monotonicity in ξ up to 1: owners who get nothing reinvest nothing.
    params = baseline.replace(eta0=0.0, eta1=1.4, cumulative_advantage=2.7)
    variances = [float(statistics_of(params.replace(xi=xi))[1][0].between_firm_variance) for xi in (0.75, 1.0)]
    assert variances[1] < variances[0]

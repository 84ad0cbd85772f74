"""Levers one by one and in pairs, on a small economy and on functions whose efficient set is known."""

import dataclasses
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.analysis.frontier import trace
from aigini.analysis.levers import FULL, LEVERS, combination, goals, lever_slopes, tile
from aigini.commands.at_estimates import other_draws
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.economy.interventions import CapitalDividend, Intervention
from aigini.errors import AnalysisError, OutputError
from aigini.parameter_space import pack, unpack
from aigini.runtime.evaluations import kept_in
from aigini.statistics.outcomes import OUTCOME_NAMES, outcomes
from aigini.statistics.simulation import simulate
from aigini.storage import results
from aigini.storage.ledger import Ledger

NAMES = ("gini_total", "gini_wage", "output")
PAIRS = tuple(itertools.combinations(LEVERS, 2))
AXIS = np.linspace(0.0, 1.0, 6)


def under(scenario, share):
    """The scenario under a capital dividend."""
    return dataclasses.replace(scenario, intervention=Intervention((CapitalDividend(share),)))


@pytest.fixture(scope="module")
def config():
    return load(None, {"population.n_workers": 4096, "population.n_firms": 60})


@pytest.fixture(scope="module")
def case(config):
    return aigini.at_estimates(config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the evaluations of `result` are kept."""
    return tmp_path_factory.mktemp("policy")


@pytest.fixture(scope="module")
def result(config, folder):
    with kept_in(Ledger(folder, config, "policy", resume=False)):
        return aigini.policy(config)


@pytest.fixture(scope="module")
def economy(case):
    """`economy(values)`: both Ginis and output of an economy with a capital dividend, [3]."""
    compiled = jax.jit(
        lambda vector, share: outcomes(
            unpack(vector), case.outcome_map.population, under(case.outcome_map.scenario, share)
        )
    )
    rows = [OUTCOME_NAMES.index(name) for name in NAMES]
    return lambda values: np.asarray(compiled(pack(values), jnp.asarray(values["capital_dividend"])))[rows]


# --- levers -----------------------------------------------------------------------------------------------------------


def test_levers_do_what_they_say(case):
    none = combination(case, (), ())
    full = {name: combination(case, [name], [1.0]) for name in LEVERS}
    changed = {
        name: {key: after for key, after in values.items() if after != none[key]} for name, values in full.items()
    }
    assert changed == {
        "open_access": {"eta1": 0.0, "eta0": none["eta0"] + none["eta1"]},
        "rent_sharing": {"xi": 1.0},
        "antitrust": {"asset_sd": 0.0, "cumulative_advantage": 0.0},
        "data_portability": {"asset_reversion": 1.0},
        "capital_dividend": {"capital_dividend": 1.0},
        "retraining": {"retooling": 1.0},
        "slower_deployment": {"adoption": 0.0},
    }


def test_pairs_of_levers_do_not_depend_on_their_order(case):
    for one, two in PAIRS:
        values = combination(case, (one, two), (0.3, 0.6))
        assert values == combination(case, (two, one), (0.6, 0.3))


@pytest.mark.slow
def test_derivatives_of_levers_are_those_of_differences(result, case, economy):
    step = 1e-5
    for name, lever in result.levers.items():
        high, low = (economy(combination(case, [name], [s])) for s in (step, -step))
        found = [lever.derivative[outcome] for outcome in NAMES]
        np.testing.assert_allclose(found, (high - low) / (2 * step), rtol=1e-6, atol=1e-9)
        ends = (lever.gini_total[0], lever.gini_wage[0], lever.output[0])
        np.testing.assert_allclose(ends, [case.outcome(outcome) for outcome in NAMES], rtol=1e-10)


@pytest.mark.slow
def test_levers_carry_the_errors_of_other_populations(result, config, case):
    others = other_draws(config, case)
    slopes = np.array([lever_slopes(others.model(k)) for k in range(others.count)])
    for k, (name, lever) in enumerate(result.levers.items()):
        expected = np.std(slopes[:, k], axis=0, ddof=1)
        np.testing.assert_allclose(list(lever.derivative_simulation_se.values()), expected, rtol=1e-6, atol=1e-12)
        # At the estimates m6 is met on every draw, in full strength it is not, unless nothing is left of AI.
        assert lever.gini_total_simulation_se[0] < 1e-6
        assert (lever.gini_total_simulation_se[-1] < 1e-6) == (name == "slower_deployment")
        assert (lever.neutral_simulation_se is None) == (lever.neutral_strength is None)
        assert f"{name:18s}" in str(result)
    assert sorted(name for group in result.ranking for name in group) == sorted(LEVERS)
    assert all(np.all(frontier.gini_simulation_se > 0) for frontier in result.frontiers)
    assert "simulation s.e. with 4,096 workers" in str(result)


@pytest.mark.slow
def test_derivatives_in_both_strengths_of_a_pair_are_those_of_differences(case, economy):
    step = 1e-5
    for pair in (("antitrust", "capital_dividend"), ("rent_sharing", "slower_deployment")):
        for at in (np.array([0.3, 0.6]), np.array([0.8, 0.1])):
            values, slopes = goals(case, pair)(at)
            np.testing.assert_allclose(values, economy(combination(case, pair, at.tolist()))[[0, 2]], rtol=1e-10)
            for column, move in enumerate(step * np.eye(2)):
                high, low = (economy(combination(case, pair, (at + s * move).tolist())) for s in (1, -1))
                expected = ((high - low) / (2 * step))[[0, 2]]
                np.testing.assert_allclose(slopes[:, column], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_a_neutral_strength_leaves_the_gini_as_it_was(result, case):
    found = {name: lever.neutral_strength for name, lever in result.levers.items()}
    assert found["open_access"] is not None
    for name, lever in result.levers.items():
        if found[name] is None:
            assert np.all(lever.gini_total > 0)  # as at the estimates
        else:
            values, _ = goals(case, [name])(np.array([found[name]]))
            assert abs(values[0]) < 1e-8
            assert np.all(lever.gini_total[lever.strength < found[name]] > 0)


@pytest.mark.slow
def test_without_deployment_ai_moves_neither_gini_nor_output(result, case, economy):
    # At full strength no task uses AI; strength stops a millionth short of it.
    lever = result.levers["slower_deployment"]
    for name in NAMES:
        change = getattr(lever, name)
        assert abs(change[-1]) < 1e-5 * np.max(np.abs(change)), name
    assert abs(lever.gini_total[-1]) < 1e-7
    assert lever.neutral_strength is not None
    none = combination(case, ["slower_deployment"], [1.0])
    np.testing.assert_allclose(economy(none), 0, atol=1e-13)


@pytest.mark.slow
def test_levers_on_rents_act_on_the_growth_of_assets_too(case):
    # Reinvestment follows the rents of the economy that the lever makes: without them m5 is nothing.
    outcome_map = case.outcome_map
    gone = [combination(case, [name], [1.0]) for name in ("open_access", "rent_sharing", "slower_deployment")]
    found = outcome_map.values([case.values, *gone])[:, OUTCOME_NAMES.index("m5")]
    assert found[0] > 0.1
    np.testing.assert_allclose(found[1:], 0, atol=1e-13)


def test_a_dividend_of_all_capital_income_leaves_wages_and_an_equal_sum(case):
    outcome_map = case.outcome_map
    params = unpack(jnp.asarray(pack(case.values)))
    compiled = jax.jit(
        lambda params, share: outcomes(params, outcome_map.population, under(outcome_map.scenario, share))
    )
    none, full = (np.asarray(compiled(params, jnp.asarray(share))) for share in (0.0, 1.0))
    np.testing.assert_allclose(none, case.outcomes, rtol=1e-11, atol=1e-13)
    row = OUTCOME_NAMES.index
    # Mean income is unchanged, so the labour share is; and adding a constant c scales a Gini by mean/(mean + c).
    assert full[row("labour_share")] == pytest.approx(none[row("labour_share")], abs=1e-12)
    # Wages and total income have the same weights where all are 1, so that their Ginis can be compared exactly.
    workers = outcome_map.population.workers
    alike = eqx.tree_at(lambda p: p.workers.weight, outcome_map.population, jnp.ones_like(workers.weight))
    full = np.asarray(jax.jit(outcomes)(params, alike, under(outcome_map.scenario, jnp.asarray(1.0))))
    found = simulate(params, alike, outcome_map.scenario)
    expected = [state["gini_wage"] * state["labour_share"] for state in (found.before, found.after)]
    assert full[row("gini_total")] == pytest.approx(expected[1] - expected[0], abs=1e-7)


def test_values_that_are_not_finite_are_refused(case):
    values = combination(case, ["rent_sharing"], [0.5])
    with pytest.raises(AnalysisError, match="not finite at the estimates with signal_noise_sd = nan, xi = 0"):
        tile(case, [{**values, "signal_noise_sd": float("nan")}])

    def broken(strength):
        return np.array([np.nan, 0.0]), np.zeros((2, 2))

    plane = np.stack(np.meshgrid(AXIS, AXIS), axis=-1)
    with pytest.raises(AnalysisError, match=r"levers a and b: .* not finite at strengths"):
        trace(("a", "b"), broken, AXIS, plane, np.empty((0, 2)))


# --- frontiers on functions with a known efficient set ----------------------------------------------------------------


def traced(function, checks=2000):
    """The frontier of a function, and what it is at many random strengths."""
    values = np.array([[function(np.array([a, b]))[0] for b in AXIS] for a in AXIS])
    random = np.array([function(at)[0] for at in np.random.default_rng(0).random((checks, 2))])
    return trace(("a", "b"), function, AXIS, values, random)


def bowls(lowest, highest):
    """A bowl around where the Gini is lowest, and a hill around where output is highest."""
    p, r = np.array(lowest), np.array(highest)
    return lambda s: (np.array([(s - p) @ (s - p), -(s - r) @ (s - r)]), np.array([2 * (s - p), -2 * (s - r)]))


def check(frontier):
    """Ordered from the lowest Gini to the highest output, nothing above it, first-order conditions."""
    assert np.all(np.diff(frontier.gini_total) > 0)
    assert np.all(np.diff(frontier.output) > 0)
    assert frontier.excess < 1e-8
    assert frontier.residual.max() < 5e-4
    # Neighbours on a piece are close, in strengths and in both goals.
    goals = np.stack([frontier.gini_total, frontier.output], axis=1)
    span = np.ptp(np.stack([frontier.grid_gini_total, frontier.grid_output], axis=1), axis=0)
    goals /= np.where(span > 0, span, 1.0)
    for piece in frontier.segments:
        assert np.abs(np.diff(frontier.strength[piece], axis=0)).max(initial=0) <= 0.15
        assert np.abs(np.diff(goals[piece], axis=0)).max(initial=0) <= 0.15


def test_the_frontier_of_two_bowls_is_the_segment_between_them():
    frontier = traced(bowls((0.2, 0.3), (0.8, 0.7)))
    check(frontier)
    share = (frontier.strength[:, 0] - 0.2) / 0.6
    np.testing.assert_allclose(frontier.strength[:, 1], 0.3 + 0.4 * share, atol=1e-3)
    np.testing.assert_allclose(share[[0, -1]], [0, 1], atol=1e-3)
    assert len(frontier.segments) == 1


def test_the_frontier_of_bowls_outside_the_box_is_on_its_edges():
    # Contours are circles: the nearest points of the box, which is also where the Gini is lowest at a given output.
    frontier = traced(bowls((-0.2, -0.5), (0.8, -0.2)))
    check(frontier)
    np.testing.assert_array_equal(frontier.strength[:, 1], 0)
    np.testing.assert_allclose(frontier.strength[[0, -1], 0], [0, 0.8], atol=1e-3)


def test_a_frontier_that_is_not_convex_is_traced_as_well():
    def hills(s):
        low, high = (np.exp(-4 * (s - c) @ (s - c)) for c in (0.1, 0.9))
        return np.array([1 - low, high]), np.array([8 * low * (s - 0.1), -8 * high * (s - 0.9)])

    frontier = traced(hills)
    check(frontier)
    # By symmetry it is on the diagonal; weighted sums would miss where its slope rises.
    np.testing.assert_allclose(frontier.strength[:, 0], frontier.strength[:, 1], atol=1e-3)
    slopes = np.diff(frontier.output) / np.diff(frontier.gini_total)
    assert np.sum(np.diff(slopes) > 0) >= 3
    assert len(frontier.segments) == 1


def test_a_frontier_in_pieces_is_found_with_its_gaps():
    def gini(s):
        return s + 0.3 * np.sin(4 * np.pi * s)

    def wavy(s):
        slope = 1 + 1.2 * np.pi * np.cos(4 * np.pi * s[0])
        return np.array([gini(s[0]) + (s[1] - 0.5) ** 2, s[0]]), np.array([[slope, 2 * s[1] - 1], [1.0, 0.0]])

    frontier = traced(wavy)
    check(frontier)
    np.testing.assert_allclose(frontier.strength[:, 1], 0.5, atol=1e-3)
    fine = np.linspace(0, 1, 20001)
    lowest_above = np.minimum.accumulate(gini(fine)[::-1])[::-1]
    efficient = gini(fine) <= lowest_above
    ends = fine[np.flatnonzero(np.diff(efficient.astype(int)))]
    pieces = [frontier.strength[piece, 0] for piece in frontier.segments]
    assert len(pieces) == 3
    found = [pieces[0][-1], pieces[1][0], pieces[1][-1], pieces[2][0]]
    np.testing.assert_allclose(found, ends, atol=1e-3)


def test_where_output_never_changes_one_combination_is_the_frontier():
    def flat(s):
        value, slope = bowls((0.2, 0.3), (0, 0))(s)
        return np.array([value[0], 0.05]), np.array([slope[0], [0.0, 0.0]])

    frontier = traced(flat)
    np.testing.assert_allclose(frontier.strength, [[0.2, 0.3]], atol=1e-4)
    assert frontier.residual[0] < 1e-4


def test_what_is_below_a_frontier_is_measured():
    function = bowls((0.2, 0.3), (0.8, 0.7))
    values = np.array([[function(np.array([a, b]))[0] for b in AXIS] for a in AXIS])
    better = function(np.array([0.5, 0.5]))[0] - [0.01, 0.0]
    assert trace(("a", "b"), function, AXIS, values, better[None]).excess == pytest.approx(0.01, abs=5e-3)
    lower = function(np.array([0.2, 0.3]))[0] - [0.0, 1.0]
    assert trace(("a", "b"), function, AXIS, values, lower[None]).excess == 0


# --- frontiers of the economy -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_frontiers_of_all_pairs_meet_their_conditions(result):
    assert tuple(frontier.levers for frontier in result.frontiers) == PAIRS
    for frontier in result.frontiers:
        check(frontier)
        assert np.all((frontier.strength >= 0) & (frontier.strength <= FULL))
        grid = np.stack([frontier.grid_gini_total, frontier.grid_output])
        for gini, output in zip(frontier.gini_total, frontier.output, strict=True):
            assert not np.any((grid[0] < gini - 1e-9) & (grid[1] >= output))
        assert frontier.gini_total[0] <= grid[0].min() + 1e-12
        assert frontier.output[-1] >= grid[1].max() - 1e-9


@pytest.mark.slow
def test_no_random_combination_dominates_a_frontier(result, case, economy):
    rng = np.random.default_rng(1)
    for frontier in result.frontiers:
        at = FULL * np.concatenate([rng.random((20, 2)), rng.integers(0, 2, (4, 2)) * rng.random((4, 1))])
        # And close to the frontier, where it is easiest to beat.
        near = frontier.strength[rng.integers(len(frontier.strength), size=20)] + 0.03 * rng.normal(size=(20, 2))
        for strengths in np.concatenate([at, np.clip(near, 0, FULL)]).tolist():
            gini, _, output = economy(combination(case, frontier.levers, strengths))
            beaten = (frontier.output <= output) & (frontier.gini_total > gini + 1e-8)
            assert not beaten.any(), (frontier.levers, strengths)


@pytest.mark.slow
def test_a_frontier_holds_the_economies_at_its_strengths(result, case, economy):
    for frontier in result.frontiers[::5]:
        for k in {0, len(frontier.strength) - 1}:
            found = economy(combination(case, frontier.levers, frontier.strength[k].tolist()))
            np.testing.assert_allclose(
                found[[0, 2]], [frontier.gini_total[k], frontier.output[k]], rtol=1e-9, atol=1e-12
            )


@pytest.mark.slow
def test_a_resumed_run_computes_nothing_again(result, folder, config):
    cache = Ledger(folder, config, "policy", resume=True)
    done = cache.count
    assert done >= len(PAIRS) + len(LEVERS)
    with kept_in(cache):
        again = aigini.policy(config)
    assert cache.count == done
    assert str(again) == str(result)
    for one, two in zip(again.frontiers, result.frontiers, strict=True):
        np.testing.assert_array_equal(one.strength, two.strength)


@pytest.mark.slow
def test_a_result_survives_being_written(result, tmp_path):
    results.save(tmp_path, "policy", result, {"seed": 0})
    again = load_result(tmp_path, "policy")
    assert str(again) == str(result)
    for one, two in zip(again.frontiers, result.frontiers, strict=True):
        for name in ("strength", "residual", "grid_gini_total", "excess", "checks"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    (tmp_path / "policy.json").write_text("{}")
    with pytest.raises(OutputError, match="run the command that writes it again"):
        load_result(tmp_path, "policy")

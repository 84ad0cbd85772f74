"""Simulation errors of analyses: against the same analyses of the other populations, run from the start."""

import numpy as np
import pytest

import aigini
from aigini.analysis.identification import sign
from aigini.analysis.identification.reliability import beyond_bounds, uninformative
from aigini.analysis.policy import _ranking
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.errors import regime_errors
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.regimes.small_ai import first_order
from aigini.commands.at_estimates import other_draws
from aigini.config import load
from aigini.economy.channels import CHANNEL_NAMES
from aigini.estimation import other_draws as module
from aigini.estimation.other_draws import OtherDraws, about_draws, difference, error_at, shown, spread
from aigini.inference.intervals import Interval
from aigini.parameter_space import ParameterSpace
from aigini.runtime.evaluations import kept_in
from aigini.statistics.outcomes import OUTCOME_NAMES
from aigini.storage.ledger import Ledger

DRAWS = 3
SEED = 10
SMALL = {
    "population.n_workers": 4096,
    "population.n_firms": 60,
    "population.seed": SEED,
    "calibration.replications": DRAWS,
}


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def case(config):
    return aigini.at_estimates(config)


@pytest.fixture(scope="module")
def others(config, case):
    return other_draws(config, case)


@pytest.fixture(scope="module")
def alone():
    """Configurations of the other populations, by themselves."""
    seeds = {"calibration.replications": 0}
    return [load(None, {**SMALL, **seeds, "population.seed": seed}) for seed in range(SEED + 1, SEED + DRAWS + 1)]


@pytest.fixture(scope="module")
def cases(alone):
    return [aigini.at_estimates(one) for one in alone]


def sd(values):
    return np.std(np.array(values), axis=0, ddof=1)


# --- re-estimation ----------------------------------------------------------------------------------------------------


def test_estimates_and_outcomes_on_other_draws_are_those_of_their_own_estimation(case, others, cases):
    assert others.missed == 0
    assert len(cases) == others.count
    for name in case.space.names:
        np.testing.assert_allclose(others.estimates[name], [one.values[name] for one in cases], rtol=1e-4)
    np.testing.assert_allclose(others.estimates["eta0"], 1 - others.estimates["eta1"], rtol=1e-12)
    expected = np.array([one.outcomes for one in cases])
    np.testing.assert_allclose(others.outcomes, expected, rtol=1e-3, atol=1e-6)
    # m6 is a target, so its change at the estimates has no error; that of wages has.
    errors = spread(others.outcomes)
    assert errors[OUTCOME_NAMES.index("gini_total")] < 1e-5
    assert errors[OUTCOME_NAMES.index("gini_wage")] > 1e-4


def test_a_case_of_another_draw_is_the_economy_at_its_own_estimates(others, cases):
    found = others.model(1)
    np.testing.assert_allclose(found.jacobian, cases[1].jacobian, rtol=5e-3, atol=1e-5)
    np.testing.assert_array_equal(found.outcome_map.jacobian(found.values)[0], found.outcomes)


def test_the_covariance_is_that_of_the_same_parameters_on_other_draws(case, others, cases):
    sample = [one.outcome_map.jacobian(case.values)[0] for one in cases]
    np.testing.assert_allclose(
        others.covariance(case.rows), np.cov(np.array(sample)[:, list(case.rows)], rowvar=False), rtol=1e-9
    )


def test_what_was_done_is_not_done_again(config, case, others, tmp_path):
    def example(one):
        return one.outcome_map.values([one.values])[0]

    with kept_in(Ledger(tmp_path, config, "s", resume=False)):
        found = other_draws(config, case).repeat("an example", example)
    np.testing.assert_array_equal(found, others.repeat("an example", example))
    cache = Ledger(tmp_path, config, "s", resume=True)
    done = cache.count
    assert done >= 2 * DRAWS
    with kept_in(cache):
        again = other_draws(config, case)
        np.testing.assert_array_equal(again.repeat("an example", example), found)
    np.testing.assert_array_equal(again.outcomes, others.outcomes)
    assert cache.count == done


def test_an_economy_out_of_reach_is_counted(case, monkeypatch):
    met, usual = iter((False, True)), module._estimate_again
    monkeypatch.setattr(module, "_estimate_again", lambda *asked: usual(*asked)._replace(met=next(met)))
    draws = OtherDraws(case, 2, lambda k: case.outcome_map.population)
    assert draws.missed == 1
    assert "1 of them cannot be fitted as well" in about_draws(2, 4096, draws.missed)


# --- what is reported -------------------------------------------------------------------------------------------------


def test_the_error_of_a_first_order_probability_is_its_spread_over_populations(config, alone):
    result, found = aigini.sensitivity(config), [aigini.sensitivity(one) for one in alone]
    for k, one in enumerate(result.signs):
        for name in ("probability", "sd", "entropy"):
            expected = sd([getattr(each.signs[k], name) for each in found])
            assert one.simulation_se[name] == pytest.approx(expected, rel=0.02, abs=1e-6), (k, name)
        for name in one.variance:
            expected = sd([each.signs[k].shares[name] for each in found])
            assert one.share_simulation_se[name] == pytest.approx(expected, rel=0.02, abs=1e-6)
        assert found[0].signs[k].simulation_se == {}
    for name in result.free:
        expected = sd([each.params[name] for each in found])
        assert result.estimate_simulation_se[name] == pytest.approx(expected, rel=0.02, abs=1e-7)
        expected = sd([each.se["independent"][name] for each in found])
        assert result.se_simulation_se["independent"][name] == pytest.approx(expected, rel=0.02, abs=1e-7)
    expected = sd([each.intervals["independent"]["alpha"].upper for each in found])
    assert result.interval_simulation_se["independent"]["alpha"][1] == pytest.approx(expected, rel=0.02)
    np.testing.assert_allclose(
        result.pins_simulation_se, sd([each.pins.values for each in found]), rtol=0.05, atol=1e-6
    )
    text = str(result)
    wage = result.signs[2]
    assert f"P(rise) {wage.probability:.3f} ± {wage.simulation_se['probability']:.2g}" in text
    assert "simulation s.e. with 4,096 workers, from 3 other draws" in text
    assert "P(rise) 0.716 ± n/a" in str(found[0])
    assert "simulation errors were not measured" in str(found[0])


def test_what_is_not_reliable_to_first_order_says_so_and_names_no_moment(config):
    result = aigini.sensitivity(config)
    for one in result.signs:
        assert any("beyond its bounds" in reason for reason in one.unreliable)
        assert "not reliable: one s.d. of" in str(one)
        assert "use `aigini posterior`" in str(one)
        assert "would lower that most" not in str(one)
    text = str(result)
    assert "not informative (wider than the box of starting values, 0.8 to 4)" in text  # of sigma
    assert "e-0" not in text.split("95 % intervals")[1].split("6 moments")[0].split("sigma")[1].split("\n")[0]


def test_precise_targets_make_it_reliable_and_name_a_moment_if_one_is_ahead(config):
    errors = (0.0002, 0.0001, 0.0001, 0.0003, 0.0003, 0.002)
    fine = {f"targets.m{k}.se": se for k, se in enumerate(errors, start=1)}
    spans = load(None, SMALL).ranges
    narrow = {f"ranges.{name}.high": span[0] + 1e-4 * (span[1] - span[0]) for name, span in spans.items()}
    result = aigini.sensitivity(load(None, {**SMALL, **fine, **narrow}))
    first = result.signs[0]
    assert first.unreliable == ()
    assert first.most_valuable == "m6"
    assert "1 % more precision of m6 would lower that most" in str(first)
    assert "not informative" not in str(result)


def test_contributions_have_the_spread_of_their_decomposition_on_other_populations(config, alone):
    result, found = aigini.channels(config), [aigini.channels(one) for one in alone]
    for name, part in result.outcomes.items():
        for channel in CHANNEL_NAMES:
            for kind, errors in (
                ("contributions", part.contribution_simulation_se),
                ("alone", part.alone_simulation_se),
                ("last", part.last_simulation_se),
            ):
                # The draw that is reported is one of those whose spread is the error.
                expected = sd([getattr(each.outcomes[name], kind)[channel] for each in (result, *found)])
                assert errors[channel] == pytest.approx(expected, rel=0.02, abs=2e-6), (name, channel, kind)
        assert part.concentrating_simulation_se == pytest.approx(
            sd([each.outcomes[name].concentrating for each in (result, *found)]), rel=0.02, abs=2e-6
        )
    assert found[0].outcomes["gini_wage"].contribution("screening").error is None


def test_the_ridge_moves_with_the_population_as_its_errors_say(config, case, others, cases):
    etas = (0.4, 0.6)
    result = sign.sign(case, etas=etas, xis=(), others=others)
    found = [sign.sign(one, etas=etas, xis=()) for one in cases]
    for k, point in enumerate(result.ridge):
        assert point.feasible
        for income in ("total", "wage"):
            expected = sd([each.ridge[k].change(income).value for each in found])
            assert point.change(income).error == pytest.approx(expected, rel=0.25), (point.eta1, income)
        assert found[0].ridge[k].change("total").error is None
    expected = sd([each.local.gini_change for each in found])
    assert result.local.gini_change_simulation_se == pytest.approx(expected, rel=0.02)
    assert "not stated: its simulation error was not measured" in found[0].statement


def test_boundaries_move_with_the_population_as_their_errors_say(case, others, cases):
    units = {"eta1": (0.2, 0.8), "xi": (0.05, 0.15)}
    first = distances(case, units)[1]
    boundary = first_order(case.values, case.outcome_map)
    result = regime_errors(case, Regimes(case.values, [], [first], boundary), [], others).distances[0]
    found = [distances(one, units)[1] for one in cases]
    xi = result.alone["xi"]
    # With so few workers errors are large, so that a slope carries them to about a factor only.
    ratios = (
        xi.to_simulation_se["xi"] / sd([each.alone["xi"].to["xi"] for each in found]),
        xi.distance_simulation_se / sd([each.alone["xi"].distance for each in found]),
    )
    assert all(0.5 < ratio < 2 for ratio in ratios), ratios
    assert result.gini_change_simulation_se == pytest.approx(sd([each.gini_change for each in found]), rel=1e-3)
    assert result.flips("xi")
    # Without errors nothing is said to flip, or not to.
    assert not first.flips("xi")
    assert "does not flip" not in first.in_words("eta1")
    assert "± n/a" in str(first)


def test_levers_are_ranked_where_they_are_apart_on_common_draws():
    rng = np.random.default_rng(1)
    values = np.array([0.3, 0.1, 0.101])
    found = values + 0.05 * rng.normal(size=(8, 1)) + 0.003 * rng.normal(size=(8, 3))
    assert _ranking(["a", "b", "c"], values, found) == [["b", "c"], ["a"]]


# --- words ------------------------------------------------------------------------------------------------------------


def test_numbers_are_shown_with_two_digits_of_their_error():
    assert shown(0.004012, 0.000123, "+.5f") == "+0.00401 ± 0.00012"
    assert shown(0.004012, None, "+.5f") == "+0.00401 ± n/a"
    assert error_at(np.array([[1.0, np.nan]]), 0, 1) is None
    assert error_at(None) is None
    assert spread(np.ones((1, 3))) is None


def test_the_error_of_a_difference_is_that_over_common_draws():
    rng = np.random.default_rng(0)
    common = rng.normal(size=(50, 1))
    found = common + 0.01 * rng.normal(size=(50, 2)) + [1.0, 1.1]
    apart = difference(np.array([1.0, 1.1]), found, 1, 0)
    assert apart.value == pytest.approx(0.1)
    assert apart.error == pytest.approx(0.014, rel=0.3)
    assert apart.resolved
    assert not difference(np.array([1.0, 1.1]), found[:1], 1, 0).resolved


def test_bounds_are_checked_for_large_sources_only():
    space, values = ParameterSpace(("sigma", "alpha"), "none"), {"sigma": 2.0, "alpha": 0.8}
    moves = {"m3": np.array([20.0, 0.1]), "m1": np.array([0.1, 0.2]), "m2": np.array([9.0, 9.0])}
    found = beyond_bounds(space, values, moves, {"m3": 0.8, "m1": 0.15, "m2": 0.05})
    assert found == ["one s.d. of m3 moves sigma by 20 from 2, beyond its bounds (0, inf)"]


@pytest.mark.parametrize(
    ("ends", "tells"), [((1.8e-8, 2.5e8), False), ((None, None), False), ((0.5, 3.0), True), ((1.0, None), True)]
)
def test_intervals_wider_than_all_that_is_plausible_tell_nothing(ends, tells):
    assert (uninformative("sigma", Interval(*ends, 0.95, "delta method")) is None) == tells

"""Policy in time: points of no return and least strengths, against neighbours, folds and the path without policy."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.optimize import brentq

import aigini
from aigini.analysis.levers import FULL, LEVERS
from aigini.analysis.timing import DEFAULT_LEVERS, _part_of_year, _Policy, policy_timing
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.dynamics.bifurcations import bifurcations
from aigini.dynamics.phases import Setting
from aigini.dynamics.rest import map_values
from aigini.dynamics.steered import steered_path
from aigini.errors import AnalysisError
from aigini.storage.results import save

YEARS, DURATION = 30, 6


@pytest.fixture(scope="module")
def setting():
    # A path that is lost, but not by much.
    config = load("configs/two_regimes.toml", {"dynamics.years": YEARS, "dynamics.retool_speed": 0.1})
    return Setting(config.params, config.dynamics, config.scenario)


@pytest.fixture(scope="module")
def whole(setting):
    return dataclasses.replace(setting, dynamics=dataclasses.replace(setting.dynamics, years=YEARS + DURATION))


@pytest.fixture(scope="module")
def timing(setting):
    levers = ("rent_sharing", "slower_deployment")
    return policy_timing(setting, "the configured speeds", levers, DURATION, count=3)


def test_without_strength_nothing_changes(whole):
    alone = whole.reached()
    for lever in DEFAULT_LEVERS:
        reached = _Policy(whole, lever, math.inf).reached(0.0, 7.3)
        assert reached.regime == alone.regime == "asset-dominated"
        assert reached.excess == pytest.approx(alone.excess, rel=1e-9)


def test_parts_of_years_are_continuous_and_add_up():
    share = _part_of_year(12, 3.25)
    assert share[:5].tolist() == [0, 0, 0, 0.75, 1]
    assert share.sum() == pytest.approx(12 + 1 - 3.25)
    assert np.abs(_part_of_year(12, 3.25 + 1e-9) - share).max() < 2e-9


def test_a_lifted_lever_moves_parameters_in_its_years_only(whole):
    later = whole.params.replace(asset_reversion=0.2)
    share = _part_of_year(YEARS + DURATION, 5.0) - _part_of_year(YEARS + DURATION, 5.0 + DURATION)
    path = steered_path(whole.params, whole.dynamics, whole.scenario, later, share)
    alone = steered_path(whole.params, whole.dynamics, whole.scenario)
    np.testing.assert_array_equal(path.variance[:6], alone.variance[:6])
    t = 7
    law = whole.dynamics.law(later)
    gap = path.adoption[t] - path.retooled[t]
    assert path.variance[t + 1] == pytest.approx(float(law.following(path.variance[t], path.growth[t], gap)), rel=1e-12)
    assert path.variance[12] != alone.variance[12]
    law, gap = whole.dynamics.law(whole.params), path.adoption[20] - path.retooled[20]
    assert path.variance[21] == pytest.approx(float(law.following(path.variance[20], path.growth[20], gap)), rel=1e-12)


def test_the_point_of_no_return_separates_dates(timing, whole):
    points = {(one.lever, one.duration): one for one in timing.levers if one.no_return is not None}
    assert ("slower_deployment", None) in points
    assert len(points) >= 2
    for (lever, duration), one in points.items():
        policy = _Policy(whole, lever, math.inf if duration is None else float(duration))
        before, after = (policy.reached(FULL, one.no_return + side * 1e-5).regime for side in (-1, 1))
        assert (before, after) == ("labour-strong", "asset-dominated")
        assert one.verdict.endswith(f"not from {one.no_return:.2f} on")


def test_is_kept_in_a_file_and_drawn(timing, tmp_path):
    save(tmp_path, "policy_timing", timing, {})
    again = load_result(tmp_path, "policy_timing")
    assert str(again) == str(timing)
    assert [path.stem for path in aigini.draw(again, tmp_path)] == ["policy_timing"]


def test_the_least_strength_separates_strengths(timing, whole):
    for one in timing.levers:
        policy = _Policy(whole, one.lever, math.inf if one.duration is None else float(one.duration))
        for start, strength in zip(one.start.tolist()[:2], one.strength[:2], strict=True):
            if strength is None:
                assert policy.reached(FULL, start).regime != "labour-strong"
                continue
            below, above = (policy.reached(strength + side * 1e-6, start).regime for side in (-1, 1))
            assert (below, above) == ("asset-dominated", "labour-strong")


def test_a_lever_that_stays_works_late_where_it_ends_the_other_regime(whole):
    # Once the economy is asset-dominated, open access has to put χ q_A below the fold at which that regime ends.
    lost = whole.moved({"retool_speed": 0.05, "deployment_speed": 0.8})

    def at(strength):
        moved = LEVERS["open_access"](dict(lost.params.as_dict()), strength)
        params = lost.params.replace(eta0=moved["eta0"], eta1=moved["eta1"])
        return map_values(params, lost.dynamics, lost.scenario)

    (fold,) = (f for f in bifurcations(at(0.1), "growth").folds if f.ends == "asset-dominated")
    strength = brentq(lambda s: at(s)["growth"] - fold.value, 0.01, 0.5, xtol=1e-12)
    policy = _Policy(lost, "open_access", math.inf)
    below, above = (policy.reached(strength * (1 + side * 1e-4), float(YEARS)).regime for side in (-1, 1))
    assert (below, above) == ("asset-dominated", "labour-strong")


def test_a_path_that_is_labour_strong_by_itself_needs_none(setting):
    result = policy_timing(setting.moved({"retool_speed": 0.5}), "fast retooling", ("rent_sharing",))
    assert result.levers == []
    assert "ends labour-strong by itself" in str(result)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("capital_dividend",), "capital_dividend: no lever that moves parameters of the path"),
        (("nothing",), "nothing: no lever"),
    ],
)
def test_levers_that_cannot_be_timed_are_refused(setting, arguments, words):
    with pytest.raises(AnalysisError, match=words):
        policy_timing(setting, "x", arguments)


def test_a_duration_of_nothing_is_refused(setting):
    with pytest.raises(AnalysisError, match="at least 1 year"):
        policy_timing(setting, "x", ("rent_sharing",), 0)

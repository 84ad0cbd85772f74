"""Which regime the path reaches: the boundary between basins, phase diagrams, and when labour-strong survives."""

import math

import numpy as np
import pytest
from scipy.special import erf, expit
from test_dynamics_path import REFERENCE, by_hand

from aigini.config import load
from aigini.dynamics.basin import carried_back, regime_reached, yearly_map, years_until_caught_up
from aigini.dynamics.bifurcations import bifurcations
from aigini.dynamics.phase_result import REGIMES
from aigini.dynamics.phases import Setting, phase_diagram
from aigini.dynamics.rest import map_values
from aigini.dynamics.steered import steered_path
from aigini.dynamics.survival import exact_critical_speed, survival
from aigini.dynamics.transition import _aggregate
from aigini.errors import AnalysisError

VALUES = {**REFERENCE, "growth": 0.095, "erosion_gap_weight": 0.4}


def simulated(variance, growth, gap, years=6000):
    """The end of a path, by hand: given years, and then the long run of the last."""
    for t in range(years):
        g, behind = (growth[t], gap[t]) if t < len(gap) else (growth[-1], 0.0)
        strain = erf(np.sqrt(variance) / 2) + 0.4 * behind - 0.75
        rho = 0.9 + g * (1 - 0.6 * (1 - 0.9 * expit(strain / 0.04)))
        variance = rho**2 * variance + 1 - 0.9**2
    return variance


def reference_path(speed, years=400):
    adoption = expit(0.5 * (np.arange(years) - 8))
    u, gap = 0.0, []
    for deployed in adoption:
        gap.append(deployed - u)
        u += speed * (deployed - u)
    return np.append(0.095 * adoption, 0.095), np.append(gap, 0.0)


class TestTheBasin:
    @pytest.mark.parametrize("speed", [0.05, 0.13, 0.139, 0.14, 0.2, 0.9])
    def test_is_that_of_a_simulated_path(self, speed):
        growth, gap = reference_path(speed)
        reached = regime_reached(VALUES, 1.0, growth, gap, 400.0)
        end = simulated(1.0, growth, gap)
        assert reached.two
        assert reached.variance == pytest.approx(end, rel=1e-6)
        assert (reached.regime == "labour-strong") == (end < 2.6)

    def test_boundary_separates_simulated_paths_in_every_year(self):
        growth, gap = reference_path(0.15)
        own = yearly_map(VALUES)
        boundary = carried_back(own, 2.63200764544782, growth, gap)
        for year in (0, 5, 12, 40, 100):
            for side, low in ((1 - 1e-6, True), (1 + 1e-6, False)):
                end = simulated(boundary[year] * side, growth[year:], gap[year:], 2000)
                assert (end < 2.6) == low

    def test_critical_speed_of_the_reference_path_is_that_of_bisection(self):
        low, high = 0.1, 0.2
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if simulated(1.0, *reference_path(middle), 1500) > 2.632 else (low, middle)

        def excess(speed):
            return regime_reached(VALUES, 1.0, *reference_path(speed), 400.0).excess

        assert excess(low * (1 - 1e-9)) > 0 > excess(low * (1 + 1e-9))
        # After 60 years the same path has all but decided.
        assert by_hand(low, years=60) == pytest.approx(2.632, abs=2e-3)

    def test_every_map_has_its_inverse(self):
        own = yearly_map(VALUES)
        for v in (0.3, 1.0, 2.632, 50.0):
            for gap in (0.0, 0.5):
                assert own.preceding(own.following(v, 0.095, gap), 0.095, gap) == pytest.approx(v, rel=1e-12)
        assert own.preceding(0.1, 0.095, 0.0) == 0.0
        assert years_until_caught_up(1.0, 0.5) == 2
        assert 0.5 * 0.9 ** years_until_caught_up(0.1, 0.5) < 1e-9

    def test_one_state_is_named_by_its_bargaining_and_explosion_is_said(self):
        growth, gap = np.array([0.095]), np.zeros(1)
        weak = regime_reached({**VALUES, "xi": 0.12}, 1.0, growth, gap, 400.0)
        strong = regime_reached(VALUES, 1.0, np.array([0.05]), gap, 400.0)
        assert (weak.regime, weak.two, strong.regime, strong.two) == ("asset-dominated", False, "labour-strong", False)
        explosive = regime_reached(VALUES, 1.0, np.array([0.12]), gap, 400.0)
        assert (explosive.regime, explosive.variance) == ("explosive", None)


class TestSurvival:
    def test_static_condition_is_exact(self):
        # χ q_A ≤ g* and V_0 < V_u, against simulation at points on both sides.
        for growth in (0.095, 0.1055, 0.1064):
            values = {**VALUES, "growth": growth}
            condition = survival(values)
            for start in (1.0, 2.0, 2.3, 3.0):
                end = simulated(start, np.array([growth]), np.zeros(1), 20_000)
                assert (condition is not None and start < condition.variance) == (end < 2.2)

    def test_first_order_condition_is_of_second_order(self):
        # As V_0 approaches V_u and λ falls with the distance, the error falls with the square of the distance.
        unstable = survival(VALUES).variance
        errors = []
        for scale in (0.2, 0.1, 0.05):
            values = {**VALUES, "erosion_gap_weight": 0.25 * scale}
            start = unstable * math.exp(-0.3 * scale)
            exact = exact_critical_speed(values, 1.0, start)
            errors.append(survival(values).critical_speed(1.0, start) / exact - 1)
            gap = (1 - exact) ** np.arange(2000)
            assert survival(values).boundary(gap) == pytest.approx(start, rel=0.3 * scale**2)
        ratios = np.abs(errors[:-1]) / np.abs(errors[1:])
        assert (ratios > 1.7).all()
        assert abs(errors[-1]) < 0.02

    def test_closed_form_is_within_ten_per_cent_in_the_reference_economy(self):
        exact = exact_critical_speed(VALUES, 1.0, 1.0)
        assert exact == pytest.approx(0.168292, abs=1e-6)
        for speed, strong in ((exact * 0.999, False), (exact * 1.001, True)):
            gap = (1 - speed) ** np.arange(400)
            assert (simulated(1.0, np.full(400, 0.095), gap, 3000) < 2.6) == strong
        assert survival(VALUES).critical_speed(1.0, 1.0) / exact - 1 == pytest.approx(0.076, abs=0.002)

    def test_numbers_are_those_of_derivatives(self):
        condition, own, step = survival(VALUES), yearly_map(VALUES), 1e-6
        v = condition.variance
        by_gap = (own.following(v, 0.095, step) - own.following(v, 0.095, -step)) / (2 * step * v)
        assert condition.by_gap == pytest.approx(by_gap, rel=1e-7)

    def test_without_an_unstable_point_there_is_none(self):
        assert survival({**VALUES, "xi": 0.12}) is None
        with pytest.raises(AnalysisError, match="no unstable point"):
            exact_critical_speed({**VALUES, "xi": 0.12}, 1.0, 1.0)
        with pytest.raises(AnalysisError, match="is not below the unstable point"):
            survival(VALUES).critical_speed(1.0, 3.0)


@pytest.fixture(scope="module")
def setting():
    config = load("configs/two_regimes.toml", {"dynamics.years": 24})
    return Setting(config.params, config.dynamics, config.scenario)


class TestPhaseDiagrams:
    def test_paths_are_those_of_the_whole_economy(self, setting):
        path = steered_path(setting.params, setting.dynamics, setting.scenario)
        whole = _aggregate(setting.params, setting.dynamics, setting.scenario)
        np.testing.assert_allclose(path.variance, whole.variance, rtol=1e-13)
        np.testing.assert_allclose(path.bargaining, whole.bargaining, rtol=1e-12)

    def test_boundary_separates_the_regimes_that_neighbours_reach(self, setting):
        diagram = phase_diagram(setting, ("retool_speed", "deployment_speed"), count=3)
        assert {REGIMES[code] for code in np.unique(diagram.regime)} == {"labour-strong", "asset-dominated"}
        assert len(diagram.boundary) >= 2
        for point in diagram.boundary:
            assert point.kind == "unstable point"
            at = {"retool_speed": point.x, "deployment_speed": point.y}
            regimes = [
                setting.moved({**at, "retool_speed": point.x * side}).reached().regime for side in (0.9999, 1.0001)
            ]
            assert regimes == ["asset-dominated", "labour-strong"]

    def test_where_the_regime_vanishes_the_boundary_is_the_fold(self, setting):
        fast = setting.moved({"retool_speed": 1.0})
        diagram = phase_diagram(fast, ("asset_sd", "adoption_final"), ((0.9, 1.2), (0.5, 0.500001)), count=2)
        values = map_values(setting.params, setting.dynamics, setting.scenario)
        (fold,) = (f for f in bifurcations(values, "asset_sd").folds if f.ends == "labour-strong")
        at = [point.x for point in diagram.boundary if point.y == 0.5]
        assert [point.kind for point in diagram.boundary] == ["fold", "fold"]
        # q_A does not depend on the dispersion of assets.
        assert at[0] == pytest.approx(fold.value, rel=1e-7)

    @pytest.mark.parametrize(
        ("names", "between", "words"),
        [
            (("xi", "xi"), None, "two different parameters"),
            (("xi", "nothing"), None, "nothing: no parameter"),
            (("xi", "eta1"), ((0.9, 0.1), (0.3, 0.6)), "the range is reversed"),
            (("xi", "eta1"), ((0.1, 1.9), (0.3, 0.6)), "inside"),
        ],
    )
    def test_refuse_planes_that_make_no_sense(self, setting, names, between, words):
        with pytest.raises(AnalysisError, match=words):
            phase_diagram(setting, names, between)

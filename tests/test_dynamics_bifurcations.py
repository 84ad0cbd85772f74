"""Bifurcations of the long run: branches against dense grids, folds and cusps against independent roots, hysteresis."""

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve
from scipy.special import erf, expit
from test_dynamics_fixed_points import REFERENCE, following, random_point

from aigini.dynamics import bifurcations, fold_curves, long_run_fixed_points
from aigini.dynamics.bifurcations import folds_over
from aigini.dynamics.equations import NAMES
from aigini.dynamics.hysteresis import settled
from aigini.errors import AnalysisError, ParameterError
from aigini.numerics.arclength import solution_curve


def slope(v, p):
    """F'(V) by hand."""
    root = np.sqrt(v)
    share = expit((erf(p["psi"] * root / 2) - p["erosion_midpoint"]) / p["erosion_width"])
    rho = 1 - p["asset_reversion"] + p["growth"] * (1 - p["xi"] * (1 - p["bargaining_erosion"] * share))
    gini = p["psi"] * np.exp(-(p["psi"] ** 2) * v / 4) / (2 * root * np.sqrt(np.pi))
    bell = p["growth"] * p["xi"] * p["bargaining_erosion"] * share * (1 - share) / p["erosion_width"]
    return rho**2 + 2 * rho * v * bell * gini


def turning_points(p, low, high, name):
    """Folds over a parameter by brute force: where the smallest or largest of F - V between two roots is zero."""

    def unknown(x):
        own = {**p, name: x[1]}
        return [following(np.exp(x[0]), own) / np.exp(x[0]) - 1, slope(np.exp(x[0]), own) - 1]

    grid = np.linspace(low, high, 801)
    v = np.geomspace(0.3, 400, 4001)
    counts = [np.count_nonzero(np.diff(np.sign(following(v, {**p, name: x}) - v))) for x in grid]
    folds = []
    for k in np.flatnonzero(np.abs(np.diff(counts)) == 2):
        # Of the pair that vanishes, the tangency is where |F - V| is smallest at a turn of F - V.
        gap = following(v, {**p, name: grid[k]}) / v - 1
        turns = np.flatnonzero(np.diff(np.sign(np.diff(gap))) != 0) + 1
        start = v[turns[np.argmin(np.abs(gap[turns]))]]
        root = fsolve(unknown, [np.log(start), grid[k]], xtol=1e-13)
        assert np.abs(unknown(root)).max() < 1e-12
        folds.append(root[1])
    return sorted(folds)


@pytest.fixture(scope="module")
def over():
    return {name: bifurcations(REFERENCE, name) for name in NAMES}


class TestBranches:
    @pytest.mark.parametrize("name", NAMES)
    def test_hold_fixed_points_and_their_multipliers(self, over, name):
        one = over[name]
        assert one.complete
        assert one.checked > 30
        for branch in one.branches:
            assert set(branch.ends) <= {"edge", "closed"}
            for x, v, multiplier in zip(branch.value, branch.variance, branch.multiplier, strict=True):
                own = {**REFERENCE, name: x}
                assert following(v, own) == pytest.approx(v, rel=1e-10)
                assert multiplier == pytest.approx(slope(v, own), rel=1e-8)

    @pytest.mark.parametrize("name", NAMES)
    def test_folds_are_those_of_an_independent_root_find(self, over, name):
        one = over[name]
        expected = turning_points(REFERENCE, *one.between, name)
        assert [fold.value for fold in one.folds] == pytest.approx(expected, abs=1e-8)
        for fold in one.folds:
            step = 1e-6 * (one.between[1] - one.between[0])
            counts = [
                len(long_run_fixed_points(**{**REFERENCE, name: fold.value + side * step}).points) for side in (-1, 1)
            ]
            assert counts[1] - counts[0] == 2 * fold.opens

    def test_derivatives_of_a_fold_are_those_of_differences(self, over):
        fold, interval = over["growth"].folds[1], ("growth", (0.095, 0.12))
        for name, exact in fold.slopes.items():
            step = 1e-5 * REFERENCE[name]
            moved = [
                max(f.value for f in folds_over({**REFERENCE, name: REFERENCE[name] + side * step}, *interval, 400.0))
                for side in (-1, 1)
            ]
            assert (moved[1] - moved[0]) / (2 * step) == pytest.approx(exact, rel=1e-6)

    def test_at_random_parameters_agree_with_dense_grids(self):
        rng = np.random.default_rng(5)
        several = 0
        drawn = [random_point(rng) for _ in range(200)]
        drawn.sort(key=lambda point: -len(long_run_fixed_points(**point).points))
        for point in (*drawn[:8], *drawn[-8::2]):  # eight with the most fixed points, and others
            name = NAMES[rng.integers(len(NAMES))]
            one = bifurcations(point, name)
            assert one.complete
            for at in rng.uniform(*one.between, 8):
                v = np.geomspace(0.05, one.upper, 6001)
                count = np.count_nonzero(np.diff(np.sign(following(v, {**point, name: at}) - v)))
                crossed = sum(np.count_nonzero(np.diff(np.sign(branch.value - at)) != 0) for branch in one.branches)
                if count != crossed:  # two roots closer than the grid: the certified count decides
                    count = len(long_run_fixed_points(**{**point, name: at}, upper=one.upper).points)
                assert crossed == count
                several += count > 1
        assert several >= 10


class TestHysteresis:
    def test_is_that_of_the_iterated_map(self, over):
        one = over["growth"]
        value = one.loop.value
        grid = value[(value > 0.07) & (value < 0.1)]

        def swept(order, v):
            states = {}
            for x in order:
                for _ in range(6000):
                    v = following(v, {**REFERENCE, "growth": x})
                states[x] = v
            return states

        up = swept(grid, 1.0)
        down = swept(grid[::-1], 50.0)
        assert one.loop.first == 1
        assert one.loop.differs
        for x, there, back in zip(value, one.loop.there, one.loop.back, strict=True):
            # Beside a fold the map hardly moves.
            if x in up and min(abs(fold.value - x) for fold in one.folds) > 1e-6:
                assert there == pytest.approx(up[x], rel=1e-9)
                assert back == pytest.approx(down[x], rel=1e-9)

    def test_jumps_at_the_folds(self, over):
        loop = over["growth"].loop
        folds = over["growth"].folds
        assert [(jump.way, jump.value) for jump in loop.jumps] == [(1, folds[1].value), (-1, folds[0].value)]
        assert loop.jumps[0].goal > 100 > 2 > loop.jumps[1].goal

    def test_settles_where_the_map_leads(self):
        points = long_run_fixed_points(**REFERENCE)
        low, middle, high = points.points
        assert [settled(points, v) for v in (0.5, middle - 0.01, middle, middle + 0.01, 100.0)] == [
            *(low, low, middle, high, high)
        ]
        explosive = long_run_fixed_points(**{**REFERENCE, "growth": 0.11})
        assert settled(explosive, 1.0) == np.inf


@pytest.fixture(scope="module")
def region():
    return fold_curves(REFERENCE, ("growth", "xi"))


class TestFoldCurves:
    def test_consist_of_folds(self, region):
        for curve in region.curves:
            for x, y, v in zip(curve.x, curve.y, curve.variance, strict=True):
                own = {**REFERENCE, "growth": x, "xi": y}
                assert following(v, own) == pytest.approx(v, rel=1e-9)
                assert slope(v, own) == pytest.approx(1.0, abs=1e-8)

    def test_meet_in_a_cusp(self, region):
        (cusp,) = region.cusps

        def unknown(x):
            own = {**REFERENCE, "growth": x[1], "xi": x[2]}
            v = np.exp(x[0])
            bend = (slope(v * np.exp(1e-4), own) - slope(v * np.exp(-1e-4), own)) / 2e-4
            return [following(v, own) / v - 1, slope(v, own) - 1, bend]

        root = fsolve(unknown, [1.1, 0.08, 0.36], xtol=1e-12)
        assert (np.exp(root[0]), *root[1:]) == pytest.approx((cusp.variance, *cusp.at), rel=1e-6)

    def test_enclose_the_region_with_two_regimes(self, region):
        growth, xi = region.grid
        for j in range(0, len(xi), 10):
            own = {**REFERENCE, "xi": xi[j]}
            folds = [fold.value for fold in bifurcations(own, "growth", region.between[0]).folds]
            two = growth[region.stable[:, j] > 1]
            if len(folds) < 2:
                assert not len(two) or xi[j] > 0.75  # the upper fold is beyond the box
            else:
                assert folds[0] < two.min()
                assert two.max() < folds[1]

    def test_of_one_parameter_are_refused(self):
        with pytest.raises(AnalysisError, match="two different parameters"):
            fold_curves(REFERENCE, ("xi", "xi"))


def test_arclength_closes_a_circle_and_turns_at_the_edges_of_a_box():
    def circle(x):
        return np.array([x @ x - 1]), 2 * x[None, :]

    box = np.full(2, 2.0)
    whole = solution_curve(circle, np.array([1.0, 0.0]), -box, box)
    assert whole.closed
    assert np.abs(np.linalg.norm(whole.points, axis=1) - 1).max() < 1e-12
    assert np.linalg.norm(np.diff(whole.points, axis=0), axis=1).sum() == pytest.approx(2 * np.pi, abs=0.05)
    half = solution_curve(circle, np.array([1.0, 0.0]), np.array([0.3, -2.0]), box)
    assert half.ends == ("edge", "edge")
    assert half.points[[0, -1], 0] == pytest.approx([0.3, 0.3], abs=1e-12)
    with pytest.raises(AnalysisError, match="outside the box"):
        solution_curve(circle, np.array([3.0, 0.0]), -box, box)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("growth", (0.1, 0.05)), AnalysisError, "the interval is reversed"),
        (("xi", (0.5, 1.5)), ParameterError, "xi = 1.5 is not allowed"),
        (("eta1",), AnalysisError, "no parameter of the map"),
    ],
)
def test_bad_intervals_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        bifurcations(REFERENCE, *arguments)


def test_brute_force_sees_the_reference_folds():
    growth = turning_points(REFERENCE, 0.07, 0.12, "growth")
    v = brentq(lambda x: slope(x, {**REFERENCE, "growth": growth[1]}) - 1, 1.7, 2.3)
    assert following(v, {**REFERENCE, "growth": growth[1]}) == pytest.approx(v, rel=1e-9)

"""Tracing a zero set: folds, closed curves, edges, economy of evaluations, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigini.errors import AnalysisError
from aigini.numerics.continuation import EDGES, trace_level_set
from aigini.numerics.level_set import crossing, seeds_from_grid

SQUARE = ((-1.0, 1.0), (-1.0, 1.0))
NO_SEEDS = np.zeros((0, 2))


def circle(radius, centre=(0.0, 0.0)):
    def function(point):
        away = point - np.array(centre)
        return away @ away - radius**2, 2 * away

    return function


def hyperbola(c):
    return lambda point: (point[0] * point[1] - c, point[::-1])


def s_curve(point):
    """The curve x = y³ - y, with folds at y = ±1/√3."""
    return point[1] ** 3 - point[1] - point[0], np.array([-1.0, 3 * point[1] ** 2 - 1])


def flat(point):
    """The line x + 2y = 0.5."""
    return point[0] + 2 * point[1] - 0.5, np.array([1.0, 2.0])


def grid_seeds(function, box=SQUARE, n=21):
    x, y = (np.linspace(low, high, n) for low, high in box)
    return seeds_from_grid(x, y, np.array([[function(np.array([a, b]))[0] for b in y] for a in x]))


def trace(function, box=SQUARE, n=21, **settings):
    return trace_level_set(function, box, grid_seeds(function, box, n), **settings)


def in_unit_square(points, box):
    low, high = np.array(box).T
    return (points - low) / (high - low)


def check(level, function, box=SQUARE, tolerance=1e-10, longest=0.05):
    """What holds of every result: accuracy, the box, the length of steps, the slopes, the meaning of ends."""
    for branch in level.branches:
        residuals = np.array([abs(function(point)[0]) for point in branch.points])
        np.testing.assert_array_equal(branch.residuals, residuals)
        assert (residuals <= tolerance).all()
        unit = in_unit_square(branch.points, box)
        assert ((unit >= 0) & (unit <= 1)).all()
        assert (np.hypot(*np.diff(unit, axis=0).T) <= 1.2 * longest).all()
        gradients = np.array([function(point)[1] for point in branch.points])
        steep = gradients[:, 1] == 0
        np.testing.assert_allclose(
            branch.slopes[~steep], -gradients[~steep, 0] / gradients[~steep, 1], rtol=1e-12, atol=1e-300
        )
        assert (branch.slopes[steep] == np.inf).all()
        assert branch.closed == ("closed" in branch.ends)
        if branch.closed:
            assert branch.ends == ("closed", "closed")
            np.testing.assert_array_equal(branch.points[0], branch.points[-1])
        for end, point in zip(branch.ends, (branch.points[0], branch.points[-1]), strict=True):
            if end in EDGES:
                side = EDGES.index(end)
                assert point[side // 2] == box[side // 2][side % 2]


class TestCurves:
    @pytest.mark.parametrize("n", [8, 20, 21, 60])
    def test_a_circle_is_one_closed_branch_with_two_folds(self, n):
        function = circle(0.7)
        level = trace(function, n=n)
        check(level, function)
        (branch,) = level.branches
        assert branch.closed
        assert not level.lost
        assert level.skipped == len(grid_seeds(function, n=n)) - 1
        at_folds = np.sort(branch.points[branch.folds, 0])
        np.testing.assert_allclose(at_folds, [-0.7, 0.7], atol=0.02)
        after = branch.points[branch.folds + 1]
        assert (branch.points[branch.folds, 1] * after[:, 1] <= 0).all()

    @pytest.mark.parametrize("seed", [(0.7, 0.0), (-0.7, 0.0), (0.0, 0.7), (0.5, 0.5)])
    def test_a_circle_has_two_folds_wherever_it_starts(self, seed):
        (branch,) = trace_level_set(circle(0.7), SQUARE, np.array([seed])).branches
        assert branch.closed
        np.testing.assert_allclose(np.sort(branch.points[branch.folds, 0]), [-0.7, 0.7], atol=0.02)

    @pytest.mark.parametrize("radius", [0.02, 0.1, 0.999, 1.0])
    def test_small_circles_and_circles_that_touch_the_box_close(self, radius):
        function = circle(radius)
        level = trace_level_set(function, SQUARE, np.array([[0.8 * radius, 0.6 * radius]]))
        check(level, function)
        assert level.branches[0].closed

    def test_a_circle_beyond_the_box_is_cut_into_its_corners(self):
        function = circle(1.2)
        level = trace(function)
        check(level, function)
        assert len(level.branches) == 4
        assert all(set(branch.ends) <= set(EDGES) for branch in level.branches)
        ends = np.abs([point for branch in level.branches for point in (branch.points[0], branch.points[-1])])
        np.testing.assert_allclose(np.sort(ends, axis=1), np.tile([math.sqrt(0.44), 1], (8, 1)), atol=1e-9)

    def test_both_folds_of_an_s_shaped_curve_are_passed(self):
        box = ((-0.8, 0.8), (-2.0, 2.0))
        level = trace(s_curve, box)
        check(level, s_curve, box)
        (branch,) = level.branches
        assert set(branch.ends) == {"edge x0", "edge x1"}
        assert abs(np.diff(branch.points[[0, -1], 0])[0]) == 1.6
        fold = 1 / math.sqrt(3)
        np.testing.assert_allclose(np.sort(branch.points[branch.folds, 1]), [-fold, fold], atol=0.11)
        # x is monotone between folds and y throughout.
        assert len({*np.sign(np.diff(branch.points[:, 1]))}) == 1

    def test_the_end_on_the_edge_solves_the_equation_there(self):
        box = ((-0.8, 0.8), (-2.0, 2.0))
        (branch,) = trace(s_curve, box).branches
        for x, y in branch.points[[0, -1]]:
            root = next(r.real for r in np.roots([1, 0, -1, -x]) if abs(r.imag) < 1e-9 and r.real * x > 0)
            assert y == pytest.approx(root, abs=1e-10)

    @pytest.mark.parametrize("c", [0.1, 0.003, -0.2])
    def test_a_hyperbola_has_two_branches(self, c):
        function = hyperbola(c)
        level = trace(function)
        check(level, function)
        assert len(level.branches) == 2
        for branch in level.branches:
            assert len({*np.sign(branch.points[:, 0])}) == 1
            np.testing.assert_allclose(branch.slopes, -c / branch.points[:, 0] ** 2, rtol=1e-6)
            assert len(branch.folds) == 0

    def test_branches_that_cross_end_at_the_crossing(self):
        # xy = 0: four arms, whose common point has no tangent.
        level = trace(hyperbola(0.0), n=20)
        check(level, hyperbola(0.0))
        assert len(level.branches) == 4
        for branch in level.branches:
            assert sorted(branch.ends)[1] == "step too small"
            assert np.abs(branch.points).max(axis=1).min() < 1e-3

    def test_a_line_costs_little_more_than_one_evaluation_a_point(self):
        level = trace(flat)
        check(level, flat)
        (branch,) = level.branches
        np.testing.assert_allclose(branch.slopes, -0.5, rtol=1e-14)
        assert level.calls <= 1.5 * len(branch.points)

    @pytest.mark.parametrize("x", [-1.0, 0.3, 1.0])
    def test_a_vertical_line_has_infinite_slopes_and_no_fold(self, x):
        # Also along an edge of the box.
        level = trace(lambda point: (point[0] - x, np.array([1.0, 0.0])))
        (branch,) = level.branches
        assert set(branch.ends) == {"edge y0", "edge y1"}
        assert (branch.slopes == np.inf).all()
        assert (branch.points[:, 0] == x).all() or x == 0.3
        assert len(branch.folds) == 0

    def test_a_curve_that_only_touches_a_corner_is_a_point(self):
        level = trace_level_set(lambda p: (p[0] + p[1] - 2, np.array([1.0, 1.0])), SQUARE, np.array([[1.0, 1.0]]))
        (branch,) = level.branches
        np.testing.assert_array_equal(branch.points, [[1, 1]])
        assert set(branch.ends) == {"edge x1", "edge y1"}
        assert str(branch).startswith("1 point, ")

    @pytest.mark.parametrize("gap", [0.03, 0.1])
    def test_narrow_strands_are_not_confused(self, gap):
        # Waves y = a sin(6x) ± gap/2, two strands whose gradients point opposite ways.
        def function(point):
            wave = point[1] - 0.5 * math.sin(6 * point[0])
            return wave**2 - gap**2 / 4, 2 * wave * np.array([-3 * math.cos(6 * point[0]), 1.0])

        level = trace(function, n=60)
        check(level, function)
        assert len(level.branches) == 2
        for branch in level.branches:
            assert set(branch.ends) == {"edge x0", "edge x1"}
            offset = branch.points[:, 1] - 0.5 * np.sin(6 * branch.points[:, 0])
            assert len({*np.sign(offset)}) == 1


class TestTrouble:
    def test_a_region_without_values_ends_the_branch_at_its_border(self):
        def function(point):
            value, gradient = circle(0.7)(point)
            return (np.nan, gradient) if point[0] > 0.5 else (value, gradient)

        level = trace(function)
        check(level, function)
        (branch,) = level.branches
        assert branch.ends == ("value not finite", "value not finite")
        for x, _ in branch.points[[0, -1]]:
            assert 0.5 - 4e-4 < x <= 0.5
        assert np.isfinite(branch.points).all()

    def test_a_gradient_that_is_not_finite_counts_as_no_value(self):
        def function(point):
            return flat(point)[0], np.array([1.0, 2.0 if point[0] < 0 else np.inf])

        (branch,) = trace_level_set(function, SQUARE, np.array([[-0.5, 0.5]])).branches
        assert sorted(branch.ends) == ["edge x0", "value not finite"]

    def test_a_kink_ends_the_branch(self):
        def function(point):
            return point[1] - abs(point[0]), np.array([-np.sign(point[0]), 1.0])

        level = trace_level_set(function, SQUARE, np.array([[-0.5, 0.5], [0.5, 0.5]]))
        check(level, function)
        assert [sorted(branch.ends)[1] for branch in level.branches] == ["step too small"] * 2

    def test_no_sign_change_gives_an_empty_result_that_says_so(self):
        level = trace(lambda point: (1 + point @ point, 2 * point))
        assert level.branches == ()
        assert level.calls == 0
        assert "did not change sign" in level.message
        assert level.message in str(level)

    def test_a_seed_without_gradient_is_lost(self):
        level = trace_level_set(circle(0.7), SQUARE, np.array([[0.0, 0.0], [0.5, 0.5]]))
        (lost,) = level.lost
        assert lost.point == (0.0, 0.0)
        assert lost.reason == "gradient is zero"
        assert len(level.branches) == 1
        assert "lost seed (0, 0): gradient is zero" in str(level)

    def test_a_singular_point_of_the_curve_is_lost(self):
        level = trace_level_set(hyperbola(0.0), SQUARE, np.array([[0.0, 0.0]]))
        assert [lost.reason for lost in level.lost] == ["gradient is zero"]
        assert level.message == "no branch: every start point was lost"

    def test_a_seed_with_no_zero_near_is_lost_at_a_bounded_cost(self):
        level = trace_level_set(lambda point: (0.1 + point @ point, 2 * point), SQUARE, np.array([[0.4, 0.2]]))
        assert [lost.reason for lost in level.lost] == ["no convergence"]
        assert level.calls <= 20

    def test_a_seed_without_value_is_lost(self):
        level = trace_level_set(lambda point: (np.nan, point), SQUARE, np.array([[0.4, 0.3]]))
        assert [lost.reason for lost in level.lost] == ["value not finite"]
        assert level.calls == 1

    def test_noise_above_the_tolerance_loses_seeds_and_not_accuracy(self):
        random = np.random.default_rng(0)

        def function(point):
            value, gradient = circle(0.7)(point)
            return value + 1e-6 * random.normal(), gradient

        level = trace_level_set(function, SQUARE, np.array([[0.5, 0.5], [0.5, -0.5]]))
        assert all((branch.residuals <= 1e-10).all() for branch in level.branches)
        assert len(level.lost) + len(level.branches) == 2

    def test_the_rest_of_a_branch_cut_by_the_limit_is_not_traced_twice(self):
        function = circle(0.7)
        level = trace(function, max_points=20)
        check(level, function)
        assert len(level.branches) >= 3
        assert level.branches[0].ends == ("limit of points", "limit of points")
        assert level.branches[-1].ends[0].startswith("joins branch")
        assert sum(len(branch.points) for branch in level.branches) < 70

    def test_a_circle_with_a_gap_in_its_values_is_traced_from_both_sides(self):
        def function(point):
            value, gradient = circle(0.7)(point)
            return (np.nan if abs(point[1]) < 0.1 and point[0] > 0 else value), gradient

        (branch,) = trace_level_set(function, SQUARE, np.array([[0.0, 0.7]])).branches
        assert not branch.closed
        assert branch.ends == ("value not finite", "value not finite")
        assert len(branch.folds) == 1


class TestEconomy:
    def test_evaluations_are_counted_and_never_outside_the_box(self):
        seen = []

        def function(point):
            seen.append(point)
            return circle(1.2, (0.3, 0.1))(point)

        seeds = grid_seeds(circle(1.2, (0.3, 0.1)))
        level = trace_level_set(function, SQUARE, seeds)
        assert level.calls == len(seen)
        assert (np.abs(seen) <= 1).all()

    @pytest.mark.parametrize(("radius", "points", "calls"), [(0.95, 65, 140), (0.5, 45, 120), (0.1, 45, 130)])
    def test_a_gentle_curve_costs_about_two_evaluations_a_point(self, radius, points, calls):
        level = trace(circle(radius))
        assert len(level.branches[0].points) <= points
        assert level.calls <= calls

    def test_steps_shorten_where_the_curve_bends(self):
        # An ellipse of half-axes 0.9 and 0.05.
        def function(point):
            scaled = point / np.array([0.9, 0.05])
            return scaled @ scaled - 1, 2 * scaled / np.array([0.9, 0.05])

        level = trace_level_set(function, SQUARE, np.array([[0.0, 0.05]]))
        check(level, function)
        (branch,) = level.branches
        assert branch.closed
        lengths = np.hypot(*np.diff(branch.points, axis=0).T) / 2
        assert lengths.max() > 0.045
        assert lengths.min() < 0.01
        assert level.calls < 350

    def test_the_longest_step_is_respected(self):
        function = circle(0.7)
        for longest in (0.01, 0.05, 0.2):
            check(trace(function, max_step=longest), function, longest=longest)

    def test_points_do_not_depend_on_the_units_of_the_axes(self):
        scale, shift = np.array([1e6, 1e-3]), np.array([5e6, -2e-3])
        plain = trace(circle(0.7, (0.2, 0.1)))

        def function(point):
            value, gradient = circle(0.7, (0.2, 0.1))((point - shift) / scale)
            return value, gradient / scale

        box = tuple(tuple(float(v) for v in np.array(side) * scale[k] + shift[k]) for k, side in enumerate(SQUARE))
        scaled = trace(function, box)
        check(scaled, function, box)
        assert scaled.calls == plain.calls
        for one, two in zip(plain.branches, scaled.branches, strict=True):
            np.testing.assert_allclose((two.points - shift) / scale, one.points, rtol=0, atol=1e-8)
            assert one.ends == two.ends
            np.testing.assert_array_equal(one.folds, two.folds)

    def test_the_watcher_hears_of_every_point(self):
        heard = []
        level = trace(hyperbola(0.1), watch=lambda branch, points: heard.append((branch, points)))
        assert heard == [(k, n + 1) for k, branch in enumerate(level.branches) for n in range(len(branch.points))]


coefficients = st.lists(st.floats(-1, 1).map(lambda c: round(c, 3)), min_size=6, max_size=6)


@settings(max_examples=60)
@given(coefficients, st.sampled_from([1.0, 1e-2, 1e3]), st.sampled_from([0.0, 0.37, -2.0]))
def test_random_conics_and_lines(c, width, shift):
    box = ((shift - 1.0, shift + 1.0), (-width, width))
    c0, cx, cy, cxx, cxy, cyy = c

    def function(point):
        x, y = point[0] - shift, point[1] / width
        value = c0 + cx * x + cy * y + cxx * x**2 + cxy * x * y + cyy * y**2
        return value, np.array([cx + 2 * cxx * x + cxy * y, (cy + cxy * x + 2 * cyy * y) / width])

    seeds = grid_seeds(function, box, n=15)
    level = trace_level_set(function, box, seeds)
    check(level, function, box)
    assert level.calls <= 4000
    assert len(level.branches) + len(level.lost) + level.skipped == len(seeds)
    text = str(level)
    assert "nan" not in text
    # Every seed is near a branch, unless it was lost.
    lost = {seed.point for seed in level.lost}
    for seed in seeds:
        if tuple(seed.tolist()) not in lost:
            away = [
                np.hypot(*(in_unit_square(branch.points, box) - in_unit_square(seed, box)).T).min()
                for branch in level.branches
            ]
            assert min(away) < 0.1
    # No branch lies on another: most of its points are away from all earlier ones.
    for k, branch in enumerate(level.branches):
        for other in level.branches[:k]:
            one, two = in_unit_square(branch.points, box), in_unit_square(other.points, box)
            nearest = np.hypot(*(one[:, None] - two).transpose(2, 0, 1)).min(axis=1)
            assert np.median(nearest) > 0.001


@settings(max_examples=50)
@given(st.floats(), st.floats(), st.floats())
def test_any_linear_function_is_traced_or_lost(c0, cx, cy):
    def function(point):
        with np.errstate(all="ignore"):
            return c0 + cx * point[0] + cy * point[1], np.array([cx, cy])

    level = trace_level_set(function, SQUARE, np.array([[0.25, -0.5], [-1.0, 1.0]]))
    assert len(level.branches) + len(level.lost) + level.skipped == 2
    for branch in level.branches:
        assert (branch.residuals <= 1e-10).all()
        assert not np.isnan(branch.points).any()
        assert not np.isnan(branch.slopes).any()


class TestSeeds:
    def test_seeds_are_the_linear_zeros_between_grid_points(self):
        x, y = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0])
        values = np.array([[-1.0, 1.0], [1.0, 1.0], [1.0, -3.0]])
        found = seeds_from_grid(x, y, values)
        np.testing.assert_array_equal(found, [[0.5, 0], [1.5, 2], [0, 1], [3, 0.5]])

    def test_exact_zeros_are_seeds_once(self):
        x = y = np.array([-1.0, 0.0, 1.0])
        found = seeds_from_grid(x, y, x[:, None] + 2 * y)
        np.testing.assert_array_equal(found, [[0, 0], [-1, 0.5], [1, -0.5]])

    def test_values_that_are_not_finite_give_no_seed(self):
        x = y = np.array([0.0, 1.0])
        assert len(seeds_from_grid(x, y, np.array([[-1.0, np.nan], [np.inf, -np.inf]]))) == 0
        with pytest.raises(AnalysisError, match="no value on the grid is finite"):
            seeds_from_grid(x, y, np.full((2, 2), np.nan))

    def test_tiny_and_huge_values_are_read_by_their_sign(self):
        x = y = np.array([0.0, 1.0])
        found = seeds_from_grid(x, y, np.array([[-1e-300, 1e-300], [1e308, 1e308]]))
        np.testing.assert_allclose(found, [[0, 0], [0, 0.5]], atol=1e-300)
        found = seeds_from_grid(x, y, np.array([[-1e308, 1e308], [-1e308, -1e308]]))
        np.testing.assert_array_equal(found, [[0.5, 1], [0, 0.5]])

    @pytest.mark.parametrize(
        ("x", "y", "values", "message"),
        [
            ([0.0, 1.0], [0.0, 1.0], np.zeros((2, 3)), "shape"),
            ([0.0, 0.0], [0.0, 1.0], np.zeros((2, 2)), "grid of x"),
            ([0.0, 1.0], [0.0, np.nan], np.zeros((2, 2)), "grid of y"),
        ],
    )
    def test_grids_that_make_no_sense_are_refused(self, x, y, values, message):
        with pytest.raises(AnalysisError, match=message):
            seeds_from_grid(np.array(x), np.array(y), values)


class TestCrossing:
    def test_a_slice_through_the_s_shaped_curve_has_three_points(self):
        (branch,) = trace(s_curve, ((-0.8, 0.8), (-2.0, 2.0))).branches
        found = crossing(branch, "x", 0.1)
        assert (found[:, 0] == 0.1).all()
        np.testing.assert_allclose(np.sort(found[:, 1]), np.sort(np.roots([1, 0, -1, -0.1]).real), atol=1e-4)

    def test_a_closed_branch_counts_its_first_point_once(self):
        (branch,) = trace_level_set(circle(0.7), SQUARE, np.array([[0.7, 0.0]])).branches
        assert branch.points[0, 1] == 0
        found = crossing(branch, "y", 0.0)
        np.testing.assert_allclose(np.sort(found[:, 0]), [-0.7, 0.7], atol=1e-5)

    def test_a_line_that_is_missed_gives_an_empty_array(self):
        (branch,) = trace(circle(0.7)).branches
        assert crossing(branch, "x", 0.9).shape == (0, 2)


class TestCurve:
    @pytest.mark.parametrize("scale", [np.array([1.0, 1.0]), np.array([1e3, 1e-4])])
    def test_cubics_between_points_stay_on_a_circle(self, scale):
        def function(point):
            value, gradient = circle(0.7)(point / scale)
            return value, gradient / scale

        box = ((-scale[0], scale[0]), (-scale[1], scale[1]))
        (branch,) = trace_level_set(function, box, np.array([[0.7 * scale[0], 0.0]]), max_step=0.08).branches
        curve = branch.curve(10)
        assert len(curve) == 10 * (len(branch.points) - 1) + 1
        np.testing.assert_allclose(curve[::10], branch.points, rtol=1e-14)
        np.testing.assert_allclose(np.hypot(*(curve / scale).T), 0.7, atol=3e-5)
        # Chords miss it by a hundred times as much.
        middle = (branch.points[:-1] + branch.points[1:]) / 2
        assert np.abs(np.hypot(*(middle / scale).T) - 0.7).max() > 1e-3

    def test_vertical_lines_and_single_points_are_curves_too(self):
        def upright(point):
            return point[0] - 0.3, np.array([1.0, 0.0])

        (branch,) = trace_level_set(upright, SQUARE, np.array([[0.3, 0.1]])).branches
        np.testing.assert_allclose(branch.curve()[:, 0], 0.3, rtol=1e-12)
        assert (np.diff(branch.curve()[:, 1]) * np.sign(branch.points[-1, 1] - branch.points[0, 1]) > 0).all()
        point = trace_level_set(lambda p: (p[0] + p[1] - 2, np.array([1.0, 1.0])), SQUARE, np.array([[1.0, 1.0]]))
        np.testing.assert_array_equal(point.branches[0].curve(), [[1, 1]])


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"box": ((0.0, 0.0), (0.0, 1.0))}, "the box"),
            ({"box": ((0.0, 1.0), (0.0, math.inf))}, "the box"),
            ({"seeds": np.array([[2.0, 0.0]])}, "not in the box"),
            ({"seeds": np.array([[np.nan, 0.0]])}, "not in the box"),
            ({"seeds": np.zeros((1, 3))}, "shape"),
            ({"tolerance": 0.0}, "tolerance"),
            ({"tolerance": math.nan}, "tolerance"),
            ({"min_step": 0.04}, "min_step"),
            ({"max_step": 0.7}, "max_step"),
            ({"max_points": 1}, "max_points"),
            ({"separation": 0.001}, "separation"),
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, change, message):
        with pytest.raises(AnalysisError, match=message):
            trace_level_set(**{"value_and_gradient": flat, "box": SQUARE, "seeds": NO_SEEDS, **change})

    def test_a_function_of_the_wrong_shape_is_refused(self):
        with pytest.raises(AnalysisError, match=r"gradient \[2\]"):
            trace_level_set(lambda point: (1.0, 2.0), SQUARE, np.array([[0.0, 0.0]]))

    def test_errors_of_the_function_pass_through(self):
        def function(point):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            trace_level_set(function, SQUARE, np.array([[0.0, 0.0]]))


def test_the_text_describes_every_branch():
    text = str(trace(s_curve, ((-0.8, 0.8), (-2.0, 2.0))))
    assert "branch 0:" in text
    assert "edge x0" in text
    assert text.count("fold near") == 2
    assert "evaluations" in text

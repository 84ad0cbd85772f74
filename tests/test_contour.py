"""Zero sets from a grid: folds, closed curves, edges, gaps, economy of evaluations, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigini.errors import AnalysisError
from aigini.numerics.contour import EDGES, zero_contours
from aigini.numerics.level_set import crossing

SQUARE = ((-1.0, 1.0), (-1.0, 1.0))


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


def trace(function, box=SQUARE, n=21, **settings):
    x, y = (np.linspace(low, high, n) for low, high in box)
    values = np.array([[function(np.array([a, b]))[0] for b in y] for a in x], dtype=float)
    return zero_contours(function, x, y, values, **settings)


def counted(function):
    """The function, and the points at which it was evaluated."""
    seen = []

    def watched(point):
        seen.append(point)
        return function(point)

    return watched, seen


def trace_and_count(function, box=SQUARE, n=21, **settings):
    """The zero set, and the number of evaluations beyond those of the grid."""
    watched, seen = counted(function)
    level = trace(watched, box, n, **settings)
    return level, len(seen) - n * n


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
        at_folds = np.sort(branch.points[branch.folds, 0])
        np.testing.assert_allclose(at_folds, [-0.7, 0.7], atol=0.02)
        after = branch.points[branch.folds + 1]
        # A point may lie on a fold, to within the tolerance of the zero.
        at = branch.points[branch.folds, 1]
        assert (np.where(np.abs(at) < 1e-9, 0.0, at) * after[:, 1] <= 0).all()

    @pytest.mark.parametrize("radius", [0.1, 0.999])
    def test_small_circles_and_circles_that_nearly_touch_the_box_close(self, radius):
        function = circle(radius)
        level = trace(function)
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

    @pytest.mark.parametrize("n", [20, 21])
    def test_curves_that_cross_are_found_on_all_four_sides(self, n):
        # xy = 0: four arms, whose common point has no tangent.
        level = trace(hyperbola(0.0), n=n)
        check(level, hyperbola(0.0))
        points = np.concatenate([branch.points for branch in level.branches])
        for arm in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            along = np.sort(points[points @ np.array(arm) > 1e-6] @ np.array(arm))
            assert along[-1] == 1
            assert np.diff(along, prepend=0.0).max() < 0.2

    def test_a_line_costs_one_evaluation_a_point(self):
        level, calls = trace_and_count(flat)
        check(level, flat)
        (branch,) = level.branches
        np.testing.assert_allclose(branch.slopes, -0.5, rtol=1e-14)
        assert calls <= 1.5 * len(branch.points)

    @pytest.mark.parametrize("x", [-1.0, 0.3, 1.0])
    def test_a_vertical_line_has_infinite_slopes_and_no_fold(self, x):
        # Also along an edge of the box.
        level = trace(lambda point: (point[0] - x, np.array([1.0, 0.0])))
        (branch,) = level.branches
        assert set(branch.ends) == {"edge y0", "edge y1"}
        assert (branch.slopes == np.inf).all()
        assert (branch.points[:, 0] == x).all() or x == 0.3
        assert len(branch.folds) == 0

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

        (branch,) = trace(function).branches
        assert sorted(branch.ends) == ["edge x0", "value not finite"]
        assert -4e-4 < branch.points[:, 0].max() < 0

    def test_a_kink_is_passed(self):
        def function(point):
            return point[1] - abs(point[0]), np.array([-np.sign(point[0]), 1.0])

        level = trace(function)
        check(level, function)
        (branch,) = level.branches
        assert set(branch.ends) <= set(EDGES)

    def test_no_sign_change_gives_an_empty_result_that_says_so(self):
        level, calls = trace_and_count(lambda point: (1 + point @ point, 2 * point))
        assert level.branches == level.lost == ()
        assert calls == 0
        assert "does not change sign" in str(level)

    def test_a_function_that_is_zero_everywhere_has_no_boundary(self):
        level = trace(lambda point: (0.0, np.zeros(2)))
        assert level.branches == ()
        assert [lost.reason for lost in level.lost] == ["gradient is zero"]
        assert "lost seed (-1, -1): gradient is zero" in str(level)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_an_edge_on_which_the_function_is_zero_is_a_curve(self, sign):
        # As where the amount of AI is an axis, and begins at none.
        def function(point):
            return sign * (point[0] + 1) * (2 + point[1]), sign * np.array([2 + point[1], point[0] + 1])

        level = trace(function)
        check(level, function)
        (branch,) = level.branches
        np.testing.assert_allclose(branch.points[:, 0], -1.0, atol=1e-9)
        assert np.ptp(branch.points[:, 1]) == 2

    def test_a_jump_across_zero_is_no_curve(self):
        level, calls = trace_and_count(
            lambda point: (2 * math.copysign(1, point[0] - 0.02) + point[0], np.array([1.0, 0.0]))
        )
        assert level.branches == ()
        assert {lost.reason for lost in level.lost} == {"no convergence"}
        assert calls < 300

    def test_noise_above_the_tolerance_loses_points_and_not_accuracy(self):
        random = np.random.default_rng(0)

        def function(point):
            value, gradient = circle(0.7)(point)
            return value + 1e-6 * random.normal(), gradient

        level = trace(function)
        assert all((branch.residuals <= 1e-10).all() for branch in level.branches)
        assert level.lost
        for seed in level.lost:
            assert np.hypot(*seed.point) == pytest.approx(0.7, abs=1e-3)

    def test_a_circle_with_a_gap_in_its_values_is_followed_on_both_sides(self):
        def function(point):
            value, gradient = circle(0.7)(point)
            return (np.nan if abs(point[1]) < 0.1 and point[0] > 0 else value), gradient

        level = trace(function)
        check(level, function)
        (branch,) = level.branches
        assert not branch.closed
        assert branch.ends == ("value not finite", "value not finite")
        assert len(branch.folds) == 1
        np.testing.assert_allclose(np.sort(branch.points[[0, -1], 1]), [-0.1, 0.1], atol=4e-4)

    def test_a_contour_that_leads_to_another_curve_is_cut(self):
        # On the grid an arm of the curve seems to be there that the function does not have.
        x = y = np.linspace(-1, 1, 21)
        values = np.array([[flat(np.array([a, b]))[0] for b in y] for a in x])
        wrong = values.copy()
        wrong[3:6, 3:6] = 1.0
        level = zero_contours(flat, x, y, wrong)
        check(level, flat)
        assert len(level.branches) == 1
        assert level.lost


class TestEconomy:
    def test_no_point_outside_the_box_is_evaluated(self):
        watched, seen = counted(circle(1.2, (0.3, 0.1)))
        trace(watched)
        assert (np.abs(seen) <= 1).all()

    @pytest.mark.parametrize(("radius", "points", "calls"), [(0.95, 65, 130), (0.5, 45, 90), (0.1, 45, 120)])
    def test_a_gentle_curve_costs_about_two_evaluations_a_point(self, radius, points, calls):
        level, spent = trace_and_count(circle(radius))
        assert len(level.branches[0].points) <= points
        assert spent <= calls

    def test_points_are_closer_where_the_curve_bends(self):
        # An ellipse of half-axes 0.9 and 0.15.
        def function(point):
            scaled = point / np.array([0.9, 0.15])
            return scaled @ scaled - 1, 2 * scaled / np.array([0.9, 0.15])

        level, calls = trace_and_count(function)
        check(level, function)
        (branch,) = level.branches
        assert branch.closed
        lengths = np.hypot(*np.diff(branch.points, axis=0).T) / 2
        assert lengths.max() > 0.045
        assert lengths.min() < 0.01
        assert calls < 350

    def test_the_longest_step_is_respected(self):
        function = circle(0.7)
        for longest in (0.01, 0.05, 0.2):
            check(trace(function, spacing=longest), function, longest=longest)

    def test_points_do_not_depend_on_the_units_of_the_axes(self):
        scale, shift = np.array([1e6, 1e-3]), np.array([5e6, -2e-3])
        plain = trace(circle(0.7, (0.2, 0.1)))

        def function(point):
            value, gradient = circle(0.7, (0.2, 0.1))((point - shift) / scale)
            return value, gradient / scale

        box = tuple(tuple(float(v) for v in np.array(side) * scale[k] + shift[k]) for k, side in enumerate(SQUARE))
        scaled = trace(function, box)
        check(scaled, function, box)
        for one, two in zip(plain.branches, scaled.branches, strict=True):
            # A closed curve may begin elsewhere.
            near = (two.points - shift) / scale
            away = np.hypot(*(near[:, None] - one.curve(200)).transpose(2, 0, 1)).min(axis=1)
            assert away.max() < 1e-3
            assert sorted(one.ends) == sorted(two.ends)
            assert len(one.folds) == len(two.folds)


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

    watched, seen = counted(function)
    level = trace(watched, box, n=15)
    check(level, function, box)
    assert len(seen) <= 2000
    assert "nan" not in str(level)
    # Wherever the sign changes between neighbours on the grid there is a curve, unless one was lost there.
    grid = [np.linspace(low, high, 15) for low, high in box]
    values = np.array([[function(np.array([a, b]))[0] for b in grid[1]] for a in grid[0]])
    lost = [np.array(seed.point) for seed in level.lost]
    points = [branch.curve() for branch in level.branches]
    known = in_unit_square(np.concatenate([np.full((1, 2), np.inf), *points, *(p[None] for p in lost)]), box)
    for i, j in zip(*np.nonzero(values[:-1] * values[1:] < 0), strict=True):
        middle = np.array([(i + 0.5) / 14, j / 14])
        assert np.hypot(*(known - middle).T).min() < 0.1
    # No branch lies on another: most of its points are away from all earlier ones.
    for k, branch in enumerate(level.branches):
        for other in level.branches[:k]:
            one, two = in_unit_square(branch.points, box), in_unit_square(other.points, box)
            nearest = np.hypot(*(one[:, None] - two).transpose(2, 0, 1)).min(axis=1)
            # Close to where curves cross, all of them are zero to within the tolerance; on a line where the function
            # only touches zero, there is no gradient to tell one curve from another.
            slopes = [np.linalg.norm(function(point)[1] * [1, width]) for point in branch.points]
            touches = np.median(slopes) < 1e-3 * max(map(abs, c))
            assert np.median(nearest) > 0.001 or np.ptp(one, axis=0).max() < 0.02 or touches


@settings(max_examples=50)
@given(st.floats(), st.floats(), st.floats())
def test_any_linear_function_is_traced_or_lost(c0, cx, cy):
    def function(point):
        with np.errstate(all="ignore"):
            return c0 + cx * point[0] + cy * point[1], np.array([cx, cy])

    x = np.linspace(-1, 1, 5)
    values = np.array([[function(np.array([a, b]))[0] for b in x] for a in x])
    if not np.isfinite(values).any():
        return
    level = zero_contours(function, x, x, values)
    for branch in level.branches:
        assert (branch.residuals <= 1e-10).all()
        assert not np.isnan(branch.points).any()
        assert not np.isnan(branch.slopes).any()


class TestCrossing:
    def test_a_slice_through_the_s_shaped_curve_has_three_points(self):
        (branch,) = trace(s_curve, ((-0.8, 0.8), (-2.0, 2.0))).branches
        found = crossing(branch, "x", 0.1)
        assert (found[:, 0] == 0.1).all()
        np.testing.assert_allclose(np.sort(found[:, 1]), np.sort(np.roots([1, 0, -1, -0.1]).real), atol=1e-4)

    def test_a_closed_branch_counts_its_first_point_once(self):
        (branch,) = trace(circle(0.7)).branches
        found = crossing(branch, "y", float(branch.points[0, 1]))
        assert len(found) == 2
        np.testing.assert_allclose(np.hypot(*found.T), 0.7, atol=1e-5)
        assert (np.sign(found[:, 0]).sum()) == 0

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
        (branch,) = trace(function, box, spacing=0.08).branches
        curve = branch.curve(10)
        assert len(curve) == 10 * (len(branch.points) - 1) + 1
        np.testing.assert_allclose(curve[::10], branch.points, rtol=1e-14)
        np.testing.assert_allclose(np.hypot(*(curve / scale).T), 0.7, atol=3e-5)
        # Chords miss it by a hundred times as much.
        middle = (branch.points[:-1] + branch.points[1:]) / 2
        assert np.abs(np.hypot(*(middle / scale).T) - 0.7).max() > 1e-3

    def test_vertical_lines_are_curves_too(self):
        def upright(point):
            return point[0] - 0.3, np.array([1.0, 0.0])

        (branch,) = trace(upright).branches
        np.testing.assert_allclose(branch.curve()[:, 0], 0.3, rtol=1e-12)
        assert (np.diff(branch.curve()[:, 1]) * np.sign(branch.points[-1, 1] - branch.points[0, 1]) > 0).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"values": np.zeros((2, 3))}, "shape"),
            ({"x": np.array([0.0]), "values": np.zeros((1, 2))}, "shape"),
            ({"x": np.array([0.0, 0.0])}, "grid of x"),
            ({"y": np.array([0.0, np.nan])}, "grid of y"),
            ({"values": np.full((2, 2), np.nan)}, "no value on the grid is finite"),
            ({"tolerance": 0.0}, "tolerance"),
            ({"tolerance": math.nan}, "tolerance"),
            ({"spacing": 0.0}, "spacing"),
            ({"spacing": 0.7}, "spacing"),
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, change, message):
        grid = np.array([0.0, 1.0])
        with pytest.raises(AnalysisError, match=message):
            zero_contours(**{"value_and_gradient": flat, "x": grid, "y": grid, "values": np.eye(2), **change})

    def test_a_function_of_the_wrong_shape_is_refused(self):
        x = np.array([-1.0, 1.0])
        with pytest.raises(AnalysisError, match=r"gradient \[2\]"):
            zero_contours(lambda point: (1.0, 2.0), x, x, np.array([[-1.0, 1.0], [-1.0, 1.0]]))

    def test_errors_of_the_function_pass_through(self):
        def function(point):
            raise ZeroDivisionError

        x = np.array([-1.0, 1.0])
        with pytest.raises(ZeroDivisionError):
            zero_contours(function, x, x, np.array([[-1.0, 1.0], [-1.0, 1.0]]))


def test_the_text_describes_every_branch():
    text = str(trace(s_curve, ((-0.8, 0.8), (-2.0, 2.0))))
    assert "branch 0:" in text
    assert "edge x0" in text
    assert text.count("fold near") == 2

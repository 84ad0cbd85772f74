"""Confidence intervals by the delta method and from profiles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from aigini.errors import EstimationError
from aigini.inference.intervals import delta_interval, profile_interval

Z = 1.959963984540054


def identity(value):
    return value


class TestDelta:
    def test_without_bounds_is_the_textbook_interval(self):
        found = delta_interval(2.0, 0.5, to_unconstrained=identity, from_unconstrained=identity, slope=1.0)
        assert (found.lower, found.upper) == pytest.approx((2 - 0.5 * Z, 2 + 0.5 * Z), rel=1e-14)
        assert str(found) == "[1.02002, 2.97998] (95%, delta method)"

    def test_of_a_positive_parameter_is_symmetric_in_logs(self):
        found = delta_interval(2.0, 3.0, to_unconstrained=math.log, from_unconstrained=math.exp, slope=0.5, level=0.9)
        factor = math.exp(norm.ppf(0.95) * 1.5)
        assert (found.lower, found.upper) == pytest.approx((2 / factor, 2 * factor), rel=1e-13)

    @given(st.floats(0.01, 0.99), st.floats(0.0, 10.0), st.floats(0.01, 0.999))
    def test_stays_within_bounds_and_around_the_estimate(self, estimate, se, level):
        found = delta_interval(
            estimate,
            se,
            to_unconstrained=lambda x: math.log(x / (1 - x)),
            from_unconstrained=lambda u: 0.5 * (1 + math.tanh(u / 2)),
            slope=1 / (estimate * (1 - estimate)),
            level=level,
        )
        assert 0 <= found.lower <= estimate * (1 + 1e-12)
        assert estimate * (1 - 1e-12) <= found.upper <= 1

    def test_a_decreasing_map_gives_the_same_interval(self):
        found = delta_interval(2.0, 0.5, to_unconstrained=lambda x: -x, from_unconstrained=lambda u: -u, slope=-1.0)
        assert (found.lower, found.upper) == pytest.approx((2 - 0.5 * Z, 2 + 0.5 * Z), rel=1e-14)

    def test_an_end_that_overflows_is_open(self):
        def exponential(value):
            return math.exp(value) if value < 700 else math.inf

        found = delta_interval(1.0, 500.0, to_unconstrained=math.log, from_unconstrained=exponential, slope=1.0)
        assert found.upper is None
        assert found.lower == 0
        assert str(found) == "[0, open] (95%, delta method)"

    def test_at_a_bound_it_does_not_hold(self):
        with pytest.raises(EstimationError, match=r"The estimate 0 is -inf .* at a bound"):
            delta_interval(0.0, 1.0, to_unconstrained=lambda x: -math.inf, from_unconstrained=math.exp, slope=1.0)

    def test_an_inverse_that_gives_no_number_is_refused(self):
        with pytest.raises(EstimationError, match="check the pair"):
            delta_interval(1.0, 1.0, to_unconstrained=identity, from_unconstrained=lambda u: math.nan, slope=1.0)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"se": -1.0}, "se = -1.0"),
            ({"se": math.nan}, "se = nan"),
            ({"slope": 0.0}, "slope = 0.0"),
            ({"slope": math.inf}, "slope = inf"),
            ({"level": 95.0}, "level = 95.0 is not between 0 and 1; for 95% give 0.95"),
            ({"level": math.nan}, "level = nan"),
        ],
    )
    def test_says_what_is_wrong(self, change, message):
        arguments = {"se": 1.0, "slope": 1.0, "level": 0.95}
        with pytest.raises(ValueError, match=message):
            delta_interval(1.0, to_unconstrained=identity, from_unconstrained=identity, **{**arguments, **change})


class TestProfile:
    @given(st.floats(-1, 1), st.floats(0.1, 0.6), st.floats(0, 50), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
    def test_of_a_quadratic_criterion_is_the_textbook_interval(self, centre, se, minimum, level):
        grid = np.linspace(-4, 4, 12)
        found = profile_interval(
            grid, minimum + ((grid - centre) / se) ** 2, minimum=minimum, estimate=centre, level=level
        )
        half = norm.ppf(0.5 + level / 2) * se
        assert (found.lower, found.upper) == pytest.approx((centre - half, centre + half), abs=1e-7)

    def test_does_not_need_the_estimate_if_the_grid_has_it(self):
        grid = np.linspace(-1, 3, 9)
        found = profile_interval(grid, 4 * (grid - 1) ** 2, minimum=0.0)
        assert (found.lower, found.upper) == pytest.approx((1 - Z / 2, 1 + Z / 2), rel=1e-12)
        again = profile_interval(grid, 4 * (grid - 1) ** 2, minimum=0.0, estimate=1.0)
        assert again == found

    def test_of_a_skewed_criterion_is_that_of_the_transformed_parameter(self):
        # (log θ)²/0.3² is quadratic in log θ, so the interval is that of logs, not symmetric.
        grid = np.exp(np.linspace(-1.5, 1.5, 61))
        found = profile_interval(grid, (np.log(grid) / 0.3) ** 2, minimum=0.0, estimate=1.0)
        assert (found.lower, found.upper) == pytest.approx((math.exp(-0.3 * Z), math.exp(0.3 * Z)), rel=1e-5)

    @pytest.mark.parametrize(("estimate", "ends"), [(0.0, (None, 1)), (1.0, (1, None)), (0.5, (None, None))])
    def test_a_side_that_is_never_crossed_is_open(self, estimate, ends):
        grid = np.linspace(0, 1, 11)
        size = 1.0 if ends == (None, None) else 4.0
        found = profile_interval(grid, (size * (grid - estimate)) ** 2, minimum=0.0, estimate=estimate)
        assert [end is None for end in (found.lower, found.upper)] == [end is None for end in ends]
        assert "open" in str(found)

    def test_an_estimate_outside_the_grid_is_open_on_that_side(self):
        grid = np.linspace(1, 4, 7)
        found = profile_interval(grid, grid**2, minimum=0.0, estimate=0.0)
        assert found.lower is None
        assert found.upper == pytest.approx(Z, abs=1e-3)

    def test_ends_are_the_outermost_crossings(self):
        grid = np.arange(-5.0, 6.0)
        criterion = np.array([9.0, 9, 9, 9, 1, 0, 1, 9, 2, 9, 9])
        found = profile_interval(grid, criterion, minimum=0.0, estimate=0.0)
        assert -2 < found.lower < -1
        assert 3 < found.upper < 4

    @given(st.floats(1e-8, 1e8), st.floats(-1e3, 1e3))
    def test_follows_units(self, unit, shift):
        grid = np.linspace(-3, 3, 13)
        criterion = grid**2 + 0.1 * grid**3 * (np.abs(grid) < 2)
        base = profile_interval(grid, criterion, minimum=0.0, estimate=0.0)
        found = profile_interval(unit * (grid + shift), criterion, minimum=0.0, estimate=float(unit * shift))
        ends = (found.lower / unit - shift, found.upper / unit - shift)
        assert ends == pytest.approx((base.lower, base.upper), abs=1e-9)

    def test_a_criterion_below_its_minimum_is_refused(self):
        with pytest.raises(EstimationError, match=r"is 0 at 1, below the given minimum 0\.5; estimate again"):
            profile_interval(np.array([0.0, 1.0, 2.0]), np.array([4.0, 0.0, 4.0]), minimum=0.5)

    @pytest.mark.parametrize(
        ("grid", "criterion", "message"),
        [
            ([0.0, 1.0], [1.0, 0.0], "at least three increasing"),
            ([0.0, 2.0, 1.0], [1.0, 0.0, 1.0], "at least three increasing"),
            ([0.0, 1.0, 2.0], [1.0, 0.0], "criterion_values has 2 entries"),
            ([0.0, 1.0, 2.0], [1.0, np.nan, 1.0], r"criterion_values\[1\] = nan"),
        ],
    )
    def test_says_what_is_wrong(self, grid, criterion, message):
        with pytest.raises(ValueError, match=message):
            profile_interval(np.array(grid), np.array(criterion), minimum=0.0)

    def test_refuses_a_minimum_that_is_no_number(self):
        with pytest.raises(ValueError, match="minimum = nan"):
            profile_interval(np.arange(3.0), np.ones(3), minimum=math.nan)

    def test_covers_the_truth_as_often_as_it_says(self):
        # One parameter of three, linear Gaussian moments, optimal weights: 2,000 intervals at 90%.
        generator = np.random.default_rng(4)
        jacobian = generator.normal(size=(5, 3))
        bread = np.linalg.inv(jacobian.T @ jacobian)
        estimates = (bread @ jacobian.T @ generator.normal(size=(5, 2000)))[0]
        grid = np.linspace(-10, 10, 15)
        inside = 0
        for estimate in estimates:
            found = profile_interval(
                grid, (grid - estimate) ** 2 / bread[0, 0], minimum=0.0, estimate=float(estimate), level=0.9
            )
            inside += (found.lower is None or found.lower < 0) and (found.upper is None or found.upper > 0)
        assert inside / 2000 == pytest.approx(0.9, abs=3 * math.sqrt(0.09 / 2000))

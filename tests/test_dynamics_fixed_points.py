"""All fixed points of the map of the long run: the reference case, a dense grid, and what is refused or explodes."""

import jax
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erf, expit

from aigini.dynamics import long_run_fixed_points
from aigini.dynamics.map_bounds import map_bounds
from aigini.dynamics.mean_field import asset_law
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.errors import AiginiError, AnalysisError, ParameterError

REFERENCE = {
    "xi": 0.6,
    "growth": 0.095,
    "bargaining_erosion": 0.9,
    "erosion_midpoint": 0.75,
    "erosion_width": 0.04,
    "asset_reversion": 0.1,
    "asset_sd": 1.0,
    "psi": 1.0,
}
UPPER = 400.0


def following(v, p):
    """F(V), written again in NumPy."""
    share = expit((erf(p["psi"] * np.sqrt(v) / 2) - p["erosion_midpoint"]) / p["erosion_width"])
    xi = p["xi"] * (1 - p["bargaining_erosion"] * share)
    rho = 1 - p["asset_reversion"] + p["growth"] * (1 - xi)
    return rho**2 * v + p["asset_sd"] ** 2 * (1 - (1 - p["asset_reversion"]) ** 2)


def random_point(rng):
    """Half of the points anywhere, half where bargaining erodes enough for two regimes to be likely."""
    wide = rng.random() < 0.5
    reversion = rng.uniform(0.03, 0.25)
    return {
        "xi": rng.uniform(0, 1) if wide else rng.uniform(0.4, 1),
        "growth": rng.uniform(0, 0.2) if wide else reversion * rng.uniform(0.6, 1.1),
        "bargaining_erosion": rng.uniform(0, 1) if wide else rng.uniform(0.7, 1),
        "erosion_midpoint": rng.uniform(0.5, 1.0) if wide else rng.uniform(0.6, 0.95),
        "erosion_width": np.exp(rng.uniform(np.log(0.005), np.log(0.3 if wide else 0.08))),
        "asset_reversion": reversion,
        "asset_sd": rng.uniform(0.5, 1.6),
        "psi": rng.uniform(0.4, 1.6),
    }


def dense_count(p, lower, upper, count):
    grid = np.geomspace(lower, upper, count)
    return int(np.count_nonzero(np.diff(np.sign(following(grid, p) - grid))))


def agree_with_a_dense_grid(points):
    """The certified count is that of a dense grid; where it is not, roots lie closer than the grid, which a finer one
    between the neighbours of these roots shows."""
    explained, several = 0, 0
    for p in points:
        result = long_run_fixed_points(**p)
        assert result.complete
        assert result.certified.all()
        several += len(result.points) > 1
        lower = p["asset_sd"] ** 2 * 0.5
        if dense_count(p, lower, UPPER, 4000) == len(result.points):
            continue
        # Two roots between two points of the grid, or a root beside its end: zoom in on the roots that are claimed.
        explained += 1
        gaps = np.diff(result.points)
        assert len(gaps)
        assert (gaps / result.points[1:]).min() < 3e-3
        middle = np.concatenate([[lower], (result.points[1:] + result.points[:-1]) / 2, [UPPER]])
        signs = np.sign(following(middle, p) - middle)
        assert (signs[1:] * signs[:-1] < 0).all()
    return explained, several


class TestTheReferenceCase:
    def test_has_three_fixed_points_and_two_regimes(self):
        result = long_run_fixed_points(**REFERENCE)
        np.testing.assert_allclose(result.points, [1.656, 2.632, 8.726], atol=5e-4)
        np.testing.assert_allclose(result.multipliers, [0.916, 1.074, 0.979], atol=5e-4)
        assert result.stable.tolist() == [True, False, True]
        assert result.certified.all()
        assert result.complete
        assert result.names == ["labour-strong", "unstable", "asset-dominated"]
        assert result.boundary == result.points[1]
        assert not result.explosive
        np.testing.assert_allclose(following(result.points, REFERENCE), result.points, rtol=1e-14)

    def test_has_one_at_the_published_share_of_workers(self):
        result = long_run_fixed_points(**{**REFERENCE, "xi": 0.12})
        assert len(result.points) == 1
        assert result.stable.all()
        assert result.boundary is None

    def test_explodes_with_more_growth_and_says_why(self):
        result = long_run_fixed_points(**{**REFERENCE, "growth": 0.11})
        assert len(result.points) == 0
        assert result.complete
        assert result.explosive
        assert result.explosive_from == 0
        assert "ρ = 1.0032" in result.reason
        assert "reinvested rents outweigh mean reversion" in result.reason
        v = 1.0
        for _ in range(5000):
            v = min(following(v, {**REFERENCE, "growth": 0.11}), 1e9)
        assert v > 1e6

    def test_prints_and_becomes_a_frame(self):
        result = long_run_fixed_points(**REFERENCE)
        assert "labour-strong" in str(result)
        assert list(result.to_frame()["V"]) == result.points.tolist()

    def test_is_the_map_of_the_mean_field(self):
        growth = REFERENCE["growth"]
        law = asset_law({name: value for name, value in REFERENCE.items() if name != "growth"})
        result = long_run_fixed_points(**REFERENCE)
        for v, multiplier in zip(result.points, result.multipliers, strict=True):
            assert float(law.following(v, growth)) == pytest.approx(v, rel=1e-14)
            assert float(law.multiplier(v, growth)) == pytest.approx(multiplier, rel=1e-12)
            assert float(law.growth_at(v)) == pytest.approx(growth, rel=1e-12)


class TestAllOfThemAreThere:
    def test_over_random_points(self):
        explained, several = agree_with_a_dense_grid([random_point(np.random.default_rng(k)) for k in range(500)])
        assert explained <= 5
        assert several >= 20

    @pytest.mark.slow
    def test_over_ten_thousand_random_points(self):
        rng = np.random.default_rng(2026)
        explained, several = agree_with_a_dense_grid([random_point(rng) for _ in range(10_000)])
        assert explained <= 50
        assert several >= 500

    def test_on_both_sides_of_a_fold(self):
        # The first maximum of g(V): two roots below it, which are 1e-4 apart, none above.
        law = asset_law(REFERENCE)
        slope = jax.grad(law.growth_at)
        fold = brentq(lambda v: float(slope(v)), 1.7, 2.4, xtol=1e-13)
        g = float(law.growth_at(fold))
        assert float(law.multiplier(fold, g)) == pytest.approx(1.0, abs=1e-10)
        below = long_run_fixed_points(**{**REFERENCE, "growth": g * (1 - 1e-9)})
        above = long_run_fixed_points(**{**REFERENCE, "growth": g * (1 + 1e-9)})
        assert below.certified.all()
        assert above.certified.all()
        assert len(below.points) == len(above.points) + 2
        assert below.points[1] - below.points[0] < 1e-3
        at = long_run_fixed_points(**{**REFERENCE, "growth": g})
        assert not at.complete
        assert not at.certified.all()
        assert at.points[~at.certified][0] == pytest.approx(fold, rel=1e-6)
        assert "fold" in at.reason

    def test_bounds_of_the_slope_hold_on_random_intervals(self):
        rng = np.random.default_rng(1)
        for _ in range(200):
            p = random_point(rng)
            bounds = map_bounds({name: p[name] for name in MAP_PARAMETERS}, p["growth"])
            a = np.exp(rng.uniform(-1, 4, 20))
            b = a * np.exp(rng.uniform(1e-6, 1, 20))
            inside = a + (b - a) * rng.random((50, 20))
            slope = bounds.derivative(inside) - 1
            low, high = bounds.slope(a, b)
            assert (slope >= low).all()
            assert (slope <= high).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"erosion_width": -0.1}, "erosion_width = -0.1 is not allowed"),
        ({"xi": 1.2}, "xi = 1.2 is not allowed"),
        ({"growth": -0.1}, "growth = -0.1"),
        ({"growth": np.inf}, "growth = inf"),
        ({"asset_sd": 0.0}, "nothing can concentrate"),
        ({"bargaining_erosion": np.nan}, "bargaining_erosion = nan"),
        ({"asset_reversion": 0.0}, "asset_reversion = 0"),
    ],
)
def test_bad_numbers_are_refused(change, words):
    with pytest.raises(ParameterError, match=words):
        long_run_fixed_points(**{**REFERENCE, **change})


def test_a_reversed_interval_is_refused():
    with pytest.raises(AnalysisError, match="reversed"):
        long_run_fixed_points(**REFERENCE, upper=0.5)
    assert issubclass(ParameterError, AiginiError)

"""The path year by year: the mean field and its critical speed, the static economy inside it, exact derivatives."""

import dataclasses

import jax
import numpy as np
import pytest
from scipy.special import erf, expit

from aigini.config import load
from aigini.dynamics import long_run_fixed_points
from aigini.dynamics.critical import critical_retool_speed, critical_value
from aigini.dynamics.mean_field import asset_law, logistic_path, mean_field_path
from aigini.dynamics.path import NAMES, PathMap
from aigini.dynamics.settings import Dynamics
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError, ConfigError
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics.catalogue import find
from aigini.statistics.moments import six_moments

REFERENCE = {
    "xi": 0.6,
    "bargaining_erosion": 0.9,
    "erosion_midpoint": 0.75,
    "erosion_width": 0.04,
    "asset_reversion": 0.1,
    "asset_sd": 1.0,
    "psi": 1.0,
}
YEARS = 60
OUTCOMES = ("m5", "gini_total", "gini_wage", "m3")
MOMENTS = tuple(find(name) for name in OUTCOMES)

run = jax.jit(lambda mapping, params, dynamics: mapping(params, dynamics))
run_jacobian = jax.jit(lambda mapping, params, dynamics: mapping.with_jacobian(params, dynamics))


def by_hand(retool_speed, growth=0.095, years=YEARS):
    """V after some years of the reference path, in plain Python."""
    v, u = 1.0, 0.0
    for t in range(years):
        adoption = 1 / (1 + np.exp(-0.5 * (t - 8)))
        strain = erf(np.sqrt(v) / 2) + 0.4 * (adoption - u) - 0.75
        xi = 0.6 * (1 - 0.9 * expit(strain / 0.04))
        rho = 0.9 + growth * adoption * (1 - xi)
        v = rho**2 * v + 1 - 0.9**2
        u += retool_speed * (adoption - u)
    return v


@pytest.fixture(scope="module")
def reference():
    law = asset_law({**REFERENCE, "erosion_gap_weight": 0.4})
    adoption = logistic_path(1.0, 8.0, 0.5, YEARS)
    return law, 0.095 * adoption, adoption


@pytest.fixture(scope="module")
def boundary():
    return long_run_fixed_points(**REFERENCE, growth=0.095).boundary


class TestTheMeanField:
    @pytest.mark.parametrize(("speed", "labour_strong"), [(0.1, False), (0.2, True)])
    def test_ends_in_the_regime_that_an_independent_computation_gives(self, reference, boundary, speed, labour_strong):
        path = mean_field_path(*reference, speed, 1.0)
        assert float(path.variance[-1]) == pytest.approx(by_hand(speed), rel=1e-12)
        assert (float(path.variance[-1]) < boundary) == labour_strong
        assert (np.asarray(path.gap) >= 0).all()

    def test_has_a_critical_speed_that_brute_force_agrees_with(self, reference, boundary):
        critical = critical_retool_speed(*reference, boundary, 1.0)
        low, high = 0.1, 0.2
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if by_hand(middle) > boundary else (low, middle)
        assert critical.value == pytest.approx(low, abs=1e-9)
        assert critical.low_regime == "asset-dominated"
        assert critical.high_regime == "labour-strong"
        assert f"{low:.6g}" in str(critical)

    def test_the_gap_that_accumulates_depends_on_retooling_and_not_on_deployment(self, reference):
        law, _, _ = reference
        for speed in (0.2, 0.8):
            adoption = logistic_path(1.0, 8.0, speed, 400)
            path = mean_field_path(law, 0.0 * adoption, adoption, 0.25, 1.0)
            assert float(path.gap[:-1].sum()) == pytest.approx(1 / 0.25, rel=1e-9)

    def test_without_a_critical_value_says_which_regime_it_is(self, reference):
        critical = critical_retool_speed(*reference, 100.0, 1.0)
        assert critical.value is None
        assert "labour-strong from 0.0001 to 1" in str(critical)
        with pytest.raises(AnalysisError, match="reversed"):
            critical_value(lambda at: at, 1.0, 0.0)


@pytest.fixture(scope="module")
def small():
    return draw_population(n_workers=2**11, n_firms=60, precision="float64", years=10)


STATIC = {"bargaining_erosion": 0.0, "deployment": "constant", "capability": "constant", "schooling": "static"}


class TestTheStaticEconomy:
    @pytest.mark.parametrize("point", [{}, {"xi": 0.3, "eta1": 0.7, "retooling": 0.6}])
    def test_is_the_path_without_erosion_at_a_constant_level(self, small, point):
        params = Parameters(**point)
        static = jax.jit(lambda p: six_moments(p, small, names=OUTCOMES))(params)
        _, value = run(PathMap(small, Scenario(), MOMENTS), params, Dynamics(**STATIC, years=10))
        np.testing.assert_allclose(value[-1], static, rtol=0, atol=1e-10)

    @pytest.mark.parametrize("retooling", [0.0, 1.0])
    def test_is_so_under_yearly_schooling_where_retooling_is_none_or_full(self, small, retooling):
        params = Parameters(retooling=retooling)
        static = jax.jit(lambda p: six_moments(p, small, names=OUTCOMES))(params)
        dynamics = Dynamics(**{**STATIC, "schooling": "yearly"}, years=10)
        _, value = run(PathMap(small, Scenario(), MOMENTS), params, dynamics)
        np.testing.assert_allclose(value[-1], static, rtol=0, atol=1e-10)


@pytest.fixture(scope="module")
def point():
    params = Parameters(xi=0.5, eta1=0.6, eta0=0.4, cumulative_advantage=1.2)
    return params, Dynamics(years=10, deployment_midpoint=3.0, capability_midpoint=2.0)


@pytest.fixture(scope="module")
def jacobian(small, point):
    return run_jacobian(PathMap(small, Scenario(), MOMENTS), *point)


class TestDerivatives:
    def test_values_are_those_of_the_pass_without_them(self, small, point, jacobian):
        np.testing.assert_allclose(jacobian[1], run(PathMap(small, Scenario(), MOMENTS), *point)[1], atol=1e-13)

    @pytest.mark.parametrize("name", NAMES)
    def test_are_those_of_central_differences_in_every_year(self, small, point, jacobian, name):
        tree = next(tree for tree in point if hasattr(tree, name))
        value = float(getattr(tree, name))
        step = 1e-5 * (abs(value) or 1.0)
        mapping = PathMap(small, Scenario(), MOMENTS)

        def at(x):
            params, dynamics = (dataclasses.replace(t, **{name: x}) if t is tree else t for t in point)
            return np.asarray(run(mapping, params, dynamics)[1])

        difference = (at(value + step) - at(value - step)) / (2 * step)
        exact = np.asarray(jacobian[2])[:, :, NAMES.index(name)]
        size = np.abs(exact).max(axis=0, keepdims=True)
        # Derivatives below 1e-5 are small differences of outcomes that are of order one: rounding divided by the step.
        assert (np.abs(difference - exact) <= 1e-5 * size + 1e-10).all()


class TestTheConfiguration:
    def test_has_the_defaults_of_the_code(self):
        config = load(None)
        assert config.dynamics == Dynamics(adoption_final=float(config.params.adoption))
        assert "dynamics" not in config.source

    def test_takes_values(self):
        config = load(None, {"dynamics.years": 20, "dynamics.adoption_final": 0.8, "dynamics.schooling": "static"})
        assert config.dynamics.years == 20
        assert float(config.dynamics.adoption_final) == 0.8
        assert config.source["dynamics"]["years"] == 20

    @pytest.mark.parametrize(
        ("key", "value", "words"),
        [
            ("retool_speed", 0.0, "greater than 0"),
            ("retool_speed", 1.5, "less than or equal to 1"),
            ("deployment_speed", 2.0, "less than or equal to 1"),
            ("erosion_width", -0.1, "dynamics.erosion_width = -0.1"),
            ("years", 0, "dynamics.years = 0"),
            ("deployment_midpoint", 50.0, "outside the horizon, years 0 to 40"),
            ("deployment_midpoint", -1.0, "greater than or equal to 0"),
            ("retool_speeds", [0.3, 0.1], "a slow and a fast speed, the slower first"),
            ("retol_speed", 0.1, "did you mean retool_speed"),
        ],
    )
    def test_refuses_what_cannot_be(self, key, value, words):
        with pytest.raises(ConfigError, match=words):
            load(None, {f"dynamics.{key}": value})

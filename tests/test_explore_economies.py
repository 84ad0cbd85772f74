"""The explorer's economies: exact derivatives in the sliders, numbers of other commands, and runs that go on."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf
from test_experiments import EXPERIMENTS

import aigini
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.dynamics.mean_field import mean_field_path
from aigini.dynamics.rest import long_run_growth
from aigini.dynamics.steered import steered_path
from aigini.explore.build import Sizes, explorer
from aigini.explore.economies import RENT, SliderMap
from aigini.explore.errors import FITTED_CURVES, by_name, fitted_curves
from aigini.explore.quantities import CURVE_NAMES, HEADLINE_NAMES, LORENZ_SHARES
from aigini.explore.sliders import NAMES, estimate_of, ranges_about
from aigini.parameter_space import pack
from aigini.runtime.evaluations import Cache, kept_in

pytestmark = pytest.mark.slow
# The size of tests/test_analysis.py, whose compiled programs are shared.
SMALL = {"population.n_workers": 4096, "population.n_firms": 60, "calibration.replications": 0}
WORKERS = 2048


class Interrupted(Exception):
    pass


class Limited(Cache):
    """A cache in which work is interrupted after some evaluations."""

    def __init__(self, count):
        super().__init__()
        self.left = count

    def _keep(self, key, value):
        self.left -= 1
        if self.left < 0:
            raise Interrupted


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def economies(config):
    population = config.draw(precision="float64", n_workers=WORKERS)
    return SliderMap(population, config.scenario, pack(config.params.as_dict()))


@pytest.fixture(scope="module")
def around(economies, config):
    """Economies at the baseline and at small moves of each slider from a point."""
    estimate = estimate_of(config.params.as_dict())
    ranges = ranges_about(estimate)
    point = ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * np.array([0.6, 0.3, 0.7, 0.5, 0.4, 0.8, 0.3])
    step = 1e-4 * (ranges[:, 1] - ranges[:, 0])
    points = np.concatenate([[estimate, point], *([point + move, point - move] for move in np.diag(step))])
    exact = economies.evaluate(points[:2], "exact", derivatives=True)
    return points, step, exact, economies.evaluate(points, "near", derivatives=False)


def test_derivatives_are_those_of_differences(around):
    _, step, exact, near = around
    for values, slopes in (
        (near.headline, exact.headline_slopes[1]),
        (near.curves, exact.curve_slopes[1]),
    ):
        difference = (values[2::2] - values[3::2]).T / (2 * step)
        scale = np.abs(difference).max(axis=1, keepdims=True) + 1e-3
        np.testing.assert_allclose(slopes / scale, difference / scale, atol=2e-4)


def test_contributions_add_up_to_the_changes_of_the_curves_ginis(around):
    *_, near = around
    numbers = by_name(near)
    for income in ("total", "wage"):
        change = numbers[f"gini_{income}_after"] - numbers[f"gini_{income}_before"]
        np.testing.assert_allclose(numbers[f"change_{income}"], change, atol=1e-12)


def test_numbers_before_ai_depend_on_three_sliders(around):
    _, _, exact, _ = around
    slopes = fitted_curves(exact)[1]
    moving = [NAMES[k] for k in range(len(NAMES)) if np.any(slopes[:, ["before" in name for name in FITTED_CURVES], k])]
    assert moving == ["xi", "asset_gini", "ability_sd"]


def test_numbers_at_the_baseline_are_those_of_other_commands(around, config):
    *_, near = around
    own = {name: value[0] for name, value in by_name(near).items()}
    economy = aigini.simulate(None, **{**SMALL, "population.n_workers": WORKERS, "population.precision": "float64"})
    for income in ("total", "wage"):
        for state, statistics, arrays in (
            ("before", economy.before, economy.before_arrays),
            ("after", economy.after, economy.after_arrays),
        ):
            assert own[f"gini_{income}_{state}"] == pytest.approx(statistics[f"gini_{income}"], rel=1e-10)
            curve = np.interp(LORENZ_SHARES, *arrays[f"lorenz_{income}"])
            told = [own[f"lorenz_{income}_{state}_{at:g}"] for at in LORENZ_SHARES]
            np.testing.assert_allclose(told, curve, atol=1e-4)
    assert own["lorenz_total_after_0.9"] == pytest.approx(1 - economy.after["top10_share"], rel=1e-10)


def test_the_long_run_has_the_rent_of_the_dynamics(around, config):
    *_, near = around
    dynamics = dataclasses.replace(config.dynamics, adoption_final=float(config.params.adoption))
    growth = long_run_growth(config.params, dynamics, config.scenario)
    rent = near.curves[0, len(CURVE_NAMES)]
    assert by_name(near)[RENT][0] == rent
    assert float(config.params.cumulative_advantage) * rent == pytest.approx(growth, rel=1e-9)


@pytest.mark.parametrize("retool_speed", [0.05, 0.15])
@pytest.mark.parametrize("regimes", [1, 2])
def test_the_path_of_the_page_is_near_that_of_the_dynamics(config, regimes, retool_speed):
    explored = load_result(EXPERIMENTS / "explore", "explore")
    moved = {} if regimes == 1 else {"xi": 0.6, "proprietary_share": 0.6}
    params = dict(explored.params)
    if moved:
        params |= {"xi": 0.6, "eta0": 0.4, "eta1": 0.6, "cumulative_advantage": 1.36}
    dynamics = dataclasses.replace(
        config.dynamics,
        capability="constant",
        adoption_final=params["adoption"],
        retool_speed=retool_speed,
        erosion_gap_weight=0.8,
    )
    path = steered_path(aigini.Parameters(**params), dynamics, config.scenario)
    rents = [explored.at(**moved, adoption=float(at))[RENT] for at in path.adoption]
    own = mean_field_path(
        dynamics.law(aigini.Parameters(**params)),
        params["cumulative_advantage"] * jnp.asarray(rents),
        jnp.asarray(path.adoption),
        retool_speed,
        params["asset_sd"] ** 2,
    )
    concentration = [erf(np.sqrt(np.asarray(variance)) / 2) for variance in (own.variance, path.variance)]
    assert np.abs(concentration[0] - concentration[1]).max() < 0.003


def test_a_run_that_was_interrupted_goes_on_to_the_same_numbers(economies):
    points = np.tile(estimate_of(aigini.Parameters().as_dict()), (20, 1))
    points[:, 1] = np.linspace(0.05, 0.5, 20)
    cache = Limited(3)
    with kept_in(cache), pytest.raises(Interrupted):
        economies.evaluate(points, "first", derivatives=False)
    assert cache.count == 3
    cache.left = 100
    with kept_in(cache):
        again = economies.evaluate(points, "again", derivatives=False)
    whole = economies.evaluate(points, "whole", derivatives=False)
    for one, other in zip(jax.tree.leaves(vars(again)), jax.tree.leaves(vars(whole)), strict=True):
        assert np.array_equal(one, other)


def test_the_command_explores_the_economy_at_its_estimates(config):
    result = aigini.explore(config, workers=WORKERS, fitted=16, held_out=16)
    assert (result.n_workers, result.fitted, result.held_out, result.draws) == (WORKERS, 16, 16, 0)
    assert result.params["eta0"] == pytest.approx(1 - result.params["eta1"], abs=1e-15)
    np.testing.assert_array_equal(result.estimate, estimate_of(result.params))
    # The economy of the result, evaluated by itself.
    population = config.draw(precision="float64", n_workers=WORKERS)
    again = SliderMap(population, config.scenario, pack(result.params)).evaluate(
        result.estimate[None], "again", derivatives=False
    )
    numbers = by_name(again)
    assert result.at_estimates == pytest.approx({name: numbers[name][0] for name in result.at_estimates}, rel=1e-12)
    # So few economies determine quadratic functions; their errors are measured all the same, and are not small enough.
    assert {error.degree for error in result.errors if error.headline and "before" not in error.name} == {2}
    assert all(0 < error.median <= error.high <= error.largest for error in result.errors)
    assert not result.accurate
    assert abs(result.at()["change_total"] - numbers["change_total"][0]) < 0.02
    assert result.simulation_se == {}
    assert len(result.to_frame()) == len(result.errors)


def test_ai_before_is_refused(economies, config):
    scenario = aigini.Scenario(A0=0.5)
    with pytest.raises(aigini.AiginiError, match=r"scenario\.A0 = 0\.5; set"):
        explorer(config.params.as_dict(), scenario, economies.population, [], Sizes(16, 16), {}, 40)


def test_there_is_a_number_for_each_name():
    assert len(set(CURVE_NAMES)) == len(CURVE_NAMES)
    assert len(HEADLINE_NAMES) == 10

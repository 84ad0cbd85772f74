"""Profiles of the criterion: against another optimiser, against the quadratic at the estimates, and where they end."""

import dataclasses
import functools
import json

import numpy as np
import pytest
from scipy.optimize import minimize

import aigini
from aigini.analysis.identification.constrained_fit import QUANTILE, constrained_search
from aigini.analysis.identification.profile import RISES, direction_profile, profile
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.errors import AnalysisError
from aigini.estimation import outcome_map
from aigini.estimation.estimated_model import known_model
from aigini.estimation.outcome_map import OutcomeMap
from aigini.inference.identification import identification
from aigini.parameter_space import ParameterSpace
from aigini.runtime.evaluations import kept_in
from aigini.storage import results
from aigini.storage.ledger import Ledger

SMALL = {"population.n_workers": 4096, "population.n_firms": 60}


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def model(config):
    return aigini.at_estimates(config)


@pytest.fixture(scope="module")
def found(model):
    return identification(model.moment_jacobian, model.se, model.estimates, model.space.names)


@pytest.fixture(scope="module")
def weakest(model, found):
    return direction_profile(model, found)


def natural(model, x):
    """Free parameters after relative changes x, written out by hand for the baseline's six."""
    values = {}
    for name, change in zip(model.space.names, x, strict=True):
        here = model.values[name]
        if name == "eta1":  # between 0 and 1
            odds = here / (1 - here) * np.exp(change / (1 - here))
            values[name] = odds / (1 + odds)
        elif name == "beta":  # above -1
            values[name] = (1 + here) * np.exp(change * abs(here) / (1 + here)) - 1
        else:  # above 0
            values[name] = here * np.exp(change)
    return values


def criterion(model, x):
    """The criterion and its gradient in relative changes."""
    values = model.space.impose({**model.values, **natural(model, x)})
    outcomes, slopes = model.outcome_map.along(values, model.space.directions)
    misfit = outcomes[list(model.rows)] - np.array([target.value for target in model.targets.values()])
    step = 1e-6
    high, low = (natural(model, x + sign * step) for sign in (1, -1))
    stretch = np.array([(high[name] - low[name]) / (2 * step) for name in model.space.names])
    return misfit @ model.weighting @ misfit, 2 * misfit @ model.weighting @ slopes[list(model.rows)] * stretch


@pytest.mark.slow
@pytest.mark.parametrize("offset", [-1.0, 1.5])
def test_the_weakest_profile_is_what_another_optimiser_finds(model, found, weakest, offset):
    vector = np.array([weakest.vector[name] for name in model.space.names])
    np.testing.assert_allclose(np.abs(vector @ found.directions[-1]), 1, rtol=1e-12)
    other = minimize(
        lambda x: criterion(model, x)[0],
        offset * vector,
        jac=lambda x: criterion(model, x)[1],
        method="SLSQP",
        constraints={"type": "eq", "fun": lambda x: vector @ x - offset, "jac": lambda x: vector},
        options={"maxiter": 300, "ftol": 1e-14},
    )
    assert other.success
    at = int(np.flatnonzero(weakest.offsets == offset)[0])
    assert weakest.criterion[at] == pytest.approx(other.fun, rel=1e-3)
    assert weakest.criterion[at] <= other.fun * (1 + 1e-5)
    theirs = natural(model, other.x)
    for name in ("sigma", "cumulative_advantage", "eta1"):
        assert weakest.values[name][at] == pytest.approx(theirs[name], rel=0.02)


def test_near_the_estimates_the_weakest_profile_has_the_curvature_of_the_jacobian(model, found, weakest):
    scaled = model.moment_jacobian * np.abs(model.estimates)
    vector = found.directions[-1]
    curvature = 1 / (vector @ np.linalg.inv(scaled.T @ model.weighting @ scaled) @ vector)
    assert weakest.curvature == pytest.approx(curvature, rel=1e-6)
    step = weakest.offsets[weakest.offsets > 0].min()
    sides = [weakest.criterion[int(np.flatnonzero(weakest.offsets == side * step)[0])] for side in (1, -1)]
    assert np.mean(sides) / step**2 == pytest.approx(curvature, rel=0.03)


def test_the_weakest_profile_holds_the_projection_and_rises_both_ways(model, weakest):
    middle = int(np.flatnonzero(weakest.offsets == 0)[0])
    assert weakest.converged.all()
    assert (np.diff(weakest.criterion[middle:]) > 0).all()
    assert (np.diff(weakest.criterion[: middle + 1]) < 0).all()
    assert weakest.leading == "sigma"
    assert weakest.vector["sigma"] > 0
    for at, offset in enumerate(weakest.offsets):
        held = natural(model, offset * np.array(list(weakest.vector.values())))
        if abs(offset) < 0.2:  # to first order nothing across the direction helps
            assert weakest.values["sigma"][at] == pytest.approx(held["sigma"], rel=0.01)
    assert str(weakest).startswith("profile of the weakest direction (sigma up 10%")
    assert "open at sigma" in str(weakest)


def test_precise_targets_close_the_weakest_profile(model, found):
    targets = {name: dataclasses.replace(target, se=target.se / 100) for name, target in model.targets.items()}
    precise = known_model(model.outcome_map, model.values, model.space, targets, model.income)
    result = direction_profile(precise, found)
    assert result.ends == (RISES, RISES)
    assert result.criterion[[0, -1]].min() > QUANTILE
    half = np.sqrt(QUANTILE / result.curvature)
    assert result.interval.upper == pytest.approx(half, rel=0.2)
    assert result.interval.lower == pytest.approx(-half, rel=0.2)
    assert "open" not in str(result)
    # The criterion was evaluated near the ends, so that the interval does not hang on interpolation.
    for end in (result.interval.lower, result.interval.upper):
        nearest = int(np.argmin(np.abs(result.offsets - end)))
        assert result.criterion[nearest] == pytest.approx(QUANTILE, rel=0.2)
        assert abs(result.offsets[nearest] - end) < 0.05 * half


@pytest.mark.slow
def test_the_interval_ends_where_the_profile_passes_the_quantile(model):
    result = profile(model, "sigma", 20.0)
    end = result.interval.lower
    again = constrained_search(
        model, {**model.values, "sigma": end}, np.delete(np.eye(6), 2, axis=1)
    )  # from the estimates
    assert model.space.names[2] == "sigma"
    assert again.criterion == pytest.approx(QUANTILE, rel=0.01)


def test_a_direction_of_one_parameter_has_nothing_to_search(model):
    space, targets = ParameterSpace(("alpha",), "none"), {"m1": model.targets["m1"]}
    alone = known_model(model.outcome_map, model.values, space, targets, model.income)
    result = direction_profile(alone, identification(alone.moment_jacobian, alone.se, alone.estimates, ("alpha",)))
    target = model.targets["m1"]
    for alpha, height in zip(result.values["alpha"], result.criterion, strict=True):
        m1 = model.outcome_map.jacobian({**model.values, "alpha": alpha})[0][0]
        assert height == pytest.approx(((m1 - target.value) / target.se) ** 2, rel=1e-6, abs=1e-12)
    assert profile(alone, "alpha", 0.2).converged.all()


@pytest.mark.slow
@pytest.mark.parametrize(("parameter", "se"), [("eta1", 1.7), ("sigma", 20.0), ("beta", 0.094)])
def test_profiles_rise_on_the_way_out(model, parameter, se):
    # Parameters that run off where they hardly matter, such as sigma, must not stop the search for the others.
    result = profile(model, parameter, se)
    middle = int(np.flatnonzero(result.values == model.values[parameter])[0])
    assert result.converged.all()
    assert (np.diff(result.criterion[middle:]) > 0).all()
    assert (np.diff(result.criterion[: middle + 1]) < 0).all()


class Bounded(OutcomeMap):
    """An economy that cannot be evaluated above some alpha."""

    def __init__(self, outcome_map, largest, raises):
        super().__init__(outcome_map.population, outcome_map.scenario)
        self.largest, self.raises = largest, raises

    def admits(self, values):
        return self.raises or values["alpha"] <= self.largest

    def jacobian(self, values):
        if values["alpha"] > self.largest:
            raise AnalysisError("no economy here")
        return super().jacobian(values)


@pytest.mark.parametrize("raises", [False, True])
def test_points_without_an_economy_are_marked(model, found, raises):
    here = model.values["alpha"]
    bounded = dataclasses.replace(model, outcome_map=Bounded(model.outcome_map, 1.02 * here, raises))
    result = profile(bounded, "alpha", 0.26)
    assert np.isnan(result.criterion[result.values > 1.02 * here]).all()
    assert np.isfinite(result.criterion[result.values <= here]).all()
    assert not result.converged[np.isnan(result.criterion)].any()
    assert result.interval.upper is None
    assert result.interval.lower is not None
    stiff = dataclasses.replace(found, directions=found.directions[::-1])
    # Along the stiffest direction eta1 has little room here, so that the economy has to end early to end first.
    near = dataclasses.replace(model, outcome_map=Bounded(model.outcome_map, 1.002 * here, raises))
    along = direction_profile(near, stiff)
    assert along.leading == "alpha"
    assert along.ends[1] == "the economy cannot be evaluated further out"
    assert along.values["alpha"].max() <= 1.002 * here


def test_a_resumed_profile_is_not_computed_again(model, found, weakest, monkeypatch, tmp_path):
    config = load()
    with kept_in(Ledger(tmp_path, config, "profile", resume=False)):
        first = direction_profile(model, found)
    jacobian = outcome_map._jacobian
    never = functools.wraps(jacobian)(lambda *_: pytest.fail("evaluated again"))
    monkeypatch.setattr(outcome_map, "_jacobian", never)
    with kept_in(Ledger(tmp_path, config, "profile", resume=True)):
        again = direction_profile(model, found)
    np.testing.assert_array_equal(again.criterion, first.criterion)
    np.testing.assert_array_equal(again.criterion, weakest.criterion)


@pytest.mark.slow
def test_profiles_survive_being_written_and_older_files_still_load(config, tmp_path):
    result = aigini.sensitivity(config, profiles=True)
    assert {one.parameter for one in result.profiles} == set(config.free)
    path = results.save(tmp_path, "sensitivity", result, {})
    again = load_result(tmp_path, "sensitivity")
    np.testing.assert_array_equal(again.weakest.criterion, result.weakest.criterion)
    np.testing.assert_array_equal(again.weakest.values["sigma"], result.weakest.values["sigma"])
    np.testing.assert_array_equal(again.profiles[0].converged, result.profiles[0].converged)
    assert str(again.weakest) == str(result.weakest)
    assert str(result.weakest) in str(result)
    content = json.loads(path.read_text())
    del content["weakest"]
    for one in content["profiles"]:
        del one["converged"]
    path.write_text(json.dumps(content))
    old = load_result(tmp_path, "sensitivity")
    assert old.weakest is None
    assert old.profiles[0].converged is None
    assert aigini.sensitivity(config).weakest is None

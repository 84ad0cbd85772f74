"""Analyses at the estimates of a small economy: each number against a slower way to the same number."""

import dataclasses
import itertools
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import numpy_model
import pytest
from scipy.special import ndtri

import aigini
from aigini import cli
from aigini.analysis.identification import sign
from aigini.analysis.identification.ridge import RidgePoint
from aigini.analysis.identification.ridge_statement import statement
from aigini.analysis.identification.sensitivity import decompose
from aigini.analysis.regimes import axes
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.maps import gini_on, regime_map
from aigini.analysis.regimes.small_ai import first_order
from aigini.commands import command
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError, CheckpointError, ConfigError, IdentificationError, OutputError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.estimated_model import known_model, refit
from aigini.estimation.other_draws import shown
from aigini.estimation.outcome_map import GINIS, OutcomeMap
from aigini.estimation.target import Target
from aigini.numerics.roots import first_root
from aigini.parameter_space import ParameterSpace, pack, unpack
from aigini.parameters import PARAMETER_NAMES
from aigini.runtime.evaluations import block, kept_in
from aigini.runtime.progress import steps, watched
from aigini.statistics.moments import six_moments
from aigini.statistics.outcomes import OUTCOME_NAMES, outcomes
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
def outcome_map(model):
    return model.outcome_map


# --- responses and their derivatives ----------------------------------------------------------------------------------


def test_responses_are_the_moments_and_the_changes_of_statistics(model, statistics_of):
    params = unpack(jnp.asarray(pack(model.values)))
    population, scenario = model.outcome_map.population, model.outcome_map.scenario
    found = dict(zip(OUTCOME_NAMES, model.outcomes, strict=True))
    moments = jax.jit(six_moments)(params, population, scenario)
    np.testing.assert_allclose([found[name] for name in OUTCOME_NAMES[:6]], moments, rtol=1e-10)
    (before, _), (after, _) = statistics_of(params, scenario, population)
    for name in ("gini_total", "gini_wage", "between_firm_variance", "labour_share"):
        assert found[name] == pytest.approx(float(getattr(after, name)) - float(getattr(before, name)), abs=1e-12)
    assert found["output"] == pytest.approx(float(after.output) / float(before.output) - 1, rel=1e-10)


@pytest.mark.slow
def test_the_two_sided_jacobian_is_that_of_reverse_mode_and_of_differences(model, outcome_map):
    reverse = jax.jit(jax.jacrev(lambda v: outcomes(unpack(v), outcome_map.population, outcome_map.scenario)))
    for values in (model.values, {**model.values, "sigma": 0.7, "retooling": 0.9, "xi": 0.5, "beta": 0.1}):
        _, ours = outcome_map.jacobian(values)
        theirs = np.asarray(reverse(pack(values)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * np.abs(theirs).max())
    points, steps = [], []
    for name in PARAMETER_NAMES:
        step = 1e-5 * (abs(model.values[name]) or 1.0)
        points += [{**model.values, name: model.values[name] + s * step} for s in (1, -1)]
        steps.append(2 * step)
    found = np.concatenate([outcome_map.values(points[i : i + 32]) for i in range(0, len(points), 32)])
    differences = ((found[0::2] - found[1::2]) / np.array(steps)[:, None]).T
    size = np.array([abs(model.values[name]) or 1.0 for name in PARAMETER_NAMES])
    np.testing.assert_allclose(model.jacobian * size, differences * size, rtol=1e-5, atol=1e-8)


def test_directions_follow_the_tie(outcome_map, model):
    _, free = outcome_map.along(model.values, ParameterSpace(("eta1",), "none").directions)
    _, along = outcome_map.along(model.values, ParameterSpace(("eta1", "xi", "alpha"), "eta0 = 1 - eta1").directions)
    eta0, eta1 = (model.jacobian[:, PARAMETER_NAMES.index(name)] for name in ("eta0", "eta1"))
    np.testing.assert_allclose(free[:, 0], eta1, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(along[:, 0], eta1 - eta0, rtol=1e-9, atol=1e-13)


def test_values_do_not_depend_on_their_company_or_on_the_batch(model, outcome_map):
    points = [{**model.values, "xi": xi} for xi in (0.1, 0.2, 0.3)]
    together = outcome_map.values(points)
    np.testing.assert_array_equal(outcome_map.values(points[1:2])[0], together[1])
    np.testing.assert_allclose(outcome_map.values(points, batch=4), together, rtol=1e-11, atol=1e-14)


def test_responses_that_are_not_finite_are_refused(model, outcome_map):
    with pytest.raises(AnalysisError, match="not finite"):
        outcome_map.jacobian({**model.values, "signal_noise_sd": float("nan")})


# --- re-estimation ----------------------------------------------------------------------------------------------------


def test_the_case_meets_its_targets(model):
    for row, target in zip(model.rows, model.targets.values(), strict=True):
        assert abs(model.outcomes[row] - target.value) < 1e-6 * target.se


def test_targets_out_of_reach_are_refused_with_the_moment(config):
    with pytest.raises(AnalysisError, match="m1 is missed by"):
        aigini.at_estimates(load(None, {**SMALL, "targets.m1.value": 0.5}))


def test_influence_predicts_the_re_estimated_parameters(model, config):
    result = aigini.sensitivity(config)
    matrix = result.influence.values
    for j, name in enumerate(model.targets):
        target = model.targets[name]
        shift = 0.002 * target.se
        targets = {**model.targets, name: dataclasses.replace(target, value=target.value + shift)}
        moved = refit(dataclasses.replace(model, targets=targets), model.values)
        assert moved.worst < FIT_TOLERANCE
        change = moved.estimates - model.estimates
        scale = np.abs(matrix[:, j] * shift)
        np.testing.assert_allclose(change, matrix[:, j] * shift, atol=0.02 * scale.max(), rtol=0.02)
        # The same for outcomes, which follow the estimates.
        outcomes = result.outcome_influence
        before = np.array([result.changes[outcome] for outcome in outcomes.rows])
        after = np.array([moved.outcomes[OUTCOME_NAMES.index(outcome)] for outcome in outcomes.rows])
        predicted = outcomes.values[:, j] * shift
        np.testing.assert_allclose(after - before, predicted, atol=0.02 * np.abs(predicted).max(), rtol=0.02)


def test_standard_errors_of_outcomes_are_those_of_their_influence(config):
    result = aigini.sensitivity(config)
    se = np.array(list(result.target_se.values()))
    for name, row in zip(result.outcome_influence.rows, result.outcome_influence.values, strict=True):
        assert result.outcome_se["independent"][name] == pytest.approx(np.linalg.norm(row * se))
        assert result.outcome_se["worst_case"][name] == pytest.approx(np.abs(row) @ se)
        change = shown(result.changes[name], result.change_simulation_se[name], ".4g")
        assert any(line.split()[0] == name and change in line for line in str(result).splitlines() if line.strip())


def test_a_minimum_that_misses_a_target_is_stationary(model):
    # One parameter for two targets that pull against each other.
    space = ParameterSpace(("alpha",), "none")
    targets = {"m1": Target(-0.1, 0.06), "m2": Target(0.3, 0.017)}
    weighting = np.diag([0.06**-2, 0.017**-2])
    found = refit(dataclasses.replace(model, space=space, targets=targets, weighting=weighting), model.values)
    assert found.worst > FIT_TOLERANCE
    rows, se = [0, 1], np.array([0.06, 0.017])
    residual = (found.outcomes[rows] - np.array([-0.1, 0.3])) / se
    gradient = (found.free_jacobian[rows, 0] / se) @ residual
    assert abs(gradient) < 1e-2 * np.linalg.norm(found.free_jacobian[rows, 0] / se) * np.linalg.norm(residual)


# --- sensitivity ------------------------------------------------------------------------------------------------------


def test_shares_add_up_and_the_sign_is_known_as_well_as_m6(config):
    result = aigini.sensitivity(config)
    np.testing.assert_allclose(result.pins.values.sum(axis=1), 1, rtol=1e-10)
    own = next(s for s in result.signs if s.concept == "total" and "m6" in s.estimated_with)
    # m6 is the change of this Gini, so nothing else adds to its uncertainty.
    assert own.sd == pytest.approx(config.targets["m6"].se, rel=1e-8)
    assert own.variance["m6"] / sum(own.variance.values()) == pytest.approx(1, rel=1e-10)
    assert result.se["independent_with_simulation"]["sigma"] > result.se["independent"]["sigma"]
    assert all(result.se["worst_case"][name] >= result.se["independent"][name] for name in config.free)
    assert "near null" in str(result)


def test_the_value_of_precision_is_the_fall_of_entropy(config):
    tighter = load(None, {**SMALL, "targets.m3.se": 0.03 / np.sqrt(1.01)})
    for before, after in zip(aigini.sensitivity(config).signs, aigini.sensitivity(tighter).signs, strict=True):
        fall = 1000 * (before.entropy - after.entropy)
        assert before.value_of_precision["m3"] == pytest.approx(fall, rel=0.02, abs=1e-9)


def test_what_the_targets_do_not_determine_is_an_error_that_names_it(model):
    # m4 moves with neither of the two, so m5 alone is left for both.
    space = ParameterSpace(("cumulative_advantage", "asset_sd"), "none")
    targets = {name: model.targets[name] for name in ("m4", "m5")}
    both = known_model(model.outcome_map, model.values, space, targets, model.income)
    with pytest.raises(IdentificationError, match=r"cumulative_advantage.*asset_sd|asset_sd.*cumulative_advantage"):
        decompose(both, {})


def test_nothing_is_relative_to_a_change_of_zero(model):
    zero = np.where(np.arange(len(OUTCOME_NAMES)) == OUTCOME_NAMES.index("gini_total"), 0.0, model.outcomes)
    result = decompose(dataclasses.replace(model, outcomes=zero), {})
    rows = np.isnan(result.elasticities.values).all(axis=1)
    assert [name for name, row in zip(result.elasticities.rows, rows, strict=True) if row] == ["gini_total"]
    assert not np.isnan(result.elasticities.values[~rows]).any()
    assert "elasticity of gini_total is not defined: it does not change at the estimates" in str(result)


# --- the sign ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_ridge_meets_the_other_moments_and_its_slope_is_the_local_one(model):
    eta = model.values["eta1"]
    found = sign.sign(model, etas=(eta - 0.01, eta + 0.01), xis=(0.3,))
    own = [point for point in found.ridge if point.xi == model.values["xi"]]
    assert all(point.feasible for point in own)
    for point in own:
        values = model.space.impose({**model.values, **point.estimates, "xi": point.xi, "eta1": point.eta1})
        again = model.outcome_map.values([values])[0]
        for row, (name, target) in zip(model.rows, model.targets.items(), strict=True):
            if name != "m6":
                assert abs(again[row] - target.value) < 0.01 * target.se
        assert again[OUTCOME_NAMES.index("gini_total")] == pytest.approx(point.m6, abs=1e-9)
    slope = (own[1].m6 - own[0].m6) / 0.02
    assert slope == pytest.approx(found.local.gini_change / 0.1, rel=0.02)
    for name in ("sigma", "cumulative_advantage"):
        moved = (own[1].estimates[name] - own[0].estimates[name]) / 0.02
        assert moved == pytest.approx(found.local.direction[name] / 0.1, rel=0.05)


def test_without_proprietary_ai_the_asset_moment_is_out_of_reach(model):
    found = sign.sign(model, etas=(0.0, 0.6), xis=())
    assert [point.feasible for point in found.ridge] == [False, True]
    assert found.ridge[0].misfit > 1
    assert "1 of 2 points do not meet them exactly; 0 of these miss by less than 1 s.e." in found.statement


def test_a_ridge_that_is_lost_where_moments_are_flat_is_found_from_elsewhere(model):
    far = model.space.impose({**model.values, "sigma": 1e6, "eta1": 0.05})
    lost = known_model(model.outcome_map, far, model.space, model.targets, model.income)
    eta = model.values["eta1"]
    alone = sign.sign(lost, etas=(eta,), xis=())
    assert not alone.ridge[0].feasible
    (found,) = sign.sign(lost, etas=(eta,), xis=(), starts=(far, model.values)).ridge
    assert found.feasible
    assert found.estimates["sigma"] == pytest.approx(model.values["sigma"], rel=1e-3)
    # Where nothing leads to an economy that meets the moments, the first search stands.
    assert sign.sign(lost, etas=(eta,), xis=(), starts=(far,)).ridge == alone.ridge


def test_values_of_eta1_without_an_economy_are_not_on_the_ridge(model, monkeypatch):
    monkeypatch.setattr(type(model.outcome_map), "admits", lambda self, values: values["eta1"] < 0.5)
    found = sign.sign(model, etas=(0.3, 0.6), xis=())
    assert [point.eta1 for point in found.ridge] == [0.3]
    with pytest.raises(AnalysisError, match="no economy at any value of eta1"):
        sign.sign(model, etas=(0.6,), xis=())


def ridge_of(points, error):
    return [
        RidgePoint(xi, eta, m6, m6, 0.0, 0.0, True, {}, gini_total_simulation_se=error, gini_wage_simulation_se=error)
        for xi, eta, m6 in points
    ]


OPEN = [(0.1, 0.2, -0.001), (0.1, 0.5, 0.002), (0.9, 0.2, 0.001), (0.9, 0.5, -0.002)]
SHUT = [(0.1, 0.2, 0.001), (0.1, 0.5, 0.002), (0.9, 0.2, 0.001), (0.9, 0.5, 0.003)]
MOMENTS = ("m1", "m2", "m3", "m4", "m5", "m6")


def words_of(points, error):
    return statement({"xi": 0.1, "eta1": 0.5}, "total", MOMENTS, ridge_of(points, error), 4096)


def test_the_statement_says_the_opposite_when_the_numbers_do():
    assert "do not identify the sign" in words_of(OPEN, 1e-4)
    assert "it flips the sign near xi = 0.5 ± 0.02" in words_of(OPEN, 1e-4)
    assert "Both signs are compatible at xi = 0.1, 0.9." in words_of(OPEN, 1e-4)
    assert "Only a rise is compatible with these moments: they identify the sign." in words_of(SHUT, 1e-4)
    assert "does not flip the sign" in words_of(SHUT, 1e-4)
    assert "-0.0010 ± 0.0001 (eta1 = 0.2) to +0.0020 ± 0.0001 (eta1 = 0.5)" in words_of(OPEN, 1e-4)


@pytest.mark.parametrize("points", [OPEN, SHUT])
@pytest.mark.parametrize("error", [1.1e-3, None])
def test_no_sign_is_stated_that_does_not_stand_out_of_its_error(points, error):
    # Changes of 0.001 and 0.002 are less than twice the error, or the error is not known.
    text = words_of(points, error)
    assert "identify the sign" not in text
    assert "flips the sign" not in text
    assert "does not flip" not in text
    assert "may or may not flip the sign" in text
    assert "compatible at xi = 0.1" not in text
    reason = "use at least" if error else "set calibration.replications to 2 or more"
    assert f"Whether both signs are compatible is not known: {'not stated' if error is None else 'not disting'}" in text
    assert reason in text


def test_errors_that_were_not_measured_are_not_what_a_sign_is_within():
    text = words_of(OPEN, None)
    assert "within simulation error" not in text
    assert "Whether both signs meet them is not known (simulation errors were not measured) at xi = 0.1, 0.9." in text
    assert "may or may not flip the sign, which is not known (simulation errors were not measured)." in text


def test_points_that_miss_the_moments_are_marked_and_in_no_statement(model):
    met, *rest = ridge_of(OPEN[1:2] + OPEN[:1], 1e-4)
    missed = dataclasses.replace(rest[0], feasible=False, misfit=0.4, gini_total_simulation_se=None)
    text = statement({"xi": 0.1, "eta1": 0.5}, "total", MOMENTS, [met, missed], 4096)
    assert "Only a rise" in text
    assert "-0.001" not in text
    local = sign.LocalSign([1.0], {"eta1": 0.1}, 0.002)
    printed = str(sign.Sign(model.values, "total", local, [met, missed], {0.1: ["+"]}, text, 4096, 8))
    assert "+0.00200 ± 0.0001" in printed
    assert "(-0.001)" in printed
    assert "no *" in printed
    assert "-0.00100" not in printed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moments": ["m1", "m2"], "free": ["alpha", "eta1"]}, "m6 among calibration"),
        ({"moments": ["m1", "m6"], "free": ["alpha", "beta"]}, "eta1 in calibration.free"),
        ({"free": ["alpha", "eta1"]}, "free 6 parameters"),
    ],
    ids=["no m6", "no eta1", "no direction"],
)
def test_the_sign_needs_m6_and_eta1_and_says_so_before_any_computation(change, message, monkeypatch):
    config = load(None, {**SMALL, **{f"calibration.{key}": value for key, value in change.items()}})
    for name in ("sign", "channels"):
        monkeypatch.setattr(f"aigini.commands.{name}.at_estimates", None)
    with pytest.raises(AnalysisError, match=message):
        aigini.sign(config)


# --- regimes ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_map(model):
    plane = axes.Plane(axes.axis("eta1"), axes.axis("xi"), model.values, model.space)
    return plane, regime_map(model, plane, count=5)


@pytest.mark.slow
def test_boundary_points_are_on_the_boundary_and_slopes_are_those_of_differences(model, small_map):
    plane, found = small_map
    for row, concept in enumerate(("total", "wage")):
        assert found.boundary[concept].branches, concept
        for branch in found.boundary[concept].branches:
            assert np.max(branch.residuals) < 1e-8
            points = [plane.at(point) for point in branch.points]
            values = np.concatenate([model.outcome_map.values(points[i : i + 32]) for i in range(0, len(points), 32)])
            assert np.max(np.abs(values[:, GINIS[row]])) < 1e-8
            # Where the curve is neither flat nor steep, so that differences are accurate.
            middle = int(np.argmin(np.abs(np.log(np.abs(branch.slopes)))))
            inner, slope = branch.points[middle], branch.slopes[middle]
            step = 1e-7  # so short that hardly a worker passes a node of the histogram, where the slope has kinks

            def across(x, inner=inner, row=row):
                # y on the boundary at x, by Newton from the traced point.
                y = inner[1]
                for _ in range(8):
                    value, gradient = gini_on(model, plane, row)(np.array([x, y]))
                    y -= value / gradient[1]
                return y

            difference = (across(inner[0] + step) - across(inner[0] - step)) / (2 * step)
            assert slope == pytest.approx(difference, rel=1e-5)


def test_the_map_agrees_with_single_evaluations(model, small_map):
    plane, found = small_map
    values = model.outcome_map.values([plane.at((found.x[1], found.y[3]))])[0]
    assert found.gini_total[1, 3] == values[GINIS[0]]
    assert found.gini_wage[1, 3] == values[GINIS[1]]


def test_axes_transform_and_refuse():
    axis = axes.axis("asset_gini")
    values = {**load(None, SMALL).params.as_dict(), "asset_sd": 1.3}
    assert axis.read(axis.move(values, 0.61)) == pytest.approx(0.61, rel=1e-12)
    step = 1e-6
    high, low = (axis.move(values, axis.read(values) + shift)["asset_sd"] for shift in (step, -step))
    move = axis.direction(values, ParameterSpace((), "none"))[PARAMETER_NAMES.index("asset_sd")]
    assert move == pytest.approx((high - low) / (2 * step), rel=1e-8)
    with pytest.raises(AnalysisError, match="did you mean sigma"):
        axes.axis("sigm")
    with pytest.raises(AnalysisError, match="give two values in"):
        axes.axis("xi", (0.5, 2.0))
    with pytest.raises(AnalysisError, match="the smaller first"):
        axes.axis("xi", (0.5, 0.2))


@pytest.mark.slow
def test_the_nearest_boundary_point_is_on_it_and_no_single_move_is_shorter(model):
    units = {"xi": (0.05, 0.15), "eta1": (0.2, 0.8), "sigma": (0.5, 3.0), "asset_sd": (0.5, 2.3)}
    found = distances(model, units)[0]
    assert found.together.distance is not None
    assert abs(found.together.residual) < 1e-8
    values = model.space.impose({**model.values, **found.together.to})
    assert abs(model.outcome_map.values([values])[0][GINIS[0]]) < 1e-8
    singles = [move.distance for move in found.alone.values() if move.distance is not None]
    assert singles
    assert found.together.distance <= min(singles) + 1e-6
    # At the nearest point the move is along the gradient, in units of ranges.
    widths = np.array([b - a for a, b in units.values()])
    _, slopes = model.outcome_map.along(values, model.space.over(tuple(units)).directions)
    gradient = slopes[GINIS[0]] * widths
    move = np.array([found.together.to[name] - model.values[name] for name in units]) / widths
    cosine = abs(gradient @ move) / (np.linalg.norm(gradient) * np.linalg.norm(move))
    assert cosine == pytest.approx(1, abs=1e-4)


def test_roots_are_found_between_points_and_nowhere_else():
    points = np.linspace(0, 4, 9)
    assert first_root(np.cos, points, np.cos(points)) == pytest.approx(np.pi / 2, abs=1e-10)
    assert first_root(np.cosh, points, np.cosh(points)) is None
    assert first_root(np.sin, points, np.sin(points)) == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
def test_the_boundary_converges_to_the_first_order_one(model):
    population = model.outcome_map.population
    found = first_order(model.values, model.outcome_map)
    moments = jax.jit(lambda params, scenario: six_moments(params, population, scenario))
    errors, slopes = [], []
    for level in (0.04, 0.02, 0.01):
        # η1 at which ΔG = 0, for η0 = 1, by secant steps from the first-order one.
        def gini(eta1, level=level):
            params = unpack(jnp.asarray(pack({**model.values, "eta0": 1.0, "eta1": eta1})))
            return float(moments(params, Scenario(A0=np.float64(0.0), A1=np.float64(level)))[5]) / level

        numbers = found.numbers
        slopes.append(gini(0.4) - (numbers["commodity"] + 0.4 * numbers["proprietary"] + numbers["displacement"]))
        one, two = found.eta1_on_boundary(1.0), found.eta1_on_boundary(1.0) + 0.05
        for _ in range(6):
            low, high = gini(one), gini(two)
            if low == high:
                break
            one, two = two, two - high * (two - one) / (high - low)
        errors.append(two - found.eta1_on_boundary(1.0))
    for series in (errors, slopes):
        ratios = np.array(series[1:]) / np.array(series[:-1])
        np.testing.assert_allclose(ratios, 0.5, atol=0.1)


def test_to_first_order_growth_of_assets_follows_from_what_ai_produces_at_the_soft_edge(model):
    # dρ/dA = χ (1 - ξ) η1 α adoption mean_o(Σ_z L_oz m(z; 0)) at A = 0, where task prices are 1; m5 follows from ρ.
    population = model.outcome_map.population
    moments = jax.jit(lambda params, scenario: six_moments(params, population, scenario))
    params = unpack(jnp.asarray(pack(model.values)))
    shocks = np.asarray(population.firm_shocks)
    n, years = shocks.shape
    stay, third = 1 - model.values["asset_reversion"], n // 3
    start = ndtri((np.arange(n) + 0.5) / n)
    lags = [(years - 1 - t, shocks[:, t]) for t in range(years - 1)]
    slope = years * stay ** (years - 1) * start
    slope = slope + np.sqrt(1 - stay**2) * sum(shock * lag * stay ** (lag - 1) for lag, shock in lags)
    by_rho = model.values["asset_sd"] * (slope[-third:].mean() - slope[:third].mean())
    edge = numpy_model.technology(model.values, 0.0)
    rent = model.values["eta1"] * float((edge.bundles @ edge.machine_deployed).mean())
    expected = by_rho * model.values["cumulative_advantage"] * (1 - model.values["xi"]) * rent
    assert expected > 0
    errors = [
        float(moments(params, Scenario(A0=np.float64(0.0), A1=np.float64(a)))[4]) / a - expected
        for a in (0.02, 0.01, 0.005)
    ]
    np.testing.assert_allclose(np.array(errors[1:]) / np.array(errors[:-1]), 0.5, atol=0.1)
    assert abs(2 * errors[2] - errors[1]) < 0.01 * expected
    # With a sharp edge nothing is left in first order, assets included.
    sharp = params.replace(exposure_smoothing=jnp.asarray(1e-3))
    tiny = [float(moments(sharp, Scenario(A0=np.float64(0.0), A1=np.float64(a)))[4]) / a for a in (0.4, 0.2)]
    assert abs(tiny[1]) < 0.7 * abs(tiny[0])


# --- channels ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def decomposition(config):
    return aigini.channels(config)


def test_contributions_add_up_to_the_change(decomposition, model):
    for name, part in decomposition.outcomes.items():
        row = OUTCOME_NAMES.index({"college_premium": "m3"}.get(name, name))
        assert part.total == pytest.approx(model.outcomes[row], abs=1e-12)
        assert sum(part.contributions.values()) == pytest.approx(part.total, abs=1e-12)
        assert part.equalising + part.concentrating == pytest.approx(part.total, abs=1e-12)
    # With every channel off AI changes nothing.
    np.testing.assert_allclose(decomposition.values[0], 0, atol=1e-12)


def test_each_switch_acts_in_its_own_block(model, outcome_map):
    params = unpack(jnp.asarray(pack(model.values)))
    compiled = jax.jit(lambda params, on: outcomes(params, outcome_map.population, outcome_map.scenario, Channels(*on)))

    def run(params, **off):
        return np.asarray(compiled(params, jnp.array([float(off.get(name, 1.0)) for name in CHANNEL_NAMES])))

    row = OUTCOME_NAMES.index
    on = run(params)
    np.testing.assert_allclose(on, model.outcomes, rtol=1e-11, atol=1e-13)
    # No task floor: output is what schooling makes of it; assessments still see the floor in work samples.
    floor = run(params, task_floor=0.0)
    assert floor[row("m1")] == pytest.approx(0, abs=1e-3)
    assert floor[row("m4")] < -0.3
    # No screening channel: the work sample is as diagnostic as before but for schooling.
    assert run(params, screening=0.0)[row("m4")] == pytest.approx(0, abs=1e-2)
    # Cumulative advantage alone stops the growth of assets: it follows the rents of the economy with every channel on.
    assert run(params, cumulative_advantage=0.0)[row("m5")] == pytest.approx(0, abs=1e-12)
    for others in itertools.product((0.0, 1.0), repeat=4):
        names = [name for name in CHANNEL_NAMES if name != "cumulative_advantage"]
        switched = run(params, **dict(zip(names, others, strict=True)))
        assert switched[row("m5")] == pytest.approx(on[row("m5")], rel=1e-12)
    # Half a switch is half of the rate of reinvestment.
    half = params.replace(cumulative_advantage=params.cumulative_advantage / 2)
    np.testing.assert_allclose(run(params, cumulative_advantage=0.5), run(half), rtol=1e-11, atol=1e-13)
    # Schooling stays as it was, which is what no retooling means; assets grow on the rents with retooling all the same.
    still = {**model.values, "retooling": 0.0}
    with_it, without = (
        float(numpy_model.solve_equilibrium(values, 1.0, numpy_model.solve_equilibrium(values, 0.0)).R_A.mean())
        for values in (model.values, still)
    )
    still["cumulative_advantage"] *= with_it / without
    still = np.asarray(compiled(unpack(jnp.asarray(pack(still))), jnp.ones(5)))
    np.testing.assert_allclose(run(params, schooling=0.0), still, rtol=1e-11, atol=1e-13)


def test_channels_need_an_economy_without_ai_before(config, monkeypatch):
    for name in ("sign", "channels"):
        monkeypatch.setattr(f"aigini.commands.{name}.at_estimates", None)
    overrides = {"scenario.A0": 0.2, "calibration.free": ["alpha"], "calibration.moments": ["m1"]}
    with pytest.raises(AnalysisError, match=r"set scenario\.A0 = 0"):
        aigini.channels(load(None, {**SMALL, **overrides, "targets.m1.value": -0.12}))


# --- files ------------------------------------------------------------------------------------------------------------


def test_results_survive_being_written(tmp_path, config, decomposition):
    for name, result in (("channels", decomposition), ("sensitivity", aigini.sensitivity(config))):
        results.save(tmp_path, name, result, {"seed": 0})
        again = load_result(tmp_path, name)
        assert str(again) == str(result)
    content = json.loads((tmp_path / "sensitivity.json").read_text())
    assert content["jacobian"]["moments"] == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert content["jacobian"]["parameters"] == list(PARAMETER_NAMES)
    assert np.shape(content["jacobian"]["values"]) == (6, 31)
    (tmp_path / "policy.json").write_text("{}")
    with pytest.raises(OutputError, match="run the command that writes it again"):
        load_result(tmp_path, "policy")


def test_a_resumed_analysis_computes_only_what_is_missing(tmp_path, config):
    calls = []

    def part(k):
        return block(f"part/{k}", lambda: calls.append(k) or [k / 3, {"x": 0.1 * k}])

    def work(cache):
        with kept_in(cache):
            return [part(k) for k in steps("part", range(4))]

    def kill(part, done, total):
        if done == 3:
            raise Killed

    with pytest.raises(Killed), watched(kill):
        work(Ledger(tmp_path, config, "s", resume=False))
    with (tmp_path / "evaluations.jsonl").open("a") as file:
        file.write('{"key": "part/3", "value": [1.0')  # cut off by the kill
    resumed = Ledger(tmp_path, config, "s", resume=True)
    assert resumed.count == 3
    assert work(resumed) == work(None)
    assert calls == [0, 1, 2, 3, 0, 1, 2, 3]
    assert Ledger(tmp_path, config, "s", resume=True).count == 4
    with pytest.raises(CheckpointError, match="another configuration or another command"):
        Ledger(tmp_path, config, "other", resume=True)
    with pytest.raises(CheckpointError, match="another configuration"):
        Ledger(tmp_path, load(None, {**SMALL, "xi": 0.2}), "s", resume=True)
    (tmp_path / "evaluations.jsonl").write_text("nonsense\n")
    with pytest.raises(CheckpointError, match="damaged"):
        Ledger(tmp_path, config, "s", resume=True)
    assert Ledger(tmp_path, config, "s", resume=False).count == 0


class Killed(BaseException):
    """Stands for kill -9: nothing in the package may catch it."""


@pytest.mark.slow
def test_a_command_that_is_killed_and_resumed_writes_the_same_numbers(tmp_path, monkeypatch, capsys):
    settings = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
    monkeypatch.setenv("AIGINI_CACHE", "off")

    def run(*more):
        monkeypatch.setattr(sys, "argv", ["aigini", "sign", *settings, *more])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert not caught.value.code, capsys.readouterr().err

    kept, keep = [], Ledger._keep
    monkeypatch.setattr(Ledger, "_keep", lambda self, *value: kept.append(value) or keep(self, *value))
    run("--out", str(tmp_path / "whole"))
    computed = len(kept)
    progress = command.shown

    def killed(say):
        watch = progress(say)

        def seen(part, done, total):
            watch(part, done, total)
            if part == "ridge" and done == 30:
                raise Killed

        return seen

    with monkeypatch.context() as patch:
        patch.setattr(command, "shown", killed)
        patch.setattr(sys, "argv", ["aigini", "sign", *settings, "--out", str(tmp_path / "cut")])
        with pytest.raises(Killed):
            cli.main()
    assert not (tmp_path / "cut" / "sign.json").exists()
    assert computed < len(kept) < 2 * computed
    run("--out", str(tmp_path / "cut"), "--resume")
    whole, cut = (json.loads((tmp_path / name / "sign.json").read_text()) for name in ("whole", "cut"))
    assert {**whole, "run": None} == {**cut, "run": None}
    assert len(kept) == 2 * computed
    assert not (tmp_path / "cut" / "evaluations.jsonl").exists()
    assert sorted(path.name for path in (tmp_path / "cut" / "figures").iterdir())
    point = whole["ridge"][40]
    assert set(point) >= {"xi", "eta1", "m6", "misfit", "feasible", "estimates"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"ranges.nothing": {"low": 0.0, "high": 1.0}}, "ranges.nothing"),
        ({"ranges.xi": {"low": 0.2, "high": 0.1}}, "the smaller first"),
        ({"ranges.xi": {"low": 0.2}}, "ranges.xi.high is missing"),
        ({"ranges.xi": {"low": 0.2, "high": 7.0}}, "ranges.xi"),
    ],
)
def test_ranges_are_checked_at_the_border(overrides, message):
    with pytest.raises(ConfigError, match=message):
        load(None, overrides)


def test_a_known_case_is_the_estimated_one(model):
    again = known_model(model.outcome_map, model.values, model.space, model.targets, model.income)
    np.testing.assert_array_equal(again.jacobian, model.jacobian)
    assert isinstance(again.outcome_map, OutcomeMap)

"""How an estimation says it ended: every verdict has its condition, every sentence fits the size of a misfit."""

import dataclasses
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from documents import GUIDE

from aigini import cli
from aigini.commands.registry import load_result
from aigini.economy.economy import Scenario
from aigini.errors import EstimationError, OutputError
from aigini.estimation import msm, report
from aigini.estimation.convergence import (
    FIT_TOLERANCE,
    STATIONARY,
    remaining_step,
    removable_share,
    removable_share_within,
)
from aigini.estimation.descent import DescentSettings
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.problem import pose
from aigini.estimation.result import Calibration, StartResult, Trace
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status, Verdict, judge, removable_within_bounds, status_of
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS, Parameters
from aigini.population import draw_population
from aigini.storage import results

JACOBIAN = np.array([[1.0, 0.5], [-0.3, 2.0], [0.4, 0.1]])


def calibrated(misfit=(0.0, 0.0), status=Status.FITTED, *, free=("alpha", "beta"), agreed=2, starts=2, **changes):
    names = [f"m{k + 1}" for k in range(len(misfit))]
    estimates = dict.fromkeys(free, 0.5)
    return Calibration(
        **{
            "free": tuple(free),
            "estimates": estimates,
            "params": {name: spec.default for name, spec in SPECS.items()},
            "targets": {name: Target(0.1, 0.2) for name in names},
            "fitted": {name: 0.1 + 0.2 * x for name, x in zip(names, misfit, strict=True)},
            "misfit": dict(zip(names, misfit, strict=True)),
            "weighting": np.eye(len(names)),
            "objective": float(np.sum(np.square(misfit))),
            "gradient_norm": 1e-9,
            "removable_share": 1e-8,
            "remaining_step": 3e-9,
            "jacobian": np.ones((len(names), len(free))),
            "singular_values": np.ones(len(free)),
            "standard_errors": {
                "independent": dict.fromkeys(free, 0.25),
                "worst_case": dict.fromkeys(free, 0.5),
            },
            "no_standard_errors": "",
            "status": status,
            "at_bound": {},
            "starts": [StartResult(estimates, estimates, 0.1, k < agreed) for k in range(starts)],
            "agreed": agreed,
            "trace": Trace(["polish"], [5], np.zeros((1, starts))),
            "moment_simulation_se": None,
            "estimate_simulation_se": None,
            "replications": 0,
        }
        | changes
    )


# --- The condition of a minimum ---------------------------------------------------------------------------------------


def test_the_share_that_parameters_could_still_remove_is_a_cosine_free_of_units():
    residual = np.array([0.3, -0.2, 0.5])
    basis, _ = np.linalg.qr(JACOBIAN)
    expected = np.linalg.norm(basis.T @ residual) / np.linalg.norm(residual)
    assert removable_share(residual, JACOBIAN) == pytest.approx(expected, rel=1e-12)
    for weight, units in ((1e-9, [1.0, 1.0]), (1e9, [1e-8, 1e12]), (1.0, [1e-14, -1.0])):
        assert removable_share(weight * residual, weight * JACOBIAN * units) == pytest.approx(expected, rel=1e-9)


def test_nothing_can_be_removed_at_a_minimum_or_where_nothing_is_missed_or_may_move():
    normal = np.cross(*JACOBIAN.T)
    assert removable_share(normal, JACOBIAN) < 1e-15
    assert removable_share(np.zeros(3), JACOBIAN) == 0
    assert removable_share(normal, np.empty((3, 0))) == 0
    assert removable_share(normal, np.zeros((3, 2))) == 0
    assert removable_share(normal, np.full((3, 2), np.nan)) == 1


def test_where_derivatives_vanish_a_limited_move_removes_nothing():
    for slope in (1e-3, 1e-6, 0.0):
        assert removable_share_within(np.array([3.0]), np.array([[slope]]), 4.0) == pytest.approx(4 * slope / 3)
    assert removable_share_within(np.array([3.0]), np.array([[1.0]]), 4.0) == 1
    residual = np.array([0.3, -0.2, 0.5])
    assert removable_share_within(residual, JACOBIAN, 4.0) == pytest.approx(removable_share(residual, JACOBIAN))
    assert removable_share_within(np.zeros(3), JACOBIAN, 4.0) == 0
    assert removable_share_within(residual, np.full((3, 2), np.nan), 4.0) == 1


def test_the_largest_value_of_a_moment_is_a_minimum_of_the_misfit(problem):
    """With as many targets as parameters the residual never is at a right angle to the derivatives."""
    space = problem.space.over(["alpha"])
    at_the_top = judge(space, np.array([0.5]), np.array([-20.0]), np.array([-20.0]), np.array([[1e-9]]))
    assert at_the_top.status is Status.MINIMUM
    on_the_way = judge(space, np.array([0.5]), np.array([-20.0]), np.array([-20.0]), np.array([[1e-1]]))
    assert on_the_way.status is Status.STOPPED


def test_a_parameter_without_a_lower_bound_can_run_off_as_well(problem):
    (name,) = [name for name in ("skill_gradient",) if SPECS[name].lower == -np.inf]
    space = problem.space.over([name])
    verdict = judge(space, np.array([-1e9]), np.array([-20.0]), np.array([-20.0]), np.array([[-1e-20]]))
    assert verdict.at_bound == {name: -np.inf}


def test_the_remaining_step_is_the_error_of_the_parameters_of_a_linear_problem():
    error = np.array([3e-4, -2e-3])
    for weight in (1e-9, 1.0, 1e9):
        assert remaining_step(weight * JACOBIAN @ error, weight * JACOBIAN) == pytest.approx(2e-3, rel=1e-9)
    assert remaining_step(np.zeros(3), np.full((3, 2), np.nan)) == np.inf


@pytest.mark.parametrize(
    ("misfit", "share", "at_bound", "status"),
    [
        (0.99 * FIT_TOLERANCE, 1.0, {}, Status.FITTED),
        (1.01 * FIT_TOLERANCE, 0.99 * STATIONARY, {}, Status.MINIMUM),
        (0.14, 1.01 * STATIONARY, {}, Status.STOPPED),
        (0.86, np.nan, {}, Status.STOPPED),
        (8.0, 0.0, {"alpha": 0.0}, Status.AT_BOUND),
        (8.0, 0.5, {"alpha": 0.0}, Status.STOPPED),
    ],
)
def test_a_verdict_needs_its_condition(misfit, share, at_bound, status):
    assert status_of(np.array([0.0, -misfit]), share, at_bound) is status


@pytest.fixture(scope="module")
def problem():
    population = draw_population(n_workers=64, n_firms=4, precision="float64")
    targets = {"m1": Target(0.1, 1.0), "m2": Target(0.2, 1.0)}
    return pose(params=Parameters(), population=population, targets=targets, space=ParameterSpace(("alpha", "beta")))


def test_a_parameter_at_its_bound_may_only_move_inwards(problem):
    space, matrix = problem.space, np.eye(2)
    for pull, share in ((1.0, 0.0), (-1.0, 1.0)):  # fitted above the target: alpha should fall, and cannot
        assert removable_within_bounds(space, np.array([pull, 0.0]), matrix, {"alpha": 0.0}) == share
    assert removable_within_bounds(space, np.array([1.0, 0.0]), matrix, {}) == 1.0


@pytest.mark.parametrize(
    ("alpha", "misfit", "status"),
    [
        (0.5, [0.0, 0.0], Status.FITTED),
        (0.5, [1.0, 0.0], Status.STOPPED),
        (1e-9, [1.0, 0.0], Status.AT_BOUND),
        (1e-9, [-1.0, 0.0], Status.STOPPED),
    ],
)
def test_one_judgement_puts_the_conditions_together(problem, alpha, misfit, status):
    verdict = judge(problem.space, np.array([alpha, 0.1]), np.array(misfit), np.array(misfit), np.eye(2))
    assert verdict.status is status
    assert verdict.at_bound == ({"alpha": 0.0} if alpha < 1e-3 else {})


@pytest.mark.parametrize(
    ("status", "exact", "overidentified"),
    [
        (Status.FITTED, True, True),
        (Status.MINIMUM, False, True),
        (Status.AT_BOUND, False, False),
        (Status.STOPPED, False, False),
    ],
)
def test_a_minimum_is_an_estimate_only_with_more_targets_than_parameters(status, exact, overidentified):
    assert status.estimates(targets=2, free=2) is exact
    assert status.estimates(targets=3, free=2) is overidentified


# --- Sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.MINIMUM, Status.AT_BOUND])
@pytest.mark.parametrize(
    ("misfit", "words"),
    [
        (-0.14, "by -0.14 standard errors, which the data would not reject"),
        (0.99, "by +0.99 standard errors, which the data would not reject"),
        (-1.5, "by -1.5 standard errors, which is more than its error but not significant at the 5 percent level"),
        (8.0, "by +8 standard errors, which is significant at the 5 percent level: as far as the search from 2 starts"),
    ],
)
def test_the_sentence_fits_the_size_of_the_misfit(status, misfit, words):
    bound = {"alpha": 0.0} if status is Status.AT_BOUND else {}
    message = calibrated((0.0, misfit), status, at_bound=bound).message
    assert f"Missed most is m2, {words}" in message
    assert ("cannot reach" in message) == (abs(misfit) > 2)
    assert ("alpha is at its bound 0" in message) == bool(bound)


def test_a_search_that_stopped_short_says_nothing_about_the_economy():
    message = calibrated((0.0, 5.0), Status.STOPPED, removable_share=0.345).message
    assert "not converged" in message
    assert "34.5% of the length of the misfit" in message
    assert "at most 0.1%" in message
    assert "cannot reach" not in message


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        (Status.STOPPED, {"no_standard_errors": "the estimation has not converged"}, "no test: the estimation has not"),
        (Status.AT_BOUND, {"no_standard_errors": "at a bound", "at_bound": {"alpha": 0.0}}, "no test: at a bound"),
        (Status.MINIMUM, {}, "p = "),
    ],
)
def test_the_targets_are_tested_together_only_at_a_minimum_inside_the_bounds(status, changes, words):
    matrix = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    result = calibrated((0.1, 0.3, -0.4), status, jacobian=matrix, **changes)
    assert words in result.overidentification
    assert f"overidentification: {result.overidentification}" in str(result)
    assert ("no test" in str(result)) == (status is not Status.MINIMUM)


def test_a_search_that_stopped_short_claims_no_agreement_of_starts():
    stopped = calibrated((0.0, 5.0), Status.STOPPED, agreed=1, starts=4)
    assert "no start is known to have reached an optimum" in str(stopped)
    assert "reached this optimum" not in str(stopped)
    assert stopped.failure == "the search has not converged"
    assert "1 of 4 starts reached this optimum" in str(calibrated(agreed=1, starts=4))


def test_how_close_to_a_minimum_is_printed_in_a_measure_without_units():
    assert "could still remove 1e-06% of the length" in str(calibrated((0.0, 0.5), Status.MINIMUM))
    assert "no estimate by more than 3e-09" in str(calibrated())


# --- Errors of the estimates ------------------------------------------------------------------------------------------


def test_standard_errors_and_simulation_error_are_apart_and_labelled():
    text = str(calibrated(estimate_simulation_se={"alpha": 1e-3, "beta": 2e-3}))
    assert [line.split() for line in text.splitlines() if line.startswith(("parameter", "alpha", "beta"))] == [
        ["parameter", "estimate", "s.e.", "(indep.)", "s.e.", "(worst)", "sim.", "s.e."],
        ["alpha", "0.5", "0.25", "0.5", "1.0e-03"],
        ["beta", "0.5", "0.25", "0.5", "2.0e-03"],
    ]
    assert "spread over other draws of the population" in text
    assert "contradicts" not in text
    assert "which the misfit contradicts" in str(calibrated((0.0, 0.3, 3.0), Status.MINIMUM))
    known = calibrated(standard_errors={"known_covariance": {"alpha": 0.3, "beta": 0.3}})
    assert "s.e. (known)" in str(known)


def test_standard_errors_of_two_targets_are_those_of_the_inverse_jacobian(problem):
    matrix, se = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([0.1, 0.4])
    covariance = np.array([[0.01, 0.02], [0.02, 0.16]])
    errors, reason = report.standard_errors(problem, matrix, se, covariance, Verdict(Status.FITTED, 0.0, {}))
    inverse = np.linalg.inv(matrix)
    assert reason == ""
    assert errors is not None
    assert {kind: list(found) for kind, found in errors.items()} == {kind: ["alpha", "beta"] for kind in errors}
    expected = {
        "independent": np.sqrt(inverse**2 @ se**2),
        "worst_case": np.abs(inverse) @ se,
        "known_covariance": np.sqrt(np.diag(inverse @ covariance @ inverse.T)),
    }
    assert errors.keys() == expected.keys()
    for kind, values in expected.items():
        np.testing.assert_allclose(list(errors[kind].values()), values, rtol=1e-12)
    without, _ = report.standard_errors(problem, matrix, se, None, Verdict(Status.FITTED, 0.0, {}))
    assert without is not None
    assert list(without) == ["independent", "worst_case"]


@pytest.mark.parametrize(
    ("matrix", "status", "bound", "words"),
    [
        ([[1.0, 2.0], [2.0, 4.0]], Status.FITTED, {}, "rank 1"),
        ([[1.0, 0.0], [0.0, 1.0]], Status.AT_BOUND, {"alpha": 0.0}, "at a bound, where alpha is"),
        ([[1.0, 0.0], [0.0, 1.0]], Status.FITTED, {"beta": 0.0}, "at a bound, where beta is"),
        ([[1.0, 0.0], [0.0, 1.0]], Status.STOPPED, {}, "not converged"),
    ],
)
def test_there_are_no_standard_errors_where_they_would_mean_nothing(problem, matrix, status, bound, words):
    errors, reason = report.standard_errors(problem, np.array(matrix), np.ones(2), None, Verdict(status, 0.0, bound))
    assert errors is None
    assert words in reason
    text = str(calibrated(standard_errors=None, no_standard_errors=reason))
    assert f"There are no standard errors: {reason.rstrip('.')}." in text


# --- Exit code --------------------------------------------------------------------------------------------------------

ENDS = [
    (calibrated(), ""),
    (calibrated((0.0, 0.3, 3.0), Status.MINIMUM), ""),
    (calibrated((0.0, 3.0), Status.MINIMUM), "as many parameters as targets"),
    (calibrated((0.0, 8.0), Status.AT_BOUND, agreed=1, at_bound={"alpha": 0.0}), "at their bounds are alpha"),
    (calibrated((0.0, 0.3, 3.0), Status.AT_BOUND, at_bound={"alpha": 0.0}), "at their bounds are alpha"),
    (calibrated((0.0, 0.3, 3.0), Status.STOPPED), "has not converged"),
    (calibrated(settled=False, weighted="iterated", last_change=0.2), "weights have not converged"),
    (calibrated(agreed=4, starts=8), ""),
    (calibrated(agreed=3, starts=8), "only 3 of 8 starts"),
]


@pytest.mark.parametrize(("result", "reason"), ENDS)
def test_calibrate_writes_its_result_and_ends_with_code_3_if_it_has_failed(
    monkeypatch, capsys, tmp_path, result, reason
):
    monkeypatch.setenv("AIGINI_CACHE", "off")
    monkeypatch.setattr("aigini.commands.calibrate.calibrate_in", lambda *_, **__: result)
    monkeypatch.setattr("aigini.commands.command.ResultFile.draw", lambda *_, **__: [])
    monkeypatch.setattr(sys, "argv", ["aigini", "calibrate", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out, err = capsys.readouterr()
    assert (caught.value.code, bool(result.failure)) == ((3, True) if reason else (0, False))
    assert reason in err
    assert ("the estimation has failed" in err) == bool(reason)
    assert result.message in " ".join(out.split())
    assert load_result(tmp_path, "calibration").failure == result.failure


def test_a_calibration_of_another_version_is_refused_with_what_it_lacks(tmp_path):
    path = results.save(tmp_path, "calibration", calibrated(), {})
    path.write_text(path.read_text().replace('"standard_errors"', '"errors"'))
    with pytest.raises(OutputError, match=r"lacks standard_errors, so another version.*run the command"):
        load_result(tmp_path, "calibration")


@pytest.mark.parametrize("command", ["calibrate", "reproduce"])
def test_the_help_names_the_exit_code(monkeypatch, capsys, command):
    monkeypatch.setattr(sys, "argv", ["aigini", command, "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "Exit code 3" in capsys.readouterr().out


def test_the_guide_shows_the_tables_that_are_printed():
    block = GUIDE.split("<!-- reproduce:begin -->")[1].split("<!-- reproduce:end -->")[0].strip().strip("`").strip()
    printed = str(calibrated()).splitlines()
    for head in ("moment", "parameter"):
        (shown,) = [line for line in block.splitlines() if line.startswith(head)]
        assert shown.split() in [line.split() for line in printed]


# --- Points that are not in the parameter space -----------------------------------------------------------------------


def test_the_second_stage_begins_where_parameters_are_allowed_together_or_not_at_all(problem):
    """With A = 2 human output vanishes at beta = -1/2, which is not a bound of beta alone."""
    strong = dataclasses.replace(problem, economy=dataclasses.replace(problem.economy, scenario=Scenario(A1=2.0)))
    first, second = DescentSettings(steps=0), LeastSquaresSettings()
    allowed, beyond = np.array([[0.8, -0.1]]), np.array([[0.8, -0.6]])
    with pytest.raises(EstimationError, match="no start is a point of the parameter space"):
        msm.begin(strong, beyond, first, second)
    one = msm.begin(strong, np.concatenate([beyond, allowed]), first, second)
    assert one.searches.ended.tolist() == [True, False]
    descended = strong.space.unconstrained(jnp.asarray(beyond[0]))[None]
    (began,) = msm.in_second_stage(strong, one_of(allowed, descended), descended, second).searches.point.natural
    np.testing.assert_allclose(began, allowed[0], rtol=1e-12)


def one_of(start, point):
    return msm.blank(jnp.asarray(start), point, 2, DescentSettings(), LeastSquaresSettings())

"""Weights from a covariance of the targets, and from first estimates: closed forms, direct minimisation, optimagic."""

import dataclasses
import warnings
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.analysis.identification.sensitivity import decompose
from aigini.analysis.identification.standard_errors import profiled
from aigini.commands.at_estimates import other_draws
from aigini.commands.calibrate import blank_progress, posed
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.errors import AnalysisError, ConfigError, EstimationError, IdentificationError
from aigini.estimation.estimated_model import estimate_values, known_model
from aigini.estimation.problem import weight_root
from aigini.estimation.result import Calibration
from aigini.estimation.weighting import (
    before_estimates,
    correlation_problems,
    name_of,
    reweight,
    target_covariance,
)
from aigini.inference.standard_errors import known_covariance
from aigini.inference.weights import optimal_weighting
from aigini.storage import checkpoint, results

EXAMPLE = Path(__file__).resolve().parent.parent / "configs" / "correlated_targets.toml"
SMALL = {"population.n_workers": 4096, "population.n_firms": 60}
KINDS = ["bias", "fundamental noise", "actual noise", "actual removal", "fundamental removal", "weighting"]


# --- rounds on a linear model -----------------------------------------------------------------------------------------


class Linear:
    """m(θ) = Jθ, with simulation noise whose variance depends on θ; every estimate is in closed form."""

    def __init__(self, q=4, p=2, seed=0, noise=1.0):
        generator = np.random.default_rng(seed)
        half = generator.normal(size=(q, 3 * q))
        self.jacobian = generator.normal(size=(q, p))
        self.covariance = half @ half.T / (3 * q)
        self.target = generator.normal(size=q)
        self.noise = noise
        self.diagonal = np.diag(1 / np.diag(self.covariance))

    def solve(self, weighting):
        left = self.jacobian.T @ weighting
        return np.linalg.solve(left @ self.jacobian, left @ self.target)

    def estimate(self, weighting, _):
        return self.solve(weighting), self.jacobian

    def simulation(self, estimates):
        return self.noise * np.diag(0.1 + (self.jacobian @ estimates) ** 2)

    def weights(self, estimates):
        return np.linalg.inv(self.covariance + self.simulation(estimates))

    def rounds(self, kind, **changes):
        arguments = (self.diagonal, self.solve(self.diagonal), self.estimate, self.simulation, self.covariance)
        return reweight(kind, *arguments, **changes)


@pytest.mark.parametrize("seed", range(4))
def test_two_steps_of_a_linear_model_are_the_closed_form(seed):
    model = Linear(seed=seed)
    found = model.rounds("two_step")
    first = model.solve(model.diagonal)
    second = model.solve(model.weights(first))
    assert len(found.rounds) == 2
    assert found.converged
    np.testing.assert_array_equal(found.rounds[0].estimates, first)
    np.testing.assert_allclose(found.last.weighting, model.weights(first), rtol=1e-9)
    np.testing.assert_allclose(found.last.estimates, second, rtol=1e-9)
    assert not np.allclose(second, first, rtol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_iterated_estimates_of_a_linear_model_are_the_fixed_point(seed):
    model = Linear(seed=seed)
    found = model.rounds("iterated", rounds=200, settled=1e-10)
    assert found.converged
    assert len(found.rounds) > 3
    end = found.last.estimates
    np.testing.assert_allclose(model.solve(model.weights(end)), end, rtol=1e-7, atol=1e-9)
    assert not np.allclose(end, model.rounds("two_step").last.estimates, rtol=1e-4)


def test_without_noise_that_depends_on_the_estimates_iterating_ends_after_two_steps():
    model = Linear(noise=0.0)
    found = model.rounds("iterated")
    assert [len(found.rounds), found.converged] == [3, True]
    np.testing.assert_allclose(found.last.estimates, model.solve(np.linalg.inv(model.covariance)), rtol=1e-9)


def test_rounds_that_run_out_are_not_called_converged():
    found = Linear().rounds("iterated", rounds=2, settled=1e-12)
    assert [len(found.rounds), found.converged] == [3, False]
    assert "not converged" in str(found)


def test_in_an_exactly_identified_model_every_round_gives_the_same_estimates():
    found = Linear(q=3, p=3).rounds("iterated", settled=0.0)
    for done in found.rounds:
        np.testing.assert_allclose(done.estimates, found.rounds[0].estimates, rtol=1e-10)


def test_the_change_of_a_round_is_the_joint_distance_in_standard_errors():
    model = Linear()
    last = model.rounds("two_step").last
    step = last.estimates - model.solve(model.diagonal)
    errors = known_covariance(model.jacobian, last.weighting, np.linalg.inv(last.weighting))
    assert last.change == pytest.approx(np.sqrt(step @ np.linalg.solve(errors.covariance, step)), rel=1e-9)
    assert last.change >= np.max(np.abs(step) / errors.se)


@pytest.mark.parametrize("kind", ["two_step", "iterated"])
def test_a_covariance_from_fewer_draws_than_moments_can_be_used(kind):
    model = Linear()
    model.simulation = lambda estimates: np.outer(model.jacobian @ estimates, model.jacobian @ estimates)
    found = model.rounds(kind, rounds=100)
    assert found.converged
    assert np.linalg.eigvalsh(found.last.weighting)[0] > 0


@pytest.mark.parametrize(("kind", "rounds"), [("diagonal", 5), ("optimal", 5), (np.eye(4), 5), ("iterated", 0)])
def test_only_weights_that_follow_from_estimates_have_rounds(kind, rounds):
    with pytest.raises(ValueError, match="expected one of"):
        Linear().rounds(kind, rounds=rounds)


def test_weights_that_need_a_covariance_say_so_without_one():
    model = Linear()
    with pytest.raises(EstimationError, match="give their correlation matrix"):
        reweight("two_step", model.diagonal, np.zeros(2), model.estimate, model.simulation, None)
    with pytest.raises(EstimationError, match=r'weighting = "optimal" needs the covariance'):
        before_estimates("optimal", None)


def test_weights_before_the_estimates():
    model = Linear()
    np.testing.assert_allclose(
        before_estimates("optimal", model.covariance), np.linalg.inv(model.covariance), rtol=1e-9
    )
    for kind in ("two_step", "iterated", "diagonal"):
        assert before_estimates(kind, model.covariance) == "diagonal"
    assert before_estimates("identity", None) == "identity"
    assert [name_of(np.eye(2)), name_of("two_step")] == ["matrix", "two_step"]


# --- correlations at the border ---------------------------------------------------------------------------------------


def test_the_covariance_has_the_standard_errors_of_the_targets():
    config = load(EXAMPLE)
    se = np.array([target.se for target in config.targets.values()])
    np.testing.assert_array_equal(np.diag(config.covariance), se**2)
    given = np.array(config.source["calibration"]["correlation"])
    np.testing.assert_allclose(config.covariance / np.outer(se, se), given, rtol=1e-14)
    doubled = load(EXAMPLE, {"targets.m3.se": 2 * se[2]}).covariance
    np.testing.assert_allclose(doubled[2], config.covariance[2] * np.where(np.arange(6) == 2, 4, 2), rtol=1e-14)
    assert load().covariance is None


def test_rounding_of_a_correlation_matrix_is_mended_and_not_refused():
    rough = np.corrcoef(np.random.default_rng(0).normal(size=(3, 50)))
    rough[0, 0] -= 1e-16
    rough[0, 1] += 1e-15
    assert correlation_problems(rough.tolist(), ["m1", "m2", "m3"]) == []
    found = target_covariance(rough.tolist(), [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), np.array([0.1, 0.2, 0.3]) * np.array([0.1, 0.2, 0.3]))


def test_correlations_follow_the_order_of_the_moments_not_that_of_the_list():
    one = {"calibration.free": ["alpha"], "calibration.correlation": [[1.0, 0.2], [0.2, 1.0]]}
    config = load(None, one | {"calibration.moments": ["m5", "m2"]})
    assert tuple(config.targets) == ("m2", "m5")
    assert config.covariance[0, 0] == config.targets["m2"].se ** 2


def test_a_covariance_is_the_same_as_its_correlations_with_the_standard_errors(tmp_path):
    by_correlation = load(EXAMPLE)
    changes = {"calibration.correlation": "none", "calibration.covariance": by_correlation.covariance.tolist()}
    given = load(EXAMPLE, changes)
    np.testing.assert_allclose(given.covariance, by_correlation.covariance, rtol=1e-14)
    path = tmp_path / "again.toml"
    path.write_text(given.to_toml(), encoding="utf-8")
    assert load(path) == given


@pytest.mark.parametrize(
    ("matrix", "correlation", "parts"),
    [
        (
            [[4.0, 0.1], [0.2, 9.0]],
            "none",
            ["gives m1 a standard error of 2, but targets.m1.se", "gives m2 a standard error of 3", "is not symmetric"],
        ),
        ([[4.0, 6.0], [6.0, 9.0]], "none", ["scaled to a correlation, is not positive definite", "targets.m1.se"]),
        ([[4.0, 0.0], [0.0, 9.0]], np.eye(2).tolist(), ["leave one of them out", "targets.m1.se", "targets.m2.se"]),
        ([[0.0, 0.0], [0.0, -1.0]], "none", ["of m1 with itself is 0", "of m2 with itself is -1"]),
    ],
)
def test_everything_that_is_wrong_with_a_covariance_is_named_at_once(matrix, correlation, parts):
    changes = {"calibration.free": ["alpha"], "calibration.moments": ["m1", "m2"], "calibration.covariance": matrix}
    with pytest.raises(ConfigError) as refused:
        load(None, {**changes, "calibration.correlation": correlation})
    for part in parts:
        assert part in str(refused.value)


def test_correlations_and_weights_are_part_of_what_a_checkpoint_belongs_to():
    given = load(EXAMPLE).source["calibration"]["correlation"]
    other = [list(row) for row in given]
    other[0][1] = other[1][0] = -0.2
    digests = {load(EXAMPLE).digest, load(EXAMPLE, {"calibration.correlation": other}).digest}
    digests |= {load(EXAMPLE, {"calibration.weighting": kind}).digest for kind in ("optimal", "iterated")}
    assert len(digests) == 4


def test_correlations_are_written_out_and_read_back(tmp_path):
    config = load(EXAMPLE)
    (tmp_path / "c.toml").write_text(config.to_toml(), encoding="utf-8")
    again = load(tmp_path / "c.toml")
    assert again.digest == config.digest
    np.testing.assert_array_equal(again.covariance, config.covariance)


# --- calibration ------------------------------------------------------------------------------------------------------

# Two parameters for three targets that cannot be met together.
PULLED = {
    **SMALL,
    "population.precision": "float64",
    "calibration.free": ["alpha", "signal_exposure"],
    "calibration.moments": ["m1", "m2", "m4"],
    "calibration.correlation": [[1.0, -0.6, 0.3], [-0.6, 1.0, 0.0], [0.3, 0.0, 1.0]],
    "calibration.starts": 1,  # as many as in the later rounds, so that both are one compiled program
    "calibration.descent_steps": 10,
    "targets.m1.value": -0.3,
    "targets.m4.value": -0.3,
}


def pulled(**changes):
    return load(None, PULLED | {f"calibration.{name}": value for name, value in changes.items()})


@pytest.fixture(scope="module")
def two_steps():
    states = []
    return aigini.calibrate(pulled(weighting="two_step"), watch=states.append), states


def distance(one: Calibration, other: Calibration):
    """Joint distance of two estimates, in the standard errors of the first."""
    step = one.jacobian @ np.array([other.estimates[name] - value for name, value in one.estimates.items()])
    return np.sqrt(step @ one.weighting @ step)


@pytest.mark.slow
def test_two_step_estimates_minimise_the_objective_at_their_weights(two_steps):
    result, _ = two_steps
    assert (result.weighted, result.rounds, result.settled) == ("two_step", 2, True)
    assert result.last_change > 0.01, "the weights are meant to matter here"
    weights = (result.weighting + result.weighting.T) / 2
    direct = aigini.calibrate(pulled(weighting=weights.tolist()))
    assert direct.weighted == "matrix"
    assert distance(result, direct) < 1e-3
    assert result.objective == pytest.approx(direct.objective, rel=1e-6)
    assert "weights two_step, 2 rounds" in str(result)
    assert result.starts[0].objective != pytest.approx(result.objective, rel=1e-3), "that of the first round"


@pytest.mark.slow
def test_two_step_weights_are_the_inverse_of_both_covariances_at_the_first_estimates(two_steps):
    result, _ = two_steps
    config = pulled(weighting="two_step")
    first = aigini.calibrate(pulled())
    problem, _ = posed(config)
    params = problem.parameters(jnp.array(list(first.estimates.values())))
    seeds = [config.population["seed"] + 1 + k for k in range(config.replications)]
    sample = [np.asarray(aigini.six_moments(params, config.draw(seed)))[[0, 1, 3]] for seed in seeds]
    total = config.covariance + np.cov(np.array(sample).T)
    np.testing.assert_allclose(result.weighting @ total, np.eye(3), atol=1e-8)


@pytest.mark.slow
def test_a_resumed_two_step_calibration_ends_with_the_same_bits(two_steps, tmp_path):
    whole, states = two_steps
    config = pulled(weighting="two_step")
    for state in (states[0], states[-1]):
        checkpoint.save(tmp_path, config, state)
        resume = checkpoint.load(tmp_path, config, blank_progress(config))
        again = aigini.calibrate(config, resume=resume)
        assert again.estimates == whole.estimates
        assert again.objective == whole.objective
        np.testing.assert_array_equal(again.weighting, whole.weighting)


@pytest.mark.slow
def test_iterated_weights_settle_and_the_analyses_stand_at_the_same_estimates(two_steps):
    config = pulled(weighting="iterated")
    result = aigini.calibrate(config)
    assert result.settled
    assert result.rounds >= 3
    assert result.last_change < 1e-3
    assert distance(result, two_steps[0]) < 0.1
    estimated = aigini.at_estimates(config)
    there = dataclasses.replace(result, estimates={name: estimated.values[name] for name in config.free})
    assert distance(result, there) < 3e-3
    np.testing.assert_allclose(estimated.weighting, result.weighting, rtol=1e-3, atol=1e-6 * result.weighting.max())


def test_a_calibration_that_did_not_settle_says_so_and_survives_being_written(two_steps, tmp_path):
    result = dataclasses.replace(two_steps[0], weighted="iterated", rounds=21, last_change=0.25, settled=False)
    assert "have not converged in 21 rounds" in result.message
    assert "0.25 s.e." in result.message
    results.save(tmp_path, "calibration", result, {})
    assert str(load_result(tmp_path, "calibration")) == str(result)


def test_weights_that_do_not_settle_are_refused_by_the_analyses(monkeypatch):
    monkeypatch.setattr(
        "aigini.estimation.reweighted.reweight", lambda *a, **k: reweight(*a, **k, rounds=2, settled=0.0)
    )
    with pytest.raises(AnalysisError, match=r'have not converged in 3 rounds.*"two_step"'):
        aigini.at_estimates(pulled(weighting="iterated"))


def test_an_estimation_that_stops_short_of_a_minimum_is_refused(monkeypatch):
    config = pulled()
    estimated = aigini.at_estimates(config)
    monkeypatch.setattr("aigini.estimation.verdict.STATIONARY", -1.0)
    with pytest.raises(AnalysisError, match="stopped short of a minimum"):
        estimate_values(estimated.outcome_map, estimated.values, estimated.space, estimated.targets, estimated.income)


# --- what the estimates are worth -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example():
    return load(EXAMPLE, SMALL)


@pytest.fixture(scope="module")
def estimated(example):
    return aigini.at_estimates(example)


@pytest.fixture(scope="module")
def simulation(example, estimated):
    found = other_draws(example, estimated).covariance(estimated.rows)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def result(estimated, simulation):
    return decompose(estimated, {}, simulation)


def test_the_example_is_overidentified_and_its_weights_are_those_of_two_steps(example, estimated, simulation):
    assert len(example.free) < len(example.targets)
    assert example.weighting == "two_step"
    # The weights hold the noise at the first estimates, which are near.
    np.testing.assert_allclose(estimated.weighting @ (estimated.covariance + simulation), np.eye(6), atol=0.05)
    weights = [estimated.weighting, before_estimates("diagonal", None)]
    ends = [
        estimate_values(estimated.outcome_map, example.params.as_dict(), estimated.space, estimated.targets, "total", w)
        for w in weights
    ]
    assert ends[0]["eta1"] == pytest.approx(estimated.values["eta1"], rel=1e-4)
    assert abs(ends[1]["eta1"] - ends[0]["eta1"]) > 1e-3


def test_standard_errors_of_every_kind_agree_with_their_formulas(estimated, simulation, result):
    bread = np.linalg.inv(estimated.moment_jacobian.T @ estimated.weighting @ estimated.moment_jacobian)
    loadings = bread @ estimated.moment_jacobian.T @ estimated.weighting

    def check(kind, covariance):
        errors = np.sqrt(np.diag(loadings @ covariance @ loadings.T))
        np.testing.assert_allclose(list(result.se[kind].values()), errors, rtol=1e-6)

    check("known_covariance", estimated.covariance)
    check("known_covariance_with_simulation", estimated.covariance + simulation)
    check("independent", np.diag(estimated.se**2))
    check("independent_with_simulation", np.diag(estimated.se**2) + simulation)
    for name in estimated.space.names:
        assert result.se["known_covariance"][name] <= result.se["worst_case"][name]
        assert result.se["worst_case"][name] < result.se["worst_case_with_simulation"][name]
        assert result.intervals["known_covariance"][name].lower > result.intervals["worst_case"][name].lower


def test_the_optimal_weights_have_the_smallest_standard_errors(estimated):
    problem = (estimated.outcome_map, estimated.values, estimated.space, estimated.targets, estimated.income)
    best = known_model(*problem, optimal_weighting(estimated.covariance), estimated.covariance)
    usual = known_model(*problem, "diagonal", estimated.covariance)
    errors = [decompose(one, {}).se["known_covariance"] for one in (best, usual)]
    assert all(errors[0][name] <= errors[1][name] * (1 + 1e-9) for name in estimated.space.names)
    assert any(errors[0][name] < 0.999 * errors[1][name] for name in estimated.space.names)


def test_standard_errors_and_all_six_measures_agree_with_optimagic(estimated, result):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pytest.importorskip("estimagic.msm_sensitivity", exc_type=ImportError)
        covariances = pytest.importorskip("estimagic.msm_covs", exc_type=ImportError)
    # In units of standard errors and of the estimates, because optimagic inverts what it is given.
    jacobian = estimated.moment_jacobian / estimated.se[:, None] * np.abs(estimated.estimates)
    weights = estimated.weighting * np.outer(estimated.se, estimated.se)
    covariance = estimated.covariance / np.outer(estimated.se, estimated.se)
    robust = covariances.cov_robust(jacobian, weights, covariance)
    best = np.linalg.inv(covariance)
    optimal = covariances.cov_optimal(jacobian, best)
    errors = np.array([result.se["known_covariance"][name] for name in estimated.space.names])
    np.testing.assert_allclose(errors / np.abs(estimated.estimates), np.sqrt(np.diag(robust)), rtol=1e-6)
    influence = oracle.calculate_sensitivity_to_bias(jacobian, weights)
    expected = {
        "bias": -influence * np.abs(estimated.estimates)[:, None] / estimated.se,
        "fundamental noise": oracle.calculate_fundamental_sensitivity_to_noise(jacobian, best, covariance, optimal),
        "actual noise": oracle.calculate_actual_sensitivity_to_noise(influence, weights, covariance, robust),
        "actual removal": oracle.calculate_actual_sensitivity_to_removal(jacobian, weights, covariance, robust),
        "fundamental removal": oracle.calculate_fundamental_sensitivity_to_removal(jacobian, covariance, optimal),
        "weighting": oracle.calculate_sensitivity_to_weighting(jacobian, weights, covariance, robust),
    }
    found = {measure.kind: measure.values for measure in result.measures}
    assert list(found) == list(expected) == KINDS
    for kind, values in expected.items():
        # Without m4 nothing tells signal_exposure; where one program sees a singular matrix, the other divides by it.
        kept = np.isfinite(found[kind]) & (np.abs(values) < 1e6)
        assert kept.sum() >= 20
        np.testing.assert_allclose(found[kind][kept], values[kept], rtol=1e-4, atol=1e-6, err_msg=kind)


def test_the_j_test_is_the_objective_at_the_minimum_of_two_step_weights(estimated, simulation, result):
    misfit = estimated.outcomes[list(estimated.rows)] - np.array(
        [target.value for target in estimated.targets.values()]
    )
    test = result.overidentification
    assert test.degrees == 1
    assert test.statistic == pytest.approx(misfit @ estimated.weighting @ misfit, rel=0.02)
    weights = optimal_weighting(estimated.covariance + simulation)
    problem = (estimated.space, estimated.targets, estimated.income, weights)
    values = estimate_values(estimated.outcome_map, estimated.values, *problem)
    there = known_model(estimated.outcome_map, values, *problem, estimated.covariance)
    misfit = there.outcomes[list(there.rows)] - np.array([target.value for target in there.targets.values()])
    test = decompose(there, {}, simulation).overidentification
    assert test.statistic == pytest.approx(misfit @ there.weighting @ misfit, rel=1e-5)
    assert test.contributions.sum() == pytest.approx(test.statistic, rel=1e-9)


def test_shares_of_the_variance_use_the_covariance_and_add_up(estimated, result):
    np.testing.assert_allclose(result.pins.values.sum(axis=1), 1, rtol=1e-10)
    influence = result.influence.values
    parts = influence * (influence @ estimated.covariance)
    expected = parts / parts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(result.pins.values, expected, rtol=1e-7, atol=1e-10)
    independent = influence**2 * estimated.se**2
    assert np.abs(result.pins.values - independent / independent.sum(axis=1, keepdims=True)).max() > 0.005


def test_the_uncertainty_of_the_sign_uses_the_covariance(estimated, result):
    total, wage = (
        next(s for s in result.signs if s.concept == kind and "m6" in s.estimated_with) for kind in ("total", "wage")
    )
    influence, moves = result.influence.values, estimated.space.directions.T
    for sign, row in ((total, "gini_total"), (wage, "gini_wage")):
        slope = result.functions.values[result.functions.rows.index(row)] @ moves @ influence
        assert sign.sd**2 == pytest.approx(slope @ estimated.covariance @ slope, rel=1e-8)
        assert sign.variance["m6"] == pytest.approx(slope[5] * (estimated.covariance @ slope)[5], rel=1e-8)


@pytest.mark.parametrize("moment", ["m3", "m6"])
def test_the_value_of_precision_is_the_fall_of_entropy_at_the_same_correlations(moment):
    correlation = np.eye(6)
    correlation[2, 5] = correlation[5, 2] = 0.3
    settings = {**SMALL, "calibration.correlation": correlation.tolist(), "calibration.replications": 0}
    se = load().targets[moment].se
    before, after = (
        aigini.sensitivity(load(None, {**settings, f"targets.{moment}.se": error})).signs
        for error in (se, se / np.sqrt(1.01))
    )
    for one, other in zip(before, after, strict=True):
        if moment in one.value_of_precision:
            fall = 1000 * (one.entropy - other.entropy)
            assert one.value_of_precision[moment] == pytest.approx(fall, rel=0.02, abs=1e-8)


def test_without_correlations_targets_are_read_as_independent(estimated, simulation):
    alone = decompose(dataclasses.replace(estimated, covariance=None), {}, simulation)
    assert alone.se["known_covariance"] is None
    assert alone.se["known_covariance_with_simulation"] is None
    assert "known_covariance" not in alone.intervals
    explicit = decompose(dataclasses.replace(estimated, covariance=np.diag(estimated.se**2)), {})
    assert alone.overidentification.statistic == pytest.approx(explicit.overidentification.statistic, rel=1e-9)
    np.testing.assert_allclose(alone.pins.values, explicit.pins.values, rtol=1e-9)
    assert [measure.kind for measure in alone.measures] == KINDS
    assert "as given" not in str(alone)


def test_a_measure_that_is_not_defined_is_left_out_with_the_reason(estimated):
    correlation = np.eye(6)
    correlation[2, 5] = correlation[5, 2] = 1.0
    singular = dataclasses.replace(estimated, covariance=correlation * np.outer(estimated.se, estimated.se))
    found = decompose(singular, {})
    assert set(found.undefined) == {"fundamental noise", "fundamental removal"}
    assert all("moment 3, moment 6 are collinear" in reason for reason in found.undefined.values())
    assert [measure.kind for measure in found.measures] == [kind for kind in KINDS if kind not in found.undefined]
    assert "fundamental noise is not defined: The covariance of the moments cannot be inverted" in str(found)


def test_profiles_are_only_drawn_where_the_criterion_is_that_of_the_covariance(estimated, simulation):
    problem = (estimated.outcome_map, estimated.values, estimated.space)
    assert profiled(estimated, simulation) is estimated  # two steps: the covariance is that of targets and simulation
    usual = known_model(*problem, estimated.targets, estimated.income, "identity", estimated.covariance)
    assert profiled(usual, simulation) is None
    found = decompose(usual, {}, profiles=True)
    assert "the criterion does not rise as χ²" in found.undefined["profile"]
    assert found.profiles == ()
    # With as many targets as parameters the estimates do not depend on the weights, so profiles may use others.
    targets = {name: estimated.targets[name] for name in ("m1", "m2", "m4", "m5", "m6")}
    exact = known_model(*problem, targets, estimated.income, "identity")
    np.testing.assert_allclose(profiled(exact, None).weighting, np.diag(exact.se**-2.0), rtol=1e-9)
    diagonal = known_model(*problem, targets, estimated.income)
    assert profiled(diagonal, None) is diagonal


def test_the_report_shows_every_kind_and_survives_being_written(tmp_path, result):
    text = str(result)
    for words in ("as given", "independent", "worst case", "with sim.", "contribution", "J ="):
        assert words in text
    results.save(tmp_path, "sensitivity", result, {})
    again = load_result(tmp_path, "sensitivity")
    assert str(again) == text
    assert [measure.kind for measure in again.measures] == KINDS


def test_a_singular_covariance_cannot_weigh():
    with pytest.raises(IdentificationError, match="cannot be inverted"):
        before_estimates("optimal", np.ones((2, 2)))


def test_the_root_of_reweighted_moments_is_that_of_their_weights(estimated):
    root = weight_root(estimated.weighting, estimated.se.tolist())
    np.testing.assert_allclose(root @ root.T, estimated.weighting, rtol=1e-10, atol=1e-9 * estimated.weighting.max())

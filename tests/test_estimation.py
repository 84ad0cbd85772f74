"""The estimator: recovery of known truth, agreement of starts, honest ends, exact derivatives, exact resumption."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.commands.calibrate import posed
from aigini.errors import EstimationError
from aigini.estimation import msm, starts
from aigini.estimation.descent import DescentSettings
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.problem import pose, weight_root
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS, Parameters, problems
from aigini.population import draw_population
from aigini.statistics.moments import six_moments

FREE = ("alpha", "beta", "sigma", "signal_exposure", "cumulative_advantage", "eta1")
WORKERS = 1 << 15


@pytest.fixture(scope="module")
def config():
    return aigini.load(overrides={"population.n_workers": WORKERS, "population.n_firms": 300})


@pytest.fixture(scope="module")
def population(config):
    return config.draw()


@pytest.fixture(scope="module")
def small_population():
    return draw_population(n_workers=1 << 12, n_firms=50, precision="float64")


def pose_two(population, m1, m2, **changes):
    """α and β on m1 and m2: a problem small enough to be solved many times."""
    targets = {"m1": Target(m1, 0.06), "m2": Target(m2, 0.017)}
    arguments = {
        "params": Parameters(),
        "population": population,
        "targets": targets,
        "space": ParameterSpace(("alpha", "beta")),
    }
    return pose(**(arguments | changes)), targets


def solve_two(population, m1, m2, start=((0.5, -0.05),), **changes):
    problem, targets = pose_two(population, m1, m2, **changes)
    return msm.estimate(
        problem,
        targets,
        np.array(start),
        descent_settings=DescentSettings(steps=10),
        polish_settings=LeastSquaresSettings(),
    )


# --- must hold 1: the targets are met, from every start -----------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("change", [0.0, 0.004, 0.008])
def test_every_start_of_eight_meets_all_six_targets_at_the_same_optimum(change):
    config = aigini.load(
        overrides={
            "population.n_workers": WORKERS,
            "population.n_firms": 300,
            "targets.m6.value": change,
            "calibration.replications": 0,
        }
    )
    result = aigini.calibrate(config)
    assert result.status is Status.FITTED
    assert max(abs(misfit) for misfit in result.misfit.values()) < 0.01
    assert result.agreed == len(result.starts) == 8
    ends = np.array([list(start.estimates.values()) for start in result.starts])
    np.testing.assert_allclose(ends, np.broadcast_to(list(result.estimates.values()), ends.shape), rtol=1e-3)
    # What the result says about itself is what the economy says.
    again = jax.jit(six_moments)(Parameters(**result.params), config.draw(), config.scenario)
    np.testing.assert_allclose(list(result.fitted.values()), again, rtol=1e-9, atol=1e-12)
    assert result.params["eta0"] == pytest.approx(1 - result.params["eta1"], abs=1e-15)
    assert problems(result.params, years=config.draw().years) == []


# --- must hold 2: recovery ------------------------------------------------------------------------------------------

TRUTH = {
    "alpha": 0.9,
    "beta": -0.05,
    "sigma": 1.8,
    "signal_exposure": 7.5,
    "cumulative_advantage": 0.4,
    "eta1": 0.55,
}


def recover(config, truth_population):
    """Estimate on the draws of `config`, from half the truth, what gave the moments of `truth_population`."""
    params = config.params.replace(**TRUTH, eta0=1 - TRUTH["eta1"])
    moments = np.asarray(jax.jit(six_moments)(params, truth_population))
    targets = {
        name: dataclasses.replace(target, value=float(value))
        for (name, target), value in zip(config.targets.items(), moments, strict=True)
    }
    config = dataclasses.replace(config, targets=targets)
    problem, points = posed(config, {name: value / 2 for name, value in TRUTH.items()})
    replications = [config.draw(seed) for seed in range(11, 19)]
    return msm.estimate(
        problem,
        targets,
        points,
        descent_settings=config.descent,
        polish_settings=config.polish,
        replications=replications,
    )


@pytest.mark.slow
def test_truth_is_recovered_from_half_of_it_on_the_same_draws(config, population):
    result = recover(config, population)
    for name, value in TRUTH.items():
        assert result.estimates[name] == pytest.approx(value, rel=1e-4), name


@pytest.mark.slow
def test_truth_is_recovered_within_simulation_error_on_other_draws(config):
    result = recover(config, config.draw(seed=5))
    assert result.estimate_simulation_se is not None
    for name, value in TRUTH.items():
        # Both the data and the simulation carry draws, hence the root of two; 8 replications give a t with 7 degrees.
        error = np.sqrt(2) * result.estimate_simulation_se[name]
        assert abs(result.estimates[name] - value) < 5 * error, name
        assert abs(result.estimates[name] - value) > 1e-9, "other draws cannot give exactly the same estimates"


# --- honest ends ----------------------------------------------------------------------------------------------------


def test_a_reachable_pair_of_targets_is_met(small_population):
    result = solve_two(small_population, -0.19, 0.152)
    assert result.status is Status.FITTED
    assert not result.at_bound


def test_an_unreachable_target_is_reported_with_the_moment_and_the_bound(small_population):
    # An output floor can only compress: no α >= 0 raises the dispersion of output within tasks.
    result = solve_two(small_population, 0.5, 0.0)
    assert result.status is Status.AT_BOUND
    assert result.at_bound == {"alpha": 0.0}
    assert result.misfit["m1"] < -5
    assert "m1" in result.message
    assert "alpha is at its bound 0" in result.message
    assert "cannot reach it together" in result.message
    assert result.standard_errors is None
    assert "bound" in result.no_standard_errors
    assert "alpha" in result.failure


def test_an_overidentified_problem_ends_at_a_stationary_point_that_misses_targets(small_population):
    targets = {"m1": Target(-0.3, 0.06), "m2": Target(0.152, 0.017), "m4": Target(-0.3, 0.1)}
    problem = pose(
        params=Parameters(),
        population=small_population,
        targets=targets,
        space=ParameterSpace(("alpha", "signal_exposure")),
    )
    result = msm.estimate(
        problem,
        targets,
        np.array([[0.5, 5.0], [1.2, 9.0]]),
        descent_settings=DescentSettings(steps=10),
        polish_settings=LeastSquaresSettings(),
    )
    assert result.status is Status.MINIMUM
    assert result.agreed == 2
    assert result.removable_share < 1e-6
    assert not result.failure
    assert max(abs(value) for value in result.misfit.values()) > 0.1


def test_iterations_that_run_out_are_not_called_a_minimum(small_population):
    problem, targets = pose_two(small_population, -0.19, 0.152)
    result = msm.estimate(
        problem,
        targets,
        np.array([[0.5, -0.05]]),
        descent_settings=DescentSettings(steps=5),
        polish_settings=LeastSquaresSettings(steps=0),
    )
    assert result.status is Status.STOPPED
    assert "raise calibration" in result.message
    assert "not converged" in result.message
    assert result.removable_share > 0.1
    assert result.standard_errors is None
    assert "not converged" in result.failure
    assert (result.agreed, result.starts[0].agrees) == (0, False)
    assert "no start is known to have reached an optimum" in str(result)
    assert "reached this optimum" not in str(result)


def test_descent_alone_is_a_complete_solver(small_population):
    problem, targets = pose_two(small_population, -0.19, 0.152)
    result = msm.estimate(
        problem,
        targets,
        np.array([[0.5, -0.05]]),
        descent_settings=DescentSettings(steps=300, tolerance=1e-5),
        polish_settings=LeastSquaresSettings(steps=0),
    )
    assert result.status is Status.FITTED


def test_weights_change_an_overidentified_estimate_but_not_an_exact_one(small_population):
    # The last two are the same weights in other units of the moments.
    matrix = np.array([[300.0, 40.0], [40.0, 3000.0]])
    exact = [
        list(solve_two(small_population, -0.19, 0.152, weighting=weighting).estimates.values())
        for weighting in ("diagonal", "identity", matrix, 1e-12 * matrix, 1e12 * matrix)
    ]
    np.testing.assert_allclose(exact, np.broadcast_to(exact[0], np.shape(exact)), rtol=1e-9)


# --- exact resumption -----------------------------------------------------------------------------------------------


def test_resuming_from_any_block_gives_the_same_result_bit_for_bit(small_population):
    problem, targets = pose_two(small_population, -0.19, 0.152)
    settings = {"descent_settings": DescentSettings(steps=10), "polish_settings": LeastSquaresSettings()}
    states = []
    whole = msm.estimate(problem, targets, np.array([[0.5, -0.05]]), watch=states.append, **settings)
    assert len(states) >= 3
    for state in states[:-1]:
        resumed = msm.estimate(problem, targets, np.array([[9.9, 9.9]]), resume=state, **settings)
        assert resumed.estimates == whole.estimates
        assert resumed.objective == whole.objective
        np.testing.assert_array_equal(resumed.trace.objective, whole.trace.objective)


# --- how often progress is saved changes nothing ------------------------------------------------------------------


def test_results_do_not_depend_on_how_often_progress_is_saved(small_population):
    problem, targets = pose_two(small_population, -0.19, 0.152)
    results, saved = [], []
    for every in (1, 2, 3, 7):
        states = []
        results.append(
            msm.estimate(
                problem,
                targets,
                np.array([[0.5, -0.05]]),
                descent_settings=DescentSettings(steps=10, block=every),
                polish_settings=LeastSquaresSettings(block=every),
                watch=states.append,
            )
        )
        saved.append(len(states))
    assert saved == sorted(saved, reverse=True)
    assert saved[0] > saved[-1]
    for result in results:
        assert result.status is Status.FITTED
        assert result.estimates == results[0].estimates
        assert result.objective == results[0].objective
        assert result.starts == results[0].starts
        assert result.trace.iteration == results[0].trace.iteration
        np.testing.assert_array_equal(result.trace.objective, results[0].trace.objective)


# --- derivatives, maps, starts, weights ---------------------------------------------------------------------------


def test_objective_gradient_and_jacobian_match_central_differences(small_population):
    problem, _ = pose_two(small_population, -0.1, 0.1)
    point = problem.space.unconstrained(jnp.array([0.7, -0.12]))
    objective = jax.jit(lambda point: problem.objective(point))
    gradient = np.asarray(jax.jit(jax.grad(lambda point: problem.objective(point)))(point))
    step = 1e-5
    for i in range(2):
        shift = step * np.eye(2)[i]
        difference = (float(objective(point + shift)) - float(objective(point - shift))) / (2 * step)
        assert gradient[i] == pytest.approx(difference, rel=1e-6)
    natural = np.array([0.7, -0.12])
    _, matrix = jax.jit(lambda p, at: p.moments_and_jacobian(at))(problem, jnp.asarray(natural))
    moments = jax.jit(lambda natural: problem(natural))
    for i in range(2):
        shift = 1e-5 * np.eye(2)[i]
        difference = np.asarray((moments(natural + shift) - moments(natural - shift)) / 2e-5)
        np.testing.assert_allclose(matrix[:, i], difference, rtol=1e-7)


def test_every_parameter_maps_to_unconstrained_space_and_back():
    space = ParameterSpace(tuple(SPECS), "none")
    values = jnp.array([0.5 * sum(spec.box) for spec in SPECS.values()])
    np.testing.assert_allclose(space.natural(space.unconstrained(values)), values, rtol=1e-12)


def test_the_tie_keeps_total_effective_ai_at_one():
    space = ParameterSpace(("eta1",), "eta0 = 1 - eta1")
    for point in (-30.0, -1.0, 0.0, 2.0, 30.0):
        params = space.parameters(Parameters(), space.natural(jnp.array([point])))
        assert float(params.eta0 + params.eta1) == pytest.approx(1.0, abs=1e-15)
        assert 0 <= float(params.eta1) <= 1


def test_starts_fill_the_documented_boxes_and_depend_on_the_seed_alone():
    space = ParameterSpace(FREE, "eta0 = 1 - eta1")
    design = starts.design(space, 16, 3)
    lower, upper = np.array([SPECS[name].box for name in FREE]).T
    assert ((design >= lower) & (design <= upper)).all()
    for column, low, high in zip(design.T, lower, upper, strict=True):
        cells = np.floor((column - low) / (high - low) * 16).astype(int)
        assert sorted(cells) == list(range(16)), "one start in each sixteenth of every box"
    np.testing.assert_array_equal(design, starts.design(space, 16, 3))
    assert not np.allclose(design, starts.design(space, 16, 4))


def test_a_start_outside_the_bounds_is_refused(small_population):
    problem, _ = pose_two(small_population, -0.1, 0.1)
    with pytest.raises(EstimationError, match="alpha = -1 is not strictly inside"):
        starts.check(problem.space, np.array([[-1.0, 0.0]]))


def test_the_root_reproduces_the_weighting():
    weights = np.array([[2.0, 0.3], [0.3, 1.0]])
    root = weight_root(weights, [1.0, 1.0])
    np.testing.assert_allclose(root @ root.T, weights, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": ParameterSpace(("alpha", "nothing"))}, "nothing called nothing"),
        ({"space": ParameterSpace(())}, "calibration.free is empty"),
        ({"space": ParameterSpace(("alpha", "alpha"))}, "names a parameter twice"),
        ({"params": Parameters(eta0=0.5)}, "do not add up to 1"),
        ({"space": ParameterSpace(("alpha", "eta0"))}, "drop it, or set tie"),
        ({"space": ParameterSpace(("alpha", "beta", "sigma"))}, "3 parameters for 2 targets"),
        ({"targets": {"m1": Target(0.1, 0.0), "m2": Target(0.1, 1.0)}}, "targets.m1.se"),
        ({"targets": {"m1": Target(float("nan"), 1.0), "m2": Target(0.1, 1.0)}}, "targets.m1.value"),
        ({"targets": {"m9": Target(0.1, 1.0), "m2": Target(0.1, 1.0)}}, "nothing called m9"),
        ({"targets": {"m6": Target(0.1, 1.0), "gini_total": Target(0.1, 1.0)}}, "m6 and gini_total.*same number"),
        ({"targets": {"gini_wage": Target(0.1, 1.0), "m6": Target(0.1, 1.0)}, "income": "wage"}, "are the same number"),
        ({"targets": {"m1": Target(0.1, 1.0), "within_task_cv": Target(0.1, 1.0)}}, "m1 and within_task_cv"),
        ({"weighting": np.array([[1.0, 2.0], [2.0, 1.0]])}, "not positive definite"),
        ({"weighting": np.array([[1.0, 2.0], [0.0, 1.0]])}, "not a symmetric"),
        ({"weighting": np.eye(3)}, "has shape"),
    ],
)
def test_a_problem_that_cannot_be_posed_is_refused_with_the_reason(small_population, changes, message):
    with pytest.raises(EstimationError, match=message):
        pose_two(small_population, -0.1, 0.1, **changes)


def test_a_gini_that_is_not_m6_is_another_number(small_population):
    targets = {"m6": Target(0.1, 1.0), "gini_total": Target(0.1, 1.0)}
    problem, _ = pose_two(small_population, -0.1, 0.1, targets=targets, income="wage")
    assert set(problem.moment_names) == {"m6", "gini_total"}


def test_fewer_than_three_firms_cannot_be_targeted_on_growth():
    population = draw_population(n_workers=1 << 12, n_firms=2)
    with pytest.raises(EstimationError, match="at least 3 firms"):
        pose(
            params=Parameters(),
            population=population,
            targets={"m5": Target(0.1, 0.1)},
            space=ParameterSpace(("cumulative_advantage",)),
        )

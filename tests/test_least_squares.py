"""The least-squares engine: its moves against other solutions, where a search goes, how it ends, how it goes on."""

import itertools
from collections.abc import Callable

import jax
import numpy as np
import pytest
from scipy.optimize import least_squares as scipy_least_squares

from aigini.errors import AnalysisError
from aigini.estimation.convergence import REACH, bounded_step, fall, removable_share
from aigini.estimation.least_squares import (
    FIRST_RADIUS,
    LeastSquaresSettings,
    Objective,
    Point,
    Search,
    advance,
    begin,
    minimise,
)
from aigini.parameter_space import ParameterSpace

SPACE = ParameterSpace(("alpha", "sigma"), "none")  # both above zero, so that coordinates are their logs
TARGET = np.array([1.0, 2.2, 0.6])  # no values meet all three


def curved(natural):
    """Moments that are products of powers, so that least squares in logs has no quick end."""
    a, s = natural
    moments = np.array([a * s, a**2 + s, a / (1 + s)])
    return moments, np.array([[s, a], [2 * a, 1.0], [1 / (1 + s), -a / (1 + s) ** 2]])


def objective(evaluate: Callable = curved, target=TARGET, root=None, **changes):
    return Objective(evaluate, SPACE, target, np.eye(len(target)) if root is None else root, **changes)


def searched(problem, start=(0.3, 4.0), **settings):
    return minimise(problem, begin(problem, np.log(start)), LeastSquaresSettings(**settings))


# --- Where a residual stays long --------------------------------------------------------------------------------------


@pytest.mark.parametrize("long", [1.0, 1e2, 1e4, 1e8])
def test_a_search_ends_at_the_least_of_a_long_residual_and_never_rises(long):
    """Near the least the fall that a move foretells is far below the rounding of the objective."""

    def bowl(natural):
        x = np.log(natural)
        return np.array([long + x @ x]), (2 * x / natural)[None, :]

    problem = objective(bowl, target=np.zeros(1))
    for start in np.exp(np.random.default_rng(1).normal(size=(20, 2))):
        search, lowest = begin(problem, np.log(start)), np.inf
        for _ in range(60):
            search = advance(problem, search, LeastSquaresSettings())
            assert search.point.objective <= lowest
            lowest = search.point.objective
        assert search.ended
        assert search.point.objective == pytest.approx(long**2, rel=1e-14)


def test_the_fall_of_a_short_move_is_not_rounding():
    residual, slope = np.full(3, 1e6), np.array([[1.0], [1.0], [-1.0]])
    assert fall(residual, slope, np.array([-1e-9])) == pytest.approx(2e-3, rel=1e-9)


def test_a_search_does_not_begin_where_parameters_are_not_allowed():
    search = begin(objective(admits=lambda natural: natural[0] < 1), np.log([2.0, 1.0]))
    assert search.ended
    assert search.point.objective == np.inf


# --- One move ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.01, 0.3, 2.0, np.inf])
def test_a_move_is_the_best_within_its_radius(radius):
    generator = np.random.default_rng(0)
    slope, residual = generator.normal(size=(5, 3)), generator.normal(size=5)
    move = bounded_step(residual, slope, radius)
    newton = -np.linalg.lstsq(slope, residual)[0]
    assert np.linalg.norm(move) == pytest.approx(min(radius, np.linalg.norm(newton)), rel=1e-9)
    left = np.sum((residual + slope @ move) ** 2)
    for other in generator.normal(size=(2000, 3)):
        other *= np.linalg.norm(move) / np.linalg.norm(other)
        assert left <= np.sum((residual + slope @ other) ** 2) * (1 + 1e-12)


def test_a_move_does_not_lose_the_digits_that_normal_equations_lose():
    turn, truth = np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([0.3, -0.2])
    lost = []
    for seed in range(20):
        left, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 2)))
        slope = left @ np.diag([1.0, 2e-8]) @ turn
        residual = -slope @ truth
        np.testing.assert_allclose(bounded_step(residual, slope, np.inf), truth, rtol=1e-6)
        # The square of 2e-8 is about the rounding of the sum it is added to: what is left of it differs by machine.
        try:
            found = np.linalg.solve(slope.T @ slope, -slope.T @ residual)
            lost.append(not np.allclose(found, truth, rtol=1e-2))
        except np.linalg.LinAlgError:
            lost.append(True)
    assert np.mean(lost) > 0.5


def test_a_short_move_is_found_however_small_the_damping():
    slope, residual = np.diag([1.0, 2e-8]), np.array([0.0, -1e-7])
    move = bounded_step(residual, slope, 1.0)
    np.testing.assert_allclose(move, [0.0, 1.0], rtol=1e-9)


def test_directions_that_move_nothing_are_left_alone():
    slope = np.array([[1.0, 1e-12], [0.0, 1e-12]])
    assert abs(bounded_step(np.ones(2), slope, REACH)[1]) < 1e-9
    np.testing.assert_array_equal(bounded_step(np.ones(2), np.zeros((2, 2)), REACH), [0.0, 0.0])
    assert bounded_step(np.ones(2), np.zeros((2, 0)), REACH).shape == (0,)


# --- Searches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", list(itertools.product((0.05, 1.0, 30.0), repeat=2)))
@pytest.mark.parametrize("root", [np.eye(3), np.linalg.cholesky([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 3.0]])])
def test_a_search_ends_where_another_optimiser_does(start, root):
    search = searched(objective(root=root), start)
    other = scipy_least_squares(
        lambda x: root.T @ (curved(np.exp(x))[0] - TARGET), np.log([1.0, 1.0]), xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert search.ended
    np.testing.assert_allclose(search.point.coordinates, other.x, atol=1e-6)
    assert search.point.objective <= 2 * other.cost * (1 + 1e-10)
    assert removable_share(search.point.residual, search.point.slope) < 1e-6


def test_the_objective_never_rises_and_no_move_is_longer_than_the_radius():
    problem, search = objective(), begin(objective(), np.log([0.001, 500.0]))
    assert search.radius == FIRST_RADIUS
    for _ in range(60):
        after = advance(problem, search, LeastSquaresSettings())
        length = np.linalg.norm(after.point.coordinates - search.point.coordinates)
        assert after.point.objective <= search.point.objective
        assert length <= search.radius * (1 + 1e-9)
        assert after.radius <= REACH
        search = after
    assert search.ended
    assert advance(problem, search, LeastSquaresSettings()) is search


def test_targets_that_can_be_met_are_met_to_rounding():
    target = curved(np.array([0.7, 1.9]))[0]
    search = searched(objective(target=target))
    assert search.ended
    np.testing.assert_allclose(search.point.natural, [0.7, 1.9], rtol=1e-12)


def test_a_search_within_a_basis_moves_along_it_alone():
    basis = np.array([[0.6], [0.8]])
    problem = objective(origin=np.log([0.5, 1.0]), basis=basis)
    search = minimise(problem, begin(problem, np.zeros(1)), LeastSquaresSettings())
    step = np.log(search.point.natural) - np.log([0.5, 1.0])
    assert abs(step @ [0.8, -0.6]) < 1e-12
    assert removable_share(search.point.residual, search.point.slope) < 1e-6
    assert search.point.slope.shape == (3, 1)


def test_what_else_was_evaluated_stays_with_its_point():
    def more(natural):
        return *curved(natural), natural * 2.0

    point = searched(objective(more)).point
    np.testing.assert_array_equal(point.more[0], 2.0 * point.natural)
    assert searched(objective()).point.more == ()


@pytest.mark.parametrize("how", ["admits", "raises", "nan"])
def test_a_search_does_not_go_where_there_is_no_economy(how):
    target = curved(np.array([0.7, 1.9]))[0]
    tried = []

    def closed(natural):
        tried.append(natural[0])
        if how == "raises" and natural[0] > 0.6:
            raise AnalysisError("no economy here")
        moments, matrix = curved(natural)
        return np.where(how == "nan" and natural[0] > 0.6, np.nan, moments), matrix

    admits = (lambda natural: natural[0] <= 0.6) if how == "admits" else (lambda natural: True)
    search = searched(objective(closed, target, admits=admits))
    assert search.ended
    assert 0.59 < search.point.natural[0] <= 0.6
    assert (max(tried) > 0.6) == (how != "admits")


def test_a_start_without_an_economy_has_ended_or_raises():
    def nowhere(natural):
        raise AnalysisError("no economy here")

    with pytest.raises(AnalysisError, match="no economy here"):
        begin(objective(nowhere), np.zeros(2))
    search = begin(objective(lambda natural: (np.full(3, np.nan), np.ones((3, 2)))), np.zeros(2))
    assert search.ended
    assert search.point.objective == np.inf


def test_a_parameter_that_is_drawn_to_its_bound_gets_there_and_the_search_ends():
    def pulled(natural):  # the first moment would be negative if it could
        a, s = natural
        return np.array([a, s]), np.eye(2)

    search = searched(objective(pulled, np.array([-1.0, 2.0])))
    assert search.ended
    assert search.point.natural[0] < 1e-6
    assert search.point.natural[1] == pytest.approx(2.0, rel=1e-9)


# --- Ends and going on ------------------------------------------------------------------------------------------------


def test_moves_that_run_out_are_not_an_end():
    assert not searched(objective(), steps=2).ended


def test_a_looser_share_ends_earlier_at_a_point_that_meets_it():
    tight, loose = (searched(objective(), share=share) for share in (1e-6, 1e-1))
    assert loose.ended
    assert loose.point.objective > tight.point.objective
    assert removable_share(loose.point.residual, loose.point.slope) <= 1e-1


@pytest.mark.parametrize("noise", [1e-9, 1e-7])
def test_rounding_of_the_moments_ends_a_search_within_the_rounding(noise):
    generator = np.random.default_rng(3)
    target, calls = curved(np.array([0.7, 1.9]))[0], []

    def rough(natural):
        calls.append(natural)
        moments, matrix = curved(natural)
        return moments * (1 + noise * generator.uniform(-1, 1, 3)), matrix

    search = searched(objective(rough, target))
    assert search.ended
    assert len(calls) < 30
    np.testing.assert_allclose(search.point.natural, [0.7, 1.9], rtol=100 * noise)


def test_a_search_that_was_cut_off_goes_on_with_the_same_bits():
    problem, settings = objective(), LeastSquaresSettings()
    states = [begin(problem, np.log([0.05, 30.0]))]
    while not states[-1].ended:
        states.append(advance(problem, states[-1], settings))
    assert len(states) > 5
    for state in states:
        again = Search(Point(*map(np.copy, state.point[:-1])), *state[1:])
        end = minimise(problem, again, settings)
        for one, other in zip(jax.tree.leaves(end), jax.tree.leaves(states[-1]), strict=True):
            np.testing.assert_array_equal(one, other)

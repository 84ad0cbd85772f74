"""Polynomials fitted to values and derivatives: exact where the function is one, and refused where undetermined."""

import math

import numpy as np
import pytest

from aigini.numerics.chebyshev import design, fitted, slopes_of_design, total_degree


@pytest.mark.parametrize(("variables", "degree"), [(1, 5), (3, 4), (7, 3), (0, 2)])
def test_terms_are_those_up_to_a_degree(variables, degree):
    exponents = total_degree(variables, degree)
    assert exponents.shape == (math.comb(variables + degree, degree), variables)
    assert len({tuple(row) for row in exponents.tolist()}) == len(exponents)
    assert exponents.sum(axis=1).max(initial=0) == (degree if variables else 0)
    assert not exponents[0].any()


def test_terms_are_products_of_chebyshev_polynomials():
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    exponents = total_degree(3, 4)
    expected = np.prod(np.cos(exponents[None] * np.arccos(points)[:, None, :]), axis=2)
    np.testing.assert_allclose(design(points, exponents), expected, atol=1e-13)


def test_slopes_are_those_of_differences():
    points = np.random.default_rng(1).uniform(-0.9, 0.9, (10, 3))
    exponents, step = total_degree(3, 5), 1e-6
    slopes = slopes_of_design(points, exponents)
    for variable in range(3):
        move = step * np.eye(3)[variable]
        difference = (design(points + move, exponents) - design(points - move, exponents)) / (2 * step)
        np.testing.assert_allclose(slopes[:, variable], difference, atol=1e-7)


def test_a_polynomial_is_found_from_fewer_points_than_it_has_terms():
    random = np.random.default_rng(2)
    exponents = total_degree(3, 4)
    truth = random.normal(size=(len(exponents), 2))
    points = random.uniform(-1, 1, (15, 3))
    assert len(points) < len(exponents)
    # Directions of their own, as where the variables are functions of others.
    moves = random.normal(size=(15, 3, 4))
    slopes = np.einsum("pvt,tn,pvd->pnd", slopes_of_design(points, exponents), truth, moves)
    found_ones = fitted(exponents, points, design(points, exponents) @ truth, slopes, moves, weight=0.3)
    np.testing.assert_allclose(found_ones, truth, atol=1e-9)


def test_what_is_not_determined_is_refused():
    exponents = total_degree(2, 3)
    points, moves = np.zeros((2, 2)), np.tile(np.eye(2), (2, 1, 1))
    with pytest.raises(ValueError, match="6 equations for 10 coefficients"):
        fitted(exponents, points, np.zeros((2, 1)), np.zeros((2, 1, 2)), moves, weight=1.0)
    same, moves = np.zeros((9, 2)), np.tile(np.eye(2), (9, 1, 1))
    with pytest.raises(ValueError, match="do not determine 10 coefficients"):
        fitted(exponents, same, np.zeros((9, 1)), np.zeros((9, 1, 2)), moves, weight=1.0)

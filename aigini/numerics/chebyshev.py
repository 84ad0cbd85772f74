"""Polynomials in several variables, fitted to values and exact derivatives by least squares.

On the box [-1, 1]^d a function is approximated by products of Chebyshev polynomials, Π_i T_{k_i}(x_i), over all k with
Σ_i k_i at most a degree. A point gives one equation for the value and d for the derivatives, so that fewer points than
terms determine a fit. Source: Peng, Hampton and Doostan (2016), On polynomial chaos expansion via gradient-enhanced
l1-minimization, Journal of Computational Physics 310, 440-458.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import dpocon  # pyright: ignore[reportAttributeAccessIssue]

_CONDITION = 1e-14
"""Smallest reciprocal condition number of normal equations that are solved."""


def total_degree(variables: int, degree: int) -> np.ndarray:
    """Exponents k of all terms with Σ_i k_i at most `degree`, ``[terms, variables]``; the constant comes first."""
    rows = [row for total in range(degree + 1) for row in _adding_up(variables, total)]
    return np.array(rows, np.intp).reshape(len(rows), variables)


def _adding_up(variables: int, total: int) -> Iterator[tuple[int, ...]]:
    if variables == 0:
        return iter([()] if total == 0 else [])
    bars = itertools.combinations(range(total + variables - 1), variables - 1)
    bounds = ((-1, *bar, total + variables - 1) for bar in bars)
    return (tuple(after - before - 1 for before, after in itertools.pairwise(end)) for end in bounds)


def design(points: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Every term at every point, ``[points, terms]``.

    Args:
        points: Inside [-1, 1] or near it, ``[points, variables]``.
        exponents: k of each term, ``[terms, variables]``.
    """
    values, _ = _by_variable(points, int(exponents.max(initial=0)))
    factors = (values[:, i, exponents[:, i]] for i in range(exponents.shape[1]))
    return _product(factors, (len(points), len(exponents)))


def slopes_of_design(points: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Derivatives of every term in every variable at every point, ``[points, variables, terms]``."""
    values, slopes = _by_variable(points, int(exponents.max(initial=0)))
    count = exponents.shape[1]
    rows = [
        _product(
            ((slopes if i == j else values)[:, i, exponents[:, i]] for i in range(count)), (len(points), len(exponents))
        )
        for j in range(count)
    ]
    return np.stack(rows, axis=1) if rows else np.zeros((len(points), 0, len(exponents)))


def _by_variable(points: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """T_k and its derivative of each variable, ``[points, variables, degree + 1]``, by their recurrences."""
    value, slope = (np.zeros((*points.shape, degree + 1)) for _ in range(2))
    value[..., 0] = 1.0
    if degree:
        value[..., 1], slope[..., 1] = points, 1.0
    for k in range(2, degree + 1):
        value[..., k] = 2 * points * value[..., k - 1] - value[..., k - 2]
        slope[..., k] = 2 * value[..., k - 1] + 2 * points * slope[..., k - 1] - slope[..., k - 2]
    return value, slope


def _product(factors: Iterator[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    product = np.ones(shape)
    for factor in factors:
        product *= factor
    return product


def fitted(
    exponents: np.ndarray,
    points: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    moves: np.ndarray,
    weight: float,
) -> np.ndarray:
    """Coefficients of least squares of values and derivatives, ``[terms, numbers]``.

    Args:
        exponents: k of each term, ``[terms, variables]``.
        points: ``[points, variables]``.
        values: ``[points, numbers]``.
        slopes: Derivatives along directions, ``[points, numbers, directions]``.
        moves: Derivatives of the variables along these directions, ``[points, variables, directions]``.
        weight: Weight of an equation for a derivative, next to 1 for a value.

    Raises:
        ValueError: if there are fewer equations than terms, or they do not determine all coefficients.
    """
    count, directions = len(points), moves.shape[2]
    rows = count * (1 + directions)
    if rows < len(exponents):
        raise ValueError(f"{rows} equations for {len(exponents)} coefficients: take more points or a lower degree.")
    along = np.matmul(np.swapaxes(moves, 1, 2), slopes_of_design(points, exponents))
    steep = weight * along.reshape(count * directions, len(exponents))
    target = weight * np.swapaxes(slopes, 1, 2).reshape(count * directions, values.shape[1])
    matrix, right = np.concatenate([design(points, exponents), steep]), np.concatenate([values, target])
    # Normal equations: columns are bounded polynomials whose condition is of order 1e3, and is checked.
    normal = matrix.T @ matrix
    undetermined = f"the equations do not determine {len(exponents)} coefficients: take other points."
    try:
        factor = cho_factor(normal, lower=True)
    except LinAlgError:
        raise ValueError(undetermined) from None
    reciprocal, _ = dpocon(factor[0], np.abs(normal).sum(axis=0).max(), uplo="L")
    if reciprocal < _CONDITION:
        raise ValueError(undetermined)
    return cho_solve(factor, matrix.T @ right)

"""Boundary of the sign of a change in two parameters while others vary too: a logistic regression on draws."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

_RIDGE = 0.01
"""Penalty on squared coefficients of standardised terms, so that they stay finite where the signs are separated."""


def log_odds_of_rise(
    draws: tuple[np.ndarray, np.ndarray], rises: np.ndarray, at: tuple[np.ndarray, np.ndarray], efficiency: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of a rise given two parameters, linear in both, their squares and their product.

    Args:
        draws: Of the two parameters, ``[n]`` each.
        rises: Whether the Gini rises, ``[n]``.
        at: Where the log odds are wanted, of one shape.
        efficiency: Effective sample size of the draws over n.

    Returns:
        The log odds and their Monte Carlo standard errors, in the shape of `at`.
    """
    centre = [float(np.mean(values)) for values in draws]
    scale = [float(np.std(values)) or 1.0 for values in draws]

    def terms(points: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        u, v = ((values - c) / s for values, c, s in zip(points, centre, scale, strict=True))
        return np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=-1)

    x, sign = terms(draws), np.where(rises, 1.0, -1.0)
    penalty = _RIDGE * np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ b)
        value = np.logaddexp(0.0, -margin).sum() + 0.5 * penalty @ b**2
        return float(value), -(sign * expit(-margin)) @ x + penalty * b

    found = minimize(loss, np.zeros(6), jac=True, method="BFGS").x
    share = expit(x @ found)
    precision = (x * (share * (1 - share))[:, None]).T @ x * efficiency + np.diag(penalty)
    wanted = terms(at)
    # The intercept has no penalty: pinv leaves out what no draw tells.
    variance = np.sum((wanted @ np.linalg.pinv(precision, hermitian=True)) * wanted, axis=-1)
    return wanted @ found, np.sqrt(np.maximum(variance, 0.0))

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
        draws: Draws of the two parameters, ``[n]`` each.
        rises: True for draws at which the Gini rises, ``[n]``.
        at: Values of the two at which the log odds are computed, of one shape.
        efficiency: Effective sample size of the draws over n.

    Returns:
        The log odds and their Monte Carlo standard errors, in the shape of `at`.
    """
    centre = [float(np.mean(values)) for values in draws]
    scale = [float(np.std(values)) or 1.0 for values in draws]

    def regressors(points: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        u, v = ((values - c) / s for values, c, s in zip(points, centre, scale, strict=True))
        return np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=-1)

    x, sign = regressors(draws), np.where(rises, 1.0, -1.0)
    penalty = _RIDGE * np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ b)
        value = np.logaddexp(0.0, -margin).sum() + 0.5 * penalty @ b**2
        return float(value), -(sign * expit(-margin)) @ x + penalty * b

    coefficients = minimize(loss, np.zeros(6), jac=True, method="BFGS").x
    share = expit(x @ coefficients)
    precision = (x * (share * (1 - share))[:, None]).T @ x * efficiency + np.diag(penalty)
    x_at = regressors(at)
    # The intercept has no penalty: pinv leaves out what no draw tells.
    variance = np.sum((x_at @ np.linalg.pinv(precision, hermitian=True)) * x_at, axis=-1)
    return x_at @ coefficients, np.sqrt(np.maximum(variance, 0.0))

"""Conditions of met targets and of a minimum: the thresholds of every estimator, in one place.

Both judgements are free of units. A misfit is measured in standard errors of its target. A minimum is judged by the
part of the length of the weighted misfit that the free parameters could still remove, to first order: the length of
the projection of L'(m(θ) - m̂) on the columns of L'J over its own length, which is the cosine of an angle. It is zero at
a minimum, whatever multiplies the weights and however the parameters are scaled. Source: Dennis and Schnabel, Numerical
Methods for Unconstrained Optimization and Nonlinear Equations (1983), section 10.2.
"""

import numpy as np

FIT_TOLERANCE = 0.01
"""Largest misfit, in standard errors, of targets that count as met."""

STATIONARY = 1e-3
"""Part of the length of the weighted misfit that a minimum may leave to the free parameters."""

WITHIN_ERROR = 1.0
"""Misfit in standard errors up to which a target is missed by no more than its own error."""

SIGNIFICANT = 2.0
"""Misfit in standard errors beyond which data would reject that the economy reaches a target, at about 5 percent."""

FLAT = 1e-8
"""Directions in which moments move less than this, relative to the strongest direction, are not moved along."""


def removable_share(residual: np.ndarray, jacobian: np.ndarray) -> float:
    """Part of the length of the misfit that the parameters could still remove, to first order; zero at a minimum.

    Args:
        residual: Weighted misfit L'(m(θ) - m̂), ``[moments]``.
        jacobian: Its derivatives in the parameters that may move, in any units, ``[moments, parameters]``.

    Returns:
        From 0 to 1; 0 where nothing is missed or nothing may move, 1 where a derivative is not a number.
    """
    length, size = float(np.linalg.norm(residual)), np.linalg.norm(jacobian, axis=0)
    if not (np.isfinite(length) and np.all(np.isfinite(size))):
        return 1.0
    columns = jacobian[:, size > 0] / size[size > 0]
    if length == 0 or not columns.shape[1]:
        return 0.0
    return float(np.linalg.norm(columns @ np.linalg.lstsq(columns, residual)[0])) / length


def remaining_step(residual: np.ndarray, jacobian: np.ndarray) -> float:
    """Largest change of a parameter in the next Gauss-Newton step: how far the estimates are from where they settle.

    Args:
        residual: Weighted misfit, ``[moments]``.
        jacobian: Its derivatives in unconstrained parameters, ``[moments, parameters]``.

    Returns:
        In logs or log odds, so a relative change; infinite where a derivative is not a number.
    """
    if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(jacobian))):
        return np.inf
    return float(np.max(np.abs(np.linalg.lstsq(jacobian, residual, rcond=FLAT)[0]), initial=0.0))

"""Conditions of met targets and of a minimum: the thresholds of every estimator, in one place.

Both judgements are free of units. A misfit is measured in standard errors of its target. A minimum is judged by the
part of the length of the weighted misfit that the free parameters could still remove, to first order: the length of
the projection of L'(m(θ) - m̂) on the columns of L'J over its own length, which is the cosine of an angle. It is zero at
a minimum where derivatives are not, whatever multiplies the weights and however the parameters are scaled. Where they
are, as at the largest value of a moment, the part that moves of a limited length could remove is. Source: Dennis and
Schnabel, Numerical Methods for Unconstrained Optimization and Nonlinear Equations (1983), section 10.2.
"""

import numpy as np
from scipy.optimize import root_scalar

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

REACH = 4.0
"""Longest move, in logs or log odds; without an end a parameter runs away where the moments hardly depend on it."""

_TINY = float(np.finfo(float).tiny)  # the damping is computed to relative precision


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


def removable_share_within(residual: np.ndarray, jacobian: np.ndarray, radius: float) -> float:
    """Part of the length of the misfit that moves no longer than `radius` could remove, to first order.

    Length of the change of the misfit over its own length, so that it is `removable_share` where the radius does not
    bind. Where derivatives vanish it goes to zero, also with as many targets as parameters: there `removable_share`
    stays one, because moves without an end could remove whatever is left.

    Args:
        residual: Weighted misfit, ``[moments]``.
        jacobian: Its derivatives in unconstrained parameters, ``[moments, parameters]``.
        radius: In logs or log odds.
    """
    length = float(np.linalg.norm(residual))
    if not (np.isfinite(length) and np.all(np.isfinite(jacobian))):
        return 1.0
    if length == 0:
        return 0.0
    return float(np.linalg.norm(jacobian @ bounded_step(residual, jacobian, radius))) / length


def bounded_step(residual: np.ndarray, jacobian: np.ndarray, radius: float) -> np.ndarray:
    """The move of at most this length that minimises the linearised residual, ``[parameters]``.

    Along directions in which the residual hardly moves, see `FLAT`, it does not go.

    Args:
        residual: Weighted misfit, ``[moments]``.
        jacobian: Its derivatives in the coordinates of the move, ``[moments, parameters]``.
        radius: Length of the longest move; it may be infinite.
    """
    left, singular, right = np.linalg.svd(jacobian, full_matrices=False)
    used = singular > FLAT * singular.max(initial=0.0)
    singular, pull = singular[used], -left.T[used] @ residual

    def damped(damping: float) -> np.ndarray:
        return singular * pull / (singular**2 + damping)

    def excess(damping: float) -> float:
        return float(np.linalg.norm(damped(damping))) - radius

    if not excess(0.0) > 0:
        return right[used].T @ damped(0.0)
    most = 2 * float(np.linalg.norm(singular * pull)) / radius  # there the move is shorter than the radius
    damping = root_scalar(excess, bracket=(0.0, most), method="brentq", xtol=_TINY, maxiter=1000).root
    return right[used].T @ damped(damping)


def fall(residual: np.ndarray, jacobian: np.ndarray, step: np.ndarray) -> float:
    """Fall of the squared length of the residual over a move, to first order of the residual.

    As a product and not as a difference of two squares, which would be rounding where the fall is small.
    """
    moved = jacobian @ step
    return -float((2 * residual + moved) @ moved)

"""The influence of the targets on the estimate, Λ = (J'WJ)⁻¹ J'W."""

from collections.abc import Sequence

import numpy as np

from aigini.inference import checks
from aigini.inference.identification import Factors, require_rank


def influence(
    jacobian: np.ndarray, weighting: np.ndarray, names: Sequence[str] | None = None, scale: np.ndarray | None = None
) -> np.ndarray:
    """Λ = (J'WJ)⁻¹ J'W, the derivative of the estimate in the targets.

    Λ @ (small change of the targets) is the change of the re-estimated parameters. This is the sensitivity of Andrews,
    Gentzkow and Shapiro, "Measuring the Sensitivity of Parameter Estimates to Estimation Moments", Quarterly Journal of
    Economics 132 (2017), -(G'WG)⁻¹ G'W, for g = m̂ - m(θ) and so G = -J. Software that writes g = m(θ) - m̂ reports the
    opposite sign.

    With W = R R' it is the least-squares solution of R'J Λ = R', found from the singular values of R'J rather than from
    J'WJ, whose condition number is the square of theirs.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, symmetric positive semidefinite, ``[q, q]``.
        names: Parameters, for the message.
        scale: Size of a change of each parameter by 100 percent, ``[p]``; by default columns have norm one.

    Returns:
        Λ in units of parameter per unit of moment, ``[p, q]``.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or W is not symmetric positive semidefinite.
        IdentificationError: if R'J is rank deficient, as `aigini.inference.identification.require_rank` defines it.
    """
    factors, root = weighted_factors(jacobian, weighting, names, scale)
    p = len(factors.scale)
    inner = factors.left[:, :p].T @ root.T / factors.singular_values[:, None]
    return factors.scale[:, None] * (factors.right.T @ inner)


def loadings(
    jacobian: np.ndarray,
    weighting: np.ndarray,
    gradient: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """Derivatives of functions of the estimate in the targets, gradient @ Λ, ``[f, q]``.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, ``[q, q]``.
        gradient: Derivatives of the functions in the parameters, a function in each row, ``[f, p]``; the identity by
            default, which gives Λ.
        names: Parameters, for the message.

    Raises:
        ValueError: as `influence`, also for the gradient.
        IdentificationError: as `influence`.
    """
    rows = influence(jacobian, weighting, names)
    return rows if gradient is None else checks.matrix("gradient", gradient, columns=len(rows)) @ rows


def inverse_curvature(
    jacobian: np.ndarray, weighting: np.ndarray, names: Sequence[str] | None = None, scale: np.ndarray | None = None
) -> np.ndarray:
    """(J'WJ)⁻¹, ``[p, p]``: the covariance of the estimate if W is the inverse covariance of the targets.

    Arguments and errors are those of `influence`.
    """
    factors, _ = weighted_factors(jacobian, weighting, names, scale)
    half = factors.scale[:, None] * factors.right.T / factors.singular_values
    return half @ half.T


def weighted_factors(
    jacobian: np.ndarray, weighting: np.ndarray, names: Sequence[str] | None = None, scale: np.ndarray | None = None
) -> tuple[Factors, np.ndarray]:
    """Factors of R'J and the root R of the weighting matrix W = R R', ``[q, q]``.

    Arguments and errors are those of `influence`.
    """
    jacobian = checks.matrix("jacobian", jacobian)
    _, root = checks.semidefinite("weighting", weighting, jacobian.shape[0])
    magnitude = np.linalg.norm(np.abs(root.T) @ np.abs(jacobian), axis=0)
    return require_rank(root.T @ jacobian, names, scale, magnitude=magnitude, what="weighted Jacobian"), root

"""Weighting matrices."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from aigini.errors import IdentificationError
from aigini.inference import checks

# Moments whose share in the near-dependent combination is below this are not named.
NAMED = 0.1


def optimal_weighting(
    covariance: np.ndarray, max_condition: float = 1e12, moments: Sequence[str] | None = None
) -> np.ndarray:
    """S⁻¹, the weighting with the smallest asymptotic variance (Hansen, Econometrica 50, 1982, theorem 3.2).

    The condition number is that of the correlation matrix, so it does not depend on the units of the moments.

    Args:
        covariance: S, ``[q, q]``.
        max_condition: Largest condition number of the correlation matrix that is inverted.
        moments: Names of the moments, for the message.

    Returns:
        S⁻¹, symmetric to the last bit, in inverse squared units of the moments, ``[q, q]``.

    Raises:
        ValueError: if S is not a symmetric positive semidefinite matrix with a positive diagonal.
        IdentificationError: if the condition number is above `max_condition`, naming the moments that are collinear.
    """
    size = checks.matrix("covariance", covariance).shape[0]
    matrix, _ = checks.semidefinite("covariance", covariance, size, positive=True)
    names = checks.labels("moments", moments, size, "moment")
    spread = np.sqrt(np.diagonal(matrix))
    correlation = matrix / spread[:, None] / spread
    eigenvalues, eigenvectors = np.linalg.eigh(correlation)
    if eigenvalues[0] * max_condition < eigenvalues[-1]:
        share = np.abs(eigenvectors[:, 0]) / np.abs(eigenvectors[:, 0]).max()
        together = ", ".join(name for name, part in zip(names, share, strict=True) if part > NAMED)
        raise IdentificationError(
            f"The covariance of the moments cannot be inverted: {together} are collinear or nearly so (eigenvalues of"
            f" the correlation matrix from {eigenvalues[0]:.2g} to {eigenvalues[-1]:.2g}, a ratio above"
            f" {max_condition:.0e}). Drop one of these moments, or use diagonal weights."
        )
    inverse = cho_solve(cho_factor(correlation), np.eye(size)) / spread[:, None] / spread
    return (inverse + inverse.T) / 2

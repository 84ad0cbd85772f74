"""Decomposition of the variance of an estimate by moment."""

import numpy as np

from aigini.inference.standard_errors import variances


def variance_shares(
    jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray, gradient: np.ndarray | None = None
) -> np.ndarray:
    """Parts of the variance of each estimate by target, λ_j (S λ')_j / (λ S λ'), which add up to one.

    With independent targets they are λ_j² s.e._j² over the variance, and so not negative, and each is the
    informativeness of that target: the R² of a regression of the estimate on it over repeated samples (Andrews,
    Gentzkow and Shapiro, Econometrica 88, 2020, Δ in definition 1). With correlated targets a covariance is split
    evenly between the two, and a part can be negative.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, ``[q, q]``.
        covariance: S, ``[q, q]``.
        gradient: Derivatives of functions of the parameters, ``[f, p]``; the parameters themselves by default.

    Returns:
        Shares, ``[p, q]`` or ``[f, q]``.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or S is not symmetric positive semidefinite.
        IdentificationError: if the moments do not determine the parameters, or an estimate has no variance.
    """
    rows, matrix, variance = variances(jacobian, weighting, covariance, gradient)
    return rows * (rows @ matrix) / variance[:, None]

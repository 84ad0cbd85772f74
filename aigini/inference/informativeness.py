"""How much of the variance of an estimate comes from which moments."""

from collections.abc import Sequence

import numpy as np

from aigini.inference.standard_errors import variances
from aigini.inference.weights import optimal_weighting


def informativeness(
    jacobian: np.ndarray,
    weighting: np.ndarray,
    covariance: np.ndarray,
    subset: Sequence[int],
    gradient: np.ndarray | None = None,
) -> np.ndarray:
    """Share of the variance of each estimate that a subset of the targets explains, between 0 and 1.

    It is the R² of a regression of the estimate on those targets, over repeated samples:
    λ S_·s (S_ss)⁻¹ S_s· λ' / (λ S λ') for loadings λ. Targets outside the subset count in so far as they are correlated
    with it. Source: Andrews, Gentzkow and Shapiro, "On the Informativeness of Descriptive Statistics for Structural
    Estimates", Econometrica 88 (2020), Δ in definition 1.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, ``[q, q]``.
        covariance: S, ``[q, q]``.
        subset: Positions of the moments in the subset.
        gradient: Derivatives of functions of the parameters, ``[f, p]``; the parameters themselves by default.

    Returns:
        A share for each parameter, ``[p]``, or function, ``[f]``.

    Raises:
        ValueError: if shapes differ, an entry is not finite, S is not symmetric positive semidefinite, or the subset is
            empty, repeats a moment, or names one that is not there.
        IdentificationError: if the moments do not determine the parameters, the covariance of the subset cannot be
            inverted, or an estimate has no variance.
    """
    rows, matrix, variance = variances(jacobian, weighting, covariance, gradient)
    q = len(matrix)
    chosen = list(subset)
    if not chosen or len(set(chosen)) < len(chosen) or not all(0 <= j < q for j in chosen):
        raise ValueError(f"subset = {chosen} must be different positions of moments, from 0 to {q - 1}.")
    cross = rows @ matrix[:, chosen]
    explained = np.einsum("kj,jl,kl->k", cross, optimal_weighting(matrix[np.ix_(chosen, chosen)]), cross)
    return np.clip(explained / variance, 0.0, 1.0)


def variance_shares(
    jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray, gradient: np.ndarray | None = None
) -> np.ndarray:
    """Parts of the variance of each estimate by target, λ_j (S λ')_j / (λ S λ'), which add up to one.

    With independent targets they are λ_j² s.e._j² over the variance, and so not negative, and each is the
    informativeness of that target. With correlated targets a covariance is split evenly between the two, and a part can
    be negative.

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

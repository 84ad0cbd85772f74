"""Six measures of how an estimate depends on each moment.

The first is Andrews, Gentzkow and Shapiro, "Measuring the Sensitivity of Parameter Estimates to Estimation Moments",
Quarterly Journal of Economics 132 (2017). The others are Honoré, Jørgensen and de Paula, "The Informativeness of
Estimation Moments", Journal of Applied Econometrics 35 (2020), measures 2 to 6 divided by the variance of the estimate,
so that they have no units. Σ = Λ S Λ' is the variance at the weighting W, and Σ* = (J'S⁻¹J)⁻¹ that at the optimal one.
"""

import dataclasses
from typing import Literal

import numpy as np

from aigini.errors import IdentificationError
from aigini.inference.influence import influence, inverse_curvature, weighted_factors
from aigini.inference.standard_errors import variances
from aigini.inference.weights import optimal_weighting
from aigini.tables import Column, Table, Tabular

Kind = Literal["bias", "fundamental noise", "actual noise", "actual removal", "fundamental removal", "weighting"]

# A loading times the s.e. of its moment, as a share of the s.e. of the estimate, that is the rounding of zero.
NO_LOADING = 1e-9


@dataclasses.dataclass(frozen=True)
class Sensitivity(Tabular):
    """A measure for every parameter and moment.

    Attributes:
        kind: Name of the measure.
        values: The measure, ``[p, q]``; inf where a parameter is not identified without the moment.
        convention: Meaning and unit of a value.
    """

    kind: Kind
    values: np.ndarray
    convention: str

    def table(self) -> Table:
        """Values by parameter, in rows, and moment, in columns, both counted from 1."""
        moments = (Column(f"moment {j}", column, ".4g") for j, column in enumerate(self.values.T, 1))
        return Table((Column("estimate", [str(k) for k in range(1, len(self.values) + 1)]), *moments))

    def __str__(self) -> str:
        return f"{self.kind}: {self.convention}\n{self.table()}"


def bias(jacobian: np.ndarray, weighting: np.ndarray) -> Sensitivity:
    """Λ: change of the estimate per unit by which the target moves, or by which the model's moment is too low.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or W is not symmetric positive semidefinite.
        IdentificationError: if the moments do not determine the parameters.
    """
    return Sensitivity(
        "bias", influence(jacobian, weighting), "change of the parameter per unit change of the target moment"
    )


def fundamental_noise(jacobian: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    """Λ*_kj² S_jj / Σ*_kk, with Λ* the influence at W = S⁻¹.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or S is not symmetric positive semidefinite.
        IdentificationError: if the moments do not determine the parameters, or S cannot be inverted.
    """
    return _noise("fundamental noise", jacobian, optimal_weighting(covariance), covariance)


def actual_noise(jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    """Λ_kj² S_jj / Σ_kk; the errors are those of `bias`, also for S."""
    return _noise("actual noise", jacobian, weighting, covariance)


def actual_removal(jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    """(Σ without j)_kk / Σ_kk - 1, where row and column j of W are left out.

    The value is inf where parameter k is not identified by the other moments, as for every parameter that depends on
    moment j in an exactly identified problem, and may be negative where W is far from optimal. A parameter that stays
    identified when another does not keeps a finite value.

    Raises:
        ValueError: as `bias`, also for S.
        IdentificationError: as `bias`; or if an estimate has no variance to compare with.
    """
    loadings, matrix, variance = variances(jacobian, weighting, covariance)
    weights = [weighting[others] for others in _leaving_one(len(matrix))]
    return _removal("actual removal", jacobian, matrix, loadings, variance, weights)


def fundamental_removal(jacobian: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    """(Σ* without j)_kk / Σ*_kk - 1, with optimal weighting of the remaining moments.

    Never negative; inf as in `actual_removal`. Errors are those of `fundamental_noise`.
    """
    loadings, matrix, variance = variances(jacobian, optimal_weighting(covariance), covariance)
    weights = [optimal_weighting(matrix[others]) if len(matrix) > 1 else matrix for others in _leaving_one(len(matrix))]
    return _removal("fundamental removal", jacobian, matrix, loadings, variance, weights)


def weighting_sensitivity(jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    """(dΣ_kk / dW_jj) W_jj / Σ_kk: the elasticity of the variance to the weight of moment j.

    As dΛ/dW_jj = (J'WJ)⁻¹ J' E_jj (I - JΛ), with E_jj one at (j, j) and zero elsewhere, it is
    2 [(J'WJ)⁻¹ J']_kj [(I - JΛ) S Λ']_jk W_jj / Σ_kk. It is zero at the optimal weighting, and negative where more
    weight on the moment would make the estimate more precise. The errors are those of `actual_removal`.
    """
    loadings, matrix, variance = variances(jacobian, weighting, covariance)
    slope = inverse_curvature(jacobian, weighting) @ jacobian.T
    rest = (np.eye(len(matrix)) - jacobian @ loadings) @ matrix @ loadings.T
    values = 2 * slope * rest.T * np.diagonal(weighting) / variance[:, None]
    return Sensitivity("weighting", values, "percent rise of the variance per percent rise of the moment's weight")


def _noise(kind: Kind, jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray) -> Sensitivity:
    loadings, matrix, variance = variances(jacobian, weighting, covariance)
    values = loadings**2 * np.diagonal(matrix) / variance[:, None]
    return Sensitivity(kind, values, "percent rise of the variance per percent rise of the variance of the moment")


def _leaving_one(q: int) -> list[tuple[np.ndarray, ...]]:
    """Index of a matrix without row and column j, for every j."""
    return [np.ix_(others, others) for others in (np.flatnonzero(np.arange(q) != j) for j in range(q))]


def _removal(
    kind: Kind,
    jacobian: np.ndarray,
    covariance: np.ndarray,
    loadings: np.ndarray,
    variance: np.ndarray,
    weights: list[np.ndarray],
) -> Sensitivity:
    """Relative rise of the variances when moment j is left out and the others are weighted by ``weights[j]``."""
    share = np.abs(loadings) * np.sqrt(np.diagonal(covariance) / variance[:, None])
    left = [
        _variances_of_rest(np.delete(jacobian, j, axis=0), weights[j], covariance[others], share[:, j])
        for j, others in enumerate(_leaving_one(len(covariance)))
    ]
    values = np.stack(left, axis=1) / variance[:, None] - 1
    return Sensitivity(kind, values, "rise of the variance, as a share of it, when the moment is left out")


def _variances_of_rest(
    jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Variances of estimates from the remaining moments, inf for a parameter that they do not identify.

    Leaving out a moment frees at most one direction, the one in which that moment moves the estimates; `share` is how
    far it does, in s.e. of the estimates. Parameters that do not move along it stay identified, and holding one that
    does fixed leaves their estimates unchanged.
    """
    free, lost = np.ones(len(share), bool), np.zeros(len(share), bool)
    if not _identified(jacobian, weighting):
        free[np.argmax(share)] = False
        lost = (share > NO_LOADING) | ~free
    if lost.all():
        return np.full(len(share), np.inf)
    rows = influence(jacobian[:, free], weighting)
    result = np.full(len(share), np.inf)
    result[free] = np.einsum("kj,jl,kl->k", rows, covariance, rows)
    return np.where(lost, np.inf, result)


def _identified(jacobian: np.ndarray, weighting: np.ndarray) -> bool:
    if len(jacobian) < jacobian.shape[1]:
        return False
    try:
        weighted_factors(jacobian, weighting)
    except IdentificationError:
        return False
    return True

"""Tests of misfits of the moments that are larger than their sampling error allows.

At the estimate the misfit g = m(θ̂) - m̂ is -M e to first order, with M = I - JΛ and e the error of the targets. Where
the moments are simulated with noise that is not negligible, add its covariance to S.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2, norm

from aigini.errors import IdentificationError
from aigini.inference import checks
from aigini.inference.identification import require_rank
from aigini.inference.influence import influence
from aigini.tables import Column, Table, Tabular

# A misfit whose standard error is below this share of its target's is the rounding of an exact fit.
NO_VARIATION = 1e-7
# Smallest eigenvalue, relative to the largest, of the correlation of the overidentifying restrictions.
SINGULAR = 1e-12
EXACT = "exactly identified: nothing to test"


@dataclasses.dataclass(frozen=True)
class JTest(Tabular):
    """Test of all overidentifying restrictions at once.

    Attributes:
        statistic: T, zero without restrictions.
        degrees: Number of restrictions, q - p.
        p_value: Probability of a larger T if the model is right; None without restrictions.
        contributions: Parts of T by moment, which add up to it and may be negative, ``[q]``.
        misfit_se: Standard error of each misfit, in units of the moments, ``[q]``.
        z: Misfit over its standard error; None for a moment that is always fitted exactly.
        moments: Names of the moments.
        message: The verdict in a sentence.
    """

    statistic: float
    degrees: int
    p_value: float | None
    contributions: np.ndarray
    misfit_se: np.ndarray
    z: tuple[float | None, ...]
    moments: tuple[str, ...]
    message: str

    def table(self) -> Table:
        """The test by moment."""
        return Table(
            (
                Column("moment", self.moments),
                Column("contribution", self.contributions, ".3f"),
                Column("s.e. of misfit", self.misfit_se, ".3g"),
                Column("z", self.z, text=[_cell(z) for z in self.z]),
            )
        )

    def __str__(self) -> str:
        return f"{self.table()}\n{self.message}"


@dataclasses.dataclass(frozen=True)
class MisfitTest(Tabular):
    """Test of each misfit at the correlation of the targets that is most favourable to the model.

    Attributes:
        misfit_se: Largest standard error of each misfit over all correlations, in units of the moments, ``[q]``.
        z: Misfit over that; None for a moment that is always fitted exactly.
        p_value: Two-sided p-value of the largest, times the number of moments tested (Bonferroni), at most 1; None if
            there is nothing to test.
        moments: Names of the moments.
        message: The verdict in a sentence.
    """

    misfit_se: np.ndarray
    z: tuple[float | None, ...]
    p_value: float | None
    moments: tuple[str, ...]
    message: str

    def table(self) -> Table:
        """The test by moment."""
        return Table(
            (
                Column("moment", self.moments),
                Column("worst-case s.e.", self.misfit_se, ".3g"),
                Column("z", self.z, text=[_cell(z) for z in self.z]),
            )
        )

    def __str__(self) -> str:
        return f"{self.table()}\n{self.message}"


def j_test(
    misfit: np.ndarray,
    jacobian: np.ndarray,
    weighting: np.ndarray,
    covariance: np.ndarray,
    *,
    moments: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> JTest:
    """Test of the overidentifying restrictions at estimates from any weighting.

    With the rows of A a basis of the combinations of moments that no parameter moves (A J = 0), A g = -A e to first
    order whatever W is, so T = (Ag)' (A S A')⁻¹ (Ag) is χ² with q - p degrees of freedom. It does not depend on the
    basis, and equals the objective at the minimum if W = S⁻¹. Source: Newey, Journal of Econometrics 29 (1985);
    Hansen, Econometrica 50 (1982), lemma 4.2 for W = S⁻¹.

    Moment j contributes g_j [A' (A S A')⁻¹ A g]_j. The misfits have covariance M S M'.

    Args:
        misfit: g, fitted moment less target, in units of the moments, ``[q]``.
        jacobian: J, ``[q, p]``.
        weighting: W that the estimates minimise, ``[q, q]``; it enters only the standard errors of the misfits.
        covariance: S, ``[q, q]``.
        moments: Names of the moments.
        names: Parameters, for the message.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or a matrix is not symmetric positive semidefinite.
        IdentificationError: if the moments do not determine the parameters, or A S A' cannot be inverted.
    """
    misfit, residual, labels = _prepare(misfit, jacobian, weighting, moments, names)
    q, p = np.shape(jacobian)
    matrix, root = checks.semidefinite("covariance", covariance, q, positive=True)
    spread = np.sqrt(np.diagonal(matrix))
    misfit_se = np.linalg.norm(residual @ root, axis=1)
    varies = misfit_se > NO_VARIATION * spread
    z = _ratios(misfit, misfit_se, varies)
    if q == p:
        return JTest(0.0, 0, None, np.zeros(q), misfit_se, z, labels, EXACT)

    basis = require_rank(np.asarray(jacobian, float) / spread[:, None], names).left[:, p:]
    half = basis.T @ (root / spread[:, None])
    restrictions = half @ half.T
    eigenvalues = np.linalg.eigvalsh(restrictions)
    if eigenvalues[0] <= SINGULAR * eigenvalues[-1]:
        raise IdentificationError(
            f"The covariance of the {q - p} overidentifying restrictions cannot be inverted (eigenvalues from"
            f" {eigenvalues[0]:.2g} to {eigenvalues[-1]:.2g}): the covariance of the moments says that a combination of"
            " them which no parameter moves has no error. Drop a collinear moment, or use worst_case_misfit."
        )
    scaled = misfit / spread
    contributions = scaled * (basis @ cho_solve(cho_factor(restrictions), basis.T @ scaled))
    statistic = float(contributions.sum())
    p_value = float(chi2.sf(statistic, q - p))
    message = f"J = {statistic:.4g} with {q - p} degrees of freedom, p = {p_value:.3g}"
    return JTest(statistic, q - p, p_value, contributions, misfit_se, z, labels, message)


def worst_case_misfit(
    misfit: np.ndarray,
    jacobian: np.ndarray,
    weighting: np.ndarray,
    se: np.ndarray,
    *,
    moments: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> MisfitTest:
    """Test of the misfits when only standard errors of the targets are known.

    The standard error of misfit j is at most Σ_k |M_jk| s.e._k, so z is conservative under every correlation, and so is
    the joint p-value. Source: Cocci and Plagborg-Møller, "Standard Errors for Calibrated Parameters", Review of
    Economic Studies (2025), for the standard error of a moment error.

    Args:
        misfit: g, fitted moment less target, in units of the moments, ``[q]``.
        jacobian: J, ``[q, p]``.
        weighting: W that the estimates minimise, ``[q, q]``.
        se: Standard errors of the targets, positive, ``[q]``.
        moments: Names of the moments.
        names: Parameters, for the message.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or a standard error is not positive.
        IdentificationError: if the moments do not determine the parameters.
    """
    misfit, residual, labels = _prepare(misfit, jacobian, weighting, moments, names)
    errors = checks.vector("se", se, len(misfit), positive=True)
    misfit_se = np.abs(residual) @ errors
    varies = misfit_se > NO_VARIATION * errors
    z = _ratios(misfit, misfit_se, varies)
    tested = {name: abs(value) for name, value in zip(labels, z, strict=True) if value is not None}
    if not tested:
        return MisfitTest(misfit_se, z, None, labels, EXACT)
    worst = max(tested, key=lambda name: tested[name])
    p_value = min(1.0, len(tested) * 2 * float(norm.sf(tested[worst])))
    message = f"largest misfit {worst}, {tested[worst]:.3g} worst-case s.e.; joint p at most {p_value:.3g}"
    return MisfitTest(misfit_se, z, p_value, labels, message)


def _prepare(
    misfit: np.ndarray,
    jacobian: np.ndarray,
    weighting: np.ndarray,
    moments: Sequence[str] | None,
    names: Sequence[str] | None,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The misfit, M = I - JΛ and the names of the moments."""
    loadings = influence(jacobian, weighting, names)
    q = loadings.shape[1]
    residual = np.eye(q) - np.asarray(jacobian, float) @ loadings
    return checks.vector("misfit", misfit, q), residual, checks.labels("moments", moments, q, "moment")


def _ratios(misfit: np.ndarray, se: np.ndarray, varies: np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(g / s) if moves else None for g, s, moves in zip(misfit, se, varies, strict=True))


def _cell(z: float | None) -> str:
    return "exact" if z is None else f"{z:.2f}"

"""Standard errors of estimates, for any weighting, by what is known of the covariance of the targets.

To first order θ̂ - θ = Λ (e - u), with e the error of the targets and u the simulation noise of the moments at the
estimate. The two are independent, so a covariance of the simulated moments adds to that of the targets, and to the
square of the worst case over the correlations of the targets alone.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np

from aigini.errors import IdentificationError
from aigini.inference import checks
from aigini.inference.influence import loadings
from aigini.tables import Column, Table, Tabular

# A variance below this share of its worst-case bound is the rounding of zero.
NO_VARIANCE = 1e-14

Kind = Literal["known covariance", "independent", "worst case"]


@dataclasses.dataclass(frozen=True)
class StandardErrors(Tabular):
    """Standard errors of p parameters, or of f functions of them.

    Attributes:
        covariance: Covariance of the estimates, ``[p, p]`` or ``[f, f]``; None in the worst case, which is attained by
            other correlations for each of them.
        se: Standard errors, in units of the parameters or functions, ``[p]`` or ``[f]``.
        kind: Assumption about the covariance of the targets.
        simulation_included: True if they include the noise of the simulated moments.
        labels: Names of the parameters or functions.
    """

    covariance: np.ndarray | None
    se: np.ndarray
    kind: Kind
    simulation_included: bool
    labels: tuple[str, ...]

    def table(self) -> Table:
        """Standard errors by parameter or function."""
        return Table((Column("", self.labels), Column("s.e.", self.se, ".6g")))

    def __str__(self) -> str:
        noise = "with" if self.simulation_included else "without"
        return f"standard errors, {self.kind} of the targets, {noise} simulation noise\n{self.table()}"


def known_covariance(
    jacobian: np.ndarray,
    weighting: np.ndarray,
    covariance: np.ndarray,
    *,
    simulation: np.ndarray | None = None,
    gradient: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> StandardErrors:
    """Standard errors when the covariance of the targets is known, Λ S Λ'.

    Source: Hansen, Econometrica 50 (1982), theorem 3.1. With W = S⁻¹ this is (J'S⁻¹J)⁻¹.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, ``[q, q]``.
        covariance: S with a positive diagonal, ``[q, q]``; it may be singular.
        simulation: Covariance of the simulated moments at the estimate, ``[q, q]``.
        gradient: Derivatives of functions of the parameters, a function in each row, ``[f, p]``; the parameters
            themselves by default.
        names: Parameters.

    Raises:
        ValueError: if shapes differ, an entry is not finite, or a matrix is not symmetric positive semidefinite.
        IdentificationError: as in `aigini.inference.influence.influence`.
    """
    rows = loadings(jacobian, weighting, gradient, names)
    _, root = checks.semidefinite("covariance", covariance, rows.shape[1], positive=True)
    return _from_root(rows, root, "known covariance", simulation, _labels(gradient, names, len(rows)))


def independent(
    jacobian: np.ndarray,
    weighting: np.ndarray,
    se: np.ndarray,
    *,
    simulation: np.ndarray | None = None,
    gradient: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> StandardErrors:
    """Standard errors when the targets are independent of one another, with standard errors `se`, ``[q]``.

    The other arguments and the errors are those of `known_covariance`; a standard error must be positive.
    """
    rows = loadings(jacobian, weighting, gradient, names)
    root = np.diag(checks.vector("se", se, rows.shape[1], positive=True))
    return _from_root(rows, root, "independent", simulation, _labels(gradient, names, len(rows)))


def worst_case(
    jacobian: np.ndarray,
    weighting: np.ndarray,
    se: np.ndarray,
    *,
    simulation: np.ndarray | None = None,
    gradient: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> StandardErrors:
    """Largest standard errors over all correlations of targets with standard errors `se`, ``[q]``.

    For the loadings λ of one parameter (a row of Λ) or function (a row of gradient @ Λ) it is Σ_j |λ_j| s.e._j. It is
    attained by the covariance v v' with v_j = sign(λ_j) s.e._j, a perfect correlation of every pair of targets.
    Simulation noise, being independent of the data, adds the square λ Q λ' under the root. Source: Cocci and
    Plagborg-Møller, "Standard Errors for Calibrated Parameters", Review of Economic Studies (2025), lemma 1.

    The other arguments and the errors are those of `known_covariance`; a standard error must be positive.
    """
    rows = loadings(jacobian, weighting, gradient, names)
    bound = np.abs(rows) @ checks.vector("se", se, rows.shape[1], positive=True)
    if simulation is not None:
        _, noise = checks.semidefinite("simulation", simulation, rows.shape[1])
        bound = np.hypot(bound, np.linalg.norm(rows @ noise, axis=1))
    return StandardErrors(None, bound, "worst case", simulation is not None, _labels(gradient, names, len(rows)))


def variances(
    jacobian: np.ndarray, weighting: np.ndarray, covariance: np.ndarray, gradient: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loadings, covariance and variances from which decompositions of variances start.

    Args:
        jacobian: J, ``[q, p]``.
        weighting: W, ``[q, q]``.
        covariance: S, ``[q, q]``.
        gradient: Derivatives of functions of the parameters, ``[f, p]``; the parameters themselves by default.

    Returns:
        Loadings Λ or gradient @ Λ, ``[f, q]``; S, symmetric to the last bit, ``[q, q]``; variances, positive, ``[f]``.

    Raises:
        ValueError: as in `known_covariance`.
        IdentificationError: as in `known_covariance`; or if a variance is zero, so that nothing can be a share of it.
    """
    rows = loadings(jacobian, weighting, gradient)
    matrix, root = checks.semidefinite("covariance", covariance, rows.shape[1], positive=True)
    variance = np.sum((rows @ root) ** 2, axis=1)
    none = variance <= NO_VARIANCE * (np.abs(rows) @ np.sqrt(np.diagonal(matrix))) ** 2
    if none.any():
        raise IdentificationError(
            f"Estimate {int(np.argmax(none)) + 1} has no variance under this covariance of the moments, so a share of"
            " it means nothing; leave it out, or use a covariance that is not singular."
        )
    return rows, matrix, variance


def _labels(gradient: np.ndarray | None, names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if gradient is None:
        return checks.labels("names", names, count, "parameter")
    return checks.labels("functions", None, count, "function")


def _from_root(
    rows: np.ndarray, root: np.ndarray, kind: Kind, simulation: np.ndarray | None, labels: tuple[str, ...]
) -> StandardErrors:
    half = rows @ root
    if simulation is not None:
        _, noise = checks.semidefinite("simulation", simulation, rows.shape[1])
        half = np.hstack([half, rows @ noise])
    return StandardErrors(half @ half.T, np.linalg.norm(half, axis=1), kind, simulation is not None, labels)

"""Weights of moments: those that are known beforehand, and those that follow from first estimates.

The estimates minimise (m(θ) - m̂)' W (m(θ) - m̂). With S the covariance of the targets and Σ(θ) that of the simulated
moments over other draws of the population, W is

* ``diagonal``: 1/s.e.² of each target; ``identity``; or a matrix of the user's;
* ``optimal``: S⁻¹;
* ``two_step``: (S + Σ(θ1))⁻¹, with θ1 the estimates at diagonal weights;
* ``iterated``: the same again at the new estimates, until they stay where they are.

Source: Hansen, Econometrica 50 (1982), for the first two of the last three; Hansen, Heaton and Yaron, Journal of
Business & Economic Statistics 14 (1996), for the last. Where there are as many parameters as targets, every W gives the
same estimates, because all targets are met.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from aigini.errors import EstimationError
from aigini.inference.weights import optimal_weighting
from aigini.tables import Column, Table, Tabular

Weighting = Literal["diagonal", "identity", "optimal", "two_step", "iterated"]
NEEDS_CORRELATION: tuple[Weighting, ...] = ("optimal", "two_step", "iterated")
REWEIGHTED: tuple[Weighting, ...] = ("two_step", "iterated")

ROUNDS = 20
"""Most rounds of iterated weights after the first estimation."""

SETTLED = 1e-3
"""Joint change of the estimates over a round, in standard errors, below which iterated weights have converged."""

SINGULAR = 1e-12
"""Smallest eigenvalue of a correlation matrix, relative to the largest, that can be inverted."""

ROUNDING = 1e-10
"""Difference of correlations that is put down to rounding."""

AGREE = 1e-3
"""Relative difference of standard errors that is put down to rounding."""


@dataclasses.dataclass(frozen=True)
class Round:
    """One estimation.

    Attributes:
        weighting: W, ``[moments, moments]``.
        estimates: Where the objective with W is smallest, natural units, ``[free]``.
        change: Joint change of the estimates from the round before in standard errors, sqrt(Δ' J'WJ Δ), which no single
            estimate exceeds; None in the first round.
    """

    weighting: np.ndarray
    estimates: np.ndarray
    change: float | None


@dataclasses.dataclass(frozen=True)
class Reweighting(Tabular):
    """A sequence of estimations, each but the first with weights from the one before.

    Attributes:
        rounds: The estimations in order.
        converged: True if the last round was the one asked for: always in two steps; iterated, if the estimates stayed.
    """

    rounds: tuple[Round, ...]
    converged: bool

    @property
    def last(self) -> Round:
        """The final estimation."""
        return self.rounds[-1]

    def table(self) -> Table:
        """Change and estimates of each round."""
        estimates = zip(*(done.estimates for done in self.rounds), strict=True)
        changes = [done.change for done in self.rounds]
        return Table(
            (
                Column("round", range(1, len(self.rounds) + 1)),
                Column("change/s.e.", changes, ".2e"),
                *(Column(f"estimate {k}", values, ".6g") for k, values in enumerate(estimates, 1)),
            )
        )

    def __str__(self) -> str:
        return f"{self.table()}\n{'converged' if self.converged else 'not converged'}"


def follows_estimates(weighting: Weighting | np.ndarray) -> bool:
    """True if the weights follow from first estimates, so that `reweight` has work to do."""
    return isinstance(weighting, str) and weighting in REWEIGHTED


def reweight(
    weighting: Weighting | np.ndarray,
    first_weighting: np.ndarray,
    first_estimates: np.ndarray,
    estimate: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    simulation_covariance: Callable[[np.ndarray], np.ndarray],
    covariance: np.ndarray | None,
    *,
    moments: Sequence[str] | None = None,
    rounds: int = ROUNDS,
    settled: float = SETTLED,
) -> Reweighting:
    """Estimate again with W = (S + Σ(θ))⁻¹ at the estimates before: once, or until they stay.

    Args:
        weighting: ``"two_step"`` or ``"iterated"``.
        first_weighting: W of the first round, ``[moments, moments]``.
        first_estimates: θ1, ``[free]``.
        estimate: From W and a start, the estimates ``[free]`` and dm/dθ there, ``[moments, free]``.
        simulation_covariance: From estimates, the covariance of the simulated moments, ``[moments, moments]``; it may
            be singular, as it is from fewer draws than moments.
        covariance: S, positive definite, ``[moments, moments]``.
        moments: Names of the moments, for messages.
        rounds: Most rounds after the first, if iterated.
        settled: Change of the estimates in standard errors below which iterating ends.

    Raises:
        ValueError: if `weighting` is neither of the two, `rounds` is not positive, or a matrix is not a covariance.
        EstimationError: if there is no covariance of the targets.
        IdentificationError: if S + Σ cannot be inverted.
    """
    if not (isinstance(weighting, str) and weighting in REWEIGHTED) or rounds < 1:
        raise ValueError(f"weighting = {weighting!r}, rounds = {rounds}: expected one of {REWEIGHTED} and 1 or more.")
    if covariance is None:
        raise EstimationError(_needs_correlation(weighting))
    done = [Round(first_weighting, np.asarray(first_estimates, float), None)]
    limit = 1 if weighting == "two_step" else rounds
    while len(done) <= limit:
        before = done[-1].estimates
        weights = optimal_weighting(covariance + simulation_covariance(before), moments=moments)
        estimates, jacobian = estimate(weights, before)
        # J'WJ is the inverse covariance of these estimates, so no inversion is needed to measure a change in s.e.
        effect = jacobian @ (estimates - before)
        change = float(np.sqrt(max(effect @ weights @ effect, 0.0)))
        done.append(Round(weights, np.asarray(estimates, float), change))
        if change < settled:
            return Reweighting(tuple(done), True)
    return Reweighting(tuple(done), weighting == "two_step")


def before_estimates(
    weighting: Weighting | np.ndarray, covariance: np.ndarray | None
) -> Literal["diagonal", "identity"] | np.ndarray:
    """The weights that the first round is estimated with.

    Raises:
        EstimationError: if the weighting needs a covariance of the targets and there is none.
    """
    if not isinstance(weighting, str) or weighting in ("diagonal", "identity"):
        return weighting
    if covariance is None:
        raise EstimationError(_needs_correlation(weighting))
    return optimal_weighting(covariance) if weighting == "optimal" else "diagonal"


def target_covariance(correlation: Sequence[Sequence[float]] | np.ndarray, se: Sequence[float]) -> np.ndarray:
    """S = D R D with D the standard errors: its diagonal is their squares whatever R is, ``[moments, moments]``."""
    matrix, errors = np.asarray(correlation, float), np.asarray(se, float)
    symmetric = (matrix + matrix.T) / 2
    np.fill_diagonal(symmetric, 1.0)
    return symmetric * np.outer(errors, errors)


def name_of(weighting: Weighting | np.ndarray) -> str:
    """Name of a weighting in a report."""
    return weighting if isinstance(weighting, str) else "matrix"


def weighting_problems(weighting: Weighting | np.ndarray, *, correlated: bool, replications: int) -> list[str]:
    """Sentences about mistakes in the choice of weights; `correlated` is true if correlations are given."""
    lines = []
    if isinstance(weighting, str) and weighting in NEEDS_CORRELATION and not correlated:
        lines.append(_needs_correlation(weighting))
    if isinstance(weighting, str) and weighting in REWEIGHTED and replications < 2:
        lines.append(
            f'calibration.weighting = "{weighting}" takes the noise of the simulated moments from other draws, but'
            f" calibration.replications = {replications}; raise it to 2 or more."
        )
    return lines


def _needs_correlation(weighting: Weighting) -> str:
    return (
        f'calibration.weighting = "{weighting}" needs the covariance of the targets; give their correlation matrix as'
        ' calibration.correlation, or the covariance as calibration.covariance, or set weighting = "diagonal".'
    )


def covariance_problems(covariance: Sequence[Sequence[float]], se: Mapping[str, float]) -> list[str]:
    """Sentences about mistakes in the covariance of targets, and where it disagrees with their standard errors `se`."""
    where = "calibration.covariance"
    try:
        matrix = np.asarray(covariance, float)
    except ValueError:
        return correlation_problems(covariance, list(se), where)
    if matrix.shape != (len(se), len(se)):
        return correlation_problems(covariance, list(se), where)
    variances = dict(zip(se, np.diag(matrix).tolist(), strict=True))
    lines = [
        f"{where} of {name} with itself is {variance:g}, but a variance is greater than 0; correct the diagonal."
        for name, variance in variances.items()
        if not variance > 0
    ]
    if lines:
        return lines
    lines = [
        f"{where} gives {name} a standard error of {variance**0.5:.6g}, but targets.{name}.se = {se[name]:.6g};"
        " make them equal."
        for name, variance in variances.items()
        if abs(variance**0.5 - se[name]) > AGREE * se[name]
    ]
    spread = np.sqrt(np.diag(matrix))
    scaled = (matrix / np.outer(spread, spread)).tolist()
    return lines + correlation_problems(scaled, list(se), f"{where}, scaled to a correlation,")


def correlation_problems(
    correlation: Sequence[Sequence[float]], moments: Sequence[str], where: str = "calibration.correlation"
) -> list[str]:
    """Sentences about mistakes in the correlations of the targets `moments`, which `where` names."""
    q = len(moments)
    try:
        matrix = np.asarray(correlation, float)
    except ValueError:
        return [f"{where} is ragged; give one row and one column per moment."]
    if matrix.shape != (q, q):
        return [
            f"{where} has shape {matrix.shape}, but there are {q} targets; give one row and one column per target, in"
            " the order m1 ... m6."
        ]
    pairs = [(i, j) for i in range(q) for j in range(i)]
    lines = [
        f"{where} of {moments[i]} with itself is {matrix[i, i]:g}, where only 1 is possible; correct the diagonal."
        for i in range(q)
        if not abs(matrix[i, i] - 1) <= ROUNDING
    ]
    lines += [
        f"{where} of {moments[j]} and {moments[i]} is {worst:g}, but a correlation is from -1 to 1; correct it."
        for i, j in pairs
        for worst in [max(matrix[i, j], matrix[j, i], key=abs)]
        if not abs(worst) <= 1 + ROUNDING
    ]
    lines += [
        f"{where} is not symmetric: {moments[j]} and {moments[i]} have {matrix[j, i]:g} in one place and"
        f" {matrix[i, j]:g} in the other; make them equal."
        for i, j in pairs
        if abs(matrix[i, j] - matrix[j, i]) > ROUNDING
    ]
    if lines:
        return lines
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    if eigenvalues[0] <= SINGULAR * eigenvalues[-1]:
        share = np.abs(eigenvectors[:, 0])
        together = ", ".join(name for name, part in zip(moments, share, strict=True) if part > 0.1 * share.max())
        lines.append(
            f"{where} is not positive definite (smallest eigenvalue {eigenvalues[0]:.3g}): no targets can be correlated"
            f" like that, or one of {together} follows from the others; lower the correlations between these."
        )
    return lines

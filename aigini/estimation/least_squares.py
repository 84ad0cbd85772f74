"""Re-estimation near a known point: a few exact-Jacobian least-squares steps from where the answer was before.

Ridges, profiles and checks of a sensitivity re-estimate the same economy many times, each time from a good start. The
whole multi-start estimator would be wasteful; this is its last stage, on the shared outcome map.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.outcome_map import OutcomeMap
from aigini.parameter_space import ParameterSpace
from aigini.statistics.moments import IncomeConcept

_EXACT = 1e-18  # half the squared misfit, in standard errors, of targets met to rounding
_FAR = 1e6  # residual, in standard errors, of a point outside the parameter space
_REACH = 4.0  # log units or log odds that a parameter may move at once; without an end it runs away where it is flat


@dataclasses.dataclass(frozen=True)
class Refit:
    """A re-estimation.

    Attributes:
        values: Every parameter at the new estimates.
        estimates: The free ones.
        misfit: (fitted - target)/s.e. by moment.
        outcomes: All outcomes there, ``[outcomes]``.
        jacobian: Derivatives of all outcomes in the free parameters along the tie, ``[outcomes, free]``.
        objective: Half the squared length of the weighted misfit.
        converged: True if the search converged, rather than stopped at its largest number of evaluations.
    """

    values: Mapping[str, float]
    estimates: Mapping[str, float]
    misfit: Mapping[str, float]
    outcomes: np.ndarray
    jacobian: np.ndarray
    objective: float
    converged: bool = True

    @property
    def worst(self) -> float:
        """Largest absolute misfit in standard errors."""
        return max(abs(value) for value in self.misfit.values())

    @property
    def feasible(self) -> bool:
        """True if every target is met."""
        return self.worst < FIT_TOLERANCE


def refit(
    outcome_map: OutcomeMap,
    start: Mapping[str, float],
    space: ParameterSpace,
    targets: Mapping[str, tuple[float, float]],
    income: IncomeConcept,
    *,
    root: np.ndarray | None = None,
    steps: int = 25,
    tolerance: float = 1e-4,
    basis: np.ndarray | None = None,
) -> Refit:
    """Estimate the free parameters again, from `start`, each by no more than a factor of about 50.

    Args:
        outcome_map: The economy.
        start: Every parameter; the free ones are the starting point, the others stay.
        space: Free parameters, ties and bounds.
        targets: (value, s.e.) by moment, m1 ... m6.
        income: Income concept of m6.
        root: L with W = L L', ``[moments, moments]``; 1/s.e. on the diagonal by default.
        steps: Largest number of evaluations.
        tolerance: Relative fall of the objective in a step at which a minimum that misses targets counts as reached.
        basis: Moves of the free parameters that are allowed, in columns on the unconstrained scale, ``[free, moves]``;
            all by default.

    Raises:
        AnalysisError: if the economy has no finite outcomes at the start.
    """
    rows = outcome_map.rows(tuple(targets), income)
    value, se = np.array(list(targets.values())).T
    weight = np.diag(1 / se) if root is None else root
    moves = space.directions
    basis = np.eye(len(space.names)) if basis is None else basis
    first = space.coordinates(start)
    origin = basis.T @ first
    seen: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def theta_at(move: np.ndarray) -> np.ndarray:
        return first + basis @ (move - origin)

    def values_at(move: np.ndarray) -> dict[str, float]:
        return space.values(start, theta_at(move))

    def evaluate(move: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = move.tobytes()
        if key not in seen:
            seen.clear()
            seen[key] = outcome_map.along(values_at(move), moves)
        return seen[key]

    def residual(move: np.ndarray) -> np.ndarray:
        if not outcome_map.admits(values_at(move)):
            return np.full(len(rows), _FAR)
        try:
            outcomes, _ = evaluate(move)
        except AnalysisError:
            return np.full(len(rows), _FAR)
        return weight.T @ (outcomes[list(rows)] - value)

    def slope(move: np.ndarray) -> np.ndarray:
        _, matrix = evaluate(move)
        return weight.T @ matrix[list(rows)] @ np.diag(space.stretch(theta_at(move))) @ basis

    evaluate(origin)

    def watch(intermediate_result: OptimizeResult) -> None:
        if intermediate_result.cost < _EXACT:
            raise StopIteration

    end, converged = origin, True
    if origin.size:
        solution = least_squares(
            residual,
            origin,
            jac=slope,  # pyright: ignore[reportArgumentType]
            bounds=(origin - _REACH, origin + _REACH),
            x_scale="jac",
            ftol=tolerance,
            xtol=1e-10,
            gtol=1e-12,
            max_nfev=steps,
            callback=watch,
        )
        end, converged = solution.x, solution.status != 0
    outcomes, matrix = evaluate(end)
    values = values_at(end)
    misfit = (outcomes[list(rows)] - value) / se
    return Refit(
        values=values,
        estimates={name: values[name] for name in space.names},
        misfit=dict(zip(targets, misfit.tolist(), strict=True)),
        outcomes=outcomes,
        jacobian=matrix,
        objective=float(np.sum(residual(end) ** 2)) / 2,
        converged=converged,
    )

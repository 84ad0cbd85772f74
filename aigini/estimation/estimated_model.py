"""The point an analysis is about: an estimated economy with the exact Jacobian of all its outcomes."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE, STATIONARY, removable_share
from aigini.estimation.least_squares import refit
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.problem import weight_root
from aigini.estimation.result import Target
from aigini.parameter_space import ParameterSpace
from aigini.statistics.moments import IncomeConcept
from aigini.statistics.outcomes import OUTCOME_NAMES


@dataclasses.dataclass(frozen=True)
class EstimatedModel:
    """An economy at its estimates.

    Attributes:
        outcome_map: The economy.
        space: Free parameters, bounds and tie.
        targets: Targets by moment.
        income: Income concept of m6.
        weighting: W, ``[moments, moments]``.
        values: Every parameter at the estimates.
        outcomes: Outcomes there, ``[outcomes]``.
        jacobian: Derivatives of all outcomes in all parameters at the estimates, ``[outcomes, parameters]``.
        covariance: S of the targets; None where only their standard errors are known, ``[moments, moments]``.
    """

    outcome_map: OutcomeMap
    space: ParameterSpace
    targets: Mapping[str, Target]
    income: IncomeConcept
    weighting: np.ndarray
    values: Mapping[str, float]
    outcomes: np.ndarray
    jacobian: np.ndarray
    covariance: np.ndarray | None = None

    @property
    def rows(self) -> tuple[int, ...]:
        """Positions of the targeted moments among the outcomes."""
        return self.outcome_map.rows(tuple(self.targets), self.income)

    @property
    def pairs(self) -> dict[str, tuple[float, float]]:
        """(value, s.e.) of each target."""
        return {name: (target.value, target.se) for name, target in self.targets.items()}

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the targets, ``[moments]``."""
        return np.array([target.se for target in self.targets.values()])

    @property
    def target_covariance(self) -> np.ndarray:
        """S of the targets, read as independent where only standard errors are known, ``[moments, moments]``."""
        return np.diag(self.se**2) if self.covariance is None else self.covariance

    @property
    def estimates(self) -> np.ndarray:
        """Estimates, ``[free]``."""
        return np.array([self.values[name] for name in self.space.names])

    @property
    def free_jacobian(self) -> np.ndarray:
        """Derivatives of all outcomes in the free parameters along the tie, ``[outcomes, free]``."""
        return self.jacobian @ self.space.directions.T

    @property
    def moment_jacobian(self) -> np.ndarray:
        """dm/dθ of the targeted moments along the tie, ``[moments, free]``."""
        return self.free_jacobian[list(self.rows)]

    def outcome(self, name: str) -> float:
        """An outcome at the estimates."""
        return float(self.outcomes[OUTCOME_NAMES.index(name)])

    def require_sign_problem(self) -> None:
        """As the function of this name, of the estimated model's targets and free parameters."""
        require_sign_problem(self.targets, self.space.names)


def require_sign_problem(moments: Iterable[str], free: Sequence[str]) -> None:
    """Raise unless m6 is a target, η1 is free, and the other moments leave one direction open.

    Args:
        moments: Targeted moments.
        free: Free parameters.

    Raises:
        AnalysisError: saying what is missing.
    """
    names = list(moments)
    got = f"got moments {', '.join(names)} and free {', '.join(free)}"
    if "m6" not in names or "eta1" not in free:
        raise AnalysisError(
            "the sign of the change of the Gini is asked about, which needs m6 among calibration.moments and eta1 in"
            f" calibration.free; {got}."
        )
    if len(names) < 2:
        raise AnalysisError(
            f"the sign is asked of the moments other than m6, and there are none; {got}. Add some to"
            " calibration.moments."
        )
    if len(free) < len(names):
        raise AnalysisError(
            "the sign of the change of the Gini is asked about along the direction that the moments other than m6 leave"
            f" open, but there are as many of them as free parameters or more; {got}; free {len(names)} parameters."
        )


def estimate_values(
    outcome_map: OutcomeMap,
    start: Mapping[str, float],
    space: ParameterSpace,
    targets: Mapping[str, Target],
    income: IncomeConcept,
    weighting: Literal["diagonal", "identity"] | np.ndarray = "diagonal",
) -> Mapping[str, float]:
    """Estimate the economy from `start`; every parameter at the estimates.

    Raises:
        AnalysisError: if an exactly identified problem misses a target, or an overidentified one stops short of a
            minimum, so that "at the estimates" is not what it says.
    """
    root = weight_root(weighting, [target.se for target in targets.values()])
    pairs = {name: (target.value, target.se) for name, target in targets.items()}
    fit = refit(outcome_map, start, space, pairs, income, root=root, steps=60, tolerance=1e-12)
    if len(space.names) == len(targets) and not fit.feasible:
        worst = max(fit.misfit, key=lambda name: abs(fit.misfit[name]))
        raise AnalysisError(
            f"the targets are not met from the configured starting point: {worst} is missed by {fit.misfit[worst]:+.2g}"
            f" s.e. (accepted: {FIT_TOLERANCE}); run `aigini calibrate` to see what the economy can reach, and start"
            " from its estimates with --set params.NAME=VALUE."
        )
    rows = list(outcome_map.rows(tuple(targets), income))
    residual = root.T @ (fit.outcomes[rows] - np.array([value for value, _ in pairs.values()]))
    left = removable_share(residual, root.T @ fit.jacobian[rows])
    if not fit.feasible and left > STATIONARY:
        raise AnalysisError(
            "the estimation stopped short of a minimum from the configured starting point: a small move of the free"
            f" parameters would still take away {left:.1%} of the length of the misfit"
            f" (accepted: {STATIONARY:.1%}); run `aigini calibrate` to see where it ends, and start from its estimates"
            " with --set params.NAME=VALUE."
        )
    return fit.values


def known_model(
    outcome_map: OutcomeMap,
    values: Mapping[str, float],
    space: ParameterSpace,
    targets: Mapping[str, Target],
    income: IncomeConcept,
    weighting: Literal["diagonal", "identity"] | np.ndarray = "diagonal",
    covariance: np.ndarray | None = None,
) -> EstimatedModel:
    """The economy at known estimates."""
    root = weight_root(weighting, [target.se for target in targets.values()])
    outcomes, jacobian = outcome_map.jacobian(values)
    return EstimatedModel(outcome_map, space, targets, income, root @ root.T, values, outcomes, jacobian, covariance)

"""The point an analysis is about: an estimated economy with the exact Jacobian of all its outcomes."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE, STATIONARY
from aigini.estimation.least_squares import LeastSquaresSettings, Objective, begin, minimise
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.problem import weight_root
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status, Verdict, judge
from aigini.parameter_space import ParameterSpace
from aigini.statistics.moments import IncomeConcept
from aigini.statistics.outcomes import OUTCOME_NAMES


@dataclasses.dataclass(frozen=True, kw_only=True)
class TargetedModel:
    """An economy with free parameters, and the targets that they should meet.

    Attributes:
        outcome_map: The economy.
        space: Free parameters, bounds and tie.
        targets: Targets by moment.
        income: Income concept of m6.
        weighting: W, ``[moments, moments]``.
        covariance: S of the targets; None where only their standard errors are known, ``[moments, moments]``.
    """

    outcome_map: OutcomeMap
    space: ParameterSpace
    targets: Mapping[str, Target]
    income: IncomeConcept
    weighting: np.ndarray
    covariance: np.ndarray | None = None

    @property
    def rows(self) -> tuple[int, ...]:
        """Positions of the targeted moments among the outcomes."""
        return self.outcome_map.rows(tuple(self.targets), self.income)

    @property
    def target(self) -> np.ndarray:
        """Values of the targets, ``[moments]``."""
        return np.array([target.value for target in self.targets.values()])

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the targets, ``[moments]``."""
        return np.array([target.se for target in self.targets.values()])

    @property
    def target_covariance(self) -> np.ndarray:
        """S of the targets, read as independent where only standard errors are known, ``[moments, moments]``."""
        return np.diag(self.se**2) if self.covariance is None else self.covariance

    def objective(self, start: Mapping[str, float]) -> Objective:
        """The distance of the moments from the targets, with the parameters of `start` at coordinates zero.

        Outcomes, and their Jacobian in all parameters, are in `Point.more`.
        """
        space, rows = self.space, list(self.rows)

        def evaluate(natural: np.ndarray) -> tuple[np.ndarray, ...]:
            outcomes, jacobian = self.outcome_map.jacobian(space.replace(start, natural))
            return outcomes[rows], jacobian[rows] @ space.directions.T, outcomes, jacobian

        return Objective(
            evaluate=evaluate,
            space=space,
            target=self.target,
            root=np.linalg.cholesky(self.weighting),
            origin=space.coordinates(start),
            admits=lambda natural: self.outcome_map.admits(space.replace(start, natural)),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class EstimatedModel(TargetedModel):
    """An economy at its estimates.

    Attributes:
        values: Every parameter at the estimates.
        outcomes: Outcomes there, ``[outcomes]``.
        jacobian: Derivatives of all outcomes in all parameters at the estimates, ``[outcomes, parameters]``.
    """

    values: Mapping[str, float]
    outcomes: np.ndarray
    jacobian: np.ndarray

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

    @property
    def gap(self) -> np.ndarray:
        """m(θ) - m̂ at the estimates, ``[moments]``."""
        return self.outcomes[list(self.rows)] - self.target

    @property
    def misfit(self) -> np.ndarray:
        """The gap in standard errors of the targets, ``[moments]``."""
        return self.gap / self.se

    @property
    def criterion(self) -> float:
        """(m(θ) - m̂)' W (m(θ) - m̂) at the estimates."""
        return float(self.gap @ self.weighting @ self.gap)

    @property
    def verdict(self) -> Verdict:
        """The verdict on these parameters as the end of an estimation."""
        root = np.linalg.cholesky(self.weighting)
        return judge(self.space, self.estimates, self.misfit, root.T @ self.gap, root.T @ self.moment_jacobian)

    @property
    def at_estimates(self) -> bool:
        """True if the parameters are estimates by the criteria of an estimation."""
        return self.verdict.status.estimates(targets=len(self.targets), free=len(self.space.names))

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
    model = search_estimates(outcome_map, start, space, targets, income, weighting)
    if model.at_estimates:
        return model.values
    remedy = "start from its estimates with --set params.NAME=VALUE."
    if len(space.names) == len(targets):
        worst = int(np.argmax(np.abs(model.misfit)))
        raise AnalysisError(
            f"the targets are not met from the configured starting point: {list(targets)[worst]} is missed by"
            f" {model.misfit[worst]:+.2g} s.e. (accepted: {FIT_TOLERANCE}); run `aigini calibrate` to see what the"
            f" economy can reach, and {remedy}"
        )
    if model.verdict.status is Status.AT_BOUND:
        raise AnalysisError(
            "the estimation from the configured starting point ran to a bound, where it is no minimum to be analysed:"
            f" {', '.join(model.verdict.at_bound)}; run `aigini calibrate` to see where it ends, and fix these"
            f" parameters or {remedy}"
        )
    raise AnalysisError(
        "the estimation stopped short of a minimum from the configured starting point: a small move of the free"
        f" parameters would still take away {model.verdict.removable_share:.1%} of the length of the misfit"
        f" (accepted: {STATIONARY:.1%}); run `aigini calibrate` to see where it ends, and {remedy}"
    )


def search_estimates(
    outcome_map: OutcomeMap,
    start: Mapping[str, float],
    space: ParameterSpace,
    targets: Mapping[str, Target],
    income: IncomeConcept,
    weighting: Literal["diagonal", "identity"] | np.ndarray = "diagonal",
) -> "Refit":
    """The end of the search for estimates from `start`, whether there are estimates or not.

    Raises:
        AnalysisError: if the economy has no finite outcomes at the start.
    """
    root = weight_root(weighting, [target.se for target in targets.values()])
    problem = TargetedModel(
        outcome_map=outcome_map, space=space, targets=targets, income=income, weighting=root @ root.T
    )
    return refit(problem, start, settings=LeastSquaresSettings())


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
    return EstimatedModel(
        outcome_map=outcome_map,
        space=space,
        targets=targets,
        income=income,
        weighting=root @ root.T,
        covariance=covariance,
        values=values,
        outcomes=outcomes,
        jacobian=jacobian,
    )


AGAIN = LeastSquaresSettings(tolerance=1e-4, share=STATIONARY)
"""Settings of a re-estimation, which ends at a minimum by the criterion of `aigini.estimation.convergence`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refit(EstimatedModel):
    """An economy estimated again.

    Attributes:
        at_start: All outcomes where the search began, ``[outcomes]``.
        converged: True if the search came to its end, rather than to its largest number of moves.
    """

    at_start: np.ndarray
    converged: bool

    @property
    def worst(self) -> float:
        """Largest absolute misfit in standard errors."""
        return float(np.abs(self.misfit).max())


def refit(
    model: TargetedModel,
    start: Mapping[str, float],
    *,
    basis: np.ndarray | None = None,
    settings: LeastSquaresSettings = AGAIN,
) -> Refit:
    """Estimate the free parameters, from a start that is near.

    Ridges, profiles, other draws and checks of a sensitivity estimate the same economy many times, each time from where
    the answer was before, which needs none of the many starts of a calibration.

    Args:
        model: The economy, its free parameters and the targets.
        start: Every parameter; the free ones are the starting point, the others stay.
        basis: Moves of the free parameters that are allowed, in columns on the unconstrained scale, ``[free, moves]``;
            all by default.
        settings: When the search ends.

    Raises:
        AnalysisError: if the economy has no finite outcomes at the start.
    """
    # Moves of length 1, so that the reach of a search is in logs and log odds here as well.
    allowed = np.eye(len(model.space.names)) if basis is None else np.linalg.qr(basis)[0]
    objective = dataclasses.replace(model.objective(start), basis=allowed)
    first = begin(objective, np.zeros(allowed.shape[1]))
    search = minimise(objective, first, settings)
    outcomes, jacobian = search.point.more
    return Refit(
        **{field.name: getattr(model, field.name) for field in dataclasses.fields(TargetedModel)},
        values=model.space.replace(start, search.point.natural),
        outcomes=outcomes,
        jacobian=jacobian,
        at_start=first.point.more[0],
        converged=search.ended,
    )

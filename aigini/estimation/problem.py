"""The estimation problem: which parameters are free, which moments they should match, and how distance is measured.

The objective is (m(θ) - m̂)' W (m(θ) - m̂), minimised over the free parameters in unconstrained space. With W = L L' it
is the squared length of the residual L'(m(θ) - m̂), which is what least-squares solvers need.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.errors import EstimationError, unknown_name
from aigini.estimation.moment_map import MomentMap
from aigini.estimation.result import Target
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS, Parameters
from aigini.population.population import Population
from aigini.statistics import catalogue
from aigini.statistics.catalogue import IncomeConcept, resolve
from aigini.statistics.economy_map import EconomyMap


class Problem(MomentMap):
    """An MSM problem: the map to the moments, what they should be, and how distance is measured.

    Attributes:
        target: m̂, ``[moments]``.
        root: L with W = L L', ``[moments, moments]``.
    """

    target: Float[Array, "moments"]
    root: Float[Array, "moments moments"]

    def residual_and_jacobian(
        self, point: Float[Array, "free"]
    ) -> tuple[Float[Array, "moments"], Float[Array, "moments free"]]:
        """The residual and its Jacobian at an unconstrained point."""
        natural, stretch = jax.jvp(self.space.natural, (point,), (jnp.ones_like(point),))  # each coordinate alone
        moments, matrix = self.moments_and_jacobian(natural)
        return self.root.T @ (moments - self.target), self.root.T @ matrix * stretch[None, :]

    def residual(self, point: Float[Array, "free"]) -> Float[Array, "moments"]:
        """L'(m(θ) - m̂) at an unconstrained point."""
        return self.root.T @ (self(self.space.natural(point)) - self.target)

    def objective(self, point: Float[Array, "free"]) -> Float[Array, ""]:
        """(m(θ) - m̂)' W (m(θ) - m̂) at an unconstrained point."""
        return jnp.sum(self.residual(point) ** 2)


def pose(
    *,
    params: Parameters,
    population: Population,
    targets: Mapping[str, Target],
    space: ParameterSpace,
    weighting: Literal["diagonal", "identity"] | np.ndarray = "diagonal",
    scenario: Scenario | None = None,
    income: IncomeConcept = "total",
) -> Problem:
    """Pose an estimation problem.

    Args:
        params: Values of the parameters that are not free.
        population: Simulated workers.
        targets: Targets by moment name.
        space: Parameters to estimate, and the tie.
        weighting: ``"diagonal"`` (1/s.e.²), ``"identity"``, or a positive definite matrix over the targets in order.
        scenario: AI levels; 0 and 1 by default.
        income: Income concept of m6.

    Raises:
        EstimationError: if there are unknown names, more parameters than targets, targets without a positive s.e.,
            a target the population does not define, or a weighting that is not symmetric positive definite.
    """
    problems = _problems(params, targets, space, population)
    if problems:
        raise EstimationError("\n".join(problems))
    names = tuple(name for name in catalogue.names() if name in targets)
    return Problem(
        params=params,
        economy=EconomyMap(population, scenario or Scenario(), resolve(names, income)),
        target=jnp.asarray([targets[name].value for name in names]),
        root=jnp.asarray(weight_root(weighting, [targets[name].se for name in names])),
        space=space,
        moment_names=names,
        income=income,
    )


def _problems(
    params: Parameters, targets: Mapping[str, Target], space: ParameterSpace, population: Population
) -> list[str]:
    lines = []
    for name, target in targets.items():
        if name not in catalogue.names():
            lines.append(f"targets.{name}: {unknown_name(name, catalogue.names())}")
        if not np.isfinite(target.value):
            lines.append(f"targets.{name}.value = {target.value} must be a finite number.")
        if not (np.isfinite(target.se) and target.se > 0):
            lines.append(
                f"targets.{name}.se = {target.se} must be a positive standard error; leave the target out if unknown."
            )
    lines += [*own_free_problems(space.names), *joint_free_problems(space, len(targets), params.as_dict())]
    for name in targets:
        fewest = resolve([name])[0].fewest_firms if name in catalogue.names() else 0
        if population.n_firms < fewest:
            lines.append(
                f"targets.{name} needs at least {fewest} firms, but population.n_firms = {population.n_firms}; use"
                " more of them or drop the target."
            )
    return lines


def own_free_problems(free: Sequence[str]) -> list[str]:
    """Sentences about mistakes in the list of free parameters in itself."""
    lines = [f"calibration.free: {unknown_name(name, list(SPECS))}" for name in free if name not in SPECS]
    if not free:
        lines.append("calibration.free is empty: name at least one parameter to estimate.")
    if len(set(free)) < len(free):
        lines.append("calibration.free names a parameter twice; name each once.")
    return lines


def joint_free_problems(space: ParameterSpace, n_targets: int, params: Mapping[str, float]) -> list[str]:
    """Sentences about free parameters that contradict targets, tie and `params`, the values of the others."""
    lines = []
    if len(space.names) > n_targets:
        lines.append(
            f"calibration.free has {len(space.names)} parameters for {n_targets} targets; free at most as many as there"
            " are targets."
        )
    return [*lines, *space.problems("calibration.free", params)]


def weight_root(weighting: Literal["diagonal", "identity"] | np.ndarray, se: Sequence[float]) -> np.ndarray:
    """L with W = L L'.

    Raises:
        EstimationError: if a matrix has the wrong shape or is not symmetric positive definite.
    """
    errors = np.asarray(se, float)
    if isinstance(weighting, str):
        return np.diag(1 / errors) if weighting == "diagonal" else np.eye(len(errors))
    matrix = np.asarray(weighting, float)
    if matrix.shape != (len(errors), len(errors)):
        raise EstimationError(
            f"calibration.weighting has shape {matrix.shape}, but there are {len(errors)} targets; give one row and one"
            " column per target, in their order."
        )
    if not np.all(np.isfinite(matrix)) or not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0):
        raise EstimationError("calibration.weighting is not a symmetric matrix of finite numbers; make it symmetric.")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= 0:
        raise EstimationError(
            f"calibration.weighting is not positive definite (smallest eigenvalue {smallest:.3g}); use the inverse of a"
            ' covariance matrix, or weighting = "diagonal".'
        )
    return np.linalg.cholesky(matrix)

"""The estimation problem: which parameters are free, which moments they should match, and how distance is measured.

The objective is (m(θ) - m̂)' W (m(θ) - m̂), minimised over the free parameters in unconstrained space. With W = L L' it
is the squared length of the residual L'(m(θ) - m̂), which is what least-squares solvers need.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.economy import Scenario
from aigini.errors import EstimationError, unknown_name
from aigini.estimation.moment_map import MomentMap
from aigini.estimation.target import Target
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

    def residual(self, point: Float[Array, "free"]) -> Float[Array, "moments"]:
        """L'(m(θ) - m̂) at an unconstrained point."""
        return self.root.T @ (self(self.space.natural(point)) - self.target)

    def objective(self, point: Float[Array, "free"]) -> Float[Array, ""]:
        """(m(θ) - m̂)' W (m(θ) - m̂) at an unconstrained point."""
        return jnp.sum(self.residual(point) ** 2)

    def admits(self, natural: np.ndarray) -> bool:
        """True for natural values of the free parameters in the parameter space of this scenario."""
        values = self.space.replace(self.params.as_dict(), natural)
        return not self.economy.scenario.problems(values, self.population.years)

    def on(self, population: Population) -> "Problem":
        """The same problem on another draw of the population."""
        return dataclasses.replace(self, economy=self.economy.on(population))


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
    sentences = _problems(params, targets, space, population, income)
    if sentences:
        raise EstimationError("\n".join(sentences))
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
    params: Parameters,
    targets: Mapping[str, Target],
    space: ParameterSpace,
    population: Population,
    income: IncomeConcept,
) -> list[str]:
    sentences = []
    for name, target in targets.items():
        if name not in catalogue.names():
            sentences.append(f"targets.{name}: {unknown_name(name, catalogue.names())}")
        if not np.isfinite(target.value):
            sentences.append(f"targets.{name}.value = {target.value} must be a finite number.")
        if not (np.isfinite(target.se) and target.se > 0):
            sentences.append(
                f"targets.{name}.se = {target.se} must be a positive standard error; leave the target out if unknown."
            )
    sentences += same_number_problems([name for name in targets if name in catalogue.names()], income)
    sentences += [*own_free_problems(space.names), *joint_free_problems(space, len(targets), params.as_dict())]
    for name in targets:
        fewest = resolve([name])[0].fewest_firms if name in catalogue.names() else 0
        if population.n_firms < fewest:
            sentences.append(
                f"targets.{name} needs at least {fewest} firms, but population.n_firms = {population.n_firms}; use"
                " more of them or drop the target."
            )
    return sentences


def same_number_problems(moments: Sequence[str], income: IncomeConcept) -> list[str]:
    """Pairs of targets that are one number under two names, as m6 and gini_total may be, a sentence each.

    As two targets it would be tested against itself, and leaving one of them out, as analyses do with m6, would leave
    it in.
    """
    numbers = [
        (name, moment.level, moment.relative) for name in dict.fromkeys(moments) for moment in resolve([name], income)
    ]
    return [
        f"calibration.moments has {one[0]} and {other[0]}, which are the same number; keep one of them, with the mean"
        " of the two values weighted by precision if it was measured twice."
        for one, other in itertools.combinations(numbers, 2)
        if one[1:] == other[1:]
    ]


def own_free_problems(free: Sequence[str]) -> list[str]:
    """Mistakes in the list of free parameters in itself, a sentence each."""
    sentences = [f"calibration.free: {unknown_name(name, list(SPECS))}" for name in free if name not in SPECS]
    if not free:
        sentences.append("calibration.free is empty: name at least one parameter to estimate.")
    if len(set(free)) < len(free):
        sentences.append("calibration.free names a parameter twice; name each once.")
    return sentences


def joint_free_problems(space: ParameterSpace, n_targets: int, params: Mapping[str, float]) -> list[str]:
    """Mistakes in the free parameters beside targets, tie and `params`, the values of the others, a sentence each."""
    sentences = []
    if len(space.names) > n_targets:
        sentences.append(
            f"calibration.free has {len(space.names)} parameters for {n_targets} targets; free at most as many as there"
            " are targets."
        )
    return [*sentences, *space.problems("calibration.free", params)]


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

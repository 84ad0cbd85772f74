"""Normal approximation of the posterior at its mode, in unconstrained space, and its quality.

The mode is found by BFGS on the exact gradient, the Hessian by central differences of that gradient. Draws are compared
with the posterior itself by importance weights: where their Pareto shape is above 0.7, the approximation is not good
enough to be used (Vehtari, Simpson, Gelman, Yao & Gabry, Journal of Machine Learning Research 25(72), 2024).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from aigini.bayes.model import Model, as_point, as_vector, potential_and_gradient
from aigini.errors import AnalysisError

_STEP = 1e-4  # of unconstrained coordinates; error of the Hessian of order _STEP²


@dataclasses.dataclass(frozen=True)
class Laplace:
    """A normal distribution in unconstrained space.

    Attributes:
        names: Parameters.
        mode: Its mean, ``[parameters]``.
        covariance: ``[parameters, parameters]``.
        potential: Potential at the mode.
        gradient: Largest component of its gradient there, zero at an exact mode.
        proper: True if the Hessian is positive definite; if not, `covariance` has the curvature of the likelihood and
            of the priors only in the directions that have any, and 1 in the others, and is good for nothing but a
            metric.
    """

    names: tuple[str, ...]
    mode: np.ndarray
    covariance: np.ndarray
    potential: float
    gradient: float
    proper: bool

    def draw(self, seed: int, count: int, tails: float = np.inf) -> np.ndarray:
        """Draws in unconstrained space, ``[count, parameters]``.

        Args:
            seed: Seed of the draws.
            count: Number of draws.
            tails: Degrees of freedom of Student's t in the place of the normal; fewer make better proposals.
        """
        rng = np.random.default_rng(seed)
        normals = rng.standard_normal((count, len(self.names)))
        wide = np.ones(count) if np.isinf(tails) else np.sqrt(tails / rng.chisquare(tails, count))
        return self.mode + wide[:, None] * (normals @ np.linalg.cholesky(self.covariance).T)

    def log_density(self, points: np.ndarray, tails: float = np.inf) -> np.ndarray:
        """Log density up to a constant, ``[points]``."""
        root = np.linalg.cholesky(self.covariance)
        squares = np.sum(np.linalg.solve(root, (points - self.mode).T) ** 2, axis=0)
        if np.isinf(tails):
            return -0.5 * squares
        return -0.5 * (tails + len(self.names)) * np.log1p(squares / tails)


def laplace(model: Model, start: np.ndarray) -> Laplace:
    """Find the mode from `start` and approximate the posterior there.

    Args:
        model: The model.
        start: Unconstrained values, ``[parameters]``.

    Raises:
        AnalysisError: if the posterior is not finite at the start, or its curvature at the mode is not.
    """

    def both(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = potential_and_gradient(model, as_point(model, vector))
        # Outside the domain the potential is a constant infinity, whose derivative of zero says nothing.
        slope = as_vector(model, gradient) if np.isfinite(value) else np.full(len(vector), np.nan)
        return float(value), slope

    def guarded(vector: np.ndarray) -> tuple[float, np.ndarray]:
        evaluated = both(vector)
        # A line search that leaves the economy's domain is told to come back.
        return evaluated if np.all(np.isfinite(evaluated[1])) else (1e10, np.zeros(len(vector)))

    if guarded(start)[0] >= 1e10:
        values = np.asarray(model.natural(as_point(model, start)))
        shown = ", ".join(f"{name} = {value:.4g}" for name, value in zip(model.names, values, strict=True))
        raise AnalysisError(
            f"the posterior has no density at its starting point ({shown}); correct the priors or params."
        )
    solution = minimize(guarded, start, jac=True, method="BFGS", options={"gtol": 1e-4, "maxiter": 200})
    hessian = np.array(
        [
            (both(solution.x + _STEP * move)[1] - both(solution.x - _STEP * move)[1]) / (2 * _STEP)
            for move in np.eye(len(start))
        ]
    )
    if not np.all(np.isfinite(hessian)):
        raise AnalysisError(
            "the posterior has no curvature at its mode, which is at the edge of where the economy has"
            " outcomes; narrow the priors."
        )
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    proper = bool(values[0] > 1e-6)
    curvature = values if proper else np.where(values > 1e-6, values, 1.0)
    return Laplace(
        names=model.names,
        mode=solution.x,
        covariance=(vectors / curvature) @ vectors.T,
        potential=float(solution.fun),
        gradient=float(np.max(np.abs(solution.jac))),
        proper=proper,
    )


@jax.jit
def potentials(model: Model, points: jax.Array) -> jax.Array:
    """Potentials of unconstrained points ``[points, parameters]``, one after another, ``[points]``."""
    return jax.lax.map(lambda vector: model.potential(as_point(model, vector)), points)


@jax.jit
def _naturals(model: Model, points: jax.Array) -> jax.Array:
    return jax.vmap(lambda vector: model.natural(as_point(model, vector)))(points)


def log_ratio(model: Model, approximation: Laplace, points: np.ndarray) -> np.ndarray:
    """Log importance ratios of the posterior to its approximation, ``[points]``; -inf where it has no density."""
    return -np.asarray(potentials(model, jnp.asarray(points))) - approximation.log_density(points)


def naturals(model: Model, points: np.ndarray) -> np.ndarray:
    """Natural values of unconstrained points, ``[points, parameters]``."""
    return np.asarray(_naturals(model, jnp.asarray(points)))

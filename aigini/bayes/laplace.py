"""Normal approximation of the posterior at its mode, in unconstrained space, and how good it is.

The mode is found by BFGS on the exact gradient, the Hessian by central differences of that gradient. Draws are compared
with the posterior itself by importance weights: where their Pareto shape is above 0.7, the approximation is not good
enough to be used (Vehtari, Simpson, Gelman, Yao & Gabry, Journal of Machine Learning Research 25(72), 2024).
"""

import dataclasses
from collections.abc import Callable

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
        gradient: Largest component of its gradient there, which says how well the mode was found.
        proper: Whether the Hessian is positive definite; if not, `covariance` has the curvature of the likelihood and
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
            seed: Of the draws.
            count: Draws.
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


def laplace(model: Model, start: np.ndarray, watch: Callable[[int], None] = lambda _: None) -> Laplace:
    """Find the mode from `start` and approximate the posterior there.

    Args:
        model: The model.
        start: Unconstrained values, ``[parameters]``.
        watch: Told of the evaluations so far.

    Raises:
        AnalysisError: if the posterior is not finite at the start.
    """
    calls = 0

    def both(vector: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal calls
        calls += 1
        watch(calls)
        value, gradient = potential_and_gradient(model, as_point(model, vector))
        found = float(value), as_vector(model, gradient)
        # A line search that leaves the economy's domain is told to come back.
        return found if np.isfinite(found[0]) and np.all(np.isfinite(found[1])) else (1e10, np.zeros(len(vector)))

    if both(start)[0] >= 1e10:
        values = np.asarray(model.natural(as_point(model, start)))
        shown = ", ".join(f"{name} = {value:.4g}" for name, value in zip(model.names, values, strict=True))
        raise AnalysisError(f"the posterior has no density at its starting point ({shown}); mend the priors or params.")
    found = minimize(both, start, jac=True, method="BFGS", options={"gtol": 1e-4, "maxiter": 200})
    hessian = np.array(
        [
            (both(found.x + _STEP * move)[1] - both(found.x - _STEP * move)[1]) / (2 * _STEP)
            for move in np.eye(len(start))
        ]
    )
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    proper = bool(values[0] > 1e-6)
    curvature = values if proper else np.where(values > 1e-6, values, 1.0)
    return Laplace(
        names=model.names,
        mode=found.x,
        covariance=(vectors / curvature) @ vectors.T,
        potential=float(found.fun),
        gradient=float(np.max(np.abs(found.jac))),
        proper=proper,
    )


@jax.jit
def _potentials(model: Model, points: jax.Array) -> jax.Array:
    return jax.lax.map(lambda vector: model.potential({n: vector[i] for i, n in enumerate(model.names)}), points)


@jax.jit
def _naturals(model: Model, points: jax.Array) -> jax.Array:
    return jax.vmap(lambda vector: model.natural({n: vector[i] for i, n in enumerate(model.names)}))(points)


def log_ratio(model: Model, approximation: Laplace, points: np.ndarray) -> np.ndarray:
    """Log importance ratios of the posterior to its approximation, ``[points]``; -inf where it has no density."""
    return -np.asarray(_potentials(model, jnp.asarray(points))) - approximation.log_density(points)


def naturals(model: Model, points: np.ndarray) -> np.ndarray:
    """Natural values of unconstrained points, ``[points, parameters]``."""
    return np.asarray(_naturals(model, jnp.asarray(points)))

"""The limited-information likelihood of the targets, and beliefs about m6.

The targets are read as m̂ ~ N(m(θ), S) with their stated standard errors, or their covariance where that is known: only
these moments of the data are used, and their errors are normal (Kim, Journal of Econometrics 107, 2002; Chernozhukov &
Hong, Journal of Econometrics 115, 2003). The measured value m̂6 of the change of the Gini is latent: nobody has observed
it. One of three beliefs about it completes the model:

* ``normal``: m̂6 is the target, as in the method of simulated moments;
* ``uniform``: m̂6 lies between two scenarios, anywhere with equal density; it is integrated out, which leaves
  p(m̂1..5 | θ) [Φ((high - μ)/s) - Φ((low - μ)/s)] / (high - low) with μ, s the mean and standard deviation of m̂6 given
  the other targets;
* ``improper``: nothing is known; m6 is left out.
"""

from typing import Literal, get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float

M6Belief = Literal["normal", "uniform", "improper"]
BELIEFS: tuple[str, ...] = get_args(M6Belief)


class Window(eqx.Module):
    """Distribution of m̂6 given the other targets, and the values between which it lies.

    Attributes:
        slope: Derivative of its mean in the residuals of the others, ``[observed]``.
        sd: Its standard deviation.
        low: Lower scenario.
        high: Upper scenario.
    """

    slope: Float[Array, "observed"]
    sd: Float[Array, ""]
    low: Float[Array, ""]
    high: Float[Array, ""]

    def log_density(self, m6: Float[Array, ""], residual: Float[Array, "observed"]) -> Float[Array, ""]:
        """Log ∫ p(m̂6) p(m̂6 | θ, m̂1..5) dm̂6."""
        mean = m6 + self.slope @ residual
        upper, lower = (self.high - mean) / self.sd, (self.low - mean) / self.sd
        # Both tails are small on the same side: the difference is taken where they are, never near 1.
        flip = lower > 0
        one, two = jnp.where(flip, -lower, upper), jnp.where(flip, -upper, lower)
        big, small = log_ndtr(one), log_ndtr(two)
        return big + jnp.log1p(-jnp.exp(small - big)) - jnp.log(self.high - self.low)


class Likelihood(eqx.Module):
    """Quasi-likelihood of simulated moments.

    Attributes:
        names: All targeted moments, the order of simulated moments.
        observed: Positions of those with a measured value.
        target: Measured values, ``[observed]``.
        precision: S⁻¹ of them, ``[observed, observed]``.
        window: Distribution of m̂6 where it is latent and bounded; else None.
        m6: Position of m6; None if it is not a target.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    observed: tuple[int, ...] = eqx.field(static=True)
    target: Float[Array, "observed"]
    precision: Float[Array, "observed observed"]
    window: Window | None
    m6: int | None = eqx.field(static=True)

    def residual(self, moments: Float[Array, "moments"]) -> Float[Array, "observed"]:
        """m̂ - m(θ) of the measured moments."""
        return self.target - moments[jnp.asarray(self.observed)]

    def window_density(self, moments: Float[Array, "moments"]) -> Float[Array, ""]:
        """Contribution of a latent, bounded m̂6; 0 without one."""
        if self.window is None or self.m6 is None:
            return jnp.zeros(())
        return self.window.log_density(moments[self.m6], self.residual(moments))

    def log_density(self, moments: Float[Array, "moments"]) -> Float[Array, ""]:
        """Log density of all targets, up to a constant that depends on no parameter."""
        residual = self.residual(moments)
        return -0.5 * residual @ self.precision @ residual + self.window_density(moments)

    @property
    def component_names(self) -> tuple[str, ...]:
        """Names of `components`."""
        return (*(self.names[i] for i in self.observed), *(("m6",) if self.window is not None else ()))

    def components(self, moments: Float[Array, "moments"]) -> Float[Array, "components"]:
        """Log density of each target given the others, up to constants; with independent targets they add up."""
        weighted = self.precision @ self.residual(moments)
        parts = -0.5 * weighted**2 / jnp.diagonal(self.precision)
        return parts if self.window is None else jnp.append(parts, self.window_density(moments))


def build(
    names: tuple[str, ...],
    values: np.ndarray,
    covariance: np.ndarray,
    belief: M6Belief,
    window: tuple[float, float],
) -> Likelihood:
    """The likelihood of targets.

    Args:
        names: Targeted moments.
        values: Measured values, ``[moments]``.
        covariance: S, ``[moments, moments]``, positive definite.
        belief: Belief about m̂6; without m6 among the targets it has no effect.
        window: Lowest and highest scenario, for ``uniform``.
    """
    m6 = names.index("m6") if "m6" in names else None
    observed = [i for i in range(len(names)) if i != m6 or belief == "normal"]
    block = covariance[np.ix_(observed, observed)]
    latent = None
    if m6 is not None and belief == "uniform":
        cross = covariance[m6, observed]
        slope = np.linalg.solve(block, cross)
        latent = Window(
            slope=jnp.asarray(slope),
            sd=jnp.asarray(np.sqrt(covariance[m6, m6] - cross @ slope)),
            low=jnp.asarray(window[0]),
            high=jnp.asarray(window[1]),
        )
    return Likelihood(
        names=names,
        observed=tuple(observed),
        target=jnp.asarray(values[observed]),
        precision=jnp.asarray(np.linalg.inv(block)),
        window=latent,
        m6=m6,
    )

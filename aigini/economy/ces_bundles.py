"""Bundles of CES tasks at the cost of one task (MODEL.md section 15.4).

Output on the part of task z that uses AI is c = x_z (1 + (b/x_z)^ρ)^(1/ρ) with x_z = h φ_z (1 + β A). With φ_c a middle
skill intensity, t = ρ log(b/x_c), s = sigmoid(t) and r_z = (φ_z/φ_c)^-ρ it is

    c / x_z = (1 + e^t)^(1/ρ) (1 + s (r_z - 1))^(1/ρ).

The first factor is the same for all tasks. The second is smooth in s on [0, 1], whatever the human capital: a Chebyshev
series in x = 2s - 1, whose coefficients do not depend on the worker. So a sum over tasks is a series with summed
coefficients, and means over workers follow, for every task, from means of the polynomials. The error falls like
coth(|ρ| g/4)^-n, with g half the range of log φ and n the number of terms.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.quadrature import node_mean
from aigini.economy.task_technology import TaskProduction, TaskTotals, ValuePay
from aigini.economy.technology import FactorPrices
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import N_OCCUPATIONS

N_TERMS = 16

_ANGLES = np.pi * (np.arange(N_TERMS) + 0.5) / N_TERMS
_POINTS = (1 + np.cos(_ANGLES)) / 2
_TO_COEFFICIENTS = np.cos(np.arange(N_TERMS)[:, None] * _ANGLES[None, :]) * 2 / N_TERMS
_TO_COEFFICIENTS[0] /= 2


def interpolation_error(rho: float, skill_gradient: float) -> float:
    """The rate of the series to the power of its number of terms: relative error of output where AI is used."""
    sharpness = abs(rho * skill_gradient) / 4
    return math.tanh(sharpness) ** N_TERMS


class Middle(eqx.Module):
    """A task of middle skill intensity, and others relative to it; scalars inside an occupation.

    Attributes:
        rho: ρ.
        log_ratio: log(b/x_c) at h = 1.
        used: 1 if AI is used, else 0.
        without: c/x where it is not.
    """

    rho: Float[Array, "*occupations"]
    log_ratio: Float[Array, "*occupations"]
    used: Float[Array, "*occupations"]
    without: Float[Array, "*occupations"]

    def coordinates(self, human: Float[Array, "*workers"]) -> tuple[Float[Array, "*workers"], Float[Array, "*workers"]]:
        """The argument x, and h (1 + e^t)^(1/ρ), of workers with human capital h."""
        t = self.rho * (self.log_ratio - jnp.log(human))
        used = self.used > 0
        factor = jnp.where(used, jnp.exp(jnp.logaddexp(t, 0.0) / self.rho), self.without)
        return jnp.where(used, jnp.tanh(t / 2), -1.0), human * factor


@jax.custom_jvp
def series(coefficients: Float[Array, "*occupations terms"], x: Float[Array, "*workers"]) -> Float[Array, "*workers"]:
    """Σ_k c_k T_k(x); coefficients by occupation go with the first axis of x."""
    return _clenshaw(coefficients, x, first_kind=True)


@series.defjvp
def _slope(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    # T_k' = k U_(k-1): the derivative in x is a series as well, so that no step of the recurrence need be kept.
    (coefficients, x), (move, x_move) = primals, tangents
    degrees = jnp.arange(1, N_TERMS, dtype=coefficients.dtype)
    slope = _clenshaw(
        coefficients[..., 1:] * degrees.reshape((1,) * (coefficients.ndim - 1) + (-1,)), x, first_kind=False
    )
    return series(coefficients, x), _clenshaw(move, x, first_kind=True) + slope * x_move


def _clenshaw(coefficients: Array, x: Array, *, first_kind: bool) -> Array:
    """Σ_k c_k T_k(x), or Σ_k c_k U_k(x) with polynomials of the second kind, by Clenshaw's recurrence."""

    def own(k: int) -> Array:
        column = coefficients[..., k]
        return column.reshape(column.shape + (1,) * (x.ndim - column.ndim))

    later, latest = jnp.zeros_like(x), jnp.zeros_like(x)
    for k in range(coefficients.shape[-1] - 1, 0, -1):
        later, latest = own(k) + 2 * x * later - latest, later
    return own(0) + (x if first_kind else 2 * x) * later - latest


def middle_task(params: Parameters, rho: Scalar, log_middle: Scalar, level: Scalar, ai: Scalar) -> Middle:
    """The task of log skill intensity `log_middle`, at AI level `level` and effective AI `ai`."""
    floor = params.alpha * ai
    used = floor > 0
    log_guided = log_middle + jnp.log1p(params.beta * level)
    return Middle(
        rho=jnp.asarray(rho),
        log_ratio=jnp.log(jnp.where(used, floor, 1.0)) - log_guided,
        used=jnp.where(used, 1.0, 0.0),
        without=jnp.where((rho > 0) | (params.alpha == 0), 1.0, 0.0),
    )


class CesProduction(TaskProduction):
    """A CES technology at one AI level, whose bundles are series in one number of the worker."""

    rho: Scalar

    def _middle(self, ai: Scalar) -> Middle:
        return middle_task(self.params, self.rho, self._log_middle, self.tasks.level, ai)

    @property
    def _log_middle(self) -> Scalar:
        log_skill = jnp.log(self.tasks.skill)
        return (log_skill[0] + log_skill[-1]) / 2

    def _terms(self, exposed: Float[Array, "tasks"]) -> tuple[Float[Array, "tasks"], Float[Array, "terms tasks"]]:
        """Output per unit of human capital by hand, ``[tasks]``, and the series of the part that uses AI."""
        skill = self.tasks.skill
        ratio = jnp.exp(-self.rho * (jnp.log(skill) - self._log_middle))
        second = jnp.exp(jnp.log1p(_POINTS[:, None] * (ratio - 1)[None, :]) / self.rho)
        guided = exposed * skill * (1 + self.params.beta * self.tasks.level)
        return (1 - exposed) * skill, guided[None, :] * (_TO_COEFFICIENTS @ second)

    def mean_output(self, human: Float[Array, "occupations nodes"], ai: Scalar) -> Float[Array, "occupations tasks"]:
        """E_o[y_e(h, a; z)] over the quadrature nodes."""
        by_hand, terms = self._terms(self.tasks.deployed)
        x, scale = self._middle(ai).coordinates(human)

        def following(two: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
            now, then = two
            return (then, 2 * x * then - now), node_mean(now)

        means = jax.lax.scan(following, (scale, scale * x), None, length=N_TERMS)[1]
        return node_mean(human)[:, None] * by_hand[None, :] + means.T @ terms

    def sample_output(self, human: Float[Array, "occupations nodes"], ai: Scalar) -> Float[Array, "occupations nodes"]:
        """Σ_z L_oz y(h, a; z), output of treated workers on the bundle of their occupation."""
        by_hand, terms = self._terms(self.tasks.exposure)
        x, scale = self._middle(ai).coordinates(human)
        weights = self.tasks.bundles
        return (weights @ by_hand)[:, None] * human + scale * series(weights @ terms.T, x)

    def pay(self, prices: FactorPrices, totals: TaskTotals, price: Float[Array, "tasks"]) -> "CesPay":
        """V_o(ĥ, η0 A)."""
        del prices
        by_hand, terms = self._terms(self.tasks.deployed)
        weights = self.tasks.bundles * price[None, :]
        middle = self._middle(self.tasks.commodity)
        return CesPay(
            commodity=self.commodity_value(totals, price),
            by_hand=weights @ by_hand,
            terms=weights @ terms.T,
            middle=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (N_OCCUPATIONS,)), middle),
        )


class CesPay(ValuePay):
    """V_o(ĥ, η0 A) = D_o ĥ + ĥ (1 + e^t)^(1/ρ) Σ_k C_ok T_k(x).

    Attributes:
        commodity: V_o(H_o, η0 A) - V_o(H_o, 0).
        by_hand: D_o.
        terms: C_ok.
        middle: The task that t and x are about.
    """

    commodity: Float[Array, "*occupations"]
    by_hand: Float[Array, "*occupations"]
    terms: Float[Array, "*occupations terms"]
    middle: Middle

    def value(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """V_o(ĥ, η0 A) of workers of one occupation."""
        x, scale = self.middle.coordinates(assessed)
        return self.by_hand * assessed + scale * series(self.terms, x)

"""Tasks, occupations and the CES aggregate (MODEL.md section 1).

* Tasks z in [0, 1] are Z = 24 Gauss-Legendre nodes with weights w_z. Skill intensity
  φ(z) = exp(g(2z - 1)) / Σ_z w_z exp(g(2z - 1)).
* AI-augmentable set m(z; A) = sigmoid((z - (1 - s(A))) / τ), s(A) = 1 - (1 - s1)^A; deployed: m_e = adoption m.
* A worker's output on a task at effective AI a is h φ (1 + β A m) + α m a.
* Occupation o bundles tasks around z_o = (o - 1/2)/16: L_oz ∝ w_z exp(-((z - z_o)/task_width)²/2), Σ_z L_oz = 1.
* Final output: Y/Y0 = [Σ_z share_z r_z^((σ-1)/σ)]^(σ/(σ-1)) with r_z = Y_z/Y0_z and share_z = Y0_z/Y0, and task
  prices p_z = (Y/Y0)^(1/σ) r_z^(-1/σ); p_z = 1 where supply is Y0_z.

All quantities are per head and in units of the final good.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.parameters import Parameters, Scalar
from aigini.population.workers import N_OCCUPATIONS

N_TASKS = 24

_nodes, _weights = np.polynomial.legendre.leggauss(N_TASKS)
TASK_NODES: np.ndarray = (_nodes + 1) / 2
"""z, ``[tasks]``."""
TASK_WEIGHTS: np.ndarray = _weights / 2
"""w_z, ``[tasks]``, summing to 1."""
OCCUPATION_NODES: np.ndarray = (np.arange(N_OCCUPATIONS) + 0.5) / N_OCCUPATIONS
"""z_o, ``[occupations]``."""


class Technology(eqx.Module):
    """What a unit of human capital and a unit of effective AI produce on each task at one AI level.

    Attributes:
        level: The AI level A.
        effective: Mean effective AI over firms, Ā = A (η0 + η1).
        bundles: L_oz, ``[occupations, tasks]``.
        exposure: m(z; A), ``[tasks]``.
        treated_human: φ (1 + β A m), ``[tasks]``: tasks that use AI (treatment-effect statistics).
        treated_ai: α m, ``[tasks]``.
        human: φ (1 + β A m_e), ``[tasks]``: economy-wide, with adoption.
        ai: α m_e, ``[tasks]``.
    """

    level: Scalar
    effective: Scalar
    bundles: Float[Array, "occupations tasks"]
    exposure: Float[Array, "tasks"]
    treated_human: Float[Array, "tasks"]
    treated_ai: Float[Array, "tasks"]
    human: Float[Array, "tasks"]
    ai: Float[Array, "tasks"]


def technology(params: Parameters, level: Scalar) -> Technology:
    """Task technology at AI level `level`."""
    z = jnp.asarray(TASK_NODES)
    skill = jnp.exp(params.skill_gradient * (2 * z - 1))
    skill = skill / (TASK_WEIGHTS @ skill)
    distance = (z[None, :] - OCCUPATION_NODES[:, None]) / params.task_width
    # The nearest task is subtracted first, so that narrow bundles do not underflow to 0/0.
    log_bundle = np.log(TASK_WEIGHTS)[None, :] - distance**2 / 2
    exposed = -jnp.expm1(level * jnp.log1p(-params.exposed_share))
    m = jax.nn.sigmoid((z - (1 - exposed)) / params.exposure_smoothing)
    deployed = params.adoption * m
    return Technology(
        level=level,
        effective=level * (params.eta0 + params.eta1),
        bundles=jax.nn.softmax(log_bundle, axis=1),
        exposure=m,
        treated_human=skill * (1 + params.beta * level * m),
        treated_ai=params.alpha * m,
        human=skill * (1 + params.beta * level * deployed),
        ai=params.alpha * deployed,
    )


def task_supply(tech: Technology, human_capital: Float[Array, "occupations"]) -> Float[Array, "tasks"]:
    """Y_z, supply of each task per head, when mean human capital is H_o and occupations are equally large."""
    hours = jnp.mean(tech.bundles, axis=0)
    return tech.human * (human_capital @ tech.bundles) / N_OCCUPATIONS + tech.ai * tech.effective * hours


def ces(
    supply: Float[Array, "tasks"], reference: Float[Array, "tasks"], sigma: Scalar
) -> tuple[Scalar, Float[Array, "tasks"]]:
    """Output Y and task prices p_z in calibrated-share form.

    Written through log1p and expm1 so that σ = 1 (Cobb-Douglas) is an ordinary point with finite derivatives, not a
    special case: with ε = (σ-1)/σ and l = log r, log(Y/Y0) = log(1 + Σ share (e^(εl) - 1)) / ε.
    """
    total = jnp.sum(reference)
    share = reference / total
    log_ratio = jnp.log(supply) - jnp.log(reference)
    exponent = (sigma - 1) / sigma
    first = jnp.sum(share * log_ratio * _expm1_ratio(exponent * log_ratio))
    log_growth = first * _log1p_ratio(exponent * first)
    return total * jnp.exp(log_growth), jnp.exp((log_growth - log_ratio) / sigma)


def _expm1_ratio(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """(e^x - 1)/x, smooth through 0."""
    small = jnp.abs(x) < 1e-2
    safe = jnp.where(small, 1.0, x)
    series = 1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
    return jnp.where(small, series, jnp.expm1(safe) / safe)


def _log1p_ratio(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """log(1 + x)/x, smooth through 0."""
    small = jnp.abs(x) < 1e-2
    safe = jnp.where(small, 1.0, x)
    series = sum((-x) ** k / (k + 1) for k in range(9))
    return jnp.where(small, series, jnp.log1p(safe) / safe)

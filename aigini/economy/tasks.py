"""Tasks, occupations and the CES aggregate (MODEL.md section 1).

* Tasks z in [0, 1] are Z = 24 Gauss-Legendre nodes with weights w_z. Skill intensity
  φ(z) = exp(g(2z - 1)) / Σ_z w_z exp(g(2z - 1)).
* AI augments the part m(z; A) of a task (`aigini.economy.reach`); economy-wide, m_e = adoption m is deployed.
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


class Tasks(eqx.Module):
    """The tasks of the economy at one AI level, whatever the technology.

    Attributes:
        level: AI level A.
        effective: Mean effective AI over firms, Ā = A (η0 + η1).
        commodity: The part of it that every firm has, η0 A.
        proprietary: The part that the mean firm owns, η1 A.
        bundles: L_oz, ``[occupations, tasks]``.
        skill: φ(z), ``[tasks]``.
        exposure: m(z; A), part of a treated task that AI augments, ``[tasks]``.
        deployed: m_e(z; A) = adoption m, the same economy-wide, ``[tasks]``.
    """

    level: Scalar
    effective: Scalar
    commodity: Scalar
    proprietary: Scalar
    bundles: Float[Array, "occupations tasks"]
    skill: Float[Array, "tasks"]
    exposure: Float[Array, "tasks"]
    deployed: Float[Array, "tasks"]


def tasks_at(params: Parameters, level: Scalar, exposure: Float[Array, "tasks"]) -> Tasks:
    """The tasks at AI level `level`, where AI can augment the part `exposure` of each."""
    z = jnp.asarray(TASK_NODES)
    skill = jnp.exp(params.skill_gradient * (2 * z - 1))
    skill = skill / (TASK_WEIGHTS @ skill)
    distance = (z[None, :] - OCCUPATION_NODES[:, None]) / params.task_width
    # The nearest task is subtracted first, so that narrow bundles do not underflow to 0/0.
    log_bundle = np.log(TASK_WEIGHTS)[None, :] - distance**2 / 2
    return Tasks(
        level=level,
        effective=level * (params.eta0 + params.eta1),
        commodity=params.eta0 * level,
        proprietary=params.eta1 * level,
        bundles=jax.nn.softmax(log_bundle, axis=1),
        skill=skill,
        exposure=exposure,
        deployed=params.adoption * exposure,
    )


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

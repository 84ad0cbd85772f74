"""Rank measures without sorting: a smooth histogram on a fixed grid of log values.

Each agent spreads a unit mass over the three nearest nodes of a uniform grid u_k = kh of log x with the weights of a
quadratic B-spline, so that node masses are sums over agents and smooth (C¹) in every agent's value: exact automatic
derivatives of the sums are accurate derivatives of the measures, in forward and reverse mode. The weights are quadratic
in the offset δ from the nearest node, so what is summed by nearest node is 1, δ and δ²: one address for each agent.

Cumulative node masses are the distribution of log x plus a triangular noise of variance h²/6, taken half-way between
nodes; a second difference removes that noise to order h⁴ (F = F̃ - h²/12 F̃''). Then

* mean absolute difference = 2 ∫ F (1 - F) dx, by the trapezoid rule in log x, which is spectrally accurate here;
* Gini = mean absolute difference / (2 mean);
* Lorenz curve 1 - L(F(x)) = [x (1 - F(x)) + ∫_x (1 - F) dx'] / mean.

For a density whose log-scale width is s the relative error of the Gini is of order (h/s)⁴, below 1e-7 at s = 0.5 with
the grid used here; an atom of probability a costs at most about a² h/4 in absolute terms. So a Gini below h/4 may be
zero: equal incomes read as 0.0018 to 0.0026, depending on where they fall on the grid (`GINI_RESOLUTION`). Values
outside the grid, e^-40 to e^40, are counted at its ends, and `end_mass` tells how many.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int32

from aigini.parameters import Scalar
from aigini.statistics.sums import segment_sum

_HALF_WIDTH = 40.0
_PER_UNIT = 64
STEP = 1.0 / _PER_UNIT
"""h, the grid step in log points."""
GINI_RESOLUTION = STEP / 4
"""Smallest Gini that the grid tells from zero, 0.0039: a bound on the error for any distribution. At the dispersion of
incomes the error is below 1e-7 of the Gini."""
N_NODES = int(2 * _HALF_WIDTH * _PER_UNIT) + 1
"""Nodes of the grid."""
LOG_NODES: np.ndarray = -_HALF_WIDTH + STEP * np.arange(N_NODES)
"""u_k, logs of the nodes."""
_EDGES = np.exp(LOG_NODES[:-1] + STEP / 2)
_COARSER = 4
COARSE_LOG_NODES: np.ndarray = LOG_NODES[::_COARSER]
"""Every fourth node: enough for means of functions that are smooth on the scale of a tenth of a log point."""


def _lagrange(at: float) -> list[float]:
    """Weights of the six coarse nodes -2 ... 3 in a polynomial of degree 5 through them, `at` between 0 and 1."""
    nodes = range(-2, 4)
    return [math.prod((at - other) / (node - other) for other in nodes if other != node) for node in nodes]


_SPREAD = np.array([_lagrange(offset / _COARSER) for offset in range(_COARSER)])


def nearest(log_values: Float[Array, "agents"]) -> tuple[Int32[Array, "agents"], Float[Array, "agents"]]:
    """Nearest node of each agent, and how far above it the agent is, -1/2 to 1/2 steps; beyond the grid, its ends."""
    inside = jnp.clip(log_values, STEP - _HALF_WIDTH, _HALF_WIDTH - STEP)
    node = jnp.round((jax.lax.stop_gradient(inside) + _HALF_WIDTH) * _PER_UNIT).astype(jnp.int32)
    # From u_k, which float32 holds exactly: kh would leave it 12 bits for the offset.
    return node, (inside - (node.astype(inside.dtype) * STEP - _HALF_WIDTH)) * _PER_UNIT


def node_masses(log_values: Float[Array, "agents"], mass: Float[Array, "agents"]) -> Float[Array, "nodes"]:
    """Sums of B-spline weights by node, float64; `mass` is 0 for padding and 1 for agents."""
    return grouped_node_masses(log_values, mass, jnp.zeros(log_values.shape, jnp.int32), 1)[0]


def grouped_node_masses(
    log_values: Float[Array, "agents"],
    mass: Float[Array, "agents"],
    group: Int32[Array, "agents"],
    n_groups: int,
) -> Float[Array, "groups nodes"]:
    """`node_masses` of each group of agents."""
    node, offset = nearest(log_values)
    cell = group * N_NODES + node

    def summed(power: Array) -> Float[Array, "groups nodes"]:
        values = (power * mass).astype(jnp.float64)
        return segment_sum(values, cell, n_groups * N_NODES).reshape(n_groups, N_NODES)

    return spline_masses(summed(jnp.ones_like(offset)), summed(offset), summed(offset**2))


def spline_masses(
    count: Float[Array, "*groups nodes"], first: Float[Array, "*groups nodes"], second: Float[Array, "*groups nodes"]
) -> Float[Array, "*groups nodes"]:
    """Sums of B-spline weights by node, from sums of 1, δ and δ² by nearest node."""
    below, above = (count / 4 - first + second) / 2, (count / 4 + first + second) / 2
    # Nobody is nearest to an end of the grid, so nothing goes round.
    return 0.75 * count - second + jnp.roll(below, -1, axis=-1) + jnp.roll(above, 1, axis=-1)


def sharper(masses: Float[Array, "nodes"]) -> Float[Array, "nodes"]:
    """Masses such that sums over nodes of a function of log x are its sums over agents, to order h⁴.

    The spline spreads an agent with variance h²/4 and keeps the mean, so that it adds h²/8 f'' to the mean of f.
    """
    return masses - (jnp.roll(masses, 1) - 2 * masses + jnp.roll(masses, -1)) / 8


def coarse(masses: Float[Array, "nodes"]) -> Float[Array, "coarse_nodes"]:
    """Masses at the coarse nodes with the same sums of functions of log x, to order (4h)⁶."""
    # Nobody is near an end of the grid, so nothing goes round.
    spread = jnp.pad(masses, (0, _COARSER - 1)).reshape(-1, _COARSER) @ _SPREAD
    return jnp.sum(jnp.stack([jnp.roll(spread[:, k], k - 2) for k in range(6)]), axis=0)


def end_mass(masses: Float[Array, "nodes"]) -> Scalar:
    """Share of agents at the two ends of the grid; results are exact only where it is 0."""
    shares = masses[0] + masses[1] + masses[2] + masses[-1] + masses[-2] + masses[-3]
    return shares / jnp.sum(masses)


def tails(masses: Float[Array, "nodes"]) -> tuple[Float[Array, "edges"], Float[Array, "edges"]]:
    """F and 1 - F at the edges x_{k+1/2} = exp(u_k + h/2), the smoothing removed to order h⁴.

    They are summed from opposite ends, so that 1 - F is exactly 0 above the richest agent: the rounding of a
    difference from 1 would be multiplied by e^40 there.
    """
    share = masses / jnp.sum(masses)
    sharpening = (share[1:] - share[:-1]) / 12
    below = jnp.cumsum(share[:-1]) - sharpening
    above = jnp.cumsum(share[:0:-1])[::-1] + sharpening
    return below, above


def gini(masses: Float[Array, "nodes"], mean: Scalar) -> Scalar:
    """Gini coefficient from node masses and the exact mean."""
    below, above = tails(masses)
    return STEP * jnp.sum(below * above * _EDGES) / mean


def lorenz(masses: Float[Array, "nodes"], mean: Scalar) -> tuple[Float[Array, "edges"], Float[Array, "edges"]]:
    """Lorenz curve: population shares F and income shares L at the edges of the grid."""
    below, above = tails(masses)
    height = above * _EDGES
    slope = jnp.asarray(jnp.gradient(height)) / STEP
    # Trapezoid rule for ∫ (1 - F) dx = ∫ (1 - F) e^u du above each edge, Euler-Maclaurin correction at the lower end.
    area = STEP * (jnp.cumsum(height[::-1])[::-1] - height / 2) + STEP**2 / 12 * slope
    return below, 1 - (height + area) / mean


def top_share(masses: Float[Array, "nodes"], mean: Scalar, fraction: float) -> Scalar:
    """Share of the total held by the richest `fraction`.

    Raises:
        ValueError: if `fraction` is not in (0, 1).
    """
    if not 0 < fraction < 1:
        raise ValueError(f"top share: fraction = {fraction} is not in (0, 1).")
    below, share = lorenz(masses, mean)
    upper = jnp.clip(jnp.searchsorted(below, 1 - fraction), 1, below.shape[0] - 1)
    lower = upper - 1
    # Cubic between the two edges: the slope of the Lorenz curve at an edge is x / mean.
    width = below[upper] - below[lower]
    t = (1 - fraction - below[lower]) / width
    slope = jnp.asarray(_EDGES)[jnp.stack([lower, upper])] * width / mean
    curve = (
        (1 + 2 * t) * (1 - t) ** 2 * share[lower]
        + t * (1 - t) ** 2 * slope[0]
        + t**2 * (3 - 2 * t) * share[upper]
        - t**2 * (1 - t) * slope[1]
    )
    return 1 - curve


def density(masses: Float[Array, "nodes"]) -> Float[Array, "nodes"]:
    """Density of log x at the nodes, the smoothing left in (a kernel estimate with bandwidth h/2)."""
    return masses / (jnp.sum(masses) * STEP)

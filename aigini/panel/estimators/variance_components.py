"""Variance components of wages between firms and workers, corrected for the noise of estimated effects.

The plug-in variance of estimated firm effects takes estimation noise for dispersion, the more so the fewer workers, or
movers, a firm has. The leave-out estimator of Kline, Saggio & Sølvsten (Econometrica 88, 2020) subtracts it without
assuming that errors have one variance: for θ = β'Aβ with y = Xβ + ε, S = X'X,

    θ̂ = β̂'Aβ̂ - Σ_i B_ii σ̂_i²,   B_ii = x_i'S⁻¹AS⁻¹x_i,   σ̂_i² = y_i (y_i - x_i'β̂)/(1 - x_i'S⁻¹x_i).

It is unbiased if errors are independent and no observation is fitted exactly, which takes away workers and firms that
one observation alone connects. Observations are matches of a worker and a firm, means over periods weighted by their
number, so that errors may depend within a match.
"""

import dataclasses
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from aigini.errors import DataError
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

_EXACT = 1e-9
"""1 less leverage below which an observation is fitted exactly."""


@dataclasses.dataclass(frozen=True)
class VarianceComponents(Tabular):
    """Components of the variance of log wages.

    Attributes:
        names: Components.
        leave_out: Corrected estimates; an unbiased one may be negative.
        plug_in: Uncorrected estimates.
        observations: Observations, or matches, in the sample.
        firms: Firms in it.
        left_out: Observations that were left out because no other one connects what they do.
    """

    units: ClassVar[Units] = file_units(leave_out="log points squared", plug_in="log points squared")

    names: tuple[str, ...]
    leave_out: tuple[float, ...]
    plug_in: tuple[float, ...]
    observations: int
    firms: int
    left_out: int

    def table(self) -> Table:
        """Components, one a row."""
        return Table(
            (
                Column("component", list(self.names)),
                Column("leave-out", list(self.leave_out), "+.5f"),
                Column("plug-in", list(self.plug_in), "+.5f"),
            )
        )

    def __str__(self) -> str:
        return f"{self.table()}\n{self.observations} observations in {self.firms} firms; {self.left_out} left out."


def between_within(wage: np.ndarray, firm: np.ndarray) -> VarianceComponents:
    """Variance of firms' mean log wages over workers, and variance within firms, from one observation for each worker.

    Args:
        wage: Log wages, ``[workers]``.
        firm: Firm of each, any labels, ``[workers]``.

    Raises:
        DataError: if fewer than two firms have two workers.
    """
    codes, count = np.unique(firm, return_inverse=True, return_counts=True)[1:]
    inside = count[codes] > 1
    wage, codes = np.asarray(wage, float)[inside], np.unique(codes[inside], return_inverse=True)[1]
    count = np.bincount(codes)
    if len(count) < 2:
        raise DataError("variance components: fewer than two firms have two workers; there is nothing to compare.")
    total = len(wage)
    centred = wage - wage.mean()
    means = np.bincount(codes, centred) / count
    residual = centred - means[codes]
    error = centred * residual / (1 - 1 / count[codes])
    # x_i'S⁻¹AS⁻¹x_i of a variance over workers: the diagonal of the projection on firms less that on the mean.
    noise = np.sum((1 / count[codes] - 1 / total) * error) / total
    plug_in = float(np.sum(count * means**2) / total)
    between = plug_in - float(noise)
    variance = float(np.sum(centred**2) / (total - 1))
    return VarianceComponents(
        names=("between firms", "within firms"),
        leave_out=(between, variance - between),
        plug_in=(plug_in, variance - plug_in),
        observations=total,
        firms=len(count),
        left_out=int(np.sum(~inside)),
    )


def worker_firm_components(wage: np.ndarray, worker: np.ndarray, firm: np.ndarray) -> VarianceComponents:
    """Variances of firm effects and of worker effects and their covariance, from workers who move between firms.

    Args:
        wage: Log wages, net of what periods have in common, ``[observations]``.
        worker: Worker of each, any labels.
        firm: Firm of each.

    Raises:
        DataError: if no worker moves within a set of firms that two workers connect.
    """
    matches, match = np.unique(
        np.stack([np.unique(worker, return_inverse=True)[1], np.unique(firm, return_inverse=True)[1]], axis=1),
        axis=0,
        return_inverse=True,
    )
    weight = np.bincount(match).astype(float)
    mean = np.bincount(match, np.asarray(wage, float)) / weight
    connected = _leave_out_connected(matches)
    if len(np.unique(matches[connected, 1])) < 2 or connected.sum() == 0:
        raise DataError("variance components: no firms are connected by two moving workers; use a panel with movers.")
    people, employers = (np.unique(matches[connected, k], return_inverse=True)[1] for k in (0, 1))
    weight, mean = weight[connected], mean[connected]
    n, n_people, n_places = len(mean), people.max() + 1, employers.max() + 1
    rows = np.arange(n)
    by_worker: Any = sparse.csr_matrix((np.ones(n), (rows, people)), (n, n_people))
    by_firm: Any = sparse.csr_matrix((np.ones(n), (rows, employers)), (n, n_places))[:, 1:]
    design: Any = sparse.hstack([by_worker, by_firm]).tocsr()
    scaled: Any = sparse.diags(np.sqrt(weight)) @ design
    outcome = np.sqrt(weight) * (mean - np.average(mean, weights=weight))
    solver = splu((scaled.T @ scaled).tocsc())
    effects = solver.solve(scaled.T @ outcome)
    inverse = solver.solve(scaled.T.toarray()).T
    leverage = np.asarray(scaled.multiply(inverse).sum(axis=1)).ravel()
    error = outcome * (outcome - scaled @ effects) / (1 - leverage)
    shares = weight / weight.sum()
    parts: list[Any] = [
        sparse.hstack([by_worker, 0 * by_firm]).tocsr(),
        sparse.hstack([0 * by_worker, by_firm]).tocsr(),
    ]
    fitted = [part @ effects for part in parts]
    moved = [np.asarray(part @ inverse.T) for part in parts]
    plug_in, leave_out = [], []
    for one, other in ((1, 1), (0, 0), (0, 1)):
        plain = _covariance(shares, fitted[one], fitted[other])
        noise = np.sum(shares[:, None] * _centred(shares, moved[one]) * _centred(shares, moved[other]), axis=0)
        plug_in.append(plain)
        leave_out.append(plain - float(np.sum(noise * error)))
    return VarianceComponents(
        names=("firm effects", "worker effects", "covariance of both"),
        leave_out=tuple(leave_out),
        plug_in=tuple(plug_in),
        observations=n,
        firms=int(n_places),
        left_out=int(np.sum(~connected)),
    )


def _centred(shares: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values - (shares @ values)[None, :]


def _covariance(shares: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sum(shares * (one - shares @ one) * (other - shares @ other)))


def _leave_out_connected(matches: np.ndarray) -> np.ndarray:
    """True for matches of movers in the largest set of firms that stays connected without any one worker.

    A worker at one firm alone is fitted exactly, and so is left out; so are workers whose moves alone connect firms.
    """
    connected = np.ones(len(matches), bool)
    while True:
        moves = np.bincount(matches[connected, 0], minlength=matches[:, 0].max() + 1)
        again = connected & (moves[matches[:, 0]] > 1)
        again &= _largest(matches, again)
        again &= ~_bridging(matches, again)
        if np.array_equal(again, connected):
            return connected
        connected = again


def _graph(matches: np.ndarray, connected: np.ndarray) -> Any:
    n_people, n_places = matches[:, 0].max() + 1, matches[:, 1].max() + 1
    size = n_people + n_places
    one, other = matches[connected, 0], n_people + matches[connected, 1]
    return sparse.csr_matrix((np.ones(len(one)), (one, other)), (size, size))


def _largest(matches: np.ndarray, connected: np.ndarray) -> np.ndarray:
    """True for matches in the component with the most of them."""
    if not connected.any():
        return connected
    component = connected_components(_graph(matches, connected), directed=False)[1][matches[:, 0]]
    return component == np.argmax(np.bincount(component[connected]))


def _bridging(matches: np.ndarray, connected: np.ndarray) -> np.ndarray:
    """True for matches of workers without whom firms fall apart: articulation points of the graph."""
    n_people = int(matches[:, 0].max()) + 1
    graph = _graph(matches, connected)
    graph = (graph + graph.T).tocsr()
    size = graph.shape[0]
    order, low, parent = np.full(size, -1), np.zeros(size, int), np.full(size, -1)
    cut = np.zeros(size, bool)
    clock = 0
    for root in np.unique(n_people + matches[connected, 1]):
        if order[root] >= 0:
            continue
        order[root] = low[root] = clock
        clock += 1
        stack = [(int(root), iter(graph.indices[graph.indptr[root] : graph.indptr[root + 1]].tolist()))]
        while stack:
            node, neighbours = stack[-1]
            for near in neighbours:
                if order[near] < 0:
                    parent[near] = node
                    order[near] = low[near] = clock
                    clock += 1
                    stack.append((near, iter(graph.indices[graph.indptr[near] : graph.indptr[near + 1]].tolist())))
                    break
                if near != parent[node]:
                    low[node] = min(low[node], order[near])
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[node])
                    if low[node] >= order[above] and above != root:
                        cut[above] = True
    return connected & cut[matches[:, 0]]

"""Simulation of finitely many firms, which converges to the mean field as their number grows.

Each firm has its own log assets, log k_{j,t+1} = ρ_t log k_j,t + ν ε_jt from k_j,0 drawn at random. ξ_t follows from
the Gini of capital intensity over these firms, not from a distribution that is assumed, so that chance in the largest
of them feeds back on all.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.dynamics.basin import YearlyMap, yearly_map
from aigini.errors import AnalysisError
from aigini.runtime.progress import steps
from aigini.tables import Column, Table, Tabular

DEFAULT_SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""Numbers of firms unless others are given."""


@dataclasses.dataclass(frozen=True)
class FirmConvergence(Tabular):
    """Distance of simulations of finitely many firms from the mean field.

    Attributes:
        n_firms: Numbers of firms, ``[sizes]``.
        rms: Root mean square of V_t in the simulation less that of the mean field, over years and draws, ``[sizes]``.
        bias: Mean of the same, ``[sizes]``.
        last: Mean of V in the last year over draws, ``[sizes]``.
        mean_field: V in the last year of the mean field.
        rate: Slope of the log distance in the log number of firms, mean over draws.
        rate_se: Its standard error, from the spread over draws.
        draws: Draws of each number of firms.
        years: Last year.
    """

    units: ClassVar[dict[str, str]] = {
        "rms": "variance of log assets",
        "bias": "variance of log assets",
        "last": "variance of log assets",
    }

    n_firms: Sequence[int]
    rms: np.ndarray
    bias: np.ndarray
    last: np.ndarray
    mean_field: float
    rate: float
    rate_se: float
    draws: int
    years: int

    def table(self) -> Table:
        """Distances by number of firms."""
        return Table(
            (
                Column("firms", list(self.n_firms), ",d"),
                Column("r.m.s. distance of V, all years", self.rms, ".3e"),
                Column("mean distance, all years", self.bias, "+.2e"),
                Column(f"mean V in year {self.years}", self.last, ".5f"),
            )
        )

    def __str__(self) -> str:
        return "\n".join(
            [
                f"simulated firms against the mean field, whose V in year {self.years} is {self.mean_field:.5f}:",
                str(self.table()),
                f"the distance falls with the number of firms to the power {self.rate:.3f} ± {self.rate_se:.3f}"
                f" (±: s.e. over {self.draws} draws; -1/2 is expected)",
            ]
        )


def simulated_firms(
    values: Mapping[str, float],
    growth: np.ndarray,
    gap: np.ndarray,
    n_firms: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Variance of log assets over simulated firms in years 0 .. T, ``[years + 1]``.

    Args:
        values: Parameters by name, as of `aigini.dynamics.basin.yearly_map`, and ``"asset_sd"``.
        growth: χ q_A,t of years 0 .. T - 1 at least, per year.
        gap: adoption_t - u_t of these years.
        n_firms: Number of firms.
        generator: Source of random numbers.
    """
    own = yearly_map(values)
    log_assets = values["asset_sd"] * generator.standard_normal(n_firms)
    path = [float(np.var(log_assets))]
    for rate, behind in zip(growth, gap, strict=True):
        rho = _multiple(own, _gini(own.psi * log_assets), float(rate), float(behind))
        log_assets = rho * log_assets + np.sqrt(own.innovation) * generator.standard_normal(n_firms)
        path.append(float(np.var(log_assets)))
    return np.array(path)


def _multiple(own: YearlyMap, gini: float, growth: float, gap: float) -> float:
    share = 1 / (1 + np.exp(-(gini + own.gap_weight * gap - own.midpoint) / own.width))
    return float(1 - own.reversion + growth * (1 - own.xi * (1 - own.erosion * share)))


def _gini(log_intensity: np.ndarray) -> float:
    """The Gini of the exponentials."""
    ascending = np.exp(np.sort(log_intensity) - log_intensity.max())
    count = len(ascending)
    ranks = 2.0 * np.arange(1, count + 1) - count - 1
    return float(ranks @ ascending / (count * ascending.sum()))


def firm_convergence(
    values: Mapping[str, float],
    growth: np.ndarray,
    gap: np.ndarray,
    sizes: Sequence[int] = DEFAULT_SIZES,
    draws: int = 8,
    seed: int = 0,
) -> FirmConvergence:
    """The rate at which simulations of firms approach the mean field.

    Args:
        values: Parameters by name, as of `simulated_firms`.
        growth: χ q_A,t of years 0 .. T - 1, per year, ``[years]``.
        gap: adoption_t - u_t of these years, ``[years]``.
        sizes: Numbers of firms, two or more.
        draws: Simulations of each.
        seed: Seed of the first.

    Raises:
        AnalysisError: if there are too few sizes, firms or draws to measure a rate with its error.
    """
    if len(set(sizes)) < 2 or min(sizes) < 10 or draws < 2:
        raise AnalysisError(
            f"sizes = {tuple(sizes)}, draws = {draws}: a rate with its error needs two numbers of firms, of 10 at"
            " least, and two draws."
        )
    own, v = yearly_map(values), values["asset_sd"] ** 2
    expected = [v]
    for rate, behind in zip(growth, gap, strict=True):
        v = own.following(v, float(rate), float(behind))
        expected.append(v)
    work = [(k, draw) for k in range(len(sizes)) for draw in range(draws)]
    paths = np.empty((len(sizes), draws, len(expected)))
    for k, draw in steps("simulated firms", work):
        generator = np.random.default_rng((seed, sizes[k], draw))
        paths[k, draw] = simulated_firms(values, growth, gap, sizes[k], generator)
    away = paths - np.array(expected)
    distance = np.sqrt(np.mean(away**2, axis=2))
    logs = np.log(np.array(sizes, float))
    slopes = (logs - logs.mean()) @ np.log(distance) / np.sum((logs - logs.mean()) ** 2)
    return FirmConvergence(
        n_firms=list(sizes),
        rms=np.sqrt(np.mean(away**2, axis=(1, 2))),
        bias=np.mean(away, axis=(1, 2)),
        last=paths[:, :, -1].mean(axis=1),
        mean_field=float(expected[-1]),
        rate=float(slopes.mean()),
        rate_se=float(slopes.std(ddof=1) / np.sqrt(draws)),
        draws=draws,
        years=len(expected) - 1,
    )

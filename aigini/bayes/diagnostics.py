"""Summaries of parameters and convergence statistics of chains.

This module is the one place that calls the statistics of ArviZ, whose functions on arrays are in `arviz` before version
1 and in `arviz_stats` from then on.

Sources: Vehtari, Gelman, Simpson, Carpenter and Bürkner, Bayesian Analysis 16 (2021), for R-hat and the effective
sample sizes (ESS); Betancourt, arXiv 1604.00695, for the energy diagnostic E-BFMI.
"""

import dataclasses
import functools
import importlib
import importlib.metadata
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from aigini.errors import missing_extra
from aigini.tables import Column, Table, Tabular

STUCK = 0.5
"""A chain is stuck if it accepts, or moves, less often than this share of the median of the chains."""

# Draws that differ by less than this share of their size differ by rounding.
_ROUNDING = 8 * np.finfo(float).eps
_FEWEST = 4


@functools.cache
def _arviz() -> Any:
    """The statistics of ArviZ on arrays ``[chains, draws]``, whatever its version."""
    try:
        if _newer():
            return importlib.import_module("arviz_stats.base").array_stats
        with warnings.catch_warnings():
            # Said once a day to every importer of the versions before 1.
            message = r"\s*ArviZ is undergoing a major refactor"
            warnings.filterwarnings("ignore", message=message, category=FutureWarning)
            return importlib.import_module("arviz")
    except ImportError:
        raise missing_extra("Posterior analysis") from None


def _newer() -> bool:
    return int(importlib.metadata.version("arviz").partition(".")[0]) >= 1


def pareto_smooth(log_weights: np.ndarray, relative_efficiency: float) -> tuple[np.ndarray, float]:
    """ArviZ's Pareto smoothing: normalised log weights ``[n]`` and k; either may be NaN where its fit fails."""
    arviz = _arviz()
    with np.errstate(all="ignore"):
        if _newer():
            # Its argument is the log likelihood of a left-out observation, minus the log weight.
            smooth, k = arviz.psislw(-log_weights, r_eff=relative_efficiency)
        else:
            smooth, k = arviz.psislw(log_weights, reff=relative_efficiency)
    return np.asarray(smooth, float), float(k)


def power_scaling_sensitivity(values: np.ndarray, lower: np.ndarray, upper: np.ndarray, step: float) -> float:
    """ArviZ's sensitivity of one quantity to power scaling; 0 where all draws are the same.

    Args:
        values: Draws, ``[n]``.
        lower: Weights of the draws at the power 1 / (1 + step), ``[n]``.
        upper: Those at the power 1 + step, ``[n]``.
        step: Difference of the upper power from 1.

    Raises:
        MissingExtraError: if ArviZ is not installed.
    """
    values = np.asarray(values, float)
    if np.ptp(values) == 0:
        return 0.0
    arviz = _arviz()
    if _newer():
        arrays = (np.asarray(part, float)[None] for part in (values, lower, upper))
        return float(arviz.power_scale_sense(*arrays, 1 / (1 + step), 1 + step))
    # Before version 1 there is no public function of weights.
    function = importlib.import_module("arviz.stats.stats")._powerscale_sens
    return float(function(values, lower_weights=lower, upper_weights=upper, delta=step))


@dataclasses.dataclass(frozen=True)
class ParameterSummary:
    """The draws of one parameter. What cannot be computed is None, and `problem` says why.

    Attributes:
        mean: Posterior mean.
        sd: Posterior standard deviation.
        q5: 5 % quantile.
        median: 50 % quantile.
        q95: 95 % quantile.
        mcse_mean: Monte Carlo standard error of the mean.
        r_hat: Rank-normalised split R-hat; infinite if every chain stays where it is.
        ess_bulk: Effective sample size for the centre of the distribution.
        ess_tail: The smaller of those for the 5 % and 95 % quantiles.
        problem: Fault of the draws, in a sentence, or None.
    """

    mean: float | None
    sd: float | None
    q5: float | None
    median: float | None
    q95: float | None
    mcse_mean: float | None
    r_hat: float | None
    ess_bulk: float | None
    ess_tail: float | None
    problem: str | None = None

    def __str__(self) -> str:
        return str(Summaries({"": self}))


class Summaries(dict[str, ParameterSummary], Tabular):
    """Summaries by parameter, which print as a table."""

    def table(self) -> Table:
        """The numbers of each summary."""
        heads = {
            "mean": "mean",
            "sd": "sd",
            "q5": "5%",
            "median": "50%",
            "q95": "95%",
            "mcse_mean": "MCSE",
            "r_hat": "R-hat",
            "ess_bulk": "bulk",
            "ess_tail": "tail",
        }
        specs = {"r_hat": ".3f", "ess_bulk": ".0f", "ess_tail": ".0f"}
        columns = [
            Column(head, [getattr(one, name) for one in self.values()], specs.get(name, ".4g"))
            for name, head in heads.items()
        ]
        return Table((Column("", list(self)), *columns, Column("problem", [one.problem for one in self.values()])))

    def __str__(self) -> str:
        *numbers, _ = self.table().columns
        problems = [f"{name}: {one.problem}".lstrip(": ") for name, one in self.items() if one.problem]
        return "\n".join([str(Table(tuple(numbers))), *problems])


def summarise(draws: Mapping[str, np.ndarray]) -> Summaries:
    """Mean, spread, quantiles, Monte Carlo error and convergence statistics of each parameter.

    Args:
        draws: Draws by parameter, ``[chains, draws]``, at least four in each chain.

    Raises:
        ValueError: if an array is not of that shape.
        MissingExtraError: if ArviZ is not installed.
    """
    return Summaries({name: _summary(name, values) for name, values in draws.items()})


def _summary(name: str, values: np.ndarray) -> ParameterSummary:
    draws = _chains(name, values)
    bad = int(np.sum(~np.isfinite(draws)))
    if bad:
        problem = f"{bad} of {draws.size} draws are not finite"
        return ParameterSummary(None, None, None, None, None, None, None, None, None, problem)
    centre = float(draws.mean())
    low, median, high = (float(q) for q in np.quantile(draws, (0.05, 0.5, 0.95)))
    if np.ptp(draws) <= _ROUNDING * np.abs(draws).max():
        return ParameterSummary(centre, 0.0, low, median, high, None, None, None, None, "all draws are the same")
    sd = float(draws.std(ddof=1))
    # In units of the standard deviation: ArviZ takes a small spread for none.
    scaled, arviz = (draws - centre) / sd, _arviz()
    with np.errstate(divide="ignore", invalid="ignore"):
        still = np.ptp(scaled, axis=1).max() <= _ROUNDING
        r_hat = None if len(draws) == 1 else np.inf if still else _number(arviz.rhat(scaled, method="rank"))
        ess_bulk = _number(arviz.ess(scaled, method="bulk"))
        ess_tail = _number(arviz.ess(scaled, method="tail", prob=(0.05, 0.95)))
        mcse = _number(arviz.mcse(scaled, method="mean"))
    problem = None
    if len(draws) == 1:
        problem = "one chain has nothing to be compared with"
    elif None in (r_hat, ess_bulk, ess_tail, mcse):
        problem = "the statistics are not defined for these draws"
    return ParameterSummary(
        centre, sd, low, median, high, None if mcse is None else mcse * sd, r_hat, ess_bulk, ess_tail, problem
    )


def monte_carlo_error(values: np.ndarray, method: str, level: float | None = None) -> float:
    """Monte Carlo standard error of a statistic of one parameter; 0 where all draws are the same.

    Args:
        values: Draws, ``[chains, draws]``, finite.
        method: ``"mean"``, ``"sd"`` or ``"quantile"``.
        level: Level of the quantile, between 0 and 1.

    Raises:
        ValueError: if the array is not of that shape.
        MissingExtraError: if ArviZ is not installed.
    """
    draws = _chains("values", values)
    if np.ptp(draws) <= _ROUNDING * np.abs(draws).max():
        return 0.0
    sd = float(draws.std(ddof=1))
    given = {} if level is None else {"prob": level}
    with np.errstate(divide="ignore", invalid="ignore"):
        error = _number(_arviz().mcse((draws - draws.mean()) / sd, method=method, **given))
    return np.inf if error is None else error * sd


def _number(value: Any) -> float | None:
    number = np.asarray(value).item()  # where Numba is installed ArviZ returns some as arrays of one number
    return None if math.isnan(number) else float(number)


def _chains(name: str, values: np.ndarray) -> np.ndarray:
    draws = np.asarray(values, float)
    if draws.ndim != 2 or draws.shape[0] < 1 or draws.shape[1] < _FEWEST:
        raise ValueError(f"{name} has shape {draws.shape}; give [chains, draws] with at least {_FEWEST} draws.")
    return draws


def bfmi(energy: np.ndarray) -> tuple[float | None, ...]:
    """E-BFMI of each chain: mean squared change of the energy from draw to draw over its variance.

    Args:
        energy: Hamiltonian at each draw, ``[chains, draws]``.

    Returns:
        A number per chain; 0 if the energy never changes, None if it is not finite.

    Raises:
        ValueError: if the array is not of that shape.
        MissingExtraError: if ArviZ is not installed.
    """
    chains = _chains("energy", energy)
    result: list[float | None] = []
    for chain in chains:
        if not np.isfinite(chain).all():
            result.append(None)
        elif np.ptp(chain) <= _ROUNDING * np.abs(chain).max():
            result.append(0.0)
        else:
            result.append(float(np.ravel(_arviz().bfmi((chain - chain.mean())[None]))[0]))
    return tuple(result)


def stuck_chains(draws: Mapping[str, np.ndarray], acceptance_rate: np.ndarray | None = None) -> Mapping[int, str]:
    """Chains, counted from 1, that hardly move, each with how that shows.

    Args:
        draws: Draws by parameter, ``[chains, draws]``.
        acceptance_rate: Mean acceptance probability along each trajectory, ``[chains, draws]``.

    Raises:
        ValueError: if an array is not of that shape, or shapes differ.
    """
    arrays = [_chains(name, values) for name, values in draws.items()]
    arrays += [] if acceptance_rate is None else [_chains("acceptance_rate", acceptance_rate)]
    if not draws or len({array.shape for array in arrays}) != 1:
        raise ValueError(f"draws and acceptance_rate have shapes {sorted({a.shape for a in arrays})}; they must agree.")
    changes = np.any([np.diff(array, axis=1) != 0 for array in arrays[: len(draws)]], axis=0)
    moves = changes.mean(axis=1)
    reasons: dict[int, str] = {}
    for chain, share in enumerate(moves):
        if share == 0:
            reasons[chain + 1] = "it never moved"
        elif share < STUCK * np.median(moves):
            reasons[chain + 1] = f"it moved at {share:.0%} of its steps, the median chain at {np.median(moves):.0%}"
    if acceptance_rate is not None:
        rates = np.where(np.isfinite(arrays[-1]), arrays[-1], 0.0).mean(axis=1)
        for chain, rate in enumerate(rates):
            if rate < STUCK * np.median(rates):
                reason = f"its acceptance rate is {rate:.2f}, that of the median chain {np.median(rates):.2f}"
                reasons.setdefault(chain + 1, reason)
    return reasons


def tree_depth(n_steps: np.ndarray) -> np.ndarray:
    """Doublings of a NUTS trajectory of so many leapfrog steps, the last doubling perhaps not finished."""
    return np.ceil(np.log2(np.asarray(n_steps, float) + 1)).astype(int)

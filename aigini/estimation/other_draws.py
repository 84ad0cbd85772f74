"""Other draws of the population: an analysis repeated on each, and the spread of its results.

Everything that an analysis reports depends on which workers and firms were drawn, and twice over: through the economy
that is evaluated, and through the estimates, which meet the targets with these workers and not with others. So each
other draw gets estimates of its own, and the same function of the economy and the estimates is computed there. The
standard deviation over draws is the simulation standard error of the number from the first draw. It is the delta method
by replication: nothing is linearised but where a function says so. Draws are common to everything that is compared, so
that the error of a difference is the spread of the difference.

Estimates on a draw are searched from those of the first draw, see `refit`. Weights stay those of the first draw.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.estimated_model import EstimatedModel, refit
from aigini.estimation.outcome_map import OutcomeMap
from aigini.population.population import Population
from aigini.resolution import Simulated, simulated
from aigini.runtime.progress import report, steps

FEWEST = 2
"""Other draws from which a standard deviation can be taken."""

_ROUNDING = 1e-6  # of a number, below which its error is rounding


class OtherDraws:
    """The economy of an estimated model on other draws of the population, each at estimates of its own.

    Args:
        model: The economy at its estimates.
        count: Number of other draws.
        draw: The population of a draw, by its number from 0.
    """

    def __init__(self, model: EstimatedModel, count: int, draw: Callable[[int], Population]) -> None:
        self._model, self._draw = model, draw
        self._fits: dict[int, _Fit] = {}
        self.count = count

    @property
    def missed(self) -> int:
        """Draws with which the estimates of the first draw were followed to no fit as good as theirs."""
        return sum(not self._fit(k).met for k in range(self.count))

    def covariance(self, rows: Sequence[int]) -> np.ndarray | None:
        """Covariance of some outcomes over draws at the same parameters, ``[rows, rows]``; None with too few draws."""
        return covariance([self._fit(k).at_estimates for k in range(self.count)], rows)

    @property
    def estimates(self) -> dict[str, np.ndarray]:
        """Every parameter at the estimates of each draw, ``[draws]`` each."""
        fits = [self._fit(k).values for k in range(self.count)]
        return {name: np.array([fit[name] for fit in fits]) for name in self._model.values}

    @property
    def outcomes(self) -> np.ndarray:
        """Outcomes at the estimates of each draw, ``[draws, outcomes]``."""
        return np.array([self._fit(k).outcomes for k in range(self.count)])

    def model(self, k: int) -> EstimatedModel:
        """The economy of draw k at its own estimates, with its outcomes and their Jacobian."""
        fit = self._fit(k)
        return dataclasses.replace(
            self._model,
            outcome_map=self._outcome_map(k),
            values=fit.values,
            outcomes=fit.outcomes,
            jacobian=fit.jacobian,
        )

    def repeat(self, part: str, compute: Callable[[EstimatedModel], Any]) -> np.ndarray:
        """A function of the estimated model on every draw, ``[draws, ...]``.

        Args:
            part: Name of the work, for who watches its progress.
            compute: The function; it returns numbers of one shape, of which those that are not finite become NaN.
        """
        values = np.array([compute(self.model(k)) for k in steps(part, range(self.count))], float)
        return np.where(np.isfinite(values), values, np.nan)

    def _outcome_map(self, k: int) -> OutcomeMap:
        return self._model.outcome_map.on(self._draw(k))

    def _fit(self, k: int) -> "_Fit":
        if k not in self._fits:
            self._fits[k] = _estimate_again(self._model, self._outcome_map(k))
            report("estimates on other draws", len(self._fits), self.count)
        return self._fits[k]


class _Fit(NamedTuple):
    """Estimates on another draw.

    Attributes:
        at_estimates: Outcomes at the estimates of the first draw, ``[outcomes]``.
        values: Every parameter at those of this draw.
        outcomes: Outcomes there, ``[outcomes]``.
        jacobian: Derivatives of all outcomes in all parameters there, ``[outcomes, parameters]``.
        met: True if the targets are met as well as on the first draw.
    """

    at_estimates: np.ndarray
    values: Mapping[str, float]
    outcomes: np.ndarray
    jacobian: np.ndarray
    met: bool


def covariance(sample: Sequence[Sequence[float] | np.ndarray], rows: Sequence[int]) -> np.ndarray | None:
    """Covariance over draws of some of their outcomes, ``[rows, rows]``; None from fewer than two draws."""
    if len(sample) < FEWEST:
        return None
    return np.atleast_2d(np.cov(np.array(sample)[:, list(rows)], rowvar=False))


def spread(sample: np.ndarray | None) -> np.ndarray | None:
    """Simulation standard errors: the standard deviation over draws ``[draws, ...]``; None from fewer than two."""
    return None if sample is None or len(sample) < FEWEST else np.asarray(np.std(sample, axis=0, ddof=1))


def error_at(errors: np.ndarray | None, *at: int) -> float | None:
    """One of the errors of `spread`; None where there is none, or where it is not a number."""
    value = np.nan if errors is None else float(errors[at])
    return value if np.isfinite(value) else None


def shown(value: float, error: float | None, spec: str = "+.5f") -> str:
    """A number with its simulation standard error, ``+0.00401 ± 0.00012``.

    ``± n/a`` where that is not known, ``± 0`` where it is rounding: the number is the same on every draw.
    """
    if error is not None and error <= _ROUNDING * max(abs(value), _ROUNDING):
        return f"{value:{spec}} ± 0"
    return f"{value:{spec}} ± {'n/a' if error is None else format(error, '.2g')}"


def shown_percent(share: float, error: float | None, spec: str) -> str:
    """A share with its simulation standard error, both in per cent, without the unit."""
    return shown(100 * share, None if error is None else 100 * error, spec)


def about_draws(draws: int, n_workers: int, missed: int = 0) -> str:
    """The meaning of ±, in a sentence."""
    if draws < FEWEST:
        return "simulation errors were not measured (±): set calibration.replications to 2 or more"
    text = f"±: simulation s.e. with {n_workers:,} workers, from {draws} other draws of the population"
    return text if not missed else f"{text}; {missed} of them cannot be fitted as well, so that it may be more"


def difference(values: np.ndarray, others: np.ndarray, one: int, other: int) -> Simulated:
    """The difference of two numbers on the first draw, with the error of the difference over common draws.

    Args:
        values: The numbers on the first draw, ``[n]``.
        others: The same on every other draw, ``[draws, n]``.
        one: Position of a number.
        other: Position of that which is subtracted.
    """
    if others.ndim != 2 or len(others) < FEWEST:
        return Simulated(float(values[one] - values[other]), None)
    return simulated(float(values[one] - values[other]), others[:, one] - others[:, other])


def _estimate_again(model: EstimatedModel, outcome_map: OutcomeMap) -> _Fit:
    """Estimates on another draw, searched from those of the estimated model."""
    fit = refit(dataclasses.replace(model, outcome_map=outcome_map), model.values)
    as_good = fit.criterion**0.5 < model.criterion**0.5 + FIT_TOLERANCE
    return _Fit(fit.at_start, fit.values, fit.outcomes, fit.jacobian, as_good)

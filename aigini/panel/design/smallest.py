"""The smallest panel whose power is 80 %, from power at several sizes, and tests that tell two economies apart."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from aigini.analysis.occupations.power import LEVEL, binomial_error
from aigini.analysis.occupations.result import ENOUGH

_RESAMPLES = 400


@dataclasses.dataclass(frozen=True)
class SmallestPanel:
    """The smallest number of firms with 80 % power.

    Attributes:
        target: The hypothesis, or the two economies to tell apart.
        test: The test.
        firms: Number of firms; None where it is not between those that were tried.
        firms_error: Monte Carlo standard error.
        words: ``interpolated``, ``at most the smallest tried``, ``more than the largest tried`` or ``not reached``.
        beyond: Number of firms by extrapolation from the largest panel at a constant effect per standard error of a
            firm; None where it is not needed, or power does not differ from the size of the test.
        tried: Numbers of firms.
        power: Power at each.
        power_error: Monte Carlo standard errors.
    """

    target: str
    test: str
    firms: float | None
    firms_error: float | None
    words: str
    beyond: float | None
    tried: tuple[int, ...]
    power: tuple[float, ...]
    power_error: tuple[float, ...]


def smallest_panel(
    target: str, test: str, tried: Sequence[int], power: Sequence[float], replications: int
) -> SmallestPanel:
    """The smallest panel by interpolation, the probit of power being linear in the root of the number of firms.

    Args:
        target: The hypothesis.
        test: The test.
        tried: Numbers of firms, ascending.
        power: Power at each.
        replications: Panels behind each number.
    """
    rates = np.asarray(power, float)
    sizes = np.asarray(tried, float)
    errors = tuple(binomial_error(rate, replications) for rate in power)
    common = {"target": target, "test": test, "tried": tuple(tried), "power": tuple(map(float, power))}
    common["power_error"] = errors
    if rates[0] >= ENOUGH:
        return SmallestPanel(firms=None, firms_error=None, words="at most the smallest tried", beyond=None, **common)
    at = _crossing(sizes, rates, replications)
    if at is None:
        return SmallestPanel(
            firms=None,
            firms_error=None,
            words="more than the largest tried",
            beyond=_extrapolated(sizes[-1], rates[-1], errors[-1]),
            **common,
        )
    generator = np.random.default_rng(0)
    again = generator.binomial(replications, np.clip(rates, 0, 1), (_RESAMPLES, len(rates))) / replications
    crossings = [_crossing(sizes, one, replications) for one in again if one[0] < ENOUGH]
    spread = np.array([one for one in crossings if one is not None])
    error = float(spread.std(ddof=1)) if len(spread) > _RESAMPLES / 2 else None
    return SmallestPanel(firms=at, firms_error=error, words="interpolated", beyond=None, **common)


def _crossing(sizes: np.ndarray, rates: np.ndarray, replications: int) -> float | None:
    """Where power first reaches what is enough."""
    above = np.flatnonzero(rates >= ENOUGH)
    if not len(above):
        return None
    high = int(above[0])
    if high == 0:
        return float(sizes[0])
    limits = 0.5 / replications
    low_z, high_z = norm.ppf(np.clip(rates[[high - 1, high]], limits, 1 - limits))
    low, upper = np.sqrt(sizes[[high - 1, high]])
    root = low + (norm.ppf(ENOUGH) - low_z) / (high_z - low_z) * (upper - low)
    return float(root**2)


def _extrapolated(size: float, rate: float, error: float) -> float | None:
    """Firms at which a two-sided test has enough power, if noise falls with the root of their number."""
    if rate - 2 * error <= LEVEL:
        return None
    critical = norm.ppf(1 - LEVEL / 2)
    return float(size * ((critical + norm.ppf(ENOUGH)) / (critical + norm.ppf(rate))) ** 2)


@dataclasses.dataclass(frozen=True)
class RegimeTest:
    """A test of one economy as the null hypothesis against another one.

    Attributes:
        null: The economy of the hypothesis.
        alternative: The economy that panels are drawn from.
        firms: Firms of the panel.
        power: Share of panels that reject.
        power_error: Monte Carlo standard error.
        size: Share of panels of the null economy that reject.
        size_error: Monte Carlo standard error.
    """

    null: str
    alternative: str
    firms: int
    power: float
    power_error: float
    size: float
    size_error: float


def regime_test(
    null: np.ndarray, alternative: np.ndarray, null_mean: np.ndarray, alternative_mean: np.ndarray
) -> tuple[float, float, float, float]:
    """Power and size, with their Monte Carlo errors, of the most powerful 5 % test for normal estimates.

    The statistic is d'Σ⁻¹(θ - μ), d the difference of the effects of both economies and μ those of the null, with Σ the
    covariance of estimates in panels of the null; the critical value is that of the normal distribution. Panels in
    which an estimate is not defined do not reject.

    Args:
        null: Estimates in panels of the null economy, ``[replications, questions]``.
        alternative: Estimates in panels of the other one.
        null_mean: Effects in the null economy.
        alternative_mean: Effects in the other one.
    """
    defined = null[np.isfinite(null).all(axis=1)]
    scale = defined.std(axis=0, ddof=1)
    covariance = np.cov((defined / scale).T)
    direction = np.linalg.solve(covariance, (alternative_mean - null_mean) / scale)
    spread = float(np.sqrt(direction @ covariance @ direction))
    critical = float(norm.ppf(1 - LEVEL))
    rates = [float(np.mean((one - null_mean) / scale @ direction / spread > critical)) for one in (alternative, null)]
    return (
        rates[0],
        binomial_error(rates[0], len(alternative)),
        rates[1],
        binomial_error(rates[1], len(null)),
    )

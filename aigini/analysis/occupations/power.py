"""Power, size and ranges that are not rejected, from simulated coefficients; each with its Monte Carlo error.

The test is that of one economy as the null hypothesis, by the central 95 % of the coefficients it gives. Monte Carlo
errors are standard deviations over resamples of the surveys, the same ones for all economies, so that the error of the
critical values is in them.
"""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.05
"""Level of the tests."""
_RESAMPLES = 200


def central(draws: np.ndarray) -> np.ndarray:
    """Ends of the central 95 % of coefficients along the first axis, ``[2, ...]``."""
    return np.quantile(draws, [LEVEL / 2, 1 - LEVEL / 2], axis=0)


def resamples(count: int, stream: int = 0) -> np.ndarray:
    """Numbers of surveys drawn with replacement, ``[resamples, surveys]``, one set for each stream."""
    return np.random.default_rng([0, stream]).integers(0, count, (_RESAMPLES, count))


def rejection_rate(draws: np.ndarray, null: np.ndarray, *, paired: bool = True) -> tuple[float, float]:
    """Share of coefficients outside the central 95 % of those under a null hypothesis, and its Monte Carlo error.

    Args:
        draws: Coefficients, ``[surveys]``.
        null: Coefficients under the hypothesis, ``[surveys]``.
        paired: True if both are of the same draws of surveys.
    """

    def rate(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        low, high = central(other)
        return np.asarray(np.mean((one < low) | (one > high), axis=0))

    again = resamples(len(draws))
    others = again if paired else resamples(len(null), stream=1)
    return float(rate(draws, null)), float(np.std(rate(draws[again].T, null[others].T), ddof=1))


def binomial_error(share: float, count: int) -> float:
    """Monte Carlo standard error of a share of `count` surveys; at 0 and 1 that of half a survey more or less."""
    inside = float(np.clip(share, 0.5 / count, 1 - 0.5 / count))
    return float(np.sqrt(inside * (1 - inside) / count))


def least_p_value(surveys: int) -> float:
    """The least p-value that so many surveys can give."""
    return 2 / (surveys + 1)


def p_value(estimate: float, draws: np.ndarray) -> float:
    """Two-sided probability of a coefficient as far out as the estimate, at least 2/(surveys + 1)."""
    below, above = (1 + np.sum(draws <= estimate), 1 + np.sum(draws >= estimate))
    return float(min(1.0, 2 * min(below, above) / (len(draws) + 1)))


def not_rejected(
    estimate: float, grid: Sequence[float] | np.ndarray, draws: np.ndarray
) -> tuple[tuple[float, float] | None, tuple[float | None, float | None]]:
    """The values of a quantity that an estimate does not reject, by linear interpolation of the central 95 %.

    Args:
        estimate: The estimate.
        grid: Values of the quantity.
        draws: Coefficients at each of them, ``[surveys, values]``.

    Returns:
        Lowest and highest value that is not rejected, None if every one is rejected; and the Monte Carlo error of each,
        None where it is an end of the grid.
    """
    order = np.argsort(grid)
    values, sorted_draws = np.asarray(grid, float)[order], draws[:, order]
    span = _span(estimate, values, central(sorted_draws))
    if span is None:
        return None, (None, None)
    again = resamples(len(draws))
    spans = [_span(estimate, values, central(sorted_draws[one])) for one in again]
    limits = np.array([one for one in spans if one is not None])
    errors = tuple(None if span[k] in (values[0], values[-1]) else float(np.std(limits[:, k], ddof=1)) for k in (0, 1))
    return span, (errors[0], errors[1])


def _span(estimate: float, values: np.ndarray, limits: np.ndarray) -> tuple[float, float] | None:
    """Ends of the values where the estimate is within the limits."""
    fine = np.interp(np.linspace(0, len(values) - 1, 100 * (len(values) - 1) + 1), np.arange(len(values)), values)
    low, high = (np.interp(fine, values, one) for one in limits)
    inside = fine[(low <= estimate) & (estimate <= high)]
    return (float(inside[0]), float(inside[-1])) if inside.size else None

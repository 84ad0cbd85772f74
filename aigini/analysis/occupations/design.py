"""The survey of one regression: occupations with their exposure, weights, groups and sampling errors, and its years."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.special import ndtri

from aigini.parameters import Scalar

PERCENTILES = (10, 50, 90)
"""Percentiles that are simulated: those of the outcome, and the median."""


class Design(eqx.Module):
    """Arrays of the survey of one regression.

    Places beyond the last occupation, which let several designs share a compiled program, have weight 0.

    Attributes:
        exposure: Measured exposure about its mean in standard deviations, ``[occupations]``.
        score: Normal score of its rank among workers, ``[occupations]``.
        weight: Weights of the regression, ``[occupations]``.
        group: Clusters, from 0, ``[occupations]``.
        respondents: Effective number of respondents of a release, ``[occupations]``.
        panels: Share of each yearly panel in each release, ``[releases, panels]``.
        after: Share of each release that was taken after AI, as a position in the tables of quantiles, ``[releases]``.
        contrast: Weights of releases in the outcome of the regression, ``[releases]``.
        level: Log dollars of a unit of the final good at each release, ``[releases]``.
        top: Log of the top code of each release, ``[releases]``.
        reliability: Share of the variance of `score` that is true.
        level_sd: Standard deviation of log pay between occupations beside the economy's.
        spread_sd: Standard deviation of the log of the factor on an occupation's dispersion.
        spread_mean: Mean of that factor.
        n_groups: Number of clusters.
        periods: Years of a panel; 1 for a long difference.
    """

    exposure: Float[Array, "occupations"]
    score: Float[Array, "occupations"]
    weight: Float[Array, "occupations"]
    group: Int[Array, "occupations"]
    respondents: Float[Array, "occupations"]
    panels: Float[Array, "releases panels"]
    after: Int[Array, "releases"]
    contrast: Float[Array, "releases"]
    level: Float[Array, "releases"]
    top: Float[Array, "releases"]
    reliability: Scalar
    level_sd: Scalar
    spread_sd: Scalar
    spread_mean: Scalar
    n_groups: int = eqx.field(static=True)
    periods: int = eqx.field(static=True)


@dataclasses.dataclass(frozen=True)
class Published:
    """The published panel of one regression.

    Attributes:
        name: The regression in words.
        exposure: Measure of exposure, ``[occupations]``.
        weight: Weights, ``[occupations]``.
        group: Clusters, from 0, ``[occupations]``.
        respondents: Respondents that the published relative standard errors of mean wages amount to, ``[occupations]``.
        outcome: The contrast over releases of 100 log p90/p10; NaN where a wage is top-coded, ``[occupations]``.
        years: Releases.
        contrast: Their weights, ``[releases]``.
        log_median: Weighted mean of the log median of each release, log dollars, ``[releases]``.
        log_median_sd: Weighted standard deviation of log medians in the first release.
        log_ratio: Weighted mean of log p90/p10 in the first release.
        log_ratio_sd: Weighted standard deviation of its log.
        top_code: Top codes, dollars, ``[releases]``.
        exposure_mean: Weighted mean of the measure in the sample of the regression.
        exposure_sd: Weighted standard deviation there.
        periods: Years of a panel; 1 for a long difference.
    """

    name: str
    exposure: np.ndarray
    weight: np.ndarray
    group: np.ndarray
    respondents: np.ndarray
    outcome: np.ndarray
    years: tuple[int, ...]
    contrast: np.ndarray
    log_median: np.ndarray
    log_median_sd: float
    log_ratio: float
    log_ratio_sd: float
    top_code: np.ndarray
    exposure_mean: float
    exposure_sd: float
    periods: int

    @property
    def n_groups(self) -> int:
        """Number of clusters."""
        return int(self.group.max()) + 1

    @property
    def standardised(self) -> np.ndarray:
        """Exposure about its mean, in standard deviations."""
        return (self.exposure - self.exposure_mean) / self.exposure_sd


def taken_after(years: Sequence[int], ai_from: int, pooled: int) -> tuple[np.ndarray, np.ndarray]:
    """Yearly panels in releases that pool several years, and the share of each release that was taken after AI.

    Args:
        years: Releases.
        ai_from: First year whose panels are taken after AI.
        pooled: Years that a release pools, its own the last.

    Returns:
        Shares of the panels, ``[releases, panels]``, and shares after AI, ``[releases]``. Panels that no release has
        come first, so that there are at least two releases' worth.
    """
    own = sorted({year - back for year in years for back in range(pooled)})
    # Two releases may share panels; they have as many places as two that share none.
    own = [min(own) - 1 - extra for extra in range(2 * pooled - len(own))][::-1] + own
    panels = np.array([[(year - pooled < panel <= year) / pooled for panel in own] for year in years])
    return panels, panels @ (np.array(own) >= ai_from).astype(float)


def rank_scores(exposure: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks of occupations among workers; ties share the middle of their ranks."""
    values, inverse = np.unique(exposure, return_inverse=True)
    mass = np.bincount(inverse, weights=weight, minlength=len(values)) / weight.sum()
    return ndtri(np.clip((np.cumsum(mass) - mass / 2)[inverse], 1e-6, 1 - 1e-6))


def padded(values: np.ndarray, length: int, fill: float = 0.0) -> np.ndarray:
    """Values by occupation, filled up to a length."""
    return np.concatenate([values, np.full(length - len(values), fill, values.dtype)])

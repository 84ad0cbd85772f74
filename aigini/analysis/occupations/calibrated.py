"""Surveys that look like a published panel: what is not given is set so that simulated numbers are those published."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import nnls

from aigini.analysis.occupations.design import Design, Published, padded, rank_scores, taken_after
from aigini.analysis.occupations.least_squares import Fit, weighted_fit
from aigini.analysis.occupations.settings import SurveySettings
from aigini.analysis.occupations.survey import Economies, surveys
from aigini.analysis.occupations.wages import SCORES, STEPS

_PROBE = 10.0  # log points
_PROBES = 200  # surveys
_APART = 1 << 20  # numbers of these surveys, apart from those that are reported


@dataclasses.dataclass(frozen=True)
class Calibrated:
    """The survey of a published panel.

    Attributes:
        published: The panel.
        design: The survey.
        shares: Distinct shares of releases that were taken after AI, at full arrival, ``[shares]``.
        occupation_sd: Standard deviation of occupations' changes for other reasons than AI, log points.
        group_sd: That of changes that clusters have in common.
        estimate: The regression of the published panel, per standard deviation of exposure.
    """

    published: Published
    design: Design
    shares: np.ndarray
    occupation_sd: float
    group_sd: float
    estimate: Fit


def calibrated(
    published: Published, settings: SurveySettings, base: np.ndarray, pooled: int, length: int
) -> Calibrated:
    """The survey of a published panel.

    Levels of pay and dispersion between occupations have the published means and standard deviations before AI.
    Changes for other reasons than AI are such that the residuals of the regression have, on average over surveys
    without AI, the published mean squares within and between clusters; one that would have to be negative is 0.

    Args:
        published: The panel.
        settings: Assumptions; those that are given take the place of what is published.
        base: Quantiles before AI, ``[positions, scores]``.
        pooled: Years that a release pools.
        length: Places for occupations.
    """
    panels, after = taken_after(published.years, int(settings.number("ai_from")), pooled)
    shares, index = np.unique(np.round(after, 12), return_inverse=True)
    if shares[0] > 0:
        # The dispersion of an occupation is about its median before AI, whose table comes first.
        shares, index = np.concatenate([[0.0], shares]), index + 1
    medians, ratios = _over_workers(base)
    assumed = {
        "level_sd": np.sqrt(max(published.log_median_sd**2 - medians.var(), 0.0)),
        "spread_mean": published.log_ratio / ratios.mean(),
        "spread_sd": published.log_ratio_sd,
    }
    assumed |= {name: settings.assumed[name] for name in assumed if settings.assumed[name] is not None}
    arrays = {
        "exposure": padded(published.standardised, length),
        "score": padded(rank_scores(published.exposure, published.weight), length),
        "weight": padded(published.weight / published.weight.sum(), length),
        "group": padded(published.group.astype(np.int32), length),
        "respondents": padded(settings.number("survey_size") * published.respondents, length, 1.0),
        "panels": panels,
        "after": index.astype(np.int32),
        "contrast": published.contrast,
        "level": published.log_median - medians.mean(),
        "top": np.log(published.top_code),
        "reliability": np.float64(settings.number("exposure_reliability")),
        **{name: np.float64(value) for name, value in assumed.items()},
    }
    design = Design(
        **{name: jnp.asarray(values) for name, values in arrays.items()},
        n_groups=published.n_groups,
        periods=published.periods,
    )
    estimate = fit_published(published)
    own, common = _changes(design, estimate, settings, base, len(shares))
    return Calibrated(published, design, shares, own, common, estimate)


def fit_published(published: Published) -> Fit:
    """The regression of the published panel, per standard deviation of exposure."""
    known = np.isfinite(published.outcome)
    x = np.stack([np.ones(len(known)), published.standardised], axis=1)
    y = np.where(known, published.outcome, 0.0)
    weight = np.where(known, published.weight / published.weight.sum(), 0.0)
    fit = _fit(x, y, weight, published.group, n_groups=published.n_groups, periods=published.periods)
    return Fit(*map(np.asarray, jax.device_get(fit)))


_fit = jax.jit(weighted_fit, static_argnames=("n_groups", "periods"))


def _over_workers(base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log medians and log p90/p10 of simulated occupations before AI, evenly over workers."""
    occupations = (len(base) - 1) // STEPS + 1
    ranks = np.clip(occupations * (np.arange(1000) + 0.5) / 1000 - 0.5, 0, occupations - 1)

    def at(score: float) -> np.ndarray:
        column = np.array([np.interp(score, SCORES, row) for row in base])
        return np.interp(STEPS * ranks, np.arange(len(base)), column)

    score = 1.2815515655446004
    return at(0.0), at(score) - at(-score)


def _changes(
    design: Design, estimate: Fit, settings: SurveySettings, base: np.ndarray, n_shares: int
) -> tuple[float, float]:
    """Standard deviations of changes for other reasons than AI, of occupations and common to clusters."""
    given = [settings.assumed["occupation_change_sd"], settings.assumed["group_change_sd"]]
    if None not in given:
        return float(given[0] or 0.0), float(given[1] or 0.0)
    probes = Economies(
        tables=jnp.broadcast_to(jnp.asarray(base), (3, n_shares, *base.shape)),
        occupation_sd=jnp.array([0.0, _PROBE, 0.0]),
        group_sd=jnp.array([0.0, 0.0, _PROBE]),
    )
    fits = surveys("", settings.seed, _PROBES, design, probes, first=_APART)
    squares = np.stack([fits.within.mean(axis=0), fits.between.mean(axis=0)])
    slopes = (squares[:, 1:] - squares[:, :1]) / _PROBE**2
    missing = np.array([estimate.within, estimate.between]) - squares[:, 0]
    for k, value in enumerate(given):
        missing = missing - slopes[:, k] * (value or 0.0) ** 2
    free = [k for k, value in enumerate(given) if value is None]
    variances, _ = nnls(slopes[:, free], missing)
    found_sd = dict(zip(free, np.sqrt(variances), strict=True))
    own, common = (found_sd.get(k, 0.0 if value is None else value) for k, value in enumerate(given))
    return float(own), float(common)

"""The published panel of a regression as simulated surveys take it over: occupations, weights, sampling errors."""

import numpy as np

from aigini.analysis.occupations.design import Published
from aigini.analysis.occupations.least_squares import contrast_of
from aigini.oews.layout import TOP_CODED
from aigini.oews.regressions import regression_data
from aigini.oews.samples import Occupations, value, wide
from aigini.oews.specifications import BEFORE_AI, HEADLINE, WINDOWS, Estimator, Specification, require_usable
from aigini.oews.sufficiency import FEWEST, too_little

_SCORE_RANGE = 2 * 1.2815515655446004  # normal scores between p10 and p90
_ROUNDING = 0.05  # percent; relative standard errors are published to one decimal


def panels_of(data: Occupations) -> dict[str, tuple[Published, ...]]:
    """The panels of the usual long differences and of the two-way panel of all years, by measure of exposure.

    Measures are left out with which one of these cannot be regressed (`aigini.oews.sufficiency`).
    """
    known = set(data.years)
    specs: list[tuple[tuple[int, ...], Estimator]] = [
        (window, "long_difference") for window in WINDOWS if set(window) <= known
    ]
    if len(data.years) > 2 and data.years[0] <= BEFORE_AI < data.years[-1]:
        specs.append((data.years, "two_way"))
    made = {
        measure: [Specification(HEADLINE, measure, years, kind) for years, kind in specs]
        for measure in data.exposures.columns
    }
    carried = {measure: own for measure, own in made.items() if own and all(_carries(data, spec) for spec in own)}
    panels = {measure: tuple(published(data, spec) for spec in own) for measure, own in carried.items()}
    return {
        measure: own
        for measure, own in panels.items()
        if all(np.isfinite(panel.outcome).sum() >= FEWEST for panel in own)
    }


def _carries(data: Occupations, spec: Specification) -> bool:
    formula, frame, _, _ = regression_data(data, spec)
    return too_little(spec, formula, frame) is None


def published(data: Occupations, spec: Specification) -> Published:
    """The panel of a long difference or a two-way panel of the dispersion ratio.

    Respondents are those of a simple random sample in which the mean wage has its published relative standard error:
    (CV / r.s.e.)², with the CV of lognormal wages that have the occupation's p90/p10. They are averages over the
    releases, harmonic in the variances.

    Args:
        data: The occupations.
        spec: A specification of `HEADLINE` without controls, with top-coded occupations left out.

    Raises:
        ValueError: if it is another specification.
        AnalysisError: if its measure or its years are not usable.
    """
    usual = (spec.outcome, spec.controls, spec.top_codes, spec.method_break) == (HEADLINE, "none", "drop", False)
    if not usual or spec.estimator not in ("long_difference", "two_way"):
        raise ValueError(f"simulated surveys: {spec.name}: expected changes of {HEADLINE} without controls.")
    require_usable(spec, list(data.exposures.columns))
    years, every = spec.years, wide(data.rows(spec.codes), spec.years)
    x = data.exposures[spec.exposure].reindex(every[0].index).to_numpy(float)
    weight = every[0]["emp"].to_numpy(float) if spec.weights == "employment" else np.ones(len(x))
    known = np.isfinite(x) & (weight > 0)
    for one in every:
        for name in ("p10", "p50", "p90"):
            known &= np.isfinite(one[name]).to_numpy() | (one[f"{name}_mark"] == TOP_CODED).to_numpy()
    x, weight, every = x[known], weight[known], [one[known] for one in every]
    contrast = contrast_of(years, BEFORE_AI) if spec.estimator == "two_way" else np.array([-1.0, 1.0])
    ratios = np.stack([value(one, HEADLINE, "drop").to_numpy() for one in every])
    outcome = contrast @ ratios
    used = np.isfinite(outcome)
    mean = np.average(x[used], weights=weight[used])
    spread = np.where(np.isfinite(ratios), ratios, np.nanmean(ratios, axis=1, keepdims=True)) / 100 / _SCORE_RANGE
    rse = np.stack([one["mean_prse"].to_numpy(float) for one in every])
    rse = np.where(np.isfinite(rse), np.maximum(rse, _ROUNDING), np.nanmedian(rse)) / 100
    first, base = np.log(every[0]["p50"].to_numpy(float)), ratios[0] / 100
    medians = [np.log(one["p50"].to_numpy(float)) for one in every]
    return Published(
        name=f"{'two-way' if spec.estimator == 'two_way' else 'difference'} {spec.span}",
        exposure=x,
        weight=weight,
        group=np.unique(every[0]["major"].to_numpy(), return_inverse=True)[1],
        respondents=1 / np.mean(rse**2 / np.expm1(spread**2), axis=0),
        outcome=outcome,
        years=tuple(years),
        contrast=contrast,
        log_median=np.array([_mean(one, weight) for one in medians]),
        log_median_sd=_sd(first, weight),
        log_ratio=_mean(base, weight),
        log_ratio_sd=_sd(np.log(base), weight),
        top_code=np.array([float(one["top_code"].iloc[0]) for one in every]),
        exposure_mean=float(mean),
        exposure_sd=float(np.sqrt(np.average((x[used] - mean) ** 2, weights=weight[used]))),
        periods=len(years) if spec.estimator == "two_way" else 1,
    )


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    known = np.isfinite(values)
    return float(np.average(values[known], weights=weight[known]))


def _sd(values: np.ndarray, weight: np.ndarray) -> float:
    known = np.isfinite(values)
    return float(np.sqrt(np.average((values[known] - _mean(values, weight)) ** 2, weights=weight[known])))

"""Bounds on effects when trends need not be parallel (Rambachan & Roth, Review of Economic Studies 90, 2023).

An event study estimates β_e = τ_e + δ_e: effects τ, zero before adoption, and the difference δ of trends, which is zero
in the base period, the last before adoption. The target is Σ_e l_e τ_e over periods after adoption.
Restrictions:

* relative magnitudes, |δ_{e+1} - δ_e| after the base at most M times the largest |δ_{e+1} - δ_e| before it. The
  identified set is Σ l β ± M m κ with m the largest earlier step and κ = Σ_s |Σ_{e≥s} l_e|. The confidence interval
  takes m at the upper end of simultaneous bounds on earlier steps at half the level (Bonferroni), and the error of the
  target at the other half; it covers at least as often as it says, and is wider than the conditional intervals of the
  paper.
* smoothness, |second differences of δ| at most M: at M = 0 trends differ by a straight line. The set and the optimal
  interval of fixed length are those of the package diff-diff, if it is installed.

Event studies must have the last period before adoption as the base of all coefficients.
"""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.stats import norm

from aigini.errors import DataError, missing_extra
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

RELATIVE, SMOOTH = "relative magnitudes", "smoothness"


@dataclasses.dataclass(frozen=True)
class Bound:
    """The target under one restriction.

    Attributes:
        restriction: `RELATIVE` or `SMOOTH`.
        size: M.
        low: Lower end of the estimated identified set; None where the estimates before adoption contradict M.
        high: Upper end.
        interval_low: Lower end of the confidence interval.
        interval_high: Upper end.
    """

    restriction: str
    size: float
    low: float | None
    high: float | None
    interval_low: float
    interval_high: float


@dataclasses.dataclass(frozen=True)
class SensitivityBounds(Tabular):
    """Effects under violations of parallel trends.

    Attributes:
        target: The target in words.
        estimate: Its estimate under parallel trends.
        se: Standard error.
        level: Level of the intervals.
        bounds: Bounds by restriction and M.
    """

    units: ClassVar[Units] = file_units(
        estimate="units of the outcome", size="multiple of earlier steps, or units of the outcome per period squared"
    )

    target: str
    estimate: float
    se: float
    level: float
    bounds: tuple[Bound, ...]

    def breakdown(self, restriction: str) -> float | None:
        """The largest M of those tried whose interval leaves out zero, as do those of all smaller M; None if none."""
        last = None
        for bound in (one for one in self.bounds if one.restriction == restriction):
            if bound.interval_low <= 0 <= bound.interval_high:
                break
            last = bound.size
        return last

    def table(self) -> Table:
        """Bounds, one a row."""
        rows = self.bounds
        return Table(
            (
                Column("restriction", [one.restriction for one in rows]),
                Column("M", [one.size for one in rows], ".3g"),
                Column("low", [one.low for one in rows], "+.4f"),
                Column("high", [one.high for one in rows], "+.4f"),
                Column("interval low", [one.interval_low for one in rows], "+.4f"),
                Column("interval high", [one.interval_high for one in rows], "+.4f"),
            )
        )

    def __str__(self) -> str:
        words = []
        for restriction in dict.fromkeys(one.restriction for one in self.bounds):
            largest = self.breakdown(restriction)
            words.append(
                f"Under {restriction} zero is in the interval at every M that was tried."
                if largest is None
                else f"Under {restriction} zero is outside the interval up to M = {largest:g}, of those tried."
            )
        value = f"{self.estimate:+.4g}, s.e. {self.se:.2g}"
        head = f"{self.target}: {value} under parallel trends; {self.level:.0%} intervals."
        return f"{head}\n{self.table()}\n" + " ".join(words)


def sensitivity_bounds(
    events: Sequence[int],
    effect: np.ndarray,
    covariance: np.ndarray,
    *,
    target: np.ndarray | None = None,
    relative: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0),
    smooth: Sequence[float] = (),
    level: float = 0.95,
) -> SensitivityBounds:
    """Bounds on a weighted mean of effects after adoption.

    Args:
        events: Periods since adoption of the coefficients: consecutive but for -1, the base.
        effect: Coefficients, ``[events]``.
        covariance: Their covariance, ``[events, events]``.
        target: Weights l of the periods after adoption; equal ones by default.
        relative: Values of M for relative magnitudes.
        smooth: Values of M for smoothness, which need diff-diff.
        level: Level of the intervals.

    Raises:
        DataError: if periods have gaps, or none is before or after the base.
        MissingExtraError: if smoothness is asked for and diff-diff is not installed.
    """
    order = np.argsort(events)
    dates = np.asarray(events)[order]
    effect, covariance = np.asarray(effect, float)[order], np.asarray(covariance, float)[np.ix_(order, order)]
    before, after = int(np.sum(dates < -1)), int(np.sum(dates >= 0))
    expected = [*range(-1 - before, -1), *range(after)]
    if dates.tolist() != expected or not before or not after:
        raise DataError(
            f"sensitivity bounds: periods since adoption are {dates.tolist()}; expected consecutive ones without -1, at"
            " least one before it and one after it."
        )
    weights = np.full(after, 1 / after) if target is None else np.asarray(target, float)
    if weights.shape != (after,):
        raise DataError(f"sensitivity bounds: {len(weights)} weights for {after} periods after adoption.")
    value = float(weights @ effect[before:])
    se = float(np.sqrt(weights @ covariance[before:, before:] @ weights))
    words = "mean effect after adoption" if target is None else f"effect with weights {weights.tolist()}"
    bounds = [_relative(size, effect, covariance, before, weights, value, se, level) for size in relative]
    bounds += [_smooth(size, dates, effect, covariance, before, weights, level) for size in smooth]
    return SensitivityBounds(words, value, se, level, tuple(bounds))


def _relative(
    size: float,
    effect: np.ndarray,
    covariance: np.ndarray,
    before: int,
    weights: np.ndarray,
    value: float,
    se: float,
    level: float,
) -> Bound:
    # Steps between consecutive periods before adoption, up to the base, whose coefficient is 0.
    steps = np.diff(np.eye(before + 1), axis=0)[:, :-1]
    moved = steps @ effect[:before]
    errors = np.sqrt(np.einsum("si,ij,sj->s", steps, covariance[:before, :before], steps))
    reach = float(np.sum(np.abs(np.cumsum(weights[::-1]))))
    half = size * reach * float(np.abs(moved).max())
    if size == 0:
        quantile = float(norm.ppf((1 + level) / 2))
        return Bound(RELATIVE, 0.0, value, value, value - quantile * se, value + quantile * se)
    rest = (1 - level) / 2
    largest = float((np.abs(moved) + norm.ppf(1 - rest / (2 * before)) * errors).max())
    margin = size * reach * largest + float(norm.ppf(1 - rest / 2)) * se
    return Bound(RELATIVE, size, value - half, value + half, value - margin, value + margin)


def _smooth(
    size: float,
    dates: np.ndarray,
    effect: np.ndarray,
    covariance: np.ndarray,
    before: int,
    weights: np.ndarray,
    level: float,
) -> Bound:
    try:
        from diff_diff.honest_did import HonestDiD
        from diff_diff.results import MultiPeriodDiDResults, PeriodEffect
    except ImportError:
        raise missing_extra("Bounds under smoothness", "diff-diff", "panel") from None
    errors = np.sqrt(np.diag(covariance))
    nan = float("nan")
    periods = {
        int(date): PeriodEffect(int(date), float(one), float(error), nan, nan, (nan, nan))
        for date, one, error in zip(dates, effect, errors, strict=True)
    }
    study = MultiPeriodDiDResults(
        period_effects=periods,
        avg_att=nan,
        avg_se=nan,
        avg_t_stat=nan,
        avg_p_value=nan,
        avg_conf_int=(nan, nan),
        n_obs=0,
        n_treated=0,
        n_control=0,
        pre_periods=dates[:before].tolist(),
        post_periods=dates[before:].tolist(),
        vcov=covariance,
        reference_period=-1,
        interaction_indices={int(date): k for k, date in enumerate(dates)},
    )
    bounds = HonestDiD(method="smoothness", M=size, alpha=1 - level, l_vec=weights).fit(study)
    low, high = (None if np.isnan(end) else float(end) for end in (bounds.lb, bounds.ub))
    return Bound(SMOOTH, size, low, high, float(bounds.ci_lb), float(bounds.ci_ub))

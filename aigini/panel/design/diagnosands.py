"""Diagnosands of a design: properties of an estimator over replications, each with its Monte Carlo standard error.

The terms are those of Blair, Coppock & Humphreys (Research Design in the Social Sciences, 2023); errors of sign and
size (type S and M) are those of Gelman & Carlin (Perspectives on Psychological Science 9, 2014).
"""

import dataclasses

import numpy as np
from scipy.stats import t as student

from aigini.analysis.occupations.power import LEVEL, binomial_error
from aigini.errors import AnalysisError


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """Properties of one estimator of one question in one kind of panel.

    Attributes:
        varied: Respect in which the panel differs from the reference.
        value: Its value in that respect; 0 for the reference.
        world: The economy.
        firms: Firms of the panel.
        workers: Workers of a firm in each occupation.
        tasks: Tasks of an occupation.
        periods: Periods.
        question: The question.
        estimator: The estimator.
        inquiry: True effect on adopters.
        inquiry_error: Its Monte Carlo standard error.
        mean: Mean estimate.
        sd: Standard deviation of estimates.
        mean_se: Root mean squared standard error.
        bias: Mean estimate less the true effect.
        bias_error: Monte Carlo standard error, that of the inquiry included.
        rmse: Root mean squared error.
        rmse_error: Monte Carlo standard error.
        power: Share of panels whose 5 % test rejects no effect; the size of the test where there is none.
        power_error: Monte Carlo standard error.
        coverage: Share of panels whose 95 % interval has the true effect.
        coverage_error: Monte Carlo standard error.
        type_s: Share of significant estimates that have the wrong sign; None without effect or significant ones.
        type_s_error: Monte Carlo standard error.
        type_m: Mean absolute significant estimate over the true effect; None likewise.
        type_m_error: Monte Carlo standard error.
        undefined: Share of panels in which the estimate is not defined, as where measurement error takes off more than
            the whole variance of a task. They count as not rejecting; all else is of the other panels.
        replications: Number of panels.
    """

    varied: str
    value: float
    world: str
    firms: int
    workers: int
    tasks: int
    periods: int
    question: str
    estimator: str
    inquiry: float
    inquiry_error: float
    mean: float
    sd: float
    mean_se: float
    bias: float
    bias_error: float
    rmse: float
    rmse_error: float
    power: float
    power_error: float
    coverage: float
    coverage_error: float
    type_s: float | None
    type_s_error: float | None
    type_m: float | None
    type_m_error: float | None
    undefined: float
    replications: int


def rejections(effect: np.ndarray, se: np.ndarray, freedom: np.ndarray, null: float = 0.0) -> np.ndarray:
    """True where a 5 % t test rejects a value; at a standard error of zero, where the estimate is another one."""
    critical = student.ppf(1 - LEVEL / 2, freedom)
    return np.where(se > 0, np.abs(effect - null) > critical * se, ~np.isclose(effect, null, atol=1e-6))


def measures(
    effect: np.ndarray, se: np.ndarray, freedom: np.ndarray, inquiry: float, inquiry_error: float
) -> dict[str, float | int | None]:
    """The properties of an estimator, by their names in `Diagnosis`.

    Args:
        effect: Estimates, ``[replications]``.
        se: Standard errors.
        freedom: Degrees of freedom.
        inquiry: True effect.
        inquiry_error: Its Monte Carlo standard error.

    Raises:
        AnalysisError: if the estimate is defined in fewer than half of the panels.
    """
    defined, every = np.isfinite(effect) & np.isfinite(se), len(effect)
    effect, se, freedom = effect[defined], se[defined], freedom[defined]
    count = len(effect)
    if 2 * count < every:
        raise AnalysisError(
            f"design: an estimate is defined in {count} of {every} panels only: measurement error takes off all of the"
            " variance within a task; observe more firms or workers, or lower design.output_error_sd."
        )
    missed, significant = effect - inquiry, rejections(effect, se, freedom)
    rmse = float(np.sqrt(np.mean(missed**2)))
    power = float(significant.sum() / every)
    coverage = float(1 - rejections(effect, se, freedom, inquiry).mean())
    sd = float(effect.std(ddof=1))
    known = inquiry != 0 and significant.any()
    number = int(significant.sum())
    wrong = float(np.mean(np.sign(effect[significant]) != np.sign(inquiry))) if known else None
    ratio = np.abs(effect[significant]) / abs(inquiry) if known else np.zeros(0)
    return {
        "inquiry": inquiry,
        "inquiry_error": inquiry_error,
        "mean": float(effect.mean()),
        "sd": sd,
        "mean_se": float(np.sqrt(np.mean(se**2))),
        "bias": float(missed.mean()),
        "bias_error": float(np.hypot(sd / np.sqrt(count), inquiry_error)),
        "rmse": rmse,
        "rmse_error": float(np.std(missed**2, ddof=1) / np.sqrt(count) / (2 * rmse)) if rmse > 0 else 0.0,
        "power": power,
        "power_error": binomial_error(power, every),
        "coverage": coverage,
        "coverage_error": binomial_error(coverage, count),
        "type_s": wrong,
        "type_s_error": binomial_error(wrong, number) if wrong is not None else None,
        "type_m": float(ratio.mean()) if known else None,
        "type_m_error": float(ratio.std(ddof=1) / np.sqrt(number)) if known and number > 1 else None,
        "undefined": 1 - count / every,
        "replications": every,
    }


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Effect, standard error and Welch's degrees of freedom of a difference between independent panels.

    Args:
        one: Effects, standard errors and degrees of freedom, ``[replications, 3, ...]``.
        other: The same of the other panels.
    """
    first, second = one[:, 1] ** 2, other[:, 1] ** 2
    spread = first**2 / one[:, 2] + second**2 / other[:, 2]
    freedom = np.where(spread > 0, (first + second) ** 2 / np.where(spread > 0, spread, 1.0), one[:, 2])
    return np.stack([one[:, 0] - other[:, 0], np.sqrt(first + second), freedom], axis=1)

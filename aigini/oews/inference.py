"""Test and interval of one coefficient, per standard deviation of exposure, by CRV3 where there is one."""

from scipy.stats import t as student

from aigini.oews.regressions import Regression

LEVEL = 0.05
"""Level of tests and of intervals."""


def clustered_error(regression: Regression) -> float:
    """Standard error per standard deviation of exposure: CRV3 where there is one, and CRV1 otherwise."""
    error = regression.se if regression.se_crv3 is None else regression.se_crv3
    return error * regression.exposure_sd


def half_width(regression: Regression) -> float:
    """Half of the 95 % interval by t with as many degrees of freedom as clusters less 1."""
    return float(student.ppf(1 - LEVEL / 2, regression.clusters - 1)) * clustered_error(regression)


def p_value(regression: Regression) -> float:
    """Two-sided probability of a coefficient as far from zero, by the same t."""
    error = clustered_error(regression)
    if error == 0:
        return float(regression.per_sd == 0)
    return float(2 * student.sf(abs(regression.per_sd) / error, regression.clusters - 1))


def interval_text(regression: Regression) -> str:
    """The 95 % interval in print."""
    reach = half_width(regression)
    return f"{regression.per_sd - reach:+.2f} to {regression.per_sd + reach:+.2f}"

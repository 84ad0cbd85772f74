"""Surveys of simulated occupations: the estimator, sampling errors, pooling, calibration, power and size."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from aigini.analysis.occupations.calibrated import calibrated
from aigini.analysis.occupations.design import Published, rank_scores, taken_after
from aigini.analysis.occupations.least_squares import contrast_of, weighted_fit
from aigini.analysis.occupations.power import (
    binomial_error,
    central,
    not_rejected,
    p_value,
    rejection_rate,
)
from aigini.analysis.occupations.settings import ASSUMPTIONS, SurveySettings
from aigini.analysis.occupations.survey import Economies, drawn, sample, surveys
from aigini.analysis.occupations.wages import _EDGES, SCORES, quantile_tables
from aigini.runtime import random_keys

N, GROUPS, PLACES = 320, 20, 352
SD = 0.5
"""Log standard deviation of wages before AI in the tables below."""


def normal_tables(after, compress=0.0):
    """Quantiles of lognormal wages whose log dispersion AI compresses in proportion to the rank of exposure."""
    edges = np.asarray(_EDGES)
    rank = (np.arange(16) + 0.5) / 16
    now = SD * (1 + compress * (rank - 0.5))
    below = np.stack([np.stack([norm.cdf(edges / sd) for sd in sds]) for sds in (np.full(16, SD), now)])
    return quantile_tables(below, after)


def panel(years=(2022, 2024), seed=0, n=N, respondents=1000.0):
    own = np.random.default_rng(seed)
    contrast = np.array([-1.0, 1.0]) if len(years) == 2 else contrast_of(years, 2022)
    x = own.standard_normal(n)
    weight = np.exp(own.standard_normal(n))
    mean = np.average(x, weights=weight)
    return Published(
        name="difference",
        exposure=x,
        weight=weight,
        group=np.arange(n) % GROUPS,
        respondents=np.full(n, respondents),
        outcome=own.standard_normal(n),
        years=tuple(years),
        contrast=contrast,
        log_median=np.full(len(years), 10.5),
        log_median_sd=0.4,
        log_ratio=2 * 1.2815515655446004 * SD,
        log_ratio_sd=0.2,
        top_code=np.full(len(years), np.exp(14.0)),
        exposure_mean=mean,
        exposure_sd=float(np.sqrt(np.average((x - mean) ** 2, weights=weight))),
        periods=1 if len(years) == 2 else len(years),
    )


def settings(**numbers):
    assumed = {name: one.default for name, one in ASSUMPTIONS.items()}
    return SurveySettings(replications=500, assumed=assumed | numbers)


@jax.jit
def sampled(key, design, tables, occupation_sd, group_sd):
    return sample(drawn(key, design), design, tables, jnp.asarray(occupation_sd), jnp.asarray(group_sd))


fitted = jax.jit(weighted_fit, static_argnames=("n_groups", "periods"))
QUIET = {"occupation_change_sd": 0.0, "group_change_sd": 0.0, "spread_sd": 0.0, "level_sd": 0.0, "spread_mean": 1.0}


def survey_of(published, **numbers):
    return calibrated(published, settings(**numbers), normal_tables([0.0])[0], 3, PLACES)


def regressed(one, *tables, count=500, sds=(0.0, 0.0)):
    """Fits of three economies, the last one repeated, so that all tests share a compiled program."""
    three = [*tables, *[tables[-1]] * 3][:3]
    economies = Economies(jnp.asarray(np.stack(three)), jnp.full(3, sds[0]), jnp.full(3, sds[1]))
    return surveys("", 0, count, one.design, economies)


@pytest.mark.parametrize("years", [(2022, 2024), (2018, 2020, 2021, 2022, 2023, 2024)])
def test_the_closed_form_is_what_pyfixest_says_of_the_same_simulated_data(years):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyfixest")
    from aigini.oews.regressions import fit
    from aigini.oews.specifications import Specification

    one = survey_of(panel(years, respondents=200.0), spread_sd=0.2)
    tables = jnp.asarray(normal_tables(one.shares, -0.3))
    key = jax.random.fold_in(random_keys.key(0), 0)
    ratio, published = np.asarray(sampled(key, one.design, tables, 0.0, 0.0).ratio)[:, :N], one.published
    frame = pd.DataFrame(
        {
            "soc": np.tile(np.arange(N), len(years)),
            "major": np.tile(published.group, len(years)),
            "year": np.repeat(years, N),
            "x": np.tile(published.standardised, len(years)),
            "w": np.tile(published.weight, len(years)),
            "ratio": ratio.ravel(),
        }
    )
    frame["post"] = (frame["year"] > 2022).astype(int)
    usual = Specification("p90/p10", "x", years)
    if len(years) == 2:
        data = frame[frame["year"] == years[0]].assign(y=ratio[1] - ratio[0]).reset_index(drop=True)
        (theirs,) = fit(usual, "y ~ x", data, {"x": "exposure"}, "none")
    else:
        spec = dataclasses.replace(usual, estimator="two_way")
        data = frame.assign(y=frame["ratio"])
        (theirs,) = fit(spec, "y ~ i(post, x, ref=0) | soc + year", data, {"post::1:x": "exposure"}, "occupation, year")
    x = jnp.stack([jnp.ones(N), jnp.asarray(published.standardised)], axis=1)
    arrays = (published.contrast @ ratio, published.weight, published.group)
    ours = fitted(x, *map(jnp.asarray, arrays), n_groups=GROUPS, periods=published.periods)
    assert float(ours.coef) == pytest.approx(theirs.coef, rel=1e-6)
    assert float(ours.se_crv1) == pytest.approx(theirs.se, rel=1e-6)
    if len(years) == 2:
        assert float(ours.se_hc1) == pytest.approx(theirs.se_hc1, rel=1e-6)
        assert float(ours.se_crv3) == pytest.approx(theirs.se_crv3, rel=1e-6)
    # The batch of surveys has the same number first.
    batch = surveys("", 0, 1, one.design, Economies(jnp.stack([tables] * 3), jnp.zeros(3), jnp.zeros(3)))
    assert batch.coef[0, 0] == pytest.approx(theirs.coef, rel=1e-6)
    assert batch.se_crv1[0, 0] == pytest.approx(theirs.se, rel=1e-6)


def test_weights_of_zero_and_empty_groups_leave_nothing_behind():
    own = np.random.default_rng(0)
    x, y, w = own.standard_normal((40, 2)), own.standard_normal(40), own.random(40)
    x[:, 0], group = 1.0, np.arange(40) % 8
    w[group == 3] = 0.0
    kept = w > 0
    full = fitted(*map(jnp.asarray, (x, y, w, group)), n_groups=8)
    alone = fitted(*map(jnp.asarray, (x[kept], y[kept], w[kept], np.unique(group[kept], return_inverse=True)[1])), 7)
    np.testing.assert_allclose(np.array(full), np.array(alone), rtol=1e-10)


def test_releases_pool_three_years_and_share_panels():
    panels, after = taken_after((2022, 2024), 2023, 3)
    np.testing.assert_allclose(panels.sum(axis=1), 1)
    assert (panels[0] * panels[1] > 0).sum() == 1
    np.testing.assert_allclose(after, [0, 2 / 3])
    np.testing.assert_allclose(taken_after((2019, 2023), 2023, 3)[1], [0, 1 / 3])


def test_contrasts_are_differences_and_need_both_sides():
    np.testing.assert_allclose(contrast_of((2019, 2023), 2022), [-1, 1])
    np.testing.assert_allclose(contrast_of((2020, 2021, 2023), 2022), [-0.5, -0.5, 1])
    with pytest.raises(ValueError, match="one side of 2022"):
        contrast_of((2019, 2020), 2022)


def test_quantiles_of_mixtures():
    table = normal_tables([0.0, 0.5, 1.0], -0.4)
    np.testing.assert_allclose(table[0], np.broadcast_to(SD * SCORES, table[0].shape), atol=2e-3)
    most = SD * (1 - 0.4 * (15.5 / 16 - 0.5))
    np.testing.assert_allclose(table[2, -1], most * SCORES, atol=2e-3)
    # Half of a release: the share below its own quantiles is the mean of both shares.
    at = table[1, -1]
    np.testing.assert_allclose((norm.cdf(at / SD) + norm.cdf(at / most)) / 2, norm.cdf(SCORES), atol=1e-3)


def test_scores_are_ranks_of_workers():
    scores = rank_scores(np.array([3.0, 1.0, 1.0]), np.array([2.0, 1.0, 1.0]))
    np.testing.assert_allclose(norm.cdf(scores), [0.75, 0.25, 0.25])


def test_sampling_errors_are_those_of_percentiles_of_samples_of_the_stated_size():
    published = panel(respondents=4000.0)
    one = survey_of(published, **QUIET)
    tables = jnp.asarray(normal_tables(one.shares))
    keys = [jax.random.fold_in(random_keys.key(1), k) for k in range(40)]
    ratios = np.stack([np.asarray(sampled(key, one.design, tables, 0.0, 0.0).ratio)[:, :N] for key in keys])
    height = norm.pdf(norm.ppf(0.1)) / SD
    variance = 1e4 * 2 * (0.09 - 0.01) / (4000 * height**2)
    assert ratios.var(axis=(0, 2)) == pytest.approx(variance, rel=0.04)
    # Releases of 2022 and 2024 have one panel of three in common.
    assert (ratios[:, 1] - ratios[:, 0]).var() == pytest.approx(2 * variance * (1 - 1 / 3), rel=0.04)


def test_a_larger_survey_has_smaller_errors():
    sds = []
    for size in (1.0, 4.0):
        one = survey_of(panel(), **{**QUIET, "survey_size": size})
        sds.append(regressed(one, normal_tables(one.shares)).coef[:, 0].std())
    assert sds[0] / sds[1] == pytest.approx(2, rel=0.1)


def test_an_error_in_exposure_attenuates_and_pooling_dilutes():
    for reliability in (1.0, 0.5):
        one = survey_of(panel(respondents=1e6), **{**QUIET, "exposure_reliability": reliability})
        full, two_thirds = normal_tables(np.ones(2), -0.2), normal_tables(one.shares, -0.2)
        none = normal_tables(0 * one.shares)
        full[0] = none[0]  # the release before
        fits = regressed(one, none, two_thirds, full, count=50)
        means = fits.coef.mean(axis=0)
        ranks = norm.cdf(one.design.score[:N])
        slope = np.polyfit(one.published.standardised, ranks, 1, w=np.sqrt(one.published.weight))[0]
        # Among normal scores with reliability r the slope of the true rank is smaller by about sqrt(r).
        expected = -0.2 * 100 * 2 * 1.2815515655446004 * SD * slope * np.sqrt(reliability)
        assert means[0] == pytest.approx(0, abs=0.02)
        assert means[2] == pytest.approx(expected, rel=0.08)
        assert means[1] == pytest.approx(2 / 3 * means[2], rel=0.1)


def test_changes_for_other_reasons_are_recovered():
    published = panel()
    truth = survey_of(published, **{**QUIET, "occupation_change_sd": 4.0, "group_change_sd": 2.0})
    tables = jnp.asarray(normal_tables(truth.shares))
    own = []
    for k in range(12):
        one = sampled(jax.random.fold_in(random_keys.key(5), k), truth.design, tables, 4.0, 2.0)
        outcome = (truth.design.contrast @ one.ratio + one.change)[:N]
        again = survey_of(
            dataclasses.replace(published, outcome=np.asarray(outcome)),
            **{**QUIET, "occupation_change_sd": None, "group_change_sd": None},
        )
        own.append((again.occupation_sd**2, again.group_sd**2))
    mean, error = np.mean(own, axis=0), np.std(own, axis=0, ddof=1) / np.sqrt(len(own))
    assert (np.abs(mean - [16, 4]) < 3 * error).all()
    assert error[0] < 1


def test_the_size_of_the_tests_is_right_with_independent_errors_and_equal_groups():
    one = survey_of(panel(), **QUIET)
    none = normal_tables(0 * one.shares)
    fits = regressed(one, none)
    critical = student.ppf(0.975, GROUPS - 1)
    for se in (fits.se_crv1, fits.se_crv3):
        rate = np.mean(np.abs(fits.coef[:, 0]) > critical * se[:, 0])
        assert abs(rate - 0.05) < 3 * binomial_error(0.05, 500)
    other = surveys("", 1, 500, one.design, Economies(jnp.asarray(np.stack([none] * 3)), jnp.zeros(3), jnp.zeros(3)))
    rate, error = rejection_rate(other.coef[:, 0], fits.coef[:, 0], paired=False)
    assert abs(rate - 0.05) < 3 * error
    assert binomial_error(0.05, 500) < error < 3 * binomial_error(0.05, 500)


def test_changes_that_a_group_has_in_common_make_tests_by_occupation_too_large():
    one = survey_of(panel(), **QUIET)
    by_group = one.design.group.astype(jnp.float64) / GROUPS
    grouped = dataclasses.replace(one.design, exposure=by_group - jnp.mean(by_group))
    none = normal_tables(0 * one.shares)
    fits = regressed(dataclasses.replace(one, design=grouped), none, sds=(1.0, 3.0))
    by_occupation = np.mean(np.abs(fits.coef[:, 0]) > 1.96 * fits.se_hc1[:, 0])
    jackknife = np.mean(np.abs(fits.coef[:, 0]) > student.ppf(0.975, GROUPS - 1) * fits.se_crv3[:, 0])
    assert by_occupation > 0.2
    assert jackknife < 0.1


def test_surveys_depend_on_their_number_alone():
    one = survey_of(panel(), **QUIET)
    economies = Economies(jnp.asarray(np.stack([normal_tables(one.shares)] * 3)), jnp.zeros(3), jnp.zeros(3))
    many, few = surveys("", 0, 120, one.design, economies), surveys("", 0, 7, one.design, economies)
    np.testing.assert_array_equal(many.coef[:7], few.coef)
    later = surveys("", 0, 50, one.design, economies, first=50)
    np.testing.assert_array_equal(many.coef[50:100], later.coef)


def test_power_and_p_values_are_those_of_the_normal_distribution():
    own = np.random.default_rng(3)
    null = own.standard_normal(20_000)
    np.testing.assert_allclose(central(null), [-1.96, 1.96], atol=0.06)
    power, error = rejection_rate(null + 2.0, null)
    assert power == pytest.approx(norm.sf(1.96 - 2) + norm.cdf(-1.96 - 2), abs=0.02)
    assert 0.001 < error < 0.02
    assert rejection_rate(null, null)[0] == pytest.approx(0.05, abs=1e-3)
    assert p_value(2.0, null) == pytest.approx(2 * norm.sf(2), abs=0.01)
    assert p_value(99.0, null) == pytest.approx(2 / 20_001)


def test_what_is_not_rejected_is_the_inverted_test():
    null = np.random.default_rng(4).standard_normal(4000)
    grid = np.array([0.0, -1.0, -2.0, -4.0])
    draws = null[:, None] + grid
    (low, high), errors = not_rejected(0.5, grid, draws)
    assert low == pytest.approx(0.5 - 1.96, abs=0.12)
    assert high == 0.0
    assert errors[1] is None
    assert 0.01 < errors[0] < 0.1
    assert not_rejected(9.0, grid, draws) == (None, (None, None))


def test_assumptions_have_a_meaning_a_unit_and_bounds_that_hold_the_default():
    for name, one in ASSUMPTIONS.items():
        assert one.meaning, name
        assert one.unit, name
        assert one.default is None or one.lower <= one.default <= one.upper

"""Staggered differences in differences: the same numbers as other libraries, and right tests."""

import importlib.util
import warnings

import numpy as np
import pandas
import pytest

from aigini.errors import DataError, MissingExtraError
from aigini.panel.estimators import (
    Cohorts,
    cohorts_of_treatment,
    inference,
    sensitivity_bounds,
    staggered_effects,
    two_way,
    weights,
)
from aigini.panel.estimators.honest import RELATIVE, SMOOTH
from aigini.panel.estimators.staggered import GROUP_TIME, IMPUTATION

DIGITS = {"rtol": 1e-6, "atol": 1e-8}


def design(seed):
    """A random design and outcomes: other numbers of units, periods, cohorts and never treated, trends and effects."""
    rng = np.random.default_rng(seed)
    periods = int(rng.integers(4, 9))
    starts = np.sort(
        rng.choice(np.arange(1, periods), size=int(rng.integers(1, min(4, periods - 1) + 1)), replace=False)
    )
    sizes = rng.integers(2, 12, size=len(starts))
    first = rng.permutation(np.concatenate([np.repeat(starts, sizes), np.full(rng.integers(2, 15), periods)]))
    since = np.arange(periods)[None, :] - first[:, None]
    effect = np.where(since >= 0, rng.normal() + 0.3 * since + 0.1 * first[:, None], 0.0)
    outcome = rng.normal(size=(len(first), periods)).cumsum(axis=1) + 2 * rng.normal(size=(len(first), 1))
    return Cohorts(first, periods), outcome + rng.normal(size=periods)[None, :] + effect


def frame(cohorts, outcome):
    units, periods = outcome.shape
    start = np.where(cohorts.first < periods, cohorts.first + 1, 0)
    table = pandas.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "time": np.tile(np.arange(periods) + 1, units),
            "y": outcome.ravel(),
            "first": np.repeat(start, periods),
        }
    )
    table["treated"] = ((table["first"] > 0) & (table["time"] >= table["first"])).astype(int)
    return table


def check_against_libraries(seed):
    diff_diff, pyfixest = pytest.importorskip("diff_diff"), pytest.importorskip("pyfixest")
    cohorts, outcome = design(seed)
    table, means = frame(cohorts, outcome), inference.cohort_means(cohorts, outcome)
    columns = ("y", "unit", "time", "first")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for controls in ("never", "not_yet"):
            own = weights.group_time(cohorts, controls)
            other = diff_diff.CallawaySantAnna(
                control_group=f"{controls}_treated", base_period="universal", estimation_method="reg"
            ).fit(table, *columns)
            for (start, period), one in own.items():
                theirs = other.group_time_effects[start + 1, period + 1]
                np.testing.assert_allclose(np.sum(one * means), theirs["effect"], **DIGITS)
                if controls == "never":
                    _, influence = inference.influences(cohorts, weights.LinearEffects(("",), one[None]), outcome)
                    np.testing.assert_allclose(np.sqrt(np.sum(influence**2)), theirs["se"], **DIGITS)
            total = weights.aggregated(cohorts, own)
            values, influence = inference.influences(cohorts, total, outcome)
            np.testing.assert_allclose(values[0], other.overall_att, **DIGITS)
            events = other.aggregate("event_study")
            theirs = dict(zip(np.asarray(events.event_time).tolist(), np.asarray(events.att).tolist(), strict=True))
            for name, value in zip(total.names[1:], values[1:], strict=True):
                np.testing.assert_allclose(value, theirs[int(name[2:])], **DIGITS)
            if controls == "never":
                random_sizes = influence[:, 0] + inference.influence_of_sizes(cohorts, own, outcome)
                np.testing.assert_allclose(np.sqrt(np.sum(random_sizes**2)), other.overall_se, **DIGITS)
        linear = weights.sun_abraham(cohorts)
        values = dict(zip(linear.names, inference.estimate(cohorts, linear, outcome).effect, strict=True))
        other = diff_diff.SunAbraham().fit(table, *columns)
        for event, one in other.event_study_effects.items():
            np.testing.assert_allclose(values[f"e={event}"], one["effect"], **DIGITS)
        other = diff_diff.ImputationDiD().fit(table, *columns)
        value = inference.estimate(cohorts, weights.imputation(cohorts), outcome).effect[0]
        np.testing.assert_allclose(value, other.overall_att, **DIGITS)
        own = inference.regression_errors(cohorts, outcome)
        other = pyfixest.feols("y ~ treated | unit + time", table, vcov={"CRV1": "unit"})
        np.testing.assert_allclose(own.effect[0], other.coef()["treated"], **DIGITS)
        np.testing.assert_allclose(own.se[0], other.se()["treated"], **DIGITS)
        np.testing.assert_allclose(np.sum(weights.two_way_fixed_effects(cohorts).weights[0] * means), own.effect[0])
        theirs = {}
        for one in diff_diff.BaconDecomposition().fit(table, *columns).comparisons:
            control = cohorts.periods if one.control_group == "never_treated" else one.control_group - 1
            theirs[one.treated_group - 1, control] = (one.weight, one.estimate)
    own = {(c.treated, c.control): (c.weight, np.sum(c.contrast * means)) for c in two_way.comparisons(cohorts)}
    assert own.keys() == theirs.keys()
    for key, pair in own.items():
        np.testing.assert_allclose(pair, theirs[key], **DIGITS)


@pytest.mark.parametrize("seed", range(20))
def test_the_same_numbers_as_diff_diff_and_pyfixest(seed):
    check_against_libraries(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 200))
def test_the_same_numbers_over_many_designs(seed):
    check_against_libraries(seed)


def test_two_way_fixed_effects_are_least_squares_with_dummies():
    statsmodels = pytest.importorskip("statsmodels.formula.api")
    cohorts, outcome = design(5)
    fit = statsmodels.ols("y ~ treated + C(unit) + C(time)", frame(cohorts, outcome)).fit()
    np.testing.assert_allclose(
        inference.regression_errors(cohorts, outcome).effect[0], fit.params["treated"], rtol=1e-9
    )


@pytest.mark.parametrize("seed", range(6))
def test_weights_say_which_effects_two_way_fixed_effects_average(seed):
    cohorts, _ = design(seed)
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=cohorts.treatment.shape) * cohorts.treatment
    means = effect + rng.normal(size=(len(cohorts.starts), 1)) + rng.normal(size=cohorts.periods)[None, :]
    table = two_way.two_way_weights(cohorts, means)
    assert sum(table.weights) == pytest.approx(1)
    assert sum(table.kind_weights) == pytest.approx(1)
    assert np.sum(two_way.effect_weights(cohorts) * effect) == pytest.approx(table.coefficient)
    assert np.dot(table.kind_weights, table.kind_estimates) == pytest.approx(table.coefficient)
    for linear in (weights.callaway_santanna(cohorts), weights.imputation(cohorts)):
        # Effects of units and periods drop out, and the overall effect is the mean over treated units and periods.
        np.testing.assert_allclose(linear.weights.sum(axis=1), 0, atol=1e-9)
        np.testing.assert_allclose(linear.weights.sum(axis=2), 0, atol=1e-9)
        mass = cohorts.treatment * cohorts.counts[:, None]
        assert np.sum(linear.weights[0] * means) == pytest.approx(np.sum(mass * effect) / mass.sum())


def test_effects_that_grow_get_negative_weights_and_a_coefficient_of_the_wrong_sign():
    first = np.repeat([1, 6], [20, 20])
    cohorts = Cohorts(first, 10)
    since = np.arange(10)[None, :] - cohorts.starts[:, None]
    means = np.where(since >= 0, 1.0 + since, 0.0)
    table = two_way.two_way_weights(cohorts, means)
    assert table.negative < -0.5
    assert table.coefficient < 0 < np.sum(weights.callaway_santanna(cohorts, "not_yet").weights[0] * means)
    assert "treated earlier" in table.kinds


class TestInference:
    def test_tests_have_their_size_and_intervals_their_coverage_with_few_and_unequal_units(self):
        rng = np.random.default_rng(1)
        first = np.repeat([2, 3, 4, 6], [6, 8, 12, 20])
        cohorts = Cohorts(first, 6)
        scale = np.where(first == 2, 3.0, 1.0)[None, :, None]
        outcome = scale * rng.normal(size=(4000, len(first), 6)).cumsum(axis=-1)
        linear = weights.callaway_santanna(cohorts) + weights.imputation(cohorts)
        estimates = inference.estimate(cohorts, linear, outcome)
        error = np.sqrt(0.05 * 0.95 / 4000)
        size = np.mean(inference.p_values(estimates) < 0.05, axis=0)
        assert np.abs(size - 0.05).max() < 3.5 * error
        spread = np.std(estimates.effect, axis=0) / np.sqrt(np.mean(estimates.se**2, axis=0))
        np.testing.assert_allclose(spread, 1, atol=0.05)
        before = [k for k, name in enumerate(linear.names) if name in ("e=-2", "e=-3")][:2]
        values, influence = inference.influences(cohorts, linear, outcome)
        joint = inference.joint_test(cohorts, values[:, before], influence[..., before])
        assert abs(np.mean(joint.p_value < 0.05) - 0.05) < 3.5 * error

    def test_randomisation_is_exact(self):
        rng = np.random.default_rng(2)
        cohorts = Cohorts(np.repeat([2, 4], [5, 5]), 4)
        linear = weights.callaway_santanna(cohorts)
        # A fat-tailed outcome, for which t tests are not exact.
        outcomes = rng.standard_t(2, size=(300, 10, 4))
        p_values = [inference.randomisation_p_values(cohorts, linear, one, draws=99)[0] for one in outcomes]
        assert abs(np.mean(np.array(p_values) <= 0.1) - 0.1) < 3 * np.sqrt(0.09 / 300)
        moved = outcomes[0] + 50.0 * cohorts.treatment[cohorts.index]
        assert inference.randomisation_p_values(cohorts, linear, moved, draws=199)[0] < 0.02

    def test_a_panel_has_one_answer_in_either_library(self):
        import jax.numpy as jnp

        cohorts, outcome = design(3)
        linear = weights.callaway_santanna(cohorts)
        own = inference.estimate(cohorts, linear, outcome)
        other = inference.estimate(cohorts, linear, jnp.asarray(outcome)[None])
        for one, again in zip(own, other, strict=True):
            np.testing.assert_allclose(one, np.asarray(again)[0], rtol=1e-10)


class TestBounds:
    def study(self):
        rng = np.random.default_rng(4)
        events = [-3, -2, 0, 1, 2]
        root = rng.normal(size=(5, 8)) * 0.05
        return events, np.array([0.1, -0.05, 0.8, 0.9, 1.1]), root @ root.T

    def test_identified_sets_are_those_of_diff_diff(self):
        pytest.importorskip("diff_diff")
        events, effect, covariance = self.study()
        sizes = (0.0, 0.5, 1.0, 2.0)
        target = np.array([0.5, 0.3, 0.2])
        own = sensitivity_bounds(events, effect, covariance, target=target, relative=sizes, smooth=(0.0, 0.2, 0.5))
        from diff_diff.honest_did import _solve_rm_bounds_union

        for bound, size in zip(own.bounds, sizes, strict=False):
            low, high = _solve_rm_bounds_union(effect[:2], effect[2:], target, 2, size)
            np.testing.assert_allclose((bound.low, bound.high), (low, high), **DIGITS)
        smooth = [bound for bound in own.bounds if bound.restriction == SMOOTH]
        assert [bound.size for bound in smooth] == [0.0, 0.2, 0.5]
        assert smooth[0].interval_low < smooth[0].interval_high
        assert smooth[2].interval_high - smooth[2].interval_low > smooth[1].interval_high - smooth[1].interval_low

    def test_intervals_by_relative_magnitudes_cover_where_trends_diverge_as_before(self):
        events, _, covariance = self.study()
        rng = np.random.default_rng(5)
        # Steps of 0.1 before and after: the restriction is met with M = 1 and the true effect is 0.
        trend = np.array([-0.2, -0.1, 0.1, 0.2, 0.3])
        draws = rng.multivariate_normal(trend, covariance, size=400)
        covered, naive = 0, 0
        for one in draws:
            zero, bound = sensitivity_bounds(events, one, covariance, relative=(0.0, 1.0)).bounds
            covered += bound.interval_low <= 0 <= bound.interval_high
            naive += zero.interval_low <= 0 <= zero.interval_high
        assert covered / 400 >= 0.95
        assert naive / 400 < 0.9

    def test_breakdown_and_words(self):
        events, effect, covariance = self.study()
        bounds = sensitivity_bounds(events, effect, 0.01 * covariance, relative=(0.0, 0.5, 1.0, 9.0))
        assert bounds.breakdown(RELATIVE) == 1.0
        assert "up to M = 1" in str(bounds)

    def test_periods_with_gaps_are_refused(self):
        events, effect, covariance = self.study()
        with pytest.raises(DataError, match="consecutive"):
            sensitivity_bounds([-4, *events[1:]], effect, covariance)

    def test_without_diff_diff_it_is_said_what_to_install(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "diff_diff.honest_did", None)
        with pytest.raises(MissingExtraError, match=r"diff-diff.*aigini\[panel\]"):
            sensitivity_bounds(*self.study(), smooth=(0.1,))


class TestDesigns:
    def test_results_print_and_become_tables(self):
        cohorts, outcome = design(1)
        result = staggered_effects(cohorts.first, outcome, draws=49)
        assert result.effect().randomisation_p is not None
        assert result.effect("overall", IMPUTATION).se > 0
        assert result.effect("e=0", GROUP_TIME).low < result.effect("e=0", GROUP_TIME).high
        assert len(result.to_frame()) == len(result.effects)
        assert "two-way fixed effects" in str(result)
        with pytest.raises(KeyError):
            result.effect("e=99")

    @pytest.mark.parametrize(
        ("first", "message"),
        [
            ([0, 2, 4], "from the first period on"),
            ([4, 4, 4], "no unit is ever treated"),
            ([2, 2, 2], "nobody to compare them with"),
            ([2, 5, 4], r"outside 0 \.\. 4"),
            ([2.0, 4.0], "whole number"),
        ],
    )
    def test_designs_without_an_answer_are_refused(self, first, message):
        with pytest.raises(DataError, match=message):
            Cohorts(np.asarray(first), 4)

    def test_a_cohort_of_one_and_treatment_that_turns_off_are_refused(self):
        outcome = np.random.default_rng(0).normal(size=(5, 4))
        with pytest.raises(DataError, match="cohort of period 2 has one unit"):
            staggered_effects([2, 3, 3, 4, 4], outcome)
        with pytest.raises(DataError, match="switched off again for 1 units, the first in row 1"):
            cohorts_of_treatment([[0, 1, 1], [0, 1, 0]])
        with pytest.raises(DataError, match=r"expected \[\.\.\., 4, 4\]"):
            inference.cohort_means(Cohorts(np.array([2, 2, 4, 4]), 4), outcome)

    def test_without_never_treated_units_later_ones_are_compared_with(self):
        rng = np.random.default_rng(6)
        first = np.repeat([2, 4], [6, 6])
        outcome = rng.normal(size=(12, 6)) * 0.01 + (np.arange(6)[None, :] >= first[:, None])
        result = staggered_effects(first, outcome)
        assert result.never == 0
        for estimator in (GROUP_TIME, IMPUTATION):
            assert result.effect("overall", estimator).estimate == pytest.approx(1, abs=0.05)
        with pytest.raises(DataError, match="not yet treated"):
            weights.group_time(Cohorts(first, 6), "never")


def test_diff_diff_is_in_the_extras():
    assert importlib.util.find_spec("diff_diff") is not None

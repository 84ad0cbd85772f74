"""Studies of panels: estimators are right where they should be, naive ones are not, and work that was stopped goes
on."""

import dataclasses

import jax
import numpy as np
import pytest
from panel_draws import numbers

from aigini.config import load
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError, ConfigError
from aigini.panel.design import study as studies
from aigini.panel.design.answers import ACROSS, ESTIMATORS, GROUP_TIME, IMPUTATION, OVER_TIME, QUESTIONS, TWO_WAY, USERS
from aigini.panel.design.diagnosands import measures, rejections
from aigini.panel.design.layout import layout_of
from aigini.panel.design.replications import inquiries, replicate
from aigini.panel.design.settings import DesignSettings, Size
from aigini.panel.design.smallest import regime_test, smallest_panel
from aigini.panel.design.study import CONFIGURED, INSTRUMENT, NO_AI, REPORTED, USER_GAIN, study
from aigini.panel.design.world import world_of
from aigini.runtime import random_keys
from aigini.runtime.evaluations import Cache, kept_in

PANELS = 2000
SMALL = DesignSettings(
    size=Size(firms=24, workers=4, tasks=1, periods=4),
    occupations=1,
    cohorts=1,
    firms=(24,),
    workers=(),
    tasks=(),
    periods=(),
    effects=(0.0,),
    selection=(0.9,),
    replications=100,
)


@pytest.fixture(scope="module")
def layout():
    return layout_of(Size(firms=96, workers=8, tasks=1, periods=5), 2, 2, 0.4)


@pytest.fixture(scope="module")
def worlds(baseline):
    return {name: world_of(baseline, Scenario(A1=level), [15, 13]) for name, level in (("ai", 1.0), ("none", 0.0))}


@pytest.fixture(scope="module")
def replicated(worlds, layout):
    """`replicated(world, **assumed)`: estimates ``[panels, 3, questions + 1, estimators]``."""

    def run(world, seed=5, **assumed):
        with random_keys.pinned():
            words = jax.random.key_data(random_keys.key(seed))
            own = numbers(**assumed)
            return np.asarray(replicate(words, np.arange(PANELS, dtype=np.uint32), worlds[world], own, layout), float)

    return run


@pytest.fixture(scope="module")
def truth_of(worlds):
    """`truth_of(**assumed)`: true effects and their Monte Carlo errors, by question."""
    census = layout_of(Size(firms=1000, workers=8, tasks=1, periods=5), 2, 2, 0.4)

    def run(**assumed):
        with random_keys.pinned():
            words = jax.random.key_data(random_keys.key(99))
            own = numbers(**assumed)
            values = np.asarray(inquiries(words, np.arange(40, dtype=np.uint32), worlds["ai"], own, census))
        return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))

    return run


@pytest.fixture(scope="module")
def unselected(replicated, truth_of):
    return replicated("ai"), *truth_of()


@pytest.fixture(scope="module")
def selected(replicated, truth_of):
    return replicated("ai", by_ability=0.9), *truth_of(by_ability=0.9)


def diagnosis(run, question, estimator):
    values, truth, error = run
    k, e = list(QUESTIONS).index(question), ESTIMATORS.index(estimator)
    return measures(*values[:, :, k, e].T, float(truth[k]), float(error[k]))


class TestWithoutSelection:
    @pytest.mark.parametrize("estimator", [GROUP_TIME, IMPUTATION])
    @pytest.mark.parametrize("question", REPORTED)
    def test_estimators_are_unbiased_and_intervals_cover(self, unselected, question, estimator):
        one = diagnosis(unselected, question, estimator)
        assert abs(one["bias"]) < 3 * one["bias_error"]
        assert 0.93 - 2 * one["coverage_error"] <= one["coverage"] <= 0.97 + 2 * one["coverage_error"]

    def test_over_all_questions_bias_is_as_small_as_its_error(self, unselected):
        rows = [diagnosis(unselected, question, GROUP_TIME) for question in REPORTED]
        ratios = np.array([one["bias"] / one["bias_error"] for one in rows])
        assert np.mean(ratios**2) < 2
        assert {
            q: one["coverage"] for q, one in zip(REPORTED, rows, strict=True) if not 0.93 <= one["coverage"] <= 0.97
        } == {}

    def test_without_ai_tests_have_their_size(self, replicated):
        values = replicated("none")
        error = np.sqrt(0.05 * 0.95 / PANELS)
        for question in REPORTED:
            for estimator in (GROUP_TIME, IMPUTATION, TWO_WAY):
                own = values[:, :, list(QUESTIONS).index(question), ESTIMATORS.index(estimator)]
                rate = rejections(*own.T).mean()
                assert abs(rate - 0.05) < 3 * error, (question, estimator)

    def test_ai_moves_outcomes_as_the_hypotheses_say(self, unselected):
        effects = {question: diagnosis(unselected, question, GROUP_TIME)["inquiry"] for question in REPORTED}
        assert effects["log_cv"] < -0.1
        assert effects["gain_gap"] > 0.05
        assert effects["schooling_slope"] < 0
        assert effects["requirement"] > 0.05
        assert effects["diagnostic_variance"] < 0


class TestSelection:
    def test_comparisons_that_ignore_it_are_biased_and_others_are_not(self, selected):
        for estimator in (GROUP_TIME, IMPUTATION):
            for question in ("log_cv", "log_variance", "gain", "gain_gap", "requirement"):
                one = diagnosis(selected, question, estimator)
                assert abs(one["bias"]) < 3 * one["bias_error"], (question, estimator)
            # Able workers are at firms with high assets, which revert to the mean, and with them rents in wages: trends
            # are not quite parallel, and the bias is a small part of the effect.
            one = diagnosis(selected, "schooling_slope", estimator)
            assert abs(one["bias"]) < 0.12 * abs(one["inquiry"])
        across, over_time = (diagnosis(selected, "gain", estimator) for estimator in (ACROSS, OVER_TIME))
        assert across["bias"] > 20 * across["bias_error"]
        assert across["coverage"] < 0.1
        assert over_time["bias"] > 10 * over_time["bias_error"]

    def test_use_by_the_able_makes_users_look_better_than_ai_makes_them(self, replicated, truth_of):
        assumed = {"compliance": 0.7, "worker_selection": 0.9}
        truth, error = truth_of(**assumed)
        names = list(QUESTIONS)
        gain = truth[names.index("gain")] / truth[names.index("use")]
        values = replicated("ai", user_gain=gain, **assumed)
        shares = values[:, 0, names.index("use"), 0]
        instrument = values[:, 0, names.index("gain"), 0] / shares
        own = np.stack([instrument, values[:, 1, -1, 0] / shares, values[:, 2, -1, 0]])
        valid = measures(*own, gain, error[names.index("gain")])
        assert abs(valid["bias"]) < 3 * valid["bias_error"]
        assert 0.93 <= valid["coverage"] <= 0.97
        naive = values[:, 0, names.index("users_less_others"), ESTIMATORS.index(USERS)]
        assert naive.mean() - gain > 0.3


@pytest.fixture(scope="module")
def first(baseline):
    cache = Cache()
    with pytest.MonkeyPatch.context() as patch, kept_in(cache):
        patch.setattr(studies, "_CENSUSES", 4)
        return study(baseline, Scenario(), SMALL, lambda points: [(-0.01, 0.001), (0.01, 0.001)]), cache


class TestStudy:
    def test_goes_on_with_what_is_there_and_ends_the_same(self, first, baseline, monkeypatch):
        monkeypatch.setattr(studies, "_CENSUSES", 4)
        result, cache = first
        rest = Cache()
        for key in list(cache._values)[::2]:
            rest._values[key] = cache._values[key]
        with kept_in(rest):
            again = study(baseline, Scenario(), SMALL, lambda points: [(-0.01, 0.001), (0.01, 0.001)])
        assert again == result
        assert rest.count == cache.count

    def test_has_every_kind_of_panel_and_a_monte_carlo_error_for_each_number(self, first):
        result, _ = first
        assert {one.varied for one in result.diagnoses} == {"reference", "effect", "firms", "selection", "use"}
        for one in result.diagnoses:
            assert one.power_error > 0
            assert one.coverage_error > 0
            assert (one.type_s is None) == (one.type_s_error is None)
        assert [one.target[:2] for one in result.smallest] == [
            "H1",
            "H1",
            "H2",
            "H3",
            "H3",
            "H4",
            "H4",
            "H4",
            "re",
            "re",
        ]
        assert {one.regime for one in result.regimes} == {"labour-strong", "asset-concentrating"}
        (naive,) = [row for row in result.diagnoses if (row.estimator, row.value) == (USERS, 0.9)]
        (valid,) = [row for row in result.diagnoses if (row.estimator, row.value) == (INSTRUMENT, 0.9)]
        assert naive.question == valid.question == USER_GAIN
        assert abs(naive.bias) > 5 * abs(valid.bias)
        sizes = result.rows("effect", "log_cv", GROUP_TIME, NO_AI)
        assert [one.inquiry for one in sizes] == [0.0]

    def test_prints_what_is_assumed_and_draws(self, first, tmp_path):
        from aigini.commands.design import DESIGN

        result, _ = first
        text = str(result)
        assert "Smallest panel with power 80%" in text
        assert "Assumed, not taken from the economy" in text
        assert "labour-strong" in text
        assert [path.name for path in DESIGN.files[0].draw(tmp_path, result)] == [
            "power_by_size.png",
            "bias_by_selection.png",
            "design_diagnosands.png",
        ]
        unresolved = dataclasses.replace(result, regimes=(result.regimes[0], result.regimes[0]))
        assert "not one of each regime" in str(unresolved)
        assert result.rows("firms", "log_cv", GROUP_TIME, CONFIGURED)[0].firms == 24


class TestUndefined:
    """Panels in which an estimate is not defined are counted, not hidden."""

    def test_they_do_not_reject_and_their_share_is_told(self, first):
        effect, se, freedom = np.full(200, 0.3), np.full(200, 0.1), np.full(200, 40.0)
        effect[::2] += 0.02
        whole = measures(effect, se, freedom, 0.3, 0.0)
        effect[:10] = np.nan
        some = measures(effect, se, freedom, 0.3, 0.0)
        assert (whole["undefined"], some["undefined"]) == (0.0, pytest.approx(0.05))
        assert (whole["power"], some["power"]) == (1.0, pytest.approx(0.95))
        assert some["coverage"] == 1.0
        assert np.isfinite([value for value in some.values() if value is not None]).all()
        effect[:150] = np.nan
        with pytest.raises(AnalysisError, match="defined in 50 of 200 panels"):
            measures(effect, se, freedom, 0.3, 0.0)
        result, _ = first
        marked = dataclasses.replace(result.diagnoses[0], undefined=0.125)
        text = str(dataclasses.replace(result, diagnoses=(marked, *result.diagnoses[1:])))
        assert f"{marked.question}, {marked.firms} firms: up to 12.5%" in text

    def test_a_likelihood_ratio_test_takes_the_covariance_of_the_others(self):
        rng = np.random.default_rng(0)
        null, other = rng.normal(size=(2, 4000, 2))
        shift = np.array([1.0, 0.0])
        power, _, size, _ = regime_test(null, other + shift, np.zeros(2), shift)
        null[:400, 0] = np.nan
        less, _, smaller, _ = regime_test(null, other + shift, np.zeros(2), shift)
        assert less == pytest.approx(power, abs=0.02)
        assert smaller == pytest.approx(0.9 * size, abs=0.01)

    def test_tests_of_another_size_are_named(self, first):
        result, _ = first
        rows = result.without_effect()
        assert rows
        assert {one.inquiry for one in rows} == {0.0}
        bad = dataclasses.replace(rows[0], power=0.2)
        marked = dataclasses.replace(
            result, diagnoses=tuple(bad if one is rows[0] else one for one in result.diagnoses)
        )
        assert bad in marked.wrong_sizes()
        assert f"{bad.question}, 24 firms, {bad.estimator}: 0.200" in str(marked)


class TestSmallestPanel:
    def test_is_where_a_test_of_known_power_has_enough(self):
        from scipy.stats import norm

        tried = (25, 50, 100, 200)
        noncentral = 0.28
        power = [float(norm.sf(1.96 - noncentral * np.sqrt(n))) for n in tried]
        one = smallest_panel("x", "t", tried, power, 2000)
        assert one.firms == pytest.approx(((1.96 + 0.8416) / noncentral) ** 2, rel=0.01)
        assert 0 < one.firms_error < 10
        beyond = smallest_panel("x", "t", tried[:2], power[:2], 2000)
        assert beyond.firms is None
        assert beyond.beyond == pytest.approx(one.firms, rel=0.05)
        assert smallest_panel("x", "t", tried[2:], [0.9, 0.99], 500).words == "at most the smallest tried"
        assert smallest_panel("x", "t", tried[:2], [0.05, 0.06], 500).beyond is None

    def test_two_economies_are_told_apart_with_the_power_of_the_normal_test(self):
        from scipy.stats import norm

        rng = np.random.default_rng(0)
        covariance = np.array([[1.0, 0.5], [0.5, 2.0]])
        shift = np.array([1.0, -1.5])
        null, other = (rng.multivariate_normal(mean, covariance, 20_000) for mean in (np.zeros(2), shift))
        power, _, size, error = regime_test(null, other, np.zeros(2), shift)
        assert abs(size - 0.05) < 3 * error
        distance = np.sqrt(shift @ np.linalg.solve(covariance, shift))
        assert power == pytest.approx(norm.sf(1.645 - distance), abs=0.02)


class TestSettings:
    def test_every_mistake_is_named(self):
        with pytest.raises(ConfigError) as error:
            load(None, {"design.firms_tried": [10], "design.rent_shares": [0.2, 0.2], "design.growht": 1.0})
        text = str(error.value)
        assert "leave 2 in a cohort" in text
        assert "design.rent_shares = [0.2, 0.2] is one economy twice" in text
        assert "growht" in text

    def test_a_configuration_without_a_study_is_as_before(self):
        assert "design" not in load(None).source
        changed = load(None, {"design.replications": 200})
        assert changed.design.replications == 200
        assert changed.digest != load(None).digest

    def test_panels_that_are_too_short_are_refused(self):
        with pytest.raises(AnalysisError, match="too few"):
            layout_of(Size(periods=3), 1, 1, 0.4)

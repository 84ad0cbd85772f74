"""Tests of the four hypotheses on panels, and components of variance."""

import jax
import numpy as np
import pytest
from panel_draws import drawn, numbers, table

from aigini.economy.economy import Scenario
from aigini.errors import DataError
from aigini.panel import panel_of
from aigini.panel.design.answers import QUESTIONS
from aigini.panel.design.layout import layout_of
from aigini.panel.design.replications import replicate
from aigini.panel.design.settings import Size
from aigini.panel.design.world import world_of
from aigini.panel.estimators import (
    between_firm_dispersion,
    between_within,
    credential_requirements,
    schooling_returns,
    within_task_dispersion,
    worker_firm_components,
)
from aigini.panel.estimators.cohorts import Cohorts
from aigini.panel.estimators.effects import ratio
from aigini.panel.estimators.firm_panel import firm_panel
from aigini.runtime import random_keys

LAYOUT = layout_of(Size(firms=30, workers=6, tasks=2, periods=5), 2, 2, 0.4)


@pytest.fixture(scope="module")
def world(baseline):
    return world_of(baseline, Scenario(), 2)


@pytest.fixture(scope="module")
def drawn_table(world):
    return table(drawn(3, world, LAYOUT))


@pytest.fixture(scope="module")
def panel(drawn_table):
    return panel_of(drawn_table)


@pytest.fixture(scope="module")
def replicated(world):
    """Estimates of the same panel by the program of the study, ``[3, questions, estimators]``, by question."""
    with random_keys.pinned():
        words = jax.random.key_data(random_keys.key(3))
        values = np.asarray(replicate(words, np.zeros(1, np.uint32), world, numbers(), LAYOUT))[0]
    return {name: values[:, k] for k, name in enumerate(QUESTIONS)}


class TestTheStudyAndThePanelHaveOneAnswer:
    @pytest.mark.parametrize(
        ("question", "test", "effect"),
        [
            ("log_cv", lambda panel: within_task_dispersion(panel, error_sd=0.2), "log CV of output"),
            ("log_variance", lambda panel: within_task_dispersion(panel, error_sd=0.2), "log variance of log output"),
            ("gain_gap", within_task_dispersion, "log output, lowest less highest ability group"),
            ("schooling_slope", schooling_returns, "slope of log wages on schooling"),
            ("requirement", credential_requirements, "share of employers that require the credential"),
            ("diagnostic_variance", credential_requirements, "variance of work samples"),
            ("between_share", between_firm_dispersion, "share between firms, all firms"),
        ],
    )
    def test_of_every_question(self, panel, replicated, question, test, effect):
        own = test(panel).effect(effect)
        values = replicated[question]
        np.testing.assert_allclose((own.estimate, own.se), values[:2, 0], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose((own.imputation, own.two_way), values[0, 1:3], rtol=1e-6, atol=1e-9)

    def test_in_any_order_of_rows_and_with_any_labels(self, panel, drawn_table):
        shuffled = drawn_table.sample(frac=1, random_state=0).assign(firm=lambda t: "firm " + t["firm"].astype(str))
        one, other = (schooling_returns(p).effects[0] for p in (panel, panel_of(shuffled)))
        assert one.estimate == pytest.approx(other.estimate, rel=1e-12)


def test_effects_are_those_of_statistics_taken_by_hand(panel, drawn_table):
    """The effect is a difference in differences of mean logs of CVs of workers' deviations from their firm's mean."""
    result = within_task_dispersion(panel)
    firms = firm_panel(panel)
    first = dict(zip(firms.firms.tolist(), firms.cohorts.first.tolist(), strict=True))
    rows = drawn_table.assign(start=drawn_table["firm"].map(first))
    within = ["firm", "period", "occupation", "task"]
    rows["deviation"] = rows["output"] - rows.groupby(within)["output"].transform("mean")
    cells = rows.groupby(["start", "period", "occupation", "task"]).agg(
        squares=("deviation", lambda x: (x**2).sum()),
        mean=("output", "mean"),
        count=("output", "size"),
        f=("firm", "nunique"),
    )
    cv = np.log(np.sqrt(cells["squares"] / (cells["count"] - cells["f"])) / cells["mean"])
    means = cv.groupby(["start", "period"]).mean().unstack()
    effect, mass = 0.0, 0.0
    for start in means.index[:-1]:
        size = sum(value == start for value in first.values())
        for period in range(start, 5):
            own = means.loc[start, period] - means.loc[start, start - 1]
            effect += size * (own - means.loc[5, period] + means.loc[5, start - 1])
            mass += size
    assert result.effects[0].estimate == pytest.approx(effect / mass, rel=1e-9)
    assert result.effects[0].estimate < -0.1
    assert result.effects[1].estimate == pytest.approx(np.expm1(result.effects[0].estimate))


class TestPrintsAndRefusals:
    def test_results_print_their_estimand_assumptions_and_source(self, panel):
        result = credential_requirements(panel, draws=49)
        text = str(result)
        assert all(word in text for word in ("Estimand:", "Assumptions:", "Source:", "30 firms"))
        assert result.effects[0].randomisation_p is not None
        assert len(result.to_frame()) == len(result.effects)
        with pytest.raises(KeyError, match="H3 has no effect"):
            result.effect("luck")

    def test_intervals_of_ratios_cover_and_are_not_bounded_where_the_denominator_may_be_zero(self, world):
        rng = np.random.default_rng(0)
        cohorts = Cohorts(np.repeat([2, 3, 5], 12), 5)
        treated = cohorts.treatment[cohorts.index]
        covered, bounded = 0, 0
        for _ in range(400):
            noise = rng.normal(size=(2, 36, 5))
            one = ratio(cohorts, 0.6 * treated + noise[0], 1.2 * treated + 0.5 * noise[0] + noise[1])
            inside = one.low is None or one.low <= 0.5 <= one.high
            covered, bounded = covered + inside, bounded + (one.low is not None)
        assert abs(covered / 400 - 0.95) < 3 * np.sqrt(0.05 * 0.95 / 400)
        assert bounded > 0
        unknown = credential_requirements(
            panel_of(table(drawn(4, world_of(world.params, Scenario(A1=0.0), 2), LAYOUT)))
        )
        assert unknown.effects[-1].low is None
        assert "not bounded" in str(unknown)

    def test_other_schooling_is_estimated_where_there_is_some(self, drawn_table):
        rng = np.random.default_rng(0)
        other = rng.normal(size=drawn_table["worker"].max() + 1)[drawn_table["worker"]]
        moved = drawn_table.assign(other_schooling=other - other.min())
        adopted = moved.groupby(["firm", "period"])["ai_use"].transform("max")
        moved["wage"] *= np.exp(0.1 * other + 0.05 * other * adopted)
        result = schooling_returns(panel_of(moved))
        effect = result.effect("slope of log wages on other schooling")
        assert effect.estimate == pytest.approx(0.05, abs=4 * effect.se)
        assert effect.p_value < 0.01

    def test_kinds_of_firms_are_compared(self, drawn_table, world):
        firm = np.arange(30)
        kind = np.where(firm % 2, "proprietary", "commodity")
        result = between_firm_dispersion(
            panel_of(table(drawn(3, world, LAYOUT), kind, np.where(firm % 4 == 1, 0.1, 0.5)))
        )
        names = [one.name for one in result.effects]
        assert names[0] == "proprietary AI less commodity AI"
        parts = [result.effect(f"share between firms, {one} AI") for one in ("proprietary", "commodity")]
        assert result.effects[0].estimate == pytest.approx(parts[0].estimate - parts[1].estimate)
        assert result.effects[0].se == pytest.approx(np.hypot(parts[0].se, parts[1].se))

    def test_a_column_that_is_missing_is_named(self, drawn_table):
        with pytest.raises(DataError, match="no column wage"):
            schooling_returns(panel_of(drawn_table.drop(columns="wage")))

    def test_firms_that_are_not_always_there_are_left_out_and_said_so(self, drawn_table):
        gone = drawn_table[(drawn_table["firm"] != 7) | (drawn_table["period"] > 1)]
        result = schooling_returns(panel_of(gone))
        assert result.firms == 29
        assert "1 firms are not observed in every period" in str(result)

    def test_one_worker_in_each_firm_is_refused(self, drawn_table):
        single = drawn_table[drawn_table["worker"] % 6 == 0]
        with pytest.raises(DataError, match="no task has two workers"):
            within_task_dispersion(panel_of(single))


class TestVarianceComponents:
    def firms(self, rng, sizes, spread):
        firm = np.repeat(np.arange(len(sizes)), sizes)
        effect = spread * rng.normal(size=len(sizes))
        # Errors whose variance differs between firms.
        scale = np.exp(rng.normal(size=len(sizes)) * 0.5)[firm]
        return firm, effect, scale

    def test_leave_out_is_unbiased_and_plug_in_is_not(self):
        rng = np.random.default_rng(0)
        sizes = rng.integers(2, 6, size=60)
        firm, effect, scale = self.firms(rng, sizes, 0.3)
        truth = np.sum(sizes * (effect - np.average(effect, weights=sizes)) ** 2) / sizes.sum()
        results = [between_within(effect[firm] + scale * rng.normal(size=len(firm)), firm) for _ in range(1500)]
        corrected = np.array([one.leave_out[0] for one in results])
        plain = np.array([one.plug_in[0] for one in results])
        error = corrected.std() / np.sqrt(len(results))
        assert abs(corrected.mean() - truth) < 3 * error
        assert plain.mean() - truth > 20 * error

    def test_with_equal_firms_it_is_the_statistic_of_the_fourth_hypothesis(self):
        rng = np.random.default_rng(1)
        firm = np.repeat(np.arange(20), 4)
        wage = rng.normal(size=20)[firm] + rng.normal(size=80)
        mean = wage.reshape(20, 4).mean(axis=1)
        pairs = (wage.reshape(20, 4).sum(axis=1) ** 2 - (wage.reshape(20, 4) ** 2).sum(axis=1)) / 12
        products = (mean.sum() ** 2 - (mean**2).sum()) / (20 * 19)
        # Over the 20 firms themselves, and not over those they are drawn from, the factor is 19/20.
        assert between_within(wage, firm).leave_out[0] == pytest.approx(19 / 20 * (pairs.mean() - products), rel=0.02)

    def test_with_movers_firm_and_worker_effects_are_told_apart(self):
        rng = np.random.default_rng(2)
        firms, workers = 10, 100
        first = rng.integers(0, firms, workers)
        second = np.where(rng.random(workers) < 0.7, rng.integers(0, firms, workers), first)
        worker, firm = np.tile(np.arange(workers), 2), np.concatenate([first, second])
        ability, premium = 0.5 * rng.normal(size=workers), 0.3 * rng.normal(size=firms)
        signal = ability[worker] + premium[firm]
        results = [worker_firm_components(signal + 0.4 * rng.normal(size=len(firm)), worker, firm) for _ in range(40)]
        exact = worker_firm_components(signal, worker, firm)
        assert exact.left_out > 0
        truth = np.array(exact.plug_in)
        corrected = np.array([one.leave_out for one in results])
        error = corrected.std(axis=0) / np.sqrt(len(results))
        assert np.all(np.abs(corrected.mean(axis=0) - truth) < 3.5 * error)
        assert np.mean([one.plug_in[0] for one in results]) - truth[0] > 3 * error[0]
        assert "firm effects" in str(exact)

    def test_without_movers_there_is_nothing_to_tell_apart(self):
        worker = np.arange(10)
        with pytest.raises(DataError, match="movers"):
            worker_firm_components(np.zeros(10), worker, worker // 2)
        with pytest.raises(DataError, match="two workers"):
            between_within(np.zeros(3), np.array([0, 0, 1]))

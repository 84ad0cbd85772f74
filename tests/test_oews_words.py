"""Words and tables of `aigini oews` on the committed results: every statement with its condition and its error."""

import dataclasses
import re
from pathlib import Path

import pytest

from aigini.analysis.occupations import words
from aigini.analysis.occupations.conditions import by_handling, condition_words, p_cell, p_words
from aigini.analysis.occupations.power import LEVEL, least_p_value, p_value
from aigini.analysis.occupations.result import Comparison
from aigini.commands.registry import load_result
from aigini.oews.handling import beside_surveys, handlings
from aigini.oews.specifications import WINDOWS

FOLDER = Path(__file__).parent.parent / "experiments" / "oews"
MEASURE = "eloundou_beta_gpt4"


@pytest.fixture(scope="module")
def wages():
    return load_result(FOLDER, "oews")


@pytest.fixture(scope="module")
def stored():
    return load_result(FOLDER, "oews_surveys")


@pytest.fixture(scope="module")
def surveys(wages, stored):
    return dataclasses.replace(stored, handlings=beside_surveys(wages.regressions, MEASURE))


def test_the_stated_ranges_are_those_of_the_specifications(wages):
    for window in WINDOWS:
        stated = re.search(
            r"Over the (\d+) specifications .*? from (\S+) to (\S+) log points .*? Over all (\d+), with the (\d+)"
            r" lowest and highest .*? from (\S+) to (\S+)\.$",
            wages._words(window),
        )
        every = wages.specifications(window)
        closed = [r.per_sd for r in every if "upper" not in r.sample and "lower" not in r.sample]
        values = [r.per_sd for r in every]
        assert [int(stated[k]) for k in (1, 4, 5)] == [len(closed), len(every), len(every) - len(closed)]
        assert [stated[k] for k in (2, 3)] == [f"{f(closed):+.2f}" for f in (min, max)]
        assert [stated[k] for k in (6, 7)] == [f"{f(values):+.2f}" for f in (min, max)]
        shown = handlings(wages.regressions, MEASURE)[f"long difference {window[0]}-{window[1]}"]
        assert all(float(stated[6]) - 0.005 <= r.per_sd <= float(stated[7]) + 0.005 for r in shown)


def test_a_single_measure_has_words_of_its_own(wages):
    one = dataclasses.replace(wages, regressions=tuple(r for r in wages.regressions if r.exposure == MEASURE))
    said = one._words(WINDOWS[1])
    assert said.startswith("The coefficient is negative and does not differ from zero at 5 % by CRV3 with 22 clusters")


def test_tables_of_panels_count_occupations_beside_rows(wages, stored):
    panel = handlings(wages.regressions, MEASURE)["two-way panel"][0]
    (simulated,) = (one for one in stored.regressions if one.name.startswith("two-way"))
    assert panel.occupations is None  # the committed file is older
    assert panel.n_occupations == simulated.n == panel.n // 7


def test_the_least_p_value_is_said_to_be_a_bound(surveys):
    least = least_p_value(500)
    assert least == p_value(9.0, surveys_of(500))
    assert p_words(least, 500) == "p at most 0.004"
    assert p_cell(least, 500) == "≤ 0.004"
    assert p_words(2 * least, 500) == "p = 0.008"
    text = str(surveys)
    assert "p = 0.004" not in text
    assert "0.004 is the least that 500 surveys can give" in text


def surveys_of(count):
    import numpy as np

    return np.linspace(-1, 1, count)


def test_a_rejection_stands_in_one_sentence_with_what_it_depends_on(surveys):
    one = next(r for r in surveys.regressions if r.name == "difference 2022-2024")
    said = words.published_words(surveys, one)
    sentence = said.split(". It does not reject")[0]
    assert f"by {MEASURE}, top-coded occupations left out, if all of AI's effect is in the survey panels" in sentence
    d = next(d for d in surveys.main(one.name) if d.label == "equalising")
    lowest = next(h for h in surveys.handlings if h.regression == one.name and "lowest" in h.handling)
    # The economist's own check: the lower bound of top codes is a coefficient that this economy gives.
    assert d.low < lowest.estimate < d.high
    assert d.p_value < LEVEL
    holds, fails = condition_words(surveys, one, "equalising").split(", and does not hold for: ")
    assert "top-coded: lowest coefficient (-2.64)" in fails
    assert "0.66 ± 0.03 of AI's effect" in fails
    rejecting = [m for m in surveys.measures if m.regression == one.name and m.p_values["equalising"] < LEVEL]
    assert f"{len(rejecting)} of 13 measures of exposure" in holds
    assert "unweighted" in holds
    table = by_handling(surveys).to_frame()
    assert len(table) == 12


def test_without_other_handlings_the_condition_is_stated_still(stored):
    one = next(r for r in stored.regressions if r.name == "difference 2022-2024")
    said = words.published_words(stored, one)
    assert "top-coded occupations left out, if all of AI's effect is in the survey panels from 2023 on" in said
    assert "lowest coefficient" not in said
    assert "under other handlings" not in str(stored)


def test_power_has_errors_at_both_ends_and_its_condition(surveys):
    rows = [Comparison(name, "no AI", "equalising", "AI", power, 0.02) for name, power in (("a", 0.95), ("b", 0.12))]
    said = words.power_words("AI", rows, 1.0)
    assert "0.95 ± 0.02 at best (a), and 0.12 ± 0.02 at worst (b)" in said
    assert "if all of AI's effect has arrived, such data can tell" in said
    assert "if a share of 0.5 of AI's effect has arrived, such data can tell" in words.power_words("AI", rows, 0.5)
    alone = words.power_words("AI", rows[:1], 1.0)
    assert "at best" not in alone
    assert "at worst" not in alone
    assert "even if all of AI's effect has arrived, such data cannot tell" in words.power_words("AI", rows[1:], 1.0)
    for line in str(surveys).splitlines():
        if "such data can tell" in line:
            assert "if all of AI's effect has arrived" in line


def test_one_measure_of_exposure_is_not_counted(stored):
    rows = [m for m in stored.measures if m.regression == "difference 2022-2024" and m.exposure == MEASURE]
    said = words.measure_words(rows)
    assert said == f"difference 2022-2024, {MEASURE} (-0.36): rejected is equalising."


def test_the_change_of_the_gini_says_that_its_error_is_elsewhere(stored):
    assert str(stored).count("its simulation error is not computed here") == len(stored.regimes)


def test_surveys_tell_of_their_progress_before_the_first_is_done(monkeypatch):
    import jax.numpy as jnp

    from aigini.analysis.occupations import survey
    from aigini.analysis.occupations.design import Design
    from aigini.runtime.progress import watched

    told = []

    def first_block(run, key):
        assert told == [("difference", 0, 60)]
        raise KeyboardInterrupt

    monkeypatch.setattr(survey, "evaluated", first_block)
    vector, number = jnp.ones(2), jnp.float64(1.0)
    design = Design(
        exposure=vector,
        score=vector,
        weight=vector,
        group=jnp.zeros(2, jnp.int32),
        respondents=vector,
        panels=jnp.ones((2, 6)),
        after=jnp.zeros(2, jnp.int32),
        contrast=vector,
        level=vector,
        top=vector,
        reliability=number,
        level_sd=number,
        spread_sd=number,
        spread_mean=number,
        n_groups=1,
        periods=1,
    )
    economies = survey.Economies(jnp.ones((1, 1, 2, 2)), jnp.ones(1), jnp.ones(1))
    with watched(lambda *one: told.append(one)), pytest.raises(KeyboardInterrupt):
        survey.surveys("difference", 0, 60, design, economies)

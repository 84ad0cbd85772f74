"""Surveys of simulated occupations from synthetic files in the published format: result, files and words."""

import csv
import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("pyfixest")
pytest.importorskip("python_calamine")

import oews_files as files

import aigini
from aigini import oews
from aigini.analysis.occupations import words
from aigini.analysis.occupations.calibrated import fit_published
from aigini.analysis.occupations.power import LEVEL
from aigini.analysis.occupations.result import Comparison, NotRejected
from aigini.commands.command import Run
from aigini.commands.oews import OEWS
from aigini.commands.registry import load_result
from aigini.commands.source import Source
from aigini.config import load
from aigini.errors import AnalysisError, CheckpointError, ConfigError, DataError
from aigini.oews.design import panels_of, published
from aigini.oews.handling import main_measure
from aigini.oews.specifications import Specification
from aigini.storage import ledger

pytestmark = pytest.mark.slow

SMALL = {
    "population.n_workers": 4096,
    "population.n_firms": 60,
    "oews.replications": 100,
    "oews.floor_strengths": [0.0, 1.0, 2.0],
    "oews.arrivals": [0.5, 1.0],
}
CODES = [f"{major}-{n}011" for major in range(11, 35, 2) for n in range(1, 8)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return files.write_folder(tmp_path_factory.mktemp("data"), years=[2019, 2022, 2023, 2024], codes=CODES)


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    target, told = tmp_path_factory.mktemp("out"), []
    options = {"data": data, "exposure": f"{data / 'occ_level.csv'}:eloundou_beta_gpt4", "simulated": True}
    code = OEWS.perform(Run(Source(load(None, SMALL)), target, False, told.append), options)
    return SimpleNamespace(
        code=code, folder=target, told=told, options=options, result=load_result(target, "oews_surveys")
    )


def test_published_regressions_are_those_of_pyfixest(data):
    occupations = oews.load(data)
    for years, estimator in (((2019, 2023), "long_difference"), ((2019, 2022, 2023, 2024), "two_way")):
        spec = Specification("p90/p10", "eloundou_beta_gpt4", years, estimator)
        (theirs,) = oews.regress(occupations, specifications=[spec]).regressions
        panel = published(occupations, spec)
        ours = fit_published(panel)
        assert float(ours.coef) == pytest.approx(theirs.per_sd, rel=1e-6)
        assert float(ours.se_crv1) == pytest.approx(theirs.se * theirs.exposure_sd, rel=1e-6)
        assert int(ours.n) * (len(years) if estimator == "two_way" else 1) == theirs.n


def test_respondents_are_those_whose_mean_has_the_published_error(data):
    panel = published(oews.load(data), Specification("p90/p10", "eloundou_beta_gpt4", (2019, 2023)))
    # Synthetic files have a relative standard error of 0.8 % and dispersions that hardly change.
    spread = np.sqrt(np.log1p(panel.respondents * 0.008**2))
    assert np.corrcoef(spread, spread)[0, 1] == pytest.approx(1)
    assert 100 * 2 * 1.2815515655 * np.average(spread, weights=panel.weight) == pytest.approx(
        100 * panel.log_ratio, rel=0.03
    )


def test_other_specifications_are_refused(data):
    for change in ({"controls": "base"}, {"outcome": "log p50"}, {"estimator": "level"}, {"top_codes": "threshold"}):
        spec = dataclasses.replace(Specification("p90/p10", "eloundou_beta_gpt4", (2019, 2023)), **change)
        with pytest.raises(ValueError, match="expected changes of p90/p10"):
            published(oews.load(data), spec)


def test_the_measure_of_every_economy_is_the_first_rater():
    assert main_measure(["felten_aioe", "eloundou_beta_gpt4"]) == "eloundou_beta_gpt4"
    assert main_measure(["own"]) == "own"


def test_every_file_is_written_and_reads_back(done):
    assert done.code == 0
    names = {path.name for path in done.folder.rglob("*") if path.is_file()}
    assert {"oews.json", "oews_surveys.json", "oews.csv", "oews_surveys.csv", "run.json"} <= names
    assert {"simulated_coefficients.png", "survey_power.png", "coefficient_by_m1.png"} <= names
    assert "evaluations.jsonl" not in names
    content = json.loads((done.folder / "oews_surveys.json").read_text())
    assert content["replications"] == 100
    with (done.folder / "oews_surveys.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["mean"]) for row in rows] == pytest.approx([d.mean for d in done.result.distributions])
    assert len(done.result.to_frame()) == len(rows)


def test_economies_are_those_asked_for(done):
    result = done.result
    equalising, concentrating = result.regimes
    assert equalising.gini_change < 0 < concentrating.gini_change
    assert [one.name for one in result.regressions] == [
        "difference 2019-2023",
        "difference 2022-2024",
        "two-way 2019, 2022, 2023, 2024",
    ]
    assert result.regressions[0].after == pytest.approx([0, 1 / 3])
    assert result.regressions[1].after == pytest.approx([0, 2 / 3])
    for one in result.regressions:
        rows = {d.label: d for d in result.main(one.name)}
        assert len(rows) == 9
        assert rows["equalising"].m1 == pytest.approx(-0.19, abs=1e-3)
        assert abs(rows["equalising, task floor off"].m1) < 1e-3
        assert rows["no AI"].m1 == 0
        floors = result.floors(one.name, "equalising")
        assert [d.floor for d in floors] == [0, 1, 2]
        assert [d.arrival for d in result.arrivals(one.name, "equalising")] == [0.5, 1.0]
        # Without AI the true coefficient is zero.
        assert abs(rows["no AI"].mean) < 4 * rows["no AI"].mean_error
        # Common draws: AI compresses the exposed in the equalising economy, more so with more of the floor.
        assert floors[2].mean < floors[1].mean < rows["no AI"].mean


def test_power_against_itself_is_the_level_and_every_share_has_an_error(done):
    result = done.result
    for one in result.regressions:
        none = next(d for d in result.main(one.name) if d.regime == "no AI")
        assert none.power == pytest.approx(LEVEL, abs=0.011)
    assert all(0 <= c.power <= 1 and c.power_error >= 0 for c in result.comparisons)
    assert all(s.rate_error > 0 for s in result.sizes)
    assert {c.question for c in result.comparisons} == {"AI", "task floor", "screening", "proprietary rents", "regime"}
    assert {s.test.split(",")[0] for s in result.sizes} == {"CRV1", "CRV3", "by occupation", "simulated distribution"}


def test_sentences_follow_from_the_numbers(done):
    text = str(done.result)
    for one in done.result.regressions:
        rejected = [d.label for d in done.result.main(one.name) if d.p_value < LEVEL]
        sentence = words.published_words(done.result, one)
        assert sentence in text
        assert ("rejects none of 9" in sentence) == (not rejected)
    assert "as published" in text


@pytest.mark.parametrize(("power", "said"), [(0.95, "can tell"), (0.1, "cannot tell"), (0.79, "is open")])
def test_a_power_is_enough_or_not_only_beyond_its_error(power, said):
    one = Comparison("r", "no AI", "equalising", "AI", power, 0.02)
    assert said in words.power_words("AI", [one])


def test_a_range_says_whether_anything_is_rejected():
    def one(low, high):
        return NotRejected("r", "equalising", "m1", low, high, None, None, (-0.7, 0.0))

    assert "in 1 of 1" in words.range_words([one(-0.7, 0.0)])
    assert "-0.30 to 0.00" in words.range_words([one(-0.3, 0.0)])
    assert "none" in words.range_words([one(None, None)])


def test_an_interrupted_run_goes_on_with_the_same_numbers(done, tmp_path, monkeypatch):
    kept, count = ledger.Ledger._keep, 0

    def stop(self, key, value):
        nonlocal count
        count += 1
        if count > 12:
            raise KeyboardInterrupt
        kept(self, key, value)

    source = Source(load(None, SMALL))
    with monkeypatch.context() as patched:
        patched.setattr(ledger.Ledger, "_keep", stop)
        with pytest.raises(KeyboardInterrupt):
            OEWS.perform(Run(source, tmp_path, False, lambda line: None), done.options)
    assert ledger.evaluations_in(tmp_path) == 12
    other = Source(load(None, {**SMALL, "oews.seed": 1}))
    with pytest.raises(CheckpointError, match="belong to another configuration"):
        OEWS.perform(Run(other, tmp_path, True, lambda line: None), done.options)
    OEWS.perform(Run(source, tmp_path, True, lambda line: None), done.options)
    again = load_result(tmp_path, "oews_surveys")
    assert [d.mean for d in again.distributions] == [d.mean for d in done.result.distributions]
    assert again.comparisons == done.result.comparisons


def test_what_cannot_work_is_refused(data, tmp_path):
    with pytest.raises(DataError, match="no folder of published files"):
        aigini.commands.oews.occupation_surveys(data=None)
    with pytest.raises(AnalysisError, match="floor_strengths"):
        aigini.commands.oews.occupation_surveys(data=data, **{**SMALL, "oews.floor_strengths": [1.0, 50.0]})
    with pytest.raises(ConfigError, match=r"oews\.arrival"):
        load(None, {"oews.arrival": 0.0})
    lonely = files.write_folder(tmp_path / "one", years=[2021], codes=CODES)
    assert panels_of(oews.load(lonely)) == {}

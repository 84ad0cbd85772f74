"""`aigini oews` on synthetic files in the published format: its files, its sentences, and what it leaves unwritten."""

import csv
import dataclasses
import json
import re
from types import SimpleNamespace

import pytest
from scipy.stats import t as student

pytest.importorskip("pyfixest")
pytest.importorskip("python_calamine")
pytest.importorskip("great_tables")

import oews_files as files

from aigini import oews
from aigini.commands.oews import OEWS, occupation_wages
from aigini.commands.registry import load_result
from aigini.commands.source import Source
from aigini.config import load
from aigini.errors import ConfigError, DataError
from aigini.oews.exposures import read_exposures
from aigini.oews.handling import handlings
from aigini.oews.inference import half_width, p_value
from aigini.oews.result import OccupationWages, significant
from aigini.oews.specifications import Specification

KEYS = {
    *("name", "outcome", "exposure", "sample", "years", "estimator", "weights", "controls"),
    *("fixed_effects", "cluster", "coef", "se", "se_hc1", "n", "r2"),
}

REST = {"exposure": None, "simulated": False}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    from aigini.commands.command import Run

    data = files.write_folder(tmp_path_factory.mktemp("data"), years=[2019, 2022, 2023, 2024])
    target = tmp_path_factory.mktemp("out")
    told = []
    run = Run(Source(load()), target, False, told.append)
    exposure = f"{data / 'occ_level.csv'}:eloundou_beta_gpt4"
    code = OEWS.perform(run, {"data": data, "exposure": exposure, "simulated": False})
    return SimpleNamespace(code=code, folder=target, told=told, data=data)


def test_every_file_is_written(done):
    assert done.code == 0
    names = {path.name for path in done.folder.rglob("*") if path.is_file()}
    assert {"oews.json", "oews.csv", "oews_table.html", "oews_table.tex", "oews_table.md", "run.json"} <= names
    assert {"exposure_coefficients.png", "event_study.png", "specification_curve.png"} <= names
    assert any("regressions" in line for line in done.told)


def test_the_file_has_the_stated_entries_and_reads_back(done):
    content = json.loads((done.folder / "oews.json").read_text())
    assert all(set(one) >= KEYS for one in content["regressions"])
    assert {one["estimator"] for one in content["regressions"]} == {
        "level",
        "long_difference",
        "two_way",
        "event_study",
    }
    again = load_result(done.folder, "oews")
    assert isinstance(again, OccupationWages)
    with (done.folder / "oews.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["coef"]) for row in rows] == pytest.approx([r.coef for r in again.regressions])
    assert again.tables[0].top_code == 208_000
    assert "22 clusters" not in str(again)  # it counts those of the data
    assert f"with {again.headline((2022, 2024))[0].clusters} clusters" in str(again)


def test_signs_are_counted_from_the_numbers(done):
    result = load_result(done.folder, "oews")
    (one,) = result.headline((2022, 2024))
    signs = result.signs((2022, 2024))
    assert signs == {
        "negative": int(one.coef < 0),
        "positive": int(one.coef > 0),
        "significant": int(significant(one)),
    }


def test_a_single_measure_is_not_counted_and_every_handling_is_within_the_stated_range(done):
    result = load_result(done.folder, "oews")
    text = str(result)
    assert "Of 1 " not in text
    for window in ((2019, 2023), (2022, 2024)):
        shown = handlings(result.regressions, "eloundou_beta_gpt4")[f"long difference {window[0]}-{window[1]}"]
        low, high = re.search(
            rf"{window[0]}-{window[1]}, per s.d. of exposure.*?Over all (?:\d+), .*?from (\S+) to (\S+)\.\n", text, re.S
        ).groups()
        values = [r.per_sd for r in shown]
        assert float(low) <= round(min(values), 2) <= round(max(values), 2) <= float(high)
    assert f"Of {len(files.CODES)} occupations of May 2024 these have" in text
    assert f"eloundou_beta_gpt4 {len(files.CODES)}." in text


def test_a_table_that_matches_few_occupations_says_how_many(done, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("soc,mine\n99-1011,0.1\n11-1011,0.5\n11-2011,0.7\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"20 occupations at least\)\. Of 60 .* mine 2; fewer than 20"):
        occupation_wages(data=done.data, exposure=str(path))


def test_an_exposure_is_looked_for_in_the_folder_of_the_data(done):
    wanted = read_exposures(done.data)[["eloundou_beta_human"]]
    for chosen in ("eloundou_beta_human", "occ_level.csv:eloundou_beta_human"):
        assert read_exposures(done.data, chosen).equals(wanted)
    assert list(read_exposures(done.data, "occ_level.csv").columns) == ["eloundou_beta_gpt4", "eloundou_beta_human"]
    with pytest.raises(DataError, match="did you mean eloundou_beta_human"):
        read_exposures(done.data, "eloundou_beta_humans")


def test_regressions_and_occupations_print_what_tells_them_apart(done):
    data = oews.load(done.data, "eloundou_beta_human")
    shown = repr(data)
    assert len(shown) < 400
    assert "2024 (60)" in shown
    usual = Specification("p90/p10", "eloundou_beta_human", (2022, 2024))
    several = [usual, *(dataclasses.replace(usual, controls=how) for how in ("base", "base and major group"))]
    found = oews.regress(data, specifications=several)
    lines = str(found).splitlines()
    assert lines[0].startswith("eloundou_beta_human")
    assert "CRV3" in lines[1]
    assert max(map(len, lines)) <= 100
    assert [line[30:52].strip() for line in lines[2:5]] == ["", "base", "base and major group"]
    assert [r.n_occupations for r in found.regressions] == [r.n for r in found.regressions]


def test_p_values_and_intervals_are_those_of_student(done):
    result = load_result(done.folder, "oews")
    (one,) = result.headline((2022, 2024))
    ratio = abs(one.coef) / one.se_crv3
    assert p_value(one) == pytest.approx(2 * student.sf(ratio, one.clusters - 1))
    assert (p_value(one) < 0.05) == significant(one) == (half_width(one) < abs(one.per_sd))
    assert f"{p_value(one):.3f}" in str(result)


def test_a_malformed_file_writes_nothing(tmp_path):
    from aigini.commands.command import Run

    (tmp_path / "national_M2023_dl.csv").write_bytes(b"year,fsize,firms\n1978,a,1\n1979,a,2\n")
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(DataError, match="is no table of OEWS"):
        OEWS.perform(Run(Source(load()), target, False, lambda line: None), {"data": tmp_path, **REST})
    assert list(target.iterdir()) == []
    with pytest.raises(DataError, match="give one with --data DIR"):
        OEWS.perform(Run(Source(load()), target, False, lambda line: None), {"data": None, **REST})


@pytest.mark.parametrize(("years", "drawn"), [((2023,), set()), ((2018, 2019, 2020), {"event_study.png"})])
def test_years_without_long_differences_give_what_they_have(tmp_path, years, drawn):
    from aigini.commands.command import Run

    data = files.write_folder(tmp_path / "data", years=years)
    (tmp_path / "out").mkdir()
    exposure = f"{data / 'occ_level.csv'}:dv_rating_beta"
    options = {"data": data, "exposure": exposure, "simulated": False}
    assert OEWS.perform(Run(Source(load()), tmp_path / "out", False, lambda line: None), options) == 0
    assert {path.name for path in (tmp_path / "out").rglob("*.png")} == drawn
    result = load_result(tmp_path / "out", "oews")
    assert {r.estimator for r in result.regressions} == {"level", *(["event_study"] if drawn else [])}
    # Surveys of simulated occupations need a long difference, and without one nothing is written.
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="or ask for --no-simulated"):
        OEWS.perform(Run(Source(load()), tmp_path / "none", False, lambda line: None), {**options, "simulated": True})
    assert list((tmp_path / "none").iterdir()) == []


@pytest.mark.parametrize(("value", "expected"), [([0.1], "at least 2; add"), ([0.1, 0.2, 0.3], "at most 2; leave out")])
def test_another_number_of_regimes_says_how_many_are_expected(value, expected):
    with pytest.raises(ConfigError, match=rf"oews.regime_eta1 has {len(value)} entries: expected {expected}"):
        load(None, {"oews.regime_eta1": value})

"""`aigini oews` on synthetic files in the published format: its files, its sentences, and what it leaves unwritten."""

import csv
import json
from types import SimpleNamespace

import pytest

pytest.importorskip("pyfixest")
pytest.importorskip("python_calamine")
pytest.importorskip("great_tables")

import oews_files as files

from aigini.commands.oews import OEWS
from aigini.commands.registry import load_result
from aigini.commands.source import Source
from aigini.config import load
from aigini.errors import DataError
from aigini.oews.result import OccupationWages, significant

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
    return SimpleNamespace(code=code, folder=target, told=told)


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

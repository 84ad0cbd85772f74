"""Commands that compute nothing, and what every run leaves beside its results."""

import csv
import json
import sys
import tomllib

import numpy as np
import pandas
import pytest
import xarray

import aigini
from aigini import cli
from aigini.analysis.levers import LEVER_WORDS, LEVERS
from aigini.commands.runs import runs_in
from aigini.config import examples, load
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.errors import ConfigError
from aigini.parameters import SPECS
from aigini.tables import FORMATS, Column, Table

SMALL = ("--set", "population.n_workers=1024", "--set", "population.n_firms=40", "--set", "calibration.replications=0")


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """`command(*arguments)`: exit code, output and error output, in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["aigini", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, *capsys.readouterr()

    return run


def test_the_version_and_help_are_shown(command):
    assert command("--version")[:2] == (0, f"aigini {aigini.__version__}\n")
    for words in (("-h",), ("simulate", "-h")):
        code, out, _ = command(*words)
        assert (code, "Usage" in out) == (0, True)
    assert "Exit codes" in command("--help")[1]


def test_a_misspelt_command_is_answered_with_the_nearest(command):
    code, out, err = command("simlate")
    assert (code, out) == (2, "")
    assert "simulate" in err


def test_every_parameter_is_listed_with_its_meaning(command):
    code, out, _ = command("params", "--format", "csv")
    rows = out.splitlines()
    assert (code, len(rows)) == (0, 1 + len(SPECS) + len(DYNAMICS_SPECS))
    assert 'params.xi,ξ,0.12,"[0, 1]",workers\' share of quasi-rents' in rows
    assert command("params", "retool_speed")[1].count("dynamics.retool_speed") == 1
    code, out, err = command("params", "xii")
    assert (code, out) == (2, "")
    assert "did you mean xi?" in err


def test_every_name_is_explained(command):
    code, out, _ = command("explain", "open_access", "schooling", "ces", "m6", "--format", "csv")
    rows = {tuple(row[:2]): row[2] for row in csv.reader(out.splitlines())}
    assert code == 0
    assert "η1 -> (1 - s) η1" in rows["open_access", "lever"]
    assert ("schooling", "channel") in rows
    assert ("ces", "mechanism of [model], technology") in rows
    assert set(LEVERS) >= set(LEVER_WORDS)
    assert "Gini" in rows["m6", "moment"]
    assert all(aigini.explain().columns[2].values)
    code, out, err = command("explain", "open_acces")
    assert (code, out) == (2, "")
    assert "did you mean open_access?" in err


def test_configurations_that_come_with_aigini_are_given_by_name(command):
    code, out, _ = command("configs")
    assert code == 0
    assert all(name in out for name in examples.names())
    assert command("configs", "m6_zero")[1] == examples.text("m6_zero")
    assert load("m6_zero").source == load(examples.packaged_folder() / "m6_zero.toml").source
    assert command("configs", "m6_zer")[0] == 2
    assert all(examples.purpose(name).endswith((".", ":")) for name in examples.names())


def test_a_file_of_that_name_comes_before_the_packaged_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m6_zero").write_text("[params]\nxi = 0.3\n")
    assert float(load("m6_zero").params.xi) == 0.3


def test_a_new_configuration_is_the_baseline_and_replaces_nothing(command, tmp_path):
    assert command("init", "mine.toml")[0] == 0
    assert load(tmp_path / "mine.toml").source == load().source
    code, out, err = command("init", "mine.toml")
    assert (code, out) == (2, "")
    assert "is there already" in err


@pytest.fixture
def two_runs(command, tmp_path):
    assert command("simulate", *SMALL, "--out", "runs/first")[0] == 0
    code, out, _ = command("simulate", *SMALL, "--set", "xi=0.2", "--out", "runs/second", "--json")
    assert code == 0
    return tmp_path / "runs", json.loads(out)


def test_a_run_leaves_its_command_line_its_print_and_its_tables(two_runs, command):
    place, printed = two_runs
    first = place / "first"
    result = json.loads((first / "simulate.json").read_text())
    assert json.loads((first / "run.json").read_text())["command_line"].startswith("aigini simulate --set")
    assert "labour_share" in (first / "printed.txt").read_text()
    frame = pandas.read_csv(first / "tables" / "simulate.csv").set_index("level")
    assert frame.loc["output", "before"] == result["before"]["output"]
    assert (first / "tables" / "simulate.tex").read_text().startswith(r"\begin{tabular}")
    # What is asked for as JSON is the content of the file.
    assert printed["simulate"] == json.loads((place / "second" / "simulate.json").read_text())
    before = (first / "tables" / "simulate.md").read_text()
    (first / "tables" / "simulate.md").unlink()
    assert command("tables", first, "--format", "markdown")[0] == 0
    assert (first / "tables" / "simulate.md").read_text() == before


def test_arrays_explain_themselves(two_runs):
    place, _ = two_runs
    with xarray.open_dataset(place / "first" / "simulate.nc", engine="scipy") as arrays:
        assert not [name for name in arrays.dims if str(name)[-1].isdigit()]
        assert [name for name in arrays.data_vars if "units" not in arrays[name].attrs] == []
        sources = arrays["after_income_by_source_and_group"]
        assert sources.dims == ("income_groups", "sources")
        assert sources.attrs["income_groups_labels"].endswith("top 1 %")
        mass, income = arrays["after_wage_masses"], np.exp(arrays["nodes"])
        result = json.loads((place / "first" / "simulate.json").read_text())
        assert mass.sum() == pytest.approx(result["n_workers"])
        assert float((mass * income).sum() / mass.sum()) == pytest.approx(
            result["after"]["mean_income"] * result["after"]["labour_share"], rel=0.05
        )


def test_a_configuration_may_be_a_mapping():
    economy = {"params": {"xi": np.float64(0.2)}, "targets": {"m6": {"value": 0.0, "se": 0.01}}}
    config = load(economy, {"population.n_workers": 4096})
    assert float(config.params.xi) == 0.2
    assert config.targets["m6"].value == 0
    with pytest.raises(ConfigError, match=r"^configuration: params.xii: .*did you mean xi"):
        load({"params": {"xii": 1}})


def test_two_runs_are_compared_by_what_moved_and_why(two_runs, command):
    place, _ = two_runs
    found = aigini.compare_runs(place / "first", place / "second")
    assert {one.where: (one.first, one.second) for one in found.causes} == {"config.params.xi": (0.12, 0.2)}
    moved = {one.where: one.relative for one in found.numbers}
    results = [json.loads((place / name / "simulate.json").read_text()) for name in ("first", "second")]
    old, new = (result["moments"]["m6"] for result in results)
    assert moved["simulate.moments.m6"] == abs(new - old) / max(abs(new), abs(old))
    assert "simulate.n_workers" not in moved
    sizes = [one.relative for one in found.numbers if one.relative is not None]
    assert sizes == sorted(sizes, reverse=True)
    same = aigini.compare_runs(place / "first", place / "first")
    assert (same.causes, same.numbers, same.apart) == ((), (), ())
    assert "to the last bit" in str(same)
    code, out, _ = command("runs", place / "first", place / "second")
    assert code == 0
    assert "config.params.xi" in out


def test_a_run_is_repeated_and_each_number_compared(two_runs, command):
    place, _ = two_runs
    code, out, _ = command("reproduce", "--from", place / "second")
    assert (code, "are the same, to the last bit" in out) == (0, True)
    again = json.loads((place / "second-again" / "simulate.json").read_text())
    assert again["params"]["xi"] == 0.2
    assert command("figures", place / "second", "--format", "svg", "--format", "csv")[0] == 0
    assert {path.suffix for path in (place / "second" / "figures").iterdir()} == {".svg", ".csv"}
    assert "there is no such format" in command("figures", place / "second", "--format", "gif")[2]
    path = place / "second" / "simulate.json"
    result = json.loads(path.read_text())
    result["moments"]["m6"] += 1e-9
    path.write_text(json.dumps(result))
    code, out, _ = command("reproduce", "--from", place / "second", "--out", "once-more")
    assert (code, "simulate.moments.m6" in out) == (1, True)
    for words, message in (
        (("--out", place / "second"), "would be overwritten"),
        (("--resume",), "give nothing else with it"),
        (("m6_zero",), "give nothing else with it"),
    ):
        code, _, err = command("reproduce", "--from", place / "second", *words)
        assert (code, message in err) == (2, True)
    assert "is no run folder" in command("reproduce", "--from", "nowhere")[2]
    (place / "second" / "config.toml").unlink()
    assert "no record of a command line" in command("reproduce", "--from", place / "second")[2]


def test_runs_are_listed_the_latest_first(two_runs, command):
    place, _ = two_runs
    (place / "first" / "run.json").write_text("damaged")
    names, results, *_ = runs_in(place).columns
    assert names.values == [str(place / "second"), str(place / "first")]
    assert results.values == ["simulate", "simulate"]
    assert command("runs", "nowhere")[0] == 2
    assert command("runs", place / "first", place / "second")[0] == 2


def test_the_configuration_of_a_run_is_written_with_meanings(two_runs, command, tmp_path):
    place, _ = two_runs
    assert command("init", "again.toml", "--from", place / "second")[0] == 0
    text = (tmp_path / "again.toml").read_text()
    assert load(tmp_path / "again.toml").source == load(place / "second" / "config.toml").source
    assert tomllib.loads(text)["params"]["xi"] == 0.2
    assert "# workers' share of quasi-rents, [0, 1]" in text
    assert command("init", "other.toml", "--from", tmp_path / "nowhere")[0] == 2


@pytest.mark.parametrize("form", FORMATS)
def test_tables_for_other_programs_have_every_cell(form):
    names = Column("quantity", ["ξ", "50 % | a_b", "m6"])
    table = Table((names, Column("value", [0.1234, None, -2.0], ".2f", errors=[0.01, None, 0.5])))
    text = table.written(form)
    if form == "csv":
        assert text.splitlines() == ["quantity,value,value s.e.", "ξ,0.1234,0.01", "50 % | a_b,,", "m6,-2.0,0.5"]
    elif form == "markdown":
        assert [row.strip("|").split(" | ")[0].strip() for row in text.splitlines()[2:]] == ["ξ", r"50 % \| a_b", "m6"]
    else:
        assert r"\ensuremath{\xi} & 0.12 \\" in text
        assert r"50 \% | a\_b & - \\" in text


def test_parameters_show_their_values():
    assert "xi=0.3," in repr(aigini.Parameters(xi=0.3))

"""`aigini panel`, `moments` and `design` from the command line: mappings, malformed panels, targets, and kills."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from aigini import cli
from aigini.commands import command as commands
from aigini.commands.registry import load_result
from aigini.panel.design import study as studies

PANEL = {
    "panel.n_workers": 8192,
    "panel.n_firms": 100,
    "panel.tasks": 4,
    "panel.periods": 6,
    "panel.first_adoption": 3,
    "panel.last_adoption": 4,
}


def flags(settings):
    return [part for name, value in settings.items() for part in ("--set", f"{name}={json.dumps(value)}")]


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """`command(*arguments)`: the exit code of a command, run where the folder `panel` holds a panel."""
    root = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("AIGINI_CACHE", "off")

        def run(*arguments):
            patch.setattr(sys, "argv", ["aigini", *map(str, arguments)])
            with pytest.raises(SystemExit) as caught:
                cli.main()
            return caught.value.code or 0

        assert run("panel", *flags(PANEL), "--out", "panel") == 0
        yield run


@pytest.fixture(scope="module")
def table(command):
    """The rows of the panel."""
    return pd.concat([pd.read_parquet(part) for part in sorted(Path("panel/panel").glob("*.parquet"))])


@pytest.fixture
def small(table):
    """The rows of a few firms."""
    return table[table["firm"] <= 20]


def test_a_panel_is_written_with_its_schema_and_dictionary(command, table):
    record = json.loads(Path("panel/panel.json").read_text(encoding="utf-8"))
    assert record["rows"] == len(table) == 8192 * 4 * 6
    schema = json.loads(Path("panel/schema.json").read_text(encoding="utf-8"))
    assert list(schema["columns"]) == list(table.columns)
    assert list(pd.read_csv("panel/dictionary.csv")["name"]) == list(table.columns)


def test_a_file_with_other_names_and_order_gives_the_same_targets(command, table):
    names = {"worker": "person", "firm": "employer", "wage": "pay", "period": "year"}
    table.rename(columns=names).sample(frac=1, random_state=0).to_parquet("real.parquet")
    text = "\n".join(["[columns]", *(f'{name} = "{own}"' for name, own in names.items())])
    Path("mapping.toml").write_text(text, encoding="utf-8")
    assert command("moments", "panel", "--out", "direct") == 0
    assert command("moments", "real.parquet", "--mapping", "mapping.toml", "--out", "mapped") == 0
    one, other = (load_result(Path(name), "moments") for name in ("direct", "mapped"))
    assert list(one.moments) == ["m1", "m2", "m3", "m4", "m5"]
    assert dict(other.moments) == pytest.approx(dict(one.moments), rel=1e-9)
    assert other.covariance == pytest.approx(one.covariance, rel=1e-6)
    assert Path("direct/targets.toml").exists()


MALFORMED = {
    "a column is missing": (lambda t: t.drop(columns="output"), "output: the column is missing"),
    "rows are repeated": (lambda t: pd.concat([t, t.head(3)]), "3 rows repeated for a worker, task and period"),
    "use of AI ends": (lambda t: t.assign(ai_use=(t["period"] == 4).astype(int)), "ai_use: goes from 1 to 0"),
    "output is negative": (lambda t: t.assign(output=-t["output"]), "whose value is not above 0"),
    "wages are words": (lambda t: t.assign(wage="high"), "whose value is no number, first in row 1 (high)"),
    "there are no rows": (lambda t: t.head(0), "has no rows"),
    "nobody uses AI": (lambda t: t.assign(ai_use=0), "nobody uses AI"),
    "there is one period": (lambda t: t[t["period"] == 5], "give a longer panel"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_panel_is_one_sentence_and_no_result(command, small, capsys, name):
    change, words = MALFORMED[name]
    change(small[small["firm"] <= 8]).to_csv("bad.csv", index=False)
    capsys.readouterr()
    assert command("moments", "bad.csv", "--out", "refused") == 2
    error = " ".join(capsys.readouterr().err.split())
    assert words in error
    assert "Traceback" not in error
    assert not Path("refused/moments.json").exists()
    assert not Path("refused/targets.toml").exists()


def test_files_that_are_no_panel_or_mapping_are_named(command, small, capsys):
    small.to_csv("good.csv", index=False)
    Path("letter.txt").write_text("hello", encoding="utf-8")
    Path("bytes.csv").write_bytes(b"\xff\xfe\x00\x01")
    Path("broken.toml").write_text("columns = ", encoding="utf-8")
    Path("unknown.toml").write_text('[columns]\nwages = "pay"\n', encoding="utf-8")
    for arguments, words in (
        (["nowhere.csv"], "has no panel"),
        (["letter.txt"], "all .csv or all .parquet"),
        (["bytes.csv"], "bytes.csv"),
        (["good.csv", "--mapping", "broken.toml"], "cannot be read as TOML"),
        (["good.csv", "--mapping", "unknown.toml"], "did you mean wage?"),
        (["good.csv", "--moment", "m6"], "m6"),
        (["good.csv", "--moment", "m99"], "m99"),
        (["good.csv", "--simulations", "0"], "--simulations 0"),
        (["good.csv", "--years", "40"], "40"),
        (["good.csv", "--years", "0"], "0"),
        (["good.csv", "--bootstrap", "1"], "bootstrap = 1"),
        (["good.csv", "--bootstrap", "-3"], "bootstrap"),
    ):
        capsys.readouterr()
        assert command("moments", *arguments, "--out", "refused") == 2, arguments
        error = " ".join(capsys.readouterr().err.split())
        assert words in error, (arguments, error)
        assert "Traceback" not in error


STUDY = {
    **{"population.n_workers": 4096, "population.n_firms": 60},
    **{"design.firms": 24, "design.firms_tried": [24], "design.workers": 4, "design.workers_tried": []},
    **{"design.tasks": 1, "design.tasks_tried": [], "design.periods": 4, "design.periods_tried": []},
    **{"design.occupations": 1, "design.cohorts": 1, "design.effects_tried": [0.0], "design.selection_tried": [0.9]},
    **{"design.replications": 100},
}


class Killed(BaseException):
    """Stands for kill -9: nothing in the package may catch it."""


@pytest.mark.slow
def test_a_study_that_is_killed_and_resumed_writes_the_same_bits(command, monkeypatch):
    monkeypatch.setattr(studies, "_CENSUSES", 4)
    assert command("design", *flags(STUDY), "--out", "whole") == 0
    progress = commands.shown

    def killed(say):
        watch = progress(say)

        def seen(part, done, total):
            watch(part, done, total)
            if part == "panels" and done == 500:
                raise Killed

        return seen

    with monkeypatch.context() as patch:
        patch.setattr(commands, "shown", killed)
        patch.setattr(sys, "argv", ["aigini", "design", *flags(STUDY), "--out", "cut"])
        with pytest.raises(Killed):
            cli.main()
    assert not Path("cut/design.json").exists()
    kept = Path("cut/evaluations.jsonl")
    with kept.open("a", encoding="utf-8") as file:
        file.write('{"key": "panels", "value": {"dtype')  # cut off by the kill
    assert len(kept.read_text(encoding="utf-8").splitlines()) > 5
    assert command("design", *flags(STUDY), "--out", "cut", "--resume") == 0
    whole, cut = (json.loads(Path(name, "design.json").read_text(encoding="utf-8")) for name in ("whole", "cut"))
    assert {**whole, "run": None} == {**cut, "run": None}
    assert Path("whole/design.csv").read_bytes() == Path("cut/design.csv").read_bytes()
    assert not kept.exists()

"""`aigini reproduce --full`: every analysis of the estimates, in folders below the run, and one page about them all."""

import dataclasses
import json
from pathlib import Path

import pytest
from test_from_run import SETTINGS

from aigini import cli
from aigini.commands import everything
from aigini.commands.registry import COMMANDS
from aigini.errors import AnalysisError, MissingExtraError


def refuse():
    raise MissingExtraError("this needs a package; install it.")


@pytest.fixture
def full(tmp_path, monkeypatch, capsys):
    """`full(*arguments, refused=NAME)`: a full run of few analyses; its exit code, and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIGINI_CACHE", "off")

    def run(*arguments, refused=None):
        few = [
            dataclasses.replace(command, analyses=True, **({"prepare": refuse} if command.name == refused else {}))
            for command in COMMANDS
            if command.name in ("simulate", "dynamics")
        ]
        monkeypatch.setattr(everything, "COMMANDS", few)
        monkeypatch.setattr("sys.argv", ["aigini", "reproduce", "--full", *SETTINGS, "--out", "run", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, capsys.readouterr().err

    return run


def test_a_full_run_makes_what_is_missing_and_one_page_of_everything(full):
    code, said = full(refused="simulate")
    assert code == 2
    assert "no result of simulate: this needs a package; install it." in said
    assert not Path("run/simulate/simulate.json").exists()
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert "run-dynamics-dynamics" in page
    main, made = Path("run/calibration.json").read_bytes(), Path("run/dynamics/dynamics.json").read_bytes()

    code, said = full("--resume")
    assert code == 0, said
    assert said.count("finished before") == 2
    assert Path("run/calibration.json").read_bytes() == main
    assert Path("run/dynamics/dynamics.json").read_bytes() == made
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert "run-dynamics-dynamics" in page
    assert "run-simulate-simulate" in page
    record = json.loads(Path("run/simulate/run.json").read_text(encoding="utf-8"))
    assert record["command_line"] == "aigini simulate --from run --out run/simulate"
    assert record["from"]["run_id"] == json.loads(main)["run"]["run_id"]

    # Results of other estimates are made again.
    content = json.loads(made)
    content["run"]["from"]["run_id"] = "another"
    Path("run/dynamics/dynamics.json").write_text(json.dumps(content), encoding="utf-8")
    code, said = full("--resume")
    assert (code, said.count("finished before")) == (0, 2)
    again, first = (json.loads(text) for text in (Path("run/dynamics/dynamics.json").read_bytes(), made))
    assert again.pop("run")["from"] == first.pop("run")["from"]
    assert again == first


def test_everything_is_every_analysis_that_starts_from_a_run():
    analyses = {command.name for command in COMMANDS if command.analyses}
    assert {"sensitivity", "sign", "regimes", "channels", "policy", "robustness", "posterior", "beliefs"} < analyses
    for command in COMMANDS:
        if command.analyses:
            assert command.starts_from_a_run
            command.options()  # has a default for each


def test_what_was_refused_is_named_together():
    everything.Everything().require_all()
    with pytest.raises(AnalysisError, match="no result of sign: one\nno result of policy: two"):
        everything.Everything(refused={"sign": "one", "policy": "two"}).require_all()

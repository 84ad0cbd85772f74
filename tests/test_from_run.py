"""Analyses that start from an earlier run, and a command that is added outside the package."""

import dataclasses
import json
import math
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from documents import GUIDE

import aigini
from aigini import cli
from aigini.cli import add
from aigini.commands.command import Command
from aigini.commands.earlier_run import from_run
from aigini.commands.registry import COMMANDS, load_result, result_files
from aigini.config.load import again, load
from aigini.errors import AnalysisError, ConfigError, OutputError
from aigini.storage import results

ROOT = Path(__file__).parent.parent
SMALL = {
    "population.n_workers": 4096,
    "population.n_firms": 60,
    "population.precision": "float64",
    "calibration.free": ["alpha", "beta"],
    "calibration.moments": ["m1", "m2"],
    "calibration.starts": 2,
    "calibration.replications": 2,
}
SETTINGS = [part for name, value in SMALL.items() for part in ("--set", f"{name}={json.dumps(value)}")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`run(*arguments)`: the exit code of a command; the folder `calibrated` holds a calibration."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("AIGINI_CACHE", "off")

        def command(*arguments):
            patch.setattr(sys, "argv", ["aigini", *map(str, arguments)])
            with pytest.raises(SystemExit) as caught:
                cli.main()
            return caught.value.code

        assert command("calibrate", *SETTINGS, "--out", "calibrated") == 0
        yield command


def result(name, folder):
    content = json.loads(Path(folder, f"{name}.json").read_text(encoding="utf-8"))
    return content.pop("run"), content


def numbers(value):
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers(part)]
    if isinstance(value, list):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def test_from_a_run_that_estimated_as_an_analysis_does_every_bit_is_the_same(run):
    assert run("channels", *SETTINGS, "--out", "estimated") == 0
    assert run("channels", "--from", "estimated", "--out", "again") == 0
    (first, expected), (second, got) = result("channels", "estimated"), result("channels", "again")
    assert got == expected
    assert second["from"] == {
        "path": "estimated",
        "file": "channels.json",
        **{name: first[name] for name in ("config_sha256", "run_id", "commit")},
    }
    assert second["config_sha256"] == first["config_sha256"]
    assert json.loads(Path("again/run.json").read_text(encoding="utf-8"))["from"] == second["from"]


def test_from_a_calibration_the_numbers_are_those_of_estimating_again(run):
    if not Path("estimated").exists():
        assert run("channels", *SETTINGS, "--out", "estimated") == 0
    assert run("channels", "--from", "calibrated", "--out", "from_calibration") == 0
    got, expected = result("channels", "from_calibration")[1], result("channels", "estimated")[1]
    assert numbers(got) == pytest.approx(numbers(expected), abs=1e-7, rel=1e-5)
    calibration = json.loads(Path("calibrated/calibration.json").read_text(encoding="utf-8"))
    assert got["params"] == calibration["params"]


def test_from_python_a_calibration_is_where_an_analysis_starts(run, monkeypatch):
    monkeypatch.setattr("aigini.commands.at_estimates.estimate_values", None)
    calibration = from_run(Path("calibrated"), None, {})
    model = aigini.at_estimates(calibration)
    assert dict(model.values) == dict(calibration.estimates.params)
    read = load_result(Path("calibrated"), "calibration")
    assert dict(aigini.at_estimates(read).values) == dict(read.params)
    with pytest.raises(ConfigError, match=r"the calibration: .* params\.xi is 0\.3, and was 0\.12 there"):
        aigini.channels(read, xi=0.3)


def test_what_the_estimates_do_not_rest_on_may_change(run):
    changes = {"priors.eta1.high": 0.9, "calibration.replications": 4, "targets.m1.source": "mine"}
    source = from_run(Path("calibrated"), None, changes)
    assert source.config.replications == 4
    assert source.config.posterior.priors["eta1"].numbers == (0.0, 0.9)


@pytest.mark.parametrize(
    "change",
    [{"xi": 0.3}, {"population.seed": 1}, {"targets.m1.se": 0.05}, {"scenario.A1": 2.0}, {"income.concept": "wage"}],
)
def test_what_the_estimates_rest_on_is_refused(run, change):
    with pytest.raises(ConfigError, match=r"--from calibrated: its estimates are of another configuration: .* there\."):
        from_run(Path("calibrated"), None, change)


def changed(tmp_path, change):
    content = json.loads(Path("calibrated/calibration.json").read_text(encoding="utf-8"))
    change(content)
    (tmp_path / "calibration.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_estimates_of_another_model_are_refused(run, tmp_path):
    def move(content):
        content["params"]["alpha"] *= 1.01

    source = from_run(changed(tmp_path, move), None, {})
    with pytest.raises(AnalysisError, match=r"--from .*: these are no estimates of this economy: m2 is missed by"):
        aigini.channels(source)


def test_a_failed_estimation_is_refused(run, tmp_path):
    with pytest.raises(OutputError, match="its estimation has failed: only 0 of 2 starts"):
        from_run(changed(tmp_path, lambda content: content.update(agreed=0)), None, {})


def test_weights_that_an_analysis_did_not_write_are_not_made_up(run, tmp_path):
    def two_step(content):
        content["run"]["config"]["calibration"]["weighting"] = "two_step"

    changed(tmp_path, two_step).joinpath("calibration.json").rename(tmp_path / "sign.json")
    with pytest.raises(OutputError, match=r"its weights follow from estimates, and sign\.json does not have them"):
        from_run(tmp_path, None, {})


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"params": {}, "run": {"config": {}}}'])
def test_a_folder_without_estimates_or_with_damaged_ones_is_refused(tmp_path, text):
    with pytest.raises(OutputError, match=r"--from .*: holds no estimates; give the run folder"):
        from_run(tmp_path, None, {})
    (tmp_path / "sign.json").write_text(text)
    with pytest.raises(OutputError, match=r"sign\.json:? is not a readable result"):
        from_run(tmp_path, None, {})


def test_a_file_or_a_folder_that_is_not_there_is_refused_for_what_it_is(run, tmp_path):
    with pytest.raises(
        OutputError, match=r"--from calibrated/calibration\.json: is a file; .* that it is in, calibrated"
    ):
        from_run(Path("calibrated/calibration.json"), None, {})
    with pytest.raises(OutputError, match=r"--from .*nowhere: there is no such folder\."):
        from_run(tmp_path / "nowhere", None, {})


@pytest.mark.parametrize("out", ["calibrated", "./calibrated/", "../{}/calibrated"])
def test_a_run_is_not_overwritten_by_what_starts_from_it(run, capsys, out):
    record = Path("calibrated/run.json").read_bytes()
    assert run("simulate", "--from", "calibrated", "--out", out.format(Path.cwd().name)) == 2
    assert "is the run that --from starts from, whose record would be overwritten" in capsys.readouterr().err
    assert Path("calibrated/run.json").read_bytes() == record


def test_the_economy_is_simulated_at_the_estimates_of_a_run(run, tmp_path):
    assert run("simulate", "--from", "calibrated", "--out", "simulated") == 0
    record, got = result("simulate", "simulated")
    calibration = json.loads(Path("calibrated/calibration.json").read_text(encoding="utf-8"))
    assert got["params"] == calibration["params"]
    assert record["from"]["file"] == "calibration.json"
    for name, fitted in calibration["fitted"].items():
        assert got["moments"][name] == pytest.approx(fitted, abs=1e-12)
    moved = from_run(changed(tmp_path, lambda content: content["params"].update(alpha=0.5)), None, {})
    with pytest.raises(AnalysisError, match=r"--from .*: these are no estimates of this economy: m"):
        aigini.simulate(moved)


def test_a_moment_that_was_registered_otherwise_is_named(run, tmp_path):
    def moment(level):
        aigini.register_moment(aigini.Moment("mine", "meaning", "unit", level))

    moment(lambda at: at.state.market.output)
    try:
        source = load(
            None, {**SMALL, "calibration.moments": ["m1", "mine"], "targets.mine": {"value": 0.1, "se": 0.1}}
        ).source
        changed(tmp_path, lambda content: content["run"].update(config=source))
        assert from_run(tmp_path, None, {}).config.source == source
        moment(lambda at: 2 * at.state.market.output)
        with pytest.raises(ConfigError) as caught:
            from_run(tmp_path, None, {})
    finally:
        aigini.unregister_moment("mine")
    assert "version" not in str(caught.value)
    assert re.search(
        r"targets\.mine is defined otherwise here .* '.*2 \* at\.state.*' there was '.*at\.state", str(caught.value)
    )


def test_a_committed_run_can_be_started_from():
    source = from_run(ROOT / "experiments" / "baseline", None, {})
    assert source.config.free == load().free


@pytest.mark.parametrize("path", [None, *sorted((ROOT / "configs").glob("*.toml"))], ids=str)
def test_a_configuration_is_read_again_from_its_resolved_values(path):
    config = load(path)
    assert again(json.loads(json.dumps(config.source)), "here").digest == config.digest


def test_what_was_taken_away_stays_away():
    config = load(None, {"alternatives": None, "targets.m6": None})
    assert again(config.source, "here").digest == config.digest


@pytest.mark.slow
def test_the_command_of_the_guide_is_complete_in_the_lines_that_it_promises(run):
    (program,) = re.findall(r"<!-- command:begin -->\n```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    (promised,) = re.findall(r"complete in (\d+) lines", GUIDE)
    assert len([line for line in program.splitlines() if line.strip()]) == int(promised)
    Path("halving.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "halving.py", "halving", "--from", "calibrated", "--out", "halved"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    record, content = result("halving", "halved")
    assert done.stdout == f"with half of ξ AI changes the Gini of total income by {content['gini_change']:+.4f}\n"
    assert record["from"]["path"] == "calibrated"
    shown = subprocess.run([sys.executable, "halving.py", "--help"], capture_output=True, text=True, check=True)
    assert "halving" in shown.stdout


@pytest.mark.parametrize("schema", [2, 1000, -1, True, "1", None, [1]])
@pytest.mark.parametrize("name", ["calibration", "sign", "simulate"])
def test_a_result_of_a_later_schema_is_refused_in_a_sentence(tmp_path, name, schema):
    (tmp_path / f"{name}.json").write_text(json.dumps({"schema": schema}), encoding="utf-8")
    kind = result_files()[name].type
    with pytest.raises(OutputError, match=rf"{name}\.json: has schema .*reads up to 1; .*run the command"):
        results.load(tmp_path, name, kind)


@pytest.mark.parametrize("name", ["simulate", "figures", "run", "calibration", "../x", ""])
def test_a_command_whose_name_or_file_is_taken_is_refused(name):
    with pytest.raises(ConfigError, match="the name is taken, or has more than letters"):
        add(Command(name, "Nothing.", lambda source: None, dict))
    assert name not in {command.name for command in COMMANDS if command.help == "Nothing."}


@dataclasses.dataclass(frozen=True)
class Own:
    """The result of a command of one's own."""

    gini_total: float
    rows: Sequence[Sequence[float]] = ()
    kinds: Mapping[str, float | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Taken:
    """A result with a field that every file has."""

    run: float


def test_a_result_of_ones_own_that_is_not_finite_is_marked_and_has_no_units_of_others(tmp_path, monkeypatch, capsys):
    result = Own(math.nan, [[1.0, -math.inf], [math.inf, 0.0]], {"known": 1.0, "unknown": None, "lost": math.nan})
    add(Command("own", "Nothing.", lambda source: result, Own))
    try:
        monkeypatch.setattr(sys, "argv", ["aigini", "own", "--out", str(tmp_path)])
        monkeypatch.setenv("AIGINI_CACHE", "off")
        with pytest.raises(SystemExit) as done:
            cli.main()
        assert done.value.code == 0
        assert "not finite, and so null in own.json: gini_total, rows, kinds.lost" in capsys.readouterr().err
        content = json.loads((tmp_path / "own.json").read_text(encoding="utf-8"))
        assert content["not_finite"] == ["gini_total", "rows", "kinds.lost"]
        assert content.keys() == {"schema", "run", "not_finite", "gini_total", "rows", "kinds"}
        again = load_result(tmp_path, "own")
        assert (math.isnan(again.gini_total), again.kinds["unknown"]) == (True, None)
    finally:
        COMMANDS.pop()
        cli.app.registered_commands.pop()
    results.save(tmp_path, "fine", Own(1.0), {})
    assert "not_finite" not in json.loads((tmp_path / "fine.json").read_text(encoding="utf-8"))


def test_a_field_that_every_file_has_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"mine\.json: every result file has run already; rename that field"):
        results.save(tmp_path, "mine", Taken(1.0), {})


# The arrays of simulations, without which they are not read, are too large to be committed.
COMMITTED = [
    path for path in sorted((ROOT / "experiments" / "baseline").glob("*.json")) if not path.stem.startswith("simulate")
]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_results_are_read_and_written_with_a_schema(tmp_path, path):
    kind = result_files()[path.stem].type
    again = results.load(path.parent, path.stem, kind)
    results.save(tmp_path, path.stem, again, {})
    written = json.loads((tmp_path / path.name).read_text(encoding="utf-8"))
    assert written["schema"] == 1
    # Draws of a posterior stand in posterior.nc alone now.
    newer = {"schema", "overidentification", "not_finite", "outcome_planes"}
    gone = {"draws"} if path.stem == "posterior" else set()
    assert written.keys() - newer == json.loads(path.read_text(encoding="utf-8")).keys() - newer - gone

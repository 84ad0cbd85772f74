"""Committed results were made by the committed program, and the README says what they say."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import BENCHMARKS, PATHS

from aigini.commands.registry import load_result
from aigini.panel.design.answers import VALID

ROOT = Path(__file__).parent.parent
EXPERIMENTS = ROOT / "experiments"


def script(name):
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


regenerate = script("regenerate")
FILES = [(run, name) for run in regenerate.RUNS for name in run.results if name.endswith(".json")]


@pytest.mark.parametrize(("run", "name"), FILES, ids=[f"{run.folder}/{name}" for run, name in FILES])
def test_a_committed_result_is_of_a_clean_commit_before_this_one(run, name):
    commit = json.loads((EXPERIMENTS / run.folder / name).read_text(encoding="utf-8"))["run"]["commit"]
    assert commit, "the run did not know its commit"
    assert not commit.endswith("-dirty")
    if (
        subprocess.run(["git", "rev-parse", "--is-shallow-repository"], cwd=ROOT, capture_output=True).stdout
        != b"false\n"
    ):
        pytest.skip("no whole git history here")
    assert subprocess.run(["git", "merge-base", "--is-ancestor", commit, "HEAD"], cwd=ROOT).returncode == 0


def test_every_committed_result_is_one_that_the_script_makes():
    made = {EXPERIMENTS / run.folder / name for run in regenerate.RUNS for name in run.results}
    there = {path for path in EXPERIMENTS.rglob("*") if path.suffix in (".json", ".nc") and "figures" not in path.parts}
    assert there == {path for path in made if path.suffix in (".json", ".nc")}


@pytest.mark.parametrize("run", regenerate.RUNS, ids=lambda run: run.name)
def test_recorded_command_lines_are_those_that_a_reader_types(run):
    for name in run.results:
        if name.endswith(".json"):
            record = json.loads((EXPERIMENTS / run.folder / name).read_text(encoding="utf-8"))["run"]
            assert record.get("command_line", run.command) == run.command, name


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_documents_say_what_the_committed_runs_say(path):
    findings = script("findings")
    text = path.read_text(encoding="utf-8")
    assert findings.rewritten(text) == text


def test_every_marked_place_is_in_a_document():
    findings = script("findings")
    assert set(findings.DOCUMENTS) <= set(PATHS)
    for begin, end in findings.MARKS:
        assert [begin in text and end in text for text in map(Path.read_text, findings.DOCUMENTS)].count(True) == 1


def test_the_table_of_runs_names_the_commands():
    table = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    for run in regenerate.RUNS:
        assert f"`{run.command}`" in table
        for name in run.results:
            assert f"`{run.folder}/{name}`" in table


def test_the_figures_of_the_path_are_those_of_its_record():
    record = json.loads((ROOT / "benchmarks" / "results" / "dynamics-cpu.json").read_text(encoding="utf-8"))
    assert record["environment"]["clean_tree"]
    small, large = record["cells"]
    for name, words in (("value", "40 years of the path, 262,144 workers"), ("jacobian", "Jacobian in 41 parameters")):
        one, other = large["programs"][name], small["programs"][name]
        seconds = [cell["seconds"]["median"] for cell in (one, other)]
        (row,) = [line for line in BENCHMARKS.splitlines() if words in line]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == f"{seconds[0]:.2g} s, {one['peak_mib']:.0f} MiB"
        assert cells[2] == f"65,536 workers: {seconds[1]:.2g} s, {other['peak_mib']:.0f} MiB".replace("0.2 s", "0.20 s")
        ratio = seconds[0] / seconds[1] * small["workers"] / large["workers"]
        assert cells[3] == f"{ratio:.2f} in time per worker"


def test_the_benchmarks_say_what_the_benchmark_of_calibration_measured():
    record = json.loads((ROOT / "benchmarks" / "results" / "calibration-cpu.json").read_text(encoding="utf-8"))
    assert record["environment"]["clean_tree"]
    lines = BENCHMARKS.splitlines()
    (first,) = [number for number, line in enumerate(lines) if line.startswith("| calibration from one start")]
    for line, method in zip(lines[first : first + 2], ("nelder_mead", "estimagic_ls"), strict=True):
        seconds = {name: record["methods"][name]["seconds"]["median"] for name in ("two_stages", method)}
        ratio = record["ratios"][f"{method} / two_stages"]["whole_run"]["time"]["median"]
        assert f"{seconds[method]:.2f} s | {ratio:.2g} |" in line
        assert record["methods"][method]["objective"] < record["fitted"]
    assert f"| {record['methods']['two_stages']['seconds']['median']:.2f} s |" in lines[first]


@pytest.mark.parametrize("folder", ["baseline", "belief_unknown"])
def test_the_probability_of_a_rise_hardly_depends_on_the_draw_of_the_population(folder):
    result = load_result(EXPERIMENTS / folder, "posterior")
    by_population = np.asarray(result.populations.rises["total"])
    assert len(by_population) >= 8
    assert by_population.std(ddof=1) < 0.005
    assert result.rises["total"].total_error > by_population.std(ddof=1) / np.sqrt(len(by_population))


def test_the_committed_study_of_panels_has_valid_estimators_and_names_the_tests_that_are_off():
    study = load_result(EXPERIMENTS / "design", "design")
    rows = [one for one in study.diagnoses if one.varied == "reference" and one.estimator in VALID]
    assert len(rows) == 18
    assert np.mean([(one.bias / one.bias_error) ** 2 for one in rows]) < 2
    assert all(0.93 - 3 * one.coverage_error < one.coverage < 0.97 + 3 * one.coverage_error for one in rows)
    assert len(study.without_effect()) == 90
    assert len(study.wrong_sizes()) <= 4
    assert all(f"{one.question}, {one.firms} firms, {one.estimator}" in str(study) for one in study.wrong_sizes())


def test_the_model_says_what_the_explorer_measured():
    explorer = load_result(EXPERIMENTS / "explore", "explore")
    text = " ".join((ROOT / "aigini" / "MODEL.md").read_text(encoding="utf-8").split())
    total, wage = (error.high for error in explorer.errors if error.name.startswith("change_"))
    assert explorer.accurate
    assert explorer.held_out == 1000
    assert f"is {total:.1e} for total income and {wage:.1e} for wages" in text
    assert (
        f"With {explorer.fitted} economies of {explorer.n_workers:,} workers, degree {explorer.errors[0].degree},"
        in text
    )

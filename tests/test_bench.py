"""The measurements of `aigini bench`: what is made of times, and that they are taken at all."""

import json
import os
import time

import pytest
from typer.testing import CliRunner

from aigini.bench import scaling
from aigini.bench.processes import Remote
from aigini.bench.scaling import REFERENCE, Cell, Scaling, regressions
from aigini.cli import app
from aigini.commands.bench import load_ratios
from aigini.config import load
from aigini.errors import OutputError
from aigini.storage import results


def cell(task, n_workers, seconds, run_mib=100.0, **others):
    return Cell(
        **{
            "task": task,
            "n_workers": n_workers,
            "stored": True,
            "chunk": 65536,
            "compile_s": 1.0,
            "seconds": seconds,
            "memory_mib": 300.0,
            "run_mib": run_mib,
            "device_mib": None,
            "of_bandwidth": 0.1,
            **others,
        }
    )


@pytest.fixture
def linear():
    """Time proportional to the number of workers, the Jacobian three times the value; more memory at the top."""
    cells = []
    for k, n in enumerate((REFERENCE, 10 * REFERENCE, 100 * REFERENCE)):
        cells.append(cell("value", n, (n * 1e-7, n * 1.1e-7, n * 5e-7), 100.0 + 20 * k))
        cells.append(cell("jacobian", n, (n * 3.3e-7,)))
    return Scaling(tuple(cells), 1e10, {"platform": "cpu", "kind": "cpu", "count": 1})


def test_exponents_and_ratios_are_those_of_medians(linear):
    assert linear.exponent("value") == pytest.approx(1)
    assert linear.exponent("gradient") is None
    ratios = linear.ratios()
    assert ratios["jacobian / value, 1e+08 workers"] == pytest.approx(3)
    assert ratios["value, time per worker, 1e+08 / 1e+06"] == pytest.approx(1)
    assert ratios["value, memory running, 1e+08 / 1e+06"] == pytest.approx(1.4)
    assert linear.of("value")[0].per_worker == pytest.approx(110)
    assert "N^1.000" in str(linear)
    assert "9.09" in str(linear)  # million workers a second


def test_only_ratios_that_grew_beyond_the_tolerance_are_worse():
    before = {"a": 2.0, "b": 1.0, "gone": 5.0}
    assert regressions({"a": 2.9, "b": 1.6, "new": 9.0}, before, 1.5) == {"b": (1.6, 1.0)}
    assert regressions({"a": 0.1}, before, 1.0) == {}
    # What is not a number is worse than anything.
    assert "a" in regressions({"a": float("nan")}, before, 1.5)
    with pytest.raises(ValueError, match="no ratio in common"):
        regressions({"c": 1.0}, before, 1.5)


def test_ratios_survive_the_file(linear, tmp_path):
    path = results.save(tmp_path, "bench", linear, {"seed": 0})
    assert load_ratios(path) == pytest.approx(linear.ratios())
    assert json.loads(path.read_text())["cells"][0]["workers_per_second"] == pytest.approx(1e9 / 110)


@pytest.mark.parametrize("content", [None, "", "[]", '{"ratios": {}}', '{"ratios": [1]}', '{"ratios": {"a": "b"}}'])
def test_files_without_ratios_are_refused(tmp_path, content):
    path = tmp_path / "bench.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(OutputError, match=r"give a bench\.json"):
        load_ratios(path)


@pytest.mark.parametrize("sizes", ["0", "-5", "many", "1e5;1e6", "nan", "1e30"])
def test_sizes_that_are_no_numbers_are_refused(sizes, tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "measure", lambda *_, **__: pytest.fail("measured"))
    result = CliRunner().invoke(app, ["bench", "--sizes", sizes, "--out", str(tmp_path)])
    assert result.exit_code != 0
    assert "expected positive numbers with commas between them" in str(result.exception)


def test_a_worse_ratio_ends_the_command_with_code_1(linear, tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "measure", lambda *_, **__: linear)
    earlier = tmp_path / "earlier.json"
    for factor, code, words in ((1.0, 0, "no ratio is more than 1.5 times"), (0.5, 1, "worse: jacobian / value")):
        earlier.write_text(json.dumps({"ratios": {k: v * factor for k, v in linear.ratios().items()}}))
        result = CliRunner().invoke(app, ["bench", "--check", str(earlier), "--out", str(tmp_path / "run")])
        assert result.exit_code == code
        assert words in result.output
    assert (tmp_path / "run" / "bench.json").exists()


@pytest.mark.slow
def test_small_sizes_are_measured_in_processes_of_their_own():
    seen, environment = [], dict(os.environ)
    config = load(None, {"population.n_firms": 50})
    result = scaling.measure(config, (1024, 2048), tasks=("value",), repeats=2, watch=seen.append)
    assert [c.n_workers for c in seen] == [1024, 2048]
    assert result.cells == tuple(seen)
    for found in seen:
        assert len(found.seconds) == 2
        assert min(found.seconds) > 0
        assert found.memory_mib >= found.run_mib > 0
        assert found.stored
    assert result.bandwidth > 1e8
    assert dict(os.environ) == environment  # processes started afterwards keep what they compile


class Broken:
    def fail(self):
        raise RuntimeError("as it must")


def test_what_fails_in_a_process_is_told_here():
    remote = Remote("broken", Broken)
    with pytest.raises(RuntimeError, match="as it must"):
        remote.call("fail")
    remote.close()


class Slow:
    def work(self):
        time.sleep(1.0)


def test_a_process_whose_caller_is_gone_ends_without_a_traceback(capfd):
    remote = Remote("slow", Slow)
    remote._connection.send(("work", ()))
    # As if the caller had been killed: nobody reads the answer.
    remote._connection.close()
    remote._process.join(timeout=60)
    assert remote._process.exitcode == 0
    assert "Traceback" not in capfd.readouterr().err

"""The README says what is true: its example runs, its commands are the ones that are tested."""

import contextlib
import io
import re
import subprocess
from pathlib import Path

import pytest

import aigini

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.slow
def test_the_python_example_is_ten_lines_and_runs():
    example, *_, several_hosts = blocks("python")
    assert "jax.distributed.initialize()" in several_hosts  # tests/test_sharding.py runs the like on two processes
    code = [line for line in example.splitlines() if line.strip()]
    assert len(code) <= 10
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    numbers, words, _ = printed.getvalue().splitlines()
    resolved, change, _ = numbers.split()
    named = "concentrating" if float(change) > 0 else "equalising"
    assert words.startswith(named if resolved == "True" else "not distinguishable from no change")
    assert resolved == "True", "weighted draws tell the small change at ξ = 0.3 from none with these few workers"
    assert float(printed.getvalue().split()[-1]) > 0, "proprietary AI raises the Gini at the baseline"


@pytest.mark.slow
def test_a_moment_of_ones_own_is_a_target_in_twenty_lines():
    _, example, *_ = blocks("python")
    assert len(example.splitlines()) < 20
    printed, names = io.StringIO(), {}
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(example, "README.md", "exec"), names)
        fitted, test = printed.getvalue().splitlines()
    finally:
        aigini.unregister_moment("top5_share")
    result = names["result"]
    assert result.jacobian.shape == (7, 5)
    assert float(fitted) == result.fitted["top5_share"] != 0
    assert test.startswith("J = ")
    assert "2 degrees of freedom" in test
    assert test in str(result)
    with pytest.raises(aigini.AiginiError, match="there is nothing called top5_share"):
        aigini.load(None, {"targets.top5_share": {"value": 0.004, "se": 0.005}})


def test_the_test_command_is_what_ci_runs():
    (command,) = [block.strip() for block in blocks("sh") if "pytest" in block]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace(" --quiet", "")
    assert command in ci


def test_every_command_of_the_readme_exists():
    commands = {line.split()[1] for block in blocks("sh") for line in block.splitlines() if line.startswith("aigini ")}
    assert {"simulate", "calibrate", "reproduce", "figures"} < commands
    from aigini.cli import app

    assert commands == {command.name or command.callback.__name__ for command in app.registered_commands}


def test_every_file_the_readme_names_is_there():
    for name in re.findall(r"`(tests/[\w/*]+\.py)`", README) + re.findall(r"\]\(([\w/.]+)\)", README):
        assert list(ROOT.glob(name)), name


def test_tracked_files_name_no_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    machine = re.compile(r"/(root|home)/[a-z]")
    for name in listed.stdout.splitlines():
        if name.endswith((".py", ".md", ".toml", ".json")) and name != "tests/test_readme.py":
            assert not machine.search((ROOT / name).read_text(encoding="utf-8")), name

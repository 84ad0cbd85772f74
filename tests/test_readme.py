"""README and guide say what is true: their examples run, their commands are the ones that are tested."""

import contextlib
import io
import re
import subprocess

import pytest
from documents import PATHS, README, ROOT, USE

import aigini


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", USE, flags=re.DOTALL)


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


@pytest.mark.parametrize("path", [*PATHS, ROOT / "aigini" / "MODEL.md"], ids=lambda path: path.parent.name + path.name)
def test_every_file_that_a_document_names_is_there(path):
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`(tests/[\w/*]+\.py)`", text):
        assert list(ROOT.glob(name)), name
    for name in re.findall(r"\]\(([\w/.]+)\)", text):
        assert (path.parent / name).exists(), name


def test_the_readme_is_one_screen():
    assert len(README.splitlines()) < 100


def test_tracked_files_name_no_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    machine = re.compile(r"/(root|home)/[a-z]")
    for name in listed.stdout.splitlines():
        if name.endswith((".py", ".md", ".toml", ".json")) and name != "tests/test_readme.py":
            assert not machine.search((ROOT / name).read_text(encoding="utf-8")), name

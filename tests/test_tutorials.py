"""Every tutorial runs as a reader runs it, at the size that it gives, and prints the numbers that it promises."""

import os
import re
import subprocess
import sys

import pytest
from conftest import CACHE
from documents import GUIDE, ROOT

TUTORIALS = ROOT / "experiments" / "tutorials"
WORDS = {
    "own_targets": r"eta1: 0\.\d{4} with the published target, 0\.\d{4} with ours\n.*is [+-]0\.\d{4}, and is no target",
    "own_moment": r"(d tutorial_top5 / d \w+ = [+-]\d\.\d{5}\n){5}",
    "own_mechanism": r"rho = 0.9: within tasks -\d.*\nrho = 0.5: within tasks -\d",
    "own_prior": r"P\(.* rises",
    "reading_results": r"gini_total +0\.\d+[\s\S]*to the last bit",
    "many_devices": r"on one device, [+-]\d\.\d{6} on two",
}


def test_the_guide_names_every_tutorial():
    there = {path.stem for path in TUTORIALS.glob("*.py")} - {"small"}
    assert there == set(WORDS) == set(re.findall(r"tutorials/(\w+)\.py", GUIDE))


@pytest.mark.slow
@pytest.mark.parametrize("name", WORDS)
def test_a_tutorial_runs(name):
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(CACHE), "PYTHONPATH": str(ROOT)}
    script = str(TUTORIALS / f"{name}.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(WORDS[name], done.stdout), done.stdout[-2000:]

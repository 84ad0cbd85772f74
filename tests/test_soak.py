"""The soak of benchmarks/soak.py, small."""

import random
import subprocess
import sys
from pathlib import Path

import malformed
import pytest

SOAK = Path(malformed.__file__).with_name("soak.py")


@pytest.mark.slow
def test_malformed_configurations_are_answered_in_a_sentence(tmp_path):
    rng = random.Random(1)
    cases = [malformed.generate(rng) for _ in range(300)]
    assert len({case.kind for case in cases}) == 13
    wrong = [(case.kind, case.overrides, malformed.in_process(case, tmp_path)) for case in cases]
    assert [found for found in wrong if found[2]] == []


@pytest.mark.slow
def test_killed_commands_lose_nothing_and_resume_to_the_same_numbers(tmp_path):
    # In a process that has not started JAX, for its runs are forked from it.
    program = f"""
import pathlib, random, sys
sys.path.insert(0, {str(SOAK.parent)!r})
import soak
place = pathlib.Path({str(tmp_path)!r}) / "calibrate"
seconds = soak.reference("calibrate", place)
tally = soak.Tally()
soak.kill_and_resume("calibrate", place, seconds, 4, random.Random(3), tally, fresh=False)
assert tally.kills.total() + tally.finished_first == 4
print(*tally.tracebacks, *tally.lost, *tally.differing, *tally.leftovers)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


def test_a_soak_that_finds_something_would_say_so(tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(malformed, "load", fail)
    assert "ZeroDivisionError" in malformed.in_process(malformed.Malformed("value", b""), tmp_path)

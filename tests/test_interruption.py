"""A signal ends a command with one line, its own exit code, nothing half-written, and no traceback."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from aigini.runtime import interruption

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

# The module by itself: importing the package would take seconds in every process.
ALONE = """
import importlib.util, os, pathlib, signal, sys, time
spec = importlib.util.spec_from_file_location("interruption", sys.argv[1])
interruption = importlib.util.module_from_spec(spec)
spec.loader.exec_module(interruption)
"""
BUSY = """
with interruption.one_line():
    interruption.set_closing_words(lambda: "something is kept")
    print("ready", flush=True)
    try:
        {busy}
    finally:
        print("unwound", flush=True)
"""
WAITING = "time.sleep(60)"
COMPUTING = "\n        ".join(
    ["while True:", "    try:", "        pow(3, 10**5)", "    except BaseException:", "        pass"]
)


# A test run in the background of a shell, or under nohup, inherits signals that are ignored; the processes here do not.
# They are not told between fork and exec: JAX in the parent forbids a fork.
USUAL = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
PYTHON = [sys.executable, "-c", USUAL]


def start(program, **options):
    return subprocess.Popen(
        [*PYTHON, "-c", textwrap.dedent(ALONE) + program, interruption.__file__],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("busy", [WAITING, COMPUTING], ids=["waiting", "computing"])
def test_a_signal_ends_it_in_one_line_at_once(number, busy):
    with start(BUSY.format(busy=busy)) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, "")
    assert err == f"aigini: stopped by {signal.Signals(number).name}; something is kept.\n"


UNDISTURBED = """
with interruption.one_line():
    with interruption.undisturbed():
        print("ready", flush=True)
        time.sleep(0.5)
        print("noted", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_until_a_new_file_is_noted_as_one_to_remove(number):
    with start(UNDISTURBED) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    # A signal is seen after the block by then, and may end the process between the words and the end of the line.
    assert (process.returncode, out.strip()) == (128 + number, "noted")
    assert err.startswith(f"aigini: stopped by {signal.Signals(number).name}")


AT_THE_EDGE = """
class Lock:
    def __init__(self, lock):
        self.lock = lock
    def __enter__(self):
        self.lock.acquire()
        {taken}
    def __exit__(self, *_):
        {given}
        self.lock.release()

interruption._undisturbed = Lock(interruption._undisturbed)
signalled = False
def send():
    global signalled
    if not signalled:
        signalled = True
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
print("ready", flush=True)
with interruption.one_line():
    with interruption.undisturbed():
        pass
    time.sleep(60)
"""


@pytest.mark.parametrize("edge", ["taken", "given"])
def test_a_signal_as_the_lock_is_taken_or_given_back_ends_the_process_at_once(edge):
    program = AT_THE_EDGE.format(**{"taken": "pass", "given": "pass", edge: "send()"})
    with start(program) as process:
        assert process.stdout.readline() == "ready\n"
        _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert err.startswith("aigini: stopped by SIGINT")


def test_a_second_signal_changes_nothing():
    with start(BUSY.format(busy=WAITING)) as process:
        assert process.stdout.readline() == "ready\n"
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode in {128 + number for number in SIGNALS}
    assert err.count("\n") == 1


def test_a_signal_that_was_ignored_stays_ignored():
    program = (
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with interruption.one_line():\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    print('alive')\n"
    )
    with start(program) as process:
        assert process.communicate(timeout=60) == ("alive\n", "")


def test_handlers_are_as_they_were_afterwards():
    before = [signal.getsignal(number) for number in SIGNALS]
    with interruption.one_line():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_library_leaves_the_interrupts_of_its_program_alone():
    # In a process of its own: this one may have inherited from its shell that interrupts are ignored.
    program = "import signal, aigini; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    with start(program, cwd=pathlib.Path(interruption.__file__).parents[2]) as process:
        assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    "entry", [["-m", "aigini.cli", "--help"], ["-m", "aigini", "--help"], ["{folder}/aigini", "--help"]]
)
def test_an_interrupt_while_the_command_is_imported_is_one_line(tmp_path, entry):
    (tmp_path / "aigini").write_text("from aigini.cli import main\nmain()\n")
    code = {"PYTHONPATH": str(pathlib.Path(interruption.__file__).parents[1])}
    arguments = [part.format(folder=tmp_path) for part in entry]
    with subprocess.Popen(
        [*PYTHON, "-v", *arguments],
        env={**os.environ, **code},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr:  # -v shows each import
            if "import 'aigini.runtime.interruption'" in line:
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "aigini: stopped by SIGINT; nothing was being written, and earlier results are as they were.\n" in rest

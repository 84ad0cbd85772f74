"""Printing never loses a result: other encodings, full disks, pipes without a reader, text that looks like markup."""

import io
import os
import subprocess
import sys

import pytest

from aigini import cli
from aigini.runtime import screen

PRINTING = """
import sys
from aigini import cli
from aigini.runtime import screen
def app():
    screen.Progress().print(sys.argv[1])
    print(sys.argv[1])
cli.app = app
cli.main()
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "σ ± † m[/]x m6:fire:x – ü"), ("latin-1", "sigma ± + m[/]x m6:fire:x - ü")],
)
def test_text_is_shown_as_it_is_or_in_ascii(monkeypatch, encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    screen.prepare()
    screen.Progress().print("σ ± † m[/]x m6:fire:x – ü")
    print("σ ± † m[/]x m6:fire:x – ü")
    stream.flush()
    assert stream.buffer.getvalue().decode(encoding).splitlines() == [shown, shown]


def test_what_has_no_name_in_ascii_is_escaped(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    screen.prepare()
    print("\udcff ☃ ±")
    stream.flush()
    assert stream.buffer.getvalue() == b"\\udcff \\u2603 +-\n"


def run(redirection, text):
    return subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" "$2" {redirection}', sys.executable, PRINTING, text],
        env={**os.environ, "AIGINI_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("length", [10, 100_000])
def test_a_full_disk_is_one_sentence(length):
    done = run("> /dev/full", "x" * length)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == [line for line in done.stderr.splitlines() if line.startswith("aigini: ")]
    assert "standard output" in done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_news_that_cannot_be_written_does_not_end_the_work():
    done = run("2> /dev/full", "news")
    assert (done.returncode, done.stdout) == (0, "news\n")


def test_a_reader_that_has_gone_is_no_traceback():
    done = run("| :", "x" * 100_000)
    assert done.stderr == "x" * 100_000 + "\n"


def test_a_closed_output_is_no_error():
    done = run(">&-", "news")
    assert (done.returncode, done.stderr) == (0, "news\n")


def test_the_progress_of_the_command_goes_to_the_screen(capsys):
    cli._notify("a[b] :fire: [/]")
    assert capsys.readouterr() == ("", "a[b] :fire: [/]\n")

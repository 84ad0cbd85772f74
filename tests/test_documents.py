"""Documents are spelt right, their links lead somewhere, and the reference of the public names can be built."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aigini

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for path in ROOT.glob("*/*.md") if not path.parts[-2].startswith("."))])

WORDS_OF_OURS = ("aer", "alhpa", "caf", "lamda", "technolgy", "vermillion")
"""A journal, a letter in Unicode's spelling, a colour, and mistakes that tests make on purpose."""


def tracked(*endings):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if name.endswith(endings) and (ROOT / name).exists()]


def test_prose_is_spelt_right():
    pytest.importorskip("codespell_lib")
    files = tracked(".md", ".py", ".pyi", ".toml", ".cff", ".html")
    command = [sys.executable, "-m", "codespell_lib", "--ignore-words-list", ",".join(WORDS_OF_OURS), *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_check_of_spelling_finds_a_mistake(tmp_path):
    pytest.importorskip("codespell_lib")
    (tmp_path / "a.md").write_text("the same\n".replace("he", "eh"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "codespell_lib", tmp_path], capture_output=True, text=True)
    assert "==> the" in done.stdout


def prose(path):
    """Text of a document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path):
    """Anchors of the headings of a document, as GitHub makes them."""
    heads = re.findall(r"^#+ +(.+?) *$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(path):
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)) if not re.match(r"\w+:", link)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(path):
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_there_are_documents_with_links_and_headings():
    assert sum(len(links(path)) for path in DOCUMENTS) > 10
    assert len(anchors(ROOT / "README.md")) > 3


def test_the_reference_of_the_public_names_is_built_without_warnings(tmp_path):
    if importlib.util.find_spec("pdoc") is None:
        pytest.skip("pdoc is not installed; pip install 'aigini[docs]'")
    (line,) = re.findall(r"`EAGER_IMPORT=1 pdoc -o api (.+?)`", (ROOT / "aigini" / "GUIDE.md").read_text("utf-8"))
    modules = [word.strip("'") for word in line.split()]
    command = [sys.executable, "-W", "error", "-m", "pdoc", "-o", tmp_path, *modules]
    environment = {**os.environ, "EAGER_IMPORT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "aigini.html").read_text(encoding="utf-8")
    for name in aigini.__all__:
        assert f'id="{name}"' in page or name == "oews", name
    page = (tmp_path / "aigini" / "oews.html").read_text(encoding="utf-8")
    for name in aigini.oews.__all__:
        assert f'id="{name}"' in page, name

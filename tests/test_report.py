"""The page to hand over: whole without a network, every number with its origin, what is missing named."""

import html.parser
import itertools
import json
import re
import shutil
import subprocess
import sys

import pytest
from test_experiments import EXPERIMENTS

import aigini
from aigini import cli
from aigini.commands.registry import load_result
from aigini.errors import OutputError
from aigini.report.equations import EQUATIONS

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)


class Reader(html.parser.HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)

    def of(self, tag, name):
        return [attributes.get(name) for kind, attributes in self.tags if kind == tag]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with an answer, an estimation and channels, and a result that is damaged."""
    place = tmp_path_factory.mktemp("report") / "run"
    place.mkdir()
    for name in ("answer", "calibration", "channels"):
        shutil.copy(EXPERIMENTS / "baseline" / f"{name}.json", place)
    (place / "policy.json").write_text('{"schema": 1}')
    return place


@pytest.fixture(scope="module")
def text(run):
    path = aigini.report(run, out=run.parent / "page.html")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Reader(text)


def test_nothing_is_loaded_from_elsewhere(text, page):
    loads = [
        value for name in ("src", "srcset", "data", "poster") for _, found in page.tags if (value := found.get(name))
    ]
    assert loads
    assert all(value.startswith("data:image/png;base64,") for value in loads)
    assert all(value.startswith("#") for value in page.of("a", "href"))
    assert page.of("link", "href") == page.of("script", "src") == []
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_a_reader_without_eyes_or_mouse_gets_everything(page):
    assert page.of("html", "lang") == ["en"]
    assert all(page.of("img", "alt"))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(names)) == len(names)
    assert {link.removeprefix("#") for link in page.of("a", "href")} <= set(names)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 2 for before, after in itertools.pairwise(levels))
    # What scrolls can be reached by keyboard, and has a name.
    scrolled = [attributes for _, attributes in page.tags if attributes.get("class") == "wide"]
    assert all(one["tabindex"] == "0" and one["aria-label"] for one in scrolled)


def test_the_numbers_are_those_of_the_results(run, page):
    words = {word.strip() for word in page.words}
    table = load_result(run, "channels").table()
    assert {cell for row in table.rows for cell in row} <= words
    said = " ".join("".join(page.words).split())
    for part in load_result(run, "answer").paragraphs.values():
        assert part.replace("`", "") in said
    for target in load_result(run, "calibration").targets.values():
        assert target.source in words


def test_every_section_says_where_it_comes_from(run, page):
    for name in ("answer", "calibration", "channels"):
        record = json.loads((run / f"{name}.json").read_text())["run"]
        assert {f"{run / name}.json", record["commit"], record["config_sha256"]} <= set(page.words)


def test_what_is_missing_or_damaged_is_named(run, page):
    said = " ".join(page.words)
    for command in ("posterior", "sign", "regimes", "dynamics"):
        assert f"aigini {command}" in page.words
    assert f"{run / 'policy.json'}: is not a readable result" in said
    assert "aigini channels" not in page.words


def test_equations_are_shown_by_the_browser_itself(page):
    assert page.of("math", "display") == ["block"] * len(EQUATIONS)
    assert "parsererror" not in {tag for tag, _ in page.tags}


def test_a_page_without_an_answer_says_so(run, tmp_path):
    only = tmp_path / "only"
    only.mkdir()
    shutil.copy(run / "calibration.json", only)
    said = aigini.report(only, out=tmp_path / "page.html").read_text()
    assert "No run here answers it" in said


def test_folders_without_results_are_refused(tmp_path, monkeypatch, capsys):
    with pytest.raises(OutputError, match="holds no result"):
        aigini.report(tmp_path, out=tmp_path / "page.html")
    with pytest.raises(OutputError, match="no run folder was given"):
        aigini.report(out=tmp_path / "page.html")
    (tmp_path / "channels.json").write_text("{}")
    with pytest.raises(OutputError, match="not a readable result"):
        aigini.report(tmp_path, out=tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    monkeypatch.setattr(sys, "argv", ["aigini", "report", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_shows_it_without_a_word_of_complaint(text, tmp_path, width):
    place = tmp_path / "page.html"
    place.write_text(text, encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--window-size={width},900")
    done = subprocess.run(
        [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", place.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "</footer>" in done.stdout
    assert not re.search(r"CONSOLE.*", done.stderr), done.stderr

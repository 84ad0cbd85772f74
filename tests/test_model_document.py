"""MODEL.md says of the parameters what the code does."""

import re
from importlib.resources import files

import pytest

from aigini.config import load
from aigini.parameters import SPECS

TEXT = (files("aigini") / "MODEL.md").read_text(encoding="utf-8")


def section(title):
    return re.search(rf"^## \d+\. {title}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL).group(1)


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


PARAMETERS = {row[0].strip("`"): row[1:] for row in rows(section("Parameters and baseline"))}


def plain(text):
    return text.replace("−", "-").replace("∞", "inf")


def test_every_parameter_is_in_the_table_in_its_order():
    assert list(PARAMETERS) == list(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_a_row_has_the_symbol_meaning_baseline_and_bounds_of_the_code(name):
    symbol, meaning, baseline, bounds, _ = PARAMETERS[name]
    spec = SPECS[name]
    assert symbol == (spec.symbol or "—")
    assert meaning == spec.meaning
    assert float(plain(baseline)) == spec.default
    assert plain(bounds) == spec.interval()


def test_the_table_says_which_parameters_the_standard_calibration_frees_ties_and_fixes():
    config = load(None)
    tied = {"eta0"} if config.tie != "none" else set()
    expected = {name: "free" if name in config.free else "tied" if name in tied else "fixed" for name in SPECS}
    assert {name: row[-1] for name, row in PARAMETERS.items()} == expected


def test_terms_of_the_glossary_are_explained_once():
    terms = [row[0] for row in rows(section("Glossary"))]
    assert len(terms) == len(set(terms)) > 20
    assert all(row[1] for row in rows(section("Glossary")))

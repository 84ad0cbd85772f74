"""Docstrings are statements, and names are those of the field: openings and words that are no help stay out."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "aigini"
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}

OPENING = re.compile(r"(What|Whether|How|Of)\b")
"""A docstring that opens so asks or breaks off; it should say what is computed."""

ATTRIBUTE = re.compile(r" +\w+: (What|Whether|How|Of)\b")

WORDS = {
    *("found", "place", "places", "say", "mend", "mended", "dear", "held", "case", "kept", "ends", "met", "meet"),
    *("faced", "everyone"),
}
"""Names that tell a reader nothing of what they stand for."""


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield getattr(node, "name", "module"), ast.get_docstring(node) or ""


def names(tree):
    """Functions, classes, arguments and local or global variables; fields of results are keys of files."""
    fields = {
        id(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        for target in ast.walk(statement.target)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.id


def faults(text):
    tree = ast.parse(text)
    for name, docstring in docstrings(tree):
        first, *others = docstring.splitlines() or [""]
        if OPENING.match(first):
            yield f"the docstring of {name} opens with {first.split()[0]!r}: say what is computed"
        yield from (f"{name}: {line.strip()!r} is no statement" for line in others if ATTRIBUTE.match(line))
    yield from (f"{name} is no name" for name in names(tree) if name.strip("_").lower() in WORDS)


@pytest.mark.parametrize("file", FILES)
def test_docstrings_are_statements_and_names_are_of_the_field(file):
    assert list(faults(FILES[file].read_text(encoding="utf-8"))) == []


def test_what_is_refused_is_seen():
    text = (
        '"""How it works."""\n\n\ndef held(x):\n    """One.\n\n    Args:\n        x: Of it.\n    """\n    found = x\n'
    )
    assert len(list(faults(text))) == 4

"""Imports between the parts of the package run one way; the order stands in pyproject.toml."""

from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_run_one_way():
    assert lint_imports(config_filename=str(Path(__file__).parent.parent / "pyproject.toml"), no_cache=True) == 0

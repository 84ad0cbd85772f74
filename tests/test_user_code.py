"""What users register has a definition: the same for the same code, another one for anything that changes results."""

import functools
import subprocess
import sys

import numpy as np
import pytest

from aigini.runtime.user_code import definition, first_difference, own_definition, redefines

FUNCTION = """
SHARE = 0.05
def helper(x):
    return x * 2
def level(at):
    return helper(at) * SHARE
"""
CLASS = """
import aigini
class Ces(aigini.TaskTechnology):
    rho: float = 0.5
    def task_output(self, params, tasks, exposed, human, ai):
        return human * self.rho
level = (Ces, Ces())
"""


@pytest.fixture(scope="module")
def defined(tmp_path_factory):
    """`defined(text, name)`: the definition of `level` in a program of its own, which each text needs once."""
    folder = tmp_path_factory.mktemp("programs")

    @functools.cache
    def definition_in(text, name="mine"):
        path = folder / f"{name}.py"
        path.write_text(text + "\nfrom aigini.runtime.user_code import definition\nprint(definition(level))\n")
        return subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout

    return definition_in


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (FUNCTION, "at) * SHARE", "at) / SHARE"),
        (FUNCTION, "0.05", "0.1"),
        (FUNCTION, "x * 2", "x * 3"),
        (CLASS, "human * self.rho", "human + self.rho"),
        (CLASS, "float = 0.5", "float = 0.4"),
        (CLASS, "Ces())", "Ces(0.4))"),
    ],
)
def test_a_definition_changes_with_whatever_moves_results_and_with_nothing_else(defined, text, old, new):
    before = defined(text)
    assert defined(text.replace(":\n", ":  # a comment\n", 1), "renamed") == before
    after = defined(text.replace(old, new))
    assert after != before
    assert first_difference(before, after)[0] in before


def test_what_has_no_source_is_told_apart_by_its_code():
    def made(text):
        names = {"__name__": "somewhere"}
        exec(text, names)
        return definition(names["level"])

    assert made(FUNCTION) == made(FUNCTION)
    assert made(FUNCTION) != made(FUNCTION.replace("x * 2", "x * 3"))


def test_partial_functions_closures_arrays_and_objects_are_told_apart():
    def of(share):
        return lambda at: at * share

    assert definition(of(1)) == definition(of(1)) != definition(of(2))
    assert definition(functools.partial(of, 1)) != definition(functools.partial(of, 2))
    assert definition(of(np.ones(2))) != definition(of(np.zeros(2)))
    assert definition(of((1, {"a": 2}))) != definition(of((1, {"a": 3})))
    assert own_definition(of)
    assert not own_definition(definition)


def test_only_the_same_name_in_the_same_notebook_is_defined_again():
    def one():
        pass

    def two():
        pass

    assert redefines(one, one)
    assert not redefines(two, one)
    two.__qualname__ = one.__qualname__
    assert not redefines(two, one)
    one.__module__ = two.__module__ = "__main__"
    assert redefines(two, one)
    assert not redefines(functools.partial(one), functools.partial(one))

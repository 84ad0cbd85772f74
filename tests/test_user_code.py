"""What users register has a definition: the same for the same code, another one for anything that changes results."""

import functools
import linecache
import os
import re
import subprocess
import sys
import types

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


USES = """
import enum, functools, helpers, typing, equinox as eqx, jax, jax.numpy as jnp, numpy as np
import aigini
class Levy(aigini.Instrument):
    brackets: tuple = (0.1, 0.2)
    rates = [1, {"a": 3}]
    def levy(self, *at):
        return self.twice
    @property
    def twice(self):
        return 2 * self.brackets[0]
    @jax.jit
    def compiled(self):
        return 4
    @staticmethod
    def fixed():
        return 5
    @functools.cached_property
    def kept(self):
        return 6
class Bag:
    def __init__(self, inside):
        self.inside = inside
    def __repr__(self):
        return "Bag"
def decorated(function):
    @functools.wraps(function)
    def scaled(*given):
        return 7 * function(*given)
    return scaled
LIST, DICT, SET, JAX, SCALAR, BAG = [8], {"b": (9,)}, {10, "c"}, jnp.full(2, 11.5), np.float32(12.5), Bag(13)
MOMENT = aigini.Moment("a", "b", "c", lambda at: at.state
    * 14)
PARTLY = functools.partial(decorated, 15)
RATE, NESTED, SHORT = 16, 17, 18
class Pair(typing.NamedTuple):
    first: int = 26
class Kind(enum.Enum):
    ONE = 27
@jax.custom_jvp
def smooth(x):
    return 19 * x
@smooth.defjvp
def slope(at, moved):
    return 20
@decorated
def level(at, by=RATE, *, or_by=(21, SHORT)):
    inner = lambda x: [x * NESTED for _ in x]
    return LIST, DICT, SET, JAX, SCALAR, BAG, MOMENT, PARTLY, inner, smooth, helpers.rate, Levy, either[1]
either = (lambda x: x + 22, lambda x: x + 23)
def one(x):
    return 24
def other(x):
    return 25
mapped = (Pair, Kind, eqx.filter_jit(eqx.filter_vmap(one, in_axes=28)))
both = (one, other, mapped, jax.jit(jax.vmap(other)), {"d": {"e": (one, one)}})
shape = ((1, 2), 3)
level = (level, both, shape, np.exp, either[0])
"""


def made_with(text, path):
    helpers = types.ModuleType("helpers")
    helpers.rate = 30.0 if "helper_rate" in text else 31.0
    path.write_text(text)
    linecache.checkcache(str(path))
    names = {"__name__": "mine"}
    sys.modules["helpers"] = helpers
    try:
        exec(compile(text, str(path), "exec"), names)
        return definition(names["level"])
    finally:
        del sys.modules["helpers"]


def test_every_number_that_a_definition_uses_counts_with_and_without_its_source(tmp_path):
    """By default arguments, nested functions, collections, arrays, classes, wrappers and continued or twin lambdas."""
    numbers = sorted(set(re.findall(r"(?<![\w.])(?:[3-9]|1\d|2[0-8])(?:\.5)?(?![\w.])", USES)), key=float)
    assert len(numbers) == 26
    changes = [(rf"(?<![\w.]){re.escape(number)}(?![\w.])", f"1{number}") for number in numbers]
    changes += [
        (r"$", "# helper_rate"),
        (r"0\.2", "0.3"),
        (r"2 \* self", "3 * self"),
        (r"\(one, other,", "(other, one,"),
        (r"\(other\)\)", "(one))"),
        (r"\(one, one\)", "(one, other)"),
        (r"\(\(1, 2\), 3\)", "(1, (2, 3))"),
        (r"np\.exp", "np.log"),
    ]
    for keep in (True, False):
        file = tmp_path / "mine.py" if keep else tmp_path / "lost" / "mine.py"
        file.parent.mkdir(exist_ok=True)

        def of(text, file=file, keep=keep):
            if keep:
                return made_with(text, file)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("aigini.runtime.source.inspect.findsource", lacking)
                return made_with(text, file)

        before = of(USES)
        assert before == of(USES.replace("return 24", "return 24  # a comment") if keep else USES)
        assert " at 0x" not in before
        for pattern, new in changes:
            text = re.sub(pattern, new, USES, count=1)
            assert text != USES
            after = of(text)
            assert after != before, pattern
            assert first_difference(before, after) != ("", "")


def lacking(code):
    raise OSError(code)


def test_a_definition_is_the_same_in_every_process(tmp_path):
    (tmp_path / "helpers.py").write_text("rate = 1\n")
    program = tmp_path / "mine.py"
    program.write_text(USES + "\nfrom aigini.runtime.user_code import definition\nprint(definition(level))\n")
    texts = {
        subprocess.run(
            [sys.executable, program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


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

"""Results are equal by value: `==` gives True or False, whatever arrays they hold."""

import copy
import dataclasses
import inspect
import pkgutil
from importlib import import_module

import jax.numpy as jnp
import numpy as np
import pytest

import aigini
from aigini.commands.registry import result_files
from aigini.config import Config, load
from aigini.equality import same
from aigini.tables import Tabular

for _module in pkgutil.walk_packages(aigini.__path__, "aigini."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)


def below(kind):
    return [kind, *(lower for one in kind.__subclasses__() for lower in below(one))]


RESULTS = sorted({kind for kind in below(Tabular) if not inspect.isabstract(kind)}, key=lambda kind: kind.__qualname__)


def filled(kind):
    """A result whose every field holds an array, and a table of arrays with a NaN in it."""
    if not dataclasses.is_dataclass(kind):
        return kind({"one": np.array([1.0, np.nan])})
    made = object.__new__(kind)
    for field in dataclasses.fields(kind):
        object.__setattr__(made, field.name, {"one": np.array([1.0, np.nan]), "two": [np.arange(3), jnp.ones(2)]})
    return made


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
def test_results_of_every_type_are_equal_by_value(kind):
    first, again = filled(kind), copy.deepcopy(filled(kind))
    assert (first == again) is True
    assert (first != again) is False
    table = again if isinstance(again, dict) else getattr(again, dataclasses.fields(kind)[-1].name)
    table["one"][0] = 2.0
    assert (first == again) is False
    assert (first == "another thing") is False


def test_every_result_of_a_command_is_among_them():
    assert {file.type for file in result_files().values()} <= set(RESULTS)


def test_configurations_with_matrices_are_equal_by_value():
    weights = (np.eye(6) * 2).tolist()
    first, again = (load(None, {"calibration.weighting": weights}) for _ in range(2))
    assert isinstance(first, Config)
    assert (first == again) is True
    assert (first == load(None, {"calibration.weighting": (np.eye(6) * 3).tolist()})) is False


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0]), np.array([1.0, 1.0]), False),
        (np.array(["a"]), np.array(["a"]), True),
        (np.array(["a"]), np.array([1.0]), False),
        (np.array([1, 2]), jnp.array([1.0, 2.0]), True),
        (float("nan"), float("nan"), True),
        (1.0, "1.0", False),
        ({"a": [1.0]}, {"b": [1.0]}, False),
        ((1.0, 2.0), [1.0, 2.0], False),
        ("ab", "ab", True),
    ],
)
def test_values(first, second, equal):
    assert same(first, second) is equal

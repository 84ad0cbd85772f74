"""Code that a user registers: its definition as text, and a test if it takes the place of an earlier one.

Moments, mechanisms and levers of the user's own are known by name, but results rest on what the names stand for. The
definition goes where the name goes, so that work done with one definition is not gone on with under another.
"""

import ast
import dataclasses
import functools
import inspect
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

_PACKAGE = __name__.partition(".")[0]


def redefines(new: Any, old: Any) -> bool:
    """True if `new` is `old`, or `old` defined again in a program or a notebook, as when a cell is run twice."""
    name, module = (getattr(new, attribute, None) for attribute in ("__qualname__", "__module__"))
    return new is old or (
        name is not None and module == "__main__" == getattr(old, "__module__", None) and name == old.__qualname__
    )


def definition(thing: Any) -> str:
    """The source of a function, class or object, and of the values, functions and classes of its module that it uses.

    Comments and the form of the text do not count. What has no source is described by its compiled code or, if it has
    none, in the words of its ``repr``, which may hold an address and then is of this process alone.
    """
    return "\n".join(_lines(thing, {}))


def own_definition(thing: Any) -> list[str]:
    """The definition of a function that is none of the package's; nothing of one that is."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    return [] if _is_own(thing) else [definition(thing)]


def _is_own(thing: Any) -> bool:
    """True if something is the package's."""
    return (getattr(thing, "__module__", None) or "").partition(".")[0] == _PACKAGE


def first_difference(before: str, after: str) -> tuple[str, str]:
    """The first lines in which two definitions differ."""
    one, two = before.splitlines(), after.splitlines()
    size = max(len(one), len(two))
    pairs = zip(one + [""] * (size - len(one)), two + [""] * (size - len(two)), strict=True)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def _lines(thing: Any, seen: dict[int, Any]) -> Iterator[str]:
    if isinstance(thing, (bool, int, float, complex, str, bytes, type(None))):
        yield repr(thing)
    elif isinstance(thing, (np.ndarray, np.generic, jax.Array)):
        yield repr(np.asarray(thing).tolist())
    elif id(thing) in seen:
        return
    else:
        seen[id(thing)] = thing  # kept, so that nothing else gets its number
        yield from _parts(thing, seen)


def _parts(thing: Any, seen: dict[int, Any]) -> Iterator[str]:
    if isinstance(thing, functools.partial):
        thing = (thing.func, thing.args, thing.keywords)
    if isinstance(thing, Mapping):
        thing = tuple(thing.items())
    if isinstance(thing, (tuple, list)):
        for item in thing:
            yield from _lines(item, seen)
    elif (inspect.isclass(thing) or inspect.isfunction(thing)) and _is_own(thing):
        yield f"{thing.__module__}.{thing.__qualname__}"
    elif inspect.isclass(thing):
        for base in thing.__mro__:
            if base.__module__ == thing.__module__ and base is not object:
                yield f"class {base.__qualname__}"
                for name, value in vars(base).items():
                    member = getattr(base, name, value)
                    if name == "__annotations__" or (isinstance(member, (bool, int, float, str)) and name[:2] != "__"):
                        yield f"{name} = {member!r}"
                    elif inspect.isfunction(member) and member.__module__ == thing.__module__:
                        yield from _lines(member, seen)
    elif isinstance(function := inspect.unwrap(thing) if callable(thing) else thing, types.FunctionType):
        yield from _source(function)
        used = inspect.getclosurevars(function)
        for name, value in {**used.globals, **used.nonlocals}.items():
            if isinstance(value, (bool, int, float, str, tuple, np.ndarray)):
                yield from _named(name, value, seen)
            elif function.__module__ is not None and getattr(value, "__module__", None) == function.__module__:
                yield from _lines(value, seen)
    elif type(thing).__repr__ is object.__repr__ or dataclasses.is_dataclass(thing):
        yield from _lines(type(thing), seen)
        for name, value in vars(thing).items():
            yield from _named(name, value, seen)
    else:
        yield repr(thing)


def _named(name: str, value: Any, seen: dict[int, Any]) -> Iterator[str]:
    lines = list(_lines(value, seen))
    yield from [f"{name} = {lines[0]}"] if len(lines) == 1 else [f"{name} =", *lines]


def _source(function: types.FunctionType) -> Iterator[str]:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        yield from _code(function.__code__)
        return
    try:
        text = ast.unparse(ast.parse(text))
    except SyntaxError:  # part of a statement, as of a lambda between others
        text = text.strip()
    yield from text.splitlines()


def _code(code: types.CodeType) -> Iterator[str]:
    yield f"{code.co_name} {code.co_names} {code.co_code.hex()}"
    for constant in code.co_consts:
        yield from _code(constant) if isinstance(constant, types.CodeType) else [repr(constant)]

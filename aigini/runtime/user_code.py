"""Code that a user registers: its definition as text, and a test if it takes the place of an earlier one.

Moments, mechanisms and levers of the user's own are known by name, but results rest on what the names stand for. The
definition goes where the name goes, so that work done with one definition is not gone on with under another.
"""

import dataclasses
import dis
import enum
import functools
import inspect
import sys
import types
from collections.abc import Iterator, Mapping, Set
from typing import Any

import jax
import numpy as np

from aigini.runtime.source import code_text, codes, source

_PACKAGE = __name__.partition(".")[0]

_LIBRARIES = sys.stdlib_module_names | {_PACKAGE, "equinox", "jax", "jaxlib", "jaxtyping", "numpy", "optax", "scipy"}
"""Packages whose code is known by its name: a run records their versions."""

_Scalar = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


def redefines(new: Any, old: Any) -> bool:
    """True if `new` is `old`, or `old` defined again in a program or a notebook, as when a cell is run twice."""
    name, module = (getattr(new, attribute, None) for attribute in ("__qualname__", "__module__"))
    return new is old or (
        name is not None and module == "__main__" == getattr(old, "__module__", None) and name == old.__qualname__
    )


def definition(thing: Any) -> str:
    """The source of a function, class or object, and of all values, functions and classes that it uses.

    Comments and the form of the text do not count. What has no source is described by its compiled code or, if it has
    none, in the words of its ``repr``, which may hold an address and then is of this process alone. Libraries are
    named, and not followed: Python's own, JAX and its relatives, and every installed package that the first definition
    met does not belong to.
    """
    return "\n".join(_Text().lines(thing))


def own_definition(thing: Any) -> list[str]:
    """The definition of a function that is none of the package's; nothing of one that is."""
    function = thing
    while isinstance(function, functools.partial):
        function = function.func
    return [] if _root(getattr(function, "__module__", None)) == _PACKAGE else [definition(thing)]


def first_difference(before: str, after: str) -> tuple[str, str]:
    """The first lines in which two definitions differ."""
    one, two = before.splitlines(), after.splitlines()
    size = max(len(one), len(two))
    pairs = zip(one + [""] * (size - len(one)), two + [""] * (size - len(two)), strict=True)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def _root(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _installed(module: str) -> bool:
    return "-packages" in (getattr(sys.modules.get(module), "__file__", None) or "")


class _Text:
    """The lines of one definition, in which whatever comes again is referred to by its number."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}  # things are kept, so that nothing else gets their address
        self._open: set[int] = set()
        self._home: str | None = None

    def _is_library(self, module: str | None) -> bool:
        root = _root(module)
        if not root or root in _LIBRARIES:
            return bool(root)
        self._home = root if self._home is None else self._home
        return root != self._home and _installed(root)

    def lines(self, thing: Any) -> Iterator[str]:
        if isinstance(thing, enum.Enum) or type(thing) in _Scalar:
            yield repr(thing)
        elif isinstance(thing, (np.ndarray, np.generic, jax.Array)):
            if jax.numpy.issubdtype(thing.dtype, jax.dtypes.prng_key):
                thing = jax.random.key_data(thing)  # pyright: ignore[reportArgumentType]
            array = np.asarray(thing)
            yield f"{array.dtype}{list(array.shape)} {array.tolist()!r}"
        elif isinstance(thing, types.ModuleType):
            yield f"module {thing.__name__}"
        elif isinstance(thing, (Mapping, tuple, list, Set)):
            if id(thing) in self._open:
                yield f"{type(thing).__name__} around this"
                return
            self._open.add(id(thing))
            yield from self._container(thing)
            self._open.discard(id(thing))
        elif id(thing) in self._seen:
            yield f"number {self._seen[id(thing)][0]} above"
        else:
            self._seen[id(thing)] = (len(self._seen), thing)
            yield from self._parts(thing)

    def named(self, name: str, value: Any) -> Iterator[str]:
        lines = list(self.lines(value))
        yield from [f"{name} = {lines[0]}"] if len(lines) == 1 else [f"{name} =", *lines]

    def _container(self, thing: Any) -> Iterator[str]:
        if isinstance(thing, Mapping):
            items = [list(self.named(" ".join(self.lines(key)), value)) for key, value in thing.items()]
        else:
            ordered = sorted(thing, key=_order) if isinstance(thing, Set) else thing
            items = [list(self.lines(item)) for item in ordered]
        kind = type(thing).__name__
        if all(len(item) == 1 for item in items):
            yield f"{kind}({', '.join(line for (line,) in items)})"
        else:
            yield f"{kind}("
            for item in items:
                yield from item
                yield ","
            yield ")"

    def _parts(self, thing: Any) -> Iterator[str]:
        if isinstance(thing, functools.partial):
            yield from self.named("partial", (thing.func, thing.args, thing.keywords))
        elif isinstance(thing, types.MethodType):
            yield from self.named("method", (thing.__func__, thing.__self__))
        elif isinstance(thing, property):
            yield from self.named("property", (thing.fget, thing.fset, thing.fdel))
        elif isinstance(thing, (staticmethod, classmethod)):
            yield from self.named(type(thing).__name__, thing.__func__)
        elif type(thing) is object:  # only marks something
            yield "object()"
        elif isinstance(thing, functools.cached_property):
            yield from self.named("cached_property", thing.func)
        elif inspect.isclass(thing):
            yield from self._class(thing)
        elif isinstance(thing, types.FunctionType):
            yield from self._function(thing)
        elif isinstance(thing, types.BuiltinFunctionType) and isinstance(thing.__self__, (type, types.ModuleType)):
            yield f"{thing.__self__.__name__}.{thing.__name__}"
        elif self._has_name(thing):
            yield f"{thing.__module__}.{thing.__qualname__}"
        elif hasattr(thing, "__wrapped__") and self._is_library(type(thing).__module__):  # such as by jit
            yield f"{type(thing).__module__}.{type(thing).__qualname__}"
            # Its caches and compiled programs are of this process.
            settings = {name: value for name, value in _state(thing).items() if _is_setting(value)}
            for name, value in {
                **settings,
                "__wrapped__": inspect.unwrap(thing, stop=lambda at: at is not thing),
            }.items():
                yield from self.named(name, value)
        else:
            yield from self._object(thing)

    def _has_name(self, thing: Any) -> bool:
        """True if a library has it under its own name."""
        name, module = getattr(thing, "__qualname__", None), getattr(thing, "__module__", None)
        if not isinstance(name, str) or not isinstance(module, str) or not self._is_library(module):
            return False
        return getattr(sys.modules.get(module), name, None) is thing

    def _object(self, thing: Any) -> Iterator[str]:
        kind, state = type(thing), _state(thing)
        opaque = not state or kind.__repr__ is not object.__repr__
        if self._is_library(kind.__module__) and not dataclasses.is_dataclass(thing) and opaque:
            yield repr(thing)
            return
        yield from self.lines(kind)
        if isinstance(thing, _Scalar):
            yield repr(thing)
        for name, value in state.items():
            yield from self.named(name, value)

    def _class(self, thing: type) -> Iterator[str]:
        if self._is_library(thing.__module__):
            yield f"{thing.__module__}.{thing.__qualname__}"
            return
        yield f"class {thing.__qualname__}"
        for base in thing.__bases__:
            yield from self.lines(base)
        own = vars(thing)
        yield f"__annotations__ = {own.get('__annotations__')!r}"
        for name, field in own.get("__dataclass_fields__", {}).items():
            if field.default_factory is not dataclasses.MISSING:
                yield from self.named(f"{name} factory", field.default_factory)
            if field.metadata:
                yield from self.named(f"{name} metadata", dict(field.metadata))
        for name, value in own.items():
            bound = isinstance(value, (staticmethod, classmethod, property))
            member = value if bound else getattr(thing, name, value)
            code = getattr(inspect.unwrap(member) if callable(member) else member, "__code__", None)
            if code is not None and code.co_qualname.startswith("__create_fn__"):  # a dataclass makes it of its fields
                continue
            special = name == "_abc_impl" or (name[:2] == "__" == name[-2:] and code is None)
            if not special and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
                yield from self.named(name, member)

    def _function(self, function: types.FunctionType) -> Iterator[str]:
        code = function.__code__
        if library := self._is_library(function.__globals__.get("__name__")):
            yield f"{function.__globals__['__name__']}.{code.co_qualname}"
        else:
            yield from source(code) or code_text(code, self.lines)
            defaults = function.__defaults__ or ()
            positional = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
            given = dict(zip(positional, defaults, strict=True)) | (function.__kwdefaults__ or {})
            for name, value in given.items():
                yield from self.named(name, value)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                yield from self.named(name, cell.cell_contents)
            except ValueError:  # not filled yet
                yield f"{name} = nothing"
        if library:
            return
        for name, value in vars(function).items():
            if name[:2] != "__":
                yield from self.named(name, value)
        for name in dict.fromkeys(_globals(code)):
            if name in function.__globals__:
                yield from self._global(name, function.__globals__[name], code)

    def _global(self, name: str, value: Any, code: types.CodeType) -> Iterator[str]:
        yield from self.named(name, value)
        if isinstance(value, types.ModuleType) and not self._is_library(value.__name__):
            for attribute in dict.fromkeys(name for part in codes(code) for name in part.co_names):
                if attribute in vars(value):
                    yield from self.named(f"{name}.{attribute}", vars(value)[attribute])


def _globals(code: types.CodeType) -> Iterator[str]:
    for part in codes(code):
        for step in dis.get_instructions(part):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield step.argval


def _state(thing: Any) -> dict[str, Any]:
    """The attributes of an object, those of Python's own left out."""
    slots = [name for kind in type(thing).__mro__ for name in _slots(kind) if hasattr(thing, name)]
    values = {name: getattr(thing, name) for name in slots} | getattr(thing, "__dict__", {})
    return {name: value for name, value in values.items() if name[:2] != "__"}


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _is_setting(value: Any) -> bool:
    """True for a function, a number or a word, or some of these."""
    parts = value if isinstance(value, tuple) else (value,)
    return all(inspect.isfunction(part) or type(part) in _Scalar for part in parts)


def _order(thing: Any) -> str:
    """A place in a set, whose own order differs from process to process."""
    return str(getattr(thing, "__qualname__", None) or repr(thing))

"""Equality of results: by value, whatever arrays they hold."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class ByValue:
    """Objects that are equal if they are of one class and everything in them is equal; NaN equals NaN.

    Python compares the fields of dataclasses as tuples, which arrays do not allow.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        # Otherwise `dataclasses.dataclass` would write one of its own, and `dict` has one.
        if "__eq__" not in cls.__dict__:
            cls.__eq__ = _equal  # pyright: ignore[reportAttributeAccessIssue]
            cls.__ne__ = object.__ne__  # the contrary


def _equal(this: object, other: object) -> bool:
    return type(this) is type(other) and same(this, other)


def same(first: Any, second: Any) -> bool:
    """True if two values are equal in all their parts: fields, entries and numbers, with NaN equal to NaN."""
    if first is second:
        return True
    if hasattr(first, "__array__") or hasattr(second, "__array__"):
        return _same_numbers(np.asarray(first), np.asarray(second))
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in dataclasses.fields(first) if field.compare]
        return type(first) is type(second) and all(same(getattr(first, one), getattr(second, one)) for one in names)
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(value, second[key]) for key, value in first.items())
    if isinstance(first, str) or not (isinstance(first, Sequence) and isinstance(second, Sequence)):
        return bool(first == second) or (first != first and second != second)
    return (
        type(first) is type(second)
        and len(first) == len(second)
        and all(same(one, another) for one, another in zip(first, second, strict=True))
    )


def _same_numbers(first: np.ndarray, second: np.ndarray) -> bool:
    kinds = {first.dtype.kind, second.dtype.kind}
    return np.array_equal(first, second, equal_nan=kinds <= set("fc") or kinds <= set("fciub"))

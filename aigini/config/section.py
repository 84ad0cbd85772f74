"""The base of every table of a configuration file, and the types of numbers that several have.

Ranges keep out what no computation could use: what would overflow, or not fit into memory. They do not judge what is
likely.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from aigini.runtime.random_keys import SEED_LIMIT
from aigini.statistics.catalogue import names, unknown_moment

_LARGEST = 1e6
_SMALLEST = 1e-9
_HEAVIEST = 1e24


def _large_enough(value: float) -> float:
    if value < _SMALLEST:
        raise ValueError(f"expected at least {_SMALLEST:g}")
    return value


def _registered(name: str) -> str:
    if name not in names():
        raise ValueError(unknown_moment(name).removesuffix("."))
    return name


Moment = Annotated[str, AfterValidator(_registered)]
"""A moment of the registry, `aigini.statistics.catalogue`."""
Seed = Annotated[int, Field(ge=0, lt=SEED_LIMIT)]
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
"""A moment or a number of a distribution."""
Scale = Annotated[float, Field(gt=0, le=_LARGEST), AfterValidator(_large_enough)]
"""A standard error: its inverse square is a finite weight."""
Weight = Annotated[float, Field(ge=-_HEAVIEST, le=_HEAVIEST)]
GiniChange = Annotated[float, Field(ge=-1, le=1)]
Iterations = Annotated[int, Field(ge=0, le=100_000)]
Block = Annotated[int, Field(ge=1, le=100_000)]


class Section(BaseModel):
    """A table of the file: unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

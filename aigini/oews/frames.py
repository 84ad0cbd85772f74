"""Data frames, whose library is imported by what uses them and by nothing else."""

from typing import Any

from aigini.errors import missing_extra

Frame = Any
"""A `pandas.DataFrame`; annotations of pandas itself are too narrow for type checkers to follow its use."""
Series = Any
"""A `pandas.Series`, likewise."""


def pandas() -> Any:
    """The module pandas.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise missing_extra("A table of OEWS", "pandas", "empirics") from None
    return pandas

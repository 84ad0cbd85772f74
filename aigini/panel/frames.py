"""Data frames and Parquet, whose libraries are imported by what uses them and by nothing else."""

from typing import Any

from aigini.errors import missing_extra

Frame = Any
"""A `pandas.DataFrame`; annotations of pandas itself are too narrow for type checkers to follow its use."""


def pandas() -> Any:
    """The module pandas.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise missing_extra("A panel", "pandas", "panel") from None
    return pandas


def pyarrow() -> Any:
    """The module pyarrow, with its readers and writers of CSV and Parquet.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError:
        raise missing_extra("A file of a panel", "pyarrow", "panel") from None
    return pyarrow

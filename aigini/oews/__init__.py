"""Occupation wages of the Bureau of Labor Statistics (OEWS): readers, and regressions on exposure to AI.

`read` gives published tables as one tidy table, `regress` regressions of what occupations are paid on their exposure.
Libraries for data frames and regressions are imported when they are called.
"""

from collections.abc import Sequence
from pathlib import Path

from aigini.oews.downloads import download
from aigini.oews.exposures import read_exposures
from aigini.oews.national import read
from aigini.oews.panel import read_panel
from aigini.oews.regressions import Regressions, estimate, require_pyfixest
from aigini.oews.samples import Occupations, occupations
from aigini.oews.specifications import Specification, every_specification

__all__ = ["Occupations", "Regressions", "Specification", "download", "load", "read", "regress"]


def load(data: str | Path, exposure: str | None = None) -> Occupations:
    """Occupations of a folder with their exposures to AI.

    Args:
        data: Folder of files as BLS publishes them.
        exposure: ``FILE``, ``FILE:COLUMN`` or ``COLUMN``, in the folder too; None for the tables of exposures in it.

    Raises:
        DataError: naming file, row and column, if a table is not what it should be.
        MissingExtraError: if a package of the extra is not installed.
    """
    table, rows = read_panel(Path(data))
    return occupations(table, rows, read_exposures(Path(data), exposure))


def regress(
    data: str | Path | Occupations, exposure: str | None = None, specifications: Sequence[Specification] | None = None
) -> Regressions:
    """Regressions of occupation wages and of their dispersion on exposure to AI.

    Args:
        data: Folder of files as BLS publishes them, or occupations that were loaded.
        exposure: As in `load`.
        specifications: Regressions to run; all of `aigini.oews.specifications.every_specification` by default.

    Raises:
        DataError: as `load` does, or if a year is missing.
        MissingExtraError: if pyfixest is not installed.
    """
    require_pyfixest()
    loaded = data if isinstance(data, Occupations) else load(data, exposure)
    if specifications is None:
        specifications = every_specification(list(loaded.exposures.columns), loaded.years)
    return estimate(loaded, specifications)

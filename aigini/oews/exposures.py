"""Measures of exposure to AI by occupation, from tables that are known by the names of their columns."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from aigini.errors import DataError, unknown_name
from aigini.oews import cells
from aigini.oews.codes import AGGREGATES, HYBRIDS, crosswalk
from aigini.oews.frames import Frame, Series, pandas
from aigini.oews.sheets import ENDINGS, Sheet, content_of, plain_tables, sheet

_ONET = "o*net-soc_code"
_CODES = (_ONET, "soc", "soc_code", "occ_code", "occupation_code", "onet_soc_code")
_RENAMED = {
    **{f"dv_rating_{kind}": f"eloundou_{kind}_gpt4" for kind in ("alpha", "beta", "gamma")},
    **{f"human_rating_{kind}": f"eloundou_{kind}_human" for kind in ("alpha", "beta", "gamma")},
    "aioe": "felten_aioe",
    "language_modeling_aioe": "felten_aioe_language",
    "image_generation_aioe": "felten_aioe_image",
}
_SOC_2010 = ("felten_aioe", "felten_aioe_language", "felten_aioe_image")
"""Measures that their authors publish by SOC 2010."""

LARGEST = 1e6
"""Exposure beyond which a number is none, either way."""
SMALLEST_RANGE = 1e-4
"""Highest less lowest exposure of a measure, below which rounding would decide about its coefficient."""

RATERS = ("eloundou_beta_gpt4", "eloundou_beta_human")
"""The same measure as two raters see it."""


def read_exposures(data: Path, chosen: str | None = None) -> Frame:
    """Exposure by occupation, from a file or from every table of exposures in a folder.

    Tables are those of Eloundou et al. (O*NET-SOC codes, collapsed to SOC by simple means), of Felten et al. (moved
    from SOC 2010 to 2018 where the folder has the crosswalk), and any other with a column of SOC codes and columns of
    numbers. Codes that OEWS combines have the simple mean of their parts unless the table gives them.

    Args:
        data: Folder of the data, which may hold the crosswalk.
        chosen: ``FILE``, ``FILE:COLUMN``, or a ``COLUMN`` of the tables in `data`; None for all of these. A file that
            is not found as it is given is looked for in `data`. A column goes by its name in the file or in the result.

    Returns:
        A column per measure; the index is ``soc``.

    Raises:
        DataError: if there is no such table or column, a number is none, an occupation or a measure is there twice, or
            a measure is the same for all occupations.
    """
    pd = pandas()
    paths, column, required = _chosen(data, chosen)
    tables = {path: _table(path, data, column, required=required) for path in paths}
    of_exposure = {path: table for path, table in tables.items() if table is not None}
    if not of_exposure and column is not None:
        every = [table for path in paths if (table := _table(path, data, None, required=False)) is not None]
        if every:
            known = list(dict.fromkeys(name for table in every for name in table.columns))
            raise DataError(f"{data}: {unknown_name(column, known)}")
    if not of_exposure:
        raise DataError(f"{data}: holds no table of exposure to AI by occupation; give one with --exposure FILE.")
    where: dict[str, Path] = {}
    for path, table in of_exposure.items():
        for name in table.columns:
            if name in where:
                raise DataError(
                    f"{path}: column {name}: {where[name]} has this measure already; keep one of the files, or give one"
                    " with --exposure FILE."
                )
            where[name] = path
    return _combined(pd.concat(list(of_exposure.values()), axis=1)).sort_index()


def _chosen(data: Path, chosen: str | None) -> tuple[list[Path], str | None, bool]:
    """Files to read, the column that is wanted, and whether each must be a table of exposure."""

    def located(file: str) -> Path:
        return data / file if not Path(file).exists() and (data / file).exists() else Path(file)

    own = plain_tables(data)
    if chosen is None:
        return own, None, False
    file, _, column = chosen.rpartition(":")
    if located(chosen).exists() or not (column or file):
        return [located(chosen)], None, True
    name = column.strip().lower().replace(" ", "_")
    name = _RENAMED.get(name, name)
    if file:
        if not name:
            raise DataError(f"{chosen}: gives no column after the colon; give FILE or FILE:COLUMN.")
        return [located(file)], name, True
    # What is neither a file nor could be the name of one is the name of a measure.
    is_name = "." not in chosen and len(Path(chosen).parts) == 1
    return (own, name, False) if is_name else ([Path(chosen)], None, True)


def _table(path: Path, data: Path, column: str | None, *, required: bool) -> Frame | None:
    """Measures in one file, or the one that is wanted; None where it has none and need not have."""
    pd = pandas()
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give a table of exposure to AI by occupation.")
    if not path.name.lower().endswith(ENDINGS[:-1]):
        raise DataError(f"{path}: is neither a workbook nor CSV; give a table of exposure to AI by occupation.")
    table = sheet(path.name, content_of(path), "", str(path), _CODES)
    code = next((name for name in _CODES if name in table.header), None)
    others = [name for name in ("year", "tot_emp") if name in table.header]
    if code is None or others:
        if not required:
            return None
        if code is None:
            raise DataError(f"{path}: has no column of occupation codes (such as soc); name one so.")
        raise DataError(
            f"{path}: row {table.header_row}: has a column {others[0]}, expected a table of exposure with one row for"
            " each occupation; keep the rows of one year, and leave the column out."
        )
    table = dataclasses.replace(table, header=tuple(_RENAMED.get(name, name) for name in table.header))
    if column is not None and column not in table.header and not required:
        return None
    table.require_columns_once()
    raw = pd.DataFrame(list(table.rows), columns=list(table.header), dtype=str)
    soc = _codes(table, raw, code)
    measures = _measures(table, raw, code, column)
    by_soc = pd.DataFrame(measures).groupby(soc.rename("soc")).mean()
    older = [name for name in by_soc.columns if name in _SOC_2010]
    return _moved(by_soc, older, data) if older and code != "soc" else by_soc


def _codes(table: Sheet, raw: Frame, code: str) -> Series:
    """SOC codes of the rows; only those of O*NET, of which a SOC code has several, may have the same."""
    text = raw[code].str.strip()
    soc = text.str.extract(r"^([0-9]{2}-[0-9]{4})(?:\.[0-9]{2})?$")[0]
    if soc.isna().any():
        at = int(soc.isna().to_numpy().argmax())
        raise DataError(
            f"{table.file}: row {table.row_numbers[at]}, column {code}: got {raw[code][at]!r}, expected a code such as"
            " 11-1011; correct it."
        )
    # A code that stands beside its own subdivisions would be one more of them in their mean.
    repeated = text.duplicated(keep=False) | (soc.duplicated(keep=False) & (text == soc))
    if repeated.any():
        own = soc == soc[int(repeated.to_numpy().argmax())]
        rows = [table.row_numbers[k] for k in own.to_numpy().nonzero()[0]]
        raise DataError(
            f"{table.file}: rows {', '.join(map(str, rows))}, column {code}: got {soc[own].iloc[0]} {len(rows)} times,"
            " expected each occupation once; keep one of the rows."
        )
    return soc


def _measures(table: Sheet, raw: Frame, code: str, column: str | None) -> dict[str, Series]:
    """Columns of numbers, or the one that was chosen."""
    made: dict[str, Series] = {}
    for name in table.header if column is None else (column,):
        if name not in raw or (column is not None and name == code):
            known = list(_measures(table, raw, code, None))
            raise DataError(f"{table.file}: {unknown_name(name, known)}")
        # Counts say how a measure was made and are none; a column without a name holds the numbers of rows.
        if column is None and (name in ("", code) or "_n_" in name or name.startswith("n_")):
            continue
        text = raw[name]
        filled = text != ""
        if not filled.any():
            if column is None:
                continue
            raise DataError(f"{table.file}: column {name}: is empty; choose another.")
        values = cells.numbers(text, thousands=False)
        wrong = filled & values.isna()
        if column is None and (wrong & ~cells.meant_as_numbers(text)).sum() > 0.5 * filled.sum():
            continue  # a column of words

        _refuse(table, name, text, wrong, "a number (decimals after a point, and no commas) or nothing")
        _refuse(table, name, text, values.abs() > LARGEST, f"-{LARGEST:,.0f} to {LARGEST:,.0f}")
        if not values.max() - values.min() >= SMALLEST_RANGE * max(1.0, 1e-2 * values.abs().max()):
            raise DataError(
                f"{table.file}: column {name}: the {filled.sum()} numbers run from {values.min():g} to"
                f" {values.max():g}, expected a measure that differs between occupations by {SMALLEST_RANGE:g} or more;"
                " give it in smaller units, leave the column out, or choose another with --exposure FILE:COLUMN."
            )
        made[name] = values
    if not made:
        raise DataError(f"{table.file}: has occupation codes and no column of numbers; give a table of exposure.")
    return made


def _refuse(table: Sheet, name: str, text: Series, wrong: Series, expected: str) -> None:
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise DataError(
            f"{table.file}: row {table.row_numbers[at]}, column {name}: got {text[at]!r}, expected {expected};"
            " correct it."
        )


def _moved(by_soc: Frame, older: list[str], data: Path) -> Frame:
    """Measures by SOC 2010 at codes of SOC 2018: means over the older codes that became one."""
    pairs = crosswalk(data)
    if pairs is None:
        return by_soc
    moved = by_soc[older].merge(pairs, left_index=True, right_on="soc2010").groupby("soc2018")[older].mean()
    others = by_soc.drop(columns=older)
    return moved.rename_axis("soc") if others.empty else moved.join(others, how="outer").rename_axis("soc")


def _combined(table: Frame) -> Frame:
    """The table with the codes that OEWS combines, where it lacks them."""
    pd = pandas()
    rows: dict[str, Series] = {}
    for code, parts in _combinations():
        known = [part for part in parts if part in table.index]
        if known and (code not in table.index):
            rows[code] = table.loc[known].mean()
    return pd.concat([table, pd.DataFrame(rows).T]).rename_axis("soc") if rows else table


def _combinations() -> Iterable[tuple[str, tuple[str, ...]]]:
    yield from AGGREGATES.items()
    yield from HYBRIDS.items()

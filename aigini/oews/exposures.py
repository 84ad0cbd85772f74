"""Measures of exposure to AI by occupation, from tables that are known by the names of their columns."""

import io
from collections.abc import Iterable
from pathlib import Path

from aigini.errors import DataError, unknown_name
from aigini.oews.codes import AGGREGATES, HYBRIDS, crosswalk
from aigini.oews.frames import Frame, Series, pandas
from aigini.oews.sheets import ENDINGS, as_text, sheet

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
            is not found as it is given is looked for in `data`.

    Returns:
        A column per measure; the index is ``soc``.

    Raises:
        DataError: if there is no such table or column, or a number is none.
    """
    pd = pandas()
    paths, column, required = _chosen(data, chosen)
    tables = [table for path in paths if (table := _table(path, data, required=required)) is not None]
    if not tables:
        raise DataError(f"{data}: holds no table of exposure to AI by occupation; give one with --exposure FILE.")
    joined = pd.concat(tables, axis=1)
    joined = joined.loc[:, ~joined.columns.duplicated()]
    if column is not None:
        if column not in joined:
            raise DataError(f"{chosen}: {unknown_name(column, list(joined.columns))}")
        joined = joined[[column]]
    return _combined(joined).sort_index()


def _chosen(data: Path, chosen: str | None) -> tuple[list[Path], str | None, bool]:
    """Files to read, the column that is wanted, and whether each must be a table of exposure."""

    def located(file: str) -> Path:
        return data / file if not Path(file).exists() and (data / file).exists() else Path(file)

    own = sorted(p for p in data.iterdir() if p.suffix == ".csv") if data.is_dir() else []
    if chosen is None:
        return own, None, False
    file, _, column = chosen.rpartition(":")
    if located(chosen).exists() or not (column or file):
        return [located(chosen)], None, True
    if file:
        return [located(file)], column, True
    # What is neither a file nor could be the name of one is the name of a measure.
    is_name = "." not in chosen and len(Path(chosen).parts) == 1
    return (own, chosen, False) if is_name else ([Path(chosen)], None, True)


def _table(path: Path, data: Path, *, required: bool) -> Frame | None:
    """Measures in one file; None where it has none and need not have."""
    pd = pandas()
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give a table of exposure to AI by occupation.")
    if not path.name.lower().endswith(ENDINGS[:-1]):
        raise DataError(f"{path}: is neither a workbook nor CSV; give a table of exposure to AI by occupation.")
    header, rows, first = _located(path)
    code = next((name for name in _CODES if name in header), None)
    if code is None or "year" in header or "tot_emp" in header:
        if required:
            raise DataError(f"{path}: has no column of occupation codes (such as soc); name one so.")
        return None
    raw = pd.DataFrame(rows, columns=header, dtype=str).rename(columns=_RENAMED)
    raw = raw.loc[:, ~raw.columns.duplicated()]
    soc = raw[code].str.strip().str.extract(r"^(\d{2}-\d{4})(?:\.\d{2})?$")[0]
    if soc.isna().any():
        at = int(soc.isna().to_numpy().argmax())
        raise DataError(
            f"{path}: row {first + at}, column {code}: got {raw[code][at]!r}, expected a code such as 11-1011;"
            " correct it."
        )
    measures = {}
    for name in raw.columns:
        text = raw[name].str.replace(",", "", regex=False)
        # Counts say how a measure was made and are none.
        if name == code or "_n_" in name or name.startswith("n_") or not text.ne("").any():
            continue
        values = pd.to_numeric(text.where(text != ""), errors="coerce")
        wrong = values.isna() & (text != "")
        if wrong.mean() > 0.5:
            continue  # a column of words
        if wrong.any():
            at = int(wrong.to_numpy().argmax())
            raise DataError(
                f"{path}: row {first + at}, column {name}: got {text[at]!r}, expected a number or nothing; correct it."
            )
        measures[name] = values
    if not measures:
        raise DataError(f"{path}: has occupation codes and no column of numbers; give a table of exposure.")
    by_soc = pd.DataFrame(measures).groupby(soc.rename("soc")).mean()
    older = [name for name in by_soc.columns if name in _SOC_2010]
    return _moved(by_soc, older, data) if older and code != "soc" else by_soc


def _located(path: Path) -> tuple[list[str], list[tuple[str, ...]], int]:
    """Header, rows and the number of the first row; of a workbook, those of the first sheet with occupation codes."""
    content = path.read_bytes()
    if path.name.lower().endswith((".xlsx", ".xls")) and content:
        import python_calamine

        try:
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
            grids = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
        except (python_calamine.CalamineError, ValueError, OSError) as error:
            raise DataError(f"{path}: is no whole workbook ({error}); download it again.") from None
        for grid in grids:
            for number, cells in enumerate(grid):
                header = [as_text(cell).lower().replace(" ", "_") for cell in cells]
                if any(name in header for name in _CODES):
                    rows = [tuple(map(as_text, row)) for row in grid[number + 1 :] if any(map(as_text, row))]
                    return header, rows, number + 2
        return [""], [], 1
    table = sheet(path.name, content, "", str(path))
    return list(table.header), list(table.rows), table.first_row


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

"""Tidy tables of OEWS: numbers as numbers, marks as what they are, and one sentence for each mistake."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from aigini.errors import DataError
from aigini.oews import cells
from aigini.oews.completeness import require_whole
from aigini.oews.frames import Frame, Series, pandas
from aigini.oews.layout import (
    ANNUAL,
    ANNUAL_WAGES,
    GROUP_NAMES,
    GROUPS,
    HOURLY,
    HOURS,
    LARGEST_ERROR,
    MOST_EMPLOYED,
    NO_EMPLOYMENT,
    REQUIRED,
    SECTOR_REQUIRED,
    TOP_CODED,
    TOP_CODES,
    UNAVAILABLE,
    WAGES,
)
from aigini.oews.sheets import Sheet, candidates, sheets

_CODE = r"\d{2}-\d{4}"
_ERRORS = ("emp_prse", "mean_prse")


def read(data: str | Path, *, sectors: bool = False, years: Collection[int] | None = None) -> Frame:
    """Published tables of OEWS as one tidy table.

    Args:
        data: Folder of files as BLS publishes them, or one of them.
        sectors: True for the tables by sector, False for the national ones.
        years: Years that are wanted; all by default.

    Returns:
        A row per year, occupation and level of aggregation (and sector): ``year``, ``naics``, ``occ_code``, ``title``,
        ``group``, ``emp``, ``emp_prse``, ``mean_prse`` (percent), the annual wages ``mean``, ``p10`` to ``p90`` in
        nominal dollars, ``wage_basis`` (``"annual"``, ``"annual_only"``, or ``"hourly_x2080"`` where BLS gives hourly
        wages alone) and ``top_code``. A number with a mark is NaN, and ``NAME_mark`` has the mark: ``"*"`` and
        ``"**"`` not available, ``"#"`` at or above ``top_code``.

    Raises:
        DataError: naming file, row and column, if a table is not what it should be or there is none.
        MissingExtraError: if pandas is not installed.
    """
    pd = pandas()
    folder = Path(data)
    tables: dict[int, tuple[Sheet, Frame]] = {}
    for path in candidates(folder):
        for sheet in sheets(path):
            if sheet.by_sector != sectors and not folder.is_file():
                continue
            table = tidy(sheet, sectors=sheet.by_sector)
            year = int(table["year"].iloc[0])
            if years is not None and year not in years:
                continue
            for other, (before, earlier) in tables.items():
                if other == year:
                    raise DataError(f"{sheet.file}: May {year} is in {before.file} already; keep one of them.")
                same, both = _same_numbers(table, earlier)
                if same > both / 2:
                    raise DataError(
                        f"{sheet.file}: has the numbers of {before.file}, which is May {other}, in {same} of {both}"
                        f" rows, and so is not May {year}; download it again."
                    )
            tables[year] = (sheet, table)
    if not tables:
        kind = "natsector_M20YY_dl" if sectors else "national_M20YY_dl"
        wanted = "" if years is None else f" for {', '.join(map(str, sorted(years)))}"
        raise DataError(f"{folder}: holds no table named {kind}{wanted}; give the folder of the files of OEWS.")
    return pd.concat([tables[year][1] for year in sorted(tables)], ignore_index=True)


def _same_numbers(one: Frame, other: Frame) -> tuple[int, int]:
    """Rows that have the same employment and wages in two tables, and rows that both have; in any order."""
    keys, names = ["naics", "occ_code", "group"], ["emp", *WAGES]
    both = one[one["mean"].notna()].merge(other[other["mean"].notna()], on=keys, suffixes=("", "_other"))
    same = np.ones(len(both), bool)
    for name in names:
        first, second = both[name].to_numpy(), both[f"{name}_other"].to_numpy()
        same &= (first == second) | (np.isnan(first) & np.isnan(second))
    return int(same.sum()), len(both)


def tidy(sheet: Sheet, *, sectors: bool = False) -> Frame:
    """One published table, checked, as `read` returns it.

    Raises:
        DataError: naming file, row and column.
    """
    pd = pandas()
    group = _require_columns(sheet, SECTOR_REQUIRED if sectors else REQUIRED)
    sheet.require_columns_once()
    year, (hourly_top, annual_top) = _year(sheet), _top_codes(sheet)
    raw = pd.DataFrame(list(sheet.rows), columns=list(sheet.header), dtype=str)
    rows = sheet.row_numbers
    out = pd.DataFrame({"year": year, "naics": raw["naics"] if sectors else "", "occ_code": raw["occ_code"]})
    out["title"], out["group"] = raw["occ_title"], raw[group].str.lower()

    def refuse(wrong: Series, column: str, expected: str) -> None:
        if wrong.any():
            at = int(np.argmax(wrong.to_numpy()))
            raise DataError(
                f"{sheet.file}: row {rows[at]}, column {column.upper()}: got {raw[column][at]!r}, expected {expected};"
                " correct it, or download the file again."
            )

    refuse(~out["occ_code"].str.fullmatch(_CODE), "occ_code", "a code such as 11-1011")
    refuse(~out["group"].isin(GROUPS), group, f"one of {', '.join(GROUPS)}")
    repeated = out.duplicated(["naics", "occ_code", "group"])
    refuse(repeated, "occ_code", "each occupation once at each level of aggregation")

    def numbers(column: str, marks: Sequence[str], low: float, high: float) -> tuple[Series, Series]:
        text = raw[column]
        # BLS marks what it does not publish; an empty cell is lost.
        mark = text.where(text.isin(marks), "")
        values = cells.numbers(text.where(mark == "", ""), thousands=True)
        others = "".join(f" or {one}" for one in marks)
        refuse((mark == "") & values.isna(), column, f"a number{others}")
        refuse((values < low) | (values > high), column, f"{low:,.10g} to {high:,.10g}{others}")
        return values, mark

    out["emp"], out["emp_mark"] = numbers("tot_emp", (NO_EMPLOYMENT, UNAVAILABLE), 0.0, MOST_EMPLOYED)
    for name in _ERRORS:
        if name in raw:
            out[name], _ = numbers(name, (NO_EMPLOYMENT, UNAVAILABLE), 0.0, LARGEST_ERROR)
        else:
            out[name] = np.nan
    percentiles = WAGES[1:]
    annual_only = raw["annual"].str.upper().eq("TRUE") if "annual" in raw else pd.Series(False, raw.index)
    hourly_only = raw["hourly"].str.upper().eq("TRUE") if "hourly" in raw else pd.Series(False, raw.index)
    out["wage_basis"] = np.where(hourly_only, "hourly_x2080", np.where(annual_only, "annual_only", "annual"))
    by_the_hour = tuple(round(wage / HOURS, 2) for wage in ANNUAL_WAGES)
    for name in WAGES:
        value, mark = numbers(ANNUAL[name], (UNAVAILABLE, TOP_CODED), *ANNUAL_WAGES)
        if name in percentiles:  # means are published above the top code
            refuse(value >= annual_top, ANNUAL[name], f"less than the top code of May {year}, {annual_top:,.0f}, or #")
        if hourly_only.any():
            _require_columns(sheet, (HOURLY[name],))
            by_hour, hour_mark = numbers(HOURLY[name], (UNAVAILABLE, TOP_CODED), *by_the_hour)
            if name in percentiles:
                top = f"less than the top code of May {year}, {hourly_top:g}, or #"
                refuse(by_hour >= hourly_top, HOURLY[name], top)
            value, mark = value.where(~hourly_only, HOURS * by_hour), mark.where(~hourly_only, hour_mark)
        out[name], out[f"{name}_mark"] = value, mark
    out["top_code"] = annual_top
    for high, low in ((high, low) for k, high in enumerate(percentiles) for low in percentiles[:k][::-1]):
        # A top-coded percentile is above every number, and so is every one after it; marks between hide neither.
        falls = (out[low] > out[high]) | ((out[f"{low}_mark"] == TOP_CODED) & out[high].notna())
        for part, names in ((falls & ~hourly_only, ANNUAL), (falls & hourly_only, HOURLY)):
            refuse(part, names[high], f"at least {names[low].upper()}, for percentiles rise")
    out.insert(len(out.columns), "file", sheet.file)
    out["sha256"] = sheet.sha256
    if not sectors:
        require_whole(out, sheet.file)
    return out


def _require_columns(sheet: Sheet, names: Sequence[str]) -> str:
    """The name of the column of levels; refuse a table that lacks columns."""
    group = next((name for name in GROUP_NAMES if name in sheet.header), None)
    missing = [name.upper() for name in names if name not in sheet.header]
    missing += ["O_GROUP"] if group is None else []
    if "occ_code" not in sheet.header:
        seen = ", ".join(name for name in sheet.header[:4] if name)
        raise DataError(
            f"{sheet.file}: row {sheet.header_row}: is no table of OEWS, for it has no column OCC_CODE (it begins"
            f" with {seen or 'empty cells'}); give the files of OEWS alone."
        )
    if missing or group is None:
        raise DataError(
            f"{sheet.file}: row {sheet.header_row}: column {', '.join(missing)} is missing; download the file again."
        )
    return group


def _year(sheet: Sheet) -> int:
    if sheet.year is None:
        raise DataError(f"{sheet.file}: its name gives no year; name it as BLS does, national_M20YY_dl.xlsx.")
    if sheet.stated_years and sheet.year not in sheet.stated_years:
        stated = ", ".join(map(str, sorted(sheet.stated_years)))
        raise DataError(f"{sheet.file}: its name gives May {sheet.year} and its sheets May {stated}; name it rightly.")
    return sheet.year


def _top_codes(sheet: Sheet) -> tuple[float, float]:
    if sheet.top_codes is not None:
        return sheet.top_codes
    if sheet.year not in TOP_CODES:
        raise DataError(
            f"{sheet.file}: does not state the top code of May {sheet.year}, which is not known here (known:"
            f" {min(TOP_CODES)} to {max(TOP_CODES)}); give the workbook of BLS, whose field descriptions have it."
        )
    return TOP_CODES[sheet.year]

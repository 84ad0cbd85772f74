"""The panel of detailed occupations over years, with codes that can be compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.stats import norm

from aigini.errors import DataError
from aigini.oews.codes import AGGREGATES, HYBRID_YEARS, HYBRIDS, SOC_2018_FROM
from aigini.oews.frames import Frame, Series, pandas
from aigini.oews.layout import ANNUAL_WAGES, PERCENTILES, TOP_CODED, UNAVAILABLE, WAGES

Codes = Literal["exact", "bridged"]
"""Occupations with one code in all years; or, with them, those that the hybrid codes of 2019 and 2020 combine."""

_SCORES = norm.ppf(np.asarray(PERCENTILES) / 100)
_NUMBERS = ("emp", "emp_prse", "mean_prse", *WAGES)


def panel(table: Frame, crosswalk: Frame | None = None) -> Frame:
    """Detailed occupations of a tidy table, with SOC 2018 codes.

    Codes of 2018 are of SOC 2010. One is taken over where it became exactly one code of SOC 2018, or where 2019 has
    the same code with the same title; without a crosswalk the second alone.

    Args:
        table: Published tables, see `aigini.oews.read`.
        crosswalk: The crosswalk, see `aigini.oews.codes.crosswalk`.

    Returns:
        The rows of detailed occupations, with ``soc`` (None where the code has no match), ``major`` (its two digits)
        and ``match``: ``"same"``, ``"recoded"``, ``"aggregate"``, ``"hybrid"`` or ``"unmatched"``.

    Raises:
        DataError: if a year has no detailed occupations, or none of its codes has a match.
    """
    for year, own in table.groupby("year"):
        if not (own["group"] == "detailed").any():
            raise DataError(
                f"{own['file'].iloc[0]}: column O_GROUP: no row of May {year} is detailed, expected detailed"
                " occupations; download the file again."
            )
    detailed = table[table["group"] == "detailed"].reset_index(drop=True).copy()
    code = detailed["occ_code"]
    match = np.where(code.isin(list(AGGREGATES)), "aggregate", "same").astype(object)
    match[code.isin(list(HYBRIDS)).to_numpy() & (detailed["year"] <= max(HYBRID_YEARS)).to_numpy()] = "hybrid"
    soc = code.astype(object).copy()
    old = (detailed["year"] < SOC_2018_FROM).to_numpy()
    if old.any():
        after = detailed[detailed["year"] == SOC_2018_FROM]
        titled = set(zip(after["occ_code"], after["title"], strict=True))
        once = {} if crosswalk is None else crosswalk[crosswalk["one_to_one"]].set_index("soc2010")["soc2018"].to_dict()
        for row in np.flatnonzero(old):
            own = code[row]
            if own in once:
                soc[row], match[row] = once[own], "same" if once[own] == own else "recoded"
            elif (own, detailed["title"][row]) not in titled:
                soc[row], match[row] = None, "unmatched"
    for year, matched in soc.notna().groupby(detailed["year"]):
        if not matched.any():
            raise DataError(
                f"{detailed['file'][matched.index[0]]}: column OCC_CODE: the codes of May {year} are of SOC 2010 and"
                f" none has a match in SOC 2018; add the table of May {SOC_2018_FROM}, or the crosswalk as a CSV file"
                " with the columns soc2010 and soc2018."
            )
    return detailed.assign(soc=soc, major=soc.where(soc.notna(), code).str[:2], match=match)


def comparable(table: Frame, rows: Frame, codes: Codes) -> Frame:
    """The rows of a panel whose codes can be compared over all its years.

    Args:
        table: Published tables, see `aigini.oews.read`, whose broad rows some hybrid codes have.
        rows: The panel, see `panel`.
        codes: ``"exact"`` leaves hybrid codes and their parts to the years that have them; ``"bridged"`` puts the parts
            together again from 2021 on, by the published broad row where there is one, and otherwise by the percentiles
            of the mixture of the parts.
    """
    pd = pandas()
    known = rows[rows["soc"].notna()]
    if codes == "exact":
        return known.reset_index(drop=True)
    parts = {part: code for code, several in HYBRIDS.items() for part in several}
    later = known[known["year"] > max(HYBRID_YEARS)]
    made = []
    for (year, code), group in later[later["soc"].isin(list(parts))].groupby(["year", later["soc"].map(parts)]):
        broad = table[(table["year"] == year) & (table["occ_code"] == code) & (table["group"] == "broad")]
        made.append(_as_hybrid(broad.iloc[0], code) if len(broad) else mixture(group, str(code)))
    without = known[~((known["year"] > max(HYBRID_YEARS)) & known["soc"].isin(list(parts)))]
    return pd.concat([without, pd.DataFrame(made)], ignore_index=True) if made else without.reset_index(drop=True)


def _as_hybrid(row: Series, code: str) -> Series:
    return _row({**row.to_dict(), "soc": code, "major": code[:2], "match": "hybrid"})


def _row(values: dict) -> Series:
    return pandas().Series(values)


def mixture(parts: Frame, code: str) -> Series:
    """The occupation that several make up together.

    Log wages of a part are taken as linear in normal scores between its published percentiles and beyond them; the
    percentiles of the mixture follow from the employment shares. One that comes out at or above the top code has the
    mark of top-coded wages; with a part that has fewer than two percentiles, or without employment, all are
    unavailable.

    Args:
        parts: Rows of one year.
        code: Code of the whole.
    """
    emp = parts["emp"].to_numpy(float)
    row = {**parts.iloc[0].to_dict(), "occ_code": code, "soc": code, "major": code[:2], "match": "hybrid"}
    row |= {"emp": emp.sum(), "emp_prse": np.nan, "mean_prse": np.nan}
    wages = parts[[f"p{p}" for p in PERCENTILES]].to_numpy(float)
    weighed = np.isfinite(emp).all() and emp.sum() > 0
    usable = weighed and (np.isfinite(wages).sum(axis=1) >= 2).all()
    mean = parts["mean"].to_numpy(float)
    row["mean"] = float(np.average(mean, weights=emp)) if weighed else np.nan
    row["mean_mark"] = "" if np.isfinite(row["mean"]) else UNAVAILABLE
    below = grid = np.linspace(np.log(ANNUAL_WAGES[0]), np.log(ANNUAL_WAGES[1]), 6001)
    if usable:
        below = np.average([norm.cdf(_score(line)(grid)) for line in np.log(wages)], axis=0, weights=emp)
    for p in PERCENTILES:
        wage = float(np.exp(np.interp(p / 100, below, grid))) if usable else np.nan
        top = wage >= row["top_code"]
        row[f"p{p}"] = np.nan if top else wage
        row[f"p{p}_mark"] = UNAVAILABLE if not usable else TOP_CODED if top else ""
    return _row(row)


def _score(log_wages: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Normal score of a log wage, linear between known percentiles and with the last slopes beyond."""
    known = np.isfinite(log_wages)
    # Equal percentiles, such as at a minimum wage, keep their order.
    x = np.maximum.accumulate(log_wages[known] + 1e-9 * np.arange(known.sum()))
    s = _SCORES[known]
    low, high = (s[1] - s[0]) / max(x[1] - x[0], 1e-3), (s[-1] - s[-2]) / max(x[-1] - x[-2], 1e-3)

    def score(at: np.ndarray) -> np.ndarray:
        inside = np.interp(at, x, s)
        return np.where(at < x[0], s[0] + low * (at - x[0]), np.where(at > x[-1], s[-1] + high * (at - x[-1]), inside))

    return score


def read_panel(data: Path) -> tuple[Frame, Frame]:
    """The national tables of a folder, and the panel of their detailed occupations.

    Raises:
        DataError: as `aigini.oews.read` does.
    """
    from aigini.oews.codes import crosswalk
    from aigini.oews.national import read

    table = read(data)
    return table, panel(table, crosswalk(data))

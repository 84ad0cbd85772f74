"""Readers of OEWS: published forms, marks, codes, exposures, and a sentence for each malformed file."""

import os
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("python_calamine")

import oews_files as files  # noqa: E402

from aigini import oews  # noqa: E402
from aigini.errors import DataError  # noqa: E402
from aigini.oews.codes import AGGREGATES, HYBRIDS  # noqa: E402
from aigini.oews.exposures import read_exposures  # noqa: E402
from aigini.oews.panel import comparable, mixture, panel, read_panel  # noqa: E402
from aigini.oews.sheets import sheet  # noqa: E402

SCORES = {10: -1.2816, 25: -0.6745, 50: 0, 75: 0.6745, 90: 1.2816}
REAL = os.environ.get("AIGINI_OEWS_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="AIGINI_OEWS_DATA names no folder of published files")


def at(table, code, year=2023):
    return table[(table["occ_code"] == code) & (table["year"] == year)].iloc[0]


@pytest.mark.parametrize("form", ["xlsx", "zip", "xls", "csv", "csv.gz"])
def test_every_published_form_gives_the_same_table(tmp_path, form):
    import gzip

    table = files.rows(2023)
    content = {
        "xlsx": lambda: files.as_xlsx(table, 2023),
        "zip": lambda: files.as_zip("oesm23nat/national_M2023_dl.xlsx", files.as_xlsx(table, 2023)),
        "xls": lambda: files.as_xls(table),
        "csv": lambda: files.as_csv(table),
        "csv.gz": lambda: gzip.compress(files.as_csv(table)),
    }[form]()
    (tmp_path / ("oesm23nat.zip" if form == "zip" else f"national_M2023_dl.{form}")).write_bytes(content)
    read = oews.read(tmp_path)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "national_M2023_dl.csv").write_bytes(files.as_csv(table))
    plain = oews.read(tmp_path / "plain")
    drop = ["file", "sha256"]
    pd.testing.assert_frame_equal(read.drop(columns=drop), plain.drop(columns=drop))
    assert set(read["year"]) == {2023}
    assert (read["top_code"] == 239_200).all()


def test_marks_stay_what_they_are_and_hourly_wages_become_annual(tmp_path):
    table = files.rows(2021)
    own = next(r for r in table if r["OCC_CODE"] == "13-2011")
    own |= {"TOT_EMP": "**", "A_PCT75": "#", "A_PCT90": "#", "A_MEAN": "*"}
    actor = next(r for r in table if r["OCC_CODE"] == "27-2011")
    actor |= {f"A_{n}": "*" for n in ("MEAN", "PCT10", "PCT25", "MEDIAN", "PCT75", "PCT90")}
    actor |= {"HOURLY": "TRUE", "H_MEAN": 40, "H_PCT10": 1.25, "H_PCT90": "#"}
    path = tmp_path / "national_M2021_dl.csv"
    path.write_bytes(files.as_csv(table))
    read = oews.read(path)
    one, other = at(read, "13-2011", 2021), at(read, "27-2011", 2021)
    assert np.isnan(one[["emp", "p75", "p90", "mean"]].to_numpy(float)).all()
    assert list(one[["emp_mark", "p75_mark", "p90_mark", "mean_mark", "p50_mark"]]) == ["**", "#", "#", "*", ""]
    assert one["top_code"] == 208_000
    assert other["p10"] == 2_600
    assert other["p90_mark"] == "#"
    assert other["wage_basis"] == "hourly_x2080"
    assert len(read) == len(table)  # nothing is dropped


def test_the_top_code_is_that_of_the_file(tmp_path):
    table = files.rows(2024, top=(130.0, 270_400))
    rich = next(r for r in table if r["OCC_CODE"] == "13-2011")
    rich |= {"A_PCT90": 260_000, "H_PCT90": 125.0}
    (tmp_path / "national_M2025_dl.csv").write_bytes(files.as_csv(table))
    with pytest.raises(DataError, match="does not state the top code of May 2025"):
        oews.read(tmp_path)
    (tmp_path / "national_M2025_dl.csv").unlink()
    files.TOP[2025] = (130.0, 270_400)
    (tmp_path / "national_M2025_dl.xlsx").write_bytes(files.as_xlsx(table, 2025))
    assert set(oews.read(tmp_path)["top_code"]) == {270_400.0}


def broken(change, name="national_M2023_dl.csv", columns=files.COLUMNS):
    table = files.rows(2023)
    change(table)
    return name, files.as_csv(table, columns)


MALFORMED = {
    "a missing column": (
        lambda: broken(lambda t: None, columns=[c for c in files.COLUMNS if c != "A_PCT90"]),
        "row 1: column A_PCT90 is missing",
    ),
    "text in numbers": (
        lambda: broken(lambda t: t[20].update(A_MEDIAN="about 4e4")),
        r"row 22, column A_MEDIAN: got 'about 4e4', expected a number or \* or #",
    ),
    "duplicate codes": (
        lambda: broken(lambda t: t.append(dict(t[20]))),
        "row 75, column OCC_CODE: got '.*', expected each occupation once",
    ),
    "percentiles out of order": (
        lambda: broken(lambda t: t[20].update(A_PCT75=1000)),
        "row 22, column A_PCT75: got '1000', expected at least A_PCT25|row 22, column A_PCT75.*at least A_MEDIAN",
    ),
    "a number after a top code": (
        lambda: broken(lambda t: t[20].update(A_PCT75="#", A_PCT90=90000)),
        "row 22, column A_PCT90: got '90000', expected at least A_PCT75",
    ),
    "a number above the top code": (
        lambda: broken(lambda t: t[20].update(A_PCT90=250000)),
        "column A_PCT90: got '250000', expected less than the top code of May 2023, 239,200",
    ),
    "a code that is none": (lambda: broken(lambda t: t[20].update(OCC_CODE="131011")), "column OCC_CODE: got '131011'"),
    "a negative number": (lambda: broken(lambda t: t[20].update(TOT_EMP=-5)), "column TOT_EMP: got '-5'"),
    "the wrong year": (
        lambda: ("national_M2022_dl.xlsx", files.as_xlsx(files.rows(2023), 2023)),
        "its name gives May 2022 and its sheets May 2023",
    ),
    "an empty wage": (
        lambda: broken(lambda t: t[20].update(A_PCT90="")),
        r"row 22, column A_PCT90: got '', expected a number or \* or #",
    ),
    "a file that ends early": (
        lambda: broken(lambda t: t.__delitem__(slice(40, None))),
        r"is not whole: its 27 detailed occupations of 00-0000 \(All Occupations\) have an employment of [\d,]+, and",
    ),
    "an occupation in another major group": (
        lambda: broken(lambda t: t[20].update(OCC_CODE="29-9011")),
        r"is not whole: its \d detailed occupations of \d\d-0000 \(Major group \d\d\) have",
    ),
    "no row of all occupations": (lambda: broken(lambda t: t.pop(0)), r"has no row of all occupations \(00-0000\)"),
    "no year": (lambda: broken(lambda t: None, name="national_dl.csv"), "its name gives no year"),
    "an empty file": (lambda: ("national_M2023_dl.xlsx", b""), "the file is empty"),
    "a header alone": (lambda: ("national_M2023_dl.csv", files.as_csv([])), "holds a header and no rows"),
    "not a zip": (lambda: ("oesm23nat.zip", b"<html>Access denied</html>"), "is no whole zip archive"),
    "a truncated zip": (
        lambda: ("oesm23nat.zip", files.as_zip("national_M2023_dl.csv", files.as_csv(files.rows(2023)))[:-200]),
        "is no whole zip archive",
    ),
    "a truncated workbook": (
        lambda: ("national_M2023_dl.xlsx", files.as_xlsx(files.rows(2023), 2023)[:4000]),
        "is no whole workbook",
    ),
    "another agency's table": (
        lambda: ("national_M2023_dl.csv", b"year,fsize,firms,emp\n1978,a,1,2\n1979,a,1,2\n"),
        r"is no table of OEWS, for it has no column OCC_CODE \(it begins with year, fsize, firms, emp\)",
    ),
}


@pytest.mark.parametrize("mistake", MALFORMED)
def test_a_malformed_file_is_one_sentence(tmp_path, mistake):
    make, expected = MALFORMED[mistake]
    name, content = make()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=expected) as raised:
        oews.read(tmp_path)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_same_numbers_in_two_years_are_refused(tmp_path):
    for year in (2022, 2023):
        (tmp_path / f"national_M{year}_dl.csv").write_bytes(files.as_csv(files.rows(2022)))
    with pytest.raises(DataError, match=r"has the numbers of .*M2022"):
        oews.read(tmp_path)


def test_a_year_in_two_files_is_refused(tmp_path):
    (tmp_path / "national_M2022_dl.csv").write_bytes(files.as_csv(files.rows(2022)))
    (tmp_path / "national_M2022_dl.xlsx").write_bytes(files.as_xlsx(files.rows(2022), 2022))
    with pytest.raises(DataError, match=r"May 2022 is in .* already"):
        oews.read(tmp_path)


def test_exposures_of_two_raters_are_collapsed_to_soc(tmp_path):
    table = read_exposures(files.write_folder(tmp_path, years=[2023]))
    assert list(table.columns) == ["eloundou_beta_gpt4", "eloundou_beta_human"]
    assert table.loc["11-1011", "eloundou_beta_gpt4"] == pytest.approx(files.exposure("11-1011"), abs=1e-12)
    one = read_exposures(tmp_path, f"{tmp_path / 'occ_level.csv'}:eloundou_beta_human")
    assert list(one.columns) == ["eloundou_beta_human"]
    with pytest.raises(DataError, match="did you mean eloundou_beta_human"):
        read_exposures(tmp_path, f"{tmp_path / 'occ_level.csv'}:eloundou_beta_humans")


def test_exposures_by_soc_2010_go_through_the_crosswalk(tmp_path):
    (tmp_path / "aioe.csv").write_text(
        "SOC Code,Occupation Title,AIOE\n11-2031,PR,1.0\n11-2032,Other,3.0\n11-1011,C,0.5\n"
    )
    (tmp_path / "cross.csv").write_text("soc2010,soc2018\n11-2031,11-2032\n11-2032,11-2032\n11-1011,11-1011\n")
    table = read_exposures(tmp_path)
    assert table["felten_aioe"].to_dict() == {"11-1011": 0.5, "11-2030": 2.0, "11-2032": 2.0}


def test_a_wrong_exposure_is_a_sentence(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("soc,mine\n11-1011,0.5\n11-1021,much\n13-1011,1\n")
    with pytest.raises(DataError, match="row 3, column mine: got 'much', expected a number"):
        read_exposures(tmp_path, str(path))
    with pytest.raises(DataError, match="there is no such file"):
        read_exposures(tmp_path, str(tmp_path / "none.csv"))


def test_hybrid_codes_are_put_together_again(tmp_path):
    code = "15-1256"
    parts = HYBRIDS[code]
    for year in (2019, 2023):
        codes = [*files.CODES, *((code,) if year == 2019 else parts)]
        (tmp_path / f"national_M{year}_dl.csv").write_bytes(files.as_csv(files.rows(year, codes)))
    table, rows = read_panel(tmp_path)
    exact, bridged = (comparable(table, rows, kind) for kind in ("exact", "bridged"))
    assert set(exact[exact["soc"] == code]["year"]) == {2019}
    assert set(bridged[bridged["soc"] == code]["year"]) == {2019, 2023}
    assert not bridged["soc"].isin(parts).any()
    whole, own = at(bridged, code), rows[(rows["year"] == 2023) & rows["soc"].isin(parts)]
    assert whole["emp"] == own["emp"].sum()
    assert own["p50"].min() <= whole["p50"] <= own["p50"].max()


def test_percentiles_of_a_mixture_of_equals_are_theirs():
    one = {f"p{p}": float(np.exp(10 + 0.4 * s)) for p, s in SCORES.items()}
    parts = pd.DataFrame([{**one, "emp": 5.0, "mean": 3e4, "top_code": 239_200.0, "year": 2023}] * 2)
    whole = mixture(parts, "15-1256")
    assert [whole[name] for name in one] == pytest.approx(list(one.values()), rel=1e-4)


def test_codes_of_2018_without_a_counterpart_have_none(tmp_path):
    table = files.rows(2018)
    table[-1] |= {"OCC_TITLE": "Another name"}
    (tmp_path / "national_M2018_dl.csv").write_bytes(files.as_csv(table))
    (tmp_path / "national_M2019_dl.csv").write_bytes(files.as_csv(files.rows(2019)))
    rows = panel(oews.read(tmp_path))
    lost = rows[rows["soc"].isna()]
    assert list(lost["occ_code"]) == [files.CODES[-1]]
    assert list(lost["match"]) == ["unmatched"]


def test_combinations_partition_their_parts():
    for table in (HYBRIDS, AGGREGATES):
        parts = [part for several in table.values() for part in several]
        assert len(parts) == len(set(parts))
        assert all(code[:2] == part[:2] for code, several in table.items() for part in several)
    assert (len(HYBRIDS), sum(map(len, HYBRIDS.values()))) == (30, 72)


@needs_real
def test_a_published_file_cut_at_the_end_of_a_line_is_refused(tmp_path):
    whole = (Path(REAL) / "oews_national_M2023.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "national_M2023_dl.csv").write_text("".join(whole[:700]), encoding="utf-8")
    with pytest.raises(DataError, match=r"is not whole: its 427 detailed occupations of 00-0000 .* 151,853,870"):
        oews.read(tmp_path)


@needs_real
def test_totals_of_the_published_files():
    table = oews.read(REAL)
    total = table[table["group"] == "total"].set_index("year")
    assert total["emp"].to_dict() == {
        2018: 144733270, 2019: 146875480, 2020: 139099570, 2021: 140886310, 2022: 147886000, 2023: 151853870,
        2024: 154187380,
    }  # fmt: skip
    assert list(total["mean"]) == [51960, 53490, 56310, 58260, 61900, 65470, 67920]
    detailed = table[table["group"] == "detailed"]
    assert list(detailed.groupby("year").size()) == [808, 789, 789, 831, 830, 831, 831]
    assert (detailed.groupby("year")["emp"].sum() - total["emp"]).abs().max() <= 2800
    sectors = oews.read(REAL, sectors=True)
    sums = sectors[sectors["group"] == "total"].groupby("year")["emp"].sum()
    assert (sums - total["emp"].loc[sums.index]).abs().max() <= 20


@needs_real
def test_the_panel_is_that_of_the_published_files():
    _, rows = read_panel(Path(REAL))
    theirs = pd.read_csv(Path(REAL) / "oews_panel.csv", dtype={"soc": str, "occ_code_published": str})
    both = rows.merge(
        theirs, left_on=["year", "occ_code"], right_on=["year", "occ_code_published"], suffixes=("", "_r")
    )
    assert len(both) == len(rows) == len(theirs)
    assert (both["soc"].fillna("") == both["soc_r"].fillna("")).all()
    for name in ("emp", "mean", "p10", "p25", "p50", "p75", "p90"):
        np.testing.assert_allclose(both[name], both[f"{name}_r"], atol=0.5)


def changed(**cells):
    return lambda: broken(lambda t: t[20].update(cells))


def table_with(header, *lines):
    return "\n".join([header, *lines]) + "\n"


REFUSED = {
    "a column twice": (
        lambda: broken(lambda t: None, columns=[*files.COLUMNS, "TOT_EMP"]),
        "row 1: column TOT_EMP is there 2 times, expected once; keep one",
    ),
    "a cell without a column": (
        lambda: ("national_M2023_dl.csv", b",5\n".join(files.as_csv(files.rows(2023)).rsplit(b"\n", 73))),
        "row 2: has more cells than the 24 columns that row 1 names; put texts with commas into quotes",
    ),
    "infinite employment": (
        changed(TOT_EMP="inf"),
        r"row 22, column TOT_EMP: got 'inf', expected a number or \*\* or \*",
    ),
    "employment beyond any": (changed(TOT_EMP="1e15"), "column TOT_EMP: got '1e15', expected 0 to 1,000,000,000 or"),
    "an overflowing number": (changed(TOT_EMP="1e300"), "column TOT_EMP: got '1e300', expected 0 to 1,000,000,000 or"),
    "commas in no order": (changed(TOT_EMP="5,5,5"), "column TOT_EMP: got '5,5,5', expected a number"),
    "an infinite mean": (changed(A_MEAN="inf"), r"column A_MEAN: got 'inf', expected a number or \* or #"),
    "a mean beyond any": (changed(A_MEAN="1e12"), "column A_MEAN: got '1e12', expected 1,000 to 10,000,000 or"),
    "a wage of nothing": (changed(A_PCT10="0"), "column A_PCT10: got '0', expected 1,000 to 10,000,000 or"),
    "an error beyond any": (changed(MEAN_PRSE="1e9"), "column MEAN_PRSE: got '1e9', expected 0 to 1,000 or"),
    "percentiles that fall over a mark": (
        changed(A_PCT10=190000, A_PCT25="*", A_MEDIAN=30000, A_PCT75=200000, A_PCT90=210000),
        "row 22, column A_MEDIAN: got '30000', expected at least A_PCT10",
    ),
    "a number after a top code and a mark": (
        changed(A_PCT10="#", A_PCT25="*", A_MEDIAN="*", A_PCT75="*"),
        "row 22, column A_PCT90: got '.*', expected at least A_PCT10",
    ),
    "blank lines above": (
        lambda: ("national_M2023_dl.csv", b"\n\n" + broken(lambda t: t[20].update(TOT_EMP="many"))[1]),
        "row 24, column TOT_EMP: got 'many'",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_numbers_and_columns_that_cannot_be_right_are_one_sentence(tmp_path, mistake):
    make, expected = REFUSED[mistake]
    name, content = make()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=expected) as raised:
        oews.read(tmp_path)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_thousands_separators_and_high_means_are_read(tmp_path):
    own = files.CODES[5]
    table = files.rows(2023)
    row = next(r for r in table if r["OCC_CODE"] == own)
    emp = row["TOT_EMP"]
    row |= {"TOT_EMP": f"{emp:,}", "A_MEAN": "449,320", "A_PCT25": "*"}
    (tmp_path / "national_M2023_dl.csv").write_bytes(files.as_csv(table))
    one = at(oews.read(tmp_path), own)
    assert emp > 999
    assert (one["emp"], one["mean"], one["p25_mark"]) == (emp, 449_320, "*")


@pytest.mark.parametrize("change", ["reversed", "one wage corrected"])
def test_a_year_under_the_name_of_another_is_refused_in_any_order(tmp_path, change):
    table = files.rows(2022)
    (tmp_path / "national_M2022_dl.csv").write_bytes(files.as_csv(table))
    other = table[::-1] if change == "reversed" else [*table[:-1], {**table[-1], "A_MEAN": 40000}]
    (tmp_path / "national_M2023_dl.csv").write_bytes(files.as_csv(other))
    with pytest.raises(DataError, match=r"M2023_dl.csv: has the numbers of .*M2022_dl.csv, which is May 2022, in 7"):
        oews.read(tmp_path)


@pytest.mark.parametrize(
    ("method", "flag", "expected"),
    [
        (9, 0, "is compressed by method 9, expected deflate; unpack it"),
        (0, 1, "has a password, expected an archive without one; unpack it"),
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_a_sentence(tmp_path, method, flag, expected):
    content = bytearray(files.as_zip("national_M2023_dl.csv", files.as_csv(files.rows(2023))))
    directory = content.index(b"PK\x01\x02")
    for header in (6, directory + 8):  # flags, and after them the method, in both records of the member
        content[header] |= flag
        content[header + 2] = method
    (tmp_path / "oesm23nat.zip").write_bytes(bytes(content))
    with pytest.raises(DataError, match=rf"oesm23nat.zip: national_M2023_dl.csv {expected}"):
        oews.read(tmp_path)


def test_files_that_other_programs_keep_are_skipped(tmp_path):
    files.write_folder(tmp_path, years=[2023])
    for name in ("~$national_M2023_dl.xlsx", "._national_M2022_dl.csv", "._occ_level.csv"):
        (tmp_path / name).write_bytes(b"\x05Someone")
    assert set(oews.load(tmp_path).years) == {2023}


def test_a_year_without_detailed_or_matched_occupations_is_named(tmp_path):
    files.write_folder(tmp_path, years=[2021, 2023])
    rest = [r | {"TOT_EMP": "**"} for r in files.rows(2023) if r["O_GROUP"] != "detailed"]
    (tmp_path / "national_M2023_dl.csv").write_bytes(files.as_csv(rest))
    with pytest.raises(DataError, match=r"M2023_dl.csv: column O_GROUP: no row of May 2023 is detailed"):
        oews.load(tmp_path)
    lonely = files.write_folder(tmp_path / "old", years=[2018, 2021])
    with pytest.raises(DataError, match=r"M2018_dl.csv: column OCC_CODE: .* add the table of May 2019"):
        oews.load(lonely)


def test_a_combination_of_occupations_without_employment_is_unavailable():
    one = {f"p{p}": float(np.exp(10 + 0.4 * s)) for p, s in SCORES.items()}
    parts = pd.DataFrame([{**one, "emp": 0.0, "mean": 3e4, "top_code": 239_200.0, "year": 2023}] * 2)
    whole = mixture(parts, "15-1256")
    assert (whole["mean_mark"], whole["p50_mark"]) == ("*", "*")


EXPOSURES = {
    "a decimal comma": (table_with("soc,x", '11-1011,"0,359"', '11-1021,"0,5"'), "row 2, column x: got '0,359'"),
    "a decimal comma without quotes": (
        table_with("soc,x", "11-1011,0,359"),
        "row 2: has more cells than the 2 columns",
    ),
    "an infinite number": (
        table_with("soc,x", "11-1011,0.5", "11-1021,inf"),
        "row 3, column x: got 'inf', expected a n",
    ),
    "a number beyond any": (
        table_with("soc,x", "11-1011,1e308", "11-1021,1"),
        "got '1e308', expected -1,000,000 to 1,0",
    ),
    "an occupation twice": (
        table_with("soc,x", "11-1011,0.5", "11-1021,0.1", "11-1011,0.7"),
        "rows 2, 4, column soc: got 11-1011 2 times, expected each occupation once",
    ),
    "a code beside its subdivisions": (
        table_with("soc,x", "11-1011,0.5", "11-1011.01,0.1"),
        "rows 2, 3, column soc: got 11-1011 2 times",
    ),
    "a measure twice": (table_with("soc,x,X", "11-1011,1,2"), "row 1: column X is there 2 times"),
    "a measure twice by two names": (
        table_with("soc,aioe,felten_aioe", "11-1011,1,2"),
        "row 1: column FELTEN_AIOE is there 2 times",
    ),
    "a measure that is the same everywhere": (
        table_with("soc,x", "11-1011,0.5", "11-1021,0.5"),
        "column x: the 2 numbers run from 0.5 to 0.5, expected a measure that differs",
    ),
    "years": (
        table_with("soc,year,x", "11-1011,2023,0.5", "11-1021,2023,0.1"),
        "row 1: has a column year, expected a table of exposure with one row for each occupation",
    ),
    "a blank line above": (table_with("soc,x", "", "11-1011,0.5", "11-1021,much", "13-1011,1"), "row 4, column x"),
}


@pytest.mark.parametrize("mistake", EXPOSURES)
def test_an_exposure_that_cannot_be_right_is_one_sentence(tmp_path, mistake):
    text, expected = EXPOSURES[mistake]
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=expected) as raised:
        read_exposures(tmp_path, str(path))
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_column_of_exposure_goes_by_every_name_it_has(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(",SOC,Title,My X,n_x,AIOE\n0,11-1011,A,1,3,0.5\n1,11-1021,B,2,4,0.7\n")
    assert list(read_exposures(tmp_path, str(path)).columns) == ["my_x", "felten_aioe"]
    for name, found in (("My X", "my_x"), ("n_x", "n_x"), ("AIOE", "felten_aioe"), ("felten_aioe", "felten_aioe")):
        assert list(read_exposures(tmp_path, f"{path}:{name}").columns) == [found]
    for name, expected in (
        ("title", "got 'A', expected a number"),
        ("soc", "nothing called soc; known: my_x"),
        ("", "gives"),
    ):
        with pytest.raises(DataError, match=expected):
            read_exposures(tmp_path, f"{path}:{name}")


def test_a_measure_in_two_files_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("soc,x\n11-1011,1\n11-1021,2\n")
    with pytest.raises(DataError, match=r"b.csv: column x: .*a.csv has this measure already"):
        read_exposures(tmp_path)


def test_exposures_in_workbooks_keep_their_digits_and_rows(tmp_path):
    import xlsxwriter

    path = tmp_path / "own.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("Notes").write(0, 0, "About")
    first = book.add_worksheet("Data")
    cells = [["Title"], [], ["SOC", "x"], ["11-1011", 0.1234567], [], ["11-1021", 2e-5]]
    for row, values in enumerate(cells):
        first.write_row(row, 0, values)
    book.close()
    assert read_exposures(tmp_path, str(path))["x"].to_dict() == {"11-1011": 0.1234567, "11-1021": 2e-5}
    assert sheet(path.name, path.read_bytes(), "", str(path), ["soc"]).row_numbers == (4, 6)

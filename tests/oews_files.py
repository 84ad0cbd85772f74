"""Synthetic files in the published format of OEWS: few occupations, made-up wages."""

import csv
import io
import zipfile

import numpy as np

COLUMNS = [
    *(
        "AREA",
        "AREA_TITLE",
        "NAICS",
        "NAICS_TITLE",
        "OCC_CODE",
        "OCC_TITLE",
        "O_GROUP",
        "TOT_EMP",
        "EMP_PRSE",
        "H_MEAN",
        "A_MEAN",
        "MEAN_PRSE",
    ),
    *(
        "H_PCT10",
        "H_PCT25",
        "H_MEDIAN",
        "H_PCT75",
        "H_PCT90",
        "A_PCT10",
        "A_PCT25",
        "A_MEDIAN",
        "A_PCT75",
        "A_PCT90",
        "ANNUAL",
        "HOURLY",
    ),
]
TOP = {year: (100.0, 208_000) if year < 2022 else (115.0, 239_200) for year in range(2018, 2026)}
NOTES = (
    "# = indicates a wage equal to or greater than ${:.2f} per hour or ${:,} per year",
    "* = indicates that a wage estimate is not available",
    "** = indicates that an employment estimate is not available",
)
CODES = [f"{major}-{n}011" for major in range(11, 35, 2) for n in (1, 2, 3, 4, 5)]


def exposure(code):
    return round(float(np.random.default_rng(int(code.replace("-", ""))).random()), 4)


def rows(year, codes=CODES, top=None, slope=0.0):
    """Rows as dictionaries; `slope` is the effect of exposure on the log of p90/p10 from 2023 on."""
    hour, annual = top or TOP[year]
    made = [row("00-0000", "All Occupations", "total", year, hour, annual)]
    made += [
        row(f"{major}-0000", f"Major group {major}", "major", year, hour, annual)
        for major in sorted({c[:2] for c in codes})
    ]
    for code in codes:
        made.append(row(code, f"Occupation {code}", "detailed", year, hour, annual, slope * (year >= 2023)))
    return with_totals(made)


def with_totals(table):
    """The same rows, those of totals with the employment of their detailed occupations."""
    for whole in table:
        if whole["O_GROUP"] in ("total", "major"):
            own = [r["TOT_EMP"] for r in table if r["O_GROUP"] == "detailed"
                   if whole["O_GROUP"] == "total" or r["OCC_CODE"][:2] == whole["OCC_CODE"][:2]]  # fmt: skip
            whole["TOT_EMP"] = sum(own)
    return table


def row(code, title, group, year, hour, annual, slope=0.0):
    own = np.random.default_rng([int(code.replace("-", "")), 1])
    now = np.random.default_rng([int(code.replace("-", "")), year])
    level = 10.5 + 0.5 * own.standard_normal() + 0.03 * (year - 2018) + 0.02 * now.standard_normal()
    spread = 0.45 * np.exp(0.2 * own.standard_normal()) + 0.01 * now.standard_normal() + slope * exposure(code) / 2.5631
    wages = np.exp(level + spread * np.array([-1.2816, -0.6745, 0, 0.6745, 1.2816]))
    wages = np.maximum.accumulate(np.round(wages, -1))
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {"AREA": "99", "AREA_TITLE": "U.S.", "NAICS": "000000", "NAICS_TITLE": "Cross-industry"}
    cells |= {"OCC_CODE": code, "OCC_TITLE": title, "O_GROUP": group}
    cells |= {"TOT_EMP": int(np.exp(10 + own.standard_normal())) // 10 * 10, "EMP_PRSE": 1.5, "MEAN_PRSE": 0.8}
    mean = float(np.round(np.exp(level + spread**2 / 2), -1))
    cells |= {"H_MEAN": round(mean / 2080, 2), "A_MEAN": mean}
    for name, wage in zip(("PCT10", "PCT25", "MEDIAN", "PCT75", "PCT90"), wages, strict=True):
        cells[f"A_{name}"] = "#" if wage >= annual else int(wage)
        cells[f"H_{name}"] = "#" if wage >= annual else round(wage / 2080, 2)
    return cells


def as_csv(table, columns=COLUMNS):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue().encode()


def as_xlsx(table, year, columns=COLUMNS, notes=True, sheet=None):
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    first = book.add_worksheet(sheet or f"national_M{year}_dl")
    for k, name in enumerate(columns):
        first.write(0, k, name)
        for n, cells in enumerate(table):
            first.write(n + 1, k, cells[name])
    if notes:
        second = book.add_worksheet("Field Descriptions")
        for n, line in enumerate(NOTES):
            second.write(n, 0, line.format(*TOP[year]))
    book.close()
    return out.getvalue()


def as_xls(table, columns=COLUMNS):
    import xlwt

    book = xlwt.Workbook()
    first = book.add_sheet("national")
    for k, name in enumerate(columns):
        first.write(0, k, name)
        for n, cells in enumerate(table):
            first.write(n + 1, k, cells[name])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_zip(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def write_folder(folder, years=range(2018, 2025), slope=0.0, codes=CODES):
    """A folder of CSV files, and a table of two raters' exposures."""
    folder.mkdir(parents=True, exist_ok=True)
    for year in years:
        (folder / f"national_M{year}_dl.csv").write_bytes(as_csv(rows(year, codes, slope=slope)))
    lines = ["O*NET-SOC Code,Title,dv_rating_beta,human_rating_beta"]
    for code in codes:
        x = exposure(code)
        lines += [f"{code}.00,One,{x - 0.1},{0.8 * x + 0.05}", f"{code}.01,Other,{x + 0.1},{0.8 * x + 0.15}"]
    (folder / "occ_level.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder

"""Layout of the published tables of Occupational Employment and Wage Statistics (OEWS, before 2021 OES).

BLS publishes a table a year with a row per occupation. Its field descriptions give the marks: ``*`` is a wage estimate
that is not available, ``**`` an employment estimate that is not available, ``#`` a wage at or above the top code.
"""

PERCENTILES = (10, 25, 50, 75, 90)
"""Percentiles of wages that are published."""

WAGES = ("mean", *(f"p{percentile}" for percentile in PERCENTILES))
"""Wages of a tidy table, in annual dollars."""

_PUBLISHED = ("mean", "pct10", "pct25", "median", "pct75", "pct90")
ANNUAL = dict(zip(WAGES, (f"a_{name}" for name in _PUBLISHED), strict=True))
"""Published columns of annual wages by tidy name."""
HOURLY = dict(zip(WAGES, (f"h_{name}" for name in _PUBLISHED), strict=True))
"""Published columns of hourly wages by tidy name; files by sector may lack them."""

HOURS = 2080
"""Hours of a full year, by which BLS converts hourly to annual wages."""

GROUP_NAMES = ("o_group", "occ_group", "group")
"""Names that the column of levels of aggregation has had; the first one is today's."""
GROUPS = ("total", "major", "minor", "broad", "detailed")
"""Levels of aggregation. An aggregate without parts of its own is both a broad and a detailed row."""

UNAVAILABLE, NO_EMPLOYMENT, TOP_CODED = "*", "**", "#"
"""Marks that stand in the place of numbers."""

REQUIRED = ("occ_code", "occ_title", "tot_emp", "emp_prse", "mean_prse", *ANNUAL.values())
"""Columns without which a table cannot be read, beside that of levels."""
SECTOR_REQUIRED = ("naics", "occ_code", "occ_title", "tot_emp", "emp_prse", *ANNUAL.values())
"""The same of tables by sector."""

TOP_CODES = {
    **dict.fromkeys(range(2016, 2022), (100.0, 208_000.0)),
    **dict.fromkeys(range(2022, 2025), (115.0, 239_200.0)),
}
"""Hourly and annual top codes by year, for files without field descriptions (which take precedence)."""

MOST_EMPLOYED = 1e9
"""Employment beyond which a number is none of an occupation."""
ANNUAL_WAGES = (1e3, 1e7)
"""Annual wages in dollars beyond which a number is none; a published wage of 0 stands for one that is not available."""
LARGEST_ERROR = 1e3
"""Relative standard error, percent, beyond which a number is none; BLS publishes none above 50."""

METHOD_BREAK = 2021
"""First year of the model-based estimates (MB3), which are not comparable with earlier years."""

PANEL_YEARS = 3
"""Years of survey panels that a release pools: those of its own year and of the two before."""

"""Completeness of a national table: employment of its occupations against that of its own totals."""

from aigini.errors import DataError
from aigini.oews.frames import Frame

SHORT_OF_TOTAL, SHORT_OF_GROUP = 0.001, 0.01
"""Shares of employment by which detailed occupations may differ from all occupations, and from their major group.

BLS rounds, and includes in its totals some occupations that it does not show: up to 0.002 % of all employment and
0.5 % of that of a major group in May 2018 to 2024.
"""


def require_whole(table: Frame, file: str) -> None:
    """Refuse a national table of which rows are missing.

    Detailed occupations are summed and compared with the row of all occupations and with the rows of major groups,
    where every one of them has its employment. A single small occupation that is missing is not noticed.

    Args:
        table: One year as `aigini.oews.national.tidy` makes it.
        file: Its name, for the message.

    Raises:
        DataError: naming the row whose employment is not that of its occupations.
    """
    totals = table[table["group"] == "total"]
    if totals.empty:
        raise DataError(f"{file}: has no row of all occupations (00-0000); download the file again.")
    detailed, majors = (table[table["group"] == level] for level in ("detailed", "major"))
    groups = detailed["occ_code"].str[:2]
    _compare(detailed, totals, SHORT_OF_TOTAL, file)
    for major, row in majors.groupby(majors["occ_code"].str[:2]):
        _compare(detailed[groups == major], row, SHORT_OF_GROUP, file)


def _compare(parts: Frame, whole: Frame, share: float, file: str) -> None:
    own, published = float(parts["emp"].sum()), float(whole["emp"].iloc[0])
    # An employment that is not available leaves the sum open, unless there is no occupation at all.
    if len(parts) and (parts["emp"].isna().any() or whole["emp"].isna().any()):
        return
    if abs(own - published) > share * published:
        raise DataError(
            f"{file}: is not whole: its {len(parts)} detailed occupations of {whole['occ_code'].iloc[0]}"
            f" ({whole['title'].iloc[0]}) have an employment of {own:,.0f}, and its own row of them has"
            f" {published:,.0f}, expected the same within {100 * share:g} %; download the file again."
        )

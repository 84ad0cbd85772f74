"""Occupation codes: the combinations that OEWS publishes, and the change from SOC 2010 to SOC 2018.

OEWS of 2019 and 2020 was coded in a hybrid of both classifications: thirty of its codes combine occupations that are
published apart from 2021 on. Twelve aggregates are published in every year. Their parts were inferred from titles and
code families; the thirty are exactly the detailed codes that 2019 has and 2023 lacks, and their parts those that 2023
has and 2019 lacks.
"""

import dataclasses
from pathlib import Path

from aigini.oews.frames import Frame, pandas
from aigini.oews.sheets import content_of, plain_tables, sheet

HYBRID_YEARS = (2019, 2020)
"""Years that were coded in the hybrid classification."""
SOC_2018_FROM = 2019
"""First year whose codes are of SOC 2018, but for the hybrid ones."""


def _parts(lines: str) -> dict[str, tuple[str, ...]]:
    pairs = (line.split(":") for line in lines.split("\n") if line.strip())
    return {code.strip(): tuple(parts.split()) for code, parts in pairs}


HYBRIDS: dict[str, tuple[str, ...]] = _parts(
    """
    11-2030: 11-2032 11-2033
    11-3010: 11-3012 11-3013
    11-9198: 11-9072 11-9179 11-9199
    13-1198: 13-1082 13-1199
    13-2098: 13-2051 13-2054 13-2099
    15-1245: 15-1242 15-1243
    15-1256: 15-1252 15-1253
    15-1257: 15-1254 15-1255
    15-2098: 15-2051 15-2099
    17-3098: 17-3028 17-3029
    19-3031: 19-3033 19-3034
    19-4010: 19-4012 19-4013
    19-4045: 19-4043 19-4044
    25-3097: 25-3041 25-3099
    27-2090: 27-2091 27-2099
    27-4098: 27-4015 27-4099
    29-1228: 29-1212 29-1213 29-1214 29-1217 29-1222 29-1224 29-1229 29-1241
    29-1248: 29-1242 29-1243 29-1249
    29-1298: 29-1291 29-1299
    29-2040: 29-2042 29-2043
    29-2098: 29-2036 29-2072 29-2099
    29-9098: 29-9021 29-9093 29-9099
    33-1090: 33-1091 33-1099
    33-9098: 33-9094 33-9099
    39-1098: 39-1014 39-1022
    39-9098: 39-4012 39-9099
    47-5097: 47-5023 47-5032
    47-5098: 47-5049 47-5099
    53-3058: 53-3051 53-3053 53-3054
    53-6098: 53-6032 53-6099
    """
)
"""Parts of each code of 2019 and 2020 that later years publish apart."""

AGGREGATES: dict[str, tuple[str, ...]] = _parts(
    """
    13-1020: 13-1021 13-1022 13-1023
    13-2020: 13-2022 13-2023
    21-1018: 21-1011 21-1014
    25-2052: 25-2055 25-2056
    25-9045: 25-9042 25-9043 25-9049
    29-2010: 29-2011 29-2012
    31-1120: 31-1121 31-1122
    39-7010: 39-7011 39-7012
    47-4090: 47-4091 47-4099
    51-2028: 51-2022 51-2023
    51-2090: 51-2092 51-2099
    53-1047: 53-1042 53-1043 53-1044 53-1049
    """
)
"""SOC 2018 parts of the codes that OEWS combines in every year."""


def crosswalk(data: Path) -> Frame | None:
    """The crosswalk from SOC 2010 to SOC 2018 in a folder, known by its columns; None without one.

    Returns:
        ``soc2010``, ``soc2018`` and ``one_to_one``, a row per pair.
    """
    pd = pandas()
    names = {"soc2010": "soc2010", "2010_soc_code": "soc2010", "soc2018": "soc2018", "2018_soc_code": "soc2018"}
    for path in plain_tables(data):
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            first = [cell.strip().strip('"').lower().replace(" ", "_") for cell in lines.readline().split(",")]
        if len({names[name] for name in first if name in names}) < 2:
            continue
        table = sheet(path.name, content_of(path), "", str(path), list(names))
        header = [names.get(name, name) for name in table.header]
        dataclasses.replace(table, header=tuple(header)).require_columns_once()
        raw = pd.DataFrame(list(table.rows), columns=header, dtype=str)
        pairs = raw[["soc2010", "soc2018"]].drop_duplicates()
        pairs = pairs[(pairs["soc2010"] != "") & (pairs["soc2018"] != "")].reset_index(drop=True)
        once = ~pairs["soc2010"].duplicated(keep=False) & ~pairs["soc2018"].duplicated(keep=False)
        return pairs.assign(one_to_one=once)
    return None

"""Event windows: the rows of a panel before and with AI that a moment is taken from.

With n the years of the horizon and g the first period in which a worker uses AI, rows in g − n, ..., g − 1 are before,
rows in g, ..., g + n with AI. Levels that depend on how long firms' assets have moved are taken at g − n and g + n.
"""

import dataclasses

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import NEVER, Panel


@dataclasses.dataclass(frozen=True)
class Windows:
    """Rows of those who use AI, or of a comparison as if they did.

    Attributes:
        rows: Positions of the rows in the panel.
        event: Period less the first period with AI, per row.
        firms: Positions of the firms, ``[some]``.
        firm_start: First period with AI of these firms, ``[some]``.
        weight: Weight of all of it.
    """

    rows: np.ndarray
    event: np.ndarray
    firms: np.ndarray
    firm_start: np.ndarray
    weight: float = 1.0


def horizon(panel: Panel, years: int | None) -> int:
    """Years before and with AI.

    Args:
        panel: The panel.
        years: Years that are asked for; by default the most for which every cohort is observed.

    Raises:
        DataError: if nobody uses AI, or there are fewer than two years for all.
    """
    starts = np.unique(panel.first_use[panel.first_use != NEVER])
    if not len(starts):
        raise DataError("moments: nobody uses AI in the panel, so that no effect of it can be estimated.")
    first, last = panel.periods[0], panel.periods[-1]
    room = np.minimum(starts - first, last - starts)
    most = int(room.min() if years is None else room.max())
    if years is not None and years < 2:
        raise DataError(f"moments: --years {years} is too short; 2 or more before and with AI are needed.")
    if most < 2 or (years is not None and years > most):
        raise DataError(
            f"moments: cohorts that start in periods {', '.join(map(str, starts.tolist()))} of {first} to {last} are"
            f" observed for {most} years before and with AI{'' if years is None else ' at most'}, expected"
            f" {2 if years is None else years} or more; give a longer panel, leave out early and late cohorts, or use"
            " another --years."
        )
    return most if years is None else years


def treated(panel: Panel, years: int) -> Windows:
    """Rows of workers who use AI, in cohorts that are observed for so many years before and with AI."""
    first, last = panel.periods[0], panel.periods[-1]
    start = panel.first_use
    inside = (start != NEVER) & (start - first >= years)
    inside[inside] &= last - start[inside] >= years
    event = np.where(inside, panel["period"] - np.where(inside, start, 0), NEVER)
    rows = np.flatnonzero(inside & (event >= -years) & (event <= years))
    own = panel.firm_start
    firms = np.flatnonzero((own != NEVER) & np.isin(np.arange(len(own)), panel["firm"][rows]))
    return Windows(rows, event[rows], firms, own[firms])


def never_treated(panel: Panel, years: int, users: Windows) -> list[Windows]:
    """Rows of firms that never use AI, once for each cohort, in the periods and with the share of that cohort.

    Raises:
        DataError: if every firm uses AI.
    """
    own = panel.firm_start
    never = own == NEVER
    if not never.any():
        raise DataError(
            "moments: the panel has no firm that never uses AI, so that changes cannot be compared with those of"
            " others; use --comparison none, which takes all change for the effect of AI."
        )
    cohorts, sizes = np.unique(panel.first_use[users.rows], return_counts=True)
    others = np.flatnonzero(never[panel["firm"]])
    firms = np.flatnonzero(never)
    windows = []
    for start, size in zip(cohorts, sizes, strict=True):
        event = panel["period"][others] - start
        near = np.abs(event) <= years
        windows.append(Windows(others[near], event[near], firms, np.full(len(firms), start), float(size / sizes.sum())))
    return windows

"""A panel as balanced arrays of firms by periods, from sums over their workers."""

import dataclasses
import functools

import numpy as np

from aigini.errors import DataError
from aigini.panel.data import NEVER, Panel
from aigini.panel.estimators.cohorts import Cohorts


@dataclasses.dataclass(frozen=True, eq=False)
class FirmPanel:
    """Firms that are observed in every period, with the date at which they adopt AI.

    Attributes:
        panel: The panel.
        firms: Codes of the firms that are kept, ``[firms]``.
        cohorts: Their dates of adoption.
        left_out: Firms that are left out, a sentence for each reason.
    """

    panel: Panel
    firms: np.ndarray
    cohorts: Cohorts
    left_out: tuple[str, ...]

    @functools.cached_property
    def cell_position(self) -> np.ndarray:
        """Position of firm and period of each row in ``[firms x periods]``, -1 where the firm is left out."""
        position = np.full(self.panel.count("firm"), -1)
        position[self.firms] = np.arange(len(self.firms))
        own = position[self.panel["firm"]]
        periods = np.searchsorted(self.panel.periods, self.panel["period"])
        return np.where(own < 0, -1, own * self.cohorts.periods + periods)

    @functools.cached_property
    def worker_rows(self) -> np.ndarray:
        """True for one row of each worker and period, as what does not differ by task repeats."""
        key = self.panel["worker"] * len(self.panel.periods)
        key = key + np.searchsorted(self.panel.periods, self.panel["period"])
        first = np.unique(key, return_index=True)[1]
        mask = np.zeros(len(key), bool)
        mask[first] = True
        return mask

    def total(self, values: np.ndarray, rows: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
        """Sums over rows, ``[firms, periods, cells]``.

        Args:
            values: Value of each row that counts.
            rows: True for the rows that count.
            cell: Cell of each row that counts.
            cells: Number of cells.
        """
        shape = (len(self.firms), self.cohorts.periods, cells)
        key = self.cell_position[rows] * cells + cell
        return np.bincount(key, values, minlength=int(np.prod(shape))).reshape(shape)

    def centred(self, values: np.ndarray, rows: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
        """Values less their mean in the firm, period and cell."""
        count = self.total(np.ones(len(values)), rows, cell, cells).reshape(-1)
        key = self.cell_position[rows] * cells + cell
        mean = self.total(values, rows, cell, cells).reshape(-1) / np.maximum(count, 1)
        return values - mean[key]

    def dispersion(self, values: np.ndarray, rows: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
        """`aigini.panel.estimators.statistics.DISPERSION`, ``[firms, periods, cells, 5]``."""
        count = self.total(np.ones(len(values)), rows, cell, cells)
        squares = self.total(self.centred(values, rows, cell, cells) ** 2, rows, cell, cells)
        sums = [self.total(values, rows, cell, cells), count, squares, np.maximum(count - 1, 0)]
        return np.stack([*sums, self.total(values**2, rows, cell, cells)], axis=-1)

    def offices(self, rows: np.ndarray) -> tuple[np.ndarray, int]:
        """Position of the occupation of each row that counts, and the number of occupations."""
        codes, position = np.unique(self.panel["occupation"][rows], return_inverse=True)
        return position, len(codes)

    def usable(self, freedom: np.ndarray, least: int = 2) -> np.ndarray:
        """Cells in which each cohort has, in each period, that many firms to learn from, ``[cells]``."""
        there = np.einsum("gn,ntc->gtc", self.cohorts.membership, (freedom > 0).astype(float))
        return np.all(there >= least, axis=(0, 1))

    def subset(self, inside: np.ndarray, words: str) -> "FirmPanel":
        """Some of the firms.

        Args:
            inside: True for those, ``[firms]``.
            words: Their name in messages.

        Raises:
            DataError: if there is no effect to estimate among them.
        """
        try:
            cohorts = Cohorts(self.cohorts.first[inside], self.cohorts.periods)
        except DataError as error:
            raise DataError(f"{words}: {error}") from None
        return FirmPanel(self.panel, self.firms[inside], cohorts, self.left_out)


def firm_panel(panel: Panel) -> FirmPanel:
    """Firms by periods.

    A firm adopts when anybody in it first uses AI. Firms that are not observed in every period and firms that have AI
    from the first period on are left out.

    Raises:
        DataError: if there is no effect to estimate.
    """
    periods = panel.periods
    seen = np.zeros((panel.count("firm"), len(periods)), bool)
    seen[panel["firm"], np.searchsorted(periods, panel["period"])] = True
    always = panel.firm_start == periods[0]
    complete = seen.all(axis=1)
    left_out = []
    if not complete.all():
        left_out.append(f"{int(np.sum(~complete))} firms are not observed in every period and are left out.")
    if np.any(always & complete):
        left_out.append(f"{int(np.sum(always & complete))} firms have AI from the first period on and are left out.")
    firms = np.flatnonzero(complete & ~always)
    if not len(firms):
        raise DataError("panel: no firm is observed in every period and without AI in the first; there is no effect.")
    start = panel.firm_start[firms]
    first = np.where(start == NEVER, len(periods), np.searchsorted(periods, np.minimum(start, periods[-1])))
    return FirmPanel(panel, firms, Cohorts(first.astype(np.int64), len(periods)), tuple(left_out))

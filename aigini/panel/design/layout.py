"""Layout of a panel: how many firms adopt when, and how many workers, tasks and periods are observed."""

import dataclasses
import functools

import numpy as np

from aigini.errors import AnalysisError
from aigini.panel.design.settings import FEWEST_FIRMS, Size
from aigini.panel.estimators.cohorts import Cohorts


@dataclasses.dataclass(frozen=True)
class Layout:
    """Numbers that shape the arrays of a panel.

    Attributes:
        size: Firms, workers, tasks and periods.
        occupations: Occupations that are observed in every firm.
        starts: First treated period of each cohort, the number of periods for the never treated, which are last.
        counts: Firms of each.
    """

    size: Size
    occupations: int
    starts: tuple[int, ...]
    counts: tuple[int, ...]

    @functools.cached_property
    def first(self) -> np.ndarray:
        """First treated period of each firm in ascending order, ``[firms]``."""
        return np.repeat(np.array(self.starts), np.array(self.counts))

    @functools.cached_property
    def cohorts(self) -> Cohorts:
        """The design that estimators take."""
        return Cohorts(self.first, self.size.periods)

    @functools.cached_property
    def adopted(self) -> np.ndarray:
        """True from adoption on, ``[firms, periods]``."""
        return np.arange(self.size.periods)[None, :] >= self.first[:, None]

    @property
    def rows(self) -> int:
        """Rows of the panel: workers by tasks by periods."""
        size = self.size
        return size.firms * self.occupations * size.workers * size.tasks * size.periods


def layout_of(size: Size, occupations: int, cohorts: int, never_share: float) -> Layout:
    """The layout of a panel in which cohorts of equal size adopt at equal distances in time.

    The first cohort adopts in the third period, so that there is a change before to test trends on; the last one leaves
    two periods after it. Where periods are few, so are cohorts.

    Raises:
        AnalysisError: if there are too few firms or periods.
    """
    if size.periods < 4:
        raise AnalysisError(
            f"design: {size.periods} periods are too few; two before and two after adoption are needed."
        )
    starts = np.unique(np.round(np.linspace(2, size.periods - 2, cohorts)).astype(int)).tolist()
    never = round(never_share * size.firms)
    share, more = divmod(size.firms - never, len(starts))
    counts = [share + (k < more) for k in range(len(starts))]
    if min(*counts, never) < FEWEST_FIRMS:
        raise AnalysisError(
            f"design: {size.firms} firms leave a cohort of {min(*counts, never)}; have more firms or fewer cohorts."
        )
    return Layout(size, occupations, (*starts, size.periods), (*counts, never))

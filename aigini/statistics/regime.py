"""The regime: whether AI concentrates or equalises income, stated only where the simulation error allows it."""

import dataclasses

from aigini.resolution import Simulated
from aigini.statistics.histogram import GINI_RESOLUTION

CONCENTRATING, EQUALISING, NO_CHANGE = "concentrating", "equalising", "no change"
UNRESOLVED, UNSTATED = "not distinguishable", "not stated"


@dataclasses.dataclass(frozen=True)
class Regime:
    """The regime: the sign of the change of a Gini with AI, where it is known.

    Attributes:
        change: Change of the Gini, 0 to 1.
        error: Its simulation standard error; None where it was not measured.
        n_workers: Workers it was simulated with.
        above_grid: True if both Ginis can be told from zero on the grid of incomes; a smaller one may be off by
            `aigini.statistics.histogram.GINI_RESOLUTION`, and so may its change.
    """

    change: float
    error: float | None
    n_workers: int
    above_grid: bool = True

    @property
    def simulated(self) -> Simulated:
        """The change with its error."""
        return Simulated(self.change, self.error)

    @property
    def resolved(self) -> bool:
        """True if the sign of the change is known: it stands out of its simulation error, or is exactly zero."""
        return self.simulated.resolved and self._clear_of_the_grid

    @property
    def name(self) -> str:
        """``concentrating``, ``equalising`` or ``no change`` where that is known.

        Otherwise ``not distinguishable``, or ``not stated`` where no simulation error was measured.
        """
        if self.resolved:
            return {1: CONCENTRATING, -1: EQUALISING, 0: NO_CHANGE}[self.simulated.sign]
        return UNSTATED if self.error is None else UNRESOLVED

    @property
    def enlargement(self) -> float | None:
        """Factor of the number of workers that would tell the sign, see `aigini.resolution.Simulated`."""
        return self.simulated.enlargement

    def __str__(self) -> str:
        if self._clear_of_the_grid:
            return self.simulated.describe(
                rise=CONCENTRATING, fall=EQUALISING, same=NO_CHANGE, n_workers=self.n_workers
            )
        return (
            f"{UNRESOLVED} from {NO_CHANGE}: a Gini is below the resolution of the grid of incomes"
            f" ({GINI_RESOLUTION:.4f}), and so is its change"
        )

    def as_dict(self) -> dict[str, str | bool | float | int | None]:
        """The regime for a file, everything that follows from its numbers included."""
        return {
            "name": self.name,
            "resolved": self.resolved,
            "words": str(self),
            "change": self.change,
            "error": self.error,
            "n_workers": self.n_workers,
            "enlargement": self.enlargement,
        }

    @property
    def _clear_of_the_grid(self) -> bool:
        return self.above_grid or abs(self.change) > GINI_RESOLUTION

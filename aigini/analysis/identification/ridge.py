"""A point of the ridge: an economy that meets the moments other than m6 at given ξ and η1."""

import dataclasses
from collections.abc import Mapping

from aigini.resolution import Simulated


@dataclasses.dataclass(frozen=True)
class RidgePoint:
    """An economy that meets the other moments as well as it can, at given ξ and η1.

    Attributes:
        xi: ξ.
        eta1: η1.
        m6: Change of the Gini of the income that m6 is about.
        gini_total: Change of the Gini of total income.
        gini_wage: Change of the Gini of wages.
        misfit: Largest misfit of m1 ... m5, in standard errors.
        feasible: True if all of them are met.
        estimates: The re-estimated parameters.
        gini_total_simulation_se: Simulation standard error of that change; None where it is not known, as where the
            moments are not met.
        gini_wage_simulation_se: The same for wages.
    """

    xi: float
    eta1: float
    m6: float
    gini_total: float
    gini_wage: float
    misfit: float
    feasible: bool
    estimates: Mapping[str, float]
    gini_total_simulation_se: float | None = None
    gini_wage_simulation_se: float | None = None

    def change(self, income: str) -> Simulated:
        """Change of the Gini of ``total`` income or ``wage`` with its simulation error."""
        return Simulated(getattr(self, f"gini_{income}"), getattr(self, f"gini_{income}_simulation_se"))

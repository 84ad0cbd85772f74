"""A finding about an estimated economy: one number or one verdict, by the name of its group and its own."""

import dataclasses

from aigini.resolution import Simulated

ESTIMATION, PARAMETER, MISFIT, CHANGE = "estimation", "parameter", "misfit", "change"
CHANNEL, BOUNDARY, RIDGE, CHANCE, RETURN, PROPOSITION, CLAIM = (
    *("channel", "boundary", "sign", "probability of a rise", "return to schooling", "proposition", "claim"),
)

GROUPS: dict[str, str] = {
    ESTIMATION: "how the estimation ended; the value is the largest misfit in standard errors of the targets",
    PARAMETER: "estimate, with its standard error from the targets",
    MISFIT: "fitted less target, in standard errors of the target",
    CHANGE: "change of a Gini, 0 to 1, with its standard error from the targets",
    CHANNEL: "Shapley contribution of a channel to the change of a Gini, 0 to 1",
    BOUNDARY: "where eta1 alone brings the change of a Gini to zero, and how far off that is in ranges of eta1",
    RIDGE: "lowest and highest change of the Gini among economies that meet the targets other than m6",
    CHANCE: "probability that a Gini rises, 0 to 1, to first order, m6 left out where it is a target",
    RETURN: "mean causal return to a year of schooling, log points, by kind, before and after AI, and its change",
    PROPOSITION: "whether a proposition holds at the estimates",
    CLAIM: "the numbers that a proposition is about",
}
"""Groups of findings, in the order in which they are reported, with the meaning of their values."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One number or one verdict.

    Attributes:
        group: One of `GROUPS`.
        quantity: Its name in the group.
        value: The number; None for a verdict.
        se: Standard error that comes from the targets: of correlated targets where their covariance is given, of
            independent ones otherwise; None where there is none.
        worst_case_se: The largest over all correlations of the targets.
        simulation_se: Simulation standard error; None where it is not known.
        words: The verdict, as far as it stands out of simulation error; empty if there is none.
    """

    group: str
    quantity: str
    value: float | None = None
    se: float | None = None
    worst_case_se: float | None = None
    simulation_se: float | None = None
    words: str = ""

    @property
    def simulated(self) -> Simulated:
        """The number with its simulation error; not a number for a verdict."""
        return Simulated(float("nan") if self.value is None else self.value, self.simulation_se)

"""Result: a test of one of the four hypotheses on a panel."""

import dataclasses
from typing import ClassVar

from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class PanelEffect:
    """One effect of AI's adoption on firms that adopt it.

    Attributes:
        name: Outcome.
        estimate: Mean effect over adopting firms and periods after adoption, by group-time effects.
        se: Standard error, clustered by firm.
        low: Lower end of the 95 % confidence interval; None where it is not bounded.
        high: Upper end.
        p_value: Two-sided p value.
        imputation: The same effect by imputation; None for what is computed from others.
        two_way: Coefficient of two-way fixed effects; None for what is computed from others.
        pretrend_p: P value of the hypothesis that there were no effects before adoption; None where it is not tested.
        randomisation_p: P value by randomisation inference; None where it was not asked for.
    """

    name: str
    estimate: float
    se: float
    low: float | None
    high: float | None
    p_value: float
    imputation: float | None = None
    two_way: float | None = None
    pretrend_p: float | None = None
    randomisation_p: float | None = None


@dataclasses.dataclass(frozen=True)
class HypothesisTest(Tabular):
    """A hypothesis tested on a panel.

    Attributes:
        hypothesis: ``H1`` to ``H4``.
        statement: The hypothesis.
        estimand: The quantities that are estimated.
        assumptions: Conditions under which the estimates are of those quantities.
        source: Where the method is from.
        effects: Effects; the first one is that the hypothesis is about.
        firms: Firms in the sample.
        notes: Parts that were left out or are missing, a sentence each.
    """

    units: ClassVar[Units] = file_units(estimate="units of the outcome", p_value="probability, 0 to 1")

    hypothesis: str
    statement: str
    estimand: str
    assumptions: str
    source: str
    effects: tuple[PanelEffect, ...]
    firms: int
    notes: tuple[str, ...] = ()

    def effect(self, name: str) -> PanelEffect:
        """One of the effects.

        Raises:
            KeyError: if there is none of that name.
        """
        for one in self.effects:
            if one.name == name:
                return one
        raise KeyError(
            f"{self.hypothesis} has no effect called {name!r}; there are {[one.name for one in self.effects]}"
        )

    def table(self) -> Table:
        """Effects, one a row."""
        rows = self.effects
        return Table(
            (
                Column("effect on", [one.name for one in rows]),
                Column("estimate", [one.estimate for one in rows], "+.4f"),
                Column("s.e.", [one.se for one in rows], ".4f"),
                Column("low", [one.low for one in rows], "+.4f"),
                Column("high", [one.high for one in rows], "+.4f"),
                Column("p", [one.p_value for one in rows], ".3f"),
                Column("imputation", [one.imputation for one in rows], "+.4f"),
                Column("two-way", [one.two_way for one in rows], "+.4f"),
                Column("p before", [one.pretrend_p for one in rows], ".3f"),
                Column("p, randomised", [one.randomisation_p for one in rows], ".3f"),
            )
        )

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.hypothesis}: {self.statement}",
                f"Estimand: {self.estimand}",
                f"Assumptions: {self.assumptions}",
                f"Source: {self.source}",
                f"{self.firms} firms.",
                str(self.table()),
                *self.notes,
            ]
        )

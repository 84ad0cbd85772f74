"""Result: a study of what panels of several sizes can tell."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from aigini.analysis.occupations.power import LEVEL, binomial_error
from aigini.panel.design.answers import VALID
from aigini.panel.design.diagnosands import Diagnosis
from aigini.panel.design.smallest import RegimeTest, SmallestPanel
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class Regime:
    """One of the two economies that are to be told apart.

    Attributes:
        name: Its name.
        eta1: η1.
        xi: ξ.
        gini_change: Change of the Gini of the income of m6.
        gini_error: Simulation standard error.
    """

    name: str
    eta1: float
    xi: float
    gini_change: float
    gini_error: float

    @property
    def regime(self) -> str:
        """The regime by the sign of the change of the Gini, if it is resolved."""
        if abs(self.gini_change) <= 2 * self.gini_error:
            return "not resolved"
        return "labour-strong" if self.gini_change < 0 else "asset-concentrating"


@dataclasses.dataclass(frozen=True)
class DesignStudy(Tabular):
    """A study of panels: what they can tell, by their size, the effect and selection.

    Attributes:
        assumed: Numbers that were assumed.
        size: Size of the reference panel.
        occupations: Occupations that are observed.
        selected_on: Quantity that adoption is selected on.
        replications: Panels of each kind.
        diagnoses: Properties of estimators by kind of panel.
        smallest: The smallest panels.
        regimes: The two economies.
        regime_tests: Tests of one against the other.
    """

    units: ClassVar[Units] = file_units(
        **dict.fromkeys(("inquiry", "mean", "bias", "rmse", "sd"), "units of the question"),
        **dict.fromkeys(("power", "coverage", "type_s"), "share of panels, 0 to 1"),
        type_m="multiple of the true effect",
        firms="firms",
    )

    assumed: Mapping[str, float]
    size: Mapping[str, int]
    occupations: int
    selected_on: str
    replications: int
    diagnoses: tuple[Diagnosis, ...]
    smallest: tuple[SmallestPanel, ...]
    regimes: tuple[Regime, ...]
    regime_tests: tuple[RegimeTest, ...]

    def table(self) -> Table:
        """Diagnoses, one a row."""
        names = [field.name for field in dataclasses.fields(Diagnosis)]
        return Table(tuple(Column(name, [getattr(one, name) for one in self.diagnoses]) for name in names))

    def rows(self, varied: str, question: str, estimator: str, world: str | None = None) -> tuple[Diagnosis, ...]:
        """Diagnoses of one estimator of one question over what is varied."""
        return tuple(
            one
            for one in self.diagnoses
            if (one.varied, one.question, one.estimator) == (varied, question, estimator)
            and (world is None or one.world == world)
        )

    def without_effect(self) -> tuple[Diagnosis, ...]:
        """Diagnoses of valid estimators in economies without AI, where power is the size of the test."""
        return tuple(
            one
            for one in self.diagnoses
            if one.varied == "firms" and one.estimator in VALID and one.inquiry == one.inquiry_error == 0
        )

    def wrong_sizes(self) -> tuple[Diagnosis, ...]:
        """Those of them whose test rejects more or less often than 5 % by more than three Monte Carlo errors."""
        error = binomial_error(LEVEL, self.replications)
        return tuple(one for one in self.without_effect() if abs(one.power - LEVEL) > 3 * error)

    def __str__(self) -> str:
        from aigini.panel.design.words import text

        return text(self)

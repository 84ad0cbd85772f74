"""Result: what a regression on occupations could have told, from surveys of simulated occupations."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

from aigini.analysis.occupations.handlings import ByHandling
from aigini.analysis.occupations.power import LEVEL
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

NO_AI = "no AI"
ALL_ON = "all on"
ENOUGH = 0.8
"""Power from which a test is said to tell two economies apart."""


def label_of(regime: str, off: str) -> str:
    """An economy in a few words."""
    return regime if off == ALL_ON else f"{regime}, {off.replace('_', ' ')} off"


@dataclasses.dataclass(frozen=True)
class Regime:
    """An economy that meets the moments other than m6.

    Attributes:
        name: Equalising or concentrating, by the sign of the change of the Gini.
        eta1: η1.
        gini_change: Change of the Gini of the income of m6.
        params: Every parameter.
    """

    name: str
    eta1: float
    gini_change: float
    params: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Surveyed:
    """A regression of the published panel, and the survey that simulates it. Log points per s.d. of exposure.

    Attributes:
        name: The regression.
        exposure: Measure of exposure.
        estimate: Coefficient of the published panel.
        se_crv1: Its standard error by major groups, CRV1.
        se_crv3: The same, CRV3.
        n: Occupations in it.
        occupations: Occupations with and without top-coded wages.
        clusters: Major groups.
        after: Shares of the releases that were taken after AI.
        respondents: Median effective number of respondents of an occupation.
        level_sd: Standard deviation of log pay between occupations beside the economy's.
        spread_mean: Mean factor on dispersion.
        spread_sd: Standard deviation of its log.
        occupation_change_sd: Standard deviation of occupations' changes for other reasons, log points.
        group_change_sd: That of changes common to major groups.
        sd: Standard deviation of the coefficient over surveys without AI.
        n_simulated: Mean number of occupations without top-coded wages in them.
    """

    name: str
    exposure: str
    estimate: float
    se_crv1: float
    se_crv3: float
    n: int
    occupations: int
    clusters: int
    after: Sequence[float]
    respondents: float
    level_sd: float
    spread_mean: float
    spread_sd: float
    occupation_change_sd: float
    group_change_sd: float
    sd: float
    n_simulated: float

    @property
    def detectable(self) -> float:
        """Coefficient that a 5 % test finds with power 0.8, log points per s.d.: 2.80 standard deviations."""
        return 2.8015856 * self.sd


@dataclasses.dataclass(frozen=True)
class Distribution:
    """Coefficients of one regression in surveys of one economy, log points per s.d. of exposure.

    Attributes:
        regression: The regression.
        regime: The economy; "no AI" without AI.
        off: Channel that is off; "all on" where none is.
        arrival: Share of the effect of AI that has arrived.
        floor: Strength of the task floor relative to the estimates.
        m1: Relative change of dispersion within tasks in the economy.
        gini_change: Change of the Gini of the income of m6.
        mean: Mean coefficient.
        sd: Standard deviation over surveys.
        low: 2.5 % quantile.
        high: 97.5 % quantile.
        p_value: Two-sided probability of a coefficient as far out as the published one.
        power: Share of surveys outside the central 95 % of those without AI.
        rejects_crv1: Share of surveys whose CRV1 t test rejects zero at 5 %.
        rejects_crv3: The same of CRV3.
        surveys: Number of surveys.
    """

    regression: str
    regime: str
    off: str
    arrival: float
    floor: float
    m1: float
    gini_change: float
    mean: float
    sd: float
    low: float
    high: float
    p_value: float
    power: float
    rejects_crv1: float
    rejects_crv3: float
    surveys: int

    @property
    def label(self) -> str:
        """The economy in a few words."""
        return label_of(self.regime, self.off)

    @property
    def mean_error(self) -> float:
        """Monte Carlo standard error of the mean."""
        return self.sd / self.surveys**0.5


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Power of a regression to tell an economy from another one, the null hypothesis.

    Attributes:
        regression: The regression.
        null: The economy of the hypothesis.
        alternative: The economy that is surveyed.
        question: The mechanism that is on or off, "AI", or "regime".
        power: Share of surveys that reject at 5 %.
        power_error: Monte Carlo standard error.
    """

    regression: str
    null: str
    alternative: str
    question: str
    power: float
    power_error: float


@dataclasses.dataclass(frozen=True)
class Size:
    """Rejections at 5 % where the true coefficient is zero.

    Attributes:
        regression: The regression.
        test: The test.
        rate: Share of surveys that reject.
        rate_error: Monte Carlo standard error.
    """

    regression: str
    test: str
    rate: float
    rate_error: float

    @property
    def right(self) -> bool:
        """True if the rate is 5 % within two Monte Carlo errors."""
        return abs(self.rate - LEVEL) <= 2 * self.rate_error


@dataclasses.dataclass(frozen=True)
class NotRejected:
    """Values of a quantity that the published coefficient does not reject at 5 %.

    Attributes:
        regression: The regression.
        regime: The economy in which the quantity is moved.
        quantity: m1, by the strength of the task floor; or the share of the effect of AI that has arrived.
        low: Lowest value; None where every one is rejected.
        high: Highest value.
        low_error: Monte Carlo standard error; None where the value is an end of those that were tried.
        high_error: The same of the highest.
        tried: Lowest and highest value that were tried.
    """

    regression: str
    regime: str
    quantity: str
    low: float | None
    high: float | None
    low_error: float | None
    high_error: float | None
    tried: Sequence[float]

    @property
    def everything(self) -> bool:
        """True if no value that was tried is rejected."""
        return self.low is not None and (self.low, self.high) == (self.tried[0], self.tried[1])


@dataclasses.dataclass(frozen=True)
class ByMeasure:
    """A published coefficient by another measure of exposure, beside surveys with that measure.

    Attributes:
        regression: The regression.
        exposure: The measure.
        estimate: Published coefficient, log points per s.d.
        se_crv3: Its standard error.
        p_values: Two-sided probability of a coefficient as far out, by economy.
    """

    regression: str
    exposure: str
    estimate: float
    se_crv3: float
    p_values: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class SimulatedOccupations(Tabular):
    """Regressions on simulated occupations beside those on published ones.

    Attributes:
        assumed: Numbers that were assumed; None where the published panel gave them.
        replications: Surveys of each economy.
        regimes: The economies.
        regressions: The regressions.
        distributions: Coefficients by regression and economy.
        comparisons: Power.
        sizes: Rejections without AI.
        not_rejected: Ranges of m1 and of the share that has arrived.
        measures: Other measures of exposure.
        n_workers: Workers of the population.
        handlings: Published coefficients under other handlings of the data; empty in files that do not have them.
    """

    units: ClassVar[Units] = file_units(
        **dict.fromkeys(("estimate", "mean", "low", "high", "sd"), "log points (100 times a log) per s.d. of exposure"),
        p_value="probability, 0 to 1",
        power="share of surveys, 0 to 1",
        rate="share of surveys, 0 to 1",
        m1="relative change",
    )

    assumed: Mapping[str, float | None]
    replications: int
    regimes: tuple[Regime, ...]
    regressions: tuple[Surveyed, ...]
    distributions: tuple[Distribution, ...]
    comparisons: tuple[Comparison, ...]
    sizes: tuple[Size, ...]
    not_rejected: tuple[NotRejected, ...]
    measures: tuple[ByMeasure, ...]
    n_workers: int = 0
    handlings: tuple[ByHandling, ...] = ()

    def table(self) -> Table:
        """Coefficients by regression and economy, one a row."""
        names = [field.name for field in dataclasses.fields(Distribution)]
        return Table(tuple(Column(name, [getattr(d, name) for d in self.distributions]) for name in names))

    def main(self, regression: str) -> tuple[Distribution, ...]:
        """The economies with AI as configured, each channel on and off, and that without AI."""
        arrival = self.assumed["arrival"]
        return tuple(
            d
            for d in self.distributions
            if d.regression == regression
            if d.regime == NO_AI or (d.arrival == arrival and (d.floor == 1.0 or d.off == "task_floor"))
        )

    def arrivals(self, regression: str, regime: str) -> tuple[Distribution, ...]:
        """The economy by the share of the effect of AI that has arrived, in order."""
        rows = (d for d in self.distributions if (d.regression, d.regime, d.off) == (regression, regime, ALL_ON))
        return tuple(sorted((d for d in rows if d.floor == 1.0), key=lambda d: d.arrival))

    def floors(self, regression: str, regime: str) -> tuple[Distribution, ...]:
        """The economy by the strength of the task floor, in order."""
        rows = (d for d in self.distributions if (d.regression, d.regime) == (regression, regime))
        own = (d for d in rows if d.arrival == self.assumed["arrival"] and d.off in (ALL_ON, "task_floor"))
        return tuple(sorted(own, key=lambda d: d.floor))

    def power(self, regression: str, question: str) -> tuple[Comparison, ...]:
        """Comparisons that answer one question."""
        return tuple(c for c in self.comparisons if (c.regression, c.question) == (regression, question))

    def __str__(self) -> str:
        from aigini.analysis.occupations.words import text

        return text(self)

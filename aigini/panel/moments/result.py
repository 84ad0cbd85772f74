"""Result: moments of a panel with their covariance, ready to be targets."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from aigini.statistics.catalogue import find
from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class PanelMoments(Tabular):
    """Moments of the economy estimated from a panel.

    Attributes:
        moments: Estimates by name.
        covariance: Their covariance, clustered by firm and multiplied by 1 + 1/S, ``[moments, moments]``.
        years: Years before and with AI, the years of firm growth T of an economy that is compared with them.
        comparison: The change that is taken off: ``none``, or ``never``, of firms that never use AI.
        firms: Number of firms, the clusters.
        workers: Number of workers who use AI.
        rows: Number of their rows.
        simulations: S; None leaves simulation noise out.
        bootstrap_se: Standard errors from resamples of firms; None without.
        bootstrap: Number of resamples.
        limits: Reasons why the panel is too small or too one-sided for some estimates.
    """

    moments: Mapping[str, float]
    covariance: np.ndarray
    years: int
    comparison: str
    firms: int
    workers: int
    rows: int
    simulations: float | None = None
    bootstrap_se: Mapping[str, float] | None = None
    bootstrap: int = 0
    limits: tuple[str, ...] = ()
    units: ClassVar[dict[str, str]] = {"years": "years"}

    @property
    def se(self) -> dict[str, float]:
        """Standard errors by name."""
        return dict(zip(self.moments, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def correlation(self) -> np.ndarray:
        """Correlation of the estimates, ``[moments, moments]``."""
        se = np.sqrt(np.diag(self.covariance))
        matrix = self.covariance / np.outer(se, se)
        matrix = (matrix + matrix.T) / 2
        np.fill_diagonal(matrix, 1.0)
        return matrix

    def with_simulation_noise(self, simulations: float) -> "PanelMoments":
        """The same with variances multiplied by 1 + 1/S, for model moments from S simulated samples of this size."""
        factor = 1 + 1 / simulations
        spread = self.bootstrap_se
        return dataclasses.replace(
            self,
            covariance=self.covariance * factor,
            bootstrap_se=None if spread is None else {name: se * factor**0.5 for name, se in spread.items()},
            simulations=simulations,
        )

    def overrides(self, free: tuple[str, ...], targets: tuple[str, ...]) -> dict[str, Any]:
        """Values of a configuration by dotted name that make these estimates its targets.

        Args:
            free: Parameters that the configuration frees; at most as many as there are moments stay free.
            targets: Names of the targets that it has.
        """
        source = (
            f"a panel of {self.firms} firms and {self.workers} workers who use AI, {self.years} years before and with"
        )
        values: dict[str, Any] = {f"targets.{name}": "none" for name in targets if name not in self.moments}
        for name, value in self.moments.items():
            values[f"targets.{name}"] = {"value": value, "se": self.se[name], "source": source, "seen": "D"}
        return {
            **values,
            "scenario.years": self.years,
            "calibration.moments": list(self.moments),
            "calibration.correlation": self.correlation.tolist(),
            "calibration.weighting": "optimal",
            "calibration.free": list(free[: len(self.moments)]),
        }

    def table(self) -> Table:
        """Estimates, standard errors and correlations."""
        columns = [
            Column("moment", list(self.moments)),
            Column("meaning", [find(name).meaning for name in self.moments]),
            Column("estimate", list(self.moments.values()), "+.5f"),
            Column("s.e.", list(self.se.values()), ".5f"),
        ]
        if self.bootstrap_se is not None:
            columns.append(Column("bootstrap", list(self.bootstrap_se.values()), ".5f"))
        columns += [
            Column(f"corr. {name}", row.tolist(), "+.2f")
            for name, row in zip(self.moments, self.correlation, strict=True)
        ]
        return Table(tuple(columns))

    def __str__(self) -> str:
        taken = "changes of those who use AI" + (
            "" if self.comparison == "none" else ", less those of firms that never do"
        )
        noise = (
            "Simulation noise of the model's moments is not in the standard errors."
            if self.simulations is None
            else f"Variances are multiplied by 1 + 1/S, S = {self.simulations:g} simulated panels."
        )
        checked = f" Bootstrap: {self.bootstrap} resamples of firms." if self.bootstrap else ""
        text = (
            f"{self.rows:,} rows of {self.workers:,} workers who use AI, {self.firms:,} firms; {taken} over"
            f" {self.years} years.\nStandard errors are clustered by firm. {noise}{checked}\n\n{self.table()}"
        )
        return "\n".join((text, *self.limits))

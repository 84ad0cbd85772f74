"""Settings of a simulated panel: what the economy does not say, each with its meaning, default and bounds.

All of it is assumed. Compliance, timing, selection and errors of measurement are those of a study, not of the economy.
"""

import dataclasses
from typing import Literal

from aigini.assumption import Assumption

Selection = Literal["none", "ability", "gain"]
"""The trait that those who take up AI are selected by: none, ability, or the gain in output that AI gives them."""

StructureLaw = Literal["mixed", "separate"]
"""AI of firms: each has commodity and proprietary AI as in the economy, or one of the two, drawn at random."""

Form = Literal["parquet", "csv"]


NUMBERS: dict[str, Assumption] = {
    "n_workers": Assumption("workers", "workers", 20_000, 32, 2**31 - 1),
    "n_firms": Assumption("firms, a random sample of those of the economy", "firms", 400, 1, 1_000_000),
    "tasks": Assumption("tasks on which each worker is observed, a divisor of 24", "tasks", 6, 1, 24),
    "periods": Assumption("periods, a year each", "periods", 10, 1, 1000),
    "first_adoption": Assumption("first period in which firms adopt AI", "period", 4, 1, 1001),
    "last_adoption": Assumption("last period in which firms adopt AI", "period", 7, 1, 1001),
    "adopters": Assumption("share of firms that adopt AI", "share, 0 to 1", 0.7, 0.0, 1.0),
    "compliance": Assumption("share of workers of adopting firms who use AI", "share, 0 to 1", 0.8, 0.0, 1.0),
    "selection_strength": Assumption(
        "correlation of the inclination to use AI with the trait that selects", "correlation", 0.5, -1.0, 1.0
    ),
    "adoption_by_assets": Assumption(
        "correlation of early adoption with the assets of the firm", "correlation", 0.0, -1.0, 1.0
    ),
    "spillover": Assumption(
        "share of the effect on wages that reaches workers without AI once all firms have adopted",
        "share, 0 to 1",
        0.0,
        0.0,
        1.0,
    ),
    "output_error": Assumption("standard deviation of the error of measured output", "log points", 0.2, 0.0, 5.0),
    "ability_error": Assumption("standard deviation of the error of the ability proxy", "log points", 0.3, 0.0, 5.0),
    "wage_error": Assumption("standard deviation of the error of measured wages", "log points", 0.05, 0.0, 5.0),
    "schooling_error": Assumption("standard deviation of the error of reported schooling", "years", 0.0, 0.0, 50.0),
    "asset_error": Assumption("standard deviation of the error of measured assets", "log points", 0.0, 0.0, 5.0),
    "credential_share": Assumption(
        "share of an occupation's workers who hold the credential before AI", "share, 0 to 1", 0.5, 0.01, 0.99
    ),
    "late_entry": Assumption("share of workers who enter after the first period", "share, 0 to 1", 0.0, 0.0, 0.95),
    "exit_rate": Assumption("share of workers who leave for good, per period", "share, 0 to 1", 0.0, 0.0, 0.9),
    "missing": Assumption("share of the waves of a worker that are missing", "share, 0 to 1", 0.0, 0.0, 0.9),
    "block": Assumption("workers of one file; memory and not the panel depends on it", "workers", 16_384, 1, 2**31 - 1),
    "seed": Assumption("seed of the panel's draws", "seed", 0, 0, 2**63 - 1),
}
"""The numbers of [panel]."""


@dataclasses.dataclass(frozen=True)
class PanelSettings:
    """A panel to simulate; `NUMBERS` has the meaning of every number.

    Attributes:
        selection: Trait that selects into AI use.
        structure: AI of firms.
        rent_shares: Values of ξ, each that of a share of the firms with a labour market of their own; empty is the
            economy's.
        form: Format of the files.
    """

    n_workers: int = 20_000
    n_firms: int = 400
    tasks: int = 6
    periods: int = 10
    first_adoption: int = 4
    last_adoption: int = 7
    adopters: float = 0.7
    compliance: float = 0.8
    selection_strength: float = 0.5
    adoption_by_assets: float = 0.0
    spillover: float = 0.0
    output_error: float = 0.2
    ability_error: float = 0.3
    wage_error: float = 0.05
    schooling_error: float = 0.0
    asset_error: float = 0.0
    credential_share: float = 0.5
    late_entry: float = 0.0
    exit_rate: float = 0.0
    missing: float = 0.0
    block: int = 16_384
    seed: int = 0
    selection: Selection = "none"
    structure: StructureLaw = "mixed"
    rent_shares: tuple[float, ...] = ()
    form: Form = "parquet"

    @property
    def complete(self) -> bool:
        """True if every worker is there in every period."""
        return self.late_entry == self.exit_rate == self.missing == 0

    @property
    def horizon(self) -> int:
        """Periods that every adopting firm is observed for, before and after the period of adoption."""
        return min(self.first_adoption - 1, self.periods - self.last_adoption)


def setting_problems(settings: PanelSettings, n_tasks: int, technology: str) -> list[str]:
    """Sentences about settings that contradict each other.

    Args:
        settings: The settings.
        n_tasks: Tasks of the economy.
        technology: Name of its technology.
    """
    lines = []
    if n_tasks % settings.tasks:
        whole = ", ".join(str(k) for k in range(1, n_tasks + 1) if n_tasks % k == 0)
        lines.append(
            f"panel.tasks = {settings.tasks} does not divide {n_tasks}, the tasks of the economy; use {whole}."
        )
    if settings.first_adoption > settings.last_adoption:
        lines.append(
            f"panel.first_adoption = {settings.first_adoption} is after panel.last_adoption = {settings.last_adoption};"
            " swap them."
        )
    if settings.adopters > 0 and settings.last_adoption > settings.periods:
        lines.append(
            f"panel.last_adoption = {settings.last_adoption} is after the last of panel.periods = {settings.periods};"
            " lower it, or set panel.adopters = 0 for a panel without AI."
        )
    if settings.structure == "separate" and technology != "additive":
        lines.append(
            f'panel.structure = "separate" divides the pay for AI between firms, which model.technology ='
            f' "{technology}" does not allow; use structure = "mixed".'
        )
    if len(set(settings.rent_shares)) < len(settings.rent_shares):
        lines.append("panel.rent_shares names a value twice; name each once.")
    return lines

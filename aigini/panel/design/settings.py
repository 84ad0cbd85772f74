"""Settings of a study of panels: sizes that are compared, and assumptions beyond the economy, each with its meaning.

The economy says what workers produce and are paid before and after AI, and how firms' assets grow. It does not say how
a panel is measured, who adopts first, or what else moves outcomes: those numbers are assumed.
"""

import dataclasses
from typing import Literal

from aigini.assumption import Assumption

Selection = Literal["ability", "gain", "trend"]
"""Quantity that decides who adopts first: mean ability of the firm's workers, the firm's expected gain of output, or
its own trend of output, which no comparison over time takes out."""


ASSUMED: dict[str, Assumption] = {
    "output_error_sd": Assumption(
        "measurement error of log output, its size known to the analyst", "log", 0.2, 0.0, 3.0
    ),
    "wage_error_sd": Assumption("measurement error of log wages", "log", 0.1, 0.0, 3.0),
    "ability_error_sd": Assumption("error of the ability proxy", "log", 0.3, 0.0, 10.0),
    "firm_output_sd": Assumption("shocks to the output of a firm in a period", "log", 0.1, 0.0, 3.0),
    "firm_wage_sd": Assumption("shocks to the wages of a firm in a period", "log", 0.02, 0.0, 3.0),
    "growth": Assumption("common growth of output and wages", "log per period", 0.02, -1.0, 1.0),
    "trend_sd": Assumption("differences between firms' own trends of output", "log per period", 0.005, 0.0, 1.0),
    "requirement_persistence": Assumption(
        "probability that an employer keeps its standard for credentials from one period to the next",
        "share",
        0.9,
        0.0,
        1.0,
    ),
    "never_share": Assumption("firms that adopt in no period of the panel", "share", 0.4, 0.05, 0.95),
    "compliance": Assumption("workers of an adopting firm who use AI", "share", 1.0, 0.05, 1.0),
    "worker_selection": Assumption(
        "correlation of ability with the propensity to use AI, within adopting firms", "correlation", 0.0, -0.99, 0.99
    ),
}
"""Numbers of [design] that are assumed."""


FEWEST_FIRMS = 3
"""Firms of a cohort, so that one less still has a variance."""


@dataclasses.dataclass(frozen=True)
class Size:
    """Size of a panel.

    Attributes:
        firms: Number of firms.
        workers: Workers of a firm in each occupation.
        tasks: Tasks of an occupation, those that AI reaches most.
        periods: Periods, of a year each.
    """

    firms: int = 96
    workers: int = 8
    tasks: int = 2
    periods: int = 6


@dataclasses.dataclass(frozen=True)
class DesignSettings:
    """A study of panels.

    Attributes:
        size: The panel that others differ from in one respect.
        occupations: Number of occupations, at equal distances in rank among the quarter that AI reaches most.
        cohorts: Dates of adoption.
        firms: Numbers of firms that are tried.
        workers: Numbers of workers that are tried.
        tasks: Numbers of tasks that are tried.
        periods: Numbers of periods that are tried.
        effects: Multiples of the level of AI that are tried; 0 is no AI.
        selection: Correlations of adoption with what it is selected on that are tried.
        selected_on: Quantity that adoption is selected on.
        replications: Simulated panels of each kind.
        seed: Seed of their draws.
        structure_shares: Shares of effective AI that are proprietary under either AI structure, commodity first.
        partial_compliance: Share of workers of adopting firms who use AI, where selection into use is studied.
        rent_shares: A low and a high ξ, for the fourth hypothesis.
        regime_eta1: η1 of two economies that lie in either regime.
        regime_xi: ξ of the two economies; None as configured.
        assumed: Numbers of `ASSUMED`.
    """

    size: Size = Size()
    occupations: int = 2
    cohorts: int = 3
    firms: tuple[int, ...] = (24, 48, 96, 192, 384)
    workers: tuple[int, ...] = (4, 16)
    tasks: tuple[int, ...] = (1, 4)
    periods: tuple[int, ...] = (4, 8)
    effects: tuple[float, ...] = (0.0, 0.25, 0.5)
    selection: tuple[float, ...] = (0.5, 0.9)
    selected_on: Selection = "ability"
    replications: int = 500
    seed: int = 0
    structure_shares: tuple[float, float] = (0.0, 1.0)
    partial_compliance: float = 0.7
    rent_shares: tuple[float, float] = (0.12, 0.5)
    regime_eta1: tuple[float, float] = (0.1, 1.0)
    regime_xi: tuple[float, float] | None = None
    assumed: dict[str, float] = dataclasses.field(
        default_factory=lambda: {name: float(one.default or 0.0) for name, one in ASSUMED.items()}
    )


def setting_problems(settings: DesignSettings) -> list[str]:
    """Sentences about settings that contradict each other."""
    lines = []
    pairs = {"regime_eta1": settings.regime_eta1, "structure_shares": settings.structure_shares}
    pairs["rent_shares"] = settings.rent_shares
    lines += [
        f"design.{name} = [{one:g}, {other:g}] is one economy twice; give two values."
        for name, (one, other) in pairs.items()
        if one == other
    ]
    sizes = {"firms": (settings.size.firms,), "firms_tried": settings.firms}
    for name, tried in sizes.items():
        for firms in tried:
            never = round(settings.assumed["never_share"] * firms)
            smallest = min(never, (firms - never) // settings.cohorts)
            if smallest < FEWEST_FIRMS:
                lines.append(
                    f"design.{name}: {firms} firms leave {smallest} in a cohort, expected at least {FEWEST_FIRMS};"
                    " raise it, or lower design.cohorts."
                )
    for name in ("workers", "tasks", "periods"):
        if len(set(getattr(settings, name))) < len(getattr(settings, name)):
            lines.append(f"design.{name}_tried has a value twice; give each once.")
    return lines

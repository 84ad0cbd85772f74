"""Assumptions about surveys of simulated occupations: each number with its meaning, unit, default and bounds.

None of these numbers is known. Those that are "as published" by default are read off the published panel instead.
"""

import dataclasses

from aigini.assumption import Assumption

ASSUMPTIONS: dict[str, Assumption] = {
    "exposure_reliability": Assumption(
        "share of the variance of measured exposure that is true; two measures with independent errors correlate by it",
        "share, 0 to 1",
        0.8,
        0.01,
        1.0,
    ),
    "survey_size": Assumption(
        "respondents relative to the survey that has the published relative standard errors", "multiple", 1.0, 0.01, 1e6
    ),
    "ai_from": Assumption("first year whose survey panels are taken after AI", "year", 2023, 2000.0, 2100.0),
    "arrival": Assumption(
        "share of the effect of AI in the economy that has arrived in these panels", "share, 0 to 1", 1.0, 0.001, 1.0
    ),
    "level_sd": Assumption(
        "standard deviation between occupations of pay that the economy does not explain", "log", None, 0.0, 3.0
    ),
    "spread_sd": Assumption(
        "standard deviation between occupations of the log of the factor on their dispersion", "log", None, 0.0, 2.0
    ),
    "spread_mean": Assumption(
        "mean of that factor, by which dispersion in the economy is multiplied", "multiple", None, 0.05, 20.0
    ),
    "occupation_change_sd": Assumption(
        "standard deviation of changes of an occupation for other reasons than AI",
        "log points",
        None,
        0.0,
        1e3,
    ),
    "group_change_sd": Assumption(
        "standard deviation of such changes that a major group has in common", "log points", None, 0.0, 1e3
    ),
}
"""Numbers of [oews] that describe the survey and the occupations."""


@dataclasses.dataclass(frozen=True)
class SurveySettings:
    """Assumptions and size of the simulation.

    Attributes:
        replications: Simulated surveys.
        seed: Seed of their draws.
        regime_eta1: η1 of two economies that meet the moments other than m6, one for each regime.
        floor_strengths: Strengths of the task floor relative to the estimates, over which m1 moves.
        arrivals: Shares of the effect of AI that may have arrived, over which power is computed.
        assumed: Numbers of `ASSUMPTIONS`, None as published.
    """

    replications: int = 500
    seed: int = 0
    regime_eta1: tuple[float, float] = (0.1, 1.0)
    floor_strengths: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
    arrivals: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
    assumed: dict[str, float | int | None] = dataclasses.field(
        default_factory=lambda: {name: one.default for name, one in ASSUMPTIONS.items()}
    )

    def number(self, name: str) -> float:
        """An assumed number that has a default.

        Raises:
            KeyError: if it is one that the published panel gives.
        """
        value = self.assumed[name]
        if value is None:
            raise KeyError(f"{name} is as published")
        return float(value)

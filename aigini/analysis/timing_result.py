"""Policy in time as a typed result."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from aigini.tables import Column, Table, Tabular


@dataclasses.dataclass(frozen=True)
class Switch:
    """A date at which a lever at full strength begins or ceases to bring the labour-strong regime back.

    Attributes:
        date: Year of the path.
        returns: True where it does from then on.
    """

    date: float
    returns: bool


@dataclasses.dataclass(frozen=True)
class LeverTiming:
    """The effect of a lever by the year in which it begins.

    Attributes:
        lever: Its name.
        duration: Years after which it is lifted; None where it stays.
        start: Years in which it may begin, ``[dates]``.
        regime: The regime reached when it begins then at full strength.
        switches: Dates at which full strength begins or ceases to bring the labour-strong regime back.
        strength: The least strength that brings it back, by date; None where full strength does not.
    """

    lever: str
    duration: int | None
    start: np.ndarray
    regime: Sequence[str]
    switches: Sequence[Switch]
    strength: Sequence[float | None]

    @property
    def no_return(self) -> float | None:
        """The point of no return: the date from which on full strength comes too late; None where there is none."""
        return self.switches[-1].date if self.switches and not self.switches[-1].returns else None

    @property
    def verdict(self) -> str:
        """Its effect at full strength in words."""
        first = self.regime[0] == "labour-strong"
        if not self.switches:
            return "brings it back from any year" if first else "does not bring it back from any year"
        words = ["from year 0 on"] if first else []
        words += [f"from {one.date:.2f} on" if one.returns else f"not from {one.date:.2f} on" for one in self.switches]
        return f"brings it back {', '.join(words)}"


@dataclasses.dataclass(frozen=True)
class PolicyTiming(Tabular):
    """Levers by the year in which they begin, on a path that does not end labour-strong by itself.

    Attributes:
        path: The path in words.
        regime: The regime that it reaches without policy.
        years: Last year in which a lever may begin.
        duration: Years after which a lever that does not stay is lifted.
        levers: The levers, each staying and lifted; empty where the path ends labour-strong by itself.
    """

    units: ClassVar[dict[str, str]] = {
        "start": "year of the path",
        "date": "year of the path",
        "strength": "share of full strength, 0 to 1",
    }

    path: str
    regime: str
    years: int
    duration: int
    levers: Sequence[LeverTiming]

    def table(self) -> Table:
        """The least strength of each lever, by the year in which it begins."""
        rows = [(one, k) for one in self.levers for k in range(len(one.start))]
        return Table(
            (
                Column("lever", [one.lever for one, _ in rows]),
                Column("in force", [_in_force(one) for one, _ in rows]),
                Column("from year", [float(one.start[k]) for one, k in rows], "g"),
                Column("least strength", [one.strength[k] for one, k in rows], ".6f"),
                Column("at full strength", [one.regime[k] for one, k in rows]),
            )
        )

    def verdicts(self) -> Table:
        """Points of no return."""
        return Table(
            (
                Column("lever", [one.lever for one in self.levers]),
                Column("in force", [_in_force(one) for one in self.levers]),
                Column("least at first", [one.strength[0] for one in self.levers], ".4f"),
                Column("least at last", [one.strength[-1] for one in self.levers], ".4f"),
                Column("at full strength", [one.verdict for one in self.levers]),
            )
        )

    def __str__(self) -> str:
        if not self.levers:
            return (
                f"policy in time: the path ({self.path}) ends labour-strong by itself, so that no policy has to bring"
                " it back; slow retooling or fast deployment may change that (dynamics.retool_speeds,"
                " dynamics.deployment_speeds)"
            )
        lines = [
            f"policy in time, on the path with {self.path}, which ends {self.regime} without policy: can a lever bring"
            " it back to the labour-strong regime?",
            str(self.verdicts()),
            f"least at first and last: least strength (1 is full) when it begins in year 0 and in year {self.years}",
        ]
        return "\n".join(lines)


def _in_force(one: LeverTiming) -> str:
    return "for good" if one.duration is None else f"{one.duration} years"

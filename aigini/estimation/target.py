"""Targets: the empirical moments that an estimation should meet."""

import dataclasses

CHANGED_BY_USER = "changed by the user"
"""The source of a target whose numbers are not those of the publication that the baseline names."""


@dataclasses.dataclass(frozen=True)
class Target:
    """An empirical moment.

    Attributes:
        value: Its value, in the units of the moment.
        se: Its standard error.
        source: Where it was published.
        seen: Provenance: P in the paper itself, S in somebody else's summary, D derived, J judgement.
    """

    value: float
    se: float
    source: str = ""
    seen: str = ""

    @property
    def mark(self) -> str:
        """The way the target was seen, for tables and figures; or that it was changed, or nothing said."""
        return self.seen or (CHANGED_BY_USER if self.source == CHANGED_BY_USER else "not said")

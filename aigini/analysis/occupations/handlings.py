"""Published coefficients under other handlings of the data than that of the simulated surveys."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ByHandling:
    """A published coefficient under another handling of top codes, hybrid codes or weights than that of the surveys.

    Attributes:
        regression: The regression.
        handling: The handling in words.
        estimate: Published coefficient, log points per s.d.
    """

    regression: str
    handling: str
    estimate: float

"""A number that is assumed, with meaning, unit, default and bounds; its entry in a configuration follows from these."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Assumption:
    """One number that is assumed.

    Attributes:
        meaning: One line in words.
        unit: Unit of the number.
        default: Value unless another is given; None where it is then taken from elsewhere.
        lower: Lower bound, an allowed value.
        upper: Upper bound, an allowed value.
    """

    meaning: str
    unit: str
    default: float | int | None
    lower: float | int
    upper: float | int

    @property
    def description(self) -> str:
        """The meaning with its unit, unless the words begin with that."""
        return self.meaning if self.meaning.startswith(self.unit) else f"{self.meaning}; {self.unit}"

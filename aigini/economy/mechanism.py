"""The base of all mechanisms that can be replaced: their own numbers, and the economies that they allow."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx

from aigini.parameters import ParameterSpec


class Mechanism(eqx.Module):
    """A mechanism of the economy; its fields are numbers that can be differentiated.

    Attributes:
        numbers: Meaning, default, bounds and usual range of each number, by the name of its field.
    """

    numbers: ClassVar[Mapping[str, ParameterSpec]] = {}

    def problems(self, where: str, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """Why this mechanism has no economy at some parameters, a full sentence each.

        Args:
            where: The table of its numbers in a configuration.
            values: All parameters.
            levels: The AI levels A0 and A1.
        """
        del values, levels
        return [
            f"{where}.{name} = {float(getattr(self, name)):g} is not allowed: expected a finite number in"
            f" {spec.interval()} ({spec.meaning}); the default is {spec.default:g}."
            for name, spec in self.numbers.items()
            if not spec.admits(float(getattr(self, name)))
        ]

"""The mechanisms of an economy that can be replaced, each by name or by an object of the user's own.

A mechanism is an `equinox.Module`: numbers in its fields are arguments of compiled programs and can be differentiated.
One that is registered can be named in a configuration, `[model] technology = "additive"`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx

from aigini.economy.ability import AbilityLaw, NormalAbility
from aigini.economy.additive import AdditiveTechnology
from aigini.economy.human_capital import HumanCapital, MultiplicativeHumanCapital
from aigini.economy.reach import Reach, SkilledFirst
from aigini.economy.tasks import tasks_at
from aigini.economy.technology import Production, Technology
from aigini.errors import ConfigError, unknown_name
from aigini.parameters import Parameters, Scalar

_KINDS: dict[str, type[eqx.Module]] = {
    "technology": Technology,
    "human_capital": HumanCapital,
    "ability": AbilityLaw,
    "reach": Reach,
}

MECHANISMS: dict[str, dict[str, Callable[[], Any]]] = {
    "technology": {"additive": AdditiveTechnology},
    "human_capital": {"multiplicative": MultiplicativeHumanCapital},
    "ability": {"normal": NormalAbility},
    "reach": {"skilled_first": SkilledFirst},
}
"""Mechanisms by kind and name, the baseline's first."""


class Mechanisms(eqx.Module):
    """The mechanisms of one economy, the baseline's by default.

    Attributes:
        technology: Output of workers on tasks.
        human_capital: Human capital as a function of ability and schooling.
        ability: Distribution of ability.
        reach: Tasks that AI can augment, by its level.
    """

    technology: Technology = AdditiveTechnology()
    human_capital: HumanCapital = MultiplicativeHumanCapital()
    ability: AbilityLaw = NormalAbility()
    reach: Reach = SkilledFirst()

    def production(self, params: Parameters, level: Scalar) -> Production:
        """The technology at AI level `level`."""
        return self.technology.at(params, tasks_at(params, level, self.reach.exposure(params, level)))


def register_mechanism(kind: str, name: str, make: Callable[[], eqx.Module]) -> None:
    """Let configurations name a mechanism.

    Args:
        kind: ``"technology"``, ``"human_capital"``, ``"ability"`` or ``"reach"``.
        name: Its name in `[model]`.
        make: Its class, or a function without arguments that returns the mechanism.

    Raises:
        ConfigError: if there is no such kind, the name is taken, or `make` does not return a mechanism of this kind.
    """
    if kind not in MECHANISMS:
        raise ConfigError(f"mechanisms: {unknown_name(kind, list(MECHANISMS))}")
    if name in MECHANISMS[kind] and MECHANISMS[kind][name] is not make:
        raise ConfigError(f"mechanisms: the {kind} {name} exists already; give yours another name.")
    if not isinstance(made := make(), _KINDS[kind]):
        raise ConfigError(
            f"mechanisms: {name} was registered as {kind}, which is an aigini {_KINDS[kind].__name__}, but it makes"
            f" {type(made).__name__}; subclass {_KINDS[kind].__name__}."
        )
    MECHANISMS[kind][name] = make


def problems(names: Mapping[str, str]) -> list[str]:
    """Sentences about names of mechanisms by kind that are not registered."""
    return [
        f"model.{kind} = {name!r}: expected one of {', '.join(map(repr, MECHANISMS[kind]))}; correct it, or register"
        " your own with aigini.register_mechanism."
        for kind, name in names.items()
        if name not in MECHANISMS[kind]
    ]


def mechanisms(names: Mapping[str, str]) -> Mechanisms:
    """The mechanisms of these names by kind; those not named are the baseline's."""
    return Mechanisms(**{kind: MECHANISMS[kind][name]() for kind, name in names.items()})

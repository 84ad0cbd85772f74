"""The mechanisms of an economy that can be replaced, each by name or by an object of the user's own.

A mechanism is an `equinox.Module`: numbers in its fields are arguments of compiled programs and can be differentiated.
One that is registered can be named in a configuration, `[model] technology = "additive"`, which may give its numbers,
`[mechanisms.technology] rho = 0.5`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from aigini.economy.ability import AbilityLaw, NormalAbility, SinhArcsinhAbility
from aigini.economy.additive import AdditiveTechnology
from aigini.economy.ces import CesTechnology
from aigini.economy.human_capital import AdditiveHumanCapital, HumanCapital, MultiplicativeHumanCapital
from aigini.economy.reach import Reach, SkilledFirst, UniformReach, UnskilledFirst
from aigini.economy.skills import OneSkill, Skills, TwoSkills
from aigini.economy.task_technology import TaskTechnology
from aigini.economy.tasks import Tasks, tasks_at
from aigini.economy.technology import Production, Technology
from aigini.errors import ConfigError, EquilibriumError, unknown_name
from aigini.parameters import Parameters, ParameterSpec, Scalar
from aigini.runtime.user_code import definition, redefines

_KINDS: dict[str, type[eqx.Module]] = {
    "technology": Technology,
    "human_capital": HumanCapital,
    "ability": AbilityLaw,
    "reach": Reach,
    "skills": Skills,
}

MECHANISMS: dict[str, dict[str, Callable[[], Any]]] = {
    "technology": {"additive": AdditiveTechnology, "ces": CesTechnology},
    "human_capital": {"multiplicative": MultiplicativeHumanCapital, "additive": AdditiveHumanCapital},
    "ability": {"normal": NormalAbility, "sinh_arcsinh": SinhArcsinhAbility},
    "reach": {"skilled_first": SkilledFirst, "unskilled_first": UnskilledFirst, "uniform": UniformReach},
    "skills": {"one": OneSkill, "two": TwoSkills},
}
"""Mechanisms by kind and name, the baseline's first."""
_BUILT_IN = {kind: frozenset(known) for kind, known in MECHANISMS.items()}


class Mechanisms(eqx.Module):
    """The mechanisms of one economy, the baseline's by default.

    Attributes:
        technology: Output of workers on tasks.
        human_capital: Human capital as a function of ability and schooling.
        ability: Distribution of ability.
        reach: Tasks that AI can augment, by its level.
        skills: Skills of workers beside the one that AI can augment.
    """

    technology: Technology = AdditiveTechnology()
    human_capital: HumanCapital = MultiplicativeHumanCapital()
    ability: AbilityLaw = NormalAbility()
    reach: Reach = SkilledFirst()
    skills: Skills = OneSkill()

    def production(self, params: Parameters, level: Scalar) -> Production:
        """The technology at AI level `level`."""
        return self.technology.at(params, self.tasks(params, level))

    def tasks(self, params: Parameters, level: Scalar) -> Tasks:
        """The tasks at AI level `level`."""
        return tasks_at(params, level, self.reach.exposure(params, level))

    @property
    def number_names(self) -> tuple[str, ...]:
        """Names of the mechanisms' own numbers; what two of them call alike is the first one's."""
        return tuple(dict.fromkeys(name for kind in _KINDS for name in _number_names(getattr(self, kind))))

    @property
    def numbers(self) -> dict[str, float]:
        """The mechanisms' own numbers by name."""
        return {name: float(getattr(self._with(name), name)) for name in self.number_names}

    def with_numbers(self, numbers: Mapping[str, Scalar]) -> "Mechanisms":
        """The same mechanisms with other numbers, some or all, which may be traced by JAX."""
        changed: dict[str, Any] = {}
        for name, value in numbers.items():
            kind = self._kind_with(name)
            changed[kind] = dataclasses.replace(changed.get(kind, getattr(self, kind)), **{name: value})
        return dataclasses.replace(self, **changed)

    def _kind_with(self, number: str) -> str:
        return next(kind for kind in _KINDS if number in _number_names(getattr(self, kind)))

    def _with(self, number: str) -> Any:
        return getattr(self, self._kind_with(number))

    def spec(self, number: str) -> ParameterSpec | None:
        """Meaning, bounds and usual range of a number; None where its mechanism does not say."""
        return self._with(number).numbers.get(number)

    def problems(self, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """Why these mechanisms have no economy at all parameters `values` and AI levels A0 and A1, a sentence each."""
        lines = [line for kind in _KINDS for line in getattr(self, kind).problems(f"mechanisms.{kind}", values, levels)]
        law = type(self.human_capital)
        if self.skills.social is not None and law.linear_parts is HumanCapital.linear_parts:
            lines.append(
                f"model.skills: a second skill needs a law of human capital that is linear in schooling, and"
                f' {law.__name__} does not say its linear_parts; write them, or set model.skills = "one".'
            )
        return lines


def _number_names(made: Any) -> list[str]:
    """The fields of one mechanism that are numbers, traced by JAX or not; static fields are settings, and none."""
    fields = (field.name for field in dataclasses.fields(made) if not field.metadata.get("static", False))
    return [name for name in fields if isinstance(getattr(made, name), (float, np.floating, np.ndarray, jax.Array))]


def mechanism_of_number(number: str) -> tuple[str, str] | None:
    """Kind and name of a registered mechanism that has a number; None if there is none."""
    known = ((kind, name, make) for kind, entries in MECHANISMS.items() for name, make in entries.items())
    return next(((kind, name) for kind, name, make in known if number in _number_names(make())), None)


def number_spec(number: str) -> ParameterSpec | None:
    """Meaning, bounds and usual range of a registered mechanism's number, by its name; None where none is given."""
    owner = mechanism_of_number(number)
    return None if owner is None else MECHANISMS[owner[0]][owner[1]]().numbers.get(number)


def require_finite_output(mechanisms: Mechanisms, params: Parameters, levels: Iterable[Scalar]) -> None:
    """Refuse a technology that is given by output on a task, and whose output is not finite.

    Args:
        mechanisms: The mechanisms.
        params: Parameters.
        levels: AI levels.

    Raises:
        EquilibriumError: naming the technology, and where its output is not finite.
    """
    if not isinstance(mechanisms.technology, TaskTechnology):
        return
    human = jnp.asarray(np.exp(np.linspace(-2.0, 2.0, 9)))
    for level in levels:
        production = mechanisms.technology.at(params, tasks := mechanisms.tasks(params, jnp.asarray(level)))
        for ai in (tasks.commodity, tasks.effective):
            wrong = np.argwhere(~np.isfinite(production.exposed_output(human, jnp.asarray(ai))))
            if len(wrong):
                worker, task = wrong[0]
                raise EquilibriumError(
                    f"technology {type(mechanisms.technology).__name__}: output on task {task} of a worker with human"
                    f" capital {human[worker]:.3g} is not finite at effective AI {float(ai):.3g}; correct task_output,"
                    " or the numbers that it is given."
                )


def register_mechanism(kind: str, name: str, make: Any) -> None:
    """Let configurations name a mechanism.

    Args:
        kind: ``"technology"``, ``"human_capital"``, ``"ability"``, ``"reach"`` or ``"skills"``.
        name: Its name in `[model]`.
        make: Its class, or a function without arguments that returns the mechanism.

    Raises:
        ConfigError: if there is no such kind, the name is taken by another definition, or `make` does not return a
            mechanism of this kind. One of the same name in the same notebook is replaced.
    """
    if kind not in MECHANISMS:
        raise ConfigError(f"mechanisms: {unknown_name(kind, list(MECHANISMS))}")
    if name in MECHANISMS[kind] and not redefines(make, MECHANISMS[kind][name]):
        raise ConfigError(f"mechanisms: the {kind} {name} exists already; give yours another name.")
    wanted = _KINDS[kind].__name__
    if isinstance(make, eqx.Module):
        raise ConfigError(
            f"mechanisms: {name} was registered as {kind} with a {type(make).__name__} itself, expected its class or a"
            " function that returns it; register that."
        )
    try:
        made = make()
    except TypeError as error:
        raise ConfigError(
            f"mechanisms: {name} was registered as {kind}, but cannot be made without arguments ({error}); give every"
            f" field a default, and every abstract method of {wanted} a body."
        ) from None
    if not isinstance(made, _KINDS[kind]):
        raise ConfigError(
            f"mechanisms: {name} was registered as {kind}, which is an aigini {wanted}, but it makes"
            f" {type(made).__name__}; subclass {wanted}."
        )
    MECHANISMS[kind][name] = make


def definitions(names: Mapping[str, str]) -> dict[str, str]:
    """Mechanisms of these names by kind that users registered, as text by key of the configuration."""
    return {
        f"model.{kind}.{name}": definition((MECHANISMS[kind][name], MECHANISMS[kind][name]()))
        for kind, name in names.items()
        if name not in _BUILT_IN[kind]
    }


def problems(names: Mapping[str, str], numbers: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Sentences about what `mechanisms` cannot make: names that are not registered, and numbers that are not theirs."""
    wrong = [
        f"model.{kind} = {name!r}: expected one of {', '.join(map(repr, MECHANISMS[kind]))}; correct it, or register"
        " your own with aigini.register_mechanism."
        for kind, name in names.items()
        if name not in MECHANISMS[kind]
    ]
    wrong += [
        f"mechanisms.{kind}: {unknown_name(kind, list(MECHANISMS))}" for kind in numbers if kind not in MECHANISMS
    ]
    for kind, name in names.items():
        given = numbers.get(kind, {})
        if not given or name not in MECHANISMS[kind]:
            continue
        made = MECHANISMS[kind][name]()
        own = [field.name for field in dataclasses.fields(made) if isinstance(getattr(made, field.name), float)]
        if unknown := [field for field in given if field not in own]:
            has = f"its numbers are {', '.join(own)}" if own else "it has no numbers"
            wrong += [f"mechanisms.{kind}.{field}: {kind} {name} has no such number; {has}." for field in unknown]
            continue
        try:
            dataclasses.replace(made, **given)
        except (ValueError, TypeError) as error:
            wrong.append(f"mechanisms.{kind}: {kind} {name} refuses {dict(given)} ({error}); give other numbers.")
    return wrong


def mechanisms(names: Mapping[str, str], numbers: Mapping[str, Mapping[str, float]]) -> Mechanisms:
    """The mechanisms of an economy.

    Args:
        names: Name of the mechanism by kind; the baseline's where a kind is left out.
        numbers: Values of fields of the mechanism by kind; its own defaults where they are left out.
    """
    return Mechanisms(
        **{kind: dataclasses.replace(MECHANISMS[kind][name](), **numbers.get(kind, {})) for kind, name in names.items()}
    )

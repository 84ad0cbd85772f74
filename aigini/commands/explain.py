"""`aigini explain`: the meaning of every name that configurations and results use; `aigini.explain` in Python."""

import inspect
from collections.abc import Iterator, Sequence

from pydantic.fields import FieldInfo

from aigini.analysis.levers import LEVER_WORDS, LEVERS
from aigini.commands.purposes import PURPOSES
from aigini.commands.without_computing import WITHOUT_COMPUTING
from aigini.config.explain import SECTIONS
from aigini.config.schema import FileSchema
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.economy.channels import CHANNEL_WORDS
from aigini.economy.mechanisms import MECHANISMS
from aigini.errors import ConfigError, unknown_name
from aigini.parameters import SPECS
from aigini.runtime.random_keys import SEED_LIMIT
from aigini.statistics import catalogue
from aigini.statistics.outcomes import OUTCOME_NAMES
from aigini.tables import Column, Table

_COMMAND = "command"
_SIGNS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_OF_USER = "registered by the user"


def _entries() -> Iterator[tuple[str, str, str, str]]:
    """Every name with its kind, its meaning, and its unit or its bounds."""
    for name, spec in SPECS.items():
        yield name, "parameter", spec.meaning, spec.interval()
    for name, spec in DYNAMICS_SPECS.items():
        yield name, "parameter of [dynamics]", spec.meaning, spec.interval()
    for name in catalogue.names():
        moment = catalogue.find(name)
        yield name, "moment", moment.meaning, moment.change_unit
    for name in OUTCOME_NAMES:
        if name not in catalogue.names():
            outcome = catalogue.find(name)
            yield name, "outcome", outcome.meaning, outcome.change_unit
    for name, words in CHANNEL_WORDS.items():
        yield name, "channel", words, ""
    for name in LEVERS:
        yield name, "lever", LEVER_WORDS.get(name, _OF_USER), "strength s, 0 to 1"
    for kind, made in MECHANISMS.items():
        for name, make in made.items():
            text = (inspect.getdoc(make) or _OF_USER).split("\n\n")[0].replace("\n", " ")
            yield name, f"mechanism of [model], {kind}", text, ""
    yield from _settings()
    for name, purpose in PURPOSES.items():
        yield name, _COMMAND, purpose.split("\n\n")[0], ""
    for name, function in WITHOUT_COMPUTING.items():
        yield name, _COMMAND, inspect.getdoc(function) or "", ""


def _settings() -> Iterator[tuple[str, str, str, str]]:
    """Sections of a configuration and what stands in them; numbers of [dynamics] that are parameters are above."""
    for section, field in FileSchema.model_fields.items():
        yield section, "section of a configuration", field.description or "", ""
        for name, one in (SECTIONS[section].model_fields if section in SECTIONS else {}).items():
            if section != "dynamics" or name not in DYNAMICS_SPECS:
                yield name, f"setting of [{section}]", one.description or "", _bounds(one)


def _bounds(field: FieldInfo) -> str:
    """Bounds of a setting in words; one below which no number of its type is, is none."""
    words = []
    for bound in field.metadata:
        for key, sign in _SIGNS.items():
            value = getattr(bound, key, None)
            if value is not None and abs(value) < SEED_LIMIT:
                words.append(f"{sign} {value}")
    return ", ".join(words)


def _split(name: str) -> tuple[str, str]:
    """Section and name of what was asked for, as ``population.draws``, ``draws`` or ``[population]``."""
    section, _, last = name.strip("[]").rpartition(".")
    return ("" if section == "params" else section), last


def explain(names: Sequence[str] = ()) -> Table:
    """The meaning of names that configurations, results and commands use, of parameters and settings too.

    Args:
        names: The names, of settings with or without their section, as ``population.draws``; all by default.

    Raises:
        ConfigError: if nothing has this name.
    """
    entries = list(_entries())
    known = list(dict.fromkeys(name for name, *_ in entries))
    asked = [_split(name) for name in names]
    rows = []
    for section, name in asked:
        if name not in known:
            raise ConfigError(f"explain: {unknown_name(name, known)}")
        meant = [entry for entry in entries if entry[0] == name and (not section or f"[{section}]" in entry[1])]
        rows += meant
        if not meant:
            raise ConfigError(f"explain: [{section}] has no {name}; leave out the section.")
    rows = list(dict.fromkeys(rows)) if asked else entries
    heads = ("name", "kind", "meaning", "unit or bounds")
    columns = zip(*rows, strict=True)
    return Table(tuple(Column(head, list(column)) for head, column in zip(heads, columns, strict=True)))

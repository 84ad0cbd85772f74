"""`aigini explain`: the meaning of every name that configurations and results use; `aigini.explain` in Python."""

import inspect
from collections.abc import Iterator, Sequence

from aigini.analysis.levers import LEVER_WORDS, LEVERS
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.economy.channels import CHANNEL_WORDS
from aigini.economy.mechanisms import MECHANISMS
from aigini.errors import ConfigError, unknown_name
from aigini.parameters import SPECS
from aigini.statistics import catalogue
from aigini.tables import Column, Table

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
    for name, words in CHANNEL_WORDS.items():
        yield name, "channel", words, ""
    for name in LEVERS:
        yield name, "lever", LEVER_WORDS.get(name, _OF_USER), "strength s, 0 to 1"
    for kind, made in MECHANISMS.items():
        for name, make in made.items():
            text = (inspect.getdoc(make) or _OF_USER).split("\n\n")[0].replace("\n", " ")
            yield name, f"mechanism of [model], {kind}", text, ""


def explain(names: Sequence[str] = ()) -> Table:
    """The meaning of names that configurations and results use: parameters, moments, channels, levers and mechanisms.

    Args:
        names: The names; all by default.

    Raises:
        ConfigError: if nothing has this name.
    """
    entries = list(_entries())
    known = list(dict.fromkeys(name for name, *_ in entries))
    for name in names:
        if name not in known:
            raise ConfigError(f"explain: {unknown_name(name, known)}")
    rows = [entry for entry in entries if not names or entry[0] in names]
    heads = ("name", "kind", "meaning", "unit or bounds")
    columns = zip(*rows, strict=True)
    return Table(tuple(Column(head, list(column)) for head, column in zip(heads, columns, strict=True)))

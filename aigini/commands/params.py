"""`aigini params`: every parameter with its meaning; `aigini.parameter_table()` in Python."""

from collections.abc import Sequence

from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.errors import ConfigError, unknown_name
from aigini.parameters import SPECS
from aigini.tables import Column, Table

_SPECS = {
    f"{section}.{name}": spec
    for section, specs in (("params", SPECS), ("dynamics", DYNAMICS_SPECS))
    for name, spec in specs.items()
}


def parameter_table(names: Sequence[str] = ()) -> Table:
    """Parameters of the economy and of its dynamics: key in a configuration, symbol, default, bounds and meaning.

    Meanings name their unit; default values and bounds are those of ``aigini/MODEL.md``, which says where each is from.

    Args:
        names: Parameters to show, with or without the section of the configuration; all by default.

    Raises:
        ConfigError: if there is no parameter of this name.
    """
    short = {key.partition(".")[2]: key for key in _SPECS}
    keys = []
    for name in names or _SPECS:
        key = short.get(name, name)
        if key not in _SPECS:
            raise ConfigError(f"params: {unknown_name(name, list(short))}")
        keys.append(key)
    specs = [_SPECS[key] for key in keys]
    return Table(
        (
            Column("parameter", keys),
            Column("symbol", [spec.symbol or None for spec in specs]),
            Column("default", [spec.default for spec in specs], "g"),
            Column("bounds", [spec.interval() for spec in specs]),
            Column("meaning and unit", [spec.meaning for spec in specs]),
        )
    )

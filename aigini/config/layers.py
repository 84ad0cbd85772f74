"""The baseline changed by what a user wrote, files and then values by dotted name; values are not checked here.

Whatever the baseline gives and an economy can be without can be taken away, with the text ``"none"`` (None in Python)
in its place: a target, a range, a prior, an alternative, a whole one of these sections, or one of `OPTIONAL`.

A source says where numbers were published, so it stays with these numbers only: see `aigini.config.provenance`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from aigini.analysis.occupations.settings import ASSUMPTIONS
from aigini.config.provenance import MARKS, Provenance
from aigini.config.schema import FileSchema
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.errors import ConfigError, unknown_name
from aigini.parameters import SPECS

TABLES = ("targets", "ranges", "priors", "alternatives")
"""Sections of tables by name, which can be taken away, one or all."""

OPTIONAL = (
    ("calibration", "moments"),
    ("calibration", "correlation"),
    ("calibration", "covariance"),
    ("population", "chunk"),
    ("population", "n_firms"),
    ("population", "ownership_tilt"),
    ("posterior", "n_workers"),
    ("dynamics", "adoption_final"),
    *(("oews", name) for name, one in ASSUMPTIONS.items() if one.default is None),
)
"""Other keys that can be taken away."""

NONE = "none"


def resolved(
    baseline: Mapping[str, Any], file: Mapping[str, Any] | None, where: str, overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """The baseline changed by a file and by values by dotted name.

    Args:
        baseline: Content of the baseline; not changed.
        file: Content of a file, or None.
        where: Name of the file in messages.
        overrides: Values by dotted name; a bare parameter name means ``params.NAME``.

    Raises:
        ConfigError: if a section is not a table, or a name does not lead to a value.
    """
    raw = plain(baseline)
    provenance = Provenance()
    provenance.note(raw, raw)
    if file is not None:
        _merge(raw, file, where)
        provenance.note(raw, file)
    written: dict[str, Any] = {}
    for name, value in overrides.items():
        parts = _parts(name)
        _put(raw, name, parts, plain(value))
        _put(written, name, parts, plain(value))
    provenance.note(raw, written)
    _take_away(raw)
    provenance.settle(raw)
    return raw


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML file, with or without a byte order mark.

    Raises:
        ConfigError: if it cannot be read.
    """
    try:
        return _parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; give the path of a TOML file, or none for the baseline."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text ({error}); save it as a TOML file in UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give a readable TOML file.") from None
    except ValueError as error:  # TOML errors, and whole numbers that Python refuses to read
        raise ConfigError(f"{path}: is not valid TOML ({error}); correct that line.") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply; write plain tables.") from None


def _parse(text: str) -> dict[str, Any]:
    """TOML as plain values; ValueError also for an integer that has too many digits to be shown in a message."""
    content = tomllib.loads(text)
    repr(content)
    return content


def _is_text(item: str) -> bool:
    try:
        item.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_overrides(items: Sequence[str]) -> dict[str, Any]:
    """Parse ``name=value`` strings; values are TOML, and anything that is not TOML is a string.

    Raises:
        ConfigError: if an item has no ``=``.
    """
    parsed = {}
    for item in items:
        name, separator, text = item.partition("=")
        if not separator or not name.strip():
            raise ConfigError(f"--set {item}: expected name=value, for example --set params.xi=0.2.")
        if not _is_text(item):
            raise ConfigError(f"--set {item!a}: holds bytes that are no text in UTF-8; write it in UTF-8.")
        try:
            parsed[name.strip()] = _parse(f"value = {text}")["value"]
        except ValueError:  # of TOML, or an integer of too many digits
            parsed[name.strip()] = text.strip()
        except RecursionError:
            raise ConfigError(f"--set {name}: is nested too deeply; give a plain value.") from None
    return parsed


def plain(value: Any) -> Any:
    """A value without NumPy, JAX and tuples: their numbers, truth values and texts as Python's, their arrays as lists.

    Everything else stays what it is, to be judged by the schema.
    """
    if isinstance(value, str) and not _is_text(value):
        raise ConfigError(f"{value!a} holds bytes that are no text in UTF-8; write it in UTF-8.")
    if isinstance(value, Mapping):
        return {plain(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, jax.Array) and not isinstance(value, Tracer):
        value = np.asarray(value)
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, (np.generic, np.ndarray)) and value.dtype.kind in "biufUO":
        return plain(value.tolist())
    return value


def is_none(value: Any) -> bool:
    """True if a value removes the entry that it replaces."""
    return value is None or value == NONE


def taken_away(source: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Entries that say, in a file, which tables of the baseline `source` is without."""
    gone = {name: {key: NONE for key in baseline.get(name, {}) if key not in source.get(name, {})} for name in TABLES}
    return {name: entries for name, entries in gone.items() if entries}


def _merge(raw: dict[str, Any], new: Mapping[str, Any], where: str) -> None:
    for section, entries in new.items():
        if section in TABLES and is_none(entries):
            raw[section] = {}
            continue
        if not isinstance(entries, Mapping):
            raise ConfigError(
                f"{where}: {section} = {entries!r} is not a table; write [{section}] and its keys below it."
            )
        target = raw.setdefault(section, {})
        if section == "params" and ({"asset_gini", "asset_sd"} & set(entries)):
            target.pop("asset_sd", None)
            target.pop("asset_gini", None)
        target.update(plain(entries))


def _parts(name: str) -> list[str]:
    """The keys that a dotted name leads along."""
    parts = name.split(".")
    if len(parts) > 1 or name in TABLES:
        return parts
    if name in list(FileSchema.model_fields):
        raise ConfigError(f"--set {name}: {name} is a section; set one of its keys, as in --set {name}.KEY=VALUE.")
    if name in DYNAMICS_SPECS:
        raise ConfigError(f"--set {name}: it is one of [dynamics]; did you mean dynamics.{name}?")
    if name not in SPECS and name != "asset_gini":
        raise ConfigError(f"--set {name}: {unknown_name(name, [*SPECS, 'asset_gini'])}")
    return ["params", name]


def _put(raw: dict[str, Any], name: str, parts: Sequence[str], value: Any) -> None:
    if len(parts) == 1:
        if not is_none(value):
            raise ConfigError(
                f"--set {name}: {name} is a section; set one of its keys, as in --set {name}.KEY=VALUE, or take all of"
                f" it away with --set {name}={NONE}."
            )
        raw[name] = {}
        return
    if parts == ["params", "asset_gini"]:
        raw.get("params", {}).pop("asset_sd", None)
    if parts == ["params", "asset_sd"]:
        raw.get("params", {}).pop("asset_gini", None)
    table = raw
    for part in parts[:-1]:
        if parts[0] in TABLES and is_none(table.get(part, {})):
            table[part] = {}
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {name}: {part} is a value, not a table; use section.key=value.")
    table[parts[-1]] = value


def _take_away(raw: dict[str, Any]) -> None:
    """Drop what is marked as taken away."""
    for section in TABLES:
        if isinstance(raw.get(section), dict):
            _drop(raw[section], depth=2 if section == "alternatives" else 1)
    for section, key in OPTIONAL:
        if isinstance(raw.get(section), dict) and is_none(raw[section].get(key, 0)):
            del raw[section][key]


def _drop(tables: dict[str, Any], depth: int) -> None:
    for name, table in list(tables.items()):
        if is_none(table):
            del tables[name]
        elif isinstance(table, dict) and depth > 1:
            _drop(table, depth - 1)
            if not table:
                del tables[name]
        elif isinstance(table, dict):
            for key in [key for key, value in table.items() if key not in MARKS and is_none(value)]:
                del table[key]

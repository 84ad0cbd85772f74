"""Where a command starts that goes on from an earlier run: its configuration and its estimates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigini.commands.registry import result_files
from aigini.commands.source import Source, changes, require_same_estimation
from aigini.config import load as load_file
from aigini.config.load import again
from aigini.errors import ConfigError
from aigini.storage.estimates import read as estimates_in


def from_run(run: Path, path: Path | None, overrides: Mapping[str, Any]) -> Source:
    """The configuration and the estimates of an earlier run.

    Args:
        run: Its folder.
        path: A configuration to use in place of the run's.
        overrides: Values by dotted name, on top of it.

    Raises:
        OutputError: if the folder holds no estimates, they are damaged, or the estimation has failed.
        ConfigError: if the configuration is not valid, or is of other estimates.
    """
    kinds = {name: file.type for name, file in result_files().items() if file.estimates}
    estimates, there = estimates_in(run, kinds)
    where = estimates.where
    before = again(there, where)
    # What a later version of aigini adds to a configuration has a default that changes nothing.
    known = {section: _values(before.source.get(section), values) for section, values in there.items()}
    if changed := changes(there, known):
        raise ConfigError(
            f"{where}: another version of aigini wrote it, whose configuration reads differently here:"
            f" {'; '.join(changed)}. Run the command that wrote it again, or leave out --from."
        )
    config = again(there, where, overrides) if path is None else load_file(path, overrides)
    require_same_estimation(config, before, where)
    return Source(config, estimates)


def _values(values: Any, names: Any) -> Any:
    """The values of a table for the names in another one."""
    if isinstance(values, Mapping) and isinstance(names, Mapping):
        return {name: values.get(name) for name in names}
    return values

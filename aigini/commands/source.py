"""What a command is asked about: a configuration, from wherever it comes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aigini import config as configuration
from aigini.config import Config
from aigini.config.load import Topic
from aigini.population.population import Population

ConfigLike = Config | str | Path | None


def as_config(source: ConfigLike, overrides: Mapping[str, Any], *needs: Topic) -> Config:
    """A `Config` from itself, from a TOML file, or from nothing (the baseline), with values replaced.

    Args:
        source: Where it comes from.
        overrides: Values by dotted name.
        *needs: Topics whose sections must fit together; none where nothing is read of them.

    Raises:
        ConfigError: listing every problem.
    """
    if isinstance(source, Config) and overrides:
        raise TypeError("overrides change a file; load the file with them instead of changing a loaded Config.")
    config = source if isinstance(source, Config) else configuration.load(source, overrides)
    if needs:
        config.require(*needs)
    return config


def replications(config: Config) -> Iterator[Population]:
    """Populations with other draws, from which simulation errors are taken, one after the other."""
    return (config.draw(config.population["seed"] + 1 + extra) for extra in range(config.replications))

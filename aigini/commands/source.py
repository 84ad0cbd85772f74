"""Sources of commands: a configuration, and the estimates of an earlier run where a command starts from them."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aigini.config import Config
from aigini.config import load as load_file
from aigini.config.load import Topic, again
from aigini.economy.mechanisms import require_finite_output
from aigini.errors import ConfigError
from aigini.estimation.result import Calibration
from aigini.population.population import Population
from aigini.runtime.precision import with_x64
from aigini.storage.estimates import Estimates

ConfigLike = Config | Mapping[str, Any] | str | Path | None
"""A configuration, the content of a file as nested mappings, the path of one or the name of a packaged one, or none."""

_NOT_OF_THE_ESTIMATES = {
    "ranges": None,
    "dynamics": None,
    "oews": None,
    "panel": None,
    "design": None,
    "posterior": None,
    "priors": None,
    "alternatives": None,
    "population": ("chunk", "storage", "devices"),
    "calibration": (
        "starts",
        "start_seed",
        "replications",
        "optimizer",
        "learning_rate",
        "descent_steps",
        "descent_tolerance",
        "polish_steps",
        "polish_tolerance",
        "checkpoint_every",
    ),
}
"""Sections, and keys of sections, that say nothing about where the estimates are, only how they are looked for."""


@dataclasses.dataclass(frozen=True)
class Source:
    """A configuration, with its estimates where they are known.

    Attributes:
        config: The configuration.
        estimates: The estimates; None where the economy is yet to be estimated.
    """

    config: Config
    estimates: Estimates | None = None


SourceLike = Source | Calibration | ConfigLike
"""What an analysis starts from; from a calibration its configuration and its estimates are taken."""


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
    config = source if isinstance(source, Config) else load_file(source, overrides)
    if needs:
        config.require(*needs)
    _require_finite_output(config)
    return config


def as_source(source: SourceLike, overrides: Mapping[str, Any], *needs: Topic) -> Source:
    """A `Source` from itself, from a calibration, or from a configuration, see `as_config`.

    Raises:
        ConfigError: listing every problem, or if values are replaced that the estimates of a calibration rest on.
        AnalysisError: if the calibration has failed.
    """
    if isinstance(source, Source):
        if overrides:
            raise TypeError("overrides change a file; load the file with them instead of changing a loaded Source.")
        resolved = source
    elif isinstance(source, Calibration):
        resolved = _from_calibration(source, overrides)
    else:
        return Source(as_config(source, overrides, *needs))
    if needs:
        resolved.config.require(*needs)
    _require_finite_output(resolved.config)
    return resolved


@with_x64
def _require_finite_output(config: Config) -> None:
    require_finite_output(config.scenario.mechanisms, config.params, (config.scenario.A0, config.scenario.A1))


def _from_calibration(calibration: Calibration, overrides: Mapping[str, Any]) -> Source:
    if not calibration.config:
        raise ConfigError("the calibration does not say of which configuration it is; pass what `calibrate` returned.")
    if calibration.failure:
        raise ConfigError(f"the calibration has failed: {calibration.failure}; calibrate again.")
    config = again(calibration.config, "the calibration", overrides)
    require_same_estimation(config, again(calibration.config, "the calibration"), "the calibration")
    return Source(config, Estimates(calibration.params, calibration.weighting, calibration.fitted, "the calibration"))


def require_same_estimation(config: Config, before: Config, where: str) -> None:
    """Refuse a configuration whose estimates are not those of another one.

    Raises:
        ConfigError: naming what differs.
    """
    changed = changes(_of_estimates(before.source), _of_estimates(config.source))
    if changed:
        raise ConfigError(
            f"{where}: its estimates are of another configuration: {'; '.join(changed)}. Leave these as they were, or"
            " estimate again without it."
        )


def _of_estimates(values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that the estimates rest on."""
    part: dict[str, Any] = {}
    for section, content in values.items():
        left_out = _NOT_OF_THE_ESTIMATES.get(section, ())
        if left_out is not None:
            part[section] = {key: value for key, value in content.items() if key not in left_out}
    # Where a target was published moves nothing.
    part["targets"] = {
        name: {key: value for key, value in target.items() if key not in ("source", "seen")}
        for name, target in part["targets"].items()
    }
    return part


def changes(before: Any, after: Any, name: str = "") -> list[str]:
    """Differences between two nested tables, a clause each."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = dict.fromkeys([*before, *after])
        return [
            line
            for key in keys
            for line in changes(before.get(key), after.get(key), f"{name}.{key}" if name else str(key))
        ]
    same = before == after or (isinstance(before, (list, tuple)) and list(before) == list(after or ()))
    return [] if same else [f"{name} is {after!r}, and was {before!r} there"]


def replications(config: Config) -> Iterator[Population]:
    """Populations with other draws, from which simulation errors are taken, one after the other."""
    return (config.draw(config.population["seed"] + 1 + extra) for extra in range(config.replications))

"""Configuration files: TOML in, one validated and frozen `Config` out.

This is the border. Everything a user can write is checked here, once, and every problem is reported at the same time:
where it is, what was got, what was expected, what to do. Inside the package there are only typed, valid values.

A file changes the baseline: what it does not mention keeps the value of ``configs/baseline.toml``. A ``[targets.mK]``
table replaces that target as a whole, so that a value can never inherit a standard error that is not its own.
"""

import dataclasses
import hashlib
import importlib.resources
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tomli_w
from pydantic import ValidationError
from scipy.special import erfinv

from aigini.bayes.settings import PosteriorSettings
from aigini.config import beliefs
from aigini.config.explain import mended, sentences
from aigini.config.schema import FileSchema
from aigini.economy.economy import Scenario
from aigini.errors import ConfigError, EstimationError, unknown_name
from aigini.estimation.descent import DescentSettings
from aigini.estimation.polish import PolishSettings
from aigini.estimation.problem import Tie, free_problems, weight_root
from aigini.estimation.result import Target
from aigini.estimation.weighting import Weighting, correlation_problems, target_covariance, weighting_problems
from aigini.moments.six import MOMENT_NAMES, IncomeConcept
from aigini.parameters import SPECS, Parameters, problems
from aigini.population.population import Population, draw_population
from aigini.population.sharding import shard
from aigini.population.sizes import size_problems


@dataclasses.dataclass(frozen=True)
class Config:
    """A valid configuration.

    Attributes:
        params: Every parameter.
        scenario: AI levels.
        years: Years of firm growth T.
        population: Keyword arguments of `aigini.population.draw_population`.
        targets: Targets of the chosen moments.
        free: Parameters to estimate.
        tie: Tie between parameters.
        weighting: Name or matrix of the weights.
        covariance: S of the targets, from their correlation and standard errors; None where that is unknown,
            ``[moments, moments]``.
        starts: Number of space-filling starts; 0 starts from `params`.
        start_seed: Seed of the design.
        replications: Other draws from which simulation errors are taken.
        descent: First stage.
        polish: Second stage.
        income: Income concept of m6.
        ranges: Plausible values of parameters, (low, high).
        posterior: Priors, the belief about m6, and how to sample.
        source: The resolved configuration as nested plain values, ready to be written.
    """

    params: Parameters
    scenario: Scenario
    years: int
    population: Mapping[str, Any]
    targets: Mapping[str, Target]
    free: tuple[str, ...]
    tie: Tie
    weighting: Weighting | np.ndarray
    covariance: np.ndarray | None
    starts: int
    start_seed: int
    replications: int
    descent: DescentSettings
    polish: PolishSettings
    income: IncomeConcept
    ranges: Mapping[str, tuple[float, float]]
    posterior: PosteriorSettings
    source: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved configuration: equal configurations, equal digests."""
        canonical = json.dumps(self.source, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_toml(self) -> str:
        """The resolved configuration as TOML."""
        return tomli_w.dumps(_without_none(self.source))

    def draw(
        self,
        seed: int | None = None,
        precision: Literal["float32", "float64"] | None = None,
        n_workers: int | None = None,
    ) -> Population:
        """Draw the population, or one of another seed, precision or size."""
        settings = dict(self.population)
        if n_workers is not None:
            settings["n_workers"] = n_workers
        if precision is not None:
            settings["precision"] = precision
        if seed is not None:
            settings["seed"] = seed
        devices = settings.pop("devices")
        population = draw_population(years=self.years, **settings)
        return population if devices == 1 else shard(population, devices)


def baseline_path() -> Path:
    """The packaged baseline configuration."""
    packaged = Path(str(importlib.resources.files("aigini"))) / "configs" / "baseline.toml"
    checkout = Path(__file__).resolve().parents[2] / "configs" / "baseline.toml"
    return packaged if packaged.exists() else checkout


def load(path: str | Path | None = None, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read a configuration.

    Args:
        path: TOML file whose entries replace those of the baseline; None is the baseline itself.
        overrides: Values by dotted name (``params.xi``), applied last; a bare parameter name means ``params.NAME``.

    Raises:
        ConfigError: listing every problem.
    """
    raw = _read(baseline_path())
    where = "baseline"
    if path is not None:
        where = str(path)
        _merge(raw, _read(Path(path)), where)
    for name, value in (overrides or {}).items():
        _override(raw, name, value)
        where = where.removesuffix(" with --set") + " with --set"
    return _build(raw, where)


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


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; give the path of a TOML file, or none for the baseline."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give a readable TOML file.") from None
    except ValueError as error:  # of TOML, or an integer of too many digits
        raise ConfigError(f"{path}: is not valid TOML ({error}); mend that line.") from None
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


def _merge(raw: dict[str, Any], new: Mapping[str, Any], where: str) -> None:
    for section, entries in new.items():
        if not isinstance(entries, Mapping):
            raise ConfigError(
                f"{where}: {section} = {entries!r} is not a table; write [{section}] and its keys below it."
            )
        target = raw.setdefault(section, {})
        if section == "params" and ({"asset_gini", "asset_sd"} & set(entries)):
            target.pop("asset_sd", None)
            target.pop("asset_gini", None)
        target.update(entries)


def _override(raw: dict[str, Any], name: str, value: Any) -> None:
    parts = name.split(".")
    if len(parts) == 1:
        if name in list(FileSchema.model_fields):
            raise ConfigError(f"--set {name}: {name} is a section; set one of its keys, as in --set {name}.KEY=VALUE.")
        if name not in SPECS and name != "asset_gini":
            raise ConfigError(f"--set {name}: {unknown_name(name, [*SPECS, 'asset_gini'])}")
        parts = ["params", name]
    if parts == ["params", "asset_gini"]:
        raw.get("params", {}).pop("asset_sd", None)
    if parts == ["params", "asset_sd"]:
        raw.get("params", {}).pop("asset_gini", None)
    table = raw
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {name}: {part} is a value, not a table; use section.key=value.")
    table[parts[-1]] = value


def _build(raw: dict[str, Any], where: str) -> Config:
    found: list[str] = []
    try:
        file = FileSchema.model_validate(raw)
    except ValidationError as error:
        # What is wrong in itself is set aside, so that the rest is judged, and reported, at the same time.
        found += sentences(error)
        file = FileSchema.model_validate(mended(raw, error, _read(baseline_path())))
    params = _params(file, found)
    found += size_problems(years=file.scenario.years, **file.population.model_dump(exclude={"devices"}))
    targets = {
        name: Target(**file.targets[name].model_dump())
        for name in MOMENT_NAMES
        if name in file.calibration.moments and name in file.targets
    }
    weighting = _calibration(file, params, targets, found)
    covariance = _covariance(file, targets, _has_correlation(raw), found)
    _ranges(file, found)
    posterior = beliefs.settings(file.posterior, file.priors, file.alternatives, file.calibration.tie, found)
    if found or posterior is None:
        raise ConfigError("\n".join(f"{where}: {line}" for line in found))
    settings = file.calibration
    resolved = file.model_dump()
    resolved["params"] = params
    return Config(
        params=Parameters(**params),
        scenario=Scenario(A0=file.scenario.A0, A1=file.scenario.A1),
        years=file.scenario.years,
        population=file.population.model_dump(),
        targets=targets,
        free=tuple(settings.free),
        tie=settings.tie,
        weighting=weighting,
        covariance=covariance,
        starts=settings.starts,
        start_seed=settings.start_seed,
        replications=settings.replications,
        descent=DescentSettings(
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
            steps=settings.descent_steps,
            block=settings.checkpoint_every,
            tolerance=settings.descent_tolerance,
        ),
        polish=PolishSettings(
            steps=settings.polish_steps, block=settings.checkpoint_every, tolerance=settings.polish_tolerance
        ),
        income=file.income.concept,
        ranges={name: (span.low, span.high) for name, span in file.ranges.items()},
        posterior=posterior,
        source=resolved,
    )


def _params(file: FileSchema, found: list[str]) -> dict[str, float]:
    given = dict(file.params)
    gini = given.pop("asset_gini", None)
    for name in given:
        if name not in SPECS:
            found.append(f"params.{name}: {unknown_name(name, [*SPECS, 'asset_gini'])}")
    values = {name: float(given.get(name, spec.default)) for name, spec in SPECS.items()}
    if gini is not None:
        if "asset_sd" in given:
            found.append("params has both asset_gini and asset_sd, which say the same thing; keep one of them.")
        elif not 0 <= gini < 1 or values["psi"] <= 0:
            found.append(
                f"params.asset_gini = {gini:g} must be in [0, 1), with params.psi above 0; the baseline is 0.52."
            )
        else:
            # Gini of lognormal κ with log standard deviation ψ σ_K is erf(ψ σ_K / 2).
            with np.errstate(over="ignore"):  # an infinite one is refused below
                values["asset_sd"] = float(2 * erfinv(gini) / values["psi"])
    found += problems(values, level=max(file.scenario.A0, file.scenario.A1), years=file.scenario.years)
    return values


def _calibration(
    file: FileSchema, params: Mapping[str, float], targets: Mapping[str, Target], found: list[str]
) -> Weighting | np.ndarray:
    settings = file.calibration
    for name in settings.moments:
        if name not in file.targets:
            found.append(f"calibration.moments names {name}, which has no [targets.{name}]; give it a value and an se.")
    if len(set(settings.moments)) < len(settings.moments):
        found.append("calibration.moments names a moment twice; name each once.")
    found += free_problems(settings.free, len(settings.moments), settings.tie, params)
    if settings.descent_steps == 0 and settings.polish_steps == 0:
        found.append("calibration has no iterations: raise descent_steps or polish_steps above 0.")
    weighting = settings.weighting
    if isinstance(weighting, str):
        return weighting
    try:
        matrix = np.asarray(weighting, float)
    except ValueError:
        found.append("calibration.weighting is ragged; give one row and one column per moment.")
        return "diagonal"
    try:
        weight_root(matrix, [target.se for target in targets.values()])
    except EstimationError as error:
        found.append(str(error))
    return matrix


def _has_correlation(raw: Mapping[str, Any]) -> bool:
    """Whether correlations were written, usable or not: those that are not are a mistake of their own."""
    section = raw.get("calibration")
    return isinstance(section, Mapping) and section.get("correlation") is not None


def _covariance(
    file: FileSchema, targets: Mapping[str, Target], correlated: bool, found: list[str]
) -> np.ndarray | None:
    settings = file.calibration
    weighting = settings.weighting if isinstance(settings.weighting, str) else "diagonal"
    found += weighting_problems(weighting, correlated=correlated, replications=settings.replications)
    if settings.correlation is None:
        return None
    wrong = correlation_problems(settings.correlation, list(targets))
    found += wrong
    return None if wrong else target_covariance(settings.correlation, [target.se for target in targets.values()])


def _ranges(file: FileSchema, found: list[str]) -> None:
    for name, span in file.ranges.items():
        if name not in SPECS:
            found.append(f"ranges.{name}: {unknown_name(name, list(SPECS))}")
        elif not (span.low < span.high and SPECS[name].admits(span.low) and SPECS[name].admits(span.high)):
            found.append(
                f"ranges.{name} = [{span.low:g}, {span.high:g}] is not a range: expected two values in"
                f" {SPECS[name].interval()}, the smaller first; correct it."
            )


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None and not (isinstance(value, float) and math.isnan(value))
    }

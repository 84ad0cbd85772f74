"""Configuration files: TOML in, one validated and frozen `Config` out.

This is the border. Everything a user can write is checked here, once, and every problem is reported at the same time:
where it is, what was got, what was expected, what to do. Inside the package there are only typed, valid values.

A file changes the baseline: what it does not mention keeps the value of ``configs/baseline.toml``. A ``[targets.mK]``
table replaces that target as a whole, so that a value can never inherit a standard error that is not its own.
"""

import copy
import dataclasses
import difflib
import hashlib
import importlib.resources
import itertools
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.special import erfinv

from aigini.economy.economy import Scenario
from aigini.errors import ConfigError, EstimationError
from aigini.estimation.descent import DescentSettings, Optimizer
from aigini.estimation.polish import PolishSettings
from aigini.estimation.problem import Tie, weight_root
from aigini.estimation.result import Target
from aigini.moments.six import MOMENT_NAMES, IncomeConcept
from aigini.parameters import SPECS, Parameters, problems
from aigini.population.population import Population, draw_population, size_problems

Moment = Literal["m1", "m2", "m3", "m4", "m5", "m6"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Population(_Section):
    n_workers: int = 1 << 18
    n_firms: int = 1000
    seed: int = 0
    draws: Literal["qmc", "pseudo"] = "qmc"
    precision: Literal["float32", "float64"] = "float32"
    chunk: int | None = None


class _Scenario(_Section):
    A0: float = Field(default=0.0, ge=0)
    A1: float = Field(default=1.0, ge=0)
    years: int = Field(default=10, ge=1)


class _Target(_Section):
    value: float
    se: float = Field(gt=0)
    source: str = ""
    seen: str = ""


class _Calibration(_Section):
    free: list[str] = Field(min_length=1)
    moments: list[Moment] = Field(default=list(MOMENT_NAMES), min_length=1)
    tie: Tie = "eta0 = 1 - eta1"
    weighting: Literal["diagonal", "identity"] | list[list[float]] = "diagonal"
    starts: int = Field(default=8, ge=0)
    start_seed: int = Field(default=0, ge=0)
    replications: int = Field(default=4, ge=0)
    optimizer: Optimizer = "adam"
    learning_rate: float = Field(default=0.1, gt=0)
    descent_steps: int = Field(default=40, ge=0)
    descent_tolerance: float = Field(default=0.01, ge=0)
    polish_steps: int = Field(default=120, ge=0)
    polish_tolerance: float = Field(default=1e-6, gt=0)
    checkpoint_every: int = Field(default=5, ge=1)


class _Income(_Section):
    concept: IncomeConcept = "total"


class _File(_Section):
    params: dict[str, float] = {}
    population: _Population = _Population()
    scenario: _Scenario = _Scenario()
    targets: dict[Moment, _Target] = {}
    calibration: _Calibration
    income: _Income = _Income()


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
        starts: Number of space-filling starts; 0 starts from `params`.
        start_seed: Seed of the design.
        replications: Other draws from which simulation errors are taken.
        descent: First stage.
        polish: Second stage.
        income: Income concept of m6.
        source: The resolved configuration as nested plain values, ready to be written.
    """

    params: Parameters
    scenario: Scenario
    years: int
    population: Mapping[str, Any]
    targets: Mapping[str, Target]
    free: tuple[str, ...]
    tie: Tie
    weighting: Literal["diagonal", "identity"] | np.ndarray
    starts: int
    start_seed: int
    replications: int
    descent: DescentSettings
    polish: PolishSettings
    income: IncomeConcept
    source: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved configuration: equal configurations, equal digests."""
        canonical = json.dumps(self.source, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_toml(self) -> str:
        """The resolved configuration as TOML."""
        return tomli_w.dumps(_without_none(self.source))

    def draw(self, seed: int | None = None) -> Population:
        """Draw the population, or one of another seed."""
        settings = dict(self.population)
        if seed is not None:
            settings["seed"] = seed
        return draw_population(years=self.years, **settings)


def baseline_path() -> Path:
    """The packaged baseline configuration."""
    packaged = Path(str(importlib.resources.files("aigini"))) / "configs" / "baseline.toml"
    checkout = Path(__file__).resolve().parent.parent / "configs" / "baseline.toml"
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
        try:
            parsed[name.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            parsed[name.strip()] = text.strip()
    return parsed


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; give the path of a TOML file, or none for the baseline."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give a readable TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML ({error}); mend that line.") from None


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
        if name in _sections():
            raise ConfigError(f"--set {name}: {name} is a section; set one of its keys, as in --set {name}.KEY=VALUE.")
        if name not in SPECS and name != "asset_gini":
            raise ConfigError(f"--set {name}: {_unknown(name, [*SPECS, 'asset_gini'])}")
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


def _sections() -> list[str]:
    return list(_File.model_fields)


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
    return f"there is nothing called {name}; {hint}"


def _build(raw: dict[str, Any], where: str) -> Config:
    found: list[str] = []
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        # What is wrong in itself is set aside, so that the rest is judged, and reported, at the same time.
        found += _sentences(error)
        file = _File.model_validate(_mended(raw, error))
    params = _params(file, found)
    found += size_problems(years=file.scenario.years, **file.population.model_dump())
    targets = {
        name: Target(**file.targets[name].model_dump())
        for name in MOMENT_NAMES
        if name in file.calibration.moments and name in file.targets
    }
    weighting = _calibration(file, targets, found)
    if found:
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
        source=resolved,
    )


def _params(file: _File, found: list[str]) -> dict[str, float]:
    given = dict(file.params)
    gini = given.pop("asset_gini", None)
    for name in given:
        if name not in SPECS:
            found.append(f"params.{name}: {_unknown(name, [*SPECS, 'asset_gini'])}")
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
    file: _File, targets: Mapping[str, Target], found: list[str]
) -> Literal["diagonal", "identity"] | np.ndarray:
    settings = file.calibration
    for name in settings.moments:
        if name not in file.targets:
            found.append(f"calibration.moments names {name}, which has no [targets.{name}]; give it a value and an se.")
    if len(set(settings.moments)) < len(settings.moments):
        found.append("calibration.moments names a moment twice; name each once.")
    for name in settings.free:
        if name not in SPECS:
            found.append(f"calibration.free: {_unknown(name, list(SPECS))}")
    if len(set(settings.free)) < len(settings.free):
        found.append("calibration.free names a parameter twice; name each once.")
    if len(settings.free) > len(settings.moments):
        found.append(
            f"calibration.free has {len(settings.free)} parameters for {len(settings.moments)} moments; free at most as"
            " many as there are moments."
        )
    if settings.tie != "none" and "eta0" in settings.free:
        found.append('calibration.free has eta0, which calibration.tie sets to 1 - eta1; drop it, or set tie = "none".')
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


def _mended(raw: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """`raw` with the entries that `error` is about as in the baseline, or left out where that has none."""
    mended, baseline = copy.deepcopy(dict(raw)), _read(baseline_path())
    for problem in error.errors():
        table, usual, keys = mended, baseline, [str(part) for part in problem["loc"]]
        for key, following in itertools.pairwise(keys):
            if not isinstance(table.get(key), dict) or not isinstance(usual.get(key, {}), dict):
                keys = [key]
                break
            if following not in table[key] and following not in usual.get(key, {}):
                keys = [key]
                break
            table, usual = table[key], usual.get(key, {})
        if keys[-1] in usual:
            table[keys[-1]] = usual[keys[-1]]
        else:
            table.pop(keys[-1], None)
    return mended


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        # The parts in brackets are pydantic's own names for a key and for the members of a union.
        where = ".".join(itertools.takewhile(lambda part: "[" not in part, map(str, problem["loc"])))
        got = problem.get("input")
        shown = "a table" if isinstance(got, Mapping) else repr(got)
        if where == "calibration.weighting":
            lines.append(
                f"{where} is not usable: expected 'diagonal', 'identity', or a matrix of finite numbers with one row"
                " per moment; correct it."
            )
        elif "[key]" in problem["loc"]:
            lines.append(f"{where}: {_unknown(str(got), MOMENT_NAMES)}")
        elif problem["type"] in ("model_type", "dict_type"):
            lines.append(f"{where} = {shown}: expected a table; write [{where}] and its keys below it.")
        elif problem["type"] == "too_short":
            lines.append(f"{where} is empty: expected at least 1 name; add one.")
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{where}: {_unknown(str(problem['loc'][-1]), _known_beside(problem['loc']))}")
        elif problem["type"] == "missing":
            lines.append(f"{where} is missing; add it{_why(where)}.")
        else:
            expected = problem["msg"].replace("Input should be", "expected").replace("Value error, ", "")
            lines.append(f"{where} = {shown}: {expected[:1].lower()}{expected[1:]}; correct it.")
    return list(dict.fromkeys(lines))


def _why(where: str) -> str:
    return ", because a target without a standard error cannot be weighed" if where.endswith(".se") else ""


def _known_beside(location: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "population": _Population,
        "scenario": _Scenario,
        "targets": _Target,
        "calibration": _Calibration,
        "income": _Income,
    }
    if len(location) > 1 and location[0] in sections:
        return list(sections[str(location[0])].model_fields)
    return _sections()


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None and not (isinstance(value, float) and math.isnan(value))
    }

"""Configuration files: TOML in, one validated and frozen `Config` out.

This is the border. Everything a user can write is checked here, once, and every problem is reported at the same time:
where it is, what was got, what was expected, what to do. Inside the package there are only typed, valid values.

A file changes the baseline: what it does not mention keeps the value of ``configs/baseline.toml``. A ``[targets.mK]``
table replaces that target as a whole, so that a value can never inherit a standard error that is not its own. How files
and values are put on top of each other, and how something is taken away, is in `aigini.config.layers`.

What is wrong with a section in itself is refused when it is loaded. Sections that do not fit together are refused by
the commands that read them, before they compute anything: see `Config.require`.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tomli_w
from pydantic import ValidationError

from aigini.analysis.occupations.settings import SurveySettings
from aigini.bayes.settings import PosteriorSettings
from aigini.config import beliefs, calibration, design, dynamics, occupations, panel, parameters
from aigini.config.examples import baseline_path, resolve
from aigini.config.explain import sentences, without_mistakes
from aigini.config.layers import parse_overrides, plain, read, resolved, taken_away
from aigini.config.schema import FileSchema
from aigini.config.study_sections import DesignSection, DynamicsSection, OewsSection, PanelSection
from aigini.dynamics.settings import Dynamics
from aigini.economy import mechanisms
from aigini.economy.economy import Scenario
from aigini.equality import ByValue
from aigini.errors import ConfigError
from aigini.estimation.descent import DescentSettings
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.target import Target
from aigini.estimation.weighting import Weighting
from aigini.panel.design.settings import DesignSettings
from aigini.panel.settings import PanelSettings
from aigini.parameter_space import ParameterSpace, Tie
from aigini.parameters import Parameters
from aigini.population.population import Population, draw_population
from aigini.population.sharding import shard
from aigini.population.sizes import size_problems
from aigini.runtime.random_keys import SEED_LIMIT
from aigini.runtime.user_code import first_difference
from aigini.statistics.catalogue import IncomeConcept, computed, definitions
from aigini.statistics.catalogue import names as moment_names
from aigini.statistics.moment import Moment
from aigini.statistics.outcomes import moment_rows

__all__ = ["Config", "Topic", "baseline_path", "load", "parse_overrides"]

Topic = Literal["estimation", "posterior", "alternatives"]
"""Sections of a configuration that have to fit together for the commands that read them."""


@dataclasses.dataclass(frozen=True)
class Config(ByValue):
    """A valid configuration.

    Attributes:
        params: Every parameter.
        scenario: AI levels and mechanisms.
        years: Years of firm growth T.
        population: Keyword arguments of `aigini.population.draw_population`.
        targets: Targets of the chosen moments.
        free: Parameters to estimate.
        tie: Tie between parameters.
        weighting: Name or matrix of the weights.
        covariance: S of the targets, as given, or from correlations and standard errors; None where unknown,
            ``[moments, moments]``.
        starts: Number of space-filling starts; 0 starts from `params`.
        start_seed: Seed of the design.
        replications: Other draws from which simulation errors are taken.
        descent: First stage.
        polish: Second stage.
        income: Income concept of m6.
        ranges: Plausible values of parameters, (low, high).
        posterior: Priors, the belief about m6, and how to sample.
        dynamics: The path year by year.
        speeds: A slow and a fast speed of deployment and of retooling, by name in [dynamics].
        surveys: Surveys of simulated occupations.
        design: A study of panels.
        source: The resolved configuration as nested plain values, ready to be written, and under ``definitions`` what
            users registered of what it names.
        problems: Sentences about sections that contradict each other, by topic; see `require`.
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
    polish: LeastSquaresSettings
    income: IncomeConcept
    ranges: Mapping[str, tuple[float, float]]
    posterior: PosteriorSettings
    dynamics: Dynamics
    speeds: Mapping[str, tuple[float, float]]
    surveys: SurveySettings
    panel: PanelSettings
    design: DesignSettings
    source: Mapping[str, Any]
    problems: Mapping[Topic, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def require(self, *topics: Topic) -> None:
        """Refuse a configuration whose sections do not fit together.

        Args:
            topics: Topics to check; all of them by default.

        Raises:
            ConfigError: listing every problem.
        """
        lines = [line for topic, lines in self.problems.items() if not topics or topic in topics for line in lines]
        if lines:
            raise ConfigError("\n".join(dict.fromkeys(lines)))

    @property
    def space(self) -> ParameterSpace:
        """The parameters to estimate, with their tie."""
        return ParameterSpace(self.free, self.tie)

    @property
    def outcomes(self) -> tuple[Moment, ...]:
        """Outcomes that analyses and posteriors compute: those that all report, and then other targets."""
        return computed(tuple(self.targets), self.income)

    @property
    def target_rows(self) -> tuple[int, ...]:
        """Positions of the targets among `outcomes`."""
        return moment_rows(tuple(self.targets), self.income, self.outcomes)

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved configuration: equal configurations, equal digests."""
        canonical = json.dumps(self.source, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_toml(self) -> str:
        """The resolved configuration as TOML, with what was taken away from the baseline."""
        return tomli_w.dumps(_as_file(self.source))

    def draw(
        self,
        seed: int | None = None,
        precision: Literal["float32", "float64"] | None = None,
        n_workers: int | None = None,
        years: int | None = None,
        n_firms: int | None = None,
    ) -> Population:
        """Draw the population, or one of another seed, precision or size, or with firm shocks of more years."""
        settings = dict(self.population)
        if n_firms is not None:
            settings["n_firms"] = n_firms
        if n_workers is not None:
            settings["n_workers"] = n_workers
        if precision is not None:
            settings["precision"] = precision
        if seed is not None:
            settings["seed"] = seed % SEED_LIMIT  # counted on from the largest seed, it begins anew
        devices = settings.pop("devices")
        population = draw_population(years=self.years if years is None else years, **settings)
        return population if devices == 1 else shard(population, devices)


def load(path: str | Path | Mapping[str, Any] | None = None, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read a configuration.

    Args:
        path: TOML file whose entries replace those of the baseline, or the name of a packaged configuration, see
            `aigini.config.examples`, or the content of such a file; None is the baseline itself.
        overrides: Values by dotted name (``params.xi``), applied last; a bare parameter name means ``params.NAME``.
            NumPy's numbers and arrays are read as Python's, and None takes away as ``"none"`` does in a file.

    Raises:
        ConfigError: listing every problem. Where nothing is wrong but that sections do not fit together, the
            configuration loads, and `Config.require` and the commands that read these sections raise.
    """
    if isinstance(path, Mapping):
        file, where = plain(path), "configuration"
    else:
        file = None if path is None else read(resolve(Path(path)))
        where = "baseline" if path is None else str(path)
    raw = resolved(read(baseline_path()), file, where, overrides or {})
    return _build(raw, f"{where} with --set" if overrides else where)


def _build(raw: dict[str, Any], where: str) -> Config:
    mistakes: list[str] = []
    try:
        file = FileSchema.model_validate(raw)
    except ValidationError as error:
        # What is wrong in itself is set aside, so that the rest is judged, and reported, at the same time.
        mistakes += sentences(error)
        file = FileSchema.model_validate(without_mistakes(raw, error, read(baseline_path())))
    names = file.model.model_dump()
    unknown = mechanisms.problems(names, file.mechanisms)
    mistakes += unknown
    params = parameters.values(file, mistakes)
    scenario = Scenario(file.scenario.A0, file.scenario.A1)
    if not unknown:
        scenario = dataclasses.replace(scenario, mechanisms=mechanisms.mechanisms(names, file.mechanisms))
    if not mistakes:
        mistakes += scenario.mechanisms.problems(params, (file.scenario.A0, file.scenario.A1))
    population = file.population.filled(params["ownership_sd"])
    mistakes += size_problems(years=file.scenario.years, **{k: v for k, v in population.items() if k != "devices"})
    chosen = file.calibration.moments
    moments = [name for name in moment_names() if name in (file.targets if chosen is None else chosen)]
    targets = {name: Target(**file.targets[name].model_dump()) for name in moments if name in file.targets}
    mistakes += calibration.own_problems(file)
    mistakes += beliefs.own_problems(file)
    mistakes += dynamics.own_problems(file)
    mistakes += occupations.own_problems(file)
    mistakes += panel.own_problems(file)
    mistakes += design.own_problems(file)
    mistakes += parameters.range_problems(file)
    estimation: list[str] = []
    estimation += calibration.joint_problems(file, params, targets, correlated=calibration.has_correlation(raw))
    weighting = calibration.weighting(file, targets, mistakes, estimation)
    covariance = calibration.covariance(file, targets, mistakes, estimation)
    problems: dict[Topic, list[str]] = {
        "estimation": estimation,
        "posterior": beliefs.posterior_problems(file),
        "alternatives": beliefs.alternatives_problems(file),
    }
    if mistakes:
        every = [*mistakes, *(line for lines in problems.values() for line in lines)]
        raise ConfigError("\n".join(f"{where}: {line}" for line in dict.fromkeys(every)))
    settings = file.calibration
    # Configurations that leave these as they are have the digest that they had before there were such sections.
    unused = {"mechanisms"} if not file.mechanisms else set()
    unused |= {"dynamics"} if file.dynamics == DynamicsSection() else set()
    unused |= {"oews"} if file.oews == OewsSection() else set()
    unused |= {"panel"} if file.panel == PanelSection() else set()
    unused |= {"design"} if file.design == DesignSection() else set()
    source = file.model_dump(exclude=unused)
    if settings.covariance is None:
        del source["calibration"]["covariance"]
    source["params"] = params
    # What other draws make nothing of is not recorded, so that quasi-random ones asked for later get theirs.
    tilt = population["ownership_tilt"] if file.population.draws == "qmc" else None
    source["population"] = {**population, "ownership_tilt": tilt}
    source["calibration"]["moments"] = moments if chosen is None else chosen
    if registered := {**definitions(tuple(targets)), **mechanisms.definitions(names)}:
        source["definitions"] = registered
    return Config(
        params=Parameters(**params),
        scenario=scenario,
        years=file.scenario.years,
        population=population,
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
        polish=LeastSquaresSettings(
            steps=settings.polish_steps, block=settings.checkpoint_every, tolerance=settings.polish_tolerance
        ),
        income=file.income.concept,
        ranges={name: (span.low, span.high) for name, span in file.ranges.items()},
        posterior=beliefs.settings(file),
        dynamics=dynamics.settings(file, params["adoption"]),
        speeds={
            "deployment_speed": (file.dynamics.deployment_speeds[0], file.dynamics.deployment_speeds[1]),
            "retool_speed": (file.dynamics.retool_speeds[0], file.dynamics.retool_speeds[1]),
        },
        surveys=occupations.settings(file),
        panel=panel.settings(file),
        design=design.settings(file),
        source=source,
        problems={topic: tuple(f"{where}: {line}" for line in lines) for topic, lines in problems.items()},
    )


def again(source: Mapping[str, Any], where: str, overrides: Mapping[str, Any] | None = None) -> Config:
    """The configuration of an earlier run, from its resolved values, with values replaced.

    Args:
        source: `Config.source`, as it was recorded.
        where: Name of its record in messages.
        overrides: As in `load`.

    Raises:
        ConfigError: listing every problem, or if a moment or a mechanism was registered there with another definition.
    """
    raw = resolved(read(baseline_path()), _as_file(source), where, overrides or {})
    config = _build(raw, f"{where} with --set" if overrides else where)
    before = source.get("definitions", {})
    for name, now in config.source.get("definitions", {}).items():
        if before.get(name, now) != now:
            old, new = first_difference(before[name], now)
            raise ConfigError(
                f"{where}: {name} is defined otherwise here than there: where there is {new!r} there was {old!r}."
                " Register the definition of that run, or estimate again without it."
            )
    return config


def _as_file(source: Mapping[str, Any]) -> dict[str, Any]:
    """The file that a resolved configuration is read from again, with what was taken away from the baseline."""
    content = _without_none({section: table for section, table in source.items() if section != "definitions"})
    for section, gone in taken_away(source, read(baseline_path())).items():
        content[section] = {**content.get(section, {}), **gone}
    return content


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None and not (isinstance(value, float) and math.isnan(value))
    }

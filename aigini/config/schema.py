"""The tables of a configuration file and their types."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from aigini.config.beliefs import PosteriorSection, PriorSection
from aigini.estimation.descent import Optimizer
from aigini.estimation.problem import Tie
from aigini.estimation.weighting import Weighting
from aigini.moments.six import MOMENT_NAMES, IncomeConcept
from aigini.population.sizes import Storage

Moment = Literal["m1", "m2", "m3", "m4", "m5", "m6"]


class Section(BaseModel):
    """A table of the file: unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PopulationSection(Section):
    """[population], the arguments of `aigini.population.draw_population`, and over how many devices it is divided."""

    n_workers: int = 1 << 18
    n_firms: int = 1000
    seed: int = 0
    draws: Literal["qmc", "pseudo"] = "qmc"
    precision: Literal["float32", "float64"] = "float32"
    chunk: int | None = None
    storage: Storage = "auto"
    devices: int = Field(default=1, ge=0)


class ScenarioSection(Section):
    """[scenario]: the AI levels that are compared, and years of firm growth."""

    A0: float = Field(default=0.0, ge=0)
    A1: float = Field(default=1.0, ge=0)
    years: int = Field(default=10, ge=1)


class TargetSection(Section):
    """[targets.mK]."""

    value: float
    se: float = Field(gt=0)
    source: str = ""
    seen: str = ""


class RangeSection(Section):
    """[ranges.NAME]: what values of a parameter are plausible."""

    low: float
    high: float
    source: str = ""
    seen: str = ""


class CalibrationSection(Section):
    """[calibration]."""

    free: list[str] = Field(min_length=1)
    moments: list[Moment] = Field(default=list(MOMENT_NAMES), min_length=1)
    tie: Tie = "eta0 = 1 - eta1"
    weighting: Weighting | list[list[float]] = "diagonal"
    correlation: list[list[float]] | None = None
    starts: int = Field(default=8, ge=0)
    start_seed: int = Field(default=0, ge=0)
    replications: int = Field(default=8, ge=0)
    optimizer: Optimizer = "adam"
    learning_rate: float = Field(default=0.1, gt=0)
    descent_steps: int = Field(default=40, ge=0)
    descent_tolerance: float = Field(default=1.0, ge=0)
    polish_steps: int = Field(default=120, ge=0)
    polish_tolerance: float = Field(default=1e-6, gt=0)
    checkpoint_every: int = Field(default=5, ge=1)


class IncomeSection(Section):
    """[income]: whose Gini m6 is about."""

    concept: IncomeConcept = "total"


class FileSchema(Section):
    """The whole file."""

    params: dict[str, float] = {}
    population: PopulationSection = PopulationSection()
    scenario: ScenarioSection = ScenarioSection()
    targets: dict[Moment, TargetSection] = {}
    calibration: CalibrationSection
    income: IncomeSection = IncomeSection()
    ranges: dict[str, RangeSection] = {}
    posterior: PosteriorSection
    priors: dict[str, PriorSection] = {}
    alternatives: dict[str, dict[str, PriorSection]] = {}

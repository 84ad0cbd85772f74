"""The tables of a configuration file, their types, and the range of every number.

Ranges keep out what no computation could use: what would overflow, or not fit into memory. They do not judge what is
likely.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from aigini.analysis.occupations.settings import ASSUMPTIONS, SurveySettings
from aigini.assumption import Assumption
from aigini.bayes.likelihood import M6Belief
from aigini.bayes.priors import Family
from aigini.bayes.settings import NutsSettings
from aigini.dynamics.settings import YEARS, SchoolingLaw, Shape
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.estimation.descent import DescentSettings, Optimizer
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.weighting import Weighting
from aigini.panel.design.settings import ASSUMED, DesignSettings
from aigini.panel.design.settings import Selection as SelectedOn
from aigini.panel.settings import NUMBERS, Form, Selection, StructureLaw
from aigini.parameter_space import TIED, Tie
from aigini.population.draws import Draws
from aigini.population.sizes import TILT_LIMIT, Storage, default_firms, default_tilt
from aigini.runtime.random_keys import SEED_LIMIT
from aigini.statistics.catalogue import IncomeConcept, names, unknown_moment

# Defaults stand in the settings that the estimators take; the file's are those.
_DESCENT, _POLISH, _NUTS = DescentSettings(), LeastSquaresSettings(), NutsSettings()
_SURVEYS = SurveySettings()
_STUDY = DesignSettings()

_LARGEST = 1e6
_SMALLEST = 1e-9
_HEAVIEST = 1e24


def _large_enough(value: float) -> float:
    if value < _SMALLEST:
        raise ValueError(f"expected at least {_SMALLEST:g}")
    return value


def _registered(name: str) -> str:
    if name not in names():
        raise ValueError(unknown_moment(name).removesuffix("."))
    return name


Moment = Annotated[str, AfterValidator(_registered)]
"""A moment of the registry, `aigini.statistics.catalogue`."""
Seed = Annotated[int, Field(ge=0, lt=SEED_LIMIT)]
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
"""A moment or a number of a distribution."""
Scale = Annotated[float, Field(gt=0, le=_LARGEST), AfterValidator(_large_enough)]
"""A standard error: its inverse square is a finite weight."""
Weight = Annotated[float, Field(ge=-_HEAVIEST, le=_HEAVIEST)]
GiniChange = Annotated[float, Field(ge=-1, le=1)]
Iterations = Annotated[int, Field(ge=0, le=100_000)]
Block = Annotated[int, Field(ge=1, le=100_000)]


class Section(BaseModel):
    """A table of the file: unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PopulationSection(Section):
    """[population], the arguments of `aigini.population.draw_population`, and over how many devices it is divided.

    Lower ends of these ranges are those of `aigini.population.sizes.size_problems`. The number of firms and the tilt
    follow from the number of workers and from ``params.ownership_sd`` where they are left out.
    """

    n_workers: int = Field(default=1 << 18, ge=-SEED_LIMIT, lt=2**32)
    n_firms: int | None = Field(default=None, ge=-SEED_LIMIT, lt=2**31)
    seed: Seed = 0
    draws: Draws = "qmc"
    ownership_tilt: float | None = Field(default=None, ge=0, le=TILT_LIMIT)
    precision: Literal["float32", "float64"] = "float32"
    chunk: int | None = Field(default=None, ge=-SEED_LIMIT, lt=2**32)
    storage: Storage = "auto"
    devices: int = Field(default=1, ge=0, le=1024)

    def filled(self, ownership_sd: float) -> dict[str, Any]:
        """The values of all keys, with what is left open filled in for this log s.d. of ownership."""
        given = self.model_dump()
        default = {
            "n_firms": default_firms(self.n_workers),
            "ownership_tilt": default_tilt(self.draws, ownership_sd),
        }
        return {**given, **{name: value for name, value in default.items() if given[name] is None}}


class ScenarioSection(Section):
    """[scenario]: the AI levels that are compared, and years of firm growth."""

    A0: float = Field(default=0.0, ge=0, le=1000)
    A1: float = Field(default=1.0, ge=0, le=1000)
    years: int = Field(default=10, ge=1, le=10_000)


class ModelSection(Section):
    """[model]: mechanisms by name, those of `aigini.economy.mechanisms.MECHANISMS`."""

    technology: str = "additive"
    human_capital: str = "multiplicative"
    ability: str = "normal"
    reach: str = "skilled_first"
    skills: str = "one"


class TargetSection(Section):
    """[targets.NAME], of a moment of the registry."""

    value: Number
    se: Scale
    source: str = ""
    seen: str = ""


class RangeSection(Section):
    """[ranges.NAME]: plausible values of a parameter."""

    low: Number
    high: Number
    source: str = ""
    seen: str = ""


class CalibrationSection(Section):
    """[calibration]; without `moments`, all that have a target."""

    free: list[str] = Field(min_length=1)
    moments: list[Moment] | None = Field(default=None, min_length=1)
    tie: Tie = TIED
    weighting: Weighting | list[list[Weight]] = "diagonal"
    correlation: list[list[Number]] | None = None
    covariance: list[list[Number]] | None = None
    starts: int = Field(default=8, ge=0, le=1000)
    start_seed: Seed = 0
    replications: int = Field(default=8, ge=0, le=1000)
    optimizer: Optimizer = _DESCENT.optimizer
    learning_rate: float = Field(default=_DESCENT.learning_rate, gt=0, le=100)
    descent_steps: Iterations = _DESCENT.steps
    descent_tolerance: float = Field(default=_DESCENT.tolerance, ge=0)
    polish_steps: Iterations = _POLISH.steps
    polish_tolerance: float = Field(default=_POLISH.tolerance, gt=0)
    checkpoint_every: Block = _DESCENT.block


class IncomeSection(Section):
    """[income]: the income whose Gini m6 is about."""

    concept: IncomeConcept = "total"


class PosteriorSection(Section):
    """[posterior]; without `n_workers`, as many as `noise_share` asks for."""

    free: list[str] = Field(default=[], min_length=1)
    m6: M6Belief = "normal"
    m6_low: GiniChange = -0.02
    m6_high: GiniChange = 0.02
    scenarios: list[GiniChange] = Field(default=[], max_length=20)
    n_workers: int | None = Field(default=None, ge=2, lt=2**32)
    noise_share: float = Field(default=0.03, gt=0, le=1000)
    populations: int = Field(default=8, ge=2, le=1000)
    population_draws: int = Field(default=500, ge=100, le=100_000)
    chains: int = Field(default=_NUTS.chains, ge=2, le=1000)
    warmup: int = Field(default=_NUTS.warmup, ge=100, le=100_000)
    draws: int = Field(default=_NUTS.draws, ge=4, le=100_000)
    seed: Seed = _NUTS.seed
    target_accept: float = Field(default=_NUTS.target_accept, gt=0, lt=1)
    max_tree_depth: int = Field(default=_NUTS.max_tree_depth, ge=1, le=15)
    checkpoint_every: Block = _NUTS.block


class PriorSection(Section):
    """[priors.NAME]: a family and its two numbers, see `aigini.bayes.priors`."""

    distribution: Family
    low: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    median: Number | None = None
    log_sd: Number | None = None
    a: Number | None = None
    b: Number | None = None
    source: str = ""
    seen: str = ""


def _dynamic(name: str) -> Any:
    """The field of a number of the dynamics, with the default and the bounds of its specification."""
    spec = DYNAMICS_SPECS[name]
    above = spec.lower if spec.closed == "right" else None
    least = spec.lower if above is None else None
    return Field(default=spec.default, ge=least, gt=above, le=spec.upper, description=spec.meaning)


Speed = Annotated[float, Field(gt=0, le=1)]
"""A share of a distance per year, or a speed of a logistic path per year."""


class DynamicsSection(Section):
    """[dynamics]: the path year by year; without `adoption_final`, adoption ends at params.adoption.

    `deployment_speeds` and `retool_speeds` are a slow and a fast speed, of the four paths that are compared.
    """

    years: int = Field(default=YEARS, ge=1, le=10_000)
    bargaining_erosion: float = _dynamic("bargaining_erosion")
    erosion_midpoint: float = _dynamic("erosion_midpoint")
    erosion_width: float = _dynamic("erosion_width")
    erosion_gap_weight: float = _dynamic("erosion_gap_weight")
    retool_speed: float = _dynamic("retool_speed")
    deployment: Shape = "logistic"
    deployment_midpoint: float = Field(default=8.0, ge=0, le=10_000)
    deployment_speed: float = _dynamic("deployment_speed")
    adoption_final: float | None = Field(default=None, ge=0, le=1)
    capability: Shape = "logistic"
    capability_midpoint: float = Field(default=5.0, ge=0, le=10_000)
    capability_speed: float = _dynamic("capability_speed")
    schooling: SchoolingLaw = "yearly"
    deployment_speeds: list[Speed] = Field(default=[0.2, 0.8], min_length=2, max_length=2)
    retool_speeds: list[Speed] = Field(default=[0.05, 0.3], min_length=2, max_length=2)


def _assumed(one: Assumption) -> Any:
    """The field of a number that is assumed, with its default and its bounds."""
    return Field(default=one.default, ge=one.lower, le=one.upper, description=f"{one.meaning}; {one.unit}")


class OewsSection(Section):
    """[oews]: surveys of simulated occupations; what may be left out is as in the published panel then.

    `regime_eta1` are the η1 of two economies that meet the moments other than m6.
    """

    replications: int = Field(default=_SURVEYS.replications, ge=100, le=100_000)
    seed: Seed = _SURVEYS.seed
    regime_eta1: list[Annotated[float, Field(ge=0, le=1000)]] = Field(
        default=[*_SURVEYS.regime_eta1], min_length=2, max_length=2
    )
    floor_strengths: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        default=[*_SURVEYS.floor_strengths], min_length=2, max_length=100
    )
    arrivals: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        default=[*_SURVEYS.arrivals], min_length=1, max_length=100
    )
    exposure_reliability: float = _assumed(ASSUMPTIONS["exposure_reliability"])
    survey_size: float = _assumed(ASSUMPTIONS["survey_size"])
    ai_from: int = _assumed(ASSUMPTIONS["ai_from"])
    arrival: float = _assumed(ASSUMPTIONS["arrival"])
    level_sd: float | None = _assumed(ASSUMPTIONS["level_sd"])
    spread_sd: float | None = _assumed(ASSUMPTIONS["spread_sd"])
    spread_mean: float | None = _assumed(ASSUMPTIONS["spread_mean"])
    occupation_change_sd: float | None = _assumed(ASSUMPTIONS["occupation_change_sd"])
    group_change_sd: float | None = _assumed(ASSUMPTIONS["group_change_sd"])


class PanelSection(Section):
    """[panel]: a simulated panel of workers, tasks and periods; without `rent_shares`, that of the economy."""

    n_workers: int = _assumed(NUMBERS["n_workers"])
    n_firms: int = _assumed(NUMBERS["n_firms"])
    tasks: int = _assumed(NUMBERS["tasks"])
    periods: int = _assumed(NUMBERS["periods"])
    first_adoption: int = _assumed(NUMBERS["first_adoption"])
    last_adoption: int = _assumed(NUMBERS["last_adoption"])
    adopters: float = _assumed(NUMBERS["adopters"])
    compliance: float = _assumed(NUMBERS["compliance"])
    selection_strength: float = _assumed(NUMBERS["selection_strength"])
    adoption_by_assets: float = _assumed(NUMBERS["adoption_by_assets"])
    spillover: float = _assumed(NUMBERS["spillover"])
    output_error: float = _assumed(NUMBERS["output_error"])
    ability_error: float = _assumed(NUMBERS["ability_error"])
    wage_error: float = _assumed(NUMBERS["wage_error"])
    schooling_error: float = _assumed(NUMBERS["schooling_error"])
    asset_error: float = _assumed(NUMBERS["asset_error"])
    credential_share: float = _assumed(NUMBERS["credential_share"])
    late_entry: float = _assumed(NUMBERS["late_entry"])
    exit_rate: float = _assumed(NUMBERS["exit_rate"])
    missing: float = _assumed(NUMBERS["missing"])
    block: int = _assumed(NUMBERS["block"])
    seed: int = _assumed(NUMBERS["seed"])
    selection: Selection = "none"
    structure: StructureLaw = "mixed"
    rent_shares: list[Annotated[float, Field(ge=0, le=1)]] = Field(default=[], max_length=20)
    form: Form = "parquet"


Firms = Annotated[int, Field(ge=8, le=100_000)]
"""Firms of a panel of a study."""
Few = Annotated[int, Field(ge=1, le=24)]
"""Tasks, or periods, of a panel of a study."""
Workers = Annotated[int, Field(ge=2, le=1000)]
"""Workers of a firm in an occupation, of whom a dispersion is taken."""
Share = Annotated[float, Field(ge=0, le=1)]
Eta1 = Annotated[float, Field(ge=0, le=1000)]


class DesignSection(Section):
    """[design]: panels of a study; `firms` to `periods` are the reference, `*_tried` what is varied one at a time.

    `structure_shares` are the proprietary shares of effective AI in either structure, `rent_shares` a low and a high ξ,
    `regime_eta1` and `regime_xi` the two economies to tell apart; without `regime_xi`, both at the configured ξ.
    """

    replications: int = Field(default=_STUDY.replications, ge=100, le=100_000)
    seed: Seed = _STUDY.seed
    firms: Firms = _STUDY.size.firms
    workers: Workers = _STUDY.size.workers
    tasks: Few = _STUDY.size.tasks
    periods: Annotated[int, Field(ge=4, le=40)] = _STUDY.size.periods
    occupations: Annotated[int, Field(ge=1, le=4)] = _STUDY.occupations
    cohorts: Annotated[int, Field(ge=1, le=20)] = _STUDY.cohorts
    firms_tried: list[Firms] = Field(default=[*_STUDY.firms], min_length=1, max_length=20)
    workers_tried: list[Workers] = Field(default=[*_STUDY.workers], max_length=20)
    tasks_tried: list[Few] = Field(default=[*_STUDY.tasks], max_length=20)
    periods_tried: list[Annotated[int, Field(ge=4, le=40)]] = Field(default=[*_STUDY.periods], max_length=20)
    effects_tried: list[Annotated[float, Field(ge=0, le=10)]] = Field(default=[*_STUDY.effects], max_length=20)
    selection_tried: list[Annotated[float, Field(ge=-0.99, le=0.99)]] = Field(
        default=[*_STUDY.selection], max_length=20
    )
    selected_on: SelectedOn = _STUDY.selected_on
    structure_shares: list[Share] = Field(default=[*_STUDY.structure_shares], min_length=2, max_length=2)
    rent_shares: list[Share] = Field(default=[*_STUDY.rent_shares], min_length=2, max_length=2)
    partial_compliance: Annotated[float, Field(ge=0.05, le=1)] = _STUDY.partial_compliance
    regime_eta1: list[Eta1] = Field(default=[*_STUDY.regime_eta1], min_length=2, max_length=2)
    regime_xi: list[Share] | None = Field(default=None, min_length=2, max_length=2)
    output_error_sd: float = _assumed(ASSUMED["output_error_sd"])
    wage_error_sd: float = _assumed(ASSUMED["wage_error_sd"])
    ability_error_sd: float = _assumed(ASSUMED["ability_error_sd"])
    firm_output_sd: float = _assumed(ASSUMED["firm_output_sd"])
    firm_wage_sd: float = _assumed(ASSUMED["firm_wage_sd"])
    growth: float = _assumed(ASSUMED["growth"])
    trend_sd: float = _assumed(ASSUMED["trend_sd"])
    requirement_persistence: float = _assumed(ASSUMED["requirement_persistence"])
    never_share: float = _assumed(ASSUMED["never_share"])
    compliance: float = _assumed(ASSUMED["compliance"])
    worker_selection: float = _assumed(ASSUMED["worker_selection"])


class FileSchema(Section):
    """The whole file."""

    params: dict[str, float] = {}
    model: ModelSection = ModelSection()
    mechanisms: dict[str, dict[str, Number]] = {}
    population: PopulationSection = PopulationSection()
    scenario: ScenarioSection = ScenarioSection()
    targets: dict[Moment, TargetSection] = {}
    calibration: CalibrationSection
    income: IncomeSection = IncomeSection()
    dynamics: DynamicsSection = DynamicsSection()
    oews: OewsSection = OewsSection()
    panel: PanelSection = PanelSection()
    design: DesignSection = DesignSection()
    ranges: dict[str, RangeSection] = {}
    posterior: PosteriorSection
    priors: dict[str, PriorSection] = {}
    alternatives: dict[str, dict[str, PriorSection]] = {}

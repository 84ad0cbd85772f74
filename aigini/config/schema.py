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

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class PopulationSection(Section):
    """[population], the arguments of `aigini.population.draw_population`, and over how many devices it is divided.

    Lower ends of these ranges are those of `aigini.population.sizes.size_problems`. The number of firms and the tilt
    follow from the number of workers and from ``params.ownership_sd`` where they are left out.
    """

    n_workers: int = Field(default=1 << 18, ge=-SEED_LIMIT, lt=2**32)
    """number of simulated workers, a power of two for quasi-random draws"""
    n_firms: int | None = Field(default=None, ge=-SEED_LIMIT, lt=2**31)
    """number of firms; one for 16 workers, at most 16384, unless given"""
    seed: Seed = 0
    """seed of the draws of workers and firms"""
    draws: Draws = "qmc"
    """how workers are drawn: quasi-random with weights, plain Sobol' points, or pseudo-random"""
    ownership_tilt: float | None = Field(default=None, ge=0, le=TILT_LIMIT)
    """how much more often owners of much are drawn, under qmc; follows from ownership_sd unless given"""
    precision: Literal["float32", "float64"] = "float32"
    """floating-point type of workers; sums over them are float64 either way"""
    chunk: int | None = Field(default=None, ge=-SEED_LIMIT, lt=2**32)
    """workers that are simulated at a time, which bounds memory; chosen for the machine unless given"""
    storage: Storage = "auto"
    """whether draws are stored or generated again whenever they are needed"""
    devices: int = Field(default=1, ge=0, le=1024)
    """number of devices that share the workers; 0 is all"""

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
    """level of AI before"""
    A1: float = Field(default=1.0, ge=0, le=1000)
    """level of AI after"""
    years: int = Field(default=10, ge=1, le=10_000)
    """years of firm growth between the two"""


class ModelSection(Section):
    """[model]: mechanisms by name, those of `aigini.economy.mechanisms.MECHANISMS`."""

    technology: str = "additive"
    """output of workers on tasks"""
    human_capital: str = "multiplicative"
    """how schooling and ability make human capital"""
    ability: str = "normal"
    """distribution of ability"""
    reach: str = "skilled_first"
    """tasks that AI can augment, by its level"""
    skills: str = "one"
    """skills of workers beside the one that AI can augment"""


class TargetSection(Section):
    """[targets.NAME], of a moment of the registry."""

    value: Number
    """value of the moment in the data"""
    se: Scale
    """standard error of that value"""
    source: str = ""
    """publication that a number is from"""
    seen: str = ""
    """how the source was seen: P in the paper, S in a summary, D derived, J judgement"""


class RangeSection(Section):
    """[ranges.NAME]: plausible values of a parameter."""

    low: Number
    """lowest plausible value"""
    high: Number
    """highest plausible value"""
    source: str = ""
    """publication that a number is from"""
    seen: str = ""
    """how the source was seen: P in the paper, S in a summary, D derived, J judgement"""


class CalibrationSection(Section):
    """[calibration]; without `moments`, all that have a target."""

    free: list[str] = Field(min_length=1)
    """parameters that are estimated"""
    moments: list[Moment] | None = Field(default=None, min_length=1)
    """moments that are targets, so that others are dropped; all that have a target unless given"""
    tie: Tie = TIED
    """restriction between parameters, eta0 = 1 - eta1, or none"""
    weighting: Weighting | list[list[Weight]] = "diagonal"
    """weights of the moments: 1/s.e.^2, identity, from the covariance of the targets, or a matrix"""
    correlation: list[list[Number]] | None = None
    """correlation matrix of the targets, in the order of the moments"""
    covariance: list[list[Number]] | None = None
    """covariance matrix of the targets, in the order of the moments, instead of their correlation"""
    starts: int = Field(default=8, ge=0, le=1000)
    """number of space-filling starts; 0 starts from [params]"""
    start_seed: Seed = 0
    """seed of the starts"""
    replications: int = Field(default=8, ge=0, le=1000)
    """number of other draws, from which simulation errors are taken"""
    optimizer: Optimizer = _DESCENT.optimizer
    """first stage of the estimation, a descent"""
    learning_rate: float = Field(default=_DESCENT.learning_rate, gt=0, le=100)
    """step size of the descent"""
    descent_steps: Iterations = _DESCENT.steps
    """largest number of steps of the descent"""
    descent_tolerance: float = Field(default=_DESCENT.tolerance, ge=0)
    """objective below which a start needs no more descent"""
    polish_steps: Iterations = _POLISH.steps
    """largest number of Gauss-Newton steps, the second stage"""
    polish_tolerance: float = Field(default=_POLISH.tolerance, gt=0)
    """Gauss-Newton step, in logs or log odds, that is the last of a start"""
    checkpoint_every: Block = _DESCENT.block
    """iterations between checkpoints, which change no result"""


class IncomeSection(Section):
    """[income]: the income whose Gini m6 is about."""

    concept: IncomeConcept = "total"
    """income whose Gini m6 is about"""


class PosteriorSection(Section):
    """[posterior]; without `n_workers`, as many as `noise_share` asks for."""

    free: list[str] = Field(default=[], min_length=1)
    """parameters that are sampled; others keep the values of [params]"""
    m6: M6Belief = "normal"
    """belief about m6: its target, a uniform one between scenarios, or none"""
    m6_low: GiniChange = -0.02
    """lower end of the uniform belief about m6"""
    m6_high: GiniChange = 0.02
    """upper end of the uniform belief about m6"""
    scenarios: list[GiniChange] = Field(default=[], max_length=20)
    """values of m6 that aigini beliefs conditions on"""
    n_workers: int | None = Field(default=None, ge=2, lt=2**32)
    """number of simulated workers; follows from noise_share unless given"""
    noise_share: float = Field(default=0.03, gt=0, le=1000)
    """largest noise of a moment in s.e. of its target, and of a Gini's change in posterior s.d."""
    populations: int = Field(default=8, ge=2, le=1000)
    """number of other populations that the answer is averaged over"""
    population_draws: int = Field(default=500, ge=100, le=100_000)
    """posterior draws that are simulated on each of them"""
    chains: int = Field(default=_NUTS.chains, ge=2, le=1000)
    """number of Markov chains"""
    warmup: int = Field(default=_NUTS.warmup, ge=100, le=100_000)
    """draws of a chain that adapt the sampler and are thrown away"""
    draws: int = Field(default=_NUTS.draws, ge=4, le=100_000)
    """draws of a chain that are kept"""
    seed: Seed = _NUTS.seed
    """seed of the sampler"""
    target_accept: float = Field(default=_NUTS.target_accept, gt=0, lt=1)
    """acceptance probability that the sampler adapts to"""
    max_tree_depth: int = Field(default=_NUTS.max_tree_depth, ge=1, le=15)
    """largest depth of the trees of the no-U-turn sampler"""
    checkpoint_every: Block = _NUTS.block
    """draws between checkpoints, which change no result"""


class PriorSection(Section):
    """[priors.NAME]: a family and its two numbers, see `aigini.bayes.priors`."""

    distribution: Family
    """family of the prior"""
    low: Number | None = None
    """lower end of a uniform prior"""
    high: Number | None = None
    """upper end of a uniform prior"""
    mean: Number | None = None
    """mean of a normal prior"""
    sd: Number | None = None
    """standard deviation of a normal prior"""
    median: Number | None = None
    """median of a lognormal prior"""
    log_sd: Number | None = None
    """standard deviation of the log of a lognormal prior"""
    a: Number | None = None
    """first shape of a beta prior"""
    b: Number | None = None
    """second shape of a beta prior"""
    source: str = ""
    """publication that a number is from"""
    seen: str = ""
    """how the source was seen: P in the paper, S in a summary, D derived, J judgement"""


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
    """years of the path"""
    bargaining_erosion: float = _dynamic("bargaining_erosion")
    erosion_midpoint: float = _dynamic("erosion_midpoint")
    erosion_width: float = _dynamic("erosion_width")
    erosion_gap_weight: float = _dynamic("erosion_gap_weight")
    retool_speed: float = _dynamic("retool_speed")
    deployment: Shape = "logistic"
    """path of adoption over the years"""
    deployment_midpoint: float = Field(default=8.0, ge=0, le=10_000)
    """year in which adoption is half way"""
    deployment_speed: float = _dynamic("deployment_speed")
    adoption_final: float | None = Field(default=None, ge=0, le=1)
    """adoption at the end; params.adoption unless given"""
    capability: Shape = "logistic"
    """path of the level of AI over the years"""
    capability_midpoint: float = Field(default=5.0, ge=0, le=10_000)
    """year in which the level of AI is half way"""
    capability_speed: float = _dynamic("capability_speed")
    schooling: SchoolingLaw = "yearly"
    """law of schooling along the path"""
    deployment_speeds: list[Speed] = Field(default=[0.2, 0.8], min_length=2, max_length=2)
    """slow and fast speed of deployment, of the paths that are compared"""
    retool_speeds: list[Speed] = Field(default=[0.05, 0.3], min_length=2, max_length=2)
    """slow and fast speed of retooling, of the paths that are compared"""


def _assumed(one: Assumption) -> Any:
    """The field of a number that is assumed, with its default and its bounds."""
    return Field(default=one.default, ge=one.lower, le=one.upper, description=one.description)


class OewsSection(Section):
    """[oews]: surveys of simulated occupations; what may be left out is as in the published panel then.

    `regime_eta1` are the η1 of two economies that meet the moments other than m6.
    """

    replications: int = Field(default=_SURVEYS.replications, ge=100, le=100_000)
    """number of simulated surveys"""
    seed: Seed = _SURVEYS.seed
    """seed of the surveys"""
    regime_eta1: list[Annotated[float, Field(ge=0, le=1000)]] = Field(
        default=[*_SURVEYS.regime_eta1], min_length=2, max_length=2
    )
    """eta1 of two economies that meet the moments other than m6"""
    floor_strengths: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        default=[*_SURVEYS.floor_strengths], min_length=2, max_length=100
    )
    """strengths of the task floor, over which m1 moves"""
    arrivals: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        default=[*_SURVEYS.arrivals], min_length=1, max_length=100
    )
    """shares of AI's effect, over which power is computed"""
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
    """trait that those who use AI are selected by"""
    structure: StructureLaw = "mixed"
    """whether firms' AI is as in the economy, or commodity or proprietary at random"""
    rent_shares: list[Annotated[float, Field(ge=0, le=1)]] = Field(default=[], max_length=20)
    """values of xi, a labour market each; that of the economy unless given"""
    form: Form = "parquet"
    """file format of the panel"""


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
    """panels that are drawn for each design"""
    seed: Seed = _STUDY.seed
    """seed of the panels"""
    firms: Firms = _STUDY.size.firms
    """firms of the reference panel"""
    workers: Workers = _STUDY.size.workers
    """workers of a firm in an occupation, in the reference panel"""
    tasks: Few = _STUDY.size.tasks
    """tasks of a worker, in the reference panel"""
    periods: Annotated[int, Field(ge=4, le=40)] = _STUDY.size.periods
    """periods of the reference panel"""
    occupations: Annotated[int, Field(ge=1, le=4)] = _STUDY.occupations
    """number of occupations, at equal distances in rank among the quarter that AI reaches most"""
    cohorts: Annotated[int, Field(ge=1, le=20)] = _STUDY.cohorts
    """number of dates of adoption"""
    firms_tried: list[Firms] = Field(default=[*_STUDY.firms], min_length=1, max_length=20)
    """numbers of firms that are tried"""
    workers_tried: list[Workers] = Field(default=[*_STUDY.workers], max_length=20)
    """numbers of workers that are tried"""
    tasks_tried: list[Few] = Field(default=[*_STUDY.tasks], max_length=20)
    """numbers of tasks that are tried"""
    periods_tried: list[Annotated[int, Field(ge=4, le=40)]] = Field(default=[*_STUDY.periods], max_length=20)
    """numbers of periods that are tried"""
    effects_tried: list[Annotated[float, Field(ge=0, le=10)]] = Field(default=[*_STUDY.effects], max_length=20)
    """multiples of the level of AI that are tried; 0 is no AI"""
    selection_tried: list[Annotated[float, Field(ge=-0.99, le=0.99)]] = Field(
        default=[*_STUDY.selection], max_length=20
    )
    """correlations of adoption with a trait that are tried"""
    selected_on: SelectedOn = _STUDY.selected_on
    """trait that adoption is correlated with"""
    structure_shares: list[Share] = Field(default=[*_STUDY.structure_shares], min_length=2, max_length=2)
    """proprietary shares of effective AI in either structure"""
    rent_shares: list[Share] = Field(default=[*_STUDY.rent_shares], min_length=2, max_length=2)
    """a low and a high share of workers in rents, xi"""
    partial_compliance: Annotated[float, Field(ge=0.05, le=1)] = _STUDY.partial_compliance
    """share of workers of an adopting firm who use AI, where compliance is partial"""
    regime_eta1: list[Eta1] = Field(default=[*_STUDY.regime_eta1], min_length=2, max_length=2)
    """eta1 of the two economies to tell apart"""
    regime_xi: list[Share] | None = Field(default=None, min_length=2, max_length=2)
    """xi of the two economies to tell apart; the configured one unless given"""
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
    """parameters of the economy"""
    model: ModelSection = ModelSection()
    """mechanisms by name"""
    mechanisms: dict[str, dict[str, Number]] = {}
    """numbers of mechanisms of one's own"""
    population: PopulationSection = PopulationSection()
    """draws of workers and firms"""
    scenario: ScenarioSection = ScenarioSection()
    """levels of AI that are compared"""
    targets: dict[Moment, TargetSection] = {}
    """targets of the estimation, a table for each moment"""
    calibration: CalibrationSection
    """settings of the estimation"""
    income: IncomeSection = IncomeSection()
    """income whose Gini m6 is about"""
    dynamics: DynamicsSection = DynamicsSection()
    """the path year by year"""
    oews: OewsSection = OewsSection()
    """surveys of simulated occupations"""
    panel: PanelSection = PanelSection()
    """a simulated panel of workers, tasks and periods"""
    design: DesignSection = DesignSection()
    """panels of a study of designs"""
    ranges: dict[str, RangeSection] = {}
    """plausible values of parameters, a table for each"""
    posterior: PosteriorSection
    """settings of the sampler and the belief about m6"""
    priors: dict[str, PriorSection] = {}
    """priors of parameters, a table for each"""
    alternatives: dict[str, dict[str, PriorSection]] = {}
    """other priors, of which one at a time takes the place of a prior"""

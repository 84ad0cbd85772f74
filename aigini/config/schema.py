"""The configuration file as a whole, and its tables for the economy, the estimation and the posterior."""

from typing import Any, Literal

from pydantic import Field

from aigini.bayes.likelihood import M6Belief
from aigini.bayes.priors import Family
from aigini.bayes.settings import NutsSettings
from aigini.config.section import Block, GiniChange, Iterations, Moment, Number, Scale, Section, Seed, Weight
from aigini.config.study_sections import DesignSection, DynamicsSection, OewsSection, PanelSection
from aigini.estimation.descent import DescentSettings, Optimizer
from aigini.estimation.least_squares import LeastSquaresSettings
from aigini.estimation.weighting import Weighting
from aigini.parameter_space import TIED, Tie
from aigini.population.draws import Draws
from aigini.population.sizes import TILT_LIMIT, Storage, default_firms, default_tilt
from aigini.runtime.random_keys import SEED_LIMIT
from aigini.statistics.catalogue import IncomeConcept

# Defaults stand in the settings that the estimators take; the file's are those.
_DESCENT, _POLISH, _NUTS = DescentSettings(), LeastSquaresSettings(), NutsSettings()


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


class FileSchema(Section):
    """The whole file."""

    params: dict[str, float] = Field(default_factory=dict)
    """parameters of the economy"""
    model: ModelSection = ModelSection()
    """mechanisms by name"""
    mechanisms: dict[str, dict[str, Number]] = Field(default_factory=dict)
    """numbers of mechanisms of one's own"""
    population: PopulationSection = PopulationSection()
    """draws of workers and firms"""
    scenario: ScenarioSection = ScenarioSection()
    """levels of AI that are compared"""
    targets: dict[Moment, TargetSection] = Field(default_factory=dict)
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
    ranges: dict[str, RangeSection] = Field(default_factory=dict)
    """plausible values of parameters, a table for each"""
    posterior: PosteriorSection
    """settings of the sampler and the belief about m6"""
    priors: dict[str, PriorSection] = Field(default_factory=dict)
    """priors of parameters, a table for each"""
    alternatives: dict[str, dict[str, PriorSection]] = Field(default_factory=dict)
    """other priors, of which one at a time takes the place of a prior"""

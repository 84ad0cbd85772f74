"""The tables of a configuration file for dynamics, surveys of occupations, panels and their designs."""

from typing import Annotated, Any

from pydantic import Field

from aigini.analysis.occupations.settings import ASSUMPTIONS, SurveySettings
from aigini.assumption import Assumption
from aigini.config.section import Section, Seed
from aigini.dynamics.settings import YEARS, SchoolingLaw, Shape
from aigini.dynamics.specs import DYNAMICS_SPECS
from aigini.panel.design.settings import ASSUMED, DesignSettings
from aigini.panel.design.settings import Selection as SelectedOn
from aigini.panel.settings import NUMBERS, Form, Selection, StructureLaw

# Defaults stand in the settings that the analyses take; the file's are those.
_SURVEYS = SurveySettings()
_STUDY = DesignSettings()


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

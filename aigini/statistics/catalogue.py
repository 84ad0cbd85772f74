"""Every moment and reported statistic, and the registry in which users enter their own.

| moment | definition | kind |
|---|---|---|
| m1 | relative change of the CV of output within occupation, task and firm, weights L_oz m(z; A1) | treated tasks |
| m2 | relative change of mean output, same weights | treated tasks |
| m3 | 4 x change of the OLS slope of log wage on schooling: the college premium | economy |
| m4 | relative change of the work-sample/assessment correlation, weights Σ_z L_oz m(z; A1) | treated hiring |
| m5 | extra growth of log assets of the top over the bottom third of firms, after minus before | economy |
| m6 | change of the Gini of total income, or of wages | economy |

m6 is `gini_total` or `gini_wage`, by the income concept. Money is per worker in units of the final good. Relative
changes are fractions, and a share or a Gini lies between 0 and 1, so that 0.01 is one per cent or one percentage point.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import jax.numpy as jnp

from aigini.economy import firms
from aigini.economy.screening import credential_requirement
from aigini.errors import MomentError, unknown_name
from aigini.parameters import Scalar
from aigini.population.draws import normal_scores
from aigini.runtime.user_code import definition
from aigini.statistics import sample, sums
from aigini.statistics.moment import Moment, View
from aigini.statistics.treated import mean_signal_correlation, treated_output
from aigini.statistics.worker_sums import (
    CAPITAL_CLAIMS,
    EDUCATION_RETURN,
    HUMAN_CAPITAL,
    INCOME_BY_FIRM,
    INCOME_LOG_INCOME,
    LABOUR_INCOME,
    LOG_WAGES_BY_FIRM,
    SCHOOLING,
    SOCIAL_EDUCATION_RETURN,
    TOTAL_INCOME,
    WAGES,
    WAGES_AND_SCHOOLING,
)

IncomeConcept = Literal["total", "wage"]
CONCEPT_WORDS: dict[str, str] = {"total": "total income", "wage": "wages"}
CONCEPTS = tuple(CONCEPT_WORDS)
"""Incomes whose Gini the analyses are about."""

GINI_CHANGE = "m6"
"""The moment whose income is `IncomeConcept`."""


def _within_task_cv(at: View) -> Scalar:
    return _treated_output(at)[0]


def _exposed_output(at: View) -> Scalar:
    return _treated_output(at)[1]


def _treated_output(at: View) -> tuple[Scalar, Scalar]:
    market = at.state.market
    social = None if market.social is None else market.social.task_output
    return treated_output(market.production, at[HUMAN_CAPITAL], at.treated_weights, social)


def _signal_correlation(at: View) -> Scalar:
    return mean_signal_correlation(at.params, at.state, at.treated_weights)


def _credential_weight(at: View) -> Scalar:
    return jnp.sum(jnp.sum(at.treated_weights, axis=1) * at.state.market.screening.credential_weight)


def _credential_requirement(at: View) -> Scalar:
    share = credential_requirement(at.params, at.state.market.screening, at.economy.before.market.screening)
    return jnp.sum(jnp.sum(at.treated_weights, axis=1) * share)


def _between_firm_variance(at: View) -> Scalar:
    return sums.between_variance(at[LOG_WAGES_BY_FIRM], at[WAGES_AND_SCHOOLING].yy)


def _theil(at: View) -> Scalar:
    income = at[TOTAL_INCOME]
    return sums.theil(income.n, income.mean * income.n, at[INCOME_LOG_INCOME].total)


def _theil_between(at: View) -> Scalar:
    # Wages of a firm depend on its rents, in κ_j, and on whom it attracts, in its rank; capital income on the latter.
    intensity = at.state.intensity
    rank = jnp.asarray(normal_scores(intensity.shape[0]))
    return sums.theil_between(at[INCOME_BY_FIRM], jnp.stack([intensity, rank]))


_LOG, _SHARE, _GINI, _THEIL, _GOOD = (
    "log points",
    "share, 0 to 1",
    "Gini, 0 to 1",
    "Theil index",
    "final good per worker",
)
_VARIANCE = "squared log points"

M1 = Moment(
    "m1",
    "within-task dispersion of output",
    "ratio of s.d. to mean",
    _within_task_cv,
    (HUMAN_CAPITAL,),
    relative=True,
    label="dispersion of output",
)
M2 = Moment("m2", "mean output on treated tasks", _GOOD, _exposed_output, (HUMAN_CAPITAL,), True, "mean output")
M3 = Moment("m3", "college premium", _LOG, lambda at: 4 * at[WAGES_AND_SCHOOLING].slope, (WAGES_AND_SCHOOLING,))
M4 = Moment(
    "m4",
    "correlation of work samples and assessments",
    "correlation",
    _signal_correlation,
    relative=True,
    label="work-sample correlation",
)
M5 = Moment(
    "m5",
    "asset growth of the top over the bottom third of firms",
    _LOG,
    lambda at: firms.growth_gap(at.state.asset_path),
    label="asset growth gap",
    fewest_firms=3,
)
GINI_TOTAL = Moment("gini_total", "Gini of total income", _GINI, lambda at: at[TOTAL_INCOME].gini, (TOTAL_INCOME,))
GINI_WAGE = Moment("gini_wage", "Gini of wages", _GINI, lambda at: at[WAGES].gini, (WAGES,))
BETWEEN_FIRM_VARIANCE = Moment(
    "between_firm_variance",
    "between-firm variance of log wages",
    _VARIANCE,
    _between_firm_variance,
    (LOG_WAGES_BY_FIRM, WAGES_AND_SCHOOLING),
    label="between-firm variance",
)
LABOUR_SHARE = Moment(
    "labour_share",
    "wages over total income",
    _SHARE,
    lambda at: at[LABOUR_INCOME].total / at[TOTAL_INCOME].total,
    (LABOUR_INCOME, TOTAL_INCOME),
    label="labour share",
)
OUTPUT = Moment("output", "output per worker", _GOOD, lambda at: at.state.market.output, relative=True, label="output")

MOMENT_NAMES = ("m1", "m2", "m3", "m4", "m5", GINI_CHANGE)
"""Moments for which the default configuration has targets."""

OUTCOMES = (M1, M2, M3, M4, M5, GINI_TOTAL, GINI_WAGE, BETWEEN_FIRM_VARIANCE, LABOUR_SHARE, OUTPUT)
"""What every analysis reports."""

STATISTICS = (
    dataclasses.replace(M1, name="within_task_cv"),
    dataclasses.replace(M2, name="exposed_output"),
    Moment(
        "education_premium",
        "slope of log wage on schooling",
        "log points per year",
        lambda at: at[WAGES_AND_SCHOOLING].slope,
        (WAGES_AND_SCHOOLING,),
    ),
    Moment(
        "education_return",
        "causal return to schooling, mean over workers",
        "log points per year",
        lambda at: at[EDUCATION_RETURN].mean,
        (EDUCATION_RETURN,),
    ),
    dataclasses.replace(M4, name="signal_correlation"),
    dataclasses.replace(M5, name="asset_growth_gap"),
    Moment("credential_weight", "weight of the credential in assessments", "weight, 0 to 1", _credential_weight),
    Moment("credential_requirement", "employers that require the credential", _SHARE, _credential_requirement),
    BETWEEN_FIRM_VARIANCE,
    Moment(
        "between_firm_share",
        "between-firm share of the variance of log wages",
        _SHARE,
        lambda at: _between_firm_variance(at) / at[WAGES_AND_SCHOOLING].variance_y,
        (LOG_WAGES_BY_FIRM, WAGES_AND_SCHOOLING),
    ),
    Moment(
        "log_wage_variance",
        "variance of log wages",
        _VARIANCE,
        lambda at: at[WAGES_AND_SCHOOLING].variance_y,
        (WAGES_AND_SCHOOLING,),
    ),
    GINI_TOTAL,
    GINI_WAGE,
    Moment("gini_capital", "Gini of capital income", _GINI, lambda at: at[CAPITAL_CLAIMS].gini, (CAPITAL_CLAIMS,)),
    Moment("gini_assets", "Gini of capital over firms", _GINI, lambda at: sample.gini(at.state.intensity)),
    Moment("theil_total", "Theil index of total income", _THEIL, _theil, (TOTAL_INCOME, INCOME_LOG_INCOME)),
    Moment(
        "theil_between",
        "Theil index of total income between firms",
        _THEIL,
        _theil_between,
        (INCOME_BY_FIRM,),
    ),
    Moment(
        "theil_within",
        "Theil index of total income within firms",
        _THEIL,
        lambda at: _theil(at) - _theil_between(at),
        (TOTAL_INCOME, INCOME_LOG_INCOME, INCOME_BY_FIRM),
    ),
    Moment(
        "top1_share",
        "share of total income of the richest 1 %",
        _SHARE,
        lambda at: at[TOTAL_INCOME].top_share(0.01),
        (TOTAL_INCOME,),
    ),
    Moment(
        "top10_share",
        "share of total income of the richest 10 %",
        _SHARE,
        lambda at: at[TOTAL_INCOME].top_share(0.1),
        (TOTAL_INCOME,),
    ),
    LABOUR_SHARE,
    Moment("mean_schooling", "mean schooling", "years", lambda at: at[SCHOOLING].mean, (SCHOOLING,)),
    OUTPUT,
    Moment(
        "human_capital",
        "mean human capital",
        "units of human capital",
        lambda at: jnp.sum(at[HUMAN_CAPITAL].h) / jnp.sum(at[HUMAN_CAPITAL].n),
        (HUMAN_CAPITAL,),
        relative=True,
    ),
    Moment("mean_income", "mean total income", _GOOD, lambda at: at[TOTAL_INCOME].mean, (TOTAL_INCOME,), True),
)
"""What a simulation reports before and after AI, beside what tells whether it can be trusted."""

SOCIAL_RETURN = Moment(
    "social_education_return",
    "causal return to social schooling, mean over workers",
    "log points per year",
    lambda at: at[SOCIAL_EDUCATION_RETURN].mean,
    (SOCIAL_EDUCATION_RETURN,),
    label="return to social schooling",
)
"""Of economies with a second skill alone, so that simulations do not report it unless asked."""

_REGISTRY = {moment.name: moment for moment in (*OUTCOMES, *STATISTICS, SOCIAL_RETURN)}
_BUILT_IN = frozenset(_REGISTRY)


def register_moment(moment: Moment) -> Moment:
    """Enter a moment, so that configurations may name it as a target; returns it.

    One that was registered before under the same name is replaced, so that a notebook's cell can run twice.

    Raises:
        MomentError: if the name is not one that a configuration file can hold, or is one of the package's own.
    """
    if not moment.name.isidentifier() or not moment.name.isascii():
        raise MomentError(f"moment {moment.name!r}: a name has only letters, digits and underscores; rename it.")
    if moment.name in _BUILT_IN or moment.name == GINI_CHANGE:
        raise MomentError(f"moment {moment.name}: aigini has a moment of this name; choose another.")
    _REGISTRY[moment.name] = moment
    return moment


def unregister_moment(name: str) -> None:
    """Take a moment out that `register_moment` entered.

    Raises:
        MomentError: if there is none of this name, or it is one of the package's own.
    """
    if name in _BUILT_IN or name not in _REGISTRY:
        raise MomentError(f"moment {name}: it was never registered; nothing is to be taken out.")
    del _REGISTRY[name]


def names() -> tuple[str, ...]:
    """Names that a target can have: the baseline's moments in their order, reported statistics, and users' own."""
    return tuple(dict.fromkeys((*MOMENT_NAMES, *_REGISTRY)))


def find(requested: str | Moment, income: str = "total") -> Moment:
    """A moment by its name; m6 is the change of the Gini of `income`.

    Raises:
        MomentError: if there is none of this name.
    """
    if isinstance(requested, Moment):
        return requested
    moment = _REGISTRY.get(f"gini_{income}" if requested == GINI_CHANGE else requested)
    if moment is None:
        raise MomentError(unknown_moment(str(requested)))
    return moment


def unknown_moment(name: str) -> str:
    """The sentence about a moment that there is none of."""
    return f"{unknown_name(name, names())} A moment of your own is entered with aigini.register_moment."


def definitions(requested: Sequence[str]) -> dict[str, str]:
    """Moments of these names that users registered, as text by key of the configuration."""
    own = [name for name in requested if name not in _BUILT_IN and name != GINI_CHANGE]
    return {f"targets.{name}": definition(_REGISTRY[name]) for name in own}


def resolve(requested: Sequence[str | Moment], income: str = "total") -> tuple[Moment, ...]:
    """Moments by their names, as `find` reads them."""
    return tuple(find(one, income) for one in requested)


def computed(requested: Sequence[str | Moment], income: str = "total") -> tuple[Moment, ...]:
    """Outcomes that an analysis computes where some moments are targets: `OUTCOMES`, then the others among them."""
    return tuple(dict.fromkeys((*OUTCOMES, *resolve(requested, income))))

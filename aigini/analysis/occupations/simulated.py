"""Surveys of simulated occupations in both regimes, with channels on and off, beside published regressions."""

import itertools
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from scipy.stats import t as student

from aigini.analysis.occupations.calibrated import Calibrated, calibrated
from aigini.analysis.occupations.design import Published
from aigini.analysis.occupations.economies import MECHANISMS, Variant, regimes_of, variants_of, wages_of
from aigini.analysis.occupations.least_squares import Fit
from aigini.analysis.occupations.power import LEVEL, binomial_error, central, not_rejected, p_value, rejection_rate
from aigini.analysis.occupations.result import (
    ALL_ON,
    NO_AI,
    ByMeasure,
    Comparison,
    Distribution,
    NotRejected,
    Regime,
    SimulatedOccupations,
    Size,
    Surveyed,
)
from aigini.analysis.occupations.settings import SurveySettings
from aigini.analysis.occupations.survey import Economies, surveys
from aigini.analysis.occupations.wages import MOMENTS, quantile_tables
from aigini.estimation.estimated_model import EstimatedModel
from aigini.runtime.progress import report, steps

_AGAIN = 1 << 21  # numbers of the surveys that the size of the test is measured with


def simulate_occupations(
    model: EstimatedModel,
    published: Mapping[str, Sequence[Published]],
    main: str,
    settings: SurveySettings,
    pooled: int,
) -> SimulatedOccupations:
    """Survey the occupations of simulated economies and regress them as published ones are.

    Args:
        model: The economy at its estimates; m6 must be a target and η1 free.
        published: Panels of the same regressions by measure of exposure.
        main: The measure whose surveys cover every economy; others cover the regimes and no AI.
        settings: Assumptions.
        pooled: Years that a release pools.

    Raises:
        AnalysisError: if the other moments cannot be met at the values of η1, or an economy is not finite.
    """
    model.require_sign_problem()
    regimes = regimes_of(model, settings)
    variants = variants_of(regimes, settings)
    wages, index = wages_of(model, regimes, variants)
    before = quantile_tables(wages.below[0], [0.0])[0]
    length = max(len(panel.weight) for panels in published.values() for panel in panels)

    def survey_of(panel: Published) -> Calibrated:
        return calibrated(panel, settings, before, pooled, length)

    def tables(of: Sequence[Variant], shares: np.ndarray) -> np.ndarray:
        return np.stack([quantile_tables(wages.below[index[v.regime, v.switches]], v.arrival * shares) for v in of])

    every = [index[v.regime, v.switches] for v in variants]
    regressions: list[Surveyed] = []
    distributions: list[Distribution] = []
    comparisons: list[Comparison] = []
    sizes: list[Size] = []
    ranges: list[NotRejected] = []
    for panel in published[main]:
        # The first surveys of a design compile their program, before any are counted.
        preparing = f"{panel.name}: compiling, and fitting the survey to the published panel"
        report(preparing, 0, 1)
        one = survey_of(panel)
        report(preparing, 1, 1)
        draws = _surveys(panel.name, settings, one, tables(variants, one.shares))
        # As many economies as elsewhere, so that nothing is compiled anew.
        again = _surveys("", settings, one, tables(variants[:1] * 3, one.shares), first=_AGAIN)
        regressions.append(_surveyed(main, one, draws))
        distributions += _distributions(one, variants, draws, wages.moments[every], model.income)
        comparisons += _comparisons(panel.name, variants, draws.coef)
        sizes += _sizes(panel.name, one, draws, again)
        ranges += _ranges(one, regimes, variants, draws.coef, wages.moments[every, 0])
    usual = [v for v in variants if v.off == ALL_ON and v.floor == 1.0 and v.arrival == _arrival(variants)]
    usual = [variants[0], *usual]
    measures = []
    for measure in steps("measures of exposure", list(published)):
        for panel in published[measure]:
            if panel.periods == 1:
                one = survey_of(panel)
                draws = _surveys("", settings, one, tables(usual, one.shares))
                measures.append(_by_measure(measure, one, usual, draws))
    return SimulatedOccupations(
        assumed={name: None if value is None else float(value) for name, value in settings.assumed.items()},
        replications=settings.replications,
        regimes=regimes,
        regressions=tuple(regressions),
        distributions=tuple(distributions),
        comparisons=tuple(comparisons),
        sizes=tuple(sizes),
        not_rejected=tuple(ranges),
        measures=tuple(measures),
        n_workers=model.outcome_map.population.n_workers,
    )


def _surveys(name: str, settings: SurveySettings, one: Calibrated, tables: np.ndarray, first: int = 0) -> Fit:
    # Without AI a release is as it was before; so the first economy, whose arrival is 0, is any.
    count = len(tables)
    economies = Economies(jnp.asarray(tables), jnp.full(count, one.occupation_sd), jnp.full(count, one.group_sd))
    return surveys(name, settings.seed, settings.replications, one.design, economies, first)


def _critical(one: Calibrated) -> float:
    return float(student.ppf(1 - LEVEL / 2, one.design.n_groups - 1))


def _surveyed(measure: str, one: Calibrated, draws: Fit) -> Surveyed:
    panel = one.published
    return Surveyed(
        name=panel.name,
        exposure=measure,
        estimate=float(one.estimate.coef),
        se_crv1=float(one.estimate.se_crv1),
        se_crv3=float(one.estimate.se_crv3),
        n=int(one.estimate.n),
        occupations=len(panel.weight),
        clusters=panel.n_groups,
        after=[float(one.shares[k]) for k in one.design.after],
        respondents=float(np.median(one.design.respondents[: len(panel.weight)])),
        level_sd=float(one.design.level_sd),
        spread_mean=float(one.design.spread_mean),
        spread_sd=float(one.design.spread_sd),
        occupation_change_sd=one.occupation_sd,
        group_change_sd=one.group_sd,
        sd=float(draws.coef[:, 0].std(ddof=1)),
        n_simulated=float(draws.n[:, 0].mean()),
    )


def _distributions(
    one: Calibrated, variants: Sequence[Variant], draws: Fit, moments: np.ndarray, income: str
) -> list[Distribution]:
    """Coefficients of every economy, whose `moments` are ``[economies, moments]``."""
    gini = [moment.name for moment in MOMENTS].index(f"gini_{income}")
    low, high = central(draws.coef)
    crv1, crv3 = (np.mean(np.abs(draws.coef) > _critical(one) * se, axis=0) for se in (draws.se_crv1, draws.se_crv3))
    made = []
    for k, v in enumerate(variants):
        coef, with_ai = draws.coef[:, k], float(v.regime != NO_AI)
        made.append(
            Distribution(
                regression=one.published.name,
                regime=v.regime,
                off=v.off,
                arrival=v.arrival,
                floor=v.floor,
                m1=with_ai * float(moments[k, 0]),
                gini_change=with_ai * float(moments[k, gini]),
                mean=float(coef.mean()),
                sd=float(coef.std(ddof=1)),
                low=float(low[k]),
                high=float(high[k]),
                p_value=p_value(float(one.estimate.coef), coef),
                power=rejection_rate(coef, draws.coef[:, 0])[0],
                rejects_crv1=float(crv1[k]),
                rejects_crv3=float(crv3[k]),
                surveys=len(coef),
            )
        )
    return made


def _comparisons(name: str, variants: Sequence[Variant], coef: np.ndarray) -> list[Comparison]:
    at = {v: k for k, v in enumerate(variants)}
    arrival = _arrival(variants)
    full = [v for v in variants if v.off == ALL_ON and v.floor == 1.0 and v.arrival == arrival]
    pairs = [(variants[0], v, "AI") for v in full]
    for v in full:
        off = [w for w in variants if w.regime == v.regime and w.off in MECHANISMS and w.arrival == arrival]
        pairs += [(w, v, w.off.replace("_", " ")) for w in off]
    pairs += [(one, other, "regime") for one, other in itertools.permutations(full, 2)]
    made = []
    for null, v, question in pairs:
        power, error = rejection_rate(coef[:, at[v]], coef[:, at[null]])
        made.append(Comparison(name, null.label, v.label, question, power, error))
    return made


def _sizes(name: str, one: Calibrated, draws: Fit, again: Fit) -> list[Size]:
    """Rejections of a true coefficient of zero."""
    coef, count = draws.coef[:, 0], len(draws.coef)
    freedom = one.design.n_groups - 1
    tests = {
        f"CRV1, t({freedom})": (draws.se_crv1[:, 0], _critical(one)),
        f"CRV3, t({freedom})": (draws.se_crv3[:, 0], _critical(one)),
        "by occupation, normal": (draws.se_hc1[:, 0], 1.959964),
    }
    made = []
    for test, (se, critical) in tests.items():
        rate = float(np.mean(np.abs(coef) > critical * se))
        made.append(Size(name, test, rate, binomial_error(rate, count)))
    rate, error = rejection_rate(again.coef[:, 0], coef, paired=False)
    return [*made, Size(name, "simulated distribution", rate, error)]


def _ranges(
    one: Calibrated, regimes: Sequence[Regime], variants: Sequence[Variant], coef: np.ndarray, m1: np.ndarray
) -> list[NotRejected]:
    """Values of m1 and of the share of AI that has arrived which the published coefficient does not reject."""
    arrival = _arrival(variants)
    made = []
    for regime in regimes:
        own = [k for k, v in enumerate(variants) if v.regime == regime.name]
        floors = [k for k in own if variants[k].arrival == arrival and variants[k].off in (ALL_ON, "task_floor")]
        arrived = [0, *(k for k in own if variants[k].off == ALL_ON and variants[k].floor == 1.0)]
        grids = {"m1": (floors, m1[floors]), "arrival": (arrived, np.array([variants[k].arrival for k in arrived]))}
        for quantity, (at, grid) in grids.items():
            span, errors = not_rejected(float(one.estimate.coef), grid, coef[:, at])
            low, high = (None, None) if span is None else span
            tried = [float(grid.min()), float(grid.max())]
            made.append(NotRejected(one.published.name, regime.name, quantity, low, high, *errors, tried=tried))
    return made


def _arrival(variants: Sequence[Variant]) -> float:
    """The share of AI's effect that has arrived as configured."""
    return next(v.arrival for v in variants if v.off in MECHANISMS)


def _by_measure(measure: str, one: Calibrated, variants: Sequence[Variant], draws: Fit) -> ByMeasure:
    estimate = float(one.estimate.coef)
    return ByMeasure(
        regression=one.published.name,
        exposure=measure,
        estimate=estimate,
        se_crv3=float(one.estimate.se_crv3),
        p_values={v.label: p_value(estimate, draws.coef[:, k]) for k, v in enumerate(variants)},
    )

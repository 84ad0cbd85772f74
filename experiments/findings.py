"""What the committed runs say: findings in the documents, every number read from the files under experiments/.

    python experiments/findings.py [--write]

Without ``--write`` the text is printed. A sentence that draws a conclusion holds only under a condition, which is
checked here; where the runs no longer carry it, this ends with the sentence that has to be written anew.
"""

import argparse
import dataclasses
import itertools
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aigini import figures
from aigini.analysis.channels import ChannelDecomposition
from aigini.analysis.identification.ridge_statement import sharing_by_eta1
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import Sign
from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.analysis.occupations.conditions import LEFT_OUT, condition_words, p_words
from aigini.analysis.occupations.power import LEVEL
from aigini.analysis.occupations.result import SimulatedOccupations
from aigini.analysis.occupations.words import questions, range_words, tells
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.robustness.findings import BOUNDARY, CHANGE, CHANNEL, PROPOSITION, RIDGE
from aigini.analysis.robustness.propositions import FAILS, HOLDS, OPEN
from aigini.analysis.robustness.result import Robustness, VariantResult
from aigini.analysis.timing_result import PolicyTiming
from aigini.bayes.beliefs import Beliefs
from aigini.bayes.probability import Probability
from aigini.bayes.result import Posterior
from aigini.commands.registry import load_result
from aigini.dynamics.atlas import LongRunBifurcations
from aigini.dynamics.phase_result import PhaseDiagrams
from aigini.dynamics.result import Transition
from aigini.dynamics.yearly_channels import NAMES as CHANNELS_BY_YEAR
from aigini.dynamics.yearly_channels import YearlyChannels
from aigini.figures import style
from aigini.oews.handling import beside_surveys, handlings
from aigini.oews.result import OccupationWages
from aigini.oews.specifications import WINDOWS
from aigini.panel.design.answers import ACROSS, GROUP_TIME, USERS
from aigini.panel.design.diagnosands import Diagnosis
from aigini.panel.design.result import DesignStudy
from aigini.panel.design.smallest import SmallestPanel
from aigini.panel.design.study import INSTRUMENT, USER_GAIN

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "experiments"
DOCUMENTS = [ROOT / name for name in ("README.md", "aigini/GUIDE.md", "experiments/README.md")]
SHOWN = 5e-5
"""Smallest number that four decimals show."""


def text() -> str:
    """The findings as Markdown.

    Raises:
        SystemExit: if a conclusion no longer follows from the runs.
    """
    baseline = RESULTS / "baseline"
    lines = [
        _sign(load_result(baseline, "sign")),
        _distance(load_result(baseline, "regimes")),
        _channels(load_result(baseline, "channels")),
        _uncertainty(load_result(baseline, "sensitivity")),
        _posterior(load_result(baseline, "posterior"), load_result(RESULTS / "belief_unknown", "posterior")),
        _beliefs(load_result(baseline, "beliefs")),
        _occupations(load_result(RESULTS / "oews", "oews"), load_result(RESULTS / "oews", "oews_surveys")),
    ]
    if (RESULTS / "dynamics" / "phases.json").exists():
        names = ("dynamics", "bifurcations", "phases")
        lines.append(_two_regimes(*(load_result(RESULTS / "dynamics", name) for name in names)))
    if (RESULTS / "dynamics_lost" / "policy_timing.json").exists():
        lines.append(_no_return(load_result(RESULTS / "dynamics_lost", "policy_timing")))
    if (RESULTS / "dynamics_channels" / "yearly_channels.json").exists():
        lines.append(_by_year(load_result(RESULTS / "dynamics_channels", "yearly_channels")))
    if (RESULTS / "dynamics_published" / "dynamics.json").exists():
        lines.append(_published(load_result(RESULTS / "dynamics_published", "dynamics")))
    if (RESULTS / "robustness" / "robustness.json").exists():
        lines.append(_variants(load_result(RESULTS / "robustness", "robustness")))
    if (RESULTS / "complements" / "regimes.json").exists():
        lines.append(_complements(load_result(RESULTS / "complements", "regimes")))
    if (RESULTS / "two_skills" / "regimes.json").exists():
        lines.append(_two_skills(load_result(RESULTS / "two_skills", "regimes")))
    if (RESULTS / "design" / "design.json").exists():
        lines.append(_panels(load_result(RESULTS / "design", "design")))
    return "\n".join(_wrapped(line) for line in lines) + "\n"


def reproduced() -> str:
    """The tables of moments and estimates that ``aigini reproduce`` prints, from the committed run."""
    printed = str(load_result(RESULTS / "baseline", "calibration")).splitlines()
    end = next(number for number, line in enumerate(printed) if line.startswith("weights"))
    return "\n".join(printed[:end]).rstrip() + "\n"


def _claim(holds: bool, words: str) -> str:
    if not holds:
        raise SystemExit(f"the committed runs no longer carry this sentence; write it anew: {words}")
    return words


def _signed(value: float, error: float | None) -> str:
    """A change with four decimals, or as many as its simulation standard error needs."""
    return _with_error(value, error, 4, sign="+").replace("-", "−")


def _with_error(value: float, error: float | None, decimals: int = 2, sign: str = "") -> str:
    """A number and its standard error, where it has one, with as many decimals as show one digit of the error."""
    if error is None:
        return f"{value:{sign}.{decimals}f}"
    if error > 0:
        decimals = max(decimals, -math.floor(math.log10(error)))
    return f"{value:{sign}.{decimals}f} ± {error:.{decimals}f}"


def _sign(result: Sign) -> str:
    own = result.params["xi"]
    met = [point for point in result.ridge if point.feasible]
    here = [point.change(result.income) for point in met if point.xi == own]
    low, high = min(here, key=lambda c: c.value), max(here, key=lambda c: c.value)
    both = [xi for xi, signs in result.signs.items() if "+" in signs and "-" in signs]
    rest = [xi for xi in result.signs if xi not in both]
    by_eta1 = " ".join(sharing_by_eta1(result.ridge, result.income))
    return (
        "* **"
        + _claim(low.sign < 0 < high.sign, "m1 ... m5 do not identify the sign")
        + f"** (`aigini sign`). At ξ = {own:g} economies that meet all five exist; along them the Gini of total income"
        f" changes by {_signed(low.value, low.error)} to {_signed(high.value, high.error)} (±: simulation s.e.). Both"
        f" signs stand out of simulation error at ξ = {', '.join(f'{float(xi):g}' for xi in both)}"
        + (f"; at ξ = {', '.join(f'{float(xi):g}' for xi in rest)} not both do" if rest else "")
        + f". This agrees with the claim of the paper. {by_eta1}".replace("eta1", "η1").replace("xi", "ξ")
    )


def _distance(result: Regimes) -> str:
    total, wage = ({d.concept: d for d in result.distances}[concept] for concept in ("total", "wage"))
    eta, xi = total.alone["eta1"], wage.alone["xi"]
    assert eta.distance is not None
    assert xi.distance is not None
    flips = [name for name in total.alone if total.flips(name) and name != "eta1"]
    return (
        "* **"
        + _claim(total.flips("eta1"), "η1 against η0 crosses the boundary by itself")
        + "; "
        + _claim(total.alone["xi"].distance is None, "at the estimates ξ alone does not, for total income")
        + f"** (`aigini regimes --grid 21`). Its sign flips at η1 ="
        f" {_with_error(eta.to['eta1'], eta.to_simulation_se['eta1'])} (estimate {result.params['eta1']:.2f}), the"
        " other parameters held"
        + (f"; other parameters that flip it alone: {', '.join(flips)}" if flips else "")
        + f". ξ alone: {total.in_words('xi')}. "
        + _claim(wage.flips("xi"), "The Gini of *wages* does change its sign with ξ")
        + f", at {_with_error(xi.to['xi'], xi.to_simulation_se['xi'])} (published {result.params['xi']:g})."
        " Whether ξ moves the sign of total income depends on η1, which the data leave open; the paper's abstract gives"
        " ξ that role without this condition."
    )


def _channels(result: ChannelDecomposition) -> str:
    part = result.outcomes["gini_total"]
    parts = {name: part.contribution(name) for name in part.contributions}
    order = sorted((name for name in parts if parts[name].sign), key=lambda name: parts[name].value)
    seen = [name for name in order if abs(parts[name].value) >= SHOWN]
    words = ", ".join(f"{name.replace('_', ' ')} {_signed(parts[name].value, parts[name].error)}" for name in seen)
    words += "".join(f", {name.replace('_', ' ')} less than 0.0001" for name in order if name not in seen)
    return (
        "* **What AI equalises and what it concentrates** (`aigini channels`). Of the change of the Gini of total"
        f" income, {_signed(part.total, None)}, which is the target m6 and so an assumption, the channels contribute:"
        f" {words}."
    )


def _without_m6(result: SensitivityAnalysis, concept: str) -> SignUncertainty:
    return next(one for one in result.signs if one.concept == concept and "m6" not in one.estimated_with)


def _uncertainty(result: SensitivityAnalysis) -> str:
    one = _without_m6(result, "total")
    name, share = max(one.shares.items(), key=lambda item: item[1])
    errors = result.se[result.best_kind]
    assert errors is not None
    return (
        "* **The uncertainty is large** (`aigini sensitivity`). With the published standard errors that of σ is"
        f" {errors['sigma']:.0f} (estimate {result.params['sigma']:.2f}) and that of η1 {errors['eta1']:.1f} (estimate"
        f" {result.params['eta1']:.2f}): neither is identified in practice. Leaving m6 out, the probability of a rise"
        f" is {one.probability:.2f} to first order, and {100 * share:.0f} % of the variance comes from"
        f" {'the standard error of ' if name in one.estimated_with else ''}{name}; "
        + _claim(bool(one.unreliable), "the command marks these first-order numbers as not reliable")
        + ", and the posterior's are the ones to use."
    )


def _probability(one: Probability) -> str:
    if one.certain:
        side = "above" if one.value > 0.5 else "below"
        return f"{side} {abs(one.value - one.total_error):.3f}"
    return f"{one.value:.3f} ± {one.total_error:.3f}"


def _side(one: Probability) -> str:
    return {1: "a rise is more likely than a fall", -1: "a fall is more likely than a rise", 0: "the sign is open"}[
        one.side
    ]


def _posterior(result: Posterior, unknown: Posterior) -> str:
    total, wage = result.rises["total"], result.rises["wage"]
    one = unknown.rises["total"]
    by = unknown.populations.rises["total"]
    given = {found.given: found for found in result.conditional["total"]}

    def end(name: str, at: int) -> str:
        return _with_error(float(given[name].value[at]), float(given[name].error[at]))

    best = max(
        (gain for gain in result.information["total"].gains if gain.name in result.targets), key=lambda g: g.bits
    )
    return (
        "* **The answer is a probability** (`aigini posterior`; ±: total s.e., from Monte Carlo and from the draw of"
        " the population together). With m6 unknown, which is what can be said without assuming the answer, the Gini of"
        f" total income rises with probability {_probability(one)}: {_side(one)}. On single populations it is from"
        f" {by.min():.3f} to {by.max():.3f}. With the target of m6 read as an observation, it is {_probability(total)}"
        f" ({_side(total)}), and that of wages {_probability(wage)} ({_side(wage)}). What is believed about η1 decides:"
        f" the probability is {end('eta1', 0)} in the lowest tenth of η1 and {end('eta1', -1)} in the highest; between"
        f" those of ξ it is {end('xi', 0)} and {end('xi', -1)}. Of the {result.information['total'].entropy:.2f} bits"
        " unknown about the sign,"
        f" halving the standard error of {best.name} would save {best.bits:.2f}."
        + "".join(
            f" The run {which} is marked as not to be used as it is: {' '.join(run.health.marks)}"
            for which, run in (("with m6 unknown", unknown), ("with m6 as an observation", result))
            if not run.health.good
        )
    )


def _beliefs(result: Beliefs) -> str:
    open_cells = sum(cell.side("total") == 0 for cell in result.cells)
    own = [cell for cell in result.cells if cell.prior == "as configured" and cell.reliable]
    cells = ", ".join(
        f"{cell.m6}: {_with_error(cell.rises['total'].value, cell.rises['total'].error)}" for cell in own
    ).replace("-", "−")
    return (
        "* **What one believes about m6 and ξ moves it** (`aigini beliefs`). With ξ as published, P(the Gini of total"
        f" income rises) by what is believed of m6: {cells}. The sign is open in {open_cells} of the"
        f" {len(result.cells)} combinations of beliefs about m6 and ξ."
    )


def _two_regimes(paths: Transition, folds: LongRunBifurcations, phases: PhaseDiagrams) -> str:
    """Two regimes where bargaining erodes, which is an assumption of this project."""
    assert paths.long_run.boundary is not None
    by_sign = {
        (regime, name): {
            state.change(name).sign
            for diagram in phases.diagrams
            for state in diagram.states
            if diagram.regime_at(state) == regime
        }
        for regime in ("labour-strong", "asset-dominated")
        for name in ("gini_total", "gini_wage")
    }
    over = {one.name: one for one in folds.over}
    growth = {fold.ends: fold.value for fold in over["growth"].folds}
    needed = sorted(
        (float(name.split()[-1]), one.value) for name, one in paths.critical.items() if one.value is not None
    )
    speeds = ", ".join(f"{value:.4f} at a speed of deployment of {speed:g}" for speed, value in needed)
    rising = all(a[1] < b[1] for a, b in itertools.pairwise(needed))
    words = {1: "a rise", -1: "a fall", 0: "not distinguishable from none"}

    def everywhere(regime: str, name: str) -> str:
        return " or ".join(words[sign] for sign in sorted(by_sign[regime, name], reverse=True)) or "was not computed"

    return (
        "* **"
        + _claim(len(paths.at_rest) == 2 and paths.long_run.complete, "Two stable regimes, and no more, exist")
        + " where workers have much of the rents and bargaining erodes as assets concentrate** (`aigini dynamics"
        " configs/two_regimes.toml`). None of these numbers is estimated, and the erosion of bargaining is an"
        f" assumption. The labour-strong regime exists up to χ q_A = {growth['labour-strong']:.5f} a year (here"
        f" {paths.growth:.5f}), and an asset-dominated economy comes back only below {growth['asset-dominated']:.5f}."
        f" It is reached if people retool at more than {speeds}: "
        + _claim(len(needed) > 1 and rising, "slower deployment lowers the speed that is needed")
        + ". Signs of the changes in the state reached, over all points of the phase diagrams: Gini of total income"
        f" {everywhere('labour-strong', 'gini_total')} if labour-strong, {everywhere('asset-dominated', 'gini_total')}"
        f" if asset-dominated; Gini of wages {everywhere('labour-strong', 'gini_wage')} if labour-strong,"
        f" {everywhere('asset-dominated', 'gini_wage')} if asset-dominated."
    )


def _no_return(result: PolicyTiming) -> str:
    """Points of no return."""
    lasting = [one for one in result.levers if one.duration is None]
    late = [one for one in lasting if one.no_return is not None]
    dates = ", ".join(f"{one.lever.replace('_', ' ')} from year {one.no_return:.1f}" for one in late)
    always = [one.lever.replace("_", " ") for one in lasting if not one.switches and one.strength[0] is not None]
    return (
        "* **"
        + _claim(bool(late), "Some policies come too late")
        + "** (`aigini dynamics configs/two_regimes.toml --with policy_timing --set dynamics.retool_speed=0.1`, whose"
        f" path ends {result.regime}). At full strength and for good these no longer bring the labour-strong regime"
        f" back: {dates}. These still do from any year up to {result.years}: {', '.join(always) or 'none'}."
    )


def _by_year(result: YearlyChannels) -> str:
    """Channels on the path: the largest contributions in its middle and in its last year."""

    def ranked(name: str, year: int) -> list[int]:
        values = result.contributions[name][year]
        return sorted(range(len(CHANNELS_BY_YEAR)), key=lambda k: -abs(values[k]))[:2]

    def largest(name: str, year: int) -> str:
        values, errors = result.contributions[name][year], result.simulation_se[name][year]
        return " and ".join(
            f"{words.get(CHANNELS_BY_YEAR[k], CHANNELS_BY_YEAR[k].replace('_', ' '))}"
            f" {_with_error(100 * values[k], 100 * errors[k], sign='+')}"
            for k in ranked(name, year)
        )

    def apart(year: int) -> bool:
        """True if the first of the two stands out of two simulation errors."""
        first, second = ranked("gini_total", year)
        values, errors = result.contributions["gini_total"][year], result.simulation_se["gini_total"][year]
        return abs(values[first]) - abs(values[second]) > 2 * np.hypot(errors[first], errors[second])

    words = {"bargaining": "the erosion of bargaining"}
    middle, last = result.years // 2, result.years
    moved = ranked("gini_total", middle)[0] != ranked("gini_total", last)[0] and apart(middle) and apart(last)
    parts = "; ".join(
        f"{of} in year {year}: {largest(name, year)}"
        for name, of in (("gini_total", "total income"), ("gini_wage", "wages"))
        for year in (middle, last)
    )
    return (
        "* **"
        + _claim(moved, "What carries the change of total income shifts along the path")
        + "** (`aigini dynamics configs/two_regimes.toml --with yearly_channels --set population.n_workers=32768 --set"
        " calibration.replications=4`; on assumed numbers, as above). The two largest exact contributions to the"
        f" changes of the Ginis, in Gini points (0-100) ± simulation s.e.: {parts}."
    )


def _published(result: Transition) -> str:
    return (
        "* **"
        + _claim(
            len(result.long_run.points) == 1 and bool(result.long_run.stable.all()),
            "At the published share of workers in rents there is one regime",
        )
        + f"** (`aigini dynamics`). With ξ = {result.params['xi']:g} workers have too little for its erosion to matter:"
        " the claim of two regimes needs a larger ξ and more reinvestment than the paper has."
    )


def _occupations(wages: OccupationWages, surveys: SimulatedOccupations) -> str:
    signs = [wages.signs(window) for window in WINDOWS]
    counts = "; ".join(
        f"{first} to {last} {one['negative']} negative and {one['positive']} positive, of which {one['significant']}"
        " differ from zero at 5 % (CRV3)"
        for (first, last), one in zip(WINDOWS, signs, strict=True)
    )
    measure, latest = surveys.regressions[0].exposure, f"long difference {WINDOWS[-1][0]}-{WINDOWS[-1][1]}"
    top = {r.sample.rpartition(" ")[2]: r.per_sd for r in handlings(wages.regressions, measure)[latest]}
    told = {rows[0].alternative: rows for question, rows in questions(surveys).items() if question.startswith("AI ")}
    best = {regime: max(rows, key=lambda one: one.power) for regime, rows in told.items()}
    power = " and ".join(
        f"{one.power:.2f} ± {one.power_error:.2f} in the {regime} economy" for regime, one in best.items()
    )
    depends = tells(best["equalising"]) is True and tells(best["concentrating"]) is False
    surveys = dataclasses.replace(surveys, handlings=beside_surveys(wages.regressions, measure))
    rejected = [
        f"{one.name} rejects the {d.label} economy ({p_words(d.p_value, d.surveys, explained=True)});"
        f" {condition_words(surveys, one, d.label)}"
        for one in surveys.regressions
        for d in surveys.main(one.name)
        if d.label in best and d.p_value < LEVEL
    ]
    sizes = {name: [s.rate for s in surveys.sizes if s.test.startswith(name)] for name in ("CRV1", "CRV3")}
    size = ", ".join(f"{name} {100 * min(rates):.0f} to {100 * max(rates):.0f} %" for name, rates in sizes.items())
    measures, clusters = len(wages.headline(WINDOWS[0])), min(one.clusters for one in surveys.regressions)
    words = (
        "* **"
        + _claim(
            all(one["negative"] and one["positive"] for one in signs),
            "On published occupation wages the sign depends on the measure of exposure",
        )
        + "** (`aigini oews`). Coefficients of the change of 100 log p90/p10 on"
        f" {measures} measures: {counts}. Top codes alone leave that of {latest} by {measure} from"
        f" {top['lower']:+.2f} to {top['upper']:+.2f} per s.d. On simulated occupations, surveyed alike, "
        + _claim(depends, "what the regression can tell depends on the regime")
        + f": if all of AI's effect is in the survey panels from {surveys.assumed['ai_from']:g} on, an assumption"
        f" and the most that they can have of it, power against no AI is at best {power}. There, with"
        f" {LEFT_OUT}, {' and '.join(rejected) or 'none rejects an economy'}. {range_words(surveys.not_rejected)} With"
        f" {clusters} clusters a coefficient that is zero is rejected at 5 % by {size}. All that they assume is"
        " in `[oews]`."
    )
    return words.replace(" -", " −").replace("(-", "(−")


def _wrapped(line: str) -> str:
    words, rows, row = line.split(" "), [], ""
    for word in words:
        if row and len(row) + 1 + len(word) > 120:
            rows.append(row)
            row = "  " + word
        else:
            row = f"{row} {word}" if row else word
    return "\n".join([*rows, row])


def _variants(result: Robustness) -> str:
    """The table of variants, beside what the texts say."""
    told = [one for one in result.variants if one.get(PROPOSITION, "homogenization").words]
    under = [one for one in told if one.get(PROPOSITION, "homogenization").words in (HOLDS, FAILS, OPEN)]
    holding = [one for one in under if one.get(PROPOSITION, "homogenization").words == HOLDS]
    ridges = [one for one in result.variants if one.get(RIDGE, "verdict").words]
    left_open = [one for one in ridges if one.get(RIDGE, "verdict").words == "left open"]
    # A scenario of m6 alone has the economy and the other targets of the baseline, and so the same ridge.
    lost = [_variant(one) for one in ridges if one not in left_open and set(one.overrides) == {"targets.m6"}]
    flips = [one for one in told if one.get(BOUNDARY, "gini_total: eta1").words == "flips the sign"]
    missed = [
        f"{_variant(one)} ({one.failure.partition('): ')[2].partition(';')[0] or one.failure})"
        for one in result.variants
        if not one.estimated
    ]
    floors = {_variant(one): one.get(CHANNEL, "gini_total: task_floor").simulated.sign for one in told}
    up = [
        f"{_variant(one)} ({_change(one, 'gini_wage')})"
        for one in told
        if one.get(CHANGE, "gini_wage").simulated.sign > 0
    ]
    wages = [one for one in told if one.estimated and one.get(CHANGE, "gini_wage").value is not None]
    low, high = (choose(wages, key=lambda one: one.get(CHANGE, "gini_wage").simulated.value) for choose in (min, max))
    ends = [f"{_change(one, 'gini_wage')} ({_variant(one)})" for one in (low, high)]
    additive = [one for one in told if one.name == "additive_human_capital"]
    _claim(
        all(one.get(CHANGE, "gini_wage").simulated.sign > 0 for one in additive) and bool(additive),
        "with additive human capital the Gini of wages rises",
    )
    _claim(
        all("would not reject" in one.failure for one in result.variants if not one.estimated),
        "data would not reject the closest fits",
    )
    return (
        f"* **In {len(holding)} of {len(under)} variants a larger task floor makes output within tasks more equal, and"
        f" in {len(left_open)} of {len(ridges)} the moments leave the sign open** (`aigini robustness`; other"
        " technologies, laws of human capital and ability, reaches of AI, and scenarios of the targets, each estimated"
        f" again{'; beta is at most 0 in these' if len(under) < len(told) else ''}). That AI makes it more equal at all"
        " is the target m1 in each of them, and so an assumption."
        + _but("Homogenization does not hold", under, holding)
        + _but("The sign is not open", ridges, left_open)
        + (
            f" Of these {', '.join(lost)} has the baseline's economy, whose search found both signs where this one was"
            " lost."
            if lost
            else ""
        )
        + (
            " That homogenization and two regimes survive other technologies agrees with the texts."
            if len(holding) == len(under) and len(left_open) == len(ridges)
            else " The texts say that homogenization and the boundary between regimes are robust to such"
            " alternatives: that is so but for these."
        )
        + f" η1 alone flips the sign for total income in {len(flips)} of {len(told)}."
        f" The task floor lowers the Gini of total income in {list(floors.values()).count(-1)} of {len(floors)}"
        + "".join(f"; it raises it in {name}" for name, side in floors.items() if side > 0)
        + f". Where targets are met the Gini of wages changes by {ends[0]} to {ends[1]}; closest fits"
        f" included, it rises in {', '.join(up)}."
        " With an additive law of human capital, which the texts say answers differently, wages thus answer with the"
        " other sign."
        + (
            f" All targets cannot be met at once, but data would not reject the closest fit, in {'; '.join(missed)}."
            if missed
            else ""
        )
    ).replace("eta1", "η1")


def _variant(one: VariantResult) -> str:
    return f"`{one.name}`"


def _change(one: VariantResult, name: str) -> str:
    change = one.get(CHANGE, name).simulated
    return _signed(change.value, change.error)


def _but(words: str, every: Sequence[VariantResult], those: Sequence[VariantResult]) -> str:
    rest = [_variant(one) for one in every if one not in those]
    return f" {words} in {', '.join(rest)}." if rest else ""


def _complements(result: Regimes) -> str:
    """Where homogenization reverses over the substitution of AI for human work."""
    (plane,) = result.outcome_planes
    signs = plane.signs("m1")
    rho = np.asarray(plane.x)
    held = "on the tasks that it reaches already" if plane.fixed_reach else "as it reaches more tasks"
    more = f"from {plane.levels[0]:g} to {plane.levels[1]:g} {held}"
    return (
        "* **"
        + _claim(bool((signs == -1).all()), "More AI makes output within tasks more equal for complements, too")
        + f"** (`aigini regimes` with CES tasks, run `complements` below): with A {more}, at all {signs.size} points of"
        f" a map over ρ from {rho.min():g} to {rho.max():g} and β from {min(plane.y):g} to {max(plane.y):g}. The texts"
        " say that signs reverse for complementary tasks. They can, but only where AI reaches tasks almost completely"
        " before it becomes more capable (`aigini/MODEL.md`, section 15.4, has the condition and why), which is not so"
        " on this map."
    )


def _two_skills(result: Regimes) -> str:
    """H2: signs of the changes of both returns to schooling, over σ and the weight of the second skill."""
    (plane,) = result.outcome_planes
    sigma, falls, rises = (
        np.asarray(plane.x),
        plane.signs("education_return") < 0,
        plane.signs("social_education_return"),
    )
    known = np.isfinite(plane.changes["education_return"])
    parts = []
    for words, own in (("σ above 1", sigma > 1), ("σ below 1", sigma < 1)):
        n = int(known[own].sum())
        parts.append(
            f"at {words} that to codifiable schooling falls at {int(falls[own].sum())} of {n} points and that to social"
            f" schooling rises at {int((rises[own] > 0).sum())} and falls at {int((rises[own] < 0).sum())}"
        )
    above = sigma > 1
    return (
        "* **"
        + _claim(bool(falls[known].all()), "The return to codifiable schooling falls with AI everywhere on the map")
        + ", and "
        + _claim(not (rises[above] > 0).any(), "that to social schooling rises nowhere with σ above 1")
        + f"** (`aigini regimes` with two skills, run `two_skills` below; mean causal returns over σ from {sigma[0]:g}"
        f" to {sigma[-1]:g} and the weight of a second skill that AI does not do): {'; '.join(parts)}. The texts"
        " say that returns fall for codifiable and rise for social skills, conditional on σ > 1: the first half holds"
        " here, without the condition; the second does not, for pay, of which the return is a share, rises by more than"
        " the price of social skills. The numbers of the second skill are assumptions."
    )


def _panels(study: DesignStudy) -> str:
    """How large panels must be, and what ignoring selection does."""

    def missed(one: Diagnosis) -> str:
        return _with_error(one.bias, one.bias_error, sign="+").replace("-", "−")

    def strongest(varied: str, question: str, estimator: str) -> Diagnosis:
        return max(study.rows(varied, question, estimator), key=lambda one: one.value)

    regimes = [one for one in study.smallest if one.target.startswith("regimes")]
    hypotheses = [one for one in study.smallest if one not in regimes]
    larger = [one for one in hypotheses if one.words.startswith("more")]
    told = [one for one in hypotheses if one not in larger]
    across, over_time = (strongest("selection", "gain", name) for name in (ACROSS, GROUP_TIME))
    users, instrument = (strongest("use", USER_GAIN, name) for name in (USERS, INSTRUMENT))
    wrong = [
        f"{one.question} with {one.firms} firms, {one.estimator}, {_with_error(one.power, one.power_error)}"
        for one in study.wrong_sizes()
    ]
    size = study.size
    return (
        "* **"
        + _claim(
            {one.target[:2] for one in told} == {"H1", "H2", "H3"} and {one.target[:2] for one in larger} == {"H4"},
            f"Panels of up to {max(one.tried[-1] for one in told)} firms can test H1 to H3 and are too small for H4",
        )
        + f"** (`aigini design`; {study.replications} simulated panels of each kind, ± Monte Carlo s.e.). Firms for"
        f" 80 % power, with {size['workers']} workers in each of {study.occupations} occupations, {size['tasks']} tasks"
        f" and {size['periods']} years: {'; '.join(map(_firms, told))}; {'; '.join(map(_firms, larger))}. The economies"
        f" with η1 = {' and '.join(f'{one.eta1:g}' for one in study.regimes)}, one of either regime, are told apart by"
        f" all effects together with {' and '.join(map(_number_of_firms, regimes))} firms, if both are known. Where"
        f" adoption has a correlation of {across.value:g} with ability, adopters less others miss the effect on mean"
        f" log output, {across.inquiry:.2f}, by {missed(across)}, and group-time effects by {missed(over_time)}. Where"
        f" use within firms has it, users less others miss {users.inquiry:.2f} by {missed(users)}, and adoption as an"
        f" instrument by {missed(instrument)}. Tests that without AI reject another share than 5 %, by more than three"
        f" Monte Carlo errors: {'; '.join(wrong) or 'none'}. Errors of measurement and shocks of firms are assumptions."
    )


def _firms(one: SmallestPanel) -> str:
    return f"{one.target}, {_number_of_firms(one)}"


def _number_of_firms(one: SmallestPanel) -> str:
    if one.firms is not None:
        return _with_error(one.firms, one.firms_error, 0)
    if one.words.startswith("at most"):
        return f"at most {one.tried[0]}"
    beyond = "" if one.beyond is None else f" (by extrapolation about {round(one.beyond, -2):,.0f})"
    return f"more than {one.tried[-1]}{beyond}"


def _headline(unknown: Posterior, sign: Sign, channels: ChannelDecomposition) -> str:
    """The answer in a paragraph, for the README."""
    total, wage = unknown.rises["total"], unknown.rises["wage"]
    own = sign.params["xi"]
    met = [point.change("total") for point in sign.ridge if point.feasible and point.xi == own]
    low, high = min(met, key=lambda c: c.value), max(met, key=lambda c: c.value)
    part = channels.outcomes["gini_total"]
    by_sign = {
        side: " and ".join(
            f"{name.replace('_', ' ')} ({_signed(one.value, one.error)})"
            for name in sorted(part.contributions, key=lambda name: -abs(part.contribution(name).value))
            if (one := part.contribution(name)).sign == side and abs(one.value) >= SHOWN
        )
        for side in (-1, 1)
    }
    given = {found.given: found for found in unknown.conditional["total"]}["eta1"]
    ends = [_with_error(float(given.value[at]), float(given.error[at])) for at in (0, -1)]
    words = (
        "Does AI raise or lower inequality? "
        + _claim(low.sign < 0 < high.sign, "The measured moments do not say")
        + ": economies that meet all of them but m6, which is a scenario, change the Gini of total income by"
        f" {_signed(low.value, low.error)} to {_signed(high.value, high.error)} (ξ as published; ±: simulation s.e.;"
        f" `aigini sign`). With m6 left out it rises with probability {_probability(total)}: {_side(total)}. The Gini"
        f" of wages rises with probability {_probability(wage)}: {_side(wage)} (±: total s.e.; `aigini posterior"
        " belief_unknown`). At the estimates, whose change of the Gini of total income is the assumed"
        f" {_signed(part.total, None)}, {by_sign[-1]} lower it, {by_sign[1]} raise it (`aigini channels`). What decides"
        f" is how much of AI is proprietary, η1: in its lowest tenth a rise has probability {ends[0]}, in its highest"
        f" {ends[1]}."
    )
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def answer() -> str:
    """The answer in a paragraph, from the committed runs."""
    baseline = RESULTS / "baseline"
    unknown = load_result(RESULTS / "belief_unknown", "posterior")
    return _headline(unknown, load_result(baseline, "sign"), load_result(baseline, "channels")) + "\n"


MARKS: dict[tuple[str, str], Callable[[], str]] = {
    (f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"): made
    for name, made in (("findings", text), ("answer", answer), ("reproduce", lambda: f"```\n{reproduced()}```\n"))
}
"""Places in documents between two marks, and what stands there."""


def rewritten(document: str) -> str:
    """A document with its findings, its answer and its table of the main job as the committed runs have them."""
    for (begin, end), made in MARKS.items():
        if begin in document:
            before, _, rest = document.partition(begin)
            _, _, after = rest.partition(end)
            document = before + begin + made() + end + after
    return document


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="replace them in the documents, and draw the figure")
    if parser.parse_args().write:
        for path in DOCUMENTS:
            path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
        style.save(figures.waterfall(load_result(RESULTS / "baseline", "channels")), RESULTS / "baseline", "waterfall")
    else:
        print(answer())
        print(text())

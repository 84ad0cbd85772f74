"""Everything that a table of variants says of one estimated economy, as the analyses of the other commands find it."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from aigini.analysis.channels import channels
from aigini.analysis.identification.sensitivity import decompose
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign import sign
from aigini.analysis.regimes.distance import distances
from aigini.analysis.regimes.errors import regime_errors
from aigini.analysis.regimes.result import Regimes
from aigini.analysis.robustness.findings import (
    BOUNDARY,
    CHANCE,
    CHANGE,
    CHANNEL,
    ESTIMATION,
    MISFIT,
    PARAMETER,
    PROPOSITION,
    RETURN,
    RIDGE,
    Finding,
)
from aigini.analysis.robustness.propositions import propositions
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import AiginiError, AnalysisError
from aigini.estimation.convergence import WITHIN_ERROR
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, error_at, spread
from aigini.estimation.verdict import Status
from aigini.statistics.catalogue import CONCEPTS
from aigini.statistics.outcomes import OUTCOME_NAMES

Starts = Sequence[Mapping[str, float]]

RELIABLE = "reliable to first order"

_SIGNS = {1: "rises", -1: "falls", 0: "not distinguishable from no change"}


class _Collected:
    """Findings by group, each computed if it can be."""

    def __init__(self, first: list[Finding]) -> None:
        self.findings, self.missing = first, {}

    def add(self, group: str, compute: Callable[[], list[Finding]]) -> None:
        """Add a group of findings, or the reason why it is missing."""
        try:
            self.findings.extend(compute())
        except AiginiError as error:
            self.missing[group] = str(error)

    def add_rest(
        self,
        model: EstimatedModel,
        ridge: EstimatedModel,
        eta1_range: tuple[float, float],
        others: OtherDraws,
        starts: Starts,
    ) -> None:
        """Add what does not rest on standard errors."""
        self.add(CHANNEL, lambda: _of_channels(model, others))
        self.add(BOUNDARY, lambda: _of_boundary(model, eta1_range, others))
        self.add(RIDGE, lambda: _of_ridge(ridge, others, starts))
        self.add(PROPOSITION, lambda: propositions(model, others))


def economy_findings(
    model: EstimatedModel,
    ranges: Mapping[str, tuple[float, float]],
    eta1_range: tuple[float, float],
    others: OtherDraws,
    starts: Starts = (),
) -> tuple[list[Finding], dict[str, str]]:
    """The findings about an economy at its estimates, and the reasons why others are missing, by group.

    Args:
        model: The economy at its estimates.
        ranges: (low, high) of external parameters, as in `aigini.analysis.identification.sensitivity`.
        eta1_range: Range of η1, the unit of its distance to the boundary.
        others: The economy on other draws.
        starts: Other parameters from which economies that meet the targets other than m6 are searched, as in `sign`.
    """
    collected = _Collected(estimation_findings(model))
    collected.add(
        PARAMETER, lambda: _of_sensitivity(model, decompose(model, ranges, others.covariance(model.rows), others))
    )
    collected.add_rest(model, model, eta1_range, others, starts)
    return collected.findings, collected.missing


def closest_findings(
    model: EstimatedModel,
    ridge: EstimatedModel,
    eta1_range: tuple[float, float],
    others: OtherDraws,
    starts: Starts = (),
) -> tuple[list[Finding], dict[str, str]]:
    """The findings where no estimates exist, at the closest fit, as `economy_findings` has them of estimates.

    Standard errors that come from the targets, and probabilities, are to first order about estimates: there are none.
    Where data would reject the fit, it is reported alone.

    Args:
        model: The economy where a search came closest to the targets.
        ridge: The same economy at parameters from which those that meet the targets other than m6 are searched.
        eta1_range: Range of η1.
        others: The economy on other draws.
        starts: As in `economy_findings`.
    """
    collected = _Collected(estimation_findings(model))
    acceptable = tolerable(model)
    for name in model.space.names:
        collected.findings.append(Finding(PARAMETER, name, model.values[name], words="no estimate"))
    errors = spread(others.outcomes) if acceptable and others.count >= FEWEST else None
    for concept in CONCEPTS:
        row = OUTCOME_NAMES.index(f"gini_{concept}")
        one = Finding(CHANGE, f"gini_{concept}", float(model.outcomes[row]), simulation_se=error_at(errors, row))
        words = f"{_SIGNS[one.simulated.sign]} (at the closest fit)" if acceptable else "at no estimates"
        collected.findings.append(dataclasses.replace(one, words=words))
    if acceptable:
        collected.add_rest(model, ridge, eta1_range, others, starts)
    return collected.findings, collected.missing


def tolerable(model: EstimatedModel) -> bool:
    """True if the parameters are a minimum, at a bound or not, at which data would not reject any target."""
    at_minimum = model.verdict.status in (Status.FITTED, Status.MINIMUM, Status.AT_BOUND)
    return at_minimum and float(np.abs(model.misfit).max()) < WITHIN_ERROR


def estimation_findings(model: EstimatedModel) -> list[Finding]:
    """The end of an estimation: its verdict, and by how much each target is missed."""
    worst = float(max(abs(model.misfit)))
    misfits = zip(model.targets, model.misfit.tolist(), strict=True)
    return [
        Finding(ESTIMATION, "fit", worst, words=model.verdict.status.name),
        *(Finding(MISFIT, name, misfit) for name, misfit in misfits),
    ]


def _of_sensitivity(model: EstimatedModel, result: SensitivityAnalysis) -> list[Finding]:
    """Estimates, changes of the Ginis and probabilities of a rise."""
    best, worst = (result.se[kind] or {} for kind in (result.best_kind, "worst_case"))
    of_outcomes, worst_of_outcomes = (result.outcome_se[kind] or {} for kind in (result.best_kind, "worst_case"))
    findings = [
        Finding(
            PARAMETER,
            name,
            result.params[name],
            best.get(name),
            worst.get(name),
            result.estimate_simulation_se.get(name),
        )
        for name in result.free
    ]
    for concept in CONCEPTS:
        name = f"gini_{concept}"
        finding = Finding(
            CHANGE,
            name,
            result.changes[name],
            of_outcomes.get(name),
            worst_of_outcomes.get(name),
            result.change_simulation_se.get(name),
        )
        target = "m6" in model.targets and model.income == concept
        words = _SIGNS[finding.simulated.sign] + (" (the target m6)" if target else "")
        findings.append(dataclasses.replace(finding, words=words))
    left_out = any("m6" not in one.estimated_with for one in result.signs)
    for one in result.signs:
        if left_out and "m6" in one.estimated_with:
            continue
        reasons = "; ".join(one.unreliable)
        findings.append(
            Finding(
                CHANCE,
                f"gini_{one.concept}",
                one.probability,
                simulation_se=one.simulation_se.get("probability"),
                words=f"not reliable: {reasons}" if reasons else RELIABLE,
            )
        )
    return findings


def _of_channels(model: EstimatedModel, others: OtherDraws) -> list[Finding]:
    decomposed = channels(model, others=others)
    outcomes = decomposed.outcomes
    findings = []
    for concept in CONCEPTS:
        part = outcomes[f"gini_{concept}"]
        for channel in CHANNEL_NAMES:
            one = part.contribution(channel)
            words = {1: "raises it", -1: "lowers it", 0: "not distinguishable from no contribution"}[one.sign]
            findings.append(
                Finding(CHANNEL, f"gini_{concept}: {channel}", one.value, simulation_se=one.error, words=words)
            )
    for kind, one in decomposed.returns.items():
        change = one.change
        findings += [
            Finding(RETURN, f"{kind}: before", one.before, simulation_se=one.before_simulation_se),
            Finding(RETURN, f"{kind}: after", one.after, simulation_se=one.after_simulation_se),
            Finding(RETURN, f"{kind}: change", change.value, simulation_se=change.error, words=_SIGNS[change.sign]),
        ]
    return findings


def _of_boundary(model: EstimatedModel, eta1_range: tuple[float, float], others: OtherDraws) -> list[Finding]:
    plain = Regimes(model.values, [], distances(model, {"eta1": eta1_range}), None)
    findings = []
    for one in regime_errors(model, plain, [], others).distances:
        move, words = one.alone["eta1"], one.in_words("eta1")
        if move.distance is not None:
            words = "flips the sign" if one.flips("eta1") else "not distinguishable from no flip by simulation error"
        name = f"gini_{one.concept}"
        findings += [
            Finding(
                BOUNDARY,
                f"{name}: eta1",
                move.to.get("eta1"),
                simulation_se=move.to_simulation_se.get("eta1"),
                words=words,
            ),
            Finding(BOUNDARY, f"{name}: distance", move.distance, simulation_se=move.distance_simulation_se),
        ]
    return findings


def _of_ridge(model: EstimatedModel, others: OtherDraws, starts: Starts) -> list[Finding]:
    """Lowest and highest change of the Gini along the ridge at the ξ of the estimates, and whether its sign is open."""
    result = sign(model, xis=(), others=others, starts=starts)
    extremes = result.extremes(model.values["xi"])
    if extremes is None:
        raise AnalysisError("no value of eta1 on the grid meets the targets other than m6.")
    lowest, highest = (point.change(model.income) for point in extremes)
    count = sum(point.feasible for point in result.ridge)
    return [
        Finding(RIDGE, "verdict", words=result.verdict(model.values["xi"])),
        Finding(RIDGE, "lowest", lowest.value, simulation_se=lowest.error, words=f"at eta1 = {extremes[0].eta1:g}"),
        Finding(RIDGE, "highest", highest.value, simulation_se=highest.error, words=f"at eta1 = {extremes[1].eta1:g}"),
        Finding(RIDGE, "met", float(count), words=f"of {len(result.ridge)} values of eta1"),
    ]

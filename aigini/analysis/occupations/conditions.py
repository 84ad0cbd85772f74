"""Conditions of what a published coefficient rejects, in words: arrival of AI, handling of the data, measure."""

from aigini.analysis.occupations.power import LEVEL, least_p_value
from aigini.analysis.occupations.result import NO_AI, SimulatedOccupations, Surveyed
from aigini.tables import Column, Table

LEFT_OUT = "top-coded occupations left out"


def arrived_words(result: SimulatedOccupations) -> str:
    """The share of the effect of AI that is taken to have arrived."""
    share = result.assumed["arrival"]
    part = "all of AI's effect" if share == 1 else f"a share of {share:g} of AI's effect"
    return f"{part} is in the survey panels from {result.assumed['ai_from']:g} on"


def p_words(p: float, surveys: int, *, explained: bool = False) -> str:
    """A p-value in words; a bound where no survey is as far out, whose origin may be explained."""
    least = least_p_value(surveys)
    if p > least * (1 + 1e-9):
        return f"p = {p:.3f}"
    return f"p at most {least:.3f}" + (f", the least that {surveys} surveys can give" if explained else "")


def p_cell(p: float, surveys: int) -> str:
    """The same in a table."""
    return f"{'≤ ' if p <= least_p_value(surveys) * (1 + 1e-9) else ''}{p:.3f}"


def condition_words(result: SimulatedOccupations, one: Surveyed, economy: str) -> str:
    """Handlings, measures and shares of the effect of AI with which the rejection of an economy holds, and others."""
    rows = {d.label: d for d in result.main(one.name)}
    own = [h for h in result.handlings if h.regression == one.name]
    rejecting = [h for h in own if not rows[economy].low <= h.estimate <= rows[economy].high]
    not_rejecting = [h for h in own if h not in rejecting]
    measures = [m for m in result.measures if m.regression == one.name and economy in m.p_values]
    against = [m for m in measures if m.p_values[economy] >= LEVEL]
    holds = [f"{h.handling} ({h.estimate:+.2f})" for h in rejecting]
    holds += [f"{len(measures) - len(against)} of {len(measures)} measures of exposure"] if len(measures) > 1 else []
    fails = [f"{h.handling} ({h.estimate:+.2f})" for h in not_rejecting]
    fails += [f"the measure {m.exposure} ({m.estimate:+.2f})" for m in against]
    for span in result.not_rejected:
        if (span.regression, span.regime, span.quantity) == (one.name, economy, "arrival") and span.high is not None:
            error = "" if span.high_error is None else f" ± {span.high_error:.2f}"
            fails += (
                []
                if span.everything
                else [f"a share of at most {span.high:.2f}{error} of AI's effect that has arrived"]
            )
    parts = [f"holds as well for: {'; '.join(holds)}"] if holds else []
    parts += [f"does not hold for: {'; '.join(fails)}"] if fails else []
    return f"the rejection of {economy} {', and '.join(parts)}" if parts else ""


def by_handling(result: SimulatedOccupations) -> Table:
    """Published coefficients by handling and the economies they reject, by the central 95 % of the usual surveys."""
    labels = [NO_AI, *(regime.name for regime in result.regimes)]
    usual = [(one.name, LEFT_OUT, one.estimate) for one in result.regressions]
    others = [(h.regression, h.handling, h.estimate) for h in result.handlings]
    regressions = {name for name, _, _ in others}
    # Sorting keeps the usual one first.
    cases = sorted([entry for entry in usual if entry[0] in regressions] + others, key=lambda entry: entry[0])
    rows = {name: {d.label: d for d in result.main(name)} for name in regressions}

    def rejected(name: str, label: str, estimate: float) -> str:
        d = rows[name][label]
        return "no" if d.low <= estimate <= d.high else "yes"

    return Table(
        (
            Column("handling", [f"{name}, {handling}" for name, handling, _ in cases]),
            Column("coef.", [estimate for *_, estimate in cases], "+.2f"),
            *(
                Column(label, [None] * len(cases), text=[rejected(name, label, value) for name, _, value in cases])
                for label in labels
            ),
        )
    )

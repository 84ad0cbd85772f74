"""The result of surveys of simulated occupations in words: every sentence is chosen by its numbers."""

from collections.abc import Iterator, Sequence

from aigini.analysis.occupations.conditions import (
    LEFT_OUT,
    arrived_words,
    by_handling,
    condition_words,
    p_cell,
    p_words,
)
from aigini.analysis.occupations.power import LEVEL, least_p_value
from aigini.analysis.occupations.result import (
    ENOUGH,
    NO_AI,
    ByMeasure,
    Comparison,
    NotRejected,
    SimulatedOccupations,
    Surveyed,
)
from aigini.analysis.occupations.settings import ASSUMPTIONS
from aigini.tables import Column, Table


def text(result: SimulatedOccupations) -> str:
    """Tables and conclusions."""
    lines = ["Surveys of simulated occupations. Assumed, and not known:", str(_assumptions(result)), ""]
    lines += [
        f"{regime.name}: meets m1 to m5 with eta1 = {regime.eta1:g}; the Gini changes by {regime.gini_change:+.4f}"
        " (its simulation error is not computed here; `aigini sign` has it)"
        for regime in result.regimes
    ]
    lines += [
        "",
        "Change of 100 log p90/p10 per s.d. of exposure: published, and over surveys of occupations without AI",
        str(_regressions(result)),
        "after AI: share of each release; sd: of the coefficient; detectable: with power 0.8; n sim.: occupations below"
        " the top code; own, group: s.d. of changes for other reasons; resp.: median effective respondents",
        "",
    ]
    for one in result.regressions:
        lines += [f"{one.name}, {result.replications} surveys of each economy", str(_distributions(result, one)), ""]
    lines += [
        "p: of a coefficient as far out as the published one; CRV1, CRV3: share of surveys whose t test rejects zero;"
        f" ≤ {least_p_value(result.replications):.3f}: the least p that {result.replications} surveys can give",
        "",
        *_handled(result),
        "Power of a 5 % test of the other economy, by the distribution of its coefficients",
        str(_power(result)),
        "",
        "Rejections at 5 % of a coefficient that is zero",
        str(_sizes(result)),
        "",
        "Not rejected at 5 % by the published coefficient",
        str(_ranges(result)),
        "",
    ]
    return "\n".join([*lines, *conclusions(result)])


def conclusions(result: SimulatedOccupations) -> Iterator[str]:
    """The conclusions, a sentence or two each."""
    yield from (published_words(result, one) for one in result.regressions)
    share = result.assumed["arrival"]
    yield from (power_words(question, rows, share) for question, rows in questions(result).items())
    yield f"If {arrived_words(result)}: {range_words(result.not_rejected)}"
    yield size_words(result)
    for regression in dict.fromkeys(one.regression for one in result.measures):
        own = [one for one in result.measures if one.regression == regression]
        yield f"If {arrived_words(result)}: {measure_words(own)}"
    if any(one.n_simulated > 1.02 * one.n for one in result.regressions):
        yield (
            "Fewer simulated than published occupations are lost to the top code: the economy has no occupations as far"
            " above the others as the best paid ones are."
        )
    if result.assumed["arrival"] == 1 and result.assumed["ai_from"] is not None:
        yield (
            f"All of AI's effect is taken to be in every survey panel from {result.assumed['ai_from']:g} on, the most"
            " that they can have of it; with a smaller share power is lower."
        )


def questions(result: SimulatedOccupations) -> dict[str, list[Comparison]]:
    """Comparisons by question, the one about the mechanism within tasks by regime."""
    grouped: dict[str, list[Comparison]] = {}
    for one in result.comparisons:
        key = "one regime from the other" if one.question == "regime" else label_of_question(one)
        grouped.setdefault(key, []).append(one)
    return grouped


def label_of_question(one: Comparison) -> str:
    """A question about AI or a mechanism in a few words."""
    return f"{one.question} on from off, {one.alternative}"


def tells(one: Comparison) -> bool | None:
    """True if a test has enough power, False if not; None within two Monte Carlo errors of that."""
    if abs(one.power - ENOUGH) <= 2 * one.power_error:
        return None
    return one.power > ENOUGH


def power_words(question: str, rows: Sequence[Comparison], share: float | None = None) -> str:
    """The best power for a question, and whether it is enough, if this share of the effect of AI has arrived."""
    best, worst = (choose(rows, key=lambda one: one.power) for choose in (max, min))
    told = tells(best)
    verdict = {
        True: "such data can tell",
        False: "such data cannot tell",
        None: "whether such data can tell is open",
    }[told]
    if share is not None:
        part = "all" if share == 1 else f"a share of {share:g}"
        verdict = f"{'even ' if told is False and share == 1 else ''}if {part} of AI's effect has arrived, {verdict}"
    power = f"power is {best.power:.2f} ± {best.power_error:.2f}"
    if len(rows) > 1:
        power += f" at best ({best.regression}), and {worst.power:.2f} ± {worst.power_error:.2f} at worst"
        return f"{question}: {power} ({worst.regression}): {verdict} (enough: {ENOUGH:g})."
    return f"{question}: {power} ({best.regression}): {verdict} (enough: {ENOUGH:g})."


def published_words(result: SimulatedOccupations, one: Surveyed) -> str:
    """Economies with which a published coefficient can be reconciled, and on what that depends."""
    rows = result.main(one.name)
    consistent = [d.label for d in rows if d.p_value >= LEVEL]
    rejected = [d for d in rows if d.p_value < LEVEL]
    words = (
        f"{one.name} by {one.exposure}, {LEFT_OUT}, if {arrived_words(result)}: the published {one.estimate:+.2f}"
        f" (s.e. {one.se_crv3:.2f}, CRV3) "
    )
    if not rejected:
        return f"{words}rejects none of {len(rows)} economies, {NO_AI} among them."
    listed = "; ".join(f"{d.label} ({p_words(d.p_value, d.surveys)})" for d in rejected)
    words += f"rejects {listed}" if consistent else f"rejects all of {len(rows)} economies: {listed}"
    if any(p_words(d.p_value, d.surveys).startswith("p at most") for d in rejected):
        words += (
            f", where {least_p_value(rejected[0].surveys):.3f} is the least that {rejected[0].surveys} surveys can give"
        )
    names = [regime.name for regime in result.regimes]
    every = [condition_words(result, one, d.label) for d in rejected if d.label in names]
    words += "".join(f"; {condition}" for condition in every if condition)
    return words + (f". It does not reject {'; '.join(consistent)}." if consistent else ".")


def range_words(rows: Sequence[NotRejected]) -> str:
    """Values of m1 that published coefficients do not reject."""
    own = [one for one in rows if one.quantity == "m1"]
    free = sum(one.everything for one in own)
    tried = f"{_plain(min(one.tried[0] for one in own))} to {_plain(max(one.tried[1] for one in own))}"
    words = (
        f"m1, compression within tasks: in {free} of {len(own)} pairs of regression and regime no value from {tried}"
    )
    limits = [f"{one.regression}, {one.regime}: {_span(one)}" for one in own if not one.everything]
    return f"{words} is rejected" + (f"; not rejected are, by {'; by '.join(limits)}." if limits else ".")


def size_words(result: SimulatedOccupations) -> str:
    """Rejections of a true coefficient of zero by test."""
    parts = []
    for test in dict.fromkeys(one.test for one in result.sizes):
        own = [one for one in result.sizes if one.test == test]
        rates = ", ".join(f"{100 * one.rate:.1f} ± {100 * one.rate_error:.1f}" for one in own)
        right = sum(one.right for one in own)
        parts.append(f"{test} {rates} % ({right} of {len(own)} within two Monte Carlo errors of 5 %)")
    fewest = min(one.clusters for one in result.regressions)
    return f"A coefficient that is zero is rejected at 5 % with {fewest} clusters by: " + "; ".join(parts) + "."


def measure_words(rows: Sequence[ByMeasure]) -> str:
    """Signs and rejections over measures of exposure."""
    negative = sum(one.estimate < 0 for one in rows)
    if len(rows) == 1:
        (own,) = rows
        rejected = "; ".join(label for label, p in own.p_values.items() if p < LEVEL)
        return f"{own.regression}, {own.exposure} ({own.estimate:+.2f}): rejected is {rejected or 'none of them'}."
    labels = list(rows[0].p_values)
    rejects = ", ".join(f"{label} by {sum(one.p_values[label] < LEVEL for one in rows)}" for label in labels)
    return (
        f"{rows[0].regression}, {len(rows)} measures of exposure: {negative} of the coefficients negative and"
        f" {len(rows) - negative} positive; rejected are {rejects} of them."
    )


def _assumptions(result: SimulatedOccupations) -> Table:
    values = result.assumed
    return Table(
        (
            Column("assumption", list(values)),
            Column("value", ["as published" if value is None else f"{value:g}" for value in values.values()]),
            Column("unit", [ASSUMPTIONS[name].unit for name in values]),
            Column("meaning", [ASSUMPTIONS[name].meaning for name in values]),
        )
    )


def _regressions(result: SimulatedOccupations) -> Table:
    rows = result.regressions
    return Table(
        (
            Column("regression", [one.name for one in rows]),
            Column("published", [one.estimate for one in rows], "+.2f"),
            Column("CRV3", [one.se_crv3 for one in rows], ".2f"),
            Column("n", [one.n for one in rows], "d"),
            Column("after AI", ["/".join(f"{s:.2f}" for s in dict.fromkeys(one.after)) for one in rows]),
            Column("sd", [one.sd for one in rows], ".2f"),
            Column("detectable", [one.detectable for one in rows], ".2f"),
            Column("n sim.", [one.n_simulated for one in rows], ".0f"),
            Column("own", [one.occupation_change_sd for one in rows], ".1f"),
            Column("group", [one.group_change_sd for one in rows], ".1f"),
            Column("resp.", [one.respondents for one in rows], ".0f"),
        )
    )


def _distributions(result: SimulatedOccupations, one: Surveyed) -> Table:
    rows = result.main(one.name)
    return Table(
        (
            Column("economy", [d.label for d in rows]),
            Column("m1", [d.m1 for d in rows], text=[_plain(d.m1) for d in rows]),
            Column("mean", [d.mean for d in rows], text=[f"{d.mean:+.2f} ± {d.mean_error:.2f}" for d in rows]),
            Column("2.5 %", [d.low for d in rows], "+.2f"),
            Column("97.5 %", [d.high for d in rows], "+.2f"),
            Column("p", [d.p_value for d in rows], text=[p_cell(d.p_value, d.surveys) for d in rows]),
            Column("CRV1", [d.rejects_crv1 for d in rows], ".2f"),
            Column("CRV3", [d.rejects_crv3 for d in rows], ".2f"),
        )
    )


def _handled(result: SimulatedOccupations) -> list[str]:
    if not result.handlings:
        return []
    title = (
        "Economies rejected (yes, no) by the published coefficient under other handlings of the data, held to the same"
        f" surveys, which are weighted and have {LEFT_OUT}; arrival as assumed"
    )
    return [title, str(by_handling(result)), ""]


def _by_regression(first: str, labels: list[str], rows: dict[str, list[tuple[float, float]]]) -> Table:
    """Shares of surveys with their Monte Carlo errors, a column per regression."""
    return Table(
        (
            Column(first, labels),
            *(
                Column(
                    regression,
                    [share for share, _ in own],
                    errors=[error for _, error in own],
                    text=[f"{share:.2f} ± {error:.2f}" for share, error in own],
                )
                for regression, own in rows.items()
            ),
        )
    )


def _power(result: SimulatedOccupations) -> Table:
    regressions = dict.fromkeys(one.regression for one in result.comparisons)
    rows = {name: [c for c in result.comparisons if c.regression == name] for name in regressions}
    labels = [_question(one) for one in next(iter(rows.values()))]
    return _by_regression(
        "on from off, or economies", labels, {n: [(c.power, c.power_error) for c in own] for n, own in rows.items()}
    )


def _question(one: Comparison) -> str:
    if one.question == "regime":
        return f"{one.alternative} from {one.null}"
    return f"{one.question}, {one.alternative}"


def _sizes(result: SimulatedOccupations) -> Table:
    regressions = dict.fromkeys(one.regression for one in result.sizes)
    rows = {name: [one for one in result.sizes if one.regression == name] for name in regressions}
    labels = [one.test for one in next(iter(rows.values()))]
    return _by_regression("test", labels, {n: [(s.rate, s.rate_error) for s in own] for n, own in rows.items()})


def _ranges(result: SimulatedOccupations) -> Table:
    by = {(one.regression, one.regime, one.quantity): one for one in result.not_rejected}
    pairs = list(dict.fromkeys((regression, regime) for regression, regime, _ in by))
    return Table(
        (
            Column("regression, economy", [f"{regression}, {regime}" for regression, regime in pairs]),
            *(
                Column(heading, [_span(by[*pair, quantity]) for pair in pairs])
                for quantity, heading in (("m1", "m1"), ("arrival", "share arrived"))
            ),
        )
    )


def _span(one: NotRejected) -> str:
    if one.low is None or one.high is None:
        return "none"
    if one.everything:
        return f"all, {_plain(one.low)} to {_plain(one.high)}"
    return " to ".join(
        _plain(value) + ("" if error is None else f" ± {error:.2f}")
        for value, error in ((one.low, one.low_error), (one.high, one.high_error))
    )


def _plain(value: float) -> str:
    """Two decimals, and no negative zero."""
    return f"{round(value, 2) + 0.0:.2f}"

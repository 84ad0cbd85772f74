"""The table of variants: one row for each variant and finding, and its print."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from aigini.analysis.robustness.findings import (
    BOUNDARY,
    CHANCE,
    CHANGE,
    CHANNEL,
    ESTIMATION,
    GROUPS,
    PARAMETER,
    PROPOSITION,
    RIDGE,
    Finding,
)
from aigini.analysis.robustness.propositions import FAILS, HOLDS, OPEN, PROPOSITIONS, UNCONDITIONAL
from aigini.economy.channels import CHANNEL_NAMES
from aigini.estimation.other_draws import about_draws, shown
from aigini.statistics.catalogue import CONCEPT_WORDS, CONCEPTS
from aigini.statistics.outcomes import Units, file_units
from aigini.tables import Column, Table, Tabular

_NONE = Finding("", "")
_TOTAL = f"gini_{CONCEPTS[0]}"


@dataclasses.dataclass(frozen=True)
class VariantResult:
    """One variant.

    Attributes:
        name: Its name.
        meaning: The difference from the configuration that the table is about, in words.
        overrides: Values of the configuration that it replaces, by dotted name.
        choices: The choice of each kind, in words.
        income: Income concept of m6.
        params: Every parameter at the estimates, or where the search ended that came closest to the targets; empty if
            there is no economy to estimate.
        failure: Why there are no estimates; empty where there are.
        findings: The findings, in the order of their groups.
        missing: Why a group of findings is not there, by its name.
        missed_draws: Other draws that could not be fitted as well as the first.
    """

    name: str
    meaning: str
    overrides: Mapping[str, Any]
    choices: Mapping[str, str]
    income: str
    params: Mapping[str, float]
    failure: str
    findings: Sequence[Finding]
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    missed_draws: int = 0

    @property
    def estimated(self) -> bool:
        """True if there are estimates."""
        return not self.failure

    def get(self, group: str, quantity: str) -> Finding:
        """A finding by its names; one without value or words if it is missing."""
        return next((one for one in self.findings if (one.group, one.quantity) == (group, quantity)), _NONE)

    def of(self, group: str) -> list[Finding]:
        """The findings of a group."""
        return [one for one in self.findings if one.group == group]


@dataclasses.dataclass(frozen=True)
class Robustness(Tabular):
    """Findings of every variant.

    Attributes:
        variants: The variants, in the order in which they were asked for.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
    """

    units: ClassVar[Units] = file_units(
        findings="by group: " + "; ".join(f"{group}: {meaning}" for group, meaning in GROUPS.items())
    )

    variants: Sequence[VariantResult]
    n_workers: int = 0
    draws: int = 0

    def variant(self, name: str) -> VariantResult:
        """A variant by its name."""
        return next(one for one in self.variants if one.name == name)

    def table(self) -> Table:
        """One row for each variant and finding; a variant without estimates has a row that says why."""
        rows: list[tuple[str, Finding]] = []
        for variant in self.variants:
            failed = [] if variant.estimated else [Finding(ESTIMATION, "failed", words=variant.failure)]
            lost = [Finding(group, "missing", words=reason) for group, reason in variant.missing.items()]
            rows += [(variant.name, one) for one in (*failed, *variant.findings, *lost)]
        values = [one.value for _, one in rows]
        return Table(
            (
                Column("variant", [name for name, _ in rows]),
                Column("group", [one.group for _, one in rows]),
                Column("quantity", [one.quantity for _, one in rows]),
                Column("value", values, ".5g", errors=[one.simulation_se for _, one in rows]),
                Column("target s.e.", [one.se for _, one in rows], ".2g"),
                Column("worst-case s.e.", [one.worst_case_se for _, one in rows], ".2g"),
                Column("words", [one.words for _, one in rows]),
            )
        )

    def __str__(self) -> str:
        parts = [
            "variants",
            *(f"  {one.name}: {one.meaning}" for one in self.variants),
            "",
            "estimates, or the closest fit, which has no standard errors; in brackets: standard errors from the"
            " targets, to first order; fit: how the estimation ended",
            str(self._estimates()),
            "",
            *(part for concept in CONCEPTS for part in (self._heading(concept), str(self._changes(concept)), "")),
            "change of the Gini that m6 is about, among economies that meet the other targets at the estimates' xi;"
            " met: at how many values of eta1, of those tried",
            str(self._ridge()),
            "",
            f"Shapley contributions to the change of the Gini of {CONCEPT_WORDS[CONCEPTS[0]]}",
            str(self._channels()),
            "",
            "propositions at the estimates; *: its condition is not met there; not defined: there is no second skill,"
            " or no economy of which it speaks; open: not distinguishable from what it denies",
            str(self._propositions()),
            *(f"  {one.name}: {one.statement} (condition: {one.condition})" for one in PROPOSITIONS),
            "",
            about_draws(self.draws, self.n_workers),
            *self._in_words(),
        ]
        return "\n".join(parts)

    def _estimates(self) -> Table:
        parameters = dict.fromkeys(one.quantity for variant in self.variants for one in variant.of(PARAMETER))

        def estimate(variant: VariantResult, name: str) -> str:
            one = variant.get(PARAMETER, name)
            if one.value is None:
                return "-"
            se = f"({one.se:.2g})" if one.se is not None else "(none)"
            return f"{one.value:.4g} {se}"

        return self._by_variant(
            {
                "fit": lambda variant: variant.get(ESTIMATION, "fit").words or "none",
                **{name: lambda variant, name=name: estimate(variant, name) for name in parameters},
            }
        )

    def _heading(self, concept: str) -> str:
        return (
            f"change of the Gini of {CONCEPT_WORDS[concept]}, ±: simulation s.e., in brackets: s.e. from the targets;"
            " P(rise) to first order, ?: not reliable; the value of eta1 that brings it to zero, the other estimates"
            " unchanged, and its distance from the estimate in widths of the range of eta1"
        )

    def _changes(self, concept: str) -> Table:
        name = f"gini_{concept}"

        def change(variant: VariantResult) -> str:
            one = variant.get(CHANGE, name)
            if one.value is None:
                return "-"
            se = "none" if one.se is None else f"{one.se:.2g}"
            return f"{shown(one.value, one.simulation_se)} ({se})"

        def chance(variant: VariantResult) -> str:
            one = variant.get(CHANCE, name)
            mark = "?" if one.words.startswith("not") else ""
            return "-" if one.value is None else f"{shown(one.value, one.simulation_se, '.3f')}{mark}"

        def boundary(variant: VariantResult, which: str) -> str:
            one = variant.get(BOUNDARY, f"{name}: {which}")
            return "-" if one.value is None else shown(one.value, one.simulation_se, ".3f")

        return self._by_variant(
            {
                "change": change,
                "P(rise)": chance,
                "eta1 at zero": lambda variant: boundary(variant, "eta1"),
                "distance": lambda variant: boundary(variant, "distance"),
            }
        )

    def _ridge(self) -> Table:
        def extreme(variant: VariantResult, which: str) -> str:
            one = variant.get(RIDGE, which)
            return "-" if one.value is None else shown(one.value, one.simulation_se)

        def values_met(variant: VariantResult) -> str:
            one = variant.get(RIDGE, "met")
            return "-" if one.value is None else f"{one.value:g} {one.words.removesuffix(' values of eta1')}"

        return self._by_variant(
            {
                "income": lambda variant: CONCEPT_WORDS[variant.income],
                "its sign": lambda variant: variant.get(RIDGE, "verdict").words or "-",
                "lowest": lambda variant: extreme(variant, "lowest"),
                "highest": lambda variant: extreme(variant, "highest"),
                "met": values_met,
            }
        )

    def _channels(self) -> Table:
        def contribution(variant: VariantResult, channel: str) -> str:
            one = variant.get(CHANNEL, f"{_TOTAL}: {channel}")
            return "-" if one.value is None else shown(one.value, one.simulation_se)

        return self._by_variant(
            {name: lambda variant, name=name: contribution(variant, name) for name in CHANNEL_NAMES}
        )

    def _propositions(self) -> Table:
        def verdict(variant: VariantResult, name: str) -> str:
            words, _, unmet = variant.get(PROPOSITION, name).words.partition(";")
            return f"{words}{'*' if unmet else ''}" if words else "-"

        return self._by_variant(
            {one.name: lambda variant, name=one.name: verdict(variant, name) for one in PROPOSITIONS}
        )

    def _by_variant(self, columns: Mapping[str, Callable[[VariantResult], str]]) -> Table:
        names = [one.name for one in self.variants]
        cells = {head: [cell(one) for one in self.variants] for head, cell in columns.items()}
        return Table(
            (Column("variant", names), *(Column(head, [math.nan] * len(names), text=of) for head, of in cells.items()))
        )

    def _in_words(self) -> list[str]:
        """Counts over the variants, and what is missing."""
        lines = []
        for one in PROPOSITIONS:
            verdicts = {variant.name: variant.get(PROPOSITION, one.name).words for variant in self.variants}
            under = {name: words for name, words in verdicts.items() if words in (HOLDS, FAILS, OPEN)}
            if under:
                where = "" if one.condition == UNCONDITIONAL else " that meet its condition"
                but = {
                    verdict: [name for name, words in under.items() if words == verdict] for verdict in (FAILS, OPEN)
                }
                exceptions = "".join(f"; {verdict} in {', '.join(names)}" for verdict, names in but.items() if names)
                holding = list(under.values()).count(HOLDS)
                lines.append(f"{one.name} holds in {holding} of {len(under)} variants{where}{exceptions}.")
        verdicts = [words for variant in self.variants if (words := variant.get(RIDGE, "verdict").words)]
        if verdicts:
            lines.append(
                f"The targets other than m6 leave the sign of the change open in {verdicts.count('left open')} of"
                f" {len(verdicts)} variants."
            )
        lines += [
            f"{one.name}: {one.missed_draws} other draws cannot be fitted as well, so that its errors may be larger."
            for one in self.variants
            if one.missed_draws
        ]
        lines += [f"{one.name}: no estimates: {one.failure}" for one in self.variants if not one.estimated]
        for variant in self.variants:
            lines += [f"{variant.name}: {group} not computed: {reason}" for group, reason in variant.missing.items()]
        return lines

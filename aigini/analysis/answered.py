"""The answer to whether AI raises or lowers inequality, as a typed result, and the sentences it is given in.

Every sentence is made from the numbers: a sign is put into words only where it stands out of simulation error, and a
probability that is neither high nor low says that the sign is open.
"""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from typing import ClassVar

from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.estimation.target import Target
from aigini.resolution import STANDS_OUT, Simulated
from aigini.statistics.catalogue import CONCEPT_WORDS
from aigini.statistics.outcomes import Units, file_units, label
from aigini.tables import WIDTH, Column, Table, Tabular

QUESTION = "Does AI raise or lower inequality here, why, how sure is that, and what would change it?"

LIKELY = 0.95
"""Probability above which a rise, and below one minus which a fall, is called likely; in between the sign is open."""

_SHOWN = 3  # shares of the variance
_VISIBLE = 5e-5  # smallest number that four decimals show
_SMALL = 0.05  # share of the variance that is not worth a mention


@dataclasses.dataclass(frozen=True)
class Reasons:
    """Contributions to the change of one Gini at the estimates.

    Attributes:
        change: The change of the Gini there, with its simulation error.
        contributions: Exact Shapley contribution of each channel, with its simulation error; they add up to the change.
    """

    change: Simulated
    contributions: Mapping[str, Simulated]

    def signed(self, sign: int) -> list[str]:
        """Channels whose contribution has this sign, the largest first; 0 for those whose sign is not known."""
        order = sorted(self.contributions, key=lambda name: -abs(self.contributions[name].value))
        return [name for name in order if self.contributions[name].sign == sign]


@dataclasses.dataclass(frozen=True)
class Chance:
    """The probability that one Gini rises, to first order.

    Attributes:
        uncertainty: The normal approximation, with its variance by source.
        probability: Probability of a rise, with its simulation error.
    """

    uncertainty: SignUncertainty
    probability: Simulated

    @property
    def verdict(self) -> str:
        """A rise or a fall is likely, or the sign is open: the probability is clear of `LIKELY` by its error."""
        margin = STANDS_OUT * (self.probability.error or 0.0)
        if self.probability.error is not None and self.probability.value - margin > LIKELY:
            return "a rise is likely"
        if self.probability.error is not None and self.probability.value + margin < 1 - LIKELY:
            return "a fall is likely"
        return "the sign is open"

    @property
    def shares(self) -> dict[str, float]:
        """Share of the variance by target and range, the largest first; empty if there is none."""
        total = sum(self.uncertainty.variance.values())
        order = sorted(self.uncertainty.variance.items(), key=lambda item: -abs(item[1]))
        return {name: part / total for name, part in order} if total > 0 else {}


@dataclasses.dataclass(frozen=True)
class Answer(Tabular):
    """Answer of a calibrated economy about inequality, with its uncertainty.

    Attributes:
        fitted: True if the targets were met; if not, nothing is claimed.
        status: Sentence about the end of the calibration.
        income: Income concept of m6, ``total`` or ``wage``.
        assumed: The target m6, a scenario; None if no change of a Gini is targeted.
        reasons: Contributions by income concept; empty where they could not be computed.
        chances: Probabilities by income concept, with m6 left out; empty where they could not be computed.
        draws: Other draws of the population behind the errors of contributions and probabilities.
        missing: Reason for which `reasons` or `chances` is empty, by its name.
    """

    units: ClassVar[Units] = file_units(
        assumed="value and standard error in the unit of m6",
        reasons="total, contributions and errors: change of the Gini, 0 to 1",
        chances="change, sd and centre: change of the Gini, 0 to 1; variance: its square; probability and its error:"
        " probability, 0 to 1; entropy: bits; value_of_precision: millibits per 1 % of precision",
    )

    fitted: bool
    status: str
    income: str
    assumed: Target | None = None
    reasons: Mapping[str, Reasons] = dataclasses.field(default_factory=dict)
    chances: Mapping[str, Chance] = dataclasses.field(default_factory=dict)
    draws: int = 0
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def paragraphs(self) -> dict[str, str]:
        """The answer by what each paragraph is about."""
        if not self.fitted:
            return {
                "No answer": f"the calibration did not end with the targets met, so nothing is claimed. {self.status}"
            }
        paragraphs = {"What was assumed": self._assumption(), "Why": self._reasons(), "How sure": self._chances()}
        if self.chances:
            paragraphs["What would change it"] = self._shares()
        return paragraphs | {"What tells more": _MORE}

    def table(self) -> Table:
        """The paragraphs, each with its subject."""
        return Table((Column("about", list(self.paragraphs)), Column("answer", list(self.paragraphs.values()))))

    def __str__(self) -> str:
        wrapped = (
            textwrap.fill(f"* {head}: {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
            for head, text in self.paragraphs.items()
        )
        return "\n".join([QUESTION, *wrapped])

    def _assumption(self) -> str:
        if self.assumed is None:
            return "no change of a Gini is among the targets; what follows comes from the other moments alone."
        gini, target = CONCEPT_WORDS[self.income], self.assumed
        source = f" Its source reads: {target.source.rstrip('.')}." if target.source else ""
        text = (
            f"the change of the Gini of {gini}, {target.value:+.4f} (s.e. {target.se:.4f}), is the target m6. It is a"
            " scenario, assumed and not observed; the fitted change equals it because the parameters were chosen so."
            f"{source}"
        )
        others = [concept for concept in self.reasons if concept != self.income]
        for concept in others:
            what, change = CONCEPT_WORDS[concept], _number(self.reasons[concept].change)
            text += f" That of the Gini of {what} was not assumed, but follows from the same fit: {change}."
        return text

    def _reasons(self) -> str:
        if not self.reasons:
            return f"not worked out: {self.missing.get('reasons', 'no channels were computed')}"
        parts = []
        for concept, reasons in self.reasons.items():
            clauses = []
            for sign, verb in ((1, "raise"), (-1, "lower")):
                names = reasons.signed(sign)
                if names:
                    words = [f"{_words(name)} ({_number(reasons.contributions[name])})" for name in names]
                    clauses.append(f"{_join(words)} {verb if len(names) > 1 else verb + 's'} it")
            open_ones = [_words(name) for name in reasons.signed(0) if reasons.contributions[name].value != 0]
            if open_ones:
                clauses.append(f"the sign of {_join(open_ones)} is not known within simulation error")
            causes = "; ".join(clauses) or "nothing moves it"
            parts.append(f"Gini of {CONCEPT_WORDS[concept]}, {self._change(concept)}: {causes}.")
        if self.draws > 1:
            error = f"±: simulation s.e., of contributions over {self.draws} other draws"
        else:
            error = "no sign is stated without simulation errors: set calibration.replications to 2 or more"
        error = f"(Shapley contributions at the estimates; {error})"
        return " ".join([*parts, error])

    def _change(self, concept: str) -> str:
        """The change of a Gini; that which is a target has no error of its own, because every draw meets it."""
        change = self.reasons[concept].change
        if self.assumed is not None and concept == self.income:
            return f"{_number(Simulated(change.value, None))} (the target, on every draw)"
        return _number(change)

    def _chances(self) -> str:
        if not self.chances:
            return f"not worked out: {self.missing.get('chances', 'no probability was computed')}"
        parts = []
        for concept, chance in self.chances.items():
            what = f"that the Gini of {CONCEPT_WORDS[concept]} rises"
            reasons = chance.uncertainty.unreliable
            if reasons:
                parts.append(
                    f"No probability {what} can be given to first order: it would be"
                    f" {chance.probability.value:.2f}, but {'; '.join(reasons)}."
                )
            else:
                error = "" if chance.probability.error is None else f" ± {chance.probability.error:.3f}"
                parts.append(
                    f"The probability {what} is {chance.probability.value:.3f}{error} to first order, from the Jacobian"
                    f" at the estimates (±: simulation s.e.): {chance.verdict}."
                )
        return " ".join([f"{self._given()}.", *parts, "`aigini posterior` samples it."])

    def _given(self) -> str:
        if self.assumed is None:
            return "From the targets as they are"
        return "m6 is left out here, and eta1 known only to lie between 0 and 1"

    def _shares(self) -> str:
        if any(chance.uncertainty.unreliable for chance in self.chances.values()):
            return (
                "what to measure cannot be told to first order here, for the same reason; `aigini posterior` says how"
                " much each target would tell about the sign."
            )
        parts = []
        for concept, chance in self.chances.items():
            shares = [(name, share) for name, share in chance.shares.items() if abs(share) >= _SMALL][:_SHOWN]
            sources = [
                f"{100 * share:.0f} % from {_source(name, chance.uncertainty.estimated_with)}" for name, share in shares
            ]
            parts.append(f"Gini of {CONCEPT_WORDS[concept]}: {_join(sources) or 'nothing moves it'}")
        return f"what the variance of the change comes from, to first order. {'. '.join(parts)}."


_MORE = (
    "`aigini posterior`: the probability of a rise without the first-order approximation; `aigini sign`: economies that"
    " meet m1 to m5 with either sign; `aigini sensitivity`: standard errors, intervals and what each target decides."
)


def _number(number: Simulated) -> str:
    """With four decimals, or one significant digit where they would all be zero."""
    shown = [f"{number.value:+.4f}" if abs(number.value) >= _VISIBLE or number.value == 0 else f"{number.value:+.0e}"]
    if number.error is not None:
        shown.append(f"{number.error:.4f}" if number.error >= _VISIBLE or number.error == 0 else f"{number.error:.0e}")
    return " ± ".join(shown)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _source(name: str, targets: Sequence[str]) -> str:
    if name in targets:
        return f"the s.e. of {name} ({label(name)})"
    return f"the range of {name}"


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""

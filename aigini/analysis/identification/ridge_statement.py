"""Statement about the sign that follows from the ridge, as far as simulation errors allow it."""

import itertools
from collections.abc import Mapping, Sequence

from aigini.analysis.identification.ridge import RidgePoint
from aigini.estimation.convergence import WITHIN_ERROR
from aigini.estimation.other_draws import shown
from aigini.statistics.catalogue import CONCEPT_WORDS


def signs_of(points: Sequence[RidgePoint], income: str) -> list[str]:
    """Signs of the change of a Gini among points: those that stand out of simulation error, and ``?`` for the rest."""
    names = {1: "+", -1: "-", 0: "?"}
    changes = [point.change(income) for point in points]
    return sorted({names[change.sign] for change in changes if not (change.resolved and change.value == 0)})


def statement(
    params: Mapping[str, float], income: str, moments: Sequence[str], points: Sequence[RidgePoint], n_workers: int
) -> str:
    """The statement whether the moments other than m6 identify the sign.

    A sign is stated where the change stands out of simulation error. Both are compatible with the moments where the
    lowest change of an economy that meets them is a fall and the highest a rise; one alone, where both are of its sign.

    Args:
        params: Every parameter at the estimates.
        income: Income concept of m6.
        moments: Targeted moments.
        points: The ridge.
        n_workers: Workers of the population.
    """
    own, concept, unknown = params["xi"], CONCEPT_WORDS[income], _unknown(points, income)
    others = ", ".join(name for name in moments if name != "m6")
    lines = [_at(own, [point for point in points if point.xi == own], income, others, n_workers)]
    verdicts = {
        xi: compatible_signs([point for point in points if point.xi == xi and point.feasible], income)
        for xi in dict.fromkeys(point.xi for point in points)
    }
    for signs, words in (
        ("+-", "Both signs are compatible at"),
        ("+", "Only a rise meets them exactly at"),
        ("-", "Only a fall meets them exactly at"),
        ("?", f"Whether both signs meet them is {unknown} at"),
        ("", "No value of eta1 on the grid meets the moments at"),
    ):
        at = [f"{xi:g}" for xi, verdict in verdicts.items() if verdict == signs]
        if at:
            lines.append(f"{words} xi = {', '.join(at)}.")
    lines += [_by_sharing(params["eta1"], points, income, concept), *sharing_by_eta1(points, income)]
    missed = [point for point in points if not point.feasible]
    if missed:
        worst = max(missed, key=lambda point: point.misfit)
        near = sum(point.misfit < WITHIN_ERROR for point in missed)
        lines.append(
            f"{len(missed)} of {len(points)} points do not meet them exactly; {near} of these miss by less than"
            f" {WITHIN_ERROR:g} s.e., which data would not reject (worst at xi = {worst.xi:g}, eta1 = {worst.eta1:g}:"
            f" off by {worst.misfit:.1f} s.e.)."
        )
    return "\n".join(lines)


def extremes(points: Sequence[RidgePoint], income: str) -> tuple[RidgePoint, RidgePoint]:
    """The points with the lowest and with the highest change of a Gini."""
    lowest, highest = (choose(points, key=lambda point: point.change(income).value) for choose in (min, max))
    return lowest, highest


def compatible_signs(points: Sequence[RidgePoint], income: str) -> str:
    """``+-`` if both signs are compatible, ``+`` or ``-`` if one is, ``?`` if simulation error hides that."""
    if not points:
        return ""
    low, high = (point.change(income).sign for point in extremes(points, income))
    return {(-1, 1): "+-", (1, 1): "+", (-1, -1): "-"}.get((low, high), "?")


def _unknown(points: Sequence[RidgePoint], income: str) -> str:
    """Why a sign is not known."""
    measured = any(point.change(income).error is not None for point in points)
    return "within simulation error" if measured else "not known (simulation errors were not measured)"


def _change(point: RidgePoint, income: str) -> str:
    change = point.change(income)
    return shown(change.value, change.error, "+.4f")


def _at(xi: float, points: Sequence[RidgePoint], income: str, others: str, n_workers: int) -> str:
    """The verdict at one ξ."""
    feasible = [point for point in points if point.feasible]
    if not feasible:
        return f"At xi = {xi:g} no value of eta1 on the grid meets {others}."
    (low, high), etas = extremes(feasible, income), sorted(point.eta1 for point in feasible)
    span = (
        f"At xi = {xi:g} {others} are met at {len(feasible)} of {len(points)} values of eta1, from"
        f" {etas[0]:g} to {etas[-1]:g}; along them the Gini of {CONCEPT_WORDS[income]}"
        f" changes by {_change(low, income)} (eta1 = {low.eta1:g}) to {_change(high, income)} (eta1 = {high.eta1:g})."
    )
    verdict = {
        "+-": "Both signs are compatible with these moments: they do not identify the sign.",
        "+": "Only a rise is compatible with these moments: they identify the sign.",
        "-": "Only a fall is compatible with these moments: they identify the sign.",
    }.get(compatible_signs(feasible, income))
    if verdict is not None:
        return f"{span} {verdict}"
    unresolved = [point.change(income) for point in (low, high) if not point.change(income).resolved]
    unknown = next(iter(unresolved), low.change(income))
    return f"{span} Whether both signs are compatible is not known: {unknown.describe(n_workers=n_workers)}."


def _by_sharing(estimate: float, points: Sequence[RidgePoint], income: str, concept: str) -> str:
    """The statement whether ξ alone moves the sign, the other moments being met again at each ξ."""
    eta = min({point.eta1 for point in points}, key=lambda value: abs(value - estimate))
    along = [point for point in points if point.eta1 == eta and point.feasible]
    if len(along) < 2:
        return f"At eta1 = {eta:g} the moments are met for fewer than two values of xi, so xi cannot be judged alone."
    verdict = {
        "+-": f"flips the sign{_threshold(along, income)}",
        "+": "does not flip the sign",
        "-": "does not flip the sign",
    }.get(compatible_signs(along, income), f"may or may not flip the sign, which is {_unknown(points, income)}")
    low, high = (_change(point, income) for point in extremes(along, income))
    return (
        f"At eta1 = {eta:g}, xi from {along[0].xi:g} to {along[-1].xi:g} alone moves the change of the Gini of"
        f" {concept} between {low} and {high}: it {verdict}."
    )


def sharing_by_eta1(points: Sequence[RidgePoint], income: str) -> list[str]:
    """At which values of η1 ξ alone moves the sign: the others are as compatible with the moments as the estimate."""
    by_verdict: dict[str, list[float]] = {}
    for eta in sorted({point.eta1 for point in points}):
        along = [point for point in points if point.eta1 == eta and point.feasible]
        if len(along) > 1:
            verdict = compatible_signs(along, income)
            by_verdict.setdefault({"-": "+"}.get(verdict, verdict), []).append(eta)
    words = (
        ("+-", "xi alone flips the sign at eta1 ="),
        ("+", "it does not at eta1 ="),
        ("?", f"that is {_unknown(points, income)} at eta1 ="),
    )
    clauses = [f"{text} {', '.join(f'{eta:g}' for eta in by_verdict[key])}" for key, text in words if key in by_verdict]
    if not clauses:
        return []
    text = "; ".join(clauses)
    return [f"By eta1, which the moments leave open: {text}."]


def _threshold(along: Sequence[RidgePoint], income: str) -> str:
    """Where ξ flips the sign, by a straight line between the points on both sides that stand out of their errors."""
    known = [point for point in along if point.change(income).resolved]
    for left, right in itertools.pairwise(known):
        one, two = left.change(income), right.change(income)
        if one.sign * two.sign < 0:
            share = one.value / (one.value - two.value)
            slope = (two.value - one.value) / (right.xi - left.xi)
            at = left.xi + share * (right.xi - left.xi)
            error = max(one.error or 0.0, two.error or 0.0) / abs(slope)
            return f" near xi = {shown(at, error, '.2g')}"
    return ""

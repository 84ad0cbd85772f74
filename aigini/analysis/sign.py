"""Do the moments of the mechanisms identify the sign of the effect on inequality?

m1 ... m5 identify the rates of the mechanisms; whether AI raises or lowers the Gini is another matter. Locally, the
null space of their Jacobian is the direction in which the estimates can move unseen, and m6 moves along it. Globally,
the ridge is the set of economies that meet m1 ... m5 exactly, one for each (ξ, η1): m6 is read off along it.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.analysis.case import Case
from aigini.analysis.evaluator import tied
from aigini.analysis.pieces import Pieces
from aigini.analysis.refit import Refit, refit, without
from aigini.analysis.regimes import SAY
from aigini.errors import AnalysisError
from aigini.estimation.problem import FreeSpace
from aigini.moments.responses import RESPONSE_NAMES

DEFAULT_ETA1 = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
DEFAULT_XI = (0.01, 0.05, 0.12, 0.25, 0.5, 0.75, 0.99)


@dataclasses.dataclass(frozen=True)
class LocalSign:
    """What the other moments leave open at the estimates.

    Attributes:
        singular_values: Of the Jacobian of m1 ... m5 in the free parameters, rows in standard errors, columns in
            relative changes.
        direction: Change of each free parameter in natural units along the null space, for a rise of η1 by 0.1.
        gini_change: Change of m6 along it, by the exact Jacobian.
    """

    singular_values: Sequence[float]
    direction: Mapping[str, float]
    gini_change: float


@dataclasses.dataclass(frozen=True)
class RidgePoint:
    """An economy that meets the other moments as well as it can, at given ξ and η1.

    Attributes:
        xi: ξ.
        eta1: η1.
        m6: Change of the Gini of the income that m6 is about.
        gini_total: Change of the Gini of total income.
        gini_wage: Change of the Gini of wages.
        misfit: Largest misfit of m1 ... m5, in standard errors.
        feasible: Whether all of them are met.
        estimates: The re-estimated parameters.
    """

    xi: float
    eta1: float
    m6: float
    gini_total: float
    gini_wage: float
    misfit: float
    feasible: bool
    estimates: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Sign:
    """Result of the analysis.

    Attributes:
        params: Every parameter at the estimates.
        income: Income concept of m6.
        local: The null space at the estimates.
        ridge: Economies that meet m1 ... m5, by ξ then η1.
        signs: Signs of m6 among the feasible points, by ξ.
        statement: What follows, in words.
    """

    params: Mapping[str, float]
    income: str
    local: LocalSign
    ridge: Sequence[RidgePoint]
    signs: Mapping[float, Sequence[str]]
    statement: str

    def __str__(self) -> str:
        lines = ["dGini: change of the Gini of total income and of wages, 0 to 1"]
        lines += [f"{'xi':>6s}{'eta1':>7s}{'dGini total':>13s}{'dGini wage':>12s}{'misfit/s.e.':>13s}  feasible"]
        for point in self.ridge:
            lines.append(
                f"{point.xi:6.2f}{point.eta1:7.2f}{point.gini_total:+13.5f}{point.gini_wage:+12.5f}{point.misfit:13.1e}"
                f"  {'yes' if point.feasible else 'no'}"
            )
        local = ", ".join(f"{name} {change:+.3g}" for name, change in self.local.direction.items())
        lines += ["", f"unseen by the other moments at the estimates: {local}; m6 {self.local.gini_change:+.5f}"]
        lines += ["", self.statement]
        return "\n".join(lines)


def local_sign(case: Case) -> LocalSign:
    """The null space of the Jacobian of the moments other than m6, and the change of m6 along it.

    Raises:
        AnalysisError: if m6 is not a target or η1 not free; or if the other moments leave no or several directions
            open, so that there is not one null vector to speak of.
    """
    case.require_sign_problem()
    others = [i for i, name in enumerate(case.targets) if name != "m6"]
    matrix = case.moment_jacobian[others]
    size = np.maximum(np.abs(case.estimates), 1e-12)
    _, singular, right = np.linalg.svd(matrix / case.se[others, None] * size[None, :])
    open_directions = len(size) - int(np.sum(singular > 1e-8 * singular[0]))
    if open_directions != 1:
        raise AnalysisError(
            f"the moments other than m6 leave {open_directions} directions of the {len(size)} free parameters open,"
            " where one was expected; free one parameter more than there are such moments."
        )
    eta1 = case.space.names.index("eta1")
    vector = right[-1] * size
    if abs(right[-1][eta1]) < 1e-10:
        raise AnalysisError("the direction that the moments other than m6 leave open does not involve eta1.")
    vector = vector * (0.1 / vector[eta1])
    row = list(case.targets).index("m6")
    return LocalSign(
        singular_values=singular.tolist(),
        direction=dict(zip(case.space.names, vector.tolist(), strict=True)),
        gini_change=float(case.moment_jacobian[row] @ vector),
    )


def sign(
    case: Case,
    etas: Sequence[float] = DEFAULT_ETA1,
    xis: Sequence[float] = DEFAULT_XI,
    pieces: Pieces | None = None,
) -> Sign:
    """Trace the ridge and say what it means.

    Args:
        case: The economy at its estimates; m6 must be a target and η1 free.
        etas: Values of η1.
        xis: Values of ξ; that of the estimates is added.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: as `local_sign` does.
    """
    local = local_sign(case)
    columns = sorted({*map(float, xis), case.values["xi"]})
    points = [
        point
        for at, xi in enumerate(columns)
        for point in _column(case, xi, sorted(map(float, etas)), pieces or Pieces(), (at, len(columns)))
    ]
    signs = {xi: _signs([p for p in points if p.xi == xi and p.feasible]) for xi in columns}
    return Sign(
        params=case.values,
        income=case.income,
        local=local,
        ridge=points,
        signs=signs,
        statement=_statement(case, points, signs),
    )


def _column(case: Case, xi: float, etas: list[float], pieces: Pieces, place: tuple[int, int]) -> list[RidgePoint]:
    """The ridge at one ξ, outwards from the η1 nearest the estimate, each point starting from its neighbour."""
    at, columns = place
    total = columns * len(etas)
    nearest = int(np.argmin([abs(eta - case.values["eta1"]) for eta in etas]))
    found: dict[int, RidgePoint] = {}
    order = [*range(nearest, len(etas)), *range(nearest - 1, -1, -1)]
    for done, index in enumerate(order):
        neighbour = index - 1 if index > nearest else index + 1
        start = found[neighbour].estimates if neighbour in found else None
        before = etas[neighbour] if neighbour in found else None
        piece = pieces.get(
            "ridge",
            at * len(etas) + done,
            total,
            lambda eta=etas[index], start=start, before=before: dataclasses.asdict(
                _ridge_point(case, xi, eta, start, before)
            ),
        )
        found[index] = RidgePoint(**piece)
    return [found[index] for index in range(len(etas))]


def _ridge_point(
    case: Case, xi: float, eta1: float, start: Mapping[str, float] | None, start_eta1: float | None
) -> RidgePoint:
    values = dict(case.values)
    reference = (values["xi"], values["eta1"]) if start is None or start_eta1 is None else (xi, start_eta1)
    values |= {**(start or {}), "xi": xi, "eta1": eta1}
    # Along the ridge m5 keeps χ (1 - ξ) q_A fixed, and q_A is nearly proportional to η1: start where it holds.
    now, then = (1 - xi) * eta1, (1 - reference[0]) * reference[1]
    if "cumulative_advantage" in case.space.names and min(now, then) > 0:
        values["cumulative_advantage"] *= then / now
    fit = refit_others(case, tied(values, case.space.tie), fixed=("eta1",), left_out=("m6",))
    gini = {name: float(fit.responses[RESPONSE_NAMES.index(name)]) for name in ("gini_total", "gini_wage")}
    return RidgePoint(
        xi=xi,
        eta1=eta1,
        m6=gini[f"gini_{case.income}"],
        gini_total=gini["gini_total"],
        gini_wage=gini["gini_wage"],
        misfit=fit.worst,
        feasible=fit.feasible,
        estimates=fit.estimates,
    )


def refit_others(
    case: Case, start: Mapping[str, float], *, fixed: Sequence[str] = (), left_out: Sequence[str] = ()
) -> Refit:
    """Re-estimate with some parameters fixed at their starting values and some moments left out."""
    space = FreeSpace(without(case.space.names, *fixed), case.space.tie)
    kept = [i for i, name in enumerate(case.targets) if name not in left_out]
    targets = {name: pair for name, pair in case.pairs.items() if name not in left_out}
    root = np.linalg.cholesky(case.weighting[np.ix_(kept, kept)])
    return refit(case.evaluator, start, space, targets, case.income, root=root)


def _signs(points: Sequence[RidgePoint]) -> list[str]:
    found = {"+" if point.m6 > 0 else "-" for point in points if point.m6 != 0}
    return sorted(found)


def _statement(case: Case, points: Sequence[RidgePoint], signs: Mapping[float, Sequence[str]]) -> str:
    concept = SAY[case.income]
    own = case.values["xi"]
    here = [point for point in points if point.xi == own and point.feasible]
    lines = []
    others = ", ".join(name for name in case.targets if name != "m6")
    if not here:
        lines.append(f"At xi = {own:g} no value of eta1 on the grid meets {others}.")
    else:
        low, high = min(here, key=lambda p: p.m6), max(here, key=lambda p: p.m6)
        span = (
            f"At xi = {own:g} {others} are met at {len(here)} of"
            f" {len([p for p in points if p.xi == own])} values of eta1, from {min(p.eta1 for p in here):g} to"
            f" {max(p.eta1 for p in here):g}; along them the Gini of {concept} changes by {low.m6:+.4f} (eta1 ="
            f" {low.eta1:g}) to {high.m6:+.4f} (eta1 = {high.eta1:g})."
        )
        verdict = (
            " Both signs are compatible with these moments: they do not identify the sign."
            if len(signs[own]) == 2
            else f" Only one sign ({signs[own][0] if signs[own] else 'none'}) is compatible with these moments: they"
            " identify it."
        )
        lines.append(span + verdict)
    both = [xi for xi, found in signs.items() if len(found) == 2]
    single = {xi: found[0] for xi, found in signs.items() if len(found) == 1}
    if both:
        lines.append(f"Both signs are compatible at xi = {', '.join(f'{xi:g}' for xi in both)}.")
    if single:
        lines.append("Only one is at " + ", ".join(f"xi = {xi:g} ({found})" for xi, found in single.items()) + ".")
    lines.append(_by_sharing(case, points, concept))
    infeasible = [point for point in points if not point.feasible]
    if infeasible:
        worst = max(infeasible, key=lambda p: p.misfit)
        lines.append(
            f"{len(infeasible)} of {len(points)} points cannot meet them (worst at xi = {worst.xi:g}, eta1 ="
            f" {worst.eta1:g}: off by {worst.misfit:.1f} s.e.)."
        )
    return "\n".join(lines)


def _by_sharing(case: Case, points: Sequence[RidgePoint], concept: str) -> str:
    """Whether ξ alone moves the sign, the other moments being met again at each ξ."""
    eta = min({point.eta1 for point in points}, key=lambda value: abs(value - case.values["eta1"]))
    along = [point for point in points if point.eta1 == eta and point.feasible]
    if len(along) < 2:
        return f"At eta1 = {eta:g} the moments are met for fewer than two values of xi, so xi cannot be judged alone."
    low, high = min(p.m6 for p in along), max(p.m6 for p in along)
    flips = low < 0 < high
    threshold = ""
    for left, right in itertools.pairwise(along):
        if left.m6 * right.m6 < 0 and not threshold:
            share = left.m6 / (left.m6 - right.m6)
            threshold = f" near xi = {left.xi + share * (right.xi - left.xi):.2g}"
    verdict = f"flips the sign{threshold}" if flips else "does not flip the sign"
    return (
        f"At eta1 = {eta:g}, xi from {along[0].xi:g} to {along[-1].xi:g} alone moves the change of the Gini of"
        f" {concept} between {low:+.4f} and {high:+.4f}: it {verdict}."
    )

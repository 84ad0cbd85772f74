"""Do the moments of the mechanisms identify the sign of the effect on inequality?

m1 ... m5 identify the rates of the mechanisms; whether AI raises or lowers the Gini is another matter. Locally, the
null space of their Jacobian is the direction in which the estimates can move unseen, and m6 moves along it. Globally,
the ridge is the set of economies that meet m1 ... m5 exactly, one for each (ξ, η1): m6 is read off along it.

Another draw of the population has another ridge. At given (ξ, η1) the change of a Gini there is, to first order,
g_r - G Λ (m_r - m̂), with the moments m_r and the change g_r that the other draw has at the economy of the first, and
the derivatives G and the influence Λ of the other moments at that economy. Its spread over draws is the simulation
error. An economy that cannot meet the moments is not on the ridge: how it misses them depends on where its search was
stopped, so it has no error of its own, is marked, and enters no statement.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from aigini.analysis.identification.ridge import RidgePoint, economies_of_column
from aigini.analysis.identification.ridge_statement import compatible_signs, extremes, signs_of, statement
from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, about_draws, error_at, shown, spread
from aigini.estimation.outcome_map import GINIS, TILE
from aigini.statistics.outcomes import OUTCOME_NAMES, Units, file_units
from aigini.tables import Column, Table, Tabular

DEFAULT_ETA1 = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
DEFAULT_XI = (0.01, 0.05, 0.12, 0.25, 0.5, 0.75, 0.99)

_VERDICTS = {
    "+-": "left open",
    "+": "only a rise",
    "-": "only a fall",
    "?": "not known",
    "": "moments not met",
}


@dataclasses.dataclass(frozen=True)
class LocalSign:
    """The direction in the parameters that the other moments leave open at the estimates.

    Attributes:
        singular_values: Singular values of the Jacobian of m1 ... m5 in the free parameters, rows in standard errors,
            columns in relative changes.
        direction: Change of each free parameter in natural units along the null space, for a rise of η1 by 0.1.
        gini_change: Change of m6 along it, by the exact Jacobian.
        gini_change_simulation_se: Its simulation standard error; None where it is not known.
        direction_simulation_se: Those of the changes of the parameters; empty where they are not known.
    """

    singular_values: Sequence[float]
    direction: Mapping[str, float]
    gini_change: float
    gini_change_simulation_se: float | None = None
    direction_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Sign(Tabular):
    """Identification of the sign of the change of the Gini by the moments other than m6.

    Attributes:
        params: Every parameter at the estimates.
        income: Income concept of m6.
        local: The null space at the estimates.
        ridge: Economies that meet m1 ... m5, by ξ then η1.
        signs: Signs of m6 among the feasible points, by ξ: ``+`` and ``-`` where a point stands out of simulation
            error, and ``?`` if there is one that does not.
        statement: The conclusion, in words.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
        missed_draws: Draws that could not be fitted as well as the first.
    """

    units: ClassVar[Units] = file_units(
        "gini_total",
        "gini_wage",
        m6="change of the Gini, 0 to 1",
        misfit="standard errors of the target",
        direction="unit of the parameter, for a rise of eta1 by 0.1",
    )

    params: Mapping[str, float]
    income: str
    local: LocalSign
    ridge: Sequence[RidgePoint]
    signs: Mapping[float, Sequence[str]]
    statement: str
    n_workers: int = 0
    draws: int = 0
    missed_draws: int = 0

    def extremes(self, xi: float) -> tuple[RidgePoint, RidgePoint] | None:
        """The economies with the lowest and the highest change of the Gini that meet the moments at one ξ, or None."""
        feasible = self._feasible(xi)
        return extremes(feasible, self.income) if feasible else None

    def verdict(self, xi: float) -> str:
        """A few words on whether the moments other than m6 leave the sign of the change open at one ξ."""
        return _VERDICTS[compatible_signs(self._feasible(xi), self.income)]

    def _feasible(self, xi: float) -> list[RidgePoint]:
        return [point for point in self.ridge if point.xi == xi and point.feasible]

    def table(self) -> Table:
        """Economies on the ridge."""
        columns = [Column("xi", [p.xi for p in self.ridge], ".2f"), Column("eta1", [p.eta1 for p in self.ridge], ".2f")]
        for income in ("total", "wage"):
            changes = [point.change(income) for point in self.ridge]
            columns.append(
                Column(
                    f"dGini {income}",
                    [change.value for change in changes],
                    errors=[change.error for change in changes],
                    text=[_cell(point, income) for point in self.ridge],
                )
            )
        feasible = [point.feasible for point in self.ridge]
        return Table(
            (
                *columns,
                Column("misfit/s.e.", [point.misfit for point in self.ridge], ".1e"),
                Column("met", feasible, text=["yes" if yes else "no *" for yes in feasible]),
            )
        )

    def __str__(self) -> str:
        lines = ["dGini: change of the Gini of total income and of wages, 0 to 1", str(self.table())]
        lines.append(about_draws(self.draws, self.n_workers, self.missed_draws))
        if not all(point.feasible for point in self.ridge):
            lines.append(f"* the moments are missed by more than {FIT_TOLERANCE:g} s.e.: rough, and in no statement")
        local = ", ".join(
            f"{name} {shown(change, self.local.direction_simulation_se.get(name), '+.3g')}"
            for name, change in self.local.direction.items()
        )
        change = shown(self.local.gini_change, self.local.gini_change_simulation_se)
        lines += ["", f"unseen by the other moments at the estimates: {local}; m6 {change}"]
        return "\n".join([*lines, "", self.statement])


def _cell(point: RidgePoint, income: str) -> str:
    change = point.change(income)
    return shown(change.value, change.error) if point.feasible else f"({change.value:+.3f})"


def local_sign(model: EstimatedModel) -> LocalSign:
    """The null space of the Jacobian of the moments other than m6, and the change of m6 along it.

    Raises:
        AnalysisError: if m6 is not a target or η1 not free; or if the other moments leave no or several directions
            open, so that there is not one null vector to speak of.
    """
    model.require_sign_problem()
    others = [i for i, name in enumerate(model.targets) if name != "m6"]
    matrix = model.moment_jacobian[others]
    size = np.maximum(np.abs(model.estimates), 1e-12)
    _, singular, right = np.linalg.svd(matrix / model.se[others, None] * size[None, :])
    open_directions = len(size) - int(np.sum(singular > 1e-8 * singular[0]))
    if open_directions != 1:
        raise AnalysisError(
            f"the moments other than m6 leave {open_directions} directions of the {len(size)} free parameters open,"
            " where one was expected; free one parameter more than there are such moments."
        )
    eta1 = model.space.names.index("eta1")
    vector = right[-1] * size
    if abs(right[-1][eta1]) < 1e-10:
        raise AnalysisError("the direction that the moments other than m6 leave open does not involve eta1.")
    vector = vector * (0.1 / vector[eta1])
    row = list(model.targets).index("m6")
    return LocalSign(
        singular_values=singular.tolist(),
        direction=dict(zip(model.space.names, vector.tolist(), strict=True)),
        gini_change=float(model.moment_jacobian[row] @ vector),
    )


def sign(
    model: EstimatedModel,
    etas: Sequence[float] = DEFAULT_ETA1,
    xis: Sequence[float] = DEFAULT_XI,
    others: OtherDraws | None = None,
    starts: Sequence[Mapping[str, float]] = (),
) -> Sign:
    """Trace the ridge and say what it means.

    Args:
        model: The economy at its estimates; m6 must be a target and η1 free.
        etas: Values of η1; those at which there is no economy are left out.
        xis: Values of ξ; that of the estimates is added.
        others: The economy on other draws, for simulation errors; without them no sign is stated.
        starts: Other parameters from which points are searched that are not met from their neighbours.

    Raises:
        AnalysisError: as `local_sign` does, and where there is no economy on the grid.
    """
    local = local_sign(model)
    columns = sorted({*map(float, xis), model.values["xi"]})
    ridge = [
        point
        for at, xi in enumerate(columns)
        for point in economies_of_column(model, xi, sorted(map(float, etas)), (at, len(columns)), starts)
    ]
    points = [point for point, _ in ridge]
    if not points:
        raise AnalysisError("there is no economy at any value of eta1 on the grid; give others.")
    if others is not None and others.count >= FEWEST:
        points = _with_errors(model, ridge, others)
        local = _local_with_errors(local, others)
    signs = {xi: signs_of([p for p in points if p.xi == xi and p.feasible], model.income) for xi in columns}
    n_workers = model.outcome_map.population.n_workers
    return Sign(
        params=model.values,
        income=model.income,
        local=local,
        ridge=points,
        signs=signs,
        statement=statement(model.values, model.income, tuple(model.targets), points, n_workers),
        n_workers=n_workers,
        draws=0 if others is None else others.count,
        missed_draws=0 if others is None else others.missed,
    )


def _local_with_errors(local: LocalSign, others: OtherDraws) -> LocalSign:
    names = tuple(local.direction)

    def again(other: EstimatedModel) -> list[float]:
        try:
            null_space = local_sign(other)
        except AnalysisError:
            return [np.nan] * (len(names) + 1)
        return [*(null_space.direction[name] for name in names), null_space.gini_change]

    errors = spread(others.repeat("null space on other draws", again))
    return dataclasses.replace(
        local,
        gini_change_simulation_se=error_at(errors, len(names)),
        direction_simulation_se={name: error_at(errors, k) for k, name in enumerate(names)},
    )


def _with_errors(
    model: EstimatedModel, ridge: Sequence[tuple[RidgePoint, np.ndarray]], others: OtherDraws
) -> list[RidgePoint]:
    """Points of the ridge with the simulation errors of both Ginis.

    Args:
        model: The economy at its estimates.
        ridge: Points, and how both Ginis follow the other moments there, ``[2, moments]``.
        others: The other draws.
    """
    feasible = [(point, follow) for point, follow in ridge if point.feasible]
    rows = [row for row, name in zip(model.rows, model.targets, strict=True) if name != "m6"]
    target = np.array([target.value for name, target in model.targets.items() if name != "m6"])
    economies = [
        model.space.impose({**model.values, **point.estimates, "xi": point.xi, "eta1": point.eta1})
        for point, _ in feasible
    ]

    def changes(other: EstimatedModel) -> np.ndarray:
        tiles = [other.outcome_map.values(economies[i : i + TILE]) for i in range(0, len(economies), TILE)]
        outcomes = np.concatenate(tiles) if tiles else np.empty((0, len(OUTCOME_NAMES)))
        follow = np.array([follow for _, follow in feasible]).reshape(len(feasible), 2, len(rows))
        return outcomes[:, list(GINIS)] - np.einsum("pgm,pm->pg", follow, outcomes[:, rows] - target)

    errors = spread(others.repeat("ridge on other draws", changes)) if feasible else None
    numbers = itertools.count()
    return [
        point
        if not point.feasible
        else dataclasses.replace(
            point,
            gini_total_simulation_se=error_at(errors, k := next(numbers), 0),
            gini_wage_simulation_se=error_at(errors, k, 1),
        )
        for point, _ in ridge
    ]

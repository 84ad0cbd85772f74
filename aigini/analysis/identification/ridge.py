"""The ridge: economies that meet the moments other than m6, one for each (ξ, η1)."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from aigini.errors import AnalysisError
from aigini.estimation.convergence import FIT_TOLERANCE
from aigini.estimation.estimated_model import EstimatedModel, Refit, refit
from aigini.estimation.outcome_map import GINIS
from aigini.resolution import Simulated
from aigini.runtime.progress import report
from aigini.statistics.outcomes import OUTCOME_NAMES


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
        feasible: True if all of them are met.
        estimates: The re-estimated parameters.
        gini_total_simulation_se: Simulation standard error of that change; None where it is not known, as where the
            moments are not met.
        gini_wage_simulation_se: The same for wages.
    """

    xi: float
    eta1: float
    m6: float
    gini_total: float
    gini_wage: float
    misfit: float
    feasible: bool
    estimates: Mapping[str, float]
    gini_total_simulation_se: float | None = None
    gini_wage_simulation_se: float | None = None

    def change(self, income: str) -> Simulated:
        """Change of the Gini of ``total`` income or ``wage`` with its simulation error."""
        return Simulated(getattr(self, f"gini_{income}"), getattr(self, f"gini_{income}_simulation_se"))


def economies_of_column(
    model: EstimatedModel,
    xi: float,
    etas: list[float],
    column: tuple[int, int],
    starts: Sequence[Mapping[str, float]] = (),
) -> list[tuple[RidgePoint, np.ndarray]]:
    """The ridge at one ξ, outwards from the η1 nearest the estimate, each point starting from its neighbour.

    With each point comes how both Ginis follow the other moments there, ``[2, moments]``. Values of η1 at which there
    is no economy, as without commodity AI where that is needed, are left out.

    Args:
        model: The economy at its estimates.
        xi: ξ.
        etas: Values of η1, increasing.
        column: Number of this ξ among those that are traced, and how many there are, for the progress bar.
        starts: Other parameters, all of them, from which a point is searched, after the estimates, that is not met from
            a neighbour that is. Moments that have become flat in a parameter, as all are in σ where it is large, hold
            a search where it is.
    """
    at, columns = column
    etas = [
        eta for eta in etas if model.outcome_map.admits(model.space.impose({**model.values, "xi": xi, "eta1": eta}))
    ]
    if not etas:
        return []
    total = columns * len(etas)
    nearest = int(np.argmin([abs(eta - model.values["eta1"]) for eta in etas]))
    traced: dict[int, tuple[RidgePoint, np.ndarray]] = {}
    order = [*range(nearest, len(etas)), *range(nearest - 1, -1, -1)]
    for done, index in enumerate(order):
        before = traced.get(index - 1 if index > nearest else index + 1)
        if before is None:
            traced[index] = _ridge_point(model, xi, etas[index], model.values)
        else:
            neighbour = before[0]
            near = {**neighbour.estimates, "xi": xi, "eta1": neighbour.eta1}
            traced[index] = _ridge_point(model, xi, etas[index], near)
        if before is None or before[0].feasible:
            traced[index] = _from_elsewhere(model, traced[index], (model.values, *starts))
        report("ridge", at * len(etas) + done + 1, total)
    return [traced[index] for index in range(len(etas))]


def _from_elsewhere(
    model: EstimatedModel, searched: tuple[RidgePoint, np.ndarray], starts: Sequence[Mapping[str, float]]
) -> tuple[RidgePoint, np.ndarray]:
    """A point that is not met, searched from other parameters until it is; unchanged if none of them leads there."""
    point, _ = searched
    if point.feasible:
        return searched
    for start in starts:
        near = {name: start[name] for name in (*model.space.names, "xi")}
        try:
            again = _ridge_point(model, point.xi, point.eta1, near)
        except AnalysisError:  # no finite moments at this start
            continue
        if again[0].feasible:
            return again
    return searched


def _ridge_point(
    model: EstimatedModel, xi: float, eta1: float, near: Mapping[str, float]
) -> tuple[RidgePoint, np.ndarray]:
    """A point of the ridge, searched from `near`, and how the Ginis follow the other moments there, ``[2, moments]``.

    Raises:
        AnalysisError: if the economy has no finite outcomes at the start.
    """
    values = {**model.values, **near, "xi": xi, "eta1": eta1}
    # Along the ridge m5 keeps χ (1 - ξ) q_A fixed, and q_A is nearly proportional to η1: start where it holds.
    now, then = (1 - xi) * eta1, (1 - near["xi"]) * near["eta1"]
    if "cumulative_advantage" in model.space.names and min(now, then) > 0:
        values["cumulative_advantage"] *= then / now
    fit = refit_others(model, model.space.impose(values), fixed=("eta1",), left_out=("m6",))
    gini = {name: float(fit.outcomes[OUTCOME_NAMES.index(name)]) for name in ("gini_total", "gini_wage")}
    point = RidgePoint(
        xi=xi,
        eta1=eta1,
        m6=gini[f"gini_{model.income}"],
        gini_total=gini["gini_total"],
        gini_wage=gini["gini_wage"],
        misfit=fit.worst,
        feasible=fit.worst < FIT_TOLERANCE,
        estimates={name: fit.values[name] for name in fit.space.names},
    )
    return point, _follow(fit)


def _follow(fit: Refit) -> np.ndarray:
    """Derivatives of both Ginis in the other moments, through the parameters estimated from them, ``[2, moments]``."""
    root = np.linalg.cholesky(fit.weighting)
    matrix = root.T @ fit.moment_jacobian
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    influence = np.linalg.lstsq(matrix / size, root.T)[0] / size[:, None]
    return fit.free_jacobian[list(GINIS)] @ influence


def refit_others(
    model: EstimatedModel, start: Mapping[str, float], *, fixed: Sequence[str] = (), left_out: Sequence[str] = ()
) -> Refit:
    """Re-estimate with some parameters fixed at their starting values and some moments left out."""
    used = [i for i, name in enumerate(model.targets) if name not in left_out]
    targets = {name: target for name, target in model.targets.items() if name not in left_out}
    weighting, space = model.weighting[np.ix_(used, used)], model.space.without(*fixed)
    return refit(dataclasses.replace(model, targets=targets, space=space, weighting=weighting, covariance=None), start)

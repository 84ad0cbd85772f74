"""Profiles: how well the targets can still be met when one parameter is held away from its estimate."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from aigini.analysis.case import Case
from aigini.analysis.evaluator import tied
from aigini.analysis.pieces import Pieces
from aigini.analysis.sign import refit_others
from aigini.estimation.problem import FreeSpace
from aigini.inference.intervals import Interval, profile_interval

_OFFSETS = np.array([0.125, 0.25, 0.5, 0.75, 1.0])
_REACH = 2.5  # standard errors, on the unconstrained scale
_FURTHEST = 3.0  # log units or log odds


@dataclasses.dataclass(frozen=True)
class Profile:
    """The profile of one parameter.

    Attributes:
        parameter: Its name.
        values: Where it was held, the estimate among them, ``[n]``.
        criterion: (m - m̂)' W (m - m̂) at the best values of the others, ``[n]``.
        interval: Where the criterion has risen by less than the χ²(1) quantile; None for an end beyond `values`.
    """

    parameter: str
    values: np.ndarray
    criterion: np.ndarray
    interval: Interval


def profile(case: Case, parameter: str, se: float, pieces: Pieces | None = None) -> Profile:
    """Hold a free parameter at values on both sides of its estimate and estimate the others again.

    Args:
        case: The economy at its estimates; its weighting must be the inverse covariance of the targets.
        parameter: A free parameter.
        se: Its standard error, which sets how far the profile reaches.
        pieces: Finished pieces of an earlier run.
    """
    pieces = pieces or Pieces()
    space = FreeSpace((parameter,), case.space.tie)
    estimate = case.values[parameter]
    centre = float(space.unconstrained(jnp.array([estimate]))[0])
    step = 1e-6
    slope = float(space.natural(jnp.array([centre + step]))[0] - space.natural(jnp.array([centre - step]))[0]) / (
        2 * step
    )
    reach = min(_REACH * se / abs(slope), _FURTHEST)
    found: dict[float, float] = {}
    for side, sign in enumerate((-1.0, 1.0)):
        start = dict(case.values)
        for number, offset in enumerate(_OFFSETS):
            value = float(space.natural(jnp.array([centre + sign * reach * offset]))[0])
            piece = pieces.get(
                f"profile of {parameter}",
                side * len(_OFFSETS) + number,
                2 * len(_OFFSETS),
                lambda value=value, start=start: _held(case, parameter, value, start),
            )
            start = {**start, **piece["estimates"]}
            found[value] = piece["criterion"]
    misfit = np.array([case.responses[row] for row in case.rows]) - np.array([t.value for t in case.targets.values()])
    minimum = float(misfit @ case.weighting @ misfit)
    found[estimate] = minimum
    values = np.array(sorted(found))
    criterion = np.array([found[value] for value in values])
    interval = profile_interval(values, criterion, minimum=minimum, estimate=estimate)
    return Profile(parameter, values, criterion, interval)


def _held(case: Case, parameter: str, value: float, start: dict[str, float]) -> dict[str, object]:
    values = tied({**start, parameter: value}, case.space.tie)
    fit = refit_others(case, values, fixed=(parameter,))
    return {"criterion": 2 * fit.objective, "estimates": dict(fit.estimates)}

"""Mean causal returns to schooling before and after AI, by kind, and the channels that move them.

They are means over the quadrature of the population and involve no simulated workers, so that their simulation errors
are those of the estimates alone. Contributions are Shapley values over the same coalitions as those of
`aigini.analysis.channels`.
"""

import dataclasses
import functools
from collections.abc import Mapping

import jax
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import solve
from aigini.economy.schooling_returns import CODIFIABLE, SOCIAL, kinds
from aigini.economy.schooling_returns import schooling_returns as mean_returns
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, error_at, shown, spread
from aigini.numerics.shapley import coalitions, shapley
from aigini.parameter_space import pack, unpack
from aigini.resolution import Simulated
from aigini.runtime.memory import in_groups
from aigini.statistics.economy_map import EconomyMap
from aigini.tables import Column, Table, numbers

KIND_WORDS = {CODIFIABLE: "codifiable schooling", SOCIAL: "social schooling"}
_VERDICTS = {1: "rises", -1: "falls", 0: "is not distinguishable from unchanged"}


@dataclasses.dataclass(frozen=True)
class ReturnToSchooling:
    """The mean causal return to a year of one kind of schooling, log points.

    Attributes:
        before: Before AI.
        after: After AI.
        contributions: Shapley contribution of each channel to the change.
        before_simulation_se: Simulation standard error, through the estimates; None where it is not known.
        after_simulation_se: The same after AI.
        change_simulation_se: That of the change.
        contribution_simulation_se: Those of the contributions; empty where they are not known.
    """

    before: float
    after: float
    contributions: Mapping[str, float]
    before_simulation_se: float | None = None
    after_simulation_se: float | None = None
    change_simulation_se: float | None = None
    contribution_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)

    @property
    def change(self) -> Simulated:
        """The change with its simulation error."""
        return Simulated(self.after - self.before, self.change_simulation_se)

    def in_words(self, kind: str) -> str:
        """A sentence on the change, as far as it stands out of simulation error."""
        return f"the mean causal return to {KIND_WORDS[kind]} {_VERDICTS[self.change.sign]}"


@functools.partial(jax.jit, static_argnames="batch")
def _levels(
    vector: Float[Array, "parameters"], on: Float[Array, "coalitions channels"], economy: EconomyMap, batch: int
) -> Float[Array, "coalitions states kinds"]:
    mechanisms = economy.scenario.mechanisms

    def one(switches: Array) -> Array:
        solved = solve(unpack(vector), economy.scenario, economy.population.firm_shocks, Channels(*switches))
        params = solved.environment.params
        return jax.vmap(lambda state: mean_returns(params, mechanisms, state.market))(solved.states)

    return in_groups(one, batch)(on)


def returns_by_channel(model: EstimatedModel, others: OtherDraws | None = None) -> dict[str, ReturnToSchooling]:
    """The mean causal return to schooling by kind, decomposed.

    Args:
        model: The economy at its estimates, without AI before.
        others: The economy on other draws, for simulation errors.
    """
    on = np.asarray(coalitions(len(CHANNEL_NAMES)), np.float64)

    def levels(one: EstimatedModel) -> np.ndarray:
        return one.outcome_map.run(_levels, pack(one.values), on, batch=1)

    first, repeated = levels(model), None
    if others is not None and others.count >= FEWEST:
        repeated = others.repeat("returns to schooling on other draws", levels)
    names = kinds(model.outcome_map.scenario.mechanisms)
    return {
        kind: _of_kind(first[..., k], None if repeated is None else repeated[..., k]) for k, kind in enumerate(names)
    }


def _of_kind(first: np.ndarray, repeated: np.ndarray | None) -> ReturnToSchooling:
    """The return to one kind.

    Args:
        first: In every coalition, before and after AI, ``[coalitions, 2]``.
        repeated: The same on other draws, ``[draws, coalitions, 2]``.
    """

    def parts(levels: np.ndarray) -> np.ndarray:
        change = levels[:, 1] - levels[:, 0]
        return np.array([*levels[-1], change[-1], *shapley(change, list(CHANNEL_NAMES)).contributions])

    values = parts(first)
    draws = None if repeated is None else np.array([values, *(parts(one) for one in repeated)])
    errors = spread(draws)
    by_channel = range(3, 3 + len(CHANNEL_NAMES))
    return ReturnToSchooling(
        before=float(values[0]),
        after=float(values[1]),
        contributions={name: float(values[k]) for name, k in zip(CHANNEL_NAMES, by_channel, strict=True)},
        before_simulation_se=error_at(errors, 0),
        after_simulation_se=error_at(errors, 1),
        change_simulation_se=error_at(errors, 2),
        contribution_simulation_se={}
        if errors is None
        else {name: error_at(errors, k) for name, k in zip(CHANNEL_NAMES, by_channel, strict=True)},
    )


def table(returns: Mapping[str, ReturnToSchooling]) -> Table:
    """Returns before and after AI, the change, and the contribution of each channel to it; a column for each kind."""
    rows = ["before AI", "after AI", "change", *CHANNEL_NAMES]
    columns = [Column("return to schooling", rows)]
    for kind, one in returns.items():
        by_channel = [one.contributions[name] for name in CHANNEL_NAMES]
        errors = [one.contribution_simulation_se.get(name) for name in CHANNEL_NAMES]
        columns.append(
            numbers(
                KIND_WORDS[kind],
                [one.before, one.after, one.change.value, *by_channel],
                [one.before_simulation_se, one.after_simulation_se, one.change_simulation_se, *errors],
                lambda value, error: shown(value, error, "+.6f"),
            )
        )
    return Table(tuple(columns))

"""Contributions of five channels to changes of inequality: an exact Shapley decomposition.

Every coalition of channels (see `aigini.economy.channels`) is an economy of its own. The contribution of a channel is
its marginal effect averaged over all orders in which channels can be switched on, so that contributions add up to the
whole effect of AI and do not depend on an order.

Simulation errors are the spread of the same decomposition over other draws of the population, all coalitions evaluated
again on each at its own estimates.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar

import jax
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.returns_to_schooling import ReturnToSchooling, returns_by_channel, table
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import FEWEST, OtherDraws, about_draws, error_at, shown, spread
from aigini.numerics.shapley import coalitions, shapley
from aigini.parameter_space import pack, unpack
from aigini.resolution import Simulated
from aigini.runtime.memory import in_groups, usual_number
from aigini.runtime.progress import report
from aigini.statistics.economy_map import EconomyMap
from aigini.statistics.outcomes import OUTCOME_NAMES, Units, file_units
from aigini.tables import Column, Table, Tabular, numbers

OUTCOMES = {
    "gini_total": "Gini of total income",
    "gini_wage": "Gini of wages",
    "college_premium": "college premium, log points",
    "between_firm_variance": "between-firm variance of log wages, squared log points",
}
_SUMS = {"equalising": "sum of the negative", "concentrating": "sum of the positive"}
_ROWS = tuple(OUTCOME_NAMES.index({"college_premium": "m3"}.get(name, name)) for name in OUTCOMES)


@dataclasses.dataclass(frozen=True)
class OutcomeChannels:
    """The decomposition of the change of one outcome.

    Attributes:
        total: The change with all channels on; with all off nothing changes.
        contributions: Shapley contribution by channel; they add up to the total.
        alone: Change when the channel is switched on by itself.
        last: Change lost when it alone is switched off.
        interactions: Shapley interaction index of each pair, ``[channels, channels]``.
        equalising: Sum of the negative contributions.
        concentrating: Sum of the positive contributions.
        total_simulation_se: Simulation standard error of the total; None where it is not known.
        contribution_simulation_se: Those of the contributions; empty where they are not known.
        alone_simulation_se: Those of the changes of channels by themselves.
        last_simulation_se: Those of the changes lost without them.
        interaction_simulation_se: Those of the interactions, ``[channels, channels]``.
        equalising_simulation_se: That of the sum of the negative contributions.
        concentrating_simulation_se: That of the sum of the positive ones.
    """

    total: float
    contributions: Mapping[str, float]
    alone: Mapping[str, float]
    last: Mapping[str, float]
    interactions: np.ndarray
    equalising: float
    concentrating: float
    total_simulation_se: float | None = None
    contribution_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    alone_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    last_simulation_se: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    interaction_simulation_se: np.ndarray | None = None
    equalising_simulation_se: float | None = None
    concentrating_simulation_se: float | None = None

    def contribution(self, channel: str) -> Simulated:
        """Contribution of a channel with its simulation error."""
        return Simulated(self.contributions[channel], self.contribution_simulation_se.get(channel))


@dataclasses.dataclass(frozen=True)
class ChannelDecomposition(Tabular):
    """Shapley decomposition of the changes of several outcomes over the channels.

    Attributes:
        params: Every parameter at the estimates.
        outcomes: The decomposition by outcome.
        values: Change of each outcome in each coalition, ``[coalitions, outcomes]``.
        coalitions: True for channels that are on, ``[coalitions, channels]``.
        n_workers: Workers of the population.
        draws: Other draws of the population from which simulation standard errors come; 0 without these.
        missed_draws: Draws that could not be fitted as well as the first.
        returns: The mean causal return to a year of schooling, by kind, log points.
    """

    units: ClassVar[Units] = file_units(
        "gini_total",
        "gini_wage",
        "between_firm_variance",
        college_premium="change in log points",
        returns="log points per year",
    )

    params: Mapping[str, float]
    outcomes: Mapping[str, OutcomeChannels]
    values: np.ndarray
    coalitions: np.ndarray
    n_workers: int = 0
    draws: int = 0
    missed_draws: int = 0
    returns: Mapping[str, ReturnToSchooling] = dataclasses.field(default_factory=dict)

    def table(self) -> Table:
        """Contribution of each channel to each outcome, and their sums."""
        sums = ("equalising", "concentrating", "total")
        columns = [Column("channel", [*CHANNEL_NAMES, *(_SUMS.get(label, label) for label in sums)])]
        for name, part in self.outcomes.items():
            rows = [part.contribution(channel) for channel in CHANNEL_NAMES]
            rows += [Simulated(getattr(part, label), getattr(part, f"{label}_simulation_se")) for label in sums]
            columns.append(numbers(name, [one.value for one in rows], [one.error for one in rows], shown))
        return Table(tuple(columns))

    def __str__(self) -> str:
        lines = ["; ".join(f"{name}: change of the {OUTCOMES.get(name, name)}" for name in self.outcomes)]
        lines.append(str(self.table()))
        lines.append("at the point estimates: the standard errors of the targets are not in ±")
        lines += [about_draws(self.draws, self.n_workers, self.missed_draws), ""]
        lines += [f"{OUTCOMES.get(name, name)}: {_in_words(part)}" for name, part in self.outcomes.items()]
        if self.returns:
            lines += ["", "mean causal return to a year of schooling, log points, and what moves it"]
            lines += [str(table(self.returns)), *(one.in_words(kind) for kind, one in self.returns.items())]
        return "\n".join(lines)


def _in_words(part: OutcomeChannels) -> str:
    """Channels that raise the outcome and that lower it, as far as their signs stand out of simulation error."""
    by_sign: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for channel in sorted(part.contributions, key=lambda name: -abs(part.contributions[name])):
        one = part.contribution(channel)
        if not (one.resolved and one.value == 0):
            by_sign[one.sign].append(channel)
    words = {1: "raised by", -1: "lowered by", 0: "not distinguishable from no contribution:"}
    return "; ".join(f"{words[sign]} {', '.join(names)}" for sign, names in by_sign.items() if names) or "no change"


@functools.partial(jax.jit, static_argnames="batch")
def _all(
    vector: Float[Array, "parameters"], on: Float[Array, "coalitions channels"], economy: EconomyMap, batch: int
) -> Float[Array, "coalitions outcomes"]:
    return in_groups(lambda switches: economy(unpack(vector), Channels(*switches)), batch)(on)


def require_no_ai_before(scenario: Scenario) -> None:
    """Raise if AI is present before, where a channel that is off has no one meaning.

    Raises:
        AnalysisError: saying so.
    """
    if float(scenario.A0) != 0:
        raise AnalysisError(
            f"channels are switched against an economy without AI, but scenario.A0 = {float(scenario.A0):g};"
            " set scenario.A0 = 0."
        )


def channels(model: EstimatedModel, batch: int | None = None, others: OtherDraws | None = None) -> ChannelDecomposition:
    """Evaluate all 32 coalitions in one program and decompose each outcome.

    Args:
        model: The economy at its estimates.
        batch: Coalitions evaluated at once; by default `aigini.runtime.memory.usual_number`.
        others: The economy on other draws, for simulation errors; with None there are none.

    Raises:
        AnalysisError: if AI is present before (A0 > 0), where "off" has no one meaning; or an economy is not finite.
    """
    require_no_ai_before(model.outcome_map.scenario)
    values = _every(model, batch)
    report("coalitions", 1, 1)
    repeated = None
    if others is not None and others.count >= FEWEST:
        repeated = others.repeat("coalitions on other draws", lambda one: _every(one, batch))
    return ChannelDecomposition(
        params=model.values,
        outcomes={
            name: _outcome(values[:, k], None if repeated is None else repeated[..., k])
            for k, name in enumerate(OUTCOMES)
        },
        values=values,
        coalitions=coalitions(len(CHANNEL_NAMES)),
        n_workers=model.outcome_map.population.n_workers,
        draws=0 if others is None else others.count,
        missed_draws=0 if others is None else others.missed,
        returns=returns_by_channel(model, others),
    )


def _every(model: EstimatedModel, batch: int | None) -> np.ndarray:
    """Outcomes in every coalition, ``[coalitions, outcomes]``."""
    outcome_map = model.outcome_map
    on = np.asarray(coalitions(len(CHANNEL_NAMES)), np.float64)
    usual = usual_number(outcome_map.population.bytes_in_flight, len(on))
    return outcome_map.run(_all, pack(model.values), on, batch=batch or usual)[:, list(_ROWS)]


def _outcome(values: np.ndarray, repeated: np.ndarray | None) -> OutcomeChannels:
    """The decomposition of one outcome.

    Args:
        values: The outcome in every coalition, ``[coalitions]``.
        repeated: The same on other draws, ``[draws, coalitions]``.
    """
    first = _parts(values)
    draws = [] if repeated is None else [_parts(row) for row in repeated]
    # As in `aigini.resolution.simulated`, the first draw is one of those whose spread is the error.
    error = {key: spread(np.array([part[key] for part in (first, *draws)])) if draws else None for key in first}
    return OutcomeChannels(
        total=float(first["total"]),
        contributions=_by_channel(first["contributions"]),
        alone=_by_channel(first["alone"]),
        last=_by_channel(first["last"]),
        interactions=first["interactions"],
        equalising=float(first["equalising"]),
        concentrating=float(first["concentrating"]),
        total_simulation_se=error_at(error["total"]),
        contribution_simulation_se=_errors_by_channel(error["contributions"]),
        alone_simulation_se=_errors_by_channel(error["alone"]),
        last_simulation_se=_errors_by_channel(error["last"]),
        interaction_simulation_se=error["interactions"],
        equalising_simulation_se=error_at(error["equalising"]),
        concentrating_simulation_se=error_at(error["concentrating"]),
    )


def _parts(values: np.ndarray) -> dict[str, np.ndarray]:
    """The decomposition of one outcome of every coalition, ``[coalitions]``."""
    parts = shapley(values, list(CHANNEL_NAMES))
    return {
        "total": np.asarray(values[-1] - values[0]),
        "contributions": parts.contributions,
        "alone": parts.first_in,
        "last": parts.last_in,
        "interactions": parts.interactions,
        "equalising": np.asarray(np.minimum(parts.contributions, 0).sum()),
        "concentrating": np.asarray(np.maximum(parts.contributions, 0).sum()),
    }


def _by_channel(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(CHANNEL_NAMES, values, strict=True)}


def _errors_by_channel(errors: np.ndarray | None) -> dict[str, float | None]:
    return {name: error_at(errors, k) for k, name in enumerate(CHANNEL_NAMES)}

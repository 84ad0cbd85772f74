"""Which channels move inequality, and by how much: an exact Shapley decomposition over five switches.

Every coalition of channels (see `aigini.economy.channels`) is an economy of its own. The contribution of a channel is
its marginal effect averaged over all orders in which channels can be switched on, so that contributions add up to the
whole effect of AI and do not depend on an order.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.analysis.case import Case
from aigini.analysis.evaluator import pack, unpack
from aigini.analysis.pieces import Pieces
from aigini.analysis.shapley import coalitions, shapley
from aigini.economy.channels import CHANNEL_NAMES, Channels
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.memory import side_by_side
from aigini.moments.responses import RESPONSE_NAMES, responses
from aigini.population.population import Population

OUTCOMES = {
    "gini_total": "Gini of total income",
    "gini_wage": "Gini of wages",
    "college_premium": "college premium, log points",
    "between_firm_variance": "between-firm variance of log wages, squared log points",
}
_ROWS = tuple(RESPONSE_NAMES.index({"college_premium": "m3"}.get(name, name)) for name in OUTCOMES)


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
    """

    total: float
    contributions: Mapping[str, float]
    alone: Mapping[str, float]
    last: Mapping[str, float]
    interactions: np.ndarray
    equalising: float
    concentrating: float


@dataclasses.dataclass(frozen=True)
class ChannelDecomposition:
    """Result of the analysis.

    Attributes:
        params: Every parameter at the estimates.
        outcomes: The decomposition by outcome.
        values: Change of each outcome in each coalition, ``[coalitions, outcomes]``.
        coalitions: Whether each channel is on, ``[coalitions, channels]``.
    """

    params: Mapping[str, float]
    outcomes: Mapping[str, OutcomeChannels]
    values: np.ndarray
    coalitions: np.ndarray

    def __str__(self) -> str:
        units = "; ".join(f"{name}: change of the {OUTCOMES.get(name, name)}" for name in self.outcomes)
        lines = [units, f"{'':24s}" + "".join(f"{name:>23s}" for name in self.outcomes)]
        for channel in CHANNEL_NAMES:
            cells = "".join(f"{part.contributions[channel]:+23.6f}" for part in self.outcomes.values())
            lines.append(f"{channel:24s}{cells}")
        for label in ("equalising", "concentrating", "total"):
            cells = "".join(f"{getattr(part, label):+23.6f}" for part in self.outcomes.values())
            lines.append(f"{label:24s}{cells}")
        return "\n".join(lines)


@functools.partial(jax.jit, static_argnames="batch")
def _all(
    vector: Float[Array, "parameters"],
    on: Float[Array, "coalitions channels"],
    population: Population,
    scenario: Scenario,
    batch: int,
) -> Float[Array, "coalitions responses"]:
    def one(switches: Array) -> Array:
        return responses(unpack(vector), population, scenario, Channels(*switches))

    return jax.lax.map(one, on, batch_size=batch)


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


def channels(case: Case, batch: int = 8, pieces: Pieces | None = None) -> ChannelDecomposition:
    """Evaluate all 32 coalitions in one program and decompose each outcome.

    Args:
        case: The economy at its estimates.
        batch: Coalitions evaluated side by side, fewer where memory is short.
        pieces: Finished pieces of an earlier run.

    Raises:
        AnalysisError: if AI is present before (A0 > 0), where "off" has no one meaning; or an economy is not finite.
    """
    evaluator = case.evaluator
    require_no_ai_before(evaluator.scenario)
    on = coalitions(len(CHANNEL_NAMES))

    def evaluate() -> list[list[float]]:
        together = side_by_side(evaluator.population.bytes_in_flight, batch)
        found = _all(
            pack(case.values), jnp.asarray(on, jnp.float64), evaluator.population, evaluator.scenario, together
        )
        return np.asarray(found)[:, list(_ROWS)].tolist()

    values = np.array((pieces or Pieces()).get("coalitions", 0, 1, evaluate))
    parts = shapley(values, list(CHANNEL_NAMES))
    return ChannelDecomposition(
        params=case.values,
        outcomes={
            name: OutcomeChannels(
                total=float(values[-1, k] - values[0, k]),
                contributions=_by_channel(parts.contributions[:, k]),
                alone=_by_channel(parts.first_in[:, k]),
                last=_by_channel(parts.last_in[:, k]),
                interactions=np.asarray(parts.interactions[:, :, k]),
                equalising=float(np.minimum(parts.contributions[:, k], 0).sum()),
                concentrating=float(np.maximum(parts.contributions[:, k], 0).sum()),
            )
            for k, name in enumerate(OUTCOMES)
        },
        values=values,
        coalitions=on,
    )


def _by_channel(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(CHANNEL_NAMES, values, strict=True)}

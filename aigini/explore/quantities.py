"""The numbers that the page shows, as functions of the solved economy and of sums over its workers.

Headline numbers are the changes of two Ginis, each as the sum of the Shapley contributions of the channels. Curves are
Lorenz ordinates at fixed population shares and densities of log income at fixed nodes, before and after AI.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.channels import CHANNEL_NAMES
from aigini.economy.economy import Economy
from aigini.population.population import Population
from aigini.statistics import histogram
from aigini.statistics.accumulate import Row, accumulate, with_payouts
from aigini.statistics.worker_sums import TOTAL_INCOME, WAGES, IncomeSums, WorkersAt, reference

INCOMES = ("total", "wage")
"""Income concepts, in the order of arrays."""
LORENZ_SHARES: np.ndarray = np.array(
    [*np.arange(0.05, 0.9, 0.05), 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995], np.float64
)
"""Population shares, poorest first, at which Lorenz curves are known; they are 0 at 0 and 1 at 1."""

LOG_INCOMES: np.ndarray = np.round(np.arange(-1.4, 3.21, 0.1), 10) + 0.0  # no negative zero
"""Logs of income, final good per worker, at which densities are known."""
BANDWIDTH = 0.1
"""Standard deviation of the normal kernel of densities, log points."""

_KERNEL = np.exp(-(((LOG_INCOMES[:, None] - histogram.LOG_NODES[None, :]) / BANDWIDTH) ** 2) / 2) / (
    BANDWIDTH * np.sqrt(2 * np.pi)
)

HEADLINE_NAMES = tuple(f"{income}_{channel}" for income in INCOMES for channel in CHANNEL_NAMES)
"""Contributions of channels to changes of Ginis, in the order of `aigini.explore.economies`."""

STATES = ("before", "after")
_CURVES = tuple(
    (f"{name}_{income}", number)
    for income in INCOMES
    for name, numbers in (("gini", ("",)), ("lorenz", LORENZ_SHARES), ("density", LOG_INCOMES))
    for number in (numbers if name == "gini" else [f"_{at:g}" for at in numbers])
)


def curve_names(state: str) -> tuple[str, ...]:
    """Names of the numbers of the distributions in a state, or of their changes: a Gini, ordinates and densities."""
    return tuple(f"{name}_{state}{number}" for name, number in _CURVES)


CURVE_NAMES = tuple(name for state in STATES for name in curve_names(state))
"""Numbers of the distributions, in the order of `distributions`."""


def distributions(economy: Economy, population: Population) -> Float[Array, "numbers"]:
    """Ginis, Lorenz ordinates and densities of both incomes before and after AI, in the order of `CURVE_NAMES`.

    Args:
        economy: The solved economy.
        population: Its workers.
    """
    paid = with_payouts(economy, population)
    about = reference(paid.before)

    def summarise(row: Row) -> tuple[tuple[IncomeSums, ...], tuple[()]]:
        def one(outcome: object) -> tuple[IncomeSums, ...]:
            at = WorkersAt(outcome, row.workers, row.present, about, population.n_firms)  # pyright: ignore[reportArgumentType]
            return TOTAL_INCOME.of(at), WAGES.of(at)

        return jax.vmap(one)(row.outcome), ()

    by_income, _ = accumulate(summarise, paid.environment, population)

    def described(*sums: IncomeSums) -> Float[Array, "incomes numbers"]:
        return jnp.stack([_described(one) for one in sums])

    return jax.vmap(described)(*by_income).reshape(-1)


def _described(income: IncomeSums) -> Float[Array, "numbers"]:
    lorenz = [1 - income.top_share(float(1 - share)) for share in LORENZ_SHARES]
    density = jnp.asarray(_KERNEL) @ (income.masses / jnp.sum(income.masses))
    return jnp.concatenate([jnp.stack([income.gini, *lorenz]), density])

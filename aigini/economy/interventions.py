"""Policy that takes from incomes and pays the proceeds out equally.

An instrument takes a levy from each worker's income; the mean levy of the simulated workers is paid to everyone, so
that mean income stays what it was. Policy holds before and after AI, and moves neither wages nor output.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.worker_outcome import WorkerOutcome
from aigini.parameters import Scalar


class Instrument(eqx.Module):
    """One instrument of policy.

    Attributes:
        strength: From 0, nothing, to 1, as much as there is.
    """

    strength: Scalar

    @abc.abstractmethod
    def levy(self, outcome: WorkerOutcome) -> Float[Array, "workers"]:
        """The amount taken from each worker, units of the final good."""


class CapitalDividend(Instrument):
    """The share `strength` of all capital income is paid out equally."""

    def levy(self, outcome: WorkerOutcome) -> Float[Array, "workers"]:
        """That share of the worker's capital income."""
        return self.strength * outcome.capital


class Intervention(eqx.Module):
    """All instruments of a policy."""

    instruments: tuple[Instrument, ...]

    def applied(self, earned: WorkerOutcome, payout: Scalar) -> WorkerOutcome:
        """Outcomes with levies taken and the payout per worker received."""
        levy = jnp.sum(jnp.stack([instrument.levy(earned) for instrument in self.instruments]), axis=0)
        return eqx.tree_at(lambda one: (one.levy, one.total), earned, (levy, earned.total - levy + payout))

"""Technologies: output of workers on tasks, and everything that follows from it (MODEL.md sections 1 and 15.4).

A worker with human capital h and effective AI a produces y(h, a; z) on task z. Treated tasks use AI on the part
m(z; A), the economy as a whole on m_e = adoption m. At task prices p_z the value of the bundle of occupation o is
V_o(h, a) = Σ_z L_oz p_z y_e(h, a; z), and all factor prices are values of V_o and its derivatives. With E_o the mean
over the occupation's workers and H_o their mean human capital:

* supply of tasks per head: Y_z = mean_o(L_oz E_o[y_e(h, Ā; z)]);
* price of human capital: R_h,o = ∂V_o/∂h at (H_o, η0 A); price of effective AI: R_A,o = ∂V_o/∂a at (H_o, Ā);
* pay for tasks: V_o(h, η0 A) at the human capital that employers assess, commodity AI being in every outside option;
* rent that proprietary AI creates: q_A,o = E_o[V_o(h, Ā) - V_o(h, η0 A)];
* work sample, in units of human capital: h + f_o(h).

`aigini.economy.additive` is the baseline, linear in h and a. `aigini.economy.task_technology` derives all of this from
y(h, a; z) alone.
"""

import abc
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from aigini.economy.mechanism import Mechanism
from aigini.economy.tasks import Tasks
from aigini.parameters import Parameters, Scalar

HumanSumKind = Literal["squares", "histogram"]
"""Sums over simulated workers, by occupation, that give the mean and the dispersion of their output: Σ h and Σ h², or
a histogram of log h."""


@runtime_checkable
class HumanSquares(Protocol):
    """Human capital of the simulated workers by occupation, from Σ h and Σ h²."""

    @property
    def mean(self) -> Float[Array, "occupations"]:
        """mean_o(h)."""
        ...

    @property
    def sd(self) -> Float[Array, "occupations"]:
        """SD_o(h)."""
        ...


@runtime_checkable
class HumanHistogram(Protocol):
    """Human capital of the simulated workers by occupation, on a grid."""

    @property
    def values(self) -> Float[Array, "nodes"]:
        """H at the nodes."""
        ...

    @property
    def shares(self) -> Float[Array, "occupations nodes"]:
        """Shares of the occupation's workers, such that means of functions of h are sums."""
        ...


class Totals(eqx.Module):
    """Aggregates of workers that supply and rents depend on, unknowns of the equilibrium; technologies may add fields.

    Attributes:
        log_human: log H_o, ``[occupations]``.
    """

    log_human: Float[Array, "occupations"]


class FactorPrices(eqx.Module):
    """Prices of factors at one AI level; each ``[occupations]`` but the last.

    Attributes:
        human_return: R_h,o, price of human capital.
        ai_return: R_A,o, price of effective AI.
        fixed_value: V_o(H_o, η0 A) - R_h,o H_o, pay for tasks that does not depend on human capital.
        ai_rent: q_A,o, rent that proprietary AI creates at a firm of mean capital intensity.
        mean_ai_rent: q_A, its mean over occupations.
    """

    human_return: Float[Array, "occupations"]
    ai_return: Float[Array, "occupations"]
    fixed_value: Float[Array, "occupations"]
    ai_rent: Float[Array, "occupations"]
    mean_ai_rent: Scalar


class Pay(eqx.Module):
    """Pay for tasks as a function of assessed human capital.

    Attributes:
        commodity: The part that commodity AI adds at mean human capital; the rest is pay for human capital. Every array
            of a schedule has a leading axis ``[occupations]``, which is gone inside an occupation.
    """

    commodity: eqx.AbstractVar[Float[Array, "*occupations"]]

    @abc.abstractmethod
    def human_pay(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """V_o(ĥ, η0 A) less `commodity`, of workers of one occupation."""

    @abc.abstractmethod
    def zero_profit_scale(
        self,
        linear: Float[Array, "occupations"],
        log_assessed: Float[Array, "occupations nodes"],
        noise: Float[Array, "occupations"],
        log_human: Float[Array, "occupations nodes"],
    ) -> tuple[Float[Array, "occupations"], Scalar]:
        """Log k_o, the scale of assessments at which hiring makes no profit, E_o[V_o(ĥ)] = E_o[V_o(h)].

        Args:
            linear: The scale at which mean assessed human capital is H_o.
            log_assessed: Log assessment at the quadrature nodes for k_o = 1, without its noise.
            noise: Variance of the noise of log assessments.
            log_human: log h at the nodes.

        Returns:
            The scale, and the largest relative profit or loss that is left.
        """


class WorkSample(eqx.Module):
    """AI inside a treated work sample.

    Attributes:
        strength: Share of it that counts; 1, but for a channel that is switched off.
    """

    strength: eqx.AbstractVar[Scalar]

    @abc.abstractmethod
    def floor(self, log_human: Float[Array, "occupations nodes"]) -> Float[Array, "occupations _"]:
        """f_o(h), the addition of AI to the sample, units of human capital; one column if it is the same for all."""


class Production(eqx.Module):
    """A technology at one AI level.

    Attributes:
        tasks: The tasks at this level.
    """

    tasks: eqx.AbstractVar[Tasks]

    @abc.abstractmethod
    def node_sums(self, log_human: Float[Array, "occupations nodes"]) -> Any:
        """Means over the nodes that totals depend on, each array with a leading axis ``[occupations]``."""

    @abc.abstractmethod
    def totals_of(self, node_sums: Any, price: Float[Array, "tasks"]) -> Totals:
        """The aggregates that supply and rents depend on, from what `node_sums` returns and task prices."""

    def totals(self, log_human: Float[Array, "occupations nodes"], price: Float[Array, "tasks"]) -> Totals:
        """The same from log h at the quadrature nodes."""
        return self.totals_of(self.node_sums(log_human), price)

    @abc.abstractmethod
    def supply(self, totals: Any) -> Float[Array, "tasks"]:
        """Y_z per head, occupations being equally large; `totals` are those that the method of this name returns."""

    @abc.abstractmethod
    def factor_prices(self, totals: Any, price: Float[Array, "tasks"]) -> FactorPrices:
        """Prices of factors at task prices p_z."""

    @abc.abstractmethod
    def pay(self, prices: FactorPrices, totals: Any, price: Float[Array, "tasks"]) -> Pay:
        """The schedule of pay for tasks, of all occupations."""

    @abc.abstractmethod
    def work_sample(self, params: Parameters) -> WorkSample:
        """AI inside a treated work sample, δ times as present as in production."""

    @abc.abstractmethod
    def treated_output(self, human: Any) -> tuple[Array, Array]:
        """Mean and standard deviation of output on treated tasks in the mean firm, each ``[occupations, tasks]``.

        Args:
            human: Human capital of the simulated workers by occupation, `HumanSquares` or `HumanHistogram` as the
                technology asks.
        """

    @abc.abstractmethod
    def treated_task_output(
        self, human: Float[Array, "workers"], task: int | Int[Array, ""]
    ) -> Float[Array, "workers"]:
        """y(h, Ā; z) of workers with human capital h on one treated task in the mean firm.

        Args:
            human: h.
            task: Position of the task.
        """

    @abc.abstractmethod
    def treated_worker_output(
        self, human: Float[Array, "workers"], ai: Float[Array, "workers"]
    ) -> Float[Array, "workers tasks"]:
        """y(h, a; z) of workers on every treated task, each with the effective AI of her firm.

        Args:
            human: h.
            ai: a.
        """

    def treated_weights(self) -> Float[Array, "occupations tasks"]:
        """Weights of treated cells, L_oz m(z; A), summing to 1."""
        weights = self.tasks.bundles * self.tasks.exposure[None, :]
        return weights / jnp.sum(weights)


class Technology(Mechanism):
    """A task technology, at every AI level.

    Attributes:
        human_sums: The sums over simulated workers that it needs.
        smooth_at_no_ai: True if output is differentiable in effective AI where there is none.
    """

    human_sums: ClassVar[HumanSumKind]
    smooth_at_no_ai: ClassVar[bool]

    @abc.abstractmethod
    def at(self, params: Parameters, tasks: Tasks) -> Production:
        """The technology at the AI level of `tasks`."""

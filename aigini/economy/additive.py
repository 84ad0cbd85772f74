"""The baseline's technology: an additive AI floor under human output (MODEL.md section 1).

On a task of which AI augments the part m, y(h, a; z) = h φ (1 + β A m) + α m a. It is linear in h and in a, so that
mean human capital H_o is all that prices depend on, and Σ h and Σ h² all that moments do:

* Y_z = φ (1 + β A m_e) Σ_o L_oz H_o / 16 + α m_e Ā Σ_o L_oz / 16;
* R_h,o = Σ_z L_oz p_z φ (1 + β A m_e), R_A,o = Σ_z L_oz p_z α m_e, pay R_h,o ĥ + η0 A R_A,o, rent q_A,o = η1 A R_A,o;
* Euler: mean_o(R_h,o H_o) + Ā mean_o(R_A,o) = Y;
* work sample: h + f_o with f_o = δ Ā Σ_z L_oz α m / Σ_z L_oz φ (1 + β A m).
"""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from aigini.economy.quadrature import node_mean
from aigini.economy.tasks import Tasks
from aigini.economy.technology import (
    FactorPrices,
    HumanSquares,
    HumanSumKind,
    Pay,
    Production,
    Technology,
    Totals,
    WorkSample,
)
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import N_OCCUPATIONS


class LinearPay(Pay):
    """R_h,o ĥ, and the same pay for commodity AI for everyone of the occupation; ``[occupations]`` each."""

    human_return: Float[Array, "*occupations"]
    commodity: Float[Array, "*occupations"]

    def human_pay(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """R_h,o ĥ."""
        return self.human_return * assessed

    def zero_profit_scale(
        self,
        linear: Float[Array, "occupations"],
        log_assessed: Float[Array, "occupations nodes"],
        noise: Float[Array, "occupations"],
        log_human: Float[Array, "occupations nodes"],
    ) -> tuple[Float[Array, "occupations"], Scalar]:
        """Where pay is linear, mean assessed human capital is H_o."""
        del log_assessed, noise, log_human
        return linear, 0.0


class ConstantFloor(WorkSample):
    """f_o, the same for all workers of an occupation, ``[occupations]``."""

    constant: Float[Array, "occupations"]
    strength: Scalar = 1.0

    def floor(self, log_human: Float[Array, "occupations nodes"]) -> Float[Array, "occupations _"]:
        """f_o."""
        del log_human
        return (self.strength * self.constant)[:, None]


class AdditiveProduction(Production):
    """Output of a unit of human capital and of a unit of effective AI on each task, ``[tasks]``.

    Attributes:
        tasks: The tasks.
        treated_human: φ (1 + β A m): tasks that use AI (treatment-effect statistics).
        treated_ai: α m.
        human: φ (1 + β A m_e): economy-wide.
        ai: α m_e.
    """

    tasks: Tasks
    treated_human: Float[Array, "tasks"]
    treated_ai: Float[Array, "tasks"]
    human: Float[Array, "tasks"]
    ai: Float[Array, "tasks"]

    def node_sums(self, log_human: Float[Array, "occupations nodes"]) -> Float[Array, "occupations"]:
        """H_o."""
        return node_mean(jnp.exp(log_human))

    def totals_of(self, node_sums: Float[Array, "occupations"], price: Float[Array, "tasks"]) -> Totals:
        """Log H_o."""
        del price
        return Totals(log_human=jnp.log(node_sums))

    def supply(self, totals: Totals) -> Float[Array, "tasks"]:
        """Y_z per head."""
        tasks, human = self.tasks, jnp.exp(totals.log_human)
        hours = jnp.mean(tasks.bundles, axis=0)
        return self.human * (human @ tasks.bundles) / N_OCCUPATIONS + self.ai * tasks.effective * hours

    def factor_prices(self, totals: Totals, price: Float[Array, "tasks"]) -> FactorPrices:
        """R_h,o and R_A,o as derivatives of the value of a bundle, which are the same at any h and a."""

        def value(human: Scalar, ai: Scalar) -> Float[Array, "occupations"]:
            return self.tasks.bundles @ (price * (self.human * human + self.ai * ai))

        zero, one = jnp.zeros(()), jnp.ones(())
        human_return = jax.jvp(lambda human: value(human, zero), (one,), (one,))[1]
        ai_return = jax.jvp(lambda ai: value(one, ai), (zero,), (one,))[1]
        return FactorPrices(
            human_return=human_return,
            ai_return=ai_return,
            fixed_value=self.tasks.commodity * ai_return,
            ai_rent=self.tasks.proprietary * ai_return,
            mean_ai_rent=self.tasks.proprietary * jnp.mean(ai_return),
        )

    def pay(self, prices: FactorPrices, totals: Totals, price: Float[Array, "tasks"]) -> LinearPay:
        """R_h,o ĥ + η0 A R_A,o."""
        del totals, price
        return LinearPay(human_return=prices.human_return, commodity=prices.fixed_value)

    def work_sample(self, params: Parameters) -> ConstantFloor:
        """f_o."""
        floor = self.tasks.bundles @ self.treated_ai
        human = self.tasks.bundles @ self.treated_human
        return ConstantFloor(constant=params.signal_exposure * self.tasks.effective * floor / human)

    def treated_output(self, human: HumanSquares) -> tuple[Array, Array]:
        """Mean and standard deviation of output, ``[occupations, tasks]``."""
        level = human.mean[:, None] * self.treated_human[None, :] + (self.treated_ai * self.tasks.effective)[None, :]
        return level, human.sd[:, None] * self.treated_human[None, :]

    def treated_task_output(
        self, human: Float[Array, "workers"], task: int | Int[Array, ""]
    ) -> Float[Array, "workers"]:
        """Output of workers on one task."""
        return human * self.treated_human[task] + self.treated_ai[task] * self.tasks.effective

    def treated_worker_output(
        self, human: Float[Array, "workers"], ai: Float[Array, "workers"]
    ) -> Float[Array, "workers tasks"]:
        """Output of workers on every task."""
        return human[:, None] * self.treated_human[None, :] + ai[:, None] * self.treated_ai[None, :]


class AdditiveTechnology(Technology):
    """y(h, a; z) = h φ (1 + β A m) + α m a; β = 0 is purely additive, β < 0 displaces part of human output."""

    human_sums: ClassVar[HumanSumKind] = "squares"
    smooth_at_no_ai: ClassVar[bool] = True

    def at(self, params: Parameters, tasks: Tasks) -> AdditiveProduction:
        """The technology at the AI level of `tasks`."""
        return AdditiveProduction(
            tasks=tasks,
            treated_human=tasks.skill * (1 + params.beta * tasks.level * tasks.exposure),
            treated_ai=params.alpha * tasks.exposure,
            human=tasks.skill * (1 + params.beta * tasks.level * tasks.deployed),
            ai=params.alpha * tasks.deployed,
        )

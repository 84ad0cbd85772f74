"""Technologies given by what a worker produces on a task, y(h, a; z), linear or not (MODEL.md section 15.4).

All that `aigini.economy.technology` asks for follows from this one function: means over workers are taken on the
quadrature of the population, factor prices are derivatives, and assessments make no profit in hiring, so that mean
income is Y + q0 whatever the technology. The fixed point of the equilibrium is in H_o, supply and rents.
"""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from aigini.economy.normal_nodes import NORMAL_NODES, NORMAL_WEIGHTS
from aigini.economy.quadrature import node_mean
from aigini.economy.tasks import Tasks
from aigini.economy.technology import (
    FactorPrices,
    HumanHistogram,
    HumanSumKind,
    Pay,
    Production,
    Technology,
    Totals,
    WorkSample,
)
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters, Scalar
from aigini.population.workers import N_OCCUPATIONS

_SCALE_BRACKET = 50.0
"""Log points about the linear solution within which the scale of assessments is searched."""
_SCALE_TOLERANCE = 1e-9
_SCALE_STEPS = 100


class TaskTechnology(Technology):
    """A technology that is given by output on a task; subclasses write `task_output` and nothing else.

    The function must be smooth in human capital, and finite with finite derivatives in parameters also without AI.
    """

    human_sums: ClassVar[HumanSumKind] = "histogram"
    smooth_at_no_ai: ClassVar[bool] = False

    @abc.abstractmethod
    def task_output(
        self,
        params: Parameters,
        tasks: Tasks,
        exposed: Float[Array, "tasks"],
        human: Scalar,
        ai: Scalar,
    ) -> Float[Array, "tasks"]:
        """y(h, a; z), output of a worker on every task.

        Args:
            params: Parameters.
            tasks: The tasks and the AI level.
            exposed: The part of each task that uses AI: m in treated tasks, m_e economy-wide.
            human: Human capital h.
            ai: Effective AI a.
        """

    def at(self, params: Parameters, tasks: Tasks) -> "TaskProduction":
        """The technology at the AI level of `tasks`."""
        return TaskProduction(technology=self, params=params, tasks=tasks)


class TaskTotals(Totals):
    """Totals of a technology that need not be linear.

    Attributes:
        log_supply: log Y_z, ``[tasks]``.
        ai_rent: q_A,o, ``[occupations]``.
    """

    log_supply: Float[Array, "tasks"]
    ai_rent: Float[Array, "occupations"]


class TaskProduction(Production):
    """A task technology at one AI level."""

    technology: TaskTechnology
    params: Parameters
    tasks: Tasks

    def deployed_output(self, human: Float[Array, "*workers"], ai: Scalar) -> Float[Array, "*workers tasks"]:
        """y_e(h, a; z), economy-wide."""
        return self._output(self.tasks.deployed, human, ai)

    def exposed_output(self, human: Float[Array, "*workers"], ai: Scalar) -> Float[Array, "*workers tasks"]:
        """y(h, a; z) on treated tasks."""
        return self._output(self.tasks.exposure, human, ai)

    def _output(
        self, exposed: Float[Array, "tasks"], human: Float[Array, "*workers"], ai: Scalar
    ) -> Float[Array, "*workers tasks"]:
        def of_worker(own: Array) -> Array:
            output = self.technology.task_output(self.params, self.tasks, exposed, own, ai)
            if jnp.shape(output) != exposed.shape:
                raise EquilibriumError(
                    f"{type(self.technology).__name__}.task_output: has shape {jnp.shape(output)}, expected"
                    f" {exposed.shape}, the output of one worker on every task."
                )
            return output

        return jax.vmap(of_worker)(human.reshape(-1)).reshape(*human.shape, -1)

    def mean_output(self, human: Float[Array, "occupations nodes"], ai: Scalar) -> Float[Array, "occupations tasks"]:
        """E_o[y_e(h, a; z)] over the quadrature nodes."""
        return jax.vmap(node_mean, in_axes=2, out_axes=1)(self.deployed_output(human, ai))

    def sample_output(self, human: Float[Array, "occupations nodes"], ai: Scalar) -> Float[Array, "occupations nodes"]:
        """Σ_z L_oz y(h, a; z), output of treated workers on the bundle of their occupation."""
        return jnp.sum(self.tasks.bundles[:, None, :] * self.exposed_output(human, ai), axis=2)

    def bundle_value(
        self, human: Float[Array, "occupations"], ai: Scalar, price: Float[Array, "tasks"]
    ) -> Float[Array, "occupations"]:
        """V_o(h, a) at human capital h_o."""
        return jnp.sum(self.tasks.bundles * price[None, :] * self.deployed_output(human, ai), axis=1)

    def node_sums(self, log_human: Float[Array, "occupations nodes"]) -> tuple[Array, Array, Array]:
        """H_o, and E_o[y_e(h, a; z)] with all AI and with commodity AI alone."""
        human = jnp.exp(log_human)
        output, without = (self.mean_output(human, ai) for ai in (self.tasks.effective, self.tasks.commodity))
        return node_mean(human), output, without

    def totals_of(self, node_sums: tuple[Array, Array, Array], price: Float[Array, "tasks"]) -> TaskTotals:
        """H_o, Y_z and q_A,o."""
        human, output, without = node_sums
        bundles = self.tasks.bundles
        return TaskTotals(
            log_human=jnp.log(human),
            log_supply=jnp.log(jnp.sum(bundles * output, axis=0) / N_OCCUPATIONS),
            ai_rent=jnp.sum(bundles * price[None, :] * (output - without), axis=1),
        )

    def supply(self, totals: TaskTotals) -> Float[Array, "tasks"]:
        """Y_z per head."""
        return jnp.exp(totals.log_supply)

    def factor_prices(self, totals: TaskTotals, price: Float[Array, "tasks"]) -> FactorPrices:
        """R_h,o at (H_o, η0 A), R_A,o at (H_o, Ā), as derivatives of the value of a bundle."""
        human, tasks = jnp.exp(totals.log_human), self.tasks
        value, human_return = jax.jvp(
            lambda h: self.bundle_value(h, tasks.commodity, price), (human,), (jnp.ones_like(human),)
        )
        at = jnp.asarray(tasks.effective)
        ai_return = jax.jvp(lambda a: self.bundle_value(human, a, price), (at,), (jnp.ones_like(at),))[1]
        return FactorPrices(
            human_return=human_return,
            ai_return=ai_return,
            fixed_value=value - human_return * human,
            ai_rent=totals.ai_rent,
            mean_ai_rent=jnp.mean(totals.ai_rent),
        )

    def commodity_value(self, totals: TaskTotals, price: Float[Array, "tasks"]) -> Float[Array, "occupations"]:
        """V_o(H_o, η0 A) - V_o(H_o, 0), the part that commodity AI adds."""
        human = jnp.exp(totals.log_human)
        with_ai, without = (self.bundle_value(human, ai, price) for ai in (self.tasks.commodity, jnp.zeros(())))
        return with_ai - without

    def pay(self, prices: FactorPrices, totals: TaskTotals, price: Float[Array, "tasks"]) -> "ValuePay":
        """V_o(ĥ, η0 A)."""
        del prices

        def everywhere(leaf: Any) -> Array:
            return jnp.broadcast_to(jnp.asarray(leaf), (N_OCCUPATIONS, *jnp.shape(leaf)))

        # Bundles of an occupation go into its weights.
        shared = eqx.tree_at(lambda one: one.tasks.bundles, self, jnp.zeros(()))
        return BundlePay(
            commodity=self.commodity_value(totals, price),
            weights=self.tasks.bundles * price[None, :],
            production=jax.tree.map(everywhere, shared),
        )

    def work_sample(self, params: Parameters) -> "BundleSample":
        """The addition of AI to the human part of the sample s_o(h) = Σ_z L_oz y(h, δ Ā; z)."""
        return BundleSample(production=self, ai=params.signal_exposure * self.tasks.effective)

    def treated_output(self, human: HumanHistogram) -> tuple[Array, Array]:
        """Mean and standard deviation of output, ``[occupations, tasks]``."""
        output = self.exposed_output(human.values, self.tasks.effective)
        mean = human.shares @ output
        return mean, jnp.sqrt(human.shares @ output**2 - mean**2)

    def treated_task_output(
        self, human: Float[Array, "workers"], task: int | Int[Array, ""]
    ) -> Float[Array, "workers"]:
        """y(h, Ā; z)."""
        return self.exposed_output(human, self.tasks.effective)[:, task]

    def treated_worker_output(
        self, human: Float[Array, "workers"], ai: Float[Array, "workers"]
    ) -> Float[Array, "workers tasks"]:
        """y(h, a; z)."""
        return jax.vmap(lambda own, at: self.exposed_output(own, at))(human, ai)


class _Search(eqx.Module):
    """Scales of assessments, between bounds; ``[occupations]`` each but the largest move and the number of steps."""

    at: Float[Array, "occupations"]
    low: Float[Array, "occupations"]
    high: Float[Array, "occupations"]
    moved: Scalar
    count: Int[Array, ""]


class ValuePay(Pay):
    """V_o(ĥ, η0 A) as a function of ĥ, which need not be linear.

    Attributes:
        commodity: V_o(H_o, η0 A) - V_o(H_o, 0).
    """

    @abc.abstractmethod
    def value(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """V_o(ĥ, η0 A) of workers of one occupation."""

    def human_pay(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """V_o(ĥ, η0 A) less what commodity AI adds."""
        return self.value(assessed) - self.commodity

    def zero_profit_scale(
        self,
        linear: Float[Array, "occupations"],
        log_assessed: Float[Array, "occupations nodes"],
        noise: Float[Array, "occupations"],
        log_human: Float[Array, "occupations nodes"],
    ) -> tuple[Float[Array, "occupations"], Scalar]:
        """By Newton's method in a bracket about the linear solution; derivatives by the implicit function theorem."""
        by_occupation = jax.vmap(type(self).value)
        break_even = jnp.log(node_mean(by_occupation(self, jnp.exp(log_human))))

        def excess(scale: Float[Array, "occupations"]) -> Float[Array, "occupations"]:
            def at(shift: Array) -> Array:
                return node_mean(by_occupation(self, jnp.exp(log_assessed + (scale + shift)[:, None])))

            spread = jnp.asarray(NORMAL_NODES)[:, None] * jnp.sqrt(noise)[None, :]
            return jnp.log(NORMAL_WEIGHTS @ jax.lax.map(at, spread)) - break_even

        def newton(function: Any, start: Array) -> Array:
            """Newton's method on each occupation's own scale, with bisection where a step would leave the bracket."""

            def step(state: _Search) -> _Search:
                value, slope = jax.jvp(function, (state.at,), (jnp.ones_like(state.at),))
                low, high = jnp.where(value < 0, state.at, state.low), jnp.where(value > 0, state.at, state.high)
                following = state.at - value / slope
                inside = (following > low) & (following < high)  # false also where the slope vanishes
                following = jnp.where(value == 0, state.at, jnp.where(inside, following, (low + high) / 2))
                moved = jnp.max(jnp.abs(following - state.at))
                return _Search(at=following, low=low, high=high, moved=moved, count=state.count + 1)

            def unfinished(state: _Search) -> Array:
                # Steps of Newton's method square the error, so that the one after this has none.
                return (state.moved > _SCALE_TOLERANCE) & (state.count < _SCALE_STEPS)

            far = _Search(
                at=start,
                low=start - _SCALE_BRACKET,
                high=start + _SCALE_BRACKET,
                moved=jnp.asarray(jnp.inf),
                count=jnp.asarray(0),
            )
            return jax.lax.while_loop(unfinished, step, far).at

        def implicit(function: Any, right: Array) -> Array:
            return right / function(jnp.ones_like(right))

        scale = jax.lax.custom_root(excess, linear, newton, implicit)
        return scale, jnp.max(jnp.abs(jax.lax.stop_gradient(excess(scale))))


class BundlePay(ValuePay):
    """V_o(ĥ, η0 A) = Σ_z L_oz p_z y_e(ĥ, η0 A; z).

    Attributes:
        commodity: V_o(H_o, η0 A) - V_o(H_o, 0).
        weights: L_oz p_z.
        production: The technology, without bundles.
    """

    commodity: Float[Array, "*occupations"]
    weights: Float[Array, "*occupations tasks"]
    production: TaskProduction

    def value(self, assessed: Float[Array, "workers"]) -> Float[Array, "workers"]:
        """V_o(ĥ, η0 A) of workers of one occupation."""
        output = self.production.deployed_output(assessed, self.production.tasks.commodity)
        return jnp.sum(output * self.weights[None, :], axis=1)  # on a GPU a product of float32 matrices may lose digits


class BundleSample(WorkSample):
    """A work sample on the whole bundle of an occupation, with effective AI `ai`."""

    production: TaskProduction
    ai: Scalar
    strength: Scalar = 1.0

    def floor(self, log_human: Float[Array, "occupations nodes"]) -> Float[Array, "occupations _"]:
        """f_o(h) = s_o(h)/D_o - h, D_o h being the sample's human part at vanishing AI, Σ_z L_oz φ (1 + β A m) h."""
        human, tasks, params = jnp.exp(log_human), self.production.tasks, self.production.params
        sample = self.production.sample_output(human, self.ai)
        part = tasks.bundles @ (tasks.skill * (1 + params.beta * tasks.level * tasks.exposure))
        return self.strength * (sample / part[:, None] - human)

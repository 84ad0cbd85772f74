"""Human work and AI as substitutes or complements inside a task, with constant elasticity (MODEL.md section 15.4).

On the part of a task that uses AI a worker with human capital h and effective AI a produces c(x, b) = (x^ρ + b^ρ)^(1/ρ)
from guided human work x = h φ (1 + β A) and the floor b = α a, and on the rest h φ:

    y(h, a; z) = (1 - m) h φ + m c(h φ (1 + β A), α a),        elasticity of substitution 1/(1 - ρ).

ρ = 1 is the baseline's addition. With ρ > 0 either factor can do the task alone; with ρ < 0 a task that AI has reached
needs both, and produces nothing without AI.
"""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.ces_bundles import CesProduction, interpolation_error
from aigini.economy.task_technology import TaskTechnology
from aigini.economy.tasks import Tasks
from aigini.parameters import Parameters, ParameterSpec, Scalar

_NEAREST_TO_ZERO = 0.05
"""Smallest |ρ|: c(x, b) without shares grows like 2^(1/ρ), and has no limit at 0."""

_LARGEST_ERROR = 1e-5
"""Largest relative error of output on bundles of tasks that is accepted."""


class CesTechnology(TaskTechnology):
    """y(h, a; z) = (1 - m) h φ + m ((h φ (1 + β A))^ρ + (α a)^ρ)^(1/ρ).

    Where AI produces nothing by itself, α = 0, as when the channel of the task floor is off, nobody uses it and the
    task is done by hand.

    Attributes:
        rho: ρ, 1 - 1/(elasticity of substitution between human work and AI).
    """

    numbers: ClassVar[Mapping[str, ParameterSpec]] = {
        "rho": ParameterSpec(
            "ρ",
            "substitution of human work and AI on a task, 1 - 1/elasticity",
            *(0.5, -4.0, 1.0, "left", (0.2, 0.9)),
            apart=_NEAREST_TO_ZERO,
        )
    }

    rho: Scalar = 0.5

    def at(self, params: Parameters, tasks: Tasks) -> CesProduction:
        """The technology at the AI level of `tasks`."""
        return CesProduction(technology=self, params=params, tasks=tasks, rho=self.rho)

    def task_output(
        self,
        params: Parameters,
        tasks: Tasks,
        exposed: Float[Array, "tasks"],
        human: Scalar,
        ai: Scalar,
    ) -> Float[Array, "tasks"]:
        """y(h, a; z), from log c = log x + log(1 + (b/x)^ρ)/ρ, which overflows at no ratio of b to x."""
        alone, floor = human * tasks.skill, params.alpha * ai
        guided = alone * (1 + params.beta * tasks.level)
        used = floor > 0
        log_guided = jnp.log(guided)
        log_ratio = jnp.log(jnp.where(used, floor, 1.0)) - log_guided
        both = jnp.exp(log_guided + jnp.logaddexp(self.rho * log_ratio, 0.0) / self.rho)
        # Without AI c is x or nothing, at any parameters: its derivative in log b, 0 or -1 times infinity, is left out.
        without = jnp.where((self.rho > 0) | (params.alpha == 0), guided, 0.0)
        return alone + exposed * (jnp.where(used, both, without) - alone)

    def problems(self, where: str, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        """ρ out of bounds or too close to 0, and complements without AI."""
        rho = float(self.rho)
        if rho == 1:
            return [f'{where}.rho = 1 is the additive technology: set model.technology = "additive", or rho below 1.']
        if abs(rho) < _NEAREST_TO_ZERO:
            return [
                f"{where}.rho = {rho:g} is too close to 0, where the technology has no limit: expected a number of at"
                f" least {_NEAREST_TO_ZERO:g} in size; use {_NEAREST_TO_ZERO:g} or -{_NEAREST_TO_ZERO:g}."
            ]
        lines = super().problems(where, values, levels)
        lines += self._without_ai(where, rho, values, levels) if not lines else []
        gradient = values["skill_gradient"]
        if not lines and (error := interpolation_error(rho, gradient)) > _LARGEST_ERROR:
            lines = [
                f"{where}.rho = {rho:g} and params.skill_gradient = {gradient:g} are too far from 0 together: output of"
                f" bundles of tasks has relative errors up to {error:.2g}, expected at most {_LARGEST_ERROR:g}; bring"
                " either closer to 0."
            ]
        return lines

    @staticmethod
    def _without_ai(where: str, rho: float, values: Mapping[str, float], levels: tuple[float, float]) -> list[str]:
        lines = []
        if rho < 0 and min(levels) == 0:
            lines.append(
                f"{where}.rho = {rho:g} makes AI and human work complements, so that a task that AI has reached"
                f" produces nothing without AI, but scenario.A0 = {levels[0]:g} and scenario.A1 = {levels[1]:g}; raise"
                " both above 0, such as scenario.A0 = 0.5, or use rho > 0."
            )
        reason = (
            "a worker's task produces nothing outside a firm that owns AI"
            if rho < 0
            else "the first unit of AI has an infinite marginal product"
        )
        lines += [
            f"params.{name} = {values[name]:g} leaves no CES economy with {where}.rho = {rho:g}: without {what}"
            f" {reason}; raise {name} above 0{remedy}."
            for name, what, remedy in (
                ("eta0", "commodity AI", ", that is eta1 below 1 where eta0 = 1 - eta1"),
                ("alpha", "a product of AI", ""),
            )
            if values[name] == 0 and max(levels) > 0
        ]
        return lines

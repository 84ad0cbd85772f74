"""The skills of workers: one, or a second one that AI does not do (MODEL.md section 15.5).

Social capital h_s = θ_s (1 + γ_s e_s) adds h_s φ_s(z) to output of every task, with or without AI:

* log θ_s = σ_θs u_s, u_s = r_s u_θ + sqrt(1 - r_s²) u', with u' standard normal and independent of all other draws;
* φ_s(z) = ς exp(-g_s (2z - 1)) / Σ_z w_z exp(-g_s (2z - 1)); at ς = 0 the economy is that with one skill;
* it is seen on the job and paid its value R_s,o = Σ_z L_oz p_z φ_s;
* e_s years of social schooling cost c_s,i e_s²/2, c_s,i = c_s exp(-ζ u_s + τ_e u_e).

With expected pay P = R_h,o h + R_s,o h_s + T_o the two first-order conditions are Ω_o R_h,o ∂h/∂e / P = c_i e and
R_s,o γ_s θ_s / P = c_s,i e_s. So e_s = k e, and e is the positive root of a quadratic.
"""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from aigini.economy.human_capital import HumanCapital
from aigini.economy.mechanism import Mechanism
from aigini.economy.schooling import schooling_cost
from aigini.economy.tasks import TASK_NODES, TASK_WEIGHTS
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters, ParameterSpec, Scalar


class SkillOfWorker(eqx.Module):
    """Ability and cost of schooling in one skill; arrays of one shape.

    Attributes:
        ability: θ, or θ_s.
        cost: c_i, or c_s,i, per year squared.
    """

    ability: Float[Array, "..."]
    cost: Float[Array, "..."]


class Skills(Mechanism):
    """The skills that workers have beside the one that AI can augment."""

    @property
    def social(self) -> "TwoSkills | None":
        """The second skill; None without one."""
        return None


def require_one_skill(skills: Skills, where: str) -> None:
    """Refuse a second skill where it is not followed.

    Args:
        skills: The skills.
        where: The analysis that knows one skill.

    Raises:
        EquilibriumError: saying so.
    """
    if skills.social is not None:
        raise EquilibriumError(f'{where}: workers have one skill here, and not a second one; set model.skills = "one".')


class OneSkill(Skills):
    """The baseline: human capital of one kind."""


class TwoSkills(Skills):
    """A second skill that AI does not do; its defaults are those of the first skill, but for its weight in output.

    Attributes:
        social_intensity: ς, output of a unit of social capital, mean over tasks.
        social_gradient: g_s, fall of log output of social capital over tasks.
        social_ability_sd: σ_θs.
        social_ability_corr: r_s.
        social_schooling_return: γ_s.
        social_schooling_cost: c_s.
    """

    numbers: ClassVar[Mapping[str, ParameterSpec]] = {
        "social_intensity": ParameterSpec(
            "ς", "output of a unit of social capital, mean over tasks", 0.3, 0.0, np.inf, "left", (0.0, 1.0)
        ),
        "social_gradient": ParameterSpec(
            "g_s", "fall of log output of social capital over tasks", 0.5, -np.inf, np.inf, "neither", (0.0, 1.0)
        ),
        "social_ability_sd": ParameterSpec(
            "σ_θs", "standard deviation of log social ability", 0.55, 0.0, 1.5, "right", (0.3, 0.75)
        ),
        "social_ability_corr": ParameterSpec(
            "r_s", "correlation of social ability with ability", 0.3, -1.0, 1.0, "neither", (0.0, 0.6)
        ),
        "social_schooling_return": ParameterSpec(
            "γ_s", "social capital per year of social schooling", 0.08, 0.0, np.inf, "neither", (0.04, 0.15)
        ),
        "social_schooling_cost": ParameterSpec(
            "c_s", "cost of social schooling, per year squared", 0.013, 0.0, np.inf, "neither", (0.008, 0.03)
        ),
    }

    social_intensity: Scalar = 0.3
    social_gradient: Scalar = 0.5
    social_ability_sd: Scalar = 0.55
    social_ability_corr: Scalar = 0.3
    social_schooling_return: Scalar = 0.08
    social_schooling_cost: Scalar = 0.013

    @property
    def social(self) -> "TwoSkills":
        """Itself."""
        return self

    def task_output(self) -> Float[Array, "tasks"]:
        """φ_s(z), output of a unit of social capital."""
        shape = jnp.exp(-self.social_gradient * (2 * jnp.asarray(TASK_NODES) - 1))
        return self.social_intensity * shape / jnp.sum(TASK_WEIGHTS * shape)

    def of_worker(self, params: Parameters, score: Array, draw: Array, cost_draw: Array) -> SkillOfWorker:
        """θ_s and c_s,i.

        Args:
            params: Parameters.
            score: Ability score u_θ.
            draw: u'.
            cost_draw: u_e.
        """
        social_score = self.social_ability_corr * score + jnp.sqrt(1 - self.social_ability_corr**2) * draw
        return SkillOfWorker(
            ability=jnp.exp(self.social_ability_sd * social_score),
            cost=self.social_schooling_cost / params.schooling_cost * schooling_cost(params, social_score, cost_draw),
        )

    def capital(self, ability: Array, schooling: Array) -> Float[Array, "..."]:
        """h_s."""
        return ability * (1 + self.social_schooling_return * schooling)

    def optimal_schooling(
        self,
        params: Parameters,
        law: HumanCapital,
        worker: "SkillOfWorker",
        social: "SkillOfWorker",
        recognised: Array,
        fixed_pay: Array,
        relative: Array,
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """E and e_s at the optimum, in years.

        With h = u (b + g e), as the law has it, the condition for e is, in units of u of human capital,

            (g + x γ_s θ_s k / u) e² + (b + T_o/(R_h,o u) + x θ_s / u) e - Ω_o g / c_i = 0,
            k = x γ_s θ_s c_i / (Ω_o g u c_s,i),    x = R_s,o / R_h,o.

        Args:
            params: Parameters.
            law: Law of human capital, linear in schooling.
            worker: Ability θ_i and cost c_i.
            social: The same of the second skill, θ_s and c_s,i.
            recognised: Ω_o.
            fixed_pay: T_o / R_h,o.
            relative: x.
        """
        unit, level, year = law.linear_parts(params, worker.ability)
        gain = relative * self.social_schooling_return * social.ability / unit
        ratio = gain * worker.cost / (recognised * year * social.cost)
        linear = level + fixed_pay / unit + relative * social.ability / unit
        worth = year * recognised / worker.cost
        # As with one skill, the form without cancellation.
        years = 2 * worth / (linear + jnp.sqrt(linear**2 + 4 * (year + gain * ratio) * worth))
        return years, ratio * years

    def education_return(
        self, social_ability: Array, human: Array, capital: Array, fixed_pay: Array | Scalar, relative: Array | Scalar
    ) -> Float[Array, "..."]:
        """Causal return to a year of social schooling, d log P/de_s = R_s,o γ_s θ_s / P.

        Args:
            social_ability: θ_s.
            human: h.
            capital: h_s.
            fixed_pay: T_o / R_h,o.
            relative: R_s,o / R_h,o.
        """
        pay = human + relative * capital + fixed_pay
        return relative * self.social_schooling_return * social_ability / pay

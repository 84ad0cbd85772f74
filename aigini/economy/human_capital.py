"""Human capital as a function of ability and schooling, and the choice of schooling (MODEL.md section 2).

The worker maximises log(expected pay) - c_i e²/2 when employers recognise only the share Ω_o of a gain in human capital
and pay of T_o does not depend on it. The marginal return Ω_o [h/(h + T_o/R_h,o)] d log h/de equals the marginal cost
c_i e at the optimum. Schooling is in years.
"""

import abc

import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.mechanism import Mechanism
from aigini.errors import EquilibriumError
from aigini.parameters import Parameters, Scalar


class HumanCapital(Mechanism):
    """Law of human capital h(θ, e), with the schooling that is optimal under it; arrays of one common shape."""

    @abc.abstractmethod
    def log_human(self, params: Parameters, log_ability: Array, schooling: Array | Scalar) -> Float[Array, "..."]:
        """Log h.

        Args:
            params: Parameters.
            log_ability: log θ_i.
            schooling: e_i, years.
        """

    @abc.abstractmethod
    def optimal_schooling(
        self, params: Parameters, ability: Array, cost: Array, recognised: Array, fixed_pay: Array
    ) -> Float[Array, "..."]:
        """e*, the positive root of the first-order condition, in years.

        Args:
            params: Parameters.
            ability: θ_i.
            cost: c_i.
            recognised: Ω_o, share of a gain in human capital that employers recognise.
            fixed_pay: T_o / R_h,o, pay that does not depend on human capital, in units of human capital.
        """

    @abc.abstractmethod
    def education_return(
        self,
        params: Parameters,
        ability: Array,
        schooling: Array,
        recognised: Array | Scalar,
        fixed_pay: Array | Scalar,
    ) -> Float[Array, "..."]:
        """Causal return to a year of schooling, d log(expected pay)/de; arguments as in `optimal_schooling`."""

    def linear_parts(self, params: Parameters, ability: Array) -> tuple[Array | Scalar, Array | Scalar, Scalar]:
        """u, b and g of a law that is linear in schooling, h = u (b + g e); a second skill needs them.

        Raises:
            EquilibriumError: if the law does not say.
        """
        del params, ability
        raise EquilibriumError(
            f"human capital {type(self).__name__} has no linear_parts, which a second skill needs; write them, or set"
            ' model.skills = "one".'
        )


class MultiplicativeHumanCapital(HumanCapital):
    """Schooling multiplies ability: h = θ (1 + γ e).

    The first-order condition is γ e² + (1 + x_i) e - γ Ω_o / c_i = 0, x_i = T_o / (R_h,o θ_i).
    """

    def log_human(self, params: Parameters, log_ability: Array, schooling: Array | Scalar) -> Float[Array, "..."]:
        """Log h = log θ + log(1 + γ e)."""
        return log_ability + jnp.log1p(params.schooling_return * schooling)

    def optimal_schooling(
        self, params: Parameters, ability: Array, cost: Array, recognised: Array, fixed_pay: Array
    ) -> Float[Array, "..."]:
        """e*, in closed form."""
        linear = 1 + fixed_pay / ability
        gain = params.schooling_return * recognised / cost
        # The form without cancellation, finite also as γ -> 0.
        return 2 * gain / (linear + jnp.sqrt(linear**2 + 4 * params.schooling_return * gain))

    def education_return(
        self,
        params: Parameters,
        ability: Array,
        schooling: Array,
        recognised: Array | Scalar,
        fixed_pay: Array | Scalar,
    ) -> Float[Array, "..."]:
        """Ω_o γ θ / (h + T_o/R_h,o)."""
        human = ability * (1 + params.schooling_return * schooling)
        return recognised * params.schooling_return * ability / (human + fixed_pay)

    def linear_parts(self, params: Parameters, ability: Array) -> tuple[Array, Scalar, Scalar]:
        """θ, 1 and γ."""
        return ability, 1.0, params.schooling_return


class AdditiveHumanCapital(HumanCapital):
    """Schooling adds to ability: h = θ + γ e, so that a year is worth γ to everyone, whatever their ability.

    The first-order condition is γ e² + (θ_i + T_o / R_h,o) e - γ Ω_o / c_i = 0 (MODEL.md section 15.1).
    """

    def log_human(self, params: Parameters, log_ability: Array, schooling: Array | Scalar) -> Float[Array, "..."]:
        """Log h = log θ + log(1 + γ e / θ)."""
        return log_ability + jnp.log1p(params.schooling_return * schooling * jnp.exp(-log_ability))

    def optimal_schooling(
        self, params: Parameters, ability: Array, cost: Array, recognised: Array, fixed_pay: Array
    ) -> Float[Array, "..."]:
        """e*, in closed form."""
        linear = ability + fixed_pay
        gain = params.schooling_return * recognised / cost
        return 2 * gain / (linear + jnp.sqrt(linear**2 + 4 * params.schooling_return * gain))

    def education_return(
        self,
        params: Parameters,
        ability: Array,
        schooling: Array,
        recognised: Array | Scalar,
        fixed_pay: Array | Scalar,
    ) -> Float[Array, "..."]:
        """Ω_o γ / (h + T_o/R_h,o)."""
        human = ability + params.schooling_return * schooling
        return recognised * params.schooling_return / (human + fixed_pay)

    def linear_parts(self, params: Parameters, ability: Array) -> tuple[Scalar, Array, Scalar]:
        """1, θ and γ."""
        return 1.0, ability, params.schooling_return

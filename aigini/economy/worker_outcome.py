"""Schooling, human capital and income of workers at one AI level."""

import equinox as eqx
from jaxtyping import Array, Float

from aigini.economy.technology import HumanSumKind
from aigini.parameters import Scalar


class SocialOutcome(eqx.Module):
    """The second skill of workers at one AI level; each field ``[workers]``.

    Attributes:
        capital: h_s.
        education_return: Causal return to a year of social schooling.
    """

    capital: Float[Array, "workers"]
    education_return: Float[Array, "workers"]


class WorkerOutcome(eqx.Module):
    """Schooling, human capital and income of workers at one AI level; each field ``[workers]``, pay per worker.

    Attributes:
        schooling: Years of schooling: e, and e_s with a second skill.
        log_human: log h.
        human_pay: Pay for assessed human capital, R_h,o ĥ in the baseline, and for social capital.
        commodity_pay: Pay for commodity AI, η0 A R_A,o in the baseline; a scalar inside a row.
        rent_pay: ξ (q0 + q_A,o) κ_j.
        wage: w, the sum of the three.
        claim: Capital income per unit of mean capital income.
        capital: r, capital income.
        levy: Amount that policy takes from the income; 0 without policy.
        total: w + r, less the levy, plus the payout of policy.
        education_return: Causal return to a year of schooling, of that in human capital.
        social: Social capital, and the return to schooling in it; None with one skill.
        human_sums: Sums over human capital that the technology needs.
    """

    schooling: Float[Array, "workers"]
    log_human: Float[Array, "workers"]
    human_pay: Float[Array, "workers"]
    commodity_pay: Scalar
    rent_pay: Float[Array, "workers"]
    wage: Float[Array, "workers"]
    claim: Float[Array, "workers"]
    capital: Float[Array, "workers"]
    levy: Float[Array, "workers"]
    total: Float[Array, "workers"]
    education_return: Float[Array, "workers"]
    social: SocialOutcome | None = None
    human_sums: HumanSumKind = eqx.field(static=True, default="squares")

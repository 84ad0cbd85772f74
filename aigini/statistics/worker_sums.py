"""The sums over workers that moments and reported statistics are made of.

A `Sum` is computed for the workers of one occupation at one AI level; those of all rows are then added up, in float64.
Another one is a function of what such workers are observed to do:

    SQUARED_INCOME = Sum(lambda workers: workers.total(workers.outcome.total**2))

Workers weigh in sums as `aigini.population.workers.Streams.workers` says, because those who own much are drawn more
often than they occur. What does not depend on capital income needs no weights, and has smaller simulation errors
without them: `WorkersAt.total_without_capital`.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from aigini.economy.economy import State
from aigini.economy.workers import WorkerOutcome
from aigini.errors import MomentError
from aigini.parameters import Scalar
from aigini.population.workers import Workers
from aigini.statistics import accumulate, histogram
from aigini.statistics.human_sums import HumanSums, SocialSums
from aigini.statistics.sums import Control, CrossMoments, GroupSums


class Reference(eqx.Module):
    """Points about which squares are summed; near the means, so that float32 squares stay small.

    No result depends on them.
    """

    schooling: Scalar
    log_wage: Scalar


def reference(state: State) -> Reference:
    """Mean schooling and mean log pay for human capital on the quadrature."""
    market = state.market
    return jax.lax.stop_gradient(
        Reference(
            schooling=jnp.mean(market.every_schooling),
            log_wage=jnp.mean(jnp.log(market.prices.human_return * market.human_capital)),
        )
    )


class WorkersAt(eqx.Module):
    """Workers of one occupation at one AI level.

    Attributes:
        outcome: Their schooling, human capital and incomes.
        workers: Their draws.
        present: 1 for workers, 0 for padding, ``[workers]``: how they count where capital income does not matter.
        about: Points about which squares are summed.
        n_firms: Number of firms.
    """

    outcome: WorkerOutcome
    workers: Workers
    present: Float[Array, "workers"]
    about: Reference
    n_firms: int = eqx.field(static=True)

    @property
    def owners(self) -> Float[Array, "workers"]:
        """Weights of workers where capital income matters, 0 for padding."""
        return self.workers.weight * self.present

    def total(self, values: Float[Array, "workers"]) -> Scalar:
        """Sum of a value of each worker, float64."""
        return accumulate.total(values, self.owners)

    def total_without_capital(self, values: Float[Array, "workers"]) -> Scalar:
        """Sum of a value that does not depend on capital income, such as of wages or schooling, float64."""
        return accumulate.total(values, self.present)

    def by_firm(self, values: Float[Array, "workers"]) -> Float[Array, "firms"]:
        """Sums of a value of each worker by employer, float64."""
        return accumulate.by_firm(values * self.owners, self.workers.firm, self.n_firms)

    def by_firm_without_capital(self, values: Float[Array, "workers"]) -> Float[Array, "firms"]:
        """The same of a value that does not depend on capital income."""
        return accumulate.by_firm(values * self.present, self.workers.firm, self.n_firms)

    @property
    def centred_log_wage(self) -> Float[Array, "workers"]:
        """Log wage less the reference point."""
        return jnp.log(self.outcome.wage) - jnp.asarray(self.about.log_wage, self.present.dtype)


@dataclasses.dataclass(frozen=True, eq=False)
class Sum:
    """A sum over workers, or a pytree of several.

    Attributes:
        of: Sums over the workers of a row, float64.
        by_occupation: True if it is kept by occupation, each leaf with a leading axis ``[occupations]``.
    """

    of: Callable[[WorkersAt], Any]
    by_occupation: bool = False


class MeanSums(eqx.Module):
    """Number of workers and Σ x."""

    n: Scalar
    total: Scalar

    @property
    def mean(self) -> Scalar:
        """Mean of x."""
        return self.total / self.n


class IncomeSums(MeanSums):
    """Sums of an income, and the histogram of its log, ``[nodes]``."""

    masses: Float[Array, "nodes"]

    @property
    def gini(self) -> Scalar:
        """Gini of the income."""
        return histogram.gini(self.masses, self.mean)

    def top_share(self, fraction: float) -> Scalar:
        """Share of the income that the richest `fraction` of workers have."""
        return histogram.top_share(self.masses, self.mean, fraction)


def _human(workers: WorkersAt) -> HumanSums:
    h = jnp.exp(workers.outcome.log_human)
    total = workers.total_without_capital
    return HumanSums(
        n=total(workers.present),
        h=total(h),
        hh=total(h * h),
        masses=_human_masses(workers, workers.present),
        social=_social(workers, h),
    )


def _human_masses(workers: WorkersAt, weights: Array) -> Array | None:
    """The histogram of log h, where the technology asks for it."""
    if workers.outcome.human_sums != "histogram":
        return None
    return histogram.coarse(histogram.sharper(histogram.node_masses(workers.outcome.log_human, weights)))


def _social(workers: WorkersAt, h: Array) -> SocialSums | None:
    if workers.outcome.social is None:
        return None
    capital, total = workers.outcome.social.capital, workers.total_without_capital
    return SocialSums(
        n=total(workers.present),
        total=total(capital),
        squares=total(capital * capital),
        h=total(h * capital),
        masses=_human_masses(workers, workers.present * capital),
    )


def _social_return(outcome: WorkerOutcome) -> Array:
    if outcome.social is None:
        raise MomentError(
            'social_education_return: workers have no second skill; set model.skills = "two", or leave it out.'
        )
    return outcome.social.education_return


def _wages_and_schooling(workers: WorkersAt) -> CrossMoments:
    x = workers.outcome.schooling - jnp.asarray(workers.about.schooling, workers.present.dtype)
    y, total = workers.centred_log_wage, workers.total_without_capital

    # The draw of schooling cost has mean 0 whatever a worker's occupation and employer: what a sample has of its
    # product with the employer's rents is chance, and makes up most of the sampling error of the slope.
    control = (workers.workers.rent_control * workers.present).astype(jnp.float64)
    x64, y64 = x.astype(jnp.float64), y.astype(jnp.float64)
    return CrossMoments(
        n=total(workers.present),
        x=total(x),
        y=total(y),
        xx=total(x * x),
        xy=total(x * y),
        yy=total(y * y),
        # Inner products take less time on a CPU than sums of products.
        control=Control(
            c=jnp.sum(control), xc=jnp.dot(x64, control), yc=jnp.dot(y64, control), xyc=jnp.dot(x64 * y64, control)
        ),
    )


def _mean(value: Callable[[WorkerOutcome], Array], *, of_capital: bool) -> Sum:
    def of(workers: WorkersAt) -> MeanSums:
        weights = workers.owners if of_capital else workers.present
        return MeanSums(n=_sum(weights), total=accumulate.total(value(workers.outcome), weights))

    return Sum(of)


def _income(value: Callable[[WorkerOutcome], Array], *, of_capital: bool) -> Sum:
    def of(workers: WorkersAt) -> IncomeSums:
        income, weights = value(workers.outcome), workers.owners if of_capital else workers.present
        return IncomeSums(
            n=_sum(weights),
            total=accumulate.total(income, weights),
            masses=histogram.node_masses(jnp.log(income), weights),
        )

    return Sum(of)


class OwnerSums(eqx.Module):
    """Sums of weights w of workers, of w², of w r and of (w r)², r their capital income."""

    w: Scalar
    ww: Scalar
    r: Scalar
    rr: Scalar

    @property
    def effective(self) -> tuple[Scalar, Scalar]:
        """Effective numbers (Kish) of workers, where capital income hardly matters, and of owners, where it is all."""
        return self.w**2 / self.ww, self.r**2 / self.rr


def _owners(workers: WorkersAt) -> OwnerSums:
    owned = workers.outcome.claim * workers.owners
    return OwnerSums(
        w=_sum(workers.owners),
        ww=accumulate.total(workers.owners, workers.owners),
        r=_sum(owned),
        rr=accumulate.total(owned, owned),
    )


def _sum(weights: Float[Array, "workers"]) -> Scalar:
    return accumulate.total(jnp.ones_like(weights), weights)


def _log_wages_by_firm(workers: WorkersAt) -> GroupSums:
    by_firm = workers.by_firm_without_capital
    return GroupSums(n=by_firm(workers.present), y=by_firm(workers.centred_log_wage))


def _income_by_firm(workers: WorkersAt) -> GroupSums:
    outcome = workers.outcome
    # Wages need no weights; the rest of incomes does.
    income = outcome.wage * workers.present + (outcome.total - outcome.wage) * workers.owners
    y, yy = (accumulate.by_firm(values, workers.workers.firm, workers.n_firms) for values in (income, income**2))
    return GroupSums(n=workers.by_firm_without_capital(workers.present), y=y, yy=yy)


HUMAN_CAPITAL = Sum(_human, by_occupation=True)
"""`HumanSums` of each occupation."""
WAGES_AND_SCHOOLING = Sum(_wages_and_schooling)
"""`CrossMoments` of schooling (x) and log wage (y)."""
WAGES = _income(lambda outcome: outcome.wage, of_capital=False)
"""`IncomeSums` of wages."""
LABOUR_INCOME = _mean(lambda outcome: outcome.wage, of_capital=True)
"""`MeanSums` of wages with the weights of total income, for the share of it that they are."""
TOTAL_INCOME = _income(lambda outcome: outcome.total, of_capital=True)
"""`IncomeSums` of wages and capital income together."""
CAPITAL_CLAIMS = _income(lambda outcome: outcome.claim, of_capital=True)
"""`IncomeSums` of capital income per unit of its mean."""
SCHOOLING = _mean(lambda outcome: outcome.schooling, of_capital=False)
"""`MeanSums` of years of schooling."""
EDUCATION_RETURN = _mean(lambda outcome: outcome.education_return, of_capital=False)
"""`MeanSums` of the causal return to a year of schooling."""
SOCIAL_EDUCATION_RETURN = _mean(_social_return, of_capital=False)
"""`MeanSums` of the causal return to a year of social schooling."""
INCOME_LOG_INCOME = _mean(lambda outcome: outcome.total * jnp.log(outcome.total), of_capital=True)
"""`MeanSums` of total income times its log."""
LOG_WAGES_BY_FIRM = Sum(_log_wages_by_firm)
"""`GroupSums` of log wages by employer, about the reference point."""
INCOME_BY_FIRM = Sum(_income_by_firm)
"""`GroupSums` of total income by employer."""
OWNERS = Sum(_owners)
"""`OwnerSums`."""

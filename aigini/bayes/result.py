"""The posterior as a result: draws, their summaries, and the diagnostics of the chains."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from aigini.bayes.diagnostics import ParameterSummary
from aigini.bayes.health import Health
from aigini.bayes.information import Information
from aigini.bayes.likelihood import M6Belief
from aigini.bayes.over_populations import OverPopulations
from aigini.bayes.populations import Averages
from aigini.bayes.power_scaling import PowerScaling
from aigini.bayes.probability import ConditionalProbability, Probability, open_sentence
from aigini.bayes.size import SizeChoice
from aigini.estimation.target import Target
from aigini.statistics.catalogue import CONCEPT_WORDS, names
from aigini.statistics.outcomes import Units, file_units, legend
from aigini.tables import Column, Table, Tabular

LAPLACE_K = 0.7
"""Pareto shape of importance ratios above which a normal approximation is not good enough."""

BELIEF_WORDS = {
    "normal": "the measured change of the Gini is the target, with its s.e.",
    "uniform": "the measured change of the Gini lies between two scenarios",
    "improper": "nothing is known of the change of the Gini: m6 is left out",
}


@dataclasses.dataclass(frozen=True)
class Draws:
    """Draws from the posterior and from the priors.

    Attributes:
        parameters: Natural values by parameter, ``[chains, draws]``.
        outcomes: Outcomes of the economy at each draw by name, ``[chains, draws]``.
        predictive: Measured moments that would be observed, by moment, ``[chains, draws]``.
        statistics: Statistics of the sampler, named as ArviZ names them, ``[chains, draws]``.
        prior: Draws from the priors at which the economy has an outcome, by parameter, ``[n]``.
        prior_outcomes: Outcomes at them by name, ``[n]``.
        prior_predictive: Measured moments that would be observed at them, by moment, ``[n]``.
    """

    parameters: Mapping[str, np.ndarray]
    outcomes: Mapping[str, np.ndarray]
    predictive: Mapping[str, np.ndarray]
    statistics: Mapping[str, np.ndarray]
    prior: Mapping[str, np.ndarray]
    prior_outcomes: Mapping[str, np.ndarray]
    prior_predictive: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class LaplaceSummary:
    """The normal approximation beside the draws.

    Attributes:
        mean: Mean of each parameter.
        sd: Standard deviation of each parameter.
        rises: Probability that the Gini rises on the sampled population, by ``total`` and ``wage``.
        pareto_k: Shape of the importance ratios; above `LAPLACE_K` the approximation is not good enough.
        proper: True if the Hessian at the mode is positive definite.
    """

    mean: Mapping[str, float]
    sd: Mapping[str, float]
    rises: Mapping[str, Probability]
    pareto_k: float
    proper: bool

    @property
    def good(self) -> bool:
        """True if the approximation can stand in for the draws."""
        return self.proper and self.pareto_k <= LAPLACE_K


@dataclasses.dataclass(frozen=True)
class Posterior(Tabular):
    """A sampled posterior.

    Attributes:
        params: Values of the parameters that have no prior, and the mode for those that have.
        priors: Priors in words, by parameter.
        targets: Measured moments.
        belief: Belief about the measured m6, as used: ``improper`` without m6 among the targets.
        m6_range: Lowest and highest scenario, for ``uniform``.
        income: Income concept of m6.
        size: Number of workers and simulation noise.
        summary: Summaries of the chains, which were run on one population: parameters, and outcomes on it.
        averages: Means and quantiles of parameters and outcomes, averaged over populations, with their errors.
        populations: The populations that it was averaged over, with the probabilities on each.
        health: Faults of the chains, with remedies.
        rises: Probability that the Gini rises, averaged over populations, by ``total`` and ``wage``.
        conditional: The same within bins of ξ, η1 and m6, by concept.
        prior_rises: The same under the priors alone, by concept; economies without outcome left out.
        prior_failed: Share of prior draws at which the economy has no outcome.
        laplace: The normal approximation.
        scaling: Sensitivity to priors and to each target's likelihood.
        information: Information that more precise targets would give about the sign, by concept.
        gradients: Gradient evaluations of the chains, warm-up included.
        draws: The draws.
    """

    units: ClassVar[Units] = file_units(
        rises="probability, 0 to 1", summary="parameters in their unit; outcomes as in responses"
    )

    params: Mapping[str, float]
    priors: Mapping[str, str]
    targets: Mapping[str, Target]
    belief: M6Belief
    m6_range: tuple[float, float]
    income: str
    size: SizeChoice
    summary: Mapping[str, ParameterSummary]
    averages: Mapping[str, Averages]
    populations: OverPopulations
    health: Health
    rises: Mapping[str, Probability]
    conditional: Mapping[str, tuple[ConditionalProbability, ...]]
    prior_rises: Mapping[str, Probability]
    prior_failed: float
    laplace: LaplaceSummary
    scaling: PowerScaling
    information: Mapping[str, Information]
    gradients: int
    draws: Draws

    @property
    def answers(self) -> tuple[str, ...]:
        """A sentence about the sign of each change, which says first if it is known."""
        return tuple(
            open_sentence(f"the change of the Gini of {CONCEPT_WORDS[concept]}", rise, self.populations.rises[concept])
            for concept, rise in self.rises.items()
        )

    def __str__(self) -> str:
        lines = []
        if not self.health.good:
            lines += ["NOT TO BE USED AS IT IS:", *(f"* {mark}" for mark in self.health.marks), ""]
        # Chains that have not converged say nothing, not even that the sign is open.
        lines += [*(self.answers if self.health.good else ()), *self.populations.marks, "", str(self.table())]
        lines += [
            "errors of the mean: MC s.e. from the number of draws, pop. s.e. from the draw of the simulated population",
            legend(*(name for name in self.summary if name in names())),
        ]
        lines += ["", f"m6: {BELIEF_WORDS[self.belief]}"]
        for concept, rise in self.rises.items():
            lines.append(f"P(Gini of {CONCEPT_WORDS[concept]} rises) = {rise}")
            lines.append(f"  under the priors alone {self.prior_rises[concept]}")
        if self.health.good:
            lines.append(
                "These are the probabilities to use where `aigini sensitivity` gives others: its first-order ones"
                " assume linear moments, normal errors and no bounds. The same holds for what is worth measuring."
            )
        lines += [*str(self.populations).splitlines(), *self._approximation()]
        lines.append(
            f"sampled: {', '.join(self.priors)}; every other parameter keeps its configured value, and calibration.free"
            " only says from which estimates the chains start"
        )
        lines += [f"simulated with {self.size}", "", *self._sensitivity(), "", str(self.information[self.income])]
        if self.health.good:
            lines += ["", str(self.health)]
        return "\n".join(lines)

    def table(self) -> Table:
        """Averages over the populations with their errors, how well the chains agree, and the normal approximation."""
        averages, chains = [self.averages[name] for name in self.summary], list(self.summary.values())
        means = [one.mean for one in averages]
        return Table(
            (
                Column("", list(self.summary)),
                Column("mean", [mean.value for mean in means], ".4g"),
                Column("MC s.e.", [mean.mcse for mean in means], ".4g"),
                Column("pop. s.e.", [mean.population_error for mean in means], ".4g"),
                Column("sd", [one.sd.value for one in averages], ".4g"),
                Column("5%", [one.q5.value for one in averages], ".4g"),
                Column("50%", [one.median.value for one in averages], ".4g"),
                Column("95%", [one.q95.value for one in averages], ".4g"),
                Column("R-hat", [one.r_hat for one in chains], ".3f"),
                Column("bulk", [one.ess_bulk for one in chains], ".0f"),
                Column("tail", [one.ess_tail for one in chains], ".0f"),
                Column("Laplace mean", [self.laplace.mean.get(name) for name in self.summary], ".4g"),
                Column("Laplace sd", [self.laplace.sd.get(name) for name in self.summary], ".4g"),
            )
        )

    def _approximation(self) -> list[str]:
        """Lines about the quality of the normal approximation, which is that of the sampled population alone."""
        verdict = "good enough" if self.laplace.good else "not good enough: use the draws"
        lines = [f"normal approximation on the sampled population: Pareto k {self.laplace.pareto_k:.2f}, {verdict}"]
        for concept, rise in self.laplace.rises.items():
            lines.append(f"  its P(Gini of {CONCEPT_WORDS[concept]} rises) = {rise}")
        return lines

    def _sensitivity(self) -> list[str]:
        """Sensitivity of the change of each Gini to priors and likelihoods, one line per component."""
        about = tuple(f"gini_{concept}" for concept in self.rises)
        columns = [Column("doubling the weight of", self.scaling.components)]
        for name in about:
            effects = [self.scaling.effect(component, name) for component in self.scaling.components]
            derivatives = [effect.derivative for effect in effects]
            text = [
                f"{effect.derivative.value:+.5f} ± {effect.derivative.error:.5f}{'*' if effect.sensitive else ' '}"
                for effect in effects
            ]
            columns.append(Column(f"moves {name} by", [one.value for one in derivatives], text=text))
        return [
            str(Table(tuple(columns))),
            "±: total s.e., from the draws and from the draw of the population; * moves its distribution noticeably on"
            " the sampled population",
            *self.scaling.marks,
        ]

"""The posterior as a result: draws, what they say, and whether they can be trusted."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from aigini.bayes.diagnostics import ParameterSummary, Summaries
from aigini.bayes.health import Health
from aigini.bayes.information import Information
from aigini.bayes.likelihood import M6Belief
from aigini.bayes.power_scaling import PowerScaling
from aigini.bayes.probability import ConditionalProbability, Probability
from aigini.bayes.size import SizeChoice
from aigini.estimation.result import Target
from aigini.moments.responses import RESPONSE_MEANINGS, legend

LAPLACE_K = 0.7
"""Pareto shape of importance ratios above which a normal approximation is not good enough."""

SAY_BELIEF = {
    "normal": "the measured change of the Gini is the target, with its s.e.",
    "uniform": "the measured change of the Gini lies between two scenarios",
    "improper": "nothing is known of the change of the Gini: m6 is left out",
}


@dataclasses.dataclass(frozen=True)
class Draws:
    """The draws.

    Attributes:
        parameters: Natural values by parameter, ``[chains, draws]``.
        responses: Outcomes of the economy at each draw by name, ``[chains, draws]``.
        predictive: Measured moments that would be observed, by moment, ``[chains, draws]``.
        statistics: Of the sampler, named as ArviZ names them, ``[chains, draws]``.
        prior: Draws from each prior, ``[n]``.
        prior_responses: Outcomes at the first of them that have any, ``[m]``.
    """

    parameters: Mapping[str, np.ndarray]
    responses: Mapping[str, np.ndarray]
    predictive: Mapping[str, np.ndarray]
    statistics: Mapping[str, np.ndarray]
    prior: Mapping[str, np.ndarray]
    prior_responses: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class LaplaceSummary:
    """The normal approximation beside the draws.

    Attributes:
        mean: Of each parameter.
        sd: Of each parameter.
        rises: Probability that the Gini rises, by ``total`` and ``wage``.
        pareto_k: Shape of the importance ratios; above `LAPLACE_K` the approximation is not good enough.
        proper: Whether the Hessian at the mode is positive definite.
    """

    mean: Mapping[str, float]
    sd: Mapping[str, float]
    rises: Mapping[str, float]
    pareto_k: float
    proper: bool

    @property
    def good(self) -> bool:
        """Whether the approximation can stand in for the draws."""
        return self.proper and self.pareto_k <= LAPLACE_K


@dataclasses.dataclass(frozen=True)
class Posterior:
    """A sampled posterior.

    Attributes:
        params: Values of the parameters that have no prior, and the mode for those that have.
        priors: In words, by parameter.
        targets: Measured moments.
        belief: About the measured m6, as used: without m6 among the targets ``improper``, whatever was configured.
        m6_range: Scenarios, for ``uniform``.
        income: Income concept of m6.
        size: Number of workers and simulation noise.
        summary: Of parameters and outcomes.
        health: Whether the chains can be trusted, and what to do if not.
        rises: Probability that the Gini rises, by ``total`` and ``wage``.
        conditional: The same within bins of ξ, η1 and m6, by concept.
        prior_rises: The same under the priors alone, by concept; economies without outcome left out.
        prior_failed: Share of prior draws at which the economy has no outcome.
        laplace: The normal approximation.
        scaling: Sensitivity to priors and to each target's likelihood.
        information: What more precise targets would tell about the sign, by concept.
        gradients: Gradient evaluations of the chains, warm-up included.
        draws: The draws.
    """

    params: Mapping[str, float]
    priors: Mapping[str, str]
    targets: Mapping[str, Target]
    belief: M6Belief
    m6_range: tuple[float, float]
    income: str
    size: SizeChoice
    summary: Mapping[str, ParameterSummary]
    health: Health
    rises: Mapping[str, Probability]
    conditional: Mapping[str, tuple[ConditionalProbability, ...]]
    prior_rises: Mapping[str, float]
    prior_failed: float
    laplace: LaplaceSummary
    scaling: PowerScaling
    information: Mapping[str, Information]
    gradients: int
    draws: Draws

    def __str__(self) -> str:
        lines = []
        if not self.health.good:
            lines += ["NOT TO BE USED AS IT IS:", *(f"* {mark}" for mark in self.health.marks), ""]
        table = str(Summaries(self.summary)).splitlines()
        lines.append(f"{table[0]} {'Laplace mean':>14s} {'sd':>10s}")
        for name, row in zip(self.summary, table[1:], strict=True):
            known = name in self.laplace.mean
            beside = f" {self.laplace.mean[name]:14.4g} {self.laplace.sd[name]:10.4g}" if known else ""
            lines.append(row + beside)
        lines.append(legend(*(name for name in self.summary if name in RESPONSE_MEANINGS)))
        lines += ["", f"m6: {SAY_BELIEF[self.belief]}"]
        for concept, found in self.rises.items():
            lines.append(
                f"P(Gini of {concept} income rises) = {found}; under the priors alone {self.prior_rises[concept]:.2f},"
                f" by the normal approximation {self.laplace.rises[concept]:.3f}"
            )
        verdict = "good enough" if self.laplace.good else "not good enough: use the draws"
        lines.append(f"normal approximation: Pareto k {self.laplace.pareto_k:.2f}, {verdict}")
        lines.append(
            f"sampled: {', '.join(self.priors)}; every other parameter keeps its configured value, and calibration.free"
            " only says from which estimates the chains start"
        )
        lines += [f"simulated with {self.size}", "", *self._reliance(), "", str(self.information[self.income])]
        if self.health.good:
            lines += ["", str(self.health)]
        return "\n".join(lines)

    def _reliance(self) -> list[str]:
        """What the sign of the change of the Gini rests on: sensitivities, one line per component."""
        about = tuple(f"gini_{concept}" for concept in self.rises)
        lines = [f"{'doubling the weight of':32s}" + "".join(f"{f'moves {name} by':>28s}" for name in about)]
        for component in self.scaling.components:
            line = f"{component:32s}"
            for name in about:
                effect = self.scaling.effect(component, name)
                mark = "*" if effect.sensitive else " "
                line += f"{effect.derivative.value:+19.5f} ± {effect.derivative.mcse:.5f}{mark}"
            lines.append(line)
        return [*lines, "* moves its distribution noticeably", *self.scaling.marks]

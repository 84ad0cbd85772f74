"""Whether AI raises or lowers inequality at the estimates, why, how sure that is, and what would change it.

What follows from the economy is computed apart from what was assumed: contributions of the channels are exact Shapley
values at the estimates, and probabilities leave out m6, which is a scenario. Both are computed again on other draws of
the population, at the same estimates, which gives their simulation errors.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aigini.analysis.answered import Answer, Chance, Reasons
from aigini.analysis.case import Case
from aigini.analysis.channels import channels
from aigini.analysis.evaluator import Evaluator
from aigini.analysis.regimes import CONCEPTS
from aigini.analysis.sign_uncertainty import beyond_bounds, sign_uncertainty
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import AiginiError
from aigini.population.population import Population
from aigini.resolution import Simulated, simulated

DRAWS = 4
"""Other draws of the population that errors are taken from; each costs the 32 economies of the channels."""


def answer(
    case: Case,
    ranges: Mapping[str, tuple[float, float]],
    status: str,
    populations: Iterable[Population] = (),
    errors: Mapping[str, float | None] | None = None,
) -> Answer:
    """Answer the question at the estimates of an economy whose targets are met.

    Args:
        case: The economy at its estimates.
        ranges: (low, high) of external parameters, as in `aigini.analysis.sign_uncertainty`.
        status: How the calibration ended, in a sentence.
        populations: Other draws, two or more of them for simulation errors.
        errors: Simulation errors of the changes of the Ginis by income concept, where more draws than these gave them.

    Returns:
        The answer; a part that cannot be worked out is missing with the reason.
    """
    cases = [case, *(_elsewhere(case, population) for population in populations)]
    missing: dict[str, str] = {}
    reasons: dict[str, Reasons] = {}
    chances: dict[str, Chance] = {}
    try:
        reasons = {
            concept: dataclasses.replace(found, change=Simulated(found.change.value, errors[concept]))
            if errors and errors.get(concept) is not None
            else found
            for concept, found in _reasons(cases).items()
        }
    except AiginiError as error:
        missing["reasons"] = str(error)
    try:
        chances = _chances(cases, ranges)
    except AiginiError as error:
        missing["chances"] = str(error)
    return Answer(
        fitted=True,
        status=status,
        income=case.income,
        assumed=case.targets.get("m6"),
        reasons=reasons,
        chances=chances,
        draws=len(cases) - 1,
        missing=missing,
    )


def _elsewhere(case: Case, population: Population) -> Case:
    """The same estimates on another draw of the population."""
    evaluator = Evaluator(population, case.evaluator.scenario)
    responses, jacobian = evaluator.jacobian(case.values)
    return dataclasses.replace(case, evaluator=evaluator, responses=responses, jacobian=jacobian)


def _reasons(cases: Sequence[Case]) -> dict[str, Reasons]:
    found = [channels(case).outcomes for case in cases]

    def over(concept: str, channel: str | None) -> list[float]:
        parts = [outcomes[f"gini_{concept}"] for outcomes in found]
        return [part.total if channel is None else part.contributions[channel] for part in parts]

    def number(concept: str, channel: str | None = None) -> Simulated:
        own, *others = over(concept, channel)
        return simulated(own, others)

    return {
        concept: Reasons(number(concept), {channel: number(concept, channel) for channel in CHANNEL_NAMES})
        for concept in CONCEPTS
    }


def _chances(cases: Sequence[Case], ranges: Mapping[str, tuple[float, float]]) -> dict[str, Chance]:
    left_out: tuple[str, ...] = ()
    if "m6" in cases[0].targets:
        cases[0].require_sign_problem()
        left_out = ("m6",)
    found = {}
    for concept in CONCEPTS:
        own, *others = (sign_uncertainty(case, concept, ranges, left_out) for case in cases)
        found[concept] = Chance(
            uncertainty=own,
            probability=simulated(own.probability, np.array([other.probability for other in others])),
            beyond_bounds=beyond_bounds(cases[0], ranges, left_out),
        )
    return found

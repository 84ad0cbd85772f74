"""The answer at the estimates: sign of the effect on inequality, its causes, its probability, and the data it needs.

What follows from the economy is computed apart from what was assumed: contributions of the channels are exact Shapley
values at the estimates, and probabilities leave out m6, which is a scenario. Their simulation errors are those of the
analyses that they are from: the spread over other draws of the population, each at its own estimates.
"""

from collections.abc import Mapping

import numpy as np

from aigini.analysis.answered import Answer, Chance, Reasons
from aigini.analysis.channels import channels
from aigini.analysis.identification.sign_uncertainty import sign_uncertainty
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import AiginiError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.estimation.other_draws import OtherDraws
from aigini.resolution import Simulated, simulated
from aigini.statistics.catalogue import CONCEPTS


def answer(
    model: EstimatedModel, ranges: Mapping[str, tuple[float, float]], status: str, others: OtherDraws | None = None
) -> Answer:
    """Answer the question at the estimates of an economy whose targets are met.

    Args:
        model: The economy at its estimates.
        ranges: (low, high) of external parameters, as in `aigini.analysis.identification.sign_uncertainty`.
        status: Sentence about the end of the calibration.
        others: The economy on other draws, two or more of them for simulation errors.

    Returns:
        The answer; a part that cannot be worked out is missing with the reason.
    """
    missing: dict[str, str] = {}
    reasons: dict[str, Reasons] = {}
    chances: dict[str, Chance] = {}
    try:
        reasons = _reasons(model, others)
    except AiginiError as error:
        missing["reasons"] = str(error)
    try:
        chances = _chances(model, ranges, others)
    except AiginiError as error:
        missing["chances"] = str(error)
    return Answer(
        fitted=True,
        status=status,
        income=model.income,
        assumed=model.targets.get("m6"),
        reasons=reasons,
        chances=chances,
        draws=0 if others is None else others.count,
        missing=missing,
    )


def _reasons(model: EstimatedModel, others: OtherDraws | None) -> dict[str, Reasons]:
    outcomes = channels(model, others=others).outcomes
    parts = {concept: outcomes[f"gini_{concept}"] for concept in CONCEPTS}
    return {
        concept: Reasons(
            Simulated(part.total, part.total_simulation_se),
            {channel: part.contribution(channel) for channel in CHANNEL_NAMES},
        )
        for concept, part in parts.items()
    }


def _chances(
    model: EstimatedModel, ranges: Mapping[str, tuple[float, float]], others: OtherDraws | None
) -> dict[str, Chance]:
    left_out: tuple[str, ...] = ()
    if "m6" in model.targets:
        model.require_sign_problem()
        left_out = ("m6",)

    def probabilities(one: EstimatedModel) -> list[float]:
        return [sign_uncertainty(one, concept, ranges, left_out).probability for concept in CONCEPTS]

    own = [sign_uncertainty(model, concept, ranges, left_out) for concept in CONCEPTS]
    elsewhere = np.zeros((0, len(CONCEPTS)))
    if others is not None and others.count:
        elsewhere = others.repeat("probabilities on other draws", probabilities)
    return {
        concept: Chance(uncertainty, simulated(uncertainty.probability, elsewhere[:, k]))
        for k, (concept, uncertainty) in enumerate(zip(CONCEPTS, own, strict=True))
    }

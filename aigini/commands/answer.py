"""The answer of `aigini reproduce`: whether AI raises or lowers inequality at the estimates of a calibration."""

from collections.abc import Iterator
from typing import Any

from aigini.analysis.answer import answer as answer_at
from aigini.analysis.answered import Answer
from aigini.commands.at_estimates import external_ranges, other_draws
from aigini.commands.command import ResultFile
from aigini.config import Config
from aigini.errors import AiginiError, AnalysisError
from aigini.estimation.estimated_model import known_model
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.result import Calibration
from aigini.estimation.verdict import Status
from aigini.runtime.precision import with_x64

FEWEST_FIRMS = 3
"""Firms that the outcomes are defined for, see `aigini.statistics.outcomes.outcomes`."""


@with_x64
def answer(config: Config, calibration: Calibration) -> Answer:
    """The answer at the estimates of a calibration: sign of the effect and its causes, see `aigini.analysis.answer`.

    Nothing is claimed, and nothing computed, unless the targets are met.

    Args:
        config: The configuration of the calibration.
        calibration: The calibration.
    """
    status = calibration.message
    if calibration.status is not Status.FITTED:
        return Answer(False, status, config.income)

    try:
        if config.population["n_firms"] < FEWEST_FIRMS:
            raise AnalysisError(f"it takes at least {FEWEST_FIRMS} firms; raise population.n_firms.")
        model = known_model(
            OutcomeMap(config.draw(precision="float64"), config.scenario, config.outcomes),
            calibration.params,
            config.space,
            config.targets,
            config.income,
            calibration.weighting,
            config.covariance,
        )
        return answer_at(model, external_ranges(config), status, other_draws(config, model))
    except AiginiError as error:
        missing = {"reasons": str(error), "chances": str(error)}
        return Answer(True, status, config.income, assumed=config.targets.get("m6"), missing=missing)


def figures(result: Answer) -> Iterator[tuple[str, Any]]:
    """The figure of an answer; none where the calibration gave none."""
    from aigini import figures as every
    from aigini.figures.style import named

    return named(result, *([every.answer] if result.fitted else []))


ANSWER = ResultFile("answer", Answer, figures)

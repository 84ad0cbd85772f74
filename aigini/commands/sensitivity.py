"""`aigini sensitivity`: what the moments identify, and what inequality depends on."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from aigini.analysis.identification.sensitivity import decompose
from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.commands.at_estimates import at_estimates, external_ranges, other_draws
from aigini.commands.command import Command
from aigini.commands.purposes import PURPOSES
from aigini.commands.source import SourceLike, as_source
from aigini.runtime.precision import with_x64


@with_x64
def sensitivity(config: SourceLike = None, *, profiles: bool = False, **overrides: Any) -> SensitivityAnalysis:
    """Identification by the moments and determinants of inequality, see `aigini.analysis.identification.sensitivity`.

    Args:
        config: Calibration to start from; or configuration, path of one, or None for the baseline, to estimate first.
        profiles: Also profile every estimate and the weakest direction, with some ten re-estimations for each.
        **overrides: As in `aigini.simulate`.

    Raises:
        AiginiError: as `at_estimates` does, or if the targets do not identify the parameters.
    """
    source = as_source(config, overrides, "estimation")
    model = at_estimates(source)
    ranges = external_ranges(source.config)
    others = other_draws(source.config, model)
    return decompose(model, ranges, others.covariance(model.rows), others, profiles=profiles)


def figures(result: SensitivityAnalysis) -> Iterator[tuple[str, Any]]:
    """Figures of the result; profiles where there are any."""
    from aigini import figures as every
    from aigini.figures.style import named

    profiles = [every.profiles] if result.profiles or result.weakest else []
    return named(
        result, every.elasticity_map, every.pinning, *profiles, every.variance_of_gini, every.value_of_precision
    )


SENSITIVITY = Command(
    "sensitivity",
    PURPOSES["sensitivity"],
    partial(sensitivity, profiles=True),
    SensitivityAnalysis,
    figures,
    estimates=True,
    analyses=True,
)

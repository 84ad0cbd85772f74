"""The table [oews]: its settings and its mistakes."""

from aigini.analysis.occupations.settings import ASSUMPTIONS, SurveySettings
from aigini.config.schema import FileSchema


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [oews] in itself."""
    first, second = file.oews.regime_eta1
    if first == second:
        return [f"oews.regime_eta1 = [{first:g}, {second:g}] is one economy twice; give two values of eta1."]
    return []


def settings(file: FileSchema) -> SurveySettings:
    """The surveys that are asked for."""
    section = file.oews
    low, high = sorted(section.regime_eta1)
    return SurveySettings(
        replications=section.replications,
        seed=section.seed,
        regime_eta1=(low, high),
        floor_strengths=tuple(section.floor_strengths),
        arrivals=tuple(section.arrivals),
        assumed={name: getattr(section, name) for name in ASSUMPTIONS},
    )

"""The economies whose occupations are surveyed: two regimes, channels on and off, and other strengths of AI."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from aigini.analysis.identification.ridge import economies_of_column
from aigini.analysis.occupations.result import ALL_ON, NO_AI, Regime, label_of
from aigini.analysis.occupations.settings import SurveySettings
from aigini.analysis.occupations.wages import OccupationWages, occupation_wages
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import EstimatedModel
from aigini.runtime.progress import report

MECHANISMS = ("task_floor", "screening", "proprietary_rents")
"""Channels that are switched off, one at a time."""
_FLOOR = CHANNEL_NAMES.index("task_floor")


class Variant(NamedTuple):
    """One economy that is surveyed.

    Attributes:
        regime: Its regime; `NO_AI` without AI.
        off: Channel that is off, or `ALL_ON`.
        floor: Strength of the task floor.
        arrival: Share of the effect of AI that has arrived.
    """

    regime: str
    off: str
    floor: float
    arrival: float

    @property
    def label(self) -> str:
        """The economy in a few words."""
        return label_of(self.regime, self.off)

    @property
    def switches(self) -> tuple[float, ...]:
        """Channels in the order of `CHANNEL_NAMES`."""
        on = [0.0 if name == self.off else 1.0 for name in CHANNEL_NAMES]
        on[_FLOOR] = self.floor
        return tuple(on)


def regimes_of(model: EstimatedModel, settings: SurveySettings) -> tuple[Regime, ...]:
    """The two economies that meet the moments other than m6, named by the sign of the change of the Gini.

    Raises:
        AnalysisError: if the other moments cannot be met there.
    """
    made = []
    points = economies_of_column(model, model.values["xi"], list(settings.regime_eta1), (0, 1))
    if len(points) < len(settings.regime_eta1):
        raise AnalysisError(
            "occupations: there is no economy at one of oews.regime_eta1 ="
            f" {', '.join(f'{eta:g}' for eta in settings.regime_eta1)}; choose others, for `aigini sign` shows which"
            " there are."
        )
    for point, _ in points:
        if not point.feasible:
            raise AnalysisError(
                f"occupations: no economy with eta1 = {point.eta1:g} meets the moments other than m6, one is missed by"
                f" {point.misfit:.2g} s.e.; choose another oews.regime_eta1, for `aigini sign` shows which there are."
            )
        values = model.space.impose({**model.values, **point.estimates, "eta1": point.eta1})
        name = "equalising" if point.m6 < 0 else "concentrating"
        made.append(Regime(name, point.eta1, point.m6, values))
    if made[0].name == made[1].name:
        made = [dataclasses.replace(regime, name=f"{regime.name}, eta1 = {regime.eta1:g}") for regime in made]
    return tuple(made)


def variants_of(regimes: Sequence[Regime], settings: SurveySettings) -> list[Variant]:
    """Every economy that is surveyed, that without AI first."""
    arrival = settings.number("arrival")
    every = [Variant(NO_AI, ALL_ON, 1.0, 0.0)]
    for regime in regimes:
        every.append(Variant(regime.name, ALL_ON, 1.0, arrival))
        every += [Variant(regime.name, off, float(off != "task_floor"), arrival) for off in MECHANISMS]
        every += [
            Variant(regime.name, "task_floor" if strength == 0 else ALL_ON, strength, arrival)
            for strength in settings.floor_strengths
        ]
        every += [Variant(regime.name, ALL_ON, 1.0, share) for share in settings.arrivals]
    return list(dict.fromkeys(every))


def wages_of(
    model: EstimatedModel, regimes: Sequence[Regime], variants: Sequence[Variant]
) -> tuple[OccupationWages, dict[tuple[str, tuple[float, ...]], int]]:
    """Wages of every economy, and the row of each by regime and channels; that without AI is the first one before.

    Raises:
        AnalysisError: if an economy is none, or not finite.
    """
    params = {regime.name: regime.params for regime in regimes}
    keys = list(dict.fromkeys((v.regime, v.switches) for v in variants if v.regime != NO_AI))
    for name, on in keys:
        scaled = {**params[name], **{kind: on[_FLOOR] * params[name][kind] for kind in ("alpha", "beta")}}
        if lines := model.outcome_map.problems(scaled):
            raise AnalysisError(
                f"occupations: there is no economy with {on[_FLOOR]:g} times the task floor ({lines[0]}) Take it out of"
                " oews.floor_strengths."
            )
    report("economies", 0, len(keys))
    wages = occupation_wages(model.outcome_map, [params[name] for name, _ in keys], [on for _, on in keys])
    report("economies", len(keys), len(keys))
    index = {key: row for row, key in enumerate(keys)}
    return wages, {**index, (NO_AI, variants[0].switches): 0}

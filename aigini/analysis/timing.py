"""Policy in time: until when a lever can still bring the economy back to the labour-strong regime, and how strong.

A lever (`aigini.analysis.levers`) begins in some year of the path, at some strength, and stays, or is lifted after some
years. Markets clear in every year under the parameters that hold in it. The date is continuous: a lever that begins
inside a year moves parameters by the part of the year that is left.

Slower deployment is a matter of dates here: from its beginning on the clock of deployment runs at 1 - s of its speed,
and stands still at full strength.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit

from aigini.analysis.levers import FULL, LEVERS
from aigini.analysis.timing_result import LeverTiming, PolicyTiming, Switch
from aigini.dynamics.basin import Reached, years_until_caught_up
from aigini.dynamics.phases import Setting, boundary_between, reached_after
from aigini.dynamics.steered import steered_path
from aigini.errors import AnalysisError
from aigini.parameters import PARAMETER_NAMES
from aigini.runtime.progress import report

DEFAULT_LEVERS = ("rent_sharing", "open_access", "antitrust", "data_portability", "slower_deployment")
"""Levers unless others are given."""

_STARTS = 9
_LEFT = 1e-3
"""Share of the final adoption that may be left when a path is taken to have ended."""
_MOST = 5000


@dataclasses.dataclass(frozen=True)
class _Policy:
    """A lever on a path.

    Attributes:
        setting: The economy without it; its years reach to the end of the last policy.
        lever: Its name.
        duration: Years after which it is lifted; infinite where it stays.
    """

    setting: Setting
    lever: str
    duration: float

    def reached(self, strength: float, start: float) -> Reached:
        """The regime that is reached when the lever begins in a year at a strength."""
        setting, dynamics = self.setting, self.setting.dynamics
        if self.lever == "slower_deployment":
            return self._slower(strength, start)
        values = LEVERS[self.lever](dict(setting.params.as_dict()), strength)
        later = setting.params.replace(**{name: values[name] for name in PARAMETER_NAMES})
        share = _part_of_year(dynamics.years, start) - _part_of_year(dynamics.years, start + self.duration)
        path = steered_path(setting.params, dynamics, setting.scenario, later, share)
        in_force = math.isinf(self.duration)
        return reached_after(dataclasses.replace(setting, params=later) if in_force else setting, path)

    def _slower(self, strength: float, start: float) -> Reached:
        setting, dynamics = self.setting, self.setting.dynamics
        final, midpoint = float(dynamics.adoption_final), float(dynamics.deployment_midpoint)
        pace = max(1 - strength, 0.0) if strength < FULL else 0.0

        def adoption(years: np.ndarray) -> np.ndarray:
            slowed = np.clip(years - start, 0, self.duration)
            return final * expit(float(dynamics.deployment_speed) * (years - (1 - pace) * slowed - midpoint))

        stands = pace == 0 and math.isinf(self.duration)
        end = float(adoption(np.array([start]))[0]) if stands else final
        path = steered_path(
            setting.params, dynamics, setting.scenario, adoption=adoption(np.arange(dynamics.years + 1.0))
        )
        own = dataclasses.replace(setting, dynamics=dataclasses.replace(dynamics, adoption_final=np.asarray(end)))
        closing = years_until_caught_up(float(dynamics.retool_speed), final)
        # The clock of deployment has to come to where all but a part of adoption is reached.
        clock = midpoint + math.log(1 / _LEFT - 1) / float(dynamics.deployment_speed)
        wait = 0.0 if stands else max(clock - start, 0.0) / (pace if math.isinf(self.duration) else 1.0)
        count = int(min(_MOST, closing + math.ceil(wait)))
        return reached_after(own, path, adoption(dynamics.years + np.arange(float(count))))


def _part_of_year(years: int, start: float) -> np.ndarray:
    """The part of each year that lies after a date, ``[years + 1]``."""
    return np.clip(np.arange(years + 1) + 1 - start, 0.0, 1.0)


def policy_timing(
    setting: Setting,
    name: str,
    levers: Sequence[str] = DEFAULT_LEVERS,
    duration: int = 10,
    count: int = _STARTS,
) -> PolicyTiming:
    """Points of no return and least strengths of levers, that stay and that are lifted after some years.

    Args:
        setting: The economy and its path; years of its dynamics are the dates at which levers may begin.
        name: The path in words.
        levers: Names of levers that move parameters.
        duration: Years after which a lever is lifted.
        count: Dates at which least strengths are computed, from year 0 to the last year.

    Raises:
        AnalysisError: if there is no such lever, it moves no parameter of the path, or markets do not clear.
    """
    require_levers(setting.params.as_dict(), levers)
    if duration < 1 or count < 2:
        raise AnalysisError(f"duration = {duration}, count = {count}: expected at least 1 year and 2 dates.")
    years = setting.dynamics.years
    alone = setting.reached()
    starts = np.linspace(0.0, years, count)
    results: list[LeverTiming] = []
    if alone.regime != "labour-strong":
        whole = dataclasses.replace(setting, dynamics=dataclasses.replace(setting.dynamics, years=years + duration))
        for k, lever in enumerate(levers):
            for j, length in enumerate((math.inf, float(duration))):
                report("policies in time", 2 * k + j, 2 * len(levers))
                results.append(_timing(_Policy(whole, lever, length), starts))
        report("policies in time", 2 * len(levers), 2 * len(levers))
    return PolicyTiming(path=name, regime=alone.regime, years=years, duration=duration, levers=results)


def require_levers(values: Mapping[str, float], levers: Sequence[str]) -> None:
    """Refuse names of levers that are none, or that move no parameter.

    Raises:
        AnalysisError: naming the lever and those there are.
    """
    usable = [
        name
        for name, lever in LEVERS.items()
        if any(
            lever({**values, "capital_dividend": 0.0}, 0.5)[parameter] != values[parameter]
            for parameter in PARAMETER_NAMES
        )
    ]
    if unknown := [name for name in levers if name not in usable]:
        raise AnalysisError(f"{unknown[0]}: no lever that moves parameters of the path; choose of {', '.join(usable)}.")


def _timing(policy: _Policy, starts: np.ndarray) -> LeverTiming:
    def at(start: float) -> Reached:
        return policy.reached(FULL, start)

    full = [at(float(start)) for start in starts]
    strong = [one.regime == "labour-strong" for one in full]
    switches = []
    for k in range(len(starts) - 1):
        located = boundary_between(at, (starts[k], full[k]), (starts[k + 1], full[k + 1]))
        if located is not None:
            switches.append(Switch(located[0], strong[k + 1]))
    strengths: list[float | None] = []
    for k, start in enumerate(starts):
        strengths.append(_least(policy, float(start), full[k]) if strong[k] else None)
    return LeverTiming(
        lever=policy.lever,
        duration=None if math.isinf(policy.duration) else int(policy.duration),
        start=starts,
        regime=[one.regime for one in full],
        switches=switches,
        strength=strengths,
    )


def _least(policy: _Policy, start: float, full: Reached) -> float | None:
    """The least strength from which on the labour-strong regime is reached."""
    nothing = policy.reached(0.0, start)
    located = boundary_between(lambda s: policy.reached(s, start), (0.0, nothing), (FULL, full))
    return None if located is None else located[0]

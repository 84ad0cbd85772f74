"""When a number from the Jacobian at the estimates is not to be relied on.

A probability to first order supposes that the economy responds in proportion as far as targets and external parameters
are uncertain. Two conditions of that are checked: that estimates stay within their bounds when what most of the
variance comes from moves by one standard deviation; and that profiles, which follow the economy as far as it goes, end
about where the standard errors say.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm

from aigini.analysis.identification.profile import Profile
from aigini.inference.intervals import Interval
from aigini.parameter_space import ParameterSpace
from aigini.parameters import SPECS

LARGE_SHARE = 0.1
"""Share of a variance from which on its source is checked."""

CARRIES = 0.25
"""Part of a standard deviation that an estimate's own standard error must make up for its profile to be checked."""

STRAIGHT = 2.0
"""Largest ratio, either way, of the half of a profile interval to that of the standard error."""

INSTEAD = "use `aigini posterior`, which samples"


def beyond_bounds(
    space: ParameterSpace, values: Mapping[str, float], moves: Mapping[str, np.ndarray], shares: Mapping[str, float]
) -> list[str]:
    """Sources of the variance whose standard deviation would take an estimate out of its bounds, as reasons in words.

    Args:
        space: The estimated parameters.
        values: Every parameter at the estimates.
        moves: Move of the estimates by one standard deviation of each source, ``[free]``.
        shares: Share of the variance of each source.
    """
    beyond = []
    for source, move in moves.items():
        if abs(shares[source]) < LARGE_SHARE:
            continue
        reach = {
            name: _of_the_way(space, name, values[name], float(by)) for name, by in zip(space.names, move, strict=True)
        }
        name = max(reach, key=lambda name: reach[name], default=None)
        if name is not None and reach[name] > 1:
            by = abs(float(move[space.names.index(name)]))
            low, high = space.bounds(name)
            beyond.append(
                f"one s.d. of {source} moves {name} by {by:.3g} from {values[name]:.3g}, beyond its bounds"
                f" ({low:g}, {high:g})"
            )
    return beyond


def _of_the_way(space: ParameterSpace, name: str, value: float, move: float) -> float:
    """Length of a move, either way, over the distance to the nearer bound."""
    room = min(abs(value - bound) for bound in space.bounds(name))
    return abs(move) / room if room > 0 else np.inf


def bent_profiles(
    profiles: Sequence[Profile], values: Mapping[str, float], se: Mapping[str, float], carried: Mapping[str, float]
) -> list[str]:
    """Estimates whose profile does not end where the standard error says, as reasons in words.

    Args:
        profiles: Profiles; estimates without one are not checked.
        values: Every parameter at the estimates.
        se: Standard errors with the targets of the profiles.
        carried: Part of the standard deviation in question that each estimate's standard error makes up.
    """
    bent = []
    for profile in profiles:
        name = profile.parameter
        if carried.get(name, 0.0) < CARRIES:
            continue
        half = float(norm.isf((1 - profile.interval.level) / 2)) * se[name]
        for side, end in (("below", profile.interval.lower), ("above", profile.interval.upper)):
            if end is None:
                bent.append(f"the profile of {name} is open {side}")
                break
            ratio = abs(end - values[name]) / half
            if not 1 / STRAIGHT < ratio < STRAIGHT:
                bent.append(
                    f"the profile of {name} ends at {end:.3g} {side}, {ratio:.2g} times as far out as to first order"
                )
                break
    return bent


def uninformative(name: str, interval: Interval) -> str | None:
    """Why an interval tells nothing: it covers all that is plausible of the parameter; None if it does not."""
    low, high = SPECS[name].box
    below, above = interval.lower, interval.upper
    if (below is None or below <= low) and (above is None or above >= high):
        return f"not informative (wider than the box of starting values, {low:g} to {high:g})"
    return None

"""Variants of a configuration that the table of `aigini robustness` compares, each a name and what it replaces.

`VARIANTS` is the whole list. A variant is an addition to it: its name, its meaning, and values of the configuration by
dotted name. Numbers of a mechanism that contains another one also say where they begin, so that estimates can be
followed from there.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from aigini.errors import ConfigError, unknown_name

BASELINE = "baseline"
"""The variant that replaces nothing: the configuration as it is given."""


@dataclasses.dataclass(frozen=True)
class Variant:
    """A variant of a configuration.

    Attributes:
        name: Its name.
        meaning: The difference, in words.
        overrides: Values of the configuration by dotted name.
        begins: Numbers of its mechanisms at which the economy is that without them, or next to it, by dotted name; the
            estimates are followed from there. Parameters and targets begin at those of the configuration.
    """

    name: str
    meaning: str
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    begins: Mapping[str, float] = dataclasses.field(default_factory=dict)


def _tails(tail: float) -> tuple[dict[str, Any], dict[str, float]]:
    """Ability with other tails, and the number at which it is normal."""
    return {"model.ability": "sinh_arcsinh", _TAIL: tail}, {_TAIL: 1.0}


def _m6(value: float, source: str, seen: str) -> dict[str, Any]:
    return {"targets.m6": {"value": value, "se": 0.007, "source": source, "seen": seen}}


_TAIL = "mechanisms.ability.ability_tail"
_ACEMOGLU = (
    "scenario around the range 0 to +0.7 pp derived from Acemoglu, The Simple Macroeconomics of AI, Economic Policy"
    " 40(121) 2025"
)
_SCENARIO = "D; s.e. J"
_HEAVY, _LIGHT = 1.2, 0.8
_SOCIAL_KEY, _SOCIAL = "mechanisms.skills.social_intensity", 0.3
_RHO_KEY, _RHO, _NEAR_ADDITIVE = "mechanisms.technology.rho", 0.5, 0.95

VARIANTS: tuple[Variant, ...] = (
    Variant(BASELINE, "the configuration as it is given"),
    Variant(
        "ces",
        f"human work and AI are imperfect substitutes inside a task, rho = {_RHO:g}",
        {"model.technology": "ces", _RHO_KEY: _RHO},
        {_RHO_KEY: _NEAR_ADDITIVE},
    ),
    Variant(
        "additive_human_capital",
        "a year of schooling adds the same human capital whatever the ability",
        {"model.human_capital": "additive"},
    ),
    Variant("unskilled_first", "AI reaches tasks of little skill first", {"model.reach": "unskilled_first"}),
    Variant("uniform_reach", "AI reaches the same part of every task", {"model.reach": "uniform"}),
    Variant("heavy_tails", f"ability has heavier tails than the lognormal, t = {_HEAVY:g}", *_tails(_HEAVY)),
    Variant("light_tails", f"ability has lighter tails than the lognormal, t = {_LIGHT:g}", *_tails(_LIGHT)),
    Variant(
        "additive_unskilled_first",
        "additive human capital, and AI that reaches tasks of little skill first",
        {"model.human_capital": "additive", "model.reach": "unskilled_first"},
    ),
    Variant(
        "uniform_heavy_tails",
        "uniform reach, and ability with heavy tails",
        {"model.reach": "uniform", **_tails(_HEAVY)[0]},
        _tails(_HEAVY)[1],
    ),
    Variant(
        "two_skills",
        f"a second skill that AI does not do, with intensity {_SOCIAL:g} in output",
        {"model.skills": "two", _SOCIAL_KEY: _SOCIAL},
        {_SOCIAL_KEY: 0.0},
    ),
    Variant("m6_minus002", "scenario: the Gini of total income falls by 0.002", _m6(-0.002, _ACEMOGLU, _SCENARIO)),
    Variant("m6_zero", "scenario: the Gini of total income stays", _m6(0.0, _ACEMOGLU, _SCENARIO)),
    Variant("m6_plus008", "scenario: the Gini of total income rises by 0.008", _m6(0.008, _ACEMOGLU, _SCENARIO)),
    Variant(
        "wage_gini_imf",
        "scenario: the Gini of wages falls by 1.73 percentage points",
        {
            "income.concept": "wage",
            **_m6(
                -0.0173,
                "Rockall, Tavares & Pizzinelli, IMF WP/25/68: change of the UK wage Gini 2014-2048",
                "S; s.e. J",
            ),
        },
    ),
    Variant(
        "m1_minus345",
        "scenario: the dispersion of output within tasks falls by 34.5 %, a figure attributed to arXiv 2603.05565",
        {
            "targets.m1": {
                "value": -0.345,
                "se": 0.06,
                "source": "a summary of arXiv 2603.05565 says that its model calibrates an average within-task CV"
                " reduction of 34.5 %; whether that is target, fit or output is not said, and it is not verified",
                "seen": "S; s.e. J",
            }
        },
    ),
)
"""The variants of the table unless others are chosen, in its order."""


def chosen(names: Sequence[str] | None = None) -> tuple[Variant, ...]:
    """Variants by their names, in the order asked for; all of them by default.

    Raises:
        ConfigError: if there is none of a name, or one is asked for twice.
    """
    if names is None:
        return VARIANTS
    by_name = {variant.name: variant for variant in VARIANTS}
    if unknown := [name for name in names if name not in by_name]:
        raise ConfigError(f"--variants: {' '.join(unknown_name(name, list(by_name)) for name in unknown)}")
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--variants {','.join(names)}: expected one or more different names of variants.")
    return tuple(by_name[name] for name in names)

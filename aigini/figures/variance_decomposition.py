"""Uncertainty of the sign of the change of each Gini by its sources."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.analysis.identification.sign_uncertainty import SignUncertainty
from aigini.figures.labels import (
    BAND,
    beside_bar,
    empty_figure,
    note,
    outcome_label,
    parameter_label,
    placeholder,
    plus_minus,
)
from aigini.figures.style import AFTER, BEFORE, FAINT, INK, WIDE, new_figure, styled
from aigini.resolution import STANDS_OUT

_BARS = 10
"""Largest number of bars in a panel; the smallest contributions are added up."""
_TALL = (WIDE[0], 6.0)
_SMALL = 0.1
"""Contributions below, in per cent, are added up too."""
_WITHOUT_ERROR = "without ±: the same on every draw of the population, or a sum of small parts"


@styled
def variance_of_gini(result: SensitivityAnalysis) -> Figure:
    """Variance of the change of each Gini by source, with all targets and without m6."""
    title = "Where the uncertainty about the change of the Gini comes from"
    if not result.signs:
        return empty_figure(title, "no uncertainty was computed")
    columns = min(2, len(result.signs))
    lines = -(-len(result.signs) // columns)
    most = max(2, *(len(separate) + bool(rest) for separate, rest in map(_shares, result.signs)))
    figure = new_figure(title, (max(6.4 * columns, 12.0), 1.6 + lines * (2.0 + 0.34 * most)))
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, sign in zip(panels, result.signs, strict=False):
        _variance_bars(axis, sign, _wording(sign, result.signs), most)
    for axis in panels[len(result.signs) :]:
        axis.axis("off")
    handles = [
        Patch(facecolor=BEFORE, edgecolor="white", hatch="////", label="standard error of a target"),
        Patch(facecolor=AFTER, label="range of a parameter that is not estimated"),
        note("sd: standard deviation, Gini points (0 to 100)"),
        Line2D([], [], color=INK, linewidth=2, label=BAND if result.draws else "simulation errors were not measured"),
        *([note(_WITHOUT_ERROR)] if result.draws else []),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _wording(sign: SignUncertainty, signs: Sequence[SignUncertainty]) -> str:
    """The targets that were used, in a few words."""
    known = [name for other in signs if other.concept == sign.concept for name in other.estimated_with]
    missing = [name for name in dict.fromkeys(known) if name not in sign.estimated_with]
    return f"without {', '.join(missing)}" if missing else "all targets"


def _shares(sign: SignUncertainty) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Contributions in per cent of the variance, the largest first: those with a bar, and those that are added up."""
    total = sum(sign.variance.values())
    if not total > 0:
        return [], []
    parts = ((name, 100 * part / total) for name, part in sign.variance.items())
    shares = sorted(parts, key=lambda item: -abs(item[1]))
    count = min(sum(abs(share) >= _SMALL for _, share in shares), _BARS)
    return (shares, []) if count + 1 == len(shares) else (shares[:count], shares[count:])


def _variance_bars(axis: Axes, sign: SignUncertainty, targets: str, rows: int) -> None:
    errors = {name: 100 * error for name, error in sign.simulation_se.items() if error is not None}
    change = f"change {plus_minus(100 * sign.change, errors.get('change'), '+.2f')}"
    sd = f"sd {plus_minus(100 * sign.sd, errors.get('sd'), '.2f')}"
    probability = plus_minus(sign.probability, sign.simulation_se.get("probability"), ".2f")
    verdict = "\nnot reliable: use `aigini posterior`" if sign.unreliable else ""
    axis.set_title(
        f"{outcome_label(f'gini_{sign.concept}')}, {targets}\n{change}, {sd}\n"
        f"to first order P(rise) = {probability}{verdict}"
    )
    total = sum(sign.variance.values())
    if not total > 0:
        placeholder(axis, "no target and no range moves it" if total == 0 else "not defined")
        return
    separate, rest = _shares(sign)
    for row, (name, share) in enumerate(separate):
        target = name in sign.estimated_with
        axis.barh(row, share, 0.72, color=BEFORE if target else AFTER, hatch="////" * target, edgecolor="white")
    labels = [outcome_label(name) if name in sign.estimated_with else parameter_label(name) for name, _ in separate]
    sizes = [share for _, share in separate]
    if rest:
        sizes.append(sum(share for _, share in rest))
        labels.append(f"{len(rest)} others")
        axis.barh(len(separate), sizes[-1], 0.72, color=FAINT)
    shown = [sign.share_simulation_se.get(name) for name, _ in separate] + [None] * bool(rest)
    for row, (share, error) in enumerate(zip(sizes, shown, strict=True)):
        percent = None if error is None else 100 * error
        words = f"below {_SMALL:g} %" if abs(share) < _SMALL else f"{plus_minus(share, percent, '.1f')} %"
        reach = STANDS_OUT * (percent or 0.0)
        axis.hlines(row, share - reach, share + reach, color=INK, linewidth=2)
        beside_bar(axis, words, max(share + reach, 0.0), row)
    axis.set_yticks(range(len(labels)), labels)
    axis.set_ylim(rows - 0.4, -0.6)
    axis.set_xlim(min(0.0, 1.1 * min(sizes)), 1.4 * max(sizes))  # covariances can make a contribution negative
    axis.set_xlabel("% of the variance")
    axis.grid(visible=False, axis="y")


@styled
def value_of_precision(result: SensitivityAnalysis) -> Figure:
    """Reduction of the uncertainty of the sign if one target were known 1 % more precisely."""
    figure = new_figure("What one per cent more precision of a target would tell about the sign, to first order", _TALL)
    concepts = list(dict.fromkeys(sign.concept for sign in result.signs))
    if not concepts:
        placeholder(figure.subplots(), "no uncertainty was computed")
        return figure
    panels = figure.subplots(1, len(concepts), squeeze=False, sharey=True)[0]
    names = list(dict.fromkeys(name for sign in result.signs for name in sign.value_of_precision))
    for axis, concept in zip(panels, concepts, strict=True):
        _precision_bars(axis, [sign for sign in result.signs if sign.concept == concept], names)
        axis.set_title(f"Sign of the change: {outcome_label(f'gini_{concept}')}")
    return figure


def _precision_bars(axis: Axes, signs: Sequence[SignUncertainty], names: Sequence[str]) -> None:
    """Bars by target, side by side for each set of targets."""
    height = 0.8 / len(signs)
    largest = max((value for sign in signs for value in sign.value_of_precision.values()), default=0.0)
    for k, sign in enumerate(signs):
        values = [sign.value_of_precision[name] for name in sign.value_of_precision]
        positions = [names.index(name) + (k - (len(signs) - 1) / 2) * height for name in sign.value_of_precision]
        entropy = plus_minus(sign.entropy, sign.simulation_se.get("entropy"), ".2f")
        label = f"{_wording(sign, signs)}: {entropy} bits uncertain"
        if sign.unreliable:
            label += ";\nnot reliable: use `aigini posterior`"
        colour, hatch = ((BEFORE, ""), (AFTER, "////"))[k % 2]
        axis.barh(positions, values, 0.9 * height, color=colour, hatch=hatch, edgecolor="white", label=label)
        errors = [sign.value_simulation_se.get(name) for name in sign.value_of_precision]
        for at, value, error in zip(positions, values, errors, strict=True):
            words = plus_minus(value, error, ".2g") if abs(value) >= 0.001 else "below 0.001" if value else "0"
            reach = STANDS_OUT * (error or 0.0)
            axis.hlines(at, value - reach, value + reach, color=INK, linewidth=1.6)
            beside_bar(axis, words, max(value + reach, 0.0), at, fontsize=10)
    axis.set_yticks(range(len(names)), [outcome_label(name) for name in names])
    axis.set_ylim(len(names) - 0.4, -0.6)
    smallest = min((value for sign in signs for value in sign.value_of_precision.values()), default=0.0)
    axis.set_xlim(min(0.0, 1.1 * smallest), 1.35 * largest if largest > 0 else 1.0)
    axis.set_xlabel("fall of the sign's entropy, $10^{-3}$ bits")
    axis.grid(visible=False, axis="y")
    axis.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), borderaxespad=0.0)

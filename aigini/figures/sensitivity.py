"""What depends on what at the estimates: elasticities, what pins each estimate, and how certain the sign is."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, SymLogNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from aigini.analysis.decomposition import Decomposition, SignUncertainty
from aigini.figures.marks import DIVERGING, parameter_label, response_label, say
from aigini.figures.style import AFTER, BEFORE, FAINT, INK, SINGLE, WIDE, new_figure, number, styled

_LINEAR = 0.1
"""Elasticities up to here are coloured on a linear scale, larger ones on a logarithmic one."""
_CLIP = 30.0
"""Elasticities beyond have the last colour."""
_TOLD = 0.05
"""Elasticities below are not printed."""
_BARS = 10
"""Largest number of bars in a panel; the smallest contributions are added up."""

_SHARES = LinearSegmentedColormap.from_list("aigini_shares", ["#F7F7F7", "#8DB8D9", "#2166AC", "#0B3C6F"])


@styled
def elasticity_map(result: Decomposition) -> Figure:
    """Elasticity of every targeted moment and outcome in every parameter, estimated ones first."""
    matrix = result.elasticities
    targets = len(result.jacobian.rows)
    rows = [("targets, in s.e.", range(targets)), ("outcomes", range(targets, len(matrix.rows)))]
    estimated = [j for j, name in enumerate(matrix.columns) if name in result.free]
    external = [j for j in range(len(matrix.columns)) if j not in estimated]
    columns = [group for group in (("estimated", estimated), ("not estimated", external)) if group[1]]
    size = (3.6 + 0.4 * len(matrix.columns), 3.3 + 0.38 * len(matrix.rows))
    figure = new_figure("Change of targets and outcomes when a parameter rises by 100 %, to first order", size)
    panels = figure.subplots(
        len(rows),
        len(columns),
        squeeze=False,
        height_ratios=[len(members) for _, members in rows],
        width_ratios=[len(members) for _, members in columns],
    )
    sizes = np.abs(matrix.values[np.isfinite(matrix.values)])
    limit = float(np.clip(sizes.max(initial=0.0), 10 * _LINEAR, _CLIP))
    norm = SymLogNorm(_LINEAR, linscale=0.5, vmin=-limit, vmax=limit)
    for i, (what, members) in enumerate(rows):
        for j, (title, chosen) in enumerate(columns):
            axis = panels[i, j]
            _cells(axis, matrix.values[np.ix_(members, chosen)], DIVERGING, norm, _short)
            names = [parameter_label(matrix.columns[k]) for k in chosen]
            axis.set_xticks(np.arange(len(chosen)) + 0.5, names if i else [], rotation=90)
            axis.set_yticks(
                np.arange(len(members)) + 0.5, [] if j else [response_label(matrix.rows[k]) for k in members]
            )
            if i == 0:
                axis.set_title(title)
        panels[i, 0].set_ylabel(what)
    _elasticity_bar(figure, panels, limit, bool(sizes.size and sizes.max() > limit))
    return figure


def _elasticity_bar(figure: Figure, panels: np.ndarray, limit: float, beyond: bool) -> None:
    """The colour scale, and how to read the cells."""
    extend = "both" if beyond else "neither"
    bar = figure.colorbar(panels[0, 0].collections[0], ax=panels, extend=extend, pad=0.012, aspect=28)
    ticks = [at for at in (0.1, 1.0, 10.0, 30.0) if at <= limit]
    ticks = [-at for at in ticks[::-1]] + [0.0, *ticks]
    bar.set_ticks(ticks, labels=[number(at, "g") for at in ticks])
    bar.ax.minorticks_off()
    bar.set_label("elasticity, log scale beyond ±0.1")
    words = (
        "Targets change by standard errors, outcomes relative to the size of their change."
        f" No number: less than {_TOLD:g}. Hatched: not defined."
    )
    if beyond:
        words += f" The colours end at ±{limit:g}; numbers go on."
    figure.supxlabel(words, x=0.02, ha="left", fontsize=11)


def _cells(
    axis: Axes, values: np.ndarray, colours: Colormap, norm: Normalize, print_as: Callable[[float], str]
) -> None:
    """A table of coloured cells with numbers, first row on top; cells without a value are hatched."""
    axis.pcolormesh(np.ma.masked_invalid(values), cmap=colours, norm=norm, edgecolors="white", linewidth=1)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue = to_rgb(colours(norm(value)))
            colour = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK
            axis.text(j + 0.5, i + 0.5, print_as(value), ha="center", va="center", color=colour, fontsize=9.5)
        else:
            axis.add_patch(Rectangle((j, i), 1, 1, fill=False, hatch="////", edgecolor=FAINT, linewidth=0))
    axis.set_ylim(len(values), 0)
    axis.grid(visible=False)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def _short(value: float) -> str:
    """A number in as few characters as two digits need; nothing where it hardly differs from 0."""
    size = abs(value)
    if size < _TOLD:
        return ""
    if round(size, 2) < 1:
        text = f"{size:.2f}"[1:]
    elif size < 999.5:
        text = f"{size:.1f}" if round(size, 1) < 10 else f"{size:.0f}"
    else:
        text = f"{size:.0e}".replace("e+0", "e")
    return ("\N{MINUS SIGN}" if value < 0 else "") + text


@styled
def pinning(result: Decomposition) -> Figure:
    """Share of the variance of each estimate that comes from the standard error of each target."""
    pins = result.pins
    size = (4.4 + 1.15 * len(pins.columns), 2.7 + 0.55 * len(pins.rows))
    figure = new_figure("Which target pins which estimate", size)
    axis = figure.subplots()
    shares = 100 * pins.values
    _cells(axis, shares, _SHARES, Normalize(0, 100), lambda value: number(value, ".0f"))
    for text in axis.texts:
        text.set_fontsize(12)
    axis.set_xticks(np.arange(len(pins.columns)) + 0.5, [response_label(n).replace(" ", "\n") for n in pins.columns])
    axis.set_yticks(np.arange(len(pins.rows)) + 0.5, [_estimate(result, name) for name in pins.rows])
    bar = figure.colorbar(axis.collections[0], ax=axis, pad=0.02)
    bar.set_label("% of the estimate's variance")
    words = "Each row adds up to 100 %. In brackets the standard error with independent targets."
    figure.supxlabel(words, x=0.02, ha="left", fontsize=11)
    return figure


def _estimate(result: Decomposition, name: str) -> str:
    se = (result.se.get("independent") or {}).get(name, float("nan"))
    return f"{parameter_label(name)} = {number(result.params[name], '.3g')} ({number(se, '.2g')})"


@styled
def variance_of_gini(result: Decomposition) -> Figure:
    """What the variance of the change of each Gini comes from, with all targets and without m6."""
    title = "Where the uncertainty about the change of the Gini comes from"
    if not result.signs:
        figure = new_figure(title, SINGLE)
        say(figure.subplots(), "no uncertainty was computed")
        return figure
    columns = min(2, len(result.signs))
    lines = -(-len(result.signs) // columns)
    most = max(min(len(sign.variance), _BARS + 1) for sign in result.signs)
    figure = new_figure(title, (6.4 * columns, 1.3 + lines * (1.5 + 0.34 * most)))
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, sign in zip(panels, result.signs, strict=False):
        _variance_bars(axis, sign, _wording(sign, result.signs))
    for axis in panels[len(result.signs) :]:
        axis.axis("off")
    handles = [
        Patch(facecolor=BEFORE, edgecolor="white", hatch="////", label="standard error of a target"),
        Patch(facecolor=AFTER, label="range of a parameter that is not estimated"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _wording(sign: SignUncertainty, signs: Sequence[SignUncertainty]) -> str:
    """Which targets were used, in a few words."""
    known = [name for other in signs if other.concept == sign.concept for name in other.estimated_with]
    missing = [name for name in dict.fromkeys(known) if name not in sign.estimated_with]
    return f"without {', '.join(missing)}" if missing else f"with {', '.join(sign.estimated_with)}"


def _variance_bars(axis: Axes, sign: SignUncertainty, targets: str) -> None:
    change = f"{number(100 * sign.change, '+.2f')} ± {number(100 * sign.sd, '.2f')} hundredths"
    axis.set_title(
        f"{response_label(f'gini_{sign.concept}')}, {targets}\n{change}, P(rise) = {number(sign.probability, '.2f')}"
    )
    total = sum(sign.variance.values())
    if not total > 0:
        say(axis, "no target and no range moves it")
        return
    shares = sorted(((name, 100 * part / total) for name, part in sign.variance.items()), key=lambda item: -item[1])
    told, rest = shares[:_BARS], shares[_BARS:]
    if len(rest) == 1:
        told, rest = shares, []
    for place, (name, share) in enumerate(told):
        target = name in sign.estimated_with
        axis.barh(place, share, 0.72, color=BEFORE if target else AFTER, hatch="////" * target, edgecolor="white")
    labels = [response_label(name) if name in sign.estimated_with else parameter_label(name) for name, _ in told]
    sizes = [share for _, share in told]
    if rest:
        sizes.append(sum(share for _, share in rest))
        labels.append(f"{len(rest)} others")
        axis.barh(len(told), sizes[-1], 0.72, color=FAINT)
    for place, share in enumerate(sizes):
        words = "below 0.1 %" if share < 0.1 else f"{number(share, '.1f')} %"
        axis.annotate(words, (share, place), (5, 0), textcoords="offset points", va="center", fontsize=11)
    axis.set_yticks(range(len(labels)), labels)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.set_xlim(0, 1.25 * max(sizes))
    axis.set_xlabel("% of the variance")
    axis.grid(visible=False, axis="y")


@styled
def value_of_precision(result: Decomposition) -> Figure:
    """How much less uncertain the sign would be if one target were known 1 % more precisely."""
    figure = new_figure("What one per cent more precision of a target would tell about the sign", WIDE)
    concepts = list(dict.fromkeys(sign.concept for sign in result.signs))
    if not concepts:
        say(figure.subplots(), "no uncertainty was computed")
        return figure
    panels = figure.subplots(1, len(concepts), squeeze=False)[0]
    for axis, concept in zip(panels, concepts, strict=True):
        _precision_bars(axis, [sign for sign in result.signs if sign.concept == concept])
        axis.set_title(f"Sign of the change: {response_label(f'gini_{concept}')}")
    return figure


def _precision_bars(axis: Axes, signs: Sequence[SignUncertainty]) -> None:
    """Bars by target, side by side for each set of targets."""
    names = list(dict.fromkeys(name for sign in signs for name in sign.value_of_precision))
    height = 0.8 / len(signs)
    largest = max((value for sign in signs for value in sign.value_of_precision.values()), default=0.0)
    for k, sign in enumerate(signs):
        values = [sign.value_of_precision[name] for name in sign.value_of_precision]
        place = [names.index(name) + (k - (len(signs) - 1) / 2) * height for name in sign.value_of_precision]
        label = f"{_wording(sign, signs)}: {number(sign.entropy, '.2f')} bits uncertain"
        colour, hatch = ((BEFORE, ""), (AFTER, "////"))[k % 2]
        axis.barh(place, values, 0.9 * height, color=colour, hatch=hatch, edgecolor="white", label=label)
        for at, value in zip(place, values, strict=True):
            words = number(value, ".2g") if value else "0"
            axis.annotate(words, (value, at), (4, 0), textcoords="offset points", va="center", fontsize=10)
    axis.set_yticks(range(len(names)), [response_label(name) for name in names])
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlim(0, 1.2 * largest if largest > 0 else 1.0)
    axis.set_xlabel("fall of its entropy, thousandths of a bit")
    axis.grid(visible=False, axis="y")
    axis.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), borderaxespad=0.0)

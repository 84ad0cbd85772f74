"""Elasticities at the estimates, and the shares of each estimate's variance by target."""

import textwrap
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, SymLogNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aigini.analysis.identification.sensitivity_result import SensitivityAnalysis
from aigini.estimation.other_draws import error_at
from aigini.figures.labels import DIVERGING, outcome_label, parameter_label, plus_minus
from aigini.figures.style import FAINT, INK, new_figure, number, styled
from aigini.resolution import STANDS_OUT, Simulated

_LINEAR = 0.1
"""Elasticities up to here are coloured on a linear scale, larger ones on a logarithmic one."""
_CLIP = 30.0
"""Elasticities beyond have the last colour."""
_TOLD = 0.05
"""Elasticities below are not printed."""

_SHARES = LinearSegmentedColormap.from_list("aigini_shares", ["#F7F7F7", "#8DB8D9", "#2166AC", "#0B3C6F"])


@styled
def elasticity_map(result: SensitivityAnalysis) -> Figure:
    """Elasticity of every targeted moment and outcome in every parameter, estimated ones first."""
    matrix = result.elasticities
    targets = len(result.jacobian.rows)
    rows = [("targets, in s.e.", range(targets)), ("outcomes", range(targets, len(matrix.rows)))]
    estimated = [j for j, name in enumerate(matrix.columns) if name in result.free]
    external = [j for j in range(len(matrix.columns)) if j not in estimated]
    columns = [group for group in (("Estimated", estimated), ("Not estimated", external)) if group[1]]
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
            at = np.ix_(members, chosen)
            errors = result.elasticities_simulation_se
            _cells(axis, matrix.values[at], DIVERGING, norm, _short)
            if errors is not None:
                _bracket(axis, matrix.values[at], errors[at])
            names = [parameter_label(matrix.columns[k]) for k in chosen]
            axis.set_xticks(np.arange(len(chosen)) + 0.5, names if i else [], rotation=90)
            axis.set_yticks(
                np.arange(len(members)) + 0.5, [] if j else [outcome_label(matrix.rows[k]) for k in members]
            )
            if i == 0:
                axis.set_title(title, loc="center" if j else "left")
        panels[i, 0].set_ylabel(what)
    figure.align_ylabels(panels[:, 0])
    measured = result.elasticities_simulation_se is not None
    _elasticity_bar(figure, panels, limit, bool(sizes.size and sizes.max() > limit), measured=measured)
    return figure


def _elasticity_bar(figure: Figure, panels: np.ndarray, limit: float, beyond: bool, *, measured: bool) -> None:
    """The colour scale, with instructions for reading the cells."""
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
    words += (
        f"\nIn brackets: within {STANDS_OUT:g} simulation s.e. of 0."
        if measured
        else "\nSimulation errors were not measured."
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


def _bracket(axis: Axes, values: np.ndarray, errors: np.ndarray) -> None:
    """Put the numbers of cells whose sign does not stand out of simulation error in brackets."""
    for text in axis.texts:
        column, row = (int(at) for at in text.get_position())
        if text.get_text() and not Simulated(float(values[row, column]), float(errors[row, column])).resolved:
            text.set_text(f"({text.get_text()})")


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
def pinning(result: SensitivityAnalysis) -> Figure:
    """Share of the variance of each estimate that comes from the standard error of each target."""
    pins = result.pins
    size = (4.4 + 1.15 * len(pins.columns), 2.7 + 0.55 * len(pins.rows))
    figure = new_figure("Which target pins which estimate", size)
    axis = figure.subplots()
    shares = 100 * pins.values
    _cells(axis, shares, _SHARES, Normalize(0, 100), lambda value: number(value, ".0f"))
    for text in axis.texts:
        text.set_fontsize(12)
        column, row = (int(at) for at in text.get_position())
        error = error_at(result.pins_simulation_se, row, column)
        if error is not None:
            text.set_text(f"{text.get_text()} ± {number(100 * error, '.2g')}")
    axis.set_xticks(np.arange(len(pins.columns)) + 0.5, [_in_lines(name) for name in pins.columns])
    axis.set_yticks(np.arange(len(pins.rows)) + 0.5, [_estimate(result, name) for name in pins.rows])
    bar = figure.colorbar(axis.collections[0], ax=axis, pad=0.02)
    bar.set_label("% of the estimate's variance")
    targets = "independent targets" if result.best_kind == "independent" else "the given covariance of the targets"
    words = f"Each row adds up to 100 %. s.e.: with {targets}. ±: simulation s.e. Hatched: not defined."
    figure.supxlabel(words, x=0.02, ha="left", fontsize=11)
    return figure


def _estimate(result: SensitivityAnalysis, name: str) -> str:
    se = (result.se.get(result.best_kind) or {}).get(name, float("nan"))
    estimate = plus_minus(result.params[name], result.estimate_simulation_se.get(name), ".3g")
    return f"{parameter_label(name)}  {estimate} (s.e. {number(se, '.2g')})"


def _in_lines(name: str) -> str:
    """A target in lines short enough for its column."""
    number_of, _, words = outcome_label(name).partition(" ")
    return "\n".join([number_of, *textwrap.wrap(words, 11, break_on_hyphens=False)])

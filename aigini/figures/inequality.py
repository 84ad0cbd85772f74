"""Changes of inequality: within occupations and firms, by source of income, between firms, in assets."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from aigini.figures.style import (
    AFTER,
    BEFORE,
    FAINT,
    FALL,
    FALL_HATCH,
    INK,
    LINE_AFTER,
    LINE_BEFORE,
    RISE,
    RISE_HATCH,
    SINGLE,
    SOURCE_COLOURS,
    SOURCE_HATCHES,
    WIDE,
    below_grid,
    limit_to,
    new_figure,
    number,
    scalar,
    styled,
)
from aigini.resolution import STANDS_OUT
from aigini.statistics.array_description import INCOME_GROUPS
from aigini.statistics.histogram import GINI_RESOLUTION
from aigini.statistics.regime import Regime
from aigini.statistics.report import SOURCES
from aigini.statistics.simulation_result import Simulation

_WIDTH = 0.62
_SIGNS = {1: (RISE, RISE_HATCH, "rises"), -1: (FALL, FALL_HATCH, "falls"), 0: (FAINT, "xx", "sign not known")}
"""Colour, hatching and name of a change, by its sign where that stands out of simulation error; 0 elsewhere."""


@styled
def gini_changes(simulation: Simulation) -> Figure:
    """Change of the Gini of total income within occupations and within groups of firms by initial assets."""
    figure = new_figure("Change of the Gini of total income within occupations and groups of firms", WIDE)
    panels = figure.subplots(1, 2, sharey=True, width_ratios=(16, 10))
    names = ("gini_by_occupation", "gini_by_assets")
    changes = [100 * (simulation.after_arrays[name] - simulation.before_arrays[name]) for name in names]
    overall = simulation.change("gini_total")
    assert overall is not None  # Ginis are always defined
    for axis, change, name in zip(panels, changes, names, strict=True):
        _signed_bars(axis, change, _signs(simulation, name), simulation.change_se_arrays.get(name))
        axis.axhline(100 * overall.value, color=INK, linestyle="--", linewidth=1.5)
    panels[0].set_title("By occupation")
    panels[0].set_xlabel(f"occupation (1 = least, {len(changes[0])} = most exposed to AI)")
    panels[0].set_ylabel("change, Gini points (0 to 100)")
    panels[1].set_title("By initial assets of the employer")
    panels[1].set_xlabel(f"group of firms (1 = poorest, {len(changes[1])} = richest)")
    panels[1].tick_params(labelleft=True)
    reach = [
        np.nan_to_num(change) + side * STANDS_OUT * 100 * np.nan_to_num(simulation.change_se_arrays.get(name, 0.0))
        for change, name in zip(changes, names, strict=True)
        for side in (-1, 1)
    ]
    limit_to(panels[0], "y", np.append(np.concatenate(reach), 100 * overall.value), least=0.01, zero=True)
    error = "" if overall.error is None else f" ± {number(100 * overall.error, '.2f')} (simulation s.e.)"
    label = f"all {simulation.n_workers:,} simulated workers: {number(100 * overall.value, '+.2f')}{error} Gini points"
    why = f"sign not known: {_unknown(simulation)}"
    handles = [Patch(facecolor=look[0], hatch=look[1], edgecolor="white") for look in _SIGNS.values()]
    labels = [label, "rises", "falls", why]
    # Filled column by column: the long entries share one.
    order = (0, 3, 1, 2)
    every = [*panels[0].get_lines()[-1:], *handles]
    figure.legend([every[k] for k in order], [labels[k] for k in order], loc="outside lower left", ncols=2)
    return figure


def _unknown(simulation: Simulation) -> str:
    """The reason why the sign of a change is not known."""
    if not simulation.change_se_arrays:
        return "simulation errors were not measured"
    return f"within {STANDS_OUT:g} simulation s.e. of 0 (lines: ± {STANDS_OUT:g} s.e.)"


def _signs(simulation: Simulation, name: str) -> np.ndarray:
    """Signs of the changes of the Ginis in an array where they are known, 0 elsewhere."""
    old, new = simulation.before_arrays[name], simulation.after_arrays[name]
    errors = simulation.change_se_arrays.get(name)
    regimes = [
        Regime(
            change=float(new[k] - old[k]),
            error=None if errors is None else float(errors[k]),
            n_workers=simulation.n_workers,
            above_grid=bool(min(old[k], new[k]) >= GINI_RESOLUTION),
        )
        for k in range(len(old))
    ]
    return np.array([regime.simulated.sign if regime.resolved else 0 for regime in regimes])


def _signed_bars(axis: Axes, change: np.ndarray, signs: np.ndarray, error: np.ndarray | None) -> None:
    """Bars at 1, 2, ..., coloured by sign where it is known, with simulation errors; empty groups are marked."""
    positions = np.arange(1, len(change) + 1)
    known = np.isfinite(change)
    looks = [_SIGNS[int(sign)] for sign in signs[known]]
    axis.bar(
        positions[known],
        change[known],
        width=0.75,
        color=[colour for colour, _, _ in looks],
        hatch=[hatch for _, hatch, _ in looks],
        edgecolor="white",
    )
    if error is not None:
        reach = STANDS_OUT * 100 * error[known]
        axis.vlines(positions[known], change[known] - reach, change[known] + reach, color=INK, linewidth=1.2)
    for x in positions[~known]:
        axis.text(x, 0, " no firms", rotation=90, ha="center", va="bottom", color=INK)
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_xticks(positions)
    axis.set_xlim(0.4, len(change) + 0.6)
    axis.grid(visible=False, axis="x")


@styled
def where_income_goes(simulation: Simulation) -> Figure:
    """Mean income by source before and after AI, and the contribution of each source to the change of group incomes."""
    figure = new_figure("Mean income by source", WIDE)
    all_workers, groups = figure.subplots(1, 2, width_ratios=(2, 3))
    _income_stack(all_workers, simulation)
    _group_stack(groups, simulation)
    handles, labels = all_workers.get_legend_handles_labels()
    more_handles, more_labels = groups.get_legend_handles_labels()
    figure.legend(handles + more_handles, labels + more_labels, loc="outside lower left", ncols=5)
    return figure


def _income_stack(axis: Axes, simulation: Simulation) -> None:
    states = np.stack([arrays["income_by_source"] for arrays in (simulation.before_arrays, simulation.after_arrays)])
    totals = states.sum(axis=1)
    bottom, printed = np.zeros(2), np.zeros(2)
    for k, (source, colour, hatch) in enumerate(zip(SOURCES, SOURCE_COLOURS, SOURCE_HATCHES, strict=True)):
        part = states[:, k]
        axis.bar([0, 1], part, bottom=bottom, width=_WIDTH, color=colour, hatch=hatch, edgecolor="white", label=source)
        for x in (0, 1):
            where = (x, bottom[x] + part[x] / 2)
            text = number(part[x], ".2f")
            if part[x] > 0.06 * totals.max():
                axis.text(*where, text, ha="center", va="center", color="white" if k >= 2 else INK)
            elif part[x] > 0.02 * totals.max():
                # Beside a segment too thin for it, above what is printed there already.
                printed[x] = max(where[1], printed[x] + 0.055 * totals.max())
                axis.text(x + 0.54 * _WIDTH, printed[x], text, va="center", fontsize=11)
        bottom = bottom + part
    axis.set_ylabel("units of the final good per worker")
    axis.set_title("All workers")
    _two_states(axis, totals, ".2f")


def _two_states(axis: Axes, totals: np.ndarray, spec: str) -> None:
    """Print totals over a bar before and a bar after AI, and leave room for what is printed."""
    for x in (0, 1):
        text = number(totals[x], spec)
        axis.annotate(text, (x, totals[x]), (0, 4), textcoords="offset points", ha="center", weight="bold")
    highest = float(np.max(totals))
    axis.set_ylim(0, 1.12 * highest if highest > 0 else 1.0)
    axis.set_xlim(-0.5, 1.75)
    axis.set_xticks([0, 1], ["before AI", "after AI"])
    axis.grid(visible=False, axis="x")


def _group_stack(axis: Axes, simulation: Simulation) -> None:
    before = simulation.before_arrays["income_by_source_and_group"]
    after = simulation.after_arrays["income_by_source_and_group"]
    parts = 100 * (after - before) / before.sum(axis=1, keepdims=True)
    positions = np.arange(len(INCOME_GROUPS))
    rising, falling = np.zeros(len(positions)), np.zeros(len(positions))
    for k in range(len(SOURCES)):
        part = parts[:, k]
        bottom = np.where(part >= 0, rising, falling)
        colour, hatch = SOURCE_COLOURS[k], SOURCE_HATCHES[k]
        axis.bar(positions, part, bottom=bottom, width=_WIDTH, color=colour, hatch=hatch, edgecolor="white")
        rising = rising + np.maximum(part, 0)
        falling = falling + np.minimum(part, 0)
    net = parts.sum(axis=1)
    axis.plot(positions, net, "D", color=INK, markeredgecolor="white", markersize=9, label="all sources together")
    for x, top, value in zip(positions, rising, net, strict=True):
        axis.annotate(
            number(value, "+.1f") + " %",
            (float(x), top),
            (0, 11),
            textcoords="offset points",
            ha="center",
            weight="bold",
        )
    axis.axhline(0, color=INK, linewidth=0.8)
    limit_to(axis, "y", np.concatenate([falling, 1.1 * rising]), least=0.1, zero=True)
    axis.set_title("Change by income group")
    axis.set_xticks(positions, INCOME_GROUPS)
    axis.set_xlabel("workers by total income, ranked anew after AI")
    axis.set_ylabel("% of the group's income before AI")
    axis.grid(visible=False, axis="x")


def assets_name(simulation: Simulation) -> str:
    """Name of the assets whose Gini is shown: assets themselves where ψ = 1."""
    psi = simulation.params["psi"]
    return "firm assets" if psi == 1 else f"firm assets to the power {psi:g}"


@styled
def asset_concentration(simulation: Simulation) -> Figure:
    """Gini of firm assets by year, at the AI levels before and after."""
    figure = new_figure(f"Gini of {assets_name(simulation)} by year", SINGLE)
    axis = figure.subplots()
    paths = [simulation.before_arrays["asset_gini_path"], simulation.after_arrays["asset_gini_path"]]
    styles = (("before AI", BEFORE, LINE_BEFORE, 9), ("after AI", AFTER, LINE_AFTER, 6))
    for (name, colour, width, size), path in zip(styles, paths, strict=True):
        label = f"{name}: {number(path[-1])} in year {len(path) - 1}"
        years = np.arange(len(path))
        axis.plot(years, path, "o-", color=colour, linewidth=width, markersize=size, label=label)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    limit_to(axis, "y", np.concatenate(paths), least=0.01)
    axis.set_xlabel("year, with the AI level of the state held in every year")
    axis.set_ylabel("Gini across firms (0 = equal, 1 = one firm has all)")
    axis.legend(loc="best")
    return figure


@styled
def decomposition(simulation: Simulation) -> Figure:
    """Theil index of total income within and between firms, and four Ginis, before and after AI."""
    figure = new_figure("Inequality within and between firms, and of each kind of income", WIDE)
    theil, ginis = figure.subplots(1, 2, width_ratios=(1, 1))
    _theil_stack(theil, simulation)
    _gini_dumbbells(ginis, simulation)
    return figure


def _theil_stack(axis: Axes, simulation: Simulation) -> None:
    states = (simulation.before, simulation.after)
    bottom = np.zeros(2)
    for name, label, shade in (
        ("theil_within", "within\nfirms", 1.0),
        ("theil_between", "between\nfirms", 0.5),
    ):
        part = np.array([scalar(state, name) for state in states])
        axis.bar([0, 1], part, bottom=bottom, width=0.45, color=[BEFORE, AFTER], alpha=shade, edgecolor="white")
        for x in (0, 1):
            axis.text(x + 0.25, bottom[x] + part[x] / 2, f"{label} {number(part[x])}", va="center", fontsize=11)
        bottom = bottom + part
    axis.set_title("Theil index of total income")
    axis.set_ylabel("Theil index (0 = equal)")
    axis.set_xlabel(
        "The part between firms is corrected for the sampling noise\nof mean incomes of firms.", fontsize=11
    )
    _two_states(axis, bottom, ".3f")


def _gini_dumbbells(axis: Axes, simulation: Simulation) -> None:
    rows = (
        ("gini_total", "total income"),
        ("gini_wage", "wages"),
        ("gini_capital", "capital income"),
        ("gini_assets", assets_name(simulation)),
    )
    old = np.array([scalar(simulation.before, name) for name, _ in rows])
    new = np.array([scalar(simulation.after, name) for name, _ in rows])
    positions = np.arange(len(rows))
    axis.hlines(positions, old, new, color=FAINT, linewidth=3)
    axis.plot(old, positions, "o", color=BEFORE, markersize=14, label="before AI")
    axis.plot(new, positions, "o", color=AFTER, markersize=8, label="after AI")
    labels = [
        f"{label}\n{number(a, '.4f')} → {number(b, '.4f')}\n({_with_error(simulation, name)})"
        for (name, label), a, b in zip(rows, old, new, strict=True)
    ]
    axis.set_yticks(positions, labels)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(-0.03, 1.03)
    axis.set_title("Gini")
    axis.set_xlabel("Gini (0 = equal, 1 = one has all)")
    axis.grid(visible=False, axis="y")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2, columnspacing=1.2)


def _with_error(simulation: Simulation, name: str) -> str:
    """The change of a Gini, its simulation error, and whether the grid of incomes can tell it."""
    change = simulation.change(name)
    if change is None:
        return "n/a"
    error = "" if change.error is None else f" ± {number(change.error, '.4f')}"
    return number(change.value, "+.4f") + error + below_grid(simulation, name)

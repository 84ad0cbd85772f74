"""Paths of the economy year by year, the map of the long run with its cobweb, and its bifurcations."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aigini.dynamics.mean_field import AssetLaw, asset_law
from aigini.dynamics.result import PathResult, Transition
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.figures.labels import BAND, CYCLE, DASHES
from aigini.figures.style import FAINT, FALL, INK, RISE, limit_to, new_figure, styled
from aigini.parameters import Scalar
from aigini.resolution import STANDS_OUT

_STABLE = {"marker": "o", "markersize": 10, "markerfacecolor": INK, "markeredgecolor": INK, "linestyle": ""}
_UNSTABLE = {**_STABLE, "markerfacecolor": "white", "markeredgewidth": 1.6}
_FOLD = {"marker": "D", "markersize": 9, "markerfacecolor": "white", "markeredgecolor": INK, "linestyle": ""}
_DECADE = 10
"""Years of a step of the cobweb: in one year the map moves too little to be seen."""
_STEPS = 40


@styled
def dynamic_paths(result: Transition) -> Figure:
    """Inequality, assets and bargaining in each year of every path."""
    figure = new_figure("The path of the economy, by the speeds of deployment and retooling", (14.0, 8.0))
    axes = figure.subplots(2, 3)
    gap = [(path, path.aggregate["gap"]) for path in result.paths]
    bargaining = [(path, path.aggregate["bargaining"]) for path in result.paths]
    assets = [(path, path.aggregate["asset_gini"]) for path in result.paths]
    _lines(axes[0, 0], gap, "Gap between deployment and people", "share of exposed work")
    _lines(axes[0, 1], bargaining, "Workers' share of quasi-rents", "ξ, 0 to 1")
    _lines(axes[0, 2], assets, "Concentration of firms' assets", "Gini")
    if result.long_run.boundary is not None:
        unstable = int(np.flatnonzero(result.long_run.points == result.long_run.boundary)[0])
        axes[0, 2].axhline(float(result.long_run.asset_gini[unstable]), color=INK, linewidth=1, linestyle=(0, (2, 2)))
        axes[0, 2].annotate(
            "boundary of the regimes",
            (0.02, float(result.long_run.asset_gini[unstable])),
            (0, 4),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=10,
            annotation_clip=True,
        )
    for axis, key, title in (
        (axes[1, 0], "gini_total", "Change of the Gini of total income by AI"),
        (axes[1, 1], "gini_wage", "Change of the Gini of wages by AI"),
    ):
        errors = {path.name: path.changes_simulation_se.get(key) for path in result.paths}
        _lines(axis, [(path, path.changes[key]) for path in result.paths], title, "change of the Gini", errors)
        axis.axhline(0, color=INK, linewidth=1, zorder=1)
    _lines(axes[1, 2], [(path, path.levels["labour_share"]) for path in result.paths], "Labour share", "share")
    for axis in axes[1]:
        axis.set_xlabel("year")
    handles = [
        Line2D(
            [], [], color=CYCLE[k], linestyle=DASHES[k], linewidth=2.2, label=f"{path.name}: {path.regime} in the end"
        )
        for k, path in enumerate(result.paths)
    ]
    band = f"bands: {BAND}" if result.draws else "simulation errors were not measured"
    figure.legend(handles=handles, loc="outside lower left", ncols=2, title=band, alignment="left")
    return figure


def _lines(
    axis: Axes,
    lines: list[tuple[PathResult, np.ndarray]],
    title: str,
    unit: str,
    errors: dict[str, np.ndarray | None] | None = None,
) -> None:
    for k, (path, values) in enumerate(lines):
        year = np.arange(len(values))
        axis.plot(year, values, color=CYCLE[k], linestyle=DASHES[k], linewidth=2.2)
        error = None if errors is None else errors[path.name]
        if error is not None:
            reach = STANDS_OUT * error
            axis.fill_between(year, values - reach, values + reach, color=CYCLE[k], alpha=0.15, linewidth=0)
    axis.set_title(title)
    axis.set_ylabel(unit)
    reached = [values for _, values in lines]
    for path, values in lines:
        if (error := (errors or {}).get(path.name)) is not None:
            reached += [values - STANDS_OUT * error, values + STANDS_OUT * error]
    limit_to(axis, "y", np.concatenate(reached), least=1e-3)


@functools.partial(jax.jit, static_argnames="years")
def _after(law: AssetLaw, variance: Array | np.ndarray, growth: Scalar, years: int) -> Array:
    """V some years later on the map of the long run, elementwise."""
    step = jax.vmap(law.following, in_axes=(0, None))
    return jax.lax.fori_loop(0, years, lambda _, v: step(v, growth), jnp.asarray(variance))


@styled
def phase_portrait(result: Transition) -> Figure:
    """The map of the long run against the line on which nothing changes, with the cobweb from the state before AI."""
    figure = new_figure("The long run of the dispersion of assets", (12.0, 6.4))
    whole, change = figure.subplots(1, 2)
    values = {**result.params, **result.dynamics}
    law = asset_law({name: values[name] for name in MAP_PARAMETERS})
    start = float(result.params["asset_sd"]) ** 2
    seen = [float(path.aggregate["variance"].max()) for path in result.paths]
    top = 1.12 * max([1.5 * start, *result.long_run.points, *seen])
    grid = np.linspace(0.8 * start, top, 600)

    following = np.asarray(_after(law, grid, result.growth, 1))
    whole.plot(grid, grid, color=FAINT, linewidth=1.2)
    later = np.asarray(_after(law, grid, result.growth, _DECADE))
    whole.plot(grid, later, color=INK, linewidth=2)
    whole.set_ylim(grid[0], top)
    v, web = start, [(start, start)]
    for _ in range(_STEPS):
        onward = float(_after(law, np.array([v]), result.growth, _DECADE)[0])
        web += [(v, onward), (onward, onward)]
        v = onward
    whole.plot(*np.array(web).T, color=CYCLE[0], linewidth=1)
    change.axhline(0, color=FAINT, linewidth=1.2)
    change.plot(grid, following - grid, color=INK, linewidth=2)
    for k, path in enumerate(result.paths):
        variance = path.aggregate["variance"]
        change.plot(
            variance[:-1], np.diff(variance), color=CYCLE[k], linestyle=DASHES[k], linewidth=1.5, label=path.name
        )
    for v, stable in zip(result.long_run.points, result.long_run.stable, strict=True):
        whole.plot(v, v, **(_STABLE if stable else _UNSTABLE))
        change.plot(v, 0, **(_STABLE if stable else _UNSTABLE))
    whole.set(title="Ten years of the map, and the cobweb from before AI", xlabel="V, variance of log assets")
    whole.set_ylabel("V ten years later")
    change.set(title="Change in a year, on the map and on the paths", xlabel="V, variance of log assets")
    change.set_ylabel("change of V in a year")
    handles, labels = change.get_legend_handles_labels()
    handles += [Line2D([], [], color=INK), Line2D([], [], **_STABLE), Line2D([], [], **_UNSTABLE)]
    labels += ["map of the long run", "stable point", "unstable point, the boundary of the basins"]
    figure.legend(handles, labels, loc="outside lower left", ncols=3)
    return figure


@styled
def bifurcation(result: Transition) -> Figure:
    """Fixed points over growth, stable and unstable, with folds, and the loop of rising and falling growth."""
    figure = new_figure("Long-run states by reinvested rents: folds, and the way there and back", (11.0, 6.4))
    axis = figure.subplots()
    branch = result.branch
    stable = branch.multiplier < 1
    steady, unsteady = np.where(stable, branch.variance, np.nan), np.where(stable, np.nan, branch.variance)
    axis.plot(branch.growth, steady, color=INK, linewidth=2.6)
    axis.plot(branch.growth, unsteady, color=INK, linewidth=1.8, linestyle=(0, (4, 3)))
    axis.set_yscale("log")
    low, high = float(branch.variance.min()), float(branch.variance.max())
    axis.set_ylim(0.9 * low, 1.1 * high)
    axis.axvline(result.growth, color=FAINT, linewidth=1.5, linestyle=(0, (1, 1.5)))
    handles = [
        Line2D([], [], color=INK, linewidth=2.6, label="stable"),
        Line2D([], [], color=INK, linewidth=1.8, linestyle=(0, (4, 3)), label="unstable"),
        Line2D([], [], color=FAINT, linewidth=1.5, linestyle=(0, (1, 1.5)), label="this economy"),
    ]
    for k, (growth, v) in enumerate(zip(branch.fold_growth, branch.fold_variance, strict=True)):
        up = k % 2 == 0
        goal = _landing(result, float(growth), up)
        colour = RISE if up else FALL
        if goal is not None:
            axis.annotate(
                "",
                (float(growth), goal),
                (float(growth), float(v)),
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 6, "shrinkB": 3},
            )
            words = "jump when χ q_A rises past the fold" if up else "jump when χ q_A falls past the fold"
            handles.append(Line2D([], [], color=colour, linewidth=2, label=words))
        axis.plot(growth, v, zorder=5, **_FOLD)
        axis.annotate(
            f"{growth:.5f}",
            (float(growth), float(v)),
            (8, -4) if up else (-8, 4),
            textcoords="offset points",
            ha="left" if up else "right",
            va="top" if up else "bottom",
            fontsize=11,
        )
    if len(branch.fold_growth):
        handles.append(Line2D([], [], label="fold, and χ q_A there", **_FOLD))
    else:
        handles.append(Line2D([], [], linestyle="", label="no fold: one regime at every χ q_A"))
    axis.set(xlabel="χ q_A, reinvested rents per year if owners had all of them", ylabel="V, variance of log assets")
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


def _landing(result: Transition, growth: float, up: bool) -> float | None:
    """The other stable state at the growth of a fold; None where it is beyond what is drawn."""
    branch = result.branch
    away = branch.variance > 1.01 * branch.fold_variance.max() if up else branch.variance < branch.fold_variance.min()
    chosen = np.flatnonzero(away & (branch.multiplier < 1))
    if not len(chosen) or not branch.growth[chosen].min() <= growth <= branch.growth[chosen].max():
        return None
    order = chosen[np.argsort(branch.growth[chosen])]
    return float(np.interp(growth, branch.growth[order], branch.variance[order]))

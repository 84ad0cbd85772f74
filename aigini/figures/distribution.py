"""Distributions of the economy before and after AI: output on a task, wages, Lorenz curves."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from aigini.figures.style import (
    AFTER,
    BEFORE,
    FAINT,
    INK,
    LINE_AFTER,
    LINE_BEFORE,
    SINGLE,
    WIDE,
    below_grid,
    limit_to,
    new_figure,
    number,
    scalar,
    styled,
)
from aigini.statistics.histogram import LOG_NODES, STEP
from aigini.statistics.simulation_result import Simulation

_STATES = (("before AI", BEFORE, LINE_BEFORE), ("after AI", AFTER, LINE_AFTER))


def smooth_density(masses: np.ndarray) -> np.ndarray:
    """Density of log x at the nodes, smoothed by a Gaussian of Silverman's bandwidth; it integrates to 1.

    Args:
        masses: Workers by node, ``[nodes]``.
    """
    share = masses / masses.sum()
    spread = _spread(LOG_NODES, share)
    bandwidth = max(0.9 * spread * float(masses.sum()) ** -0.2, STEP / 2)
    reach = min(int(np.ceil(6 * bandwidth / STEP)), (len(masses) - 1) // 2)
    offsets = STEP * np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / bandwidth) ** 2)
    return np.convolve(share, kernel / kernel.sum(), mode="same") / STEP


def log_output_density(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Log output on the most exposed task and its density across workers, at the nodes of log human capital.

    The density of log y is that of log h over d log y / d log h.

    Args:
        arrays: Arrays of one state of the economy, as in `Simulation.before_arrays`.
    """
    density = smooth_density(arrays["task_output_masses"])
    output = arrays.get("task_output")
    if output is None:  # files from before technologies could be replaced: output is linear in human capital
        output = np.exp(LOG_NODES) * float(arrays["task_human"]) + float(arrays["task_ai"])
    log_output = np.log(output)
    # Where nobody is, output may be all AI's and the slope rounding.
    slope = np.where(density > 0, np.gradient(log_output, LOG_NODES), 1.0)
    return log_output, density / slope


@styled
def task_output_density(simulation: Simulation) -> Figure:
    """Density of log output across workers on the task most exposed to AI, before and after."""
    figure = new_figure("Output of workers on the task most exposed to AI", SINGLE)
    axis = figure.subplots()
    curves = []
    for (name, colour, width), arrays in zip(_STATES, _arrays(simulation), strict=True):
        log_output, density = log_output_density(arrays)
        share = arrays["task_output_masses"] / arrays["task_output_masses"].sum()
        label = f"{name}: standard deviation of log output {number(_spread(log_output, share), '.2f')}"
        axis.plot(np.exp(log_output), density, color=colour, linewidth=width, label=label)
        curves.append((log_output, share))
    floor = float(simulation.after_arrays["task_ai"])
    if floor > 0:
        label = f"after AI: output of AI alone {number(floor, '.2f')}"
        axis.axvline(floor, color=AFTER, linestyle=":", label=label)
    _frame(figure, axis, curves, floor)
    axis.set_xlabel("output per worker on the task, units of the final good (log scale)")
    return figure


@styled
def wage_density(simulation: Simulation) -> Figure:
    """Density of log wages, before and after."""
    figure = new_figure("Wages of all workers", SINGLE)
    axis = figure.subplots()
    curves = []
    states = (simulation.before, simulation.after)
    for (name, colour, width), arrays, state in zip(_STATES, _arrays(simulation), states, strict=True):
        masses = arrays["wage_masses"]
        label = f"{name}: Gini {number(scalar(state, 'gini_wage'), '.4f')}{below_grid(simulation, 'gini_wage')}"
        axis.plot(np.exp(LOG_NODES), smooth_density(masses), color=colour, linewidth=width, label=label)
        curves.append((LOG_NODES, masses / masses.sum()))
    _frame(figure, axis, curves, 0.0)
    axis.set_xlabel("wage, units of the final good (log scale)")
    return figure


@styled
def lorenz_curves(simulation: Simulation) -> Figure:
    """Lorenz curves of total income and wages before and after, and how they moved."""
    figure = new_figure("Lorenz curves of total income and of wages", WIDE)
    curves, change = figure.subplots(1, 2)
    curves.plot([0, 100], [0, 100], color=FAINT, linewidth=1)
    moved = []
    for income, line, name in (("total", "-", "total income"), ("wage", "--", "wages")):
        states = zip(_STATES, _arrays(simulation), (simulation.before, simulation.after), strict=True)
        for (when, colour, width), arrays, state in states:
            population, share = 100 * arrays[f"lorenz_{income}"]
            gini = number(scalar(state, f"gini_{income}"), ".4f") + below_grid(simulation, f"gini_{income}")
            label = f"{name}, {when}: Gini {gini}"
            curves.plot(population, share, line, color=colour, linewidth=width, label=label)
        at, difference = lorenz_change(*(arrays[f"lorenz_{income}"] for arrays in _arrays(simulation)))
        change.plot(100 * at, 100 * difference, line, color=INK, label=name)
        moved.append(100 * difference)
    curves.set(xlim=(0, 100), ylim=(0, 100), title="Curves")
    curves.set_ylabel("share of all income, %")
    curves.legend(loc="upper left", handlelength=2.4)
    change.axhline(0, color=FAINT, linewidth=1)
    change.set(xlim=(0, 100), title="After minus before")
    limit_to(change, "y", np.concatenate(moved), least=0.01, zero=True)
    change.set_ylabel("change of the share, percentage points")
    change.legend()
    for axis in (curves, change):
        axis.set_xlabel("workers, counted from the poorest, %")
    return figure


def lorenz_change(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Population shares, and by how much the share of income of the workers below them moved.

    Args:
        before: Population and income shares before AI, ``[2, edges]``.
        after: The same after AI.
    """
    at = np.linspace(0.0, 1.0, 2001)
    # Around a lone worker the sharpened distribution can dip by a fraction of a worker.
    curves = [np.interp(at, np.maximum.accumulate(people), income) for people, income in (before, after)]
    return at, curves[1] - curves[0]


def _arrays(simulation: Simulation) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    return simulation.before_arrays, simulation.after_arrays


def _spread(values: np.ndarray, share: np.ndarray) -> float:
    mean = np.sum(share * values)
    return float(np.sqrt(np.sum(share * (values - mean) ** 2)))


def _frame(figure: Figure, axis: Axes, curves: list[tuple[np.ndarray, np.ndarray]], floor: float) -> None:
    """Show all but one in a thousand workers on a scale of doublings, density from 0, the legend below."""
    limits = [np.interp([5e-4, 1 - 5e-4], np.cumsum(share), values) for values, share in curves]
    low, high = float(np.min(limits)), float(np.max(limits))
    if floor > 0:
        low = min(low, np.log(floor))
    pad = max(0.05 * (high - low), 0.05)
    axis.set_xscale("log", base=2)
    axis.set_xlim(np.exp(low - pad), np.exp(high + pad))
    axis.xaxis.set_major_locator(LogLocator(base=2))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_ylim(bottom=0)
    axis.set_ylabel("density of workers per log point")
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left")

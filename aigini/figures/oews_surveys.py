"""Figures of surveys of simulated occupations beside published regressions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aigini.analysis.occupations.power import LEVEL, binomial_error
from aigini.analysis.occupations.result import ENOUGH, Regime, SimulatedOccupations, Surveyed
from aigini.figures.style import FAINT, FALL, INK, RISE, new_figure, styled

_UNIT = "100 log p90/p10 per s.d. of exposure"


def _published(axis: Axes, one: Surveyed, *, upright: bool) -> None:
    """The published coefficient as a line, with two standard errors (CRV3) about it."""
    line, band = (axis.axvline, axis.axvspan) if upright else (axis.axhline, axis.axhspan)
    band(one.estimate - 2 * one.se_crv3, one.estimate + 2 * one.se_crv3, color=FAINT, alpha=0.22, lw=0)
    line(one.estimate, color=INK, lw=1.6, ls="--", label="published, ± 2 s.e. (CRV3)")


@styled
def simulated_coefficients(result: SimulatedOccupations) -> Figure:
    """Central 95 % of the coefficients of surveys of each economy, beside the published coefficient."""
    every = result.regressions
    rows = len(result.main(every[0].name))
    title = "Coefficients of surveys of simulated occupations, and the published one"
    figure = new_figure(title, (4.4 + 3.6 * len(every), 2.4 + 0.42 * rows))
    axes = np.atleast_1d(figure.subplots(1, len(every), sharey=True))
    for axis, one in zip(axes, every, strict=True):
        economies = result.main(one.name)
        _published(axis, one, upright=True)
        axis.axvline(0.0, color=INK, lw=0.8)
        for k, d in enumerate(economies):
            colour = FAINT if d.gini_change == 0 else FALL if d.gini_change < 0 else RISE
            inside = d.p_value >= LEVEL
            axis.plot([d.low, d.high], [k, k], color=colour, lw=3.0 if inside else 1.4)
            axis.plot([d.mean], [k], "o" if inside else "X", color=colour, ms=7 if inside else 9)
        axis.set_title(one.name)
        axis.grid(visible=False, axis="y")
    axes[0].set_yticks(range(rows), [d.label for d in result.main(every[0].name)])
    axes[0].invert_yaxis()
    handles, _ = axes[0].get_legend_handles_labels()
    kinds = (("the Gini falls in the economy", FALL), ("the Gini rises", RISE), ("no AI", FAINT))
    handles += [Line2D([], [], color=colour, marker="o", lw=3, label=text) for text, colour in kinds]
    handles.append(Line2D([], [], color=INK, marker="X", ms=9, lw=1.4, label="published coefficient rejects it"))
    axes[len(axes) // 2].set_xlabel(f"{_UNIT}; bars: central 95 % of surveys, points: mean")
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _shade(result: SimulatedOccupations, regime: Regime) -> tuple[str, str]:
    """Colour and marker of a regime."""
    first = result.regimes[0].name == regime.name
    return (FALL, "o") if first else (RISE, "s")


@styled
def survey_power(result: SimulatedOccupations) -> Figure:
    """Power to tell AI from none by the share of its effect that has arrived, and rejections of a true zero."""
    every = result.regressions
    figure = new_figure("What the regressions can tell: power, and size of their tests", (12.5, 6.4))
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    for one, dashes in zip(every, ("-", "--", ":"), strict=False):
        for regime in result.regimes:
            colour, marker = _shade(result, regime)
            rows = result.arrivals(one.name, regime.name)
            shares, rates = [d.arrival for d in rows], [d.power for d in rows]
            left.errorbar(
                shares,
                rates,
                yerr=[2 * binomial_error(d.power, d.surveys) for d in rows],
                ls=dashes,
                color=colour,
                marker=marker,
                ms=5,
                lw=1.8,
                elinewidth=1.0,
                label=f"{one.name}, {regime.name}",
            )
    left.axhline(ENOUGH, color=INK, lw=1.2, ls="-.")
    left.axhline(LEVEL, color=INK, lw=1.2, ls=":")
    left.annotate(f"enough: {ENOUGH:g}", (0.01, ENOUGH + 0.01), va="bottom", fontsize=10)
    left.annotate(f"level: {LEVEL:g}", (0.6, 0.003), va="bottom", fontsize=10)
    left.set_ylim(0, 1.02)
    left.set_xlim(0, 1.02)
    left.set_xlabel(
        "share of AI's effect in the survey panels after AI\n"
        "bars: ± 2 binomial s.e., without the error of critical values"
    )
    left.set_ylabel("power of a 5 % test against no AI")
    tests = list(dict.fromkeys(size.test for size in result.sizes))
    shifts = np.linspace(-0.2, 0.2, max(len(every), 2))
    for one, shift, marker in zip(every, shifts, ("o", "s", "D"), strict=False):
        own = {size.test: size for size in result.sizes if size.regression == one.name}
        right.errorbar(
            [own[test].rate for test in tests],
            [k + shift for k in range(len(tests))],
            xerr=[2 * own[test].rate_error for test in tests],
            fmt=marker,
            color=INK,
            mfc=str(0.3 * every.index(one)),
            lw=1.2,
            label=one.name,
        )
    right.axvline(LEVEL, color=RISE, lw=1.2)
    right.set_yticks(range(len(tests)), tests)
    right.invert_yaxis()
    right.set_xlim(left=0)
    right.set_xlabel("rejections at 5 % without AI, ± 2 Monte Carlo s.e.")
    right.grid(visible=False, axis="y")
    right.legend(loc="lower right", fontsize=10)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=10)
    return figure


@styled
def coefficient_by_m1(result: SimulatedOccupations) -> Figure:
    """Coefficients of surveys over m1, moved by the strength of the task floor, beside the published coefficient."""
    every = result.regressions
    figure = new_figure("Compression within tasks and the coefficient that it leaves", (4.2 * len(every) + 1.0, 5.4))
    axes = np.atleast_1d(figure.subplots(1, len(every), sharex=True))
    for axis, one in zip(axes, every, strict=True):
        _published(axis, one, upright=False)
        for regime in result.regimes:
            colour, marker = _shade(result, regime)
            rows = result.floors(one.name, regime.name)
            m1 = [d.m1 for d in rows]
            axis.fill_between(m1, [d.low for d in rows], [d.high for d in rows], color=colour, alpha=0.18, lw=0)
            axis.plot(
                m1, [d.mean for d in rows], color=colour, marker=marker, ms=5, label=f"{regime.name}, mean and 95 %"
            )
        axis.set_title(one.name)
        axis.set_xlabel("m1, change of dispersion within tasks")
    axes[0].set_ylabel(_UNIT)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    return figure

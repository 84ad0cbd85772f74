"""Contributions of the channels to changes of inequality, year by year."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aigini.dynamics.yearly_channels import NAMES, OUTCOMES, YearlyChannels
from aigini.figures.labels import BAND, CYCLE, DASHES
from aigini.figures.style import INK, new_figure, styled
from aigini.resolution import STANDS_OUT


@styled
def yearly_channels(result: YearlyChannels) -> Figure:
    """Contributions of each channel and their sum, for both Ginis."""
    figure = new_figure("What moves inequality in each year: contributions of the channels", (13.0, 6.4))
    year = np.arange(result.years + 1)
    for axis, (name, words) in zip(figure.subplots(1, 2), OUTCOMES.items(), strict=True):
        axis.axhline(0, color=INK, linewidth=0.8, zorder=1)
        parts = result.contributions[name]
        for k in range(len(NAMES)):
            axis.plot(year, parts[:, k], color=CYCLE[k % len(CYCLE)], linestyle=DASHES[k % len(DASHES)], linewidth=2.2)
            if name in result.simulation_se:
                reach = STANDS_OUT * result.simulation_se[name][:, k]
                axis.fill_between(
                    year, parts[:, k] - reach, parts[:, k] + reach, color=CYCLE[k % len(CYCLE)], alpha=0.15, linewidth=0
                )
        axis.plot(year, parts.sum(axis=1), color=INK, linewidth=3)
        axis.set(title=words, xlabel="year", ylabel="contribution to the change by AI")
    styles = [{"color": CYCLE[k % len(CYCLE)], "linestyle": DASHES[k % len(DASHES)]} for k in range(len(NAMES))]
    handles = [
        Line2D([], [], linewidth=2.2, label=channel.replace("_", " "), **styles[k]) for k, channel in enumerate(NAMES)
    ]
    handles.append(Line2D([], [], color=INK, linewidth=3, label="all together"))
    band = f"bands: {BAND}" if result.simulation_se else "simulation errors were not measured"
    figure.legend(handles=handles, loc="outside lower left", ncols=3, title=band, alignment="left")
    return figure

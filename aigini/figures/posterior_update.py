"""Priors and posteriors of the parameters, and the moments that the posterior predicts."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy.stats import gaussian_kde

from aigini.bayes.result import Posterior
from aigini.figures.labels import GINI_UNIT, note, outcome_label, parameter_label
from aigini.figures.posterior import error_words, m6_band, m6_belief, posterior_figure
from aigini.figures.style import AFTER, BEFORE, INK, number, styled
from aigini.parameters import SPECS
from aigini.statistics.outcomes import units

_BINS = (10, 30)
"""Fewest and most bins over the posterior draws; else about the root of their number."""
_MOST = 90
"""Most bins in a panel."""
_TAIL = 0.01
"""Share of the prior draws beyond each end of a panel."""
_PRIOR: dict[str, Any] = {"facecolor": BEFORE, "alpha": 0.45, "edgecolor": "none"}

_REACH = 4.5
"""Standard errors of the target shown on each side, if draws lie there."""
_HEIGHT = 0.34
_SIMULATED: dict[str, Any] = {"facecolor": AFTER, "edgecolor": AFTER, "linewidth": 1.2}
_PREDICTED: dict[str, Any] = {"facecolor": "white", "edgecolor": INK, "linewidth": 1.2, "hatch": "...."}


@styled
def prior_and_posterior(result: Posterior) -> Figure:
    """Histograms of prior and posterior draws of every parameter, and of the change of both Ginis."""
    names = list(result.draws.parameters)
    changes = [name for name in ("gini_total", "gini_wage") if name in result.draws.prior_outcomes]
    count = len(names) + len(changes)
    columns = min(3, count)
    lines = -(-count // columns)
    figure = posterior_figure(result, "What was learnt: prior against posterior", (4.3 * columns, 1.6 + 2.9 * lines))
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, name in zip(panels, names, strict=False):
        prior, drawn = result.draws.prior[name], result.draws.parameters[name].ravel()
        _histograms(axis, prior, drawn)
        axis.set_title(f"{parameter_label(name)}\n{_learnt(prior, drawn)}")
        axis.set_xlabel("\n".join(textwrap.wrap(SPECS[name].meaning, 38)))
    for axis, name in zip(panels[len(names) :], changes, strict=False):
        prior, drawn = 100 * result.draws.prior_outcomes[name], 100 * result.draws.outcomes[name].ravel()
        _histograms(axis, prior, drawn)
        axis.axvline(0, color=INK, linewidth=1.4)
        concept = name.removeprefix("gini_")
        before, after = (
            f"{number(one.value, '.3f')} ± {number(one.total_error, '.3f')}"
            for one in (result.prior_rises[concept], result.rises[concept])
        )
        rise = f"P(rise) {before}, then {after}"
        axis.set_title(f"{outcome_label(name)}, {_learnt(prior, drawn)}\n{rise}", fontsize=12)
        axis.set_xlabel(GINI_UNIT)
    for axis in panels[count:]:
        axis.axis("off")
    for axis in panels[:count:columns]:
        axis.set_ylabel("density")
    handles: list[Line2D | Patch] = [
        Patch(label=f"prior, {len(next(iter(result.draws.prior.values()))):,} draws", **_PRIOR),
        Line2D([], [], color=AFTER, linewidth=2.4, label=f"posterior, {result.health.draws:,} draws"),
        note(f"histograms: the sampled population; ±: {error_words(result)}"),
    ]
    if result.prior_failed > 0:
        handles.append(note(f"{100 * result.prior_failed:.1f} % of prior draws have no outcome: left out"))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _learnt(prior: np.ndarray, drawn: np.ndarray) -> str:
    spread = float(prior.std(ddof=1))
    if not spread > 0:
        return "the prior has no spread"
    return f"sd {number(float(drawn.std(ddof=1)) / spread, '.2f')} of the prior's"


def _histograms(axis: Axes, prior: np.ndarray, drawn: np.ndarray) -> None:
    """Both as shares per unit in the same bins; what lies beyond the panel still counts."""
    low = min(float(np.quantile(prior, _TAIL)), float(drawn.min()))
    high = max(float(np.quantile(prior, 1 - _TAIL)), float(drawn.max()))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    # Where the prior is much wider its bins are as fine as the posterior needs.
    fine = np.clip(len(drawn) ** 0.5, *_BINS) * (high - low) / max(float(np.ptp(drawn)), (high - low) / _MOST)
    edges = np.linspace(low, high, int(np.clip(fine, _BINS[0], _MOST)) + 1)
    for values, step in ((prior, False), (drawn, True)):
        density = np.histogram(values, edges)[0] / (len(values) * np.diff(edges))
        if step:
            axis.stairs(density, edges, color=AFTER, linewidth=2.4, baseline=0.0)
        else:
            axis.stairs(density, edges, fill=True, **_PRIOR)
    axis.set_xlim(low, high)
    axis.set_ylim(bottom=0)
    axis.set_yticks([])
    axis.xaxis.set_major_locator(MaxNLocator(5))


@styled
def predictive_moments(result: Posterior) -> Figure:
    """Simulated moments, and moments that would be measured, against the targets in their standard errors."""
    names = list(result.targets)
    title = "Moments under the posterior against their targets"
    figure = posterior_figure(result, title, (13.5, 2.6 + 0.95 * len(names)))
    axis, table = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
    reach = 2.6
    for row, name in enumerate(names):
        target = result.targets[name]
        latent = name == "m6" and result.belief != "normal"
        if latent:
            low, high, _ = m6_belief(result)
            limits = (low - target.value) / target.se, (high - target.value) / target.se
            axis.barh(row, limits[1] - limits[0], left=limits[0], height=0.86, **m6_band(result))
        else:
            axis.barh(row, 4.0, left=-2.0, height=0.86, color=BEFORE, alpha=0.2)
            axis.barh(row, 2.0, left=-1.0, height=0.86, color=BEFORE, alpha=0.35)
        simulated = result.draws.outcomes[f"gini_{result.income}" if name == "m6" else name].ravel()
        predicted = result.draws.predictive[name].ravel()
        for values, side, look in ((simulated, -1, _SIMULATED), (predicted, 1, _PREDICTED)):
            off = (values - target.value) / target.se
            _density(axis, off, row, side, look)
            reach = max(reach, *np.abs(np.quantile(off, (0.005, 0.995))))
    reach = min(1.05 * reach, _REACH)
    axis.axvline(0, color=INK, linewidth=1)
    axis.set_xlim(-reach, reach)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_yticks(range(len(names)), [_meaning(result, name) for name in names])
    axis.set_ylim(len(names) - 0.45, -0.95)
    axis.set_xlabel("distance from the target, standard errors of the target")
    axis.grid(visible=False, axis="y")
    _print_numbers(table, result)
    figure.legend(handles=_predictive_key(result), loc="outside lower left", ncols=2)
    return figure


def _meaning(result: Posterior, name: str) -> str:
    words = f"{name}  {units((name,), result.income)[name]}".strip()
    if name == "m6":
        status = "taken as measured" if result.belief == "normal" else "latent: not data"
        words = f"m6  {outcome_label(f'gini_{result.income}')}, change ({status})"
    return "\n".join(textwrap.wrap(words, 30))


def _density(axis: Axes, values: np.ndarray, row: int, side: int, look: dict[str, Any]) -> None:
    """Density of draws to one side of a line, each to its own height, with the median as a stroke."""
    if np.ptp(values) > 0:
        at = np.linspace(values.min(), values.max(), 200)
        height = gaussian_kde(values)(at)
        axis.fill_between(at, row, row + side * _HEIGHT * height / height.max(), zorder=3, **look)
    middle = float(np.median(values))
    axis.plot([middle, middle], [row, row + side * _HEIGHT], color=INK, linewidth=2.4, zorder=4)


def _print_numbers(axis: Axes, result: Posterior) -> None:
    """Numbers in natural units, in line with the rows of the panel beside it."""
    axis.axis("off")
    axis.set_xlim(0, 1)
    columns = (("target ± s.e.", 0.36), ("simulated ± sd", 0.73), ("P(below)", 0.98))
    for head, x in columns:
        axis.text(x, -0.75, head, ha="right", va="center", weight="bold")
    for row, (name, target) in enumerate(result.targets.items()):
        simulated = result.averages[f"gini_{result.income}" if name == "m6" else name]
        predicted = result.draws.predictive[name]
        latent = name == "m6" and result.belief != "normal"
        cells = (
            f"{number(target.value, '+.4f')} ± {number(target.se, '.4f')}",
            f"{number(simulated.mean.value, '+.4f')} ± {number(simulated.sd.value, '.4f')}",
            "not data" if latent else f"{100 * float(np.mean(predicted < target.value)):.0f} %",
        )
        for (_, x), cell in zip(columns, cells, strict=True):
            axis.text(x, row, cell, ha="right", va="center")


def _predictive_key(result: Posterior) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Patch(label="above the line: simulated at the draws", **_SIMULATED),
        Patch(label="below it: what would be measured, with the target's error", **_PREDICTED),
        Patch(facecolor=BEFORE, alpha=0.5, label="target ± 1 and ± 2 s.e."),
    ]
    words = m6_belief(result)[2]
    if result.belief != "normal" and words:
        handles.append(Patch(label=words, **m6_band(result)))
    words = "P(below): share of such measurements below the target; all on the sampled population"
    return [*handles, note(words)]

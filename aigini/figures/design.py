"""Figures of a study of panels: power by size, bias by selection, and coverage."""

import numpy as np
from matplotlib.figure import Figure

from aigini.analysis.occupations.power import LEVEL
from aigini.analysis.occupations.result import ENOUGH
from aigini.figures.style import AFTER, BEFORE, FAINT, FALL, INK, RISE, new_figure, styled
from aigini.panel.design.answers import ACROSS, GROUP_TIME, IMPUTATION, OVER_TIME, TWO_WAY, USERS
from aigini.panel.design.result import DesignStudy

_DARK, _LIGHT = "#332288", "#56B4E9"
_LOOKS = (
    (FALL, "o", "-"),
    (RISE, "s", "--"),
    (AFTER, "^", "-."),
    (BEFORE, "D", ":"),
    (_DARK, "v", "-"),
    (INK, "P", "--"),
)
_ESTIMATORS = {GROUP_TIME: "o", IMPUTATION: "s", TWO_WAY: "^", ACROSS: "X", OVER_TIME: "D"}
_COLOURS = {GROUP_TIME: FALL, IMPUTATION: _LIGHT, TWO_WAY: AFTER, ACROSS: RISE, OVER_TIME: _DARK}
_SHOWN = {
    "log_cv": "log CV of output (H1)",
    "gain": "mean log output",
    "schooling_slope": "return to schooling (H2)",
    "requirement": "credential required (H3)",
    "between_share": "share between firms (H4)",
}


@styled
def power_by_size(study: DesignStudy) -> Figure:
    """Power of each test by the number of firms, with two Monte Carlo standard errors."""
    figure = new_figure("Power by the number of firms", (12.5, 7.4))
    axes = figure.subplots(1, 2, sharey=True)
    hypotheses = [one for one in study.smallest if one.target[:2] in ("H1", "H2", "H3")]
    others = [one for one in study.smallest if one not in hypotheses]
    for axis, rows, title in zip(axes, (hypotheses, others), ("H1 to H3", "H4 and the two regimes"), strict=True):
        for one, (colour, marker, dashes) in zip(rows, _LOOKS, strict=False):
            axis.errorbar(
                one.tried,
                one.power,
                yerr=2 * np.array(one.power_error),
                color=colour,
                marker=marker,
                ls=dashes,
                ms=6,
                lw=1.6,
                capsize=2,
                label=one.target,
            )
        axis.axhline(ENOUGH, color=FAINT, lw=1.2)
        axis.axhline(LEVEL, color=FAINT, lw=1.2, ls=":")
        axis.set_xscale("log", base=2)
        ticks = sorted({firms for one in rows for firms in one.tried})
        axis.set_xticks(ticks, [str(firms) for firms in ticks])
        axis.minorticks_off()
        axis.set_ylim(0, 1.03)
        axis.set_xlabel("firms")
        axis.set_title(title)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=10)
    axes[0].set_ylabel(f"power of a {LEVEL:.0%} test, ± 2 Monte Carlo s.e.")
    return figure


@styled
def bias_by_selection(study: DesignStudy) -> Figure:
    """Bias of estimators, in standard deviations of the estimate, by selection into adoption and use."""
    figure = new_figure("Bias by selection, with two Monte Carlo standard errors", (14.0, 7.4))
    axes = figure.subplots(2, 3).ravel()
    for axis, (question, title) in zip(axes, _SHOWN.items(), strict=False):
        for shift, (estimator, marker) in enumerate(_ESTIMATORS.items()):
            rows = [(0.0, one) for one in study.rows("reference", question, estimator)]
            rows += [(float(one.value), one) for one in study.rows("selection", question, estimator)]
            axis.errorbar(
                [at + 0.012 * (shift - 2) for at, _ in rows],
                [one.bias / one.sd for _, one in rows],
                yerr=[2 * one.bias_error / one.sd for _, one in rows],
                color=_COLOURS[estimator],
                marker=marker,
                ms=6,
                lw=1.4,
                capsize=2,
                label=estimator,
            )
        axis.axhline(0.0, color=INK, lw=0.9)
        axis.set_title(title)
        axis.set_ylabel("bias / s.d. of estimate")
        axis.set_xlabel(f"correlation of adoption with {study.selected_on}")
    axis = axes[-1]
    for estimator, colour, marker in (("adoption as instrument", FALL, "o"), (USERS, RISE, "X")):
        rows = study.rows("use", "user_gain", estimator)
        axis.errorbar(
            [float(one.value) for one in rows],
            [one.bias for one in rows],
            yerr=[2 * one.bias_error for one in rows],
            color=colour,
            marker=marker,
            ms=6,
            lw=1.4,
            capsize=2,
            label=estimator,
        )
    axis.axhline(0.0, color=INK, lw=0.9)
    axis.set_title("gain of users, by selection into use")
    axis.set_ylabel("bias, log points / 100")
    axis.set_xlabel("correlation of use with ability within firms")
    axis.legend(loc="upper left", fontsize=10)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


@styled
def design_diagnosands(study: DesignStudy) -> Figure:
    """Coverage, and size of the tests without AI, of estimators that compare over time."""
    figure = new_figure("Coverage of 95 % intervals, and size of 5 % tests without AI", (12.5, 6.0))
    axes = figure.subplots(1, 2, sharey=True)
    questions = list(dict.fromkeys(one.question for one in study.diagnoses if one.varied == "reference"))
    panels = (("coverage", "reference", 1 - LEVEL, "coverage, reference panel"),)
    panels += (("power", "effect", LEVEL, "rejections without AI"),)
    for axis, (name, varied, target, title) in zip(axes, panels, strict=True):
        for shift, estimator in enumerate((GROUP_TIME, IMPUTATION, TWO_WAY)):
            world = "no AI" if varied == "effect" else None
            rows = [one for question in questions for one in study.rows(varied, question, estimator, world)]
            axis.errorbar(
                [getattr(one, name) for one in rows],
                [k + 0.2 * (shift - 1) for k in range(len(rows))],
                xerr=[2 * getattr(one, f"{name}_error") for one in rows],
                fmt=_ESTIMATORS[estimator],
                color=_COLOURS[estimator],
                ms=6,
                lw=1.4,
                label=estimator,
            )
        axis.axvline(target, color=INK, lw=1)
        axis.grid(visible=False, axis="y")
        axis.set_xlabel("share of panels, ± 2 Monte Carlo s.e.")
        axis.set_title(title)
    axes[0].set_yticks(range(len(questions)), [question.replace("_", " ") for question in questions])
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure

"""The print of a study of panels."""

from collections.abc import Sequence

from aigini.analysis.occupations.power import LEVEL
from aigini.analysis.occupations.result import ENOUGH
from aigini.panel.design.answers import ESTIMATORS, GROUP_TIME, QUESTIONS, USERS, VALID
from aigini.panel.design.diagnosands import Diagnosis
from aigini.panel.design.result import DesignStudy
from aigini.panel.design.settings import ASSUMED
from aigini.panel.design.smallest import SmallestPanel
from aigini.tables import Column, Table


def text(study: DesignStudy) -> str:
    """The study in words and tables."""
    size = study.size
    head = (
        f"Panels of {size['firms']} firms, {study.occupations} occupations with {size['workers']} workers each in every"
        f" firm, {size['tasks']} tasks and {size['periods']} periods, drawn from the economy; {study.replications}"
        f" panels"
        " of each kind. Numbers after ± are Monte Carlo standard errors."
    )
    parts = [
        head,
        "Effects of AI on adopters, by group-time effects, in the reference panel:",
        str(_diagnoses(_reference(study, GROUP_TIME))),
        _sizes(study),
        *_undefined(study),
        f"Smallest panel with power {ENOUGH:.0%} (firms; half of them of either kind in differences between kinds):",
        str(_smallest(study.smallest)),
        _regimes(study),
        f"Bias where adoption is selected on {_selected(study)}, in standard deviations of the estimate:",
        str(_selection(study)),
    ]
    if users := _users(study):
        parts += ["Gain of log output of those who use AI, with selection of the able into use within firms:", users]
    parts += ["Assumed, not taken from the economy:", _assumed(study)]
    return "\n\n".join(parts)


def _selected(study: DesignStudy) -> str:
    words = {
        "ability": "the ability of a firm's workers",
        "gain": "a firm's expected gain",
        "trend": "a firm's own trend",
    }
    return words[study.selected_on]


def _reference(study: DesignStudy, estimator: str) -> list[Diagnosis]:
    return [one for one in study.diagnoses if (one.varied, one.estimator) == ("reference", estimator)]


def _pair(value: float | None, error: float | None, spec: str) -> str:
    if value is None:
        return "-"
    return format(value, spec) if error is None else f"{value:{spec}} ± {error:{spec.lstrip('+')}}"


def _diagnoses(rows: Sequence[Diagnosis]) -> Table:
    return Table(
        (
            Column("question", [one.question for one in rows]),
            Column("effect", [one.inquiry for one in rows], "+.4f"),
            Column("bias", [], text=[_pair(one.bias, one.bias_error, "+.4f") for one in rows]),
            Column("RMSE", [], text=[_pair(one.rmse, one.rmse_error, ".4f") for one in rows]),
            Column("power", [], text=[_pair(one.power, one.power_error, ".3f") for one in rows]),
            Column("coverage", [], text=[_pair(one.coverage, one.coverage_error, ".3f") for one in rows]),
            Column("type S", [], text=[_pair(one.type_s, one.type_s_error, ".3f") for one in rows]),
            Column("type M", [], text=[_pair(one.type_m, one.type_m_error, ".2f") for one in rows]),
        )
    )


def _sizes(study: DesignStudy) -> str:
    """Number of tests that reject 5 % of panels without AI, and which do not."""
    rows, wrong = study.without_effect(), study.wrong_sizes()
    if not rows:
        return "No panel without AI was drawn, so that the size of tests is not known."
    words = (
        f"Without AI {len(rows) - len(wrong)} of {len(rows)} tests ({' and '.join(VALID)}, by number of firms) reject"
        f" {LEVEL:.0%} of panels within three Monte Carlo standard errors."
    )
    if not wrong:
        return words
    named = [
        f"{one.question}, {one.firms} firms, {one.estimator}: {_pair(one.power, one.power_error, '.3f')}"
        for one in wrong
    ]
    return f"{words} Caution: these reject another share, and their power is off with it: {'; '.join(named)}."


def _undefined(study: DesignStudy) -> list[str]:
    """Estimates that do not exist in some panels, by question and number of firms, the worst kind of panel of each."""
    worst: dict[tuple[str, int], Diagnosis] = {}
    for one in study.diagnoses:
        known = worst.get((one.question, one.firms))
        if one.undefined > (0 if known is None else known.undefined):
            worst[one.question, one.firms] = one
    if not worst:
        return []
    named = [f"{question}, {firms} firms: up to {one.undefined:.1%}" for (question, firms), one in worst.items()]
    return [
        f"Not defined in some panels, which count as not rejecting: {'; '.join(named)}. There, measurement error takes"
        " off more than the variance within a task."
    ]


def _smallest(rows: Sequence[SmallestPanel]) -> Table:
    def firms(one: SmallestPanel) -> str:
        if one.firms is not None:
            return _pair(one.firms, one.firms_error, ".0f")
        if one.words.startswith("at most"):
            return f"at most {one.tried[0]}"
        beyond = "" if one.beyond is None else f" (extrapolated: {one.beyond:.0f})"
        return f"more than {one.tried[-1]}{beyond}"

    return Table(
        (
            Column("to be told", [one.target for one in rows]),
            Column("firms", [firms(one) for one in rows]),
            Column("power at the largest", [one.power[-1] for one in rows], ".3f"),
        )
    )


def _regimes(study: DesignStudy) -> str:
    words = [
        f"{one.name} (xi = {one.xi:g}): change of the Gini {one.gini_change:+.5f} ± {one.gini_error:.5f}, {one.regime}"
        for one in study.regimes
    ]
    opposite = {one.regime for one in study.regimes} == {"labour-strong", "asset-concentrating"}
    verdict = "" if opposite else " They are not one of each regime: choose other design.regime_eta1."
    return f"The two economies that are told apart: {'; '.join(words)}.{verdict}"


def _selection(study: DesignStudy) -> Table:
    none = {(one.question, one.estimator): one for one in study.diagnoses if one.varied == "reference"}
    rows = [one for one in study.diagnoses if one.varied == "selection" and one.estimator != USERS]
    levels = list(dict.fromkeys(one.value for one in rows))
    diagnosed = {(one.value, one.question, one.estimator): one for one in rows}
    labels, columns = [], {level: [] for level in ("none", *levels)}
    for question in QUESTIONS:
        for estimator in ESTIMATORS:
            if (question, estimator) not in none:
                continue
            labels.append(f"{question}: {estimator}")
            for level in columns:
                key = (question, estimator)
                one = none[key] if isinstance(level, str) else diagnosed[(level, *key)]
                columns[level].append(_pair(one.bias / one.sd, one.bias_error / one.sd, "+.2f"))
    named = [Column(f"correlation {level}", [], text=cells) for level, cells in columns.items()]
    return Table((Column("question: estimator", labels), *named))


def _users(study: DesignStudy) -> str:
    rows = [one for one in study.diagnoses if one.question == "user_gain"]
    if not rows:
        return ""
    return str(
        Table(
            (
                Column(
                    "correlation of ability with use: estimator", [f"{one.value:g}: {one.estimator}" for one in rows]
                ),
                Column("effect", [one.inquiry for one in rows], "+.4f"),
                Column("bias", [], text=[_pair(one.bias, one.bias_error, "+.4f") for one in rows]),
                Column("coverage", [], text=[_pair(one.coverage, one.coverage_error, ".3f") for one in rows]),
            )
        )
    )


def _assumed(study: DesignStudy) -> str:
    return str(
        Table(
            (
                Column("number", list(study.assumed)),
                Column("value", list(study.assumed.values()), "g"),
                Column("meaning", [f"{ASSUMED[name].meaning} ({ASSUMED[name].unit})" for name in study.assumed]),
            )
        )
    )

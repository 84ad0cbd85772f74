"""The answer of the main job: what was assumed, what follows, how sure it is; sentences that the numbers carry."""

import dataclasses
import json

import matplotlib
import numpy as np
import pytest

import aigini
from aigini import figures
from aigini.analysis import answered
from aigini.analysis.answer import answer
from aigini.analysis.answered import QUESTION, Answer, Chance, Reasons
from aigini.analysis.channels import channels
from aigini.analysis.identification.sign_uncertainty import sign_uncertainty
from aigini.commands.answer import answer as answer_of
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.economy.economy import Scenario
from aigini.errors import AnalysisError
from aigini.estimation.estimated_model import estimate_values, known_model, require_sign_problem
from aigini.estimation.other_draws import OtherDraws
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.result import Calibration, Trace
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status
from aigini.parameter_space import ParameterSpace
from aigini.resolution import Simulated
from aigini.storage import results

SMALL = {"population.n_workers": 4096, "population.n_firms": 60}


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def model(config):
    return aigini.at_estimates(config)


@pytest.fixture(scope="module")
def others(config, model):
    return OtherDraws(model, 2, lambda k: config.draw(1 + k, precision="float64"))


@pytest.fixture(scope="module")
def result(model, others) -> Answer:
    return answer(model, {"xi": (0.05, 0.15)}, "FITTED.", others)


def calibration_of(model, status=Status.FITTED):
    """A calibration that ended at the estimates of a case."""
    free = model.space.names
    estimates = {name: model.values[name] for name in free}
    return Calibration(
        free=free,
        estimates=estimates,
        params=model.values,
        targets=model.targets,
        fitted={name: target.value for name, target in model.targets.items()},
        misfit=dict.fromkeys(model.targets, 0.0),
        weighting=model.weighting,
        objective=0.0,
        gradient_norm=0.0,
        removable_share=0.0,
        remaining_step=0.0,
        jacobian=model.moment_jacobian,
        singular_values=np.ones(len(free)),
        standard_errors=None,
        no_standard_errors="",
        status=status,
        at_bound={},
        starts=[],
        agreed=0,
        trace=Trace([], [], np.zeros((0, 0))),
        moment_simulation_se=None,
        estimate_simulation_se=None,
        replications=0,
    )


# --- What is computed -------------------------------------------------------------------------------------------------


def test_contributions_are_those_of_the_channels_with_their_errors(model, others, result):
    found = channels(model, others=others).outcomes
    for concept, reasons in result.reasons.items():
        own = found[f"gini_{concept}"]
        assert reasons.change == Simulated(own.total, own.total_simulation_se)
        for channel, part in reasons.contributions.items():
            assert part == own.contribution(channel)
            assert part.error > 0
        assert sum(part.value for part in reasons.contributions.values()) == pytest.approx(reasons.change.value)


def test_the_probability_has_an_error_from_other_draws_at_their_own_estimates(others, result):
    for concept, chance in result.chances.items():
        found = [
            sign_uncertainty(others.model(k), concept, {"xi": (0.05, 0.15)}, ("m6",)).probability
            for k in range(others.count)
        ]
        assert chance.probability.error == pytest.approx(np.std([chance.probability.value, *found], ddof=1), rel=1e-9)
        assert chance.probability.value == chance.uncertainty.probability


def test_without_m6_its_value_does_not_come_back(model):
    """Another scenario of m6 moves the estimates but, to first order, not what is concluded without it."""
    step = 1e-3
    target = dataclasses.replace(model.targets["m6"], value=model.targets["m6"].value + step)
    targets = {**model.targets, "m6": target}
    values = estimate_values(model.outcome_map, model.values, model.space, targets, model.income)
    moved = known_model(model.outcome_map, values, model.space, targets, model.income, model.weighting)
    assert abs(values["eta1"] - model.values["eta1"]) > 0.01
    kept, left_out = (
        [sign_uncertainty(point, "total", {}, names).change for point in (model, moved)] for names in ((), ("m6",))
    )
    assert kept[1] - kept[0] == pytest.approx(step, rel=1e-6)
    assert abs(left_out[1] - left_out[0]) < 0.1 * step


def test_a_change_without_m6_is_that_of_an_economy_estimated_again(model):
    """The first-order mean against actual re-estimation with η1 a little off, towards one half."""
    near = {**model.values, "eta1": model.values["eta1"] + (1e-3 if model.values["eta1"] < 0.5 else -1e-3)}
    near["eta0"] = 1 - near["eta1"]
    space = ParameterSpace(tuple(name for name in model.space.names if name != "eta1"), model.space.tie)
    targets = {name: target for name, target in model.targets.items() if name != "m6"}
    values = estimate_values(model.outcome_map, near, space, targets, model.income)
    there = known_model(model.outcome_map, values, space, targets, model.income)
    slope = (there.outcome("gini_total") - model.outcome("gini_total")) / (near["eta1"] - model.values["eta1"])
    expected = model.outcome("gini_total") + slope * (0.5 - model.values["eta1"])
    assert sign_uncertainty(model, "total", {}, ("m6",)).change == pytest.approx(expected, rel=0.02, abs=2e-6)


def test_estimates_that_a_source_takes_beyond_their_bounds_are_named(model):
    assert any("sigma" in why for why in sign_uncertainty(model, "total", {}, ("m6",)).unreliable)
    exact = {name: dataclasses.replace(target, se=1e-9) for name, target in model.targets.items()}
    assert sign_uncertainty(dataclasses.replace(model, targets=exact), "total", {}).unreliable == ()


def test_a_fit_that_failed_claims_nothing_and_computes_nothing(config, model, monkeypatch):
    monkeypatch.setattr("aigini.commands.answer.OutcomeMap", None)
    for status in Status:
        if status is not Status.FITTED:
            found = answer_of(config, calibration_of(model, status))
            assert list(found.paragraphs) == ["No answer"]
            assert calibration_of(model, status).message in found.paragraphs["No answer"]
            assert (found.reasons, found.chances) == ({}, {})


def test_the_answer_is_at_the_estimates_of_the_calibration(config, model, result):
    found = answer_of(dataclasses.replace(config, replications=2), calibration_of(model))
    for concept in ("total", "wage"):
        assert found.reasons[concept].change.value == pytest.approx(result.reasons[concept].change.value, rel=1e-12)
        parts = zip(
            found.reasons[concept].contributions.values(), result.reasons[concept].contributions.values(), strict=True
        )
        assert all(one.error == pytest.approx(other.error, rel=1e-6) for one, other in parts)
    assert found.draws == 2


def test_what_cannot_be_worked_out_is_said(config, model):
    before = dataclasses.replace(model, outcome_map=OutcomeMap(model.outcome_map.population, Scenario(A0=0.2)))
    found = answer(before, {}, "FITTED.")
    assert "scenario.A0 = 0" in found.paragraphs["Why"]
    fixed = dataclasses.replace(model, space=ParameterSpace(("alpha", "beta", "sigma"), model.space.tie))
    assert "eta1" in answer(fixed, {}, "FITTED.").paragraphs["How sure"]
    few = dataclasses.replace(config, population={**config.population, "n_firms": 2})
    assert "at least 3 firms" in str(answer_of(few, calibration_of(model)))


def test_with_eta1_and_m6_alone_what_is_known_of_eta1_is_all_there_is(model):
    space, targets = ParameterSpace(("eta1",), model.space.tie), {"m6": model.targets["m6"]}
    alone = known_model(model.outcome_map, model.values, space, targets, model.income)
    found = sign_uncertainty(alone, "total", {}, ("m6",))
    assert list(found.variance) == ["eta1"]
    assert found.change == pytest.approx(
        model.outcome("gini_total") + found.variance["eta1"] ** 0.5 * 12**0.5 * (0.5 - model.values["eta1"]), rel=1e-9
    )
    few = known_model(
        model.outcome_map, model.values, ParameterSpace(("eta1", "alpha"), model.space.tie), targets, model.income
    )
    with pytest.raises(AnalysisError, match="fewer targets"):
        sign_uncertainty(few, "total", {}, ("m6",))
    with pytest.raises(AnalysisError, match="moments other than m6"):
        require_sign_problem(targets, ("eta1",))


# --- What is said -----------------------------------------------------------------------------------------------------


def test_the_answer_says_what_was_assumed_why_how_sure_and_what_would_change_it(model, result):
    printed = str(result)
    assert printed.splitlines()[0] == QUESTION
    assert list(result.paragraphs) == [
        "What was assumed",
        "Why",
        "How sure",
        "What would change it",
        "What tells more",
    ]
    assumed = result.paragraphs["What was assumed"]
    assert f"{model.targets['m6'].value:+.4f}" in assumed
    assert "scenario, assumed and not observed" in assumed
    assert model.targets["m6"].source in assumed
    # Not reliable here: no verdict and no error, but the reason and what to do instead.
    assert "can be given to first order" in result.paragraphs["How sure"]
    assert "beyond its bounds" in result.paragraphs["How sure"]
    assert "open" not in result.paragraphs["How sure"].replace("bounds", "")
    assert "±" not in result.paragraphs["How sure"]
    assert "`aigini posterior`" in result.paragraphs["What would change it"]
    for command in ("posterior", "sign", "sensitivity"):
        assert f"aigini {command}" in result.paragraphs["What tells more"]
    assert max(map(len, printed.splitlines())) <= 120


def test_where_first_order_is_reliable_probabilities_and_shares_are_given(result):
    chances = {
        concept: dataclasses.replace(chance, uncertainty=dataclasses.replace(chance.uncertainty, unreliable=()))
        for concept, chance in result.chances.items()
    }
    reliable = dataclasses.replace(result, chances=chances)
    for chance in chances.values():
        assert sum(chance.shares.values()) == pytest.approx(1)
        name, share = next(iter(chance.shares.items()))
        assert f"{100 * share:.0f} % from the s.e. of {name}" in reliable.paragraphs["What would change it"]
        shown = f"is {chance.probability.value:.3f} ± {chance.probability.error:.3f} to first order"
        assert shown in reliable.paragraphs["How sure"]
        assert chance.verdict in reliable.paragraphs["How sure"]


@pytest.mark.parametrize(
    ("probability", "error", "verdict"),
    [
        (0.5, 0.001, "the sign is open"),
        (0.56, 0.001, "the sign is open"),
        (0.94, 0.001, "the sign is open"),
        (0.96, 0.01, "the sign is open"),
        (0.96, None, "the sign is open"),
        (0.96, 0.001, "a rise is likely"),
        (0.04, 0.001, "a fall is likely"),
        (0.04, 0.01, "the sign is open"),
    ],
)
def test_a_sign_is_likely_only_where_the_probability_is_clear_of_its_error(result, probability, error, verdict):
    chance = Chance(result.chances["total"].uncertainty, Simulated(probability, error))
    assert chance.verdict == verdict


def test_a_channel_within_its_error_is_neither_raising_nor_lowering(result):
    parts = {
        "task_floor": Simulated(-1e-3, 1e-4),
        "screening": Simulated(1e-4, 1e-4),
        "schooling": Simulated(1e-4, 1e-5),
    }
    found = dataclasses.replace(result, reasons={"total": Reasons(Simulated(-8e-4, 1e-4), parts)})
    why = found.paragraphs["Why"]
    assert "schooling (+0.0001 ± 1e-05) raises it" in why
    assert "task floor (-0.0010 ± 0.0001) lowers it" in why
    assert "the sign of screening is not known within simulation error" in why
    blind = {name: Simulated(part.value, None) for name, part in parts.items()}
    found = dataclasses.replace(result, draws=0, reasons={"total": Reasons(Simulated(-8e-4, None), blind)})
    assert "raise" not in found.paragraphs["Why"]
    assert "calibration.replications" in found.paragraphs["Why"]


def test_without_a_target_for_the_gini_nothing_is_called_assumed(model):
    space = ParameterSpace(tuple(name for name in model.space.names if name != "eta1"), model.space.tie)
    targets = {name: target for name, target in model.targets.items() if name != "m6"}
    found = answer(known_model(model.outcome_map, model.values, space, targets, model.income), {}, "FITTED.")
    assert "no change of a Gini is among the targets" in found.paragraphs["What was assumed"]
    assert found.paragraphs["How sure"].startswith(
        "From the targets as they are. No probability that the Gini of total"
    )


# --- On disk and drawn ------------------------------------------------------------------------------------------------


def test_the_file_reads_back_and_says_its_sentences_and_units(result, tmp_path):
    path = results.save(tmp_path, "answer", result, {"seed": 0})
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["sentences"] == result.paragraphs
    assert content["units"]["chances"]
    assert load_result(tmp_path, "answer") == result
    assert str(load_result(tmp_path, "answer")) == str(result)


@pytest.mark.parametrize("change", ["none", "nothing", "source"])
def test_the_figure_shows_the_numbers_and_keeps_its_words_inside(result, change, tmp_path):
    dollars = Target(0.004, 0.007, "costs $5 and $6 " * 20)
    shown = {
        "none": result,
        "nothing": dataclasses.replace(result, reasons={}, chances={}, missing={"reasons": "so", "chances": "so"}),
        "source": dataclasses.replace(result, assumed=dollars),
    }[change]
    figure = figures.answer(shown)
    figure.canvas.draw()
    width, height = figure.bbox.size
    ticks = {id(label) for axis in figure.axes for label in (*axis.get_xticklabels(), *axis.get_yticklabels())}
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_visible() and text.get_text().strip() and id(text) not in ticks:
            box = text.get_window_extent()
            assert box.x0 >= 0, text.get_text()
            assert box.y0 >= 0, text.get_text()
            assert box.x1 <= width, text.get_text()
            assert box.y1 <= height, text.get_text()
    if change == "none":
        for axis, concept in zip(figure.axes, ("total", "wage"), strict=False):
            wanted = [100 * part.value for part in result.reasons[concept].contributions.values()]
            np.testing.assert_allclose([bar.get_width() for bar in axis.patches], wanted, rtol=1e-12)
    (path,) = aigini.draw(shown, tmp_path)
    assert path.name == "answer.png"
    assert aigini.draw(Answer(False, "STOPPED: so.", "total"), tmp_path) == []


def test_small_numbers_keep_a_digit():
    assert answered._number(Simulated(3.2e-5, 6e-7)) == "+3e-05 ± 6e-07"
    assert answered._number(Simulated(-0.0069, 1e-4)) == "-0.0069 ± 0.0001"
    assert answered._number(Simulated(0.0, 0.0)) == "+0.0000 ± 0.0000"

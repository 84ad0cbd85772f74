"""Maps of any outcome over parameters and numbers of mechanisms: against evaluations that know nothing of maps."""

import dataclasses
import json
import sys

import jax
import numpy as np
import pytest

import aigini
from aigini import cli
from aigini.analysis.regimes.axes import Plane, axis
from aigini.analysis.regimes.maps import outcome_on
from aigini.analysis.regimes.outcome_maps import Comparison, outcome_plane
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.economy.ability import SinhArcsinhAbility
from aigini.economy.economy import Scenario
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.reach import HeldReach, SkilledFirst, UniformReach
from aigini.errors import AnalysisError, ConfigError, MomentError
from aigini.estimation.estimated_model import known_model
from aigini.estimation.other_draws import OtherDraws
from aigini.estimation.outcome_map import OutcomeMap
from aigini.estimation.target import Target
from aigini.figures import outcome_map as figure_of
from aigini.parameter_space import ParameterSpace
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics.catalogue import M1, M2
from aigini.statistics.moments import six_moments

TAIL = 1.2
NUMBERS = ("ability_tail", "ability_skew")


def drawn(seed):
    return draw_population(n_workers=1024, n_firms=32, precision="float64", seed=seed)


@pytest.fixture(scope="module")
def scenario():
    return Scenario(mechanisms=Mechanisms(ability=SinhArcsinhAbility(TAIL, 0.0)))


@pytest.fixture(scope="module")
def model(scenario):
    """An economy with other tails of ability, at the estimates of two parameters from two moments that it meets."""
    outcome_map, values = OutcomeMap(drawn(0), scenario, (M1, M2)), Parameters().as_dict()
    m1, m2 = outcome_map.jacobian(values)[0]
    targets = {"m1": Target(float(m1), 0.06), "m2": Target(float(m2), 0.017)}
    return known_model(outcome_map, values, ParameterSpace(("alpha", "beta")), targets, "total")


@pytest.fixture(scope="module")
def others(model):
    return OtherDraws(model, 2, lambda k: drawn(1 + k))


@pytest.fixture(scope="module")
def plane(model):
    mechanisms = model.outcome_map.scenario.mechanisms
    axes = axis("ability_tail:0.8:1.4", mechanisms=mechanisms), axis("beta:-0.6:0.3")
    return Plane(*axes, {**model.values, "ability_tail": TAIL}, model.space)


@pytest.fixture(scope="module")
def result(model, plane, others):
    return outcome_plane(model, plane, Comparison(("m1", "m2")), others, count=5)


@pytest.fixture(scope="module")
def directly():
    """`directly(values, mechanisms, levels, seed)`: m1 and m2, by the pure function."""
    compiled = jax.jit(lambda params, population, scenario: six_moments(params, population, scenario)[:2])

    def values(values, mechanisms, levels=(0.0, 1.0), seed=0):
        return np.asarray(compiled(Parameters(**values), drawn(seed), Scenario(*levels, mechanisms=mechanisms)))

    return values


def test_a_map_has_the_outcomes_of_the_economies_at_its_points(result, model, directly):
    for i, tail in enumerate(result.x.tolist()):
        beta = result.y.tolist()[1 + i % 3]
        found = directly({**model.values, "beta": beta}, Mechanisms(ability=SinhArcsinhAbility(tail, 0.0)))
        at = [result.changes[name][i, 1 + i % 3] for name in ("m1", "m2")]
        np.testing.assert_allclose(at, found, rtol=1e-10)


def test_an_outcome_is_zero_on_its_boundary(result, model, directly):
    (branch,) = result.boundary["m2"].branches
    for tail, beta in branch.points[:: max(len(branch.points) // 4, 1)].tolist():
        found = directly({**model.values, "beta": beta}, Mechanisms(ability=SinhArcsinhAbility(tail, 0.0)))
        assert abs(found[1]) < 1e-9
    # Mean output does not fall where AI takes nothing from human output.
    assert np.all(branch.points[:, 1] < 0)
    assert not result.boundary["m1"].branches


def test_the_gradient_is_that_of_central_differences(model, plane):
    on_plane = outcome_on(model.outcome_map, plane, 0)
    at = np.array([1.1, -0.2])
    _, gradient = on_plane(at)
    for k in range(2):
        step = 1e-5 * np.eye(2)[k]
        assert gradient[k] == pytest.approx((on_plane(at + step)[0] - on_plane(at - step)[0]) / 2e-5, rel=1e-6)


def test_errors_are_the_spread_over_draws_at_estimates_of_their_own(result, model, others, directly):
    heavy = Mechanisms(ability=SinhArcsinhAbility(float(result.x[-1]), 0.0))
    sample = [directly({**others.model(k).values, "beta": float(result.y[-1])}, heavy, seed=1 + k)[0] for k in range(2)]
    assert result.simulation_se["m1"][-1, -1] == pytest.approx(np.std(sample, ddof=1), rel=1e-6)
    ((name, at),) = [crossing for crossing in result.boundary["m2"].crossings if crossing[0] == "ability_tail"]
    (error,) = [
        result.boundary["m2"].crossing(k).error
        for k in range(len(result.boundary["m2"].crossings))
        if result.boundary["m2"].crossings[k][0] == "ability_tail"
    ]
    assert name == "ability_tail"
    assert 0 < error < 0.01
    assert f"beta = {at:.4g}" in str(result)


def test_signs_are_told_beyond_two_errors_alone(result):
    wide = dataclasses.replace(result, simulation_se={name: np.full((5, 5), 1.0) for name in result.changes})
    assert "0 % of the map, 100 % not distinguishable from zero" in str(wide)
    assert not wide.signs("m1").any()
    assert "positive on 0 % and negative on 100 % of the map, 0 % not" in str(result)


def test_shares_are_of_the_part_of_a_map_that_has_an_economy(model, plane):
    none = OtherDraws(model, 0, drawn)
    wide = dataclasses.replace(plane, y=axis("ability_sd:0.5:1.5"))
    result = outcome_plane(model, wide, Comparison(("m1",)), none, count=3)
    known = int(np.isfinite(result.changes["m1"]).sum())
    assert 0 < known < 9
    assert f"% of the part of the map with a finite outcome ({known} of 9 points), " in str(result)
    assert "no economy on the rest: mechanisms.ability.ability_tail = " in str(result)
    assert "tails that are too heavy at params.ability_sd = 1" in str(result)


def test_with_fixed_reach_ai_augments_the_same_tasks_before_and_after(model, plane, directly):
    none = OtherDraws(model, 0, drawn)
    comparison = Comparison(("m1",), before=0.4, fixed_reach=True)
    line = dataclasses.replace(plane, x=axis("ability_tail:1.1:1.2", mechanisms=model.outcome_map.scenario.mechanisms))
    result = outcome_plane(model, line, comparison, none, count=2)
    reach = HeldReach(SkilledFirst(), 0.4)
    values = {**model.values, "beta": float(result.y[0])}
    ability = SinhArcsinhAbility(float(result.x[1]), 0.0)
    held = directly(values, Mechanisms(ability=ability, reach=reach), (0.4, 1.0))
    assert result.changes["m1"][1, 0] == pytest.approx(float(held[0]), rel=1e-10)
    assert held[0] != directly(values, Mechanisms(ability=ability), (0.4, 1.0))[0]
    assert result.comparison == "AI from 0.4 to 1, on the tasks that it reaches at 0.4"


@pytest.mark.parametrize("reach", [SkilledFirst(), UniformReach()])
def test_a_held_reach_is_that_of_its_level(baseline, reach):
    held = HeldReach(reach, 0.5)
    for level in (0.0, 0.5, 2.0):
        np.testing.assert_array_equal(held.exposure(baseline, level), reach.exposure(baseline, np.float64(0.5)))
    assert not Mechanisms(reach=held).number_names


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        (Comparison(("m1",), fixed_reach=True), r"before there is none \(A0 = 0\); give a level before"),
        (Comparison(("m1",), before=1.0), "before is 1, expected at least 0 and less than the one after, 1"),
        (Comparison(("m1",), before=-0.1), "expected at least 0"),
    ],
)
def test_levels_that_cannot_be_compared_are_refused(model, comparison, message):
    with pytest.raises(AnalysisError, match=message):
        comparison.of(model.outcome_map)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ability_tail", r'ability_tail is a number of the ability sinh_arcsinh.*set model\.ability = "sinh_arcsinh"'),
        ("xi:0.5", "expected NAME or NAME:LOW:HIGH"),
        ("xi:a:b", "expected NAME or NAME:LOW:HIGH"),
        ("xi:0.5:7", "the range 0.5 to 7 is not usable"),
        ("nothing", "there is nothing called nothing"),
    ],
)
def test_axes_that_cannot_be_used_are_refused(name, message):
    with pytest.raises(AnalysisError, match=message):
        axis(name)


def test_a_number_of_a_mechanism_is_an_axis_on_its_usual_range(scenario):
    mechanisms = scenario.mechanisms
    assert mechanisms.number_names == NUMBERS
    tail = axis("ability_tail", mechanisms=mechanisms)
    assert (tail.low, tail.high) == (0.7, 1.4)
    assert mechanisms.with_numbers({"ability_skew": 0.1}).numbers == {"ability_tail": TAIL, "ability_skew": 0.1}
    with pytest.raises(AnalysisError, match=r"the range 0\.1 to 1 is not usable; give two values in \[0\.5, 1\.6\]"):
        axis("ability_tail:0.1:1", mechanisms=mechanisms)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"outcomes": ("nothing",)}, MomentError, "there is nothing called nothing"),
        ({"fixed_reach": True}, ConfigError, "name an outcome"),
        ({"before": 0.5}, ConfigError, "name an outcome"),
    ],
)
def test_what_cannot_be_mapped_is_refused_before_computing(options, kind, message, monkeypatch):
    monkeypatch.setattr("aigini.commands.regimes.at_estimates", None)
    with pytest.raises(kind, match=message):
        aigini.regimes(load(), **options)


def test_the_figure_names_the_regions(result):
    figure = figure_of(result, "m2")
    panel = figure.axes[0]
    assert {text.get_text() for text in panel.texts} == {"positive", "negative"}
    assert panel.get_xlabel() == "weight of the tails of log ability, t"
    assert "positive" not in {text.get_text() for text in figure_of(result, "m1").axes[0].texts}


@pytest.mark.slow
def test_the_command_maps_an_outcome_that_no_other_analysis_reports(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AIGINI_CACHE", "off")
    settings = ["population.n_workers=4096", "population.n_firms=60", "calibration.replications=2"]
    options = [part for setting in settings for part in ("--set", setting)]
    options += ["--outcome", "m6", "--outcome", "education_return", "--plane", "sigma,beta", "--grid", "3"]
    monkeypatch.setattr(sys, "argv", ["aigini", "regimes", *options, "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert not done.value.code, capsys.readouterr().err
    again = load_result(tmp_path, "regimes")
    (plane,) = again.outcome_planes
    assert list(plane.changes) == ["gini_total", "education_return"]
    assert plane.units["education_return"] == "change in log points per year"
    frame = again.to_frame()
    assert len(frame) == 18
    assert frame["change s.e."].notna().all()
    content = json.loads((tmp_path / "regimes.json").read_text())
    assert np.shape(content["outcome_planes"][0]["changes"]["education_return"]) == (3, 3)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        "map_gini_total_sigma_beta.png",
        "map_education_return_sigma_beta.png",
    }
    assert "education_return" in capsys.readouterr().out

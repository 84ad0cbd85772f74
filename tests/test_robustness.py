"""The table of variants: its rows, the same numbers as the commands give, failures that say so, and resumption."""

import csv
import dataclasses
import json
import sys

import numpy as np
import pytest

import aigini
from aigini import cli
from aigini.analysis.regimes.distance import distances
from aigini.analysis.robustness.findings import (
    CHANCE,
    CHANGE,
    CHANNEL,
    CLAIM,
    GROUPS,
    PARAMETER,
    PROPOSITION,
    RIDGE,
    Finding,
)
from aigini.analysis.robustness.propositions import PROPOSITIONS
from aigini.commands.registry import load_result
from aigini.commands.variant_estimates import VariantEstimates, between
from aigini.config import load
from aigini.config.variants import BASELINE, VARIANTS, Variant, chosen
from aigini.economy.channels import CHANNEL_NAMES
from aigini.errors import ConfigError
from aigini.figures import robustness_curve
from aigini.runtime.evaluations import kept_in
from aigini.runtime.progress import watched
from aigini.storage.ledger import Ledger

# The sizes of tests/test_analysis.py, whose compiled programs are shared.
SMALL = {"population.n_workers": 4096, "population.n_firms": 60, "calibration.replications": 2}
NAMES = ("baseline", "m6_zero", "m1_minus345")


class Killed(BaseException):
    """Stands for kill -9: nothing in the package may catch it."""


@pytest.fixture(scope="module")
def config():
    return load(None, SMALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("robustness")


@pytest.fixture(scope="module")
def result(config, folder):
    """The table, after it was killed in the middle and resumed."""

    def kill(part, done, total):
        if (part, done) == ("ridge", 9):
            raise Killed

    with pytest.raises(Killed), watched(kill), kept_in(Ledger(folder, config, "s", resume=False)):
        aigini.robustness(config, variants=NAMES)
    with kept_in(Ledger(folder, config, "s", resume=True)):
        return aigini.robustness(config, variants=NAMES)


def test_the_table_has_a_row_for_every_variant_and_finding(result):
    frame = result.to_frame()
    assert tuple(dict.fromkeys(frame["variant"])) == NAMES
    assert set(frame["group"]) <= set(GROUPS)
    assert not frame.duplicated(["variant", "group", "quantity"]).any()
    own = frame[frame["variant"] == BASELINE]
    assert set(own["group"]) == set(GROUPS)
    parameters = own[own["group"] == PARAMETER]
    assert list(parameters["quantity"]) == list(load().free)
    assert (parameters["target s.e."] > 0).all()
    assert (parameters["worst-case s.e."] >= parameters["target s.e."]).all()
    assert (parameters["value s.e."] > 0).all()
    assert len(own[own["group"] == CHANNEL]) == 2 * len(CHANNEL_NAMES)
    assert list(own[own["group"] == PROPOSITION]["quantity"]) == [one.name for one in PROPOSITIONS]
    assert own[own["group"] == PROPOSITION]["value"].isna().all()


def test_numbers_are_those_of_the_commands(result, config):
    row = result.variant(BASELINE)
    sensitivity, channels = aigini.sensitivity(config), aigini.channels(config)
    ridge, near = aigini.sign(config, xis=()), aigini.at_estimates(config)
    assert row.params == near.values
    for name in config.free:
        one = row.get(PARAMETER, name)
        assert (one.value, one.se) == (sensitivity.params[name], sensitivity.se["independent"][name])
        assert one.worst_case_se == sensitivity.se["worst_case"][name]
        assert one.simulation_se == sensitivity.estimate_simulation_se[name]
    for concept in ("total", "wage"):
        name = f"gini_{concept}"
        one = row.get(CHANGE, name)
        assert (one.value, one.se) == (sensitivity.changes[name], sensitivity.outcome_se["independent"][name])
        assert one.simulation_se == sensitivity.change_simulation_se[name]
        (chance,) = (s for s in sensitivity.signs if s.concept == concept and "m6" not in s.estimated_with)
        assert row.get(CHANCE, name).value == chance.probability
        assert row.get(CHANCE, name).words.startswith("not reliable") == bool(chance.unreliable)
        for channel in CHANNEL_NAMES:
            contribution = channels.outcomes[name].contribution(channel)
            assert row.get(CHANNEL, f"{name}: {channel}").simulated == contribution
    lowest, highest = ridge.extremes(near.values["xi"])
    assert row.get(RIDGE, "lowest").simulated == lowest.change("total")
    assert row.get(RIDGE, "highest").simulated == highest.change("total")
    both = "do not identify the sign" in ridge.statement
    assert (row.get(RIDGE, "verdict").words == "left open") == both


def test_the_distance_to_the_boundary_is_that_of_the_regimes(result, config, monkeypatch):
    few = {"eta1": (0.2, 0.8)}
    monkeypatch.setattr("aigini.commands.regimes.distances", lambda model, _: distances(model, few))
    monkeypatch.setattr("aigini.commands.regimes.first_order", lambda *_: None)
    for one in aigini.regimes(config, planes=()).distances:
        move, name = one.alone["eta1"], f"gini_{one.concept}"
        at, length = (result.variant(BASELINE).get("boundary", f"{name}: {what}") for what in ("eta1", "distance"))
        assert (at.value, length.value) == (move.to.get("eta1"), move.distance)
        assert (at.simulation_se, length.simulation_se) == (
            move.to_simulation_se.get("eta1"),
            move.distance_simulation_se,
        )
        assert (at.words == "flips the sign") == one.flips("eta1")


def test_a_variant_meets_its_own_targets_from_the_estimates_of_the_baseline(result, config):
    row = result.variant("m6_zero")
    assert row.get("estimation", "fit").words == "FITTED"
    assert abs(row.get(CHANGE, "gini_total").value) < 1e-8
    alone = aigini.at_estimates(load(None, {**SMALL, "targets.m6": {"value": 0.0, "se": 0.007}}))
    for name in config.free:
        assert row.get(PARAMETER, name).value == pytest.approx(alone.values[name], rel=1e-5)
    assert row.choices["targets"] == "m6 = 0"


def test_a_variant_without_estimates_is_a_row_that_says_so(result):
    row = result.variant("m1_minus345")
    assert row.failure.startswith("the targets are not met where the search came closest (AT_BOUND; at a bound: sigma)")
    assert row.get(PARAMETER, "sigma").words == "no estimate"
    # The fit that came closest is one that data would not reject, so what needs no standard errors is told of it.
    assert row.get(CHANGE, "gini_wage").words == "falls (at the closest fit)"
    assert row.get(CHANGE, "gini_wage").se is None
    assert not row.of(CHANCE)
    assert row.of(CHANNEL)
    assert row.get(PROPOSITION, "homogenization").words == "holds"
    assert f"m1_minus345: no estimates: {row.failure}" in str(result)
    frame = result.to_frame()
    failed = frame[(frame["variant"] == "m1_minus345") & (frame["quantity"] == "failed")]
    assert list(failed["words"]) == [row.failure]


def test_a_configuration_that_is_refused_is_a_row_that_says_so(config, monkeypatch):
    heavy = Variant("too_heavy", "tails without a mean", {"model.ability": "sinh_arcsinh", "params.ability_sd": 3.0})
    monkeypatch.setattr("aigini.config.variants.VARIANTS", (*VARIANTS[:1], heavy))
    no_estimates = VariantEstimates(config, None, "not asked for")
    monkeypatch.setattr("aigini.commands.robustness._base", lambda source: no_estimates)
    (row,) = aigini.robustness(config, variants=["too_heavy"]).variants
    assert not row.findings
    assert "tails that are too heavy" in row.failure


def test_every_proposition_is_decided_by_the_signs_of_its_numbers(result):
    row = result.variant(BASELINE)
    for one in PROPOSITIONS:
        numbers = {name: row.get(CLAIM, name).simulated for name in one.claims}
        verdict, _, unmet = row.get(PROPOSITION, one.name).words.partition(";")
        assert (verdict == "holds") == all(sign * numbers[name].sign > 0 for name, sign in one.claims.items())
        assert bool(unmet) != one.applies(row.params)
        # Workers of the baseline have one skill.
        assert verdict == ("not defined" if one.name == "social skills" else "holds"), one.name


def test_a_resumed_table_has_the_bits_of_one_that_was_not_killed(result, config):
    assert aigini.robustness(config, variants=NAMES[:1]).variants[0] == result.variant(BASELINE)


def test_the_curve_shows_every_variant_and_what_they_differ_in(result):
    figure = robustness_curve(result)
    choices = figure.axes[-1]
    labels = [label.get_text() for label in choices.get_xticklabels()]
    assert sorted(labels) == sorted(name.replace("_", " ") for name in NAMES)
    rows = [label.get_text() for label in choices.get_yticklabels()]
    assert rows == [row for row in rows if row.startswith("targets: ")]
    assert len(rows) == 3


def test_all_that_is_asked_for_is_in_the_files(result, folder, config, monkeypatch, capsys):
    monkeypatch.setenv("AIGINI_CACHE", "off")
    settings = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
    monkeypatch.setattr(
        sys, "argv", ["aigini", "robustness", *settings, "--variants", "baseline", "--out", str(folder)]
    )
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert not done.value.code, capsys.readouterr().err
    content = json.loads((folder / "robustness.json").read_text())
    assert [one["name"] for one in content["variants"]] == ["baseline"]
    assert set(content["variants"][0]["findings"][0]) == {field.name for field in dataclasses.fields(Finding)}
    with (folder / "robustness.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    frame = load_result(folder, "robustness").to_frame()
    assert [row["quantity"] for row in rows] == list(frame["quantity"])
    np.testing.assert_array_equal([float(row["value"] or "nan") for row in rows], frame["value"].astype(float))
    assert (folder / "figures" / "robustness_curve.png").exists()


# --- the list of variants ---------------------------------------------------------------------------------------------


def test_scenarios_are_those_of_the_files():
    by_name = {variant.name: variant for variant in VARIANTS}
    for name in ("m6_minus002", "m6_zero", "m6_plus008", "wage_gini_imf", "m1_minus345"):
        ours, file = load(None, by_name[name].overrides), load(f"configs/{name}.toml")
        assert ours.source == file.source


def test_every_variant_is_a_valid_configuration_of_its_own():
    digests = [load(None, variant.overrides).digest for variant in VARIANTS]
    assert len(set(digests)) == len(VARIANTS)
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    assert VARIANTS[0].name == BASELINE


@pytest.mark.parametrize("names", ["nonsense", "baseline,,m6_zero", "baseline,baseline", ""])
def test_variants_that_are_none_are_one_sentence_and_exit_code_2(names, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("aigini.commands.robustness.at_estimates", None)
    monkeypatch.setattr(sys, "argv", ["aigini", "robustness", "--variants", names, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as done:
        cli.main()
    out, err = capsys.readouterr()
    assert (done.value.code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "--variants" in err
    assert not (tmp_path / "out").exists()


def test_variants_are_chosen_in_the_order_asked_for():
    assert [one.name for one in chosen(["m6_zero", "baseline"])] == ["m6_zero", "baseline"]
    assert chosen() == VARIANTS
    with pytest.raises(ConfigError, match="did you mean unskilled_first"):
        chosen(["unskiled_first"])


def test_numbers_of_a_variant_begin_at_those_of_the_configuration(config):
    heavy = next(one for one in VARIANTS if one.name == "heavy_tails")
    half = between(config, heavy, 0.5)
    assert half == {"model.ability": "sinh_arcsinh", "mechanisms.ability.ability_tail": pytest.approx(1.1)}
    scenario = next(one for one in VARIANTS if one.name == "m1_minus345")
    assert between(config, scenario, 0.5)["targets.m1"]["value"] == pytest.approx((-0.19 - 0.345) / 2)
    shared = Variant("rents", "patent rents", {"params.xi": 0.35})
    assert between(config, shared, 0.0) == {"params.xi": 0.12}

"""Simulated panels: outcomes are the economy's, draws do not depend on blocks, and assumptions do what they say."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import norm

import aigini
from aigini.economy.economy import Scenario
from aigini.economy.equilibrium import markets
from aigini.economy.mechanisms import Mechanisms
from aigini.economy.quadrature import node_mean
from aigini.economy.skills import TwoSkills
from aigini.errors import CheckpointError, ConfigError, DataError
from aigini.panel import files, panel_of
from aigini.panel.generator import TYPES, generator
from aigini.panel.schema import STRUCTURES
from aigini.panel.settings import NUMBERS, PanelSettings
from aigini.panel.states import log_gain
from aigini.panel.workers import group
from aigini.parameters import Parameters

NO_ERRORS = {name: 0.0 for name in NUMBERS if name.endswith("_error")}
SMALL = PanelSettings(n_workers=2048, n_firms=64, tasks=4, compliance=1.0, **NO_ERRORS)


def rows_of(panel):
    return {name: np.concatenate([rows[name] for rows in panel]) for name in TYPES}


def frame_of(panel):
    rows = rows_of(panel)
    return pd.DataFrame(rows | {"ai_structure": np.asarray(STRUCTURES)[rows["ai_structure"]]})


@pytest.fixture(scope="module")
def baseline_panel():
    return generator(Parameters(), Scenario(), SMALL)


@pytest.fixture(scope="module")
def baseline_markets():
    return jax.jit(markets)(Parameters(), np.array([0.0, 1.0]))


def of(panel, **changes):
    """The same economy with another panel."""
    return generator(panel.states[0].parameters, Scenario(), dataclasses.replace(panel.settings, **changes))


def test_a_panel_is_valid_and_balanced(baseline_panel):
    panel = panel_of(frame_of(baseline_panel))
    assert panel.balanced
    assert len(panel) == 2048 * 4 * 10
    assert panel.limits == ()
    assert panel.count("occupation") == 16
    assert len(set(np.bincount(panel["occupation"]))) == 1


def test_rows_do_not_depend_on_the_size_of_blocks(baseline_panel):
    settings = {**dict.fromkeys(NO_ERRORS, 0.1), "compliance": 0.5, "missing": 0.2, "late_entry": 0.3, "exit_rate": 0.1}
    one = rows_of(of(baseline_panel, **settings))
    for block in (1, 300):
        other = rows_of(of(baseline_panel, **settings, block=block))
        for name in TYPES:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_with_full_compliance_means_are_those_of_the_economy(baseline_panel, baseline_markets):
    """Means over workers of an occupation against the equilibrium, errors clustered by firm."""
    panel = of(baseline_panel, n_workers=8192, n_firms=512)
    frame = frame_of(panel).drop_duplicates(["worker", "period"])
    starts = panel.firms.start + 1
    frame["start"] = starts[frame["firm"] - 1]
    before, after = frame[frame["period"] == 1], frame[(frame["period"] >= frame["start"]) & (frame["period"] == 10)]
    params, deviations = Parameters(), []
    for k, sample in enumerate((before, after)):
        for o in range(16):
            own = sample[sample["occupation"] == o + 1]
            state = {name: np.asarray(getattr(baseline_markets.screening, name))[k, o] for name in ("prior", "sample")}
            treated = np.asarray(baseline_markets.treated.diagnostic_variance)[k, o]
            prices = baseline_markets.prices
            human = np.exp(np.asarray(baseline_markets.totals.log_human)[k, o])
            rent = params.asset_return + np.asarray(prices.ai_rent)[k, o]
            wage = (
                np.asarray(prices.human_return)[k, o] * human + np.asarray(prices.fixed_value)[k, o] + params.xi * rent
            )
            noise = params.signal_noise_sd**2
            for name, expected in (
                ("wage", wage),
                ("assessed_human_capital", np.asarray(baseline_markets.log_human_mean)[k, o]),
            ):
                firm = own.groupby("firm")[name].agg(["sum", "count"])
                error = math.sqrt(((firm["sum"] - expected * firm["count"]) ** 2).sum()) / len(own)
                deviations.append((own[name].mean() - expected) / error)
            spread = own["work_sample"].var()
            deviations.append((spread / (treated + noise) - 1) / math.sqrt(2 / len(own)))
            assert state["prior"] > 0
    z = np.array(deviations)
    assert np.abs(z).max() < 4.5
    # Of 96 deviations, most of them independent, the mean square is 1 but for sampling error.
    assert 0.6 < np.mean(z**2) < 1.5


def test_without_ai_nothing_changes_but_assets():
    panel = generator(Parameters(), Scenario(A0=0.0, A1=0.0), SMALL)
    frame = frame_of(panel)
    assert frame["ai_use"].any()
    for name in ("output", "schooling", "work_sample", "assessed_human_capital", "credential_required"):
        constant = frame.groupby(["worker", "task"])[name].nunique()
        assert (constant == 1).all(), name
    assert panel.states[0].growth[0] == panel.states[0].growth[1]


def test_output_with_ai_is_that_of_the_technology(baseline_panel):
    """y = h φ (1 + β m) + α m (η0 + η1 κ), with h from schooling and ability, without errors of measurement."""
    params, frame = Parameters(), frame_of(baseline_panel)
    tasks = baseline_panel.states[0].production.tasks
    skill, exposure = np.asarray(tasks.skill)[1], np.asarray(tasks.exposure)[1]
    task, use = frame["task"].to_numpy() - 1, frame["ai_use"].to_numpy()
    human = np.exp(frame["ability_proxy"]) * (1 + params.schooling_return * frame["schooling"])
    intensity = baseline_panel.firms.intensity[frame["firm"] - 1, frame["period"] - 1]
    ai = params.eta0 + params.eta1 * intensity
    expected = human * skill[task] * (1 + params.beta * exposure[task] * use) + params.alpha * exposure[task] * ai * use
    np.testing.assert_allclose(frame["output"], expected, rtol=1e-5)


def test_a_second_skill_has_schooling_and_output_of_its_own(baseline_panel):
    """Other schooling has the mean of the equilibrium, and output beside that of human capital is φ_s h_s."""
    skills = TwoSkills()
    scenario = Scenario(mechanisms=Mechanisms(skills=skills))
    panel = generator(Parameters(), scenario, baseline_panel.settings)
    frame = frame_of(panel)
    before = frame[frame["period"] == 1]
    market = jax.jit(lambda: markets(Parameters(), jnp.array([0.0, 1.0]), scenario.mechanisms))()
    expected = float(jnp.mean(node_mean(market.social.schooling[0])))
    each = before.drop_duplicates("worker")["other_schooling"]
    assert abs(each.mean() - expected) < 4.5 * each.std() / math.sqrt(len(each))
    human = np.exp(before["ability_proxy"]) * (1 + Parameters().schooling_return * before["schooling"])
    task = before["task"].to_numpy() - 1
    beside = before["output"] - human * np.asarray(panel.states[0].production.tasks.skill)[0][task]
    social = (beside / np.asarray(skills.task_output())[task]).groupby(before["worker"]).agg(["min", "max"])
    np.testing.assert_allclose(social["min"], social["max"], rtol=2e-4)
    kept = np.concatenate([group(panel.settings, panel.states, panel.firms, k).social[0] for k in range(panel.groups)])
    np.testing.assert_allclose(social["max"], kept, rtol=2e-4)


def test_assets_follow_the_law_before_and_after_adoption(baseline_panel):
    panel = of(baseline_panel, n_firms=20_000)
    firms, states = panel.firms, panel.states[0]
    row = np.arange(20_000)
    adopts = firms.start < 10
    np.testing.assert_allclose(firms.log_assets[row, firms.reference], firms.rank)
    for t in range(1, 10):
        for some, rate in ((adopts & (firms.start < t), states.growth[1]), (~adopts | (firms.start >= t), 0.9)):
            if not some.any():
                continue
            x, y = firms.log_assets[some, t - 1], firms.log_assets[some, t]
            assert abs((x @ y) / (x @ x) - rate) < 4.5 * states.innovation / math.sqrt(x @ x)
    mean, error = firms.intensity.mean(axis=0), firms.intensity.std(axis=0) / math.sqrt(20_000)
    assert (np.abs(mean - 1) < 4.5 * error).all()


@pytest.mark.parametrize("selection", ["none", "ability", "gain"])
def test_selection_into_ai_use_is_as_strong_as_asked(baseline_panel, selection):
    panel = of(baseline_panel, compliance=0.4, selection=selection, selection_strength=0.5)
    groups = [group(panel.settings, panel.states, panel.firms, k) for k in range(panel.groups)]
    user = np.concatenate([own.user for own in groups])
    occupation = np.repeat([own.occupation for own in groups], len(groups[0].user))
    human = np.concatenate([own.human[0] for own in groups])
    ability = np.concatenate([own.log_ability for own in groups]) / 0.55
    gain = np.asarray(log_gain(panel.states[0].production, jnp.asarray(human), jnp.asarray(occupation)))
    gain = (gain - panel.states[0].gain_mean) / panel.states[0].gain_sd
    # Of a standard normal trait, the mean of the 40 % most inclined when inclination correlates with it by one half.
    expected = 0.5 * norm.pdf(ndtri(0.6)) / 0.4
    error = 4.5 / math.sqrt(user.sum())
    assert abs(ability.mean()) < 4.5 / math.sqrt(len(ability))
    assert abs(gain.mean()) < 4.5 / math.sqrt(len(gain))
    if selection == "ability":
        assert abs(ability[user].mean() - expected) < error
        assert abs(user.mean() - 0.4) < 4.5 * math.sqrt(0.24 / len(user))
    elif selection == "none":
        assert abs(ability[user].mean()) < error
        assert abs(gain[user].mean()) < error
    else:  # the gain is skewed, so that the mean of those who use AI is near that of a normal trait only
        assert abs(gain[user].mean() / expected - 1) < 0.25
        top = occupation == 15  # where all gain, those of low ability gain most
        assert ability[user & top].mean() < ability[top].mean()


def test_spillovers_reach_the_wages_of_those_without_ai_only_where_asked(baseline_panel):
    settings = {"adopters": 0.5, "first_adoption": 5, "last_adoption": 5}
    without, half = (frame_of(of(baseline_panel, spillover=share, **settings)) for share in (0.0, 0.5))
    unaffected = (without["period"] < 5) | (without["ai_use"] == 1)
    np.testing.assert_array_equal(without["wage"][unaffected], half["wage"][unaffected])
    reached = ~unaffected
    assert (without["wage"][reached] != half["wage"][reached]).mean() > 0.99
    for name in ("output", "schooling"):
        np.testing.assert_array_equal(without[name], half[name])


def test_separate_structures_have_the_mean_of_the_mixed_one(baseline_panel):
    """Over the draw of the structure, wages and output of a worker are those of the economy."""
    share = 0.4  # of proprietary AI, at the baseline
    mixed = frame_of(baseline_panel)
    separate = of(baseline_panel, structure="separate")
    each = []
    for proprietary in (False, True):
        firms = dataclasses.replace(separate.firms, proprietary=np.full(64, proprietary))
        each.append(frame_of(dataclasses.replace(separate, firms=firms)))
    for name in ("wage", "output"):
        np.testing.assert_allclose(mixed[name], (1 - share) * each[0][name] + share * each[1][name], rtol=2e-6)
    assert abs(of(baseline_panel, structure="separate", n_firms=10_000).firms.proprietary.mean() - share) < 0.02


def test_each_rent_share_is_a_labour_market_of_its_own(baseline_panel):
    panel = of(baseline_panel, rent_shares=(0.0, 0.5))
    frame = frame_of(panel)
    assert set(np.round(frame["rent_share"], 6)) == {0.0, 0.5}
    alone = frame_of(of(baseline_panel, rent_shares=(0.5,)))
    same = frame["rent_share"] == 0.5
    np.testing.assert_array_equal(frame["schooling"][same], alone["schooling"][same])


def test_workers_enter_leave_and_miss_waves(baseline_panel):
    frame = frame_of(of(baseline_panel, late_entry=0.5, exit_rate=0.1, missing=0.2))
    seen = frame.groupby("period").size().to_numpy() / (4 * 2048)
    late = 0.5 * np.arange(10) / 9 + 0.5
    expected = late * 0.9 ** np.arange(10) * 0.8
    assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 2048)).all()
    assert not panel_of(frame).balanced


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_files_are_read_back_and_an_interrupted_panel_goes_on(baseline_panel, tmp_path, form, monkeypatch):
    panel = of(baseline_panel, block=512, form=form, output_error=0.2)
    whole = files.write_parts(tmp_path / "whole", panel, "panel")
    assert len(whole) == 4
    assert sum(part["rows"] for part in whole) == 2048 * 4 * 10
    block = type(panel).block
    monkeypatch.setattr(type(panel), "block", lambda self, groups: block(self, groups) if groups.start < 8 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        files.write_parts(tmp_path / "again", panel, "panel")
    monkeypatch.undo()
    assert [path.name for path in sorted((tmp_path / "again").glob("part*"))][:2] == [p["name"] for p in whole[:2]]
    with pytest.raises(CheckpointError, match="belong to another panel"):
        files.write_parts(tmp_path / "again", panel, "other", resume=True)
    files.write_parts(tmp_path / "again", panel, "panel", resume=True)
    for part in whole:
        assert (tmp_path / "again" / part["name"]).read_bytes() == (tmp_path / "whole" / part["name"]).read_bytes()
    read = files.read_panel(tmp_path / "whole")
    direct = panel_of(frame_of(panel))
    for name in direct.columns:
        np.testing.assert_allclose(read[name], direct[name], rtol=1e-6 if form == "csv" else 0, err_msg=name)


def test_files_that_are_no_panel_are_refused(tmp_path):
    with pytest.raises(DataError, match="has no panel"):
        files.read_panel(tmp_path / "nothing.csv")
    (tmp_path / "some.csv").write_text("emp,pay\n1,2\n")
    with pytest.raises(DataError, match="worker is to be read from 'employee'"):
        files.read_panel(tmp_path / "some.csv", {"worker": "employee"})
    (tmp_path / "mapping.toml").write_text('[columns]\nworker = "emp"\nwage = 3\n')
    with pytest.raises(DataError, match=r"wage of \[columns\] is no text"):
        files.read_mapping(tmp_path / "mapping.toml")


def test_mistakes_of_the_section_are_named_together():
    with pytest.raises(ConfigError) as caught:
        aigini.load(
            None,
            {
                "panel.tasks": 5,
                "panel.first_adoption": 9,
                "panel.last_adoption": 12,
                "panel.compliance": 1.5,
                "panel.rent_shares": [0.1, 0.1],
            },
        )
    text = str(caught.value)
    for words in (
        "panel.tasks = 5 does not divide 24",
        "last_adoption = 12 is after",
        "panel.compliance",
        "rent_shares",
    ):
        assert words in text, words
    assert aigini.load(None, {"panel.seed": 3}).panel == PanelSettings(seed=3)
    assert aigini.load().panel == PanelSettings()

"""`aigini dynamics`: its result, file and figures, what it refuses, and what is true of its numbers."""

import json

import numpy as np
import pytest
from scipy.special import erf, expit

import aigini
from aigini import cli
from aigini.commands.dynamics import DYNAMICS
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.dynamics.branches import branch_over_growth
from aigini.dynamics.mean_field import asset_law
from aigini.dynamics.phases import Setting
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.errors import AnalysisError
from aigini.storage.ledger import Ledger

SMALL = {
    "population.n_workers": 2**10,
    "population.n_firms": 40,
    "population.precision": "float64",
    "calibration.replications": 2,
    "dynamics.years": 24,
}
TWO_REGIMES = "configs/two_regimes.toml"


@pytest.fixture(scope="module")
def two():
    return aigini.transition(TWO_REGIMES, **SMALL)


class TestTwoRegimes:
    def test_are_there_with_the_economy_at_rest_in_each(self, two):
        assert two.long_run.names == ["labour-strong", "unstable", "asset-dominated"]
        assert two.long_run.complete
        labour, assets = two.at_rest
        assert labour.levels["labour_share"] > assets.levels["labour_share"] + 0.1
        assert labour.levels["gini_total"] < assets.levels["gini_total"]
        # q_A hardly depends on the regime: the map takes it as given.
        assert assets.rent == pytest.approx(labour.rent, rel=0.02)

    def test_the_survival_condition_is_that_of_the_certified_fixed_points(self, two):
        values = {name: {**two.params, **two.dynamics}[name] for name in MAP_PARAMETERS}
        limit, back = two.branch.survival, two.branch.return_growth

        def count(growth):
            return len(aigini.dynamics.long_run_fixed_points(**values, growth=growth, upper=1e6).points)

        for fold in (limit, back):
            assert abs(count(fold * (1 - 1e-8)) - count(fold * (1 + 1e-8))) == 2
        assert back < two.growth < limit
        law = asset_law(values)
        for v, growth in zip(two.branch.fold_variance, two.branch.fold_growth, strict=True):
            assert float(law.multiplier(v, growth)) == pytest.approx(1.0, abs=1e-9)

    def test_rising_and_falling_growth_go_round_a_loop(self, two):
        values = {name: {**two.params, **two.dynamics}[name] for name in MAP_PARAMETERS}
        middle = (two.branch.survival + two.branch.return_growth) / 2
        grid = np.linspace(0.07, two.branch.survival * 1.0005, 60)

        def settled(v, growth):
            for _ in range(4000):
                v = following(v, growth)
            return v

        def following(v, growth):
            share = expit((erf(values["psi"] * np.sqrt(v) / 2) - values["erosion_midpoint"]) / values["erosion_width"])
            xi = values["xi"] * (1 - values["bargaining_erosion"] * share)
            rho = 1 - values["asset_reversion"] + growth * (1 - xi)
            return rho**2 * v + values["asset_sd"] ** 2 * (1 - (1 - values["asset_reversion"]) ** 2)

        up, v = {}, 1.0
        for growth in grid:
            v = settled(v, growth)
            up[growth] = v
        down = {}
        for growth in grid[::-1]:
            v = settled(v, growth)
            down[growth] = v
        nearest = min(grid, key=lambda growth: abs(growth - middle))
        assert up[nearest] < two.long_run.boundary < down[nearest]
        assert down[grid[0]] == pytest.approx(up[grid[0]], rel=1e-9)

    @pytest.mark.slow
    def test_paths_are_in_the_regime_of_the_phase_diagram_while_a_gap_is_open(self):
        # In year 12 V is below the unstable point of the long run on every path, and people are still far behind.
        own = {**SMALL, "dynamics.years": 12, "calibration.replications": 0}
        early = aigini.transition(TWO_REGIMES, **own)
        assert all(path.aggregate["variance"][-1] < early.long_run.boundary for path in early.paths)
        config = load(TWO_REGIMES, own)
        for path in early.paths:
            speeds = {"deployment_speed": path.deployment_speed, "retool_speed": path.retool_speed}
            reached = Setting(config.params, config.dynamics, config.scenario).moved(speeds).reached()
            assert path.regime == reached.regime
        regimes = {path.name: path.regime for path in early.paths}
        assert regimes["fast deployment, slow retooling"] == "asset-dominated"
        assert regimes["fast deployment, fast retooling"] == "labour-strong"
        assert all(one.value is not None for one in early.critical.values())

    def test_the_critical_speed_separates_paths(self, two):
        critical = two.critical["deployment speed 0.5"]
        assert critical.low_regime == "asset-dominated"
        for change, regime in ((0.99, "asset-dominated"), (1.01, "labour-strong")):
            own = {**SMALL, "dynamics.retool_speed": critical.value * change, "calibration.replications": 0}
            again = aigini.transition(TWO_REGIMES, **own)
            assert again.paths[0].regime == regime

    def test_every_number_has_a_simulation_error(self, two):
        assert two.draws == 2
        for path in two.paths:
            assert all((path.levels_simulation_se[name] >= 0).all() for name in path.levels)
            assert path.change("gini_total").error > 0
        for state in two.at_rest:
            assert all(state.changes_simulation_se[name] > 0 for name in state.changes)
            assert state.levels_simulation_se["labour_share"] > 0
        assert len(two.to_frame()) == 5 * 25
        assert "asset-dominated below" in str(two)

    def test_figures_are_drawn_and_the_file_is_read_again(self, two, tmp_path):
        paths = aigini.draw(two, tmp_path)
        assert {path.stem for path in paths} == {"dynamic_paths", "phase_portrait", "bifurcation"}


def test_the_published_share_of_workers_leaves_one_regime():
    config = load(None, {**SMALL, "calibration.replications": 0})
    result = DYNAMICS.compute(config)
    assert len(result.long_run.points) == 1
    assert result.long_run.stable.all()
    assert result.critical == {}
    assert {path.regime for path in result.paths} == {"the only one"}
    assert "simulation errors were not measured" in str(result)
    assert len(aigini.dynamics.long_run_fixed_points.__doc__) > 100


def test_folds_vanish_where_bargaining_does_not_erode():
    law = asset_law(
        {
            "xi": 0.6,
            "bargaining_erosion": 0.0,
            "erosion_midpoint": 0.75,
            "erosion_width": 0.04,
            "asset_reversion": 0.1,
            "asset_sd": 1.0,
            "psi": 1.0,
        }
    )
    branch = branch_over_growth(law, 400.0)
    assert branch.survival is None
    assert (branch.multiplier < 1).all()


def test_assets_that_explode_are_refused_with_the_year():
    explosive = {**SMALL, "cumulative_advantage": 8.0, "eta1": 0.6, "eta0": 0.4, "scenario.years": 1}
    with pytest.raises(AnalysisError, match="assets explode: in year"):
        aigini.transition(None, **{**explosive, "xi": 0.0})


def test_the_command_writes_a_file_that_can_be_read(tmp_path, capsys):
    arguments = [f"{name}={value}" for name, value in SMALL.items()]
    command = [
        "dynamics",
        TWO_REGIMES,
        "--with",
        "bifurcations",
        "--with",
        "phases",
        "--plane",
        "retool_speed,deployment_speed",
        "--grid",
        "2",
        "--out",
        str(tmp_path / "run"),
    ]
    for one in arguments:
        command += ["--set", one]
    cli.app(command, standalone_mode=False)
    result = load_result(tmp_path / "run", "dynamics")
    assert result.paths[0].aggregate["variance"].shape == (25,)
    printed = capsys.readouterr().out
    assert "asset-dominated below" in printed
    assert "labour-strong ends" in printed
    assert result.critical["deployment speed 0.5"].value is not None
    folds = load_result(tmp_path / "run", "bifurcations")
    assert folds.values["growth"] == pytest.approx(result.growth, rel=1e-12)
    (over_growth,) = (one for one in folds.over if one.name == "growth")
    assert over_growth.folds[-1].value == pytest.approx(result.branch.survival, rel=1e-10)
    phases = load_result(tmp_path / "run", "phases")
    (diagram,) = phases.diagrams
    assert phases.critical_speed == pytest.approx(phases.first_order_speed, rel=0.15)
    assert len(diagram.states) == 4
    assert "rises at" in printed
    assert all(state.change("gini_total").error > 0 for state in diagram.states)
    low = min(diagram.states, key=lambda state: state.variance)
    # At the final adoption the state at rest is that of the transition, whatever the speeds.
    assert low.changes["gini_total"] == pytest.approx(result.at_rest[0].changes["gini_total"], abs=1e-12)
    assert {path.stem for path in (tmp_path / "run" / "figures").glob("*.png")} == {
        "dynamic_paths",
        "phase_portrait",
        "bifurcation",
        "bifurcation_diagrams",
        "bistability",
        "phases_retool_speed_deployment_speed",
    }


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("dynamics.retool_speed=1.2", "dynamics.retool_speed = 1.2"),
        ("dynamics.deployment_midpoint=41.0", "outside the horizon"),
        ("dynamics.years=0", "dynamics.years = 0"),
        ("dynamics.deployment_speeds=[0.5, 0.2]", "expected a slow and a fast speed"),
        ("dynamics.retool_speeds=[0.3, 0.3]", "expected a slow and a fast speed"),
        ("dynamics.retool_speeds=[0.3]", "has 1 entries: expected at least 2"),
        ("dynamics.retool_speeds=[0.1, 0.2, 0.3]", "has 3 entries: expected at most 2"),
        ("dynamics.years=41", "dynamics.years = 41: qmc draws"),
        ("retool_speed=0.2", "did you mean dynamics.retool_speed"),
        ("dynamics.erosion_width=-1.0", "dynamics.erosion_width = -1.0"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(setting, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["aigini", "dynamics", "--set", setting, "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--with", "folds"), "--with folds: there is no such part"),
        (("--with", "all", "--with", "folds"), "--with folds: there is no such part"),
        (("--plane", "xi,eta1"), "--plane: it is for --with phases"),
        (("--grid", "3"), "--grid: it is for --with phases"),
        (("--policy-years", "3"), "--policy-years: it is for --with policy_timing"),
        (("--plane", "xi"), "--plane xi: expected two different parameters"),
        (("--plane", "xi,folds"), "--plane xi,folds: folds is no parameter"),
    ],
)
def test_bad_options_are_a_sentence_and_exit_code_2(option, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["aigini", "dynamics", *option, "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 2
    assert words in capsys.readouterr().err


class Killed(BaseException):
    """Stands for kill -9: nothing in the package may catch it."""


@pytest.mark.slow
def test_every_part_that_is_killed_and_resumed_writes_the_same_numbers(tmp_path, monkeypatch):
    settings = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
    parts = [word for name in ("phases", "firms", "yearly_channels") for word in ("--with", name)]
    command = ["dynamics", TWO_REGIMES, *parts, "--plane", "xi,eta1", "--grid", "2", *settings]
    kept, keep, most = [], Ledger._keep, [float("inf")]

    def counted(self, key, value):
        if len(kept) >= most[0]:
            raise Killed
        kept.append(key)
        keep(self, key, value)

    monkeypatch.setattr(Ledger, "_keep", counted)
    cli.app([*command, "--out", str(tmp_path / "whole")], standalone_mode=False)
    files = sorted(path.name for path in (tmp_path / "whole").glob("*.json") if path.name != "run.json")
    assert files == ["dynamics.json", "firms.json", "phases.json", "yearly_channels.json"]
    keys = list(kept)
    assert len(set(keys)) == len(keys) > 20
    kept.clear()
    for most[0] in (len(keys) // 4, len(keys) // 2, 3 * len(keys) // 4):
        with pytest.raises(Killed):
            cli.app([*command, "--out", str(tmp_path / "cut"), *["--resume"] * bool(kept)], standalone_mode=False)
        assert not (tmp_path / "cut" / "dynamics.json").exists()
    most[0] = float("inf")
    cli.app([*command, "--out", str(tmp_path / "cut"), "--resume"], standalone_mode=False)
    assert kept == keys
    for name in files:
        whole, cut = (json.loads((tmp_path / folder / name).read_text()) for folder in ("whole", "cut"))
        assert {**whole, "run": None} == {**cut, "run": None}, name

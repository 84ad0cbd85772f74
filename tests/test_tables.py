"""Every result prints in tables that fit, and becomes a data frame with the same numbers."""

import dataclasses
import importlib
import pkgutil
import sys

import numpy as np
import pandas
import pytest
from explorer_results import made_explorer
from test_experiments import EXPERIMENTS

import aigini
from aigini.analysis.answered import Answer
from aigini.analysis.occupations.result import (
    ByMeasure,
    Comparison,
    Distribution,
    NotRejected,
    Regime,
    SimulatedOccupations,
    Size,
    Surveyed,
)
from aigini.analysis.occupations.settings import ASSUMPTIONS
from aigini.analysis.regimes.maps import Boundary
from aigini.analysis.regimes.outcome_plane import OutcomePlane
from aigini.analysis.robustness.findings import Finding
from aigini.analysis.robustness.result import Robustness, VariantResult
from aigini.analysis.timing_result import LeverTiming, PolicyTiming, Switch
from aigini.bayes.diagnostics import summarise
from aigini.bayes.sbc import Calibrated
from aigini.bench.scaling import Cell, Scaling
from aigini.commands.registry import load_result
from aigini.commands.reproduce import Reproduction
from aigini.config import load
from aigini.dynamics import bifurcations, fold_curves, long_run_fixed_points
from aigini.dynamics.atlas import LongRunBifurcations
from aigini.dynamics.bifurcation_result import Bifurcations
from aigini.dynamics.branches import branch_over_growth
from aigini.dynamics.critical import Critical
from aigini.dynamics.firm_simulation import FirmConvergence
from aigini.dynamics.mean_field import asset_law
from aigini.dynamics.phase_result import BoundaryPoint, PhaseDiagram, PhaseDiagrams, ReachedState
from aigini.dynamics.result import CHANGES, PathResult, RestResult, Transition
from aigini.dynamics.transition import OUTCOMES
from aigini.dynamics.yearly_channels import YearlyChannels
from aigini.errors import MissingExtraError
from aigini.estimation.weighting import Reweighting, Round
from aigini.inference.overidentification import worst_case_misfit
from aigini.inference.standard_errors import independent
from aigini.oews.regressions import Regression, Regressions
from aigini.oews.result import OccupationWages, TableRead
from aigini.panel.design.diagnosands import Diagnosis
from aigini.panel.design.result import DesignStudy
from aigini.panel.design.result import Regime as DesignRegime
from aigini.panel.design.smallest import RegimeTest, SmallestPanel
from aigini.panel.estimators import between_within, staggered_effects
from aigini.panel.estimators.hypothesis import HypothesisTest, PanelEffect
from aigini.panel.moments.result import PanelMoments
from aigini.panel.result import PanelFiles
from aigini.statistics.report import STATISTIC_UNITS
from aigini.statistics.simulation_result import Simulation
from aigini.storage.comparison import Difference, RunComparison
from aigini.tables import WIDTH, Column, Table, Tabular, numbers, wrapped

NO_TABLE = {
    "AiginiError",
    "Config",
    "Command",
    "Instrument",
    "Intervention",
    "Mechanisms",
    "Moment",
    "Parameters",
    "Population",
    "TaskTechnology",
    "Scenario",
    "Target",
}
"""Classes that `aigini` exports and that are no results."""


def simulation():
    levels = dict.fromkeys(STATISTIC_UNITS, 0.5)
    return Simulation(
        params={},
        moments={"m1": -0.1, "m6": 0.004},
        before=levels,
        after={**levels, "output": 0.6, "gini_wage": None},
        before_arrays={},
        after_arrays={},
        income="total",
        n_workers=100,
        simulation_se={"m1": 0.001},
        change_se={"output": 0.002},
    )


def run_comparison():
    return RunComparison("a", "b", (Difference("config.params.xi", 0.1, 0.2),), (Difference("m6", 0.1, None),), 9, ())


def occupation_wages():
    table = TableRead(2023, "a.xlsx", "0" * 64, 1.5e8, 65_000.0, 830, 239_200.0, 30, 8, 12)
    regression = Regression(
        **dict.fromkeys(("name", "outcome", "exposure", "sample", "years", "estimator"), "x"),
        **dict.fromkeys(("weights", "controls", "fixed_effects", "cluster", "term"), "y"),
        **dict.fromkeys(("coef", "se", "se_hc1", "exposure_sd", "r2"), 0.1),
        se_crv3=None,
        clusters=22,
        n=700,
    )
    return OccupationWages((table,), (regression,))


def simulated_occupations():
    numbers = ("estimate", "se_crv1", "se_crv3", "respondents", "level_sd", "spread_mean", "spread_sd")
    more = ("occupation_change_sd", "group_change_sd", "sd", "n_simulated")
    counts = {"n": 9, "occupations": 9, "clusters": 3}
    survey = Surveyed(name="r", exposure="x", after=[0.0, 1.0], **counts, **dict.fromkeys((*numbers, *more), 0.5))
    levels = ("arrival", "floor", "gini_change", "mean", "sd", "low", "high", "p_value", "power")
    rates = dict.fromkeys((*levels, "rejects_crv1", "rejects_crv3"), 0.5)
    one = Distribution(regression="r", regime="no AI", off="all on", m1=0.0, surveys=500, **rates)
    span = (-0.1, 0.0, 0.01, None, (-0.5, 0.0))
    return SimulatedOccupations(
        assumed={**{name: None for name in ASSUMPTIONS}, "arrival": 1.0, "ai_from": 2023},
        replications=500,
        regimes=(Regime("equalising", 0.1, -0.001, {}),),
        regressions=(survey,),
        distributions=(one,),
        comparisons=(Comparison("r", "no AI", "equalising", "AI", 0.5, 0.1),),
        sizes=(Size("r", "CRV1", 0.06, 0.01),),
        not_rejected=tuple(NotRejected("r", "equalising", quantity, *span) for quantity in ("m1", "arrival")),
        measures=(ByMeasure("r", "x", 0.5, 0.2, {"no AI": 0.3}),),
    )


MAP = {
    "xi": 0.6,
    "bargaining_erosion": 0.9,
    "erosion_midpoint": 0.75,
    "erosion_width": 0.04,
    "asset_reversion": 0.1,
    "asset_sd": 1.0,
    "psi": 1.0,
}


def transition(long_run):
    aggregate = ("level", "adoption", "retooled", "gap", "variance", "asset_gini", "bargaining", "rent", "multiple")
    years = np.arange(3)
    path = PathResult(
        name="slow deployment, fast retooling",
        deployment_speed=0.2,
        retool_speed=0.3,
        aggregate={name: 0.5 + 0.1 * years for name in aggregate},
        levels={name: 0.4 + 0.01 * years for name in OUTCOMES},
        changes={name: 0.01 * years for name in CHANGES},
        levels_simulation_se={name: np.full(3, 1e-3) for name in OUTCOMES},
        changes_simulation_se={name: np.full(3, 1e-4) for name in CHANGES},
        regime="labour-strong",
    )
    unmeasured = dataclasses.replace(path, name="as configured", levels_simulation_se={}, changes_simulation_se={})
    levels, changes = dict.fromkeys(OUTCOMES, 0.4), dict.fromkeys(CHANGES, 0.01)
    return Transition(
        params=MAP,
        dynamics={},
        years=2,
        paths=[unmeasured, path],
        growth=0.095,
        long_run=long_run,
        at_rest=[RestResult(float(v), 0.07, levels, changes) for v in long_run.points[long_run.stable]],
        branch=branch_over_growth(asset_law(MAP), 400.0),
        critical={"deployment speed 0.5": Critical(0.14, 1e-3, 1.0, "asset-dominated", "labour-strong")},
        n_workers=100,
        draws=2,
    )


def outcome_plane():
    flat = np.array([[0.1, -0.1], [0.2, -0.2]])
    boundary = {"m2": Boundary([], [], [("xi", 0.4)], [0.01])}
    axes = {"x_name": "xi", "y_name": "beta", "x": np.array([0.1, 0.2]), "y": np.array([0.0, 1.0])}
    common = {"estimate": (0.12, -0.1), "boundary": boundary, "levels": (0.5, 1.0), "fixed_reach": True}
    errors = {"m2": np.full((2, 2), 0.01)}
    return OutcomePlane(**axes, changes={"m2": flat}, units={"m2": "relative change"}, simulation_se=errors, **common)


def table_of_variants():
    findings = [Finding("change", "gini_total", 0.004, 0.007, 0.008, 1e-4, "rises (the target m6)")]
    findings += [Finding("proposition", "screening", words="holds"), Finding("parameter", "eta1", 0.6, 1.7, 2.6, 0.01)]
    common = {"overrides": {}, "choices": {"reach": "uniform"}, "income": "total", "params": {"eta1": 0.6}}
    baseline = VariantResult(name="baseline", meaning="as given", failure="", findings=findings, **common)
    failed = dataclasses.replace(baseline, name="other", failure="m3 is missed", findings=[], missing={"sign": "no m6"})
    return Robustness([baseline, failed], 4096, 8)


def long_run_bifurcations():
    values = {**MAP, "growth": 0.095}
    over, curves = bifurcations(values, "growth"), fold_curves(values, ("growth", "xi"))
    return [LongRunBifurcations(values, [over], [curves]), over, curves]


def lever_timing(duration):
    switches = [] if duration is None else [Switch(13.2, False)]
    return LeverTiming(
        "rent_sharing", duration, np.array([0.0, 20.0]), ["labour-strong", "asset-dominated"], switches, [0.5, None]
    )


def phases():
    states = [
        ReachedState(0.1, 0.5, 1.6, dict.fromkeys(CHANGES, 0.01), dict.fromkeys(CHANGES, 0.001)),
        ReachedState(0.2, 0.5, 8.7, dict.fromkeys(CHANGES, -0.01), {}),
    ]
    axes, codes = (np.array([0.1, 0.2]), np.array([0.5, 1.0])), np.array([[0, 1], [1, -1]])
    boundary = [BoundaryPoint(0.15, 0.5, "unstable point"), BoundaryPoint(0.1, 0.75, "fold")]
    names = ("retool_speed", "deployment_speed")
    diagram = PhaseDiagram(names, (0.1, 0.5), *axes, codes, codes > 0, codes + 1.0, boundary, states)
    return [diagram, PhaseDiagrams([diagram], "labour-strong", 40, 2.6, 2.5, 1.8, 0.168, 0.181, 100, 2)]


def design_study():
    names = ("varied", "value", "world", "firms", "workers", "tasks", "periods", "question", "estimator")
    size = {"firms": 96, "workers": 8, "tasks": 2, "periods": 6}
    rest = [field.name for field in dataclasses.fields(Diagnosis) if field.name not in names]
    diagnoses = [
        Diagnosis(
            varied=varied,
            value=value,
            world="w",
            question=question,
            estimator=e,
            **size,
            **{**dict.fromkeys(rest, 0.5), "replications": 500},
        )
        for varied, value in (("reference", 0.0), ("selection", 0.5))
        for question in ("log_cv", "gain")
        for e in ("group-time effects", "imputation")
    ]
    smallest = [SmallestPanel("H1: x", "t", 50.0, 2.0, "interpolated", None, (24, 96), (0.1, 0.9), (0.01, 0.01))]
    regimes = (DesignRegime("eta1 = 0.1", 0.1, 0.1, -0.01, 0.001), DesignRegime("eta1 = 1", 1.0, 0.1, 0.01, 0.001))
    tests = (RegimeTest("eta1 = 0.1", "eta1 = 1", 96, 0.9, 0.01, 0.05, 0.01),)
    return DesignStudy({"growth": 0.02}, size, 2, "ability", 500, tuple(diagnoses), tuple(smallest), regimes, tests)


def panel_estimates():
    first = np.repeat([2, 3, 5], 4)
    effects = staggered_effects(first, np.random.default_rng(0).normal(size=(12, 5)))
    components = between_within(np.arange(8.0) ** 2, np.repeat(np.arange(4), 2))
    words = ("H3", "statement", "estimand", "assumptions", "source")
    test = HypothesisTest(*words, (PanelEffect("x", 0.1, 0.2, None, None, 0.6), PanelEffect("y", *[0.1] * 9)), 9)
    return [effects, effects.two_way, effects.bounds, components, test]


def instances():
    long_run = long_run_fixed_points(**MAP, growth=0.095)
    baseline = EXPERIMENTS / "baseline"
    names = ("sensitivity", "sign", "regimes", "channels", "policy", "posterior", "beliefs")
    loaded = [load_result(baseline, name) for name in names]
    sensitivity, _, regimes, _, _, posterior, _ = loaded
    calibration, answer = (
        load_result(baseline, "calibration"),
        Answer(fitted=False, status="It stopped.", income="total"),
    )
    chains = np.random.default_rng(0).normal(size=(2, 50))
    return [
        calibration,
        *loaded,
        sensitivity.identification,
        *sensitivity.measures,
        occupation_wages(),
        run_comparison(),
        simulated_occupations(),
        table_of_variants(),
        Regressions(occupation_wages().regressions),
        long_run,
        transition(long_run),
        *long_run_bifurcations(),
        *phases(),
        *panel_estimates(),
        design_study(),
        YearlyChannels(2, *(dict.fromkeys(CHANGES, np.full((3, 6), 0.01)) for _ in range(2)), 100, 2),
        FirmConvergence([100, 400], *(np.array([0.2, 0.1]) for _ in range(3)), 1.6, -0.5, 0.02, 8, 40),
        PolicyTiming("slow retooling", "asset-dominated", 40, 10, [lever_timing(None), lever_timing(10)]),
        sensitivity.overidentification,
        *regimes.maps,
        *regimes.distances,
        regimes.first_order,
        outcome_plane(),
        dataclasses.replace(regimes, maps=[], distances=[], outcome_planes=[outcome_plane(), outcome_plane()]),
        posterior.scaling,
        *posterior.information.values(),
        answer,
        made_explorer(),
        simulation(),
        Reproduction(load(None), simulation(), calibration, simulation(), answer, baseline),
        independent(np.eye(2), np.eye(2), np.array([0.1, 0.2])),
        worst_case_misfit(np.array([0.1, -0.1]), np.ones((2, 1)), np.eye(2), np.array([0.1, 0.2])),
        Reweighting((Round(np.eye(2), np.ones(2), None), Round(np.eye(2), np.ones(2), 0.1)), True),
        summarise({"xi": chains, "eta1": np.ones((2, 50))}),
        Calibrated(("xi", "eta1"), np.tile(np.arange(32)[:, None], 2), 31, np.zeros(32), 0),
        Scaling(
            device={"count": 1, "kind": "cpu", "platform": "cpu"},
            bandwidth=1e9,
            cells=(Cell("value", 1000, True, 1000, 1.0, (0.1,), 2.0, 1.0, None, None),),
        ),
        PanelFiles(
            form="csv",
            files=1,
            rows=10,
            bytes=1000,
            workers=5,
            firms=2,
            periods=2,
            tasks=1,
            horizon=0,
            cohorts={"0": 1, "2": 1},
            assumed={"missing": 0.0},
            selection="gain",
            structure="mixed",
            rent_shares=(0.1,),
        ),
        PanelMoments(
            moments={"m1": -0.1, "m2": 0.1},
            covariance=np.diag([1e-4, 1e-4]),
            years=2,
            comparison="none",
            firms=10,
            workers=100,
            rows=1000,
        ),
    ]


@pytest.fixture(scope="module")
def results():
    return instances()


def tabular_classes():
    for module in pkgutil.walk_packages(aigini.__path__, "aigini."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return set(_below(Tabular))


def _below(cls):
    for child in cls.__subclasses__():
        if child.__module__.startswith("aigini."):
            yield child
            yield from _below(child)


def test_every_kind_of_result_is_looked_at(results):
    assert {type(result) for result in results} == tabular_classes()


def test_every_result_that_the_package_exports_has_a_table():
    classes = {name for name in aigini.__all__ if isinstance(getattr(aigini, name), type)} - NO_TABLE
    assert "Policy" in classes
    assert {name for name in classes if not issubclass(getattr(aigini, name), Tabular)} == set()


def test_results_are_tables_for_papers_and_notebooks(results):
    for result in results:
        table = result.table()
        assert result.to_markdown().count("\n") == len(table.rows) + 2, type(result)
        assert result.to_latex().count(r"\\") == len(table.rows) + 1, type(result)
        assert result._repr_html_().startswith("<pre")


def test_tables_fit_and_frames_hold_their_values(results):
    for result in results:
        table = result.table()
        printed = str(table)
        assert max(map(len, printed.splitlines())) <= WIDTH, type(result)
        frame = result.to_frame()
        assert isinstance(frame, pandas.DataFrame)
        assert len(frame) == len(table.columns[0].values) > 0, type(result)
        assert frame.columns.is_unique, type(result)
        for column in table.columns:
            assert len(column.cells) == len(frame), (type(result), column.name)
            for value, kept in zip(column.values, frame[column.name], strict=True):
                assert kept == value or (pandas.isna(kept) and (value is None or np.isnan(value))), type(result)
            if column.errors is not None:
                assert f"{column.name} s.e." in frame


def test_a_print_holds_every_cell_of_its_table(results):
    for result in results:
        if type(result).__name__ in (
            "RegimeMap",
            "OutcomePlane",
            "Regimes",
            "Distance",
            "FirstOrder",
            "Answer",
            "Beliefs",
            "Reproduction",
            "OccupationWages",
            "Regressions",
            "SimulatedOccupations",
            "Robustness",
            "FoldCurves",
            "DesignStudy",
        ):
            continue  # their prints say it in words or in another arrangement
        printed = " ".join(str(result).split())
        # A path has some two hundred rows of years: the print has the last year of each, and the economy at rest.
        by_year = isinstance(result, Transition)
        tables = (result.last_years(), result.rest_table()) if by_year else (result.table(),)
        tables = (result.fold_table(),) if isinstance(result, Bifurcations) else tables
        tables = (result.verdicts(),) if isinstance(result, PolicyTiming) else tables
        for column in (column for table in tables for column in table.columns):
            for cell in column.cells:
                assert column.words or " ".join(cell.split()) in printed, (type(result), column.name, cell)


class TestTable:
    def test_columns_that_do_not_fit_are_printed_below_with_their_labels(self):
        many = [Column(f"number {k}", [1.0 + k, None], "12.3f") for k in range(12)]
        lines = str(Table((Column("name", ["one", "two"]), *many))).splitlines()
        assert max(map(len, lines)) <= WIDTH
        assert sum(line.startswith("name") for line in lines) == 2
        assert sum(line.startswith("two") for line in lines) == 2
        assert "12.000" in str(Table((Column("name", ["one", "two"]), *many)))

    def test_words_are_wrapped_and_numbers_are_not(self):
        table = Table((Column("name", ["one"]), Column("x", [1.5], ".2f"), Column("why", ["because " * 40])))
        lines = str(table).splitlines()
        assert len(lines) > 3
        assert max(map(len, lines)) <= WIDTH
        assert lines[1].split()[:2] == ["one", "1.50"]
        assert str(table).count("because") == 40

    def test_brackets_are_printed_as_they_are(self):
        assert "[red]1[/red]" in str(Table((Column("name", ["a"]), Column("interval", ["[red]1[/red]"]))))

    def test_numbers_with_errors_have_two_columns_in_a_frame(self):
        table = Table((Column("name", ["a", "b"]), numbers("x", [1.0, None], [0.1, None], lambda v, e: f"{v} ± {e}")))
        assert "1.0 ± 0.1" in str(table)
        assert str(table).splitlines()[2].split() == ["b", "-"]
        assert list(table.to_frame().columns) == ["name", "x", "x s.e."]
        assert table.to_frame()["x s.e."][0] == 0.1

    def test_without_pandas_it_is_said_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(MissingExtraError, match=r"A result as a data frame needs pandas.*pip install"):
            Table((Column("name", ["a"]),)).to_frame()


def test_long_sentences_are_wrapped_and_tables_stay():
    table = str(Table((Column("name", ["a"]), Column("x", [1.0], ".3f"))))
    text = wrapped(f"{table}\n\n  {'word ' * 50}\nshort")
    lines = text.splitlines()
    assert text.startswith(table)
    assert max(map(len, lines)) <= WIDTH
    assert "" in lines
    assert [line for line in lines if "word" in line][1].startswith("    word")
    assert lines[-1] == "short"

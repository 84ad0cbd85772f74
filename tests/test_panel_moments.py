"""Moments of panels: their definitions, their covariance, and the parameters that come back from them."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from scipy.stats import chi2

import aigini
from aigini.commands.moments import estimate_moments, targets_of
from aigini.economy.economy import Scenario
from aigini.economy.tasks import N_TASKS
from aigini.errors import DataError
from aigini.panel import files, panel_of
from aigini.panel.data import NEVER, Panel
from aigini.panel.firms import firms_of
from aigini.panel.generator import TYPES, Generator, generator
from aigini.panel.moments.estimate import panel_moments
from aigini.panel.moments.levels import NOT_IN_A_PANEL, PANEL_MOMENTS
from aigini.panel.schema import IDENTIFIERS
from aigini.panel.settings import PanelSettings
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics.catalogue import names as moment_names
from aigini.statistics.moments import six_moments

NAMES = ("m1", "m2", "m3", "m4", "m5", "credential_requirement")
YEARS = 2
SETTINGS = PanelSettings(n_workers=8192, n_firms=100, tasks=4, periods=6, first_adoption=3, last_adoption=4)


def panel_from(made):
    """The panel of a generator, as reading its files gives it."""
    parts = list(made)
    columns = {name: np.concatenate([rows[name] for rows in parts]) for name in TYPES}
    labels = {}
    for name in IDENTIFIERS:
        labels[name], columns[name] = np.unique(columns[name], return_inverse=True)
    columns["period"] = columns["period"].astype(np.int64)
    floats = {
        name: values.astype(float) for name, values in columns.items() if values.dtype.kind in "f" or name == "ai_use"
    }
    flags = {name: columns[name].astype(float) for name in ("credential", "credential_required", "assessment", "hired")}
    return Panel(columns | floats | flags, labels)


@functools.cache
def made(**changes):
    return generator(Parameters(), Scenario(), dataclasses.replace(SETTINGS, **changes))


@pytest.fixture(scope="module")
def panel():
    return panel_from(made())


@pytest.fixture(scope="module")
def frame(panel):
    """The rows in the window of those who use AI, with the state and the cell of each."""
    table = panel.to_frame().assign(event=panel["period"] - np.where(panel.first_use == NEVER, 10**6, panel.first_use))
    table = table[table["event"].abs() <= YEARS]
    return table.assign(after=(table["event"] >= 0).astype(int))


def weighted(values, weights):
    return float((values * weights.reindex(values.index)).sum() / weights.reindex(values.index).sum())


def test_definitions_are_those_of_the_document(panel, frame):
    """Every moment again with pandas, from its definition."""
    result = panel_moments(panel, NAMES)
    assert result.years == YEARS
    cell = ["occupation", "task"]
    weights = panel.to_frame().groupby(cell)["task_weight"].mean()
    mean = frame.groupby([*cell, "after"])["output"].mean().unstack().dropna()
    level = [weighted(mean[state], weights) for state in (0, 1)]
    assert result.moments["m2"] == pytest.approx(level[1] / level[0] - 1, rel=1e-9)

    odd = frame.assign(odd=frame["period"] % 2).groupby([*cell, "firm", "worker", "after", "odd"])["output"].mean()
    pairs = odd.unstack().dropna().reset_index()
    office = pairs.groupby([*cell, "firm", "after"])
    deviation = (pairs[0] - office[0].transform("mean")) * (pairs[1] - office[1].transform("mean"))
    pairs = pairs.assign(product=deviation)
    squares = pairs.groupby([*cell, "after"])["product"].sum().unstack()
    degrees = (office.size() - 1).groupby([*cell, "after"]).sum().unstack()
    usable = (squares > 0).all(axis=1) & (degrees >= 10).all(axis=1)
    variation = np.sqrt(squares[usable] / degrees[usable]) / mean
    variation = variation.dropna()
    level = [weighted(variation[state], weights) for state in (0, 1)]
    assert result.moments["m1"] == pytest.approx(level[1] / level[0] - 1, rel=1e-9)

    edges = frame[frame["event"].abs() == YEARS].drop_duplicates(["worker", "period"])
    slopes = [np.polyfit(own["schooling"], np.log(own["wage"]), 1)[0] for _, own in edges.groupby("after")]
    assert result.moments["m3"] == pytest.approx(4 * (slopes[1] - slopes[0]), rel=1e-6)

    by_occupation = edges.groupby(["after", "occupation"])
    correlation = by_occupation.apply(
        lambda own: own["work_sample"].corr(own["assessed_human_capital"]), include_groups=False
    )
    own_weights = weights.groupby("occupation").sum()
    level = [weighted(correlation[state], own_weights) for state in (0, 1)]
    assert result.moments["m4"] == pytest.approx(level[1] / level[0] - 1, rel=1e-6)

    offices = edges.drop_duplicates(["after", "occupation", "firm"]).groupby(["after", "occupation"])
    share = offices["credential_required"].mean()
    level = [weighted(share[state], own_weights) for state in (0, 1)]
    assert result.moments["credential_requirement"] == pytest.approx(level[1] - level[0], rel=1e-9)

    every = panel.to_frame().groupby(["firm", "period"])["firm_assets"].first().map(np.log).unstack()
    gaps = []
    for begin in (-YEARS, 0):
        rows = []
        for firm, start in enumerate(panel.firm_start):
            if start != NEVER:
                own = every.loc[panel.labels["firm"][firm]]
                rows.append((own[start + begin], own[start + begin + YEARS] - own[start + begin]))
        initial, growth = np.array(rows).T
        order, third = np.argsort(initial), len(rows) // 3
        gaps.append(growth[order[-third:]].mean() - growth[order[:third]].mean())
    assert result.moments["m5"] == pytest.approx(gaps[1] - gaps[0], rel=1e-5)


def test_standard_errors_from_jackknife_influence_and_bootstrap_agree(panel):
    names = NAMES[1:]
    jackknife = panel_moments(panel, names, bootstrap=400)
    influence = panel_moments(panel, names, errors="influence")
    for name, se in influence.se.items():
        # A standard deviation over 400 resamples has an error of 3.5 %, and 70 firms one of their own.
        assert jackknife.bootstrap_se[name] == pytest.approx(se, rel=0.15), name
        assert jackknife.se[name] == pytest.approx(se, rel=0.2), name
    np.testing.assert_allclose(jackknife.correlation, influence.correlation, atol=0.15)
    assert panel_moments(panel, names, bootstrap=400).bootstrap_se == jackknife.bootstrap_se


def test_the_jackknife_is_that_of_panels_without_each_firm(panel):
    names, table = ("m2", "m3", "m4"), panel.to_frame()
    table = table[table["firm"] <= 25]
    some = panel_of(table)
    base, left_out = panel_moments(some, names), []
    for firm in some.labels["firm"][some.firm_start != NEVER]:
        changed = panel_moments(panel_of(table[table["firm"] != firm]), names, errors="influence")
        left_out.append(list(changed.moments.values()))
    count = len(left_out)
    assert count == base.firms
    np.testing.assert_allclose(base.covariance, np.cov(np.transpose(left_out)) * (count - 1) ** 2 / count, rtol=1e-7)


def test_common_trends_are_removed_by_the_comparison_with_firms_that_never_use_ai(panel):
    trend = 0.05 * panel["period"]
    columns = {**panel.columns, "output": panel["output"] * np.exp(trend), "wage": panel["wage"] * np.exp(trend)}
    steeper = columns | {"wage": columns["wage"] * np.exp(0.01 * panel["period"] * panel["schooling"])}
    moved = Panel(steeper, panel.labels)
    without, with_ = (panel_moments(one, ("m2", "m3"), comparison="never") for one in (panel, moved))
    naive = panel_moments(moved, ("m2", "m3"))
    for name in ("m2", "m3"):
        assert abs(with_.moments[name] - without.moments[name]) < 0.2 * without.se[name]
        assert abs(naive.moments[name] - without.moments[name]) > 4 * without.se[name]


def test_every_moment_of_the_registry_is_estimated_or_its_absence_explained():
    assert {*PANEL_MOMENTS, *NOT_IN_A_PANEL} == set(moment_names())
    assert not {*PANEL_MOMENTS} & {*NOT_IN_A_PANEL}


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (("m6",), {}, "m6 cannot be estimated from a panel: a panel of workers has no capital income"),
        (("m7",), {}, "there is nothing called m7"),
        (("m1", "m1"), {}, "named twice"),
        (("m2",), {"years": 5}, "observed for 2 years before and with AI at most, expected 5"),
    ],
)
def test_what_a_panel_does_not_give_is_refused(panel, names, options, words):
    with pytest.raises(DataError, match=words):
        panel_moments(panel, names, **options)


def test_panels_that_lack_something_are_refused(panel):
    columns = {name: values for name, values in panel.columns.items() if name not in ("wage", "firm_assets")}
    with pytest.raises(DataError, match=r"no column (firm_assets|wage).*\n.*no column (firm_assets|wage)"):
        panel_moments(Panel(columns, panel.labels))
    nobody = Panel({**panel.columns, "ai_use": np.zeros(len(panel))}, panel.labels)
    with pytest.raises(DataError, match="nobody uses AI"):
        panel_moments(nobody)
    with pytest.raises(DataError, match="no firm that never uses AI"):
        panel_moments(panel_from(made(adopters=1.0)), comparison="never")
    with pytest.raises(DataError, match="fewer than 10 degrees of freedom"):
        panel_moments(panel_from(made(n_firms=2000)), ("m1",))
    with pytest.raises(DataError, match="m3 cannot be computed"):
        panel_moments(Panel({**panel.columns, "schooling": np.ones(len(panel))}, panel.labels), ("m3",))


def test_a_file_with_other_names_becomes_targets(panel, tmp_path):
    """A CSV through a mapping gives the moments of the panel, and a configuration that has them as its targets."""
    table = panel.to_frame().rename(columns={"worker": "person", "wage": "pay"})
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "real.csv", index=False)
    (tmp_path / "mapping.toml").write_text('[columns]\nworker = "person"\nwage = "pay"\n')
    result = estimate_moments(panel=tmp_path / "real.csv", mapping=tmp_path / "mapping.toml", simulations=4.0)
    direct = panel_moments(panel, tuple(result.moments))
    np.testing.assert_allclose(list(result.moments.values()), list(direct.moments.values()), rtol=1e-6)
    np.testing.assert_allclose(result.covariance, 1.25 * direct.covariance, rtol=1e-5)
    written = targets_of(aigini.load(), result)
    (tmp_path / "targets.toml").write_text(written.to_toml())
    config = aigini.load(tmp_path / "targets.toml")
    config.require()
    assert tuple(config.targets) == ("m1", "m2", "m3", "m4", "m5")
    assert config.years == YEARS
    assert config.free == ("alpha", "beta", "sigma", "signal_exposure", "cumulative_advantage")
    np.testing.assert_allclose(config.covariance, result.covariance, rtol=1e-12)
    assert {name: target.value for name, target in config.targets.items()} == result.moments


REPLICATIONS = 100
FREE = ("alpha", "beta", "signal_exposure", "cumulative_advantage")


@pytest.mark.slow
def test_parameters_come_back_from_panels():
    """Panels at θ*, moments and covariance, linear estimates: regions, J test and moments have their levels.

    Moments are linear in the parameters near θ* as far as these panels can tell, so that an estimate is a projection.
    Six moments have four free parameters.
    """
    population = draw_population(n_workers=2**14, n_firms=4096, years=YEARS, precision="float64")
    compiled = jax.jit(lambda params: six_moments(params, population, names=NAMES))
    truth, columns = np.asarray(compiled(Parameters())), []
    for name in FREE:
        value, step = getattr(Parameters(), name), 1e-4
        above, below = (np.asarray(compiled(Parameters(**{name: value + move}))) for move in (step, -step))
        columns.append((above - below) / (2 * step))
    jacobian = np.stack(columns, axis=1)
    start = made(n_workers=10240, n_firms=240, tasks=8, compliance=0.9)
    z, regions, tests = [], [], []
    for seed in range(REPLICATIONS):
        settings = dataclasses.replace(start.settings, seed=1000 + seed)
        drawn = Generator(settings, start.states, firms_of(settings, start.states, N_TASKS))
        result = panel_moments(panel_from(drawn), NAMES)
        error = np.array(list(result.moments.values())) - truth
        weights = np.linalg.inv(result.covariance)
        information = jacobian.T @ weights @ jacobian
        shift = np.linalg.solve(information, jacobian.T @ weights @ error)
        rest = error - jacobian @ shift
        z.append(error / np.array(list(result.se.values())))
        regions.append(shift @ information @ shift)
        tests.append(rest @ weights @ rest)
    z = np.array(z)
    inside = np.mean(np.array(regions) <= chi2.ppf(0.95, len(FREE)))
    rejected = np.mean(np.array(tests) > chi2.ppf(0.95, len(NAMES) - len(FREE)))
    print(f"inside {inside:.2f}, rejected {rejected:.2f}, z {z.mean(axis=0).round(2)} {z.std(axis=0).round(2)}")
    assert 0.90 <= inside <= 0.99
    assert abs(rejected - 0.05) < 3 * np.sqrt(0.05 * 0.95 / REPLICATIONS)
    assert (np.abs(z.mean(axis=0)) < 4 / np.sqrt(REPLICATIONS)).all()
    assert (np.abs(z.std(axis=0) - 1) < 4 / np.sqrt(2 * REPLICATIONS)).all()


def test_a_panel_that_was_written_gives_the_moments_of_its_rows(panel, tmp_path):
    files.write_parts(tmp_path / files.FOLDER, made(), "panel")
    result = panel_moments(files.read_panel(tmp_path), ("m1", "m5"))
    direct = panel_moments(panel, ("m1", "m5"))
    assert result.moments == direct.moments

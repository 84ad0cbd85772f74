"""Every figure is written whole, says what it shows, and shows the numbers it was given."""

import dataclasses

import jax
import matplotlib
import numpy as np
import pandas
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import aigini
from aigini import figures
from aigini.errors import OutputError
from aigini.estimation.result import Calibration, StartResult, Trace
from aigini.estimation.target import CHANGED_BY_USER, Target
from aigini.estimation.verdict import Status
from aigini.figures import distribution, fit, style
from aigini.parameters import Parameters
from aigini.population import draw_population
from aigini.statistics.histogram import LOG_NODES, STEP
from aigini.statistics.moments import MOMENT_NAMES
from aigini.statistics.outcomes import units
from aigini.statistics.simulation import simulate
from aigini.statistics.simulation_result import Simulation

OF_SIMULATION = (
    figures.task_output_density,
    figures.wage_density,
    figures.lorenz_curves,
    figures.gini_changes,
    figures.where_income_goes,
    figures.asset_concentration,
    figures.decomposition,
)
OF_CALIBRATION = (figures.moment_fit, figures.objective_trace)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    jax.config.update("jax_enable_x64", True)
    first, *others = (draw_population(n_workers=1 << 14, n_firms=100, seed=seed) for seed in range(4))
    return simulate(Parameters(), first, replications=others)


@pytest.fixture(scope="module")
def unchanged(simulation) -> Simulation:
    """AI changes nothing, the growth gap is not defined, and one group of firms is empty."""
    state = {**simulation.before, "asset_growth_gap": None}
    arrays = {**simulation.before_arrays, "gini_by_assets": simulation.before_arrays["gini_by_assets"].copy()}
    arrays["gini_by_assets"][3] = np.nan
    moments = {**dict.fromkeys(simulation.moments, 0.0), "m5": None}
    return dataclasses.replace(
        simulation, moments=moments, before=state, after=state, before_arrays=arrays, after_arrays=arrays
    )


def calibration_with(misfits, objective, stage) -> Calibration:
    targets = {
        name: Target(value=0.1 * k - 0.2, se=0.01 * (k + 1), source="a study", seen="P, S, D"[: 1 + 3 * (k % 3)])
        for k, name in enumerate(MOMENT_NAMES)
    }
    misfit = dict(zip(MOMENT_NAMES, misfits, strict=True))
    start = StartResult(start={"alpha": 1.0}, estimates={"alpha": 0.8}, objective=1.0, agrees=True)
    return Calibration(
        free=("alpha",),
        estimates={"alpha": 0.8},
        params={"alpha": 0.8},
        targets=targets,
        fitted={name: target.value + misfit[name] * target.se for name, target in targets.items()},
        misfit=misfit,
        weighting=np.eye(6),
        objective=1.0,
        gradient_norm=0.0,
        removable_share=0.0,
        remaining_step=0.0,
        jacobian=np.ones((6, 1)),
        singular_values=np.ones(1),
        standard_errors=None,
        no_standard_errors="one parameter for six targets was made up",
        status=Status.MINIMUM,
        at_bound={},
        starts=[start] * objective.shape[1],
        agreed=1,
        trace=Trace(stage=stage, iteration=range(len(stage)), objective=objective),
        moment_simulation_se=dict.fromkeys(MOMENT_NAMES, 0.0),
        estimate_simulation_se=None,
        replications=0,
    )


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    objective = 10.0 ** (2 - 0.1 * np.arange(20)[:, None] * np.array([1.0, 3.0, 2.0]))
    objective[10:, 0] = np.nan
    return calibration_with((0.3, -1.5, 0.0, 40.0, -12.0, 2.2), objective, ["search"] * 10 + ["polish"] * 10)


def lines(axis: Axes) -> list[np.ndarray]:
    return [line.get_xydata() for line in axis.get_lines()]


def heights(axis: Axes) -> np.ndarray:
    return np.array([patch.get_height() for patch in axis.patches])


def visible_text(figure: Figure) -> list:
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip()]
    hidden = {id(tick) for axis in figure.axes for part in ticks_out_of_view(axis) for tick in part}
    return [text for text in texts if id(text) not in hidden]


def ticks_out_of_view(axis: Axes):
    if not axis.axison:
        yield [*axis.xaxis.findobj(matplotlib.text.Text), *axis.yaxis.findobj(matplotlib.text.Text)]
    for one in (axis.xaxis, axis.yaxis):
        low, high = sorted(one.get_view_interval())
        for tick in one.get_major_ticks() + one.get_minor_ticks():
            if not low <= tick.get_loc() <= high:
                yield [tick.label1, tick.label2]


def all_figures(simulation, calibration) -> list[Figure]:
    return [draw(simulation) for draw in OF_SIMULATION] + [draw(calibration) for draw in OF_CALIBRATION]


def test_figures_are_written_as_vectors_with_text_and_as_the_numbers_they_show(simulation, tmp_path):
    paths = aigini.draw(simulation, tmp_path, ("pdf", "svg", "csv"))
    assert {path.suffix for path in paths} == {".pdf", ".svg", ".csv"}
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".pdf":
            assert content.startswith(b"%PDF")
        elif path.suffix == ".svg":
            assert b"<text" in content
    shown = pandas.read_csv(tmp_path / "lorenz_curves.csv")
    assert {"panel", "title", "series", "kind", "x", "y"} <= set(shown)
    before = shown[(shown.series.str.contains("before")) & (shown.panel == 1)]
    assert len(before) > 50
    assert before.y.between(-0.01, 100.01).all()  # per cent of income
    again = tmp_path / "again"
    for path in aigini.draw(simulation, again, ("pdf", "svg", "csv")):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_every_figure_is_written_and_nothing_else(simulation, calibration, tmp_path):
    folder = tmp_path / "new" / "figures"
    paths = aigini.draw(simulation, folder) + aigini.draw(calibration, folder)
    assert [path.name for path in paths] == [f"{draw.__name__}.png" for draw in OF_SIMULATION + OF_CALIBRATION]
    assert sorted(folder.iterdir()) == sorted(paths)
    for path in paths:
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert path.stat().st_size > 10_000


def test_axes_say_what_they_measure(simulation, calibration):
    for figure in all_figures(simulation, calibration):
        figure.canvas.draw()
        assert figure.get_suptitle()
        for axis in figure.axes:
            if not axis.axison:
                continue
            for label, ticks in (
                (axis.get_xlabel(), axis.get_xticklabels()),
                (axis.get_ylabel() or axis.get_title(loc="left"), axis.get_yticklabels()),
            ):
                words = [tick.get_text() for tick in ticks if any(c.isalpha() for c in tick.get_text())]
                assert label or words, figure.get_suptitle()


def test_no_text_leaves_the_figure(simulation, unchanged, calibration):
    drawn = all_figures(simulation, calibration) + [draw(unchanged) for draw in OF_SIMULATION]
    for figure in drawn:
        figure.canvas.draw()
        width, height = figure.bbox.size
        for text in visible_text(figure):
            box = text.get_window_extent()
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, (figure.get_suptitle(), text.get_text(), box)


@pytest.mark.parametrize("state", ["before_arrays", "after_arrays"])
def test_task_output_density_is_a_density_of_output(simulation, state):
    arrays = getattr(simulation, state)
    log_output, density = distribution.log_output_density(arrays)
    assert np.trapezoid(density, log_output) == pytest.approx(1, abs=1e-4)
    mean = np.trapezoid(density * np.exp(log_output), log_output)
    share = arrays["task_output_masses"] / arrays["task_output_masses"].sum()
    expected = arrays["task_human"] * np.sum(share * np.exp(LOG_NODES)) + arrays["task_ai"]
    assert mean == pytest.approx(float(expected), rel=0.01)
    assert (state == "after_arrays") == (arrays["task_ai"] > 0)


def test_task_output_density_of_lognormal_human_capital():
    masses = 1e9 * np.exp(-0.5 * ((LOG_NODES - 0.3) / 0.5) ** 2)
    arrays = {"task_output_masses": masses, "task_human": np.array(1.5), "task_ai": np.array(0.8)}
    log_output, density = distribution.log_output_density(arrays)
    at = np.linspace(0.2, 2.0, 40)
    output = np.exp(at)
    z = (np.log((output - 0.8) / 1.5) - 0.3) / 0.5
    exact = np.exp(-0.5 * z**2) / (0.5 * np.sqrt(2 * np.pi)) * output / (output - 0.8)
    np.testing.assert_allclose(np.interp(at, log_output, density), exact, atol=2e-3)


def test_density_figures_plot_the_densities(simulation):
    axis = figures.task_output_density(simulation).axes[0]
    for line, arrays in zip(lines(axis), (simulation.before_arrays, simulation.after_arrays), strict=False):
        log_output, density = distribution.log_output_density(arrays)
        np.testing.assert_array_equal(line, np.stack([np.exp(log_output), density], axis=1))
    assert axis.get_lines()[2].get_xdata()[0] == simulation.after_arrays["task_ai"]
    axis = figures.wage_density(simulation).axes[0]
    for line, arrays in zip(lines(axis), (simulation.before_arrays, simulation.after_arrays), strict=True):
        np.testing.assert_array_equal(line[:, 1], distribution.smooth_density(arrays["wage_masses"]))
        assert STEP * line[:, 1].sum() == pytest.approx(1)


def test_lorenz_figure_plots_the_curves_and_their_difference(simulation):
    curves, change = figures.lorenz_curves(simulation).axes
    wanted = [
        arrays[name]
        for name in ("lorenz_total", "lorenz_wage")
        for arrays in (simulation.before_arrays, simulation.after_arrays)
    ]
    for line, curve in zip(lines(curves)[1:], wanted, strict=True):
        np.testing.assert_array_equal(line, 100 * curve.T)
    text = " ".join(entry.get_text() for entry in curves.get_legend().get_texts())
    for income in ("total", "wage"):
        assert f"{simulation.before[f'gini_{income}']:.4f}" in text
        assert f"{simulation.after[f'gini_{income}']:.4f}" in text
    # The area between two Lorenz curves is half the change of the Gini.
    for line, income in zip(lines(change), ("total", "wage"), strict=False):
        gini_change = -2 * np.trapezoid(line[:, 1], line[:, 0]) / 1e4
        expected = simulation.after[f"gini_{income}"] - simulation.before[f"gini_{income}"]
        assert gini_change == pytest.approx(expected, abs=2e-6)


def test_lorenz_change_is_taken_at_equal_population_shares():
    fine, coarse = np.linspace(0, 1, 4001), np.linspace(0, 1, 3001)
    at, change = distribution.lorenz_change(np.stack([fine, fine**2]), np.stack([coarse, coarse**3]))
    np.testing.assert_allclose(change, at**3 - at**2, atol=1e-6)


GROUPED = ("gini_by_occupation", "gini_by_assets")


def test_gini_changes_are_drawn_as_bars_coloured_by_sign_where_it_is_known(simulation):
    """Groups whose change lies within 2 simulation errors of zero have no sign, and every bar has its error."""
    seen = set()
    for axis, name in zip(figures.gini_changes(simulation).axes, GROUPED, strict=True):
        change = 100 * (simulation.after_arrays[name] - simulation.before_arrays[name])
        error = 100 * simulation.change_se_arrays[name]
        np.testing.assert_array_equal(heights(axis), change)
        colours = [matplotlib.colors.to_hex(patch.get_facecolor()).upper() for patch in axis.patches]
        signs = np.where(np.abs(change) > 2 * error, np.sign(change), 0)
        assert colours == [{1: style.RISE, -1: style.FALL, 0: style.FAINT}[sign] for sign in signs]
        (whiskers,) = axis.collections
        spans = np.array([segment[:, 1] for segment in whiskers.get_segments()])
        np.testing.assert_allclose(spans, np.stack([change - 2 * error, change + 2 * error], axis=1), rtol=1e-12)
        seen |= set(signs)
    assert seen == {-1, 0, 1}


def test_no_bar_has_a_sign_where_simulation_errors_were_not_measured(simulation):
    figure = figures.gini_changes(dataclasses.replace(simulation, change_se={}, change_se_arrays={}))
    for axis in figure.axes:
        assert {matplotlib.colors.to_hex(patch.get_facecolor()).upper() for patch in axis.patches} == {style.FAINT}
    assert "simulation errors were not measured" in " ".join(text.get_text() for text in figure.legends[0].get_texts())


def test_the_change_for_all_workers_is_drawn_beside_the_groups_with_its_error(simulation):
    figure = figures.gini_changes(simulation)
    overall, error = 100 * simulation.gini_change, 100 * simulation.change_se["gini_total"]
    for axis in figure.axes:
        np.testing.assert_allclose(lines(axis)[-1][:, 1], overall, rtol=1e-12)
    label = figure.legends[0].get_texts()[0].get_text()
    change = f"{style.number(overall, '+.2f')} ± {style.number(error, '.2f')} (simulation s.e.)"
    assert label == f"all 16,384 simulated workers: {change} Gini points"


def test_a_gini_below_the_grids_resolution_is_marked_where_it_shows(simulation):
    equal = dataclasses.replace(
        simulation,
        before={**simulation.before, "gini_wage": 0.0018},
        after={**simulation.after, "gini_wage": 0.0019},
    )
    for draw in (figures.wage_density, figures.lorenz_curves, figures.decomposition):
        for shown, marked in ((simulation, False), (equal, True)):
            figure = draw(shown)
            figure.canvas.draw()
            words = " ".join(text.get_text() for text in visible_text(figure))
            assert ("below the grid's resolution, 0.0039" in words) == marked, draw.__name__


def test_income_bars_are_the_sources_of_income(simulation):
    all_workers, groups = figures.where_income_goes(simulation).axes
    before, after = (arrays["income_by_source"] for arrays in (simulation.before_arrays, simulation.after_arrays))
    # A bar keeps its ends, not its height, so the last digit is rounding.
    np.testing.assert_allclose(heights(all_workers).reshape(4, 2), np.stack([before, after], axis=1), rtol=1e-14)
    old, new = (arrays["income_by_source_and_group"] for arrays in (simulation.before_arrays, simulation.after_arrays))
    growth = 100 * (new.sum(axis=1) / old.sum(axis=1) - 1)
    np.testing.assert_allclose(heights(groups).reshape(4, 4).sum(axis=0), growth, rtol=1e-9)
    np.testing.assert_allclose(lines(groups)[0][:, 1], growth, rtol=1e-9)


def test_stacks_of_rises_and_falls_do_not_overlap(simulation):
    groups = figures.where_income_goes(simulation).axes[1]
    spans = np.array([sorted((patch.get_y(), patch.get_y() + patch.get_height())) for patch in groups.patches])
    for group in range(4):
        ordered = spans[group::4][np.argsort(spans[group::4, 0])]
        np.testing.assert_allclose(ordered[1:, 0], ordered[:-1, 1], atol=1e-12)


def test_asset_paths_and_decomposition_show_the_inputs(simulation):
    axis = figures.asset_concentration(simulation).axes[0]
    for line, arrays in zip(lines(axis), (simulation.before_arrays, simulation.after_arrays), strict=True):
        np.testing.assert_array_equal(line, np.stack([np.arange(11), arrays["asset_gini_path"]], axis=1))
    theil, ginis = figures.decomposition(simulation).axes
    parts = [
        [state[name] for state in (simulation.before, simulation.after)] for name in ("theil_within", "theil_between")
    ]
    np.testing.assert_allclose(heights(theil).reshape(2, 2), parts, rtol=1e-12)  # one bar stands on the other
    names = ("gini_total", "gini_wage", "gini_capital", "gini_assets")
    for line, state in zip(lines(ginis), (simulation.before, simulation.after), strict=True):
        np.testing.assert_array_equal(line[:, 0], [state[name] for name in names])


def test_an_elasticity_of_intensity_other_than_one_is_named(simulation):
    changed = dataclasses.replace(simulation, params={**simulation.params, "psi": 0.5})
    assert "assets to the power 0.5" in figures.asset_concentration(changed).get_suptitle()


def test_an_economy_that_does_not_change_is_drawn_as_such(unchanged, tmp_path):
    assert len(aigini.draw(unchanged, tmp_path)) == len(OF_SIMULATION)
    change = figures.lorenz_curves(unchanged).axes[1]
    assert np.all(lines(change)[0][:, 1] == 0)
    bars = figures.gini_changes(unchanged).axes[1]
    assert len(bars.patches) == 9
    assert [text.get_text().strip() for text in bars.texts] == ["no firms"]


def test_fitted_moments_are_drawn_in_standard_errors(calibration):
    axis, table = figures.moment_fit(calibration).axes
    near = next(line for line in axis.get_lines() if line.get_label() == "fitted")
    np.testing.assert_array_equal(near.get_xydata(), [(0.3, 0), (-1.5, 1), (0, 2), (2.2, 5)])
    beyond = {line.get_label(): line for line in axis.get_lines() if "more than" in str(line.get_label())}
    assert [(label.split()[-1], *line.get_ydata()) for label, line in beyond.items()] == [
        ("above", 3),
        ("below", 4),
    ]
    for line in beyond.values():
        assert axis.get_xlim()[0] < line.get_xdata()[0] < axis.get_xlim()[1]
    words = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
    assert words == [f"{name}  {meaning}" for name, meaning in units(MOMENT_NAMES, calibration.income).items()]
    printed = [text.get_text() for text in table.texts]
    for name in MOMENT_NAMES:
        assert style.number(calibration.fitted[name], "+.4f") in printed
        assert calibration.targets[name].seen in printed


def test_a_target_that_a_user_changed_is_marked_so_in_print_and_figure(calibration):
    targets = {**calibration.targets, "m2": Target(0.5, 0.1, CHANGED_BY_USER), "m3": Target(0.5, 0.1)}
    changed = dataclasses.replace(calibration, targets=targets)
    printed = [text.get_text().replace("\n", " ") for text in figures.moment_fit(changed).axes[1].texts]
    assert printed.count(CHANGED_BY_USER) == 1
    assert printed.count("not said") == 1
    rows = {line.split()[0]: line for line in str(changed).splitlines()[1:7]}
    assert rows["m2"].endswith(f"  {CHANGED_BY_USER}")
    assert rows["m3"].endswith("  not said")


def test_objective_of_every_start_is_drawn_and_the_best_stands_out(calibration):
    axis = figures.objective_trace(calibration).axes[0]
    starts = [line for line in axis.get_lines() if len(line.get_xdata()) == 20]
    drawn = np.stack([line.get_ydata() for line in starts], axis=1)
    np.testing.assert_array_equal(drawn, calibration.trace.objective[:, [0, 2, 1]])
    assert starts[-1].get_color() == style.AFTER
    assert fit.best_start(calibration.trace.objective) == 1
    assert [text.get_text() for text in axis.texts] == ["search", "polish"]
    assert axis.get_yscale() == "log"


@pytest.mark.parametrize("shape", [(0, 2), (3, 2), (3, 1)])
def test_a_trace_without_a_positive_objective_is_no_accident(shape, tmp_path):
    empty = calibration_with((0.0,) * 6, np.zeros(shape), ["polish"] * shape[0])
    aigini.draw(empty, tmp_path)
    assert "no positive objective" in figures.objective_trace(empty).axes[0].texts[0].get_text()


def test_the_same_figure_is_the_same_file(simulation, tmp_path):
    files = [style.save(figures.gini_changes(simulation), tmp_path, name) for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_style_neither_leaks_nor_listens(simulation):
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 33, "axes.labelsize": 40}):
        axis = figures.wage_density(simulation).axes[0]
    assert axis.xaxis.label.get_size() == 12
    assert dict(matplotlib.rcParams) == before


def test_a_figure_that_fails_leaves_the_old_file_and_no_temporary_one(simulation, tmp_path, monkeypatch):
    old = tmp_path / "wages.png"
    old.write_text("old")

    def fail(self, file, **kwargs):
        with open(file, "wb") as half:
            half.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OutputError, match="No space left"):
        style.save(figures.wage_density(simulation), tmp_path, "wages")
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "old"


def test_a_folder_that_cannot_exist_is_a_user_error(simulation, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another folder"):
        style.save(figures.wage_density(simulation), tmp_path / "file", "wages")


def test_numbers_in_print():
    assert style.number(-0.1234) == "\N{MINUS SIGN}0.123"
    assert style.number(-1e-9, "+.3f") == "0.000"
    assert style.number(float("nan")) == "n/a"
    assert np.isnan(style.scalar({"asset_growth_gap": None}, "asset_growth_gap"))

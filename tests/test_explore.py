"""The explorer: its JavaScript gives the economy's numbers, its page is whole, and files give back what was written."""

import json
import re
import shutil
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from explorer_results import made_explorer
from scipy.special import erf, erfinv
from test_report import Reader

import aigini
from aigini import cli
from aigini.commands.explore import write_page
from aigini.dynamics import long_run_fixed_points
from aigini.dynamics.mean_field import asset_law, logistic_path, mean_field_path
from aigini.dynamics.specs import MAP_PARAMETERS
from aigini.errors import AnalysisError, OutputError
from aigini.explore.fit import groups
from aigini.explore.result import CHANGES
from aigini.explore.sliders import (
    NAMES,
    SLIDERS,
    coordinates,
    estimate_of,
    moves_of_coordinates,
    parameters_at,
    ranges_about,
    require_economies,
)
from aigini.parameter_space import pack
from aigini.parameters import Parameters
from aigini.report.explorer import explorer_page, page_data, script
from aigini.report.sections import origin
from aigini.storage import results

NODE = shutil.which("node") or ""
needs_node = pytest.mark.skipif(not NODE, reason="no Node.js is installed, which runs the page's JavaScript here")


def javascript(body, **given):
    """What JavaScript returns that has the page's functions as AIGINI, and `given` as constants."""
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    text = f"{script('explorer.js')}\n{constants}const told = (() => {{ {body} }})();\n"
    text += "console.log(JSON.stringify(told, (_, value) => (value === Infinity ? 'infinite' : value)));"
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def explorer():
    return made_explorer()


@pytest.fixture(scope="module")
def run(explorer, tmp_path_factory):
    place = tmp_path_factory.mktemp("explore") / "run"
    place.mkdir()
    record = {"command_line": "aigini explore --out run", "commit": "0" * 40, "config_sha256": "1" * 64, "seed": 0}
    results.save(place, "explore", explorer, record)
    return place


@pytest.fixture(scope="module")
def text(run):
    return write_page(run).read_text(encoding="utf-8")


class TestTheSliders:
    def test_their_place_at_the_estimates_gives_the_estimates(self):
        values = {**Parameters().as_dict(), "eta0": 0.5, "eta1": 0.7, "psi": 0.8}
        params = parameters_at(jnp.asarray(estimate_of(values)), jnp.asarray(pack(values))).as_dict()
        assert params == pytest.approx({name: float(value) for name, value in values.items()}, rel=1e-12)

    def test_their_ranges_hold_the_estimates(self):
        values = {**Parameters().as_dict(), "ability_sd": 0.9}
        ranges = ranges_about(estimate_of(values))
        assert ranges[NAMES.index("ability_sd")].tolist() == [0.4, 0.9]
        assert ranges[0].tolist() == [SLIDERS[0].lower, SLIDERS[0].upper]

    def test_coordinates_have_the_derivatives_that_are_said(self):
        points = np.random.default_rng(0).uniform(0.2, 0.6, (5, len(NAMES)))
        for slider in range(len(NAMES)):
            move = 1e-6 * np.eye(len(NAMES))[slider]
            difference = (coordinates(points + move) - coordinates(points - move)) / 2e-6
            np.testing.assert_allclose(moves_of_coordinates(points)[:, :, slider], difference, atol=1e-9)

    def test_without_ai_or_without_an_economy_they_are_refused(self):
        values = {**Parameters().as_dict(), "eta0": 0.0, "eta1": 0.0}
        with pytest.raises(AnalysisError, match="without AI there is nothing to explore"):
            estimate_of(values)
        values = {**Parameters().as_dict(), "cumulative_advantage": 40.0}
        ranges, config = ranges_about(estimate_of(values)), aigini.load()
        with pytest.raises(AnalysisError, match=r"there is no economy at alpha = .*psi"):
            require_economies(ranges, pack(values), config.scenario, config.years)


def test_numbers_that_do_not_depend_on_a_slider_have_no_polynomial_in_it():
    random = np.random.default_rng(4)
    ranges = made_explorer().ranges
    points = ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * random.random((60, 7))
    _, xi, _, gini, *_ = points.T
    values = np.stack([xi**2 * gini, np.full(60, 0.3)], axis=1)
    slopes = np.zeros((60, 2, 7))
    slopes[:, 0, 1], slopes[:, 0, 3] = 2 * xi * gini, xi**2
    moving, constant = groups(("moving", "constant"), points, ranges, values, slopes, 3)
    assert list(moving.variables) == [1, 3]
    assert (list(constant.variables), constant.degree) == ([], 0)
    assert np.abs(moving(points, ranges)[:, 0] - values[:, 0]).max() < 1e-4
    assert constant(points, ranges) == pytest.approx(np.full((60, 1), 0.3), rel=1e-6)


@needs_node
class TestTheJavaScript:
    def test_gives_the_numbers_of_the_surrogate(self, explorer):
        points = explorer.ranges[:, 0] + (explorer.ranges[:, 1] - explorer.ranges[:, 0]) * np.random.default_rng(
            5
        ).random((4, 7))
        told = javascript(
            "const model = new AIGINI.Surrogate(data); return points.map((point) => model.at(point));",
            data=page_data(explorer),
            points=points.tolist(),
        )
        for point, numbers in zip(points, told, strict=True):
            own = explorer.at(**dict(zip(NAMES, point.tolist(), strict=True)))
            assert set(numbers) <= set(own)
            assert numbers == pytest.approx({name: own[name] for name in numbers}, rel=1e-12, abs=1e-14)

    def test_gives_the_same_over_the_plane_of_the_map(self, explorer):
        xis, shares = [0.05, 0.3, 0.6], [0.0, 0.4, 1.0]
        names = [group_name for group_name in explorer.surrogate[0].names if group_name.startswith("total")]
        told = javascript(
            "return new AIGINI.Surrogate(data).plane(point, names, xis, shares).map((column) => [...column]);",
            data=page_data(explorer),
            point=explorer.estimate.tolist(),
            names=names,
            xis=xis,
            shares=shares,
        )
        own = [[explorer.at(xi=xi, proprietary_share=share)["change_total"] for share in shares] for xi in xis]
        np.testing.assert_allclose(told, own, rtol=1e-11, atol=1e-14)

    def test_finds_where_a_function_is_zero(self):
        xs, ys = np.linspace(0, 1, 21), np.linspace(0, 2, 31)
        grid = (xs[:, None] + 0.5 * ys[None, :] - 0.8).tolist()
        segments = javascript("return AIGINI.zeros(grid, xs, ys);", grid=grid, xs=xs.tolist(), ys=ys.tolist())
        points = np.array(segments).reshape(-1, 2)
        assert len(segments) > 20
        np.testing.assert_allclose(points[:, 0] + 0.5 * points[:, 1], 0.8, atol=1e-12)

    def test_has_the_error_function_and_its_inverse(self):
        x, y = np.linspace(-6.5, 6.5, 53), np.linspace(-0.999, 0.999, 41)
        told = javascript("return [x.map(AIGINI.erf), y.map(AIGINI.erfinv)];", x=x.tolist(), y=y.tolist())
        np.testing.assert_allclose(told[0], erf(x), rtol=2e-14, atol=1e-16)
        np.testing.assert_allclose(told[1], erfinv(y), rtol=1e-11, atol=1e-14)

    # No regime change at the published share; two regimes under the assumptions of configs/two_regimes.toml; and none.
    @pytest.mark.parametrize(
        ("xi", "growth", "count"), [(0.12, 0.02, 1), (0.6, 0.0949, 3), (0.6, 0.12, 0), (0.3, 0.08, 1), (0.6, 0.0, 1)]
    )
    def test_finds_the_fixed_points_of_the_long_run(self, xi, growth, count):
        law = {
            **dict(zip(MAP_PARAMETERS, (xi, 0.9, 0.75, 0.04, 0.1, 1.0, 1.0), strict=True)),
            "erosion_gap_weight": 0.8,
        }
        own = long_run_fixed_points(growth=growth, **{name: law[name] for name in MAP_PARAMETERS})
        told = javascript("return AIGINI.fixedPoints(law, growth);", law=law, growth=growth)
        assert own.complete
        assert len(told) == len(own.points) == count
        for k, point in enumerate(told):
            assert point["variance"] == pytest.approx(own.points[k], rel=1e-11)
            assert point["multiplier"] == pytest.approx(own.multipliers[k], rel=1e-9)
            assert point["assetGini"] == pytest.approx(own.asset_gini[k], rel=1e-11)
            assert point["bargaining"] == pytest.approx(own.bargaining[k], rel=1e-9)
            assert point["stable"] == own.stable[k]
            assert point["name"] == own.names[k]

    def test_follows_the_mean_field(self):
        law = {
            **dict(zip(MAP_PARAMETERS, (0.6, 0.9, 0.75, 0.04, 0.1, 1.1, 0.9), strict=True)),
            "erosion_gap_weight": 0.8,
        }
        adoption = logistic_path(0.5, 8.0, 0.5, 40)
        growth = 0.19 * adoption
        own = mean_field_path(asset_law(law), growth, adoption, 0.15, 1.21)
        path, told_adoption, settled = javascript(
            "const adoption = AIGINI.logistic(0.5, 8, 0.5, 40);"
            " const path = AIGINI.meanFieldPath(law, adoption.map((at) => 0.19 * at), adoption, 0.15);"
            " return [path, adoption, AIGINI.settled(law, 0.095, 0.5, path[40], 0.15)];",
            law=law,
        )
        np.testing.assert_allclose(told_adoption, adoption, rtol=1e-13)
        for name in ("variance", "retooled", "gap", "bargaining"):
            np.testing.assert_allclose([year[name] for year in path], getattr(own, name), rtol=1e-11, atol=1e-13)
        points = long_run_fixed_points(growth=0.095, **{name: law[name] for name in MAP_PARAMETERS}).points
        assert np.abs(np.asarray(points) / settled - 1).min() < 1e-6


class TestThePage:
    def test_nothing_is_loaded_from_elsewhere(self, text):
        page = Reader(text)
        assert not any(value for name in ("src", "srcset", "data", "poster") for value in page.of("script", name))
        assert page.of("link", "href") == page.of("img", "src") == []
        assert all(value.startswith("#") for value in page.of("a", "href"))
        assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(", text)
        addresses = set(re.findall(r"https?://[^\"'\s)]+", text))
        assert addresses == {"http://www.w3.org/2000/svg"}  # the name of a language, which is not loaded
        assert "default-src 'none'" in text
        assert len(text.encode()) < 8e6

    def test_every_control_has_a_label_and_every_chart_a_name(self, text):
        page = Reader(text)
        ranges = [attributes for tag, attributes in page.tags if tag == "input" and attributes["type"] == "range"]
        assert {one["id"] for one in ranges} >= set(NAMES)
        labels = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
        identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(set(identities)) == len(identities)
        for one in ranges:
            assert one["id"] in labels
            assert one["aria-describedby"] in identities
        charts = [attributes for tag, attributes in page.tags if tag == "svg"]
        assert len(charts) == 7
        for chart in charts:
            assert chart["role"] == "img"
            assert set(chart["aria-labelledby"].split()) <= set(identities)
        assert page.of("html", "lang") == ["en"]

    def test_the_errors_and_the_origin_stand_on_it(self, explorer, text):
        said = " ".join("".join(Reader(text).words).split())
        assert explorer.statement[1:] in said
        for cell in (cell for row in explorer.table().rows for cell in row):
            assert cell.replace("_", " ") in said
        for part in ("aigini explore --out run", "0" * 40, "1" * 64, "explore.json", "simulation standard errors"):
            assert part in said

    def test_data_cannot_end_their_element(self, explorer):
        bad = made_explorer(params={**explorer.params}, sliders=("</script><b>", *NAMES[1:]))
        content = explorer_page(bad, origin("x", {}), made="")
        assert "</script><b>" not in content

    def test_an_unmeasured_simulation_error_is_said(self):
        content = explorer_page(made_explorer(simulation_se={}, draws=0), origin("x", {}), made="")
        assert "The simulation error of that draw was not" in content


class TestTheResult:
    def test_says_whether_the_error_is_what_is_wanted(self, explorer):
        assert explorer.accurate
        assert "below the 0.0002" in explorer.statement
        worse = [*explorer.errors[:-1], type(explorer.errors[0])("change_total", "Gini", True, 3, 1e-5, 3e-4, 4e-4)]
        assert "above the 0.0002" in made_explorer(errors=worse).statement

    def test_is_read_back_as_it_was(self, explorer, run):
        again = results.load(run, "explore", type(explorer))
        assert again.at(xi=0.3) == explorer.at(xi=0.3)
        assert str(again) == str(explorer)
        assert again.to_frame().equals(explorer.to_frame())

    def test_numbers_are_asked_for_by_slider(self, explorer):
        numbers = explorer.at(adoption=0.2)
        parts = [value for name, value in numbers.items() if name in explorer.surrogate[0].names and "total" in name]
        assert numbers[CHANGES[0]] == pytest.approx(sum(parts), rel=1e-12)
        assert numbers["gini_total_after"] == numbers["gini_total_before"] + numbers[CHANGES[0]]
        with pytest.raises(ValueError, match="there is no such slider"):
            explorer.at(eta1=0.3)
        with pytest.raises(ValueError, match="outside its range"):
            explorer.at(xi=0.9)


class TestTheCommand:
    def test_the_page_is_made_again_without_computing(self, run, monkeypatch, capsys):
        page = run.parent / "run.html"
        page.unlink(missing_ok=True)
        monkeypatch.setattr("aigini.commands.explore.at_estimates", None)
        monkeypatch.setattr(sys, "argv", ["aigini", "explore", "--out", str(page), "--page-only"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 0
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
        assert "written:" in capsys.readouterr().err

    def test_without_a_result_that_says_what_to_do(self, tmp_path):
        with pytest.raises(OutputError, match="run the command that writes it again"):
            write_page(tmp_path)

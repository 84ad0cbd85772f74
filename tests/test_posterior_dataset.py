"""Posteriors on disk, opened by ArviZ and by ourselves."""

import importlib.metadata
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from aigini.bayes.nuts import sample_stats
from aigini.errors import MissingExtraError, OutputError
from aigini.storage import folder
from aigini.storage.netcdf import build_tree as build
from aigini.storage.netcdf import read_tree as read
from aigini.storage.netcdf import tree_writer

CHAINS, DRAWS, MOMENTS = 3, 50, ("m1", "m2", "m3")


def statistics(seed=0):
    generator = np.random.default_rng(seed)
    shape = (CHAINS, DRAWS)
    return {
        "potential_energy": generator.normal(size=shape),
        "energy": generator.normal(size=shape) + 3,
        "diverging": generator.random(shape) < 0.1,
        "num_steps": generator.integers(1, 64, size=shape),
        "accept_prob": generator.random(shape),
        "step_size": np.full(shape, 0.25),
    }


def content(seed=0):
    generator = np.random.default_rng(seed)
    xi = generator.random((CHAINS, DRAWS))
    return {
        "posterior": {"xi": xi, "eta1": generator.normal(size=(CHAINS, DRAWS))},
        "derived": {"gini_change": 0.01 * xi - 0.004, "rises": xi > 0.4},
        "sample_stats": sample_stats(statistics(seed)),
        "prior": {"xi": generator.random((1, 200))},
        "prior_derived": {"gini_change": np.where(np.arange(20) < 3, np.nan, 0.1)[None]},
        "posterior_predictive": {"moments": generator.normal(size=(CHAINS, DRAWS, 3))},
        "observed_data": {"moments": np.array([-0.19, 0.152, -0.015])},
    }


RUN = {"seed": 3, "config": {"posterior": {"free": ["xi", "eta1"]}}, "m6": "Überzeugung"}


def tree(**changes):
    dims, coords = {"moments": ["moment"]}, {"moment": MOMENTS}
    return build(content() | changes, dims=dims, coords=coords, attrs={"run": RUN, "belief": "normal"})


def write(path, tree):
    return folder.write_atomically(path, tree_writer(tree))


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "posterior.nc", tree())


def arviz():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return pytest.importorskip("arviz")


class TestFile:
    def test_comes_back_as_it_was(self, path):
        found = read(path)
        for group, arrays in content().items():
            assert set(found[group].data_vars) == set(arrays)
            for name, values in arrays.items():
                np.testing.assert_array_equal(found[group][name].values, values)
                assert found[group][name].dtype == values.dtype
        assert found["posterior_predictive"]["moments"].dims == ("chain", "draw", "moment")
        assert found["observed_data"]["moments"].dims == ("moment",)
        assert list(found["observed_data"]["moment"].values) == list(MOMENTS)
        assert found.equals(tree())

    def test_says_who_made_it_and_how(self, path):
        attrs = read(path).attrs
        version = importlib.metadata.version("aigini")
        assert attrs["created_by"] == f"aigini {version}"
        assert (attrs["creation_library"], attrs["creation_library_version"]) == ("aigini", version)
        assert json.loads(attrs["run"]) == RUN
        assert attrs["belief"] == "normal"

    def test_marks_what_is_not_defined(self, path):
        found = read(path)
        assert found["prior_derived"]["gini_change"].attrs == {"undefined": 3}
        assert found["prior"]["xi"].attrs == {}

    def test_is_written_over_at_once(self, path):
        write(path, tree(posterior={"xi": np.zeros((CHAINS, DRAWS))}))
        assert set(read(path)["posterior"].data_vars) == {"xi"}
        assert [file.name for file in path.parent.iterdir()] == ["posterior.nc"]

    def test_a_failed_write_leaves_the_old_file(self, path, monkeypatch):
        before = path.read_bytes()

        def full(descriptor):
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(
            OutputError, match=r"posterior.nc: cannot be written \(No space left on device\); free space"
        ):
            write(path, tree())
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == ["posterior.nc"]

    def test_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(OutputError, match="cannot be written"):
            write(tmp_path / "none" / "posterior.nc", tree())


class TestDamage:
    @pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
    def test_cut_short(self, path, part):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(OutputError, match=r"posterior.nc: is not a readable posterior \(.+\); run the command"):
            read(path)

    def test_changed_numbers_are_noticed(self, path):
        whole = path.read_bytes()
        stored = content()["posterior"]["xi"].tobytes()
        at = whole.index(stored)
        path.write_bytes(whole[: at + 100] + bytes([whole[at + 100] ^ 1]) + whole[at + 101 :])
        with pytest.raises(OutputError, match="is not a readable posterior"):
            read(path)

    def test_something_else(self, tmp_path):
        path = tmp_path / "posterior.nc"
        path.write_text("not a NetCDF file")
        with pytest.raises(OutputError, match="is not a readable posterior"):
            read(path)
        write(path, build({"prior": {"xi": np.zeros((1, 10))}}))
        with pytest.raises(OutputError, match="has no group called posterior"):
            read(path)
        with pytest.raises(OutputError, match="there is no such file"):
            read(tmp_path / "other.nc")


class TestArviz:
    def test_opens_with_groups_and_dimensions(self, path):
        found = arviz().from_netcdf(path)
        groups = {name.strip("/") for name in (found.groups() if callable(found.groups) else found.groups)} - {""}
        assert groups == set(content())
        assert found["posterior"]["xi"].dims == ("chain", "draw")
        assert dict(found["posterior"].sizes) == {"chain": CHAINS, "draw": DRAWS}
        np.testing.assert_array_equal(found["posterior"]["xi"].values, content()["posterior"]["xi"])
        assert found["sample_stats"]["diverging"].dtype == bool
        assert found.attrs["created_by"].startswith("aigini ")
        found.close()

    def test_opens_where_aigini_is_not_imported(self, path):
        script = """
import sys, arviz
found = arviz.from_netcdf(sys.argv[1])
energy = found["sample_stats"]["energy"]
print(*found["posterior"].sizes.values(), float(arviz.rhat(found, var_names=["xi"])["xi"]))
share = arviz.bfmi(found)  # an array before version 1, a dataset since
print(float(energy.mean()), float(share["energy"][0] if hasattr(share, "data_vars") else share[0]))
assert "aigini" not in sys.modules
"""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-W", "ignore::FutureWarning", "-c", script, str(path)],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=path.parent,
        )
        assert done.returncode == 0, done.stderr
        (chains, draws, r_hat), (energy, share) = (map(float, line.split()) for line in done.stdout.splitlines())
        assert (chains, draws) == (CHAINS, DRAWS)
        assert 0.9 < r_hat < 1.2
        values = content()["sample_stats"]["energy"]
        assert energy == pytest.approx(values.mean(), rel=1e-12)
        assert share == pytest.approx(np.mean(np.diff(values[0]) ** 2) / values[0].var(ddof=1), rel=1e-9)


class TestNames:
    def test_of_the_sampler(self):
        given = statistics()
        found = sample_stats(given)
        assert set(found) == {"lp", "energy", "diverging", "n_steps", "tree_depth", "acceptance_rate", "step_size"}
        np.testing.assert_array_equal(found["lp"], -given["potential_energy"])
        np.testing.assert_array_equal(found["acceptance_rate"], given["accept_prob"])
        np.testing.assert_array_equal(2.0 ** (found["tree_depth"] - 1) <= given["num_steps"], True)
        np.testing.assert_array_equal(2.0 ** found["tree_depth"] > given["num_steps"], True)

    def test_missing_statistic(self):
        given = statistics()
        del given["num_steps"]
        with pytest.raises(ValueError, match="lack num_steps; give all of potential_energy"):
            sample_stats(given)

    def test_dimensions_without_a_name(self):
        found = build({"posterior": {"a": np.zeros((2, 5, 4))}, "observed_data": {"b": np.zeros(3)}})
        assert found["posterior"]["a"].dims == ("chain", "draw", "a_dim_0")
        assert found["observed_data"]["b"].dims == ("b_dim_0",)
        assert list(found["posterior"]["draw"].values) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            ({"posterior": {"a": np.zeros(5)}}, r"posterior/a has shape \(5,\), but its dimensions are chain, draw"),
            ({"posterior": {"m": np.zeros((2, 5))}}, "its dimensions are chain, draw, moment"),
            ({"posterior": {"m": np.zeros((2, 5, 4))}}, "posterior/m has 4 entries along moment, expected 3"),
            (
                {"posterior": {"a": np.zeros((2, 5)), "b": np.zeros((2, 6))}},
                "posterior/b has 6 entries along draw, expected 5",
            ),
            ({"posterior": {"a": np.array([[0, 1.0], [np.nan, 2]])}}, r"posterior/a\[1, 0\] is not a number"),
        ],
    )
    def test_shapes_that_do_not_fit(self, groups, message):
        with pytest.raises(ValueError, match=message):
            build(groups, dims={"m": ["moment"]}, coords={"moment": MOMENTS})

    def test_infinite_numbers_are_kept(self, tmp_path):
        values = np.array([[1.0, np.inf], [2.0, -np.inf]])
        path = write(tmp_path / "posterior.nc", build({"posterior": {"a": values}}))
        np.testing.assert_array_equal(read(path)["posterior"]["a"].values, values)

    @pytest.mark.parametrize("value", [np.nan, {"a": np.inf}, {"a": object()}])
    def test_attributes_must_be_plain(self, value):
        with pytest.raises(ValueError, match="attribute run cannot be written as JSON"):
            build({}, attrs={"run": value})

    def test_attributes_that_are_not_text(self, tmp_path):
        attrs = {"good": True, "nothing": None, "seed": 3, "share": 0.5}
        written = build({"posterior": {"a": np.zeros((2, 5))}}, attrs=attrs)
        found = read(write(tmp_path / "posterior.nc", written)).attrs
        assert {name: found[name] for name in attrs} == {"good": "true", "nothing": "null", "seed": 3, "share": 0.5}


@pytest.mark.parametrize("package", ["xarray", "h5netcdf", "h5py"])
def test_missing_packages_are_named(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingExtraError, match=r"needs xarray, h5netcdf and h5py, which are not installed; .*posterior\]"
    ):
        read(tmp_path / "posterior.nc")

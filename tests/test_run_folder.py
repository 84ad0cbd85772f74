"""What a run leaves on disk: results that read back exactly, a record, checkpoints that survive a kill."""

import dataclasses
import json
import math
import os
import re
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import aigini
from aigini import cli
from aigini.commands import reproduce
from aigini.commands.calibrate import blank_progress
from aigini.commands.registry import load_result
from aigini.config import load
from aigini.errors import CheckpointError, EquilibriumError, OutputError
from aigini.estimation.result import Calibration, StartResult, Trace
from aigini.estimation.target import Target
from aigini.estimation.verdict import Status
from aigini.parameters import SPECS
from aigini.statistics.moments import MOMENT_NAMES
from aigini.statistics.report import Distribution
from aigini.statistics.simulation_result import Simulation
from aigini.storage import checkpoint, folder, netcdf, results

SETTINGS = """
[population]
n_workers = 4096
n_firms = 50

[calibration]
free = ["alpha", "beta"]
moments = ["m1", "m2"]
starts = 2
checkpoint_every = 2
descent_steps = 60
descent_tolerance = 0.0
polish_steps = 0    # resuming in the second stage is shown in test_estimation.py; compiling it takes a minute
replications = 0
"""

STATE = {
    *("within_task_cv", "exposed_output", "education_premium", "education_return", "signal_correlation"),
    *("asset_growth_gap", "credential_weight", "credential_requirement", "between_firm_variance"),
    *("between_firm_share", "log_wage_variance", "gini_total", "gini_wage", "gini_capital", "gini_assets"),
    *("theil_total", "top1_share", "top10_share", "labour_share", "mean_schooling", "output"),
    *("human_capital", "accounting_gap", "mean_income", "theil_between", "theil_within", "end_mass", "residual"),
}

FIGURES = {
    "simulation": {
        *("task_output_density", "wage_density", "lorenz_curves", "gini_changes", "where_income_goes"),
        *("asset_concentration", "decomposition"),
    },
    "calibration": {"moment_fit", "objective_trace"},
}


def strict_json(path):
    """The content of a JSON file that holds neither NaN nor infinity, which JSON does not know."""

    def refuse(text):
        raise AssertionError(f"{path} holds {text}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def without_run(content):
    return {key: value for key, value in content.items() if key != "run"}


# --- One real run, interrupted and not ----------------------------------------------------------------------


class Command:
    """The command line in a process of its own; all of them share one folder of compiled programs."""

    def __init__(self, place):
        self.place = place
        (place / "settings.toml").write_text(SETTINGS)
        self.environment = {**os.environ, "AIGINI_CACHE": str(place / "cache"), "JAX_PLATFORMS": "cpu"}

    def start(self, verb, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "aigini.cli", verb, *map(str, arguments)],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, verb, *arguments):
        with self.start(verb, *arguments) as process:
            out, err = process.communicate(timeout=600)
        # The second stage is left out above, so that no estimation converges: results are written all the same.
        assert process.returncode == (3 if verb in ("calibrate", "reproduce") else 0), err
        return out, err


@pytest.fixture(scope="session")
def command(tmp_path_factory):
    return Command(tmp_path_factory.mktemp("runs"))


@dataclasses.dataclass
class Interrupted:
    """A calibration killed after its first checkpoint, and what was in its folder between kill and resumption."""

    place: object
    code: int
    files: set
    manifest: dict
    err: str


@pytest.fixture(scope="session")
def interrupted(command):
    place = command.place / "interrupted"
    with command.start("calibrate", "settings.toml", "--out", place) as process:
        try:
            until = time.monotonic() + 500
            while not (place / "checkpoint.json").exists():
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    files = {path.name for path in place.iterdir()}
    manifest = strict_json(place / "checkpoint.json")
    _, err = command("calibrate", "settings.toml", "--out", place, "--resume")
    return Interrupted(place, process.returncode, files, manifest, err)


@pytest.fixture(scope="session")
def finished(command, interrupted):
    """The folder of the main job, run from beginning to end."""
    place = command.place / "finished"
    command("reproduce", "settings.toml", "--out", place)
    return place


@pytest.mark.slow
class TestACalibrationThatIsKilled:
    def test_leaves_a_checkpoint_and_no_result(self, interrupted):
        assert interrupted.code == -signal.SIGKILL
        assert "calibration.json" not in interrupted.files
        assert interrupted.manifest["arrays"] in interrupted.files
        assert interrupted.manifest["config_sha256"] == load(interrupted.place.parent / "settings.toml").digest
        assert 0 < interrupted.manifest["iteration"] < 60

    def test_goes_on_from_there_when_resumed(self, interrupted):
        assert f"resumed at iteration {interrupted.manifest['iteration']}" in interrupted.err
        iterations = [int(found) for found in re.findall(r" s  iteration +(\d+)", interrupted.err)]
        assert iterations == list(range(interrupted.manifest["iteration"] + 2, 61, 2))

    def test_gives_bit_for_bit_the_result_of_a_run_that_was_not(self, interrupted, finished):
        resumed = without_run(strict_json(interrupted.place / "calibration.json"))
        straight = without_run(strict_json(finished / "calibration.json"))
        for key in ("estimates", "objective", "trace"):
            assert resumed[key] == straight[key], key
        assert resumed == straight

    def test_leaves_nothing_of_the_checkpoint_once_it_is_done(self, interrupted):
        assert {path.name for path in interrupted.place.iterdir()} == {
            *("calibration.json", "config.toml", "run.json", "printed.txt", "figures", "tables")
        }


@pytest.mark.slow
class TestARunFolder:
    def test_holds_every_result_and_nothing_temporary(self, finished):
        assert {path.name for path in finished.iterdir()} == {
            *("simulate.json", "simulate.nc", "simulate_at_estimates.json", "simulate_at_estimates.nc"),
            *("calibration.json", "answer.json", "config.toml", "run.json", "printed.txt", "figures", "tables"),
            "report.html",
        }

    @pytest.mark.parametrize("name", ["simulate", "simulate_at_estimates"])
    def test_holds_the_economy_before_and_after(self, finished, name):
        content = strict_json(finished / f"{name}.json")
        assert content.keys() >= {"params", "before", "after", "moments", "run"}
        assert content["params"].keys() == SPECS.keys()
        assert content["before"].keys() == content["after"].keys() >= STATE
        assert tuple(content["moments"]) == MOMENT_NAMES
        for part in ("params", "before", "after", "moments"):
            assert all(isinstance(value, float) for value in content[part].values()), part

    def test_holds_the_parameters_that_were_asked_for_and_those_that_were_estimated(self, finished):
        configured = load(finished.parent / "settings.toml").params.as_dict()
        calibration = strict_json(finished / "calibration.json")
        assert strict_json(finished / "simulate.json")["params"] == configured
        fitted = strict_json(finished / "simulate_at_estimates.json")
        assert fitted["params"] == calibration["params"]
        assert calibration["params"].items() >= calibration["estimates"].items()
        for name, value in calibration["fitted"].items():
            assert fitted["moments"][name] == pytest.approx(value, abs=1e-9)

    def test_holds_an_answer_that_claims_nothing_where_the_targets_are_not_met(self, finished):
        assert strict_json(finished / "calibration.json")["status"]["name"] != "FITTED"
        content = strict_json(finished / "answer.json")
        assert (content["fitted"], content["reasons"], content["chances"]) == (False, {}, {})
        assert list(content["sentences"]) == ["No answer"]

    @pytest.mark.parametrize("name", ["simulate", "simulate_at_estimates", "calibration", "answer"])
    def test_says_what_its_numbers_are(self, finished, name):
        assert strict_json(finished / f"{name}.json")["units"]["params"].keys() == SPECS.keys()

    def test_holds_a_calibration_with_its_targets_and_how_it_ended(self, finished):
        content = strict_json(finished / "calibration.json")
        assert content["free"] == ["alpha", "beta"]
        assert list(content["targets"]) == ["m1", "m2"]
        assert content["status"]["name"] in Status.__members__
        assert np.shape(content["jacobian"]["values"]) == (2, 2)
        assert len(content["starts"]) == 2

    @pytest.mark.parametrize(
        ("name", "stages"),
        [
            ("run", {"simulate", "calibrate", "simulate_at_estimates", "answer", "figures"}),
            ("simulate", None),
            ("calibration", None),
        ],
    )
    def test_records_how_each_result_came_about(self, finished, name, stages):
        content = strict_json(finished / f"{name}.json")
        run = content if name == "run" else content["run"]
        config = load(finished.parent / "settings.toml")
        assert run["config"] == json.loads(json.dumps(config.source))
        assert (run["config_sha256"], run["seed"]) == (config.digest, 0)
        assert run["versions"]["jax"] == jax.__version__
        assert run["versions"].keys() >= {
            "python",
            "aigini",
            "jaxlib",
            "numpy",
            "equinox",
            "optax",
        }
        assert run["device"]["platform"] == "cpu"
        assert run["device"]["count"] >= 1
        assert run["commit"] is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", run["commit"])
        assert all(seconds >= 0 for seconds in run["timings_s"].values())
        assert stages is None or run["timings_s"].keys() == stages

    def test_holds_a_configuration_that_runs_it_again(self, finished):
        assert load(finished / "config.toml").digest == load(finished.parent / "settings.toml").digest

    def test_holds_every_figure(self, finished):
        assert {path.stem for path in (finished / "figures").iterdir()} == set.union(*FIGURES.values())

    def test_holds_results_that_read_back_and_write_out_the_same(self, finished, tmp_path):
        for name in ("simulate", "simulate_at_estimates"):
            results.save(tmp_path, name, load_result(finished, name), {})
            again, first = (without_run(strict_json(place / f"{name}.json")) for place in (tmp_path, finished))
            assert again == first
            assert_same(load_result(tmp_path, name), load_result(finished, name))
        calibration = load_result(finished, "calibration")
        results.save(tmp_path, "calibration", calibration, {})
        again, first = (without_run(strict_json(place / "calibration.json")) for place in (tmp_path, finished))
        assert again == first
        assert calibration.message in str(calibration)

    def test_gives_its_figures_again(self, finished, tmp_path, monkeypatch, capsys):
        for path in finished.iterdir():
            if path.is_file():
                (tmp_path / path.name).write_bytes(path.read_bytes())
        monkeypatch.setenv("AIGINI_CACHE", "off")
        monkeypatch.setattr(sys, "argv", ["aigini", "figures", str(tmp_path)])
        with pytest.raises(SystemExit) as done:
            cli.main()
        assert done.value.code == 0
        out = capsys.readouterr().out
        drawn = sorted(tmp_path / "figures" / f"{name}.png" for name in set.union(*FIGURES.values()))
        assert sorted(out.split()) == [str(path) for path in drawn]
        for path in drawn:
            assert path.read_bytes() == (finished / "figures" / path.name).read_bytes()

    def test_of_simulate_alone_holds_the_same_simulation(self, finished, command):
        out, err = command("simulate", "settings.toml", "--out", "alone")
        place = finished.parent / "alone"
        assert {path.name for path in place.iterdir()} == {
            *("simulate.json", "simulate.nc"),
            *("config.toml", "run.json", "printed.txt", "tables"),
        }
        assert without_run(strict_json(place / "simulate.json")) == without_run(strict_json(finished / "simulate.json"))
        assert "regime" in out
        assert "simulate.json" in err

    def test_keeps_compiled_programs_where_the_environment_says(self, finished, command):
        assert any((command.place / "cache").iterdir())


# --- Atomic writes and JSON ---------------------------------------------------------------------------------


class TestAnAtomicWrite:
    @pytest.mark.parametrize(
        "failure", [OSError(28, "No space left on device"), ValueError("a bug"), KeyboardInterrupt()]
    )
    @pytest.mark.parametrize("written", [b"", b"half"])
    def test_that_fails_leaves_the_old_file_and_nothing_else(self, tmp_path, failure, written):
        path = tmp_path / "result.json"
        path.write_bytes(b"old")

        def write(temporary):
            temporary.write_bytes(written)
            raise failure

        with pytest.raises(OutputError if isinstance(failure, OSError) else type(failure)):
            folder.write_atomically(path, write)
        assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("result.json", b"old")]

    def test_never_shows_a_part_of_the_file(self, tmp_path):
        path = tmp_path / "result.json"
        path.write_bytes(b"old")

        def write(temporary):
            temporary.write_bytes(b"new")
            assert path.read_bytes() == b"old"

        folder.write_atomically(path, write)
        assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("result.json", b"new")]

    def test_into_a_place_that_is_no_folder_names_the_file_and_the_remedy(self, tmp_path):
        (tmp_path / "regular").write_text("")
        with pytest.raises(OutputError, match=r"regular/result\.json: cannot be written .* choose another --out"):
            folder.write_json(tmp_path / "regular" / "result.json", {})


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path):
    assert list(folder.prepare(tmp_path / "a" / "b").iterdir()) == []


def test_json_has_null_for_what_is_no_number(tmp_path):
    content = {
        "a": math.nan,
        "b": [math.inf, np.float64(-math.inf)],
        "c": np.array([1.0, math.nan]),
        "d": np.int32(3),
    }
    path = folder.write_json(tmp_path / "a.json", content)
    assert strict_json(path) == {"a": None, "b": [None, None], "c": [1.0, None], "d": 3}


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_json_keeps_every_finite_number_exactly(tmp_path_factory, content):
    path = folder.write_json(tmp_path_factory.getbasetemp() / "numbers.json", content)
    assert strict_json(path) == content


# --- The store ----------------------------------------------------------------------------------------------

NUMBERS = st.floats(width=64, allow_infinity=False, allow_nan=False)

SHAPES = {
    **dict.fromkeys(("task_price", "human_return", "ai_return", "diagnostic_variance"), (7,)),
    **dict.fromkeys(("total_masses", "wage_masses", "task_output_masses", "task_output"), (11,)),
    **dict.fromkeys(("task_human", "task_ai"), ()),
    **dict.fromkeys(("lorenz_total", "lorenz_wage"), (2, 12)),
    **dict.fromkeys(("gini_by_occupation", "gini_by_assets"), (10,)),
    "income_by_source": (4,),
    "income_by_source_and_group": (4, 4),
    "asset_gini_path": (11,),
}


def a_state(seed):
    """Arbitrary arrays of the shapes that figures get, one of them with a gap."""
    generator = np.random.default_rng(seed)
    arrays = {name: np.asarray(generator.lognormal(0, 20, shape)) for name, shape in SHAPES.items()}
    arrays["gini_by_assets"][3] = np.nan
    return arrays


def a_simulation():
    values = dict(zip(sorted(STATE), np.random.default_rng(0).lognormal(0, 20, len(STATE)).tolist(), strict=True))
    return Simulation(
        params={name: spec.default for name, spec in SPECS.items()},
        moments={**dict.fromkeys(MOMENT_NAMES, 1 / 3), "m5": None},
        before={**values, "asset_growth_gap": None},
        after={**{name: value / 3 for name, value in values.items()}, "asset_growth_gap": None},
        before_arrays=a_state(1),
        after_arrays=a_state(2),
        income="wage",
        n_workers=1000,
        simulation_se={**dict.fromkeys(MOMENT_NAMES, 1e-4), "m5": None},
        change_se={name: None if name == "asset_growth_gap" else value / 7 for name, value in values.items()},
        change_se_arrays={"gini_by_assets": a_state(3)["gini_by_assets"]},
    )


def a_calibration(**changes):
    free = ("alpha", "beta")
    ends = [{"alpha": 1 / 3, "beta": -1e-300}, {"alpha": 5e-324, "beta": 1e300}]
    return dataclasses.replace(
        Calibration(
            free=free,
            estimates=ends[0],
            params={name: spec.default for name, spec in SPECS.items()},
            targets={"m1": Target(0.1, 0.2, "somebody’s “study”", "P"), "m2": Target(-0.1, 0.3)},
            fitted={"m1": 0.3, "m2": 2 / 3},
            misfit={"m1": 1.0, "m2": 23 / 9},
            weighting=np.array([[25.0, 1.0], [1.0, 100 / 9]]),
            objective=0.1 + 0.2,
            gradient_norm=1e-17,
            removable_share=1e-9,
            remaining_step=math.inf,
            jacobian=np.array([[1.0, 2.0], [1 / 3, -1e-9]]),
            singular_values=np.array([2.0, 1e-16]),
            standard_errors={"independent": {"alpha": 0.1, "beta": 1 / 3}, "worst_case": {"alpha": 0.2, "beta": 1e9}},
            no_standard_errors="",
            status=Status.MINIMUM,
            at_bound={"alpha": 0.0},
            starts=tuple(StartResult({"alpha": 1.0, "beta": 0.1}, end, 0.3, k == 0) for k, end in enumerate(ends)),
            agreed=1,
            trace=Trace(("descent", "polish"), (1, 6), np.array([[1.0, 2.0], [1 / 3, 0.5]])),
            moment_simulation_se={"m1": 1e-3, "m2": 1e-4},
            estimate_simulation_se=None,
            replications=4,
            income="total",
        ),
        **changes,
    )


def assert_same(first, second):
    """Equal in every field, arrays bit for bit."""
    assert type(first) is type(second)
    for field in dataclasses.fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if dataclasses.is_dataclass(one):
            assert_same(one, other)
        elif isinstance(one, np.ndarray):
            assert_same_array(one, other)
        elif field.name.endswith("_arrays"):
            assert one.keys() == other.keys()
            for name in one:
                assert_same_array(one[name], other[name])
        else:
            assert one == other, field.name


def assert_same_array(one, other):
    assert (one.shape, other.dtype) == (other.shape, np.float64)
    np.testing.assert_array_equal(one, other)


class TestTheStore:
    def test_shapes_above_are_those_of_a_distribution(self):
        assert SHAPES.keys() == {field.name for field in dataclasses.fields(Distribution)}

    def test_gives_a_simulation_back_exactly(self, tmp_path):
        simulation = a_simulation()
        results.save(tmp_path, "simulate", simulation, {"seed": 0})
        assert_same(load_result(tmp_path, "simulate"), simulation)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"moment_simulation_se": None, "replications": 0},
            {"estimate_simulation_se": {"alpha": 0.1, "beta": 0.2}, "income": "wage"},
            *({"status": status} for status in Status),
            {"standard_errors": None, "no_standard_errors": "the estimation has not converged"},
        ],
    )
    def test_gives_a_calibration_back_exactly(self, tmp_path, changes):
        calibration = a_calibration(**changes)
        results.save(tmp_path, "calibration", calibration, {"seed": 0})
        again = load_result(tmp_path, "calibration")
        assert_same(again, calibration)
        assert str(again) == str(calibration)

    def test_gives_a_calibration_with_an_infinite_bound_and_a_failed_start_back_exactly(self, tmp_path):
        failed = StartResult({"alpha": 1.0, "beta": 0.1}, {"alpha": 1.0, "beta": 0.1}, math.inf, False)
        calibration = a_calibration(
            at_bound={"alpha": math.inf},
            starts=(a_calibration().starts[0], failed),
            trace=Trace(("descent", "polish"), (1, 6), np.array([[1.0, np.inf], [1 / 3, np.inf]])),
        )
        results.save(tmp_path, "calibration", calibration, {})
        strict_json(tmp_path / "calibration.json")
        again = load_result(tmp_path, "calibration")
        assert str(again) == str(calibration)
        assert_same(again, calibration)

    @given(npst.arrays(np.float64, npst.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.floats()))
    def test_keeps_arrays_bit_for_bit(self, tmp_path_factory, array):
        path = tmp_path_factory.getbasetemp() / "arrays.nc"
        groups = {"before": {"one_thing": array}, "after": {"one_thing": -array}}
        folder.write_atomically(path, netcdf.array_writer(groups))
        groups, _ = netcdf.read_arrays(path)
        assert_same_array(array, groups["before"]["one_thing"])
        assert_same_array(-array, groups["after"]["one_thing"])

    def test_names_a_result_that_was_cut_off_anywhere(self, tmp_path):
        results.save(tmp_path, "simulate", a_simulation(), {})
        results.save(tmp_path, "calibration", a_calibration(), {})
        for name, result in (
            ("simulate.nc", "simulate"),
            ("simulate.json", "simulate"),
            ("calibration.json", "calibration"),
        ):
            whole = (tmp_path / name).read_bytes()
            for length in [*range(0, len(whole) - 2, 97), len(whole) - 3]:
                (tmp_path / name).write_bytes(whole[:length])
                with pytest.raises(OutputError, match="run the command that writes it again"):
                    load_result(tmp_path, result)
            (tmp_path / name).write_bytes(whole)
            load_result(tmp_path, result)

    @pytest.mark.parametrize("name", ["simulate.json", "calibration.json"])
    def test_names_a_result_that_lacks_a_part(self, tmp_path, name):
        results.save(tmp_path, "simulate", a_simulation(), {})
        results.save(tmp_path, "calibration", a_calibration(), {})
        content = strict_json(tmp_path / name)
        # These follow from the rest, or older files lack them.
        follow = {"regime", "units", "gini_resolution", "below_resolution", "overidentification", "not_finite"}
        follow |= {"ownership_tilt", "effective"}
        for part in content.keys() - {"run", "schema", *follow}:
            folder.write_json(tmp_path / name, {key: value for key, value in content.items() if key != part})
            with pytest.raises(OutputError, match=re.escape(part)):
                load_result(tmp_path, name.removesuffix(".json"))

    @pytest.mark.parametrize("state", ["before", "after"])
    @pytest.mark.parametrize("name", ["gini_wage", "output"])
    @pytest.mark.parametrize("wrong", ["missing", "0.3", [0.3]])
    def test_names_a_statistic_that_is_missing_or_no_number(self, tmp_path, state, name, wrong):
        results.save(tmp_path, "simulate", a_simulation(), {})
        content = strict_json(tmp_path / "simulate.json")
        content[state] = {**content[state], name: wrong}
        if wrong == "missing":
            del content[state][name]
        folder.write_json(tmp_path / "simulate.json", content)
        with pytest.raises(OutputError, match=rf"simulate\.json: .*{state} (lacks|holds no number for) {name}"):
            load_result(tmp_path, "simulate")

    def test_names_arrays_that_belong_to_another_run(self, tmp_path):
        for name, run in (
            ("one", {"run_id": "a", "config_sha256": "c"}),
            ("two", {"run_id": "b", "config_sha256": "c"}),
        ):
            folder.prepare(tmp_path / name)
            results.save(tmp_path / name, "simulate", a_simulation(), run)
        load_result(tmp_path / "one", "simulate")
        (tmp_path / "two" / "simulate.nc").replace(tmp_path / "one" / "simulate.nc")
        with pytest.raises(
            OutputError, match=r"simulate\.nc: belongs to another run than simulate\.json \(run b, not a\)"
        ):
            load_result(tmp_path / "one", "simulate")

    @pytest.mark.parametrize("part", ["targets", "jacobian", "status", "trace", "starts"])
    def test_names_a_calibration_with_a_part_of_another_kind(self, tmp_path, part):
        results.save(tmp_path, "calibration", a_calibration(), {})
        for wrong in ([3], 3, "three", None, {"a": 1}):
            content = {**strict_json(tmp_path / "calibration.json"), part: wrong}
            (tmp_path / "wrong").mkdir(exist_ok=True)
            folder.write_json(tmp_path / "wrong" / "calibration.json", content)
            with pytest.raises(OutputError, match="is not a readable result"):
                load_result(tmp_path / "wrong", "calibration")


# --- The main job with nothing computed ---------------------------------------------------------------------


def test_an_estimate_that_cannot_be_simulated_does_not_lose_the_calibration(tmp_path, monkeypatch):
    def fail(*_):
        raise EquilibriumError("equilibrium: no; do that.")

    monkeypatch.setattr(reproduce, "simulate", lambda _: a_simulation())
    monkeypatch.setattr("aigini.commands.calibrate.calibrate", lambda *_, **__: a_calibration())
    monkeypatch.setattr(reproduce, "simulate_at", fail)
    with pytest.raises(EquilibriumError):
        aigini.reproduce(out=tmp_path)
    assert_same(load_result(tmp_path, "calibration"), a_calibration(config=load().source))


def test_the_main_job_returns_what_it_wrote(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "simulate", lambda _: a_simulation())
    monkeypatch.setattr("aigini.commands.calibrate.calibrate", lambda *_, **__: a_calibration())
    monkeypatch.setattr(reproduce, "simulate_at", lambda *_: a_simulation())
    monkeypatch.setattr("aigini.commands.command.ResultFile.draw", lambda *_: [])
    result = aigini.reproduce(out=tmp_path / "run", xi=0.2)
    assert float(result.config.params.xi) == 0.2
    assert strict_json(tmp_path / "run" / "run.json")["config"]["params"]["xi"] == 0.2
    written = dataclasses.replace(result.calibration, config=result.config.source)
    assert_same(load_result(result.folder, "calibration"), written)
    assert_same(load_result(result.folder, "simulate"), result.start)
    assert_same(load_result(result.folder, "simulate_at_estimates"), result.fitted)
    assert str(result.calibration) in str(result)
    assert str(result).endswith(str(result.answer))
    assert load_result(result.folder, "answer") == result.answer


# --- Checkpoints --------------------------------------------------------------------------------------------


@pytest.fixture
def config():
    return load(None, {"calibration.free": ["alpha", "beta"], "calibration.starts": 3})


@pytest.fixture
def progress(config):
    """A state in the middle of an estimation, with arbitrary numbers in it."""
    generator = np.random.default_rng(0)

    def arbitrary(leaf):
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            return jnp.asarray(generator.normal(size=leaf.shape), leaf.dtype)
        return jnp.asarray(generator.integers(0, 2, leaf.shape), leaf.dtype)

    state = jax.tree.map(arbitrary, blank_progress(config))
    return dataclasses.replace(state, trace=state.trace.at[3:].set(jnp.inf).at[0, 0].set(jnp.nan))


def assert_same_progress(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for first, second in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert first.dtype == second.dtype
        assert first.shape == second.shape
        assert np.asarray(first).tobytes() == np.asarray(second).tobytes()


class TestACheckpoint:
    def test_reads_back_bit_for_bit(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, progress)
        assert_same_progress(checkpoint.load(tmp_path, config, blank_progress(config)), progress)

    def test_reads_back_bit_for_bit_where_the_caller_has_64_bit_mode_off(self, tmp_path, config, progress):
        with jax.enable_x64(False):  # as on the command line
            checkpoint.save(tmp_path, config, progress)
            assert_same_progress(checkpoint.load(tmp_path, config, blank_progress(config)), progress)

    def test_replaces_the_one_before(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, blank_progress(config))
        checkpoint.save(tmp_path, config, progress)
        assert_same_progress(checkpoint.load(tmp_path, config, blank_progress(config)), progress)
        assert len(list(tmp_path.iterdir())) == 2

    def test_written_twice_is_written_once(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, progress)
        checkpoint.save(tmp_path, config, progress)
        assert_same_progress(checkpoint.load(tmp_path, config, blank_progress(config)), progress)

    @pytest.mark.parametrize("moment", ["aigini.storage.checkpoint._serialise", "aigini.storage.checkpoint.write_json"])
    def test_survives_a_kill_while_the_next_is_written(self, tmp_path, config, progress, monkeypatch, moment):
        def killed(*_):
            raise KeyboardInterrupt

        checkpoint.save(tmp_path, config, progress)
        with monkeypatch.context() as patch:
            patch.setattr(moment, killed)
            with pytest.raises(KeyboardInterrupt):
                checkpoint.save(tmp_path, config, blank_progress(config))
        assert_same_progress(checkpoint.load(tmp_path, config, blank_progress(config)), progress)

    def test_that_is_not_there_is_no_checkpoint(self, tmp_path, config):
        assert checkpoint.load(tmp_path, config, blank_progress(config)) is None

    def test_is_gone_when_cleared(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, progress)
        (tmp_path / "calibration.json").write_text("kept")
        checkpoint.clear(tmp_path)
        checkpoint.clear(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]

    def test_of_other_shapes_is_refused(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, progress)
        other = blank_progress(load(None, {"calibration.free": ["alpha", "beta"], "calibration.starts": 2}))
        with pytest.raises(CheckpointError, match="cannot be read"):
            checkpoint.load(tmp_path, config, other)

    def test_of_another_configuration_is_refused(self, tmp_path, config, progress):
        checkpoint.save(tmp_path, config, progress)
        other = load(None, {"calibration.free": ["alpha", "beta"], "calibration.starts": 3, "xi": 0.2})
        with pytest.raises(CheckpointError, match="another configuration"):
            checkpoint.load(tmp_path, other, blank_progress(other))

    @settings(max_examples=30)
    @given(st.data())
    def test_with_any_byte_changed_is_refused(self, tmp_path_factory, data):
        config = load(None, {"calibration.free": ["alpha"], "calibration.starts": 1})
        place = tmp_path_factory.mktemp("checkpoint")
        checkpoint.save(place, config, blank_progress(config))
        (arrays,) = place.glob("*.eqx")
        content = bytearray(arrays.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        arrays.write_bytes(content)
        with pytest.raises(CheckpointError, match="damaged"):
            checkpoint.load(place, config, blank_progress(config))


@dataclasses.dataclass
class Own:
    """A result of a user's own, with a field that may hold anything."""

    field: object
    name: str = "own"


def test_numbers_and_arrays_of_jax_and_numpy_are_written_as_pythons(tmp_path):
    values = {
        "scalar": jnp.asarray(0.5, jnp.float32),
        "array": [jnp.asarray([[1.5, jnp.inf]])],
        "whole": (np.int32(3), np.bool_(True)),
        "half": jnp.asarray(0.25, jnp.bfloat16),
        "lost": np.float32("nan"),
        "long": np.longdouble("inf"),
        np.int64(7): None,
    }
    content = strict_json(results.save(tmp_path, "own", Own(values), {}))
    assert content["field"] == {
        **{"scalar": 0.5, "array": [[[1.5, None]]], "whole": [3, True], "half": 0.25, "lost": None, "long": None},
        "7": None,
    }
    assert content["not_finite"] == ["field.array", "field.lost", "field.long"]


@pytest.mark.parametrize(
    ("value", "word"),
    [({1, 2}, "set"), (1j, "complex"), (np.ones(2) * 1j, "complex"), ({(1, 2): 3}, "tuple"), (b"a", "bytes")],
)
def test_what_json_cannot_hold_is_refused_by_the_name_of_its_field(tmp_path, value, word):
    with pytest.raises(OutputError, match=rf"result field field\.deep: holds .*{word}.*, which JSON cannot hold; give"):
        results.save(tmp_path, "own", Own({"deep": [value]}), {})
    assert not list(tmp_path.iterdir())
